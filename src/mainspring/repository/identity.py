"""Ids: of instances and mappings, as conditions, simple and composite."""

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
        if isinstance(id, Mapping) and set(id) == set(names):
            return {names[0]: id[names[0]]}
        return {names[0]: id}
    if not isinstance(id, Mapping) or set(id) != set(names):
        raise _refused(definition, ", ".join(names), f"must be a mapping with exactly the names {', '.join(names)}")
    if any(value is None for value in id.values()):
        raise _refused(definition, ", ".join(names), "cannot be undefined in any part")
    return {name: id[name] for name in names}


def where_of_id(definition: ModelDefinition, id: Any) -> dict[str, Any]:
    """The condition that selects the row with this id."""
    return checked_id(definition, id)


def _refused(definition: ModelDefinition, name: str, reason: str) -> ModelValidationError:
    error = {"path": "", "code": "required", "message": f"the id {name} {reason}", "info": {}}
    return ModelValidationError(definition.name, [error])
