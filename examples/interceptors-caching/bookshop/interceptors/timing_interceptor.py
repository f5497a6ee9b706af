"""How long calls take."""

import time
from typing import Any

from mainspring import InvocationContext, Next, Response
from mainspring.context import global_interceptor
from mainspring.core import ContextTags

__all__ = ["take_time"]


@global_interceptor("timing", tags={ContextTags.GLOBAL_INTERCEPTOR_SOURCE: "route"})
async def take_time(invocation: InvocationContext, next: Next) -> Any:
    """Say in ``Server-Timing`` how many milliseconds the call took, whoever answered it."""
    began = time.perf_counter()
    result = await next()
    response: Response[Any] = await invocation.get(Response)
    response.headers["Server-Timing"] = f"call;dur={(time.perf_counter() - began) * 1000:.1f}"
    return result
