"""Sequences of the program, and actions that are replaced."""

import logging
from pathlib import Path
from typing import Annotated, Any

import pytest

from mainspring.rest import (
    DefaultSequence,
    HttpErrors,
    MiddlewareSequence,
    RequestContext,
    RestApplication,
    RestBindings,
    inject,
    param,
)
from mainspring.rest.sequences import DefaultSequence as Same

SequenceActions = RestBindings.SequenceActions


def app_of(config: Any = None) -> RestApplication:
    app = RestApplication({"rest": config or {}})
    app.route("get", "/hello/{name}", None, lambda name, loud=False: {"hello": name, "loud": loud})
    return app


async def test_a_sequence_of_the_program_is_made_per_request(web: Any) -> None:
    """MW-030, MW-037, MW-040"""
    made: list[int] = []

    class Mine(DefaultSequence):
        def __init__(
            self, ctx: RequestContext, send: Annotated[Any, inject(SequenceActions.SEND)], name: str = inject("name")
        ) -> None:
            super().__init__(ctx)
            made.append(1)
            self.given, self.name = send, name

        async def handle(self, context: RequestContext) -> None:
            assert self.ctx is context
            assert await self.ctx.get(RestBindings.Http.REQUEST) is context.request
            await self.given(context.response, f"{self.name} {await context.get('name')}")

    app = app_of()
    app.bind("name").to("app")
    app.sequence(Mine)
    assert (await web(app).get("/anything")).text == "app app"
    assert (await web(app).get("/else")).text == "app app"
    assert len(made) == 2


@pytest.mark.parametrize("base", [MiddlewareSequence, DefaultSequence])
async def test_a_sequence_may_wrap_the_default(web: Any, base: Any) -> None:
    """MW-031, MW-033"""
    events: list[Any] = []

    class Mine(base):  # type: ignore[misc]  # the base is a parameter
        async def handle(self, context: RequestContext) -> None:
            events.append("before")
            context.response.headers["X-Mine"] = "1"
            await super().handle(context)
            events.append(context.response.headers_sent)

    app = app_of({"sequence": Mine, "cors": True})
    answer = await web(app).get("/hello/you?loud=1")
    assert (answer.status, answer.json()) == (200, {"hello": "you", "loud": "1"})
    assert answer.headers["x-mine"] == "1"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "x-request-id" in answer.headers
    assert events == ["before", True]
    assert (await web(app).get("/nothing")).status == 404
    assert (await web(app).get("/openapi.json")).status == 200
    assert (await web(app)("HEAD", "/hello/you")).body == b""
    preflight = {"origin": "http://a", "access-control-request-method": "GET"}
    assert (await web(app)("OPTIONS", "/hello/you", headers=preflight)).status == 204


async def test_a_handler_function_answers_everything(web: Any) -> None:
    """MW-032"""

    async def handler(context: RequestContext, sequence: Any) -> None:
        assert isinstance(sequence, Same)
        await sequence.send(context.response, "hi")

    app = app_of()
    app.handler(handler)
    for path in ("/", "/hello/you", "/nothing"):
        assert (await web(app).get(path)).text == "hi"
    app.sequence(MiddlewareSequence)
    assert (await web(app).get("/nothing")).status == 404


async def test_the_default_sequence_calls_its_actions(web: Any) -> None:
    """MW-033, MW-036"""
    seen: list[Any] = []

    class Mine(DefaultSequence):
        async def handle(self, context: RequestContext) -> None:
            try:
                await self.invoke_middleware(context)
                route = await self.find_route(context.request)
                args = await self.parse_params(context.request, route)
                seen.append((str(route), args.values, args.args, args.kwargs))
                result = await self.invoke(route, args)
                await self.send(context.response, {"result": result})
            except Exception as error:
                await self.reject(context, error)

    app = app_of()
    app.sequence(Mine)

    def positional(first: str, /, *, second: int) -> list[Any]:
        return [first, second]

    app.route("get", "/p/{first}", None, positional)
    assert (await web(app).get("/p/a?second=2")).json() == {"result": ["a", 2]}
    assert seen == [("Route - get /p/{first} => positional", {"first": "a", "second": 2}, ["a"], {"second": 2})]
    assert (await web(app).get("/p/a?second=x")).status == 400


async def test_middleware_may_answer_in_the_default_sequence(web: Any) -> None:
    """MW-034"""

    async def middleware(ctx: RequestContext, next: Any) -> Any:
        way = ctx.request.query.get("way")
        if way == "write":
            await ctx.response.end("written")
            return None
        if way == "value":
            return {"value": 1}
        if way == "response":
            ctx.response.status = 202
            return ctx.response
        return await next()

    app = app_of()
    app.sequence(DefaultSequence)
    app.middleware(middleware)
    assert (await web(app).get("/hello/a?way=write")).text == "written"
    assert (await web(app).get("/hello/a?way=value")).json() == {"value": 1}
    assert (await web(app).get("/hello/a?way=response")).status == 202
    assert (await web(app).get("/hello/a")).json() == {"hello": "a", "loud": False}


