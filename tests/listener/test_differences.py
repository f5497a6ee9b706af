"""The same bytes to our listener, however they are cut, and to the parsers of others: nobody sees other requests.

A request that one side sees and the other sees otherwise is what smuggling is made of. That ours refuses what others
accept is its purpose; what it accepts and they refuse is listed here with the reason. 20,000 streams by default; set
``MAINSPRING_FUZZ`` to another number for as many.
"""

import asyncio
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import h11
import httptools
import pytest
from tests.listener.conftest import Peer

from mainspring.listener import Limits

STREAMS = int(os.environ.get("MAINSPRING_FUZZ", "20000"))
SHARES = 8  # tests among which they are divided

BASES = [
    b"GET /a?b=c HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n",
    b"HEAD /h HTTP/1.1\r\nHost: x:80\r\nConnection: keep-alive\r\n\r\n",
    b"GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"GET http://y/abs?q HTTP/1.1\r\nHost: y\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
    b"PUT /q HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
    b"POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
    b"POST /t HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nT: 1\r\n\r\n",
    b"DELETE /z HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
]
BITS = [
    b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\0", b"\x7f", b"\xff", b";", b",", b"0", b"1", b"a", b"#", b"\x0b",
    b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: identity\r\n", b"Transfer-Encoding : chunked\r\n",
    b"Content-Length: 5\r\n", b"Content-Length: 0\r\n", b"Content-Length: +5\r\n", b" folded\r\n", b"Host: evil\r\n",
    b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n", b"0\r\n\r\n", b"\r\n\r\n",
    b"Connection: close\r\n", b"Expect: 100-continue\r\n", b"chunked, chunked", b"X: \xe4\r\n", b"0x5", b"-1",
    b"fffffffffffffffff",
]  # fmt: skip

Request = tuple[str, bytes, bytes]


def stream(chance: random.Random) -> bytes:
    """One to three requests, with none to four mutations."""
    data = bytearray(b"".join(chance.choices(BASES, k=chance.randint(1, 3))))
    for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3, 4))):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.choice((1, 1, 2, 5, 20)))
        kind = chance.randrange(6)
        if kind == 0:
            data[at:at] = chance.choice(BITS)
        elif kind == 1:
            del data[at:end]
        elif kind == 2:
            data[at:end] = chance.choice(BITS)
        elif kind == 3:
            data[at:at] = data[at:end]
        elif kind == 4:  # a line between two others, where it means most
            lines = [index + 2 for index in range(len(data)) if data.startswith(b"\r\n", index)]
            if lines:
                place = chance.choice(lines)
                data[place:place] = chance.choice(BITS)
        else:
            data[at : at + 1] = bytes([chance.randrange(256)])
    return bytes(data)


def cuts(chance: random.Random, data: bytes) -> list[list[bytes]]:
    """The stream as a whole, byte by byte, and in two or three pieces."""
    places = sorted(chance.sample(range(len(data) + 1), k=min(2, len(data))))
    pieces = [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]
    return [
        [data] if data else [],
        [data[at : at + 1] for at in range(len(data))],
        [piece for piece in pieces if piece],
    ]


LIMITS = Limits(headers_timeout=1000, keep_alive_timeout=1000, linger=1000)


@dataclass
class Ours:
    """The requests our listener sees, its final answers, and whether the connection is open.

    Attributes:
        asked: The methods of all requests that were begun, those with a broken body included.
        written: What it wrote; the date and the pieces of it are not compared.
    """

    found: list[Request]
    statuses: list[int]
    is_open: bool
    asked: list[str] = field(compare=False)
    written: bytes = field(compare=False)


async def ours(pieces: list[bytes]) -> Ours:
    """What our listener makes of pieces."""
    peer = Peer(LIMITS)
    for piece in pieces:
        if not peer.wire.is_closed:
            peer.connection.data_received(piece)
    for _ in range(2):
        await peer.turn()
    found = [
        (seen.method, seen.path + (b"?" + seen.query if seen.query else b""), seen.body)
        for seen in peer.seen
        if seen.error is None
    ]
    statuses = [status for status in peer.statuses if status >= 200]
    is_open = peer.is_open
    peer.connection.abort()
    await asyncio.sleep(0)
    return Ours(found, statuses, is_open, [seen.method for seen in peer.seen], bytes(peer.wire.written))


def strict_client(whole: Ours) -> list[int]:
    """The statuses that h11 reads as a client that has made the requests, and perhaps one more that was refused.

    Raises:
        h11.RemoteProtocolError: What was written is no sequence of answers to them.
    """
    connection = h11.Connection(h11.CLIENT)
    if whole.written:  # nothing at all means the end to h11
        connection.receive_data(whole.written)
    statuses = []
    for method in [*whole.asked, "GET"]:
        connection.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
        connection.send(h11.EndOfMessage())
        while isinstance(event := connection.next_event(), h11.InformationalResponse | h11.Response | h11.Data):
            if isinstance(event, h11.Response):
                statuses.append(event.status_code)
        if event is h11.NEED_DATA and not whole.is_open:
            connection.receive_data(b"")
            event = connection.next_event()
        if not isinstance(event, h11.EndOfMessage) or connection.our_state is h11.MUST_CLOSE:
            break
        if connection.their_state is not h11.DONE:
            break
        connection.start_next_cycle()
    assert not any(connection.trailing_data[0]), connection.trailing_data
    return statuses


