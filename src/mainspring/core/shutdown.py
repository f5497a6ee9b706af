"""How a running application is asked to stop: signals, the grace period, and the last resort when it passes."""

import asyncio
import math
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from mainspring.core.settings import effective_section

__all__ = ["LAST_MOMENT", "ShutdownSettings", "Watchdog", "insist_on_exit", "trapped"]

#: Seconds that cancelled work has to clean up after the grace period before it is left behind: long enough for a
#: connection to say goodbye, short enough for a supervisor that sends SIGKILL soon after.
LAST_MOMENT = 1.0

#: What no process can trap.
_UNTRAPPABLE = ("SIGKILL", "SIGSTOP")


class ShutdownSettings(NamedTuple):
    """``config["shutdown"]``.

    Attributes:
        grace_period: Seconds that stopping may take, ``None`` without limit.
        signals: The signals that stop the application.
    """

    grace_period: float | None
    signals: tuple[signal.Signals, ...]

    @classmethod
    def of(cls, config: Any) -> "ShutdownSettings":
        """Read them, the environment on top.

        Raises:
            ValueError: A setting is not right; it is named.
        """
        types = {"grace_period": float | None, "signals": list}
        section = effective_section(config, "shutdown", types)
        period = section.get("grace_period", 30)
        if period is not None and (isinstance(period, bool) or not isinstance(period, int | float) or not period >= 0):
            raise ValueError(
                f"config['shutdown']['grace_period'] must be seconds, a number not negative, or None; it is {period!r}."
            )
        names = section.get("signals", ("SIGINT", "SIGTERM"))
        if isinstance(names, str) or not isinstance(names, Sequence):
            raise ValueError(f"config['shutdown']['signals'] must be a list of names of signals; it is {names!r}.")
        limit = None if period is None or math.isinf(period) else float(period)
        return cls(limit, tuple(_signal(name) for name in names))


def _signal(name: Any) -> signal.Signals:
    try:
        found = signal.Signals[name]
    except KeyError:
        found = None
    if found is None or name in _UNTRAPPABLE:
        raise ValueError(
            f"config['shutdown']['signals'] has {name!r}, which is not the name of a signal that can be trapped."
        )
    return found


@contextmanager
def trapped(signals: Sequence[signal.Signals], listener: Callable[[signal.Signals], None]) -> Iterator[None]:
    """Call ``listener`` in the running loop for each of these signals, and put back what was there before.

    Outside the main thread nothing is trapped: Python delivers signals to the main thread alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in signals}
    for number in signals:
        try:
            loop.add_signal_handler(number, listener, number)
        except NotImplementedError:  # a loop without them (Windows)
            signal.signal(number, lambda got, _frame: loop.call_soon_threadsafe(listener, signal.Signals(got)))
    try:
        yield
    finally:
        for number, handler in before.items():
            with suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)


class Watchdog:
    """Ends the process when the event loop itself is stuck: a plain ``stop`` that blocks stops every timer.

    Args:
        seconds: When.
        status: The exit status.
        tell: Called before: what is to be said.
    """

    def __init__(self, seconds: float, status: int, tell: Callable[[], object]) -> None:
        self._status = status
        self._tell = tell
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        """The loop is alive."""
        self._timer.cancel()

    def _end(self) -> None:
        _exit_now(self._status, self._tell)


def insist_on_exit(status: int) -> None:
    """When the interpreter ends and waits for threads that do not, end the process all the same after a moment."""

    def arm() -> None:
        timer = threading.Timer(LAST_MOMENT, _exit_now, (status,))
        timer.daemon = True
        timer.start()

    # The interpreter joins the threads of executors before it runs `atexit`: this hook, though private, is the only one
    # that comes earlier. Without it the join is waited for.
    register = getattr(threading, "_register_atexit", None)
    if register is not None:
        register(arm)


def _exit_now(status: int, tell: Callable[[], object] = lambda: None) -> None:
    # In a thread of its own: whoever writes to a pipe that nobody reads is blocked for ever, and may be already.
    last_words = threading.Thread(target=_say_last, args=(tell,), daemon=True)
    last_words.start()
    last_words.join(LAST_MOMENT)
    os._exit(status)


def _say_last(tell: Callable[[], object]) -> None:
    tell()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # closed, or nobody reads: there is nobody to tell
            continue
