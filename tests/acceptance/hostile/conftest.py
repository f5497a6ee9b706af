"""A server of its own process under attack, and a client that sends bytes as they are."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import PATIENCE, ROOT

TARGET = Path(__file__).parent / "target"
MEGABYTE = 1024 * 1024
LARGE = 32 * MEGABYTE  # bytes of the file that is downloaded: more than all buffers on the way together

FLOOD = 2000  # characters in the log for one attack; what uvicorn says of a malformed request is 31

#: What no answer may hold: our files, our libraries, and the secret of the operation that fails.
INSIDE = re.compile(rb"Traceback|\.py\b|site-packages|msgspec|starlette|uvicorn|python|secret|0x[0-9a-f]{8}", re.I)


@dataclass
class Answer:
    """A response as it was on the wire."""

    status: int
    lines: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of the only line of this name."""
        found = [value for key, value in self.lines if key == name]
        assert len(found) < 2, f"{name} is said twice: {found}"
        return found[0] if found else None

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The word for programs, of an error that is in the error format."""
        assert self.header("content-type") == "application/problem+json", self
        problem = self.json()
        assert problem["status"] == self.status
        found: str | None = problem.get("code")
        return found


class Attacked:
    """The server. Each of the attackers' connections is closed with it.

    Attributes:
        is_own: Whether our own listener listens, which has limits and rules that other servers have not.
    """

    def __init__(self, files: Path, log: Path, server: str) -> None:
        self.log = log
        self.is_own = server == "mainspring"
        self._stack = contextlib.ExitStack()
        said = self._stack.enter_context(log.open("wb"))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mainspring.cli", "run", str(TARGET)],
            cwd=ROOT,
            env={**os.environ, "PORT": "0", "HOST": "127.0.0.1", "HOSTILE_FILES": str(files), "HOSTILE_SERVER": server},
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
        self._stack.callback(self._end)
        alarm = threading.Timer(PATIENCE, self.process.kill)
        alarm.start()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        alarm.cancel()
        assert " listens at " in line, log.read_text()
        self.port = int(line.rpartition(":")[2])

    def close(self) -> None:
        """End it and every connection."""
        self._stack.close()

    def _end(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=PATIENCE)

    # Speaking

    def connect(self, *, receive_buffer: int | None = None) -> socket.socket:
        """A new connection."""
        made = socket.socket()
        self._stack.callback(made.close)
        if receive_buffer is not None:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        made.settimeout(PATIENCE)
        made.connect(("127.0.0.1", self.port))
        return made

    def send(self, *pieces: bytes, timeout: float = PATIENCE) -> list[Answer]:
        """Send bytes on a connection of their own; gives what is answered until the server closes it."""
        with self.connect() as made:
            made.settimeout(timeout)
            with contextlib.suppress(ConnectionError):  # it may answer and close before it has all of it
                for piece in pieces:
                    made.sendall(piece)
            return answers_in(received(made))

    def ask(self, line: str | bytes, *fields: str | bytes, body: bytes = b"", timeout: float = PATIENCE) -> Answer:
        """Send one request, its head as it is given; gives the only answer, which must tell nothing of the inside."""
        head = b"".join(
            each.encode() + b"\r\n" if isinstance(each, str) else each + b"\r\n" for each in (line, *fields)
        )
        if body and b"content-length" not in head.lower():
            head += b"Content-Length: %d\r\n" % len(body)
        answers = self.send(head + b"Host: x\r\nConnection: close\r\n\r\n" + body, timeout=timeout)
        assert len(answers) == 1, answers
        assert not INSIDE.search(answers[0].body), answers[0]
        return answers[0]

    def get(self, target: str | bytes, *fields: str | bytes) -> Answer:
        """GET of a request target as it is."""
        return self.ask(b"GET " + (target.encode() if isinstance(target, str) else target) + b" HTTP/1.1", *fields)

    def post(self, target: str, kind: str, body: bytes, *fields: str | bytes) -> Answer:
        """POST of a body."""
        return self.ask(f"POST {target} HTTP/1.1", f"Content-Type: {kind}", *fields, body=body)

    # Watching

    @property
    def memory(self) -> int:
        """Bytes that it holds in memory now."""
        return self._status("VmRSS")

    @property
    def peak(self) -> int:
        """Bytes that it held at most since `forget_peak`."""
        return self._status("VmHWM")

    def forget_peak(self) -> None:
        """Begin to measure the peak anew (Linux: proc(5), clear_refs)."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def _status(self, name: str) -> int:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(rf"{name}:\s+(\d+) kB", text)
        assert found is not None
        return int(found[1]) * 1024

    @contextlib.contextmanager
    def bounded(self, megabytes: int) -> Iterator[None]:
        """What is done within needs no more memory than that, beyond what the server has already."""
        self.forget_peak()
        before = self.memory
        yield
        used = (self.peak - before) / MEGABYTE
        assert used <= megabytes, f"{used:.1f} MB more than before"

    def is_undisturbed(self) -> None:
        """A normal request on another connection is answered at once."""
        started = time.monotonic()
        assert self.get("/hello").json() == {"message": "Hello, world"}
        # Far above what it takes and far below any timeout: it was not waiting for the attacker.
        assert time.monotonic() - started < 3

    @property
    def logged(self) -> str:
        """What it wrote to its standard error stream so far."""
        return self.log.read_text()


