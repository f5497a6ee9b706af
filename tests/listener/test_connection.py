"""One connection: requests in order, bodies, answers, time, and peers that leave."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.listener.conftest import Peer

from mainspring.http import format_http_date
from mainspring.listener import Body, Connection, Head, IncompleteResponseError, Limits, PeerGoneError

Peers = Callable[..., Peer]
HOST = b"Host: x\r\n"


def get(path: bytes = b"/", *lines: bytes, version: bytes = b"1.1", method: bytes = b"GET") -> bytes:
    return (
        method
        + b" "
        + path
        + b" HTTP/"
        + version
        + b"\r\n"
        + HOST
        + b"".join(line + b"\r\n" for line in lines)
        + b"\r\n"
    )


def post(body: bytes, *lines: bytes, path: bytes = b"/") -> bytes:
    return get(path, b"Content-Length: %d" % len(body), *lines, method=b"POST") + body


def bodies(written: bytes) -> list[bytes]:
    return re.findall(rb"\r\n\r\n(\d+ /[a-z0-9]*)", written)


# Requests in order


async def test_an_answer_on_the_wire(peer: Peer) -> None:
    """HTTP-043, HTTP-020"""
    answer = await peer.send(get(b"/a"))
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert set(lines) == {b"content-length", b"date"}
    assert body == b"1 /a"
    assert re.fullmatch(rb"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", lines[b"date"])


async def test_the_date_is_of_this_second(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP-043"""
    found = []
    for moment in (1e9, 2e9):
        monkeypatch.setattr("mainspring.listener.responses.time", lambda moment=moment: moment)
        peer.service.clock.until = 0  # the second is over
        found.append(await peer.send(get()))
        assert format_http_date(moment).encode() in found[-1]


async def test_connections_persist(peer: Peer) -> None:
    """HTTP-038"""
    for number in range(3):
        assert bodies(await peer.send(get(b"/%d" % number))) == [b"%d /%d" % (number + 1, number)]
    assert peer.is_open


async def test_pipelined_requests_are_answered_in_order(peers: Peers) -> None:
    """HTTP-038"""
    gates = [asyncio.Event() for _ in range(3)]

    async def serve(connection: Connection, head: Head, body: Body | None) -> None:
        await gates[int(head.path[1:])].wait()
        connection.send(200, [(b"content-length", b"%d" % len(head.path))], head.path)

    peer = peers(serve=serve)
    for gate in gates[1:]:
        gate.set()
    await peer.send(get(b"/0") + get(b"/1") + get(b"/2"))
    assert peer.statuses == []
    gates[0].set()
    await peer.turn()
    assert re.findall(rb"\r\n\r\n(/\d)", bytes(peer.wire.written)) == [b"/0", b"/1", b"/2"]


async def test_each_request_has_a_task_of_its_own(peers: Peers) -> None:
    tasks = []

    async def serve(connection: Connection, head: Head, body: Body | None) -> None:
        assert asyncio.current_task() is connection.task
        tasks.append(asyncio.current_task())
        async with asyncio.timeout(10):
            await asyncio.sleep(0)
        connection.send(204, [], b"")

    peer = peers(serve=serve)
    await peer.send(get() + get())
    assert len(set(tasks)) == 2


async def test_tasks_are_made_as_the_loop_is_told_to(peers: Peers) -> None:
    """Whatever the loop was told while the connection is open."""

    class Own(asyncio.Task[None]):
        pass

    kinds = []

    async def serve(connection: Connection, head: Head, body: Body | None) -> None:
        kinds.append(type(asyncio.current_task()))
        connection.send(204, [], b"")

    peer = peers(serve=serve)
    loop = asyncio.get_running_loop()
    await peer.send(get())
    loop.set_task_factory(lambda loop, coroutine, **how: Own(coroutine, loop=loop, **how))
    try:
        await peer.send(get())
    finally:
        loop.set_task_factory(None)
    await peer.send(get())
    assert kinds == [asyncio.Task, Own, asyncio.Task]


