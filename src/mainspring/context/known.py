"""Values that a context gives whoever asks in a context below it: found there once, before anybody asks."""

from collections.abc import Callable
from typing import Any, NamedTuple

from mainspring.context.bindings import Binding
from mainspring.context.compiling import compile_plan
from mainspring.context.plans import StalePlan

__all__ = ["KnownValue", "known_value"]


class KnownValue(NamedTuple):
    """How a context gives a value, for contexts below it in which nothing is bound that could shadow any of it.

    Attributes:
        what: The key, or the binding itself.
        owner: The context; whoever keeps this sees to it that it is not used after a change there or above.
        make: Gives the value, called with the owner.
        awaits: Whether that is to be awaited.
    """

    what: str | Binding[Any]
    owner: Any
    make: Callable[[Any], Any]
    awaits: bool

    async def load(self, ctx: Any) -> Any:
        """The value, in a context below the owner, all of them brief ones."""
        level = ctx
        while level is not self.owner:
            if level.has_bindings:
                return await self._asked_for(ctx)
            level = level.parent
        try:
            found = self.make(self.owner)
            return await found if self.awaits else found
        except StalePlan:  # a factory gave something else than it did before
            return await self._asked_for(ctx)

    async def _asked_for(self, ctx: Any) -> Any:
        what = self.what
        return await (ctx.get(what) if isinstance(what, str) else ctx.resolve_binding(what))


def known_value(owner: Any, what: str | Binding[Any]) -> KnownValue | None:
    """How a context gives a value; ``None`` when it has to be interpreted."""
    plan = compile_plan(owner, what, awaiting=True)
    return None if plan is None else KnownValue(what, owner, plan.function, plan.kind == "async")
