"""Where the parameters of a handler come from."""

import collections.abc
import dataclasses
import functools
from abc import ABC, abstractmethod
from datetime import datetime
from enum import Enum
from inspect import Parameter
from typing import Annotated, Any, Generic, Literal, NamedTuple, Protocol, TypedDict, TypeVar
from uuid import UUID

import attrs
import msgspec
import pydantic
import pytest

from mainspring.errors import MainspringError
from mainspring.openapi import (
    AnnotationError,
    DeclarationError,
    DocumentError,
    UnknownLocationError,
    describe_handler,
    param,
    request_body,
)
from mainspring.openapi.parameters import MISSING


@dataclasses.dataclass
class Point:
    x: int


@attrs.define
class AttrsPoint:
    x: int


class StructPoint(msgspec.Struct):
    x: int


class DictPoint(TypedDict):
    x: int


class TuplePoint(NamedTuple):
    x: int


class PydanticPoint(pydantic.BaseModel):
    x: int


class OwnModel:
    @classmethod
    def __mainspring_model__(cls) -> Any: ...


class Service: ...


class Port(Protocol):
    def send(self) -> None: ...


class AbstractService(ABC):
    @abstractmethod
    def serve(self) -> None: ...


T = TypeVar("T")


class GenericService(Generic[T]): ...


class Colour(Enum):
    RED = "red"


class Marker:
    __mainspring_injected__ = True


def described(handler, path="/x/{id}", *, verb="post", spec=None, owner=None, components=None):
    return describe_handler(handler, verb=verb, path=path, spec=spec, owner=owner, components=components)


def sources(handler, path="/x/{id}", **options) -> dict[str, str]:
    return {found.name: found.source for found in described(handler, path, **options).parameters}


@pytest.mark.parametrize(
    ("annotation", "source"),
    [
        (int, "query"),
        (str, "query"),
        (UUID, "query"),
        (datetime, "query"),
        (Colour, "query"),
        (Literal["a", 1], "query"),
        (int | None, "query"),
        (int | str, "query"),
        (list[int], "query"),
        (set[str], "query"),
        (dict, "query"),
        (dict[str, int], "query"),
        (Any, "query"),
        (Point, "body"),
        (AttrsPoint, "body"),
        (StructPoint, "body"),
        (DictPoint, "body"),
        (TuplePoint, "body"),
        (PydanticPoint, "body"),
        (OwnModel, "body"),
        (list[Point], "body"),
        (Point | None, "body"),
        (Point | StructPoint, "body"),
        (dict[str, Point], "body"),
        (Annotated[Point, "note"], "body"),
        (collections.abc.AsyncIterator[bytes], "body"),
        (Service, "inject"),
        (Port, "inject"),
        (AbstractService, "inject"),
        (GenericService[int], "inject"),
        (Service | None, "inject"),
        (Annotated[int, param.header()], "header"),
        (Annotated[int, param.cookie()], "cookie"),
        (Annotated[Point, param.query()], "query"),
        (Annotated[str, param.form()], "form"),
        (Annotated[bytes, param.file()], "file"),
        (Annotated[dict, request_body()], "body"),
        (Annotated[Point, Marker()], "inject"),
        (Annotated[int, param.header()] | None, "header"),
    ],
)
def test_the_type_says_where_a_parameter_comes_from_unless_a_marker_does(annotation, source):
    """REST-067, REST-112, REST-113"""

    def handler(value): ...

    handler.__annotations__ = {"value": annotation}
    assert sources(handler) == {"value": source}


def test_a_name_in_the_template_is_a_path_parameter():
    """REST-081"""

    def handler(id: int, user_id: str, q: str): ...

    (identity, user, q) = described(handler, "/x/{id}/{user-id}").parameters
    assert (identity.source, user.source, q.source) == ("path", "path", "query")
    assert (user.wire_name, user.required) == ("user-id", True)


def test_markers_work_as_defaults_too_and_carry_the_real_default():
    """REST-081, REST-088"""

    def handler(
        a: int = param.query("A", ge=1, le=9, description="d"),
        b: str = param.header(default="x"),
        c: list[str] = param.query(default_factory=list),
        d: str = Marker(),
    ): ...

    a, b, c, d = described(handler).parameters
    assert (a.wire_name, a.required, a.constraints) == ("A", True, {"minimum": 1, "maximum": 9})
    assert a.extras == {"description": "d"}
    assert (b.required, b.default) == (False, "x")
    assert (c.required, c.default, c.default_factory) == (False, MISSING, list)
    assert (d.source, isinstance(d.injection, Marker)) == ("inject", True)


