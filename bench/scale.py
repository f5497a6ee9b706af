"""What grows with use: routes, idle connections, large bodies, slow clients. Starting is measured by `bench/http.py`.

    .venv/bin/python bench/scale.py [routes] [idle] [transfer] [slow]

Every server is one process on the first processor, uvicorn with uvloop and httptools or, told as "own", Mainspring's
listener; clients are on the second where there is one.

- routes: time per request with 2,000 static and 500 variable routes over that with 20 in the same proportion, asking
  for 20 routes of each in turn; in process and under ``wrk``. Medians of rounds in which each had its turn.
- idle: bytes that each of 10,000 keep-alive connections holds after one request, and the processor time they take while
  nothing comes; for the same answer by hand beside. Needs 10,100 open files for each process (``ulimit -Hn``).
- transfer: the peak of memory after a gigabyte up, a gigabyte down piece by piece and a gigabyte from a file, against
  the peak after small requests.
- slow: latencies of 16 fast connections with and without 200 slow ones beside: half send a body byte by byte, half
  read a stream without end as slowly.
"""

import sys

sys.path.pop(0)  # this folder: `http.py` in it would hide the `http` of the standard library

import argparse
import asyncio
import contextlib
import itertools
import os
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

APPS = Path(__file__).parent / "apps"
sys.path.insert(0, str(APPS))

from scaled import FEW, SIZES, paths_of, routed  # noqa: E402 - the path is known only now

PATIENCE = 30.0  # seconds until a server must have answered for the first time
ROUNDS = 7
IN_PROCESS = 4000  # requests a turn, a fifth of a second's work
SECONDS = 3  # of load a turn
IDLE = 10_000
SLOW, FAST = 200, 16
GIGABYTE = 1 << 30
PIECE = 65536
MEGABYTE = 1 << 20
#: Bytecode is kept, whatever the settings here are: servers in use have theirs.
BYTECODE = tempfile.TemporaryDirectory()
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
ENVIRONMENT["PYTHONPYCACHEPREFIX"] = BYTECODE.name
WARM = 2000  # requests until a server has made all that it makes once


def main() -> None:
    """Measure what was asked for and print a line for each figure."""
    parts = {"routes": routes, "idle": idle, "transfer": transfer, "slow": slow}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*parts, []], help="what to measure; all of it by default")
    chosen = parser.parse_args().parts or list(parts)
    for name in chosen:
        parts[name]()


def say(part: str, text: str) -> None:
    """One line of figures."""
    sys.stdout.write(f"{part:9}{text}\n")
    sys.stdout.flush()


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def pinned(processor: int) -> list[str]:
    """The words before a command that keep it on one processor, where the system can and has two."""
    taskset = shutil.which("taskset")
    return [taskset, "-c", str(processor)] if taskset and (os.cpu_count() or 1) > 1 else []


# Servers


class Server:
    """One application on uvicorn, or by itself."""

    def __init__(self, target: str, *options: str, own: bool = False) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "uvicorn", target, "--app-dir", str(APPS), "--port", str(self.port)]
        quiet = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
        if own:
            command, quiet, options = [sys.executable, str(APPS / "alone.py"), target, str(self.port)], [], ()
        self.started = time.perf_counter()
        self.process = subprocess.Popen([*pinned(0), *command, *quiet, *options], env=ENVIRONMENT)

    def first_answer(self, path: str) -> float:
        """Seconds from the start of the process to the end of its first answer."""
        end = self.started + PATIENCE
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port)) as made:
                    get(made, path)
                    return time.perf_counter() - self.started
            except ConnectionError:
                if time.perf_counter() > end:
                    raise
                time.sleep(0.001)

    def status(self, name: str) -> int:
        """Bytes: ``VmRSS``, what it holds now, or ``VmHWM``, what it held at most."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(rf"{name}:\s+(\d+) kB", text) or sys.exit(f"No {name} in:\n{text}")
        return int(found[1]) * 1024

    def processor_time(self) -> float:
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def serving(target: str, path: str, *options: str, own: bool = False) -> Iterator[Server]:
    """A server that answers already."""
    server = Server(target, *options, own=own)
    try:
        server.first_answer(path)
        yield server
    finally:
        server.stop()


def get(made: socket.socket, path: str) -> None:
    """One request on a connection that stays open."""
    made.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    data = b""
    while not is_whole(data):
        piece = made.recv(PIECE)
        if not piece:
            sys.exit(f"A wrong answer: {data!r}")
        data += piece


def is_whole(data: bytes) -> bool:
    """Whether it is a right answer to its end."""
    found = re.match(rb"HTTP/1.1 200 .*?content-length: (\d+)\r\n.*?\r\n\r\n(.*)", data, re.DOTALL)
    return found is not None and len(found[2]) == int(found[1])


# Routes


def routes() -> None:
    """2,500 against 20."""
    asked = [asgi_turn(routed(*size), paths_of(*size, FEW)) for size in SIZES.values()]
    times = [[turn() for turn in asked] for _ in range(ROUNDS + 1)][1:]
    tell_routes("in process", [small for small, _ in times], [large for _, large in times])
    wrk = shutil.which("wrk") or sys.exit("This needs wrk (Debian: apt-get install wrk).")
    with contextlib.ExitStack() as stack:
        loads = []
        for name, size in SIZES.items():
            paths = paths_of(*size, FEW)
            server = stack.enter_context(serving(f"scaled:{name}", paths[0], "--factory"))
            loads.append((server, stack.enter_context(wrk_script(paths))))
        rates = [[load_of(wrk, server, script) for server, script in loads] for _ in range(ROUNDS + 1)][1:]
    tell_routes("uvicorn", [1 / rate for rate, _ in rates], [1 / rate for _, rate in rates])


def tell_routes(where: str, small: list[float], large: list[float]) -> None:
    """A line: both times, and the median of the rounds' ratios."""
    ratios = [many / few for few, many in zip(small, large, strict=True)]
    shown = f"20 routes {statistics.median(small) * 1e6:6.2f} us  2,500 routes {statistics.median(large) * 1e6:6.2f} us"
    spread = f"({min(ratios):.3f}-{max(ratios):.3f})"
    say("routes", f"{where:11}{shown}  ratio {statistics.median(ratios):.3f} {spread}")


