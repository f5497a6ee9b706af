"""JSON Schema (2020-12) of types: every type that is decoded, models by reference, constraints included.

The same schemas describe values in documents and list violations in the check after a failed decoding; for the latter
the models that check themselves carry their check along.
"""

import collections
import collections.abc
import enum
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin
from uuid import UUID

import msgspec

from mainspring.openapi.adapters import ModelAdapter, adapter_of
from mainspring.openapi.check_options import CHECK
from mainspring.openapi.components import Components
from mainspring.openapi.errors import AnnotationError
from mainspring.openapi.kinds import bare, extras_of, is_union, union_members
from mainspring.openapi.parameters import MISSING
from mainspring.openapi.structures import Structure, structure_of, tag_of

__all__ = ["SchemaBuilder", "add_null", "constraint_keywords"]

Schema = dict[str, Any]
AdapterCheck = Callable[[Any, ModelAdapter], Callable[[Any], Any]]

_SCALARS: dict[type, Schema] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    bytes: {"type": "string", "format": "byte", "contentEncoding": "base64"},
    bytearray: {"type": "string", "format": "byte", "contentEncoding": "base64"},
    memoryview: {"type": "string", "format": "byte", "contentEncoding": "base64"},
    Decimal: {"type": "string", "format": "decimal"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    time: {"type": "string", "format": "time"},
    timedelta: {"type": "string", "format": "duration"},
    UUID: {"type": "string", "format": "uuid"},
    type(None): {"type": "null"},
}
_SETS = (set, frozenset, collections.abc.Set, collections.abc.MutableSet)
_MAPPINGS = (
    dict,
    collections.OrderedDict,
    collections.defaultdict,
    collections.abc.Mapping,
    collections.abc.MutableMapping,
)
_LISTS = (
    list,
    tuple,
    collections.deque,
    collections.abc.Sequence,
    collections.abc.MutableSequence,
    collections.abc.Collection,
    collections.abc.Iterable,
    collections.abc.Iterator,
    collections.abc.Generator,
    collections.abc.AsyncIterable,
    collections.abc.AsyncIterator,
    collections.abc.AsyncGenerator,
)


