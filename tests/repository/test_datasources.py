"""Data sources: configuration, life, events, files."""

import asyncio
import gc
import logging
import sqlite3
import subprocess
import sys
import weakref
from typing import ClassVar

import pytest

from mainspring.repository import (
    DataSource,
    DataSourceError,
    DefaultCrudRepository,
    Entity,
    Model,
    PoolTimeoutError,
    field,
    model,
)


class Note(Entity):
    id: int | None = field(id=True, generated=True)
    title: str = field(required=True)


def test_a_configuration_that_cannot_work_is_refused():
    """DS-001, DS-007"""
    with pytest.raises(DataSourceError, match=r"db.*'carrier'"):
        DataSource({"name": "db", "connector": "carrier"})
    with pytest.raises(DataSourceError, match="url"):
        DataSource({"name": "db", "url": "sqlite:///x.db", "database": "y.db"})
    with pytest.raises(DataSourceError) as caught:
        DataSource({"name": "db", "connector": "sqlite", "url": "postgresql://me:secret@host/x"})
    assert "secret" not in str(caught.value)
    source = DataSource({"url": "postgresql://me:secret@host/x", "name": "pg"})
    assert "secret" not in repr(source)


def test_a_subclass_has_a_name_and_defaults():
    """DS-002"""

    class Db(DataSource):
        datasource_name = "main"
        default_config: ClassVar = {"connector": "memory", "echo": False}

    assert (Db().name, Db().settings["connector"]) == ("main", "memory")
    assert Db({"connector": "sqlite", "database": "x"}).settings["connector"] == "sqlite"


@pytest.mark.parametrize("place", [{"database": ":memory:"}, {"url": "sqlite://"}, {"url": "sqlite:///:memory:"}])
async def test_a_database_without_a_file_is_one_database_for_all_who_ask_at_once(place):
    """DS-001, REPO-092: each connection to such a place would have a database of its own."""
    source = DataSource({"name": "db", "connector": "sqlite", "pool": {"size": 5}, **place})
    async with source:
        await source.autoupdate([Note])
        notes = DefaultCrudRepository(Note, source)

        async def add(number: int) -> None:
            async with notes.begin_transaction():
                await notes.create({"title": str(number)})
                await notes.count()

        await asyncio.gather(*(add(number) for number in range(20)), *(notes.find() for _ in range(20)))
        assert (await notes.count()).count == 20


class Slow:
    """A connector that connects when it is let."""

    name = "slow"

    def __init__(self, *_: object) -> None:
        self.asked, self.gate, self.cancelled = asyncio.Event(), asyncio.Event(), 0

    async def connect(self) -> None:
        self.asked.set()
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    async def disconnect(self) -> None: ...

    async def ping(self) -> None: ...


async def test_a_connection_that_nobody_waits_for_any_more_is_given_up():
    """DS-004"""
    source = DataSource({"name": "db", "connector": Slow})
    tasks = [asyncio.ensure_future(source.connect()) for _ in range(3)]
    await source.connector.asked.wait()
    for task in tasks[:2]:
        task.cancel()
    await asyncio.wait(tasks[:2])
    assert source.connector.cancelled == 0  # one still waits
    tasks[2].cancel()
    await asyncio.wait(tasks)
    assert (source.connector.cancelled, source.is_connected) == (1, False)
    assert all(task.cancelled() for task in tasks)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    source.connector.gate.set()
    async with source:
        assert source.is_connected


async def test_who_comes_while_a_connection_is_given_up_connects_anew():
    """DS-004"""
    source = DataSource({"name": "db", "connector": Slow})
    first = asyncio.ensure_future(source.connect())
    await source.connector.asked.wait()
    first.cancel()
    await asyncio.sleep(0)  # the cancellation has reached the first, and is on its way to the connection
    second = asyncio.ensure_future(source.connect())
    await asyncio.wait([first])
    source.connector.gate.set()
    await second
    assert source.is_connected
    assert first.cancelled()
    await source.disconnect()


