"""The context of a request, and the end of a request."""

import asyncio
import gc
import logging
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from mainspring.rest import (
    BindingLockedError,
    BindingScope,
    HttpErrors,
    Request,
    RequestContext,
    Response,
    RestApplication,
    RestBindings,
    get,
)


def app_of(handler: Any, path: str = "/x", config: Any = None, verb: str = "get") -> RestApplication:
    app = RestApplication({"rest": config or {}})
    app.route(verb, path, None, handler)
    return app


async def test_bindings_of_a_request_shadow_and_end_with_it(web: Any) -> None:
    """REST-176"""

    async def handler(ctx: RequestContext, bind: bool = False) -> str:
        if bind:
            ctx.bind("name").to("request")
        return str(await ctx.get("name"))

    app = app_of(handler)
    app.bind("name").to("app")
    assert [(await web(app).get(f"/x{query}")).text for query in ("", "?bind=1", "")] == ["app", "request", "app"]


async def test_the_requests_own_keys_are_bound_and_locked(web: Any) -> None:
    """REST-177"""

    async def handler(ctx: RequestContext) -> list[Any]:
        keys = (RestBindings.Http.CONTEXT, RestBindings.Http.REQUEST, RestBindings.Http.RESPONSE)
        locked = []
        for key in keys:
            try:
                ctx.bind(key).to(None)
            except BindingLockedError:
                locked.append(True)
        return [
            await ctx.get(RestBindings.Http.CONTEXT) is ctx,
            ctx.get_sync(RestBindings.Http.REQUEST) is ctx.request,
            await ctx.get(Response) is ctx.response,
            await ctx.get(Request) is ctx.request,
            all(ctx.contains(key) for key in keys),
            all(ctx.get_binding(key).is_locked for key in keys),
            locked,
            str(ctx.route),
            ctx.path_params,
        ]

    answer = await web(app_of(handler, "/x/{id}")).get("/x/a%20b")
    assert answer.json() == [True] * 6 + [[True] * 3, "Route - get /x/{id} => handler", {"id": "a b"}]


async def test_the_request_tells_everything_about_itself(web: Any) -> None:
    """REST-178, REST-019"""

    async def handler(ctx: RequestContext) -> dict[str, Any]:
        request = ctx.request
        request.state["n"] = 1
        return {
            "method": request.method,
            "path": request.path,
            "raw_path": request.raw_path,
            "url": request.url,
            "query": request.query,
            "query_string": request.query_string,
            "header": [request.headers["X-A"], request.headers.getlist("x-a")],
            "cookies": request.cookies,
            "client": request.client,
            "scheme": request.scheme,
            "version": request.http_version,
            "scope": request.scope["type"],
            "state": request.state,
            "body": (await request.body()).decode(),
            "json": await request.json(),
            "gone": await request.is_disconnected(),
        }

    app = app_of(handler, "/a%20b", {"base_path": "/api"}, "post")
    headers = [("x-a", "1"), ("X-A", "2"), ("cookie", "c=d"), ("host", "example.com:8080")]
    answer = await web(app)("POST", "/api/a%20b?x=1", body=b'{"k":1}', headers=headers)
    assert answer.json() == {
        "method": "POST",
        "path": "/a b",
        "raw_path": "/api/a%20b",
        "url": "http://example.com:8080/api/a%20b?x=1",
        "query": {"x": "1"},
        "query_string": "x=1",
        "header": ["1, 2", ["1", "2"]],
        "cookies": {"c": "d"},
        "client": ["127.0.0.1", 50000],
        "scheme": "http",
        "version": "1.1",
        "scope": "http",
        "state": {"n": 1},
        "body": '{"k":1}',
        "json": {"k": 1},
        "gone": False,
    }


def show_address(ctx: RequestContext) -> list[Any]:
    client = ctx.request.client
    return [ctx.requested_protocol, ctx.requested_base_url, ctx.base_path, client[0] if client else None]


