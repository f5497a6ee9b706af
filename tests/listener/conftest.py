"""A peer of a connection, without a socket: what it sends arrives in the pieces it chooses."""

import asyncio
import contextlib
import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from mainspring.http import HttpError
from mainspring.listener import Body, Connection, Head, Limits, PeerGoneError, Service

TURNS = 12  # of the loop: more than a request needs from its bytes to its answer


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.protocol: Any = None
        self.is_closed = self.is_aborted = self.is_half_closed = False
        self.is_reading = True

    def write(self, data: Any) -> None:
        if not self.is_closed:
            self.written += data

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.write(b"".join(list_of_data))

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.is_half_closed = True

    def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        self.is_aborted = True
        self.close()

    def is_closing(self) -> bool:
        return self.is_closed

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True


class Seen:
    """A request as whoever answers it sees it."""

    def __init__(self, head: Head, body: bytes, error: HttpError | None) -> None:
        self.method, self.path, self.query = head.method, head.path, head.query
        self.lines, self.version = head.fields.lines, head.fields.version
        self.body, self.error = body, error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Seen) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def key(self) -> Any:
        """What is compared."""
        return self.method, self.path, self.query, tuple(self.lines), self.body, self.error and self.error.status

    def __repr__(self) -> str:
        return f"<{self.method} {self.path!r}?{self.query!r} {self.body[:40]!r} {self.error}>"


class Peer:
    """The other end of a connection that answers each request with its number and path.

    ``serve`` may be replaced by a function ``(connection, head, body)``.
    """

    def __init__(self, limits: Limits | None = None, serve: Any = None) -> None:
        self.service = Service(serve or self.answer, self.refuse, limits or Limits(), asyncio.get_running_loop())
        self.seen: list[Seen] = []
        self.refused: list[HttpError] = []
        self.wire = Wire()
        self.connection = self.wire.protocol = Connection(self.service)
        self.connection.connection_made(self.wire)

    async def answer(self, connection: Connection, head: Head, body: Body | None) -> None:
        pieces = []
        try:
            while body is not None and (piece := await body.read()) is not None:
                pieces.append(piece)
        except HttpError as error:
            self.seen.append(Seen(head, b"".join(pieces), error))
            lines, text = self.refuse(connection, error)
            connection.send(error.status, lines, text)
            return
        except PeerGoneError:
            return
        self.seen.append(Seen(head, b"".join(pieces), None))
        text = b"%d %b" % (len(self.seen), head.path)
        connection.send(200, [(b"content-length", b"%d" % len(text))], text)

    def refuse(self, connection: Connection, error: HttpError) -> tuple[list[tuple[bytes, bytes]], bytes]:
        self.refused.append(error)
        text = (error.code or "").encode()
        return [(b"content-length", b"%d" % len(text))], text

    async def send(self, *pieces: bytes) -> bytes:
        """Send pieces; gives what is answered to them all."""
        before = len(self.wire.written)
        for piece in pieces:
            if not self.wire.is_closed:
                self.connection.data_received(piece)
            await self.turn()
        return bytes(self.wire.written[before:])

    def end(self) -> None:
        """Send no more."""
        if not self.wire.is_closed and not self.connection.eof_received():
            self.wire.close()

    async def turn(self) -> None:
        """Let everything happen that can."""
        for _ in range(TURNS):
            await asyncio.sleep(0)
        task = self.connection.task
        if task is not None and task.done() and not task.cancelled() and (error := task.exception()):
            raise error

    @property
    def is_open(self) -> bool:
        """Whether the connection is there for another request."""
        return not self.wire.is_closed and not self.wire.is_half_closed

    @property
    def statuses(self) -> list[int]:
        """The statuses of all answers."""
        return [int(each) for each in re.findall(rb"HTTP/1\.1 (\d+) ", bytes(self.wire.written))]

    @property
    def codes(self) -> list[str | None]:
        """What was wrong with what came."""
        return [error.code for error in self.refused]


@pytest.fixture
async def peers() -> Any:
    """Makes peers, and ends their connections."""
    made: list[Peer] = []

    def make(limits: Limits | None = None, serve: Callable[..., Any] | None = None) -> Peer:
        made.append(Peer(limits, serve))
        return made[-1]

    yield make
    for peer in made:
        peer.connection.abort()
        with contextlib.suppress(Exception, asyncio.CancelledError):
            if peer.connection.task is not None:
                await asyncio.wait_for(peer.connection.task, 1)


@pytest.fixture
async def peer(peers: Any) -> Peer:
    """One of them."""
    found: Peer = peers()
    return found
