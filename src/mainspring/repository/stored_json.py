"""Values inside JSON columns: attribute names as keys, texts that sort as the values do.

Reading checks nothing: what was stored was checked when it came in, and a model may have changed since.
"""

import base64
import enum
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from mainspring.repository.definitions import definition_of
from mainspring.repository.kinds import Kind, ValueType, is_model_class
from mainspring.repository.structs import json_of_struct, struct_of_json

__all__ = ["from_stored", "to_stored"]

_PLAIN = frozenset((str, int, float, bool, type(None)))
_MICROSECOND = timedelta(microseconds=1)


def to_stored(value: Any) -> Any:
    """The JSON value that is kept for a value."""
    if type(value) in _PLAIN:
        return value
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value)
    if is_model_class(type(value)):
        return {name: to_stored(item) for name, item in vars(value).items()}
    if isinstance(value, enum.Enum):
        return to_stored(value.value)
    if isinstance(value, Mapping):
        return {key: to_stored(item) for key, item in value.items()}
    if isinstance(value, str):
        return str(value)
    return json_of_struct(value)


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat(timespec="microseconds")
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _list(value: Any) -> list[Any]:
    return [to_stored(item) for item in value]


_WRITERS: dict[type, Callable[[Any], Any]] = {
    datetime: _instant,
    date: date.isoformat,
    time: lambda value: value.isoformat(timespec="microseconds"),
    timedelta: lambda value: value // _MICROSECOND,
    UUID: str,
    Decimal: lambda value: format(value, "f"),
    bytes: lambda value: base64.b64encode(value).decode("ascii"),
    list: _list,
    tuple: _list,
    set: _list,
    frozenset: _list,
}


def from_stored(value: Any, value_type: ValueType) -> Any:
    """The value that a stored JSON value stands for."""
    if value is None:
        return None
    read = _READERS.get(value_type.kind)
    return value if read is None else read(value, value_type)


def _read_list(value: Any, value_type: ValueType) -> Any:
    item = value_type.item
    items = value if item is None else [from_stored(each, item) for each in value]
    return items if value_type.python is list else value_type.python(items)


def _read_dict(value: Any, value_type: ValueType) -> Any:
    item = value_type.item
    return value if item is None else {key: from_stored(each, item) for key, each in value.items()}


def _read_model(value: Any, value_type: ValueType) -> Any:
    cls = value_type.python
    properties = definition_of(cls).properties
    instance = object.__new__(cls)
    instance.__dict__.update(
        (name, from_stored(item, properties[name].value_type) if name in properties else item)
        for name, item in value.items()
    )
    return instance


def _read_union(value: Any, value_type: ValueType) -> Any:
    for member in value_type.members:
        if member.kind in _NATIVE and type(value) is member.python:
            return value
    for member in value_type.members:
        if _can_be(value, member):
            try:
                return from_stored(value, member)
            except (ValueError, TypeError, KeyError, ArithmeticError):
                continue  # text that is no date, say: the next member
    return value


_NATIVE = frozenset((Kind.STR, Kind.INT, Kind.FLOAT, Kind.BOOL))


def _can_be(value: Any, member: ValueType) -> bool:
    if isinstance(value, dict):
        return member.kind in (Kind.MODEL, Kind.STRUCT, Kind.DICT)
    if isinstance(value, list):
        return member.kind in (Kind.LIST, Kind.SET)
    return member.kind not in (Kind.MODEL, Kind.STRUCT, Kind.DICT, Kind.LIST, Kind.SET)


def _read_enum(value: Any, value_type: ValueType) -> Any:
    return value_type.python(value)


_READERS: dict[Kind, Callable[[Any, ValueType], Any]] = {
    Kind.DATETIME: lambda value, _: datetime.fromisoformat(value),
    Kind.DATE: lambda value, _: date.fromisoformat(value),
    Kind.TIME: lambda value, _: time.fromisoformat(value),
    Kind.TIMEDELTA: lambda value, _: value * _MICROSECOND,
    Kind.UUID: lambda value, _: UUID(value),
    Kind.DECIMAL: lambda value, _: Decimal(value),
    Kind.BYTES: lambda value, _: base64.b64decode(value),
    Kind.FLOAT: lambda value, _: float(value),
    Kind.ENUM: _read_enum,
    Kind.LIST: _read_list,
    Kind.SET: _read_list,
    Kind.DICT: _read_dict,
    Kind.MODEL: _read_model,
    Kind.STRUCT: lambda value, value_type: struct_of_json(value, value_type.python),
    Kind.UNION: _read_union,
}
