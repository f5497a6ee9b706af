"""Conditional and range requests (RFC 9110 sections 13 and 14) as questions with answers, without files and sockets."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

from mainspring.errors import MainspringError
from mainspring.http.dates import parse_http_date

__all__ = [
    "ByteRange",
    "RangeNotSatisfiableError",
    "evaluate_preconditions",
    "if_range_matches",
    "parse_etags",
    "parse_range",
    "weak_match",
]

_ETAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_RANGE = r"(?ai)bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*"

Outcome = Literal[200, 304, 412]


class RangeNotSatisfiableError(MainspringError, ValueError):
    """A range that begins after the end. ``content_range`` is what the 416 answer says in ``Content-Range``.

    Remedy:
        Ask for a range inside the length that ``content_range`` says.
    """

    status = 416

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size

    @property
    def content_range(self) -> str:
        """``bytes */10`` of a thing of ten bytes."""
        return f"bytes */{self.size}"

    def __str__(self) -> str:
        return f"The requested range lies beyond the end of {self.size} bytes."


class ByteRange(Struct, frozen=True):
    """Bytes from ``first`` to ``last``, both included, of ``size``."""

    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        """How many bytes these are."""
        return self.last - self.first + 1

    @property
    def content_range(self) -> str:
        """``bytes 2-5/10``."""
        return f"bytes {self.first}-{self.last}/{self.size}"


def parse_etags(header: str) -> list[str] | None:
    """The tags of ``If-Match`` or ``If-None-Match`` as written; ``None`` means ``*``, any."""
    if header.strip() == "*":
        return None
    return re.findall(_ETAG, header)


def weak_match(header: str, etag: str | None) -> bool:
    """Whether a field names the tag by weak comparison: ``W/"a"`` and ``"a"`` are one. ``*`` matches anything."""
    tags = parse_etags(header)
    if tags is None:
        return True
    return etag is not None and any(tag.removeprefix("W/") == etag.removeprefix("W/") for tag in tags)


def _strong_match(header: str, etag: str | None) -> bool:
    tags = parse_etags(header)
    if tags is None:
        return True
    return etag is not None and not etag.startswith("W/") and etag in tags


def evaluate_preconditions(
    method: str, headers: Mapping[str, str], *, etag: str | None = None, last_modified: datetime | None = None
) -> Outcome:
    """What the conditions of a request make of a representation that would be answered with 200.

    Follows the order of RFC 9110 section 13.2.2: 412 when ``If-Match`` (or else ``If-Unmodified-Since``) fails, 304 for
    GET and HEAD (412 for others) when ``If-None-Match`` matches, or else ``If-Modified-Since`` says nothing changed.
    """
    modified = None if last_modified is None else _whole_seconds(last_modified)
    match = headers.get("if-match")
    if match is not None:
        if not _strong_match(match, etag):
            return 412
    elif modified is not None and _is_later(modified, headers.get("if-unmodified-since")):
        return 412
    reading = method in ("GET", "HEAD")
    none_match = headers.get("if-none-match")
    if none_match is not None:
        if weak_match(none_match, etag):
            return 304 if reading else 412
        return 200
    since = parse_http_date(headers.get("if-modified-since", "")) if reading and modified is not None else None
    return 304 if since is not None and modified is not None and modified <= since else 200


def if_range_matches(header: str | None, *, etag: str | None = None, last_modified: datetime | None = None) -> bool:
    """Whether a range may be answered with a part: no ``If-Range``, or one that names exactly this tag or date."""
    if header is None:
        return True
    if header.strip().startswith(('"', "W/")):
        return etag is not None and not etag.startswith("W/") and header.strip() == etag
    date = parse_http_date(header)
    return date is not None and last_modified is not None and date == _whole_seconds(last_modified)


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """The part that ``Range`` asks of a thing of ``size`` bytes, its end clipped to the thing's.

    ``None`` means the whole: no field, one that is malformed or of another unit, or several ranges.

    Raises:
        RangeNotSatisfiableError: The range begins after the end, or asks for the last zero bytes.
    """
    match = None if header is None else re.fullmatch(_RANGE, header.strip())
    if match is None or not (match[1] or match[2]):
        return None
    if len(match[1]) > 20 or len(match[2]) > 20:  # longer than any size, and than what is worth converting
        if len(match[1]) > 20:
            raise RangeNotSatisfiableError(size)
        return _bounded(int(match[1]), size - 1, size) if match[1] else _bounded(0, size - 1, size)
    if not match[1]:
        return _bounded(max(size - int(match[2]), 0) if int(match[2]) else size, size - 1, size)
    first = int(match[1])
    last = int(match[2]) if match[2] else size - 1
    if match[2] and last < first:  # invalid by RFC 9110 section 14.1.1, so ignored as malformed
        return None
    return _bounded(first, min(last, size - 1), size)


def _bounded(first: int, last: int, size: int) -> ByteRange:
    if first >= size:
        raise RangeNotSatisfiableError(size)
    return ByteRange(first, last, size)


def _whole_seconds(moment: datetime) -> datetime:
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.replace(microsecond=0)  # dates of HTTP have no fractions


def _is_later(modified: datetime, header: str | None) -> bool:
    date = parse_http_date(header) if header is not None else None
    return date is not None and modified > date
