"""``run()``: the whole life of a process: boot, start, wait for a signal or a stop, stop in time, exit status."""

import asyncio
import logging
import os
import signal
import sys
import time
import warnings
from contextlib import suppress
from typing import Any, TextIO

from mainspring.core.keys import CoreTags
from mainspring.core.lifecycle import Lifecycle
from mainspring.core.logs import set_up_logging
from mainspring.core.settings import section_of
from mainspring.core.shutdown import LAST_MOMENT, ShutdownSettings, Watchdog, insist_on_exit, trapped

__all__ = ["Runner", "announce_servers"]

logger = logging.getLogger(__name__)


class Runner:
    """One run of an application, in an event loop of its own.

    Args:
        app: The application.
        lifecycle: Its life.
        is_one_of_many: Whether somebody else tells of all the processes that run it.
    """

    def __init__(self, app: Any, lifecycle: Lifecycle, *, is_one_of_many: bool = False) -> None:
        self._app = app
        self._tells = not is_one_of_many
        self._lifecycle = lifecycle
        self._settings = ShutdownSettings.of(app.options)
        self._status: int | None = None
        self._deadline: float | None = None
        self._watchdog: Watchdog | None = None
        self._signalled = asyncio.Event()
        self._hurried = asyncio.Event()
        self._stopping = asyncio.Event()
        self._is_forced = False
        self._is_told = False
        self._is_over = False

    def run(self) -> None:
        """Block until the application is stopped; see `Application.run`."""
        _refuse_running_loop()
        set_up_logging(self._app.options)
        loop = self._app.new_event_loop()
        try:
            asyncio.set_event_loop(loop)
            failure = self._complete(loop, loop.create_task(self._main(), name="run"))
        finally:
            self._lifecycle.is_run = False
            self._close_loop(loop)
            if self._watchdog is not None:  # until now: a thread that the loop waits for is no reason to stay
                self._watchdog.cancel()
        if failure is not None:
            raise failure

    def _complete(
        self, loop: asyncio.AbstractEventLoop, main: "asyncio.Task[BaseException | None]"
    ) -> BaseException | None:
        """Run the loop to the end of ``main``, also when code in it ends the process: first the application is stopped.

        What ends a process leaves the loop at once, from whatever task it is raised in, and can be raised by several.
        """
        leaving: BaseException | None = None
        while not main.done():
            try:
                loop.run_until_complete(main)
            except (SystemExit, KeyboardInterrupt) as raised:
                leaving = leaving or raised
                self._must_end(130 if isinstance(raised, KeyboardInterrupt) else _status_of(raised))
        return leaving or main.result()

    async def _main(self) -> BaseException | None:
        """The whole life; gives what went wrong."""
        loop = asyncio.get_running_loop()
        self._app.on("state_changed", self._state_changed)
        self._lifecycle.is_run = True
        with trapped(self._settings.signals, self._trap):
            failures: list[BaseException] = []
            starting = loop.create_task(self._begin(), name="run the application")
            await self._first_of(starting, self._signalled)
            # What failed by itself is being undone already, and its error is the news.
            if not starting.done() and self._app.state != "stopping":
                starting.cancel()
            await self._in_time(starting, failures)
            if not failures and not self._signalled.is_set():
                await self._serve(failures)
            await self._end(failures)
        self._is_over = True
        return failures[0] if failures else None

    async def _begin(self) -> None:
        await self._app.before_run()
        await self._app.start()

    async def _serve(self, failures: list[BaseException]) -> None:
        try:
            if self._tells:
                await announce_servers(self._app)
        except Exception as error:  # what runs must be stopped all the same
            failures.append(error)
        else:
            await self._wait_until_stopped(failures)

    async def _wait_until_stopped(self, failures: list[BaseException]) -> None:
        while self._app.state != "stopped" and not self._signalled.is_set():
            self._stopping.clear()
            await self._first_of(None, self._signalled, self._stopping)
            stop = self._lifecycle.machine.under_way("stop")
            if stop is not None:
                await self._in_time(asyncio.get_running_loop().create_task(stop.wait()), failures)

    async def _end(self, failures: list[BaseException]) -> None:
        """Stop (unless that has happened), close, and say so."""
        loop = asyncio.get_running_loop()
        if self._app.state not in ("created", "booted", "stopped"):
            await self._in_time(loop.create_task(self._app.stop(), name="stop the application"), failures)
        early = self._lifecycle.take_failure()
        if early is not None and early not in failures:
            failures.insert(0, early)
        await self._in_time(loop.create_task(self._app.close(), name="close the application"), failures)
        for failure in failures[1:]:
            failures[0].add_note(f"and, while ending: {failure!r}")
        if not failures and self._tells:
            named = section_of(
                self._app.options, "name"
            )  # that of its context ends with a number, if it was given none
            say(f"{named or type(self._app).__name__} has stopped.")

    # Signals and time

    def _state_changed(self, old: str, new: str) -> None:  # noqa: ARG002 - the shape of a listener
        if new in ("stopping", "stopped"):
            self._stopping.set()

    def _trap(self, number: signal.Signals) -> None:
        if self._status is None:
            self._must_end(128 + number)
        elif number == signal.SIGINT:
            self._hurried.set()

    def _must_end(self, status: int) -> None:
        """From now on the grace period runs; when it has passed, the process exits with this status."""
        if self._status is not None:
            return
        self._status = status
        self._signalled.set()
        period = self._settings.grace_period
        if period is not None:
            self._deadline = time.monotonic() + period
            # Twice the last moment: the loop, if it is alive, is always the first to end things.
            self._watchdog = Watchdog(period + 2 * LAST_MOMENT, status, self._tell_cut_short)

    async def _first_of(
        self, task: "asyncio.Task[Any] | None", *events: asyncio.Event, seconds: float | None = None
    ) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in events]
        try:
            await asyncio.wait(
                [*waits, *([task] if task is not None else [])], timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for wait in waits:
                wait.cancel()

    async def _in_time(self, task: "asyncio.Task[Any]", failures: list[BaseException]) -> None:
        """Wait for a part of the work; once a signal has come, no longer than the grace period.

        Raises:
            SystemExit: The time has passed.
        """
        while not task.done() and not self._signalled.is_set():
            await self._first_of(task, self._signalled)
        while not task.done():
            left = None if self._deadline is None else self._deadline - time.monotonic()
            if self._hurried.is_set() or (left is not None and left <= 0):
                await self._force(task)
            await self._first_of(task, self._hurried, seconds=left)
        if not task.cancelled() and task.exception() is not None:
            failures.append(task.exception())  # type: ignore[arg-type]  # it is not None: it was asked just now

    async def _force(self, task: "asyncio.Task[Any]") -> None:
        self._is_forced = True
        self._tell_cut_short()
        stop = self._lifecycle.machine.under_way("stop")
        # The stop is a task of its own and outlives whoever waits for it: it has its last moment too.
        cut_short = [task, stop.task] if stop is not None else [task]
        for each in cut_short:
            each.cancel()
        await asyncio.wait(cut_short, timeout=LAST_MOMENT)
        assert self._status is not None
        insist_on_exit(self._status)
        raise SystemExit(self._status)

    def _tell_cut_short(self) -> None:
        if self._is_told:
            return
        self._is_told = True
        told = "was told again to stop"
        if not self._hurried.is_set():
            told = f"did not stop within {self._settings.grace_period:g} seconds (config['shutdown']['grace_period'])"
        busy = ", ".join(self._lifecycle.busy()) or ("a thread it left" if self._is_over else "the application")
        logger.error("%s %s and is cut short. Not done: %s.", self._app.name, told, busy)

    # The loop

    def _close_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            if self._is_forced:
                _leave_behind(loop)
            else:
                self._cancel_left_over(loop)
                loop.run_until_complete(loop.shutdown_asyncgens())
                loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    def _cancel_left_over(self, loop: asyncio.AbstractEventLoop) -> None:
        tasks = [task for task in asyncio.all_tasks(loop) if not task.done()]
        if not tasks:
            return
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.wait(tasks, timeout=LAST_MOMENT))
        if not self._is_over:  # interrupted: not they, but the run itself was cut short
            return
        names = ", ".join(sorted(task.get_name() for task in tasks))
        warnings.warn(
            f"{self._app.name} left tasks running when it stopped; they were cancelled: {names}. "
            "Cancel and await them in the stop of whatever started them.",
            RuntimeWarning,
            stacklevel=2,
        )


