"""What stands around requests: their log, the hooks of providers, the end of what is made for one."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest

from mainspring.core import BindingScope, inject
from mainspring.loader import (
    HttpErrors,
    LoaderSettingError,
    RequestContext,
    ServerLoader,
    SettingTypeError,
    controller,
    get,
    harness,
)

OFF: dict[str, Any] = {"mount": {}, "scan": []}


@controller("/x")
class Echo:
    @get("/{name}")
    def echo(self, name: str, ctx: RequestContext) -> str:
        ctx.logger.info("handled", extra={"own": 1})
        if name == "absent":
            raise HttpErrors.NotFound
        if name == "broken":
            raise ValueError(name)
        return str(ctx.request_id)


def records(caplog: pytest.LogCaptureFixture) -> list[Any]:
    found = [record for record in caplog.records if record.name == "mainspring.request"]
    caplog.clear()
    return found


async def test_requests_are_logged_at_their_beginning_and_end(caplog: pytest.LogCaptureFixture) -> None:
    """LOAD-157, LOAD-159: with one id, which is that of the context and of its logger."""
    async with harness(ServerLoader, {"mount": [Echo], "scan": []}) as server:
        caplog.set_level(logging.INFO, "mainspring.request")  # whoever begins to listen late is heard
        answer = await server.request("GET", "/x/a?b=1&c")
        start, handled, end = records(caplog)
        assert [start.getMessage(), handled.getMessage(), end.getMessage()] == [
            "request.start",
            "handled",
            "request.end",
        ]
        assert {start.req_id, handled.req_id, end.req_id} == {answer.text}
        assert (start.method, start.url, handled.own) == ("GET", "/x/a?b=1&c", 1)
        assert (end.status, end.url) == (200, "/x/a?b=1&c")
        assert 0 < end.duration < 60
        assert not hasattr(start, "status")

        assert (await server.request("GET", "/x/a", headers={"x-request-id": "mine"})).text == "mine"
        assert [record.req_id for record in records(caplog)] == ["mine"] * 3
        for path, status in (("/x/absent", 404), ("/nowhere", 404), ("/x/broken", 500)):
            await server.request("GET", path)
            assert records(caplog)[-1].status == status


async def test_what_is_logged_is_said_by_the_settings(caplog: pytest.LogCaptureFixture) -> None:
    """LOAD-158: fields, halves, ignored paths, ids; secrets only when they are named."""
    caplog.set_level(logging.INFO, "mainspring.request")
    headers = {"authorization": "secret", "cookie": "a=b", "x-own": "c"}

    async def logged(path: str = "/x/a?q=1", **options: Any) -> list[Any]:
        async with harness(ServerLoader, {"mount": [Echo], "scan": [], "logger": options}) as server:
            records(caplog)
            await server.request("GET", path, headers=headers)
            return [record for record in records(caplog) if record.getMessage() != "handled"]

    start, end = await logged(request_fields=["headers", "query", "params", "method", "headers.cookie"])
    assert (start.headers["x-own"], start.query, start.method) == ("c", {"q": ["1"]}, "GET")
    assert "authorization" not in start.headers
    assert "cookie" not in start.headers
    assert vars(start)["headers.cookie"] == "a=b"
    assert end.params == {"name": "a"}
    assert not hasattr(start, "url")
    assert [record.getMessage() for record in await logged(log_start=False)] == ["request.end"]
    assert [record.getMessage() for record in await logged(log_end=False)] == ["request.start"]
    assert await logged(ignore_url_patterns=["^/health", "/x/."]) == []
    assert [record.req_id for record in await logged(req_id_builder=lambda: "built")] == ["built"] * 2
    assert [record.getMessage() for record in await logged(format="{event} {method} {status}")] == [
        "request.start GET -",
        "request.end GET 200",
    ]
    for silent in ({"log_request": False}, {"level": "off"}, {"level": "warning"}):
        assert await logged(**silent) == []


async def test_without_a_log_nothing_stands_around_the_server() -> None:
    """LOAD-158: no middleware at all."""
    for options in ({"log_request": False}, {"level": "off"}, {}):
        server = ServerLoader({"mount": [Echo], "scan": [], "http_port": False, "logger": options})
        async with server:
            assert (await server.request("GET", "/x/a")).status == 200
            assert server.rest_server.entrance.outer is None
            assert server.rest_server.planning.plan().is_plain


async def test_handlers_of_logs_are_left_alone() -> None:
    """LOAD-160: none is added to the root, or anywhere."""
    names = ("", "mainspring", "mainspring.loader", "mainspring.request")
    before = [list(logging.getLogger(name).handlers) for name in names]
    async with harness(ServerLoader, {**OFF, "logger": {"level": "debug"}}):
        assert [logging.getLogger(name).handlers for name in names] == before


class Hooked:
    """A provider with hooks around requests."""

    def __init__(self) -> None:
        self.log: list[Any] = []

    async def on_request(self, ctx: RequestContext) -> None:
        self.log.append(("request", ctx.request.path))
        if ctx.request.path == "/x/refused":
            raise HttpErrors.Forbidden("refused")

    def on_response(self, ctx: RequestContext) -> None:
        self.log.append(("response", ctx.response.status))
        raise ValueError("in on_response")


async def test_hooks_around_requests_have_their_parameters_injected() -> None:
    """LOAD-026, LOAD-036: from the request; one that wants nothing gets nothing."""

    class Log(list[Any]):
        pass

    class Injected:
        def on_request(self, ctx: RequestContext, log: Log) -> None:
            ctx.bind("tenant").to("t")
            log.append(("request", ctx.request.path))

        async def on_response(self, ctx: RequestContext, log: Log, tenant: Annotated[str, inject("tenant")]) -> None:
            log.append(("response", ctx.response.status, tenant))

    class Plain:
        def __init__(self, log: Log) -> None:
            self.log = log

        async def on_request(self) -> None:
            self.log.append("plain")

    class Server(ServerLoader):
        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.add_components([Log, Injected, Plain])

    async with harness(Server, OFF) as server:
        assert (await server.request("GET", "/none")).status == 404
        assert await server.get(Log) == [("request", "/none"), "plain", ("response", 404, "t")]


async def test_providers_see_requests_before_everything_and_responses_after_they_were_sent(told: Any) -> None:
    """LOAD-036: an error before is a response, one after is logged."""
    seen: list[Any] = []

    class Server(ServerLoader):
        def before_routes_init(self, hooked: Hooked) -> None:
            async def look(ctx: RequestContext, next: Any) -> Any:
                seen.append(list(hooked.log))
                return await next()

            self.use(look)

    server = Server({"mount": [Echo], "scan": [], "http_port": False})
    server.add_components(Hooked)
    async with server:
        hooked = server.get_sync(Hooked)
        for path, status in (("/x/a", 200), ("/x/refused", 403), ("/x/broken", 500), ("/nowhere", 404)):
            assert (await server.request("GET", path)).status == status
            assert hooked.log == [("request", path), ("response", status)]
            hooked.log.clear()
    assert seen == [[("request", path)] for path in ("/x/a", "/x/broken", "/nowhere")]
    assert any("on_response" in line for line in told())


async def test_what_is_made_for_a_request_ends_with_it_last_made_first() -> None:
    """LOAD-040: after the response, also of a failed one; values of generators likewise."""
    log: list[str] = []

    class First:
        def on_destroy(self) -> None:
            log.append("first")

    class Opened:
        pass

    async def opened(first: First) -> AsyncIterator[Opened]:
        yield Opened()
        log.append("opened")

    class Last:
        def __init__(self, opened: Opened) -> None:
            log.append("made")

        async def on_destroy(self) -> None:
            await asyncio.sleep(0)
            log.append("last")

    @controller("/y")
    class Using:
        @get("/{how}")
        def use(self, how: str, last: Last) -> str:
            if how == "fail":
                raise ValueError(how)
            log.append("handled")
            return how

    server = ServerLoader({"mount": [Using], "scan": [], "http_port": False})
    server.bind("first").to_class(First).in_scope(BindingScope.REQUEST)
    server.bind("opened").to_dynamic_value(opened).in_scope(BindingScope.REQUEST)
    server.bind("last").to_class(Last).in_scope(BindingScope.REQUEST)
    async with server:
        assert (await server.request("GET", "/y/a")).status == 200
        assert log == ["made", "handled", "last", "opened", "first"]
        log.clear()
        assert (await server.request("GET", "/y/fail")).status == 500
        assert log == ["made", "last", "opened", "first"]


async def test_records_of_a_request_may_be_held_back(caplog: pytest.LogCaptureFixture) -> None:
    """LOAD-158, LOAD-159: until the request ends, or so many are held; those of two requests do not mix."""
    caplog.set_level(logging.INFO, "mainspring.request")
    seen: list[int] = []
    turns = [asyncio.Event(), asyncio.Event()]

    @controller("/talk")
    class Talk:
        @get("/{count}")
        def talk(self, ctx: RequestContext, count: int) -> None:
            for number in range(count):
                ctx.logger.info("line %d", number, extra={"place": number})
                seen.append(len([each for each in caplog.records if hasattr(each, "place")]))

        @get("/turns/{number}")
        async def turns(self, ctx: RequestContext, number: int) -> None:
            ctx.logger.info("%d begins", number)
            turns[number].set()
            await turns[1 - number].wait()
            ctx.logger.info("%d ends", number)

    settings = {"mount": [Talk], "scan": [], "logger": {"max_stack_size": 3, "log_start": False}}
    async with harness(ServerLoader, settings) as server:
        await server.request("GET", "/talk/5")
        assert seen == [0, 0, 3, 3, 3]
        lines = [record.getMessage() for record in records(caplog)]
        assert lines == [*(f"line {number}" for number in range(5)), "request.end"]
        await asyncio.gather(*(server.request("GET", f"/talk/turns/{number}") for number in (0, 1)))
        lines = [record.getMessage() for record in records(caplog)]
        first = "0" if lines[0].startswith("0") else "1"
        other = "1" if first == "0" else "0"
        expected = [f"{each} {what}" for each in (first, other) for what in ("begins", "ends")]
        assert [line for line in lines if line != "request.end"] == expected


@pytest.mark.parametrize(
    ("size", "error"),
    [(-1, LoaderSettingError), ("3", SettingTypeError), (True, SettingTypeError), (1.5, SettingTypeError)],
)
def test_how_many_records_are_held_is_a_number(size: Any, error: type[Exception]) -> None:
    """LOAD-158"""
    with pytest.raises(error, match="max_stack_size"):
        ServerLoader({"logger": {"max_stack_size": size}})
