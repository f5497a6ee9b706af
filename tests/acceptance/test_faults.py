"""What can go wrong in the life of a process: what it says, its exit status, what is closed, and in which order."""

import contextlib
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.conftest import PATIENCE, Service, wait_until_refused

APP = """
import asyncio, sys, time
from mainspring import BootMixin, RestApplication, inject, rest
from mainspring.core import CoreBindings


def say(*words):
    print(*words, flush=True)


async def pool():
    say("pool opened")
    yield "pool"
    say("pool closed")


class Port:
    "A server of one port."
    listening = False

    def __init__(self, name):
        self.name = name

    async def start(self):
        self.server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        self.url = f"tcp://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        self.listening = True
        say(self.name, "opened")

    async def stop(self):
        self.listening = False
        self.server.close()
        await self.server.wait_closed()
        say(self.name, "closed")


class Hello:
    @rest.get("/hello/{seconds}")
    async def hello(self, seconds: float) -> str:
        say("asked")
        await asyncio.sleep(seconds)
        return "hello"


def grouped(app, server, *, parallel=False):
    app.bind(CoreBindings.LIFE_CYCLE_OBSERVER_OPTIONS).to({"parallel": parallel})
    for each in server:
        app.server(each, each.name)


class App(BootMixin, RestApplication):
    def __init__(self):
        super().__init__({"name": "it"})
        self.controller(Hello)
        self.resource(pool)
        self.on_start(lambda: say("first started"))
        self.on_stop(lambda: say("first stopped"))
        self.fault()

    def fault(self):
        pass
"""
MAIN = """
if __name__ == "__main__":
    App().run()
    say("returned")
"""

UP = ["pool opened", "first started"]
DOWN = ["first stopped", "pool closed"]
STOPPED = "it has stopped."


class Program(Service):
    """A service made for one fault."""

    def write(self, fault: str = "        pass", **files: str) -> "Program":
        text = APP.replace("    def fault(self):\n        pass\n", f"    def fault(self):\n{fault}\n")
        (self.example / "app.py").write_text(text + MAIN)
        for name, content in files.items():
            folder, _, file = name.partition("__")
            (self.example / folder).mkdir(exist_ok=True)
            (self.example / folder / f"{file}.py").write_text(textwrap.dedent(content))
        return self

    def begin(self, word: str) -> "Program":
        """Start the process and wait until it says a word."""
        self.process = self.spawn()
        self.wait_until(lambda line: word in line)
        return self

    def hear(self, word: str) -> None:
        self.wait_until(lambda line: word in line)

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def end(self) -> tuple[int, str]:
        """Wait for the end: the exit status and the standard error stream."""
        out, err = self.process.communicate(timeout=PATIENCE)
        self.output.extend(out.splitlines(keepends=True))
        status, self.process = self.process.returncode, None
        return status, err

    @property
    def said(self) -> list[str]:
        """All lines but those that say where a server listens."""
        return [line.rstrip() for line in self.output if " listens" not in line]

    def ports(self) -> list[int]:
        return [int(url.rpartition(":")[2]) for url in self.addresses.values()]


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    folder = tmp_path / "project"
    folder.mkdir()
    program = Program(tmp_path / "unused.db", folder)
    yield program
    program.kill()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def assert_free(port: int) -> None:
    """A new server may have the port."""
    socket.create_server(("127.0.0.1", port)).close()


def indented(text: str) -> str:
    return textwrap.indent(textwrap.dedent(text).strip("\n"), "        ")


# A signal during the start

SLOW_START = indented(
    """
    async def slow():
        say("starting")
        try:
            await asyncio.sleep(600)
        finally:
            say("cancelled")
    self.life_cycle_observer(slow).tag({"life_cycle_observer_group": "slow"})
    self.bind(CoreBindings.LIFE_CYCLE_OBSERVER_OPTIONS).to({"ordered_groups": ["server", "slow"]})
    """
)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_the_start_undoes_it(program, number):
    """CORE-112, CORE-175, CORE-242"""
    port = free_port()
    program.environment["PORT"] = str(port)
    program.write(SLOW_START).begin("starting")
    with pytest.raises(OSError, match="in use"):
        assert_free(port)
    program.send(number)
    assert program.end() == (0, "")
    assert program.said == [*UP, "starting", "cancelled", *DOWN, STOPPED]
    assert_free(port)


