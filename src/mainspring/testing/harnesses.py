"""An application under test: its real life, without sockets unless they are asked for, anything overridden."""

import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, overload
from weakref import WeakSet

from mainspring.context import Binding
from mainspring.core import Application
from mainspring.core.errors import HarnessClosedError
from mainspring.core.overriding import Overrides
from mainspring.rest import RestBindings, RestServer
from mainspring.rest.inprocess import InProcessAnswer, call_in_process
from mainspring.testing.client import new_client
from mainspring.testing.events import CapturedEvents, capture_events
from mainspring.testing.request_overrides import RequestOverrides

__all__ = ["Harness", "HarnessClosedError", "harness"]

A = TypeVar("A", bound=Application)


class Harness(Generic[A]):
    """An application that runs for the length of an ``async with`` block; made by `harness`.

    Attributes:
        app: The application, started inside the block.
    """

    app: A

    def __init__(
        self, make: Callable[[], Any], overrides: Mapping[Any, Any] | None, network: bool, keeps_port: bool
    ) -> None:
        self._make = make
        self._initial = dict(overrides or {})
        self._network = network
        self._keeps_port = keeps_port
        self._active: list[Overrides] = []
        self._ours: WeakSet[Binding[Any]] = WeakSet()
        self._client: Any = None
        self._for_requests = RequestOverrides(self._contexts)
        self._is_open = False

    async def __aenter__(self) -> Self:
        app = self._make()
        self.app = await app if inspect.isawaitable(app) else app
        overrides = self._begin(self._initial)
        try:
            if self.app.state == "created":
                await self.app.before_run()
            self._set_network()
            await self.app.__aenter__()
        except BaseException:
            self._end(overrides)
            raise
        self._is_open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_open = False
        client, self._client = self._client, None
        try:
            if client is not None:
                await client.aclose()
        finally:
            try:
                await self.app.__aexit__(kind, error, trace)
            finally:
                while self._active:
                    self._end(self._active[-1])

    # Asking

    async def request(
        self, method: str, path: str, *, overrides: Mapping[Any, Any] | None = None, **options: Any
    ) -> InProcessAnswer:
        """One request, in process.

        Args:
            method: The verb.
            path: The path, perhaps with a query.
            overrides: What this request alone sees in place of what is bound; see `override_requests`.
            options: ``query, headers, json, body``; see `call_in_process`.

        Returns:
            An answer with ``status``, ``headers``, ``body``, ``text`` and ``json()``.

        Raises:
            HarnessClosedError: Outside of the block.
        """
        self._check_open()
        if overrides is None:
            return await call_in_process(self.app, method, path, **options)
        with self._for_requests.for_some(overrides) as marked:
            given = options.pop("headers", None) or {}
            headers = [*(given.items() if isinstance(given, Mapping) else given), *marked.items()]
            return await call_in_process(self.app, method, path, headers=headers, **options)

    @property
    def client(self) -> Any:
        """An ``httpx2.AsyncClient`` of the application: over its socket when the network is on, else in process.

        Raises:
            HarnessClosedError: Outside of the block.
            ClientMissingError: httpx2 is not installed.
        """
        self._check_open()
        if self._client is None:
            self._client = new_client(self.app, self.url)
        return self._client

    @asynccontextmanager
    async def client_with(self, overrides: Mapping[Any, Any]) -> AsyncIterator[Any]:
        """A further client like `client`; its requests alone see other values in place of what is bound.

        Args:
            overrides: By key or class; see `override_requests`.

        Raises:
            HarnessClosedError: Outside of the block.
            ClientMissingError: httpx2 is not installed.
        """
        self._check_open()
        with self._for_requests.for_some(overrides) as marked:
            async with new_client(self.app, self.url, marked) as client:
                yield client

    @property
    def url(self) -> str | None:
        """The URL of the first server that listens; ``None`` when the network is off."""
        urls = (getattr(server, "url", None) for server in self._servers())
        return next((url for url in urls if url is not None), None) if self._network else None

    # Overriding

    @contextmanager
    def override(self, replacements: Mapping[Any, Any]) -> Iterator[None]:
        """Other values in place of what is bound, inside the block.

        Whatever was made with what is overridden is made anew, and everything is as it was afterwards. Servers and
        observers stay, since they have been started; give overrides for them to `harness` itself.

        Args:
            replacements: By key (text, ``BindingKey``) or class: the value, a class that the container makes, or a
                ``Binding`` whose source counts (for factories).

        Raises:
            HarnessClosedError: Outside of the block.
            AmbiguousTypeError: A class is provided by several bindings; nothing is replaced then.
        """
        self._check_open()
        overrides = self._begin(replacements)
        try:
            yield
        finally:
            if overrides in self._active:  # else the harness was left inside the block
                self._end(overrides)

    def override_requests(self, replacements: Mapping[Any, Any]) -> AbstractContextManager[None]:
        """Other values in place of what is bound, for the requests that begin inside the block.

        They are bound in the context of each request, and what is made with them is made for it anew, also where it is
        otherwise kept; outside of requests, everything stays as it is. A class is made anew for each request.

        Args:
            replacements: As for `override`.

        Raises:
            HarnessClosedError: Outside of the harness's block.
            AmbiguousTypeError: A class is provided by several bindings; nothing is replaced then.
        """
        self._check_open()
        return self._for_requests.for_all(replacements)

    def capture(self) -> AbstractContextManager[CapturedEvents]:
        """Note what happens inside the block: changes of state, bindings of application and servers, statements.

        Raises:
            HarnessClosedError: Outside of the harness's block.
        """
        self._check_open()
        return capture_events(*self._contexts())

    @asynccontextmanager
    async def rolled_back(self, *datasources: Any) -> AsyncIterator[None]:
        """What is written to databases inside the block is gone after it; see `mainspring.testing.rolled_back`.

        Args:
            datasources: Keys, classes or names; without any, all SQL databases of the application.

        Raises:
            HarnessClosedError: Outside of the harness's block.
            TransactionError: Not everything could be undone.
        """
        self._check_open()
        from mainspring.testing.databases import datasources_of, rolled_back  # noqa: PLC0415 - many have no database

        async with rolled_back(*await datasources_of(self.app, datasources)):
            yield

    def _begin(self, replacements: Mapping[Any, Any]) -> Overrides:
        overrides = Overrides(replacements, self._contexts, self._ours)
        overrides.begin()
        self.app.on("bind", overrides.follow)
        self._active.append(overrides)
        return overrides

    def _end(self, overrides: Overrides) -> None:
        self._active.remove(overrides)
        self.app.off("bind", overrides.follow)
        overrides.end()

    def _contexts(self) -> list[Any]:
        return [self.app, *(server for server in self._servers() if isinstance(server, RestServer))]

    def _servers(self) -> list[Any]:
        """The servers that have been made."""
        bindings = self.app.find_by_tag("server")
        kept = (self.app.kept_value(binding) for binding in bindings)
        return [server for server in kept if hasattr(server, "start")]

    def _set_network(self) -> None:
        for binding in self.app.find_by_tag("server"):
            cls = binding.value_type
            if not (isinstance(cls, type) and issubclass(cls, RestServer)):
                continue
            server: RestServer = self.app.get_sync(binding.key)
            if not self._network:
                server.bind(RestBindings.LISTEN_ON_START).to(False)
            elif not self._keeps_port:
                server.bind(RestBindings.PORT).to(0)

    def _check_open(self) -> None:
        if not self._is_open:
            raise HarnessClosedError


