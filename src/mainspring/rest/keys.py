"""Keys, namespaces and tags of the room: what programs bind, inject and look for. Values are part of the behaviour."""

import re
from typing import Any

from mainspring.context import BindingKey

__all__ = ["RestBindings", "RestTags", "route_key"]


class _Http:
    """Keys of one request."""

    #: The context of the request; also found by the type ``RequestContext``.
    CONTEXT: BindingKey[Any] = BindingKey("rest.http.request.context")
    #: The request; also found by the type ``Request``.
    REQUEST: BindingKey[Any] = BindingKey("rest.http.request")
    #: The response in the making; also found by the type ``Response``.
    RESPONSE: BindingKey[Any] = BindingKey("rest.http.response")
    #: The connection; also found by the type ``WebSocket``.
    WEBSOCKET: BindingKey[Any] = BindingKey("rest.http.websocket")


class _SequenceActions:
    """Keys of the steps of a request; a function bound at one of them replaces the step."""

    INVOKE_MIDDLEWARE: BindingKey[Any] = BindingKey("rest.sequence.actions.invoke_middleware")
    FIND_ROUTE: BindingKey[Any] = BindingKey("rest.sequence.actions.find_route")
    PARSE_PARAMS: BindingKey[Any] = BindingKey("rest.sequence.actions.parse_params")
    INVOKE_METHOD: BindingKey[Any] = BindingKey("rest.sequence.actions.invoke_method")
    SEND: BindingKey[Any] = BindingKey("rest.sequence.actions.send")
    REJECT: BindingKey[Any] = BindingKey("rest.sequence.actions.reject")
    LOG_ERROR: BindingKey[Any] = BindingKey("rest.sequence.actions.log_error")


