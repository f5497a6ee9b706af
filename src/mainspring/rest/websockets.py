"""A WebSocket connection as handlers see it, and what a door has to do for one. No door is known here."""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from mainspring.http import HttpError, ResponseHeaders
from mainspring.openapi.codecs import encode_json
from mainspring.rest.bodies import json_value
from mainspring.rest.errors import ClientDisconnected, WebSocketStateError, WrongMessageError
from mainspring.rest.exchange import Exchange, Header
from mainspring.rest.heads import merged

__all__ = ["SocketExchange", "WebSocket", "websocket_of"]

#: Codes an endpoint may send (RFC 6455 section 7.4, and the registry it founds); 3000 to 4999 are the program's.
_CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})
#: Bytes of a reason: a control frame has 125 (section 5.5), of which the code takes two.
_REASON_SIZE = 123

NORMAL, GOING_AWAY, NOT_UNDERSTOOD, MALFORMED, FAILED = 1000, 1001, 1003, 1007, 1011


class SocketExchange(Exchange):
    """The request that asks for a connection, and the connection. The answer of an `Exchange` refuses it.

    Attributes:
        subprotocols: What the client offers.
        accepted: Whether the handshake was completed.
        subprotocol: The one that was agreed on.
        close_code: The code the connection was closed with, by either side; ``None`` while it is open.
        close_reason: The words that came with it.
        websocket: What the handler uses, made when somebody asks for it.
    """

    subprotocols: tuple[str, ...] = ()
    accepted = False
    subprotocol: str | None = None
    close_code: int | None = None
    close_reason = ""
    websocket: Any = None

    # For a door to implement

    async def accept(self, subprotocol: str | None, headers: list[Header]) -> None:
        """Complete the handshake.

        Raises:
            ClientDisconnected: Nobody waits for it any more.
        """
        raise NotImplementedError

    async def receive(self) -> str | bytes:
        """The next message.

        Raises:
            ClientDisconnected: There is none any more; code and reason are known then.
        """
        raise NotImplementedError

    async def send(self, message: str | bytes) -> None:
        """Send a message; returns when the next one may be made.

        Raises:
            ClientDisconnected: Nobody listens any more.
        """
        raise NotImplementedError

    async def close(self, code: int, reason: str = "") -> None:
        """Close the connection; does nothing when it is closed already. Whoever receives gets `ClientDisconnected`."""
        raise NotImplementedError

    # A handshake has no body, and nobody is asked whether he is still there: the connection tells.

    async def read(self) -> bytes | None:
        """The end of the body."""
        return None

    async def is_disconnected(self) -> bool:
        """Whether the connection is closed."""
        return self.close_code is not None


