"""Comparators of bindings: by the place of a tag value in a list of phases."""

from collections.abc import Callable, Iterable, Sequence
from functools import cmp_to_key
from typing import Any

from mainspring.context.bindings import Binding

__all__ = ["BindingComparator", "compare_bindings_by_tag", "compare_by_order", "sort_bindings_by_phase"]

BindingComparator = Callable[[Binding[Any], Binding[Any]], int]


def compare_by_order(first: Any, second: Any, order: Sequence[Any] = ()) -> int:
    """Compare two tag values by their place in ``order``.

    Values not in ``order`` come before those in it; among them, objects that are no text come before texts, each kind
    by its text. ``None`` and ``""`` are the same.
    """
    left, right = _rank(first, order), _rank(second, order)
    return (left > right) - (left < right)


def _rank(value: Any, order: Sequence[Any]) -> tuple[int, int, str]:
    value = "" if value is None else value
    for position, listed in enumerate(order):
        if ("" if listed is None else listed) == value:
            return (1, position, "")
    if isinstance(value, str):
        return (0, 1, value)
    return (0, 0, "" if _is_nameless(value) else str(value))


def _is_nameless(value: Any) -> bool:
    """Whether its text is nothing but an address, which is another one in each process."""
    return all("__str__" not in vars(each) and "__repr__" not in vars(each) for each in type(value).__mro__[:-1])


def compare_bindings_by_tag(tag: str = "phase", order: Sequence[Any] = ()) -> BindingComparator:
    """A comparator by the value of a tag; a missing tag is the empty text."""
    order = tuple(order)

    def compare(first: Binding[Any], second: Binding[Any]) -> int:
        return compare_by_order(first.tag_map.get(tag), second.tag_map.get(tag), order)

    return compare


def sort_bindings_by_phase(
    bindings: Iterable[Binding[Any]], tag: str = "phase", order: Sequence[Any] = ()
) -> list[Binding[Any]]:
    """A new list, sorted by the value of a tag; bindings of equal rank keep their order."""
    return sorted(bindings, key=cmp_to_key(compare_bindings_by_tag(tag, order)))
