"""An application with one REST server, to which it hands on everything about serving."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, overload

from mainspring.context import Binding, Context
from mainspring.core import Application
from mainspring.rest.component import RestComponent
from mainspring.rest.entrance import Entrance, answer
from mainspring.rest.error_handlers import ErrorHandler, error_handler_binding
from mainspring.rest.routes import AnyRoute
from mainspring.rest.server import RestServer, refusing_paths

__all__ = ["RestApplication"]

F = TypeVar("F", bound=Callable[..., Any])


class RestApplication(Application):
    """An `Application` that serves REST, and an ASGI 3 application.

    Args:
        config: The configuration; ``config["rest"]`` concerns the server.
        parent: The context above.
    """

    def __init__(self, config: Any = None, parent: Context | None = None) -> None:
        super().__init__(config, parent)
        self.entrance: Entrance | None = None
        self.component(RestComponent)

    @property
    def rest_server(self) -> RestServer:
        """The server."""
        server: RestServer = self.get_sync("servers.RestServer")
        return server

    def find_entrance(self) -> Entrance:
        """Where ASGI calls come in: at the server, which is made when it is first needed."""
        self.entrance = self.rest_server.entrance
        return self.entrance

    __call__ = answer

    get = refusing_paths(Application.get)

    # Registering

    def controller(
        self, cls: type[Any], name: str | None = None, *, namespace: str | None = None, key: Any = None
    ) -> Binding[Any]:
        """Register a controller: its operations are served by every server of the application.

        Raises:
            DuplicateRouteError: One of its operations is there already.
            PathTemplateError: A path with its base path is no template.
        """
        binding = super().controller(cls, name, namespace=namespace, key=key)
        if self.contains("servers.RestServer"):
            self.rest_server.raise_refusal(binding)
        return binding

    @overload
    def route(self, route_or_verb: AnyRoute) -> Binding[Any]: ...
    @overload
    def route(self, route_or_verb: str, path: str, spec: Any = None) -> Callable[[F], F]: ...
    @overload
    def route(self, route_or_verb: str, path: str, spec: Any, handler: Any, /, *more: Any) -> Binding[Any]: ...
    def route(self, route_or_verb: Any, path: str | None = None, spec: Any = None, *handler: Any) -> Any:
        """Register an operation; see `RestServer.route`."""
        route: Callable[..., Any] = self.rest_server.route
        return route(route_or_verb, path, spec, *handler)

    def websocket(self, path: str, handler: Callable[..., Any]) -> Binding[Any]:
        """Let a function handle the WebSocket connections to a path; see `RestServer.websocket`."""
        return self.rest_server.websocket(path, handler)

    def handler(self, function: Callable[..., Any]) -> Binding[Any]:
        """Answer every request by a function ``(context, sequence)``."""
        return self.rest_server.handler(function)

    def sequence(self, cls: type[Any]) -> Binding[Any]:
        """Use a sequence class, made for each request."""
        return self.rest_server.sequence(cls)

    def api(self, spec: Any) -> Binding[Any]:
        """Register a whole document; see `RestServer.api`."""
        return self.rest_server.api(spec)

    def redirect(self, source: str, target: str, status: int | None = None) -> Binding[Any]:
        """Answer GET on a path with a redirection."""
        return self.rest_server.redirect(source, target, status)

    def static(self, path: Any, directory: Any, options: Mapping[str, Any] | None = None) -> Binding[Any]:
        """Serve the files of a directory below a path."""
        return self.rest_server.static(path, directory, options)

    def mount_asgi(self, path: str, app: Any, spec: Mapping[str, Any] | None = None) -> Binding[Any]:
        """Let an ASGI application answer below a path what no operation does."""
        return self.rest_server.mount_asgi(path, app, spec)

    def asgi_middleware(self, cls: Any, **options: Any) -> None:
        """Wrap the whole server in an ASGI middleware class."""
        self.rest_server.asgi_middleware(cls, **options)

    def middleware(self, middleware: Any, options: Mapping[str, Any] | None = None) -> Binding[Any]:
        """Register a middleware; see `RestServer.middleware`."""
        return self.rest_server.middleware(middleware, options)

    def body_parser(self, cls: type[Any], key: Any = None) -> Binding[Any]:
        """Add a body parser, asked before the built-in ones."""
        return self.rest_server.body_parser(cls, key)

    def error_handler(self, cls: type[BaseException], function: ErrorHandler) -> Binding[Any]:
        """Answer errors of a class by ``function(context, error)``; a server's own handler of it comes first."""
        binding = error_handler_binding(cls, function)
        self.add(binding)
        return binding

    def base_path(self, path: str) -> None:
        """Serve everything below this path."""
        self.rest_server.base_path(path)

    # The document

    def spec_enhancer(self, cls: Any) -> Binding[Any]:
        """Let an object with ``modify_spec(spec)`` change the document."""
        return self.rest_server.spec_enhancer(cls)

    async def get_api_spec(self) -> dict[str, Any]:
        """The document as it is served; a copy that may be changed."""
        return await self.rest_server.get_api_spec()

    async def export_openapi_spec(self, target: str) -> None:
        """Write the document to a file, or to standard output for ``-``."""
        await self.rest_server.export_openapi_spec(target)

    def add_openapi_endpoint(self, path: str, version: str = "3.1", format: str = "json") -> Binding[Any]:
        """Serve the document at a further path."""
        return self.rest_server.add_openapi_endpoint(path, version, format)
