"""Where and how often something is done with a connection: in an open transaction, or alone, on one of its own.

In memory no table is there before its first use: it is made then.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from mainspring.repository.connectors import TransactionOptions
from mainspring.repository.errors import ConnectionLostError, RepositoryError
from mainspring.repository.shielding import finish
from mainspring.repository.sql.dialects import Dialect
from mainspring.repository.sql.engine import SqlEngine
from mainspring.repository.sql.faults import driver_error, failure_of, translated
from mainspring.repository.sql.handles import SqlTransaction, begin, commit, roll_back
from mainspring.repository.sql.migrations import Migrator
from mainspring.repository.sql.repeating import may_succeed_again, pause_before
from mainspring.repository.sql.replicas import Replicas
from mainspring.repository.sql.tables import ModelTable
from mainspring.repository.transactions import Transaction

__all__ = ["Calls", "Work"]

T = TypeVar("T")

#: Something done with a connection.
Work = Callable[[Connection], T]


class Calls:
    """Carries out what a connector is called for.

    Args:
        datasource: The data source's name.
        engine: The connections of the database.
        replicas: Those of its copies.
    """

    def __init__(self, datasource: str, engine: SqlEngine, replicas: Replicas) -> None:
        self._datasource, self._engine, self._replicas = datasource, engine, replicas
        self._dialect: Dialect = engine.dialect
        self._made: set[int] = set()

    def forget_tables(self, but: Iterable[int] = ()) -> None:
        """What is kept in memory has no table any more: the database is a new one, or was set back.

        Args:
            but: Of the `made_tables` those that it has.
        """
        self._made = set(but)

    @property
    def made_tables(self) -> frozenset[int]:
        """What has a table in memory."""
        return frozenset(self._made)

    async def run(
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
        if table is not None and self._dialect.in_memory:
            await self.make_tables([table])
        engine = self._engine if write else self.reader(handle)
        return await self._alone(engine, self._atomic(work) if atomic else work, table, write=write)

    async def _alone(self, engine: SqlEngine, work: Work[T], table: ModelTable | None, *, write: bool) -> T:
        attempt = 0
        while True:
            try:
                return await engine.run(work, write=write)
            except ConnectionLostError:  # there is none to be had
                if engine is self._engine:
                    raise
            except self._engine.errors as error:
                failure = failure_of(error, self._dialect)
                if not may_succeed_again(failure, attempt, write=write):
                    raise translated(error, self._dialect, table if write else None) from driver_error(error)
                await pause_before(attempt)
            engine, attempt = self._engine, attempt + 1  # whatever a replica cannot do, the primary may

    def reader(self, handle: Any) -> SqlEngine:
        """Where a call outside a transaction reads: a replica, unless it asked for the primary."""
        asks_replica = handle is None and self._replicas and not self._engine.is_held
        return self._replicas.next() if asks_replica else self._engine

    async def make_tables(self, tables: Sequence[ModelTable], connection: AsyncConnection | None = None) -> None:
        """Make the tables that are missing, where they are made by their first use.

        Args:
            tables: The tables.
            connection: Where, if not on a connection of its own.
        """
        wanted = [table for table in tables if id(table) not in self._made] if self._dialect.in_memory else []
        if not wanted:
            return
        if connection is None:
            async with self._engine.connection(write=True) as taken:
                await self.make_tables(tables, taken)
            return
        migrator = Migrator(self._datasource, self._dialect, wanted)
        await migrator.make_missing(connection)
        self._made.update(id(table) for table in wanted)

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
                if table is not None:
                    await self.make_tables([table], handle.connection)
                return await (self._in_savepoint(work, handle) if atomic else handle.connection.run_sync(work))
            except self._engine.errors as error:
                handle.note(failure_of(error, self._dialect))
                raise translated(error, self._dialect, table) from driver_error(error)

    async def _in_savepoint(self, work: Work[T], handle: SqlTransaction) -> T:
        name = "mainspring_statement"
        await handle.savepoint(name)
        try:
            result = await handle.connection.run_sync(work)
        except BaseException as error:
            handle.note(failure_of(error, self._dialect))
            try:
                await finish(handle.rollback_to(name))
            except RepositoryError as also:  # a failure to undo must not hide why; who goes on is told again
                error.add_note(f"and, while undoing the statement: {also!r}")
            raise
        await finish(handle.release(name))
        return result

    def _atomic(self, work: Work[T]) -> Work[T]:
        def done(connection: Connection) -> T:
            begin(connection, self._dialect, TransactionOptions())
            try:
                result = work(connection)
                commit(connection)
            except BaseException:
                roll_back(connection)
                raise
            return result

        return done