def test_header_names_have_hyphens():
    """REST-081"""

    def handler(x_request_id: Annotated[str, param.header()], other: Annotated[str, param.header("X-O")]): ...

    assert [found.wire_name for found in described(handler).parameters] == ["x-request-id", "X-O"]


def test_a_parameter_with_neither_default_nor_none_is_required():
    """REST-085"""

    def handler(
        a: int, b: int | None, c: int = 1, d: int | None = None, e=2, *, f: Annotated[int, param.query(required=False)]
    ): ...

    found = {item.name: (item.required, item.default) for item in described(handler).parameters}
    assert found == {
        "a": (True, MISSING),
        "b": (False, None),
        "c": (False, 1),
        "d": (False, None),
        "e": (False, 2),
        "f": (False, MISSING),
    }


def test_an_unknown_option_of_a_marker_is_refused():
    with pytest.raises(DeclarationError, match="'gte' is no option"):
        param.query(gte=1)


def test_constraints_of_msgspec_stay_with_the_type():
    """REST-098"""

    def handler(a: Annotated[int, msgspec.Meta(ge=1), param.query("A"), "note"]): ...

    (found,) = described(handler).parameters
    assert found.annotation == Annotated[int, msgspec.Meta(ge=1), "note"]


def test_injected_parameters_mix_freely_in_any_order():
    """REST-066"""

    def handler(a: Service, q: int, b: Annotated[Any, Marker()], todo: Point, c: Service | None = None): ...

    assert list(sources(handler).values()) == ["inject", "query", "inject", "body", "inject"]
    first, *_, last = described(handler).parameters
    assert (first.injection, first.required, last.required) == (None, True, False)


# -- kinds of handlers


class Controller:
    def plain(self, a: int): ...

    async def coroutine(self, a: int): ...

    @staticmethod
    def static(a: int): ...

    @classmethod
    def klass(cls, a: int): ...


@pytest.mark.parametrize("name", ["plain", "coroutine", "static", "klass"])
def test_methods_of_every_kind_are_described_without_their_first_parameter(name):
    """REST-070"""
    for handler in (getattr(Controller, name), vars(Controller)[name]):
        found = described(handler, owner=Controller)
        assert [item.name for item in found.parameters] == ["a"]
        assert found.name == f"Controller.{name}"
    assert [item.name for item in described(getattr(Controller(), name)).parameters] == ["a"]


class Callable:
    def __call__(self, a: int) -> str: ...


def test_partials_and_callable_objects_are_described_by_what_they_still_take():
    """REST-070"""

    def handler(a: int, b: str, c: float, *, d: bool): ...

    assert list(sources(functools.partial(handler, 1, c=2.0, d=True))) == ["b"]
    found = described(Callable())
    assert [(item.name, item.annotation) for item in found.parameters] == [("a", int)]
    assert found.returns is str


def test_a_decorated_handler_is_described_by_what_it_wraps():
    """REST-070"""

    def handler(a: int) -> str: ...

    @functools.wraps(handler)
    def wrapper(*args, **kwargs): ...

    assert [(item.name, item.annotation) for item in described(wrapper).parameters] == [("a", int)]


def test_positional_only_and_keyword_only_parameters_keep_their_kind():
    """REST-073"""

    def handler(a: int, /, b: int, *, c: int): ...

    assert [item.kind for item in described(handler).parameters] == [
        Parameter.POSITIONAL_ONLY,
        Parameter.POSITIONAL_OR_KEYWORD,
        Parameter.KEYWORD_ONLY,
    ]


def test_var_positional_is_refused_naming_the_operation():
    """REST-073"""

    def handler(*args): ...

    with pytest.raises(DeclarationError, match=r"POST /x \(handler\): \*args"):
        described(handler, "/x")


def test_var_keyword_receives_what_the_spec_declares_and_the_signature_does_not_name():
    """REST-073, REST-111"""

    def handler(a, **kwargs): ...

    spec = {
        "parameters": [
            {"name": "a", "in": "query", "schema": {"type": "integer"}},
            {"name": "x-b", "in": "header", "required": True, "schema": {"type": "string"}},
        ]
    }
    a, b = described(handler, "/x", spec=spec).parameters
    assert (a.source, a.schema) == ("query", {"type": "integer"})
    assert (b.name, b.wire_name, b.source, b.kind, b.required) == ("x_b", "x-b", "header", Parameter.VAR_KEYWORD, True)


# -- annotations


