"""Files of directories: which file a path means, whether it may be shown, and what is said about it.

No request reads outside the directory: a path is decoded once, taken apart, and refused piece by piece before the file
system sees any of it; then the real place of what was found is compared with the real place of the directory.
"""

import os
import stat as stat_module
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import unquote_to_bytes

from mainspring.http import HttpErrors, ResponseHeaders
from mainspring.rest.errors import SettingError
from mainspring.rest.exchange import Exchange, Header, Reply
from mainspring.rest.files import guess_type, opened_reply
from mainspring.rest.heads import CONTENT_TYPE, merged
from mainspring.rest.streaming import in_thread
from mainspring.rest.writing import text_type

__all__ = ["StaticFiles", "StaticOptions"]

_DOTFILES = ("ignore", "deny", "allow")


@dataclass(frozen=True)
class StaticOptions:
    """How files are shown.

    Attributes:
        index: The file shown for a directory; ``None`` for none.
        dotfiles: Names that begin with a dot: ``ignore`` (as if they were not there), ``deny`` (403) or ``allow``.
        max_age: Seconds a client may keep a file, in ``Cache-Control``.
        immutable: Whether it says so there too.
        etag: Whether there is an ``ETag``.
        last_modified: Whether there is a ``Last-Modified``.
        extensions: Endings tried, in order, when a file is not there (``html`` for ``/about``).
        redirect: Whether a directory without trailing slash redirects to it with the slash.
        fallthrough: Whether others may try when there is no such file.
        follow_symlinks: Whether links may lead out of the directory.
        headers: Further header fields, or a function of the file's path that gives them.
    """

    index: str | None = "index.html"
    dotfiles: str = "ignore"
    max_age: int | None = None
    immutable: bool = False
    etag: bool = True
    last_modified: bool = True
    extensions: Sequence[str] = ()
    redirect: bool = True
    fallthrough: bool = True
    follow_symlinks: bool = False
    headers: Mapping[str, str] | Callable[[str], Mapping[str, str]] | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "StaticOptions":
        """The options of a mapping.

        Raises:
            SettingError: One is unknown or impossible.
        """
        for name, value in given.items():
            if name not in cls.__dataclass_fields__:
                raise SettingError(f"static.{name}", value, f"the options are {', '.join(cls.__dataclass_fields__)}")
        options = cls(**given)
        if options.dotfiles not in _DOTFILES:
            raise SettingError("static.dotfiles", options.dotfiles, f"it is one of {', '.join(_DOTFILES)}")
        if options.max_age is not None and (isinstance(options.max_age, bool) or options.max_age < 0):
            raise SettingError("static.max_age", options.max_age, "it is a number of seconds")
        return options


class _Directory(Exception):  # noqa: N818 - found instead of a file, no error
    """The path means a directory and has no trailing slash."""


