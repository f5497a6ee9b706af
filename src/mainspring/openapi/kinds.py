"""What sort of type an annotation is: readable from text, a model, a container of these, or a service."""

import collections.abc
import enum
import types
import typing
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    Literal,
    NewType,
    NotRequired,
    Required,
    TypeVar,
    Union,
    get_args,
    get_origin,
    is_typeddict,
)
from uuid import UUID

import msgspec

__all__ = [
    "bare",
    "contains_model",
    "extras_of",
    "is_injected_class",
    "is_model",
    "is_nullable",
    "is_readable",
    "is_stream",
    "is_union",
    "non_null",
    "union_members",
    "union_of",
]

SCALARS = (str, int, float, bool, bytes, Decimal, datetime, date, time, timedelta, UUID)
_CONTAINERS = (dict, list, tuple, set, frozenset, bytearray, memoryview, object, type, complex, range)
_STREAMS = (collections.abc.AsyncIterator, collections.abc.AsyncIterable, collections.abc.AsyncGenerator)
_WRAPPERS = tuple(
    filter(None, (ClassVar, Final, Required, NotRequired, getattr(typing, "ReadOnly", None)))  # the last from 3.13 on
)
_NONE = type(None)


def bare(annotation: Any) -> Any:
    """The type itself: without ``Annotated``, aliases, ``NewType``, ``Required`` and their like."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = annotation.__origin__
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":  # `type X = ...`, from Python 3.12 on
            annotation = annotation.__value__
        elif origin in _WRAPPERS:
            annotation = get_args(annotation)[0]
        elif type(origin).__name__ == "TypeAliasType":
            annotation = origin.__value__[get_args(annotation)]
        elif isinstance(annotation, TypeVar):
            constraints = annotation.__constraints__
            annotation = annotation.__bound__ or (union_of(constraints) if constraints else Any)
        else:
            return _NONE if annotation is None else annotation


def extras_of(annotation: Any) -> Iterator[Any]:
    """What stands behind the type in ``Annotated``, outermost first, through aliases."""
    while True:
        if get_origin(annotation) is Annotated:
            yield from annotation.__metadata__
            annotation = annotation.__origin__
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif get_origin(annotation) in _WRAPPERS:
            annotation = get_args(annotation)[0]
        else:
            return


def is_union(annotation: Any) -> bool:
    """Whether it is ``A | B``, ``Union`` or ``Optional``."""
    return get_origin(annotation) in (Union, types.UnionType)


def union_members(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, unions within it opened; of another type that type."""
    found = bare(annotation)
    if not is_union(found):
        return (annotation,)
    return tuple(inner for member in get_args(found) for inner in union_members(member))


def union_of(members: Iterable[Any]) -> Any:
    """The union of types; of one that type."""
    return Union[tuple(members)]  # noqa: UP007  # `|` cannot join a number of types


def is_nullable(annotation: Any) -> bool:
    """Whether ``None`` is one of its values by declaration: ``None``, ``X | None``, ``Literal[..., None]``."""
    for member in union_members(annotation):
        found = bare(member)
        if found is _NONE or (get_origin(found) is Literal and None in get_args(found)):
            return True
    return False


def non_null(annotation: Any) -> Any:
    """The annotation without its ``None`` member."""
    if not is_union(bare(annotation)):
        return annotation
    members = [member for member in union_members(annotation) if bare(member) is not _NONE]
    if len(members) == len(union_members(annotation)) or not members:
        return annotation
    result = union_of(members)
    for extra in reversed(list(extras_of(annotation))):
        result = Annotated[result, extra]
    return result


def is_model(annotation: Any) -> bool:
    """Whether a class says its own shape: dataclass, attrs, Struct, TypedDict, NamedTuple, or one with an adapter."""
    found = bare(annotation)
    cls = get_origin(found) or found
    if is_typeddict(cls):
        return True
    if not isinstance(cls, type):
        return False
    return (
        hasattr(cls, "__dataclass_fields__")
        or hasattr(cls, "__attrs_attrs__")
        or issubclass(cls, msgspec.Struct)
        or (issubclass(cls, tuple) and hasattr(cls, "_fields"))
        or has_adapter(cls)
    )


def has_adapter(cls: Any) -> bool:
    """Whether a class describes itself to us (`ModelAdapter`), or is a pydantic model, known by its methods."""
    if not isinstance(cls, type):
        return False
    if callable(getattr(cls, "__mainspring_model__", None)):
        return True
    return all(callable(getattr(cls, name, None)) for name in ("model_validate", "model_json_schema", "model_dump"))


def contains_model(annotation: Any) -> bool:
    """Whether it is a model, or a container or union with one in it."""
    found = bare(annotation)
    if is_model(found):
        return True
    if get_origin(found) in (None, Literal):
        return False
    return any(contains_model(argument) for argument in get_args(found) if argument is not Ellipsis)


def is_scalar_class(cls: Any) -> bool:
    """Whether it is a class whose values are read from one text."""
    return isinstance(cls, type) and (issubclass(cls, (*SCALARS, enum.Enum)) or cls is _NONE)


def is_readable(annotation: Any) -> bool:
    """Whether a value can be read from one text: a scalar, an enum, a literal, or a union of these."""
    found = bare(annotation)
    if is_union(found):
        return all(is_readable(member) for member in get_args(found))
    return get_origin(found) is Literal or is_scalar_class(found)


def is_stream(annotation: Any) -> bool:
    """Whether it is an asynchronous iterator: the body, chunk by chunk."""
    found = bare(annotation)
    return (get_origin(found) or found) in _STREAMS


def is_injected_class(annotation: Any) -> bool:
    """Whether it is a class that only the container can give: no model, no built-in type, not readable from text."""
    members = [bare(member) for member in union_members(annotation)]
    members = [member for member in members if member is not _NONE]
    return bool(members) and all(_is_service(member) for member in members)


def _is_service(found: Any) -> bool:
    cls = get_origin(found) or found
    if not isinstance(cls, type) or cls in _CONTAINERS or is_scalar_class(cls) or is_model(cls):
        return False
    if getattr(cls, "__mainspring_upload__", False):
        return False
    return cls.__module__ not in ("collections.abc", "collections", "typing")
