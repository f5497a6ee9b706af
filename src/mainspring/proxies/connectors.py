"""The connectors ``rest`` and ``openapi``: what makes a data source stand for a remote service."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from mainspring.openapi import DocumentError
from mainspring.proxies.clients import HttpxTransport
from mainspring.proxies.described import described_operations, server_of
from mainspring.proxies.documents import load_document, run_at_once
from mainspring.proxies.errors import ServiceAnswerError, ServiceArgumentError, ServiceInterfaceError, response_error
from mainspring.proxies.exchanging import Exchange, Hooks
from mainspring.proxies.interfaces import ProxyMethod, proxy_class, untyped_class
from mainspring.proxies.messages import ServiceRequest, ServiceResponse, shown_url
from mainspring.proxies.operations import Operation, is_absolute, join_url
from mainspring.proxies.security import Signer
from mainspring.proxies.settings import base_of, call_settings
from mainspring.proxies.templates import template_operations
from mainspring.proxies.transport import Transport, TransportError
from mainspring.proxies.values import ArgumentFault, plain
from mainspring.repository import DataSource, DataSourceError
from mainspring.repository.naming import snake_case

__all__ = ["OpenApiConnector", "RestConnector"]

_USUAL_HEADERS = {
    "accept": "application/json, text/plain;q=0.9, */*;q=0.8",
    "accept-encoding": "gzip, deflate",
    "user-agent": "mainspring",
}


class _ServiceConnector:
    """What both have: connections, calls, proxies.

    Attributes:
        pings_at_start: An application starts whether the other side is up or not.
        needs_connection: Whether proxies can be made only after ``connect``.
    """

    pings_at_start = False
    needs_connection = False

    def __init__(self, datasource: str, settings: Mapping[str, Any], _listeners: Any = None) -> None:
        self.datasource = datasource
        self.settings = settings
        self._hooks = Hooks(datasource)
        self._exchange = Exchange(datasource, call_settings(datasource, settings), self._hooks)
        self._transforms = settings.get("transform_response", True)
        self._transport: Transport | None = None
        self._base = ""
        self._authorization: str | None = None
        self._classes: dict[Any, type[Any]] = {}

    def _set_base(self, name: str, url: Any) -> None:
        self._base, self._authorization = base_of(self.datasource, name, url)

    # Life

    async def connect(self) -> None:
        """Make the client; connections are opened by calls."""
        if self._transport is None:
            self._transport = await asyncio.to_thread(HttpxTransport, self.settings)  # it reads certificates

    async def disconnect(self) -> None:
        """Close every connection; calls under way end with an error."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.close()

    async def ping(self) -> None:
        """``HEAD`` of the base, or of the setting ``ping``; any answer will do.

        Raises:
            DataSourceError: There is none.
        """
        request = ServiceRequest("HEAD", str(self.settings.get("ping") or "/"))
        try:
            await self._sent(request)
        except OSError as error:  # as all failures to get an answer are
            raise DataSourceError(self.datasource, f"there is no answer: {str(error).rstrip('.')}") from error

    def stats(self) -> Mapping[str, int]:
        """``statements`` are requests; ``checked_out`` those under way."""
        exchange = self._exchange
        size = int((self.settings.get("pool") or {}).get("size", 100))
        under_way = exchange.under_way
        return {
            "size": size,
            "checked_out": min(under_way, size),
            "waiting": max(0, under_way - size),
            "statements": exchange.sent,
            "errors": exchange.failed,
        }

    def on(self, event: str, listener: Callable[[Any], Any]) -> None:
        """Call a function for each ``request`` or ``response``.

        Raises:
            ValueError: There is no such event.
        """
        self._hooks.add(event, listener)

    # Proxies

    def operations(self) -> Mapping[str, Operation]:
        """The operations by names of methods."""
        raise NotImplementedError

    async def _sign(self, operation: Operation, request: ServiceRequest) -> None:
        """Add what the operation wants for credentials."""

    def as_service(self, datasource: DataSource, interface: Any = None) -> Any:
        """A proxy.

        Args:
            datasource: Connects when a call comes.
            interface: What it looks like; without one a method for each operation.

        Raises:
            ServiceInterfaceError: No proxy can be made of the interface.
            DataSourceError: The operations are not known yet.
        """
        if interface not in self._classes:
            if interface is not None and not isinstance(interface, type):
                raise ServiceInterfaceError(repr(interface), None, "an interface is a class or a Protocol")
            self._classes[interface] = self._made(interface, _caller(datasource))
        return self._classes[interface]()

    def _made(self, interface: Any, call: Callable[[ProxyMethod, Any], Coroutine[Any, Any, Any]]) -> type[Any]:
        if interface is None:
            return untyped_class(f"{self.datasource}Proxy", self.operations(), call)
        return proxy_class(interface, self.operations(), call)

    async def invoke(self, method: ProxyMethod, request: ServiceRequest) -> Any:
        """Send the request of a method; what the method returns.

        Raises:
            ServiceError: There was no answer, or none that means what the method promises.
        """
        await self._sign(method.operation, request)
        response = await self._sent(request)
        if 400 <= response.status <= 599:
            raise response_error(self.datasource, response)
        if not self._transforms:
            return response
        if not 200 <= response.status <= 299:
            words = f"answered {response.status}"
            if "location" in response.headers:
                moved = shown_url(response.headers["location"], self._exchange.settings.hidden_query)
                words += f" and leads to {moved}, which is not followed; say the right URL"
            raise ServiceAnswerError(self.datasource, response, words)
        return method.answer(self.datasource, response)

    async def _sent(self, request: ServiceRequest) -> ServiceResponse:
        if self._transport is None:
            raise DataSourceError(self.datasource, "it is not connected")
        absolute = is_absolute(request.url)
        if not absolute:
            if not self._base:
                raise DataSourceError(self.datasource, f"{request.url!r} is relative; set base_url")
            request.url = join_url(self._base, request.url)
        request.headers = {**_USUAL_HEADERS, **self._exchange.settings.headers, **request.headers}
        if self._authorization is not None and not absolute:
            request.headers.setdefault("authorization", self._authorization)
        return await self._exchange.call(self._transport, request)


