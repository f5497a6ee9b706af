"""What the decorators of operations write down on the function or class: records that are replaced, not changed.

How records of bases and subclasses come together is not decided here; see ``operations``.
"""

from collections.abc import Callable, Mapping
from copy import copy
from types import FunctionType, MethodType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mainspring.metadata import MetadataKey, define_metadata, get_metadata
from mainspring.metadata.plain import value_on

__all__ = [
    "ClassNotes",
    "DeclaredOperation",
    "MethodNotes",
    "class_notes",
    "copied_spec",
    "function_behind",
    "method_notes",
    "note_on_class",
    "note_on_method",
    "target_kind",
]

VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
VISIBILITIES = ("documented", "undocumented")
#: Stands in the place of a verb for a connection, which no document describes.
WEBSOCKET = "websocket"


class DeclaredOperation(Struct, frozen=True):
    """One verb decorator: the verb in lower case, the path as written, the spec as written (copied)."""

    verb: str
    path: str
    spec: Mapping[str, Any]


class MethodNotes(Struct, frozen=True):
    """What decorators say of one method or function; tuples are in the order of reading, top to bottom."""

    operations: tuple[DeclaredOperation, ...] = ()
    responses: tuple[tuple[int | str, tuple[Any, ...]], ...] = ()
    tags: tuple[str, ...] | None = None
    deprecated: bool | None = None
    visibility: str | None = None
    blocking: bool = False


class ClassNotes(Struct, frozen=True):
    """What decorators say of one class. ``None`` means that nothing is said, so that a base may."""

    api: Mapping[str, Any] = {}
    tags: tuple[str, ...] | None = None
    deprecated: bool | None = None
    visibility: str | None = None


_METHOD: MetadataKey[MethodNotes] = MetadataKey("mainspring.openapi.method")
_NO_NOTES: MethodNotes | None = None
_CLASS: MetadataKey[ClassNotes] = MetadataKey("mainspring.openapi.class")


def function_behind(target: Any) -> FunctionType | None:
    """The plain function of a function, method, static or class method; ``None`` of anything else."""
    found = target
    while isinstance(found, staticmethod | classmethod | MethodType):
        found = found.__func__
    return found if isinstance(found, FunctionType) else None


def target_kind(target: Any, decorator: str, *, classes: bool = True, functions: bool = True) -> str:
    """``class`` or ``function``: what a decorator was put on.

    Raises:
        TypeError: It is neither, or the one the decorator is not made for.
    """
    if classes and isinstance(target, type):
        return "class"
    if functions and function_behind(target) is not None:
        return "function"
    wanted = " or ".join(word for word, on in (("a class", classes), ("a function or method", functions)) if on)
    raise TypeError(f"@{decorator} decorates {wanted}, not {target!r} ({type(target).__name__}).")


def method_notes(function: Callable[..., Any] | None) -> MethodNotes | None:
    """What is noted on a function, ``None`` when nothing is."""
    found = function_behind(function)
    return None if found is None else value_on(_METHOD.name, found, _NO_NOTES)


def note_on_method(function: Any, **changes: Any) -> None:
    """Note something on a function in place of what was noted under the same names."""
    found = function_behind(function)
    if found is None:
        raise TypeError(f"Notes are made on functions, not on {function!r}.")
    define_metadata(_METHOD, replace(get_metadata(_METHOD, found) or MethodNotes(), **changes), found)


def class_notes(cls: type) -> ClassNotes | None:
    """What is noted on this very class, ``None`` when nothing is."""
    return get_metadata(_CLASS, cls, own=True)


def note_on_class(cls: type, **changes: Any) -> None:
    """Note something on a class in place of what was noted under the same names."""
    define_metadata(_CLASS, replace(class_notes(cls) or ClassNotes(), **changes), cls)


def copied_spec(value: Any) -> Any:
    """A copy of the mappings, lists and tuples of a spec; models, functions and builders in it stay what they are."""
    if type(value) is dict or isinstance(value, Mapping):
        return {key: copied_spec(item) for key, item in value.items()}
    if isinstance(value, list | tuple) and type(value) in (list, tuple):
        return [copied_spec(item) for item in value]
    return copy(value) if isinstance(value, set) else value
