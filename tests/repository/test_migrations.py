"""Bringing a schema to what the models say."""

import asyncio
import enum
import sqlite3

import pytest

from mainspring.repository import DataSource, DefaultCrudRepository, Entity, MigrationError, field, model


def note(**properties):
    """A model of the table ``note`` with further properties."""
    names = {"id": field(id=True, generated=True, type=int), "title": field(type=str, required=True), **properties}
    return model(table="note")(type("Note", (Entity,), names))


@pytest.fixture
async def open_source(tmp_path):
    sources = []

    async def open_():
        source = DataSource({"name": "db", "connector": "sqlite", "database": str(tmp_path / "x.db")})
        sources.append(source)
        await source.connect()
        return source

    yield open_
    for source in sources:
        await source.disconnect()


async def test_columns_and_indexes_are_added_and_data_stay(open_source):
    """DS-024, DS-030, DS-031, DS-033"""
    ds = await open_source()
    assert [each.kind for each in await ds.autoupdate([note()])] == ["create_table"]
    await ds.execute("INSERT INTO note (title) VALUES ('a')")
    changed = note(size=field(type=int, default=3, index=True), code=field(type=str, unique=True))
    ds = await open_source()
    ds.attach(changed)
    plan = await ds.plan_migration()
    assert [each.kind for each in plan] == ["add_column", "fill_column", "add_column", "create_index", "create_index"]
    assert all(each.safe and each.table == "note" and each.sql for each in plan)
    await ds.autoupdate()
    assert await ds.autoupdate() == []
    (row,) = await DefaultCrudRepository(changed, ds).find()
    assert row.to_dict() == {"id": 1, "title": "a", "size": 3, "code": None}


async def test_a_required_column_needs_a_default(open_source):
    """DS-031, DS-032, DS-037"""
    ds = await open_source()
    await ds.autoupdate([note()])
    with_new = note(must=field(type=str, required=True))
    other = await open_source()
    await other.autoupdate([with_new])  # no rows yet: nothing can be wrong
    await other.execute("INSERT INTO note (title, must) VALUES ('a', 'b')")
    third = await open_source()
    with pytest.raises(MigrationError, match="'more'"):
        await third.autoupdate([note(extra=field(type=str), more=field(type=int, required=True))])
    columns = {row["name"] for row in await third.execute("SELECT name FROM pragma_table_info('note')")}
    assert columns == {"id", "title", "must"}
    await third.automigrate()
    assert (await DefaultCrudRepository(note(), await open_source()).count()).count == 0


async def test_narrowing_is_refused(open_source):
    """DS-032"""
    ds = await open_source()
    await ds.autoupdate([note(size=field(type=int, index=True))])
    await ds.execute("INSERT INTO note (title, size) VALUES ('a', 5)")
    wider = note(size=field(type=float, index=True))
    ds = await open_source()
    assert [each.kind for each in await ds.autoupdate([wider])] == ["rebuild_table", "create_index"]
    assert (await DefaultCrudRepository(wider, ds).find_one()).size == 5.0
    assert await ds.autoupdate() == []
    ds = await open_source()
    with pytest.raises(MigrationError, match="allow_unsafe"):
        await ds.autoupdate([note(size=field(type=int, index=True))])
    await ds.autoupdate(allow_unsafe=True)


async def test_an_enum_may_grow(open_source):
    """DS-021, DS-032, REPO-023"""

    class Small(enum.Enum):
        A = "a"

    class Large(enum.Enum):
        A = "a"
        B = "b"

    ds = await open_source()
    await ds.autoupdate([note(kind=field(type=Small))])
    with pytest.raises(Exception, match="failed"):
        await ds.execute("INSERT INTO note (title, kind) VALUES ('a', 'z')")
    ds = await open_source()
    larger = note(kind=field(type=Large))
    await ds.autoupdate([larger])
    assert (await DefaultCrudRepository(larger, ds).create({"title": "x", "kind": "b"})).kind is Large.B


async def test_two_processes_migrate_one_after_the_other(open_source):
    """DS-035"""
    sources = [await open_source() for _ in range(4)]
    done = await asyncio.gather(*(source.autoupdate([note()]) for source in sources))
    assert sorted(len(each) for each in done) == [0, 0, 0, 1]


async def test_tables_of_others_stay(open_source, tmp_path):
    """DS-020, DS-030"""
    ds = await open_source()
    await ds.execute("CREATE TABLE other (x)")

    @model(table="order")
    class Order(Entity):
        id: int | None = field(id=True, generated=True)
        group: str = field(name="user")

    await ds.automigrate([Order])
    made = await DefaultCrudRepository(Order, ds).create({"group": "a"})
    assert (await DefaultCrudRepository(Order, ds).find_by_id(made.id)).group == "a"
    plain = sqlite3.connect(tmp_path / "x.db")
    names = {name for (name,) in plain.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    plain.close()
    assert {"other", "order"} <= names
