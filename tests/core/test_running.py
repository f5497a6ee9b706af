"""``run()``: the whole life of a process, tried as a process."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from mainspring.core import Application

PRELUDE = """
import asyncio, os, signal, sys, time, warnings
from mainspring.core import Application, Context

# Whoever runs the tests in the background may have made these ignored, which programs inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

def say(*words):
    print(*words, flush=True)

class Server:
    listening = False
    url = "http://127.0.0.1:0"
    async def start(self):
        self.listening = True
        say("server started")
    async def stop(self):
        self.listening = False
        say("server stopped")
"""


class Process:
    """A program under test: its lines are read as they come."""

    def __init__(self, folder: Path, program: str, env=None) -> None:
        script = folder / "program.py"
        script.write_text(PRELUDE + textwrap.dedent(program))
        self._process = subprocess.Popen(
            [sys.executable, str(script)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
        )
        self.lines: list[str] = []

    def wait_for(self, word):
        for line in self._process.stdout:
            self.lines.append(line.rstrip())
            if word in line:
                return
        raise AssertionError(f"{word!r} never came: {self.lines}, {self._process.stderr.read()}")

    def send(self, number):
        self._process.send_signal(number)

    def end(self, seconds=20):
        out, err = self._process.communicate(timeout=seconds)
        self.lines.extend(out.splitlines())
        return self._process.returncode, err


@pytest.fixture
def program(tmp_path):
    started = []

    def start(text, env=None):
        process = Process(tmp_path, text, env)
        started.append(process)
        return process

    yield start
    for process in started:
        if process._process.poll() is None:
            process._process.kill()
            process._process.communicate()


PLAIN = """
app = Application({"name": "it"})
app.server(Server)
app.on_stop(lambda: say("stop"))
app.on_start(lambda: say("begun"))
app.run()
say("returned")
"""


def test_an_application_without_a_name_stops_by_that_of_its_class(program):
    process = program(PLAIN.replace('{"name": "it"}', ""))
    process.wait_for("listens at")
    process.send(signal.SIGTERM)
    assert process.end() == (0, "")
    assert process.lines[-2:] == ["Application has stopped.", "returned"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_application_and_run_returns(program, number):
    """CORE-170, CORE-171, CORE-172, CORE-181, CORE-247"""
    process = program(PLAIN)
    process.wait_for("listens at")
    process.send(number)
    status, err = process.end()
    assert status == 0, err
    assert process.lines == [
        "begun",
        "server started",
        "servers.Server listens at http://127.0.0.1:0",
        "server stopped",
        "stop",
        "it has stopped.",
        "returned",
    ]
    assert err == ""


def test_a_signal_that_is_not_listed_keeps_its_effect(program):
    """CORE-171"""
    process = program(PLAIN)
    process.wait_for("listens at")
    process.send(signal.SIGHUP)
    status, _ = process.end()
    assert status == -signal.SIGHUP
    assert "server stopped" not in process.lines


def test_the_signals_may_be_chosen(program):
    """CORE-171"""
    process = program(PLAIN, {"MAINSPRING_SHUTDOWN_SIGNALS": "SIGHUP"})
    process.wait_for("listens at")
    process.send(signal.SIGHUP)
    assert process.end()[0] == 0
    assert "returned" in process.lines


def test_a_second_sigterm_is_ignored_while_stopping(program):
    """CORE-173"""
    process = program(
        """
        app = Application()
        async def stop():
            say("stopping")
            await asyncio.sleep(0.5)
            say("stopped well")
        app.on_stop(stop)
        app.on_start(lambda: say("begun"))
        app.run()
        """
    )
    process.wait_for("begun")
    process.send(signal.SIGTERM)
    process.wait_for("stopping")
    process.send(signal.SIGTERM)
    assert process.end()[0] == 0
    assert process.lines.count("stopping") == 1
    assert "stopped well" in process.lines


STUBBORN = """
app = Application({"shutdown": {"grace_period": GRACE}})
async def stop():
    say("stopping")
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            say("cancelled")
app.on_stop(stop)
app.on_start(lambda: say("begun"))
app.run()
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_when_the_grace_period_has_passed_the_process_exits(program, number, status):
    """CORE-174"""
    process = program(STUBBORN.replace("GRACE", "0.2"))
    process.wait_for("begun")
    process.send(number)
    begin = time.monotonic()
    assert process.end()[0] == status
    assert time.monotonic() - begin < 10
    assert process.lines.count("cancelled") == 1


