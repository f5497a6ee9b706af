"""Every type, in and out of every database, as a value and in filters."""

import enum
import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import pytest
from tests.repository.databases import database

from mainspring.repository import (
    DataSource,
    DefaultCrudRepository,
    Entity,
    InvalidFilterError,
    Model,
    ModelValidationError,
    UnsupportedOperationError,
    field,
)

KEY = UUID("12345678-1234-1234-1234-123456789abc")


class Color(enum.Enum):
    PLAIN = "a"
    ODD = "b'x\\:y"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 22


class Inner(Model):
    number: int | None = None
    real: float | None = None
    flag: bool | None = None
    money: Decimal | None = None
    at: datetime | None = None
    on: date | None = None
    lasting: timedelta | None = None
    key: UUID | None = None
    raw: bytes | None = None
    color: Color | None = None


class Thing(Entity):
    id: int | None = field(id=True, generated=True)
    text: str | None = None
    code: str | None = field(unique=True)
    short: str | None = field(length=10)
    number: int | None = None
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
    color: Color | None = None
    size: Size | None = None
    letter: Literal["x", "y"] | None = None
    mixed: Literal["x", 1] | None = None
    anything: Any = None
    mapping: dict[str, Any] | None = None
    inner: Inner | None = None
    inners: list[Inner] | None = None
    texts: list[str] | None = None
    numbers: list[int] | None = None
    reals: list[float] | None = None
    flags: list[bool] | None = None
    keys: list[UUID] | None = None
    either: int | str | None = None


INNER = Inner(
    number=1,
    real=1.5,
    flag=True,
    money=Decimal("1.5"),
    at=datetime(2024, 1, 1, tzinfo=UTC),
    on=date(2024, 1, 1),
    lasting=timedelta(seconds=5),
    key=KEY,
    raw=b"\x00\x01",
    color=Color.ODD,
)

VALUES: dict[str, list[Any]] = {
    "text": ["", "a", "A", "a ", "é", "\N{PILE OF POO}", "%_\\", "'; DROP TABLE thing; --", "x" * 100_000],
    "code": ["", "a", "A", "a ", "é", "e"],
    "short": ["1234567890"],
    "number": [0, -1, 2**63 - 1, -(2**63)],
    "real": [0.1, 1e308, 5e-324, 1 / 3, -(2.0**53)],
    "money": [Decimal("1.1"), Decimal("0." + "0" * 29 + "1"), Decimal("12345678901234567890.5"), Decimal(-100)],
    "price": [Decimal("1234567.123"), Decimal("1.500")],
    "flag": [True, False],
    "at": [
        datetime(2024, 1, 1, 0, 0, 0, 123456, tzinfo=UTC),
        datetime(1, 1, 2, tzinfo=UTC),
        datetime(9999, 12, 30, 23, 59, 59, 999999, tzinfo=UTC),
    ],
    "local": [datetime(2024, 3, 31, 2, 30, 0, 1)],
    "on": [date(1, 1, 1), date(9999, 12, 31)],
    "clock": [time(0), time(23, 59, 59, 999999)],
    "lasting": [timedelta(days=-1, microseconds=1), timedelta(days=40_000)],
    "key": [KEY],
    "raw": [b"", b"\x00\xff'\"\\", b"x" * 70_000],
    "color": list(Color),
    "size": list(Size),
    "letter": ["x"],
    "mixed": ["x", 1],
    "anything": [1, 2.0, 1e16, True, False, "x", "1", "true", [], [None, 1, "é"]],
    "texts": [[], ["a", "b'\",{}\\", "NULL", ""]],
    "numbers": [[1, 2**63 - 1]],
    "reals": [[0.1, 1e16]],
    "flags": [[True, False]],
    "keys": [[KEY]],
    "either": [5, "5"],
}


@pytest.fixture
async def things(ds):
    await ds.autoupdate([Thing])
    return DefaultCrudRepository(Thing, ds)


async def ids(repo, where, **rest):
    return [each.id for each in await repo.find({"where": where, "fields": ["id"], **rest})]


async def test_a_value_comes_back_and_is_found(things):
    """DS-021, DS-022, DS-023, REPO-001, FILTER-004, FILTER-006"""
    for name, values in VALUES.items():
        for value in values:
            made = await things.create({name: value})
            read = await things.find_by_id(made.id)
            assert (repr(getattr(read, name)), repr(getattr(made, name))) == (repr(value), repr(value)), name
            assert read.to_json() == made.to_json()
            many = 500 if len(str(value)) < 100 else 1
            for where in ({name: value}, {name: {"inq": [value]}}, {name: {"inq": [value] * many}}):
                assert made.id in await ids(things, where), (name, value)
            assert made.id not in await ids(things, {name: {"neq": value}}), (name, value)
        assert len({tuple(await ids(things, {name: value})) for value in values}) == len(values), name


