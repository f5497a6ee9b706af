"""Pages that do not overlap while rows come and go: each begins where the last row of the one before stood.

A cursor is the sort keys of a row, as opaque text. It fits one order and one condition; null sorts as more than
everything, as it does in every query.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from mainspring.repository.conditions import AllOf, AnyOf, Compare, Condition, IsNull, Not, PropertyPath
from mainspring.repository.definitions import ModelDefinition
from mainspring.repository.errors import InvalidFilterError
from mainspring.repository.filters import Query
from mainspring.repository.paths import property_path
from mainspring.repository.stored_json import from_stored, to_stored
from mainspring.repository.wheres import conjunction

__all__ = ["Page", "PageQuery"]

E = TypeVar("E")

Keys = tuple[tuple[PropertyPath, bool], ...]


@dataclass(frozen=True, slots=True)
class Page(Generic[E]):
    """Some of the rows.

    Attributes:
        items: The instances, in order.
        next: The cursor for ``after=``, ``None`` at the end.
        previous: The cursor for ``before=``, ``None`` at the beginning.
    """

    items: list[E]
    next: str | None
    previous: str | None


class PageQuery:
    """The query of one page.

    Args:
        definition: The model's definition.
        query: The filter; its ``limit`` and ``skip`` must not be set.
        limit: The most rows of the page.
        after: A cursor: the rows after it.
        before: A cursor: the rows before it.

    Raises:
        InvalidFilterError: The limit is not positive, or the cursor is not of this query.
    """

    def __init__(
        self, definition: ModelDefinition, query: Query, *, limit: int, after: str | None, before: str | None
    ) -> None:
        if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit < 2**63 - 1:
            raise InvalidFilterError(f"The limit is an integer from 1 on, not {limit!r}.")
        if after is not None and before is not None:
            raise InvalidFilterError("A page is after or before a cursor, not both.")
        if query.skip:
            raise InvalidFilterError("A page begins at a cursor; leave out skip and offset.")
        self._limit, self._backwards, self._begins_inside = limit, before is not None, after is not None
        self._keys = _keys(definition, query)
        self._signature = _signature(definition, query)
        cursor = before if before is not None else after
        where = query.where
        if cursor is not None:
            where = conjunction(where, self._beyond(self._values(cursor)))
        order = tuple((path, descending is not self._backwards) for path, descending in self._keys)
        self.query = replace(query, where=where, order=order, limit=limit + 1, fields=self._fields(query))
        self._surplus = set(self.query.fields or ()) - set(query.fields or ()) if query.fields else set()

    def _fields(self, query: Query) -> tuple[str, ...] | None:
        if query.fields is None:
            return None
        return (*query.fields, *(path.name for path, _ in self._keys if path.name not in query.fields))

    def page(self, found: Sequence[Any]) -> Page[Any]:
        """The page of the rows that were found."""
        has_more = len(found) > self._limit
        items = list(found[: self._limit])
        if self._backwards:
            items.reverse()
        has_next = bool(items) and (has_more if not self._backwards else True)
        has_previous = bool(items) and (has_more if self._backwards else self._begins_inside)
        following = self._cursor(items[-1]) if has_next else None
        previous = self._cursor(items[0]) if has_previous else None
        for item in items:
            for name in self._surplus:
                vars(item).pop(name, None)
        return Page(items, following, previous)

    # Cursors

    def _cursor(self, item: Any) -> str:
        values = [to_stored(vars(item).get(path.name)) for path, _ in self._keys]
        text = json.dumps(values, separators=(",", ":"))
        return base64.urlsafe_b64encode(self._digest(text) + text.encode()).decode().rstrip("=")

    def _digest(self, text: str) -> bytes:
        return hashlib.blake2b(f"{self._signature}\n{text}".encode(), digest_size=8).digest()

    def _values(self, cursor: str) -> list[Any]:
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            digest, text = raw[:8], raw[8:].decode()
        except (binascii.Error, ValueError, TypeError):
            raise _wrong_cursor() from None
        if digest != self._digest(text):
            raise _wrong_cursor()
        stored = json.loads(text)
        return [from_stored(value, path.value_type) for value, (path, _) in zip(stored, self._keys, strict=True)]

    def _beyond(self, values: Sequence[Any]) -> Condition:
        """The rows that come after the one with these sort keys (before it, going backwards)."""
        parts: list[Condition] = []
        equal: list[Condition] = []
        for (path, descending), value in zip(self._keys, values, strict=True):
            parts.append(AllOf((*equal, _after(path, value, descending=descending is not self._backwards))))
            equal.append(IsNull(path) if value is None else Compare(path, "eq", value))
        return AnyOf(tuple(parts))


def _after(path: PropertyPath, value: Any, *, descending: bool) -> Condition:
    if descending:
        return Not(IsNull(path)) if value is None else Compare(path, "lt", value)
    return AnyOf(()) if value is None else AnyOf((Compare(path, "gt", value), IsNull(path)))


def _keys(definition: ModelDefinition, query: Query) -> Keys:
    for path, _ in query.order:
        if not path.is_column:
            raise InvalidFilterError(f"Pages are ordered by whole properties, not by {path}.")
    named = {path.name for path, _ in query.order}
    ids = (property_path(definition, name) for name in definition.id_properties() if name not in named)
    return (*query.order, *((path, False) for path in ids))


def _signature(definition: ModelDefinition, query: Query) -> str:
    order = ",".join(f"{path}{'-' if descending else '+'}" for path, descending in query.order)
    return f"{definition.name}|{order}|{_shown(query.where)}"


def _shown(condition: Any) -> str:
    """A condition as text that is the same in every process."""
    if condition is None:
        return ""
    if isinstance(condition, PropertyPath):
        return str(condition)
    if isinstance(condition, tuple):
        return f"({','.join(map(_shown, condition))})"
    slots = getattr(type(condition), "__slots__", None)
    if type(condition).__module__.endswith("repository.conditions") and slots:
        return f"{type(condition).__name__}{_shown(tuple(getattr(condition, name) for name in slots))}"
    return repr(condition)


def _wrong_cursor() -> InvalidFilterError:
    return InvalidFilterError("The cursor is not one of this query: use those of its own pages, with the same order.")
