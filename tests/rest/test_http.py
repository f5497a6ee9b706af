"""Verbs, CORS, redirects, mounts: what HTTP promises beyond operations."""

import re
from pathlib import Path
from typing import Any

import pytest

from mainspring.rest import (
    DefaultSequence,
    HttpErrors,
    MiddlewareSequence,
    RequestContext,
    RestApplication,
    get,
    head,
    options,
    put,
)
from mainspring.rest.errors import RegistrationError


class C:
    @get("/x")
    def x(self, ctx: RequestContext) -> dict[str, int]:
        ctx.response.headers["X-A"] = "1"
        return {"a": 1}

    @put("/{name}")
    def replace(self, name: str) -> str:
        return name

    @get("/own")
    def own(self) -> str:
        return "get"

    @head("/own")
    def own_head(self, ctx: RequestContext) -> None:
        ctx.response.headers["X-Own"] = "1"

    @options("/chosen")
    def chosen(self) -> str:
        return "chosen"


def app_of(config: Any = None) -> RestApplication:
    app = RestApplication({"rest": config or {}})
    app.controller(C)
    return app


# Verbs


async def test_head_is_get_without_the_body(web: Any) -> None:
    """HTTP-001"""
    app = app_of()
    get_answer, head_answer = await web(app).get("/x"), await web(app)("HEAD", "/x")
    assert head_answer.status == 200
    assert head_answer.body == b""
    for name in ("content-length", "content-type", "x-a"):
        assert head_answer.headers[name] == get_answer.headers[name]
    own = await web(app)("HEAD", "/own")
    assert own.headers["x-own"] == "1"
    assert (await web(app)("HEAD", "/nothing")).status == 405
    assert (await web(app)("HEAD", "/a/b")).status == 404
    assert (await web(app)("HEAD", "/a/b")).body == b""


async def test_a_streamed_body_is_not_iterated_for_head(web: Any) -> None:
    """HTTP-001"""
    events: list[str] = []

    async def stream() -> Any:
        events.append("begun")
        yield b"x"

    app = app_of()
    app.route("get", "/stream/it", None, stream)
    answer = await web(app)("HEAD", "/stream/it")
    assert (answer.status, answer.body) == (200, b"")
    assert events == []


async def test_other_verbs_are_405_with_the_allowed_ones(web: Any) -> None:
    """HTTP-002, ERR-022"""
    answer = await web(app_of())("DELETE", "/x")
    assert (answer.status, answer.headers["allow"]) == (405, "PUT, GET, HEAD, OPTIONS")
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await web(app_of())("DELETE", "/a/b")).status == 404


async def test_options_tell_the_allowed_verbs(web: Any) -> None:
    """HTTP-003"""
    app = app_of()
    answer = await web(app)("OPTIONS", "/x")
    assert (answer.status, answer.headers["allow"], answer.body) == (204, "PUT, GET, HEAD, OPTIONS", b"")
    assert (await web(app)("OPTIONS", "/a/b")).status == 404
    assert (await web(app)("OPTIONS", "/chosen")).text == "chosen"
    assert (await web(app)("OPTIONS", "*", raw_path=b"*")).status == 204
    based = app_of({"base_path": "/api"})
    assert (await web(based)("OPTIONS", "*", raw_path=b"*")).status == 204


async def test_unknown_verbs_are_501(web: Any) -> None:
    """HTTP-004"""
    for path in ("/x", "/a/b"):
        for verb in ("BREW", "get", "Get"):
            assert (await web(app_of())(verb, path)).status == 501, verb


async def test_no_server_line(web: Any) -> None:
    """HTTP-020"""
    answer = await web(app_of()).get("/x")
    assert "server" not in answer.headers
    assert "x-powered-by" not in answer.headers


# CORS

PREFLIGHT = {"origin": "http://a.example", "access-control-request-method": "PUT"}


@pytest.mark.parametrize("cors", [None, False, {"origin": False}])
async def test_cors_is_off_by_default(web: Any, cors: Any) -> None:
    """HTTP-005, HTTP-007"""
    app = app_of({} if cors is None else {"cors": cors})
    for answer in (
        await web(app).get("/x", headers={"origin": "http://a.example"}),
        await web(app)("OPTIONS", "/x", headers=PREFLIGHT),
    ):
        assert not any(name.startswith("access-control") for name in answer.headers)
        assert "vary" not in answer.headers


