"""Faults of a running server under load: signals, a killed worker, slow clients by the hundred, no files left.

The same for minutes instead of seconds, and memory over millions of requests: ``python bench/faults.py``.
"""

import asyncio
import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.acceptance.conftest import PATIENCE

APP = """
import asyncio, os, sys
from mainspring import RestApplication

answered, held = [0], []

async def hello() -> str:
    answered[0] += 1
    await asyncio.sleep(0.002)
    return "hello"

async def pid() -> str:
    return str(os.getpid())

async def hold() -> int:
    try:
        while True:
            held.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        return len(held)

async def free() -> str:
    while held:
        os.close(held.pop())
    return "free"

def make() -> RestApplication:
    if "FILES" in os.environ:
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (int(os.environ["FILES"]),) * 2)
    app = RestApplication({"name": "it", "rest": {"port": 0, "grace_period": 20, "headers_timeout": 2}})
    for function in (hello, pid, hold, free):
        app.route("get", f"/{function.__name__}", None, function)
    app.on_stop(lambda: print("entered", answered[0], flush=True))
    return app
"""
#: Without uvloop, which a machine may have or not.
PLAIN = "import sys; sys.modules['uvloop'] = None; from mainspring.cli import main; main()"
GET = b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
ANSWER = b"\r\n\r\nhello"


class Process:
    """A command that serves."""

    def __init__(self, folder: Path, *arguments: str, is_plain: bool = False, **environment: str) -> None:
        (folder / "app.py").write_text(APP)
        how = ["-c", PLAIN] if is_plain else ["-m", "mainspring.cli"]
        self.log = folder / "log"
        with self.log.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, *how, *arguments, "app:make"],
                cwd=folder,
                env={
                    **{name: value for name, value in os.environ.items() if name not in ("HOST", "PORT")},
                    **environment,
                },
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
        self._is_stopping = False
        alarm = threading.Timer(PATIENCE, self.process.kill)
        alarm.start()
        assert self.process.stdout is not None
        found = re.search(r"127\.0\.0\.1:(\d+)", self.process.stdout.readline())
        alarm.cancel()
        assert found is not None, self.log.read_text()
        self.port = int(found[1])

    def ask(self, path: str, connection: http.client.HTTPConnection | None = None) -> str:
        """A request, on a connection of its own unless one is given."""
        used = connection or self.connect()
        used.request("GET", path, headers={} if connection else {"Connection": "close"})
        answer = used.getresponse()
        assert answer.status == 200, answer.status
        return answer.read().decode()

    def connect(self) -> http.client.HTTPConnection:
        """A connection."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    @property
    def ticks(self) -> int:
        """Hundredths of a second that it has computed."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().split()
        return int(fields[13]) + int(fields[14])

    def stop(self) -> None:
        """Ask it to end, once."""
        if not self._is_stopping:
            self._is_stopping = True
            self.process.send_signal(signal.SIGTERM)

    def end(self) -> str:
        """End it in order; gives what it said last."""
        self.stop()
        out, _ = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, self.log.read_text()
        return out


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def run(*arguments: str, **options: str) -> Process:
        started.append(Process(tmp_path, *arguments, **options))
        return started[-1]

    yield run
    for process in started:
        if process.process.poll() is None:
            process.process.kill()
        process.process.communicate()


class Load:
    """Clients that ask again and again; those that are refused or closed before an answer begins stop.

    Attributes:
        complete: How many answers came as a whole.
        broken: What came of answers that did not.
    """

    def __init__(self, port: int, clients: int) -> None:
        self._port = port
        self.complete = 0
        self.broken: list[bytes] = []
        self.is_over = False
        self._answered = asyncio.Event()
        self._tasks = [asyncio.ensure_future(self._run(number)) for number in range(clients)]

    async def _run(self, number: int) -> None:
        try:
            while not self.is_over:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                try:
                    for _ in range(1 + number * 3 % 20):  # some connections for long, some for one request
                        await self._ask(reader, writer)
                finally:
                    writer.transport.abort()
        except ConnectionError:
            pass

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GET)
        data = b""
        while not data.endswith(ANSWER):
            try:
                more = await reader.read(4096)
            except ConnectionError:
                more = b""
            if not more:
                if data:
                    self.broken.append(data)
                raise ConnectionResetError
            data += more
        self.complete += 1
        self._answered.set()

    async def until(self, number: int) -> None:
        """Until so many answers have come."""
        async with asyncio.timeout(PATIENCE):
            while self.complete < number:
                self._answered.clear()
                await self._answered.wait()

    async def done(self) -> None:
        """Until all have stopped."""
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*self._tasks)


