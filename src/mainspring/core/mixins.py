"""Mixins stand before the application class in the bases; anywhere else their overrides would be skipped silently."""

from abc import ABC
from typing import Any, Generic, Protocol

__all__ = ["check_bases"]

#: Bases that Python wants last, and that override nothing.
_MARKERS: tuple[Any, ...] = (object, ABC, Generic, Protocol)


def check_bases(cls: type[Any], root: type[Any]) -> None:
    """Refuse a mixin listed after the application class.

    Raises:
        TypeError: There is one; it and the right order are named.
    """
    order = cls.__mro__
    behind = order[order.index(root) + 1 :]
    for base in behind:
        if base in root.__mro__ or base in _MARKERS or getattr(base, "_is_protocol", False):
            continue
        first = [each for each in cls.__bases__ if base in each.__mro__ and not issubclass(each, root)]
        rest = [each for each in cls.__bases__ if each not in first]
        bases = ", ".join(each.__name__ for each in (*first, *rest))
        raise TypeError(
            f"{cls.__name__} lists the mixin {base.__name__} after the application class, where it has no effect: "
            f"write `class {cls.__name__}({bases})`."
        )
