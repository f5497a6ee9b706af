"""How violations are told: to programs as ever, and below each field of a form in words."""

from collections.abc import Iterable, Mapping
from typing import Any

from mainspring import HttpErrors, RequestContext

__all__ = ["InvalidError", "labelled", "tell"]

Entry = Mapping[str, Any]


class InvalidError(HttpErrors.UnprocessableEntity):
    """The error that is told in the place of others.

    Attributes:
        type: What kind of problem it is, a URI (RFC 9457 section 3.1.1).
        by_field: The messages by field, ``""`` for those that concern several.
    """

    type = "https://example.org/problems/invalid"

    def __init__(self, entries: Iterable[Entry]) -> None:
        listed = [dict(entry) for entry in entries]
        count = len(listed)
        super().__init__(f"{count} thing{'' if count == 1 else 's'} must be put right.", code="INVALID", details=listed)
        self.by_field: dict[str, list[str]] = {}
        for entry in listed:
            self.by_field.setdefault(_field(entry), []).append(entry["message"])


def tell(_: RequestContext, error: Any) -> None:
    """The handler of errors: raises the one that is told instead."""
    entries = getattr(error, "errors", None) or error.details  # of a model, or of HTTP
    if isinstance(error, InvalidError) or not isinstance(entries, list):
        raise error
    raise InvalidError(entries) from error


def labelled(entries: list[Entry]) -> list[Entry]:
    """Messages that name what they are about: ``capacity must be at least 1`` instead of ``must be at least 1``."""
    return [_labelled(entry) for entry in entries]


def _labelled(entry: Entry) -> Entry:
    name, message = _field(entry), entry["message"]
    if entry["code"] == "required":
        return {**entry, "message": f"{name} is missing"}
    return {**entry, "message": f"{name} {message}"} if name and message.startswith("must ") else entry


def _field(entry: Entry) -> str:
    found: str = entry["path"].removeprefix("/") or entry["info"].get("missingProperty", "")
    return found