class RestConnector(_ServiceConnector):
    """Operations from templates, or declared by the interface: ``base_url``, ``operations``."""

    def __init__(self, datasource: str, settings: Mapping[str, Any], _listeners: Any = None) -> None:
        super().__init__(datasource, settings)
        if settings.get("base_url") is not None:
            self._set_base("base_url", settings["base_url"])
        try:
            self._operations = {each.name: each for each in template_operations(settings.get("operations"))}
        except ValueError as error:
            raise DataSourceError(datasource, str(error).rstrip(".")) from error

    def operations(self) -> Mapping[str, Operation]:
        """The operations by names of methods."""
        return self._operations


class OpenApiConnector(_ServiceConnector):
    """Operations of an OpenAPI document: ``spec`` (a path, a URL or a mapping), ``server``, ``auth``."""

    def __init__(self, datasource: str, settings: Mapping[str, Any], _listeners: Any = None) -> None:
        super().__init__(datasource, settings)
        if settings.get("spec") is None:
            raise DataSourceError(datasource, "spec is missing: the path or URL of an OpenAPI document, or a mapping")
        self._operations: dict[str, Operation] | None = None
        self._signer: Signer | None = None
        self._schemes: dict[str, tuple[str, ...]] = {}

    @property
    def needs_connection(self) -> bool:  # type: ignore[override]  # here it depends
        """Whether the document has to be fetched first."""
        return self._operations is None and str(self.settings["spec"]).lower().startswith(("http://", "https://"))

    async def connect(self) -> None:
        """Make the client and read the document.

        Raises:
            DataSourceError: The document cannot be had or understood.
        """
        await super().connect()
        if self._operations is None:
            try:
                await self._load(self._fetch)
            except BaseException:
                await self.disconnect()
                raise

    def operations(self) -> Mapping[str, Operation]:
        """The operations by names of methods: ``operationId``, and that in snake case.

        Raises:
            DataSourceError: The document is not there, or has to be fetched first.
        """
        if self._operations is None:
            run_at_once(self._load(self._refuse))
        assert self._operations is not None
        return self._operations

    async def _load(self, fetch: Callable[[str], Coroutine[Any, Any, bytes]]) -> None:
        try:
            document = await load_document(self.settings["spec"], fetch)
            signer = Signer(document, self.settings.get("auth"))
            listed = list(described_operations(document))
            server = server_of(document, self.settings.get("server", self.settings.get("base_url")))
        except DocumentError as error:
            raise DataSourceError(self.datasource, str(error).rstrip(".")) from error
        self._set_base("server", server)
        operations: dict[str, Operation] = {name: operation for name, operation, _ in listed}
        for name, operation, item in listed:
            operations.setdefault(snake_case(name), operation)
            method = item.get("x-operation-name")  # of servers like ours, whose ids begin with the controller
            if isinstance(method, str):
                operations.setdefault(method, operation)
        self._schemes = {name: signer.schemes_of(item) for name, _, item in listed}
        self._signer, self._operations = signer, operations

    async def _sign(self, operation: Operation, request: ServiceRequest) -> None:
        schemes = self._schemes.get(operation.name)
        if schemes and self._signer is not None:
            await self._signer.sign(request, schemes)

    async def _fetch(self, url: str) -> bytes:
        """What is at a URL. The headers of the service are not for the keeper of its document."""
        settings = self._exchange.settings
        shown = shown_url(url, settings.hidden_query)
        assert self._transport is not None
        try:
            async with asyncio.timeout(settings.timeout):
                raw = await self._transport.send("GET", url, _USUAL_HEADERS, None, settings.max_response_size)
        except (TransportError, TimeoutError) as error:
            words = error.reason if isinstance(error, TransportError) else f"took longer than {settings.timeout} s"
            raise DocumentError(shown, f"the request {words}") from error
        if raw.status != 200:
            raise DocumentError(shown, f"the answer was {raw.status}")
        return raw.content

    async def _refuse(self, url: str) -> bytes:
        shown = shown_url(url, self._exchange.settings.hidden_query)
        raise DataSourceError(
            self.datasource,
            f"{shown} must be fetched first: await the data source's connect(), or get_service(Interface, datasource)",
        )


def _caller(datasource: DataSource) -> Callable[[ProxyMethod, Any], Coroutine[Any, Any, Any]]:
    async def call(method: ProxyMethod, arguments: Mapping[str, Any]) -> Any:
        try:
            request = method.operation.request(arguments)
        except ArgumentFault as fault:
            raise ServiceArgumentError(method.place, fault.parameter, fault.reason) from fault.__cause__
        except (TypeError, ValueError, RecursionError) as error:
            reason = f"cannot be sent ({error})"
            raise ServiceArgumentError(method.place, _culprit(arguments), reason) from error
        return await (await datasource.ready()).invoke(method, request)

    return call


def _culprit(arguments: Mapping[str, Any]) -> str:
    """The argument that has no JSON form."""
    for name, value in arguments.items():
        try:
            plain(value)
        except (TypeError, ValueError, RecursionError):
            return name
    return ", ".join(arguments)
