"""The stages of a server: what ``use`` registers, and what every operation has around it.

What is used until the routes are made stands in front of them, as one middleware of the server; what is used later
stands behind them, where the pipeline asks when there is no answer. All of it is put together when it changes.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

from mainspring.context import AmbiguousTypeError, Binding, BindingScope, create_binding_from_class
from mainspring.context.injection import InjectionPoint
from mainspring.loader.accept_mimes import GlobalAcceptMimes
from mainspring.loader.body_documents import BodyDocuments
from mainspring.loader.chains import CORE, Line
from mainspring.loader.documenting import StageDocuments
from mainspring.loader.error_handler import GlobalErrorHandler, last_handler
from mainspring.loader.error_stages import Behind
from mainspring.loader.operation_lines import middleware_classes, operation_line
from mainspring.loader.rendering import Views
from mainspring.loader.server_options import ServerOption
from mainspring.loader.stage_kinds import Stage, is_asgi_app, is_asgi_middleware, name_of, stage_of
from mainspring.rest import RequestContext, RestApplication, RestBindings, RestTags, as_spec_enhancer
from mainspring.rest.chains import CONTINUE
from mainspring.rest.document import error_format_of
from mainspring.rest.invoking import injection_points

__all__ = ["StageRegistry"]

_KEY = "middleware.loader"


class _Mark(NamedTuple):
    """How much was registered at some moment."""

    front: int
    behind: int
    undo: int


class StageRegistry:
    """The stages of one application.

    Args:
        app: The application; middleware classes are bound in it.
        default_scope: Gives the scope of middleware classes that name none; singleton by default.

    Attributes:
        behind_routes: Whether what is used from now on stands behind the routes.
        views: The templates.
    """

    def __init__(self, app: RestApplication, default_scope: Callable[[], Any] = lambda: BindingScope.SINGLETON) -> None:
        self._app = app
        self._default_scope = default_scope
        self._front: list[Stage] = []
        self._segments: list[tuple[Binding[Any], int]] = []
        self._behind: list[Stage] = []
        self._undo: list[Callable[[], object]] = []
        self._bound: dict[type[Any], Binding[Any]] = {}
        self._covered = 0
        self.behind_routes = False
        self.views = Views()
        app.bind(RestBindings.AROUND).to(self.around)
        app.bind(Views.KEY).to(self.views)
        documents: Binding[Any] = Binding("spec_enhancers.stages")
        app.add(documents.to(StageDocuments(self._lines_of_operations)).apply(as_spec_enhancer))
        bodies: Binding[Any] = Binding("spec_enhancers.bodies")
        app.add(bodies.to(BodyDocuments(self._points_of_operations, self._error_format)).apply(as_spec_enhancer))

    def _error_format(self) -> Any:
        return error_format_of(self._app.rest_server.planning.plan())

    # Registering

    def use(self, *middleware: Any, path: Any = None, **options: Any) -> None:
        """Register middleware for all requests, or for those at or below a path (a text first means the same).

        Args:
            middleware: Functions ``(ctx, next)``, classes with ``use``, error handlers, ASGI middleware classes; with
                a path also ASGI applications.
            path: A path, or several.
            options: What a middleware reads as ``ctx.stage_options``; of an ASGI middleware class its arguments.

        Raises:
            TypeError: Something given is no middleware.
        """
        if path is None and middleware and _are_paths(middleware[0]):
            path, *things = middleware
        else:
            things = list(middleware)
        paths = [] if path is None else [path] if isinstance(path, str) else list(path)
        if not all(isinstance(each, str) for each in paths):
            raise TypeError(f"use: a path is a text such as '/admin', not {path!r}.")
        if not things:
            raise TypeError("use() names no middleware: give it one.")
        actions = [self._action(thing, paths, options) for thing in things]
        for action in actions:  # all of them are middleware: now they count
            action()
        self._renew()

    def use_in_front(self, function: Any) -> None:
        """Use a function before the routes, also when they are made already."""
        self._front.append(stage_of(function, "use"))
        self._renew()

    def _action(self, thing: Any, paths: list[str], options: dict[str, Any]) -> Callable[[], None]:
        """What using a thing does.

        Raises:
            TypeError: It is no middleware.
        """
        if isinstance(thing, ServerOption):
            if paths:
                raise TypeError(f"use: {thing.name} concerns the whole server; use it without the path {paths[0]!r}.")
            return lambda: self._set(thing.key, thing.value)
        if isinstance(thing, type) and issubclass(thing, GlobalErrorHandler):
            return lambda: self.error_handler(thing)
        if is_asgi_middleware(thing):
            if paths:
                raise TypeError(
                    f"use: ASGI middleware is around the whole server; use {name_of(thing)} without a path."
                )
            return lambda: self._undo.append(self._app.rest_server.wrap(thing, options))
        if is_asgi_app(thing):
            if not paths:
                raise TypeError(f'use: {name_of(thing)} is an ASGI application; give the path, use("/path", app).')
            return lambda: self._mount(paths, thing)
        stage = stage_of(thing, "use", options, paths)
        return lambda: self._add(stage)

    def _add(self, stage: Stage) -> None:
        self.bind(stage.owner)
        (self._behind if self.behind_routes else self._front).append(stage)

    def _mount(self, paths: list[str], app: Any) -> None:
        for path in paths:
            binding = self._app.mount_asgi(path, app)
            self._undo.append(partial(self._app.rest_server.unbind, binding.key))

    def _set(self, key: Any, value: Any) -> None:
        server = self._app.rest_server
        before = server.get_binding(key, optional=True) if server.contains(key) else None
        server.bind(key).to(value)

        def undo() -> None:
            server.unbind(key)
            if before is not None:
                server.add(before)

        self._undo.append(undo)

    def error_handler(self, cls: type[GlobalErrorHandler]) -> None:
        """Let a handler class have the last word about errors; the last one given counts.

        Raises:
            TypeError: It is no subclass of `GlobalErrorHandler`.
        """
        handler = last_handler(cls)
        self.bind(cls)
        self._set(RestBindings.LAST_ERROR_HANDLER, handler)

    def use_settings(self, settings: Any) -> None:
        """Use what the settings of a server name: the accepted types, middleware, and the error handler."""
        if settings.is_given("accept_mimes"):
            self.use(GlobalAcceptMimes)
        if settings.middlewares:
            try:
                self.use(*settings.middlewares)
            except TypeError as error:
                error.add_note("It stands in the setting 'middlewares'.")
                raise
        self.use_error_handler(settings)

    def use_error_handler(self, settings: Any) -> None:
        """Use the error handler that the settings of a server name, if they do."""
        handler = settings.get("error_handler")
        if handler is not None:
            self.error_handler(handler)

    def bind(self, cls: type[Any] | None) -> None:
        """Bind a middleware class in the application, unless it is bound; what was put in its place stays there."""
        if cls is None or self._is_bound(cls):
            return
        bound = self._bound.get(cls)
        instead = self._app.own_binding(bound.key) if bound is not None else None
        if instead is not None and instead is not bound:
            instead.provides(cls)
            return
        binding = create_binding_from_class(cls, namespace="middlewares", default_scope=self._default_scope())
        if self._app.contains(binding.key):  # another class of this name
            number = 2
            while self._app.contains(f"{binding.key}{number}"):
                number += 1
            key = f"{binding.key}{number}"
            binding = create_binding_from_class(cls, key=key, default_scope=self._default_scope())
        self._bound[cls] = binding
        self._app.add(binding)

    def _is_bound(self, cls: type[Any]) -> bool:
        """Whether the class itself is bound, or something that is declared to stand for it; a subclass is not."""
        try:
            found = self._app.get_binding(cls, optional=True)
        except AmbiguousTypeError:  # only subclasses of it are bound
            return False
        return found is not None and (found.value_type is cls or cls in found.provided_types)

    def prepare(self, route: Any) -> None:
        """Bind the middleware classes of the operation of a route."""
        line = operation_line(route)
        for cls in middleware_classes(line) if line is not None else ():
            self.bind(cls)

    # Going back

    def mark(self) -> Any:
        """How much is registered now, for `reset_to`."""
        return _Mark(len(self._front), len(self._behind), len(self._undo))

    def reset_to(self, mark: Any) -> None:
        """Take away what was registered since."""
        del self._front[mark.front :]
        del self._behind[mark.behind :]
        while len(self._undo) > mark.undo:
            self._undo.pop()()
        self._renew()

    # In effect

    def _renew(self) -> None:
        """Make the lines anew, for requests that begin from now on."""
        behind = Behind(self._behind)
        server = self._app.rest_server
        if self._behind:
            server.bind(RestBindings.RECOVERY).to(behind.answer)
        else:
            server.unbind(RestBindings.RECOVERY)
        self._cut()
        starts = [*(start for _, start in self._segments), len(self._front)]
        for (binding, start), end in zip(self._segments, starts[1:], strict=True):
            errors = [stage for stage in self._front[end:] if stage.is_error]
            binding.to(_middleware(Line((*self._front[start:end], *errors, CORE, behind))))

    def _cut(self) -> None:
        """Cut what stands in front into segments: one more when there is middleware of rest between the last and now.

        A segment is one middleware of the server, in its order among those of rest.
        """
        server = self._app.rest_server
        while self._segments and self._segments[-1][1] >= len(self._front):
            server.unbind(self._segments.pop()[0].key)
        covered = min(self._covered, len(self._front))
        if len(self._front) > covered and (not self._segments or self._segments[-1][0] is not self._last_of_rest()):
            binding = server.middleware(_nothing, {"key": f"{_KEY}.{len(self._segments)}"})
            self._segments.append((binding, covered))
        self._covered = len(self._front)

    def _last_of_rest(self) -> Any:
        """The binding of the middleware of the server that was registered last."""
        found = self._app.rest_server.find_by_tag(RestTags.MIDDLEWARE)
        return found[-1] if found else None

    def around(self, route: Any) -> Any:
        """What runs around the operation of a route; ``None`` for nothing. Made when the operation is."""
        line = operation_line(route)
        if line is None:
            return None
        for cls in middleware_classes(line):
            self.bind(cls)
        return line.run

    def _lines_of_operations(self) -> Iterator[tuple[str, str, Line]]:
        for route in self._app.rest_server.registry.routes():
            line = operation_line(route)
            if line is not None:
                yield route.verb, route.template.openapi, line

    def _points_of_operations(self) -> Iterator[tuple[str, str, Iterable[InjectionPoint]]]:
        plan = self._app.rest_server.planning.plan()
        for route in self._app.rest_server.registry.routes():
            parts = plan.parts_of(route)
            if parts is not None:
                yield route.verb, route.template.openapi, injection_points(route, parts.description)

    def explain(self, route: Any = None) -> list[str]:
        """The names of the stages a request passes on its way to a route (or to none), in order."""
        own: list[str] = []
        if route is not None:
            line = operation_line(route)
            stages = line.stages if line is not None else (CORE,)
            own = [route.description if stage is CORE else stage.name for stage in stages]
        return [*(stage.name for stage in self._front), *own, *(stage.name for stage in self._behind)]


def _middleware(line: Line) -> Any:
    async def stages(ctx: RequestContext, next: Callable[[], Any]) -> Any:
        result = await line.run(ctx, next)
        if result is CONTINUE:  # of a sequence that calls the steps one by one: the result is not there yet
            ctx.result = None
        return result

    return stages


def _nothing(ctx: RequestContext, next: Callable[[], Any]) -> Any:  # noqa: ARG001 - the shape of a middleware
    return next()


def _are_paths(thing: Any) -> bool:
    return isinstance(thing, str) or (
        isinstance(thing, list | tuple) and bool(thing) and all(isinstance(each, str) for each in thing)
    )
