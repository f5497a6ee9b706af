"""JSON bodies to values: one pass when they fit, every violation when they do not."""

import collections
import dataclasses
import datetime
import decimal
import enum
import json
import pickle
import time
import uuid
from contextlib import suppress
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, TypedDict, TypeVar

import attrs
import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct, UnsetType

from mainspring.errors import MainspringError
from mainspring.openapi import AnnotationError, MalformedJsonError, SchemaViolation, Violation
from mainspring.openapi.checking import LISTED
from mainspring.openapi.codecs import decode_json, encode_json, json_codec
from mainspring.openapi.defaults import default_filler


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


@dataclasses.dataclass
class Checked:
    a: int
    inner: "Checked | None" = None

    def __post_init__(self) -> None:
        if self.a < 0:
            raise ValueError("a must not be negative")
        if self.a == 99:
            raise KeyError("broken")
        if self.a == 98:
            raise TypeError("broken too")


@attrs.define
class AttrsPoint:
    x: int
    tags: list[str] = attrs.field(factory=list)


class Line(Struct):
    sku: str
    qty: Annotated[int, Meta(ge=1, le=10)]
    price: float = 0.0


class Order(Struct, rename="camel"):
    order_id: int
    lines: list[Line]
    note: str | None = None
    extra: str | UnsetType = UNSET


class Strict(Struct, forbid_unknown_fields=True):
    a: int


class Cat(Struct, tag="cat"):
    lives: int


class Dog(Struct, tag="dog"):
    name: str


class Typed(TypedDict, total=False):
    a: int
    b: str


class Pair(NamedTuple):
    a: int
    b: str = "x"


T = TypeVar("T")


@dataclasses.dataclass
class Box(Generic[T]):
    content: T


UserId = NewType("UserId", int)


def entries(annotation: Any, data: bytes, **options: Any) -> list[tuple[str, str]]:
    with pytest.raises(SchemaViolation) as caught:
        json_codec(annotation, **options).decode(data)
    return [(violation.path, violation.code) for violation in caught.value.violations]


def violations(annotation: Any, data: bytes) -> tuple[Violation, ...]:
    with pytest.raises(SchemaViolation) as caught:
        json_codec(annotation).decode(data)
    return caught.value.violations


@pytest.mark.parametrize(
    ("annotation", "data", "value"),
    [
        (str, b'"value"', "value"),
        (int, b"123", 123),
        (bool, b"true", True),
        (Any, b'{"a":[1,null]}', {"a": [1, None]}),
        (dict, b"{}", {}),
        (list, b"[1]", [1]),
        (Point, b'{"x":1,"z":9}', Point(1)),
        (Point | None, b"null", None),
        (list[Point], b'[{"x":1},{"x":2,"y":3}]', [Point(1), Point(2, 3)]),
        (dict[str, Point], b'{"a":{"x":1}}', {"a": Point(1)}),
        (AttrsPoint, b'{"x":1}', AttrsPoint(1)),
        (Order, b'{"orderId":1,"lines":[{"sku":"a","qty":1}]}', Order(1, [Line("a", 1)])),
        (Cat | Dog, b'{"type":"dog","name":"b"}', Dog("b")),
        (Typed, b'{"a":1}', {"a": 1}),
        (Pair, b"[1]", Pair(1)),
        (Box[int], b'{"content":1}', Box(1)),
        (Colour, b'"red"', Colour.RED),
        (Literal["a", 1], b"1", 1),
        (set[int], b"[1,1]", {1}),
        (tuple[int, str], b'[1,"a"]', (1, "a")),
        (frozenset[str], b'["a"]', frozenset("a")),
        (collections.deque[int], b"[1]", collections.deque([1])),
        (collections.OrderedDict[str, int], b'{"a":1}', collections.OrderedDict(a=1)),
        (uuid.UUID, b'"00000000-0000-0000-0000-000000000001"', uuid.UUID(int=1)),
        (decimal.Decimal, b'"1.50"', decimal.Decimal("1.50")),
        (datetime.datetime, b'"2026-01-02T03:04:05Z"', datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)),
        (datetime.date, b'"2026-01-02"', datetime.date(2026, 1, 2)),
        (datetime.timedelta, b'"PT1M"', datetime.timedelta(minutes=1)),
        (bytes, b'"YWI="', b"ab"),
        (UserId, b"1", 1),
        (float, b"1", 1.0),
        (int, b"1.0", 1),
        (Point, b'{"x":1.0}', Point(1)),
        (object, b'{"a":[1]}', {"a": [1]}),
        (dict[str, object], b'{"a":[1]}', {"a": [1]}),
    ],
)
def test_every_type_is_decoded(annotation, data, value):
    """REST-112, REST-113, REST-148"""
    found = json_codec(annotation).decode(data)
    assert found == value
    assert type(found) is type(value)


