"""Models, filters, repositories, relations and data sources.

Models and filters need no database; drivers are imported when a data source of their kind is first used.
"""

from mainspring.repository.builders import FilterBuilder, WhereBuilder, filter_template
from mainspring.repository.classes import (
    define_crud_repository_class,
    define_key_value_repository_class,
    define_repository_class,
)
from mainspring.repository.crud import DefaultCrudRepository
from mainspring.repository.datasources import DataSource
from mainspring.repository.definitions import ModelDefinition, PropertyDefinition, RelationDefinition
from mainspring.repository.errors import (
    ConnectionLostError,
    DataSourceError,
    EntityNotFoundError,
    ForeignKeyViolationError,
    InvalidFilterError,
    InvalidRelationError,
    MigrationError,
    ModelDefinitionError,
    ModelValidationError,
    PoolTimeoutError,
    RepositoryError,
    StaleEntityError,
    StatementError,
    TransactionError,
    UniqueViolationError,
    UnsupportedOperationError,
)
from mainspring.repository.events import QueryEvent
from mainspring.repository.fields import belongs_to, field, has_many, has_one, references_many
from mainspring.repository.filters import Count, Filter, Inclusion, Where, is_filter
from mainspring.repository.hooks import HookContext
from mainspring.repository.injection import repository
from mainspring.repository.keys import RepositoryBindings, RepositoryTags
from mainspring.repository.keyvalues import DefaultKeyValueRepository
from mainspring.repository.mixin import RepositoryMixin
from mainspring.repository.models import Entity, Model, ValueObject, define_model_class, model
from mainspring.repository.paging import Page
from mainspring.repository.protocols import (
    CrudRepository,
    EntityCrudRepository,
    KeyValueRepository,
    TransactionalRepository,
)
from mainspring.repository.relations import (
    BelongsToAccessor,
    HasManyRepository,
    HasManyRepositoryFactory,
    HasManyThroughRepository,
    HasManyThroughRepositoryFactory,
    HasOneRepository,
    HasOneRepositoryFactory,
    ReferencesManyAccessor,
    build_lookup_map,
    constrain_data_object,
    constrain_data_objects,
    constrain_filter,
    constrain_where,
    constrain_where_or,
    deduplicate,
    find_by_foreign_keys,
    flatten_targets_of_one_to_many,
    flatten_targets_of_one_to_one,
    include_related_models,
)
from mainspring.repository.transactions import Savepoint, Transaction
from mainspring.repository.validating import validates

__all__ = [
    "BelongsToAccessor",
    "ConnectionLostError",
    "Count",
    "CrudRepository",
    "DataSource",
    "DataSourceError",
    "DefaultCrudRepository",
    "DefaultKeyValueRepository",
    "Entity",
    "EntityCrudRepository",
    "EntityNotFoundError",
    "Filter",
    "FilterBuilder",
    "ForeignKeyViolationError",
    "HasManyRepository",
    "HasManyRepositoryFactory",
    "HasManyThroughRepository",
    "HasManyThroughRepositoryFactory",
    "HasOneRepository",
    "HasOneRepositoryFactory",
    "HookContext",
    "Inclusion",
    "InvalidFilterError",
    "InvalidRelationError",
    "KeyValueRepository",
    "MigrationError",
    "Model",
    "ModelDefinition",
    "ModelDefinitionError",
    "ModelValidationError",
    "Page",
    "PoolTimeoutError",
    "PropertyDefinition",
    "QueryEvent",
    "ReferencesManyAccessor",
    "RelationDefinition",
    "RepositoryBindings",
    "RepositoryError",
    "RepositoryMixin",
    "RepositoryTags",
    "Savepoint",
    "StaleEntityError",
    "StatementError",
    "Transaction",
    "TransactionError",
    "TransactionalRepository",
    "UniqueViolationError",
    "UnsupportedOperationError",
    "ValueObject",
    "Where",
    "WhereBuilder",
    "belongs_to",
    "build_lookup_map",
    "constrain_data_object",
    "constrain_data_objects",
    "constrain_filter",
    "constrain_where",
    "constrain_where_or",
    "deduplicate",
    "define_crud_repository_class",
    "define_key_value_repository_class",
    "define_model_class",
    "define_repository_class",
    "field",
    "filter_template",
    "find_by_foreign_keys",
    "flatten_targets_of_one_to_many",
    "flatten_targets_of_one_to_one",
    "has_many",
    "has_one",
    "include_related_models",
    "is_filter",
    "model",
    "references_many",
    "repository",
    "validates",
]
