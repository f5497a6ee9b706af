"""Documents: operations as their handlers say, specs merged over them, components by name."""

import copy
import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Generic, TypeVar

import msgspec
import openapi_spec_validator
import pytest

from mainspring.openapi import (
    AnnotationError,
    api,
    controller_operations,
    deprecated,
    describe_handler,
    get,
    operation_spec,
    param,
    post,
    put,
    request_body,
    response,
    tags,
    visibility,
)
from mainspring.openapi.dialects import to_openapi_30
from mainspring.openapi.documents import (
    DocumentedOperation,
    DocumentSource,
    assemble_document,
    empty_document,
    finished_document,
)
from mainspring.openapi.notes import method_notes

REF = "#/components/schemas/"


@dataclasses.dataclass
class Todo:
    title: str
    id: int | None = None
    parts: "list[Todo]" = dataclasses.field(default_factory=list)


class Problem(msgspec.Struct):
    code: int


class Other(msgspec.Struct):
    text: str


def of_controllers(*classes: type, **source: Any) -> DocumentSource:
    operations = [
        DocumentedOperation.of_declaration(
            found, describe_handler(found.handler, verb=found.verb, path=found.path, spec=found.spec, owner=found.owner)
        )
        for cls in classes
        for found in controller_operations(cls)
    ]
    return DocumentSource(operations, **source)


def of_function(handler: Any, verb: str = "get", path: str = "/x", spec: Any = None, **source: Any) -> DocumentSource:
    description = describe_handler(handler, verb=verb, path=path, spec=spec)
    return DocumentSource([DocumentedOperation.of_function(description, method_notes(handler))], **source)


def document(*classes: type, consolidate: bool = True, **source: Any) -> dict[str, Any]:
    found = finished_document(assemble_document(of_controllers(*classes, **source)), consolidate=consolidate)
    openapi_spec_validator.validate(found)
    openapi_spec_validator.validate(to_openapi_30(found))
    return found


