"""Bringing a schema to what the models say."""

import asyncio
import enum
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import pytest
from tests.repository.databases import SERVERS, database

from mainspring.repository import (
    DataSource,
    DefaultCrudRepository,
    Entity,
    ForeignKeyViolationError,
    MigrationError,
    ModelValidationError,
    RepositoryError,
    UniqueViolationError,
    belongs_to,
    field,
    model,
)


def note(**properties):
    """A model of the table ``note`` with further properties."""
    names = {"id": field(id=True, generated=True, type=int), "title": field(type=str, required=True), **properties}
    return model(table="note")(type("Note", (Entity,), names))


@pytest.fixture(params=["sqlite", *SERVERS])
async def open_source(request, tmp_path):
    """``await open_source()`` gives another data source of the same database."""
    sources = []

    async with database(request.param, tmp_path) as config:

        async def open_():
            source = DataSource(config)
            sources.append(source)
            await source.connect()
            return source

        yield open_
        for source in sources:
            await source.disconnect()


def kinds(operations):
    return [each.kind for each in operations]


def is_sqlite(ds):
    return ds.settings["connector"] == "sqlite"


async def columns_of(ds, table):
    """The names of the columns that are there."""
    if is_sqlite(ds):
        rows = await ds.execute(f"SELECT name FROM pragma_table_info('{table}')")
    else:
        own = "DATABASE()" if ds.settings["connector"] == "mysql" else "current_schema()"
        rows = await ds.execute(
            "SELECT column_name AS name FROM information_schema.columns "
            f"WHERE table_schema = {own} AND table_name = '{table}'"
        )
    return {row["name"] for row in rows}


async def test_columns_and_indexes_are_added_and_data_stay(open_source):
    """DS-024, DS-030, DS-031, DS-033"""
    ds = await open_source()
    assert kinds(await ds.autoupdate([note()])) == ["create_table"]
    await ds.execute("INSERT INTO note (title) VALUES ('a')")
    changed = note(size=field(type=int, default=3, index=True), code=field(type=str, unique=True))
    ds = await open_source()
    ds.attach(changed)
    plan = await ds.plan_migration()
    assert kinds(plan) == ["add_column", "fill_column", "add_column", "create_index", "create_index"]
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
    assert await columns_of(third, "note") == {"id", "title", "must"}
    await third.automigrate()
    assert (await DefaultCrudRepository(note(), await open_source()).count()).count == 0


async def test_what_others_made_for_a_table_stays_when_it_is_copied(open_source):
    """DS-032"""
    ds = await open_source()
    if not is_sqlite(ds):
        pytest.skip("only SQLite copies tables")
    await ds.autoupdate([note(size=field(type=int))])
    trigger = "CREATE TRIGGER loud AFTER INSERT ON note BEGIN\nUPDATE note SET title = upper(title);\nEND"
    await ds.connector.with_schema(lambda connection: connection.exec_driver_sql(trigger) and None)
    await ds.execute("CREATE INDEX by_hand ON note (title, size)")
    wider = note(size=field(type=float))
    ds = await open_source()
    done = await ds.autoupdate([wider])
    assert [each.kind for each in done] == ["rebuild_table", "create_trigger", "create_index"]
    assert done[1].sql == trigger
    notes = DefaultCrudRepository(wider, ds)
    await notes.create({"title": "quiet"})
    assert [each.title for each in await notes.find()] == ["QUIET"]
    assert await ds.execute("SELECT name FROM sqlite_master WHERE name = 'by_hand'") == [{"name": "by_hand"}]
    assert await ds.autoupdate() == []


async def test_narrowing_is_refused(open_source):
    """DS-032"""
    ds = await open_source()
    await ds.autoupdate([note(size=field(type=int, index=True))])
    await ds.execute("INSERT INTO note (title, size) VALUES ('a', 5)")
    wider = note(size=field(type=float, index=True))
    ds = await open_source()
    done = kinds(await ds.autoupdate([wider]))
    assert done == (["rebuild_table", "create_index"] if is_sqlite(ds) else ["alter_column"])
    assert (await DefaultCrudRepository(wider, ds).find_one()).size == 5.0
    assert await ds.autoupdate() == []
    ds = await open_source()
    with pytest.raises(MigrationError, match="allow_unsafe"):
        await ds.autoupdate([note(size=field(type=int, index=True))])
    await ds.autoupdate(allow_unsafe=True)