def test_a_second_sigint_gives_up_waiting(program):
    """CORE-173"""
    process = program(STUBBORN.replace("GRACE", "None"))
    process.wait_for("begun")
    process.send(signal.SIGINT)
    process.wait_for("stopping")
    process.send(signal.SIGINT)
    assert process.end()[0] == 130


def test_a_stop_that_blocks_the_loop_or_a_thread_cannot_hold_the_process(program):
    """CORE-174"""
    process = program(
        """
        app = Application({"shutdown": {"grace_period": 0.1}})
        app.on_stop(lambda: time.sleep(600))
        app.on_start(lambda: say("begun"))
        app.run()
        """
    )
    process.wait_for("begun")
    process.send(signal.SIGTERM)
    assert process.end()[0] == 143
    process = program(
        """
        app = Application({"shutdown": {"grace_period": 0.1}})
        async def stop():
            await asyncio.to_thread(time.sleep, 600)
        app.on_stop(stop)
        app.on_start(lambda: say("begun"))
        app.run()
        """
    )
    process.wait_for("begun")
    process.send(signal.SIGTERM)
    assert process.end()[0] == 143


def test_the_cancelled_stop_may_clean_up(program):
    """CORE-174"""
    process = program(
        """
        app = Application({"shutdown": {"grace_period": 0.1}})
        async def stop():
            try:
                await asyncio.sleep(600)
            finally:
                await asyncio.sleep(0.1)
                say("cleaned up")
        app.on_stop(lambda: say("the other"))
        app.on_stop(stop)
        app.on_start(lambda: say("begun"))
        app.run()
        """
    )
    process.wait_for("begun")
    process.send(signal.SIGTERM)
    assert process.end()[0] == 143
    assert process.lines[-2:] == ["cleaned up", "the other"]


def test_a_signal_while_starting_undoes_the_start(program):
    """CORE-175"""
    process = program(
        """
        app = Application({"name": "it"})
        app.on_stop(lambda: say("undone"))
        async def slow():
            say("starting")
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                say("cancelled")
                raise
        app.on_start(slow)
        app.run()
        say("returned", app.state)
        """
    )
    process.wait_for("starting")
    process.send(signal.SIGTERM)
    status, err = process.end()
    assert status == 0, err
    assert process.lines == ["starting", "cancelled", "undone", "it has stopped.", "returned stopped"]


def test_a_failing_start_is_raised(program):
    """CORE-176"""
    process = program(
        """
        app = Application()
        app.server(Server)
        async def fail():
            raise RuntimeError("cannot start")
        app.life_cycle_observer(fail, "zzz").tag({"life_cycle_observer_group": "server"})
        app.run()
        """
    )
    status, err = process.end()
    assert status == 1
    assert "RuntimeError: cannot start" in err
    assert "Traceback" in err
    assert process.lines[-1:] == ["server stopped"]


def test_a_signal_does_not_hide_the_failure_that_is_being_undone(program):
    """CORE-112, CORE-175, CORE-176"""
    process = program(
        """
        app = Application()
        async def slow():
            say("undoing")
            await asyncio.sleep(0.2)
            say("undone")
        app.on_stop(slow)
        class Bad(Server):
            async def start(self):
                raise RuntimeError("cannot start")
        app.server(Bad)
        app.run()
        """
    )
    process.wait_for("undoing")
    process.send(signal.SIGTERM)
    status, err = process.end()
    assert status == 1
    assert "RuntimeError: cannot start" in err
    assert process.lines == ["undoing", "undone"]


