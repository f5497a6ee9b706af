"""Listening by uvicorn, embedded.

It stops in order: no new connections, idle ones closed, requests in flight finished within the grace period, the rest
cancelled.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn

from mainspring.rest.listening import CLEANUP, CUT_OFF, ListenOptions, is_news
from mainspring.rest.sockets import OnSocket

__all__ = ["UvicornListener"]

#: How often to look whether connections are gone: short against any request, long against the cost of looking.
_LOOK_EVERY = 0.01
#: Seconds in which the first request on a connection comes, if it comes: what was accepted is answered.
_FIRST_WORD = 0.5
#: Turns of the loop in which what was accepted becomes a connection: asyncio takes three.
_TURNS = 5


class UvicornListener(OnSocket):
    """One socket, served by uvicorn inside the running loop until ``stop``."""

    def __init__(self, app: Any, options: ListenOptions) -> None:
        super().__init__(options.socket())
        self._app = app
        self._options = options
        self._server: Any = None
        self._ticking: asyncio.Task[None] | None = None

    async def _serve(self, bound: socket.socket) -> None:
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
        logging.getLogger("uvicorn.error").addFilter(is_news)
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

    async def stop(self, grace_period: float | None) -> None:
        """Stop listening at once, then wait for requests in flight.

        Args:
            grace_period: Seconds until the remaining ones are cancelled; ``None`` waits without limit.
        """
        server = self._server
        if server is None:
            return
        await self.stop_accepting()
        self._server = None
        try:
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
        await asyncio.wait(tasks, timeout=CLEANUP)


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


@contextlib.contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Keep uvicorn from announcing itself: the application says where it listens."""
    was, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = was
