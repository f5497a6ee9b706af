"""From a class to its definition: what its body declares, what its bases bring, what the decorator says.

At class creation only names are read (`collect`); annotations are evaluated when the definition is first used
(`build_definition`), so that models may name each other in any order.
"""

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mainspring.repository.annotations import Names, is_class_variable, mentions_text, own_annotations
from mainspring.repository.definitions import (
    ModelDefinition,
    PropertyDefinition,
    RelationDefinition,
    cannot_infer,
    definition_of,
    typed,
)
from mainspring.repository.errors import ModelDefinitionError
from mainspring.repository.fields import Field, Relation, names_of
from mainspring.repository.kinds import bare, extras_of, is_model_class
from mainspring.repository.naming import renaming

__all__ = ["Declared", "build_definition", "check_wire_names", "collect"]

#: Values of annotated names that are behaviour, not defaults.
_BEHAVIOUR = (types.FunctionType, property, classmethod, staticmethod, cached_property)

#: Settings that are about one class only.
_NOT_INHERITED = frozenset(("table", "title", "description", "json_schema", "indexes"))

_NO_ANNOTATION: Any = object()


@dataclass(slots=True)
class Declared:
    """One name of a class body: its annotation as written, and what ``field`` or a relation function said."""

    annotation: Any
    field: Field

    @property
    def has_annotation(self) -> bool:
        """Whether anything was annotated."""
        return self.annotation is not _NO_ANNOTATION

    @property
    def relation(self) -> Relation | None:
        """The relation, if it is one."""
        return self.field if isinstance(self.field, Relation) else None


def collect(cls: type) -> dict[str, Declared]:
    """What the body of a class declares, in order.

    Raises:
        ModelDefinitionError: A field has neither annotation nor type, or an item type and is no list.
    """
    annotations = own_annotations(cls)
    found: dict[str, Declared] = {}
    for name in _ordered_names(cls, annotations):
        declared = _declared(cls, name, annotations.get(name, _NO_ANNOTATION))
        if declared is not None:
            _check(cls, name, declared)
            found[name] = declared
    for key, relation in _key_relations(found):
        # A bare annotation under the relation's own name tells type checkers of the related data.
        name = relation.options.get("name") or _relation_name(key, relation.type)
        if name != key and name in found and set(found[name].field.settings) <= {"default"}:
            del found[name]
    return found


def _key_relations(found: Mapping[str, Declared]) -> list[tuple[str, Relation]]:
    relations = [(name, declared.relation) for name, declared in found.items()]
    return [(name, relation) for name, relation in relations if relation is not None and relation.has_key_property]


def _ordered_names(cls: type, annotations: Mapping[str, Any]) -> Iterator[str]:
    body = [name for name, value in vars(cls).items() if name in annotations or isinstance(value, Field)]
    done: set[str] = set()
    for name in annotations:
        if name in body:
            for earlier in body[: body.index(name)]:
                if earlier not in annotations and earlier not in done:
                    done.add(earlier)
                    yield earlier
        yield name
    yield from (name for name in body if name not in annotations and name not in done)


def _declared(cls: type, name: str, annotation: Any) -> Declared | None:
    if name.startswith("_") or is_class_variable(annotation):
        return None
    value = vars(cls).get(name, _NO_ANNOTATION)
    if isinstance(value, _BEHAVIOUR):
        return None
    found = next((extra for extra in extras_of(annotation) if isinstance(extra, Field)), None)
    if isinstance(value, Field):
        return Declared(annotation, _merged(found, value))
    settings = {} if value is _NO_ANNOTATION else {"default": value}
    return Declared(annotation, _merged(found, Field(settings)))


def _merged(first: Field | None, second: Field) -> Field:
    if first is None:
        return second
    settings = {**first.settings, **second.settings}
    relation = second if isinstance(second, Relation) else first
    if isinstance(relation, Relation):
        return Relation(relation.type, relation.target, relation.options, settings)
    return Field(settings)


