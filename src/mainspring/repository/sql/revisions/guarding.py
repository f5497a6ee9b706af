"""Watching a revision while it is carried out: nothing that loses data unless told, and tables of SQLite whole."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from alembic.operations import ops
from sqlalchemy import Column, Connection, MetaData, Table, inspect, literal_column, select
from sqlalchemy.types import UserDefinedType, to_instance

from mainspring.repository.errors import MigrationError
from mainspring.repository.sql.altering import uncollated
from mainspring.repository.sql.declared import declared_columns, table_sql
from mainspring.repository.sql.rebuilding import dependents
from mainspring.repository.sql.revisions.losses import loss_of

__all__ = ["guard"]


def guard(operations: Any, connection: Connection, datasource: str, *, allow_unsafe: bool) -> None:
    """Look at each operation before it is carried out.

    Args:
        operations: Alembic's, that the scripts call.
        connection: To look whether there is anything to lose.
        datasource: The name, for messages.
        allow_unsafe: Whether data may be lost.
    """
    watch = _Watch(connection, datasource, allow_unsafe)
    batch = operations.batch_alter_table

    @contextmanager
    def batch_alter_table(table_name: str, *arguments: Any, **options: Any) -> Iterator[Any]:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite and "copy_from" not in options:
            options = {**_as_declared(connection, table_name), **options}
        triggers = _triggers(connection, table_name) if is_sqlite else {}
        with batch(table_name, *arguments, **options) as inner:
            inner.invoke = watch.before(inner.invoke)
            yield inner
        for name in triggers.keys() - _triggers(connection, table_name).keys() if triggers else ():
            connection.exec_driver_sql(triggers[name])  # it went with the table that a copy took the place of

    operations.invoke = watch.before(operations.invoke)
    operations.batch_alter_table = batch_alter_table


class _Watch:
    """Refuses what is not allowed.

    Args:
        connection: To the database.
        datasource: The name.
        allow_unsafe: Whether data may be lost.
    """

    def __init__(self, connection: Connection, datasource: str, allow_unsafe: bool) -> None:
        self._connection, self._datasource, self._allow_unsafe = connection, datasource, allow_unsafe

    def before(self, invoke: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The same, after a look."""

        def watched(operation: Any) -> Any:
            self._refuse_loss(operation)
            self._refuse_unfilled(operation)
            self._cast(operation)
            return invoke(operation)

        return watched

    def _refuse_loss(self, operation: Any) -> None:
        loss = None if self._allow_unsafe else loss_of(operation, self._connection.dialect)
        if loss is not None and self._has_rows(operation):
            raise MigrationError(
                self._datasource,
                f"a step could lose data ({loss}); allow it with --allow-unsafe, or keep the data first",
            )

    def _refuse_unfilled(self, operation: Any) -> None:
        if not isinstance(operation, ops.AlterColumnOp) or operation.modify_nullable is not False:
            return
        column: Column[Any] = Column(operation.column_name)
        table = self._table(operation, column)
        if not self._is_there(table, operation.column_name):
            return
        if self._connection.execute(select(literal_column("1")).where(column.is_(None)).limit(1)).first() is not None:
            raise MigrationError(
                self._datasource,
                f"the column {operation.column_name!r} of {operation.table_name!r} has to have a value, and there are "
                "rows without one; let the revision give them one before (op.execute)",
            )

    def _cast(self, operation: Any) -> None:
        """PostgreSQL changes a type only if it is told how; elsewhere values are cast by themselves."""
        dialect = self._connection.dialect
        if (
            dialect.name == "postgresql"
            and isinstance(operation, ops.AlterColumnOp)
            and operation.modify_type is not None
        ):
            name = dialect.identifier_preparer.quote(operation.column_name)
            declared = uncollated(to_instance(operation.modify_type).compile(dialect=dialect))
            operation.kw.setdefault("postgresql_using", f"CAST({name} AS {declared})")

    def _has_rows(self, operation: Any) -> bool:
        """Whether there is anything to lose, as far as the table is known."""
        if isinstance(operation, ops.ExecuteSQLOp):
            return True
        table = self._table(operation)
        if not self._is_there(table):
            return False
        return self._connection.execute(select(literal_column("1")).select_from(table).limit(1)).first() is not None

    def _table(self, operation: Any, *columns: Column[Any]) -> Table:
        return Table(operation.table_name, MetaData(), *columns, schema=operation.schema)

    def _is_there(self, table: Table, column: str | None = None) -> bool:
        inspector = inspect(self._connection)
        if not inspector.has_table(table.name, table.schema):
            return False
        return column is None or column in {each["name"] for each in inspector.get_columns(table.name, table.schema)}


class _Declared(UserDefinedType[Any]):
    """A type by its SQL."""

    cache_ok = True

    def __init__(self, declared: str) -> None:
        self.declared = declared

    def get_col_spec(self, **_: Any) -> str:
        """That SQL."""
        return self.declared


def _as_declared(connection: Connection, table: str) -> Mapping[str, Any]:
    """What reading a table of SQLite leaves out, and a copy of it must have: collations, names of types, counting."""
    sql, declared = table_sql(connection, table), declared_columns(connection, table)
    if sql is None:
        return {}

    def restore(_: Any, __: Any, column: Any) -> None:
        own = declared[column["name"]]
        if own and own != column["type"].compile(dialect=connection.dialect):
            column["type"] = _Declared(own)

    options: dict[str, Any] = {"reflect_kwargs": {"listeners": [("column_reflect", restore)]}}
    if re.search(r"\bAUTOINCREMENT\b", sql, re.IGNORECASE):
        options["table_kwargs"] = {"sqlite_autoincrement": True}
    return options


def _triggers(connection: Connection, table: str) -> dict[str, str]:
    """Name -> statement of a table's triggers."""
    return {each.name: each.sql for each in dependents(connection, table) if each.kind == "trigger"}
