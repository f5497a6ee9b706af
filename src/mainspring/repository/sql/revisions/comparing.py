"""What has to be done for a database to be as the models say, as operations of Alembic.

Alembic compares tables, columns, indexes and foreign keys. Added here: the checks of enumerations, and how columns that
must have a value come into tables with rows.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

from alembic.autogenerate import produce_migrations
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import _indent, _render_cmd_body
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Column, Connection, Inspector, MetaData, inspect

from mainspring.repository.instances import default_of
from mainspring.repository.kinds import Kind
from mainspring.repository.sql.checks import allowed_values
from mainspring.repository.sql.revisions.losses import flat, form_of
from mainspring.repository.sql.revisions.rendering import FillColumn, Rendering, literal
from mainspring.repository.sql.tables import ModelTable
from mainspring.repository.sql.types import enum_values

__all__ = ["Comparison"]


class Comparison:
    """Models and a database, compared.

    Args:
        connection: To the database.
        metadata: The models' tables.
        tables: The same, of Mainspring.
        made: The tables that revisions made: only these are dropped when no model has them any more.
        options: How the context of Alembic is made.
    """

    def __init__(
        self,
        connection: Connection,
        metadata: MetaData,
        tables: Sequence[ModelTable],
        made: Collection[str],
        options: dict[str, Any],
    ) -> None:
        self._metadata, self._tables, self._connection = metadata, tables, connection
        self._known = {table.table.name for table in tables} | set(made)
        self._rendering = Rendering(connection.dialect, dict(_checks(tables)))
        self._context = MigrationContext.configure(
            connection,
            opts={
                **options,
                "target_metadata": metadata,
                "include_name": self._is_ours,
                "include_schemas": metadata.schema is not None,
                "compare_type": _types_differ,
                "render_as_batch": True,
                "render_item": self._rendering,
                "sqlalchemy_module_prefix": "sa.",
                "alembic_module_prefix": "op.",
                "user_module_prefix": None,
            },
        )
        script = produce_migrations(self._context, metadata)
        self._up, self._down = script.upgrade_ops_list[0], script.downgrade_ops_list[0]
        for operation in (*flat(self._up), *flat(self._down)):
            self._leave_counting_alone(operation)
        self._compare_checks(inspect(connection))

    @property
    def operations(self) -> list[Any]:
        """What is to be done, in order."""
        return list(flat(self._up))

    def rendered(self) -> tuple[str, str, set[str]]:
        """Python of the way there, of the way back, and the imports they need."""
        context = AutogenContext(self._context, metadata=self._metadata, opts=self._context.opts)
        context.imports = set()
        both = []
        for operations, fill in ((self._up, self._fill), (self._down, _no_fill)):
            operations.ops = list(_in_stages(operations.ops, fill))
            both.append(_indent(_render_cmd_body(operations, context)))
        return both[0], both[1], context.imports

    def _leave_counting_alone(self, operation: Any) -> None:
        """Only MySQL has to be told again, when a column changes, that it counts; others warn of it."""
        if isinstance(operation, ops.AlterColumnOp) and not (
            operation.kw.get("autoincrement") and self._connection.dialect.name == "mysql"
        ):
            operation.kw.pop("autoincrement", None)

    def _is_ours(self, name: str | None, kind: str, _: Any) -> bool:
        if kind == "schema":
            return name == self._metadata.schema
        return kind != "table" or name in self._known

    def _fill(self, table: str, schema: str | None, column: Column[Any]) -> FillColumn | None:
        """What gives the rows that are there the default of a property."""
        for each in self._tables:
            found = next((name for name, own in each.columns.items() if own.name == column.name), None)
            if each.table.name != table or found is None:
                continue
            prop = each.definition.properties[found]
            if not prop.has_default and prop.default_factory is None:
                return None
            value = default_of(prop)
            write = column.type.dialect_impl(self._connection.dialect).bind_processor(self._connection.dialect)
            text = literal(value if value is None or write is None else write(value))
            return None if text is None else FillColumn(table, schema, column.name, text)
        return None

    # Checks of enumerations

    def _compare_checks(self, inspector: Inspector) -> None:
        existing = set(inspector.get_table_names(self._metadata.schema))
        for table in self._tables:
            if table.table.name in existing:
                self._compare_checks_of(table, inspector)

    def _compare_checks_of(self, model: ModelTable, inspector: Inspector) -> None:
        table = model.table
        there = {
            str(check["name"]): str(check["sqltext"])
            for check in inspector.get_check_constraints(table.name, table.schema)
            if str(check["name"]).startswith(f"ck_{table.name}_")
        }
        wanted = {str(each.name): each for each in table.constraints if isinstance(each, CheckConstraint)}
        for name in sorted({*there, *wanted}):
            after = wanted.get(name)
            if name in there and after is not None and self._is_the_same(there[name], after):
                continue
            if name in there:
                self._drop_check(table, name, there[name])
            if after is not None:
                self._add_check(table, name, self._rendering.condition(after, self._connection.dialect))

    def _is_the_same(self, text: str, check: CheckConstraint) -> bool:
        values = dict(_checks(self._tables))[str(check.name)][1]
        return allowed_values(text, self._connection.dialect.name) == set(map(str, values))

    def _drop_check(self, table: Any, name: str, text: str) -> None:
        """First of all: a column cannot go while a constraint names it. On the way back it comes last."""
        dropped = ops.DropConstraintOp(name, table.name, type_="check", schema=table.schema)
        made = ops.CreateCheckConstraintOp(name, table.name, text, schema=table.schema)
        self._up.ops.insert(0, ops.ModifyTableOps(table.name, [dropped], schema=table.schema))
        self._down.ops.append(ops.ModifyTableOps(table.name, [made], schema=table.schema))

    def _add_check(self, table: Any, name: str, text: str) -> None:
        made = ops.CreateCheckConstraintOp(name, table.name, text, schema=table.schema)
        dropped = ops.DropConstraintOp(name, table.name, type_="check", schema=table.schema)
        self._up.ops.append(ops.ModifyTableOps(table.name, [made], schema=table.schema))
        self._down.ops.insert(0, ops.ModifyTableOps(table.name, [dropped], schema=table.schema))


def _checks(tables: Iterable[ModelTable]) -> Iterator[tuple[str, tuple[str, list[Any]]]]:
    """Name of a constraint, its column and the values it allows."""
    for table in tables:
        for name, prop in table.definition.properties.items():
            if prop.value_type.kind in (Kind.ENUM, Kind.LITERAL):
                column = table.columns[name].name
                yield f"ck_{table.table.name}_{column}", (column, enum_values(prop.value_type))


def _types_differ(context: Any, _: Any, __: Any, before: Any, after: Any) -> bool:
    return bool(form_of(before, context.dialect) != form_of(after, context.dialect))


def _no_fill(_: str, __: str | None, ___: Column[Any]) -> None:
    return None


def _in_stages(
    operations: Iterable[Any], fill: Callable[[str, str | None, Column[Any]], FillColumn | None]
) -> Iterator[Any]:
    """Columns are added empty and get their values; then those that must have one are made to."""
    for operation in operations:
        yield operation
        if not isinstance(operation, ops.ModifyTableOps):
            continue
        required: list[Any] = []
        for each in operation.ops:
            if not isinstance(each, ops.AddColumnOp):
                continue
            filled = fill(operation.table_name, operation.schema, each.column)
            if filled is not None:
                yield filled
            if not each.column.nullable and each.column.server_default is None:
                each.column = Column(each.column.name, each.column.type, nullable=True)
                required.append(
                    ops.AlterColumnOp(
                        operation.table_name,
                        each.column.name,
                        schema=operation.schema,
                        existing_type=each.column.type,
                        modify_nullable=False,
                    )
                )
        if required:
            yield ops.ModifyTableOps(operation.table_name, required, schema=operation.schema)
