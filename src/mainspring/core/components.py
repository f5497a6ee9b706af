"""Components: classes that group contributions to an application.

Mounting creates the instance and registers what its attributes list, in this order: ``classes``, ``providers``,
``bindings``, ``controllers``, ``servers``, ``life_cycle_observers``, ``services``, ``components``; then what mixins
add.

A mixin of applications adds contributions of its own in one of two ways, both cooperative:

- ``def mount_component(self, component, binding)``: called once for each component that is really mounted; it calls
  ``super().mount_component(component, binding)`` first and then reads the instance's attributes. What it raises undoes
  the mounting. This is the hook for framework mixins.
- ``def component(self, cls, name=None, **options)``: called at each call of ``app.component``, mounted already or not;
  it gets the binding from ``super().component(...)`` and the instance from ``self.get_sync(binding.key)``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from mainspring.context import Binding, BindingKey, BindingType, create_binding_from_class

__all__ = ["Component", "contributed_classes", "mount_contributions"]


class Component(Protocol):
    """A group of contributions; every attribute is optional, on the class or set in ``__init__``.

    ``classes`` and ``providers``: mappings of key to class. ``bindings``: ``Binding`` objects. ``controllers``,
    ``services``, ``life_cycle_observers``, ``components``: classes. ``servers``: names to classes, or a list.
    With the mixins they belong to: ``booters``, ``models``, ``repositories``, ``datasources``, ``service_providers``.
    A component with ``init``, ``start`` or ``stop`` is a life cycle observer as well.

    Nothing has to inherit from it, and inheriting from it adds no behaviour.
    """


def mount_contributions(app: Any, component: Any) -> None:
    """Register what the attributes of a component list.

    Raises:
        TypeError: An attribute has the wrong shape; component, attribute and entry are named.
    """
    for key, cls in _mapping(component, "classes"):
        app.add(create_binding_from_class(cls, key=key))
    for key, cls in _mapping(component, "providers"):
        app.add(_provider_binding(component, key, cls))
    for binding in _iterable(component, "bindings"):
        if not isinstance(binding, Binding):
            raise _wrong(component, "bindings", binding, "not a Binding")
        app.add(binding)
    for cls in contributed_classes(component, "controllers"):
        app.controller(cls)
    for name, cls in _servers(component):
        app.server(cls, name)
    _each(component, "life_cycle_observers", app.life_cycle_observer)
    _each(component, "services", app.service)
    _each(component, "components", app.component)


def contributed_classes(component: Any, attribute: str) -> Iterator[type[Any]]:
    """The classes an attribute of a component lists; none when it is missing or ``None``.

    Raises:
        TypeError: It is not iterable, or an entry is no class.
    """
    for cls in _iterable(component, attribute):
        if not isinstance(cls, type):
            raise _wrong(component, attribute, cls, "not a class")
        yield cls


def _each(component: Any, attribute: str, register: Callable[[type[Any]], Any]) -> None:
    for cls in contributed_classes(component, attribute):
        register(cls)


def _provider_binding(component: Any, key: Any, cls: type[Any]) -> Binding[Any]:
    binding = create_binding_from_class(cls, key=key)
    if binding.type is BindingType.CLASS:
        raise _wrong(component, "providers", cls, "a class without a method `value`")
    return binding


def _servers(component: Any) -> Iterator[tuple[str | None, type[Any]]]:
    servers = getattr(component, "servers", None)
    if isinstance(servers, Mapping):
        yield from _mapping(component, "servers")
    else:
        for cls in contributed_classes(component, "servers"):
            yield None, cls


def _mapping(component: Any, attribute: str) -> Iterator[tuple[Any, type[Any]]]:
    value = getattr(component, attribute, None)
    if value is None:
        return
    if not isinstance(value, Mapping):
        raise _wrong(component, attribute, value, "not a mapping of keys to classes")
    for key, cls in value.items():
        if not isinstance(key, str | BindingKey):
            raise _wrong(component, attribute, key, "not a key")
        if not isinstance(cls, type):
            raise _wrong(component, attribute, cls, f"under {str(key)!r}, not a class")
        yield key, cls


def _iterable(component: Any, attribute: str) -> Iterator[Any]:
    value = getattr(component, attribute, None)
    if value is None:
        return
    if not isinstance(value, Iterable) or isinstance(value, str | bytes | Mapping):
        raise _wrong(component, attribute, value, "not an iterable")
    yield from value


def _wrong(component: Any, attribute: str, entry: Any, what: str) -> TypeError:
    return TypeError(f"Component {type(component).__qualname__}: `{attribute}` has {entry!r}, {what}.")
