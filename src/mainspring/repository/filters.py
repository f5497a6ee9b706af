"""Filters: the typed dictionaries people write, and the checked `Query` that connectors read."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from mainspring.repository.conditions import Condition, PropertyPath
from mainspring.repository.definitions import ModelDefinition
from mainspring.repository.errors import INVALID_INCLUSION_FILTER, InvalidFilterError
from mainspring.repository.kinds import Kind
from mainspring.repository.paths import property_path
from mainspring.repository.wheres import condition

__all__ = ["Count", "Filter", "Inclusion", "Query", "Where", "is_filter", "query_of", "scoped"]

#: A condition: property names to values or operators, ``and``, ``or``, ``not``.
Where = dict[str, Any]

_KEYS = frozenset(("where", "fields", "order", "limit", "skip", "offset", "include"))
_UNORDERED = frozenset((Kind.LIST, Kind.SET, Kind.DICT, Kind.MODEL, Kind.STRUCT))


class Inclusion(TypedDict, total=False):
    """One entry of ``include``."""

    relation: str
    scope: Mapping[str, Any]


class Filter(TypedDict, total=False):
    """What is selected, in which order, how much of it, and what comes with it."""

    where: Where
    fields: list[str] | dict[str, bool]
    order: str | list[str]
    limit: int
    skip: int
    offset: int
    include: list[str | Inclusion]


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows a statement matched.

    Attributes:
        count: The number.
    """

    count: int


@dataclass(frozen=True, slots=True)
class Query:
    """A checked filter.

    Attributes:
        where: The condition, ``None`` for everything.
        order: Paths, each with whether it is descending.
        limit: The most rows, ``None`` for all.
        skip: How many rows are left out at the beginning.
        fields: The names of the properties that are wanted, ``None`` for all.
        parts: Of nested properties only parts of which are wanted: name to paths inside.
        include: Relation name and scope, in order.
        of_each: A property and a number: no more rows than that of each of its values, ``None`` for all.
    """

    where: Condition | None = None
    order: tuple[tuple[PropertyPath, bool], ...] = ()
    limit: int | None = None
    skip: int = 0
    fields: tuple[str, ...] | None = None
    parts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    include: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    of_each: tuple[str, int] | None = None


class FirstOfEach(dict[str, Any]):
    """A filter of the first few rows of each value of a property.

    A data source that cannot tell gives more rows: whoever asks takes what it wants of them.

    Args:
        filter: The filter.
        key: The property.
        most: How many rows.
    """

    def __init__(self, filter: Mapping[str, Any], key: str, most: int) -> None:
        super().__init__(filter)
        self.of_each = key, min(most, 2**63 - 1)


def is_filter(value: Any) -> bool:
    """Whether a mapping has keys of a filter only (an empty one counts as a filter)."""
    return isinstance(value, Mapping) and all(key in _KEYS for key in value)


def query_of(definition: ModelDefinition, filter: Any, *, known_keys: Iterable[str] = _KEYS) -> Query:
    """Check a filter.

    Raises:
        InvalidFilterError: It says something the model cannot answer; what is named.
    """
    if filter is None:
        return Query()
    if not isinstance(filter, Mapping):
        raise InvalidFilterError(f"A filter of {definition.name} is a mapping, not {type(filter).__name__}.")
    unknown = [key for key in filter if key not in known_keys]
    if unknown:
        names = ", ".join(repr(key) for key in unknown)
        raise InvalidFilterError(f"A filter of {definition.name} has no {names}; it has {', '.join(sorted(_KEYS))}.")
    fields, parts = _fields(definition, filter.get("fields"))
    return Query(
        where=condition(definition, filter.get("where")),
        order=_order(definition, filter.get("order")),
        limit=_limit(filter.get("limit")),
        skip=_skip(filter),
        fields=fields,
        parts=parts,
        include=_include(definition, filter.get("include")),
        of_each=filter.of_each if isinstance(filter, FirstOfEach) else None,
    )


def _limit(limit: Any) -> int | None:
    if limit is None:
        return None
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1 or limit >= 2**63:
        raise InvalidFilterError(f"The limit is an integer from 1 on, not {limit!r}.")
    return limit


def _skip(filter: Mapping[str, Any]) -> int:
    given = [(key, filter[key]) for key in ("skip", "offset") if filter.get(key) is not None]
    for key, value in given:
        if not isinstance(value, int) or isinstance(value, bool) or value < 0 or value >= 2**63:
            raise InvalidFilterError(f"The {key} is an integer from 0 on, not {value!r}.")
    if len({value for _, value in given}) > 1:
        raise InvalidFilterError("skip and offset mean the same; give one of them.")
    return int(given[0][1]) if given else 0


def _order(definition: ModelDefinition, order: Any) -> tuple[tuple[PropertyPath, bool], ...]:
    if order is None:
        return ()
    entries = [order] if isinstance(order, str) else order
    if not isinstance(entries, list | tuple):
        raise InvalidFilterError(f"The order is text or a list of texts, not {order!r}.")
    return tuple(_order_key(definition, entry) for entry in entries)