class WebSocket:
    """A connection. A handler takes it by its type, accepts it, and then receives and sends messages.

    ``async for message in websocket`` gives ``str`` and ``bytes`` until the client closes.

    Attributes:
        exchange: The connection as the door has it.
    """

    __slots__ = ("exchange",)

    def __init__(self, exchange: SocketExchange) -> None:
        self.exchange = exchange

    @property
    def subprotocols(self) -> tuple[str, ...]:
        """The subprotocols the client offers, the preferred one first."""
        return self.exchange.subprotocols

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that was agreed on."""
        return self.exchange.subprotocol

    @property
    def accepted(self) -> bool:
        """Whether the handshake was completed."""
        return self.exchange.accepted

    @property
    def closed(self) -> bool:
        """Whether the connection is closed, as far as is known here."""
        return self.exchange.close_code is not None

    @property
    def close_code(self) -> int | None:
        """The code the connection was closed with, by either side; ``None`` while it is open."""
        return self.exchange.close_code

    @property
    def close_reason(self) -> str:
        """The words that came with the code."""
        return self.exchange.close_reason

    async def accept(
        self, subprotocol: str | None = None, headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None
    ) -> None:
        """Complete the handshake.

        Args:
            subprotocol: One of those the client offers.
            headers: Lines of the answer, besides those set on the response of the request.

        Raises:
            ValueError: The subprotocol was not offered, or a header is none.
            WebSocketStateError: It was accepted or closed before.
            ClientDisconnected: The client is gone.
        """
        exchange = self.exchange
        if exchange.started or exchange.close_code is not None:
            raise WebSocketStateError("accept", "it was accepted, refused or closed before; accept it once")
        if subprotocol is not None and subprotocol not in exchange.subprotocols:
            offered = ", ".join(exchange.subprotocols) or "none"
            raise ValueError(
                f"The subprotocol {subprotocol!r} was not offered (offered: {offered}); take one that was."
            )
        lines = ResponseHeaders()
        pairs: Any = headers.items() if isinstance(headers, Mapping) else headers or ()
        for name, value in pairs:
            lines.append(name, value)
        given = list(exchange.response.header_lines) if exchange.response is not None else []
        head = [*merged(given, lines.raw), *(exchange.extra or ())]
        if exchange.plan.shows_request_id:
            head.append((b"x-request-id", exchange.request_id.encode("ascii")))
        exchange.started = True
        exchange.status = 101
        await exchange.accept(subprotocol, head)
        exchange.accepted = True
        exchange.subprotocol = subprotocol

    # Receiving

    async def receive(self) -> str | bytes:
        """The next message, text or bytes.

        Raises:
            ClientDisconnected: The connection was closed.
            WebSocketStateError: It was not accepted.
        """
        if not self.exchange.accepted:
            raise WebSocketStateError("receive", "it was not accepted; call `await websocket.accept()` first")
        if self.exchange.close_code is not None:
            raise ClientDisconnected
        return await self.exchange.receive()

    async def receive_text(self) -> str:
        """The next message, which has to be text.

        Raises:
            WrongMessageError: It is binary; unhandled, it closes the connection with 1003.
            ClientDisconnected: The connection was closed.
        """
        message = await self.receive()
        if not isinstance(message, str):
            raise WrongMessageError(NOT_UNDERSTOOD, "A text message was expected, and a binary one came.")
        return message

    async def receive_bytes(self) -> bytes:
        """The next message, which has to be binary.

        Raises:
            WrongMessageError: It is text; unhandled, it closes the connection with 1003.
            ClientDisconnected: The connection was closed.
        """
        message = await self.receive()
        if isinstance(message, str):
            raise WrongMessageError(NOT_UNDERSTOOD, "A binary message was expected, and a text one came.")
        return message

    async def receive_json(self) -> Any:
        """The next message, read as JSON.

        Raises:
            WrongMessageError: It is no JSON; unhandled, it closes the connection with 1007.
            ClientDisconnected: The connection was closed.
        """
        message = await self.receive()
        try:
            return json_value(message.encode() if isinstance(message, str) else message)
        except HttpError as error:
            raise WrongMessageError(MALFORMED, str(error)) from error

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        """The messages until the connection is closed."""
        while True:
            try:
                message = await self.receive()
            except ClientDisconnected:
                return
            yield message

    # Sending

    async def send(self, message: str | bytes | bytearray | memoryview) -> None:
        """Send a message; returns when the next one may be made.

        Raises:
            ClientDisconnected: The connection was closed by the client.
            WebSocketStateError: It was not accepted, or was closed here.
        """
        exchange = self.exchange
        if not exchange.accepted:
            raise WebSocketStateError("send", "it was not accepted; call `await websocket.accept()` first")
        if exchange.close_code is not None:
            raise ClientDisconnected
        await exchange.send(message if isinstance(message, str) else bytes(message))

    async def send_text(self, text: str) -> None:
        """Send a text message."""
        if not isinstance(text, str):
            raise TypeError(f"send_text sends str, not {type(text).__name__}; use send_bytes or send_json.")
        await self.send(text)

    async def send_bytes(self, data: bytes | bytearray | memoryview) -> None:
        """Send a binary message."""
        if isinstance(data, str):
            raise TypeError("send_bytes sends bytes, not str; use send_text.")
        await self.send(data)

    async def send_json(self, value: Any) -> None:
        """Send a value (a model, a mapping, a list ...) as JSON, in a text message."""
        await self.send(encode_json(value).decode())

    async def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Close the connection; before it was accepted, refuse it (403). Does nothing when it is closed already.

        Args:
            code: A code of RFC 6455 section 7.4, or one of your own from 3000 to 4999.
            reason: Words for whoever looks into it, at most 123 bytes of UTF-8.

        Raises:
            ValueError: No such code may be sent, or the reason is too long.
        """
        if code not in _CODES and not 3000 <= code <= 4999:
            raise ValueError(f"A connection is not closed with {code!r}: use 1000 to 1014, or one from 3000 to 4999.")
        if len(reason.encode()) > _REASON_SIZE:
            raise ValueError(f"The reason has more than {_REASON_SIZE} bytes: make it shorter.")
        await self.exchange.close(code, reason)


def websocket_of(exchange: SocketExchange) -> WebSocket:
    """The connection of an exchange as handlers see it, made when it is first asked for."""
    websocket = exchange.websocket
    if websocket is None:
        websocket = exchange.websocket = WebSocket(exchange)
    return websocket  # type: ignore[no-any-return]  # made above
