"""From an error to an answer: which status, and what the client may know. The one place where errors become bytes.

Client errors explain, server errors do not. Both formats on the wire are made of the same `Problem`.
"""

import traceback
from collections.abc import Mapping
from typing import Any

import msgspec

from mainspring.http import HttpError, ResponseHeaders, http_error_class, reason_phrase
from mainspring.openapi.errors import Violation
from mainspring.rest.exchange import Exchange, Header, Reply
from mainspring.rest.heads import CONTENT_LENGTH, CONTENT_TYPE, merged

__all__ = ["Problem", "error_members", "problem_of", "problem_reply", "status_of"]

_encode = msgspec.json.Encoder(enc_hook=str).encode
PROBLEM_TYPE = b"application/problem+json"
_STANDARD = frozenset(
    {
        "type",
        "title",
        "status",
        "detail",
        "instance",
        "code",
        "errors",
        "statusCode",
        "name",
        "message",
        "details",
        "stack",
    }
)


class Problem:
    """An error as far as an answer says something of it.

    Attributes:
        status: The status of the answer.
        detail: The message for the client, ``None`` when it is hidden.
        code: A word for programs.
        entries: Entries ``{path, code, message, info}``.
        details: Other details.
        headers: Lines the error brings.
        error: The exception itself.
    """

    __slots__ = ("code", "detail", "details", "entries", "error", "headers", "hidden", "status")

    def __init__(self, status: int, error: BaseException) -> None:
        self.status = status
        self.error = error
        expose = getattr(error, "expose", None)
        self.hidden = not (expose if isinstance(expose, bool) else status < 500)
        self.detail: str | None = None
        self.entries: list[Any] | None = None
        self.details: Any = None
        self.headers: list[Header] = []
        code = getattr(error, "code", None)
        self.code: str | int | None = code if isinstance(code, str) and code else None

    @property
    def title(self) -> str:
        """The reason phrase."""
        return reason_phrase(self.status)

    @property
    def name(self) -> str:
        """The name of the error in the family."""
        if isinstance(self.error, HttpError):
            return self.error.name
        if self.status >= 500 and status_of(self.error) is None:
            return type(self.error).__name__
        family = http_error_class(self.status)
        word = family.__name__ if family is not None else type(self.error).__name__
        return word if word.endswith("Error") else f"{word}Error"


def status_of(error: BaseException) -> int | None:
    """The status an error says of itself, ``None`` when it says none that is an error's."""
    if getattr(error, "code", None) == "ENTITY_NOT_FOUND" and not isinstance(error, HttpError):
        return 404
    for name in ("gateway_status", "status_code", "status"):  # the first is for what another server answered us
        value = getattr(error, name, None)
        if isinstance(value, int) and not isinstance(value, bool) and 400 <= value <= 599:
            return int(value)
    return None


def problem_of(error: BaseException) -> Problem:
    """What an error means to a client."""
    if isinstance(error, BaseExceptionGroup):
        return _problem_of_group(error)
    status = status_of(error)
    problem = Problem(500 if status is None else status, error)
    if status is None or problem.hidden:
        problem.headers = _headers_of(error)
        return problem
    problem.detail = error.message if isinstance(error, HttpError) else str(error)
    _take_details(problem, getattr(error, "details", None) if isinstance(error, HttpError) else None)
    if problem.entries is None:
        listed = getattr(error, "errors", None)
        problem.entries = _entries(listed() if callable(listed) else listed)
    problem.headers = _headers_of(error)
    return problem


def _problem_of_group(group: BaseExceptionGroup[BaseException]) -> Problem:
    leaves = list(_leaves(group))
    if len(leaves) == 1:
        return problem_of(leaves[0])
    problems = [problem_of(leaf) for leaf in leaves]
    if any(status_of(leaf) is None for leaf in leaves):
        return Problem(500, group)
    worst = max(problems, key=lambda problem: problem.status)
    problem = Problem(worst.status, group)
    problem.detail = worst.detail
    problem.hidden = worst.hidden
    problem.entries = [
        {"path": "", "code": each.code or str(each.status), "message": each.detail or each.title, "info": {}}
        for each in problems
    ]
    return problem


