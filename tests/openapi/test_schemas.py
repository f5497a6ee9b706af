"""JSON Schema from types, and the names of models in a document."""

import collections
import dataclasses
import datetime
import decimal
import enum
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from types import ModuleType
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, NotRequired, Required, TypedDict, TypeVar

import attrs
import jsonschema
import msgspec
import pydantic
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from mainspring.openapi import AnnotationError
from mainspring.openapi.components import Components
from mainspring.openapi.schemas import SchemaBuilder


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Address:
    """Where somebody lives."""

    city: str
    zip: Annotated[str, Meta(pattern="^[0-9]+$", description="Digits.")] = "0"


@dataclasses.dataclass
class Person:
    name: str
    home: Address
    friends: "list[Person]" = dataclasses.field(default_factory=list)
    other: Address | None = None


class Item(Struct, rename="camel", forbid_unknown_fields=True):
    item_id: int
    price: float = 1.5
    note: str | UnsetType = UNSET
    tags: set[str] = msgspec.field(default_factory=set)


class Cat(Struct, tag="cat"):
    lives: int


class Dog(Struct, tag="dog"):
    name: str


class Row(Struct, array_like=True):
    a: int
    b: str = "x"


class Options(TypedDict, total=False):
    a: Required[int]
    b: str


class MoreOptions(Options):
    c: NotRequired[int]


class Pair(NamedTuple):
    a: int
    b: str = "x"


@attrs.define
class AttrsPoint:
    x: int
    y: list[int] = attrs.field(factory=list)


T = TypeVar("T")


@dataclasses.dataclass
class Box(Generic[T]):
    content: T


class PydanticNode(pydantic.BaseModel):
    value: int = pydantic.Field(ge=1)
    kids: "list[PydanticNode]" = []
    address: "PydanticAddress | None" = None


class PydanticAddress(pydantic.BaseModel):
    city: str


UserId = NewType("UserId", int)


def schema(annotation: Any, **options: Any) -> Any:
    builder = SchemaBuilder()
    found, _ = builder.components.finish(builder.schema(annotation, **options))
    return found


def components(*annotations: Any) -> dict[str, Any]:
    builder = SchemaBuilder()
    _, found = builder.components.finish([builder.schema(annotation) for annotation in annotations])
    return found


