"""The compiled way and the steps of the pipeline: one and the same, whatever is registered, asked for and changed."""

import asyncio
import contextvars
import copy
import gc
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rest.conftest import Web

from mainspring.context import config, inject
from mainspring.rest import (
    BindingScope,
    Context,
    CoreBindings,
    HttpErrors,
    RequestContext,
    Response,
    RestApplication,
    api,
    blocking,
    get,
    operation,
    param,
    pipeline,
    post,
    response,
)
from mainspring.rest.errors import NoRequestError


class Line(msgspec.Struct):
    sku: str
    quantity: Annotated[int, msgspec.Meta(ge=1)] = 1


class Order(msgspec.Struct):
    id: int
    lines: list[Line] = []


class Clock:
    now = 1


class Later(Clock):
    now = 2


class Audit:
    """One per request; it tells when it is made and when it ends."""

    def __init__(self, context: RequestContext, clock: Clock) -> None:
        self.path, self.clock = context.request.path, clock


class Plain:
    @get("/plain")
    async def plain(self) -> dict[str, int]:
        return {"plain": 1}

    @get("/items/{id}")
    async def item(self, id: int, q: str, limit: int = 10) -> dict[str, Any]:
        return {"id": id, "q": q, "limit": limit}

    @get("/items/{id}/lines/{line}")
    def line(self, id: str, line: str, wanted: list[int] = []) -> list[Any]:  # noqa: B006 - never changed
        return [id, line, wanted]

    @get("/items/latest")
    async def latest(self, x_who: Annotated[str, param.header()] = "nobody") -> str:
        return x_who

    @post("/orders")
    async def order(self, order: Order) -> dict[str, Any]:
        return {"id": order.id, "count": sum(line.quantity for line in order.lines)}

    @operation("head", "/heads")
    async def only_head(self) -> dict[str, int]:
        return {"plain": 1}

    @post("/notes/{name}")
    async def note(self, name: str, note: Order | None = None) -> Any:
        return [name, note]


class Injected:
    def __init__(self, audit: Audit) -> None:
        self.audit = audit

    @get("/audit")
    async def audit_(self, context: RequestContext) -> list[Any]:
        return [self.audit.path, self.audit.clock.now, await context.get(Audit) is self.audit]

    @get("/audit/{key}")
    async def of_key(self, key: str) -> dict[str, Any]:
        return {"key": key, "now": self.audit.clock.now, "same": RequestContext.current().request.path}


class Times:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    @get("/clock")
    async def tell(self) -> int:
        return self.clock.now


class Results:
    def __init__(self, context: RequestContext) -> None:
        self.context = context

    @get("/results/{kind}")
    async def result(self, kind: str) -> Any:
        if kind == "error":
            raise HttpErrors.Conflict("no")
        if kind == "fault":
            raise RuntimeError("secret")
        if kind == "head":
            self.context.response.status = 202
            self.context.response.headers["ETag"] = '"a"'
        return {
            "text": "text",
            "none": None,
            "bytes": b"\0",
            "response": Response({"a": 1}, status=201, headers={"X-A": "b"}),
            "pieces": (piece for piece in (b"a", b"b")),
            "unknown": object(),
        }.get(kind, [kind])

    @get("/declared")
    @response(201, Order)
    async def declared(self) -> Order:
        return Order(1)

    @get("/thread")
    @blocking
    def thread(self, n: int = 0) -> int:
        return n


class Unit:
    """One per request, made by a factory; it tells when it is made and when it ends."""

    def __init__(self, made_by: str, path: str) -> None:
        self.shown = [made_by, path]


def unit(context: RequestContext) -> Unit:
    return Unit("function", context.request.path)


def unit_as_coroutine(context: RequestContext) -> Any:
    async def make() -> Unit:
        await asyncio.sleep(0)
        return Unit("coroutine", context.request.path)

    return make()


def unit_with_an_end(context: RequestContext, clock: Clock) -> Iterator[Unit]:
    context.exchange.state["begun"] = clock.now
    yield Unit("generator", context.request.path)
    context.exchange.state["ended"] = clock.now


