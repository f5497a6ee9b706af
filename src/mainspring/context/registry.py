"""The registry: which bindings a context has, how they come and go, and who is told.

A context is light: what only some contexts need (events, indexes, clean-up) is made when first needed.
"""

import logging
import threading
import weakref
from enum import StrEnum
from typing import Any, Literal, Self, TypeVar, overload

from mainspring.context.bindings import Binding, BindingScope
from mainspring.context.cleanup import CleanupStack, Closing
from mainspring.context.creations import Creation
from mainspring.context.errors import BindingLockedError
from mainspring.context.events import ContextEvent, EventHub
from mainspring.context.keys import BindingKey, Key, binding_address, key_text
from mainspring.context.resolving import locate, not_bound, resolution_context
from mainspring.context.sessions import Session
from mainspring.context.shapes import Shape, shape_for
from mainspring.context.sight import Sight

__all__ = ["BindingCreationPolicy", "Registry"]

T = TypeVar("T")

logger = logging.getLogger("mainspring.context")
_debugs = logger.isEnabledFor

_PLAIN = BindingScope.CONTEXT


class BindingCreationPolicy(StrEnum):
    """What ``find_or_create_binding`` does."""

    ALWAYS_CREATE = "always_create"
    NEVER_CREATE = "never_create"
    CREATE_IF_NOT_BOUND = "create_if_not_bound"


