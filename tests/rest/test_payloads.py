"""Bodies: which type is accepted, how it is read, what it becomes."""

import base64
import dataclasses
import gzip
import json
import random
import zlib
from datetime import date
from typing import Annotated, Any, TypedDict

import msgspec
import pytest

from mainspring.rest import (
    HttpErrors,
    JsonBodyParser,
    Request,
    RequestContext,
    RestApplication,
    RestBindings,
    param,
    request_body,
)
from mainspring.rest.errors import BodyConsumedError


class Todo(msgspec.Struct):
    title: str
    done: bool = False


@dataclasses.dataclass
class Note:
    text: str
    due: date | None = None


class Plain(TypedDict):
    name: str


def echo(annotation: Any, default: Any = ..., spec: Any = None, config: Any = None) -> RestApplication:
    """An application whose ``POST /x`` shows what its body parameter got."""

    def handler(value: Any) -> str:
        return repr(value)

    if default is not ...:
        handler.__defaults__ = (default,)
    handler.__annotations__["value"] = annotation
    app = RestApplication({"rest": config or {}})
    app.route("post", "/x", spec, handler)
    return app


@pytest.mark.parametrize(
    ("annotation", "sent", "expected"),
    [
        (Todo, {"title": "a"}, Todo("a")),
        (Note, {"text": "a", "due": "2020-01-02"}, Note("a", date(2020, 1, 2))),
        (Plain, {"name": "a"}, {"name": "a"}),
        (list[Todo], [{"title": "a", "done": True}], [Todo("a", True)]),
        (Todo | None, {"title": "a"}, Todo("a")),
        (dict[str, Todo], {"k": {"title": "a"}}, {"k": Todo("a")}),
        (Annotated[dict, request_body()], {"a": 1}, {"a": 1}),
        (Annotated[list, request_body()], [1, "a"], [1, "a"]),
        (Annotated[str, request_body()], "value", "value"),
        (Annotated[int, request_body()], 123, 123),
        (Annotated[bool, request_body()], True, True),
        (Annotated[Any, request_body()], {"a": [None]}, {"a": [None]}),
    ],
)
async def test_a_body_is_decoded_into_its_type(web: Any, annotation: Any, sent: Any, expected: Any) -> None:
    """REST-112, REST-113"""
    answer = await web(echo(annotation)).post("/x", sent)
    assert (answer.status, answer.text) == (200, repr(expected))


def test_two_bodies_are_refused() -> None:
    """REST-114"""

    def two(first: Todo, second: Note) -> None: ...

    def mixed(first: Todo, second: Annotated[str, param.form()]) -> None: ...

    for handler in (two, mixed):
        with pytest.raises(ValueError, match=r"first.*second"):
            RestApplication().route("post", "/x", None, handler)


async def test_media_types_are_declared(web: Any) -> None:
    """REST-115, REST-117"""
    body = request_body(description="A todo", content={"application/vnd.todo+json": {}, "application/json": {}})
    app = echo(Annotated[Todo, body])
    for media_type in ("application/vnd.todo+json", "application/json; charset=utf-8"):
        answer = await web(app)("POST", "/x", body=b'{"title":"a"}', headers={"content-type": media_type})
        assert answer.status == 200, media_type
    content = (await app.get_api_spec())["paths"]["/x"]["post"]["requestBody"]
    assert list(content["content"]) == ["application/vnd.todo+json", "application/json"]
    assert content["description"] == "A todo"
    answer = await web(app)("POST", "/x", body=b"<a/>", headers={"content-type": "application/xml"})
    assert answer.status == 415
    assert answer.json()["code"] == "UNSUPPORTED_MEDIA_TYPE"
    assert "application/xml" in answer.json()["detail"]
    assert answer.headers["accept"] == "application/vnd.todo+json, application/json"


async def test_a_given_schema_is_checked_instead_of_the_type(web: Any) -> None:
    """REST-115, REST-123"""
    first = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
    second = {"type": "object", "required": ["b"]}
    body = request_body(content={"application/json": {"schema": first}, "application/vnd.b+json": {"schema": second}})
    app = echo(Annotated[dict, body])
    assert (await web(app).post("/x", {"a": 1})).status == 200
    assert (await web(app).post("/x", {"a": "x"})).json()["errors"][0]["path"] == "/a"
    headers = {"content-type": "application/vnd.b+json"}
    assert (await web(app)("POST", "/x", body=b'{"b":1}', headers=headers)).status == 200
    assert (await web(app)("POST", "/x", body=b'{"a":1}', headers=headers)).status == 422


