"""Speaking to a door: over a socket, strictly by h11 and `websockets`, or by the messages of ASGI."""

import asyncio
import contextlib
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import unquote

import h11
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

__all__ = ["PATIENCE", "Answer", "AsgiTalk", "ClosedError", "CutError", "RefusedError", "Talk", "Wire", "WireTalk"]

PATIENCE = 20  # seconds for what takes none; a loaded machine is slow
Lines = list[tuple[str, str]]


class CutError(AssertionError):
    """An answer ended before it was complete."""


class RefusedError(AssertionError):
    """A WebSocket connection was refused, with a status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class ClosedError(AssertionError):
    """A WebSocket connection was closed by the server, with a code."""

    def __init__(self, code: int | None, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class Answer:
    """A response."""

    def __init__(self, status: int, lines: Lines) -> None:
        self.status, self.lines = status, lines
        self.body = b""
        self.is_cut = False

    def header(self, name: str) -> str | None:
        """The value of a header line; of several, all of them."""
        found = [value for key, value in self.lines if key == name.lower()]
        return ", ".join(found) if found else None

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"<{self.status} {self.lines} {self.body[:200]!r}{' cut' if self.is_cut else ''}>"


class Talk(ABC):
    """A request that is being made, and its answer."""

    informed: list[int]

    @abstractmethod
    async def send(self, data: bytes) -> None:
        """Send a piece of the body."""

    @abstractmethod
    async def end(self) -> None:
        """Say that the body is complete."""

    @abstractmethod
    async def head(self) -> Answer:
        """Status and header lines of the answer."""

    @abstractmethod
    async def piece(self) -> bytes | None:
        """The next piece of its body; ``None`` at the end.

        Raises:
            CutError: It ends before it is complete.
        """

    @abstractmethod
    async def leave(self) -> None:
        """Go away, whatever is left."""

    async def rest(self) -> Answer:
        """The whole answer, or what there is of it."""
        answer = Answer(0, [])
        async with asyncio.timeout(PATIENCE):
            try:
                answer = await self.head()
                while (piece := await self.piece()) is not None:
                    answer.body += piece
            except CutError:
                answer.is_cut = True
            return answer


class Wire(asyncio.Protocol):
    """A connection: what came is kept, whatever happens to it afterwards."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.received = bytearray()
        self.is_over = False
        self._news = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        """It is open."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Something came; nobody asks for it soon: the other side has to wait when that is much."""
        self.received += data
        if len(self.received) > 65536:
            self.transport.pause_reading()
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed, or broken."""
        self.is_over = True
        self._news.set()

    def eof_received(self) -> bool:
        """The other side sends no more."""
        self.is_over = True
        self._news.set()
        return False

    async def take(self) -> bytes:
        """What came, as soon as something came; empty at the end."""
        while not self.received and not self.is_over:
            self._news.clear()
            await self._news.wait()
        data = bytes(self.received)
        self.received.clear()
        if not self.is_over:
            self.transport.resume_reading()
        return data

    @classmethod
    async def to(cls, port: int) -> "Wire":
        """Open one."""
        _, wire = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return wire


class WireTalk(Talk):
    """Over a connection of its own, by h11: what breaks the protocol raises."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self._connection = h11.Connection(h11.CLIENT)
        self.informed = []

    @classmethod
    async def begin(cls, port: int, method: str, target: str, lines: Lines) -> "WireTalk":
        """Send the head of a request."""
        talk = cls(await Wire.to(port))
        headers = [(name.encode(), value.encode("latin-1")) for name, value in lines]
        talk._put(h11.Request(method=method, target=target, headers=headers))
        return talk

    def _put(self, event: Any) -> None:
        self.wire.transport.write(self._connection.send(event) or b"")

    async def send(self, data: bytes) -> None:
        """Send a piece of the body."""
        self._put(h11.Data(data=data))

    async def end(self) -> None:
        """Say that the body is complete."""
        self._put(h11.EndOfMessage())

    async def _next(self) -> Any:
        try:
            while (event := self._connection.next_event()) is h11.NEED_DATA:
                self._connection.receive_data(await self.wire.take())
        except h11.RemoteProtocolError as error:
            raise CutError(str(error)) from error
        return event

    async def head(self) -> Answer:
        """Status and header lines of the answer."""
        while isinstance(event := await self._next(), h11.InformationalResponse):
            self.informed.append(event.status_code)
        assert isinstance(event, h11.Response), event
        lines = [(name.decode(), value.decode("latin-1")) for name, value in event.headers]
        return Answer(event.status_code, lines)

    async def piece(self) -> bytes | None:
        """The next piece of the body."""
        event = await self._next()
        return bytes(event.data) if isinstance(event, h11.Data) else None

    async def leave(self) -> None:
        """Reset the connection."""
        self.wire.transport.abort()


