"""What an ASGI server may say besides requests and connections: its lifespan."""

import logging
from typing import Any

from mainspring.rest.asgi import Receive, Send

__all__ = ["Lifespan"]

logger = logging.getLogger(__name__)


class Lifespan:
    """The life of an application as an ASGI server sees it: up without listening, and down again."""

    def __init__(self, server: Any) -> None:
        self._server = server

    async def run(self, receive: Receive, send: Send) -> None:
        """Follow the messages of the server until it shuts down, or the application does not start."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                if not await self._step(send, "startup", self._startup):
                    return  # servers end with it, and need not say so
            elif message["type"] == "lifespan.shutdown":
                await self._step(send, "shutdown", self._server.app.stop)
                return

    async def _startup(self) -> None:
        server = self._server
        with server.serving.without_listening():
            if server.app.state == "created":
                await server.app.before_run()
            await server.app.start()

    async def _step(self, send: Send, name: str, action: Any) -> bool:
        """Do it and say how it went; whether it went well."""
        try:
            await action()
        except Exception as error:
            logger.exception("The %s of the application failed.", name)
            await send({"type": f"lifespan.{name}.failed", "message": str(error) or type(error).__name__})
            return False
        await send({"type": f"lifespan.{name}.complete"})
        return True