async def test_no_content_type_means_json(web: Any) -> None:
    """REST-116"""
    assert (await web(echo(Todo))("POST", "/x", body=b'{"title":"a"}')).text == repr(Todo("a"))
    text = echo(Annotated[str, request_body(content={"text/plain": {}})])
    untyped = await web(text)("POST", "/x", body=b"hello")
    assert untyped.status == 415
    assert untyped.json()["detail"].startswith("A body without Content-Type is not accepted here; send ")


@pytest.mark.parametrize("declared", ["*/*", "image/*"])
async def test_declared_wildcards_match(web: Any, declared: str) -> None:
    """REST-116, REST-125"""
    app = echo(Annotated[bytes, request_body(content={declared: {}})])
    assert (await web(app)("POST", "/x", body=b"\x00\x01", headers={"content-type": "image/png"})).text == repr(
        b"\x00\x01"
    )


async def test_a_declared_type_without_parser_is_not_supported(web: Any) -> None:
    """REST-117"""
    app = echo(Annotated[dict, request_body(content={"application/xml": {}})])
    answer = await web(app)("POST", "/x", body=b"<a/>", headers={"content-type": "application/xml"})
    assert answer.status == 415
    assert "not supported" in answer.json()["detail"]


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b'{"title":',
        b'{"title":"a",}',
        b'{"title":"a"} x',
        b"NaN",
        b'{"title":NaN}',
        b'{"title":"\xff"}',
        b'"\\ud800"',
        b"Infinity",
    ],
)
async def test_malformed_json_is_told_with_its_position(web: Any, text: bytes) -> None:
    """REST-118"""
    for annotation in (Todo, Annotated[Any, request_body()], Annotated[dict, request_body()]):
        answer = await web(echo(annotation))("POST", "/x", body=text, headers={"content-type": "application/json"})
        assert answer.status == 400, (annotation, answer.text)
        assert answer.json()["code"] == "MALFORMED_BODY"
    answer = await web(echo(Todo))("POST", "/x", body=b'{"title" 1}', headers={"content-type": "application/json"})
    assert "position" in answer.json()["detail"]


async def test_no_body(web: Any) -> None:
    """REST-119"""
    for body, headers in ((b"", {}), (None, {}), (b"", {"content-type": "application/json"}), (b"null", {})):
        answer = await web(echo(Todo))("POST", "/x", body=body, headers=headers)
        assert answer.status == 400, body
        assert answer.json()["code"] == "MISSING_REQUIRED_PARAMETER"
        assert answer.json()["detail"] == "Request body is required"
        assert (await web(echo(Todo | None))("POST", "/x", body=body, headers=headers)).text == "None"
        default = Todo("default")
        assert (await web(echo(Todo, default))("POST", "/x", body=body, headers=headers)).text == repr(default)
    assert (await web(echo(Annotated[dict, request_body()])).post("/x", {})).text == "{}"


@pytest.mark.parametrize("sent", ["", "pencils", [], 1, True])
async def test_what_is_no_object(web: Any, sent: Any) -> None:
    """REST-120, REST-140"""
    answer = await web(echo(Todo)).post("/x", sent)
    assert answer.status == 422
    assert answer.json()["code"] == "VALIDATION_FAILED"
    assert (answer.json()["errors"][0]["path"], answer.json()["errors"][0]["code"]) == ("", "type")


class Typed(msgspec.Struct):
    number: int = 0
    flag: bool = False


@pytest.mark.parametrize("sent", [{"number": "12"}, {"flag": 1}, {"number": 1.5}, {"flag": "true"}])
async def test_json_is_not_coerced(web: Any, sent: Any) -> None:
    """REST-121"""
    answer = await web(echo(Typed)).post("/x", sent)
    assert answer.status == 422
    assert answer.json()["errors"][0]["code"] == "type"


