"""Bringing the schema to what the models say: make, add, and never drop or narrow unasked.

What is to be done is worked out inside the transaction that does it, so that of two processes one does it and the other
finds nothing to do, and a failure leaves the schema as it was.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Column, Connection, ForeignKeyConstraint, Index, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable, DropTable

from mainspring.repository.definitions import PropertyDefinition
from mainspring.repository.errors import MigrationError
from mainspring.repository.instances import default_of
from mainspring.repository.sql.altering import Alterations
from mainspring.repository.sql.dialects import Dialect
from mainspring.repository.sql.exclusive import MIGRATING, marked, migration
from mainspring.repository.sql.operations import Operation
from mainspring.repository.sql.rebuilding import Rebuild, dependents, needs_rebuild
from mainspring.repository.sql.tables import ModelTable

__all__ = ["Migrator"]


class Migrator:
    """Migrates some tables of a data source.

    Args:
        datasource: The name, for messages.
        dialect: The database.
        tables: The tables, of models.
        allow_unsafe: Whether changes that may lose data are made.
        others: The tables of other models.
    """

    def __init__(
        self,
        datasource: str,
        dialect: Dialect,
        tables: Sequence[ModelTable],
        *,
        allow_unsafe: bool = False,
        others: Sequence[ModelTable] = (),
    ) -> None:
        self._datasource, self._dialect, self._allow_unsafe = datasource, dialect, allow_unsafe
        self._tables = _in_order_of_dependence(tables)
        self._others = [table for table in others if table not in tables]

    async def make_missing(self, connection: AsyncConnection) -> None:
        """Make the tables that are not there."""
        for operation in await connection.run_sync(marked, self._missing):
            await connection.exec_driver_sql(operation.sql, execution_options=MIGRATING)

    async def run(self, connection: AsyncConnection, *, drop: bool, dry_run: bool) -> list[Operation]:
        """Migrate; gives what was (or would be) done, in order.

        Raises:
            MigrationError: A change is refused; nothing was changed.
        """
        plan: Callable[[Connection], list[Operation]] = self._anew if drop else self._changes
        if dry_run:
            return await connection.run_sync(marked, plan)
        async with migration(connection, self._dialect, self._datasource):
            operations = await connection.run_sync(marked, plan)
            for operation in operations:
                # A trigger has statements inside.
                parts = [operation.sql] if operation.kind == "create_trigger" else operation.sql.split(";\n")
                for statement in parts:
                    await connection.exec_driver_sql(
                        statement, operation.parameters or None, execution_options=MIGRATING
                    )
        return operations

    # Plans

    def _sql(self, element: Any) -> str:
        return str(element.compile(dialect=self._dialect.sql_dialect)).strip()

    def _anew(self, connection: Connection) -> list[Operation]:
        existing = set(inspect(connection).get_table_names(self._schema))
        referring = self._referring(existing) if self._dialect.alters_columns else []
        found = [Alterations(self._dialect, table, {}).dropped(key) for table, key in referring]
        found += [
            Operation("drop_table", table.table.name, self._sql(DropTable(table.table)), safe=False)
            for table in reversed(self._tables)
            if table.table.name in existing
        ]
        for table in self._tables:
            found += self._create(table)
        return found + [Alterations(self._dialect, table, {}).added(key) for table, key in referring]

    def _referring(self, existing: set[str]) -> list[tuple[ModelTable, ForeignKeyConstraint]]:
        """The foreign keys of other models' tables that keep these from being dropped."""
        own = {table.table for table in self._tables}
        return [
            (table, key)
            for table in self._others
            for key in table.table.foreign_key_constraints
            if key.referred_table in own and {table.table.name, key.referred_table.name} <= existing
        ]

    @property
    def _schema(self) -> str | None:
        return self._tables[0].table.schema if self._tables else None

    def _create(self, table: ModelTable) -> list[Operation]:
        made = [Operation("create_table", table.table.name, self._sql(CreateTable(table.table)))]
        return made + [self._create_index(index) for index in _indexes(table)]

    def _create_index(self, index: Index) -> Operation:
        assert index.table is not None  # it was made for one
        return Operation("create_index", index.table.name, self._sql(CreateIndex(index)))

    def _missing(self, connection: Connection) -> list[Operation]:
        existing = set(inspect(connection).get_table_names(self._schema))
        tables = (table for table in self._tables if table.table.name not in existing)
        return [operation for table in tables for operation in self._create(table)]

    def _changes(self, connection: Connection) -> list[Operation]:
        inspector = inspect(connection)
        existing = set(inspector.get_table_names(self._schema))
        found: list[Operation] = []
        for table in self._tables:
            if table.table.name not in existing:
                found += self._create(table)
            else:
                found += self._alter(connection, inspector, table)
        return found

    def _alter(self, connection: Connection, inspector: Any, table: ModelTable) -> list[Operation]:
        name = table.table.name
        columns = {column["name"]: column for column in inspector.get_columns(name, self._schema)}
        new = [(each, column) for each, column in table.columns.items() if column.name not in columns]
        if table.extra is not None and table.extra.name not in columns:
            new.append(("", table.extra))
        has_rows = connection.execute(select(1).select_from(table.table).limit(1)).first() is not None
        self._refuse_unfillable(table, new, has_rows)
        taken = {index["name"] for index in inspector.get_indexes(name, self._schema)}
        indexes = [self._create_index(index) for index in _indexes(table) if index.name not in taken]
        if self._dialect.alters_columns:
            alterations = Alterations(self._dialect, table, columns)
            changes, reasons = alterations.changes(connection)
            self._refuse_unsafe(reasons)
            for each, column in new:
                stored = _stored(column, self._default(table, each), self._dialect.sql_dialect)
                changes += alterations.add(column, stored=stored, has_rows=has_rows)
            return changes + indexes
        rebuild = needs_rebuild(self._dialect, connection, table, columns, has_rows=has_rows)
        if rebuild is not None:
            return self._rebuild(connection, rebuild, table)
        return [operation for each, column in new for operation in self._add(table, each, column, has_rows)] + indexes

    def _default(self, table: ModelTable, name: str) -> Any:
        prop = table.definition.properties.get(name)
        return None if prop is None else _default(prop)

    def _refuse_unsafe(self, reasons: Sequence[str]) -> None:
        if reasons and not self._allow_unsafe:
            raise MigrationError(
                self._datasource,
                f"{'; '.join(reasons)}; data could be lost, allow it with allow_unsafe=True or migrate by hand",
            )

    def _refuse_unfillable(self, table: ModelTable, new: Sequence[tuple[str, Column[Any]]], has_rows: bool) -> None:
        for name, column in new:
            if has_rows and not column.nullable and _default(table.definition.properties[name]) is None:
                raise MigrationError(
                    self._datasource,
                    f"the column {column.name!r} ({table.definition.name}.{name}) is required and has no default, but "
                    f"the table {table.table.name!r} has rows; give it a default or make it optional",
                )

    def _add(self, table: ModelTable, name: str, column: Column[Any], has_rows: bool) -> list[Operation]:
        stored = _stored(column, self._default(table, name), self._dialect.sql_dialect)
        quoted = self._dialect.sql_dialect.identifier_preparer.format_table(table.table)
        declared = self._sql(CreateColumn(column))
        if not column.nullable:
            declared += f" DEFAULT {_literal(stored)}"
        found = [Operation("add_column", table.table.name, f"ALTER TABLE {quoted} ADD COLUMN {declared}")]
        if has_rows and column.nullable and stored is not None:
            target = self._dialect.sql_dialect.identifier_preparer.format_column(column)
            found.append(
                Operation("fill_column", table.table.name, f"UPDATE {quoted} SET {target} = ?", True, (stored,))
            )
        return found

    def _rebuild(self, connection: Connection, rebuild: Rebuild, table: ModelTable) -> list[Operation]:
        self._refuse_unsafe([] if rebuild.safe else [rebuild.reason])
        statements = rebuild.statements(self._sql)
        found = [Operation("rebuild_table", table.table.name, ";\n".join(statements), rebuild.safe)]
        found += [self._create_index(index) for index in _indexes(table)]
        made = {str(index.name) for index in table.table.indexes}
        return found + [
            Operation(f"create_{each.kind}", table.table.name, each.sql)
            for each in dependents(connection, table.table.name)
            if each.name not in made
        ]


def _in_order_of_dependence(tables: Sequence[ModelTable]) -> list[ModelTable]:
    if not tables:
        return []
    by_table = {table.table: table for table in tables}
    return [by_table[table] for table in tables[0].table.metadata.sorted_tables if table in by_table]


def _indexes(table: ModelTable) -> list[Index]:
    return sorted(table.table.indexes, key=lambda index: str(index.name))


def _default(prop: PropertyDefinition) -> Any:
    return default_of(prop) if prop.has_default or prop.default_factory is not None else None


def _stored(column: Column[Any], value: Any, dialect: Any) -> Any:
    if value is None:
        return None
    write = column.type.dialect_impl(dialect).bind_processor(dialect)
    return value if write is None else write(value)


def _literal(value: Any) -> str:
    """A default in DDL, where nothing can be bound; it is the author's own, from the model."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    return "'" + str(value).replace("'", "''") + "'"
