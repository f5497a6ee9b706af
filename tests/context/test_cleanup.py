"""Clean-up of generators and the end of a context's life."""

import asyncio
import contextlib
import gc
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from mainspring.context import (
    AsyncValueError,
    Binding,
    BindingScope,
    Context,
    ContextError,
    InvocationContext,
    ResolutionError,
    filter_by_key,
    inject,
    intercept,
    invoke_method,
)


class Log(list[str]):
    """What happened, and the generators that write into it."""

    def plain(self, name: str, fail: str = "") -> Callable[..., Iterator[str]]:
        """A generator factory."""

        def make() -> Iterator[str]:
            if fail == "start":
                raise RuntimeError(name)
            self.append(f"+{name}")
            yield name
            self.append(f"-{name}")
            if fail == "end":
                raise RuntimeError(name)

        return make

    def slow(self, name: str, fail: str = "", pause: float = 0) -> Callable[..., AsyncIterator[str]]:
        """An async generator factory."""

        async def make() -> AsyncIterator[str]:
            await asyncio.sleep(0)
            self.append(f"+{name}")
            yield name
            self.append(f"({name}")
            await asyncio.sleep(pause)
            self.append(f"-{name}")
            if fail == "end":
                raise RuntimeError(name)

        return make

    async def until(self, entry: str) -> None:
        """Wait for an entry."""
        async with asyncio.timeout(10):
            while entry not in self:  # noqa: ASYNC110 - it is a list that is watched
                await asyncio.sleep(0)

    def take(self) -> list[str]:
        """What happened since the last time."""
        found, self[:] = list(self), []
        return found


@pytest.fixture
def log() -> Log:
    """An empty log."""
    return Log()


@pytest.fixture
def chain() -> dict[str, Context]:
    """app <- server <- request, each of its scope."""
    app = Context("app", scope=BindingScope.APPLICATION)
    server = Context(app, "server", scope=BindingScope.SERVER)
    request = Context(server, "request", scope=BindingScope.REQUEST)
    return {"app": app, "server": server, "request": request}


# Who holds what


@pytest.mark.parametrize(
    ("scope", "holder"),
    [
        ("transient", "request"),
        ("context", "request"),
        ("request", "request"),
        ("server", "server"),
        ("application", "app"),
        ("singleton", "app"),
    ],
)
@pytest.mark.parametrize("slow", [False, True])
async def test_the_holding_context_is_the_resolution_context(
    chain: dict[str, Context], log: Log, scope: str, holder: str, slow: bool
) -> None:
    """CTX-400, CTX-403"""
    chain["app"].bind("x").to_dynamic_value(log.slow("x") if slow else log.plain("x")).in_scope(scope)
    assert await chain["request"].get("x") == "x"
    log.take()
    for name in ("request", "server", "app"):
        await chain[name].close()
        assert ("-x" in log.take()) == (name == holder)


async def test_value_made_for_a_method_call_is_cleaned_up_with_the_call(log: Log) -> None:
    """CTX-400, CTX-541"""

    class Service:
        def run(self, x: str = inject("x"), single: str = inject("single")) -> str:
            log.append("run")
            return x

    ctx = Context()
    ctx.bind("x").to_dynamic_value(log.slow("x"))
    ctx.bind("single").to_dynamic_value(log.plain("single")).in_scope("singleton")
    for expected in (["+x", "+single", "run", "(x", "-x"], ["+x", "run", "(x", "-x"]):
        assert await invoke_method(Service(), "run", ctx) == "x"
        assert log.take() == expected
    await ctx.close()
    assert log.take() == ["-single"]


@pytest.mark.parametrize("kind", ["provider", "factory class"])
async def test_generators_of_providers_and_factory_classes_are_cleaned_up(log: Log, kind: str) -> None:
    """CTX-400, CTX-401"""

    class Provided:
        def value(self) -> Iterator[str]:
            yield from log.plain("x")()

    class Made:
        @staticmethod
        async def value() -> AsyncIterator[str]:
            log.append("+x")
            yield "x"
            log.append("-x")

    ctx = Context()
    if kind == "provider":
        ctx.bind("x").to_provider(Provided)
    else:
        ctx.bind("x").to_dynamic_value(Made)
    for _ in range(3):
        assert await ctx.get("x") == "x"
    await ctx.close()
    assert log == ["+x"] * 3 + ["-x"] * 3


