"""Calling functions and methods with injected parameters, without interceptors.

The one place of this room that touches how the container resolves arguments.
"""

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

from mainspring.context import Context, invoke_method
from mainspring.context.creations import drive
from mainspring.context.resolving import arguments
from mainspring.context.sessions import Session
from mainspring.context.signatures import call_spec

__all__ = ["call_function", "call_method", "function_name", "is_generator_function"]


async def call_function(function: Callable[..., Any], ctx: Context) -> Any:
    """Call a function with parameters injected from ``ctx``; its result is returned unawaited."""
    args, kwargs = await drive(arguments(call_spec(function).points, ctx, Session.begin(sync=False)))
    return function(*args, **kwargs)


async def call_method(target: Any, name: str, ctx: Context) -> None:
    """Call a method with parameters injected from ``ctx`` and await what it returns."""
    method = getattr(target, name)
    if _takes_nothing(method):
        result = method()
        if hasattr(type(result), "__await__"):
            await result
    else:
        await invoke_method(target, name, ctx, skip_interceptors=True)


def _takes_nothing(method: Any) -> bool:
    """Whether a bound method has no parameter beside ``self``: most observers, and for them a plain call does."""
    function = getattr(method, "__func__", None)
    if type(function) is not FunctionType or hasattr(function, "__wrapped__"):
        return False
    code = function.__code__
    takes_more = code.co_argcount > 1 or code.co_kwonlyargcount or code.co_flags & _VARIADIC
    return not takes_more


_VARIADIC = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS


def is_generator_function(function: Any) -> bool:
    """Whether a call gives a generator or an async generator."""
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


def function_name(function: Any, otherwise: str) -> str:
    """The name of a function; ``otherwise`` for a lambda, a ``partial`` and other callables without a usable one."""
    name = getattr(function, "__name__", "")
    return name if isinstance(name, str) and name.isidentifier() else otherwise
