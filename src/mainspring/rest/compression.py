"""Compressing responses: which ones, with which coding, and what their heads then say."""

import math
import re
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from importlib import import_module
from typing import Any

from mainspring.http import negotiate_encoding
from mainspring.rest.errors import SettingError
from mainspring.rest.exchange import Exchange, Header, Reply
from mainspring.rest.settings import as_options
from mainspring.rest.streaming import Pieces

__all__ = ["Compression"]

_COMPRESSIBLE = (
    rb"text/(?!event-stream)|image/svg\+xml"
    rb"|application/(?:json|javascript|xml|yaml|x-ndjson|wasm|[^;]*\+(?:json|xml|yaml))"
)
_MIN_SIZE = 1024
"""Bytes below which the head of the coding costs more than it saves; what proxies and servers use."""
_LEVELS = {"gzip": 6, "br": 4}


class _Gzip:
    """The gzip format (RFC 1952), without a time, so that equal bodies are equal bytes."""

    def __init__(self, level: int) -> None:
        self._compressor = zlib.compressobj(level, zlib.DEFLATED, 31)

    def piece(self, data: bytes) -> bytes:
        """Everything so far, so that the client can read it."""
        return self._compressor.compress(data) + self._compressor.flush(zlib.Z_SYNC_FLUSH)

    def whole(self, data: bytes) -> bytes:
        """A body at once."""
        return self._compressor.compress(data) + self._compressor.flush()

    def end(self) -> bytes:
        """The end of the format."""
        return self._compressor.flush()


class _Brotli:
    """Brotli (RFC 7932), by the library ``brotli``."""

    def __init__(self, library: Any, level: int) -> None:
        self._compressor = library.Compressor(quality=level)

    def piece(self, data: bytes) -> bytes:
        """Everything so far."""
        return bytes(self._compressor.process(data)) + bytes(self._compressor.flush())

    def whole(self, data: bytes) -> bytes:
        """A body at once."""
        return bytes(self._compressor.process(data)) + bytes(self._compressor.finish())

    def end(self) -> bytes:
        """The end of the format."""
        return bytes(self._compressor.finish())


class Compression:
    """The compression of a server.

    Args:
        options: ``min_size``, ``encodings`` (in order of preference), ``level``.

    Raises:
        SettingError: A coding is unknown.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._min_size = int(options.get("min_size", _MIN_SIZE))
        level = options.get("level")
        self._makers: dict[str, Callable[[], Any]] = {}
        for name in options.get("encodings") or ("br", "gzip"):
            if name not in _LEVELS:
                raise SettingError("compression", name, f"the codings are {', '.join(_LEVELS)}")
            maker = _maker(name, _LEVELS[name] if level is None else int(level))
            if maker is not None:
                self._makers[name] = maker

    @staticmethod
    def from_setting(setting: Any) -> "Compression | None":
        """What a setting means; ``None`` when it is off."""
        if setting is None or setting is False:
            return None
        return Compression(as_options(setting, "compression"))

    def apply(self, exchange: Exchange, reply: Reply) -> None:
        """Compress a reply that may be and is worth it, as the client accepts it."""
        is_whole = type(reply.body) is bytes
        is_part = reply.status == 206
        if not is_part and _size(reply) < self._min_size:
            return
        if not _may_be_compressed(reply.headers):
            return
        exchange.vary = (*exchange.vary, "Accept-Encoding")
        if is_part:  # RFC 9110 section 15.3.7: it says what the whole would vary with
            return
        accepted = ", ".join(
            value.decode("latin-1") for name, value in exchange.raw_headers if name == b"accept-encoding"
        )
        coding = negotiate_encoding(accepted, self._makers)
        if coding is None:
            return
        compressor = self._makers[coding]()
        length: list[Header] = []
        if is_whole:
            reply.body = compressor.whole(reply.body)
            length = [(b"content-length", b"%d" % len(reply.body))]
        else:
            reply.body = Pieces(_compressed(reply.body, compressor), reply.body)
        kept = [_weakened(line) for line in reply.headers if line[0] != b"content-length"]
        reply.headers = [*kept, (b"content-encoding", coding.encode()), *length]


def _maker(name: str, level: int) -> Callable[[], Any] | None:
    if name == "gzip":
        return lambda: _Gzip(level)
    try:
        library = import_module("brotli")
    except ImportError:  # optional: without it the coding is not offered
        return None
    return lambda: _Brotli(library, level)


def _size(reply: Reply) -> float:
    """The bytes of a body; no end of them where the length is not known."""
    if type(reply.body) is bytes:
        return len(reply.body)
    return next((int(value) for name, value in reply.headers if name == b"content-length"), math.inf)


def _may_be_compressed(lines: list[Header]) -> bool:
    compressible = False
    for name, value in lines:
        if name == b"content-encoding" or (name == b"cache-control" and b"no-transform" in value):
            return False
        if name == b"content-type":
            compressible = re.match(_COMPRESSIBLE, value.lower()) is not None
    return compressible


def _weakened(line: Header) -> Header:
    """The tag of a compressed body is that of another representation: equal in meaning only."""
    name, value = line
    return (name, b"W/" + value) if name == b"etag" and not value.startswith(b"W/") else line


async def _compressed(body: AsyncIterator[bytes], compressor: Any) -> AsyncGenerator[bytes, None]:
    async for piece in body:
        yield compressor.piece(piece)
    yield compressor.end()
