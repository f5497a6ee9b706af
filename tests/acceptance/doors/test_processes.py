"""Each server in a process of its own: signals are the application's, and workers serve by it too."""

import http.client
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.acceptance.conftest import PATIENCE

APP = """
import asyncio, os
from mainspring import RestApplication

async def pid() -> str:
    await asyncio.sleep(0.01)
    return str(os.getpid())

async def slow() -> str:
    print("entered", flush=True)
    await asyncio.sleep(0.5)
    return "slow"

def make() -> RestApplication:
    app = RestApplication({"name": "it", "rest": {"grace_period": 20}})
    app.route("get", "/pid", None, pid)
    app.route("get", "/slow", None, slow)
    return app
"""


class Process:
    """A command that serves."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        (folder / "app.py").write_text(APP)
        command = [sys.executable, "-m", "mainspring.cli", *arguments, "app:make", "--port", "0"]
        environment = {name: value for name, value in os.environ.items() if name not in ("HOST", "PORT")}
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._alarm = threading.Timer(PATIENCE, self.process.kill)
        self._alarm.start()
        self.port = int(self.line().partition("127.0.0.1:")[2].split()[0])

    def line(self) -> str:
        """The next line that it says."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def ask(self, path: str) -> str:
        """A request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read().decode()

    def end(self) -> tuple[int, str]:
        """Exit status, and the standard error stream."""
        self.process.send_signal(signal.SIGTERM)
        _, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, err

    def close(self) -> None:
        """Whatever happened."""
        self._alarm.cancel()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def run(*arguments: str) -> Process:
        started.append(Process(tmp_path, *arguments))
        return started[-1]

    yield run
    for process in started:
        process.close()


def test_a_signal_ends_it_in_order(running, door):
    """HTTP-044"""
    process = running("run", "--server", door)
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(process.ask("/slow")))
    asking.start()
    assert process.line() == "entered\n"
    assert process.end() == (0, "")
    asking.join(PATIENCE)
    assert answers == ["slow"]


@pytest.mark.skipif(os.name != "posix", reason="no workers on this platform")
def test_workers_serve_by_it(running, door):
    process = running("serve", "--workers", "2", "--server", door)
    seen: set[str] = set()
    while len(seen) < 2:
        seen.add(process.ask("/pid"))
    assert process.end() == (0, "")