def test_an_annotation_that_cannot_be_evaluated_names_handler_parameter_and_text():
    """REST-072"""

    def handler(a: "Nowhere"): ...  # noqa: F821 - the point of the test

    with pytest.raises(AnnotationError) as caught:
        described(handler)
    text = str(caught.value)
    assert isinstance(caught.value, MainspringError)
    assert "handler" in text
    assert "'a'" in text
    assert "Nowhere" in text


def test_an_injected_parameter_needs_no_annotation_that_works():
    """REST-072"""

    def handler(a: "Nowhere" = Marker()): ...  # noqa: B008, F821 - the point of the test

    assert sources(handler) == {"a": "inject"}


class Late:
    def method(self, other: "LateModel | None") -> "list[LateModel]": ...

    def list(self) -> "list[int]": ...


@dataclasses.dataclass
class LateModel:
    x: int


def test_forward_references_are_resolved_when_the_handler_is_described():
    """REST-072"""
    found = described(Late.method, owner=Late)
    assert found.body.annotation == LateModel | None
    assert found.returns == list[LateModel]
    assert described(Late.list, owner=Late).returns == list[int]


def test_names_of_the_function_around_are_seen():
    """REST-072"""

    @dataclasses.dataclass
    class Local:
        x: int

    def handler(todo: "Local") -> "list[Local]": ...

    assert described(handler).body.annotation is Local


class Crud(Generic[T]):
    def create(self, item: T, others: list[T] | None = None) -> T | None: ...


class PointCrud(Crud[Point]): ...


class DeeperCrud(PointCrud): ...


U = TypeVar("U")


class Between(Crud[U], Generic[U]): ...


class PointBetween(Between[Point]): ...


@pytest.mark.parametrize("owner", [PointCrud, DeeperCrud, PointBetween])
def test_type_parameters_of_mixins_are_resolved_for_the_concrete_class(owner):
    """REST-077"""
    with pytest.raises(DeclarationError, match="'item' and 'others'"):
        described(owner.create, owner=owner)


class One(Generic[T]):
    def create(self, item: T, query: Annotated[list[T], param.query()]) -> T | None: ...


class PointOne(One[Point]): ...


def test_type_parameters_are_resolved_within_annotations():
    """REST-077"""
    found = described(PointOne.create, owner=PointOne)
    assert found.body.annotation is Point
    assert found.parameters[1].annotation == list[Point]
    assert found.returns == Point | None


# -- what is refused


def test_two_bodies_are_refused_naming_operation_and_both():
    """REST-114"""

    def two(a: Point, b: StructPoint): ...

    with pytest.raises(DeclarationError, match=r"POST /x \(two\): 'a' and 'b'"):
        described(two, "/x")

    def mixed(a: Point, b: Annotated[str, param.form()]): ...

    with pytest.raises(DeclarationError, match="'a' and 'b'"):
        described(mixed, "/x")


def test_form_and_file_parameters_share_one_body():
    """REST-114"""

    def handler(
        a: Annotated[str, param.form()],
        b: Annotated[bytes, param.file("photo")],
        c: Annotated[int | None, param.form()],
    ): ...

    body = described(handler).body
    assert [field.wire_name for field in body.fields] == ["a", "photo", "c"]
    assert list(body.media) == ["multipart/form-data"]
    assert body.parameter is None
    assert body.required


def test_a_path_parameter_the_template_lacks_is_refused_and_a_variable_nobody_takes_is_not():
    """REST-053"""

    def wrong(a: Annotated[int, param.path("missing")]): ...

    with pytest.raises(DeclarationError, match=r"GET /x/\{id\} \(wrong\).*'a'.*'missing'"):
        described(wrong, verb="get")

    def nothing(): ...

    assert described(nothing).parameters == ()


def test_a_parameter_in_an_unknown_location_is_refused_naming_it():
    """REST-107"""

    def handler(a): ...

    with pytest.raises(UnknownLocationError, match="'a' is in the unknown location 'body'") as caught:
        described(handler, spec={"parameters": [{"name": "a", "in": "body"}]})
    assert caught.value.location == "body"


def test_a_marker_that_contradicts_the_annotation_is_refused_naming_both():
    """OAS-011"""

    def handler(a: Annotated[str, param.query(schema={"type": "array"})]): ...

    with pytest.raises(DeclarationError, match="'a' says 'array', but it is annotated str"):
        described(handler)

    def fine(a: Annotated[int, param.query(schema={"type": "number"})]): ...

    assert described(fine).parameters[0].schema == {"type": "number"}


# -- specs