def test_absence_and_null_are_kept_apart_where_the_type_can():
    """REST-148"""
    codec = json_codec(Order)
    assert codec.decode(b'{"orderId":1,"lines":[]}').extra is UNSET
    assert entries(Order, b'{"orderId":1,"lines":[],"extra":null}') == [("/extra", "type")]
    assert entries(Order, b'{"orderId":null,"lines":[]}') == [("/orderId", "type")]


def test_every_violation_is_listed_in_the_order_of_the_schema():
    """REST-141, REST-142, REST-143, REST-145"""

    class Three(Struct):
        a: int
        b: str
        c: float

    found = violations(Three, b'{"c":"x","a":"y"}')
    assert [(item.path, item.code) for item in found] == [("/a", "type"), ("", "required"), ("/c", "type")]
    assert [item.info for item in found] == [{"type": "integer"}, {"missingProperty": "b"}, {"type": "number"}]
    assert "'b'" in found[1].message
    data = b'{"orderId":1,"lines":[{"sku":"a","qty":1},{"qty":"x"},{"sku":1,"qty":11}]}'
    assert entries(Order, data) == [
        ("/lines/1", "required"),
        ("/lines/1/qty", "type"),
        ("/lines/2/sku", "type"),
        ("/lines/2/qty", "maximum"),
    ]


def test_a_violation_is_an_entry_with_path_code_message_and_info():
    """REST-140, REST-146"""
    with pytest.raises(SchemaViolation) as caught:
        json_codec(Line).decode(b'{"sku":"a","qty":0}')
    assert caught.value.errors == [
        {"path": "/qty", "code": "minimum", "message": "must be >= 1", "info": {"limit": 1, "comparison": ">="}}
    ]
    assert (caught.value.status, caught.value.code) == (422, "VALIDATION_FAILED")
    assert isinstance(caught.value, MainspringError)
    assert pickle.loads(pickle.dumps(caught.value)).violations == caught.value.violations


@pytest.mark.parametrize("data", [b'""', b'"pencils"', b"[]", b"1", b"true"])
def test_a_value_that_is_no_object_is_one_type_entry_at_the_root(data):
    """REST-120"""
    for annotation in (Point, Order, dict, Typed, AttrsPoint):
        (found,) = violations(annotation, data)
        assert (found.path, found.code, found.info) == ("", "type", {"type": "object"})


@pytest.mark.parametrize(
    ("annotation", "data"), [(int, b'"12"'), (bool, b"1"), (int, b"1.5"), (str, b"1"), (int, b"true")]
)
def test_json_values_are_not_coerced(annotation, data):
    """REST-121"""
    assert entries(annotation, data) == [("", "type")]


def test_unexpected_properties_are_dropped_unless_the_type_forbids_them():
    """REST-144"""
    assert json_codec(Point).decode(b'{"x":1,"z":{"deep":[1]}}') == Point(1)
    (found,) = violations(Strict, b'{"a":1,"b":2}')
    assert (found.path, found.code, found.info) == ("", "additionalProperties", {"additionalProperty": "b"})


def test_keys_are_escaped_in_pointers():
    """REST-145"""
    assert entries(dict[str, int], b'{"a/b":"x","c~d":"y"}') == [("/a~1b", "type"), ("/c~0d", "type")]


