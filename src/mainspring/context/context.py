"""The context: a registry that resolves its bindings, tells of changes, and cleans up at its end."""

import logging
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from itertools import islice
from typing import Any, ClassVar, Literal, Self, TypeVar, overload

from mainspring.context.asking import bound
from mainspring.context.bindings import Binding
from mainspring.context.cleanup import Cleanup, CleanupStack, Closing
from mainspring.context.compiling import PLANNED_AFTER, compile_plan
from mainspring.context.configuration import resolve_config
from mainspring.context.creations import Creation, Steps, drive
from mainspring.context.errors import ContextError
from mainspring.context.events import EventHub, Subscription, check_event
from mainspring.context.filters import BindingFilter
from mainspring.context.keys import BindingKey, Key, key_text
from mainspring.context.plans import StalePlan, run_steps
from mainspring.context.registry import BindingCreationPolicy, Registry, logger
from mainspring.context.resolving import MISSING, resolve, resolve_binding
from mainspring.context.sessions import CALLING, Session, calling_session
from mainspring.context.shapes import has_its_shape
from mainspring.context.sorting import BindingComparator
from mainspring.context.views import ContextView

__all__ = ["BindingCreationPolicy", "Context"]

T = TypeVar("T")


class Context(Registry):
    """A registry of bindings, linked to a parent, that resolves them.

    Args:
        parent: The context above; ``Context("name")`` takes a name instead.
        name: A name for messages; a unique one is made without it.
        scope: The scope whose values are kept here (``CONTEXT``: none in particular).

    Raises:
        TypeError: The parent is neither a context nor a name.
    """

    __slots__ = ()

    name_prefix = ""
    #: Makes proxies. An invocation is a context itself, so `proxies`, which calls methods, puts its function here.
    make_proxy: ClassVar[Callable[[Any, Any, str], Any]]

    @property
    def parent(self) -> "Context | None":
        """The context above, fixed at creation."""
        above: Context | None = self._parent
        return above

    # Values

    @overload
    async def get(self, key: str, *, optional: bool = ..., as_proxy_with_interceptors: bool = ...) -> Any: ...
    @overload
    async def get(
        self,
        key: BindingKey[T] | type[T],
        *,
        optional: Literal[False] = ...,
        as_proxy_with_interceptors: bool = ...,
    ) -> T: ...
    @overload
    async def get(
        self, key: BindingKey[T] | type[T], *, optional: bool, as_proxy_with_interceptors: bool = ...
    ) -> T | None: ...
    async def get(self, key: Any, *, optional: bool = False, as_proxy_with_interceptors: bool = False) -> Any:
        """The value of the key as seen from here.

        Args:
            key: Text (with a property path), ``BindingKey`` or class.
            optional: Give ``None`` when the key (or an alias's target, a source, a fitting scope) is absent.
            as_proxy_with_interceptors: Give a proxy that runs interceptors around the methods of the value.

        Raises:
            KeyNotBoundError: Nothing is bound.
            ResolutionError: The value cannot be made.
            Exception: What a user's factory or constructor raises, with the path as a note.
        """
        shape = self._shape
        if shape is None or not shape.is_settled:
            shape = self.shape()
        if (CALLING.get() is None or calling_session() is None) and not as_proxy_with_interceptors:
            try:
                plan = shape.plans.get(key)
                if plan is not None:
                    return plan(self)
                plan = shape.async_plans.get(key)
                if plan is not None:
                    return await plan(self)
            except (RecursionError, StalePlan):  # a factory asks for itself: the interpreter draws the ring
                pass
        return await self._get(key, optional, as_proxy_with_interceptors)

    async def _get(self, key: Any, optional: bool, as_proxy: bool) -> Any:
        """The value by the interpreter."""
        planned = not self._logs(key) and not as_proxy and calling_session() is None
        counts = self.change_counts()
        session = Session.begin(sync=False, optional=optional, as_proxy=as_proxy)
        value = await drive(resolve(self, key, session, optional=optional, as_proxy=as_proxy))
        if planned and value is not MISSING and counts == self.change_counts():
            self._asked_for(key, awaiting=True)
        return None if value is MISSING else value

    @overload
    def get_sync(self, key: str, *, optional: bool = ..., as_proxy_with_interceptors: bool = ...) -> Any: ...
    @overload
    def get_sync(
        self,
        key: BindingKey[T] | type[T],
        *,
        optional: Literal[False] = ...,
        as_proxy_with_interceptors: bool = ...,
    ) -> T: ...
    @overload
    def get_sync(
        self, key: BindingKey[T] | type[T], *, optional: bool, as_proxy_with_interceptors: bool = ...
    ) -> T | None: ...
    def get_sync(self, key: Any, *, optional: bool = False, as_proxy_with_interceptors: bool = False) -> Any:
        """The same, for what needs no awaiting.

        Raises:
            AsyncValueError: Something on the way must be awaited.
        """
        shape = self._shape
        if shape is None or not shape.is_settled:
            shape = self.shape()
        if (CALLING.get() is None or calling_session() is None) and not as_proxy_with_interceptors:
            try:
                plan = shape.plans.get(key) or shape.sync_plans.get(key)
                if plan is not None:
                    return plan(self)
            except (RecursionError, StalePlan):  # a factory asks for itself: the interpreter draws the ring
                pass
        return self._get_sync(key, optional, as_proxy_with_interceptors)

    def _get_sync(self, key: Any, optional: bool, as_proxy: bool) -> Any:
        """The same as `_get`, synchronously."""
        planned = not self._logs(key) and not as_proxy and calling_session() is None
        counts = self.change_counts()
        session = Session.begin(sync=True, optional=optional, as_proxy=as_proxy)
        value = run_steps(resolve(self, key, session, optional=optional, as_proxy=as_proxy))
        if planned and value is not MISSING and counts == self.change_counts():
            self._asked_for(key, awaiting=False)
        return None if value is MISSING else value

    def _logs(self, key: Any) -> bool:
        """Log a resolution at debug level; while that is on no plan is made, so that every get passes here."""
        if not logger.isEnabledFor(logging.DEBUG):
            return False
        logger.debug("%s: get %s", self.name, key if isinstance(key, str | BindingKey) else key_text(key))
        return True

    def _asked_for(self, key: Any, *, awaiting: bool) -> None:
        """Count what was asked for without a plan, and make one for what is asked for again."""
        counts, shape = self.change_counts(), self.shape()
        asked = shape.asked.get((key, awaiting), 0) + 1
        shape.asked[key, awaiting] = asked
        if asked != PLANNED_AFTER:  # more than that: there is no plan for it
            return
        tables = {"any": shape.plans, "sync": shape.sync_plans, "async": shape.async_plans}
        plan = compile_plan(self, key, awaiting=awaiting, guarded=True)
        if plan is not None:
            with self._lock:
                # A plan of what another thread changed meanwhile is no plan of this shape.
                if counts == self.change_counts() and all(has_its_shape(each) for each in self.chain()):
                    tables[plan.kind][key] = plan.function

    @overload
    def __getitem__(self, key: str) -> Any: ...
    @overload
    def __getitem__(self, key: BindingKey[T] | type[T]) -> T: ...
    def __getitem__(self, key: Any) -> Any:
        return self.get_sync(key)

    async def resolve_binding(self, binding: Binding[Any]) -> Any:
        """The value of this very binding as seen from here; of one that nobody in the chain has, this is the owner."""
        return await bound(self, binding, partial(self._binding_steps, binding))

    def resolve_binding_sync(self, binding: Binding[Any]) -> Any:
        """The same, synchronously."""
        return run_steps(self._binding_steps(binding, Session.begin(sync=True)))

    def _binding_steps(self, binding: Binding[Any], session: Session) -> Steps:
        return resolve_binding(binding, self.holder_of(binding), self, session)

    def as_proxy(self, value: Any, path: str) -> Any:
        """A proxy of the value whose calls have the source ``proxy`` and this path."""
        if not hasattr(Context, "make_proxy"):
            import_module("mainspring.context.proxies")
        return type(self).make_proxy(value, self, path)

    # Configuration

    def configure(self, key: Key[Any] | None = None) -> Binding[Any]:
        """Bind the configuration of ``key`` here: ``ctx.configure("servers.a").to({...})``; ``$config`` without one."""
        binding = Binding.configure(key)
        self.add(binding)
        return binding

    async def get_config(self, key: Key[Any], property_path: str | None = None, *, optional: bool = True) -> Any:
        """The configuration of ``key``, or what the path leads to in it; ``None`` when there is none.

        Raises:
            KeyNotBoundError: There is none, and ``optional`` is false.
        """
        session = Session.begin(sync=False)
        value = await drive(resolve_config(self, key_text(key), property_path, session, optional=optional))
        return None if value is MISSING else value

    def get_config_sync(self, key: Key[Any], property_path: str | None = None, *, optional: bool = True) -> Any:
        """The same, synchronously.

        Raises:
            AsyncValueError: The configuration is asynchronous.
        """
        session = Session.begin(sync=True)
        value = run_steps(resolve_config(self, key_text(key), property_path, session, optional=optional))
        return None if value is MISSING else value

    # Kept values (for `resolving` and `creations`)

    def kept_value(self, binding: Binding[Any]) -> Any:
        """The value kept here for the binding, or ``MISSING``."""
        return self._kept.get(binding.epoch, MISSING)

    def keep_instance(self, binding: Binding[Any], epoch: object, cls: type[Any]) -> Any:
        """The value kept here for the binding, else an instance of the class; ``MISSING`` when the epoch is over.

        The class was read after the epoch: when it is of a later one, that one begins as soon as the lock is free, and
        what is kept under the epoch goes. Making the instance runs no code but Python's own, so it may hold the lock.
        """
        with self._lock:
            if epoch is not binding.epoch:
                return MISSING
            value = self._kept.get(epoch, MISSING)
            if value is MISSING:
                value = self._kept[epoch] = cls()
            return value

    def pending_creation(self, binding: Binding[Any]) -> Creation | None:
        """The creation under way here for the binding as it is now."""
        creation = self._pending.get(binding) if self._pending is not None else None
        return creation if creation is not None and creation.epoch is binding.epoch else None

    def claim_creation(self, binding: Binding[Any]) -> tuple[Creation | None, bool]:
        """The creation under way, or a new one, which the caller is to carry out; none when a value is kept by now."""
        with self._lock:
            if binding.epoch in self._kept:
                return None, False
            if self._pending is None:
                self._pending = {}
            found = self._pending.get(binding)
            if found is not None and found.epoch is binding.epoch:
                return found, False
            creation = self._pending[binding] = Creation(binding, self)
            return creation, True

    def settle_creation(self, creation: Creation, value: Any, *, kept: bool) -> None:
        """The creation ended; its value is kept if the binding is still the one it was made for."""
        with self._lock:
            if self._pending is not None and self._pending.get(creation.binding) is creation:
                del self._pending[creation.binding]
                if kept and creation.epoch is creation.binding.epoch:
                    self._kept[creation.epoch] = value
        creation.release_threads()

    def forget_creation(self, creation: Creation) -> None:
        """Let the next get start a new creation."""
        with self._lock:
            if self._pending is not None and self._pending.get(creation.binding) is creation:
                del self._pending[creation.binding]

    # Events

    def on(self, event: str, listener: Callable[..., Any]) -> Self:
        """Call ``listener(event)`` at once at every ``bind``/``unbind`` seen from here.

        A listener of ``error`` gets the exceptions of observers.

        Raises:
            ValueError: There is no such event.
            TypeError: The listener cannot be called.
        """
        self._watch().on(event, listener)
        return self

    def off(self, event: str, listener: Callable[..., Any]) -> bool:
        """Remove one registration of a listener; whether there was one."""
        check_event(event)
        return self._hub is not None and self._hub.off(event, listener)

    def subscribe(self, observer: Any) -> Subscription:
        """Tell an observer of every event, later and in order.

        Args:
            observer: ``f(event_type, binding, context)``, or an object with such an ``observe`` and perhaps a
                ``filter(binding)``; plain or ``async``.
        """
        return self._watch().subscribe(observer)

    def unsubscribe(self, observer: Any) -> bool:
        """End the subscription of an observer; whether it had one."""
        found = self._hub.subscription_of(observer) if self._hub is not None else None
        if found is not None:
            found.unsubscribe()
        return found is not None

    def is_subscribed(self, observer: Any) -> bool:
        """Whether the observer is subscribed to this very context."""
        return self._hub is not None and self._hub.subscription_of(observer) is not None

    async def drain(self) -> None:
        """Return when every event queued here was observed, those that observers cause meanwhile included.

        Raises:
            ContextError: Called from inside an observer.
        """
        if self._hub is not None:
            await self._hub.drain()

    def create_view(self, filter: BindingFilter, comparator: BindingComparator | None = None) -> ContextView[Any]:
        """An open view of the bindings that match.

        Raises:
            TypeError: The filter is neither a function nor a pattern of keys.
        """
        return ContextView(self, filter, comparator)

    def event_listeners(self, event: str) -> list[Callable[..., Any]]:
        """The listeners registered here for one event."""
        return self._hub.listeners(event) if self._hub is not None else []

    def _watch(self) -> EventHub:
        with self._lock:
            if self._self is None:
                self._self = weakref.ref(self)
            if self._hub is None:
                self._hub = EventHub(self)
            self._is_followed = True
            tables = []
            for above in islice(self.chain(), 1, None):
                if above._watchers is None:
                    above._watchers = {}
                above._is_followed = True
                tables.append(above._watchers)
            watcher = weakref.ref(self, lambda gone: [table.pop(gone, None) for table in tables])
            for table in tables:
                table.setdefault(watcher, None)
            return self._hub

    # End of life

    @property
    def is_closed(self) -> bool:
        """Whether the context is closed or closing."""
        return self._closing is not False

    def check_open(self, session: Session) -> None:
        """Refuse what a closed context cannot hold.

        Raises:
            ContextError: It is closed.
        """
        if self._closing is not False:
            raise ContextError(
                f"Context {self.name!r} is closed: a value that needs clean-up cannot be made in it.",
                contexts=(self.name,),
                path=session.resolution_path,
            )

    def add_cleanup(self, cleanup: Cleanup) -> bool:
        """Put a clean-up on top of those that run at the end; false when this context is closed."""
        if self._closing is not False:
            return False
        if self._cleanups is None:
            self._cleanups = CleanupStack(self.name)
        self._cleanups.add(cleanup)
        return True

    def take_cleanups(self, epoch: object) -> list[Cleanup]:
        """Take out the clean-ups of a binding in an epoch, last first: whoever takes them runs them."""
        return self._cleanups.take(epoch) if self._cleanups is not None else []

    async def close(self) -> None:
        """Run the clean-ups of this context, last first, and end its subscriptions; only the first call does.

        Raises:
            Exception: What a clean-up raised; several as an ``ExceptionGroup``. All of them ran.
        """
        if self._closing is not False:
            if isinstance(self._closing, Closing):
                await self._closing.wait()
            return
        if self._cleanups is None:
            self._end()
            return
        self._closing = closing = Closing()
        stack = self._end_watching()
        try:
            await stack.run()
        finally:
            self._closing = True
            closing.end()

    def close_sync(self) -> None:
        """The same, for plain generators.

        Raises:
            AsyncValueError: An asynchronous clean-up is pending; nothing ran and the context stays open.
        """
        if self._closing is not False:
            return
        if self._cleanups is None:
            self._end()
            return
        self._cleanups.check_sync()
        self._closing = True
        self._end_watching().run_sync()

    def _end(self) -> None:
        self._closing = True
        if self._hub is not None:
            self._end_watching()

    def _end_watching(self) -> CleanupStack:
        stack, self._cleanups = self._cleanups or CleanupStack(self.name), None
        for binding in stack.bindings:
            self._kept.pop(binding.epoch, None)
        self._touch()
        if self._hub is not None:
            self._hub.close()
            for above in islice(self.chain(), 1, None):
                if above._watchers is not None and self._self is not None:
                    above._watchers.pop(self._self, None)
        return stack

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._cleanups is None and self._hub is None:  # a request's context as a rule: nothing to end
            self._closing = True
            return
        try:
            self.close_sync()
        except Exception as failure:
            if error is None:
                raise
            chain_failure(error, failure)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            await self.close()
        except Exception as failure:
            if error is None:
                raise
            chain_failure(error, failure)


def chain_failure(error: BaseException, failure: BaseException) -> None:
    """Hang ``failure`` at the end of the context chain of ``error``, which stays the one that is raised."""
    chain = {id(each): each for each in _context_chain(error)}
    if id(failure) in chain:
        return
    for each in _context_chain(failure):
        if id(each.__context__) in chain:  # put there by Python, as the error was being handled: it would make a ring
            each.__context__ = None
    next(reversed(chain.values())).__context__ = failure


def _context_chain(error: BaseException) -> Iterator[BaseException]:
    each: BaseException | None = error
    while each is not None:
        yield each
        each = each.__context__
