"""Schemas written by hand, and the complete check that lists every violation."""

import dataclasses
import datetime
import re
from typing import Annotated, Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from mainspring.openapi import DocumentError, MalformedJsonError, SchemaViolation
from mainspring.openapi.check_options import CheckOptions, OwnKeyword
from mainspring.openapi.checking import check, check_async
from mainspring.openapi.codecs import JsonCodec, body_codec, json_codec, own_checks, schema_codec, verify_schema

COMPONENTS = {
    "components": {
        "schemas": {
            "Node": {
                "type": "object",
                "properties": {
                    "value": {"$ref": "#/components/schemas/Alias"},
                    "next": {"$ref": "#/components/schemas/Node"},
                },
                "required": ["value"],
            },
            "Alias": {"$ref": "#/components/schemas/Count"},
            "Count": {"type": "integer", "minimum": 0},
        }
    }
}


def codes(value: Any, schema: Any, **options: Any) -> list[tuple[str, str]]:
    return [(found.path, found.code) for found in check(value, schema, CheckOptions(**options))]


@pytest.mark.parametrize("value", [None, 1, "x", [], {"a": [None]}])
def test_the_empty_schema_accepts_anything(value):
    """REST-151"""
    for schema in ({}, True):
        assert codes(value, schema) == []
        assert codes({"p": value}, {"type": "object", "properties": {"p": schema}, "required": ["p"]}) == []


def test_references_are_followed_through_others_and_recursively():
    """REST-149"""
    codec = schema_codec({"$ref": "#/components/schemas/Node"}, check_options=CheckOptions(COMPONENTS))
    value = {"value": 1, "next": {"value": 2, "next": {"value": 3}}}
    assert codec.convert(value) == value
    with pytest.raises(SchemaViolation) as caught:
        codec.convert({"value": 1, "next": {"value": "x", "next": {}}})
    assert [(item.path, item.code) for item in caught.value.violations] == [
        ("/next/value", "type"),
        ("/next/next", "required"),
    ]


def test_local_definitions_are_followed_too():
    """REST-149"""
    schema = {"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "integer"}}}
    assert codes("x", schema) == [("", "type")]


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/components/schemas/Nothing"},
        {"type": "array", "items": {"$ref": "#/components/schemas/Nothing"}},
        {"anyOf": [{"properties": {"a": {"not": {"$ref": "#/components/schemas/Nothing"}}}}]},
        {"$ref": "other.json#/a"},
    ],
)
def test_a_reference_that_names_nothing_is_an_error_at_once_naming_it(schema):
    """REST-149"""
    with pytest.raises(DocumentError, match=r"Nothing|other\.json"):
        schema_codec(schema, check_options=CheckOptions(COMPONENTS))


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date", "2026-01-02", "2026-02-30"),
        ("date-time", "2026-01-02T03:04:05Z", "2026-01-02"),
        ("byte", "YWI=", "a*b"),
        ("int32", 2**31 - 1, 2**31),
        ("int32", -5.0, 1.5),
        ("int64", 2**63 - 1, 2**63),
        ("float", 1.5, 1e39),
        ("double", 1e39, 10**400),
        ("uuid", "00000000-0000-0000-0000-00000000000a", "x"),
        ("email", "a@b.example", "a@"),
        ("uri", "https://a.example/x?y#z", "no uri"),
    ],
)
def test_known_formats_are_checked(name, good, bad):
    """REST-150"""
    assert codes(good, {"format": name}) == []
    (found,) = check(bad, {"format": name})
    assert (found.code, found.info) == ("format", {"format": name})


def test_binary_is_anything():
    """REST-150"""
    assert codes("\x00\xff", {"type": "string", "format": "binary"}) == []


def test_an_unknown_format_is_an_error_at_once_unless_listed():
    """REST-150, REST-152"""
    schema = {"type": "object", "properties": {"a": {"format": "colour"}}}
    with pytest.raises(DocumentError, match="'colour'"):
        schema_codec(schema)
    assert schema_codec(schema, unknown_formats=("colour",)).convert({"a": "x"}) == {"a": "x"}
    own = CheckOptions(formats={"colour": lambda value: value in ("red", "blue")})
    verify_schema(schema, own)
    with pytest.raises(SchemaViolation):
        schema_codec(schema, check_options=own).convert({"a": "green"})


def test_own_keywords_are_entries_under_their_names():
    """REST-152"""
    even = OwnKeyword("even", lambda wanted, value: (value % 2 == 0) is wanted, "integer")
    schema = {"type": "object", "properties": {"a": {"even": True}, "b": {"even": False}}}
    found = check({"a": 3, "b": "text"}, schema, CheckOptions(keywords={"even": even}))
    assert [(item.path, item.code, item.info) for item in found] == [("/a", "even", {"keyword": "even"})]


