"""Heads from raw bytes: what is one, and what is refused, by RFC 9112."""

import pytest
from tests.listener.conftest import Peer

from mainspring.http import HttpError
from mainspring.listener import NO_HEAD, Fields, Limits
from mainspring.listener.heads import next_head

END = b"Host: x\r\n\r\n"


def head(*lines: bytes) -> bytes:
    return b"\r\n".join((*lines, END))


async def test_a_request_as_it_was_sent(peer: Peer) -> None:
    """RFC 9112 section 2.1"""
    await peer.send(b"GET /a%20b/?x=1&y=%ff HTTP/1.1\r\nHost:  x \r\nX-One:\t1\r\nx-one:2\r\nX-Empty:\r\n\r\n")
    (seen,) = peer.seen
    assert (seen.method, seen.path, seen.query, seen.version) == ("GET", b"/a%20b/", b"x=1&y=%ff", "1.1")
    assert seen.lines == [(b"host", b"x"), (b"x-one", b"1"), (b"x-one", b"2"), (b"x-empty", b"")]


async def test_fields_that_are_the_same_again_are_the_same(peer: Peer) -> None:
    await peer.send(b"GET /a HTTP/1.1\r\nHost: x\r\nA: 1\r\n\r\n" * 2 + b"PUT /b HTTP/1.1\r\nHost: x\r\nA: 2\r\n\r\n")
    assert [(seen.method, seen.lines[1]) for seen in peer.seen] == [
        ("GET", (b"a", b"1")),
        ("GET", (b"a", b"1")),
        ("PUT", (b"a", b"2")),
    ]


LINES = [
    b"GET /", b"POST /a?b=c", b"MKCOL /x", b"GET /\x80", b"GET /a#b", b"GET /a?b#c", b"GET /a\tb", b"GET a", b"GET *",
    b"GET ", b" GET /", b"G(T /", b"get /", b"GET /a /b", b"GET http://y/z?q", b"GET", b"", b"GET /" + b"y" * 9000,
    b"M" * 33 + b" /",
]  # fmt: skip


@pytest.mark.parametrize("rest", [b"", b"body", b"x" * 20_000])
@pytest.mark.parametrize("line", LINES)
def test_a_request_line_is_read_alike_whatever_came_before(line: bytes, rest: bytes):
    """RFC 9112 section 3: fields that are known are not read again, and what stands before them is."""

    def read(before: Fields) -> object:
        try:
            found = next_head(data, Limits(), before)
        except HttpError as error:
            return error.status, error.code
        return found and (found[0].method, found[0].path, found[0].query, found[0].fields.lines, found[1])

    data = line + b" HTTP/1.1\r\nHost: x\r\n\r\n" + rest
    known, end = next_head(b"GET /other HTTP/1.1\r\nHost: x\r\n\r\n", Limits(), NO_HEAD.fields) or (NO_HEAD, 0)
    assert end
    assert read(known.fields) == read(NO_HEAD.fields)


def test_every_byte_of_a_target():
    """RFC 9112 section 3.2, RFC 3986 section 2"""
    refused = set()
    for byte in range(256):
        try:
            next_head(b"GET /a%c HTTP/1.1\r\nHost: x\r\n\r\n" % byte, Limits(), NO_HEAD.fields)
        except HttpError:
            refused.add(byte)
    assert refused == {*range(0x21), 0x23, *range(0x7F, 0x100)}


@pytest.mark.parametrize("target", [b"/", b"/a[b]?c={d}|^`\\", b"/?", b"/??a?b", b"//a", b"/a;b=c,d", b"*"])
async def test_targets_that_are_answered(peer: Peer, target: bytes) -> None:
    """RFC 9112 section 3.2.1, and what browsers leave unencoded; 3.2.4"""
    await peer.send(head(b"OPTIONS " + target + b" HTTP/1.1"))
    (seen,) = peer.seen
    path, _, query = target.partition(b"?")
    assert (seen.path, seen.query) == (path, query)
    assert peer.is_open


