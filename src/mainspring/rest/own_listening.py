"""Listening with the listener of our own: its sockets, its limits and its door."""

import asyncio
import socket
from importlib import import_module
from typing import Any

from mainspring.listener import Connection, Limits, Listener, ProxiedConnection, Service
from mainspring.rest.access import note_request
from mainspring.rest.errors import SettingError
from mainspring.rest.listener_door import ListenerDoor
from mainspring.rest.listening import CUT_OFF, ListenOptions
from mainspring.rest.sockets import OnSocket

__all__ = ["OwnListener"]


class OwnListener(OnSocket):
    """One socket, served by our own listener inside the running loop until ``stop``.

    Args:
        server: The REST server.
        options: Where and how.

    Raises:
        SettingError: A proxy is to speak before TLS begins.
    """

    def __init__(self, server: Any, options: ListenOptions) -> None:
        super().__init__(options.socket())
        if options.proxy_protocol and options.ssl is not None:
            raise SettingError("proxy_protocol", True, "it is read without TLS only; let the proxy end TLS")
        self._server = server
        self._options = options
        self._listener: Listener | None = None

    async def _serve(self, bound: socket.socket) -> None:
        options = self._options
        door = ListenerDoor(self._server, options.ws_max_size)
        limits = Limits(
            headers=options.max_headers,
            headers_timeout=options.headers_timeout,
            keep_alive_timeout=options.keep_alive_timeout,
            connections=_room(options.max_connections),
        )
        service = Service(door.serve, door.refuse, limits, asyncio.get_running_loop())
        service.upgrade = door.upgrade
        service.note = note_request if options.access_log else None
        kind = ProxiedConnection if options.proxy_protocol else Connection
        listener = Listener(service, bound, self._bound.leave, options.ssl, kind)
        await listener.start()
        self._listener = listener

    async def stop_accepting(self) -> None:
        """Take no new connections. Those that are there have a moment to say what they came for."""
        if self._listener is not None:
            await self._listener.stop_accepting(self._server.serving.grace_period)

    async def stop(self, grace_period: float | None) -> None:
        """Stop listening at once, then wait for requests in flight; see `Listener.stop`."""
        listener = self._listener
        if listener is None:
            return
        self._listener = None
        await listener.stop(grace_period, cut_off=CUT_OFF)


#: Files that a process needs besides its connections, at least, and the share of all that it may open.
_FILES, _SHARE = 32, 10


def _room(wanted: int | None) -> int | None:
    """How many connections there may be: as wished for, and fewer than what would leave the program no file to open."""
    try:
        resource: Any = import_module("resource")
    except ImportError:  # not on this system
        return wanted
    files: int = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files == resource.RLIM_INFINITY:
        return wanted
    room = max(files - max(_FILES, files // _SHARE), 1)
    return room if wanted is None else min(wanted, room)
