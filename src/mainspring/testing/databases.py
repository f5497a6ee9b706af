"""A database that is after a test as it was before."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from mainspring.core import Application
from mainspring.repository import DataSource
from mainspring.repository.keys import RepositoryTags
from mainspring.repository.undoing import is_undoable, undone

__all__ = ["datasources_of", "rolled_back"]


@asynccontextmanager
async def rolled_back(*datasources: DataSource) -> AsyncIterator[None]:
    """What is written inside the block is gone after it: ``async with rolled_back(db):``.

    All is done on one connection, inside a transaction that is never committed; transactions of the program are
    savepoints in it. Calls of several requests take turns. Without effect is what a savepoint does not have: isolation
    levels, and constraints that are checked at the commit. Counters of ids may go on.

    Args:
        datasources: SQLite (in memory, too), PostgreSQL, MySQL or MariaDB. Changes of the schema are refused meanwhile.

    Raises:
        UnsupportedOperationError: A data source cannot do that.
        TransactionError: This task is in a transaction, the block is inside another one of its kind, or not everything
            could be undone, since a command of the program's own ended the transaction around it.
    """
    async with AsyncExitStack() as stack:
        for datasource in datasources:
            await stack.enter_async_context(undone(datasource))
        yield


async def datasources_of(app: Application, keys: tuple[Any, ...]) -> list[DataSource]:
    """The data sources of an application.

    Args:
        app: The application.
        keys: Their keys, classes, or names (``"db"`` is ``"datasources.db"``); without any, all that can be undone.
    """
    if keys:
        return [each if isinstance(each, DataSource) else await app.get(_key_of(each)) for each in keys]
    found = [await app.get(binding.key) for binding in app.find_by_tag(RepositoryTags.DATASOURCE)]
    return [each for each in found if isinstance(each, DataSource) and is_undoable(each)]


def _key_of(key: Any) -> Any:
    return f"datasources.{key}" if isinstance(key, str) and "." not in key else key