def unit_that_binds(context: RequestContext) -> Unit:
    context.bind("note").to(["of", context.request.path])
    return Unit("binding", context.request.path)


class Given:
    @get("/given/unit")
    async def unit(self, unit: Unit = inject("unit"), note: Any = inject("note", optional=True)) -> list[Any]:
        return [unit.shown, note]

    @get("/given/{n}")
    async def beside(
        self,
        n: int,
        clock: Annotated[Clock, inject()],
        audit: Audit = inject(Audit),
        context: RequestContext = inject(RequestContext),
        limit: int = 3,
        level: Any = config("level", from_binding="unit", default=0),
        note: Annotated[Any, inject("note")] = "none",
    ) -> list[Any]:
        return [n, clock.now, audit.path, audit.clock.now, limit, level, note, await context.get(Audit) is audit]

    @get("/later")
    def later(self, note: Any = inject.getter("note", optional=True), units: Any = inject.view("unit")) -> Any:
        async def shown() -> Any:
            return [await note(), [each.shown for each in await units.values()]]

        return shown()

    @get("/here/{n}")
    async def method(self, n: str, here: Any = inject(CoreBindings.CONTROLLER_METHOD_NAME)) -> list[Any]:
        return [n, here]

    @post("/given")
    async def posted(self, order: Order, unit: Unit = inject("unit"), clock: Clock = inject(Clock)) -> list[Any]:
        return [order.id, unit.shown, clock.now]


class Kept:
    def __init__(self, unit: Unit = inject("unit"), note: Any = inject("note", optional=True)) -> None:
        self.unit, self.note = unit, note

    @get("/kept")
    async def kept(self, same: Unit = inject("unit")) -> list[Any]:
        return [self.unit.shown, self.note, self.unit is same]


class Named:
    def __init__(self, name: str = inject(CoreBindings.CONTROLLER_METHOD_NAME)) -> None:
        self.name = name

    @get("/named")
    async def named(self) -> str:
        return self.name


class Replaced:
    @get("/plain")
    async def plain(self) -> dict[str, int]:
        return {"replaced": 1}

    @get("/{anything}")
    async def anything(self, anything: str) -> str:
        return anything


@api(version="1")
class First:
    @get("/plain")
    async def plain(self) -> dict[str, int]:
        return {"first": 1}


async def neutral() -> int:
    return 1


@api(version="2")
class Second:
    @get("/plain")
    async def plain(self) -> dict[str, int]:
        return {"second": 1}


async def stamp(context: RequestContext, next: Any) -> Any:
    context.response.headers["X-Stamp"] = "1"
    return await next()


async def around(context: Any, next: Any) -> Any:
    result = await next()
    return {"around": result} if isinstance(result, dict | list) else result


def change_controller(app: RestApplication) -> None:
    app.controller(Replaced, "Plain")


def restore_controller(app: RestApplication) -> None:
    app.controller(Plain, "Plain")


def change_clock(app: RestApplication) -> None:
    app.bind(Clock).to_class(Later)


def fix_clock(app: RestApplication) -> None:
    fixed = Clock()
    fixed.now = 3
    app.bind(Clock).to(fixed)


def add_middleware(app: RestApplication) -> None:
    app.middleware(stamp, {"key": "middleware.stamp"})


def drop_middleware(app: RestApplication) -> None:
    app.rest_server.unbind("middleware.stamp")


def add_interceptor(app: RestApplication) -> None:
    app.interceptor(around, key="interceptors.around", global_=True)


def drop_interceptor(app: RestApplication) -> None:
    app.unbind("interceptors.around")


def add_route(app: RestApplication) -> None:
    drop_route(app)
    app.route("get", "/extra/{n}", None, extra)


def drop_route(app: RestApplication) -> None:
    for binding in app.rest_server.find("routes.get %2Fextra*"):
        app.rest_server.unbind(binding.key)


def make_units(factory: Any, scope: BindingScope = BindingScope.REQUEST) -> Callable[[RestApplication], None]:
    def change(app: RestApplication) -> None:
        app.bind("unit").to_dynamic_value(factory).in_scope(scope)

    return change


def drop_units(app: RestApplication) -> None:
    app.unbind("unit")


