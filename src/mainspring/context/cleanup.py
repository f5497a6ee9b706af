"""What a context has to undo when it closes: the second halves of generators, last created first."""

import asyncio
import warnings
from collections.abc import AsyncGenerator, Generator
from typing import Any

from mainspring.context.bindings import Binding
from mainspring.context.errors import AsyncValueError, ResolutionError

__all__ = ["Cleanup", "CleanupStack", "Closing"]


class Cleanup:
    """The rest of one generator.

    Attributes:
        binding: The binding whose value it made.
        generator: Plain or asynchronous, suspended at its ``yield``.
    """

    __slots__ = ("binding", "generator", "is_async", "loop")

    def __init__(self, binding: Binding[Any], generator: "Generator[Any, Any, Any] | AsyncGenerator[Any, Any]") -> None:
        self.binding = binding
        self.generator: Any = generator
        self.is_async = isinstance(generator, AsyncGenerator)
        self.loop = asyncio.get_running_loop() if self.is_async else None

    @property
    def key(self) -> str:
        """The key of the binding."""
        return self.binding.key

    def run_sync(self) -> None:
        """Resume the plain generator; it must end."""
        try:
            next(self.generator)
        except StopIteration:
            return
        self.generator.close()
        raise self._yielded_twice()

    async def run(self) -> None:
        """Resume the generator; it must end."""
        if not self.is_async:
            self.run_sync()
        elif self.loop is None or self.loop.is_closed():
            self._drop()
        else:
            try:
                await anext(self.generator)
            except StopAsyncIteration:
                return
            await self.generator.aclose()
            raise self._yielded_twice()

    def _drop(self) -> None:
        warnings.warn(
            f"The clean-up of {self.key!r} belongs to an event loop that is gone; it was dropped, not awaited.",
            ResourceWarning,
            stacklevel=2,
        )
        try:
            self.generator.aclose().send(None)
        except (StopIteration, GeneratorExit, RuntimeError):  # it ended, or wanted to wait: nobody can
            return

    def _yielded_twice(self) -> ResolutionError:
        return ResolutionError(
            f"The generator that made {self.key!r} yielded twice: it yields its value once, what follows is clean-up.",
            key=self.key,
        )


class Closing:
    """A close under way: others wait for it, but not its own clean-ups."""

    __slots__ = ("_ended", "_task")

    def __init__(self) -> None:
        self._task = asyncio.current_task()
        self._ended = asyncio.get_running_loop().create_future()

    async def wait(self) -> None:
        """Wait for the end; at once inside the close itself, or in another loop, where nobody could tell."""
        if asyncio.current_task() is not self._task and self._ended.get_loop() is asyncio.get_running_loop():
            await asyncio.wait([self._ended])

    def end(self) -> None:
        """Let the others go on."""
        self._ended.set_result(None)


class CleanupStack:
    """The clean-ups of one context. Dropped with asynchronous ones pending, it says so."""

    __slots__ = ("_items", "_owner")

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._items: list[Cleanup] = []

    def __len__(self) -> int:
        return len(self._items)

    @property
    def bindings(self) -> list[Binding[Any]]:
        """The bindings whose values have clean-up here."""
        return [item.binding for item in self._items]

    def add(self, cleanup: Cleanup) -> None:
        """Put one on top."""
        self._items.append(cleanup)

    def take(self, epoch: object) -> list[Cleanup]:
        """Take out those of a binding in an epoch of it, last first."""
        taken = [item for item in reversed(self._items) if item.binding.epoch is epoch]
        self._items = [item for item in self._items if item.binding.epoch is not epoch]
        return taken

    def check_sync(self) -> None:
        """Refuse when something must be awaited.

        Raises:
            AsyncValueError: An asynchronous clean-up is pending.
        """
        pending = [item.key for item in self._items if item.is_async]
        if pending:
            raise AsyncValueError(
                f"Context {self._owner} has asynchronous clean-up pending ({', '.join(pending)}): await close().",
                key=pending[-1],
            )

    def run_sync(self) -> None:
        """Run all, last first; errors are raised at the end."""
        errors: list[BaseException] = []
        while self._items:
            try:
                self._items.pop().run_sync()
            except BaseException as error:  # one failure robs no other of its turn
                errors.append(error)
        _raise_all(self._owner, errors)

    async def run(self) -> None:
        """Run all, last first, one after another; errors and a cancellation are raised at the end."""
        errors: list[BaseException] = []
        while self._items:
            try:
                await self._items.pop().run()
            except BaseException as error:  # cancellation too: what is left still has to run
                errors.append(error)
        _raise_all(self._owner, errors)

    def __del__(self) -> None:
        if any(item.is_async for item in getattr(self, "_items", ())):
            keys = ", ".join(item.key for item in self._items if item.is_async)
            warnings.warn(
                f"Context {self._owner} was dropped with clean-up pending ({keys}): await its close().",
                ResourceWarning,
                stacklevel=2,
            )


def _raise_all(owner: str, errors: list[BaseException]) -> None:
    fatal = next((error for error in errors if not isinstance(error, Exception)), None)
    if fatal is not None:
        for error in errors:
            if error is not fatal:
                fatal.add_note(f"and, while closing context {owner}: {error!r}")
        raise fatal
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ExceptionGroup(
            f"Several clean-ups of context {owner} failed.", [error for error in errors if isinstance(error, Exception)]
        )
