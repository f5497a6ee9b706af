"""What a server is at one moment, worked out: router, chains, options, parsers. Thrown away when a binding changes.

A request takes the plan it begins with and keeps it, so that what changes meanwhile concerns only later requests.
"""

import logging
from collections.abc import Mapping
from functools import cached_property, partial
from typing import Any
from weakref import WeakKeyDictionary

from mainspring.context import Binding, BindingType, Context, create_binding_from_class
from mainspring.http import TrustedProxies
from mainspring.http.percent import encode_path_value
from mainspring.rest.actions import ACTIONS
from mainspring.rest.bodies import DEFAULT_LIMIT
from mainspring.rest.chains import Chain, Link, build_chain
from mainspring.rest.context import RequestContext, request_context_of
from mainspring.rest.document_endpoints import read_endpoint
from mainspring.rest.error_handlers import error_handlers_of
from mainspring.rest.exchange import Exchange
from mainspring.rest.explorer import Answer, explorer_pages
from mainspring.rest.folding import Folded, fold
from mainspring.rest.groups import DEFAULT_GROUPS
from mainspring.rest.keys import RestBindings, RestTags
from mainspring.rest.middleware import DEFAULT_CHAIN
from mainspring.rest.mounts import Mount, MountTable
from mainspring.rest.operations import Operation, Parts, make_operation
from mainspring.rest.parsers import BUILT_IN_PARSERS, Parsers
from mainspring.rest.routers import TrieRouter
from mainspring.rest.routes import AnyRoute
from mainspring.rest.settings import (
    as_options,
    base_path_of,
    bound_value,
    cors_of,
    setting_of,
    size_of,
    versioning_of,
)
from mainspring.rest.statics import StaticTable

__all__ = ["ServerPlan"]

logger = logging.getLogger(__name__)


