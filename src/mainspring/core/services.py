"""Services: objects with operations, found by their interface.

An interface is a class, a protocol or any hashable token. A binding provides it when its class is the interface or its
``service_interface`` tag equals it; only if there is none, when its class is a subclass of the interface.
"""

from typing import Any, TypeVar, get_origin, overload

from mainspring.context import (
    AmbiguousTypeError,
    Binding,
    BindingFilter,
    BindingKey,
    BindingTemplate,
    ContextTags,
    Injection,
    InjectionPoint,
    KeyNotBoundError,
    ResolutionError,
    create_binding_from_class,
)
from mainspring.context.declarations import own_names, static_member, templates_of
from mainspring.context.injection import EMPTY
from mainspring.context.resolving import MISSING, Run, resolve_binding
from mainspring.core.keys import CoreBindings, CoreTags

__all__ = ["as_service", "create_service_binding", "filter_by_service_interface", "service"]

T = TypeVar("T")

#: What such an annotation says fits every service, or a container of them: no interface.
_NO_INTERFACE = (object, Any, list, tuple, dict, set, frozenset, str, bytes, int, float, complex, bool, None, EMPTY)

_PROVIDER = "Provider"


def as_service(interface: Any) -> BindingTemplate:
    """The template that makes a binding a service of an interface."""

    def template(binding: Binding[Any]) -> None:
        binding.tag({ContextTags.TYPE: CoreTags.SERVICE, CoreTags.SERVICE_INTERFACE: interface})
        binding.tag(CoreTags.SERVICE, {ContextTags.NAMESPACE: CoreBindings.SERVICES})

    return template


def create_service_binding(
    cls: type[Any], *, name: str | None = None, interface: Any = None, **options: Any
) -> Binding[Any]:
    """The binding of a service class, provider or factory class, in no context yet.

    Args:
        cls: The class; of a provider's name a trailing ``Provider`` is left out.
        name: The last part of the key.
        interface: What it is found by: a class, a protocol, or any hashable token; the class itself by default.
        options: ``namespace``, ``key`` and ``default_scope`` of ``create_binding_from_class``.

    Raises:
        TypeError: It is no class.
    """
    if name is None and options.get("key") is None and _has_value(cls):
        name = _provider_name(cls)
    tagged = name is not None and isinstance(cls, type) and not own_names(cls).get("key")
    binding = create_binding_from_class(cls, type=CoreTags.SERVICE, name=name if tagged else None, **options)
    if interface is None:
        known = binding.tag_map.get(CoreTags.SERVICE_INTERFACE)
        interface = cls if known is None else known
    return binding.put_tags({CoreTags.SERVICE_INTERFACE: interface})


def _has_value(cls: Any) -> bool:
    value = static_member(cls, "value")
    return value is not None and (callable(value) or isinstance(value, staticmethod | classmethod))


def _provider_name(cls: type[Any]) -> str | None:
    tagged = Binding[Any]("probe").apply(*templates_of(cls)).tag_map.get(ContextTags.NAME)
    if tagged is not None:
        return str(tagged)
    if own_names(cls).get("name") or not cls.__name__.endswith(_PROVIDER):
        return None
    return cls.__name__.removesuffix(_PROVIDER) or None


def filter_by_service_interface(interface: Any) -> BindingFilter:
    """A filter of bindings that are the interface itself or are tagged with it."""

    def matches(binding: Binding[Any]) -> bool:
        tags = binding.tag_map
        if CoreTags.SERVICE_INTERFACE in tags:
            tagged = tags[CoreTags.SERVICE_INTERFACE]
            if tagged is interface or _equal(tagged, interface):
                return True
        return isinstance(interface, type) and binding.value_type is interface and _is_made(binding)

    return matches


def _filter_by_subclass(interface: type[Any]) -> BindingFilter:
    def matches(binding: Binding[Any]) -> bool:
        found = binding.value_type
        return _is_made(binding) and isinstance(found, type) and _is_subclass(found, interface)

    return matches


