"""Sockets to listen on: bound by ourselves, so that a place in use is an exception that names it."""

import asyncio
import contextlib
import errno
import os
import socket
import stat
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from mainspring.rest.errors import ListenError, SettingError

__all__ = ["BoundSocket", "OnSocket"]

#: Pending connections the kernel keeps; what uvicorn and nginx use.
_BACKLOG = 2048


class BoundSocket:
    """A socket that listens: of our own making, or one that we were given.

    Args:
        host: An address or name.
        port: A port, 0 for any free one.
        path: A Unix socket instead of both.
        bound: A socket that somebody else has bound to the place.
        shared: Whether others may listen on the port too.
    """

    def __init__(
        self,
        host: str,
        port: int,
        path: str | None = None,
        bound: socket.socket | None = None,
        *,
        shared: bool = False,
    ) -> None:
        self._is_shared = shared
        self._host, self._port, self._path, self._given = host, port, path, bound
        self._socket: socket.socket | None = None
        self._inode: tuple[int, int] | None = None

    async def take(self) -> socket.socket:
        """The socket, which listens.

        Raises:
            ListenError: The place cannot be had.
            SettingError: It cannot be shared.
        """
        if self._is_shared and (self._path is not None or not hasattr(socket, "SO_REUSEPORT")):
            what = "a Unix socket has no port" if self._path is not None else "this system cannot share a port"
            raise SettingError("reuse_port", True, f"{what}; leave it out")
        if self._given is not None:
            bound = self._given
        elif self._path is not None:
            bound = _bind_path(self._path)
            found = os.stat(self._path)
            self._inode = (found.st_dev, found.st_ino)
        else:
            bound = await _bind_host(self._host, self._port, shared=self._is_shared)
        self._socket = bound
        return bound

    def leave(self) -> None:
        """Close the socket, and remove its file, if it still is the one made here."""
        bound, self._socket = self._socket, None
        if bound is not None:
            bound.close()
        path, inode, self._inode = self._path, self._inode, None
        if path is None or inode is None:
            return
        with contextlib.suppress(OSError):
            found = os.stat(path)
            if (found.st_dev, found.st_ino) == inode:
                os.unlink(path)

    @property
    def is_taken(self) -> bool:
        """Whether there is a socket."""
        return self._socket is not None

    @property
    def sockets(self) -> list[socket.socket]:
        """The socket that listens, if there is one."""
        return [] if self._socket is None else [self._socket]

    @property
    def address(self) -> Any:
        """The bound address: host and port (and more for IPv6), or the path; ``None`` without a socket."""
        return self._socket.getsockname() if self._socket is not None else None

    @property
    def port(self) -> int:
        """The port taken; 0 for a Unix socket."""
        address = self.address
        return int(address[1]) if isinstance(address, tuple) else 0


class OnSocket(ABC):
    """What listens on one socket, whichever server serves it.

    Args:
        bound: The socket.
    """

    def __init__(self, bound: BoundSocket) -> None:
        self._bound = bound

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

    @abstractmethod
    async def _serve(self, bound: socket.socket) -> None:
        """Serve what comes to a socket, from now on."""

    @property
    def listening(self) -> bool:
        """Whether new connections are accepted."""
        return self._bound.is_taken

    @property
    def address(self) -> Any:
        """The bound address: host and port (and more for IPv6), or the path; ``None`` while not listening."""
        return self._bound.address

    @property
    def sockets(self) -> list[socket.socket]:
        """The sockets that listen."""
        return self._bound.sockets

    @property
    def port(self) -> int:
        """The port taken; 0 for a Unix socket."""
        return self._bound.port


async def _bind_host(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket that listens at an address (or name) and port; 0 takes any free one.

    Args:
        host: The address or name.
        port: The port.
        shared: Whether others of this user may listen there too, if they want the same (``SO_REUSEPORT``).

    Raises:
        ListenError: The address cannot be had.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise ListenError(error.errno or errno.EADDRNOTAVAIL, f"{host}:{port}", str(error.strerror or error)) from error
    family, kind, protocol, _, address = found[0]
    bound = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere the option lets two programs share a port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind(address)
        bound.listen(_BACKLOG)
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        raise ListenError(
            error.errno or errno.EADDRNOTAVAIL, f"{host}:{port}", os.strerror(error.errno or 0)
        ) from error
    return bound


def _bind_path(path: str) -> socket.socket:
    """A Unix socket that listens at a path, in the place of one that nobody serves any more.

    Raises:
        ListenError: The path cannot be had.
    """
    file = Path(path)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if file.exists():
            if not stat.S_ISSOCK(file.stat().st_mode):
                raise OSError(errno.EEXIST, "a file that is no socket is in its place")
            if _answers(path):
                raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
            file.unlink()
        bound.bind(path)
        bound.listen(_BACKLOG)
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        raise ListenError(error.errno or errno.EADDRNOTAVAIL, path, error.strerror or str(error)) from error
    return bound


def _answers(path: str) -> bool:
    """Whether a process listens on that Unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        try:
            probe.connect(path)
        except OSError:
            return False
    return True
