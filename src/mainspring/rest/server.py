"""A REST server: a context of its own under the application. Here is what can be registered with it, and its life.

Everything registered is a binding in its context, so it can be found, replaced and taken away as any other. What is
served at a moment is in its plan; how a request goes is in the pipeline.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar, overload

from mainspring.context import Binding, BindingKey, BindingScope, Context, config, create_binding_from_class
from mainspring.core import Application, CoreTags
from mainspring.core.refusals import is_noting_refusals
from mainspring.core.settings import effective_section
from mainspring.rest.document import ServerDocument
from mainspring.rest.document_endpoints import DocumentEndpoint
from mainspring.rest.entrance import Entrance, answer
from mainspring.rest.error_handlers import ErrorHandler, error_handler_binding
from mainspring.rest.errors import BasePathError, RegistrationError
from mainspring.rest.keys import RestBindings, RestTags
from mainspring.rest.lanes import Lane
from mainspring.rest.middleware import middleware_binding
from mainspring.rest.mounts import Mount
from mainspring.rest.planning import Planning
from mainspring.rest.registering import RouteRegistry
from mainspring.rest.request_bindings import request_bindings
from mainspring.rest.routes import AnyRoute, Route, route_handled_by
from mainspring.rest.serving import Serving
from mainspring.rest.settings import SETTING_KEYS, SETTING_TYPES, as_options, base_path_of, check_settings
from mainspring.rest.statics import static_mount
from mainspring.rest.websocket_routes import WebSocketRoute
from mainspring.rest.wrapping import Wrappers

__all__ = ["RestServer", "refusing_paths"]

F = TypeVar("F", bound=Callable[..., Any])


def refusing_paths(get: F) -> F:
    """``get`` of a context, refusing the paths that ``@app.get("/x")`` would hand to it."""

    @functools.wraps(get)
    def guarded(self: Any, key: Any, **options: Any) -> Any:
        if isinstance(key, str) and key.startswith("/"):
            raise TypeError(
                f"{type(self).__name__}.get({key!r}) is the container's get, no decorator of routes: "
                f'write @app.route("get", {key!r}) on a function, or @get({key!r}) on a controller method.'
            )
        return get(self, key, **options)

    return guarded  # type: ignore[return-value]  # it takes and gives what `get` does


class RestServer(Context):
    """A server of operations over HTTP; an ASGI 3 application and a server of an `Application`.

    Args:
        app: The application; its controllers are served.
        config: Settings, key by key over ``config["rest"]`` of the application.

    Attributes:
        config: The settings it was made with.
        entrance: Where ASGI calls come in.

    Raises:
        SettingError: A setting is impossible.
    """

    def __init__(self, app: Application, config: Annotated[Any, config()] = None) -> None:
        super().__init__(app, scope=BindingScope.SERVER)
        self.app = app
        section = effective_section(app.options, "rest", SETTING_TYPES)
        self.config: dict[str, Any] = {**section, **as_options(config, "*")}
        check_settings(self.config)
        self._bind_own()
        self.document = ServerDocument(self)
        self.planning = Planning(self)
        self.registry = RouteRegistry(self)
        self.serving = Serving(self)
        self._has_served = False
        self._wrappers = Wrappers(self._wrap_entrance)
        self.entrance = self._inmost = Entrance(self)
        self.registry.sync()
        self.on("bind", self._follow).on("unbind", self._follow)

    def _bind_own(self) -> None:
        self.bind(RestBindings.CONFIG).to(self.config)
        for name, value in self.config.items():
            key = SETTING_KEYS.get(name)
            if key is not None:
                binding = self.bind(key)
                binding.to_class(value) if name == "sequence" else binding.to(value)
        for binding in request_bindings():
            self.add(binding)

    def _follow(self, event: Any) -> None:
        tags = event.binding.tag_map
        if CoreTags.CONTROLLER not in tags or RestTags.MOUNTED in tags:
            return
        if event.type == "bind":
            self.registry.sync_one(event.binding)
        else:
            self.registry.sync()

    get = refusing_paths(Context.get)

    def find(self, pattern_or_filter: Any = None) -> list[Binding[Any]]:
        """The bindings that match; the routes of controllers bound until now are among them."""
        self.registry.sync()
        return super().find(pattern_or_filter)

    # As an ASGI application

    __call__ = answer

    def begin_serving(self, plan: Any) -> None:
        """A request has come: the base path is fixed from now on, and those to come have a lane if there can be one."""
        self._has_served = True
        self._inmost.open_lane(plan)

    @property
    def lane(self) -> Lane | None:
        """The way of most requests, while there is one."""
        lane = self._inmost.lane
        return lane if isinstance(lane, Lane) else None

    def close_lane(self) -> None:
        """Look at each request that comes, one by one."""
        self._inmost.close_lane()

    def asgi_middleware(self, cls: Any, **options: Any) -> None:
        """Wrap the whole server in an ASGI middleware class; the first one registered is the outermost.

        Raises:
            RegistrationError: The server has started.
        """
        if self.serving.is_started:
            name = getattr(cls, "__name__", cls)
            raise RegistrationError(f"asgi_middleware({name})", "the server has started; register it before")
        self.wrap(cls, options)

    def wrap(self, cls: Any, options: Mapping[str, Any]) -> Callable[[], None]:
        """The same at any time, for requests that come from then on; gives what takes the class away again."""
        return self._wrappers.add(cls, options)

    def _wrap_entrance(self) -> None:
        if self.entrance is self._inmost:
            self._inmost = Entrance(self)
        self.entrance.outer = self._wrappers.around(self._inmost)
        self.entrance.close_lane()

    # Life

    async def start(self) -> None:
        """Listen, unless ``listen_on_start`` is false.

        Raises:
            OSError: The address cannot be listened on; it is named.
            ValueError: A setting is impossible, or an operation cannot be served.
        """
        await self.serving.start()

    async def stop(self) -> None:
        """Stop listening; requests in flight finish within the grace period."""
        await self.serving.stop()

    @property
    def listening(self) -> bool:
        """Whether connections are accepted."""
        return self.serving.listening

    @property
    def address(self) -> Any:
        """The bound address while listening."""
        return self.serving.address

    @property
    def host(self) -> str | None:
        """The host; ``None`` on a Unix socket."""
        return self.serving.host

    @property
    def port(self) -> int:
        """The port: the one taken while listening, else the one wished for."""
        return self.serving.port

    @property
    def url(self) -> str | None:
        """The URL of the application while listening."""
        return self.serving.url

    @property
    def root_url(self) -> str | None:
        """The same without the base path."""
        return self.serving.root_url

    # Routes

    @overload
    def route(self, route_or_verb: AnyRoute) -> Binding[Any]: ...
    @overload
    def route(self, route_or_verb: str, path: str, spec: Any = None) -> Callable[[F], F]: ...
    @overload
    def route(self, route_or_verb: str, path: str, spec: Any, handler: Any, /, *more: Any) -> Binding[Any]: ...
    def route(self, route_or_verb: Any, path: str | None = None, spec: Any = None, *handler: Any) -> Any:
        """Register an operation.

        Args:
            route_or_verb: A ready route; or the verb, in any case, followed by path, spec (or ``None``) and handler: a
                function, or a controller class, perhaps a factory, and the name of a method. Without a handler it is
                a decorator that returns its function unchanged.
            path: The path template.
            spec: The operation object.
            handler: What handles it.

        Returns:
            The binding of the route.

        Raises:
            DuplicateRouteError: Another operation has this verb and template.
            RegistrationError: The parts do not make a route.
        """
        if isinstance(route_or_verb, AnyRoute):
            return self._add_route(route_or_verb)
        if path is None:
            raise RegistrationError(f"route({route_or_verb!r})", "give a route, or verb, path, spec and handler")
        if handler:
            return self._add_route(route_handled_by(handler, route_or_verb, path, spec))

        def decorate(function: F) -> F:
            self._add_route(Route(route_or_verb, path, spec, function))
            return function

        return decorate

    def _add_route(self, route: AnyRoute) -> Binding[Any]:
        binding: Binding[Any] = self.registry.add(route)
        return binding

    def controller(self, cls: type[Any], name: str | None = None, **options: Any) -> Binding[Any]:
        """Register a controller with this server alone.

        Raises:
            DuplicateRouteError: One of its operations is there already.
        """
        binding = create_binding_from_class(cls, type=CoreTags.CONTROLLER, name=name, **options)
        self.add(binding)
        self.raise_refusal(binding)
        return binding

    def raise_refusal(self, binding: Binding[Any]) -> None:
        """Tell, at its registration, why a controller cannot be served; it is not bound then."""
        self.registry.sync_one(binding)
        failure = self.registry.take_failure(binding.key)
        if failure is not None and not is_noting_refusals():  # else it is found again with all the others
            for context in self.chain():
                if context.own_binding(binding.key) is binding:
                    context.unbind(binding.key)
            raise failure

    def handler(self, function: Callable[..., Any]) -> Binding[Any]:
        """Answer every request by a function ``(context, sequence)``."""
        return self.bind(RestBindings.HANDLER).to(function)

    def sequence(self, cls: type[Any]) -> Binding[Any]:
        """Use a sequence class, made for each request."""
        self.unbind(RestBindings.HANDLER)
        return self.bind(RestBindings.SEQUENCE).to_class(cls)

    def api(self, spec: Any) -> Binding[Any]:
        """Register a whole document: its operations are served, its other members published.

        Raises:
            RegistrationError: An operation has no handler at all.
        """
        plain = spec.build() if callable(getattr(spec, "build", None)) else dict(spec)
        binding = self.bind(RestBindings.API_SPEC).to(plain)
        self.registry.add_document(plain)
        return binding

    def redirect(self, source: str, target: str, status: int | None = None) -> Binding[Any]:
        """Answer GET on a path with a redirection (303 by default) to a path of this application, or to a URL.

        Raises:
            RegistrationError: The status is no redirection's, or the target is unsafe.
        """
        from mainspring.rest.redirects import redirect_route  # noqa: PLC0415 - few servers redirect

        return self._add_route(redirect_route(source, target, status))

    def base_path(self, path: str) -> None:
        """Serve everything below this path.

        Raises:
            BasePathError: The server has started or handled a request.
        """
        if self._has_served or self.listening:
            raise BasePathError
        self.bind(RestBindings.BASE_PATH).to(base_path_of(path))

    def websocket(self, path: str, handler: Callable[..., Any]) -> Binding[Any]:
        """Let a function handle the WebSocket connections to a path.

        Raises:
            DuplicateRouteError: Another one has this template.
            RegistrationError: It takes a body.
        """
        return self._add_route(WebSocketRoute(path, handler))

    # Besides operations

    def static(self, path: Any, directory: Any, options: Mapping[str, Any] | None = None) -> Binding[Any]:
        """Serve the files of a directory (or of several, in this order) below a path, several paths, or a pattern."""
        mount = static_mount(path, directory, options or {})
        return self._bound(Binding(BindingKey.generate("statics")).to(mount).tag(RestTags.STATIC))

    def mount_asgi(self, path: str, app: Any, spec: Mapping[str, Any] | None = None) -> Binding[Any]:
        """Let an ASGI application answer below a path what no operation does.

        Args:
            path: The path.
            app: The application.
            spec: The document of what it serves, merged into ours below the path.
        """
        mount = Mount(path, app, spec)
        binding = self._bound(Binding(BindingKey.generate("mounts")).to(mount).tag(RestTags.MOUNT))
        self.serving.follow_mount(mount)
        return binding

    def _bound(self, binding: Binding[Any]) -> Binding[Any]:
        self.add(binding)
        return binding

    # Around operations

    def middleware(self, middleware: Any, options: Mapping[str, Any] | None = None) -> Binding[Any]:
        """Register a middleware: a function ``(context, next)``, or a class that gives one.

        Args:
            middleware: The function or class.
            options: ``key, name, chain, group, upstream_groups, downstream_groups, path, verbs, binds, scope``.

        Raises:
            RegistrationError: It is neither, or an option is unknown.
            MiddlewareOrderError: Its groups cannot be put in order.
        """
        binding = middleware_binding(self, middleware, options)
        return self._bound(binding)

    def body_parser(self, cls: type[Any], key: Any = None) -> Binding[Any]:
        """Add a body parser, asked before the built-in ones; with the key of another one, replace that."""
        binding = create_binding_from_class(cls, key=key, namespace=RestBindings.BODY_PARSERS)
        return self._bound(binding.tag(RestTags.BODY_PARSER))

    def error_handler(self, cls: type[BaseException], function: ErrorHandler) -> Binding[Any]:
        """Answer errors of a class by ``function(context, error)``: its result, or the error it raises.

        Raises:
            RegistrationError: It is no class of exceptions, or no function.
        """
        return self._bound(error_handler_binding(cls, function))

    def part_of_check(self, check: Any) -> Any:
        """What a check of the application has to know of this server; see `mainspring.core.checking`."""
        from mainspring.rest.checking import ServerCheck  # noqa: PLC0415 - what only a check needs

        return ServerCheck(self, check)

    # The document

    def spec_enhancer(self, cls: Any) -> Binding[Any]:
        """Let an object (or a class, made by the container) with ``modify_spec(spec)`` change the document."""
        if isinstance(cls, type):
            binding = create_binding_from_class(cls, namespace=RestBindings.SPEC_ENHANCERS, default_scope="singleton")
        else:
            binding = Binding(BindingKey.generate(RestBindings.SPEC_ENHANCERS)).to(cls)
        return self._bound(binding.tag(RestTags.SPEC_ENHANCER))

    async def get_api_spec(self) -> dict[str, Any]:
        """The document as it is served; a copy that may be changed.

        Raises:
            ValueError: An operation cannot be described.
        """
        return await self.document.get()

    async def export_openapi_spec(self, target: str) -> None:
        """Write the document to a file (YAML by its suffix, else JSON), or to standard output for ``-``."""
        await self.document.export(str(target))

    def add_openapi_endpoint(self, path: str, version: str = "3.1", format: str = "json") -> Binding[Any]:
        """Serve the document at a further path.

        Raises:
            RegistrationError: There is an endpoint at this path already.
        """
        self.document.check_endpoint(path)
        endpoint = DocumentEndpoint(path, version, format)
        return self._bound(Binding(BindingKey.generate("openapi_endpoints")).to(endpoint).tag("openapi_endpoint"))
