"""What a data source needs of the thing that carries it, and the table of the kinds there are.

A connector is named in the configuration; the module that has it is imported when the first data source of that kind
is used, so that nobody pays for drivers they do not use.
"""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, runtime_checkable

from mainspring.repository.conditions import Condition
from mainspring.repository.definitions import ModelDefinition
from mainspring.repository.errors import DataSourceError
from mainspring.repository.filters import Query

__all__ = [
    "CONNECTORS",
    "PLAIN_INSERTION",
    "Connector",
    "CrudConnector",
    "Discovery",
    "Increase",
    "Insertion",
    "Migrations",
    "Raw",
    "ServiceConnector",
    "TransactionHandle",
    "TransactionOptions",
    "Transactional",
    "Undoable",
    "connector_class",
]

#: Name in the configuration -> ``module:class``. The proxies bring their own; they are found by name.
CONNECTORS: Mapping[str, str] = {
    "memory": "mainspring.repository.sql.connector:SqlConnector",
    "sqlite": "mainspring.repository.sql.connector:SqlConnector",
    "postgresql": "mainspring.repository.sql.connector:SqlConnector",
    "mysql": "mainspring.repository.sql.connector:SqlConnector",
    "kv-memory": "mainspring.repository.keyvalues:MemoryKeyValueConnector",
    "rest": "mainspring.proxies.connectors:RestConnector",
    "openapi": "mainspring.proxies.connectors:OpenApiConnector",
}

#: Module that is missing -> the extra that brings it.
_EXTRAS: Mapping[str, str] = {
    "sqlalchemy": "sql",
    "greenlet": "sql",
    "aiosqlite": "sql",
    "asyncpg": "postgres",
    "psycopg": "postgres",
    "asyncmy": "mysql",
    "aiomysql": "mysql",
    "httpx2": "proxies",
    "yaml": "proxies",
}


@dataclass(frozen=True, slots=True)
class TransactionOptions:
    """How a transaction begins.

    Attributes:
        isolation_level: In the words of SQL; ``None`` for the database's own.
        read_only: Whether writes are refused.
    """

    isolation_level: str | None = None
    read_only: bool = False


class TransactionHandle(Protocol):
    """An open transaction of a connector."""

    async def commit(self) -> None:
        """Make the writes permanent and give the connection back."""
        ...

    async def rollback(self) -> None:
        """Undo the writes and give the connection back."""
        ...

    async def savepoint(self, name: str) -> None:
        """Mark a point."""
        ...

    async def release(self, name: str) -> None:
        """Forget a point."""
        ...

    async def rollback_to(self, name: str) -> None:
        """Undo the writes since a point."""
        ...


class Connector(Protocol):
    """What every data source has."""

    async def connect(self) -> None:
        """Open what is needed and see that it works.

        Raises:
            DataSourceError: It does not.
        """
        ...

    async def disconnect(self) -> None:
        """Close everything."""
        ...

    async def ping(self) -> None:
        """One cheap exchange with the other side.

        Raises:
            DataSourceError: There is no answer.
        """
        ...

    def stats(self) -> Mapping[str, int]:
        """Numbers for health checks and metrics."""
        ...


@runtime_checkable
class Transactional(Protocol):
    """A connector with transactions."""

    #: Whether a call outside a transaction has to wait until the open one ends: ``all``, ``writes`` or ``none``.
    exclusive: str

    async def begin(self, options: TransactionOptions) -> TransactionHandle:
        """Begin one."""
        ...


@runtime_checkable
class Undoable(Protocol):
    """A connector that can undo all that was done from one moment on, for tests."""

    async def hold(self) -> None:
        """From now on, do everything so that it can be undone."""
        ...

    async def undo(self) -> None:
        """Undo it; nothing when there is nothing to undo."""
        ...


@dataclass(frozen=True, slots=True)
class Insertion:
    """How rows are inserted.

    Attributes:
        conflict: Property names whose equality with an existing row makes it an update; ``None`` for a plain insert.
        update: What is set in that case, by property name.
        increase: What is raised by one in that case.
    """

    conflict: tuple[str, ...] | None = None
    update: tuple[str, ...] = ()
    increase: tuple[str, ...] = ()


#: Rows are inserted, and nothing else.
PLAIN_INSERTION = Insertion()


