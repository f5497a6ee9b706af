"""The server as a context with settings, and as an ASGI application."""

import asyncio
from typing import Any

import pytest

from mainspring.core import Application
from mainspring.rest import (
    BindingScope,
    Context,
    DefaultSequence,
    RestApplication,
    RestBindings,
    RestComponent,
    RestServer,
    get,
)
from mainspring.rest.errors import BasePathError, SettingError
from mainspring.rest.settings import SETTING_KEYS


class Hello:
    @get("/hello")
    def hello(self) -> str:
        return "hello"


def app_with(config: Any = None, *controllers: Any) -> RestApplication:
    app = RestApplication({"rest": config or {}})
    for cls in controllers or (Hello,):
        app.controller(cls)
    return app


# Settings


def test_defaults_are_read_from_their_keys() -> None:
    """REST-002"""
    server = RestApplication().rest_server
    assert server.get_sync(RestBindings.PORT) == 3000
    assert server.get_sync(RestBindings.HOST) == "127.0.0.1"
    assert server.get_sync(RestBindings.PROTOCOL) == "http"
    assert server.get_sync(RestBindings.BASE_PATH) == ""
    assert not server.is_bound(RestBindings.REQUEST_BODY_PARSER_OPTIONS)
    assert not server.is_bound(RestBindings.ERROR_WRITER_OPTIONS)


@pytest.mark.parametrize("as_object", [False, True])
def test_every_setting_can_be_read_back(as_object: bool) -> None:
    """REST-001, REST-002, REST-021"""
    values: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": 0,
        "protocol": "http",
        "base_path": "/api",
        "listen_on_start": False,
        "grace_period": 3,
        "keep_alive_timeout": 7,
        "headers_timeout": 8,
        "max_headers": 9,
        "max_connections": 10,
        "request_timeout": 11,
        "cors": True,
        "compression": True,
        "openapi": {"version": "3.0"},
        "explorer": {"path": "/docs"},
        "request_body_parser": {"limit": "4mb"},
        "router": {"strict": True},
        "error_format": "loopback",
        "error_writer": {"debug": True},
        "trusted_proxies": ["127.0.0.1"],
        "request_id": True,
        "path": None,
        "ssl": None,
    }

    class Section:
        pass

    section: Any = values
    if as_object:
        section = Section()
        for name, value in values.items():
            setattr(section, name, value)
    server = RestApplication({"rest": section}).rest_server
    for name, value in values.items():
        assert server.get_sync(SETTING_KEYS[name]) == value, name


def test_a_sequence_class_in_the_configuration_is_bound() -> None:
    """REST-023"""

    class Mine(DefaultSequence):
        pass

    server = RestApplication({"rest": {"sequence": Mine}}).rest_server
    assert server.get_binding(RestBindings.SEQUENCE).value_type is Mine


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", 70000),
        ("port", "x"),
        ("error_format", "xml"),
        ("protocol", "ftp"),
        ("grace_period", -1),
        ("openapi", {"info": {"title": "Shop"}}),
    ],
)
def test_an_impossible_setting_is_refused_at_once(name: str, value: Any) -> None:
    """REST-001"""
    with pytest.raises(SettingError, match=name):
        RestApplication({"rest": {name: value}}).rest_server  # noqa: B018 - the property makes the server


def test_a_setting_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """REST-001"""
    monkeypatch.setenv("MAINSPRING_REST_ERROR_FORMAT", "loopback")
    monkeypatch.setenv("MAINSPRING_REST_PORT", "4321")
    server = RestApplication({"rest": {"error_format": "problem"}}).rest_server
    assert server.get_sync(RestBindings.ERROR_FORMAT) == "loopback"
    assert server.get_sync(RestBindings.PORT) == 4321


def test_what_is_bound_on_the_application_holds_for_servers_without_their_own() -> None:
    """REST-209"""
    app = Application()
    app.component(RestComponent)
    app.server(RestServer, "private")
    public = app.get_sync("servers.RestServer")
    private = app.get_sync("servers.private")
    app.bind(RestBindings.PORT).to(443)
    private.bind(RestBindings.PORT).to(8080)
    assert public.get_sync(RestBindings.PORT) == 443
    assert private.get_sync(RestBindings.PORT) == 8080


def test_a_server_is_configured_by_its_name() -> None:
    """REST-210"""
    app = RestApplication({"rest": {"port": 1, "host": "::1"}})
    app.configure("servers.private").to({"port": 2})
    app.server(RestServer, "private")
    private = app.get_sync("servers.private")
    assert private.get_sync(RestBindings.PORT) == 2
    assert private.get_sync(RestBindings.HOST) == "::1"
    assert app.rest_server.get_sync(RestBindings.PORT) == 1