async def test_two_sources_in_memory_are_apart():
    """DS-003, DS-004"""
    one, other = (DataSource({"name": name, "connector": "memory"}) for name in "ab")
    async with one, other:
        await DefaultCrudRepository(Note, one).create({"title": "x"})
        assert (await DefaultCrudRepository(Note, one).count()).count == 1
        assert (await DefaultCrudRepository(Note, other).count()).count == 0
    assert (await DefaultCrudRepository(Note, one).count()).count == 0
    await one.disconnect()
    await one.disconnect()


async def test_concurrent_connects_share_one_attempt(tmp_path):
    """DS-004"""
    ds = DataSource({"name": "db", "connector": "sqlite", "database": str(tmp_path / "x.db")})
    await asyncio.gather(*(ds.connect() for _ in range(5)))
    await ds.ping()
    await ds.disconnect()


def test_another_loop_is_told():
    """DS-005"""
    ds = DataSource({"name": "db", "connector": "memory"})

    async def use():
        await ds.ping()

    async def use_and_close():
        await ds.ping()
        with pytest.raises(DataSourceError, match="another event loop"):
            await asyncio.to_thread(asyncio.run, use())
        await ds.disconnect()

    asyncio.run(use_and_close())
    asyncio.run(use_and_close())


async def test_statements_are_told(memory):
    """DS-006, DS-012"""
    events = []
    memory.on("query", events.append)
    repo = DefaultCrudRepository(Note, memory)
    async with repo.begin_transaction():
        await repo.create({"title": "x"})
    assert [(event.kind, event.sql.split()[0]) for event in events if event.kind != "migration"] == [
        ("transaction", "BEGIN"),
        ("query", "INSERT"),
        ("transaction", "COMMIT"),
    ]
    assert all(event.elapsed >= 0 and event.datasource == "db" for event in events)
    assert memory.stats()["statements"] > 3
    assert memory.stats()["checked_out"] == 0


async def test_a_log_shows_no_value_of_a_hidden_property(ds, caplog):
    """DS-006"""

    class Pass(Model):
        number: str = field(hidden=True)

    @model(strict=False, hidden_properties=("pin", "free"))
    class Guest(Entity):
        id: int | None = field(id=True, generated=True)
        name: str = ""
        pin: str | None = None
        passes: list[Pass] = field(default_factory=list)

    guests = DefaultCrudRepository(Guest, ds)
    await ds.autoupdate([Guest])
    with caplog.at_level(logging.DEBUG, "mainspring.repository"):
        guest = await guests.create(
            {"name": "Ada", "pin": "secret 1", "passes": [{"number": "secret 2"}], "free": "secret 3"}
        )
        await guests.create_all([{"name": "Bob", "pin": "secret 4"}, {"name": "Cid", "pin": "secret 5"}])
        await guests.update_by_id(guest.id, {"name": "Ada B.", "pin": "secret 6"})
        await guests.update_all({"pin": "secret 7"}, {"pin": {"inq": ["secret 6", "secret 5"]}})
        for where in (
            {"pin": "secret 7", "name": "Ada B."},
            {"pin": {"like": "secret%"}},
            {"pin": {"ilike": "SECRET 7"}},
            {"free": "secret 3"},
            {"passes.0.number": "secret 2"},
        ):
            assert (await guests.count(where)).count >= 1, where
        await guests.upsert({**guest.to_dict(), "pin": "secret 8"})
        await guests.delete_all({"pin": {"between": ["secret 1", "secret 9"]}})
    assert len(caplog.records) > 8
    assert not [text for text in caplog.messages if "secret" in text.lower()]
    assert [text for text in caplog.messages if "Ada B." in text]


@pytest.mark.parametrize("place", ["no/such/folder/x.db", ".", "text.db"])
async def test_a_file_that_cannot_be_used_is_named(tmp_path, place):
    """DS-001, REPO-059"""
    (tmp_path / "text.db").write_text("this is no database, but it is long enough to be read as one" * 20)
    file = tmp_path / place
    ds = DataSource({"name": "db", "connector": "sqlite", "database": str(file)})
    with pytest.raises(DataSourceError) as caught:
        await ds.connect()
    assert "'db'" in str(caught.value)
    assert str(file) in str(caught.value)


