"""Values of keeping scopes are created once, however many ask at a time.

A creation begins in the thread and task of the first who asks. As soon as it has to wait, it becomes a task of its own,
so that nobody's cancellation spoils it for the others; it is cancelled when nobody waits for it any more. Who waits for
whom is known, so that a ring of waiting is an error instead of silence. A ring through a task that a factory starts by
itself and waits for (with ``gather``, say) cannot be known: it is told in the log after a while.
"""

import asyncio
import contextvars
import logging
import threading
from collections.abc import Awaitable, Coroutine, Generator
from typing import Any

from mainspring.context.bindings import Binding
from mainspring.context.errors import CircularDependencyError
from mainspring.context.sessions import ARROW, CALLING, Session, circular

__all__ = ["Creation", "Deferred", "Steps", "discard", "drive"]

logger = logging.getLogger("mainspring.context")

#: Seconds. A task may wait for the creation that started it, if the factory does not wait for the task. Which of the
#: two it is, nobody can tell from outside; after this long it is worth a line in the log.
DOUBT_AFTER = 5.0

#: What resolution is written as: a generator that yields what must be awaited and returns the value.
Steps = Generator[Awaitable[Any], Any, Any]

# Guards the thread side of "who waits for whom". Waiting itself happens outside of it.
_waiting_lock = threading.Lock()
_waiting_threads: dict[int, "Creation"] = {}


async def drive(steps: Steps, first: Awaitable[Any] | None = None) -> Any:
    """Run steps to their end, awaiting what they yield. ``first`` was yielded already."""
    try:
        awaitable = first if first is not None else steps.send(None)
        while True:
            try:
                value = await awaitable
            except BaseException as error:  # the steps see it where they asked, cancellation included
                awaitable = steps.throw(error)
            else:
                awaitable = steps.send(value)
    except StopIteration as stop:
        return stop.value


class Deferred:
    """An awaitable that starts nothing before it is awaited."""

    __slots__ = ()

    def close(self) -> None:
        """Drop it without awaiting."""


def discard(awaitable: Any) -> None:
    """Drop something awaitable without a "never awaited" warning; of what is no coroutine nothing is called."""
    if isinstance(awaitable, Coroutine | Deferred):
        awaitable.close()
    elif isinstance(awaitable, asyncio.Future):
        awaitable.cancel()


