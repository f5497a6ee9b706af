"""What strangers may send: against every database nothing but rows, or an error of theirs that says what is wrong."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from mainspring.repository import (
    DefaultCrudRepository,
    Entity,
    InvalidFilterError,
    Model,
    ModelValidationError,
    RepositoryError,
    StatementError,
    belongs_to,
    field,
    model,
)


class Inner(Model):
    x: int | None = None


class Thing(Entity):
    id: int | None = field(id=True, generated=True)
    text: str | None = None
    number: int | None = None
    real: float | None = None
    money: Decimal | None = None
    at: datetime | None = None
    anything: Any = None
    inner: Inner | None = None
    tags: list[str] | None = None
    parent_id: int | None = belongs_to(lambda: Thing)


@model(strict=False)
class Open(Entity):
    id: int | None = field(id=True, generated=True)


TEXTS = [
    *("'", "''", '"', "`", "\\", "\\'", "%", "%s", "%(s)s", ":x", "?", "$1", "/*", "*/", "#", "--", "\n", "\x1a", "$$"),
    *("; DROP TABLE thing; --", "' OR '1'='1", "') OR 1=1 --", "' UNION SELECT 1 --", "1;1", "null", "{}", "\u02bc"),
    *("\0", "a\0b", "\\u0000", "\ud800", "\u2028", "\uff07", "x" * 100_000),
]
VALUES = [
    *(2**63, -(2**63) - 1, 10**400, float("nan"), float("inf"), Decimal("NaN"), Decimal("1e400"), Decimal("9" * 80)),
    *(datetime(2024, 1, 1), datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), date(2024, 1, 1), True, 1.5, "1"),
    *(datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), b"x", object(), [], {}, {"a": 1}, None, (1,), {1}),
]
#: Every place of a filter that takes text.
PLACES = [
    *(lambda text, op=op: {"where": {"text": {op: text}}} for op in ("eq", "neq", "gt", "like", "ilike", "regexp")),
    *(lambda text, op=op: {"where": {"anything": {op: text}}} for op in ("eq", "neq", "gt", "nlike", "ilike")),
    lambda text: {"where": {"text": {"inq": [text] * (500 if len(text) < 99 else 1)}}},
    lambda text: {"where": {"anything.a": {"inq": [text]}}},
    lambda text: {"where": {"tags": {"contains": text}}},
    lambda text: {"where": {"anything": {"contains": text}}},
    lambda text: {"where": {"anything": {"eq": {text: [text]}}}},
    lambda text: {"where": {text: 1}},
    lambda text: {"where": {"text": {text: 1}}},
    lambda text: {"where": {f"anything.{text}": 1}},
    lambda text: {"where": {f"anything.{text}.0": {"like": "x"}}},
    lambda text: {"where": {f"tags.{text}": 1}},
    lambda text: {"where": text},
    lambda text: {"order": text},
    lambda text: {"order": f"text {text}"},
    lambda text: {"order": f"anything.{text}"},
    lambda text: {"fields": [text]},
    lambda text: {"include": [text]},
    lambda text: {"include": [{"relation": text}]},
    lambda text: {"include": [{"relation": "parent", "scope": {"where": {text: 1}}}]},
    lambda text: {"limit": text},
    lambda text: {text: 1},
]


@pytest.fixture
async def things(ds):
    await ds.autoupdate([Thing, Open])
    repo = DefaultCrudRepository(Thing, ds)
    accessor = repo.create_belongs_to_accessor_for("parent", repo)
    repo.register_inclusion_resolver("parent", accessor.inclusion_resolver)
    await repo.create_all([{"text": "one", "number": 1, "anything": {"a": 1}, "tags": ["x"]}, {"text": "two"}])
    yield repo
    assert [thing.text for thing in await repo.find({"where": {"id": {"lte": 2}}})] == ["one", "two"]
    assert ds.stats()["checked_out"] == 0


async def refused_or_harmless(call, what):
    """Rows or an error of the caller; a 500 or an error of a driver is neither."""
    try:
        return await call
    except RepositoryError as error:
        if not 400 <= error.status < 500 or "SELECT" in str(error).replace(str(what), ""):
            raise
        return None


async def test_text_in_any_part_of_a_filter(things):
    """FILTER-010, FILTER-011, FILTER-033, MODEL-051"""
    for text in TEXTS:
        for place in PLACES:
            await refused_or_harmless(things.find(place(text)), text)
        for call in (
            things.find_by_id(text),
            things.find_page({}, limit=1, after=text),
            things.update_all({"number": 7}, {"text": text}),
            things.delete_all({"text": text}),
        ):
            found = await refused_or_harmless(call, text)
            assert getattr(found, "count", 0) == 0


async def test_text_is_stored_as_it_is_or_refused(things):
    """FILTER-012, FILTER-033, DS-022, MODEL-051"""
    free = DefaultCrudRepository(Open, things.datasource)
    for text in TEXTS:
        made = await refused_or_harmless(
            things.create({"text": text, "anything": {text: [text]}, "tags": [text]}), text
        )
        is_text = "\0" not in text and "\ud800" not in text
        assert (made is not None) is is_text
        if made is not None:
            where = {"text": text, "anything": {"eq": {text: [text]}}, "tags": {"contains": text}}
            assert [each.id for each in await things.find({"where": where})] == [made.id]
            await things.delete_by_id(made.id)
        other = await refused_or_harmless(free.create({text: text}), text)
        assert (other is not None) is is_text
        if other is not None and "." not in text:
            found = await refused_or_harmless(free.find({"where": {text: text}}), text)
            assert [each.id for each in found or [other]] == [other.id]
            await refused_or_harmless(free.update_by_id(other.id, {text: text, "more": [text]}), text)
            assert (await free.find_by_id(other.id)).to_json()[text] == text
            assert (await free.find_by_id(other.id)).to_json().get("more", [text]) == [text]
        for part in ({"where": {text: 1}}, {"order": text}, {"fields": [text]}):
            await refused_or_harmless(free.find(part), text)


async def test_values_of_wrong_types(things):
    """FILTER-010, MODEL-053, MODEL-054, MODEL-055"""
    names = (
        "id",
        "number",
        "real",
        "money",
        "at",
        "text",
        "anything",
        "tags",
        "inner",
        "inner.x",
        "anything.a",
        "tags.0",
    )
    for value in VALUES:
        for name in names:
            for operator in ("eq", "neq", "gt", "inq", "between", "contains", "exists", "like"):
                operand = [value, value] if operator in ("inq", "between") else value
                await refused_or_harmless(things.find({"where": {name: {operator: operand}}}), value)
            if "." not in name:
                made = await refused_or_harmless(things.create({name: value}), value)
                if made is not None:
                    await things.delete_by_id(made.id)


async def test_numbers_without_measure(things):
    """FILTER-023"""
    for number in (2**63 - 1, 2**63, 10**30):
        for part in ({"limit": number}, {"skip": number}, {"limit": number, "skip": number}):
            await refused_or_harmless(things.find(part), number)
        await refused_or_harmless(things.find_page({}, limit=number), number)


def nested(depth, wrap):
    where: Any = {"number": 1}
    for _ in range(depth):
        where = wrap(where)
    return where


async def test_conditions_without_measure(things):
    """FILTER-003, FILTER-006, FILTER-032"""
    for where in (
        nested(90, lambda inner: {"and": [inner]}),
        nested(90, lambda inner: {"or": [inner, {"number": 2}]}),
        nested(90, lambda inner: {"not": inner}),
        nested(5000, lambda inner: {"and": [inner]}),
        {"or": [{"number": number} for number in range(3000)]},
        {"and": [{"number": {"neq": number}} for number in range(3000)]},
        {"anything": {"inq": [*range(1000), *map(str, range(1000)), True, [1]]}},
        {"text": {"like": "%" * 5000}},
        {"or": [{"text": {"like": f"%{number}%"}} for number in range(300)]},
    ):
        await refused_or_harmless(things.find({"where": where}), "where")
    await refused_or_harmless(things.find({"order": ["text", "number", "real", "money", "at"] * 50}), "order")


EXPENSIVE = [
    *("(a+)+$", "(a|a)*$", "(a|ab)*c", "(a*)*b", "a" * 300, "(.*)(.*)(.*)x", r"(a)\1", "(a?){40}a{40}"),
    *("a?" * 40 + "a" * 40, "((a|a){16}){16}", "(?:a{0,16}){0,16}b"),
]


@pytest.mark.filterwarnings("ignore::FutureWarning")
async def test_regular_expressions_without_measure(things):
    """FILTER-008"""
    await things.create({"text": "a" * 5000})
    for text in (
        "(a?){300}",
        "a{9999}",
        "[",
        "*",
        "a{5,1}",
        "(?P=x)",
        "a" * 70_000,
        "(?:a{200}){200}",
        "(?<!a+)b",
        "\\",
    ):
        await refused_or_harmless(things.find({"where": {"text": {"regexp": text}}}), text)
    adapter = Thing.__mainspring_model__()
    for text in EXPENSIVE:
        with pytest.raises(InvalidFilterError):
            adapter.decode_where({"text": {"regexp": text}}, text=False)
    for text in (".*foo.*", "(foo|bar)+", r"https?://(www\.)?\w+", r"^[\w.]+@\w+\.com$", "[a-z]{300}", "colou?r"):
        assert adapter.decode_where({"text": {"regexp": text}}, text=False) == {"text": {"regexp": text}}


async def test_data_with_names_of_strangers(things):
    """REPO-002, MODEL-060"""
    for text in TEXTS:
        with pytest.raises(ModelValidationError):
            await things.create({text: 1})
        with pytest.raises(ModelValidationError):
            await things.update_by_id(1, {text: 1})


COMMANDS = {
    "sqlite": ["SELECT 1 AS x, ':a ?' AS y -- :b ?\n", "SELECT [x], ? AS y FROM (SELECT 1 AS x)"],
    "postgresql": [
        "SELECT 1 AS x, $$:a ? ;$$ AS y",
        "SELECT 1 AS x, $t$:a ? ;$t$ AS y",
        r"SELECT 1 AS x, E'\':a ?' AS y",
        "SELECT (ARRAY[?, 1])[2] AS x, '1'::text AS y",
    ],
    "mysql": [
        r"SELECT 1 AS x, '\':a ? ;' AS y",
        r'SELECT 1 AS x, "\":a ?" AS y',
        "SELECT `x`, 1 AS y FROM (SELECT 1 AS x) z # :a ?;",
    ],
}


async def test_commands_are_read_in_the_language_of_the_database(ds):
    """REPO-031"""
    kind = ds.settings["connector"]
    for command in COMMANDS["sqlite" if kind == "memory" else kind]:
        takes_one = "[x], ?" in command or "[?" in command
        (row,) = await ds.execute(command, [1] if takes_one else None)
        assert row["x"] == 1
    for command in ("SELECT 1; SELECT 2", "SELECT 1; DROP TABLE thing", "/* x */ SELECT 1;; SELECT 2 -- y"):
        with pytest.raises(StatementError, match="one statement"):
            await ds.execute(command)
    assert await ds.execute("SELECT '100%' AS x, 7 % 4 AS y;") == [{"x": "100%", "y": 3}]