def note(app: RestApplication) -> None:
    app.bind("note").to("of the application")


def drop_note(app: RestApplication) -> None:
    app.unbind("note")


def set_level(app: RestApplication) -> None:
    app.configure("unit").to({"level": 5})


def handle_errors(app: RestApplication) -> None:
    app.error_handler(HttpErrors.Conflict, lambda context, error: {"handled": str(error)})


async def extra(n: int, context: RequestContext) -> list[Any]:
    context.after_response(context.exchange.state.setdefault("after", []).append, n)
    return [n]


CHANGES = (
    change_controller,
    restore_controller,
    change_clock,
    fix_clock,
    add_middleware,
    drop_middleware,
    add_interceptor,
    drop_interceptor,
    add_route,
    drop_route,
    handle_errors,
    make_units(unit),
    make_units(unit, BindingScope.TRANSIENT),
    make_units(unit_as_coroutine),
    make_units(unit_with_an_end),
    make_units(unit_that_binds),
    drop_units,
    note,
    drop_note,
    set_level,
)

pieces = st.sampled_from(["1", "42", "x", "", "a%20b", "%ff", "%31", "é", "latest", "12345678901234567890", "-3"])
queries = st.sampled_from(["", "?q=a", "?q=a&limit=5", "?q=a&q=b", "?q=%20&limit=x", "?limit=3", "?wanted=1&wanted=2"])
paths = st.one_of(
    st.sampled_from(
        ["/plain", "/plain/", "/heads", "/audit", "/declared", "/thread?n=4", "/openapi.json", "/nothing", "/extra/7"]
    ),
    st.sampled_from(
        ["/given/unit", "/given/4", "/given/4?limit=5", "/given/x", "/later", "/here/1", "/kept", "/named"]
    ),
    st.builds("/items/{}{}".format, pieces, queries),
    st.builds("/items/{}/lines/{}{}".format, pieces, pieces, queries),
    st.builds("/audit/{}".format, pieces),
    st.builds("/extra/{}".format, pieces),
    st.builds(
        "/results/{}".format,
        st.sampled_from(["a", "error", "fault", "head", "text", "none", "bytes", "response", "pieces", "unknown"]),
    ),
)
bodies = st.sampled_from(
    [
        b'{"id": 1, "lines": [{"sku": "a", "quantity": 2}, {"sku": "b"}]}',
        b'{"id": 1, "lines": [{"sku": "a", "quantity": 0}, {"sku": 7}]}',
        b'{"id": 1, "lines": [{"sku": "a", "quantity": 2}',
        b'{"id": 1}',
        b"null",
        b"",
        b'{"id": 1, "note": "' + b"x" * 5000 + b'"}',
    ]
)
types = st.sampled_from(["application/json", "application/json; charset=utf-8", "text/plain", ""])
headers = st.lists(
    st.sampled_from([("x-request-id", "mine"), ("x-request-id", "not one"), ("x-who", "me"), ("if-none-match", '"a"')]),
    max_size=2,
)
requests = st.one_of(
    st.tuples(st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "OPTIONS"]), paths, headers, st.none()),
    st.tuples(
        st.just("POST"),
        st.sampled_from(["/orders", "/notes/a", "/notes/%31", "/given"]),
        headers,
        st.tuples(types, bodies, st.booleans()),
    ),
)


def application() -> RestApplication:
    app = RestApplication()
    app.bind(Clock).to_class(Clock)
    app.bind(Audit).to_class(Audit).in_scope(BindingScope.REQUEST)
    app.controller(Plain, "Plain")
    app.controller(Injected)
    app.controller(Results)
    make_units(unit)(app)
    for cls in (Given, Kept, Named):
        app.controller(cls)
    return app


