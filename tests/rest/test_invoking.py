"""Controllers, handlers, injection, interceptors."""

import asyncio
import functools
import threading
import time
from contextvars import ContextVar
from typing import Annotated, Any, Generic, TypeVar

import pytest

from mainspring.rest import (
    BindingScope,
    Context,
    CoreBindings,
    Request,
    RequestContext,
    Response,
    RestApplication,
    RestBindings,
    as_global_interceptor,
    blocking,
    get,
    inject,
    intercept,
    param,
    post,
    request_body,
)


def app_of(*controllers: type[Any]) -> RestApplication:
    app = RestApplication()
    for cls in controllers:
        app.controller(cls)
    return app


async def test_constructor_and_property_injection_see_the_request(web: Any) -> None:
    """REST-062, REST-176"""

    class C:
        path: Request = inject(RestBindings.Http.REQUEST)

        def __init__(self, name: Annotated[str, inject("name")], context: RequestContext) -> None:
            self.name, self.context = name, context

        @get("/x")
        def show(self) -> list[Any]:
            return [self.name, self.path.path, self.context.request.path]

    app = app_of(C)
    app.bind("name").to("app")

    async def shadow(ctx: RequestContext, next: Any) -> Any:
        if "shadow" in ctx.request.query:
            ctx.bind("name").to("request")
        return await next()

    assert (await web(app).get("/x")).json() == ["app", "/x", "/x"]
    app.middleware(shadow)
    assert (await web(app).get("/x?shadow=1")).json() == ["request", "/x", "/x"]
    assert (await web(app).get("/x")).json() == ["app", "/x", "/x"]


async def test_scopes_decide_how_many_controllers_there_are(web: Any) -> None:
    """REST-063"""

    class C:
        def __init__(self) -> None:
            self.calls = 0

        @get("/x")
        def count(self) -> int:
            self.calls += 1
            return self.calls

    app = app_of(C)
    assert [(await web(app).get("/x")).json() for _ in range(3)] == [1, 1, 1]
    app.controller(C).in_scope(BindingScope.SINGLETON)
    assert [(await web(app).get("/x")).json() for _ in range(3)] == [1, 2, 3]


async def test_the_current_controller_is_bound_during_a_request(web: Any) -> None:
    """REST-064, REST-065"""
    made: list[Any] = []

    class C:
        def __init__(self) -> None:
            made.append(self)

        @get("/x", {"summary": "Say it"})
        async def show(self, ctx: RequestContext) -> dict[str, Any]:
            return {
                "class": (await ctx.get(CoreBindings.CONTROLLER_CLASS)).__name__,
                "method": ctx.get_sync(CoreBindings.CONTROLLER_METHOD_NAME),
                "same": await ctx.get(CoreBindings.CONTROLLER_CURRENT) is self,
                "spec": ctx.get_sync(RestBindings.OPERATION_SPEC_CURRENT)["summary"],
                "here": ctx.contains(CoreBindings.CONTROLLER_CLASS),
            }

    app = app_of(C)

    def function(ctx: RequestContext) -> list[bool]:
        return [ctx.is_bound(CoreBindings.CONTROLLER_CLASS), ctx.is_bound(CoreBindings.CONTROLLER_CURRENT)]

    app.route("get", "/fn", None, function)
    for _ in range(3):
        made.clear()
        assert (await web(app).get("/x")).json() == {
            "class": "C",
            "method": "show",
            "same": True,
            "spec": "Say it",
            "here": True,
        }
        assert len(made) == 1
        assert (await web(app).get("/fn")).json() == [False, False]
    assert not app.is_bound(CoreBindings.CONTROLLER_CLASS)


async def test_an_interceptor_sees_the_controller_that_is_called(web: Any) -> None:
    """REST-064"""
    seen: list[Any] = []

    async def look(inv: Any, next: Any) -> Any:
        seen.append(await inv.get(CoreBindings.CONTROLLER_CURRENT))
        return await next()

    class C:
        @get("/x")
        @intercept(look)
        def show(self) -> bool:
            return seen[-1] is self

    assert (await web(app_of(C)).get("/x")).json() is True


async def test_injected_parameters_mix_with_those_of_the_request(web: Any) -> None:
    """REST-066"""

    class C:
        @get("/x/{id}")
        def show(
            self,
            name: Annotated[str, inject("name")],
            id: int,
            prefix: str = inject("prefix"),
            q: str = "none",
            missing: Annotated[str | None, inject("missing", optional=True)] = None,
        ) -> list[Any]:
            return [name, id, prefix, q, missing]

    app = app_of(C)
    app.bind("name").to("n")
    app.bind("prefix").to("p")
    assert (await web(app).get("/x/3?q=a")).json() == ["n", 3, "p", "a", None]
    names = [each["name"] for each in (await app.get_api_spec())["paths"]["/x/{id}"]["get"]["parameters"]]
    assert names == ["id", "q"]


