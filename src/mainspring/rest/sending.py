"""Sending a reply: the head, then bytes at once or piece by piece, until the client has all of it or is gone."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from mainspring.rest.errors import ClientDisconnected
from mainspring.rest.exchange import Exchange, Reply

__all__ = ["WatchDisconnect", "close_iterator", "send_reply"]

logger = logging.getLogger(__name__)


class WatchDisconnect:
    """Interrupts the running task as soon as the client is gone; what it was doing raises `ClientDisconnected`.

    The work stays in its own task, so that what an iterator opened before (a task group, a context variable) is closed
    where it was opened. It is the mechanism of ``asyncio.timeout``: a cancellation that is taken back at the edge.
    """

    __slots__ = ("_ended", "_exchange", "_fired", "_task", "_watcher")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._fired = False
        self._ended = False
        self._task: asyncio.Task[Any] | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "WatchDisconnect":
        self._task = asyncio.current_task()
        self._watcher = asyncio.create_task(self._exchange.wait_disconnected())
        self._watcher.add_done_callback(self._gone)
        return self

    def _gone(self, watcher: "asyncio.Task[None]") -> None:
        if not watcher.cancelled() and watcher.exception() is None:
            self._interrupt()

    def _interrupt(self) -> None:
        if self._task is not None and not self._fired:
            self._fired = True
            self._task.cancel()

    def end(self) -> None:
        """Interrupt the work as if it had come to its end."""
        self._ended = True
        self._interrupt()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        task, self._task = self._task, None
        if self._watcher is not None:
            self._watcher.cancel()
        if not self._fired or task is None or task.uncancel() > 0 or kind is not asyncio.CancelledError:
            return False
        if self._ended:
            return True
        raise ClientDisconnected from None


async def send_reply(exchange: Exchange, reply: Reply) -> None:
    """Send it all. A streamed body is closed at the end, whatever the end is.

    Raises:
        ClientDisconnected: The client went away meanwhile.
        Exception: What the body raised; the response is then incomplete, and the connection must be cut.
    """
    body = reply.body
    if reply.dropped is not None:
        await close_iterator(reply.dropped)
    if type(body) is bytes:
        await exchange.respond(reply.status, reply.headers, b"" if exchange.method == "HEAD" else body)
        return
    try:
        await exchange.start(reply.status, reply.headers)
        if exchange.method == "HEAD":
            await exchange.write(b"", more=False)
        else:
            await _send_pieces(exchange, body, reply.ping)
    finally:
        await close_iterator(body)


async def _send_pieces(exchange: Exchange, pieces: AsyncIterator[bytes], ping: float | None) -> None:
    """Each piece when it is there. A stream of events is kept alive while it is silent, and ends with the server."""
    streams = exchange.plan.server.serving.streams
    async with WatchDisconnect(exchange) as watch, _Pinging(exchange, ping) as pinging:
        if ping is not None:
            streams.add(watch)
        try:
            async for piece in pieces:
                if piece:
                    await pinging.write(piece)
        finally:
            streams.discard(watch)
    await exchange.write(b"", more=False)


class _Pinging:
    """Writes pieces, and a comment line whenever there was none for some seconds."""

    def __init__(self, exchange: Exchange, seconds: float | None) -> None:
        self._exchange = exchange
        self._seconds = seconds
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()
        self._count = 0

    async def __aenter__(self) -> "_Pinging":
        if self._seconds is not None:
            self._task = asyncio.create_task(self._ping(self._seconds))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()

    async def write(self, piece: bytes) -> None:
        """Send a piece."""
        self._count += 1
        if self._task is None:
            await self._exchange.write(piece, more=True)
            return
        async with self._writing:  # a comment must not fall into the middle of an event
            await self._exchange.write(piece, more=True)

    async def _ping(self, seconds: float) -> None:
        from mainspring.rest.events import PING  # noqa: PLC0415 - few responses are events

        while True:
            count = self._count
            await asyncio.sleep(seconds)
            if self._count == count:
                async with self._writing:
                    await self._exchange.write(PING, more=True)


async def close_iterator(iterator: Any) -> None:
    """Close an iterator that can be closed. What its clean-up raises is logged: the response is over."""
    close = getattr(iterator, "aclose", None)
    if close is None:
        return
    try:
        await close()
    except Exception:
        logger.exception("Closing a streamed body failed.")
