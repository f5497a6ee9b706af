"""Copies of specs: containers are copied deeply, what lives in them is kept.

Functions, classes, modules and instances of user-defined classes have an identity that the program relies on, so
only Python's own containers are made anew, by exact type: a subclass of ``dict`` is a user's class.
"""

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

__all__ = ["Copier", "clone", "copier_for"]

Copier = Callable[[Any], Any]
"""Gives an independent copy of one known value."""

Memo = dict[int, Any]


def clone(value: Any) -> Any:
    """A deep copy of the containers in ``value``; everything else is the very object. Cycles are kept."""
    return _clone(value, {})


def copier_for(value: Any) -> Copier:
    """The cheapest function that gives independent copies of ``value``: it runs at each read."""
    if type(value) not in _CLONERS:
        return _same
    flat = _FLAT.get(type(value))
    items = value.values() if isinstance(value, dict) else value
    if flat is None or any(type(item) in _CLONERS for item in items):
        return clone
    return flat


def _same(value: Any) -> Any:
    return value


def _clone(value: Any, memo: Memo) -> Any:
    cloner = _CLONERS.get(type(value))
    if cloner is None:
        return value
    if id(value) in memo:
        return memo[id(value)]
    return cloner(value, memo)


def _mapping(value: Any, memo: Memo) -> Any:
    result = memo[id(value)] = value.copy()
    for key, item in value.items():
        result[key] = _clone(item, memo)
    return result


def _sequence(value: Any, memo: Memo) -> Any:
    result = memo[id(value)] = value.copy()
    for position, item in enumerate(value):
        result[position] = _clone(item, memo)
    return result


def _tuple(value: tuple[Any, ...], memo: Memo) -> tuple[Any, ...]:
    items = [_clone(item, memo) for item in value]
    if all(new is old for new, old in zip(items, value, strict=True)):
        return value
    return tuple(items)


def _proxy(value: MappingProxyType[Any, Any], memo: Memo) -> MappingProxyType[Any, Any]:
    return MappingProxyType({key: _clone(item, memo) for key, item in value.items()})


def _flat(value: Any, memo: Memo) -> Any:
    """Members of a set are hashable, bytes are numbers: nothing inside needs a copy."""
    result = memo[id(value)] = value.copy()
    return result


_CLONERS: dict[type, Callable[[Any, Memo], Any]] = {
    dict: _mapping,
    OrderedDict: _mapping,
    defaultdict: _mapping,
    Counter: _mapping,
    MappingProxyType: _proxy,
    list: _sequence,
    deque: _sequence,
    tuple: _tuple,
    set: _flat,
    bytearray: _flat,
}

_FLAT: dict[type, Copier] = {dict: dict.copy, list: list.copy, tuple: _same}