class Clock:
    def now(self) -> int:
        return 7


async def test_parameters_are_injected_by_type(web: Any) -> None:
    """REST-067"""
    app = RestApplication()
    app.service(Clock)

    def show(ctx: RequestContext, request: Request, response: Response, clock: Clock) -> list[Any]:  # type: ignore[type-arg]
        response.status = 201
        return [ctx.request is request, ctx.response is response, clock.now()]

    app.route("get", "/x", None, show)
    answer = await web(app).get("/x")
    assert (answer.status, answer.json()) == (201, [True, True, 7])
    assert "parameters" not in (await app.get_api_spec())["paths"]["/x"]["get"]


async def test_what_the_container_cannot_give_is_an_error_that_names_it(
    web: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """REST-067"""

    class C:
        @get("/x")
        def show(self, clock: Clock) -> int:
            return clock.now()

    answer = await web(app_of(C)).get("/x?clock=1")
    assert answer.status == 500
    assert "C.show" in caplog.text
    assert "clock" in caplog.text


async def test_an_error_of_the_constructor_is_an_error_of_the_request(web: Any) -> None:
    """REST-069"""

    class C:
        def __init__(self) -> None:
            raise RuntimeError("secret")

        @get("/x")
        def show(self) -> None: ...

    answer = await web(app_of(C)).get("/x")
    assert answer.status == 500
    assert "secret" not in answer.text


class CallableObject:
    def __call__(self, q: str) -> str:
        return f"object {q}"


class AsyncCallable:
    async def __call__(self, q: str) -> str:
        return f"object {q}"


def plain(prefix: str, q: str) -> str:
    return f"{prefix} {q}"


async def later(q: str) -> str:
    await asyncio.sleep(0)
    return f"async {q}"


class Holder:
    def method(self, q: str) -> str:
        return f"bound {q}"

    @staticmethod
    def static(q: str) -> str:
        return f"static {q}"

    @classmethod
    def klass(cls, q: str) -> str:
        return f"{cls.__name__} {q}"


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (later, "async a"),
        (functools.partial(plain, "partial"), "partial a"),
        (functools.partial(plain, prefix="partial"), "partial a"),
        (CallableObject(), "object a"),
        (AsyncCallable(), "object a"),
        (Holder().method, "bound a"),
        (Holder.static, "static a"),
        (Holder.klass, "Holder a"),
    ],
)
async def test_anything_that_can_be_called_is_a_handler(web: Any, handler: Any, expected: str) -> None:
    """REST-070"""
    app = RestApplication()
    app.route("get", "/x", None, handler)
    assert (await web(app).get("/x?q=a")).text == expected
    assert (await web(app).get("/x")).status == 400


async def test_static_and_class_methods_of_controllers(web: Any) -> None:
    """REST-070"""

    class C:
        @get("/static")
        @staticmethod
        def static(q: str) -> str:
            return f"static {q}"

        @get("/class")
        @classmethod
        def klass(cls, q: str) -> str:
            return f"{cls.__name__} {q}"

    app = app_of(C)
    assert (await web(app).get("/static?q=a")).text == "static a"
    assert (await web(app).get("/class?q=a")).text == "C a"


def test_decorators_leave_the_function_as_it_is() -> None:
    """REST-070"""

    def greet(self: Any, name: str) -> str:
        """Greet."""
        return name

    decorated = get("/x")(greet)
    assert decorated is greet
    assert greet(None, "a") == "a"


marker: ContextVar[str] = ContextVar("marker", default="none")


async def test_a_blocking_handler_runs_in_a_worker_thread(web: Any) -> None:
    """REST-071, REST-180"""
    loop_thread = threading.get_ident()

    class C:
        @get("/blocking")
        @blocking
        def wait(self, ctx: RequestContext) -> list[Any]:
            time.sleep(0.05)
            return [
                threading.get_ident() != loop_thread,
                marker.get(),
                RequestContext.current() is ctx,
            ]

        @get("/plain")
        def plain(self) -> bool:
            return threading.get_ident() == loop_thread

    app = app_of(C)
    marker.set("caller")
    slow = asyncio.create_task(web(app).get("/blocking"))
    await asyncio.sleep(0.005)
    assert (await web(app).get("/plain")).json() is True
    assert not slow.done()
    assert (await slow).json() == [True, "caller", True]


async def test_a_blocking_handler_under_interceptors_runs_in_a_worker_thread(web: Any) -> None:
    """REST-071, REST-078"""
    loop_thread = threading.get_ident()

    async def around(inv: Any, next: Any) -> Any:
        return [await next(), threading.get_ident() == loop_thread]

    class C:
        @get("/x")
        @intercept(around)
        @blocking
        def wait(self, q: str) -> list[Any]:
            return [q, threading.get_ident() != loop_thread]

    assert (await web(app_of(C)).get("/x?q=a")).json() == [["a", True], True]


