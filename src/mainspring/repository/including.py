"""Including related data: checks that relations can be included, asks their resolvers, and attaches what they give."""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mainspring.repository.definitions import ModelDefinition, definition_of
from mainspring.repository.discriminators import discriminator_of
from mainspring.repository.errors import RepositoryError
from mainspring.repository.filters import Query, invalid_inclusion, query_of
from mainspring.repository.instances import mark_unloaded

__all__ = [
    "InclusionResolver",
    "ScopeCheckingResolver",
    "check_inclusions",
    "check_scopes",
    "include_related",
    "with_keys",
    "without_keys",
]

#: ``fn(entities, inclusion, options)`` gives one result per entity, in order; plain or awaitable.
InclusionResolver = Callable[[list[Any], Mapping[str, Any], Mapping[str, Any]], Any | Awaitable[Any]]


def check_inclusions(
    definition: ModelDefinition, query: Query, resolvers: Mapping[str, InclusionResolver], given: Any
) -> None:
    """Refuse relations that cannot be included.

    Raises:
        InvalidFilterError: There are some; each entry is quoted as it was given.
    """
    bad = {name for name, _ in query.include if name not in resolvers or not definition.relations[name].can_be_included}
    if bad:
        entries = (given or {}).get("include") or ()
        raise invalid_inclusion(
            each for each in entries if (each if isinstance(each, str) else each["relation"]) in bad
        )


class ScopeCheckingResolver:
    """A resolver that can tell before anything is fetched whether a scope can be answered.

    Args:
        resolve: The resolver.
        target: Gives the repository of the related rows.
    """

    def __init__(self, resolve: InclusionResolver, target: Callable[[], Awaitable[Any]]) -> None:
        self._resolve, self._target = resolve, target

    def __call__(self, entities: list[Any], inclusion: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
        """What belongs to each of the entities, in order."""
        return self._resolve(entities, inclusion, options)

    async def check(self, scope: Mapping[str, Any]) -> None:
        """Refuse a scope that says something the related model cannot answer, at any depth.

        Raises:
            InvalidFilterError: It does.
        """
        repository = await self._target()
        definition = definition_of(repository.entity)
        query_of(definition, {"limit": scope.get("total_limit")})
        query = query_of(definition, {key: value for key, value in scope.items() if key != "total_limit"})
        resolvers = getattr(repository, "inclusion_resolvers", None)  # a repository of another make may have none
        if query.include and resolvers is not None:
            check_inclusions(definition, query, resolvers, scope)
            await check_scopes(query, resolvers)


async def check_scopes(query: Query, resolvers: Mapping[str, InclusionResolver]) -> None:
    """Refuse what the scopes of inclusions cannot say, before anything is fetched and whatever there is to fetch.

    Raises:
        InvalidFilterError: One says it. What the scope of a resolver of one's own says is that resolver's business.
    """
    for name, scope in query.include:
        resolver = resolvers[name]
        if scope and isinstance(resolver, ScopeCheckingResolver):
            await resolver.check(scope)


def with_keys(definition: ModelDefinition, query: Query) -> Query:
    """The query with the keys that its inclusions need among its fields."""
    if query.fields is None or not query.include:
        return query
    relations = [definition.relations[name] for name, _ in query.include]
    keys = [key for each in relations for key in (each.key_from, discriminator_of(each))]
    extra = [*definition.id_properties(), *(key for key in keys if key is not None)]
    wanted = (*query.fields, *extra)
    return replace(query, fields=tuple(name for name in definition.properties if name in wanted))


def without_keys(query: Query, fetched: Query, instances: Sequence[Any]) -> None:
    """Take keys away again that were fetched for inclusions only."""
    if query.fields is None or fetched.fields is None or query.fields == fetched.fields:
        return
    surplus = [name for name in fetched.fields if name not in query.fields]
    for instance in instances:
        for name in surplus:
            instance.__dict__.pop(name, None)
        mark_unloaded(instance, {*getattr(instance, "_mainspring_unloaded", ()), *surplus})


async def include_related(
    instances: list[Any],
    query: Query,
    resolvers: Mapping[str, InclusionResolver],
    options: Mapping[str, Any],
) -> None:
    """Fetch and attach what a query includes: one call of a resolver per relation.

    Raises:
        RepositoryError: A resolver gave another number of results than there are instances.
    """
    if not instances:
        return
    for name, scope in query.include:
        inclusion = {"relation": name, "scope": scope} if scope else {"relation": name}
        results = resolvers[name](instances, inclusion, options)
        if inspect.isawaitable(results):
            results = await results
        if len(results) != len(instances):
            raise RepositoryError(
                f"The inclusion resolver of {name!r} gave {len(results)} results for {len(instances)} instances; "
                "it must give one for each, in order."
            )
        for instance, result in zip(instances, results, strict=True):
            instance.__dict__[name] = result
