"""Models from tables that are there."""

import enum
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import pytest
from tests.repository.databases import SERVERS, database

from mainspring.repository import (
    DataSource,
    DataSourceError,
    DefaultCrudRepository,
    Entity,
    Model,
    UnsupportedOperationError,
    belongs_to,
    define_model_class,
    field,
    model,
)


class Color(enum.Enum):
    RED = "red"
    GREEN = "gre'en"


@model(table="owners")
class Owner(Entity):
    id: int | None = field(id=True, generated=True)
    name: str = field(required=True, unique=True, length=30)


@model(table="order", indexes=[{"fields": ["label", "n"], "unique": True, "name": "both"}])
class Order(Entity):
    code: str = field(id=True, length=20)
    label: str = field(required=True, length=40)
    n: int | None = field(index=True)
    ratio: float | None = None
    done: bool | None = None
    price: Decimal | None = field(precision=10, scale=3)
    at: datetime | None = None
    day: date | None = None
    hour: time | None = None
    uid: UUID | None = None
    data: bytes | None = None
    color: Color | None = None
    level: Literal[1, 2] | None = None
    owner_id: int | None = belongs_to(lambda: Owner, foreign_key={"on_delete": "CASCADE"})
    boss: int | None = belongs_to(lambda: Owner, name="chief", foreign_key=True)


@pytest.fixture(params=["sqlite", *SERVERS])
async def ds(request, tmp_path):
    async with database(request.param, tmp_path) as config, DataSource(config) as source:
        yield source


async def test_tables_become_definitions(ds):
    """DS-036: names, types, ids, constraints, and foreign keys as relations."""
    await ds.automigrate([Order, Owner])
    order, owner = await ds.discover_models()
    kind = ds.settings["connector"]
    assert (order.name, order.table_name, owner.name, owner.table_name) == ("Order", "order", "Owners", "owners")
    assert (order.id_properties(), owner.id_properties()) == (["code"], ["id"])
    assert (owner.properties["id"].generated, order.properties["code"].generated) == (True, False)
    assert owner.properties["name"].options == {"length": 30, "unique": True}
    assert owner.properties["name"].required
    assert {name: prop.type for name, prop in order.properties.items()} == {
        "code": str,
        "label": str,
        "n": int,
        "ratio": float,
        "done": bool,
        "price": Decimal,
        "at": str if kind == "sqlite" else datetime,  # text there, and nothing says of what
        "day": date,
        "hour": time,
        "uid": str if kind == "sqlite" else UUID,
        "data": bytes,
        "color": Literal["gre'en", "red"],
        "level": Literal[1, 2],
        "owner_id": int,
        "boss": int,
    }
    assert order.properties["n"].options["index"] is True
    assert order.settings["indexes"] == [{"fields": ["label", "n"], "unique": True, "name": "both"}]
    assert order.properties["owner_id"].options["foreign_key"] == {"on_delete": "CASCADE"}
    assert {name: (each.type, each.key_from, each.key_to) for name, each in order.relations.items()} == {
        "boss_owners": ("belongsTo", "boss", "id"),
        "owner": ("belongsTo", "owner_id", "id"),
    }


async def test_what_is_discovered_reads_and_writes_the_rows(ds):
    """DS-036, MODEL-019: the classes made of the definitions work with repositories, relations included."""
    await ds.automigrate([Order, Owner])
    owners, orders = DefaultCrudRepository(Owner, ds), DefaultCrudRepository(Order, ds)
    who = await owners.create({"name": "somebody"})
    at = datetime(2024, 2, 29, 12, tzinfo=UTC)
    await orders.create({"code": "a", "label": "x", "price": "1.5", "at": at, "color": "red", "owner_id": who.id})
    other = DataSource({**ds.settings})
    async with other:
        order, owner = (define_model_class(Entity, each) for each in await other.discover_models())
        found_orders, found_owners = DefaultCrudRepository(order, other), DefaultCrudRepository(owner, other)
        found_orders.register_inclusion_resolver(
            "owner", found_orders.create_belongs_to_accessor_for("owner", found_owners).inclusion_resolver
        )
        [found] = await found_orders.find({"include": ["owner"]})
        assert (found.code, found.price, found.color, found.owner.name) == ("a", Decimal("1.500"), "red", "somebody")
        await found_orders.update_by_id("a", {"label": "y", "price": Decimal(2)})
        assert (await orders.find_by_id("a")).label == "y"
        assert [each.kind for each in await other.plan_migration()] == []