def test_blocking_on_a_coroutine_function_is_refused() -> None:
    """REST-071"""
    with pytest.raises(TypeError):

        @blocking
        async def wait() -> None: ...


def test_star_args_are_refused_at_registration() -> None:
    """REST-073"""

    def handler(*args: Any) -> None: ...

    with pytest.raises(TypeError, match="args"):
        RestApplication().route("get", "/x", None, handler)


async def test_keyword_arguments_receive_what_the_spec_declares(web: Any) -> None:
    """REST-073, REST-111"""

    def handler(first: str, /, second: str, *, third: str, **rest: Any) -> list[Any]:
        return [first, second, third, rest]

    spec = {
        "parameters": [
            {"name": "fourth-one", "in": "query", "schema": {"type": "integer"}},
            {"name": "x-fifth", "in": "header", "schema": {"type": "string"}},
        ]
    }
    app = RestApplication()
    app.route("get", "/x", spec, handler)
    answer = await web(app).get("/x?first=1&second=2&third=3&fourth-one=4", headers={"X-Fifth": "5"})
    assert answer.json() == ["1", "2", "3", {"fourth_one": 4, "x_fifth": "5"}]


class Parent:
    @get("/a")
    def a(self) -> str:
        return "parent a"

    @get("/b")
    def b(self) -> str:
        return "parent b"

    @get("/c/{id}")
    def c(self, id: int) -> Any:
        return ["parent c", id]


async def test_operations_are_inherited_and_overridden(web: Any) -> None:
    """REST-074, REST-075, REST-076"""

    class Child(Parent):
        @get("/a")
        def other(self) -> str:
            return "child a"

        @get("/moved")
        def b(self) -> str:
            return "child b"

        def c(self, id: str, q: int = 1) -> Any:
            return ["child c", id, q]

    app = app_of(Child)
    assert (await web(app).get("/a")).text == "child a"
    assert (await web(app).get("/b")).status == 404
    assert (await web(app).get("/moved")).text == "child b"
    assert (await web(app).get("/c/x?q=2")).json() == ["child c", "x", 2]
    spec = (await app.get_api_spec())["paths"]["/c/{id}"]["get"]
    assert spec["x-controller-name"] == "Child"
    assert spec["tags"] == ["Child"]
    parent = app_of(Parent)
    assert (await web(parent).get("/b")).text == "parent b"


T = TypeVar("T")


class Reads(Generic[T]):
    @post("/things")
    def create(self, thing: Annotated[T, param.query("thing")]) -> Any:
        return [type(thing).__name__, thing]


async def test_operations_of_generic_mixins_are_resolved(web: Any) -> None:
    """REST-077"""

    class Numbers(Reads[int]):
        pass

    app = app_of(Numbers)
    assert (await web(app).post("/things?thing=3")).json() == ["int", 3]


async def test_interceptors_run_around_calls_and_know_the_route(web: Any) -> None:
    """REST-078, REST-059"""
    sources: list[Any] = []

    async def note(inv: Any, next: Any) -> Any:
        sources.append((inv.source.type, str(inv.source)))
        return await next()

    async def cached(inv: Any, next: Any) -> Any:
        return "cached"

    class C:
        @get("/x")
        def x(self) -> str:
            return "x"

        @get("/cached")
        @intercept(cached)
        def y(self) -> str:
            raise AssertionError

    app = app_of(C)
    app.interceptor(note, global_=True)

    @app.route("get", "/fn")
    def fn() -> str:
        return "fn"

    assert (await web(app).get("/x")).text == "x"
    assert (await web(app).get("/fn")).text == "fn"
    assert (await web(app).get("/cached")).text == "cached"
    assert sources == [
        ("route", "ControllerRoute - get /x => C.x"),
        ("route", "Route - get /fn => fn"),
        ("route", "ControllerRoute - get /cached => C.y"),
    ]


async def test_interceptors_may_bind_what_the_handler_is_injected_with(web: Any) -> None:
    """REST-078, REST-066"""

    async def bind(inv: Context, next: Any) -> Any:
        inv.bind("user").to("me")
        return await next()

    class C:
        @get("/x")
        @intercept(bind)
        def x(self, user: Annotated[str, inject("user")], q: str) -> list[str]:
            return [user, q]

    assert (await web(app_of(C)).get("/x?q=a")).json() == ["me", "a"]