async def test_the_address_the_client_used(web: Any) -> None:
    """REST-179, HTTP-014"""
    app = app_of(show_address, config={"base_path": "/api"})
    for host, expected in (("example.com", "http://example.com/api"), ("example.com:80", "http://example.com/api")):
        assert (await web(app).get("/api/x", headers={"host": host})).json()[1] == expected
    assert (await web(app).get("/api/x", headers={"host": "h:443"}, scheme="https")).json()[:2] == [
        "https",
        "https://h/api",
    ]
    client = web(app)
    answer = await client.get("/api/x", headers={"host": ""})
    assert answer.json()[1] == "http://127.0.0.1:8000/api"


FORWARDED = {
    "x-forwarded-proto": "https",
    "x-forwarded-host": "public.example:8443",
    "x-forwarded-for": "203.0.113.7, 10.0.0.2",
    "x-forwarded-prefix": "/prefix",
}


@pytest.mark.parametrize(
    ("trusted", "believed"),
    [(None, False), (["10.0.0.0/8"], False), (["127.0.0.1", "10.0.0.0/8"], True), ("*", None), (2, True)],
)
async def test_forwarded_fields_are_believed_from_trusted_proxies_only(web: Any, trusted: Any, believed: Any) -> None:
    """HTTP-013, REST-179"""
    app = app_of(show_address, config={} if trusted is None else {"trusted_proxies": trusted})
    answer = (await web(app).get("/x", headers=FORWARDED)).json()
    if believed is False:
        assert answer == ["http", "http://test", "", "127.0.0.1"]
    else:
        assert answer == ["https", "https://public.example:8443/prefix", "/prefix", "203.0.113.7"]


async def test_the_current_request_is_found_from_anywhere(web: Any) -> None:
    """REST-180"""

    async def deep() -> str:
        await asyncio.sleep(0)
        return RequestContext.current().request.path

    async def handler() -> list[str]:
        return [await deep(), await asyncio.create_task(deep())]

    app = app_of(handler)
    app.route("get", "/y", None, handler)
    first, second = await asyncio.gather(web(app).get("/x"), web(app).get("/y"))
    assert (first.json(), second.json()) == (["/x"] * 2, ["/y"] * 2)
    with pytest.raises(LookupError, match="no current request"):
        RequestContext.current()


def watching(app: RestApplication, events: list[str]) -> None:
    """Resources of the request that tell when they are closed."""

    async def first() -> AsyncIterator[str]:
        events.append("open first")
        yield "first"
        events.append("close first")

    def second() -> Iterator[str]:
        events.append("open second")
        yield "second"
        events.append("close second")

    app.bind("first").to_dynamic_value(first).in_scope(BindingScope.REQUEST)
    app.bind("second").to_dynamic_value(second).in_scope(BindingScope.REQUEST)


async def test_the_order_at_the_end_of_a_request(web: Any) -> None:
    """REST-181, REST-185"""
    events: list[str] = []

    async def handler(ctx: RequestContext) -> Any:
        await ctx.get("first")
        await ctx.get("second")
        ctx.after_response(later, "a", b=1)
        ctx.after_response(plain)
        events.append("handler")

        async def body() -> AsyncIterator[bytes]:
            yield b"x"
            events.append("body end")

        return body()

    async def later(a: str, b: int) -> None:
        assert client.messages[-1].get("more_body") is False
        events.append(f"after {a}{b} {await RequestContext.current().get('first')}")

    def plain() -> None:
        events.append("after plain")

    app = app_of(handler)
    watching(app, events)
    client = web(app)
    await client.get("/x")
    assert events == [
        "open first",
        "open second",
        "handler",
        "body end",
        "after a1 first",
        "after plain",
        "close second",
        "close first",
    ]


async def test_clean_up_runs_when_the_handler_fails(web: Any) -> None:
    """REST-182, REST-185"""
    events: list[str] = []

    async def handler(ctx: RequestContext) -> None:
        await ctx.get("first")
        ctx.after_response(events.append, "after")
        raise RuntimeError

    app = app_of(handler)
    watching(app, events)
    assert (await web(app).get("/x")).status == 500
    assert events == ["open first", "close first"]


