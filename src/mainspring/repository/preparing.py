"""From what a caller gives to what is written: checked, converted, defaults filled in.

Everything that is wrong is reported at once. What was given is never changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mainspring.openapi.errors import Violation
from mainspring.repository.conversion import free_values, property_converter
from mainspring.repository.definitions import ModelDefinition, PropertyDefinition
from mainspring.repository.errors import ModelValidationError
from mainspring.repository.generating import generated_id, made_value
from mainspring.repository.instances import default_of
from mainspring.repository.kinds import Kind, is_model_class
from mainspring.repository.scalars import Converter, Mode
from mainspring.repository.validating import own_violations
from mainspring.repository.violations import Unfit, missing, pointer, subject_of, unknown

__all__ = [
    "check_persistable",
    "create_values",
    "raw_data",
    "refused",
    "replace_values",
    "update_values",
    "validation_error",
    "version_property",
]


@dataclass(frozen=True, slots=True)
class _Entry:
    """One property, ready to be written."""

    name: str
    prop: PropertyDefinition
    convert: Converter
    is_id: bool


def _entries(definition: ModelDefinition) -> list[_Entry]:
    entries: list[_Entry] | None = definition.plans.get("entries")
    if entries is None:
        ids = definition.id_properties()
        entries = [
            _Entry(prop.name, prop, property_converter(prop, Mode.DATA), prop.name in ids)
            for prop in definition.properties.values()
        ]
        definition.plans["entries"] = entries
    return entries


def version_property(definition: ModelDefinition) -> str | None:
    """The property that counts updates, if there is one."""
    return next((name for name, prop in definition.properties.items() if prop.options.get("version")), None)


def raw_data(definition: ModelDefinition, data: Any) -> dict[str, Any]:
    """The values of a mapping, or those that are set in an instance, by attribute name.

    Raises:
        ModelValidationError: It is neither.
    """
    if isinstance(data, Mapping):
        return dict(data)
    if is_model_class(type(data)):
        return _set_values(definition, data)
    error = {
        "path": "",
        "code": "type",
        "message": f"the data of {definition.name} are a mapping or an instance, not {type(data).__name__}",
        "info": {"type": "object"},
    }
    raise ModelValidationError(definition.name, [error])


def _set_values(definition: ModelDefinition, instance: Any) -> dict[str, Any]:
    """Attributes that are no properties are the program's own business in a strict model."""
    values = vars(instance)
    if definition.strict is False:
        return dict(values)
    return {
        name: value for name, value in values.items() if name in definition.properties or name in definition.relations
    }


def check_persistable(definition: ModelDefinition, values: Mapping[str, Any]) -> None:
    """Refuse related data in what is to be written.

    Raises:
        ModelValidationError: There are some; model and property are quoted.
    """
    errors: list[dict[str, Any]] = []
    for name, relation in definition.relations.items():
        if name not in values:
            continue
        message = (
            f'Navigational properties are not allowed in model data (model "{definition.name}" property "{name}"), '
            "please remove it"
        )
        if relation.type == "belongsTo" and relation.key_from == name:
            message += "; the name of a belongs-to relation and its key property must differ"
        errors.append(
            {
                "path": "",
                "code": "additionalProperties",
                "message": message,
                "info": {"additionalProperty": relation.wire_name},
            }
        )
    if errors:
        raise ModelValidationError(definition.name, errors)


def create_values(
    definition: ModelDefinition, data: Mapping[str, Any], *, counts_ids: bool, allow_id: bool = False
) -> dict[str, Any]:
    """Every property's value for a new row; a counted id that is not given is left out.

    Args:
        definition: The model's definition.
        data: What was given, by attribute name.
        counts_ids: Whether the data source makes ids that are not declared as generated.
        allow_id: Whether a generated id may be given.

    Raises:
        ModelValidationError: Something does not fit; everything that does not is listed.
    """
    check_persistable(definition, data)
    allow_id = allow_id or definition.settings.get("force_id", True) is False
    values: dict[str, Any] = {}
    violations: list[Violation] = []
    for entry in _entries(definition):
        name, prop = entry.name, entry.prop
        given = data.get(name)
        if prop.options.get("version"):
            values[name] = 1
        elif given is not None:
            if entry.is_id and prop.generated and not allow_id:
                violations.append(_given_id(prop))
            else:
                _convert(entry, given, values, violations)
        elif name in data and not entry.is_id and not prop.generated:
            _accept_none(entry, values, violations)
        else:
            _fill(entry, values, violations, counts_ids=counts_ids)
    violations += _free(definition, data, values)
    _raise(definition, values, violations)
    return values


def _given_id(prop: PropertyDefinition) -> Violation:
    info = {"additionalProperty": prop.wire_name, "custom": True}
    return Violation("", "additionalProperties", f"{prop.name} is generated and must not be given", info)


def _convert(entry: _Entry, given: Any, values: dict[str, Any], violations: list[Violation]) -> None:
    try:
        values[entry.name] = entry.convert(given)
    except Unfit as error:
        violations += [violation.below(pointer(entry.prop.wire_name)) for violation in error.violations]