@pytest.mark.parametrize(
    ("target", "path", "query", "host"),
    [
        (b"http://a.example/b?c", b"/b", b"c", b"a.example"),
        (b"HTTPS://a.example:8443", b"/", b"", b"a.example:8443"),
        (b"http://[::1]:80?q", b"/", b"q", b"[::1]:80"),
    ],
)
async def test_the_absolute_form_wins_over_host(
    peer: Peer, target: bytes, path: bytes, query: bytes, host: bytes
) -> None:
    """RFC 9112 section 3.2.2"""
    await peer.send(head(b"GET " + target + b" HTTP/1.1") * 2)
    assert [(seen.path, seen.query, dict(seen.lines)[b"host"]) for seen in peer.seen] == [(path, query, host)] * 2


BAD_LINES = [
    (b"GET  / HTTP/1.1", "two spaces"),
    (b"GET /\tHTTP/1.1", "a tab"),
    (b"GET / HTTP/1.1 ", "a space at the end"),
    (b" GET / HTTP/1.1", "a space before it"),
    (b"GET /", "no version: HTTP/0.9"),
    (b"GET / HTTP/1.1x", "more than a version"),
    (b"GET / http/1.1", "a version in lower case"),
    (b"GET / HTTP/11", "no version"),
    (b"GET / HTTP/1.10", "no version"),
    (b"G\x00T / HTTP/1.1", "a control character in the method"),
    (b"G(T / HTTP/1.1", "a method that is no token"),
    (b"GET /a b HTTP/1.1", "a space in the target"),
    (b"GET /a#b HTTP/1.1", "a fragment"),
    (b"GET /\x7f HTTP/1.1", "a control character in the target"),
    (b"GET /\xff HTTP/1.1", "a byte that is no ASCII in the target"),
    (b"GET a HTTP/1.1", "no path"),
    (b"GET x:80 HTTP/1.1", "the authority form"),
    (b"GET http:///a HTTP/1.1", "no host"),
    (b"GET http://u:p@a/ HTTP/1.1", "user information"),
    (b"GET ftp://a/ HTTP/1.1", "another scheme"),
    (b"GET http://a\\b/ HTTP/1.1", "no host"),
    (b"M" * 33 + b" / HTTP/1.1", "a method without an end"),
]


@pytest.mark.parametrize(
    "line", [line for line, _ in BAD_LINES], ids=[f"{why}: {line[:30]!r}" for line, why in BAD_LINES]
)
async def test_request_lines_that_are_none(peer: Peer, line: bytes) -> None:
    """HTTP-039; RFC 9112 sections 3 and 3.2"""
    answer = await peer.send(head(line), b"GET /next HTTP/1.1\r\n" + END)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"connection: close\r\n" in answer
    assert (peer.seen, peer.is_open, peer.statuses) == ([], False, [400])


async def test_a_version_is_refused_as_soon_as_it_is_read_whatever_follows():
    """RFC 9110 section 15.6.6: what comes in the same piece changes nothing"""
    for pieces in ([b"GET / HTTP/7.1\r\nHost: x\r\n\rX\r\n\r\n"], [b"GET / HTTP/7.1\r\nHost: x\r\n\rX", b"\r\n\r\n"]):
        peer = Peer()
        await peer.send(*pieces)
        assert peer.statuses == [505]


@pytest.mark.parametrize("version", [b"HTTP/2.0", b"HTTP/0.9", b"HTTP/9.9"])
async def test_a_version_that_is_not_spoken(peer: Peer, version: bytes) -> None:
    """RFC 9110 section 15.6.6"""
    await peer.send(head(b"GET / " + version))
    assert (peer.statuses, peer.is_open) == ([505], False)


async def test_the_preface_of_http_2(peer: Peer) -> None:
    """RFC 9113 section 3.4"""
    await peer.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert (peer.statuses, peer.seen) == ([505], [])


async def test_a_minor_version_that_nobody_knows_is_1_1(peer: Peer) -> None:
    """RFC 9110 section 2.5"""
    await peer.send(head(b"GET / HTTP/1.2"))
    assert (peer.statuses, peer.is_open) == ([200], True)


async def test_connect_is_for_proxies(peer: Peer) -> None:
    """RFC 9112 section 3.2.3"""
    await peer.send(head(b"CONNECT x:443 HTTP/1.1"), b"tunnelled")
    assert (peer.statuses, peer.is_open) == ([501], False)


