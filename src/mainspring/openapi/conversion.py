"""Plain JSON data to values of types and back, beyond what msgspec does by itself.

Models with adapters convert themselves. What msgspec refuses to decode (unions of several models, classes whose names
only a function knows) is put behind stand-ins: classes that msgspec takes for own types, and whose data it hands us.
"""

import collections
import collections.abc
import functools
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, get_args, get_origin, is_typeddict

import msgspec

from mainspring.openapi.adapters import ModelAdapter, adapter_of
from mainspring.openapi.caching import remembered
from mainspring.openapi.check_options import CheckOptions
from mainspring.openapi.checking import check
from mainspring.openapi.components import Components
from mainspring.openapi.defaults import default_filler
from mainspring.openapi.errors import AnnotationError, SchemaViolation, Violation
from mainspring.openapi.kinds import bare, extras_of, is_scalar_class, is_union, union_members
from mainspring.openapi.references import pointer_escape
from mainspring.openapi.schemas import SchemaBuilder
from mainspring.openapi.structures import Structure, structure_of

__all__ = ["Conversion"]


class _StandInType(type):
    """Whatever we give for a stand-in is an instance of it: msgspec asks."""

    def __instancecheck__(cls, instance: object) -> bool:
        return True


class Conversion:
    """How plain data becomes values of one type.

    Raises:
        AnnotationError: Values of the type have no JSON form, or there is no model that the options could be for.
    """

    def __init__(self, annotation: Any, options: Mapping[str, Any] | None = None) -> None:
        self.annotation = annotation
        self._options = dict(options or {})
        self._stand_ins: dict[type, Callable[[Any], Any]] = {}
        self._hooks: dict[Any, Callable[[Any], Any]] = {}
        self._met_adapter = False
        self.has_untyped_parts = False
        self.is_adapter = adapter_of(annotation) is not None
        self._describe()
        self._type = self._decodable(annotation)
        self.fill = default_filler(annotation)

    def json_decoder(self) -> "msgspec.json.Decoder[Any]":
        """A decoder of JSON texts."""
        return msgspec.json.Decoder(self._type, dec_hook=self._hook)

    def convert(self, plain: Any) -> Any:
        """The value of plain data.

        Raises:
            SchemaViolation, msgspec.ValidationError: It does not fit.
        """
        value = msgspec.convert(plain, self._type, dec_hook=self._hook)
        if self.fill is not None:
            self.fill(value)
        return value

    # -- the schema for the complete check

    def _describe(self) -> None:
        builder = SchemaBuilder(Components("#/$defs/"), check=self._adapter_check, after=self._after_check)
        schema = builder.schema(self.annotation)
        self.schema, definitions = builder.components.finish(schema)
        self.document: dict[str, Any] = {"$defs": definitions}
        self.has_untyped_parts = self._met_adapter or _is_open([self.schema, *definitions.values()])
        if self._options and not self._met_adapter:
            name = sorted(self._options)[0]
            raise AnnotationError(
                f"type {self.annotation!r}", f"the option {name!r} is for Mainspring models; there is none"
            )

    def _adapter_check(self, _: Any, adapter: ModelAdapter) -> Callable[[Any], list[Violation]]:
        self._met_adapter = True

        def violations(value: Any) -> list[Violation]:
            try:
                adapter.decode(value, **self._options)
            except SchemaViolation as error:
                return list(error.violations)
            return []

        return violations

    def _after_check(self, annotation: Any) -> Callable[[Any], list[Violation]] | None:
        """The check by making the object: its own ``__post_init__`` or validators may refuse what fits the schema."""
        cls = get_origin(bare(annotation)) or bare(annotation)
        own = ("__post_init__", "__attrs_post_init__", "__attrs_attrs__")
        if is_typeddict(cls) or not any(hasattr(cls, name) for name in own):
            return None

        def violations(value: Any) -> list[Violation]:
            try:
                self._nested(annotation).convert(value)
            except SchemaViolation:
                return []  # listed where it is
            except msgspec.ValidationError as error:
                cause = error.__cause__
                return [] if cause is None else [Violation("", "value_error", str(cause))]
            return []

        return violations

    @functools.cached_property
    def text_schema(self) -> tuple[Any, Mapping[str, Any]]:
        """The schema by which texts are coerced, and the document of its references."""
        builder = SchemaBuilder(Components("#/$defs/"))
        schema, definitions = builder.components.finish(builder.schema(self.annotation, **self._options))
        return schema, {"$defs": definitions}

    # -- what msgspec decodes

    def _hook(self, cls: Any, value: Any) -> Any:
        found = self._hooks.get(cls)
        if found is None:
            found = self._hooks[cls] = self._hook_for(cls)
        return found(value)

    def _hook_for(self, cls: Any) -> Callable[[Any], Any]:
        stand_in = self._stand_ins.get(cls) if isinstance(cls, type) else None
        if stand_in is not None:
            return stand_in
        adapter = adapter_of(cls)
        if adapter is not None:
            return functools.partial(adapter.decode, **self._options)
        return self._nested(cls).convert if bare(cls) is not cls else _own_scalar(cls)

    def _nested(self, annotation: Any) -> "Conversion":
        return _cached_conversion(annotation)

    def _decodable(self, annotation: Any) -> Any:
        """The type itself where msgspec decodes it, else one in which stand-ins take the places it cannot."""
        if _is_decodable(annotation):
            return annotation
        found = bare(annotation)
        if is_union(found):
            return self._stand_in(_UnionConversion(found, self._options).convert)
        structure = structure_of(found)
        if structure is not None:
            return self._stand_in(_StructureConversion(found, structure).convert)
        if found in _BUILT_BY:
            found = found[Any] if not get_args(found) else found
        maker = _BUILT_BY.get(get_origin(found) or found)
        if maker is not None:
            return self._stand_in(_BuiltConversion(found, maker, self._options).convert)
        arguments = get_args(found)
        if not arguments or get_origin(found) is Literal:
            raise AnnotationError(
                f"type {annotation!r}", "its values cannot be decoded; use a type that msgspec decodes"
            )
        rebuilt = get_origin(found)[tuple(a if a is Ellipsis else self._decodable(a) for a in arguments)]
        for extra in reversed([extra for extra in extras_of(annotation) if isinstance(extra, msgspec.Meta)]):
            rebuilt = Annotated[rebuilt, extra]
        return rebuilt

    def _stand_in(self, convert: Callable[[Any], Any]) -> Any:
        cls = _StandInType("StandIn", (), {})
        self._stand_ins[cls] = convert
        return cls


