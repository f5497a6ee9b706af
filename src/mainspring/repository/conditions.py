"""Checked conditions: what a ``where`` means, as a small tree that every connector can read.

A tree has converted values and resolved properties; nothing in it needs to be checked again. A ``Not`` is an exact
complement: rows for which the inner condition is unknown (null) belong to it.
"""

import re
from dataclasses import dataclass
from typing import Any

from mainspring.repository.definitions import PropertyDefinition
from mainspring.repository.kinds import ValueType

__all__ = ["AllOf", "AnyOf", "Between", "Compare", "Condition", "IsIn", "IsNull", "Matches", "Not", "PropertyPath"]


@dataclass(frozen=True, slots=True)
class PropertyPath:
    """A property, or something inside one that is kept as JSON.

    Attributes:
        name: The name of the property.
        prop: The property; ``None`` for a free one of a model that is not strict.
        steps: The way inside: names and indices.
        value_type: The type of what is there.
    """

    name: str
    prop: PropertyDefinition | None
    steps: tuple[str | int, ...]
    value_type: ValueType

    @property
    def is_column(self) -> bool:
        """Whether it is a whole property with a place of its own."""
        return self.prop is not None and not self.steps

    def __str__(self) -> str:
        return ".".join(map(str, (self.name, *self.steps)))


@dataclass(frozen=True, slots=True)
class IsNull:
    """The value is null."""

    path: PropertyPath


@dataclass(frozen=True, slots=True)
class Compare:
    """``operator`` is ``eq``, ``gt``, ``gte``, ``lt``, ``lte`` or ``contains``; the value is not ``None``."""

    path: PropertyPath
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class IsIn:
    """The value is one of several, none of them ``None``."""

    path: PropertyPath
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """The value is not less than ``low`` and not more than ``high``."""

    path: PropertyPath
    low: Any
    high: Any


@dataclass(frozen=True, slots=True)
class Matches:
    """The text matches: ``pattern`` is a LIKE pattern with ``\\`` as escape, or a regular expression."""

    path: PropertyPath
    pattern: "str | re.Pattern[str]"
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """Everything that the inner condition does not match."""

    inner: "Condition"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one; without any, everything."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one; without any, nothing."""

    parts: "tuple[Condition, ...]"


Condition = IsNull | Compare | IsIn | Between | Matches | Not | AllOf | AnyOf