REF = "#/components/schemas/"


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (str, {"type": "string"}),
        (int, {"type": "integer"}),
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (None, {"type": "null"}),
        (datetime.datetime, {"type": "string", "format": "date-time"}),
        (datetime.date, {"type": "string", "format": "date"}),
        (datetime.time, {"type": "string", "format": "time"}),
        (datetime.timedelta, {"type": "string", "format": "duration"}),
        (bytes, {"type": "string", "format": "byte", "contentEncoding": "base64"}),
        (uuid.UUID, {"type": "string", "format": "uuid"}),
        (decimal.Decimal, {"type": "string", "format": "decimal"}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (list, {"type": "array"}),
        (Sequence[int], {"type": "array", "items": {"type": "integer"}}),
        (AsyncIterator[int], {"type": "array", "items": {"type": "integer"}}),
        (collections.deque[int], {"type": "array", "items": {"type": "integer"}}),
        (set[int], {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}),
        (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
        (list[list[int]], {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (Mapping[str, Any], {"type": "object", "additionalProperties": True}),
        (dict, {"type": "object"}),
        (Any, {}),
        (object, {}),
        (Colour, {"type": "string", "enum": ["red", "blue"]}),
        (Literal["a", 1], {"type": ["string", "integer"], "enum": ["a", 1]}),
        (int | None, {"type": ["integer", "null"]}),
        (Colour | None, {"type": ["string", "null"], "enum": ["red", "blue", None]}),
        (int | str, {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        (int | str | None, {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]}),
        (Any | None, {}),
        (UserId, {"type": "integer"}),
        (Address, {"$ref": f"{REF}Address"}),
        (Address | None, {"anyOf": [{"$ref": f"{REF}Address"}, {"type": "null"}]}),
        (list[Address], {"type": "array", "items": {"$ref": f"{REF}Address"}}),
        (
            Annotated[list[int], Meta(min_length=1, max_length=3, title="Few")],
            {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3, "title": "Few"},
        ),
        (
            Annotated[dict[str, int], Meta(max_length=3)],
            {"type": "object", "additionalProperties": {"type": "integer"}, "maxProperties": 3},
        ),
        (
            Annotated[
                int, Meta(ge=1, lt=9, multiple_of=2, description="d", examples=[2], extra_json_schema={"x-a": 1})
            ],
            {
                "type": "integer",
                "minimum": 1,
                "exclusiveMaximum": 9,
                "multipleOf": 2,
                "description": "d",
                "examples": [2],
                "x-a": 1,
            },
        ),
        (Annotated[str, Meta(min_length=1, pattern="^a")], {"type": "string", "minLength": 1, "pattern": "^a"}),
        (Annotated[int, Meta(ge=1)] | None, {"type": ["integer", "null"], "minimum": 1}),
    ],
)
def test_types_have_their_schemas(annotation, expected):
    """OAS-008, MODEL-072, MODEL-073"""
    assert schema(annotation) == expected
    jsonschema.Draft202012Validator.check_schema(schema(annotation))


def test_a_type_without_json_form_is_an_error_naming_it():
    for annotation in (type("Service", (), {}), complex, list[complex]):
        with pytest.raises(AnnotationError, match=r"Service|complex"):
            schema(annotation)


def test_a_failed_schema_is_not_taken_for_an_empty_one_the_next_time():
    @dataclasses.dataclass
    class Broken:
        x: complex

    builder = SchemaBuilder()
    for _ in range(2):
        with pytest.raises(AnnotationError):
            builder.schema(Broken)


def test_a_model_is_described_once_and_referred_to_everywhere():
    """OAS-013"""
    found = components(list[Person], Person, dict[str, Address])
    assert list(found) == ["Person", "Address"]
    assert found["Person"] == {
        "title": "Person",
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "home": {"$ref": f"{REF}Address"},
            "friends": {"type": "array", "items": {"$ref": f"{REF}Person"}},
            "other": {"anyOf": [{"$ref": f"{REF}Address"}, {"type": "null"}], "default": None},
        },
        "required": ["name", "home"],
    }
    assert found["Address"] == {
        "title": "Address",
        "type": "object",
        "description": "Where somebody lives.",
        "properties": {
            "city": {"type": "string"},
            "zip": {"type": "string", "pattern": "^[0-9]+$", "description": "Digits.", "default": "0"},
        },
        "required": ["city"],
    }


def test_structs_say_names_on_the_wire_and_whether_they_forbid():
    """OAS-013, REST-144"""
    assert components(Item)["Item"] == {
        "title": "Item",
        "type": "object",
        "properties": {
            "itemId": {"type": "integer"},
            "price": {"type": "number", "default": 1.5},
            "note": {"type": "string"},
            "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        },
        "required": ["itemId"],
        "additionalProperties": False,
    }


def test_tagged_unions_have_a_discriminator():
    """REST-147"""
    found = schema(Cat | Dog)
    assert found["discriminator"] == {"propertyName": "type", "mapping": {"cat": f"{REF}Cat", "dog": f"{REF}Dog"}}
    assert components(Cat)["Cat"]["properties"]["type"] == {"type": "string", "enum": ["cat"]}
    assert components(Cat)["Cat"]["required"] == ["type", "lives"]


@pytest.mark.parametrize(
    ("annotation", "name", "properties", "required"),
    [
        (Options, "Options", ["a", "b"], ["a"]),
        (MoreOptions, "MoreOptions", ["a", "b", "c"], ["a"]),
        (AttrsPoint, "AttrsPoint", ["x", "y"], ["x"]),
        (Box[int], "Box_int_", ["content"], ["content"]),
    ],
)
def test_every_sort_of_class_with_fields_is_described(annotation, name, properties, required):
    """REST-112"""
    (found,) = components(annotation).values()
    assert list(components(annotation)) == [name]
    assert list(found["properties"]) == properties
    assert found["required"] == required


@pytest.mark.parametrize(("annotation", "least"), [(Pair, 1), (Row, 1)])
def test_positional_classes_are_arrays(annotation, least):
    (found,) = components(annotation).values()
    assert found["type"] == "array"
    assert found["prefixItems"] == [{"type": "integer"}, {"type": "string", "default": "x"}]
    assert found["minItems"] == least


def test_type_arguments_reach_the_fields():
    """REST-077"""
    found = components(Box[int], Box[list[Address]])
    assert found["Box_int_"]["properties"]["content"] == {"type": "integer"}
    other = next(item for name, item in found.items() if name.startswith("Box_list"))
    assert other["properties"]["content"]["items"] == {"$ref": f"{REF}Address"}


def test_pydantic_models_bring_their_nested_ones_along():
    """OAS-013, REST-112"""
    found = components(list[PydanticNode])
    assert set(found) == {"PydanticNode", "PydanticAddress"}
    assert found["PydanticNode"]["properties"]["kids"]["items"] == {"$ref": f"{REF}PydanticNode"}
    assert found["PydanticNode"]["properties"]["value"] == {"minimum": 1, "type": "integer"}
    assert "$defs" not in str(found)


def twins(kind: str) -> list[type]:
    found = []
    for name, field in (("shop.models", "price"), ("blog.models", "text")):
        cls = dataclasses.make_dataclass("Item", [(field, str)], namespace={"__module__": name})
        cls.__module__ = name
        found.append(cls)
    return found if kind == "ab" else found[::-1]


def test_different_models_of_one_name_are_named_apart_whatever_their_order():
    """OAS-013"""
    names = {"shop.models.Item", "blog.models.Item"}
    assert set(components(*twins("ab"))) == set(components(*twins("ba"))) == names
    found = components(*twins("ab"))
    assert list(found["shop.models.Item"]["properties"]) == ["price"]
    assert list(components(twins("ab")[0])) == ["Item"]


def test_models_of_one_name_and_one_place_get_numbers():
    """OAS-013"""
    one, other = (dataclasses.make_dataclass("Local", [(name, int)]) for name in "ab")
    one.__module__ = other.__module__ = ModuleType("m").__name__
    names = list(components(one, other))
    assert len(set(names)) == 2
    assert all(name.startswith("m.Local") for name in names)


def model(title: str, body: dict[str, Any], name: str = "Own") -> type:
    """A class that describes itself by a schema."""

    class Adapter:
        def json_schema(self, **options: Any) -> dict[str, Any]:
            suffix = "Partial" if options.get("partial") else ""
            return {"title": title + suffix, "type": "object", **body}

    return type(name, (), {"__mainspring_model__": classmethod(lambda cls: Adapter())})


def test_nested_models_of_an_adapter_become_components():
    """OAS-013"""
    address = {"title": "Address", "type": "object", "properties": {"city": {"type": "string"}}}
    customer = model(
        "Customer",
        {
            "properties": {
                "a": {"$ref": "#/$defs/Address"},
                "self": {"$ref": "#"},
                "other": {"$ref": "#/$defs/Customer"},
            },
            "$defs": {"Address": address},
        },
    )
    address_model = model("Address", {"properties": {"city": {"type": "string"}}})
    found = components(list[customer], address_model)
    assert set(found) == {"Customer", "Address"}
    assert found["Customer"]["properties"]["self"] == {"$ref": f"{REF}Customer"}
    assert found["Customer"]["properties"]["a"] == {"$ref": f"{REF}Address"}
    assert found["Address"] == address


def test_options_make_schemas_of_their_own():
    """OAS-013"""
    own = model("Todo", {"properties": {"id": {"type": "integer"}}})
    builder = SchemaBuilder()
    value = [builder.schema(own), builder.schema(list[own], partial=True)]
    found, schemas = builder.components.finish(value)
    assert found == [{"$ref": f"{REF}Todo"}, {"type": "array", "items": {"$ref": f"{REF}TodoPartial"}}]
    assert list(schemas) == ["Todo", "TodoPartial"]


def test_models_of_one_title_that_differ_are_never_merged():
    """OAS-013, MODEL-081"""
    one = model("Thing", {"properties": {"a": {"type": "integer"}}}, "One")
    other = model("Thing", {"properties": {"b": {"type": "integer"}}}, "Other")
    assert len(components(one, other)) == 2


def test_names_that_are_taken_are_respected():
    """OAS-029"""
    found = Components()
    value = found.reference("k", "Todo", lambda: {"type": "object"})
    same, shared = found.finish(value, {"Todo": {"type": "object"}})
    other, apart = found.finish(value, {"Todo": {"type": "string"}})
    assert (same, shared) == ({"$ref": f"{REF}Todo"}, {"Todo": {"type": "object"}})
    assert (other, apart) == ({"$ref": f"{REF}Todo2"}, {"Todo2": {"type": "object"}})


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        (Person, {"name": "a", "home": {"city": "c"}}, {"name": "a"}),
        (Item, {"itemId": 1}, {"itemId": 1, "x": 2}),
        (Cat | Dog | None, {"type": "dog", "name": "x"}, {"type": "dog"}),
        (tuple[int, str], [1, "a"], [1]),
        (Pair, [1], []),
        (PydanticNode, {"value": 1, "kids": [{"value": 2}]}, {"value": 0}),
    ],
)
def test_schemas_accept_what_is_decoded_and_refuse_what_is_not(annotation, good, bad):
    """OAS-008, OAS-013"""
    builder = SchemaBuilder(Components("#/$defs/"))
    found, definitions = builder.components.finish(builder.schema(annotation))
    validator = jsonschema.Draft202012Validator({**found, "$defs": definitions})
    assert validator.is_valid(good)
    assert not validator.is_valid(bad)


def test_a_default_of_none_is_told_where_null_may_be_sent():
    """OAS-001 OAS-007"""

    @dataclasses.dataclass
    class Loose:
        count: int = None  # type: ignore[assignment]  # as many write it
        address: Address = None  # type: ignore[assignment]  # as above
        name: str | None = None
        colour: Literal["red", None] = None
        anything: Any = None
        other: Address | None = None

    properties = components(Loose)["Loose"]["properties"]
    assert [name for name, schema in properties.items() if "default" in schema] == [
        "name",
        "colour",
        "anything",
        "other",
    ]
