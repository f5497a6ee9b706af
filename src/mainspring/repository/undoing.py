"""Undoing all that is done with a data source, for tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mainspring.repository.connectors import Undoable
from mainspring.repository.datasources import DataSource
from mainspring.repository.errors import TransactionError, UnsupportedOperationError

__all__ = ["is_undoable", "undone"]


def is_undoable(datasource: DataSource) -> bool:
    """Whether what is done with it can be undone."""
    return isinstance(datasource.connector, Undoable)


@asynccontextmanager
async def undone(datasource: DataSource) -> AsyncIterator[None]:
    """What is written inside the block is gone after it, whoever wrote it and whatever was committed.

    Calls take turns on one connection meanwhile. A transaction that is open at the end is rolled back.

    Raises:
        UnsupportedOperationError: The data source cannot do that.
        TransactionError: This task is in a transaction, the block is inside another one of its kind, or not
            everything could be undone.
    """
    connector = await datasource.ready()
    if not isinstance(connector, Undoable):
        raise UnsupportedOperationError.of(datasource.name, "undoing everything")
    transactions = datasource.transactions
    if transactions.held_by_this_task() is not None:
        raise TransactionError(f"This task is in a transaction of data source {datasource.name!r}: end it before.")
    await connector.hold()
    try:
        yield
    finally:
        await transactions.roll_back()
        await connector.undo()
