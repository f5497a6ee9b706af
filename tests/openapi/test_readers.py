"""Parameters: from the texts of a request to the value that the handler gets."""

import collections
import dataclasses
import datetime
import decimal
import enum
import uuid
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from mainspring.http import IndexedList, Query
from mainspring.openapi import AnnotationError, SchemaViolation, describe_handler, param
from mainspring.openapi.check_options import CheckOptions
from mainspring.openapi.codecs import parameter_reader, text_codec
from mainspring.openapi.readers import MissingParameterError

UTC = datetime.UTC


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    S = 1
    L = 2


@dataclasses.dataclass
class Place:
    lat: float
    name: str = "n"
    tags: list[int] = dataclasses.field(default_factory=list)


class Options(TypedDict, total=False):
    deep: dict[str, int]
    flag: bool


def reader(annotation: Any, *extra: Any, default: Any = ..., spec: Any = None, components: Any = None):
    def handler(value): ...

    if annotation is not None:
        handler.__annotations__ = {"value": Annotated[annotation, *extra] if extra else annotation}
    if default is not ...:
        handler.__defaults__ = (default,)
    found = describe_handler(handler, verb="get", path="/x", spec=spec, components=components)
    document = {"components": components or {}}
    return parameter_reader(found.parameters[0], place=found.place, check_options=CheckOptions(document=document))


def read(annotation: Any, raw: str, **options: Any) -> Any:
    """The value of a query string."""
    query = Query(raw.encode())
    return reader(annotation, **options).read(query.getlist("value"), query.nested("value"))


def refused(annotation: Any, raw: str, **options: Any) -> list[tuple[str, str]]:
    with pytest.raises(SchemaViolation) as caught:
        read(annotation, raw, **options)
    return [(violation.path, violation.code) for violation in caught.value.violations]


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (str, "a+b%20c", "a b c"),
        (str, "0664", "0664"),
        (str, "1.0e%2B30", "1.0e+30"),
        (str, "null", "null"),
        (str, "undefined", "undefined"),
        (int, "1", 1),
        (int, "-1", -1),
        (int, "%2B7", 7),
        (int, "0012", 12),
        (int, "9" * 100, int("9" * 100)),
        (float, "1", 1.0),
        (float, "-1.5e3", -1500.0),
        (float, ".5", 0.5),
        (decimal.Decimal, "1.500", decimal.Decimal("1.500")),
        (bool, "true", True),
        (bool, "TRUE", True),
        (bool, "1", True),
        (bool, "False", False),
        (bool, "0", False),
        (datetime.datetime, "2026-01-02T03:04:05Z", datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (datetime.datetime, "2026-01-02t03:04:05.25z", datetime.datetime(2026, 1, 2, 3, 4, 5, 250000, tzinfo=UTC)),
        (
            datetime.datetime,
            "2026-01-02T03:04:05-08:00",
            datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone(datetime.timedelta(hours=-8))),
        ),
        (datetime.date, "2026-01-02", datetime.date(2026, 1, 2)),
        (datetime.time, "03:04:05", datetime.time(3, 4, 5)),
        (datetime.timedelta, "PT1H", datetime.timedelta(hours=1)),
        (uuid.UUID, "00000000-0000-0000-0000-00000000000A", uuid.UUID(int=10)),
        (bytes, "YWI%3D", b"ab"),
        (Colour, "red", Colour.RED),
        (Size, "2", Size.L),
        (Literal["a", 1, True], "1", 1),
        (Literal["a", True], "TRUE", True),
        (int | str, "1", 1),
        (int | str, "x", "x"),
        (str | int, "1", 1),
        (datetime.date | uuid.UUID, "2026-01-02", datetime.date(2026, 1, 2)),
        (int | None, "3", 3),
        (Any, "1", "1"),
        (None, "x", "x"),
    ],
)
def test_texts_become_values_of_the_annotated_type(annotation, text, value):
    """REST-082, REST-088, REST-091, REST-092, REST-093, REST-094, REST-095, REST-096, REST-097, REST-098"""
    found = read(annotation, f"value={text}")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "1.2"),
        (int, "1e3"),
        (int, "abc"),
        (int, "true"),
        (int, "0x1F"),
        (int, "%D9%A1"),
        (int, "1_000"),
        (int, "%201"),
        (int, "1%20"),
        (int, "%2B"),
        (int, "-"),
        (int, "9" * 5000),
        (float, "nan"),
        (float, "NaN"),
        (float, "inf"),
        (float, "-Infinity"),
        (float, "1e999"),
        (float, "1,5"),
        (float, "1_0"),
        (float, "."),
        (float, "0x1p3"),
        (decimal.Decimal, "NaN"),
        (decimal.Decimal, "sNaN"),
        (decimal.Decimal, "1_0"),
        (bool, "yes"),
        (bool, "on"),
        (bool, "null"),
        (bool, "2"),
        (bool, "%EF%BD%94rue"),
        (datetime.datetime, "2026-01-02"),
        (datetime.datetime, "2026-01-02T03:04:05"),
        (datetime.datetime, "2026-04-32T03:04:05Z"),
        (datetime.datetime, "2026-01-02 03:04:05Z"),
        (datetime.datetime, "2026-01-02T25:04:05Z"),
        (datetime.datetime, "1767322800"),
        (datetime.date, "2026-04-32"),
        (datetime.date, "2026-01-02T03:04:05Z"),
        (datetime.date, "20260102"),
        (datetime.date, "2026-1-2"),
        (datetime.time, "25:00:00"),
        (datetime.timedelta, "1h"),
        (uuid.UUID, "x"),
        (uuid.UUID, "{00000000-0000-0000-0000-000000000001}"),
        (bytes, "a"),
        (bytes, "a*b="),
        (bytes, "YWI"),
        (bytes, "_-8="),
    ],
)
def test_a_text_that_is_no_value_of_the_type_has_one_type_entry(annotation, text):
    """REST-089, REST-091, REST-092, REST-093, REST-095, REST-096, REST-097, REST-098"""
    assert refused(annotation, f"value={text}") == [("", "type")]


