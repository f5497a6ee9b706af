"""Resolvers of inclusions: for each kind of relation one query per level (two through a link), whatever the rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from mainspring.repository.definitions import definition_of
from mainspring.repository.filters import limited
from mainspring.repository.including import InclusionResolver, ScopeCheckingResolver
from mainspring.repository.relations.checking import Checked, CheckedThrough
from mainspring.repository.relations.related import (
    drop_key,
    fetch_by_keys,
    flatten_targets_of_one_to_many,
    flatten_targets_of_one_to_one,
    matching_key,
)
from mainspring.repository.relations.targets import LateRepository

__all__ = [
    "belongs_to_resolver",
    "has_many_resolver",
    "has_one_resolver",
    "linked_rows",
    "page_of",
    "references_many_resolver",
    "through_resolver",
]


def _range(checked: Checked, scope: Mapping[str, Any]) -> tuple[int, int | None]:
    """Where the rows of one source begin and end by ``skip`` and ``limit``; ``None`` for no end."""
    start = scope.get("skip") or scope.get("offset") or 0
    limit = limited(definition_of(checked.relation.target), scope.get("limit"))
    return start, None if limit is None else start + limit


def page_of(items: list[Any], checked: Checked, scope: Mapping[str, Any]) -> list[Any]:
    """The part of one source's rows that ``limit`` and ``skip`` leave."""
    start, end = _range(checked, scope)
    return items[start:end]


def _keys(entities: Sequence[Any], name: str) -> list[Any]:
    return [getattr(entity, name) for entity in entities]


def has_many_resolver(checked: Checked, target: LateRepository) -> InclusionResolver:
    """The rows that have the key of each source."""

    async def resolve(entities: list[Any], inclusion: Mapping[str, Any], options: Mapping[str, Any]) -> list[Any]:
        scope = inclusion.get("scope") or {}
        keys, (start, most) = _keys(entities, checked.key_from), _range(checked, scope)
        found, surplus = await fetch_by_keys(await target.get(), checked.key_to, keys, scope, options, most=most)
        results = flatten_targets_of_one_to_many(keys, found, checked.key_to)
        drop_key(found, checked.key_to, surplus)
        return [(result or [])[start:most] for result in results]

    return ScopeCheckingResolver(resolve, target.get)


def has_one_resolver(checked: Checked, target: LateRepository) -> InclusionResolver:
    """The first row that has the key of each source."""

    async def resolve(entities: list[Any], inclusion: Mapping[str, Any], options: Mapping[str, Any]) -> list[Any]:
        keys = _keys(entities, checked.key_from)
        scope = inclusion.get("scope") or {}
        found, surplus = await fetch_by_keys(await target.get(), checked.key_to, keys, scope, options)
        results = flatten_targets_of_one_to_one(keys, found, checked.key_to)
        drop_key(found, checked.key_to, surplus)
        return results

    return ScopeCheckingResolver(resolve, target.get)


#: The row whose key each source has: matched in the same way, from the other side.
belongs_to_resolver = has_one_resolver


def references_many_resolver(checked: Checked, target: LateRepository) -> InclusionResolver:
    """The rows whose keys each source lists, in the order of the list."""

    async def resolve(entities: list[Any], inclusion: Mapping[str, Any], options: Mapping[str, Any]) -> list[Any]:
        scope = inclusion.get("scope") or {}
        lists = [list(keys or ()) for keys in _keys(entities, checked.key_from)]
        wanted = [key for keys in lists for key in keys]
        found, surplus = await fetch_by_keys(await target.get(), checked.key_to, wanted, scope, options)
        by_key = {matching_key(getattr(each, checked.key_to)): each for each in found}
        results = [_listed(keys, by_key, by_list=not scope.get("order")) for keys in lists]
        drop_key(found, checked.key_to, surplus)
        return [page_of(result, checked, scope) for result in results]

    return ScopeCheckingResolver(resolve, target.get)


def _listed(keys: Sequence[Any], by_key: Mapping[Any, Any], *, by_list: bool) -> list[Any]:
    wanted = dict.fromkeys(matching_key(key) for key in keys)
    if by_list:
        return [by_key[key] for key in wanted if key in by_key]
    return [each for key, each in by_key.items() if key in wanted]


def through_resolver(checked: CheckedThrough, target: LateRepository, through: LateRepository) -> InclusionResolver:
    """The rows that links lead to from each source, each once."""

    async def resolve(entities: list[Any], inclusion: Mapping[str, Any], options: Mapping[str, Any]) -> list[Any]:
        scope = inclusion.get("scope") or {}
        keys = _keys(entities, checked.key_from)
        links, _ = await fetch_by_keys(await through.get(), checked.link_from, keys, None, options)
        results = await linked_rows(checked, keys, links, await target.get(), (scope, options))
        return [page_of(result, checked, scope) for result in results]

    return ScopeCheckingResolver(resolve, target.get)


async def linked_rows(
    checked: CheckedThrough,
    keys: Sequence[Any],
    links: Sequence[Any],
    target: Any,
    how: tuple[Mapping[str, Any], Mapping[str, Any]],
) -> list[list[Any]]:
    """For each source the rows of one repository that links lead to; ``how`` is the scope with the options."""
    wanted = _keys(links, checked.link_to)
    found, surplus = await fetch_by_keys(target, checked.key_to, wanted, *how)
    order = {matching_key(getattr(each, checked.key_to)): number for number, each in enumerate(found)}
    linked: dict[Any, set[int]] = {}
    for link in links:
        number = order.get(matching_key(getattr(link, checked.link_to)))
        if number is not None:
            linked.setdefault(matching_key(getattr(link, checked.link_from)), set()).add(number)
    results = [[found[number] for number in sorted(linked.get(matching_key(key), ()))] for key in keys]
    drop_key(found, checked.key_to, surplus)
    return results
