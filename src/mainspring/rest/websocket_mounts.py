"""A WebSocket connection as a mounted ASGI application sees it: messages made of it, whichever door it has."""

from typing import Any

from mainspring.rest.asgi import Message
from mainspring.rest.errors import ClientDisconnected
from mainspring.rest.exchange import Header
from mainspring.rest.mounts import Mount, mounted_scope, outer_scope
from mainspring.rest.websockets import SocketExchange, websocket_of

__all__ = ["call_mounted_socket", "call_outer_socket"]


async def call_mounted_socket(exchange: SocketExchange, mount: Mount) -> None:
    """Let a mounted application serve the connection.

    Raises:
        Exception: What the application raises.
    """
    scope = {**mounted_scope(exchange, mount), "type": "websocket", "subprotocols": list(exchange.subprotocols)}
    scope["extensions"] = {"websocket.http.response": {}}
    del scope["method"]
    messages = _Messages(exchange)
    await mount.app(scope, messages.receive, messages.send)


async def call_outer_socket(exchange: SocketExchange, app: Any) -> None:
    """Let an ASGI application that is around the whole server serve the connection.

    Raises:
        Exception: What the application raises.
    """
    scope = {**outer_scope(exchange), "type": "websocket", "subprotocols": list(exchange.subprotocols)}
    scope["extensions"] = {"websocket.http.response": {}}
    del scope["method"]
    messages = _OuterMessages(exchange)
    await app(scope, messages.receive, messages.send)


class _Messages:
    def __init__(self, exchange: SocketExchange) -> None:
        self._exchange = exchange
        self._is_connected = False

    async def receive(self) -> Message:
        exchange = self._exchange
        if not self._is_connected:
            self._is_connected = True
            return {"type": "websocket.connect"}
        try:
            message = await exchange.receive()
        except ClientDisconnected:
            return {"type": "websocket.disconnect", "code": exchange.close_code, "reason": exchange.close_reason}
        return {"type": "websocket.receive", "text" if isinstance(message, str) else "bytes": message}

    async def send(self, message: Message) -> None:
        exchange = self._exchange
        kind = message["type"]
        if kind == "websocket.accept":
            await self._accept(message.get("subprotocol"), list(message.get("headers", ())))
        elif kind == "websocket.send":
            text: Any = message.get("text")
            await exchange.send(text if text is not None else message["bytes"])
        elif kind == "websocket.close":
            await exchange.close(message.get("code") or 1000, message.get("reason") or "")
        elif kind == "websocket.http.response.start":
            await exchange.start(message["status"], list(message.get("headers", ())))
        elif kind == "websocket.http.response.body":
            await exchange.write(message.get("body", b""), more=bool(message.get("more_body", False)))

    async def _accept(self, subprotocol: str | None, lines: list[Header]) -> None:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in lines]
        await websocket_of(self._exchange).accept(subprotocol, headers)


class _OuterMessages(_Messages):
    """The same before the server has seen the connection: nothing of it is added to the answer."""

    async def _accept(self, subprotocol: str | None, lines: list[Header]) -> None:
        exchange = self._exchange
        exchange.started = True
        await exchange.accept(subprotocol, lines)
        exchange.accepted = True
