"""What databases do differently, as one class per database: URLs, expressions, transactions, errors."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from typing import Any, ClassVar

from sqlalchemy import URL, Boolean, Column, ColumnElement, Table, true, type_coerce
from sqlalchemy.types import TypeEngine

from mainspring.repository.connectors import TransactionOptions
from mainspring.repository.kinds import Kind

__all__ = ["Dialect", "Failure", "dialect_of"]


@dataclass(frozen=True, slots=True)
class Failure:
    """What an error of a driver means.

    Attributes:
        kind: ``unique``, ``foreign key``, ``not null``, ``check``, ``too long``, ``out of range``, ``value``,
            ``pattern``, ``complex``, ``busy``, ``serialization``, ``lock timeout``,
            ``aborted``, ``stale``, ``refused``, ``no table``, ``lost`` or ``other``.
        text: The driver's words, or the name of what is meant.
        columns: The columns it is about, where the database says them.
        constraint: The name of the constraint or index, where the database says that.
        ends_transaction: Whether the database rolled the whole transaction back.
    """

    kind: str
    text: str
    columns: tuple[str, ...] = ()
    constraint: str | None = None
    ends_transaction: bool = False


class Dialect(ABC):
    """One database. Methods that make expressions get columns, never text of a user."""

    name: ClassVar[str]
    has_transactional_ddl: ClassVar[bool] = False
    longest_list: ClassVar[int] = 1000
    #: Whether a statement that failed makes the transaction useless, up to the last savepoint.
    fails_transactions: ClassVar[bool] = False
    #: Whether the rows of a cursor arrive only inside a transaction.
    streams_in_transactions: ClassVar[bool] = False
    #: Whether a connection can do nothing else while a cursor is open, and has to read it to its end.
    has_greedy_cursors: ClassVar[bool] = False
    #: Whether a column that counts goes on behind ids that were given.
    counts_given_ids: ClassVar[bool] = True
    #: Whether there are schema changes other than by making the table anew.
    alters_columns: ClassVar[bool] = True
    #: Whether it is another process, to which connections can be lost.
    is_server: ClassVar[bool] = False
    #: Whether ids of one statement rise with its rows, so that sorting them gives the order of the rows.
    counts_in_order: ClassVar[bool] = False
    #: Which calls outside a transaction wait for an open one: ``all``, ``writes``, ``none``.
    exclusive: str = "none"
    #: Whether tables are made at their first use and ids are counted, as the connector `memory` does it.
    in_memory: bool = False
    #: Whether the connection is the database: a second one would have another, and closing it is the end of all data.
    is_one_connection: bool = False
    #: What the driver raises by itself.
    driver_errors: ClassVar[tuple[type[Exception], ...]] = ()
    #: SQLAlchemy's own dialect, once there is an engine.
    sql_dialect: Any = None

    def __init__(self, datasource: str, settings: Mapping[str, Any]) -> None:
        self.datasource, self.settings = datasource, settings

    @abstractmethod
    def url(self) -> URL:
        """The URL with the driver filled in."""

    def engine_options(self) -> dict[str, Any]:
        """What the engine is made with."""
        return {"connect_args": dict(self.settings.get("connect_args", {}))}

    def on_connect(self, connection: Any) -> None:  # noqa: B027 - most databases need nothing
        """Prepare a new connection of the driver."""

    @staticmethod  # noqa: B027 - only drivers with threads need it
    def stop_driver(driver: Any) -> None:
        """End a connection of the driver that nobody closed, outside of any event loop."""

    @abstractmethod
    def begin_statements(self, options: TransactionOptions) -> list[str]:
        """What begins a transaction."""

    def migration_lock(self, timeout: float) -> tuple[str, str] | None:  # noqa: ARG002
        """What takes the place of the one that migrates and gives true, and what leaves it."""
        return None

    def before_migration(self) -> list[str]:
        """What is set before the transaction of a migration."""
        return []

    def begin_migration(self) -> list[str]:
        """What begins the transaction of a migration, and lets one process in at a time."""
        return self.begin_statements(TransactionOptions())

    def after_migration(self) -> list[str]:
        """What is set back afterwards."""
        return []

    async def probe(self) -> None:  # noqa: B027 - for most databases a connection shows that it works
        """See that the place can be used, before there is an engine."""

    def describe_place(self) -> str:
        """Where the database is, without secrets."""
        return self.url().render_as_string(hide_password=True)

    @property
    def returns_inserted(self) -> bool:
        """Whether an insert gives the new rows; known once there was a connection."""
        return True

    def sort_keys(self, key: ColumnElement[Any], *, descending: bool, may_be_null: bool) -> list[Any]:
        """Sort by a key: null last ascending, first descending."""
        direction = key.desc() if descending else key.asc()
        if not may_be_null:
            return [direction]
        return [direction.nulls_first() if descending else direction.nulls_last()]

    def stored_decimal(self, scale: int | None) -> Callable[[Decimal], Decimal] | None:  # noqa: ARG002
        """What a column makes of a decimal; ``None``: nothing."""
        return None

    def advance_counter(self, column: Column[Any], greatest: int) -> Any:
        """The statement that makes a column count on behind an id that was given."""
        raise NotImplementedError  # only databases that need it are asked

    @abstractmethod
    def json_path(self, column: Column[Any], steps: tuple[str | int, ...], like: Any = None) -> ColumnElement[Any]:
        """The value at a place inside a JSON column, as it is compared with `json_scalar` of a value like the other."""

    @abstractmethod
    def json_plain(self, column: Column[Any], steps: tuple[str | int, ...]) -> ColumnElement[Any]:
        """The value at a place as text without quotes; null where it is absent or null."""

    @abstractmethod
    def json_value(
        self, column: Column[Any], steps: tuple[str | int, ...], kind: Kind, type: TypeEngine[Any]
    ) -> ColumnElement[Any]:
        """The value at a place, as one of a type."""

    @abstractmethod
    def json_type(self, column: Column[Any], steps: tuple[str | int, ...]) -> ColumnElement[Any]:
        """The JSON type of the value at a place."""

    @abstractmethod
    def json_equal(self, column: Column[Any], steps: tuple[str | int, ...], text: str) -> ColumnElement[bool]:
        """Whether a list or an object at a place is the same as one that is given as JSON."""

    @abstractmethod
    def json_contains(self, column: Column[Any], steps: tuple[str | int, ...], value: Any) -> ColumnElement[bool]:
        """Whether a JSON list has an item."""

    @abstractmethod
    def json_with(self, column: ColumnElement[Any], values: Mapping[str, Any]) -> ColumnElement[Any]:
        """A JSON object with some of its members set."""

    @abstractmethod
    def upsert(
        self, table: Table, values: Mapping[str, Any], on: Sequence[Column[Any]], changes: Mapping[str, Any]
    ) -> Any:
        """Insert values, or make changes in the row that has the same values in some columns."""

    @abstractmethod
    def json_scalar(self, value: Any) -> Any:
        """A JSON scalar as it is compared with what `json_path` gives."""

    @abstractmethod
    def json_types_of(self, value: Any) -> tuple[str, ...]:
        """The names that `json_type` gives for values that a scalar may be compared with."""

    def is_not_true(self, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        """The complement: false and unknown."""
        return type_coerce(condition, Boolean).is_not(true())

    @abstractmethod
    def like(self, text: ColumnElement[Any], pattern: str, *, ignore_case: bool) -> ColumnElement[bool]:
        """Whether a text matches a LIKE pattern (``\\`` escapes), telling letters apart or not."""

    @abstractmethod
    def regexp(self, text: ColumnElement[Any], pattern: Any) -> ColumnElement[bool]:
        """Whether a regular expression is found in a text."""

    @abstractmethod
    def in_long_list(self, value: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        """Membership in a list of any length."""

    def bound(self, type: TypeEngine[Any], values: Sequence[Any]) -> list[Any]:
        """Values as the driver gets them."""
        write = type.dialect_impl(self.sql_dialect).bind_processor(self.sql_dialect)
        return list(values) if write is None else [write(each) for each in values]

    @abstractmethod
    def failure(self, error: BaseException) -> Failure:
        """What an error of the driver means."""


_DIALECTS: Mapping[str, str] = {
    "memory": "mainspring.repository.sql.sqlite:SqliteDialect",
    "sqlite": "mainspring.repository.sql.sqlite:SqliteDialect",
    "postgresql": "mainspring.repository.sql.postgresql:PostgresqlDialect",
    "mysql": "mainspring.repository.sql.mysql:MysqlDialect",
}


def dialect_of(datasource: str, settings: Mapping[str, Any]) -> Dialect:
    """The database that a configuration names."""
    module, _, name = _DIALECTS[settings["connector"]].partition(":")
    dialect: Dialect = getattr(import_module(module), name)(datasource, settings)
    return dialect
