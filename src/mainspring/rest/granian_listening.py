"""Listening by granian, embedded: HTTP/1.1, HTTP/2 and WebSockets in Rust, on threads of its own.

It stops in order: no new connections, idle ones closed, requests in flight finished within the grace period, the rest
cancelled. Of those the clients get a 500: the connections are not ours to cut.
"""

import asyncio
import logging
import os
import socket
from pathlib import Path
from typing import Any

import granian.net
from granian.constants import Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from mainspring.rest.errors import SettingError
from mainspring.rest.listening import Calls, ListenOptions, is_told
from mainspring.rest.settings import as_options
from mainspring.rest.sockets import OnSocket

__all__ = ["GranianListener"]

#: Connections that wait to be accepted, and connections that there may be where there is no limit.
_BACKLOG, _MANY = 2048, 1_000_000
#: Bytes that are kept of what a client sends or does not take.
_BUFFER = 64 * 1024
#: Seconds in which a client takes what is left of its answer, at the end; one that does not read must not hold us.
_LAST_WORDS = 1.0
#: Turns of the loop after which it serves, or has said why it cannot.
_TURNS = 5


class GranianListener(OnSocket):
    """One socket, served by granian beside the running loop until ``stop``.

    Args:
        app: The ASGI application.
        options: Where and how.

    Raises:
        SettingError: Granian cannot serve TLS with what is given.
    """

    def __init__(self, app: Any, options: ListenOptions) -> None:
        super().__init__(options.socket())
        self._options = options
        self._calls = Calls(app)
        self._tls = _tls(options.ssl_setting) if options.ssl is not None else {}
        self._server: _Server | None = None
        self._running: asyncio.Task[None] | None = None

    async def _serve(self, bound: socket.socket) -> None:
        options = self._options
        server = _Server(
            self._call,
            interface=Interfaces.ASGINL,  # the lifespan is the application's own
            backlog=_BACKLOG,
            backpressure=options.max_connections or _MANY,
            http1_settings=HTTP1Settings(
                header_read_timeout=round(options.headers_timeout * 1000), max_buffer_size=_BUFFER
            ),
            log_level=LogLevels.error,  # the application says where it listens
            log_dictconfig=_log_settings(is_noted=options.access_log),
            log_access=options.access_log,
            **self._tls,
        )
        logging.getLogger("_granian.utils").addFilter(_is_news)  # where it tells of errors of the application
        server.bound = bound
        running = asyncio.create_task(server.serve(), name="granian")
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        if running.done():
            await running
        self._server, self._running = server, running

    async def _call(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self._calls(scope, receive, send)
        except BaseException as error:
            if is_told(error):
                raise _ToldError from None
            raise

    # Stopping

    async def stop_accepting(self) -> None:
        """Take no new connections; idle ones are closed."""
        if self._server is not None:
            self._server.stop()  # type: ignore[no-untyped-call]  # granian does not say that it gives nothing
            self._server = None
            self._bound.leave()

    async def stop(self, grace_period: float | None) -> None:
        """Stop listening at once, then wait for requests in flight.

        Args:
            grace_period: Seconds until the remaining ones are cancelled; ``None`` waits without limit.
        """
        await self.stop_accepting()
        running, self._running = self._running, None
        if running is None:
            return
        loop = asyncio.get_running_loop()
        end = None if grace_period is None else loop.time() + grace_period
        try:
            await asyncio.wait([running], timeout=grace_period)
            await self._calls.wait(None if end is None else max(end - loop.time(), 0))  # what follows the last answers
        finally:
            await self._calls.cut_off()
            await asyncio.wait([running], timeout=_LAST_WORDS)
            running.cancel()


class _ToldError(Exception):
    """An error that the log knows, in the place of which granian, which writes the text of what it gets, gets this."""


def _is_news(record: logging.LogRecord) -> bool:
    return _ToldError.__qualname__ not in record.getMessage()


class _Server(Server):
    """Granian on a socket that is bound already."""

    bound: socket.socket

    def _init_shared_socket(self) -> None:
        """Take the socket: a descriptor of its own, since granian closes what it listened on."""
        is_unix = self.bound.family == getattr(socket, "AF_UNIX", None)
        holder: Any = granian.net.SocketHolder  # type: ignore[attr-defined]  # made from a descriptor, as pickle does it
        self._ssp = None
        self._shd = holder(os.dup(self.bound.fileno()), is_unix, _BACKLOG)


def _tls(setting: Any) -> dict[str, Any]:
    """What granian is told for TLS: plain PEM files. What it cannot load ends the process, so it is not let try."""
    options = as_options(setting, "ssl")
    if not options.get("cert_file"):
        raise SettingError("ssl", setting, "granian, which listens, reads cert_file and key_file alone")
    for name in ("ca_file", "password", "passphrase"):
        if options.get(name):
            raise SettingError(f"ssl.{name}", "set", "granian, which listens, has nothing for it")
    cert = Path(options["cert_file"])
    return {"ssl_cert": cert, "ssl_key": Path(options.get("key_file") or cert), "ssl_protocol_min": SSLProtocols.tls12}


def _log_settings(*, is_noted: bool) -> dict[str, Any]:
    """Levels alone: anything more would take away the handlers of the whole program."""
    loggers = {"granian.access": {"level": "INFO"}} if is_noted else {}
    return {"incremental": True, "formatters": {}, "handlers": {}, "loggers": loggers}
