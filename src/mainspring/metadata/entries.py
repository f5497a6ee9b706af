"""One entry is one application of a decorator, or one value defined by hand.

How entries join what a class inherits is decided here and nowhere else.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum, auto
from typing import Any, Final, NamedTuple

from mainspring.metadata.cloning import Copier, clone, copier_for
from mainspring.metadata.errors import MetadataError

__all__ = ["ABSENT", "Entry", "Found", "Kind", "Missing", "checked_single", "joined"]

Merge = Callable[[Any, Any], Any]
"""``merge(inherited, spec)`` decides what is read."""


class Missing:
    """No metadata, as distinct from metadata that is ``None``."""

    def __repr__(self) -> str:
        return "<no metadata>"


ABSENT: Final = Missing()


class Kind(Enum):
    """What kind of target an entry was written for; ``PLAIN`` is ``define_metadata``."""

    CLASS = auto()
    METHOD = auto()
    PROPERTY = auto()
    PARAMETER = auto()
    PLAIN = auto()

    __hash__ = object.__hash__  # members are part of every lookup; the hash that Enum gives is a Python call


class Entry(NamedTuple):
    """One spec as it was written down; told apart by identity, since each application counts."""

    key: str
    spec: Any
    kind: Kind
    label: str
    inherit: bool = True
    clone: bool = True
    merge: Merge | None = None
    many: bool = False
    origin: object = None

    @property
    def is_plain(self) -> bool:
        """Whether the value was defined by hand: it is then read as the very object, and nothing joins it."""
        return self.kind is Kind.PLAIN


class Found:
    """What a lookup ends with: a value and the way to hand out a copy of it; `ABSENT` has no copies."""

    __slots__ = ("cloned", "copier", "value")

    def __init__(self, value: Any, cloned: bool, copier: Copier) -> None:
        self.value, self.cloned, self.copier = value, cloned, copier

    @classmethod
    def of(cls, value: Any, *, cloned: bool) -> "Found":
        """A result that is copied at each read when ``cloned``."""
        return cls(value, cloned, copier_for(value) if cloned else _itself)

    def read(self, default: Any) -> Any:
        """The value for a reader, or ``default``."""
        return default if self.value is ABSENT else self.copier(self.value)


def checked_single(entries: Iterable[Entry], target: str) -> None:
    """Refuse two applications of one decorator where each target can have one.

    Raises:
        MetadataError: There are two that were not made to be applied many times.
    """
    decorators = [entry for entry in entries if not entry.is_plain]
    if len(decorators) > 1 and not all(entry.many for entry in decorators):
        raise MetadataError(decorators[-1].label, target)


def joined(inherited: Found, entries: Iterable[Entry]) -> Found:
    """What is read where ``entries`` of one class stand over what the class inherits."""
    entries = tuple(entries)
    if entries and entries[0].many:
        return _joined_list(inherited, entries)
    for entry in entries:
        inherited = _joined_one(inherited, entry)
    return inherited


def _joined_one(inherited: Found, entry: Entry) -> Found:
    spec = entry.spec
    if entry.is_plain or not entry.inherit:
        return Found.of(spec, cloned=entry.clone)
    if spec is None:
        return inherited
    if inherited.value is ABSENT:
        return Found.of(spec, cloned=entry.clone)
    if entry.merge is not None:
        spec = entry.merge(inherited.copier(inherited.value), clone(spec) if entry.clone else spec)
    elif isinstance(spec, Mapping) and isinstance(inherited.value, Mapping):
        spec = {**inherited.value, **spec}
    else:
        return Found.of(spec, cloned=entry.clone)
    return Found.of(spec, cloned=entry.clone or inherited.cloned)


def _joined_list(inherited: Found, entries: tuple[Entry, ...]) -> Found:
    own: list[Any] = []
    for entry in entries:
        if isinstance(entry.spec, list):
            own.extend(entry.spec)
        elif entry.spec is not None:
            own.append(entry.spec)
    keeps = all(entry.inherit for entry in entries) and isinstance(inherited.value, list)
    items = [*inherited.value, *own] if keeps else own
    return Found.of(items, cloned=any(entry.clone for entry in entries) or inherited.cloned)


def _itself(value: Any) -> Any:
    return value