class Location(msgspec.Struct):
    lat: float


class FormModel(msgspec.Struct):
    key1: str
    key2: int
    key3: bool
    tags: list[str] = []
    location: Location | None = None


FORM = "application/x-www-form-urlencoded"


async def test_a_form_becomes_a_model(web: Any) -> None:
    """REST-122, REST-121"""
    app = echo(Annotated[FormModel, request_body(content={FORM: {}})])
    body = b"key1=a+b%20c&key2=1&key3=true&location[lat]=1&tags[0]=a"
    answer = await web(app)("POST", "/x", body=body, headers={"content-type": FORM})
    assert answer.text == repr(FormModel("a b c", 1, True, ["a"], Location(1.0)))
    body = b"key1=a&key2=1&key3=true&tags=x&tags=y"
    answer = await web(app)("POST", "/x", body=body, headers={"content-type": FORM})
    assert answer.text == repr(FormModel("a", 1, True, ["x", "y"]))
    body = b"key1=a&key2=1&key3=true&tags=x"
    assert "['x']" in (await web(app)("POST", "/x", body=body, headers={"content-type": FORM})).text
    answer = await web(app)("POST", "/x", body=b"key1=a&key2=x&key3=true", headers={"content-type": FORM})
    assert (answer.status, answer.json()["errors"][0]["path"]) == (422, "/key2")


async def test_text_bodies(web: Any) -> None:
    """REST-124"""
    app = echo(Annotated[str, request_body(content={"text/plain": {}, "text/html": {}})])

    async def send(data: bytes, media_type: str) -> Any:
        return await web(app)("POST", "/x", body=data, headers={"content-type": media_type})

    assert (await send("ü".encode(), "text/plain")).text == repr("ü")
    assert (await send("ü".encode("latin-1"), "text/html; charset=iso-8859-1")).text == repr("ü")
    assert (await send(b"\xff", "text/plain")).status == 400
    assert (await send(b"a", "text/plain; charset=nonsense")).status == 415
    for no_charset in ("base64", "punycode", "idna", "undefined", "unicode_escape", "a" * 5000, "\xff"):
        assert (await send(b"a", f"text/plain; charset={no_charset}")).status == 415


async def test_raw_and_streamed_bodies(web: Any) -> None:
    """REST-125"""
    from collections.abc import AsyncIterator  # noqa: PLC0415 - used here only

    async def pieces(data: AsyncIterator[bytes]) -> list[str]:
        return [piece.decode() async for piece in data]

    async def request(body: Annotated[Any, request_body(content={"text/csv": {"x-parser": "stream"}})]) -> list[str]:
        assert isinstance(body, Request)
        return [piece.decode() async for piece in body]

    app = RestApplication()
    app.route("post", "/pieces", None, pieces)
    app.route("post", "/request", None, request)
    for path in ("/pieces", "/request"):
        answer = await web(app)("POST", path, body=[b"a", b"b"], headers={"content-type": "text/csv"})
        assert answer.json() == ["a", "b"], path


async def test_msgpack(web: Any) -> None:
    """REST-126"""
    app = echo(Annotated[Todo, request_body(content={"application/msgpack": {}, "application/vnd.x+msgpack": {}})])

    async def send(data: bytes, media_type: str = "application/msgpack") -> Any:
        return await web(app)("POST", "/x", body=data, headers={"content-type": media_type})

    packed = msgspec.msgpack.encode({"title": "a"})
    assert (await send(packed)).text == repr(Todo("a"))
    assert (await send(packed, "application/vnd.x+msgpack")).text == repr(Todo("a"))
    assert (await send(msgspec.msgpack.encode({"title": 1}))).status == 422
    assert (await send(packed[:-1])).status == 400


class CsvParser:
    name = "csv"

    def supports(self, media_type: str) -> bool:
        return media_type == "text/csv"

    async def parse(self, request: Request) -> Any:
        text = (await request.body()).decode()
        if text == "fail":
            raise RuntimeError("bad csv")
        if text == "teapot":
            raise HttpErrors.ImATeapot("no coffee")
        return {"title": text.split(",")[0]}


