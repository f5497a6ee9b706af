"""What is registered with a server: routes, controllers, files, mounts, middleware, parsers, enhancers; and its document.

Everything registered is a binding in the server's context, so it can be found, replaced and taken away as any other.
"""

from collections.abc import Callable, Mapping
from typing import Any

from mainspring.context import Binding, BindingKey, create_binding_from_class
from mainspring.core import CoreTags
from mainspring.rest.document import ServerDocument
from mainspring.rest.documents import DocumentEndpoint
from mainspring.rest.error_handlers import ErrorHandler, error_handler_binding
from mainspring.rest.errors import BasePathError, RegistrationError
from mainspring.rest.keys import RestBindings, RestTags
from mainspring.rest.middleware import middleware_binding
from mainspring.rest.mounts import Mount, MountLifespan
from mainspring.rest.redirects import redirect_route
from mainspring.rest.routes import AnyRoute, ControllerRoute, Route
from mainspring.rest.statics import static_mount

__all__ = ["Registration"]


class Registration:
    """The registering half of a server; the other half is a context."""

    document: ServerDocument
    registry: Any
    _mount_lifespans: list[MountLifespan]

    # Routes

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
        if not handler:

            def decorate(function: Any) -> Any:
                self._add_route(Route(route_or_verb, path, spec, function))
                return function

            return decorate
        if isinstance(handler[0], type):
            cls, *rest = handler
            method = rest.pop() if rest and isinstance(rest[-1], str) else None
            factory = rest[0] if rest else None
            return self._add_route(ControllerRoute(route_or_verb, path, spec, cls, method, factory))
        return self._add_route(Route(route_or_verb, path, spec, handler[0]))

    def _add_route(self, route: AnyRoute) -> Binding[Any]:
        self.document.verify(route)
        binding: Binding[Any] = self.registry.add(route)
        return binding

    def controller(self, cls: type[Any], name: str | None = None, **options: Any) -> Binding[Any]:
        """Register a controller with this server alone.

        Raises:
            DuplicateRouteError: One of its operations is there already.
        """
        binding = create_binding_from_class(cls, type=CoreTags.CONTROLLER, name=name, **options)
        self.add(binding)  # type: ignore[attr-defined] - the other half is a context
        self.raise_refusal(binding)
        return binding

    def raise_refusal(self, binding: Binding[Any]) -> None:
        """Tell, at its registration, why a controller cannot be served; it is not bound then."""
        self.registry.sync()
        failure = self.registry.take_failure(binding.key)
        if failure is not None:
            for context in self.chain():  # type: ignore[attr-defined] - the other half is a context
                if context.own_binding(binding.key) is binding:
                    context.unbind(binding.key)
            raise failure

    def handler(self, function: Callable[..., Any]) -> Binding[Any]:
        """Answer every request by a function ``(context, sequence)``."""
        return self.bind(RestBindings.HANDLER).to(function)  # type: ignore[attr-defined,no-any-return] - a context

    def sequence(self, cls: type[Any]) -> Binding[Any]:
        """Use a sequence class, made for each request."""
        self.unbind(RestBindings.HANDLER)  # type: ignore[attr-defined] - the other half is a context
        return self.bind(RestBindings.SEQUENCE).to_class(cls)  # type: ignore[attr-defined,no-any-return] - a context

    def api(self, spec: Any) -> Binding[Any]:
        """Register a whole document: its operations are served, its other members published.

        Raises:
            RegistrationError: An operation has no handler at all.
        """
        plain = spec.build() if callable(getattr(spec, "build", None)) else dict(spec)
        binding = self.bind(RestBindings.API_SPEC).to(plain)  # type: ignore[attr-defined] - a context
        self.registry.add_document(plain)
        return binding  # type: ignore[no-any-return] - made by the context

    def redirect(self, source: str, target: str, status: int | None = None) -> Binding[Any]:
        """Answer GET on a path with a redirection (303 by default) to a path of this application, or to a URL.

        Raises:
            RegistrationError: The status is no redirection's, or the target is unsafe.
        """
        return self._add_route(redirect_route(source, target, status))

    def base_path(self, path: str) -> None:
        """Serve everything below this path.

        Raises:
            BasePathError: The server has started or handled a request.
        """
        if self.has_begun:  # type: ignore[attr-defined] - the server of this room
            raise BasePathError
        stripped = path.strip("/")
        self.bind(RestBindings.BASE_PATH).to(f"/{stripped}" if stripped else "")  # type: ignore[attr-defined] - a context

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
        return self._bound(Binding(BindingKey.generate("mounts")).to(Mount(path, app, spec)).tag(RestTags.MOUNT))

    def _bound(self, binding: Binding[Any]) -> Binding[Any]:
        self.add(binding)  # type: ignore[attr-defined] - the other half is a context
        return binding

    async def start_mounts(self) -> None:
        """Start the lifespans of mounted applications."""
        self._mount_lifespans = []
        for binding in self.find_by_tag(RestTags.MOUNT):  # type: ignore[attr-defined] - a context
            lifespan = MountLifespan(binding.source.value.app)
            await lifespan.start()
            self._mount_lifespans.append(lifespan)

    async def stop_mounts(self) -> None:
        """Stop them, last first."""
        while self._mount_lifespans:
            await self._mount_lifespans.pop().stop()

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
        binding = middleware_binding(self, middleware, options)  # type: ignore[arg-type] - the other half is a context
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

    # The document

    def spec_enhancer(self, cls: Any) -> Binding[Any]:
        """Let an object (or a class that the container makes) with ``name`` and ``modify_spec(spec)`` change the document."""
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
