"""The parts of repositories, for who asks for one: a class that has the methods will do."""

from collections.abc import AsyncIterator, Iterable
from typing import Any, Protocol, TypeVar, runtime_checkable

from mainspring.repository.filters import Count

__all__ = ["CrudRepository", "EntityCrudRepository", "KeyValueRepository", "TransactionalRepository"]

E = TypeVar("E")
V_co = TypeVar("V_co", covariant=True)
Id_contra = TypeVar("Id_contra", contravariant=True)


@runtime_checkable
class CrudRepository(Protocol[E]):
    """Rows by conditions."""

    async def create(self, data: Any, *, transaction: Any = None) -> E:
        """Insert one row."""
        ...

    async def create_all(self, data: Iterable[Any], *, transaction: Any = None) -> list[E]:
        """Insert all rows or none."""
        ...

    async def find(self, filter: Any = None, *, transaction: Any = None) -> list[E]:
        """The rows a filter selects."""
        ...

    async def update_all(self, data: Any, where: Any = None, *, transaction: Any = None) -> Count:
        """Change the rows that match."""
        ...

    async def delete_all(self, where: Any = None, *, transaction: Any = None) -> Count:
        """Delete the rows that match."""
        ...

    async def count(self, where: Any = None, *, transaction: Any = None) -> Count:
        """Count the rows that match."""
        ...


@runtime_checkable
class EntityCrudRepository(CrudRepository[E], Protocol[E, Id_contra]):
    """Rows by their id as well."""

    async def save(self, entity: Any, *, transaction: Any = None) -> E:
        """Create or update."""
        ...

    async def find_by_id(self, id: Id_contra, filter: Any = None, *, transaction: Any = None) -> E:
        """The row with an id."""
        ...

    async def update_by_id(self, id: Id_contra, data: Any, *, transaction: Any = None) -> None:
        """Change the row with an id."""
        ...

    async def replace_by_id(self, id: Id_contra, data: Any, *, transaction: Any = None) -> None:
        """Replace the row with an id."""
        ...

    async def delete_by_id(self, id: Id_contra, *, transaction: Any = None) -> None:
        """Delete the row with an id."""
        ...

    async def exists(self, id: Id_contra, *, transaction: Any = None) -> bool:
        """Whether there is a row with an id."""
        ...


@runtime_checkable
class TransactionalRepository(Protocol):
    """Something that can begin transactions."""

    def begin_transaction(
        self, isolation_level: str | None = None, *, timeout: float | None = None, read_only: bool = False
    ) -> Any:
        """A transaction."""
        ...


@runtime_checkable
class KeyValueRepository(Protocol[V_co]):
    """Values under keys."""

    async def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        """Store a value."""
        ...

    async def get(self, key: str) -> V_co | None:
        """The value under a key."""
        ...

    async def delete(self, key: str) -> None:
        """Delete the value under a key."""
        ...

    def keys(self, match: str | None = None) -> AsyncIterator[str]:
        """The keys."""
        ...