def _accept_none(entry: _Entry, values: dict[str, Any], violations: list[Violation]) -> None:
    if entry.prop.required or entry.is_id:
        violations.append(missing(entry.prop.wire_name))
    else:
        values[entry.name] = None


def _fill(entry: _Entry, values: dict[str, Any], violations: list[Violation], *, counts_ids: bool) -> None:
    """The value of a property that was not given."""
    prop = entry.prop
    made = prop.options.get("default_fn")
    if made is not None:
        _convert(entry, made_value(prop, made), values, violations)
    elif (prop.has_default and prop.default is not None) or prop.default_factory is not None:
        _convert(entry, default_of(prop), values, violations)
    elif prop.generated or (entry.is_id and counts_ids and prop.value_type.kind in (Kind.INT, Kind.STR, Kind.UUID)):
        if prop.value_type.kind is not Kind.INT or not entry.is_id:
            values[prop.name] = generated_id(prop)
    elif prop.required or entry.is_id:
        violations.append(missing(prop.wire_name))
    else:
        values[prop.name] = None


def update_values(definition: ModelDefinition, data: Mapping[str, Any]) -> dict[str, Any]:
    """The values that change; stamps of the update are added when anything does.

    Raises:
        ModelValidationError: Something does not fit.
    """
    check_persistable(definition, data)
    values: dict[str, Any] = {}
    violations: list[Violation] = []
    for entry in _entries(definition):
        if entry.name not in data:
            continue
        if data[entry.name] is None:
            _accept_none(entry, values, violations)
        else:
            _convert(entry, data[entry.name], values, violations)
    violations += _free(definition, data, values)
    _raise(definition, values, violations, is_whole=False)
    if values:
        _stamp(definition, data, values)
    return values


def _stamp(definition: ModelDefinition, data: Mapping[str, Any], values: dict[str, Any]) -> None:
    for entry in _entries(definition):
        made = entry.prop.options.get("on_update")
        if made is not None and entry.name not in data:
            values[entry.name] = entry.convert(made_value(entry.prop, made))


def replace_values(definition: ModelDefinition, data: Mapping[str, Any]) -> dict[str, Any]:
    """A value for every property but the id: what was not given becomes its default or null.

    Raises:
        ModelValidationError: Something does not fit, or a required property is missing.
    """
    check_persistable(definition, data)
    values: dict[str, Any] = {}
    violations: list[Violation] = []
    for entry in _entries(definition):
        prop = entry.prop
        if entry.is_id or prop.options.get("version"):
            continue
        if data.get(entry.name) is not None:
            _convert(entry, data[entry.name], values, violations)
        elif entry.name in data:
            _accept_none(entry, values, violations)
        elif prop.options.get("on_update") is not None:
            values[entry.name] = entry.convert(made_value(prop, prop.options["on_update"]))
        elif (prop.has_default and prop.default is not None) or prop.default_factory is not None:
            _convert(entry, default_of(prop), values, violations)
        else:
            _accept_none(entry, values, violations)
    violations += _free(definition, data, values)
    _raise(definition, values, violations)
    return values


def _free(definition: ModelDefinition, data: Mapping[str, Any], values: dict[str, Any]) -> list[Violation]:
    extra = [name for name in data if name not in definition.properties]
    if not extra or definition.strict == "filter":
        return []
    if definition.strict is not False:
        return [unknown(str(name)) for name in extra]
    free, violations = free_values(data, extra)
    values.update(free)
    return violations


def _raise(
    definition: ModelDefinition, values: Mapping[str, Any], violations: list[Violation], *, is_whole: bool = True
) -> None:
    found = [*violations, *own_violations(definition, values, is_whole=is_whole and not violations)]
    if found:
        raise validation_error(definition, found)


def validation_error(definition: ModelDefinition, violations: Iterable[Violation]) -> ModelValidationError:
    """The error of violations, each message with its subject in front."""
    return ModelValidationError(definition.name, [_entry(definition, violation) for violation in violations])


def _entry(definition: ModelDefinition, violation: Violation) -> dict[str, Any]:
    info = dict(violation.info)
    message = violation.message if info.pop("custom", False) else _words(definition, violation)
    return {"path": violation.path, "code": violation.code, "message": message, "info": info}


def _words(definition: ModelDefinition, violation: Violation) -> str:
    subject = subject_of(violation.path)
    dotted = f"{subject}." if subject else ""
    if violation.code == "required" and "missingProperty" in violation.info:
        return f"{dotted}{violation.info['missingProperty']} is required"
    if violation.code == "additionalProperties" and "additionalProperty" in violation.info:
        return f"{dotted}{violation.info['additionalProperty']} is not defined in {definition.name}"
    return f"{subject or 'the value'} {violation.message}"


def refused(definition: ModelDefinition, name: str, reason: str, code: str = "const") -> ModelValidationError:
    """The error of one property that cannot be written as it was asked."""
    prop = definition.properties.get(name)
    shown = prop.wire_name if prop is not None else name
    error = {"path": pointer(shown), "code": code, "message": f"{shown} {reason}", "info": {}}
    return ModelValidationError(definition.name, [error])
