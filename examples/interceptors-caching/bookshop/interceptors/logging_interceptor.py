"""Notes which calls really happen."""

from typing import Any

from mainspring import InvocationContext, Next

from ..services.call_log_service import CallLog

__all__ = ["log_call"]


async def log_call(invocation: InvocationContext, next: Next) -> Any:
    """Note a call. ``@intercept(log_call)`` on a class puts it inside of the global ones: it sees no hit."""
    log = await invocation.get(CallLog)
    log.append(invocation.target_name)
    return await next()
