"""The head of a request, from bytes: strictly by RFC 9112, in one place, so that nobody behind it reads it otherwise.

What a lenient reader would repair (a bare LF, a folded line, a space before a colon, a second ``Host``, two ways to
tell the length) is what a proxy in front may have read otherwise, and the seam that requests are smuggled through.
All of it is refused. The grammar is a handful of regular expressions without a choice to go back to: they take time
in proportion to what they read.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from mainspring.http import HttpError, HttpErrors
from mainspring.listener.limits import Limits

__all__ = ["CHUNKED", "NO_HEAD", "Fields", "Head", "check_beginning", "check_line_ends", "header_lines", "next_head"]

Header = tuple[bytes, bytes]

#: Stands for the length of a body that comes in chunks.
CHUNKED = -1

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_HOST = rb"(?:\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9\-._~%!$&'()*+,;=]*+)(?::[0-9]{0,5})?"
_IS_METHOD = re.compile(_TOKEN + rb"{1,32}+").fullmatch
# RFC 9112 section 3. A target has no space and no fragment; browsers leave more than RFC 3986 allows unencoded.
_IN_TARGET = bytes(0x21 <= byte <= 0x7E and byte != ord("#") for byte in range(256))
_SLASH, _QUESTION = b"/?"
_OTHER = rb"(" + _TOKEN + rb"{1,32}+) ([\x21\x22\x24-\x7e]++) "
_ABSOLUTE = rb"(?i:https?)://(" + _HOST + rb")(/[^?]*+)?(?:\?(.*+))?"
_VERSION = re.compile(rb"HTTP/([0-9])\.([0-9])\r\n")
_FIELDS = re.compile(rb"(?:" + _TOKEN + rb"++:[\t\x20-\x7e\x80-\xff]*+\r\n)*+\r\n")  # section 5; no obs-fold (5.2)
_IS_HOST = re.compile(_HOST).fullmatch
_IS_LENGTH = re.compile(rb"[0-9]{1,20}").fullmatch
_BARE = rb"(?s)(?<!\r)\n|\r(?![\n])(?=.)"
_FRAMING = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection", b"expect", b"upgrade"})
_MAX_LENGTH = 2**64 - 1
#: Fields longer than this are not compared with those of the next request.
_COMPARED = 2048
#: Of bytes as many as these only the beginning is looked at first: a request line and the fields of the one before.
_LONG = 4096

#: Bytes of a version.
_VERSION_SIZE = len(b"HTTP/1.1")


@dataclass(slots=True, eq=False)
class Fields:
    """What follows the target: the version and the header lines. Most requests of a connection have the same.

    Attributes:
        raw: The bytes they were read from.
        version: ``1.1`` or ``1.0``.
        lines: The header lines, names in lower case.
        length: The length of the body, or `CHUNKED`; 0 without a body.
        keep_alive: Whether the connection is to persist.
        expects: Whether the peer waits for 100 before it sends its body.
        upgrade: The protocol the peer would rather speak, in lower case.
        is_1_1: Whether the version is 1.1.
        size: The bytes they were read from, when they are short enough to be compared with those of the next request.
        facts: What whoever answers has found out about them, for the next request that has them.
    """

    raw: bytes
    version: str
    lines: list[Header]
    length: int = 0
    keep_alive: bool = True
    expects: bool = False
    upgrade: bytes = b""
    size: int = 0
    is_1_1: bool = True
    facts: Any = None


class Head(msgspec.Struct, gc=False):
    """The head of a request.

    Attributes:
        method: As on the request line.
        path: What stands before the question mark, as it was sent.
        query: What follows it.
        fields: All the rest.
        target: The whole target, as it was sent.
    """

    method: str
    path: bytes
    query: bytes
    fields: Fields

    @property
    def target(self) -> bytes:
        """Path and query."""
        return self.path + b"?" + self.query if self.query else self.path


#: Stands for the head of what is no request.
NO_HEAD = Head("", b"", b"", Fields(b"", "1.1", []))


def next_head(data: bytes, limits: Limits, before: Fields) -> tuple[Head, int] | None:
    """The head that bytes begin with, and where it ends; ``None`` when it is not all there.

    Args:
        data: The bytes.
        limits: What it may be.
        before: The fields of the request before, those of `NO_HEAD` before the first: those that are the same again
            need not be read again.

    Raises:
        HttpError: It is none that is answered; the connection must be closed.
    """
    beginning = data if len(data) < _LONG else data[: limits.request_line + _COMPARED]
    try:
        name, target, rest = beginning.split(b" ", 2)
    except ValueError:
        return _next_other(data, limits)
    try:
        method = _METHODS[name]
    except KeyError:
        method = _method_of(name)
    if not method or not target or target[0] != _SLASH or 0 in target.translate(_IN_TARGET):
        return _next_other(data, limits)
    start, size = len(beginning) - len(rest), before.size
    if size and (rest == before.raw or rest[:size] == before.raw) and start + _VERSION_SIZE <= limits.request_line:
        end = start + size
    else:
        end = _end_of(data, limits)
        if not end:
            return None
        if start + _VERSION_SIZE > limits.request_line:
            raise HttpErrors.URITooLong(code="REQUEST_LINE_TOO_LONG")
        before = read_fields(data[start:end], limits)
    if _QUESTION not in target:
        return Head(method, target, b"", before), end
    path, _, query = target.partition(b"?")
    return Head(method, path, query, before), end


def _next_other(data: bytes, limits: Limits) -> tuple[Head, int] | None:
    """A head whose first line is not plain, or not all there."""
    end = _end_of(data, limits)
    return (_read_other(data, end, limits), end) if end else None


def _method_of(name: bytes) -> str:
    """A method that few requests have; empty for what is none."""
    return name.decode("ascii") if _IS_METHOD(name) else ""


def _end_of(data: bytes, limits: Limits) -> int:
    """Where the head ends that bytes begin with; 0 when it is not all there.

    Raises:
        HttpError: It cannot become one.
    """
    end = data.find(b"\r\n\r\n") + 4
    if end >= len(b"\r\n\r\n"):
        return end
    check_beginning(data, limits)
    return 0


_METHODS = {name.encode(): name for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")}


def _read_other(data: bytes, end: int, limits: Limits) -> Head:
    """A head whose target is no path (RFC 9112 section 3.2), or none at all."""
    found = re.match(_OTHER, data)
    if found is None:
        raise _malformed_line(data[:end], limits)
    method, target = found.groups()
    if found.end() + _VERSION_SIZE > limits.request_line:
        raise HttpErrors.URITooLong(code="REQUEST_LINE_TOO_LONG")
    fields = read_fields(data[found.end() : end], limits)
    if method == b"CONNECT":  # section 3.2.3: we are no proxy
        raise HttpErrors.NotImplemented(code="METHOD_NOT_IMPLEMENTED")
    if target == b"*":  # section 3.2.4; for other methods it names nothing
        return Head(method.decode("ascii"), b"*", b"", fields)
    absolute = re.fullmatch(_ABSOLUTE, target)
    if absolute is None or not absolute[1]:
        raise _bad("The target of the request is no path.", "BAD_TARGET")
    # Section 3.2.2: what Host says is ignored.
    lines = [(name, absolute[1] if name == b"host" else value) for name, value in fields.lines]
    fields = replace(fields, raw=b"", size=0, lines=lines)
    return Head(method.decode("ascii"), absolute[2] or b"/", absolute[3] or b"", fields)


def _malformed_line(data: bytes, limits: Limits) -> HttpError:
    line = data[: data.find(b"\r\n")]
    if len(line) > limits.request_line:
        return HttpErrors.URITooLong(code="REQUEST_LINE_TOO_LONG")
    return _bad("The request line is malformed.", "BAD_REQUEST_LINE")


def _bad(message: str, code: str) -> HttpError:
    return HttpErrors.BadRequest(message, code=code)


def _unspoken() -> HttpError:  # RFC 9110 section 15.6.6
    return HttpErrors.HTTPVersionNotSupported(code="VERSION_NOT_SUPPORTED")


def read_fields(data: bytes, limits: Limits) -> Fields:
    """Version and header lines.

    Raises:
        HttpError: They are malformed, too many, or of a version or coding that is not spoken.
    """
    found = _VERSION.match(data)
    if found is None:
        raise _bad("The request line is malformed.", "BAD_REQUEST_LINE")
    if found[1] != b"1":
        raise _unspoken()
    is_1_0 = found[2] == b"0"
    lines, framing = header_lines(data[found.end() :], limits)
    length = _length_of(framing, is_1_0=is_1_0)
    _check_host(framing.get(b"host", ()), is_1_0=is_1_0)
    options = {item.strip() for value in framing.get(b"connection", ()) for item in value.lower().split(b",")}
    keeps = (b"keep-alive" in options) if is_1_0 else True
    expects = [value.lower() for value in framing.get(b"expect", ())]
    if any(value != b"100-continue" for value in expects):  # RFC 9110 section 10.1.1
        raise HttpErrors.ExpectationFailed(code="UNKNOWN_EXPECTATION")
    upgrades = framing.get(b"upgrade", ()) if b"upgrade" in options and not is_1_0 else ()
    return Fields(
        data,
        "1.0" if is_1_0 else "1.1",
        lines,
        length,
        keep_alive=keeps and b"close" not in options,
        expects=bool(expects) and not is_1_0 and length != 0,
        upgrade=b",".join(upgrades).lower(),
        size=len(data) if len(data) <= _COMPARED else 0,
        is_1_1=not is_1_0,
    )


def header_lines(data: bytes, limits: Limits) -> tuple[list[Header], dict[bytes, list[bytes]]]:
    """Header lines, the empty line at their end included, and the values of those that frame a message.

    Raises:
        HttpError: They are malformed, or too many.
    """
    if _FIELDS.fullmatch(data) is None:
        raise _malformed_lines(data)
    if len(data) > limits.head:
        raise HttpErrors.RequestHeaderFieldsTooLarge(code="HEADERS_TOO_LARGE")
    texts = data[:-4].split(b"\r\n") if len(data) > len(b"\r\n") else []
    if len(texts) > limits.headers:
        raise HttpErrors.RequestHeaderFieldsTooLarge(code="TOO_MANY_HEADERS")
    lines: list[Header] = []
    framing: dict[bytes, list[bytes]] = {}
    for text in texts:
        name, _, value = text.partition(b":")
        name, value = name.lower(), value.strip(b" \t")
        lines.append((name, value))
        if name in _FRAMING:
            framing.setdefault(name, []).append(value)
    return lines, framing


def _malformed_lines(data: bytes) -> HttpError:
    """What is wrong with header lines, for who has to mend the client."""
    if re.search(_BARE, data):  # RFC 9112 section 2.2
        return _bad("A line ends otherwise than with CRLF.", "BARE_LINE_END")
    if re.search(rb"(?:^|\n)[ \t]", data):  # section 5.2
        return _bad("A header line is folded.", "FOLDED_HEADER")
    if re.search(rb"(?:^|\n)[^:\r\n]*[ \t]:", data):  # section 5.1
        return _bad("A header line has a space before its colon.", "SPACE_BEFORE_COLON")
    return _bad("A header line is malformed.", "BAD_HEADER")


def _length_of(framing: dict[bytes, list[bytes]], *, is_1_0: bool) -> int:
    """The length of the body (RFC 9112 section 6.3): one word for it, or none."""
    lengths, codings = framing.get(b"content-length", ()), framing.get(b"transfer-encoding", ())
    if codings:
        return _check_codings(codings, has_length=bool(lengths), is_1_0=is_1_0)
    if not lengths:
        return 0
    if len(lengths) > 1 or not _IS_LENGTH(lengths[0]) or int(lengths[0]) > _MAX_LENGTH:
        raise _bad("Content-Length is not one number.", "BAD_CONTENT_LENGTH")
    return int(lengths[0])


def _check_codings(codings: Any, *, has_length: bool, is_1_0: bool) -> int:
    if has_length or is_1_0:  # section 6.1
        known = "together with Content-Length" if has_length else "in HTTP/1.0"
        raise _bad(f"Transfer-Encoding {known} is ambiguous.", "AMBIGUOUS_LENGTH")
    names = [name.strip(b" \t") for name in b",".join(codings).lower().split(b",")]
    if names == [b"chunked"]:
        return CHUNKED
    if names[-1] != b"chunked" or b"chunked" in names[:-1]:  # section 6.3
        raise _bad("Transfer-Encoding does not end with chunked, once.", "BAD_TRANSFER_ENCODING")
    raise HttpErrors.NotImplemented(code="UNKNOWN_TRANSFER_ENCODING")  # section 6.1


def _check_host(hosts: Any, *, is_1_0: bool) -> None:
    """RFC 9112 section 3.2: exactly one Host; HTTP/1.0 may have none."""
    if len(hosts) != 1 and not (is_1_0 and not hosts):
        raise _bad("The request has no Host." if not hosts else "The request has more than one Host.", "BAD_HOST")
    if hosts and not _IS_HOST(hosts[0]):
        raise _bad("Host is malformed.", "BAD_HOST")


_BEGINNING = _TOKEN + rb"{1,32}(?: [\x21\x22\x24-\x7e]*(?: [HTP/0-9.]{0,8}\r?)?)?"

_WHOLE = _TOKEN + rb"{1,32} [\x21\x22\x24-\x7e]+ HTTP/[0-9]\.[0-9]"


def check_line_ends(data: bytes) -> None:
    """Refuse lines that end otherwise than with CRLF (RFC 9112 section 2.2).

    Raises:
        HttpError: There is one.
    """
    if re.search(_BARE, data):
        raise _bad("A line ends otherwise than with CRLF.", "BARE_LINE_END")


def check_beginning(data: bytes, limits: Limits) -> None:
    """Refuse a head that is not complete as soon as it cannot become one.

    Raises:
        HttpError: It cannot.
    """
    line_end = data.find(b"\r\n")
    line = data if line_end < 0 else data[:line_end]
    if not re.fullmatch(_BEGINNING if line_end < 0 else _WHOLE, line) and data not in (b"\r", b"\r\n"):
        raise _bad("The request line is malformed.", "BAD_REQUEST_LINE")
    if len(line) > limits.request_line:
        raise HttpErrors.URITooLong(code="REQUEST_LINE_TOO_LONG")
    if line_end > 0 and line[-3:-2] != b"1":
        raise _unspoken()
    if line_end >= 0 and len(data) - line_end > limits.head:
        raise HttpErrors.RequestHeaderFieldsTooLarge(code="HEADERS_TOO_LARGE")
    if data.count(b"\r\n") > limits.headers + 1:
        raise HttpErrors.RequestHeaderFieldsTooLarge(code="TOO_MANY_HEADERS")
    check_line_ends(data)
