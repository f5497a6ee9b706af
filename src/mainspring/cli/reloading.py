"""Running an application anew whenever its files change: ``mainspring run --reload``."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from mainspring.cli.errors import UsageFailure

__all__ = ["run_reloading"]

#: What else than Python files says how an application runs.
_FURTHER = (".toml", ".env")
#: Milliseconds between looks whether the application has ended by itself.
_LOOK = 300
#: Milliseconds in which changes that belong together gather.
_GATHER = 100


def run_reloading(arguments: Sequence[str], folder: Path) -> int:
    """Run ``mainspring run`` as a process, and anew after each change below a folder, until told to stop.

    A program that does not start is said once and waits for the next change.

    Args:
        arguments: Those of ``mainspring run``.
        folder: What is watched.

    Returns:
        The status to exit with.

    Raises:
        UsageFailure: What watches files is not installed.
    """
    try:
        from watchfiles import PythonFilter, watch  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageFailure("--reload watches files by what mainspring[reload] brings: install that.") from error
    stop = threading.Event()
    run = _Run([sys.executable, "-m", "mainspring.cli", "run", *arguments])
    changes = watch(
        folder,
        watch_filter=PythonFilter(extra_extensions=_FURTHER),
        stop_event=stop,
        step=50,
        debounce=_GATHER,
        rust_timeout=_LOOK,
        yield_on_timeout=True,
        raise_interrupt=False,
    )
    with _stopping(stop):
        run.start()
        for changed in changes:
            if stop.is_set():
                break
            if changed:
                click.echo(f"Changed: {_named(changed, folder)}. Starting anew.", err=True)
                run.stop()
                run.start()
            else:
                run.look()
        return run.stop()


class _Run:
    """The process of the application, if there is one."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        self._process = subprocess.Popen(self._command)

    def look(self) -> None:
        """Say it when it has ended by itself."""
        process = self._process
        if process is not None and process.poll() is not None:
            self._process = None
            click.echo(f"Ended with status {process.returncode}. Waiting for a change.", err=True)

    def stop(self) -> int:
        """Stop it; its status, 0 when it has ended before."""
        process, self._process = self._process, None
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        status = process.wait()
        return status if status >= 0 else 128 - status


@contextmanager
def _stopping(stop: threading.Event) -> Iterator[None]:
    """Have SIGINT and SIGTERM end the watching; the application stops in order then."""

    def handle(number: int, frame: Any) -> None:  # noqa: ARG001 - the shape of a handler
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _named(changed: Any, folder: Path) -> str:
    """The files in words: the first three of them."""
    paths = sorted({Path(path) for _, path in changed})
    names = [str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path) for path in paths]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
