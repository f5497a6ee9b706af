"""One file as a reply: type, length, tag and date, conditions, ranges, and its bytes in chunks off the event loop.

Which file is meant, and whether it may be shown, is decided by the caller.
"""

import asyncio
import functools
import os
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO
from urllib.parse import quote

from mainspring.http import (
    ByteRange,
    HttpErrors,
    RangeNotSatisfiableError,
    ResponseHeaders,
    evaluate_preconditions,
    format_http_date,
    if_range_matches,
    parse_range,
)
from mainspring.rest.exchange import Exchange, Header, Reply
from mainspring.rest.heads import CONTENT_LENGTH, CONTENT_TYPE, merged
from mainspring.rest.responses import FileResponse
from mainspring.rest.streaming import CHUNK, in_thread
from mainspring.rest.writing import text_type

__all__ = ["content_disposition", "file_etag", "file_reply", "guess_type", "opened_reply", "request_headers"]

#: Header fields of a request that conditions and ranges are said in.
_ASKED = (b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since", b"if-range", b"range")

_MORE_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".webp": "image/webp", ".md": "text/markdown"}


@functools.cache
def _types() -> Any:
    """The library's own table: the operating system's differs from machine to machine."""
    import mimetypes  # noqa: PLC0415 - large tables, made at the first file

    found = mimetypes.MimeTypes(filenames=())
    for suffix, name in _MORE_TYPES.items():
        found.add_type(name, suffix)
    return found


def guess_type(path: str) -> str:
    """The media type a file name says."""
    found, encoding = _types().guess_type(path)
    if encoding is not None:  # a .gz is what it is: clients must not unpack it on the way
        return {"gzip": "application/gzip"}.get(encoding, "application/octet-stream")
    return found or "application/octet-stream"


def file_etag(stat: os.stat_result) -> str:
    """A tag that changes with size or time of modification."""
    return f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'


def content_disposition(filename: str, *, inline: bool) -> str:
    """RFC 6266: an ASCII name for all clients, and the real one (RFC 8187) for those that read it."""
    kind = "inline" if inline else "attachment"
    clean = "".join(char for char in filename if char.isprintable())
    ascii_name = "".join(char if char.isascii() and char not in '"\\%' else "_" for char in clean)
    plain = f'{kind}; filename="{ascii_name}"'
    if ascii_name == clean:
        return plain
    return f"{plain}; filename*=UTF-8''{quote(clean, safe='')}"


def request_headers(exchange: Exchange) -> Mapping[str, str]:
    """The fields of the request that conditions and ranges are said in."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in exchange.raw_headers if name in _ASKED}


async def file_reply(exchange: Exchange, response: FileResponse, lines: list[Header]) -> Reply:
    """The reply for a file that a handler returned.

    Raises:
        HttpError: 404 when it cannot be opened, 412 when a condition fails, 416 for a range beyond its end.
    """
    try:
        file, stat = await in_thread(_opened, response.path)
    except OSError as error:
        message = f'Endpoint "{exchange.method} {exchange.raw_path}" not found.'
        raise HttpErrors.NotFound(message) from error  # the path of the file is not the client's business
    head = [
        (CONTENT_TYPE, text_type(response.media_type or guess_type(response.filename or response.path))),
        *ResponseHeaders([("content-disposition", content_disposition(response.filename, inline=response.inline))]).raw,
    ]
    return opened_reply(exchange, file, stat, merged(head, lines), status=response.status)


def _opened(path: str) -> tuple[BinaryIO, os.stat_result]:
    file: Any = open(path, "rb", buffering=0)  # noqa: SIM115 - closed by whoever sends it
    try:
        stat = os.fstat(file.fileno())
        if not os.path.isfile(path):
            raise IsADirectoryError(path)
    except BaseException:
        file.close()
        raise
    return file, stat


def opened_reply(
    exchange: Exchange,
    file: BinaryIO,
    stat: os.stat_result,
    lines: list[Header],
    *,
    status: int = 200,
    etag: bool = True,
    last_modified: bool = True,
) -> Reply:
    """The reply for an open file; closing it is left to whoever sends the reply.

    Raises:
        HttpError: 412 when a condition fails, 416 for a range beyond its end. The file is closed then.
    """
    try:
        tag = file_etag(stat) if etag else None
        modified = datetime.fromtimestamp(stat.st_mtime, UTC) if last_modified else None
        head = list(lines)
        if tag is not None:
            head = merged([(b"etag", tag.encode())], head)
        if modified is not None:
            head = merged([(b"last-modified", format_http_date(modified).encode())], head)
        tag, modified = _said(head, tag, modified)
        return _answer(exchange, file, stat.st_size, head, (status, tag, modified))
    except BaseException:
        file.close()
        raise


def _said(head: list[Header], tag: str | None, modified: datetime | None) -> tuple[str | None, datetime | None]:
    """The tag that really is sent: a handler may have set its own."""
    for name, value in head:
        if name == b"etag":
            tag = value.decode("latin-1")
    return tag, modified


def _answer(
    exchange: Exchange,
    file: BinaryIO,
    size: int,
    head: list[Header],
    known: tuple[int, str | None, datetime | None],
) -> Reply:
    status, tag, modified = known
    asked = request_headers(exchange)
    outcome = evaluate_preconditions(exchange.method, asked, etag=tag, last_modified=modified) if status == 200 else 200
    if outcome == 412:
        raise HttpErrors.PreconditionFailed("The file is not the one the request is about.")
    if outcome == 304:
        file.close()
        kept = [line for line in head if line[0] not in (CONTENT_TYPE, CONTENT_LENGTH, b"content-disposition")]
        return Reply(304, kept, b"")
    head = merged([(b"accept-ranges", b"bytes")], head)
    part = _asked_range(exchange, asked, size, (tag, modified)) if status == 200 else None
    if part is not None:
        head = [*head, (b"content-range", part.content_range.encode()), (CONTENT_LENGTH, b"%d" % part.length)]
        return Reply(206, head, _FilePart(file, part.first, part.length))
    return Reply(status, [*head, (CONTENT_LENGTH, b"%d" % size)], _FilePart(file, 0, size))


def _asked_range(
    exchange: Exchange, asked: Mapping[str, str], size: int, known: tuple[str | None, datetime | None]
) -> ByteRange | None:
    if exchange.method != "GET" or "range" not in asked:
        return None
    tag, modified = known
    if not if_range_matches(asked.get("if-range"), etag=tag, last_modified=modified):
        return None
    try:
        return parse_range(asked["range"], size)
    except RangeNotSatisfiableError as error:
        raise HttpErrors.RangeNotSatisfiable(str(error), headers={"Content-Range": error.content_range}) from error


class _FilePart:
    """A part of an open file in chunks, read off the event loop; the file is closed at the end."""

    def __init__(self, file: BinaryIO, first: int, length: int) -> None:
        self._file = file
        self._first: int | None = first
        self._left = length
        self._busy: asyncio.Future[bytes] | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._left <= 0:
            raise StopAsyncIteration
        self._busy = asyncio.ensure_future(in_thread(self._read, min(CHUNK, self._left)))
        data: bytes = await asyncio.shield(self._busy)
        if not data:
            raise OSError("The file became shorter while it was sent.")
        self._left -= len(data)
        return data

    def _read(self, count: int) -> bytes:
        if self._first is not None:
            self._file.seek(self._first)
            self._first = None
        return self._file.read(count)

    async def aclose(self) -> None:
        """Close the file, after the read under way."""
        if self._busy is not None and not self._busy.done():
            await asyncio.wait([self._busy])
        self._file.close()
