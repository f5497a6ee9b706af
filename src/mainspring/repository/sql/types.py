# ruff: noqa: ARG002 - the signatures are those of SQLAlchemy's TypeDecorator
"""Column types: how each kind of value is kept, and how it comes back exactly as it was.

Databases use their own types where these keep every value. Where one has none, values are kept as text that sorts as
the values do: instants in UTC with all six digits of the second, decimals under a collation of their own.
"""

import enum
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import isfinite, isnan
from typing import Any
from uuid import UUID

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Boolean,
    Date,
    Double,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Text,
    Time,
    Uuid,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from mainspring.repository.decimals import shortest
from mainspring.repository.definitions import PropertyDefinition
from mainspring.repository.errors import RepositoryError, UnsupportedOperationError
from mainspring.repository.kinds import Kind, ValueType
from mainspring.repository.sql.json_types import StoredJson
from mainspring.repository.sql.texts import LONGEST_VARCHAR, StoredText
from mainspring.repository.stored_json import to_stored

__all__ = ["StoredDecimal", "column_type", "enum_values", "json_value_type"]

#: The most digits that MySQL keeps, and the most of them behind the point.
_DIGITS, _SCALE = 65, 30
_MICROSECOND = timedelta(microseconds=1)

#: Characters of a text column that has an index, where none are said: MySQL indexes only texts of a known length.
_KEY_LENGTH = 255


def column_type(prop: PropertyDefinition, *, is_key: bool = False) -> TypeEngine[Any]:
    """The type of a property's column.

    Args:
        prop: The property.
        is_key: Whether it is a key, or has an index.
    """
    if prop.value_type.is_json:
        return StoredJson(prop.value_type)
    options = {**prop.options, "length": prop.options.get("length") or (_KEY_LENGTH if is_key else None)}
    if prop.value_type.kind is Kind.STR and not prop.options.get("length"):
        return StoredText(None, options["length"])
    return _MAKERS[prop.value_type.kind](prop.value_type, options)


def json_value_type(value_type: ValueType, options: dict[str, Any]) -> TypeEngine[Any]:
    """The type that values inside JSON are compared as: the one they have there."""
    if value_type.kind in (Kind.INT, Kind.TIMEDELTA):
        return _InJson(BigInteger())
    if value_type.kind in (Kind.FLOAT, Kind.BOOL, Kind.DECIMAL):
        return _MAKERS[value_type.kind](value_type, options)
    if value_type.kind in (Kind.ENUM, Kind.LITERAL) and StoredEnum(value_type).is_integer:
        return _InJson(BigInteger())
    return _InJson(StoredText())


class _InJson(TypeDecorator[Any]):
    """A value as it stands inside JSON."""

    impl = Text
    cache_ok = True

    def __init__(self, inner: TypeEngine[Any]) -> None:
        super().__init__()
        self.inner = inner

    def load_dialect_impl(self, dialect: Any) -> TypeEngine[Any]:
        """That of the JSON type."""
        return dialect.type_descriptor(self.inner)  # type: ignore[no-any-return]  # its signature says Any

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """As it is stored."""
        return None if value is None else to_stored(value)


class StoredDatetime(TypeDecorator[datetime]):
    """An instant, in UTC; or a naive datetime. As text, whose order is that of time."""

    impl = String(32)
    cache_ok = True

    def __init__(self, aware: bool) -> None:
        super().__init__()
        self.aware = aware

    def process_bind_param(self, value: datetime | None, dialect: Any) -> Any:
        """All digits are always there, so that text order is time order."""
        return None if value is None else to_stored(value)

    def process_result_value(self, value: Any, dialect: Any) -> datetime | None:
        """Back, aware if it was."""
        return None if value is None else datetime.fromisoformat(value)


