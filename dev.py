"""Everything a fresh checkout needs, in one command: ``python3 dev.py <command>``.

A fresh machine has CPython 3.11 or later, pip and git. The commands make ``.venv`` in this folder, put a pinned uv
into it and let uv install what ``uv.lock`` says; the second time that costs a fraction of a second. Standard library
only, and no syntax that a Python older than the one we need could not read: it must be able to say so.

    todo [options]     set up and run the Todo service of examples/todo (options: those of ``mainspring run``)
    test [arguments]   set up and run the tests (arguments: those of pytest)
    check              lint, test and wheel, in this order
    lint               set up; ruff, mypy, pyright, the contracts between the rooms
    docs               set up; build the site of docs/ into build/site, warnings are errors
    wheel              set up; build the wheel, install it into an empty environment and import it
    setup              set up only
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "set-up-for")
OLDEST = (3, 11)
KNOWN_PYTHONS = ("3.13", "3.12", "3.11", "3.14")  # the versions that the lock was tried with, the most tried first
UV = "uv==0.13.8"  # pinned: the format of uv.lock and the meaning of its options are this version's
RUN, DEV = "run", "dev"
EXTRAS = ("--extra", "sql", "--extra", "listener")


def main(arguments):
    """Run one command; gives the exit status."""
    command = arguments[0] if arguments else "help"
    rest = arguments[1:]
    if command not in COMMANDS:
        sys.stdout.write(__doc__)
        return 0 if command in ("help", "-h", "--help") else 2
    if sys.version_info < OLDEST:
        return with_newer_python(arguments)
    os.chdir(ROOT)
    return COMMANDS[command](rest)


def todo(options):
    """Set up what the service needs and become it, so that signals reach it."""
    set_up(RUN)
    command = [python_of(VENV), "-m", "mainspring.cli", "run", os.path.join("examples", "todo")]
    return become([*command, *options])


def test(arguments):
    """Set up and run pytest; all tests by two processes, each file by one of them."""
    set_up(DEV)
    chosen = arguments or ["-n", "2", "--dist", "loadfile"]
    return step("tests", [python_of(VENV), "-m", "pytest", *chosen])


def lint(_):
    """Every check that reads the code without running it. All run, also after one failed."""
    set_up(DEV)
    python = python_of(VENV)
    checks = (
        ("lock", [python, "-m", "uv", "lock", "--check", "--quiet"]),
        ("ruff", [python, "-m", "ruff", "check", "."]),
        ("format", [python, "-m", "ruff", "format", "--check", "."]),
        ("mypy", [python, "-m", "mypy"]),
        ("pyright", [python, "-m", "pyright"]),
        ("contracts", [python, "-c", "from importlinter.cli import lint_imports_command as run; run()"]),
    )
    failed = [name for name, command in checks if step(name, command)]
    if failed:
        say("lint failed: " + ", ".join(failed))
    return 1 if failed else 0


def wheel(_):
    """Build the wheel, install it alone into an empty environment, and import every room that needs no extra."""
    set_up(DEV)
    python = python_of(VENV)
    with tempfile.TemporaryDirectory(prefix="mainspring wheel ") as folder:
        built = os.path.join(folder, "dist")
        empty = os.path.join(folder, "empty")
        steps = (
            ("build", [python, "-m", "uv", "build", "--quiet", "--wheel", "--out-dir", built]),
            ("empty environment", [python, "-m", "venv", "--without-pip", empty]),
        )
        for name, command in steps:
            if step(name, command):
                return 1
        (file,) = (name for name in os.listdir(built) if name.endswith(".whl"))
        install = ["pip", "install", "--quiet", "--python", python_of(empty), os.path.join(built, file)]
        if step("install", [python, "-m", "uv", *install]):
            return 1
        return step("import", [python_of(empty), "-I", os.path.join(ROOT, ".ci", "import_wheel.py")], cwd=folder)


def docs(_):
    """Build the documentation; what is wrong with it, a link that leads nowhere included, fails."""
    set_up(DEV)
    site = os.path.join("build", "site")
    command = [python_of(VENV), "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", "docs", site]
    status = step("docs", command)
    if not status:
        say("built: " + os.path.join(ROOT, site, "index.html"))
    return status


def check(_):
    """What must pass before a change is shared."""
    for command in (lint, test, wheel):
        status = command([])
        if status:
            return status
    return 0


def only_set_up(_):
    """Make the environment and say where it is."""
    set_up(DEV)
    say("ready: " + python_of(VENV))
    return 0


COMMANDS = {
    "todo": todo,
    "test": test,
    "check": check,
    "lint": lint,
    "docs": docs,
    "wheel": wheel,
    "setup": only_set_up,
}


def set_up(profile):
    """Make ``.venv`` what ``uv.lock`` says. Nothing to do when it is so already."""
    with open(__file__) as mutex:
        if fcntl is not None:
            fcntl.flock(mutex, fcntl.LOCK_EX)  # two commands started at once set up one after the other
        set_up_alone(profile)


def set_up_alone(profile):
    """The work of `set_up`, done by one process at a time."""
    wanted = fingerprint()
    have, _, profiles = read(STAMP).partition(" ")
    if not works(python_of(VENV)):  # made by a Python that is gone, or half made
        have, profiles = "", ""
    if have == wanted and profile in profiles.split():
        return
    if have != wanted:
        profiles = ""
        make_environment()
    # `--inexact`: what the tests need may stay, so that the two commands do not undo each other's work.
    parts = ["--inexact", "--no-dev", *EXTRAS] if profile == RUN else []
    say("installing what uv.lock says ...")
    run_or_exit([python_of(VENV), "-m", "uv", "sync", "--frozen", *parts, "--quiet", "--python", python_of(VENV)])
    write(STAMP, " ".join([wanted, *sorted({*profiles.split(), profile})]))


def make_environment():
    """A virtual environment with the pinned uv in it."""
    say("making " + VENV + " ...")
    if os.path.exists(STAMP):
        os.remove(STAMP)  # from here on, and until all is done, the environment is not to be trusted
    keep = works(python_of(VENV)) and version_of(python_of(VENV)) == sys.version
    # Debian's Python has pip but not the copy of it that venv would install; elsewhere it may be the other way round.
    outer_pip = works(sys.executable, "import pip")
    if not keep:
        arguments = ["--clear"] + (["--without-pip"] if outer_pip else [])
        run_or_exit([sys.executable, "-m", "venv", *arguments, VENV])
    if works(python_of(VENV), "import uv, sys; sys.exit(uv.__name__ != 'uv')") and uv_version() == UV:
        return
    install = ["install", "--quiet", "--disable-pip-version-check", UV]
    if works(python_of(VENV), "import pip"):
        run_or_exit([python_of(VENV), "-m", "pip", *install])
    else:
        run_or_exit([sys.executable, "-m", "pip", "--python", python_of(VENV), *install])


def fingerprint():
    """Changes when the environment may have to: the lock, the project, this file, the Python, the place."""
    digest = hashlib.sha256()
    for name in ("uv.lock", "pyproject.toml", "dev.py"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    digest.update("\n".join([sys.version, sys.base_prefix, ROOT]).encode())
    return digest.hexdigest()


def with_newer_python(arguments):
    """Hand over to a Python that is new enough, if the machine has one under its usual name."""
    for version in KNOWN_PYTHONS:
        python = shutil.which("python" + version)
        if python and works(python):
            return become([python, os.path.join(ROOT, "dev.py"), *arguments])
    sys.stderr.write(
        "Mainspring needs Python %d.%d or later; this is %s, and no newer one is on the PATH. "
        "Install one and run this with it.\n" % (*OLDEST, sys.version.split()[0])
    )
    return 1


def become(command):
    """Replace this process where the system can, so that signals and the exit status are the program's own."""
    if os.name != "nt":
        sys.stdout.flush()
        os.execve(command[0], command, environment())
    try:
        return subprocess.call(command, env=environment())
    except KeyboardInterrupt:
        return 130


