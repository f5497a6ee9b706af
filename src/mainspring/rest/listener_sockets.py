"""A WebSocket connection of the own listener as an exchange. What `websocket_door` is to ASGI."""

from typing import Any

from mainspring.http import HttpError
from mainspring.listener import Connection, Head, PeerGoneError
from mainspring.listener.websockets import Socket
from mainspring.rest.admitting import admit
from mainspring.rest.connecting import connect
from mainspring.rest.errors import ClientDisconnected, WebSocketStateError
from mainspring.rest.exchange import Header
from mainspring.rest.websocket_mounts import call_outer_socket
from mainspring.rest.websockets import SocketExchange

__all__ = ["ListenerSocketExchange", "answer_socket"]


async def answer_socket(server: Any, connection: Connection, head: Head, message_size: int) -> None:
    """Answer a request for a WebSocket connection, and serve the connection to its end."""
    try:
        socket = Socket(connection, head, message_size)
    except HttpError as error:
        connection.refuse(error)
        return
    exchange = ListenerSocketExchange(connection, head, socket)
    serving, task = server.serving, connection.task
    serving.tasks.add(task)
    serving.sockets.add(exchange)
    try:
        if server.entrance.outer is not None:
            await call_outer_socket(exchange, server.entrance.outer)
            return
        plan = await admit(server, exchange)
        if plan is not None:
            await connect(exchange, plan)
    finally:
        serving.sockets.discard(exchange)
        serving.tasks.discard(task)
        if exchange.accepted:
            socket.leave()
        elif not exchange.completed:
            connection.abort()


class ListenerSocketExchange(SocketExchange):
    """A connection that is asked for over the listener.

    Args:
        connection: The connection.
        head: The request that asks for it.
        socket: What it becomes when it is accepted.
    """

    def __init__(self, connection: Connection, head: Head, socket: Socket) -> None:
        self._connection, self._socket = connection, socket
        self._is_receiving = False
        self.scope = None
        self.state = {}
        self.method = head.method
        self.raw_path, self.root_path = head.path.decode("latin-1"), ""
        self.raw_query = head.query
        self.raw_headers = head.fields.lines
        self.scheme = "ws" if connection.service.scheme == "http" else "wss"
        self.http_version = head.fields.version
        self.client, self.local = connection.client, connection.local
        self.subprotocols = socket.subprotocols

    # Refusing

    async def start(self, status: int, headers: list[Header]) -> None:
        """Refuse the connection with a response."""
        self.started = True
        self.status = status
        self.close_code = _BROKEN
        try:
            self._connection.start(status, headers)
        except PeerGoneError:
            self.disconnected = True
            raise ClientDisconnected from None

    async def write(self, data: bytes, *, more: bool) -> None:
        """A piece of the body of the response that refuses."""
        try:
            self._connection.write(data, more=more)
            await self._connection.drain()
        except PeerGoneError:
            self.disconnected = True
            raise ClientDisconnected from None
        self.completed = not more

    async def wait_disconnected(self) -> None:
        """Return when the client is gone, while its refusal is being sent."""
        await self._connection.wait_gone()
        self.disconnected = True

    # The connection

    async def accept(self, subprotocol: str | None, headers: list[Header]) -> None:
        """Complete the handshake."""
        self._calling(self._socket.accept, subprotocol, headers)

    async def receive(self) -> str | bytes:
        """The next message."""
        if self._is_receiving:
            raise WebSocketStateError("receive", "another task receives already; let one task receive for all")
        self._is_receiving = True
        try:
            return await self._socket.receive()
        except PeerGoneError:
            self._gone()
            raise ClientDisconnected from None
        finally:
            self._is_receiving = False

    async def send(self, message: str | bytes) -> None:
        """Send a message."""
        try:
            await self._socket.send(message)
        except PeerGoneError:
            self._gone()
            raise ClientDisconnected from None

    async def close(self, code: int, reason: str = "") -> None:
        """Close the connection, or refuse it while it was not accepted."""
        if self.close_code is not None:
            return
        if not self.accepted:
            await self.respond(403, [(b"content-length", b"0")], b"")
            return
        self.close_code, self.close_reason = code, reason
        self._socket.close(code, reason)
        self.completed = True

    def _calling(self, function: Any, *given: Any) -> None:
        try:
            function(*given)
        except PeerGoneError:
            self._gone()
            raise ClientDisconnected from None

    def _gone(self) -> None:
        self.disconnected = True
        if self.close_code is None:
            code = self._socket.close_code
            self.close_code = _BROKEN if code is None else code
            self.close_reason = self._socket.close_reason


#: What a connection that just broke was closed with (RFC 6455 section 7.1.5).
_BROKEN = 1006