class _MysqlInstant(TypeDecorator[datetime]):
    """An instant in a column that knows no offset: in UTC."""

    impl = mysql.DATETIME(fsp=6)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> Any:
        """The time in UTC."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Any) -> datetime | None:
        """Aware again."""
        return None if value is None else value.replace(tzinfo=UTC)


class StoredDecimal(TypeDecorator[Decimal]):
    """A decimal as text, ordered by a collation."""

    impl = Text
    cache_ok = True

    def __init__(self, collation: str = "mainspring_decimal") -> None:
        super().__init__(collation=collation)
        self.collation_name = collation

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> Any:
        """Without exponent: readable, and the same on every machine."""
        return None if value is None else format(value, "f")

    def process_result_value(self, value: Any, dialect: Any) -> Decimal | None:
        """Back, every digit; tables of others may hold numbers."""
        return None if value is None else Decimal(str(value))


class _MysqlDecimal(TypeDecorator[Decimal]):
    """A decimal of any scale, where a column has one: without the zeros that fill it up."""

    impl = Numeric(_DIGITS, _SCALE)
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Any) -> Decimal | None:
        """Back, as it is written."""
        return None if value is None else shortest(value)


class StoredTimedelta(TypeDecorator[timedelta]):
    """A duration as its number of microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Any) -> Any:
        """Exact, and ordered."""
        return None if value is None else value // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Any) -> timedelta | None:
        """Back."""
        return None if value is None else value * _MICROSECOND


class StoredUuid(TypeDecorator[UUID]):
    """A UUID: PostgreSQL has a type for it, elsewhere it is its text of 36 characters."""

    impl = String(36)
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> TypeEngine[Any]:
        """As text it needs one byte a character, where the database asks."""
        own: TypeEngine[Any] = String(36)
        if dialect.name == "postgresql":
            own = Uuid(as_uuid=True)
        elif dialect.name == "mysql":
            own = mysql.CHAR(36, charset="ascii", collation="ascii_bin")
        return dialect.type_descriptor(own)  # type: ignore[no-any-return]  # its signature says Any

    def process_bind_param(self, value: UUID | None, dialect: Any) -> Any:
        """Lower case, with hyphens."""
        return value if value is None or dialect.name == "postgresql" else str(value)

    def process_result_value(self, value: Any, dialect: Any) -> UUID | None:
        """Back; asyncpg's own UUID is another class."""
        if value is None:
            return None
        return UUID(int=value.int) if dialect.name == "postgresql" else UUID(value)


class StoredEnum(TypeDecorator[Any]):
    """An enum member or a literal as its value: text or an integer, as all its values are, else JSON."""

    impl = Text
    cache_ok = True

    def __init__(self, value_type: ValueType) -> None:
        super().__init__()
        values = enum_values(value_type)
        self.value_type = value_type
        self.is_integer = all(isinstance(value, int) for value in values)
        self.length = max([32, *(len(str(value)) for value in values)])
        self._write, self._read = _enum_codec(value_type, values)

    def load_dialect_impl(self, dialect: Any) -> TypeEngine[Any]:
        """Integers where all values are; else text as long as the longest, with some room for later ones."""
        if not self.is_integer:
            return StoredText(self.length).load_dialect_impl(dialect)
        integer = Integer() if dialect.name == "sqlite" else BigInteger()
        return dialect.type_descriptor(integer)  # type: ignore[no-any-return]  # its signature says Any

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """The value of the member."""
        return None if value is None else self._write(value)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """The member; a value that is none any more is an error that names it."""
        if value is None:
            return None
        try:
            return self._read(value)
        except KeyError:
            raise self._unknown(value) from None

    def _unknown(self, value: Any) -> RepositoryError:
        """What to say of a value that another program, or an earlier version of this one, stored."""
        kind = getattr(self.value_type.python, "__name__", self.value_type.python)
        allowed = ", ".join(repr(each) for each in enum_values(self.value_type))
        return RepositoryError(
            f"A row has {value!r} where {kind} knows {allowed} only: add it there, or change the rows that have it."
        )


def enum_values(value_type: ValueType) -> list[Any]:
    """The values as they are stored."""
    values = [value.value if isinstance(value, enum.Enum) else value for value in value_type.values]
    if all(isinstance(value, str) for value in values):
        return values
    if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return values
    return [json.dumps(value) for value in values]