def function_document(handler: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
    found = finished_document(assemble_document(of_function(handler, *args, **kwargs)))
    openapi_spec_validator.validate(found)
    openapi_spec_validator.validate(to_openapi_30(found))
    return found


def operation(handler: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
    (item,) = function_document(handler, *args, **kwargs)["paths"].values()
    (found,) = item.values()
    return found


def parameter(annotation: Any, *extra: Any, default: Any = ...) -> dict[str, Any]:
    def handler(value): ...

    handler.__annotations__ = {"value": Annotated[annotation, *extra] if extra else annotation}
    if default is not ...:
        handler.__defaults__ = (default,)
    (found,) = operation(handler)["parameters"]
    return found


def test_the_empty_document_is_valid():
    """OAS-001"""
    found = empty_document()
    assert found == {
        "openapi": "3.1.0",
        "info": {"title": "Mainspring Application", "version": "1.0.0"},
        "servers": [{"url": "/"}],
        "paths": {},
    }
    openapi_spec_validator.validate(found)


class Todos:
    """All about todos."""

    @get("/todos/{id}")
    async def one(self, id: int) -> Todo:
        """Find one.

        By its number,
        as you know.
        """

    @post("/todos")
    async def create(self, todo: Todo) -> Todo: ...

    @put("/todos/{id}")
    def replace(self, id: int, todo: Todo): ...


def test_an_operation_without_a_spec_says_what_its_handler_says():
    """OAS-002, OAS-016, OAS-017"""
    found = document(Todos)
    assert found["paths"]["/todos/{id}"]["get"] == {
        "summary": "Find one.",
        "description": "By its number,\nas you know.",
        "operationId": "Todos.one",
        "tags": ["Todos"],
        "x-controller-name": "Todos",
        "x-operation-name": "one",
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
        "responses": {
            "200": {
                "description": "Return value of Todos.one",
                "content": {"application/json": {"schema": {"$ref": f"{REF}Todo"}}},
            }
        },
    }
    assert found["paths"]["/todos/{id}"]["put"]["responses"] == {
        "200": {"description": "Return value of Todos.replace"}
    }
    assert found["tags"] == [{"name": "Todos", "description": "All about todos."}]
    assert list(found["components"]["schemas"]) == ["Todo"]


def test_a_function_route_has_no_controller_members():
    """OAS-002"""

    def greet(name: str = "you") -> str: ...

    assert operation(greet) == {
        "operationId": "greet",
        "parameters": [{"name": "name", "in": "query", "schema": {"type": "string", "default": "you"}}],
        "responses": {
            "200": {
                "description": "Return value of greet",
                "content": {"text/plain": {"schema": {"type": "string"}}},
            }
        },
    }


def test_ids_that_would_repeat_are_made_distinct():
    """OAS-002"""

    class Many:
        @get("/a")
        @get("/b")
        def x(self): ...

    found = document(Many)
    assert [item["get"]["operationId"] for item in found["paths"].values()] == ["Many.x", "Many.x_2"]


def test_the_spec_is_merged_over_the_derived_operation():
    """OAS-003"""

    class Plain:
        @get(
            "/x",
            {
                "operationId": "mine",
                "summary": "s",
                "responses": {204: {"description": "Nothing"}},
                "tags": ["t"],
                "x-extra": 1,
                "parameters": [
                    {
                        "name": "limit",
                        "in": "query",
                        "description": "most",
                        "schema": {"type": "integer", "maximum": 9},
                    },
                    {"name": "more", "in": "query", "schema": {"type": "string"}},
                ],
            },
        )
        def x(self, limit: int = 5, **kwargs) -> Todo: ...

    found = document(Plain)["paths"]["/x"]["get"]
    assert (found["operationId"], found["summary"], found["tags"], found["x-extra"]) == ("mine", "s", ["t"], 1)
    assert found["responses"] == {"204": {"description": "Nothing"}}
    assert found["parameters"] == [
        {"name": "limit", "in": "query", "description": "most", "schema": {"type": "integer", "maximum": 9}},
        {"name": "more", "in": "query", "schema": {"type": "string"}},
    ]


@pytest.mark.parametrize(
    ("annotation", "extra", "default", "expected"),
    [
        (int, (), ..., {"required": True, "schema": {"type": "integer"}}),
        (int, (), 3, {"schema": {"type": "integer", "default": 3}}),
        (int | None, (), ..., {"schema": {"type": "integer"}}),
        (list[str], (), ..., {"required": True, "schema": {"type": "array", "items": {"type": "string"}}}),
        (
            int,
            (param.query(description="d", example=1, deprecated=True, ge=1),),
            ...,
            {
                "required": True,
                "description": "d",
                "example": 1,
                "deprecated": True,
                "schema": {"type": "integer", "minimum": 1},
            },
        ),
        (
            list[int],
            (param.query(style="pipeDelimited", explode=False, max_length=3),),
            ...,
            {
                "required": True,
                "style": "pipeDelimited",
                "explode": False,
                "schema": {"type": "array", "items": {"type": "integer"}, "maxItems": 3},
            },
        ),
        (str, (param.query(format="email"),), ..., {"required": True, "schema": {"type": "string", "format": "email"}}),
        (
            str,
            (param.query(schema={"maxLength": 3}),),
            "x",
            {"schema": {"type": "string", "maxLength": 3, "default": "x"}},
        ),
        (
            dict,
            (),
            None,
            {"content": {"application/json": {"schema": {"type": "object", "additionalProperties": True}}}},
        ),
        (
            dict[str, int],
            (),
            None,
            {
                "content": {
                    "application/json": {"schema": {"type": "object", "additionalProperties": {"type": "integer"}}}
                }
            },
        ),
        (Todo, (param.query(),), None, {"content": {"application/json": {"schema": {"$ref": f"{REF}Todo"}}}}),
    ],
)
def test_a_parameter_says_what_is_sent(annotation, extra, default, expected):
    """OAS-007, OAS-008, OAS-009, OAS-013"""
    assert parameter(annotation, *extra, default=default) == {"name": "value", "in": "query", **expected}


def test_a_default_without_json_form_stays_unsaid():
    """OAS-007"""
    assert parameter(int, default=object()) == {"name": "value", "in": "query", "schema": {"type": "integer"}}


def test_injected_parameters_do_not_appear():
    """OAS-007, REST-066"""

    class Service: ...

    def handler(service: Service, id: int): ...

    assert [item["name"] for item in operation(handler)["parameters"]] == ["id"]


def test_headers_cookies_and_variables_that_nobody_takes_are_described():
    """OAS-007, REST-053, REST-047"""

    def handler(a: Annotated[int, param.header("X-A")], b: Annotated[str | None, param.cookie()] = None): ...

    found = function_document(handler, path="/{x}/{rest:path}")
    assert list(found["paths"]) == ["/{x}/{rest}"]
    assert [
        (item["in"], item["name"], item.get("required")) for item in found["paths"]["/{x}/{rest}"]["get"]["parameters"]
    ] == [
        ("header", "X-A", True),
        ("cookie", "b", None),
        ("path", "x", True),
        ("path", "rest", True),
    ]


class Model:
    """A model as the repository room describes it."""

    @classmethod
    def __mainspring_model__(cls) -> "Adapter":
        return Adapter()


class Adapter:
    def json_schema(self, **options: Any) -> dict[str, Any]:
        title = "ModelPartial" if options.get("partial") else "Model"
        return {
            "title": title,
            "type": "object",
            "properties": {"id": {"type": "integer"}},
            "additionalProperties": False,
        }

    def filter_schema(self, *, exclude: Any = (), **_: Any) -> dict[str, Any]:
        properties = {
            "where": {"title": "Model.WhereFilter", "type": "object", "additionalProperties": True},
            "limit": {"type": "integer", "minimum": 1},
        }
        kept = {name: schema for name, schema in properties.items() if name not in exclude}
        return {"title": "Model.Filter", "type": "object", "properties": kept, "additionalProperties": False}

    def where_schema(self, **_: Any) -> dict[str, Any]:
        return {"title": "Model.WhereFilter", "type": "object", "additionalProperties": True}


def test_filters_and_conditions_are_described_by_the_model():
    """OAS-010, OAS-030"""

    class Plain:
        @get("/a")
        def a(self, f: Annotated[dict | None, param.filter(Model)] = None): ...

        @get("/b")
        def b(self, f: Annotated[dict | None, param.filter(Model, "q", exclude="where")] = None): ...

        @get("/c")
        def c(self, w: Annotated[dict | None, param.where(Model)] = None): ...

    loose = document(Plain, consolidate=False)
    (found,) = loose["paths"]["/a"]["get"]["parameters"]
    assert (found["name"], found["content"]["application/json"]["schema"]["title"]) == ("filter", "Model.Filter")
    (excluded,) = loose["paths"]["/b"]["get"]["parameters"]
    assert list(excluded["content"]["application/json"]["schema"]["properties"]) == ["limit"]
    (where,) = loose["paths"]["/c"]["get"]["parameters"]
    assert (where["name"], where["content"]["application/json"]["schema"]["title"]) == ("where", "Model.WhereFilter")
    tight = document(Plain)
    assert list(tight["components"]["schemas"]) == ["Model.WhereFilter", "Model.Filter", "Model.Filter1"]
    assert tight["components"]["schemas"]["Model.Filter"]["properties"]["where"] == {"$ref": f"{REF}Model.WhereFilter"}


# -- bodies


def test_a_body_says_media_types_schema_and_whether_it_is_required():
    """OAS-012"""

    def one(todos: list[Todo]): ...

    assert operation(one, "post")["requestBody"] == {
        "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": f"{REF}Todo"}}}},
        "required": True,
    }

    def two(
        todo: Annotated[Todo | None, request_body(description="d", content={"application/xml": {}, "text/json": {}})],
    ): ...

    found = operation(two, "post")["requestBody"]
    assert found["description"] == "d"
    assert "required" not in found
    assert found["content"]["application/xml"] == found["content"]["text/json"] == {"schema": {"$ref": f"{REF}Todo"}}