@pytest.mark.parametrize(
    ("annotation", "text", "code", "info"),
    [
        (Colour, "green", "enum", {"allowedValues": ["red", "blue"]}),
        (Size, "3", "enum", {"allowedValues": [1, 2]}),
        (Literal["a", 1], "b", "enum", {"allowedValues": ["a", 1]}),
        (Annotated[int, Meta(ge=1)], "0", "minimum", {"limit": 1, "comparison": ">="}),
        (Annotated[int, param.query(le=1)], "2", "maximum", {"limit": 1, "comparison": "<="}),
        (Annotated[float, param.query(gt=1)], "1", "exclusiveMinimum", {"limit": 1, "comparison": ">"}),
        (Annotated[decimal.Decimal, param.query(lt=1)], "1", "exclusiveMaximum", {"limit": 1, "comparison": "<"}),
        (Annotated[int, param.query(multiple_of=5)], "7", "multipleOf", {"multipleOf": 5}),
        (Annotated[str, param.query(min_length=2)], "a", "minLength", {"limit": 2}),
        (Annotated[str, Meta(max_length=2)], "abc", "maxLength", {"limit": 2}),
        (Annotated[str, param.query(pattern="^a")], "b", "pattern", {"pattern": "^a"}),
        (Annotated[int, param.query(format="int32")], "2147483648", "format", {"format": "int32"}),
        (Annotated[int, param.query(format="int64")], "9223372036854775808", "format", {"format": "int64"}),
        (Annotated[str, param.query(format="email")], "x", "format", {"format": "email"}),
        (Annotated[str, param.query(schema={"type": "string", "enum": ["a"]})], "b", "enum", {"allowedValues": ["a"]}),
    ],
)
def test_a_violated_keyword_is_the_code_of_its_entry(annotation, text, code, info):
    """REST-091, REST-098"""
    with pytest.raises(SchemaViolation) as caught:
        read(annotation, f"value={text}")
    (found,) = caught.value.violations
    assert (found.path, found.code, found.info) == ("", code, info)


def test_constraints_that_hold_change_nothing():
    """REST-098"""
    assert read(Annotated[int, Meta(ge=1), param.query(le=3, multiple_of=2)], "value=2") == 2
    assert read(Annotated[int, param.query(format="int32")], "value=-2147483648") == -(2**31)
    assert read(Annotated[datetime.date, param.query(description="d")], "value=2026-01-02") == datetime.date(2026, 1, 2)


# -- presence


def test_a_missing_required_parameter_is_a_required_entry_naming_it():
    """REST-085, REST-089"""
    with pytest.raises(MissingParameterError) as caught:
        read(int, "")
    assert (caught.value.status, caught.value.code, caught.value.name) == (400, "MISSING_REQUIRED_PARAMETER", "value")
    (found,) = caught.value.violations
    assert (found.path, found.code) == ("", "required")
    assert "value" in found.message


@pytest.mark.parametrize("annotation", [str, int, bool, list[str], list[int], dict, Place, Colour])
def test_an_empty_value_counts_as_missing_where_one_is_required(annotation):
    """REST-086"""
    for raw in ("value=", "value", "value=&value="):
        with pytest.raises(MissingParameterError):
            read(Annotated[annotation, param.query()], raw)