# Being a context


async def test_a_rest_application_has_one_server() -> None:
    """REST-016, REST-017"""
    app = app_with()
    server = app.rest_server
    assert await app.get_server(RestServer) is server
    assert isinstance(server, Context)
    assert server.scope == BindingScope.SERVER
    assert server.parent is app
    assert [binding.key for binding in server.find("controllers.*")] == ["controllers.Hello"]


async def test_a_component_makes_any_application_serve(web: Any) -> None:
    """REST-022"""
    app = Application()
    app.component(RestComponent)
    app.controller(Hello)
    server = await app.get_server(RestServer)
    answer = await web(server).get("/hello")
    assert (answer.status, answer.text) == (200, "hello")
    for name in ("LOG_ERROR", "FIND_ROUTE", "PARSE_PARAMS", "INVOKE_METHOD", "SEND", "REJECT", "INVOKE_MIDDLEWARE"):
        assert app.contains(getattr(RestBindings.SequenceActions, name))


async def test_a_component_may_replace_one_action(web: Any) -> None:
    """REST-022, MW-035"""
    from mainspring.rest import Binding  # noqa: PLC0415 - used here only

    async def shout(response: Any, result: Any) -> None:
        await response.end(str(result).upper())

    class Mine(RestComponent):
        bindings = (Binding(RestBindings.SequenceActions.SEND).to(shout),)

    app = Application()
    app.component(Mine)
    app.controller(Hello)
    answer = await web(await app.get_server(RestServer)).get("/hello")
    assert answer.text == "HELLO"
    assert (await web(app.get_sync("servers.RestServer")).get("/nothing")).status == 404


async def test_each_server_has_its_own_controllers_and_those_of_the_application(web: Any) -> None:
    """REST-015"""

    class Mine:
        @get("/mine")
        def mine(self) -> str:
            return "mine"

    app = app_with()
    app.server(RestServer, "other")
    other = app.get_sync("servers.other")
    other.controller(Mine)
    assert (await web(other).get("/hello")).status == 200
    assert (await web(other).get("/mine")).text == "mine"
    assert (await web(app).get("/mine")).status == 404


async def test_a_controller_may_belong_to_one_server(web: Any) -> None:
    """REST-015"""
    from mainspring.rest import api  # noqa: PLC0415 - used here only

    @api(server="other")
    class Mine:
        @get("/mine")
        def mine(self) -> str:
            return "mine"

    app = app_with({}, Hello, Mine)
    app.server(RestServer, "other")
    assert (await web(app.get_sync("servers.other")).get("/mine")).text == "mine"
    assert (await web(app).get("/mine")).status == 404


# Base path


async def test_the_base_path_prefixes_everything(web: Any) -> None:
    """REST-018, REST-019"""
    app = app_with()
    app.base_path("/api/")
    app.redirect("/old", "/hello")
    assert app.rest_server.get_sync(RestBindings.BASE_PATH) == "/api"
    assert (await web(app).get("/api/hello")).text == "hello"
    assert (await web(app).get("/hello")).status == 404
    assert (await web(app).get("/apihello")).status == 404
    assert (await web(app).get("/api/old")).headers["location"] == "/api/hello"
    assert (await web(app).get("/api/openapi.json")).json()["servers"] == [{"url": "/api"}]
    assert (await web(app).get("/openapi.json")).status == 404
    assert (await web(app).get("/api/explorer/")).status == 200
    assert (await web(app).get("/explorer/")).status == 404


async def test_the_base_path_cannot_be_changed_after_a_request(web: Any) -> None:
    """REST-018"""
    app = app_with()
    await web(app).get("/hello")
    with pytest.raises(BasePathError, match="cannot be changed any more"):
        app.base_path("/late")


@pytest.mark.parametrize(
    ("base", "root", "path"),
    [
        ("", "/proxy", "/proxy/hello"),
        ("", "/proxy", "/hello"),
        ("/api", "/proxy", "/proxy/api/hello"),
        ("/api", "/proxy", "/api/hello"),
        ("/api", "/proxy/api", "/proxy/api/hello"),
        ("/api", "/api", "/api/hello"),
        ("/api", "/api", "/hello"),
    ],
)
async def test_a_root_path_is_part_of_the_base_path(web: Any, base: str, root: str, path: str) -> None:
    """REST-027, REST-029"""
    app = app_with({"base_path": base})
    app.redirect("/old", "/hello")
    client = web(app, root)
    assert (await client.get(path)).text == "hello"
    expected = root if base and root.endswith(base) else f"{root}{base}"
    assert (await client.get(path.replace("hello", "old"))).headers["location"] == f"{expected}/hello"
    document = (await client.get(path.replace("hello", "openapi.json"))).json()
    assert document["servers"] == [{"url": expected}]


