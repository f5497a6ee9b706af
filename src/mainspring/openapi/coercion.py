"""Texts of forms and nested queries to plain data, as a schema wants them.

What a schema says nothing of stays text; what is no value of the wanted type stays text as well, so that the check that
follows names it.
"""

from collections.abc import Mapping
from typing import Any

from mainspring.http.queries import IndexedList
from mainspring.openapi.check_options import CheckOptions
from mainspring.openapi.checking import check
from mainspring.openapi.errors import SchemaViolation
from mainspring.openapi.references import follow_pointer
from mainspring.openapi.scalars import read_boolean, read_integer, read_number
from mainspring.openapi.stated_types import StatedTypes

__all__ = ["coerce"]

_READERS = {"integer": read_integer, "number": read_number, "boolean": read_boolean}


def coerce(value: Any, schema: Any, document: Mapping[str, Any]) -> Any:
    """Plain data from a tree of texts.

    Args:
        value: Texts, lists and mappings, as forms and bracketed queries spell them; anything else stays as it is.
        schema: What is wanted.
        document: Where references of the schema lead.
    """
    if not isinstance(schema, Mapping) or not isinstance(value, str | list | Mapping):
        return value
    schema = _resolved(schema, document)
    if "x-type" in schema:
        value = coerce(value, *StatedTypes.codec_of(schema["x-type"]).plain_schema())
    for member in schema.get("allOf", ()):
        value = coerce(value, member, document)
    members = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if members:
        value = _by_member(value, members, document)
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else list(kinds or _implied(schema))
    if "object" in kinds and isinstance(value, Mapping | IndexedList):
        return _object(value, schema, document)
    if "array" in kinds:
        return _array(value, schema, document)
    return _scalar(value, kinds, schema) if isinstance(value, str) else value


def _resolved(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in range(50):  # a longer chain of references goes in a circle
        reference = schema.get("$ref")
        if reference is None:
            return schema
        try:
            found = follow_pointer(document, reference)
        except KeyError:
            return {key: item for key, item in schema.items() if key != "$ref"}
        schema = found if isinstance(found, Mapping) else {}
    return {}


def _implied(schema: Mapping[str, Any]) -> list[str]:
    if "properties" in schema or "additionalProperties" in schema:
        return ["object"]
    return ["array"] if "items" in schema else []


def _by_member(value: Any, members: list[Any], document: Mapping[str, Any]) -> Any:
    """The value as the first member that it then fits; plain text, which fits everything, comes last."""
    ordered = sorted(members, key=lambda member: _resolved(member, document).get("type") == "string")
    for member in ordered:
        candidate = coerce(value, member, document)
        if not check(candidate, member, CheckOptions(document)):
            return candidate
    real = [member for member in ordered if member.get("type") != "null"]
    return coerce(value, real[0], document) if len(real) == 1 else value


def _object(value: Mapping[str, Any] | IndexedList, schema: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    if isinstance(value, IndexedList):  # names that happen to be numbers
        value = dict(zip(value.indexes, value, strict=False))
    properties = schema.get("properties") or {}
    additional = schema.get("additionalProperties", True)
    return {name: coerce(item, properties.get(name, additional), document) for name, item in value.items()}


def _array(value: Any, schema: Mapping[str, Any], document: Mapping[str, Any]) -> list[Any]:
    items = value if isinstance(value, list) else [value]
    prefix = schema.get("prefixItems") or ()
    wanted = schema.get("items", True)
    return [
        coerce(item, prefix[position] if position < len(prefix) else wanted, document)
        for position, item in enumerate(items)
    ]


def _scalar(value: str, kinds: list[str], schema: Mapping[str, Any]) -> Any:
    if "enum" in schema and value not in schema["enum"]:
        for allowed in schema["enum"]:
            if str(allowed).lower() == value.lower() and not isinstance(allowed, str):
                return allowed
    for kind in kinds:
        reader = _READERS.get(kind)
        if reader is None:
            continue
        try:
            return reader(value)
        except SchemaViolation:
            continue
    return value