class SchemaBuilder:
    """Makes schemas and keeps the models they refer to.

    Args:
        components: Where models get their names.
        check: For checks made in memory, what gives the check of a model with an adapter; documents need none.
        after: For checks made in memory, what gives the check that follows when a structure fits its schema.
    """

    def __init__(
        self,
        components: Components | None = None,
        *,
        check: AdapterCheck | None = None,
        after: Callable[[Any], Callable[[Any], Any] | None] | None = None,
    ) -> None:
        self.components = components or Components()
        self._check, self._after = check, after

    def schema(self, annotation: Any, **options: Any) -> Schema:
        """The schema of a type. ``options`` are those of a model's ``json_schema``, for the models named by the type.

        Raises:
            AnnotationError: Values of the type cannot be described.
        """
        found = self._of_type(bare(annotation), options)
        keywords: Schema = {}
        for extra in reversed(list(extras_of(annotation))):
            if isinstance(extra, msgspec.Meta):
                keywords.update(constraint_keywords(extra, found))
        return _merged(found, keywords)

    def _of_type(self, annotation: Any, options: Mapping[str, Any]) -> Schema:
        if annotation is Any or annotation is object or annotation is MISSING:
            return {}
        if is_union(annotation):
            return self._union(union_members(annotation), options)
        origin = get_origin(annotation) or annotation
        if origin is Literal:
            return _enumeration(get_args(annotation))
        adapter = adapter_of(annotation)
        if adapter is not None:
            return self._adapted(annotation, adapter, options)
        structure = structure_of(annotation)
        if structure is not None:
            return self._structure(annotation, structure)
        if isinstance(origin, type):
            found = self._of_class(origin, get_args(annotation), options)
            if found is not None:
                return found
        raise AnnotationError(
            f"type {annotation!r}", "its values have no JSON form; use a model, or mark the parameter"
        )

    def _of_class(self, cls: type, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Schema | None:
        if getattr(cls, "__mainspring_upload__", False):
            return {"type": "string", "format": "binary"}
        if issubclass(cls, enum.Enum):
            return _enumeration([member.value for member in cls])
        scalar = next((known for known in cls.__mro__ if known in _SCALARS), None)
        if scalar is not None:
            return dict(_SCALARS[scalar])
        return self._of_collection(cls, arguments, options)

    def _of_collection(self, cls: type, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Schema | None:
        if cls in _MAPPINGS:
            if not arguments:
                return {"type": "object"}
            return {"type": "object", "additionalProperties": self.schema(arguments[-1], **options) or True}
        if cls in _SETS:
            return {"type": "array", **self._items(arguments, options), "uniqueItems": True}
        if cls is tuple and arguments and arguments[-1] is not Ellipsis:
            return self._fixed(arguments, options)
        return {"type": "array", **self._items(arguments, options)} if cls in _LISTS else None

    def _items(self, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Schema:
        return {"items": self.schema(arguments[0], **options)} if arguments else {}

    def _fixed(self, arguments: Iterable[Any], options: Mapping[str, Any]) -> Schema:
        members = [self.schema(argument, **options) for argument in arguments if argument != ()]
        return {
            "type": "array",
            "prefixItems": members,
            "items": False,
            "minItems": len(members),
            "maxItems": len(members),
        }

    # -- unions

    def _union(self, members: tuple[Any, ...], options: Mapping[str, Any]) -> Schema:
        real = [member for member in members if bare(member) not in (type(None), msgspec.UnsetType)]
        nullable = any(bare(member) is type(None) for member in members)
        schemas: list[Schema] = []
        for member in real:
            schema = self.schema(member, **options)
            if schema not in schemas:
                schemas.append(schema)
        if not schemas:
            return {"type": "null"}
        found = schemas[0] if len(schemas) == 1 else {"anyOf": schemas, **self._discriminator(real, schemas)}
        return add_null(found) if nullable else found

    def _discriminator(self, members: list[Any], schemas: list[Schema]) -> Schema:
        tags = [tag_of(member) for member in members]
        if len(schemas) != len(members) or not all(tags) or len({tag[0] for tag in tags if tag}) != 1:
            return {}
        mapping = {
            str(tag[1]): schema["$ref"] for tag, schema in zip(tags, schemas, strict=True) if tag and "$ref" in schema
        }
        name = next(tag[0] for tag in tags if tag)
        return {"discriminator": {"propertyName": name, "mapping": mapping}} if len(mapping) == len(members) else {}

    # -- models

    def _adapted(self, annotation: Any, adapter: ModelAdapter, options: Mapping[str, Any]) -> Schema:
        cls = get_origin(annotation) or annotation
        if self._check is not None:
            return {CHECK: self._check(cls, adapter)}
        schema = adapter.json_schema(**options)
        return self.components.lift(schema, str(schema.get("title") or cls.__name__), _qualifier(cls))

    def _structure(self, annotation: Any, structure: Structure) -> Schema:
        def make() -> Schema:
            schema = self._positional(structure) if structure.positional else self._named(structure)
            after = self._after(annotation) if self._after is not None else None
            return schema if after is None else {**schema, f"{CHECK}-after": after}

        return self.components.reference(annotation, structure.name, make, _qualifier(structure.cls))

    def _named(self, structure: Structure) -> Schema:
        properties: Schema = {}
        if structure.tag is not None:
            properties[structure.tag[0]] = _enumeration([structure.tag[1]])
        for field in structure.fields:
            properties[field.wire_name] = _with_default(self.schema(field.type), field.default)
        required = [structure.tag[0]] if structure.tag is not None else []
        required += [field.wire_name for field in structure.fields if field.required]
        found: Schema = {"title": structure.name, "type": "object"}
        if structure.description:
            found["description"] = structure.description
        if properties:
            found["properties"] = properties
        if required:
            found["required"] = required
        if structure.forbids_unknown:
            found["additionalProperties"] = False
        return found

    def _positional(self, structure: Structure) -> Schema:
        members = [_with_default(self.schema(field.type), field.default) for field in structure.fields]
        required = sum(field.required for field in structure.fields)
        found: Schema = {"title": structure.name, "type": "array", "prefixItems": members, "minItems": required}
        if structure.tag is not None:
            found["prefixItems"] = [_enumeration([structure.tag[1]]), *members]
            found["minItems"] = required + 1
        return found


def add_null(schema: Schema) -> Schema:
    """The schema that accepts ``null`` besides."""
    if not schema:
        return schema
    kind = schema.get("type")
    if CHECK not in schema and isinstance(kind, str | list) and "$ref" not in schema and "const" not in schema:
        kinds = [kind] if isinstance(kind, str) else kind
        found = {**schema, "type": [*kinds, "null"] if "null" not in kinds else kinds}
        if "enum" in schema and None not in schema["enum"]:
            found["enum"] = [*schema["enum"], None]
        return found
    if "anyOf" in schema and set(schema) <= {"anyOf", "discriminator"}:
        if any(member == {"type": "null"} for member in schema["anyOf"]):
            return schema
        return {"anyOf": [*schema["anyOf"], {"type": "null"}], **{k: v for k, v in schema.items() if k != "anyOf"}}
    return {"anyOf": [schema, {"type": "null"}]}


def constraint_keywords(meta: msgspec.Meta, schema: Mapping[str, Any]) -> Schema:
    """The keywords that a ``Meta`` says of values of a schema: lengths of lists are counts of items."""
    kinds = schema.get("type")
    kind = next((item for item in kinds if item != "null"), None) if isinstance(kinds, list) else kinds
    unit = {"array": "Items", "object": "Properties"}.get(str(kind), "Length")
    names = {
        "ge": "minimum",
        "gt": "exclusiveMinimum",
        "le": "maximum",
        "lt": "exclusiveMaximum",
        "multiple_of": "multipleOf",
        "pattern": "pattern",
        "min_length": f"min{unit}",
        "max_length": f"max{unit}",
        "title": "title",
        "description": "description",
        "examples": "examples",
    }
    found = {keyword: getattr(meta, name) for name, keyword in names.items() if getattr(meta, name) is not None}
    return {**found, **(meta.extra_json_schema or {})}


def _merged(schema: Schema, keywords: Schema) -> Schema:
    if not keywords:
        return schema
    if "$ref" in schema:  # beside a reference OpenAPI 3.0 reads nothing
        return {"allOf": [schema], **keywords}
    return {**schema, **keywords}


def _enumeration(values: Iterable[Any]) -> Schema:
    found = [value.value if isinstance(value, enum.Enum) else value for value in values]
    kinds = list(dict.fromkeys(_kind(value) for value in found))
    schema: Schema = {}
    if kinds and None not in kinds:
        schema["type"] = kinds[0] if len(kinds) == 1 else kinds
    return {**schema, "enum": found}


def _kind(value: Any) -> str | None:
    for cls, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (type(None), "null")):
        if isinstance(value, cls):
            return name
    return None


def _with_default(schema: Schema, default: Any) -> Schema:
    if default is MISSING:
        return schema
    try:
        plain = msgspec.to_builtins(default)
    except Exception:  # a default without JSON form is the server's secret; the property is optional all the same
        return schema
    if plain is None and not _takes_null(schema):  # ``count: int = None``: nothing that a client could send
        return schema
    if "$ref" in schema:
        return {"allOf": [schema], "default": plain}
    return {**schema, "default": plain}


def _takes_null(schema: Schema) -> bool:
    if "$ref" in schema:
        return False
    if "anyOf" in schema:
        return any(map(_takes_null, schema["anyOf"]))
    if "enum" in schema:
        return None in schema["enum"]
    kinds = schema.get("type")
    return kinds is None or "null" in ([kinds] if isinstance(kinds, str) else kinds)


def _qualifier(cls: Any) -> str | None:
    module = getattr(cls, "__module__", None)
    outer = getattr(cls, "__qualname__", "").rpartition(".")[0].replace("<locals>.", "").replace(".<locals>", "")
    return ".".join(filter(None, (module, outer))) or None
