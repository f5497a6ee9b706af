"""Listening, URLs, draining: a server with real sockets."""

import asyncio
import errno
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from mainspring.rest import Application, RequestContext, RestApplication, RestBindings, RestComponent, RestServer, get
from mainspring.rest.errors import SettingError
from mainspring.rest.listening import KINDS


class Hello:
    @get("/hello")
    async def hello(self) -> dict[str, str]:
        return {"hello": "world"}


def app_of(**config: Any) -> RestApplication:
    app = RestApplication({"rest": {"port": 0, **config}, "shutdown": {"grace_period": 5}})
    app.controller(Hello)
    return app


async def get_json(url: str) -> Any:
    async with httpx.AsyncClient() as client:
        return (await client.get(url)).json()


async def test_a_started_server_listens_on_the_port_it_took() -> None:
    """REST-003, REST-006, REST-007, REST-012, CORE-065"""
    app = app_of(base_path="/api")
    server = app.rest_server
    assert (server.url, server.root_url, server.address, server.listening) == (None, None, None, False)
    assert server.get_sync(RestBindings.PORT) == 0
    await app.start()
    try:
        port = server.port
        assert port != 0
        assert server.get_sync(RestBindings.PORT) == port
        assert server.url == f"http://127.0.0.1:{port}/api"
        assert server.root_url == f"http://127.0.0.1:{port}"
        assert server.get_sync(RestBindings.URL) == server.url
        assert server.address[1] == port
        assert server.listening
        assert await get_json(f"{server.url}/hello") == {"hello": "world"}
    finally:
        await app.stop()
    assert (server.url, server.root_url, server.address, server.listening) == (None, None, None, False)
    assert not server.is_bound(RestBindings.URL)
    with pytest.raises(httpx.ConnectError):
        await get_json(f"http://127.0.0.1:{port}/api/hello")


async def test_bindings_win_over_the_configuration_at_the_start() -> None:
    """REST-004"""
    app = app_of(port=1, host="203.0.113.1")
    app.rest_server.bind(RestBindings.PORT).to(0)
    app.rest_server.bind(RestBindings.HOST).to("127.0.0.1")
    async with app:
        assert await get_json(f"{app.rest_server.url}/hello") == {"hello": "world"}


async def test_a_server_starts_again_with_the_same_wish() -> None:
    """REST-005, HTTP-047, CORE-058"""
    app = app_of()
    server = app.rest_server
    for _ in range(2):
        await app.start()
        assert await get_json(f"{server.url}/hello") == {"hello": "world"}
        await app.stop()
        assert server.get_sync(RestBindings.PORT) == 0


async def test_starting_and_stopping_twice_does_nothing() -> None:
    """REST-011"""
    server = app_of().rest_server
    await server.stop()
    await server.start()
    port = server.port
    await server.start()
    assert server.port == port
    await server.stop()
    await server.stop()


