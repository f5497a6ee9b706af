"""Piccolo, on PostgreSQL only: its SQLite engine has no database in memory; over HTTP with FastAPI."""

from typing import Any

import msgspec
from piccolo.columns import Boolean, ForeignKey, Integer, Serial, Timestamptz, Varchar
from piccolo.engine.postgres import PostgresEngine
from piccolo.query.functions import Count
from piccolo.table import Table, create_db_tables
from rows import lines, note, notes


class Notes(Table):
    id = Serial(primary_key=True)
    title = Varchar(60)
    body = Varchar(200)
    size = Integer()
    is_done = Boolean()
    created = Timestamptz()


class Lines(Table):
    id = Serial(primary_key=True)
    note_id = ForeignKey(Notes, index=True)
    text = Varchar(60)


class Store:
    def __init__(self, url: str) -> None:
        if "sqlite" in url:
            raise ImportError("it has no database in memory")
        self._engine = PostgresEngine({"dsn": url})
        for table in (Notes, Lines):
            table._meta._db = self._engine

    async def open(self) -> None:
        await self._engine.start_connection_pool()
        await create_db_tables(Notes, Lines)
        await Notes.insert(*(Notes(**each) for each in notes()))
        await Lines.insert(*(Lines(**each) for each in lines()))

    async def close(self) -> None:
        await self._engine.close_connection_pool()

    async def find_by_id(self, id: int) -> Any:
        return await Notes.objects().get(Notes.id == id)

    async def find_100(self) -> Any:
        return await Notes.objects().where(Notes.size > 5).order_by(Notes.id).limit(100)

    async def json_100(self) -> bytes:
        return msgspec.json.encode(await Notes.select().where(Notes.size > 5).order_by(Notes.id).limit(100))

    async def find_with_lines(self) -> Any:
        found = await Notes.objects().order_by(Notes.id).limit(100)
        wanted = Lines.note_id.is_in([each.id for each in found])
        by_note: dict[int, list[Any]] = {}
        for line in await Lines.objects().where(wanted).order_by(Lines.id):
            by_note.setdefault(line.note_id, []).append(line)
        for each in found:
            each.lines = by_note.get(each.id, [])
        return found

    async def create(self) -> Any:
        made = Notes(**note(5))
        await made.save()
        return made

    async def create_1000(self) -> Any:
        made = [Notes(**each) for each in notes(1000)]
        await Notes.insert(*made)
        return made

    async def count(self) -> int:
        return int((await Notes.select(Count()).where(Notes.size > 5).first())["count"])

    async def clean(self) -> None:
        await Notes.delete().where(Notes.id > 1000)


def app(_: Store) -> Any:
    """FastAPI with the model of Pydantic that Piccolo makes."""
    from fastapi import FastAPI
    from piccolo.utils.pydantic import create_pydantic_model

    shown = create_pydantic_model(Notes, include_default_columns=True)
    application = FastAPI()

    async def find() -> Any:
        return await Notes.select().where(Notes.size > 5).order_by(Notes.id).limit(100)

    application.get("/notes", response_model=list[shown])(find)
    return application
