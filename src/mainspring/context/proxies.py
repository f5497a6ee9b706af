"""A proxy stands for an object and runs interceptors around its public methods."""

import inspect
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
        if type(other) is _Proxy:
            other = _slot(other, "_mainspring_object")
        return bool(_slot(self, "_mainspring_object") == other)

    def __hash__(self) -> int:
        return hash(_slot(self, "_mainspring_object"))


def _is_method(obj: Any, name: str, value: Any) -> bool:
    if isinstance(obj, type):
        return isinstance(inspect.getattr_static(obj, name, None), staticmethod | classmethod)
    return inspect.isroutine(value) and inspect.isroutine(getattr(type(obj), name, None))


def create_proxy_with_interceptors(obj: Any, ctx: Context, source: Any = None) -> Any:
    """A proxy of ``obj`` (an instance, or a class for its static and class methods).

    Reading and writing attributes reaches the object; a call of a public method gives an awaitable, with interceptors
    and injected parameters as in ``invoke_method``. Names that begin with ``_`` pass through.
    """
    return _Proxy(obj, ctx, source)


def proxy_of_value(value: Any, ctx: Context, path: str) -> Any:
    """A proxy of a bound value; built-in values and functions are returned as they are."""
    kind = type(value)
    if value is None or kind.__module__ == "builtins" or inspect.isroutine(value) or kind is _Proxy:
        return value
    return _Proxy(value, ctx, InvocationSource("proxy", path))
