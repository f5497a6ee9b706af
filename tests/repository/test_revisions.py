"""Revisions through Alembic: written from models, carried out on every database, refused where data would go."""

import asyncio
import enum
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from tests.repository.databases import SERVERS, database

from mainspring.repository import (
    DataSource,
    DefaultCrudRepository,
    Entity,
    MigrationError,
    UniqueViolationError,
    UnsupportedOperationError,
    belongs_to,
    field,
    model,
)
from mainspring.repository.sql.revisions.running import Revisions


class Color(enum.Enum):
    RED = "red"
    GREEN = "gre'en"


class Shade(enum.Enum):
    RED = "red"
    GREEN = "gre'en"
    BLUE = "blue"


@model(table="owner")
class Owner(Entity):
    id: int | None = field(id=True, generated=True)
    name: str = field(required=True, unique=True)


@model(table="order", strict=False, indexes=[{"fields": ["label", "n"]}])
class Order(Entity):
    """One property of each type, in a table with a reserved name."""

    id: int | None = field(id=True, generated=True)
    label: str = field(required=True, length=40, unique=True)
    group: str | None = None
    n: int | None = field(index=True)
    ratio: float | None = None
    done: bool = False
    price: Decimal | None = field(precision=10, scale=3)
    any_price: Decimal | None = None
    at: datetime | None = None
    naive: datetime | None = field(timezone=False)
    day: date | None = None
    hour: time | None = None
    took: timedelta | None = None
    uid: UUID | None = None
    data: bytes | None = None
    short: bytes | None = field(length=20)
    color: Color | None = None
    level: Literal[1, 2, 3] | None = None
    tags: list[str] = field(default_factory=list)
    numbers: list[int] | None = None
    more: dict[str, Any] | None = None
    owner_id: int | None = belongs_to(lambda: Owner, foreign_key=True)


VALUES = {
    "label": "a",
    "n": 2**60,
    "ratio": 0.1,
    "price": Decimal("10.250"),
    "any_price": Decimal("9.5"),
    "at": datetime(2024, 2, 29, 12, 0, 0, 5, tzinfo=UTC),
    "naive": datetime(2024, 2, 29, 12, 0, 0, 5),
    "day": date(2024, 2, 29),
    "hour": time(12, 0, 1, 5),
    "took": timedelta(days=2, microseconds=1),
    "uid": UUID(int=7),
    "data": b"\x00\xff",
    "short": b"x",
    "color": Color.GREEN,
    "level": 2,
    "tags": ["x", "y"],
    "numbers": [1],
    "more": {"b": 1, "a": None},
    "owner_id": 1,
    "free": "kept",
}


def note(**properties):
    """A model of the table ``note`` with further properties."""
    names = {"id": field(id=True, generated=True, type=int), "title": field(type=str, required=True), **properties}
    return model(table="note")(type("Note", (Entity,), names))


@pytest.fixture(params=["sqlite", *SERVERS])
async def open_source(request, tmp_path):
    """``open_source(*models)`` gives another data source of the same database, with these models alone."""
    sources = []
    async with database(request.param, tmp_path) as config:

        def open_(*models, **settings):
            source = DataSource({**config, **settings})
            sources.append(source)
            for each in models:
                source.attach(each)
            return source

        yield open_
        for source in sources:
            await source.disconnect()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "my migrations" / "db"


def undoes(source):
    """Whether the database can undo changes of its schema."""
    return source.settings["connector"] != "mysql"


async def tables_of(source):
    return set(await source.connector.with_schema(source_tables))


def source_tables(connection):
    return connection.dialect.get_table_names(connection)


async def test_after_up_nothing_is_left_to_write(open_source, folder):
    """DS-034: neither for Mainspring nor for Alembic by itself, on every type of column."""
    source = open_source(Order, Owner)
    revisions = Revisions(source, folder)
    before = await revisions.status()
    assert (before.current, before.head, before.pending) == (None, None, [])
    assert "create table 'order'" in before.unwritten
    file = await revisions.new("first")
    assert file.parent == folder
    steps = await revisions.up()
    assert [(step.direction, step.revision.message) for step in steps] == [("up", "first")]
    after = await revisions.status()
    assert (after.current, after.pending, after.unwritten) == (after.head, [], [])
    assert await revisions.new() is None
    assert await source.connector.with_schema(lambda c: by_alembic(c, source.metadata())) == []
    assert await source.autoupdate() == []
    assert await revisions.up() == []