@pytest.mark.parametrize(
    ("annotation", "data", "code", "info"),
    [
        (Colour, b'"x"', "enum", {"allowedValues": ["red", "blue"]}),
        (Literal["a", 1], b'"b"', "enum", {"allowedValues": ["a", 1]}),
        (Annotated[int, Meta(gt=1)], b"1", "exclusiveMinimum", {"limit": 1, "comparison": ">"}),
        (Annotated[int, Meta(lt=1)], b"1", "exclusiveMaximum", {"limit": 1, "comparison": "<"}),
        (Annotated[int, Meta(le=1)], b"2", "maximum", {"limit": 1, "comparison": "<="}),
        (Annotated[int, Meta(multiple_of=2)], b"3", "multipleOf", {"multipleOf": 2}),
        (Annotated[str, Meta(min_length=2)], b'"a"', "minLength", {"limit": 2}),
        (Annotated[str, Meta(max_length=2)], b'"abc"', "maxLength", {"limit": 2}),
        (Annotated[str, Meta(pattern="^a")], b'"b"', "pattern", {"pattern": "^a"}),
        (Annotated[list[int], Meta(min_length=1)], b"[]", "minItems", {"limit": 1}),
        (Annotated[list[int], Meta(max_length=1)], b"[1,2]", "maxItems", {"limit": 1}),
        (Annotated[dict[str, int], Meta(max_length=1)], b'{"a":1,"b":2}', "maxProperties", {"limit": 1}),
        (datetime.date, b'"2026-02-30"', "format", {"format": "date"}),
        (uuid.UUID, b'"x"', "format", {"format": "uuid"}),
    ],
)
def test_keywords_have_their_codes_and_infos(annotation, data, code, info):
    """REST-146"""
    (found,) = violations(annotation, data)
    assert (found.path, found.code, found.info) == ("", code, info)


def test_a_value_that_fits_no_member_of_a_union_is_one_entry_with_the_alternatives():
    """REST-147"""
    (found,) = violations(list[int | bool | list[int]], b'[1,"x"]')
    assert (found.path, found.code) == ("/1", "anyOf")
    assert [[entry["code"] for entry in member] for member in found.info["alternatives"]] == [["type"]] * 3
    (tagged,) = violations(Cat | Dog, b'{"type":"cat","lives":"x"}')
    assert (tagged.path, tagged.code, tagged.info["tag"]) == ("", "anyOf", "type")
    assert tagged.info["alternatives"][0][0]["path"] == "/lives"
    (unknown,) = violations(Cat | Dog, b'{"type":"cow"}')
    assert unknown.info["tag"] == "type"
    assert unknown.info["alternatives"][0][0]["info"] == {"allowedValues": ["cat", "dog"]}


def test_an_optional_model_has_the_violations_of_the_model():
    """REST-147, REST-148"""
    assert entries(Point | None, b'{"x":"a"}') == [("/x", "type")]
    assert entries(int | None, b'"a"') == [("", "type")]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"x":1}', Point(1)),
        (b'{"a":1}', Checked(1)),
        (b'{"a":1,"inner":{"a":2}}', Checked(1, Checked(2))),
        (b"null", None),
        (b'"text"', "text"),
        (b'[{"x":1}]', [Point(1)]),
    ],
)
def test_unions_of_several_models_are_decoded_by_what_fits(data, value):
    """REST-112"""
    assert json_codec(Point | Checked | list[Point] | str | None).decode(data) == value


def test_of_several_models_that_fit_the_one_is_taken_that_reads_most():
    """REST-112"""

    @dataclasses.dataclass
    class Small:
        x: int

    codec = json_codec(Small | Point)
    assert codec.decode(b'{"x":1,"y":2}') == Point(1, 2)
    assert codec.decode(b'{"x":1}') == Small(1)


def test_a_model_with_a_field_that_is_such_a_union_is_decoded_field_by_field():
    """REST-112"""

    @dataclasses.dataclass
    class Holder:
        either: Point | Checked
        n: int = 1

    codec = json_codec(list[Holder])
    assert codec.decode(b'[{"either":{"a":1}}]') == [Holder(Checked(1))]
    assert entries(list[Holder], b'[{"either":{"x":1},"n":"a"},{}]') == [("/0/n", "type"), ("/1", "required")]


def test_the_models_own_check_is_an_entry_at_the_object():
    """REST-155"""
    (found,) = violations(Checked, b'{"a":-1}')
    assert (found.path, found.code) == ("", "value_error")
    assert "must not be negative" in found.message
    assert entries(list[Checked], b'[{"a":1},{"a":1,"inner":{"a":-1}}]') == [("/1/inner", "value_error")]
    assert entries(list[Checked], b'[{"a":-1},{"a":"x"}]') == [("/0", "value_error"), ("/1/a", "type")]