def test_a_signal_during_a_start_that_blocks_is_heard_after_it(program):
    """CORE-175"""
    blocks = "        self.on_start(lambda: (say('blocking'), time.sleep(0.3), say('through')))"
    program.write(blocks).begin("blocking").send(signal.SIGTERM)
    assert program.end() == (0, "")
    assert program.said == [*UP, "blocking", "through", *DOWN, STOPPED]


def test_a_signal_during_the_boot_undoes_it(program):
    """BOOT-028, CORE-175"""
    program.write(
        indented(
            """
            from mainspring.boot import Booter
            class Slow:
                async def load(self):
                    say("booting")
                    await asyncio.sleep(600)
            self.booters(Slow)
            """
        )
    ).begin("booting").send(signal.SIGTERM)
    assert program.end() == (0, "")
    assert program.said == ["booting", STOPPED]


# Signals during the stop

SLOW_STOP = indented(
    """
    async def slow():
        say("stopping")
        await asyncio.sleep(0.4)
        say("stopped well")
    self.on_stop(slow)
    """
)


def test_a_second_sigterm_changes_nothing(program):
    """CORE-173"""
    program.write(SLOW_STOP).begin("listens at")
    program.send(signal.SIGTERM)
    program.hear("stopping")
    for _ in range(3):
        program.send(signal.SIGTERM)
    assert program.end() == (0, "")
    assert program.said == [*UP, "stopping", "stopped well", *DOWN, STOPPED]
    assert_free(program.ports()[0])


def test_a_request_in_progress_is_answered_whatever_signals_come(program):
    """CORE-057, CORE-173, CORE-181"""
    program.write().start()
    port = program.ports()[0]
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        client.sendall(b"GET /hello/0.5 HTTP/1.1\r\nHost: x\r\n\r\n")
        program.hear("asked")
        program.send(signal.SIGTERM)
        wait_until_refused("127.0.0.1", port)
        program.send(signal.SIGTERM)
        assert client.makefile("rb").read().endswith(b"\r\nhello")
    assert program.end() == (0, "")
    assert program.said == [*UP, "asked", *DOWN, STOPPED]


# At a terminal


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, program: Program) -> None:
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"import runpy, fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); {RUN}"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=program.example,
            env={**os.environ, "PORT": "0", "MAINSPRING_REST_PORT": "0", **program.environment},
            start_new_session=True,  # and the terminal, made its own above, is what Ctrl-C comes from
        )
        os.close(slave)
        self.shown = ""

    def wait_for(self, word: str) -> None:
        while word not in self.shown:
            self.shown += os.read(self.master, 65536).decode()

    def press(self, key: str) -> None:
        os.write(self.master, key.encode())

    def end(self) -> int:
        with contextlib.suppress(OSError):  # what reading from a terminal that nobody has open gives
            while more := os.read(self.master, 65536):
                self.shown += more.decode()
        return self.process.wait(timeout=PATIENCE)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)


RUN = "runpy.run_path('app.py', run_name='__main__')"
CTRL_C = "\x03"


@pytest.fixture
def terminal(program: Program) -> Iterator[Terminal]:
    program.write(SLOW_STOP)
    made = Terminal(program)
    yield made
    made.close()


def test_ctrl_c_at_a_terminal_stops_without_a_traceback(terminal):
    """CORE-170, CORE-172"""
    terminal.wait_for("listens at")
    terminal.press(CTRL_C)
    assert terminal.end() == 0
    assert "stopped well" in terminal.shown
    assert terminal.shown.rstrip().endswith("returned")
    assert "Traceback" not in terminal.shown
    assert "KeyboardInterrupt" not in terminal.shown
    assert_free(int(re.search(r"listens at http://127.0.0.1:(\d+)", terminal.shown)[1]))


