"""The formats that schemas may name, and how a value is checked against each."""

import base64
import binascii
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

__all__ = ["FORMATS", "parse_date", "parse_date_time", "parse_time"]

_DATE = r"(?a)\d{4}-\d\d-\d\d"
_TIME = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(?:\.\d+)?"
_OFFSET = r"(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
_DATE_TIME = rf"(?a)(\d{{4}}-\d\d-\d\d)[Tt]({_TIME})({_OFFSET})"
_FULL_TIME = rf"(?a)({_TIME})({_OFFSET})?"
_EMAIL = r"[^@\s\x00-\x1f]+@[^@\s.\x00-\x1f]+(?:\.[^@\s.\x00-\x1f]+)*"
_BASE64 = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
# The largest number of single precision (IEEE 754).
_FLOAT_MAX = 3.4028234663852886e38


def parse_date(text: str) -> date | None:
    """The day of a text ``YYYY-MM-DD``, ``None`` for another text or a day that does not exist."""
    if not re.fullmatch(_DATE, text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def parse_date_time(text: str) -> datetime | None:
    """The moment of an RFC 3339 date-time, which has an offset; ``None`` for another text. Microseconds are kept."""
    match = re.fullmatch(_DATE_TIME, text)
    if match is None or match[2].partition(":")[2].startswith("60"):
        return None
    whole, _, fraction = match[2].partition(".")
    offset = match[5].upper()
    try:
        parsed = (
            f"{match[1]}T{whole}{f'.{fraction[:6]:0<6}' if fraction else ''}{'+00:00' if offset == 'Z' else offset}"
        )
        return datetime.fromisoformat(parsed)
    except ValueError:
        return None


def parse_time(text: str) -> time | None:
    """The time of day of an RFC 3339 time; the offset may be missing. ``None`` for another text."""
    match = re.fullmatch(_FULL_TIME, text)
    if match is None:
        return None
    whole, _, fraction = match[1].partition(".")
    offset = (match[4] or "").upper()
    try:
        return time.fromisoformat(
            f"{whole}{f'.{fraction[:6]:0<6}' if fraction else ''}{'+00:00' if offset == 'Z' else offset}"
        )
    except ValueError:
        return None


def _text(check: Callable[[str], Any]) -> Callable[[Any], bool]:
    """A check of texts; other values are not the format's business."""

    def wrapped(value: Any) -> bool:
        return not isinstance(value, str) or bool(check(value))

    return wrapped


def _whole_number(bits: int) -> Callable[[Any], bool]:
    limit = 1 << (bits - 1)

    def check(value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return True
        return value == value // 1 and -limit <= value < limit

    return check


def _is_float(value: Any) -> bool:
    return isinstance(value, bool) or not isinstance(value, int | float) or abs(value) <= _FLOAT_MAX


def _is_double(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    try:
        return abs(float(value)) != float("inf")
    except OverflowError:
        return False


def _is_base64(text: str) -> bool:
    try:
        return re.fullmatch(_BASE64, text) is not None and base64.b64decode(text, validate=True) is not None
    except binascii.Error:
        return False


def _is_uuid(text: str) -> bool:
    try:
        return len(text) == 36 and str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _is_uri(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme) and bool(parts.netloc or parts.path) and not re.search(r"[\s<>\"{}|\\^`]", text)


def _is_decimal(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _is_regex(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _anything(_: Any) -> bool:
    return True


FORMATS: Mapping[str, Callable[[Any], bool]] = MappingProxyType(
    {
        "date": _text(parse_date),
        "date-time": _text(parse_date_time),
        "time": _text(lambda text: parse_time(text) is not None),
        "duration": _text(
            lambda text: re.fullmatch(r"[+-]?P(?=.)(\d+[YMWD])*(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?", text)
        ),
        "byte": _text(_is_base64),
        "binary": _anything,
        "int32": _whole_number(32),
        "int64": _whole_number(64),
        "float": _is_float,
        "double": _is_double,
        "uuid": _text(_is_uuid),
        "email": _text(lambda text: re.fullmatch(_EMAIL, text)),
        "uri": _text(_is_uri),
        "decimal": _text(_is_decimal),
        "regex": _text(_is_regex),
        "password": _anything,
    }
)
"""Format -> whether a value has it. A value of a type the format does not speak of has it."""
