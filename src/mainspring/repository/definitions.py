"""What is known of a model: its properties, relations and settings. Data only; how they are found is in `reading`."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from importlib.util import resolve_name
from typing import Any, Self

from mainspring.repository.annotations import Names
from mainspring.repository.errors import InvalidRelationError, ModelDefinitionError
from mainspring.repository.fields import RELATION_TYPES, names_of
from mainspring.repository.kinds import Kind, ValueType, describe, is_model_class
from mainspring.repository.naming import snake_case

__all__ = ["ModelDefinition", "PropertyDefinition", "RelationDefinition", "ThroughDefinition", "definition_of"]

_MISSING: Any = object()
_MUTABLE = (list, dict, set, bytearray)


class PropertyDefinition:
    """One property.

    Attributes:
        name: The attribute's name.
        type: The annotated type without ``None``; of ``list[X]`` it is ``list``.
        item_type: The type of the items of a list, else ``None``.
        required: Whether data must have it.
        id: Whether it is (a part of) the identity.
        default: The default value, else ``None``.
        options: Every further setting of ``field``.
        wire_name: Its name in JSON.
        source: The class that declares it.
        value_type: What its values are.
    """

    def __init__(
        self,
        name: str,
        annotation: Any,
        settings: Mapping[str, Any],
        *,
        source: type | None = None,
        wire_name: str | None = None,
    ) -> None:
        given = dict(settings)
        for taken in ("type", "item_type"):
            given.pop(taken, None)
        self.name, self.source = name, source
        self.value_type = describe(annotation)
        self.type, self.item_type = _outer(self.value_type)
        self.required = bool(given.pop("required", False))
        self.id = bool(given.pop("id", False))
        self.has_default = "default" in given
        self.default = given.pop("default", None)
        self.options: dict[str, Any] = given
        self.wire_name: str = given.get("rename") or wire_name or name

    @property
    def generated(self) -> bool:
        """Whether the data source gives the value."""
        return bool(self.options.get("generated", False))

    @property
    def hidden(self) -> bool:
        """Whether it is left out of JSON."""
        return bool(self.options.get("hidden", False))

    @property
    def default_factory(self) -> Callable[[], Any] | None:
        """What makes the default of an instance."""
        factory: Callable[[], Any] | None = self.options.get("default_factory")
        return factory

    @property
    def has_mutable_default(self) -> bool:
        """Whether reading the default has to store a copy."""
        return self.default_factory is not None or isinstance(self.default, _MUTABLE)

    def copy_for(self, **changes: Any) -> "PropertyDefinition":
        """A copy with other attributes or options."""
        copy = object.__new__(PropertyDefinition)
        vars(copy).update(vars(self))
        copy.options = dict(self.options)
        for name, value in changes.items():
            if name in vars(self):
                setattr(copy, name, value)
            else:
                copy.options[name] = value
        return copy

    def __repr__(self) -> str:
        return f"<PropertyDefinition {self.name}: {self.value_type.kind}>"


def _outer(value_type: ValueType) -> tuple[Any, Any]:
    if value_type.kind in (Kind.LIST, Kind.SET):
        item = value_type.item
        return value_type.python, None if item is None else _outer(item)[0]
    return value_type.python, None


class ThroughDefinition:
    """The model that links source and target, and the names of its two keys."""

    def __init__(self, relation: "RelationDefinition", setting: Any) -> None:
        self._relation = relation
        parts = dict(setting) if isinstance(setting, Mapping) else {"model": setting}
        self._model = parts.get("model", _MISSING)
        self._key_from, self._key_to = parts.get("key_from"), parts.get("key_to")
        self.polymorphic = parts.get("polymorphic")
        self.is_spelled_out = self._key_from is not None and self._key_to is not None

    @property
    def model(self) -> Any:
        """The class.

        Raises:
            InvalidRelationError: It is missing or cannot be resolved.
        """
        if self._model is _MISSING or self._model is None:
            raise InvalidRelationError("through must be specified with its model", self._relation)
        return resolve_class(self._model, self._relation, "through.model must be a type resolver")

    @property
    def key_from(self) -> str:
        """The property that holds the source's key."""
        return self._key_from or f"{snake_case(definition_of(self._relation.source).name)}_id"

    @property
    def key_to(self) -> str:
        """The property that holds the target's key."""
        return self._key_to or f"{snake_case(definition_of(self._relation.target).name)}_id"


