"""The command line as a whole: its help, what it says of wrong uses, its exit statuses, and completion in shells."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from mainspring.cli import COMMANDS

WITH_AN_APPLICATION = ("check", "discover", "inspect", "openapi", "routes", "run", "serve", "migrate status")


def test_the_help_imports_no_room_and_no_command(project):
    listed = (
        "import sys; from mainspring.cli import main\ntry: main(['--help'])\nfinally: print('\\n'.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, timeout=60, check=True)
    imported = {name for name in done.stdout.splitlines() if name.partition(".")[0] == "mainspring"}
    assert imported == {"mainspring", "mainspring.lazy", "mainspring.cli"}
    for name, words in COMMANDS.items():
        assert f"  {name}" in done.stdout
        assert words.split()[0] in done.stdout
    assert "  130    it was interrupted" in done.stdout


@pytest.mark.parametrize("name", [*COMMANDS, "generate model", "migrate new"])
def test_every_command_has_a_help_and_shows_tracebacks_on_demand(project, name):
    done = project.run(*name.split(), "-h")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: mainspring {name} ")
    if name not in ("generate", "migrate"):
        assert "--debug" in done.stdout


def test_it_tells_its_version(project):
    done = project.run("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("mainspring 0.")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("rnu", "Error: There is no command 'rnu'. Did you mean 'run'? See mainspring --help."),
        ("xyz", "Error: There is no command 'xyz'. See mainspring --help."),
        ("--nope", "See mainspring --help."),
        ("run --nope", "See mainspring run --help."),
        ("run one two", "Error: Got unexpected extra argument (two). See mainspring run --help."),
        ("run --server nope", "'nope' is not one of 'mainspring', 'uvicorn'"),
        ("serve --workers 0", "0 is not in the range x>=1. See mainspring serve --help."),
        ("generate model", "Error: Missing argument 'NAME'. See mainspring generate model --help."),
        ("generate modle X", "'modle'"),
        ("generate relation Note", "See mainspring generate relation --help."),
        ("migrate down --steps 0", "See mainspring migrate down --help."),
        ("completion tcsh", "'tcsh' is not one of 'bash', 'zsh', 'fish'. See mainspring completion --help."),
        (
            "new shop --kind nope",
            "'nope' is not one of 'app', 'rest', 'loader', 'extension'. See mainspring new --help.",
        ),
        ("new", "Error: Missing argument 'NAME'. See mainspring new --help."),
    ],
)
def test_a_wrong_use_is_one_line_with_the_way_to_the_right_one(project, arguments, words):
    done = project.run(*arguments.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert done.stderr.startswith("Error: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import nothing_like_this", "No module named 'nothing_like_this' (app.py:1) (--debug shows the traceback)"),
        ("app = (", "Error: SyntaxError: '(' was never closed (app.py:1) (--debug shows the traceback)"),
        ("raise RuntimeError('one\\ntwo')", "Error: RuntimeError: one two (app.py:1) (--debug shows the traceback)"),
        ("import sys\nsys.exit(3)", "its code ended the process with status 3 (app.py:2) while it was read. Put what"),
        ("app = 5", "neither [tool.mainspring] app in a pyproject.toml nor an Application in app.py"),
    ],
)
def test_an_application_that_cannot_be_had_is_one_line(project, source, words):
    project.write("app.py", source)
    done = project.run("routes")
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", WITH_AN_APPLICATION)
def test_every_command_says_an_error_in_one_line_and_by_debug_with_its_traceback(project, command):
    project.write("app.py", "raise RuntimeError('mine')")
    done = project.run(*command.split())
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: RuntimeError: mine (app.py:1) (--debug shows the traceback)\n"
    done = project.run(*command.split(), "--debug")
    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stderr
    assert done.stderr.endswith("RuntimeError: mine\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("openapi", "-o", "nowhere/x.json"), "Error: nowhere/x.json: No such file or directory"),
        (("generate", "openapi", "nothing.json"), "nothing.json: it cannot be read (No such file or directory)"),
        (
            ("generate", "openapi", "http://127.0.0.1:1/x"),
            "Error: http://127.0.0.1:1/x cannot be read: Connection refused.",
        ),
        (
            ("generate", "datasource", "Db", "--url", "foo://x"),
            "a url with a known scheme is given; there are sqlite, post",
        ),
    ],
)
def test_what_cannot_be_read_or_written_is_named(project, arguments, words):
    project.write("app.py", "from mainspring import RestApplication\nclass App(RestApplication): pass\n")
    done = project.run(*arguments)
    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_options_and_kinds_may_be_spelled_as_python_spells_them(project):
    project.write("app.py", "from mainspring import RestApplication\nclass App(RestApplication): pass\n")
    assert project.run("generate", "service", "Mail", "--dry_run").returncode == 0
    done = project.run("generate", "relation", "A", "has_many", "B")
    assert "There is no models/a_model.py: `mainspring generate model A` makes it." in done.stderr


def test_what_is_interrupted_says_so_and_ends_with_130(project, environment):
    project.write("app.py", "import time\nprint('reading', flush=True)\ntime.sleep(60)\n")
    with subprocess.Popen(
        [sys.executable, "-m", "mainspring.cli", "check"],
        cwd=project.root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reading\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.strip() == "Interrupted."


# Completion


@pytest.fixture
def complete(project, environment, tmp_path):
    """What a real bash completes after ``mainspring``, its script read as the page says."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "mainspring").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mainspring.cli "$@"\n')
    (programs / "mainspring").chmod(0o755)

    def complete(*words: str) -> list[str]:
        typed = " ".join(f"'{word}'" for word in ("mainspring", *words))
        script = f"""
            set -eu
            eval "$(mainspring completion bash)"
            complete -p mainspring | grep -q _mainspring_completion
            COMP_WORDS=({typed})
            COMP_CWORD={len(words)}
            compopt() {{ :; }}  # it works in a completion that readline has begun alone
            _mainspring_completion mainspring
            printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        done = subprocess.run(
            [bash, "--norc", "-c", script],
            cwd=project.root,
            env={**environment, "PATH": os.pathsep.join((str(programs), environment["PATH"]))},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.split()

    return complete


def test_bash_completes_commands_options_values_and_the_application(project, complete):
    project.write("pyproject.toml", '[tool.mainspring]\napp = "shop.application:ShopApplication"\n')
    assert complete("") == sorted(COMMANDS)
    assert complete("r") == ["routes", "run"]
    assert complete("generate", "mod") == ["model", "model-api"]
    assert complete("new", "--ki") == ["--kind"]
    assert complete("new", "--kind", "l") == ["loader"]
    assert complete("run", "") == ["shop.application:ShopApplication"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_their_script(project, environment, shell):
    done = project.run("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"_MAINSPRING_COMPLETE={shell}_complete" in done.stdout
    program = shutil.which(shell)
    if program is not None:
        file = project.write(f"completion.{shell}", done.stdout)
        subprocess.run([program, "-n", str(file)], check=True, timeout=60)


@pytest.mark.parametrize(
    ("command", "shape"), [("routes", list), ("inspect", list), ("check", dict), ("migrate status", list)]
)
def test_programs_read_json(project, command, shape):
    project.write("app.py", "from mainspring import RestApplication\nclass App(RestApplication): pass\n")
    done = project.run(*command.split(), "--json")
    assert done.returncode == 0, done.stderr
    assert isinstance(json.loads(done.stdout), shape)
