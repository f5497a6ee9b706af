"""Fluent makers of filters and conditions: plain dictionaries, copied in and out."""

import copy
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from mainspring.repository.filters import Filter, Where, is_filter

__all__ = ["FilterBuilder", "WhereBuilder", "filter_template"]

_DIRECTIONS = ("ASC", "DESC")
_PLACEHOLDER = re.compile(r'"(?:[^"\\]|\\.)*"|\$([A-Za-z_][\w.]*)')


class WhereBuilder:
    """Makes a condition; every call returns the builder.

    Args:
        where: What it begins with; it is copied.
    """

    def __init__(self, where: Mapping[str, Any] | None = None) -> None:
        self._where: dict[str, Any] = copy.deepcopy(dict(where or {}))

    def _add(self, key: str, value: Any) -> Self:
        return self.impose({key: value})

    def impose(self, where: Mapping[str, Any]) -> Self:
        """And another condition in: flat when no key is taken, else under ``and``."""
        given = copy.deepcopy(dict(where))
        if not self._where or not given:
            self._where = self._where or given
        elif any(key in self._where for key in given):
            self._where = {"and": [self._where, given]}
        else:
            self._where.update(given)
        return self

    def eq(self, property: str, value: Any) -> Self:
        """The property equals the value."""
        return self._add(property, value)

    def neq(self, property: str, value: Any) -> Self:
        """The property does not equal the value."""
        return self._add(property, {"neq": value})

    def gt(self, property: str, value: Any) -> Self:
        """The property is more than the value."""
        return self._add(property, {"gt": value})

    def gte(self, property: str, value: Any) -> Self:
        """The property is the value or more."""
        return self._add(property, {"gte": value})

    def lt(self, property: str, value: Any) -> Self:
        """The property is less than the value."""
        return self._add(property, {"lt": value})

    def lte(self, property: str, value: Any) -> Self:
        """The property is the value or less."""
        return self._add(property, {"lte": value})

    def inq(self, property: str, values: Iterable[Any]) -> Self:
        """The property is one of the values."""
        return self._add(property, {"inq": list(values)})

    def nin(self, property: str, values: Iterable[Any]) -> Self:
        """The property is none of the values."""
        return self._add(property, {"nin": list(values)})

    def between(self, property: str, low: Any, high: Any) -> Self:
        """The property is within the limits, both included."""
        return self._add(property, {"between": [low, high]})

    def exists(self, property: str, value: bool = True) -> Self:
        """The property is not null (or, with ``False``, is)."""
        return self._add(property, {"exists": value})

    def like(self, property: str, pattern: str) -> Self:
        """The text matches; ``%`` any run, ``_`` one character."""
        return self._add(property, {"like": pattern})

    def nlike(self, property: str, pattern: str) -> Self:
        """The text does not match."""
        return self._add(property, {"nlike": pattern})

    def ilike(self, property: str, pattern: str) -> Self:
        """The text matches whatever the case of its letters."""
        return self._add(property, {"ilike": pattern})

    def nilike(self, property: str, pattern: str) -> Self:
        """The text does not match whatever the case of its letters."""
        return self._add(property, {"nilike": pattern})

    def regexp(self, property: str, expression: "str | re.Pattern[str]") -> Self:
        """The regular expression is found in the text."""
        return self._add(property, {"regexp": expression})

    def and_(self, *conditions: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> Self:
        """Every condition holds."""
        return self._add("and", _flat(conditions))

    def or_(self, *conditions: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> Self:
        """At least one condition holds."""
        return self._add("or", _flat(conditions))

    def not_(self, condition: Mapping[str, Any]) -> Self:
        """The condition does not hold."""
        return self._add("not", dict(condition))

    def build(self) -> Where:
        """The condition, independent of the builder."""
        return copy.deepcopy(self._where)


def _flat(conditions: Iterable[Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for each in conditions:
        found += [dict(each)] if isinstance(each, Mapping) else [dict(inner) for inner in each]
    return found


class FilterBuilder:
    """Makes a filter; every call returns the builder.

    Args:
        filter: What it begins with; it is copied.

    Raises:
        TypeError: It is no mapping (a model is not named here: a filter knows none).
    """

    def __init__(self, filter: Mapping[str, Any] | None = None) -> None:
        if filter is not None and not isinstance(filter, Mapping):
            raise TypeError(f"FilterBuilder begins with a filter, a mapping, or with nothing; not with {filter!r}.")
        self._filter: dict[str, Any] = copy.deepcopy(dict(filter or {}))

    def fields(self, *fields: str | Mapping[str, bool] | Iterable[str]) -> Self:
        """Name properties that are wanted, or map them to whether they are."""
        found: dict[str, bool] = _switches(self._filter.get("fields"))
        for each in fields:
            found.update(_switches(each))
        self._filter["fields"] = found
        return self

    def include(self, *relations: Any) -> Self:
        """Name relations, or give ``{"relation": …, "scope": …}``."""
        found = [_inclusion(each) for each in self._filter.get("include", ())]
        for each in relations:
            given = [each] if isinstance(each, str | Mapping) else list(each)
            found += [_inclusion(one) for one in given]
        self._filter["include"] = found
        return self

    def order(self, *order: str | Mapping[str, str] | Iterable[str]) -> Self:
        """Add sort keys: ``"a"``, ``"a DESC"``, ``{"a": "DESC"}``, lists of them.

        Raises:
            ValueError: One of them is no sort key.
        """
        given = self._filter.get("order", [])
        found = [given] if isinstance(given, str) else list(given)
        for each in order:
            found += _sort_keys(each)
        self._filter["order"] = found
        return self

    def limit(self, limit: int) -> Self:
        """Want at most so many.

        Raises:
            ValueError: It is not positive.
        """
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise ValueError(f"Limit {limit!r} must be a positive number.")
        self._filter["limit"] = limit
        return self

    def offset(self, offset: int) -> Self:
        """Leave out so many at the beginning.

        Raises:
            ValueError: It is negative.
        """
        if isinstance(offset, bool) or not isinstance(offset, int) or offset < 0:
            raise ValueError(f"Offset {offset!r} must be zero or a positive number.")
        self._filter["offset"] = offset
        return self

    def skip(self, skip: int) -> Self:
        """The same as ``offset``."""
        return self.offset(skip)

    def where(self, where: Mapping[str, Any]) -> Self:
        """Set the condition."""
        self._filter["where"] = copy.deepcopy(dict(where))
        return self

    def impose(self, constraint: Mapping[str, Any]) -> Self:
        """And a condition in, given as one or as a filter that has nothing else.

        Raises:
            NotImplementedError: The filter has more than a condition.
        """
        where: Any = constraint
        if is_filter(constraint):
            if any(constraint.get(key) is not None for key in constraint if key != "where"):
                raise NotImplementedError(
                    "merging selection, pagination and sorting is not implemented; impose a filter with where only"
                )
            where = constraint.get("where") or {}
        if where:
            self._filter["where"] = WhereBuilder(self._filter.get("where")).impose(where).build()
        return self

    def build(self) -> Filter:
        """The filter, independent of the builder."""
        built: Filter = copy.deepcopy(self._filter)  # type: ignore[assignment]  # its keys are those of a filter
        return built


def _switches(fields: Any) -> dict[str, bool]:
    if fields is None:
        return {}
    if isinstance(fields, str):
        return {fields: True}
    return dict(fields) if isinstance(fields, Mapping) else dict.fromkeys(fields, True)


def _inclusion(entry: Any) -> dict[str, Any]:
    return {"relation": entry} if isinstance(entry, str) else dict(entry)


def _sort_keys(order: Any) -> list[str]:
    if isinstance(order, Mapping):
        return [_sort_key(f"{name} {direction}") for name, direction in order.items()]
    return [_sort_key(order)] if isinstance(order, str) else [_sort_key(each) for each in order]


def _sort_key(text: str) -> str:
    words = text.split()
    direction = words[1].upper() if len(words) == 2 else "ASC"
    if not 1 <= len(words) <= 2 or direction not in _DIRECTIONS:
        raise ValueError(f"Invalid order: {text!r}; write '<property> ASC' or '<property> DESC'.")
    return f"{words[0]} {direction}"


def filter_template(text: str) -> Callable[[Mapping[str, Any]], Filter]:
    """A function that fills the placeholders of a JSON text: ``'{"limit": $limit, "where": {$key: $pages.size}}'``.

    Each placeholder becomes the JSON of the value it names; a missing one is null. Values cannot leave their place.

    Args:
        text: The text. Placeholders stand outside of quotes.
    """

    def fill(values: Mapping[str, Any]) -> Filter:
        filled = _PLACEHOLDER.sub(lambda found: found[0] if found[1] is None else _json(values, found[1]), text)
        try:
            result: Filter = json.loads(filled)
        except ValueError as error:
            raise ValueError(f"Invalid JSON after filling the template: {error}") from error
        return result

    return fill


def _json(values: Mapping[str, Any], path: str) -> str:
    found: Any = values
    for step in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            found = None
    return json.dumps(found, default=str)