@pytest.mark.parametrize(("a", "kind"), [(99, KeyError), (98, TypeError)])
def test_any_other_exception_there_is_not_the_clients_fault(a, kind):
    """REST-155"""
    with pytest.raises(kind, match="broken"):
        json_codec(Checked).decode(b'{"a":%d}' % a)


@pytest.mark.parametrize(
    ("data", "position"),
    [
        (b"{", 1),
        (b"", 0),
        (b'{"a":1,}', 7),
        (b"[1,]", 3),
        (b"NaN", 0),
        (b"Infinity", 0),
        (b"-Infinity", 1),
        (b"[NaN]", 1),
        (b"1 2", 3),
        (b"{} x", 4),
        (b'"\xff"', 1),
        (b'{"x":1,"ignored":"\xff"}', 18),
        (b"'a'", 0),
        (b"{a:1}", 1),
        (b'"\x01"', 1),
    ],
)
@pytest.mark.parametrize("annotation", [Any, Point, dict, Point | Checked])
def test_malformed_json_has_a_reason_and_a_position(annotation, data, position):
    """REST-118"""
    with pytest.raises(MalformedJsonError) as caught:
        json_codec(annotation).decode(data)
    assert caught.value.reason
    assert caught.value.position == position
    assert str(position) in str(caught.value)
    assert caught.value.status == 400
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize("data", [rb'"\ud800"', rb'{"x":"\udc00"}', rb'["\ud800\u0041"]'])
def test_lone_surrogates_are_malformed(data):
    """REST-118"""
    with pytest.raises(MalformedJsonError):
        json_codec(Any).decode(data)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_a_bomb_of_brackets_is_malformed_whatever_the_type(opening):
    """REST-135"""
    for annotation in (Any, dict, list, Checked, Point, list[Any]):
        for data in (opening * 100_000, b'{"a":1,"x":' + opening * 100_000):
            with pytest.raises(MalformedJsonError):
                json_codec(annotation).decode(data)


def test_untyped_data_may_nest_as_deeply_as_the_limit_and_no_deeper():
    """REST-135"""
    codec = json_codec(Any)
    assert codec.decode(b"[" * 100 + b"]" * 100)
    with pytest.raises(MalformedJsonError, match="100 levels"):
        codec.decode(b"[" * 101 + b"]" * 101)
    assert json_codec(Any, depth=3).decode(b'{"a":[{"[[[[[[":"]]"}]}')
    with pytest.raises(MalformedJsonError):
        json_codec(dict[str, Any], depth=3).decode(b'{"a":[{"b":[]}]}')
    many = b"[" + b",".join([b"[[],{}]"] * 1000) + b"]"
    assert len(codec.decode(many)) == 1000
    with pytest.raises(MalformedJsonError, match="10 levels"):
        decode_json(b"[" * 11 + b"]" * 11, depth=10)


@pytest.mark.parametrize("limit", [1, 7, 8, 9, 50])
def test_depth_is_counted_the_same_whatever_the_limit(limit):
    """REST-135"""
    inner = b'{"a]":[],"b":["}"]}'  # two levels more
    fits, beyond = limit - 2, limit - 1
    if fits >= 0:
        assert decode_json(b"[" * fits + inner + b"]" * fits, depth=limit)
    with pytest.raises(MalformedJsonError, match=f"{limit} levels"):
        decode_json(b"[" * beyond + inner + b"]" * beyond, depth=limit)
    with pytest.raises(MalformedJsonError, match=f"{limit} levels"):
        decode_json(b"[" * (limit + 1), depth=limit)


def test_a_flood_of_violations_is_told_in_part():
    """REST-141"""
    with pytest.raises(SchemaViolation) as caught:
        json_codec(list[str]).decode(json.dumps([1] * 5000).encode())
    assert len(caught.value.violations) == LISTED
    assert caught.value.violations[-1].path == f"/{LISTED - 1}"


@pytest.mark.parametrize("annotation", [list[str], list[str | bool]])
def test_of_what_is_too_large_to_be_looked_through_the_first_fault_is_told(annotation):
    """REST-141"""
    with pytest.raises(SchemaViolation) as caught:
        json_codec(annotation).decode(json.dumps([*["a"] * 50_000, 5, 6]).encode())
    (violation,) = caught.value.violations
    assert violation.path == "/50000"
    assert json_codec(list[float]).decode(json.dumps([1] * 50_000).encode()) == [1.0] * 50_000


