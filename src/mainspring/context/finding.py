"""Finding bindings of one context: by tag through an index, by the type they provide through another.

Both indexes are made when first asked for and kept right afterwards, change by change: a context that is never searched
(most request contexts) pays nothing.
"""

from collections.abc import Callable, Iterable
from typing import Any, NewType, get_origin

from mainspring.context.bindings import Binding

__all__ = ["ProviderIndex", "TagIndex", "may_be_virtual", "type_names"]

#: Built-in value types are found by an explicit ``provides`` of that very type only.
_VALUE_TYPES = frozenset(
    {str, bytes, int, float, complex, bool, list, tuple, dict, set, frozenset, object, Any, type(None)}
)


_OBJECT_ALONE = (object,)


class TagIndex:
    """Which bindings of a context have a tag, in the order of their registration."""

    __slots__ = ("_by_name", "_dirty", "_names_of", "_positions", "_top")

    def __init__(self, bindings: Iterable[Binding[Any]]) -> None:
        self._by_name: dict[str, dict[Binding[Any], None]] = {}
        self._names_of: dict[Binding[Any], tuple[str, ...]] = {}
        self._positions: dict[str, int] = {}
        self._top = 0
        self._dirty: dict[Binding[Any], None] = {}
        for binding in bindings:
            self.put(binding)

    def put(self, binding: Binding[Any]) -> None:
        """The binding came, or its tags changed; they are looked at when somebody asks."""
        if binding.key not in self._positions:
            self._top += 1
            self._positions[binding.key] = self._top
        self._dirty[binding] = None

    def drop(self, binding: Binding[Any], *, keeps_place: bool) -> None:
        """Forget the binding; its key keeps its place when another binding takes it."""
        self._dirty.pop(binding, None)
        self._clear(binding)
        if not keeps_place:
            self._positions.pop(binding.key, None)

    def _clear(self, binding: Binding[Any]) -> None:
        for name in self._names_of.pop(binding, ()):
            entries = self._by_name.get(name)
            if entries is not None:
                entries.pop(binding, None)
                if not entries:
                    del self._by_name[name]

    def _settle(self) -> None:
        dirty, self._dirty = self._dirty, {}
        for binding in dirty:
            if binding in self._names_of:
                self._clear(binding)
            names = tuple(binding.tag_map)
            for name in names:
                self._by_name.setdefault(name, {})[binding] = None
            if names:
                self._names_of[binding] = names

    def with_names(self, accepts: Callable[[str], bool] | str) -> list[Binding[Any]]:
        """The bindings that have a tag of that name (or of a name that is accepted), in order."""
        if self._dirty:
            self._settle()
        if isinstance(accepts, str):
            found = dict(self._by_name.get(accepts, {}))
        else:
            found = {binding: None for name in list(self._by_name) if accepts(name) for binding in self._by_name[name]}
        return sorted(found, key=lambda binding: self._positions[binding.key])


class ProviderIndex:
    """Which bindings of a context provide a type."""

    __slots__ = ("_by_type", "_dirty", "_of", "_unreadable")

    def __init__(self, bindings: Iterable[Binding[Any]]) -> None:
        self._by_type: dict[Any, dict[Binding[Any], None]] = {}
        self._of: dict[Binding[Any], tuple[Any, ...]] = {}
        self._dirty: dict[Binding[Any], bool] = dict.fromkeys(bindings, True)
        self._unreadable: dict[Binding[Any], None] = {}

    def put(self, binding: Binding[Any]) -> None:
        """The binding came, or what it provides changed; looked at when somebody asks."""
        self._dirty[binding] = True

    def drop(self, binding: Binding[Any]) -> None:
        """The binding went."""
        self._dirty[binding] = False

    def candidates(self, wanted: Any) -> list[Binding[Any]]:
        """The bindings that provide the type or a subtype of it."""
        self._settle()
        found = list(self._by_type.get(wanted, ()))
        if may_be_virtual(wanted) and wanted not in _VALUE_TYPES:
            seen = set(found)
            for provided in [each for each in self._by_type if isinstance(each, type)]:
                if provided is not wanted and _is_virtual(provided, wanted):
                    found.extend(each for each in self._by_type[provided] if each not in seen and not seen.add(each))  # type: ignore[func-returns-value]  # `add` is called for its effect
        return found

    def _settle(self) -> None:
        if not self._dirty and not self._unreadable:
            return
        dirty, self._dirty = {**dict.fromkeys(self._unreadable, True), **self._dirty}, {}
        self._unreadable = {}
        for binding, present in dirty.items():
            for name in self._of.pop(binding, ()):
                self._by_type[name].pop(binding, None)
                if not self._by_type[name]:
                    del self._by_type[name]
            if present:
                self._index(binding)

    def _index(self, binding: Binding[Any]) -> None:
        names: dict[Any, None] = {}
        for provided in binding.provided_types:
            names.update(dict.fromkeys(_names(provided)))
        source = binding.source
        if source is not None and not is_configuration(binding):
            try:
                provided = source.provided()
            except Exception:  # an annotation that cannot be evaluated (yet) makes no candidate
                self._unreadable[binding] = None
            else:
                if provided is not None and _hashable(provided) and provided not in _VALUE_TYPES:
                    names.update(dict.fromkeys(_names(provided)))
        if names:
            self._of[binding] = tuple(names)
            for name in names:
                self._by_type.setdefault(name, {})[binding] = None


def is_configuration(binding: Binding[Any]) -> bool:
    """Whether it holds the configuration of another binding."""
    return Binding.CONFIGURATION_FOR in binding.tag_map


def exactly(binding: Binding[Any], wanted: Any) -> bool:
    """Whether the binding's own class, declared return type or explicit ``provides`` is this very type."""
    if wanted in binding.provided_types:
        return True
    try:
        return binding.source is not None and bool(binding.source.provided() == wanted)
    except Exception:  # unreadable: it came in by `provides` of another type
        return False


def type_names(provided: Any) -> list[Any]:
    """Every type that something of type ``provided`` is found by: its MRO and the parametrised bases on the way."""
    return [name for name in _names(provided) if name not in _VALUE_TYPES]


def _names(provided: Any) -> list[Any]:
    if type(provided) is type and provided.__bases__ == _OBJECT_ALONE and "__orig_bases__" not in provided.__dict__:
        return [provided]  # most classes
    if isinstance(provided, NewType):
        return [provided, *type_names(provided.__supertype__)]
    origin = None if type(provided) is type else get_origin(provided)
    names: dict[Any, None] = {provided: None}
    cls = origin if isinstance(origin, type) else provided
    if isinstance(cls, type):
        for klass in cls.__mro__:
            names[klass] = None
            for base in klass.__dict__.get("__orig_bases__", ()):
                if get_origin(base) is not None and _hashable(base):
                    names[base] = None
    if provided in _VALUE_TYPES:
        return [provided]
    return [name for name in names if name is provided or name not in _VALUE_TYPES]


def may_be_virtual(wanted: Any) -> bool:
    """Whether classes can be registered as its subclasses: an ABC that is no protocol."""
    return isinstance(wanted, type) and hasattr(wanted, "_abc_impl") and not getattr(wanted, "_is_protocol", False)


def _is_virtual(provided: type[Any], wanted: type[Any]) -> bool:
    """Registered with an ABC (nominal); neither a protocol nor an ABC that looks at methods is matched by shape."""
    if wanted in provided.__mro__:
        return False
    try:
        return wanted.__subclasshook__(provided) is NotImplemented and issubclass(provided, wanted)
    except TypeError:
        return False


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True
