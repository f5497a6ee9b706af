"""The fields of classes that say their own shape: dataclass, attrs, Struct, TypedDict, NamedTuple."""

import dataclasses
import inspect
import re
from typing import Any, NotRequired, Required, get_args, get_origin, is_typeddict

import msgspec
from msgspec import Struct

from mainspring.openapi.annotations import class_hints
from mainspring.openapi.caching import remembered
from mainspring.openapi.kinds import bare, union_members
from mainspring.openapi.parameters import MISSING

__all__ = ["Structure", "StructureField", "structure_of", "tag_of"]


class StructureField(Struct, frozen=True):
    """One field. ``default`` is ``MISSING`` where there is none, or where it is made anew each time."""

    name: str
    wire_name: str
    type: Any
    required: bool
    default: Any = MISSING


class Structure(Struct, frozen=True):
    """A class with fields.

    Attributes:
        positional: Whether its JSON form is an array.
        forbids_unknown: Whether unknown properties are refused.
        tag: Name and value of the property that tells it from others.
    """

    cls: Any
    name: str
    fields: tuple[StructureField, ...]
    description: str | None = None
    positional: bool = False
    forbids_unknown: bool = False
    tag: tuple[str, Any] | None = None


def structure_of(annotation: Any) -> Structure | None:
    """The structure of a class or parametrised generic class; ``None`` for what has no fields.

    Raises:
        AnnotationError: The annotation of a field cannot be evaluated.
    """
    found = bare(annotation)
    return _structure_of(found)


@remembered  # also because names that only a running function knows must be looked up while it still runs
def _structure_of(found: Any) -> Structure | None:
    cls = get_origin(found) or found
    if is_typeddict(cls):
        return _typed_dict(found, cls)
    if not isinstance(cls, type):
        return None
    if issubclass(cls, msgspec.Struct):
        return _struct(found, cls)
    if dataclasses.is_dataclass(cls):
        return Structure(cls, _name(found), _dataclass_fields(found, cls), _description(cls))
    if hasattr(cls, "__attrs_attrs__"):
        return Structure(cls, _name(found), _attrs_fields(found, cls), _description(cls))
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return Structure(cls, _name(found), _tuple_fields(found, cls), _description(cls), positional=True)
    return None


def tag_of(annotation: Any) -> tuple[str, Any] | None:
    """Name and value of the property by which a Struct is told from others of its union."""
    cls = get_origin(bare(annotation)) or bare(annotation)
    if not isinstance(cls, type) or not issubclass(cls, msgspec.Struct):
        return None
    config = cls.__struct_config__
    return None if config.tag is None or config.tag_field is None else (config.tag_field, config.tag)


def _struct(annotation: Any, cls: Any) -> Structure:
    config = cls.__struct_config__
    hints = class_hints(annotation)  # not msgspec's own: it does not know names of the functions around a class
    defaults = cls.__struct_defaults__
    padded = (*(msgspec.NODEFAULT for _ in range(len(cls.__struct_fields__) - len(defaults))), *defaults)
    fields = tuple(
        StructureField(
            name,
            wire_name,
            hints[name],
            default is msgspec.NODEFAULT and not _may_be_unset(hints[name]),
            MISSING if _is_no_value(default) else default,
        )
        for name, wire_name, default in zip(cls.__struct_fields__, cls.__struct_encode_fields__, padded, strict=True)
    )
    return Structure(
        cls,
        _name(annotation),
        fields,
        _description(cls),
        positional=bool(config.array_like),
        forbids_unknown=bool(config.forbid_unknown_fields),
        tag=tag_of(cls),
    )


def _dataclass_fields(annotation: Any, cls: Any) -> tuple[StructureField, ...]:
    hints = class_hints(annotation)
    return tuple(
        StructureField(
            field.name,
            field.name,
            hints[field.name],
            field.default is dataclasses.MISSING
            and field.default_factory is dataclasses.MISSING
            and not _may_be_unset(hints[field.name]),
            MISSING if field.default in (dataclasses.MISSING, msgspec.UNSET) else field.default,
        )
        for field in dataclasses.fields(cls)
    )


def _attrs_fields(annotation: Any, cls: Any) -> tuple[StructureField, ...]:
    hints = class_hints(annotation)
    found = []
    for field in cls.__attrs_attrs__:
        kind = type(field.default).__name__
        nothing = kind == "_Nothing"  # `attrs.NOTHING`, known by its name: attrs itself is never imported here
        default = MISSING if nothing or kind == "Factory" else field.default
        found.append(StructureField(field.name, field.name, hints.get(field.name, Any), nothing, default))
    return tuple(found)


def _typed_dict(annotation: Any, cls: Any) -> Structure:
    # Bases are not in the MRO of a TypedDict: their annotations are its own.
    hints = class_hints(annotation)
    fields = tuple(StructureField(name, name, hints[name], _is_required(cls, name, hints[name])) for name in hints)
    return Structure(cls, _name(annotation), fields, _description(cls))


def _is_required(cls: Any, name: str, hint: Any) -> bool:
    """What the evaluated annotation says; while it is text, the class itself does not see ``NotRequired`` in it."""
    origin = get_origin(hint)
    return origin is Required or (origin is not NotRequired and name in cls.__required_keys__)


def _tuple_fields(annotation: Any, cls: Any) -> tuple[StructureField, ...]:
    hints = class_hints(annotation)
    defaults = cls._field_defaults
    return tuple(
        StructureField(name, name, hints.get(name, Any), name not in defaults, defaults.get(name, MISSING))
        for name in cls._fields
    )


def _is_no_value(default: Any) -> bool:
    return default in (msgspec.NODEFAULT, msgspec.UNSET) or type(default).__name__ == "Factory"


def _may_be_unset(annotation: Any) -> bool:
    return any(bare(member) is msgspec.UnsetType for member in union_members(annotation))


def _name(annotation: Any) -> str:
    cls = get_origin(annotation) or annotation
    arguments = get_args(annotation)
    if not arguments:
        return str(cls.__name__)
    shown = "_".join(re.sub(r"\W+", "_", getattr(argument, "__name__", str(argument))) for argument in arguments)
    return f"{cls.__name__}_{shown}_"


def _description(cls: Any) -> str | None:
    """The docstring of the class itself, unless a decorator made it of the signature."""
    text = cls.__dict__.get("__doc__")
    if not text or text.startswith(f"{cls.__name__}("):
        return None
    return inspect.cleandoc(text)
