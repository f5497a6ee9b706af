"""Routes are constants to the container; to a reader they are the operations behind them."""

from typing import Any

from mainspring.context import Binding, BindingType
from mainspring.context.places import Place, place_of
from mainspring.rest import ControllerRoute, Route
from mainspring.rest.routes import AnyRoute

__all__ = ["controller_of_route", "place_of_route", "words_of_route"]


def _route(binding: Binding[Any]) -> AnyRoute | None:
    source = binding.source
    if source is None or source.type is not BindingType.CONSTANT or not isinstance(source.value, AnyRoute):
        return None
    return source.value


def words_of_route(binding: Binding[Any]) -> str | None:
    """What handles it, ``OrderController.all``; ``None`` for a binding of anything else."""
    route = _route(binding)
    return None if route is None else route.description


def place_of_route(binding: Binding[Any]) -> Place | None:
    """Where what handles it is written."""
    route = _route(binding)
    handler: Any = None
    if isinstance(route, ControllerRoute):
        handler = getattr(route.controller_class, route.method_name, None)
    elif isinstance(route, Route):
        handler = route.handler
    return None if handler is None else place_of(handler)


def controller_of_route(binding: Binding[Any]) -> str | None:
    """The key of the controller it asks for; ``None`` for a route without one, and for everything else."""
    route = _route(binding)
    return route.binding_key if isinstance(route, ControllerRoute) else None