class ServerPlan:
    """The server as it is now.

    Args:
        server: The server.
        planning: What outlives plans.
        steps: The framework's own steps of the middleware sequence, by group.
        kept: What earlier plans knew of routes by themselves.
    """

    def __init__(
        self,
        server: Any,
        planning: Any,
        steps: Mapping[str, list[Link]],
        kept: "WeakKeyDictionary[AnyRoute, Parts]",
    ) -> None:
        self.server = server
        self.planning = planning
        self._kept = kept
        self._steps = steps
        self._chains: dict[tuple[str, bool], Chain] = {}
        self.operations: dict[AnyRoute, Operation] = {}
        self._cold: set[AnyRoute] = set()
        self.failure: Exception | None = None
        self._around = bound_value(server, RestBindings.AROUND)
        self.recovery = bound_value(server, RestBindings.RECOVERY)
        self.last_error_handler = bound_value(server, RestBindings.LAST_ERROR_HANDLER)
        self._read_settings()
        self._build_router()
        self.parsers = self._parsers()
        self.validation = planning.validation()
        self.mounts = MountTable(self._values(RestTags.MOUNT, Mount))
        self.statics = StaticTable(self._values(RestTags.STATIC, object))
        self.pages = self._pages()
        self.error_tables = self._error_tables()
        self._read_sequence()
        self.asks_first = (
            self.allowed_hosts is not None or self.cors is not None or self.failure is not None or bool(self.base_path)
        )
        self.is_plain = self.is_direct and not self.has_timeouts

    # Settings

    def setting(self, name: str) -> Any:
        """The value of a setting as it is bound now."""
        return setting_of(self.server, name)

    def _read_settings(self) -> None:
        setting = self.setting
        self.base_path = base_path_of(setting("base_path"))
        self.cors = _cors(setting("cors"))
        self.compression = _compression(setting("compression"))
        self.allowed_hosts = _host_names(setting("allowed_hosts"))
        self.trusted_proxies = TrustedProxies(setting("trusted_proxies"))
        router = as_options(setting("router"), "router")
        self.strict = bool(router.get("strict"))
        self.query_options = {
            name: router[f"query_{name}"] for name in ("limit", "depth") if router.get(f"query_{name}") is not None
        }
        self.body_options = as_options(setting("request_body_parser"), "request_body_parser")
        limit = self.body_options.get("limit")
        self.body_limit: int | None = DEFAULT_LIMIT if limit is None else size_of(limit)
        self.error_format: str = setting("error_format")
        self.error_options = as_options(setting("error_writer"), "error_writer")
        self.shows_request_id = setting("request_id") is not False
        self.sse_ping = float(setting("sse_ping"))
        self.request_timeout: float | None = setting("request_timeout")
        self.cancel_on_disconnect = bool(setting("cancel_on_disconnect"))
        self.openapi = as_options(setting("openapi"), "openapi")

    # Routes

    def _build_router(self) -> None:
        server = self.server
        kind = bound_value(server, RestBindings.ROUTER) or TrieRouter
        routes = server.registry.routes()
        self.has_own_timeouts = any("x-timeout" in route.spec for route in routes)
        self.has_timeouts = bool(self.request_timeout) or self.has_own_timeouts
        versioning = versioning_of(self.setting("versioning"))
        self.versions: Any = None
        self.refusal: Exception | None = None
        self.version = versioning.default if versioning is not None else None
        # Two routers of one class, spelling and set of routes are the same: it is kept while these stay.
        neutral = [route for route in routes if route.version is None]
        self.router, self.table = self.planning.router_for(kind, self.strict, neutral)
        if versioning is not None:
            self._read_versions(versioning, kind, routes)

    def _read_versions(self, versioning: Any, kind: Any, routes: list[AnyRoute]) -> None:
        from mainspring.rest.versions import DefaultPathRouter, VersionPlans  # noqa: PLC0415 - few servers have versions

        if versioning.by_path:
            if versioning.default is not None:
                self.router = DefaultPathRouter(self.router, versioning.prefix(versioning.default))
            return
        routers = {}
        everything = self.server.registry.all_routes()
        for version in dict.fromkeys(route.version for route in everything if route.version is not None):
            own = [route for route in routes if route.version in (None, version)]
            routers[version] = self.planning.router_for(kind, self.strict, own, version)[0]
        if routers:
            self.versions = VersionPlans(self, versioning, routers)
            self.table = None  # a path alone does not tell the operation

    def operation_of(self, route: AnyRoute) -> Operation:
        """A route made ready; kept as long as this plan."""
        operation = self.operations.get(route)
        if operation is None:
            operation, parts = make_operation(route, self.validation, self.server, self._kept.get(route))
            if parts is not None:
                self._kept[route] = parts
            own = operation.cancel_on_disconnect
            if self.cancel_on_disconnect if own is None else own:
                operation.end_with_client()
            if self._around is not None:
                operation.around = self._around(route)
            if operation.is_warm or route in self._cold:
                self.operations[route] = operation
            else:  # what its controller needs is not made yet; after the first request a shorter way is known
                self._cold.add(route)
        return operation

    def parts_of(self, route: AnyRoute) -> Parts | None:
        """What a route says by itself."""
        self.operation_of(route)
        return self._kept.get(route)

    def operation_spec(self, route: AnyRoute) -> Any:
        """The operation object of a route."""
        return self.server.document.operation_object(route, self)

    def path_of(self, name: str, values: Mapping[str, Any]) -> str:
        """The path of an operation with its variables filled in.

        Raises:
            LookupError: There is no such operation, or a variable is missing or unknown.
        """
        route = next((route for route in self.server.registry.routes() if route.operation_name == name), None)
        if route is None:
            raise LookupError(f"There is no operation {name!r}: name it as Controller.method, or as its function.")
        names = set(route.template.variables)
        wrong = sorted(names ^ set(values))
        if wrong:
            what = "needs the variable" if wrong[0] in names else "has no variable"
            raise LookupError(f"The path {route.path} of {name} {what} {wrong[0]!r}.")
        return _filled(route, values)

    @cached_property
    def sockets(self) -> Any:
        """What the server is to WebSocket connections: a `SocketPlan`."""
        from mainspring.rest.connecting import SocketPlan  # noqa: PLC0415 - few servers have WebSockets

        chain = self.chain(self.chain_name, full=True)
        return SocketPlan(self.server.registry.websockets(), chain, version=self.version, strict=self.strict)

    # Body parsers

    def _parsers(self) -> Parsers:
        own: list[str] = []
        built_in: list[type[Any]] = []
        for binding in _in_order(self.server, Context.find(self.server, f"{RestBindings.BODY_PARSERS}.*")):
            cls = binding.value_type
            if cls in BUILT_IN_PARSERS:
                built_in.append(cls)
            else:
                own.append(binding.key)
        return Parsers(own, [cls for cls in BUILT_IN_PARSERS if cls in built_in])

    def _error_tables(self) -> list[dict[type[BaseException], Any]]:
        """Handlers of errors by class, of the server and of each context above; of two in one the later counts."""
        tables: dict[int, dict[type[BaseException], Any]] = {}
        for binding in self.server.find_by_tag(RestTags.ERROR_HANDLER):
            if binding.source is not None:
                owner = id(self.server.get_owner_context(binding.key))
                tables.setdefault(owner, {})[binding.tag_map[RestTags.ERROR_HANDLER]] = binding.source.value
        return list(tables.values())

    # What is served besides operations

    def _values(self, tag: str, kind: type[Any]) -> list[Any]:
        """The constants bound with a tag, in order of registration."""
        found = []
        for binding in self.server.find_by_tag(tag):
            source = binding.source
            if source is not None and source.type is BindingType.CONSTANT and isinstance(source.value, kind):
                found.append(source.value)
        return found

    def _pages(self) -> dict[str, Answer]:
        if self.openapi.get("disabled"):
            return {}
        pages: dict[str, Answer] = {}
        for endpoint in self.server.document.endpoints(self.openapi):
            pages[endpoint.path] = partial(read_endpoint, endpoint=endpoint)
        first = next(iter(pages), "/openapi.json")
        title = self.server.document.title()
        pages |= explorer_pages(
            self.setting("explorer"), title, lambda exchange: f"{request_context_of(exchange).base_path}{first}"
        )
        return pages

    # Sequence and middleware

    def _read_sequence(self) -> None:
        server = self.server
        options = server.get_config_sync(RestBindings.SEQUENCE) or {}
        self.sequence_options = as_options(options, "sequence")
        self.chain_name = str(self.sequence_options.get("chain") or DEFAULT_CHAIN)
        self.folded: Folded | None = None
        self.actions = {
            name: key
            for name, (key, function) in ACTIONS.items()
            if _is_replaced(server.get_binding(key, optional=True), function)
        }
        self.sequence = server.get_binding(RestBindings.SEQUENCE, optional=True)
        self.handler = bound_value(server, RestBindings.HANDLER)
        try:
            chain = self.chain(self.chain_name, full=True)
        except Exception as error:  # the requests tell of it, until the middleware at fault is unbound
            self.failure = error
            self.is_direct = True
            return
        is_default = (
            not set(self.actions) - {"log_error"}
            and self.handler is None
            and self.planning.runs_default_sequence(self.sequence)
        )
        self.is_direct = is_default and not chain.has_user_middleware and not self.sequence_options
        if is_default and not self.is_direct:
            self.folded = fold(chain, server)

    def chain(self, name: str, *, full: bool) -> Chain:
        """A chain of middleware; the full one has the steps of the middleware sequence too.

        Raises:
            MiddlewareOrderError: Its groups cannot be put in order.
        """
        found = self._chains.get((name, full))
        if found is None:
            found = self._chains[name, full] = self._chain(name, full)
        return found

    def _chain(self, name: str, full: bool) -> Chain:
        bindings: list[Binding[Any]] = [
            binding
            for binding in _in_order(self.server, self.server.find_by_tag(RestTags.MIDDLEWARE))
            if binding.tag_map.get(RestTags.MIDDLEWARE_CHAIN) == name
        ]
        given = self.sequence_options.get("ordered_groups")
        ordered: list[str] = list(DEFAULT_GROUPS if given is None else given)
        if name != self.chain_name:
            return build_chain(bindings, ordered_groups=ordered if given is not None else (), steps={})
        steps = self._steps if full else {group: self._steps[group] for group in ("cors", "api_spec")}
        relations = [] if given is None else _left_out(ordered)
        return build_chain(bindings, ordered_groups=ordered, steps=steps, relations=relations)

    # For steps

    def context_of(self, exchange: Exchange) -> RequestContext:
        """The context of a request."""
        return request_context_of(exchange)

    async def made(self, exchange: Exchange, cls: type[Any]) -> Any:
        """An instance of a class, made by the container for a request."""
        context = request_context_of(exchange)
        if context.is_bound(cls):
            return await context.get(cls)
        return await create_binding_from_class(cls).get_value(context)

    def error_handler_of(self, exchange: Exchange, error: BaseException) -> Any:
        """The program's handler of an error: the nearest class of it that has one, the controller's first."""
        route = exchange.operation.route if exchange.operation is not None else None
        controller = getattr(route, "controller_class", None)
        tables = [error_handlers_of(controller)] if controller is not None else []
        for table in [*tables, *self.error_tables]:
            for cls in type(error).__mro__:
                if cls in table:
                    return table[cls]
        return None


