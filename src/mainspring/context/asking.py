"""Asking a context for what has no key: the parameters of a call, together, or a binding itself.

As with keys, a plan answers what is asked again, and the interpreter whatever has none.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from mainspring.context.bindings import Binding
from mainspring.context.creations import Steps, drive
from mainspring.context.injection import EMPTY, InjectionPoint
from mainspring.context.plans import StalePlan
from mainspring.context.resolving import MISSING, resolve_point
from mainspring.context.sessions import CALLING, Session, calling_session

__all__ = ["ask", "bound", "injected"]

Points = tuple[InjectionPoint, ...]


async def injected(ctx: Any, points: Points) -> dict[str, Any]:
    """The values of parameters by their names. One that is absent has its own default, if only by being left out.

    Raises:
        KeyNotBoundError: Nothing is bound for one that is not optional.
        ResolutionError: A value cannot be made.
    """
    if not points:
        return {}
    found: dict[str, Any] = await ask(ctx, points, partial(_given, ctx, points))
    return found


def _given(ctx: Any, points: Points, session: Session) -> Steps:
    found: dict[str, Any] = {}
    for point in points:
        value = yield from resolve_point(point, ctx, session)
        if value is not MISSING:
            found[str(point.parameter)] = value
        elif point.default is EMPTY:
            found[str(point.parameter)] = None
    return found


async def bound(ctx: Any, binding: Binding[Any], steps: Callable[[Session], Steps]) -> Any:
    """The value of a binding itself."""
    holder = ctx.holder_of(binding)
    if holder is ctx or not holder.shape().is_exclusive:  # a plan of what comes and goes would not be used again
        return await drive(steps(Session.begin(sync=False)))
    return await ask(ctx, binding, steps)


async def ask(ctx: Any, what: Points | Binding[Any], steps: Callable[[Session], Steps]) -> Any:
    """What a plan gives, else what the steps give in a new session."""
    shape = ctx.shape()
    is_first = CALLING.get() is None or calling_session() is None
    if is_first:
        try:
            plan = shape.plans.get(what)
            if plan is not None:
                return plan(ctx)
            plan = shape.async_plans.get(what)
            if plan is not None:
                return await plan(ctx)
        except (RecursionError, StalePlan):  # a factory asks for itself: the interpreter draws the ring
            pass
    counts = ctx.change_counts()
    value = await drive(steps(Session.begin(sync=False)))
    if is_first and counts == ctx.change_counts():
        ctx._asked_for(what, awaiting=True)
    return value
