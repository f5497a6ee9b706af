"""A body in chunks (RFC 9112 section 7.1), from bytes that come in any pieces."""

import re

from mainspring.http import HttpErrors
from mainspring.listener.heads import check_line_ends, header_lines
from mainspring.listener.limits import Limits

__all__ = ["ChunkedReader"]

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*+"'
_SIZE = re.compile(
    rb"([0-9A-Fa-f]{1,16})"
    rb"((?:[ \t]*+;[ \t]*+" + _TOKEN + rb"(?:[ \t]*+=[ \t]*+(?:" + _TOKEN + rb"|" + _QUOTED + rb"))?)*+)\r\n"
)
_BEGINNING = rb"[0-9A-Fa-f]{0,16}(?:\r|[ \t;][\t\x20-\x7e\x80-\xff]*+\r?)?"

#: Bytes of one line that tells a size, and of all extensions of a body: nobody uses any.
_LINE = 4096
_EXTENSIONS = 16 * 1024
_MAX_SIZE = 2**63 - 1


class ChunkedReader:
    """Takes the chunks apart.

    Attributes:
        is_done: Whether the last chunk and the trailer section were read.
    """

    __slots__ = ("_buffer", "_extensions", "_is_at_end", "_is_in_trailers", "_left", "_limits", "is_done")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buffer = b""
        self._left = 0
        self._is_at_end = False
        self._is_in_trailers = False
        self._extensions = 0
        self.is_done = False

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """What the bytes add to the body, and what follows its end.

        Raises:
            HttpError: They are no chunks; nothing that follows means anything.
        """
        if self._buffer:
            data, self._buffer = self._buffer + data, b""
        pieces: list[bytes] = []
        at, size = 0, len(data)
        while at < size and not self.is_done:
            if self._left:
                piece = data[at : at + self._left]
                pieces.append(piece)
                at += len(piece)
                self._left -= len(piece)
                self._is_at_end = self._left == 0
                continue
            step = self._trailers if self._is_in_trailers else self._end if self._is_at_end else self._size
            then = step(data, at)
            if then < 0:  # it is not all there
                self._buffer = data[at:]
                at = size
            else:
                at = then
        return pieces[0] if len(pieces) == 1 else b"".join(pieces), data[at:]

    def _end(self, data: bytes, at: int) -> int:
        """The line end behind the bytes of a chunk."""
        end = data[at : at + 2]
        if not b"\r\n".startswith(end):
            raise HttpErrors.BadRequest("A chunk is longer than its size.", code="BAD_CHUNK")
        if len(end) < 2:
            return -1
        self._is_at_end = False
        return at + 2

    def _size(self, data: bytes, at: int) -> int:
        """The line that tells the size of a chunk."""
        found = _SIZE.match(data, at)
        if found is None:
            line = data[at : at + _LINE + 1]
            if b"\n" in line or len(line) > _LINE or not re.fullmatch(_BEGINNING, line):
                raise HttpErrors.BadRequest("The size of a chunk is malformed.", code="BAD_CHUNK")
            return -1
        self._left = int(found[1], 16)
        self._extensions += len(found[2])
        if self._left > _MAX_SIZE or len(found[2]) > _LINE or self._extensions > _EXTENSIONS:
            raise HttpErrors.BadRequest("The size of a chunk is malformed.", code="BAD_CHUNK")
        self._is_in_trailers = self._left == 0
        return found.end()

    def _trailers(self, data: bytes, at: int) -> int:
        """The trailer section: it has to be one, and says nothing that anybody asks for (RFC 9110 section 6.5.1)."""
        if data.startswith(b"\r\n", at):
            self.is_done = True
            return at + 2
        end = data.find(b"\r\n\r\n", at)
        if end < 0:
            if len(data) - at > self._limits.head:
                raise HttpErrors.RequestHeaderFieldsTooLarge(code="TRAILERS_TOO_LARGE")
            check_line_ends(data[at:])
            return -1
        _, framing = header_lines(data[at : end + 4], self._limits)
        if framing:  # RFC 9110 section 6.5.1: who reads on by them reads another message
            raise HttpErrors.BadRequest("A trailer tells how the message is framed.", code="FRAMING_TRAILER")
        self.is_done = True
        return end + 4
