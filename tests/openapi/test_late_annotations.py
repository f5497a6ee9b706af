"""Everything that reads annotations, in a file where all of them are text."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, Generic, NotRequired, Required, TypedDict, TypeVar

import attrs
import msgspec
import pytest

from mainspring.openapi import SchemaViolation, describe_handler, param, request_body
from mainspring.openapi.codecs import json_codec
from mainspring.openapi.components import Components
from mainspring.openapi.schemas import SchemaBuilder

T = TypeVar("T")


class Handlers:
    def create(self, id: int, todo: Todo, limit: Annotated[int, param.query(ge=1)] = 3) -> list[Todo]: ...

    def body(self, data: Annotated[dict[str, Any], request_body()]) -> None: ...

    def list(self) -> list[Todo]: ...


class Crud(Generic[T]):
    def make(self, item: T) -> T | None: ...


@dataclasses.dataclass
class Todo:
    title: str
    part: Todo | None = None
    note: Annotated[str, msgspec.Meta(max_length=3)] = ""


class TodoCrud(Crud[Todo]): ...


class Plain(TypedDict):
    a: int
    b: NotRequired[str]


class Loose(Plain, total=False):
    c: Required[Todo]
    d: float


@attrs.define
class Point:
    x: int
    todo: Todo | None = None


class Row(msgspec.Struct):
    todos: list[Todo]


def test_handlers_are_described():
    """REST-072"""
    found = describe_handler(Handlers.create, verb="post", path="/{id}", spec=None, owner=Handlers)
    assert [(item.name, item.source, item.required) for item in found.parameters] == [
        ("id", "path", True),
        ("todo", "body", True),
        ("limit", "query", False),
    ]
    assert found.parameters[2].constraints == {"minimum": 1}
    assert (found.body.annotation, found.returns) == (Todo, list[Todo])
    listed = describe_handler(Handlers.list, verb="get", path="/", spec=None, owner=Handlers)
    assert listed.returns == list[Todo]
    inherited = describe_handler(TodoCrud.make, verb="post", path="/", spec=None, owner=TodoCrud)
    assert (inherited.body.annotation, inherited.returns) == (Todo, Todo | None)


@pytest.mark.parametrize(
    ("annotation", "properties", "required"),
    [
        (Todo, ["title", "part", "note"], ["title"]),
        (Plain, ["a", "b"], ["a"]),
        (Loose, ["a", "b", "c", "d"], ["a", "c"]),
        (Point, ["x", "todo"], ["x"]),
        (Row, ["todos"], ["todos"]),
    ],
)
def test_models_are_described(annotation, properties, required):
    """REST-072, OAS-013"""
    builder = SchemaBuilder(Components())
    reference = builder.schema(annotation)
    schema = builder.components.schema_of(reference)
    assert (list(schema["properties"]), schema["required"]) == (properties, required)


def test_models_are_decoded_with_all_their_violations():
    """REST-072, REST-141"""
    assert json_codec(Loose).decode(b'{"a":1,"c":{"title":"t"}}') == {"a": 1, "c": Todo("t")}
    with pytest.raises(SchemaViolation) as caught:
        json_codec(list[Row]).decode(b'[{"todos":[{"title":1,"note":"long"}]},{}]')
    assert [(item.path, item.code) for item in caught.value.violations] == [
        ("/0/todos/0/title", "type"),
        ("/0/todos/0/note", "maxLength"),
        ("/1", "required"),
    ]


def test_models_that_only_a_function_knows_are_decoded_as_well():
    """REST-072, REST-112"""

    @dataclasses.dataclass
    class Inner:
        x: int

    @dataclasses.dataclass
    class Outer:
        inner: Inner
        many: list[Inner] = dataclasses.field(default_factory=list)

    def handler(outer: Outer) -> Outer: ...

    annotation = describe_handler(handler, verb="post", path="/", spec=None).body.annotation
    codec = json_codec(annotation)
    assert codec.decode(b'{"inner":{"x":1},"many":[{"x":2}]}') == Outer(Inner(1), [Inner(2)])
    with pytest.raises(SchemaViolation) as caught:
        codec.decode(b'{"many":[{"x":"y"}]}')
    assert [(item.path, item.code) for item in caught.value.violations] == [("", "required"), ("/many/0/x", "type")]
