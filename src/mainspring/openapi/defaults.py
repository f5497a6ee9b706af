"""Defaults of decoded dataclasses, put where encoders look for them.

msgspec leaves a plain default to the class and encodes what an instance has itself: an object that came without the
field would leave without it. What is made here puts such defaults on the instances; other types cost nothing.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, get_args, get_origin, is_typeddict

from mainspring.openapi.caching import key_of
from mainspring.openapi.errors import AnnotationError
from mainspring.openapi.kinds import bare, has_adapter, is_union, union_members
from mainspring.openapi.structures import Structure, structure_of

__all__ = ["default_filler"]

Filler = Callable[[Any], None]


def default_filler(annotation: Any) -> Filler | None:
    """The function that completes a decoded value of a type; ``None`` when nothing of it can be incomplete."""
    return _filler(annotation, {})


def _filler(annotation: Any, known: dict[Any, "_StructureFiller"]) -> Filler | None:
    """``known`` holds the classes met on the way: a class that contains itself is met once."""
    found = bare(annotation)
    if not _reaches_defaults(found, set()):
        return None
    if is_union(found):
        return _of_union(union_members(found), known)
    key = key_of(found)
    if key in known:
        return known[key]
    structure = _structure(found)
    if structure is not None:
        filler = known[key] = _StructureFiller(structure)
        filler.fields = [
            (field.name, inner) for field in structure.fields if (inner := _filler(field.type, known)) is not None
        ]
        return filler
    return _of_collection(found, known)


def _of_collection(found: Any, known: dict[Any, "_StructureFiller"]) -> Filler | None:
    origin, arguments = get_origin(found), get_args(found)
    if origin is tuple and arguments[-1] is not Ellipsis:
        return _positional([_filler(argument, known) for argument in arguments])
    filler = _filler(arguments[-1] if issubclass(origin, Mapping) else arguments[0], known)
    if filler is None:
        return None
    if issubclass(origin, Mapping):
        return lambda value: _each(filler, value.values())
    return lambda value: _each(filler, value)


def _of_union(members: Iterable[Any], known: dict[Any, "_StructureFiller"]) -> Filler:
    """By the class of the value. Two members of one class (lists, say) are completed as the first of them."""
    found = [((_runtime_class(member)), filler) for member in members if (filler := _filler(member, known)) is not None]

    def fill(value: Any) -> None:
        for cls, filler in found:
            if isinstance(value, cls):
                filler(value)
                return

    return fill


def _reaches_defaults(annotation: Any, seen: set[Any]) -> bool:
    """Whether a dataclass whose defaults are left to the class is anywhere in the type."""
    found = bare(annotation)
    origin = get_origin(found) or found
    if origin is Literal or has_adapter(origin) or key_of(found) in seen:
        return False
    structure = _structure(found)
    if structure is None:
        return any(_reaches_defaults(argument, seen) for argument in get_args(found) if argument is not Ellipsis)
    seen.add(key_of(found))
    if _plain_defaults(structure.cls):
        return True
    return any(_reaches_defaults(field.type, seen) for field in structure.fields)


class _StructureFiller:
    """Completes an instance of one class, then what is in its fields."""

    def __init__(self, structure: Structure) -> None:
        self.defaults = _plain_defaults(structure.cls)
        self.fields: list[tuple[str, Filler]] = []
        self._is_mapping = is_typeddict(structure.cls)

    def __call__(self, value: Any) -> None:
        if self._is_mapping:
            for name, filler in self.fields:
                if name in value:
                    filler(value[name])
            return
        if self.defaults:
            own = value.__dict__
            for name, default in self.defaults:
                own.setdefault(name, default)
        for name, filler in self.fields:
            filler(getattr(value, name))


def _each(filler: Filler, values: Iterable[Any]) -> None:
    for value in values:
        filler(value)


def _positional(fillers: list[Filler | None]) -> Filler | None:
    if not any(fillers):
        return None

    def fill(value: Any) -> None:
        for filler, item in zip(fillers, value, strict=False):
            if filler is not None:
                filler(item)

    return fill


def _structure(annotation: Any) -> Structure | None:
    try:
        return structure_of(annotation)
    except AnnotationError:  # the schema of the type says so, with the place
        return None


def _plain_defaults(cls: Any) -> tuple[tuple[str, Any], ...]:
    if not dataclasses.is_dataclass(cls) or "__slots__" in vars(cls):
        return ()
    return tuple(
        (field.name, field.default) for field in dataclasses.fields(cls) if field.default is not dataclasses.MISSING
    )


def _runtime_class(annotation: Any) -> Any:
    cls = get_origin(bare(annotation)) or bare(annotation)
    return dict if is_typeddict(cls) else cls
