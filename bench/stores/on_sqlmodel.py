"""SQLModel; over HTTP with FastAPI."""

from datetime import datetime
from typing import Any

from on_sqlalchemy_orm import Store as OfSqlalchemy
from pydantic import TypeAdapter
from rows import lines, note, notes
from sqlalchemy import Column, DateTime, delete, func
from sqlalchemy.orm import selectinload
from sqlmodel import Field, Relationship, SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession


class NoteBase(SQLModel):
    title: str = Field(max_length=60)
    body: str = Field(max_length=200)
    size: int
    is_done: bool
    created: datetime


class Note(NoteBase, table=True):
    __tablename__ = "notes"
    id: int | None = Field(default=None, primary_key=True)
    created: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    lines: list["Line"] = Relationship()


class Line(SQLModel, table=True):
    __tablename__ = "lines"
    id: int | None = Field(default=None, primary_key=True)
    note_id: int = Field(foreign_key="notes.id", index=True)
    text: str = Field(max_length=60)


class Shown(NoteBase):
    id: int


SHOWN = TypeAdapter(list[Shown])


class Store(OfSqlalchemy):
    async def open(self) -> None:
        async with self._engine.begin() as connection:
            await connection.run_sync(SQLModel.metadata.create_all)
        async with self._session() as session:
            session.add_all([Note(**each) for each in notes()])
            await session.flush()
            session.add_all([Line(**each) for each in lines()])
            await session.commit()

    def _session(self) -> AsyncSession:
        return AsyncSession(self._engine, expire_on_commit=False)

    async def find_by_id(self, id: int) -> Any:
        async with self._session() as session:
            return await session.get(Note, id)

    async def find_100(self) -> Any:
        async with self._session() as session:
            wanted = select(Note).where(Note.size > 5).order_by(Note.id).limit(100)
            return list((await session.exec(wanted)).all())

    async def json_100(self) -> bytes:
        return SHOWN.dump_json([Shown.model_validate(each) for each in await self.find_100()])

    async def find_with_lines(self) -> Any:
        async with self._session() as session:
            wanted = select(Note).order_by(Note.id).limit(100).options(selectinload(Note.lines))
            return list((await session.exec(wanted)).all())

    async def create(self) -> Any:
        made = Note(**note(5))
        async with self._session() as session:
            session.add(made)
            await session.commit()
        return made

    async def create_1000(self) -> Any:
        made = [Note(**each) for each in notes(1000)]
        async with self._session() as session:
            session.add_all(made)
            await session.commit()
        return made

    async def count(self) -> int:
        async with self._session() as session:
            return int((await session.exec(select(func.count()).where(Note.size > 5))).one())

    async def clean(self) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(delete(Note).where(Note.id > 1000))


def app(store: Store) -> Any:
    """FastAPI, as its documentation has it."""
    from fastapi import FastAPI

    application = FastAPI()

    async def find() -> Any:
        return await store.find_100()

    application.get("/notes", response_model=list[Shown])(find)
    return application
