"""Limiting filters, conditions and data to what belongs to one source row. Nothing given is changed."""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from mainspring.repository.builders import FilterBuilder, WhereBuilder
from mainspring.repository.definitions import ModelDefinition, definition_of
from mainspring.repository.errors import ModelValidationError
from mainspring.repository.filters import Filter, Where
from mainspring.repository.kinds import is_model_class
from mainspring.repository.preparing import refused

__all__ = [
    "constrain_data_object",
    "constrain_data_objects",
    "constrain_filter",
    "constrain_where",
    "constrain_where_or",
    "constrained_data",
    "unchangeable",
]


def constrain_filter(filter: Mapping[str, Any] | None, constraint: Mapping[str, Any]) -> Filter:
    """The filter with a condition and-ed in.

    Raises:
        NotImplementedError: The constraint is a filter with more than a condition.
    """
    return FilterBuilder(filter).impose(constraint).build()


def constrain_where(where: Mapping[str, Any] | None, constraint: Mapping[str, Any]) -> Where:
    """The condition with another one and-ed in."""
    return WhereBuilder(where).impose(constraint).build()


def constrain_where_or(where: Mapping[str, Any] | None, constraints: Iterable[Mapping[str, Any]]) -> Where:
    """The condition with ``or`` set to the constraints."""
    return {**copy.deepcopy(dict(where or {})), "or": [dict(each) for each in constraints]}


def constrain_data_object(data: Any, constraint: Mapping[str, Any]) -> Any:
    """A copy of the data (mapping or instance) with the values of the constraint.

    Raises:
        ModelValidationError: The data have another value for one of them.
    """
    return constrained_data(data, constraint, None if isinstance(data, Mapping) else type(data))


def constrained_data(data: Any, constraint: Mapping[str, Any], model: Any) -> Any:
    """The same for data of a model, ``None`` if it is not known: an error names what the model's data name."""
    values: Mapping[str, Any] = data if isinstance(data, Mapping) else vars(data)
    for name, value in constraint.items():
        if name in values and values[name] != value:
            raise unchangeable(name, model)
    if isinstance(data, Mapping):
        return {**data, **constraint}
    copied = copy.copy(data)
    vars(copied).update(constraint)
    return copied


def unchangeable(name: str, model: Any) -> ModelValidationError:
    """The error of data that would change what a relation fixes."""
    definition = definition_of(model) if is_model_class(model) else ModelDefinition("data")
    return refused(definition, name, "cannot be changed")


def constrain_data_objects(data: Iterable[Any], constraint: Mapping[str, Any]) -> list[Any]:
    """The same for several."""
    return [constrain_data_object(each, constraint) for each in data]