# Order


async def test_cleanups_run_once_last_created_first(log: Log) -> None:
    """CTX-401"""
    ctx = Context()
    for i in range(3):
        ctx.bind(f"p{i}").to_dynamic_value(log.plain(f"p{i}")).in_scope("singleton")
        ctx.bind(f"s{i}").to_dynamic_value(log.slow(f"s{i}")).in_scope("singleton")
    for key in ("s1", "p0", "p2", "s0", "p1", "s2", "s1", "p0"):
        await ctx.get(key)
    log.take()
    await ctx.close()
    assert log.take() == ["(s2", "-s2", "-p1", "(s0", "-s0", "-p2", "-p0", "(s1", "-s1"]
    await ctx.close()
    ctx.close_sync()
    assert log.take() == []


async def test_every_transient_value_has_its_own_cleanup(log: Log) -> None:
    """CTX-401, CTX-068"""
    ctx = Context()
    ctx.bind("x").to_dynamic_value(log.plain("x"))
    for _ in range(5):
        ctx.get_sync("x")
        await ctx.get("x")
    await ctx.close()
    assert log == ["+x"] * 10 + ["-x"] * 10


async def test_concurrent_close_waits_for_the_first(log: Log) -> None:
    """CTX-401"""
    ctx = Context()
    ctx.bind("x").to_dynamic_value(log.slow("x", pause=0.02))
    ctx.bind("y").to_dynamic_value(log.slow("y", fail="end"))
    await ctx.get("x")
    await ctx.get("y")
    log.take()

    async def close(name: str) -> None:
        try:
            await ctx.close()
        finally:
            log.append(name)

    results = await asyncio.gather(close("first"), close("second"), close("third"), return_exceptions=True)
    assert log.take()[:4] == ["(y", "-y", "(x", "-x"]
    assert isinstance(results[0], RuntimeError)
    assert results[1:] == [None, None]
    assert ctx.is_closed


async def test_close_from_inside_a_cleanup_does_not_wait_for_itself(log: Log) -> None:
    """CTX-401"""
    ctx = Context()

    async def make() -> AsyncIterator[str]:
        yield "x"
        await ctx.close()
        ctx.close_sync()
        log.append("-x")

    ctx.bind("x").to_dynamic_value(make)
    await ctx.get("x")
    async with asyncio.timeout(5):
        await ctx.close()
    assert log == ["-x"]


async def test_dependencies_are_cleaned_up_after_their_consumer(log: Log) -> None:
    """CTX-402"""
    ctx = Context()

    async def outer(a: str = inject("a"), b: str = inject("b")) -> AsyncIterator[str]:
        log.append(f"+outer({a}{b})")
        yield "outer"
        log.append(f"-outer({a}{b})")

    def middle(b: str = inject("b")) -> Iterator[str]:
        log.append("+a")
        yield "a"
        log.append("-a")

    ctx.bind("outer").to_dynamic_value(outer).in_scope("singleton")
    ctx.bind("a").to_dynamic_value(middle)
    ctx.bind("b").to_dynamic_value(log.slow("b")).in_scope("singleton")
    await ctx.get("outer")
    assert log.take() == ["+b", "+a", "+outer(ab)"]
    await ctx.close()
    assert log.take() == ["-outer(ab)", "-a", "(b", "-b"]


async def test_closing_leaves_parent_and_children_alone(log: Log) -> None:
    """CTX-403"""
    parent = Context("parent")
    middle = Context(parent, "middle")
    child = Context(middle, "child")
    parent.bind("single").to_dynamic_value(log.plain("single")).in_scope("singleton")
    parent.bind("each").to_dynamic_value(log.plain("each")).in_scope("context")
    for ctx in (child, middle, parent):
        assert ctx.get_sync("single") == "single"
        assert ctx.get_sync("each") == "each"
    log.take()
    await middle.close()
    assert log.take() == ["-each"]
    assert not parent.is_closed
    assert not child.is_closed
    assert child.get_sync("single") == "single"
    assert child.get_sync("each") == "each"
    assert log.take() == []
    await child.close()
    await parent.close()
    assert log.take() == ["-each", "-each", "-single"]


