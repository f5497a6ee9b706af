"""REST: operations from controllers and functions, over HTTP. With it come the rooms below that a program needs."""

from mainspring import core
from mainspring.core import *  # noqa: F403 - what a REST application needs of the rooms below it
from mainspring.http import Headers, HttpError, HttpErrors, ResponseHeaders
from mainspring.openapi import (
    SchemaViolation,
    Violation,
    api,
    blocking,
    components_spec,
    delete,
    deprecated,
    get,
    head,
    openapi_spec,
    operation,
    operation_spec,
    options,
    param,
    patch,
    post,
    put,
    request_body,
    response,
    tags,
    visibility,
)
from mainspring.openapi.decorators import websocket
from mainspring.openapi.dialects import json_schema_to_openapi
from mainspring.openapi.merging import merge_openapi_spec, merge_security_scheme
from mainspring.rest.actions import invoke_middleware
from mainspring.rest.application import RestApplication
from mainspring.rest.arguments import Arguments
from mainspring.rest.component import RestComponent
from mainspring.rest.context import RequestContext
from mainspring.rest.enhancers import as_spec_enhancer
from mainspring.rest.error_handlers import error_handler
from mainspring.rest.errors import ClientDisconnected, ListenError
from mainspring.rest.events import ServerSentEvent
from mainspring.rest.forms import Form
from mainspring.rest.keys import RestBindings, RestTags
from mainspring.rest.middleware import Middleware, as_middleware, compose_middleware
from mainspring.rest.parsers import (
    BodyParser,
    JsonBodyParser,
    MsgPackBodyParser,
    MultipartBodyParser,
    RawBodyParser,
    StreamBodyParser,
    TextBodyParser,
    UrlEncodedBodyParser,
)
from mainspring.rest.requests import Request
from mainspring.rest.responses import FileResponse, Response
from mainspring.rest.routers import RegexRouter, Router, TrieRouter
from mainspring.rest.routes import ControllerRoute, Route, RouteMatch
from mainspring.rest.sequences import DefaultSequence, MiddlewareSequence
from mainspring.rest.server import RestServer
from mainspring.rest.uploads import UploadFile
from mainspring.rest.websockets import WebSocket

__all__ = [
    "Arguments",
    "BodyParser",
    "ClientDisconnected",
    "ControllerRoute",
    "DefaultSequence",
    "FileResponse",
    "Form",
    "Headers",
    "HttpError",
    "HttpErrors",
    "JsonBodyParser",
    "ListenError",
    "Middleware",
    "MiddlewareSequence",
    "MsgPackBodyParser",
    "MultipartBodyParser",
    "RawBodyParser",
    "RegexRouter",
    "Request",
    "RequestContext",
    "Response",
    "ResponseHeaders",
    "RestApplication",
    "RestBindings",
    "RestComponent",
    "RestServer",
    "RestTags",
    "Route",
    "RouteMatch",
    "Router",
    "SchemaViolation",
    "ServerSentEvent",
    "StreamBodyParser",
    "TextBodyParser",
    "TrieRouter",
    "UploadFile",
    "UrlEncodedBodyParser",
    "Violation",
    "WebSocket",
    "api",
    "as_middleware",
    "as_spec_enhancer",
    "blocking",
    "components_spec",
    "compose_middleware",
    "delete",
    "deprecated",
    "error_handler",
    "get",
    "head",
    "invoke_middleware",
    "json_schema_to_openapi",
    "merge_openapi_spec",
    "merge_security_scheme",
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
    "websocket",
]
__all__ += core.__all__
