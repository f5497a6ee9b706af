"""Everything in one transaction that is undone: for tests.

While a database is held, all calls take turns on one connection, inside a transaction that is never committed. What
would begin, commit and roll back a transaction of the program marks, forgets and goes back to a savepoint instead, and
each statement outside of one has a savepoint of its own, so that a failure spoils nothing else. When a savepoint is
gone, somebody ended the transaction around it.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from mainspring.repository.errors import TransactionError
from mainspring.repository.shielding import finish
from mainspring.repository.sql.dialects import Dialect
from mainspring.repository.sql.gates import Gate

__all__ = ["HELD", "KIND", "Held", "held_of"]

T = TypeVar("T")

#: Seconds that a call waits for its turn at most, where the data source says nothing.
_TIMEOUT = 30.0

#: The execution option that says what a statement is: ``query``, ``transaction`` or ``migration``.
KIND = "mainspring_kind"

#: The execution option that says of a connection that it is held.
HELD = "mainspring_held"


def held_of(connection: Connection) -> "Held | None":
    """What holds a connection, if anything does."""
    held: Held | None = connection.get_execution_options().get(HELD)
    return held


class Held:
    """A connection and the transaction around all that is done with it.

    Args:
        datasource: The name, for messages.
        connection: The connection, in a transaction.
        dialect: The database.
        timeout: Seconds that a call waits for its turn, if the database says any.

    Attributes:
        turns: Who may use the connection.
    """

    def __init__(self, datasource: str, connection: AsyncConnection, dialect: Dialect, timeout: float | None) -> None:
        self._datasource, self.connection, self._dialect = datasource, connection, dialect
        self._timeout = _TIMEOUT if timeout is None else timeout
        self.turns = Gate(1, self._timeout, self._in_use)
        self._depth = 0
        self._is_lost = False
        self._sync.execution_options(**{HELD: self})

    @property
    def _sync(self) -> Connection:
        found = self.connection.sync_connection
        assert found is not None  # it is open
        return found

    def check(self) -> None:
        """Refuse to go on where nothing would be undone any more.

        Raises:
            TransactionError: The transaction around everything was ended.
        """
        if self._is_lost or self._sync.invalidated:
            raise self._lost()

    def _in_use(self) -> TransactionError:
        return TransactionError(
            f"Data source {self._datasource!r} has one connection while everything is to be undone, and it was in use "
            f"for {self._timeout:g} s: something inside a transaction waits for a call outside of it, or one was not "
            "ended."
        )

    def _lost(self) -> TransactionError:
        self._is_lost = True
        return TransactionError(
            f"Data source {self._datasource!r} cannot undo everything any more: a command of its own (COMMIT, "
            "ROLLBACK, on MySQL any change of the schema), a deadlock or the loss of the connection ended the "
            "transaction around it. Keep such commands out of what is undone."
        )

    def run(self, work: Callable[[Connection], T]) -> T:
        """Do something that is undone by itself when it fails."""
        self.begin()
        try:
            result = work(self._sync)
        except BaseException:
            self.roll_back()
            raise
        self.commit()
        return result

    @asynccontextmanager
    async def part(self) -> AsyncIterator[None]:
        """A block that is undone by itself when it fails."""
        await self.connection.run_sync(lambda _: self.begin())
        try:
            yield
        except BaseException:
            await finish(self.connection.run_sync(lambda _: self.roll_back()))
            raise
        await finish(self.connection.run_sync(lambda _: self.commit()))

    def begin(self) -> None:
        """In the place of ``BEGIN``."""
        self.check()
        self._send(f"SAVEPOINT {HELD}_{self._depth}")
        self._depth += 1

    def commit(self) -> None:
        """In the place of ``COMMIT``.

        Raises:
            TransactionError: The transaction around everything was ended.
        """
        self._depth -= 1
        try:
            self._send(f"RELEASE SAVEPOINT {HELD}_{self._depth}")
        except Exception as error:
            raise self._lost() from error

    def roll_back(self) -> None:
        """In the place of ``ROLLBACK``; where that is not possible any more, nothing goes on."""
        self._depth -= 1
        try:
            self._send(f"ROLLBACK TO SAVEPOINT {HELD}_{self._depth}")
            self._send(f"RELEASE SAVEPOINT {HELD}_{self._depth}")
        except Exception:  # why it was rolled back is the news
            self._is_lost = True

    def _send(self, statement: str) -> None:
        self._sync.exec_driver_sql(statement, execution_options={KIND: "transaction"})

    async def end(self) -> None:
        """Undo everything and give the connection back.

        Raises:
            TransactionError: The transaction around everything was ended before.
        """
        try:
            await self.connection.run_sync(self._undo)
        finally:
            await self.connection.close()

    def _undo(self, connection: Connection) -> None:
        connection.execution_options(**{HELD: None})
        is_lost = self._is_lost or connection.invalidated
        try:
            if not connection.invalidated:
                connection.exec_driver_sql("ROLLBACK", execution_options={KIND: "transaction"})
        except Exception as error:
            is_lost = True
            if not self._dialect.is_one_connection:  # there the connection is the database
                connection.invalidate(error)
        if is_lost:
            raise self._lost()
