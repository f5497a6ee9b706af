"""Where metadata lies: on the class and on the function it is about, so that it goes when they go.

A class has one attribute with what was defined on it and what was worked out from it. A class that is made anew
from another's namespace (``dataclass(slots=True)``, attrs) takes the attribute along and then gets a store of its
own; a function has one attribute, which ``functools.wraps`` takes along. Everything written replaces what was there
instead of changing it: whoever copied an attribute never sees later changes. Reading changes no class: what was
worked out for one that nothing was defined on is remembered beside it, as long as it lives.
"""

import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, partialmethod
from types import FunctionType, MethodType
from typing import Any

from mainspring.metadata.entries import Entry

__all__ = [
    "ClassStore",
    "Slot",
    "class_store",
    "function_entries",
    "own_records",
    "set_function_entries",
    "underlying_function",
    "write",
]

ATTRIBUTE = "__mainspring_metadata__"
# A runtime-checkable protocol takes the names in its namespace for members that an instance must have. Names with
# this prefix are the one exception it makes.
PROTOCOL_ATTRIBUTE = "_abc_mainspring_metadata__"

Slot = tuple[str, str | None]
"""A key's name, and a member's name or ``None`` for the class itself."""

# One lock for all classes: writing happens while modules are imported, reading takes no lock.
_WRITING = threading.RLock()


class ClassStore:
    """What one class has written down, and what was worked out from it and its bases.

    In ``records``, ``None`` marks a slot whose metadata was deleted although a decorator in the class body says it.
    A store never holds its class, so that one beside a class does not keep it alive.
    """

    __slots__ = ("bases", "cache", "owner", "records", "tables")

    def __init__(self, owner: type | None, records: Mapping[Slot, Entry | None]) -> None:
        self.owner = None if owner is None else weakref.ref(owner)
        self.bases = () if owner is None else owner.__mro__[1:]
        self.records = records
        self.cache: dict[tuple[Any, ...], Any] = {}
        self.tables: dict[str | None, Any] = {}

    def __reduce__(self) -> tuple[Any, ...]:  # for picklers that send classes by value
        return ClassStore, (None, dict(self.records))

    def is_of(self, cls: type) -> bool:
        """Whether this is the class's own store and its bases are still those of before."""
        return self.owner is not None and self.owner() is cls and self.bases == cls.__mro__[1:]

    def forget(self) -> None:
        """Drop what was worked out. A reader still at work fills the old dictionaries, which nobody asks again."""
        self.cache, self.tables = {}, {}


_NO_RECORDS: Mapping[Slot, Entry | None] = {}

# By identity: a metaclass may say that two classes are equal, or that they have no hash.
_BESIDE: dict[int, ClassStore] = {}


def class_store(cls: type) -> ClassStore:
    """The store of this very class, made on first use."""
    store = _known(cls)
    if store is not None and store.is_of(cls):
        return store
    with _WRITING:
        fresh = ClassStore(cls, {} if store is None else store.records)
        if store is None or id(cls) in _BESIDE:
            _remember(cls, fresh)
        else:
            _attach(cls, fresh)
        return fresh


def own_records(cls: type) -> Mapping[Slot, Entry | None]:
    """What this very class has written down; no store is made for one that has nothing."""
    store = cls.__dict__.get(ATTRIBUTE) or _known(cls)
    return _NO_RECORDS if store is None else store.records


def write(cls: type, slot: Slot, entry: Entry | None, *, remove: bool = False) -> None:
    """Put ``entry`` into a slot of ``cls``, or ``remove`` the slot; the class and its subclasses see it at once.

    Raises:
        TypeError: The class is built in and takes no metadata.
    """
    with _WRITING:
        records = dict(own_records(cls))
        if remove:
            records.pop(slot, None)
        else:
            records[slot] = entry
        try:
            _attach(cls, ClassStore(cls, records))
        except TypeError as error:
            words = f"{cls.__name__!r} is a built-in class and takes no metadata. Put it on a subclass."
            raise TypeError(words) from error
        for affected in _with_subclasses(cls):
            known = _known(affected)
            if known is not None:
                known.forget()


def function_entries(function: Callable[..., Any]) -> tuple[Entry, ...]:
    """What decorators and definitions left on a function, the lowest decorator first."""
    entries: tuple[Entry, ...] = getattr(function, "__dict__", {}).get(ATTRIBUTE, ())
    return entries


def set_function_entries(function: Callable[..., Any], entries: Iterable[Entry]) -> None:
    """Replace what is on a function.

    Raises:
        TypeError: The callable takes no attributes.
    """
    try:
        setattr(function, ATTRIBUTE, tuple(entries))
    except AttributeError as error:
        raise TypeError(f"{function!r} takes no metadata: it has no place for it. Decorate a function.") from error


def underlying_function(target: object) -> Callable[..., Any] | None:
    """The function below static methods, class methods, properties and bound methods; ``None`` when there is none."""
    while True:
        match target:
            case staticmethod() | classmethod() | MethodType():
                target = target.__func__
            case property():
                target = target.fget
            case cached_property() | partialmethod():
                target = target.func
            case FunctionType():
                return target
            case type():
                return None
            case _:
                return target if callable(target) else None


def _known(cls: type) -> ClassStore | None:
    namespace = cls.__dict__
    store: ClassStore | None = namespace.get(ATTRIBUTE)
    if store is None:
        store = namespace.get(PROTOCOL_ATTRIBUTE)
    return _BESIDE.get(id(cls)) if store is None else store


def _remember(cls: type, store: ClassStore) -> None:
    key = id(cls)
    if key not in _BESIDE:
        weakref.finalize(cls, _BESIDE.pop, key, None).atexit = False
    _BESIDE[key] = store


def _attach(cls: type, store: ClassStore) -> None:
    is_protocol = bool(getattr(cls, "_is_protocol", False))
    # Past the metaclass: some of them refuse or watch attributes, and this one is none of their business.
    type.__setattr__(cls, PROTOCOL_ATTRIBUTE if is_protocol else ATTRIBUTE, store)
    stale = ATTRIBUTE if is_protocol else PROTOCOL_ATTRIBUTE
    if stale in cls.__dict__:  # written while the class was being made and did not know yet what it is
        type.__delattr__(cls, stale)
    _BESIDE.pop(id(cls), None)


def _with_subclasses(cls: type) -> Iterator[type]:
    yield cls
    subclasses: list[type] = type.__subclasses__(cls)
    for subclass in subclasses:
        yield from _with_subclasses(subclass)
