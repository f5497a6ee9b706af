"""What a handler returns, and what is sent."""

import dataclasses
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest

from mainspring.rest import RequestContext, Response, RestApplication, get, response


def returning(value: Any, spec: Any = None, annotation: Any = None) -> RestApplication:
    def handler() -> Any:
        return value

    if annotation is not None:
        handler.__annotations__["return"] = annotation
    app = RestApplication()
    app.route("get", "/x", spec, handler)
    return app


class Struct(msgspec.Struct, rename="camel"):
    first_name: str


@dataclasses.dataclass
class Data:
    a: int


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"key": "value"}, b'{"key":"value"}'),
        ([1, 2], b"[1,2]"),
        (1, b"1"),
        (1.5, b"1.5"),
        (True, b"true"),
        (Struct("a"), b'{"firstName":"a"}'),
        (Data(1), b'{"a":1}'),
        ({1}, b"[1]"),
        (date(2020, 1, 2), b'"2020-01-02"'),
        (datetime(2020, 1, 2, tzinfo=UTC), b'"2020-01-02T00:00:00Z"'),
        (UUID(int=1), b'"00000000-0000-0000-0000-000000000001"'),
        (Decimal("1.10"), b'"1.10"'),
        ((1, "a"), b'[1,"a"]'),
    ],
)
async def test_values_become_compact_json(web: Any, value: Any, expected: bytes) -> None:
    """REST-157"""
    answer = await web(returning(value)).get("/x")
    assert (answer.status, answer.body) == (200, expected)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == str(len(expected))


async def test_text_and_bytes_are_sent_as_they_are(web: Any) -> None:
    """REST-158, REST-159"""
    answer = await web(returning("grüße")).get("/x")
    assert (answer.body, answer.headers["content-type"]) == ("grüße".encode(), "text/plain; charset=utf-8")
    for value in (b"\x00a", bytearray(b"\x00a"), memoryview(b"\x00a")):
        answer = await web(returning(value)).get("/x")
        assert (answer.body, answer.headers["content-type"]) == (b"\x00a", "application/octet-stream")


async def test_none_is_no_content_or_null(web: Any) -> None:
    """REST-160"""
    for annotation in (None, type(None), Any):
        answer = await web(returning(None, annotation=annotation)).get("/x")
        assert (answer.status, answer.body) == (204, b"")
        assert "content-type" not in answer.headers
        assert "content-length" not in answer.headers
    answer = await web(returning(None, annotation=Struct | None)).get("/x")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"null", "application/json")


async def test_status_and_headers_are_set_on_the_way(web: Any) -> None:
    """REST-161"""

    class C:
        def __init__(self, context: RequestContext) -> None:
            context.response.headers["X-Constructor"] = "1"

        @get("/x")
        def x(self, context: RequestContext) -> Any:
            context.response.status = 202
            context.response.headers["X-A"] = "b"
            context.response.headers.append("X-A", "c")
            return {"a": 1}

        @get("/none")
        def none(self, context: RequestContext) -> None:
            context.response.status = 202

    app = RestApplication()
    app.controller(C)
    answer = await web(app).get("/x")
    assert (answer.status, answer.json()) == (202, {"a": 1})
    assert answer.headers["x-constructor"] == "1"
    assert [value for name, value in answer.lines if name == "x-a"] == ["b", "c"]
    answer = await web(app).get("/none")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (202, b"", "0")


async def test_a_sole_declared_success_is_the_status(web: Any) -> None:
    """REST-162"""

    class C:
        @get("/created")
        @response(201, Struct)
        @response(404)
        def created(self) -> Struct:
            return Struct("a")

        @get("/empty")
        @response(202)
        def empty(self) -> None: ...

        @get("/two")
        @response(200, Struct)
        @response(201, Struct)
        def two(self) -> Struct:
            return Struct("a")

        @get("/own")
        @response(201, Struct)
        def own(self, context: RequestContext) -> Struct:
            context.response.status = 200
            return Struct("a")

    app = RestApplication()
    app.controller(C)
    assert [(await web(app).get(path)).status for path in ("/created", "/empty", "/two", "/own")] == [
        201,
        202,
        200,
        200,
    ]


async def test_writing_by_hand(web: Any) -> None:
    """REST-163, REST-164"""

    async def by_hand(context: RequestContext) -> Any:
        context.response.status = 201
        context.response.headers["Content-Type"] = "text/x"
        assert not context.response.headers_sent
        await context.response.write("a")
        assert context.response.headers_sent
        with pytest.raises(RuntimeError, match="is sent"):
            context.response.status = 200
        with pytest.raises(RuntimeError, match="is sent"):
            context.response.headers["X"] = "1"
        await context.response.write(b"b")
        await context.response.end("c")
        return "ignored"

    async def end(context: RequestContext) -> None:
        await context.response.end("all")

    async def unfinished(context: RequestContext) -> None:
        await context.response.write("a")

    async def itself(context: RequestContext) -> Any:
        context.response.status = 202
        return context.response

    async def redirect(context: RequestContext) -> None:
        await context.response.redirect("/elsewhere", 307)

    app = RestApplication()
    for handler in (by_hand, end, unfinished, itself, redirect):
        app.route("get", f"/{handler.__name__}", None, handler)
    answer = await web(app).get("/by_hand")
    assert (answer.status, answer.text, answer.headers["content-type"]) == (201, "abc", "text/x")
    answer = await web(app).get("/end")
    assert (answer.text, answer.headers["content-length"]) == ("all", "3")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    answer = await web(app).get("/unfinished")
    assert (answer.text, answer.is_complete) == ("a", True)
    answer = await web(app).get("/itself")
    assert (answer.status, answer.body) == (202, b"")
    answer = await web(app).get("/redirect")
    assert (answer.status, answer.headers["location"]) == (307, "/elsewhere")


