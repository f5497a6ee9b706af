"""The connector of SQL databases: rows of models, transactions, commands, migrations."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import AsyncConnection

from mainspring.repository.conditions import Condition
from mainspring.repository.connectors import PLAIN_INSERTION, Insertion, TransactionOptions
from mainspring.repository.definitions import ModelDefinition
from mainspring.repository.errors import ConnectionLostError
from mainspring.repository.events import QueryListeners
from mainspring.repository.filters import Query
from mainspring.repository.shielding import finish
from mainspring.repository.sql.commands import run_command
from mainspring.repository.sql.dialects import Dialect, dialect_of
from mainspring.repository.sql.discovering import discover
from mainspring.repository.sql.engine import KIND, SqlEngine
from mainspring.repository.sql.exclusive import marked, migration
from mainspring.repository.sql.faults import driver_error, failure_of, translated
from mainspring.repository.sql.handles import SqlTransaction, begin, roll_back
from mainspring.repository.sql.inserting import insert_rows
from mainspring.repository.sql.migrations import Migrator
from mainspring.repository.sql.operations import Operation
from mainspring.repository.sql.repeating import may_succeed_again, pause_before
from mainspring.repository.sql.replicas import Replicas
from mainspring.repository.sql.statements import Statements
from mainspring.repository.sql.streaming import Streams
from mainspring.repository.sql.tables import ModelTable, Tables
from mainspring.repository.transactions import Transaction

__all__ = ["SqlConnector"]

T = TypeVar("T")

#: Something done with a connection.
Work = Callable[[AsyncConnection], Awaitable[T]]


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
        self.has_replicas = bool(self._replicas)
        self._tables = Tables(self._dialect.name, settings.get("schema"))
        self._attached: dict[int, ModelDefinition] = {}
        self._statements: dict[int, Statements] = {}
        self._made: set[int] = set()

    # Life

    async def connect(self) -> None:
        """Open the database.

        Raises:
            DataSourceError: It cannot be opened.
        """
        self._made.clear()
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

        async def work(connection: AsyncConnection) -> list[dict[str, Any]]:
            return await insert_rows(connection, statements, rows, insertion)

        return await self._run(work, handle, statements.table, atomic=len(rows) > 1)

    async def select(self, definition: ModelDefinition, query: Query, handle: Any) -> list[Any]:
        """The instances that a query selects."""
        statements = self._prepared(definition)
        maker = statements.maker(query.fields)
        statement = statements.select(query, maker)

        async def work(connection: AsyncConnection) -> list[Any]:
            result = await connection.execute(statement)
            return maker.instances(result.all())

        return await self._run(work, handle, statements.table, write=False)

    async def stream(
        self, definition: ModelDefinition, query: Query, handle: Any, batch_size: int
    ) -> AsyncGenerator[list[Any], None]:
        """The instances that a query selects, batch by batch, without holding them all."""
        statements = self._prepared(definition)
        await self._make_tables([statements.table], None)
        is_inside = isinstance(handle, Transaction)
        streams = Streams(self._reader(handle), statements, query, batch_size)
        if is_inside and self._dialect.has_greedy_cursors:
            batches = self._pages(definition, query, handle, batch_size)
        else:
            batches = streams.inside(handle) if is_inside else streams.alone()
        async with aclosing(batches):
            async for batch in batches:
                yield batch

    async def _pages(
        self, definition: ModelDefinition, query: Query, handle: Any, size: int
    ) -> AsyncGenerator[list[Any], None]:
        """Where an open cursor would keep the transaction from doing anything else: page by page."""
        left, skip = query.limit, query.skip
        while left is None or left > 0:
            limit = size if left is None else min(size, left)
            batch = await self.select(definition, replace(query, limit=limit, skip=skip), handle)
            if batch:
                yield batch
            if len(batch) < limit:
                return
            skip += limit
            left = None if left is None else left - limit

    async def count(self, definition: ModelDefinition, where: Condition | None, handle: Any) -> int:
        """How many rows match."""
        statements = self._prepared(definition)
        statement = statements.count(where)

        async def work(connection: AsyncConnection) -> int:
            return int((await connection.execute(statement)).scalar_one())

        return await self._run(work, handle, statements.table, write=False)

    async def exists(self, definition: ModelDefinition, where: Condition | None, handle: Any) -> bool:
        """Whether any row matches."""
        statements = self._prepared(definition)
        statement = statements.exists(where)

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(statement)).first() is not None

        return await self._run(work, handle, statements.table, write=False)

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
        return await self._run(_counting(statement), handle, statements.table)

    async def delete(self, definition: ModelDefinition, where: Condition | None, handle: Any) -> int:
        """Delete the rows that match; gives their number."""
        statements = self._prepared(definition)
        return await self._run(_counting(statements.delete(where)), handle, statements.table)

    # Commands, transactions, schema

    async def execute(self, command: str, parameters: Any, handle: Any) -> Any:
        """Run one statement of SQL, its parameters bound."""

        async def work(connection: AsyncConnection) -> Any:
            return await run_command(connection, self._dialect, command, parameters)

        return await self._run(work, handle, None)

    async def begin(self, options: TransactionOptions) -> SqlTransaction:
        """Begin a transaction."""
        write = not options.read_only
        await self._make_tables(self.model_tables, None)
        connection = await self._engine.take(write=write)
        try:
            await begin(connection, self._dialect, options)
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
        tables = [self._tables.of(each) for each in definitions]
        migrator = Migrator(
            self._datasource, self._dialect, tables, allow_unsafe=allow_unsafe, others=self.model_tables
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

    async def _make_tables(self, tables: Sequence[ModelTable], connection: AsyncConnection | None) -> None:
        """In memory nothing is there before the first use: the tables are made then."""
        wanted = [table for table in tables if id(table) not in self._made] if self._dialect.in_memory else []
        if not wanted:
            return
        if connection is None:
            async with self._engine.connection(write=True) as taken:
                await self._make_tables(tables, taken)
            return
        migrator = Migrator(self._datasource, self._dialect, wanted)
        await migrator.make_missing(connection)
        self._made.update(id(table) for table in wanted)

    # Running

    def _reader(self, handle: Any) -> SqlEngine:
        """Where a call outside a transaction reads: a replica, unless it asked for the primary."""
        return self._replicas.next() if handle is None and self._replicas else self._engine

    async def _run(
        self, work: Work[T], handle: Any, table: ModelTable | None, *, write: bool = True, atomic: bool = False
    ) -> T:
        """Do something with a connection: that of a transaction, or one of its own.

        Args:
            work: What is done. Outside a transaction it is done again where nothing was done and it may well succeed.
            handle: The open `Transaction`, or ``None``.
            table: The table it is about.
            write: Whether it writes.
            atomic: Whether it is several statements that belong together.
        """
        if isinstance(handle, Transaction):
            return await self._in_time(handle, self._in_transaction(work, handle, table, atomic=atomic))
        engine = self._engine if write else self._reader(handle)
        attempt = 0
        while True:
            try:
                return await self._alone(engine, work, table, write=write, atomic=atomic)
            except ConnectionLostError:  # there is none to be had
                if engine is self._engine:
                    raise
            except self._engine.errors as error:
                failure = failure_of(error, self._dialect)
                if not may_succeed_again(failure, attempt, write=write):
                    raise translated(error, self._dialect, table if write else None) from driver_error(error)
                await pause_before(attempt)
            engine, attempt = self._engine, attempt + 1  # whatever a replica cannot do, the primary may

    async def _alone(
        self, engine: SqlEngine, work: Work[T], table: ModelTable | None, *, write: bool, atomic: bool
    ) -> T:
        async with engine.connection(write=write) as connection:
            if table is not None and id(table) not in self._made:
                await self._make_tables([table], connection)
            return await self._atomically(work, connection) if atomic else await work(connection)

    async def _in_time(self, transaction: Any, running: Coroutine[Any, Any, T]) -> T:
        """A transaction's time passes while a statement waits, too: for a lock of somebody else, say."""
        if transaction.deadline is None:
            return await running
        try:
            async with asyncio.timeout_at(transaction.deadline):
                return await running
        except TimeoutError:
            await transaction.expire()
            transaction.check_active()
            raise

    async def _in_transaction(self, work: Work[T], transaction: Any, table: ModelTable | None, *, atomic: bool) -> T:
        async with transaction.lock:
            handle: SqlTransaction = transaction.handle
            handle.check()
            try:
                if table is not None and id(table) not in self._made:
                    await self._make_tables([table], handle.connection)
                return await (self._in_savepoint(work, handle) if atomic else work(handle.connection))
            except self._engine.errors as error:
                handle.note(failure_of(error, self._dialect))
                raise translated(error, self._dialect, table) from driver_error(error)

    async def _in_savepoint(self, work: Work[T], handle: SqlTransaction) -> T:
        name = "mainspring_statement"
        await handle.savepoint(name)
        try:
            result = await work(handle.connection)
        except BaseException as error:
            handle.note(failure_of(error, self._dialect))
            await finish(handle.rollback_to(name))
            raise
        await finish(handle.release(name))
        return result

    async def _atomically(self, work: Work[T], connection: AsyncConnection) -> T:
        await begin(connection, self._dialect, TransactionOptions())
        try:
            result = await work(connection)
            await connection.exec_driver_sql("COMMIT", execution_options={KIND: "transaction"})
        except BaseException:
            await finish(roll_back(connection))
            raise
        return result


def _counting(statement: Any) -> Work[int]:
    async def work(connection: AsyncConnection) -> int:
        return int((await connection.execute(statement)).rowcount)

    return work
