"""What gives the request and its parts to whoever asks for them by key or type, anywhere below a server."""

from typing import Annotated, Any

from mainspring.context import Binding, BindingKey, Context, inject
from mainspring.rest.context import RequestContext
from mainspring.rest.errors import NoRequestError, WebSocketStateError
from mainspring.rest.keys import RestBindings
from mainspring.rest.requests import Request
from mainspring.rest.responses import Response
from mainspring.rest.websockets import SocketExchange, WebSocket, websocket_of

__all__ = ["request_bindings"]


def _nearest_context(context: Annotated[Context, inject.context()]) -> Any:
    """The request's context at or above a context.

    Raises:
        NoRequestError: There is none.
    """
    for each in context.chain():
        if isinstance(each, RequestContext):
            return each
    raise NoRequestError


def _nearest_request(context: Annotated[Context, inject.context()]) -> Any:
    """The request of the nearest request's context."""
    return _nearest_context(context).request


def _nearest_websocket(context: Annotated[Context, inject.context()]) -> Any:
    """The connection of the nearest request's context.

    Raises:
        WebSocketStateError: It is no connection's.
    """
    exchange = _nearest_context(context).exchange
    if not isinstance(exchange, SocketExchange):
        raise WebSocketStateError("be had", "the request is not one for a connection; take it in a @websocket handler")
    return websocket_of(exchange)


def _nearest_response(context: Annotated[Context, inject.context()]) -> Any:
    """The response in the making of the nearest request's context."""
    return _nearest_context(context).response


def request_bindings() -> list[Binding[Any]]:
    """What gives the request and its parts, by key or type, to whoever asks for them anywhere below a server."""
    http = RestBindings.Http
    found: list[tuple[BindingKey[Any], Any, type[Any]]] = [
        (http.CONTEXT, _nearest_context, RequestContext),
        (http.REQUEST, _nearest_request, Request),
        (http.RESPONSE, _nearest_response, Response),
        (http.WEBSOCKET, _nearest_websocket, WebSocket),
    ]
    return [Binding(key).to_dynamic_value(function).provides(kind).lock() for key, function, kind in found]