async def test_a_returned_response_is_sent_as_is(web: Any) -> None:
    """REST-165"""
    ran: list[str] = []

    def handler(context: RequestContext) -> Response[Struct]:
        context.response.headers["X-A"] = "context"
        context.response.headers["X-B"] = "context"
        return Response(Struct("a"), 201, {"X-A": "own"}, background=lambda: ran.append("after"))

    def text() -> Any:
        return Response("<b>", media_type="text/html")

    def nothing() -> Any:
        return Response(status=204)

    app = RestApplication()
    for each in (handler, text, nothing):
        app.route("get", f"/{each.__name__}", None, each)
    answer = await web(app).get("/handler")
    assert (answer.status, answer.json()) == (201, {"firstName": "a"})
    assert (answer.headers["x-a"], answer.headers["x-b"]) == ("own", "context")
    assert ran == ["after"]
    assert (await web(app).get("/text")).headers["content-type"] == "text/html; charset=utf-8"
    assert (await web(app).get("/nothing")).status == 204
    schema = (await app.get_api_spec())["paths"]["/handler"]["get"]["responses"]["200"]
    assert schema["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Struct"}


def declaring(*media_types: str) -> dict[str, Any]:
    return {"responses": {"200": {"description": "x", "content": {name: {} for name in media_types}}}}


async def test_declared_media_types_are_written(web: Any) -> None:
    """REST-166"""
    assert (await web(returning("a", declaring("application/json"))).get("/x")).body == b'"a"'
    packed = await web(returning({"a": 1}, declaring("application/msgpack"))).get("/x")
    assert msgspec.msgpack.decode(packed.body) == {"a": 1}
    html = await web(returning("<b>", declaring("text/html"))).get("/x")
    assert (html.body, html.headers["content-type"]) == (b"<b>", "text/html; charset=utf-8")
    image = await web(returning(b"\x89", declaring("image/png"))).get("/x")
    assert (image.body, image.headers["content-type"]) == (b"\x89", "image/png")
    assert (await web(returning({"a": 1}, declaring("text/html"))).get("/x")).status == 500


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("text/html", "text/html; charset=utf-8"),
        ("application/json;q=0.1, text/*", "text/html; charset=utf-8"),
        ("text/html;q=0.2, */*;q=0.8", "application/json"),
        ("text/html;q=0, */*", "application/json"),
    ],
)
async def test_accept_is_honoured(web: Any, accept: str | None, expected: str) -> None:
    """REST-167"""
    app = returning("a", declaring("application/json", "text/html"))
    answer = await web(app).get("/x", headers={} if accept is None else {"accept": accept})
    assert (answer.status, answer.headers["content-type"]) == (200, expected)
    assert answer.headers["vary"] == "Accept"


async def test_nothing_acceptable_is_406_before_the_handler(web: Any) -> None:
    """REST-167, ERR-022"""
    called: list[int] = []

    def handler() -> str:
        called.append(1)
        return "a"

    app = RestApplication()
    app.route("get", "/x", declaring("application/json", "text/html"), handler)
    answer = await web(app).get("/x", headers={"accept": "image/png"})
    assert answer.status == 406
    assert "text/html" in answer.json()["detail"]
    assert not called
    undeclared = await web(returning("a")).get("/x", headers={"accept": "image/png"})
    assert undeclared.status == 200
    assert "vary" not in undeclared.headers


class Unknown:
    pass


def cycle() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value", [Unknown(), [Unknown()], cycle(), {"a": io}], ids=["object", "inside", "cycle", "module"]
)
async def test_what_cannot_be_serialised_is_500(web: Any, value: Any, caplog: pytest.LogCaptureFixture) -> None:
    """REST-168"""
    answer = await web(returning(value)).get("/x")
    assert answer.status == 500
    assert answer.json() == {"type": "about:blank", "title": "Internal Server Error", "status": 500, "instance": "/x"}
    assert "handler" in caplog.text
    assert type(value).__name__ in caplog.text


async def test_a_content_type_that_was_set_is_kept(web: Any) -> None:
    """REST-169"""

    def handler(context: RequestContext, kind: str) -> Any:
        context.response.headers["Content-Type"] = kind
        return "a"

    app = RestApplication()
    app.route("get", "/x", None, handler)
    for kind, expected in (
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/csv; charset=latin-1", "text/csv; charset=latin-1"),
        ("application/xml", "application/xml"),
        ("application/json", "application/json"),
    ):
        answer = await web(app).get(f"/x?kind={kind.replace('; ', '%3B%20')}")
        assert answer.headers["content-type"] == expected


