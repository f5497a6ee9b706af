"""The engine of a data source: connections, who gets one when, and what is told of every statement.

Connections are in the driver's autocommit: one statement is one transaction, and where several belong together
``BEGIN`` and ``COMMIT`` are sent as what they are. Waiting happens before the pool, in order; the pool always has a
connection.
"""

import asyncio
import time
import weakref
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from typing import Any, TypeVar

from sqlalchemy import Connection, event, exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import greenlet_spawn

from mainspring.repository.configuration import masked
from mainspring.repository.connectors import TransactionOptions, missing_module
from mainspring.repository.errors import DataSourceError, PoolTimeoutError, TransactionError
from mainspring.repository.events import QueryEvent, QueryListeners
from mainspring.repository.shielding import cancellations, finish
from mainspring.repository.sql.dialects import Dialect
from mainspring.repository.sql.faults import VALUE_ERRORS, connect_error
from mainspring.repository.sql.gates import Gate, keep_out
from mainspring.repository.sql.holding import KIND, Held
from mainspring.repository.sql.masking import shown_parameters

__all__ = ["KIND", "SqlEngine"]

T = TypeVar("T")

#: Connections; more than a few concurrent readers of one process rarely help a database.
_POOL_SIZE, _MAX_OVERFLOW = 5, 10

#: Seconds to wait for a connection.
_POOL_TIMEOUT = 30.0

#: Seconds after which a connection that nobody used is asked whether it lives, whatever it is wanted for: a server that
#: closed it tells at once, and the read that hears so is repeated, but a network that dropped it tells nothing.
_IDLE = 1.0

#: When a connection was given back, among what is kept of it.
_USED = "mainspring_used"