async def test_after_response_runs_for_client_errors(web: Any) -> None:
    """REST-185"""
    events: list[str] = []

    async def handler(ctx: RequestContext) -> None:
        ctx.after_response(events.append, "after")
        raise HttpErrors.NotFound

    assert (await web(app_of(handler)).get("/x")).status == 404
    assert events == ["after"]


@pytest.mark.parametrize(("result", "status"), [("x", 200), (None, 204), (Response("x", status=202), 202), (None, 418)])
async def test_the_status_is_the_one_sent_once_it_is(web: Any, result: Any, status: int) -> None:
    """REST-161, REST-185: also of a response that the handler returned, and of an error."""
    seen: list[int] = []

    async def handler(ctx: RequestContext) -> Any:
        ctx.after_response(lambda: seen.append(ctx.response.status))
        assert ctx.response.status == 200
        if status == 418:
            raise HttpErrors.ImATeapot
        return result

    assert (await web(app_of(handler)).get("/x")).status == status
    assert seen == [status]


async def test_clean_up_runs_when_the_request_is_cancelled(web: Any) -> None:
    """REST-182, REST-188"""
    events: list[str] = []
    entered = asyncio.Event()

    async def handler(ctx: RequestContext) -> None:
        await ctx.get("first")
        entered.set()
        await asyncio.sleep(100)

    app = app_of(handler)
    watching(app, events)
    client = web(app)
    task = asyncio.create_task(client.get("/x"))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert events == ["open first", "close first"]
    assert client.messages == []


async def test_a_cancellation_of_the_handlers_own_is_500(web: Any) -> None:
    """REST-188"""

    async def handler() -> None:
        raise asyncio.CancelledError

    assert (await web(app_of(handler)).get("/x")).status == 500


async def test_errors_in_clean_up_change_nothing(web: Any, caplog: pytest.LogCaptureFixture) -> None:
    """REST-182"""
    events: list[str] = []

    async def failing() -> AsyncIterator[str]:
        yield "failing"
        raise RuntimeError("clean-up failed")

    async def handler(ctx: RequestContext) -> str:
        await ctx.get("first")
        await ctx.get("failing")
        return "fine"

    app = app_of(handler)
    watching(app, events)
    app.bind("failing").to_dynamic_value(failing).in_scope(BindingScope.REQUEST)
    answer = await web(app).get("/x")
    assert (answer.status, answer.text) == (200, "fine")
    assert events[-1] == "close first"
    assert "clean-up failed" in caplog.text


@pytest.mark.parametrize("requests_before", [0, 3])
async def test_nothing_follows_a_response_that_nobody_got(web: Any, requests_before: int) -> None:
    """REST-185: also where the operation was compiled by the requests before."""
    events: list[str] = []
    gone = asyncio.Event()

    async def handler(ctx: RequestContext) -> dict[str, int]:
        ctx.after_response(events.append, "after")
        return {"n": 1}

    app = RestApplication()
    app.route("get", "/x", None, handler)
    for _ in range(requests_before):
        assert (await web(app).get("/x")).json() == {"n": 1}
    assert events == ["after"] * requests_before
    gone.set()
    assert (await web(app).get("/x", disconnect=gone)).status == 200
    assert events == ["after"] * requests_before


async def test_a_failing_after_response_is_logged_and_stops_nothing(web: Any, caplog: pytest.LogCaptureFixture) -> None:
    """REST-185"""
    events: list[str] = []

    def fail() -> None:
        raise RuntimeError("after failed")

    def handler(ctx: RequestContext) -> str:
        ctx.after_response(fail)
        ctx.after_response(events.append, "next")
        return "fine"

    assert (await web(app_of(handler)).get("/x")).text == "fine"
    assert events == ["next"]
    assert "after failed" in caplog.text


