"""The places of a document where schemas stand, and a way to change each of them.

A document is copied on the way; what is not a mapping or list is kept as it is.
"""

from collections.abc import Callable, Mapping
from typing import Any

from mainspring.openapi.notes import VERBS

__all__ = ["SCHEMA_LISTS", "SCHEMA_MAPPINGS", "SCHEMA_MEMBERS", "map_members", "map_schemas"]

Change = Callable[[Any], Any]

#: Keywords whose value is a schema, a list of schemas, or a mapping of names to schemas.
SCHEMA_MEMBERS = (
    "items",
    "additionalProperties",
    "unevaluatedProperties",
    "unevaluatedItems",
    "not",
    "contains",
    "propertyNames",
    "if",
    "then",
    "else",
)
SCHEMA_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
SCHEMA_MAPPINGS = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")


def map_schemas(document: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """A copy of a document with each schema (those that stand in no other schema) replaced by ``change(schema)``."""
    result = {key: value for key, value in document.items() if key not in ("paths", "webhooks", "components")}
    ordered: dict[str, Any] = {}
    for key in document:
        if key in ("paths", "webhooks"):
            ordered[key] = {path: _path_item(item, change) for path, item in document[key].items()}
        elif key == "components":
            ordered[key] = _components(document[key], change)
        else:
            ordered[key] = result[key]
    return ordered


def map_members(schema: Any, change: Change) -> Any:
    """A copy of a schema with each schema directly within it replaced by ``change(schema)``."""
    if not isinstance(schema, Mapping):
        return schema
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key in SCHEMA_MEMBERS and not isinstance(value, list):
            result[key] = change(value)
        elif (key in SCHEMA_LISTS or key == "items") and isinstance(value, list):
            result[key] = [change(member) for member in value]
        elif key in SCHEMA_MAPPINGS and isinstance(value, Mapping):
            result[key] = {name: change(member) for name, member in value.items()}
        else:
            result[key] = value
    return result


def _components(components: Mapping[str, Any], change: Change) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for sort, members in components.items():
        convert = _BY_SORT.get(sort)
        if convert is None or not isinstance(members, Mapping):
            result[sort] = members
        else:
            result[sort] = {name: convert(member, change) for name, member in members.items()}
    return result


def _path_item(item: Any, change: Change) -> Any:
    if not isinstance(item, Mapping):
        return item
    result = dict(item)
    for key, value in item.items():
        if key == "parameters":
            result[key] = [_parameter(parameter, change) for parameter in value]
        elif key in VERBS:
            result[key] = _operation(value, change)
    return result


def _operation(operation: Any, change: Change) -> Any:
    if not isinstance(operation, Mapping):
        return operation
    result = dict(operation)
    if "parameters" in operation:
        result["parameters"] = [_parameter(parameter, change) for parameter in operation["parameters"]]
    if "requestBody" in operation:
        result["requestBody"] = _with_content(operation["requestBody"], change)
    if "responses" in operation:
        responses = operation["responses"]
        result["responses"] = {status: _response(response, change) for status, response in responses.items()}
    if "callbacks" in operation:
        result["callbacks"] = {name: _callback(item, change) for name, item in operation["callbacks"].items()}
    return result


def _parameter(parameter: Any, change: Change) -> Any:
    """A parameter or header object."""
    found = _with_content(parameter, change)
    if isinstance(found, dict) and "schema" in found:
        found["schema"] = change(found["schema"])
    return found


def _response(response: Any, change: Change) -> Any:
    found = _with_content(response, change)
    if isinstance(found, dict) and "headers" in found:
        found["headers"] = {name: _parameter(header, change) for name, header in found["headers"].items()}
    return found


def _with_content(value: Any, change: Change) -> Any:
    if not isinstance(value, Mapping):
        return value
    result = dict(value)
    if isinstance(value.get("content"), Mapping):
        result["content"] = {
            name: {**entry, "schema": change(entry["schema"])}
            if isinstance(entry, Mapping) and "schema" in entry
            else entry
            for name, entry in value["content"].items()
        }
    return result


def _callback(callback: Any, change: Change) -> Any:
    if not isinstance(callback, Mapping):
        return callback
    return {expression: _path_item(item, change) for expression, item in callback.items()}


def _schema(schema: Any, change: Change) -> Any:
    return change(schema)


_BY_SORT: Mapping[str, Callable[[Any, Change], Any]] = {
    "schemas": _schema,
    "parameters": _parameter,
    "headers": _parameter,
    "requestBodies": _with_content,
    "responses": _response,
    "callbacks": _callback,
    "pathItems": _path_item,
}
