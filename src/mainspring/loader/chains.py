"""The line of a request: stages one after the other, with the handler (or the routes) somewhere among them.

A line is made once; `Line.run` goes along it for a request. Normal stages run while no error is under way, error
stages while one is. What a stage returns becomes the result unless it is ``None``.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol

from mainspring.rest import ClientDisconnected, RequestContext, Response
from mainspring.rest.chains import Following

__all__ = ["CORE", "AnyStage", "Line"]


class AnyStage(Protocol):
    """What stands in a line.

    Attributes:
        name: For messages and lists.
        options: What was said with it.
        wraps: Whether it decides by itself if the line goes on.
        is_error: Whether it runs only when an error is under way.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - said above
    @property
    def options(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def wraps(self) -> bool: ...  # noqa: D102
    @property
    def is_error(self) -> bool: ...  # noqa: D102

    def takes(self, error: BaseException) -> bool:
        """Whether it is for such an error."""
        ...

    def concerns(self, ctx: RequestContext) -> bool:
        """Whether it is meant for this request."""
        ...

    async def call(self, ctx: RequestContext, next: Callable[[], Any] | None, error: Any = None) -> Any:
        """Call it for a request."""
        ...


class _Core:
    """Stands in a line for what all this is about: the handler, or everything from the routes on."""

    name = "handler"
    options: Mapping[str, Any] = {}
    wraps = False
    is_error = False

    def takes(self, error: BaseException) -> bool:  # noqa: ARG002 - as every stage
        """Never."""
        return False

    def concerns(self, ctx: RequestContext) -> bool:  # noqa: ARG002
        """Always."""
        return True

    async def call(self, ctx: RequestContext, next: Callable[[], Any] | None, error: Any = None) -> Any:
        """Not called: a run knows what it stands for.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError


CORE: AnyStage = _Core()


class Line:
    """Stages in their order.

    Args:
        stages: The stages, with `CORE` among them.
    """

    __slots__ = ("stages",)

    def __init__(self, stages: Iterable[AnyStage]) -> None:
        self.stages = tuple(stages)

    async def run(self, ctx: RequestContext, core: Callable[[], Awaitable[Any]]) -> Any:
        """Go along the whole line; ``core`` is what `CORE` stands for. Gives the result.

        Raises:
            Exception: What no stage has handled.
        """
        return await _Run(self.stages, ctx, core).go(0)

    async def recover(self, ctx: RequestContext, error: Exception) -> Any:
        """Ask the error stages about an error from somewhere before the line; gives the result they make of it.

        Raises:
            Exception: What none of them has handled.
        """
        return await _Run(self.stages, ctx, None).recover(0, error)


class _Run:
    """One request on its way along a line.

    Attributes:
        told: The error that all later stages were asked about already.
        is_handled: Whether a stage has made an error a result: the core is not run any more.
    """

    __slots__ = ("_core", "_ctx", "_stages", "is_handled", "told")

    def __init__(
        self, stages: tuple[AnyStage, ...], ctx: RequestContext, core: Callable[[], Awaitable[Any]] | None
    ) -> None:
        self._stages = stages
        self._ctx = ctx
        self._core = core
        self.told: BaseException | None = None
        self.is_handled = core is None

    async def go(self, position: int) -> Any:
        """Run the normal stages from a position on; gives the result."""
        exchange, stages = self._ctx.exchange, self._stages
        while position < len(stages):
            stage = stages[position]
            position += 1
            if not self._is_next(stage):
                continue
            try:
                value = await (self._run_core() if stage is CORE else self._call_at(stage, position))
            except Exception as error:
                return await self.recover(position, error)
            if value is not None:
                exchange.result = value
            if stage.wraps or exchange.started or (isinstance(value, Response) and stage is not CORE):
                break  # what follows was run by ``next()``, or is not to be run
        return exchange.result

    def _is_next(self, stage: AnyStage) -> bool:
        """Whether a stage runs while no error is under way."""
        if stage is CORE:
            return not self.is_handled
        return stage.concerns(self._ctx) and not stage.is_error

    async def _run_core(self) -> Any:
        """The core; what was the result before it stays that if it has none."""
        exchange = self._ctx.exchange
        before = exchange.result
        assert self._core is not None
        value = await self._core()
        exchange.result = before if value is None else value
        return value

    async def recover(self, position: int, error: Exception) -> Any:
        """Ask the error stages from a position on; behind one that handles the error, normal stages run again.

        Raises:
            Exception: What none of them has handled.
        """
        ctx, stages = self._ctx, self._stages
        if error is self.told or isinstance(error, ClientDisconnected) or ctx.exchange.started:
            raise error
        while position < len(stages):
            stage = stages[position]
            position += 1
            if not (stage.concerns(ctx) and stage.takes(error)):
                continue
            following = self._following(stage, position, error)
            try:
                value = await self._call(stage, following, error)
            except Exception as raised:
                if raised is self.told:
                    raise
                error = raised
                continue
            if following is None or not following.called:
                return await self._go_on(position, value)
            if value is not None:  # what follows was asked by ``next()``
                ctx.exchange.result = value
            return ctx.exchange.result
        self.told = error
        raise error

    async def _go_on(self, position: int, value: Any) -> Any:
        """An error was handled: its value is the result, for the normal stages that follow too."""
        exchange = self._ctx.exchange
        self.is_handled = True
        exchange.result = value
        if value is not None and not isinstance(value, Response) and self._ctx.response.given_status is None:
            self._ctx.response.status = 200  # whatever the operation says of its own results
        if exchange.started or isinstance(value, Response):
            return value
        return await self.go(position)

    def _following(self, stage: AnyStage, position: int, error: Exception | None) -> "_Following | None":
        """The ``next`` of a stage that takes one."""
        return _Following(self, stage, position, error) if stage.wraps else None

    async def _call_at(self, stage: AnyStage, position: int) -> Any:
        return await self._call(stage, self._following(stage, position, None), None)

    async def _call(self, stage: AnyStage, following: "_Following | None", error: Exception | None) -> Any:
        ctx = self._ctx
        ctx.stage_options = stage.options
        value = await stage.call(ctx, following, error)
        if following is not None:
            following.check(stage.name)
        return value

    async def rest_of(self, stage: AnyStage, position: int, error: Exception | None) -> Any:
        """What ``next()`` of a stage does: the rest of the line, with the error that is under way."""
        try:
            return await (self.go(position) if error is None else self.recover(position, error))
        finally:
            self._ctx.stage_options = stage.options


class _Following(Following):
    """The rest of a line."""

    __slots__ = ("_error", "_position", "_run", "_stage")

    def __init__(self, run: _Run, stage: AnyStage, position: int, error: Exception | None) -> None:
        super().__init__()
        self._run, self._stage, self._position, self._error = run, stage, position, error

    async def run(self) -> Any:
        """Run the stages that follow."""
        return await self._run.rest_of(self._stage, self._position, self._error)
