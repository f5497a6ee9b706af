"""The embedded ASGI servers: binding, answering, stopping."""

import asyncio
import contextlib
import errno
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mainspring.cli import run
from mainspring.rest import RestApplication, WebSocket, settings
from mainspring.rest.errors import ListenError, MissingLibraryError, SettingError
from mainspring.rest.listening import KINDS, Kind, ListenOptions

EMBEDDED = sorted(set(KINDS) - {"mainspring"})


class Echo:
    """An ASGI application that answers ``ok``, slowly below ``/slow``."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.entered = asyncio.Event()
        self.cancelled = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/slow":
            self.entered.set()
            try:
                await self.release.wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
async def echo() -> Echo:
    return Echo()


@pytest.fixture(params=EMBEDDED)
async def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
async def listener(echo: Echo, kind: Kind) -> AsyncIterator[Any]:
    listener = kind.make(echo, ListenOptions())
    await listener.start()
    yield listener
    await listener.stop(0)


async def ask(port: int, path: str = "/") -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    try:
        return await reader.read()
    finally:
        writer.close()


async def test_it_answers_on_the_port_it_took_and_says_so(listener: Any) -> None:
    assert listener.port != 0
    assert listener.address == ("127.0.0.1", listener.port)
    assert listener.listening
    assert (await ask(listener.port)).endswith(b"ok")


async def test_a_port_in_use_is_an_error_that_names_host_and_port(listener: Any, echo: Echo, kind: Kind) -> None:
    """REST-013"""
    other = kind.make(echo, ListenOptions(port=listener.port))
    with pytest.raises(OSError, match=f"127.0.0.1:{listener.port}") as caught:
        await other.start()
    assert caught.value.errno == errno.EADDRINUSE
    assert not other.listening
    await other.stop(0)


async def test_an_unknown_host_is_an_error_that_names_it(echo: Echo, kind: Kind) -> None:
    with pytest.raises(ListenError, match=r"no\.such\.host\.invalid:0"):
        await kind.make(echo, ListenOptions(host="no.such.host.invalid")).start()


async def test_stopping_refuses_new_connections_and_finishes_the_request_in_flight(listener: Any, echo: Echo) -> None:
    """HTTP-044"""
    port = listener.port
    slow = asyncio.create_task(ask(port, "/slow"))
    await echo.entered.wait()
    stopping = asyncio.create_task(listener.stop(10))
    await asyncio.sleep(0.05)
    assert not listener.listening
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    echo.release.set()
    answer = await slow
    await stopping
    assert answer.endswith(b"ok")
    assert b"connection: close" in answer.lower()


async def test_an_idle_connection_does_not_keep_the_listener_from_stopping(listener: Any) -> None:
    """HTTP-044"""
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
    await asyncio.wait_for(listener.stop(None), 2)
    assert await reader.read() == b""
    writer.close()


async def test_after_the_grace_period_requests_are_cancelled(listener: Any, echo: Echo, kind: Kind) -> None:
    """HTTP-045"""
    slow = asyncio.create_task(ask(listener.port, "/slow"))
    await echo.entered.wait()
    await asyncio.wait_for(listener.stop(0.05), 3)
    assert echo.cancelled
    answer = await slow
    # The connections of granian are not ours to cut: it says that something went wrong instead.
    assert answer.startswith(b"HTTP/1.1 500") if kind.name == "granian" else answer == b""


async def test_it_listens_again_after_a_stop(listener: Any) -> None:
    """HTTP-047"""
    await listener.stop(1)
    assert listener.address is None
    await listener.start()
    assert (await ask(listener.port)).endswith(b"ok")


async def test_stopping_one_that_never_started_does_nothing(echo: Echo, kind: Kind) -> None:
    await kind.make(echo, ListenOptions()).stop(None)


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no Unix sockets on this platform")
async def test_a_unix_socket_replaces_a_stale_one_and_goes_with_the_stop(
    echo: Echo, kind: Kind, tmp_path: Path
) -> None:
    """REST-009"""
    path = tmp_path / "s"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    listener = kind.make(echo, ListenOptions(path=str(path)))
    await listener.start()
    assert listener.port == 0
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).endswith(b"ok")
    writer.close()
    await listener.stop(1)
    assert not path.exists()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no Unix sockets on this platform")
async def test_a_file_that_is_no_socket_is_not_replaced(echo: Echo, kind: Kind, tmp_path: Path) -> None:
    """REST-009"""
    path = tmp_path / "s"
    path.write_text("mine")
    with pytest.raises(OSError, match="no socket"):
        await kind.make(echo, ListenOptions(path=str(path))).start()
    assert path.read_text() == "mine"
    assert os.listdir(tmp_path) == ["s"]


async def test_what_is_logged_here_is_not_logged_again_by_the_listener(
    kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    """HTTP-022 HTTP-045"""
    app = RestApplication({"rest": {"port": 0, "grace_period": 0.1, "server": kind.name}})
    entered = asyncio.Event()

    async def broken() -> AsyncIterator[bytes]:
        yield b"first"
        raise ValueError("late")

    async def slow() -> str:
        entered.set()
        await asyncio.sleep(60)
        return "never"

    app.route("get", "/broken", None, broken)
    app.route("get", "/slow", None, slow)
    await app.start()
    answer = await ask(app.rest_server.port, "/broken")
    assert b"first" in answer
    assert not answer.endswith(b"0\r\n\r\n")
    [record] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.name == "mainspring.rest.requests"
    caplog.clear()
    cut = asyncio.create_task(ask(app.rest_server.port, "/slow"))
    await asyncio.wait_for(entered.wait(), 5)
    await app.stop()
    with contextlib.suppress(OSError):
        await cut
    assert [record for record in caplog.records if not record.name.startswith(("asyncio", "mainspring"))] == []


async def test_a_server_that_is_not_installed_names_its_extra(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, kind.library, None)
    app = RestApplication({"rest": {"port": 0, "server": kind.name}})
    with pytest.raises(MissingLibraryError, match=rf"install mainspring\[{kind.name}\]"):
        await app.start()
    assert not app.rest_server.listening


CHOSEN = {
    "headers_timeout": 3.0,
    "keep_alive_timeout": 3.0,
    "max_connections": 3,
    "max_headers": 3,
    "proxy_protocol": True,
    "ws_max_size": 3,
}


@pytest.mark.parametrize("name", CHOSEN)
async def test_a_setting_that_a_server_has_not_is_refused(kind: Kind, name: str) -> None:
    """REST-021"""
    app = RestApplication({"rest": {"port": 0, "server": kind.name, name: CHOSEN[name]}})
    if name not in kind.without:
        async with app:
            assert app.rest_server.listening
        return
    with pytest.raises(SettingError, match=rf"rest\.{name} is {CHOSEN[name]}: {kind.name}, which listens, has no"):
        await app.start()
    assert not app.rest_server.listening


async def test_a_library_for_websockets_is_missed_where_one_is_needed(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    for library in ("websockets", "wsproto"):
        monkeypatch.setitem(sys.modules, library, None)
    app = RestApplication({"rest": {"port": 0, "server": kind.name}})

    async def echo(socket: WebSocket) -> None:
        await socket.accept()

    app.websocket("/echo", echo)
    if kind.sockets:
        with pytest.raises(MissingLibraryError, match=r"install mainspring\[websockets\]"):
            await app.start()
    else:
        KINDS[kind.name].check({}, has_sockets=True)


def test_the_table_the_settings_and_the_commands_name_the_same_servers() -> None:
    assert tuple(KINDS) == settings.SERVERS == run.SERVERS
