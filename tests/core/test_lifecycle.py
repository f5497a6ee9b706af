"""States and operations of an application: one at a time, undone when they fail, shared by those who wait."""

# ruff: noqa: ASYNC110 - a test looks at the state between two turns of the loop, which no event announces

import asyncio
import gc
import logging
import weakref

import pytest

from mainspring.core import Application, Context, CoreBindings, CoreTags, InvalidStateError, MainspringError

FULL_LIFE = [
    ("created", "initializing"),
    ("initializing", "initialized"),
    ("initialized", "starting"),
    ("starting", "started"),
    ("started", "stopping"),
    ("stopping", "stopped"),
]


class Recorder:
    """An observer that writes down what happens to it and fails where it is told to."""

    def __init__(self, name, log, *, fails=(), waits=()):
        self.name, self.log, self.fails, self.waits = name, log, dict(fails), dict(waits)

    async def _step(self, phase):
        self.log.append(f"{phase} {self.name}")
        gate = self.waits.get(phase)
        if gate is not None:
            await gate.wait()
        if phase in self.fails:
            raise self.fails[phase]
        self.log.append(f"{phase} {self.name} done")

    async def init(self):
        await self._step("init")

    async def start(self):
        await self._step("start")

    async def stop(self):
        await self._step("stop")


def add(app, observer, group=""):
    binding = app.bind(f"life_cycle_observers.{observer.name}").to(observer)
    return binding.tag(CoreTags.LIFE_CYCLE_OBSERVER, {CoreTags.LIFE_CYCLE_OBSERVER_GROUP: group})


def recorded(app):
    seen = []
    app.on("state_changed", lambda old, new: seen.append((old, new)))
    return seen


def serial(app):
    app.bind(CoreBindings.LIFE_CYCLE_OBSERVER_OPTIONS).to({"parallel": False})
    return app


async def test_a_full_life_gives_exactly_these_transitions():
    """CORE-100, CORE-109, CORE-162"""
    app = Application()
    seen = recorded(app)
    into_started = []
    app.on("started", lambda old, new: into_started.append((old, new, app.state)))
    assert app.state == "created"
    await app.start()
    await app.start()
    await app.stop()
    await app.stop()
    assert seen == FULL_LIFE
    assert into_started == [("starting", "started", "started")]


async def test_a_listener_is_taken_away_by_off():
    """CORE-109"""
    app = Application()
    seen = []

    def listen(old, new):
        seen.append(new)

    app.on("state_changed", listen)
    assert app.off("state_changed", listen)
    assert not app.off("state_changed", listen)
    await app.start()
    assert seen == []
    with pytest.raises(ValueError, match="no_such"):
        app.on("no_such", listen)


def test_a_listener_that_could_never_be_called_is_refused():
    """CORE-109, CTX-433: of an event that is none, or of nothing that can be called."""
    app = Application()
    with pytest.raises(ValueError, match=r"bind, unbind, error, state_changed, created, .*, stopped; 'start' is none"):
        app.on("start", print)
    with pytest.raises(TypeError, match="A listener is a function"):
        app.on("started", 3)


async def test_a_failing_listener_is_logged_and_disturbs_nobody(caplog):
    """CORE-110"""
    app = Application()

    def fail(old, new):
        raise RuntimeError("listener broke")

    app.on("state_changed", fail)
    seen = recorded(app)
    with caplog.at_level(logging.ERROR, logger="mainspring.core"):
        await app.init()
    assert seen == [("created", "initializing"), ("initializing", "initialized")]
    assert "listener broke" in caplog.text


async def test_the_state_changes_before_the_first_suspension():
    """CORE-101"""
    app = Application()
    coroutine = app.init()
    assert app.state == "created"
    coroutine.send(None)
    assert app.state == "initializing"
    coroutine.close()
    for _ in range(5):
        await asyncio.sleep(0)

    app = Application()
    await app.init()
    coroutine = app.start()
    assert app.state == "initialized"
    coroutine.send(None)
    assert app.state == "starting"
    coroutine.close()
    while app.state != "started":
        await asyncio.sleep(0)
    coroutine = app.stop()
    coroutine.send(None)
    assert app.state == "stopping"
    coroutine.close()
    while app.state != "stopped":
        await asyncio.sleep(0)


