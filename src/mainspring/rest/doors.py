"""What an ASGI server may say besides requests: its lifespan, and connections nobody here answers."""

import logging
from typing import Any

from mainspring.rest.asgi import Receive, Scope, Send

__all__ = ["Lifespan", "refuse_websocket"]

logger = logging.getLogger(__name__)


class Lifespan:
    """The life of an application as an ASGI server sees it: up without listening, and down again."""

    def __init__(self, server: Any) -> None:
        self._server = server

    async def run(self, receive: Receive, send: Send) -> None:
        """Follow the messages of the server until it shuts down."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self._step(send, "startup", self._startup)
            elif message["type"] == "lifespan.shutdown":
                await self._step(send, "shutdown", self._server.app.stop)
                return

    async def _startup(self) -> None:
        server = self._server
        with server.serving.without_listening():
            if server.app.state == "created":
                await server.app.before_run()
            await server.app.start()

    async def _step(self, send: Send, name: str, action: Any) -> None:
        try:
            await action()
        except Exception as error:
            logger.exception("The %s of the application failed.", name)
            await send({"type": f"lifespan.{name}.failed", "message": str(error) or type(error).__name__})
        else:
            await send({"type": f"lifespan.{name}.complete"})


async def refuse_websocket(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a connection before it is accepted: 404 where the server can say so."""
    message = await receive()
    if message["type"] != "websocket.connect":
        return
    if "websocket.http.response" in (scope.get("extensions") or {}):
        await send({"type": "websocket.http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
        await send({"type": "websocket.http.response.body", "body": b""})
    else:
        await send({"type": "websocket.close", "code": 1000, "reason": ""})
