"""Model classes and their instances.

An instance keeps what is set in its ``__dict__`` and nothing else: reading an unset name reaches a descriptor of the
class, which gives the default. Rows of a database become instances by filling ``__dict__``; no constructor runs.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar, dataclass_transform, overload

from mainspring.repository.adapters import ModelAdapter
from mainspring.repository.annotations import enclosing_frames, mentions_text
from mainspring.repository.definitions import ModelDefinition, definition_of
from mainspring.repository.errors import ModelDefinitionError
from mainspring.repository.filter_schemas import filter_schema, where_schema
from mainspring.repository.identity import id_of, where_of_id
from mainspring.repository.instances import (
    UNLOADED,
    PropertyAccess,
    RelationAccess,
    admitted,
    constructor_plan,
    describe_class,
    has_text_target,
    mixins_of,
)
from mainspring.repository.json_schemas import json_schema
from mainspring.repository.kinds import is_model_class
from mainspring.repository.reading import build_definition, check_wire_names, collect
from mainspring.repository.serialising import hidden_names, model_to_dict, model_to_json

__all__ = ["Entity", "Model", "ValueObject", "define_model_class", "model"]

M = TypeVar("M", bound=type)


class _DefinitionAccess:
    """The definition of the class it is read from, built once per class."""

    def __get__(self, instance: object, owner: Any = None) -> ModelDefinition:
        built: ModelDefinition | None = owner.__dict__.get("__mainspring_built__")
        if built is None:
            built = build_definition(owner)
            owner.__mainspring_built__ = built
            owner.__mainspring_frames__ = ()  # what they were kept for is done
        return built


class _NameAccess:
    def __get__(self, instance: object, owner: Any = None) -> str:
        name: str = owner.__dict__.get("__mainspring_name__") or owner.__name__
        return name


@dataclass_transform(kw_only_default=True, eq_default=False)
class Model:
    """Data with a definition. Properties are annotated; ``field(...)`` says more about them.

    Args:
        data: A mapping of property names to values.
        values: The same by keyword; they win.

    Raises:
        ModelValidationError: A name is no property (unless the model is not strict).
    """

    __slots__ = ("__dict__", "__weakref__", UNLOADED)

    __mainspring_is_model__: ClassVar[bool] = True
    __mainspring_own__: ClassVar[dict[str, Any]] = {}
    __mainspring_frames__: ClassVar[tuple[Any, ...]] = ()
    __mainspring_definition__: ClassVar[_DefinitionAccess] = _DefinitionAccess()
    #: The `ModelDefinition` of the class.
    definition: ClassVar[_DefinitionAccess] = _DefinitionAccess()
    #: The model's name.
    model_name: ClassVar[_NameAccess] = _NameAccess()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = collect(cls)
        needs_frames = any(mentions_text(declared.annotation) or has_text_target(declared) for declared in own.values())
        cls.__mainspring_own__ = own
        cls.__mainspring_frames__ = enclosing_frames(cls.__qualname__, needs_frames)
        contributed = {name: declared for base in mixins_of(cls) for name, declared in collect(base).items()}
        describe_class(cls, {**contributed, **own})
        check_wire_names(cls)

    def __init__(self, data: "Mapping[str, Any] | Model | None" = None, /, **values: Any) -> None:
        if data is not None:
            values = {**(vars(data) if isinstance(data, Model) else data), **values}
        names, nested = constructor_plan(definition_of(type(self)))
        if not names.issuperset(values):
            values = admitted(definition_of(type(self)), values)
        for name, make in nested:
            if name in values:
                values[name] = make(values[name])
        self.__dict__.update(values)

    # Identity

    @classmethod
    def get_id_properties(cls) -> list[str]:
        """The names of the properties that make the identity."""
        return definition_of(cls).id_properties()

    @classmethod
    def get_id_of(cls, data: Any) -> Any:
        """The id in a mapping or instance; of a composite id a mapping.

        Raises:
            ModelDefinitionError: The model has no id.
        """
        return id_of(definition_of(cls), data)

    @classmethod
    def build_where_for_id(cls, id: Any) -> dict[str, Any]:
        """The condition that selects the row with an id.

        Raises:
            ModelDefinitionError: The model has no id.
            ModelValidationError: A composite id has not exactly the id's names.
        """
        return where_of_id(definition_of(cls), id)

    def get_id(self) -> Any:
        """The id; of a composite id a mapping.

        Raises:
            ModelDefinitionError: The model has no id.
        """
        return id_of(definition_of(type(self)), self)

    def get_id_object(self) -> dict[str, Any]:
        """The id as a mapping."""
        found = self.get_id()
        names = self.get_id_properties()
        return found if len(names) > 1 else {names[0]: found}

    # Data

    def to_json(self) -> dict[str, Any]:
        """The set properties, JSON-ready, with wire names; hidden ones are left out."""
        return model_to_json(self)

    def to_dict(self, ignore_unknown: bool = True) -> dict[str, Any]:
        """The set properties with native values, hidden ones too.

        Args:
            ignore_unknown: Leave out attributes that are no properties of a strict model.
        """
        return model_to_dict(self, ignore_unknown=ignore_unknown)

    def is_loaded(self, name: str) -> bool:
        """Whether a property is set, or a relation's data are there."""
        return name in self.__dict__

    # Description

    @classmethod
    def json_schema(cls, options: Mapping[str, Any] | None = None, /, **more: Any) -> dict[str, Any]:
        """The JSON Schema (draft 2020-12) of the model.

        Args:
            options: ``title, partial, exclude, optional, include_relations``.
            more: The same by keyword.
        """
        return json_schema(definition_of(cls), {**(options or {}), **more})

    @classmethod
    def filter_schema(cls, options: Mapping[str, Any] | None = None, /, **more: Any) -> dict[str, Any]:
        """The JSON Schema of a filter; ``exclude`` drops keys, ``set_title=False`` every title."""
        return filter_schema(definition_of(cls), {**(options or {}), **more})

    @classmethod
    def where_schema(cls, options: Mapping[str, Any] | None = None, /, **more: Any) -> dict[str, Any]:
        """The JSON Schema of a condition."""
        return where_schema(definition_of(cls), {**(options or {}), **more})

    @classmethod
    def __mainspring_model__(cls) -> ModelAdapter:
        adapter: ModelAdapter | None = cls.__dict__.get("__mainspring_adapter__")
        if adapter is None:
            adapter = ModelAdapter(cls, has_own_json=cls.to_json is not Model.to_json)
            setattr(cls, "__mainspring_adapter__", adapter)  # noqa: B010 - a cache no type checker has to know
        return adapter

    # Python

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, Model):
            return NotImplemented
        names = definition_of(type(self)).properties
        return all(getattr(self, name) == getattr(other, name) for name in names) and _extras(self) == _extras(other)

    __hash__ = None  # type: ignore[assignment]  # compared by value and mutable

    def __repr__(self) -> str:
        definition = definition_of(type(self))
        hidden, values = hidden_names(definition), vars(self)
        ids = definition.id_properties()
        names = [*ids, *(name for name in values if name not in ids)]
        shown = (f"{name}={'***' if name in hidden else repr(values[name])}" for name in names if name in values)
        return f"{type(self).__name__}({', '.join(shown)})"