async def test_init_runs_once_in_a_life():
    """CORE-102, CORE-103, CORE-105"""
    app, log = Application(), []
    add(app, Recorder("a", log))
    await app.init()
    assert app.state == "initialized"
    await app.init()
    await app.start()
    await app.init()
    await app.stop()
    assert app.state == "stopped"
    await app.init()
    assert app.state == "stopped"
    seen = recorded(app)
    await app.start()
    assert seen == [("stopped", "starting"), ("starting", "started")]
    assert log.count("init a") == 1
    assert log.count("start a") == 2


async def test_stop_does_nothing_where_there_is_nothing_to_stop():
    """CORE-104"""
    app, log = Application(), []
    add(app, Recorder("a", log))
    await app.stop()
    assert app.state == "created"
    await app.init()
    await app.stop()
    assert app.state == "stopped"
    assert log == ["init a", "init a done", "stop a", "stop a done"]
    await app.stop()
    assert log[-1] == "stop a done"
    assert log.count("stop a") == 1


@pytest.mark.parametrize("operation", ["init", "start", "stop"])
async def test_the_same_operation_twice_at_once_is_one(operation):
    """CORE-106"""
    app, log = Application(), []
    if operation == "stop":
        await app.start()
        app.on_stop(lambda: log.append("once"))
    else:
        getattr(app, f"on_{operation}")(lambda: log.append("once"))
    await asyncio.gather(*(getattr(app, operation)() for _ in range(3)))
    assert log == ["once"]


async def test_every_waiter_gets_the_same_exception_object():
    """CORE-106"""
    app, failure = Application(), RuntimeError("no")

    async def fail():
        await asyncio.sleep(0)
        raise failure

    app.on_start(fail)
    results = await asyncio.gather(*(app.start() for _ in range(3)), return_exceptions=True)
    assert all(result is failure for result in results)


async def test_start_waits_for_an_init_under_way_and_init_while_starting_returns():
    """CORE-107"""
    app, log, gate, started = Application(), [], asyncio.Event(), asyncio.Event()
    add(app, Recorder("a", log, waits={"init": gate, "start": started}))
    init = asyncio.create_task(app.init())
    await asyncio.sleep(0)
    start = asyncio.create_task(app.start())
    for _ in range(5):
        await asyncio.sleep(0)
    assert app.state == "initializing"
    gate.set()
    await init
    while app.state != "starting":
        await asyncio.sleep(0)
    await asyncio.wait_for(app.init(), 1)
    started.set()
    await start
    assert log == ["init a", "init a done", "start a", "start a done"]
    await app.stop()


async def test_another_operation_during_one_is_refused_and_disturbs_nothing():
    """CORE-108"""
    app, log, gate = Application(), [], asyncio.Event()
    add(app, Recorder("a", log, waits={"start": gate, "stop": gate}))
    start = asyncio.create_task(app.start())
    while app.state != "starting":
        await asyncio.sleep(0)
    with pytest.raises(InvalidStateError, match="Cannot stop the application as it is starting") as caught:
        await app.stop()
    assert isinstance(caught.value, MainspringError)
    assert app.state == "starting"
    gate.set()
    await start
    gate.clear()
    stop = asyncio.create_task(app.stop())
    while app.state != "stopping":
        await asyncio.sleep(0)
    with pytest.raises(InvalidStateError, match="Cannot start the application as it is stopping"):
        await app.start()
    gate.set()
    await stop
    assert app.state == "stopped"


async def test_stop_while_initializing_is_refused_between_the_phases_too():
    """CORE-108"""
    app, refused = Application(), []

    def listen(old, new):
        if new == "initialized":
            asyncio.get_running_loop().create_task(attempt())

    async def attempt():
        try:
            await app.stop()
        except InvalidStateError as error:
            refused.append(str(error))

    app.on("state_changed", listen)
    await app.start()
    await asyncio.sleep(0)
    assert app.state == "started"
    assert len(refused) == 1
    await app.stop()


