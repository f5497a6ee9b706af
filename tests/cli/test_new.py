"""``mainspring new``: what it makes works as it is, and what it refuses leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from mainspring.boot import discover_files
from mainspring.cli import new

FOLDERS = (
    "controllers",
    "datasources",
    "interceptors",
    "model_endpoints",
    "models",
    "observers",
    "repositories",
    "services",
)


@pytest.fixture
def run(environment):
    """Run Python in a folder, with the project's own sources on the path."""

    def run(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command],
            cwd=root,
            env={**environment, "PYTHONPATH": "src"},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, environment) -> Path:
    folder = tmp_path_factory.mktemp("new projects")
    command = [sys.executable, "-m", "mainspring.cli", "new", "book-shop.EU", "--title", "Bücher and more"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return folder / "book-shop.EU"


def test_the_layout_is_the_documented_one(made):
    """BOOT-220, BOOT-221, BOOT-222"""
    assert {each.name for each in made.iterdir()} >= {"pyproject.toml", "README.md", "tests", "public", "src"}
    package = made / "src" / "book_shop_eu"
    assert {each.name for each in package.iterdir() if each.is_dir()} == set(FOLDERS)
    assert all((package / folder / "__init__.py").is_file() for folder in FOLDERS)
    for file in ("application.py", "__main__.py", "migrate.py", "openapi_spec.py"):
        assert (package / file).is_file()
    assert "class BookShopEUApplication(BootMixin," in (package / "application.py").read_text(encoding="utf-8")
    assert "class PingController:" in (package / "controllers" / "ping_controller.py").read_text(encoding="utf-8")


def test_it_passes_its_own_tests_and_checks(made, run):
    """BOOT-004"""
    for command in (
        ("pytest", "-q", "-p", "no:cacheprovider", "-W", "error"),
        ("mypy", "--cache-dir", os.devnull),
        ("ruff", "check", "--no-cache", "."),
        ("ruff", "format", "--no-cache", "--check", "."),
    ):
        done = run(made, "-m", *command)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "command", [("-m", "mainspring.cli", "run"), ("-m", "book_shop_eu")], ids=["mainspring run", "python -m"]
)
def test_it_runs_by_one_command(made, command, environment):
    """BOOT-004, BOOT-221: boot before start, from the project's folder."""
    environment = {**environment, "PYTHONPATH": "src", "MAINSPRING_REST_PORT": "0", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, *command], cwd=made, env=environment, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            url = process.stdout.readline().split()[-1]
            with urllib.request.urlopen(f"{url}/ping", timeout=10) as answer:
                assert json.load(answer) == {"greeting": "Hello from Bücher and more", "path": "/ping"}
            with urllib.request.urlopen(f"{url}/", timeout=10) as answer:
                assert "<h1>Bücher and more</h1>" in answer.read().decode()
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def test_its_scripts_do_what_they_say(made, run):
    """BOOT-221"""
    migrated = run(made, "-m", "book_shop_eu.migrate")
    assert (migrated.returncode, migrated.stderr) == (0, "")
    shown = run(made, "-m", "book_shop_eu.openapi_spec")
    assert list(json.loads(shown.stdout)["paths"]) == ["/ping"]
    written = run(made, "-m", "book_shop_eu.openapi_spec", "spec.json")
    assert (written.returncode, written.stdout) == (0, "")
    assert json.loads((made / "spec.json").read_bytes()) == json.loads(shown.stdout)


def test_tests_and_scripts_are_no_artifacts(made):
    """BOOT-224"""
    found = discover_files("**/*_controller.py", made)
    assert [Path(each).name for each in found] == ["ping_controller.py"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("",), "cannot name a project"),
        (("-x-",), "No such option"),
        (("../up",), "cannot name a project"),
        (("a b",), "cannot name a project"),
        (("3d",), "the package '3d', which Python cannot import"),
        (("class",), "the package 'class', which Python cannot import"),
        (("Match",), "the package 'match', which Python cannot import"),
        (("json",), "a module has that name"),
        (("Mainspring",), "a module has that name"),
        (("shop", "--title", 'a "b"'), "does not fit"),
        (("shop", "--title", "two\nlines"), "does not fit"),
        (("shop", "--into", "nowhere"), "nowhere is no folder: make it first."),
        (("shop", "--into", "file"), "is a file"),
        ((), "Missing argument"),
    ],
)
def test_what_cannot_be_made_is_refused_and_nothing_is_written(project, arguments, words):
    project.write("file", "")
    done = project.run("new", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert [each.name for each in project.root.iterdir()] == ["file"]


def test_nothing_that_is_there_is_overwritten(project):
    kept = project.write("shop/README.md", "mine")
    done = project.run("new", "shop")
    assert (done.returncode, done.stdout) == (2, "")
    assert "shop is there already" in done.stderr
    assert (kept.read_text(), [each.name for each in kept.parent.iterdir()]) == ("mine", ["README.md"])


def test_an_empty_folder_is_filled(project):
    (project.root / "shop").mkdir()
    assert project.run("new", "shop").returncode == 0
    assert (project.root / "shop" / "pyproject.toml").is_file()


def test_a_dry_run_lists_what_would_be_made(project):
    done = project.run("new", "shop", "--dry-run")
    assert done.returncode == 0
    assert str(Path("shop/src/shop/application.py")) in done.stdout.splitlines()
    assert list(project.root.iterdir()) == []


def test_an_interrupted_run_leaves_nothing(tmp_path, monkeypatch):
    written = []

    def write_text(self, *_, **__):
        written.append(self)
        if len(written) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", write_text)
    with pytest.raises(KeyboardInterrupt):
        new.write(tmp_path / "shop", dict(new.render(new.words_for("shop", None))))
    assert list(tmp_path.iterdir()) == []
