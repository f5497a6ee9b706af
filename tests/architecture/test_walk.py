"""The way of a request is short: a profile hook walks one warm GET, injection included, through the ASGI callable.

Counted are the frames of Mainspring, code that it generates included, and of what it brings along for a request, not
those of the standard library and not the application's own. *Returns* are how often the walk enters a module that it
had left: the back and forth that a reader would have to follow. Peers, measured the same way, need 15 to 135 calls.
"""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple

import pytest

from mainspring import rest
from mainspring.rest import RestApplication

CALLS, MODULES, RETURNS = 45, 12, 5


class ItemRepository:
    """A stub that answers at once."""

    def find_by_id(self, id: int) -> dict[str, Any]:
        return {"id": id, "name": "thing"}


class ItemController:
    def __init__(self, items: ItemRepository) -> None:
        self.items = items

    @rest.get("/items/{id}")
    async def find_by_id(self, id: int) -> dict[str, Any]:
        return self.items.find_by_id(id)


class Walk(NamedTuple):
    """The modules of the framework's frames, in the order in which they were entered."""

    modules: list[str]
    functions: list[str]

    @property
    def returns(self) -> int:
        left: set[str] = set()
        count = 0
        for before, after in zip(self.modules, self.modules[1:], strict=False):
            if before != after:
                left.add(before)
                count += after in left
        return count

    def __str__(self) -> str:
        return f"{len(self.modules)} calls, {len(set(self.modules))} modules, {self.returns} returns"


async def answer(app: Any) -> tuple[int, bytes]:
    """One GET as an ASGI server would bring it."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/items/7",
        "raw_path": b"/items/7",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"accept", b"*/*")],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 3000),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


async def walked(work: Callable[[], Any]) -> Walk:
    """Do the work under a profile hook."""
    frames: list[FrameType] = []  # kept: a frame that is resumed is one call, and ids must not be used again

    def profile(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and not any(frame is known for known in frames):
            frames.append(frame)

    sys.setprofile(profile)
    try:
        await work()
    finally:
        sys.setprofile(None)
    ours = [(module_of(frame), frame.f_code.co_qualname) for frame in frames if is_frameworks(frame)]
    return Walk([module for module, _ in ours], [function for _, function in ours])


def is_frameworks(frame: FrameType) -> bool:
    """Whether a frame is neither the application's, which is this file, nor the standard library's."""
    root = str(frame.f_globals.get("__name__")).partition(".")[0]
    return frame.f_code.co_filename != __file__ and root not in sys.stdlib_module_names


def module_of(frame: FrameType) -> str:
    """The module of a frame; code that was generated for a route has none and is one by itself."""
    return str(frame.f_globals.get("__name__") or frame.f_code.co_filename)


@pytest.fixture
async def app():
    app = RestApplication()
    app.service(ItemRepository)
    app.controller(ItemController)
    await app.init()
    yield app
    await app.close()


async def test_a_warm_request_takes_a_short_way(app, capsys):
    for _ in range(5):
        assert await answer(app) == (200, b'{"id":7,"name":"thing"}')
    walk = await walked(lambda: answer(app))
    with capsys.disabled():
        sys.stdout.write(f"\nthe walk of one warm GET: {walk} (budget {CALLS}/{MODULES}/{RETURNS})\n")
    path = "\n".join(f"{module}  {function}" for module, function in zip(*walk, strict=True))
    assert len(walk.modules) <= CALLS, path
    assert len(set(walk.modules)) <= MODULES, path
    assert walk.returns <= RETURNS, path
    assert len(walk.modules) > 2, "the hook saw nothing"


def test_returns_are_counted_as_for_the_peers():
    assert Walk(list("abcab"), []).returns == 2
    assert Walk(list("aabbcc"), []).returns == 0
    assert Walk(list("abababa"), []).returns == 5