async def test_a_failing_init_stops_what_had_been_initialized_and_may_be_repeated():
    """CORE-111"""
    app, log, failure = serial(Application()), [], RuntimeError("no")
    bad = Recorder("c", log, fails={"init": failure})
    for each in (Recorder("a", log), Recorder("b", log), bad, Recorder("d", log)):
        add(app, each)
    with pytest.raises(RuntimeError) as caught:
        await app.init()
    assert caught.value is failure
    assert app.state == "stopped"
    assert [entry for entry in log if entry.startswith("stop") and "done" not in entry] == ["stop b", "stop a"]
    bad.fails.clear()
    log.clear()
    await app.start()
    assert [entry for entry in log if entry.startswith("init") and "done" in entry] == [
        f"init {name} done" for name in "abcd"
    ]
    await app.stop()


async def test_a_failing_start_undoes_itself():
    """CORE-112"""
    app, log, failure = serial(Application()), [], RuntimeError("no")
    seen = recorded(app)

    class OnlyStop:
        def stop(self):
            log.append("stop only")

    add(app, Recorder("a", log))
    app.life_cycle_observer(OnlyStop)
    bad = add(app, Recorder("b", log, fails={"start": failure}))
    add(app, Recorder("c", log))
    with pytest.raises(RuntimeError) as caught:
        await app.start()
    assert caught.value is failure
    assert seen[-3:] == [("initialized", "starting"), ("starting", "stopping"), ("stopping", "stopped")]
    assert [entry for entry in log if entry.startswith("stop") and "done" not in entry] == ["stop only", "stop a"]
    app.unbind(bad.key)
    await app.start()
    assert app.state == "started"
    await app.stop()


async def test_failures_of_the_undoing_are_footnotes(caplog):
    """CORE-112"""
    app, failure = serial(Application()), RuntimeError("no")
    add(app, Recorder("a", [], fails={"stop": ValueError("cannot stop a")}))
    add(app, Recorder("b", [], fails={"start": failure}))
    with caplog.at_level(logging.ERROR, logger="mainspring.core"), pytest.raises(RuntimeError) as caught:
        await app.start()
    assert caught.value is failure
    assert any("cannot stop a" in note for note in caught.value.__notes__)
    assert "cannot stop a" in caplog.text


async def test_the_third_of_four_servers_fails():
    """CORE-113"""
    app, log = serial(Application()), []
    fails = {"start": OSError("port taken")}

    class Server(Recorder):
        listening = False

    servers = [Server(name, log, fails=fails if name == "c" else {}) for name in "abcd"]
    for server in servers:
        app.server(server, server.name)
    with pytest.raises(OSError, match="port taken"):
        await app.start()
    assert [entry for entry in log if "done" not in entry and not entry.startswith("init")] == [
        "start a",
        "start b",
        "start c",
        "stop b",
        "stop a",
    ]
    servers[2].fails = {}
    await app.start()
    await app.stop()


async def test_in_a_parallel_group_one_failure_cancels_the_siblings():
    """CORE-114"""
    app, log, failure = Application(), [], RuntimeError("no")

    class Slow(Recorder):
        async def start(self):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                await asyncio.sleep(0.01)
                log.append(f"cancelled {self.name}")
                raise

    add(app, Recorder("fast", log))
    add(app, Slow("slow", log))

    async def fail():
        await asyncio.sleep(0.01)
        raise failure

    app.life_cycle_observer(fail)
    with pytest.raises(RuntimeError) as caught:
        await app.start()
    assert caught.value is failure
    assert "cancelled slow" in log
    assert "stop fast done" in log
    assert "stop slow" not in log


async def test_of_two_failures_at_once_the_first_is_raised_and_the_other_a_note():
    """CORE-114"""
    app, first, second = Application(), RuntimeError("first"), ValueError("second")

    class Both:
        async def start(self):
            try:
                await asyncio.sleep(60)
            finally:
                raise second

    async def fail():
        await asyncio.sleep(0)
        raise first

    app.life_cycle_observer(Both)
    app.life_cycle_observer(fail)
    with pytest.raises(RuntimeError) as caught:
        await app.start()
    assert caught.value is first
    assert any("second" in note for note in caught.value.__notes__)