async def test_an_own_parser_is_asked_before_the_built_in_ones(web: Any) -> None:
    """REST-127, REST-128, REST-130"""
    app = echo(Annotated[Todo, request_body(content={"text/csv": {}})])
    binding = app.body_parser(CsvParser)
    assert binding.key == "request.body_parser.CsvParser"

    async def send(data: bytes) -> Any:
        return await web(app)("POST", "/x", body=data, headers={"content-type": "text/csv"})

    assert (await send(b"a,b")).text == repr(Todo("a"))
    failed = await send(b"fail")
    assert (failed.status, "bad csv" in failed.json()["detail"]) == (400, True)
    assert (await send(b"teapot")).status == 418


async def test_unbinding_a_built_in_parser_makes_its_types_unsupported(web: Any) -> None:
    """REST-129"""
    app = echo(Todo)
    app.unbind("request.body_parser.JsonBodyParser")
    assert (await web(app).post("/x", {"title": "a"})).status == 415
    named = echo(Annotated[Todo, request_body(content={"application/json": {"x-parser": "json"}})])
    named.unbind("request.body_parser.JsonBodyParser")
    assert (await web(named).post("/x", {"title": "a"})).text == repr(Todo("a"))


async def test_a_built_in_parser_may_be_subclassed(web: Any) -> None:
    """REST-131"""

    class Hashing(JsonBodyParser):
        async def parse(self, request: Request) -> Any:
            value = await super().parse(request)
            value["title"] += f" {len(await request.body())} {self.options}"
            return value

    app = echo(Todo)
    app.body_parser(Hashing)
    app.bind(RestBindings.REQUEST_BODY_PARSER_OPTIONS).to({"limit": 1000})
    assert (await web(app).post("/x", {"title": "a"})).text == repr(Todo("a 14 {'limit': 1000}"))


async def test_an_operation_may_choose_its_parser(web: Any) -> None:
    """REST-132"""

    def double(request: Request) -> Any:
        return {"title": request.method * 2}

    for parser, expected in ((CsvParser, Todo("{")), (double, Todo("POSTPOST")), ("csv", Todo("{"))):
        app = RestApplication()
        app.body_parser(CsvParser)

        def handler(value: Any) -> str:
            return repr(value)

        handler.__annotations__["value"] = Annotated[
            Todo, request_body(content={"application/json": {"x-parser": parser}})
        ]
        app.route("post", "/x", None, handler)
        answer = await web(app)("POST", "/x", body=b"{,", headers={"content-type": "application/json"})
        assert answer.text == repr(expected), parser
    with pytest.raises(ValueError, match="nonsense"):
        echo(Annotated[Todo, request_body(content={"application/json": {"x-parser": "nonsense"}})])


