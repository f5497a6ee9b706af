"""What listens, when the application listens by itself: our own listener, or an ASGI server that is embedded.

A table of them, and what they have in common. We bind the sockets ourselves, whoever serves them (so that a port in use
is an exception, and port 0 is known once bound), and leave the lifespan and signals to the application.
"""

import asyncio
import logging
import socket
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from ssl import SSLContext
from typing import Any

from msgspec import Struct

from mainspring.rest.errors import MissingLibraryError, SettingError
from mainspring.rest.logs import was_logged
from mainspring.rest.sockets import BoundSocket

__all__ = ["CLEANUP", "CUT_OFF", "KINDS", "Calls", "Kind", "ListenOptions", "is_news", "is_told"]

#: The word with which requests are cancelled.
CUT_OFF = "the grace period of the server has passed"
#: Seconds that cancelled requests have for their clean-up.
CLEANUP = 5.0


class Kind(Struct, frozen=True):
    """Something that can listen.

    Attributes:
        name: The value of ``rest.server``.
        listener: The class that does it, ``module:attribute``; made with the application and `ListenOptions`.
        library: What has to be installed for it, and the extra of that name; empty: nothing beside Mainspring.
        sockets: Libraries of which it needs one for WebSockets; empty: none.
        without: The settings that it has nothing for.
    """

    name: str
    listener: str
    library: str = ""
    sockets: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def check(self, chosen: Mapping[str, Any], *, has_sockets: bool) -> None:
        """Refuse to listen where something that was asked for could not be.

        Args:
            chosen: The settings that are not left to us.
            has_sockets: Whether there are WebSocket routes.

        Raises:
            MissingLibraryError: A library is not installed.
            SettingError: A setting would have no effect.
        """
        if self.library and find_spec(self.library) is None:
            raise MissingLibraryError(f"An application with the server {self.name!r}", self.library, self.library)
        if has_sockets and self.sockets and not any(map(find_spec, self.sockets)):
            raise MissingLibraryError("The WebSocket routes", self.sockets[0], "websockets")
        for name in self.without:
            if name in chosen:
                raise SettingError(name, chosen[name], f"{self.name}, which listens, has no such setting; {_WAY_OUT}")

    def make(self, app: Any, options: "ListenOptions") -> Any:
        """A listener of this kind, which does not listen yet."""
        module, _, attribute = self.listener.partition(":")
        return getattr(import_module(module), attribute)(app, options)


_WAY_OUT = "leave it out, or let the server 'mainspring' listen"

#: What can listen, by the value of ``rest.server``. How they differ in HTTP itself: docs/http-on-other-servers.md.
KINDS = {
    kind.name: kind
    for kind in (
        Kind("mainspring", "mainspring.rest.own_listening:OwnListener", sockets=("websockets",)),
        Kind(
            "uvicorn",
            "mainspring.rest.uvicorn_listening:UvicornListener",
            "uvicorn",
            sockets=("websockets", "wsproto"),
            without=("headers_timeout", "max_headers", "proxy_protocol"),
        ),
        Kind(
            "hypercorn",
            "mainspring.rest.hypercorn_listening:HypercornListener",
            "hypercorn",
            without=("headers_timeout", "max_connections", "max_headers", "proxy_protocol"),
        ),
        Kind(
            "granian",
            "mainspring.rest.granian_listening:GranianListener",
            "granian",
            without=("keep_alive_timeout", "max_headers", "proxy_protocol", "ws_max_size"),
        ),
    )
}


class ListenOptions(Struct, frozen=True):
    """Where and how to listen. Times are seconds.

    Attributes:
        host: An address or name; IPv6 without brackets.
        port: A port, 0 for any free one.
        path: A Unix socket instead of host and port.
        bound: A socket that somebody else has bound to this place, and cares for.
        ssl: A ready context for TLS.
        ssl_setting: What the context was made from.
        keep_alive_timeout: How long an idle connection is kept.
        max_connections: How many connections there may be (uvicorn: requests at a time); ``None``: no limit.
        ws_max_size: Bytes of a WebSocket message.
        headers_timeout: How long the head of a request may take.
        max_headers: How many header lines it may have.
        reuse_port: Whether other sockets may listen on the port beside this one.
        proxy_protocol: Whether each connection begins with whom a proxy speaks for.
        access_log: Whether each request is a line in the log.
    """

    host: str = "127.0.0.1"
    port: int = 0
    path: str | None = None
    bound: socket.socket | None = None
    ssl: SSLContext | None = None
    ssl_setting: Any = None
    keep_alive_timeout: float = 5.0
    max_connections: int | None = None
    ws_max_size: int = 16 * 1024 * 1024
    headers_timeout: float = 10.0
    max_headers: int = 100
    reuse_port: bool = False
    proxy_protocol: bool = False
    access_log: bool = False

    def socket(self) -> BoundSocket:
        """The socket, which is not there yet."""
        return BoundSocket(self.host, self.port, self.path, self.bound, shared=self.reuse_port)


class Calls:
    """An ASGI application as an embedded server calls it; it knows the calls that are under way.

    Args:
        app: The application.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Call it."""
        task = asyncio.current_task()
        assert task is not None  # a server calls from a task
        self._tasks.add(task)
        try:
            await self._app(scope, receive, send)
        finally:
            self._tasks.discard(task)

    async def wait(self, seconds: float | None) -> None:
        """Wait until nothing is under way, at most for the given time."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    async def cut_off(self) -> None:
        """Cancel what is under way, and give it a moment for its clean-up: one that does not end must not hold us."""
        tasks = self._tasks
        for task in tasks:
            task.cancel(CUT_OFF)
        if tasks:
            await asyncio.wait(tasks, timeout=CLEANUP)


def is_news(record: logging.LogRecord) -> bool:
    """Whether a server says something that the log does not know from us."""
    return not (record.exc_info and is_told(record.exc_info[1]))


def is_told(error: BaseException | None) -> bool:
    """Whether an error is logged already, or is no more than that a request was cut off."""
    return was_logged(error) or (isinstance(error, asyncio.CancelledError) and error.args == (CUT_OFF,))
