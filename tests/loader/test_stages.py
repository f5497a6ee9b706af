"""Stages of middleware: what may be one, where it runs, what it does to the result."""

import asyncio
import functools
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any

import pytest

from mainspring.loader import middleware, use, use_after, use_auth, use_before
from mainspring.loader.stage_decorators import is_middleware
from mainspring.rest import (
    BindingScope,
    DefaultSequence,
    HttpErrors,
    Next,
    Request,
    RequestContext,
    Response,
    RestBindings,
    WebSocket,
    api,
    get,
    inject,
    param,
    post,
    request_body,
    websocket,
)
from mainspring.rest.inprocess import call_in_process

Make = Callable[..., Any]


def noting(events: list[Any], name: str) -> Any:
    async def noted(ctx: RequestContext, next: Any) -> Any:
        events.append(name)
        return await next()

    noted.__qualname__ = name
    return noted


def stopping(value: Any) -> Any:
    def stop(ctx: RequestContext, next: Any) -> Any:
        return value

    return stop


# What a middleware is


async def test_a_function_of_context_and_next_is_a_middleware(staged: Make) -> None:
    """LOAD-099: plain or async, or an object that is called."""
    results: list[Any] = []

    async def outer(ctx: RequestContext, next: Any) -> Any:
        results.append(await next())

    def plain(ctx: RequestContext, next: Any) -> Any:
        return next()

    class Called:
        async def __call__(self, ctx: Any, next: Any) -> Any:
            return await next()

    class C:
        @get("/x")
        @use(outer, plain, Called())
        def x(self) -> dict[str, int]:
            return {"a": 1}

    assert await staged(C).json("GET", "/x") == {"a": 1}
    assert results == [{"a": 1}]


async def test_a_class_with_use_is_made_by_the_container_once(staged: Make) -> None:
    """LOAD-100, LOAD-109: constructor and parameters are injected; nothing is registered by hand."""
    made: list[Any] = []
    seen: list[Any] = []

    class Clock:
        now = 12

    class Stamp:
        tag: str = inject("tag")

        def __init__(self, clock: Clock) -> None:
            self.clock = clock
            made.append(self)

        async def use(
            self, ctx: RequestContext, request: Request, late: Clock, name: Annotated[str, inject("tag")]
        ) -> None:
            seen.append((ctx.route.path, request.method, self.clock is late, self.tag, name))

    class C:
        @get("/x")
        @use(Stamp)
        def x(self) -> int:
            return 1

        @get("/y")
        @use_before(Stamp)
        def y(self) -> int:
            return 2

    app = staged(C)
    app.app.bind("tag").to("t")
    app.app.service(Clock)
    app.app.bind("services.Clock").to_class(Clock).in_scope(BindingScope.SINGLETON)
    assert [(await app("GET", path)).status for path in ("/x", "/y", "/x")] == [200, 200, 200]
    assert len(made) == 1
    assert seen == [("/x", "GET", True, "t", "t"), ("/y", "GET", True, "t", "t"), ("/x", "GET", True, "t", "t")]


async def test_two_classes_of_one_name_are_two_middlewares(staged: Make) -> None:
    """LOAD-100"""
    seen: list[int] = []

    def make(number: int) -> type[Any]:
        class Same:
            def use(self) -> None:
                seen.append(number)

        return Same

    app = staged()
    app.use(make(1), make(2))
    await app("GET", "/")
    assert seen == [1, 2]


async def test_a_subclass_is_another_middleware(staged: Make) -> None:
    """LOAD-100: in whatever order they are used; a binding that stands for a class counts instead of it."""
    seen: list[str] = []

    class Base:
        def use(self) -> None:
            seen.append(type(self).__name__)

    class Sub(Base): ...

    class Other(Base): ...

    class Instead(Base): ...

    app = staged()
    app.use(Sub, Other, Base)
    await app("GET", "/")
    assert seen == ["Sub", "Other", "Base"]
    seen.clear()
    app = staged()
    app.app.bind("middlewares.Instead").to_class(Instead).provides(Base)
    app.use(Base)
    await app("GET", "/")
    assert seen == ["Instead"]