def test_schemas_and_examples_of_media_types_are_kept_and_the_parser_is_not_published():
    """OAS-012, REST-115, REST-123"""

    def handler(
        a: Annotated[
            Todo,
            request_body(
                content={"application/json": {"schema": {"type": "object"}, "example": {}, "x-parser": "json"}}
            ),
        ],
    ): ...

    assert operation(handler, "post")["requestBody"]["content"] == {
        "application/json": {"schema": {"type": "object"}, "example": {}}
    }


def test_raw_and_streamed_bodies_are_binary():
    """OAS-012"""

    def raw(a: Annotated[bytes, request_body(content={"image/png": {}})]): ...

    def streamed(a: Annotated[AsyncIterator[bytes], request_body(content={"image/*": {}})]): ...

    for handler in (raw, streamed):
        (entry,) = operation(handler, "post")["requestBody"]["content"].values()
        assert entry == {"schema": {"type": "string", "format": "binary"}}


def test_a_form_is_an_object_with_a_property_per_field():
    """OAS-012"""

    def handler(
        title: Annotated[str, param.form(description="d")],
        count: Annotated[int, param.form()] = 1,
        photo: Annotated[bytes | None, param.file("the-photo")] = None,
        others: Annotated[list[bytes] | None, param.file(max_length=3)] = None,
        *,
        more: Annotated[list[bytes], param.file()],
        tags: Annotated[list[str], param.form()],
    ): ...

    (media_type, entry), *more = operation(handler, "post")["requestBody"]["content"].items()
    assert (media_type, more) == ("multipart/form-data", [])
    assert entry["schema"] == {
        "type": "object",
        "properties": {
            "title": {"type": "string", "description": "d"},
            "count": {"type": "integer", "default": 1},
            "the-photo": {"type": "string", "format": "binary"},
            "others": {"type": "array", "items": {"type": "string", "format": "binary"}, "maxItems": 3},
            "more": {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1},
            "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        },
        "required": ["title", "more", "tags"],
    }


def test_options_of_a_body_are_options_of_the_models_schema():
    """OAS-013"""

    def handler(a: Annotated[Model, request_body(partial=True)]): ...

    found = function_document(handler, "patch")
    assert list(found["components"]["schemas"]) == ["ModelPartial"]


# -- responses


class Reply:
    __mainspring_response__ = True

    def __class_getitem__(cls, item: Any) -> Any:
        return GenericReply[item]


T = TypeVar("T")


class GenericReply(Generic[T]):
    __mainspring_response__ = True


@pytest.mark.parametrize(
    ("annotation", "status", "content"),
    [
        (Todo, "200", {"application/json": {"schema": {"$ref": f"{REF}Todo"}}}),
        (list[Todo], "200", {"application/json": {"schema": {"type": "array", "items": {"$ref": f"{REF}Todo"}}}}),
        (str, "200", {"text/plain": {"schema": {"type": "string"}}}),
        (bytes, "200", {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}),
        (AsyncIterator[bytes], "200", {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}),
        (
            dict[str, int],
            "200",
            {"application/json": {"schema": {"type": "object", "additionalProperties": {"type": "integer"}}}},
        ),
        (bool, "200", {"application/json": {"schema": {"type": "boolean"}}}),
        (None, "204", None),
        (Todo | None, "200", {"application/json": {"schema": {"anyOf": [{"$ref": f"{REF}Todo"}, {"type": "null"}]}}}),
        (GenericReply[Todo], "200", {"application/json": {"schema": {"$ref": f"{REF}Todo"}}}),
        (Reply, "200", None),
        (type("Unknown", (), {}), "200", None),
    ],
)
def test_the_return_annotation_describes_the_result(annotation, status, content):
    """OAS-016, REST-165"""

    def handler(): ...

    handler.__annotations__ = {"return": annotation}
    ((found, said),) = operation(handler)["responses"].items()
    assert (found, said.get("content")) == (status, content)


def test_the_return_annotation_describes_the_sole_declared_success():
    """OAS-016, OAS-018"""

    class Plain:
        @post("/a")
        @response(201)
        @response(404, Problem)
        def a(self) -> Todo: ...

        @post("/b")
        @response(404, Problem)
        def b(self) -> Todo: ...

        @post("/c")
        @response(201, Other)
        def c(self) -> Todo: ...

    found = document(Plain)["paths"]
    todo = {"application/json": {"schema": {"$ref": f"{REF}Todo"}}}
    assert found["/a"]["post"]["responses"]["201"] == {"description": "Created", "content": todo}
    assert list(found["/a"]["post"]["responses"]) == ["201", "404"]
    assert found["/b"]["post"]["responses"]["200"]["content"] == todo
    assert found["/c"]["post"]["responses"]["201"]["content"] == {
        "application/json": {"schema": {"$ref": f"{REF}Other"}}
    }


def test_models_of_one_status_combine_as_written():
    """OAS-018"""

    class Plain:
        @get("/a")
        @response(404, Problem, Other)
        @response(409, {"type": "string"})
        @response(404, Todo)
        @response(409, {"description": "Taken", "content": {"text/plain": {"schema": {"type": "string"}}}})
        @response(410, {"$ref": f"{REF}Problem"})
        @response(400, {"content": {"application/xml": {"schema": {"x-type": Todo}}}})
        @response(400, Problem)
        @response("default", Problem)
        def a(self): ...

    found = document(Plain)["paths"]["/a"]["get"]["responses"]
    assert list(found) == ["200", "404", "409", "410", "400", "default"]
    any_of = [{"$ref": f"{REF}{name}"} for name in ("Problem", "Other", "Todo")]
    assert found["404"] == {"description": "Not Found", "content": {"application/json": {"schema": {"anyOf": any_of}}}}
    assert found["409"] == {
        "description": "Taken",
        "content": {"text/plain": {"schema": {"type": "string"}}, "application/json": {"schema": {"type": "string"}}},
    }
    assert found["410"]["content"] == {"application/json": {"schema": {"$ref": f"{REF}Problem"}}}
    assert set(found["400"]["content"]) == {"application/xml", "application/json"}
    assert found["400"]["content"]["application/xml"] == {"schema": {"$ref": f"{REF}Todo"}}
    assert found["default"]["description"] == "Unexpected error"


def test_files_are_binary_of_the_given_types():
    """OAS-019"""

    class Plain:
        @get("/a")
        @response.file("image/png", "image/jpeg")
        def a(self): ...

        @get("/b")
        @response.file()
        def b(self): ...

    found = document(Plain)["paths"]
    binary = {"schema": {"type": "string", "format": "binary"}}
    assert found["/a"]["get"]["responses"]["200"]["content"] == {"image/png": binary, "image/jpeg": binary}
    assert found["/b"]["get"]["responses"]["200"]["content"] == {"application/octet-stream": binary}


# -- marks


def test_deprecated_tags_and_visibility_show():
    """OAS-020, OAS-021, OAS-022"""

    @tags("class")
    class Plain:
        @get("/a")
        @deprecated
        @tags("method")
        def a(self): ...

        @get("/b")
        @visibility("undocumented")
        def b(self): ...

        @get("/c", {"x-visibility": "undocumented"})
        def c(self): ...

        @get("/d", {"x-visibility": "documented", "x-timeout": 3, "x-limit": "1kb"})
        def d(self): ...

    found = document(Plain)
    assert list(found["paths"]) == ["/a", "/d"]
    assert (found["paths"]["/a"]["get"]["deprecated"], found["paths"]["/a"]["get"]["tags"]) == (
        True,
        ["class", "method"],
    )
    assert not {"x-visibility", "x-timeout", "x-limit", "deprecated"} & found["paths"]["/d"]["get"].keys()


def test_security_is_carried_into_operations_and_may_be_cleared():
    """OAS-042"""

    class Plain:
        @get("/a", {"security": [{"key": []}]})
        def a(self): ...

        @get("/b", {"security": []})
        def b(self): ...

    schemes = {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}}
    found = document(Plain, specs=[{"components": schemes, "security": [{"key": []}]}])
    assert found["security"] == [{"key": []}]
    assert found["paths"]["/a"]["get"]["security"] == [{"key": []}]
    assert found["paths"]["/b"]["get"]["security"] == []
    assert found["components"] == schemes


