"""The socket server: whoever is connected is told of new entries, and may write some."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from .services.guestbook import Guestbook

try:
    import socketio  # type: ignore[import-untyped]  # it has no types
except ImportError as error:
    raise ImportError("The guestbook speaks Socket.IO: pip install python-socketio", name="socketio") from error

__all__ = ["Sockets"]


class Sockets:
    """Serves a book by Socket.IO.

    Attributes:
        app: The ASGI application, to be mounted.
    """

    def __init__(self, book: Guestbook) -> None:
        self.book = book
        self.server = socketio.AsyncServer(async_mode="asgi")
        self.app = socketio.ASGIApp(self.server, on_shutdown=self.close)
        self.tasks: set[asyncio.Task[Any]] = set()
        self.server.eio.start_background_task = self.begin
        self.server.on("sign", self.sign)
        book.listeners.append(self.signed)

    async def sign(self, sid: str, data: Any) -> dict[str, Any]:  # noqa: ARG002 - what Socket.IO calls handlers with
        """Somebody writes an entry."""
        match data:
            case {"name": str(name), "text": str(text)} if name and text:
                return (await self.book.sign(name, text)).to_json()
        return {"error": "give a name and a text"}

    async def signed(self, entry: dict[str, Any]) -> None:
        """Tell everybody of an entry."""
        await self.server.emit("signed", entry)

    # Socket.IO leaves its tasks running when it is shut down, and polls waiting for something to happen.

    def begin(self, work: Callable[..., Coroutine[Any, Any, Any]], *given: Any, **named: Any) -> asyncio.Task[Any]:
        """Begin a task that ends with this server."""
        task = asyncio.create_task(work(*given, **named))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def hang_up(self, *_: str) -> None:
        """Say goodbye to everybody, so that no poll of theirs keeps the server from stopping."""
        for sid in list(self.server.eio.sockets):
            self.begin(self.server.eio.disconnect, sid)

    async def close(self) -> None:
        """End what still runs."""
        await self.server.shutdown()
        left = list(self.tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