async def test_a_plan_tells_what_would_be_refused(open_source):
    """DS-032, DS-033"""
    ds = await open_source()
    await ds.autoupdate([note(size=field(type=float))])
    ds = await open_source()
    narrower = note(size=field(type=int), more=field(type=int))
    DefaultCrudRepository(narrower, ds)
    plan = await ds.plan_migration()
    assert not all(each.safe for each in plan)
    assert await ds.autoupdate(dry_run=True) == plan
    with pytest.raises(MigrationError) as caught:
        await ds.autoupdate()
    assert "'size'" in str(caught.value)
    assert "Form" not in str(caught.value)
    assert await columns_of(ds, "note") == {"id", "title", "size"}
    await ds.autoupdate(allow_unsafe=True)
    assert await ds.plan_migration() == []


async def test_a_required_column_that_the_model_lost_is_named(open_source):
    """DS-032, REPO-023"""
    ds = await open_source()
    await ds.autoupdate([note(must=field(type=str, required=True))])
    ds = await open_source()
    fewer = note()
    await ds.autoupdate([fewer])
    with pytest.raises(ModelValidationError, match="column 'must' of the table 'note' is required"):
        await DefaultCrudRepository(fewer, ds).create({"title": "a"})


async def test_a_stored_value_that_an_enum_lost_is_named(open_source):
    """MODEL-056"""

    class Color(enum.Enum):
        RED = "red"

    ds = await open_source()
    await ds.autoupdate([note(color=field(type=str, length=32))])
    await ds.execute("INSERT INTO note (title, color) VALUES ('a', 'blue')")
    ds = await open_source()
    with pytest.raises(RepositoryError, match="'blue' where Color knows 'red' only"):
        await DefaultCrudRepository(note(color=field(type=Color)), ds).find()


async def test_an_enum_may_grow(open_source):
    """DS-021, DS-032, REPO-023"""

    class Small(enum.Enum):
        QUOTED = "it's \\ here"
        A = "a"

    class Large(enum.Enum):
        QUOTED = "it's \\ here"
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
    assert await ds.autoupdate([larger]) == []


async def test_a_table_that_refers_to_others_is_changed_in_place(open_source):
    """DS-032: SQLite copies it, with its foreign keys to another table and to itself."""

    @model(table="owner")
    class Owner(Entity):
        id: int | None = field(id=True, generated=True)

    def owned(type_):
        return note(
            size=field(type=type_),
            owner_id=belongs_to(lambda: Owner, foreign_key=True, type=int),
            other_id=belongs_to(lambda: Owner, foreign_key=True, type=int),
            note_id=belongs_to(lambda: found[-1], foreign_key=True, type=int),
        )

    found = []
    for type_ in (int, str):
        found.append(owned(type_))
        ds = await open_source()
        await ds.autoupdate([Owner, found[-1]])
        await DefaultCrudRepository(found[-1], ds).create({"title": "x", "size": type_(3), "note_id": 1})
        for key in ("owner_id", "note_id"):
            with pytest.raises(ForeignKeyViolationError):
                await DefaultCrudRepository(found[-1], ds).create({"title": "x", key: 99})
    assert [each.size for each in await DefaultCrudRepository(found[-1], ds).find()] == ["3", "3"]
    assert await ds.autoupdate([Owner, found[-1]]) == []


async def test_two_processes_migrate_one_after_the_other(open_source):
    """DS-035"""
    sources = [await open_source() for _ in range(4)]
    done = await asyncio.gather(*(source.autoupdate([note()]) for source in sources))
    assert sorted(len(each) for each in done) == [0, 0, 0, 1]


async def test_tables_of_others_stay(open_source):
    """DS-020, DS-030"""
    ds = await open_source()
    await ds.execute("CREATE TABLE other (x INTEGER)")

    @model(table="order")
    class Order(Entity):
        id: int | None = field(id=True, generated=True)
        group: str = field(name="user")

    await ds.automigrate([Order])
    made = await DefaultCrudRepository(Order, ds).create({"group": "a"})
    assert (await DefaultCrudRepository(Order, ds).find_by_id(made.id)).group == "a"
    assert await columns_of(ds, "other") == {"x"}
    assert await columns_of(ds, "order") == {"id", "user"}


class Owner(Entity):
    id: int | None = field(id=True, generated=True)
    code: str = field(unique=True, length=10)


class Pet(Entity):
    id: int | None = field(id=True, generated=True)
    owner_id: int | None = belongs_to(lambda: Owner, foreign_key=True)


async def test_a_table_that_others_refer_to_is_made_anew(open_source):
    """DS-030"""
    ds = await open_source()
    await ds.automigrate([Owner, Pet])
    owners, pets = DefaultCrudRepository(Owner, ds), DefaultCrudRepository(Pet, ds)
    owner = await owners.create({"code": "a"})
    await pets.create({})
    await ds.automigrate([Owner])
    assert ((await owners.count()).count, (await pets.count()).count) == (0, 1)
    with pytest.raises(ForeignKeyViolationError):
        await pets.create({"owner_id": owner.id + 1})
    assert await ds.autoupdate() == []


