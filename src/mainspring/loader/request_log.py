"""The log of requests: a line when one begins, a line when its response is sent."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from msgspec import Struct

from mainspring.rest.exchange import Exchange
from mainspring.rest.logs import WRITER
from mainspring.rest.tickets import current_exchange

__all__ = ["LogOptions", "RequestLog"]

logger = logging.getLogger("mainspring.request")

_DEFAULT_FIELDS = ("req_id", "method", "url", "duration")
_SECRET = ("cookie", "authorization", "proxy-authorization", "set-cookie")
_IS_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}").fullmatch
_ID = b"x-request-id"


class LogOptions(Struct, frozen=True):
    """What is logged.

    Attributes:
        fields: The names of the attributes of records.
        starts: Whether the beginning is logged.
        ends: Whether the end is logged.
        ignored: Paths of which nothing is logged.
        new_id: Makes the id of a request that brings none.
        format: The message, with the fields in braces; ``request.start`` and ``request.end`` without it.
        held: How many records of ``ctx.logger`` are held back at most, to be written together; 0 writes each at once.
    """

    fields: tuple[str, ...] = _DEFAULT_FIELDS
    starts: bool = True
    ends: bool = True
    ignored: tuple[re.Pattern[str], ...] = ()
    new_id: Callable[[], Any] | None = None
    format: str | None = None
    held: int = 0

    @staticmethod
    def of(settings: Any) -> "LogOptions | None":
        """The options of the setting ``logger``; ``None`` when requests are not to be logged.

        When nobody said anything about it, they are if their logger has somebody who listens.
        """
        given: Mapping[str, Any] = settings.get("logger") or {}
        if given.get("level", "info") not in ("debug", "info") or given.get("log_request", True) is False:
            return None
        if not given and settings.env != "test" and not logger.isEnabledFor(logging.INFO):
            return None
        options = LogOptions(
            fields=tuple(given.get("request_fields") or _DEFAULT_FIELDS),
            starts=bool(given.get("log_start", True)),
            ends=bool(given.get("log_end", True)),
            ignored=tuple(re.compile(pattern) for pattern in given.get("ignore_url_patterns") or ()),
            new_id=given.get("req_id_builder"),
            format=given.get("format"),
            held=given.get("max_stack_size") or 0,
        )
        return options if options.starts or options.ends or options.held else None


class RequestLog:
    """ASGI middleware that logs requests.

    Args:
        app: What answers them.
        options: What is logged.
    """

    def __init__(self, app: Any, options: LogOptions) -> None:
        self._app = app
        self._options = options

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a call, and log it if it is a request that is not ignored."""
        if scope["type"] != "http" or self._is_ignored(scope["path"]):
            await self._app(scope, receive, send)
        else:
            await _Logged(self._options, scope).answer(self._app, receive, send)

    def _is_ignored(self, path: str) -> bool:
        return any(pattern.search(path) for pattern in self._options.ignored)


class _Holding(logging.Logger):
    """Holds records back until they are many, or the request ends; so those of one request stand together."""

    def __init__(self, size: int) -> None:
        super().__init__(logger.name)
        self.parent = logger
        self._size = size
        self._held: list[logging.LogRecord] = []

    def handle(self, record: logging.LogRecord) -> None:
        """Hold a record, or write all of them."""
        self._held.append(record)
        if len(self._held) >= self._size:
            self.write()

    def write(self) -> None:
        """Write what is held."""
        held, self._held = self._held, []
        for record in held:
            logger.handle(record)

    def end(self) -> None:
        """Write what is held, and from now on each record at once."""
        self._size = 1
        self.write()


class _Logged:
    """One request that is logged."""

    def __init__(self, options: LogOptions, scope: Any) -> None:
        self._options = options
        self._scope = scope
        self._status = 500  # what is sent when nothing was
        self._is_sent = False
        self._exchange: Exchange | None = None
        self._holding = _Holding(options.held) if options.held else None
        self._begun_at = time.perf_counter()
        given = next((value for name, value in scope["headers"] if name == _ID and _IS_ID(value)), None)
        self._id = given.decode() if given is not None else str((options.new_id or _new_id)())
        if given is None:  # so that everybody behind knows the request by this id
            headers = [line for line in scope["headers"] if line[0] != _ID]
            self._scope = {**scope, "headers": [*headers, (_ID, self._id.encode("latin-1", "replace"))]}

    async def answer(self, app: Any, receive: Any, send: Any) -> None:
        """Let it be answered."""
        if self._options.starts:
            self._log("request.start", {})

        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start":
                self._status = message["status"]
                self._exchange = current_exchange()
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self._end()

        token = WRITER.set(self._holding)
        try:
            await app(self._scope, receive, sent)
        finally:
            WRITER.reset(token)
            self._end()

    def _end(self) -> None:
        if self._holding is not None:
            self._holding.end()
        if self._is_sent or not self._options.ends:
            return
        self._is_sent = True
        self._log("request.end", {"status": self._status, "duration": time.perf_counter() - self._begun_at})

    def _log(self, event: str, outcome: dict[str, Any]) -> None:
        if not logger.isEnabledFor(logging.INFO):
            return
        fields = {name: self._field(name) for name in self._options.fields if name != "duration"}
        extra = {"req_id": self._id, **{name: value for name, value in fields.items() if value is not None}, **outcome}
        template = self._options.format
        logger.info(event if template is None else template.format_map(_Known({"event": event, **extra})), extra=extra)

    def _field(self, name: str) -> Any:
        scope = self._scope
        kind, _, key = name.partition(".")
        if kind == "headers":
            return self._headers(key)
        query = scope.get("query_string", b"").decode("latin-1")
        path = scope.get("raw_path", b"").decode("latin-1") or scope["path"]
        known: dict[str, Callable[[], Any]] = {
            "req_id": lambda: self._id,
            "method": lambda: scope["method"],
            "url": lambda: f"{path}?{query}" if query else path,
            "query": lambda: parse_qs(query, keep_blank_values=True),
            "params": lambda: self._of_exchange(lambda exchange: exchange.match and exchange.match.path_params),
            "body": lambda: self._of_exchange(lambda exchange: exchange.body_value),
        }
        return known[name]() if name in known else None

    def _headers(self, key: str) -> Any:
        """All but secret ones, or the one that is named."""
        found = {name.decode("latin-1"): value.decode("latin-1") for name, value in self._scope["headers"]}
        if key:
            return found.get(key.lower())
        return {name: value for name, value in found.items() if name not in _SECRET}

    def _of_exchange(self, read: Callable[[Exchange], Any]) -> Any:
        try:
            return read(self._exchange) if self._exchange is not None else None
        except Exception:  # what is wrong with the request is told elsewhere
            return None


class _Known(dict[str, Any]):
    """Fields of a message; one that the request does not have is a dash."""

    def __missing__(self, key: str) -> str:
        return "-"


def _new_id() -> str:
    return uuid4().hex
