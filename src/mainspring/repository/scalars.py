"""Conversion of single values: the table of the specification, one function per kind and way in.

There are four ways in (`Mode`): data given in Python, JSON, text from a query string, and values of filters given in
Python. Nothing is converted in silence that could mean something else.
"""

import base64
import binascii
import enum
import math
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import msgspec

from mainspring.repository.decimals import MOST_DIGITS, is_writable
from mainspring.repository.kinds import Kind, ValueType
from mainspring.repository.violations import Unfit, violated, wrong_type

__all__ = ["Converter", "Mode", "scalar_converter"]

#: Gives the converted value or raises ``Unfit``.
Converter = Callable[[Any], Any]

_INT64 = 2**63
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,6})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}[Tt ][0-9].*")
_UUID = re.compile(r"[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_SWITCH = {"true": True, "1": True, "false": False, "0": False}

#: The longest text that is read as a number; int() of a longer one is refused by Python or slow.
_LONGEST_NUMBER = 400


class Mode(enum.Enum):
    """The way a value comes in."""

    DATA = "data"
    JSON = "json"
    TEXT = "text"
    FILTER = "filter"

    @property
    def is_python(self) -> bool:
        """Whether the value was made by Python code."""
        return self in (Mode.DATA, Mode.FILTER)


def scalar_converter(value_type: ValueType, mode: Mode, options: dict[str, Any]) -> Converter:
    """The converter of one kind; ``options`` are the settings of the property."""
    return _MAKERS[value_type.kind](value_type, mode, options)


def _text(_: ValueType, mode: Mode, _options: dict[str, Any]) -> Converter:
    def convert(value: Any) -> Any:
        if not isinstance(value, str):
            raise wrong_type("string")
        return value

    def storable(value: Any) -> Any:
        if not isinstance(value, str):
            raise wrong_type("string")
        check_text(value)
        return value

    return storable if mode is Mode.DATA else convert


def check_text(value: str) -> None:
    """Refuse what is no text outside Python: NUL, and halves of surrogate pairs.

    Raises:
        Unfit: There is some in it.
    """
    if "\0" in value:
        raise violated("pattern", "must not contain NUL characters, which no database keeps", pattern="^[^\\u0000]*$")
    try:
        if not value.isascii():
            value.encode()
    except UnicodeEncodeError:
        raise violated("format", "must be Unicode text without lone surrogates", format="unicode") from None


def is_text(value: str) -> bool:
    """Whether it can be kept as text, and told to others."""
    try:
        check_text(value)
    except Unfit:
        return False
    return True


def _bool(_: ValueType, mode: Mode, _options: dict[str, Any]) -> Converter:
    def convert(value: Any) -> Any:
        if value is True or value is False:
            return value
        if mode is Mode.TEXT and isinstance(value, str):
            found = _SWITCH.get(value.lower())
            if found is not None:
                return found
        raise wrong_type("boolean")

    return convert


def _int(_: ValueType, mode: Mode, _options: dict[str, Any]) -> Converter:
    from_text = mode is Mode.TEXT

    def convert(value: Any) -> Any:
        if type(value) is not int:
            value = _as_int(value, from_text)
        if -_INT64 <= value < _INT64:
            return value
        code, limit, sign = ("minimum", -_INT64, ">=") if value < 0 else ("maximum", _INT64 - 1, "<=")
        raise violated(code, "must be within 64 bits", limit=limit, comparison=sign)

    return convert


def _as_int(value: Any, from_text: bool) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if from_text and isinstance(value, str) and len(value) <= _LONGEST_NUMBER and _INTEGER.fullmatch(value):
        return int(value)
    raise wrong_type("integer")


def _float(_: ValueType, mode: Mode, options: dict[str, Any]) -> Converter:
    allow_nan, from_text = bool(options.get("allow_nan")), mode is Mode.TEXT

    def convert(value: Any) -> Any:
        if type(value) is not float:
            value = _as_float(value, from_text)
        if not allow_nan and not math.isfinite(value):
            raise violated("format", "must be finite", format="double")
        return value

    return convert


def _as_float(value: Any, from_text: bool) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    is_text = from_text and isinstance(value, str) and len(value) <= _LONGEST_NUMBER and _DECIMAL.fullmatch(value)
    if not is_number and not is_text:
        raise wrong_type("number")
    try:
        return float(value)
    except OverflowError:
        raise violated("format", "must be within the range of a double", format="double") from None


def _decimal(_: ValueType, mode: Mode, _options: dict[str, Any]) -> Converter:
    def convert(value: Any) -> Any:
        if isinstance(value, Decimal):
            found = value
        elif isinstance(value, bool):
            raise wrong_type("string", " with a decimal number")
        elif isinstance(value, int):
            found = Decimal(value)
        elif isinstance(value, float) and mode is Mode.JSON:
            found = Decimal(repr(value))  # the shortest text that gives the same float: what the sender wrote
        else:
            found = _decimal_of_text(value)
        if not found.is_finite():
            raise violated("format", "must be finite", format="decimal")
        if not is_writable(found):
            raise violated("format", f"must not have more than {MOST_DIGITS} digits", format="decimal")
        return found

    return convert


def _decimal_of_text(value: Any) -> Decimal:
    if isinstance(value, float):
        raise wrong_type("string", " with a decimal number: a float has been rounded already, give Decimal or text")
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise wrong_type("string", " with a decimal number")
    try:
        return Decimal(value)
    except InvalidOperation:
        raise wrong_type("string", " with a decimal number") from None


def _datetime(_: ValueType, mode: Mode, options: dict[str, Any]) -> Converter:
    aware = options.get("timezone", True) is not False
    to_utc = mode.is_python

    def convert(value: Any) -> Any:
        found = value if isinstance(value, datetime) else _datetime_of_text(value)
        if aware and found.tzinfo is None:
            raise violated("format", "must have an offset from UTC: give one, as in 12:30+00:00", format="date-time")
        if not aware and found.tzinfo is not None:
            raise violated("format", "must have no offset from UTC", format="date-time")
        return _as_utc(found) if aware and to_utc else found

    return convert


def _datetime_of_text(value: Any) -> datetime:
    if isinstance(value, str) and _DATETIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper())
        except ValueError:
            pass  # reported below, like every other text
    raise _not_text(value, "date-time", "must be a date and time in ISO 8601")


