"""The class itself: its names, its entry points, what its settings put around requests."""

import asyncio
import logging
from typing import Any

import pytest

import mainspring
from mainspring import core, loader, rest
from mainspring.cli.routes import routes_of
from mainspring.loader import GlobalErrorHandler, RequestContext, ServerLoader, controller, get, harness, use_before

OFF: dict[str, Any] = {"mount": {}, "scan": [], "http_port": 0}


def test_the_room_offers_what_a_loader_application_needs_as_the_same_objects() -> None:
    """LOAD-001: of rest, core and context."""
    for name in ("get", "post", "put", "patch", "delete", "api", "tags", "RequestContext", "HttpErrors", "response"):
        assert getattr(loader, name) is getattr(rest, name)
    for name in ("inject", "injectable", "BindingScope", "service", "intercept", "config"):
        assert getattr(loader, name) is getattr(core, name)
    assert mainspring.ServerLoader is ServerLoader
    assert set(loader.__all__) >= {"ServerLoader", "server_settings", "controller", "harness", "override", "use"}


async def test_start_returns_when_the_last_hook_has() -> None:
    """LOAD-004, LOAD-006: start, async with and listen are one run, also when they are called at once."""
    log: list[str] = []

    class Late:
        async def on_server_ready(self) -> None:
            await asyncio.sleep(0)
            log.append("ready")

    server = ServerLoader(OFF)
    server.add_components(Late)
    await asyncio.gather(server.listen(), server.start(), server.listen())
    assert (log, server.state) == (["ready"], "started")
    await server.stop()
    async with server:
        assert log == ["ready", "ready"]


async def test_two_listens_after_a_bootstrap_share_one_run() -> None:
    """LOAD-006: no hook runs twice."""
    log: list[str] = []

    class Server(ServerLoader):
        async def before_listen(self) -> None:
            await asyncio.sleep(0)
            log.append("before_listen")

    server = await ServerLoader.bootstrap(Server, OFF)
    await asyncio.gather(server.listen(), server.listen())
    assert log == ["before_listen"]
    await server.stop()


class Handler(GlobalErrorHandler):
    async def handle(self, error: Any, ctx: RequestContext) -> Any:
        return {"told": str(error)}


async def test_middleware_and_error_handler_come_from_the_settings() -> None:
    """LOAD-073: used before that of before_routes_init, dropped and used again with each start."""
    log: list[str] = []

    def noting(name: str) -> Any:
        async def note(ctx: RequestContext, next: Any) -> Any:
            log.append(name)
            return await next()

        return note

    class Server(ServerLoader):
        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.use(noting("init"))

        def before_routes_init(self) -> None:
            self.use(noting("hook"))

    server = Server({**OFF, "http_port": False, "middlewares": [noting("settings")], "error_handler": Handler})
    for _ in range(2):
        log.clear()
        async with server:
            assert (await server.request("GET", "/nowhere")).json()["told"] != ""
        assert log == ["init", "settings", "hook"]


async def test_the_stages_of_a_request_are_told_in_order() -> None:
    """LOAD-097, LOAD-116: global ones, those of the controller, the handler, and what stands behind the routes."""

    async def front(ctx: RequestContext, next: Any) -> Any:
        return await next()

    async def guard(ctx: RequestContext, next: Any) -> Any:
        return await next()

    def behind(ctx: RequestContext, next: Any) -> Any:
        return "behind"

    @use_before(guard)
    @controller("/x")
    class X:
        @get("/")
        def index(self) -> str:
            return "x"

    class Server(ServerLoader):
        def before_routes_init(self) -> None:
            self.use(front)

        def after_routes_init(self) -> None:
            self.use(behind)

    async with harness(Server, {"mount": [X], "scan": []}) as server:
        told = [name.rpartition(".")[2] for name in server.explain("GET", "/x")]
        assert told == ["front", "guard", "index", "behind"]
        assert (await server.request("GET", "/nowhere")).text == "behind"
        assert (await server.request("GET", "/x")).text == "x"


async def test_an_error_in_a_mounted_application_ends_its_connection_only(caplog: pytest.LogCaptureFixture) -> None:
    """LOAD-156: it is logged, the server goes on."""

    async def broken(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
        await send({"type": "http.response.body", "body": b"part", "more_body": True})
        raise ValueError("broken in the middle")

    @controller("/x")
    class X:
        @get("/")
        def index(self) -> str:
            return "x"

    class Server(ServerLoader):
        def on_ready(self) -> None:
            self.mount_asgi("/broken", broken)

    async def ask(port: int, path: str) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        return answer

    async with Server({"mount": [X], "scan": [], "http_port": 0}) as server:
        with caplog.at_level(logging.ERROR):
            assert (await ask(server.port, "/broken/")).endswith(b"part")
        assert any("broken in the middle" in str(record.exc_info) for record in caplog.records if record.exc_info)
        assert (await ask(server.port, "/x")).endswith(b"x")


async def test_commands_see_what_is_mounted_without_a_hook_or_an_instance() -> None:
    """LOAD-097: routes with their stages, as the command prints them."""
    made: list[int] = []

    async def guard(ctx: RequestContext, next: Any) -> Any:
        return await next()

    @use_before(guard)
    @controller("/x")
    class X:
        def __init__(self) -> None:
            made.append(1)

        @get("/")
        def index(self) -> str:
            return "x"

    class Server(ServerLoader):
        def on_init(self) -> None:
            made.append(2)

    routes = await routes_of(Server({"mount": {"/rest": X}, "scan": []}))
    assert [(route["verb"], route["path"], route["handler"]) for route in routes] == [("GET", "/rest/x", "X.index")]
    stages = [name.rpartition(".")[2] for name in routes[0]["stages"].split(", ")]
    assert (stages, made) == (["guard", "index"], [])
