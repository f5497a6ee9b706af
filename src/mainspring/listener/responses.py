"""The head of a response as bytes, and how its end is told."""

from collections.abc import Iterable
from time import time

from mainspring.http import format_http_date, reason_phrase

__all__ = ["CONTINUE", "LENGTHS", "STATUS_LINES", "Clock", "Framing", "framing_of", "head_bytes"]

Header = tuple[bytes, bytes]

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class _StatusLines(dict[int, bytes]):
    """The first line, by status."""

    def __missing__(self, status: int) -> bytes:
        line = self[status] = b"HTTP/1.1 %d %b\r\n" % (status, reason_phrase(status).encode("ascii"))
        return line


STATUS_LINES = _StatusLines()


class _Lengths(dict[int, bytes]):
    """The end of a head: the end of a line, the one that tells the length, and the empty one. By length."""

    def __missing__(self, length: int) -> bytes:
        lines = b"\r\ncontent-length: %d\r\n\r\n" % length
        if length < _SMALL:
            self[length] = lines
        return lines


#: Lengths below are kept: they are the same again and again.
_SMALL = 4096
LENGTHS = _Lengths()


class _Dated(dict[bytes, bytes]):
    """Heads with a ``Date`` line, by the ones without."""

    def __init__(self, line: bytes) -> None:
        super().__init__()
        self._line = line

    def __missing__(self, head: bytes) -> bytes:
        found = self[head] = head.replace(b"\r\n", b"\r\n" + self._line, 1)
        return found


class Clock:
    """The ``Date`` line, written once a second.

    Attributes:
        line: The line of the second that ends at `until`.
        heads: By beginnings of heads, the same with that line; there are few of them.
    """

    __slots__ = ("heads", "line", "until")

    def __init__(self) -> None:
        self.line = b""
        self.until = 0.0
        self.heads = _Dated(b"")

    def tick(self, now: float) -> bytes:
        """The line, for a loop whose time is `now`."""
        moment = time()
        self.line = b"date: %b\r\n" % format_http_date(moment).encode("ascii")
        self.until = now + 1.0 - moment % 1.0
        self.heads = _Dated(self.line)
        return self.line


class Framing:
    """How the end of a body is told.

    Attributes:
        lines: The lines to send: those that were given, without what is for the connection alone.
        length: The bytes of the body where that is known.
        is_chunked: Whether it goes out in chunks.
        closes: Whether the end of the connection is its end, or the program wants to close it.
        has_date: Whether the program has told the date.
    """

    __slots__ = ("closes", "has_date", "is_chunked", "length", "lines")

    def __init__(self, lines: list[Header]) -> None:
        self.lines = lines
        self.length: int | None = None
        self.is_chunked = False
        self.closes = False
        self.has_date = False


_OURS = frozenset({b"connection", b"transfer-encoding", b"keep-alive"})


def framing_of(status: int, given: list[Header], version: str) -> Framing:
    """How a response of these lines is framed (RFC 9112 section 6).

    Args:
        status: Its status.
        given: The lines of the program.
        version: What the client speaks.
    """
    framing = Framing(given)
    for name, value in given:
        if name == b"content-length":
            framing.length = int(value)
        elif name == b"date":
            framing.has_date = True
        elif name in _OURS:
            framing.closes = framing.closes or (name == b"connection" and b"close" in value.lower())
            framing.lines = [line for line in given if line[0] not in _OURS]
    if status < 200 or status in (204, 304):
        if framing.length is not None and status != 304:  # RFC 9110 section 8.6
            framing.lines = [line for line in framing.lines if line[0] != b"content-length"]
        framing.length = 0
    elif framing.length is None:
        framing.is_chunked = version != "1.0"
        framing.closes = framing.closes or not framing.is_chunked
    return framing


def head_bytes(status: int, lines: Iterable[Header], *more: bytes) -> bytes:
    """A head: first line, lines, those that are bytes already, and the empty line.

    Raises:
        ValueError: A line would be two; nothing of it may reach the wire (RFC 9110 section 5.5).
    """
    block = b"".join([b"%b: %b\r\n" % line for line in lines])
    if block.count(b"\r") != len(list(lines)) or block.count(b"\n") != len(list(lines)) or b"\0" in block:
        raise ValueError("A header line of the response has a CR, LF or NUL: leave it out.")
    return b"".join((STATUS_LINES[status], block, *more, b"\r\n"))