# Failures


async def close(ctx: Context, *, sync: bool) -> None:
    """Close in one of the two ways."""
    if sync:
        ctx.close_sync()
    else:
        await ctx.close()


async def test_one_failing_cleanup_is_raised_as_it_is(log: Log) -> None:
    """CTX-404"""
    for sync in (False, True):
        ctx = Context()
        for name, fail in (("a", ""), ("b", "end"), ("c", "")):
            ctx.bind(name).to_dynamic_value(log.plain(name, fail))
            ctx.get_sync(name)
        log.take()
        with pytest.raises(RuntimeError, match=r"^b$"):
            await close(ctx, sync=sync)
        assert log.take() == ["-c", "-b", "-a"]
        await ctx.close()
        assert log.take() == []


async def test_several_failing_cleanups_are_raised_as_a_group(log: Log) -> None:
    """CTX-404"""
    for sync in (False, True):
        ctx = Context()
        for name, fail in (("a", "end"), ("b", ""), ("c", "end")):
            ctx.bind(name).to_dynamic_value(log.plain(name, fail) if sync else log.slow(name, fail))
            await ctx.get(name)
        log.take()
        with pytest.raises(ExceptionGroup) as caught:
            await close(ctx, sync=sync)
        assert [str(error) for error in caught.value.exceptions] == ["c", "a"]
        assert [entry for entry in log.take() if entry.startswith("-")] == ["-c", "-b", "-a"]


async def test_second_yield_is_an_error_of_the_close_and_ends_the_generator(log: Log) -> None:
    """CTX-068, CTX-404"""

    def twice() -> Iterator[str]:
        try:
            yield "a"
            yield "b"
        finally:
            log.append("ended")

    async def slow_twice() -> AsyncIterator[str]:
        try:
            yield "a"
            yield "b"
        finally:
            log.append("ended slowly")

    ctx = Context()
    ctx.bind("x").to_dynamic_value(log.plain("x"))
    ctx.bind("twice").to_dynamic_value(twice)
    ctx.bind("slow").to_dynamic_value(slow_twice)
    for key in ("x", "twice", "slow"):
        await ctx.get(key)
    with pytest.raises(ExceptionGroup) as caught:
        await ctx.close()
    assert log == ["+x", "ended slowly", "ended", "-x"]
    for error, key in zip(caught.value.exceptions, ("slow", "twice"), strict=True):
        assert isinstance(error, ResolutionError)
        assert error.key == key
        assert key in str(error)


async def test_cancelled_close_runs_what_remains_and_stays_cancelled(log: Log) -> None:
    """CTX-405"""
    ctx = Context()
    ctx.bind("a").to_dynamic_value(log.slow("a"))
    ctx.bind("b").to_dynamic_value(log.plain("b", fail="end"))
    ctx.bind("c").to_dynamic_value(log.slow("c", pause=60))
    ctx.bind("d").to_dynamic_value(log.plain("d"))
    for key in "abcd":
        await ctx.get(key)
    log.take()
    closing = asyncio.create_task(ctx.close())
    waiting = asyncio.create_task(ctx.close())
    await log.until("(c")
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert closing.cancelled()
    assert log.take() == ["-d", "(c", "-b", "(a", "-a"]
    await waiting
    await ctx.close()
    assert log.take() == []


async def test_cancelled_second_closer_leaves_the_first_alone(log: Log) -> None:
    """CTX-405, CTX-401"""
    ctx = Context()
    ctx.bind("c").to_dynamic_value(log.slow("c", pause=0.02))
    await ctx.get("c")
    closing = asyncio.create_task(ctx.close())
    await asyncio.sleep(0)
    second = asyncio.create_task(ctx.close())
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    await closing
    assert log == ["+c", "(c", "-c"]


# Without a loop


