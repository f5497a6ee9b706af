"""Multipart forms (RFC 7578): bytes to fields and files, piece by piece, every size limited while it is read."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

from msgspec import Struct
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from mainspring.http import Headers, HttpErrors, parse_media_type, parse_size
from mainspring.rest.bodies import codec_of_charset, malformed_body
from mainspring.rest.uploads import UploadFile

__all__ = ["MultipartLimits", "read_multipart"]

#: What file names must not bring along: other folders, and characters that mislead people or terminals.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")


#: Empty file fields of a form: browsers send one for each that nobody filled in.
_ABSENT = 1000
#: What the parser says of malformed forms is told to the client, and no news for who runs the server.
_UNHEARD = logging.getLogger(f"{__name__}.parser")
_UNHEARD.setLevel(logging.CRITICAL)


class MultipartLimits(Struct, frozen=True):
    """What a form may hold. Sizes are bytes; ``None`` is bounded by the whole body only."""

    file_size: int | None = None
    files: int | None = 1000
    fields: int | None = 1000
    field_size: int | None = 1024 * 1024
    part_headers: int | None = 32

    @staticmethod
    def from_options(options: Mapping[str, Any]) -> "MultipartLimits":
        """The limits of ``request_body_parser["multipart"]``."""
        given: dict[str, Any] = {
            name: options[name] for name in ("files", "fields", "part_headers") if options.get(name) is not None
        }
        for name in ("file_size", "field_size"):
            if options.get(name) is not None:
                given[name] = parse_size(options[name])
        return MultipartLimits(**given)


class _Part:
    """A part being read."""

    __slots__ = ("data", "file", "headers", "name")

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.name = ""
        self.file: UploadFile | None = None
        self.data = bytearray()


class _Events:
    """What the parser says of one piece: it calls back in between, we go through it after, where we may wait."""

    def __init__(self) -> None:
        self.queue: list[tuple[str, bytes]] = []

    def callbacks(self) -> Any:
        def noting(kind: str) -> Any:
            return lambda data, start, end: self.queue.append((kind, bytes(data[start:end])))

        def marking(kind: str) -> Any:
            return lambda: self.queue.append((kind, b""))

        return {
            "on_part_begin": marking("begin"),
            "on_header_field": noting("name"),
            "on_header_value": noting("value"),
            "on_header_end": marking("header"),
            "on_headers_finished": marking("headers"),
            "on_part_data": noting("data"),
            "on_part_end": marking("end"),
            "on_end": marking("close"),
        }


async def read_multipart(
    pieces: AsyncIterator[bytes], boundary: str, limits: MultipartLimits, into: list[tuple[str, Any]]
) -> None:
    """Read a form, adding each field and file to ``into`` as it is complete (files when they begin).

    Raises:
        HttpError: 400 for what is malformed, 413 beyond a limit.
    """
    events = _Events()
    reader = _Reader(limits, into)
    try:
        parser = MultipartParser(boundary.encode("latin-1"), events.callbacks())
        parser.logger = _UNHEARD
        async for piece in pieces:
            parser.write(piece)
            queue, events.queue[:] = list(events.queue), []
            for kind, data in queue:
                await reader.take(kind, data)
            await asyncio.sleep(0)  # a large form is no reason to keep others waiting
    except (MultipartParseError, ValueError) as error:
        raise malformed_body(f"it is no multipart form ({error})") from error
    if not reader.is_complete:
        raise malformed_body("it ends before its last boundary")
    reader.finish()


class _Reader:
    def __init__(self, limits: MultipartLimits, into: list[tuple[str, Any]]) -> None:
        self._limits = limits
        self._into = into
        self._part = _Part()
        self._header: tuple[bytearray, bytearray] = (bytearray(), bytearray())
        self._counts = {"files": 0, "fields": 0}
        self._absent = 0
        self._raw_fields: list[tuple[int, bytes, str | None]] = []
        self._charset: str | None = None
        self.is_complete = False

    async def take(self, kind: str, data: bytes) -> None:
        """Go one event further."""
        if kind == "data":
            await self._data(data)
        elif kind == "name":
            self._header[0].extend(data)
        elif kind == "value":
            self._header[1].extend(data)
        else:
            {"begin": self._begin, "header": self._end_header, "headers": self._open, "end": self._end}.get(
                kind, self._close
            )()

    def _begin(self) -> None:
        self._part = _Part()

    def _end_header(self) -> None:
        name, value = self._header
        self._part.headers.append((bytes(name).lower(), bytes(value)))
        self._header = (bytearray(), bytearray())
        limit = self._limits.part_headers
        if limit is not None and len(self._part.headers) > limit:
            raise _beyond("part_headers", limit)

    def _open(self) -> None:
        part = self._part
        headers = dict(part.headers)
        kind, options = parse_options_header(headers.get(b"content-disposition", b"").decode("latin-1"))
        if kind != b"form-data" or b"name" not in options:
            raise malformed_body("a part names no field")
        part.name = _text(options[b"name"])
        content_type = headers.get(b"content-type")
        if b"filename" not in options:
            self._count("fields")
            return
        filename = _base_name(_text(options[b"filename"]))
        if not filename:
            self._count_absent()  # an empty file field: whether it has bytes is seen at its end
            return
        self._count("files")
        media_type = content_type.decode("latin-1") if content_type is not None else None
        part.file = UploadFile(part.name, filename, media_type, Headers(part.headers))
        self._into.append((part.name, part.file))

    def _count(self, what: str) -> None:
        self._counts[what] += 1
        limit = getattr(self._limits, what)
        if limit is not None and self._counts[what] > limit:
            raise _beyond(what, limit)

    def _count_absent(self) -> None:
        """Fields without a file are no files, and cost as much to read."""
        self._absent += 1
        if self._absent > _ABSENT:
            raise _beyond("files", _ABSENT)

    async def _data(self, data: bytes) -> None:
        part = self._part
        if part.file is None:
            part.data += data
            limit = self._limits.field_size
            if limit is not None and len(part.data) > limit:
                raise _beyond("field_size", limit)
            return
        limit = self._limits.file_size
        if limit is not None and part.file.size + len(data) > limit:
            raise _beyond("file_size", limit)
        await part.file.append(data)

    def _end(self) -> None:
        part = self._part
        if part.file is not None:
            part.file.file.seek(0)
            return
        headers = dict(part.headers)
        if b"filename" in parse_options_header(headers.get(b"content-disposition", b"").decode("latin-1"))[1]:
            return  # an empty file field with an empty name is absent
        media_type = parse_media_type(headers.get(b"content-type", b"").decode("latin-1"))
        charset = media_type.charset if media_type is not None else None
        if part.name == "_charset_" and charset is None:
            self._charset = bytes(part.data).decode("latin-1").strip() or None
        self._raw_fields.append((len(self._into), bytes(part.data), charset))
        self._into.append((part.name, ""))

    def _close(self) -> None:
        self.is_complete = True

    def finish(self) -> None:
        """Decode the fields: their charset may be told by a field that comes after them."""
        for position, data, charset in self._raw_fields:
            name = self._into[position][0]
            given = charset or self._charset or "utf-8"
            codec = codec_of_charset(given)
            try:
                text = data.decode(codec) if codec is not None else None
            except UnicodeDecodeError:
                text = None
            if text is None:
                raise malformed_body(f"field {name!r} does not decode as {given}")
            self._into[position] = (name, text)


def _beyond(what: str, limit: int) -> Exception:
    words = {
        "files": f"more than {limit} files",
        "fields": f"more than {limit} fields",
        "field_size": f"a field larger than {limit} bytes",
        "file_size": f"a file larger than {limit} bytes",
        "part_headers": f"a part with more than {limit} headers",
    }
    return HttpErrors.PayloadTooLarge(f"The form has {words[what]} ({what}).", code="PAYLOAD_TOO_LARGE")


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _base_name(filename: str) -> str:
    name = re.split(r"[/\\]", filename)[-1]
    name = _UNPRINTABLE.sub("", name).strip()
    return "" if name in (".", "..") else name
