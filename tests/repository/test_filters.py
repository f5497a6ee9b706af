"""Filters against real rows, on memory and file."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from mainspring.openapi.errors import SchemaViolation
from mainspring.repository import (
    DefaultCrudRepository,
    Entity,
    InvalidFilterError,
    Model,
    UnsupportedOperationError,
    belongs_to,
    field,
    model,
)


class Address(Model):
    city: str = ""


class Item(Entity):
    id: int | None = field(id=True, generated=True)
    name: str | None = None
    size: int | None = None
    price: Decimal | None = None
    at: datetime | None = None
    tags: list[str] | None = None
    address: Address | None = None
    anything: Any = None
    parent_id: int | None = belongs_to(lambda: Item)


ROWS = [
    {"name": "Alpha", "size": 1, "price": "9.5", "at": "2024-01-01T00:00:00+05:00", "tags": ["x", "y"]},
    {"name": "alpha", "size": 2, "price": "10", "at": "2024-01-01T00:00:00Z", "address": {"city": "Brno"}},
    {"name": "Élan", "size": 3, "price": "-2.25", "anything": True},
    {"name": "100%_*", "size": None, "anything": 1},
    {"name": None, "size": 5, "anything": {"deep": ["a", 2]}},
]


@pytest.fixture
async def items(ds):
    await ds.autoupdate([Item])
    repo = DefaultCrudRepository(Item, ds)
    await repo.create_all(ROWS)
    return repo


async def ids(repo, where, **rest):
    return [item.id for item in await repo.find({"where": where, **rest})]


WHERES = [
    ({}, [1, 2, 3, 4, 5]),
    ({"name": "Alpha"}, [1]),
    ({"name": None}, [5]),
    ({"size": {"gt": 1, "lt": 5}}, [2, 3]),
    ({"size": {"neq": 2}}, [1, 3, 4, 5]),
    ({"size": {"neq": None}}, [1, 2, 3, 5]),
    ({"size": {"nin": [1, 2]}}, [3, 4, 5]),
    ({"size": {"inq": [1, None]}}, [1, 4]),
    ({"size": {"inq": []}}, []),
    ({"size": {"nin": []}}, [1, 2, 3, 4, 5]),
    ({"size": {"between": [2, 3]}}, [2, 3]),
    ({"size": {"between": [3, 2]}}, []),
    ({"size": {"exists": False}}, [4]),
    ({"size": {"exists": True}}, [1, 2, 3, 5]),
    ({"name": {"like": "%lpha"}}, [1, 2]),
    ({"name": {"like": "A%"}}, [1]),
    ({"name": {"nlike": "A%"}}, [2, 3, 4, 5]),
    ({"name": {"ilike": "A____"}}, [1, 2]),
    ({"name": {"ilike": "é%"}}, [3]),
    ({"name": {"like": "é%", "options": "i"}}, [3]),
    ({"name": {"nilike": "ALPHA"}}, [3, 4, 5]),
    ({"name": {"like": "100\\%\\_*"}}, [4]),
    ({"name": {"like": "%*"}}, [4]),
    ({"name": {"regexp": "^a"}}, [2]),
    ({"name": {"regexp": "/^a/i"}}, [1, 2]),
    ({"name": re.compile("LPHA", re.IGNORECASE)}, [1, 2]),
    ({"or": [{"size": 1}, {"size": 3}]}, [1, 3]),
    ({"or": []}, []),
    ({"and": []}, [1, 2, 3, 4, 5]),
    ({"or": [{"size": 1}, {"size": 2}], "name": "alpha"}, [2]),
    ({"not": {"size": 2}}, [1, 3, 4, 5]),
    ({"not": {"size": {"gt": 1}}}, [1, 4]),
    ({"price": {"gt": Decimal("9")}}, [1, 2]),
    ({"price": {"lt": Decimal("10")}}, [1, 3]),
    ({"price": {"inq": [Decimal("10.00")]}}, [2]),
    ({"at": {"lt": datetime(2024, 1, 1, tzinfo=UTC)}}, [1]),
    ({"at": "2023-12-31T19:00:00Z"}, [1]),
    ({"tags": {"contains": "x"}}, [1]),
    ({"tags.0": "x"}, [1]),
    ({"tags": ["x", "y"]}, [1]),
    ({"address.city": "Brno"}, [2]),
    ({"address.city": {"like": "B%"}}, [2]),
    ({"anything": True}, [3]),
    ({"anything": 1}, [4]),
    ({"anything.deep.1": 2}, [5]),
    ({"anything": {"inq": [1, True]}}, [3, 4]),
]


async def test_conditions_select_rows(items):
    """FILTER-001, FILTER-002, FILTER-003, FILTER-004, FILTER-005, FILTER-006, FILTER-007, FILTER-008, FILTER-009,
    FILTER-013, DS-022"""
    for where, expected in WHERES:
        assert await ids(items, where) == expected, where
        assert (await items.count(where)).count == len(expected)


async def test_long_lists_work(items):
    """FILTER-006"""
    assert await ids(items, {"size": {"inq": list(range(2, 50_002))}}) == [2, 3, 5]
    assert await ids(items, {"size": {"nin": list(range(2, 50_002))}}) == [1, 4]
    assert await ids(items, {"price": {"inq": [Decimal(n) / 4 for n in range(-2000, 2000)]}}) == [1, 2, 3]
    assert await ids(items, {"name": {"inq": [*map(str, range(5000)), "Élan"]}}) == [3]


BAD_WHERES = [
    {"nmae": 1},
    {"size": {"more": 1}},
    {"size": {"inq": 1}},
    {"size": {"between": [1]}},
    {"size": {"exists": "yes"}},
    {"size": "2"},
    {"size": {"gt": None}},
    {"size": {"like": "1%"}},
    {"name": {"regexp": "("}},
    {"name": {"regexp": "/a/x"}},
    {"tags": {"gt": 1}},
    {"or": {"size": 1}},
    {"at": datetime(2024, 1, 1)},
    {"address.town": 1},
    {"__class__": 1},
    [],
    "1=1",
]


async def test_a_condition_that_says_nothing_is_refused(items):
    """FILTER-010, FILTER-011, FILTER-014, FILTER-033"""
    for where in BAD_WHERES:
        with pytest.raises(InvalidFilterError):
            await items.find({"where": where})
        with pytest.raises(InvalidFilterError):
            await items.delete_all(where)
    with pytest.raises(UnsupportedOperationError):
        await items.find({"where": {"name": {"near": "0,0"}}})
    assert (await items.count()).count == 5


async def test_order(items):
    """FILTER-020, FILTER-021, FILTER-022"""
    assert await ids(items, {}, order="size") == [1, 2, 3, 5, 4]
    assert await ids(items, {}, order=["size desc"]) == [4, 5, 3, 2, 1]
    assert await ids(items, {}, order="price DESC") == [4, 5, 2, 1, 3]
    assert await ids(items, {}, order=["address.city DESC", "id DESC"]) == [5, 4, 3, 1, 2]
    for order in ("nope", "size up", "size; drop table item", "size ASC DESC", "", 5, ["tags"]):
        with pytest.raises(InvalidFilterError):
            await items.find({"order": order})


async def test_limit_and_skip(items):
    """FILTER-023"""
    assert await ids(items, {}, limit=2, skip=1) == [2, 3]
    assert await ids(items, {}, offset=3) == [4, 5]
    assert await ids(items, {}, skip=99) == []
    for bad in ({"limit": 0}, {"limit": 1.0}, {"limit": True}, {"limit": "2"}, {"skip": -1}, {"skip": 1, "offset": 2}):
        with pytest.raises(InvalidFilterError):
            await items.find(bad)
    with pytest.raises(InvalidFilterError, match="lmit"):
        await items.find({"lmit": 1})


async def test_fields(items, statements):
    """FILTER-025, FILTER-026, MODEL-044"""
    seen = statements(items.datasource)
    (item,) = await items.find({"where": {"id": 1}, "fields": ["name"]})
    assert item.to_json() == {"name": "Alpha"}
    assert (item.size, item.is_loaded("size")) == (None, False)
    assert "size" not in seen[-1]
    (item,) = await items.find({"where": {"id": 1}, "fields": {"name": False, "tags": False}})
    assert "name" not in item.to_json()
    (item,) = await items.find({"where": {"id": 2}, "fields": {"address.city": True, "id": True}})
    assert item.to_json() == {"id": 2, "address": {"city": "Brno"}}
    for bad in (["nope"], ["name", "name"], {"name": 1}, "name"):
        with pytest.raises(InvalidFilterError):
            await items.find({"fields": bad})


async def test_filters_are_not_changed(items):
    """FILTER-029"""
    given = {"where": {"size": {"inq": [1, 2]}}, "order": ["size"], "fields": ["name"]}
    before = repr(given)
    await items.find(given)
    assert repr(given) == before


async def test_default_scope_and_limits(ds):
    """FILTER-024, FILTER-031"""

    @model(scope={"where": {"kind": "a"}, "order": "name DESC"}, default_limit=2, max_limit=3)
    class Scoped(Entity):
        id: int | None = field(id=True, generated=True)
        kind: str = ""
        name: str = ""

    await ds.autoupdate([Scoped])
    repo = DefaultCrudRepository(Scoped, ds)
    await repo.create_all([{"kind": "a", "name": str(n)} for n in range(4)] + [{"kind": "b", "name": "z"}])
    assert [each.name for each in await repo.find()] == ["3", "2"]
    assert len(await repo.find({"limit": 50})) == 3
    assert (await repo.count()).count == 4
    assert (await repo.delete_all()).count == 4
    assert (await repo.count(unscoped=True)).count == 1


async def test_free_properties_are_kept_and_found(ds):
    """FILTER-012, REPO-002"""

    @model(strict=False)
    class Open(Entity):
        id: int | None = field(id=True, generated=True)
        name: str = ""

    await ds.autoupdate([Open])
    repo = DefaultCrudRepository(Open, ds)
    made = await repo.create({"name": "a", "free": {"x": 1}, "n": 2})
    assert (await repo.find_by_id(made.id)).to_json() == {"id": 1, "name": "a", "free": {"x": 1}, "n": 2}
    assert len(await repo.find({"where": {"n": 2, "free.x": 1}})) == 1
    assert await repo.find({"where": {"n": "2"}}) == []
    await repo.update_by_id(made.id, {"n": 3})
    assert (await repo.find_by_id(made.id)).to_json() == {"id": 1, "name": "a", "free": {"x": 1}, "n": 3}
    await repo.replace_by_id(made.id, {"name": "b"})
    assert (await repo.find_by_id(made.id)).to_json() == {"id": 1, "name": "b"}


async def test_a_query_of_texts_becomes_values():
    """FILTER-060, FILTER-061, FILTER-062, MODEL-085, MODEL-086"""

    @model(rename="camel")
    class Task(Entity):
        id: int = field(id=True)
        is_done: bool = False
        how_much: Decimal | None = None

    adapter = Task.__mainspring_model__()
    text = {
        "where": {"isDone": "true", "id": {"inq": ["1", "3"]}, "or": [{"howMuch": {"gt": "1.50"}}]},
        "limit": "2",
        "order": "isDone DESC",
        "fields": {"howMuch": "false"},
    }
    expected = {
        "where": {"is_done": True, "id": {"inq": [1, 3]}, "or": [{"how_much": {"gt": Decimal("1.50")}}]},
        "limit": 2,
        "order": ["is_done DESC"],
        "fields": {"how_much": False},
    }
    assert adapter.decode_filter(text, text=True) == expected
    json = {"where": {"isDone": True, "howMuch": {"between": [1.5, "2"]}}, "fields": ["isDone"]}
    assert adapter.decode_filter(json, text=False) == {
        "where": {"is_done": True, "how_much": {"between": [Decimal("1.5"), Decimal(2)]}},
        "fields": ["is_done"],
    }
    for where in ({"is_done": True}, {"isDone": "maybe"}, {"id": {"gt": "x"}}):
        with pytest.raises(InvalidFilterError):
            adapter.decode_where(where, text=True)


def test_the_shape_of_a_filter_is_checked_at_once():
    """FILTER-030, FILTER-064"""
    adapter = Item.__mainspring_model__()
    given = {"limit": 0, "skip": "x", "fields": ["nope"], "where": 5, "include": [{"scope": {}}], "mine": 1}
    with pytest.raises(SchemaViolation) as caught:
        adapter.decode_filter(given, text=False)
    found = {(each.path, each.code) for each in caught.value.violations}
    assert found == {
        ("", "additionalProperties"),
        ("/limit", "minimum"),
        ("/skip", "type"),
        ("/fields/0", "enum"),
        ("/where", "type"),
        ("/include/0", "required"),
    }


def test_strangers_nest_only_so_deep():
    """FILTER-008, FILTER-028, FILTER-032"""
    adapter = Item.__mainspring_model__()
    where: Any = {"size": 1}
    for _ in range(30):
        where = {"and": [where]}
    with pytest.raises(InvalidFilterError, match="deep"):
        adapter.decode_where(where, text=False)
    for pattern in ("(a+)+b", "(x)\\1", "a" * 300):
        with pytest.raises(InvalidFilterError):
            adapter.decode_where({"name": {"regexp": pattern}}, text=False)
    with pytest.raises(InvalidFilterError, match='"managers"') as caught:
        adapter.decode_filter({"include": ["managers"]}, text=False)
    assert caught.value.code == "INVALID_INCLUSION_FILTER"


async def test_an_inclusion_without_resolver_is_refused(memory):
    """FILTER-027, FILTER-028"""
    repo = DefaultCrudRepository(Item, memory)
    for include, shown in ((["parent"], '"parent"'), ([{"relation": "random"}], '{"relation":"random"}')):
        with pytest.raises(InvalidFilterError) as caught:
            await repo.find({"include": include})
        assert caught.value.code == "INVALID_INCLUSION_FILTER"
        assert shown in str(caught.value)
    with pytest.raises(InvalidFilterError):
        await repo.find({"include": "parent"})


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"where": {"dueDays": {"gt": "x"}}}, "'gt' on dueDays must be an integer"),
        ({"where": {"isDone": "yes"}}, "'eq' on isDone must be a boolean"),
        ({"where": {"dueDays": {"between": [1]}}}, r"'between' \(on dueDays\) takes exactly two values"),
        ({"where": {"or": [{"dueDays": {"inq": 5}}]}}, r"'inq' \(on dueDays\) takes a list"),
        ({"where": {"dueDays": {"like": "%"}}}, "'like' is for text; dueDays is int"),
        ({"where": {"longName": {"regexp": "("}}}, r"\(on longName\) is no regular expression"),
        ({"where": {"longName": {"gtt": 1}}}, r"no operator 'gtt' \(on longName\)"),
        ({"where": {"longName": {"eq": "x", "options": "i"}}}, r"'options' \(on longName\)"),
        ({"where": {"longName": {"exists": "x"}}}, r"'exists' \(on longName\)"),
        ({"where": {"is_done": True}}, "no property 'is_done'; it has id, isDone"),
        ({"order": "isDone SIDEWAYS"}, "The order 'isDone SIDEWAYS'"),
    ],
)
@pytest.mark.parametrize("text", [False, True])
def test_a_filter_from_a_query_is_refused_in_its_own_words(sent, words, text):
    """MODEL-085, FILTER-010, FILTER-011, FILTER-020"""

    @model(rename="camel")
    class Job(Entity):
        id: int | None = field(id=True, generated=True)
        is_done: bool | None = None
        due_days: int | None = None
        long_name: str | None = None

    if text and "or" in sent.get("where", {}):
        sent = {"where": {"dueDays": {"inq": {"a": 1}}}}
    with pytest.raises(InvalidFilterError, match=words):
        Job.__mainspring_model__().decode_filter(sent, text=text)
