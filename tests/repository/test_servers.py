"""Data sources of servers: configuration, life, pools, and what PostgreSQL and MariaDB do differently."""

import asyncio
import json
import subprocess
import sys
from decimal import Decimal

import pytest
from sqlalchemy import make_url
from tests.repository.databases import database

from mainspring.repository import (
    DataSource,
    DataSourceError,
    DefaultCrudRepository,
    Entity,
    TransactionError,
    UniqueViolationError,
    UnsupportedOperationError,
    field,
    model,
)


class Note(Entity):
    id: int | None = field(id=True, generated=True)
    title: str = ""
    size: int = 0


@pytest.fixture
async def notes(server):
    await server.autoupdate([Note])
    return DefaultCrudRepository(Note, server)


@pytest.mark.parametrize(("kind", "extra"), [("postgresql", "postgres"), ("mysql", "mysql")])
async def test_a_driver_that_is_missing_names_the_extra(monkeypatch, kind, extra):
    """DS-001"""
    monkeypatch.setitem(sys.modules, {"postgresql": "asyncpg", "mysql": "aiomysql"}[kind], None)
    monkeypatch.delitem(sys.modules, f"mainspring.repository.sql.{kind}", raising=False)
    ds = DataSource({"name": "db", "connector": kind, "database": "x"})
    with pytest.raises(DataSourceError, match=rf"'db'.*mainspring\[{extra}\]"):
        await ds.connect()


async def test_parts_of_a_configuration_that_cannot_work():
    """DS-001, DS-007"""
    for config, words in (
        ({"url": "postgresql+psycopg2://me:secret@host/x"}, "psycopg2"),
        ({"connector": "mysql", "host": "127.0.0.1", "user": "me", "password": "secret"}, "no database"),
        ({"url": "postgresql://me:secret@host/x", "port": 5432}, "url and port"),
    ):
        with pytest.raises(DataSourceError, match=words) as caught:
            await DataSource({"name": "db", **config}).connect()
        assert "secret" not in str(caught.value)


async def test_the_parts_of_a_place_are_as_good_as_its_url(server_config):
    """DS-001"""
    url = make_url(server_config["url"])
    parts = {
        "host": url.host,
        "port": url.port,
        "user": url.username,
        "password": url.password,
        "database": url.database,
    }
    async with DataSource({"name": "db", "connector": server_config["connector"], **parts}) as ds:
        await ds.ping()


@pytest.mark.parametrize(
    ("kind", "usual", "other"),
    [
        ("mysql", "mysql://", "mariadb://"),
        ("mysql", "mysql://", "mysql+aiomysql://"),
        ("postgresql", "postgresql://", "postgres://"),
        ("postgresql", "postgresql://", "postgresql+asyncpg://"),
    ],
)
async def test_a_url_may_be_written_in_other_ways(tmp_path, kind, usual, other):
    """DS-001"""
    async with database(kind, tmp_path) as config:
        url = config["url"].replace(usual, other)
        url += "?sslmode=disable" if kind == "postgresql" else ""
        async with DataSource({"name": "db", "url": url}) as ds:
            await ds.ping()


async def test_statements_see_what_a_pool_allows(server_config):
    """DS-009, DS-012"""
    config = {**server_config, "pool": {"size": 2, "max_overflow": 0, "recycle": 1, "pre_ping": False}}
    async with DataSource(config) as ds:
        await ds.autoupdate([Note])
        notes = DefaultCrudRepository(Note, ds)
        await asyncio.gather(*(notes.create({}) for _ in range(20)))
        stats = ds.stats()
        assert (stats["size"], stats["checked_out"], stats["waiting"], stats["errors"]) == (2, 0, 0, 0)


async def test_a_slow_statement_leaves_others_running(notes):
    """DS-011"""
    slow = "SELECT pg_sleep(0.5)" if notes.datasource.settings["connector"] == "postgresql" else "SELECT SLEEP(0.5)"
    task = asyncio.create_task(notes.execute(slow))
    await asyncio.sleep(0.05)
    for _ in range(5):
        await notes.count()
    assert not task.done()
    await task


UNCLOSED = """
import asyncio, json, sys
from mainspring.repository import DataSource, DefaultCrudRepository, Entity, field

class Note(Entity):
    id: int | None = field(id=True, generated=True)

async def use():
    await ds.autoupdate([Note])
    await asyncio.gather(*(DefaultCrudRepository(Note, ds).create({}) for _ in range(5)))
    return (await DefaultCrudRepository(Note, ds).count()).count

ds = DataSource(json.loads(sys.argv[1]))
print(asyncio.run(use()))
if len(sys.argv) > 2:
    import gc
    del ds
    gc.collect()
"""


@pytest.mark.parametrize("dropped", [[], ["dropped"]])
async def test_leaving_without_closing_is_quiet(server_config, dropped):
    """DS-013"""
    command = [sys.executable, "-W", "error", "-c", UNCLOSED, json.dumps(server_config), *dropped]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "5\n", "")


async def test_levels_of_isolation_are_those_of_the_database(notes):
    """REPO-085, REPO-082"""
    note = await notes.create({"size": 1})
    for level, seen in (("READ COMMITTED", 1), ("REPEATABLE READ", 0)):
        async with notes.begin_transaction(level):
            before = (await notes.find_by_id(note.id)).size
            await asyncio.create_task(notes.update_by_id(note.id, {"size": before + 1}))
            after = (await notes.find_by_id(note.id)).size
        assert after - before == seen, level
    async with notes.begin_transaction(read_only=True):
        assert (await notes.find_by_id(note.id)).size > 1
        with pytest.raises(TransactionError, match="read-only"):
            await notes.create({})


