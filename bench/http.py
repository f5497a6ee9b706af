"""Requests per second of server CPU: Mainspring, hand-written ASGI and other frameworks, in turn within one run.

    python -m venv bench/env && bench/env/bin/pip install -e . -r bench/peers-http.txt
    node bench/node/install.mjs                      # the peers on Node, where Node is there
    bench/env/bin/python bench/http.py [--only by_hand,on_mainspring] [--rounds 5] [--seconds 3]
    bench/env/bin/python bench/http.py --in-process
    bench/env/bin/python bench/http.py --cold 10

Every application in ``apps`` is one process on uvicorn with uvloop and httptools (``protocol_by_hand``, a protocol of
asyncio without any server, and ``listener_mainspring``, which is ``on_mainspring`` over our own listener, serve
themselves, and so do those on Node), kept on the first processor; ``wrk``
with 32 connections is kept on the second. All are up and idle while the others are loaded, round by round, so that what
else the machine does hits them alike. What counts is requests by the processor time of the server; the figure to look
at is the median of the rounds' ratios to hand-written ASGI, which sends the same lines. An application that answers
wrongly before, or whose run had an error in it, is left out.

- W1: `GET /hello`.
- W2: `GET /items/{id}?q=&limit=`, two of them numbers; bad ones are refused.
- W3: `POST /orders`, a nested model with five lines; bad ones are refused.
- W4: `GET /di`, an object graph of which all but two singletons are made for the request, one from the request itself.
- W4b: `GET /given`, the same graph, made by functions and given to the handler. Who makes that of W4 so answers W4.

``--tls`` serves over TLS what can, with a certificate made for it. ``--in-process`` calls the applications without a
server and tells microseconds per request, and those over hand-written code. ``--cold N`` starts the hello applications
of Mainspring and Starlette N times in turn, and tells the time from the start of the process to the first answer, and
the peak memory after a second of load.
"""

import sys

if __name__ == "__main__":
    sys.path.pop(0)  # this folder: this very file would hide the `http` of the standard library

import argparse
import asyncio
import atexit
import importlib
import json
import os
import re
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

APPS = Path(__file__).parent / "apps"
BASE = "by_hand"
#: Programs that serve by themselves: the limit of what Python can do here, and our listener.
ALONE = ["protocol_by_hand", "listener_mainspring"]
#: Frameworks on Node: folder of the packages, program, its arguments.
NODE = {
    "fastify": ("node", "fastify.mjs", ()),
    "nest_fastify": ("node", "nest.mjs", ("fastify",)),
    "loopback4": ("node", "loopback4.cjs", ()),
    "tsed": ("tsed", "tsed.mjs", ()),
}
ENV = Path(__file__).parent / "env"
NAMES = [
    BASE,
    *ALONE,
    "on_mainspring",
    *sorted(file.stem for file in APPS.glob("on_*.py") if file.stem != "on_mainspring"),
    *(name for name, (folder, file, _) in NODE.items() if (ENV / folder / "apps" / file).exists()),
]
ORDER = {
    "id": 7,
    "customer": {"name": "Ada", "email": "ada@example.org"},
    "lines": [{"sku": f"sku-{n}", "qty": n + 1, "price": 1.25 * (n + 1)} for n in range(5)],
    "note": "leave at door",
}
TOTAL = {"id": 7, "total": 68.75, "count": 5}
PATHS = {"W1": "/hello", "W2": "/items/42?q=abc&limit=5", "W3": "/orders", "W4": "/di", "W4b": "/given"}
#: These have a way of their own to W4b.
GIVING = {BASE, "on_mainspring", "listener_mainspring"}
HELLO_ALONE = ["hello_listener"]
HELLO = ["hello_starlette", "hello_mainspring", *HELLO_ALONE]
PATIENCE = 30.0  # seconds until a server must have answered for the first time
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure what is asked for."""
    options = arguments()
    names = [name for name in NAMES if not options.only or name in options.only.split(",")]
    if options.in_process:
        in_process([name for name in names if name not in ALONE and name not in NODE], options.rounds)
        return
    wrk = shutil.which("wrk") or sys.exit("This needs wrk (Debian: apt-get install wrk).")
    if options.tls:
        names = [name for name in names if name not in NODE and name != "protocol_by_hand"]
        certify()
    servers = [Server(name) for name in (HELLO if options.cold else names)]
    try:
        if options.cold:
            start_cold(wrk, servers, options.cold)
            return
        for server in servers:
            server.started()
        right = [server for server in servers if server.answers_rightly()]
        measure(wrk, right, options.rounds, options.seconds)
    finally:
        for server in servers:
            server.stop()


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help=f"some of {', '.join(NAMES)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of load, for each application, workload and round")
    parser.add_argument("--cold", type=int, default=0, help="so many cold starts, and nothing else")
    parser.add_argument("--tls", action="store_true", help="over TLS")
    parser.add_argument("--in-process", action="store_true", help="without a server")
    return parser.parse_args()


#: Certificate and key, where servers speak TLS.
TLS: list[str] = []


def certify() -> None:
    """Have a certificate, that no client here looks at."""
    folder = tempfile.mkdtemp()
    TLS.extend(f"{folder}/{name}.pem" for name in ("cert", "key"))
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*command, "-out", TLS[0], "-keyout", TLS[1]], check=True, capture_output=True)
    atexit.register(shutil.rmtree, folder)


def socket_to(port: int) -> socket.socket:
    """A connection to a server."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=2)
    return CLIENT.wrap_socket(plain) if TLS else plain