class Registry(Sight):
    """A registry of bindings that sees those of its parents too.

    Args:
        parent: The context above; ``Context("name")`` takes a name instead.
        name: A name for messages; a unique one is made without it.
        scope: The scope whose values are kept here (``CONTEXT``: none in particular).

    Raises:
        TypeError: The parent is neither a context nor a name.
    """

    __slots__ = (
        "__weakref__",
        "_changes",
        "_cleanups",
        "_closing",
        "_hub",
        "_kept",
        "_pending",
        "_self",
        "_shape",
        "_watchers",
    )

    def __init__(
        self, parent: "Registry | str | None" = None, name: str | None = None, *, scope: BindingScope | None = None
    ) -> None:
        if not isinstance(parent, Registry):
            parent, name = _no_parent(parent, name)
        self._parent = parent
        self._name = name
        self._lock = threading.RLock() if parent is None else parent._lock
        # The enum's own call costs more than all the rest of this constructor.
        self.scope: BindingScope = (
            _PLAIN if scope is None else scope if type(scope) is BindingScope else BindingScope(scope)
        )
        self._bindings = {}
        self._is_followed = False
        self._tags = self._providers = None
        self._kept: dict[object, Any] = {}
        self._pending: dict[Binding[Any], Creation] | None = None
        self._cleanups: CleanupStack | None = None
        self._hub: EventHub | None = None
        self._watchers: dict[weakref.ref[Registry], None] | None = None
        self._changes = 0
        self._closing: Closing | bool = False
        self._self: weakref.ref[Any] | None = None
        self._shape: Shape | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} with {len(self._bindings)} bindings>"

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return len(self._bindings)

    # Registry

    @overload
    def bind(self, key: str) -> Binding[Any]: ...
    @overload
    def bind(self, key: BindingKey[T] | type[T]) -> Binding[T]: ...
    def bind(self, key: Any) -> Binding[Any]:
        """Register a new empty binding here under the key, in place of one that is here.

        Raises:
            BindingLockedError: The one here is locked.
            InvalidKeyError: The key is empty or has a path.
        """
        binding: Binding[Any] = Binding(key)
        if self._shape is not None or self._is_followed or _debugs(logging.DEBUG):
            self.add(binding)
            return binding
        # Nobody asked this context yet (a new request's): there is nothing to tell and nothing to drop.
        owner = self._self
        if owner is None:
            owner = self._self = weakref.ref(self)
        binding.owners = (owner,)
        if self._bindings.setdefault(binding.key, binding) is not binding:
            binding.owners = ()
            self.add(binding)
            return binding
        self._changes += 1
        if self._shape is not None or self._is_followed:  # another thread asked at the same moment: see `shape`
            with self._lock:
                self._index(binding)
                self._touch()
            self._emit(("bind", binding))
        return binding

    def add(self, binding: Binding[Any]) -> Self:
        """Register this very binding here.

        Raises:
            BindingLockedError: The one here under its key is locked.
            TypeError: It is no binding.
        """
        if not isinstance(binding, Binding):
            raise TypeError(f"A binding is added, not {binding!r}: bind(key) makes one here, Binding(key) makes one.")
        bindings, key = self._bindings, binding.key
        with self._lock:
            old = bindings.get(key)
            if old is not None and not self._makes_room(old, binding):
                return self
            bindings[key] = binding
            owner = self._self
            if owner is None:
                owner = self._self = weakref.ref(self)
            binding.attach(owner)
            self._changes += 1
            if self._shape is not None:
                self._reshape()
            if self._is_followed:
                self._index(binding)
        if self._is_followed or _debugs(logging.DEBUG):
            self._emit(*(() if old is None else (("unbind", old),)), ("bind", binding))
        return self

    def _makes_room(self, old: Binding[Any], binding: Binding[Any]) -> bool:
        if old.is_locked:
            raise self._locked(old.key, "binding it anew")
        if old is binding:
            return False
        self._forget(old, keeps_place=True)
        return True

    def _locked(self, key: str, what: str) -> BindingLockedError:
        return BindingLockedError(
            f"Binding {key!r} of context {self.name!r} is locked: unlock() it before {what}.",
            key=key,
            contexts=(self.name,),
        )

    def unbind(self, key: Key[Any]) -> bool:
        """Remove the binding that is here; whether there was one.

        Raises:
            BindingLockedError: It is locked.
        """
        with self._lock:
            binding = self._own(key)
            if binding is None:
                return False
            if binding.is_locked:
                raise self._locked(binding.key, "unbinding it")
            del self._bindings[binding.key]
            self._forget(binding, keeps_place=False)
            self._touch()
        self._emit(("unbind", binding))
        return True

    def _forget(self, binding: Binding[Any], *, keeps_place: bool) -> None:
        binding.detach(self)
        self._drop_value(binding)
        if self._tags is not None:
            self._tags.drop(binding, keeps_place=keeps_place)
        if self._providers is not None:
            self._providers.drop(binding)

    def _index(self, binding: Binding[Any]) -> None:
        if self._tags is not None:
            self._tags.put(binding)
        if self._providers is not None:
            self._providers.put(binding)

    def _own(self, key: Any) -> Binding[Any] | None:
        """The binding here of a key; for a class without a binding of its own, the one here that provides it."""
        found = self._bindings.get(key_text(key))
        wanted = binding_address(key)
        if found is None and not isinstance(wanted, str):
            candidates = self._candidates(wanted)
            found = self._choose(candidates, wanted) if candidates else None
        return found

    def contains(self, key: Key[Any]) -> bool:
        """Whether the key is bound here."""
        return self._own(key) is not None

    def is_bound(self, key: Key[Any]) -> bool:
        """Whether the key is bound here or above."""
        return self._locate(key) is not None

    __contains__ = is_bound

    def _locate(self, key: Any) -> "tuple[Binding[Any], Any] | None":
        return locate(self, binding_address(key))

    @overload
    def get_binding(self, key: str, optional: Literal[False] = False) -> Binding[Any]: ...
    @overload
    def get_binding(self, key: BindingKey[T] | type[T], optional: Literal[False] = False) -> Binding[T]: ...
    @overload
    def get_binding(self, key: str, optional: bool) -> Binding[Any] | None: ...
    @overload
    def get_binding(self, key: BindingKey[T] | type[T], optional: bool) -> Binding[T] | None: ...
    def get_binding(self, key: Any, optional: bool = False) -> Binding[Any] | None:
        """The nearest binding of the key.

        Raises:
            KeyNotBoundError: There is none, and ``optional`` is false.
        """
        found = self._locate(key)
        if found is not None:
            return found[0]
        if optional:
            return None
        raise not_bound(self, binding_address(key), Session(sync=True))

    @overload
    def find_or_create_binding(self, key: str, policy: BindingCreationPolicy | str = ...) -> Binding[Any]: ...
    @overload
    def find_or_create_binding(
        self, key: BindingKey[T] | type[T], policy: BindingCreationPolicy | str = ...
    ) -> Binding[T]: ...
    def find_or_create_binding(
        self, key: Any, policy: BindingCreationPolicy | str = BindingCreationPolicy.CREATE_IF_NOT_BOUND
    ) -> Binding[Any]:
        """The nearest binding, or a new one here, as the policy says.

        Raises:
            KeyNotBoundError: The policy is ``NEVER_CREATE`` and there is none.
        """
        policy = BindingCreationPolicy(policy)
        if policy is BindingCreationPolicy.ALWAYS_CREATE:
            return self.bind(key)
        if policy is BindingCreationPolicy.NEVER_CREATE:
            return self.get_binding(key)
        found = self._locate(key)
        return found[0] if found is not None else self.bind(key)

    def get_owner_context(self, key: "Key[Any] | Binding[Any]") -> Any:
        """The nearest context that has the key; of a binding, only if what it holds there is that very object."""
        if isinstance(key, Binding):
            owner = next((each for each in self.chain() if key.key in each._bindings), None)
            return owner if owner is not None and owner._bindings[key.key] is key else None
        found = self._locate(key)
        return found[1] if found is not None else None

    def get_resolution_context(self, binding: Binding[Any]) -> Any:
        """Where the dependencies of the binding are looked up and its value is kept, as seen from here."""
        found: Any = resolution_context(binding, self.holder_of(binding), self)
        return found

    # Changes

    def _drop_value(self, binding: Binding[Any]) -> None:
        self._kept.pop(binding.epoch, None)
        if self._pending is not None:
            self._pending.pop(binding, None)

    def refresh_binding(self, binding: Binding[Any]) -> None:
        """Drop the value kept in the resolution context of the binding as seen from here."""
        holder = self.get_resolution_context(binding)
        if holder is not None:
            with self._lock:
                holder._drop_value(binding)
                holder._touch()

    def binding_changed(self, binding: Binding[Any], stale: object | None) -> None:
        """A binding held here tells of a change: indexes, kept values and plans follow at once."""
        self._changes += 1
        if self._shape is None and stale is None and not self._is_followed:
            return  # a request's context that binds a value: there is nothing to follow yet
        with self._lock:
            if self._bindings.get(binding.key) is not binding:
                return
            if stale is not None:
                self._kept.pop(stale, None)
            self._index(binding)
            self._touch()

    def _touch(self) -> None:
        """Something changed here: what was worked out for this context and those below holds no longer."""
        self._changes += 1
        if self._shape is not None:
            self._reshape()

    def _reshape(self) -> None:
        """Drop the plans of a shape of its own; leave a shared one to the others."""
        shape = self._shape
        if shape is not None and shape.is_exclusive:
            shape.drop_plans()
        else:
            self._shape = None

    def shape(self) -> Shape:
        """The shape this context has now."""
        found: Shape | None = self._shape
        if found is not None and (found.is_settled or self._parent.shape() is found.parent):
            return found
        # A thread that binds here meanwhile counts the change and then looks for a shape to drop; this one sets the
        # shape and then looks for changes. One of them sees the other, without a lock.
        while True:
            counted = self._changes
            above: Shape | None = self._parent._shape if self._parent is not None else None
            known = above.known(self) if above is not None and above.is_settled else None
            if known is not None:
                self._shape = known
                if self._changes == counted:
                    return known
            with self._lock:
                found = self._shape = shape_for(self)
                if self._changes == counted:
                    return found

    def change_counts(self) -> tuple[int, ...]:
        """The numbers of changes of the chain: equal numbers mean nothing changed."""
        return tuple(each._changes for each in self.chain())

    # Telling

    def _emit(self, *changes: tuple[str, Binding[Any]]) -> None:
        """Tell of changes: all are queued before the first listener is called, which may raise."""
        if _debugs(logging.DEBUG):
            for event_type, binding in changes:
                logger.debug("%s: %s %s", self.name, event_type, binding.key)
        if self._hub is None and not self._watchers:
            return
        hubs = self._hubs_that_see(changes[0][1].key)
        if not hubs:
            return
        events = [ContextEvent(event_type, binding, self) for event_type, binding in changes]
        for hub in hubs:
            hub.queue(events)
        for event in events:
            for listener in [listener for hub in hubs for listener in hub.listeners(event.type)]:
                listener(event)

    def _hubs_that_see(self, key: str) -> list[EventHub]:
        hubs = [self._hub] if self._hub is not None else []
        for ref in list(self._watchers or ()):
            child = ref()
            if child is None or child._hub is None or child._hub.is_idle:
                assert self._watchers is not None
                self._watchers.pop(ref, None)
            elif not child._hides(key, self):
                hubs.append(child._hub)
        return hubs

    # Looking at it

    def inspect(self, include_parent: bool = True, include_injections: bool = False) -> dict[str, Any]:
        """Name, bindings and parent as plain data that ``json.dumps`` takes."""
        from mainspring.context.inspecting import inspect_context  # noqa: PLC0415 - few programs look at themselves

        return inspect_context(self, include_parent, include_injections)


def _no_parent(parent: object, name: str | None) -> tuple[None, str | None]:
    """What a context without parent is made of: ``Context("name")`` takes a name in the parent's place."""
    if parent is None:
        return None, name
    if isinstance(parent, str) and name is None:
        return None, parent
    raise TypeError(f"The parent of a context is a context, not {parent!r}.")