async def test_an_interceptor_on_a_function_route(web: Any) -> None:
    """REST-078"""

    async def louder(inv: Any, next: Any) -> Any:
        inv.args = [each.upper() for each in inv.args]
        inv.kwargs = {name: value.upper() for name, value in inv.kwargs.items()}
        return await next()

    @intercept(louder)
    def say(q: str) -> str:
        return q

    app = RestApplication()
    app.route("get", "/x", None, say)
    assert (await web(app).get("/x?q=a")).text == "A"


async def test_several_decorators_make_several_operations(web: Any) -> None:
    """REST-079"""

    class C:
        @get("/a")
        @get("/b/{id}")
        @post("/a")
        def x(self, id: int = 0) -> int:
            return id

    app = app_of(C)
    assert (await web(app).get("/a?id=1")).json() == 1
    assert (await web(app).get("/b/2")).json() == 2
    assert (await web(app).post("/a")).json() == 0


async def test_signatures_are_read_once_per_operation(web: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """REST-080"""
    from mainspring.rest import operations  # noqa: PLC0415 - patched here only

    calls = 0
    real = operations.describe_handler

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        return real(*args, **kwargs)

    app = app_of(Parent)
    await web(app).get("/c/1")
    monkeypatch.setattr(operations, "describe_handler", counted)
    for number in range(5):
        await web(app).get(f"/c/{number}")
        app.bind(f"key{number}").to(number)
    assert calls == 0


async def test_a_request_without_container_features_makes_no_context(web: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """REST-189"""
    app = app_of(Parent)
    await web(app).get("/a")
    await web(app).get("/a")
    made = 0
    real = RequestContext.__init__

    def counted(self: Any, *args: Any) -> None:
        nonlocal made
        made += 1
        real(self, *args)

    monkeypatch.setattr(RequestContext, "__init__", counted)
    await web(app).get("/a")
    assert made == 0


class Wished:
    def __init__(self, wish: Annotated[str, inject("wish")]) -> None:
        self.wish = wish


class Wishing:
    def __init__(self, wished: Wished, own: Annotated[str, inject("wish")]) -> None:
        self.wishes = [wished.wish, own]

    @get("/async")
    async def tell(self) -> list[str]:
        return self.wishes

    @get("/plain")
    def tell_at_once(self) -> list[str]:
        return self.wishes

    @post("/body")
    async def tell_after_reading(self, _: Annotated[str, request_body(content={"text/plain": {}})]) -> list[str]:
        return self.wishes


def wishing() -> RestApplication:
    app = app_of(Wishing)
    app.service(Wished)
    app.bind("wish").to("app")
    return app


@pytest.mark.parametrize("path", ["/async", "/plain"])
async def test_a_request_shadows_what_warm_controllers_are_made_of(web: Any, path: str) -> None:
    """REST-062, REST-176"""
    app = wishing()

    async def shadow(ctx: RequestContext, next: Any) -> Any:
        if "shadow" in ctx.request.query:
            ctx.bind("wish").to("request")
        return await next()

    for _ in range(3):
        assert (await web(app).get(path)).json() == ["app", "app"]
    app.middleware(shadow)
    for _ in range(3):
        assert (await web(app).get(f"{path}?shadow=1")).json() == ["request", "request"]
        assert (await web(app).get(path)).json() == ["app", "app"]


async def test_a_parser_may_shadow_what_warm_controllers_are_made_of(web: Any) -> None:
    """REST-062, REST-127, REST-176"""
    app = wishing()

    class Shadowing:
        name = "shadowing"

        def supports(self, media_type: str) -> bool:
            return media_type == "text/plain"

        async def parse(self, request: Request) -> str:
            text = (await request.body()).decode()
            if text:
                RequestContext.current().bind("wish").to(text)
            return "read"

    app.body_parser(Shadowing)
    for wish in ("one", "two", "three"):
        answer = await web(app).post("/body", body=wish.encode(), headers={"Content-Type": "text/plain"})
        assert answer.json() == [wish, wish]


async def test_a_global_interceptor_of_one_request_runs_around_its_call_alone(web: Any) -> None:
    """REST-078, REST-176"""
    app = wishing()
    app.route("get", "/function", None, lambda: ["function"])

    async def mark(invocation: Any, next: Any) -> Any:
        return [*(await next()), str(invocation.source)]

    async def bind(ctx: RequestContext, next: Any) -> Any:
        if "mark" in ctx.request.query:
            ctx.bind("global_interceptors.mark").to(mark).apply(as_global_interceptor())
        return await next()

    app.middleware(bind)
    for _ in range(3):
        assert (await web(app).get("/async?mark=1")).json() == [
            "app",
            "app",
            "ControllerRoute - get /async => Wishing.tell",
        ]
        assert (await web(app).get("/async")).json() == ["app", "app"]
        assert (await web(app).get("/function?mark=1")).json() == ["function", "Route - get /function => <lambda>"]
        assert (await web(app).get("/function")).json() == ["function"]
