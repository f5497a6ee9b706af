"""What a repository keeps per relation to several models: callables that give views or rows, each with its resolver.

A resolver costs one query per model and level, and one for the links.
"""

from collections.abc import Mapping
from typing import Any

from mainspring.repository.errors import EntityNotFoundError
from mainspring.repository.including import InclusionResolver
from mainspring.repository.relations.checking import checked_relation, checked_through
from mainspring.repository.relations.constraining import constrain_where
from mainspring.repository.relations.factories import (
    BelongsToAccessor,
    HasManyThroughRepositoryFactory,
    HasOneRepositoryFactory,
)
from mainspring.repository.relations.polymorphic import TargetKinds
from mainspring.repository.relations.polymorphic_views import (
    PolymorphicHasOneRepository,
    PolymorphicThroughRepository,
    discrimination,
)
from mainspring.repository.relations.related import fetch_by_keys, find_by_foreign_keys
from mainspring.repository.relations.resolvers import belongs_to_resolver, has_one_resolver, linked_rows, page_of
from mainspring.repository.relations.targets import LateRepository

__all__ = ["PolymorphicBelongsToAccessor", "PolymorphicHasOneFactory", "PolymorphicThroughFactory"]

Inclusion = Mapping[str, Any]


class PolymorphicHasOneFactory(HasOneRepositoryFactory[Any]):
    """``repo.deliverable(delivery_id)``.

    Args:
        kinds: The models.
    """

    def __init__(self, kinds: TargetKinds) -> None:
        self._kinds, self._checked = kinds, checked_relation(kinds.relation, "hasOne")
        self.inclusion_resolver: InclusionResolver = self._include

    def __call__(self, source_key: Any) -> PolymorphicHasOneRepository:
        """The view of one source."""
        return PolymorphicHasOneRepository(self._kinds, {self._checked.key_to: source_key})

    async def _include(self, entities: list[Any], inclusion: Inclusion, options: Mapping[str, Any]) -> list[Any]:
        found: list[Any] = [None] * len(entities)
        for kind, repository in await self._kinds.chosen(None):
            wanted = [
                number for number, entity in enumerate(entities) if found[number] is None and self._is(entity, kind)
            ]
            fixed = discrimination(self._kinds, kind, repository)
            resolve = has_one_resolver(self._checked, LateRepository(repository))
            results = await resolve([entities[each] for each in wanted], narrowed(inclusion, fixed), options)
            for number, result in zip(wanted, results, strict=True):
                found[number] = result
        return found

    def _is(self, entity: Any, kind: str) -> bool:
        """Whether the source leaves it open of which model its row is, or names this one."""
        return getattr(entity, self._kinds.discriminator, None) in (None, kind)


class PolymorphicBelongsToAccessor(BelongsToAccessor[Any]):
    """``await repo.subject(note_id)``.

    Args:
        source: The source's repository.
        kinds: The models.
    """

    def __init__(self, source: Any, kinds: TargetKinds) -> None:
        self._source, self._kinds = source, kinds
        self._checked = checked_relation(kinds.relation, "belongsTo")
        self.inclusion_resolver: InclusionResolver = self._include

    async def __call__(self, source_id: Any, *, transaction: Any = None) -> Any:
        """The target of a source; ``None`` where key or discriminator are null.

        Raises:
            EntityNotFoundError: The source or the target does not exist.
            ModelValidationError: The discriminator names none of the models.
        """
        source = await self._source.find_by_id(source_id, transaction=transaction)
        key, kind = getattr(source, self._checked.key_from), getattr(source, self._kinds.discriminator)
        if key is None or kind is None:
            return None
        target = await self._kinds.get(kind)
        found = await find_by_foreign_keys(target, self._checked.key_to, key, None, {"transaction": transaction})
        if not found:
            raise EntityNotFoundError(target.entity, key)
        return found[0]

    async def _include(self, entities: list[Any], inclusion: Inclusion, options: Mapping[str, Any]) -> list[Any]:
        found: dict[int, Any] = {}
        for kind, rows in self._kinds.of_rows(entities).items():
            resolve = belongs_to_resolver(self._checked, LateRepository(await self._kinds.get(kind)))
            found |= zip(map(id, rows), await resolve(rows, inclusion, options), strict=True)
        return [found.get(id(entity)) for entity in entities]


class PolymorphicThroughFactory(HasManyThroughRepositoryFactory[Any]):
    """``repo.items(parcel_id)`` by links.

    Args:
        kinds: The models.
        through: The repository of the links.
    """

    def __init__(self, kinds: TargetKinds, through: Any) -> None:
        self._kinds, self._checked = kinds, checked_through(kinds.relation)
        self._through = LateRepository(through)
        self.inclusion_resolver: InclusionResolver = self._include

    def __call__(self, source_key: Any) -> Any:
        """The view of one source."""
        return PolymorphicThroughRepository(self._checked, self._kinds, self._through, source_key)

    async def _include(self, entities: list[Any], inclusion: Inclusion, options: Mapping[str, Any]) -> list[Any]:
        scope = inclusion.get("scope") or {}
        keys = [getattr(entity, self._checked.key_from) for entity in entities]
        links, _ = await fetch_by_keys(await self._through.get(), self._checked.link_from, keys, None, options)
        found: list[list[Any]] = [[] for _ in entities]
        for kind, some in self._kinds.of_rows(links).items():
            target = await self._kinds.get(kind)
            results = await linked_rows(self._checked, keys, some, target, (scope, options))
            found = [[*before, *rows] for before, rows in zip(found, results, strict=True)]
        return [page_of(rows, self._checked, scope) for rows in found]


def narrowed(inclusion: Inclusion, fixed: Mapping[str, Any]) -> Inclusion:
    """The inclusion of those rows only that say something of themselves."""
    if not fixed:
        return inclusion
    scope = inclusion.get("scope") or {}
    return {**inclusion, "scope": {**scope, "where": constrain_where(scope.get("where"), fixed)}}