async def test_cors_defaults(web: Any) -> None:
    """HTTP-005, HTTP-006, ERR-023, OAS-034"""
    app = app_of({"cors": True})
    for path, status in (("/x", 200), ("/a/b", 404), ("/openapi.json", 200), ("/explorer/", 200)):
        answer = await web(app).get(path)
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, "*")
        assert "vary" not in answer.headers
    headers = {**PREFLIGHT, "access-control-request-headers": "X-A, X-B"}
    for path in ("/x", "/nothing/at/all", "/chosen"):
        answer = await web(app)("OPTIONS", path, headers=headers)
        assert (answer.status, answer.body) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-allow-methods"] == "GET,HEAD,PUT,PATCH,POST,DELETE"
        assert answer.headers["access-control-allow-headers"].replace(" ", "") == "X-A,X-B"
        assert answer.headers["access-control-max-age"] == "86400"
        assert answer.headers["vary"] == "Access-Control-Request-Headers"
    assert (await web(app)("OPTIONS", "/chosen")).text == "chosen"


async def test_any_origin_with_credentials_is_refused() -> None:
    """HTTP-005"""
    with pytest.raises(ValueError, match="List the origins"):
        app_of({"cors": {"credentials": True}}).rest_server  # noqa: B018 - makes the server


async def test_cors_options(web: Any) -> None:
    """HTTP-007"""
    app = app_of(
        {
            "cors": {
                "origin": "http://a.example",
                "methods": ["GET"],
                "allowed_headers": ["X-C"],
                "exposed_headers": ["X-D"],
                "credentials": True,
                "max_age": 5,
                "options_success_status": 200,
            }
        }
    )
    answer = await web(app).get("/x", headers={"origin": "http://a.example"})
    assert answer.headers["access-control-allow-origin"] == "http://a.example"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-expose-headers"] == "X-D"
    answer = await web(app)("OPTIONS", "/x", headers=PREFLIGHT)
    assert answer.status == 200
    assert answer.headers["access-control-allow-methods"] == "GET"
    assert answer.headers["access-control-allow-headers"] == "X-C"
    assert answer.headers["access-control-max-age"] == "5"


async def test_a_preflight_may_go_on(web: Any) -> None:
    """HTTP-006"""
    app = app_of({"cors": {"preflight_continue": True}})
    answer = await web(app)("OPTIONS", "/chosen", headers=PREFLIGHT)
    assert answer.text == "chosen"
    assert answer.headers["access-control-allow-methods"]


async def by_function(origin: str) -> Any:
    if origin == "http://bad.example":
        raise HttpErrors.Forbidden("not you")
    return origin == "http://a.example"


@pytest.mark.parametrize(
    "origin",
    [
        "http://a.example",
        ["http://a.example", re.compile(r"http://\w+\.b\.example")],
        lambda o: o == "http://a.example",
        by_function,
    ],
)
async def test_origins_are_selected(web: Any, origin: Any) -> None:
    """HTTP-008, HTTP-009"""
    app = app_of({"cors": {"origin": origin}})
    allowed = await web(app).get("/x", headers={"origin": "http://a.example"})
    assert allowed.headers["access-control-allow-origin"] == "http://a.example"
    for sent in ({"origin": "http://other.example"}, {"origin": "null"}, {}):
        answer = await web(app).get("/x", headers=sent)
        assert answer.status == 200
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["vary"] == "Origin"
    assert (await web(app).get("/a/b", headers={"origin": "http://a.example"})).headers["vary"] == "Origin"


async def test_a_function_may_refuse(web: Any) -> None:
    """HTTP-008"""
    app = app_of({"cors": {"origin": by_function}})
    for method in ("GET", "OPTIONS"):
        answer = await web(app)(method, "/x", headers={**PREFLIGHT, "origin": "http://bad.example"})
        assert (answer.status, answer.json()["detail"]) == (403, "not you")


