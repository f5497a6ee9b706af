# ruff: noqa: ARG002 - the signatures are those of SQLAlchemy's TypeDecorator
"""Column types: how each kind of value is kept, and how it comes back exactly as it was.

Where SQLite has no type of its own, values are kept as text that sorts as the values do: instants in UTC with all six
digits of the second, decimals under a collation of their own.
"""

import enum
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import isnan
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Date, Double, Integer, LargeBinary, Numeric, String, Text, Time, Uuid
from sqlalchemy.types import TypeDecorator, TypeEngine

from mainspring.repository.definitions import PropertyDefinition
from mainspring.repository.kinds import Kind, ValueType
from mainspring.repository.stored_json import from_stored, to_stored

__all__ = ["column_type", "enum_values", "value_column_type"]

#: The most digits that PostgreSQL, MySQL and Decimal's default context agree on well enough.
_DIGITS = 65
_MICROSECOND = timedelta(microseconds=1)


def column_type(prop: PropertyDefinition) -> TypeEngine[Any]:
    """The type of a property's column."""
    return value_column_type(prop.value_type, prop.options)


def value_column_type(value_type: ValueType, options: dict[str, Any]) -> TypeEngine[Any]:
    """The type that keeps or is compared with values of a type."""
    if value_type.is_json:
        return StoredJson(value_type)
    return _MAKERS[value_type.kind](value_type, options)


class StoredDatetime(TypeDecorator[datetime]):
    """An instant, in UTC; or a naive datetime."""

    impl = String(32)
    cache_ok = True

    def __init__(self, aware: bool) -> None:
        super().__init__()
        self.aware = aware

    def process_bind_param(self, value: datetime | None, dialect: Any) -> Any:
        """All digits are always there, so that text order is time order."""
        if value is None:
            return None
        if self.aware:
            return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
        return value.isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Any) -> datetime | None:
        """Back, aware if it was."""
        return None if value is None else datetime.fromisoformat(value)


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
        """Back, every digit."""
        return None if value is None else Decimal(value)


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
    """A UUID as its text of 36 characters."""

    impl = String(36)
    cache_ok = True

    def process_bind_param(self, value: UUID | None, dialect: Any) -> Any:
        """Lower case, with hyphens."""
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: Any) -> UUID | None:
        """Back."""
        return None if value is None else UUID(value)


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
            return dialect.type_descriptor(String(self.length))  # type: ignore[no-any-return]  # its signature says Any
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())  # type: ignore[no-any-return]

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """The value of the member."""
        return None if value is None else self._write(value)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """The member; a value that is none any more is an error that names it."""
        return None if value is None else self._read(value)


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


class StoredJson(TypeDecorator[Any]):
    """Lists, mappings, nested models and whatever else is JSON, as text: what was written is what is read."""

    impl = Text
    cache_ok = True

    def __init__(self, value_type: ValueType) -> None:
        super().__init__()
        self.value_type = value_type

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """JSON text; ``None`` is SQL's null."""
        return None if value is None else json_text(to_stored(value))

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """The value, nested models as instances of their classes."""
        return None if value is None else from_stored(json.loads(value), self.value_type)


def json_text(value: Any) -> str:
    """JSON as it is stored: compact, readable, keys in their order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class StoredFloat(TypeDecorator[float]):
    """A double; NaN, which SQLite takes for null, as text."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Any) -> Any:
        """Everything else is a number to every database."""
        return "NaN" if value is not None and isnan(value) and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Any) -> float | None:
        """Back."""
        return None if value is None else float(value)


def _text(_: ValueType, options: dict[str, Any]) -> TypeEngine[Any]:
    length = options.get("length")
    return String(length) if length else Text().with_variant(String(255), "mysql")


def _decimal(_: ValueType, options: dict[str, Any]) -> TypeEngine[Any]:
    precision, scale = options.get("precision"), options.get("scale")
    if precision is None and scale is not None:
        precision = _DIGITS
    return Numeric(precision, scale, asdecimal=True).with_variant(StoredDecimal(), "sqlite")


_MAKERS: dict[Kind, Callable[[ValueType, dict[str, Any]], TypeEngine[Any]]] = {
    Kind.STR: _text,
    Kind.INT: lambda _, __: BigInteger().with_variant(Integer(), "sqlite"),
    Kind.FLOAT: lambda _, __: StoredFloat(),
    Kind.BOOL: lambda _, __: Boolean(create_constraint=False),
    Kind.DECIMAL: _decimal,
    Kind.DATETIME: lambda _, options: StoredDatetime(options.get("timezone", True) is not False),
    Kind.DATE: lambda _, __: Date(),
    Kind.TIME: lambda _, __: Time(),
    Kind.TIMEDELTA: lambda _, __: StoredTimedelta(),
    Kind.UUID: lambda _, __: Uuid(as_uuid=True).with_variant(StoredUuid(), "sqlite", "mysql"),
    Kind.BYTES: lambda _, __: LargeBinary(),
    Kind.ENUM: lambda value_type, _: StoredEnum(value_type),
    Kind.LITERAL: lambda value_type, _: StoredEnum(value_type),
    Kind.NONE: lambda _, __: Text(),
}
