"""The shape of a query: what it says apart from its values. One statement serves all queries of a shape.

Making a statement costs more than sending it, so what is asked again and again with other values (an id, above all) is
made once, with parameters in place of the values. What reaches into JSON, patterns and long lists are made each time.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import BigInteger, bindparam

from mainspring.repository.conditions import (
    AllOf,
    AnyOf,
    Between,
    Compare,
    Condition,
    IsIn,
    IsNull,
    Not,
    PropertyPath,
)
from mainspring.repository.kinds import Kind

__all__ = ["Shapes"]

#: What a caller does with a statement: makes it of a condition and numbers, or of parameters in their place.
Make = Callable[[Condition | None, Sequence[Any]], Any]

#: A statement and the values of its parameters.
Bound = tuple[Any, dict[str, Any]]

#: Conditions come from outside: statements of more shapes than any program has are not worth their memory.
_MOST = 200

_SCALAR_JSON = frozenset((Kind.ANY, Kind.UNION))


class Shapes:
    """The statements of one model that are made once.

    Args:
        longest_list: The most values of a list that travel as parameters.
    """

    def __init__(self, longest_list: int) -> None:
        self._longest_list = longest_list
        self._kept: dict[Hashable, tuple[Any, tuple[str, ...]]] = {}

    def statement(self, kind: Hashable, where: Condition | None, numbers: Sequence[int | None], make: Make) -> Bound:
        """A statement and its parameters.

        Args:
            kind: What the statement says besides its condition and numbers.
            where: The condition.
            numbers: Numbers of rows; ``None`` is part of the shape.
            make: Makes the statement of condition and numbers, or of parameters in their place.
        """
        values: list[Any] = []
        shape = None if where is None else self._shape(where, values)
        if shape is None and where is not None:
            return make(where, numbers), {}
        key = (kind, shape, *(number is None for number in numbers))
        values += [number for number in numbers if number is not None]
        kept = self._kept.get(key)
        if kept is None:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            kept = self._kept[key] = self._made(where, numbers, len(values), make)
        statement, names = kept
        return statement, dict(zip(names, values, strict=True))

    @staticmethod
    def _made(
        where: Condition | None, numbers: Sequence[int | None], values: int, make: Make
    ) -> tuple[Any, tuple[str, ...]]:
        names = tuple(f"value_{number}" for number in range(values))
        left = iter(names)
        condition = None if where is None else _with_parameters(where, left)
        parameters = [None if number is None else bindparam(next(left), type_=BigInteger()) for number in numbers]
        return make(condition, parameters), names

    def _shape(self, condition: Condition, values: list[Any]) -> Hashable:
        """The shape of a condition, ``None`` where it has none."""
        shape = _SHAPES.get(type(condition))
        return None if shape is None else shape(self, condition, values)

    def _compare(self, node: Compare, values: list[Any]) -> Hashable:
        if not _is_plain(node.path) or node.operator == "contains":
            return None
        values.append(node.value)
        return node.operator, node.path.name

    def _is_null(self, node: IsNull, _: list[Any]) -> Hashable:
        return ("null", node.path.name) if node.path.is_column else None

    def _between(self, node: Between, values: list[Any]) -> Hashable:
        if not _is_plain(node.path):
            return None
        values += (node.low, node.high)
        return "between", node.path.name

    def _is_in(self, node: IsIn, values: list[Any]) -> Hashable:
        if not _is_plain(node.path) or not 0 < len(node.values) <= self._longest_list:
            return None
        values.append(node.values)
        return "in", node.path.name

    def _not(self, node: Not, values: list[Any]) -> Hashable:
        inner = self._shape(node.inner, values)
        return None if inner is None else ("not", inner)

    def _several(self, node: AllOf | AnyOf, values: list[Any]) -> Hashable:
        parts = tuple(self._shape(part, values) for part in node.parts)
        return None if None in parts else (type(node), parts)


def _is_plain(path: PropertyPath) -> bool:
    return path.is_column and not path.value_type.is_json and path.value_type.kind not in _SCALAR_JSON


_SHAPES: Mapping[type, Callable[[Shapes, Any, list[Any]], Hashable]] = {
    Compare: Shapes._compare,
    IsNull: Shapes._is_null,
    Between: Shapes._between,
    IsIn: Shapes._is_in,
    Not: Shapes._not,
    AllOf: Shapes._several,
    AnyOf: Shapes._several,
}


def _with_parameters(node: Condition, names: Iterator[str]) -> Condition:
    """A condition that has a shape, with parameters in place of its values, named in their order."""
    if isinstance(node, Compare):
        return replace(node, value=bindparam(next(names)))
    if isinstance(node, Between):
        return replace(node, low=bindparam(next(names)), high=bindparam(next(names)))
    if isinstance(node, IsIn):
        values: Any = bindparam(next(names), expanding=True)
        return replace(node, values=values)
    if isinstance(node, Not):
        return Not(_with_parameters(node.inner, names))
    if isinstance(node, AllOf | AnyOf):
        return type(node)(tuple(_with_parameters(part, names) for part in node.parts))
    return node