def by_alembic(connection, metadata):
    def is_known(name, kind, _):
        return kind != "table" or name in {table.name for table in metadata.tables.values()}

    return compare_metadata(MigrationContext.configure(connection, opts={"include_name": is_known}), metadata)


async def test_tables_of_revisions_keep_what_those_of_models_keep(open_source, folder):
    """DS-034: also when the revision was written on another database."""
    writer = DataSource({"name": "db", "connector": "sqlite", "database": str(folder.parent.parent / "writer.db")})
    async with writer:
        for each in (Order, Owner):
            writer.attach(each)
        await Revisions(writer, folder).new()
    source = open_source(Order, Owner)
    await Revisions(source, folder).up()
    await DefaultCrudRepository(Owner, source).create({"name": "somebody"})
    orders = DefaultCrudRepository(Order, source)
    made = await orders.create(VALUES)
    found = (await orders.find_by_id(made.id)).to_dict()
    assert {name: found[name] for name in VALUES} == VALUES
    with pytest.raises(UniqueViolationError):
        await orders.create({"label": "a"})
    await orders.create({"label": "b", "any_price": Decimal(10)})
    assert [each.label for each in await orders.find({"order": "any_price DESC"})] == ["b", "a"]
    assert (await Revisions(source, folder).status()).unwritten == []


async def test_a_change_keeps_rows_and_everything_else_of_the_table(open_source, folder):
    """DS-034: columns with defaults are filled, enumerations grow, and what SQLite has to copy stays as it was."""
    first = note(price=field(type=Decimal), color=field(type=Color), size=field(type=int), gone=field(type=str))
    source = open_source(first)
    await Revisions(source, folder).new()
    await Revisions(source, folder).up()
    notes = DefaultCrudRepository(first, source)
    for price in ("9", "10"):
        await notes.create({"title": "x", "price": price, "color": Color.GREEN, "size": 3})
    second = note(
        price=field(type=Decimal),
        color=field(type=Shade),
        size=field(type=str),
        rank=field(type=int, required=True, default=7),
        place=field(type=str, default="it's here"),
        on=field(type=date, required=True, default=date(2024, 2, 29)),
        mark=field(type=Color, required=True, default=Color.GREEN),
        owner_id=belongs_to(lambda: Owner, foreign_key=True, type=int),
    )
    changed = open_source(second, Owner)
    revisions = Revisions(changed, folder)
    with pytest.raises(MigrationError, match=r"would lose data: drop column 'gone' of 'note'.*--allow-unsafe"):
        await revisions.new()
    await revisions.new(allow_unsafe=True)
    with pytest.raises(MigrationError, match=r"could lose data \(drop column 'gone' of 'note'\); allow it with"):
        await revisions.up()
    assert (await revisions.status()).pending
    await revisions.up(allow_unsafe=True)
    assert (await revisions.status()).unwritten == []
    again = DefaultCrudRepository(second, changed)
    found = await again.find({"order": "price"})
    assert [(each.price, each.size, each.color) for each in found] == [
        (Decimal(9), "3", Shade.GREEN),
        (Decimal(10), "3", Shade.GREEN),
    ]
    assert {(each.rank, each.place, each.on, each.mark) for each in found} == {
        (7, "it's here", date(2024, 2, 29), Color.GREEN)
    }
    later = await again.create({"title": "z", "color": Shade.BLUE, "rank": 1})
    assert later.id == 3
    await again.delete_by_id(later.id)
    await revisions.down(allow_unsafe=True)
    assert [(each.price, each.size, each.gone) for each in await notes.find({"order": "price"})] == [
        (Decimal(9), 3, None),
        (Decimal(10), 3, None),
    ]
    assert (await Revisions(source, folder).status()).current is not None


async def test_rows_without_a_value_keep_a_required_column_out(open_source, folder):
    """DS-031, DS-037"""
    first = note()
    source = open_source(first)
    await Revisions(source, folder).new()
    await Revisions(source, folder).up()
    await DefaultCrudRepository(first, source).create({"title": "x"})
    changed = open_source(note(rank=field(type=int, required=True)))
    revisions = Revisions(changed, folder)
    await revisions.new()
    with pytest.raises(MigrationError, match="the column 'rank' of 'note' has to have a value, and there are rows"):
        await revisions.up()
    assert len((await revisions.status()).pending) == 1
    await DefaultCrudRepository(first, source).delete_all()
    if undoes(source):
        await revisions.up()
        assert (await revisions.status()).unwritten == []