async def test_a_vary_of_the_handler_is_kept(web: Any) -> None:
    """HTTP-009"""

    def handler(ctx: RequestContext) -> str:
        ctx.response.headers["Vary"] = "Accept-Language"
        return "x"

    app = app_of({"cors": {"origin": ["http://a.example"]}})
    app.route("get", "/v/v", None, handler)
    assert (await web(app).get("/v/v")).headers["vary"] == "Accept-Language, Origin"


# Redirects


async def test_redirects(web: Any) -> None:
    """REST-190, REST-191, REST-192, HTTP-001"""
    app = app_of({"base_path": "/api"})
    app.redirect("/from", "/to")
    app.redirect("/moved", "there", 308)
    app.redirect("/out", "https://example.com/x?y=1", 302)
    binding = app.redirect("/x/y", "/to")
    for path, status, location in (
        ("/from?query=1", 303, "/api/to"),
        ("/moved", 308, "/api/there"),
        ("/out", 302, "https://example.com/x?y=1"),
    ):
        for method in ("GET", "HEAD"):
            answer = await web(app)(method, f"/api{path}")
            assert (answer.status, answer.headers["location"], answer.body) == (status, location, b"")
    assert "/from" not in (await app.get_api_spec())["paths"]
    assert binding.key == "routes.get %2Fx%2Fy"
    app.route("get", "/{a}/{b}", None, lambda a, b: f"{a} {b}")
    assert (await web(app).get("/api/x/y")).status == 303
    app.rest_server.unbind(binding.key)
    assert (await web(app).get("/api/x/y")).text == "x y"


@pytest.mark.parametrize(
    ("target", "status"), [("/to", 200), ("/to", 304), ("//evil.example", 303), ("/\\evil", 303), ("/a\r\nX: 1", 303)]
)
def test_unsafe_redirects_are_refused(target: str, status: int) -> None:
    """REST-190, REST-191, HTTP-015"""
    if target == "/\\evil":
        target = "\\\\evil.example"
    with pytest.raises(RegistrationError):
        app_of().redirect("/from", target, status)


# Mounts


def mounted(events: list[str]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                events.append(message["type"])
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        text = (
            f"{scope['method']} {scope['root_path']} {scope['path']} {scope['query_string'].decode()} {body.decode()}"
        )
        await send({"type": "http.response.start", "status": 201, "headers": [(b"X-Own", b"1")]})
        await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"!"})

    return app


async def test_a_mounted_application_answers_what_no_operation_does(web: Any) -> None:
    """REST-205, REST-207"""
    app = app_of({"base_path": "/api", "cors": True})
    app.mount_asgi("/dogs", mounted([]))
    app.mount_asgi("/dogs/deep", lambda *_: 1 / 0)
    app.route("get", "/dogs/own", None, lambda: "own")
    answer = await web(app)("POST", "/api/dogs/a%20b?q=1", body=b"body")
    assert answer.status == 201
    assert answer.text == "POST /api/dogs /api/dogs/a b q=1 body!"
    assert answer.headers["x-own"] == "1"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert (await web(app, "/root").get("/root/api/dogs")).text == "GET /root/api/dogs /root/api/dogs  !"
    assert (await web(app).get("/api/dogs/own")).text == "own"
    assert (await web(app).get("/api/dogsled")).status == 405
    assert (await web(app).get("/api/dogsled/x")).status == 404
    assert (await web(app).get("/dogs")).status == 404
    assert (await web(app).get("/api/dogs/deep/x")).status == 500


