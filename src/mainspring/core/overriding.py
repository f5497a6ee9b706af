"""Other values in place of what is bound, for a while: nested dependencies included, and undone exactly.

Each override is a binding that takes the place of another one. What was made with the old one (its dependents, told
without running anything) is set aside, so that it is made anew with the override, and put back at the end. Servers and
observers stay the same instances: they have been started, a second one would not be.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from weakref import WeakSet

from mainspring.context import Binding, BindingKey, BindingScope
from mainspring.context.edges import edges_from
from mainspring.context.keys import binding_address, key_text
from mainspring.context.resolving import locate
from mainspring.context.setting_aside import KeptValue, drop_kept, put_back, set_aside
from mainspring.context.sources import BindingType
from mainspring.core.keys import CoreTags

__all__ = ["Overrides", "dependents", "found_bindings", "replacement_for"]

#: What has been started is not made anew.
_STARTED = (CoreTags.SERVER, CoreTags.LIFE_CYCLE_OBSERVER, CoreTags.COMPONENT)

Contexts = Callable[[], list[Any]]


class _Placed(NamedTuple):
    owner: Any
    new: Binding[Any]
    old: Binding[Any] | None


def replacement_for(key: Any, value: Any, old: Binding[Any] | None) -> Binding[Any]:
    """The binding that takes the place of another one, found by all that finds that.

    Args:
        key: What is overridden: text, ``BindingKey`` or class.
        value: A class, made by the container in the scope of the old one (kept, when there is none); a ``Binding``,
            whose source counts; or the value itself.
        old: What is bound now.
    """
    new: Binding[Any] = Binding(old.key if old is not None else key_text(key))
    if isinstance(value, Binding):
        _take_source(new, value)
        scope = value.scope
    else:
        new.to_class(value) if isinstance(value, type) else new.to(value)
        scope = old.scope if old is not None else BindingScope.SINGLETON
    new.in_scope(scope)
    wanted = binding_address(key)
    types = [] if isinstance(wanted, str) else [wanted]
    if old is not None:
        new.tag(dict(old.tag_map))
        own = old.value_type if old.source is not None and old.source.type is not BindingType.ALIAS else None
        types += [*old.provided_types, *([own] if isinstance(own, type) else [])]
    return new.provides(*dict.fromkeys(types))


def _take_source(new: Binding[Any], given: Binding[Any]) -> None:
    if given.source is None:
        raise ValueError(f"The binding given for {new.key!r} has no value: call to(...) or another to_* on it.")
    source = given.source
    if source.type is BindingType.ALIAS:
        new.to_alias(source.key if source.key is not None else source.value)
        return
    make: dict[BindingType, Callable[[Any], Any]] = {
        BindingType.CONSTANT: new.to,
        BindingType.DYNAMIC_VALUE: new.to_dynamic_value,
        BindingType.CLASS: new.to_class,
        BindingType.PROVIDER: new.to_provider,
    }
    make[source.type](source.value)


class Overrides:
    """Replacements that hold from `begin` to `end`.

    Args:
        replacements: By key or class, a value, a class, or a ``Binding``.
        contexts: Gives the contexts that are looked at: the application first, then its servers.
        ours: The bindings placed by overrides of the same application, this one's included.
    """

    def __init__(self, replacements: Mapping[Any, Any], contexts: Contexts, ours: "WeakSet[Binding[Any]]") -> None:
        self._replacements = dict(replacements)
        self._contexts = contexts
        self._ours = ours
        #: By context and key what stands there now, and what stood there (``None``: nothing).
        self._placed: dict[tuple[int, str], _Placed] = {}
        #: By class, what stands for it while nothing provides it.
        self._stand_ins: dict[Any, _Placed] = {}
        self._aside: list[KeptValue] = []
        self._holds = True

    def begin(self) -> None:
        """Put the replacements in place.

        Raises:
            AmbiguousTypeError: A class is provided by several bindings; nothing is replaced then.
        """
        try:
            for key, value in self._replacements.items():
                self._override(key, value)
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """Put back what was there: bindings, and the values that were kept."""
        self._holds = False
        self._take_back(list(self._placed.values()))
        self._placed.clear()
        for kept in reversed(self._aside):
            put_back(kept)
        self._aside.clear()

    def _take_back(self, places: list[_Placed]) -> None:
        """Put back what was there, and drop what was made with what stood in its place."""
        made = dependents([placed.new for placed in places], self._contexts())
        for placed in reversed(places):
            _put(placed.owner, placed.new.key, placed.old)
        for binding in made:
            for ctx in self._contexts():
                drop_kept(ctx, binding)

    def follow(self, event: Any) -> None:
        """A listener of ``bind``: what is bound while the overrides hold is overridden as well."""
        owner, binding = event.context, event.binding
        if binding in self._ours:
            return
        if binding.source is None:
            binding.on("changed", lambda change: self._override_new(owner, change.binding))
        else:
            self._override_new(owner, binding)

    def _override_new(self, owner: Any, binding: Binding[Any]) -> None:
        there = owner.own_binding(binding.key)
        if not self._holds or (there is not binding and there not in self._ours):
            return
        for key, value in self._replacements.items():
            if _names(key, binding):
                stand_in = self._stand_ins.pop(key, None)
                if stand_in is not None:  # two bindings would provide the class
                    del self._placed[id(stand_in.owner), stand_in.new.key]
                    self._take_back([stand_in])
                self._place(owner, key, value, there)
                return

    def _override(self, key: Any, value: Any) -> None:
        contexts = self._contexts()
        for old, owner in found_bindings(key, contexts) or ((None, contexts[0]),):
            self._place(owner, key, value, old)

    def _place(self, owner: Any, key: Any, value: Any, old: Binding[Any] | None) -> None:
        new = replacement_for(key, value, old)
        self._ours.add(new)
        self._set_aside([old] if old is not None else [])
        _put(owner, new.key, new)
        placed = self._placed[id(owner), new.key] = _Placed(owner, new, old)
        if old is None:
            if not isinstance(binding_address(key), str):
                self._stand_ins[key] = placed
            self._set_aside([new])

    def _set_aside(self, bindings: list[Binding[Any]]) -> None:
        contexts = self._contexts()
        for binding in dependents(bindings, contexts):
            for ctx in contexts:
                kept = set_aside(ctx, binding)
                if kept is not None:
                    self._aside.append(kept)


def dependents(bindings: Iterable[Binding[Any]], contexts: list[Any]) -> list[Binding[Any]]:
    """The bindings, and those whose values are made with theirs, directly or not; nothing that has been started.

    Args:
        bindings: Where to begin.
        contexts: The contexts that are looked at.
    """
    found = dict.fromkeys(bindings)
    asked = _who_asks(contexts) if found else {}
    waiting = list(found)
    while waiting:
        for asking in asked.get(waiting.pop(), ()):
            if asking not in found and not _is_started(asking):
                found[asking] = None
                waiting.append(asking)
    return list(found)


def _who_asks(contexts: list[Any]) -> dict[Binding[Any], list[Binding[Any]]]:
    """By binding those whose values are made with its value."""
    asked: dict[Binding[Any], list[Binding[Any]]] = {}
    for binding, owner in {each: ctx for ctx in contexts for each in ctx.find()}.items():
        for edge in edges_from(binding, owner.get_owner_context(binding) or owner, contexts):
            if edge.kind != "later":  # a getter asks when it is called
                asked.setdefault(edge.target, []).append(binding)
    return asked


def found_bindings(key: Any, contexts: list[Any]) -> dict[tuple[Binding[Any], Any], None]:
    """What a key or class means in each of several contexts: bindings and who holds them, each once.

    Raises:
        AmbiguousTypeError: A class is provided by several bindings.
    """
    return dict.fromkeys(filter(None, (locate(ctx, binding_address(key)) for ctx in contexts)))


def _names(key: Any, binding: Binding[Any]) -> bool:
    """Whether a key or class means the binding."""
    wanted = binding_address(key)
    if isinstance(wanted, str) or isinstance(key, BindingKey):
        return binding.key == key_text(key)
    provided = [*binding.provided_types, binding.value_type]
    return any(isinstance(each, type) and isinstance(wanted, type) and issubclass(each, wanted) for each in provided)


def _is_started(binding: Binding[Any]) -> bool:
    return any(tag in binding.tag_map for tag in _STARTED)


def _put(owner: Any, key: str, binding: Binding[Any] | None) -> None:
    """Let a context have this binding (or none) at a key, a lock notwithstanding."""
    there = owner.own_binding(key)
    was_locked = there is not None and there.is_locked
    if there is not None:
        there.unlock()
    if binding is None:
        owner.unbind(key)
    else:
        owner.add(binding)
    if was_locked and there is not None:
        there.lock()