class _UnionConversion:
    """A union that msgspec refuses: the member that fits, of several the one that leaves fewest properties unread."""

    def __init__(self, annotation: Any, options: Mapping[str, Any]) -> None:
        self._members = [
            Conversion(member, options if options and _has_adapter_in(member) else None)
            for member in union_members(annotation)
        ]

    def convert(self, value: Any) -> Any:
        fitting: list[tuple[int, Any]] = []
        alternatives: list[list[dict[str, Any]]] = []
        for member in self._members:
            try:
                fitting.append((_unread(value, member), member.convert(value)))
            except SchemaViolation as error:
                alternatives.append(error.errors)
            except msgspec.ValidationError:
                found = check(value, member.schema, CheckOptions(member.document))
                alternatives.append([violation.to_entry() for violation in found])
        if fitting:
            return min(fitting, key=lambda item: item[0])[1]
        raise SchemaViolation([Violation("", "anyOf", "must match a schema in anyOf", {"alternatives": alternatives})])


class _StructureConversion:
    """A class with fields that msgspec cannot look into: field by field."""

    def __init__(self, annotation: Any, structure: Structure) -> None:
        self._structure = structure
        self._fields: list[tuple[Any, Conversion]] | None = None
        self._annotation = annotation

    def convert(self, value: Any) -> Any:
        structure = self._structure
        if self._fields is None:  # late, since a class may contain itself
            self._fields = [(field, _cached_conversion(field.type)) for field in structure.fields]
        if not isinstance(value, Mapping):
            raise SchemaViolation([Violation("", "type", "must be object", {"type": "object"})])
        found: dict[str, Any] = {}
        violations: list[Violation] = []
        for field, conversion in self._fields:
            if field.wire_name not in value:
                if field.required:
                    info = {"missingProperty": field.wire_name}
                    message = f"must have required property '{field.wire_name}'"
                    violations.append(Violation("", "required", message, info))
                continue
            try:
                found[field.name] = conversion.convert(value[field.wire_name])
            except SchemaViolation as error:
                violations += [item.below(f"/{pointer_escape(field.wire_name)}") for item in error.violations]
        if violations:
            raise SchemaViolation(violations)
        return self._made(found)

    def _made(self, found: dict[str, Any]) -> Any:
        try:
            return self._structure.cls(**found)
        except (ValueError, TypeError) as error:
            raise SchemaViolation([Violation("", "value_error", str(error))]) from error