@pytest.mark.parametrize(
    ("fault", "status", "stops"),
    [
        ("app.on_start(leave)", 3, True),
        ("app.on_init(leave)", 3, False),
        ("app.life_cycle_observer(spanning)", 3, True),
        ("app.on_start(lambda: setattr(app, 'task', asyncio.create_task(later(leave))))", 3, True),
        ("app.on_start(lambda: asyncio.get_running_loop().call_later(0.05, leave))", 3, True),
        ("app.on_start(stop_soon); app.on_stop(leave)", 3, True),
    ],
)
def test_code_that_ends_the_process_ends_the_application_first(program, fault, status, stops):
    """CORE-112, CORE-117, CORE-176, CORE-242"""
    process = program(
        f"""
        async def pool():
            say("opened")
            yield
            say("closed")
        def leave():
            sys.exit(3)
        async def later(function):
            await asyncio.sleep(0.05)
            function()
        def spanning():
            leave()
            yield
        def stop_soon():
            asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.SIGTERM)
        app = Application({{"name": "it"}})
        app.resource(pool)
        app.on_stop(lambda: say("stopped"))
        {fault}
        app.run()
        say("returned")
        """
    )
    ended, err = process.end()
    assert (ended, err) == (status, "")
    told = [line for line in process.lines if line != "it has stopped."]
    assert told == (["opened", "stopped", "closed"] if stops else ["opened", "closed"])


@pytest.mark.parametrize("closed", ["sys.stdout.close()", "os.close(1)", "sys.stdout = None", "pass"])
def test_a_process_that_nobody_listens_to_goes_on(program, closed):
    """CORE-170, CORE-247"""
    process = program(
        f"""
        app = Application()
        app.server(Server())
        async def close():
            def told():
                sys.stderr.write("up\\n")
                sys.stderr.flush()
            asyncio.get_running_loop().call_later(0.05, told)
            {closed}
        app.on_start(close)
        Server.start = Server.stop = lambda self: asyncio.sleep(0)
        Server.listening = True
        say("here")
        app.run()
        """
    )
    process.wait_for("here")
    if closed == "pass":
        process._process.stdout.close()  # the reader of the pipe has gone
    with process._process as running:
        assert running.stderr.readline() == "up\n"
        process.send(signal.SIGTERM)
        assert running.wait(20) == 0
        assert running.stderr.read() == ""


def test_a_failing_stop_is_raised_after_everything_was_stopped(program):
    """CORE-176"""
    process = program(
        """
        app = Application()
        app.on_stop(lambda: say("the other"))
        app.on_stop(lambda: 1 / 0)
        app.on_start(lambda: say("begun"))
        app.run()
        """
    )
    process.wait_for("begun")
    process.send(signal.SIGTERM)
    status, err = process.end()
    assert status == 1
    assert "ZeroDivisionError" in err
    assert process.lines[-1] == "the other"


def test_an_inner_stop_makes_run_return(program):
    """CORE-178, CORE-120"""
    process = program(
        """
        app = Application({"name": "it"})
        def held():
            yield 1
            say("disposed")
        app.bind("held").to_dynamic_value(held).in_scope("singleton")
        async def begin():
            await app.get("held")
            async def later():
                await asyncio.sleep(0.01)
                await app.stop()
            app.task = asyncio.create_task(later())
        app.on_start(begin)
        app.run()
        say("returned")
        """
    )
    assert process.end()[0] == 0
    assert process.lines == ["disposed", "it has stopped.", "returned"]


def test_the_task_that_asked_for_the_stop_may_be_ended_by_it(program):
    """CORE-178"""
    process = program(
        """
        app = Application({"name": "it"})
        class Worker:
            async def start(self):
                self.task = asyncio.create_task(self.work())
            async def work(self):
                await asyncio.sleep(0.01)
                await app.stop()
            async def stop(self):
                self.task.cancel()
                await asyncio.wait([self.task])
                await asyncio.sleep(0.05)
                say("worker stopped")
        async def slow():
            await asyncio.sleep(0.1)
            say("other stopped")
        app.life_cycle_observer(Worker)
        app.on_stop(slow)
        app.run()
        """
    )
    status, err = process.end()
    assert status == 0, err
    assert process.lines == ["worker stopped", "other stopped", "it has stopped."]


