"""Versions of an interface beside each other: told apart by path, by a header, or by a media type."""

from typing import Any

import pytest

from mainspring.rest import RegexRouter, RestApplication, RestBindings, WebSocket, api, get, post, websocket
from mainspring.rest.errors import SettingError


@api(base_path="/greet", version="1")
class First:
    @get("/{name}")
    async def greet(self, name: str) -> str:
        return f"one {name}"

    @get("/old")
    async def old(self) -> str:
        return "old"


@api(base_path="/greet", version="2")
class Second:
    @get("/{name}")
    async def greet(self, name: str) -> str:
        return f"two {name}"

    @post("/{name}")
    async def new(self, name: str) -> str:
        return f"new {name}"


class Neutral:
    @get("/ping")
    async def ping(self) -> str:
        return "pong"


def application(strategy: str, default: str | None = "1", **rest: Any) -> RestApplication:
    app = RestApplication({"rest": {"versioning": {"strategy": strategy, "default": default}, **rest}})
    for cls in (First, Second, Neutral):
        app.controller(cls)
    return app


async def test_a_path_has_the_version_as_prefix(web: Any) -> None:
    """REST-060"""
    app = application("path", base_path="/api")
    ask = web(app)
    assert (await ask.get("/api/v1/greet/ann")).text == "one ann"
    assert (await ask.get("/api/v2/greet/ann")).text == "two ann"
    assert (await ask.get("/api/greet/ann")).text == "one ann"  # the default
    assert (await ask.get("/api/ping")).text == "pong"
    assert (await ask.get("/api/v9/greet/ann")).status == 404
    assert (await ask.get("/api/v2/greet/old")).text == "two old"
    assert (await ask.post("/api/greet/ann")).status == 405
    assert sorted((await app.get_api_spec())["paths"]) == [
        "/ping",
        "/v1/greet/old",
        "/v1/greet/{name}",
        "/v2/greet/{name}",
    ]


async def test_without_a_default_a_path_needs_its_version(web: Any) -> None:
    ask = web(application("path", None))
    assert (await ask.get("/greet/ann")).status == 404
    assert (await ask.get("/v1/greet/ann")).status == 200