# -- models in specs


def test_models_may_stand_wherever_a_schema_may():
    """OAS-014"""
    spec = {
        "parameters": [{"name": "p", "in": "query", "schema": {"x-type": int}}],
        "requestBody": {"content": {"application/json": {"schema": {"type": "array", "items": {"x-type": Todo}}}}},
        "responses": {
            "200": {
                "description": "ok",
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "properties": {"a": {"x-type": str}, "b": {"x-type": list[int], "description": "d"}},
                            "anyOf": [{"x-type": Todo}, {"not": {"x-type": Problem}}, {"$ref": f"{REF}Other"}],
                        }
                    }
                },
            }
        },
    }
    given = copy.deepcopy(spec)

    def handler(p, body): ...

    found = function_document(
        handler, "post", spec=spec, specs=[{"components": {"schemas": {"Other": {"type": "string"}}}}]
    )
    said = found["paths"]["/x"]["post"]
    assert said["parameters"] == [{"name": "p", "in": "query", "schema": {"type": "integer"}}]
    assert said["requestBody"]["content"]["application/json"]["schema"]["items"] == {"$ref": f"{REF}Todo"}
    schema = said["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema["properties"] == {
        "a": {"type": "string"},
        "b": {"type": "array", "items": {"type": "integer"}, "description": "d"},
    }
    assert schema["anyOf"] == [{"$ref": f"{REF}Todo"}, {"not": {"$ref": f"{REF}Problem"}}, {"$ref": f"{REF}Other"}]
    assert set(found["components"]["schemas"]) == {"Other", "Todo", "Problem"}
    assert spec == given


