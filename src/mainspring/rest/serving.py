"""The life of a server: listening, where it listens, counting requests in flight, and stopping in order."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from mainspring.context import Binding
from mainspring.core.settings import section_of
from mainspring.rest.keys import RestBindings
from mainspring.rest.mounts import MountLifespans
from mainspring.rest.places import OpenPlace, Place, open_places
from mainspring.rest.settings import DEFAULTS, base_path_of, setting_of

__all__ = ["Serving"]

#: Seconds that stopping waits for requests when neither the server nor the application says otherwise.
_GRACE_PERIOD = 30.0


class Serving:
    """How one server is put to work and out of it.

    Attributes:
        places: Gives the places to listen at, the one that the server's URL speaks of first; from the settings unless
            something else is put here.
        open: Those that are open.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self.places: Callable[[], list[Place]] = self._configured
        self.open: list[OpenPlace] = []
        self._is_started = False
        self._listens = True
        self._published: list[tuple[Binding[Any], Binding[Any] | None]] = []
        self._reserved: list[Place] = []
        #: The tasks of the requests in flight that are not in the lane.
        self.tasks: set[asyncio.Task[Any] | None] = set()
        #: Streams of events under way: they end with the server, since no client would end them.
        self.streams: set[Any] = set()
        #: WebSocket connections under way.
        self.sockets: set[Any] = set()
        self._preparing: asyncio.Task[None] | None = None
        self._mounts = MountLifespans(server)
        self._bound: Sequence[socket.socket] = ()
        self._is_draining = False

    @property
    def is_draining(self) -> bool:
        """Whether the server stops: requests that come now are refused."""
        return self._is_draining

    @is_draining.setter
    def is_draining(self, value: bool) -> None:
        self._is_draining = value
        self._server.close_lane()

    @property
    def is_started(self) -> bool:
        """Whether it was started and not stopped since."""
        return self._is_started

    # Requests in flight

    async def _until_idle(self, seconds: float | None) -> None:
        """Wait for the requests in flight that the listener does not know of; cancel what remains."""
        own = asyncio.current_task()
        tasks = self.tasks | self._server.entrance.tasks()
        waiting = {task for task in tasks if task is not None and task is not own and not task.done()}
        if not waiting:
            return
        _, pending = await asyncio.wait(waiting, timeout=seconds)
        if pending:
            from mainspring.rest.listening import CUT_OFF  # noqa: PLC0415 - few have to be cut off

            for task in pending:
                task.cancel(CUT_OFF)
            await asyncio.wait(pending, timeout=_CLEANUP)

    # Life cycle

    async def prepare(self) -> None:
        """Boot and initialize the application, once for all who ask at the same time."""
        if self._preparing is None:
            self._preparing = asyncio.ensure_future(self._prepare())
        preparing = self._preparing
        try:
            await asyncio.shield(preparing)
        finally:
            if preparing.done() and self._preparing is preparing:
                self._preparing = None

    async def _prepare(self) -> None:
        app = self._server.app
        if app.state == "created":
            await app.before_run()
        if app.state != "starting":  # which initialized it already, and waits for us
            await app.init()
        self._server.planning.check()

    def setting(self, name: str) -> Any:
        """The value of a setting as it is bound now."""
        return setting_of(self._server, name)

    async def start(self) -> None:
        """Listen, unless that is switched off. A started server is left alone."""
        if self._is_started:
            return
        self._server.planning.check()
        self.is_draining = False
        if self._listens and self.setting("listen_on_start"):
            await self._listen()
        self._is_started = True
        await self._mounts.start()

    async def reserve(self) -> list[socket.socket]:
        """Take the places the server is to listen at, for other processes; from now on it is known what they are.

        Raises:
            ListenError: One cannot be had; none is taken then.
        """
        from mainspring.rest.sockets import BoundSocket  # noqa: PLC0415 - under another ASGI server nothing listens here

        taken: list[socket.socket] = []
        try:
            for place in self.places():
                host = place.host or "127.0.0.1"
                bound = await BoundSocket(host, place.port, place.path, shared=self.setting("reuse_port")).take()
                taken.append(bound)
                self._reserved.append(replace(place, port=0 if place.path else bound.getsockname()[1]))
        except BaseException:
            self._reserved = []
            for bound in taken:
                bound.close()
            raise
        return taken

    def adopt(self, bound: Sequence[socket.socket]) -> None:
        """Listen on these sockets, which another process has reserved for the places, instead of own ones."""
        self._bound = bound

    async def _listen(self) -> None:
        from mainspring.rest.listening import KINDS  # noqa: PLC0415 - under another ASGI server nothing listens here

        name = self.setting("server")
        limits = {each: self.setting(each) for each in _LIMITS}
        chosen = {each: limits[each] for each in _LIMITS if self._is_chosen(each, limits[each])}
        KINDS[name].check(chosen, has_sockets=bool(self._server.registry.websockets()))
        places = self.places()
        if self._bound:
            places = [replace(place, bound=bound) for place, bound in zip(places, self._bound, strict=True)]
        self.open = await open_places(self._server, places, limits, name)
        if not self.open:
            return
        if self.open[0].path is None:
            self._publish(RestBindings.PORT, self.open[0].port)
        self._publish(RestBindings.URL, self.url)

    def _is_chosen(self, name: str, value: Any) -> bool:
        return name in self._server.config or value != DEFAULTS[name]

    def _configured(self) -> list[Place]:
        """The place that the settings name."""
        protocol, path = self.setting("protocol"), self.setting("path")
        tls = self.setting("ssl") if protocol == "https" else None
        if path:
            return [Place(protocol, None, path=path, ssl=tls)]
        host = self.setting("host") or "127.0.0.1"
        return [Place(protocol, host, self.setting("port"), ssl=tls)]

    def _publish(self, key: Any, value: Any) -> None:
        """Bind what is known while listening; what was bound before comes back after it."""
        server = self._server
        before = server.own_binding(key.key)
        binding: Binding[Any] = Binding(key).to(value)
        if before is not None and before.is_locked:
            return
        server.add(binding)
        self._published.append((binding, before))

    def _withdraw(self) -> None:
        for binding, before in self._published:
            if self._server.own_binding(binding.key) is not binding:
                continue  # bound anew meanwhile: that is a wish for the next start
            self._server.unbind(binding.key)
            if before is not None:
                self._server.add(before)
        self._published.clear()

    async def stop(self) -> None:
        """Stop accepting, let requests in flight finish within the grace period, then cut what remains."""
        if not self._is_started:
            return
        self._is_started = False
        seconds = self.grace_period
        end = None if seconds is None else asyncio.get_running_loop().time() + seconds
        opened, self.open = self.open, []
        self._reserved = []
        try:
            self._withdraw()
            await _all(place.stop_accepting() for place in opened)
            self.is_draining = True
            for stream in list(self.streams):
                stream.end()
            await self._say_goodbye()
            await _all(place.stop(_until(end)) for place in opened)
            await self._until_idle(_until(end))
        finally:
            await self._mounts.stop()
            self.is_draining = False

    async def _say_goodbye(self) -> None:
        """Close the connections that are open: they would not end by themselves."""
        closing = [asyncio.ensure_future(socket.close(_GOING_AWAY)) for socket in self.sockets if socket.accepted]
        if closing:  # a client that takes nothing must not keep the others waiting
            _, late = await asyncio.wait(closing, timeout=_FAREWELL)
            for task in late:
                task.cancel()
            await asyncio.gather(*closing, return_exceptions=True)

    @property
    def grace_period(self) -> float | None:
        """Seconds that stopping waits for requests; ``None`` without limit."""
        server = self._server
        if server.is_bound(RestBindings.GRACE_PERIOD):
            found: float | None = server.get_sync(RestBindings.GRACE_PERIOD)
            return found
        shutdown = section_of(server.app.options, "shutdown")
        value = section_of(shutdown, "grace_period") if shutdown is not None else None
        if isinstance(shutdown, dict) and "grace_period" in shutdown:
            return value
        return _GRACE_PERIOD if value is None else value

    @contextlib.contextmanager
    def without_listening(self) -> Iterator[None]:
        """Starts within open no socket: another server calls us."""
        self._listens = False
        try:
            yield
        finally:
            self._listens = True

    def end_process(self, error: BaseException) -> None:
        """End the process as a signal from outside would: in order, with all that belongs to it."""
        number = signal.SIGINT if isinstance(error, KeyboardInterrupt) else signal.SIGTERM
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), number)

    def follow_mount(self, mount: Any) -> None:
        """An application is mounted: while the server runs, its life begins at once."""
        if self._is_started:
            self._mounts.start_late(mount)

    # Where

    @property
    def listening(self) -> bool:
        """Whether connections are accepted."""
        return any(place.listening for place in self.open)

    @property
    def address(self) -> Any:
        """The bound address while listening."""
        return self.open[0].address if self.open else None

    @property
    def _place(self) -> OpenPlace | Place | None:
        """The place that is known to be this server's."""
        return self.open[0] if self.open else next(iter(self._reserved), None)

    @property
    def host(self) -> str | None:
        """The host; ``None`` on a Unix socket."""
        if self._place is not None:
            return self._place.host
        return None if self.setting("path") else self.setting("host")

    @property
    def port(self) -> int:
        """The port: the one taken while listening, else the one wished for."""
        if self._place is not None:
            return self._place.port
        return next((place.port for place in self.places()), int(self.setting("port")))

    @property
    def root_url(self) -> str | None:
        """The URL without the base path while listening."""
        return self._place.url if self._place is not None else None

    @property
    def url(self) -> str | None:
        """The URL while listening."""
        root = self.root_url
        return None if root is None else self._based(root)

    @property
    def urls(self) -> list[str]:
        """The URLs of the places that are open, or reserved."""
        return [self._based(place.url) for place in (self.open or self._reserved)]

    def _based(self, root: str) -> str:
        return f"{root}{base_path_of(self.setting('base_path'))}"


#: The code of a WebSocket connection that ends with the server, and the seconds for saying so.
_GOING_AWAY = 1001
_FAREWELL = 1.0

#: What cancelled requests have for their clean-up.
_CLEANUP = 5.0


#: Settings of each place.
_LIMITS = (
    *("keep_alive_timeout", "max_connections", "ws_max_size", "headers_timeout", "max_headers"),
    *("proxy_protocol", "access_log", "reuse_port"),
)


def _until(end: float | None) -> float | None:
    """The seconds until a moment of the loop's clock."""
    return None if end is None else max(end - asyncio.get_running_loop().time(), 0)


async def _all(parts: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all of it at the same time; what goes wrong with one is told when the others are done."""
    parts = list(parts)
    if len(parts) == 1:  # as mostly: not one turn of the loop later
        await parts[0]
        return
    found = await asyncio.gather(*parts, return_exceptions=True)
    for error in found:
        if error is not None:
            raise error
