"""What gives related rows, by the sort of a relation: to one model or to several."""

from typing import Any

from mainspring.repository.definitions import definition_of
from mainspring.repository.relations.checking import relation_of
from mainspring.repository.relations.factories import (
    BelongsToAccessor,
    HasManyThroughRepositoryFactory,
    HasOneRepositoryFactory,
)
from mainspring.repository.relations.polymorphic import kinds_of
from mainspring.repository.relations.polymorphic_factories import (
    PolymorphicBelongsToAccessor,
    PolymorphicHasOneFactory,
    PolymorphicThroughFactory,
)

__all__ = ["make_belongs_to", "make_has_one", "make_through"]


def make_has_one(source: Any, relation: Any, target: Any) -> HasOneRepositoryFactory[Any]:
    """The factory of a has-one relation."""
    kinds = kinds_of(relation_of(definition_of(source.entity), relation), target)
    return HasOneRepositoryFactory(source, relation, target) if kinds is None else PolymorphicHasOneFactory(kinds)


def make_belongs_to(source: Any, relation: Any, target: Any) -> BelongsToAccessor[Any]:
    """The accessor of a belongs-to relation."""
    kinds = kinds_of(relation_of(definition_of(source.entity), relation), target)
    return BelongsToAccessor(source, relation, target) if kinds is None else PolymorphicBelongsToAccessor(source, kinds)


def make_through(source: Any, relation: Any, target: Any, through: Any) -> HasManyThroughRepositoryFactory[Any]:
    """The factory of a has-many relation through links."""
    kinds = kinds_of(relation_of(definition_of(source.entity), relation), target)
    if kinds is None:
        return HasManyThroughRepositoryFactory(source, relation, target, through)
    return PolymorphicThroughFactory(kinds, through)