@pytest.mark.parametrize("sequence", [MiddlewareSequence, DefaultSequence])
@pytest.mark.parametrize("on_server", [True, False])
async def test_every_action_can_be_replaced(web: Any, sequence: Any, on_server: bool) -> None:
    """MW-035, REST-002"""
    app = app_of()
    app.sequence(sequence)
    target = app.rest_server if on_server else app
    logged: list[Any] = []

    async def send(response: Any, result: Any) -> None:
        response.headers["Content-Type"] = "text/x"
        await response.end(f"sent {result}")

    async def reject(context: Any, error: Any) -> None:
        context.response.status = 418
        await context.response.end(f"rejected {type(error).__name__}")

    def find_route(request: Any) -> Any:
        if request.path == "/none":
            raise HttpErrors.NotFound
        return next(route for route in app.rest_server.registry.routes())

    def parse_params(request: Any, route: Any) -> Any:
        return {"name": "parsed"}

    def invoke(route: Any, args: Any) -> Any:
        return {**args, "invoked": True}

    target.bind(SequenceActions.FIND_ROUTE).to(find_route)
    target.bind(SequenceActions.PARSE_PARAMS).to(parse_params)
    assert (await web(app).get("/whatever")).json() == {"hello": "parsed", "loud": False}
    target.bind(SequenceActions.INVOKE_METHOD).to(invoke)
    assert (await web(app).get("/whatever")).json() == {"name": "parsed", "invoked": True}
    target.bind(SequenceActions.LOG_ERROR).to(lambda error, status, request: logged.append((status, request.path)))
    assert (await web(app).get("/none")).status == 404
    assert logged == [(404, "/none")]
    target.bind(SequenceActions.SEND).to(send)
    target.bind(SequenceActions.REJECT).to(reject)
    assert (await web(app).get("/whatever")).text == "sent {'name': 'parsed', 'invoked': True}"
    answer = await web(app).get("/none")
    assert (answer.status, answer.text) == (418, "rejected NotFound")


async def test_an_error_that_leaves_the_sequence_is_500(web: Any, caplog: pytest.LogCaptureFixture) -> None:
    """MW-038"""

    class Early(MiddlewareSequence):
        async def handle(self, context: RequestContext) -> None:
            raise RuntimeError("early")

    app = app_of()
    app.sequence(Early)
    answer = await web(app).get("/")
    assert answer.json() == {"type": "about:blank", "title": "Internal Server Error", "status": 500, "instance": "/"}
    assert "Request GET / failed with status code 500" in caplog.text
    assert "RuntimeError: early" in caplog.text


async def test_an_error_after_the_response_started_cuts_the_connection(
    web: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """MW-038, REST-026"""

    class Late(MiddlewareSequence):
        async def handle(self, context: RequestContext) -> None:
            await context.response.write("begin")
            raise RuntimeError("late")

    app = app_of()
    app.sequence(Late)
    client = web(app)
    with pytest.raises(RuntimeError, match="late"):
        await client.get("/")
    assert client.messages[-1]["more_body"] is True
    assert "Request GET / failed with status code 500" in caplog.text


async def test_a_sequence_without_a_response_is_500(web: Any, caplog: pytest.LogCaptureFixture) -> None:
    """MW-039"""
    caplog.set_level(logging.ERROR)

    class Silent(DefaultSequence):
        async def handle(self, context: RequestContext) -> None: ...

    app = app_of()
    app.sequence(Silent)
    assert (await web(app).get("/")).status == 500
    assert "Silent" in caplog.text


async def test_the_default_sequence_validates_as_the_other(web: Any) -> None:
    """MW-033, MW-036"""
    app = app_of()
    app.sequence(DefaultSequence)

    def handler(n: Annotated[int, param.query()]) -> int:
        return n

    app.route("get", "/n", None, handler)
    assert (await web(app).get("/n?n=1")).json() == 1
    assert (await web(app).get("/n?n=x")).json()["code"] == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("sequence", [MiddlewareSequence, DefaultSequence])
async def test_what_is_composed_already_is_no_matter_for_an_own_send(web: Any, sequence: Any, tmp_path: Path) -> None:
    """MW-034, MW-035"""
    (tmp_path / "a.txt").write_text("a")
    app = RestApplication({"rest": {"cors": True}})
    app.sequence(sequence)
    app.static("/files", tmp_path)
    app.redirect("/old", "/")
    app.mount_asgi("/mount", answering)
    app.route("get", "/", None, lambda: "plain")

    async def send(response: Any, result: Any) -> None:
        await response.end(f"own {result}")

    app.bind(SequenceActions.SEND).to(send)
    assert (await web(app).get("/")).text == "own plain"
    assert (await web(app).get("/files/a.txt")).text == "a"
    assert (await web(app).get("/old")).status == 303
    assert (await web(app).get("/mount/x")).text == "mounted"
    assert (await web(app).get("/openapi.json")).json()["openapi"]
    preflight = {"origin": "https://a.example", "access-control-request-method": "GET"}
    assert (await web(app)("OPTIONS", "/", headers=preflight)).status == 204


async def answering(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"mounted"})


async def test_an_own_handle_that_runs_the_middleware_first(web: Any) -> None:
    """MW-033, MW-034"""

    class Own(DefaultSequence):
        async def handle(self, context: RequestContext) -> None:
            if await self.invoke_middleware(context):
                return
            await self.send(context.response, "own")

    app = RestApplication({"rest": {"cors": True}})
    app.sequence(Own)
    assert (await web(app).get("/")).text == "own"
    assert (await web(app).get("/openapi.json")).json()["openapi"]
    preflight = {"origin": "https://a.example", "access-control-request-method": "GET"}
    assert (await web(app)("OPTIONS", "/", headers=preflight)).status == 204
