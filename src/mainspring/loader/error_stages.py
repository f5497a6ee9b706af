"""What stands behind the routes: answers for requests that nothing else answers, and stages for errors.

It costs a request that is answered nothing: the pipeline comes here when there is an error, the 404 of a path at which
there is nothing among them.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mainspring.loader.chains import CORE, Line
from mainspring.loader.stage_kinds import Stage
from mainspring.rest import RequestContext
from mainspring.rest.errors import EndpointNotFoundError

__all__ = ["Behind"]


class Behind:
    """The stages behind the routes, in their order. It is a stage itself: the last one of the line before the routes.

    Args:
        stages: The stages.
    """

    name = "behind the routes"
    options: Mapping[str, Any] = {}
    wraps = False
    is_error = True

    def __init__(self, stages: Iterable[Stage]) -> None:
        self.stages = tuple(stages)
        self._errors = Line(self.stages)
        self._pages = Line((*self.stages, CORE))

    def takes(self, error: BaseException) -> bool:
        """Every error."""
        return isinstance(error, Exception)

    def concerns(self, ctx: RequestContext) -> bool:  # noqa: ARG002 - as every stage
        """Every request."""
        return bool(self.stages)

    async def call(self, ctx: RequestContext, next: Callable[[], Any] | None, error: Any = None) -> Any:  # noqa: ARG002
        """As a stage."""
        return await self.answer(ctx, error)

    async def answer(self, ctx: RequestContext, error: Exception) -> Any:
        """What the stages make of an error.

        Raises:
            Exception: What none of them has handled.
        """
        if ctx.__dict__.get(_ASKED) is error:
            raise error
        try:
            if isinstance(error, EndpointNotFoundError):
                return await self._page(ctx, error)
            return await self._errors.recover(ctx, error)
        except Exception as left:
            ctx.__dict__[_ASKED] = left
            raise

    async def _page(self, ctx: RequestContext, error: Exception) -> Any:
        """A request that nothing has answered: by a normal stage, else it is the error that it was."""
        ctx.exchange.result = None

        async def nothing() -> Any:
            if ctx.exchange.result is not None:
                return None
            return await self._errors.recover(ctx, error)

        result = await self._pages.run(ctx, nothing)
        if result is not None and ctx.response.given_status is None:
            ctx.response.status = 200
        return result


#: Where a context notes the error that was asked about.
_ASKED = "_asked_behind"
