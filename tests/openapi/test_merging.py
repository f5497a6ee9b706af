"""Putting documents together, and giving titled schemas a place."""

import copy

import pytest

from mainspring.openapi import components_spec, openapi_spec, operation_spec
from mainspring.openapi.consolidating import consolidate_schemas
from mainspring.openapi.merging import merge_openapi_spec, merge_security_scheme, moved_below

REF = "#/components/schemas/"


@pytest.mark.parametrize(
    ("spec", "patch", "merged"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({"a": "foo"}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_examples_of_the_rfc(spec, patch, merged):
    """OAS-032"""
    given_spec, given_patch = copy.deepcopy(spec), copy.deepcopy(patch)
    assert merge_openapi_spec(spec, patch) == merged
    assert (spec, patch) == (given_spec, given_patch)


def test_the_result_shares_nothing_with_its_arguments():
    """OAS-032"""
    spec, patch = {"a": {"b": [1]}}, {"c": {"d": [2]}}
    merged = merge_openapi_spec(spec, patch)
    merged["a"]["b"].append(3)
    merged["c"]["d"].append(3)
    assert (spec, patch) == ({"a": {"b": [1]}}, {"c": {"d": [2]}})


def test_a_security_scheme_is_added_to_the_components():
    """OAS-032"""
    scheme = {"type": "http", "scheme": "bearer"}
    assert merge_security_scheme({"components": {"schemas": {}}}, "jwt", scheme) == {
        "components": {"schemas": {}, "securitySchemes": {"jwt": scheme}}
    }
    assert merge_security_scheme({}, "jwt", scheme) == {"components": {"securitySchemes": {"jwt": scheme}}}


@pytest.mark.parametrize(
    ("prefix", "paths"),
    [
        ("/dogs", ["/dogs/", "/dogs/{id}"]),
        ("dogs/", ["/dogs/", "/dogs/{id}"]),
        ("", ["/", "/{id}"]),
        ("/", ["/", "/{id}"]),
    ],
)
def test_a_document_moves_below_a_prefix(prefix, paths):
    """OAS-033"""
    spec = {"paths": {"/": {}, "/{id}": {}}}
    assert list(moved_below(spec, prefix)["paths"]) == paths
    assert list(spec["paths"]) == ["/", "/{id}"]


def with_schemas(*schemas):
    content = {str(position): {"schema": schema} for position, schema in enumerate(schemas)}
    return {"paths": {"/x": {"get": {"responses": {"200": {"description": "ok", "content": content}}}}}}


def inline(document):
    content = document["paths"]["/x"]["get"]["responses"]["200"]["content"]
    return [entry["schema"] for entry in content.values()]


def test_inline_schemas_with_a_title_become_components():
    """OAS-030"""
    titled = {"title": "Todo", "type": "object", "properties": {"a": {"title": "Part", "type": "string"}}}
    document = with_schemas(titled, copy.deepcopy(titled), {"type": "string"}, {"type": "array", "items": titled})
    given_document = copy.deepcopy(document)
    found = consolidate_schemas(document)
    ref = {"$ref": f"{REF}Todo"}
    assert inline(found) == [ref, ref, {"type": "string"}, {"type": "array", "items": ref}]
    assert found["components"]["schemas"] == {
        "Part": {"title": "Part", "type": "string"},
        "Todo": {"title": "Todo", "type": "object", "properties": {"a": {"$ref": f"{REF}Part"}}},
    }
    assert document == given_document


def test_different_schemas_of_one_title_get_numbers_and_equal_ones_share():
    """OAS-030"""
    document = with_schemas(
        {"title": "T", "type": "integer"},
        {"title": "T", "type": "boolean"},
        {"title": "T", "type": "integer"},
        {"title": "T", "type": "boolean"},
        {"title": "T", "type": "string"},
    )
    document["components"] = {"schemas": {"T": {"title": "T", "type": "string"}}}
    found = consolidate_schemas(document)
    assert [schema["$ref"].removeprefix(REF) for schema in inline(found)] == ["T1", "T2", "T1", "T2", "T"]


def test_components_stay_and_what_is_within_them_moves():
    """OAS-030"""
    document = {
        "components": {"schemas": {"A": {"title": "Other", "properties": {"b": {"title": "B", "type": "string"}}}}},
        "paths": {},
    }
    assert consolidate_schemas(document)["components"]["schemas"] == {
        "A": {"title": "Other", "properties": {"b": {"$ref": f"{REF}B"}}},
        "B": {"title": "B", "type": "string"},
    }


def test_parameters_and_bodies_are_consolidated_as_well():
    """OAS-030"""
    schema = {"title": "F", "type": "object"}
    document = {
        "paths": {
            "/x": {
                "post": {
                    "parameters": [{"name": "f", "in": "query", "content": {"application/json": {"schema": schema}}}],
                    "requestBody": {"content": {"a/b": {"schema": schema}}},
                }
            }
        },
        "components": {"responses": {"R": {"description": "r", "content": {"a/b": {"schema": schema}}}}},
    }
    found = consolidate_schemas(document)
    assert str(found).count(f"{REF}F") == 3
    assert found["components"]["schemas"] == {"F": schema}


# -- builders


def test_an_operation_is_built_step_by_step():
    """OAS-044"""
    built = (
        operation_spec()
        .with_operation_name("find")
        .with_controller_name("Todos")
        .with_parameter({"name": "a", "in": "query"}, {"name": "b", "in": "query"})
        .with_request_body({"content": {}})
        .with_response(404, {"description": "gone"})
        .with_string_response()
        .with_tags("a", "b")
        .with_tags(["c"])
        .with_extension("x-a", 1)
        .build()
    )
    assert built["operationId"] == "Todos.find"
    assert [parameter["name"] for parameter in built["parameters"]] == ["a", "b"]
    assert list(built["responses"]) == ["404", "200"]
    assert built["responses"]["200"]["content"] == {"text/plain": {"schema": {"type": "string"}}}
    assert (built["tags"], built["x-a"]) == (["a", "b", "c"], 1)


def test_one_name_alone_makes_no_id_and_a_given_id_stays():
    """OAS-044"""
    assert "operationId" not in operation_spec().with_controller_name("C").build()
    assert "operationId" not in operation_spec().with_operation_name("m").build()
    assert operation_spec().with_operation_id("x").build()["operationId"] == "x"
    assert operation_spec().build() == {"responses": {"200": {"description": "An undocumented response body."}}}


def test_a_document_is_built_with_builders_in_it():
    """OAS-044"""
    components = components_spec().with_schema("A", {"type": "string"}).with_header("H", {"schema": {}})
    built = (
        openapi_spec()
        .with_operation("GET", "/a", operation_spec().with_tags("t"))
        .with_operation("post", "/a", {"responses": {}})
        .with_operation_returning_string("get", "/b", "greet")
        .with_components(components)
        .with_components({"schemas": {"B": {"type": "integer"}}})
        .with_extension("x-a", 1)
        .build()
    )
    assert list(built["paths"]["/a"]) == ["get", "post"]
    assert built["paths"]["/b"]["get"]["x-operation-name"] == "greet"
    assert list(built["components"]["schemas"]) == ["A", "B"]
    assert built["x-a"] == 1


def test_every_sort_of_component_has_a_method():
    """OAS-044"""
    built = (
        components_spec()
        .with_schema("n", {})
        .with_parameter("n", {})
        .with_response("n", {})
        .with_example("n", {})
        .with_request_body("n", {})
        .with_header("n", {})
        .with_security_scheme("n", {})
        .with_link("n", {})
        .with_callback("n", {})
        .build()
    )
    sorts = ["schemas", "parameters", "responses", "examples", "requestBodies"]
    sorts += ["headers", "securitySchemes", "links", "callbacks"]
    assert built == {sort: {"n": {}} for sort in sorts}


def test_what_was_built_is_on_its_own():
    """OAS-044"""
    builder = operation_spec().with_tags("a")
    first = builder.build()
    first["tags"].append("b")
    assert builder.build()["tags"] == ["a"]