CLIENT = ssl.create_default_context()
CLIENT.check_hostname = False
CLIENT.verify_mode = ssl.CERT_NONE


class Server:
    """One application on uvicorn, on the first processor."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def started(self) -> float:
        """Start it; the seconds until its first answer."""
        quiet = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
        words = [sys.executable, "-m", "uvicorn", f"{self.name}:app", "--app-dir", str(APPS), "--port", str(self.port)]
        if self.name in (*ALONE, *HELLO_ALONE):
            words, quiet = [sys.executable, str(APPS / f"{self.name}.py"), str(self.port), *TLS], []
        elif TLS:
            quiet += ["--ssl-certfile", TLS[0], "--ssl-keyfile", TLS[1]]
        if self.name in NODE:
            folder, file, words_of = NODE[self.name]
            words, quiet = ["node", str(ENV / folder / "apps" / file), *words_of], []
        # Bytecode is kept, as it is wherever a program is started twice.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PORT": str(self.port), "NODE_ENV": "production"}
        begin = time.perf_counter()
        self._process = subprocess.Popen([*pinned(0), *words, *quiet], env=environment)
        while time.perf_counter() - begin < PATIENCE:
            try:
                with socket_to(self.port) as probe:
                    probe.sendall(b"GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                    if b" 200 " in probe.recv(4096):
                        break
            except OSError:
                time.sleep(0.001)
        else:
            sys.exit(f"{self.name} did not answer within {PATIENCE:.0f} seconds.")
        return time.perf_counter() - begin

    def stop(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=PATIENCE)

    def answers_rightly(self) -> bool:
        """Whether it answers as it should; else it says what was wrong."""
        order = json.dumps(ORDER).encode()
        wrong = [
            f"{path} gave {status} {value!r}"
            for path, body, statuses, expected in (
                ("/hello", None, (200,), {"hello": "world"}),
                (PATHS["W2"], None, (200,), {"id": 42, "q": "abc", "limit": 5}),
                ("/items/43?q=x%20y", None, (200,), {"id": 43, "q": "x y", "limit": 10}),
                ("/items/42?q=abc&limit=x", None, (400, 422), None),
                ("/items/x?q=abc", None, (400, 404, 422), None),
                ("/items/42", None, (400, 422), None),
                ("/orders", order, (200, 201), TOTAL),
                ("/orders", order.replace(b'"qty": 2', b'"qty": 0'), (400, 422), None),
                ("/orders", order.replace(b'"name"', b'"nome"'), (400, 422), None),
                ("/di", None, (200,), {"path": "/di", "value": 42}),
                (path_of(self.name, "W4b"), None, (200,), {"path": path_of(self.name, "W4b"), "value": 42}),
            )
            for status, value in [self._ask(path, body)]
            if status not in statuses or (expected is not None and value != expected)
        ]
        if wrong:
            say(f"{self.name} is left out: {wrong[0]}")
        return not wrong

    def _ask(self, path: str, body: bytes | None) -> tuple[int, Any]:
        kind = {"content-type": "application/json"} if body is not None else {}
        request = urllib.request.Request(f"{self.url}{path}", data=body, headers=kind)
        try:
            with urllib.request.urlopen(request, timeout=5, context=CLIENT) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if TLS else 'http'}://127.0.0.1:{self.port}"

    def processor_time(self) -> float:
        """Seconds of a processor that it has used."""
        fields = self._about("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak_memory(self) -> float:
        """MiB."""
        found = re.search(r"VmHWM:\s+(\d+)", self._about("status"))
        return int(found[1]) / 1024 if found else float("nan")

    def _about(self, what: str) -> str:
        assert self._process is not None
        return Path(f"/proc/{self._process.pid}/{what}").read_text()


def measure(wrk: str, servers: list[Server], rounds: int, seconds: int) -> None:
    """Load them in turn; one line each."""
    rates: dict[tuple[str, str], list[float]] = {}
    for server in servers:
        for workload in PATHS:  # plans, decision trees and caches are made by the first requests
            load(wrk, server, workload, 1)
    for number in range(1, rounds + 1):
        for workload in PATHS:
            for server in servers:
                rates.setdefault((server.name, workload), []).append(load(wrk, server, workload, seconds))
        say(f"round {number} of {rounds}")
    say(f"{'':15} " + " ".join(f"{workload:>18}" for workload in PATHS))
    for server in servers:
        say(f"{server.name:15} " + " ".join(shown(rates, server.name, workload) for workload in PATHS))


def start_cold(wrk: str, servers: list[Server], times: int) -> None:
    """Start them in turn; one line each."""
    seconds: dict[str, list[float]] = {server.name: [] for server in servers}
    memory: dict[str, float] = {}
    for _ in range(times + 1):
        for server in servers:
            seconds[server.name].append(server.started())
            if server.name not in memory:
                load(wrk, server, "W1", 1)
                memory[server.name] = server.peak_memory()
            server.stop()
    for name, (_, *counted) in seconds.items():  # the first start writes the bytecode
        shown = f"{statistics.median(counted) * 1000:.0f} ms ({min(counted) * 1000:.0f}-{max(counted) * 1000:.0f})"
        say(f"{name:17} first answer after {shown}, peak memory {memory[name]:.1f} MiB")


def path_of(name: str, workload: str) -> str:
    """The path of a workload in an application."""
    return PATHS["W4"] if workload == "W4b" and name not in GIVING else PATHS[workload]


def shown(rates: dict[tuple[str, str], list[float]], name: str, workload: str) -> str:
    """Requests per second of processor time, and the ratio to hand-written code where that was measured."""
    own, base = rates[name, workload], rates.get((BASE, workload), [])
    ratios = [each / other for each, other in zip(own, base, strict=False) if each and other]
    ratio = f"{statistics.median(ratios):.3f}" if ratios else "-"
    return f"{statistics.median(own):10.0f}/s {ratio:>6}"


def load(wrk: str, server: Server, workload: str, seconds: int) -> float:
    """Requests by the processor time they took; 0 when one of them failed."""
    words = [wrk, "-t1", "-c32", f"-d{seconds}s"]
    if workload == "W3":
        words += ["-s", str(APPS / "order.lua")]
    before = server.processor_time()
    url = f"{server.url}{path_of(server.name, workload)}"
    environment = {**os.environ, "ORDER": json.dumps(ORDER)}
    output = subprocess.run(
        [*pinned(1), *words, url], capture_output=True, text=True, check=True, env=environment
    ).stdout
    used = server.processor_time() - before
    count = re.search(r"(\d+) requests in", output)
    if "Non-2xx" in output or "Socket errors" in output or count is None or not used:
        say(f"{server.name} {workload}: this run does not count:\n{output}")
        return 0.0
    return int(count[1]) / used


# Without a server


def in_process(names: Iterable[str], rounds: int) -> None:
    """Microseconds per request of each application in one process: in turn, a thousand requests at a time."""
    sys.path.insert(0, str(APPS))
    apps = {name: importlib.import_module(name).app for name in names}
    sys.path.pop(0)
    try:
        import uvloop

        run = uvloop.run
    except ImportError:
        run = asyncio.run
    run(compare(apps, rounds))


async def compare(apps: dict[str, Any], rounds: int) -> None:
    """One line for each workload."""
    lifespans = [asyncio.create_task(begun(app)) for app in apps.values()]
    await asyncio.gather(*lifespans)
    for workload in PATHS:
        times: dict[str, list[float]] = {name: [] for name in apps}
        for name, app in apps.items():
            await calls(app, path_of(name, workload), 200)
        for _ in range(rounds * 10):
            for name, app in apps.items():
                times[name].append(await calls(app, path_of(name, workload), 1000))
        # The least: in one process nothing but what else the machine does makes a round slower than another.
        least = {name: min(each) for name, each in times.items()}
        over = least.get(BASE, float("nan"))
        figures = (f"{name} {micros:.2f} (+{micros - over:.2f})" for name, micros in least.items())
        say(f"{workload}  us per request, over hand-written code:  " + "  ".join(figures))


async def begun(app: Any) -> None:
    """Start an application as a server would; it is not stopped, since the process ends."""
    ready = asyncio.Event()
    messages: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    messages.put_nowait({"type": "lifespan.startup"})

    async def send(_: Any) -> None:
        ready.set()

    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    task = asyncio.ensure_future(app(scope, messages.get, send))
    RUNNING.append(task)
    await asyncio.wait([task, asyncio.create_task(ready.wait())], return_when=asyncio.FIRST_COMPLETED)


#: The lifespans of the applications, which last as long as the process.
RUNNING: list[Any] = []


async def calls(app: Any, target: str, count: int) -> float:
    """Microseconds of processor time per request, by requests as uvicorn hands them over."""
    body = json.dumps(ORDER).encode() if target == PATHS["W3"] else b""
    path, _, query = target.partition("?")
    fields = [(b"host", b"127.0.0.1:8000")]
    if body:
        fields += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
        "scheme": "http",
        "method": "POST" if body else "GET",
        "root_path": "",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": fields,
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    begin = time.process_time()
    for _ in range(count):
        sent.clear()
        await app({**scope, "state": {}}, receive, send)
    seconds = time.process_time() - begin
    if sent[0]["status"] not in (200, 201):
        sys.exit(f"{app} answered {sent[0]['status']} to {target}.")
    return seconds / count * 1e6


# Odds and ends


def pinned(processor: int) -> list[str]:
    """The words before a command that keep it on one processor, where the system can and has two."""
    taskset = shutil.which("taskset")
    return [taskset, "-c", str(processor)] if taskset and (os.cpu_count() or 1) > 1 else []


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def say(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
