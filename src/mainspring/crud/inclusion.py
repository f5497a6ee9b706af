"""Inclusion for repositories that nobody wrote: every relation of the model can be included."""

from collections.abc import Awaitable, Callable
from typing import Any

from mainspring.repository import DefaultCrudRepository, RelationDefinition
from mainspring.repository.discriminators import discriminator_of
from mainspring.repository.keys import RepositoryBindings

__all__ = ["include_relations", "repository_key"]


def repository_key(model: Any) -> str:
    """Where the repository of a model is bound by convention."""
    return f"{RepositoryBindings.REPOSITORIES}.{model.__name__}Repository"


def include_relations(repository: Any, app: Any) -> None:
    """Register what fetches related instances: from the repository bound for a target, else the same data source.

    Args:
        repository: The repository of the source.
        app: Where repositories are bound.

    Raises:
        InvalidRelationError: A relation cannot work.
    """
    for relation in repository.entity.definition.relations.values():
        if relation.can_be_included and discriminator_of(relation) is None:  # to which models is not said anywhere
            resolver = _access(repository, relation, app).inclusion_resolver
            repository.register_inclusion_resolver(relation.name, resolver)


def _access(repository: Any, relation: RelationDefinition, app: Any) -> Any:
    target = _repository_of(lambda: relation.target, repository, app)
    through = relation.through
    if through is not None:
        links = _repository_of(lambda: through.model, repository, app)
        return repository.create_has_many_through_repository_factory_for(relation.name, target, links)
    makers = {
        "hasMany": repository.create_has_many_repository_factory_for,
        "hasOne": repository.create_has_one_repository_factory_for,
        "belongsTo": repository.create_belongs_to_accessor_for,
        "referencesMany": repository.create_references_many_accessor_for,
    }
    return makers[relation.type](relation.name, target)


def _repository_of(model: Callable[[], Any], source: Any, app: Any) -> Callable[[], Awaitable[Any]]:
    """Late: repositories may lead to each other."""

    async def find() -> Any:
        cls = model()
        key = repository_key(cls)
        if app.is_bound(key):
            return await app.get(key)
        made: Any = DefaultCrudRepository(cls, source.datasource)
        include_relations(made, app)
        return made

    return find
