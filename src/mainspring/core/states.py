"""States of an application and the operations that move it through them, one at a time.

Everything about "what is under way, who waits for it, who is told" lives here; what an operation does is handed in as a
coroutine. An operation runs in a task of its own, so that any number of callers can wait for it and none of them owns
it: cancelling one caller cancels its waiting, cancelling the last one cancels the operation.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any

from mainspring.context.bindings import check_listener
from mainspring.context.events import check_event
from mainspring.core.errors import InvalidStateError

__all__ = ["STATES", "Operation", "StateListener", "StateMachine", "Variables", "settle"]

logger = logging.getLogger(__name__)

#: Every state there is, in the order a life goes through them. One in ``ing`` means that an operation is under way.
STATES = (
    "created",
    "booting",
    "booted",
    "initializing",
    "initialized",
    "starting",
    "started",
    "stopping",
    "stopped",
)

STATE_CHANGED = "state_changed"
STATE_EVENTS = (STATE_CHANGED, *STATES)

StateListener = Callable[[str, str], Any]

# The operations the running code belongs to: an observer that awaits one of them would wait for itself.
_inside: ContextVar[tuple["Operation", ...]] = ContextVar("mainspring.core.inside", default=())


async def settle(tasks: Iterable["asyncio.Task[Any]"]) -> bool:
    """Wait until every task has ended, whatever happens; each cancellation of the waiter is passed on to them.

    Returns:
        Whether the waiter was cancelled meanwhile.
    """
    cancelled = False
    tasks = list(tasks)
    while pending := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(pending)
        except asyncio.CancelledError:
            cancelled = True
            for task in pending:
                task.cancel()
    return cancelled


class Operation:
    """One run of an operation.

    Attributes:
        name: ``init``, ``start``, ``stop``, ``boot``.
        task: The task that does the work.
        is_kept: Whether it goes on when nobody waits for it any more.
    """

    __slots__ = ("_abandoned", "_delivered", "_leaving", "_waiters", "is_kept", "name", "task")

    def __init__(
        self, name: str, body: Coroutine[Any, Any, None], abandoned: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self.name = name
        self.is_kept = False
        self._abandoned = abandoned
        self._delivered = False
        self._leaving: SystemExit | KeyboardInterrupt | None = None
        self._waiters = 0
        token = _inside.set((*_inside.get(), self))
        try:
            self.task = asyncio.get_running_loop().create_task(self._run(body), name=f"{name} the application")
        finally:
            _inside.reset(token)

    async def _run(self, body: Coroutine[Any, Any, None]) -> None:
        # A task lets these two out through the event loop at once: who waits would see a cancellation in their place.
        try:
            await body
        except (SystemExit, KeyboardInterrupt) as leaving:
            self._leaving = leaving

    @property
    def is_awaited_from_within(self) -> bool:
        """Whether the running code is part of this operation."""
        return self in _inside.get()

    async def wait(self) -> None:
        """Wait for the end; every waiter gets the same exception object.

        Raises:
            asyncio.CancelledError: The waiter was cancelled; if it was the last one, the operation was as well, and
                has ended by now.
        """
        self._waiters += 1
        try:
            await asyncio.wait([self.task])
        except asyncio.CancelledError:
            if self._waiters == 1 and not self.is_kept:
                await self._give_up()
            raise
        finally:
            self._waiters -= 1
        self._delivered = True
        self._outcome()

    def _outcome(self) -> None:
        if self._leaving is not None:
            raise self._leaving
        self.task.result()

    async def _give_up(self) -> None:
        """Nobody waits any more: end the operation, or undo what just ended well without anybody hearing of it."""
        if not self.task.done():
            self.task.cancel()
            await settle([self.task])
        if self.task.cancelled():
            return
        if self._leaving is not None:
            raise self._leaving
        error = self.task.exception()
        if error is not None:
            logger.debug("A cancelled %s ended with %r.", self.name, error)
        elif self._abandoned is not None and not self._delivered:
            await self._abandoned()


class Variables:
    """Context variables that one operation sets and the next one sees, although each runs in a task of its own."""

    def __init__(self) -> None:
        self._changed: dict[ContextVar[Any], Any] = {}

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note what the code inside sets."""
        before = copy_context()
        yield
        after = copy_context().items()
        self._changed = {variable: value for variable, value in after if before.get(variable, _inside) is not value}

    def restore(self) -> None:
        """Set what was noted."""
        for variable, value in self._changed.items():
            variable.set(value)


class StateMachine:
    """The state, who listens to its changes, and the operations under way.

    Attributes:
        state: The state now.
    """

    def __init__(self) -> None:
        self.state = STATES[0]
        self._listeners: dict[str, list[StateListener]] = {}
        self._under_way: dict[str, Operation] = {}

    # Listeners

    @staticmethod
    def is_event(event: str) -> bool:
        """Whether listeners of this name are the state machine's.

        Raises:
            ValueError: They are not the context's either.
        """
        check_event(event, STATE_EVENTS)
        return event in STATE_EVENTS

    def on(self, event: str, listener: StateListener) -> None:
        """Call ``listener(old, new)`` at every transition (``state_changed``) or at those into one state."""
        check_listener(listener)
        self._listeners[event] = [*self._listeners.get(event, ()), listener]

    def off(self, event: str, listener: StateListener) -> bool:
        """Take away one registration; whether there was one."""
        listeners = list(self._listeners.get(event, ()))
        if listener not in listeners:
            return False
        listeners.remove(listener)
        self._listeners[event] = listeners
        return True

    def forget_listeners(self) -> None:
        """Drop every listener."""
        self._listeners.clear()

    def move(self, new: str) -> None:
        """Change the state and tell; a listener that raises disturbs neither the transition nor the others."""
        old, self.state = self.state, new
        for listener in (*self._listeners.get(STATE_CHANGED, ()), *self._listeners.get(new, ())):
            try:
                listener(old, new)
            except Exception:
                logger.exception("A listener of the change from %s to %s failed.", old, new)

    # Operations

    def under_way(self, name: str) -> Operation | None:
        """The operation of that name that is under way."""
        return self._under_way.get(name)

    def begin(
        self, name: str, body: Coroutine[Any, Any, None], abandoned: Callable[[], Awaitable[None]] | None = None
    ) -> Operation:
        """Run a coroutine as the operation of that name. Its last act is ``finish``."""
        operation = self._under_way[name] = Operation(name, body, abandoned)
        return operation

    def finish(self, name: str, state: str) -> None:
        """The operation is over: nobody joins it any more, and the state is its outcome."""
        self.drop(name)
        self.move(state)

    def drop(self, name: str) -> None:
        """The operation is over without a state of its own."""
        self._under_way.pop(name, None)

    async def join(self, operation: Operation) -> None:
        """Wait for an operation under way.

        Raises:
            InvalidStateError: The caller is part of it.
        """
        if operation.is_awaited_from_within:
            raise self.refusal(
                operation.name, reason="An observer that awaits the operation it is called from would wait for itself."
            )
        await operation.wait()

    def refusal(self, name: str, valid: Iterable[str] = (), reason: str = "") -> InvalidStateError:
        """The error of an operation that the state does not allow."""
        return InvalidStateError(name, self.state, tuple(valid), reason)