class _BuiltConversion:
    """A collection that msgspec does not make itself: made of one that it does."""

    def __init__(self, annotation: Any, maker: "_Maker", options: Mapping[str, Any]) -> None:
        origin, self._make = maker
        self._conversion = Conversion(origin[get_args(annotation)], options)

    def convert(self, value: Any) -> Any:
        return self._make(self._conversion.convert(value))


_Maker = tuple[Any, Callable[[Any], Any]]
_BUILT_BY: dict[Any, _Maker] = {
    collections.deque: (list, collections.deque),
    collections.OrderedDict: (dict, collections.OrderedDict),
}


@remembered  # parts of many types are the same few types
def _cached_conversion(annotation: Any) -> Conversion:
    return Conversion(annotation)


def _own_scalar(cls: Any) -> Callable[[Any], Any]:
    if cls is object:  # any value, as schemas say
        return lambda value: value
    if isinstance(cls, type) and is_scalar_class(cls):
        base = next(known for known in cls.__mro__ if known in (str, int, float, bytes, object))
        codec = msgspec.json.Decoder(base) if base is not object else None
        if codec is not None:
            return lambda value: cls(msgspec.convert(value, base))
    raise RuntimeError(f"Values of {cls!r} cannot be decoded, and nobody noticed when the codec was made.")


def _is_decodable(annotation: Any) -> bool:
    if (get_origin(bare(annotation)) or bare(annotation)) in _BUILT_BY:
        return False
    try:
        msgspec.json.Decoder(annotation, dec_hook=lambda _, value: value)
    except (TypeError, NameError, NotImplementedError, AttributeError):
        return False
    return not _has_built(annotation)


def _has_built(annotation: Any) -> bool:
    found = bare(annotation)
    if (get_origin(found) or found) in _BUILT_BY:
        return True
    return get_origin(found) not in (None, Literal) and any(_has_built(a) for a in get_args(found) if a is not Ellipsis)


def _has_adapter_in(annotation: Any) -> bool:
    found = bare(annotation)
    if adapter_of(found) is not None:
        return True
    return get_origin(found) not in (None, Literal) and any(map(_has_adapter_in, get_args(found)))


def _unread(value: Any, member: Conversion) -> int:
    """How many properties of a value a member of a union says nothing of."""
    if not isinstance(value, Mapping):
        return 0
    schema = member.schema
    if "$ref" in schema:
        schema = member.document["$defs"].get(schema["$ref"].rpartition("/")[2], {})
    adapter = adapter_of(member.annotation)
    if adapter is not None:
        schema = adapter.json_schema()
    properties = schema.get("properties")
    return 0 if properties is None else sum(name not in properties for name in value)


def _is_open(schemas: Any) -> bool:
    """Whether anything at all may stand somewhere in a value."""
    for schema in schemas:
        if not isinstance(schema, Mapping):
            continue
        kind = schema.get("type")
        if not ({"type", "$ref", "anyOf", "allOf", "enum", "const"} & schema.keys()):
            return True
        further = schema.get("additionalProperties", "properties" not in schema)
        if kind == "object" and further is True:
            return True
        if kind == "array" and "items" not in schema and "prefixItems" not in schema:
            return True
        inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ()), *schema.get("prefixItems", ())]
        inner += [schema[name] for name in ("items", "additionalProperties") if name in schema]
        if _is_open(inner):
            return True
    return False
