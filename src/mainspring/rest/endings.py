"""Work at the end of a request, whatever became of it."""

from collections.abc import Awaitable, Callable

__all__ = ["Ending"]


class Ending:
    """Given to ``ctx.after_response``, it runs after all other work that follows the response, also of a failed one.

    What was made for the request is still there then.

    Args:
        function: What is to be done.
    """

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[], Awaitable[None]]) -> None:
        self._function = function

    async def __call__(self) -> None:
        """Do it."""
        await self._function()
