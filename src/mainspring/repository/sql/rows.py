"""Between rows and instances. What is known of model and columns is worked out once; a row costs one dictionary."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from json import loads
from typing import Any

from sqlalchemy import Column

from mainspring.repository.instances import mark_unloaded
from mainspring.repository.sql.json_types import json_text
from mainspring.repository.sql.tables import ModelTable
from mainspring.repository.stored_json import to_stored

__all__ = ["RowMaker", "column_values"]


class RowMaker:
    """Makes instances of rows that have certain properties.

    Args:
        table: The model's table.
        fields: The names of the properties, ``None`` for all.

    Attributes:
        columns: What is selected.
    """

    def __init__(self, table: ModelTable, fields: tuple[str, ...] | None) -> None:
        known = [name for name in table.columns if fields is None or name in fields]
        free = [] if fields is None else [name for name in fields if name not in table.columns]
        self._cls = table.definition.model
        self._names = tuple(known)
        self._left_out = tuple(name for name in table.columns if name not in known)
        self._free = None if fields is None else frozenset(free)
        self.has_extra = table.extra is not None and (fields is None or bool(free))
        self.columns: list[Column[Any]] = [table.columns[name] for name in known]
        if self.has_extra and table.extra is not None:
            self.columns.append(table.extra)
        if not self.columns:  # only relations are wanted; a row needs something in it
            self.columns = [table.columns[name] for name in table.ids] or list(table.columns.values())[:1]
        self._make = _maker(self._names, len(self.columns))

    def instances(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """The instances of rows, in their order."""
        made: list[Any] = self._make(rows, object.__new__, self._cls)
        if self.has_extra:
            self._add_extra(made, rows)
        if self._left_out:
            for instance in made:
                mark_unloaded(instance, self._left_out)
        return made

    def _add_extra(self, made: list[Any], rows: Iterable[Sequence[Any]]) -> None:
        for instance, row in zip(made, rows, strict=True):
            if row[-1] is not None:
                extra: Mapping[str, Any] = loads(row[-1])
                instance.__dict__.update(
                    (name, value) for name, value in extra.items() if self._free is None or name in self._free
                )


def _maker(names: Sequence[str], width: int) -> Callable[..., list[Any]]:
    """A function written for these names, which takes a row apart in half the time of ``dict(zip(names, row))``."""
    values = [f"value_{number}" for number in range(width)]  # a row may end with what is no property
    filled = ", ".join(f"{name!r}: {value}" for name, value in zip(names, values, strict=False))
    source = f"""
def make(rows, new, cls):
    made = []
    for {", ".join(values)}, in rows:
        instance = new(cls)
        instance.__dict__ = {{{filled}}}
        made.append(instance)
    return made
"""
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    make: Callable[..., list[Any]] = namespace["make"]
    return make


def column_values(table: ModelTable, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by property name as values by column key; free properties together in their column."""
    found: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in values.items():
        column = table.columns.get(name)
        if column is not None:
            found[column.key] = value
        else:
            extra[name] = to_stored(value)
    if table.extra is not None and extra:
        found[table.extra.key] = json_text(extra)
    return found
