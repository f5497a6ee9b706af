"""WebSocket connections: opened, refused, used, closed by either side."""

import asyncio

import pytest
from tests.acceptance.doors.talking import PATIENCE, ClosedError, RefusedError


@pytest.mark.parametrize("message", ["čaj", b"\0\xff", "", "x" * 100_000], ids=["text", "bytes", "empty", "large"])
async def test_messages(site, message):
    """HTTP-035"""
    async with site.socket("/echo/2") as socket:
        await socket.send(message)
        assert [await socket.receive(), await socket.receive()] == [message, message]


async def test_messages_keep_their_order(site):
    """HTTP-035"""
    async with site.socket("/echo/1") as socket:
        for number in range(100):
            await socket.send(str(number))
        assert [await socket.receive() for _ in range(100)] == [str(number) for number in range(100)]


async def test_a_subprotocol(site):
    """HTTP-035"""
    async with site.socket("/echo/1", "first", "second") as socket:
        assert socket.subprotocol == "second"


@pytest.mark.parametrize(
    ("target", "status"),
    [("/refused", 401), ("/echo/many", 400), ("/absent", 404)],
    ids=["error", "parameter", "route"],
)
async def test_a_handshake_that_is_refused(site, target, status):
    """HTTP-036, REST-028"""
    with pytest.raises(RefusedError) as caught:
        async with site.socket(target):
            pass
    assert caught.value.status == status


async def test_a_mistake_closes(site):
    """HTTP-036"""
    async with site.socket("/fails") as socket:
        with pytest.raises(ClosedError) as caught:
            await socket.receive()
    assert (caught.value.code, "secret" in caught.value.reason) == (1011, False)


async def test_a_close_has_its_code_and_reason(site):
    """HTTP-035"""
    async with site.socket("/echo/0?close=4001") as socket:
        await socket.send("x")
        with pytest.raises(ClosedError) as caught:
            await socket.receive()
    assert (caught.value.code, caught.value.reason) == (4001, "enough")


async def test_the_client_closes(site):
    """HTTP-036"""
    async with site.socket("/echo/1") as socket:
        await asyncio.wait_for(site.watch.entered.wait(), PATIENCE)
        await socket.close()
        await asyncio.wait_for(site.watch.closed.wait(), PATIENCE)


async def test_the_client_is_gone(site):
    """HTTP-036, HTTP-025"""
    async with site.socket("/echo/1"):
        await asyncio.wait_for(site.watch.entered.wait(), PATIENCE)
    await asyncio.wait_for(site.watch.closed.wait(), PATIENCE)


async def test_the_server_stops(site):
    """HTTP-037"""
    async with site.socket("/echo/1") as socket:
        await socket.send("x")
        assert await socket.receive() == "x"
        stopping = asyncio.ensure_future(site.app.stop())
        with pytest.raises(ClosedError) as caught:
            await socket.receive()
        assert caught.value.code == 1001
    await asyncio.wait_for(stopping, PATIENCE)
    assert site.watch.closed.is_set()


async def test_a_message_that_is_too_large(wire):
    """HTTP-037"""
    async with wire.socket("/echo/0") as socket:
        await socket.send(b"x" * (16 * 1024 * 1024 + 1))
        with pytest.raises(ClosedError) as caught:
            await socket.receive()
    assert caught.value.code == 1009
