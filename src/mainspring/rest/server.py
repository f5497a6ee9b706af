"""A REST server: a context of its own under the application, with routes, a life cycle, and a door for ASGI calls.

What is served at a moment is in its plan; how a request goes is in the pipeline; listening is in `listening`.
"""

import asyncio
import functools
import logging
from collections.abc import Callable
from typing import Annotated, Any, TypeVar
from weakref import WeakKeyDictionary

from mainspring.context import Binding, BindingScope, Context, config, inject
from mainspring.core import Application, CoreTags
from mainspring.core.settings import effective_section
from mainspring.openapi.codecs import json_codec
from mainspring.openapi.parameters import MISSING
from mainspring.rest.asgi import AsgiExchange, Receive, Scope, Send
from mainspring.rest.context import RequestContext
from mainspring.rest.document import ServerDocument
from mainspring.rest.doors import Lifespan, refuse_websocket
from mainspring.rest.errors import NoRequestError, RegistrationError
from mainspring.rest.keys import RestBindings
from mainspring.rest.operations import Parts
from mainspring.rest.pipeline import serve
from mainspring.rest.plans import ServerPlan
from mainspring.rest.registering import RouteRegistry
from mainspring.rest.registration import Registration
from mainspring.rest.replying import ReplyPlan
from mainspring.rest.requests import Request
from mainspring.rest.responses import Response
from mainspring.rest.routes import AnyRoute
from mainspring.rest.sequences import MiddlewareSequence, sequence_steps
from mainspring.rest.serving import Serving
from mainspring.rest.settings import SETTING_KEYS, SETTING_TYPES, as_options, check_settings
from mainspring.rest.validating import Validation

__all__ = ["RestServer", "refusing_paths"]

F = TypeVar("F", bound=Callable[..., Any])

logger = logging.getLogger(__name__)


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

    return guarded  # type: ignore[return-value] - it takes and gives what `get` does


