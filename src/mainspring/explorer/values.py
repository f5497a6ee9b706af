"""Values as the page may show them: nothing that looks secret, and nothing is run or made to show it.

Shown is plain data, by its fields also that of dataclasses and Structs; of every other object its class alone, since
what its ``repr`` tells nobody knows.
"""

import dataclasses
import math
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

import msgspec

from mainspring.core.conversion import looks_secret

__all__ = ["MASK", "shown_value"]

MASK = "***"

#: Deeper than that nobody reads in a panel; more items or letters make the page slow.
_DEPTH, _ITEMS, _LETTERS = 6, 100, 2_000

_TEXTUAL = (datetime, date, time, timedelta, Decimal, PurePath, UUID)
#: The user and password of a URL.
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")


def shown_value(name: str, value: Any, depth: int = 0) -> Any:
    """A value as plain data; ``***`` where its name, or that of a part, looks secret.

    Args:
        name: What it is called.
        value: The value.
        depth: How deep in another one it is.
    """
    if looks_secret(name) and value is not None and not isinstance(value, bool):
        return MASK
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, str):
        return _text(str.__str__(value))
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, _TEXTUAL):
        return _text(str(value))
    if isinstance(value, type):
        return f"<class {value.__qualname__}>"
    return _structure(value, depth)


def _structure(value: Any, depth: int) -> Any:
    fields = _fields(value)
    if fields is None and not isinstance(value, list | tuple | set | frozenset):
        return f"<{type(value).__qualname__}>"
    if depth == _DEPTH:
        return "…"
    if fields is not None:
        return {name: shown_value(name, item, depth + 1) for name, item in _first(fields)}
    return [shown_value("", item, depth + 1) for _, item in _first(("", item) for item in value)]


def _fields(value: Any) -> Iterator[tuple[str, Any]] | None:
    """Names and values of the parts of a structure; those that keep out of its own ``repr`` stay out here as well."""
    if isinstance(value, dict):
        return ((str(key), item) for key, item in list(value.items()))
    if isinstance(value, msgspec.Struct):
        return ((name, getattr(value, name, None)) for name in value.__struct_fields__)
    if dataclasses.is_dataclass(value):
        shown = (field.name for field in dataclasses.fields(value) if field.repr)
        return ((name, getattr(value, name, None)) for name in shown)
    return None


def _first(items: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    for position, item in enumerate(items):
        if position == _ITEMS:
            yield "…", "…"
            return
        yield item


def _text(text: str) -> str:
    text = _CREDENTIALS.sub(f"{MASK}@", text)
    return text if len(text) <= _LETTERS else f"{text[:_LETTERS]}…"