async def test_every_way_of_writing_keeps_every_value(things):
    """DS-022, REPO-005, REPO-010, REPO-011, REPO-015"""
    for name, values in VALUES.items():
        await things.delete_all()
        made = await things.create_all([{name: value} for value in (*values, None)])
        assert [repr(getattr(each, name)) for each in made] == [*map(repr, values), "None"]
        assert [each.to_json() for each in await things.find()] == [each.to_json() for each in made]
        for value in values:
            await things.update_all({name: None})
            await things.update_by_id(made[-1].id, {name: value})
            assert repr(getattr(await things.find_by_id(made[-1].id), name)) == repr(value)
        await things.update_all({name: None})
        await things.replace_by_id(made[0].id, {name: values[-1]})
        assert repr(getattr(await things.find_by_id(made[0].id), name)) == repr(values[-1])


async def test_mappings_keep_their_order(things):
    """DS-023, REPO-020"""
    for name, value in (
        ("mapping", {"z": 1, "a": {"y": None, "b": 2.0}}),
        ("mapping", {}),
        ("anything", {'a"b': 1, "c\\d": [2, 1e16]}),
        ("inner", INNER),
        ("inners", []),
        ("inners", [Inner(number=1), Inner()]),
    ):
        made = await things.create({name: value})
        read = await things.find_by_id(made.id)
        assert repr(getattr(read, name)) == repr(value)
        assert read.to_json() == made.to_json()
    changed = await things.create({"mapping": {"a": [1]}})
    changed.mapping["a"].append(2)
    await things.save(changed)
    assert (await things.find_by_id(changed.id)).mapping == {"a": [1, 2]}


async def test_values_inside_json_are_found_by_their_types(things):
    """FILTER-013, FILTER-004, FILTER-009, FILTER-021"""
    with_values = (await things.create({"inner": INNER})).id
    others = [(await things.create({"inner": Inner()})).id, (await things.create({})).id]
    for name in Inner.definition.properties:
        path, value = f"inner.{name}", getattr(INNER, name)
        for condition in (value, {"inq": [value]}, {"inq": [value] * 500}, {"gte": value}, {"exists": True}):
            assert await ids(things, {path: condition}, order=path) == [with_values], (path, condition)
        for condition in (None, {"neq": value}, {"exists": False}):
            assert await ids(things, {path: condition}) == others, (path, condition)
        assert await ids(things, {path: {"lt": value}}) == []
        assert await ids(things, {}, order=[path, "id"]) == [with_values, *others]


async def test_text_is_sorted_by_code_points(things):
    """DS-022, FILTER-021"""
    texts = ["b", "A", "a", "É", "_", "Z", "10", "9", None, "é", "a "]
    await things.create_all([{"text": text} for text in texts])
    found = [thing.text for thing in await things.find({"order": "text"})]
    assert found == [*sorted(text for text in texts if text is not None), None]
    assert await ids(things, {"text": {"between": ["A", "Z"]}}) == [2, 6]


async def test_numbers_that_are_none(things):
    """MODEL-054, DS-022"""

    class Measured(Entity):
        id: int | None = field(id=True, generated=True)
        value: float = field(allow_nan=True)

    ds = things.datasource
    await ds.autoupdate([Measured])
    measured = DefaultCrudRepository(Measured, ds)
    for value in (float("inf"), float("-inf"), float("nan")):
        if ds.settings["connector"] == "mysql":
            with pytest.raises(UnsupportedOperationError, match="cannot keep"):
                await measured.create({"value": value})
            continue
        made = await measured.create({"value": value})
        assert repr((await measured.find_by_id(made.id)).value) == repr(value)


async def test_pages_by_every_type_have_each_row_once(things):
    """REPO-028, FILTER-021, FILTER-022"""
    composite = ("anything", "texts", "numbers", "reals", "flags", "keys", "either", "code")
    for name, values in VALUES.items():
        if name in composite:
            continue
        await things.delete_all()
        short = [value for value in values if len(str(value)) < 1000]
        await things.create_all([{name: value} for value in (*short, None, *short, None)])
        for order in (name, f"{name} DESC"):
            expected = [thing.id for thing in await things.find({"order": order})]
            pages = [await things.find_page({"order": order}, limit=3)]
            while pages[-1].next is not None:
                pages.append(await things.find_page({"order": order}, limit=3, after=pages[-1].next))
            assert [thing.id for page in pages for thing in page.items] == expected, order
            back = [pages[-1]]
            while back[0].previous is not None:
                back.insert(0, await things.find_page({"order": order}, limit=3, before=back[0].previous))
            assert [thing.id for page in back for thing in page.items] == expected, order