def _enum_codec(value_type: ValueType, stored: list[Any]) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    raw = [value.value if isinstance(value, enum.Enum) else value for value in value_type.values]
    as_stored = dict(zip(map(_key, raw), stored, strict=True))
    if value_type.kind is Kind.ENUM:
        cls = value_type.python
        members = {text: cls(value) for text, value in zip(stored, raw, strict=True)}
        return (lambda value: as_stored[_key(value.value)]), members.__getitem__
    members = dict(zip(stored, raw, strict=True))
    return (lambda value: as_stored[_key(value)]), members.__getitem__


def _key(value: Any) -> tuple[type, Any]:
    return type(value), value


class _SqliteDouble(UserDefinedType[float]):
    """A double as it is; SQLAlchemy's own makes the number again of NaN's text."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Its name."""
        return "DOUBLE"


class StoredFloat(TypeDecorator[float]):
    """A double; NaN, which SQLite takes for null, as text."""

    impl = Double
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> TypeEngine[Any]:
        """That of the database."""
        return dialect.type_descriptor(_SqliteDouble() if dialect.name == "sqlite" else Double())  # type: ignore[no-any-return]

    def process_bind_param(self, value: float | None, dialect: Any) -> Any:
        """Numbers are numbers to every database; MySQL has no others.

        Raises:
            UnsupportedOperationError: It is none, and the database cannot keep it.
        """
        if value is None or isfinite(value) or dialect.name == "postgresql":
            return value
        if dialect.name == "mysql":
            raise UnsupportedOperationError(f"MySQL and MariaDB cannot keep {value!r}; store None instead.")
        return "NaN" if isnan(value) else value

    def process_result_value(self, value: Any, dialect: Any) -> float | None:
        """Back."""
        return None if value is None else float(value)


def _text(_: ValueType, options: dict[str, Any]) -> TypeEngine[Any]:
    return StoredText(options.get("length"))


def _decimal(_: ValueType, options: dict[str, Any]) -> TypeEngine[Any]:
    precision, scale = options.get("precision"), options.get("scale")
    if precision is None and scale is not None:
        precision = _DIGITS
    plain = Numeric(precision, scale, asdecimal=True).with_variant(StoredDecimal(), "sqlite")
    return plain if scale is not None else plain.with_variant(_MysqlDecimal(), "mysql")


def _datetime(_: ValueType, options: dict[str, Any]) -> TypeEngine[Any]:
    aware = options.get("timezone", True) is not False
    naive_mysql = mysql.DATETIME(fsp=6)
    return (
        StoredDatetime(aware)
        .with_variant(TIMESTAMP(timezone=aware), "postgresql")
        .with_variant(_MysqlInstant() if aware else naive_mysql, "mysql")
    )


def _bytes(_: ValueType, options: dict[str, Any]) -> TypeEngine[Any]:
    length = options.get("length")
    own = mysql.VARBINARY(length) if length and length <= LONGEST_VARCHAR else mysql.LONGBLOB()
    return LargeBinary().with_variant(own, "mysql")


_MAKERS: dict[Kind, Callable[[ValueType, dict[str, Any]], TypeEngine[Any]]] = {
    Kind.STR: _text,
    Kind.INT: lambda _, __: BigInteger().with_variant(Integer(), "sqlite"),
    Kind.FLOAT: lambda _, __: StoredFloat(),
    Kind.BOOL: lambda _, __: Boolean(create_constraint=False),
    Kind.DECIMAL: _decimal,
    Kind.DATETIME: _datetime,
    Kind.DATE: lambda _, __: Date(),
    Kind.TIME: lambda _, __: Time().with_variant(mysql.TIME(fsp=6), "mysql"),
    Kind.TIMEDELTA: lambda _, __: StoredTimedelta(),
    Kind.UUID: lambda _, __: StoredUuid(),
    Kind.BYTES: _bytes,
    Kind.ENUM: lambda value_type, _: StoredEnum(value_type),
    Kind.LITERAL: lambda value_type, _: StoredEnum(value_type),
    Kind.NONE: lambda _, __: Text(),
}
