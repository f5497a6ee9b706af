"""The event server: lines over TCP, each an event, each answered by a line.

    > reading {"sensor": "roof", "celsius": 21.5}
    < ok 2
    > reading {}
    < error a reading has a "sensor" (text) and "celsius" (a number)

An event is the server's once ``ok`` has come back: what a client has sent and got no answer for, it sends again.
"""

import asyncio
import logging
from typing import Annotated

from mainspring import Context, inject, injectable
from mainspring.core import Application, CoreTags

from .events import Event, EventBindings
from .services.dispatcher_service import DispatcherService
from .settings import EventSettings

__all__ = ["EventServer"]

logger = logging.getLogger(__name__)


@injectable(tags={CoreTags.LIFE_CYCLE_OBSERVER_GROUP: EventBindings.GROUP})
class EventServer(Context):
    """A server: ``start``, ``stop``, ``listening``. The rest is its own business.

    Args:
        app: The application; what is bound there is found from here.
        settings: Where to listen.
    """

    def __init__(self, app: Application, settings: Annotated[EventSettings, inject(EventBindings.SETTINGS)]) -> None:
        super().__init__(app, "event server")
        self.settings = settings
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._idle: set[asyncio.Task[None]] = set()

    @property
    def listening(self) -> bool:
        """Whether events are taken."""
        return self._server is not None

    @property
    def url(self) -> str | None:
        """Where, while it listens."""
        if self._server is None:
            return None
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"tcp://{host}:{port}"

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: The address is taken, or not of this machine.
        """
        if self._server is None:
            self._server = await asyncio.start_server(self._connected, self.settings.host, self.settings.port)

    async def stop(self) -> None:
        """Take nothing new, answer the events being handled, and close every connection.

        When the grace period passes, whoever runs the application cancels this: then the handlers are cancelled too.
        """
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for task in self._idle:
            task.cancel()
        try:
            while self._connections:
                await asyncio.wait(self._connections)
        except asyncio.CancelledError:
            for task in self._connections:
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            raise
        await server.wait_closed()
        logger.info("no event is in progress any more")

    # One connection

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._converse(reader, writer), name="event connection")
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        dispatcher = await self.get(DispatcherService)
        try:
            while self.listening and (line := await self._next_line(reader)):
                writer.write(f"{await self._answer(dispatcher, line)}\n".encode())
                await writer.drain()
        except (ConnectionError, ValueError):  # it is gone, or its line is longer than any event
            logger.info("a connection was given up", exc_info=True)
        finally:
            writer.close()

    async def _next_line(self, reader: asyncio.StreamReader) -> bytes:
        """Wait for a line; meanwhile the connection is idle, and a stop ends it at once."""
        task = asyncio.current_task()
        assert task is not None
        self._idle.add(task)
        try:
            return await reader.readline()
        finally:
            self._idle.discard(task)

    async def _answer(self, dispatcher: DispatcherService, line: bytes) -> str:
        try:
            return f"ok {await dispatcher.dispatch(Event.of_line(line), self)}"
        except ValueError as error:
            return f"error {error}"
        except Exception:
            logger.exception("An event could not be handled.")
            return "error internal"
