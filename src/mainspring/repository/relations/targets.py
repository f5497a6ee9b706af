"""Repositories that are known now or later: a repository, or a callable that gives one."""

import inspect
from typing import Any

__all__ = ["LateRepository", "is_repository"]


def is_repository(value: Any) -> bool:
    """Whether it is a repository rather than something that gives one."""
    return hasattr(value, "entity") and hasattr(value, "find")


class LateRepository:
    """A repository, asked for when it is needed.

    Args:
        given: A repository, or a plain or ``async`` callable without arguments that gives one.

    Raises:
        TypeError: It is neither.
    """

    def __init__(self, given: Any) -> None:
        if not is_repository(given) and not callable(given):
            raise TypeError(f"A target is a repository or a callable that gives one, not {given!r}.")
        self._given = given

    async def get(self) -> Any:
        """The repository."""
        if is_repository(self._given):
            return self._given
        found = self._given()
        return await found if inspect.isawaitable(found) else found
