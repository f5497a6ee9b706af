"""Where a server listens: a place as it is wished for, and one that is open. A server has any number of them."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from msgspec import Struct

__all__ = ["OpenPlace", "Place", "open_places"]


class Place(Struct, frozen=True):
    """Where to listen.

    Attributes:
        protocol: ``http`` or ``https``.
        host: An address or name; ``None`` with a path.
        port: A port, 0 for any free one.
        path: A Unix socket instead.
        ssl: What https is spoken with; see `ssl_context`.
        bound: A socket that somebody else has bound to this place.
    """

    protocol: str
    host: str | None
    port: int = 0
    path: str | None = None
    ssl: Any = None
    bound: socket.socket | None = None

    @property
    def url(self) -> str:
        """Its URL."""
        if self.path is not None:
            return f"{self.protocol}+unix://{quote(self.path, safe='')}"
        return f"{self.protocol}://{_shown(self.host or '')}:{self.port}"


def _ssl_context(setting: Any) -> Any:
    from mainspring.rest.tls import ssl_context  # noqa: PLC0415 - most places are not encrypted

    return ssl_context(setting)


class OpenPlace:
    """A place where connections are accepted.

    Args:
        app: The ASGI application.
        place: Where.
        limits: What else `ListenOptions` takes.
        server: What serves it, as in ``rest.server``.
    """

    def __init__(self, app: Any, place: Place, limits: dict[str, Any], server: str) -> None:
        from mainspring.rest.listening import KINDS, ListenOptions  # noqa: PLC0415 - under another ASGI server nothing listens here

        self._place = place
        options = ListenOptions(
            host=place.host or "127.0.0.1",
            port=place.port,
            path=place.path,
            bound=place.bound,
            ssl=_ssl_context(place.ssl) if place.protocol == "https" else None,
            ssl_setting=place.ssl,
            **limits,
        )
        self._listener = KINDS[server].make(app, options)

    async def start(self) -> None:
        """Accept connections.

        Raises:
            ListenError: The address cannot be had.
        """
        await self._listener.start()
        if self._place.path is None:
            place = self._place
            self._place = Place(place.protocol, place.host, self._listener.port)

    async def stop_accepting(self) -> None:
        """Take no new connections."""
        await self._listener.stop_accepting()

    async def stop(self, grace_period: float | None) -> None:
        """Stop listening at once, then wait for requests in flight.

        Args:
            grace_period: Seconds until the remaining ones are cancelled; ``None`` waits without limit.
        """
        await self._listener.stop(grace_period)

    @property
    def protocol(self) -> str:
        """``http`` or ``https``."""
        return self._place.protocol

    @property
    def host(self) -> str | None:
        """The host; ``None`` on a Unix socket."""
        return self._place.host

    @property
    def port(self) -> int:
        """The port taken; 0 on a Unix socket."""
        return 0 if self._place.path is not None else self._place.port

    @property
    def path(self) -> str | None:
        """The Unix socket."""
        return self._place.path

    @property
    def url(self) -> str:
        """The URL, without the base path."""
        return self._place.url

    @property
    def listening(self) -> bool:
        """Whether connections are accepted."""
        return bool(self._listener.listening)

    @property
    def address(self) -> Any:
        """The bound address while listening."""
        return self._listener.address

    @property
    def sockets(self) -> list[socket.socket]:
        """The sockets that listen."""
        found: list[socket.socket] = self._listener.sockets
        return found


async def open_places(app: Any, places: Sequence[Place], limits: dict[str, Any], server: str) -> list[OpenPlace]:
    """Open all places, or none.

    Raises:
        ListenError: An address cannot be had; those that were open are closed again.
        SettingError: The setting of TLS is wrong.
    """
    wanted = [OpenPlace(app, place, limits, server) for place in places]
    opened: list[OpenPlace] = []
    try:
        for place in wanted:
            await place.start()
            opened.append(place)
    except BaseException:
        await asyncio.gather(*(place.stop(0) for place in opened))
        raise
    return opened


def _shown(host: str) -> str:
    """A host as a URL shows it to somebody on this machine."""
    if host in ("0.0.0.0", ""):
        return "127.0.0.1"
    if host in ("::", "[::]"):
        return "[::1]"
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