@pytest.mark.parametrize(
    ("version", "connection", "stays"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: close", False),
        (b"1.1", b"Connection: a, CLOSE", False),
        (b"1.0", b"", False),
        (b"1.0", b"Connection: Keep-Alive", True),
        (b"1.0", b"Connection: keep-alive, close", False),
    ],
)
async def test_who_closes_the_connection(peer: Peer, version: bytes, connection: bytes, stays: bool) -> None:
    """HTTP-038; RFC 9112 section 9.3"""
    lines = [connection] if connection else []
    answer = await peer.send(get(b"/", *lines, version=version) + get(b"/smuggled"))
    assert (b"connection: close\r\n" in answer) is not stays
    assert (b"connection: keep-alive\r\n" in answer) is (stays and version == b"1.0")
    assert len(peer.seen) == (2 if stays else 1)
    assert peer.is_open is stays


# Bodies


async def test_a_body_of_known_length_in_any_pieces(peer: Peer) -> None:
    sent = post(b"0123456789") + post(b"ab") + get(b"/last")
    await peer.send(*(bytes([byte]) for byte in sent))
    assert [seen.body for seen in peer.seen] == [b"0123456789", b"ab", b""]
    assert peer.statuses == [200] * 3


async def test_a_body_is_read_as_it_comes(peers: Peers) -> None:
    """HTTP-048"""
    pieces: list[bytes | None] = []

    async def serve(connection: Connection, head: Head, body: Body | None) -> None:
        assert body is not None
        while (piece := await body.read()) is not None:
            pieces.append(piece)
        assert await body.read() is None
        connection.send(204, [], b"")

    peer = peers(serve=serve)
    await peer.send(post(b"0123456789")[:-7])
    assert pieces == [b"012"]
    await peer.send(b"3456", b"789")
    assert pieces == [b"012", b"3456", b"789"]
    assert peer.statuses == [204]


async def test_a_body_that_nobody_reads_yet_holds_the_socket_back(peers: Peers) -> None:
    """HTTP-048"""
    gate = asyncio.Event()

    async def serve(connection: Connection, head: Head, body: Body | None) -> None:
        assert body is not None
        await gate.wait()
        size = 0
        while (piece := await body.read()) is not None:
            size += len(piece)
        connection.send(200, [(b"content-length", b"4")], b"%d" % size)

    peer = peers(Limits(buffer=1000), serve)
    await peer.send(get(b"/", b"Content-Length: 4000", method=b"POST"), b"x" * 600)
    assert peer.wire.is_reading
    await peer.send(b"x" * 600)
    assert not peer.wire.is_reading
    gate.set()
    await peer.turn()
    assert peer.wire.is_reading
    await peer.send(b"x" * 2800)
    assert peer.wire.written.endswith(b"4000")


async def test_requests_that_nobody_answers_yet_hold_the_socket_back(peers: Peers) -> None:
    """HTTP-048"""
    gate = asyncio.Event()

    async def serve(connection: Connection, head: Head, body: Body | None) -> None:
        await gate.wait()
        connection.send(204, [], b"")

    peer = peers(Limits(buffer=1000), serve)
    await peer.send(get(), get() * 50)
    assert not peer.wire.is_reading
    gate.set()
    for _ in range(20):
        await peer.turn()
    assert peer.wire.is_reading
    assert len(peer.statuses) == 51


