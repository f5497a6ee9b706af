"""The same bytes over sockets to whole servers, uvicorn and hypercorn: they call the application for no other requests.

What `test_differences` says of parsers, of all that is around them as well. 400 streams, or a fiftieth of what
``MAINSPRING_FUZZ`` says.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.listener.test_differences import BASES, STREAMS, Request, cuts, local, ours, stream

from mainspring.rest.listening import KINDS, ListenOptions

NUMBER = STREAMS // 50
AT_ONCE = 40
#: Seconds without anything new after which nothing more comes.
QUIET = 0.05


class Recorder:
    """An ASGI application that remembers what it was asked, by connection."""

    def __init__(self) -> None:
        self.seen: dict[int, list[Request]] = {}
        self.number = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        query = scope["query_string"]
        target = scope["raw_path"] + (b"?" + query if query else b"")
        self.seen.setdefault(scope["client"][1], []).append((scope["method"], target, body))
        self.number += 1
        with contextlib.suppress(OSError):
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})


class Server:
    """A server, and what it calls."""

    def __init__(self, name: str) -> None:
        self.recorder = Recorder()
        self.listener = KINDS[name].make(self.recorder, ListenOptions())

    async def see(self, streams: list[list[bytes]], at_least: int = 0) -> list[list[Request]]:
        """What the application is asked for each stream, all of them at the same time."""
        opened = [await asyncio.open_connection("127.0.0.1", self.listener.port) for _ in streams]
        for pieces, (_, writer) in zip(streams, opened, strict=True):
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0)
        before = -1
        while before != self.recorder.number or before < at_least:
            before = self.recorder.number
            await asyncio.sleep(QUIET)
        ports = [writer.get_extra_info("sockname")[1] for _, writer in opened]
        for _, writer in opened:
            writer.transport.abort()
        return [self.recorder.seen.pop(port, []) for port in ports]


@pytest.fixture(params=["uvicorn", "hypercorn"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    made = Server(request.param)
    await made.listener.start()
    yield made
    await made.listener.stop(0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # connections that were aborted
async def test_the_application_is_asked_nothing_else(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """HTTP-038, HTTP-039, HTTP-049; RFC 9112 section 11.2"""
    caplog.set_level("CRITICAL")  # what servers say of what they cannot read
    chance = random.Random(1)
    for _ in range(NUMBER // AT_ONCE):
        streams = [stream(chance) for _ in range(AT_ONCE)]
        seen = await server.see([chance.choice(cuts(chance, data)) for data in streams])
        for data, found in zip(streams, seen, strict=True):
            whole = await ours([data] if data else [])
            theirs = [local((method.upper(), target, body)) for method, target, body in found]
            both = min(len(theirs), len(whole.found))
            expected = [(method.upper(), target, body) for method, target, body in whole.found[:both]]
            assert theirs[:both] == expected, data
            assert len(theirs) == both or not whole.is_open, data


async def test_it_is_asked_what_is_well_formed(server: Server) -> None:
    """The comparison compares something."""
    streams = [[base] for base in BASES]
    expected = [(await ours(pieces)).found for pieces in streams]
    seen = await server.see(streams, at_least=sum(map(len, expected)))
    assert [[local(request) for request in each] for each in seen] == expected
