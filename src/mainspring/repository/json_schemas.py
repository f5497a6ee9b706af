"""JSON Schema (draft 2020-12, as in OpenAPI 3.1) of models, from their definitions.

Nested and related models are in ``$defs`` of the root, once each; a reference to the root itself is ``{"$ref": "#"}``.
Results are kept per definition and options; callers get copies.
"""

import copy
import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from mainspring.repository.constraints import keywords_of
from mainspring.repository.conversion import unsupported_type
from mainspring.repository.definitions import ModelDefinition, PropertyDefinition, definition_of
from mainspring.repository.fields import names_of
from mainspring.repository.kinds import Kind, ValueType

__all__ = ["VALUE_SCHEMAS", "SchemaOptions", "json_schema"]

#: The schemas of values by kind, for kinds that need nothing else to be known.
VALUE_SCHEMAS: Mapping[Kind, dict[str, Any]] = {
    Kind.STR: {"type": "string"},
    Kind.INT: {"type": "integer"},
    Kind.FLOAT: {"type": "number"},
    Kind.BOOL: {"type": "boolean"},
    Kind.DATETIME: {"type": "string", "format": "date-time"},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.TIME: {"type": "string", "format": "time"},
    Kind.TIMEDELTA: {"type": "string", "format": "duration"},
    Kind.UUID: {"type": "string", "format": "uuid"},
    Kind.DECIMAL: {"type": "string", "format": "decimal"},
    Kind.BYTES: {"type": "string", "format": "byte", "contentEncoding": "base64"},
    Kind.NONE: {"type": "null"},
    Kind.ANY: {},
}

#: Keys of ``json_schema`` that are not for the document.
_OWN_KEYS = frozenset(("errorMessage", "error_message"))


@dataclass(frozen=True, slots=True)
class SchemaOptions:
    """What is asked of a schema.

    Attributes:
        title: The root's title.
        partial: ``True``: nothing is required; ``"deep"``: in nested models neither.
        exclude: Properties left out.
        optional: Properties that are not required.
        include_relations: Whether related data are described; ``"nullable"``: where one instance is related, null as
            well, which is what an inclusion gives if there is none.
    """

    title: str | None = None
    partial: bool | str = False
    exclude: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    include_relations: bool | str = False

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "SchemaOptions":
        """The options of a mapping.

        Raises:
            TypeError: There is no such option.
        """
        known = {name: value for name, value in given.items() if name in cls.__slots__}
        if len(known) != len(given):
            names = sorted(set(given) - set(known))
            raise TypeError(f"json_schema has no option {', '.join(names)}; there are {', '.join(cls.__slots__)}.")
        for name in ("exclude", "optional"):
            known[name] = tuple(names_of(known.get(name)))
        known = {name: value for name, value in known.items() if value is not None}
        return cls(**known)

    @property
    def is_partial(self) -> bool:
        """Whether nothing is required: named optional properties overrule it."""
        return bool(self.partial) and not self.optional

    def title_of(self, definition: ModelDefinition) -> str:
        """The root's title, by these options."""
        if self.title:
            return self.title
        title = str(definition.settings.get("title") or definition.name)
        if self.is_partial:
            title += "Partial"
        if self.optional:
            title += f"Optional_{'-'.join(self.optional)}_"
        if self.exclude:
            title += f"Excluding_{'-'.join(self.exclude)}_"
        if self.include_relations:
            title += "WithRelations"
        return title

    def nested(self, *, related: bool) -> "SchemaOptions":
        """The options of a model inside: a related one, or one that is the value of a property."""
        deep = self.partial if self.partial == "deep" and self.is_partial else False
        return SchemaOptions(partial=deep, include_relations=self.include_relations if related else False)


