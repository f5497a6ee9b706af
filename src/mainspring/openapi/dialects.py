"""Between dialects of schemas: JSON Schema, OpenAPI 3.1 (JSON Schema 2020-12 as well) and OpenAPI 3.0 (its own)."""

from collections.abc import Mapping
from typing import Any

from mainspring.openapi.builders import built
from mainspring.openapi.errors import DocumentError
from mainspring.openapi.walking import map_members, map_schemas

__all__ = ["json_schema_to_openapi", "schema_to_30", "to_openapi_30"]

#: What a schema of OpenAPI 3.0.3 may have.
_KEYWORDS_30 = frozenset(
    {
        "title",
        "multipleOf",
        "maximum",
        "exclusiveMaximum",
        "minimum",
        "exclusiveMinimum",
        "maxLength",
        "minLength",
        "pattern",
        "maxItems",
        "minItems",
        "uniqueItems",
        "maxProperties",
        "minProperties",
        "required",
        "enum",
        "type",
        "not",
        "allOf",
        "oneOf",
        "anyOf",
        "items",
        "properties",
        "additionalProperties",
        "description",
        "format",
        "default",
        "nullable",
        "discriminator",
        "readOnly",
        "writeOnly",
        "example",
        "externalDocs",
        "deprecated",
        "xml",
    }
)
#: What concerns a schema as a file of its own, and means nothing within a document.
_FILE_KEYWORDS = frozenset({"$schema", "$id", "id", "$vocabulary"})
_REFERENCES = ("#/definitions/", "#/$defs/")


def json_schema_to_openapi(schema: Any, version: str = "3.1") -> Any:
    """JSON Schema as an OpenAPI schema; the argument is not changed.

    References to ``definitions`` and ``$defs`` become references to components, ``True`` is ``{}``, ``False`` is
    ``{"not": {}}``, a schema that contains itself ends in a reference to its title.

    Raises:
        DocumentError: A type is ``array`` without saying of what, or a schema without title contains itself.
    """
    converted = _to_openapi(schema, [])
    return schema_to_30(converted) if version.startswith("3.0") else converted


