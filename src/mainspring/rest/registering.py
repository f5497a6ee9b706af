"""Which routes a server has: those registered with it, and those of the controllers it sees.

Every route is a binding under ``routes.`` in the server's context. Controllers come and go as bindings anywhere above;
`RouteRegistry.sync` brings their routes in line with them.
"""

import logging
from collections.abc import Mapping
from typing import Any

from mainspring.context import Binding, BindingKey, Context, filter_by_tag
from mainspring.core import CoreTags
from mainspring.core.refusals import refuse
from mainspring.http.paths import join_paths
from mainspring.openapi.notes import VERBS
from mainspring.openapi.operations import controller_declarations, describe_controller
from mainspring.rest.errors import DuplicateRouteError, RegistrationError
from mainspring.rest.keys import RestBindings, RestTags, route_key
from mainspring.rest.routes import AnyRoute, ControllerRoute, Route
from mainspring.rest.settings import as_options, versioning_of
from mainspring.rest.websocket_routes import WEBSOCKET, ControllerWebSocketRoute, is_websocket

__all__ = ["RouteRegistry", "bind_route"]

logger = logging.getLogger(__name__)

_IS_CONTROLLER = filter_by_tag(CoreTags.CONTROLLER)
_ROUTES = f"{RestBindings.ROUTES}."

Place = tuple[str, Any, str | None]


def bind_route(ctx: Any, route: AnyRoute, *, controller: str | None = None) -> Binding[Any]:
    """Bind a route, tagged with what it is."""
    binding: Binding[Any] = Binding(BindingKey[AnyRoute](_key_of(route))).to(route)
    kind = RestTags.WEBSOCKET_ROUTE if is_websocket(route) else RestTags.REST_ROUTE
    tags = {kind: kind, RestTags.ROUTE_VERB: route.verb, RestTags.ROUTE_PATH: route.path}
    if isinstance(route, ControllerRoute):
        tags[RestTags.CONTROLLER_ROUTE] = RestTags.CONTROLLER_ROUTE
    if controller is not None:
        tags[RestTags.CONTROLLER_BINDING] = controller
    ctx.add(binding.put_tags(tags))
    return binding