def json_schema(definition: ModelDefinition, given: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a model.

    Args:
        definition: The model's definition.
        given: The options.

    Raises:
        ModelDefinitionError: A property has a type that has no schema.
        TypeError: An unknown option.
    """
    options = SchemaOptions.of(given)
    key = ("json_schema", options)
    schema: dict[str, Any] | None = definition.plans.get(key)
    if schema is None:
        schema = definition.plans[key] = _Describer(definition, options).root()
    return copy.deepcopy(schema)


@dataclass(slots=True)
class _Describer:
    """Describes one root and gathers what it refers to."""

    definition: ModelDefinition
    options: SchemaOptions
    defs: dict[str, Any] = field(default_factory=dict)
    names: dict[tuple[Any, SchemaOptions], str] = field(default_factory=dict)

    def root(self) -> dict[str, Any]:
        schema = self.model(self.definition, self.options)
        if self.defs:
            schema["$defs"] = self.defs
        return schema

    def model(self, definition: ModelDefinition, options: SchemaOptions) -> dict[str, Any]:
        schema: dict[str, Any] = {"title": options.title_of(definition), "type": "object"}
        if definition.settings.get("description"):
            schema["description"] = definition.settings["description"]
        properties, required = self.properties(definition, options)
        if options.include_relations:
            properties.update(self.relations(definition, options))
        if properties:
            schema["properties"] = properties
        if required:
            schema["required"] = required
        schema["additionalProperties"] = definition.strict is False
        schema.update(copy.deepcopy(definition.settings.get("json_schema") or {}))
        return schema

    def properties(self, definition: ModelDefinition, options: SchemaOptions) -> tuple[dict[str, Any], list[str]]:
        found: dict[str, Any] = {}
        required: list[str] = []
        for name, prop in definition.properties.items():
            if name in options.exclude or prop.wire_name in options.exclude:
                continue
            found[prop.wire_name] = self.property(prop, options)
            left_out = options.is_partial or name in options.optional or prop.wire_name in options.optional
            if prop.required and not left_out:
                required.append(prop.wire_name)
        return found, required

    def relations(self, definition: ModelDefinition, options: SchemaOptions) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, relation in definition.relations.items():
            if name in options.exclude or name in definition.properties:
                continue
            target = self.reference(definition_of(relation.target), options.nested(related=True))
            one = _with_null(target) if options.include_relations == "nullable" else target
            found[relation.wire_name] = {"type": "array", "items": target} if relation.targets_many else one
        return found

    def property(self, prop: PropertyDefinition, options: SchemaOptions) -> dict[str, Any]:
        schema = self.value(prop.value_type, prop, options)
        own = {key: value for key, value in (prop.options.get("json_schema") or {}).items() if key not in _OWN_KEYS}
        if prop.value_type.kind in (Kind.LIST, Kind.SET):
            if own:
                schema["items"] = {**schema.get("items", {}), **copy.deepcopy(own)}
            own = {}
        schema.update(keywords_of(prop))
        if prop.options.get("description"):
            schema["description"] = prop.options["description"]
        schema.update(copy.deepcopy(own))
        return schema

    def value(self, value_type: ValueType, prop: PropertyDefinition, options: SchemaOptions) -> dict[str, Any]:
        schema = self.non_null(value_type, prop, options)
        return _with_null(schema) if value_type.nullable and value_type.kind is not Kind.NONE else schema

    def non_null(self, value_type: ValueType, prop: PropertyDefinition, options: SchemaOptions) -> dict[str, Any]:
        kind = value_type.kind
        if kind in VALUE_SCHEMAS:
            return dict(VALUE_SCHEMAS[kind])
        describe = _DESCRIBERS.get(kind)
        if describe is None:
            raise unsupported_type(prop, value_type)
        return describe(self, value_type, prop, options)

    def array(self, value_type: ValueType, prop: PropertyDefinition, options: SchemaOptions) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "array"}
        if value_type.item is not None:
            schema["items"] = self.value(value_type.item, prop, options)
        if value_type.kind is Kind.SET:
            schema["uniqueItems"] = True
        return schema

    def mapping(self, value_type: ValueType, prop: PropertyDefinition, options: SchemaOptions) -> dict[str, Any]:
        if value_type.item is None or value_type.item.kind is Kind.ANY:
            return {"type": "object"}
        return {"type": "object", "additionalProperties": self.value(value_type.item, prop, options)}

    def values(self, value_type: ValueType, _prop: PropertyDefinition, _options: SchemaOptions) -> dict[str, Any]:
        allowed = [value.value if isinstance(value, enum.Enum) else value for value in value_type.values]
        types = {_json_type(value) for value in allowed}
        schema: dict[str, Any] = {"enum": allowed}
        return {"type": types.pop(), **schema} if len(types) == 1 else schema

    def union(self, value_type: ValueType, prop: PropertyDefinition, options: SchemaOptions) -> dict[str, Any]:
        return {"anyOf": [self.value(member, prop, options) for member in value_type.members]}

    def nested_model(self, value_type: ValueType, _prop: PropertyDefinition, options: SchemaOptions) -> dict[str, Any]:
        return self.reference(definition_of(value_type.python), options.nested(related=False))

    def struct(self, value_type: ValueType, _prop: PropertyDefinition, _options: SchemaOptions) -> dict[str, Any]:
        (schema,), components = msgspec.json.schema_components([value_type.python], ref_template="#/$defs/{name}")
        for name, component in components.items():
            self.defs.setdefault(name, component)
        return schema

    def reference(self, definition: ModelDefinition, options: SchemaOptions) -> dict[str, Any]:
        if definition is self.definition and options == self.options:
            return {"$ref": "#"}
        key = (definition.model, options)
        name = self.names.get(key)
        if name is None:
            name = self.names[key] = self.free_name(options.title_of(definition), definition)
            self.defs[name] = {}  # taken, before what is inside asks for it again
            self.defs[name] = self.model(definition, options)
        return {"$ref": f"#/$defs/{name}"}

    def free_name(self, title: str, definition: ModelDefinition) -> str:
        """The title, or one that tells two models of the same title apart."""
        if title not in self.defs:
            return title
        module = getattr(definition.model, "__module__", "other").replace(".", "_")
        name, number = f"{module}_{title}", 2
        while name in self.defs:
            name, number = f"{module}_{title}_{number}", number + 1
        return name


_DESCRIBERS: Mapping[Kind, Callable[..., dict[str, Any]]] = {
    Kind.LIST: _Describer.array,
    Kind.SET: _Describer.array,
    Kind.DICT: _Describer.mapping,
    Kind.ENUM: _Describer.values,
    Kind.LITERAL: _Describer.values,
    Kind.UNION: _Describer.union,
    Kind.MODEL: _Describer.nested_model,
    Kind.STRUCT: _Describer.struct,
}


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    if not schema:
        return schema  # anything is allowed already
    if "enum" in schema:
        types = {"type": [schema["type"], "null"]} if "type" in schema else {}
        return {**schema, **types, "enum": [*schema["enum"], None]}
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    return {"anyOf": [schema, {"type": "null"}]}


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    for cls, name in ((str, "string"), (int, "integer"), (float, "number")):
        if isinstance(value, cls):
            return name
    return "object"