def test_null_counts_as_missing_for_a_required_object():
    """REST-086"""
    for annotation in (dict, Place):
        with pytest.raises(MissingParameterError):
            read(Annotated[annotation, param.query()], "value=null")


@pytest.mark.parametrize(("annotation", "value"), [(str | None, ""), (dict | None, None), (Options | None, None)])
def test_an_empty_optional_value_is_empty_text_or_no_object(annotation, value):
    """REST-087"""
    assert read(Annotated[annotation, param.query()], "value=", default=None) == value
    assert read(Annotated[dict | None, param.query()], "value=null", default=None) is None


@pytest.mark.parametrize(
    "annotation",
    [int, float, bool, datetime.date, datetime.datetime, uuid.UUID, bytes, decimal.Decimal, Colour, datetime.time],
)
def test_an_empty_optional_value_of_another_type_is_invalid_and_not_the_default(annotation):
    """REST-087"""
    assert refused(annotation, "value=", default=None)
    assert refused(annotation | None, "value=", default=None)


def test_an_absent_optional_parameter_gets_its_default():
    """REST-088"""
    assert read(int, "", default=7) == 7
    assert read(int | None, "") is None
    found = reader(list, param.query(default_factory=list))
    first, second = found.read([]), found.read([])
    assert first == second == []
    assert first is not second


# -- repetition and lists


def test_a_scalar_sent_twice_is_invalid():
    """REST-099"""
    for annotation in (int, str, Colour):
        assert refused(annotation, "value=1&value=2") == [("", "type")]
        assert refused(annotation, "value=1&value=1", default=None) == [("", "type")]


@pytest.mark.parametrize(
    ("annotation", "raw", "value"),
    [
        (list[str], "value=a&value=b", ["a", "b"]),
        (list[int], "value[]=1", [1]),
        (list[int], "value[0]=1&value[1]=2", [1, 2]),
        (list[int], "value[1]=2&value[0]=1", [1, 2]),
        (list[int], "value=5", [5]),
        (list, "value=5&value=x", ["5", "x"]),
        (set[int], "value=1&value=1", {1}),
        (frozenset[str], "value=a", frozenset("a")),
        (tuple[int, ...], "value=1&value=2", (1, 2)),
        (tuple[int, str], "value=1&value=2", (1, "2")),
        (list[Colour], "value=red&value=blue", [Colour.RED, Colour.BLUE]),
        (list[bool] | None, "value=true", [True]),
        (list[dict[str, int]], "value[0][a]=1&value[1][b]=2", [{"a": 1}, {"b": 2}]),
        (list[Place], "value[0][lat]=1.5", [Place(1.5)]),
        (Annotated[list[int], param.query(explode=False)], "value=1,2,3", [1, 2, 3]),
        (Annotated[list[int], param.query(style="pipeDelimited", explode=False)], "value=1|2", [1, 2]),
        (Annotated[list[int], param.query(style="spaceDelimited", explode=False)], "value=1%202", [1, 2]),
        (Annotated[list[str], param.query()], "value=a,b", ["a,b"]),
    ],
)
def test_lists_are_spelt_in_several_ways(annotation, raw, value):
    """REST-100"""
    found = read(annotation, raw)
    assert found == value
    assert type(found) is type(value)


def test_an_element_that_does_not_fit_is_named_by_its_position():
    """REST-100"""
    assert refused(list[int], "value=1&value=x&value=3&value=y") == [("/1", "type"), ("/3", "type")]
    assert refused(list[Annotated[int, Meta(ge=1)]], "value=1&value=0") == [("/1", "minimum")]
    assert refused(list[int], "value[a]=1") == [("", "type")]
    assert refused(list[int], "value[0][a]=1") == [("/0", "type")]
    assert refused(tuple[int, str], "value=1") == [("", "minItems")]


def test_lists_have_constraints_of_their_own():
    """REST-098"""
    assert refused(Annotated[list[int], param.query(min_length=2)], "value=1") == [("", "minItems")]
    assert refused(Annotated[list[int], Meta(max_length=1)], "value=1&value=2") == [("", "maxItems")]


def test_an_absent_list_is_the_default():
    """REST-100"""
    assert read(list[int], "", default=None) is None
    assert read(list[int], "", default=(1,)) == (1,)


# -- headers


def header(annotation: Any, lines: Sequence[str], **options: Any) -> Any:
    return reader(annotation, param.header(), **options).read(lines)


