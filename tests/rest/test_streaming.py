"""Responses that are produced piece by piece, and clients that go away meanwhile."""

import asyncio
import io
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from mainspring.rest import ClientDisconnected, RequestContext, RestApplication, ServerSentEvent
from mainspring.rest.events import encode_event


def app_of(handler: Any, spec: Any = None, config: Any = None) -> RestApplication:
    app = RestApplication({"rest": config or {}})
    app.route("get", "/x", spec, handler)
    return app


def declaring(media_type: str) -> Any:
    return {"responses": {"200": {"description": "x", "content": {media_type: {}}}}}


async def async_items() -> AsyncIterator[Any]:
    yield b"a"
    yield "ü"


def plain_items() -> Iterator[Any]:
    yield b"a"
    yield "ü"


@pytest.mark.parametrize(
    "handler",
    [
        async_items,
        plain_items,
        lambda: iter([b"a", "ü"]),
        lambda: io.BytesIO("aü".encode()),
        lambda: io.StringIO("aü"),
    ],
)
async def test_iterators_generators_and_files_stream(web: Any, handler: Any) -> None:
    """HTTP-021"""
    answer = await web(app_of(handler)).get("/x")
    assert (answer.status, answer.body.decode()) == (200, "aü")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "content-length" not in answer.headers


async def test_items_are_sent_when_they_are_made(web: Any) -> None:
    """HTTP-021"""
    seen: list[int] = []

    async def handler() -> AsyncIterator[bytes]:
        for number in range(3):
            seen.append(len(client.messages))
            yield b"%d" % number

    client = web(app_of(handler))
    await client.get("/x")
    assert seen == [0, 2, 3]


async def test_the_next_item_waits_until_the_former_was_accepted() -> None:
    """HTTP-021"""
    made: list[int] = []
    gate = asyncio.Semaphore(0)

    async def handler() -> AsyncIterator[bytes]:
        for number in range(5):
            made.append(number)
            yield b"x"

    app = app_of(handler)

    async def receive() -> Any:
        await asyncio.sleep(100)

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await gate.acquire()

    scope = {"type": "http", "method": "GET", "path": "/x", "raw_path": b"/x", "query_string": b"", "headers": []}
    task = asyncio.create_task(app(scope, receive, send))
    await asyncio.sleep(0.02)
    assert len(made) == 1
    gate.release()
    await asyncio.sleep(0.02)
    assert len(made) == 2
    for _ in range(10):
        gate.release()
    await task


async def test_an_error_before_the_first_item_is_an_ordinary_answer(web: Any) -> None:
    """HTTP-022"""

    async def handler() -> AsyncIterator[bytes]:
        if True:
            raise ValueError
        yield b""

    answer = await web(app_of(handler)).get("/x")
    assert (answer.status, answer.headers["content-type"]) == (500, "application/problem+json")


async def test_a_later_error_cuts_the_response(web: Any, caplog: pytest.LogCaptureFixture) -> None:
    """HTTP-022, REST-026"""

    async def handler() -> AsyncIterator[bytes]:
        yield b"a"
        raise RuntimeError("in the middle")

    client = web(app_of(handler))
    with pytest.raises(RuntimeError, match="in the middle"):
        await client.get("/x")
    assert client.messages[-1] == {"type": "http.response.body", "body": b"a", "more_body": True}
    assert "in the middle" in caplog.text


async def test_plain_generators_are_advanced_in_a_worker_thread(web: Any) -> None:
    """HTTP-023"""
    threads: set[int] = set()

    def handler() -> Iterator[bytes]:
        for _ in range(3):
            threads.add(threading.get_ident())
            yield b"x"

    await web(app_of(handler)).get("/x")
    assert threading.get_ident() not in threads


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("application/x-ndjson", b'{"a":1}\n{"a":2}\n'),
        ("application/json-seq", b'\x1e{"a":1}\n\x1e{"a":2}\n'),
        ("application/json", b'[{"a":1},{"a":2}]'),
        ("text/event-stream", b'data: {"a":1}\n\ndata: {"a":2}\n\n'),
    ],
)
async def test_other_items_become_records(web: Any, media_type: str, expected: bytes) -> None:
    """HTTP-024, HTTP-026"""

    async def handler() -> AsyncIterator[Any]:
        yield {"a": 1}
        yield {"a": 2}

    assert (await web(app_of(handler, declaring(media_type))).get("/x")).body == expected

    async def by_header(ctx: RequestContext) -> Any:
        ctx.response.headers["Content-Type"] = media_type
        return handler()

    assert (await web(app_of(by_header)).get("/x")).body == expected


