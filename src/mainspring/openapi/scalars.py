"""One text to one value: the plain functions behind query, path, header, cookie and form values.

Each takes the text and gives the value, or raises `SchemaViolation` with one violation that does not repeat the text.
"""

import base64
import binascii
import enum
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin
from uuid import UUID

import msgspec

from mainspring.openapi.errors import AnnotationError, SchemaViolation, Violation
from mainspring.openapi.formats import parse_date, parse_date_time, parse_time
from mainspring.openapi.kinds import bare, is_union, union_members

__all__ = ["Reader", "scalar_reader", "type_violation"]

Reader = Callable[[str], Any]

_INTEGER = re.compile(r"[+-]?[0-9]+").fullmatch
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?").fullmatch
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?").fullmatch
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}").fullmatch
# Longer numbers take time that grows with the square of their length; Python itself refuses to read them by default.
_MOST_DIGITS = 4000
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def type_violation(kind: str, **info: Any) -> SchemaViolation:
    """The error of a text that is no value of a JSON type (and format)."""
    what = f"{info['format']} ({kind})" if "format" in info else kind
    return SchemaViolation([Violation("", "type", f"must be {what}", {"type": kind, **info})])


def scalar_reader(annotation: Any) -> Reader:
    """The function that reads values of a type from text.

    Raises:
        AnnotationError: No value of the type can be read from text.
    """
    found = bare(annotation)
    if is_union(found):
        return _union_reader([member for member in union_members(found) if bare(member) is not type(None)])
    if get_origin(found) is Literal:
        return _choice_reader(dict.fromkeys(value for value in get_args(found) if value is not None))
    if isinstance(found, type):
        if issubclass(found, enum.Enum):
            return _choice_reader({member.value: member for member in found})
        reader = _READERS.get(found)
        if reader is not None:
            return reader
        for known in found.__mro__[1:]:  # a subclass of a scalar is made from what the scalar's reader gives
            base = _READERS.get(known)
            if base is not None:
                return _made_by(found, base)
    raise AnnotationError(
        f"type {annotation!r}", "its values cannot be read from text; mark the parameter as body or inject it"
    )


def read_text(text: str) -> str:
    """Text is text, exactly as sent."""
    return text


def read_integer(text: str) -> int:
    """An optional sign and ASCII digits."""
    if _INTEGER(text) is None or len(text) > _MOST_DIGITS:
        raise type_violation("integer")
    try:
        return int(text)
    except ValueError:  # a process may lower the number of digits that Python reads
        raise type_violation("integer") from None


def read_number(text: str) -> float:
    """A decimal or scientific form of a finite number."""
    value = float(text) if _NUMBER(text) is not None else float("inf")
    if value in (float("inf"), float("-inf")):
        raise type_violation("number")
    return value


def read_decimal(text: str) -> Decimal:
    """A decimal or scientific form; all digits are kept."""
    if _NUMBER(text) is None or len(text) > _MOST_DIGITS:
        raise type_violation("number", format="decimal")
    return Decimal(text)


def read_boolean(text: str) -> bool:
    """``true``, ``false``, ``1`` or ``0`` in any letter case."""
    value = _BOOLEANS.get(text.lower()) if text.isascii() else None
    if value is None:
        raise type_violation("boolean")
    return value


def read_date_time(text: str) -> datetime:
    """An RFC 3339 date-time with offset; the value is aware."""
    value = parse_date_time(text)
    if value is None:
        raise type_violation("string", format="date-time")
    return value


def read_date(text: str) -> date:
    """``YYYY-MM-DD``."""
    value = parse_date(text)
    if value is None:
        raise type_violation("string", format="date")
    return value


def read_time(text: str) -> time:
    """An RFC 3339 time of day, with or without offset."""
    value = parse_time(text)
    if value is None:
        raise type_violation("string", format="time")
    return value


def read_duration(text: str) -> timedelta:
    """An ISO 8601 duration."""
    try:
        return msgspec.convert(text, timedelta)
    except msgspec.ValidationError:
        raise type_violation("string", format="duration") from None


def read_uuid(text: str) -> UUID:
    """A UUID in its usual form, or as 32 hexadecimal digits."""
    if _UUID(text) is None:
        raise type_violation("string", format="uuid")
    return UUID(text)


def read_bytes(text: str) -> bytes:
    """Base64 in the standard alphabet."""
    try:
        if _BASE64(text) is not None:
            return base64.b64decode(text, validate=True)
    except binascii.Error:
        pass
    raise type_violation("string", format="byte")


def _read_null(text: str) -> None:
    if text not in ("", "null"):
        raise type_violation("null")


_READERS: Mapping[type, Reader] = {
    str: read_text,
    int: read_integer,
    float: read_number,
    bool: read_boolean,
    Decimal: read_decimal,
    datetime: read_date_time,
    date: read_date,
    time: read_time,
    timedelta: read_duration,
    UUID: read_uuid,
    bytes: read_bytes,
    type(None): _read_null,
}


def _made_by(cls: Any, base: Reader) -> Reader:
    def read(text: str) -> Any:
        value = base(text)
        try:
            return cls(value)
        except ValueError as error:
            raise SchemaViolation([Violation("", "value_error", str(error))]) from error

    return read


def _choice_reader(choices: Mapping[Any, Any] | dict[Any, None]) -> Reader:
    """A reader of given values by their texts; booleans in any letter case."""
    by_text = {_shown(value): (value if member is None else member) for value, member in choices.items()}
    folded = {_shown(value): member for value, member in choices.items() if isinstance(value, bool)}
    allowed = list(choices)

    def read(text: str) -> Any:
        found = by_text.get(text, by_text)
        if found is by_text and text.lower() in folded:
            found = by_text[text.lower()]
        if found is by_text:
            info = {"allowedValues": allowed}
            raise SchemaViolation([Violation("", "enum", "must be equal to one of the allowed values", info)])
        return found

    return read


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _union_reader(members: list[Any]) -> Reader:
    """The first member that reads the text; plain text, which reads everything, is asked last."""
    if len(members) == 1:
        return scalar_reader(members[0])
    ordered = sorted(members, key=lambda member: bare(member) is str)
    readers = [scalar_reader(member) for member in ordered]

    def read(text: str) -> Any:
        alternatives = []
        for reader in readers:
            try:
                return reader(text)
            except SchemaViolation as error:
                alternatives.append(error.errors)
        info = {"alternatives": alternatives}
        raise SchemaViolation([Violation("", "anyOf", "must match a schema in anyOf", info)])

    return read
