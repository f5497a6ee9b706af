"""Hooks of providers around requests, and the end of what is made for one."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from mainspring.context import BindingScope, BindingType, Context, invoke_method
from mainspring.context.setting_aside import dispose_kept
from mainspring.context.signatures import takes_only
from mainspring.core.calling import call_method
from mainspring.rest import RequestContext
from mainspring.rest.endings import Ending

__all__ = ["RequestHooks"]

logger = logging.getLogger("mainspring.loader")

#: In front of everything that a request passes.
_PLACE = {"group": "request_hooks", "upstream_groups": ["send_response"], "downstream_groups": ["cors"]}


class RequestHooks:
    """Calls ``on_request`` and ``on_response``, and ``on_destroy`` of instances made for a request.

    Args:
        server: The server.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self._on_request: list[_Hook] = []
        self._on_response: list[_Hook] = []

    def install(self) -> None:
        """Stand around every request, if there is anything to do there."""
        providers = [self._server, *self._server.phases.providers.instances]
        self._on_request = [hook for each in providers if (hook := _hook_of(each, "on_request")) is not None]
        self._on_response = [hook for each in providers if (hook := _hook_of(each, "on_response")) is not None]
        if self._on_request or self._on_response or self._has_destroyed():
            self._server.rest_server.middleware(self._around, _PLACE)

    def _has_destroyed(self) -> bool:
        """Whether a class that is made for requests wants to know of their end."""
        return any(
            binding.scope is BindingScope.REQUEST
            and binding.source is not None
            and (
                binding.source.type is not BindingType.CLASS
                or callable(getattr(binding.source.value, "on_destroy", None))
            )
            for binding in Context.find(self._server)
        )

    async def _around(self, ctx: RequestContext, next: Any) -> Any:
        ctx.after_response(Ending(partial(self._end, ctx)))
        for hook in self._on_request:
            await _awaited(hook(ctx))
        return await next()

    async def _end(self, ctx: RequestContext) -> None:
        for hook in self._on_response if ctx.exchange.completed else ():
            try:
                await _awaited(hook(ctx))
            except Exception:
                logger.exception("%s.on_response failed.", hook.owner)
        for failure in await dispose_kept(ctx, partial(_destroy, ctx)):
            logger.error("An instance of a request could not be ended.", exc_info=failure)


class _Hook:
    """A hook of an instance, called with the request; what else it takes is injected from there."""

    __slots__ = ("_function", "owner")

    def __init__(self, instance: Any, name: str) -> None:
        method = getattr(instance, name)
        self.owner = type(instance).__name__
        function = getattr(method, "__func__", None)
        self._function: Callable[[RequestContext], Any]
        if takes_only(1, function):
            self._function = lambda _ctx: method()
        elif takes_only(2, function):  # itself and the request, as nearly all of them
            self._function = method
        else:
            self._function = partial(_injected, instance, name)

    def __call__(self, ctx: RequestContext) -> Any:
        return self._function(ctx)


def _hook_of(instance: Any, name: str) -> _Hook | None:
    return _Hook(instance, name) if callable(getattr(instance, name, None)) else None


def _injected(instance: Any, name: str, ctx: RequestContext) -> Any:
    return invoke_method(instance, name, ctx, (ctx,), skip_interceptors=True)


async def _destroy(ctx: RequestContext, instance: Any) -> None:
    if callable(getattr(instance, "on_destroy", None)):
        await _awaited(call_method(instance, "on_destroy", ctx))


async def _awaited(result: Any) -> None:
    if hasattr(type(result), "__await__"):
        await result
