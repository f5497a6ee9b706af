"""A model's own checks: what keywords of JSON Schema cannot say, most of it about several properties together."""

from collections.abc import Callable, Mapping
from inspect import isfunction
from typing import Any, NamedTuple, TypeVar

from mainspring.openapi.errors import Violation
from mainspring.repository.definitions import ModelDefinition
from mainspring.repository.errors import ModelDefinitionError
from mainspring.repository.violations import pointer

__all__ = ["own_violations", "validates"]

F = TypeVar("F", bound=Callable[[Any], None])

_MARK = "__mainspring_validates__"
_PLAN = "own checks"


def validates(*names: str) -> Callable[[F], F]:
    """Make a method of a model a check; it raises ``ValueError`` in words for people if the values do not fit.

    It is called with an instance wherever data enter: from JSON, and in a repository before they are written. Without
    names it is called for whole objects in which everything else fits; with names, whenever each of these properties
    fits by itself and is not ``None``, also when others are missing, as in a ``PATCH``.

    Args:
        names: The properties that it looks at. The violation is at the one that is named, else at the object.
    """

    def decorate(method: F) -> F:
        setattr(method, _MARK, names)
        return method

    return decorate


class _OwnCheck(NamedTuple):
    method: Callable[[Any], None]
    names: tuple[str, ...]
    path: str
    info: dict[str, Any]


def own_violations(definition: ModelDefinition, values: Mapping[str, Any], *, is_whole: bool) -> list[Violation]:
    """What a model's own checks say of converted values.

    Args:
        definition: The model's definition.
        values: The values that fit by themselves, by attribute name.
        is_whole: Whether this is a whole object, and nothing else is wrong with it.

    Raises:
        ModelDefinitionError: A check names something that is no property.
        Exception: What a check raises, unless it is a ``ValueError``.
    """
    checks: list[_OwnCheck] | None = definition.plans.get(_PLAN)
    if checks is None:
        checks = definition.plans[_PLAN] = _checks_of(definition)
    if not checks:
        return []
    instance = object.__new__(definition.model)
    instance.__dict__.update(values)
    found = []
    for check in checks:
        if not (all(values.get(name) is not None for name in check.names) if check.names else is_whole):
            continue
        try:
            check.method(instance)
        except ValueError as error:
            found.append(Violation(check.path, "value_error", str(error), check.info))
    return found


def _checks_of(definition: ModelDefinition) -> list[_OwnCheck]:
    """The checks of a class and its bases; an override without the decorator keeps what it overrides a check."""
    marked: dict[str, tuple[str, ...]] = {}
    for klass in reversed(getattr(definition.model, "__mro__", ())):
        for name, member in vars(klass).items():
            if isfunction(member) and hasattr(member, _MARK):
                marked[name] = getattr(member, _MARK)
    return [_check(definition, getattr(definition.model, name), names) for name, names in marked.items()]


def _check(definition: ModelDefinition, method: Callable[[Any], None], names: tuple[str, ...]) -> _OwnCheck:
    for name in names:
        if name not in definition.properties:
            raise ModelDefinitionError(definition.name, name, f"{method.__name__} validates it, but it is no property")
    wire = [definition.properties[name].wire_name for name in names]
    # `custom`: the message is a whole sentence.
    info: dict[str, Any] = {"custom": True, **({"properties": wire} if len(wire) > 1 else {})}
    return _OwnCheck(method, names, pointer(wire[0]) if len(wire) == 1 else "", info)
