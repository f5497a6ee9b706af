"""What a context sees: its own bindings and those above that are not hidden, by key, by tag, by type."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from uuid import uuid4

from mainspring.context.bindings import Binding, BindingScope
from mainspring.context.errors import AmbiguousTypeError
from mainspring.context.filters import BindingFilter, BindingTagFilter, as_filter, filter_by_tag
from mainspring.context.finding import ProviderIndex, TagIndex, exactly
from mainspring.context.keys import describe_type

__all__ = ["Sight"]

#: Looking for near names among more keys than this would make an error slow.
_NEAREST_OF = 5_000


class Sight:
    """The part of a context that looks for bindings and changes none."""

    __slots__ = ("_bindings", "_is_followed", "_lock", "_name", "_parent", "_providers", "_tags", "scope")

    scope: BindingScope
    #: Before generated names: the class of a context of a special kind.
    name_prefix: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name_prefix" not in cls.__dict__:
            cls.name_prefix = f"{cls.__name__}-"

    # Set by the constructor of the registry: contexts are made by the thousand, and one call is cheaper than two.
    _parent: Any
    _name: str | None
    _bindings: dict[str, Binding[Any]]
    #: Whether there is an index, a hub or a watcher that a change has to be told to.
    _is_followed: bool
    _tags: TagIndex | None
    _providers: ProviderIndex | None
    _lock: Any

    @property
    def name(self) -> str:
        """The name given, or a unique one that begins with the class of a context of a special kind."""
        if self._name is None:
            self._name = f"{self.name_prefix}{uuid4().hex}"
        return self._name

    def chain(self) -> "Iterator[Any]":
        """This context, its parent, the parent's parent and so on."""
        each: Any = self
        while each is not None:
            yield each
            each = each._parent

    def own_binding(self, key: str) -> Binding[Any] | None:
        """The binding registered here under this text."""
        return self._bindings.get(key)

    def own_bindings(self) -> list[Binding[Any]]:
        """The bindings registered here, in the order in which their keys came."""
        return list(self._bindings.values())

    def get_scoped_context(self, scope: BindingScope | str) -> Any:
        """The nearest context of that scope, itself included."""
        return next((each for each in self.chain() if each.scope == scope), None)

    def holder_of(self, binding: Binding[Any]) -> Any:
        """The nearest context that holds this very binding, hidden or not; this one when none does."""
        each: Any = self
        while each is not None:
            if each._bindings.get(binding.key) is binding:
                return each
            each = each._parent
        return self

    def is_visible_to(self, other: "Sight") -> bool:
        """Whether this context is ``other`` or above it."""
        each: Any = other
        while each is not None and each is not self:
            each = each._parent
        return each is self

    def find(self, pattern_or_filter: "str | re.Pattern[str] | BindingFilter | None" = None) -> list[Binding[Any]]:
        """The bindings that match, this context's first, without those hidden by a nearer one of the same key.

        Raises:
            TypeError: It is no text, compiled expression or function.
        """
        matches = as_filter(pattern_or_filter)
        found: list[Binding[Any]] = []
        for each in self.chain():
            matching = each._matching(matches)
            if each is self:
                found += matching
            else:
                found += [binding for binding in matching if not self._hides(binding.key, each)]
        return found

    def find_by_tag(self, tag: "str | re.Pattern[str] | Mapping[str, Any]") -> list[Binding[Any]]:
        """The bindings whose tags match a name (with wildcards), an expression, or a mapping."""
        return self.find(filter_by_tag(tag))

    def _matching(self, matches: BindingFilter) -> list[Binding[Any]]:
        with self._lock:
            candidates: list[Binding[Any]] | None = None
            if isinstance(matches, BindingTagFilter) and matches.index_name is not None:
                if self._tags is None and self._bindings:
                    self._is_followed = True  # first: a tag that another thread adds meanwhile is told to the index
                    self._tags = TagIndex(list(self._bindings.values()))
                candidates = self._tags.with_names(matches.index_name) if self._tags is not None else []
            if candidates is None:
                candidates = list(self._bindings.values())
        return [binding for binding in candidates if matches(binding)]

    def _hides(self, key: str, owner: "Sight") -> bool:
        """Whether a context between this one (included) and ``owner`` (excluded) has the key."""
        each: Any = self
        while each is not None and each is not owner:
            if key in each._bindings:
                return True
            each = each._parent
        return False

    def find_provider(self, wanted: Any) -> "tuple[Binding[Any], Any] | None":
        """The binding that provides a type, and its owner: the nearest context that has any decides.

        Raises:
            AmbiguousTypeError: It has several, and not exactly one that is exactly this type.
        """
        for each in self.chain():
            candidates = each._candidates(wanted)
            if each is not self:
                candidates = [binding for binding in candidates if not self._hides(binding.key, each)]
            if candidates:
                return each._choose(candidates, wanted), each
        return None

    def _candidates(self, wanted: Any) -> list[Binding[Any]]:
        if not self._bindings:
            return []
        with self._lock:
            if self._providers is None:
                self._is_followed = True
                self._providers = ProviderIndex(list(self._bindings.values()))
            try:
                return self._providers.candidates(wanted)
            except TypeError:  # an annotation that cannot be hashed is nobody's type
                return []

    def _choose(self, candidates: list[Binding[Any]], wanted: Any) -> Binding[Any]:
        if len(candidates) == 1:
            return candidates[0]
        same = [binding for binding in candidates if exactly(binding, wanted)]
        if len(same) == 1:
            return same[0]
        keys = [binding.key for binding in candidates]
        name = describe_type(wanted)
        raise AmbiguousTypeError(
            f"Type {name} is provided by several bindings of context {self.name!r}: {', '.join(keys)}. "
            "Ask for one of them by key.",
            key=name,
            candidates=keys,
            contexts=(self.name,),
        )

    def nearest_keys(self, text: str) -> list[str]:
        """Up to three bound keys that look like ``text``, nearest first."""
        # A list first: a thread that binds meanwhile does not disturb it.
        keys = dict.fromkeys(key for each in self.chain() for key in list(each._bindings)[:_NEAREST_OF])
        from difflib import get_close_matches  # noqa: PLC0415 - for messages of errors alone

        return get_close_matches(text, list(keys), n=3, cutoff=0.75)