async def test_a_middleware_in_request_scope_is_shared_within_its_request(staged: Make) -> None:
    """LOAD-100: with the other consumers of the request; a new one for the next request."""
    seen: list[Any] = []

    @middleware(scope=BindingScope.REQUEST)
    class Trace:
        def use(self, ctx: RequestContext) -> None:
            seen.append(self)

    class C:
        @get("/x")
        @use_before(Trace)
        @use(Trace)
        async def x(self, trace: Trace) -> None:
            seen.append(trace)

    app = staged(C)
    await app("GET", "/x")
    await app("GET", "/x")
    assert seen[0] is seen[1] is seen[2]
    assert seen[3] is seen[4] is seen[5]
    assert seen[0] is not seen[3]


async def test_a_function_with_other_parameters_is_injected(staged: Make) -> None:
    """LOAD-101, LOAD-135: markers read the request, and complain as those of a handler do."""
    seen: list[Any] = []

    def check(
        request: Request,
        id: Annotated[int, param.path("id")],
        page: int = param.query("page"),
        agent: Annotated[str | None, param.header("X-Agent")] = None,
    ) -> None:
        seen.append((request.method, id, page, agent))

    async def body(given: Annotated[dict[str, int], request_body()]) -> None:
        seen.append(given)

    class C:
        @post("/x/{id}")
        @use_before(check, body)
        def x(self, id: int, given: Annotated[dict[str, int], request_body()]) -> dict[str, int]:
            return given

    app = staged(C)
    answer = await app("POST", "/x/7?page=3", json={"a": 1}, headers={"X-Agent": "me"})
    assert answer.json() == {"a": 1}
    assert seen == [("POST", 7, 3, "me"), {"a": 1}]
    wrong = await app("POST", "/x/7?page=three", json={"a": 1})
    assert wrong.status == 400
    assert wrong.json()["errors"][0]["info"]["name"] == "page"


async def test_the_shapes_people_write(staged: Make) -> None:
    """LOAD-099, LOAD-100, LOAD-101, LOAD-106: names say what an unannotated parameter is."""
    seen: list[Any] = []

    class Express:
        def use(self, request: Any, response: Any, next: Any) -> Any:
            seen.append((type(request).__name__, type(response).__name__))
            return next()

    class Native:
        async def use(self, context, following):  # type: ignore[no-untyped-def]  # as people write it
            seen.append(type(context).__name__)
            return await following()

    def given(name: str, ctx: Any, next: Any) -> Any:
        seen.append(name)
        return next()

    def with_default(ctx: "RequestContext", next: "Next", more: int = 5) -> Any:
        seen.append(more)
        return next()

    class Failing:
        async def use(self, error: Any, request: Any, response: Any, next: Any) -> Any:
            seen.append(type(error).__name__)
            response.status = 410
            return {"path": request.path}

    class C:
        @get("/x")
        @use(Express, Native(), functools.partial(given, "partial"), with_default)
        @use_after(Failing)
        def x(self) -> None:
            raise HttpErrors.Conflict

    answer = await staged(C)("GET", "/x")
    assert (answer.status, answer.json()) == (410, {"path": "/x"})
    assert seen == [("Request", "Response"), "RequestContext", "partial", 5, "Conflict"]


async def test_without_next_the_chain_goes_on_by_itself(staged: Make) -> None:
    """LOAD-102"""
    seen: list[str] = []

    async def before(ctx: RequestContext) -> None:
        seen.append("before")

    class C:
        @get("/x")
        @use(before)
        def x(self) -> int:
            seen.append("handler")
            return 1

    assert await staged(C).json("GET", "/x") == 1
    assert seen == ["before", "handler"]


@pytest.mark.parametrize(("value", "status", "body"), [({"cached": True}, 200, b'{"cached":true}'), (None, 204, b"")])
async def test_not_calling_next_answers_with_what_is_returned(
    staged: Make, value: Any, status: int, body: bytes
) -> None:
    """LOAD-102: later stages are skipped, the handler and those behind it too."""
    seen: list[str] = []

    class C:
        @get("/x")
        @use(stopping(value), noting(seen, "later"))
        @use_after(noting(seen, "after"))
        def x(self) -> int:
            seen.append("handler")
            return 1

    answer = await staged(C)("GET", "/x")
    assert (answer.status, answer.body, seen) == (status, body, [])


