"""Repositories that are known now or later: a repository, or a callable that gives one."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

__all__ = ["LateRepository", "Target", "is_repository"]

E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)


class _RepositoryOf(Protocol[E_co]):
    """A repository, as far as a type checker has to know it to tell whose rows it has."""

    @property
    def entity(self) -> type[E_co]:
        """The model of its rows."""
        ...


#: A repository, or what gives one later.
Target = _RepositoryOf[E] | Callable[[], _RepositoryOf[E] | Awaitable[_RepositoryOf[E]]]


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