@overload
def harness(
    app_or_class: type[A],
    config: Any = None,
    *,
    overrides: Mapping[Any, Any] | None = None,
    network: bool = False,
) -> Harness[A]: ...
@overload
def harness(
    app_or_class: A, config: None = None, *, overrides: Mapping[Any, Any] | None = None, network: bool = False
) -> Harness[A]: ...
@overload
def harness(
    app_or_class: Callable[..., Any],
    config: Any = None,
    *,
    overrides: Mapping[Any, Any] | None = None,
    network: bool = False,
) -> Harness[Any]: ...
def harness(
    app_or_class: Any, config: Any = None, *, overrides: Mapping[Any, Any] | None = None, network: bool = False
) -> Harness[Any]:
    """Run an application for the length of a block: ``async with harness(MyApp) as t:``.

    It is booted, started and stopped as ever. Without the network its REST servers do not listen, and are asked in
    process; with it they take a free port each.

    Args:
        app_or_class: A class of applications, a factory (perhaps ``async``), or an application.
        config: The configuration of a class or factory.
        overrides: What takes the place of bindings before anything is made; see `Harness.override`.
        network: Whether the servers listen. A port in ``config["rest"]`` is kept, else it is a free one.

    Raises:
        TypeError: It is none of these, or a configuration is given for an application that has its own.
    """
    if isinstance(app_or_class, Application):
        if config is not None:
            raise TypeError("This application has its configuration already: give its class, or bind what differs.")
        return Harness(lambda: app_or_class, overrides, network, False)
    if not callable(app_or_class):
        raise TypeError(f"harness takes an application, its class or a factory, not {app_or_class!r}.")
    section = config.get("rest") if isinstance(config, Mapping) else getattr(config, "rest", None)
    keeps_port = "port" in section if isinstance(section, Mapping) else hasattr(section, "port")
    make = app_or_class if config is None else lambda: app_or_class(config)
    return Harness(make, overrides, network, keeps_port)