class Creation:
    """One value of a keeping scope while it is being made."""

    __slots__ = (
        "_failure",
        "_first",
        "_has_ended",
        "_started",
        "_steps",
        "_value",
        "_waiters",
        "binding",
        "epoch",
        "finished",
        "holder",
        "loop",
        "task",
        "thread",
        "waiting_on",
    )

    def __init__(self, binding: Binding[Any], holder: Any) -> None:
        self.binding = binding
        self.holder = holder
        self.epoch = binding.epoch
        self.thread = threading.get_ident()
        self.finished: threading.Event | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.task: asyncio.Task[Any] | None = None
        self.waiting_on: Creation | None = None
        self._waiters = 0
        self._started = False
        self._has_ended = False
        self._value: Any = None
        self._failure: Exception | None = None

    # In a thread

    def ended(self, value: Any, failure: BaseException | None = None) -> None:
        """Note how it ended, for the threads that wait. What stopped its thread is no failure of the value."""
        if failure is None or isinstance(failure, Exception):
            self._value, self._failure, self._has_ended = value, failure, True

    def outcome(self, otherwise: Any) -> Any:
        """The value it ended with, ``otherwise`` while it did not.

        Raises:
            Exception: What it failed with.
        """
        if self._failure is not None:
            raise self._failure
        return self._value if self._has_ended else otherwise

    def wait_in_thread(self, session: Session) -> None:
        """Block until the creation, under way in another thread, has ended or became a task.

        Raises:
            CircularDependencyError: That thread waits, directly or not, for one of this thread's creations.
        """
        me = threading.get_ident()
        with _waiting_lock:
            if self.finished is None:
                self.finished = threading.Event()
            event = self.finished
            other: Creation | None = self
            # A thread whose event is set waits no more, it only has not run yet.
            while other is not None and other.task is None and not (other.finished and other.finished.is_set()):
                if other.thread == me:
                    raise circular([*session.path_words(), self.binding.key], self.binding.key)
                other = _waiting_threads.get(other.thread)
            if self.holder.pending_creation(self.binding) is not self or self.task is not None:
                return
            _waiting_threads[me] = self
        try:
            event.wait()
        finally:
            with _waiting_lock:
                _waiting_threads.pop(me, None)

    def release_threads(self) -> None:
        """Wake the threads that wait."""
        with _waiting_lock:
            if self.finished is not None:
                self.finished.set()

    # As a task

    def become_task(self, steps: Steps, first: Awaitable[Any]) -> None:
        """Go on as a task of the running loop, with the context variables of the caller."""
        self.loop = asyncio.get_running_loop()
        self._steps, self._first = steps, first
        variables = contextvars.copy_context()
        self.task = self.loop.create_task(self._run(), name=f"create {self.binding.key}", context=variables)
        self.task.add_done_callback(self._ended)
        self.release_threads()

    async def _run(self) -> Any:
        self._started = True
        return await drive(self._steps, self._first)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        if not self._started:  # cancelled before its first step: nobody else would close what it was to await
            discard(self._first)
            self._steps.close()
        kept = not task.cancelled() and task.exception() is None
        self.holder.settle_creation(self, task.result() if kept else None, kept=kept)

    def wait(self, session: Session) -> Awaitable[Any]:
        """Something to await that gives the value.

        Raises:
            CircularDependencyError: This creation waits, directly or not, for the one that asks.
        """
        return _Waiting(self, session.creation, session)

    async def result(self, asking: "Creation | None", session: Session) -> Any:
        """The value once it is there; the cancellation of one who waits is his alone unless he was the last."""
        assert self.task is not None
        if asking is not None:
            self._check_ring(asking, session)
            asking.waiting_on = self
        self._waiters += 1
        doubt = self.task.get_loop().call_later(DOUBT_AFTER, self._doubt, session) if self._is_inherited() else None
        try:
            return await asyncio.shield(self.task)
        except asyncio.CancelledError:
            if self._waiters == 1 and not self.task.done():
                self.holder.forget_creation(self)
                self.task.cancel()
                await asyncio.wait([self.task])  # its `finally` blocks are part of what was asked for
            raise
        finally:
            self._waiters -= 1
            if asking is not None:
                asking.waiting_on = None
            if doubt is not None:
                doubt.cancel()

    def _is_inherited(self) -> bool:
        """Whether the task that asks was started by the factory of this very creation."""
        inherited = CALLING.get()
        while inherited is not None and inherited.creation is not self:
            inherited = inherited.parent
        return inherited is not None

    def _doubt(self, session: Session) -> None:
        logger.warning(
            "%s: a task that the factory of %r started has waited %g s for that very value (%s). If the factory awaits "
            "the task, neither ever ends: inject a getter and call it later, or get the value outside of the factory.",
            self.holder.name,
            self.binding.key,
            DOUBT_AFTER,
            ARROW.join([*session.path_words(), self.binding.key]),
        )

    def _check_ring(self, asking: "Creation", session: Session) -> None:
        other: Creation | None = self
        ring = [self.binding.key]
        while other is not None:
            if other is asking:
                raise self._ring_error(ring, session)
            other = other.waiting_on
            if other is not None:
                ring.append(other.binding.key)

    def _ring_error(self, ring: list[str], session: Session) -> CircularDependencyError:
        return circular([*session.path_words(), *ring], self.binding.key)


class _Waiting(Deferred):
    """Waits for a creation."""

    __slots__ = ("_asking", "_creation", "_session")

    def __init__(self, creation: Creation, asking: Creation | None, session: Session) -> None:
        self._creation, self._asking, self._session = creation, asking, session

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._creation.result(self._asking, self._session).__await__()
