"""JSON Schema of filters and conditions as documents show it: names, operators and values exactly as they are taken.

`filter_schemas` says the outline, which is the same for every model. This one is for who asks, by hand or by a client
that was generated, and leaves them nothing to try out. Only the conditions in the scope of an inclusion may be more
than what it says: they may be joined too, which would let documents grow beyond reading.
"""

import enum
from collections.abc import Mapping
from typing import Any

from mainspring.repository.definitions import ModelDefinition, definition_of
from mainspring.repository.discriminators import discriminator_of
from mainspring.repository.filter_schemas import filter_schema, where_schema
from mainspring.repository.json_schemas import VALUE_SCHEMAS
from mainspring.repository.kinds import Kind, ValueType
from mainspring.repository.patterns import LONGEST_PATTERN
from mainspring.repository.wire_filters import INCLUDE_DEPTH

__all__ = ["exact_filter_schema", "exact_where_schema"]

Schema = dict[str, Any]

_LARGEST = 2**63 - 1
_NUMBER = r"^[+-]?(\d{1,30}(\.\d{1,30})?|\.\d{1,30})$"
_WITHOUT_NUL = r"^[^\u0000]*$"  # which no database keeps
_TEXT: Schema = {"type": "string", "maxLength": LONGEST_PATTERN, "pattern": _WITHOUT_NUL}
_OBJECT: Schema = {"type": "object"}
_ARRAY: Schema = {"type": "array"}
_SCALAR: Schema = {"type": ["string", "number", "boolean"], "pattern": _WITHOUT_NUL}

#: What is compared with by kind, where it is not what the property's own schema says.
_OPERANDS: Mapping[Kind, Schema] = {
    Kind.STR: {"type": "string", "pattern": _WITHOUT_NUL},
    Kind.INT: {"type": "integer", "minimum": -_LARGEST - 1, "maximum": _LARGEST},
    Kind.DECIMAL: {"type": ["string", "number"], "pattern": _NUMBER},
    Kind.ANY: _SCALAR,
    Kind.UNION: _SCALAR,
    Kind.DICT: _OBJECT,
    Kind.MODEL: _OBJECT,
    Kind.STRUCT: _OBJECT,
}
_JSON = frozenset((Kind.DICT, Kind.MODEL, Kind.STRUCT))
_LISTS = frozenset((Kind.LIST, Kind.SET))
_WITH_TEXT = frozenset((Kind.STR, Kind.ENUM, Kind.LITERAL, Kind.ANY, Kind.UNION, Kind.UUID))


def exact_filter_schema(definition: ModelDefinition, options: Mapping[str, Any]) -> Schema:
    """The schema of a filter; options as for `filter_schema`."""
    definitions: Schema = {}
    schema = _filter(definition, filter_schema(definition, options), definitions)
    if "where" in schema["properties"]:
        schema["properties"]["where"] = _where_reference(definition, definitions)
    return {**schema, "$defs": definitions}


def exact_where_schema(definition: ModelDefinition) -> Schema:
    """The schema of a condition."""
    definitions: Schema = {}
    name = _where_reference(definition, definitions)["$ref"].rpartition("/")[2]
    return {**definitions[name], "$defs": definitions}


def _filter(definition: ModelDefinition, outline: Schema, definitions: Schema, depth: int = 1) -> Schema:
    """An outline with everything in it said; ``depth`` is its level of inclusion, from 1."""
    properties: Schema = dict(outline["properties"])
    for key in ("limit", "skip", "offset"):
        if key in properties:
            properties[key] = {**properties[key], "maximum": _LARGEST}
    if "order" in properties:
        names = "|".join(_escaped(wire) for wire, kind in _known(definition) if kind.kind not in _JSON | _LISTS)
        order = {"type": "string", "pattern": f"^({names})( (ASC|DESC|asc|desc))?$"}
        properties["order"] = {"anyOf": [order, {"type": "array", "items": order}]}
    if "include" in properties and depth > INCLUDE_DEPTH:
        del properties["include"]
    elif "include" in properties:
        properties["include"] = _include(definition, properties["include"], definitions, depth)
    return {**outline, "properties": properties, "not": {"required": ["skip", "offset"]}}  # two names of one thing


def _include(definition: ModelDefinition, outline: Schema, definitions: Schema, depth: int) -> Schema:
    """The relations, each with the filters of its own target."""
    _, name = outline["items"]["anyOf"]
    items = []
    for relation in definition.relations.values():
        if relation.can_be_included:
            # Of several targets nobody knows which: what their filters say shows at the request.
            is_open = discriminator_of(relation) is not None
            scope = _OBJECT if is_open else _scope_reference(definition_of(relation.target), definitions, depth + 1)
            properties = {"relation": {"type": "string", "enum": [relation.wire_name]}, "scope": scope}
            items.append(
                {"type": "object", "properties": properties, "required": ["relation"], "additionalProperties": False}
            )
    return {**outline, "items": {"anyOf": [*items, name]}}