class Httptools:
    """What llhttp sees; it ends at what it refuses."""

    def __init__(self, data: bytes) -> None:
        self.found: list[Request] = []
        self._parser: Any = httptools.HttpRequestParser(self)
        self.is_refused = self.is_ended = False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.is_ended = True
        except httptools.HttpParserError:
            self.is_refused = True

    def on_message_begin(self) -> None:
        self._target = self._body = b""

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self.found.append((self._parser.get_method().decode(), self._target, self._body))


class H11:
    """What h11 sees; it ends at what it refuses."""

    def __init__(self, data: bytes) -> None:
        self.found: list[Request] = []
        self.is_refused = self.is_ended = False
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=65536)
        connection.receive_data(data)
        try:
            self._read(connection)
        except h11.RemoteProtocolError:
            self.is_refused = True

    def _read(self, connection: Any) -> None:
        head, body = None, b""
        while (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            if isinstance(event, h11.Request):
                head, body = event, b""
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                assert head is not None
                self.found.append((head.method.decode(), bytes(head.target), body))
                connection.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
                connection.send(h11.EndOfMessage())
                if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                    self.is_ended = True
                    return
                connection.start_next_cycle()
            else:
                return


def local(request: Request) -> Request:
    """The same with the absolute form as the path it means (RFC 9112 section 3.2.2); an empty query is none."""
    method, target, body = request
    for scheme in (b"http://", b"https://"):
        if target.lower().startswith(scheme):
            rest = target[len(scheme) :]
            ends = [at for at in (rest.find(b"/"), rest.find(b"?")) if at >= 0]
            target = rest[min(ends) :] if ends else b"/"
            target = target if target.startswith(b"/") else b"/" + target
    path, _, query = target.partition(b"?")
    return method, target if query else path, body


def has_other_minor(data: bytes, _: Request) -> bool:
    return any(b"HTTP/1.%d" % minor in data for minor in range(2, 10))


def has_blanks_in_chunks(data: bytes, _: Request) -> bool:
    return b"chunked" in data.lower() and b";" in data


def has_empty_line(data: bytes, _: Request) -> bool:
    return any(each in data for each in (b"\r\n\r\n\r\n", b"hello\r\n", b"abc\r\n")) or data.startswith(b"\r\n")


KNOWN = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE"}

#: Why ours sees a request that the other refuses.
ACCEPTED: dict[str, list[tuple[str, Callable[[bytes, Request], bool]]]] = {
    "httptools": [
        ("it knows a list of methods, and no other", lambda _, request: request[0] not in KNOWN),
        ("it knows no minor version but 0 and 1", has_other_minor),
        ("it reads a target as a URL", lambda _, request: not request[1].startswith(b"/")),
        (
            "it takes nothing behind a message that closes, not even an empty line",
            lambda data, _: b"close" in data.lower(),
        ),
    ],
    "h11": [
        ("it knows no minor version but 0 and 1", has_other_minor),
        ("it refuses blanks around the extensions of chunks", has_blanks_in_chunks),
        ("it reads no empty line before a request", has_empty_line),
    ],
}


def sees(name: str, other: Any, data: bytes, whole: Ours) -> bool:
    """Whether another sees what ours does, as far as it can.

    Raises:
        AssertionError: It sees something else.
    """
    found, theirs = whole.found, [local(request) for request in other.found]
    both = min(len(found), len(theirs))
    assert found[:both] == theirs[:both], f"{name} sees otherwise"
    # What ours has refused, or will not read since the connection ends, the others may see.
    assert len(theirs) == both or not whole.is_open, f"{name} alone sees"
    return len(found) == both or other.is_ended or any(holds(data, found[both]) for _, holds in ACCEPTED[name])


@pytest.mark.parametrize("share", range(SHARES))
async def test_however_it_is_cut_and_whoever_reads_it(share: int) -> None:
    """HTTP-038, HTTP-039; RFC 9112 section 11.2"""
    chance = random.Random(share)
    for number in range(STREAMS // SHARES):
        data = stream(chance)
        whole, *others = [await ours(pieces) for pieces in cuts(chance, data)]
        assert [other == whole for other in others] == [True] * len(others), (share, number, data, whole, others)
        assert strict_client(whole) == whole.statuses, (share, number, data, whole)
        theirs = {"httptools": Httptools(data), "h11": H11(data)}
        # One that agrees is enough: what both refuse, ours must have a reason to accept.
        agreed = [sees(name, other, data, whole) for name, other in theirs.items()]
        assert any(agreed), (share, number, data, whole, [other.found for other in theirs.values()])


async def test_the_others_see_what_is_well_formed() -> None:
    """The comparison compares something."""
    data = b"".join(base for base in BASES if b"HTTP/1.0" not in base)  # h11 closes after those
    whole = await ours([data])
    assert [local(request) for request in Httptools(data).found] == whole.found
    assert [local(request) for request in H11(data).found] == whole.found
    assert (whole.statuses, whole.is_open) == ([200] * (len(BASES) - 1), False)


async def test_at_every_boundary() -> None:
    """HTTP-038: two pieces, wherever the second begins"""
    for base in BASES:
        data = base + BASES[0]
        whole = await ours([data])
        assert len(whole.found) == 2 - (not whole.is_open and len(whole.found) == 1)
        for at in range(1, len(data)):
            assert await ours([data[:at], data[at:]]) == whole, (data, at)
