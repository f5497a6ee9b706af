"""Open transactions of SQL databases: one connection each, and the statements that begin, mark and end them."""

from collections.abc import Awaitable
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from mainspring.repository.connectors import TransactionOptions
from mainspring.repository.sql.dialects import Dialect, Failure
from mainspring.repository.sql.engine import SqlEngine
from mainspring.repository.sql.faults import driver_error, failure_of, translated, translated_failure
from mainspring.repository.sql.holding import KIND, held_of

__all__ = ["SqlTransaction", "begin", "commit", "roll_back"]


def begin(connection: Connection, dialect: Dialect, options: TransactionOptions) -> None:
    """Begin a transaction on a connection; inside one that is undone as a whole, a savepoint."""
    held = held_of(connection)
    if held is not None:
        held.begin()
        return
    try:
        for statement in dialect.begin_statements(options):
            connection.exec_driver_sql(statement, execution_options={KIND: "transaction"})
    except BaseException:
        roll_back(connection)  # one that was cancelled may have taken effect all the same
        raise


def commit(connection: Connection) -> None:
    """Make the writes permanent."""
    held = held_of(connection)
    if held is not None:
        held.commit()
    else:
        connection.exec_driver_sql("COMMIT", execution_options={KIND: "transaction"})


def roll_back(connection: Connection) -> None:
    """Undo what is open; a connection that cannot do that any more is not used again."""
    held = held_of(connection)
    if held is not None:
        held.roll_back()
        return
    try:
        connection.exec_driver_sql("ROLLBACK", execution_options={KIND: "transaction"})
    except Exception as error:
        if "no transaction is active" not in str(error):
            connection.invalidate()


class SqlTransaction:
    """An open transaction.

    Attributes:
        connection: Its connection.
    """

    def __init__(self, connection: AsyncConnection, engine: SqlEngine, *, write: bool) -> None:
        self.connection = connection
        self._engine, self._write = engine, write
        self._ended = False
        self._failure: Failure | None = None

    def note(self, failure: Failure) -> None:
        """Remember a failure after which the transaction cannot go on."""
        if failure.ends_transaction or self._engine.dialect.fails_transactions:
            self._failure = failure

    def check(self) -> None:
        """Refuse to go on after such a failure: what is sent now would not be part of the transaction.

        Raises:
            TransactionError: A statement of it failed.
            ConnectionLostError: Its connection was lost.
        """
        if self._failure is not None:
            kind = "lost" if self._failure.kind == "lost" else "aborted"
            raise translated_failure(Failure(kind, self._failure.text), self._engine.dialect)

    async def commit(self) -> None:
        """Make the writes permanent."""
        self.check()
        await self._sent(self.connection.run_sync(commit))
        await self._give_back()

    async def rollback(self) -> None:
        """Undo the writes; after a failed commit as well."""
        if self._ended:
            return
        await self.connection.run_sync(roll_back)
        await self._give_back()

    async def _give_back(self) -> None:
        if not self._ended:
            self._ended = True
            await self._engine.give_back(self.connection, write=self._write)

    async def savepoint(self, name: str) -> None:
        """Mark a point."""
        self.check()
        await self._send(f"SAVEPOINT {name}")

    async def release(self, name: str) -> None:
        """Forget a point."""
        await self._send(f"RELEASE SAVEPOINT {name}")

    async def rollback_to(self, name: str) -> None:
        """Undo the writes since a point, and forget it."""
        if self._failure is not None and self._failure.ends_transaction:
            self.check()
        await self._send(f"ROLLBACK TO SAVEPOINT {name}")
        await self._send(f"RELEASE SAVEPOINT {name}")
        self._failure = None

    async def _send(self, statement: str) -> None:
        await self._sent(self.connection.exec_driver_sql(statement, execution_options={KIND: "transaction"}))

    async def _sent(self, sending: Awaitable[Any]) -> None:
        try:
            await sending
        except self._engine.errors as error:
            self.note(failure_of(error, self._engine.dialect))
            raise translated(error, self._engine.dialect) from driver_error(error)
