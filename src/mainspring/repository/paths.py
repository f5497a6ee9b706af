"""From a name in a filter to a property, or to a place inside a nested model or JSON (``address.city``, ``tags.0``)."""

from collections.abc import Callable
from typing import Any

from mainspring.repository.conditions import PropertyPath
from mainspring.repository.definitions import ModelDefinition, PropertyDefinition, definition_of
from mainspring.repository.errors import InvalidFilterError
from mainspring.repository.kinds import Kind, ValueType

__all__ = ["attribute_path", "property_path"]

_ANY = ValueType(Kind.ANY, Any, nullable=True)


def property_path(definition: ModelDefinition, name: Any) -> PropertyPath:
    """The path of an attribute name.

    Raises:
        InvalidFilterError: The model has no such property.
    """
    if not isinstance(name, str) or not name:
        raise InvalidFilterError(f"A property of {definition.name} is named by text, not {name!r}.")
    prop = definition.properties.get(name)
    if prop is not None:
        return PropertyPath(name, prop, (), prop.value_type)
    first, *rest = name.split(".")
    prop = definition.properties.get(first)
    if prop is None:
        if definition.strict is False and "\0" not in name:
            return PropertyPath(first, None, tuple(map(_step, rest)), _ANY)
        raise _unknown(definition, name)
    steps, value_type = _inside(definition, prop, name, rest, lambda inner: inner.properties)
    return PropertyPath(first, prop, steps, value_type)


def attribute_path(definition: ModelDefinition, wire: str) -> str:
    """The attribute name (dotted where the wire name is) that a wire name stands for.

    Raises:
        InvalidFilterError: There is no such property on the wire.
    """
    by_wire = wire_names(definition)
    found = by_wire.get(wire)
    if found is not None:
        return found.name
    first, *rest = wire.split(".")
    prop = by_wire.get(first)
    if prop is None:
        if definition.strict is False and first not in definition.properties:
            return wire
        raise _unknown(definition, wire, wire_names)
    steps, _ = _inside(definition, prop, wire, rest, wire_names)
    return ".".join(map(str, (prop.name, *steps)))


def wire_names(definition: ModelDefinition) -> dict[str, PropertyDefinition]:
    """Wire name to property."""
    found: dict[str, PropertyDefinition] | None = definition.plans.get("by_wire")
    if found is None:
        found = definition.plans["by_wire"] = dict(definition.wire_properties())
    return found


def _inside(
    definition: ModelDefinition,
    prop: PropertyDefinition,
    name: str,
    rest: list[str],
    names: Callable[[ModelDefinition], dict[str, PropertyDefinition]],
) -> tuple[tuple[str | int, ...], ValueType]:
    steps: list[str | int] = []
    value_type = prop.value_type
    for part in rest:
        if not part or "\0" in part:
            raise _unknown(definition, name)
        if value_type.kind is Kind.MODEL:
            inner = definition_of(value_type.python)
            found = names(inner).get(part)
            if found is None and inner.strict is not False:
                raise _unknown(definition, name)
            steps.append(found.name if found is not None else part)
            value_type = found.value_type if found is not None else _ANY
        elif value_type.is_json:
            steps.append(_list_step(definition, name, part) if value_type.kind is Kind.LIST else _step(part))
            value_type = value_type.item or _ANY
        else:
            raise _unknown(definition, name)
    return tuple(steps), value_type


def _step(part: str) -> str | int:
    return int(part) if part.isascii() and part.isdigit() and len(part) < 10 else part


def _list_step(definition: ModelDefinition, name: str, part: str) -> int:
    step = _step(part)
    if not isinstance(step, int):
        raise InvalidFilterError(f"{name!r} reaches into a list of {definition.name} by {part!r}; give an index.")
    return step


def _unknown(
    definition: ModelDefinition,
    name: str,
    names: Callable[[ModelDefinition], dict[str, PropertyDefinition]] = lambda definition: definition.properties,
) -> InvalidFilterError:
    known = ", ".join(name for name, prop in names(definition).items() if not prop.hidden) or "none"
    return InvalidFilterError(f"{definition.name} has no property {name!r}; it has {known}.")