async def test_a_value_becomes_the_result_and_none_leaves_it(staged: Make) -> None:
    """LOAD-103: in every stage, and the handler's value is replaced by a later one."""
    seen: list[Any] = []

    def early(ctx: RequestContext) -> str:
        return "early"

    async def silent(ctx: RequestContext, next: Any) -> None:
        seen.append(ctx.result)
        await next()
        seen.append(ctx.result)

    def look(ctx: RequestContext) -> None:
        seen.append(ctx.result)

    def late(ctx: RequestContext) -> Any:
        return {"late": ctx.result}

    class C:
        @get("/none")
        @use_before(early)
        def none(self) -> None:
            return None

        @get("/value")
        @use_before(early, silent)
        @use_after(look)
        def valued(self) -> str:
            return "handler"

        @get("/late")
        @use_after(late)
        def replaced(self) -> str:
            return "handler"

    app = staged(C)
    assert (await app("GET", "/none")).text == "early"
    assert (await app("GET", "/value")).text == "handler"
    assert seen == ["early", "handler", "handler"]
    assert await app.json("GET", "/late") == {"late": "handler"}


async def test_a_response_ends_the_chain(staged: Make) -> None:
    """LOAD-104: returned, or written by hand; nothing is added."""
    seen: list[str] = []

    def own(ctx: RequestContext) -> Any:
        ctx.response.status = 202
        return ctx.response

    def ready(ctx: RequestContext) -> Any:
        return Response("ready", status=203)

    async def written(ctx: RequestContext) -> None:
        await ctx.response.end("written")

    def after(ctx: RequestContext) -> str:
        seen.append("after")
        return "after"

    class C:
        @get("/own")
        @use_before(own)
        @use_after(after)
        def a(self) -> int:
            seen.append("handler")
            return 1

        @get("/ready")
        @use_before(ready)
        @use_after(after)
        def b(self) -> int:
            seen.append("handler")
            return 1

        @get("/written")
        @use_before(written)
        @use_after(after)
        def c(self) -> int:
            seen.append("handler")
            return 1

    app = staged(C)
    answers = [await app("GET", path) for path in ("/own", "/ready", "/written")]
    assert [(answer.status, answer.body) for answer in answers] == [(202, b""), (203, b"ready"), (200, b"written")]
    assert seen == []


def test_the_decorator_of_middleware() -> None:
    """LOAD-105: with and without parentheses; the class stays what it is."""

    @middleware
    class A:
        def use(self) -> None: ...

    class Plain:
        def use(self) -> None: ...

    assert middleware(scope="request", tags="t")(Plain) is Plain
    assert is_middleware(A)
    assert is_middleware(Plain)
    assert not is_middleware(type("Sub", (A,), {}))
    with pytest.raises(TypeError, match="Broken has no method use"):
        middleware(type("Broken", (), {}))
    with pytest.raises(TypeError, match="decorates a class"):
        middleware(lambda ctx: None)  # type: ignore[type-var]  # the mistake


class Wrapped:
    """An ASGI middleware."""

    def __init__(self, app: Any, name: str = "", events: Any = None) -> None:
        self.app, self.name, self.events = app, name, events

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            self.events.append((self.name, message["type"], message.get("status")))
            await send(message)

        self.events.append(self.name)
        await self.app(scope, receive, sending)


async def test_asgi_middleware_is_outside_of_all_other(staged: Make) -> None:
    """LOAD-107: the first used outermost; used while the server runs it counts from the next request on."""
    app = staged(config={"listen_on_start": False})
    events = app.events
    app.app.route("get", "/x", None, lambda: 1)
    app.use(noting(events, "native"))
    app.use(Wrapped, name="a", events=events)
    app.use(Wrapped, name="b", events=events)
    assert await app.json("GET", "/x") == 1
    assert events[:3] == ["a", "b", "native"]
    assert events[3:5] == [("b", "http.response.start", 200), ("a", "http.response.start", 200)]
    events.clear()
    await app.app.start()
    try:
        app.use(Wrapped, name="late", events=events)
        assert await app.json("GET", "/x") == 1
    finally:
        await app.app.stop()
    assert [each for each in events if isinstance(each, str)] == ["a", "b", "late", "native"]


