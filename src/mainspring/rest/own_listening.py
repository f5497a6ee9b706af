"""Listening with the listener of our own: its sockets, its limits and its door."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from mainspring.listener import Limits, Listener, Service
from mainspring.rest.listener_door import ListenerDoor
from mainspring.rest.listening import CUT_OFF, ListenOptions

__all__ = ["OwnListener"]


class OwnListener:
    """One socket, served by our own listener inside the running loop until ``stop``."""

    def __init__(self, server: Any, options: ListenOptions) -> None:
        self._server = server
        self._options = options
        self._bound = options.socket()
        self._listener: Listener | None = None

    @property
    def listening(self) -> bool:
        """Whether new connections are accepted."""
        return self._bound.is_taken

    @property
    def address(self) -> Any:
        """The bound address: host and port (and more for IPv6), or the path; ``None`` while not listening."""
        return self._bound.address

    @property
    def sockets(self) -> list[socket.socket]:
        """The sockets that listen."""
        return self._bound.sockets

    @property
    def sockets(self) -> list[socket.socket]:
        """The sockets that listen."""
        return self._place.sockets

    @property
    def port(self) -> int:
        """The port taken; 0 for a Unix socket."""
        return self._bound.port

    async def start(self) -> None:
        """Bind and serve.

        Raises:
            ListenError: The address cannot be had (an ``OSError`` with the same ``errno``); nothing is left open.
        """
        options = self._options
        door = ListenerDoor(self._server, options.ws_max_size)
        limits = Limits(
            headers=options.max_headers,
            headers_timeout=options.headers_timeout,
            keep_alive_timeout=options.keep_alive_timeout,
            connections=options.max_connections,
        )
        bound = await self._bound.take()
        service = Service(door.serve, door.refuse, limits, asyncio.get_running_loop())
        service.upgrade = door.upgrade
        listener = Listener(service, bound, self._bound.leave, options.ssl)
        try:
            await listener.start()
        except BaseException:  # a cancelled start leaves no socket either
            self._bound.leave()
            raise
        self._listener = listener

    async def stop_accepting(self) -> None:
        """Take no new connections. Those that are there have a moment to say what they came for."""
        if self._listener is not None:
            await self._listener.stop_accepting()

    async def stop(self, grace_period: float | None, farewell: Callable[[], Awaitable[None]] | None = None) -> None:
        """Stop listening at once, then wait for requests in flight; see `Listener.stop`."""
        listener = self._listener
        if listener is None:
            return
        self._listener = None
        await listener.stop(grace_period, farewell or _nothing, CUT_OFF)


async def _nothing() -> None:
    """Say nothing."""