def to_openapi_30(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document of version 3.1 as one of version 3.0.3."""
    result = map_schemas(built(document), schema_to_30)
    result["openapi"] = "3.0.3"
    result.pop("jsonSchemaDialect", None)
    result.pop("webhooks", None)
    info = result.get("info")
    if isinstance(info, Mapping):
        result["info"] = {key: value for key, value in info.items() if key != "summary"}
        if isinstance(result["info"].get("license"), Mapping):
            result["info"]["license"] = {k: v for k, v in result["info"]["license"].items() if k != "identifier"}
    components = result.get("components")
    if isinstance(components, Mapping):
        result["components"] = {key: value for key, value in components.items() if key != "pathItems"}
    result.setdefault("paths", {})
    return result


def schema_to_30(schema: Any) -> Any:
    """A schema of 2020-12 in the words of OpenAPI 3.0."""
    if schema is True:
        return {}
    if schema is False:
        return {"not": {}}
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        return _reference_30(schema)
    result = map_members(schema, schema_to_30)
    for key in ("additionalProperties",):  # the one place where 3.0 knows plain truth values
        if isinstance(schema.get(key), bool):
            result[key] = schema[key]
    _types_30(result)
    _unions_30(result)
    _limits_30(result)
    _values_30(result, schema)
    return {key: value for key, value in result.items() if key in _KEYWORDS_30 or key.startswith("x-")}


def _reference_30(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Beside a reference 3.0 reads nothing: what stands there goes around it."""
    siblings = {key: value for key, value in schema.items() if key != "$ref"}
    reference = {"$ref": schema["$ref"]}
    return reference if not siblings else {"allOf": [reference], **schema_to_30(siblings)}


def _types_30(schema: dict[str, Any]) -> None:
    kinds = schema.get("type")
    if isinstance(kinds, list | tuple):
        real = [kind for kind in kinds if kind != "null"]
        if len(real) < len(kinds):
            schema["nullable"] = True
        schema.pop("type")
        if len(real) == 1 or (real and not {"enum", "const"} & schema.keys()):  # the values say their types themselves
            schema["type"] = real[0]
    elif kinds == "null":
        schema.pop("type")
        schema.update(nullable=True, enum=[None])
    if schema.get("type") == "array" and "items" not in schema:
        members = [member for member in schema.get("prefixItems", ()) if isinstance(member, Mapping)]
        schema["items"] = {} if not members else members[0] if len(members) == 1 else {"anyOf": members}
    elif isinstance(schema.get("prefixItems"), list):
        schema["items"] = {"anyOf": schema["prefixItems"]} if schema["prefixItems"] else {}


def _unions_30(schema: dict[str, Any]) -> None:
    """``anyOf`` with null is the rest of it, nullable."""
    for keyword in ("anyOf", "oneOf"):
        members = schema.get(keyword)
        if not isinstance(members, list):
            continue
        real = [member for member in members if member != {"nullable": True, "enum": [None]}]
        if len(real) == len(members):
            continue
        schema["nullable"] = True
        if not real:
            schema.pop(keyword)
            schema["enum"] = [None] if None in schema.get("enum", [None]) else []
        elif len(real) == 1 and "$ref" not in real[0]:
            schema.pop(keyword)
            schema.update({key: value for key, value in real[0].items() if key not in schema})
        elif len(real) == 1:
            schema.pop(keyword)
            schema["allOf"] = [*schema.get("allOf", ()), *real]
        else:
            schema[keyword] = real


def _limits_30(schema: dict[str, Any]) -> None:
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        value = schema.get(exclusive)
        if value is None or isinstance(value, bool):
            continue
        other = schema.get(limit)
        tighter = other is None or (value >= other if limit == "minimum" else value <= other)
        if tighter:
            schema[limit], schema[exclusive] = value, True
        else:
            schema.pop(exclusive)


def _values_30(result: dict[str, Any], schema: Mapping[str, Any]) -> None:
    if "const" in schema:
        result.setdefault("enum", [schema["const"]])
    if result.get("enum") == []:  # nothing is allowed; 3.0 wants a value in the list
        del result["enum"]
        result["not"] = {}
    examples = schema.get("examples")
    if isinstance(examples, list | tuple) and examples and "example" not in result:
        result["example"] = examples[0]
    if schema.get("contentEncoding") == "base64" and "format" not in schema:
        result["format"] = "byte"
    if result.get("items") is False:
        result["items"] = {}


def _to_openapi(schema: Any, above: list[Any]) -> Any:
    if schema is True:
        return {}
    if schema is False:
        return {"not": {}}
    if not isinstance(schema, Mapping):
        return schema
    if any(schema is known for known in above):
        title = schema.get("title")
        if not title:
            raise DocumentError("schema", "it contains itself and has no title to refer to; give it one")
        return {"$ref": f"#/components/schemas/{title}"}
    _check_array(schema)
    inner = [*above, schema]
    result = map_members(schema, lambda member: _to_openapi(member, inner))
    if isinstance(schema.get("additionalProperties"), bool):  # the one place where every version knows truth values
        result["additionalProperties"] = schema["additionalProperties"]
    if isinstance(result.get("$ref"), str):
        result["$ref"] = _component_reference(result["$ref"])
    return {key: value for key, value in result.items() if key not in _FILE_KEYWORDS}


def _check_array(schema: Mapping[str, Any]) -> None:
    if schema.get("type") == "array" and "items" not in schema and "prefixItems" not in schema:
        raise DocumentError(
            f"schema {schema.get('title', '')!r}", 'its type is "array" without items; say what it lists'
        )


def _component_reference(reference: str) -> str:
    for start in _REFERENCES:
        if reference.startswith(start):
            return f"#/components/schemas/{reference[len(start) :]}"
    return reference
