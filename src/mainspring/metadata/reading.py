"""Reading metadata back: one function per kind of target.

Every reader takes a class, or an instance and means its class. ``own=True`` reads only where the very class has
something to say; what is read is then merged with what it inherits all the same. What was recorded with ``clone``
is handed out as a copy.
"""

from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any, TypeVar, get_origin, overload

from mainspring.metadata.entries import ABSENT, Kind
from mainspring.metadata.keys import MetadataKey, key_name
from mainspring.metadata.lookup import (
    class_found,
    function_parameters_found,
    member_found,
    member_names,
    parameters_found,
)
from mainspring.metadata.storage import underlying_function

__all__ = [
    "get_all_method_metadata",
    "get_all_parameter_metadata",
    "get_all_property_metadata",
    "get_class_metadata",
    "get_method_metadata",
    "get_parameter_metadata",
    "get_property_metadata",
]

T = TypeVar("T")
Key = MetadataKey[T] | str


@overload
def get_class_metadata(
    key: MetadataKey[T], target: object, *, own: bool = False, default: T | None = None
) -> T | None: ...
@overload
def get_class_metadata(key: str, target: object, *, own: bool = False, default: Any = None) -> Any: ...
def get_class_metadata(key: Key[Any], target: object, *, own: bool = False, default: Any = None) -> Any:
    """The metadata of a class, merged over that of its bases, or ``default``."""
    return class_found(class_of(target), key_name(key), own=own).read(default)


@overload
def get_method_metadata(
    key: MetadataKey[T], target: object, method: str, *, own: bool = False, default: T | None = None
) -> T | None: ...
@overload
def get_method_metadata(key: str, target: object, method: str, *, own: bool = False, default: Any = None) -> Any: ...
def get_method_metadata(key: Key[Any], target: object, method: str, *, own: bool = False, default: Any = None) -> Any:
    """The metadata of a method, matched with the bases' by name, or ``default``."""
    return member_found(class_of(target), key_name(key), method, Kind.METHOD, own=own).read(default)


@overload
def get_property_metadata(
    key: MetadataKey[T], target: object, name: str, *, own: bool = False, default: T | None = None
) -> T | None: ...
@overload
def get_property_metadata(key: str, target: object, name: str, *, own: bool = False, default: Any = None) -> Any: ...
def get_property_metadata(key: Key[Any], target: object, name: str, *, own: bool = False, default: Any = None) -> Any:
    """The metadata of a property, matched with the bases' by name, or ``default``."""
    return member_found(class_of(target), key_name(key), name, Kind.PROPERTY, own=own).read(default)


@overload
def get_parameter_metadata(
    key: MetadataKey[T],
    target: object,
    method: str | None = None,
    parameter: str = "",
    *,
    own: bool = False,
    default: T | None = None,
) -> T | None: ...
@overload
def get_parameter_metadata(
    key: str, target: object, method: str | None = None, parameter: str = "", *, own: bool = False, default: Any = None
) -> Any: ...
def get_parameter_metadata(
    key: Key[Any],
    target: object,
    method: str | None = None,
    parameter: str = "",
    *,
    own: bool = False,
    default: Any = None,
) -> Any:
    """The metadata of a parameter, or ``default``.

    Args:
        key: The metadata's key.
        target: A class or an instance; or a function, with no ``method``.
        method: The method's name, ``"__init__"`` for the constructor.
        parameter: The parameter's name.
        own: Only when the very class defines the method.
        default: What to give when there is none.
    """
    found = _parameters(key_name(key), target, method, own).get(parameter)
    return default if found is None else found.read(default)


@overload
def get_all_method_metadata(
    key: MetadataKey[T], target: object, *, own: bool = False, default: dict[str, T] | None = None
) -> dict[str, T]: ...
@overload
def get_all_method_metadata(key: str, target: object, *, own: bool = False, default: Any = None) -> dict[str, Any]: ...
def get_all_method_metadata(key: Key[Any], target: object, *, own: bool = False, default: Any = None) -> Any:
    """The metadata of every method that has it: a dict by name, the bases' methods first.

    Without any it is ``default``, or ``{}``.
    """
    return _all_members(key_name(key), class_of(target), Kind.METHOD, own) or ({} if default is None else default)


@overload
def get_all_property_metadata(
    key: MetadataKey[T], target: object, *, own: bool = False, default: dict[str, T] | None = None
) -> dict[str, T]: ...
@overload
def get_all_property_metadata(
    key: str, target: object, *, own: bool = False, default: Any = None
) -> dict[str, Any]: ...
def get_all_property_metadata(key: Key[Any], target: object, *, own: bool = False, default: Any = None) -> Any:
    """The metadata of every property that has it: a dict by name, the bases' properties first.

    Without any it is ``default``, or ``{}``.
    """
    return _all_members(key_name(key), class_of(target), Kind.PROPERTY, own) or ({} if default is None else default)


@overload
def get_all_parameter_metadata(
    key: MetadataKey[T],
    target: object,
    method: str | None = None,
    *,
    own: bool = False,
    default: dict[str, T] | None = None,
) -> dict[str, T]: ...
@overload
def get_all_parameter_metadata(
    key: str, target: object, method: str | None = None, *, own: bool = False, default: Any = None
) -> dict[str, Any]: ...
def get_all_parameter_metadata(
    key: Key[Any], target: object, method: str | None = None, *, own: bool = False, default: Any = None
) -> Any:
    """The metadata of a method's decorated parameters: a dict by name in the order of the signature.

    Without any it is ``default``, or ``{}``. A function is read without ``method``.
    """
    found = _parameters(key_name(key), target, method, own)
    values = {name: each.read(None) for name, each in found.items() if each.value is not ABSENT}
    return values or ({} if default is None else default)


def class_of(target: object) -> type:
    """The class a reader means: the class itself, the origin of ``Todo[int]``, or an instance's class."""
    if isinstance(target, type):
        return target
    origin = get_origin(target)
    return origin if isinstance(origin, type) else type(target)


def function_of(target: object) -> Callable[..., Any] | None:
    """The function a target is or wraps as a method; ``None`` for anything else."""
    if isinstance(target, FunctionType | MethodType | staticmethod | classmethod):
        return underlying_function(target)
    return None


def _parameters(key: str, target: object, method: str | None, own: bool) -> Any:
    function = function_of(target)
    if method is not None:
        return parameters_found(class_of(target), key, method, own=own)
    if function is None:
        raise TypeError(f"Of a class the method is needed: say whose parameter it is, as in (key, {target!r}, 'name').")
    return function_parameters_found(function, key)


def _all_members(key: str, cls: type, kind: Kind, own: bool) -> dict[str, Any]:
    found = {name: member_found(cls, key, name, kind, own=own) for name in member_names(cls, key, kind, own=own)}
    return {name: each.read(None) for name, each in found.items() if each.value is not ABSENT}
