"""The doors: the application in process, behind our own listener, and behind each ASGI server."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.doors.differences import DIFFERENCES, DOORS, WIRED
from tests.acceptance.doors.talking import Answer, AsgiTalk, Talk, Wire, WireTalk, asgi_socket, wire_socket
from tests.acceptance.doors.target import Target, Watch

from mainspring.rest.errors import SettingError


class Site:
    """The application behind a door.

    Attributes:
        door: Its name.
        app: The application.
    """

    def __init__(self, door: str, app: Target) -> None:
        self.door, self.app = door, app
        self._talks: list[Talk] = []
        self._wires: list[Wire] = []

    @property
    def watch(self) -> Watch:
        """What happens inside."""
        return self.app.watch

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.app.rest_server.port

    async def begin(self, method: str, target: str, *lines: tuple[str, str]) -> Talk:
        """Send the head of a request."""
        named = {name.lower() for name, _ in lines}
        given = [*lines] if "host" in named else [("Host", "x"), *lines]
        talk: Talk
        if self.door == "in-process":
            talk = AsgiTalk.begin(self.app, method, target, given)
        else:
            talk = await WireTalk.begin(self.port, method, target, given)
        self._talks.append(talk)
        return talk

    async def close(self) -> None:
        """Leave everything, and stop."""
        for talk in self._talks:
            await talk.leave()
        for wire in self._wires:
            wire.transport.abort()
        self.watch.released.set()
        await self.app.stop()

    async def connect(self) -> Wire:
        """A connection, on which nothing is said yet."""
        self._wires.append(await Wire.to(self.port))
        return self._wires[-1]

    async def ask(
        self, method: str, target: str, *lines: tuple[str, str], body: bytes | list[bytes] | None = None
    ) -> Answer:
        """Make a request: a body that is bytes has a length, one that is a list comes in chunks."""
        framing = {bytes: ("Content-Length", str(len(body or b""))), list: ("Transfer-Encoding", "chunked")}
        given = lines if body is None else (*lines, framing[type(body)])
        talk = await self.begin(method, target, *given)
        for piece in [body] if isinstance(body, bytes) else body or ():
            await talk.send(piece)
        await talk.end()
        return await talk.rest()

    async def get(self, target: str, *lines: tuple[str, str]) -> Answer:
        """GET."""
        return await self.ask("GET", target, *lines)

    def socket(self, target: str, *subprotocols: str) -> contextlib.AbstractAsyncContextManager[Any]:
        """A WebSocket connection."""
        if self.door == "in-process":
            return asgi_socket(self.app, target, [*subprotocols])
        return wire_socket(self.port, target, [*subprotocols])


OpenSite = Callable[..., Awaitable[Site]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test at each door, or at each that has a socket."""
    if {"wire", "open_wire", "running"} & {*metafunc.fixturenames}:
        metafunc.parametrize("door", WIRED)
    elif "door" in metafunc.fixturenames:
        metafunc.parametrize("door", DOORS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is known to differ must differ."""
    known = {(each.test, door): each for each in DIFFERENCES for door in each.doors}
    for item in items:
        callspec = getattr(item, "callspec", None)
        door = callspec.params.get("door") if callspec is not None else None
        if door is None:
            continue
        name = item.name.partition("[")[0]
        case = callspec.id.replace(door, "").strip("-")
        found = known.get((name, door)) or known.get((f"{name}[{case}]", door))
        if found is not None:
            why = f"{found.line}: {found.why}"
            errors = (AssertionError, TimeoutError, SettingError)
            item.add_marker(pytest.mark.xfail(strict=found.always, raises=errors, reason=why))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder to serve."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "ten.txt").write_text("0123456789")
    (folder / "index.html").write_text("<p>Home</p>")
    (folder / "large.bin").write_bytes(bytes(range(256)) * 4096)
    return folder


@pytest.fixture
async def open_site(door: str, files: Path) -> AsyncIterator[OpenSite]:
    """Puts the application behind the door, with settings of its own."""
    opened: list[Site] = []

    async def open_with(**settings: Any) -> Site:
        is_wired = door != "in-process"
        server = {"server": door} if is_wired else {"listen_on_start": False}
        app = Target(files, **{**server, **settings})
        await app.start()
        opened.append(Site(door, app))
        return opened[-1]

    yield open_with
    for site in opened:
        await site.close()


@pytest.fixture
async def site(open_site: OpenSite) -> Site:
    """The application behind the door, at its defaults."""
    return await open_site()


@pytest.fixture
async def open_wire(open_site: OpenSite) -> OpenSite:
    """The same at doors that have a socket."""
    return open_site


@pytest.fixture
async def wire(site: Site) -> Site:
    """The same at doors that have a socket."""
    return site


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many tests each door stands."""
    for door in DOORS:
        counts = []
        for what in ("passed", "xfailed", "failed"):
            names = [
                report.nodeid for report in terminalreporter.stats.get(what, ()) if "acceptance/doors" in report.nodeid
            ]
            counts.append(sum(f"[{door}" in name or f"-{door}" in name for name in names))
        if any(counts):
            terminalreporter.write_line("door {}: {} as specified, {} otherwise, {} failed".format(door, *counts))