async def test_going_back_asks_before_rows_are_lost(open_source, folder):
    """DS-034"""
    source = open_source(note())
    revisions = Revisions(source, folder)
    assert await revisions.down() == []
    await revisions.new()
    await revisions.up()
    await revisions.down()  # nothing is in the table
    assert (await revisions.status()).current is None
    await revisions.up()
    await source.execute("INSERT INTO note (title) VALUES ('x')")
    with pytest.raises(MigrationError, match=r"drop table 'note'"):
        await revisions.down()
    assert await source.execute("SELECT title FROM note") == [{"title": "x"}]
    assert [step.direction for step in await revisions.down(allow_unsafe=True)] == ["down"]
    assert "note" not in await tables_of(source)


async def test_a_dry_run_shows_the_statements_and_changes_nothing(open_source, folder):
    """DS-033, DS-034"""
    source = open_source(note())
    revisions = Revisions(source, folder)
    await revisions.new()
    steps = await revisions.up(dry_run=True)
    assert any(sql.startswith("CREATE TABLE note") for sql in steps[0].sql)
    assert await tables_of(source) == set()
    await revisions.up()
    steps = await revisions.down(dry_run=True)
    assert any("DROP TABLE note" in sql for sql in steps[0].sql)
    assert "note" in await tables_of(source)


async def test_a_failure_in_the_middle_is_told_with_what_stayed(open_source, folder):
    """DS-037"""
    source = open_source()
    for name, last in (("one", ""), ("two", "; op.drop_table('nothing')")):
        file = await Revisions(source, folder).new(name, empty=True)
        body = f"op.create_table({name!r}, sa.Column('id', sa.Integer())){last}"
        file.write_text(file.read_text().replace("pass", body, 1))
    words = "nothing was changed" if undoes(source) else "its steps before that stay"
    with pytest.raises(MigrationError, match=rf"\(two\) failed: .*{words}"):
        await Revisions(source, folder).up()
    there, status = await tables_of(source), await Revisions(source, folder).status()
    if undoes(source):
        assert (there, status.current) == (set(), None)
    else:
        assert {"one", "two"} <= there
        assert [each.message for each in status.pending] == ["two"]


async def test_two_at_once_do_it_once(open_source, folder):
    """DS-035"""
    first, second = open_source(note()), open_source(note())
    await Revisions(first, folder).new()
    done = await asyncio.gather(Revisions(first, folder).up(), Revisions(second, folder).up())
    assert sorted(len(steps) for steps in done) == [0, 1]


async def test_tables_of_others_are_left_alone(open_source, folder):
    """DS-034: only what a revision made is dropped by one."""
    source = open_source(note(), Owner)
    revisions = Revisions(source, folder)
    await revisions.new()
    await revisions.up()
    await source.execute("CREATE TABLE somebodys (id INTEGER)")
    assert (await revisions.status()).unwritten == []
    fewer = Revisions(open_source(note()), folder)
    with pytest.raises(MigrationError, match="drop table 'owner'"):
        await fewer.new()
    await fewer.new(allow_unsafe=True)
    await fewer.up()
    assert {"note", "somebodys"} <= await tables_of(source)
    assert "owner" not in await tables_of(source)


async def test_what_cannot_be_done_is_refused_in_words(open_source, folder):
    """DS-034"""
    source = open_source(note())
    revisions = Revisions(source, folder)
    first = await revisions.new('with "quotes" and \\')
    assert '"""with \\"quotes\\" and' in first.read_text()
    with pytest.raises(MigrationError, match="carry out what is there first: mainspring migrate up"):
        await revisions.new()
    with pytest.raises(MigrationError, match="nowhere"):
        await revisions.up("nowhere")
    await revisions.up()
    assert (await revisions.status()).head is not None
    with pytest.raises(MigrationError):
        await revisions.down("-2")
    second = await revisions.new(empty=True)
    twin = second.read_text().replace(second.name.split("_")[2], "0123456789ab")
    (folder / "other.py").write_text(twin)
    with pytest.raises(MigrationError, match="both follow the same revision"):
        await Revisions(source, folder).up()
    for file in folder.glob("*.py"):
        file.unlink()
    with pytest.raises(MigrationError, match="Can't locate revision"):
        await Revisions(source, folder).up()