async def test_an_asgi_application_with_a_path_is_mounted(staged: Make) -> None:
    """LOAD-107"""

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    app = staged()
    app.use("/inner", inner)
    assert (await app("GET", "/inner/deep")).body.endswith(b"/deep")
    with pytest.raises(TypeError, match=r'inner is an ASGI application; give the path, use\("/path", app\)'):
        app.use(inner)


class WithoutUse:
    pass


def needs_number(count: int) -> None: ...


@pytest.mark.parametrize(
    ("thing", "named"),
    [
        ("text", "use() names no middleware"),
        (5, "not 5"),
        (None, "not None"),
        (WithoutUse, "WithoutUse is no middleware"),
        (WithoutUse(), "WithoutUse object"),
        (needs_number, "Parameter 'count' of needs_number cannot be given"),
    ],
)
def test_anything_else_is_refused_at_once(staged: Make, thing: Any, named: str) -> None:
    """LOAD-108: and nothing of the call counts."""
    app = staged()
    with pytest.raises(TypeError) as raised:
        app.use(thing)
    assert named in str(raised.value)
    good = noting([], "good")
    with suppress(TypeError):
        app.use(good, thing)
    assert app.stages.explain() == []


@pytest.mark.parametrize("decorator", [use, use_before, use_after, use_auth])
@pytest.mark.parametrize(
    ("thing", "named"),
    [
        (5, "not 5"),
        (None, "not None"),
        ("text", "not 'text'"),
        (WithoutUse, "WithoutUse is no middleware"),
        (Wrapped, "give Wrapped to the server"),
        (needs_number, "Parameter 'count' of needs_number"),
    ],
)
def test_decorators_refuse_it_too(decorator: Any, thing: Any, named: str) -> None:
    """LOAD-108"""
    with pytest.raises(TypeError) as raised:
        decorator(thing)
    assert named in str(raised.value)
    with pytest.raises(TypeError, match=decorator.__name__):
        decorator(noting([], "x"))(5)


async def test_one_middleware_used_twice_in_a_chain_runs_twice(staged: Make) -> None:
    """LOAD-109"""
    seen: list[Any] = []

    class Count:
        def use(self) -> None:
            seen.append(self)

    @use_before(Count)
    class C:
        @get("/x")
        @use_before(Count)
        @use(Count)
        def x(self) -> None: ...

    await staged(C)("GET", "/x")
    assert len(seen) == 3
    assert len(set(map(id, seen))) == 1


# Order


async def test_the_order_of_all_stages(staged: Make) -> None:
    """LOAD-110, LOAD-111: the order of decorators of different kinds does not matter; of one kind it is as read."""
    seen: list[str] = []

    def n(name: str) -> Any:
        return noting(seen, name)

    @use_after(n("class after"))
    @use(n("class use"))
    @use_before(n("class before 1"), n("class before 2"))
    @use_before(n("class before 3"))
    class C:
        @use_after(n("after 1"))
        @use(n("use 1"))
        @get("/x")
        @use_before(n("before 1"), n("before 2"))
        @use(n("use 2"), n("use 3"))
        @use_after(n("after 2"))
        def x(self) -> None:
            seen.append("handler")

    app = staged(C)
    app.use(n("global 1"), n("global 2"))
    app.use(n("global 3"))
    await app("GET", "/x")
    assert seen == [
        *("global 1", "global 2", "global 3"),
        *("class before 1", "class before 2", "class before 3", "class use"),
        *("before 1", "before 2", "use 1", "use 2", "use 3"),
        "handler",
        *("after 1", "after 2", "class after"),
    ]
    assert app.stages.explain(app.app.rest_server.registry.routes()[0]) == [
        "C.x" if name == "handler" else name for name in seen
    ]


async def test_a_parents_use_before_is_for_its_children(staged: Make) -> None:
    """LOAD-110, LOAD-112: its ``use`` and ``use_after`` are not."""
    seen: list[str] = []

    def n(name: str) -> Any:
        return noting(seen, name)

    @use_before(n("root before"))
    class Root: ...

    @use_before(n("parent before"))
    @use(n("parent use"))
    @use_after(n("parent after"))
    class Parent: ...

    @use_before(n("child before"))
    class Child:
        @get("/x")
        def x(self) -> None: ...

    app = staged(Child)
    app.app.rest_server.registry.routes()[0].parents = (Root, Parent)
    await app("GET", "/x")
    assert seen == ["root before", "parent before", "child before"]