def asgi_turn(app: Any, paths: list[str]) -> Callable[[], float]:
    """A function that asks an application for each of 20 paths in turn, and gives the seconds for one request."""
    loop = asyncio.new_event_loop()
    head = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http"}
    rest = {"query_string": b"", "root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2)}
    scopes = [{**head, **rest, "path": path, "raw_path": path.encode()} for path in paths]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message.get("status", 200) != 200:
            sys.exit(f"A wrong answer: {message}")

    async def ask() -> float:
        started = time.perf_counter()
        for _ in range(IN_PROCESS // FEW):
            for scope in scopes:
                await app({**scope, "headers": [(b"host", b"x")]}, receive, send)
        return (time.perf_counter() - started) / IN_PROCESS

    return lambda: loop.run_until_complete(ask())


@contextlib.contextmanager
def wrk_script(paths: list[str]) -> Iterator[str]:
    """A file by which ``wrk`` asks for one path after the other."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        listed = ", ".join(f'"{path}"' for path in paths)
        file.write(f"local paths = {{{listed}}}\nlocal n = 0\n")
        file.write('request = function() n = n % #paths + 1; return wrk.format("GET", paths[n]) end\n')
        file.flush()
        yield file.name


def load_of(wrk: str, server: Server, script: str) -> float:
    """Requests per second of server processor time: the figure that other load on the machine touches least."""
    command = [wrk, "-t1", "-c32", f"-d{SECONDS}s", "-s", script, f"http://127.0.0.1:{server.port}/"]
    before = server.processor_time()
    output = subprocess.run([*pinned(1), *command], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"The server answered wrongly:\n{output}")
    found = re.search(r"(\d+) requests in", output) or sys.exit(f"wrk said something else:\n{output}")
    return int(found[1]) / (server.processor_time() - before)


# Idle connections

OWN_HELLO = ("own", "hello_mainspring:app")


def idle() -> None:
    """Keep-alive connections that do nothing."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < IDLE + 100:
        sys.exit(f"This needs {IDLE + 100} open files for each process; the limit is {most} (ulimit -Hn).")
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, IDLE * 2), most))  # servers started from here have it too
    for name, target in (("by hand", "by_hand:app"), ("mainspring", "hello_mainspring:app"), OWN_HELLO):
        options = ("--timeout-keep-alive", "600", "--backlog", "4096")
        with serving(target, "/hello", *options, own=name == "own") as server:
            warm_up(server)
            before = server.status("VmRSS")
            with contextlib.ExitStack() as stack:
                connections = [stack.enter_context(ask_once(server)) for _ in range(IDLE)]
                each = (server.status("VmRSS") - before) / len(connections)
                busy = server.processor_time()
                time.sleep(SECONDS)
                busy = (server.processor_time() - busy) / SECONDS
            say("idle", f"{name:11}{IDLE} connections  {each:6.0f} bytes each  {busy:.1%} of a processor")


@contextlib.contextmanager
def ask_once(server: Server) -> Iterator[socket.socket]:
    """A connection that was used once."""
    with socket.create_connection(("127.0.0.1", server.port)) as made:
        get(made, "/hello")
        yield made


def warm_up(server: Server) -> None:
    """Small requests, one after the other."""
    with socket.create_connection(("127.0.0.1", server.port)) as made:
        for _ in range(WARM):
            get(made, "/hello")


# Large bodies


