"""``mainspring serve``: several real processes behind one port, and what happens to them."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from mainspring.cli.errors import describe
from mainspring.rest import RestApplication, workers
from mainspring.rest.errors import WorkersError

APP = """
    import asyncio, os
    from mainspring.rest import RestApplication

    async def pid() -> str:
        await asyncio.sleep(0.02)
        return str(os.getpid())

    class App(RestApplication):
        def __init__(self):
            super().__init__({"rest": {"port": 0, "grace_period": 10}, "logging": "INFO"})
            self.route("get", "/pid", None, pid)
"""


class Service:
    """A running ``mainspring serve --workers``."""

    def __init__(self, project, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mainspring.cli", "serve", *arguments],
            cwd=project.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=project.environment,
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", self.line)
        self.port = int(found[1]) if found else 0

    def ask(self) -> str:
        """The process that answers a request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", "/pid", headers={"Connection": "close"})
            answer = connection.getresponse()
            assert answer.status == 200
            return answer.read().decode()
        finally:
            connection.close()

    def ask_until(self, done, seconds: float = 40) -> set[str]:
        """Ask until the processes that answered are what they should be."""
        seen: set[str] = set()
        end = time.monotonic() + seconds
        while not done(seen):
            assert time.monotonic() < end, seen
            seen.add(self.ask())
        return seen

    def send(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Exit status and what it said."""
        if self.process.poll() is None:
            self.send(number)
        out, err = self.process.communicate(timeout=40)
        return self.process.returncode, self.line + out, err


class Load:
    """Clients that ask one request after another, each on a connection of its own."""

    def __init__(self, service: Service, clients: int = 4) -> None:
        self._service = service
        self._is_over = threading.Event()
        self.answers: list[str] = []
        self.failures: list[BaseException] = []
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def _run(self) -> None:
        while not self._is_over.is_set():
            try:
                self.answers.append(self._service.ask())
            except Exception as error:
                self.failures.append(error)
                return

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def service(project, environment) -> Iterator[Service]:
    project.environment = environment
    project.write("app.py", APP)
    running = Service(project, "--workers", "2")
    yield running
    running.end()


def test_several_processes_answer_and_end_together(service: Service) -> None:
    pids = service.ask_until(lambda seen: len(seen) == 2)
    assert str(service.process.pid) not in pids
    assert service.line.startswith("servers.RestServer listens at http://127.0.0.1:")
    status, out, err = service.end()
    assert status == 0
    assert out.count("listens") == 1
    assert "Traceback" not in err
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


def test_a_reload_replaces_every_worker_and_loses_no_request(service: Service) -> None:
    before = service.ask_until(lambda seen: len(seen) == 2)
    with Load(service) as load:
        service.send(signal.SIGHUP)
        after = service.ask_until(lambda seen: len(seen - before) == 2)
        time.sleep(0.5)
    assert load.failures == []
    assert len(after - before) == 2
    assert service.ask_until(lambda seen: len(seen) == 2).isdisjoint(before)


def test_a_stop_under_load_answers_what_was_asked(service: Service) -> None:
    with Load(service) as load:
        while len(load.answers) < 20:
            time.sleep(0.01)
        status, _, err = service.end()
    assert status == 0
    assert "Traceback" not in err
    # Once nobody listens any more, connections are refused: nothing else may have gone wrong.
    assert {type(failure) for failure in load.failures} <= {ConnectionRefusedError, ConnectionResetError}


def test_a_worker_that_is_killed_is_replaced(service: Service) -> None:
    before = service.ask_until(lambda seen: len(seen) == 2)
    killed = before.pop()
    os.kill(int(killed), signal.SIGKILL)
    after = service.ask_until(lambda seen: len(seen - before - {killed}) == 1)
    assert before <= after
    assert service.end()[0] == 0


def test_workers_end_when_their_manager_is_killed(service: Service) -> None:
    pids = service.ask_until(lambda seen: len(seen) == 2)
    service.send(signal.SIGKILL)
    end = time.monotonic() + 30
    while any(map(is_alive, pids)):
        assert time.monotonic() < end
        time.sleep(0.05)


def is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    # Without a parent that waits for it, an ended process may stay in the table for a moment.
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_reload_of_a_broken_program_keeps_the_old_workers(service: Service, project) -> None:
    before = service.ask_until(lambda seen: len(seen) == 2)
    file = project.write("app.py", "import no_such_module\n")
    service.send(signal.SIGHUP)
    time.sleep(3)
    assert service.ask() in before
    file.write_text("")
    status, _, err = service.end()
    assert status == 0
    assert "no_such_module" in err
    assert "Traceback" not in err


def test_a_port_in_use_is_one_clear_error(project) -> None:
    """REST-013"""
    project.write("app.py", APP)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = project.run("serve", "--workers", "2", "--port", str(port))
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert f"127.0.0.1:{port}" in line


def test_workers_share_their_port_with_others_where_that_is_said(project, environment) -> None:
    project.write("app.py", APP)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))  # it does not listen, so that all connections come to the workers
        project.environment = {**environment, "MAINSPRING_REST_REUSE_PORT": "true"}
        service = Service(project, "--workers", "2", "--port", str(other.getsockname()[1]))
        try:
            assert len(service.ask_until(lambda seen: len(seen) == 2)) == 2
        finally:
            assert service.end()[0] == 0


def test_workers_listen_where_a_server_loader_says(project, environment) -> None:
    """LOAD-067, LOAD-151: its own ports, not those of the section rest."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
    project.environment = environment
    project.write(
        "app.py",
        APP.replace("RestApplication", "ServerLoader")
        .replace("mainspring.rest", "mainspring.loader")
        .replace('"rest": {"port": 0, "grace_period": 10}', f'"http_port": "127.0.0.1:{port}", "mount": {{}}'),
    )
    service = Service(project, "--workers", "2")
    try:
        assert service.port == port, service.line
        assert len(service.ask_until(lambda seen: len(seen) == 2)) == 2
    finally:
        assert service.end()[0] == 0


@pytest.mark.parametrize("workers", [(), ("--workers", "2")])
def test_the_port_of_the_command_line_wins_over_that_of_a_server_loader(project, environment, workers) -> None:
    """LOAD-056, CORE-027"""
    project.environment = environment
    project.write(
        "app.py",
        APP.replace("RestApplication", "ServerLoader")
        .replace("mainspring.rest", "mainspring.loader")
        .replace('"rest": {"port": 0, "grace_period": 10}', '"http_port": "127.0.0.1:1", "mount": {}'),
    )
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
    service = Service(project, *workers, "--port", str(port))
    try:
        assert service.port == port, service.line
    finally:
        assert service.end()[0] == 0


def test_an_application_that_cannot_be_imported_is_one_clear_error(project) -> None:
    project.write("app.py", "import no_such_module\n")
    done = project.run("serve", "--workers", "3")
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "no_such_module" in line


def test_an_application_that_does_not_start_is_one_clear_error(project) -> None:
    project.write("app.py", APP + "            self.on_start(lambda: 1 / 0)\n")
    done = project.run("serve", "--workers", "3")
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1
    assert "ZeroDivisionError" in lines[0]
    assert "listens" not in done.stdout


def test_a_unix_socket_is_shared_and_removed(project, environment, tmp_path: Path) -> None:
    """REST-009"""
    path = tmp_path / "s"
    project.environment = environment
    project.write("app.py", APP.replace('"port": 0', f'"path": {str(path)!r}'))
    service = Service(project, "--workers", "2")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(b"GET /pid HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200")
    assert service.end()[0] == 0
    assert not path.exists()


def test_without_workers_it_is_one_process(project) -> None:
    project.write(
        "app.py",
        """
        from mainspring.core import Application

        class App(Application):
            def run(self):
                print("one process")
        """,
    )
    assert project.run("serve").stdout == "one process\n"


def test_an_application_without_a_rest_server_says_so(project) -> None:
    project.write("app.py", "from mainspring.core import Application\n\napp = Application()\n")
    done = project.run("serve", "--workers", "2")
    assert done.returncode == 1
    assert "no REST server that listens" in done.stderr


def test_other_systems_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "os", SimpleNamespace(name="nt"))
    with pytest.raises(WorkersError, match="without --workers"):
        workers.serve_by_workers(partial(RestApplication), 2, describe)
