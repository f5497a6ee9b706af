"""The errors that the framework itself may answer an operation with, as responses of the document.

Only what can happen is said: an operation without parameters refuses none. Whatever the program says itself wins and
comes first, in its order; its errors get the content that every error of the server has, unless it says another.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mainspring.http.statuses import reason_phrase
from mainspring.openapi.components import Components
from mainspring.openapi.descriptions import BodyDescription, HandlerDescription
from mainspring.openapi.kinds import bare, is_stream, non_null
from mainspring.openapi.parameters import MISSING

__all__ = ["ErrorFormat", "failures_of", "with_statuses"]

ErrorFormat = Literal["problem", "loopback"]
"""How a server words its errors: RFC 9457, or the envelope ``{"error": {...}}``."""

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_ENTRY: Schema = {
    "type": "object",
    "description": "One violation.",
    "properties": {
        "path": {**_TEXT, "description": "A JSON pointer into the value; empty for the whole."},
        "code": {**_TEXT, "description": "The keyword of JSON Schema that is violated, or another word for programs."},
        "message": _TEXT,
        "info": {"type": "object"},
    },
}


@dataclass(frozen=True, slots=True)
class _Wording:
    """A format on the wire: its media type, and its schema by name."""

    media_type: str
    name: str
    schema: Schema


_PROBLEM = _Wording(
    "application/problem+json",
    "ProblemDetails",
    {
        "type": "object",
        "description": "What went wrong (RFC 9457).",
        "properties": {
            "type": {**_TEXT, "description": "The kind of problem, a URI reference."},
            "title": {**_TEXT, "description": "The reason phrase of the status."},
            "status": {"type": "integer"},
            "detail": {**_TEXT, "description": "What went wrong this time."},
            "instance": {**_TEXT, "description": "The path of the request."},
            "code": {**_TEXT, "description": "A word for programs."},
            "errors": {"type": "array", "items": _ENTRY},
        },
        "required": ["type", "title", "status"],
    },
)
_ENVELOPE = _Wording(
    "application/json",
    "ErrorEnvelope",
    {
        "type": "object",
        "description": "What went wrong.",
        "properties": {
            "error": {
                "type": "object",
                "properties": {
                    "statusCode": {"type": "integer"},
                    "name": _TEXT,
                    "message": {**_TEXT, "description": "What went wrong this time."},
                    "code": {**_TEXT, "description": "A word for programs."},
                    "details": {"description": "For invalid values a list of violations."},
                },
                "required": ["statusCode", "message"],
            }
        },
        "required": ["error"],
    },
)
_WORDINGS: Mapping[str, _Wording] = {"problem": _PROBLEM, "loopback": _ENVELOPE}


def with_statuses(
    responses: Mapping[str, Any], statuses: Iterable[int], error_format: ErrorFormat, components: Components
) -> dict[str, Any]:
    """The responses of an operation, and behind them those with these statuses of which nothing is said.

    Args:
        responses: What the program says.
        statuses: The statuses.
        error_format: How the server words errors.
        components: Where the schema of errors gets its name.
    """
    said = {status: _worded(status, response, error_format, components) for status, response in responses.items()}
    own = {
        str(status): _worded(str(status), {"description": reason_phrase(status)}, error_format, components)
        for status in statuses
        if str(status) not in said and f"{status // 100}XX" not in said
    }
    return {**said, **own}


def failures_of(description: HandlerDescription, *, negotiates: bool) -> Iterator[int]:
    """The statuses by which the framework may refuse a request for an operation."""
    body = description.body
    parameters = [each for each in description.parameters if each.source in ("path", "query", "header", "cookie")]
    if parameters or description.template.variables or body is not None:
        yield 400
    if negotiates:
        yield 406
    if body is not None:
        yield 413
        yield 415
        if _is_checked(body):
            yield 422


def _is_checked(body: BodyDescription) -> bool:
    """Whether there is anything that a body which could be read might violate."""
    if body.stream or body.fields:  # fields that are parameters are refused as parameters are
        return False
    if body.annotation is MISSING or any(entry.schema is not None for entry in body.media.values()):
        return True
    kind = bare(non_null(body.annotation))
    return kind not in (bytes, bytearray, memoryview, Any) and not is_stream(body.annotation)


def _worded(status: str, response: Any, error_format: ErrorFormat, components: Components) -> Any:
    """A response, with the server's content where it is an error of which nothing is said."""
    is_error = status.startswith(("4", "5")) or status == "default"
    if not is_error or not isinstance(response, Mapping) or "content" in response or "$ref" in response:
        return response
    wording = _WORDINGS[error_format]
    reference = components.reference(("failures", error_format), wording.name, lambda: wording.schema, "mainspring")
    return {**response, "content": {wording.media_type: {"schema": reference}}}