async def test_writers_that_cannot_be_put_in_a_row_are_told(server):
    """REPO-089"""
    await server.autoupdate([Note])
    notes = DefaultCrudRepository(Note, server)
    note = await notes.create({"size": 0})
    barrier = asyncio.Barrier(2)

    async def add():
        async with notes.begin_transaction("SERIALIZABLE"):
            found = await notes.find_by_id(note.id)
            await barrier.wait()
            await notes.update_by_id(note.id, {"size": found.size + 1})

    done = await asyncio.gather(add(), add(), return_exceptions=True)
    (error,) = [each for each in done if each is not None]
    assert isinstance(error, TransactionError)
    assert error.retryable
    assert (await notes.find_by_id(note.id)).size == 1


async def test_ids_that_were_given_are_not_given_out_again(ds):
    """REPO-003, REPO-004"""

    @model(force_id=False)
    class Free(Entity):
        id: int | None = field(id=True, generated=True)
        title: str = ""

    await ds.autoupdate([Free])
    repo = DefaultCrudRepository(Free, ds)
    assert (await repo.create({"id": 7})).id == 7
    assert (await repo.create({})).id == 8
    mixed = await repo.create_all([{"title": "a"}, {"id": 20, "title": "b"}, {"title": "c"}])
    assert [(each.title, each.id == 20) for each in mixed] == [("a", False), ("b", True), ("c", False)]
    assert len({each.id for each in [*mixed, await repo.create({}), await repo.create({})]}) == 5
    assert (await repo.create({"id": 0})).id == 0
    assert (await repo.upsert({"id": 50, "title": "d"})).id == 50
    assert (await repo.create({})).id == 51


async def test_an_upsert_conflicts_by_what_it_was_told(ds):
    """REPO-022"""

    class Account(Entity):
        id: int | None = field(id=True, generated=True)
        mail: str = field(unique=True)
        name: str = field(unique=True)

    await ds.autoupdate([Account])
    accounts = DefaultCrudRepository(Account, ds)
    await accounts.create_all([{"mail": "a", "name": "x"}, {"mail": "b", "name": "y"}])
    assert (await accounts.upsert({"mail": "a", "name": "z"}, on="mail")).to_json() == {
        "id": 1,
        "mail": "a",
        "name": "z",
    }
    with pytest.raises(UniqueViolationError):
        await accounts.upsert({"mail": "c", "name": "y"}, on="mail")
    assert [(each.mail, each.name) for each in await accounts.find()] == [("a", "z"), ("b", "y")]

    class Plain(Entity):
        id: int | None = field(id=True, generated=True)
        mail: str = ""

    await ds.autoupdate([Plain])
    with pytest.raises(UnsupportedOperationError, match="make it unique"):
        await DefaultCrudRepository(Plain, ds).upsert({"mail": "a"}, on="mail")


async def test_an_upsert_keeps_free_properties_that_it_does_not_name(ds):
    """REPO-022, FILTER-012"""

    @model(strict=False)
    class Page(Entity):
        id: str = field(id=True)
        title: str = ""

    await ds.autoupdate([Page])
    pages = DefaultCrudRepository(Page, ds)
    first = await pages.upsert({"id": "a", "title": "A", "seen": 1, "by": ["x"]})
    assert first.to_json() == {"id": "a", "title": "A", "seen": 1, "by": ["x"]}
    second = await pages.upsert({"id": "a", "seen": 2, "new": {"deep": None}})
    expected = {"id": "a", "title": "A", "seen": 2, "by": ["x"], "new": {"deep": None}}
    assert second.to_json() == expected
    assert (await pages.find_by_id("a")).to_json() == expected
    assert (await pages.count({"seen": 2})).count == 1


async def test_a_server_without_returning_counts_ids_all_the_same(monkeypatch, tmp_path):
    """REPO-001, REPO-005, REPO-022"""
    async with database("mysql", tmp_path) as config, DataSource(config) as ds:
        monkeypatch.setattr(type(ds.connector._dialect), "returns_inserted", False)

        class Item(Entity):
            id: int | None = field(id=True, generated=True)
            code: str = field(unique=True)
            price: Decimal | None = None

        await ds.autoupdate([Item])
        items = DefaultCrudRepository(Item, ds)
        assert (await items.create({"code": "a", "price": "1.10"})).to_json() == {"id": 1, "code": "a", "price": "1.1"}
        made = await items.create_all([{"code": str(number)} for number in range(1200)])
        assert [(each.id, each.code) for each in made] == [
            (each.id, each.code) for each in await items.find({"skip": 1})
        ]
        assert (await items.upsert({"code": "a", "price": "2"}, on="code")).to_json() == {
            "id": 1,
            "code": "a",
            "price": "2",
        }


async def test_a_stream_frees_its_connection_and_leaves_the_transaction_usable(server):
    """REPO-027, REPO-090"""
    await server.autoupdate([Note])
    notes = DefaultCrudRepository(Note, server)
    await notes.create_all([{"size": number} for number in range(3000)])
    assert [note.size async for note in notes.stream(None, 100)] == list(range(3000))
    assert [note.size async for note in notes.stream({"limit": 250, "skip": 10}, 100)] == list(range(10, 260))
    async with notes.begin_transaction() as tx:
        seen = 0
        async for note in notes.stream({"order": "size DESC"}, 100):
            seen += 1
            if seen % 500 == 0:
                await notes.update_by_id(note.id, {"title": "seen"})  # the transaction can be used meanwhile
        assert seen == 3000
        async for _ in notes.stream(None, 100, transaction=tx):
            break
        assert (await notes.count({"title": "seen"})).count == 6
    streams = [notes.stream(None, 50) for _ in range(5)]
    for stream in streams:
        await anext(stream)
        await stream.aclose()
    assert server.stats()["checked_out"] == 0
    assert (await notes.count()).count == 3000
