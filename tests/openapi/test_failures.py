"""The errors of the framework in the document of an operation."""

from typing import Annotated, Any

import msgspec
import openapi_spec_validator
import pytest
from tests.openapi.test_documents import document, of_function

from mainspring.openapi import api, get, param, post, request_body, response
from mainspring.openapi.dialects import to_openapi_30
from mainspring.openapi.documents import assemble_document, finished_document


class Note(msgspec.Struct):
    text: str


class ProblemDetails(msgspec.Struct):
    mine: str


def responses(handler: Any, verb: str = "get", path: str = "/x", spec: Any = None) -> dict[str, Any]:
    source = of_function(handler, verb, path, spec, error_format="problem")
    found = finished_document(assemble_document(source))
    openapi_spec_validator.validate(found)
    openapi_spec_validator.validate(to_openapi_30(found))
    answers: dict[str, Any] = found["paths"][path][verb]["responses"]
    return answers


def nothing() -> int: ...
def query(q: int) -> int: ...
def in_path(id: str) -> int: ...
def body(note: Note) -> int: ...
def raw(data: Annotated[bytes, request_body(media_type="image/png")]) -> int: ...
def anything(data: Annotated[Any, request_body()]) -> int: ...
def form(a: Annotated[int, param.form()]) -> int: ...


@pytest.mark.parametrize(
    ("handler", "path", "statuses"),
    [
        (nothing, "/x", ["200"]),
        (query, "/x", ["200", "400"]),
        (in_path, "/{id}", ["200", "400"]),
        (body, "/x", ["200", "400", "413", "415", "422"]),
        (raw, "/x", ["200", "400", "413", "415"]),
        (anything, "/x", ["200", "400", "413", "415"]),
        (form, "/x", ["200", "400", "413", "415"]),
    ],
)
def test_an_operation_says_by_what_it_may_be_refused(handler, path, statuses):
    """REST-089, REST-117, REST-118, REST-133, REST-140: in the document"""
    assert list(responses(handler, "post", path)) == statuses


def test_an_operation_that_negotiates_may_answer_406():
    """REST-167: in the document"""

    @response(200, Note)
    def negotiating() -> Note: ...

    assert list(responses(negotiating)) == ["200", "406"]
    assert list(responses(nothing)) == ["200"]


def test_errors_have_the_content_of_the_format():
    """ERR-001, ERR-002: in the document"""

    @response(404)
    @response(409, Note)
    @response("default", {"description": "Anything else."})
    def handler(q: int) -> int: ...

    found = responses(handler)
    assert list(found) == ["200", "404", "409", "default", "400"]
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    assert found["400"] == {"description": "Bad Request", "content": problem}
    assert found["404"] == {"description": "Not Found", "content": problem}
    assert found["default"] == {"description": "Anything else.", "content": problem}
    assert found["409"]["content"] == {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}}
    envelope = finished_document(assemble_document(of_function(handler, error_format="loopback")))
    answer = envelope["paths"]["/x"]["get"]["responses"]["400"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/ErrorEnvelope"}
    openapi_spec_validator.validate(envelope)


def test_a_spec_with_responses_says_them_all():
    """OAS-003"""
    spec = {"responses": {"200": {"description": "fine"}}}
    assert responses(query, spec=spec) == spec["responses"]


def test_what_is_said_of_a_status_or_of_its_class_stays():
    """OAS-018"""

    @response(400, {"description": "mine"})
    @response("4XX", Note)
    def handler(note: Note) -> int: ...

    found = responses(handler, "post")
    assert list(found) == ["200", "400", "4XX"]
    assert found["400"]["description"] == "mine"


def test_a_model_of_that_name_keeps_apart():
    """OAS-013"""

    @api()
    class C:
        @get("/x")
        def x(self, q: int) -> ProblemDetails: ...

        @post("/x")
        def y(self, q: int) -> Note: ...

    schemas = document(C, error_format="problem")["components"]["schemas"]
    assert len(schemas) == 3
    assert sum("mine" in schema["properties"] for schema in schemas.values()) == 1


def test_without_a_format_nothing_is_added():
    """OAS-002"""
    found = assemble_document(of_function(query))
    assert list(found["paths"]["/x"]["get"]["responses"]) == ["200"]
