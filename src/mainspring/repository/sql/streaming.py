"""Rows that arrive in batches: cursors of the database, closed whatever ends the loop over them."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, nullcontext
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from mainspring.repository.conditions import AllOf, AnyOf, Compare, Condition, IsIn
from mainspring.repository.connectors import TransactionOptions
from mainspring.repository.definitions import ModelDefinition
from mainspring.repository.filters import Query
from mainspring.repository.paths import property_path
from mainspring.repository.shielding import finish
from mainspring.repository.sql.engine import SqlEngine
from mainspring.repository.sql.faults import driver_error, failure_of, translated
from mainspring.repository.sql.handles import begin, roll_back
from mainspring.repository.sql.statements import Statements

__all__ = ["Streams", "batches_without_cursor"]

Batches = AsyncGenerator[list[Any], None]

#: Rows of a batch that are found again by a composite id: each is a condition of its own, and their number is limited.
_MOST_COMPOSITE = 200


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


async def batches_without_cursor(
    select: Callable[[Query], Awaitable[list[Any]]], definition: ModelDefinition, query: Query, size: int
) -> Batches:
    """The rows of a query where no cursor can stay open: their ids first, then so many rows at a time.

    What the caller inserts, changes or deletes meanwhile moves no row out of its batch. A deleted row is left out.

    Args:
        select: Fetches the instances of a query.
        definition: The model. Without an id its rows are told apart by their positions only.
        query: What is selected.
        size: The most rows of a batch.
    """
    names = definition.id_properties()
    if not names:
        async for batch in _pages(select, query, size):
            yield batch
        return
    found = await select(replace(query, fields=tuple(names)))
    step = size if len(names) == 1 else min(size, _MOST_COMPOSITE)
    for start in range(0, len(found), step):
        chosen = _one_of(definition, names, found[start : start + step])
        if batch := await select(replace(query, where=chosen, limit=None, skip=0)):
            yield batch


def _one_of(definition: ModelDefinition, names: Sequence[str], rows: Sequence[Any]) -> Condition:
    paths = [property_path(definition, name) for name in names]
    if len(paths) == 1:
        return IsIn(paths[0], tuple(getattr(row, names[0]) for row in rows))
    return AnyOf(tuple(AllOf(tuple(Compare(path, "eq", getattr(row, path.name)) for path in paths)) for row in rows))


async def _pages(select: Callable[[Query], Awaitable[list[Any]]], query: Query, size: int) -> Batches:
    left, skip = query.limit, query.skip
    while left is None or left > 0:
        limit = size if left is None else min(size, left)
        if batch := await select(replace(query, limit=limit, skip=skip)):
            yield batch
        if len(batch) < limit:
            return
        skip += limit
        left = None if left is None else left - limit
