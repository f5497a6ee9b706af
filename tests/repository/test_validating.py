"""Checks that a model brings itself, where data enter: from JSON and in repositories."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from mainspring.openapi.errors import SchemaViolation
from mainspring.repository import (
    DataSource,
    DefaultCrudRepository,
    Entity,
    Model,
    ModelDefinitionError,
    ModelValidationError,
    field,
    model,
    validates,
)


class Phone(Model):
    country: str = field(required=True)
    number: str = field(required=True)

    @validates("country", "number")
    def number_is_of_the_country(self) -> None:
        if self.country == "CZ" and len(self.number) != 9:
            raise ValueError("a Czech number has 9 digits")


@model(rename="camel")
class Stay(Entity):
    id: int | None = field(id=True, generated=True)
    first_day: date = field(required=True)
    last_day: date | None = field()
    guest: str = field(required=True, min_length=1)
    phone: Phone | None = field()

    @validates("first_day", "last_day")
    def it_ends_after_it_began(self) -> None:
        if self.last_day is not None and self.last_day < self.first_day:
            raise ValueError("must not end before it begins")

    @validates("guest")
    def guest_is_no_placeholder(self) -> None:
        if self.guest.casefold() == "n.n.":
            raise ValueError("must be a name")

    @validates()
    def somebody_can_be_reached(self) -> None:
        if self.guest == "Nobody" and self.phone is None:
            raise ValueError("somebody must be reachable")


RIGHT: dict[str, Any] = {"firstDay": "2026-01-02", "lastDay": "2026-01-03", "guest": "Ada"}
WRONG_WAY = {**RIGHT, "lastDay": "2026-01-01"}


def entries(body: Any, **options: Any) -> list[dict[str, Any]]:
    with pytest.raises(SchemaViolation) as caught:
        Stay.__mainspring_model__().decode(body, **options)
    return caught.value.errors


def decoded(body: Any, **options: Any) -> Any:
    return Stay.__mainspring_model__().decode(body, **options)


def test_properties_are_checked_together() -> None:
    """REST-155"""
    assert decoded(RIGHT).guest == "Ada"
    assert entries(WRONG_WAY) == [
        {
            "path": "",
            "code": "value_error",
            "message": "must not end before it begins",
            "info": {"properties": ["firstDay", "lastDay"]},
        }
    ]


def test_a_check_of_one_property_is_told_at_it() -> None:
    """REST-155"""
    assert entries({**RIGHT, "guest": "N.N."}) == [
        {"path": "/guest", "code": "value_error", "message": "must be a name", "info": {}}
    ]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    """REST-142"""
    found = entries({**WRONG_WAY, "guest": "", "phone": {"country": "CZ", "number": "1"}})
    assert [(each["path"], each["code"]) for each in found] == [
        ("/guest", "minLength"),
        ("/phone", "value_error"),
        ("", "value_error"),
    ]


def test_a_check_waits_until_each_of_its_properties_fits() -> None:
    assert [each["path"] for each in entries({**WRONG_WAY, "lastDay": "tomorrow"})] == ["/lastDay"]
    assert decoded({**RIGHT, "lastDay": None}).last_day is None
    assert decoded({"firstDay": "2026-01-02", "guest": "Ada"}).last_day is None


def test_of_a_part_only_what_is_there_is_checked() -> None:
    assert decoded({"lastDay": "2020-01-01"}, partial=True).last_day == date(2020, 1, 1)
    assert decoded({"guest": "Nobody"}, partial=True).guest == "Nobody"
    assert [each["path"] for each in entries({"guest": "n.n."}, partial=True)] == ["/guest"]
    assert [each["path"] for each in entries({"firstDay": "2021-01-01", "lastDay": "2020-01-01"}, partial=True)] == [""]


def test_a_check_without_names_looks_at_whole_objects_in_which_all_else_fits() -> None:
    assert [each["message"] for each in entries({**RIGHT, "guest": "Nobody"})] == ["somebody must be reachable"]
    assert [each["path"] for each in entries({**WRONG_WAY, "guest": "Nobody", "firstDay": 1})] == ["/firstDay"]
    found = entries({"firstDay": "2026-01-02", "guest": "Nobody"}, exclude=["id"])
    assert [each["message"] for each in found] == ["somebody must be reachable"]


async def test_repositories_check_before_they_write() -> None:
    source = DataSource({"name": "db", "connector": "sqlite", "database": ":memory:"})
    try:
        await source.autoupdate([Stay])
        stays = DefaultCrudRepository[Stay, int](Stay, source)
        first, last = date(2026, 1, 2), date(2026, 1, 3)
        with pytest.raises(ModelValidationError, match="must not end before it begins") as caught:
            await stays.create({"first_day": last, "last_day": first, "guest": "Ada"})
        assert caught.value.errors[0]["info"] == {"properties": ["firstDay", "lastDay"]}
        kept = await stays.create({"first_day": first, "last_day": last, "guest": "Ada"})
        assert kept.id is not None
        for write in (stays.update_by_id, stays.replace_by_id):
            with pytest.raises(ModelValidationError, match="must be a name"):
                await write(kept.id, {"first_day": first, "guest": "n.n."})
        await stays.update_by_id(kept.id, {"last_day": first})
        with pytest.raises(ModelValidationError, match="somebody must be reachable"):
            await stays.replace_by_id(kept.id, {"first_day": first, "guest": "Nobody"})
    finally:
        await source.disconnect()


def test_an_override_stays_a_check() -> None:
    class LongStay(Stay):
        def it_ends_after_it_began(self) -> None:
            raise ValueError("never long enough")

    with pytest.raises(SchemaViolation) as caught:
        LongStay.__mainspring_model__().decode(RIGHT)
    assert [each["message"] for each in caught.value.errors] == ["never long enough"]


def test_other_errors_of_a_check_are_the_programs_own() -> None:
    """REST-155"""

    class Broken(Model):
        name: str = field(required=True)

        @validates("name")
        def breaks(self) -> None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Broken.__mainspring_model__().decode({"name": "x"})


def test_a_check_of_no_property_is_refused() -> None:
    class Misspelt(Model):
        name: str = field(required=True)

        @validates("nmae")
        def is_fine(self) -> None: ...

    with pytest.raises(ModelDefinitionError, match="is_fine validates it, but it is no property"):
        Misspelt.__mainspring_model__().decode({"name": "x"})


class Card(Entity):
    id: int | None = field(id=True, generated=True)
    mail: str | None = field(json_schema={"format": "email", "errorMessage": {"format": "is no address"}})
    age: int | None = field(json_schema={"anyOf": [{"maximum": 3}, {"minimum": 60}]})
    site: list[str] | None = field(json_schema={"format": "uri"})
    born: datetime | None = field(json_schema={"format": "date-time"})
    word: str | None = field(json_schema={"format": "of-our-own", "not": {"const": "no"}})
    more: dict[str, Any] | None = field(json_schema={"required": ["a"], "properties": {"a": {"type": "integer"}}})
    other: dict[str, Any] | None = field(json_schema={"anyOf": [{"$ref": "#/components/schemas/Other"}]})


@pytest.mark.parametrize(
    ("data", "path", "code", "words"),
    [
        ({"mail": "nobody"}, "/mail", "format", "is no address"),
        ({"age": 30}, "/age", "anyOf", "age"),
        ({"site": ["https://a.example", "::"]}, "/site/1", "format", "uri"),
        ({"word": "no"}, "/word", "not", "word"),
        ({"more": {"b": 1}}, "/more", "required", "more.a is required"),
        ({"more": {"a": "1"}}, "/more/a", "type", "integer"),
    ],
)
async def test_formats_and_schemas_inside_of_a_property_are_checked(memory, data, path, code, words):
    """MODEL-061, REST-146"""
    cards = DefaultCrudRepository(Card, memory)
    for writing in (cards.create(data), cards.update_all(data)):
        with pytest.raises(ModelValidationError, match=words) as caught:
            await writing
        assert [(each["path"], each["code"]) for each in caught.value.errors] == [(path, code)]
    with pytest.raises(SchemaViolation) as refused:
        Card.__mainspring_model__().decode(data)
    assert [(each["path"], each["code"]) for each in refused.value.errors] == [(path, code)]


async def test_what_fits_formats_and_schemas_is_kept(memory):
    """MODEL-061"""
    cards = DefaultCrudRepository(Card, memory)
    data = {"mail": "a@b.example", "age": 70, "site": ["https://a.example"], "born": datetime(2024, 1, 1, tzinfo=UTC)}
    made = await cards.create({**data, "word": "yes", "more": {"a": 1}, "other": {"x": 1}})
    assert (await cards.find_by_id(made.id)).mail == "a@b.example"