async def test_a_missing_table_says_what_to_do(tmp_path):
    """REPO-024"""
    async with DataSource({"name": "db", "connector": "sqlite", "database": str(tmp_path / "x.db")}) as ds:
        with pytest.raises(DataSourceError, match=r"no table 'note'.*migrate_schema"):
            await DefaultCrudRepository(Note, ds).find()


async def test_data_in_a_file_stay(tmp_path):
    """DS-003, DS-030"""
    config = {"name": "db", "connector": "sqlite", "database": str(tmp_path / "x.db")}
    async with DataSource(config) as ds:
        await ds.autoupdate([Note])
        await DefaultCrudRepository(Note, ds).create({"title": "x"})
    async with DataSource(config) as ds:
        assert (await DefaultCrudRepository(Note, ds).find_one()).title == "x"
    with sqlite3.connect(tmp_path / "x.db") as plain:
        assert plain.execute("SELECT id, title FROM note").fetchall() == [(1, "x")]
    plain.close()


async def test_waiting_for_a_connection_ends(tmp_path):
    """DS-009"""
    pool = {"size": 1, "max_overflow": 0, "timeout": 0.1}
    async with DataSource({"name": "db", "url": f"sqlite:///{tmp_path}/x.db", "pool": pool}) as ds:
        await ds.autoupdate([Note])
        repo = DefaultCrudRepository(Note, ds)
        tx = await repo.begin_transaction()
        with pytest.raises(PoolTimeoutError, match="pool size 1") as caught:
            await asyncio.create_task(repo.count())
        assert caught.value.headers["Retry-After"] == "1"
        await tx.rollback()
        assert (await repo.count()).count == 0


async def test_a_driver_that_is_missing_names_the_extra(monkeypatch):
    """DS-001"""
    monkeypatch.setitem(__import__("sys").modules, "aiosqlite", None)
    for name in [name for name in __import__("sys").modules if name.startswith("mainspring.repository.sql")]:
        monkeypatch.delitem(__import__("sys").modules, name)
    ds = DataSource({"name": "db", "connector": "memory"})
    with pytest.raises(DataSourceError, match=r"mainspring\[sql\]"):
        await ds.connect()


UNCLOSED = """
import asyncio
import gc
from mainspring.repository import DataSource, DefaultCrudRepository, Entity, field

class Note(Entity):
    id: int | None = field(id=True, generated=True)

ds = DataSource({"name": "db", "connector": "memory"})
print(asyncio.run(DefaultCrudRepository(Note, ds).count()).count)
"""


def test_leaving_without_closing_is_quiet():
    """DS-013"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", UNCLOSED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")


async def test_a_dropped_source_is_collected():
    """DS-013"""
    ds = DataSource({"name": "db", "connector": "memory"})
    repo = DefaultCrudRepository(Note, ds)
    ds.on("query", lambda event: None)
    await repo.create({"title": "x"})
    seen = weakref.ref(ds)
    del ds, repo
    gc.collect()
    assert seen() is None


async def test_disconnecting_rolls_back(tmp_path):
    """DS-013"""
    ds = DataSource({"name": "db", "connector": "sqlite", "database": str(tmp_path / "x.db")})
    await ds.autoupdate([Note])
    notes = DefaultCrudRepository(Note, ds)
    tx = await notes.begin_transaction()
    await notes.create({"title": "x"}, transaction=tx)
    await ds.disconnect()
    assert not tx.is_active
    assert (await notes.count()).count == 0
    await ds.disconnect()


def test_importing_the_room_imports_no_driver():
    """DS-001"""
    code = "import sys, mainspring.repository; print('sqlalchemy' in sys.modules, 'aiosqlite' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


_SLOW = {
    "postgresql": "SELECT pg_sleep(0.5)",
    "mysql": "SELECT SLEEP(0.5)",
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT max(i) FROM n",
}


async def test_a_slow_query_leaves_other_tasks_running(ds):
    """DS-011"""
    command = _SLOW.get(ds.settings["connector"], _SLOW["sqlite"])
    await ds.connect()
    query = asyncio.create_task(ds.execute(command))
    turns = 0
    while not query.done():
        await asyncio.sleep(0.001)
        turns += 1
    await query
    assert turns > 20, "the event loop stood still"