def step(name, command, cwd=ROOT):
    """Run one named step and say how it ended; gives its exit status."""
    say("-- " + name)
    status = subprocess.call(command, env=environment(), cwd=cwd)
    if status:
        say("-- %s failed with status %d" % (name, status))
    return status


def run_or_exit(command):
    """Run a command that the rest cannot do without."""
    status = subprocess.call(command, env=environment(), cwd=ROOT)
    if status:
        say("failed with status %d: %s" % (status, " ".join(command)))
        sys.exit(status)


def environment():
    """This process's environment without what would lead uv or Python to another environment."""
    values = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONHOME")}
    # pip trusts what the machine trusts; uv on its own brings a list along that knows no company's proxy.
    values.setdefault("UV_SYSTEM_CERTS", "1")
    values["UV_PROJECT_ENVIRONMENT"] = VENV
    values["UV_PYTHON_DOWNLOADS"] = "never"
    return values


def python_of(folder):
    """The interpreter of a virtual environment."""
    return os.path.join(folder, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))


def works(python, code="pass"):
    """Whether an interpreter is there and runs ``code`` without an error."""
    try:
        return subprocess.call([python, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def version_of(python):
    """The full version of an interpreter."""
    return subprocess.check_output([python, "-c", "import sys; sys.stdout.write(sys.version)"]).decode()


def uv_version():
    """The uv that is in the environment, spelled as a requirement."""
    code = "from importlib.metadata import version; import sys; sys.stdout.write('uv==' + version('uv'))"
    return subprocess.check_output([python_of(VENV), "-c", code]).decode()


def read(path):
    """A small text file, empty when it is not there."""
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""


def write(path, text):
    """Write a small text file."""
    with open(path, "w") as file:
        file.write(text + "\n")


def say(text):
    """One line for the person who waits."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
