"""The writing half of a connection: answers out, at the pace of the peer, and whether it is still there."""

import asyncio
from typing import Any

from mainspring.listener.bodies import Body
from mainspring.listener.errors import IncompleteResponseError, PeerGoneError
from mainspring.listener.heads import Head, Header
from mainspring.listener.responses import CONTINUE, framing_of, head_bytes
from mainspring.listener.service import Service

__all__ = ["Answering"]

#: Seconds without a byte for a peer that has ended its side, until it counts as gone: it may only wait for the answer.
_HALF_OPEN = 0.25
#: Bodies longer than this are not copied to go out together with their head.
_SMALL = 16 * 1024


class Answering(asyncio.Protocol):
    """A connection as far as it is written to.

    Attributes:
        service: What it has in common with the others.
        transport: Its transport.
        is_lost: Whether there is nobody at the other end.
        is_ended: Whether the peer sends no more.
    """

    __slots__ = (
        "_body", "_client", "_gone", "_head", "_is_chunked", "_is_paused", "_keeps", "_left", "_local", "_skips_body",
        "_status", "_waiters", "_written", "is_ended", "is_lost", "service", "transport",
    )  # fmt: skip

    transport: Any
    _head: Head
    _left: int | None

    def __init__(self, service: Service) -> None:
        self.service = service
        self.is_lost = self.is_ended = False
        self._body: Body | None = None
        self._is_paused = self._is_chunked = self._skips_body = False
        self._waiters: list[asyncio.Future[None]] = []
        self._gone: asyncio.Future[None] | None = None
        self._client: Any = ...
        self._local: Any = ...
        self._written = self._status = 0
        self._keeps = True

    def _complete(self) -> None:
        """The answer is complete."""
        raise NotImplementedError

    # What the transport says

    def pause_writing(self) -> None:
        """It does not take what is written."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """It does again."""
        self._is_paused = False
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    # Answering

    def send(self, status: int, lines: list[Header], body: bytes) -> None:
        """Answer with a body that is there as a whole.

        Raises:
            PeerGoneError: Nobody takes it.
        """
        if len(body) > _SMALL or self._head.method == "HEAD":
            self.start(status, lines)
            self.write(body, more=False)
            return
        head = self._begin(status, lines)
        if self._left is not None and self._left != len(body):
            raise IncompleteResponseError(self._left - len(body))
        self.transport.write(
            head + (b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if self._is_chunked and body else body)
        )
        if self._is_chunked and not body:
            self.transport.write(b"0\r\n\r\n")
        self._complete()

    def start(self, status: int, lines: list[Header]) -> None:
        """Send the head of an answer.

        Raises:
            PeerGoneError: Nobody takes it.
        """
        self.transport.write(self._begin(status, lines))

    def _begin(self, status: int, lines: list[Header]) -> bytes:
        """How this answer goes out, and its head."""
        if self.is_lost:
            raise PeerGoneError
        framing = framing_of(status, lines, self._head.fields.version)
        self._status = status
        self._is_chunked, self._left = framing.is_chunked, framing.length
        self._skips_body = self._head.method == "HEAD"
        self._decide(closes=framing.closes)
        own = b"" if framing.has_date else self.date()
        if framing.is_chunked:
            own += b"transfer-encoding: chunked\r\n"
        return head_bytes(status, framing.lines, own, self._connection_line())

    def _decide(self, *, closes: bool) -> None:
        """Whether the connection stays after this answer."""
        body = self._body
        if (
            closes
            or self.service.is_closing
            or (body is not None and not body.is_received and not body.is_worth_draining)
        ):
            self._keeps = False

    def _connection_line(self) -> bytes:
        if not self._keeps:
            return b"connection: close\r\n"
        return b"connection: keep-alive\r\n" if self._head.fields.version == "1.0" else b""

    def date(self) -> bytes:
        """The line with the date."""
        now, clock = self.service.loop.time(), self.service.clock
        return clock.line if now < clock.until else clock.tick(now)

    def write(self, data: bytes, *, more: bool) -> None:
        """Send a piece of the body of an answer.

        Raises:
            PeerGoneError: Nobody takes it.
            IncompleteResponseError: It is not as long as its head said.
        """
        if self.is_lost:
            raise PeerGoneError
        self._written += 1
        if self._left is not None and not self._skips_body:
            self._left -= len(data)
            if self._left < 0 or (self._left > 0 and not more):
                raise IncompleteResponseError(self._left)
        if not self._skips_body:
            self._send_piece(data, more=more)
        if not more:
            self._complete()

    def _send_piece(self, data: bytes, *, more: bool) -> None:
        if not self._is_chunked:
            if data:
                self.transport.write(data)
        elif data:
            self.transport.writelines((b"%x\r\n" % len(data), data, b"\r\n" if more else b"\r\n0\r\n\r\n"))
        elif not more:
            self.transport.write(b"0\r\n\r\n")

    async def drain(self) -> None:
        """Return when the peer has taken most of what was written.

        Raises:
            PeerGoneError: It will not.
        """
        while self._is_paused and not self.is_lost:
            waiter = self.service.loop.create_future()
            self._waiters.append(waiter)
            await waiter
        if self.is_lost:
            raise PeerGoneError

    @property
    def is_held_back(self) -> bool:
        """Whether the peer is slow: what follows should wait for `drain`."""
        return self._is_paused

    def say_continue(self) -> None:
        """Tell the peer that its body is wanted (RFC 9110 section 10.1.1)."""
        body = self._body
        if body is not None and body.expects and not self.is_lost:
            body.expects = False
            self.transport.write(CONTINUE)

    # The peer

    async def wait_gone(self) -> None:
        """Return when the peer is gone."""
        if self.is_lost:
            return
        if self._gone is None:
            self._gone = self.service.loop.create_future()
            if self.is_ended:
                self._watch_silence()
        await asyncio.shield(self._gone)

    def _watch_silence(self) -> None:
        """A peer that has ended its side, and to whom nothing is said, cannot be told from one that is gone."""
        self.service.loop.call_later(_HALF_OPEN, self._judge_silence, self._written, self._gone)

    def _judge_silence(self, written: int, gone: "asyncio.Future[None] | None") -> None:
        if gone is None or gone.done():
            return
        if written == self._written and not self._is_paused:
            gone.set_result(None)
        else:
            self.service.loop.call_later(_HALF_OPEN, self._judge_silence, self._written, gone)

    @property
    def client(self) -> tuple[str, int] | None:
        """Host and port of the peer; ``None`` on a Unix socket."""
        if self._client is ...:
            self._client = _address(self.transport.get_extra_info("peername"))
        return self._client  # type: ignore[no-any-return]  # set above

    @property
    def local(self) -> tuple[str, int | None] | None:
        """Host and port of this end; the path and ``None`` on a Unix socket."""
        if self._local is ...:
            found = self.transport.get_extra_info("sockname")
            self._local = _address(found) or (str(found), None)
        return self._local  # type: ignore[no-any-return]  # set above


def _address(found: Any) -> tuple[str, int] | None:
    return (str(found[0]), int(found[1])) if isinstance(found, tuple) and len(found) >= 2 else None
