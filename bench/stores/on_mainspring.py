"""Mainspring with everything at its defaults."""

from datetime import datetime
from typing import Any

import msgspec
from rows import lines, note, notes

from mainspring import RestApplication
from mainspring.crud import define_crud_rest_controller
from mainspring.repository import DataSource, DefaultCrudRepository, Entity, belongs_to, field, has_many, model


@model(table="lines")
class Line(Entity):
    id: int | None = field(id=True, generated=True)
    note_id: int = belongs_to(lambda: Note, index=True)
    text: str = field(required=True, length=60)


@model(table="notes")
class Note(Entity):
    id: int | None = field(id=True, generated=True)
    title: str = field(required=True, length=60)
    body: str = field(required=True, length=200)
    size: int = field(required=True)
    is_done: bool = field(required=True)
    created: datetime = field(required=True)
    lines: list[Line] = has_many(lambda: Line)


class NoteRepository(DefaultCrudRepository[Note, int]):
    def __init__(self, ds: DataSource) -> None:
        super().__init__(Note, ds)
        lines = self.create_has_many_repository_factory_for("lines", DefaultCrudRepository(Line, ds))
        self.register_inclusion_resolver("lines", lines.inclusion_resolver)


class Store:
    def __init__(self, url: str) -> None:
        self.ds = DataSource({"name": "db", "connector": "memory"} if "sqlite" in url else {"name": "db", "url": url})
        self.notes = NoteRepository(self.ds)
        self.lines: DefaultCrudRepository[Line, int] = DefaultCrudRepository(Line, self.ds)

    async def open(self) -> None:
        await self.ds.autoupdate([Note, Line])
        await self.notes.create_all(notes())
        await self.lines.create_all(lines())

    async def close(self) -> None:
        await self.ds.disconnect()

    async def find_by_id(self, id: int) -> Note:
        return await self.notes.find_by_id(id)

    async def find_100(self) -> list[Note]:
        return await self.notes.find({"where": {"size": {"gt": 5}}, "limit": 100})

    async def json_100(self) -> bytes:
        return msgspec.json.encode([each.to_json() for each in await self.find_100()])

    async def find_with_lines(self) -> list[Note]:
        return await self.notes.find({"limit": 100, "include": ["lines"]})

    async def create(self) -> Note:
        return await self.notes.create(note(5))

    async def create_1000(self) -> list[Note]:
        return await self.notes.create_all(notes(1000))

    async def count(self) -> int:
        return (await self.notes.count({"size": {"gt": 5}})).count

    async def clean(self) -> None:
        await self.notes.delete_all({"id": {"gt": 1000}})


def app(store: Store) -> Any:
    """The generated controller."""
    application = RestApplication()
    application.bind("repositories.NoteRepository").to(store.notes)
    application.controller(define_crud_rest_controller(Note, "/notes"))
    return application
