"""Whether making a value could see anything of the request it is made for. When in doubt, it could.

A controller that could not is made from the server's context, and its request needs no context of its own.
"""

import functools
from collections.abc import Callable
from inspect import getattr_static
from typing import Any, ParamSpec

from mainspring.context import Binding, BindingScope, BindingType, ContextError
from mainspring.context.injection import InjectionPoint
from mainspring.context.resolving import address_of, locate
from mainspring.context.signatures import class_spec, method_spec

__all__ = ["depends_on_request", "given_depends", "point_depends"]

#: Values in these scopes are made and kept by contexts above the request's, whoever asks.
_ABOVE = (BindingScope.SINGLETON, BindingScope.APPLICATION, BindingScope.SERVER)


P = ParamSpec("P")


def _in_doubt(function: Callable[P, bool]) -> Callable[P, bool]:
    """True of what cannot be made at all: who asks for it is told why, and it is not for us to say so."""

    @functools.wraps(function)
    def asked(*args: P.args, **kwargs: P.kwargs) -> bool:
        try:
            return function(*args, **kwargs)
        except ContextError:
            return True

    return asked


@_in_doubt
def depends_on_request(server: Any, key: Any) -> bool:
    """Whether the value of a key may depend on the request that asks for it.

    Args:
        server: The server's context; what is bound in it or above is looked at.
        key: Text, ``BindingKey`` or class.
    """
    return _key_depends(server, key, set())


@_in_doubt
def point_depends(server: Any, point: InjectionPoint) -> bool:
    """The same of what a parameter is injected with."""
    return _point_depends(server, point, set())


@_in_doubt
def given_depends(server: Any, binding: Binding[Any] | None) -> bool:
    """The same of what a binding gives to be used but not kept: then it may come from a provider, too."""
    if binding is None or binding.source is None:
        return True  # perhaps the request's context will have it
    source = binding.source
    if source.type is not BindingType.PROVIDER or source.call is None or binding.scope is not BindingScope.TRANSIENT:
        return _binding_depends(server, binding, {binding.key})
    if source.flavour != "plain":  # it cleans up after itself, which is the request's end
        return True
    has_self = not isinstance(getattr_static(source.value, "value"), staticmethod | classmethod)
    points = method_spec(source.value, "value", source.call).points[has_self:]
    seen = {binding.key}
    return _class_depends(server, source.value, seen) or any(_point_depends(server, point, seen) for point in points)


def _key_depends(server: Any, key: Any, seen: set[str]) -> bool:
    address, _ = address_of(key)
    found = locate(server, address)
    if found is None:
        return True  # perhaps the request's context will have it
    binding: Binding[Any] = found[0]
    if binding.key in seen:
        return True
    return _binding_depends(server, binding, {*seen, binding.key})


def _binding_depends(server: Any, binding: Binding[Any], seen: set[str]) -> bool:
    source = binding.source
    if source is None:
        return True
    if source.type is BindingType.CONSTANT or binding.scope in _ABOVE:
        return False
    if binding.scope is not BindingScope.TRANSIENT:
        return True
    if source.type is BindingType.ALIAS:
        return _key_depends(server, source.key if source.key is not None else source.value, seen)
    if source.type is not BindingType.CLASS:  # a factory may clean up after itself, which is the request's end
        return True
    return _class_depends(server, source.value, seen)


def _class_depends(server: Any, cls: type[Any], seen: set[str]) -> bool:
    spec = class_spec(cls)
    return any(_point_depends(server, point, seen) for point in (*spec.constructor.points, *spec.properties))


def _point_depends(server: Any, point: InjectionPoint, seen: set[str]) -> bool:
    marker = point.marker
    if marker is not None and (marker.resolve is not None or marker.as_proxy):
        return True
    if marker is not None and marker.key is not None:
        return _key_depends(server, marker.key, seen)
    wanted = point.wanted
    return not isinstance(wanted, type) or _key_depends(server, wanted, seen)