class RelationDefinition:
    """One relation. Target and keys are resolved when they are first read.

    Attributes:
        name: Its name: what ``include`` and the attribute with the related data are called.
        type: ``hasMany``, ``hasOne``, ``belongsTo`` or ``referencesMany``.
        source: The class that declares it.
        options: Further settings.
        wire_name: Its name in JSON.
    """

    def __init__(
        self,
        name: str,
        type: str,
        target: Any,
        *,
        source: Any = None,
        options: Mapping[str, Any] | None = None,
        wire_name: str | None = None,
    ) -> None:
        if type not in RELATION_TYPES:
            raise ValueError(f"relation type must be one of {', '.join(RELATION_TYPES)}, not {type!r}")
        self.name, self.type, self.source = name, type, source
        self.options = dict(options or {})
        self.wire_name = self.options.get("rename") or wire_name or name
        self._target, self._resolved = target, None

    @property
    def targets_many(self) -> bool:
        """Whether there may be several related rows."""
        return self.type in ("hasMany", "referencesMany")

    @property
    def target(self) -> Any:
        """The target's class.

        Raises:
            InvalidRelationError: It cannot be resolved.
        """
        if self._resolved is None:
            self._resolved = resolve_class(self._target, self, "target must be a type resolver")
        return self._resolved

    @property
    def key_from(self) -> str | None:
        """The property of the source that holds or equals the key; ``None`` without an id."""
        given: str | None = self.options.get("key_from")
        if given or self.type in ("belongsTo", "referencesMany"):
            return given
        return _first_id(self.source)

    @property
    def key_to(self) -> str | None:
        """The property of the target that equals or holds the key; ``None`` without an id."""
        given: str | None = self.options.get("key_to")
        if given:
            return given
        if self.type in ("belongsTo", "referencesMany") or self.through is not None:
            return _first_id(self.target)
        return f"{snake_case(definition_of(self.source).name)}_id"

    @property
    def through(self) -> ThroughDefinition | None:
        """The linking model of a has-many through."""
        setting = self.options.get("through")
        return None if setting is None else ThroughDefinition(self, setting)

    @property
    def can_be_included(self) -> bool:
        """Whether ``include`` may name it."""
        return not self.options.get("disable_inclusion", False)

    def __repr__(self) -> str:
        return f"<RelationDefinition {self.type} {self.name}>"


def _first_id(model: Any) -> str | None:
    names = definition_of(model).id_properties() if is_model_class(model) else []
    return names[0] if names else None


def resolve_class(found: Any, relation: RelationDefinition, reason: str) -> Any:
    """The model class that a class, a callable or a text means.

    Raises:
        InvalidRelationError: It means none.
    """
    if isinstance(found, str):
        return _class_of_text(found, relation)
    if isinstance(found, type) or not callable(found):
        if is_model_class(found):
            return found
        raise InvalidRelationError(f"{reason} (a model class, a callable that returns one, or text)", relation)
    cls = found()
    if isinstance(cls, str):
        return _class_of_text(cls, relation)
    if not is_model_class(cls):
        raise InvalidRelationError(f"{reason}: it gives {cls!r}, which is no model class", relation)
    return cls


def _class_of_text(text: str, relation: RelationDefinition) -> Any:
    source = relation.source
    try:
        if ":" in text:
            cls = _imported(text, getattr(source, "__module__", ""))
        else:
            cls = Names(source, getattr(source, "__mainspring_frames__", ())).find(text)
    except (ImportError, AttributeError, NameError, ValueError) as error:
        reason = f"the target {text!r} cannot be resolved ({error}): write 'module:Class' or a class of the same module"
        raise InvalidRelationError(reason, relation) from error
    if not is_model_class(cls):
        raise InvalidRelationError(f"the target {text!r} is {cls!r}, which is no model class", relation)
    return cls


def _imported(text: str, module: str) -> Any:
    path, _, name = text.partition(":")
    package = module.rpartition(".")[0]
    target = importlib.import_module(resolve_name(path, package) if path.startswith(".") else path)
    found: Any = target
    for part in name.split("."):
        found = getattr(found, part)
    return found


