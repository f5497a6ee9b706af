"""The service as a process: addresses, restarts, signals, and starts that must fail."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from tests.acceptance.conftest import EXAMPLE, ROOT, Service, wait_until_refused


def test_the_data_survives_a_restart(service):
    created = service.start().todo(title="kept", tag=[1, {"a": None}])
    assert service.stop() == (0, "")
    service.start()
    assert service.client.get(f"/todos/{created['id']}").json() == created
    assert service.todo(title="next")["id"] > created["id"]


def test_the_data_survives_a_kill(service):
    created = [service.start().todo(title="kept"), service.todo(title="kept too")]
    service.kill()
    service.start()
    assert service.client.get("/todos").json() == created


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_by_signal_with_status_0(service, number):
    service.start()
    started = time.monotonic()
    assert service.stop(number) == (0, "")
    assert time.monotonic() - started < 20
    assert "has stopped" in service.output[-1]


def test_it_runs_in_its_own_folder(database):
    service = Service(database)
    try:
        assert service.start(cwd=EXAMPLE).todo(title="x")["title"] == "x"
        assert service.stop() == (0, "")
    finally:
        service.kill()


def test_host_and_port_choose_the_address(service):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    service.environment = {"HOST": "0.0.0.0", "PORT": str(port)}
    service.start()
    assert service.client.base_url == f"http://127.0.0.1:{port}"
    assert service.client.get("/todos").status_code == 200


def test_the_error_format_is_chosen_by_the_environment(service):
    service.environment = {"MAINSPRING_REST_ERROR_FORMAT": "loopback"}
    client = service.start().client
    missing = client.get("/todos/999")
    assert missing.headers["content-type"].startswith("application/json")
    assert missing.json()["error"]["statusCode"] == 404
    assert missing.json()["error"]["code"] == "ENTITY_NOT_FOUND"
    invalid = client.post("/todos", json={"title": 5}).json()["error"]
    assert (invalid["statusCode"], invalid["name"]) == (422, "UnprocessableEntityError")
    assert [(entry["path"], entry["code"]) for entry in invalid["details"]] == [("/title", "type")]


def test_a_request_in_flight_is_answered_before_it_stops(service):
    service.start()
    url = service.client.base_url
    body = json.dumps({"title": "in flight"}).encode()
    head = f"POST /todos HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((url.host, url.port), timeout=30) as client:
        client.sendall(head.encode() + body[:5])
        time.sleep(0.5)  # the service is waiting for the rest of the body now
        service.process.send_signal(signal.SIGTERM)
        wait_until_refused(url.host, url.port)
        client.sendall(body[5:])
        answer = b""
        while chunk := client.recv(65536):
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 200 ")
    _, err = service.process.communicate(timeout=30)
    assert (service.process.returncode, err) == (0, "")
    service.process = None
    service.start()
    assert [todo["title"] for todo in service.client.get("/todos").json()] == ["in flight"]


def test_a_port_in_use_is_named(service, database):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, error = service.fail("--port", str(port))
    assert status == 1
    assert error.count("\n") == 1
    assert "127.0.0.1" in error
    assert str(port) in error


@pytest.mark.parametrize("kind", ["below a file", "a folder", "no folder", "not a database"])
def test_a_data_file_that_cannot_be_written_is_named(service, tmp_path, kind):
    plain = tmp_path / "plain.txt"
    plain.write_text("these are not the bytes of a database, but somebody may need them\n" * 20)
    service.database = {
        "below a file": plain / "todo.db",
        "a folder": tmp_path,
        "no folder": tmp_path / "missing" / "todo.db",
        "not a database": plain,
    }[kind]
    status, error = service.fail()
    assert status == 1
    assert error.count("\n") == 1
    assert str(service.database) in error
    assert plain.read_text().startswith("these are not the bytes")
    assert not (tmp_path / "missing").exists()


def test_a_syntax_error_in_a_controller_names_file_and_line(copied):
    created = copied.start().todo(title="kept")
    assert copied.stop() == (0, "")
    before = copied.database.read_bytes()
    file = copied.example / "controllers" / "todo_controller.py"
    good = file.read_text()
    lines = good.splitlines()
    line = next(number for number, text in enumerate(lines, start=1) if "async def create" in text)
    lines[line - 1] = lines[line - 1].replace("async def", "async dfe")
    file.write_text("\n".join(lines))

    status, error = copied.fail()
    assert status == 1
    assert error.count("\n") == 1
    assert str(file) in error or "todo_controller.py" in error
    assert f":{line}" in error or f"line {line}" in error
    assert "SyntaxError" in error
    assert copied.database.read_bytes() == before

    file.write_text(good)
    copied.start()
    assert copied.client.get("/todos").json() == [created]


def test_an_error_in_a_repository_file_names_file_and_line(copied):
    file = copied.example / "repositories" / "todo_repository.py"
    file.write_text("\n\nraise RuntimeError('not today')\n")
    status, error = copied.fail()
    assert status == 1
    assert "todo_repository.py" in error
    assert "not today" in error
    assert ":3" in error or "line 3" in error
    assert not copied.database.exists()


def test_routes_lists_the_operations_without_a_database(service, database):
    command = [sys.executable, "-m", "mainspring.cli", "routes", str(EXAMPLE)]
    environment = {"PATH": "/usr/bin:/bin", "TODO_DATABASE": str(database)}
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    routes = {(route["verb"], route["path"]): route["handler"] for route in json.loads(done.stdout)}
    assert routes["GET", "/todos/{id}"] == "TodoController.find_by_id"
    assert routes["GET", "/"] == "HomeController.page"
    assert len(routes) == 13
    text = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False).stdout
    assert ["PATCH", "/todos/{id}", "TodoController.update_by_id"] in [line.split() for line in text.splitlines()]
    assert not database.exists(), "nothing was started"


def test_the_readmes_application_runs(tmp_path: Path):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    code = text.split('```python title="app.py"\n')[1].split("```")[0]
    assert code.count("\n") <= 26
    (tmp_path / "app.py").write_text(code)
    service = Service(tmp_path / "unused.db", tmp_path)
    try:
        client = service.start().client
        answer = client.get("/greet/Ada?language=fr&times=2")
        assert (answer.status_code, answer.text) == (200, '["Bonjour, Ada!","Bonjour, Ada!"]')
        assert client.get("/greet/Ada?times=many").status_code == 400
        assert client.get("/greet/Ada?language=xx").json()["detail"] == "Nobody here speaks xx."
        assert "/greet/{name}" in client.get("/openapi.json").json()["paths"]
        assert service.stop() == (0, "")
    finally:
        service.kill()


def test_an_idle_keep_alive_connection_does_not_hold_it_up(service):
    service.start()
    with httpx.Client(base_url=service.client.base_url) as idle:
        idle.get("/todos")
        started = time.monotonic()
        assert service.stop() == (0, "")
        assert time.monotonic() - started < 10
