"""Filters: which bindings are meant.

A filter is a function of a binding; those made here know what they were made of.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from mainspring.context.bindings import Binding

__all__ = [
    "ANY_TAG_VALUE",
    "BindingFilter",
    "BindingTagFilter",
    "TagPattern",
    "as_filter",
    "filter_by_key",
    "filter_by_tag",
    "includes_tag_value",
]

BindingFilter = Callable[[Binding[Any]], bool]
TagMatcher = Callable[[Any, str, Mapping[str, Any]], bool]
TagPattern = str | re.Pattern[str] | Mapping[str, Any]


class _AnyTagValue:
    """Matches when the tag is there, whatever its value."""

    def __repr__(self) -> str:
        return "ANY_TAG_VALUE"

    def __call__(self, _value: Any, name: str, tags: Mapping[str, Any]) -> bool:
        return name in tags


ANY_TAG_VALUE = _AnyTagValue()


def includes_tag_value(*items: Any) -> TagMatcher:
    """A matcher for a tag whose value is one of ``items``, or a list, tuple or set that holds one."""

    def matches(value: Any, _name: str, _tags: Mapping[str, Any]) -> bool:
        found = [value, *value] if isinstance(value, list | tuple | set | frozenset) else [value]
        return any(each == item for each in found for item in items)

    return matches


class BindingTagFilter:
    """A filter by tag. ``tag_pattern`` is what it was made of."""

    __slots__ = ("_accepts_name", "_mapping", "tag_pattern")

    def __init__(self, tag_pattern: TagPattern) -> None:
        self.tag_pattern = tag_pattern
        self._mapping = dict(tag_pattern) if isinstance(tag_pattern, Mapping) else None
        self._accepts_name = None if self._mapping is not None else name_matcher(tag_pattern)

    def __repr__(self) -> str:
        return f"filter_by_tag({self.tag_pattern!r})"

    def __call__(self, binding: Binding[Any]) -> bool:
        """Whether the tags of the binding match."""
        tags = binding.tag_map
        if self._mapping is not None:
            return all(_tag_matches(tags, name, wanted) for name, wanted in self._mapping.items())
        accepts = self._accepts_name
        return accepts in tags if isinstance(accepts, str) else any(map(accepts, tags))  # type: ignore[arg-type]  # never None here

    @property
    def index_name(self) -> str | Callable[[str], bool] | None:
        """The tag name (or a test of names) an index can be asked for; ``None`` when everything may match."""
        if self._mapping is not None:
            return next(iter(self._mapping), None)
        return self._accepts_name


def _tag_matches(tags: Mapping[str, Any], name: str, wanted: Any) -> bool:
    if name not in tags:
        return False
    if callable(wanted) and not isinstance(wanted, type) and wanted is not tags[name]:
        return bool(wanted(tags[name], name, tags))
    return bool(tags[name] is wanted or tags[name] == wanted)


def name_matcher(pattern: Any) -> str | Callable[[str], bool]:
    """A plain name as it is; a wildcard or compiled expression as a test of names."""
    if isinstance(pattern, str):
        return _tester(_wildcard(pattern).fullmatch) if _has_wildcard(pattern) else pattern
    if isinstance(pattern, re.Pattern):
        return _tester(pattern.search)
    raise TypeError(f"A tag pattern is a text, a compiled expression or a mapping, not {pattern!r}.")


def _tester(match: Callable[[str], re.Match[str] | None]) -> Callable[[str], bool]:
    return lambda name: match(name) is not None


def _has_wildcard(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


@lru_cache(maxsize=1024)
def _wildcard(pattern: str) -> re.Pattern[str]:
    # `*` and `?` stop at the separators of keys, so that `controllers.*` does not reach into `controllers.a:$config`.
    parts = {"*": "[^.:]*", "?": "[^.:]"}
    return re.compile("".join(parts.get(char) or re.escape(char) for char in pattern), re.DOTALL)


def filter_by_key(pattern: "str | re.Pattern[str] | BindingFilter | None" = None) -> BindingFilter:
    """A filter by key: ``*`` is any run and ``?`` one of the characters other than ``.`` and ``:``.

    A compiled expression matches anywhere; nothing matches all; a function is returned as it is.

    Raises:
        TypeError: It is none of these.
    """
    if pattern is None:
        return lambda _binding: True
    if isinstance(pattern, str):
        whole = _wildcard(pattern)
        return lambda binding: whole.fullmatch(binding.key) is not None
    if isinstance(pattern, re.Pattern):
        anywhere = pattern
        return lambda binding: anywhere.search(binding.key) is not None
    if callable(pattern):
        return pattern
    raise TypeError(f"Bindings are found by a text, a compiled expression or a function, not by {pattern!r}.")


def filter_by_tag(tag: TagPattern) -> BindingTagFilter:
    """A filter by tag name (with wildcards), compiled expression, or a mapping of names to values or matchers."""
    return BindingTagFilter(tag)


def as_filter(pattern: Any) -> BindingFilter:
    """What ``find`` and views take, as a filter."""
    return filter_by_key(pattern)
