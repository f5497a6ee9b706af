"""What databases do differently, as one class per database: URLs, expressions, transactions, errors."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

from sqlalchemy import URL, Boolean, Column, ColumnElement, Table, true, type_coerce

from mainspring.repository.connectors import TransactionOptions
from mainspring.repository.errors import UnsupportedOperationError

__all__ = ["Dialect", "Failure", "dialect_of"]


@dataclass(frozen=True, slots=True)
class Failure:
    """What an error of a driver means.

    Attributes:
        kind: ``unique``, ``foreign key``, ``not null``, ``check``, ``busy``, ``serialization``, ``no table``, ``lost``
            or ``other``.
        text: The driver's words, or the name of what is meant.
        columns: The columns it is about, where the database says them.
    """

    kind: str
    text: str
    columns: tuple[str, ...] = ()


class Dialect(ABC):
    """One database. Methods that make expressions get columns, never text of a user."""

    name: ClassVar[str]
    has_transactional_ddl: ClassVar[bool] = False
    longest_list: ClassVar[int] = 1000
    #: Whether ids of one statement rise with its rows, so that sorting them gives the order of the rows.
    counts_in_order: ClassVar[bool] = False
    #: Which calls outside a transaction wait for an open one: ``all``, ``writes``, ``none``.
    exclusive: str = "none"
    in_memory: bool = False
    #: What the driver raises by itself.
    driver_error: ClassVar[type[Exception]] = OSError
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

    @abstractmethod
    def json_path(self, column: ColumnElement[Any], steps: tuple[str | int, ...]) -> ColumnElement[Any]:
        """The value at a place inside a JSON column."""

    @abstractmethod
    def json_type(self, column: ColumnElement[Any], steps: tuple[str | int, ...]) -> ColumnElement[Any]:
        """The JSON type of the value at a place."""

    @abstractmethod
    def json_text(self, column: ColumnElement[Any], steps: tuple[str | int, ...]) -> ColumnElement[Any]:
        """The value at a place as normalised JSON text."""

    @abstractmethod
    def json_contains(
        self, column: ColumnElement[Any], steps: tuple[str | int, ...], value: ColumnElement[Any]
    ) -> ColumnElement[bool]:
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

    @abstractmethod
    def decimal_of_json(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        """A decimal kept as text inside JSON, compared by its value."""

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
    def in_long_list(self, value: ColumnElement[Any], values: list[Any]) -> ColumnElement[bool]:
        """Membership in a list of any length."""

    @abstractmethod
    def failure(self, error: BaseException) -> Failure:
        """What an error of the driver means."""


_DIALECTS: Mapping[str, str] = {
    "memory": "mainspring.repository.sql.sqlite:SqliteDialect",
    "sqlite": "mainspring.repository.sql.sqlite:SqliteDialect",
}


def dialect_of(datasource: str, settings: Mapping[str, Any]) -> Dialect:
    """The database that a configuration names.

    Raises:
        UnsupportedOperationError: This database is not supported yet.
    """
    place = _DIALECTS.get(settings["connector"])
    if place is None:
        raise UnsupportedOperationError.of(datasource, f"the connector {settings['connector']!r}")
    module, _, name = place.partition(":")
    dialect: Dialect = getattr(import_module(module), name)(datasource, settings)
    return dialect
