"""``mainspring run``: addresses, errors, exit statuses."""

import os
import signal
import subprocess
import sys

import pytest

from mainspring.cli.run import address

SHOWS_ADDRESS = """
    import os
    from mainspring.core import Application

    class App(Application):
        def run(self):
            print(os.environ.get("MAINSPRING_REST_HOST"), os.environ.get("MAINSPRING_REST_PORT"))
"""


@pytest.mark.parametrize(
    ("arguments", "environment", "shown"),
    [
        ((), {}, "None None"),
        ((), {"HOST": "0.0.0.0", "PORT": "8080"}, "0.0.0.0 8080"),
        ((), {"HOST": "", "PORT": ""}, "None None"),
        ((), {"PORT": "8080", "MAINSPRING_REST_PORT": "9090"}, "None 9090"),
        (("--port", "0"), {"PORT": "8080", "MAINSPRING_REST_PORT": "9090"}, "None 0"),
        (("--host", "::1"), {"HOST": "0.0.0.0"}, "::1 None"),
    ],
)
def test_an_option_wins_over_the_variables(project, arguments, environment, shown):
    project.write("app.py", SHOWS_ADDRESS)
    assert project.run("run", *arguments, **environment).stdout.strip() == shown


@pytest.mark.parametrize("port", ["abc", "-1", "65536", "80.0", "٨٠"])
def test_a_wrong_port_is_a_usage_error_that_names_its_source(project, port):
    project.write("app.py", SHOWS_ADDRESS)
    by_variable = project.run("run", PORT=port)
    by_option = project.run("run", f"--port={port}")
    assert (by_variable.returncode, by_option.returncode) == (2, 2)
    assert by_variable.stderr.startswith("Error: PORT is ")
    assert by_option.stderr.startswith("Error: --port is ")


def test_what_listens_can_be_chosen(project):
    project.write("app.py", SHOWS_ADDRESS.replace("MAINSPRING_REST_HOST", "MAINSPRING_REST_SERVER"))
    assert project.run("run", "--server", "uvicorn").stdout.strip() == "uvicorn None"
    assert project.run("run").stdout.strip() == "None None"
    assert project.run("run", "--server", "apache").returncode == 2


def test_the_environment_is_put_back(monkeypatch):
    monkeypatch.setenv("MAINSPRING_REST_HOST", "before")
    monkeypatch.delenv("MAINSPRING_REST_PORT", raising=False)
    with address("during", "1"):
        assert (os.environ["MAINSPRING_REST_HOST"], os.environ["MAINSPRING_REST_PORT"]) == ("during", "1")
    assert os.environ["MAINSPRING_REST_HOST"] == "before"
    assert "MAINSPRING_REST_PORT" not in os.environ


@pytest.mark.parametrize(
    ("host", "port", "given", "expected"),
    [
        (None, "1", "5000", "1"),
        (None, "1", "0.0.0.0:5000", "0.0.0.0:1"),
        ("::1", None, "5000", "::1:5000"),
        ("::1", "0", "0.0.0.0:5000", "::1:0"),
        (None, None, "5000", "5000"),
        (None, "1", "false", "false"),
    ],
)
def test_options_win_over_the_variable_of_a_loader(  # a case and its fixture
    monkeypatch: pytest.MonkeyPatch, host: str | None, port: str | None, given: str, expected: str
) -> None:
    """LOAD-056, CORE-027"""
    monkeypatch.setenv("MAINSPRING_HTTP_PORT", given)
    with address(host, port):
        assert os.environ["MAINSPRING_HTTP_PORT"] == expected
    assert os.environ["MAINSPRING_HTTP_PORT"] == given


def test_a_failing_start_is_one_line_and_status_1(project):
    project.write(
        "app.py",
        """
        from mainspring.core import Application

        class App(Application):
            def __init__(self):
                super().__init__()
                self.on_start(self.fail)

            def fail(self):
                raise PermissionError(13, "Permission denied", "data.db")
        """,
    )
    done = project.run("run")
    assert done.returncode == 1
    assert done.stderr == "Error: data.db: Permission denied (app.py:10) (--debug shows the traceback)\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_status_0(project, number):
    """CORE-170, CORE-172"""
    project.write(
        "app.py",
        """
        from mainspring.core import Application

        class App(Application):
            def __init__(self):
                super().__init__()
                self.on_start(lambda: print("started", flush=True))
                self.on_stop(lambda: print("stopped", flush=True))
        """,
    )
    command = [sys.executable, "-m", "mainspring.cli", "run"]
    with subprocess.Popen(
        command, cwd=project.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "started\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out.startswith("stopped\n")
    assert err == ""


def test_help_is_made_without_importing_rooms(project):
    code = """
import sys
from mainspring.cli import main
try:
    main(["--help"])
except SystemExit as end:
    assert end.code == 0
found = {m for m in sys.modules if m.startswith("mainspring.")}
assert found == {"mainspring.cli", "mainspring.lazy"}, found
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "List the operations" in done.stdout


def test_an_unknown_command_is_a_usage_error(project):
    done = project.run("unknown")
    assert done.returncode == 2
    assert done.stderr == "Error: There is no command 'unknown'. See mainspring --help.\n"