def _is_made(binding: Binding[Any]) -> bool:
    """Whether the value comes from a class, provider or factory: a constant's type says nothing about services."""
    return binding.type in ("class", "provider", "dynamic_value")


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except Exception:  # a token may compare as it likes; what cannot be compared is not equal
        return False


def _is_subclass(cls: type[Any], interface: type[Any]) -> bool:
    if getattr(interface, "_is_protocol", False):  # by declaration only, never by shape
        return interface in cls.__mro__
    try:
        return issubclass(cls, interface)
    except TypeError:
        return interface in cls.__mro__


@overload
def service(  # the union, not `type[T]` alone: that would refuse protocols and abstract classes
    interface: BindingKey[T] | type[T], *, filter: BindingFilter | None = ..., optional: bool = ...
) -> T: ...
@overload
def service(interface: Any = None, *, filter: BindingFilter | None = ..., optional: bool = ...) -> Any: ...
def service(interface: Any = None, *, filter: BindingFilter | None = None, optional: bool = False) -> Any:
    """Inject the one service that provides the interface, looked up when the value is resolved.

    Args:
        interface: A class, protocol or token; the annotated type without it.
        filter: Only bindings it accepts are considered.
        optional: Give ``None`` (or the parameter's default) when there is none.
    """

    def foresee(ctx: Any, point: InjectionPoint, session: Any) -> list[Binding[Any]]:
        wanted = interface if interface is not None else _interface_of(point, session)
        found = _candidates(ctx, wanted, filter)
        if len(found) > 1:
            raise _ambiguous(ctx, wanted, found, session)
        if not found and not optional and not point.optional:
            raise _absent(ctx, wanted, session)
        return found

    def find(ctx: Any, point: InjectionPoint, session: Any) -> Any:
        found = foresee(ctx, point, session)
        if not found:
            return MISSING
        owner = ctx.get_owner_context(found[0]) or ctx
        return Run(resolve_binding(found[0], owner, ctx, session))

    details: dict[str, Any] = {"interface": interface, "filter": filter}
    return Injection(None, optional=optional, resolve=find, decorator="service", details=details, foresee=foresee)


def _interface_of(point: InjectionPoint, session: Any) -> Any:
    wanted = point.wanted
    if (get_origin(wanted) or wanted) in _NO_INTERFACE or isinstance(wanted, TypeVar):
        raise ResolutionError(
            f"The service class of {point.target_name} cannot be inferred from its annotation: "
            "annotate the class or protocol, or write service(Interface).",
            path=session.resolution_path,
        )
    return wanted


def _candidates(ctx: Any, interface: Any, accepts: BindingFilter | None) -> list[Binding[Any]]:
    def both(matches: BindingFilter) -> BindingFilter:
        return lambda binding: matches(binding) and (accepts is None or accepts(binding))

    found: list[Binding[Any]] = ctx.find(both(filter_by_service_interface(interface)))
    if not found and isinstance(interface, type):
        found = ctx.find(both(_filter_by_subclass(interface)))
    return found


def _words(interface: Any) -> str:
    return interface.__qualname__ if isinstance(interface, type) else repr(interface)


def _absent(ctx: Any, interface: Any, session: Any) -> KeyNotBoundError:
    names = [each.name for each in ctx.chain()]
    return KeyNotBoundError(
        f"No service with the interface {_words(interface)} is bound in {' <- '.join(names)}: bind a service with that "
        "interface, app.service(cls, interface=...), or ask with optional=True.",
        key=_words(interface),
        path=session.resolution_path,
        contexts=names,
    )


def _ambiguous(ctx: Any, interface: Any, found: list[Binding[Any]], session: Any) -> AmbiguousTypeError:
    keys = [binding.key for binding in found]
    return AmbiguousTypeError(
        f"Several services provide the interface {_words(interface)}: {', '.join(keys)}. Choose one with a filter.",
        key=_words(interface),
        path=session.resolution_path,
        contexts=[each.name for each in ctx.chain()],
        candidates=keys,
    )
