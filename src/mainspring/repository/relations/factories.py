"""What a repository keeps per relation: callables that give views or related rows, each with its resolver."""

from typing import Any, Generic, TypeVar

from mainspring.repository.definitions import definition_of
from mainspring.repository.errors import EntityNotFoundError
from mainspring.repository.including import InclusionResolver
from mainspring.repository.relations.checking import Checked, checked_relation, checked_through, relation_of
from mainspring.repository.relations.related import find_by_foreign_keys, fitting, matching_key
from mainspring.repository.relations.resolvers import (
    belongs_to_resolver,
    has_many_resolver,
    has_one_resolver,
    references_many_resolver,
    through_resolver,
)
from mainspring.repository.relations.targets import LateRepository
from mainspring.repository.relations.views import HasManyRepository, HasManyThroughRepository, HasOneRepository

__all__ = [
    "BelongsToAccessor",
    "HasManyRepositoryFactory",
    "HasManyThroughRepositoryFactory",
    "HasOneRepositoryFactory",
    "ReferencesManyAccessor",
]

#: The model of the rows.
E = TypeVar("E")


class HasManyRepositoryFactory(Generic[E]):
    """``repo.orders(customer_id)``; ``inclusion_resolver`` fetches for ``include``.

    Args:
        source: The source's repository.
        relation: The relation, by name or metadata.
        target: The target's repository, now or later.

    Raises:
        InvalidRelationError: The relation cannot work.
    """

    def __init__(self, source: Any, relation: Any, target: Any) -> None:
        found = relation_of(definition_of(source.entity), relation)
        self._checked, self._target = checked_relation(found, "hasMany"), LateRepository(target)
        self.inclusion_resolver: InclusionResolver = has_many_resolver(self._checked, self._target)

    def __call__(self, source_key: Any) -> HasManyRepository[E]:
        """The view of one source."""
        return HasManyRepository(self._target, _constraint(self._checked, source_key))


class HasOneRepositoryFactory(Generic[E]):
    """``repo.address(customer_id)``; arguments as for `HasManyRepositoryFactory`."""

    def __init__(self, source: Any, relation: Any, target: Any) -> None:
        found = relation_of(definition_of(source.entity), relation)
        self._checked, self._target = checked_relation(found, "hasOne"), LateRepository(target)
        self.inclusion_resolver: InclusionResolver = has_one_resolver(self._checked, self._target)

    def __call__(self, source_key: Any) -> HasOneRepository[E]:
        """The view of one source."""
        return HasOneRepository(self._target, _constraint(self._checked, source_key))


def _constraint(checked: Checked, source_key: Any) -> dict[str, Any]:
    """What the rows of one source have in common."""
    return {checked.key_to: fitting(definition_of(checked.relation.target), checked.key_to, source_key)}


class HasManyThroughRepositoryFactory(Generic[E]):
    """``repo.routes(parcel_id)`` by links; ``through`` is the repository of the links."""

    def __init__(self, source: Any, relation: Any, target: Any, through: Any) -> None:
        found = relation_of(definition_of(source.entity), relation)
        self._checked = checked_through(found)
        self._target, self._through = LateRepository(target), LateRepository(through)
        self.inclusion_resolver: InclusionResolver = through_resolver(self._checked, self._target, self._through)

    def __call__(self, source_key: Any) -> HasManyThroughRepository[E]:
        """The view of one source."""
        return HasManyThroughRepository(self._checked, self._target, self._through, source_key)


class BelongsToAccessor(Generic[E]):
    """``await repo.customer(order_id)``; arguments as for `HasManyRepositoryFactory`."""

    def __init__(self, source: Any, relation: Any, target: Any) -> None:
        found = relation_of(definition_of(source.entity), relation)
        self._source, self._target = source, LateRepository(target)
        self._checked = checked_relation(found, "belongsTo")
        self.inclusion_resolver: InclusionResolver = belongs_to_resolver(self._checked, self._target)

    async def __call__(self, source_id: Any, *, transaction: Any = None) -> E | None:
        """The target of a source; ``None`` where the key is null.

        Raises:
            EntityNotFoundError: The source or the target does not exist.
        """
        source = await self._source.find_by_id(source_id, transaction=transaction)
        key = getattr(source, self._checked.key_from)
        if key is None:
            return None
        target = await self._target.get()
        found = await find_by_foreign_keys(target, self._checked.key_to, key, None, {"transaction": transaction})
        if not found:
            raise EntityNotFoundError(target.entity, key)
        row: E = found[0]
        return row


class ReferencesManyAccessor(Generic[E]):
    """``await repo.owners(parcel_id)``; arguments as for `HasManyRepositoryFactory`."""

    def __init__(self, source: Any, relation: Any, target: Any) -> None:
        found = relation_of(definition_of(source.entity), relation)
        self._source, self._target = source, LateRepository(target)
        self._checked = checked_relation(found, "referencesMany")
        self.inclusion_resolver: InclusionResolver = references_many_resolver(self._checked, self._target)

    async def __call__(self, source_id: Any, *, transaction: Any = None) -> list[E]:
        """The targets that a source lists, in the order of the list; unknown ones are left out.

        Raises:
            EntityNotFoundError: The source does not exist.
        """
        source = await self._source.find_by_id(source_id, transaction=transaction)
        keys = list(getattr(source, self._checked.key_from) or ())
        options = {"transaction": transaction}
        found = await find_by_foreign_keys(await self._target.get(), self._checked.key_to, keys, None, options)
        by_key = {matching_key(getattr(each, self._checked.key_to)): each for each in found}
        return [by_key[matching_key(key)] for key in keys if matching_key(key) in by_key]
