"""Ids: of instances and mappings, as conditions, simple and composite."""

import re
from collections.abc import Mapping
from typing import Any

from mainspring.repository.definitions import ModelDefinition
from mainspring.repository.errors import ModelDefinitionError, ModelValidationError

__all__ = ["checked_id", "id_names", "id_of", "where_of_id"]


def id_names(definition: ModelDefinition) -> list[str]:
    """The names of the id properties.

    Raises:
        ModelDefinitionError: The model has none.
    """
    names = definition.id_properties()
    if not names:
        raise ModelDefinitionError(
            definition.name,
            None,
            f"the id is missing: {definition.name} has no property with field(id=True)",
            "MISSING_ID",
        )
    return names


def id_of(definition: ModelDefinition, data: Any) -> Any:
    """The id in a mapping or instance; ``None`` where it is not set, a mapping where it is composite."""
    names = id_names(definition)
    values = data if isinstance(data, Mapping) else vars(data)
    if len(names) == 1:
        return values.get(names[0])
    return {name: values.get(name) for name in names}


def checked_id(definition: ModelDefinition, id: Any) -> dict[str, Any]:
    """An id as a mapping with exactly the id's names.

    Raises:
        ModelValidationError: It is ``None``, or a composite one lacks names or has others.
    """
    names = id_names(definition)
    if id is None:
        raise _refused(definition, names[0], "cannot be undefined: give an id")
    if len(names) == 1:
        value = id[names[0]] if isinstance(id, Mapping) and set(id) == set(names) else id
        return {names[0]: _plain(definition, names[0], value)}
    if not isinstance(id, Mapping) or set(id) != set(names):
        raise _refused(definition, ", ".join(names), f"must be a mapping with exactly the names {', '.join(names)}")
    if any(value is None for value in id.values()):
        raise _refused(definition, ", ".join(names), "cannot be undefined in any part")
    return {name: _plain(definition, name, id[name]) for name in names}


def _plain(definition: ModelDefinition, name: str, value: Any) -> Any:
    """The value of an id, which is no condition: ``{"gt": 0}`` would mean every row."""
    if value is None:
        raise _refused(definition, name, "cannot be undefined: give an id")
    if isinstance(value, Mapping | list | tuple | set | frozenset | re.Pattern):
        raise _refused(definition, name, f"must be one value, not {type(value).__name__}", "type")
    return value


def where_of_id(definition: ModelDefinition, id: Any) -> dict[str, Any]:
    """The condition that selects the row with this id."""
    return checked_id(definition, id)


def _refused(definition: ModelDefinition, name: str, reason: str, code: str = "required") -> ModelValidationError:
    error = {"path": "", "code": code, "message": f"the id {name} {reason}", "info": {}}
    return ModelValidationError(definition.name, [error])
