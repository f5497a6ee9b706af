"""A database that is after a block as it was before, whatever was written and committed inside."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from tests.repository.databases import ALL, database

from mainspring.context import inject
from mainspring.repository import (
    DataSource,
    DefaultCrudRepository,
    Entity,
    EntityNotFoundError,
    MigrationError,
    RepositoryMixin,
    TransactionError,
    UniqueViolationError,
    UnsupportedOperationError,
    field,
    model,
)
from mainspring.rest import RestApplication
from mainspring.rest import get as get_route
from mainspring.rest import post as post_route
from mainspring.testing import harness, rolled_back


@model
class Note(Entity):
    id: int | None = field(id=True, generated=True, default=None)
    text: str = field(unique=True, max_length=40)


class Notes(DefaultCrudRepository[Note, int]):
    def __init__(self, datasource: DataSource) -> None:
        super().__init__(Note, datasource)


@pytest.fixture(params=ALL)
async def notes(request: Any, tmp_path: Path) -> AsyncIterator[Notes]:
    """A repository with one note in it, committed."""
    async with database(request.param, tmp_path) as config, DataSource({**config, "pool": {"timeout": 5}}) as db:
        found = Notes(db)
        await db.automigrate()
        await found.create(Note(text="kept"))
        yield found


async def texts(notes: Notes) -> list[str]:
    return [note.text for note in await notes.find({"order": ["text"]})]


async def test_what_was_committed_inside_is_gone_afterwards(notes: Notes) -> None:
    db = notes.datasource
    async with rolled_back(db):
        await notes.create(Note(text="alone"))
        await notes.create_all([Note(text="one of two"), Note(text="two of two")])
        async with notes.begin_transaction():
            await notes.create(Note(text="in a transaction"))
        tx = await db.begin_transaction()
        await notes.create(Note(text="given"), transaction=tx)
        await tx.commit()
        await notes.delete_all({"text": "kept"})
        await db.execute("UPDATE note SET text = 'changed' WHERE text = 'alone'")
        assert await texts(notes) == ["changed", "given", "in a transaction", "one of two", "two of two"]
    assert await texts(notes) == ["kept"]
    await notes.create(Note(text="later"))
    async with rolled_back(db):
        assert await texts(notes) == ["kept", "later"]
        await notes.delete_all()
    assert await texts(notes) == ["kept", "later"]


async def test_what_the_program_rolls_back_is_rolled_back_and_failures_spoil_nothing(notes: Notes) -> None:
    async with rolled_back(notes.datasource):
        with pytest.raises(RuntimeError, match="mine"):
            await failing(notes)
        with pytest.raises(UniqueViolationError):
            await notes.create(Note(text="kept"))
        with pytest.raises(UniqueViolationError):
            await notes.create_all([Note(text="new"), Note(text="kept")])
        with pytest.raises(EntityNotFoundError):
            await notes.find_by_id(10**6)
        async with notes.begin_transaction() as tx:
            await notes.create(Note(text="outer"))
            point = tx.savepoint()
            async with point:
                await notes.create(Note(text="inner"))
                await point.rollback()
        assert await texts(notes) == ["kept", "outer"]
    assert await texts(notes) == ["kept"]


async def failing(notes: Notes) -> None:
    async with notes.begin_transaction():
        await notes.create(Note(text="undone"))
        raise RuntimeError("mine")


async def test_tasks_take_turns_and_transactions_of_theirs_do_not_mix(notes: Notes) -> None:
    async def one(number: int) -> None:
        async with notes.begin_transaction() as tx:
            await notes.create(Note(text=f"task {number}"))
            await asyncio.sleep(0)
            await notes.create(Note(text=f"task {number} again"))
            if number % 2:
                await tx.rollback()

    async with rolled_back(notes.datasource):
        await asyncio.gather(*(one(number) for number in range(6)), *(notes.count() for _ in range(6)))
        assert await texts(notes) == ["kept", *(f"task {n}{more}" for n in (0, 2, 4) for more in ("", " again"))]
    assert await texts(notes) == ["kept"]


async def test_rows_are_streamed_while_others_are_written(notes: Notes) -> None:
    async with rolled_back(notes.datasource):
        await notes.create_all([Note(text=f"{number:03}") for number in range(25)])
        seen = []
        async for note in notes.stream({"order": ["text"], "limit": 20}, batch_size=10):
            seen.append(note.text)
            if len(seen) == 5:
                await notes.create(Note(text="zzz"))
        assert seen == [f"{number:03}" for number in range(20)]
    assert await texts(notes) == ["kept"]


async def test_a_call_that_would_wait_for_its_own_task_is_refused(notes: Notes) -> None:
    async with rolled_back(notes.datasource), notes.begin_transaction():
        with pytest.raises(TransactionError, match="would wait for its own end: pass transaction=tx"):
            await notes.count(transaction=False)


async def test_what_is_open_at_the_end_is_rolled_back(notes: Notes) -> None:
    async with rolled_back(notes.datasource):
        tx = await notes.datasource.begin_transaction()
        await notes.create(Note(text="left open"), transaction=tx)
    assert not tx.is_active
    assert await texts(notes) == ["kept"]


async def test_changes_of_the_schema_are_refused(notes: Notes) -> None:
    async with rolled_back(notes.datasource):
        with pytest.raises(MigrationError, match="cannot be changed while everything is to be undone"):
            await notes.datasource.automigrate()
        assert await notes.datasource.plan_migration() == []
        assert await texts(notes) == ["kept"]


async def test_a_block_inside_a_block_or_a_transaction_is_refused(notes: Notes) -> None:
    db = notes.datasource
    async with rolled_back(db):
        with pytest.raises(TransactionError, match="is to undo everything already"):
            async with rolled_back(db):
                pytest.fail("not reached")
        await notes.create(Note(text="new"))
    async with notes.begin_transaction():
        with pytest.raises(TransactionError, match="This task is in a transaction"):
            async with rolled_back(db):
                pytest.fail("not reached")
    assert await texts(notes) == ["kept"]


async def test_a_failing_block_is_undone_and_tells_why(notes: Notes) -> None:
    with pytest.raises(RuntimeError, match="mine"):
        await failing_block(notes)
    assert await texts(notes) == ["kept"]


async def failing_block(notes: Notes) -> None:
    async with rolled_back(notes.datasource):
        await notes.create(Note(text="new"))
        raise RuntimeError("mine")


async def test_disconnecting_inside_undoes_as_well(notes: Notes) -> None:
    db = notes.datasource
    async with rolled_back(db):
        await notes.create(Note(text="new"))
        await db.disconnect()
    if db.settings["connector"] != "memory":
        assert await texts(notes) == ["kept"]
    await notes.create(Note(text="later"))
    assert "later" in await texts(notes)


async def test_a_command_that_ends_the_transaction_around_all_is_told(notes: Notes) -> None:
    with pytest.raises(TransactionError, match="cannot undo everything any more"):
        await ending(notes)
    await notes.datasource.ping()
    await notes.delete_all()
    assert await texts(notes) == []


async def ending(notes: Notes) -> None:
    async with rolled_back(notes.datasource):
        with pytest.raises(TransactionError, match="cannot undo everything any more"):
            await notes.datasource.execute("COMMIT")
        with pytest.raises(TransactionError, match="cannot undo everything any more"):
            await notes.count()


async def test_waiting_for_a_call_that_waits_for_the_transaction_is_told(tmp_path: Path) -> None:
    async with DataSource({"connector": "sqlite", "database": str(tmp_path / "x.db"), "pool": {"timeout": 0.05}}) as db:
        notes = Notes(db)
        await db.automigrate()
        async with rolled_back(db), notes.begin_transaction():
            with pytest.raises(TransactionError, match="something inside a transaction waits for a call outside"):
                await asyncio.create_task(notes.count())


async def test_what_has_no_transactions_is_refused() -> None:
    async with DataSource({"name": "keys", "connector": "kv-memory"}) as keys:
        with pytest.raises(UnsupportedOperationError, match="undoing everything"):
            async with rolled_back(keys):
                pytest.fail("not reached")


class NotesOfApp(Notes):
    def __init__(self, datasource: Annotated[DataSource, inject("datasources.db")]) -> None:
        super().__init__(datasource)


class Controller:
    def __init__(self, notes: NotesOfApp) -> None:
        self.notes = notes

    @get_route("/notes")
    async def all(self) -> list[str]:
        return await texts(self.notes)

    @post_route("/notes")
    async def create(self, note: Note) -> Note:
        async with self.notes.begin_transaction():
            return await self.notes.create(note)


class App(RepositoryMixin, RestApplication):
    def __init__(self, config: Any = None) -> None:
        super().__init__(config)
        self.datasource(DataSource({"name": "db", "connector": "memory"}))
        self.datasource(DataSource({"name": "keys", "connector": "kv-memory"}))
        self.repository(NotesOfApp)
        self.controller(Controller)


@pytest.mark.parametrize("names", [(), ("db",), ("datasources.db",)])
async def test_a_harness_undoes_what_requests_write(names: tuple[str, ...]) -> None:
    async with harness(App, network=True) as t:
        await t.request("POST", "/notes", json={"text": "kept"})
        async with t.rolled_back(*names):
            answers = await asyncio.gather(*(t.client.post("/notes", json={"text": f"n{n}"}) for n in range(8)))
            assert [answer.status_code for answer in answers] == [200] * 8
            assert len((await t.client.get("/notes")).json()) == 9
        assert (await t.client.get("/notes")).json() == ["kept"]
