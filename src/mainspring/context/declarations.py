"""What ``@injectable`` wrote on a class, and which kind of source a class is by its shape."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from mainspring.context import sources
from mainspring.context.sources import BindingSource
from mainspring.metadata import define_metadata
from mainspring.metadata.plain import own_value

__all__ = ["NAMING", "add_templates", "names_of", "own_names", "source_by_shape", "static_member", "templates_of"]

TEMPLATES = "mainspring.context:templates"
NAMING = "mainspring.context:naming"

Template = Callable[[Any], Any]

_NO_TEMPLATES: tuple[Template, ...] = ()
_NO_NAMES: Mapping[str, Any] = {}


def add_templates(cls: type[Any], templates: tuple[Template, ...]) -> None:
    """Record templates on the class; those applied later run later, so that outer decorators win."""
    own: tuple[Template, ...] = own_value(TEMPLATES, cls, ())
    define_metadata(TEMPLATES, (*own, *templates), cls)


def templates_of(cls: type[Any]) -> tuple[Template, ...]:
    """The templates of the class and of its bases, bases first, so that its own values win; errors name the class."""
    found: list[Template] = []
    for klass in cls.__mro__[-2::-1]:  # `object` takes no metadata
        found += own_value(TEMPLATES, klass, _NO_TEMPLATES)
    return tuple([_noted(template, cls) for template in found]) if found else _NO_TEMPLATES


def _noted(template: Template, cls: type[Any]) -> Template:
    def apply(binding: Any) -> Any:
        try:
            return template(binding)
        except Exception as error:
            error.add_note(f"in a binding template of class {cls.__qualname__}")
            raise

    return apply


def own_names(cls: type[Any]) -> dict[str, Any]:
    """``key``, ``name`` and ``namespace`` that ``@injectable`` gave to this very class."""
    return dict(own_value(NAMING, cls, _NO_NAMES))


def names_of(cls: type[Any]) -> dict[str, Any]:
    """``key`` and ``name`` of this very class; the ``namespace`` is inherited, for it names no single class."""
    names = own_names(cls)
    bases = cls.__mro__[1:-1]
    if bases and not names.get("namespace"):
        names["namespace"] = next(filter(None, map(_own_namespace, bases)), None)
    return names


def _own_namespace(cls: type[Any]) -> str | None:
    return own_names(cls).get("namespace")


def static_member(cls: Any, name: str) -> Any:
    """What a class has under a name, not bound to anything; ``None`` without it, and of what is no class."""
    if type(cls) is not type:
        return inspect.getattr_static(cls, name, None)
    # `getattr_static` looks into a metaclass as well and costs as much as the rest of a binding.
    for klass in cls.__mro__:
        if name in klass.__dict__:
            return klass.__dict__[name]
    return None


def source_by_shape(cls: Any) -> BindingSource:
    """A factory class has a static or class method ``value``, a provider an instance method, else it is a class.

    Raises:
        TypeError: It is no class.
    """
    if not sources.is_class(cls):
        raise TypeError(f"A class is expected, not {cls!r}.")
    value = static_member(cls, "value")
    if value is None:
        return sources.of_class(cls)
    if isinstance(value, staticmethod | classmethod):
        return sources.dynamic_value(cls)
    if inspect.isfunction(value) or (
        callable(value) and hasattr(type(value), "__get__") and not isinstance(value, type)
    ):
        return sources.provider(cls)
    return sources.of_class(cls)
