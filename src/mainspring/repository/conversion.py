"""Conversion of whole values: lists, mappings, nested models, unions, and the properties of a model.

Converters are made once per property and way in, and kept with the definition. Every violation is collected; the
successful way raises and catches nothing.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mainspring.openapi.errors import Violation
from mainspring.repository.constraints import Check, item_checks, property_checks, reworded
from mainspring.repository.decimals import scaled
from mainspring.repository.definitions import ModelDefinition, PropertyDefinition, definition_of
from mainspring.repository.errors import ModelDefinitionError
from mainspring.repository.kinds import Kind, ValueType, is_model_class
from mainspring.repository.scalars import Converter, Mode, check_text, is_text, scalar_converter
from mainspring.repository.structs import struct_converter
from mainspring.repository.validating import own_violations
from mainspring.repository.violations import Unfit, missing, pointer, unknown, violated, wrong_type

__all__ = ["converter", "error_messages", "filter_converter", "free_values", "model_values", "property_converter"]


def property_converter(prop: PropertyDefinition, mode: Mode) -> Converter:
    """The converter of a property's values other than ``None``, checks included.

    Raises:
        ModelDefinitionError: The type is none that can be converted.
    """
    checks = property_checks(prop)
    convert = converter(prop.value_type, mode, _options(prop), prop=prop, item_checks=item_checks(prop))
    if mode is Mode.JSON and _is_sent_as_text(prop):
        convert = _text_only(convert)
    quantized = _quantized(prop, mode)
    if checks or quantized is not None:
        convert = _checked(convert, checks, quantized)
    messages = error_messages(prop)
    return _reworded(convert, messages) if messages else convert


def _is_sent_as_text(prop: PropertyDefinition) -> bool:
    """Whether a decimal is no JSON number, by the author's word: ``json_schema={"type": "string"}``."""
    return prop.value_type.kind is Kind.DECIMAL and (prop.options.get("json_schema") or {}).get("type") == "string"


def _text_only(convert: Converter) -> Converter:
    def converted(value: Any) -> Any:
        if not isinstance(value, str):
            raise wrong_type("string", " with a decimal number")
        return convert(value)

    return converted


def filter_converter(prop: PropertyDefinition, value_type: ValueType, mode: Mode) -> Converter:
    """The converter of a value that is compared with (a part of) a property: the type counts, limits do not."""
    return converter(value_type, mode, _options(prop), prop=prop)


def error_messages(prop: PropertyDefinition) -> Any:
    """The author's words for violations: one text, or one per keyword."""
    schema = prop.options.get("json_schema") or {}
    return schema.get("errorMessage") or prop.options.get("error_message")


def _options(prop: PropertyDefinition) -> dict[str, Any]:
    return prop.options


def converter(
    value_type: ValueType,
    mode: Mode,
    options: dict[str, Any],
    *,
    prop: PropertyDefinition | None = None,
    item_checks: list[Check] | None = None,
) -> Converter:
    """The converter of values of a type.

    Args:
        value_type: The type.
        mode: The way in.
        options: The settings of the property.
        prop: The property, for messages.
        item_checks: Checks of each item of a list.

    Raises:
        ModelDefinitionError: The type is none that can be converted.
    """
    kind = value_type.kind
    if kind is Kind.UNKNOWN:
        raise unsupported_type(prop, value_type)
    if kind in (Kind.LIST, Kind.SET):
        item = None if value_type.item is None else _nullable(value_type.item, mode, options, prop)
        if item_checks:
            item = _checked(item or _anything, item_checks, None)
        return _list_converter(value_type, mode, item)
    if kind is Kind.DICT:
        value = None if value_type.item is None else _nullable(value_type.item, mode, options, prop)
        return _dict_converter(mode, value)
    if kind is Kind.UNION:
        members = [(member, converter(member, mode, options, prop=prop)) for member in value_type.members]
        return _union_converter(members)
    return _single(value_type, mode, options)


def _single(value_type: ValueType, mode: Mode, options: dict[str, Any]) -> Converter:
    if value_type.kind is Kind.ANY:
        return _json_value if mode.is_python else _anything
    if value_type.kind is Kind.MODEL:
        return _model_converter(value_type.python, mode)
    if value_type.kind is Kind.STRUCT:
        return struct_converter(value_type.python, mode)
    return scalar_converter(value_type, mode, options)


