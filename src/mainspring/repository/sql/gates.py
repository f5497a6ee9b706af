"""Who may use a connection, in the order of asking. A cancelled waiter leaves no hole in the row."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import ExitStack, asynccontextmanager

__all__ = ["Gate", "keep_out"]


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

    async def enter_all(self) -> None:
        """Wait until nobody else has a place, and let nobody else have one.

        Raises:
            Exception: What ``on_timeout`` makes, when somebody stayed for too long.
        """
        taken = 0
        try:
            while taken < self.size:
                await self.enter()
                taken += 1
        except BaseException:
            for _ in range(taken):
                self.leave()
            raise

    def leave_all(self) -> None:
        """Give every place back."""
        for _ in range(self.size):
            self.leave()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place for the length of a block."""
        await self.enter()
        try:
            yield
        finally:
            self.leave()


async def keep_out(gates: Iterable[Gate]) -> Callable[[], None]:
    """Wait until nobody is inside of gates, one after the other, and let nobody in; gives what ends that.

    Raises:
        Exception: What ``on_timeout`` of one makes, when somebody stayed for too long.
    """
    with ExitStack() as entered:
        for gate in gates:
            await gate.enter_all()
            entered.callback(gate.leave_all)
        return entered.pop_all().close