async def test_bodies_are_limited(web: Any) -> None:
    """REST-133"""
    app = echo(Annotated[str, request_body()])
    exact = b'"' + b"a" * (1048576 - 2) + b'"'
    assert (await web(app)("POST", "/x", body=exact)).status == 200
    client = web(app)
    answer = await client("POST", "/x", body=exact + b" ")
    assert (answer.status, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert len(client.unread) == 1
    client = web(app)
    answer = await client("POST", "/x", body=[exact, b" ", b" ", b" "], headers={"transfer-encoding": "chunked"})
    assert answer.status == 413
    assert len(client.unread) == 2


async def test_limits_are_configured_commonly_and_specifically(web: Any) -> None:
    """REST-134"""
    text = Annotated[str, request_body(content={"text/plain": {}, "application/json": {}})]
    app = echo(text, config={"request_body_parser": {"limit": "1kb", "json": {"limit": 10}}})

    async def send(size: int, media_type: str) -> int:
        body = b"1" * size
        return int((await web(app)("POST", "/x", body=body, headers={"content-type": media_type})).status)

    assert await send(1024, "text/plain") == 200
    assert await send(1025, "text/plain") == 413
    assert await send(11, "application/json") == 413
    app.rest_server.bind(RestBindings.REQUEST_BODY_PARSER_OPTIONS).to({"limit": "2KB"})
    assert await send(1025, "text/plain") == 200
    own = echo(Annotated[str, request_body(content={"text/plain": {}})], spec={"x-limit": 5})
    answer = await web(own)("POST", "/x", body=b"123456", headers={"content-type": "text/plain"})
    assert answer.status == 413
    assert "x-limit" not in json.dumps(await own.get_api_spec())


def test_a_bad_size_is_an_error_at_once() -> None:
    """REST-134"""
    with pytest.raises(ValueError, match="many"):
        echo(Todo, config={"request_body_parser": {"limit": "many"}}).rest_server  # noqa: B018 - makes the server


async def test_deep_json_is_refused(web: Any) -> None:
    """REST-135"""
    app = echo(Annotated[Any, request_body()])
    assert (await web(app)("POST", "/x", body=b"[" * 100 + b"]" * 100)).status == 200
    assert (await web(app)("POST", "/x", body=b"[" * 101 + b"]" * 101)).status == 400
    for bomb in (b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000):
        assert (await web(app)("POST", "/x", body=bomb)).status == 400


async def test_prohibited_keys(web: Any) -> None:
    """REST-136"""
    app = echo(Annotated[Any, request_body()], config={"validation": {"prohibited_keys": ["bad"]}})
    for sent in ({"bad": 1}, {"a": [{"bad.x": 1}]}, [{"deep": {"bad": 1}}]):
        answer = await web(app).post("/x", sent)
        assert answer.status == 400, sent
        assert "bad" in answer.json()["detail"]
    assert (await web(app).post("/x", {"a": "bad", "badger": 1})).status == 200


async def test_an_unwanted_body_is_ignored(web: Any) -> None:
    """REST-138"""

    def handler() -> str:
        return "fine"

    app = RestApplication()
    app.route("post", "/x", None, handler)
    assert (await web(app)("POST", "/x", body=b"whatever", headers={"content-type": "x/y"})).text == "fine"


async def test_middleware_and_handler_share_one_read(web: Any) -> None:
    """REST-138, REST-139"""
    seen: list[bytes] = []

    async def look(ctx: RequestContext, next: Any) -> Any:
        seen.append(await ctx.request.body())
        return await next()

    app = echo(Todo)
    app.middleware(look)
    assert (await web(app).post("/x", {"title": "a"})).text == repr(Todo("a"))
    assert seen == [b'{"title": "a"}']


async def test_a_stream_is_read_once(web: Any) -> None:
    """REST-139"""

    async def handler(request: Request) -> list[Any]:
        pieces = [piece.decode() async for piece in request.stream()]
        try:
            await request.body()
        except BodyConsumedError as error:
            return [pieces, str(error)]
        return []

    app = RestApplication()
    app.route("post", "/x", None, handler)
    answer = await web(app)("POST", "/x", body=[b"a", b"b"])
    assert answer.json()[0] == ["a", "b"]
    assert "streamed" in answer.json()[1]


@pytest.mark.parametrize(
    ("coding", "encode"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("x-gzip", gzip.compress)]
)
async def test_compressed_bodies_are_inflated(web: Any, coding: str, encode: Any) -> None:
    """HTTP-012"""
    app = echo(Todo)
    headers = {"content-encoding": coding, "content-type": "application/json"}
    answer = await web(app)("POST", "/x", body=encode(b'{"title":"a"}'), headers=headers)
    assert answer.text == repr(Todo("a"))
    assert (await web(app)("POST", "/x", body=b"nonsense", headers=headers)).status == 400
    assert (await web(app)("POST", "/x", body=encode(b'{"title":"a"}')[:-6], headers=headers)).status == 400
    bomb = encode(b'"' + b"a" * 50_000_000)
    assert (await web(app)("POST", "/x", body=bomb, headers=headers)).status == 413


async def test_a_coded_body_is_its_members_and_nothing_more(web: Any) -> None:
    """HTTP-012"""
    app = echo(Todo)

    async def send(coding: str, *body: bytes) -> Any:
        headers = {"content-encoding": coding, "content-type": "application/json"}
        return await web(app)("POST", "/x", body=list(body), headers=headers)

    pieces = [gzip.compress(b'{"title":'), gzip.compress(b""), gzip.compress(b'"a"}')]
    assert (await send("gzip", b"".join(pieces))).text == repr(Todo("a"))
    assert (await send("gzip", *pieces)).text == repr(Todo("a"))
    assert (await send("gzip", gzip.compress(b"{}") + b"more")).status == 400
    assert (await send("deflate", zlib.compress(b"{}") + b"more")).status == 400
    assert (await send("deflate", zlib.compress(b"{}"), b"more")).status == 400


async def test_a_coded_body_is_limited_as_it_is_sent_too(web: Any) -> None:
    """HTTP-012"""
    nothing = gzip.compress(b"") * 1000
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    answer = await web(echo(Todo))("POST", "/x", body=[nothing] * 100, headers=headers)
    assert answer.status == 413
    noise = random.Random(1).randbytes(1024 * 1024 - 20)
    coded = gzip.compress(b'"' + base64.b64encode(noise)[: 1024 * 1024 - 2] + b'"', 0)
    assert len(coded) > 1024 * 1024, "it fits as it is inflated"
    assert (await web(echo(Annotated[str, request_body()]))("POST", "/x", body=coded, headers=headers)).status == 200


@pytest.mark.parametrize("codings", [["br"], ["gzip, gzip"], ["gzip", "gzip"]])
async def test_an_unknown_coding_is_415(web: Any, codings: list[str]) -> None:
    """HTTP-012"""
    lines = [("content-encoding", coding) for coding in codings]
    answer = await web(echo(Todo))("POST", "/x", body=gzip.compress(gzip.compress(b"{}")), headers=lines)
    assert answer.status == 415


async def test_every_violation_is_told(web: Any) -> None:
    """REST-141, REST-142, REST-143, REST-145"""

    class Line(msgspec.Struct):
        sku: str
        qty: Annotated[int, msgspec.Meta(ge=1)]

    class Order(msgspec.Struct):
        id: int
        name: str
        lines: list[Line]

    answer = await web(echo(Order)).post("/x", {"id": "x", "lines": [{"sku": "a", "qty": 1}, {"sku": 1, "qty": 0}, {}]})
    assert answer.status == 422
    entries = {(each["path"], each["code"]) for each in answer.json()["errors"]}
    assert entries == {
        ("", "required"),
        ("/id", "type"),
        ("/lines/1/sku", "type"),
        ("/lines/1/qty", "minimum"),
        ("/lines/2", "required"),
    }
    missing = next(each for each in answer.json()["errors"] if each["path"] == "" and each["code"] == "required")
    assert missing["info"]["missingProperty"] == "name"
    assert "name" in missing["message"]


async def test_entries_may_be_rewritten(web: Any) -> None:
    """REST-153"""

    def rewrite(entries: Any) -> Any:
        return [{**entry, "message": "no"} for entry in entries]

    app = echo(Todo, config={"validation": {"error_transformer": rewrite}})
    assert (await web(app).post("/x", {})).json()["errors"][0]["message"] == "no"


async def test_own_keywords_and_formats(web: Any) -> None:
    """REST-152"""

    async def even(schema: Any, value: Any) -> bool:
        return value % 2 == 0

    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer", "even": True}, "c": {"type": "string", "format": "color"}},
    }
    config = {
        "validation": {
            "keywords": [{"name": "even", "type": "number", "validate": even}],
            "formats": {"color": lambda value: value.startswith("#")},
        }
    }
    app = echo(Annotated[dict, request_body(content={"application/json": {"schema": schema}})], config=config)
    assert (await web(app).post("/x", {"n": 2, "c": "#fff"})).status == 200
    entries = (await web(app).post("/x", {"n": 3, "c": "red"})).json()["errors"]
    assert [(each["path"], each["code"]) for each in entries] == [("/n", "even"), ("/c", "format")] or [
        (each["path"], each["code"]) for each in entries
    ] == [("/c", "format"), ("/n", "even")]


def test_unknown_references_and_formats_are_refused_at_registration() -> None:
    """REST-149, REST-150"""
    for schema in ({"$ref": "#/components/schemas/Nobody"}, {"type": "string", "format": "nonsense"}):
        with pytest.raises(ValueError, match=r"^POST /x \(.+\), application/json: .*(Nobody|nonsense)"):
            echo(Annotated[Any, request_body(content={"application/json": {"schema": schema}})])
