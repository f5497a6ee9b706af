"""``init``, ``start`` and ``stop`` of an application: what they do, in which order, and how they are undone.

    init    created|booted -> initializing -> [init of the observers] -> initialized
    start   (init if it has not been) -> starting -> [resources] -> [start of the observers] -> started
    stop    started|initialized -> stopping -> [stop of the observers] -> [resources closed] -> stopped

A start that has to initialize opens the resources before that, so that observers can have them injected. Whatever fails
is undone before the failure is told: then the way is ``... -> stopping -> stopped``. What stands in brackets is put in
its order by `steps`, to which an application may add.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Protocol

from mainspring.core.keys import CoreBindings
from mainspring.core.resources import Resources
from mainspring.core.states import Operation, StateMachine, Variables

__all__ = ["Lifecycle", "Registry"]

logger = logging.getLogger(__name__)

_BEFORE_INIT = ("created", "booted", "stopped")
_STARTABLE = ("created", "booted", "initialized", "stopped", "started")
_STOPPABLE = ("started", "initialized")
_NOTHING_TO_STOP = ("created", "booted", "stopped")


class Registry(Protocol):
    """What is bound at ``CoreBindings.LIFE_CYCLE_OBSERVER_REGISTRY``."""

    on_undo: Any
    notifying: Any

    async def init(self) -> None:
        """Notify ``init``."""

    async def start(self) -> None:
        """Notify ``start``."""

    async def stop(self) -> None:
        """Notify ``stop``."""


class Lifecycle:
    """Moves one application through its states.

    Attributes:
        machine: The states and the operations under way.
        resources: What is open while the application runs.
        failure: What stopped the application by itself and was not told to anybody yet.
        is_run: Whether ``run`` waits for the end: then a stop goes on although whoever asked for it was cancelled,
            be it by the stop itself.
    """

    def __init__(self, app: Any) -> None:
        self.machine = StateMachine()
        self.resources = Resources(app, self.span_ended)
        self.failure: BaseException | None = None
        self.is_run = False
        self._app = app
        self._variables = Variables()
        self._notifying: Iterable[str] = ()
        self._is_initialized = False
        self._are_observers_up = False
        self._early: list[BaseException] = []
        self._background: set[asyncio.Task[None]] = set()

    # init

    async def init(self) -> None:
        """See `Application.init`."""
        machine = self.machine
        operation = machine.under_way("init")
        if operation is None:
            if machine.state == "booting":
                raise machine.refusal("init", _BEFORE_INIT)
            if self._is_initialized or machine.state not in _BEFORE_INIT:
                return
            operation = self._begin_init(starts=False)
        await machine.join(operation)

    def _begin_init(self, *, starts: bool) -> Operation:
        self.machine.move("initializing")
        return self.machine.begin("init", self._init(starts))

    async def _init(self, starts: bool) -> None:
        try:
            with self._variables.noting():
                await self._app.run_init(self, starts=starts)
        except BaseException as error:
            await self._fail("init", error)
            raise
        self._is_initialized = True
        self.machine.finish("init", "initialized")
        if self.machine.under_way("start") is not None:  # at once: in between, anybody could stop it
            self.machine.move("starting")

    # start

    async def start(self) -> None:
        """See `Application.start`."""
        machine = self.machine
        initializing = machine.under_way("init")
        if initializing is not None and initializing.is_awaited_from_within:
            raise machine.refusal("start", reason="The caller is one of the observers being initialized.")
        operation = machine.under_way("start")
        if operation is None:
            if machine.state == "started":
                return
            if machine.under_way("stop") or machine.state == "booting":
                raise machine.refusal("start", _STARTABLE)
            operation = self._begin_start()
        await machine.join(operation)

    def _begin_start(self) -> Operation:
        machine = self.machine
        self.failure = None
        self._early.clear()
        initializing = machine.under_way("init")
        if initializing is None and not self._is_initialized:
            initializing = self._begin_init(starts=True)
        if initializing is None:
            machine.move("starting")
        return machine.begin("start", self._start(initializing), self.stop)

    async def _start(self, initializing: Operation | None) -> None:
        if initializing is not None:
            try:
                await initializing.wait()
            except BaseException as error:
                if self.machine.state == "starting":  # initialized in the very moment this was cancelled
                    await self._fail("start", error)
                else:
                    self.machine.drop("start")
                raise
        try:
            self._variables.restore()
            await self._app.run_start(self)
            if self._early:
                raise self._early[0]
        except BaseException as error:
            await self._fail("start", error)
            raise
        self.machine.finish("start", "started")

    # stop

    async def stop(self) -> None:
        """See `Application.stop`."""
        machine = self.machine
        operation = machine.under_way("stop")
        if operation is None:
            undoing = machine.under_way("start") or machine.under_way("init")
            if undoing is not None and machine.state == "stopping" and not undoing.is_awaited_from_within:
                await asyncio.wait(
                    [undoing.task]
                )  # a failed start is being undone: that is a stop, its error is not ours
                return
            if machine.state in _NOTHING_TO_STOP:
                return
            if undoing is not None or machine.state not in _STOPPABLE:
                raise machine.refusal("stop", _STOPPABLE)
            machine.move("stopping")
            operation = machine.begin("stop", self._stop())
            operation.is_kept = self.is_run
        await machine.join(operation)

    async def _stop(self) -> None:
        failures: list[BaseException] = []
        try:
            await self._app.run_stop(self)
        except BaseException as error:  # what is left still has to be closed
            failures.append(error)
        failures.extend(await self.resources.close())
        self._end("stop")
        raise_all(failures)

    def _end(self, operation: str) -> None:
        """Nothing runs any more."""
        self._are_observers_up = False
        if self._app.initializes_anew:
            self._is_initialized = False
        self.machine.finish(operation, "stopped")

    # The parts, for the steps

    async def open_resources(self) -> None:
        """Open the resources that are not open."""
        await self.resources.open()

    async def init_observers(self) -> None:
        """Notify ``init``; a failure was undone."""
        await (await self._registry()).init()
        self._are_observers_up = True

    async def start_observers(self) -> None:
        """Notify ``start``; a failure was undone."""
        registry = await self._registry()
        self._are_observers_up = False
        await registry.start()
        self._are_observers_up = True

    async def stop_observers(self) -> None:
        """Notify ``stop``."""
        self._are_observers_up = False
        await (await self._registry()).stop()

    # What goes wrong

    async def _fail(self, operation: str, error: BaseException) -> None:
        """End a failed operation: what the registry has not undone yet is undone here."""
        await self._begin_undoing(error)
        if self._are_observers_up:
            await self._undo(error, self.stop_observers)
        await self._undo(error, partial(self._app.after_undo, error))
        for failure in await self.resources.close():
            error.add_note(f"and, while closing what was open: {failure!r}")
            logger.error("A resource could not be closed after a failure.", exc_info=failure)
        self._end(operation)

    async def _begin_undoing(self, error: BaseException) -> None:
        if self.machine.state != "stopping":
            self.machine.move("stopping")
            await self._undo(error, partial(self._app.before_undo, error))

    async def _undo(self, error: BaseException, step: Callable[[], Awaitable[None]]) -> None:
        """A step of the undoing: the first failure is the news, what fails now is a footnote."""
        try:
            await step()
        except BaseException as failure:
            error.add_note(f"and, while undoing it: {failure!r}")
            logger.error("A part of a failed operation could not be undone.", exc_info=failure)

    async def _registry(self) -> Registry:
        registry: Registry = await self._app.get(CoreBindings.LIFE_CYCLE_OBSERVER_REGISTRY)
        registry.on_undo = self._begin_undoing
        self._notifying = registry.notifying
        return registry

    def busy(self) -> list[str]:
        """The keys of the observers being notified now, or of the resource being closed."""
        closing = self.resources.closing
        return [*self._notifying, *([closing] if closing is not None else [])]

    def span_ended(self, error: BaseException | None) -> None:
        """A resource or generator observer ended while the application runs: with its error the application stops."""
        if error is None:
            return
        if self.machine.state == "started":
            # Held here: a loop keeps no strong reference to its tasks.
            task = asyncio.get_running_loop().create_task(self._stop_after(error), name="stop the application")
            self._background.add(task)
            task.add_done_callback(self._background.discard)
        elif self.machine.under_way("start") is not None:
            self._early.append(error)

    async def _stop_after(self, error: BaseException) -> None:
        self.failure = error
        try:
            await self._app.stop()  # its own, perhaps overridden, stop
        except BaseException as failure:
            if failure is not error:
                error.add_note(f"and, while stopping: {failure!r}")
            if not isinstance(failure, Exception):
                raise

    async def leave(self, error: BaseException | None, *steps: Callable[[], Awaitable[None]]) -> None:
        """The end of ``async with``: each step, whatever fails; an error of the body stays the one that is raised.

        Raises:
            Exception: What failed, when the body did not.
        """
        failures: list[BaseException] = []
        for step in steps:
            try:
                await step()
            except BaseException as failed:  # what is left still has to be left
                failures.append(failed)
        early = self.take_failure()
        if early is not None and early not in failures:
            failures.insert(0, early)
        cancelled = any(isinstance(failure, asyncio.CancelledError) for failure in failures)
        if error is None or (cancelled and isinstance(error, Exception)):
            raise_all(failures)
        elif error is not None:
            for failure in failures:
                error.add_note(f"and, while stopping: {failure!r}")

    def take_failure(self) -> BaseException | None:
        """What stopped the application by itself; told once."""
        failure, self.failure = self.failure, None
        return failure


def raise_all(failures: list[BaseException]) -> None:
    """Raise a single failure as itself, several as a group in order of occurrence; a cancellation before all others."""
    flat: list[BaseException] = []
    for failure in failures:
        flat.extend(failure.exceptions if isinstance(failure, BaseExceptionGroup) and len(failures) > 1 else [failure])
    cancelled = next((error for error in flat if isinstance(error, asyncio.CancelledError)), None)
    if cancelled is not None:
        for error in flat:
            if error is not cancelled:
                cancelled.add_note(f"and, while stopping: {error!r}")
        raise cancelled
    if len(flat) == 1:
        raise flat[0]
    if flat:
        raise BaseExceptionGroup("Several parts of the application could not be stopped.", flat)
