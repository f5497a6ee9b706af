"""Accepting connections, in a way that outlives a process that has no files left.

The event loops do that otherwise: uvloop resets the connections that there is no file for and says nothing, asyncio
writes a traceback for each place of the backlog and tries again with each of them. Here they wait, and the log says so.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from ssl import SSLContext
from typing import Any

from mainspring.listener.logs import RareLog

__all__ = ["Acceptor"]

logger = logging.getLogger(__name__)

#: Connections that are accepted in one turn of the loop: few, so that other processes on the same socket get some.
_AT_ONCE = 16
#: Seconds until it is tried again.
_PAUSE = 0.25


class Acceptor:
    """What makes connections of what comes to a socket.

    Args:
        bound: The socket, which listens.
        connection: Makes the protocol of a connection.
        tls: A ready context for TLS.
        patience: Seconds that a handshake of TLS may take.
    """

    def __init__(
        self, bound: socket.socket, connection: Callable[[], Any], tls: SSLContext | None, patience: float
    ) -> None:
        self._bound = bound
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._log = RareLog(logger)
        self._tls: dict[str, Any] = {"ssl": tls, "ssl_handshake_timeout": patience} if tls is not None else {}
        self._accepting: asyncio.Task[None] | None = None
        self._opening: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Accept from now on."""
        self._bound.setblocking(False)
        self._accepting = self._loop.create_task(self._accept(), name="accept")

    async def _accept(self) -> None:
        while True:
            try:
                made, _ = await self._loop.sock_accept(self._bound)
                self._open(made)
                self._accept_waiting(_AT_ONCE)
            except ConnectionAbortedError:  # it is gone already
                continue
            except OSError as error:  # no file, no memory, or a fault of the network, as accept(2) tells them
                if self._bound.fileno() < 0:
                    return
                self._log.warning("No connection can be accepted: %s. Those that come wait.", error.strerror)
                await asyncio.sleep(_PAUSE)

    def _accept_waiting(self, number: int) -> None:
        """Accept what waits already, at most so many."""
        with contextlib.suppress(BlockingIOError):
            for _ in range(number):
                self._open(self._bound.accept()[0])

    def _open(self, made: socket.socket) -> None:
        made.setblocking(False)
        task = self._loop.create_task(self._serve(made))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _serve(self, made: socket.socket) -> None:
        with contextlib.suppress(OSError):  # it is gone, or speaks no TLS
            await self._loop.connect_accepted_socket(self._connection, made, **self._tls)

    async def stop(self) -> None:
        """Accept what has come until now, and nothing more."""
        accepting, self._accepting = self._accepting, None
        if accepting is None:
            return
        accepting.cancel()
        await asyncio.wait([accepting])
        with contextlib.suppress(OSError):
            while True:
                self._open(self._bound.accept()[0])
