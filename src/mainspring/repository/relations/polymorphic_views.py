"""Views of the rows of one source, of several models; what writes says of which by ``polymorphic_type``."""

from collections.abc import Mapping
from typing import Any

from mainspring.repository.definitions import definition_of
from mainspring.repository.errors import EntityNotFoundError
from mainspring.repository.filters import Count
from mainspring.repository.relations.checking import CheckedThrough
from mainspring.repository.relations.polymorphic import TargetKinds
from mainspring.repository.relations.targets import LateRepository
from mainspring.repository.relations.views import HasManyRepository, HasManyThroughRepository, HasOneRepository

__all__ = ["PolymorphicHasOneRepository", "PolymorphicThroughRepository"]

Some = Mapping[str, Any] | None


class PolymorphicHasOneRepository(HasOneRepository[Any]):
    """The one row of a source, of one of several models.

    Args:
        kinds: The models.
        constraint: What makes a row the source's.
    """

    def __init__(self, kinds: TargetKinds, constraint: Mapping[str, Any]) -> None:
        self._kinds, self._constraint = kinds, dict(constraint)

    def _rows(self, kind: str, repository: Any) -> HasManyRepository[Any]:
        constraint = {**self._constraint, **discrimination(self._kinds, kind, repository)}
        return HasManyRepository(LateRepository(repository), constraint)

    async def create(self, data: Any, *, polymorphic_type: str | None = None, transaction: Any = None) -> Any:
        """Create the row.

        Raises:
            ModelValidationError: ``polymorphic_type`` names none of the models.
        """
        repository = await self._kinds.get(polymorphic_type)
        return await self._rows(str(polymorphic_type), repository).create(data, transaction=transaction)

    async def get(self, filter: Some = None, *, polymorphic_type: str | None = None, transaction: Any = None) -> Any:
        """The row, of the given model or of any.

        Raises:
            EntityNotFoundError: There is none.
        """
        for kind, repository in await self._kinds.chosen(polymorphic_type):
            first = {**(filter or {}), "limit": 1}
            found = await self._rows(kind, repository).find(first, transaction=transaction)
            if found:
                return found[0]
        raise EntityNotFoundError(self._kinds.relation.target, self._constraint)

    async def patch(self, data: Any, *, polymorphic_type: str | None = None, transaction: Any = None) -> Count:
        """Change it."""
        repository = await self._kinds.get(polymorphic_type)
        return await self._rows(str(polymorphic_type), repository).patch(data, transaction=transaction)

    async def delete(self, *, polymorphic_type: str | None = None, transaction: Any = None) -> Count:
        """Delete it."""
        repository = await self._kinds.get(polymorphic_type)
        return await self._rows(str(polymorphic_type), repository).delete(transaction=transaction)


def discrimination(kinds: TargetKinds, kind: str, repository: Any) -> dict[str, Any]:
    """What the rows of a model say of their model, if they say it."""
    has_one = kinds.discriminator in definition_of(repository.entity).properties
    return {kinds.discriminator: kind} if has_one else {}


class PolymorphicThroughRepository:
    """The rows of several models that links lead to from one source.

    Args:
        checked: The relation.
        kinds: The models.
        through: The repository of the links.
        source: The source's key.
    """

    def __init__(self, checked: CheckedThrough, kinds: TargetKinds, through: LateRepository, source: Any) -> None:
        self._checked, self._kinds, self._through, self._source = checked, kinds, through, source

    async def _of(self, kind: str | None) -> HasManyThroughRepository[Any]:
        """The view of one model: its links are those that name it."""
        target = LateRepository(await self._kinds.get(kind))
        fixed = {self._kinds.discriminator: kind}
        return HasManyThroughRepository(self._checked, target, self._through, self._source, fixed)

    async def create(
        self, data: Any, through_data: Some = None, *, polymorphic_type: str | None = None, transaction: Any = None
    ) -> Any:
        """Create a row and its link, both or neither.

        Raises:
            ModelValidationError: ``polymorphic_type`` names none of the models.
        """
        return await (await self._of(polymorphic_type)).create(data, through_data, transaction=transaction)

    async def link(
        self, target_id: Any, through_data: Some = None, *, polymorphic_type: str | None = None, transaction: Any = None
    ) -> Any:
        """Link an existing row; gives the link."""
        return await (await self._of(polymorphic_type)).link(target_id, through_data, transaction=transaction)

    async def unlink(self, target_id: Any, *, polymorphic_type: str | None = None, transaction: Any = None) -> Count:
        """Delete the links to a row; the row stays."""
        return await (await self._of(polymorphic_type)).unlink(target_id, transaction=transaction)

    async def find(
        self, filter: Some = None, *, polymorphic_type: str | None = None, transaction: Any = None
    ) -> list[Any]:
        """The linked rows that a filter selects, of the given model or model by model of all."""
        found: list[Any] = []
        for kind, _ in await self._kinds.chosen(polymorphic_type):
            found += await (await self._of(kind)).find(filter, transaction=transaction)
        return found

    async def patch(
        self, data: Any, where: Some = None, *, polymorphic_type: str | None = None, transaction: Any = None
    ) -> Count:
        """Change linked rows."""
        return await (await self._of(polymorphic_type)).patch(data, where, transaction=transaction)

    async def delete(
        self, where: Some = None, *, polymorphic_type: str | None = None, transaction: Any = None
    ) -> Count:
        """Delete linked rows and every link to them, also those of other sources."""
        return await (await self._of(polymorphic_type)).delete(where, transaction=transaction)
