"""The middleware that people know by name: bodies, cookies, compression, verbs, what is accepted, sessions."""

import gzip
import time
from collections.abc import Callable
from typing import Annotated, Any

import pytest

from mainspring.loader import (
    GlobalAcceptMimes,
    MemoryStore,
    accept_mimes,
    body_parser,
    compression,
    cookie_parser,
    method_override,
    session,
)
from mainspring.rest import HttpErrors, RequestContext, Response, get, post, put, request_body

Make = Callable[..., Any]
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


async def test_the_well_known_chain(staged: Make) -> None:
    """LOAD-145, LOAD-139: in any order, and each may be left out."""

    class C:
        @put("/x")
        def x(self, ctx: RequestContext, given: Annotated[dict[str, Any], request_body()]) -> Any:
            return {"given": given, "cookies": ctx.request.cookies, "fill": "x" * 2000}

    parts = [
        GlobalAcceptMimes,
        body_parser.json(),
        body_parser.urlencoded(extended=True),
        cookie_parser(),
        compression(),
        method_override(),
    ]
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
        "Cookie": "a=1",
        "X-HTTP-Method-Override": "PUT",
    }
    for used in (parts, parts[::-1]):
        app = staged(C)
        for part in used:
            app.use(part)
        answer = await app("POST", "/x", json={"b": [1]}, headers=headers)
        assert answer.headers["content-encoding"] == "gzip"
        assert b'"given":{"b":[1]},"cookies":{"a":"1"}' in gzip.decompress(answer.body)
    plain = await staged(C).json("PUT", "/x", json={"b": [1]}, headers={"Cookie": "a=1"})
    assert (plain["given"], plain["cookies"]) == ({"b": [1]}, {"a": "1"})


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: compression(size=5), TypeError),
        (lambda: compression(encodings=["zip"]), ValueError),
        (lambda: method_override("X Verb"), ValueError),
        (lambda: method_override(methods=("STEAL",)), ValueError),
        (lambda: session("secret", store=object()), TypeError),  # type: ignore[arg-type]  # the mistake
        (lambda: session("secret", cookie="a b"), ValueError),
        (lambda: session(5), TypeError),  # type: ignore[arg-type]
        (lambda: body_parser.json(limit="much"), ValueError),
    ],
)
def test_wrong_options_are_refused_at_once(make: Callable[[], Any], error: type[Exception]) -> None:
    """LOAD-145"""
    with pytest.raises(error):
        make()


# Bodies


async def test_a_parsed_body_is_there_for_later_middleware(staged: Make) -> None:
    """LOAD-146: as ``ctx.body``, and the handler gets what they made of it."""
    app = staged()

    def change(ctx: RequestContext, next: Any) -> Any:
        app.events.append(dict(ctx.body))
        ctx.body["more"] = 2
        return next()

    async def take(given: Annotated[dict[str, int], request_body()]) -> Any:
        return given

    app.app.route("post", "/x", None, take)
    app.use(body_parser.json(), change)
    assert await app.json("POST", "/x", json={"a": 1}) == {"a": 1, "more": 2}
    assert app.events == [{"a": 1}]
    assert (await app("POST", "/x", json={"a": "x"})).status == 422


@pytest.mark.parametrize(
    ("parser", "headers", "body", "expected"),
    [
        (body_parser.json(), JSON, b'{"a": [1]}', {"a": [1]}),
        (body_parser.json(), {"content-type": "application/vnd.x+json"}, b"5", 5),
        (body_parser.json(strict=True), JSON, b"[1]", [1]),
        (body_parser.urlencoded(), FORM, b"a[b]=1&c=2&c=3", {"a": {"b": "1"}, "c": ["2", "3"]}),
        (body_parser.urlencoded(extended=False), FORM, b"a[b]=1&c=2&c=3&d=", {"a[b]": "1", "c": ["2", "3"], "d": ""}),
        (body_parser.text(), {"content-type": "text/plain; charset=latin-1"}, b"\xe4", "ä"),
        (body_parser.raw(), {"content-type": "application/octet-stream"}, b"\x00\x01", "\x00\x01"),
        (body_parser.json(), FORM, b"a=1", None),
        (body_parser.json(), JSON, None, None),
    ],
)
async def test_each_parser_reads_its_type(staged: Make, parser: Any, headers: Any, body: Any, expected: Any) -> None:
    """LOAD-146: for every request that has such a body; other ones are let through."""
    app = staged()

    def look(ctx: RequestContext) -> Any:
        found = ctx.body
        return {"body": found.decode() if isinstance(found, bytes) else found}

    app.app.route("post", "/x", None, look)
    app.use(parser)
    assert await app.json("POST", "/x", headers=headers, body=body) == {"body": expected}


