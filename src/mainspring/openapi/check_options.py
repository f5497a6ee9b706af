"""What a check of values against schemas knows besides the schema. Data alone: how it is done is in `checking`."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct

__all__ = ["CHECK", "CheckOptions", "OwnKeyword"]

#: A member of schemas made in memory: a function that gives the violations of a value by itself.
CHECK = "x-mainspring-check"


class OwnKeyword(Struct, frozen=True):
    """A keyword of an application: ``validate(schema, value)``, plain or asynchronous, tells whether the value fits.

    ``type`` is the JSON type of the values it speaks of, ``None`` for all.
    """

    name: str
    validate: Callable[[Any, Any], bool | Awaitable[bool]]
    type: str | None = None


class CheckOptions(Struct, frozen=True):
    """What a check knows besides the schema: own formats and keywords, and the document that ``$ref`` looks into."""

    document: Mapping[str, Any] = {}
    formats: Mapping[str, Callable[[Any], bool]] = {}
    keywords: Mapping[str, OwnKeyword] = {}