async def test_own_keywords_may_be_asynchronous():
    """REST-152"""

    async def validate(schema: Any, value: Any) -> bool:
        return value == schema

    options = CheckOptions(keywords={"same": OwnKeyword("same", validate)})
    schema = {"items": {"same": 1}}
    found = await check_async([1, 2], schema, options)
    assert [(item.path, item.code) for item in found] == [("/1", "same")]
    codec = schema_codec(schema, check_options=options)
    assert codec.is_async
    assert await codec.adecode(b"[1]") == [1]
    assert await codec.aconvert([1]) == [1]
    with pytest.raises(SchemaViolation):
        await codec.aconvert_text(["1"])
    with pytest.raises(DocumentError, match="'same' is asynchronous"):
        codec.convert([1])


def test_an_own_message_replaces_the_words_and_keeps_the_code():
    """REST-153"""
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "integer", "minimum": 1, "errorMessage": "say a number above zero"},
            "b": {"type": "string", "minLength": 2, "error_message": {"minLength": "too short"}},
        },
    }
    found = check({"a": 0, "b": "x"}, schema)
    assert [(item.code, item.message) for item in found] == [
        ("minimum", "say a number above zero"),
        ("minLength", "too short"),
    ]
    assert check({"b": 1}, schema)[0].message == "must be string"


@pytest.mark.parametrize(
    ("schema", "value", "code", "info"),
    [
        ({"const": 1}, 2, "const", {"allowedValue": 1}),
        ({"enum": [1, "a"]}, True, "enum", {"allowedValues": [1, "a"]}),
        ({"not": {"type": "string"}}, "x", "not", {}),
        ({"multipleOf": 0.1}, 0.25, "multipleOf", {"multipleOf": 0.1}),
        ({"minItems": 1}, [], "minItems", {"limit": 1}),
        ({"maxItems": 1}, [1, 2], "maxItems", {"limit": 1}),
        ({"uniqueItems": True}, [1, {"a": 1}, {"a": 1.0}], "uniqueItems", {"i": 2, "j": 1}),
        ({"minProperties": 1}, {}, "minProperties", {"limit": 1}),
        ({"minimum": 1, "exclusiveMinimum": True}, 1, "exclusiveMinimum", {"limit": 1, "comparison": ">"}),
        ({"type": ["integer", "string"]}, [], "type", {"type": ["integer", "string"]}),
        ({"type": ["integer", "null"]}, "x", "type", {"type": "integer"}),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "dependentRequired", {"property": "a", "missingProperty": "b"}),
    ],
)
def test_keywords_have_their_codes_and_infos(schema, value, code, info):
    """REST-146"""
    (found,) = check(value, schema)
    assert (found.path, found.code, found.info) == ("", code, info)


def test_nullable_of_openapi_30_is_understood():
    """REST-148"""
    assert codes(None, {"type": "string", "nullable": True}) == []
    assert codes(None, {"type": "string", "nullable": False}) == [("", "type")]


def test_exactly_one_means_exactly_one():
    """REST-146"""
    schema = {"oneOf": [{"type": "integer"}, {"type": "number"}, {"type": "string"}]}
    assert codes(1.5, schema) == []
    (found,) = check(1, schema)
    assert (found.code, found.info) == ("oneOf", {"passingSchemas": [0, 1]})
    (found,) = check([], schema)
    assert len(found.info["alternatives"]) == 3


def test_conditions_choose_a_branch():
    schema = {"if": {"type": "integer"}, "then": {"minimum": 1}, "else": {"type": "string"}}
    assert codes(0, schema) == [("", "minimum")]
    assert codes([], schema) == [("", "type")]
    assert codes("x", schema) == []


def test_a_declared_schema_is_checked_and_the_type_is_what_the_value_becomes():
    """REST-115"""

    @dataclasses.dataclass
    class Point:
        x: int

    codec = schema_codec({"type": "object", "properties": {"x": {"maximum": 3}}}, Point)
    assert codec.decode(b'{"x":1}') == Point(1)
    with pytest.raises(SchemaViolation, match="/x must be <= 3"):
        codec.decode(b'{"x":4}')
    assert codec.convert_text({"x": 2}) == Point(2)


def test_malformed_texts_and_depth_are_refused_before_the_check():
    """REST-118, REST-135"""
    codec = schema_codec({})
    for data in (b"{", b"[" * 101 + b"]" * 101, b"[" * 100_000):
        with pytest.raises(MalformedJsonError):
            codec.decode(data)


def test_with_and_without_coercion_nothing_is_shared():
    """REST-154"""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    codec = schema_codec(schema)
    assert codec.convert_text({"a": "1"}) == {"a": 1}
    with pytest.raises(SchemaViolation):
        codec.convert({"a": "1"})


# -- types in schemas


@dataclasses.dataclass
class Place:
    lat: float
    tags: list[int] = dataclasses.field(default_factory=list)


