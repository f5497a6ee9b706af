"""SQLAlchemy Core written by hand, as its documentation shows it; rows become msgspec structs."""

from datetime import datetime
from typing import Any

import msgspec
from rows import lines, note, notes
from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    func,
    insert,
    select,
)
from sqlalchemy.ext.asyncio import create_async_engine

METADATA = MetaData()
NOTES = Table(
    "notes",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("title", String(60), nullable=False),
    Column("body", String(200), nullable=False),
    Column("size", Integer, nullable=False),
    Column("is_done", Boolean, nullable=False),
    Column("created", DateTime(timezone=True), nullable=False),
)
LINES = Table(
    "lines",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("note_id", ForeignKey("notes.id"), nullable=False, index=True),
    Column("text", String(60), nullable=False),
)


class Line(msgspec.Struct):
    id: int
    note_id: int
    text: str


class Note(msgspec.Struct, omit_defaults=True):
    id: int
    title: str
    body: str
    size: int
    is_done: bool
    created: datetime
    lines: list[Line] = []


class Store:
    def __init__(self, url: str, **options: Any) -> None:
        self._engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"), **options)

    async def open(self) -> None:
        async with self._engine.begin() as connection:
            await connection.run_sync(METADATA.create_all)
            await connection.execute(insert(NOTES), notes())
            await connection.execute(insert(LINES), lines())

    async def close(self) -> None:
        await self._engine.dispose()

    async def find_by_id(self, id: int) -> Note | None:
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(NOTES).where(NOTES.c.id == id))).first()
        return None if row is None else Note(*row)

    async def find_100(self, size: int = 5) -> list[Note]:
        wanted = select(NOTES).where(NOTES.c.size > size).order_by(NOTES.c.id).limit(100)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(wanted)).all()
        return [Note(*row) for row in rows]

    async def json_100(self) -> bytes:
        return msgspec.json.encode(await self.find_100())

    async def find_with_lines(self) -> list[Note]:
        async with self._engine.connect() as connection:
            found = [Note(*row) for row in await connection.execute(select(NOTES).order_by(NOTES.c.id).limit(100))]
            wanted = select(LINES).where(LINES.c.note_id.in_([each.id for each in found])).order_by(LINES.c.id)
            rows = (await connection.execute(wanted)).all()
        by_note: dict[int, list[Line]] = {}
        for row in rows:
            line = Line(*row)
            by_note.setdefault(line.note_id, []).append(line)
        for each in found:
            each.lines = by_note.get(each.id, [])
        return found

    async def create(self) -> Note:
        values = note(5)
        async with self._engine.begin() as connection:
            result = await connection.execute(insert(NOTES).values(values))
        return Note(result.inserted_primary_key[0], **values)

    async def create_1000(self) -> list[Note]:
        values = notes(1000)
        async with self._engine.begin() as connection:
            result = await connection.execute(insert(NOTES).returning(NOTES.c.id, sort_by_parameter_order=True), values)
            ids = result.scalars().all()
        return [Note(number, **each) for number, each in zip(ids, values, strict=True)]

    async def count(self) -> int:
        async with self._engine.connect() as connection:
            return int((await connection.execute(select(func.count()).where(NOTES.c.size > 5))).scalar_one())

    async def clean(self) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(NOTES.delete().where(NOTES.c.id > 1000))


def app(store: Store) -> Any:
    """ASGI by hand."""

    async def answer(_scope: Any, _receive: Any, send: Any) -> None:
        body = await store.json_100()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answer