async def test_an_empty_stream(web: Any) -> None:
    """HTTP-021, HTTP-024"""

    async def nothing() -> AsyncIterator[Any]:
        return
        yield

    assert (await web(app_of(nothing)).get("/x")).body == b""
    assert (await web(app_of(nothing, declaring("application/json"))).get("/x")).body == b"[]"


async def test_other_items_of_a_plain_stream_are_an_error(web: Any, caplog: pytest.LogCaptureFixture) -> None:
    """HTTP-024"""

    async def handler() -> AsyncIterator[Any]:
        yield {"a": 1}

    assert (await web(app_of(handler)).get("/x")).status == 500
    assert "ndjson" in caplog.text


@pytest.mark.parametrize("kind", ["async", "plain"])
async def test_the_iterator_is_closed_when_the_client_leaves(
    web: Any, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """HTTP-025, REST-182, REST-185"""
    events: list[str] = []
    gone = asyncio.Event()
    stop = threading.Event()

    async def slowly() -> AsyncIterator[bytes]:
        try:
            yield b"a"
            gone.set()
            await asyncio.sleep(100)
        finally:
            events.append("closed")

    def plainly() -> Iterator[bytes]:
        try:
            yield b"a"
            loop.call_soon_threadsafe(gone.set)
            stop.wait(0.1)
            yield b"b"
        finally:
            events.append("closed")

    loop = asyncio.get_running_loop()

    async def handler(ctx: RequestContext) -> Any:
        await ctx.get("resource")
        ctx.after_response(events.append, "after")
        return slowly() if kind == "async" else plainly()

    async def resource() -> AsyncIterator[str]:
        yield "x"
        events.append("cleaned")

    app = app_of(handler)
    app.bind("resource").to_dynamic_value(resource).in_scope("request")
    await web(app).get("/x", disconnect=gone)
    assert events == ["closed", "cleaned"]
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_failing_send_ends_the_request_quietly(caplog: pytest.LogCaptureFixture) -> None:
    """HTTP-034"""
    events: list[str] = []

    async def handler() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x"
        finally:
            events.append("closed")

    async def receive() -> Any:
        await asyncio.sleep(100)

    count = 0

    async def send(message: Any) -> None:
        nonlocal count
        count += 1
        if count > 3:
            raise OSError("gone")

    scope = {"type": "http", "method": "GET", "path": "/x", "raw_path": b"/x", "query_string": b"", "headers": []}
    await app_of(handler)(scope, receive, send)
    assert events == ["closed"]
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_client_that_leaves_in_the_middle_of_its_body(caplog: pytest.LogCaptureFixture) -> None:
    """HTTP-033"""
    called: list[int] = []
    seen: list[Any] = []

    async def handler(ctx: RequestContext, body: dict[str, Any]) -> None:
        called.append(1)

    async def reads(ctx: RequestContext) -> None:
        try:
            async for _ in ctx.request.stream():
                pass
        except ClientDisconnected as error:
            seen.append(error)
            raise

    from typing import Annotated  # noqa: PLC0415 - used here only

    from mainspring.rest import request_body  # noqa: PLC0415 - used here only

    handler.__annotations__["body"] = Annotated[dict, request_body()]
    app = RestApplication()
    app.route("post", "/x", None, handler)
    app.route("post", "/reads", None, reads)
    for path in ("/x", "/reads"):
        incoming = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
        sent: list[Any] = []

        async def receive() -> Any:
            return incoming.pop(0)  # noqa: B023 - used within the iteration

        async def send(message: Any) -> None:
            sent.append(message)  # noqa: B023 - used within the iteration

        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"content-length", b"100"), (b"content-type", b"application/json")],
        }
        await app(scope, receive, send)
        assert sent == []
    assert called == []
    assert len(seen) == 1
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def encoded(event: Any) -> str:
    return encode_event(event, encode=lambda value: str(value).encode()).decode()


def test_events_are_written() -> None:
    """HTTP-026, HTTP-027"""
    event = ServerSentEvent("a\nb\r\nc\rd", event="e", id="1", retry=5, comment="x\ny")
    assert encoded(event) == ": x\n: y\nevent: e\nid: 1\nretry: 5\ndata: a\ndata: b\ndata: c\ndata: d\n\n"
    assert encoded("text") == "data: text\n\n"
    assert encoded(b"text") == "data: text\n\n"
    assert encoded(ServerSentEvent(comment="ping")) == ": ping\n\n"
    for wrong in ({"event": "a\nb"}, {"id": "a\rb"}, {"id": "a\0"}):
        with pytest.raises(ValueError, match="line break"):
            ServerSentEvent("x", **wrong)


