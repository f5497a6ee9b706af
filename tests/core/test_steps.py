"""Steps that a subclass adds to the life cycle: where they run, what they see, how they are undone."""

from contextvars import ContextVar

import pytest

from mainspring.core import Application
from mainspring.core.ordering import FOUNDATION, LifeCycleObserverOptions, order_groups

SEEN: ContextVar[str] = ContextVar("seen", default="nothing")


class Stepped(Application):
    """Writes down its steps, and fails in the one it is told to."""

    def __init__(self, fails: str = "") -> None:
        super().__init__()
        self.log: list[str] = []
        self._fails = fails

        class Observer:
            start = lambda _: self.log.append("start")  # noqa: E731 - one line each
            stop = lambda _: self.log.append("stop")  # noqa: E731
            init = lambda _: self.log.append("init")  # noqa: E731

        self.life_cycle_observer(Observer)

    def step(self, name: str) -> None:
        self.log.append(name)
        if name == self._fails:
            raise ValueError(name)

    async def run_init(self, parts, *, starts):
        self.step("before init")
        await super().run_init(parts, starts=starts)
        SEEN.set("init")
        self.step("after init")

    async def run_start(self, parts):
        self.step(f"before start, {SEEN.get()}")
        await super().run_start(parts)
        self.step("after start")

    async def run_stop(self, parts):
        await super().run_stop(parts)
        self.log.append("after stop")

    async def before_undo(self, error):
        self.log.append(f"undo {error}, {self.state}")

    async def after_undo(self, error):
        self.log.append(f"undone {error}")
        raise RuntimeError("a footnote")


class Anew(Stepped):
    initializes_anew = True


async def test_steps_run_around_the_observers_and_see_what_the_earlier_ones_set() -> None:
    app = Stepped()
    await app.start()
    await app.stop()
    assert app.log == [
        "before init",
        "init",
        "after init",
        "before start, init",
        "start",
        "after start",
        "stop",
        "after stop",
    ]


async def test_an_application_may_initialize_anew_with_each_start() -> None:
    once, anew = Stepped(), Anew()
    for app in (once, anew):
        for _ in range(2):
            await app.start()
            await app.stop()
    assert once.log.count("before init") == 1
    assert anew.log.count("before init") == 2
    assert anew.log.count("init") == 1  # no observer has it twice


@pytest.mark.parametrize(
    ("fails", "stopped"),
    [("before init", False), ("after init", True), ("before start, init", True), ("after start", True)],
)
async def test_what_fails_is_told_before_it_is_undone_and_everything_that_was_begun_is(
    fails: str, stopped: bool
) -> None:
    app = Stepped(fails)
    with pytest.raises(ValueError, match=fails) as caught:
        await app.start()
    assert app.state == "stopped"
    undoing = app.log[app.log.index(fails) + 1 :]
    assert undoing == [f"undo {fails}, stopping", *(["stop"] if stopped else []), f"undone {fails}"]
    assert any("a footnote" in note for note in caught.value.__notes__)


def test_what_others_stand_on_is_between_datasources_and_the_other_groups() -> None:
    order = order_groups(["", "server", FOUNDATION, "a", "datasource"], LifeCycleObserverOptions())
    assert order == ["datasource", FOUNDATION, "", "a", "server"]
