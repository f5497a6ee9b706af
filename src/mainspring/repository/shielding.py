"""Clean-up that a cancellation must not interrupt: it is finished first, then the cancellation goes on."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["cancellations", "finish", "wait_together"]

T = TypeVar("T")


def cancellations() -> int:
    """How often the cancellation of the running task was asked for.

    `asyncio.wait_for` of CPython 3.11, by which a driver may connect, loses one that comes when it is ready: who finds
    more than before has to raise it.
    """
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


async def wait_together(task: "asyncio.Task[Any]", waiting: set[object]) -> bool:
    """Wait for a task that several wait for; the last of them that is cancelled cancels it, and sees it end.

    Args:
        task: The task.
        waiting: Who waits for it; the same set for all.

    Returns:
        Whether it ran to its end; if not, all that began it were cancelled, and who came late has to begin it anew.
    """
    me, caller = object(), asyncio.current_task()
    waiting.add(me)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        if caller is None or not caller.cancelling():
            return False
        if waiting == {me}:
            task.cancel()
            await asyncio.wait([task])
        raise
    finally:
        waiting.discard(me)
    return True


async def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, whatever happens to the caller; then let a cancellation of the caller take effect."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.done() and task.cancelled():
                raise
            cancelled = error
        except Exception:
            break  # it is raised below, from the task itself
    if cancelled is not None:
        if not task.cancelled() and task.exception() is not None:
            cancelled.add_note(f"and, while finishing: {task.exception()!r}")
        raise cancelled
    return task.result()
