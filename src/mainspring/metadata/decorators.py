"""The makers of decorators: each gives something that writes one spec down and changes nothing else.

An application's own decorator is a function that returns what a maker gives:
``def audit(**spec): return method_metadata("audit", spec)``.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from mainspring.metadata.cloning import clone as copied
from mainspring.metadata.entries import Entry, Kind, checked_single
from mainspring.metadata.keys import MetadataKey, key_name
from mainspring.metadata.storage import (
    class_store,
    function_entries,
    set_function_entries,
    underlying_function,
    write,
)

__all__ = [
    "ParameterMetadata",
    "PropertyMetadata",
    "class_metadata",
    "method_metadata",
    "multi_method_metadata",
    "parameter_metadata",
    "property_metadata",
]

C = TypeVar("C", bound=type)
F = TypeVar("F")
P = TypeVar("P")
Merge = Callable[[Any, Any], Any]
Key = MetadataKey[Any] | str


class Spec:
    """One decorator's spec and options, ready to become an entry at each target."""

    __slots__ = ("_fields", "kind")

    def __init__(self, kind: Kind, key: Key, spec: Any, *, name: str | None = None, **options: Any) -> None:
        text = key_name(key)
        clones = options.get("clone", True)
        options.update(key=text, label=(name or text).removeprefix("@"), spec=copied(spec) if clones else spec)
        self.kind, self._fields = kind, options

    def entry(self, origin: object = None) -> Entry:
        """A new entry: each application is one of its own."""
        return Entry(kind=self.kind, origin=origin, **self._fields)

    def __repr__(self) -> str:
        return f"@{self._fields['label']}({self._fields['spec']!r})"


class PropertyMetadata(Spec):
    """Stands in ``Annotated[T, …]`` of a class attribute, is the value of one, or decorates a ``property``."""

    __slots__ = ()

    def __set_name__(self, owner: type, name: str) -> None:
        slot = (self._fields["key"], name)
        known = class_store(owner).records.get(slot)
        if known is None or known.origin is not self:  # a class made anew runs this again
            write(owner, slot, self.entry(origin=self))

    def __call__(self, target: P) -> P:
        """Write the spec down on a ``property`` (or the function of one) and return it unchanged."""
        _annotate(target, self.entry())
        return target


class ParameterMetadata(Spec):
    """Stands in ``Annotated[T, …]`` of a parameter of a function, a method or a constructor."""

    __slots__ = ()


def class_metadata(
    key: Key,
    spec: Any,
    *,
    name: str | None = None,
    inherit: bool = True,
    clone: bool = True,
    merge: Merge | None = None,
) -> Callable[[C], C]:
    """Make a class decorator that records ``spec`` and returns the class itself.

    Args:
        key: Where the spec is found again.
        spec: Any value; mappings merge over those of the bases, key by key, anything else replaces what the bases
            say; ``None`` means what is inherited.
        name: What error messages call the decorator; the key's name by default.
        inherit: Whether the bases have a say.
        clone: Whether a deep copy of the spec's containers is recorded and read; else the very object.
        merge: ``merge(inherited, spec)`` decides what is read where something is inherited.

    Raises:
        MetadataError: On application, when the class itself has the key from a decorator already.
    """
    maker = Spec(Kind.CLASS, key, spec, name=name, inherit=inherit, clone=clone, merge=merge)

    def decorate(cls: C) -> C:
        if not isinstance(cls, type):
            raise TypeError(f"{maker!r} decorates a class, not {cls!r}.")
        entry = maker.entry()
        slot = (entry.key, None)
        known = class_store(cls).records.get(slot)
        checked_single([entry] if known is None else [known, entry], f"class {cls.__name__}")
        write(cls, slot, entry)
        return cls

    return decorate


def method_metadata(
    key: Key,
    spec: Any,
    *,
    name: str | None = None,
    inherit: bool = True,
    clone: bool = True,
    merge: Merge | None = None,
) -> Callable[[F], F]:
    """Make a decorator for methods of every kind; it returns what it was given, unchanged and not wrapped.

    It stands above or below ``@staticmethod`` and ``@classmethod``. Arguments are those of `class_metadata`.

    Raises:
        MetadataError: On application, when the method has the key from a decorator already.
    """
    return _method_decorator(Spec(Kind.METHOD, key, spec, name=name, inherit=inherit, clone=clone, merge=merge))


def multi_method_metadata(
    key: Key, spec: Any, *, name: str | None = None, inherit: bool = True, clone: bool = True
) -> Callable[[F], F]:
    """Make a decorator that may be applied to a method many times; what is read is a list.

    The list holds the inherited specs first, then the method's own, the lowest decorator first. A list given as
    ``spec`` adds its items one by one. Arguments are those of `class_metadata`.
    """
    return _method_decorator(Spec(Kind.METHOD, key, spec, name=name, inherit=inherit, clone=clone, many=True))


def property_metadata(
    key: Key,
    spec: Any,
    *,
    name: str | None = None,
    inherit: bool = True,
    clone: bool = True,
    merge: Merge | None = None,
) -> PropertyMetadata:
    """Make metadata for a property, in one of three places.

    ``title: Annotated[str, audit()]``, ``title = audit()``, or ``@audit()`` above a ``property``. Arguments are
    those of `class_metadata`.
    """
    return PropertyMetadata(Kind.PROPERTY, key, spec, name=name, inherit=inherit, clone=clone, merge=merge)


def parameter_metadata(
    key: Key,
    spec: Any,
    *,
    name: str | None = None,
    inherit: bool = True,
    clone: bool = True,
    merge: Merge | None = None,
) -> ParameterMetadata:
    """Make metadata for a parameter: ``def list(self, limit: Annotated[int, audit()])``.

    Arguments are those of `class_metadata`.
    """
    return ParameterMetadata(Kind.PARAMETER, key, spec, name=name, inherit=inherit, clone=clone, merge=merge)


def _method_decorator(maker: Spec) -> Callable[[F], F]:
    def decorate(method: F) -> F:
        _annotate(method, maker.entry())
        return method

    return decorate


def _annotate(target: object, entry: Entry) -> None:
    function = underlying_function(target)
    if function is None:
        raise TypeError(f"@{entry.label} decorates a {entry.kind.name.lower()}, not {target!r}.")
    entries = (*function_entries(function), entry)
    brackets = "()" if entry.kind is Kind.METHOD else ""
    same_key = [known for known in entries if known.key == entry.key]
    checked_single(same_key, f"{_short_name(function)}{brackets}")
    set_function_entries(function, entries)


def _short_name(function: Callable[..., Any]) -> str:
    """``Todo.list`` of a method, however deep its class is nested."""
    qualname: str = getattr(function, "__qualname__", repr(function))
    return ".".join(qualname.rpartition("<locals>.")[2].split(".")[-2:])
