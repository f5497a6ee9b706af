"""Random lives: operations begun and cancelled at any moment, observers that fail, and what must hold always."""

import asyncio
import random

import pytest

from mainspring.core import Application, CoreBindings, CoreTags, InvalidStateError

OPERATIONS = ["init", "start", "start", "stop", "stop", "cancel", "sleep", "sleep"]


class Observer:
    """Waits and fails at random, and knows whether it is up."""

    def __init__(self, chance):
        self.chance, self.is_up = chance, False

    async def _step(self, phase):
        choice = self.chance.random()
        if choice < 0.5:
            await asyncio.sleep(0 if choice < 0.4 else 0.0005)
        if self.chance.random() < 0.06:
            raise RuntimeError(phase)

    async def init(self):
        await self._step("init")

    async def start(self):
        assert not self.is_up, "started twice"
        await self._step("start")
        self.is_up = True

    async def stop(self):
        try:
            await self._step("stop")
        finally:
            self.is_up = False


class Life:
    """One application with observers and resources, and what was seen of it."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.app = app = Application()
        self.open, self.seen, self.tasks = 0, [], []
        app.bind(CoreBindings.LIFE_CYCLE_OBSERVER_OPTIONS).to({"parallel": self.chance.random() < 0.5})
        self.observers = [Observer(self.chance) for _ in range(self.chance.randint(0, 6))]
        for number, observer in enumerate(self.observers):
            group = self.chance.choice(["", "a", "server"])
            tags = {CoreTags.LIFE_CYCLE_OBSERVER: "life_cycle_observer", CoreTags.LIFE_CYCLE_OBSERVER_GROUP: group}
            app.bind(f"o{number}").to(observer).tag(tags)
        app.resource(self.plain)
        app.resource(self.asynchronous)
        app.on("state_changed", lambda old, new: self.seen.append((old, new)))

    def plain(self):
        self.open += 1
        yield
        self.open -= 1

    async def asynchronous(self):
        await asyncio.sleep(0)
        self.open += 1
        yield
        self.open -= 1

    async def live(self):
        for _ in range(self.chance.randint(1, 14)):
            operation = self.chance.choice(OPERATIONS)
            if operation == "sleep":
                for _ in range(self.chance.randint(0, 6)):
                    await asyncio.sleep(0)
            elif operation != "cancel":
                self.tasks.append(asyncio.create_task(getattr(self.app, operation)()))
            elif self.tasks:
                self.chance.choice(self.tasks).cancel()
        return await asyncio.wait_for(asyncio.gather(*self.tasks, return_exceptions=True), 20)

    def check(self):
        assert self.app.state in ("created", "initialized", "started", "stopped")
        assert all(before[1] == after[0] for before, after in zip(self.seen, self.seen[1:], strict=False))
        if self.app.state == "started":
            assert all(observer.is_up for observer in self.observers)
            assert self.open == 2
        if self.app.state in ("created", "stopped"):
            assert not any(observer.is_up for observer in self.observers)
            assert self.open == 0


EXPECTED = (RuntimeError, InvalidStateError, asyncio.CancelledError, BaseExceptionGroup, type(None))


@pytest.mark.parametrize("block", range(6))
async def test_whatever_happens_nothing_is_left_half_done(block):
    """CORE-106, CORE-108, CORE-112, CORE-115, CORE-116, CORE-117, CORE-118, CORE-242"""
    for seed in range(block * 50, block * 50 + 50):
        life = Life(seed)
        results = await life.live()
        assert all(isinstance(result, EXPECTED) for result in results), seed
        life.check()
        results = await asyncio.gather(life.app.stop(), return_exceptions=True)
        assert isinstance(results[0], EXPECTED), seed
        life.check()
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == [], seed
