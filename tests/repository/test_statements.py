"""Statements that are made once for a shape serve every query of that shape."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from itertools import permutations
from uuid import UUID

import pytest

from mainspring.repository import DefaultCrudRepository, Entity, field


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Thing(Entity):
    id: int | None = field(id=True, generated=True)
    name: str | None = None
    size: int | None = None
    ratio: float | None = None
    price: Decimal | None = field(precision=12, scale=3)
    is_done: bool | None = None
    at: datetime | None = None
    on: date | None = None
    key: UUID | None = None
    colour: Colour | None = None


BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def thing(number):
    return {
        "name": f"n{number}",
        "size": number,
        "ratio": number / 4,
        "price": Decimal(number) * Decimal("1.125"),
        "is_done": number % 2 == 0,
        "at": BEGIN + timedelta(hours=number, microseconds=number),
        "on": (BEGIN + timedelta(days=number)).date(),
        "key": UUID(int=number),
        "colour": Colour.RED if number < 4 else Colour.BLUE,
    }


@pytest.fixture
async def things(ds):
    await ds.autoupdate([Thing])
    repo = DefaultCrudRepository(Thing, ds)
    await repo.create_all([*map(thing, range(8)), {}])
    return repo


#: Operator -> what it means; a value of the property, or two, or none.
ORDERED = {
    "gt": lambda own, value: own is not None and own > value,
    "lte": lambda own, value: own is not None and own <= value,
}
EQUAL = {
    "eq": lambda own, value: own == value,
    "neq": lambda own, value: own != value,
}


@pytest.mark.parametrize("name", ["name", "size", "ratio", "price", "is_done", "at", "on", "key", "colour"])
async def test_the_second_query_of_a_shape_is_answered_by_its_own_values(things, name):
    """FILTER-001, FILTER-002, FILTER-004, DS-022"""
    rows = [*map(thing, range(8)), {}]
    operators = EQUAL if name in ("is_done", "colour", "key") else {**EQUAL, **ORDERED}
    for operator, means in operators.items():
        for value in (rows[5][name], rows[2][name], rows[7][name]):
            expected = [number for number, row in enumerate(rows) if means(row.get(name), value)]
            found = await things.find({"where": {name: {operator: value}}})
            assert [each.id - 1 for each in found] == expected, (operator, value)
            assert (await things.count({name: {operator: value}})).count == len(expected)
    for few in ([1], [2, 6, 4], [7, 0]):
        values = [rows[number][name] for number in few]
        inside = [number for number, row in enumerate(rows) if row.get(name) in values]
        outside = [number for number in range(9) if number not in inside]
        assert [each.id - 1 for each in await things.find({"where": {name: {"inq": values}}})] == inside
        assert [each.id - 1 for each in await things.find({"where": {name: {"nin": values}}})] == outside
    for low, high in ((1, 3), (4, 6)):
        if name not in ("is_done", "colour", "key"):
            between = {name: {"between": [rows[low][name], rows[high][name]]}}
            assert [each.id - 1 for each in await things.find({"where": between})] == list(range(low, high + 1))


async def test_values_keep_their_places_in_nested_conditions(things):
    """FILTER-002, FILTER-003"""
    for low, high, one, other in ((1, 6, 2, 5), (0, 7, 6, 1), (3, 4, 3, 4)):
        where = {
            "size": {"gte": low, "lte": high},
            "or": [{"name": f"n{one}"}, {"not": {"size": {"neq": other}}}, {"and": [{"size": 99}, {"name": "x"}]}],
        }
        found = [each.size for each in await things.find({"where": where, "order": "size"})]
        assert found == sorted({one, other})
        assert (await things.delete_all({"and": [where, {"size": {"gt": 100 + low}}]})).count == 0


async def test_limit_and_skip_are_those_of_each_call(things):
    """FILTER-023, REPO-007"""
    for limit, skip in ((1, 0), (3, 2), (2, 5), (2**62, 7), (4, 1)):
        found = await things.find({"where": {"size": {"gte": 0}}, "limit": limit, "skip": skip})
        assert [each.size for each in found] == list(range(8))[skip : skip + limit]
    assert [each.size for each in await things.find({"where": {"size": {"gte": 0}}, "skip": 6})] == [6, 7]
    assert (await things.find_one({"where": {"size": {"gt": 3}}})).size == 4
    assert (await things.find_one({"where": {"size": {"gt": 5}}, "order": "size DESC"})).size == 7


async def test_fields_and_order_belong_to_the_shape(things):
    """FILTER-020, FILTER-025"""
    for fields in (["name"], ["size"], ["name", "size"], None):
        for order in (["size DESC"], ["size"], ["is_done", "size DESC"]):
            (found, *_) = await things.find({"where": {"size": {"gt": 2}}, "fields": fields, "order": order})
            number = {"size DESC": 7, "size": 3, "is_done": 7}[order[0]]
            expected = thing(number)
            for name in ("name", "size"):
                assert found.is_loaded(name) is (fields is None or name in fields)
                assert getattr(found, name) == (expected[name] if fields is None or name in fields else None)


async def test_shapes_from_outside_do_not_pile_up(memory):
    """FILTER-033"""
    things = DefaultCrudRepository(Thing, memory)
    names = ["name", "size", "ratio", "is_done", "at", "on"]
    for some in permutations(names, 4):
        await things.count({"or": [{name: None} for name in some]})
    (statements,) = memory.connector._statements.values()
    assert len(statements._shapes._kept) <= 200
