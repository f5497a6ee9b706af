"""What is particular to PostgreSQL: its URL, its JSON and arrays, what begins a transaction, and its errors."""

import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it has no types
from sqlalchemy import (
    ARRAY,
    URL,
    Column,
    ColumnElement,
    String,
    Table,
    Text,
    any_,
    cast,
    collate,
    func,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.types import NullType, TypeEngine

from mainspring.repository.connectors import TransactionOptions
from mainspring.repository.kinds import Kind
from mainspring.repository.sql.dialects import Failure
from mainspring.repository.sql.json_types import StoredJson, json_text
from mainspring.repository.sql.regular_expressions import POSTGRESQL, translated_pattern
from mainspring.repository.sql.servers import CONNECT_TIMEOUT, ServerDialect, abandon
from mainspring.repository.sql.types import StoredUuid
from mainspring.repository.stored_json import to_stored

__all__ = ["PostgresqlDialect"]

#: By SQLSTATE; two letters stand for the class.
_KINDS: Mapping[str, str] = {
    "23505": "unique",
    "23503": "foreign key",
    "23502": "not null",
    "23514": "check",
    "22001": "too long",
    "22003": "out of range",
    "22007": "value",
    "22008": "out of range",
    "22P02": "value",
    "22021": "value",
    "22P05": "value",
    "2201B": "pattern",
    "40001": "serialization",
    "40P01": "serialization",
    "54": "complex",
    "55P03": "lock timeout",
    "25P02": "aborted",
    "42P01": "no table",
    "53300": "lost",
    "57P01": "lost",
    "57P02": "lost",
    "57P03": "lost",
    "08": "lost",
    "22": "value",
    "28": "refused",
    "3D": "refused",
}

#: Its own words repeat the value.
_UNFIT = "it does not fit its type"
_VALUE_WORDS: Mapping[str, str] = {
    "22021": "text with NUL characters can neither be kept nor compared",
    "22P05": "text with NUL characters can neither be kept nor compared",
}

_KEY = re.compile(r"\(([^()]+)\)=")
_TABLE = re.compile(r'relation "([^"]+)"')

#: Any number that no other program is likely to lock.
_MIGRATIONS = zlib.crc32(b"mainspring migrations")

#: Python's flags in PostgreSQL's letters, for what `.` and the anchors mean.
_NEWLINES = {(False, False): "p", (False, True): "s", (True, False): "n", (True, True): "w"}


class PostgresqlDialect(ServerDialect):
    """PostgreSQL, through asyncpg."""

    name = "postgresql"
    scheme, driver, default_port = "postgresql", "asyncpg", 5432
    driver_errors = (asyncpg.PostgresError, asyncpg.InterfaceError)
    has_transactional_ddl = True
    fails_transactions = True
    streams_in_transactions = True
    counts_given_ids = False
    longest_list = 100

    def adapted(self, url: URL) -> URL:
        """``sslmode`` of other drivers' URLs is ``ssl`` here."""
        mode = url.query.get("sslmode")
        return url if mode is None else url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})

    def default_connect_args(self) -> dict[str, Any]:
        """Plans made for unknown values mislead less than they cost; a server that is away is told soon."""
        return {"timeout": CONNECT_TIMEOUT}

    @staticmethod
    def stop_driver(driver: Any) -> None:
        """End a connection that nobody closed."""
        transport, driver._aborted = driver._transport, True  # it does not complain when it is collected
        if transport is not None:
            abandon(transport)

    def begin_statements(self, options: TransactionOptions) -> list[str]:
        """One statement says it all."""
        level = f" ISOLATION LEVEL {options.isolation_level}" if options.isolation_level else ""
        return [f"BEGIN{level}{' READ ONLY' if options.read_only else ''}"]

    def begin_migration(self) -> list[str]:
        """The lock ends with the transaction."""
        return ["BEGIN", f"SELECT pg_advisory_xact_lock({_MIGRATIONS})"]

    # Expressions

    def sort_keys(self, key: ColumnElement[Any], *, descending: bool, may_be_null: bool) -> list[Any]:  # noqa: ARG002
        """Null is more than everything here by itself; saying so would keep indexes from being used."""
        return [key.desc() if descending else key.asc()]

    def advance_counter(self, column: Column[Any], greatest: int) -> Any:
        """Sequences know nothing of ids that were given."""
        quoted = self.sql_dialect.identifier_preparer.format_table(column.table)
        sequence = func.pg_get_serial_sequence(quoted, column.name)
        return select(func.setval(sequence, greatest)).where(
            func.coalesce(func.pg_sequence_last_value(sequence), 0) < greatest
        )

    def json_path(self, column: Column[Any], steps: tuple[str | int, ...], like: Any = None) -> ColumnElement[Any]:  # noqa: ARG002
        """``jsonb`` compares numbers with numbers and texts with texts."""
        found = _jsonb(column)
        return found.op("#>", return_type=JSONB())(_path(steps)) if steps else found

    def json_plain(self, column: Column[Any], steps: tuple[str | int, ...]) -> ColumnElement[Any]:
        """The empty path leads to the value itself."""
        return collate(_jsonb(column).op("#>>", return_type=Text())(_path(steps)), "C")

    def json_value(
        self, column: Column[Any], steps: tuple[str | int, ...], kind: Kind, type: TypeEngine[Any]
    ) -> ColumnElement[Any]:
        """Text as it is, everything else cast."""
        plain = self.json_plain(column, steps)
        if kind in (Kind.INT, Kind.TIMEDELTA, Kind.FLOAT, Kind.BOOL, Kind.DECIMAL):
            return cast(plain, type)
        return type_coerce(plain, type)

    def json_type(self, column: Column[Any], steps: tuple[str | int, ...]) -> ColumnElement[Any]:
        """The JSON type of the value at a place."""
        return func.jsonb_typeof(self.json_path(column, steps))

    def json_equal(self, column: Column[Any], steps: tuple[str | int, ...], text: str) -> ColumnElement[bool]:
        """The same list, or the same members."""
        equal: ColumnElement[bool] = self.json_path(column, steps) == _json_literal(text)
        return equal

    def json_contains(self, column: Column[Any], steps: tuple[str | int, ...], value: Any) -> ColumnElement[bool]:
        """An index over an array can be used."""
        if not steps and _is_array(column):
            array = column.type.dialect_impl(self.sql_dialect)
            return column.op("@>", is_comparison=True)(literal([value], array))
        wanted = func.jsonb_build_array(self.json_scalar(value))
        return self.json_path(column, steps).op("@>", is_comparison=True)(wanted)

    def json_with(self, column: ColumnElement[Any], values: Mapping[str, Any]) -> ColumnElement[Any]:
        """Two objects are joined, the second one's members win."""
        known = cast(func.coalesce(column, "{}"), JSONB)
        return cast(known.op("||")(_json_literal(json_text(dict(values)))), Text)

    def upsert(
        self, table: Table, values: Mapping[str, Any], on: Sequence[Column[Any]], changes: Mapping[str, Any]
    ) -> Any:
        """One statement, so that nobody comes between."""
        return insert(table).values(dict(values)).on_conflict_do_update(index_elements=list(on), set_=dict(changes))

    def json_scalar(self, value: Any) -> Any:
        """A ``jsonb``."""
        return _json_literal(json_text(value))

    def json_types_of(self, value: Any) -> tuple[str, ...]:
        """The types by PostgreSQL's names."""
        if isinstance(value, bool):
            return ("boolean",)
        return ("number",) if isinstance(value, int | float) else ("string",)

    def like(self, text: ColumnElement[Any], pattern: str, *, ignore_case: bool) -> ColumnElement[bool]:
        """Which letters belong together is a matter of the database's own locale."""
        wanted = literal(_complete(pattern), Text)
        if ignore_case:
            return _in_locale(text).op("ILIKE", is_comparison=True)(wanted)
        return _as_text(text).op("LIKE", is_comparison=True)(wanted)

    def regexp(self, text: ColumnElement[Any], pattern: "re.Pattern[str]") -> ColumnElement[bool]:
        """Whether a pattern is found in a text."""
        flags = pattern.flags
        letters = _NEWLINES[bool(flags & re.MULTILINE), bool(flags & re.DOTALL)]
        letters += "i" if flags & re.IGNORECASE else ""
        found = f"(?{letters}){translated_pattern(pattern, POSTGRESQL)}"
        return _in_locale(text).op("~", is_comparison=True)(literal(found, Text))

    def in_long_list(self, value: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        """The list travels as one array."""
        kind = value.type.dialect_impl(self.sql_dialect)
        if isinstance(value.type, NullType | StoredJson):
            found = _jsonb(value) if isinstance(value.type, StoredJson) else value
            texts = literal([json_text(to_stored(each)) for each in values], ARRAY(Text()))
            equal: ColumnElement[bool] = found == any_(cast(texts, ARRAY(JSONB())))
            return equal
        is_text = isinstance(getattr(kind, "impl_instance", kind), String)
        item = Text() if is_text else kind
        return value.op("=", is_comparison=True)(any_(literal(self._items(value, values, is_text), ARRAY(item))))

    def _items(self, value: ColumnElement[Any], values: Sequence[Any], is_text: bool) -> list[Any]:
        return self.bound(value.type, values) if is_text else list(values)

    # Errors

    def failure(self, error: BaseException) -> Failure:
        """What an error of the driver means."""
        state = getattr(error, "sqlstate", None)
        if not isinstance(state, str):
            return _without_state(error)
        kind = _KINDS.get(state) or _KINDS.get(state[:2], "other")
        text = _VALUE_WORDS.get(state, _UNFIT) if kind == "value" else str(getattr(error, "message", None) or error)
        if isinstance(error, asyncpg.InvalidCachedStatementError):
            return Failure("stale", text)
        if kind == "no table":
            found = _TABLE.search(text)
            return Failure(kind, found[1] if found else text)
        return Failure(kind, text, _columns(error), getattr(error, "constraint_name", None))


def _columns(error: BaseException) -> tuple[str, ...]:
    name = getattr(error, "column_name", None)
    if name:
        return (str(name),)
    found = _KEY.search(str(getattr(error, "detail", None) or ""))
    return tuple(part.strip().strip('"') for part in found[1].split(",")) if found else ()


def _without_state(error: BaseException) -> Failure:
    """What the driver finds out by itself: values it cannot send, a connection that is gone."""
    text = str(error)
    if isinstance(error, asyncpg.DataError | asyncpg.exceptions.UnsupportedClientFeatureError):
        return Failure("value", _UNFIT)
    is_closed = isinstance(error, asyncpg.InterfaceError) and "closed" in text
    if is_closed or isinstance(error, OSError | asyncpg.exceptions.ConnectionDoesNotExistError):
        return Failure("lost", text or type(error).__name__)
    return Failure("other", text)


def _is_array(column: ColumnElement[Any]) -> bool:
    return isinstance(column.type, StoredJson) and column.type.is_array


def _jsonb(column: ColumnElement[Any]) -> ColumnElement[Any]:
    if _is_array(column):
        return func.to_jsonb(column, type_=JSONB())
    return cast(type_coerce(column, NullType()), JSONB)


def _path(steps: tuple[str | int, ...]) -> ColumnElement[Any]:
    return literal([str(step) for step in steps], ARRAY(Text()))


def _json_literal(text: str) -> ColumnElement[Any]:
    return cast(literal(text, Text), JSONB)


def _as_text(value: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(value, Text) if isinstance(value.type, StoredUuid) else value


def _in_locale(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Under a collation that knows all letters; the one of text columns knows those of English."""
    return collate(_as_text(text), "default")


def _complete(pattern: str) -> str:
    """A pattern that does not end in the middle of an escape, which is an error here."""
    backslashes = len(pattern) - len(pattern.rstrip("\\"))
    return pattern + "\\" if backslashes % 2 else pattern
