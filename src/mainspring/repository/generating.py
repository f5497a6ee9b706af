"""Values that are made rather than given: ids, stamps, and what ``default_fn`` names."""

import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid1, uuid4

from mainspring.repository.definitions import PropertyDefinition
from mainspring.repository.errors import ModelDefinitionError
from mainspring.repository.kinds import Kind

__all__ = ["generated_id", "made_value"]


def uuid7() -> UUID:
    """A UUID that begins with the time (RFC 9562), so that ids sort as they were made, to the millisecond."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    high, low = random >> 68 & 0xFFF, random & (1 << 62) - 1
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


_MAKERS: Mapping[str, Callable[[], Any]] = {
    "uuid": uuid1,
    "guid": uuid1,
    "uuidv4": uuid4,
    "uuidv7": uuid7,
    "now": lambda: datetime.now(UTC),
}


def made_value(prop: PropertyDefinition, setting: Any) -> Any:
    """What ``default_fn`` or ``on_update`` of a property makes now.

    Raises:
        ModelDefinitionError: There is no function of that name.
    """
    if callable(setting):
        return setting()
    maker = _MAKERS.get(setting)
    if maker is None:
        source = getattr(prop.source, "__name__", "model")
        raise ModelDefinitionError(
            source, prop.name, f"there is no default function {setting!r}; there are {', '.join(_MAKERS)}"
        )
    return _fitted(prop, maker())


def _fitted(prop: PropertyDefinition, value: Any) -> Any:
    """The value as the property's type wants it: a UUID as text, an instant as a date or naive."""
    kind = prop.value_type.kind
    if isinstance(value, UUID):
        return value if kind in (Kind.UUID, Kind.ANY) else str(value)
    if kind is Kind.DATE:
        return value.date()
    if kind is Kind.STR:
        return value.isoformat()
    return value.replace(tzinfo=None) if prop.options.get("timezone") is False else value


def generated_id(prop: PropertyDefinition) -> Any:
    """A new id for a property that the database does not count.

    Raises:
        ModelDefinitionError: No id of this type can be made.
    """
    if prop.value_type.kind in (Kind.UUID, Kind.STR):
        return _fitted(prop, uuid4())
    source = getattr(prop.source, "__name__", "model")
    raise ModelDefinitionError(
        source, prop.name, f"a {prop.value_type.kind} cannot be generated; use int, str or UUID, or give default_fn"
    )
