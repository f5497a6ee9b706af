"""The registry of life cycle observers: who is notified, in which order, and what has been begun and must be ended.

It knows bindings and instances, nothing of the states of an application. What a start began is what the next stop ends.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Any

from mainspring.context import Binding, BindingScope, BindingType, Context, inject
from mainspring.core.calling import call_method
from mainspring.core.courses import Choice, Course, Observer
from mainspring.core.keys import CoreBindings
from mainspring.core.notifying import Failures, Lanes, Notify, bring_down, bring_up
from mainspring.core.observers import (
    FunctionObserver,
    GeneratorObserver,
    is_life_cycle_observer,
    life_cycle_observer_filter,
)
from mainspring.core.ordering import LifeCycleObserverGroup, LifeCycleObserverOptions, group_of, order_groups

__all__ = ["LifeCycleObserverRegistry"]

logger = logging.getLogger(__name__)

_FUNCTIONS = (FunctionObserver, GeneratorObserver)


class LifeCycleObserverRegistry:
    """Notifies the observers bound in a context (and above it).

    Args:
        context: The context whose observers are meant.

    Attributes:
        on_undo: Called with the error, and awaited, before a failed ``init`` or ``start`` is undone.
        notifying: The keys of the observers that are being notified, in order.
    """

    def __init__(self, context: Annotated[Context, inject.context()]) -> None:
        self.context = context
        self.on_undo: Callable[[BaseException], Awaitable[None]] | None = None
        self.notifying: dict[str, None] = {}
        self._ordered_groups: list[str] | None = None
        self._course: Course | None = None
        self._was_started = False
        # By the id of the instance: who had its `init` already. By the id of a transient binding: the one instance that
        # gets all three. Both are gone through at each operation, so that what is no longer bound is forgotten.
        self._known: dict[int, Observer] = {}
        self._transient: dict[int, Observer] = {}
        # What the bindings were made into, as long as the contexts count no change: a start follows its init.
        self._made: list[Observer] = []
        self._made_at: tuple[int, ...] | None = None

    # Order

    def set_ordered_groups(self, groups: Iterable[str]) -> None:
        """The groups that come last, in this order, from the next operation on."""
        self._ordered_groups = list(groups)

    def get_observer_groups_by_order(self) -> list[LifeCycleObserverGroup]:
        """The groups as they would be started now."""
        options = self._adjusted(self.context.get_sync(CoreBindings.LIFE_CYCLE_OBSERVER_OPTIONS, optional=True))
        grouped: dict[str, list[Binding[Any]]] = {}
        for binding in self.context.find(life_cycle_observer_filter):
            grouped.setdefault(group_of(binding, options.ordered_groups), []).append(binding)
        return [LifeCycleObserverGroup(name, grouped[name]) for name in order_groups(grouped, options)]

    async def _options(self) -> LifeCycleObserverOptions:
        return self._adjusted(await self.context.get(CoreBindings.LIFE_CYCLE_OBSERVER_OPTIONS, optional=True))

    def _adjusted(self, bound: Any) -> LifeCycleObserverOptions:
        options = LifeCycleObserverOptions.of(bound)
        if self._ordered_groups is None:
            return options
        return LifeCycleObserverOptions(self._ordered_groups, options.parallel, options.disabled_groups)

    # Operations

    async def init(self) -> None:
        """Notify ``init`` of those that did not have it yet. A failure stops, in reverse, those that had.

        Raises:
            Exception: What an observer raised, or what prevented one from being made.
        """
        self._was_started = False
        options, observers = await self._options(), await self._observers()
        if not any(map(_awaits_init, observers)):
            return
        course = Course(options, observers)
        try:
            for lanes in course.up(_awaits_init):
                await bring_up(lanes, _in_order(lanes, self._init_one))
        except BaseException as error:
            await self._undo(course, lambda observer: observer.is_initialized and observer.has("init"), error)
            for observer in (*course.observers, *self._transient.values()):
                observer.is_initialized = False
            self._known.clear()
            self._made_at = None
            raise

    async def start(self) -> None:
        """Notify ``start``, and before it ``init`` of those that did not have it. A failure undoes what was begun.

        Raises:
            Exception: What an observer raised, or what prevented one from being made. Nothing is left running.
        """
        options = await self._options()
        self._was_started = True
        try:
            course = Course(options, await self._observers())
        except BaseException as error:
            known = Course(options, self._known.values())
            await self._undo(known, _needs_no_start, error)
            raise
        try:
            for lanes in course.up(_awaits_start):
                await bring_up(lanes, _in_order(lanes, self._start_one))
        except BaseException as error:
            await self._undo(course, lambda observer: observer.is_started or _needs_no_start(observer), error)
            raise
        self._course = course

    async def stop(self) -> None:
        """Notify ``stop`` in reverse: of what was started and of those with no ``start``; without any start, of all.

        Raises:
            Exception: What an observer raised; several as an ``ExceptionGroup``. Every other one was notified.
            asyncio.CancelledError: The caller was cancelled; what was under way was too, the rest was notified.
        """
        started, self._course = self._course, None
        if self._was_started and started is None:
            return
        failures = Failures()
        options = started.options if started is not None else await self._options()
        try:
            late = await self._observers() if started is None else await self._late_observers(started)
        except asyncio.CancelledError:
            failures.cancelled, late = True, []
        except Exception as error:  # what cannot be made cannot be stopped; what was started still is
            failures.errors.append(error)
            late = []
        await self._down(Course(options, late, started), _everybody, failures)
        _raise_all(failures)

    # Who

    async def _observers(self) -> list[Observer]:
        """All of them, each made before any is notified."""
        found: dict[int, Observer] = {}
        for observer in await self._all_made():
            # One object under two keys is one observer; and an application that finds itself does not notify itself.
            if observer.instance is not self.context and is_life_cycle_observer(observer.instance):
                found.setdefault(id(observer.instance), observer)
        self._known = found
        self._transient = {key: kept for key, kept in self._transient.items() if id(kept.instance) in found}
        return list(found.values())

    async def _all_made(self) -> list[Observer]:
        """One for each binding; looked up anew only when a binding or a kept value changed since the last time."""
        changes = self.context.change_counts()
        if changes != self._made_at:
            self._made = [await self._observer(binding) for binding in self.context.find(life_cycle_observer_filter)]
            self._made_at = changes
        return self._made

    async def _late_observers(self, started: Course) -> list[Observer]:
        """Those bound since the start that have no ``start`` which never ran."""
        bindings = {id(observer.binding) for observer in started.observers}
        instances = {id(observer.instance) for observer in started.observers}
        late = []
        for binding in self.context.find(life_cycle_observer_filter):
            if id(binding) in bindings or _is_class_with_start(binding):
                continue
            observer = await self._observer(binding)
            if id(observer.instance) not in instances and not observer.has("start"):
                late.append(observer)
        return late

    async def _observer(self, binding: Binding[Any]) -> Observer:
        makes_anew = binding.scope is BindingScope.TRANSIENT and binding.type is not BindingType.CONSTANT
        kept = self._transient.get(id(binding)) if makes_anew else None
        if kept is not None and kept.binding is binding and kept.epoch == binding.epoch:
            return kept
        instance = await self.context.resolve_binding(binding)
        known = self._known.get(id(instance))
        observer = known if known is not None and known.binding is binding else Observer(binding, instance)
        if known is not None:
            observer.is_initialized = known.is_initialized
        if makes_anew:
            self._transient[id(binding)] = observer
        return observer

    # One

    async def _init_one(self, observer: Observer) -> None:
        await self._notify(observer, "init")
        observer.is_initialized = True

    async def _start_one(self, observer: Observer) -> None:
        if _awaits_init(observer):
            await self._init_one(observer)
        if observer.has("start"):
            await self._notify(observer, "start")
        observer.is_started = True

    async def _stop_one(self, observer: Observer) -> None:
        observer.is_started = False
        await self._notify(observer, "stop")

    async def _notify(self, observer: Observer, phase: str) -> None:
        instance = observer.instance
        self.notifying[observer.binding.key] = None
        try:
            if isinstance(instance, _FUNCTIONS):
                await instance.notify(phase, self.context)
            else:
                result = call_method(instance, phase, self.context)
                if hasattr(type(result), "__await__"):
                    await result
        except Exception as error:
            error.add_note(f"in {phase} of the life cycle observer {observer.binding.key!r}")
            raise
        finally:
            self.notifying.pop(observer.binding.key, None)

    # All

    async def _down(self, course: Course, accepts: Choice, failures: Failures) -> None:
        for lanes in course.down(lambda observer: observer.has("stop") and accepts(observer)):
            await bring_down(lanes, _in_order(lanes, self._stop_one, is_patient=True), failures)

    async def _undo(self, course: Course, begun: Choice, error: BaseException) -> None:
        if self.on_undo is not None:
            await self.on_undo(error)
        failures = Failures()
        await self._down(course, begun, failures)
        for failure in failures.errors:
            error.add_note(f"and, while undoing it: {failure!r}")
            logger.error("A life cycle observer could not be stopped after a failure.", exc_info=failure)


def _in_order(lanes: Lanes[Observer], notify: Notify[Observer], *, is_patient: bool = False) -> Notify[Observer]:
    """Keep the order of a group that is notified in parallel: all begin in it, and functions follow one another.

    Args:
        lanes: Those of the group.
        notify: What notifies one observer.
        is_patient: Whether a cancellation takes no function its turn.
    """
    observers = [observer for lane in lanes for observer in lane]
    generators = any(isinstance(observer.instance, GeneratorObserver) for observer in observers)
    if not generators and not any(observer.is_sequential for observer in observers):
        return notify
    last: asyncio.Task[Any] | None = None

    async def notify_in_order(observer: Observer) -> None:
        nonlocal last
        # Generators begin in tasks of their own, one turn of the loop later.
        if generators and not isinstance(observer.instance, GeneratorObserver):
            await asyncio.sleep(0)
        if observer.is_sequential:
            before, last = last, asyncio.current_task()
            if before is not None and before is not last:
                await _wait_for_turn(before, is_patient)
        await notify(observer)

    return notify_in_order


async def _wait_for_turn(before: "asyncio.Task[Any]", is_patient: bool) -> None:
    current = asyncio.current_task()
    assert current is not None
    while not before.done():
        try:
            await asyncio.wait([before])
        except asyncio.CancelledError:
            if not is_patient:
                raise
            current.uncancel()


def _awaits_init(observer: Observer) -> bool:
    return not observer.is_initialized and observer.has("init")


def _awaits_start(observer: Observer) -> bool:
    return observer.has("start") or _awaits_init(observer)


def _needs_no_start(observer: Observer) -> bool:
    """Whether it is to be stopped although no ``start`` of it ran, since it has none."""
    return not observer.has("start") and not _awaits_init(observer)


def _everybody(observer: Observer) -> bool:  # noqa: ARG001 - the shape of a choice
    return True


def _is_class_with_start(binding: Binding[Any]) -> bool:
    """Whether it can be told without making the object that it has a ``start``."""
    source = binding.source
    return source is not None and source.type is BindingType.CLASS and callable(getattr(source.value, "start", None))


def _raise_all(failures: Failures) -> None:
    errors = failures.errors
    if failures.cancelled:
        cancelled = asyncio.CancelledError()
        for error in errors:
            cancelled.add_note(f"and, while stopping: {error!r}")
        raise cancelled
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise BaseExceptionGroup("Several life cycle observers could not be stopped.", errors)