class ModelDefinition:
    """Name, properties, relations and settings of a model; the adding methods return the definition.

    Args:
        name: The model's name, or a mapping with ``name``, ``properties``, ``settings`` and ``relations``.

    Attributes:
        model: The class, once there is one.
    """

    def __init__(self, name: str | Mapping[str, Any]) -> None:
        given: dict[str, Any] = {"name": name} if isinstance(name, str) else dict(name)
        self.name: str = given["name"]
        self.model: Any = None
        self.properties: dict[str, PropertyDefinition] = {}
        self.settings: dict[str, Any] = dict(given.get("settings") or {})
        self.relations: dict[str, RelationDefinition] = {}
        #: What other modules work out once for this definition: converters, schemas, row makers.
        self.plans: dict[Any, Any] = {}
        for each, setting in dict(given.get("properties") or {}).items():
            self.add_property(each, setting)
        for each, setting in dict(given.get("relations") or {}).items():
            self.add_relation(each, setting)

    def add_property(self, name: str, setting: Any) -> Self:
        """Add a property.

        Args:
            name: Its name.
            setting: A type, a mapping of what ``field`` takes (with ``type``), or a `PropertyDefinition`.

        Raises:
            ModelDefinitionError: The type cannot be told.
        """
        if not isinstance(setting, PropertyDefinition):
            given = dict(setting) if isinstance(setting, Mapping) else {"type": setting}
            if "type" not in given:
                raise cannot_infer(self.name, name)
            setting = PropertyDefinition(name, typed(given["type"], given, self.name, name), given, source=self.model)
        self.properties[name] = setting
        self.plans.clear()
        return self

    def add_setting(self, name: str, value: Any) -> Self:
        """Set a setting."""
        self.settings[name] = value
        self.plans.clear()
        return self

    def add_relation(self, name: str, setting: Any) -> Self:
        """Add a relation.

        Args:
            name: Its name.
            setting: A `RelationDefinition`, or a mapping with ``type``, ``target`` and the relation's options.
        """
        if not isinstance(setting, RelationDefinition):
            given = dict(setting)
            kind, target = given.pop("type"), given.pop("target", None)
            source = given.pop("source", None) or self.model
            given.pop("targets_many", None)
            setting = RelationDefinition(name, kind, target, source=source, options=given)
        self.relations[name] = setting
        self.plans.clear()
        return self

    def has_many(self, name: str, setting: Mapping[str, Any]) -> Self:
        """Add a has-many relation: ``{"target": …, "key_to": …, …}``."""
        return self.add_relation(name, {**setting, "type": "hasMany"})

    def has_one(self, name: str, setting: Mapping[str, Any]) -> Self:
        """Add a has-one relation."""
        return self.add_relation(name, {**setting, "type": "hasOne"})

    def belongs_to(self, name: str, setting: Mapping[str, Any]) -> Self:
        """Add a belongs-to relation; ``key_from`` names the key property, ``<name>_id`` by default."""
        return self.add_relation(name, {"key_from": f"{name}_id", **setting, "type": "belongsTo"})

    def references_many(self, name: str, setting: Mapping[str, Any]) -> Self:
        """Add a references-many relation; ``key_from`` names the key property, ``<name>_ids`` by default."""
        singular = name.removesuffix("s")
        return self.add_relation(name, {"key_from": f"{singular}_ids", **setting, "type": "referencesMany"})

    def id_properties(self) -> list[str]:
        """The names of the properties that make the identity, in order."""
        marked = names_of(self.settings.get("id"))
        return marked or [name for name, prop in self.properties.items() if prop.id]

    @property
    def strict(self) -> bool | str:
        """``True``, ``False`` or ``"filter"``: what happens to names that are no properties."""
        strict: bool | str = self.settings.get("strict", True)
        return strict

    @property
    def table_name(self) -> str:
        """The name of the table."""
        return str(self.settings.get("table") or snake_case(self.name))

    def wire_properties(self) -> Iterator[tuple[str, PropertyDefinition]]:
        """Wire name and property, in order."""
        return ((prop.wire_name, prop) for prop in self.properties.values())

    def __repr__(self) -> str:
        return f"<ModelDefinition {self.name}>"


def definition_of(cls: Any) -> ModelDefinition:
    """The definition of a model class, built when it is first asked for."""
    definition: ModelDefinition = cls.__dict__.get("__mainspring_built__") or cls.__mainspring_definition__
    return definition


def cannot_infer(model: str, name: str) -> ModelDefinitionError:
    """The error of a property without annotation and type."""
    return ModelDefinitionError(
        model, name, "its type cannot be inferred; annotate it or give field(type=...)", "CANNOT_INFER_PROPERTY_TYPE"
    )


def typed(annotation: Any, settings: Mapping[str, Any], model: str, name: str) -> Any:
    """The annotation with ``item_type`` of the settings put in.

    Raises:
        ModelDefinitionError: It is no list.
    """
    item = settings.get("item_type")
    if item is None:
        return annotation
    found = describe(annotation)
    if found.kind not in (Kind.LIST, Kind.SET):
        raise ModelDefinitionError(model, name, "item_type is given, but it is not an array; annotate list[...]")
    container: Any = found.python
    result: Any = container.__class_getitem__((item, ...) if found.python is tuple else item)
    return result | None if found.nullable else result