async def test_nothing_of_a_request_stays_behind(web: Any) -> None:
    """REST-183"""
    contexts: list[weakref.ref[Any]] = []

    async def handler(ctx: RequestContext) -> str:
        contexts.append(weakref.ref(ctx))
        ctx.on("bind", lambda event: None)
        ctx.subscribe(lambda *_: None)
        ctx.create_view("controllers.*")
        ctx.bind("x").to(1)
        return "fine"

    app = app_of(handler)
    await web(app).get("/x")
    before = (len(app.event_listeners("bind")), len(app.rest_server.event_listeners("bind")))
    for _ in range(20):
        await web(app).get("/x")
    assert (len(app.event_listeners("bind")), len(app.rest_server.event_listeners("bind"))) == before
    await asyncio.sleep(0)  # what was told of the last change may hear of it one turn later
    gc.collect()
    assert [ref() for ref in contexts] == [None] * 21


async def test_a_request_scoped_value_is_made_once(web: Any) -> None:
    """REST-184"""
    made: list[int] = []

    class Unit:
        def __init__(self) -> None:
            made.append(1)

    async def slow() -> Any:
        await asyncio.sleep(0.001)
        return Unit()

    class C:
        def __init__(self, unit: Unit) -> None:
            self.unit = unit

        @get("/x")
        async def x(self, unit: Unit, ctx: RequestContext) -> list[bool]:
            others = await asyncio.gather(ctx.get("slow"), ctx.get("slow"))
            return [self.unit is unit, others[0] is others[1]]

    app = RestApplication()
    app.bind("unit").to_class(Unit).in_scope(BindingScope.REQUEST)
    app.bind("slow").to_dynamic_value(slow).in_scope(BindingScope.REQUEST)
    app.controller(C)
    for number in range(1, 4):
        assert (await web(app).get("/x")).json() == [True, True]
        assert len(made) == 2 * number


async def test_a_slow_operation_is_ended(web: Any) -> None:
    """REST-186"""
    events: list[str] = []

    async def slow(ctx: RequestContext) -> str:
        await ctx.get("first")
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            events.append("cancelled")
            raise
        return "late"

    app = RestApplication({"rest": {"request_timeout": 0.1}})
    app.route("get", "/slow", None, slow)
    app.route("get", "/own", {"x-timeout": 0.1}, slow)
    watching(app, events)

    async def patient() -> str:
        await asyncio.sleep(0.15)
        return "fine"

    async def stream() -> AsyncIterator[str]:
        yield "a"
        await asyncio.sleep(0.15)
        yield "b"

    app.route("get", "/off", {"x-timeout": 0}, patient)
    app.route("get", "/stream", None, stream)
    for path in ("/slow", "/own"):
        events.clear()
        answer = await web(app).get(path)
        assert (answer.status, answer.json()["code"]) == (503, "REQUEST_TIMEOUT")
        assert events == ["open first", "cancelled", "close first"]
    assert (await web(app).get("/off")).text == "fine"
    assert (await web(app).get("/stream")).text == "ab"
    assert "x-timeout" not in str(await app.get_api_spec())


async def test_a_client_that_leaves_does_not_cancel_the_handler(web: Any) -> None:
    """REST-187"""
    events: list[str] = []
    gone = asyncio.Event()

    async def handler(ctx: RequestContext) -> str:
        gone.set()
        await asyncio.sleep(0.01)
        events.append(f"done {await ctx.request.is_disconnected()}")
        return "fine"

    await web(app_of(handler)).get("/x", disconnect=gone)
    assert events == ["done True"]


def passing(ctx: RequestContext, next: Any) -> Any:
    return next()


@pytest.mark.parametrize("has_middleware", [False, True])
@pytest.mark.parametrize("way", ["spec", "setting"])
async def test_a_handler_is_cancelled_when_it_says_so(web: Any, way: str, has_middleware: bool) -> None:
    """REST-187, REST-182"""
    events: list[str] = []
    gone = asyncio.Event()

    async def handler(ctx: RequestContext) -> str:
        await ctx.get("first")
        gone.set()
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            events.append("cancelled")
            raise
        return "late"

    app = RestApplication({"rest": {"cancel_on_disconnect": way == "setting"}})
    app.route("get", "/x", {"x-cancel-on-disconnect": True} if way == "spec" else None, handler)
    if has_middleware:
        app.middleware(passing)
    watching(app, events)
    client = web(app)
    await client.get("/x", disconnect=gone)
    assert events == ["open first", "cancelled", "close first"]
    assert client.messages == []


