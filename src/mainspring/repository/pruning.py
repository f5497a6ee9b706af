"""Leaving out parts of nested values that a ``fields`` filter does not name (``fields=["address.city"]``)."""

from collections.abc import Iterable, Sequence
from typing import Any

from mainspring.repository.kinds import is_model_class

__all__ = ["prune"]


def prune(instances: Iterable[Any], parts: Sequence[tuple[str, tuple[str, ...]]]) -> None:
    """Keep of the named properties only the parts that are wanted."""
    for instance in instances:
        values = vars(instance)
        for name, paths in parts:
            if values.get(name) is not None:
                values[name] = _kept(values[name], paths)


def _kept(value: Any, paths: Iterable[str]) -> Any:
    inner: dict[str, list[str]] = {}
    for path in paths:
        first, _, rest = path.partition(".")
        inner.setdefault(first, []).append(rest)
    if isinstance(value, list):
        return [value[int(step)] for step in inner if step.isdigit() and int(step) < len(value)]
    values = vars(value) if is_model_class(type(value)) else value
    if not isinstance(values, dict):
        return value
    kept = {
        name: values[name] if "" in rests else _kept(values[name], rests)
        for name, rests in inner.items()
        if name in values
    }
    if values is value:
        return kept
    copy = object.__new__(type(value))
    vars(copy).update(kept)
    return copy
