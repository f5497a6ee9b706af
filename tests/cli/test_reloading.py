"""``mainspring run --reload``: a changed file is in service within a moment, and the process ends as it should."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

APP = """
from mainspring import RestApplication


def answer() -> list[str]:
    return ["{word}"]


class App(RestApplication):
    def __init__(self, config=None):
        super().__init__(config)
        self.route("get", "/word", None, answer)
"""


@pytest.fixture
def running(project: Any, environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], Path, str]]:
    file = project.write("app.py", APP.format(word="first"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mainspring.cli", "run", "--reload", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=project.root, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process, file, f"http://127.0.0.1:{port}/word"
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)


def until(holds: Callable[[], bool]) -> None:
    """Look again and again; a test that hangs is cut off by its time limit."""
    while not holds():
        time.sleep(0.02)


def word(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, ConnectionError):
        return ""


def edit(file: Path, text: str) -> None:
    """As editors do: another file in its place, of another time."""
    beside = file.with_suffix(".new")
    beside.write_text(text)
    os.replace(beside, file)


def test_a_change_is_in_service_and_the_end_is_orderly(running):
    process, file, url = running
    until(lambda: word(url) == '["first"]')
    edit(file, APP.format(word="second, longer"))
    until(lambda: word(url) == '["second, longer"]')
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    assert word(url) == ""
    said = process.stderr.read()
    assert said.count("Changed: app.py. Starting anew.\n") == 1


def test_a_program_that_does_not_start_waits_for_the_next_change(running):
    process, file, url = running
    until(lambda: word(url) == '["first"]')
    edit(file, "def broken(:\n")
    for line in process.stderr:
        if "Waiting for a change" in line:
            break
    assert process.poll() is None
    edit(file, APP.format(word="mended again"))
    until(lambda: word(url) == '["mended again"]')
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0


def test_without_what_watches_it_says_what_to_install(project, monkeypatch):
    blocked = project.write("blocked/watchfiles.py", "raise ImportError('blocked')\n")
    project.write("app.py", APP.format(word="first"))
    done = project.run("run", "--reload", PYTHONPATH=str(blocked.parent))
    assert done.returncode == 2
    assert "install" in done.stderr
    assert "mainspring[reload]" in done.stderr