TEXTS = ["Alpha", "alpha", "ÉCOLE", "école", "a.b", "a\nb", "100%", "x\\y", "", "ß", "foo bar", "αβγ", "it's", "[a]"]
LIKES = ["%", "a%", "A%", "é%", "É%", "%\\%", "%\\\\%", "x\\", "", "_", "a_b", "%É%", "ß", "%'%", "[a]%", "*", "%\\a%"]
EXPRESSIONS = [
    r"[^\x00-\x7f]",
    "[^\x00-\x7f]",
    r"a\x00?b|\0",
    *("^a", "/^A/i", "a.b", "/a.b/s", "^b", "/^b/m", "a$", r"\w+", r"^\w+$", r"\bbar\b", "é", "/É/i", "[^a]", r"\d"),
    *("(?:x|y)", "a{2,}", "(?i)alpha", r"(a)\1", "a(?=l)", "(?<=f)oo", "(?P<n>a)l", r"\Aa", r"a\Z", r"[\]x]", r"\."),
    *("[-a]l", r"x\\y", "oo", "^$", r"\s", "o+?", "100%", "'", r"[^\W\d]{5}", r"\Ba", "(?!x)a", "a|", r"[a-f]\S", ""),
]


@pytest.fixture
async def texts(things):
    await things.create_all([{"text": text} for text in TEXTS])
    return things


async def matching(repo, condition):
    return [thing.text for thing in await repo.find({"where": {"text": condition}})]


def like(pattern, text):
    """The definition: ``%``, ``_`` and the backslash."""
    parts = re.findall(r"\\.|\\|%|_|[^\\%_]", pattern, re.DOTALL)
    expression = "".join({"%": ".*", "_": "."}.get(part) or re.escape(part[-1]) for part in parts)
    return re.fullmatch(expression, text, re.DOTALL) is not None


async def test_like_means_the_same_everywhere(texts):
    """FILTER-007"""
    for pattern in LIKES:
        assert await matching(texts, {"like": pattern}) == [text for text in TEXTS if like(pattern, text)], pattern
        folded = [text for text in TEXTS if like(pattern.lower(), text.lower())]
        assert await matching(texts, {"ilike": pattern}) == folded, pattern


async def test_regular_expressions_mean_the_same_everywhere(texts):
    """FILTER-008"""
    for text in EXPRESSIONS:
        body, flags = (text[1 : text.rindex("/")], text[text.rindex("/") + 1 :]) if text[:1] == "/" else (text, "")
        pattern = re.compile(body, sum(getattr(re, flag.upper()) for flag in flags))
        expected = [each for each in TEXTS if pattern.search(each)]
        assert await matching(texts, {"regexp": text}) == expected, text
        assert await matching(texts, pattern) == expected, text


async def test_a_postgresql_array_is_one(tmp_path):
    """DS-021"""
    async with database("postgresql", tmp_path) as config, DataSource(config) as ds:
        await ds.autoupdate([Thing])
        await DefaultCrudRepository(Thing, ds).create({"texts": ["a", "b"], "numbers": [1], "mapping": {"a": 1}})
        (row,) = await ds.execute("SELECT texts[1] AS text, numbers[1] AS number, mapping->>'a' AS inside FROM thing")
        assert row == {"text": "a", "number": 1, "inside": "1"}


class Amount(Entity):
    id: int | None = field(id=True, generated=True)
    exact: Decimal | None = field(precision=40, scale=10)
    free: Decimal | None = None
    steps: Decimal | None = field(json_schema={"multipleOf": 0.01})


async def test_decimals_keep_more_digits_than_the_context_of_python(ds):
    """DS-022, MODEL-054"""
    await ds.autoupdate([Amount])
    amounts = DefaultCrudRepository(Amount, ds)
    long = Decimal("123456789012345678901234567890.0123456789")
    near = Decimal("123456789012345678901234567890.0123456788")
    made = [await amounts.create({"exact": each, "free": each, "steps": Decimal(10) ** 34}) for each in (long, near)]
    for instance, value in zip(made, (long, near), strict=True):
        stored = await amounts.find_by_id(instance.id)
        assert (stored.exact, stored.free) == (instance.exact, instance.free) == (value, value)
        assert [each.id for each in await amounts.find({"where": {"exact": value, "free": {"inq": [value]}}})] == [
            instance.id
        ]
    assert (await amounts.create({"exact": "1.5", "free": "2.50"})).to_json()["exact"] == "1.5000000000"


@pytest.mark.parametrize("value", ["1" * 1001, Decimal("1e999999999"), Decimal("1e-999999999"), 10**1000])
async def test_a_number_that_would_be_a_billion_digits_is_refused(memory, value):
    """MODEL-054, FILTER-010"""
    amounts = DefaultCrudRepository(Amount, memory)
    with pytest.raises(ModelValidationError, match="1000 digits"):
        await amounts.create({"free": value})
    with pytest.raises(InvalidFilterError, match="1000 digits"):
        await amounts.find({"where": {"free": {"lt": value}}})
