"""Calling functions and methods with injected parameters, without interceptors.

The one place of this room that touches how the container resolves arguments.
"""

import inspect
from collections.abc import Callable
from typing import Any

from mainspring.context import Context, invoke_method
from mainspring.context.creations import drive
from mainspring.context.resolving import arguments
from mainspring.context.sessions import Session
from mainspring.context.signatures import call_spec, takes_only

__all__ = ["call_function", "call_method", "function_name", "is_generator_function"]


async def call_function(function: Callable[..., Any], ctx: Context) -> Any:
    """Call a function with parameters injected from ``ctx``; its result is returned unawaited."""
    if takes_only(0, function):
        return function()
    args, kwargs = await drive(arguments(call_spec(function).points, ctx, Session.begin(sync=False)))
    return function(*args, **kwargs)


def call_method(target: Any, name: str, ctx: Context) -> Any:
    """Call a method with parameters injected from ``ctx``; what it returns may have to be awaited."""
    method = getattr(target, name)
    # Most observers want nothing: for them a plain call does.
    if takes_only(1, getattr(method, "__func__", None)):
        return method()
    return invoke_method(target, name, ctx, skip_interceptors=True)


def is_generator_function(function: Any) -> bool:
    """Whether a call gives a generator or an async generator."""
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


def function_name(function: Any, otherwise: str) -> str:
    """The name of a function; ``otherwise`` for a lambda, a ``partial`` and other callables without a usable one."""
    name = getattr(function, "__name__", "")
    return name if isinstance(name, str) and name.isidentifier() else otherwise
