"""Hooks of providers around requests, and the end of what is made for one."""

import logging
from functools import partial
from typing import Any

from mainspring.context import BindingScope, BindingType, Context
from mainspring.context.setting_aside import dispose_kept
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
        self._on_request: list[Any] = []
        self._on_response: list[Any] = []

    def install(self) -> None:
        """Stand around every request, if there is anything to do there."""
        providers = [self._server, *self._server.phases.providers.instances]
        self._on_request = [each for each in providers if callable(getattr(each, "on_request", None))]
        self._on_response = [each for each in providers if callable(getattr(each, "on_response", None))]
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
        for instance in self._on_request:
            await _awaited(instance.on_request(ctx))
        return await next()

    async def _end(self, ctx: RequestContext) -> None:
        for instance in self._on_response if ctx.exchange.completed else ():
            try:
                await _awaited(instance.on_response(ctx))
            except Exception:
                logger.exception("%s.on_response failed.", type(instance).__name__)
        for failure in await dispose_kept(ctx, partial(_destroy, ctx)):
            logger.error("An instance of a request could not be ended.", exc_info=failure)


async def _destroy(ctx: RequestContext, instance: Any) -> None:
    if callable(getattr(instance, "on_destroy", None)):
        await _awaited(call_method(instance, "on_destroy", ctx))


async def _awaited(result: Any) -> None:
    if hasattr(type(result), "__await__"):
        await result
