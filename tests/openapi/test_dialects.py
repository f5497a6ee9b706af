"""Between dialects of schemas."""

import copy

import openapi_spec_validator
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.errors import MainspringError
from mainspring.openapi import DocumentError
from mainspring.openapi.dialects import json_schema_to_openapi, schema_to_30, to_openapi_30

REF = "#/components/schemas/"


@pytest.mark.parametrize(
    ("schema", "converted"),
    [
        ({"type": "string"}, {"type": "string"}),
        (True, {}),
        (False, {"not": {}}),
        ({"$ref": "#/definitions/Foo"}, {"$ref": f"{REF}Foo"}),
        ({"$ref": "#/$defs/Foo"}, {"$ref": f"{REF}Foo"}),
        ({"$ref": f"{REF}Foo"}, {"$ref": f"{REF}Foo"}),
        ({"items": {"$ref": "#/$defs/A"}, "type": "array"}, {"items": {"$ref": f"{REF}A"}, "type": "array"}),
        ({"properties": {"a": True, "b": False}}, {"properties": {"a": {}, "b": {"not": {}}}}),
        ({"allOf": [True, {"$ref": "#/definitions/A"}]}, {"allOf": [{}, {"$ref": f"{REF}A"}]}),
        ({"additionalProperties": False}, {"additionalProperties": False}),
        ({"additionalProperties": {"type": "integer"}}, {"additionalProperties": {"type": "integer"}}),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"const": 1, "examples": [1, 2]}, {"const": 1, "examples": [1, 2]}),
        ({"$schema": "x", "$id": "y", "type": "null"}, {"type": "null"}),
        (
            {"definitions": {"A": {"type": "array", "items": True}}},
            {"definitions": {"A": {"type": "array", "items": {}}}},
        ),
    ],
)
def test_json_schema_becomes_an_openapi_schema(schema, converted):
    """OAS-015"""
    given_schema = copy.deepcopy(schema)
    assert json_schema_to_openapi(schema) == converted
    assert schema == given_schema


def test_an_array_without_items_is_an_error_that_says_so():
    """OAS-015"""
    for schema in ({"type": "array"}, {"properties": {"a": {"title": "List", "type": "array"}}}):
        with pytest.raises(DocumentError, match='"array" without items') as caught:
            json_schema_to_openapi(schema)
        assert isinstance(caught.value, MainspringError)


def test_a_schema_that_contains_itself_ends_in_a_reference():
    """OAS-015"""
    node = {"title": "Node", "type": "object", "properties": {}}
    node["properties"]["next"] = node
    node["properties"]["all"] = {"type": "array", "items": node}
    assert json_schema_to_openapi(node) == {
        "title": "Node",
        "type": "object",
        "properties": {"next": {"$ref": f"{REF}Node"}, "all": {"type": "array", "items": {"$ref": f"{REF}Node"}}},
    }
    nameless = {"properties": {}}
    nameless["properties"]["self"] = nameless
    with pytest.raises(DocumentError, match="no title"):
        json_schema_to_openapi(nameless)


@pytest.mark.parametrize(
    ("schema", "converted"),
    [
        ({"type": ["string", "integer"]}, {"type": "string"}),
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ({"type": ["null", "integer", "string"]}, {"type": "integer", "nullable": True}),
        ({"type": ["string", "integer"], "enum": ["x", 1]}, {"enum": ["x", 1]}),
        ({"type": ["string", "integer"], "const": 1}, {"enum": [1]}),
        ({"type": ["string", "null"], "enum": ["x", None]}, {"type": "string", "nullable": True, "enum": ["x", None]}),
        ({"type": "null"}, {"nullable": True, "enum": [None]}),
        ({"examples": ["a", "b"]}, {"example": "a"}),
        ({"examples": []}, {}),
        ({"const": 1}, {"enum": [1]}),
        ({"exclusiveMinimum": 1}, {"minimum": 1, "exclusiveMinimum": True}),
        ({"exclusiveMaximum": 1, "maximum": 5}, {"maximum": 1, "exclusiveMaximum": True}),
        ({"exclusiveMinimum": 1, "minimum": 5}, {"minimum": 5}),
        ({"patternProperties": {}, "if": {}, "contentEncoding": "base64"}, {"format": "byte"}),
        ({"anyOf": [{"$ref": f"{REF}A"}, {"type": "null"}]}, {"nullable": True, "allOf": [{"$ref": f"{REF}A"}]}),
        (
            {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]},
            {"nullable": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
        ),
        ({"$ref": f"{REF}A", "description": "d"}, {"allOf": [{"$ref": f"{REF}A"}], "description": "d"}),
        ({"$ref": f"{REF}A"}, {"$ref": f"{REF}A"}),
        ({"type": "array"}, {"type": "array", "items": {}}),
        (
            {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
            {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "string"}]}},
        ),
        ({"additionalProperties": True}, {"additionalProperties": True}),
        ({"properties": {"a": True}, "x-own": 1}, {"properties": {"a": {}}, "x-own": 1}),
    ],
)
def test_30_says_it_in_its_own_words(schema, converted):
    """OAS-015, OAS-036"""
    assert schema_to_30(schema) == converted
    if "type" not in schema or schema["type"] != "array":
        assert json_schema_to_openapi(schema, "3.0") == converted


