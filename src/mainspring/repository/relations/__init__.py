"""Relations at work: views limited to one source, accessors, resolvers of inclusions."""

from mainspring.repository.relations.constraining import (
    constrain_data_object,
    constrain_data_objects,
    constrain_filter,
    constrain_where,
    constrain_where_or,
)
from mainspring.repository.relations.factories import (
    BelongsToAccessor,
    HasManyRepositoryFactory,
    HasManyThroughRepositoryFactory,
    HasOneRepositoryFactory,
    ReferencesManyAccessor,
)
from mainspring.repository.relations.making import make_belongs_to, make_has_one, make_through
from mainspring.repository.relations.related import (
    build_lookup_map,
    deduplicate,
    find_by_foreign_keys,
    flatten_targets_of_one_to_many,
    flatten_targets_of_one_to_one,
    include_related_models,
)
from mainspring.repository.relations.views import HasManyRepository, HasManyThroughRepository, HasOneRepository

__all__ = [
    "BelongsToAccessor",
    "HasManyRepository",
    "HasManyRepositoryFactory",
    "HasManyThroughRepository",
    "HasManyThroughRepositoryFactory",
    "HasOneRepository",
    "HasOneRepositoryFactory",
    "ReferencesManyAccessor",
    "build_lookup_map",
    "constrain_data_object",
    "constrain_data_objects",
    "constrain_filter",
    "constrain_where",
    "constrain_where_or",
    "deduplicate",
    "find_by_foreign_keys",
    "flatten_targets_of_one_to_many",
    "flatten_targets_of_one_to_one",
    "include_related_models",
    "make_belongs_to",
    "make_has_one",
    "make_through",
]