@pytest.mark.parametrize(
    ("parser", "headers", "body", "status"),
    [
        (body_parser.json(), JSON, b"{", 400),
        (body_parser.json(strict=True), JSON, b"5", 400),
        (body_parser.json(limit=4), JSON, b'{"a":1}', 413),
        (body_parser.urlencoded(limit="4b"), FORM, b"a=12345", 413),
        (body_parser.urlencoded(extended=False), FORM, b"\xff", 400),
        (body_parser.text(), {"content-type": "text/plain"}, b"\xff", 400),
    ],
)
async def test_what_is_malformed_is_refused_at_once(
    staged: Make, parser: Any, headers: Any, body: bytes, status: int
) -> None:
    """LOAD-146: also for an operation that takes no body."""
    app = staged()
    app.app.route("post", "/x", None, lambda: app.events.append("handler"))
    app.use(parser)
    assert (await app("POST", "/x", headers=headers, body=body)).status == status
    assert app.events == []


# Verbs


async def test_a_request_is_routed_as_the_verb_it_names(staged: Make) -> None:
    """LOAD-147: in any case; the verb that was sent is kept; an unknown one is 400; others are not touched."""

    class C:
        @put("/x")
        def put(self, ctx: RequestContext) -> list[str]:
            return [ctx.request.method, ctx.request.original_method]

        @post("/x")
        def post(self, ctx: RequestContext) -> list[str]:
            return [ctx.request.method, ctx.request.original_method]

        @get("/x")
        def get(self, ctx: RequestContext) -> list[str]:
            return [ctx.request.method, ctx.request.original_method]

    app = staged(C)
    app.use(method_override())
    named = "X-HTTP-Method-Override"
    assert await app.json("POST", "/x", headers={named: "put"}) == ["PUT", "POST"]
    assert await app.json("POST", "/x") == ["POST", "POST"]
    assert await app.json("GET", "/x", headers={named: "PUT"}) == ["GET", "GET"]
    assert (await app("POST", "/x", headers={named: "STEAL"})).status == 400
    assert (await app("POST", "/x", headers={named: "DELETE"})).status == 405
    app = staged(C)
    app.use(method_override("X-Verb", methods=("GET", "POST"), query="_method"))
    assert await app.json("GET", "/x?_method=put") == ["PUT", "GET"]
    assert await app.json("POST", "/x", headers={"X-Verb": "PUT"}) == ["POST", "POST"]


# What is accepted


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (None, 200),
        ("*/*", 200),
        ("application/*", 200),
        ("application/json;q=0.1", 200),
        ("text/html, application/json;q=0.5", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("application/json;q=0, */*", 406),
    ],
)
async def test_the_accepted_types_of_a_server(staged: Make, accept: str | None, status: int) -> None:
    """LOAD-140: 406 before routing, with the list in the detail; ``application/json`` unless the setting says more."""
    app = staged()
    app.app.route("get", "/x", None, lambda: {"a": 1})
    app.use(GlobalAcceptMimes)
    headers = {} if accept is None else {"Accept": accept}
    answer = await app("GET", "/x", headers=headers)
    assert answer.status == status
    assert (await app("GET", "/nothing", headers=headers)).status == (404 if status == 200 else 406)
    if status == 406:
        assert answer.json()["detail"].endswith(": application/json.")
    app.app.bind("loader.settings").to({"accept_mimes": ["text/html", "application/json", "text/*"]})
    assert (await app("GET", "/x", headers={"Accept": "text/html"})).status == 200


