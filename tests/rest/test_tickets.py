"""Operations that see nothing of their request make no exchange; whoever asks for it finds it as if it were there."""

import asyncio
import inspect
from typing import Any

import msgspec
from tests.rest.conftest import Web

from mainspring.rest import BindingScope, CoreBindings, RequestContext, RestApplication, get, post
from mainspring.rest.exchange import CURRENT

WARM = 3  # requests after which an operation is compiled


class Order(msgspec.Struct):
    id: int
    note: str = ""


class Curious:
    """Its constructor asks for the request."""

    def __init__(self) -> None:
        self.path = RequestContext.current().request.path

    @get("/curious/{id}")
    async def look(self, id: int, q: str = "") -> list[Any]:
        context = RequestContext.current()
        same = await context.get(CoreBindings.CONTROLLER_CURRENT) is self
        return [self.path, id, q, context.path_params, context.request.query, same]


class Plain:
    @get("/plain")
    async def plain(self) -> dict[str, Any]:
        return {"ticket": type(CURRENT.get()) is list}

    @get("/asks")
    async def asks(self) -> list[Any]:
        context = RequestContext.current()
        return [context is RequestContext.current(), await context.get(CoreBindings.CONTROLLER_CURRENT) is self]

    @post("/orders/{key}")
    async def order(self, key: str, order: Order) -> list[Any]:
        context = RequestContext.current()
        return [context.body is order, context.path_params, (await context.request.json())["id"]]

    @get("/threads")
    async def threads(self) -> bool:
        found = await asyncio.gather(*(asyncio.to_thread(RequestContext.current) for _ in range(8)))
        return len({id(each) for each in found}) == 1


def application(*controllers: type[Any]) -> RestApplication:
    app = RestApplication()
    for controller in controllers:
        app.controller(controller)
    return app


async def test_a_handler_that_asks_for_nothing_has_a_ticket() -> None:
    app = application(Plain)
    found = [(await Web(app).get("/plain")).json()["ticket"] for _ in range(WARM)]
    assert (found[0], found[-1]) == (False, True)
    await app.close()


async def test_who_asks_finds_the_request() -> None:
    """REST-180, REST-183"""
    app = application(Curious, Plain)
    for _ in range(WARM):
        assert (await Web(app).get("/curious/7?q=a")).json() == ["/curious/7", 7, "a", {"id": "7"}, {"q": "a"}, True]
        assert (await Web(app).get("/asks")).json() == [True, True]
        body = {"id": 1, "note": "long enough to be worth a plan of its own"}
        assert (await Web(app).post("/orders/a", json_body=body)).json() == [True, {"key": "a"}, 1]
        assert (await Web(app).get("/threads")).json() is True
    await app.close()


async def test_who_asks_after_the_response_finds_the_id_that_it_told() -> None:
    """REST-180, HTTP-018: a task that outlives its request logs under the same id."""
    app = RestApplication()
    tasks: list[asyncio.Task[str]] = []

    async def later() -> str:
        await asyncio.sleep(0.01)
        return RequestContext.current().request_id

    async def handler() -> str:
        tasks.append(asyncio.create_task(later()))
        return "made"

    app.route("get", "/x", None, handler)
    told = [(await Web(app).get("/x")).headers["x-request-id"] for _ in range(WARM)]
    told.append((await Web(app).get("/x", headers={"X-Request-Id": "mine"})).headers["x-request-id"])
    assert await asyncio.gather(*tasks) == told
    assert told[-1] == "mine"
    await app.close()


async def test_nothing_is_current_after_a_request() -> None:
    """REST-180: neither to a host that calls in its own task, nor after an error."""
    app = application(Plain)

    async def fault() -> None:
        raise RuntimeError("secret")

    app.route("get", "/fault", None, fault)
    for _ in range(WARM):
        for path, status in (("/plain", 200), ("/fault", 500)):
            assert (await Web(app).get(path)).status == status
            assert CURRENT.get() is None
    await app.close()


class Part:
    """One per request; made by whoever asks first."""


class Asker:
    def __init__(self, context: RequestContext) -> None:
        self.part = context.get_sync(Part)


class Whole:
    def __init__(self, asker: Asker, part: Part) -> None:
        self.asker, self.part = asker, part

    @get("/whole")
    async def whole(self) -> bool:
        return self.asker.part is self.part


async def test_a_constructor_may_have_made_what_the_plan_comes_to_next() -> None:
    """REST-184: one per request, whoever made it."""
    app = application(Whole)
    for cls in (Part, Asker):
        app.bind(cls).to_class(cls).in_scope(BindingScope.REQUEST)
    for _ in range(WARM + 1):
        assert (await Web(app).get("/whole")).json() is True
    await app.close()


async def test_a_server_that_tells_little_is_answered() -> None:
    """root_path, raw_path and query_string may be missing (ASGI 3)."""
    app = application(Plain, Curious)
    for _ in range(WARM):
        await Web(app).get("/plain")
    for missing in ("root_path", "raw_path", "query_string"):
        sent: list[Any] = []
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/plain",
            "raw_path": b"/plain",
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"a")],
        }
        del scope[missing]

        async def receive() -> dict[str, Any]:
            return {"type": "http.request"}

        async def send(message: Any, sent: list[Any] = sent) -> None:
            sent.append(message)

        await app(scope, receive, send)
        assert sent[0]["status"] == 200
    await app.close()


async def test_header_lines_may_come_as_an_iterator() -> None:
    """ASGI allows any iterable."""
    app = application(Plain)
    body = b'{"id": 1, "note": "long enough to be worth a plan of its own"}'
    lines = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    for _ in range(WARM):
        sent: list[Any] = []
        scope = {"type": "http", "method": "POST", "path": "/orders/a", "raw_path": b"/orders/a", "root_path": ""}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: Any, sent: list[Any] = sent) -> None:
            sent.append(message)

        await app({**scope, "query_string": b"", "headers": iter(lines)}, receive, send)
        assert (sent[0]["status"], sent[1]["body"]) == (200, b'[true,{"key":"a"},1]')
    await app.close()


def test_servers_see_that_it_is_to_be_awaited() -> None:
    """Servers tell the version of ASGI by that."""
    app = RestApplication()
    assert inspect.iscoroutinefunction(app.__call__)
    assert inspect.iscoroutinefunction(app.rest_server.__call__)
    assert inspect.iscoroutinefunction(app.rest_server.entrance.__call__)
