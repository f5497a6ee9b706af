"""Static files of a server: which directories a path is looked up in, in which order. `static` serves one of them."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mainspring.rest.exchange import Exchange, Reply

__all__ = ["StaticMount", "StaticTable", "static_mount"]


class StaticMount:
    """Directories on paths.

    Args:
        paths: Prefixes, or a pattern that matches the beginning of the path.
        files: What serves them.
    """

    def __init__(self, paths: Sequence[str | re.Pattern[str]], files: Any) -> None:
        self.paths = [path if isinstance(path, re.Pattern) else "/" + path.strip("/") for path in paths]
        self.files = files

    def rest_of(self, path: str) -> str | None:
        """The part of a path below the mount, with a leading slash (empty at the mount itself); ``None`` beside it."""
        for prefix in self.paths:
            if isinstance(prefix, re.Pattern):
                match = prefix.match(path)
                if match is not None and (
                    match.end() == len(path) or path[match.end()] == "/" or path[match.end() - 1] == "/"
                ):
                    rest = path[match.end() :]
                    return rest if not rest or rest.startswith("/") else f"/{rest}"
            elif prefix == "/":
                return path
            elif path == prefix or path.startswith(f"{prefix}/"):
                return path[len(prefix) :]
        return None


class StaticTable:
    """All directories of a server, in order of registration."""

    def __init__(self, mounts: Iterable[StaticMount]) -> None:
        self._mounts = [mount for mount in mounts if isinstance(mount, StaticMount)]

    def concerns(self, path: str) -> bool:
        """Whether any directory is on this path."""
        return any(mount.rest_of(path) is not None for mount in self._mounts)

    async def answer(self, exchange: Exchange, path: str) -> Reply | None:
        """The reply of the first directory that has the file; ``None`` when none has.

        Raises:
            HttpError: 404 from a directory that does not let others try, 405, 412, 416.
        """
        for mount in self._mounts:
            rest = mount.rest_of(path)
            if rest is None:
                continue
            reply: Reply | None = await mount.files.answer(exchange, rest)
            if reply is not None:
                return reply
        return None


def static_mount(path: Any, directory: Any, options: Mapping[str, Any]) -> StaticMount:
    """A directory, or several, on a path, several paths, or a pattern.

    Raises:
        SettingError: An option is unknown or impossible.
    """
    from mainspring.rest.static import StaticFiles  # noqa: PLC0415 - applications without files need none of it

    paths = [path] if isinstance(path, str | re.Pattern) else list(path)
    directories = [directory] if isinstance(directory, str | os.PathLike) else list(directory)
    return StaticMount(paths, StaticFiles(directories, options))