def test_a_valid_body_costs_about_what_the_decoder_costs():
    """REST-154"""
    data = b'{"orderId":1,"lines":[{"sku":"a","qty":1,"price":2.5}]}'
    codec, bare = json_codec(Order), msgspec.json.Decoder(Order)

    def cost(decode: Any) -> float:
        begin = time.perf_counter()
        for _ in range(2000):
            decode(data)
        return time.perf_counter() - begin

    assert min(cost(codec.decode) for _ in range(5)) < 6 * min(cost(bare.decode) for _ in range(5))


# -- models that describe themselves


class Note:
    """A small model of the kind that the repository room makes."""

    def __init__(self, **values: Any) -> None:
        self.values = values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Note) and other.values == self.values

    def __hash__(self) -> int:
        return 0

    @classmethod
    def __mainspring_model__(cls) -> "NoteAdapter":
        return NoteAdapter()


class NoteAdapter:
    calls = 0

    def json_schema(self, **options: Any) -> dict[str, Any]:
        exclude = options.get("exclude", ())
        properties = {"id": {"type": "integer"}, "title": {"type": "string"}, "pin": {"type": "string"}}
        kept = {name: schema for name, schema in properties.items() if name not in exclude}
        required = [] if options.get("partial") else [name for name in ("title",) if name in kept]
        found = {"title": "Note", "type": "object", "properties": kept, "additionalProperties": False}
        return {**found, "required": required} if required else found

    filter_schema = where_schema = json_schema

    def decode(self, value: Any, **options: Any) -> Note:
        type(self).calls += 1
        codec_violations: list[Violation] = []
        if not isinstance(value, dict):
            raise SchemaViolation([Violation("", "type", "must be object", {"type": "object"})])
        schema = self.json_schema(**options)
        for name in schema.get("required", ()):
            if name not in value:
                codec_violations.append(Violation("", "required", "missing", {"missingProperty": name}))
        for name, item in value.items():
            if name not in schema["properties"]:
                info = {"additionalProperty": name}
                codec_violations.append(Violation("", "additionalProperties", "unexpected", info))
            elif schema["properties"][name]["type"] == "string" and not isinstance(item, str):
                codec_violations.append(Violation(f"/{name}", "type", "must be string", {"type": "string"}))
        if codec_violations:
            raise SchemaViolation(codec_violations)
        return Note(**value)

    def encode(self, instance: Note) -> Any:
        return {name: item for name, item in instance.values.items() if name != "pin"}

    def decode_filter(self, value: Any, *, text: bool, exclude: Any = ()) -> Any:
        return {"filter": value, "text": text, "exclude": exclude}

    def decode_where(self, value: Any, *, text: bool) -> Any:
        return {"where": value, "text": text}


@dataclasses.dataclass
class Folder:
    name: str
    notes: list[Note]
    cover: Note | None = None


@pytest.mark.parametrize(
    ("annotation", "data", "value"),
    [
        (Note, b'{"title":"a"}', Note(title="a")),
        (Note | None, b"null", None),
        (list[Note], b'[{"title":"a"}]', [Note(title="a")]),
        (dict[str, Note], b'{"x":{"title":"a"}}', {"x": Note(title="a")}),
        (Folder, b'{"name":"f","notes":[{"title":"a"}]}', Folder("f", [Note(title="a")])),
        (Note | Point, b'{"x":1}', Point(1)),
        (Note | Point, b'{"title":"a"}', Note(title="a")),
        (Note | int, b"1", 1),
    ],
)
def test_models_with_adapters_are_decoded_wherever_they_stand(annotation, data, value):
    """REST-112"""
    assert json_codec(annotation).decode(data) == value


def test_the_violations_of_models_have_their_place_in_the_whole():
    """REST-141, REST-144, REST-145"""
    assert entries(Note, b'{"title":1,"x":2}') == [("/title", "type"), ("", "additionalProperties")]
    assert entries(Note, b"[]") == [("", "type")]
    assert entries(list[Note], b'[{"title":"a"},{},{"title":1,"x":1}]') == [
        ("/1", "required"),
        ("/2/title", "type"),
        ("/2", "additionalProperties"),
    ]
    assert entries(Folder, b'{"notes":[{}],"cover":{"title":1}}') == [
        ("", "required"),
        ("/notes/0", "required"),
        ("/cover/title", "type"),
    ]