class Entity(Model):
    """A model with an identity: two instances with the same id are equal."""

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Entity) or not (isinstance(self, type(other)) or isinstance(other, type(self))):
            return NotImplemented
        own = _id_key(self)
        return own is not None and own == _id_key(other)

    def __hash__(self) -> int:  # type: ignore[override]  # the base is mutable, compared by value, and says None
        own = _id_key(self)
        return object.__hash__(self) if own is None else hash(own)


class ValueObject(Model):
    """A model that is its values: immutable and hashable."""

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: {name!r} cannot be set; make a new one.")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: {name!r} cannot be deleted; make a new one.")

    def __hash__(self) -> int:  # type: ignore[override]  # the base is mutable, compared by value, and says None
        return hash((type(self), *(_hashable(getattr(self, name)) for name in definition_of(type(self)).properties)))


def _extras(instance: Model) -> dict[str, Any]:
    properties = definition_of(type(instance)).properties
    return {name: value for name, value in vars(instance).items() if name not in properties}


def _id_key(instance: Entity) -> tuple[Any, ...] | None:
    names = definition_of(type(instance)).id_properties()
    key = tuple(instance.__dict__.get(name) for name in names)
    return None if not key or None in key else key


def _hashable(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_hashable(item) for item in value)
    if isinstance(value, set | frozenset):
        return frozenset(_hashable(item) for item in value)
    if isinstance(value, Mapping):
        return frozenset((key, _hashable(item)) for key, item in value.items())
    if isinstance(value, Model) and type(value).__hash__ is None:
        return _hashable(value.to_dict())
    return value


