"""Listening without an outer server: uvicorn, embedded. The only place that knows uvicorn.

We bind the socket ourselves (so that a port in use is an exception, and port 0 is known once bound), leave lifespan and
signals to the application, and stop in order: no new connections, idle ones closed, requests in flight finished within
the grace period, the rest cancelled.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator
from importlib.util import find_spec
from ssl import SSLContext
from typing import Any

from msgspec import Struct

from mainspring.rest.errors import MissingLibraryError
from mainspring.rest.logs import was_logged
from mainspring.rest.sockets import BoundSocket, OnSocket

__all__ = ["CUT_OFF", "ListenOptions", "Listener", "check_websockets"]

#: How often to look whether connections are gone: short against any request, long against the cost of looking.
_LOOK_EVERY = 0.01
#: Seconds in which the first request on a connection comes, if it comes: what was accepted is answered.
_FIRST_WORD = 0.5
#: Turns of the loop in which what was accepted becomes a connection: asyncio takes three.
_TURNS = 5
#: What cancelled requests have for their clean-up before their connections are cut.
_CLEANUP_TIME = 5.0
#: The word with which requests are cancelled.
CUT_OFF = "the grace period of the server has passed"


class ListenOptions(Struct, frozen=True):
    """Where and how to listen. Times are seconds.

    Attributes:
        host: An address or name; IPv6 without brackets.
        port: A port, 0 for any free one.
        path: A Unix socket instead of host and port.
        bound: A socket that somebody else has bound to this place, and cares for.
        ssl: A ready context for TLS.
        keep_alive_timeout: How long an idle connection is kept.
        max_connections: How many requests at a time before others get 503; ``None``: no limit.
        ws_max_size: Bytes of a WebSocket message.
        headers_timeout: How long the head of a request may take; the own listener has this limit, and the next.
        max_headers: How many header lines it may have.
        proxy_protocol: Whether each connection begins with whom a proxy speaks for; our own listener reads that.
        access_log: Whether each request is a line in the log.
    """

    host: str = "127.0.0.1"
    port: int = 0
    path: str | None = None
    bound: socket.socket | None = None
    ssl: SSLContext | None = None
    keep_alive_timeout: float = 5.0
    max_connections: int | None = None
    ws_max_size: int = 16 * 1024 * 1024
    headers_timeout: float = 10.0
    max_headers: int = 100
    proxy_protocol: bool = False
    access_log: bool = False

    def socket(self) -> BoundSocket:
        """The socket, which is not there yet."""
        return BoundSocket(self.host, self.port, self.path, self.bound)


def check_websockets(*, is_own: bool) -> None:
    """Refuse to listen for WebSocket connections that could never come.

    Args:
        is_own: Whether our own listener listens, which knows one library for it.

    Raises:
        MissingLibraryError: No library that speaks the protocol is installed.
    """
    if find_spec("websockets") is None and (is_own or find_spec("wsproto") is None):
        raise MissingLibraryError("The WebSocket routes", "websockets", "websockets")


class Listener(OnSocket):
    """One socket, served by uvicorn inside the running loop until ``stop``."""

    def __init__(self, app: Any, options: ListenOptions) -> None:
        super().__init__(options.socket())
        self._app = app
        self._options = options
        self._server: Any = None
        self._ticking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Bind and serve.

        Raises:
            ListenError: The address cannot be had (an ``OSError`` with the same ``errno``); nothing is left open.
        """
        bound = await self._bound.take()
        try:
            await self._serve(bound)
        except BaseException:  # a cancelled start leaves no socket either
            self._bound.leave()
            raise

    async def _serve(self, bound: socket.socket) -> None:
        import uvicorn  # noqa: PLC0415 - it brings its command line along; other ASGI servers need none of it

        options = self._options
        config = uvicorn.Config(
            self._app,
            lifespan="off",
            interface="asgi3",  # a bound method does not look like one to uvicorn
            log_config=None,
            access_log=options.access_log,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=options.keep_alive_timeout,  # type: ignore[arg-type]  # a float works as well
            limit_concurrency=options.max_connections,
            ws_max_size=options.ws_max_size,
            ssl_context_factory=(lambda *_: options.ssl) if options.ssl is not None else None,  # type: ignore[arg-type]  # not None in this branch
        )
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        with _quiet(uvicorn.server.logger):  # pyright: ignore[reportAttributeAccessIssue]  # its own submodule
            await server.startup(sockets=[bound])
        self._server = server
        logging.getLogger("uvicorn.error").addFilter(_is_news)
        self._ticking = asyncio.create_task(server.main_loop(), name="listener clock")

    # Stopping

    async def stop_accepting(self) -> None:
        """Take no new connections. Those that are there have a moment to say what they came for."""
        server = self._server
        if server is None or not self._bound.is_taken:
            return
        for each in server.servers:
            each.close()
        self._bound.leave()
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        for _ in range(round(_FIRST_WORD / _LOOK_EVERY)):
            await asyncio.sleep(_LOOK_EVERY)
            if not any(map(_is_new, list(server.server_state.connections))):
                break
        await asyncio.sleep(0)  # a request that was just read begins

    async def stop(self, grace_period: float | None, farewell: Callable[[], Awaitable[None]] | None = None) -> None:
        """Stop listening at once, then wait for requests in flight.

        Args:
            grace_period: Seconds until the remaining ones are cancelled; ``None`` waits without limit.
            farewell: What is to be said on open connections before they are asked to end.
        """
        server = self._server
        if server is None:
            return
        await self.stop_accepting()
        self._server = None
        try:
            if farewell is not None:
                await farewell()
            _ask_to_end(server.server_state)
            await self._drain(server, grace_period)
        finally:
            for connection in list(server.server_state.connections):
                connection.transport.abort()
            ticking, self._ticking = self._ticking, None
            if ticking is not None:
                ticking.cancel()
                await asyncio.wait([ticking])

    async def _drain(self, server: Any, grace_period: float | None) -> None:
        state = server.server_state
        await _until_gone(state, grace_period)
        tasks = [task for task in state.tasks if not task.done()]
        if not tasks:
            return
        # Their connections first: uvicorn would answer for a cancelled request as if it had failed.
        for connection in list(state.connections):
            connection.transport.abort()
        for task in tasks:
            task.cancel(CUT_OFF)
        # Bounded: a clean-up that does not end must not keep the server from stopping.
        await asyncio.wait(tasks, timeout=_CLEANUP_TIME)