def _leaves(group: BaseExceptionGroup[BaseException]) -> Any:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _headers_of(error: BaseException) -> list[Header]:
    given = getattr(error, "headers", None)
    if not isinstance(error, HttpError) or not given:
        return []
    return ResponseHeaders([(name, str(value)) for name, value in given.items()]).raw


def _take_details(problem: Problem, details: Any) -> None:
    problem.entries = _entries(details)
    if problem.entries is None and details is not None:
        problem.details = details


def _entries(value: Any) -> list[Any] | None:
    """A list of entries as plain data; ``None`` for anything else."""
    if not isinstance(value, list | tuple) or not value:
        return None
    found = [item.to_entry() if isinstance(item, Violation) else item for item in value]
    if all(isinstance(item, Mapping) and ("message" in item or "code" in item) for item in found):
        return [dict(item) for item in found]
    return None


# The two formats


def error_members(problem: Problem, instance: str, options: Mapping[str, Any], *, envelope: bool) -> dict[str, Any]:
    """What is said of a problem, in the members of the format; absent ones are left out."""
    debug = bool(options.get("debug"))
    shown = problem.detail
    if debug and shown is None:
        shown = str(problem.error)
    members = _envelope(problem, shown) if envelope else _problem(problem, shown, instance)
    if debug:
        members["name"] = problem.name
        members["stack"] = "".join(traceback.format_exception(problem.error))
    for field in options.get("safe_fields") or ():
        if field not in _STANDARD and hasattr(problem.error, field):
            members[field] = getattr(problem.error, field)
    return members


def _problem(problem: Problem, detail: str | None, instance: str) -> dict[str, Any]:
    kind = getattr(problem.error, "type", None)
    members: dict[str, Any] = {
        "type": kind if isinstance(kind, str) and kind else "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        "instance": instance or None,
        "code": problem.code,
        "errors": problem.entries,
        "details": problem.details,
    }
    return {name: value for name, value in members.items() if value is not None}


def _envelope(problem: Problem, detail: str | None) -> dict[str, Any]:
    if detail is None:
        return {"statusCode": problem.status, "message": problem.title}
    members: dict[str, Any] = {
        "statusCode": problem.status,
        "name": problem.name,
        "message": detail,
        "code": problem.code,
        "details": problem.entries if problem.entries is not None else problem.details,
    }
    return {name: value for name, value in members.items() if value is not None}


def problem_reply(exchange: Exchange, problem: Problem) -> Reply:
    """The reply that tells a client of a problem, in the format of the server."""
    plan = exchange.plan
    envelope = plan.error_format == "loopback"
    members = error_members(problem, exchange.raw_path, plan.error_options, envelope=envelope)
    page = _negotiated(exchange, members) if plan.error_options.get("negotiate") else None
    if page is not None:
        content_type, body = page
    else:
        content_type = b"application/json" if envelope else PROBLEM_TYPE
        body = _encode({"error": members} if envelope else members)
    lines: list[Header] = [
        (CONTENT_TYPE, content_type),
        (CONTENT_LENGTH, b"%d" % len(body)),
        (b"x-content-type-options", b"nosniff"),
    ]
    own = exchange.response.header_lines if exchange.response is not None else []
    kept = [line for line in own if line[0] not in (CONTENT_TYPE, CONTENT_LENGTH, b"etag", b"last-modified")]
    return Reply(problem.status, merged(merged(lines, kept), problem.headers), body)


def _negotiated(exchange: Exchange, members: Mapping[str, Any]) -> tuple[bytes, bytes] | None:
    from mainspring.rest.pages import negotiated_page  # noqa: PLC0415 - few servers negotiate, all of them start

    return negotiated_page(exchange, members)
