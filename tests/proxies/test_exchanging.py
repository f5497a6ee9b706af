"""Calls over the wire: time limits, repetition, connections, hooks, logs, faults."""

import asyncio
import gc
import gzip
import logging
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from opentelemetry import context as tracing
from opentelemetry import trace
from tests.proxies.remotes import Remote, operation, reply

from mainspring import Application, DataSource, RepositoryMixin
from mainspring.http.dates import format_http_date
from mainspring.proxies import ServiceConnectionError, ServiceResponseError, ServiceTimeoutError
from mainspring.repository import DataSourceError

Connect = Callable[..., DataSource]

GET = operation({"url": "/x"}, load=[])
POST = operation({"method": "POST", "url": "/x", "body": "{data}"}, send=["data"])
FAST = {"attempts": 3, "backoff": 0.001}


async def cut(*_: Any) -> None:
    """Close without an answer."""


async def slow(*_: Any) -> bytes:
    await asyncio.sleep(30)
    return reply()


async def halfway(_: Any, __: Any, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
    await writer.drain()


async def dripping(_: Any, __: Any, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
    for _second in range(1000):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def garbage(*_: Any) -> bytes:
    return b"SSH-2.0-OpenSSH\r\n\r\n"


@pytest.mark.parametrize("fault", [cut, halfway, garbage])
async def test_an_answer_that_breaks_off_is_told(connect: Connect, remote: Remote, fault: Any) -> None:
    """SVC-007"""
    remote.script = [fault]
    with pytest.raises(ServiceConnectionError, match=rf"GET {remote.url}/x of data source 'geo' was cut off"):
        await connect(GET).as_service().load()
    assert len(remote.asked) == 1


async def test_nobody_listening_and_no_such_host_are_told(connect: Connect) -> None:
    """SVC-007"""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://u:secret@127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(ServiceConnectionError, match=r"GET http://127.0.0.1:\d+/x of data source 'geo' could not"):
            await connect(GET, base_url=url).as_service().load()
    with pytest.raises(ServiceConnectionError, match=r"http://nowhere.invalid/x .*could not connect"):
        await connect(GET, base_url="http://nowhere.invalid").as_service().load()


@pytest.mark.parametrize("fault", [slow, dripping])
async def test_the_time_limit_is_for_the_whole_answer(connect: Connect, remote: Remote, fault: Any) -> None:
    """SVC-002, SVC-007"""
    remote.script = [fault]
    started = time.monotonic()
    with pytest.raises(ServiceTimeoutError, match=r"'geo' did not answer within 0.2 s; see the setting 'timeout'"):
        await connect(GET, timeout=0.2).as_service().load()
    assert time.monotonic() - started < 5
    remote.script = [slow]
    with pytest.raises(ServiceTimeoutError, match=r"within 0\.1 s"):
        await connect(operation({"url": "/x", "timeout": 0.1}, load=[])).as_service().load()


async def test_a_huge_body_is_refused_compressed_or_not(connect: Connect, remote: Remote) -> None:
    source = connect(GET, max_response_size=1000)
    remote.script = [reply(200, b"x" * 1001), reply(200, gzip.compress(b"x" * 10**7), {"content-encoding": "gzip"})]
    for _ in range(2):
        with pytest.raises(ServiceConnectionError, match="more than 1000 bytes; see the setting 'max_response_size'"):
            await source.as_service().load()
    remote.script = [reply(200, b'"' + b"x" * 998 + b'"', {"content-type": "application/json"})]
    assert await source.as_service().load() == "x" * 998


async def test_a_passing_failure_of_a_read_is_repeated(connect: Connect, remote: Remote) -> None:
    """SVC-007"""
    for fault in (reply(503), reply(500), reply(502), reply(504), cut, halfway):
        remote.script, remote.asked = [fault, fault, reply(200, {"a": 1})], []
        assert await connect(GET, retries=FAST).as_service().load() == {"a": 1}
        assert len(remote.asked) == 3


async def test_repetition_ends(connect: Connect, remote: Remote) -> None:
    """SVC-007"""
    remote.script = [reply(503)]
    with pytest.raises(ServiceResponseError):
        await connect(GET, retries=2).as_service().load()
    assert len(remote.asked) == 3
    with pytest.raises(ServiceResponseError):
        await connect(GET).as_service().load()
    assert len(remote.asked) == 4, "without the setting nothing is repeated"


@pytest.mark.parametrize("answer", [reply(404), reply(400), reply(501), reply(429)])
async def test_what_another_attempt_cannot_change_is_not_repeated(
    connect: Connect, remote: Remote, answer: bytes
) -> None:
    """SVC-007"""
    remote.script = [answer]
    with pytest.raises(ServiceResponseError):
        await connect(GET, retries=FAST).as_service().load()
    assert len(remote.asked) == 1


@pytest.mark.parametrize("fault", [cut, reply(500), reply(503), halfway])
async def test_a_write_is_never_repeated_unasked(connect: Connect, remote: Remote, fault: Any) -> None:
    """SVC-007"""
    remote.script = [fault, reply(200)]
    with pytest.raises((ServiceConnectionError, ServiceResponseError)):
        await connect(POST, retries=FAST).as_service().send({"a": 1})
    assert len(remote.asked) == 1


@pytest.mark.parametrize("status", [429, 503])
async def test_who_says_when_to_come_again_is_asked_again(connect: Connect, remote: Remote, status: int) -> None:
    """SVC-007"""
    soon = format_http_date(datetime.now(UTC) - timedelta(seconds=5))
    remote.script = [
        reply(status, None, {"retry-after": "0"}),
        reply(status, None, {"retry-after": soon}),
        reply(200, 7),
    ]
    assert await connect(POST, retries=FAST).as_service().send({"a": 1}) == 7
    assert [asked.json() for asked in remote.asked] == [{"a": 1}] * 3
    remote.script, remote.asked = [reply(status, None, {"retry-after": "3600"}), reply(200)], []
    with pytest.raises(ServiceResponseError):
        await connect(POST, retries=FAST).as_service().send({"a": 1})
    assert len(remote.asked) == 1, "nobody waits an hour"


async def test_connections_are_reused_and_closed(connect: Connect, remote: Remote) -> None:
    """SVC-011"""
    source = connect(GET)
    service = source.as_service()
    for _ in range(3):
        await service.load()
    assert remote.connections == 1
    await source.disconnect()
    await _until(lambda: remote.gone == 1)
    await service.load()  # a later use connects again
    assert remote.connections == 2


async def test_calls_are_concurrent(connect: Connect, remote: Remote) -> None:
    """SVC-011"""
    together = asyncio.Barrier(20)

    async def wait(*_: Any) -> bytes:
        await together.wait()
        return reply(200, 1)

    remote.script = [wait]
    source = connect(GET)
    async with asyncio.timeout(20):
        assert await asyncio.gather(*(source.as_service().load() for _ in range(20))) == [1] * 20
    assert source.stats()["statements"] == 20
    assert source.stats()["checked_out"] == 0


async def test_a_cancelled_call_closes_its_connection_and_no_other(connect: Connect, remote: Remote) -> None:
    """SVC-011"""
    remote.script = [slow, reply(200, 1)]
    source = connect(GET)
    call = asyncio.ensure_future(source.as_service().load())
    await _until(lambda: len(remote.asked) == 1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await source.as_service().load() == 1
    assert remote.connections == 2
    assert (source.stats()["checked_out"], source.stats()["errors"]) == (0, 1)


async def test_calls_under_way_end_when_the_source_is_disconnected(connect: Connect, remote: Remote) -> None:
    """SVC-011"""
    remote.script = [slow]
    source = connect(GET)
    calls = [asyncio.ensure_future(source.as_service().load()) for _ in range(3)]
    await _until(lambda: len(remote.asked) == 3)
    await source.disconnect()
    async with asyncio.timeout(5):
        ended = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(each) for each in ended} == {ServiceConnectionError}


async def test_a_dropped_source_is_collected(remote: Remote) -> None:
    """DS-013"""
    source = DataSource({"connector": "rest", "base_url": remote.url, "operations": [GET]})
    await source.as_service().load()
    await source.disconnect()
    gone = weakref.ref(source)
    del source
    gc.collect()
    assert gone() is None


async def test_cookies_of_one_caller_are_not_sent_for_the_next(connect: Connect, remote: Remote) -> None:
    remote.script = [reply(200, 1, {"set-cookie": "session=ada; Path=/"})]
    service = connect(GET).as_service()
    await service.load()
    await service.load()
    assert "cookie" not in remote.asked[1].headers


async def test_hooks_see_each_attempt_and_may_add_headers(connect: Connect, remote: Remote) -> None:
    """SVC-014"""
    seen: list[tuple[Any, ...]] = []
    remote.script = [reply(503), reply(200, 1)]
    source = connect(GET, retries=FAST)

    async def sign(event: Any) -> None:
        event.headers["x-token"] = "t"
        seen.append((event.datasource, event.method, event.url))

    def broken(_: Any) -> None:
        raise RuntimeError("a hook of mine")

    source.on("request", broken).on("request", sign)
    source.on(
        "response", lambda event: seen.append((event.status, event.elapsed >= 0, event.headers["content-length"]))
    )
    assert await source.as_service().load() == 1
    asked = ("geo", "GET", f"{remote.url}/x")
    assert seen == [asked, (503, True, "0"), asked, (200, True, "1")]
    assert [each.headers["x-token"] for each in remote.asked] == ["t", "t"]
    with pytest.raises(ValueError, match="no event 'reply'; there are request, response"):
        source.on("reply", print)


async def test_a_database_has_no_such_events() -> None:
    """SVC-014"""
    with pytest.raises(ValueError, match="no event 'request'; there is 'query'"):
        DataSource({"connector": "kv-memory"}).on("request", print)


async def test_no_log_has_a_secret(connect: Connect, remote: Remote, caplog: pytest.LogCaptureFixture) -> None:
    """SVC-014, DS-007"""
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, logger="mainspring")
    remote.script = [reply(503), reply(200, 1, {"set-cookie": "id=s3cret"})]
    template = {"url": "/x?api_key=s3cret&plain=yes", "headers": {"cookie": "s3cret", "X-Own": "s3cret"}}
    source = connect(
        operation(template, load=[]),
        base_url=remote.url.replace("http://", "http://user:s3cret@"),
        headers={"Authorization": "Bearer s3cret"},
        hidden_query_keys=["API_key"],
        hidden_headers=["x-own"],
        retries=FAST,
    )
    await source.as_service().load()
    assert remote.asked[0].headers["authorization"] == "Bearer s3cret"
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("mainspring.proxies")]
    assert any("api_key=***&plain=yes" in line and line.endswith("s)") for line in lines)
    assert "s3cret" not in caplog.text + repr(source)


