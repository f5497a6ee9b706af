"""How instances keep and read their values: what a model class is given besides its methods.

Values that are set live in the instance's ``__dict__``. An unset name reaches a descriptor of the class, which gives
the default and never does I/O.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mainspring.repository.definitions import ModelDefinition, PropertyDefinition, definition_of
from mainspring.repository.errors import ModelValidationError
from mainspring.repository.kinds import Kind, is_model_class
from mainspring.repository.reading import Declared, relation_names

__all__ = [
    "UNLOADED",
    "PropertyAccess",
    "RelationAccess",
    "admitted",
    "constructor_plan",
    "default_of",
    "describe_class",
    "has_text_target",
    "mark_unloaded",
    "mixins_of",
]

#: The slot that names what a ``fields`` filter left out.
UNLOADED = "_mainspring_unloaded"


class PropertyAccess:
    """Reads an unset property: its default. A set one is found in the instance's ``__dict__`` before this."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        prop = definition_of(type(instance)).properties.get(self.name)
        if prop is None or self.name in getattr(instance, UNLOADED, ()):
            return None
        if not prop.has_mutable_default:
            return prop.default
        return vars(instance).setdefault(self.name, default_of(prop))

    def __repr__(self) -> str:
        return f"<property {self.name}>"


class RelationAccess:
    """Reads a relation that was not included: nothing related is known, nothing is fetched."""

    def __init__(self, name: str, targets_many: bool) -> None:
        self.name, self.targets_many = name, targets_many

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        return [] if self.targets_many else None

    def __repr__(self) -> str:
        return f"<relation {self.name}>"


def default_of(prop: PropertyDefinition) -> Any:
    """The default of a property for one instance; mutable ones are made anew."""
    if prop.default_factory is not None:
        return prop.default_factory()
    return type(prop.default)(prop.default) if prop.has_mutable_default else prop.default


def mixins_of(cls: type) -> Iterable[type]:
    """Plain classes among the bases: their properties have no descriptors yet."""
    plain = (base for base in reversed(cls.__mro__) if not is_model_class(base) and base is not object)
    return (base for base in plain if base.__module__ not in ("typing", "abc"))


def describe_class(cls: Any, own: Mapping[str, Any]) -> None:
    """Give a class the descriptors of what it declares."""
    for name, declared in own.items():
        if declared.relation is None or declared.relation.has_key_property:
            setattr(cls, name, PropertyAccess(name))
    for name, targets_many in relation_names(own):
        if name not in own or not own[name].relation.has_key_property:
            setattr(cls, name, RelationAccess(name, targets_many))
    inherited = getattr(cls, "__match_args__", ())
    setattr(cls, "__match_args__", tuple(dict.fromkeys((*inherited, *own))))  # noqa: B010 - a type checker refuses the plain form


def constructor_plan(definition: ModelDefinition) -> tuple[frozenset[str], list[tuple[str, Callable[[Any], Any]]]]:
    """The names a constructor takes, and what turns mappings of nested models into instances."""
    plan: tuple[frozenset[str], list[tuple[str, Callable[[Any], Any]]]] | None = definition.plans.get("constructor")
    if plan is None:
        names = frozenset((*definition.properties, *definition.relations))
        nested = [(name, _maker(prop)) for name, prop in definition.properties.items() if _is_nested(prop)]
        plan = definition.plans["constructor"] = (names, nested)
    return plan


def _is_nested(prop: PropertyDefinition) -> bool:
    value_type = prop.value_type
    item = value_type.item
    return value_type.kind is Kind.MODEL or (
        value_type.kind is Kind.LIST and item is not None and item.kind is Kind.MODEL
    )


def _maker(prop: PropertyDefinition) -> Callable[[Any], Any]:
    value_type = prop.value_type
    if value_type.kind is Kind.MODEL:
        cls = value_type.python
        return lambda value: cls(value) if isinstance(value, Mapping) else value
    assert value_type.item is not None  # `_is_nested` has looked
    item = value_type.item.python

    def make(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return value
        return [item(each) if isinstance(each, Mapping) else each for each in value]

    return make


def admitted(definition: ModelDefinition, values: Mapping[str, Any]) -> dict[str, Any]:
    """What of the values belongs, by the model's strictness.

    Raises:
        ModelValidationError: A name does not belong, and the model is strict.
    """
    names, _ = constructor_plan(definition)
    if definition.strict is False:
        return dict(values)
    if definition.strict == "filter":
        return {name: value for name, value in values.items() if name in names}
    unknown = [name for name in values if name not in names]
    raise ModelValidationError(
        definition.name,
        [
            {
                "path": "",
                "code": "additionalProperties",
                "message": f"{name!r} is not defined in {definition.name}",
                "info": {"additionalProperty": name},
            }
            for name in unknown
        ],
    )


def mark_unloaded(instance: Any, names: Iterable[str]) -> None:
    """Note that properties were left out by a ``fields`` filter, so that they do not read as their defaults."""
    object.__setattr__(instance, UNLOADED, frozenset(names))


def has_text_target(declared: Declared) -> bool:
    """Whether the target of a relation is given as text."""
    return declared.relation is not None and isinstance(declared.relation.target, str)
