"""Parameters as a log may show them: values of hidden properties are masked.

A value whose column cannot be told is masked as well, in statements about tables that have something to hide.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.sql import visitors

from mainspring.repository.definitions import ModelDefinition, definition_of
from mainspring.repository.kinds import Kind, ValueType
from mainspring.repository.serialising import hidden_names

__all__ = ["HIDDEN", "hidden_columns", "shown_parameters"]

#: The mark of a table: the columns whose values are not shown.
HIDDEN = "mainspring_hidden"

_MASK = "***"


def hidden_columns(definition: ModelDefinition) -> frozenset[str]:
    """The properties whose values, or parts of them, are hidden."""
    hidden = hidden_names(definition)
    inside = {name for name, prop in definition.properties.items() if _has_hidden(prop.value_type, frozenset())}
    return frozenset(hidden | inside)


def _has_hidden(value_type: ValueType, seen: frozenset[type]) -> bool:
    if value_type.kind is Kind.MODEL and value_type.python not in seen:
        inner, seen = definition_of(value_type.python), seen | {value_type.python}
        if hidden_names(inner) or any(_has_hidden(prop.value_type, seen) for prop in inner.properties.values()):
            return True
    parts = (*value_type.members, *([value_type.item] if value_type.item is not None else ()))
    return any(_has_hidden(part, seen) for part in parts)


def shown_parameters(compiled: Any, parameters: Any) -> Any:
    """The parameters of a statement, what is hidden masked.

    Args:
        compiled: The statement, ``None`` if it was given as text.
        parameters: What the driver was given.
    """
    if compiled is None:
        return parameters
    tables = _tables(compiled.statement)
    if not any(table.info.get(HIDDEN) for table in tables):
        return parameters
    open_types = {
        id(column.type) for table in tables for column in table.c if column.key not in table.info.get(HIDDEN, ())
    }
    is_open = {name: id(bind.type) in open_types for name, bind in compiled.binds.items()}
    if isinstance(parameters, Mapping):
        return {name: value if is_open.get(name) else _MASK for name, value in parameters.items()}
    names: Sequence[str] = compiled.positiontup or ()
    if not isinstance(parameters, Sequence) or len(names) != len(parameters):
        return _MASK  # several rows, or a list of values
    return tuple(value if is_open.get(name) else _MASK for name, value in zip(names, parameters, strict=True))


def _tables(statement: Any) -> list[Table]:
    found = {each for each in visitors.iterate(statement) if isinstance(each, Table)}
    about = getattr(statement, "table", None)  # of an insert, update or delete
    return [*found, about] if isinstance(about, Table) else [*found]
