"""Setting kept values aside and putting them back: what was made with one binding does not answer for another one."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from mainspring.context.bindings import Binding
from mainspring.context.resolving import MISSING

__all__ = ["KeptValue", "dispose_kept", "drop_kept", "has_kept", "put_back", "release", "set_aside"]


class KeptValue(NamedTuple):
    """A value that a context kept for a binding.

    Attributes:
        context: The context.
        binding: The binding.
        epoch: The time of the binding it was made in.
        value: The value.
    """

    context: Any
    binding: Binding[Any]
    epoch: object
    value: Any


def set_aside(ctx: Any, binding: Binding[Any]) -> KeptValue | None:
    """Take the value that a context keeps for a binding out of it, without disposing of it; ``None`` without one.

    A value that is being made is not kept when it is there: who waits for it gets it, who asks next a new one.
    """
    with ctx._lock:
        value = ctx._kept.get(binding.epoch, MISSING)
        is_made = ctx._pending is not None and binding in ctx._pending
        if value is MISSING and not is_made:
            return None
        ctx._drop_value(binding)
        ctx._touch()
        return None if value is MISSING else KeptValue(ctx, binding, binding.epoch, value)


def drop_kept(ctx: Any, binding: Binding[Any]) -> None:
    """Forget the value that a context keeps for a binding; its clean-up runs when the context closes, as ever."""
    set_aside(ctx, binding)


def put_back(kept: KeptValue) -> bool:
    """Let the context keep the value again; whether it does: not when the binding got another source meanwhile."""
    ctx, binding, epoch, value = kept
    with ctx._lock:
        if binding.epoch is not epoch:
            return False
        ctx._drop_value(binding)
        ctx._kept[epoch] = value
        ctx._touch()
        return True


def has_kept(ctx: Any, binding: Binding[Any]) -> bool:
    """Whether a context keeps a value for a binding."""
    return ctx.kept_value(binding) is not MISSING


async def release(ctx: Any, binding: Binding[Any]) -> None:
    """Let a context dispose of the value it keeps for a binding: the next who asks gets a new one.

    Raises:
        Exception: What the clean-up raised; the value is forgotten all the same.
    """
    drop_kept(ctx, binding)
    for cleanup in ctx.take_cleanups(binding.epoch):
        await cleanup.run()


async def dispose_kept(ctx: Any, dispose: Callable[[Any], Awaitable[None]]) -> list[Exception]:
    """Let a context dispose of all it keeps, last made first: by clean-ups, and by a function of other values.

    Returns:
        What went wrong, in order; it robs no other value of its turn.
    """
    failures: list[Exception] = []
    for epoch, value in reversed(list(ctx._kept.items())):
        cleanups = ctx.take_cleanups(epoch)
        steps = [cleanup.run() for cleanup in cleanups] if cleanups else [dispose(value)]
        for step in steps:
            try:
                await step
            except Exception as error:
                failures.append(error)
    return failures
