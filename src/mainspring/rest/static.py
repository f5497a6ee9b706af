"""Files of directories: which file a path means, whether it may be shown, and how it is answered.

Nothing outside a directory is ever read: what leads out of it does not exist.
"""

import asyncio
import os
import stat as modes
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import Struct

from mainspring.http import HttpErrors, PercentDecodingError, ResponseHeaders, decode_path_segment
from mainspring.rest.errors import SettingError
from mainspring.rest.exchange import Exchange, Header, Reply
from mainspring.rest.files import guess_type, opened_reply
from mainspring.rest.heads import CONTENT_TYPE, merged
from mainspring.rest.streaming import in_thread
from mainspring.rest.writing import text_type

__all__ = ["StaticFiles", "StaticOptions"]

_DOTFILES = ("ignore", "deny", "allow")
_NOSNIFF: Header = (b"x-content-type-options", b"nosniff")


class StaticOptions(Struct, frozen=True):
    """How files are served.

    Attributes:
        index: The file of a directory; ``None`` for none.
        dotfiles: What becomes of names that begin with a dot: ``ignore`` (404), ``deny`` (403), ``allow``.
        max_age: Seconds that clients may keep a file.
        immutable: Whether it never changes.
        etag: Whether a tag is sent.
        last_modified: Whether the date is sent.
        extensions: Suffixes that are tried when there is no file.
        redirect: Whether a directory without trailing slash is redirected to the one with it.
        fallthrough: Whether others may have what is not here.
        follow_symlinks: Whether links may lead out of the directory.
        headers: Further header fields, or a function of the path that gives them.
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

    @staticmethod
    def from_mapping(options: Mapping[str, Any]) -> "StaticOptions":
        """The checked options.

        Raises:
            SettingError: One is unknown or impossible.
        """
        known = set(StaticOptions.__struct_fields__)
        for name, value in options.items():
            if name not in known:
                raise SettingError("static", name, f"it is no option; known are {', '.join(sorted(known))}")
            if name == "dotfiles" and value not in _DOTFILES:
                raise SettingError("static.dotfiles", value, f"it is one of {', '.join(_DOTFILES)}")
            if name == "index" and value is False:
                return StaticOptions.from_mapping({**options, "index": None})
        return StaticOptions(**options)


class _Found(Struct, frozen=True):
    """What a path means: an open file, or a directory that wants a slash."""

    path: Path
    file: BinaryIO | None = None
    stat: os.stat_result | None = None


class StaticFiles:
    """The files of directories, which are searched in order.

    Args:
        directories: The directories. They need not exist yet.
        options: See `StaticOptions`.

    Raises:
        SettingError: An option is unknown or impossible.
    """

    def __init__(self, directories: Sequence[str | os.PathLike[str]], options: Mapping[str, Any]) -> None:
        self._roots = [Path(directory).absolute() for directory in directories]
        self.options = StaticOptions.from_mapping(options)

    async def answer(self, exchange: Exchange, path: str) -> Reply | None:
        """The reply for an undecoded path below the mount; ``None`` when there is no such file.

        Raises:
            HttpError: 404 where others may not have it, 403 for a denied name, 405 for other verbs than GET and HEAD,
                412 and 416 for conditions and ranges that fail.
        """
        names = _names_of(path)
        found = None if names is None else await self._find(names, wants_directory=path.endswith("/"))
        if found is None:
            if not self.options.fallthrough:
                raise HttpErrors.NotFound(f'Endpoint "{exchange.method} {exchange.raw_path}" not found.')
            return None
        if exchange.method not in ("GET", "HEAD"):
            if found.file is not None:
                found.file.close()
            raise HttpErrors.MethodNotAllowed(
                f'Endpoint "{exchange.method} {exchange.raw_path}" is not allowed; files have GET, HEAD.',
                headers={"Allow": "GET, HEAD"},
            )
        if found.file is None or found.stat is None:
            return _to_slash(exchange)
        return self._reply(exchange, found.path, found.file, found.stat)

    def _reply(self, exchange: Exchange, path: Path, file: BinaryIO, stat: os.stat_result) -> Reply:
        options = self.options
        head: list[Header] = [(CONTENT_TYPE, text_type(guess_type(path.name))), _NOSNIFF]
        if options.max_age is not None:
            value = f"public, max-age={options.max_age}{', immutable' if options.immutable else ''}"
            head.append((b"cache-control", value.encode()))
        given = options.headers(str(path)) if callable(options.headers) else options.headers
        if given:
            head = merged(head, ResponseHeaders(list(given.items())).raw)
        return opened_reply(exchange, file, stat, head, etag=options.etag, last_modified=options.last_modified)

    # Finding

    async def _find(self, names: list[str], *, wants_directory: bool) -> _Found | None:
        if any(name.startswith(".") for name in names) and self.options.dotfiles != "allow":
            if self.options.dotfiles == "deny":
                raise HttpErrors.Forbidden("Files whose names begin with a dot are not shown.")
            return None
        search = asyncio.ensure_future(in_thread(self._search, names, wants_directory))
        try:
            found: _Found | None = await asyncio.shield(search)
        except asyncio.CancelledError:
            search.add_done_callback(_close_found)
            raise
        return found

    def _search(self, names: list[str], wants_directory: bool) -> _Found | None:
        for root in self._roots:
            found = self._look(root, names, wants_directory)
            if found is not None:
                return found
        return None

    def _look(self, root: Path, names: list[str], wants_directory: bool) -> _Found | None:
        options = self.options
        path = root.joinpath(*names)
        if not self._is_inside(root, path):
            return None
        if os.path.isdir(path):  # unlike Path.is_dir it is False for a name too long to be one
            if not wants_directory:
                return _Found(path) if options.redirect and options.index is not None else None
            if options.index is None:
                return None
            path = path / options.index
            return _opened(path) if self._is_inside(root, path) else None
        if wants_directory and names:
            return None
        for suffix in ("", *(f".{extension.lstrip('.')}" for extension in options.extensions)):
            candidate = path.with_name(path.name + suffix) if suffix else path
            found = _opened(candidate) if self._is_inside(root, candidate) else None
            if found is not None:
                return found
        return None

    def _is_inside(self, root: Path, path: Path) -> bool:
        """Whether what a path really leads to is in the directory."""
        if self.options.follow_symlinks:
            return True
        try:
            return path.resolve().is_relative_to(root.resolve())
        except (OSError, RuntimeError, ValueError):  # a ring of links, a name that cannot be
            return False


def _names_of(path: str) -> list[str] | None:
    """The decoded names of a path; ``None`` for one that no file may have."""
    names: list[str] = []
    for segment in path.split("/"):
        try:
            name = decode_path_segment(segment)
        except PercentDecodingError:
            return None
        if name in ("", "."):
            if name == ".":
                return None
            continue
        if name == ".." or any(char in name for char in "/\\\0") or (os.name == "nt" and ":" in name):
            return None
        if len(name) > 1 and name[1] == ":":  # a drive letter
            return None
        names.append(name)
    return names


def _opened(path: Path) -> _Found | None:
    try:
        file: Any = path.open("rb", buffering=0)  # what is read is what is there now
    except (OSError, ValueError):
        return None
    stat = os.fstat(file.fileno())
    if not modes.S_ISREG(stat.st_mode):
        file.close()
        return None
    return _Found(path, file, stat)


def _close_found(search: "asyncio.Future[_Found | None]") -> None:
    if not search.cancelled() and search.exception() is None:
        found = search.result()
        if found is not None and found.file is not None:
            found.file.close()


def _to_slash(exchange: Exchange) -> Reply:
    """To the same path with a slash. It is relative, so that no path can be taken for the name of a host."""
    last = exchange.raw_path.rpartition("/")[2]
    query = exchange.raw_query.decode("latin-1")
    location = f"./{last}/{f'?{query}' if query else ''}"
    lines = ResponseHeaders([("location", location), ("content-length", "0")]).raw
    return Reply(301, [*lines, _NOSNIFF], b"")