# As an ASGI application


async def test_the_first_request_initializes_the_application_once(web: Any) -> None:
    """REST-024"""
    app = app_with()
    events: list[str] = []

    async def slow() -> None:
        events.append("init")
        await asyncio.sleep(0.01)

    app.on_init(slow)
    app.on_start(lambda: events.append("start"))
    answers = await asyncio.gather(*(web(app).get("/hello") for _ in range(5)))
    assert [answer.status for answer in answers] == [200] * 5
    assert events == ["init"]
    assert app.state == "initialized"


async def test_a_failed_initialization_is_tried_again(web: Any) -> None:
    """REST-024"""
    app = app_with()
    failures = [RuntimeError("not yet")]

    def fail() -> None:
        if failures:
            raise failures.pop()

    app.on_init(fail)
    first = await web(app).get("/hello")
    assert first.status == 500
    assert "not yet" not in first.text
    assert (await web(app).get("/hello")).status == 200


async def lifespan(app: Any, *kinds: str) -> list[dict[str, Any]]:
    incoming = [{"type": f"lifespan.{kind}"} for kind in kinds]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return incoming.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)
    return sent


async def test_the_lifespan_starts_without_listening_and_stops() -> None:
    """REST-025"""
    app = app_with({"port": 1})
    states: list[str] = []
    app.on("state_changed", lambda old, new: states.append(new))
    assert not app.rest_server.listening
    sent = await lifespan(app, "startup", "shutdown")
    assert sent == [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]
    assert states == ["initializing", "initialized", "starting", "started", "stopping", "stopped"]


async def test_a_failed_startup_is_told() -> None:
    """REST-025"""
    app = app_with()

    def fail() -> None:
        raise RuntimeError("no database")

    app.on_start(fail)
    incoming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return incoming.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app({"type": "lifespan"}, receive, send)
    assert sent[0]["type"] == "lifespan.startup.failed"
    assert "no database" in sent[0]["message"]


async def test_a_websocket_without_a_route_is_refused() -> None:
    """REST-028"""
    for extensions, expected in (
        ({}, "websocket.close"),
        ({"websocket.http.response": {}}, "websocket.http.response.start"),
    ):
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "websocket.connect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)  # noqa: B023 - used within the iteration

        scope = {"type": "websocket", "path": "/x", "raw_path": b"/x", "headers": [], "extensions": extensions}
        await app_with()(scope, receive, send)
        assert sent[0]["type"] == expected
        if expected.endswith("start"):
            assert sent[0]["status"] == 404


async def test_an_error_after_the_start_of_the_response_leaves_the_callable(web: Any) -> None:
    """REST-026"""
    app = app_with()

    async def fail() -> Any:
        yield b"begin"
        raise RuntimeError("too late")

    app.route("get", "/fail", None, fail)
    client = web(app)
    with pytest.raises(RuntimeError, match="too late"):
        await client.get("/fail")
    assert client.messages[0]["status"] == 200
    assert client.messages[-1]["more_body"] is True


async def test_get_is_no_route_decorator_and_says_so() -> None:
    """REST-031"""
    app = app_with()
    with pytest.raises(TypeError, match=r"@app\.route.*@get"):
        app.get("/hello")
    assert await app.get(RestBindings.PORT) == 3000


async def test_asgi_middleware_wraps_the_server_first_one_outermost(web: Any) -> None:
    """REST-208, MW-027"""
    seen: list[str] = []

    class Wrapper:
        def __init__(self, app: Any, name: str) -> None:
            self.app, self.name = app, name

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            seen.append(self.name)
            await self.app(scope, receive, send)

    app = app_with({"port": 0})
    app.asgi_middleware(Wrapper, name="first")
    app.asgi_middleware(Wrapper, name="second")
    assert (await web(app).get("/hello")).status == 200
    assert (await web(app.rest_server).get("/hello")).status == 200
    assert seen == ["first", "second"] * 2
    await app.start()
    try:
        with pytest.raises(ValueError, match="has started"):
            app.asgi_middleware(Wrapper, name="late")
    finally:
        await app.stop()