@pytest.mark.parametrize("chunked", [True, False])
async def test_100_is_said_when_the_body_is_wanted(peers: Peers, chunked: bool) -> None:
    """HTTP-041; RFC 9110 section 10.1.1"""
    gate = asyncio.Event()

    async def serve(connection: Connection, head: Head, body: Body | None) -> None:
        assert body is not None
        await gate.wait()
        connection.say_continue()
        connection.say_continue()
        assert await body.read() == b"a"
        connection.send(204, [], b"")

    peer = peers(serve=serve)
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 1"
    assert await peer.send(get(b"/", length, b"Expect: 100-continue", method=b"POST")) == b""
    gate.set()
    assert await peer.send() == b""
    await peer.turn()
    assert bytes(peer.wire.written) == b"HTTP/1.1 100 Continue\r\n\r\n"
    await peer.send(b"1\r\na\r\n0\r\n\r\n" if chunked else b"a")
    assert peer.statuses == [100, 204]
    assert peer.is_open


async def refusing(connection: Connection, head: Head, body: Body | None) -> None:
    connection.send(413, [(b"content-length", b"0")], b"")


async def test_who_waited_for_100_and_is_refused_gets_no_100(peers: Peers) -> None:
    """HTTP-041: whether the body comes all the same nobody can know, so the connection ends"""
    peer = peers(serve=refusing)
    answer = await peer.send(get(b"/", b"Content-Length: 1", b"Expect: 100-continue", method=b"POST"))
    assert (peer.statuses, peer.is_open) == ([413], False)
    assert b"connection: close\r\n" in answer


async def test_a_short_body_that_nobody_wanted_is_read_for_nothing(peers: Peers) -> None:
    """RFC 9112 section 9.3"""
    peer = peers(serve=refusing)
    await peer.send(get(b"/", b"Content-Length: 6", method=b"POST") + b"GET", b" /\r", get())
    assert (peer.statuses, peer.is_open) == ([413, 413], True)


async def test_a_long_body_that_nobody_wanted_ends_the_connection(peers: Peers) -> None:
    """RFC 9112 sections 9.3 and 9.6: and what comes meanwhile is listened to, so that the answer is not lost"""
    peer = peers(Limits(drain=100), refusing)
    answer = await peer.send(get(b"/", b"Content-Length: 101", method=b"POST"))
    assert b"connection: close\r\n" in answer
    assert peer.wire.is_half_closed
    await peer.send(b"x" * 101 + get())
    assert peer.statuses == [413]
    assert not peer.wire.is_closed
    peer.end()
    await peer.turn()
    assert peer.wire.is_closed
    assert not peer.wire.is_aborted


async def test_chunks_that_nobody_wanted_end_the_connection_when_they_get_too_many(peers: Peers) -> None:
    """RFC 9112 section 9.3"""
    peer = peers(Limits(drain=100), refusing)
    answer = await peer.send(get(b"/", b"Transfer-Encoding: chunked", method=b"POST"))
    assert b"connection: close" not in answer
    await peer.send(b"50\r\n" + b"x" * 80 + b"\r\n")
    assert peer.is_open
    await peer.send(b"50\r\n" + b"x" * 80 + b"\r\n")
    assert (peer.statuses, peer.is_open) == ([413], False)


async def test_chunks_that_nobody_wanted_and_are_none_end_it_too(peers: Peers) -> None:
    """HTTP-039"""
    peer = peers(serve=refusing)
    await peer.send(get(b"/", b"Transfer-Encoding: chunked", method=b"POST"), b"zz\r\n" + get())
    assert (peer.statuses, peer.is_open) == ([413], False)


# Answers


def answering(*steps: Any) -> Any:
    """Writes a head and pieces."""

    async def serve(connection: Connection, head: Head, body: Body | None) -> None:
        status, lines, *pieces = steps
        try:
            connection.start(status, lines)
            for piece in pieces[:-1]:
                connection.write(piece, more=True)
            connection.write(pieces[-1], more=False)
        except BaseException:
            connection.abort()
            raise

    return serve


async def test_a_body_of_unknown_length_goes_out_in_chunks(peers: Peers) -> None:
    """HTTP-042; RFC 9112 section 7.1: an empty piece is not the last one"""
    peer = peers(serve=answering(200, [], b"ab", b"", b"c" * 17, b""))
    answer = await peer.send(get())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head
    assert body == b"2\r\nab\r\n11\r\n" + b"c" * 17 + b"\r\n0\r\n\r\n"
    assert peer.is_open


