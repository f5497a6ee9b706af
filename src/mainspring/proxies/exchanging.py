"""One call over the wire: hooks, credentials of traces, the time limit, and repetition where it does no harm."""

import asyncio
import inspect
import logging
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import import_module
from random import uniform
from typing import Any

from mainspring.http.dates import parse_http_date
from mainspring.http.headers import Headers
from mainspring.proxies.answers import readable_body
from mainspring.proxies.errors import ServiceConnectionError, ServiceError, ServiceTimeoutError
from mainspring.proxies.messages import (
    RequestEvent,
    ResponseEvent,
    ServiceRequest,
    ServiceResponse,
    shown_headers,
    shown_url,
)
from mainspring.proxies.settings import CallSettings
from mainspring.proxies.transport import RawResponse, Transport, TransportError

__all__ = ["EVENTS", "Exchange", "Hooks"]

logger = logging.getLogger("mainspring.proxies.exchanging")

EVENTS = ("request", "response")

#: Repeating them does nothing that doing them once did not (RFC 9110 section 9.2.2).
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
#: Answers that another attempt may change.
_PASSING = frozenset({500, 502, 503, 504})
#: Answers that say with Retry-After that nothing was done and when to come again.
_COME_AGAIN = frozenset({429, 503})


class Hooks:
    """Who is told of requests and responses. A hook that fails is logged: it must not break what it watches."""

    def __init__(self, datasource: str) -> None:
        self._datasource = datasource
        self._listeners: dict[str, list[Callable[[Any], Any]]] = {event: [] for event in EVENTS}

    def add(self, event: str, listener: Callable[[Any], Any]) -> None:
        """Add a plain or asynchronous function.

        Raises:
            ValueError: There is no such event.
        """
        if event not in self._listeners:
            raise ValueError(f"Data source {self._datasource!r} has no event {event!r}; there are {', '.join(EVENTS)}.")
        self._listeners[event].append(listener)

    async def tell(self, event: str, about: RequestEvent | ResponseEvent) -> None:
        """Tell everybody, in the order they were added."""
        for listener in self._listeners[event]:
            try:
                result = listener(about)
                if inspect.isawaitable(result):
                    await result
            except Exception:
                logger.exception("A %s hook of data source %r failed.", event, self._datasource)


class Exchange:
    """Sends requests of one data source.

    Attributes:
        sent: Requests that were sent, repetitions included.
        failed: Those of them without an answer, or with one from 400 on.
        under_way: Those that are being answered.
    """

    def __init__(self, datasource: str, settings: CallSettings, hooks: Hooks) -> None:
        self.datasource = datasource
        self.settings = settings
        self.hooks = hooks
        self.sent = self.failed = self.under_way = 0

    async def call(self, transport: Transport, request: ServiceRequest) -> ServiceResponse:
        """The answer to a request, whatever its status.

        Raises:
            ServiceConnectionError: There was none.
            ServiceTimeoutError: There was none in time.
        """
        attempt = 0
        while True:
            response, error = await self._attempted(transport, request)
            delay = self._delay(request.method, response, attempt)
            if delay is not None:
                attempt += 1
                shown = self._shown(request)
                logger.info("%s: %s %s is repeated in %.2f s.", self.datasource, request.method, shown, delay)
                await asyncio.sleep(delay)
            elif response is not None:
                return response
            else:
                assert error is not None
                raise error

    async def _attempted(
        self, transport: Transport, request: ServiceRequest
    ) -> tuple[ServiceResponse | None, ServiceError | None]:
        try:
            return await self._once(transport, request), None
        except (ServiceConnectionError, ServiceTimeoutError) as error:
            return None, error

    def _delay(self, method: str, response: ServiceResponse | None, attempt: int) -> float | None:
        """Seconds until the next attempt; ``None`` when there is none."""
        retries = self.settings.retries
        if attempt >= retries.attempts or (response is not None and response.status < 400):
            return None
        named = _retry_after(response.headers) if response is not None else None
        if response is not None and response.status in _COME_AGAIN and named is not None:
            return named if named <= retries.max_delay else None
        if method in _IDEMPOTENT and (response is None or response.status in _PASSING):
            return min(retries.backoff * 2.0**attempt * uniform(0.5, 1.0), retries.max_delay)
        return None

    async def _once(self, transport: Transport, request: ServiceRequest) -> ServiceResponse:
        shown = self._shown(request)
        headers = {**self.settings.headers, **request.headers}
        _add_trace(headers)
        event = RequestEvent(self.datasource, request.method, shown, headers, request.content)
        await self.hooks.tell("request", event)
        started = time.perf_counter()
        self.sent += 1
        self.under_way += 1
        try:
            raw = await self._sent(transport, request, headers, shown)
        except BaseException:
            self.failed += 1
            raise
        finally:
            self.under_way -= 1
        elapsed = time.perf_counter() - started
        self.failed += raw.status >= 400
        answer = Headers(raw.headers)
        self._log(request, headers, raw.status, answer, elapsed)
        told = ResponseEvent(self.datasource, request.method, shown, raw.status, answer, elapsed)
        await self.hooks.tell("response", told)
        body = readable_body(answer, raw.content)
        return ServiceResponse(raw.status, answer, body, request.method, shown, raw.content)

    async def _sent(
        self, transport: Transport, request: ServiceRequest, headers: Mapping[str, str], shown: str
    ) -> RawResponse:
        seconds = request.timeout if request.timeout is not None else self.settings.timeout
        try:
            async with asyncio.timeout(seconds):
                return await transport.send(
                    request.method, request.url, headers, request.content, self.settings.max_response_size
                )
        except TimeoutError as error:
            raise ServiceTimeoutError(self.datasource, request.method, shown, seconds or 0) from error
        except TransportError as error:
            raise ServiceConnectionError(self.datasource, request.method, shown, error.reason) from error

    def _shown(self, request: ServiceRequest) -> str:
        return shown_url(request.url, self.settings.hidden_query | request.hidden_query)

    def _log(
        self, request: ServiceRequest, headers: Mapping[str, str], status: int, answer: Headers, elapsed: float
    ) -> None:
        if not logger.isEnabledFor(logging.DEBUG):
            return
        hidden = self.settings.hidden_headers | request.hidden_headers
        logger.debug(
            "%s: %s %s %s -> %d %s (%.4f s)",
            self.datasource,
            request.method,
            self._shown(request),
            shown_headers(headers, hidden),
            status,
            shown_headers(answer, hidden),
            elapsed,
        )


def _retry_after(headers: Headers) -> float | None:
    """Seconds that ``Retry-After`` says (RFC 9110 section 10.2.3)."""
    text = headers.get("retry-after")
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    moment = parse_http_date(text)
    return None if moment is None else max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _add_trace(headers: dict[str, str]) -> None:
    """Hand the current trace on, in programs that use OpenTelemetry; others do not even import it."""
    if "opentelemetry" in sys.modules:
        import_module("opentelemetry.propagate").inject(headers)
