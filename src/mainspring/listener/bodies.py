"""The body of a request on its way from the socket to whoever reads it, with the socket held back meanwhile."""

import asyncio
from collections import deque
from typing import Any, ClassVar

import msgspec

from mainspring.http import HttpError
from mainspring.listener.chunks import ChunkedReader
from mainspring.listener.errors import PeerGoneError
from mainspring.listener.heads import CHUNKED, Head
from mainspring.listener.limits import Limits

__all__ = ["AnyBody", "Body", "WholeBody"]


class WholeBody(msgspec.Struct, gc=False):
    """A body that came together with its head: nothing can go wrong with it any more.

    Attributes:
        data: All of it; ``None`` once it was taken.
    """

    data: bytes | None

    expects: ClassVar[bool] = False

    async def read(self) -> bytes | None:
        """All of it; ``None`` from then on."""
        return self.take()

    def take(self) -> bytes | None:
        """The same without waiting."""
        data, self.data = self.data, None
        return data

    @property
    def is_read(self) -> bool:
        """Whether it was taken."""
        return self.data is None


class Body:
    """A body as it comes in.

    Args:
        head: The head that announced it.
        limits: How much of it is kept for the reader.
        transport: Where it comes from.

    Attributes:
        is_received: Whether all of it came.
        expects: Whether the peer waits for a word before it sends it.
    """

    __slots__ = (
        "_chunks", "_dropped", "_error", "_is_paused", "_left", "_limits", "_pieces", "_size", "_transport", "_waiter",
        "expects", "is_received",
    )  # fmt: skip

    def __init__(self, head: Head, limits: Limits, transport: Any) -> None:
        length = head.fields.length
        self._chunks = ChunkedReader(limits) if length == CHUNKED else None
        self._left = 0 if length == CHUNKED else length
        self._limits = limits
        self._transport = transport
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._is_paused = False
        self._dropped = -1
        self.expects = head.fields.expects
        self.is_received = False

    # The side of the socket

    def feed(self, data: bytes) -> bytes:
        """Take what came; gives what follows the body.

        Raises:
            HttpError: It is none. The reader is told the same.
        """
        if self._chunks is None:
            piece, rest = (data, b"") if len(data) <= self._left else (data[: self._left], data[self._left :])
            self._left -= len(piece)
            self.is_received = self._left == 0
        else:
            try:
                piece, rest = self._chunks.feed(data)
            except HttpError as error:
                self.fail(error)
                raise
            self.is_received = self._chunks.is_done
        self.expects = False  # it did not wait
        if self._dropped >= 0:
            self._dropped += len(data)
        elif piece:
            self._pieces.append(piece)
            self._size += len(piece)
            if self._size > self._limits.buffer and not self.is_received and not self._is_paused:
                self._is_paused = True
                self._transport.pause_reading()
        if self._waiter is not None and (piece or self.is_received):
            self._wake()
        return rest

    def fail(self, error: Exception) -> None:
        """There will be no more: whoever reads hears why."""
        if self._error is None:
            self._error = error
            self._wake()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # The side of the reader

    async def read(self) -> bytes | None:
        """The next piece, ``None`` at the end.

        Raises:
            HttpError: What came is no body.
            PeerGoneError: The peer went away first.
        """
        while not self._pieces:
            if self._error is not None:
                raise self._error
            if self.is_received:
                return None
            if self._dropped >= 0:
                raise PeerGoneError
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        piece = self._pieces.popleft()
        self._size -= len(piece)
        if self._is_paused and self._size <= self._limits.buffer // 2:
            self._resume()
        return piece

    def take(self) -> bytes | None:
        """All of it, when all of it came; ``None`` otherwise."""
        if not self.is_received or self._error is not None:
            return None
        pieces = self._pieces
        found = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self._size = 0
        return found

    @property
    def is_read(self) -> bool:
        """Whether nothing is left to read."""
        return self.is_received and not self._pieces

    def _resume(self) -> None:
        self._is_paused = False
        self._transport.resume_reading()

    # When nobody reads it

    @property
    def is_worth_draining(self) -> bool:
        """Whether what is missing is little enough to be read for nothing, so that the connection can stay."""
        if self._error is not None or self.expects:
            return False
        if self._chunks is not None:
            return self._dropped < self._limits.drain
        return self._left <= self._limits.drain

    def drop(self) -> None:
        """Throw away what came and what will come."""
        self._dropped = max(self._dropped, 0)
        self._pieces.clear()
        self._size = 0
        if self._is_paused:
            self._resume()


AnyBody = Body | WholeBody
