"""The connector of SQL databases: rows of models, transactions, commands, migrations."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, TypeVar

from sqlalchemy import Connection, MetaData

from mainspring.repository.conditions import Condition
from mainspring.repository.connectors import PLAIN_INSERTION, Insertion, TransactionOptions
from mainspring.repository.definitions import ModelDefinition
from mainspring.repository.errors import MigrationError
from mainspring.repository.events import QueryListeners
from mainspring.repository.filters import Query
from mainspring.repository.shielding import finish
from mainspring.repository.sql.calls import Calls, Work
from mainspring.repository.sql.commands import run_command
from mainspring.repository.sql.dialects import Dialect, dialect_of
from mainspring.repository.sql.discovering import discover
from mainspring.repository.sql.engine import SqlEngine
from mainspring.repository.sql.exclusive import marked, migration
from mainspring.repository.sql.faults import driver_error, translated
from mainspring.repository.sql.handles import SqlTransaction, begin
from mainspring.repository.sql.holding import KIND
from mainspring.repository.sql.inserting import insert_rows
from mainspring.repository.sql.migrations import Migrator
from mainspring.repository.sql.operations import Operation
from mainspring.repository.sql.replicas import Replicas
from mainspring.repository.sql.statements import Statements
from mainspring.repository.sql.streaming import Streams, batches_without_cursor
from mainspring.repository.sql.tables import ModelTable, Tables
from mainspring.repository.transactions import Transaction

__all__ = ["SqlConnector"]

T = TypeVar("T")


class SqlConnector:
    """One SQL database.

    Args:
        datasource: The data source's name.
        settings: Its configuration.
        listeners: Who is told of statements.
    """

    def __init__(self, datasource: str, settings: Mapping[str, Any], listeners: QueryListeners) -> None:
        self.name = str(settings["connector"])
        self._datasource = datasource
        self._dialect = dialect_of(datasource, settings)
        self.exclusive = self._dialect.exclusive
        self.counts_ids = self._dialect.in_memory
        self._engine = SqlEngine(datasource, settings, self._dialect, listeners)
        self._replicas = Replicas(datasource, settings, listeners)
        self._calls = Calls(datasource, self._engine, self._replicas)
        self.has_replicas = bool(self._replicas)
        self._tables = Tables(self._dialect.name, settings.get("schema"))
        self._held_tables: frozenset[int] = frozenset()
        self._attached: dict[int, ModelDefinition] = {}
        self._statements: dict[int, Statements] = {}

    # Life

    async def connect(self) -> None:
        """Open the database.

        Raises:
            DataSourceError: It cannot be opened.
        """
        self._calls.forget_tables()
        await self._engine.open()
        try:
            await self._replicas.open()
        except BaseException:
            await finish(self._engine.close())
            raise

    async def disconnect(self) -> None:
        """Close every connection; what was in memory is gone."""
        try:
            await self._replicas.close()
        finally:
            await self._engine.close()

    async def ping(self) -> None:
        """Run the smallest statement."""
        try:
            async with self._engine.connection(write=False) as connection:
                await connection.exec_driver_sql("SELECT 1", execution_options={KIND: "connect"})
        except self._engine.errors as error:
            raise translated(error, self._dialect) from driver_error(error)

    def stats(self) -> Mapping[str, int]:
        """Numbers for health checks and metrics."""
        found = self._engine.stats()
        for other in self._replicas.stats():
            found |= {name: found[name] + other[name] for name in ("size", "checked_out", "waiting")}
        return found

    def metadata(self) -> MetaData:
        """The tables of the attached models."""
        for definition in self._attached.values():
            self._tables.of(definition)
        return self._tables.metadata

    def attach(self, definition: ModelDefinition) -> None:
        """Make a model known; its table is made when it is first needed."""
        self._attached[id(definition)] = definition

    def _prepared(self, definition: ModelDefinition) -> Statements:
        found = self._statements.get(id(definition))
        if found is None:
            self.attach(definition)
            found = self._statements[id(definition)] = Statements(self._tables.of(definition), self._dialect)
        return found

    # Undoing everything

    async def hold(self) -> None:
        """From now on, do everything in turn, in one transaction.

        Raises:
            TransactionError: That is so already.
            PoolTimeoutError: A connection was in use for too long.
        """
        await self._calls.make_tables(self.model_tables)
        await self._engine.hold()
        self.exclusive, self._held_tables = "all", self._calls.made_tables

    async def undo(self) -> None:
        """Undo what was done since.

        Raises:
            TransactionError: Not everything could be undone, or the connection was in use for too long.
        """
        if self._engine.is_held:
            await self._engine.undo()
            self._calls.forget_tables(but=self._held_tables)
        self.exclusive = self._dialect.exclusive

    def _check_schema_may_change(self) -> None:
        if self._engine.is_held:
            raise MigrationError(
                self._datasource, "the schema cannot be changed while everything is to be undone; migrate before that"
            )

    # Rows

    async def insert(
        self,
        definition: ModelDefinition,
        rows: Sequence[Mapping[str, Any]],
        handle: Any,
        insertion: Insertion = PLAIN_INSERTION,
    ) -> list[dict[str, Any]]:
        """Insert all rows or none; gives for each the values that the database made."""
        statements = self._prepared(definition)

        def work(connection: Connection) -> list[dict[str, Any]]:
            return insert_rows(connection, statements, rows, insertion)

        return await self._calls.run(work, handle, statements.table, atomic=len(rows) > 1)

    async def select(self, definition: ModelDefinition, query: Query, handle: Any) -> list[Any]:
        """The instances that a query selects."""
        statements = self._prepared(definition)
        maker = statements.maker(query.fields)
        statement, parameters = statements.select(query, maker)

        def work(connection: Connection) -> list[Any]:
            result = connection.execute(statement, parameters)
            return maker.instances(result.all())

        return await self._calls.run(work, handle, statements.table, write=False)

    async def stream(
        self, definition: ModelDefinition, query: Query, handle: Any, batch_size: int
    ) -> AsyncGenerator[list[Any], None]:
        """The instances that a query selects, batch by batch, without holding them all."""
        statements = self._prepared(definition)
        await self._calls.make_tables([statements.table])
        is_inside = isinstance(handle, Transaction)
        streams = Streams(self._calls.reader(handle), statements, query, batch_size)
        # An open cursor would keep others from the one connection, or a transaction from doing anything else.
        blocks = self._dialect.has_greedy_cursors if is_inside else self._dialect.is_one_connection
        if self._engine.is_held or blocks:
            batches = batches_without_cursor(
                lambda each: self.select(definition, each, handle), definition, query, batch_size
            )
        else:
            batches = streams.inside(handle) if is_inside else streams.alone()
        async with aclosing(batches):
            async for batch in batches:
                yield batch

    async def count(self, definition: ModelDefinition, where: Condition | None, handle: Any) -> int:
        """How many rows match."""
        statements = self._prepared(definition)
        statement, parameters = statements.count(where)

        def work(connection: Connection) -> int:
            return int(connection.execute(statement, parameters).scalar_one())

        return await self._calls.run(work, handle, statements.table, write=False)

    async def exists(self, definition: ModelDefinition, where: Condition | None, handle: Any) -> bool:
        """Whether any row matches."""
        statements = self._prepared(definition)
        statement, parameters = statements.exists(where)

        def work(connection: Connection) -> bool:
            return connection.execute(statement, parameters).first() is not None

        return await self._calls.run(work, handle, statements.table, write=False)

    async def update(
        self,
        definition: ModelDefinition,
        values: Mapping[str, Any],
        where: Condition | None,
        handle: Any,
        *,
        replace: bool = False,
    ) -> int:
        """Set values in the rows that match; gives their number."""
        statements = self._prepared(definition)
        statement = statements.update(values, where, replace=replace)
        return await self._calls.run(_counting(statement, {}), handle, statements.table)

    async def delete(self, definition: ModelDefinition, where: Condition | None, handle: Any) -> int:
        """Delete the rows that match; gives their number."""
        statements = self._prepared(definition)
        return await self._calls.run(_counting(*statements.delete(where)), handle, statements.table)

    # Commands, transactions, schema

    async def execute(self, command: str, parameters: Any, handle: Any) -> Any:
        """Run one statement of SQL, its parameters bound."""

        def work(connection: Connection) -> Any:
            return run_command(connection, self._dialect, command, parameters)

        return await self._calls.run(work, handle, None)

    async def begin(self, options: TransactionOptions) -> SqlTransaction:
        """Begin a transaction."""
        write = not options.read_only
        await self._calls.make_tables(self.model_tables)
        connection = await self._engine.take(write=write)
        try:
            await connection.run_sync(begin, self._dialect, options)
        except BaseException as error:
            await finish(self._engine.give_back(connection, write=write))
            if isinstance(error, self._engine.errors):
                raise translated(error, self._dialect) from driver_error(error)
            raise
        return SqlTransaction(connection, self._engine, write=write)

    async def migrate(
        self, definitions: Sequence[ModelDefinition], *, drop: bool, dry_run: bool, allow_unsafe: bool
    ) -> list[Operation]:
        """Bring the tables of models to what the models say."""
        if not dry_run:
            self._check_schema_may_change()
        tables = [self._tables.of(each) for each in definitions]
        migrator = Migrator(
            self._datasource, self._dialect, tables, allow_unsafe=allow_unsafe or dry_run, others=self.model_tables
        )
        try:
            async with self._engine.connection(write=True) as connection:
                return await migrator.run(connection, drop=drop, dry_run=dry_run)
        except self._engine.errors as error:
            raise translated(error, self._dialect) from driver_error(error)

    async def with_schema(self, work: Callable[[Connection], T], *, change: bool = False, keep: bool = True) -> T:
        """Look at the schema with a plain connection, or change it while nobody else does.

        Args:
            work: What is done.
            change: Whether it changes something.
            keep: Whether the changes stay, where the database can undo them.
        """
        if change:
            self._check_schema_may_change()
        try:
            async with self._engine.connection(write=change) as connection:
                if not change:
                    return await connection.run_sync(marked, work)
                async with migration(connection, self._dialect, self._datasource, keep=keep):
                    return await connection.run_sync(marked, work)
        except self._engine.errors as error:
            raise translated(error, self._dialect) from driver_error(error)

    async def discover(
        self, tables: Iterable[str] | None, schema: str | None, *, views: bool = False
    ) -> list[ModelDefinition]:
        """The definitions of models that tables would have."""
        place = schema or self._tables.metadata.schema
        return await self.with_schema(lambda each: discover(each, self._datasource, tables, place, views=views))

    @property
    def model_tables(self) -> list[ModelTable]:
        """The tables of the attached models."""
        return [self._tables.of(each) for each in self._attached.values()]

    @property
    def dialect(self) -> Dialect:
        """The database."""
        return self._dialect


def _counting(statement: Any, parameters: Mapping[str, Any]) -> Work[int]:
    def work(connection: Connection) -> int:
        return int(connection.execute(statement, parameters).rowcount)

    return work