class RestBindings:
    """Typed keys of a REST server. Every setting of the ``rest`` section has one, named as the setting."""

    CONFIG: BindingKey[Any] = BindingKey("rest.config")
    #: What listens: ``mainspring``, its own listener, or an ASGI server: ``uvicorn``, ``hypercorn``, ``granian``.
    SERVER: BindingKey[str] = BindingKey("rest.server")
    HOST: BindingKey[str | None] = BindingKey("rest.host")
    PORT: BindingKey[int] = BindingKey("rest.port")
    PATH: BindingKey[str] = BindingKey("rest.path")
    PROTOCOL: BindingKey[str] = BindingKey("rest.protocol")
    SSL: BindingKey[Any] = BindingKey("rest.ssl")
    #: The same key by its longer name.
    HTTPS_OPTIONS: BindingKey[Any] = SSL
    BASE_PATH: BindingKey[str] = BindingKey("rest.base_path")
    #: The URL while the server listens.
    URL: BindingKey[str] = BindingKey("rest.url")
    LISTEN_ON_START: BindingKey[bool] = BindingKey("rest.listen_on_start")
    GRACE_PERIOD: BindingKey[float | None] = BindingKey("rest.grace_period")
    KEEP_ALIVE_TIMEOUT: BindingKey[float] = BindingKey("rest.keep_alive_timeout")
    HEADERS_TIMEOUT: BindingKey[float] = BindingKey("rest.headers_timeout")
    MAX_HEADERS: BindingKey[int] = BindingKey("rest.max_headers")
    MAX_CONNECTIONS: BindingKey[int | None] = BindingKey("rest.max_connections")
    #: Whether other processes may listen on the same port, which shares connections out among them.
    REUSE_PORT: BindingKey[bool] = BindingKey("rest.reuse_port")
    PROXY_PROTOCOL: BindingKey[bool] = BindingKey("rest.proxy_protocol")
    ACCESS_LOG: BindingKey[bool] = BindingKey("rest.access_log")
    REQUEST_TIMEOUT: BindingKey[float | None] = BindingKey("rest.request_timeout")
    CANCEL_ON_DISCONNECT: BindingKey[bool] = BindingKey("rest.cancel_on_disconnect")
    CORS: BindingKey[Any] = BindingKey("rest.cors")
    COMPRESSION: BindingKey[Any] = BindingKey("rest.compression")
    OPENAPI: BindingKey[Any] = BindingKey("rest.openapi")
    EXPLORER: BindingKey[Any] = BindingKey("rest.explorer")
    TRUSTED_PROXIES: BindingKey[Any] = BindingKey("rest.trusted_proxies")
    ALLOWED_HOSTS: BindingKey[Any] = BindingKey("rest.allowed_hosts")
    REQUEST_ID: BindingKey[Any] = BindingKey("rest.request_id")
    ERROR_FORMAT: BindingKey[str] = BindingKey("rest.error_format")
    VERSIONING: BindingKey[Any] = BindingKey("rest.versioning")
    VALIDATION: BindingKey[Any] = BindingKey("rest.validation")
    VALIDATE_RESPONSES: BindingKey[bool] = BindingKey("rest.validate_responses")
    SSE_PING: BindingKey[float] = BindingKey("rest.sse_ping")
    WS_MAX_SIZE: BindingKey[int] = BindingKey("rest.ws_max_size")
    #: The router: a class with ``add``, ``find`` and ``list``, or an instance, which a server copies to fill it.
    ROUTER: BindingKey[Any] = BindingKey("rest.router")
    ROUTER_OPTIONS: BindingKey[Any] = BindingKey("rest.router.options")
    #: The sequence class.
    SEQUENCE: BindingKey[Any] = BindingKey("rest.sequence")
    #: A function ``(context, sequence)`` that answers every request.
    HANDLER: BindingKey[Any] = BindingKey("rest.handler")
    #: The document given to ``api(spec)``.
    API_SPEC: BindingKey[Any] = BindingKey("rest.api_spec")
    #: The operation object of the matched operation.
    OPERATION_SPEC_CURRENT: BindingKey[Any] = BindingKey("rest.operation_spec.current")
    #: A function of a route that gives what runs around its operation, ``async fn(context, proceed)``, or ``None``.
    AROUND: BindingKey[Any] = BindingKey("rest.around")
    #: ``fn(context, error)`` that is asked first about every error: it gives a result to send, or raises what goes on.
    RECOVERY: BindingKey[Any] = BindingKey("rest.recovery")
    #: ``fn(context, error)`` that is asked last, in the place of the framework's own answer.
    LAST_ERROR_HANDLER: BindingKey[Any] = BindingKey("rest.last_error_handler")
    ERROR_WRITER_OPTIONS: BindingKey[Any] = BindingKey("rest.error_writer_options")
    REQUEST_BODY_PARSER: BindingKey[Any] = BindingKey("rest.request_body_parser")
    REQUEST_BODY_PARSER_OPTIONS: BindingKey[Any] = BindingKey("rest.request_body_parser.options")

    Http = _Http
    SequenceActions = _SequenceActions

    ROUTES = "routes"
    MIDDLEWARE = "middleware"
    BODY_PARSERS = "request.body_parser"
    SPEC_ENHANCERS = "spec_enhancers"


class RestTags:
    """Names of tags by which the parts of a server are found."""

    REST_ROUTE = "rest_route"
    ROUTE_VERB = "rest_route_verb"
    ROUTE_PATH = "rest_route_path"
    CONTROLLER_ROUTE = "controller_route"
    #: The key of the controller binding a controller route comes from.
    CONTROLLER_BINDING = "controller_binding"
    MIDDLEWARE = "middleware"
    MIDDLEWARE_CHAIN = "chain"
    GROUP = "group"
    UPSTREAM_GROUPS = "upstream_groups"
    DOWNSTREAM_GROUPS = "downstream_groups"
    BODY_PARSER = "body_parser"
    SPEC_ENHANCER = "spec_enhancer"
    ERROR_HANDLER = "error_handler"
    STATIC = "rest_static"
    MOUNT = "rest_mount"
    WEBSOCKET_ROUTE = "websocket_route"
    #: On a controller that is routed by whoever bound it, perhaps at several places.
    MOUNTED = "rest_mounted"


_NOT_PLAIN = re.compile(r"[^a-zA-Z0-9_-]+")


def route_key(verb: str, path: str) -> str:
    """The key of the binding of a route, ``routes.get %2Fgreet%2Ejson``."""
    encoded = _NOT_PLAIN.sub(_encoded, path)
    return f"{RestBindings.ROUTES}.{verb.lower()} {encoded}"


def _encoded(found: re.Match[str]) -> str:
    return "".join([f"%{byte:02X}" for byte in found[0].encode()])
