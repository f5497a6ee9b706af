"""JSON Schema of filters and conditions, which checks what comes in a query before a repository sees it."""

from collections.abc import Mapping
from typing import Any

from mainspring.repository.definitions import ModelDefinition, definition_of
from mainspring.repository.fields import names_of

__all__ = ["FILTER_KEYS", "filter_schema", "where_schema"]

#: The keys of a filter, in the order of the schema.
FILTER_KEYS = ("offset", "limit", "skip", "order", "where", "fields", "include")


def filter_schema(definition: ModelDefinition, options: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a filter.

    Args:
        definition: The model's definition.
        options: ``exclude`` (a key or several), ``set_title``.
    """
    titled = options.get("set_title", True)
    return _filter(definition, "Filter", titled, frozenset(names_of(options.get("exclude"))))


def _filter(definition: ModelDefinition, kind: str, titled: bool, exclude: frozenset[str]) -> dict[str, Any]:
    name = definition.name
    properties: dict[str, Any] = {
        "offset": {"type": "integer", "minimum": 0},
        "limit": {"type": "integer", "minimum": 1},
        "skip": {"type": "integer", "minimum": 0},
        "order": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        "where": where_schema(definition, {"set_title": titled}),
        "fields": _fields(definition, titled),
    }
    relations = [relation for relation in definition.relations.values() if relation.can_be_included]
    if relations:
        properties["include"] = _include(definition, titled)
    properties = {key: value for key, value in properties.items() if key not in exclude}
    return {
        **_title(f"{name}.{kind}", titled),
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def _title(text: str, titled: bool) -> dict[str, str]:
    return {"title": text} if titled else {}


def where_schema(definition: ModelDefinition, options: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a condition: an open object, as its content is checked by the types of the model."""
    return {
        **_title(f"{definition.name}.WhereFilter", options.get("set_title", True)),
        "type": "object",
        "additionalProperties": True,
    }


def _fields(definition: ModelDefinition, titled: bool) -> dict[str, Any]:
    names = [wire for wire, _ in definition.wire_properties()]
    is_open = definition.strict is False
    item: dict[str, Any] = {"type": "string"} if is_open else {"type": "string", "enum": names}
    return {
        **_title(f"{definition.name}.Fields", titled),
        "anyOf": [
            {
                "type": "object",
                "properties": {name: {"type": "boolean"} for name in names},
                "additionalProperties": is_open,
            },
            {"type": "array", "items": item, "uniqueItems": True},
        ],
    }


def _include(definition: ModelDefinition, titled: bool) -> dict[str, Any]:
    name = definition.name
    names = [relation.wire_name for relation in definition.relations.values() if relation.can_be_included]
    scope: dict[str, Any] = {
        **_title(f"{name}.ScopeFilter", titled),
        "type": "object",
        # A scope is a filter of the target, whose own schema would nest without end; it is checked when it is decoded.
        "properties": {key: {} for key in (*FILTER_KEYS, "total_limit")},
        "additionalProperties": False,
    }
    item = {
        **_title(f"{name}.IncludeFilter.Items", titled),
        "type": "object",
        "properties": {"relation": {"type": "string", "enum": names}, "scope": scope},
        "required": ["relation"],
        "additionalProperties": False,
    }
    return {
        **_title(f"{name}.IncludeFilter", titled),
        "type": "array",
        "items": {"anyOf": [item, {"type": "string", "enum": names}]},
    }


def target_definition(definition: ModelDefinition, relation_name: str) -> ModelDefinition | None:
    """The definition of the model that a relation (by its wire name) leads to."""
    for relation in definition.relations.values():
        if relation.wire_name == relation_name:
            return definition_of(relation.target)
    return None