async def test_two_data_sources_of_one_database_have_their_own_revisions(open_source, folder):
    """DS-034: one folder and one place in the database per data source."""
    first, second = open_source(note()), open_source(Owner, name="other")
    for source in (first, second):
        own = Revisions(source, folder.with_name(source.name))
        await own.new()
        await own.up()
    assert {"note", "owner"} <= await tables_of(first)
    for source in (first, second):
        found = await Revisions(source, folder.with_name(source.name)).status()
        assert (found.pending, found.unwritten, found.current) == ([], [], found.head)


@pytest.mark.parametrize("connector", ["memory", "kv-memory"])
async def test_what_keeps_no_tables_has_no_revisions(connector, folder):
    with pytest.raises(UnsupportedOperationError, match="keeps no tables between two runs"):
        Revisions(DataSource({"name": "db", "connector": connector}), folder)


async def test_a_key_to_rows_that_are_not_there_is_refused(open_source, folder):
    """DS-034, DS-037"""
    first = note(owner_id=field(type=int))
    source = open_source(first, Owner)
    await Revisions(source, folder).new()
    await Revisions(source, folder).up()
    notes = DefaultCrudRepository(first, source)
    await notes.create({"title": "x", "owner_id": 99})
    second = note(owner_id=belongs_to(lambda: Owner, foreign_key=True, type=int))
    revisions = Revisions(open_source(second, Owner), folder)
    await revisions.new()
    with pytest.raises(MigrationError):
        await revisions.up()
    assert len((await revisions.status()).pending) == 1
    await notes.delete_all()
    await revisions.up()
    assert (await revisions.status()).unwritten == []


async def test_triggers_stay_with_a_table_that_is_copied(open_source, folder):
    """DS-032, DS-034"""
    source = open_source(note(size=field(type=int)))
    if source.settings["connector"] != "sqlite":
        pytest.skip("only SQLite copies tables")
    await Revisions(source, folder).new()
    await Revisions(source, folder).up()
    make = "CREATE TRIGGER upper_titles AFTER INSERT ON note BEGIN UPDATE note SET title = upper(title); END"
    await source.connector.with_schema(lambda connection: connection.exec_driver_sql(make) and None)
    changed = open_source(second := note(size=field(type=str)))
    await Revisions(changed, folder).new()
    await Revisions(changed, folder).up()
    notes = DefaultCrudRepository(second, changed)
    await notes.create({"title": "x", "size": "1"})
    assert (await notes.find_one()).title == "X"


async def test_a_schema_of_its_own_has_its_own_revisions(tmp_path, folder):
    """DS-001, DS-034"""
    async with database("postgresql", tmp_path) as config, database("postgresql", tmp_path) as other:
        name = other["connect_args"]["server_settings"]["search_path"]
        async with DataSource({**config, "schema": name}) as source:
            for each in (Order, Owner):
                source.attach(each)
            revisions = Revisions(source, folder)
            await revisions.new()
            await revisions.up()
            assert (await revisions.status()).unwritten == []
            assert (await DefaultCrudRepository(Owner, source).create({"name": "x"})).id == 1
            await revisions.down(allow_unsafe=True)
            assert await source.execute(f"SELECT * FROM {name}.alembic_version_db") == []


async def test_what_loses_data_is_seen_in_plain_sql(open_source, folder):
    """DS-034"""
    source = open_source(note())
    revisions = Revisions(source, folder)
    await revisions.new()
    await revisions.up()
    for statement in ("DELETE FROM note", "alter table note drop title", "TRUNCATE note", "drop table note"):
        file = await Revisions(source, folder).new(empty=True)
        file.write_text(file.read_text().replace("pass", f"op.execute({statement!r})", 1))
        with pytest.raises(MigrationError, match="could lose data"):
            await Revisions(source, folder).up()
        file.unlink()
    file = await Revisions(source, folder).new(empty=True)
    file.write_text(file.read_text().replace("pass", "op.execute(\"UPDATE note SET title = 'y'\")", 1))
    await Revisions(source, folder).up()
    assert (await Revisions(source, folder).status()).pending == []