def test_close_sync_runs_plain_cleanups(log: Log) -> None:
    """CTX-406"""
    ctx = Context()
    for name in "abc":
        ctx.bind(name).to_dynamic_value(log.plain(name))
        ctx.get_sync(name)
    log.take()
    ctx.close_sync()
    ctx.close_sync()
    assert log == ["-c", "-b", "-a"]
    assert ctx.is_closed


async def test_close_sync_with_asynchronous_cleanup_pending_changes_nothing(log: Log) -> None:
    """CTX-406"""
    ctx = Context()
    ctx.bind("a").to_dynamic_value(log.plain("a")).in_scope("singleton")
    ctx.bind("b").to_dynamic_value(log.slow("b"))
    ctx.bind("c").to_dynamic_value(log.plain("c"))
    for name in "abc":
        await ctx.get(name)
    log.take()
    for _ in range(2):
        with pytest.raises(AsyncValueError, match="b"):
            ctx.close_sync()
    assert log == []
    assert not ctx.is_closed
    assert ctx.get_sync("c") == "c"
    await ctx.close()
    assert log == ["+c", "-c", "-c", "(b", "-b", "-a"]


# As context managers


async def test_context_manager_gives_the_context_and_closes_it(log: Log) -> None:
    """CTX-407"""
    ctx = Context()
    ctx.bind("a").to_dynamic_value(log.slow("a"))
    async with ctx as entered:
        assert entered is ctx
        await ctx.get("a")
    assert log.take() == ["+a", "(a", "-a"]
    sync = Context()
    sync.bind("a").to_dynamic_value(log.plain("a"))
    with sync as entered:
        assert entered is sync
        sync.get_sync("a")
    assert log.take() == ["+a", "-a"]


async def test_context_manager_raises_what_a_cleanup_raises(log: Log) -> None:
    """CTX-407, CTX-404"""

    async def with_async() -> None:
        async with Context() as ctx:
            ctx.bind("a").to_dynamic_value(log.slow("a", fail="end"))
            await ctx.get("a")

    def with_sync() -> None:
        with Context() as ctx:
            ctx.bind("b").to_dynamic_value(log.plain("b", fail="end"))
            ctx.get_sync("b")

    with pytest.raises(RuntimeError, match=r"^a$"):
        await with_async()
    with pytest.raises(RuntimeError, match=r"^b$"):
        with_sync()


@pytest.mark.parametrize("kind", ["async", "sync"])
@pytest.mark.parametrize("error", [ValueError("body"), KeyboardInterrupt(), asyncio.CancelledError()])
async def test_exception_of_the_body_comes_out_with_the_cleanup_error_chained(  # noqa: C901 - two ways of one case
    log: Log, kind: str, error: BaseException
) -> None:
    """CTX-407"""
    outer, inner = Context("outer"), Context("inner")
    cause = LookupError("cause")

    def fail() -> None:
        try:
            raise cause
        except LookupError:
            raise error  # noqa: B904 - its context is the case

    async def with_async() -> None:
        async with outer, inner:
            for ctx in (outer, inner):
                ctx.bind("a").to_dynamic_value(log.slow(f"{ctx.name} a", fail="end"))
                await ctx.get("a")
            fail()

    def with_sync() -> None:
        with outer, inner:
            for ctx in (outer, inner):
                ctx.bind("a").to_dynamic_value(log.plain(f"{ctx.name} a", fail="end"))
                ctx.get_sync("a")
            fail()

    with pytest.raises(type(error)) as caught:  # noqa: PT012 - two ways of one case
        if kind == "async":
            await with_async()
        else:
            with_sync()
    assert caught.value is error
    assert [entry for entry in log if entry.startswith("-")] == ["-inner a", "-outer a"]
    chained: list[BaseException] = []
    each: BaseException | None = error
    while each is not None:
        assert each not in chained, "a ring of contexts"
        chained.append(each)
        each = each.__context__
    assert cause in chained
    assert {str(link) for link in chained if isinstance(link, RuntimeError)} == {"inner a", "outer a"}