@pytest.mark.parametrize("router", [None, RegexRouter])
async def test_a_header_selects_the_version(web: Any, router: Any) -> None:
    """REST-060"""
    app = application("header")
    if router is not None:
        app.bind(RestBindings.ROUTER).to(router)
    ask = web(app)
    assert (await ask.get("/greet/ann")).text == "one ann"
    assert (await ask.get("/greet/ann", headers={"API-Version": "1"})).text == "one ann"
    answer = await ask.get("/greet/ann", headers={"api-version": " 2 "})
    assert answer.text == "two ann"
    assert "API-Version" in answer.headers["vary"]
    refused = await ask.get("/greet/ann", headers={"API-Version": "9"})
    assert refused.status == 400
    assert refused.json()["code"] == "UNKNOWN_VERSION"
    assert "1, 2" in refused.json()["detail"]
    assert (await ask.get("/greet/old", headers={"API-Version": "2"})).text == "two old"
    assert (await ask.get("/greet/old")).text == "old"
    assert (await ask.get("/ping", headers={"API-Version": "2"})).text == "pong"
    assert (await ask.get("/ping", headers={"API-Version": "9"})).text == "pong"
    assert (await ask.get("/nowhere", headers={"API-Version": "9"})).status == 404
    wrong = await ask.post("/greet/ann", headers={"API-Version": "1"})
    assert (wrong.status, wrong.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    allowed = await ask("OPTIONS", "/greet/ann", headers={"API-Version": "2"})
    assert allowed.headers["allow"] == "POST, GET, HEAD, OPTIONS"


async def test_a_media_type_selects_the_version(web: Any) -> None:
    """REST-060"""
    ask = web(application("media_type"))
    for accept, text in (
        ("text/plain; version=2", "two ann"),
        ("image/png, */*;q=0.5;version=2", "two ann"),
        ("application/signed-exchange;v=b3, text/html", "one ann"),
        ("*/*", "one ann"),
    ):
        answer = await ask.get("/greet/ann", headers={"Accept": accept})
        assert answer.text == text
        assert "Accept" in answer.headers["vary"]
    assert (await ask.get("/greet/ann", headers={"Accept": "*/*;version=9"})).status == 400
    assert (await ask.post("/greet/ann", headers={"Content-Type": "text/plain;version=2"})).text == "new ann"


async def test_without_a_default_the_request_has_to_name_one(web: Any) -> None:
    """REST-060"""
    ask = web(application("header", None))
    refused = await ask.get("/greet/ann")
    assert (refused.status, refused.json()["code"]) == (400, "UNKNOWN_VERSION")
    assert (await ask.get("/ping")).status == 200


async def test_versions_come_and_go_at_run_time(web: Any) -> None:
    """REST-035 REST-036 REST-060"""
    app = application("header")
    ask = web(app)
    assert (await ask.get("/greet/ann", headers={"API-Version": "2"})).status == 200
    app.unbind("controllers.Second")
    assert (await ask.get("/greet/ann", headers={"API-Version": "2"})).status == 400
    app.controller(Second)
    assert (await ask.get("/greet/ann", headers={"API-Version": "2"})).text == "two ann"


async def test_the_document_is_that_of_the_version_asked_for(web: Any) -> None:
    """REST-060 OAS-026"""
    app = application("header")
    ask = web(app)
    first = (await ask.get("/openapi.json")).json()
    second = (await ask.get("/openapi.json", headers={"API-Version": "2"})).json()
    assert list(first["paths"]) == ["/greet/{name}", "/greet/old", "/ping"]
    assert list(second["paths"]) == ["/greet/{name}", "/ping"]
    assert first["paths"]["/greet/{name}"]["get"]["operationId"] == "First.greet"
    assert list(second["paths"]["/greet/{name}"]) == ["get", "post"]
    assert await app.get_api_spec() == {**first, "servers": [{"url": "/"}]}


def test_two_operations_of_one_version_are_still_two() -> None:
    """REST-054"""
    app = application("header")

    @api(base_path="/greet", version="2")
    class Third:
        @get("/{other}")
        async def greet(self, other: str) -> str:
            return other

    with pytest.raises(ValueError, match="registered twice"):
        app.controller(Third)


@pytest.mark.parametrize(
    "setting", ["header", {}, {"strategy": "cookie"}, {"strategy": "header", "defualt": "1"}, {"default": "1"}]
)
def test_a_setting_that_cannot_be_is_refused(setting: Any) -> None:
    app = RestApplication({"rest": {"versioning": setting}})
    with pytest.raises(SettingError, match="versioning"):
        app.rest_server  # noqa: B018 - it is made when it is first asked for


async def test_connections_have_versions_too() -> None:
    """REST-060 HTTP-035"""

    def of(version: str) -> type[Any]:
        @api(version=version)
        class Chat:
            @websocket("/chat")
            async def talk(self, socket: WebSocket) -> None:
                await socket.accept(headers={"X-Version": version})

        return Chat

    app = RestApplication({"rest": {"versioning": {"strategy": "header", "default": "1"}}})
    app.controller(of("1"), "One")
    app.controller(of("2"), "Two")

    async def shake(**headers: str) -> dict[str, Any]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "websocket.disconnect" if sent else "websocket.connect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        lines = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "websocket", "path": "/chat", "headers": lines, "extensions": {"websocket.http.response": {}}}
        await app(scope, receive, send)
        return sent[0]

    assert (b"x-version", b"1") in (await shake())["headers"]
    assert (b"x-version", b"2") in (await shake(API_Version="2"))["headers"]
    assert (await shake(API_Version="9"))["status"] == 400
