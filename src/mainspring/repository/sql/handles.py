"""Open transactions of SQL databases: one connection each, and the statements that begin, mark and end them."""

from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection

from mainspring.repository.connectors import TransactionOptions
from mainspring.repository.sql.dialects import Dialect
from mainspring.repository.sql.engine import KIND, SqlEngine
from mainspring.repository.sql.faults import translated

__all__ = ["SqlTransaction", "begin", "roll_back"]


async def begin(connection: AsyncConnection, dialect: Dialect, options: TransactionOptions) -> None:
    """Begin a transaction on a connection."""
    for statement in dialect.begin_statements(options):
        await connection.exec_driver_sql(statement, execution_options={KIND: "transaction"})


async def roll_back(connection: AsyncConnection) -> None:
    """Undo what is open; a connection that cannot do that any more is not used again."""
    try:
        await connection.exec_driver_sql("ROLLBACK", execution_options={KIND: "transaction"})
    except exc.SQLAlchemyError as error:
        if "no transaction is active" not in str(error):
            await connection.invalidate()


class SqlTransaction:
    """An open transaction.

    Attributes:
        connection: Its connection.
    """

    def __init__(self, connection: AsyncConnection, engine: SqlEngine, *, write: bool) -> None:
        self.connection = connection
        self._engine, self._write = engine, write
        self._ended = False

    async def commit(self) -> None:
        """Make the writes permanent."""
        await self._send("COMMIT")
        await self._give_back()

    async def rollback(self) -> None:
        """Undo the writes; after a failed commit as well."""
        if self._ended:
            return
        await roll_back(self.connection)
        await self._give_back()

    async def _give_back(self) -> None:
        if not self._ended:
            self._ended = True
            await self._engine.give_back(self.connection, write=self._write)

    async def savepoint(self, name: str) -> None:
        """Mark a point."""
        await self._send(f"SAVEPOINT {name}")

    async def release(self, name: str) -> None:
        """Forget a point."""
        await self._send(f"RELEASE SAVEPOINT {name}")

    async def rollback_to(self, name: str) -> None:
        """Undo the writes since a point, and forget it."""
        await self._send(f"ROLLBACK TO SAVEPOINT {name}")
        await self._send(f"RELEASE SAVEPOINT {name}")

    async def _send(self, statement: str) -> None:
        try:
            await self.connection.exec_driver_sql(statement, execution_options={KIND: "transaction"})
        except exc.SQLAlchemyError as error:
            raise translated(error, self._engine.dialect) from error
