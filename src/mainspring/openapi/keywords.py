"""The keywords of JSON Schema that speak of one value by itself: types, numbers, texts, sizes, equality.

Nothing here looks into a list or an object; see ``checking``.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from mainspring.openapi.errors import Violation

__all__ = [
    "check_number",
    "check_size",
    "check_string",
    "compiled_pattern",
    "first_twins",
    "has_type",
    "json_type",
    "same_value",
    "type_violation_of",
]

_COMPARISONS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "minimum": (">=", lambda value, limit: value >= limit),
    "maximum": ("<=", lambda value, limit: value <= limit),
    "exclusiveMinimum": (">", lambda value, limit: value > limit),
    "exclusiveMaximum": ("<", lambda value, limit: value < limit),
}


def json_type(value: Any) -> str:
    """The JSON type of a plain value; whole floats are integers."""
    if value is None:
        return "null"
    for types, name in _JSON_TYPES:
        if isinstance(value, types):
            return "integer" if isinstance(value, float) and value.is_integer() else name
    return "object" if isinstance(value, Mapping) else "array" if isinstance(value, Sequence) else type(value).__name__


_JSON_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (str, "string"),
    (int, "integer"),
    (float, "number"),
    (Decimal, "number"),
    (dict, "object"),
    (list, "array"),
)


def check_number(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[Violation]:
    """Limits and steps of a number; the truth values of OpenAPI 3.0 for exclusive limits are understood."""
    for keyword in _COMPARISONS:
        limit = schema.get(keyword)
        if isinstance(limit, bool) or limit is None:
            continue
        exclusive = f"exclusive{keyword.capitalize()}"
        actual = exclusive if schema.get(exclusive) is True else keyword  # the spelling of OpenAPI 3.0
        sign, holds = _COMPARISONS[actual]
        if not holds(value, limit):
            yield Violation(path, actual, f"must be {sign} {limit}", {"limit": limit, "comparison": sign})
    step = schema.get("multipleOf")
    if step and not _is_multiple(value, step):
        yield Violation(path, "multipleOf", f"must be multiple of {step}", {"multipleOf": step})


def check_string(value: str, schema: Mapping[str, Any], path: str) -> Iterator[Violation]:
    """Length (in code points) and pattern of a text."""
    yield from check_size(len(value), schema, path, ("minLength", "maxLength", "characters"))
    pattern = schema.get("pattern")
    if pattern is not None and not compiled_pattern(pattern).search(value):
        yield Violation(path, "pattern", f'must match pattern "{pattern}"', {"pattern": pattern})


def type_violation_of(value: Any, wanted: Any, path: str) -> Violation | None:
    """The violation of a ``type``, ``None`` when the value has it."""
    if wanted is None:
        return None
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    if any(has_type(value, name) for name in names):
        return None
    real = [name for name in names if name != "null"] or names
    shown = real[0] if len(real) == 1 else real
    return Violation(path, "type", f"must be {' or '.join(real)}", {"type": shown})


def has_type(value: Any, name: str) -> bool:
    """Whether a value has a JSON type; whole numbers are numbers."""
    actual = json_type(value)
    return actual == name or (name == "number" and actual == "integer")


def check_size(count: int, schema: Mapping[str, Any], path: str, names: tuple[str, str, str]) -> Iterator[Violation]:
    """The least and the most of something, under their names, and what it is that is counted."""
    least, most, what = names
    if schema.get(least) is not None and count < schema[least]:
        yield Violation(path, least, f"must NOT have fewer than {schema[least]} {what}", {"limit": schema[least]})
    if schema.get(most) is not None and count > schema[most]:
        yield Violation(path, most, f"must NOT have more than {schema[most]} {what}", {"limit": schema[most]})


def same_value(value: Any, other: Any) -> bool:
    """Equality of JSON: ``1`` is ``1.0`` and not ``true``."""
    if isinstance(value, bool) != isinstance(other, bool):
        return False
    if isinstance(value, list) and isinstance(other, list | tuple):
        return len(value) == len(other) and all(map(same_value, value, other))
    if isinstance(value, dict) and isinstance(other, Mapping):
        return value.keys() == other.keys() and all(same_value(item, other[key]) for key, item in value.items())
    return bool(value == other)


def first_twins(items: Sequence[Any]) -> tuple[int, int] | None:
    """The positions of the first two equal items. Scalars are found by hash, so that long lists cost no square."""
    seen: dict[Any, int] = {}
    others: list[tuple[int, Any]] = []
    for position, item in enumerate(items):
        if isinstance(item, dict | list):
            for earlier, other in others:
                if same_value(item, other):
                    return earlier, position
            others.append((position, item))
            continue
        key = (isinstance(item, bool), item)
        if key in seen:
            return seen[key], position
        seen[key] = position
    return None


def _is_multiple(value: float, step: float) -> bool:
    if isinstance(value, int) and isinstance(step, int):
        return value % step == 0
    quotient = value / step
    return math.isfinite(quotient) and abs(quotient - round(quotient)) < 1e-9 * max(1.0, abs(quotient))


@lru_cache(maxsize=512)
def compiled_pattern(pattern: str) -> re.Pattern[str]:
    """The pattern, compiled once."""
    return re.compile(pattern)