def unsupported_type(prop: PropertyDefinition | None, value_type: ValueType) -> ModelDefinitionError:
    """The error of a type that is none we know."""
    name = None if prop is None else prop.name
    source = None if prop is None else prop.source
    model = getattr(source, "__name__", "model")
    return ModelDefinitionError(
        model, name, f"the type {value_type.python!r} is not supported; annotate a type that is", "UNSUPPORTED_TYPE"
    )


def _nullable(value_type: ValueType, mode: Mode, options: dict[str, Any], prop: PropertyDefinition | None) -> Converter:
    convert = converter(value_type, mode, options, prop=prop)
    if not value_type.nullable:
        return convert
    return lambda value: None if value is None else convert(value)


def _checked(convert: Converter, checks: list[Check], finish: Converter | None) -> Converter:
    def checked(value: Any) -> Any:
        found = convert(value)
        violations = [violation for check in checks if (violation := check(found)) is not None]
        if violations:
            raise Unfit(violations)
        return found if finish is None else finish(found)

    return checked


def _quantized(prop: PropertyDefinition, mode: Mode) -> Converter | None:
    """Decimals with a scale come back from every database with that many digits; so they leave `create` with them."""
    scale = prop.options.get("scale")
    if prop.value_type.kind is not Kind.DECIMAL or scale is None or mode is not Mode.DATA:
        return None
    return lambda value: scaled(value, scale)


def _reworded(convert: Converter, messages: Any) -> Converter:
    def converted(value: Any) -> Any:
        try:
            return convert(value)
        except Unfit as error:
            raise Unfit(reworded(error.violations, messages)) from None

    return converted


def unfit_name(name: Any) -> Violation:
    """The violation of a name of a member that is no text, or none that can be kept."""
    return Violation("", "propertyNames", f"must have names of Unicode text without NUL, not {name!r}", {})


def free_values(data: Mapping[str, Any], names: Iterable[str]) -> tuple[dict[str, Any], list[Violation]]:
    """The free properties of a model that is not strict, any JSON values, copied; and what is wrong with them."""
    values: dict[str, Any] = {}
    violations: list[Violation] = []
    for name in map(str, names):
        if not is_text(name):
            violations.append(unfit_name(name))
            continue
        try:
            values[name] = _json_value(data[name])
        except Unfit as error:
            violations += [violation.below(pointer(name)) for violation in error.violations]
    return values, violations


def _anything(value: Any) -> Any:
    return value


def _json_value(value: Any) -> Any:
    """A copy of a JSON value; anything else could not be read back as it was."""
    if isinstance(value, str):
        check_text(value)
        return value
    if isinstance(value, float) and not math.isfinite(value):
        raise violated("format", "must be finite", format="double")
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, list | tuple):
        return _each(list(value), _json_value)
    if isinstance(value, Mapping):
        return _dict_converter(Mode.DATA, _json_value)(value)
    if is_model_class(type(value)):
        return value.to_json()
    raise violated("type", f"must be a JSON value, not {type(value).__name__}", type="object")


def _each(items: list[Any], convert: Converter) -> list[Any]:
    try:
        return [convert(item) for item in items]
    except Unfit:
        pass  # a second walk lists everything that is wrong
    violations: list[Violation] = []
    for position, item in enumerate(items):
        try:
            convert(item)
        except Unfit as error:
            violations += [violation.below(pointer(position)) for violation in error.violations]
    raise Unfit(violations)


def _list_converter(value_type: ValueType, mode: Mode, item: Converter | None) -> Converter:
    sequences: tuple[type, ...] = (list, tuple)
    is_set = value_type.kind is Kind.SET
    if is_set and mode.is_python:
        sequences += (set, frozenset)
    make: Callable[[list[Any]], Any] = value_type.python if is_set or value_type.python is tuple else list
    each = item or (_json_value if mode.is_python else _anything)

    def convert(value: Any) -> Any:
        if not isinstance(value, sequences):
            raise wrong_type("array")
        items: Any = value
        found = _each(list(items), each)
        return found if make is list else make(found)

    return convert


