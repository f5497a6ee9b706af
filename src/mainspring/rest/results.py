"""Checking results before they are sent, where ``validate_responses`` says so: against what the operation declares.

A schema declared for the status and media type counts, by hand or by a model; else the type the handler returns.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from mainspring.http import media_type_matches
from mainspring.openapi.codecs import decode_json, schema_codec
from mainspring.openapi.errors import Violation
from mainspring.rest.errors import InvalidResultError
from mainspring.rest.replying import ResultCheck
from mainspring.rest.validating import Validation

__all__ = ["declared_schemas", "result_check"]

Schemas = dict[str, dict[str, list[Any]]]


def declared_schemas(responses: Mapping[Any, Any], said: Iterable[tuple[int | str, tuple[Any, ...]]]) -> Schemas:
    """The schemas of an operation's responses, by status and media type.

    Args:
        responses: The responses object of its spec.
        said: What decorators say: statuses with models, schemas and response objects.
    """
    found: Schemas = {}
    for status, item in (*responses.items(), *((status, item) for status, items in said for item in items)):
        for media_type, schema in _schemas_in(item):
            found.setdefault(str(status), {}).setdefault(media_type, []).append(schema)
    return found


def _schemas_in(item: Any) -> Iterable[tuple[str, Any]]:
    if not isinstance(item, Mapping):
        yield "application/json", {"x-type": item}
    elif "content" in item:
        for media_type, entry in item["content"].items():
            if isinstance(entry, Mapping) and "schema" in entry:
                yield media_type, entry["schema"]
    elif not item.keys() <= {"description", "headers", "links"}:
        yield "application/json", item


def result_check(place: str, schemas: Schemas, returned: Any, validation: Validation) -> ResultCheck | None:
    """What checks the results of an operation; ``None`` when nothing is said of them.

    Args:
        place: The operation, for messages.
        schemas: What it declares.
        returned: Gives the violations of a result by the type the handler returns, or ``None``.
        validation: How values are checked.

    Raises:
        DocumentError: A reference names nothing, or a format is unknown.
    """
    options: Any = {"check_options": validation.check_options, "unknown_formats": validation.unknown_formats}
    checks = {
        status: {
            media_type: schema_codec(found[0] if len(found) == 1 else {"anyOf": found}, **options).violations
            for media_type, found in by_media.items()
        }
        for status, by_media in schemas.items()
    }
    if not checks and returned is None:
        return None

    def check(status: int, media_type: str | None, value: Any, data: bytes) -> None:
        by_media = checks.get(str(status)) or checks.get(f"{status // 100}XX") or checks.get("default") or {}
        actual = media_type or "application/json"
        violations: list[Violation] = []
        for declared, find in by_media.items():
            if media_type_matches(declared, actual):
                violations = find(value if isinstance(value, str) and not _is_json(actual) else decode_json(data))
                break
        else:
            violations = returned(value) if returned is not None else []
        if violations:
            raise InvalidResultError(place, [violation.to_entry() for violation in violations])

    return check


def _is_json(media_type: str) -> bool:
    return media_type_matches("application/json", media_type) or media_type_matches("*/*+json", media_type)