def _check(cls: type, name: str, declared: Declared) -> None:
    settings = declared.field.settings
    if not declared.has_annotation and "type" not in settings and declared.relation is None:
        raise cannot_infer(cls.__name__, name)
    annotation = settings.get("type", declared.annotation)
    if "item_type" in settings and declared.relation is None and not mentions_text(annotation):
        typed(annotation, settings, cls.__name__, name)


def check_wire_names(cls: Any) -> None:
    """Refuse two properties with one wire name.

    Raises:
        ModelDefinitionError: There are two; both are named.
    """
    taken: dict[str, str] = {}
    for name, wire in _declared_wire_names(cls).items():
        other = taken.setdefault(wire, name)
        if other != name:
            raise ModelDefinitionError(
                cls.__name__,
                None,
                f"the properties {other!r} and {name!r} have the same wire name {wire!r}; rename one",
            )


def _declared_wire_names(cls: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        own: Mapping[str, Declared] = vars(base).get("__mainspring_own__", {})
        rename = _renaming_of(base) if is_model_class(base) else None
        for name, declared in own.items():
            if declared.relation is None or declared.relation.has_key_property:
                found[name] = declared.field.settings.get("rename") or _renamed(rename, name, cls)
    return found


def _renaming_of(cls: Any) -> Any:
    setting = merged_settings(cls).get("rename")
    try:
        return renaming(setting)
    except ValueError as error:
        raise ModelDefinitionError(cls.__name__, None, str(error)) from error


def _renamed(rename: Any, name: str, cls: Any) -> str:
    wire = name if rename is None else rename(name)
    if not isinstance(wire, str) or not wire:
        raise ModelDefinitionError(cls.__name__, name, f"the renaming gives {wire!r}, which is no name")
    return wire


def merged_settings(cls: Any) -> dict[str, Any]:
    """The settings of a class: its own over what it inherits."""
    settings: dict[str, Any] = {}
    hidden: dict[str, None] = {}
    for base in reversed(cls.__mro__):
        own: Mapping[str, Any] = vars(base).get("__mainspring_settings__", {})
        hidden.update(dict.fromkeys(names_of(own.get("hidden_properties"))))
        settings.update(own if base is cls else {n: v for n, v in own.items() if n not in _NOT_INHERITED})
    if len(hidden) > len(names_of(settings.get("hidden_properties"))):
        settings["hidden_properties"] = tuple(hidden)
    return settings


def build_definition(cls: Any) -> ModelDefinition:
    """The definition of a model class.

    Raises:
        ModelDefinitionError: An annotation cannot be evaluated, or the declarations contradict each other.
    """
    definition = ModelDefinition(vars(cls).get("__mainspring_name__") or cls.__name__)
    definition.model = cls
    definition.settings = merged_settings(cls)
    cls.__mainspring_partial__ = definition
    try:
        for base in cls.__bases__:
            _inherit(definition, base)
        _add_own(definition, cls, vars(cls)["__mainspring_own__"], inherits=False)
        _mark(definition)
        check_wire_names(cls)
    finally:
        del cls.__mainspring_partial__
    return definition


def _inherit(definition: ModelDefinition, base: Any) -> None:
    if is_model_class(base):
        parent = definition_of(base)
        for name, prop in parent.properties.items():
            definition.properties.setdefault(name, prop)
        for name, relation in parent.relations.items():
            definition.relations.setdefault(name, relation)
        return
    for mixin in reversed(base.__mro__):
        if mixin is not object and mixin.__module__ not in ("typing", "abc"):
            _add_own(definition, mixin, collect(mixin), inherits=True)


def _add_own(definition: ModelDefinition, owner: Any, own: Mapping[str, Declared], *, inherits: bool) -> None:
    names = Names(owner, vars(owner).get("__mainspring_frames__", ()))
    rename = _renaming_of(definition.model)
    for name, declared in own.items():
        if inherits and name in definition.properties:
            continue
        relation = declared.relation
        if relation is None or relation.has_key_property:
            wire = _renamed(rename, name, owner)
            definition.properties[name] = _property(definition, owner, name, declared, names, wire)
        else:
            definition.properties.pop(name, None)
        if relation is not None:
            found = _relation(definition, name, relation, rename)
            definition.relations[found.name] = found


def _property(
    definition: ModelDefinition, owner: Any, name: str, declared: Declared, names: Names, wire: str
) -> PropertyDefinition:
    settings = dict(declared.field.settings)
    annotation: Any = settings.get("type", declared.annotation)
    if annotation is _NO_ANNOTATION:
        assert declared.relation is not None  # `collect` lets only relations pass without a type
        annotation = _key_type(definition, name, declared.relation)
    else:
        annotation, extra = _evaluated(definition, name, annotation, names, is_setting="type" in settings)
        settings = {**extra, **settings}
    annotation = typed(annotation, settings, definition.name, name)
    return PropertyDefinition(name, annotation, settings, source=owner, wire_name=wire)


def _evaluated(
    definition: ModelDefinition, name: str, annotation: Any, names: Names, *, is_setting: bool
) -> tuple[Any, dict[str, Any]]:
    try:
        found = names.evaluate(annotation)
    except Exception as error:
        if is_setting and isinstance(annotation, str):
            return annotation, {}  # reported when somebody needs the type: "integer" is a good one, "pebble" is not
        missing = f" (the name {error.name!r} is not known)" if isinstance(error, NameError) and error.name else ""
        raise ModelDefinitionError(
            definition.name,
            name,
            f"the annotation {annotation!r} cannot be evaluated{missing or f' ({error})'}; import what it names",
        ) from error
    extra = next((item for item in extras_of(found) if isinstance(item, Field)), None)
    return bare(found), dict(extra.settings) if extra is not None else {}


def _key_type(definition: ModelDefinition, name: str, relation: Relation) -> Any:
    target = RelationDefinition(name, relation.type, relation.target, source=definition.model).target
    known: ModelDefinition = vars(target).get("__mainspring_partial__") or definition_of(target)
    key = relation.options.get("key_to") or next(iter(known.id_properties()), None)
    if key is None or key not in known.properties:
        reason = f"its type cannot be inferred, as {known.name} has no {key or 'id'}; annotate it"
        raise ModelDefinitionError(definition.name, name, reason, "CANNOT_INFER_PROPERTY_TYPE")
    found: Any = known.properties[key].value_type.python
    container: Any = list
    return container[found] | None if relation.type == "referencesMany" else found | None


def _relation(definition: ModelDefinition, name: str, relation: Relation, rename: Any) -> RelationDefinition:
    options = dict(relation.options)
    given = options.pop("name", None)
    if relation.has_key_property:
        options.setdefault("key_from", name)
        given = given or _relation_name(name, relation.type)
    found = given or name
    return RelationDefinition(
        found,
        relation.type,
        relation.target,
        source=definition.model,
        options=options,
        wire_name=_renamed(rename, found, definition.model),
    )


def _relation_name(name: str, type: str) -> str:
    if type == "belongsTo":
        return name.removesuffix("_id")
    return f"{name.removesuffix('_ids')}s" if name.endswith("_ids") else name


def relation_names(own: Mapping[str, Declared]) -> Iterator[tuple[str, bool]]:
    """The names under which related data are read, and whether they are lists."""
    for name, declared in own.items():
        relation = declared.relation
        if relation is None:
            continue
        default = _relation_name(name, relation.type) if relation.has_key_property else name
        yield relation.options.get("name") or default, relation.type in ("hasMany", "referencesMany")


def _mark(definition: ModelDefinition) -> None:
    for name in names_of(definition.settings.get("hidden_properties")):
        prop = definition.properties.get(name)
        if prop is not None and not prop.hidden:
            definition.properties[name] = prop.copy_for(hidden=True)
    for name in names_of(definition.settings.get("id")):
        if name not in definition.properties:
            raise ModelDefinitionError(definition.name, name, "the setting `id` names it, but it is no property")
        definition.properties[name] = definition.properties[name].copy_for(id=True)