def test_repeated_headers_are_joined_for_scalars_and_split_for_lists():
    """REST-083"""
    assert header(str, ["a", "b"]) == "a, b"
    assert header(list[str], ["a, b", "c"]) == ["a", "b", "c"]
    assert header(list[int], ["1,2"]) == [1, 2]
    with pytest.raises(SchemaViolation):
        header(int, ["1", "2"])


def test_a_list_in_a_path_is_split_at_commas():
    def handler(ids: list[int]): ...

    found = describe_handler(handler, verb="get", path="/{ids}", spec=None)
    assert parameter_reader(found.parameters[0]).read(["1,2"]) == [1, 2]


# -- objects


@pytest.mark.parametrize(
    ("annotation", "raw", "value"),
    [
        (dict, 'value={"where":{"id":1}}', {"where": {"id": 1}}),
        (dict, "value=%7B%22a%22%3A1%7D", {"a": 1}),
        (dict, "value[where][id]=1", {"where": {"id": "1"}}),
        (dict[str, int], "value[a]=1&value[b]=2", {"a": 1, "b": 2}),
        (dict[str, int], "value[1]=5", {"1": 5}),
        (Options, "value[deep][a]=1&value[flag]=true", {"deep": {"a": 1}, "flag": True}),
        (Annotated[Place, param.query()], 'value={"lat":1}', Place(1.0)),
        (Annotated[Place, param.query()], "value[lat]=1.5&value[tags]=3", Place(1.5, tags=[3])),
        (Annotated[Place, param.query()], "value[lat]=1&value[tags][]=3&value[tags][]=4", Place(1.0, tags=[3, 4])),
        (Annotated[Place | None, param.query()], "value[lat]=2&value[name]=5", Place(2.0, "5")),
        (collections.OrderedDict[str, int], "value[a]=1", collections.OrderedDict(a=1)),
    ],
)
def test_objects_are_json_text_or_brackets(annotation, raw, value):
    """REST-101"""
    marked = annotation if getattr(annotation, "__metadata__", None) else Annotated[annotation, param.query()]
    assert read(marked, raw) == value


@pytest.mark.parametrize(
    ("raw", "where"),
    [("value={bad", 1), ('value={"a":}', 5), ("value={} x", None)],
)
def test_malformed_json_says_position_and_reason_as_syntax_error(raw, where):
    """REST-102"""
    with pytest.raises(SchemaViolation) as caught:
        read(dict, raw)
    (found,) = caught.value.violations
    assert (found.path, found.code) == ("", "type")
    assert "position" in found.info["syntaxError"]
    if where is not None:
        assert str(where) in found.info["syntaxError"]


@pytest.mark.parametrize(
    "raw", ["value=[]", "value=1", 'value="text"', "value=true", "value={}&value={}", "value={}&value[a]=1"]
)
def test_what_is_no_object_and_what_is_said_twice_is_refused(raw):
    """REST-102"""
    assert refused(dict, raw) == [("", "type")]
    assert refused(Annotated[Place, param.query()], raw) == [("", "type")]


def test_brackets_for_a_scalar_are_invalid():
    """REST-103"""
    for annotation in (str, int, bool):
        assert refused(annotation, "value[id]=1") == [("", "type")]
        assert refused(annotation, "value[id]=1", default=None) == [("", "type")]


def test_violations_within_an_object_have_their_path_in_the_value():
    """REST-104"""
    marked = Annotated[Place, param.query()]
    assert refused(marked, 'value={"lat":"x","tags":[1,"y"]}') == [("/lat", "type"), ("/tags/1", "type")]
    assert refused(marked, "value[lat]=x") == [("/lat", "type")]
    assert refused(marked, "value[name]=x") == [("", "required")]
    assert refused(Annotated[Options, param.query()], "value[deep][a]=x") == [("/deep/a", "type")]


class Model:
    @classmethod
    def __mainspring_model__(cls) -> "Adapter":
        return Adapter()


class Adapter:
    def decode_filter(self, value: Any, *, text: bool, exclude: Any = ()) -> Any:
        return ("filter", value, text, tuple(exclude))

    def decode_where(self, value: Any, *, text: bool) -> Any:
        return ("where", value, text)


def test_filters_and_conditions_are_read_by_the_model():
    """REST-106"""
    wanted = Annotated[dict | None, param.filter(Model, "value", exclude="where")]
    assert read(wanted, 'value={"limit":1}') == ("filter", {"limit": 1}, False, ("where",))
    assert read(wanted, "value[limit]=1") == ("filter", {"limit": "1"}, True, ("where",))
    assert read(wanted, "value=") is None
    assert read(wanted, "") is None
    assert read(Annotated[dict, param.where(Model, "value")], "value[id]=1") == ("where", {"id": "1"}, True)
    assert refused(wanted, "value={bad") == [("", "type")]
    assert refused(wanted, "value=[]") == [("", "type")]


