"""A generator that yields once, with both halves in one task.

Whatever spans the ``yield`` (a task group, a timeout, a cancel scope) is entered and left by the same task, as such
things demand. The task lives between ``open`` and ``close``.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from mainspring.core.states import settle

__all__ = ["Span"]

FailureListener = Callable[[BaseException | None], Any]


class Span:
    """One run of a generator.

    Args:
        name: For messages and the name of the task.
        make: Gives the generator, plain or asynchronous, its arguments injected.
        on_end: Called when the generator ends between ``open`` and ``close``: with its error, or ``None``.
    """

    __slots__ = ("_ask", "_make", "_on_end", "_opened", "_task", "name")

    def __init__(self, name: str, make: Callable[[], Awaitable[Any]], on_end: FailureListener | None = None) -> None:
        self.name = name
        self._make = make
        self._on_end = on_end
        self._task: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the first half ran and the second did not begin."""
        return self._task is not None and not self._task.done() and self._opened.done()

    async def open(self) -> Any:
        """Run the first half; the value it yielded.

        Raises:
            Exception: What the first half raised.
            RuntimeError: It ended without a ``yield``.
        """
        loop = asyncio.get_running_loop()
        self._ask = asyncio.Event()
        self._opened: asyncio.Future[Any] = loop.create_future()
        self._task = loop.create_task(self._live(), name=f"span of {self.name}")
        self._task.add_done_callback(self._ended)
        try:
            await asyncio.wait([self._task, self._opened], return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await self._abandon(self._task)
            raise
        if not self._opened.done():
            await self._task  # it ended before its yield: its error is the news
        return self._opened.result()

    async def close(self) -> None:
        """Run the second half; nothing when it is not open.

        Raises:
            Exception: What the second half raised, or what ended it early.
        """
        task, self._task = self._task, None
        if task is None:
            return
        self._ask.set()
        if await settle([task]):
            if not task.cancelled():
                task.exception()  # seen: the cancellation is what is told
            raise asyncio.CancelledError
        task.result()

    async def _abandon(self, task: "asyncio.Task[None]") -> None:
        self._task = None
        if self._opened.done():
            self._ask.set()
        else:
            task.cancel()
        await settle([task])
        if not task.cancelled():
            task.exception()  # seen: the cancellation is what is told

    async def _live(self) -> None:
        generator = await self._make()
        value = await self._advance(generator)
        self._opened.set_result(value)
        try:
            await self._ask.wait()
        except asyncio.CancelledError as cancelled:
            # Not ours: a task group or timeout that spans the yield cancels its task. It must see it to say why.
            await self._throw(generator, cancelled)
        else:
            await self._finish(generator)

    async def _advance(self, generator: Any) -> Any:
        try:
            return await anext(generator) if inspect.isasyncgen(generator) else next(generator)
        except (StopIteration, StopAsyncIteration):
            raise RuntimeError(f"The generator {self.name!r} ended without a yield: it must yield once.") from None

    async def _finish(self, generator: Any) -> None:
        try:
            await anext(generator) if inspect.isasyncgen(generator) else next(generator)
        except (StopIteration, StopAsyncIteration):
            return
        await self._dispose(generator)
        raise RuntimeError(f"The generator {self.name!r} yielded twice: what follows the yield is the end.")

    async def _throw(self, generator: Any, error: BaseException) -> None:
        try:
            if inspect.isasyncgen(generator):
                await generator.athrow(error)
            else:
                generator.throw(error)
        except (StopIteration, StopAsyncIteration):
            return
        await self._dispose(generator)
        raise RuntimeError(f"The generator {self.name!r} yielded again after it was cancelled.")

    async def _dispose(self, generator: Any) -> None:
        if inspect.isasyncgen(generator):
            await generator.aclose()
        else:
            generator.close()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        early = self._opened.done() and not self._ask.is_set()
        error = None if task.cancelled() else task.exception()
        if early and self._on_end is not None:
            self._on_end(error)