async def test_a_second_failure_does_not_disturb_who_is_cleaning_up():
    """CORE-114"""
    app, log = Application(), []

    async def cleans_up():
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            log.append("cleaned up")

    async def fails():
        await asyncio.sleep(0)  # the others have begun
        raise RuntimeError("first")

    async def fails_when_cancelled():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise ValueError("second") from None

    for function in (cleans_up, fails, fails_when_cancelled):
        app.life_cycle_observer(function)
    with pytest.raises(RuntimeError, match="first") as caught:
        await app.start()
    assert log == ["cleaned up"]
    assert any("second" in note for note in caught.value.__notes__)


async def test_a_cancelled_start_is_undone_and_stays_a_cancellation():
    """CORE-115"""
    app, log, gate = serial(Application()), [], asyncio.Event()
    add(app, Recorder("a", log))
    add(app, Recorder("b", log, waits={"start": gate}))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await app.start()
    assert app.state == "stopped"
    assert log[-2:] == ["stop a", "stop a done"]
    assert "stop b" not in log
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


async def test_cancelling_one_of_several_waiters_cancels_only_its_waiting():
    """CORE-116"""
    app, log, gate = Application(), [], asyncio.Event()
    add(app, Recorder("a", log, waits={"start": gate}))
    first, second = (asyncio.create_task(app.start()) for _ in range(2))
    while "start a" not in log:
        await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert app.state == "starting"
    gate.set()
    await second
    assert app.state == "started"
    await app.stop()


async def test_when_the_last_waiter_is_cancelled_the_operation_is():
    """CORE-116"""
    app, log, gate = Application(), [], asyncio.Event()
    add(app, Recorder("a", log, waits={"start": gate}))
    tasks = [asyncio.create_task(app.start()) for _ in range(2)]
    while "start a" not in log:
        await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    assert app.state == "stopped"


async def test_a_start_that_ends_just_when_its_caller_is_cancelled_is_undone():
    """CORE-115"""
    app = Application()
    task = asyncio.create_task(app.start())
    app.on("started", lambda old, new: task.cancel())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert app.state == "stopped"


async def test_stop_notifies_everybody_and_then_raises():
    """CORE-117"""
    app, log = serial(Application()), []
    one, two = RuntimeError("one"), ValueError("two")
    add(app, Recorder("a", log))
    add(app, Recorder("b", log, fails={"stop": two}))
    add(app, Recorder("c", log, fails={"stop": one}))
    await app.start()
    with pytest.raises(ExceptionGroup) as caught:
        await app.stop()
    assert list(caught.value.exceptions) == [one, two]
    assert app.state == "stopped"
    assert log[-1] == "stop a done"


async def test_a_single_failure_of_stop_is_raised_as_itself():
    """CORE-117"""
    app, failure = Application(), RuntimeError("one")
    add(app, Recorder("a", [], fails={"stop": failure}))
    await app.start()
    with pytest.raises(RuntimeError) as caught:
        await app.stop()
    assert caught.value is failure


async def test_a_cancelled_stop_still_stops_the_rest():
    """CORE-118"""
    app, log, gate = serial(Application()), [], asyncio.Event()
    add(app, Recorder("a", log))
    add(app, Recorder("b", log, waits={"stop": gate}))
    add(app, Recorder("c", log))
    await app.start()
    task = asyncio.create_task(app.stop())
    while "stop b" not in log:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert app.state == "stopped"
    assert log[-2:] == ["stop a", "stop a done"]
    assert "stop b done" not in log