def test_ctrl_c_twice_at_a_terminal_gives_up_waiting(terminal):
    """CORE-173"""
    terminal.wait_for("listens at")
    terminal.press(CTRL_C)
    terminal.wait_for("stopping")
    terminal.press(CTRL_C)
    assert terminal.end() == 130
    assert "stopped well" not in terminal.shown
    assert "pool closed" in terminal.shown, "what is left is still closed"
    assert "cut short" in terminal.shown
    assert "Traceback" not in terminal.shown


# What does not stop

NEVER = indented(
    """
    class Never(Port):
        async def stop(self):
            say("never stopping")
            while True:
                try:
                    await asyncio.sleep(600)
                except asyncio.CancelledError:
                    if not REFUSES:
                        raise
    self.server(Never("never"), "never")
    """
)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_server_that_never_stops_is_cut_short_and_named(program, number, status):
    """CORE-118, CORE-174"""
    program.environment["MAINSPRING_SHUTDOWN_GRACE_PERIOD"] = "0.3"
    program.servers = 2
    program.write(NEVER.replace("REFUSES", "False")).start()
    program.send(number)
    began = time.monotonic()
    ended, error = program.end()
    assert ended == status
    assert time.monotonic() - began < 5
    assert program.said == [*UP, "never opened", "never stopping", *DOWN], "what can be stopped is"
    assert error.count("\n") == 1
    assert "0.3 seconds" in error
    assert "grace_period" in error
    assert "servers.never" in error
    for port in program.ports():
        assert_free(port)


def test_a_server_that_refuses_even_to_be_cancelled_is_left_behind(program):
    """CORE-174"""
    program.environment["MAINSPRING_SHUTDOWN_GRACE_PERIOD"] = "0.1"
    program.servers = 2
    program.write(NEVER.replace("REFUSES", "True")).start()
    program.send(signal.SIGTERM)
    status, error = program.end()
    assert (status, error.count("\n")) == (143, 1), error
    assert "servers.never" in error


@pytest.mark.parametrize("blocks", ["time.sleep(600)", "print('x' * 10_000_000)"])
def test_a_stop_that_blocks_the_whole_process_is_cut_short_too(program, blocks):
    """CORE-174"""
    program.environment["MAINSPRING_SHUTDOWN_GRACE_PERIOD"] = "0.1"
    program.write(f"        self.on_stop(lambda: {blocks})").start()
    program.send(signal.SIGTERM)
    assert program.process.wait(timeout=PATIENCE) == 143  # nobody reads what it prints
    error = program.end()[1]
    assert error.count("\n") == 1
    assert "life_cycle_observers.on_stop" in error


def test_a_thread_that_does_not_end_does_not_hold_the_process(program):
    """CORE-174"""
    program.environment["MAINSPRING_SHUTDOWN_GRACE_PERIOD"] = "0.1"
    thread = "asyncio.get_running_loop().run_in_executor(None, time.sleep, 600)"
    program.write(f"        self.on_start(lambda: {thread} and None)").start()
    program.send(signal.SIGTERM)
    status, error = program.end()
    assert (status, error.count("\n")) == (143, 1)
    assert "a thread" in error
    assert program.said[-1] == STOPPED


# What fails


def test_an_observer_that_fails_in_stop_robs_nobody_of_its_turn(program):
    """CORE-117, CORE-176"""
    program.write(
        indented(
            """
            def fail():
                raise RuntimeError("cannot stop")
            self.on_stop(fail)
            self.on_stop(lambda: say("last stopped"))
            """
        )
    ).start()
    program.send(signal.SIGTERM)
    status, error = program.end()
    assert status == 1
    assert program.said == [*UP, "last stopped", *DOWN]
    assert error.count("\n") == 1
    assert "RuntimeError: cannot stop" in error
    assert "app.py:" in error
    assert_free(program.ports()[0])


FOUR = indented(
    """
    class Bad(Port):
        async def start(self):
            await asyncio.sleep(0)
            raise OSError("no such device")
        async def stop(self):
            say("never started, never stopped")
    grouped(self, [Port("one"), Port("two"), Bad("three"), Port("four")], parallel=PARALLEL)
    """
)


