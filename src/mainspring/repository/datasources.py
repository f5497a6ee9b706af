"""A data source: a named configuration, and the connector made of it when it is first needed.

It belongs to the event loop that connects it, until it is disconnected.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Annotated, Any, ClassVar, Self, TypeVar, overload

from mainspring.context import BindingKey
from mainspring.context import config as config_marker
from mainspring.repository.attached import attached_definitions
from mainspring.repository.configuration import effective_config, inferred_connector
from mainspring.repository.connectors import (
    Connector,
    CrudConnector,
    Discovery,
    Migrations,
    Raw,
    ServiceConnector,
    Transactional,
    TransactionOptions,
    checked_name,
    connector_class,
    missing_module,
)
from mainspring.repository.definitions import ModelDefinition, definition_of
from mainspring.repository.errors import DataSourceError, TransactionError, UnsupportedOperationError
from mainspring.repository.events import QueryListeners
from mainspring.repository.participation import PRIMARY, has_task, participation, repeated, would_wait_for_itself
from mainspring.repository.shielding import finish, wait_together
from mainspring.repository.transactions import Savepoint, Transaction, TransactionRegistry, isolation_of

__all__ = ["DataSource"]

T = TypeVar("T")


class DataSource:
    """Where data live.

    Args:
        config: ``name``, ``connector``, and what the connector needs: ``url``, or ``host, port, user, password,
            database``; ``pool``, ``busy_timeout`` (seconds), ``schema``, ``echo``, ``connect_args``, ``lazy_connect``,
            ``strict_transactions``, ``replicas``.

    Raises:
        DataSourceError: There is no such connector, or parts of the configuration contradict each other.

    Attributes:
        name: What it is called.
        settings: The configuration as it is used.
        transactions: Its transactions that are open, and who is in them.
    """

    #: The name of a subclass, the last part of ``datasources.<name>``.
    datasource_name: ClassVar[str | None] = None
    #: The configuration of a subclass, under what is injected.
    default_config: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, config: Annotated[Mapping[str, Any] | None, config_marker()] = None) -> None:
        self.settings = effective_config(type(self), config)
        self.name: str = self.settings["name"]
        kind = self.settings["connector"] = inferred_connector(self.name, self.settings)
        if not isinstance(kind, type):
            checked_name(self.name, kind)
        self._connector: Any = None
        self._models: dict[Any, ModelDefinition] = {}
        self._listeners = QueryListeners(self.name)
        self.transactions = TransactionRegistry()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._waiting: set[object] = set()
        self.is_connected = False

    def __repr__(self) -> str:
        kind = self.settings["connector"]
        return f"<{type(self).__name__} {self.name!r} ({kind.__name__ if isinstance(kind, type) else kind})>"

    @property
    def connector(self) -> Any:
        """The connector.

        Raises:
            DataSourceError: A driver is missing; the extra to install is named.
        """
        if self._connector is None:
            cls = connector_class(self.name, self.settings["connector"])
            try:
                connector = cls(self.name, self.settings, self._listeners)
            except ModuleNotFoundError as error:
                raise missing_module(self.name, str(self.settings["connector"]), error) from error
            self._connector = connector
            for definition in self._models.values():
                self._tell(definition)
        return self._connector

    # Life

    async def connect(self) -> None:
        """Connect, once; calls at the same time share one attempt.

        Raises:
            DataSourceError: It cannot be reached, or a driver is missing.
        """
        if self.is_connected:
            self._check_loop()
            return
        if self._connecting is None or self._connecting.get_loop() is not asyncio.get_running_loop():
            self._connecting, self._waiting = asyncio.ensure_future(self._connect()), set()
        if not await wait_together(self._connecting, self._waiting):
            await self.connect()

    async def _connect(self) -> None:
        connector: Connector = self.connector
        try:
            await connector.connect()
            self._loop, self.is_connected = asyncio.get_running_loop(), True
        finally:
            self._connecting = None

    def _check_loop(self) -> None:
        if self._loop is not asyncio.get_running_loop():
            raise DataSourceError(
                self.name,
                "it is connected in another event loop; disconnect it there first, or make one data source per loop",
            )

    async def disconnect(self) -> None:
        """Roll back what is open and close every connection; a later use connects again."""
        if self._connecting is not None:
            await asyncio.wait([self._connecting])
        if not self.is_connected:
            return
        self._check_loop()
        await finish(self._disconnect())

    async def _disconnect(self) -> None:
        await self.transactions.roll_back()
        connector: Connector = self.connector
        self.is_connected, self._loop = False, None
        await connector.disconnect()

    async def ping(self) -> None:
        """One cheap exchange with the other side.

        Raises:
            DataSourceError: There is no answer.
        """
        await (await self.ready()).ping()

    async def ready(self) -> Any:
        """The connector, connected.

        Raises:
            DataSourceError: It cannot be connected, or it is connected in another event loop.
        """
        if not self.is_connected:
            await self.connect()
        elif self._loop is not asyncio.get_running_loop():
            self._check_loop()
        return self._connector

    async def start(self) -> None:
        """Connect with the application, unless ``lazy_connect`` is set."""
        if not self.settings.get("lazy_connect"):
            await self.connect()
            if getattr(self.connector, "pings_at_start", True):
                await self.ping()

    async def stop(self) -> None:
        """Disconnect with the application."""
        await self.disconnect()

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.disconnect()

    # Models

    def attach(self, entity: Any) -> None:
        """Make a model known: its table belongs to this data source."""
        if entity in self._models:
            return
        definition = definition_of(entity)
        self._models[entity] = definition
        if self._connector is not None:
            self._tell(definition)

    def _tell(self, definition: ModelDefinition) -> None:
        if isinstance(self._connector, CrudConnector):
            self._connector.attach(definition)

    @property
    def models(self) -> list[Any]:
        """The attached model classes."""
        return list(self._models)

    @overload
    def as_service(self, interface: None = None) -> Any: ...
    @overload
    def as_service(self, interface: BindingKey[T] | type[T]) -> T: ...
    def as_service(self, interface: Any = None) -> Any:
        """A proxy of the remote service, with the methods of an interface, else with one for each operation.

        What is no remote service raises ``UnsupportedOperationError``.
        """
        if not isinstance(self.connector, ServiceConnector):
            raise UnsupportedOperationError.of(self.name, "services")
        return self.connector.as_service(self, interface)

    # Statements and transactions

    async def execute(self, command: str, parameters: Any = None, transaction: Any = None) -> Any:
        """Run one command in the language of the data source, parameters always bound.

        Args:
            command: With ``:name`` or ``?`` for parameters.
            parameters: A mapping, or a sequence.
            transaction: The transaction it takes part in; ``False``: none.

        Raises:
            UnsupportedOperationError: The data source has no such language.
        """
        connector = await self.ready()
        if not isinstance(connector, Raw):
            raise UnsupportedOperationError.of(self.name, "commands")
        return await connector.execute(command, parameters, self.transaction_of(transaction))

    def begin_transaction(
        self, isolation_level: str | None = None, *, timeout: float | None = None, read_only: bool = False
    ) -> Transaction | Savepoint:
        """A transaction, for ``async with`` or ``await``; inside a block of the same task a savepoint.

        Args:
            isolation_level: ``"READ COMMITTED"`` and the others of SQL.
            timeout: Seconds after which it is rolled back by itself.
            read_only: Whether writes are refused.

        Raises:
            UnsupportedOperationError: The data source has no transactions.
            TransactionError: There is no such isolation level.
        """
        options = TransactionOptions(isolation_of(isolation_level), read_only)
        if not isinstance(self.connector, Transactional):
            raise UnsupportedOperationError.of(self.name, "transactions")
        around = self.transactions.current() if has_task() else None
        if around is not None and around.is_active:
            return around.savepoint()
        return Transaction(self, self._begin, self.transactions, options, timeout)

    async def _begin(self, options: TransactionOptions) -> Any:
        connector = await self.ready()
        if would_wait_for_itself(self.transactions, connector.exclusive, write=not options.read_only):
            raise TransactionError(
                f"This task holds a transaction of data source {self.name!r} already and would wait for itself: "
                "use tx.savepoint()."
            )
        return await connector.begin(options)

    async def run_in_transaction(self, work: Callable[[Any], Awaitable[T]], retries: int = 3) -> T:
        """Run a function with a transaction; again, after a pause, when the database asks for that.

        Args:
            work: Gets the transaction. It may run several times.
            retries: How often it is repeated.

        Raises:
            TransactionError: The last repetition failed as well.
        """
        return await repeated(self.begin_transaction, work, retries)

    def transaction_of(self, given: Any, *, write: bool = True) -> Any:
        """The transaction that a call takes part in, or what else says where it goes.

        Args:
            given: What the caller said: ``None`` (the task's own), ``False`` (none), or a transaction.
            write: Whether the call writes.

        Raises:
            TransactionError: It is not open, refuses writes, or the call would wait for its own task.
        """
        if given is None and not self.transactions.open:
            return None  # the usual case: nobody has a transaction open
        exclusive = getattr(self._connector, "exclusive", "none")
        found = participation(self, self.transactions, exclusive, given, write=write)
        is_primary = given is PRIMARY and getattr(self._connector, "has_replicas", False)
        return PRIMARY if is_primary else found

    def at_primary(self, given: Any) -> Any:
        """The transaction of a call, or what makes it ask the primary and no replica."""
        inside = given is None and self.transactions.current() is not None
        return PRIMARY if (given is None or given is False) and not inside else given

    # Schema

    async def automigrate(self, models: Any = None, *, dry_run: bool = False) -> list[Any]:
        """Drop and make the tables of the attached (or named) models; their data are lost.

        Args:
            models: Model classes or names.
            dry_run: Only say what would be done.
        """
        return await self._migrate(models, drop=True, dry_run=dry_run)

    async def autoupdate(self, models: Any = None, *, dry_run: bool = False, allow_unsafe: bool = False) -> list[Any]:
        """Add missing tables, columns and indexes; data are kept.

        Args:
            models: Model classes or names.
            dry_run: Only say what would be done; what needs ``allow_unsafe`` is not ``safe`` then.
            allow_unsafe: Also change types where data may be lost.

        Raises:
            MigrationError: A change is not possible; nothing was changed.
        """
        return await self._migrate(models, drop=False, dry_run=dry_run, allow_unsafe=allow_unsafe)

    async def plan_migration(self, models: Any = None) -> list[Any]:
        """What ``autoupdate`` would do: operations with ``kind``, ``table``, ``sql``, ``safe``.

        One that is not ``safe`` is only done with ``allow_unsafe=True``.
        """
        return await self._migrate(models, drop=False, dry_run=True)

    async def _migrate(self, models: Any, *, drop: bool, dry_run: bool, allow_unsafe: bool = False) -> list[Any]:
        connector = await self.ready()
        if not isinstance(connector, Migrations):
            raise UnsupportedOperationError.of(self.name, "migrations")
        definitions = attached_definitions(self, models)
        return await connector.migrate(definitions, drop=drop, dry_run=dry_run, allow_unsafe=allow_unsafe)

    async def discover_models(
        self, tables: str | Iterable[str] | None = None, *, schema: str | None = None, views: bool = False
    ) -> list[ModelDefinition]:
        """Read tables that are there into definitions, as `define_model_class` takes them.

        Args:
            tables: Their names; all without it.
            schema: Where they are, if not where the data source's own are.
            views: Whether views are read, too.

        Raises:
            DataSourceError: There is no such table.
        """
        connector = await self.ready()
        if not isinstance(connector, Discovery):
            raise UnsupportedOperationError.of(self.name, "the discovery of models")
        return await connector.discover([tables] if isinstance(tables, str) else tables, schema, views=views)

    def metadata(self) -> Any:
        """The SQLAlchemy ``MetaData`` of the attached models.

        Raises:
            UnsupportedOperationError: The data source has no tables.
        """
        find = getattr(self.connector, "metadata", None)
        if find is None:
            raise UnsupportedOperationError.of(self.name, "metadata")
        return find()

    # Observation

    def on(self, event: str, listener: Callable[..., Any]) -> Self:
        """Call a function for each ``"query"``: it gets ``sql, parameters, elapsed`` (seconds), ``datasource, kind``.

        A remote service has ``"request"`` and ``"response"`` instead. Other names raise ``ValueError``.
        """
        own = getattr(self.connector, "on", None) if event != "query" else None
        (own or self._listeners.on)(event, listener)
        return self

    def off(self, event: str, listener: Callable[..., Any]) -> bool:
        """Take away one registration of a listener of ``"query"``; whether there was one."""
        return self._listeners.off(event, listener)

    def stats(self) -> Mapping[str, int]:
        """``size``, ``checked_out``, ``waiting``, ``statements``, ``errors``."""
        connector: Connector = self.connector
        return connector.stats()

    @property
    def crud(self) -> CrudConnector:
        """The connector as one that keeps rows.

        Raises:
            UnsupportedOperationError: It does not.
        """
        if not isinstance(self.connector, CrudConnector):
            raise UnsupportedOperationError.of(self.name, "repositories of models")
        return self.connector