class AsgiTalk(Talk):
    """Without a server: messages of ASGI, as a well-behaved one exchanges them."""

    def __init__(self, app: Any, scope: dict[str, Any]) -> None:
        self.informed = []
        self._asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue(1)  # it takes a piece when the one before was taken
        self._is_gone = False
        self._calling = asyncio.ensure_future(app(scope, self._asked.get, self._take))

    @classmethod
    def begin(cls, app: Any, method: str, target: str, lines: Lines) -> "AsgiTalk":
        """Call the application."""
        raw, _, query = target.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(raw),
            "raw_path": raw.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in lines],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 80),
        }
        return cls(app, scope)

    async def _take(self, message: dict[str, Any]) -> None:
        if self._is_gone:
            raise OSError("the client is gone")
        await self._said.put(message)

    async def send(self, data: bytes) -> None:
        """Send a piece of the body."""
        self._asked.put_nowait({"type": "http.request", "body": data, "more_body": True})

    async def end(self) -> None:
        """Say that the body is complete."""
        self._asked.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    async def _next(self) -> dict[str, Any]:
        getting = asyncio.ensure_future(self._said.get())
        await asyncio.wait([getting, self._calling], return_when=asyncio.FIRST_COMPLETED)
        if not getting.done():
            await asyncio.sleep(0)
        if getting.done():
            return getting.result()
        getting.cancel()
        raise CutError("cancelled" if self._calling.cancelled() else repr(self._calling.exception()))

    async def head(self) -> Answer:
        """Status and header lines of the answer."""
        message = await self._next()
        assert message["type"] == "http.response.start", message
        lines = [(name.decode(), value.decode("latin-1")) for name, value in message["headers"]]
        self._is_through = False
        return Answer(message["status"], lines)

    async def piece(self) -> bytes | None:
        """The next piece of the body."""
        if self._is_through:
            self._asked.put_nowait({"type": "http.disconnect"})
            await self._calling
            return None
        message = await self._next()
        assert message["type"] == "http.response.body", message
        self._is_through = not message.get("more_body", False)
        body: bytes = message.get("body", b"")
        return body if body or not self._is_through else await self.piece()

    async def leave(self) -> None:
        """Take no more."""
        self._is_gone = True
        self._asked.put_nowait({"type": "http.disconnect"})
        with contextlib.suppress(asyncio.QueueEmpty):
            self._said.get_nowait()


# WebSockets


class WireSocket:
    """A connection over a socket."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.subprotocol: str | None = client.subprotocol

    async def send(self, message: str | bytes) -> None:
        """Send a message; that it is not taken is heard by who receives."""
        with contextlib.suppress(ConnectionClosed):
            await self._client.send(message)

    async def receive(self) -> str | bytes:
        """The next message.

        Raises:
            ClosedError: The server has closed the connection.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                message: str | bytes = await self._client.recv()
                return message
        except ConnectionClosed as error:
            code = error.rcvd.code if error.rcvd else None
            raise ClosedError(code, error.rcvd.reason if error.rcvd else "") from None

    async def close(self, code: int = 1000) -> None:
        """Close it."""
        await self._client.close(code)


@contextlib.asynccontextmanager
async def wire_socket(port: int, target: str, subprotocols: list[str]) -> AsyncIterator[WireSocket]:
    """Open a connection.

    Raises:
        RefusedError: The server refuses it.
    """
    names = [Subprotocol(name) for name in subprotocols]
    try:
        client = await connect(f"ws://127.0.0.1:{port}{target}", subprotocols=names or None, max_size=None, proxy=None)
    except InvalidStatus as error:
        raise RefusedError(error.response.status_code) from None
    try:
        yield WireSocket(client)
    finally:
        client.transport.abort()
        await client.wait_closed()


class AsgiSocket:
    """A connection by messages of ASGI."""

    def __init__(self, app: Any, target: str, subprotocols: list[str]) -> None:
        raw, _, query = target.partition("?")
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": unquote(raw),
            "raw_path": raw.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(b"host", b"x")],
            "subprotocols": subprotocols,
            "extensions": {"websocket.http.response": {}},
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 80),
        }
        self._asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._asked.put_nowait({"type": "websocket.connect"})
        self._calling = asyncio.ensure_future(app(scope, self._asked.get, self._said.put))
        self.subprotocol: str | None = None

    async def opened(self) -> None:
        """Wait for the answer to the handshake.

        Raises:
            RefusedError: It is a refusal.
        """
        message = await self._said.get()
        if message["type"] == "websocket.http.response.start":
            raise RefusedError(message["status"])
        if message["type"] == "websocket.close":
            raise RefusedError(403)
        self.subprotocol = message.get("subprotocol")

    async def send(self, message: str | bytes) -> None:
        """Send a message."""
        kind = "text" if isinstance(message, str) else "bytes"
        self._asked.put_nowait({"type": "websocket.receive", kind: message})

    async def receive(self) -> str | bytes:
        """The next message."""
        async with asyncio.timeout(PATIENCE):
            message = await self._said.get()
        if message["type"] == "websocket.close":
            raise ClosedError(message["code"], message.get("reason") or "")
        found: str | bytes = message["text"] if message.get("text") is not None else message["bytes"]
        return found

    async def close(self, code: int = 1000) -> None:
        """Close it."""
        self._asked.put_nowait({"type": "websocket.disconnect", "code": code})

    async def over(self) -> None:
        """Be gone."""
        await self.close(1006)
        with contextlib.suppress(Exception):  # what it was told before
            await asyncio.wait_for(self._calling, PATIENCE)


@contextlib.asynccontextmanager
async def asgi_socket(app: Any, target: str, subprotocols: list[str]) -> AsyncIterator[AsgiSocket]:
    """Open a connection.

    Raises:
        RefusedError: The application refuses it.
    """
    socket = AsgiSocket(app, target, subprotocols)
    try:
        await socket.opened()
        yield socket
    finally:
        await socket.over()