async def test_stages_are_for_each_verb_of_a_method(staged: Make) -> None:
    """LOAD-113"""
    seen: list[str] = []

    class C:
        @get("/x")
        @post("/y")
        @use(noting(seen, "use"))
        def x(self) -> None: ...

    app = staged(C)
    await app("GET", "/x")
    await app("POST", "/y")
    assert seen == ["use", "use"]


async def test_use_after_runs_before_anything_is_sent(staged: Make) -> None:
    """LOAD-114: it sees ``None``, a ``Response`` and a stream, and may set status, headers and result."""
    seen: list[Any] = []
    pulled: list[int] = []

    def after(ctx: RequestContext) -> Any:
        seen.append(type(ctx.result).__name__)
        seen.append(list(pulled))
        ctx.response.status = 202
        ctx.response.headers["X-After"] = "yes"

    async def items() -> Any:
        pulled.append(1)
        yield b"1"

    class C:
        @get("/none")
        @use_after(after)
        def none(self) -> None: ...

        @get("/response")
        @use_after(after)
        def response(self) -> Any:
            return Response("r")

        @get("/stream")
        @use_after(after)
        def stream(self) -> Any:
            return items()

    app = staged(C)
    assert (await app("GET", "/none")).headers["x-after"] == "yes"
    answer = await app("GET", "/response")
    assert (answer.text, answer.headers["x-after"]) == ("r", "yes")
    assert (await app("GET", "/stream")).status == 202
    assert seen == ["NoneType", [], "Response", [], "async_generator", []]


async def test_use_after_may_replace_a_response(staged: Make) -> None:
    """LOAD-114: it does not run when an error is under way."""
    seen: list[str] = []

    def other(ctx: RequestContext) -> dict[str, int]:
        seen.append("other")
        return {"other": 1}

    class C:
        @get("/other")
        @use_after(other)
        def replaced(self) -> Any:
            return Response("r")

        @get("/broken")
        @use_after(other)
        def broken(self) -> None:
            raise HttpErrors.Conflict

    app = staged(C)
    assert await app.json("GET", "/other") == {"other": 1}
    assert (await app("GET", "/broken")).status == 409
    assert seen == ["other"]


async def test_a_path_limits_what_is_used(staged: Make) -> None:
    """LOAD-115"""
    app = staged()
    app.use("/dogs", noting(app.events, "text first"))
    app.use(noting(app.events, "keyword"), path=["/dogs", "/cats/"])
    for path in ("/dogs", "/dogs/1", "/dogsled", "/cats/2", "/"):
        app.events.append(path)
        await app("GET", path)
    assert app.events == [
        *("/dogs", "text first", "keyword", "/dogs/1", "text first", "keyword"),
        *("/dogsled", "/cats/2", "keyword", "/"),
    ]
    with pytest.raises(TypeError, match="a path is a text"):
        app.use(noting([], "x"), path=[5])


async def test_global_middleware_stands_before_the_routes(staged: Make, tmp_path: Any) -> None:
    """LOAD-116: for every request, files and mounts too; what it makes of verb and path is routed."""
    (tmp_path / "a.txt").write_text("file")
    app = staged()

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": f"{scope['method']} {scope['path']}".encode()})

    app.app.static("/files", tmp_path)
    app.app.mount_asgi("/inner", inner)
    app.app.route("put", "/new/{name}", None, lambda name: {"new": name})

    def first(ctx: RequestContext, next: Any) -> Any:
        app.events.append((ctx.request.path, ctx.route))
        if ctx.request.path == "/old":
            ctx.request.method = "put"
            ctx.request.path = "/new/a b"
        return next()

    app.use(first)
    assert (await app("GET", "/files/a.txt")).text == "file"
    assert (await app("GET", "/inner/x")).status == 200
    assert (await app("GET", "/nothing")).status == 404
    assert await app.json("POST", "/old") == {"new": "a b"}
    assert app.events == [("/files/a.txt", None), ("/inner/x", None), ("/nothing", None), ("/old", None)]


