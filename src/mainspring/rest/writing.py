"""Writing a response: what bodies of each sort say about themselves, and the writer behind ``response.write``."""

import codecs

from mainspring.http import parse_media_type
from mainspring.rest.exchange import Exchange, Header, Reply
from mainspring.rest.heads import CONTENT_LENGTH, CONTENT_TYPE, finished

__all__ = ["JSON_LINE", "JSON_TYPE", "OCTETS", "TEXT", "Writer", "body_lines", "text_type"]

JSON_TYPE = b"application/json"
JSON_LINE = (CONTENT_TYPE, JSON_TYPE)
TEXT = b"text/plain; charset=utf-8"
OCTETS = b"application/octet-stream"


def body_lines(content_type: bytes, length: int) -> list[Header]:
    """The lines that say type and length."""
    return [(CONTENT_TYPE, content_type), (CONTENT_LENGTH, b"%d" % length)]


def text_type(media_type: str) -> bytes:
    """The content type of a media type: texts say their charset, JSON never does."""
    parsed = parse_media_type(media_type)
    if parsed is not None and parsed.type == "text" and parsed.charset is None:
        media_type = f"{media_type}; charset=utf-8"
    return media_type.encode("latin-1")


class Writer:
    """Writes the response of an exchange by hand, piece by piece, to the client at once."""

    __slots__ = ("_exchange", "_has_body")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._has_body = True

    async def write(self, data: bytes | str) -> None:
        """Send a piece, after the head."""
        if not self._exchange.started:
            await self._start(None)
        piece = self._bytes(data)
        if piece and self._has_body:
            await self._exchange.write(piece, more=True)

    async def end(self, data: bytes | str | None = None) -> None:
        """Send the last piece; a response without any says its length."""
        exchange = self._exchange
        if exchange.completed:
            return
        piece = b"" if data is None else self._bytes(data)
        if not exchange.started:
            await self._start(len(piece))
        await exchange.write(piece if self._has_body else b"", more=False)

    async def _start(self, length: int | None) -> None:
        exchange = self._exchange
        response = exchange.response
        lines = list(response.header_lines)
        known = {name for name, _ in lines}
        if length is not None and CONTENT_LENGTH not in known:
            lines.append((CONTENT_LENGTH, b"%d" % length))
        reply = finished(exchange, Reply(response.status, lines, b""))
        self._has_body = exchange.method != "HEAD" and reply.status >= 200 and reply.status not in (204, 205, 304)
        await exchange.start(reply.status, reply.headers)

    def _bytes(self, data: bytes | str) -> bytes:
        if isinstance(data, str):
            return data.encode(self._charset())
        return bytes(data)

    def _charset(self) -> str:
        for name, value in self._exchange.response.header_lines:
            parsed = parse_media_type(value.decode("latin-1")) if name == CONTENT_TYPE else None
            if parsed is not None and parsed.charset:
                try:
                    return codecs.lookup(parsed.charset).name
                except LookupError:
                    break
        return "utf-8"
