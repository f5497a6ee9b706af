"""Notifying the observers of one group: in lanes that run side by side, each lane one observer after another.

A group that is notified in parallel has a lane for each observer; a serial group is one lane. Going up, the first
failure ends the whole; going down, everybody has a turn.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from mainspring.core.states import settle

__all__ = ["Failures", "Lanes", "Notify", "bring_down", "bring_up"]

T = TypeVar("T")

Lanes = Sequence[Sequence[T]]
Notify = Callable[[T], Awaitable[None]]


class Failures:
    """What went wrong, in order of occurrence, and whether the work was cancelled from outside."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        self.cancelled = False


async def bring_up(lanes: Lanes[T], notify: Notify[T]) -> None:
    """Notify all; one failure cancels those still under way and waits for them.

    Raises:
        BaseException: The first failure, the others as notes.
        asyncio.CancelledError: The caller was cancelled.
    """
    await _Up(lanes, notify).run()


class _Up(Generic[T]):
    def __init__(self, lanes: Lanes[T], notify: Notify[T]) -> None:
        self._notify = notify
        self._failures = Failures()
        self._ending = False
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._lane(lane)) for lane in lanes]

    async def run(self) -> None:
        try:
            await asyncio.wait(self._tasks)
        except asyncio.CancelledError:
            self._failures.cancelled = True
            self._end()
            await settle(self._tasks)
        self._report()

    async def _lane(self, lane: Sequence[T]) -> None:
        try:
            for item in lane:
                await self._notify(item)
        except asyncio.CancelledError as error:
            if not self._ending:
                self._fail(error)
        except (
            BaseException
        ) as error:  # also what is no Exception: it must not leave through the loop before the undoing
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self._failures.errors.append(error)
        if not self._ending:  # once: whoever is cleaning up must not be cancelled in the midst of it
            self._end()

    def _end(self) -> None:
        self._ending = True
        current = asyncio.current_task()
        for task in self._tasks:
            if task is not current:
                task.cancel()

    def _report(self) -> None:
        errors = self._failures.errors
        if self._failures.cancelled:
            errors = [asyncio.CancelledError(), *errors]
        if errors:
            for other in errors[1:]:
                errors[0].add_note(f"and, at the same time: {other!r}")
            raise errors[0]


async def bring_down(lanes: Lanes[T], notify: Notify[T], failures: Failures) -> None:
    """Notify all, even when some fail; what went wrong is added to ``failures``.

    Cancelling the caller cancels the notifications under way; those that wait for their turn still get it.
    """
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(_lane_down(lane, notify, failures)) for lane in lanes]
    try:
        await asyncio.wait(tasks)
    except asyncio.CancelledError:
        failures.cancelled = True
        for task in tasks:
            task.cancel()
        await settle(tasks)


async def _lane_down(lane: Sequence[T], notify: Notify[T], failures: Failures) -> None:
    current = asyncio.current_task()
    assert current is not None
    for item in lane:
        try:
            await notify(item)
        except asyncio.CancelledError as error:
            if not current.cancelling():
                failures.errors.append(error)
            while current.cancelling():  # the next one must not find itself cancelled
                current.uncancel()
        except BaseException as error:  # one failure robs no other of its turn
            failures.errors.append(error)