class Everything(Entity):
    id: int | None = field(id=True, generated=True)
    text: str | None = None
    short: str | None = field(length=10)
    real: float | None = None
    money: Decimal | None = None
    price: Decimal | None = field(precision=10, scale=3)
    flag: bool | None = None
    at: datetime | None = None
    local: datetime | None = field(timezone=False)
    on: date | None = None
    clock: time | None = None
    lasting: timedelta | None = None
    key: UUID | None = None
    raw: bytes | None = None
    letter: Literal["x", "y"] | None = None
    number: Literal[1, 22] | None = None
    mapping: dict[str, Any] | None = None
    texts: list[str] | None = None
    numbers: list[int] | None = None
    keys: list[UUID] | None = None


async def test_a_second_update_finds_nothing_to_do(open_source):
    """DS-030, DS-021"""
    ds = await open_source()
    await ds.autoupdate([Everything, Owner, Pet])
    assert await ds.autoupdate() == []
    other = await open_source()
    assert await other.autoupdate([Everything, Owner, Pet]) == []


async def test_texts_may_become_longer(open_source):
    """DS-032"""
    ds = await open_source()
    await ds.autoupdate([note(code=field(type=str, length=10), money=field(type=Decimal, precision=5, scale=1))])
    await ds.execute("INSERT INTO note (title, code, money) VALUES ('a', 'b', '1.5')")
    ds = await open_source()
    longer = note(code=field(type=str, length=20), money=field(type=Decimal, precision=9, scale=3))
    await ds.autoupdate([longer])
    assert await ds.autoupdate() == []
    found = await DefaultCrudRepository(longer, ds).find_one()
    assert (found.code, found.money) == ("b", Decimal("1.5"))
    await DefaultCrudRepository(longer, ds).create({"title": "c", "code": "x" * 20, "money": "123456.125"})


async def test_a_property_may_become_optional(open_source):
    """DS-032"""
    ds = await open_source()
    await ds.autoupdate([note()])
    ds = await open_source()
    optional = model(table="note")(
        type("Note", (Entity,), {"id": field(id=True, generated=True, type=int), "title": field(type=str)})
    )
    assert kinds(await ds.autoupdate([optional])) == (["rebuild_table"] if is_sqlite(ds) else ["alter_column"])
    assert (await DefaultCrudRepository(optional, ds).create({})).title is None


async def test_a_required_column_with_a_default_fills_rows(open_source):
    """DS-031"""
    ds = await open_source()
    await ds.autoupdate([note()])
    await ds.execute("INSERT INTO note (title) VALUES ('a')")
    ds = await open_source()
    fuller = note(
        flag=field(type=bool, required=True, default=True),
        words=field(type=list[str], required=True, default_factory=lambda: ["a"]),
        text=field(type=str, required=True, default="it's 100% :x"),
    )
    await ds.autoupdate([fuller])
    assert await ds.autoupdate() == []
    (row,) = await DefaultCrudRepository(fuller, ds).find()
    assert row.to_dict() == {"id": 1, "title": "a", "flag": True, "words": ["a"], "text": "it's 100% :x"}


async def test_readers_do_not_notice_a_migration(open_source):
    """DS-035, REPO-024"""
    ds, other = await open_source(), await open_source()
    plain, changed = note(), note(size=field(type=int, default=1))
    await ds.autoupdate([plain])
    notes = DefaultCrudRepository(plain, ds)
    await notes.create({"title": "a"})
    await asyncio.gather(*(notes.find() for _ in range(5)))
    await other.autoupdate([changed])
    await other.execute("DROP TABLE note")
    await other.autoupdate([changed])
    assert await asyncio.gather(*(notes.count() for _ in range(5)))
    assert (await notes.create({"title": "b"})).title == "b"


async def test_names_too_long_for_a_database_are_shortened(open_source):
    """DS-024"""
    long = {f"a_property_whose_name_is_rather_long_{n}": field(type=int, unique=True) for n in range(3)}

    @model(table="a_table_whose_name_is_also_longer_than_usual")
    class Long(Entity):
        id: int | None = field(id=True, generated=True)

    wide = model(table="a_table_whose_name_is_also_longer_than_usual")(type("Wide", (Long,), long))
    ds = await open_source()
    await ds.autoupdate([wide])
    assert await ds.autoupdate() == []
    repo = DefaultCrudRepository(wide, ds)
    await repo.create(dict.fromkeys(long, 1))
    with pytest.raises(UniqueViolationError) as caught:
        await repo.create(dict.fromkeys(long, 1))
    assert set(caught.value.fields) <= set(long)
    assert caught.value.fields