async def test_cleanup_is_resumed_normally_also_after_an_exception(log: Log) -> None:
    """CTX-408"""

    def plain() -> Iterator[str]:
        try:
            yield "plain"
        except BaseException as error:
            log.append(f"thrown {error!r}")
            raise
        else:
            log.append("plain resumed")

    async def slow() -> AsyncIterator[str]:
        try:
            yield "slow"
        except BaseException as error:
            log.append(f"thrown {error!r}")
            raise
        else:
            log.append("slow resumed")

    with contextlib.suppress(ValueError):
        async with Context() as ctx:
            ctx.bind("plain").to_dynamic_value(plain)
            ctx.bind("slow").to_dynamic_value(slow)
            await ctx.get("plain")
            await ctx.get("slow")
            raise ValueError
    assert log == ["slow resumed", "plain resumed"]


# Values that are dropped


@pytest.mark.parametrize("how", ["refresh", "scope", "source", "rebind", "unbind"])
@pytest.mark.parametrize("slow", [False, True])
async def test_dropped_value_keeps_its_cleanup_until_the_close(log: Log, how: str, slow: bool) -> None:
    """CTX-409"""
    ctx = Context()
    make = log.slow("x") if slow else log.plain("x")
    binding: Binding[Any] = ctx.bind("x").to_dynamic_value(make).in_scope("singleton")
    await ctx.get("x")
    match how:
        case "refresh":
            binding.refresh(ctx)
        case "scope":
            binding.in_scope("context")
        case "source":
            binding.to_dynamic_value(make)
        case "rebind":
            ctx.bind("x").to_dynamic_value(make).in_scope("singleton")
        case "unbind":
            ctx.unbind("x")
            ctx.bind("x").to_dynamic_value(make).in_scope("singleton")
    gc.collect()
    assert log.take() == ["+x"]
    await ctx.get("x")
    assert log.take() == ["+x"]
    await ctx.close()
    assert [entry for entry in log.take() if entry == "-x"] == ["-x", "-x"]


async def test_generator_whose_first_part_fails_has_no_cleanup(log: Log) -> None:
    """CTX-410"""

    def plain() -> Iterator[str]:
        try:
            raise LookupError("no")
            yield "x"
        finally:
            log.append("finally")
        log.append("never")

    async def slow() -> AsyncIterator[str]:
        try:
            await asyncio.sleep(0)
            raise LookupError("no")
            yield "x"
        finally:
            log.append("finally")
        log.append("never")

    for scope in ("transient", "singleton"):
        ctx = Context()
        ctx.bind("plain").to_dynamic_value(plain).in_scope(scope)
        ctx.bind("slow").to_dynamic_value(slow).in_scope(scope)
        ctx.bind("dep").to_dynamic_value(log.plain("dep")).in_scope(scope)
        for key in ("plain", "slow"):
            with pytest.raises(LookupError):
                await ctx.get(key)
            assert log.take() == ["finally"]
        await ctx.close()
        assert log.take() == []


async def test_what_a_failed_consumer_needed_is_still_cleaned_up(log: Log) -> None:
    """CTX-410, CTX-402"""

    class Service:
        def __init__(self, dep: str = inject("dep")) -> None:
            raise LookupError("no")

    ctx = Context()
    ctx.bind("dep").to_dynamic_value(log.plain("dep"))
    ctx.bind("service").to_class(Service)
    for _ in range(4):
        with pytest.raises(LookupError):
            await ctx.get("service")
    await ctx.close()
    assert log == ["+dep"] * 4 + ["-dep"] * 4


@pytest.mark.parametrize("scope", ["transient", "singleton"])
async def test_cancelled_creation_runs_the_finally_of_the_generator(log: Log, scope: str) -> None:
    """CTX-410"""

    async def make(dep: str = inject("dep")) -> AsyncIterator[str]:
        try:
            log.append("started")
            await asyncio.sleep(60)
            yield "x"
            log.append("never")
        except asyncio.CancelledError:
            log.append("cancelled")
            raise
        finally:
            log.append("finally")

    ctx = Context()
    ctx.bind("dep").to_dynamic_value(log.plain("dep"))
    ctx.bind("x").to_dynamic_value(make).in_scope(scope)
    getting = asyncio.create_task(ctx.get("x"))
    await log.until("started")
    getting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await getting
    assert log.take() == ["+dep", "started", "cancelled", "finally"]
    await ctx.close()
    assert log.take() == ["-dep"]