def test_types_in_hand_written_schemas_are_checked_and_coerced():
    """OAS-014, REST-149"""
    components = {"components": {"schemas": {"Home": {"x-type": Place}}}}
    schema = {
        "type": "object",
        "properties": {"a": {"x-type": list[Place]}, "b": {"$ref": "#/components/schemas/Home"}, "c": {"x-type": int}},
    }
    codec = schema_codec(schema, check_options=CheckOptions(components))
    assert codec.convert({"a": [{"lat": 1}], "c": 1}) == {"a": [{"lat": 1}], "c": 1}
    with pytest.raises(SchemaViolation) as caught:
        codec.convert({"a": [{"lat": "x"}], "b": {"tags": ["y"]}, "c": "z"})
    assert [(item.path, item.code) for item in caught.value.violations] == [
        ("/a/0/lat", "type"),
        ("/b", "required"),
        ("/b/tags/0", "type"),
        ("/c", "type"),
    ]
    assert codec.convert_text({"b": {"lat": "1.5", "tags": "2"}, "c": "3"}) == {"b": {"lat": 1.5, "tags": [2]}, "c": 3}
    whole = schema_codec({"x-type": Place}, Place)
    assert whole.decode(b'{"lat":1}') == Place(1.0)


# -- own keywords and formats of types


class Priced(msgspec.Struct):
    price: Annotated[int, Meta(extra_json_schema={"even": True})]
    colour: Annotated[str, Meta(extra_json_schema={"format": "colour"})] = "red"


OWN = own_checks(
    {},
    keywords=[{"name": "even", "type": "number", "validate": lambda schema, value: (value % 2 == 0) is schema}],
    formats={"colour": lambda value: value in ("red", "blue")},
)


def test_own_keywords_and_formats_hold_for_types_as_well():
    """REST-152"""
    codec = body_codec(list[Priced], check_options=OWN)
    assert codec.decode(b'[{"price":2}]') == [Priced(2)]
    with pytest.raises(SchemaViolation) as caught:
        codec.decode(b'[{"price":3,"colour":"green"},{"price":"x"}]')
    assert [(item.path, item.code) for item in caught.value.violations] == [
        ("/0/price", "even"),
        ("/0/colour", "format"),
        ("/1/price", "type"),
    ]
    assert isinstance(body_codec(list[int], check_options=OWN), JsonCodec)
    assert isinstance(body_codec(Priced), JsonCodec)


@pytest.mark.parametrize(
    "formats",
    [
        {"colour": lambda value: value == "red"},
        {"colour": {"type": "string", "validate": lambda value: value == "red"}},
        {"colour": {"validate": lambda schema, value: value == "red"}},
        [{"name": "colour", "type": "string", "validate": lambda value: value == "red"}],
        {"colour": "^red$"},
        {"colour": re.compile("^red$")},
    ],
)
def test_own_formats_are_said_in_several_ways(formats):
    """REST-152"""
    options = own_checks({}, formats=formats)
    assert check("red", {"format": "colour"}, options) == []
    assert [item.code for item in check("green", {"format": "colour"}, options)] == ["format"]


def test_results_are_checked_as_they_would_be_sent():
    """REST-156"""
    codec = json_codec(list[Priced])
    assert codec.result_violations([Priced(2)]) == []
    found = codec.result_violations([{"price": "x"}, Priced(colour=3, price=1)])
    assert [(item.path, item.code) for item in found] == [("/0/price", "type"), ("/1/colour", "type")]
    assert json_codec(datetime.date).result_violations(datetime.date(2026, 1, 2)) == []
    assert [item.code for item in schema_codec({"type": "string"}).violations(1)] == ["type"]


# -- against the reference implementation

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(-2, 2).map(lambda x: round(x, 1))
    | st.text("ab", max_size=3)
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
)
kinds = st.sampled_from(["integer", "number", "string", "boolean", "null", "array", "object"])
simple = st.fixed_dictionaries(
    {},
    optional={
        "type": kinds | st.lists(kinds, min_size=1, max_size=2, unique=True),
        "minimum": st.integers(-2, 2),
        "exclusiveMaximum": st.integers(-2, 2),
        "minLength": st.integers(0, 2),
        "maxItems": st.integers(0, 2),
        "uniqueItems": st.booleans(),
        "enum": st.lists(scalars, min_size=1, max_size=3),
        "const": scalars,
        "pattern": st.sampled_from(["^a", "b$", "^$"]),
        "multipleOf": st.integers(1, 3),
        "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
        "minProperties": st.integers(0, 2),
    },
)
schemas = st.recursive(
    simple | st.booleans(),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
            "additionalProperties": inner,
            "items": inner,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
            "contains": inner,
            "propertyNames": inner,
            "type": kinds,
        },
    ),
    max_leaves=5,
)


@given(schemas, values)
def test_the_check_agrees_with_the_reference_implementation(schema, value):
    """REST-146"""
    expected = jsonschema.Draft202012Validator(schema).is_valid(value)
    assert (check(value, schema) == []) is expected
