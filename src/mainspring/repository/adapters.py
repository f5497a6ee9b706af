"""How a model describes itself to the web: schemas, decoding, encoding. Wire names everywhere.

Rooms that serve the web find the adapter by ``Model.__mainspring_model__()`` and need not know this room.
"""

from collections.abc import Mapping
from typing import Any

from mainspring.openapi.errors import SchemaViolation, Violation
from mainspring.repository.conversion import error_messages, is_nullable, property_converter
from mainspring.repository.definitions import ModelDefinition, PropertyDefinition, definition_of
from mainspring.repository.exact_filters import exact_filter_schema, exact_where_schema
from mainspring.repository.filter_schemas import filter_schema, where_schema
from mainspring.repository.json_schemas import SchemaOptions, json_schema
from mainspring.repository.scalars import Converter, Mode
from mainspring.repository.serialising import model_to_encode
from mainspring.repository.validating import own_violations
from mainspring.repository.violations import Unfit, missing, pointer, unknown, without_notes, wrong_type
from mainspring.repository.wire_filters import decode_filter, decode_where

__all__ = ["ModelAdapter"]


class ModelAdapter:
    """Schemas and conversion of one model class.

    Args:
        cls: The class.
        has_own_json: Whether it replaces ``to_json``.
    """

    def __init__(self, cls: Any, *, has_own_json: bool = False) -> None:
        self._cls = cls
        self._has_own_json = has_own_json

    def json_schema(self, **options: Any) -> dict[str, Any]:
        """The schema, nested models in ``$defs``; options as for ``Model.json_schema``."""
        return json_schema(definition_of(self._cls), options)

    def filter_schema(self, **options: Any) -> dict[str, Any]:
        """The schema of a filter; with ``exact`` down to names and values."""
        if options.pop("exact", False):
            return exact_filter_schema(definition_of(self._cls), options)
        return filter_schema(definition_of(self._cls), options)

    def where_schema(self, **options: Any) -> dict[str, Any]:
        """The schema of a condition; with ``exact`` down to names and values."""
        if options.pop("exact", False):
            return exact_where_schema(definition_of(self._cls))
        return where_schema(definition_of(self._cls), options)

    def decode(self, value: Any, **options: Any) -> Any:
        """An instance from plain JSON data.

        Args:
            value: JSON data with wire names.
            options: ``partial, exclude, optional`` as for ``json_schema``; others do not matter here.

        Raises:
            SchemaViolation: Something does not fit; every violation is listed, in the order of the schema.
        """
        definition = definition_of(self._cls)
        if not isinstance(value, Mapping):
            raise SchemaViolation(wrong_type("object").violations)
        plan = _decoding_plan(definition, options)
        values, violations = _decoded(plan, value)
        if len(values) < len(value):
            violations += _unplanned(definition, value, plan, values)
        violations += own_violations(definition, values, is_whole=not (violations or options.get("partial")))
        if violations:
            raise SchemaViolation(without_notes(violations))
        instance = object.__new__(self._cls)
        instance.__dict__.update(values)
        return instance

    def encode(self, instance: Any) -> Any:
        """What an encoder of JSON writes of an instance, not to be changed; hidden properties are left out."""
        return instance.to_json() if self._has_own_json else model_to_encode(instance)

    def decode_filter(self, value: Any, *, text: bool, exclude: Any = ()) -> dict[str, Any]:
        """A filter for repositories from plain data; see `decode_filter`."""
        return decode_filter(definition_of(self._cls), value, text=text, exclude=exclude)

    def decode_where(self, value: Any, *, text: bool) -> dict[str, Any]:
        """A condition for repositories from plain data; see `decode_where`."""
        return decode_where(definition_of(self._cls), value, text=text)


_Entry = tuple[str, str, Violation | None, bool, Converter]


def _decoded(plan: list[_Entry], value: Mapping[str, Any]) -> tuple[dict[str, Any], list[Violation]]:
    values: dict[str, Any] = {}
    violations: list[Violation] = []
    for wire, name, required, nullable, convert in plan:
        if wire not in value:
            if required is not None:
                violations.append(required)
            continue
        given = value[wire]
        if given is None and nullable:
            values[name] = None
            continue
        try:
            values[name] = convert(given)
        except Unfit as error:
            violations += [violation.below(pointer(wire)) for violation in error.violations]
    return values, violations


def _decoding_plan(definition: ModelDefinition, given: Mapping[str, Any]) -> list[_Entry]:
    options = SchemaOptions.of({key: given[key] for key in ("partial", "exclude", "optional") if key in given})
    key = ("decode", options)
    plan: list[_Entry] | None = definition.plans.get(key)
    if plan is None:
        kept = (prop for prop in definition.properties.values() if not _is_named(prop, options.exclude))
        plan = definition.plans[key] = [_entry(prop, options) for prop in kept]
    return plan


def _entry(prop: PropertyDefinition, options: SchemaOptions) -> _Entry:
    required = prop.required and not options.is_partial and not _is_named(prop, options.optional)
    convert = property_converter(prop, Mode.JSON)
    return prop.wire_name, prop.name, _missing(prop) if required else None, is_nullable(prop, Mode.JSON), convert


def _missing(prop: PropertyDefinition) -> Violation:
    violation, messages = missing(prop.wire_name), error_messages(prop)
    text = messages.get("required") if isinstance(messages, Mapping) else None
    return violation if text is None else Violation("", "required", text, violation.info)


def _is_named(prop: PropertyDefinition, names: tuple[str, ...]) -> bool:
    return prop.name in names or prop.wire_name in names


def _unplanned(
    definition: ModelDefinition, value: Mapping[str, Any], plan: list[_Entry], values: dict[str, Any]
) -> list[Violation]:
    known = {entry[0] for entry in plan}
    extra = [str(key) for key in value if key not in known]
    if definition.strict is False:
        excluded = {prop.wire_name for prop in definition.properties.values()} - known
        values.update({key: value[key] for key in extra if key not in excluded})
        extra = [key for key in extra if key in excluded]
    return [unknown(key) for key in extra]
