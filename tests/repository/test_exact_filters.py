"""What documents say of filters is what is taken: every condition the schema allows, and none that it does not."""

import datetime as dt
import enum
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator

from mainspring import DataSource, DefaultCrudRepository, Entity, belongs_to, field, has_many, model
from mainspring.errors import MainspringError


class Colour(enum.Enum):
    RED = "red"


@model(rename="camel")
class Box(Entity):
    id: int | None = field(id=True, generated=True)
    item_list: list["Item"] = has_many(lambda: Item)


@model(rename="camel")
class Item(Entity):
    id: int | None = field(id=True, generated=True)
    full_name: str = field(required=True)
    weight: Decimal | None = field()
    is_new: bool | None = field()
    made_at: dt.datetime | None = field()
    code: UUID | None = field()
    colour: Colour | None = field()
    tags: list[str] = field()
    extra: dict[str, Any] = field()
    other: Any = field()
    secret: str | None = field(hidden=True)
    box_id: int | None = belongs_to(lambda: Box)


@model(strict=False)
class Open(Entity):
    id: int | None = field(id=True)


ADAPTER = Item.__mainspring_model__()
WHERE = ADAPTER.where_schema(exact=True)
FILTER = ADAPTER.filter_schema(exact=True)

TAKEN = [
    {},
    {"fullName": "a"},
    {"boxId": None, "isNew": True},
    {"id": {"gt": 1, "lte": 2, "inq": [1, None], "between": [1, 2], "exists": True}},
    {"fullName": {"like": "a%", "nilike": "b", "regexp": "^a", "neq": None}},
    {"weight": {"gte": "1.50", "lt": 3}},
    {"madeAt": {"gt": "2026-01-01T00:00:00Z"}},
    {"colour": {"inq": ["red"]}},
    {"code": "00000000-0000-0000-0000-000000000000"},
    {"tags": {"contains": "x"}},
    {"extra.a.b": 1, "other.c": {"exists": False}},
    {"and": [{"id": 1}, {"or": [{"not": {"id": 2}}]}]},
]
REFUSED = [
    {"full_name": "a"},
    {"nothing": 1},
    {"fullName": {}},
    {"fullName": {"near": 1}},
    {"fullName": {"inq": "a"}},
    {"id": {"between": [1]}},
    {"id": {"gt": None}},
    {"id": {"like": "1"}},
    {"id": 2**63},
    {"colour": "blue"},
    {"and": {"id": 1}},
    {"not": [{"id": 1}]},
    {"boxId.x": 1},
    [],
]


@pytest.mark.parametrize("where", TAKEN)
async def test_a_condition_that_the_schema_allows_is_taken(where):
    """OAS-010, FILTER-013"""
    assert Draft202012Validator(WHERE).is_valid(where)
    items = DefaultCrudRepository(Item, DataSource({"name": "db", "connector": "memory"}))
    assert await items.find({"where": ADAPTER.decode_where(where, text=False)}) == []


@pytest.mark.parametrize("where", REFUSED)
async def test_a_condition_that_it_does_not_allow_is_refused(where):
    """FILTER-011"""
    assert not Draft202012Validator(WHERE).is_valid(where)
    items = DefaultCrudRepository(Item, DataSource({"name": "db", "connector": "memory"}))
    with pytest.raises(MainspringError):
        await items.find({"where": ADAPTER.decode_where(where, text=False)})


def test_the_outline_stays():
    """OAS-010"""
    assert (WHERE["title"], WHERE["type"], WHERE["additionalProperties"]) == ("Item.WhereFilter", "object", True)
    assert (FILTER["title"], FILTER["additionalProperties"]) == ("Item.Filter", False)
    assert FILTER["properties"]["limit"]["minimum"] == 1
    assert "where" not in ADAPTER.filter_schema(exact=True, exclude="where")["properties"]
    assert Item.where_schema() == {"title": "Item.WhereFilter", "type": "object", "additionalProperties": True}
    assert "secret" not in WHERE["properties"]


def test_a_model_that_takes_any_property_is_filtered_by_any():
    """FILTER-012"""
    schema = Open.__mainspring_model__().where_schema(exact=True)
    assert Draft202012Validator(schema).is_valid({"whatever": 1})
    assert not Draft202012Validator(schema).is_valid({"id": "x"})


def nested(levels: int) -> dict[str, Any]:
    """Inclusions in each other."""
    found: dict[str, Any] = {}
    for level in reversed(range(levels)):
        found = {"include": [{"relation": "itemList" if level % 2 else "box", "scope": found}]}
    return found


@pytest.mark.parametrize(
    ("filter", "is_taken"),
    [
        (nested(5), True),
        (nested(6), False),
        ({"order": "fullName DESC", "limit": 1, "skip": 2}, True),
        ({"order": ["id", "isNew asc"], "fields": ["id"]}, True),
        ({"include": ["box", {"relation": "box", "scope": {"where": {"id": {"gt": 1}}, "total_limit": 3}}]}, True),
        ({"include": [{"relation": "box", "scope": {"include": [{"relation": "itemList"}]}}]}, True),
        ({"order": "full_name"}, False),
        ({"order": "fullName UP"}, False),
        ({"skip": 1, "offset": 2}, False),
        ({"include": ["itemList"]}, False),
        ({"include": [{"relation": "box", "scope": {"where": {"fullName": "a"}}}]}, False),
        ({"include": [{"relation": "box", "scope": {"order": "fullName"}}]}, False),
    ],
)
async def test_a_filter_is_what_its_schema_says(filter, is_taken):
    """OAS-010, FILTER-020, FILTER-028"""
    assert Draft202012Validator(FILTER).is_valid(filter) == is_taken
    datasource = DataSource({"name": "db", "connector": "memory"})
    items, boxes = DefaultCrudRepository(Item, datasource), DefaultCrudRepository(Box, datasource)
    box = items.create_belongs_to_accessor_for("box", boxes)
    items.register_inclusion_resolver("box", box.inclusion_resolver)
    item_list = boxes.create_has_many_repository_factory_for("item_list", items)
    boxes.register_inclusion_resolver("item_list", item_list.inclusion_resolver)
    if is_taken:
        assert await items.find(ADAPTER.decode_filter(filter, text=False)) == []
        return
    with pytest.raises(MainspringError):
        await items.find(ADAPTER.decode_filter(filter, text=False))
