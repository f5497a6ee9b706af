"""Serving a socket: accepting, and stopping in order: no new connections, idle ones closed, requests finished."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from ssl import SSLContext

from mainspring.listener.accepting import Acceptor
from mainspring.listener.connection import Connection
from mainspring.listener.service import Service

__all__ = ["Listener"]

#: Turns of the loop in which what was accepted becomes a connection, and its first bytes are read.
_TURNS = 5
#: Seconds in which the first request on a connection comes, if it comes: what was accepted is answered.
_FIRST_WORD = 0.5
#: How often to look whether it came.
_LOOK_EVERY = 0.01
#: Seconds that cancelled requests have for their clean-up.
_CLEANUP = 5.0


class Listener:
    """One socket, served until `stop`.

    Args:
        service: Answers what comes.
        bound: The socket.
        leave: Closes it, and cares for what belongs to it.
        tls: A ready context for TLS.
        kind: What its connections are.
    """

    def __init__(
        self,
        service: Service,
        bound: socket.socket,
        leave: Callable[[], None],
        tls: SSLContext | None = None,
        kind: type[Connection] = Connection,
    ) -> None:
        self._service = service
        self._kind = kind
        self._bound = bound
        self._leave = leave
        self._tls = tls
        self._acceptor: Acceptor | None = None
        service.scheme = "http" if tls is None else "https"

    async def start(self) -> None:
        """Accept connections."""
        self._acceptor = acceptor = Acceptor(
            self._bound, self._connection, self._tls, self._service.limits.headers_timeout
        )
        acceptor.start()

    def _connection(self) -> Connection:
        return self._kind(self._service)

    async def stop_accepting(self, grace_period: float | None = None) -> None:
        """Take no new connections. Those that are there have a moment to say what they came for.

        Args:
            grace_period: Seconds that this may take at most.
        """
        acceptor, self._acceptor = self._acceptor, None
        if acceptor is None:
            return
        self._service.is_closing = True
        await acceptor.stop()
        self._leave()
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        moment = _FIRST_WORD if grace_period is None else min(_FIRST_WORD, grace_period)
        for _ in range(round(moment / _LOOK_EVERY)):
            if not any(connection.is_new for connection in self._service.connections):
                break
            await asyncio.sleep(_LOOK_EVERY)
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    async def stop(
        self,
        grace_period: float | None,
        farewell: Callable[[], Awaitable[None]] | None = None,
        cut_off: str = "stopped",
    ) -> None:
        """Wait for the requests in flight, then close what is left.

        Args:
            grace_period: Seconds until the remaining ones are cancelled; ``None`` waits without limit.
            farewell: What is to be said on connections that would not end by themselves.
            cut_off: The word with which requests are cancelled.
        """
        end = None if grace_period is None else self._service.time() + grace_period
        await self.stop_accepting(grace_period)
        connections = self._service.connections
        try:
            if farewell is not None:
                await farewell()
            for connection in list(connections):
                connection.end()
            await self._service.until_empty(self._until(end))
            tasks = self._service.tasks
            if tasks and not connections:  # what follows the last answers
                await asyncio.wait(tasks, timeout=self._until(end))
        finally:
            for connection in list(connections):
                connection.abort()
        tasks = self._service.tasks
        for task in tasks:
            task.cancel(cut_off)
        if tasks:  # bounded: a clean-up that does not end must not keep the server from stopping
            await asyncio.wait(tasks, timeout=_CLEANUP)
        for _ in range(2):  # until the transports have told their connections
            await asyncio.sleep(0)

    def _until(self, end: float | None) -> float | None:
        """The seconds until a moment of the loop's clock."""
        return None if end is None else max(end - self._service.time(), 0)