async def test_the_last_piece_may_hold_something(peers: Peers) -> None:
    """HTTP-042"""
    peer = peers(serve=answering(200, [], b"ab"))
    assert (await peer.send(get())).endswith(b"\r\n\r\n2\r\nab\r\n0\r\n\r\n")


async def test_in_http_1_0_the_end_of_the_connection_is_its_end(peers: Peers) -> None:
    """HTTP-042"""
    peer = peers(serve=answering(200, [], b"ab", b"c"))
    answer = await peer.send(get(b"/", b"Connection: keep-alive", version=b"1.0"))
    assert b"transfer-encoding" not in answer
    assert b"connection: close" in answer
    assert answer.endswith(b"\r\n\r\nabc")
    assert peer.wire.is_closed


@pytest.mark.parametrize("lines", [[(b"content-length", b"5")], []])
async def test_head_has_no_body(peers: Peers, lines: list[tuple[bytes, bytes]]) -> None:
    """HTTP-001; RFC 9110 section 9.3.2"""
    peer = peers(serve=answering(200, lines, b""))
    answer = await peer.send(get(method=b"HEAD"))
    assert answer.endswith(b"\r\n\r\n")
    assert answer.count(b"\r\n\r\n") == 1
    assert (b"content-length: 5" if lines else b"transfer-encoding: chunked") in answer
    assert peer.is_open


@pytest.mark.parametrize(("status", "length"), [(204, None), (304, b"5")])
async def test_statuses_without_a_body(peers: Peers, status: int, length: bytes | None) -> None:
    """RFC 9112 section 6.1, RFC 9110 section 8.6"""
    peer = peers(serve=answering(status, [(b"content-length", length)] if length else [], b""))
    answer = await peer.send(get())
    assert b"transfer-encoding" not in answer
    assert answer.endswith(b"\r\n\r\n")
    assert (b"content-length: 5" in answer) is (status == 304)
    assert peer.is_open


@pytest.mark.parametrize("pieces", [[b"abcdef"], [b"abc", b"def"], [b"abc"], [b"abc", b""]])
async def test_a_body_that_is_not_as_long_as_it_said_cuts_the_connection(peers: Peers, pieces: list[bytes]) -> None:
    """HTTP-022"""
    peer = peers(serve=answering(200, [(b"content-length", b"5")], *pieces))
    with pytest.raises(IncompleteResponseError, match="set the length"):
        await peer.send(get())
    assert peer.wire.is_aborted


@pytest.mark.parametrize("line", [(b"x", b"a\r\nb: c"), (b"x", b"a\nb"), (b"x\r\n", b"a"), (b"x", b"\0")])
async def test_a_line_that_would_be_two_reaches_no_wire(peers: Peers, line: tuple[bytes, bytes]) -> None:
    """HTTP-015; RFC 9110 section 5.5"""
    peer = peers(serve=answering(200, [line], b""))
    with pytest.raises(ValueError, match="leave it out"):
        await peer.send(get())
    assert peer.wire.written == b""
    assert peer.wire.is_aborted


async def test_what_is_for_the_connection_alone_is_ours_to_say(peers: Peers) -> None:
    """RFC 9110 section 7.6.1"""
    lines = [(b"transfer-encoding", b"chunked"), (b"connection", b"close"), (b"keep-alive", b"timeout=5"), (b"a", b"b")]
    peer = peers(serve=answering(200, lines, b"ab"))
    answer = await peer.send(get())
    assert answer.count(b"transfer-encoding") == answer.count(b"connection: close") == answer.count(b"a: b") == 1
    assert b"keep-alive" not in answer
    assert peer.wire.is_closed


async def test_a_date_of_the_program_stays(peers: Peers) -> None:
    peer = peers(serve=answering(200, [(b"date", b"then")], b""))
    assert (await peer.send(get())).count(b"date: ") == 1