async def test_a_rewritten_path_is_below_the_base_path(staged: Make) -> None:
    """LOAD-116"""
    app = staged(config={"base_path": "/api"})
    app.app.route("get", "/new", None, lambda: "new")

    def first(ctx: RequestContext, next: Any) -> Any:
        ctx.request.path = "/new"
        return next()

    app.use(first)
    assert (await app("GET", "/api/old")).text == "new"


async def test_what_stands_behind_the_routes_answers_what_nothing_else_does(staged: Make, tmp_path: Any) -> None:
    """LOAD-117"""
    (tmp_path / "a.txt").write_text("file")
    app = staged()
    app.app.static("/files", tmp_path)
    app.app.route("get", "/x", None, lambda: "operation")

    async def missing() -> None:
        raise HttpErrors.NotFound("No such todo")

    app.app.route("get", "/missing", None, missing)

    def page(ctx: RequestContext) -> Any:
        app.events.append(ctx.request.path)
        return {"page": 1} if ctx.request.path == "/page" else None

    app.use_behind(page)
    assert (await app("GET", "/x")).text == "operation"
    assert (await app("GET", "/files/a.txt")).text == "file"
    assert (await app("GET", "/missing")).json()["detail"] == "No such todo"
    assert app.events == []
    answer = await app("GET", "/page")
    assert (answer.status, answer.json()) == (200, {"page": 1})
    answer = await app("GET", "/nowhere")
    assert (answer.status, answer.json()["detail"]) == (404, 'Endpoint "GET /nowhere" not found.')
    assert (await app("GET", "/files/none.txt")).status == 404
    assert app.events == ["/page", "/nowhere", "/files/none.txt"]


async def test_a_status_that_a_page_sets_counts(staged: Make) -> None:
    """LOAD-117"""

    def page(ctx: RequestContext) -> str:
        ctx.response.status = 404
        return "lost"

    app = staged()
    app.use_behind(page)
    answer = await app("GET", "/x")
    assert (answer.status, answer.text) == (404, "lost")


async def test_what_is_used_later_counts_for_later_requests(staged: Make) -> None:
    """LOAD-118"""
    app = staged()
    entered, leave = asyncio.Event(), asyncio.Event()

    async def wait() -> str:
        entered.set()
        await leave.wait()
        return "done"

    app.app.route("get", "/wait", None, wait)
    app.use(noting(app.events, "first"))
    running = asyncio.ensure_future(call_in_process(app.app, "GET", "/wait"))
    await entered.wait()

    def late(ctx: RequestContext, next: Any) -> Any:
        app.events.append("late")
        return next()

    app.use(late)
    app.use_behind(lambda error, ctx: "behind")
    leave.set()
    assert (await running).text == "done"
    assert app.events == ["first"]
    assert (await app("GET", "/nothing")).text == "behind"
    assert app.events == ["first", "first", "late"]


async def test_a_guard_answers_before_parameters_are_read(staged: Make) -> None:
    """LOAD-119: behind authentication; it knows the operation."""
    seen: list[Any] = []

    def guard(ctx: RequestContext) -> None:
        seen.append(ctx.route.path)
        raise HttpErrors.Forbidden

    class C:
        @get("/x/{id}")
        @use_before(guard)
        def x(self, id: int) -> None:
            seen.append("handler")

    app = staged(C)
    assert (await app("GET", "/x/wrong")).status == 403
    app.app.middleware(noting(seen, "authentication"), {"group": "authentication"})
    assert (await app("GET", "/x/wrong")).status == 403
    assert seen == ["/x/{id}", "authentication", "/x/{id}"]


async def test_no_stage_of_a_controller_runs_without_a_match(staged: Make) -> None:
    """LOAD-120"""
    seen: list[str] = []

    @use_before(noting(seen, "before"))
    @use_after(noting(seen, "after"))
    class C:
        @get("/x")
        def x(self) -> None: ...

    app = staged(C)
    assert (await app("GET", "/y")).status == 404
    assert (await app("POST", "/x")).status == 405
    assert seen == []