async def test_the_lifespan_of_a_mount_runs_with_the_servers() -> None:
    """REST-205"""
    events: list[str] = []
    app = app_of({"port": 0})
    app.mount_asgi("/dogs", mounted(events))

    async def no_lifespan(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError

    app.mount_asgi("/cats", no_lifespan)
    app.on_start(lambda: events.append("started"))
    await app.start()
    await app.stop()
    assert events == ["started", "lifespan.startup", "lifespan.shutdown"]


async def test_the_document_of_a_mount_is_merged(web: Any) -> None:
    """REST-206, OAS-033"""
    spec = {
        "openapi": "3.1.0",
        "paths": {"/": {"get": {"responses": {}}}, "/bark": {"get": {"responses": {}}}},
        "components": {"schemas": {"Dog": {"type": "object"}}},
        "tags": [{"name": "dogs"}],
    }
    app = app_of()
    app.mount_asgi("/dogs", mounted([]), spec)
    document = await app.get_api_spec()
    assert {"/dogs/", "/dogs/bark"} <= set(document["paths"])
    assert "Dog" in document["components"]["schemas"]
    assert {"name": "dogs"} in document["tags"]
    assert set(spec["paths"]) == {"/", "/bark"}


async def test_an_unexpected_error_of_a_mount_is_answered(web: Any) -> None:
    """REST-205, REST-026"""

    async def failing(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("mounted")

    app = app_of()
    app.mount_asgi("/dogs", failing)
    assert (await web(app).get("/dogs/x")).status == 500


async def _through(context: RequestContext, next: Any) -> Any:
    return await next()


class _OwnSequence(MiddlewareSequence):
    async def handle(self, context: RequestContext) -> None:
        await super().handle(context)


def _with_handler(app: RestApplication) -> None:
    async def answer(context: RequestContext, sequence: Any) -> None:
        await sequence.send(context.response, "anything")

    app.handler(answer)


@pytest.mark.parametrize(
    "change",
    [
        lambda app: None,
        lambda app: app.middleware(_through),
        lambda app: app.sequence(_OwnSequence),
        lambda app: app.sequence(DefaultSequence),
        _with_handler,
    ],
)
async def test_unknown_hosts_are_refused_whatever_the_sequence(web: Any, change: Any) -> None:
    """HTTP-017 ERR-023"""
    app = RestApplication({"rest": {"allowed_hosts": ["good"], "cors": True}})
    app.route("get", "/x", None, lambda: "x")
    change(app)
    ask = web(app)
    assert (await ask.get("/x", headers={"Host": "good:80"})).status == 200
    for path in ("/x", "/openapi.json", "/none"):
        refused = await ask.get(path, headers={"Host": "bad"})
        assert (refused.status, refused.json()["code"]) == (400, "UNKNOWN_HOST")
        assert refused.headers["access-control-allow-origin"] == "*"
    preflight = {"Host": "bad", "Origin": "https://a", "Access-Control-Request-Method": "GET"}
    assert (await ask("OPTIONS", "/x", headers=preflight)).status == 400


async def test_errors_outside_the_base_path_have_the_lines_of_cors(web: Any) -> None:
    """HTTP-005 HTTP-009 ERR-023"""
    app = RestApplication({"rest": {"base_path": "/api", "cors": {"origin": ["https://a"]}}})
    answer = await web(app).get("/elsewhere", headers={"Origin": "https://a"})
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (404, "https://a")
    assert answer.headers["vary"] == "Origin"


async def test_what_stands_for_a_compressible_response_varies_as_it_would(web: Any, tmp_path: Path) -> None:
    """HTTP-010 REST-171 REST-201"""
    (tmp_path / "a.txt").write_text("a" * 100)
    app = RestApplication({"rest": {"compression": {"min_size": 10}}})
    app.static("/", tmp_path)
    ask = web(app)
    whole = await ask.get("/a.txt", headers={"Accept-Encoding": "gzip"})
    part = await ask.get("/a.txt", headers={"Accept-Encoding": "gzip", "Range": "bytes=0-49"})
    same = await ask.get("/a.txt", headers={"Accept-Encoding": "gzip", "If-None-Match": whole.headers["etag"]})
    assert [answer.status for answer in (whole, part, same)] == [200, 206, 304]
    assert {answer.headers["vary"] for answer in (whole, part, same)} == {"Accept-Encoding"}
    assert "content-encoding" not in part.headers


async def test_redirects_lead_to_places_with_any_letters(web: Any) -> None:
    """REST-164 REST-190 HTTP-019"""
    app = RestApplication()
    app.redirect("/a", "/köln/%20/€?q=ü")

    async def by_hand(context: RequestContext) -> None:
        await context.response.redirect("/köln/€")

    app.route("get", "/b", None, by_hand)
    ask = web(app)
    assert (await ask.get("/a")).headers["location"] == "/k%C3%B6ln/%20/%E2%82%AC?q=%C3%BC"
    assert (await ask.get("/b")).headers["location"] == "/k%C3%B6ln/%E2%82%AC"