def test_parameters_of_a_spec_are_matched_by_name_with_hyphens_and_dots_as_underscores():
    """REST-111"""

    def handler(x_id, page_size: int, token): ...

    spec = {
        "parameters": [
            {"name": "x-id", "in": "header", "required": True, "schema": {"type": "integer"}},
            {"name": "page.size", "in": "query", "schema": {"type": "string"}},
            {"$ref": "#/components/parameters/Token"},
        ]
    }
    components = {
        "parameters": {"Token": {"name": "token", "in": "cookie", "schema": {"type": "string", "default": "t"}}}
    }
    x_id, page, token = described(handler, "/x", spec=spec, components=components).parameters
    assert (x_id.source, x_id.wire_name, x_id.required, x_id.schema) == ("header", "x-id", True, {"type": "integer"})
    assert (page.wire_name, page.annotation, page.required) == ("page.size", int, True)
    assert (token.source, token.required, token.default) == ("cookie", False, "t")


def test_a_reference_that_names_nothing_is_an_error_naming_it():
    """REST-111"""
    with pytest.raises(DocumentError, match="#/components/parameters/None"):
        described(lambda: None, spec={"parameters": [{"$ref": "#/components/parameters/None"}]})


def test_the_body_of_a_spec_goes_to_the_parameter_nothing_else_claims():
    """REST-111"""

    def handler(id, data): ...

    spec = {"requestBody": {"required": True, "content": {"application/xml": {"schema": {"type": "object"}}}}}
    found = described(handler, spec=spec)
    assert [item.source for item in found.parameters] == ["path", "body"]
    assert (found.body.required, list(found.body.media)) == (True, ["application/xml"])
    assert found.body.media["application/xml"].schema == {"type": "object"}

    def typed(id: int, data: dict[str, Any]): ...

    assert list(sources(typed, spec=spec).values()) == ["path", "body"]


# -- bodies


def test_json_is_the_only_media_type_unless_said():
    """REST-115"""

    def handler(a: Point): ...

    assert list(described(handler).body.media) == ["application/json"]


def test_a_body_marker_says_media_types_schema_options_and_parser():
    """REST-115, REST-123, REST-132"""

    def handler(
        a: Annotated[
            Point | None,
            request_body(
                description="d",
                content={"application/xml": {}, "text/csv": {"schema": {"type": "string"}, "x-parser": "raw"}},
                partial=True,
                exclude=["id"],
            ),
        ],
    ): ...

    body = described(handler, spec={"x-limit": "2mb"}).body
    assert (body.description, body.required, body.limit) == ("d", False, "2mb")
    assert body.options == {"partial": True, "exclude": ["id"]}
    assert body.media["application/xml"].schema is None
    assert (body.media["text/csv"].schema, body.media["text/csv"].parser) == ({"type": "string"}, "raw")


def test_a_media_type_that_is_none_is_refused():
    def handler(a: Annotated[Point, request_body(content={"json": {}})]): ...

    with pytest.raises(DeclarationError, match="'json' is no media type"):
        described(handler)


def test_a_stream_is_handed_over_unread():
    """REST-125, HTTP-029"""

    def one(a: Annotated[collections.abc.AsyncIterator[bytes], request_body(content={"image/*": {}})]): ...

    def two(a: Annotated[Any, request_body(content={"image/png": {"x-parser": "stream"}})]): ...

    def three(request: Annotated[Any, request_body.file()]): ...

    assert [described(handler).body.stream for handler in (one, two, three)] == [True, True, True]
    assert list(described(three).body.media) == ["multipart/form-data"]


def test_upload_classes_are_files_without_a_marker():
    """HTTP-028"""

    class Upload:
        __mainspring_upload__ = True

    def handler(a: Upload, b: list[Upload], c: Upload | None = None): ...

    assert list(sources(handler).values()) == ["file", "file", "file"]


def test_filters_and_conditions_have_their_names():
    """REST-106"""

    def handler(
        a: Annotated[dict | None, param.filter(OwnModel)] = None,
        b: Annotated[dict | None, param.filter(OwnModel, "q", exclude="where")] = None,
        c: Annotated[dict | None, param.filter(OwnModel, name="f", exclude=["limit", "skip"])] = None,
        d: Annotated[dict | None, param.where(OwnModel)] = None,
    ): ...

    found = described(handler).parameters
    assert [item.wire_name for item in found] == ["filter", "q", "f", "where"]
    assert [item.role for item in found] == ["filter", "filter", "filter", "where"]
    assert [item.marker.exclude for item in found] == [(), ("where",), ("limit", "skip"), ()]
    assert not any(item.required for item in found)


def test_the_documentation_is_that_of_the_handler():
    """OAS-017"""

    def handler():
        """First.

        Rest.
        """

    assert described(handler).documentation == "First.\n\nRest."
    assert described(lambda: None).documentation is None