async def test_middleware_of_rest_that_came_earlier_is_outside(staged: Make) -> None:
    """LOAD-121"""
    app = staged()
    app.app.middleware(noting(app.events, "earlier"))
    app.use(noting(app.events, "used"))
    app.app.middleware(noting(app.events, "later"))
    app.app.middleware(noting(app.events, "inner group"), {"group": "find_route"})
    mark = app.stages.mark()
    app.use(noting(app.events, "used last"))
    await app("GET", "/")
    assert app.events == ["earlier", "used", "later", "used last", "inner group"]
    app.events.clear()
    app.stages.reset_to(mark)
    app.use(noting(app.events, "used again"))
    await app("GET", "/")
    assert app.events == ["earlier", "used", "later", "used again", "inner group"]


async def test_a_chain_is_made_once_per_operation(staged: Make) -> None:
    """LOAD-122: and anew when something changes."""

    class C:
        @get("/x")
        @use(noting([], "use"))
        def x(self) -> None: ...

    app = staged(C)
    made: list[Any] = []
    plain = app.stages.around

    def around(route: Any) -> Any:
        made.append(route)
        return plain(route)

    app.app.bind(RestBindings.AROUND).to(around)
    for _ in range(5):
        await app("GET", "/x")
    assert len(made) <= 2  # once more when the container knows how the controller is made
    made.clear()
    for _ in range(5):
        await app("GET", "/x")
    assert made == []
    app.use(noting([], "global"))
    await app("GET", "/x")
    assert made != []


async def test_an_operation_without_stages_keeps_its_lane(staged: Make) -> None:
    """LOAD-122: its neighbours with stages do not slow it."""

    class C:
        @get("/fast")
        def fast(self) -> int:
            return 1

        @get("/staged")
        @use(noting([], "use"))
        def staged(self) -> int:
            return 2

    app = staged(C)
    for _ in range(3):
        assert await app.json("GET", "/fast") == 1
        assert await app.json("GET", "/staged") == 2
    lane = app.app.rest_server.lane
    assert lane is not None
    assert [path for path, run in lane.ready.items() if run.verb == "GET"] == [b"/fast"]


async def test_options_of_a_guard(staged: Make) -> None:
    """LOAD-123: the operation's merged over the controller's; a guard at both levels runs once."""
    seen: list[Any] = []

    class Guard:
        def use(self, ctx: RequestContext) -> None:
            seen.append(("guard", dict(ctx.stage_options)))

    async def outer(ctx: RequestContext, next: Any) -> Any:
        result = await next()
        seen.append(("outer", dict(ctx.stage_options)))
        return result

    @use_auth(Guard, role="user", realm="r")
    @use_before(outer, name="outer")
    class C:
        @get("/x")
        @use_before(Guard, role="admin")
        def x(self) -> None: ...

        @get("/y")
        def y(self) -> None: ...

    app = staged(C)
    await app("GET", "/x")
    await app("GET", "/y")
    assert seen == [
        ("guard", {"role": "admin", "realm": "r"}),
        ("outer", {"name": "outer"}),
        ("guard", {"role": "user", "realm": "r"}),
        ("outer", {"name": "outer"}),
    ]


async def test_options_within_one_level(staged: Make) -> None:
    """LOAD-109, LOAD-123: what is named twice at one level runs twice, each time with its own options."""
    seen: list[Any] = []

    class Limit:
        def use(self, ctx: RequestContext) -> None:
            seen.append(dict(ctx.stage_options))

    class C:
        @get("/x")
        @use_before(Limit, most=1)
        @use(Limit, most=2)
        def x(self) -> None: ...

    await staged(C)("GET", "/x")
    assert seen == [{"most": 1}, {"most": 2}]


async def test_a_request_shares_one_context(staged: Make) -> None:
    """LOAD-124: what one binds later ones inject; other requests do not see it."""
    entered = asyncio.Barrier(2)

    def tenant(ctx: RequestContext, next: Any) -> Any:
        ctx.bind("tenant").to(ctx.request.headers["x-tenant"])
        return next()

    def check(ctx: RequestContext, name: Annotated[str, inject("tenant")]) -> None:
        ctx.response.headers["X-Checked"] = name

    class C:
        @get("/x")
        @use(check)
        async def x(self, tenant: Annotated[str, inject("tenant")]) -> str:
            await entered.wait()
            return tenant

    app = staged(C)
    app.use(tenant)
    answers = await asyncio.gather(*(app("GET", "/x", headers={"X-Tenant": name}) for name in ("a", "b")))
    assert [(answer.text, answer.headers["x-checked"]) for answer in answers] == [("a", "a"), ("b", "b")]


