"""From checked conditions to SQL expressions. Values are always bound; names come from the table only."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import BindParameter, Column, ColumnElement, and_, false, literal, not_, null, or_, true, type_coerce
from sqlalchemy.types import NullType

from mainspring.repository.conditions import (
    AllOf,
    AnyOf,
    Between,
    Compare,
    Condition,
    IsIn,
    IsNull,
    Matches,
    Not,
    PropertyPath,
)
from mainspring.repository.kinds import Kind
from mainspring.repository.sql.dialects import Dialect
from mainspring.repository.sql.json_types import json_text
from mainspring.repository.sql.tables import ModelTable
from mainspring.repository.sql.types import json_value_type
from mainspring.repository.stored_json import to_stored

__all__ = ["WhereClauses"]

#: Kinds whose values are compared as JSON scalars.
_SCALAR_JSON = frozenset((Kind.ANY, Kind.UNION))


class WhereClauses:
    """Makes expressions for one table.

    Args:
        table: The table.
        dialect: The database.
    """

    def __init__(self, table: ModelTable, dialect: Dialect) -> None:
        self._table, self._dialect = table, dialect

    def clause(self, condition: Condition | None) -> ColumnElement[bool] | None:
        """The expression of a condition; ``None`` where everything matches."""
        return None if condition is None else self._clause(condition)

    def _clause(self, condition: Condition) -> ColumnElement[bool]:
        return _CLAUSES[type(condition)](self, condition)

    def order(self, path: PropertyPath) -> ColumnElement[Any]:
        """What rows are sorted by."""
        return self.value(path)

    def value(self, path: PropertyPath) -> ColumnElement[Any]:
        """The expression of what a path leads to, with the type its values are compared as."""
        if path.is_column:
            column = self._table.columns[path.name]
            return column if path.value_type.kind not in _SCALAR_JSON else self._inside(path)
        return self._inside(path)

    def _place(self, path: PropertyPath) -> tuple[Column[Any], tuple[str | int, ...]]:
        """The JSON column and the way inside it."""
        if path.prop is None:
            extra = self._table.extra
            assert extra is not None  # only models with such a column have free properties
            return extra, (path.name, *path.steps)
        return self._table.columns[path.name], path.steps

    def _inside(self, path: PropertyPath, like: Any = None) -> ColumnElement[Any]:
        column, steps = self._place(path)
        if path.value_type.is_json:
            return type_coerce(self._dialect.json_path(column, steps, like), NullType())
        options = path.prop.options if path.prop is not None else {}
        return self._dialect.json_value(column, steps, path.value_type.kind, json_value_type(path.value_type, options))

    # One method per node

    def _is_null(self, node: IsNull) -> ColumnElement[bool]:
        if node.path.is_column:
            return self._table.columns[node.path.name].is_(null())
        return self._dialect.json_plain(*self._place(node.path)).is_(null())

    def _compare(self, node: Compare) -> ColumnElement[bool]:
        if node.operator == "contains":
            column, steps = self._place(node.path)
            return self._dialect.json_contains(column, steps, to_stored(node.value))
        if node.path.value_type.is_json and node.path.value_type.kind not in _SCALAR_JSON:
            return self._json_equal(node.path, node.value)
        if node.path.value_type.kind in _SCALAR_JSON:
            return self._compare_json(node)
        value = self.value(node.path)
        # SQLAlchemy makes words of SQL of true and false, which have no order.
        other = literal(node.value, value.type) if isinstance(node.value, bool) else node.value
        return _OPERATORS[node.operator](value, other)

    def _json_literal(self, stored: Any) -> ColumnElement[Any]:
        scalar = self._dialect.json_scalar(stored)
        return scalar if isinstance(scalar, ColumnElement) else literal(scalar)

    def _json_equal(self, path: PropertyPath, value: Any) -> ColumnElement[bool]:
        column, steps = self._place(path)
        return self._dialect.json_equal(column, steps, json_text(to_stored(value)))

    def _compare_json(self, node: Compare) -> ColumnElement[bool]:
        """A JSON scalar equals one of its own type only: ``True`` is not 1, nor "1"."""
        if isinstance(node.value, list | dict | tuple):
            return self._json_equal(node.path, node.value)
        column, steps = self._place(node.path)
        stored = to_stored(node.value)
        value = _OPERATORS[node.operator](self._inside(node.path, stored), self._json_literal(stored))
        types = self._dialect.json_types_of(stored)
        return and_(value, self._dialect.json_type(column, steps).in_(types))

    def _is_in(self, node: IsIn) -> ColumnElement[bool]:
        if isinstance(node.values, BindParameter):  # of a statement that is made once for its shape
            return self.value(node.path).in_(node.values)
        if not node.values:
            return false()
        if node.path.value_type.kind in _SCALAR_JSON:
            return self._is_in_json(node)
        value = self.value(node.path)
        is_short = len(node.values) <= self._dialect.longest_list
        if node.path.value_type.is_json and is_short:
            return self._clause(AnyOf(tuple(Compare(node.path, "eq", value) for value in node.values)))
        return value.in_(node.values) if is_short else self._dialect.in_long_list(value, node.values)

    def _is_in_json(self, node: IsIn) -> ColumnElement[bool]:
        """Values of one JSON type together; lists and objects one by one."""
        column, steps = self._place(node.path)
        groups: dict[tuple[str, ...], list[Any]] = {}
        found: list[ColumnElement[bool]] = []
        for stored in map(to_stored, node.values):
            if isinstance(stored, list | dict):
                found.append(self._json_equal(node.path, stored))
            else:
                groups.setdefault(self._dialect.json_types_of(stored), []).append(stored)
        for types, values in groups.items():
            value = self._inside(node.path, values[0])
            is_short = len(values) <= self._dialect.longest_list
            literals = [self._json_literal(each) for each in values] if is_short else []
            inside = value.in_(literals) if is_short else self._dialect.in_long_list(value, values)
            found.append(and_(inside, self._dialect.json_type(column, steps).in_(types)))
        return or_(false(), *found)

    def _between(self, node: Between) -> ColumnElement[bool]:
        path = node.path
        return self._clause(AllOf((Compare(path, "gte", node.low), Compare(path, "lte", node.high))))

    def _matches(self, node: Matches) -> ColumnElement[bool]:
        in_json = node.path.value_type.is_json
        value = self._dialect.json_plain(*self._place(node.path)) if in_json else self.value(node.path)
        if isinstance(node.pattern, str):
            return self._dialect.like(value, node.pattern, ignore_case=node.ignore_case)
        return self._dialect.regexp(value, node.pattern)

    def _not(self, node: Not) -> ColumnElement[bool]:
        inner = node.inner
        if isinstance(inner, IsNull):
            return not_(self._is_null(inner))
        if isinstance(inner, Compare) and inner.operator == "eq" and not inner.path.value_type.is_json:
            return self.value(inner.path).is_distinct_from(inner.value)
        return self._dialect.is_not_true(self._clause(inner))

    def _all_of(self, node: AllOf) -> ColumnElement[bool]:
        return and_(true(), *(self._clause(part) for part in node.parts))

    def _any_of(self, node: AnyOf) -> ColumnElement[bool]:
        return or_(false(), *(self._clause(part) for part in node.parts))


_OPERATORS: Mapping[str, Callable[[ColumnElement[Any], Any], ColumnElement[bool]]] = {
    "eq": lambda column, value: column == value,
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
}

_CLAUSES: Mapping[type, Callable[[WhereClauses, Any], ColumnElement[bool]]] = {
    IsNull: WhereClauses._is_null,
    Compare: WhereClauses._compare,
    IsIn: WhereClauses._is_in,
    Between: WhereClauses._between,
    Matches: WhereClauses._matches,
    Not: WhereClauses._not,
    AllOf: WhereClauses._all_of,
    AnyOf: WhereClauses._any_of,
}