def test_definitions_beside_a_reference_move_to_the_components():
    """OAS-014"""
    schema = {
        "$ref": "#/components/schemas/Tree",
        "definitions": {
            "Tree": {
                "type": "object",
                "properties": {"kids": {"type": "array", "items": {"$ref": "#/definitions/Tree"}}},
            },
        },
    }
    spec = {"responses": {"200": {"description": "ok", "content": {"application/json": {"schema": schema}}}}}
    found = function_document(lambda: None, spec=spec)
    assert found["components"]["schemas"]["Tree"]["properties"]["kids"]["items"] == {"$ref": f"{REF}Tree"}
    assert "definitions" not in json.dumps(found)


def test_builders_may_stand_in_a_spec():
    """OAS-044"""
    spec = {"responses": operation_spec().with_string_response(201).build()["responses"]}
    assert list(operation(lambda: None, spec=spec)["responses"]) == ["201"]


# -- sources together


def test_own_members_of_specs_stay_and_what_is_not_json_does_not():
    """OAS-026, OAS-028"""

    def handler(): ...

    spec = {
        "info": {"title": "Mine", "x-a": {"b": 1, "fn": handler}},
        "servers": [{"url": "https://a.example"}],
        "x-own": [1, handler, 2.5, float("nan")],
        "paths": {"/y": {"get": {"x-operation": handler}, "summary": "kept"}},
    }
    info = {"title": "App", "version": "2.0.0", "description": "d", "contact": None}
    found = document(Todos, specs=[spec], info=info)
    assert found["info"] == {"title": "Mine", "version": "2.0.0", "description": "d", "x-a": {"b": 1}}
    assert found["servers"] == [{"url": "https://a.example"}]
    assert found["x-own"] == [1, 2.5]
    assert found["paths"]["/y"] == {"summary": "kept"}
    assert list(found)[:4] == ["openapi", "info", "servers", "paths"]


