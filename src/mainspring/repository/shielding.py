"""Clean-up that a cancellation must not interrupt: it is finished first, then the cancellation goes on."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["finish"]

T = TypeVar("T")


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
