"""An example as a process of its own, and a real client."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "todo"
PATIENCE = 60  # seconds; a loaded machine starts a process slowly


class Service:
    """``mainspring run`` on an example: started by `start`, spoken to by ``client``, stopped by `stop`.

    Attributes:
        addresses: By the key of each server, where it said that it listens.
    """

    def __init__(self, database: Path, example: Path = EXAMPLE, *, servers: int = 1) -> None:
        self.database, self.example, self.servers = database, example, servers
        self.addresses: dict[str, str] = {}
        self.environment: dict[str, str] = {}
        self.process: subprocess.Popen[str] | None = None
        self.client: httpx.Client = httpx.Client()
        self.output: list[str] = []

    def start(self, *arguments: str, cwd: Path | None = None) -> "Service":
        """Start the process and wait until each of its servers says where it listens."""
        self.addresses.clear()
        self.process = self.spawn(*arguments, cwd=cwd)
        self.wait_until(lambda _: len(self.addresses) == self.servers)
        self.client = httpx.Client(base_url=self.addresses["servers.RestServer"], timeout=PATIENCE)
        return self

    def wait_until(self, said: Callable[[str], bool]) -> None:
        """Read what the process says until a line is the one that is waited for."""
        assert self.process is not None
        assert self.process.stdout is not None
        # A process that hangs without a word would make `readline` wait for ever.
        alarm = threading.Timer(PATIENCE, self.process.kill)
        alarm.start()
        for line in self.process.stdout:
            self.output.append(line)
            if " listens at " in line:
                server, url = line.strip().split(" listens at ")
                self.addresses[server] = url
            if said(line):
                break
        else:
            pytest.fail(f"it was never said: {''.join(self.output)}{self.process.stderr.read()}")
        alarm.cancel()

    def spawn(self, *arguments: str, cwd: Path | None = None) -> "subprocess.Popen[str]":
        """The process alone."""
        keep = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MAINSPRING_", "TODO_")) and name not in ("HOST", "PORT")
        }
        return subprocess.Popen(
            [sys.executable, "-m", "mainspring.cli", "run", *([str(self.example)] if cwd is None else []), *arguments],
            cwd=cwd or ROOT,
            env={**keep, "PORT": "0", "TODO_DATABASE": str(self.database), **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def fail(self, *arguments: str) -> tuple[int, str]:
        """Run a service that cannot start; gives its exit status and what it says of the error."""
        process = self.spawn(*arguments)
        out, err = process.communicate(timeout=PATIENCE)
        assert "listens" not in out
        assert "Traceback" not in err
        return process.returncode, err

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; gives the exit status and the standard error stream."""
        assert self.process is not None
        self.client.close()
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE)
        self.output.append(out)
        status, self.process = self.process.returncode, None
        return status, err

    def kill(self) -> None:
        """End it without a chance to say anything."""
        if self.process is not None:
            self.stop(signal.SIGKILL)

    def todo(self, **fields: Any) -> dict[str, Any]:
        """Create a todo and give it as answered."""
        answer = self.client.post("/todos", json=fields)
        assert answer.status_code == 200, answer.text
        created: dict[str, Any] = answer.json()
        return created


def wait_until_refused(host: str, port: int) -> None:
    """New connections are refused from the moment the signal is handled."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            socket.create_connection((host, port), timeout=5).close()
        except OSError:
            return
        time.sleep(0.02)
    pytest.fail("the service still takes connections")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    folder = tmp_path / "data in here"
    folder.mkdir()
    return folder / "todo.db"


@pytest.fixture
def service(database: Path) -> Iterator[Service]:
    """A service that is not started."""
    service = Service(database)
    yield service
    service.kill()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service for the tests of one module."""
    service = Service(tmp_path_factory.mktemp("shared") / "todo.db").start()
    yield service
    service.kill()


@pytest.fixture
def running(shared: Service) -> Service:
    """A running service without todos."""
    for todo in shared.client.get("/todos").json():
        shared.client.delete(f"/todos/{todo['id']}")
    return shared


@pytest.fixture
def copied(tmp_path: Path, database: Path) -> Iterator[Service]:
    """A service on a copy of the example, in a path with a blank, to be broken."""
    example = tmp_path / "my copy" / "todo"
    shutil.copytree(EXAMPLE, example, ignore=shutil.ignore_patterns("__pycache__", "*.db*"))
    service = Service(database, example)
    yield service
    service.kill()
