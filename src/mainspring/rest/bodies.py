"""Reading the body of a request: once, within its limit, inflated. What it means is the parsers' business."""

import codecs
import zlib
from collections.abc import AsyncIterator
from encodings import normalize_encoding
from encodings.aliases import aliases
from typing import Any

from mainspring.http import HttpErrors
from mainspring.openapi.errors import MalformedJsonError
from mainspring.rest.errors import BodyConsumedError
from mainspring.rest.exchange import Exchange

__all__ = ["DEFAULT_LIMIT", "Reading", "json_value", "malformed_body", "read_on"]

DEFAULT_LIMIT = 1024 * 1024
"""Bytes of a body by default: far above what people and programs send as JSON, harmless to hold many times at once."""

#: Bytes inflated at once, so that a bomb is noticed before it is inflated.
_STEP = 256 * 1024


def malformed_body(reason: str, position: int | None = None) -> Exception:
    """The error of a body that does not say what its type promises."""
    place = f" at position {position}" if position is not None else ""
    return HttpErrors.BadRequest(f"The request body is malformed: {reason}{place}.", code="MALFORMED_BODY")


#: Names of charsets, as Python spells them. Its other codecs are not for texts on the wire: some (punycode) take a time
#: that grows with the square of the text, and a look for an unknown name leaves a trace in memory for ever.
_CHARSETS = {*aliases, *aliases.values(), "cp874", "koi8_u"}


def codec_of_charset(charset: str) -> str | None:
    """The name of the codec for texts of a charset; ``None`` when there is none."""
    name = normalize_encoding(charset).lower()
    if name not in _CHARSETS:
        return None
    try:
        codec = codecs.lookup(name)
    except LookupError:  # one that is on Windows only
        return None
    return codec.name if getattr(codec, "_is_text_encoding", True) else None


def json_value(data: bytes) -> Any:
    """The plain value of a JSON body.

    Raises:
        HttpError: 400, with reason and position.
    """
    from mainspring.openapi.codecs import decode_json  # noqa: PLC0415 - for requests with a body

    try:
        return decode_json(data)
    except MalformedJsonError as error:
        raise malformed_body(error.reason, error.position) from error


def too_large(limit: int, what: str = "The request body") -> Exception:
    """The error of something above its limit."""
    return HttpErrors.PayloadTooLarge(f"{what} is larger than {limit} bytes.", code="PAYLOAD_TOO_LARGE")


class Reading:
    """The body of one request as far as it was read. ``limit`` may be changed until the reading begins."""

    __slots__ = ("_consumed", "_exchange", "_whole", "limit")

    def __init__(self, exchange: Exchange, limit: int | None) -> None:
        self._exchange = exchange
        self._whole = exchange.whole
        self._consumed = False
        self.limit = limit

    async def whole(self) -> bytes:
        """All of it; kept.

        Raises:
            HttpError: 413 beyond the limit, 415 for an unknown coding, 400 for one that does not inflate.
            BodyConsumedError: It was streamed.
            ClientDisconnected: The client went away.
        """
        if self._whole is None:
            pieces = [piece async for piece in self.stream()]
            self._whole = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        elif self.limit is not None and len(self._whole) > self.limit:
            raise too_large(self.limit)
        return self._whole

    async def stream(self) -> AsyncIterator[bytes]:
        """The pieces as they come, once.

        Raises:
            BodyConsumedError: It was streamed already.
        """
        if self._whole is not None:
            if self._whole:
                yield self._whole
            return
        if self._consumed:
            raise BodyConsumedError
        coding = self._check_head()
        self._consumed = True
        pieces = self._raw() if coding is None else _inflated(self._raw(), coding)
        count = 0
        async for piece in pieces:
            count += len(piece)
            if self.limit is not None and count > self.limit:
                raise too_large(self.limit)
            if piece:
                yield piece

    def _check_head(self) -> str | None:
        """Refuse by the head what can be refused by it, before a byte is read; the coding, if there is one."""
        length = self._exchange.header(b"content-length")
        if length is not None and length.isdigit():
            self._check_sent(int(length))
        codings = [value for name, value in self._exchange.raw_headers if name == b"content-encoding"]
        coding = b", ".join(codings).decode("latin-1").strip().lower()
        if coding in ("", "identity"):
            return None
        if coding not in ("gzip", "x-gzip", "deflate"):
            raise HttpErrors.UnsupportedMediaType(
                f"The content coding {coding!r} is not supported; send gzip, deflate or none.",
                code="UNSUPPORTED_MEDIA_TYPE",
                headers={"Accept-Encoding": "gzip, deflate"},
            )
        return coding

    async def _raw(self) -> AsyncIterator[bytes]:
        read = self._exchange.read
        count = 0
        while (piece := await read()) is not None:
            count += len(piece)
            self._check_sent(count)  # also when coded: a coding can be fed for ever without giving anything
            yield piece

    def _check_sent(self, count: int) -> None:
        limit = self.limit
        if limit is not None and count > limit:
            coded = self._exchange.header(b"content-encoding") is not None
            if not coded or count > limit + limit // 1000 + 64:  # what does not compress grows by that at most
                raise too_large(limit)


async def read_on(exchange: Exchange, first: bytes | None, limit: int | None) -> bytes:
    """The whole of a body that is not coded, of which the first piece was read.

    Raises:
        HttpError: 413 beyond the limit.
        ClientDisconnected: The client went away.
    """
    piece, pieces, count = first, [], 0
    while piece is not None:
        count += len(piece)
        if limit is not None and count > limit:
            raise too_large(limit)
        pieces.append(piece)
        piece = await exchange.read()
    return b"".join(pieces)


async def _inflated(pieces: AsyncIterator[bytes], coding: str) -> AsyncIterator[bytes]:
    inflater: Any = None
    try:
        async for piece in pieces:
            data = piece
            while data:
                if inflater is None or (inflater.eof and coding != "deflate"):
                    inflater = _inflater(coding, data)  # a gzip body may have several members (RFC 1952 section 2.2)
                elif inflater.eof:
                    raise malformed_body(f"it goes on after its {coding} coding")
                yield inflater.decompress(data, _STEP)
                data = inflater.unconsumed_tail or inflater.unused_data
    except zlib.error as error:
        raise malformed_body(f"it does not inflate as {coding} ({error})") from error
    if inflater is not None:
        yield inflater.flush()
        if not inflater.eof:
            raise malformed_body(f"it ends before its {coding} coding does")


def _inflater(coding: str, first: bytes) -> Any:
    if coding != "deflate":
        return zlib.decompressobj(wbits=31)
    # "deflate" is the zlib format (RFC 9110 section 8.4.1.2); some clients leave its two-byte head out.
    wrapped = len(first) >= 2 and first[0] & 0x0F == 8 and (first[0] * 256 + first[1]) % 31 == 0
    return zlib.decompressobj(wbits=15 if wrapped else -15)