async def test_the_accepted_types_of_an_operation(staged: Make) -> None:
    """LOAD-140: on operation or controller."""

    @accept_mimes("text/csv", "application/json")
    class C:
        @get("/x")
        def x(self) -> dict[str, int]:
            return {"a": 1}

        @get("/y")
        @accept_mimes("application/json")
        def y(self) -> dict[str, int]:
            return {"a": 1}

    app = staged(C)
    csv = {"Accept": "text/csv"}
    assert (await app("GET", "/x", headers=csv)).status == 200
    assert (await app("GET", "/y", headers=csv)).status == 406
    assert (await app("GET", "/x", headers={"Accept": "text/html"})).status == 406
    for wrong, error in [((), TypeError), ((5,), TypeError), (("json",), ValueError)]:
        with pytest.raises(error, match="accept_mimes"):
            accept_mimes(*wrong)


# Sessions


class Visits:
    """A controller that counts in the session."""

    @get("/visit")
    def visit(self, ctx: RequestContext) -> int:
        ctx.session["visits"] = ctx.session.get("visits", 0) + 1
        return int(ctx.session["visits"])

    @get("/look")
    def look(self, ctx: RequestContext) -> Any:
        return dict(ctx.session)

    @get("/nested")
    def nested(self, ctx: RequestContext) -> None:
        ctx.session.setdefault("list", []).append(1)

    @get("/clear")
    def clear(self, ctx: RequestContext) -> None:
        ctx.session.clear()

    @get("/renew")
    def renew(self, ctx: RequestContext) -> None:
        ctx.session.regenerate()

    @get("/fail/{status}")
    def fail(self, status: int, ctx: RequestContext) -> None:
        ctx.session["visits"] = 99
        raise HttpErrors.InternalServerError if status == 500 else HttpErrors.Conflict

    @get("/answer/{status}")
    def answer(self, status: int, ctx: RequestContext) -> Any:
        ctx.session["visits"] = 99
        return Response("x", status=status)

    @get("/fill/{size}")
    def fill(self, size: int, ctx: RequestContext) -> None:
        ctx.session["fill"] = "x".join(map(str, range(size)))

    @get("/wrong")
    def wrong(self, ctx: RequestContext) -> None:
        ctx.session["wrong"] = object()