@pytest.mark.parametrize("clients", [4, 60])
async def test_a_term_under_load_leaves_no_request_without_its_answer(running, clients):
    """HTTP-044: what the application was asked, the clients were answered"""
    process = running("run")
    load = Load(process.port, clients)
    await load.until(300)
    process.stop()
    await load.done()
    said = process.end()
    assert load.broken == []
    assert f"entered {load.complete}\n" in said
    assert process.log.read_text() == ""


@pytest.mark.skipif(os.name != "posix", reason="no workers on this platform")
async def test_a_killed_worker_of_four_is_missed_by_its_own_clients_alone(running):
    process = running("serve", "--workers", "4")

    def pids(number: int, wanted: Callable[[set[str]], bool]) -> set[str]:
        seen: set[str] = set()
        end = time.monotonic() + PATIENCE
        while len(seen) < number or not wanted(seen):
            assert time.monotonic() < end, seen
            seen.add(process.ask("/pid"))
        return seen

    before = await asyncio.to_thread(pids, 4, lambda _: True)
    killed = sorted(before)[0]
    clients = 12
    load = Load(process.port, clients)
    await load.until(200)
    os.kill(int(killed), signal.SIGKILL)
    await load.until(load.complete + 200)
    load.is_over = True
    await load.done()
    assert load.broken == []
    new = await asyncio.to_thread(pids, 4, lambda seen: len(seen - before) == 1 and len(seen) == 4)
    assert before - new == {killed}
    process.end()


async def test_two_hundred_slow_clients_do_not_slow_others(running):
    """HTTP-040, HTTP-048"""
    process = running("run")
    slow = [await asyncio.open_connection("127.0.0.1", process.port) for _ in range(200)]
    begun = time.monotonic()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        async def drip() -> None:
            writer.write(b"GET /hello HTTP/1.1\r\n")
            while True:
                writer.write(b"A: b\r\n")
                await asyncio.sleep(0.2)

        dripping = asyncio.ensure_future(drip())
        try:
            return await reader.read(15)
        except ConnectionError:
            return b""
        finally:
            dripping.cancel()
            writer.transport.abort()

    trickling = [asyncio.ensure_future(trickle(*each)) for each in slow]
    load = Load(process.port, 10)
    async with asyncio.timeout(PATIENCE):
        answered = await asyncio.gather(*trickling)
    # They were let go when their time was over, and were not in the way until then.
    assert {*answered} <= {b"", b"HTTP/1.1 408 Re"}
    assert time.monotonic() - begun > 1.5
    assert load.complete > 50
    load.is_over = True
    await load.done()
    assert load.broken == []
    assert process.ask("/hello") == "hello"
    process.end()
    assert process.log.read_text() == ""


@pytest.mark.skipif(sys.platform != "linux", reason="reads proc(5)")
@pytest.mark.parametrize("is_plain", [False, True], ids=["uvloop", "asyncio"])
def test_without_a_file_left_connections_wait(running, is_plain):
    """HTTP-040: it says so once, does not spin, and goes on when there are files again"""
    process = running("run", is_plain=is_plain, FILES="128")
    old = process.connect()
    assert int(process.ask("/hold", old)) > 50
    begun, ticks = time.monotonic(), process.ticks
    waiting = [process.connect() for _ in range(20)]
    for each in waiting:
        each.request("GET", "/hello")
    while time.monotonic() - begun < 1.5:
        assert process.ask("/hello", old) == "hello"  # who is there is served
        time.sleep(0.05)
    assert process.ticks - ticks < 60
    assert process.ask("/free", old) == "free"
    for each in waiting:
        assert each.getresponse().read() == b"hello"
        each.close()
    old.close()
    process.end()
    [line] = process.log.read_text().splitlines()
    assert "No connection can be accepted: Too many open files." in line
