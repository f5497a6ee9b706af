"""What happens in a context, told twice: to listeners at once, to observers later and in order.

A context has a hub only while somebody listens to it. A child's hub is known to its ancestors by weak reference, so
that their events reach it and nothing of a dropped child stays behind.
"""

import asyncio
import inspect
import weakref
from collections import deque
from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

from mainspring.context.bindings import Binding, check_listener
from mainspring.context.errors import ContextError

__all__ = ["ContextEvent", "EventHub", "Subscription"]

EVENTS = ("bind", "unbind", "error")


class ContextEvent(NamedTuple):
    """A binding came or went.

    Attributes:
        type: ``bind`` or ``unbind``.
        binding: The binding.
        context: The context where it happened.
        cached_value: For the ``unbind`` of a view's member: the value that was kept for it, if one was.
    """

    type: str
    binding: Binding[Any]
    context: Any
    cached_value: Any = None


class Subscription:
    """An observer's place in a context. ``unsubscribe()`` ends it, also for events queued already."""

    __slots__ = ("__weakref__", "_hub", "closed", "observer")

    def __init__(self, hub: "EventHub", observer: Any) -> None:
        self._hub: EventHub | None = hub
        self.observer = observer
        self.closed = False

    def unsubscribe(self) -> None:
        """End it. A second call does nothing."""
        self.closed = True
        hub, self._hub = self._hub, None
        if hub is not None:
            hub.drop(self)


class EventHub:
    """Listeners, observers and the queue of one context."""

    def __init__(self, context: Any) -> None:
        self._context = weakref.ref(context)
        self._listeners: dict[str, list[Callable[..., Any]]] = {}
        self._subscriptions: list[Subscription] = []
        self._queue: deque[tuple[ContextEvent, tuple[Subscription, ...]]] = deque()
        self._pump: asyncio.Task[None] | None = None
        self._failures: list[Exception] = []
        self._drainers = 0

    # Registration

    def on(self, event: str, listener: Callable[..., Any]) -> None:
        """Add a listener."""
        check_event(event)
        check_listener(listener)
        self._listeners[event] = [*self._listeners.get(event, ()), listener]

    def off(self, event: str, listener: Callable[..., Any]) -> bool:
        """Remove one registration of a listener; whether there was one."""
        check_event(event)
        left = list(self._listeners.get(event, ()))
        if listener not in left:
            return False
        left.remove(listener)
        if left:
            self._listeners[event] = left
        else:
            del self._listeners[event]
        return True

    def listeners(self, event: str) -> list[Callable[..., Any]]:
        """The listeners of one event, in order of registration."""
        return self._listeners.get(event, [])

    def subscribe(self, observer: Any) -> Subscription:
        """Add an observer; one that is there already keeps its place.

        Raises:
            TypeError: It is neither a function nor has a method ``observe``.
        """
        if not callable(getattr(observer, "observe", observer)):
            raise TypeError(f"An observer is a function or has a method `observe`; {observer!r} is none.")
        found = self.subscription_of(observer)
        if found is None:
            found = Subscription(self, observer)
            self._subscriptions = [*self._subscriptions, found]
        return found

    def subscription_of(self, observer: Any) -> Subscription | None:
        """The subscription of an observer, if it has one."""
        return next((each for each in self._subscriptions if _is_same(each.observer, observer)), None)

    def drop(self, subscription: Subscription) -> None:
        """Forget a subscription."""
        self._subscriptions = [each for each in self._subscriptions if each is not subscription]

    @property
    def is_idle(self) -> bool:
        """Whether nobody listens or observes here."""
        return not self._subscriptions and not self._listeners

    def close(self) -> None:
        """Drop listeners, observers and queued events."""
        for subscription in self._subscriptions:
            close_observer = getattr(subscription.observer, "context_closed", None)
            if close_observer is not None:
                close_observer()
            subscription.closed = True
        self._listeners.clear()
        self._subscriptions = []
        self._queue.clear()

    # Telling

    def queue(self, events: Iterable[ContextEvent]) -> None:
        """Queue the events for those who observe now."""
        if self._subscriptions:
            observers = tuple(self._subscriptions)
            self._queue.extend((event, observers) for event in events)
            self._start_pump()

    def _start_pump(self) -> None:
        if self._pump is not None and not self._pump.done() and self._pump_loop_runs():
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # kept until somebody drains, or an event comes while a loop runs
            return
        self._pump = loop.create_task(self._run(), name="observe context events")

    def _pump_loop_runs(self) -> bool:
        return self._pump is not None and self._pump.get_loop().is_running()

    async def _run(self) -> None:
        try:
            while self._queue:
                event, subscriptions = self._queue.popleft()
                for subscription in subscriptions:
                    if not subscription.closed:
                        await self._tell(subscription.observer, event)
        finally:
            self._report()

    async def _tell(self, observer: Any, event: ContextEvent) -> None:
        try:
            accepts = getattr(observer, "filter", None)
            observe = getattr(observer, "observe", observer)
            if accepts is not None and not await _settled(accepts(event.binding)):
                return
            await _settled(observe(event.type, event.binding, event.context))
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():  # it is the telling itself that is cancelled
                raise
        except Exception as error:  # one observer's failure is not the others'
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        context = self._context()
        for each in context.chain() if context is not None else ():
            listeners = each.event_listeners("error")
            if listeners:
                for listener in listeners:
                    self._report_to(listener, error)
                return
        self._failures.append(error)

    def _report_to(self, listener: Callable[..., Any], error: Exception) -> None:
        try:
            listener(error)
        except Exception as failure:  # nor is a listener's
            self._failures.append(failure)

    def _report(self) -> None:
        """What nobody drains goes to the loop's exception handler."""
        if self._failures and not self._drainers:
            failures, self._failures = self._failures, []
            loop = asyncio.get_running_loop()
            for error in failures:
                loop.call_exception_handler({"message": "An observer of context events failed.", "exception": error})

    async def drain(self) -> None:
        """Return when every queued event was observed.

        Raises:
            ContextError: Called from inside an observer, which would wait for itself.
            Exception: What observers raised and no ``error`` listener took; several as an ``ExceptionGroup``.
        """
        if self._pump is not None and asyncio.current_task() is self._pump:
            raise ContextError("drain() was called from inside an observer, which it would wait for: call it outside.")
        self._drainers += 1
        try:
            while self._queue or (self._pump is not None and not self._pump.done() and self._pump_loop_runs()):
                self._start_pump()
                assert self._pump is not None
                await asyncio.wait([self._pump])
        finally:
            self._drainers -= 1
        failures, self._failures = self._failures, []
        if len(failures) == 1:
            raise failures[0]
        if failures:
            raise ExceptionGroup("Several observers of context events failed.", failures)


def _is_same(first: Any, second: Any) -> bool:
    """The same object; a bound method is a new one each time it is read."""
    return first is second or (inspect.ismethod(first) and first == second)


async def _settled(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


def check_event(event: str, further: Collection[str] = ()) -> None:
    """Refuse an unknown event name.

    Args:
        event: The name.
        further: What a kind of context has beside its bindings' events.

    Raises:
        ValueError: It is none.
    """
    if event not in EVENTS and event not in further:
        raise ValueError(f"The events here are {', '.join((*EVENTS, *further))}; {event!r} is none.")