async def test_event_streams_start_at_once_and_ping(web: Any) -> None:
    """HTTP-026, HTTP-027"""
    seen: list[Any] = []

    async def handler() -> AsyncIterator[Any]:
        seen.append([message["type"] for message in client.messages])
        await asyncio.sleep(0.05)
        yield ServerSentEvent({"a": 1}, id="7")

    client = web(app_of(handler, declaring("text/event-stream"), {"sse_ping": 0.02}))
    answer = await client.get("/x", headers={"Last-Event-ID": "6"})
    assert seen == [["http.response.start"]]
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.text.replace(": ping\n\n", "") == 'id: 7\ndata: {"a":1}\n\n'
    assert ": ping\n\n" in answer.text


async def test_what_makes_the_first_item_may_set_the_head(web: Any) -> None:
    """HTTP-022, HTTP-026, REST-161"""

    async def numbers(context: RequestContext) -> AsyncIterator[bytes]:
        context.response.status = 203
        context.response.headers["X-Count"] = "2"
        yield b"1"
        yield b"2"

    answer = await web(app_of(numbers)).get("/x")
    assert (answer.status, answer.headers["x-count"], answer.text) == (203, "2", "12")

    async def records(context: RequestContext) -> AsyncIterator[dict[str, int]]:
        context.response.headers["Content-Type"] = "application/x-ndjson"
        yield {"n": 1}

    answer = await web(app_of(records)).get("/x")
    assert (answer.headers["content-type"], answer.text) == ("application/x-ndjson", '{"n":1}\n')


@pytest.mark.parametrize("compression", [False, True])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_stream_that_is_not_sent_is_closed(web: Any, method: str, compression: bool) -> None:
    """HTTP-001, HTTP-021, REST-171: what the tag of a stream says is compared like any other."""
    opened: list[io.BytesIO] = []

    async def file(context: RequestContext) -> io.BytesIO:
        context.response.headers["ETag"] = '"v1"'
        context.response.headers["Content-Type"] = "text/plain"
        opened.append(io.BytesIO(b"abc"))
        return opened[-1]

    ask = web(app_of(file, config={"compression": {"min_size": 0}} if compression else None))
    headers = {"if-none-match": '"v1"', "accept-encoding": "gzip"}
    assert (await ask(method, "/x", headers=headers)).status == 304
    answer = await ask(method, "/x", headers={"accept-encoding": "gzip"})
    assert answer.status == 200
    assert [each.closed for each in opened] == [True, True]


async def test_a_stream_that_made_its_first_item_is_closed_when_the_client_has_it(web: Any) -> None:
    """HTTP-021, REST-171"""
    events: list[str] = []

    async def handler(context: RequestContext) -> AsyncIterator[bytes]:
        context.response.headers["ETag"] = '"v1"'
        try:
            yield b"1"
        finally:
            events.append("closed")

    answer = await web(app_of(handler)).get("/x", headers={"if-none-match": '"v1"'})
    assert (answer.status, answer.body, events) == (304, b"", ["closed"])


@pytest.mark.parametrize("first", [b"begin ", None])
async def test_a_stream_may_read_its_body_late(web: Any, first: bytes | None) -> None:
    """HTTP-049, REST-139: watching for the client's leaving takes nothing of the body away."""

    async def handler(context: RequestContext) -> AsyncIterator[bytes]:
        if first is not None:
            yield first
        await asyncio.sleep(0.02)
        async for piece in context.request.stream():
            yield piece

    app = RestApplication()
    app.route("post", "/x", None, handler)
    answer = await web(app)("POST", "/x", body=[b"a", b"b", b"c"])
    assert answer.body == (first or b"") + b"abc"


async def test_a_client_that_leaves_before_the_first_item_stops_the_stream(web: Any) -> None:
    """HTTP-025, REST-187"""
    events: list[str] = []
    gone = asyncio.Event()

    async def handler() -> AsyncIterator[bytes]:
        try:
            gone.set()
            await asyncio.sleep(60)
            yield b"late"
        finally:
            events.append("closed")

    answer = await web(app_of(handler)).get("/x", disconnect=gone)
    assert (answer.messages, events) == ([], ["closed"])


async def test_a_stream_whose_first_item_cannot_be_written_is_closed(web: Any) -> None:
    """HTTP-022, HTTP-024"""
    events: list[str] = []

    async def handler() -> AsyncIterator[Any]:
        try:
            yield object()
        finally:
            events.append("closed")

    assert (await web(app_of(handler)).get("/x")).status == 500
    assert events == ["closed"]
