"""Where the value of a binding comes from: a constant, a factory, a class, a provider, an alias.

A source is plain data, checked when it is made. How it becomes a value is the business of `resolving`.
"""

import inspect
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Generator,
    Iterable,
    Iterator,
)
from enum import StrEnum
from typing import Annotated, Any, Protocol, TypeVar, get_args, get_origin, runtime_checkable

from mainspring.context.keys import BindingKey
from mainspring.context.signatures import call_spec, read_early, unwrap_callable

__all__ = [
    "BindingSource",
    "BindingType",
    "Constant",
    "Provider",
    "alias",
    "dynamic_value",
    "is_class",
    "of_class",
    "provider",
]

T_co = TypeVar("T_co", covariant=True)


class BindingType(StrEnum):
    """The kinds of sources."""

    CONSTANT = "constant"
    DYNAMIC_VALUE = "dynamic_value"
    CLASS = "class"
    PROVIDER = "provider"
    ALIAS = "alias"


@runtime_checkable
class Provider(Protocol[T_co]):
    """A class made by the container whose ``value()`` gives the value: plain, ``async`` or a generator.

    Subclassing it is optional: any class with a callable ``value`` is one.
    """

    def value(self) -> T_co | Awaitable[T_co] | Iterator[T_co] | AsyncIterator[T_co]:
        """The value."""
        ...


class BindingSource:
    """What was passed to a ``to*`` method.

    Attributes:
        type: The kind of source.
        value: Exactly what was passed.
        awaits: Whether its factory ever gave something to await; ``None`` before the first call.
        binds: Whether its factory ever bound something in the context it is asked in.
        is_planned: Whether plans rest on what ``awaits`` says.
    """

    __slots__ = ("_provided", "awaits", "binds", "call", "flavour", "is_planned", "key", "type", "value")

    def __init__(
        self,
        kind: BindingType,
        value: Any,
        call: Callable[..., Any] | None = None,
        key: "BindingKey[Any] | None" = None,
    ) -> None:
        self.type = kind
        self.value = value
        self.call = call
        self.key = key
        self.flavour = flavour_of(call) if call is not None else "plain"
        self.awaits: bool | None = None
        self.binds = False
        self.is_planned = False
        self._provided: Any = _UNKNOWN

    def __repr__(self) -> str:
        return f"BindingSource({self.type.value}, {self.value!r})"

    def provided(self) -> Any:
        """The type this source gives by itself, for finding by type; ``None`` when it says none.

        Raises:
            Exception: The return annotation cannot be evaluated (yet).
        """
        if self._provided is _UNKNOWN:
            if self.type is BindingType.CLASS:
                self._provided = self.value
            elif self.call is not None:
                self._provided = unwrap_result(call_spec(self.call).returns())
            else:
                self._provided = None
        return self._provided


_UNKNOWN: Any = object()

_WRAPPERS = {Awaitable, Iterator, Iterable, Generator, AsyncIterator, AsyncIterable, AsyncGenerator}


def unwrap_result(annotation: Any) -> Any:
    """The type of the value behind a return annotation: ``Iterator[C]`` and ``Awaitable[C]`` are ``C``."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return unwrap_result(get_args(annotation)[0])
    if origin in _WRAPPERS and get_args(annotation):
        return unwrap_result(get_args(annotation)[0])
    if origin is Coroutine and len(get_args(annotation)) > 2:
        return unwrap_result(get_args(annotation)[2])
    return annotation


def flavour_of(call: Callable[..., Any]) -> str:
    """``generator``, ``async_generator`` or ``plain`` (which may still return an awaitable)."""
    function = unwrap_callable(call)
    if inspect.isasyncgenfunction(function):
        return "async_generator"
    if inspect.isgeneratorfunction(function):
        return "generator"
    return "plain"


#: Asking these types for ``__await__`` would cost more than the rest of making a constant.
_NEVER_AWAITABLE = frozenset({str, int, float, bool, bytes, dict, list, tuple, set, type(None)})


class Constant(BindingSource):
    """A source that is the value itself. Only the value is its own: contexts of requests bind them by the thousand.

    Raises:
        TypeError: The value is awaitable: nobody would await it.
    """

    __slots__ = ("value",)

    type = BindingType.CONSTANT
    call = None
    key = None
    flavour = "plain"

    def __init__(self, value: Any) -> None:
        kind = type(value)
        if kind not in _NEVER_AWAITABLE and hasattr(kind, "__await__"):
            raise TypeError(
                f"An awaitable ({kind.__name__}) cannot be a constant: use to_dynamic_value with an async function."
            )
        self.value = value

    def provided(self) -> Any:
        """A constant says no type by itself."""
        return None


def dynamic_value(factory: Any) -> BindingSource:
    """A source that calls a factory: a function of any kind, or a class with a static or class method ``value``.

    Raises:
        TypeError: It cannot be called, or is a class without such a ``value``.
    """
    if is_class(factory):
        if not isinstance(inspect.getattr_static(factory, "value", None), staticmethod | classmethod):
            raise TypeError(
                f"Class {factory.__name__} has no static or class method `value` and cannot be a factory: "
                "use to_class to bind the class itself, or to_provider for an instance method `value`."
            )
        read_early(factory, factory.value)
        return BindingSource(BindingType.DYNAMIC_VALUE, factory, factory.value)
    if not callable(factory):
        raise TypeError(f"A factory must be callable, not {factory!r}: use to(value) for a constant.")
    read_early(factory)
    return BindingSource(BindingType.DYNAMIC_VALUE, factory, factory)


def of_class(cls: Any) -> BindingSource:
    """A source that makes instances of a class.

    Raises:
        TypeError: It is no class.
    """
    if not is_class(cls):
        raise TypeError(f"to_class takes a class, not {cls!r}: use to(value) or to_dynamic_value(factory).")
    read_early(cls)
    return BindingSource(BindingType.CLASS, cls)


def provider(cls: Any) -> BindingSource:
    """A source that makes a provider and asks it for the value.

    Raises:
        TypeError: It is no class with a callable ``value``.
    """
    if not is_class(cls) or not callable(getattr(cls, "value", None)):
        raise TypeError(f"A provider is a class with a method `value`; {cls!r} is none.")
    read_early(cls, cls.value)
    return BindingSource(BindingType.PROVIDER, cls, cls.value)


def alias(key: Any) -> BindingSource:
    """A source that is whatever another key resolves to at that moment."""
    target = BindingKey.parse_key_with_path(key) if isinstance(key, str | BindingKey) else None
    return BindingSource(BindingType.ALIAS, key, key=target)


def is_class(value: Any) -> bool:
    """Whether it is a class, not a parametrised generic that acts as one."""
    # Most classes are of the type `type`; `get_origin` asks for a dozen others first.
    return type(value) is type or (isinstance(value, type) and get_origin(value) is None)
