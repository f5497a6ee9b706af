"""WebSocket connections on the listener, with a real client."""

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from mainspring.rest import HttpErrors, RestApplication, WebSocket


async def echo(socket: WebSocket) -> None:
    await socket.accept(subprotocol=socket.subprotocols[0] if socket.subprotocols else None)
    async for message in socket:
        await socket.send(message)


@pytest.fixture
async def app() -> AsyncIterator[RestApplication]:
    app = RestApplication({"rest": {"port": 0, "ws_max_size": 2000, "grace_period": 5}})
    app.websocket("/echo", echo)
    await app.start()
    yield app
    await app.stop()


def url(app: RestApplication, path: str) -> str:
    return f"ws://127.0.0.1:{app.rest_server.port}{path}"


async def test_text_and_bytes_come_back(app: RestApplication) -> None:
    """HTTP-035 HTTP-036"""
    async with connect(url(app, "/echo"), subprotocols=["a", "b"]) as client:  # type: ignore[list-item]
        assert client.subprotocol == "a"
        for message in ("häh", b"\x00" * 1500, ""):
            await client.send(message)
            assert await client.recv() == message
    assert client.close_code == 1000


async def test_a_refusal_has_status_and_body(app: RestApplication) -> None:
    """HTTP-036 REST-028"""

    async def secret(socket: WebSocket) -> None:
        raise HttpErrors.Unauthorized("who?", headers={"WWW-Authenticate": "Bearer"})

    app.websocket("/secret", secret)
    with pytest.raises(InvalidStatus) as caught:
        await connect(url(app, "/nowhere"))
    assert caught.value.response.status_code == 404
    assert b"not found" in (caught.value.response.body or b"")
    with pytest.raises(InvalidStatus) as caught:
        await connect(url(app, "/secret"))
    assert caught.value.response.status_code == 401
    assert caught.value.response.headers["www-authenticate"] == "Bearer"
    assert caught.value.response.headers["content-type"] == "application/problem+json"


async def test_a_message_that_is_too_large_closes_with_1009(app: RestApplication) -> None:
    """HTTP-037"""
    async with connect(url(app, "/echo")) as client:
        await client.send("x" * 2000)
        assert len(await client.recv()) == 2000
        await client.send("x" * 2001)
        with pytest.raises(ConnectionClosed):
            await client.recv()
    assert client.close_code == 1009


async def test_returning_closes_with_1000_and_failing_with_1011(app: RestApplication) -> None:
    """HTTP-036"""

    async def ending(socket: WebSocket, fail: bool = False) -> None:
        await socket.accept()
        if fail:
            raise RuntimeError("secret")

    app.websocket("/end", ending)
    for path, code in (("/end", 1000), ("/end?fail=true", 1011)):
        async with connect(url(app, path)) as client:
            with pytest.raises(ConnectionClosed):
                await client.recv()
        assert (client.close_code, client.close_reason) == (code, "")


async def test_stopping_closes_open_connections_with_1001_before_it_returns(app: RestApplication) -> None:
    """HTTP-037 HTTP-044"""
    ended: list[int | None] = []

    async def waiting(socket: WebSocket) -> None:
        await socket.accept()
        async for _ in socket:
            pass
        ended.append(socket.close_code)

    app.websocket("/wait", waiting)
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(connect(url(app, "/wait"))) for _ in range(20)]
        await asyncio.wait_for(app.stop(), 5)
        assert ended == [1001] * 20
        for client in clients:
            with pytest.raises(ConnectionClosed):
                await client.recv()
        assert {client.close_code for client in clients} == {1001}


async def test_a_client_that_reads_nothing_does_not_keep_the_server_from_stopping(app: RestApplication) -> None:
    """HTTP-037 HTTP-048"""
    full = asyncio.Event()

    async def flooding(socket: WebSocket) -> None:
        await socket.accept()
        while True:
            try:
                await asyncio.wait_for(socket.send(b"x" * 100_000), 0.5)
            except TimeoutError:
                full.set()
                await asyncio.sleep(60)

    app.websocket("/flood", flooding)
    with socket.create_connection(("127.0.0.1", app.rest_server.port)) as raw:
        raw.sendall(
            b"GET /flood HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        await asyncio.wait_for(full.wait(), 20)
        app.rest_server.bind("rest.grace_period").to(0.5)
        await asyncio.wait_for(app.stop(), 10)


async def test_a_connection_that_breaks_is_no_error(app: RestApplication, caplog: pytest.LogCaptureFixture) -> None:
    """HTTP-036"""
    ended = asyncio.Event()

    async def waiting(socket: WebSocket) -> None:
        await socket.accept()
        try:
            await socket.receive()
        finally:
            ended.set()

    app.websocket("/wait", waiting)
    client = await connect(url(app, "/wait"))
    client.transport.abort()
    await asyncio.wait_for(ended.wait(), 5)
    await app.stop()
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


async def test_without_a_library_the_start_says_which_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP-035"""
    app = RestApplication({"rest": {"port": 0}})
    app.websocket("/echo", echo)
    monkeypatch.setitem(sys.modules, "websockets", None)
    monkeypatch.setitem(sys.modules, "wsproto", None)
    with pytest.raises(RuntimeError, match=r"install mainspring\[websockets\]"):
        await app.start()
    assert not app.rest_server.listening
