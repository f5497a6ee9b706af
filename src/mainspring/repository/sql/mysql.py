"""What is particular to MySQL and MariaDB: text, JSON kept as text, locks, and errors.

They differ from each other as well: MariaDB gives back what an insert made, MySQL only the first number it counted.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import aiomysql  # type: ignore[import-untyped]  # it has no types
from sqlalchemy import (
    DECIMAL,
    Column,
    ColumnElement,
    Double,
    Integer,
    String,
    Table,
    Text,
    and_,
    case,
    cast,
    collate,
    func,
    literal,
    literal_column,
    null,
    type_coerce,
)
from sqlalchemy.dialects.mysql import JSON, insert
from sqlalchemy.types import NullType, TypeEngine

from mainspring.repository.connectors import TransactionOptions
from mainspring.repository.decimals import shortest
from mainspring.repository.errors import InvalidFilterError
from mainspring.repository.kinds import Kind
from mainspring.repository.sql.dialects import Failure
from mainspring.repository.sql.json_types import json_text
from mainspring.repository.sql.regular_expressions import PCRE, translated_pattern
from mainspring.repository.sql.servers import CONNECT_TIMEOUT, ServerDialect, abandon
from mainspring.repository.sql.texts import binary_collation

__all__ = ["MysqlDialect"]

#: Values that do not fit are errors, as they are elsewhere; 0 is an id like others.
_MODE = "'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'"

_KINDS: Mapping[int, str] = {
    1062: "unique",
    1586: "unique",
    1242: "unique",  # raised on purpose, see `upsert`
    1216: "foreign key",
    1217: "foreign key",
    1451: "foreign key",
    1452: "foreign key",
    1048: "not null",
    1364: "not null",
    3819: "check",
    4025: "check",
    1406: "too long",
    1264: "out of range",
    1690: "out of range",
    1292: "value",
    1366: "value",
    1267: "value",
    3143: "value",  # places in JSON
    4041: "value",
    4042: "value",
    1139: "pattern",
    3692: "pattern",
    3699: "pattern",
    1119: "complex",
    1153: "complex",
    1436: "complex",
    1205: "lock timeout",
    1213: "serialization",
    1146: "no table",
    1044: "refused",
    1045: "refused",
    1049: "refused",
    1040: "lost",
    1053: "lost",
    1077: "lost",
    1152: "lost",
    1159: "lost",
    1160: "lost",
    1161: "lost",
    1927: "lost",
    2002: "lost",
    2003: "lost",
    2006: "lost",
    2013: "lost",
    2014: "lost",
    2055: "lost",
}

#: Words of the driver itself, without a number. The last are of a statement that is longer than the server takes.
_LOST = ("Not connected", "Cancelled during", "Packet sequence number wrong")

_DEADLOCK = 1213
_KEY = re.compile(r"for key '(?:[^'.]*\.)?([^']+)'$")
_COLUMN = re.compile(r"(?:[Cc]olumn|[Ff]ield) '([^']+)'")
_CONSTRAINT = re.compile(r"CONSTRAINT `([^`]+)`")
_TABLE = re.compile(r"Table '(?:[^'.]*\.)?([^']+)'")

_COM_SET_OPTION, _MULTI_STATEMENTS_OFF = 0x1B, b"\x01\x00"


class MysqlDialect(ServerDialect):
    """MySQL and MariaDB, through aiomysql."""

    name = "mysql"
    scheme, driver, default_port = "mysql", "aiomysql", 3306
    driver_errors = (aiomysql.MySQLError,)
    has_greedy_cursors = True
    #: The driver writes lists into the statement; there is no limit but that of the whole statement.
    longest_list = 10_000_000

    @property
    def returns_inserted(self) -> bool:
        """Whether there is ``RETURNING``."""
        return bool(self.sql_dialect.insert_returning)

    @property
    def _is_mariadb(self) -> bool:
        return bool(self.sql_dialect.is_mariadb)

    def default_connect_args(self) -> dict[str, Any]:
        """What must not depend on the server's configuration."""
        return {"connect_timeout": CONNECT_TIMEOUT, "charset": "utf8mb4", "sql_mode": _MODE}

    def on_connect(self, connection: Any) -> None:
        """Refuse several statements in one text, which the driver allows."""
        connection.run_async(_forbid_multiple_statements)

    @staticmethod
    def stop_driver(driver: Any) -> None:
        """End a connection that nobody closed."""
        writer, driver._writer, driver._reader = driver._writer, None, None  # it does not complain when collected
        if writer is not None:
            abandon(writer.transport)

    def begin_statements(self, options: TransactionOptions) -> list[str]:
        """The level is that of the next transaction."""
        level = options.isolation_level
        before = [f"SET TRANSACTION ISOLATION LEVEL {level}"] if level else []
        return [*before, f"START TRANSACTION{' READ ONLY' if options.read_only else ''}"]

    def migration_lock(self, timeout: float) -> tuple[str, str] | None:
        """A lock of the server: statements that change the schema end any transaction."""
        name = "CONCAT('mainspring migrations ', DATABASE())"
        return f"SELECT GET_LOCK(LEFT({name}, 64), {timeout:g})", f"SELECT RELEASE_LOCK(LEFT({name}, 64))"

    def before_migration(self) -> list[str]:
        """Tables that refer to each other are dropped one after the other."""
        return ["SET SESSION foreign_key_checks = 0"]

    def begin_migration(self) -> list[str]:
        """Statements that change the schema cannot be undone."""
        return []

    def after_migration(self) -> list[str]:
        """As it was."""
        return ["SET SESSION foreign_key_checks = 1"]

    # Expressions

    def sort_keys(self, key: ColumnElement[Any], *, descending: bool, may_be_null: bool) -> list[Any]:
        """Null is less than everything here; the first key says otherwise."""
        direction = key.desc() if descending else key.asc()
        if not may_be_null:
            return [direction]
        is_null = key.is_(null())
        return [is_null.desc() if descending else is_null.asc(), direction]

    def stored_decimal(self, scale: int | None) -> Callable[[Decimal], Decimal] | None:
        """Every column has a scale here: where none was said, the zeros at the end are taken away."""
        return shortest if scale is None else None

    def json_path(self, column: Column[Any], steps: tuple[str | int, ...], like: Any = None) -> ColumnElement[Any]:
        """Numbers are compared as numbers, everything else as text."""
        plain = self.json_plain(column, steps)
        is_number = isinstance(like, int | float) and not isinstance(like, bool)
        return cast(plain, Double) if is_number else plain

    def json_plain(self, column: Column[Any], steps: tuple[str | int, ...]) -> ColumnElement[Any]:
        """Null of JSON is none of SQL's."""
        found = self._extracted(column, steps)
        text = func.convert(func.json_unquote(found).op("USING")(literal_column("utf8mb4")), type_=Text())
        kept = case((func.json_type(found) == "NULL", null()), else_=text)
        return collate(kept, binary_collation(self.sql_dialect))

    def _extracted(self, column: Column[Any], steps: tuple[str | int, ...]) -> ColumnElement[Any]:
        return func.json_extract(_raw(column), literal(_json_path(steps), String))

    def json_value(
        self, column: Column[Any], steps: tuple[str | int, ...], kind: Kind, type: TypeEngine[Any]
    ) -> ColumnElement[Any]:
        """Text as it is, numbers cast."""
        plain = self.json_plain(column, steps)
        if kind is Kind.BOOL:
            return type_coerce(plain == "true", type)
        if kind is Kind.DECIMAL:
            return type_coerce(cast(plain, DECIMAL(65, 30)), type)
        if kind is Kind.FLOAT:
            return type_coerce(cast(plain, Double), type)
        if kind in (Kind.INT, Kind.TIMEDELTA):
            return type_coerce(cast(plain, Integer), type)
        return type_coerce(plain, type)

    def json_type(self, column: Column[Any], steps: tuple[str | int, ...]) -> ColumnElement[Any]:
        """The JSON type of the value at a place."""
        return func.json_type(self._extracted(column, steps))

    def json_equal(self, column: Column[Any], steps: tuple[str | int, ...], text: str) -> ColumnElement[bool]:
        """The same text, without spaces; MySQL compares what it means."""
        found = self._extracted(column, steps)
        if not self._is_mariadb:
            equal: ColumnElement[bool] = cast(found, JSON) == cast(literal(text, String), JSON)
            return equal
        compact = collate(func.json_compact(found, type_=Text()), binary_collation(self.sql_dialect))
        return compact.op("=", is_comparison=True)(literal(text, String))

    def json_contains(self, column: Column[Any], steps: tuple[str | int, ...], value: Any) -> ColumnElement[bool]:
        """Whether a JSON list has an item."""
        found = func.json_contains(self._extracted(column, steps), literal(json_text(value), String))
        return and_(self.json_type(column, steps) == "ARRAY", found == 1)

    def json_with(self, column: ColumnElement[Any], values: Mapping[str, Any]) -> ColumnElement[Any]:
        """``JSON_SET`` keeps what is not named."""
        pairs: list[Any] = []
        for name, value in values.items():
            pairs += [literal(_json_path((name,)), String), func.json_extract(literal(json_text(value), String), "$")]
        return func.json_set(func.coalesce(column, "{}"), *pairs)

    def upsert(
        self, table: Table, values: Mapping[str, Any], on: Sequence[Column[Any]], changes: Mapping[str, Any]
    ) -> Any:
        """One statement, so that nobody comes between.

        It knows no key to conflict on and takes any; a row that conflicts by another one than was said makes the
        first assignment fail, by a query that gives two rows.
        """
        statement = insert(table).values(dict(values))
        others = [index for index in table.indexes if index.unique and set(index.columns) != set(on)]
        if not others and {*table.primary_key.columns} == {*on}:
            return statement.on_duplicate_key_update(list(changes.items()))
        same = and_(*(each.op("<=>", is_comparison=True)(statement.inserted[each.key]) for each in on))
        guard = func.if_(same, on[0], literal_column("(SELECT 1 UNION SELECT 2)"))
        return statement.on_duplicate_key_update([(on[0].name, guard), *changes.items()])

    def json_scalar(self, value: Any) -> Any:
        """As text, but for numbers."""
        if isinstance(value, bool):
            return "true" if value else "false"
        return json_text(value) if isinstance(value, list | dict) else value

    def json_types_of(self, value: Any) -> tuple[str, ...]:
        """The types by the names of MySQL and MariaDB."""
        if isinstance(value, bool):
            return ("BOOLEAN",)
        return ("INTEGER", "UNSIGNED INTEGER", "DOUBLE", "DECIMAL") if isinstance(value, int | float) else ("STRING",)

    def like(self, text: ColumnElement[Any], pattern: str, *, ignore_case: bool) -> ColumnElement[bool]:
        """The collation of the columns tells letters apart; folded they are the same."""
        found: ColumnElement[Any] = _as_text(text)
        wanted: ColumnElement[Any] = literal(pattern, Text)
        if ignore_case:
            found, wanted = func.lower(found), func.lower(wanted)
        return found.op("LIKE", is_comparison=True)(collate(wanted, binary_collation(self.sql_dialect)))

    def regexp(self, text: ColumnElement[Any], pattern: "re.Pattern[str]") -> ColumnElement[bool]:
        """Whether a pattern is found in a text."""
        flags = pattern.flags
        pairs = ((re.IGNORECASE, "i"), (re.MULTILINE, "m"), (re.DOTALL, "s"))
        letters = "".join(letter for flag, letter in pairs if flags & flag)
        found = translated_pattern(pattern, PCRE)
        options = f"(?{letters})" if letters else ""
        wanted = collate(literal(f"{options}{found}", Text), binary_collation(self.sql_dialect))
        return _as_text(text).op("REGEXP", is_comparison=True)(wanted)

    def in_long_list(self, value: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        """Lists of any length are written into the statement."""
        return value.in_([self.json_scalar(each) for each in values] if isinstance(value.type, NullType) else values)

    # Errors

    def failure(self, error: BaseException) -> Failure:
        """What an error of the driver means."""
        number, text = _number_and_text(error)
        kind = _KINDS.get(number, "other")
        if isinstance(error, OSError) or any(words in text for words in _LOST):
            kind = "lost"
        if kind == "no table":
            found = _TABLE.search(text)
            return Failure(kind, found[1] if found else text)
        if kind == "value":
            text = "it does not fit its type"  # the words of the database repeat it
        constraint = _KEY.search(text) or _CONSTRAINT.search(text)
        columns = tuple(_COLUMN.findall(text))
        name = constraint[1] if constraint else None
        return Failure(kind, text, columns, name, ends_transaction=number == _DEADLOCK)


def _number_and_text(error: BaseException) -> tuple[int, str]:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    return number, str(error.args[1]) if len(error.args) > 1 else str(error)


async def _forbid_multiple_statements(driver: Any) -> None:
    await driver._execute_command(_COM_SET_OPTION, _MULTI_STATEMENTS_OFF)  # it has no method for this command
    await driver._read_packet()


def _raw(column: Column[Any]) -> ColumnElement[Any]:
    """The text of a JSON column, as functions for JSON get it."""
    return type_coerce(column, NullType())


def _json_path(steps: tuple[str | int, ...]) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f'."{_quoted(step)}"' for step in steps)


def _quoted(step: str) -> str:
    if step.startswith("-"):
        raise InvalidFilterError(f"MariaDB cannot look into JSON by the name {step!r}: it begins with a hyphen.")
    return step.replace("\\", "\\\\").replace('"', '\\"')


def _as_text(value: ColumnElement[Any]) -> ColumnElement[Any]:
    return type_coerce(value, Text())