async def test_conditional_answers(web: Any) -> None:
    """REST-171"""

    def handler(context: RequestContext) -> dict[str, int]:
        headers = context.response.headers
        headers["ETag"] = '"v1"'
        headers["Last-Modified"] = "Wed, 01 Jan 2020 00:00:00 GMT"
        headers["Cache-Control"] = "max-age=5"
        headers["X-Other"] = "1"
        context.response.set_cookie("a", "b")
        return {"a": 1}

    app = RestApplication()
    app.route("get", "/x", None, handler)
    for tag in ('"v1"', 'W/"v1"', '"x", "v1"', "*"):
        answer = await web(app).get("/x", headers={"if-none-match": tag})
        assert (answer.status, answer.body) == (304, b""), tag
        assert answer.headers["etag"] == '"v1"'
        assert answer.headers["cache-control"] == "max-age=5"
        assert "set-cookie" in answer.headers
        assert "x-other" not in answer.headers
        assert "content-type" not in answer.headers
    assert (await web(app)("HEAD", "/x", headers={"if-none-match": '"v1"'})).status == 304
    assert (await web(app).get("/x", headers={"if-none-match": '"v2"'})).status == 200
    since = {"if-modified-since": "Wed, 01 Jan 2020 00:00:00 GMT"}
    assert (await web(app).get("/x", headers=since)).status == 304
    assert (await web(app).get("/x", headers={**since, "if-none-match": '"v2"'})).status == 200


async def test_cookies(web: Any) -> None:
    """REST-172"""

    def handler(context: RequestContext) -> str:
        context.response.set_cookie("a", "1", max_age=5, http_only=True, secure=True, same_site="none")
        context.response.set_cookie("b", "2")
        context.response.delete_cookie("c")
        for name, value, options in (("a b", "1", {}), ("a", "1;", {}), ("a", "1", {"same_site": "none"})):
            with pytest.raises(ValueError, match="Cookie"):
                context.response.set_cookie(name, value, **options)
        return "ok"

    app = RestApplication()
    app.route("get", "/x", None, handler)
    answer = await web(app).get("/x")
    assert answer.status == 200
    cookies = [value for name, value in answer.lines if name == "set-cookie"]
    assert cookies[0] == "a=1; Max-Age=5; Path=/; SameSite=None; Secure; HttpOnly"
    assert cookies[1] == "b=2; Path=/; SameSite=Lax"
    assert cookies[2].startswith("c=; Max-Age=0; Expires=Thu, 01 Jan 1970")


@pytest.mark.parametrize("status", [204, 205, 304])
async def test_some_statuses_never_carry_a_body(web: Any, status: int) -> None:
    """REST-173"""
    for value in ({"a": 1}, "text", b"bytes", None):
        answer = await web(returning(Response(value, status))).get("/x")
        assert (answer.status, answer.body) == (status, b"")


class Limited(msgspec.Struct):
    a: int = 1
    hidden: int = msgspec.field(default=2, name="renamed")


async def test_results_are_encoded_by_their_type(web: Any) -> None:
    """REST-170"""
    assert (await web(returning(Limited(), annotation=Limited)).get("/x")).json() == {"a": 1, "renamed": 2}


async def test_a_late_error_still_gives_a_clean_response(web: Any) -> None:
    """REST-161"""

    def handler(context: RequestContext) -> Any:
        context.response.status = 201
        context.response.headers["X-Kept"] = "1"
        context.response.headers["Content-Type"] = "text/csv"
        raise RuntimeError

    app = RestApplication()
    app.route("get", "/x", None, handler)
    answer = await web(app).get("/x")
    assert (answer.status, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.headers["x-kept"] == "1"


def test_what_cannot_stand_in_a_header_is_refused_where_it_is_set() -> None:
    """HTTP-015, HTTP-016, HTTP-019"""
    made = Response()
    for name, value in (("X Y", "1"), ("X", "a\r\nb"), ("X", "a\0"), ("X", "\u20ac")):
        with pytest.raises(ValueError, match="not allowed"):
            made.headers[name] = value
    made.headers["X"] = "ü"
    made.headers.append("X", "b")
    assert made.headers.getlist("x") == ["ü", "b"]
    made.headers["x"] = "c"
    assert made.headers.getlist("X") == ["c"]


async def test_results_are_checked_when_asked_to(web: Any, caplog: pytest.LogCaptureFixture) -> None:
    """REST-156"""

    def handler(good: bool = True) -> Struct:
        return Struct("a") if good else Struct(1)  # type: ignore[arg-type]  # what is to be noticed

    app = RestApplication({"rest": {"validate_responses": True}})
    app.route("get", "/x", None, handler)
    assert (await web(app).get("/x")).json() == {"firstName": "a"}
    assert (await web(app).get("/x?good=false")).status == 500
    assert "/firstName" in caplog.text
    unchecked = RestApplication()
    unchecked.route("get", "/x", None, handler)
    assert (await web(unchecked).get("/x?good=false")).status == 200