async def test_a_trace_goes_on_at_the_other_side(connect: Connect, remote: Remote) -> None:
    """SVC-013"""
    span = trace.NonRecordingSpan(trace.SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=trace.TraceFlags(1)))
    token = tracing.attach(trace.set_span_in_context(span))
    try:
        await connect(GET).as_service().load()
    finally:
        tracing.detach(token)
    await connect(GET).as_service().load()
    assert remote.asked[0].headers["traceparent"] == f"00-{0xABC:032x}-{0xDEF:016x}-01"
    assert "traceparent" not in remote.asked[1].headers


async def test_an_application_starts_whether_the_other_side_is_up_or_not() -> None:
    """SVC-011"""

    class App(RepositoryMixin, Application):
        pass

    app = App()
    source = DataSource({"name": "geo", "connector": "rest", "base_url": "http://127.0.0.1:1", "operations": [GET]})
    app.datasource(source)
    async with app:
        assert source.is_connected
        with pytest.raises(DataSourceError, match=r"'geo': there is no answer: .*could not connect"):
            await source.ping()
    assert not source.is_connected


async def test_any_answer_to_a_ping_will_do(connect: Connect, remote: Remote) -> None:
    remote.script = [reply(404)]
    await connect(ping="/health").ping()
    assert (remote.asked[0].method, remote.asked[0].target) == ("HEAD", "/health")


async def test_a_relative_url_needs_a_base(connect: Connect, remote: Remote) -> None:
    """DS-001"""
    with pytest.raises(DataSourceError, match="'/x' is relative; set base_url"):
        await connect(GET, base_url=None).as_service().load()
    await connect(operation({"url": f"{remote.url}/far"}, load=[]), base_url="http://u:p@elsewhere").as_service().load()
    assert (remote.asked[0].target, remote.asked[0].headers.get("authorization")) == ("/far", None)


def test_the_room_needs_its_extra_only_when_a_service_is_used() -> None:
    """DS-001"""
    code = """
import sys
sys.modules["httpx2"] = None
from mainspring import DataSource
from mainspring.proxies import service_proxy
try:
    DataSource({"name": "geo", "connector": "rest", "base_url": "http://h"}).as_service()
except Exception as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "mainspring[proxies]" in done.stdout


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - it happens at the other side, which tells nobody
            await asyncio.sleep(0.005)