def test_a_background_failure_of_a_resource_ends_run_with_its_error(program):
    """CORE-241, CORE-176"""
    process = program(
        """
        app = Application()
        async def spanning():
            async with asyncio.TaskGroup() as group:
                async def fail():
                    await asyncio.sleep(0.05)
                    raise RuntimeError("background")
                group.create_task(fail())
                yield
        app.resource(spanning)
        app.on_stop(lambda: say("stop"))
        app.run()
        """
    )
    status, err = process.end()
    assert status == 1
    assert "RuntimeError: background" in err
    assert process.lines[-1] == "stop"


def test_tasks_left_running_are_cancelled_and_named(program):
    """CORE-183"""
    process = program(
        """
        app = Application()
        async def forever():
            try:
                await asyncio.sleep(600)
            finally:
                say("cancelled")
        async def begin():
            app.task = asyncio.create_task(forever(), name="the forgotten one")
            asyncio.get_running_loop().call_later(0.05, lambda: setattr(app, "x", asyncio.ensure_future(app.stop())))
        app.on_start(begin)
        app.run()
        """
    )
    status, err = process.end()
    assert status == 0
    assert "cancelled" in process.lines
    assert "the forgotten one" in err
    assert "RuntimeWarning" in err


def test_an_application_may_trap_its_own_signals(program):
    """CORE-066, CORE-177"""
    process = program(
        """
        async def main():
            app = Application()
            app.server(Server)
            await app.start()
            say(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
            ended = asyncio.Event()
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
            say("ready")
            await ended.wait()
            await app.stop()
        asyncio.run(main())
        """
    )
    process.wait_for("ready")
    process.send(signal.SIGTERM)
    assert process.end()[0] == 0
    assert process.lines == ["server started", "True", "ready", "server stopped"]


def quick(**config):
    """An application that stops by itself as soon as it runs."""
    app = Application(config)

    async def begin():
        asyncio.get_running_loop().call_later(0.01, lambda: asyncio.ensure_future(app.stop()))

    app.on_start(begin)
    return app


def test_handlers_are_put_back_and_another_application_runs_afterwards(capsys):
    """CORE-177"""
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    quick().run()
    app = quick()
    app.run()
    assert app.state == "stopped"
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    app = Application()
    app.on_start(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        app.run()
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_run_goes_through_the_overridden_methods():
    """CORE-024, CORE-170"""
    log = []

    class Mine(Application):
        async def start(self):
            log.append("start")
            await super().start()

        async def stop(self):
            log.append("stop")
            await super().stop()

    app = Mine()

    async def interrupt():
        asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), signal.SIGTERM)

    app.on_start(interrupt)
    app.run()
    assert log == ["start", "stop"]


def test_run_works_outside_the_main_thread():
    """CORE-179"""
    app = quick()
    thread = threading.Thread(target=app.run)
    thread.start()
    thread.join(10)
    assert app.state == "stopped"


async def test_run_inside_a_loop_says_what_to_do():
    """CORE-179"""
    with pytest.raises(RuntimeError, match=r"await app\.start\(\)"):
        Application().run()


@pytest.mark.parametrize(
    ("shutdown", "named"),
    [
        ({"grace_period": -1}, "grace_period"),
        ({"grace_period": "soon"}, "grace_period"),
        ({"grace_period": True}, "grace_period"),
        ({"grace_period": float("nan")}, "grace_period"),
        ({"signals": ["SIGNOTHING"]}, "SIGNOTHING"),
        ({"signals": ["SIGKILL"]}, "SIGKILL"),
        ({"signals": "SIGTERM"}, "signals"),
        ({"signals": [15]}, "signals"),
    ],
)
def test_a_wrong_setting_is_refused_before_anything_started(shutdown, named):
    """CORE-182"""
    app, log = Application({"shutdown": shutdown}), []
    app.on_start(lambda: log.append("started"))
    with pytest.raises(ValueError, match=named):
        app.run()
    assert log == []


@pytest.mark.parametrize("period", [0, 1.5, None, float("inf")])
def test_a_right_grace_period_is_taken(period):
    """CORE-182"""
    app = quick(shutdown={"grace_period": period})
    app.run()
    assert app.state == "stopped"
