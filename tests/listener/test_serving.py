"""A socket that is served, and the end of it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from mainspring.listener import Body, Connection, Head, Limits, Listener, PeerGoneError, Service

REQUEST = b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n"


class Served:
    """A listener that answers ``ok``, to ``/slow`` when it is let go."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.release = asyncio.Event()
        self.cancelled: list[str] = []
        self.farewells = 0
        self.bound = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.bound.getsockname()[1]
        self.service = Service(self.serve, lambda *_: ([], b""), Limits(), asyncio.get_running_loop())
        self.listener = Listener(self.service, self.bound, self.bound.close)

    async def serve(self, connection: Connection, head: Head, body: Body | None) -> None:
        try:
            if head.path == b"/slow":
                self.entered.set()
                await self.release.wait()
            connection.send(200, [(b"content-length", b"2")], b"ok")
        except PeerGoneError:
            pass
        except asyncio.CancelledError as error:
            self.cancelled.append(str(error))
            raise

    async def farewell(self) -> None:
        self.farewells += 1

    async def stop(self, seconds: float | None = 10) -> None:
        await asyncio.wait_for(self.listener.stop(seconds, self.farewell, "cut off"), 20)

    async def ask(self, path: bytes = b"/") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(REQUEST % path)
        return reader, writer


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    made = Served()
    await made.listener.start()
    yield made
    await made.stop(0)


async def test_a_request_over_a_socket(served: Served) -> None:
    reader, writer = await served.ask()
    assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 OK")
    (connection,) = served.service.connections
    assert connection.client == writer.get_extra_info("sockname")
    assert connection.local == ("127.0.0.1", served.port)
    writer.close()


async def test_stopping_closes_idle_connections_and_refuses_new_ones(served: Served) -> None:
    """HTTP-044"""
    reader, writer = await served.ask()
    await reader.readuntil(b"ok")
    await served.stop(None)
    assert await reader.read() == b""
    with pytest.raises(ConnectionRefusedError):
        await served.ask()
    assert served.farewells == 1
    writer.close()


async def test_stopping_waits_for_the_request_in_flight(served: Served) -> None:
    """HTTP-044"""
    reader, writer = await served.ask(b"/slow")
    await served.entered.wait()
    stopping = asyncio.create_task(served.stop())
    while served.service.is_closing is False:  # noqa: ASYNC110 - it has no event
        await asyncio.sleep(0.001)
    assert not stopping.done()
    served.release.set()
    answer = await reader.read()
    assert answer.endswith(b"ok")
    assert b"connection: close" in answer
    await stopping
    writer.close()


async def test_after_the_grace_period_requests_are_cancelled_and_cut(served: Served) -> None:
    """HTTP-045"""
    reader, writer = await served.ask(b"/slow")
    await served.entered.wait()
    await served.stop(0.02)
    assert served.cancelled == ["cut off"]
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    assert not served.service.connections
    writer.close()


async def test_what_was_accepted_is_answered(served: Served) -> None:
    """HTTP-044: the first word of a connection may be on its way when the server stops"""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    stopping = asyncio.create_task(served.stop())
    await asyncio.sleep(0.02)
    writer.write(REQUEST % b"/")
    answer = await reader.read()
    assert answer.endswith(b"ok")
    assert b"connection: close" in answer
    await stopping
    writer.close()


async def test_the_end_of_a_peer_that_does_not_close(served: Served) -> None:
    """HTTP-045: what lingers is cut in the end"""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(b"\0")
    assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    await served.stop(0)
    assert not served.service.connections
    writer.close()


async def test_a_refusal_is_not_destroyed_by_what_the_peer_still_sends(served: Served) -> None:
    """RFC 9112 section 9.6"""
    with socket.create_connection(("127.0.0.1", served.port)) as peer:
        peer.settimeout(20)
        await asyncio.to_thread(peer.sendall, b"\xff" * 5_000_000)
        peer.shutdown(socket.SHUT_WR)
        answer = await asyncio.to_thread(peer.recv, 1000)
    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_reset_connections_leave_nothing(served: Served) -> None:
    """HTTP-034"""
    for sent in (b"", b"GET", REQUEST % b"/slow", REQUEST % b"/"):
        peer = socket.create_connection(("127.0.0.1", served.port))
        peer.sendall(sent)
        await asyncio.sleep(0.01)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        peer.close()
    async with asyncio.timeout(20):
        while served.service.connections:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.001)
    served.release.set()