BAD_FIELDS = [
    (b"X : 1", "SPACE_BEFORE_COLON"),  # section 5.1
    (b"X\t: 1", "SPACE_BEFORE_COLON"),
    (b": 1", "BAD_HEADER"),
    (b"X", "BAD_HEADER"),
    (b"X Y: 1", "BAD_HEADER"),
    (b"X: 1\r\n folded", "FOLDED_HEADER"),  # section 5.2
    (b"X: 1\r\n\tfolded", "FOLDED_HEADER"),
    (b" X: 1", "FOLDED_HEADER"),
    (b"X: a\0b", "BAD_HEADER"),  # RFC 9110 section 5.5
    (b"X: a\x01b", "BAD_HEADER"),
    (b"X: a\x7fb", "BAD_HEADER"),
    (b"X: a\rb", "BARE_LINE_END"),  # section 2.2
    (b"X: a\nY: b", "BARE_LINE_END"),
    (b"X: a\n b: c", "BARE_LINE_END"),
    (b"X\xc3\xa4: 1", "BAD_HEADER"),
    (b"Host: x", "BAD_HOST"),  # section 3.2: with the one at the end there are two
    (b"host: y", "BAD_HOST"),
    (b"Content-Length: 1\r\nContent-Length: 2", "BAD_CONTENT_LENGTH"),  # section 6.3
    (b"Content-Length: 1\r\nContent-Length: 1", "BAD_CONTENT_LENGTH"),
    (b"Content-Length: 1, 1", "BAD_CONTENT_LENGTH"),
    (b"Content-Length: -1", "BAD_CONTENT_LENGTH"),
    (b"Content-Length: +1", "BAD_CONTENT_LENGTH"),
    (b"Content-Length: 0x1", "BAD_CONTENT_LENGTH"),
    (b"Content-Length: 1_0", "BAD_CONTENT_LENGTH"),
    (b"Content-Length: \xb2", "BAD_CONTENT_LENGTH"),
    (b"Content-Length: 1 1", "BAD_CONTENT_LENGTH"),
    (b"Content-Length:", "BAD_CONTENT_LENGTH"),
    (b"Content-Length: 18446744073709551616", "BAD_CONTENT_LENGTH"),
    (b"Transfer-Encoding: chunked\r\nContent-Length: 1", "AMBIGUOUS_LENGTH"),  # section 6.1
    (b"Content-Length: 1\r\nTransfer-Encoding: identity", "AMBIGUOUS_LENGTH"),
    (b"Transfer-Encoding: identity", "BAD_TRANSFER_ENCODING"),  # section 6.3
    (b"Transfer-Encoding: xchunked", "BAD_TRANSFER_ENCODING"),
    (b"Transfer-Encoding: chunked, identity", "BAD_TRANSFER_ENCODING"),
    (b"Transfer-Encoding: chunked, chunked", "BAD_TRANSFER_ENCODING"),
    (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "BAD_TRANSFER_ENCODING"),
    (b"Transfer-Encoding: \x0bchunked", "BAD_HEADER"),
    (b"Transfer-Encoding: chunked;q=1", "BAD_TRANSFER_ENCODING"),
    (b"Transfer-Encoding: chun\xefked", "BAD_TRANSFER_ENCODING"),
    (b"Transfer-Encoding:", "BAD_TRANSFER_ENCODING"),
]


@pytest.mark.parametrize(("lines", "code"), BAD_FIELDS, ids=[repr(lines) for lines, _ in BAD_FIELDS])
async def test_header_lines_that_are_none(peer: Peer, lines: bytes, code: str) -> None:
    """HTTP-039, HTTP-017; RFC 9112 sections 2.2, 3.2, 5.1, 5.2, 6.1 and 6.3"""
    smuggled = b"GET /smuggled HTTP/1.1\r\n" + END
    await peer.send(b"POST / HTTP/1.1\r\n" + lines + b"\r\n" + END + smuggled, smuggled)
    assert (peer.statuses, peer.codes) == ([400], [code])
    assert (peer.seen, peer.is_open) == ([], False)


@pytest.mark.parametrize("codings", [b"gzip, chunked", b"deflate,chunked"])
async def test_a_transfer_coding_that_nobody_knows(peer: Peer, codings: bytes) -> None:
    """RFC 9112 section 6.1"""
    await peer.send(head(b"POST / HTTP/1.1", b"Transfer-Encoding: " + codings) + b"0\r\n\r\n")
    assert (peer.statuses, peer.is_open) == ([501], False)