async def test_only_the_named_tables_are_read(ds):
    """DS-036"""
    await ds.automigrate([Order, Owner])
    [order] = await ds.discover_models(["order"])
    assert (order.name, order.relations) == ("Order", {})
    assert [each.name for each in await ds.discover_models("owners")] == ["Owners"]
    with pytest.raises(DataSourceError, match=r"there is no table 'nothing'; there are order, owners"):
        await ds.discover_models(["nothing"])


async def test_tables_of_others_have_the_names_of_python(ds):
    """DS-036: names that no property or class can have are spelled otherwise, the table and columns named."""
    quote = "`" if ds.settings["connector"] == "mysql" else '"'
    columns = [
        ("class", "INTEGER"),
        ("2nd", "INTEGER"),
        ("createdAt", "VARCHAR(20)"),
        ("to_json", "INTEGER"),
        ("a b", "DATE"),
    ]
    listed = ", ".join(f"{quote}{name}{quote} {kind}" for name, kind in columns)
    await ds.execute(f"CREATE TABLE {quote}2 odd-ones{quote} ({listed})")
    await ds.execute("CREATE TABLE realms (realm VARCHAR(9) NOT NULL, nr INTEGER NOT NULL, PRIMARY KEY (realm, nr))")
    await ds.execute("CREATE VIEW odd AS SELECT realm FROM realms")
    odd, realms = await ds.discover_models()
    assert (odd.name, odd.settings["table"]) == ("T2OddOnes", "2 odd-ones")
    assert {name: prop.options.get("name", name) for name, prop in odd.properties.items()} == {
        "class_": "class",
        "c_2nd": "2nd",
        "created_at": "createdAt",
        "to_json_": "to_json",
        "a_b": "a b",
    }
    assert odd.id_properties() == []
    assert realms.id_properties() == ["realm", "nr"]
    assert not any(prop.generated for prop in realms.properties.values())
    cls = define_model_class(Model, odd)
    made = cls(class_=1, created_at="x", a_b=date(2024, 1, 1))
    assert made.to_dict() == {"class_": 1, "created_at": "x", "a_b": date(2024, 1, 1)}
    assert [each.name for each in await ds.discover_models(views=True)] == ["T2OddOnes", "Odd", "Realms"]


async def test_numbers_of_others_are_the_decimals_they_look_like(ds):
    """DS-022, DS-036: SQLite keeps them as binary numbers in such columns."""
    await ds.execute("CREATE TABLE price (code VARCHAR(5) PRIMARY KEY, amount NUMERIC(6, 2))")
    await ds.execute("INSERT INTO price VALUES ('a', 0.1), ('b', 10), ('c', 9.25)")
    [definition] = await ds.discover_models()
    prices = DefaultCrudRepository(define_model_class(Entity, definition), ds)
    found = await prices.find({"where": {"amount": {"gt": "0.05"}}, "order": "amount"})
    assert [each.amount for each in found] == [Decimal("0.1"), Decimal("9.25"), Decimal(10)]


async def test_constraints_without_a_name_are_found_beside_foreign_keys(ds):
    """DS-036"""
    await ds.execute("CREATE TABLE owner (id INTEGER NOT NULL PRIMARY KEY, mail VARCHAR(9) UNIQUE)")
    await ds.execute("CREATE TABLE seat (nr INTEGER, owner_id INTEGER REFERENCES owner (id), UNIQUE (owner_id, nr))")
    owner, seat = await ds.discover_models()
    [index] = seat.settings["indexes"]
    assert (index["fields"], index["unique"]) == (["owner_id", "nr"], True)
    named = {tuple(each["fields"]) for each in owner.settings.get("indexes", ())}
    assert owner.properties["mail"].options.get("unique") or named == {("mail",)}
    assert seat.relations["owner"].key_from == "owner_id"


async def test_json_and_lists_are_what_they_are(ds):
    """DS-036"""
    if ds.settings["connector"] != "postgresql":
        pytest.skip("only PostgreSQL says what is in them")
    await ds.execute(
        "CREATE TABLE odd (id UUID PRIMARY KEY DEFAULT gen_random_uuid(), tags TEXT[], more JSON, p POINT, i INTERVAL)"
    )
    [odd] = await ds.discover_models()
    assert {name: (prop.type, prop.item_type) for name, prop in odd.properties.items()} == {
        "id": (UUID, None),
        "tags": (list, str),
        "more": (Any, None),
    }
    assert odd.settings["left_out"] == {"p": "of a type that is not known", "i": "INTERVAL"}
    assert odd.properties["id"].generated


async def test_what_has_no_tables_has_nothing_to_discover():
    with pytest.raises(UnsupportedOperationError, match="the discovery of models"):
        await DataSource({"name": "db", "connector": "kv-memory"}).discover_models()