@pytest.mark.parametrize("phase", ["init", "start", "stop"])
async def test_an_observer_that_awaits_its_own_operation_is_refused(phase):
    """CORE-119"""
    app, caught = Application(), []

    async def again():
        try:
            await getattr(app, phase)()
        except InvalidStateError as error:
            caught.append(error)

    getattr(app, f"on_{phase}")(again)
    await asyncio.wait_for(app.start(), 2)
    await asyncio.wait_for(app.stop(), 2)
    assert len(caught) == 1


async def test_start_from_inside_init_is_refused():
    """CORE-119"""
    app = Application()
    app.on_init(lambda: asyncio.ensure_future(app.start()))
    with pytest.raises(InvalidStateError):
        await asyncio.wait_for(app.start(), 2)
    assert app.state == "stopped"


async def test_async_with_goes_through_the_overridden_methods_and_closes():
    """CORE-120, CORE-024"""
    log = []

    class Mine(Application):
        async def start(self):
            await super().start()
            log.append("start")

        async def stop(self):
            log.append("stop")
            await super().stop()

    async def value():
        yield 1
        log.append("disposed")

    app = Mine()
    app.bind("value").to_dynamic_value(value).in_scope("singleton")
    async with app as entered:
        assert entered is app
        assert await app.get("value") == 1
        log.append("body")
    assert log == ["start", "body", "stop", "disposed"]


async def test_a_failing_start_keeps_the_body_from_running():
    """CORE-120"""
    app, log = Application(), []
    app.on_start(lambda: 1 / 0)

    def held():
        yield 1
        log.append("disposed")

    app.bind("held").to_dynamic_value(held).in_scope("singleton")
    app.get_sync("held")
    with pytest.raises(ZeroDivisionError):
        async with app:
            log.append("body")
    assert log == ["disposed"]
    assert app.state == "stopped"


async def test_an_error_of_the_body_stays_the_one_that_is_raised():
    """CORE-121"""
    app, failure = Application(), KeyError("body")
    app.on_stop(lambda: 1 / 0)
    with pytest.raises(KeyError) as caught:
        async with app:
            raise failure
    assert caught.value is failure
    assert any("ZeroDivisionError" in note for note in caught.value.__notes__)
    assert app.state == "stopped"
    app = Application()
    app.on_stop(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        async with app:
            pass


async def test_stop_keeps_singletons_and_close_disposes_of_them():
    """CORE-122, CORE-105"""
    app, log = Application(), []

    def value():
        log.append("made")
        yield object()
        log.append("disposed")

    app.bind("value").to_dynamic_value(value).in_scope("singleton")
    await app.start()
    first = await app.get("value")
    await app.stop()
    await app.start()
    assert await app.get("value") is first
    await app.stop()
    await app.close()
    assert log == ["made", "disposed"]


async def test_an_application_is_an_observer_in_another():
    """CORE-123"""
    outer, inner, log = Application({"name": "outer"}), Application({"name": "inner"}), []
    inner.on_init(lambda: log.append("init"))
    inner.on_start(lambda: log.append("start"))
    inner.on_stop(lambda: log.append("stop"))
    outer.bind("inner").to(inner).tag(CoreTags.LIFE_CYCLE_OBSERVER)
    await outer.start()
    assert (outer.state, inner.state) == ("started", "started")
    await outer.stop()
    assert inner.state == "stopped"
    assert log == ["init", "start", "stop"]


async def test_an_application_below_another_does_not_notify_itself():
    """CORE-123, CORE-135"""
    outer = Application()
    inner = Application(outer)
    outer.bind("inner").to(inner).tag(CoreTags.LIFE_CYCLE_OBSERVER)
    await asyncio.wait_for(outer.start(), 2)
    assert inner.state == "started"
    await asyncio.wait_for(outer.stop(), 2)
    assert inner.state == "stopped"


async def test_a_dropped_application_is_collected():
    """CORE-022"""

    class Server(Context):
        listening = False

        def __init__(self, app: Application) -> None:
            super().__init__(app)

        async def start(self):
            self.listening = True

        async def stop(self):
            self.listening = False

    app = Application()
    app.server(Server)
    app.on_start(lambda: None)
    async with app:
        pass
    ref = weakref.ref(app)
    del app
    gc.collect()
    assert ref() is None