def test_a_model_alone_is_not_decoded_twice_to_list_its_violations():
    """REST-154"""
    NoteAdapter.calls = 0
    entries(Note, b"{}")
    assert NoteAdapter.calls == 1


def test_options_of_the_schema_are_options_of_the_decoding():
    """REST-144"""
    assert json_codec(Note, partial=True).decode(b"{}") == Note()
    assert entries(Note, b'{"id":1,"title":"a"}', exclude=["id"]) == [("", "additionalProperties")]
    assert entries(list[Note], b'[{"id":1,"title":"a"}]', exclude=["id"]) == [("/0", "additionalProperties")]


def test_options_without_a_model_they_could_be_for_are_refused():
    with pytest.raises(AnnotationError, match="'partial' is for Mainspring models"):
        json_codec(Point, partial=True)


def test_results_are_encoded_as_models_say():
    """REST-157, REST-170"""
    codec = json_codec(list[Note])
    assert codec.encode([Note(title="a", pin="secret")]) == b'[{"title":"a"}]'
    assert codec.encode({"note": Folder("f", [Note(pin="secret")])}) == (
        b'{"note":{"name":"f","notes":[{}],"cover":null}}'
    )
    assert encode_json(Order(1, [Line("a", 1)])) == (
        b'{"orderId":1,"lines":[{"sku":"a","qty":1,"price":0.0}],"note":null}'
    )


@pytest.mark.parametrize(
    ("value", "data"),
    [
        ({"key": "value"}, b'{"key":"value"}'),
        ({1}, b"[1]"),
        (uuid.UUID(int=1), b'"00000000-0000-0000-0000-000000000001"'),
        (decimal.Decimal("1.50"), b'"1.50"'),
        (datetime.date(2026, 1, 2), b'"2026-01-02"'),
        (datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC), b'"2026-01-02T00:00:00Z"'),
        (collections.deque([1]), b"[1]"),
        (collections.OrderedDict(a=1), b'{"a":1}'),
        ({"a": 1}.keys(), b'["a"]'),
        (Colour.RED, b'"red"'),
        (b"ab", b'"YWI="'),
    ],
)
def test_values_are_encoded_compactly(value, data):
    """REST-157"""
    assert encode_json(value) == data


def test_what_has_no_json_form_raises():
    """REST-168"""
    for value in (object(), open, {"a": object()}):
        with pytest.raises(TypeError):
            encode_json(value)
    cycle: list[Any] = []
    cycle.append(cycle)
    with pytest.raises(RecursionError):
        encode_json(cycle)


@dataclasses.dataclass
class Defaults:
    a: int
    b: int = 1
    inner: "Defaults | None" = None
    many: "list[Defaults]" = dataclasses.field(default_factory=list)


class Around(Struct):
    one: Defaults
    more: dict[str, Defaults | int] = {}


class TypedAround(TypedDict, total=False):
    one: Defaults
    pair: tuple[int, Defaults]


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    a: int = 1


@pytest.mark.parametrize(
    ("annotation", "data", "encoded"),
    [
        (Defaults, b'{"a":1}', b'{"a":1,"many":[],"b":1,"inner":null}'),
        (Defaults | None, b'{"a":1,"b":2,"inner":null,"many":[]}', b'{"a":1,"b":2,"inner":null,"many":[]}'),
        (list[Defaults], b'[{"a":1,"b":2,"inner":null,"many":[{"a":2,"inner":null,"many":[]}]}]', None),
        (Around, b'{"one":{"a":1,"inner":null,"many":[]},"more":{"x":1,"y":{"a":1,"inner":null,"many":[]}}}', None),
        (TypedAround, b'{"pair":[1,{"a":1,"inner":null,"many":[]}]}', None),
        (TypedAround, b"{}", b"{}"),
        (Slotted, b"{}", b'{"a":1}'),
        (AttrsPoint, b'{"x":1}', b'{"x":1,"tags":[]}'),
    ],
)
def test_defaults_of_what_was_decoded_are_encoded(annotation, data, encoded):
    """REST-157"""
    value = json_codec(annotation).decode(data)
    found = encode_json(value)
    if encoded is None:
        assert found.count(b'"b":1') == data.count(b'"a"') - data.count(b'"b"')
    else:
        assert decode_json(found) == decode_json(encoded)
    assert encode_json(json_codec(annotation).convert(decode_json(data))) == found