async def test_stages_are_around_connections_too(staged: Make) -> None:
    """LOAD-110, LOAD-119: a guard of a controller refuses the handshake of its connections."""
    sent: list[Any] = []

    def guard(ctx: RequestContext) -> None:
        if ctx.request.query.get("key") != "k":
            raise HttpErrors.Forbidden

    @use_before(guard)
    class C:
        @websocket("/ws")
        @use(noting(sent, "use"))
        async def ws(self, socket: WebSocket) -> None:
            await socket.accept()

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    app = staged(C)
    app.use(noting(sent, "global"))
    for query in (b"", b"key=k"):
        scope = {"type": "websocket", "path": "/ws", "raw_path": b"/ws", "query_string": query, "headers": []}
        await app.app(scope, receive, send)
    assert sent == ["global", "websocket.close", "global", "use", "websocket.accept", "websocket.close"]


async def test_stages_of_a_function(staged: Make) -> None:
    """LOAD-110: a route to a function has the stages of its decorators too."""
    seen: list[str] = []

    @use_after(noting(seen, "after"))
    @use(noting(seen, "use"))
    @use_before(noting(seen, "before"))
    def handler() -> str:
        seen.append("handler")
        return "x"

    app = staged()
    app.app.route("get", "/x", None, handler)
    assert (await app("GET", "/x")).text == "x"
    assert seen == ["before", "use", "handler", "after"]


async def test_stages_in_a_sequence_of_the_program(staged: Make) -> None:
    """LOAD-110, LOAD-125: one that calls the steps one by one runs them in the same places."""
    seen: list[str] = []

    class Own(DefaultSequence):
        async def handle(self, context: RequestContext) -> None:
            seen.append("sequence")
            await super().handle(context)

    class C:
        @get("/x")
        @use_before(noting(seen, "before"))
        @use_after(noting(seen, "after"))
        def x(self) -> None:
            seen.append("handler")

        @get("/broken")
        def broken(self) -> None:
            raise HttpErrors.Conflict

    app = staged(C)
    app.app.sequence(Own)
    app.use(noting(seen, "global"))
    app.use_behind(lambda error, ctx: str(error.status))
    assert (await app("GET", "/x")).status == 204
    assert seen == ["sequence", "global", "before", "handler", "after"]
    assert (await app("GET", "/broken")).text == "409"
    assert (await app("GET", "/nothing")).text == "404"


async def test_inherited_stages(staged: Make) -> None:
    """LOAD-095: of the base class first; a method with stages of its own replaces those of the one it overrides."""
    seen: list[str] = []

    def n(name: str) -> Any:
        return noting(seen, name)

    @use_before(n("base"))
    class Base:
        @get("/kept")
        @use(n("base kept"))
        def kept(self) -> None: ...

        @get("/own")
        @use(n("base own"))
        def own(self) -> None: ...

    @use_before(n("sub"))
    @api(base_path="/sub")
    class Sub(Base):
        def kept(self) -> None: ...

        @use_after(n("sub own"))
        def own(self) -> None: ...

    app = staged(Sub)
    await app("GET", "/sub/kept")
    await app("GET", "/sub/own")
    assert seen == ["base", "sub", "base kept", "base", "sub", "sub own"]


async def test_what_hooks_registered_is_dropped(staged: Make) -> None:
    """LOAD-044: back to a mark, everything used since is gone."""
    app = staged()
    app.app.route("get", "/x", None, lambda: 1)
    app.use(noting(app.events, "kept"))
    mark = app.stages.mark()
    app.use(noting(app.events, "dropped"), path="/x")
    app.use(Wrapped, name="wrapped", events=app.events)
    app.use_behind(lambda error, ctx: "behind")
    await app("GET", "/x")
    assert app.events[:3] == ["wrapped", "kept", "dropped"]
    app.events.clear()
    app.stages.reset_to(mark)
    assert await app.json("GET", "/x") == 1
    assert (await app("GET", "/nothing")).status == 404
    assert app.events == ["kept", "kept"]
