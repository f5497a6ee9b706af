"""When a statement outside a transaction is sent again by itself: nothing was done, and it may well succeed now."""

import asyncio
from random import uniform

from mainspring.repository.sql.dialects import Failure

__all__ = ["may_succeed_again", "pause_before"]

#: How often a statement loses a deadlock before its caller is told.
_DEADLOCKS = 5

#: Plans of the database are out of date in as many connections as were open when the schema changed.
_STALE_PLANS = 3

#: Seconds before the first repetition; doubled each time, with some chance, so that two do not meet again.
_PAUSE = 0.01


def may_succeed_again(failure: Failure, attempt: int, *, write: bool) -> bool:
    """Whether to send it again.

    Args:
        failure: Why it failed.
        attempt: How often it was repeated already.
        write: Whether it writes: then it may have been done before the connection was lost.
    """
    if failure.kind == "lost":
        return not write and attempt == 0
    most = {"serialization": _DEADLOCKS, "stale": _STALE_PLANS}.get(failure.kind, 0)
    return attempt < most


async def pause_before(attempt: int) -> None:
    """Wait a little; longer each time."""
    await asyncio.sleep(uniform(0.5, 1.0) * _PAUSE * 2**attempt)
