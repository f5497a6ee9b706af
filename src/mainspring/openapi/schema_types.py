"""From a declared schema to the type that its values have in Python, for parameters whose signature says nothing."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from mainspring.openapi.references import follow_pointer

__all__ = ["annotation_of_schema", "keywords_of_schema"]

_TYPES = {"integer": int, "number": float, "boolean": bool, "string": str, "object": dict}
_TEXT_FORMATS: Mapping[str, Any] = {"date-time": datetime, "date": date, "byte": bytes}
#: Keywords that say the type or speak to people; the others constrain.
_NO_CONSTRAINTS = {
    "type",
    "items",
    "description",
    "title",
    "default",
    "example",
    "examples",
    "nullable",
    "deprecated",
    "$ref",
    "properties",
    "required",
    "additionalProperties",
    "x-type",
}


def annotation_of_schema(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    """The type of the values of a parameter of this schema."""
    found = _resolved(schema, document)
    if "x-type" in found:
        return found["x-type"]
    kinds = found.get("type")
    kind = next((item for item in kinds if item != "null"), None) if isinstance(kinds, list | tuple) else kinds
    if kind == "array":
        items = found.get("items")
        return list[annotation_of_schema(items, document)] if isinstance(items, Mapping) else list[str]  # type: ignore[misc]  # the type is made at run time
    if kind == "string":
        return _TEXT_FORMATS.get(str(found.get("format")), str)
    if kind is None and ("properties" in found or "additionalProperties" in found):
        return dict
    return _TYPES.get(str(kind), str)


def keywords_of_schema(schema: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """What a schema demands besides the type."""
    found = _resolved(schema, document)
    skipped = _NO_CONSTRAINTS | ({"format"} if found.get("format") in _TEXT_FORMATS else set())
    return {name: value for name, value in found.items() if name not in skipped and not name.startswith("x-")}


def _resolved(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    found = schema
    for _ in range(50):  # a longer chain of references goes in a circle
        if "$ref" not in found:
            return found
        try:
            found = follow_pointer(document, found["$ref"])
        except KeyError:
            return {}
    return {}