def test_components_of_several_sources_never_overwrite_one_another():
    """OAS-029, OAS-005"""

    @api(base_path="/a", components={"schemas": {"Shared": {"type": "string"}, "Todo": {"type": "integer"}}})
    class First:
        @get(
            "/x",
            {
                "responses": {
                    "200": {"description": "ok", "content": {"text/plain": {"schema": {"$ref": f"{REF}Todo"}}}}
                }
            },
        )
        def x(self): ...

    @api(base_path="/b", components={"schemas": {"Shared": {"type": "string"}, "Todo": {"type": "boolean"}}})
    class Second:
        @get(
            "/x",
            {
                "responses": {
                    "200": {"description": "ok", "content": {"text/plain": {"schema": {"$ref": f"{REF}Todo"}}}}
                }
            },
        )
        def x(self): ...

        @get("/y")
        def y(self) -> Todo: ...

    found = document(First, Second)
    schemas = found["components"]["schemas"]

    def shown(path: str, media_type: str) -> Any:
        reference = found["paths"][path]["get"]["responses"]["200"]["content"][media_type]["schema"]["$ref"]
        return schemas[reference.removeprefix(REF)]

    assert shown("/a/x", "text/plain") == {"type": "integer"}
    assert shown("/b/x", "text/plain") == {"type": "boolean"}
    assert shown("/b/y", "application/json")["title"] == "Todo"
    assert len(schemas) == 4


