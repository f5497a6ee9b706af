"""A binding: a key, a source, a scope and tags. It knows the contexts that hold it, nothing of how values are made."""

import builtins
import threading
import weakref
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, Self, TypeVar

from mainspring.context import sources
from mainspring.context.declarations import source_by_shape, templates_of
from mainspring.context.keys import BindingKey, Key, binding_address, is_type, key_text
from mainspring.context.sources import BindingSource, BindingType, Constant

__all__ = ["Binding", "BindingEvent", "BindingScope", "BindingTemplate", "check_listener"]

T = TypeVar("T")

# Several trees of contexts, each with a lock of its own, may take the same binding at the same time.
_owners_lock = threading.Lock()


class BindingScope(StrEnum):
    """Where dependencies are looked up and where the value is kept."""

    TRANSIENT = "transient"
    SINGLETON = "singleton"
    CONTEXT = "context"
    APPLICATION = "application"
    SERVER = "server"
    REQUEST = "request"


class BindingEvent(NamedTuple):
    """A change of a binding: ``operation`` is ``tag``, ``scope``, ``value`` or ``provides``."""

    type: str
    binding: "Binding[Any]"
    operation: str


class BindingOwner(Protocol):
    """What a binding asks of a context that holds it or resolves it."""

    def binding_changed(self, binding: "Binding[Any]", stale: object | None) -> None:
        """Follow a change; ``stale`` is the epoch whose kept value no longer holds."""

    def refresh_binding(self, binding: "Binding[Any]") -> None:
        """Drop the value kept in the resolution context of the binding."""

    def resolve_binding_sync(self, binding: "Binding[Any]") -> Any:
        """The value of the binding as seen from here."""

    async def resolve_binding(self, binding: "Binding[Any]") -> Any:
        """The value of the binding as seen from here."""


BindingTemplate = Callable[["Binding[Any]"], Any]
BindingListener = Callable[[BindingEvent], Any]


