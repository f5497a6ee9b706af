"""Mounted ASGI applications: which one a path belongs to, and how an exchange becomes an ASGI call and back."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from mainspring.rest.asgi import Message
from mainspring.rest.errors import ClientDisconnected
from mainspring.rest.exchange import Exchange, Header
from mainspring.rest.heads import with_vary
from mainspring.rest.keys import RestTags

__all__ = ["Mount", "MountTable", "call_mounted", "call_outer", "outer_scope"]

logger = logging.getLogger(__name__)


class Mount:
    """An application below a path, with the document of what it serves."""

    def __init__(self, path: str, app: Any, spec: Mapping[str, Any] | None = None) -> None:
        self.path = "/" + path.strip("/")
        self.app = app
        self.spec = spec

    def covers(self, path: str) -> bool:
        """Whether the path is at or below the mount; ``/dogsled`` is not below ``/dogs``."""
        return self.path in ("/", path) or path.startswith(f"{self.path}/")


class MountTable:
    """Mounts, the longest path first."""

    def __init__(self, mounts: Iterable[Mount]) -> None:
        self._mounts = sorted(mounts, key=lambda mount: len(mount.path), reverse=True)

    def find(self, path: str) -> Mount | None:
        """The mount a path belongs to."""
        for mount in self._mounts:
            if mount.covers(path):
                return mount
        return None

    def __bool__(self) -> bool:
        return bool(self._mounts)


async def call_mounted(exchange: Exchange, mount: Mount) -> None:
    """Let a mounted application answer.

    Raises:
        Exception: What the application raises.
    """
    scope = mounted_scope(exchange, mount)
    sender = _Sender(exchange)
    await mount.app(scope, _receiver(exchange), sender.send)


async def call_outer(exchange: Exchange, app: Any) -> None:
    """Let an ASGI application that is around the whole server answer.

    Raises:
        Exception: What the application raises.
    """

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            lines = [(bytes(name).lower(), bytes(value)) for name, value in message.get("headers", ())]
            await exchange.start(message["status"], lines)
        elif message["type"] == "http.response.body":
            await exchange.write(message.get("body", b""), more=bool(message.get("more_body", False)))

    await app(outer_scope(exchange), _receiver(exchange), send)


def outer_scope(exchange: Exchange) -> dict[str, Any]:
    """The scope of an application that is around the whole server."""
    path = exchange.raw_path
    return {**_scope_of(exchange), "path": unquote(path, errors="replace"), "raw_path": path.encode("latin-1")}


def _scope_of(exchange: Exchange) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": exchange.http_version,
        "method": exchange.method,
        "scheme": exchange.scheme,
        "query_string": exchange.raw_query,
        "headers": exchange.raw_headers,
        "client": exchange.client,
        "server": exchange.local,
        "root_path": exchange.root_path,
    }


def mounted_scope(exchange: Exchange, mount: Mount) -> dict[str, Any]:
    """The scope of a mounted application: ``root_path`` is longer, ``path`` still the whole one, as ASGI says."""
    given: Mapping[str, Any] = exchange.scope or {}
    base = exchange.plan.base_path if exchange.path != exchange.raw_path else ""
    prefix = "" if mount.path == "/" else mount.path
    root = f"{exchange.root_path}{base}{prefix}"
    whole = f"{exchange.root_path}{exchange.raw_path}"
    return {
        **_scope_of(exchange),
        **given,
        "root_path": root,
        "path": unquote(whole, errors="replace"),
        "raw_path": whole.encode("latin-1"),
    }


def _receiver(exchange: Exchange) -> Any:
    done = False

    async def receive() -> Message:
        nonlocal done
        if done:
            await exchange.wait_disconnected()
            return {"type": "http.disconnect"}
        try:
            piece = await exchange.read()
        except ClientDisconnected:
            return {"type": "http.disconnect"}
        done = piece is None
        return {"type": "http.request", "body": piece or b"", "more_body": not done}

    return receive


class _Sender:
    """What a mounted application sends, with the lines every response of the server has."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def send(self, message: Message) -> None:
        exchange = self._exchange
        if message["type"] == "http.response.start":
            lines: list[Header] = [(bytes(name).lower(), bytes(value)) for name, value in message.get("headers", ())]
            known = {name for name, _ in lines}
            lines += [line for line in exchange.extra or () if line[0] not in known]
            if exchange.vary:
                lines = with_vary(lines, exchange.vary)
            if exchange.plan.shows_request_id and b"x-request-id" not in known:
                lines.append((b"x-request-id", exchange.request_id.encode("ascii")))
            await exchange.start(message["status"], lines)
        elif message["type"] == "http.response.body":
            more = bool(message.get("more_body", False))
            await exchange.write(b"" if exchange.method == "HEAD" else message.get("body", b""), more=more)


class MountLifespan:
    """The lifespan of a mounted application: up after the server, down before it."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._task: asyncio.Task[None] | None = None
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self._replies: asyncio.Queue[Message] = asyncio.Queue()

    async def start(self) -> None:
        """Run its startup; an application without lifespan is fine.

        Raises:
            RuntimeError: It says that its startup failed.
        """
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        self._task = asyncio.create_task(self._run(scope))
        await self._messages.put({"type": "lifespan.startup"})
        reply = await self._replies.get()
        if reply["type"] == "lifespan.startup.failed":
            raise RuntimeError(f"A mounted application did not start: {reply.get('message', '')}")

    async def _run(self, scope: dict[str, Any]) -> None:
        try:
            await self._app(scope, self._messages.get, self._replies.put)
        except Exception:  # it knows no lifespan, which is its right
            await self._replies.put({"type": "none"})
        else:
            await self._replies.put({"type": "none"})

    async def stop(self) -> None:
        """Run its shutdown."""
        task, self._task = self._task, None
        if task is None:
            return
        if not task.done():
            await self._messages.put({"type": "lifespan.shutdown"})
            await self._replies.get()
        await asyncio.wait([task], timeout=1.0)
        task.cancel()


class MountLifespans:
    """The lifespans of all applications mounted in a server."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._running: list[MountLifespan] = []

        self._starting: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start them, in order of registration."""
        for binding in self._server.find_by_tag(RestTags.MOUNT):
            await self._start(binding.source.value)

    async def _start(self, mount: Mount) -> None:
        lifespan = MountLifespan(mount.app)
        await lifespan.start()
        self._running.append(lifespan)

    def start_late(self, mount: Mount) -> None:
        """Start the one of an application that is mounted while the server runs; requests may come before."""
        task = asyncio.get_running_loop().create_task(self._start(mount), name=f"start what is mounted at {mount.path}")
        self._starting.add(task)
        task.add_done_callback(self._started)

    def _started(self, task: "asyncio.Task[None]") -> None:
        self._starting.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("An application that was mounted did not start.", exc_info=task.exception())

    async def stop(self) -> None:
        """Stop them, last first."""
        if self._starting:
            await asyncio.wait(self._starting)
        while self._running:
            await self._running.pop().stop()
