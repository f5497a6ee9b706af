"""Hand-written specs made ready for a document: models in them become schemas, what is not JSON is left out."""

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from mainspring.openapi.builders import built
from mainspring.openapi.schemas import SchemaBuilder

__all__ = ["HIDDEN_EXTENSIONS", "published", "resolved_models", "resolved_schema"]

#: Extensions that say something to the server only.
HIDDEN_EXTENSIONS = frozenset(
    {"x-operation", "x-visibility", "x-timeout", "x-limit", "x-parser", "x-cancel-on-disconnect", "x-parameter-index"}
)
_NOTHING: Any = object()
_DEFINITIONS = ("definitions", "$defs")


def resolved_schema(schema: Any, builder: SchemaBuilder) -> Any:
    """A schema with ``{"x-type": Model}`` replaced by the model's, and definitions beside a ``$ref`` as components."""
    return resolved_models(built(schema), builder)


def resolved_models(value: Any, builder: SchemaBuilder) -> Any:
    """A copy of any part of a spec with ``{"x-type": Model}`` replaced by the schema of the model.

    Definitions that a schema brings along become components, and its references to them follow.
    """
    if isinstance(value, Mapping):
        if "x-type" in value:
            rest = {key: resolved_models(item, builder) for key, item in value.items() if key != "x-type"}
            schema = builder.schema(value["x-type"])
            if not rest:
                return schema
            return {"allOf": [schema], **rest} if "$ref" in schema else {**schema, **rest}
        if any(isinstance(value.get(name), Mapping) for name in _DEFINITIONS) and "type" not in value.get("$defs", {}):
            return _with_definitions(value, builder)
        return {key: resolved_models(item, builder) for key, item in value.items()}
    if type(value) in (list, tuple):
        return [resolved_models(item, builder) for item in value]
    return value


def _with_definitions(schema: Mapping[str, Any], builder: SchemaBuilder) -> Any:
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/components/schemas/"):
        # The definitions stand beside a reference to one of them, which is spelt as a component already.
        name = reference.rpartition("/")[2]
        if name in {**schema.get("definitions", {}), **schema.get("$defs", {})}:
            schema = {**schema, "$ref": f"#/$defs/{name}"}
    plain = {
        key: {name: resolved_models(item, builder) for name, item in value.items()}
        if key in _DEFINITIONS
        else resolved_models(value, builder)
        for key, value in schema.items()
    }
    return builder.components.inline(plain)


def published(value: Any) -> Any:
    """A copy with only what is JSON, and without the extensions that concern the server."""
    found = _published(value)
    return {} if found is _NOTHING else found


def _published(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _NOTHING
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        members = ((str(key), _published(item)) for key, item in value.items() if key not in HIDDEN_EXTENSIONS)
        return {key: item for key, item in members if item is not _NOTHING}
    if isinstance(value, list | tuple | set | frozenset):
        return [item for item in map(_published, value) if item is not _NOTHING]
    return _NOTHING