async def test_pages_are_linked(web: Any) -> None:
    """REST-174"""

    def handler(ctx: RequestContext, total: int | None = None, offset: int = 0) -> Any:
        return ctx.paginate([1, 2], total, limit=2, offset=offset)

    app = app_of(handler)
    answer = await web(app).get("/x?total=5&offset=2&q=a%20b")
    assert answer.json() == [1, 2]
    assert answer.headers["x-total-count"] == "5"
    base = "http://test/x?"
    assert answer.headers["link"] == ", ".join(
        [
            f'<{base}total=5&q=a%20b&limit=2&offset=0>; rel="first"',
            f'<{base}total=5&q=a%20b&limit=2&offset=0>; rel="prev"',
            f'<{base}total=5&q=a%20b&limit=2&offset=4>; rel="next"',
            f'<{base}total=5&q=a%20b&limit=2&offset=4>; rel="last"',
        ]
    )
    unknown = await web(app).get("/x")
    assert "x-total-count" not in unknown.headers
    assert 'rel="next"' in unknown.headers["link"]
    assert 'rel="last"' not in unknown.headers["link"]


async def test_paths_of_operations_are_built(web: Any) -> None:
    """REST-175"""

    class C:
        @get("/users/{id}/files/{rest:path}")
        def show(self, id: str, rest: str) -> str:
            return f"{id} {rest}"

    def handler(ctx: RequestContext) -> Any:
        for name, values in (("C.nothing", {}), ("C.show", {"id": 1}), ("C.show", {"id": 1, "rest": "a", "x": 1})):
            with pytest.raises(LookupError):
                ctx.url_for(name, **values)
        return [ctx.url_for("C.show", id="a/b c", rest="x/y z"), ctx.url_for("handler")]

    app = app_of(handler, config={"base_path": "/api"})
    app.controller(C)
    client = web(app, "/root")
    paths = (await client.get("/root/api/x")).json()
    assert paths == ["/root/api/users/a%2Fb%20c/files/x/y%20z", "/root/api/x"]
    assert (await client.get(paths[0])).text == "a/b c x/y z"


async def test_a_request_has_an_id(web: Any, caplog: pytest.LogCaptureFixture) -> None:
    """HTTP-018, ERR-023"""
    caplog.set_level(logging.ERROR)

    def handler(ctx: RequestContext, fail: bool = False) -> str:
        if fail:
            raise RuntimeError
        return ctx.request_id

    app = app_of(handler)
    answer = await web(app).get("/x", headers={"X-Request-ID": "abc-1.2_3"})
    assert (answer.text, answer.headers["x-request-id"]) == ("abc-1.2_3",) * 2
    for wrong in ("a b", "", "x" * 129, "a/b", "ü"):
        answer = await web(app).get("/x", headers={"X-Request-ID": wrong})
        assert answer.text == answer.headers["x-request-id"] != wrong
    first, second = await web(app).get("/x"), await web(app).get("/x")
    assert first.text != second.text
    failed = await web(app).get("/x?fail=1", headers={"X-Request-ID": "the-id"})
    assert failed.headers["x-request-id"] == "the-id"
    assert caplog.records[-1].request_id == "the-id"


async def test_there_is_no_session_without_a_session_middleware(web: Any, caplog: pytest.LogCaptureFixture) -> None:
    """REST-178"""

    def handler(ctx: RequestContext) -> Any:
        return ctx.session

    assert (await web(app_of(handler)).get("/x")).status == 500
    assert "session middleware" in caplog.text


async def test_the_time_limit_holds_for_sequences_and_middleware(web: Any) -> None:
    """REST-186"""

    async def slow() -> str:
        await asyncio.sleep(10)
        return "late"

    async def pass_on(ctx: RequestContext, next: Any) -> Any:
        return await next()

    app = RestApplication({"rest": {"request_timeout": 0.02}})
    app.route("get", "/slow", None, slow)
    app.middleware(pass_on)
    answer = await web(app).get("/slow")
    assert (answer.status, answer.json()["code"]) == (503, "REQUEST_TIMEOUT")