async def seen(app: RestApplication, asked: Any) -> Any:
    """Everything that can be seen of an answer."""
    method, path, lines, body = asked
    given = list(lines)
    sent: Any = None
    if body is not None:
        kind, data, is_split = body
        given += [("content-type", kind)] if kind else []
        sent = [data[:20], data[20:]] if is_split else data
        given += [("content-length", str(len(data)))] if is_split else []
    state: dict[str, Any] = {}
    answer = await Web(app)(method, path, headers=given, body=sent, state=state)
    shown = [(name, value if name != "x-request-id" or value == "mine" else "new") for name, value in answer.lines]
    text = answer.body.replace(b"Replaced", b"Plain")
    return answer.status, shown, text, answer.is_complete, copy.copy(state)


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.one_of(requests, st.sampled_from(CHANGES)), min_size=4, max_size=25))
async def test_both_ways_answer_alike(steps: list[Any]) -> None:
    """REST-035, REST-036, REST-037, REST-080, REST-154, MW-026: what is compiled never outlives what it rests on."""
    compiled, stepped = application(), application()
    stepped.rest_server.begin_serving = lambda _: None  # no lane is ever opened
    for step in steps:
        if callable(step):
            for app in (compiled, stepped):
                step(app)
            continue
        for _ in range(3):  # the first makes the operation ready, the second its function, the third runs it
            assert await seen(compiled, step) == await seen(stepped, step), step
    assert stepped.rest_server.lane is None
    await compiled.close()
    await stepped.close()


