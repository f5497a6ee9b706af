"""Resources: there from the start of an application until its stop."""

# ruff: noqa: ASYNC110 - a test looks at the state between two turns of the loop, which no event announces

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from mainspring.core import Application, BindingScope, MainspringError, NotOpenError, inject


class Pool:
    def __init__(self, name: str = "") -> None:
        self.name = name


class Other(Pool): ...


async def test_a_resource_is_open_between_start_and_stop():
    """CORE-240"""
    app, log = Application(), []
    app.bind("dsn").to("memory")

    async def pool(dsn: str = inject("dsn")) -> AsyncIterator[Pool]:
        log.append("open pool")
        yield Pool(dsn)
        log.append("close pool")

    def cache(pool: Pool) -> Iterator[Other]:
        log.append(f"open cache on {pool.name}")
        yield Other("cache")
        log.append("close cache")

    class Server:
        listening = False

        def __init__(self, pool: Pool) -> None:
            log.append(f"server has {pool.name}")

        async def start(self):
            log.append("server starts")

        async def stop(self):
            log.append("server stops")

    binding = app.resource(pool)
    app.resource(cache, key="cache")
    app.server(Server)
    assert binding.scope is BindingScope.SINGLETON
    with pytest.raises(NotOpenError, match="start") as caught:
        await app.get(binding.key)
    assert isinstance(caught.value, MainspringError)
    await app.start()
    assert (await app.get(Other)) is await app.get("cache")
    assert (await app.get(binding.key)).name == "memory"
    await app.stop()
    assert log == [
        "open pool",
        "open cache on memory",
        "server has memory",
        "server starts",
        "server stops",
        "close cache",
        "close pool",
    ]
    with pytest.raises(NotOpenError):
        app.get_sync("cache")


def test_only_a_generator_function_is_a_resource():
    """CORE-240"""
    with pytest.raises(TypeError, match="generator"):
        Application().resource(lambda: 1)


async def test_both_halves_run_in_one_task():
    """CORE-241"""
    app, tasks = Application(), []

    async def spanning():
        tasks.append(asyncio.current_task())
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0))
            async with asyncio.timeout(60):
                yield group
        tasks.append(asyncio.current_task())

    def plain():
        tasks.append(asyncio.current_task())
        yield
        tasks.append(asyncio.current_task())

    app.resource(spanning)
    app.life_cycle_observer(plain)
    await asyncio.create_task(app.start())
    await asyncio.create_task(app.stop())
    assert len(tasks) == 4
    assert tasks[0] is tasks[3]
    assert tasks[1] is tasks[2]


@pytest.mark.parametrize("register", ["resource", "life_cycle_observer"])
async def test_a_background_task_that_fails_stops_the_application_with_its_error(register):
    """CORE-241"""
    app, gate, log = Application(), asyncio.Event(), []

    async def fail():
        await gate.wait()
        raise RuntimeError("background")

    async def spanning():
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            yield

    getattr(app, register)(spanning)
    app.on_stop(lambda: log.append("stopped"))

    async def life():
        async with app:
            gate.set()
            while app.state != "stopped":
                await asyncio.sleep(0)
            assert log == ["stopped"]

    with pytest.raises(ExceptionGroup) as caught:
        await life()
    assert str(caught.value.exceptions[0]) == "background"


async def test_a_background_task_that_fails_while_starting_fails_the_start():
    """CORE-241"""
    app, begun = Application(), asyncio.Event()

    async def fail():
        begun.set()
        raise RuntimeError("background")

    async def spanning():
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            yield

    async def slow():
        await begun.wait()
        for _ in range(10):
            await asyncio.sleep(0)

    app.resource(spanning)
    app.on_start(slow)
    with pytest.raises(ExceptionGroup):
        await app.start()
    assert app.state == "stopped"


async def test_a_failing_opening_closes_what_was_open_and_fails_the_start():
    """CORE-242"""
    app, log, failure = Application(), [], RuntimeError("no")

    def one():
        yield 1
        log.append("close one")

    async def two():
        yield 2
        log.append("close two")

    async def three():
        raise failure
        yield

    for factory in (one, two, three):
        app.resource(factory)
    app.on_start(lambda: log.append("started"))
    with pytest.raises(RuntimeError) as caught:
        await app.start()
    assert caught.value is failure
    assert log == ["close two", "close one"]
    assert app.state == "stopped"


async def test_a_failing_closing_keeps_no_other_from_closing():
    """CORE-242"""
    app, log = Application(), []

    def one():
        yield 1
        log.append("close one")

    def two():
        yield 2
        raise ValueError("two")

    app.resource(one)
    app.resource(two)
    await app.start()
    with pytest.raises(ValueError, match="two"):
        await app.stop()
    assert log == ["close one"]
    assert app.state == "stopped"


async def test_a_failing_start_closes_the_resources():
    """CORE-242, CORE-112"""
    app, log = Application(), []

    def one():
        yield 1
        log.append("close one")

    app.resource(one)
    app.on_start(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        await app.start()
    assert log == ["close one"]


async def test_a_new_start_opens_anew():
    """CORE-243"""
    app = Application()

    def pool() -> Iterator[Pool]:
        yield Pool()

    class Holder:
        def __init__(self, pool: Pool) -> None:
            self.pool = pool

    app.resource(pool)
    app.bind("holder").to_class(Holder).in_scope("singleton")
    await app.start()
    first, holder = await app.get(Pool), await app.get("holder")
    assert await app.get(Pool) is first
    await app.stop()
    await app.start()
    assert await app.get(Pool) is not first
    assert (await app.get("holder")).pool is holder.pool is first
    await app.stop()


async def test_a_cancelled_opening_runs_the_finally_of_the_generator():
    """CORE-115, CORE-242"""
    app, log = Application(), []

    async def pool():
        try:
            await asyncio.sleep(60)
            yield
        finally:
            log.append("finally")

    app.resource(pool)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await app.start()
    assert log == ["finally"]
    assert app.state == "stopped"
