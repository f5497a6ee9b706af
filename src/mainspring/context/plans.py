"""What plans are made of at run time: the function with its source, and the calls back into the interpreter."""

from collections.abc import Callable
from typing import Any

from mainspring.context.bindings import Binding
from mainspring.context.cleanup import Cleanup
from mainspring.context.creations import discard, drive
from mainspring.context.errors import AsyncValueError, ContextError
from mainspring.context.injection import EMPTY, InjectionPoint
from mainspring.context.resolving import MISSING, resolve_binding, resolve_point, without_yield
from mainspring.context.sessions import Session
from mainspring.context.sources import BindingSource

__all__ = [
    "BindingResolver",
    "Doubt",
    "First",
    "Guard",
    "Plan",
    "PlanSource",
    "PointResolver",
    "Refusal",
    "Restless",
    "StalePlan",
    "note_from_line",
    "run_steps",
]


class Plan:
    """A compiled function with its source.

    Attributes:
        function: Takes the context; gives the value, or a coroutine when the kind is ``async``.
        kind: ``any`` (plain, for both ways of asking), ``sync`` (plain, refuses what must be awaited) or ``async``.
        source: The text it was compiled from.
        only: What it calls, without arguments, and does nothing else; ``None`` when there is more to it.
    """

    __slots__ = ("function", "kind", "only", "source")

    def __init__(self, function: Callable[[Any], Any], kind: str, source: str, only: Any = None) -> None:
        self.function, self.kind, self.source, self.only = function, kind, source, only


class StalePlan(Exception):  # noqa: N818 - a word of a plan to the get that called it, never seen outside
    """What the plan rests on changed without the contexts being told."""


class Guard:
    """Stops a plan that found classes by an ABC once any class is registered with any ABC.

    ``ABC.register`` tells nobody; ``abc.get_cache_token`` is the number of registrations.
    """

    def __init__(self, key: Any) -> None:
        self._key = key

    def __call__(self, ctx: Any) -> None:
        """Drop the plan and leave the get to the interpreter."""
        shape = ctx.shape()
        for table in (shape.plans, shape.sync_plans, shape.async_plans):
            table.pop(self._key, None)
        for awaiting in (True, False):
            shape.asked.pop((self._key, awaiting), None)
        raise StalePlan


class Doubt:
    """Stops a plan when a factory that never gave anything to await does: who waits may have to share it."""

    def __init__(self, binding: Binding[Any], source: BindingSource) -> None:
        self._binding, self._source = binding, source

    def __call__(self, awaitable: Any) -> None:
        """Drop it, and leave the get to the interpreter."""
        discard(awaitable)
        self._binding.note_factory(self._source, awaits=True)
        raise StalePlan


class Restless:
    """Stops a plan when a factory has bound something in the context that it is asked in."""

    def __init__(self, binding: Binding[Any], source: BindingSource) -> None:
        self._binding, self._source = binding, source

    def __call__(self) -> None:
        """Leave the get to the interpreter, from now on."""
        self._binding.note_factory(self._source, binds=True)
        raise StalePlan


class First:
    """The value that a plain generator yields, with the rest of it as clean-up of a context."""

    def __init__(self, binding: Binding[Any], session: Session | None) -> None:
        self._binding = binding
        self._frame = Session(session, sync=True)
        self._frame.binding = binding

    def __call__(self, holder: Any, generator: Any) -> Any:
        """The value."""
        holder.check_open(self._frame)
        try:
            value = next(generator)
        except StopIteration as error:
            raise without_yield(self._frame) from error
        cleanup = Cleanup(self._binding, generator)
        if not holder.add_cleanup(cleanup):  # it was closed meanwhile
            cleanup.run_sync()
            holder.check_open(self._frame)
        return value


class PlanSource:
    """What shows a plan's source in tracebacks and debuggers (the loader protocol of ``linecache``)."""

    def __init__(self, text: str) -> None:
        self._text = text

    def get_source(self, _: str) -> str:
        """The source."""
        return self._text


class BindingResolver:
    """Resolves one binding by the interpreter, with the static path of a plan."""

    def __init__(self, binding: Binding[Any], session: Session | None, owner: Any) -> None:
        self._binding, self._session, self._owner = binding, session, owner

    def _steps(self, ctx: Any, session: Session) -> Any:
        owner = self._owner if self._owner is not None else ctx.get_owner_context(self._binding) or ctx
        return resolve_binding(self._binding, owner, ctx, session)

    def run(self, ctx: Any) -> Any:
        """The value, synchronously."""
        return run_steps(self._steps(ctx, Session(self._session, sync=True)))

    async def drive(self, ctx: Any) -> Any:
        """The value."""
        return await drive(self._steps(ctx, Session(self._session, sync=False)))


class PointResolver:
    """Resolves one injection point by the interpreter, with the static path of a plan."""

    def __init__(self, point: InjectionPoint, session: Session | None) -> None:
        self._point, self._session = point, session

    def run(self, ctx: Any) -> Any:
        """The value, synchronously."""
        return self._given(run_steps(resolve_point(self._point, ctx, Session(self._session, sync=True))))

    async def drive(self, ctx: Any) -> Any:
        """The value."""
        return self._given(await drive(resolve_point(self._point, ctx, Session(self._session, sync=False))))

    def _given(self, value: Any) -> Any:
        if value is not MISSING:
            return value
        return None if self._point.default is EMPTY else self._point.default


class Refusal:
    """Raises for a factory that turned out to be asynchronous in a synchronous plan."""

    def __init__(self, path: str, frame: Any) -> None:
        self._path, self._key = path, frame.key

    def __call__(self, awaitable: Any) -> None:
        """Drop it and raise."""
        discard(awaitable)
        raise AsyncValueError(
            f"The value of {self._key!r} is asynchronous: use `await get(...)` instead of get_sync.",
            key=self._key,
            path=self._path,
        )


def run_steps(steps: Any) -> Any:
    """Run steps of a synchronous session to their end."""
    try:
        steps.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("a synchronous resolution must not yield")


def note_from_line(error: Exception, paths: dict[int, str]) -> None:
    """Put the path of the resolution on a user's exception, found by the line of the plan where it came out."""
    trace = error.__traceback__
    path = paths.get(trace.tb_lineno, "") if trace is not None else ""
    if isinstance(error, ContextError):
        error.with_path(path)
    elif path and not any(note.startswith("Resolution path: ") for note in getattr(error, "__notes__", ())):
        error.add_note(f"Resolution path: {path}")
