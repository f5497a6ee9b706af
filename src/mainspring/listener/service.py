"""What the connections of a listener have in common."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from mainspring.http import HttpError
from mainspring.listener.bodies import Body
from mainspring.listener.heads import Head, Header
from mainspring.listener.limits import Limits
from mainspring.listener.responses import Clock

__all__ = ["Service"]

Serve = Callable[[Any, Head, Body | None], Coroutine[Any, Any, None]]
"""Answers a request of a connection, in a task of its own. Without a complete answer it has to abort the connection."""


class Service:
    """What the connections of a listener have in common.

    Args:
        serve: Answers requests.
        refuse: Words what is wrong with a request that nobody is asked about: lines and body.
        limits: What peers may ask for.
        loop: The loop they run in.

    Attributes:
        connections: Those that are open.
        is_closing: Whether the listener stops: each answer is the last one of its connection.
        scheme: ``http`` or ``https``.
        upgrade: Answers requests to speak another protocol instead of `serve`; ``None``: they are as any other.
        note: Called after each answer with connection, head, status and seconds; ``None``: nobody takes notes.
        clock: Tells the date.
    """

    def __init__(
        self,
        serve: Serve,
        refuse: Callable[[Any, HttpError], tuple[list[Header], bytes]],
        limits: Limits,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.serve, self.refuse, self.limits, self.loop = serve, refuse, limits, loop
        self.connections: set[Any] = set()
        self.is_closing = False
        self.upgrade: Serve | None = None
        self.scheme = "http"
        self.note: Callable[[Any, Head, int, float], None] | None = None
        self.clock = Clock()
        self._emptied: asyncio.Future[None] | None = None

    def forget(self, connection: Any) -> None:
        """A connection is gone."""
        self.connections.discard(connection)
        if self._emptied is not None and not self.connections and not self._emptied.done():
            self._emptied.set_result(None)

    async def until_empty(self, seconds: float | None) -> None:
        """Wait until all connections are gone, at most for the given time."""
        if self.connections:
            self._emptied = self.loop.create_future()
            await asyncio.wait([self._emptied], timeout=seconds)
            self._emptied = None