def test_types_without_such_defaults_pay_nothing_for_them():
    """REST-154"""
    for annotation in (Order, Slotted, list[Cat | Dog], dict[str, Any], Typed, Note):
        assert default_filler(annotation) is None


def test_notes_that_cannot_be_hashed_do_no_harm():
    """REST-112"""
    noted = Annotated[Point, {"a": 1}]
    assert json_codec(list[noted]).decode(b'[{"x":1}]') == [Point(1)]
    assert json_codec(Box[noted]).decode(b'{"content":{"x":1}}') == Box(Point(1))
    assert entries(Box[noted], b'{"content":{}}') == [("/content", "required")]


class PydanticPoint(pydantic.BaseModel):
    x: int = pydantic.Field(ge=1)
    label: str = pydantic.Field("p", alias="theLabel", max_length=3)
    when: datetime.date | None = None
    kids: "list[PydanticPoint]" = []


class PydanticStrict(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")
    a: int

    @pydantic.field_validator("a")
    @classmethod
    def check_a(cls, value: int) -> int:
        if value < 0:
            raise ValueError("negative")
        return value


def test_pydantic_models_are_decoded_and_encoded_by_their_own_methods():
    """REST-112"""
    value = json_codec(list[PydanticPoint]).decode(b'[{"x":1,"theLabel":"q","when":"2026-01-02"}]')
    assert value == [PydanticPoint(x=1, theLabel="q", when=datetime.date(2026, 1, 2))]
    assert encode_json(value) == b'[{"x":1,"theLabel":"q","when":"2026-01-02","kids":[]}]'


def test_the_violations_of_pydantic_are_entries_like_all_others():
    """REST-121, REST-141, REST-155"""
    found = violations(list[PydanticPoint], b'[{"x":"1","theLabel":"long"},{"x":0,"kids":[{}]}]')
    assert [(item.path, item.code) for item in found] == [
        ("/0/x", "type"),
        ("/0/theLabel", "maxLength"),
        ("/1/x", "minimum"),
        ("/1/kids/0", "required"),
    ]
    assert [item.info for item in found] == [
        {"type": "integer"},
        {"limit": 3},
        {"limit": 1},
        {"missingProperty": "x"},
    ]
    assert entries(PydanticStrict, b'{"a":-1}') == [("/a", "value_error")]
    assert entries(PydanticStrict, b'{"a":1,"b":2}') == [("", "additionalProperties")]


# -- properties

plain_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(plain_json)
def test_whatever_is_sent_decodes_or_has_entries(plain):
    """REST-140"""
    data = msgspec.json.encode(plain)
    for annotation in (Point, Order, list[Checked], Cat | Dog | None, Point | Checked, Note, Typed, dict[str, int]):
        codec = json_codec(annotation)
        found: tuple[Violation, ...] = ()
        try:
            codec.decode(data)
            decoded = True
        except SchemaViolation as error:
            decoded, found = False, error.violations
        assert decoded is not bool(found)
        assert decoded is (codec.violations(plain) == [])
        assert all(item.path == "" or item.path.startswith("/") for item in found)


@given(st.binary(max_size=40))
def test_whatever_bytes_are_sent_give_a_value_or_an_error_of_ours(data):
    """REST-118"""
    for annotation in (Any, Point, Note | None):
        with suppress(MalformedJsonError, SchemaViolation):
            json_codec(annotation).decode(data)


tricky = st.text(st.sampled_from('ab[]{}"\\,:'), max_size=4)
nested = st.recursive(
    st.integers() | tricky, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(tricky, inner, max_size=3)
)


def depth_of(value: Any) -> int:
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(depth_of, value if isinstance(value, list) else value.values()), default=0)


@given(nested, st.integers(1, 5))
def test_depth_is_counted_by_brackets_outside_texts(plain, limit):
    """REST-135"""
    data = msgspec.json.encode(plain)
    if depth_of(plain) <= limit:
        assert decode_json(data, depth=limit) == plain
    else:
        with pytest.raises(MalformedJsonError):
            decode_json(data, depth=limit)