async def test_a_peer_that_takes_nothing_is_waited_for(peers: Peers) -> None:
    """HTTP-048, HTTP-021"""
    written = []

    async def serve(connection: Connection, head: Head, body: Body | None) -> None:
        connection.start(200, [])
        for number in range(3):
            connection.write(b"x", more=True)
            written.append(number)
            await connection.drain()
        connection.write(b"", more=False)

    peer = peers(serve=serve)
    peer.connection.pause_writing()
    assert peer.connection.is_held_back
    await peer.send(get())
    assert written == [0]
    peer.connection.resume_writing()
    await peer.turn()
    assert written == [0, 1, 2]


async def test_what_is_noted_of_an_answer(peer: Peer) -> None:
    notes: list[Any] = []
    peer.service.note = lambda connection, head, status, seconds: notes.append(
        (head.method, head.target, status, seconds)
    )
    await peer.send(get(b"/a?b"))
    ((method, target, status, seconds),) = notes
    assert (method, target, status) == ("GET", b"/a?b", 200)
    assert seconds >= 0


# Time


async def until_closed(peer: Peer) -> None:
    async with asyncio.timeout(30):
        while not peer.wire.is_closed and not peer.wire.is_half_closed:  # noqa: ASYNC110 - a transport tells nobody
            await asyncio.sleep(0.005)


async def test_a_head_that_is_not_complete_in_time_is_408(peers: Peers) -> None:
    """HTTP-040"""
    peer = peers(Limits(headers_timeout=0.05, keep_alive_timeout=30))
    await peer.send(get())
    await peer.send(b"GET / HT")
    await until_closed(peer)
    assert (peer.statuses, peer.codes) == ([200, 408], ["HEADERS_TIMEOUT"])


async def test_a_head_that_comes_byte_by_byte_has_no_more_time(peers: Peers) -> None:
    """HTTP-040"""
    peer = peers(Limits(headers_timeout=0.1))
    sent = iter(get(b"/" + b"a" * 4000))
    async with asyncio.timeout(30):
        while peer.is_open:
            await peer.send(bytes([next(sent)]))
            await asyncio.sleep(0.005)
    assert peer.statuses == [408]


async def test_a_connection_on_which_nothing_comes_is_closed(peers: Peers) -> None:
    """HTTP-040"""
    peer = peers(Limits(headers_timeout=0.05))
    await until_closed(peer)
    assert peer.wire.is_closed
    assert peer.statuses == []


async def test_an_idle_connection_is_closed(peers: Peers) -> None:
    """HTTP-038"""
    peer = peers(Limits(keep_alive_timeout=0.05, headers_timeout=30))
    await peer.send(get())
    await until_closed(peer)
    assert peer.statuses == [200]


async def test_a_request_under_way_has_all_the_time_it_needs(peers: Peers) -> None:
    async def serve(connection: Connection, head: Head, body: Body | None) -> None:
        await asyncio.sleep(0.15)
        connection.send(204, [], b"")

    peer = peers(Limits(keep_alive_timeout=0.02, headers_timeout=0.02), serve)
    await peer.send(get())
    await until_closed(peer)
    assert peer.statuses == [204]


async def test_a_peer_that_never_stops_sending_after_the_last_answer_is_cut_off(peers: Peers) -> None:
    """RFC 9112 section 9.6"""
    peer = peers(Limits(linger=0.05))
    await peer.send(b"\0")
    assert not peer.wire.is_closed
    async with asyncio.timeout(30):
        while not peer.wire.is_aborted:
            await peer.send(b"x" * 1000)
            await asyncio.sleep(0.005)
    assert peer.statuses == [400]


# Leaving