@overload
def model(cls: M, /) -> M: ...
@overload
def model(settings: Mapping[str, Any] | None = None, /, *, name: str | None = ..., **more: Any) -> Callable[[M], M]: ...
def model(
    target: Any = None, /, *, name: str | None = None, settings: Mapping[str, Any] | None = None, **more: Any
) -> Any:
    """Name a model and give it settings; with or without parentheses.

    Args:
        target: The class, or a mapping of settings.
        name: The model's name, by default the class's.
        settings: Settings; ``more`` are merged over them.
        more: ``table, strict, hidden_properties, scope, description, title, rename, id, force_id, indexes,
            default_limit, max_limit, json_schema``; any other is kept as it is.

    Raises:
        TypeError: It decorates something that is no model class.
        ModelDefinitionError: Two properties have the same wire name.
    """
    if isinstance(target, type):
        return _decorated(target, None, {})
    given = {**(target or {}), **(settings or {}), **more}
    found = given.pop("name", None) or name
    return lambda cls: _decorated(cls, found, given)


def _decorated(cls: Any, name: str | None, settings: Mapping[str, Any]) -> Any:
    if not is_model_class(cls):
        raise TypeError(f"@model decorates a subclass of Model or Entity, not {cls!r}.")
    cls.__mainspring_name__ = name or cls.__name__
    cls.__mainspring_settings__ = dict(settings)
    for cache in ("__mainspring_built__", "__mainspring_adapter__"):
        if cache in vars(cls):
            delattr(cls, cache)
    check_wire_names(cls)
    return cls


def define_model_class(base: type[Any], definition: ModelDefinition) -> Any:
    """Make a model class at run time.

    Args:
        base: The class it derives from, a model.
        definition: Its definition; properties of the base that it lacks are added.

    Raises:
        ModelDefinitionError: The base is no model.
    """
    if not is_model_class(base):
        raise ModelDefinitionError(definition.name, None, f"the base {base!r} is no model class")
    cls: Any = type(definition.name, (base,), {"__module__": base.__module__})
    parent = definition_of(base)
    definition.properties = {**parent.properties, **definition.properties}
    definition.relations = {**parent.relations, **definition.relations}
    definition.model = cls
    definition.plans.clear()
    cls.__mainspring_name__ = definition.name
    cls.__mainspring_settings__ = dict(definition.settings)
    cls.__mainspring_built__ = definition
    _bind_definition(cls, definition)
    return cls


def _bind_definition(cls: Any, definition: ModelDefinition) -> None:
    for name, prop in definition.properties.items():
        prop.source = prop.source or cls
        if not hasattr(cls, name):
            setattr(cls, name, PropertyAccess(name))
    for name, relation in definition.relations.items():
        relation.source = relation.source or cls
        if not hasattr(cls, name):
            setattr(cls, name, RelationAccess(name, relation.targets_many))
    setattr(cls, "__match_args__", tuple(definition.properties))  # noqa: B010 - a type checker refuses the plain form
