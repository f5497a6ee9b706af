"""What operations of a revision do, in words, and which of them lose data."""

import re
from collections.abc import Iterator
from typing import Any

from alembic.operations import ops
from sqlalchemy import Delete

from mainspring.repository.sql.altering import Form
from mainspring.repository.sql.rebuilding import LOSSLESS, affinity

__all__ = ["flat", "form_of", "loss_of", "words_of"]

#: SQL by which data are lost. A revision's own words are all there is to look at.
_LOSING = re.compile(
    r"\bDROP\s+(TABLE|COLUMN|SCHEMA|DATABASE)\b|\bTRUNCATE\b|\bDELETE\s+FROM\b"
    r"|\bALTER\s+TABLE\b[^;]*\bDROP\s+(?!CONSTRAINT|INDEX|KEY|FOREIGN|PRIMARY|CHECK|DEFAULT|NOT|IDENTITY|EXPRESSION)",
    re.IGNORECASE,
)


def flat(operations: Any) -> Iterator[Any]:
    """The operations inside those that hold some."""
    for operation in operations.ops:
        if isinstance(operation, ops.OpContainer):
            yield from flat(operation)
        else:
            yield operation


def form_of(type: Any, dialect: Any) -> Any:
    """What matters of a column's type: two types with one form keep the same values."""
    declared = type.compile(dialect=dialect)
    return affinity(declared) if dialect.name == "sqlite" else Form.of(declared)


def loss_of(operation: Any, dialect: Any) -> str | None:
    """What is lost by an operation if there are rows; ``None``: nothing.

    Args:
        operation: One of Alembic's.
        dialect: SQLAlchemy's dialect.
    """
    if isinstance(operation, ops.DropTableOp | ops.DropColumnOp):
        return words_of(operation)
    if isinstance(operation, ops.AlterColumnOp) and operation.modify_type is not None:
        known = operation.existing_type is not None
        return None if known and _fits(operation, dialect) else words_of(operation)
    if isinstance(operation, ops.ExecuteSQLOp) and _loses(operation.sqltext):
        return words_of(operation)
    return None


def _fits(operation: Any, dialect: Any) -> bool:
    before, after = form_of(operation.existing_type, dialect), form_of(operation.modify_type, dialect)
    if isinstance(before, Form):
        return before.fits_into(after)
    return before == after or (before, after) in LOSSLESS


def _loses(statement: Any) -> bool:
    return isinstance(statement, Delete) or _LOSING.search(str(statement)) is not None


def words_of(operation: Any) -> str:
    """What an operation does, in a few words."""
    for kind, words in _WORDS.items():
        if isinstance(operation, kind):
            return str(words(operation))
    return type(operation).__name__.removesuffix("Op")


def _altered(operation: Any) -> str:
    what = "the type of " if operation.modify_type is not None else ""
    return f"change {what}column {operation.column_name!r} of {operation.table_name!r}"


_WORDS: dict[type[Any], Any] = {
    ops.CreateTableOp: lambda op: f"create table {op.table_name!r}",
    ops.DropTableOp: lambda op: f"drop table {op.table_name!r}",
    ops.AddColumnOp: lambda op: f"add column {op.column.name!r} to {op.table_name!r}",
    ops.DropColumnOp: lambda op: f"drop column {op.column_name!r} of {op.table_name!r}",
    ops.AlterColumnOp: _altered,
    ops.CreateIndexOp: lambda op: f"create index {op.index_name!r}",
    ops.DropIndexOp: lambda op: f"drop index {op.index_name!r}",
    ops.DropConstraintOp: lambda op: f"drop constraint {op.constraint_name!r}",
    ops.AddConstraintOp: lambda op: f"create constraint {op.constraint_name!r}",
    ops.ExecuteSQLOp: lambda op: f"execute {' '.join(str(op.sqltext).split())[:60]!r}",
}
