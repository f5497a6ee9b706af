"""Rows that arrive in batches: cursors of the database, closed whatever ends the loop over them."""

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager, nullcontext
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from mainspring.repository.connectors import TransactionOptions
from mainspring.repository.filters import Query
from mainspring.repository.shielding import finish
from mainspring.repository.sql.engine import SqlEngine
from mainspring.repository.sql.faults import driver_error, failure_of, translated
from mainspring.repository.sql.handles import begin, roll_back
from mainspring.repository.sql.statements import Statements

__all__ = ["Streams"]

Batches = AsyncGenerator[list[Any], None]


class Streams:
    """The rows of one query.

    Args:
        engine: Where the connections come from.
        statements: The statements of the model.
        query: What is selected.
        batch_size: The most rows of a batch.
    """

    def __init__(self, engine: SqlEngine, statements: Statements, query: Query, batch_size: int) -> None:
        self._engine, self._dialect, self._size = engine, engine.dialect, batch_size
        self._maker = statements.maker(query.fields)
        statement, self._parameters = statements.select(query, self._maker)
        self._statement = statement.execution_options(yield_per=batch_size)

    async def alone(self) -> Batches:
        """Over a connection of its own."""
        async with self._engine.connection(write=False) as connection:
            try:
                async with self._reading(connection), aclosing(self._batches(connection, nullcontext())) as batches:
                    async for batch in batches:
                        yield batch
            except self._engine.errors as error:
                raise translated(error, self._dialect) from driver_error(error)

    @asynccontextmanager
    async def _reading(self, connection: AsyncConnection) -> AsyncGenerator[None, None]:
        """The transaction that some databases want around a cursor."""
        if not self._dialect.streams_in_transactions:
            yield
            return
        await connection.run_sync(begin, self._dialect, TransactionOptions(read_only=True))
        try:
            yield
        finally:
            await finish(connection.run_sync(roll_back))

    async def inside(self, transaction: Any) -> Batches:
        """Over the connection of a transaction; other calls may use it between two batches."""
        handle = transaction.handle
        handle.check()
        try:
            async with aclosing(self._batches(handle.connection, transaction.lock)) as batches:
                async for batch in batches:
                    yield batch
        except self._engine.errors as error:
            handle.note(failure_of(error, self._dialect))
            raise translated(error, self._dialect) from driver_error(error)

    async def _batches(self, connection: AsyncConnection, lock: Any) -> Batches:
        async with lock:
            result = await connection.stream(self._statement, self._parameters)
        is_read = False
        try:
            while not is_read:
                async with lock:
                    rows = await result.fetchmany(self._size)
                is_read = len(rows) < self._size
                if rows:
                    yield self._maker.instances(rows)
        finally:
            if not is_read and self._dialect.has_greedy_cursors:
                await finish(connection.invalidate())  # closing the cursor would read what is left
            else:
                await finish(result.close())