def test_a_filter_of_what_is_no_model_is_refused():
    with pytest.raises(AnnotationError, match="no Mainspring model"):
        reader(dict, param.filter(Place))


# -- schemas instead of annotations


@pytest.mark.parametrize(
    ("schema", "raw", "value"),
    [
        ({"type": "integer"}, "value=1", 1),
        ({"type": "number"}, "value=1.5", 1.5),
        ({"type": "boolean"}, "value=true", True),
        ({"type": "string"}, "value=1", "1"),
        ({}, "value=1", "1"),
        ({"type": "string", "format": "date"}, "value=2026-01-02", datetime.date(2026, 1, 2)),
        ({"type": "string", "format": "byte"}, "value=YWI%3D", b"ab"),
        ({"type": "array", "items": {"type": "integer"}}, "value=1&value=2", [1, 2]),
        ({"type": ["integer", "null"]}, "value=1", 1),
        ({"x-type": int}, "value=1", 1),
        ({"type": "array", "items": {"x-type": Colour}}, "value=red", [Colour.RED]),
        ({"$ref": "#/components/schemas/Count"}, "value=1", 1),
        (
            {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"$ref": "#/components/schemas/Count"}}},
            "value[a]=1&value[b]=2&value[c]=3",
            {"a": 1, "b": 2, "c": "3"},
        ),
    ],
)
def test_a_parameter_without_annotation_is_read_by_the_schema_of_the_spec(schema, raw, value):
    """REST-101, REST-111"""
    spec = {"parameters": [{"name": "value", "in": "query", "schema": schema}]}
    components = {"schemas": {"Count": {"type": "integer", "minimum": 1}}}
    assert read(None, raw, spec=spec, components=components) == value


def test_the_schema_of_the_spec_constrains():
    """REST-104, REST-111"""
    components = {"schemas": {"Count": {"type": "integer", "minimum": 1}}}

    def with_schema(schema: Any, raw: str) -> list[tuple[str, str]]:
        spec = {"parameters": [{"name": "value", "in": "query", "schema": schema}]}
        return refused(None, raw, spec=spec, components=components)

    assert with_schema({"$ref": "#/components/schemas/Count"}, "value=0") == [("", "minimum")]
    assert with_schema({"type": "string", "enum": ["a"]}, "value=b") == [("", "enum")]
    wanted = {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False}
    assert with_schema(wanted, "value[a]=x&value[b]=1") == [("/a", "type"), ("", "additionalProperties")]


# -- more


def test_a_type_that_no_text_says_is_refused_naming_handler_and_parameter():
    """REST-067"""
    with pytest.raises(AnnotationError, match=r"GET /x \(handler\), parameter 'value'"):
        reader(complex, param.query())


def test_the_quick_way_reads_what_the_whole_way_reads():
    """REST-080"""
    found = reader(int)
    assert found.kind == "scalar"
    assert found.scalar("3") == 3
    assert reader(list[int]).scalar is None
    assert reader(dict).scalar is None


def test_texts_of_forms_are_coerced_like_queries():
    """REST-121, REST-122"""
    from mainspring.openapi.codecs import json_codec  # noqa: PLC0415 - of this test only

    @dataclasses.dataclass
    class Form:
        key2: int
        key3: bool
        place: Place
        tags: list[str]
        note: str | None = None

    tree = {"key2": "1", "key3": "true", "place": {"lat": "1"}, "tags": "a"}
    assert json_codec(Form).convert_text(tree) == Form(1, True, Place(1.0), ["a"])
    with pytest.raises(SchemaViolation) as caught:
        json_codec(Form).convert_text({"key2": "x", "key3": "2", "place": IndexedList(["a"], ["0"])})
    assert [(item.path, item.code) for item in caught.value.violations] == [
        ("/key2", "type"),
        ("/key3", "type"),
        ("/place", "required"),
        ("", "required"),
    ]


@given(
    st.text(),
    st.sampled_from([int, float, bool, datetime.datetime, datetime.date, uuid.UUID, bytes, decimal.Decimal, dict]),
)
def test_whatever_text_is_sent_gives_a_value_or_entries(text, annotation):
    """REST-089"""
    messages: list[str] = []
    try:
        text_codec(annotation).decode(text)
    except SchemaViolation as error:
        messages = [item.message for item in error.violations]
    assert not any(text in message for message in messages if len(text) > 12)
