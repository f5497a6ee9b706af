"""The context of one request: its bindings end with it, and everything about the request is asked of it."""

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from mainspring.context import (
    Binding,
    BindingKey,
    BindingLockedError,
    BindingScope,
    Context,
    ContextBindings,
    ContextTags,
)
from mainspring.context.brief import BriefContext
from mainspring.context.cleanup import Cleanup
from mainspring.context.events import EventHub
from mainspring.core import CoreBindings
from mainspring.rest.errors import NoRequestError
from mainspring.rest.exchange import Exchange
from mainspring.rest.keys import RestBindings
from mainspring.rest.logs import RequestLogger
from mainspring.rest.requests import Request
from mainspring.rest.responses import Response
from mainspring.rest.tickets import MADE, REQUEST, current_exchange, exchange_of

__all__ = ["RequestContext", "request_context_of"]

F = TypeVar("F", bound=Callable[..., Any])

_OWN_KEYS = frozenset(
    key.key for key in (RestBindings.Http.CONTEXT, RestBindings.Http.REQUEST, RestBindings.Http.RESPONSE)
)

_LATE_KEYS = frozenset(
    key.key
    for key in (
        CoreBindings.CONTROLLER_CLASS,
        CoreBindings.CONTROLLER_METHOD_NAME,
        CoreBindings.CONTROLLER_CURRENT,
        RestBindings.OPERATION_SPEC_CURRENT,
    )
)
_CONTEXT = RestBindings.Http.CONTEXT.key
_CONTROLLER_MARK = "rest.http.request.has_controller"
#: One for all requests: it belongs to no context in particular.
_MARK: Binding[Any] = Binding(BindingKey[bool](_CONTROLLER_MARK)).to(True).lock()
#: What the request binds itself; nothing of it shadows a binding of the program.
_GIVEN_KEYS = _OWN_KEYS | _LATE_KEYS | {_CONTROLLER_MARK}


_REQUEST = BindingScope.REQUEST
_new = object.__new__


def refusing_own_keys(method: F) -> F:
    """A method that registers something in a context, refusing the keys that belong to the request."""

    @functools.wraps(method)
    def guarded(self: Context, what: Any) -> Any:
        key = what.key if isinstance(what, Binding) else str(what)
        if key in _OWN_KEYS:
            raise BindingLockedError(
                f"Binding {key!r} belongs to the request and is locked: bind another key.",
                key=key,
                contexts=(self.name,),
            )
        return method(self, what)

    return guarded  # type: ignore[return-value]  # it takes and gives what the method does


