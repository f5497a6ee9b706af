"""The event server as a process: what comes by TCP is seen by HTTP, and both servers drain in order."""

import contextlib
import json
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.acceptance.conftest import PATIENCE, ROOT, Service, wait_until_refused

EXAMPLE = ROOT / "examples" / "event-server"

SLOW_HANDLER = """
import asyncio
from pathlib import Path

from ..events import handles


@handles("wait")
class WaitHandler:
    async def handle(self) -> None:
        Path({begun!r}).touch()
        while not Path({gate!r}).exists():
            await asyncio.sleep(0.01)
"""


class Sensor:
    """A client of the event server."""

    def __init__(self, url: str) -> None:
        self.host, port = url.removeprefix("tcp://").split(":")
        self.port = int(port)
        self.socket = socket.create_connection((self.host, self.port), timeout=PATIENCE)
        self.answers = self.socket.makefile("r")

    def close(self) -> None:
        self.answers.close()
        self.socket.close()

    def send(self, line: str) -> str:
        self.socket.sendall(line.encode() + b"\n")
        return self.answers.readline().rstrip()

    def reading(self, sensor: str, celsius: float) -> str:
        return self.send(f"reading {json.dumps({'sensor': sensor, 'celsius': celsius})}")


@pytest.fixture
def events(tmp_path: Path) -> Iterator[Service]:
    """The example, not started, in a copy that may be changed."""
    copy = tmp_path / "my copy"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    service = Service(tmp_path / "unused.db", copy, servers=2)
    service.environment = {"MAINSPRING_EVENTS_PORT": "0", "MAINSPRING_EVENTS_JOURNAL": str(tmp_path / "journal")}
    yield service
    service.kill()


@pytest.fixture
def sensor(events: Service) -> Iterator[Callable[[], Sensor]]:
    """Makes clients of the event server."""
    with contextlib.ExitStack() as opened:

        def connect() -> Sensor:
            made = Sensor(events.addresses["servers.EventServer"])
            opened.callback(made.close)
            return made

        yield connect


def journal_of(service: Service) -> list[str]:
    return [json.loads(line)["name"] for line in (service.example.parent / "journal").read_text().splitlines()]


def test_what_comes_by_tcp_is_seen_by_http(events, sensor):
    """CORE-041, CORE-043, CORE-051, CORE-055, CORE-064, CORE-191, CORE-198, CORE-240"""
    client = events.start().client
    roof, cellar = sensor(), sensor()
    assert roof.reading("roof", 31.5) == "ok 2"
    assert cellar.reading("cellar", 9) == "ok 2"
    assert roof.send('note {"text": "of no handler"}') == "ok 0"
    assert client.get("/readings").json() == {"roof": 31.5, "cellar": 9.0}
    assert client.get("/alarms").json() == ["roof: 31.5 °C"]
    assert [event["name"] for event in client.get("/events").json()] == ["reading", "reading", "note"]
    answer = client.post("/events", json={"name": "reading", "data": {"sensor": "roof", "celsius": 20}})
    assert (answer.status_code, answer.json()) == (202, {"handlers": 2})
    assert client.get("/readings").json() == {"roof": 20.0, "cellar": 9.0}
    assert events.stop() == (0, "")
    assert journal_of(events) == ["reading", "reading", "note", "reading"]
    assert events.output[-1] == "event-server has stopped.\n"


def test_a_wrong_event_is_answered_and_harms_nobody(events, sensor):
    """CORE-056"""
    client = events.start().client
    roof = sensor()
    for line in ("", "{}", "reading [1]", "reading {", "reading {}", 'reading {"sensor": "x"}'):
        assert roof.send(line).startswith("error "), line
    assert roof.reading("roof", 1) == "ok 2"
    assert client.post("/events", json={"name": "reading", "data": {}}).status_code == 422
    assert client.get("/readings").json() == {"roof": 1.0}
    with contextlib.suppress(ConnectionError):  # there may be bytes that nobody reads any more
        roof.socket.sendall(b"x" * 200_000)  # a line without an end
        assert roof.answers.read() == ""
    assert sensor().reading("roof", 2) == "ok 2"
    assert events.stop()[0] == 0


def test_both_servers_drain_in_order(events, sensor, tmp_path):
    """CORE-057, CORE-152, CORE-157, CORE-159, CORE-163, CORE-181, CORE-240"""
    begun, gate = tmp_path / "begun", tmp_path / "gate"
    handler = SLOW_HANDLER.format(begun=str(begun), gate=str(gate))
    (events.example / "event_server" / "handlers" / "wait_handler.py").write_text(handler)
    client = events.start().client
    busy, idle = sensor(), sensor()
    busy.socket.sendall(b"wait\n")
    with socket.create_connection((client.base_url.host, client.base_url.port), timeout=PATIENCE) as poster:
        body = b'{"name": "last", "data": {}}'
        head = f"POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        poster.sendall(f"{head}\r\n".encode() + body[:5])
        while not begun.exists() or client.get("/events").json()[-1:] != [{"name": "wait", "data": {}}]:
            pass

        events.process.send_signal(signal.SIGTERM)
        wait_until_refused(busy.host, busy.port)
        assert idle.answers.read() == "", "an idle connection is closed at once"
        assert client.get("/readings").status_code == 200, "requests are answered while events drain"

        gate.touch()
        assert busy.answers.read() == "ok 1\n", "the event in progress is answered, then the connection closed"
        wait_until_refused(client.base_url.host, client.base_url.port)
        poster.sendall(body[5:])
        assert poster.makefile("rb").read().startswith(b"HTTP/1.1 202 "), "so is the request in progress"
    out, err = events.process.communicate(timeout=PATIENCE)
    assert (events.process.returncode, err, out) == (0, "", "event-server has stopped.\n")
    assert journal_of(events) == ["wait", "last"], "the journal was open until both had ended"


def test_an_event_that_never_ends_is_cancelled_when_the_grace_period_passes(events, sensor, tmp_path):
    """CORE-057, CORE-174"""
    handler = SLOW_HANDLER.format(begun=str(tmp_path / "begun"), gate=str(tmp_path / "never"))
    (events.example / "event_server" / "handlers" / "wait_handler.py").write_text(handler)
    events.environment["MAINSPRING_SHUTDOWN_GRACE_PERIOD"] = "0.2"
    events.start()
    roof = sensor()
    roof.socket.sendall(b"wait\n")
    while not (tmp_path / "begun").exists():
        pass
    status, error = events.stop()
    assert (status, error.count("\n")) == (143, 1)
    assert "servers.EventServer" in error
    assert roof.answers.read() == ""


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("MAINSPRING_EVENTS_PORT", "many", "MAINSPRING_EVENTS_PORT"),
        ("MAINSPRING_EVENTS_PROT", "1", "MAINSPRING_EVENTS_PROT"),
        ("MAINSPRING_EVENTS_JOURNAL", "/nowhere/at/all", "/nowhere/at/all"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_listens(events, variable, value, said):
    """CORE-242, CORE-245"""
    events.environment[variable] = value
    status, error = events.fail()
    assert status == 1
    assert error.count("\n") == 1
    assert said in error


def test_a_port_in_use_undoes_the_start_of_both(events):
    """CORE-112, CORE-113"""
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
        probe.close()
        events.environment |= {"MAINSPRING_EVENTS_PORT": str(taken.getsockname()[1]), "PORT": str(port)}
        status, error = events.fail()
    assert (status, error.count("\n")) == (1, 1)
    assert f"{events.environment['MAINSPRING_EVENTS_PORT']}" in error
    socket.create_server(("127.0.0.1", port)).close()