def transfer() -> None:
    """A gigabyte each way."""
    with tempfile.NamedTemporaryFile() as file:
        file.truncate(GIGABYTE)
        ENVIRONMENT["SCALE_FILE"] = file.name
        works: dict[str, Callable[[Server], int]] = {
            "upload": lambda server: send_body(server, GIGABYTE),
            "pieces": lambda server: read_body(server, f"/pieces?count={GIGABYTE // PIECE}"),
            "file": lambda server: read_body(server, "/file"),
        }
        for (name, work), own in itertools.product(works.items(), (False, True)):
            with serving("scaled:transfers", "/hello", "--factory", own=own) as server:
                warm_up(server)
                before = server.status("VmHWM")
                started = time.perf_counter()
                count = work(server)
                seconds = time.perf_counter() - started
                if count != GIGABYTE:
                    sys.exit(f"{name}: {count} bytes arrived.")
                more = (server.status("VmHWM") - before) / MEGABYTE
                peaks = f"peak {before / MEGABYTE:.1f} MB + {more:.1f} MB"
                say("transfer", f"{name + ' own' * own:11}{count / MEGABYTE / seconds:6.0f} MB/s  {peaks}")


def send_body(server: Server, size: int) -> int:
    """Upload so many bytes; gives how many the server counted."""
    piece = b"x" * PIECE
    with socket.create_connection(("127.0.0.1", server.port)) as made:
        head = f"POST /upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {size}\r\n"
        made.sendall(head.encode() + b"Content-Type: application/octet-stream\r\n\r\n")
        for _ in range(size // PIECE):
            made.sendall(piece)
        answer = b"".join(iter(lambda: made.recv(PIECE), b""))
    return int(answer.partition(b"\r\n\r\n")[2])


def read_body(server: Server, path: str) -> int:
    """Download; gives how many bytes came, without what delimits the pieces."""
    with socket.create_connection(("127.0.0.1", server.port)) as made, made.makefile("rb", PIECE) as reader:
        made.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        head = b"".join(iter(reader.readline, b"\r\n"))
        if b"chunked" not in head:
            return sum(len(piece) for piece in iter(lambda: reader.read(PIECE), b""))
        count = 0
        while size := int(reader.readline(), 16):
            count += len(reader.read(size))
            reader.readline()
        return count


# Slow clients


def slow() -> None:
    """Fast ones beside slow ones."""
    wrk = shutil.which("wrk") or sys.exit("This needs wrk (Debian: apt-get install wrk).")
    for own in (False, True):
        slow_beside_fast(wrk, own=own)


def slow_beside_fast(wrk: str, *, own: bool) -> None:
    """The same for one server."""
    with serving("scaled:transfers", "/hello", "--factory", own=own) as server:
        warm_up(server)
        alone, beside = [], []
        for _ in range(3):
            alone.append(latencies(wrk, server))
            with slow_clients(server):
                beside.append(latencies(wrk, server))
        peak = server.status("VmHWM") / MEGABYTE
    for name, rounds in (("alone", alone), ("beside", beside)):
        middle, worst = (statistics.median(each) for each in zip(*rounds, strict=True))
        say(
            "slow",
            f"{name + ' own' * own:11}p50 {middle:6.2f} ms  p99 {worst:6.2f} ms"
            + f"  peak {peak:.1f} MB" * (name == "beside"),
        )


def latencies(wrk: str, server: Server) -> tuple[float, float]:
    """Median and 99th percentile of the fast connections, in milliseconds."""
    command = [wrk, "-t1", f"-c{FAST}", f"-d{SECONDS}s", "--latency", f"http://127.0.0.1:{server.port}/hello"]
    output = subprocess.run([*pinned(1), *command], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"The server answered wrongly:\n{output}")
    found = {name: (float(number), unit) for name, number, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", output)}
    factor = {"us": 1e-3, "ms": 1.0, "s": 1e3}
    return tuple(found[name][0] * factor[found[name][1]] for name in ("50", "99"))  # type: ignore[return-value]


@contextlib.contextmanager
def slow_clients(server: Server) -> Iterator[None]:
    """200 of them, at work until the end of the block: a byte each in every tenth of a second."""
    with contextlib.ExitStack() as stack:
        address = ("127.0.0.1", server.port)
        made = [stack.enter_context(socket.create_connection(address)) for _ in range(SLOW)]
        senders, readers = made[: SLOW // 2], made[SLOW // 2 :]
        for each in senders:
            head = b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\n"
            each.sendall(head + b"Content-Length: 1000000\r\n\r\n")
        for each in readers:
            each.sendall(b"GET /pieces?count=1000000 HTTP/1.1\r\nHost: x\r\n\r\n")
        ended = threading.Event()

        def dawdle() -> None:
            while not ended.wait(0.1):
                for each in senders:
                    each.sendall(b"x")
                for each in readers:
                    each.recv(1)

        thread = threading.Thread(target=dawdle)
        thread.start()
        time.sleep(4)  # the buffers of those who read are full then
        try:
            yield
        finally:
            ended.set()
            thread.join()


if __name__ == "__main__":
    main()