def _scope_reference(target: ModelDefinition, definitions: Schema, depth: int) -> Schema:
    """The filter of what is included; one of each level, since the last has no further inclusions."""
    name = f"{target.name}.ScopeFilter{depth - 1}"
    if name not in definitions:
        definitions[name] = {}  # its place is before those of what is inside
        outline = filter_schema(target, {"set_title": False})
        outline["properties"]["total_limit"] = {"type": "integer", "minimum": 1}
        outline["properties"]["where"] = _scope_conditions(target, definitions)
        definitions[name] = {"title": name, **_filter(target, outline, definitions, depth)}
    return {"$ref": f"#/$defs/{name}"}


def _scope_conditions(target: ModelDefinition, definitions: Schema) -> Schema:
    name = f"{target.name}.ScopeWhere"
    outline = {"title": name, "type": "object", "additionalProperties": True}
    definitions.setdefault(name, _conditions(target, outline, {}))
    return {"$ref": f"#/$defs/{name}"}


def _where_reference(definition: ModelDefinition, definitions: Schema) -> Schema:
    name = f"{definition.name}.WhereFilter"
    reference = {"$ref": f"#/$defs/{name}"}
    many = {"type": "array", "items": reference}
    joined = {"and": many, "or": many, "not": reference}
    definitions.setdefault(name, _conditions(definition, where_schema(definition, {}), joined))
    return reference


def _conditions(definition: ModelDefinition, outline: Schema, joined: Schema) -> Schema:
    """The conditions on properties, and what joins them."""
    properties = {**{wire: _condition(value_type) for wire, value_type in _known(definition)}, **joined}
    found = {**outline, "properties": properties}
    names: Schema = {"enum": list(properties)}
    inside = "|".join(_escaped(wire) for wire, value_type in _known(definition) if value_type.is_json)
    if inside:  # names that lead into JSON, spelt as every database can look for them
        pattern = rf"^({inside})(\.[A-Za-z0-9_-]{{1,50}})+$"
        found["patternProperties"] = {pattern: _condition(ValueType(Kind.ANY, Any, nullable=True))}
        names = {"anyOf": [names, {"pattern": pattern}]}
    return found if definition.strict is False else {**found, "propertyNames": names}


def _known(definition: ModelDefinition) -> list[tuple[str, ValueType]]:
    return [(wire, prop.value_type) for wire, prop in definition.wire_properties() if not prop.hidden]


def _condition(value_type: ValueType) -> Schema:
    """What stands for a property: a value, or operators."""
    operators = {
        "type": "object",
        "properties": _operators(value_type),
        "additionalProperties": False,
        "minProperties": 1,
    }
    value = {"type": "null"} if value_type.kind in _JSON else _or_null(_operand(value_type))
    return {"anyOf": [value, operators]}


def _operators(value_type: ValueType) -> Schema:
    kind, operand = value_type.kind, _operand(value_type)
    value = _or_null(operand)
    many = {"type": "array", "items": value}
    found: Schema = {"eq": value, "neq": value, "inq": many, "nin": many, "exists": {"type": "boolean"}}
    if kind not in _JSON | _LISTS and kind is not Kind.BOOL:
        found.update(dict.fromkeys(("gt", "gte", "lt", "lte"), operand))
        found["between"] = {"type": "array", "items": operand, "minItems": 2, "maxItems": 2}
    if kind in _WITH_TEXT:
        found.update(dict.fromkeys(("like", "nlike", "ilike", "nilike"), _TEXT))
        found["regexp"] = {**_TEXT, "format": "regex"}
    if kind in _LISTS and value_type.item is not None:
        found["contains"] = _operand(value_type.item)
    elif kind in _LISTS or kind is Kind.ANY:
        found["contains"] = _SCALAR
    return found


def _operand(value_type: ValueType) -> Schema:
    """What a property is compared with."""
    kind = value_type.kind
    if kind in _OPERANDS:
        return _OPERANDS[kind]
    if kind in VALUE_SCHEMAS:
        return VALUE_SCHEMAS[kind]
    if kind in (Kind.ENUM, Kind.LITERAL):
        return {"enum": [value.value if isinstance(value, enum.Enum) else value for value in value_type.values]}
    if kind in _LISTS:
        return _ARRAY if value_type.item is None else {**_ARRAY, "items": _operand(value_type.item)}
    return {}


def _or_null(schema: Schema) -> Schema:
    if "enum" in schema:
        return {"enum": [*schema["enum"], None]}
    kinds = schema.get("type")
    if kinds is None:
        return schema
    return {**schema, "type": [*([kinds] if isinstance(kinds, str) else kinds), "null"]}


def _escaped(name: str) -> str:
    """A name as part of a pattern, in any dialect of expressions."""
    return "".join(letter if letter.isalnum() or letter in "_-" else f"\\{letter}" for letter in name)
