"""A server that stops: nobody new, idle connections closed, requests answered, what takes too long cut off."""

import asyncio

import pytest
from tests.acceptance.doors.talking import PATIENCE, CutError, Wire

GET = b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"


async def slow(site):
    """A request that is being computed."""
    talk = await site.begin("GET", "/slow")
    await talk.end()
    await asyncio.wait_for(site.watch.entered.wait(), PATIENCE)
    return talk


async def test_a_request_in_flight_is_answered(site):
    """HTTP-044, REST-181"""
    talk = await slow(site)
    stopping = asyncio.ensure_future(site.app.stop())
    await asyncio.sleep(0.05)
    assert not stopping.done()
    site.watch.released.set()
    answer = await talk.rest()
    assert (answer.status, answer.body, answer.is_cut) == (200, b"slow", False)
    await asyncio.wait_for(stopping, PATIENCE)
    assert site.watch.notes == ["answered", "after"]


async def test_its_connection_ends_with_it(wire):
    """HTTP-044"""
    talk = await slow(wire)
    stopping = asyncio.ensure_future(wire.app.stop())
    await asyncio.sleep(0.05)
    wire.watch.released.set()
    assert (await talk.rest()).header("connection") == "close"
    assert await asyncio.wait_for(talk.wire.take(), PATIENCE) == b""
    await stopping


async def test_nobody_new_is_let_in(wire):
    """HTTP-044"""
    talk = await slow(wire)
    port = wire.port
    stopping = asyncio.ensure_future(wire.app.stop())
    await asyncio.sleep(0.05)
    with pytest.raises(ConnectionRefusedError):
        await Wire.to(port)
    wire.watch.released.set()
    await talk.rest()
    await stopping


async def test_idle_connections_are_closed(wire):
    """HTTP-044"""
    idle = await wire.connect()
    idle.transport.write(GET)
    assert await asyncio.wait_for(idle.take(), PATIENCE)
    await asyncio.wait_for(wire.app.stop(), 5)
    assert await asyncio.wait_for(idle.take(), PATIENCE) == b""


async def test_what_was_just_sent_is_answered(wire):
    """HTTP-044: what was accepted is answered"""
    fresh = [await wire.connect() for _ in range(5)]
    stopping = asyncio.ensure_future(wire.app.stop())
    await asyncio.sleep(0)
    for each in fresh:
        each.transport.write(GET)
    answers = [await asyncio.wait_for(each.take(), PATIENCE) for each in fresh]
    await stopping
    # It may come too late for an answer of the application; without any answer it must not stay.
    assert [answer[:9] for answer in answers] == [b"HTTP/1.1 "] * 5


async def test_what_outlasts_the_grace_period_is_cut_off(open_site):
    """HTTP-045, REST-182, REST-188"""
    site = await open_site(grace_period=0.1)
    talk = await slow(site)
    await asyncio.wait_for(site.app.stop(), PATIENCE)
    assert site.watch.notes == ["cancelled"]
    assert (await talk.rest()).is_cut


async def test_without_a_grace_period_it_is_cut_off_at_once(open_site):
    """HTTP-045, REST-020"""
    site = await open_site(grace_period=0)
    talk = await slow(site)
    await asyncio.wait_for(site.app.stop(), PATIENCE)
    assert site.watch.notes == ["cancelled"]
    await talk.leave()


async def test_a_stream_that_outlasts_it_is_cut(open_site):
    """HTTP-045"""
    site = await open_site(grace_period=0.1)
    talk = await site.begin("GET", "/waiting")
    await talk.end()
    await talk.head()
    assert await talk.piece() == b"first"
    await asyncio.wait_for(site.app.stop(), PATIENCE)
    with pytest.raises(CutError):
        await asyncio.wait_for(talk.piece(), PATIENCE)
    assert site.watch.closed.is_set()


async def test_it_starts_again(wire):
    """HTTP-047"""
    await wire.app.stop()
    await wire.app.start()
    assert (await wire.get("/hello")).status == 200
