"""A page's ``mainspring run``: a process of its own, on a free port, ended with the page."""

import os
import re
import subprocess
import sys
import threading

__all__ = ["Service", "environment"]

LISTENS = re.compile(r"https?://[\w.\[\]:]+:\d+")
WAIT = 150.0  # seconds; a slow machine is up to ten times slower than ours


def environment() -> dict[str, str]:
    """The environment of a page's commands: nothing of it says where to listen."""
    said = {name: value for name, value in os.environ.items() if not name.startswith(("MAINSPRING_", "PYTEST_"))}
    return {**said, "PORT": "0", "HOST": "127.0.0.1", "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "COLUMNS": "200"}


class Service:
    """A process that serves; its output is read as it comes."""

    def __init__(self, words: list[str]) -> None:
        self.reloads = "--reload" in words
        self.starts = 0
        self.url = ""
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mainspring.cli", *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment(),
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def first_lines(self) -> str:
        """What it printed until it listened."""
        self.wait_for_start(1)
        return "".join(self._lines)

    def wait_for_start(self, number: int) -> None:
        """Wait until it listens for the ``number``-th time."""
        with self._changed:
            self._changed.wait_for(lambda: self.starts >= number or self._process.poll() is not None, WAIT)
        assert self.starts >= number, "It does not listen:\n" + "".join(self._lines)

    def end(self) -> None:
        """Stop it as somebody at a keyboard would."""
        self._process.terminate()
        try:
            self._process.wait(WAIT)
        finally:
            self._process.kill()
            self._reader.join(WAIT)
            if self._process.stdout is not None:
                self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self._lines.append(line)
                address = LISTENS.search(line)
                if address is not None:
                    self.url = address[0]
                    self.starts += 1
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()