async def test_transfer_encoding_in_http_1_0(peer: Peer) -> None:
    """RFC 9112 section 6.1"""
    await peer.send(head(b"POST / HTTP/1.0", b"Transfer-Encoding: chunked") + b"0\r\n\r\n")
    assert (peer.statuses, peer.codes, peer.is_open) == ([400], ["AMBIGUOUS_LENGTH"], False)


@pytest.mark.parametrize("host", [b"[::1", b"a b", b"a/b", b"a@b", b"a:b", b"a:123456", b"\xff", b"a,b:1:2"])
async def test_hosts_that_are_none(peer: Peer, host: bytes) -> None:
    """HTTP-017; RFC 9112 section 3.2"""
    await peer.send(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
    assert (peer.statuses, peer.codes) == ([400], ["BAD_HOST"])


@pytest.mark.parametrize("host", [b"", b"a.example", b"a_b:80", b"127.0.0.1:3000", b"[::1]:3000", b"a:"])
async def test_hosts_that_are(peer: Peer, host: bytes) -> None:
    """RFC 9112 section 3.2"""
    await peer.send(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
    assert peer.statuses == [200]


async def test_a_request_without_host(peer: Peer, peers: "type[Peer]") -> None:
    """HTTP-017; RFC 9112 section 3.2: HTTP/1.0 may have none"""
    await peer.send(b"GET / HTTP/1.1\r\n\r\n")
    assert (peer.statuses, peer.codes) == ([400], ["BAD_HOST"])
    old = peers()
    await old.send(b"GET / HTTP/1.0\r\n\r\n")
    assert old.statuses == [200]


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"GET / HTTP/1.1\r\nHost: x\n\n",
        b"\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/1.1\r\nHost: x\r\r",
        b"GET / \x00",
    ],
)
async def test_what_cannot_become_a_head_is_refused_before_it_is_complete(peer: Peer, sent: bytes) -> None:
    """HTTP-039; RFC 9112 section 2.2"""
    await peer.send(sent)
    assert (peer.statuses, peer.is_open) == ([400], False)


async def test_an_empty_line_before_a_request_is_nothing(peer: Peer) -> None:
    """RFC 9112 section 2.2"""
    await peer.send(b"\r\n" + head(b"GET /a HTTP/1.1") + b"\r\n", head(b"GET /b HTTP/1.1"), b"\r", b"\n")
    assert peer.statuses == [200, 200]
    assert peer.is_open


LIMITS = Limits(request_line=100, head=200, headers=5)


@pytest.mark.parametrize("is_complete", [True, False])
@pytest.mark.parametrize(
    ("line", "fields", "status"),
    [
        (b"GET /" + b"a" * 86 + b" HTTP/1.1", b"", 200),
        (b"GET /" + b"a" * 200 + b" HTTP/1.1", b"", 414),
        (b"GET /?" + b"a" * 200 + b" HTTP/1.1", b"", 414),
        (b"GET http://a/" + b"a" * 200 + b" HTTP/1.1", b"", 414),
        (b"GET / HTTP/1.1", b"A: 1\r\n" * 4, 200),
        (b"GET / HTTP/1.1", b"A: 1\r\n" * 6, 431),
        (b"GET / HTTP/1.1", b"A: " + b"a" * 300 + b"\r\n", 431),
    ],
)
async def test_limits_of_heads(peers: "type[Peer]", line: bytes, fields: bytes, status: int, is_complete: bool) -> None:
    """HTTP-040; RFC 9112 section 3, RFC 6585 section 5: also when the end never comes"""
    peer = peers(LIMITS)
    sent = line + b"\r\n" + fields
    await peer.send(sent + END if is_complete else sent[:-1] if status == 414 else sent)
    if status == 200 and not is_complete:
        assert peer.statuses == []
    else:
        assert (peer.statuses, peer.is_open) == ([status], status == 200)


@pytest.mark.parametrize(("expected", "status"), [(b"100-Continue", 200), (b"200-ok", 417), (b"100-continue, x", 417)])
async def test_expectations(peer: Peer, expected: bytes, status: int) -> None:
    """HTTP-041; RFC 9110 section 10.1.1"""
    await peer.send(head(b"GET / HTTP/1.1", b"Expect: " + expected))
    assert peer.statuses == [status]
