"""Sending a reply: the head, then bytes at once or piece by piece as they are made, until the client has all or is gone."""

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

    __slots__ = ("_exchange", "_fired", "_task", "_watcher")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._fired = False
        self._task: asyncio.Task[Any] | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "WatchDisconnect":
        self._task = asyncio.current_task()
        self._watcher = asyncio.create_task(self._exchange.wait_disconnected())
        self._watcher.add_done_callback(self._gone)
        return self

    def _gone(self, watcher: "asyncio.Task[None]") -> None:
        if watcher.cancelled() or watcher.exception() is not None or self._task is None:
            return
        self._fired = True
        self._task.cancel()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        task, self._task = self._task, None
        if self._watcher is not None:
            self._watcher.cancel()
        if self._fired and task is not None and task.uncancel() <= 0 and kind is asyncio.CancelledError:
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
            await _send_pieces(exchange, body)
    finally:
        await close_iterator(body)


async def _send_pieces(exchange: Exchange, pieces: AsyncIterator[bytes]) -> None:
    async with WatchDisconnect(exchange):
        async for piece in pieces:
            if piece:
                await exchange.write(piece, more=True)
        await exchange.write(b"", more=False)


async def close_iterator(iterator: Any) -> None:
    """Close an iterator that can be closed. What its clean-up raises is logged: the response is over."""
    close = getattr(iterator, "aclose", None)
    if close is None:
        return
    try:
        await close()
    except Exception:
        logger.exception("Closing a streamed body failed.")
