"""The responses of an operation in the document: what decorators say, put together, and what the return type says."""

import collections.abc
from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_origin

from mainspring.http.statuses import has_body, reason_phrase
from mainspring.openapi.errors import AnnotationError
from mainspring.openapi.kinds import bare, is_nullable, is_stream, non_null
from mainspring.openapi.parameters import MISSING
from mainspring.openapi.schemas import SchemaBuilder
from mainspring.openapi.specs import resolved_schema

__all__ = ["describe_responses", "documented_return"]

_SCHEMA_WORDS = frozenset(
    {"type", "$ref", "properties", "items", "anyOf", "allOf", "oneOf", "not", "enum", "const", "x-type"}
)
_RESPONSE_WORDS = frozenset({"content", "headers", "links", "description"})
_STREAMS = (collections.abc.Iterator, collections.abc.Generator)


def describe_responses(
    declared: Iterable[tuple[int | str, tuple[Any, ...]]], returns: Any, name: str, builder: SchemaBuilder
) -> dict[str, Any]:
    """The responses object of an operation.

    Args:
        declared: Statuses with their models, schemas and response objects, in the order of reading.
        returns: The return annotation, ``MISSING`` without one.
        name: For the description of the result: ``Return value of <name>``.
        builder: Where schemas are made.
    """
    responses: dict[str, Any] = {}
    models: dict[str, list[Any]] = {}
    for status, said in declared:
        key = str(status)
        response = responses.setdefault(key, {"description": _phrase(key)})
        for item in said:
            if _is_response_object(item):
                _merge_response(response, item, builder)
            else:
                models.setdefault(key, []).append(item)
    for key, found in models.items():
        schemas = _distinct(_schema_of(item, builder) for item in found)
        schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
        content = responses[key].setdefault("content", {})
        content["application/json"] = {**content.get("application/json", {}), "schema": schema}
    successes = [key for key in responses if key.startswith("2")]
    if not successes:
        status, response = documented_return(returns, name, builder)
        responses = {status: response, **responses}
    elif len(successes) == 1 and "content" not in responses[successes[0]] and _may_have_body(successes[0]):
        _, response = documented_return(returns, name, builder)
        if "content" in response:
            responses[successes[0]]["content"] = response["content"]
    return responses


def documented_return(returns: Any, name: str, builder: SchemaBuilder) -> tuple[str, dict[str, Any]]:
    """The status and the response that a return annotation says."""
    description = f"Return value of {name}"
    found = _unwrapped(returns)
    if found is MISSING:
        return "200", {"description": description}
    if bare(found) is type(None):
        return "204", {"description": "No Content"}
    media_type, schema = _media_of(found, builder)
    if media_type is None:
        return "200", {"description": description}
    return "200", {"description": description, "content": {media_type: {"schema": schema}}}


def _media_of(annotation: Any, builder: SchemaBuilder) -> tuple[str | None, dict[str, Any]]:
    kind = bare(annotation)
    if kind is str:
        return "text/plain", builder.schema(annotation)
    origin = get_origin(kind) or kind
    if kind in (bytes, bytearray, memoryview) or is_stream(kind) or origin in _STREAMS:
        return "application/octet-stream", {"type": "string", "format": "binary"}
    try:
        return "application/json", builder.schema(annotation)
    except AnnotationError:  # a response object, a redirect: whatever it is, it has no schema
        return None, {}


def _unwrapped(returns: Any) -> Any:
    """What is sent: of ``Response[Todo]`` the ``Todo``, of a bare response nothing that is known."""
    if returns is MISSING:
        return MISSING
    kind = bare(non_null(returns)) if is_nullable(returns) else bare(returns)
    cls = get_origin(kind) or kind
    if getattr(cls, "__mainspring_response__", False):
        arguments = get_args(kind)
        return arguments[0] if arguments else MISSING
    return returns


def _is_response_object(item: Any) -> bool:
    if not isinstance(item, Mapping):
        return False
    return "content" in item or bool(_RESPONSE_WORDS & item.keys() and not _SCHEMA_WORDS & item.keys())


def _merge_response(response: dict[str, Any], item: Mapping[str, Any], builder: SchemaBuilder) -> None:
    content = {**response.get("content", {})}
    for media_type, entry in (item.get("content") or {}).items():
        plain = {**entry, "schema": resolved_schema(entry["schema"], builder)} if "schema" in entry else dict(entry)
        known = content.get(media_type, {})
        if "schema" in known and "schema" in plain and known["schema"] != plain["schema"]:
            plain["schema"] = {"anyOf": [*known["schema"].get("anyOf", [known["schema"]]), plain["schema"]]}
        content[media_type] = {**known, **plain}
    response.update({key: value for key, value in item.items() if key != "content"})
    if content:
        response["content"] = content


def _schema_of(item: Any, builder: SchemaBuilder) -> dict[str, Any]:
    if isinstance(item, Mapping):
        found: dict[str, Any] = resolved_schema(item, builder)
        return found
    return builder.schema(item)


def _distinct(schemas: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for schema in schemas:
        if schema not in found:
            found.append(schema)
    return found


def _phrase(status: str) -> str:
    if status == "default":
        return "Unexpected error"
    return reason_phrase(int(status[0] + "00") if status.endswith("XX") else int(status))


def _may_have_body(status: str) -> bool:
    return not status.isdigit() or has_body(int(status))
