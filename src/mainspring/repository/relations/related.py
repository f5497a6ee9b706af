"""Helpers for resolvers of inclusions: fetch by keys, match keys with rows, keep order."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from mainspring.repository.definitions import ModelDefinition, definition_of
from mainspring.repository.filters import FirstOfEach, has_limits, query_of, with_default
from mainspring.repository.including import check_scopes, include_related
from mainspring.repository.instances import mark_unloaded
from mainspring.repository.kinds import Kind
from mainspring.repository.relations.constraining import constrain_filter

__all__ = [
    "build_lookup_map",
    "deduplicate",
    "find_by_foreign_keys",
    "flatten_targets_of_one_to_many",
    "flatten_targets_of_one_to_one",
    "include_related_models",
]

T = TypeVar("T")
R = TypeVar("R")


def deduplicate(items: Iterable[T]) -> list[T]:
    """The items, each once, in the order of their first occurrence."""
    found: dict[Any, T] = {}
    for item in items:
        found.setdefault(matching_key(item), item)
    return list(found.values())


def matching_key(value: Any) -> Any:
    """A key as it is compared: a UUID equals its text (and a decimal any of its forms, by itself)."""
    if type(value) is int:  # most are
        return value
    if isinstance(value, UUID):
        return str(value)
    return value.lower() if isinstance(value, str) and _is_uuid(value) else value


def _is_uuid(text: str) -> bool:
    return len(text) == 36 and text[8] == text[13] == "-"


def _plain_scope(scope: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a scope says of the query as a whole; its ``limit`` and ``skip`` count per source and stay out."""
    found = {
        key: value for key, value in (scope or {}).items() if key not in ("limit", "skip", "offset", "total_limit")
    }
    if (scope or {}).get("total_limit") is not None:
        found["limit"] = (scope or {})["total_limit"]
    return found


async def find_by_foreign_keys(
    repository: Any,
    key: str,
    values: Any,
    scope: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> list[Any]:
    """The rows whose key is one of some values.

    Args:
        repository: The repository of the rows.
        key: The property.
        values: One value, or several.
        scope: A filter of the rows.
        options: ``transaction``.
    """
    found, _ = await fetch_by_keys(repository, key, values, scope, options)
    return found


async def fetch_by_keys(
    repository: Any,
    key: str,
    values: Any,
    scope: Mapping[str, Any] | None,
    options: Mapping[str, Any] | None,
    *,
    most: int | None = None,
) -> tuple[list[Any], bool]:
    """The rows, and whether their key was fetched for matching only and has to be taken away.

    With ``most`` the data source need not give more rows than that of each key.
    """
    many = list(values) if isinstance(values, list | tuple | set | frozenset) else [values]
    definition = definition_of(repository.entity)
    keys = deduplicate(fitting(definition, key, value) for value in many if value is not None)
    if not keys:
        return [], False
    where = {key: keys[0] if len(keys) == 1 else {"inq": keys}}
    wanted: Any = constrain_filter(_plain_scope(scope), where)
    is_surplus = _add_key(repository, wanted, key)
    how: dict[str, Any] = {"transaction": (options or {}).get("transaction")}
    if has_limits(definition):  # they are for each source; over all of them they would cut rows off
        wanted, how = _without_limits(definition, wanted), {**how, "unscoped": True}
    if most is not None and "limit" not in wanted:
        wanted = FirstOfEach(wanted, key, most)
    found: list[Any] = await repository.find(wanted, **how)
    return found, is_surplus


def _without_limits(definition: ModelDefinition, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The filter with the model's default filter, but with no limit that the filter itself has not."""
    found = dict(with_default(definition, wanted) or {})
    if "limit" not in wanted:
        found.pop("limit", None)
    return found


def fitting(definition: ModelDefinition, key: str, value: Any) -> Any:
    """A UUID for a text key is its text; other values are converted where they enter the repository."""
    prop = definition.properties.get(key)
    is_text = prop is not None and prop.value_type.kind is Kind.STR
    return str(value) if is_text and isinstance(value, UUID) else value


def _add_key(repository: Any, wanted: Any, key: str) -> bool:
    """Add the key to the fields that are fetched; whether it was not among them."""
    if wanted.get("fields") is None:
        return False
    query = query_of(definition_of(repository.entity), {"fields": wanted["fields"]})
    if query.fields is None or key in query.fields:
        return False
    names = list(wanted["fields"]) if isinstance(wanted["fields"], list | tuple) else list(query.fields)
    wanted["fields"] = [*names, key]
    return True


def drop_key(instances: Iterable[Any], key: str, is_surplus: bool) -> None:
    """Take a key away that was fetched for matching only."""
    for instance in instances if is_surplus else ():
        vars(instance).pop(key, None)
        mark_unloaded(instance, {*getattr(instance, "_mainspring_unloaded", ()), key})


def build_lookup_map(items: Iterable[T], key: str, reduce: Callable[[R | None, T], R]) -> dict[Any, R]:
    """The items by a property, those of one value reduced to one result."""
    found: dict[Any, R] = {}
    for item in items:
        value = matching_key(getattr(item, key))
        found[value] = reduce(found.get(value), item)
    return found


def flatten_targets_of_one_to_one(source_ids: Sequence[Any], targets: Iterable[T], key: str) -> list[T | None]:
    """For each source the first target with its key, or ``None``."""

    def first(known: T | None, item: T) -> T:
        return item if known is None else known

    by_key: dict[Any, T] = build_lookup_map(targets, key, first)
    return [by_key.get(matching_key(each)) for each in source_ids]


def flatten_targets_of_one_to_many(source_ids: Sequence[Any], targets: Iterable[T], key: str) -> list[list[T] | None]:
    """For each source the list of targets with its key, or ``None``."""

    def collected(known: list[T] | None, item: T) -> list[T]:
        return [*(known or ()), item] if known is None else _appended(known, item)

    by_key: dict[Any, list[T]] = build_lookup_map(targets, key, collected)
    return [by_key.get(matching_key(each)) for each in source_ids]


def _appended(items: list[T], item: T) -> list[T]:
    items.append(item)
    return items


async def include_related_models(
    repository: Any,
    entities: Iterable[Any],
    include: Sequence[Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> list[Any]:
    """Copies of the entities with what is included; the same entities without ``include``.

    Raises:
        InvalidFilterError: A relation cannot be included.
    """
    found = list(entities)
    if not include:
        return found
    query = repository.inclusion_query(include)
    await check_scopes(query, repository.inclusion_resolvers)
    copies = [_copied(entity) for entity in found]
    await include_related(copies, query, repository.inclusion_resolvers, dict(options or {}))
    return copies


def _copied(entity: Any) -> Any:
    copied = object.__new__(type(entity))
    vars(copied).update(vars(entity))
    return copied
