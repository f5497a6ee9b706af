"""What is particular to SQLite: connections, functions for text, decimals and patterns, begin, and errors.

SQLite has one writer at a time. Within a process writers queue for it here, in order; between processes SQLite waits
for ``busy_timeout``. A database in memory is one connection, which everybody shares in turn.
"""

import asyncio
import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import (
    URL,
    Column,
    ColumnElement,
    Function,
    String,
    Table,
    collate,
    false,
    func,
    literal,
    make_url,
    type_coerce,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.types import NullType, TypeEngine

from mainspring.repository.connectors import TransactionOptions
from mainspring.repository.errors import DataSourceError, InvalidFilterError
from mainspring.repository.kinds import Kind
from mainspring.repository.sql.dialects import Dialect, Failure
from mainspring.repository.sql.json_types import json_text
from mainspring.repository.stored_json import to_stored

__all__ = ["SqliteDialect"]

#: The collation that orders decimals, kept as text, by their value.
DECIMAL_COLLATION = "mainspring_decimal"

_FOLD, _REGEXP, _JSON_WITH = "mainspring_fold", "mainspring_regexp", "mainspring_json_with"

#: Seconds a statement waits for a lock of another process.
_BUSY_TIMEOUT = 5.0

#: Seconds to wait for an idle thread to end; it needs far less.
_STOP_TIMEOUT = 2.0

#: Limits of what SQLite reads, not of what it keeps.
_COMPLEX = ("Expression tree is too large", "parser stack overflow", "pattern too complex", "too many SQL variables")

_UNIQUE = re.compile(r"UNIQUE constraint failed: (.+)")
_NOT_NULL = re.compile(r"NOT NULL constraint failed: (.+)")
_CHECK = re.compile(r"CHECK constraint failed: (.+)")


class SqliteDialect(Dialect):
    """SQLite, in a file or in memory."""

    name = "sqlite"
    has_transactional_ddl = True
    alters_columns = False
    counts_in_order = True
    driver_errors = (sqlite3.Error,)
    #: Values of one list before they travel as one JSON text: half of the fewest parameters a build of SQLite allows.
    longest_list = 400

    def __init__(self, datasource: str, settings: Mapping[str, Any]) -> None:
        super().__init__(datasource, settings)
        self.in_memory = settings["connector"] == "memory"
        self.is_one_connection = self.in_memory or _is_private(self.url())
        self.exclusive = "all" if self.is_one_connection else "writes"
        self.busy_timeout = float(settings.get("busy_timeout", _BUSY_TIMEOUT))

    def url(self) -> URL:
        """The URL with the driver filled in."""
        if self.in_memory:
            return URL.create("sqlite+aiosqlite", database=":memory:")
        given = self.settings.get("url")
        if given is not None:
            url = make_url(given)
            return url if "+" in url.drivername else url.set(drivername="sqlite+aiosqlite")
        return URL.create("sqlite+aiosqlite", database=self._file())

    def _file(self) -> str:
        found = self.settings.get("database") or self.settings.get("file")
        if not found:
            raise DataSourceError(
                self.datasource, "the connector 'sqlite' needs a database: the path of its file, or a url"
            )
        return str(Path(found).expanduser()) if str(found) != ":memory:" else str(found)

    def engine_options(self) -> dict[str, Any]:
        """What the engine is made with."""
        return {"connect_args": {"timeout": self.busy_timeout, **self.settings.get("connect_args", {})}}

    def on_connect(self, connection: Any) -> None:
        """Prepare a new connection."""
        driver = connection.driver_connection
        run = connection.run_async
        run(lambda _: _prepare(driver, self.is_one_connection))

    @staticmethod
    def stop_driver(driver: aiosqlite.Connection) -> None:
        """Stop its thread, and wait until it has closed the database."""
        driver.stop()
        driver._thread.join(_STOP_TIMEOUT)

    def begin_statements(self, options: TransactionOptions) -> list[str]:
        """A writing transaction takes the writer's place at once: a later upgrade could fail without waiting."""
        return ["BEGIN" if options.read_only else "BEGIN IMMEDIATE"]

    def before_migration(self) -> list[str]:
        """Dropping a table must not delete rows that refer to it."""
        return ["PRAGMA foreign_keys = OFF"]

    def after_migration(self) -> list[str]:
        """As it was."""
        return ["PRAGMA foreign_keys = ON"]

    async def probe(self) -> None:
        """Open the file for writing once, so that one that cannot be used shows at the start, not at a request."""
        url = self.url()
        if not self.is_one_connection and not url.query:
            await asyncio.to_thread(_open_for_writing, str(url.database), self.busy_timeout)

    def describe_place(self) -> str:
        """The file, for messages."""
        if self.in_memory:
            return "memory"
        return str(self.url().database)

    # Expressions

    def json_path(self, column: Column[Any], steps: tuple[str | int, ...], like: Any = None) -> ColumnElement[Any]:  # noqa: ARG002
        """The value at a place inside a JSON column."""
        return func.json_extract(_raw(column), literal(_json_path(steps), String))

    def json_plain(self, column: Column[Any], steps: tuple[str | int, ...]) -> ColumnElement[Any]:
        """Taken out of JSON, text has no quotes here."""
        return self.json_path(column, steps)

    def json_value(
        self, column: Column[Any], steps: tuple[str | int, ...], kind: Kind, type: TypeEngine[Any]
    ) -> ColumnElement[Any]:
        """SQLite's values have their types with them; decimals are text under the collation of decimal columns."""
        found = self.json_path(column, steps)
        if kind is Kind.DECIMAL:
            found = collate(type_coerce(found, String), DECIMAL_COLLATION)
        return type_coerce(found, type)

    def json_type(self, column: Column[Any], steps: tuple[str | int, ...]) -> ColumnElement[Any]:
        """The JSON type of the value at a place."""
        return func.json_type(_raw(column), literal(_json_path(steps), String))

    def json_equal(self, column: Column[Any], steps: tuple[str | int, ...], text: str) -> ColumnElement[bool]:
        """The normalised text is the same."""
        found = self.json_path(column, steps) if steps else func.json(_raw(column))
        equal: ColumnElement[bool] = found == literal(text, String)
        return equal

    def json_contains(self, column: Column[Any], steps: tuple[str | int, ...], value: Any) -> ColumnElement[bool]:
        """Whether a JSON list has an item."""
        items = func.json_each(_raw(column), literal(_json_path(steps), String)).table_valued("value")
        found = items.c.value == literal(self.json_scalar(value))
        return items.select().with_only_columns(literal(1)).where(found).exists()

    def json_with(self, column: ColumnElement[Any], values: Mapping[str, Any]) -> ColumnElement[Any]:
        """``json_set`` cannot name every member; a function of our own can."""
        changed: Function[Any] = getattr(func, _JSON_WITH)(column, literal(json_text(dict(values)), String))
        return changed

    def upsert(
        self, table: Table, values: Mapping[str, Any], on: Sequence[Column[Any]], changes: Mapping[str, Any]
    ) -> Any:
        """One statement, so that nobody comes between."""
        return insert(table).values(dict(values)).on_conflict_do_update(index_elements=list(on), set_=dict(changes))

    def json_scalar(self, value: Any) -> Any:
        """JSON's true and false are 1 and 0 where SQLite takes them out of JSON, lists and objects are text."""
        if isinstance(value, list | dict):
            return json_text(value)
        return int(value) if isinstance(value, bool) else value

    def json_types_of(self, value: Any) -> tuple[str, ...]:
        """The types by SQLite's names."""
        if isinstance(value, bool):
            return ("true", "false")
        return ("integer", "real") if isinstance(value, int | float) else ("text",)

    def like(self, text: ColumnElement[Any], pattern: str, *, ignore_case: bool) -> ColumnElement[bool]:
        """GLOB is LIKE that tells letters apart; it is native, and can use an index."""
        glob = _glob(pattern)
        if ignore_case:
            return _fold(text).op("GLOB", is_comparison=True)(literal(glob.lower(), String))
        return type_coerce(text, String).op("GLOB", is_comparison=True)(literal(glob, String))

    def regexp(self, text: ColumnElement[Any], pattern: "re.Pattern[str]") -> ColumnElement[bool]:
        """Whether a pattern is found in a text."""
        found: Function[Any] = getattr(func, _REGEXP)(pattern.pattern, pattern.flags, type_coerce(text, String))
        return found == 1

    def in_long_list(self, value: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        """Membership in a list of any length: the list travels as one JSON text."""
        plain = [_plain(each) for each in self.bound(value.type, values)]
        if any(isinstance(each, bytes) for each in plain):
            value, plain = func.hex(value), [each.hex().upper() for each in plain]
        if not plain:
            return false()
        items = func.json_each(_json_list(plain)).table_valued("value")
        return value.in_(items.select().with_only_columns(items.c.value))

    # Errors

    def failure(self, error: BaseException) -> Failure:
        """What an error of the driver means."""
        text = str(error)
        if isinstance(error, sqlite3.IntegrityError):
            return _integrity(text)
        if "database is locked" in text or "database table is locked" in text:
            return Failure("busy", text)
        if any(words in text for words in _COMPLEX):
            return Failure("complex", text)
        if "no such table" in text:
            return Failure("no table", text.rpartition(": ")[2])
        return Failure("other", text)


def _open_for_writing(file: str, timeout: float) -> None:
    connection = sqlite3.connect(file, timeout=timeout, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):  # another process writes just now: then it can be written
            raise
    finally:
        connection.close()


def _is_private(url: URL) -> bool:
    """Whether each connection to it gets a database of its own: in memory, or in a file without a name."""
    return url.database in (None, "", ":memory:")


def _prepare(driver: aiosqlite.Connection, in_memory: bool) -> Any:
    """Set up a connection in its own thread, in one go."""

    def prepare() -> None:
        connection: sqlite3.Connection = driver._conn
        connection.create_function(_FOLD, 1, _folded, deterministic=True)
        connection.create_function(_REGEXP, 3, _found, deterministic=True)
        connection.create_function(_JSON_WITH, 2, _with_members, deterministic=True)
        connection.create_collation(DECIMAL_COLLATION, _compare_decimals)
        connection.execute("PRAGMA foreign_keys = ON")
        if not in_memory:
            # Readers go on while somebody writes; NORMAL loses nothing when the process dies.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")

    # The one way into its thread; the public methods are single calls of it.
    return driver._execute(prepare)  # type: ignore[no-untyped-call]  # it is private


def _fold(text: ColumnElement[Any]) -> ColumnElement[Any]:
    folded: ColumnElement[Any] = getattr(func, _FOLD)(type_coerce(text, String))
    return folded


def _folded(text: Any) -> Any:
    return text.lower() if isinstance(text, str) else text


@lru_cache(maxsize=256)
def _compiled(pattern: str, flags: int) -> "re.Pattern[str]":
    return re.compile(pattern, flags)


def _found(pattern: str, flags: int, text: Any) -> int | None:
    if text is None:
        return None
    return 1 if _compiled(pattern, flags).search(str(text)) else 0


def _compare_decimals(one: str, other: str) -> int:
    if one == other:
        return 0
    try:
        first, second = Decimal(one), Decimal(other)
    except InvalidOperation:  # written by other hands; it must have some place
        return -1 if one < other else 1
    return -1 if first < second else int(first > second)


def _raw(column: Column[Any]) -> ColumnElement[Any]:
    """The text of a JSON column, as functions for JSON get it."""
    return type_coerce(column, NullType())


def _glob(pattern: str) -> str:
    parts: list[str] = []
    escaped = False
    for letter in pattern:
        if escaped or letter not in "%_\\":
            parts.append(f"[{letter}]" if letter in "*?[" else letter)
            escaped = False
        elif letter == "\\":
            escaped = True
        else:
            parts.append("*" if letter == "%" else "?")
    return "".join(parts) + ("\\" if escaped else "")


def _json_path(steps: tuple[str | int, ...]) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f'."{_quoted(step)}"' for step in steps)


def _quoted(step: str) -> str:
    if '"' in step or "\\" in step:
        raise InvalidFilterError(f"SQLite cannot look into JSON by the name {step!r}: it has quotes or backslashes.")
    return step


def _with_members(known: str | None, members: str) -> str:
    return json_text({**json.loads(known or "{}"), **json.loads(members)})


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    return int(value) if isinstance(value, bool) else to_stored(value)


def _json_list(values: list[Any]) -> ColumnElement[Any]:
    return literal(json_text(values), String)


def _integrity(text: str) -> Failure:
    for kind, expression in (("unique", _UNIQUE), ("not null", _NOT_NULL), ("check", _CHECK)):
        found = expression.search(text)
        if found:
            parts = [part.strip() for part in found[1].split(",")]
            columns = tuple(part.rpartition(".")[2] for part in parts)
            return Failure(kind, text, columns)
    if "FOREIGN KEY" in text:
        return Failure("foreign key", text)
    return Failure("other", text)
