"""A view: the live list of bindings that match a filter, and their values, kept until something changes.

Nothing is pushed: a view asks the context for the number of its changes and computes anew when it is another one. Only
its own events need an observer on the context, which holds the view weakly.
"""

import asyncio
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cmp_to_key
from typing import Any, Generic, Self, TypeVar

from mainspring.context.bindings import Binding, check_listener
from mainspring.context.creations import Creation, Steps
from mainspring.context.errors import ResolutionError
from mainspring.context.events import ContextEvent, Subscription
from mainspring.context.filters import BindingFilter, as_filter
from mainspring.context.keys import read_path
from mainspring.context.resolving import resolve_binding
from mainspring.context.sessions import Session
from mainspring.context.sorting import BindingComparator

__all__ = ["ContextView"]

T = TypeVar("T")

_EVENTS = ("bind", "unbind", "refresh", "resolve", "close")


class ContextView(Generic[T]):
    """Bindings of a context (and those above it) that match ``filter``, sorted by ``comparator`` if there is one.

    Made by ``ctx.create_view(filter)`` or ``inject.view(filter)``; open until ``close()``.
    """

    def __init__(
        self, context: Any, filter: BindingFilter, comparator: BindingComparator | None = None, *, path: str = ""
    ) -> None:
        self.context = context
        self.filter = as_filter(filter)
        self.comparator = comparator
        self._path = path
        self._listeners: dict[str, list[Callable[..., Any]]] = {}
        self._subscription: Subscription | None = None
        self._seen: Any = None
        self._bindings: list[Binding[Any]] = []
        self._values: dict[Binding[Any], Any] | None = None
        self._dropped: dict[Binding[Any], Any] = {}
        self._resolving: Creation | None = None
        self.open()

    # What matches

    @property
    def bindings(self) -> list[Binding[Any]]:
        """The bindings that match now."""
        return list(self._current())

    def _current(self) -> list[Binding[Any]]:
        if self._subscription is None:
            return self._bindings
        seen = self.context.change_counts()
        if seen != self._seen:
            found: list[Binding[Any]] = self.context.find(self.filter)
            self._bindings = sorted(found, key=cmp_to_key(self.comparator)) if self.comparator is not None else found
            if self._values is not None:  # the events of those that went tell the values that were kept
                kept, owner_of = self._values, self.context.get_owner_context
                self._dropped.update({each: value for each, value in kept.items() if owner_of(each) is None})
            self._values, self._resolving, self._seen = None, None, seen
        return self._bindings

    # Values

    async def values(self) -> list[T]:
        """The values of the bindings, without those that are ``None``; kept until something changes.

        Raises:
            Exception: What the resolution of a member raises; nothing is kept then.
        """
        bindings = self._current()
        made = self._values if self._values is not None else await self._resolve(bindings)
        return [value for value in made.values() if value is not None]

    async def _resolve(self, bindings: list[Binding[Any]]) -> dict[Binding[Any], Any]:
        asking = Session.begin(sync=False)
        resolving = self._resolving
        if resolving is None or resolving.loop is not asyncio.get_running_loop():
            resolving = self._resolving = Creation(Binding("view"), self)
            steps = self._make(list(bindings), resolving)
            try:
                awaitable = steps.send(None)
            except StopIteration as stop:
                self.forget_creation(resolving)
                made: dict[Binding[Any], Any] = stop.value
                return made
            except BaseException:
                self.forget_creation(resolving)
                raise
            resolving.become_task(steps, awaitable)
        found: dict[Binding[Any], Any] = await resolving.wait(asking)
        return found

    def _make(self, bindings: list[Binding[Any]], resolving: Creation) -> Steps:
        # A fresh session: a view breaks cycles. The creation it belongs to finds those that wait for this one.
        session, seen = Session(sync=False), self._seen
        session.creation = resolving
        made: dict[Binding[Any], Any] = {}
        for binding in bindings:
            owner = self.context.holder_of(binding)
            value = yield from resolve_binding(binding, owner, self.context, session)
            made[binding] = read_path(value, self._path) if self._path else value
        if self._seen == seen:
            self._values = made
            self._emit("resolve", [value for value in made.values() if value is not None])
        return made

    def settle_creation(self, creation: Creation, _value: Any, *, kept: bool) -> None:  # noqa: ARG002 - as of contexts
        """The resolution ended, whether or not its values are kept."""
        self.forget_creation(creation)

    def forget_creation(self, creation: Creation) -> None:
        """Let the next call resolve anew."""
        if self._resolving is creation:
            self._resolving = None

    async def single_value(self) -> T | None:
        """``None`` for no value, the value for one.

        Raises:
            ResolutionError: There are more: use ``values()``.
        """
        values = await self.values()
        if len(values) > 1:
            keys = ", ".join(binding.key for binding in self.bindings)
            raise ResolutionError(f"The view has more than one value ({keys}): use values() for all of them.")
        return values[0] if values else None

    def as_getter(self) -> Callable[[], Awaitable[list[T]]]:
        """An async callable equal to ``values``."""
        return self.values

    def refresh(self) -> None:
        """Drop what is kept, so that the next ``values()`` resolves again."""
        self._seen = None
        self._values, self._resolving = None, None
        self._emit("refresh")

    # Life

    def open(self) -> None:
        """Watch (again). Nothing happens on an open view."""
        if self._subscription is None:
            self._seen = None
            self._values = None
            observer = _Observer(self)
            observer.subscription = self._subscription = self.context.subscribe(observer)

    def close(self) -> None:
        """Stop watching; bindings and values seen until then stay. A second call does nothing."""
        if self._subscription is None:
            return
        values, resolving = self._values, self._resolving
        self._current()
        self._values = self._values if self._values is not None else values
        self._resolving = resolving
        subscription, self._subscription = self._subscription, None
        subscription.unsubscribe()
        self._emit("close")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    async def __aiter__(self) -> AsyncIterator[T]:
        for value in await self.values():
            yield value

    # Events

    def on(self, event: str, listener: Callable[..., Any]) -> Self:
        """Call the listener at ``bind``, ``unbind``, ``refresh``, ``resolve`` or ``close``.

        Raises:
            ValueError: There is no such event.
            TypeError: The listener cannot be called.
        """
        if event not in _EVENTS:
            raise ValueError(f"A view has the events {', '.join(_EVENTS)}, not {event!r}.")
        check_listener(listener)
        self._listeners[event] = [*self._listeners.get(event, ()), listener]
        return self

    def off(self, event: str, listener: Callable[..., Any]) -> bool:
        """Remove one registration of a listener; whether there was one."""
        left = list(self._listeners.get(event, ()))
        if listener not in left:
            return False
        left.remove(listener)
        self._listeners[event] = left
        return True

    def _emit(self, event: str, *args: Any) -> None:
        for listener in self._listeners.get(event, ()):
            listener(*args)

    def _observed(self, event_type: str, binding: Binding[Any], context: Any) -> None:
        kept = (self._values or {}).get(binding, self._dropped.pop(binding, None))
        self._emit(event_type, ContextEvent(event_type, binding, context, kept if event_type == "unbind" else None))
        self._emit("refresh")


class _Observer:
    """Watches for a view without keeping it alive."""

    __slots__ = ("__weakref__", "_view", "subscription")

    def __init__(self, view: ContextView[Any]) -> None:
        self._view = weakref.ref(view, self._gone)
        self.subscription: Subscription | None = None

    def _gone(self, _: object) -> None:
        if self.subscription is not None:
            self.subscription.unsubscribe()

    def filter(self, binding: Binding[Any]) -> bool:
        """Whether the event concerns a member."""
        view = self._view()
        return view is not None and view.filter(binding)

    def observe(self, event_type: str, binding: Binding[Any], context: Any) -> None:
        """Pass the event on."""
        view = self._view()
        if view is not None:
            view._observed(event_type, binding, context)

    def context_closed(self) -> None:
        """Close the view with its context."""
        view = self._view()
        if view is not None:
            view.close()
