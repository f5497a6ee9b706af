"""Tortoise ORM; over HTTP with FastAPI."""

from typing import Any

import msgspec
from rows import lines, note, notes
from tortoise import Tortoise, fields
from tortoise.models import Model

NAMES = ("id", "title", "body", "size", "is_done", "created")


class Note(Model):
    id = fields.IntField(primary_key=True)
    title = fields.CharField(max_length=60)
    body = fields.CharField(max_length=200)
    size = fields.IntField()
    is_done = fields.BooleanField()
    created = fields.DatetimeField()
    lines: fields.ReverseRelation["Line"]

    class Meta:
        table = "notes"


class Line(Model):
    id = fields.IntField(primary_key=True)
    note = fields.ForeignKeyField("models.Note", related_name="lines", db_index=True)
    text = fields.CharField(max_length=60)

    class Meta:
        table = "lines"


class Store:
    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql:", "asyncpg:") if "postgresql" in url else "sqlite://:memory:"

    async def open(self) -> None:
        await Tortoise.init(db_url=self._url, modules={"models": [__name__]}, use_tz=True)
        await Tortoise.generate_schemas()
        await Note.bulk_create([Note(**each) for each in notes()])
        await Line.bulk_create([Line(**each) for each in lines()])

    async def close(self) -> None:
        await Tortoise.close_connections()

    async def find_by_id(self, id: int) -> Note:
        return await Note.get(id=id)

    async def find_100(self) -> list[Note]:
        return await Note.filter(size__gt=5).order_by("id").limit(100)

    async def json_100(self) -> bytes:
        found = await self.find_100()
        return msgspec.json.encode([{name: getattr(each, name) for name in NAMES} for each in found])

    async def find_with_lines(self) -> list[Note]:
        return await Note.all().order_by("id").limit(100).prefetch_related("lines")

    async def create(self) -> Note:
        return await Note.create(**note(5))

    async def create_1000(self) -> list[Note]:
        made = [Note(**each) for each in notes(1000)]
        await Note.bulk_create(made)  # it does not tell the ids
        return made

    async def count(self) -> int:
        return await Note.filter(size__gt=5).count()

    async def clean(self) -> None:
        await Note.filter(id__gt=1000).delete()


def app(store: Store) -> Any:
    """FastAPI with the model of Pydantic that Tortoise makes."""
    from fastapi import FastAPI
    from tortoise.contrib.pydantic import pydantic_model_creator

    shown = pydantic_model_creator(Note, include=NAMES)
    application = FastAPI()

    async def find() -> Any:
        return await store.find_100()

    application.get("/notes", response_model=list[shown])(find)
    return application
