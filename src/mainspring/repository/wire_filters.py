"""Filters and conditions as they come in a query: wire names become attribute names, texts become values.

The shape of a filter is checked here, every violation at once; what a ``where`` says is checked as far as names and
types go. The depth of what strangers send is limited.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mainspring.openapi.errors import SchemaViolation, Violation
from mainspring.repository.conditions import PropertyPath
from mainspring.repository.conversion import filter_converter
from mainspring.repository.definitions import ModelDefinition, definition_of
from mainspring.repository.errors import InvalidFilterError
from mainspring.repository.fields import names_of
from mainspring.repository.filter_schemas import FILTER_KEYS
from mainspring.repository.filters import invalid_inclusion
from mainspring.repository.operators import LIST_OPERATORS, OPERATORS, TEXT_OPERATORS, condition_of, operand_types
from mainspring.repository.paths import attribute_path, property_path, wire_names
from mainspring.repository.patterns import check_foreign_pattern
from mainspring.repository.scalars import Converter, Mode
from mainspring.repository.violations import Unfit, missing, pointer, unknown, wrong_type
from mainspring.repository.wheres import LOGICAL

__all__ = ["decode_filter", "decode_where"]

#: How deep conditions and inclusions of strangers may nest.
CONDITION_DEPTH, INCLUDE_DEPTH = 20, 5


@dataclass(frozen=True, slots=True)
class _Way:
    """How and where something is decoded.

    Attributes:
        definition: The model.
        text: Whether leaves are texts.
        depth: The level of inclusion, from 1.
        path: The JSON pointer of what is decoded.
    """

    definition: ModelDefinition
    text: bool
    depth: int = 1
    path: str = ""

    def below(self, *steps: Any) -> "_Way":
        """The same, further inside."""
        return replace(self, path=self.path + "".join(map(pointer, steps)))


def decode_filter(definition: ModelDefinition, value: Any, *, text: bool, exclude: Any = ()) -> dict[str, Any]:
    """A filter with attribute names and native values.

    Args:
        definition: The model's definition.
        value: Plain data.
        text: Whether the leaves are texts of a query string.
        exclude: Keys that are not allowed.

    Raises:
        SchemaViolation: The shape is not that of a filter.
        InvalidFilterError: A condition names what the model has not, or cannot be converted.
    """
    violations: list[Violation] = []
    allowed = [key for key in FILTER_KEYS if key not in names_of(exclude)]
    if not any(relation.can_be_included for relation in definition.relations.values()):
        allowed.remove("include") if "include" in allowed else None
    found = _filter(_Way(definition, text), value, allowed, violations)
    if violations:
        raise SchemaViolation(violations)
    return found


def decode_where(definition: ModelDefinition, value: Any, *, text: bool) -> dict[str, Any]:
    """A condition with attribute names and native values.

    Raises:
        SchemaViolation: It is no object.
        InvalidFilterError: It names what the model has not, or cannot be converted.
    """
    if not isinstance(value, Mapping):
        raise SchemaViolation(wrong_type("object").violations)
    return _where(_Way(definition, text), value, 1)


def _filter(way: _Way, value: Any, allowed: list[str], violations: list[Violation]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        violations += [each.below(way.path) for each in wrong_type("object").violations]
        return {}
    violations += [unknown(str(key)).below(way.path) for key in value if key not in allowed]
    found: dict[str, Any] = {}
    for key in allowed:
        if key in value:
            try:
                found[key] = _PARTS[key](way.below(key), value[key])
            except Unfit as error:
                violations += error.violations
    return found


def _fail(way: _Way, error: Unfit) -> Unfit:
    return Unfit([violation.below(way.path) for violation in error.violations])


def _number(least: int) -> Any:
    def decode(way: _Way, value: Any) -> int:
        if way.text and isinstance(value, str) and len(value) < 20 and value.removeprefix("-").isascii():
            digits = value.removeprefix("-")
            value = int(value) if digits.isdigit() else value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise _fail(way, wrong_type("integer"))
        if value < least:
            info = {"limit": least, "comparison": ">="}
            raise Unfit([Violation(way.path, "minimum", f"must be at least {least}", info)])
        return value

    return decode


def _order(way: _Way, value: Any) -> list[str]:
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list):
        raise _fail(way, wrong_type("string", " or an array of strings"))
    wrong = [number for number, entry in enumerate(entries) if not isinstance(entry, str)]
    if wrong:
        raise Unfit([v.below(way.below(number).path) for number in wrong for v in wrong_type("string").violations])
    return [_order_entry(way, entry) for entry in entries]


def _order_entry(way: _Way, entry: str) -> str:
    words = entry.split()
    if not words or len(words) > 2 or (len(words) == 2 and words[1].upper() not in ("ASC", "DESC")):
        raise InvalidFilterError(f"The order {entry!r} is not '<property>', '<property> ASC' or '<property> DESC'.")
    return " ".join((attribute_path(way.definition, words[0]), *words[1:]))


def _where_part(way: _Way, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _fail(way, wrong_type("object"))
    return _where(way, value, 1)


def _fields(way: _Way, value: Any) -> Any:
    if isinstance(value, Mapping):
        return _field_switches(way, value)
    entries = [value] if way.text and isinstance(value, str) else value
    if not isinstance(entries, list):
        raise _fail(way, wrong_type("object", " of booleans or an array of names"))
    violations: list[Violation] = []
    for number, entry in enumerate(entries):
        if not isinstance(entry, str):
            violations += [each.below(pointer(number)) for each in wrong_type("string").violations]
        elif not _is_known(way.definition, entry):
            info = {"allowedValues": list(wire_names(way.definition))}
            violations.append(Violation(pointer(number), "enum", "must be the name of a property", info))
        elif entry in entries[:number]:
            violations.append(Violation("", "uniqueItems", "must not name a property twice", {}))
    if violations:
        raise _fail(way, Unfit(violations))
    return [attribute_path(way.definition, entry) for entry in entries]


def _field_switches(way: _Way, value: Mapping[str, Any]) -> dict[str, bool]:
    found: dict[str, bool] = {}
    violations: list[Violation] = []
    for name, given in value.items():
        switch = (
            {"true": True, "1": True, "false": False, "0": False}.get(given)
            if way.text and isinstance(given, str)
            else given
        )
        if not _is_known(way.definition, name):
            violations.append(unknown(str(name)))
        elif not isinstance(switch, bool):
            violations += [each.below(pointer(name)) for each in wrong_type("boolean").violations]
        else:
            found[attribute_path(way.definition, name)] = switch
    if violations:
        raise _fail(way, Unfit(violations))
    return found


def _is_known(definition: ModelDefinition, name: str) -> bool:
    try:
        attribute_path(definition, name)
    except InvalidFilterError:
        return False
    return True


def _include(way: _Way, value: Any) -> list[Any]:
    entries = [value] if way.text and isinstance(value, str) else value
    if not isinstance(entries, list):
        raise _fail(way, wrong_type("array"))
    if way.depth > INCLUDE_DEPTH:
        raise InvalidFilterError(f"include is nested more than {INCLUDE_DEPTH} levels deep.")
    violations: list[Violation] = []
    found: list[Any] = []
    for number, entry in enumerate(entries):
        try:
            found.append(_inclusion(way.below(number), entry))
        except Unfit as error:
            violations += error.violations
    if violations:
        raise Unfit(violations)
    return found


def _inclusion(way: _Way, entry: Any) -> Any:
    if isinstance(entry, str):
        return _relation(way, entry, entry).name
    if not isinstance(entry, Mapping):
        raise _fail(way, wrong_type("object", " or the name of a relation"))
    violations = [unknown(str(key)) for key in entry if key not in ("relation", "scope")]
    if "relation" not in entry:
        violations.append(missing("relation"))
    elif not isinstance(entry["relation"], str):
        violations += [each.below("/relation") for each in wrong_type("string").violations]
    if violations:
        raise _fail(way, Unfit(violations))
    relation = _relation(way, entry["relation"], entry)
    if "scope" not in entry:
        return {"relation": relation.name}
    inner = replace(way.below("scope"), definition=definition_of(relation.target), depth=way.depth + 1)
    violations = []
    scope = _filter(inner, entry["scope"], [*FILTER_KEYS, "total_limit"], violations)
    if violations:
        raise Unfit(violations)
    return {"relation": relation.name, "scope": scope}


def _relation(way: _Way, name: str, entry: Any) -> Any:
    for relation in way.definition.relations.values():
        if relation.wire_name == name and relation.can_be_included:
            return relation
    raise invalid_inclusion([entry])


def _where(way: _Way, where: Mapping[str, Any], depth: int) -> dict[str, Any]:
    if depth > CONDITION_DEPTH:
        raise InvalidFilterError(f"The where is nested more than {CONDITION_DEPTH} levels deep.")
    found: dict[str, Any] = {}
    for key, value in where.items():
        if key in LOGICAL:
            found[key] = _logical(way, key, value, depth)
        else:
            name = attribute_path(way.definition, key)
            found[name] = _on_property(way, _Place(key, property_path(way.definition, name)), value)
    return found


def _logical(way: _Way, key: str, value: Any, depth: int) -> Any:
    if key == "not":
        return _where(way, _object(key, value), depth + 1)
    entries = list(value.values()) if way.text and isinstance(value, Mapping) else value
    if not isinstance(entries, list):
        raise InvalidFilterError(f"{key!r} takes a list of conditions, not {type(value).__name__}.")
    return [_where(way, _object(key, entry), depth + 1) for entry in entries]


def _object(key: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidFilterError(f"{key!r} takes conditions, which are objects, not {type(value).__name__}.")
    return value


@dataclass(frozen=True, slots=True)
class _Place:
    """What a condition is about: as it was sent, and what that means."""

    sent: str
    path: PropertyPath

    def check(self, operator: str, value: Any, options: Any = None) -> None:
        """Refuse here what the repository would refuse: it knows no names of the wire."""
        shown = replace(self.path, name=self.sent, steps=())
        condition_of(shown, operator, value, options, lambda converted: converted)


def _on_property(way: _Way, place: _Place, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return _operand(way, place, "eq", value)
    found = {}
    for operator, given in value.items():
        if operator == "options":
            found[operator] = given
            continue
        found[operator] = _operand(way, place, operator, given) if operator in OPERATORS else given
        place.check(operator, found[operator], value.get("options"))
    return found


def _operand(way: _Way, place: _Place, operator: str, value: Any) -> Any:
    if operator in TEXT_OPERATORS:
        return check_foreign_pattern(place.sent, operator, value)
    if operator == "exists":
        switch = {"true": True, "1": True, "false": False, "0": False}
        return switch.get(value, value) if way.text and isinstance(value, str) else value
    convert = _leaf_converter(way, place, operator)
    if operator in LIST_OPERATORS:
        entries = [value] if way.text and isinstance(value, str) else value
        return [convert(each) for each in entries] if isinstance(entries, list) else entries
    return convert(value)


def _leaf_converter(way: _Way, place: _Place, operator: str) -> Converter:
    path = place.path
    if path.prop is None:
        return lambda value: value  # a free property: whatever JSON or text gives
    value_type = operand_types(path, operator)
    from_text = filter_converter(path.prop, value_type, Mode.TEXT)
    from_json = filter_converter(path.prop, value_type, Mode.JSON)

    def convert(value: Any) -> Any:
        if value is None:
            return None
        try:
            if way.text:
                return from_text(value)
            return _of_json(value, from_json, from_text)
        except Unfit as error:
            reason = "; ".join(violation.message for violation in error.violations)
            raise InvalidFilterError(f"The value of {operator!r} on {place.sent} {reason}.") from None

    return convert


def _of_json(value: Any, from_json: Converter, from_text: Converter) -> Any:
    try:
        return from_json(value)
    except Unfit:
        if not isinstance(value, str):
            raise
        return from_text(value)  # JSON in a query string is text from a query string as well: "2" is 2


_PARTS: Mapping[str, Any] = {
    "limit": _number(1),
    "skip": _number(0),
    "offset": _number(0),
    "total_limit": _number(1),
    "order": _order,
    "where": _where_part,
    "fields": _fields,
    "include": _include,
}
