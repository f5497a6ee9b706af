"""Each kind of project that ``mainspring new`` makes, installed into an empty environment, as its README says."""

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from mainspring.cli.generating.kinds import KINDS

ROOT = Path(__file__).parents[2]
#: By kind, what is asked of the running project and what it answers; a worker says that it works instead.
ANSWERS = {
    "rest": ("/ping", b"Hello from Book Shop"),
    "loader": ("/rest/ping", b"Hello world, from Book Shop"),
    "extension": ("/greet/Ada", b"Hello, Ada!"),
}


class Installed:
    """A project and the environment it is installed in."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self.root = root
        self.environment = environment

    def run(self, *command: str) -> None:
        """A command of the environment must succeed in the project."""
        done = subprocess.run(
            command, cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "uv", "build", "--quiet", "--wheel", "--out-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, timeout=300)
    return folder


@pytest.fixture(scope="module", params=list(KINDS))
def installed(request, tmp_path_factory, wheels, environment) -> tuple[str, Installed]:
    folder = tmp_path_factory.mktemp(request.param)
    make = [sys.executable, "-m", "mainspring.cli", "new", "book-shop", "--kind", request.param]
    subprocess.run(make, cwd=folder, env=environment, check=True, timeout=60, capture_output=True)
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, "env"], cwd=folder, check=True, timeout=100)
    programs = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    install = ["pip", "install", "--quiet", "--python", str(programs / "python"), "--find-links", str(wheels)]
    project = ["-e", "book-shop", "--group", "book-shop/pyproject.toml:dev"]
    subprocess.run([*uv, *install, *project], cwd=folder, check=True, timeout=300)
    own = {"PATH": os.pathsep.join((str(programs), os.environ["PATH"])), "PYTHONUNBUFFERED": "1"}
    return request.param, Installed(folder / "book-shop", {**environment, **own, "MAINSPRING_REST_PORT": "0"})


@pytest.mark.timeout(600)  # environments are made
def test_it_passes_its_own_tests_and_checks_in_an_empty_environment(installed):
    """BOOT-004"""
    _, project = installed
    project.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error")
    project.run("mypy", "--cache-dir", os.devnull)
    project.run("ruff", "check", "--no-cache", ".")
    project.run("ruff", "format", "--no-cache", "--check", ".")
    project.run("mainspring", "check")


@pytest.mark.timeout(600)  # the environment may be made for this test
def test_it_runs_by_one_command(installed):
    kind, project = installed
    with subprocess.Popen(
        ["mainspring", "run"],
        cwd=project.root,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            if kind in ANSWERS:
                path, words = ANSWERS[kind]
                with urllib.request.urlopen(first.split()[-1] + path, timeout=10) as answer:
                    assert words in answer.read()
            else:
                assert "beat 1 at" in first
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
