"""The ORM of SQLAlchemy; over HTTP with FastAPI."""

from datetime import datetime
from typing import Any

import msgspec
from rows import lines, note, notes
from sqlalchemy import DateTime, ForeignKey, String, delete, func, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

NAMES = ("id", "title", "body", "size", "is_done", "created")


class Base(DeclarativeBase): ...


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(60))
    body: Mapped[str] = mapped_column(String(200))
    size: Mapped[int]
    is_done: Mapped[bool]
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    lines: Mapped[list["Line"]] = relationship()


class Line(Base):
    __tablename__ = "lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("notes.id"), index=True)
    text: Mapped[str] = mapped_column(String(60))


class Store:
    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
        self.session = async_sessionmaker(self._engine, expire_on_commit=False)

    async def open(self) -> None:
        async with self._engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with self.session.begin() as session:
            session.add_all([Note(**each) for each in notes()])
            await session.flush()
            session.add_all([Line(**each) for each in lines()])

    async def close(self) -> None:
        await self._engine.dispose()

    async def find_by_id(self, id: int) -> Note | None:
        async with self.session() as session:
            return await session.get(Note, id)

    async def find_100(self) -> list[Note]:
        async with self.session() as session:
            wanted = select(Note).where(Note.size > 5).order_by(Note.id).limit(100)
            return list((await session.scalars(wanted)).all())

    async def json_100(self) -> bytes:
        found = await self.find_100()
        return msgspec.json.encode([{name: getattr(each, name) for name in NAMES} for each in found])

    async def find_with_lines(self) -> list[Note]:
        async with self.session() as session:
            wanted = select(Note).order_by(Note.id).limit(100).options(selectinload(Note.lines))
            return list((await session.scalars(wanted)).all())

    async def create(self) -> Note:
        made = Note(**note(5))
        async with self.session.begin() as session:
            session.add(made)
        return made

    async def create_1000(self) -> list[Note]:
        made = [Note(**each) for each in notes(1000)]
        async with self.session.begin() as session:
            session.add_all(made)
        return made

    async def count(self) -> int:
        async with self.session() as session:
            return int(await session.scalar(select(func.count()).where(Note.size > 5)) or 0)

    async def clean(self) -> None:
        async with self.session.begin() as session:
            await session.execute(delete(Note).where(Note.id > 1000))


def app(store: Store) -> Any:
    """FastAPI, as its documentation has it."""
    from fastapi import FastAPI
    from pydantic import BaseModel, ConfigDict

    class Shown(BaseModel):
        model_config = ConfigDict(from_attributes=True)
        id: int
        title: str
        body: str
        size: int
        is_done: bool
        created: datetime

    application = FastAPI()

    async def find() -> Any:
        return await store.find_100()

    application.get("/notes", response_model=list[Shown])(find)
    return application