class Binding(Generic[T]):
    """A key with a source, a scope and tags; every method that changes it returns it.

    Args:
        key: Text, ``BindingKey`` or class. A class also counts as provided by the binding.

    Raises:
        InvalidKeyError: The key is empty or has a property path.
    """

    __slots__ = (
        "__weakref__",
        "_listeners",
        "_provided",
        "_scope",
        "_tags",
        "epoch",
        "is_locked",
        "key",
        "owners",
        "source",
    )

    CONFIGURATION_FOR: ClassVar[str] = "configuration_for"

    def __init__(self, key: Key[T]) -> None:
        text: Any = key
        if type(text) is str and "#" not in text and text.strip():  # what request contexts bind
            self.key: str = text
            self._provided: tuple[Any, ...] = ()
        else:
            self.key = key_text(key)
            wanted = binding_address(key)
            self._provided = () if isinstance(wanted, str) else (wanted,)
        self.source: BindingSource | None = None
        self.is_locked = False
        #: Another object after each change after which a kept value no longer holds; values are kept under it.
        self.epoch = object()
        self._scope: BindingScope | None = None
        self._tags: dict[str, Any] | None = None
        #: The contexts that hold it; they keep this themselves.
        self.owners: tuple[weakref.ref[BindingOwner], ...] = ()
        self._listeners: list[BindingListener] | None = None

    def __repr__(self) -> str:
        kind = self.source.type.value if self.source is not None else "no source"
        return f"<Binding {self.key!r} {kind} {self.scope.value}>"

    @staticmethod
    def bind(key: Key[Any]) -> "Binding[Any]":
        """A binding without a context."""
        return Binding(key)

    @staticmethod
    def configure(key: Key[Any] | None = None) -> "Binding[Any]":
        """The binding of the configuration of ``key`` (``$config`` without one), without a context."""
        text = "" if key is None else key_text(key)
        return Binding(BindingKey.build_key_for_config(text)).tag({Binding.CONFIGURATION_FOR: text})

    # What it is

    @property
    def scope(self) -> BindingScope:
        """The scope, ``TRANSIENT`` until set."""
        return self._scope or BindingScope.TRANSIENT

    @property
    def type(self) -> BindingType | None:
        """The kind of source, ``None`` before any ``to*``."""
        return self.source.type if self.source is not None else None

    @property
    def value_type(self) -> Any:
        """The class, the annotated result of a factory or provider, the type of a constant, else ``None``."""
        if self.source is None or self.source.type is BindingType.ALIAS:
            return None
        if self.source.type is BindingType.CONSTANT:
            return type(self.source.value)
        try:
            return self.source.provided()
        except Exception:  # an annotation that cannot be evaluated says nothing
            return None

    @property
    def tag_map(self) -> Mapping[str, Any]:
        """Tag names and values, read-only, in the order the names first came."""
        return MappingProxyType(self._tags if self._tags is not None else {})

    @property
    def tag_names(self) -> list[str]:
        """The names of the tags in the order they first came."""
        return list(self._tags or ())

    @property
    def provided_types(self) -> tuple[Any, ...]:
        """What ``provides`` added."""
        return self._provided

    def inspect(self) -> dict[str, Any]:
        """The binding as plain data that ``json.dumps`` takes. Values of constants never appear."""
        from mainspring.context.inspecting import inspect_binding  # noqa: PLC0415 - few programs look at themselves

        return inspect_binding(self)

    # Sources

    def to(self, value: T) -> Self:
        """The value itself.

        Raises:
            TypeError: It is awaitable.
        """
        source, self.source = self.source, Constant(value)
        if source is not None or self._listeners is not None:
            return self._changed("value")
        for ref in self.owners:  # a call more would cost every value that a request binds
            owner = ref()
            if owner is not None:
                owner.binding_changed(self, None)
        return self

    def to_dynamic_value(self, factory: Any) -> Self:
        """A factory, called with injected arguments: a function of any kind, or a class with a static ``value``.

        A generator yields the value once; what follows is clean-up, run when the context that holds the value closes.

        Raises:
            TypeError: It is no factory.
        """
        return self._set_source(sources.dynamic_value(factory))

    def to_provider(self, provider: builtins.type[Any]) -> Self:
        """A class made by the container whose ``value()`` gives the value.

        Raises:
            TypeError: It has no callable ``value``.
        """
        return self._set_source(sources.provider(provider))

    def to_class(self, cls: builtins.type[Any]) -> Self:
        """A class, instantiated with injected arguments and properties. Its ``@injectable`` metadata does not count.

        Raises:
            TypeError: It is no class.
        """
        return self._set_source(sources.of_class(cls))

    def to_injectable(self, cls: builtins.type[Any]) -> Self:
        """A class, provider or factory class by its shape, with the scope and tags of its ``@injectable``."""
        return self._set_source(source_by_shape(cls)).apply(*templates_of(cls))

    def to_alias(self, key: Key[Any]) -> Self:
        """Whatever ``key`` (with or without a path) resolves to at that moment."""
        return self._set_source(sources.alias(key))

    def _set_source(self, source: BindingSource) -> Self:
        fresh = self.source is None  # nothing can have been kept of a binding without source
        self.source = source
        return self._changed("value", drops=not fresh)

    # Settings

    def in_scope(self, scope: BindingScope | str) -> Self:
        """Set the scope.

        Raises:
            ValueError: It is no scope.
        """
        new = scope if type(scope) is BindingScope else BindingScope(scope)  # the enum's own call takes its time
        self._scope, old = new, self._scope
        return self._changed("scope", drops=new is not (old or BindingScope.TRANSIENT))

    def apply_default_scope(self, scope: BindingScope | str) -> Self:
        """Set the scope unless one was set."""
        return self.in_scope(scope) if self._scope is None else self

    def tag(self, *names_or_mappings: str | Mapping[str, Any], **values: Any) -> Self:
        """Add tags: a bare name has itself as value.

        Raises:
            TypeError: A tag is neither text nor a mapping; nothing is added then.
        """
        added: dict[str, Any] = {}
        for item in names_or_mappings:
            if isinstance(item, str):
                added[item] = str(item)
            elif (type(item) is dict or isinstance(item, Mapping)) and all(isinstance(name, str) for name in item):
                added.update(item)
            else:
                raise TypeError(
                    f"A tag of binding {self.key!r} is a text or a mapping of texts to values, not {item!r}."
                )
        if values:
            added.update(values)
        return self.put_tags(added)

    def put_tags(self, tags: dict[str, Any]) -> Self:
        """Add tags as they are, unchecked."""
        # A new dict, so that whoever iterates over the old one in another thread is not disturbed.
        self._tags = {**self._tags, **tags} if self._tags else tags
        return self._changed("tag", drops=False) if self.owners or self._listeners else self

    def provides(self, *types: Any) -> Self:
        """Add types by which the binding is found, beside what its source provides."""
        for wanted in types:
            if not is_type(wanted):
                raise TypeError(f"Binding {self.key!r} can provide classes, generics and NewTypes, not {wanted!r}.")
        self._provided = (*self._provided, *types)
        return self._changed("provides", drops=False)

    def apply(self, *templates: BindingTemplate) -> Self:
        """Call each template with the binding, in order."""
        for template in templates:
            template(self)
        return self

    def lock(self) -> Self:
        """Refuse replacing and removing the binding where it is held, until ``unlock``."""
        self.is_locked = True
        return self

    def unlock(self) -> Self:
        """Take the lock away."""
        self.is_locked = False
        return self

    # Values

    async def get_value(self, ctx: BindingOwner) -> T:
        """The value of this very binding as seen from ``ctx``, with scope and cache as in ``ctx.get``."""
        value: T = await ctx.resolve_binding(self)
        return value

    def get_value_sync(self, ctx: BindingOwner) -> T:
        """The same, synchronously.

        Raises:
            AsyncValueError: It must be awaited.
        """
        value: T = ctx.resolve_binding_sync(self)
        return value

    def refresh(self, ctx: BindingOwner) -> None:
        """Drop the value kept in the resolution context of this binding as seen from ``ctx``."""
        ctx.refresh_binding(self)

    def note_factory(self, source: sources.BindingSource, *, awaits: bool = False, binds: bool = False) -> None:
        """What a factory turned out to do: plans that rest on the contrary are dropped."""
        if (awaits and not source.awaits) or (binds and not source.binds) or source.awaits is None:
            source.awaits = awaits or bool(source.awaits)
            source.binds = binds or source.binds
            if source.is_planned:
                source.is_planned = False
                self._tell(None)

    # Listeners and owners

    def on(self, event: str, listener: BindingListener) -> Self:
        """Call ``listener(event)`` at once at every change; ``event`` is ``"changed"``.

        Raises:
            ValueError: There is no such event.
            TypeError: The listener cannot be called.
        """
        self._check_event(event)
        check_listener(listener)
        self._listeners = [*(self._listeners or ()), listener]
        return self

    def off(self, event: str, listener: BindingListener) -> bool:
        """Take away one registration of the listener; whether there was one."""
        self._check_event(event)
        if self._listeners is None or listener not in self._listeners:
            return False
        left = list(self._listeners)
        left.remove(listener)
        self._listeners = left
        return True

    def attach(self, owner: "weakref.ref[Any]") -> None:
        """Called by a context that now holds the binding."""
        with _owners_lock:
            if self.owners:
                self.owners = (*(ref for ref in self.owners if ref() is not None), owner)
            else:
                self.owners = (owner,)

    def detach(self, owner: object) -> None:
        """Called by a context that no longer holds the binding."""
        with _owners_lock:
            self.owners = tuple(ref for ref in self.owners if (other := ref()) is not None and other is not owner)

    def _check_event(self, event: str) -> None:
        if event != "changed":
            raise ValueError(f"A binding has the event 'changed', not {event!r}.")

    def _changed(self, operation: str, *, drops: bool = True) -> Self:
        stale: object | None = None
        if drops and operation in ("value", "scope"):
            stale, self.epoch = self.epoch, object()
        if self.owners:
            self._tell(stale)
        if self._listeners:
            event = BindingEvent("changed", self, operation)
            for listener in self._listeners:
                listener(event)
        return self

    def _tell(self, stale: object | None) -> None:
        for ref in self.owners:
            owner = ref()
            if owner is not None:
                owner.binding_changed(self, stale)


def check_listener(listener: object) -> None:
    """Refuse what nobody could call when the event comes.

    Raises:
        TypeError: It cannot be called.
    """
    if not callable(listener):
        raise TypeError(f"A listener is a function, not {listener!r}.")