# What else ends


async def test_close_ends_watching_and_keeps_the_bindings(log: Log) -> None:
    """CTX-411"""
    parent = Context("parent")
    ctx = Context(parent, "ctx")
    ctx.bind("constant").to(1).tag("a")
    ctx.bind("made").to_dynamic_value(lambda: 2)
    ctx.on("bind", lambda event: log.append("listener"))
    subscription = ctx.subscribe(lambda *event: log.append("observer"))
    view = ctx.create_view(filter_by_key("constant"))
    view.on("close", lambda: log.append("view closed"))
    parent.on("bind", lambda event: log.append("parent listener"))
    parent.subscribe(lambda *event: log.append("parent observer"))
    assert await view.values() == [1]
    parent.bind("queued")
    ctx.bind("queued")
    assert log.take() == ["parent listener", "listener", "listener"]
    await ctx.close()
    assert log.take() == ["view closed"]
    await ctx.drain()
    await parent.drain()
    await asyncio.sleep(0)
    assert log.take() == ["parent observer"]
    assert subscription.closed
    parent.bind("later")
    ctx.bind("later")
    await parent.drain()
    await ctx.drain()
    assert log.take() == ["parent listener", "parent observer"]
    assert await view.values() == [1]
    assert ctx.contains("constant")
    assert ctx.parent is parent
    assert ctx.is_bound("queued")
    assert [binding.key for binding in ctx.find_by_tag("a")] == ["constant"]
    assert [binding.key for binding in ctx.find()] == ["constant", "made", "queued", "later"]
    assert set(ctx.inspect()["bindings"]) == {"constant", "made", "queued", "later"}
    assert ctx.get_sync("constant") == await ctx.get("constant") == 1
    assert ctx.get_sync("made") == 2


@pytest.mark.parametrize("scope", ["transient", "singleton", "context"])
@pytest.mark.parametrize("warm", [False, True])
async def test_closed_context_refuses_what_would_need_cleanup(log: Log, scope: str, warm: bool) -> None:
    """CTX-412"""
    ctx = Context("the closed one")
    ctx.bind("plain").to_dynamic_value(log.plain("plain")).in_scope(scope)
    ctx.bind("slow").to_dynamic_value(log.slow("slow")).in_scope(scope)

    class Consumer:
        def __init__(self, plain: str = inject("plain")) -> None: ...

    ctx.bind("consumer").to_class(Consumer)
    for _ in range(3 if warm else 0):
        await ctx.get("slow")
        await ctx.get("consumer")
        ctx.get_sync("plain")
    child = Context(ctx, "child")
    await ctx.close()
    log.take()
    for key in ("plain", "slow", "consumer"):
        for _ in range(2):
            with pytest.raises(ContextError, match="the closed one"):
                await ctx.get(key)
    with pytest.raises(ContextError, match="the closed one"):
        ctx.get_sync("plain")
    assert log.take() == []
    if scope == "transient":
        assert await child.get("plain") == "plain"
    await child.close()


async def test_value_that_becomes_ready_after_the_close_is_cleaned_up_and_refused(log: Log) -> None:
    """CTX-412"""
    ctx = Context("closing")
    go = asyncio.Event()

    async def make() -> AsyncIterator[str]:
        await go.wait()
        log.append("+x")
        yield "x"
        log.append("-x")

    for scope in ("transient", "singleton"):
        ctx = Context("closing")
        go.clear()
        ctx.bind("x").to_dynamic_value(make).in_scope(scope)
        getting = asyncio.create_task(ctx.get("x"))
        await asyncio.sleep(0)
        await ctx.close()
        go.set()
        with pytest.raises(ContextError, match="closing"):
            await getting
        assert log.take() == ["+x", "-x"]


# Event loops