class StaticFiles:
    """The files of one or more directories; the first that has a file wins.

    Args:
        directories: Where they are.
        options: See `StaticOptions`.

    Raises:
        SettingError: An option is unknown or impossible.
    """

    def __init__(self, directories: Sequence[str | os.PathLike[str]], options: Mapping[str, Any]) -> None:
        self.directories = [os.path.abspath(directory) for directory in directories]
        self.options = StaticOptions.of(options)

    async def answer(self, exchange: Exchange, rest: str) -> Reply | None:
        """The reply for the part of a path below the mount (percent-encoded); ``None`` to let others try.

        Raises:
            HttpError: 404 when others are not to try, 403 for a name that is denied, 405, 412, 416.
        """
        parts = _parts_of(rest)
        if parts is not None and any(part.startswith(".") for part in parts) and self.options.dotfiles != "allow":
            if self.options.dotfiles == "deny":
                raise HttpErrors.Forbidden("Names that begin with a dot are not shown.")
            parts = None
        found = None
        if parts is not None:
            try:
                found = await in_thread(self._open, parts, not rest or rest.endswith("/"), bool(rest))
            except _Directory:
                return _with_slash(exchange)
        if found is None:
            if self.options.fallthrough:
                return None
            raise HttpErrors.NotFound(f'Endpoint "{exchange.method} {exchange.raw_path}" not found.')
        return self._reply(exchange, *found)

    def _open(self, parts: list[str], is_directory: bool, below: bool) -> tuple[str, BinaryIO, os.stat_result] | None:
        for directory in self.directories:
            path = os.path.join(directory, *parts)
            found = self._open_one(directory, path, is_directory, below)
            if found is not None:
                return found
        return None

    def _open_one(
        self, directory: str, path: str, is_directory: bool, below: bool
    ) -> tuple[str, BinaryIO, os.stat_result] | None:
        if os.path.isdir(path):
            if not self._is_inside(directory, path):
                return None
            if (not is_directory or not below) and self.options.redirect and self.options.index is not None:
                raise _Directory
            if self.options.index is None or not (is_directory or self.options.redirect is False):
                return None
            return self._opened(directory, os.path.join(path, self.options.index))
        if is_directory:
            return None
        for ending in ("", *(f".{ending.lstrip('.')}" for ending in self.options.extensions)):
            found = self._opened(directory, path + ending)
            if found is not None:
                return found
        return None

    def _opened(self, directory: str, path: str) -> tuple[str, BinaryIO, os.stat_result] | None:
        if not self._is_inside(directory, path):
            return None
        try:
            file = open(path, "rb")  # noqa: SIM115 - closed by whoever sends it
        except (OSError, ValueError):
            return None
        stat = os.fstat(file.fileno())
        if not stat_module.S_ISREG(stat.st_mode):
            file.close()
            return None
        return path, file, stat

    def _is_inside(self, directory: str, path: str) -> bool:
        if self.options.follow_symlinks:
            return True
        real, root = os.path.realpath(path), os.path.realpath(directory)
        return real == root or real.startswith(os.path.join(root, ""))

    def _reply(self, exchange: Exchange, path: str, file: BinaryIO, stat: os.stat_result) -> Reply:
        if exchange.method not in ("GET", "HEAD"):
            file.close()
            message = f'Endpoint "{exchange.method} {exchange.raw_path}" is not allowed; the file has GET, HEAD.'
            raise HttpErrors.MethodNotAllowed(message, headers={"Allow": "GET, HEAD"})
        options = self.options
        try:
            lines = self._lines(path)
        except BaseException:
            file.close()
            raise
        return opened_reply(exchange, file, stat, lines, etag=options.etag, last_modified=options.last_modified)

    def _lines(self, path: str) -> list[Header]:
        options = self.options
        headers = ResponseHeaders([("x-content-type-options", "nosniff")])
        if options.max_age is not None:
            headers["cache-control"] = f"public, max-age={options.max_age}{', immutable' if options.immutable else ''}"
        own = options.headers(path) if callable(options.headers) else options.headers
        for name, value in (own or {}).items():
            headers[name] = value
        return merged([(CONTENT_TYPE, text_type(guess_type(path)))], headers.raw)


def _parts_of(rest: str) -> list[str] | None:
    """The pieces of a path, decoded; ``None`` when one of them could lead anywhere else."""
    parts: list[str] = []
    for piece in rest.split("/"):
        if not piece:
            continue
        try:
            part = unquote_to_bytes(piece).decode()
        except UnicodeDecodeError:
            return None
        if part in (".", "..") or any(char in part for char in "/\\\0") or (os.name == "nt" and ":" in part):
            return None
        parts.append(part)
    return parts


def _with_slash(exchange: Exchange) -> Reply:
    """To the same path with a slash: never more than one in front, which would be another host."""
    query = f"?{exchange.raw_query.decode('latin-1')}" if exchange.raw_query else ""
    target = f"{exchange.root_path}/{exchange.raw_path.lstrip('/')}/{query}"
    headers = ResponseHeaders([("location", target), ("content-length", "0")])
    return Reply(301, list(headers.raw), b"")