class SqlEngine:
    """Connections of one data source.

    Args:
        datasource: Its name.
        settings: Its configuration.
        dialect: The database.
        listeners: Who is told of statements.
    """

    def __init__(
        self, datasource: str, settings: Mapping[str, Any], dialect: Dialect, listeners: QueryListeners
    ) -> None:
        self._datasource, self._settings, self.dialect = datasource, settings, dialect
        self._listeners = listeners
        self._engine: AsyncEngine | None = None
        pool = dict(settings.get("pool") or {})
        self._size = 1 if dialect.is_one_connection else int(pool.get("size", _POOL_SIZE))
        self._overflow = 0 if dialect.is_one_connection else int(pool.get("max_overflow", _MAX_OVERFLOW))
        self._timeout = None if dialect.in_memory else float(pool.get("timeout", _POOL_TIMEOUT))
        self._recycle = -1 if dialect.is_one_connection else int(pool.get("recycle", -1))
        self._pings = pool.get("pre_ping", None if dialect.is_server else False)
        self._drivers: set[Any] = set()
        # A data source that is dropped, or still connected at the exit, leaves no thread and no warning behind.
        weakref.finalize(self, _stop, self._drivers, dialect.stop_driver)
        self._places: Gate | None = None
        self._writers: Gate | None = None
        self._held: Held | None = None
        self._let_in: Callable[[], None]

    @property
    def _is_local(self) -> bool:
        return self.dialect.name == "sqlite"

    # Life

    async def open(self) -> None:
        """Make the engine and see that the database works.

        Raises:
            DataSourceError: It does not; data source and place are named.
        """
        engine = self._make()
        self._engine = engine
        self._places = Gate(self._size + self._overflow, self._timeout, self._pool_timeout)
        self._writers = Gate(1, self._busy_timeout, self._busy) if self.dialect.exclusive == "writes" else None
        try:
            await self.dialect.probe()
            async with self.connection(write=False) as connection:
                await connection.exec_driver_sql("SELECT 1", execution_options={KIND: "connect"})
        except BaseException as error:
            await finish(self.close())
            if isinstance(error, self.errors):
                raise connect_error(error, self.dialect) from _without_secrets(error)
            raise

    def _make(self) -> AsyncEngine:
        try:
            engine = create_async_engine(
                self.dialect.url(),
                poolclass=AsyncAdaptedQueuePool,
                pool_size=self._size,
                max_overflow=self._overflow,
                pool_recycle=self._recycle,
                pool_reset_on_return=None,  # what is open is ended here; there is nothing to reset
                skip_autocommit_rollback=True,  # nor to roll back
                isolation_level="AUTOCOMMIT",
                echo=self._settings.get("echo", False),
                **self.dialect.engine_options(),
            )
        except ModuleNotFoundError as error:
            raise missing_module(self._datasource, str(self._settings["connector"]), error) from error
        except (exc.ArgumentError, ValueError) as error:
            raise DataSourceError(self._datasource, f"the url cannot be used: {masked(str(error))}") from None
        self.dialect.sql_dialect = engine.dialect
        self._listen(engine)
        return engine

    def _listen(self, engine: AsyncEngine) -> None:
        event.listen(engine.sync_engine, "connect", self._connected)
        event.listen(engine.sync_engine, "close", self._closed)
        if self.dialect.is_server:
            event.listen(engine.sync_engine, "checkin", _given_back)
        event.listen(engine.sync_engine, "before_cursor_execute", self._before)
        event.listen(engine.sync_engine, "after_cursor_execute", self._after)
        event.listen(engine.sync_engine, "handle_error", self._failed)

    def _connected(self, connection: Any, _: Any) -> None:
        self._drivers.add(connection.driver_connection)
        self.dialect.on_connect(connection)

    def _closed(self, connection: Any, _: Any) -> None:
        self._drivers.discard(connection.driver_connection)

    def _before(self, *arguments: Any) -> None:
        context = arguments[4]  # after connection, cursor, text and parameters
        self._listeners.statements += 1
        context.mainspring_begun = time.perf_counter() if self._listeners.is_needed else None

    def _after(self, *arguments: Any) -> None:
        text, parameters, context = arguments[2:5]
        if self._listeners.is_needed:
            self._tell(text, parameters, context)

    def _failed(self, context: Any) -> None:
        if not isinstance(context.original_exception, asyncio.CancelledError):
            self._listeners.errors += 1
        elif self._is_local:
            # The statement goes on in the driver's thread and later ones queue behind it: the connection is sound.
            context.is_disconnect = False

    def _tell(self, text: str, parameters: Any, context: Any) -> None:
        begun = context.mainspring_begun
        elapsed = time.perf_counter() - begun if begun is not None else 0.0
        kind = context.execution_options.get(KIND, "query")
        if kind != "connect":
            told = QueryEvent(text, parameters, elapsed, self._datasource, kind)
            self._listeners.tell(told, lambda: shown_parameters(context.compiled, parameters))

    async def close(self) -> None:
        """Close every connection; what is held is undone."""
        held, self._held = self._held, None
        try:
            if held is not None:
                await held.end()
        finally:
            engine, self._engine = self._engine, None
            if engine is not None:
                await engine.dispose()

    # Holding

    @property
    def is_held(self) -> bool:
        """Whether all that is done now is to be undone."""
        return self._held is not None

    async def hold(self) -> None:
        """When nobody uses a connection any more, begin a transaction around all that is done until `undo`.

        Raises:
            TransactionError: There is one already.
            PoolTimeoutError: A connection was in use for too long.
        """
        if self.is_held:
            raise TransactionError(f"Data source {self._datasource!r} is to undo everything already.")
        release = await keep_out(filter(None, (self._writers, self._all_places)))
        try:
            connection = AsyncConnection(self._made, await greenlet_spawn(self._connect, may_fail=False))
            for statement in self.dialect.begin_statements(TransactionOptions()):
                await connection.exec_driver_sql(statement, execution_options={KIND: "transaction"})
        except BaseException:
            release()
            raise
        self._held, self._let_in = Held(self._datasource, connection, self.dialect, self._timeout), release

    async def undo(self) -> None:
        """When nobody uses the connection any more, undo what was done since `hold`.

        Raises:
            TransactionError: Not everything could be undone, or the connection was in use for too long.
        """
        if (held := self._held) is None:
            return
        await held.turns.enter()
        self._held = None
        try:
            await finish(held.end())
        finally:
            self._let_in()

    # Use

    @asynccontextmanager
    async def connection(self, *, write: bool) -> AsyncIterator[AsyncConnection]:
        """A connection for the length of a block; writers of SQLite come one after the other.

        Raises:
            PoolTimeoutError: None became free in time.
        """
        taken = await self.take(write=write)
        try:
            async with self._held.part() if self._held is not None else nullcontext():
                yield taken
        finally:
            await finish(self.give_back(taken, write=write))

    async def run(self, work: Callable[[Connection], T], *, write: bool) -> T:
        """Do something with a connection of its own.

        Args:
            work: What is done. Where it only reads, a caller who finds the connection lost does it again.
            write: Whether it writes.

        Raises:
            PoolTimeoutError: No connection became free in time.
        """
        await self._enter(write=write)
        try:
            return await greenlet_spawn(lambda: self._run(work, may_fail=not write))
        finally:
            self._leave(write=write)

    def _run(self, work: Callable[[Connection], T], *, may_fail: bool) -> T:
        if self._held is not None:
            return self._held.run(work)
        connection = self._connect(may_fail=may_fail)
        try:
            return work(connection)
        finally:
            connection.close()

    async def take(self, *, write: bool) -> AsyncConnection:
        """Wait for a connection and take it."""
        await self._enter(write=write)
        if self._held is not None:
            return self._held.connection
        try:
            connection = await greenlet_spawn(self._connect, may_fail=False)
            return AsyncConnection(self._made, connection)
        except BaseException:
            self._leave(write=write)
            raise

    @property
    def _made(self) -> AsyncEngine:
        if self._engine is None:
            raise DataSourceError(self._datasource, "it is disconnected; connect it first")
        return self._engine

    def _connect(self, *, may_fail: bool) -> Connection:
        """A connection that lives, as far as one can know.

        Args:
            may_fail: Whether it does no harm to find out by the first statement.
        """
        before = cancellations()
        try:
            connection = self._made.sync_engine.connect()
            try:
                while not self._lives(connection, may_fail=may_fail):
                    connection.invalidate()  # it takes the next one then
                if cancellations() > before:
                    raise asyncio.CancelledError
            except BaseException:
                connection.invalidate()
                connection.close()
                raise
        except self.errors as error:
            raise connect_error(error, self.dialect) from _without_secrets(error)
        return connection

    def _lives(self, connection: Connection, *, may_fail: bool) -> bool:
        if self._pings is False:
            return True
        taken = connection.connection
        used = taken.info.get(_USED)
        is_sure = used is None or (may_fail and self._pings is None and time.monotonic() - used < _IDLE)
        return is_sure or self._answers(taken.dbapi_connection)

    def _answers(self, driver: Any) -> bool:
        try:
            return bool(self.dialect.sql_dialect.do_ping(driver))
        except Exception:
            return False  # whatever it says, it is of no use

    @property
    def _all_places(self) -> Gate:
        if self._engine is None or self._places is None:
            raise DataSourceError(self._datasource, "it is disconnected; connect it first")
        return self._places

    async def _enter(self, *, write: bool) -> None:
        places, writers = self._all_places, self._writers if write else None
        if self._held is not None:
            places, writers = self._held.turns, None
        if writers is not None:
            await writers.enter()
        try:
            await places.enter()
        except BaseException:
            if writers is not None:
                writers.leave()
            raise

    def _leave(self, *, write: bool) -> None:
        if self._held is not None:
            self._held.turns.leave()
            return
        if self._places is not None:
            self._places.leave()
        if write and self._writers is not None:
            self._writers.leave()

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What goes wrong with a database: of SQLAlchemy, and what drivers and connections raise past it."""
        return (exc.SQLAlchemyError, OSError, *VALUE_ERRORS, *self.dialect.driver_errors)

    async def give_back(self, connection: AsyncConnection, *, write: bool) -> None:
        """Give a connection back."""
        try:
            if self._held is None:
                await connection.close()
        finally:
            self._leave(write=write)

    @property
    def _busy_timeout(self) -> float:
        timeout: float = getattr(self.dialect, "busy_timeout", _POOL_TIMEOUT)
        return timeout

    def _busy(self) -> Exception:
        return TransactionError(
            f"Data source {self._datasource!r} is being written to for longer than {self._busy_timeout:g} s: shorten "
            "the transactions or raise busy_timeout.",
            retryable=True,
        )

    def _pool_timeout(self) -> Exception:
        return PoolTimeoutError(self._datasource, self._size, self._overflow, self._timeout or 0.0)

    def stats(self) -> dict[str, int]:
        """Numbers for health checks and metrics."""
        places, writers = self._places, self._writers
        return {
            "size": self._size + self._overflow,
            "checked_out": 0 if places is None else places.inside,
            "waiting": sum(gate.waiting for gate in (places, writers) if gate is not None),
            "statements": self._listeners.statements,
            "errors": self._listeners.errors,
        }


def _stop(drivers: set[Any], stop: Callable[[Any], None]) -> None:
    while drivers:
        stop(drivers.pop())


def _given_back(_: Any, record: Any) -> None:
    record.info[_USED] = time.monotonic()


def _without_secrets(error: BaseException) -> BaseException | None:
    """The cause, unless its words could hold a password."""
    return error.orig if isinstance(error, exc.DBAPIError) else error