class RestServer(Registration, Context):
    """A server of operations over HTTP; an ASGI 3 application and a server of an `Application`.

    Args:
        app: The application; its controllers are served.
        config: Settings, key by key over ``config["rest"]`` of the application.

    Raises:
        SettingError: A setting is impossible.
    """

    def __init__(self, app: Application, config: Annotated[Any, config()] = None) -> None:
        super().__init__(app, scope=BindingScope.SERVER)
        self.app = app
        section = effective_section(app.options, "rest", SETTING_TYPES)
        self.config: dict[str, Any] = {**section, **as_options(config, "*")}
        check_settings(self.config)
        self.bind(RestBindings.CONFIG).to(self.config)
        self._bind_settings()
        self._bind_requests()
        self.registry = RouteRegistry(self)
        self.document = ServerDocument(self)
        self._mount_lifespans = []
        self.serving = Serving(self)
        self.plain_reply = ReplyPlan("an error handler", json_codec(MISSING).encode)
        self.known_parts: WeakKeyDictionary[AnyRoute, Parts] = WeakKeyDictionary()
        self._plan: ServerPlan | None = None
        self._seen: object = None
        self._router: tuple[Any, Any] | None = None
        self._validation: tuple[Any, Validation] | None = None
        self._preparing: asyncio.Task[None] | None = None
        self._is_prepared = False
        self._outer: list[tuple[Any, dict[str, Any]]] = []
        #: What answers ASGI calls: this server within its ASGI middleware.
        self.entrance: Any = self.answer
        self._has_served = False
        self.registry.sync()
        self.on("bind", self._on_change).on("unbind", self._on_change)

    get = refusing_paths(Context.get)

    def _bind_settings(self) -> None:
        for name, value in self.config.items():
            key = SETTING_KEYS.get(name)
            if key is not None:
                binding = self.bind(key)
                binding.to_class(value) if name == "sequence" else binding.to(value)

    def _bind_requests(self) -> None:
        """The request, to whoever asks for it by key or type anywhere below."""
        nearest = _nearest_request
        self.bind(RestBindings.Http.CONTEXT).to_dynamic_value(nearest).provides(RequestContext).lock()
        self.bind(RestBindings.Http.REQUEST).to_dynamic_value(_request).provides(Request).lock()
        self.bind(RestBindings.Http.RESPONSE).to_dynamic_value(_response).provides(Response).lock()

    def _on_change(self, event: Any) -> None:
        if CoreTags.CONTROLLER in event.binding.tag_map:
            self.registry.sync()

    # The plan

    def plan(self) -> ServerPlan:
        """The server as it is now; made anew when a binding changed."""
        # The context throws its own plans away at any change here or above: as long as they stay, so does ours.
        seen = self.shape().plans
        plan = self._plan
        if plan is not None and seen is self._seen:
            return plan
        self.registry.sync()
        if self._is_prepared:
            self.registry.report()
        plan = ServerPlan(self, self._sequence_steps, self.known_parts)
        self._plan, self._seen = plan, self.shape().plans
        return plan

    _sequence_steps = sequence_steps()

    def router_for(self, cls: type[Any], strict: bool, routes: list[AnyRoute]) -> Any:
        """A router with these routes; the one of before if nothing about them has changed."""
        known = (cls, strict, tuple(map(id, routes)))
        if self._router is None or self._router[0] != known:
            router = cls(strict=strict) if strict else cls()
            for route in routes:
                router.add(route)
            self._router = (known, router)
        return self._router[1]

    def validation_for(self, options: dict[str, Any], parser_names: Any) -> Validation:
        """The validation of these options; the one of before if nothing about them has changed."""
        components = self.document.components()
        if self._validation is None or self._validation[0] != (options, components):
            document = {"components": components} if components else {}
            self._validation = ((options, components), Validation(options, document, parser_names))
        return self._validation[1]

    def runs_default_sequence(self, binding: Binding[Any] | None) -> bool:
        """Whether what is bound as sequence is the default class itself."""
        return binding is None or (binding.source is not None and binding.source.value is MiddlewareSequence)

    # As an ASGI application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an ASGI call."""
        await self.entrance(scope, receive, send)

    def asgi_middleware(self, cls: Any, **options: Any) -> None:
        """Wrap the whole server in an ASGI middleware class; the first one registered is the outermost.

        Raises:
            RegistrationError: The server has started.
        """
        if self.serving.is_started:
            name = getattr(cls, "__name__", cls)
            raise RegistrationError(f"asgi_middleware({name})", "the server has started; register it before")
        self._outer.append((cls, options))
        wrapped: Any = self.answer
        for each, given in reversed(self._outer):
            wrapped = each(wrapped, **given)
        self.entrance = wrapped

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an ASGI call, inside the ASGI middleware."""
        kind = scope["type"]
        if kind == "http":
            if not self._is_prepared:
                await self.prepare()
            self._has_served = True
            await self.serving.track(serve(AsgiExchange(scope, receive, send), self.plan()))
        elif kind == "lifespan":
            await Lifespan(self).run(receive, send)
        elif kind == "websocket":
            await refuse_websocket(scope, receive, send)

    async def prepare(self) -> None:
        """Boot and initialize the application, once for all who ask at the same time."""
        if self._preparing is None:
            self._preparing = asyncio.ensure_future(self._prepare())
        preparing = self._preparing
        try:
            await asyncio.shield(preparing)
        finally:
            if preparing.done() and self._preparing is preparing:
                self._preparing = None

    async def _prepare(self) -> None:
        if self.app.state in ("created", "booted"):
            if self.app.state == "created":
                await self.app.before_run()
            await self.app.init()
        self.registry.sync()
        self.registry.check()
        self._is_prepared = True

    # As a server

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

    def check(self) -> None:
        """Refuse to start with what could not be served.

        Raises:
            ValueError: What is wrong.
        """
        self.registry.sync()
        self.registry.check()
        plan = self.plan()
        if plan.failure is not None:
            raise plan.failure
        self._is_prepared = True

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

    def end_process(self, error: BaseException) -> None:
        """A handler asked the process to end: stop in order."""
        self.serving.end_process(error)

    # For its parts

    @property
    def has_begun(self) -> bool:
        """Whether it has started or handled a request."""
        return self._has_served or self.listening

    @property
    def is_strict(self) -> bool:
        """Whether ``/orders`` and ``/orders/`` are two paths."""
        return bool(as_options(self.get_sync(RestBindings.ROUTER_OPTIONS, optional=True), "router").get("strict"))

    def find_bindings(self, pattern: Any) -> list[Binding[Any]]:
        """`find` as every context has it."""
        return super().find(pattern)

    def find(self, pattern: Any = None) -> list[Binding[Any]]:
        """The bindings that match; controllers seen until now have their routes among them."""
        self.registry.sync()
        return super().find(pattern)

    def own_bindings(self) -> list[tuple[str, Binding[Any]]]:
        """The bindings of this very context, in order."""
        return list(self._bindings.items())

    def registered_names(self) -> set[str]:
        """The names this server is registered under."""
        names = set()
        for binding in self.app.find_by_tag(CoreTags.SERVER):
            source = binding.source
            if (source is not None and source.value is self) or self.app.kept_value(binding) is self:
                names.add(binding.key.partition(".")[2])
        return names


def _nearest_request(context: Annotated[Context, inject.context()]) -> Any:
    for each in context.chain():
        if isinstance(each, RequestContext):
            return each
    raise NoRequestError


def _request(context: Annotated[Context, inject.context()]) -> Any:
    return _nearest_request(context).request


def _response(context: Annotated[Context, inject.context()]) -> Any:
    return _nearest_request(context).response
