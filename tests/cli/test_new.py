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
    assert "shop is there already: choose another name, or --into another folder; --overwrite writes" in done.stderr
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
        new.write(tmp_path / "shop", new.project_files(new.words_for("shop", None)))
    assert list(tmp_path.iterdir()) == []


def test_what_somebody_wants_written_over_is(project):
    project.write("shop/README.md", "mine")
    project.write("shop/notes.txt", "mine")
    assert project.run("new", "shop", "--overwrite").returncode == 0
    assert (project.root / "shop" / "README.md").read_text().startswith("# Shop")
    assert (project.root / "shop" / "notes.txt").read_text() == "mine"
    assert (project.root / "shop" / "pyproject.toml").is_file()


def test_a_program_reads_what_was_made(project):
    done = project.run("new", "shop", "--kind", "loader", "--json")
    told = json.loads(done.stdout)
    assert {name: told[name] for name in ("project", "kind", "folder", "application")} == {
        "project": "shop",
        "kind": "loader",
        "folder": "shop",
        "application": "shop.server:ShopServer",
    }
    made = {
        str(file.relative_to(project.root / "shop")) for file in (project.root / "shop").rglob("*") if file.is_file()
    }
    assert set(told["files"]) == made


def at_a_terminal(folder: Path, environment, *arguments: str, answers: str) -> tuple[int, str]:
    """Run ``mainspring new`` with a terminal as its input; gives its status and what it said."""
    leader, follower = os.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "mainspring.cli", "new", *arguments],
            cwd=folder,
            env=environment,
            stdin=follower,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        ) as process:
            os.write(leader, answers.encode())
            said, _ = process.communicate(timeout=60)
    finally:
        os.close(leader)
        os.close(follower)
    return process.returncode, said


def test_at_a_terminal_it_asks_for_what_was_not_said(tmp_path, environment):
    status, said = at_a_terminal(tmp_path, environment, answers="no good\nshop\nwrong\nextension\n\n")
    assert status == 0, said
    for words in (
        "Name of the project",
        "'no good' cannot name a project",
        "loader     a server as one class",
        "'wrong'",
    ):
        assert words in said
    assert "[Shop]" in said
    assert "component" in (tmp_path / "shop" / "demo.py").read_text()
    status, said = at_a_terminal(tmp_path, environment, "other", "--kind", "app", answers="Work & play\nWork\n")
    assert status == 0, said
    assert "does not fit" in said
    assert (tmp_path / "other" / "README.md").read_text().startswith("# Work\n")


def test_at_a_terminal_what_is_there_is_asked_about(tmp_path, environment):
    shop = tmp_path / "shop"
    shop.mkdir()
    for name in ("README.md", "pyproject.toml"):
        (shop / name).write_text("mine")
    said = ["shop", "--kind", "app", "--title", "Shop"]
    status, _ = at_a_terminal(tmp_path, environment, *said, answers="n\n")
    assert (status, sorted(each.name for each in shop.iterdir())) == (1, ["README.md", "pyproject.toml"])
    status, shown = at_a_terminal(tmp_path, environment, *said, answers="y\nn\ny\n")
    assert status == 0, shown
    assert (shop / "README.md").read_text() == "mine"
    assert "[project]" in (shop / "pyproject.toml").read_text()
    assert (shop / "src" / "shop" / "application.py").is_file()


def test_with_yes_nothing_is_asked(tmp_path, environment):
    status, said = at_a_terminal(tmp_path, environment, "shop", "--yes", answers="")
    assert status == 0, said
    assert "[tool.mainspring]" in (tmp_path / "shop" / "pyproject.toml").read_text()
    assert at_a_terminal(tmp_path, environment, "shop", "-y", answers="")[0] == 2
