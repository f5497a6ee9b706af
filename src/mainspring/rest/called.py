"""Results that are functions: they are called, and what comes of that is the answer."""

import inspect
from typing import Any

from mainspring.openapi.kinds import is_model
from mainspring.rest.exchange import SENT, Exchange

__all__ = ["is_called", "result_of_call"]

_ASGI = ["scope", "receive", "send"]


def is_called(value: Any) -> bool:
    """Whether it is a function ``(context, next)`` or an ASGI application, rather than a value."""
    if not callable(value) or isinstance(value, type) or is_model(type(value)):
        return False
    return len(_names(value)) == 2 or _names(value) == _ASGI


async def result_of_call(exchange: Exchange, value: Any) -> Any:
    """What it answers; an ASGI application does so by itself."""
    if _names(value) == _ASGI:
        from mainspring.rest.mounts import Mount, call_mounted  # noqa: PLC0415 - few handlers return an application

        await call_mounted(exchange, Mount("/", value))
        return SENT
    result = value(exchange.plan.context_of(exchange), _nothing)
    return await result if inspect.isawaitable(result) else result


async def _nothing() -> None:
    """What comes after a function that is the answer."""


def _names(value: Any) -> list[str]:
    try:
        return [name.strip("_") for name in inspect.signature(value).parameters]
    except (TypeError, ValueError):
        return []
