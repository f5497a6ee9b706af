"""What sort of values a property holds: annotations reduced to the few kinds that this room can convert and store."""

import dataclasses
import enum
import types
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, NewType, Union, get_args, get_origin, is_typeddict
from uuid import UUID

import msgspec

__all__ = ["JSON_KINDS", "Kind", "ValueType", "bare", "describe", "extras_of", "is_model_class"]


class Kind(enum.StrEnum):
    """The sorts of values."""

    STR = "str"
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    DECIMAL = "decimal"
    DATETIME = "datetime"
    DATE = "date"
    TIME = "time"
    TIMEDELTA = "timedelta"
    UUID = "uuid"
    BYTES = "bytes"
    ENUM = "enum"
    LITERAL = "literal"
    LIST = "list"
    SET = "set"
    DICT = "dict"
    ANY = "any"
    MODEL = "model"
    STRUCT = "struct"
    UNION = "union"
    NONE = "none"
    UNKNOWN = "unknown"


#: Kinds that a database keeps as JSON.
JSON_KINDS = frozenset((Kind.LIST, Kind.SET, Kind.DICT, Kind.ANY, Kind.MODEL, Kind.STRUCT, Kind.UNION))

_SCALARS: Mapping[Any, Kind] = {
    str: Kind.STR,
    int: Kind.INT,
    float: Kind.FLOAT,
    bool: Kind.BOOL,
    Decimal: Kind.DECIMAL,
    datetime: Kind.DATETIME,
    date: Kind.DATE,
    time: Kind.TIME,
    timedelta: Kind.TIMEDELTA,
    UUID: Kind.UUID,
    bytes: Kind.BYTES,
    bytearray: Kind.BYTES,
    memoryview: Kind.BYTES,
    type(None): Kind.NONE,
    Any: Kind.ANY,
    object: Kind.ANY,
}

#: Types as a text may name them, beside what is visible where the text stands.
_NAMED: Mapping[str, Any] = {
    "string": str,
    "str": str,
    "integer": int,
    "int": int,
    "number": float,
    "float": float,
    "boolean": bool,
    "bool": bool,
    "object": dict,
    "dict": dict,
    "array": list,
    "list": list,
    "any": Any,
    "date": date,
    "datetime": datetime,
    "time": time,
    "decimal": Decimal,
    "uuid": UUID,
    "bytes": bytes,
}

_LISTS = (list, tuple)
_SETS = (set, frozenset)


@dataclass(frozen=True, slots=True)
class ValueType:
    """The type of the values of a property, or of the items of one.

    Attributes:
        kind: The sort.
        python: The class (of an enum or model), else the annotation without ``None``.
        nullable: Whether ``None`` is declared as a value.
        item: The type of the items of a list or set, of the values of a mapping; ``None`` where it is not said.
        members: The members of a union.
        values: The values of an enum or literal.
    """

    kind: Kind
    python: Any
    nullable: bool = False
    item: "ValueType | None" = None
    members: "tuple[ValueType, ...]" = ()
    values: tuple[Any, ...] = ()

    @property
    def is_json(self) -> bool:
        """Whether a database keeps it as JSON."""
        return self.kind in JSON_KINDS


def bare(annotation: Any) -> Any:
    """The annotation without ``Annotated``, aliases, ``NewType`` and ``Final``."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = annotation.__origin__
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":  # `type X = ...`, from Python 3.12 on
            annotation = annotation.__value__
        elif get_origin(annotation) is Final:
            annotation = get_args(annotation)[0]
        else:
            return type(None) if annotation is None else annotation


def extras_of(annotation: Any) -> tuple[Any, ...]:
    """What stands behind the type in ``Annotated``."""
    return tuple(annotation.__metadata__) if get_origin(annotation) is Annotated else ()


def is_model_class(cls: Any) -> bool:
    """Whether it is a `Model` class; told by its mark, so that this module need not know them."""
    return isinstance(cls, type) and getattr(cls, "__mainspring_is_model__", False) is True


def named_type(text: str) -> Any:
    """The type that a text names by a word of JSON or Python, ``None`` for any other text."""
    return _NAMED.get(text.lower())


def describe(annotation: Any) -> ValueType:
    """Reduce an annotation to a `ValueType`; one that says nothing we know has kind ``UNKNOWN``."""
    found = bare(annotation)
    if isinstance(found, str):
        return ValueType(Kind.UNKNOWN, found) if named_type(found) is None else describe(named_type(found))
    if get_origin(found) in (Union, types.UnionType):
        return _described_union(found)
    if get_origin(found) is Literal:
        values = tuple(value for value in get_args(found) if value is not None)
        return ValueType(Kind.LITERAL, found, nullable=None in get_args(found), values=values)
    scalar = _scalar(found)
    return ValueType(scalar, found, nullable=scalar is Kind.NONE) if scalar else _described_class(found)


def _scalar(found: Any) -> Kind | None:
    try:
        return _SCALARS.get(found)
    except TypeError:  # not hashable, so no type
        return None


def _described_union(found: Any) -> ValueType:
    members = [describe(argument) for argument in get_args(found)]
    nullable = any(member.nullable for member in members)
    kept = tuple(member for member in members if member.kind is not Kind.NONE)
    if any(member.kind is Kind.ANY for member in kept):
        return ValueType(Kind.ANY, Any, nullable=True)
    if len(kept) == 1:
        return dataclasses.replace(kept[0], nullable=nullable)
    joined: Any = Union[tuple(member.python for member in kept)]  # noqa: UP007 - the members are made at run time
    return ValueType(Kind.UNION, joined, nullable=nullable, members=kept)


def _described_class(found: Any) -> ValueType:
    origin = get_origin(found) or found
    arguments = get_args(found)
    if not isinstance(origin, type):
        return ValueType(Kind.UNKNOWN, found)
    if origin in _LISTS or origin in _SETS:
        kind = Kind.LIST if origin in _LISTS else Kind.SET
        items = [argument for argument in arguments if argument is not Ellipsis]
        return ValueType(kind, origin, item=describe(items[0]) if items else None)
    if origin is dict or (issubclass(origin, Mapping) and not is_typeddict(origin)):
        return ValueType(Kind.DICT, dict, item=describe(arguments[1]) if len(arguments) == 2 else None)
    return _described_own_class(found, origin)


def _described_own_class(found: Any, origin: type) -> ValueType:
    if issubclass(origin, enum.Enum):
        return ValueType(Kind.ENUM, origin, values=tuple(member.value for member in origin))
    if is_model_class(origin):
        return ValueType(Kind.MODEL, origin)
    if (
        dataclasses.is_dataclass(origin)
        or is_typeddict(origin)
        or issubclass(origin, msgspec.Struct)
        or hasattr(origin, "__attrs_attrs__")
    ):
        return ValueType(Kind.STRUCT, found)
    return _described_subclass(found, origin)


def _described_subclass(found: Any, origin: type) -> ValueType:
    for base, kind in _SCALARS.items():
        if isinstance(base, type) and base is not object and base is not type(None) and issubclass(origin, base):
            return ValueType(kind, found)
    return ValueType(Kind.UNKNOWN, found)