class RequestContext(BriefContext):
    """The context of a request, under the server's. Attributes may be set on it: it lives as long as the request.

    Most requests that have one look at nothing of it but the values it keeps, so its bindings are made when somebody
    looks at them.

    Attributes:
        source: The exchange, or its ticket.
        stage_options: What was said with the middleware that runs, where a loader runs it.
    """

    stage_options: Mapping[str, Any] = MappingProxyType({})

    scope = _REQUEST
    _session: Any = None
    source: Any
    _own_bindings: dict[str, Binding[Any]] | None = None
    _after: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] | None = None
    #: Whether it can end without a word: nobody looked into it, nothing follows the response or is to be cleaned up.
    _is_bare: bool

    def __init__(self, parent: Context, exchange: Exchange) -> None:
        self._parent = parent
        self._kept = {}
        self.source = exchange
        self._is_bare = True

    @property
    def exchange(self) -> Exchange:
        """The request as a door hands it to the pipeline."""
        return exchange_of(self.source)  # type: ignore[no-any-return]  # it is one

    @property
    def is_whole(self) -> bool:
        """Whether anybody has looked at its bindings."""
        return self._own_bindings is not None

    @property
    def _bindings(self) -> dict[str, Binding[Any]]:  # type: ignore[override]  # nobody sets them; made at the first look
        own = self._own_bindings
        return self._make_whole() if own is None else own

    @property
    def has_bindings(self) -> bool:
        """Whether something was bound in it besides what every request has: it may shadow what is bound above."""
        own = self._own_bindings
        return own is not None and not own.keys() <= _GIVEN_KEYS

    @property
    def has_global_interceptors(self) -> bool:
        """Whether a global interceptor, or the order of their groups, was bound in it for this request alone."""
        own = self._bindings
        return ContextBindings.GLOBAL_INTERCEPTOR_ORDERED_GROUPS.key in own or any(
            ContextTags.GLOBAL_INTERCEPTOR in binding.tag_map for binding in own.values()
        )

    def _make_whole(self) -> dict[str, Binding[Any]]:
        with self._lock:  # two threads of one request may come here at once
            if self._own_bindings is None:
                self._is_bare = False
                # A constant of its own, not a factory above: plans of what depends on it then have nothing to await.
                binding: Binding[Any] = Binding(_CONTEXT)
                own = {_CONTEXT: binding.to(self).provides(RequestContext).lock()}
                match = self.exchange.match
                if match is not None and match.route.has_controller:
                    own[_CONTROLLER_MARK] = _MARK
                self._own_bindings = own
            return self._own_bindings

    @staticmethod
    def current() -> "RequestContext":
        """The context of the request that the running code belongs to.

        Raises:
            NoRequestError: It belongs to none.
        """
        exchange = current_exchange()
        if exchange is None:
            raise NoRequestError
        return request_context_of(exchange)

    # Parts of the request

    @property
    def request(self) -> Request:
        """The request."""
        source = self.source
        if type(source) is list and source[MADE] is None:
            request = source[REQUEST]
            if request is None:  # the same as a call of the class, which costs a request more
                source[REQUEST] = request = _new(Request)
                request.source = source
                request.has_body = False
            return request  # type: ignore[no-any-return]  # made above
        exchange = self.exchange
        request = exchange.request
        if request is None:
            request = exchange.request = Request(exchange)
        return request  # type: ignore[no-any-return]  # made above

    @property
    def response(self) -> Response[Any]:
        """The response in the making."""
        response = self.exchange.response
        if response is None:
            response = self.exchange.response = Response.of(self.exchange)
        return response  # type: ignore[no-any-return]  # made above

    @property
    def route(self) -> Any:
        """The route, after route finding; ``None`` before."""
        match = self.exchange.match
        return None if match is None else match.route

    @property
    def body(self) -> Any:
        """What the handler gets as body, after parsing; before it what a middleware has parsed."""
        value, request = self.exchange.body_value, self.exchange.request
        return request.parsed[0] if value is None and request is not None and request.parsed is not None else value

    @property
    def result(self) -> Any:
        """What the handler returned, or a middleware instead of it."""
        return self.exchange.result

    @result.setter
    def result(self, value: Any) -> None:
        self.exchange.result = value

    @property
    def path_params(self) -> dict[str, str]:
        """The decoded variables of the path."""
        return self.request.path_params

    @property
    def request_id(self) -> str:
        """The id of the request."""
        return self.exchange.request_id

    @property
    def session(self) -> Any:
        """The session.

        Raises:
            RuntimeError: No session middleware ran.
        """
        if self._session is None:
            raise RuntimeError(
                "There is no session: add a session middleware, `use(session(...))` or one that sets `context.session`."
            )
        return self._session

    @session.setter
    def session(self, value: Any) -> None:
        self._session = value

    # Addresses

    @property
    def requested_protocol(self) -> str:
        """``http`` or ``https``, as the client used it."""
        return self.request.scheme

    @property
    def root_path(self) -> str:
        """What stands before the base path: a mount, and what trusted proxies cut off."""
        return self.request.root_path

    @property
    def base_path(self) -> str:
        """The effective base path: root path and base path; empty, or with a leading slash."""
        return self.request.base_path

    @property
    def origin(self) -> str:
        """Scheme, host and port the client used; the scheme's own port is left out."""
        return self.request.origin

    @property
    def requested_base_url(self) -> str:
        """The URL of the application as the client used it, without a trailing slash."""
        return f"{self.origin}{self.base_path}"

    def url_for(self, name: str, **path_params: Any) -> str:
        """The path of an operation, root and base path included.

        Args:
            name: ``Controller.method``, or the name of a function.
            path_params: The variables of its template.

        Raises:
            LookupError: There is no such operation, or a variable is missing or unknown.
        """
        path: str = self.exchange.plan.path_of(name, path_params)
        return f"{self.base_path}{path}"

    def paginate(self, items: Any, total: int | None = None, *, limit: int, offset: int = 0) -> Any:
        """Say in ``Link`` (RFC 8288) and ``X-Total-Count`` where the page is among all; gives the items back.

        Args:
            items: The items of the page.
            total: How many there are in all, if known.
            limit: The size of a page.
            offset: How many items precede this page.
        """
        url = f"{self.origin}{self.root_path}{self.exchange.raw_path}"
        count = len(items) if total is None else 0
        from mainspring.rest.paging import page_links  # noqa: PLC0415 - few handlers page

        links = page_links(url, self.request.query_string, limit, offset, count, total)
        if total is not None:
            self.response.headers["X-Total-Count"] = total
        self.response.headers["Link"] = links
        return items

    # The end of the request

    @property
    def logger(self) -> RequestLogger:
        """A logger whose records carry ``request_id`` as ``req_id``."""
        return RequestLogger(self.request_id)

    def after_response(self, function: Any, *args: Any, **kwargs: Any) -> None:
        """Call a function (plain ones in a worker thread) when the response is sent; several in this order."""
        if not callable(function):
            raise TypeError(f"after_response takes a function, not {function!r}.")
        if self._after is None:
            self._after = []
            self._is_bare = False
            _ = self.response  # with one the response takes the steps, which look whether anybody is there to get it
        self._after.append((function, args, kwargs))

    @property
    def has_work_after_response(self) -> bool:
        """Whether something is to be called after the response."""
        return self._after is not None

    def take_after_response(self) -> list[tuple[Any, tuple[Any, ...], dict[str, Any]]]:
        """What is to be called after the response; it is not given twice."""
        found, self._after = self._after, None
        return found or []

    def add_cleanup(self, cleanup: Cleanup) -> bool:
        """Put a clean-up on top of those that run at the end; false when this context is closed."""
        self._is_bare = False
        return super().add_cleanup(cleanup)

    def _watch(self) -> EventHub:
        self._is_bare = False
        return super()._watch()

    # Bindings that every request has

    add = refusing_own_keys(Context.add)
    bind = refusing_own_keys(Context.bind)

    def contains(self, key: Any) -> bool:
        """Whether the key is bound here; the request's own keys always are."""
        return str(key) in _OWN_KEYS or super().contains(key) or self.own_binding(str(key)) is not None

    def own_binding(self, key: str) -> Binding[Any] | None:
        """The binding registered here under this text. Those of the controller are made when they are asked for."""
        found = super().own_binding(key)
        return self._late_binding(key) if found is None and key in _LATE_KEYS else found

    def route_found(self) -> None:
        """The route is known now: contexts of controllers are of another shape than those of functions."""
        if self.is_whole and self.route.has_controller:
            self._bindings[_CONTROLLER_MARK] = _MARK
            self._touch()

    def _late_binding(self, key: str) -> Binding[Any] | None:
        operation = self.exchange.operation
        if operation is None:
            return None
        route = operation.route
        binding: Binding[Any] = Binding(key)
        if key == RestBindings.OPERATION_SPEC_CURRENT.key:
            binding.to(self.exchange.plan.operation_spec(route))
        elif not route.has_controller:
            return None
        elif key == CoreBindings.CONTROLLER_CLASS.key:
            binding.to(route.controller_class)
        elif key == CoreBindings.CONTROLLER_METHOD_NAME.key:
            binding.to(route.method_name)
        else:
            binding.to_dynamic_value(self._controller).in_scope(BindingScope.REQUEST)
        super().add(binding)
        return binding

    async def _controller(self) -> Any:
        return await self.exchange.operation.instance.get(self.exchange)


def request_context_of(exchange: Exchange) -> RequestContext:
    """The context of an exchange, made when it is first asked for."""
    context = exchange.context
    if context is None:
        context = exchange.context = RequestContext(exchange.plan.server, exchange)
        if exchange.is_past:
            context._closing = True
    return context  # type: ignore[no-any-return]  # made above
