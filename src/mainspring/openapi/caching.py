"""Remembering what was worked out for a type. Bounded, since programs may make types as they go."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["key_of", "remembered"]

R = TypeVar("R")


def key_of(annotation: Any) -> Any:
    """What a type is known by: itself, or its text where an unhashable note (``Annotated[int, {"a": 1}]``) is in it."""
    try:
        hash(annotation)
    except TypeError:
        return "unhashable", repr(annotation)
    return annotation


def remembered(function: Callable[[Any], R]) -> Callable[[Any], R]:
    """Call a function of a type once for each of the last thousand types.

    A type with an unhashable note in it (``Annotated[int, {"a": 1}]``) is worked out anew each time.
    """
    cached = functools.lru_cache(maxsize=1024)(function)

    @functools.wraps(function)
    def call(annotation: Any) -> R:
        try:
            hash(annotation)
        except TypeError:
            return function(annotation)
        return cached(annotation)

    return call
