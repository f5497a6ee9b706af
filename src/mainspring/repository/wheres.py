"""From a ``where`` mapping to a checked condition. What was given is never changed."""

import re
from collections.abc import Mapping
from typing import Any

from mainspring.repository.conditions import AllOf, AnyOf, Condition, Not, PropertyPath
from mainspring.repository.conversion import converter, filter_converter
from mainspring.repository.definitions import ModelDefinition
from mainspring.repository.errors import InvalidFilterError
from mainspring.repository.operators import Convert, condition_of, operand_types
from mainspring.repository.paths import property_path
from mainspring.repository.scalars import Mode
from mainspring.repository.violations import Unfit

__all__ = ["LOGICAL", "condition", "conjunction"]

#: Keys that join conditions instead of naming a property.
LOGICAL = frozenset(("and", "or", "not"))

#: How deep conditions may nest, whoever gives them: databases refuse deeper expressions (SQLite beyond 1000), and
#: so does Python.
_DEEPEST = 100


def condition(definition: ModelDefinition, where: Any) -> Condition | None:
    """The condition of a ``where``; ``None`` when it matches everything.

    Raises:
        InvalidFilterError: It says something the model cannot answer; what is named.
    """
    if where is None:
        return None
    found = _condition(definition, where, 1)
    return None if isinstance(found, AllOf) and not found.parts else found


def conjunction(*conditions: Condition | None) -> Condition | None:
    """All of the conditions that are there."""
    parts = tuple(each for each in conditions if each is not None)
    return parts[0] if len(parts) == 1 else AllOf(parts) if parts else None


def _condition(definition: ModelDefinition, where: Any, depth: int) -> Condition:
    if not isinstance(where, Mapping):
        raise InvalidFilterError(f"A where of {definition.name} is a mapping, not {type(where).__name__}.")
    if depth > _DEEPEST:
        raise InvalidFilterError(f"The where of {definition.name} is nested more than {_DEEPEST} levels deep.")
    parts = [_part(definition, key, value, depth) for key, value in where.items()]
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _part(definition: ModelDefinition, key: Any, value: Any, depth: int) -> Condition:
    if key == "not":
        return Not(_condition(definition, value, depth + 1))
    if key in ("and", "or"):
        if not isinstance(value, list | tuple):
            raise InvalidFilterError(f"{key!r} takes a list of conditions, not {type(value).__name__}.")
        parts = tuple(_condition(definition, each, depth + 1) for each in value)
        return AllOf(parts) if key == "and" else AnyOf(parts)
    return _on_property(property_path(definition, key), value)


def _on_property(path: PropertyPath, value: Any) -> Condition:
    if isinstance(value, re.Pattern):
        return condition_of(path, "regexp", value, None, _unconverted)
    if not isinstance(value, Mapping):
        return condition_of(path, "eq", value, None, _conversion(path, "eq"))
    operators = [name for name in value if name != "options"]
    if not operators:
        raise InvalidFilterError(f"The condition on {path} has no operator; give a value or an operator.")
    parts = [
        condition_of(path, str(name), value[name], value.get("options"), _conversion(path, str(name)))
        for name in operators
    ]
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _unconverted(value: Any) -> Any:
    return value


def _conversion(path: PropertyPath, operator: str) -> Convert:
    value_type = operand_types(path, operator)
    if path.prop is not None:
        convert = filter_converter(path.prop, value_type, Mode.FILTER)
    else:
        convert = converter(value_type, Mode.FILTER, {})

    def converted(value: Any) -> Any:
        try:
            found = convert(value)
        except Unfit as error:
            raise _unfit(path, operator, error) from None
        return found

    return converted


def _unfit(path: PropertyPath, operator: str, error: Unfit) -> InvalidFilterError:
    reason = "; ".join(violation.message for violation in error.violations)
    return InvalidFilterError(f"The value of {operator!r} on {path} {reason}.")