class RouteRegistry:
    """The routes of one server."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._known: dict[str, tuple[Binding[Any], type[Any], list[Binding[Any]]]] = {}
        self._pending: list[tuple[str, str, Mapping[str, Any]]] = []
        self._failures: dict[str, Exception] = {}
        self._busy = False
        self._taken: dict[Place, list[Binding[Any]]] = {}
        self._taken_at = -1
        self._synced_at = -1

    # What is registered by hand

    def add(self, route: AnyRoute) -> Binding[Any]:
        """Register a route.

        Raises:
            DuplicateRouteError: Another one has its verb and template.
        """
        try:
            self.check_free(route)
            self._server.planning.verify(route)
        except Exception as error:
            refuse(error)
            return Binding(BindingKey[AnyRoute](route_key(route.verb, route.path))).to(route)
        return self._bind(route)

    def _bind(self, route: AnyRoute, controller: str | None = None) -> Binding[Any]:
        """Bind a route, and note its place if nothing else changed meanwhile: looking again at all of them is slow."""
        taken, is_new = self._places(), self._server.own_binding(_key_of(route)) is None
        binding = bind_route(self._server, route, controller=controller)
        if is_new and self._changes() == self._taken_at + 1:
            taken.setdefault(place_of(route), []).append(binding)
            self._taken_at += 1
        return binding

    def _places(self) -> dict[Place, list[Binding[Any]]]:
        """Which routes have a verb and template; made anew when a binding of the server changed."""
        changes = self._changes()
        if changes != self._taken_at:
            self._taken = {}
            for binding in self._bindings():
                route = binding.source.value if binding.source is not None else None
                if isinstance(route, AnyRoute):
                    self._taken.setdefault(place_of(route), []).append(binding)
            self._taken_at = changes
        return self._taken

    def _changes(self) -> int:
        """How often the bindings of the server itself have changed."""
        count: int = self._server.change_counts()[0]
        return count

    def check_free(self, route: AnyRoute, *, besides: str | None = None) -> None:
        """Refuse a route whose verb and template another one has."""
        for binding in self._places().get(place_of(route), ()):
            other: Any = binding.source.value if binding.source is not None else None
            if other is not route and (besides is None or binding.tag_map.get(RestTags.CONTROLLER_BINDING) != besides):
                raise DuplicateRouteError(route.verb, route.path, other.description, route.description)

    def add_document(self, spec: Mapping[str, Any]) -> None:
        """Register the operations of a whole document.

        Raises:
            RegistrationError: An operation has no handler at all.
        """
        for path, item in (spec.get("paths") or {}).items():
            for verb, operation in (item or {}).items():
                if verb.lower() not in VERBS or not isinstance(operation, Mapping):
                    continue
                self._add_described(verb, path, operation)

    def _add_described(self, verb: str, path: str, operation: Mapping[str, Any]) -> None:
        handler = operation.get("x-operation")
        if callable(handler):
            spec = {key: value for key, value in operation.items() if key != "x-operation"}
            self.add(Route(verb, path, spec, handler))
        else:
            self._pending.append((verb.lower(), path, operation))

    # What controllers bring

    def sync(self) -> None:
        """Bring the routes of controllers in line with the controllers there are now."""
        if self._busy:
            return
        self._busy = True
        try:
            seen: set[str] = set()
            for binding in reversed(self._controllers()):
                seen.add(binding.key)
                self._sync_one(binding)
            for key in [key for key in self._known if key not in seen]:
                self._drop(key)
            self._failures = {key: error for key, error in self._failures.items() if key in seen}
            self._resolve_pending()
        finally:
            self._busy = False
        self._synced_at = self._changes_seen()

    def sync_one(self, binding: Binding[Any]) -> None:
        """The same after this binding was added: if nothing else has changed, nothing else has to be looked at."""
        if self._changes_seen() > self._synced_at + 1 or self._server.get_owner_context(binding) is None:
            self.sync()
        elif not self._busy:
            self._busy = True
            try:
                self._sync_one(binding)
                self._resolve_pending()
            finally:
                self._busy = False
            self._synced_at = self._changes_seen()

    def _changes_seen(self) -> int:
        """How often any binding that the server sees has changed."""
        return sum(self._server.change_counts())

    def _controllers(self) -> list[Binding[Any]]:
        """The controllers, nearest context first, so last in the order of declaration."""
        found = [each for each in Context.find(self._server, _IS_CONTROLLER) if RestTags.MOUNTED not in each.tag_map]
        own = [binding for binding in found if self._server.own_binding(binding.key) is binding]
        above = [binding for binding in found if self._server.own_binding(binding.key) is not binding]
        return list(reversed([*above, *own]))

    def _sync_one(self, binding: Binding[Any]) -> None:
        cls = binding.value_type
        known = self._known.get(binding.key)
        if known is not None and known[0] is binding and known[1] is cls:
            return
        self._drop(binding.key)
        if not isinstance(cls, type) or not self._is_served(cls):
            return
        bound: list[Binding[Any]] = []
        self._known[binding.key] = (binding, cls, bound)
        self._failures.pop(binding.key, None)
        try:
            for route in self.routes_of(cls, binding.key):
                self.check_free(route, besides=binding.key)
                self._server.planning.verify(route)
                bound.append(self._bind(route, binding.key))
        except Exception as error:  # told at the start, or by the registration that caused it
            self._failures[binding.key] = error
            for each in bound:
                self._unbind(each)
            bound.clear()

    def _is_served(self, cls: type[Any]) -> bool:
        wanted = describe_controller(cls).server
        return wanted is None or wanted in registered_names(self._server)

    def routes_of(self, cls: type[Any], key: str, prefix: str = "") -> list[ControllerRoute]:
        """The routes of a controller class bound at ``key``, below a prefix.

        Raises:
            DuplicateRouteError: Two of its methods have one verb and template.
        """
        setting = self._server.planning.setting
        strict = bool(as_options(setting(RestBindings.ROUTER_OPTIONS), "router").get("strict"))
        versioning = versioning_of(setting(RestBindings.VERSIONING))
        version = describe_controller(cls).version if versioning is not None else None
        by_path = versioning is not None and versioning.by_path
        first = versioning.prefix(version) if versioning is not None and by_path and version is not None else ""
        routes: dict[Place, ControllerRoute] = {}
        for declaration in controller_declarations(cls):
            path = declaration.strict_path if strict else declaration.path
            path = f"{first}{join_paths(prefix, path, strict=strict) if prefix else path}"
            if declaration.verb == WEBSOCKET:
                route: ControllerRoute = ControllerWebSocketRoute(path, cls, declaration.method_name)
            else:
                route = ControllerRoute(declaration.verb, path, declaration.spec, cls, declaration.method_name)
                route.declaration = declaration
            route.version = None if by_path else version
            route.binding_key = key
            other = routes.setdefault(place_of(route), route)
            if other is not route:
                raise DuplicateRouteError(route.verb, route.path, other.description, route.description)
        return list(routes.values())

    def _drop(self, key: str) -> None:
        known = self._known.pop(key, None)
        for binding in known[2] if known is not None else ():
            self._unbind(binding)

    def _unbind(self, binding: Binding[Any]) -> None:
        if self._server.own_binding(binding.key) is binding:
            self._server.unbind(binding.key)

    # Operations of documents that name a controller

    def _resolve_pending(self) -> None:
        left: list[tuple[str, str, Mapping[str, Any]]] = []
        for verb, path, operation in self._pending:
            binding = self._controller_named(operation.get("x-controller-name"))
            if binding is None or not operation.get("x-operation-name"):
                left.append((verb, path, operation))
                continue
            cls: Any = binding.value_type
            route = ControllerRoute(verb, path, operation, cls, operation["x-operation-name"])
            route.binding_key = binding.key
            self.add(route)
        self._pending = left

    def _controller_named(self, name: str | None) -> Binding[Any] | None:
        if not name:
            return None
        for binding in Context.find(self._server, _IS_CONTROLLER):
            cls = binding.value_type
            if binding.key == f"controllers.{name}" or (isinstance(cls, type) and cls.__name__ == name):
                return binding
        return None

    # Looking

    def check(self) -> None:
        """Refuse what cannot be served.

        Raises:
            DuplicateRouteError: Two operations have one verb and template.
            RegistrationError: An operation of a document has no handler, or names a controller nobody bound.
        """
        for error in (*self._failures.values(), *self.unhandled()):
            raise error

    def unhandled(self) -> list[RegistrationError]:
        """The operations of documents that have no handler, or name a controller nobody bound."""
        found = []
        for verb, path, operation in self._pending:
            name = operation.get("x-controller-name")
            reason = "there is no handler; give it x-operation, or x-controller-name and x-operation-name"
            if name and operation.get("x-operation-name"):
                reason = f"the controller {name!r} is not bound; add it with app.controller(...)"
            found.append(RegistrationError(f"{verb.upper()} {path}", reason))
        return found

    def take_failure(self, key: str) -> Exception | None:
        """Why the controller at a key is not served, if it is not."""
        return self._failures.get(key)

    def failures(self) -> list[tuple[str, Exception]]:
        """The keys of the controllers that are not served, and why."""
        return list(self._failures.items())

    def report(self) -> None:
        """Log what is not served, once."""
        for key, error in list(self._failures.items()):
            logger.error("Controller %s is not served: %s", key, error)
            self._failures.pop(key, None)

    def _bindings(self) -> list[Binding[Any]]:
        return [binding for binding in self._server.own_bindings() if binding.key.startswith(_ROUTES)]

    def routes(self) -> list[AnyRoute]:
        """The routes of operations, in the order of declaration."""
        return [route for route in self.all_routes() if not is_websocket(route)]

    def websockets(self) -> list[AnyRoute]:
        """The routes of connections, in the order of declaration."""
        return [route for route in self.all_routes() if is_websocket(route)]

    def all_routes(self) -> list[AnyRoute]:
        """All of both, in the order of declaration."""
        found = []
        for binding in self._bindings():
            route = binding.source.value if binding.source is not None else None
            if isinstance(route, AnyRoute):
                found.append(route)
        return found


def _key_of(route: AnyRoute) -> str:
    path = route.path if route.version is None else f"{route.path};version={route.version}"
    return route_key(route.verb, path)


def place_of(route: AnyRoute) -> Place:
    """What only one route of a server can have: verb, template (names of variables aside) and version."""
    return route.verb, route.template.shape, route.version


def registered_names(server: Any) -> set[str]:
    """The names a server is registered under in its application."""
    names = set()
    for binding in server.app.find_by_tag(CoreTags.SERVER):
        source = binding.source
        if (source is not None and source.value is server) or server.app.kept_value(binding) is server:
            names.add(binding.key.partition(".")[2])
    return names
