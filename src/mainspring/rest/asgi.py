"""The ASGI side of an exchange: reads and sends by messages of an ASGI server. Nothing beyond this file sees them."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote, unquote

from mainspring.rest.errors import ClientDisconnected
from mainspring.rest.exchange import Exchange, Header, lay_out

__all__ = ["AsgiExchange", "Message", "Receive", "Scope", "Send", "local_path"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# What may stand in a path without being encoded (RFC 3986), the slash included.
_PATH_SAFE = "/-._~!$&'()*+,;=:@"


def local_path(scope: Scope) -> tuple[str, str]:
    """The undecoded path without the prefix the server cut off or left on (``root_path``), and that prefix.

    Servers differ: the ASGI text has ``path`` include ``root_path``, older ones leave it out. Both are understood.
    """
    raw = scope.get("raw_path")
    path = quote(scope["path"], safe=_PATH_SAFE) if not raw else raw.decode("latin-1")
    root = (scope.get("root_path") or "").rstrip("/")
    if root:
        encoded = quote(root, safe=_PATH_SAFE)
        if path == encoded or path.startswith(f"{encoded}/"):
            path = path[len(encoded) :] or "/"
    return path, root


class AsgiExchange(Exchange):
    """An exchange over ASGI messages.

    Attributes:
        scope: An ``http`` scope.
        receive: Gives the next message of the client.
        send: Takes a message to the client.
    """

    receive: Receive
    send: Send
    _lines: list[Header] | None = None

    @staticmethod
    def of(scope: Scope, receive: Receive, send: Send) -> "AsgiExchange":
        """The exchange of a call."""
        exchange = AsgiExchange()
        exchange.scope, exchange.receive, exchange.send = scope, receive, send
        return exchange

    # What few requests ask for is read from the scope when they do.

    @property
    def raw_headers(self) -> list[Header]:  # type: ignore[override]  # read-only here, as the following
        """Pairs of bytes, names in lower case."""
        found = self._lines
        if found is None:
            given = self.scope["headers"]
            found = self._lines = given if type(given) is list else list(given)
        return found

    @property
    def raw_query(self) -> bytes:  # type: ignore[override]
        """What follows the question mark."""
        found: bytes = self.scope.get("query_string", b"")
        return found

    @property
    def method(self) -> str:  # type: ignore[override]
        """As on the request line."""
        return str(self.scope["method"])

    @property
    def raw_path(self) -> str:  # type: ignore[override]
        """The path as sent, below the prefix the server cut off."""
        raw = self.raw
        if raw is None:
            raw = self.raw = local_path(self.scope)[0].encode("latin-1")
        return raw.decode("latin-1")

    @property
    def root_path(self) -> str:  # type: ignore[override]
        """The prefix the server cut off."""
        return local_path(self.scope)[1] if self.scope.get("root_path") else ""

    @property
    def scheme(self) -> str:  # type: ignore[override]
        """``http`` or ``https``."""
        return str(self.scope.get("scheme", "http"))

    @property
    def http_version(self) -> str:  # type: ignore[override]
        """``1.1``."""
        return str(self.scope.get("http_version", "1.1"))

    @property
    def client(self) -> tuple[str, int] | None:  # type: ignore[override]
        """Host and port of the peer."""
        found = self.scope.get("client")
        return None if not found else (found[0], found[1])

    @property
    def local(self) -> tuple[str, int | None] | None:  # type: ignore[override]
        """Host and port of the socket."""
        found = self.scope.get("server")
        return None if not found else (found[0], found[1])

    @property
    def state(self) -> dict[str, Any]:  # type: ignore[override]
        """The state of the lifespan, where the server shares one."""
        found: dict[str, Any] = self.scope.setdefault("state", {})
        return found

    async def read(self) -> bytes | None:
        """The next piece of the body, ``None`` at its end."""
        if self.body_done:
            return None
        self.is_reading = True
        message = await (self._next() if self.queue or self.pending is not None else self.receive())
        if message["type"] == "http.disconnect":
            self.disconnected = True
            raise ClientDisconnected
        if not message.get("more_body", False):
            self.body_done = True
            self.is_reading = False
        body: bytes = message.get("body", b"")
        return body

    async def respond(self, status: int, headers: list[Header], body: bytes) -> None:
        """Send head and body at once."""
        self.started = True
        self.status = status
        try:
            await self.send({"type": "http.response.start", "status": status, "headers": headers})
            await self.send({"type": "http.response.body", "body": body, "more_body": False})
        except OSError as error:  # what ASGI servers raise when nobody is there any more
            self.disconnected = True
            raise ClientDisconnected from error
        self.completed = True

    async def start(self, status: int, headers: list[Header]) -> None:
        """Send the head."""
        self.started = True
        self.status = status
        await self._out({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, data: bytes, *, more: bool) -> None:
        """Send a piece of the body."""
        await self._out({"type": "http.response.body", "body": data, "more_body": more})
        if more:
            # A server does not wait once the connection is broken, and hears of that only when the loop goes round:
            # without this, a body that never waits either would be sent to nobody for ever, and nobody else served.
            await asyncio.sleep(0)
        else:
            self.completed = True

    async def _out(self, message: Message) -> None:
        try:
            await self.send(message)
        except OSError as error:  # as above
            self.disconnected = True
            raise ClientDisconnected from error

    async def wait_disconnected(self) -> None:
        """Return when the client is gone. A body that nobody reads yet is kept meanwhile, up to a size."""
        while not self.disconnected:
            if self.is_reading or self._kept() >= _KEPT:  # somebody reads it and will hear of it himself, or has to
                await asyncio.sleep(_POLL)
                continue
            pending = self._ahead()
            await asyncio.wait([pending])
            if self.pending is pending and not self.is_reading:
                self._keep()

    async def is_disconnected(self) -> bool:
        """Whether the client is gone already. What it sent meanwhile is kept for whoever reads the body."""
        while not self.disconnected and not self._queue_is_full():
            pending = self._ahead()
            await asyncio.sleep(0)
            if not pending.done():
                break
            self._keep()
        return self.disconnected

    def _ahead(self) -> "asyncio.Future[Any]":
        """The next message, which nobody has asked for."""
        if self.pending is None:
            self.pending = asyncio.ensure_future(self.receive())
        return self.pending

    def _keep(self) -> None:
        """Put the message that came away for who reads the body."""
        pending, self.pending = self.pending, None
        message: Message = pending.result()  # type: ignore[union-attr]  # it is there, and done
        if message["type"] == "http.disconnect":
            self.disconnected = True
        else:
            self.queue = [*self.queue, message]

    def _kept(self) -> int:
        return sum(len(message.get("body", b"")) for message in self.queue)

    def _queue_is_full(self) -> bool:
        """Whether a piece of an unread body waits: reading on would take the whole of it into memory."""
        return bool(self.queue) and bool(self.queue[-1].get("more_body", False))

    async def _next(self) -> Message:
        """The next message: one that was received before, or is being received, or a new one."""
        if self.queue:
            message: Message = self.queue[0]
            self.queue = self.queue[1:]
            return message
        pending = self.pending
        if pending is None:
            return await self.receive()
        received: Message = await asyncio.shield(pending)
        self.pending = None
        return received

    def rewrite(self, method: str | None = None, raw_path: str | None = None) -> None:
        """Go on as if the scope had another verb or path; the server's own scope stays as it is."""
        self.scope = {**self.scope}
        if method is not None:
            self.scope["method"] = method
        if raw_path is not None:
            whole = f"{quote(self.root_path, safe=_PATH_SAFE)}{raw_path}"
            self.scope |= {"path": unquote(whole), "raw_path": whole.encode("latin-1")}
            self.raw = None

    def release(self) -> None:
        """The request is over: nobody waits for a message any more."""
        if self.pending is not None:
            self.pending.cancel()
            self.pending = None


lay_out(AsgiExchange, "scope", "receive", "send", "raw", "_lines", "is_reading")

#: Seconds between looks whether a body that is being read is through, before watching for the client's leaving.
_POLL = 0.05

#: Bytes of a body that are kept for who may read it, while the client's leaving is watched for.
_KEPT = 1024 * 1024
