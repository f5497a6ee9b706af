"""Refusing what is registered: an error, except while a check wants to hear of everything that is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = ["is_noting_refusals", "noting_refusals", "refuse"]

#: The errors, each with the place of the program that ran (``None`` when none did).
Refusals = list[tuple[Exception, Any]]

_NOTED: ContextVar[Refusals | None] = ContextVar("mainspring.core.refusals", default=None)


def refuse(error: Exception) -> None:
    """Raise the error; while `noting_refusals` runs, note it: then the caller goes on without what it refused."""
    noted = _NOTED.get()
    if noted is None:
        raise error
    from mainspring.context.places import place_of_caller  # noqa: PLC0415 - what only a check needs

    noted.append((error, place_of_caller()))


def is_noting_refusals() -> bool:
    """Whether refusals are noted, not raised."""
    return _NOTED.get() is not None


@contextmanager
def noting_refusals() -> Iterator[Refusals]:
    """While the body runs, gather what is refused, each with the line of the program that registered it."""
    noted: Refusals = []
    token = _NOTED.set(noted)
    try:
        yield noted
    finally:
        _NOTED.reset(token)