async def test_a_peer_that_leaves_in_the_middle_of_its_body(peers: Peers) -> None:
    """HTTP-033"""
    errors: list[BaseException] = []

    async def serve(connection: Connection, head: Head, body: Body | None) -> None:
        assert body is not None
        try:
            while True:
                await body.read()
        except PeerGoneError as error:
            errors.append(error)
            with pytest.raises(PeerGoneError):
                connection.send(200, [], b"")

    peer = peers(serve=serve)
    await peer.send(post(b"0123456789")[:-5])
    peer.end()
    await peer.turn()
    assert len(errors) == 1
    assert peer.wire.written == b""


async def test_a_peer_that_has_said_all_gets_its_answers(peers: Peers) -> None:
    """RFC 9112 section 9.6: half-closed"""
    gate = asyncio.Event()

    async def serve(connection: Connection, head: Head, body: Body | None) -> None:
        await gate.wait()
        connection.send(200, [(b"content-length", b"2")], head.path)

    peer = peers(serve=serve)
    await peer.send(get(b"/a") + get(b"/b"))
    peer.end()
    gate.set()
    await peer.turn()
    assert re.findall(rb"\r\n\r\n(/\w)", bytes(peer.wire.written)) == [b"/a", b"/b"]
    assert peer.wire.is_closed


async def test_a_peer_that_has_said_all_and_is_told_nothing_counts_as_gone(peers: Peers) -> None:
    """HTTP-025"""
    gone = asyncio.Event()

    async def serve(connection: Connection, head: Head, body: Body | None) -> None:
        connection.start(200, [])
        await connection.wait_gone()
        gone.set()
        connection.abort()

    peer = peers(serve=serve)
    await peer.send(get())
    assert not peer.connection.is_ended
    peer.end()
    assert peer.connection.is_ended
    assert not peer.wire.is_closed
    await asyncio.wait_for(gone.wait(), 10)


async def test_a_peer_that_has_said_all_and_still_takes_is_there(peers: Peers) -> None:
    """HTTP-025"""
    gone = asyncio.Event()

    async def serve(connection: Connection, head: Head, body: Body | None) -> None:
        connection.start(200, [])
        await connection.wait_gone()
        gone.set()
        connection.abort()

    peer = peers(serve=serve)
    await peer.send(get())
    connection = peer.connection
    before = connection._written
    connection.write(b"x", more=True)
    connection._judge_silence(before, connection._gone)
    await peer.turn()
    assert not gone.is_set(), "it was told something"
    connection.pause_writing()
    connection._judge_silence(connection._written, connection._gone)
    await peer.turn()
    assert not gone.is_set(), "it is slow"
    connection.resume_writing()
    connection._judge_silence(connection._written, connection._gone)
    await peer.turn()
    assert gone.is_set()


async def test_a_connection_that_breaks_wakes_everybody(peers: Peers) -> None:
    """HTTP-034"""
    woken = []

    async def serve(connection: Connection, head: Head, body: Body | None) -> None:
        connection.start(200, [])
        waiting = asyncio.ensure_future(connection.wait_gone())
        try:
            await connection.drain()
        except PeerGoneError as error:
            woken.append(error)
        await waiting
        with pytest.raises(PeerGoneError):
            connection.write(b"x", more=True)

    peer = peers(serve=serve)
    peer.connection.pause_writing()
    await peer.send(get())
    peer.wire.abort()
    await peer.turn()
    assert len(woken) == 1
    assert not peer.service.connections


async def test_too_many_connections(peers: Peers, caplog: pytest.LogCaptureFixture) -> None:
    """HTTP-040: said once, not for each of them"""
    first = peers(Limits(connections=1))
    for _ in range(3):
        other = Connection(first.service)
        wire = type(first.wire)()
        wire.protocol = other
        other.connection_made(wire)
        assert wire.written.startswith(b"HTTP/1.1 503 ")
        other.abort()
    assert [record.getMessage() for record in caplog.records] == [
        "There are 1 connections, and no room for more: others get 503."
    ]
    await first.send(get())
    assert first.statuses == [200]
