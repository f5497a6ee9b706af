"""Changes of the schema: one process at a time, and in a transaction where the database has one for them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from mainspring.repository.errors import MigrationError
from mainspring.repository.shielding import finish
from mainspring.repository.sql.dialects import Dialect
from mainspring.repository.sql.holding import KIND

__all__ = ["MIGRATING", "marked", "migration"]

T = TypeVar("T")

#: Marks a statement as one of a migration.
MIGRATING = {KIND: "migration"}

#: Seconds to wait for another process that migrates.
_LOCK_TIMEOUT = 300.0


@asynccontextmanager
async def migration(
    connection: AsyncConnection, dialect: Dialect, datasource: str, *, keep: bool = True
) -> AsyncIterator[None]:
    """While the body runs, nobody else changes the schema; what it did is undone if it fails, or by ``keep=False``.

    A database without transactions for its schema undoes nothing.

    Raises:
        MigrationError: Another process migrates for too long.
    """
    async with _alone(connection, dialect, datasource):
        for statement in dialect.before_migration():
            await connection.exec_driver_sql(statement, execution_options=MIGRATING)
        try:
            for statement in dialect.begin_migration():
                await _send(connection, statement)
            try:
                yield
                await _send(connection, "COMMIT" if keep else "ROLLBACK")
            except BaseException:
                await finish(_send(connection, "ROLLBACK"))
                raise
        finally:
            for statement in dialect.after_migration():
                await finish(_send(connection, statement))


@asynccontextmanager
async def _alone(connection: AsyncConnection, dialect: Dialect, datasource: str) -> AsyncIterator[None]:
    """Let one process in at a time, where the transaction does not do that."""
    lock = dialect.migration_lock(_LOCK_TIMEOUT)
    if lock is None:
        yield
        return
    taken = await connection.exec_driver_sql(lock[0], execution_options=MIGRATING)
    if taken.scalar() != 1:
        raise MigrationError(datasource, f"another process migrates for longer than {_LOCK_TIMEOUT:g} s")
    try:
        yield
    finally:
        await finish(_send(connection, lock[1]))


async def _send(connection: AsyncConnection, statement: str) -> None:
    await connection.exec_driver_sql(statement, execution_options={KIND: "transaction"})


def marked(connection: Connection, work: Callable[[Connection], T]) -> T:
    """Do something with a connection; what is asked of the database meanwhile belongs to the migration."""
    connection.execution_options(**MIGRATING)
    try:
        return work(connection)
    finally:
        connection.execution_options(**{KIND: "query"})