def test_a_document_of_31_becomes_one_of_30():
    """OAS-036"""
    schema = {"type": ["string", "null"], "const": "a"}
    document = {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "x",
        "info": {"title": "t", "version": "1", "summary": "s", "license": {"name": "MIT", "identifier": "MIT"}},
        "webhooks": {},
        "paths": {
            "/a/{id}": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": schema}],
                "post": {
                    "parameters": [{"name": "q", "in": "query", "content": {"application/json": {"schema": schema}}}],
                    "requestBody": {"content": {"a/b": {"schema": schema}}},
                    "responses": {
                        "200": {
                            "description": "ok",
                            "headers": {"X": {"schema": schema}},
                            "content": {"a/b": {"schema": schema}},
                        }
                    },
                    "callbacks": {
                        "c": {
                            "{$url}": {
                                "post": {
                                    "responses": {"200": {"description": "ok", "content": {"a/b": {"schema": schema}}}}
                                }
                            }
                        }
                    },
                },
            }
        },
        "components": {
            "schemas": {"A": schema},
            "pathItems": {},
            "responses": {"R": {"description": "r", "content": {"a/b": {"schema": schema}}}},
            "parameters": {"P": {"name": "p", "in": "query", "schema": schema}},
            "requestBodies": {"B": {"content": {"a/b": {"schema": schema}}}},
            "headers": {"H": {"schema": schema}},
        },
    }
    given_document = copy.deepcopy(document)
    found = to_openapi_30(document)
    openapi_spec_validator.validate(found)
    assert found["openapi"] == "3.0.3"
    assert "const" not in str(found)
    assert "'null'" not in str(found)
    assert document == given_document


def test_a_choice_of_nothing_but_null_is_null():
    """OAS-036"""
    null = {"type": "null"}
    assert schema_to_30({"anyOf": [null]}) == {"nullable": True, "enum": [None]}
    assert schema_to_30({"oneOf": [null, null], "enum": [1, None]}) == {"nullable": True, "enum": [None]}
    assert schema_to_30({"anyOf": [null], "enum": [1]}) == {"nullable": True, "not": {}}


kinds = st.sampled_from(["integer", "number", "string", "boolean", "null", "array", "object"])
leaves = st.fixed_dictionaries(
    {},
    optional={
        "type": kinds | st.lists(kinds, min_size=1, max_size=3, unique=True),
        "const": st.integers() | st.none(),
        "enum": st.lists(st.integers() | st.none(), min_size=1, unique=True),
        "exclusiveMinimum": st.integers(),
        "exclusiveMaximum": st.integers(),
        "minimum": st.integers(),
        "examples": st.lists(st.integers()),
        "contentEncoding": st.just("base64"),
        "description": st.text(),
        "$ref": st.just(f"{REF}A"),
    },
)
schemas = st.recursive(
    leaves | st.booleans(),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": kinds,
            "properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
            "additionalProperties": inner,
            "items": inner,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "if": inner,
            "propertyNames": inner,
        },
    ),
    max_leaves=6,
)


@given(schemas)
def test_whatever_31_says_30_is_valid(schema):
    """OAS-036"""
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {},
        "components": {"schemas": {"A": {"type": "string"}, "B": schema}},
    }
    validator = openapi_spec_validator.OpenAPIV30SpecValidator(to_openapi_30(document))
    problems = [problem.message for problem in validator.iter_errors() if "Recursive" not in problem.message]
    assert not [problem for problem in problems if "default" not in problem]