class Client:
    """Keeps the cookies it is given."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.cookies: dict[str, str] = {}
        self.line = ""

    async def __call__(self, path: str, **given: Any) -> Any:
        text = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await self.app("GET", path, headers={"Cookie": text} if text else {}, **given)
        self.line = ""
        for line in answer.headers.getlist("set-cookie"):
            self.line = line
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
            if "Max-Age=0" in line:
                del self.cookies[name]
        return answer


@pytest.fixture(name="stores", params=["cookie", "store"])
def make_store(request: Any) -> Any:
    """Sessions in the cookie, and in a store."""
    return MemoryStore() if request.param == "store" else None


async def test_a_session_lives_in_a_cookie(staged: Make, stores: Any) -> None:
    """LOAD-148: changed it is written, unchanged no cookie is sent, cleared the cookie is deleted."""
    app = staged(Visits)
    app.use(session("secret", store=stores))
    client = Client(app)
    assert (await client("/look")).json() == {}
    assert client.line == ""
    assert (await client("/visit")).json() == 1
    assert client.line.startswith("session=")
    assert client.line.endswith("; Path=/; SameSite=Lax; HttpOnly")
    assert (await client("/visit")).json() == 2
    await client("/nested")
    await client("/nested")
    assert (await client("/look")).json() == {"visits": 2, "list": [1, 1]}
    assert client.line == ""
    await client("/clear")
    assert "Max-Age=0" in client.line
    assert (await client("/look")).json() == {}
    assert client.line == ""


async def test_attributes_of_the_cookie(staged: Make) -> None:
    """LOAD-148"""
    app = staged(Visits)
    app.use(session("secret", cookie="sid", max_age=60, secure=True, same_site="strict"))
    client = Client(app)
    await client("/visit")
    assert client.line.startswith("sid=")
    assert client.line.endswith("; Max-Age=60; Path=/; SameSite=Strict; Secure; HttpOnly")


async def test_a_cookie_that_is_not_ours_is_an_empty_session(staged: Make, stores: Any, monkeypatch: Any) -> None:
    """LOAD-148: missing, foreign, altered or expired; never an error."""
    app = staged(Visits)
    app.use(session("secret", max_age=60, store=stores))
    client = Client(app)
    await client("/visit")
    good = client.cookies["session"]
    foreign = Client(staged(Visits))
    foreign.app.use(session("other", store=stores))
    await foreign("/visit")
    middle = len(good) // 4
    altered = good[:middle] + ("A" if good[middle] != "A" else "B") + good[middle + 1 :]
    for wrong in ("", "x", good[:-2], altered, foreign.cookies["session"], "....", "é".encode().hex()):
        client.cookies["session"] = wrong
        assert (await client("/look")).json() == {}
    client.cookies["session"] = good
    assert (await client("/look")).json() == {"visits": 1}
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 62)
    assert (await client("/look")).json() == {}


async def test_secrets_of_sessions_rotate(staged: Make) -> None:
    """LOAD-148: the first signs, all verify; an empty one is refused."""
    app = staged(Visits)
    app.use(session("old"))
    client = Client(app)
    await client("/visit")
    client.app = staged(Visits)
    client.app.use(session(["new", "old"]))
    assert (await client("/visit")).json() == 2
    client.app = staged(Visits)
    client.app.use(session("new"))
    assert (await client("/visit")).json() == 3
    for empty in ("", [], ["a", ""]):
        with pytest.raises(ValueError, match="the secret is empty"):
            session(empty)
    with pytest.raises(ValueError, match="max_age"):
        session("secret", max_age=0)
    with pytest.raises(ValueError, match="same_site"):
        session("secret", same_site="none", secure=False)


async def test_what_is_too_large_for_a_cookie(staged: Make, caplog: Any) -> None:
    """LOAD-149: is an error that names ``store``; with a store it is kept."""
    app = staged(Visits)
    app.use(session("secret"))
    assert (await app("GET", "/fill/9000")).status == 500
    assert "browsers keep 4096; keep less, or give a store" in caplog.text
    caplog.clear()
    assert (await app("GET", "/wrong")).status == 500
    assert "its values must be JSON" in caplog.text
    store = MemoryStore()
    client = Client(staged(Visits))
    client.app.use(session("secret", store=store))
    assert (await client("/fill/9000")).status == 204
    assert len(client.cookies["session"]) < 200
    assert len((await client("/look")).json()["fill"]) > 9000


async def test_a_store_keeps_sessions_by_a_random_id(staged: Make) -> None:
    """LOAD-149: the id is renewed by ``regenerate``, and an id that the store does not know is never taken over."""
    store = MemoryStore()
    app = staged(Visits)
    app.use(session("secret", store=store))
    client = Client(app)
    await client("/visit")
    first = dict(client.cookies)
    await client("/visit")
    assert client.cookies["session"].partition(".")[0] == first["session"].partition(".")[0]
    await client("/renew")
    assert client.cookies != first
    assert (await client("/look")).json() == {"visits": 2}
    assert len(store) == 1
    thief = Client(app)
    thief.cookies = dict(first)
    assert (await thief("/look")).json() == {}
    await thief("/visit")
    assert thief.cookies != first
    await client("/clear")
    assert len(store) == 1


async def test_a_memory_store_forgets(staged: Make) -> None:
    """LOAD-149"""
    now = [0.0]
    store = MemoryStore(clock=lambda: now[0])
    data = {"list": [1]}
    await store.set("a", data, 10)
    await store.set("b", data, None)
    data["list"].append(2)
    assert await store.get("a") == {"list": [1]}
    now[0] = 10.0
    assert await store.get("a") is None
    assert await store.get("b") == {"list": [1]}
    await store.set("c", data, 10)
    now[0] = 20.0
    await store.set("d", data, 10)
    assert len(store) == 2
    await store.delete("b")
    await store.delete("unknown")
    assert len(store) == 1


@pytest.mark.parametrize(
    ("path", "kept"), [("/fail/500", 1), ("/answer/503", 1), ("/fail/409", 99), ("/answer/404", 99)]
)
async def test_the_session_of_a_failed_request_is_not_saved(staged: Make, stores: Any, path: str, kept: int) -> None:
    """LOAD-150: one that failed by a fault of ours."""
    app = staged(Visits)
    app.use(session("secret", store=stores))
    client = Client(app)
    await client("/visit")
    await client(path)
    assert (await client("/look")).json() == {"visits": kept}


async def test_a_session_without_middleware_names_it(staged: Make, caplog: Any) -> None:
    """LOAD-148"""
    assert (await staged(Visits)("GET", "/look")).status == 500
    assert "use(session(...))" in caplog.text
