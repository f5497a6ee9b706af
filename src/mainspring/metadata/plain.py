"""Metadata defined and asked for by hand, on classes, their members, and functions.

A value defined by hand is read as the very object and replaces what a decorator wrote in the same place.
"""

from collections.abc import Callable
from typing import Any, TypeVar, overload

from mainspring.metadata.entries import ABSENT, Entry, Found, Kind, joined
from mainspring.metadata.keys import MetadataKey, key_name
from mainspring.metadata.lookup import NOTHING, class_found, member_found, own_keys
from mainspring.metadata.reading import function_of
from mainspring.metadata.storage import Slot, function_entries, own_records, set_function_entries, write

__all__ = [
    "define_metadata",
    "delete_metadata",
    "get_metadata",
    "has_metadata",
    "is_noted",
    "metadata_keys",
    "noted_keys",
    "own_value",
    "value_on",
]

T = TypeVar("T")
Key = MetadataKey[Any] | str
Function = Callable[..., Any]


@overload
def define_metadata(key: MetadataKey[T], value: T, target: type | Function, member: str | None = None) -> None: ...
@overload
def define_metadata(key: str, value: Any, target: type | Function, member: str | None = None) -> None: ...
def define_metadata(key: Key, value: Any, target: type | Function, member: str | None = None) -> None:
    """Store ``value``, the very object, under ``key``; a second one replaces it.

    Args:
        key: Where it is found again.
        value: Anything, ``None`` included.
        target: A class, or a function outside a class.
        member: The name of a member of the class; it need not exist.

    Raises:
        TypeError: The target is neither a class nor a function, or a built-in class.
    """
    name = key_name(key)
    entry = Entry(name, value, Kind.PLAIN, name, inherit=False, clone=False)
    function = _checked(target, member)
    if isinstance(target, type):
        write(target, (name, member), entry)
    elif function is not None:
        set_function_entries(function, [*(e for e in function_entries(function) if e.key != name), entry])


@overload
def get_metadata(
    key: MetadataKey[T],
    target: type | Function,
    member: str | None = None,
    *,
    own: bool = False,
    default: T | None = None,
) -> T | None: ...
@overload
def get_metadata(
    key: str, target: type | Function, member: str | None = None, *, own: bool = False, default: Any = None
) -> Any: ...
def get_metadata(
    key: Key, target: type | Function, member: str | None = None, *, own: bool = False, default: Any = None
) -> Any:
    """The nearest value along the target's MRO, or ``default``.

    Args:
        key: The metadata's key.
        target: A class, or a function outside a class.
        member: The name of a member of the class.
        own: Only what was defined on that very class.
        default: What to give when there is none.

    Raises:
        TypeError: The target is neither a class nor a function.
    """
    return _found(key_name(key), target, member, own).read(default)


def own_value(key: str, cls: type, default: T) -> T:
    """What ``define_metadata`` stored on that very class, at the cost of two looks; for keys of the framework's own."""
    entry = own_records(cls).get((key, None))
    if entry is None:
        return default
    value: T = entry.spec if entry.is_plain else class_found(cls, key, own=True).read(default)
    return value


def is_noted(keys: frozenset[Slot], cls: type) -> bool:
    """Whether ``define_metadata`` stored anything on that very class under one of some keys, at the cost of one look.

    Args:
        keys: What `noted_keys` makes of them.
        cls: The class.
    """
    return not keys.isdisjoint(own_records(cls))


def noted_keys(*keys: Key) -> frozenset[Slot]:
    """Keys as `is_noted` takes them."""
    return frozenset((key_name(key), None) for key in keys)


def value_on(key: str, function: Function, default: T) -> T:
    """What ``define_metadata`` stored on a function, at the cost of a look; for keys of the framework's own."""
    found = [entry for entry in function_entries(function) if entry.key == key]
    if not found:
        return default
    value: T = found[0].spec if len(found) == 1 and found[0].is_plain else joined(NOTHING, found).read(default)
    return value


def has_metadata(key: Key, target: type | Function, member: str | None = None, *, own: bool = False) -> bool:
    """Whether `get_metadata` has a value, also when the value is ``None``.

    Raises:
        TypeError: The target is neither a class nor a function.
    """
    return _found(key_name(key), target, member, own).value is not ABSENT


def delete_metadata(key: Key, target: type | Function, member: str | None = None) -> bool:
    """Remove what was defined on that very class; the value of a base shows again.

    Returns:
        Whether there was any.

    Raises:
        TypeError: The target is neither a class nor a function.
    """
    name = key_name(key)
    function = _checked(target, member)
    if function is not None:
        entries = function_entries(function)
        set_function_entries(function, [entry for entry in entries if entry.key != name])
        return any(entry.key == name for entry in entries)
    if not isinstance(target, type) or name not in own_keys(target, member):
        return False
    if member is None:
        write(target, (name, None), None, remove=True)
    else:
        write(target, (name, member), None)  # what a decorator in the class body says is hidden
    return True


def metadata_keys(target: type | Function, member: str | None = None, *, own: bool = False) -> list[str]:
    """The names of the keys: own ones first, then those of the bases, each once.

    Raises:
        TypeError: The target is neither a class nor a function.
    """
    function = _checked(target, member)
    if function is not None:
        return list(dict.fromkeys(entry.key for entry in function_entries(function)))
    owners = target.__mro__ if isinstance(target, type) else ()
    return list(dict.fromkeys(key for owner in owners[: 1 if own else None] for key in own_keys(owner, member)))


def _found(key: str, target: type | Function, member: str | None, own: bool) -> Found:
    function = _checked(target, member)
    if function is not None:
        return joined(NOTHING, [entry for entry in function_entries(function) if entry.key == key])
    cls = target if isinstance(target, type) else type(target)
    if member is None:
        return class_found(cls, key, own=own)
    return member_found(cls, key, member, Kind.PLAIN, own=own)


def _checked(target: object, member: str | None) -> Function | None:
    """The function a target stands for, ``None`` for a class."""
    if isinstance(target, type):
        return None
    function = function_of(target)
    if function is None:
        raise TypeError(f"Metadata is kept on classes and functions, not on {target!r}. Give its class.")
    if member is not None:
        raise TypeError(f"Members belong to classes: {member!r} cannot be looked up on function {target!r}.")
    return function