def received(made: socket.socket) -> bytes:
    """Everything until the other side closes."""
    data = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while piece := made.recv(65536):
            data += piece
    return bytes(data)


def answers_in(data: bytes) -> list[Answer]:
    """The final responses on the wire, one after the other; what is no response fails."""
    found = []
    while data:
        head, blank, rest = data.partition(b"\r\n\r\n")
        assert blank, data[:1000]
        first, *lines = head.decode("latin-1").split("\r\n")
        matched = re.fullmatch(r"HTTP/1\.1 (\d{3}) [^\r\n]*", first)
        assert matched is not None, first
        pairs = [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines)]
        answer = Answer(int(matched[1]), pairs, b"")
        if answer.header("transfer-encoding") == "chunked":
            answer.body, data = dechunked(rest)
        else:
            length = int(answer.header("content-length") or 0)
            answer.body, data = rest[:length], rest[length:]
        if answer.status >= 200:
            found.append(answer)
    return found


def dechunked(data: bytes) -> tuple[bytes, bytes]:
    """A chunked body as far as it came, and what follows it."""
    body = bytearray()
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        body += data[:length]
        data = data[length + 2 :]
        if length == 0:
            break
    return bytes(body), data


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the target, with things beside the public one."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "public" / "sub").mkdir(parents=True)
    (folder / "public" / "a.txt").write_text("0123456789")
    (folder / "public" / ".hidden").write_text("secret of a dotfile")
    (folder / "outside.txt").write_text("secret of outside")
    (folder / "public" / "link.txt").symlink_to(folder / "outside.txt")
    (folder / "public" / "loop").symlink_to(folder / "public" / "loop")
    (folder / "public" / "up").symlink_to(folder)
    with (folder / "large").open("wb") as file:
        file.truncate(LARGE)
    return folder


@pytest.fixture(scope="session", params=["mainspring", "uvicorn"])
def attacked(request: Any, files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """One server for all attacks: what one leaves behind, the others see."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("the memory of a process is measured as Linux shows it")
    server = Attacked(files, tmp_path_factory.mktemp("log") / "stderr", request.param)
    yield server
    server.close()


@pytest.fixture
def target(attacked: Attacked) -> Iterator[Attacked]:
    """The server; after the attack it answers as before, and no fault of a client has left a traceback in its log."""
    before = len(attacked.logged)
    yield attacked
    assert attacked.process.poll() is None, attacked.logged
    attacked.is_undisturbed()
    said = attacked.logged[before:]
    assert "Traceback" not in said
    assert len(said) < FLOOD, f"a flood: {said[:FLOOD]}"
