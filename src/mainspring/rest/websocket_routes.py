"""Routes of WebSocket connections: a path template with what handles the connection. Found and called as operations."""

from collections.abc import Callable
from typing import Any

from mainspring.openapi.notes import WEBSOCKET
from mainspring.rest.errors import RegistrationError
from mainspring.rest.operations import Parts
from mainspring.rest.routes import AnyRoute, ControllerRoute, Route

__all__ = ["WEBSOCKET", "ControllerWebSocketRoute", "WebSocketRoute", "check_no_body", "is_websocket"]


class WebSocketRoute(Route):
    """A path whose connections a function handles.

    Args:
        path: A path template.
        handler: The function; it takes a ``WebSocket``, and parameters as an operation does.

    Raises:
        RegistrationError: There is no handler.
        PathTemplateError: The path is no template.
    """

    verbs = (WEBSOCKET,)

    def __init__(self, path: str, handler: Callable[..., Any] | None = None) -> None:
        super().__init__(WEBSOCKET, path, None, handler)


class ControllerWebSocketRoute(ControllerRoute):
    """A path whose connections a method of a controller handles."""

    verbs = (WEBSOCKET,)

    def __init__(self, path: str, controller_class: type[Any], method_name: str) -> None:
        super().__init__(WEBSOCKET, path, None, controller_class, method_name)


def is_websocket(route: AnyRoute) -> bool:
    """Whether a route is one of connections."""
    return route.verb == WEBSOCKET


def check_no_body(parts: Parts) -> None:
    """Refuse a parameter that would be read from a body, which a handshake has none of.

    Raises:
        RegistrationError: There is one.
    """
    if parts.body is not None:
        raise RegistrationError(
            parts.description.place,
            "a parameter is read from a body, and a WebSocket connection has none; receive it as a message",
        )
