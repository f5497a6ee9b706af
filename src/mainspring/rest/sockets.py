"""Sockets to listen on: bound by ourselves, so that a place in use is an exception that names it."""

import asyncio
import errno
import os
import socket
import stat
from pathlib import Path

from mainspring.rest.errors import ListenError

__all__ = ["bind_host", "bind_path"]

#: Pending connections the kernel keeps; what uvicorn and nginx use.
_BACKLOG = 2048


async def bind_host(host: str, port: int) -> socket.socket:
    """A socket that listens at an address (or name) and port; 0 takes any free one.

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
        bound.bind(address)
        bound.listen(_BACKLOG)
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        raise ListenError(
            error.errno or errno.EADDRNOTAVAIL, f"{host}:{port}", os.strerror(error.errno or 0)
        ) from error
    return bound


def bind_path(path: str) -> socket.socket:
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
