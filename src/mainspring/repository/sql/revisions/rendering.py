"""Columns of models as they are written into a revision: plain SQLAlchemy, the same on every database, and no word of
Mainspring, so that a revision goes on meaning what it meant.
"""

import datetime
from collections.abc import Callable, Mapping
from copy import copy
from decimal import Decimal
from importlib import import_module
from typing import Any

from alembic.autogenerate.render import _repr_type, renderers
from alembic.operations import ops
from sqlalchemy import ARRAY, JSON, CheckConstraint, Double, String, Text, column
from sqlalchemy.dialects.mysql.base import MySQLDialect
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.exc import CompileError
from sqlalchemy.types import TypeDecorator, UserDefinedType
from sqlalchemy.util import immutabledict

__all__ = ["FillColumn", "Rendering", "literal", "rendered_check"]


class FillColumn(ops.MigrateOperation):
    """Give the rows that are there a value.

    Attributes:
        table: The table.
        schema: Its schema.
        column: The column.
        value: The value, as a `literal`.
    """

    def __init__(self, table: str, schema: str | None, column: str, value: str) -> None:
        self.table, self.schema, self.column, self.value = table, schema, column, value


@renderers.dispatch_for(FillColumn)
def _render_fill(_: Any, operation: FillColumn) -> str:
    schema = f", schema={operation.schema!r}" if operation.schema else ""
    table = f"sa.table({operation.table!r}, sa.column({operation.column!r}){schema})"
    return f"op.execute({table}.update().values({{{operation.column!r}: {operation.value}}}))"


def literal(value: Any) -> str | None:
    """Python for a stored value, written so that every database takes it; ``None`` where that cannot be."""
    if isinstance(value, bool):
        return f"sa.{str(value).lower()}()"
    if isinstance(value, int | float | Decimal):
        return f"sa.literal_column({str(value)!r})"
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return f"sa.literal_column({_quoted(str(value))!r})"
    if isinstance(value, str) and "\\" not in value:
        return f"sa.literal_column({_quoted(value)!r})"
    return None


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def rendered_check(name: str, column_name: str, values: list[Any]) -> str:
    """Python for the constraint that keeps a column to some values."""
    return f"sa.CheckConstraint(sa.column({column_name!r}).in_({values!r}), name=op.f({name!r}))"


class Rendering:
    """How types and checks are written; called by Alembic.

    Args:
        dialect: SQLAlchemy's dialect of the database that is connected.
        checks: Name of a constraint -> column and allowed values.
    """

    def __init__(self, dialect: Any, checks: Mapping[str, tuple[str, list[Any]]]) -> None:
        self._checks = checks
        mysql: Any = MySQLDialect()
        mysql.server_version_info = getattr(dialect, "server_version_info", None) if dialect.name == "mysql" else ()
        mysql.is_mariadb = bool(getattr(dialect, "is_mariadb", False))
        postgresql: Any = PGDialect
        self._dialects: dict[str, Any] = {"sqlite": SQLiteDialect(), "postgresql": postgresql(), "mysql": mysql}

    def __call__(self, kind: str, item: Any, context: Any) -> Any:
        """Python for an item, or ``False``: as Alembic writes it."""
        if kind == "type" and (isinstance(item, TypeDecorator) or item._variant_mapping):
            return self._type(item, context)
        if kind == "check" and str(item.name) in self._checks:
            return rendered_check(str(item.name), *self._checks[str(item.name)])
        return False

    def condition(self, constraint: CheckConstraint, dialect: Any) -> str:
        """SQL for a constraint that is added to a table."""
        name, values = self._checks[str(constraint.name)]
        return str(column(name).in_(values).compile(dialect=dialect, compile_kwargs={"literal_binds": True}))

    def _type(self, item: Any, context: Any) -> str:
        """The type of one database, with the others' where SQL differs."""
        each = {name: _plain(item, dialect) for name, dialect in self._dialects.items()}
        plain = [name for name, own in each.items() if not _is_of_a_dialect(own)] or list(each)
        base = min(plain, key=lambda name: len(self._others(each, each[name])))
        text = _written(each[base], context)
        for name in self._others(each, each[base]):
            text += f".with_variant({_written(each[name], context)}, {name!r})"
        return text

    def _others(self, each: Mapping[str, Any], base: Any) -> list[str]:
        return [name for name, dialect in self._dialects.items() if _sql(base, dialect) != _sql(each[name], dialect)]


def _plain(item: Any, dialect: Any) -> Any:
    """SQLAlchemy's own type for a database."""
    found = item._variant_mapping.get(dialect.name, item)
    while isinstance(found, TypeDecorator):
        found = found.load_dialect_impl(dialect)
    if _is_of_a_dialect(found) and not hasattr(
        import_module(f"sqlalchemy.dialects.{dialect.name}"), type(found).__name__
    ):
        generic = next(cls for cls in type(found).__mro__ if cls.__module__ == "sqlalchemy.sql.sqltypes")
        found = found.adapt(generic)  # a class of the dialect's own, which nobody can name
    if isinstance(found, UserDefinedType):
        return _NAMED[found.get_col_spec()]()
    if dialect.name == "postgresql" and isinstance(found, Text):
        return String(collation=found.collation)  # as the driver's dialect makes it
    if found is item:  # one with variants: what is wanted is the type alone
        found = copy(item)
        found._variant_mapping = immutabledict()
    return found


#: SQLAlchemy's types for those that are known by their SQL alone.
_NAMED: Mapping[str, Callable[[], Any]] = {"DOUBLE": Double, "JSON": JSON}


def _is_of_a_dialect(type: Any) -> bool:
    return str(type.__class__.__module__).startswith("sqlalchemy.dialects")


def _written(type: Any, context: Any) -> str:
    if isinstance(type, ARRAY):  # Alembic forgets the module of its items
        return f"sa.ARRAY({_written(type.item_type, context)})"
    return str(_repr_type(type, context))


def _sql(type: Any, dialect: Any) -> str | None:
    try:
        return str(type.compile(dialect=dialect))
    except CompileError:
        return None
