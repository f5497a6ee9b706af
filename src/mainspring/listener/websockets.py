"""A WebSocket connection (RFC 6455): what a connection becomes when its handshake is accepted.

Frames are read and written by the library ``websockets``; here are messages, the pace of both sides, and the end.
"""

import asyncio
from collections import deque
from typing import Any

from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake, InvalidUpgrade
from websockets.extensions.permessage_deflate import enable_server_permessage_deflate
from websockets.frames import CloseCode, Opcode
from websockets.http11 import Request
from websockets.protocol import Protocol, Side, State
from websockets.server import ServerProtocol

from mainspring.http import HttpErrors
from mainspring.listener.connection import Connection
from mainspring.listener.errors import PeerGoneError
from mainspring.listener.heads import Head, Header
from mainspring.listener.responses import head_bytes
from mainspring.listener.service import Service

__all__ = ["Socket"]

#: Messages that wait for who receives; one of the socket's pieces may bring more.
_WAITING = 32
#: Seconds between signs of life that are asked for, and for the answer.
_PING_EVERY = 20.0

_BROKEN = 1006


class Socket(asyncio.Protocol):
    """A connection that is asked to become one of messages.

    Args:
        connection: The connection.
        head: The request that asks for it.
        max_size: Bytes of the largest message that is received; a larger one closes with 1009.

    Attributes:
        subprotocols: What the peer offers.
        close_code: What it was closed with, by either side; ``None`` while it is open.
        close_reason: The words that came with it.
        task: The task that handles it.

    Raises:
        HttpError: It is no handshake.
    """

    def __init__(self, connection: Connection, head: Head, max_size: int) -> None:
        self._connection = connection
        self._service: Service = connection.service
        self._transport: Any = connection.transport
        self.task = connection.task
        self._request = Request(
            head.target.decode("latin-1"),
            Headers((name.decode("ascii"), value.decode("latin-1")) for name, value in head.fields.lines),
        )
        self._max_size = max_size
        self._check()
        self._protocol = Protocol(Side.SERVER)
        self.subprotocols = tuple(
            name.strip()
            for value in self._request.headers.get_all("Sec-WebSocket-Protocol")
            for name in value.split(",")
            if name.strip()
        )
        self.close_code: int | None = None
        self.close_reason = ""
        self._messages: deque[str | bytes] = deque()
        self._size = 0
        self._fragments: list[bytes] = []
        self._is_text = False
        self._receiver: asyncio.Future[None] | None = None
        self._writers: list[asyncio.Future[None]] = []
        self._is_paused = self._is_reading_paused = self._is_lost = False
        self._timer: asyncio.TimerHandle | None = None
        self._is_answered = True

    def _check(self) -> None:
        try:
            ServerProtocol().process_request(self._request)
        except InvalidUpgrade as error:
            raise HttpErrors.UpgradeRequired(str(error), headers={"Upgrade": "websocket"}) from None
        except InvalidHandshake as error:  # RFC 6455 section 4.4
            raise HttpErrors.BadRequest(
                f"The WebSocket handshake is malformed: {error}.",
                code="BAD_HANDSHAKE",
                headers={"Sec-WebSocket-Version": "13"},
            ) from None

    # Opening

    def accept(self, subprotocol: str | None, lines: list[Header]) -> None:
        """Complete the handshake.

        Raises:
            PeerGoneError: Nobody waits for it any more.
        """
        connection = self._connection
        if connection.is_lost or connection.is_ended:
            raise PeerGoneError
        chosen: Any = subprotocol
        handshake = ServerProtocol(
            extensions=enable_server_permessage_deflate(None),
            subprotocols=[chosen] if chosen else None,
            select_subprotocol=lambda *_: chosen,
        )
        response = handshake.accept(self._request)
        self._protocol = Protocol(Side.SERVER, state=State.OPEN, max_size=self._max_size)
        self._protocol.extensions = handshake.extensions
        own = [
            (name.lower().encode("ascii"), value.encode("latin-1"))
            for name, value in response.headers.raw_items()
            if name.lower() != "date"
        ]
        self._transport.write(head_bytes(101, [*own, *lines], connection.date()))
        rest = connection.hand_over(self)
        self._timer = self._service.loop.call_later(_PING_EVERY, self._ask_for_life)
        if rest:
            self.data_received(rest)

    # What the transport says

    def data_received(self, data: bytes) -> None:
        """The peer has sent something."""
        self._is_answered = True
        self._protocol.receive_data(data)
        self._handle()

    def eof_received(self) -> bool:
        """It sends no more."""
        self._protocol.receive_eof()
        self._handle()
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the shape of a protocol
        """It is gone."""
        self._is_lost = True
        if self._protocol.state is not State.CLOSED:
            self._protocol.receive_eof()
        self._set_closed(_BROKEN, "")
        self._service.forget(self)
        if self._timer is not None:
            self._timer.cancel()
        self.resume_writing()

    def pause_writing(self) -> None:
        """It does not take what is written."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """It does again."""
        self._is_paused = False
        waiting, self._writers = self._writers, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def _handle(self) -> None:
        """Take what the protocol made of the bytes, and send what it answers."""
        for frame in self._protocol.events_received():
            self._take(frame)
        self._flush()
        protocol = self._protocol
        if protocol.close_rcvd is not None or protocol.state is State.CLOSED:
            code = protocol.close_code if protocol.state is State.CLOSED else None
            received = protocol.close_rcvd
            sent = protocol.close_sent
            if received is not None:
                self._set_closed(received.code, received.reason)
            else:
                self._set_closed(sent.code if sent is not None else code or _BROKEN, sent.reason if sent else "")
        if protocol.close_expected():
            self._wait_for_end()
        too_much = self._size > self._service.limits.buffer or len(self._messages) > _WAITING
        if too_much and not self._is_reading_paused and self.close_code is None:
            self._is_reading_paused = True
            self._transport.pause_reading()

    def _take(self, frame: Any) -> None:
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._is_text = frame.opcode is Opcode.TEXT
        elif frame.opcode is not Opcode.CONT:
            return
        self._fragments.append(bytes(frame.data))
        if not frame.fin:
            return
        data, self._fragments = b"".join(self._fragments), []
        try:
            self._messages.append(data.decode() if self._is_text else data)
        except UnicodeDecodeError:  # RFC 6455 section 8.1
            self._protocol.fail(CloseCode.INVALID_DATA, "a text message is not UTF-8")
            return
        self._size += len(data)
        self._wake()

    def _flush(self) -> None:
        if self._is_lost:
            return
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            elif self._transport.can_write_eof() and not self._transport.is_closing():
                self._transport.write_eof()
            else:
                self._transport.close()

    def _set_closed(self, code: int, reason: str) -> None:
        if self.close_code is None:
            self.close_code, self.close_reason = code, reason
        self._wake()

    def _wake(self) -> None:
        receiver, self._receiver = self._receiver, None
        if receiver is not None and not receiver.done():
            receiver.set_result(None)

    # Life

    def _ask_for_life(self) -> None:
        """A peer that is gone without a word is noticed, and what lies between sees that the connection is used."""
        if not self._is_answered:
            self._protocol.fail(CloseCode.INTERNAL_ERROR, "no sign of life")
            self._flush()
            self._transport.abort()
            return
        self._is_answered = False
        if self._protocol.state is State.OPEN:
            self._protocol.send_ping(b"")
            self._flush()
        self._timer = self._service.loop.call_later(_PING_EVERY, self._ask_for_life)

    def _wait_for_end(self) -> None:
        """The peer ends the connection when both sides have said so; it has a moment for it."""
        if self._timer is not None:
            self._timer.cancel()
        if self._is_reading_paused:
            self._is_reading_paused = False
            self._transport.resume_reading()
        if not self._is_lost:
            self._timer = self._service.loop.call_later(self._service.limits.linger, self._transport.abort)

    # For who handles it

    async def receive(self) -> str | bytes:
        """The next message.

        Raises:
            PeerGoneError: There is none any more.
        """
        while not self._messages:
            if self.close_code is not None:
                raise PeerGoneError
            self._receiver = self._service.loop.create_future()
            await self._receiver
        message = self._messages.popleft()
        self._size -= len(message)
        if self._is_reading_paused and not self._messages:
            self._size = 0
            self._is_reading_paused = False
            self._transport.resume_reading()
        return message

    async def send(self, message: str | bytes) -> None:
        """Send a message; returns when the peer has taken most of what was sent.

        Raises:
            PeerGoneError: The connection is closed.
        """
        if self._is_lost or self._protocol.state is not State.OPEN:
            raise PeerGoneError
        if isinstance(message, str):
            self._protocol.send_text(message.encode())
        else:
            self._protocol.send_binary(message)
        self._flush()
        while self._is_paused and not self._is_lost:
            waiter = self._service.loop.create_future()
            self._writers.append(waiter)
            await waiter
        if self._is_lost:
            raise PeerGoneError

    def close(self, code: int, reason: str) -> None:
        """Close it. Whoever receives hears of it."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code, reason)
            self._flush()
            self._wait_for_end()
        self._set_closed(code, reason)

    def leave(self) -> None:
        """Nobody handles it any more."""
        if self.close_code is None:
            self.abort()

    # For the listener

    is_new = False

    def end(self) -> None:
        """End it: the server goes."""
        self.close(CloseCode.GOING_AWAY, "")

    def abort(self) -> None:
        """Cut it."""
        self._transport.abort()