def _as_utc(value: datetime) -> datetime:
    if value.tzinfo is UTC:
        return value
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise violated("format", "must be within the years 1 to 9999 in UTC", format="date-time") from None


def _date(_: ValueType, _mode: Mode, _options: dict[str, Any]) -> Converter:
    def convert(value: Any) -> Any:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if isinstance(value, str) and _DATE.fullmatch(value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass  # an impossible day
        raise _not_text(value, "date", "must be a date as YYYY-MM-DD")

    return convert


def _time(_: ValueType, _mode: Mode, _options: dict[str, Any]) -> Converter:
    def convert(value: Any) -> Any:
        if isinstance(value, str) and ":" in value:
            with suppress(ValueError):  # reported below
                value = time.fromisoformat(value)
        if not isinstance(value, time):
            raise _not_text(value, "time", "must be a time in ISO 8601")
        if value.tzinfo is not None:
            raise violated("format", "must have no offset from UTC", format="time")
        return value

    return convert


def _timedelta(_: ValueType, _mode: Mode, _options: dict[str, Any]) -> Converter:
    def convert(value: Any) -> Any:
        if isinstance(value, str):
            with suppress(msgspec.ValidationError):  # reported below
                value = msgspec.convert(value, timedelta)
        if not isinstance(value, timedelta):
            raise _not_text(value, "duration", "must be a duration in ISO 8601")
        return value

    return convert


def _uuid(_: ValueType, _mode: Mode, _options: dict[str, Any]) -> Converter:
    def convert(value: Any) -> Any:
        if isinstance(value, UUID):
            return value
        if isinstance(value, str) and _UUID.fullmatch(value):
            return UUID(value)
        raise _not_text(value, "uuid", "must be a UUID")

    return convert


def _bytes(_: ValueType, mode: Mode, _options: dict[str, Any]) -> Converter:
    def convert(value: Any) -> Any:
        if isinstance(value, bytes | bytearray | memoryview):
            return bytes(value)
        if not mode.is_python and isinstance(value, str):
            try:
                return base64.b64decode(value, validate=True)
            except binascii.Error:
                pass  # reported below
        raise _not_text(value, "byte", "must be bytes, as base64 in JSON")

    return convert


def _enum(value_type: ValueType, mode: Mode, _options: dict[str, Any]) -> Converter:
    cls = value_type.python
    members = {(type(member.value), member.value): member for member in cls if _is_hashable(member.value)}
    by_text = {str(member.value): member for member in cls} if mode is Mode.TEXT else {}

    def convert(value: Any) -> Any:
        if isinstance(value, cls):
            return value
        found = members.get((type(value), value)) if _is_hashable(value) else None
        if found is None and isinstance(value, str):
            found = by_text.get(value)
        if found is None:
            raise _not_allowed(value_type.values)
        return found

    return convert


def _literal(value_type: ValueType, mode: Mode, _options: dict[str, Any]) -> Converter:
    values = {(type(value), value): value for value in value_type.values}
    by_text = {str(value): value for value in value_type.values} if mode is Mode.TEXT else {}

    def convert(value: Any) -> Any:
        key = (type(value), value)
        if _is_hashable(value) and key in values:
            return values[key]
        if isinstance(value, str) and value in by_text:
            return by_text[value]
        raise _not_allowed(value_type.values)

    return convert


def _not_text(value: Any, format: str, message: str) -> Unfit:
    """Text that is not of the format, or no text at all."""
    if isinstance(value, str):
        return violated("format", message, format=format)
    return violated("type", message, type="string", format=format)


def _not_allowed(values: tuple[Any, ...]) -> Unfit:
    allowed = [value.value if isinstance(value, enum.Enum) else value for value in values]
    return violated("enum", f"must be one of {', '.join(map(repr, allowed))}", allowedValues=allowed)


def _is_hashable(value: Any) -> bool:
    return type(value).__hash__ is not None


def _none(_: ValueType, _mode: Mode, _options: dict[str, Any]) -> Converter:
    def convert(value: Any) -> Any:
        if value is not None:
            raise wrong_type("null")

    return convert


_MAKERS: dict[Kind, Callable[[ValueType, Mode, dict[str, Any]], Converter]] = {
    Kind.STR: _text,
    Kind.INT: _int,
    Kind.FLOAT: _float,
    Kind.BOOL: _bool,
    Kind.DECIMAL: _decimal,
    Kind.DATETIME: _datetime,
    Kind.DATE: _date,
    Kind.TIME: _time,
    Kind.TIMEDELTA: _timedelta,
    Kind.UUID: _uuid,
    Kind.BYTES: _bytes,
    Kind.ENUM: _enum,
    Kind.LITERAL: _literal,
    Kind.NONE: _none,
}
