"""The ASGI side of a WebSocket connection. Nothing beyond this file sees its messages."""

import asyncio
import logging
from typing import Any

from mainspring.rest.admitting import admit
from mainspring.rest.asgi import Message, Receive, Scope, Send, local_path
from mainspring.rest.connecting import connect
from mainspring.rest.errors import ClientDisconnected, WebSocketStateError
from mainspring.rest.exchange import Header
from mainspring.rest.websockets import SocketExchange

__all__ = ["AsgiSocketExchange", "answer_websocket"]

logger = logging.getLogger(__name__)

#: What a connection that just broke was closed with (RFC 6455 section 7.1.5).
_BROKEN = 1006


async def answer_websocket(server: Any, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer the call of an ASGI server for a WebSocket connection."""
    message = await receive()
    if message["type"] != "websocket.connect":
        return
    exchange = AsgiSocketExchange(scope, receive, send)
    plan = await admit(server, exchange)
    if plan is None:
        return
    serving = server.serving
    task = asyncio.current_task()
    serving.tasks.add(task)
    serving.sockets.add(exchange)
    try:
        await connect(exchange, plan)
    finally:
        serving.sockets.discard(exchange)
        serving.tasks.discard(task)


class AsgiSocketExchange(SocketExchange):
    """A connection over ASGI messages.

    Args:
        scope: A ``websocket`` scope.
        receive: Gives the next message of the client; that there is a client was received already.
        send: Takes a message to the client.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.state = scope.setdefault("state", {})
        self._receive = receive
        self._send = send
        self._waiting: asyncio.Future[Message] | None = None
        self._is_receiving = False
        self._can_refuse = "websocket.http.response" in (scope.get("extensions") or {})
        self.method = "GET"  # a handshake is one (RFC 6455 section 4.1)
        self.raw_path, self.root_path = local_path(scope)
        self.raw_query = scope.get("query_string", b"")
        self.raw_headers = list(scope["headers"])
        self.scheme = str(scope.get("scheme", "ws"))
        self.http_version = str(scope.get("http_version", "1.1"))
        client, local = scope.get("client"), scope.get("server")
        self.client = (client[0], client[1]) if client else None
        self.local = (local[0], local[1]) if local else None
        self.subprotocols = tuple(scope.get("subprotocols") or ())

    # Refusing

    async def start(self, status: int, headers: list[Header]) -> None:
        """Refuse the connection with a response; without the means for one the server says 403."""
        self.started = True
        self.status = status
        self.close_code = _BROKEN
        if self._can_refuse:
            await self._out({"type": "websocket.http.response.start", "status": status, "headers": headers})
        else:
            await self._out({"type": "websocket.close", "code": 1000, "reason": ""})

    async def write(self, data: bytes, *, more: bool) -> None:
        """A piece of the body of the response that refuses."""
        if self._can_refuse:
            await self._out({"type": "websocket.http.response.body", "body": data, "more_body": more})
        if not more:
            self.completed = True

    async def wait_disconnected(self) -> None:
        """Return when the client is gone, while its refusal is being sent."""
        while not self.disconnected:
            message = await self._receive()
            self.disconnected = message["type"] == "websocket.disconnect"

    # The connection

    async def accept(self, subprotocol: str | None, headers: list[Header]) -> None:
        """Complete the handshake."""
        await self._out({"type": "websocket.accept", "subprotocol": subprotocol, "headers": headers})

    async def receive(self) -> str | bytes:
        """The next message."""
        if self._is_receiving:
            raise WebSocketStateError("receive", "another task receives already; let one task receive for all")
        # Whoever waits may be interrupted, by a timeout say: what arrives then is for the next one who asks.
        waiting = self._waiting = self._waiting or asyncio.ensure_future(self._receive())
        self._is_receiving = True
        try:
            if not waiting.done():
                await asyncio.wait([waiting])
        finally:
            self._is_receiving = False
        self._waiting = None
        if waiting.cancelled():  # it was closed here
            raise ClientDisconnected
        message = waiting.result()
        if message["type"] == "websocket.disconnect":
            self._gone(message.get("code") or _BROKEN, message.get("reason") or "")
            raise ClientDisconnected
        text = message.get("text")
        found: str | bytes = text if text is not None else message["bytes"]
        return found

    async def send(self, message: str | bytes) -> None:
        """Send a message."""
        kind = "text" if isinstance(message, str) else "bytes"
        await self._out({"type": "websocket.send", kind: message})

    async def close(self, code: int, reason: str = "") -> None:
        """Close the connection, or refuse it while it was not accepted."""
        if self.close_code is not None:
            return
        if not self.accepted:
            await self.respond(403, [(b"content-length", b"0")], b"")
            return
        self.close_code, self.close_reason = code, reason
        await self._out({"type": "websocket.close", "code": code, "reason": reason})
        self.completed = True
        self.release()

    def release(self) -> None:
        """Nobody waits for a message any more."""
        if self._waiting is not None:
            self._waiting.cancel()

    async def _out(self, message: Message) -> None:
        try:
            await self._send(message)
        except (OSError, RuntimeError) as error:  # nobody is there any more, or the server just closed it itself
            self._gone(_BROKEN, "")
            raise ClientDisconnected from error

    def _gone(self, code: int, reason: str) -> None:
        self.disconnected = True
        if self.close_code is None:
            self.close_code, self.close_reason = code, reason
