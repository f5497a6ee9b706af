"""Inline schemas with a title become components, so that a document says each of them once."""

from collections.abc import Mapping
from typing import Any

from mainspring.openapi.references import pointer_escape
from mainspring.openapi.walking import map_members, map_schemas

__all__ = ["consolidate_schemas"]


def consolidate_schemas(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a document in which inline schemas with a title stand in ``components.schemas`` and are referred to.

    Equal ones share a place; different ones of one title get a number, ``Name1``. Schemas without title stay inline.
    """
    schemas = dict(document.get("components", {}).get("schemas", {}))
    moved: dict[str, Any] = {}

    def consolidated(schema: Any) -> Any:
        inner = map_members(schema, consolidated)
        title = inner.get("title") if isinstance(inner, dict) and "$ref" not in inner else None
        if not isinstance(title, str) or not title:
            return inner
        name = _place_of(title, inner, {**schemas, **moved})
        moved.setdefault(name, inner)
        return {"$ref": f"#/components/schemas/{pointer_escape(name)}"}

    # Components stay in their places: only what is within them moves. They come first, so that an inline schema that
    # equals a component finds it as it will be.
    for name, schema in list(schemas.items()):
        schemas[name] = map_members(schema, consolidated)
    rest = {key: value for key, value in document.items() if key != "components"}
    others = {sort: members for sort, members in document.get("components", {}).items() if sort != "schemas"}
    result = map_schemas({**rest, "components": others}, consolidated)
    all_schemas = {**schemas, **{name: schema for name, schema in moved.items() if name not in schemas}}
    components = {**({"schemas": all_schemas} if all_schemas else {}), **result.pop("components")}
    if components:
        result["components"] = components
    return {key: result[key] for key in (*document, "components") if key in result}


def _place_of(title: str, schema: Any, known: Mapping[str, Any]) -> str:
    name, number = title, 0
    while name in known and known[name] != schema:
        number += 1
        name = f"{title}{number}"
    return name