def _dict_converter(mode: Mode, item: Converter | None) -> Converter:
    each = item or (_json_value if mode.is_python else _anything)

    def convert(value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise wrong_type("object")
        violations: list[Violation] = []
        found: dict[str, Any] = {}
        for key, one in value.items():
            if not isinstance(key, str) or not is_text(key):
                violations.append(unfit_name(key))
                continue
            try:
                found[key] = each(one)
            except Unfit as error:
                violations += [violation.below(pointer(key)) for violation in error.violations]
        if violations:
            raise Unfit(violations)
        return found

    return convert


def _union_converter(members: list[tuple[ValueType, Converter]]) -> Converter:
    def convert(value: Any) -> Any:
        exact = [one for member, one in members if type(value) is member.python]
        alternatives: list[list[dict[str, Any]]] = []
        for one in (*exact, *(one for _, one in members)):
            try:
                return one(value)
            except Unfit as error:
                alternatives.append([violation.to_entry() for violation in error.violations])
        names = ", ".join(getattr(member.python, "__name__", str(member.python)) for member, _ in members)
        raise violated("anyOf", f"must be one of the types {names}", alternatives=alternatives[len(exact) :])

    return convert


def _model_converter(cls: Any, mode: Mode) -> Converter:
    # The definition is asked for late: a model may contain itself.
    def convert(value: Any) -> Any:
        if isinstance(value, cls):
            if not mode.is_python:
                return value
            cls_of_value, data = type(value), vars(value)
        elif isinstance(value, Mapping):
            cls_of_value, data = cls, value
        else:
            raise wrong_type("object")
        values, violations = model_values(definition_of(cls_of_value), data, mode)
        if violations:
            raise Unfit(violations)
        instance = object.__new__(cls_of_value)
        vars(instance).update(values)
        return instance

    return convert


def model_values(
    definition: ModelDefinition, data: Mapping[str, Any], mode: Mode
) -> tuple[dict[str, Any], list[Violation]]:
    """The converted values of a nested model, and everything that is wrong with them.

    Python data have attribute names, others wire names; paths have wire names in any case.
    """
    plan = _value_plan(definition, mode)
    values: dict[str, Any] = {}
    violations: list[Violation] = []
    for key, name, wire, required, nullable, convert in plan:
        if key not in data or (data[key] is None and required):
            if required:
                violations.append(missing(wire))
            continue
        value = data[key]
        if value is None and nullable:
            values[name] = None
            continue
        try:
            values[name] = convert(value)
        except Unfit as error:
            violations += [violation.below(pointer(wire)) for violation in error.violations]
    violations += _extras(definition, data, mode, values)
    violations += own_violations(definition, values, is_whole=not violations)
    return values, violations


def _extras(
    definition: ModelDefinition, data: Mapping[str, Any], mode: Mode, values: dict[str, Any]
) -> list[Violation]:
    known = {entry[0] for entry in _value_plan(definition, mode)}
    extra = [key for key in data if key not in known]
    if not extra or definition.strict == "filter":
        return []
    if definition.strict is False:
        free, violations = free_values(data, extra)
        values.update(free)
        return violations
    if mode.is_python:
        extra = [key for key in extra if key not in definition.relations]
    return [unknown(str(key)) for key in extra]


def _value_plan(definition: ModelDefinition, mode: Mode) -> list[tuple[str, str, str, bool, bool, Converter]]:
    key = ("values", mode)
    plan: list[tuple[str, str, str, bool, bool, Converter]] | None = definition.plans.get(key)
    if plan is None:
        plan = [_planned(prop, mode) for prop in definition.properties.values()]
        definition.plans[key] = plan
    return plan


def _planned(prop: PropertyDefinition, mode: Mode) -> tuple[str, str, str, bool, bool, Converter]:
    nullable = is_nullable(prop, mode)
    name = prop.name if mode.is_python else prop.wire_name
    return name, prop.name, prop.wire_name, prop.required, nullable, property_converter(prop, mode)


def is_nullable(prop: PropertyDefinition, mode: Mode) -> bool:
    """Whether ``None`` is accepted: in Python for all that is not required, on the wire where it is declared."""
    if mode.is_python:
        return not prop.required
    return prop.value_type.nullable or prop.value_type.kind is Kind.ANY