@pytest.mark.parametrize(("host", "shown"), [("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("::", "[::1]")])
async def test_hosts_are_shown_as_urls_need_them(host: str, shown: str) -> None:
    """REST-008"""
    if ":" in host and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    app = app_of(host=host)
    try:
        await app.start()
    except OSError as error:
        if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            pytest.skip("no IPv6 here")
        raise
    try:
        assert app.rest_server.url == f"http://{shown}:{app.rest_server.port}"
    finally:
        await app.stop()


async def test_a_unix_socket(tmp_path: Path) -> None:
    """REST-009"""
    path = tmp_path / "a b.sock"
    app = app_of(path=str(path))
    server = app.rest_server
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    await app.start()
    try:
        assert (server.host, server.port) == (None, 0)
        assert server.url == f"http+unix://{quote(str(path), safe='')}"
        async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(path))) as client:
            assert (await client.get("http://x/hello")).json() == {"hello": "world"}
    finally:
        await app.stop()
    assert not path.exists()
    path.write_text("no socket")
    with pytest.raises(OSError, match="no socket"):
        await app.start()
    assert not stat.S_ISSOCK(path.stat().st_mode)


async def test_a_server_that_does_not_listen(web: Any) -> None:
    """REST-010"""
    app = app_of(listen_on_start=False, port=1234)
    async with app:
        server = app.rest_server
        assert (server.url, server.listening, server.get_sync(RestBindings.PORT)) == (None, False, 1234)
        assert (await web(app).get("/hello")).json() == {"hello": "world"}


async def test_a_port_in_use_is_named_and_undoes_the_start() -> None:
    """REST-013, CORE-059"""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        app = Application({"rest": {"port": 0}})
        app.component(RestComponent)
        app.controller(Hello)
        app.configure("servers.second").to({"port": port})
        app.server(RestServer, "second")
        with pytest.raises(OSError, match=f"127.0.0.1:{port}") as caught:
            await app.start()
        assert caught.value.errno == errno.EADDRINUSE
        first = app.get_sync("servers.RestServer")
        assert not first.listening
        assert app.state == "stopped"


async def test_several_servers_run_in_one_application() -> None:
    """REST-015"""
    app = app_of()
    app.configure("servers.second").to({"port": 0, "base_path": "/two"})
    app.server(RestServer, "second")
    async with app:
        second = app.get_sync("servers.second")
        assert second.port != app.rest_server.port
        assert await get_json(f"{second.url}/hello") == {"hello": "world"}
        assert second.url.endswith("/two")


async def test_requests_in_flight_finish_before_the_stop(caplog: pytest.LogCaptureFixture) -> None:
    """HTTP-044, REST-020, REST-181, REST-185, CORE-057"""
    events: list[str] = []
    entered = asyncio.Event()

    async def resource() -> AsyncIterator[str]:
        yield "x"
        await asyncio.sleep(0.02)
        events.append("cleaned")

    async def later() -> None:
        await asyncio.sleep(0.02)
        events.append("after")

    async def slow(ctx: RequestContext) -> str:
        await ctx.get("resource")
        ctx.after_response(later)
        entered.set()
        await asyncio.sleep(0.1)
        events.append("done")
        return "fine"

    app = app_of()
    app.bind("resource").to_dynamic_value(resource).in_scope("request")
    app.route("get", "/slow", None, slow)
    await app.start()
    url = app.rest_server.url
    async with httpx.AsyncClient() as client:
        await client.get(f"{url}/hello")  # an idle connection, to be closed
        request = asyncio.create_task(client.get(f"{url}/slow"))
        await entered.wait()
        stopping = asyncio.create_task(app.stop())
        await asyncio.sleep(0.02)
        assert not app.rest_server.listening
        with pytest.raises(httpx.ConnectError):
            await get_json(f"{url}/hello")
        answer = await request
        assert (answer.status_code, answer.text) == (200, "fine")
        assert answer.headers["connection"] == "close"
        await stopping
    assert events == ["done", "after", "cleaned"]


@pytest.mark.parametrize("seconds", [0, 0.1])
async def test_a_silent_connection_does_not_lengthen_the_grace_period(seconds: float) -> None:
    """REST-020, HTTP-045: the moment it has for its first word is part of it."""
    entered, cancelled = asyncio.Event(), asyncio.Event()

    async def slow() -> str:
        entered.set()
        try:
            await asyncio.sleep(0.4)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return "too late"

    app = app_of(grace_period=seconds)
    app.route("get", "/slow", None, slow)
    await app.start()
    server = app.rest_server
    _, silent = await asyncio.open_connection("127.0.0.1", server.port)
    async with httpx.AsyncClient() as client:
        request = asyncio.create_task(client.get(f"{server.url}/slow"))
        await entered.wait()
        await app.stop()
        with pytest.raises(httpx.HTTPError):
            await request
    assert cancelled.is_set()
    silent.close()


async def test_what_outlasts_the_grace_period_is_cut() -> None:
    """HTTP-045, REST-020, REST-182, REST-188"""
    events: list[str] = []
    entered = asyncio.Event()

    async def resource() -> AsyncIterator[str]:
        yield "x"
        events.append("cleaned")

    async def endless(ctx: RequestContext) -> None:
        await ctx.get("resource")
        entered.set()
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            events.append("cancelled")
            raise

    app = app_of(grace_period=0.05)
    app.bind("resource").to_dynamic_value(resource).in_scope("request")
    app.route("get", "/endless", None, endless)
    await app.start()
    async with httpx.AsyncClient() as client:
        request = asyncio.create_task(client.get(f"{app.rest_server.url}/endless"))
        await entered.wait()
        await asyncio.wait_for(app.stop(), 3)
        with pytest.raises(httpx.TransportError):
            await request
    assert events == ["cancelled", "cleaned"]


async def test_requests_in_process_are_drained_too(web: Any) -> None:
    """HTTP-049, REST-181"""
    events: list[str] = []
    entered = asyncio.Event()

    async def slow() -> str:
        entered.set()
        await asyncio.sleep(0.05)
        events.append("done")
        return "fine"

    app = app_of(listen_on_start=False)
    app.route("get", "/slow", None, slow)
    await app.start()
    request = asyncio.create_task(web(app).get("/slow"))
    await entered.wait()
    await app.stop()
    assert events == ["done"]
    assert (await request).text == "fine"


async def test_event_streams_end_with_the_server() -> None:
    """HTTP-037"""
    closed: list[int] = []

    async def events() -> AsyncIterator[str]:
        try:
            yield "one"
            await asyncio.sleep(100)
        finally:
            closed.append(1)

    app = app_of()
    spec = {"responses": {"200": {"description": "x", "content": {"text/event-stream": {}}}}}
    app.route("get", "/events", spec, events)
    await app.start()
    async with httpx.AsyncClient() as client, client.stream("GET", f"{app.rest_server.url}/events") as answer:
        pieces = answer.aiter_text()
        assert await anext(pieces) == "data: one\n\n"
        await asyncio.wait_for(app.stop(), 3)
        assert [piece async for piece in pieces] == []
    assert closed == [1]


async def test_a_client_that_leaves_ends_a_stream() -> None:
    """HTTP-025, REST-187"""
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x"
                await asyncio.sleep(0.005)
        finally:
            closed.set()

    app = app_of()
    app.route("get", "/endless", None, endless)
    async with app, httpx.AsyncClient() as client:
        async with client.stream("GET", f"{app.rest_server.url}/endless") as answer:
            await anext(answer.aiter_bytes())
        await asyncio.wait_for(closed.wait(), 3)


async def test_a_stream_that_never_waits_ends_with_its_client_too() -> None:
    """HTTP-025, HTTP-048"""
    pieces = iter(range(20_000))  # more than a gigabyte, if nobody stops it
    closed = asyncio.Event()

    async def long() -> AsyncIterator[bytes]:
        try:
            for _ in pieces:
                yield b"x" * 65536
        finally:
            closed.set()

    app = app_of()
    app.route("get", "/long", None, long)
    async with app, httpx.AsyncClient() as client:
        async with client.stream("GET", f"{app.rest_server.url}/long") as answer:
            await anext(answer.aiter_bytes())
        await asyncio.wait_for(closed.wait(), 20)
    assert next(pieces, None) is not None, "it was sent to the end, to nobody"


async def test_streams_are_chunked_and_bodies_have_a_length() -> None:
    """HTTP-042, HTTP-043, HTTP-038"""

    async def stream() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    app = app_of()
    app.route("get", "/stream", None, stream)
    async with app, httpx.AsyncClient() as client:
        answer = await client.get(f"{app.rest_server.url}/stream")
        assert (answer.text, answer.headers["transfer-encoding"]) == ("ab", "chunked")
        answer = await client.get(f"{app.rest_server.url}/hello")
        assert answer.headers["content-length"] == "17"
        assert answer.headers["date"].endswith("GMT")
        assert "server" not in answer.headers


@pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="no shared ports on this platform")
@pytest.mark.parametrize("server", KINDS)
async def test_a_port_is_shared_where_all_who_listen_want_it(server: str) -> None:
    """REST-013"""
    apps = []
    for name in ("first", "second"):
        app = app_of(server=server, reuse_port=True, port=apps[0].rest_server.port if apps else 0)
        app.route("get", "/who", None, lambda name=name: name)
        apps.append(app)
        await app.start()
    first, second = apps
    url = f"{first.rest_server.url}/who"

    async def who() -> str:
        async with httpx.AsyncClient() as client:
            return (await client.get(url)).text

    try:
        answered: set[str] = set()
        while len(answered) < 2:
            answered.add(await who())
        with pytest.raises(OSError, match="in use"):
            await app_of(server=server, port=first.rest_server.port).start()
        await first.stop()
        assert {await who() for _ in range(20)} == {"second"}
    finally:
        await first.stop()
        await second.stop()


async def test_a_unix_socket_has_no_port_to_share(tmp_path: Path) -> None:
    app = app_of(path=str(tmp_path / "s"), reuse_port=True)
    with pytest.raises(SettingError, match=r"rest\.reuse_port is True: a Unix socket has no port"):
        await app.start()
    assert not app.rest_server.listening
