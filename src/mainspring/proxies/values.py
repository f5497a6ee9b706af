"""Values of arguments as texts of a URL, of headers and of cookies, and as plain JSON data."""

import base64
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any
from urllib.parse import quote

import msgspec

from mainspring.http.rules import checked_value
from mainspring.openapi.encoding import to_plain

__all__ = [
    "ArgumentFault",
    "as_text",
    "basic_credentials",
    "encode_pairs",
    "encode_segment",
    "header_text",
    "listed",
    "members",
    "plain",
    "query_pairs",
]


class ArgumentFault(Exception):  # noqa: N818  # a signal inside the room; the caller's error is made where the method is known
    """A value that cannot be sent: ``parameter``, and ``reason`` in words that follow it."""

    def __init__(self, parameter: str, reason: str) -> None:
        super().__init__(parameter, reason)
        self.parameter, self.reason = parameter, reason


def plain(value: Any) -> Any:
    """The value as JSON data.

    Raises:
        TypeError: Something in it has no JSON form.
    """
    return msgspec.to_builtins(value, str_keys=True, enc_hook=to_plain)


def as_text(value: Any) -> str:
    """A value as one text; lists and mappings as JSON.

    Raises:
        TypeError: It has no such form.
    """
    if isinstance(value, str) and not isinstance(value, Enum):
        return value
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else str(value)
    found = plain(value)
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, str):
        return found
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def encode_segment(text: str) -> str:
    """A text for a place in a path. Nothing in it ends the segment or means another one."""
    return quote(text, safe="")


def encode_pairs(pairs: Sequence[tuple[str, str]]) -> str:
    """Names and values as a query string, also of a form."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)


def query_pairs(name: str, value: Any) -> list[tuple[str, str]]:
    """The pairs of a query parameter: none for ``None``, one for each item of a list."""
    if value is None:
        return []
    if isinstance(value, list | tuple | set | frozenset):
        return [(name, as_text(item)) for item in value if item is not None]
    return [(name, as_text(value))]


def header_text(name: str, value: Any) -> str:
    """A value as it may stand in a header line.

    Raises:
        InvalidHeaderError: It has a line break or another forbidden character.
    """
    text = as_text(value)
    checked_value(name, text)
    return text


def basic_credentials(user: str, password: str) -> str:
    """The value of ``Authorization`` for a name and a password (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def listed(value: Any) -> list[str]:
    """The items of a list, or the one value, as texts."""
    items = value if isinstance(value, list | tuple | set | frozenset) else [value]
    return [as_text(item) for item in items if item is not None]


def members(value: Any) -> Mapping[str, Any] | None:
    """The members of a value that is an object in JSON, ``None`` of another."""
    found = plain(value) if not isinstance(value, str | int | float | bool) else None
    return found if isinstance(found, Mapping) else None
