"""Listening by hypercorn, embedded: HTTP/1.1, HTTP/2 and WebSockets by h11, h2 and wsproto.

What makes its connections is ours, since its own way to serve neither says when it listens nor cuts off what outlasts
the grace period; each connection is hypercorn's. It stops in order: no new connections, idle ones closed, requests in
flight finished within the grace period, the rest cancelled.
"""

import asyncio
import logging
import socket
import sys
from typing import Any

from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config

from mainspring.listener.accepting import Acceptor
from mainspring.rest.listening import CLEANUP, Calls, ListenOptions, is_news
from mainspring.rest.sockets import OnSocket

__all__ = ["HypercornListener"]

logger = logging.getLogger(__name__)

#: Turns of the loop in which what was accepted becomes a connection, and its first bytes are read.
_TURNS = 5
#: Seconds in which the first request on a connection comes, if it comes: what was accepted is answered.
_FIRST_WORD = 0.5
#: How often to look whether it came.
_LOOK_EVERY = 0.01


class HypercornListener(OnSocket):
    """One socket, served by hypercorn inside the running loop until ``stop``.

    Args:
        app: The ASGI application.
        options: Where and how.
    """

    def __init__(self, app: Any, options: ListenOptions) -> None:
        super().__init__(options.socket())
        self._options = options
        self._calls = Calls(app)
        self._app = ASGIWrapper(self._call)
        self._config = _config(options)
        self._context = WorkerContext(None)
        self._connections: dict[asyncio.Task[Any], tuple[_Reader, asyncio.StreamWriter]] = {}
        self._acceptor: Acceptor | None = None
        self._loop = asyncio.get_running_loop()

    async def _serve(self, bound: socket.socket) -> None:
        tls = self._options.ssl
        if tls is not None and tls is not self._options.ssl_setting:  # a context of the program stays as it is
            tls.set_alpn_protocols(self._config.alpn_protocols)
        self._context = WorkerContext(None)
        self._acceptor = Acceptor(bound, self._protocol, tls, self._config.ssl_handshake_timeout)
        self._acceptor.start()

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(_Reader(loop=self._loop), self._converse, self._loop)

    async def _converse(self, reader: Any, writer: asyncio.StreamWriter) -> None:
        """Serve a connection to its end."""
        task = asyncio.current_task()
        assert task is not None  # asyncio makes one for each connection
        self._connections[task] = reader, writer
        try:
            await TCPServer(self._app, self._loop, self._config, self._context, {}, reader, writer)
        except Exception as error:
            logger.error("hypercorn failed on a connection.", exc_info=error)
        finally:
            del self._connections[task]
            writer.transport.abort()

    async def _call(self, scope: Any, receive: Any, send: Any) -> None:
        async def last(message: Any) -> None:
            if message["type"] == "http.response.start" and self._context.terminated.is_set():
                message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
            await send(message)

        is_first = scope["type"] == "http" and scope["http_version"] in ("1.0", "1.1")
        await self._calls(scope, receive, last if is_first else send)

    # Stopping

    async def stop_accepting(self) -> None:
        """Take no new connections. Those that are there have a moment to say what they came for."""
        acceptor, self._acceptor = self._acceptor, None
        if acceptor is None:
            return
        await acceptor.stop()
        self._bound.leave()
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        for _ in range(round(_FIRST_WORD / _LOOK_EVERY)):
            if not any(reader.is_new for reader, _ in self._connections.values()):
                break
            await asyncio.sleep(_LOOK_EVERY)
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    async def stop(self, grace_period: float | None) -> None:
        """Stop listening at once, then wait for requests in flight.

        Args:
            grace_period: Seconds until the remaining ones are cancelled; ``None`` waits without limit.
        """
        await self.stop_accepting()
        await self._context.terminated.set()  # idle connections close, others after their answer
        connections = self._connections
        try:
            if connections:
                await asyncio.wait(list(connections), timeout=grace_period)
        finally:
            for _, writer in list(connections.values()):  # first: it would answer for a cancelled request with 500
                writer.transport.abort()
        await self._calls.cut_off()
        if connections:
            await asyncio.wait(list(connections), timeout=CLEANUP)


class _Reader(asyncio.StreamReader):
    """What a connection is read from; it knows whether anything came."""

    is_new = True

    def feed_data(self, data: Any) -> None:
        """Take what came."""
        self.is_new = False
        super().feed_data(data)

    def feed_eof(self) -> None:
        """Nothing more will come."""
        self.is_new = False
        super().feed_eof()


def _config(options: ListenOptions) -> Config:
    """The options as hypercorn knows them. Its log is the program's, and says nothing twice."""
    errors = logging.getLogger("hypercorn.error")
    errors.addFilter(is_news)
    config = Config()
    config.errorlog = errors
    config.accesslog = logging.getLogger("hypercorn.access") if options.access_log else None
    config.include_server_header = False
    config.keep_alive_timeout = options.keep_alive_timeout
    config.keep_alive_max_requests = sys.maxsize  # as long as the client wants
    config.websocket_max_message_size = options.ws_max_size
    return config