def test_cleanup_runs_in_the_loop_of_the_closer(log: Log) -> None:
    """CTX-413"""
    loops: list[Any] = []

    async def make() -> AsyncIterator[str]:
        loops.append(asyncio.get_running_loop())
        yield "x"
        loops.append(asyncio.get_running_loop())
        await asyncio.sleep(0)
        log.append("-x")

    ctx = Context()
    ctx.bind("x").to_dynamic_value(make)
    ctx.bind("y").to_dynamic_value(log.plain("y"))
    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    try:
        first.run_until_complete(ctx.get("x"))
        first.run_until_complete(ctx.get("y"))
        second.run_until_complete(ctx.close())
    finally:
        first.close()
        second.close()
    assert loops == [first, second]
    assert log == ["+y", "-y", "-x"]


def test_generator_of_a_loop_that_is_gone_is_dropped_with_a_warning(log: Log) -> None:
    """CTX-413"""

    async def make() -> AsyncIterator[str]:
        try:
            yield "x"
            log.append("never")
        finally:
            log.append("finally")

    async def waits() -> AsyncIterator[str]:
        try:
            yield "z"
        finally:
            await asyncio.sleep(60)
            log.append("never")

    ctx = Context()
    ctx.bind("x").to_dynamic_value(make)
    ctx.bind("y").to_dynamic_value(log.plain("y"))
    ctx.bind("z").to_dynamic_value(waits)
    first = asyncio.new_event_loop()
    for key in "xyz":
        first.run_until_complete(ctx.get(key))
    first.close()
    with pytest.warns(ResourceWarning) as caught:
        asyncio.run(ctx.close())
    assert sorted(str(warning.message).split("'")[1] for warning in caught) == ["x", "z"]
    assert log == ["+y", "-y", "finally"]
    del ctx
    gc.collect()


def test_generator_started_under_asyncio_run_is_dropped_with_a_warning(log: Log) -> None:
    """CTX-413"""

    async def make() -> AsyncIterator[str]:
        try:
            yield "x"
            log.append("never")
        finally:
            log.append("finally")

    ctx = Context()
    ctx.bind("x").to_dynamic_value(make)
    asyncio.run(ctx.get("x"))
    with pytest.warns(ResourceWarning, match="x"):
        asyncio.run(ctx.close())
    assert log == ["finally"]


def test_dropped_context_with_asynchronous_cleanup_pending_warns(log: Log) -> None:
    """CTX-414"""
    loop = asyncio.new_event_loop()
    ctx = Context("forgotten")
    ctx.bind("x").to_dynamic_value(log.slow("x"))
    loop.run_until_complete(ctx.get("x"))
    with pytest.warns(ResourceWarning, match="forgotten"):  # noqa: PT031 - whichever of the two drops it
        del ctx
        gc.collect()
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


async def test_dropped_context_without_asynchronous_cleanup_is_silent(log: Log) -> None:
    """CTX-414"""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain = Context()
        plain.bind("x").to_dynamic_value(log.plain("x"))
        plain.get_sync("x")
        closed = Context()
        closed.bind("x").to_dynamic_value(log.slow("x"))
        await closed.get("x")
        await closed.close()
        del plain, closed
        gc.collect()
    assert "-x" in log


async def test_invocation_closes_even_when_an_interceptor_holds_on(log: Log) -> None:
    """CTX-400, CTX-411"""
    kept: list[InvocationContext] = []

    async def keep(inv: InvocationContext, proceed: Any) -> Any:
        kept.append(inv)
        inv.bind("own").to_dynamic_value(log.plain("own"))
        return await proceed()

    class Service:
        @intercept(keep)
        def run(self, own: str = inject("own")) -> str:
            return own

    assert await invoke_method(Service(), "run", Context()) == "own"
    assert kept[0].is_closed
    assert log == ["+own", "-own"]


def test_threads_clean_up_each_value_once(log: Log) -> None:
    """CTX-401"""
    ctx = Context()
    ctx.bind("x").to_dynamic_value(log.plain("x")).in_scope("singleton")
    ctx.bind("y").to_dynamic_value(log.plain("y"))
    threads = [threading.Thread(target=lambda: [ctx.get_sync(key) for key in "xyxy"]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ctx.close_sync()
    assert log.count("+x") == log.count("-x") == 1
    assert log.count("+y") == log.count("-y") == 16
