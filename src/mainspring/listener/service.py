"""What the connections of a listener have in common."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from mainspring.http import HttpError
from mainspring.listener.bodies import AnyBody
from mainspring.listener.heads import Head, Header
from mainspring.listener.limits import Limits
from mainspring.listener.logs import RareLog
from mainspring.listener.responses import Clock

__all__ = ["Serve", "Service"]

logger = logging.getLogger(__name__)

Serve = Callable[[Any, Head, AnyBody | None], Coroutine[Any, Any, None]]
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
        log: Says what happens with many connections.
    """

    def __init__(
        self,
        serve: Serve,
        refuse: Callable[[Any, HttpError], tuple[list[Header], bytes]],
        limits: Limits,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.serve, self.refuse, self.limits, self.loop = serve, refuse, limits, loop
        self.keep_alive = limits.keep_alive_timeout
        self.time = loop.time
        self.connections: set[Any] = set()
        self._kept: set[asyncio.Task[None]] = set()
        self.is_closing = False
        self.upgrade: Serve | None = None
        self.scheme = "http"
        self.note: Callable[[Any, Head, int, float], None] | None = None
        self.clock = Clock()
        self.log = RareLog(logger)
        self._emptied: asyncio.Future[None] | None = None

    def keep(self, task: "asyncio.Task[None]") -> None:
        """Hold a task whose connection has gone on, or is gone."""
        self._kept.add(task)
        task.add_done_callback(self._kept.discard)

    @property
    def tasks(self) -> set["asyncio.Task[None]"]:
        """The tasks that run."""
        current = {connection.task for connection in self.connections if connection.task is not None}
        return {task for task in current | self._kept if not task.done()}

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