def _leave_behind(loop: asyncio.AbstractEventLoop) -> None:
    """Drop what refuses to end, without a word about each piece: neither the loop's nor the interpreter's."""
    loop.set_exception_handler(lambda _loop, _context: None)
    for task in asyncio.all_tasks(loop):
        with suppress(BaseException):  # whatever it says of being dropped
            coroutine: Any = task.get_coro()
            coroutine.close()


def _status_of(leaving: SystemExit) -> int:
    """The exit status of the process: none is 0, a number itself, anything else (a text to be shown) 1."""
    code = leaving.code
    return code if isinstance(code, int) else int(code is not None)


def say(line: str) -> None:
    """Write a line to the standard output of the process, at once: whoever started it may be waiting for it.

    Where nobody reads it, or there is no such stream, the process goes on without a word.
    """
    stream: TextIO | None = sys.stdout
    if stream is None:
        return
    try:
        stream.write(f"{line}\n")
        stream.flush()
    except BrokenPipeError:
        with suppress(OSError):  # else the interpreter meets the same error when it ends, and says so
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)
    except (OSError, ValueError):
        return


async def announce_servers(app: Any) -> None:
    """Print one line for each server of an application that listens, with its URL if it has one."""
    for binding in app.find_by_tag(CoreTags.SERVER):
        if binding.scope == "transient" and binding.type != "constant":
            continue
        server = await binding.get_value(app)
        if getattr(server, "listening", False):
            url = getattr(server, "url", None)
            say(f"{binding.key} listens{f' at {url}' if url else ''}")


def _refuse_running_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError("run() cannot be called while an event loop runs in this thread: `await app.start()` instead.")