def test_mounted_documents_are_moved_below_their_path_and_what_is_there_wins():
    """OAS-033, REST-206"""
    mounted = {
        "info": {"title": "Dogs", "version": "9"},
        "paths": {
            "/": {"get": {"responses": {"200": {"description": "ok"}}}},
            "/{id}": {
                "get": {
                    "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                    "responses": {
                        "200": {"description": "ok", "content": {"a/b": {"schema": {"$ref": f"{REF}Todo"}}}},
                    },
                }
            },
        },
        "components": {"schemas": {"Todo": {"type": "string"}}},
        "tags": [{"name": "Todos", "description": "other"}, {"name": "dogs"}],
    }
    given = copy.deepcopy(mounted)
    found = document(Todos, mounts=[("/dogs", mounted)])
    assert [path for path in found["paths"] if "dogs" in path] == ["/dogs/", "/dogs/{id}"]
    assert found["info"]["title"] == "Mainspring Application"
    assert found["tags"] == [{"name": "Todos", "description": "All about todos."}, {"name": "dogs"}]
    reference = found["paths"]["/dogs/{id}"]["get"]["responses"]["200"]["content"]["a/b"]["schema"]["$ref"]
    assert found["components"]["schemas"][reference.removeprefix(REF)] == {"type": "string"}
    assert found["components"]["schemas"]["Todo"]["title"] == "Todo"
    assert mounted == given


def test_a_type_that_cannot_be_described_names_the_operation():
    class Plain:
        @get("/x")
        def x(self, a: Annotated[complex, param.query()]): ...

    with pytest.raises(AnnotationError, match=r"GET /x \(Plain\.x\).*complex"):
        assemble_document(of_controllers(Plain))


def test_the_document_is_fresh_each_time():
    """OAS-027"""
    source = of_controllers(Todos)
    first = assemble_document(source)
    second = assemble_document(source)
    first["paths"].clear()
    first["components"]["schemas"]["Todo"].clear()
    assert second == assemble_document(source) != first


def test_the_same_application_gives_the_same_bytes_in_any_process():
    """OAS-043"""
    script = (
        "import json, sys; sys.path.insert(0, sys.argv[1]);"
        "from test_documents import Todos, document; print(json.dumps(document(Todos)))"
    )
    folder = str(__import__("pathlib").Path(__file__).parent)
    texts = {
        subprocess.run(
            [sys.executable, "-c", script, folder],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1


def test_five_hundred_operations_take_well_under_a_second():
    """OAS-045"""

    def method(self, id: int, limit: Annotated[int, param.query(ge=1)] = 10, tag: str | None = None) -> list[Todo]:
        """Find."""

    members = {f"m{number}": get(f"/r{number}/{{id}}")(copy_of(method)) for number in range(500)}
    source = of_controllers(type("Big", (), members))
    begin = time.perf_counter()
    found = finished_document(assemble_document(source))
    assert time.perf_counter() - begin < 1
    assert len(found["paths"]) == 500
    assert len(found["paths"]["/r7/{id}"]["get"]["parameters"]) == 3


def copy_of(function: Any) -> Any:
    copied = type(function)(function.__code__, function.__globals__, function.__name__, function.__defaults__)
    copied.__annotations__, copied.__doc__ = dict(function.__annotations__), function.__doc__
    return copied
