"""A proxy stands for an object and runs interceptors around its public methods."""

import inspect
import sys
import weakref
from collections.abc import Callable
from enum import Enum
from numbers import Number
from typing import Any

from mainspring.context.context import Context
from mainspring.context.invoking import InvocationSource, invoke_method

__all__ = ["create_proxy_with_interceptors", "proxy_of_value"]

_slot = object.__getattribute__


class _Proxy:
    """Looks like the object; calls of its public methods are awaitable and intercepted."""

    __slots__ = ("__weakref__", "_mainspring_context", "_mainspring_object", "_mainspring_source")

    def __init__(self, obj: Any, ctx: Context, source: Any) -> None:
        object.__setattr__(self, "_mainspring_object", obj)
        object.__setattr__(self, "_mainspring_context", ctx)
        object.__setattr__(self, "_mainspring_source", source)

    def __getattribute__(self, name: str) -> Any:
        obj = _slot(self, "_mainspring_object")
        if name == "__class__":
            return obj.__class__
        value = getattr(obj, name)
        if name.startswith("_") or not _is_method(obj, name, value):
            return value
        ctx, source = _slot(self, "_mainspring_context"), _slot(self, "_mainspring_source")

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await invoke_method(obj, name, ctx, args, kwargs, source=source)

        call.__name__ = name
        call.__doc__ = getattr(value, "__doc__", None)
        return call

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(_slot(self, "_mainspring_object"), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(_slot(self, "_mainspring_object"), name)

    def __repr__(self) -> str:
        return repr(_slot(self, "_mainspring_object"))

    def __str__(self) -> str:
        return str(_slot(self, "_mainspring_object"))

    def __dir__(self) -> list[str]:
        return dir(_slot(self, "_mainspring_object"))

    def __eq__(self, other: object) -> bool:
        return bool(_slot(self, "_mainspring_object") == _object_of(other))

    def __hash__(self) -> int:
        return hash(_slot(self, "_mainspring_object"))


#: Python looks these up on the class, past ``__getattribute__``: a proxy has those that its object has.
_SPECIAL = (
    *("__call__", "__len__", "__bool__", "__contains__", "__getitem__", "__setitem__", "__delitem__", "__iter__"),
    *("__next__", "__reversed__", "__await__", "__aiter__", "__anext__", "__enter__", "__exit__", "__aenter__"),
    *("__aexit__", "__lt__", "__le__", "__gt__", "__ge__", "__format__", "__bytes__", "__int__", "__float__"),
    *("__complex__", "__index__", "__fspath__", "__instancecheck__", "__subclasscheck__"),
)

_classes: "weakref.WeakKeyDictionary[type[Any], type[_Proxy]]" = weakref.WeakKeyDictionary()


def _proxy_class(kind: type[Any]) -> type[_Proxy]:
    """The class of the proxies of instances of a class: one for each, as each has other special methods."""
    found = _classes.get(kind)
    if found is None:
        special = {name: _passed_on(name) for name in _SPECIAL if _has_special(kind, name)}
        if "__aenter__" in special:
            special["__aenter__"] = _enter_later
        found = _classes[kind] = type("_Proxy", (_Proxy,), {"__slots__": (), **special})
    return found


def _has_special(kind: type[Any], name: str) -> bool:
    return next((vars(klass)[name] for klass in kind.__mro__ if name in vars(klass)), None) is not None


def _passed_on(name: str) -> Callable[..., Any]:
    def special(self: Any, *args: Any, **kwargs: Any) -> Any:
        obj = _slot(self, "_mainspring_object")
        result = getattr(type(obj), name)(obj, *map(_object_of, args), **kwargs)
        return self if result is obj else result

    special.__name__ = name
    return special


async def _enter_later(self: Any) -> Any:
    obj = _slot(self, "_mainspring_object")
    result = await type(obj).__aenter__(obj)
    return self if result is obj else result


def _object_of(value: Any) -> Any:
    return _slot(value, "_mainspring_object") if issubclass(type(value), _Proxy) else value


def _is_method(obj: Any, name: str, value: Any) -> bool:
    if isinstance(obj, type):
        return isinstance(inspect.getattr_static(obj, name, None), staticmethod | classmethod)
    return inspect.isroutine(value) and inspect.isroutine(getattr(type(obj), name, None))


def create_proxy_with_interceptors(obj: Any, ctx: Context, source: Any = None) -> Any:
    """A proxy of ``obj`` (an instance, or a class for its static and class methods).

    Reading and writing attributes reaches the object; a call of a public method gives an awaitable, with interceptors
    and injected parameters as in ``invoke_method``. Names that begin with ``_`` pass through.
    """
    obj = _object_of(obj)
    return _proxy_class(type(obj))(obj, ctx, source)


def proxy_of_value(value: Any, ctx: Context, path: str) -> Any:
    """A proxy of a bound value; built-in values, containers, functions and classes are returned as they are."""
    kind = type(value)
    if isinstance(value, _PLAIN) or inspect.isroutine(value) or issubclass(kind, _Proxy) or _is_built_in(kind):
        return value
    return create_proxy_with_interceptors(value, ctx, InvocationSource("proxy", path))


_PLAIN = (str, bytes, bytearray, dict, list, tuple, set, frozenset, Number, Enum, type, BaseException)


def _is_built_in(kind: type[Any]) -> bool:
    """Whether Python itself defines it: dates, paths, queues and the like are values too."""
    return kind.__module__.partition(".")[0] in sys.stdlib_module_names


Context.make_proxy = staticmethod(proxy_of_value)