@pytest.mark.parametrize(
    "path", ["/plain", "/items/1?q=a", "/audit", "/audit/a", "/thread", "/given/unit", "/given/4", "/kept"]
)
async def test_an_operation_that_is_asked_for_again_is_compiled(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """REST-080"""
    app = application()
    for _ in range(3):
        assert (await Web(app).get(path)).status == 200

    async def steps(exchange: Any) -> Any:
        raise AssertionError("the steps of the pipeline were taken")

    monkeypatch.setattr(pipeline, "steps", steps)
    assert (await Web(app).get(path)).status == 200
    await app.close()


async def test_what_is_compiled_is_dropped_by_any_change() -> None:
    """REST-036"""
    app = application()
    for _ in range(3):
        await Web(app).get("/plain")
    before = app.rest_server.lane
    app.bind("anything").to(1)
    await Web(app).get("/plain")
    assert before is not None
    assert app.rest_server.lane is not before
    await app.close()


@pytest.mark.parametrize("requests_before", [1, 2, 3])
async def test_a_lane_that_closed_is_closed_at_every_door(requests_before: int) -> None:
    """REST-036: a door that asks for the lane of before, for the first time, does not open it again."""
    app = RestApplication({"rest": {"port": 0}})
    binding = app.controller(First)
    await app.start()
    async with httpx.AsyncClient(base_url=app.rest_server.url or "") as client:
        for _ in range(requests_before):
            assert (await client.get("/plain")).json() == {"first": 1}
        assert app.unbind(binding.key)
        assert (await client.get("/plain")).status_code == 404
    await app.stop()


async def test_what_is_bound_between_an_application_and_the_root_is_seen_at_once() -> None:
    """REST-036: also in a context that shares its shape with others of its parent."""
    root = Context("root")
    between = Context(root)
    root.bind(Clock).to(Clock())
    app = RestApplication(parent=between)
    app.controller(Times)
    for _ in range(3):
        assert (await Web(app).get("/clock")).json() == 1
    between.bind(Clock).to(Later())
    assert (await Web(app).get("/clock")).json() == 2
    await app.close()


async def test_versions_are_chosen_for_every_request() -> None:
    """REST-060"""
    app = RestApplication({"rest": {"versioning": {"strategy": "header", "default": "1"}}})
    app.controller(First)
    app.controller(Second)
    app.route("get", "/neutral", None, neutral)
    for _ in range(3):
        assert (await Web(app).get("/neutral")).headers["vary"] == "API-Version"
        assert (await Web(app).get("/plain")).json() == {"first": 1}
    assert (await Web(app).get("/plain", headers={"API-Version": "2"})).json() == {"second": 1}
    assert (await Web(app).get("/neutral", headers={"API-Version": "2"})).status == 200
    assert (await Web(app).get("/plain", headers={"API-Version": "9"})).status == 400
    await app.close()


async def test_requests_in_the_lane_have_ids_of_their_own() -> None:
    """HTTP-018"""
    app = application()
    found = {(await Web(app).get("/plain")).headers["x-request-id"] for _ in range(300)}
    assert len(found) == 300
    assert all(len(each) == 32 for each in found)
    await app.close()


async def test_what_a_request_made_is_gone_with_it() -> None:
    """REST-183: nothing waits for the collector of rings."""
    app = application()
    for _ in range(3):
        await Web(app).get("/audit/a")
    gc.collect()
    gc.disable()
    try:
        before = sum(isinstance(each, Audit | RequestContext) for each in gc.get_objects())
        await Web(app).get("/audit/a")
        assert sum(isinstance(each, Audit | RequestContext) for each in gc.get_objects()) == before
    finally:
        gc.enable()
    await app.close()


async def test_nothing_that_a_server_begins_while_it_sends_holds_a_request() -> None:
    """REST-183: a timer for the next request, say, begins in the context in which the response is sent."""
    app = application()
    held: list[contextvars.Context] = []

    async def server(scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            held.append(contextvars.copy_context())
            await send(message)

        await app(scope, receive, sending)

    for _ in range(4):
        await Web(server).get("/audit")
    for context in held[-2:]:
        with pytest.raises(NoRequestError):
            context.run(RequestContext.current)
    await app.close()


@pytest.mark.parametrize("ends", [True, False])
async def test_requests_in_the_lane_are_waited_for(ends: bool) -> None:
    """REST-020, HTTP-044: and cancelled when the grace period is over."""
    app = RestApplication({"rest": {"listen_on_start": False, "grace_period": 30 if ends else 0}})
    begun, go, seen = asyncio.Event(), asyncio.Event(), []

    async def handler(wait: bool = False) -> str:
        if wait:
            begun.set()
            try:
                await go.wait()
            except asyncio.CancelledError:
                seen.append("cancelled")
                raise
        return "done"

    app.route("get", "/x", None, handler)
    await app.start()
    for _ in range(3):
        await Web(app).get("/x")
    assert app.rest_server.lane is not None
    request = asyncio.create_task(Web(app).get("/x?wait=true"))
    await begun.wait()
    stopping = asyncio.create_task(app.stop())
    if ends:
        await asyncio.sleep(0)
        assert not stopping.done()
        go.set()
        assert (await request).text == "done"
    await stopping
    assert seen == ([] if ends else ["cancelled"])
    await asyncio.gather(request, return_exceptions=True)
    await app.close()


async def test_the_context_of_a_request_that_is_over_is_closed() -> None:
    """REST-180: tasks made in a request may outlive it."""
    app = RestApplication()
    go, found = asyncio.Event(), []

    async def later() -> None:
        await go.wait()
        found.append(RequestContext.current())

    async def handler() -> str:
        tasks.append(asyncio.create_task(later()))
        return "made"

    tasks: list[asyncio.Task[None]] = []
    app.route("get", "/x", None, handler)
    for _ in range(3):
        await Web(app).get("/x")
    go.set()
    await asyncio.gather(*tasks)
    assert [(each.is_closed, each.request.path) for each in found] == [(True, "/x")] * 3
    await app.close()


class Unmade:
    """What no container can make."""

    def __init__(self, part: "Nowhere") -> None:  # type: ignore[name-defined]  # noqa: F821
        self.part = part


@pytest.mark.parametrize("kind", ["ambiguous", "unmade"])
async def test_what_cannot_be_injected_is_told_by_every_request(kind: str) -> None:
    """REST-067, REST-080: also by those for which the operation would be compiled."""
    app = RestApplication()
    wanted: Any = Clock if kind == "ambiguous" else Unmade
    app.bind("one").to_class(wanted)
    if kind == "ambiguous":
        app.bind("other").to_class(wanted)

    async def handler(value: Any) -> int:
        return 1

    handler.__annotations__["value"] = wanted
    app.route("get", "/x", None, handler)
    for _ in range(4):
        assert (await Web(app).get("/x")).status == 500
    app.unbind("other" if kind == "ambiguous" else "one")
    if kind == "unmade":
        app.bind("one").to(Unmade(1)).provides(Unmade)
    for _ in range(4):
        assert (await Web(app).get("/x")).json() == 1
    await app.close()