@dataclass(frozen=True, slots=True)
class Increase:
    """A value of an update: what is there, and this more."""

    by: int = 1


@runtime_checkable
class CrudConnector(Protocol):
    """A connector that keeps rows of models.

    Values are converted already; ``handle`` is an open transaction or ``None``.
    """

    #: Whether it makes ids for rows that have none, also where the model does not say so.
    counts_ids: bool

    def attach(self, definition: ModelDefinition) -> None:
        """Make a model known."""
        ...

    async def insert(
        self,
        definition: ModelDefinition,
        rows: Sequence[Mapping[str, Any]],
        handle: Any,
        insertion: Insertion = PLAIN_INSERTION,
    ) -> list[dict[str, Any]]:
        """Insert all rows or none; gives for each the values that the database made."""
        ...

    async def select(self, definition: ModelDefinition, query: Query, handle: Any) -> list[Any]:
        """The instances that a query selects."""
        ...

    def stream(
        self, definition: ModelDefinition, query: Query, handle: Any, batch_size: int
    ) -> AsyncGenerator[list[Any], None]:
        """The same, batch by batch."""
        ...

    async def count(self, definition: ModelDefinition, where: Condition | None, handle: Any) -> int:
        """How many rows match."""
        ...

    async def exists(self, definition: ModelDefinition, where: Condition | None, handle: Any) -> bool:
        """Whether any row matches."""
        ...

    async def update(
        self,
        definition: ModelDefinition,
        values: Mapping[str, Any],
        where: Condition | None,
        handle: Any,
        *,
        replace: bool = False,
    ) -> int:
        """Set values in the rows that match; gives their number. ``replace`` drops free properties not given."""
        ...

    async def delete(self, definition: ModelDefinition, where: Condition | None, handle: Any) -> int:
        """Delete the rows that match; gives their number."""
        ...


@runtime_checkable
class Raw(Protocol):
    """A connector that takes commands in its own language."""

    async def execute(self, command: str, parameters: Any, handle: Any) -> Any:
        """Run one: rows as dictionaries, or a ``Count``."""
        ...


@runtime_checkable
class Migrations(Protocol):
    """A connector that can bring the schema to what the models say."""

    async def migrate(
        self, definitions: Sequence[ModelDefinition], *, drop: bool, dry_run: bool, allow_unsafe: bool
    ) -> list[Any]:
        """Do it (or only say what would be done)."""
        ...


@runtime_checkable
class Discovery(Protocol):
    """A connector that can tell which models the data that are there would have."""

    async def discover(self, tables: Iterable[str] | None, schema: str | None, *, views: bool) -> list[ModelDefinition]:
        """Look."""
        ...


@runtime_checkable
class ServiceConnector(Protocol):
    """A connector that stands for a remote service."""

    def as_service(self, datasource: Any, interface: Any) -> Any:
        """A proxy of an interface, or of everything there is."""
        ...


def connector_class(datasource: str, connector: Any) -> Any:
    """The class that carries a kind of data source.

    Args:
        datasource: The name, for messages.
        connector: A name of `CONNECTORS`, or a class.

    Raises:
        DataSourceError: There is no such kind, or what it needs is not installed.
    """
    if isinstance(connector, type):
        return connector
    module, _, name = CONNECTORS[checked_name(datasource, connector)].partition(":")
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise missing_module(datasource, str(connector), error) from error


def checked_name(datasource: str, connector: Any) -> str:
    """The name of a kind, if there is such a kind.

    Raises:
        DataSourceError: There is none.
    """
    if not isinstance(connector, str) or connector not in CONNECTORS:
        raise DataSourceError(
            datasource, f"there is no connector {connector!r}; there are {', '.join(CONNECTORS)}, or give a class"
        )
    return connector


def missing_module(datasource: str, connector: str, error: ModuleNotFoundError) -> DataSourceError:
    """The error of a driver that is not installed; names the extra."""
    missing = (error.name or "").partition(".")[0]
    extra = _EXTRAS.get(missing)
    if extra is None:
        return DataSourceError(datasource, f"the connector {connector!r} is not available ({error})")
    return DataSourceError(
        datasource,
        f"the connector {connector!r} needs {missing}, which is not installed: pip install 'mainspring[{extra}]'",
    )