def _cors(setting: Any) -> Any:
    options = cors_of(setting)
    if options is None:
        return None
    from mainspring.rest.cors import Cors  # noqa: PLC0415 - few servers are asked from other origins

    return Cors(options)


def _compression(setting: Any) -> Any:
    if setting is None or setting is False:
        return None
    from mainspring.rest.compression import Compression  # noqa: PLC0415 - few servers compress themselves

    return Compression.from_setting(setting)


def _host_names(setting: Any) -> frozenset[str] | None:
    """The names of the hosts that may be asked for; ``None`` for any."""
    if setting is None or "*" in setting:
        return None
    return frozenset(name.lower() for name in ([setting] if isinstance(setting, str) else setting))


def _filled(route: AnyRoute, values: Mapping[str, Any]) -> str:
    parts = []
    for segment in route.template.segments:
        text = ""
        for part in segment.parts:
            if isinstance(part, str):
                text += part
            elif part.rest:
                text += "/".join(encode_path_value(piece) for piece in str(values[part.name]).split("/"))
            else:
                text += encode_path_value(str(values[part.name]))
        parts.append(text)
    return "/" + "/".join(parts)


def _is_replaced(binding: Binding[Any] | None, default: Any) -> bool:
    """Whether an action is bound to something else than the default."""
    if binding is None:
        return False
    source = binding.source
    return source is None or source.type is not BindingType.CONSTANT or source.value is not default


def _in_order(server: Any, bindings: list[Binding[Any]]) -> list[Binding[Any]]:
    """Bindings in order of registration, those of contexts above first."""
    own = [binding for binding in bindings if server.own_binding(binding.key) is binding]
    above = [binding for binding in bindings if server.own_binding(binding.key) is not binding]
    return [*above, *own]


def _left_out(ordered: list[str]) -> list[list[str]]:
    """Where the framework's own groups go that a list of groups leaves out: next to their neighbours in the default."""
    relations: list[list[str]] = []
    for position, group in enumerate(DEFAULT_GROUPS):
        if group in ordered:
            continue
        before = [name for name in DEFAULT_GROUPS[:position] if name in ordered][-1:]
        after = [name for name in DEFAULT_GROUPS[position + 1 :] if name in ordered][:1]
        relations += [[name, group] for name in before] + [[group, name] for name in after]
    return relations