def test_the_third_of_four_servers_fails(program):
    """CORE-112, CORE-113, CORE-176"""
    port = free_port()
    program.environment["PORT"] = str(port)
    program.write(FOUR.replace("PARALLEL", "False"))
    program.process = program.spawn()
    status, error = program.end()
    assert status == 1
    assert program.said == [*UP, "one opened", "two opened", "two closed", "one closed", *DOWN]
    assert error.count("\n") == 1
    assert "no such device" in error
    assert "app.py:" in error
    assert_free(port)


def test_one_of_four_servers_fails_beside_the_others(program):
    """CORE-114"""
    port = free_port()
    program.environment["PORT"] = str(port)
    program.write(FOUR.replace("PARALLEL", "True"))
    program.process = program.spawn()
    status, error = program.end()
    assert (status, error.count("\n")) == (1, 1)
    opened = [line.split()[0] for line in program.said if line.endswith(" opened") and line not in UP]
    closed = [line.split()[0] for line in program.said if line.endswith(" closed") and line not in DOWN]
    assert closed == opened[::-1], "whatever was opened is closed"
    assert program.said[-2:] == DOWN
    assert "never started, never stopped" not in program.said
    assert_free(port)


# What cannot be booted

SERVICE = """
from mainspring import injectable
@injectable()
class Service{number}:
    pass
"""


def test_a_syntax_error_in_the_seventh_file_is_named_and_nothing_starts(program):
    """BOOT-027, BOOT-110, CORE-180"""
    files = {f"services__number{number}_service": SERVICE.format(number=number) for number in range(1, 11)}
    files["services__number7_service"] = "x = 1\nclass Service7\n    pass\n"
    status, error = program.write(**files).fail()
    assert (status, error.count("\n")) == (1, 1)
    assert "number7_service.py" in error
    assert ":2" in error or "line 2" in error
    assert "SyntaxError" in error


@pytest.mark.parametrize(("argument", "status", "said"), [("3", 3, ""), ("", 0, ""), ("'not today'", 1, "not today\n")])
def test_an_import_that_exits_ends_the_process_as_it_says(program, argument, status, said):
    """BOOT-111"""
    program.write(services__exit_service=f"import sys\nsys.exit({argument})\n")
    assert program.fail() == (status, said)


def test_two_classes_under_one_key_are_named_with_both_files(program):
    """BOOT-126"""
    controller = "class TodoController: ...\n"
    status, error = program.write(controllers__a_controller=controller, controllers__b_controller=controller).fail()
    assert (status, error.count("\n")) == (1, 1)
    for word in ("controllers.TodoController", "a_controller.py", "b_controller.py", "injectable(name="):
        assert word in error


def test_a_file_edited_between_two_boots(program):
    """BOOT-027, BOOT-055, BOOT-111"""
    program.write(services__a_service=SERVICE.format(number=1) + "version = 1\n", services__b_service="1 / 0\n")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", EDITED],
        cwd=program.example,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "BootError [] created",
        "['services.Service1', 'services.Service2'] booted",
        "version 1, the same class: True",
        "['services.Service1', 'services.Service2', 'services.Service3']",
    ]


EDITED = """
import asyncio, importlib
from pathlib import Path
from app import App

SERVICE = "from mainspring import injectable\\n@injectable()\\nclass Service{}:\\n    pass\\n"

def services(app):
    return sorted(key for key in (binding.key for binding in app.find("services.*")))

async def main():
    app = App()
    try:
        await app.boot()
    except Exception as error:
        print(type(error).__name__, services(app), app.state)
    # What failed is repaired and taken; what was imported before is not executed again.
    Path("services/b_service.py").write_text(SERVICE.format(2))
    Path("services/a_service.py").write_text(SERVICE.format(1) + "version = 2\\n")
    await app.boot()
    print(services(app), app.state)
    first = app.get_binding("services.Service1").source.value
    module = importlib.import_module("services.a_service")
    print(f"version {module.version}, the same class: {first is module.Service1}")
    other = App()
    Path("services/c_service.py").write_text(SERVICE.format(3))
    await other.boot()
    assert other.get_binding("services.Service1").source.value is first
    print(services(other))

asyncio.run(main())
"""
