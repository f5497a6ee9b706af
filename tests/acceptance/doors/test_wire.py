"""What only a socket shows: connections that persist, framing, heads that are none, limits, and clients that wait."""

import asyncio
import contextlib

import pytest
from tests.acceptance.doors.conftest import Site
from tests.acceptance.doors.talking import PATIENCE, Answer, Wire

GET = b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


class Raw:
    """A connection on which bytes are sent as they are, and answers read one after the other."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._data = b""

    @classmethod
    async def to(cls, site: Site) -> "Raw":
        return cls(await site.connect())

    def send(self, data: bytes) -> None:
        self._wire.transport.write(data)

    def end(self) -> None:
        """Send no more."""
        self._wire.transport.write_eof()

    async def _more(self) -> None:
        data = await self._wire.take()
        assert data, f"it ended in {self._data!r}"
        self._data += data

    async def _until(self, mark: bytes) -> bytes:
        while mark not in self._data:
            await self._more()
        found, _, self._data = self._data.partition(mark)
        return found + mark

    async def _exactly(self, size: int) -> bytes:
        while len(self._data) < size:
            await self._more()
        found, self._data = self._data[:size], self._data[size:]
        return found

    async def answer(self, *, has_body: bool = True) -> Answer:
        """The next answer."""
        async with asyncio.timeout(PATIENCE):
            head = (await self._until(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.rstrip("\r\n").split("\r\n")
            pairs = [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines)]
            answer = Answer(int(first.split(" ")[1]), pairs)
            if answer.header("transfer-encoding") == "chunked" and has_body:
                while size := int(await self._until(b"\r\n"), 16):
                    answer.body += (await self._exactly(size + 2))[:-2]
                await self._until(b"\r\n")
            elif has_body and answer.status >= 200:
                answer.body = await self._exactly(int(answer.header("content-length") or 0))
            return answer

    async def rest(self, patience: float = PATIENCE) -> bytes:
        """Everything until the other side closes."""
        async with asyncio.timeout(patience):
            while more := await self._wire.take():
                self._data += more
            return self._data


async def said(site: Site, *pieces: bytes) -> bytes:
    """Everything that is answered to bytes until the server closes."""
    raw = await Raw.to(site)
    for piece in pieces:
        raw.send(piece)
        await asyncio.sleep(0.01)
    return await raw.rest(patience=6)  # at once, and not when some timer has run out


async def refused(site: Site, data: bytes, status: int) -> bytes:
    """Bytes are refused, and nothing that follows is read; gives the answer."""
    answered = await said(site, data + LAST)
    assert answered.startswith(b"HTTP/1.1 %d " % status), answered[:200]
    assert answered.count(b"HTTP/1.1 ") == 1
    return answered


def head(*lines: bytes) -> bytes:
    """A GET with header lines."""
    return b"".join(line + b"\r\n" for line in (b"GET /hello HTTP/1.1", b"Host: x", *lines)) + b"\r\n"


# Connections


async def test_a_connection_persists(wire):
    """HTTP-038"""
    raw = await Raw.to(wire)
    for _ in range(3):
        raw.send(GET)
        assert (await raw.answer()).body == b'{"hello":"world"}'


async def test_the_client_ends_it(wire):
    """HTTP-038"""
    raw = await Raw.to(wire)
    raw.send(LAST + GET)
    answer = await raw.answer()
    assert answer.header("connection") == "close"
    assert await raw.rest() == b""


async def test_requests_are_answered_in_their_order(wire):
    """HTTP-038"""
    raw = await Raw.to(wire)
    raw.send(b"".join(b"GET /items/%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(20)))
    assert [(await raw.answer()).json()[0] for _ in range(20)] == [*range(20)]


async def test_a_connection_persists_as_long_as_the_client_wants(wire):
    """HTTP-038"""
    raw = await Raw.to(wire)
    for _ in range(11):
        raw.send(GET * 100)
        for _ in range(100):
            assert (await raw.answer()).status == 200


async def test_one_byte_after_the_other(wire):
    """HTTP-038"""
    raw = await Raw.to(wire)
    for byte in GET:
        raw.send(bytes([byte]))
        await asyncio.sleep(0)
    assert (await raw.answer()).status == 200


async def test_an_old_client(wire):
    """HTTP-038"""
    raw = await Raw.to(wire)
    raw.send(b"GET /hello HTTP/1.0\r\n\r\n")
    assert (await raw.answer()).status == 200
    assert await raw.rest() == b""


async def test_an_old_client_that_stays(wire):
    """HTTP-038"""
    raw = await Raw.to(wire)
    for _ in range(2):
        raw.send(b"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert (await raw.answer()).header("connection") == "keep-alive"


async def test_an_idle_connection_is_closed(open_wire):
    """HTTP-038"""
    raw = await Raw.to(await open_wire(keep_alive_timeout=0.2))
    raw.send(GET)
    await raw.answer()
    assert await raw.rest() == b""


async def test_a_client_that_sends_no_more_is_answered(wire):
    """HTTP-038; RFC 9112 section 9.6"""
    raw = await Raw.to(wire)
    raw.send(LAST)
    raw.end()
    assert (await raw.answer()).body == b'{"hello":"world"}'


async def test_empty_lines_before_a_request(wire):
    """HTTP-039; RFC 9112 section 2.2"""
    raw = await Raw.to(wire)
    raw.send(b"\r\n" + GET)
    assert (await raw.answer()).status == 200


async def test_a_request_behind_a_body_that_nobody_read(wire):
    """REST-138, HTTP-038"""
    raw = await Raw.to(wire)
    raw.send(b"POST /ignores HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n" + b"x" * 50000 + GET)
    assert (await raw.answer()).body == b"ignored"
    assert (await raw.answer()).body == b'{"hello":"world"}'


# Framing


async def test_a_date(wire):
    """HTTP-043"""
    assert ((await wire.get("/hello")).header("date") or "").endswith(" GMT")


async def test_a_stream_is_chunked(wire):
    """HTTP-042"""
    answer = await wire.get("/numbers")
    assert (answer.header("transfer-encoding"), answer.body) == ("chunked", b"0;1;2;")


async def test_a_stream_to_an_old_client_ends_with_the_connection(wire):
    """HTTP-042"""
    answered = await said(wire, b"GET /numbers HTTP/1.0\r\n\r\n")
    assert b"transfer-encoding" not in answered.lower()
    assert answered.endswith(b"\r\n\r\n0;1;2;")


async def test_a_head_says_what_get_would(wire):
    """HTTP-001"""
    raw = await Raw.to(wire)
    raw.send(b"HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
    assert (await raw.answer(has_body=False)).header("content-length") == "17"
    assert (await raw.answer()).body == b'{"hello":"world"}'


async def test_chunks_with_extensions_and_trailers(wire):
    """HTTP-039; RFC 9112 section 7.1"""
    raw = await Raw.to(wire)
    raw.send(b"PUT /octets HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\n")
    raw.send(b"Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\n" + GET)
    assert (await raw.answer()).body == b"13"
    assert (await raw.answer()).status == 200


# 100


EXPECTING = b"PUT %b HTTP/1.1\r\nHost: x\r\nContent-Type: %b\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"


async def test_a_client_that_waits_before_its_body(wire):
    """HTTP-041"""
    raw = await Raw.to(wire)
    raw.send(EXPECTING % (b"/octets", b"application/octet-stream"))
    assert (await raw.answer()).status == 100
    raw.send(b"hello")
    answer = await raw.answer()
    assert (answer.status, answer.body) == (200, b"5")


@pytest.mark.parametrize(("target", "kind", "status"), [("/absent", "text/csv", 404), ("/octets", "text/csv", 415)])
async def test_a_client_that_is_refused_before_its_body(wire, target, kind, status):
    """HTTP-041"""
    raw = await Raw.to(wire)
    raw.send(EXPECTING % (target.encode(), kind.encode()))
    assert (await raw.answer()).status == status


async def test_an_expectation_that_nobody_knows(wire):
    """HTTP-041"""
    assert (await said(wire, head(b"Expect: 200-ok", b"Connection: close"))).startswith(b"HTTP/1.1 417 ")


# Heads that are none


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"GET  /hello HTTP/1.1\r\nHost: x\r\n\r\n", "BAD_REQUEST_LINE"),
        (b"GET /hello\r\nHost: x\r\n\r\n", "BAD_REQUEST_LINE"),
        (b"G\xc4T /hello HTTP/1.1\r\nHost: x\r\n\r\n", "BAD_REQUEST_LINE"),
        (head(b"A : b"), "SPACE_BEFORE_COLON"),
        (head(b"A: b", b" c"), "FOLDED_HEADER"),
        (head(b"A"), "BAD_HEADER"),
        (head(b"A: \0"), "BAD_HEADER"),
        (head(b"Content-Length: 1", b"Content-Length: 2"), "BAD_CONTENT_LENGTH"),
        (head(b"Content-Length: +1"), "BAD_CONTENT_LENGTH"),
        (head(b"Transfer-Encoding: chunked", b"Content-Length: 1"), "AMBIGUOUS_LENGTH"),
        (head(b"Transfer-Encoding: chunked, chunked"), "BAD_TRANSFER_ENCODING"),
        (b"GET /hello HTTP/1.1\nHost: x\n\n", "BAD_REQUEST_LINE"),
    ],
    ids=["spaces", "version", "octet", "colon", "folded", "line", "nul", "lengths", "sign", "both", "twice", "newline"],
)
async def test_what_is_no_request(wire, data, code):
    """HTTP-039"""
    answered = await refused(wire, data, 400)
    assert wire.door != "mainspring" or code.encode() in answered


@pytest.mark.parametrize(
    "chunks",
    [b"x\r\nabc\r\n", b"-3\r\nabc\r\n", b"3\r\nabcX\r\n", b"fffffffffffffffff\r\nabc", b"3\nabc\r\n"],
    ids=["letter", "sign", "length", "huge", "newline"],
)
async def test_chunks_that_are_none(wire, chunks):
    """HTTP-039"""
    data = b"PUT /octets HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\n"
    await refused(wire, data + b"Transfer-Encoding: chunked\r\n\r\n" + chunks, 400)


@pytest.mark.parametrize(
    "data",
    [
        b"GET /hello HTTP/1.1\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nHost: x y\r\n\r\n",
    ],
    ids=["none", "two", "malformed"],
)
async def test_hosts(wire, data):
    """HTTP-017"""
    await refused(wire, data, 400)


async def test_a_version_that_is_not_spoken(wire):
    """HTTP-039; RFC 9110 section 15.6.6"""
    await refused(wire, b"GET /hello HTTP/3.0\r\nHost: x\r\n\r\n", 505)


async def test_a_refusal_is_an_error_like_any_other(wire):
    """ERR-001"""
    assert b"application/problem+json" in await refused(wire, head(b"Content-Length: x"), 400)


# Limits


async def test_a_long_request_line(wire):
    """HTTP-040"""
    await refused(wire, b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414)


async def test_many_header_lines(wire):
    """HTTP-040"""
    await refused(wire, head(*[b"A: b"] * 150), 431)


async def test_long_header_lines(wire):
    """HTTP-040"""
    await refused(wire, head(*[b"A: " + b"x" * 1000] * 40), 431)


async def test_a_head_that_is_never_complete(open_wire):
    """HTTP-040"""
    wire = await open_wire(headers_timeout=0.3)
    raw = await Raw.to(wire)
    raw.send(GET[:-2])
    answered = await raw.rest()
    assert answered == b"" or answered.startswith(b"HTTP/1.1 408 ")


async def test_no_more_connections_than_there_may_be(open_wire):
    """HTTP-040"""
    wire = await open_wire(max_connections=2)
    held = [await Raw.to(wire) for _ in range(2)]
    for raw in held:
        raw.send(GET)
        await raw.answer()
    raw = await Raw.to(wire)
    raw.send(LAST)
    with contextlib.suppress(TimeoutError):  # it waits
        assert (await asyncio.wait_for(raw.answer(), 0.5)).status == 503


async def test_a_thousand_idle_connections_leave_others_alone(wire):
    """HTTP-050"""
    held = [await Raw.to(wire) for _ in range(1000 if wire.door == "mainspring" else 200)]
    for raw in held[:50]:
        raw.send(GET)
        await raw.answer()
    assert (await wire.get("/hello")).status == 200
