"""REST: operations from controllers and functions, over HTTP. With it come the rooms below that a program needs."""

# The names are made by __getattr__; what they are to a type checker is in __init__.pyi.
# pyright: reportUnsupportedDunderAll=false

from mainspring import core
from mainspring.lazy import lazy_names

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "mainspring.core": core.__all__,
        "mainspring.http": (
            "Headers",
            "HttpError",
            "HttpErrors",
            "ResponseHeaders",
        ),
        "mainspring.openapi": (
            "SchemaViolation",
            "Violation",
            "api",
            "blocking",
            "components_spec",
            "delete",
            "deprecated",
            "get",
            "head",
            "openapi_spec",
            "operation",
            "operation_spec",
            "options",
            "param",
            "patch",
            "post",
            "put",
            "request_body",
            "response",
            "tags",
            "visibility",
        ),
        "mainspring.openapi.decorators": ("websocket",),
        "mainspring.openapi.dialects": ("json_schema_to_openapi",),
        "mainspring.openapi.merging": (
            "merge_openapi_spec",
            "merge_security_scheme",
        ),
        "mainspring.rest.actions": ("invoke_middleware",),
        "mainspring.rest.application": ("RestApplication",),
        "mainspring.rest.arguments": ("Arguments",),
        "mainspring.rest.component": ("RestComponent",),
        "mainspring.rest.context": ("RequestContext",),
        "mainspring.rest.enhancers": ("as_spec_enhancer",),
        "mainspring.rest.error_handlers": ("error_handler",),
        "mainspring.rest.errors": (
            "ClientDisconnected",
            "ListenError",
        ),
        "mainspring.rest.events": ("ServerSentEvent",),
        "mainspring.rest.forms": ("Form",),
        "mainspring.rest.keys": (
            "RestBindings",
            "RestTags",
        ),
        "mainspring.rest.middleware": (
            "Middleware",
            "as_middleware",
            "compose_middleware",
        ),
        "mainspring.rest.parsers": (
            "BodyParser",
            "JsonBodyParser",
            "MsgPackBodyParser",
            "MultipartBodyParser",
            "RawBodyParser",
            "StreamBodyParser",
            "TextBodyParser",
            "UrlEncodedBodyParser",
        ),
        "mainspring.rest.requests": ("Request",),
        "mainspring.rest.responses": (
            "FileResponse",
            "Response",
        ),
        "mainspring.rest.routers": (
            "RegexRouter",
            "Router",
            "TrieRouter",
        ),
        "mainspring.rest.routes": (
            "ControllerRoute",
            "Route",
            "RouteMatch",
        ),
        "mainspring.rest.sequences": (
            "DefaultSequence",
            "MiddlewareSequence",
        ),
        "mainspring.rest.server": ("RestServer",),
        "mainspring.rest.uploads": ("UploadFile",),
        "mainspring.rest.websockets": ("WebSocket",),
    },
)