def _order_key(definition: ModelDefinition, entry: Any) -> tuple[PropertyPath, bool]:
    words = entry.split() if isinstance(entry, str) else []
    if not 1 <= len(words) <= 2 or (len(words) == 2 and words[1].upper() not in ("ASC", "DESC")):
        raise InvalidFilterError(f"The order {entry!r} is not '<property>', '<property> ASC' or '<property> DESC'.")
    try:
        path = property_path(definition, words[0])
    except InvalidFilterError as error:
        raise InvalidFilterError(f"The order {entry!r} is not possible: {error}") from error
    if path.value_type.kind in _UNORDERED:
        raise InvalidFilterError(f"The order {entry!r} is not possible: {path} ({path.value_type.kind}) has no order.")
    return path, len(words) == 2 and words[1].upper() == "DESC"


def _fields(
    definition: ModelDefinition, fields: Any
) -> tuple[tuple[str, ...] | None, tuple[tuple[str, tuple[str, ...]], ...]]:
    if fields is None:
        return None, ()
    wanted, unwanted = _wanted(definition, fields)
    whole = {name for name in wanted if "." not in name}
    inside: dict[str, list[str]] = {}
    for name in wanted:
        first, _, rest = name.partition(".")
        if rest and first not in whole:
            inside.setdefault(first, []).append(rest)
    if wanted:
        kept = {name.partition(".")[0] for name in wanted}
        names = tuple(
            name for name in (*definition.properties, *sorted(kept - set(definition.properties))) if name in kept
        )
    elif unwanted:
        names = tuple(name for name in definition.properties if name not in unwanted)
    else:
        return None, ()
    return names, tuple((name, tuple(rests)) for name, rests in inside.items())


def _wanted(definition: ModelDefinition, fields: Any) -> tuple[list[str], list[str]]:
    if isinstance(fields, Mapping):
        if not all(isinstance(value, bool) for value in fields.values()):
            raise InvalidFilterError("The fields are a list of names, or a mapping of names to true or false.")
        names = list(fields)
        wanted, unwanted = [n for n in names if fields[n]], [n for n in names if not fields[n]]
    elif isinstance(fields, list | tuple | set | frozenset):
        names = list(fields)
        wanted, unwanted = names, []
    else:
        raise InvalidFilterError(f"The fields are a list of names, or a mapping of names to booleans, not {fields!r}.")
    for name in names:
        property_path(definition, name)
    twice = [name for position, name in enumerate(names) if name in names[:position]]
    if twice:
        raise InvalidFilterError(f"The fields name {twice[0]!r} twice.")
    return wanted, unwanted


def _include(definition: ModelDefinition, include: Any) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    if include is None:
        return ()
    if not isinstance(include, list | tuple):
        raise InvalidFilterError(
            f"include is a list of names and of {{'relation': …, 'scope': …}}, not {type(include).__name__}.",
            INVALID_INCLUSION_FILTER,
        )
    found: dict[str, Mapping[str, Any]] = {}
    for entry in include:
        name, scope = _inclusion(entry)
        found.pop(name, None)  # named twice, the last scope counts, in its place
        found[name] = scope
    bad = [entry for entry in include if _inclusion(entry)[0] not in definition.relations]
    if bad:
        raise invalid_inclusion(bad)
    return tuple(found.items())


def _inclusion(entry: Any) -> tuple[str, Mapping[str, Any]]:
    if isinstance(entry, str):
        return entry, {}
    if not isinstance(entry, Mapping) or not isinstance(entry.get("relation"), str):
        raise invalid_inclusion([entry])
    scope = entry.get("scope")
    if set(entry) - {"relation", "scope"} or not isinstance(scope, Mapping | None):
        raise invalid_inclusion([entry])
    return entry["relation"], scope or {}


def invalid_inclusion(entries: Iterable[Any]) -> InvalidFilterError:
    """The error of entries of ``include`` that name no usable relation."""
    shown = ", ".join(json.dumps(entry, default=str, separators=(",", ":")) for entry in entries)
    return InvalidFilterError(
        f'Invalid "filter.include" entries: {shown}: no such relation can be included.', INVALID_INCLUSION_FILTER
    )


def has_limits(definition: ModelDefinition) -> bool:
    """Whether the model says how many rows are found at a time."""
    settings = definition.settings
    return not settings.keys().isdisjoint(("default_limit", "max_limit")) or "limit" in (settings.get("scope") or {})


def scoped(definition: ModelDefinition, filter: Any) -> Any:
    """The filter with the model's default filter and limits put in; the same object where there are none."""
    if not isinstance(filter, Mapping | None):
        return filter
    merged = with_default(definition, filter)
    if not has_limits(definition):
        return merged
    limit = limited(definition, (merged or {}).get("limit"))
    return merged if limit is None else {**(merged or {}), "limit": limit}


def with_default(definition: ModelDefinition, filter: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The filter with the model's default filter put in; the same object where there is none."""
    default = definition.settings.get("scope") or {}
    if not default:
        return filter
    merged = {**default, **{key: value for key, value in (filter or {}).items() if value is not None}}
    if default.get("where") and (filter or {}).get("where"):
        merged["where"] = {"and": [default["where"], (filter or {})["where"]]}
    return FirstOfEach(merged, *filter.of_each) if isinstance(filter, FirstOfEach) else merged


def limited(definition: ModelDefinition, limit: Any) -> Any:
    """The limit that counts by what the model says; ``None`` for no limit."""
    settings = definition.settings
    if limit is None:
        limit = (settings.get("scope") or {}).get("limit", settings.get("default_limit"))
    most = settings.get("max_limit")
    is_beyond = limit is None or (isinstance(limit, int) and most is not None and limit > most)
    return most if most is not None and is_beyond else limit
