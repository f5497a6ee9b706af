"""A server as one class with hooks, settings and mounted folders, on the same application, container and REST.

What a loader application needs of the rooms below is here as well, as the same objects.
"""

from mainspring.core import (
    BindingKey,
    BindingScope,
    Context,
    Getter,
    InvalidStateError,
    Next,
    config,
    inject,
    injectable,
    intercept,
    life_cycle_observer,
    load_config,
    service,
)
from mainspring.core.errors import (
    HarnessClosedError,
)
from mainspring.loader.accept_mimes import (
    GlobalAcceptMimes,
    accept_mimes,
)
from mainspring.loader.answers import (
    content_type,
    header,
    location,
    redirect_to,
    status,
)
from mainspring.loader.body_parser import (
    body_parser,
)
from mainspring.loader.cookies import (
    cookie_parser,
)
from mainspring.loader.decorators import (
    controller,
    override,
    server_settings,
)
from mainspring.loader.error_handler import (
    GlobalErrorHandler,
)
from mainspring.loader.errors import (
    LoaderSettingError,
    MountError,
    PlaceholderError,
    SettingTypeError,
    StartTimeoutError,
)
from mainspring.loader.harness import (
    harness,
)
from mainspring.loader.markers import (
    body_params,
    cookie_params,
    header_params,
    path_params,
    query_params,
    session_params,
)
from mainspring.loader.method_override import (
    method_override,
)
from mainspring.loader.rendering import (
    render,
)
from mainspring.loader.server import (
    ServerLoader,
)
from mainspring.loader.server_options import (
    compression,
)
from mainspring.loader.sessions import (
    MemoryStore,
    session,
)
from mainspring.loader.settings import (
    ServerSettings,
)
from mainspring.loader.stage_decorators import (
    middleware,
    use,
    use_after,
    use_auth,
    use_before,
)
from mainspring.rest import (
    FileResponse,
    HttpError,
    HttpErrors,
    Request,
    RequestContext,
    Response,
    ServerSentEvent,
    UploadFile,
    WebSocket,
    api,
    blocking,
    delete,
    deprecated,
    get,
    head,
    operation,
    options,
    param,
    patch,
    post,
    put,
    request_body,
    response,
    tags,
    visibility,
    websocket,
)

__all__ = [
    "BindingKey",
    "BindingScope",
    "Context",
    "FileResponse",
    "Getter",
    "GlobalAcceptMimes",
    "GlobalErrorHandler",
    "HarnessClosedError",
    "HttpError",
    "HttpErrors",
    "InvalidStateError",
    "LoaderSettingError",
    "MemoryStore",
    "MountError",
    "Next",
    "PlaceholderError",
    "Request",
    "RequestContext",
    "Response",
    "ServerLoader",
    "ServerSentEvent",
    "ServerSettings",
    "SettingTypeError",
    "StartTimeoutError",
    "UploadFile",
    "WebSocket",
    "accept_mimes",
    "api",
    "blocking",
    "body_params",
    "body_parser",
    "compression",
    "config",
    "content_type",
    "controller",
    "cookie_params",
    "cookie_parser",
    "delete",
    "deprecated",
    "get",
    "harness",
    "head",
    "header",
    "header_params",
    "inject",
    "injectable",
    "intercept",
    "life_cycle_observer",
    "load_config",
    "location",
    "method_override",
    "middleware",
    "operation",
    "options",
    "override",
    "param",
    "patch",
    "path_params",
    "post",
    "put",
    "query_params",
    "redirect_to",
    "render",
    "request_body",
    "response",
    "server_settings",
    "service",
    "session",
    "session_params",
    "status",
    "tags",
    "use",
    "use_after",
    "use_auth",
    "use_before",
    "visibility",
    "websocket",
]