async def _until_gone(state: Any, seconds: float | None) -> None:
    """Wait until no connection is busy and no request runs, at most for the given time."""
    loop = asyncio.get_running_loop()
    end = None if seconds is None else loop.time() + seconds
    while state.tasks or state.connections:
        if end is not None and loop.time() >= end:
            return
        _ask_to_end(state)  # those whose request ended meanwhile, and WebSockets that were just opened
        await asyncio.sleep(_LOOK_EVERY)


def _ask_to_end(state: Any) -> None:
    """Ask connections to end as soon as they can; once, since a WebSocket that is closing cannot be closed again."""
    for connection in list(state.connections):
        if not connection.transport.is_closing():
            connection.shutdown()


def _is_new(connection: Any) -> bool:
    """Whether nothing was asked on a connection yet."""
    return getattr(connection, "cycle", connection) is None and not connection.transport.is_closing()


def _is_news(record: logging.LogRecord) -> bool:
    """Whether uvicorn says something new: not an error that is logged already, nor that a request was cut off."""
    error = record.exc_info[1] if record.exc_info else None
    return not (was_logged(error) or (isinstance(error, asyncio.CancelledError) and error.args == (CUT_OFF,)))


@contextlib.contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Keep uvicorn from announcing itself: the application says where it listens."""
    was, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = was
