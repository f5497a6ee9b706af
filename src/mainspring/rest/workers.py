"""Several processes that serve one application, kept by the process manager of uvicorn.

This process takes the places to listen at and watches; each worker makes the application and listens on the same
sockets by what `rest.server` says. SIGHUP replaces one worker after another, SIGTERM ends them all.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import multiprocess

from mainspring.core import Application, CoreTags
from mainspring.core.logs import set_up_logging
from mainspring.core.running import Runner, say
from mainspring.rest.errors import WorkersError
from mainspring.rest.server import RestServer

__all__ = ["serve_by_workers"]

logger = logging.getLogger(__name__)

#: Seconds that a new worker has until it serves, and a worker to show that it is alive.
_PATIENCE = 60


def serve_by_workers(make: Callable[[], Application], count: int, tell: Callable[[BaseException], str]) -> int:
    """Serve an application by several processes until a signal ends them.

    Args:
        make: Makes the application; it has to be picklable, since every worker calls it.
        count: How many workers there are.
        tell: Says an error in words, on one line; picklable as well.

    Returns:
        The exit status: 0, 1 when the application could not be started, 128 and the number of the signal when a worker
        had to be cut off.

    Raises:
        WorkersError: This system cannot hand sockets from process to process, or there is nothing to listen for.
        ListenError: A place to listen at cannot be had.
        Exception: What making the application raises.
    """
    if os.name != "posix":
        raise WorkersError("this system does not hand sockets to other processes; run one process, without --workers")
    app = make()
    set_up_logging(app.options)
    places = asyncio.run(_reserve(app))
    try:
        config = _Config(make, tell, [key for key, _, _ in places], count)
        manager = _Manager(config, [bound for _, _, bound in places])
        with _our_workers():
            return manager.serve([f"{key} listens{f' at {url}' if url else ''}" for key, url, _ in places])
    finally:
        for _, _, bound in places:
            _give_back(bound)


async def _reserve(app: Application) -> list[tuple[str, str | None, socket.socket]]:
    """The places of the REST servers of an application: key, URL and socket. Nothing is started."""
    found: list[tuple[str, str | None, socket.socket]] = []
    # An application that serves by itself may say where its server listens; it does so when it hands it out.
    getattr(app, "rest_server", None)
    try:
        for binding in app.find_by_tag(CoreTags.SERVER):
            server = await binding.get_value(app)
            if isinstance(server, RestServer) and server.serving.setting("listen_on_start"):
                taken = await server.serving.reserve()
                found += [(binding.key, url, bound) for url, bound in zip(server.serving.urls, taken, strict=True)]
        if not found:
            raise WorkersError("the application has no REST server that listens; add one, or run it without --workers")
    except BaseException:
        for _, _, bound in found:
            _give_back(bound)
        raise
    finally:
        await app.close()
    return found


def _give_back(bound: socket.socket) -> None:
    place = bound.getsockname()
    bound.close()
    if isinstance(place, str):
        with contextlib.suppress(OSError):
            os.unlink(place)


class _Config(uvicorn.Config):
    """What uvicorn's manager asks of its configuration, and what a worker has to know."""

    def __init__(
        self, make: Callable[[], Application], tell: Callable[[BaseException], str], keys: list[str], workers: int
    ) -> None:
        # The application is ours to make: the name here is never imported.
        super().__init__("mainspring", workers=workers, log_config=None, timeout_worker_healthcheck=_PATIENCE)
        self.make, self.tell, self.keys = make, tell, keys


class _Worker(multiprocess.Process):
    """One process. In it the application runs as by ``app.run()``, on the sockets of the manager."""

    app: Application | None = None

    @property
    def server(self) -> Any:
        """What the manager asks whether it has ``started``."""
        return self

    @property
    def started(self) -> bool:
        """Whether the application serves."""
        return self.app is not None and self.app.state == "started"

    def always_pong(self) -> None:
        """Answer the manager while there is one; without it nobody would end this process, so it ends by itself."""
        self.parent_conn.close()  # his end of the pipe: while we hold it too, we do not see that he is gone
        with contextlib.suppress(EOFError, OSError):
            super().always_pong()
        os.kill(os.getpid(), signal.SIGTERM)

    def run(self, sockets: list[socket.socket]) -> None:
        """Run the application to its end; called in the new process."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # sent to a whole group of processes, it is for the manager
        config: Any = self.config
        try:
            app = config.make()
            by_server: dict[str, list[socket.socket]] = {}
            for key, bound in zip(config.keys, sockets, strict=True):
                by_server.setdefault(key, []).append(bound)
            for key, taken in by_server.items():
                app.get_sync(key).serving.adopt(taken)
            self.app = app
            Runner(app, app._lifecycle, is_one_of_many=True).run()
        except Exception as error:
            sys.stderr.write(f"Error: worker {os.getpid()}: {config.tell(error)}\n")
            raise SystemExit(STARTUP_FAILURE) from None


class _Manager(multiprocess.Multiprocess):
    """uvicorn's manager, which waits for the first worker before it starts the others, and knows how it ended."""

    def serve(self, lines: list[str]) -> int:
        """Run until a signal; gives the exit status. The lines are printed when the first worker serves."""
        self._lines = lines
        self._is_failed = False
        self._last_signal = signal.SIGTERM
        self.run()
        ends = [process.exitcode for process in self.processes]
        if self._is_failed or STARTUP_FAILURE in ends:
            return 1
        # A worker that had not begun yet ends by the signal itself: nothing of it was cut off.
        return 0 if all(end in (0, -signal.SIGTERM) for end in ends) else 128 + self._last_signal

    def init_processes(self) -> None:
        """Start the workers. What keeps the first one from serving would keep all of them, and is told once."""
        first = multiprocess.Process(self.config, self.sockets)
        first.start()
        self.processes.append(first)
        while not first.wait_until_ready(1):
            self.handle_signals()
            if self.should_exit.is_set():
                return
            if not first.process.is_alive():
                self._is_failed = True
                self.should_exit.set()
                return
        for _ in range(self.processes_num - 1):
            process = multiprocess.Process(self.config, self.sockets)
            process.start()
            self.processes.append(process)
        for line in self._lines:
            say(f"{line} ({self.processes_num} workers, process {os.getpid()})")

    def handle_signals(self) -> None:
        """Do what signals say, and remember what they said."""
        for number in self.signal_queue:
            self._last_signal = signal.Signals(number)
        super().handle_signals()


@contextlib.contextmanager
def _our_workers() -> Iterator[None]:
    """Have the manager make our workers: it makes its processes by this name, and offers no other way to say which."""
    theirs = multiprocess.Process
    multiprocess.Process = _Worker  # type: ignore[misc]  # a subclass
    try:
        yield
    finally:
        multiprocess.Process = theirs  # type: ignore[misc]  # as above
