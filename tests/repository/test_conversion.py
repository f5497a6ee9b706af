"""The table of conversions, and everything that is wrong at once."""

import enum
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from mainspring.openapi.errors import SchemaViolation
from mainspring.repository import DefaultCrudRepository, Entity, InvalidFilterError, Model, ModelValidationError, field


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Address(Model):
    city: str = field(required=True)
    zip_code: int | None = field(rename="zip")


class Thing(Entity):
    id: int | None = field(id=True, generated=True)
    text: str | None = field(max_length=3)
    flag: bool | None = None
    number: int | None = None
    real: float | None = None
    money: Decimal | None = field(scale=2)
    at: datetime | None = None
    local: datetime | None = field(timezone=False)
    on: date | None = None
    key: UUID | None = None
    raw: bytes | None = None
    color: Color | None = None
    anything: Any = None
    address: Address | None = None
    tags: list[int] | None = None
    either: int | str | None = None


WHEN = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)

GOOD = [
    ("text", "abc", "abc"),
    ("flag", True, True),
    ("number", 3.0, 3),
    ("real", 2, 2.0),
    ("money", "1.5", Decimal("1.50")),
    ("money", 3, Decimal("3.00")),
    ("at", WHEN.astimezone(timezone(timedelta(hours=5))), WHEN),
    ("at", "2024-05-06T07:08:09.123456Z", WHEN),
    ("local", datetime(2024, 1, 1), datetime(2024, 1, 1)),
    ("on", "2024-01-02", date(2024, 1, 2)),
    ("key", "12345678-1234-1234-1234-123456789abc", UUID("12345678-1234-1234-1234-123456789abc")),
    ("raw", bytearray(b"x"), b"x"),
    ("color", "red", Color.RED),
    ("color", Color.BLUE, Color.BLUE),
    ("anything", {"a": [1, None, "x"]}, {"a": [1, None, "x"]}),
    ("tags", (1, 2), [1, 2]),
    ("either", 5, 5),
    ("either", "5", "5"),
]

BAD = [
    ("text", 1, "type"),
    ("text", "abcd", "maxLength"),
    ("text", "a\0", "pattern"),
    ("flag", 1, "type"),
    ("flag", "yes", "type"),
    ("number", True, "type"),
    ("number", 1.5, "type"),
    ("number", "1", "type"),
    ("number", 2**63, "maximum"),
    ("real", float("nan"), "format"),
    ("money", 1.5, "type"),
    ("money", "1.555", "multipleOf"),
    ("at", datetime(2024, 1, 1), "format"),
    ("local", WHEN, "format"),
    ("on", datetime(2024, 1, 1), "type"),
    ("key", "nope", "format"),
    ("raw", "YWI=", "format"),
    ("color", "green", "enum"),
    ("tags", "12", "type"),
    ("either", [], "anyOf"),
    ("anything", {"a": WHEN}, "type"),
]


@pytest.mark.parametrize(("name", "given", "stored"), GOOD)
async def test_a_fitting_value_comes_back_as_it_is(ds, name, given, stored):
    """MODEL-051, MODEL-052, MODEL-053, MODEL-054, MODEL-055, MODEL-056, MODEL-057, MODEL-058, DS-022"""
    repo = DefaultCrudRepository(Thing, ds)
    await ds.autoupdate()
    made = await repo.create({name: given})
    read = await repo.find_by_id(made.id)
    assert (getattr(made, name), getattr(read, name)) == (stored, stored)
    assert type(getattr(read, name)) is type(stored)
    assert read.to_json() == made.to_json()


@pytest.mark.parametrize(("name", "given", "code"), BAD)
async def test_an_unfitting_value_is_refused(memory, name, given, code):
    """MODEL-051, MODEL-052, MODEL-053, MODEL-054, MODEL-055, MODEL-056, MODEL-057, MODEL-058"""
    repo = DefaultCrudRepository(Thing, memory)
    with pytest.raises(ModelValidationError, match=name) as caught:
        await repo.create({name: given})
    (error,) = caught.value.errors
    assert (error["code"], error["path"].split("/")[1]) == (code, name)
    assert (await repo.count()).count == 0


async def test_every_problem_is_listed(memory):
    """MODEL-057, MODEL-060, MODEL-061, MODEL-062"""
    repo = DefaultCrudRepository(Thing, memory)
    data = {"text": "\N{PILE OF POO}" * 3, "number": "x", "address": {"zip_code": "1"}, "tags": [1, "a"], "nope": 1}
    with pytest.raises(ModelValidationError) as caught:
        await repo.create(data)
    found = [(error["path"], error["code"]) for error in caught.value.errors]
    assert found == [
        ("/number", "type"),
        ("/address", "required"),
        ("/address/zip", "type"),
        ("/tags/1", "type"),
        ("", "additionalProperties"),
    ]
    assert caught.value.status == 422
    assert "nope is not defined" in str(caught.value)


async def test_none_is_accepted_where_nothing_is_required(memory):
    """MODEL-050"""

    class Needed(Entity):
        id: int | None = field(id=True, generated=True)
        must: str = field(required=True)
        may: int = field()

    repo = DefaultCrudRepository(Needed, memory)
    assert (await repo.create({"must": "x", "may": None})).may is None
    with pytest.raises(ModelValidationError, match="must is required"):
        await repo.create({"must": None})


async def test_error_messages_can_be_replaced(memory):
    """MODEL-061"""

    class Worded(Entity):
        id: int | None = field(id=True, generated=True)
        name: str = field(min_length=2, json_schema={"pattern": "^a", "errorMessage": {"pattern": "begin with a"}})

    with pytest.raises(ModelValidationError) as caught:
        await DefaultCrudRepository(Worded, memory).create({"name": "b"})
    assert [error["code"] for error in caught.value.errors] == ["minLength", "pattern"]
    assert caught.value.errors[1]["message"] == "begin with a"


def test_json_is_decoded_with_every_violation():
    """MODEL-054, MODEL-056, MODEL-060, MODEL-086"""
    adapter = Thing.__mainspring_model__()
    thing = adapter.decode({"money": 1.1, "raw": "YWI=", "address": {"city": "x", "zip": 5}, "color": "red"})
    assert (thing.money, thing.raw, thing.address.zip_code, thing.color) == (Decimal("1.1"), b"ab", 5, Color.RED)
    with pytest.raises(SchemaViolation) as caught:
        adapter.decode({"number": "1", "flag": None, "address": {"city": "x", "zip_code": 5}, "x": 1})
    assert [(each.path, each.code) for each in caught.value.violations] == [
        ("/number", "type"),
        ("/address", "additionalProperties"),
        ("", "additionalProperties"),
    ]
    assert adapter.decode({"text": None}).to_dict() == {"text": None}


def test_options_of_decoding_are_those_of_the_schema():
    """MODEL-075, MODEL-076, MODEL-077"""
    adapter = Address.__mainspring_model__()
    assert adapter.decode({}, partial=True).to_dict() == {}
    assert adapter.decode({}, optional=["city"]).to_dict() == {}
    with pytest.raises(SchemaViolation):
        adapter.decode({"city": "x", "zip": 1}, exclude=["zip_code"])


@pytest.mark.parametrize("text", ["0x1", "1e0", " ", "NaN", "1_0", "٣", ""])
def test_only_decimal_text_is_an_int(text):
    """MODEL-053, FILTER-010"""
    with pytest.raises(InvalidFilterError, match="number"):
        Thing.__mainspring_model__().decode_where({"number": text}, text=True)
