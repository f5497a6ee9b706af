"""Answers in pieces: begun with the first, as fast as they are taken, ended with the client, or cut."""

import asyncio

import pytest
from tests.acceptance.doors.talking import PATIENCE, CutError


async def until(event):
    """Wait for what happens inside."""
    await asyncio.wait_for(event.wait(), PATIENCE)


async def begun(site, target, *lines):
    """The talk and the head of a request without a body."""
    talk = await site.begin("GET", target, *lines)
    await talk.end()
    return talk, await asyncio.wait_for(talk.head(), PATIENCE)


@pytest.mark.parametrize("count", [1, 3, 1000])
async def test_a_stream(site, count):
    """HTTP-021"""
    answer = await site.get(f"/numbers?count={count}")
    assert answer.body.decode() == "".join(f"{number};" for number in range(count))
    assert (answer.header("content-length"), answer.header("content-type")) == (None, "application/octet-stream")


async def test_an_empty_stream(site):
    """HTTP-021"""
    answer = await site.get("/numbers?count=0")
    assert (answer.status, answer.body, answer.is_cut) == (200, b"", False)


async def test_a_piece_is_sent_when_it_is_there(site):
    """HTTP-021"""
    talk, _ = await begun(site, "/waiting")
    assert await asyncio.wait_for(talk.piece(), PATIENCE) == b"first"
    await talk.leave()
    await until(site.watch.closed)


async def test_no_more_is_made_than_is_taken(site):
    """HTTP-021, HTTP-048"""
    talk, _ = await begun(site, "/endless")
    await talk.piece()
    before = -1
    async with asyncio.timeout(PATIENCE):
        while site.watch.sent != before:  # until nothing moves any more
            before = site.watch.sent
            await asyncio.sleep(0.2)
    assert site.watch.sent * 65536 < 32 * 1024 * 1024
    await talk.leave()
    await until(site.watch.closed)


@pytest.mark.parametrize("target", ["/endless", "/waiting", "/events"])
async def test_a_stream_ends_with_its_client(site, target):
    """HTTP-025"""
    talk, _ = await begun(site, target)
    await talk.piece()
    await talk.leave()
    await until(site.watch.closed)


async def test_a_stream_that_fails_is_cut(site):
    """HTTP-022, REST-026"""
    answer = await site.get("/broken")
    assert (answer.status, answer.body, answer.is_cut) == (200, b"first", True)


async def test_a_stream_that_fails_at_once_is_an_error(site):
    """HTTP-022"""
    answer = await site.get("/broken?after=0")
    assert (answer.status, answer.header("content-type")) == (500, "application/problem+json")


async def test_events(site):
    """HTTP-026, HTTP-027"""
    talk, head = await begun(site, "/events", ("Last-Event-ID", "4"))
    assert head.header("content-type") == "text/event-stream; charset=utf-8"
    assert (head.header("cache-control"), head.header("x-accel-buffering")) == ("no-cache", "no")
    body = b""
    async with asyncio.timeout(PATIENCE):
        while body.count(b"\n\n") < 2:
            body += await talk.piece() or b""
    assert body == b'data: two\ndata: lines\n\nevent: named\nid: 47\ndata: {"a":1}\n\n'
    await talk.leave()
    await until(site.watch.closed)


async def test_the_head_of_events_comes_at_once(open_site):
    """HTTP-026, HTTP-027: a comment says that it is alive"""
    site = await open_site(sse_ping=0.05)
    talk, _ = await begun(site, "/events")
    body = b""
    async with asyncio.timeout(PATIENCE):
        while b":" not in body.rpartition(b"\n\n")[0].rpartition(b"\n\n")[2][:1]:
            body += await talk.piece() or b""
    await talk.leave()


async def test_events_end_with_the_server(site):
    """HTTP-037"""
    talk, _ = await begun(site, "/events")
    body = b""
    async with asyncio.timeout(PATIENCE):
        while body.count(b"\n\n") < 2:
            body += await talk.piece() or b""
    stopping = asyncio.ensure_future(site.app.stop())
    async with asyncio.timeout(PATIENCE):
        try:
            while (piece := await talk.piece()) is not None:
                body += piece
        except CutError:
            raise AssertionError("it was cut") from None
    await asyncio.wait_for(stopping, PATIENCE)
    assert body.endswith(b"\n\n")
    assert site.watch.closed.is_set()


async def test_what_takes_too_long(open_site):
    """REST-186"""
    answer = await (await open_site(request_timeout=0.05)).get("/slow")
    assert (answer.status, answer.json()["code"]) == (503, "REQUEST_TIMEOUT")


async def test_a_client_that_leaves_does_not_end_what_computes(site):
    """REST-187"""
    talk = await site.begin("GET", "/slow")
    await talk.end()
    await until(site.watch.entered)
    await talk.leave()
    await asyncio.sleep(0.05)
    site.watch.released.set()
    await until(site.watch.closed)
    assert "answered" in site.watch.notes
    assert "cancelled" not in site.watch.notes


async def test_it_ends_what_computes_where_that_is_said(open_site):
    """REST-187"""
    site = await open_site(cancel_on_disconnect=True)
    talk = await site.begin("GET", "/slow")
    await talk.end()
    await until(site.watch.entered)
    await talk.leave()
    await until(site.watch.closed)
    assert "cancelled" in site.watch.notes
    assert "after" not in site.watch.notes
