"""Compressed responses."""

import gzip
import zlib
from collections.abc import AsyncIterator
from typing import Any

import brotli
import pytest

from mainspring.rest import FileResponse, RequestContext, Response, RestApplication
from mainspring.rest.compression import Compression
from mainspring.rest.errors import SettingError

LONG = "a" * 2000
GZIP = {"accept-encoding": "gzip"}


def app_of(handler: Any, compression: Any = True, spec: Any = None) -> RestApplication:
    app = RestApplication({"rest": {"compression": compression}})
    app.route("get", "/x", spec, handler)
    return app


async def test_large_texts_are_compressed_when_accepted(web: Any) -> None:
    """HTTP-010"""
    app = app_of(lambda: {"text": LONG})
    answer = await web(app).get("/x", headers=GZIP)
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert LONG.encode() in gzip.decompress(answer.body)
    for accepted in ("", "identity", "gzip;q=0", "br"):
        plain = await web(app).get("/x", headers={"accept-encoding": accepted})
        if accepted != "br":
            assert "content-encoding" not in plain.headers
            assert plain.headers["vary"] == "Accept-Encoding"
    off = await web(app_of(lambda: LONG, None)).get("/x", headers=GZIP)
    assert "content-encoding" not in off.headers
    assert "vary" not in off.headers


async def test_options_of_compression(web: Any) -> None:
    """HTTP-010"""
    app = app_of(lambda: "abc", {"min_size": 3, "encodings": ["gzip"], "level": 9})
    assert gzip.decompress((await web(app).get("/x", headers=GZIP)).body) == b"abc"
    with pytest.raises(SettingError, match="nonsense"):
        Compression({"encodings": ["nonsense"]})


async def test_tags_are_weakened(web: Any) -> None:
    """HTTP-010"""

    def handler(ctx: RequestContext) -> str:
        ctx.response.headers["ETag"] = '"v1"'
        return LONG

    app = app_of(handler)
    assert (await web(app).get("/x", headers=GZIP)).headers["etag"] == 'W/"v1"'
    assert (await web(app).get("/x", headers={**GZIP, "if-none-match": 'W/"v1"'})).status == 304


@pytest.mark.parametrize(
    "response",
    [
        Response("short"),
        Response(LONG, 206),
        Response(LONG, headers={"Content-Encoding": "x"}),
        Response(LONG, headers={"Cache-Control": "no-transform"}),
        Response(LONG.encode(), media_type="image/png"),
    ],
)
async def test_some_responses_are_left_alone(web: Any, response: Any) -> None:
    """HTTP-011"""
    answer = await web(app_of(lambda: response)).get("/x", headers=GZIP)
    assert answer.headers.get("content-encoding") in (None, "x")
    assert answer.body == (response.body if isinstance(response.body, bytes) else response.body.encode())


async def test_streams_are_compressed_with_a_flush_per_piece(web: Any, tmp_path: Any) -> None:
    """HTTP-011"""

    async def stream(ctx: RequestContext) -> AsyncIterator[str]:
        ctx.response.headers["Content-Type"] = "text/plain"
        for number in range(3):
            yield f"piece {number} "

    async def handler(ctx: RequestContext) -> Any:
        ctx.response.headers["Content-Type"] = "text/plain"
        return stream(ctx)

    answer = await web(app_of(handler)).get("/x", headers=GZIP)
    inflater = zlib.decompressobj(31)
    assert inflater.decompress(answer.pieces[0]) == b"piece 0 "
    assert gzip.decompress(answer.body) == b"piece 0 piece 1 piece 2 "
    (tmp_path / "a.txt").write_text(LONG)
    file = await web(app_of(lambda: FileResponse(tmp_path / "a.txt"))).get("/x", headers=GZIP)
    assert gzip.decompress(file.body) == LONG.encode()
    assert "content-length" not in file.headers


async def test_event_streams_are_not_compressed(web: Any) -> None:
    """HTTP-011"""

    async def events() -> AsyncIterator[str]:
        yield LONG

    spec = {"responses": {"200": {"description": "x", "content": {"text/event-stream": {}}}}}
    answer = await web(app_of(events, True, spec)).get("/x", headers=GZIP)
    assert "content-encoding" not in answer.headers


async def test_only_known_hosts_are_served(web: Any) -> None:
    """HTTP-017"""
    app = RestApplication({"rest": {"allowed_hosts": ["example.com", "*.example.org"]}})
    app.route("get", "/x", None, lambda: "x")
    for host, status in (("example.com:80", 200), ("a.example.org", 200), ("evil.example", 400), ("example.org", 400)):
        assert (await web(app).get("/x", headers={"host": host})).status == status


async def test_requests_during_the_stop_are_refused(web: Any) -> None:
    """HTTP-046"""
    app = app_of(lambda: "x")
    assert (await web(app).get("/x")).status == 200
    app.rest_server.serving.is_draining = True
    answer = await web(app).get("/x")
    assert (answer.status, answer.headers["connection"], answer.headers["retry-after"]) == (503, "close", "1")


async def test_brotli_is_used_where_the_client_takes_it(web: Any) -> None:
    """HTTP-010 HTTP-011"""
    app = RestApplication({"rest": {"compression": {"min_size": 10}}})
    text = "the same again and again " * 100

    async def whole() -> str:
        return text

    async def pieces() -> AsyncIterator[str]:
        for _ in range(4):
            yield text

    app.route("get", "/whole", None, whole)
    app.route("get", "/pieces", {"responses": {"200": {"description": "", "content": {"text/plain": {}}}}}, pieces)
    ask = web(app)
    for accepted, coding in (("gzip, br", "br"), ("br;q=0.5, gzip", "gzip"), ("*", "br"), ("br;q=0, gzip", "gzip")):
        assert (await ask.get("/whole", headers={"Accept-Encoding": accepted})).headers["content-encoding"] == coding
    answer = await ask.get("/whole", headers={"Accept-Encoding": "br"})
    assert brotli.decompress(answer.body) == text.encode()
    assert answer.headers["content-length"] == str(len(answer.body))
    streamed = await ask.get("/pieces", headers={"Accept-Encoding": "br"})
    decoder = brotli.Decompressor()
    seen = [decoder.process(piece) for piece in streamed.pieces]
    assert b"".join(seen) == text.encode() * 4
    assert seen[0] == text.encode()  # each piece can be read when it is there


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_small_files_are_left_alone(web: Any, tmp_path: Any, method: str) -> None:
    """HTTP-010, HTTP-011: their length is known, though they are sent in pieces."""
    (tmp_path / "small.txt").write_text("small")
    (tmp_path / "large.txt").write_text("large" * 1000)
    app = RestApplication({"rest": {"compression": True}})
    app.static("/files", tmp_path)
    small = await web(app)(method, "/files/small.txt", headers={"accept-encoding": "gzip"})
    assert (small.headers.get("content-encoding"), small.headers["content-length"]) == (None, "5")
    large = await web(app)(method, "/files/large.txt", headers={"accept-encoding": "gzip"})
    assert large.headers["content-encoding"] == "gzip"
