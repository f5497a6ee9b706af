"""Who may use a connection, in the order of asking. A cancelled waiter leaves no hole in the row."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

__all__ = ["Gate"]


class Gate:
    """Lets a number of tasks in at a time.

    Args:
        size: How many.
        timeout: Seconds that a task waits at most; ``None``: for ever.
        on_timeout: Makes the error.
    """

    def __init__(self, size: int, timeout: float | None, on_timeout: Callable[[], Exception]) -> None:
        self.size = size
        self.inside = 0
        self.waiting = 0
        self._semaphore = asyncio.Semaphore(size)
        self._timeout, self._on_timeout = timeout, on_timeout

    async def enter(self) -> None:
        """Wait for a place.

        Raises:
            Exception: What ``on_timeout`` makes, when there was none in time.
        """
        if not self._semaphore.locked():
            await self._semaphore.acquire()  # does not wait
        else:
            self.waiting += 1
            try:
                async with asyncio.timeout(self._timeout):
                    await self._semaphore.acquire()
            except TimeoutError:
                raise self._on_timeout() from None
            finally:
                self.waiting -= 1
        self.inside += 1

    def leave(self) -> None:
        """Give the place back."""
        self.inside -= 1
        self._semaphore.release()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place for the length of a block."""
        await self.enter()
        try:
            yield
        finally:
            self.leave()
