"""Views: the live list of bindings that match, and their values."""

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mainspring.context import (
    Binding,
    CircularDependencyError,
    Context,
    ContextView,
    Getter,
    ResolutionError,
    compare_bindings_by_tag,
    filter_by_key,
    filter_by_tag,
    inject,
)

BY_T = filter_by_tag("t")
EXTENSIONS = filter_by_tag("extension")


class Counter:
    """A factory that counts its calls."""

    def __init__(self, name: str) -> None:
        self.name, self.calls = name, 0

    def __call__(self) -> str:
        self.calls += 1
        return f"{self.name}{self.calls}"


def slow(make: Callable[[], Any]) -> Callable[[], Awaitable[Any]]:
    """The same, asynchronously."""

    async def create() -> Any:
        await asyncio.sleep(0)
        return make()

    return create


@pytest.fixture
def parent() -> Context:
    """A context with two members."""
    ctx = Context("parent")
    ctx.bind("p1").to("p1").tag("t", {"rank": "b"})
    ctx.bind("p2").to("p2").tag("t", {"rank": "a"})
    ctx.bind("other").to("other")
    return ctx


@pytest.fixture
def child(parent: Context) -> Context:
    """A context below with one member."""
    ctx = Context(parent, "child")
    ctx.bind("c1").to("c1").tag("t", {"rank": "c"})
    return ctx


def keys(view: ContextView[Any]) -> list[str]:
    """The keys of the members."""
    return [binding.key for binding in view.bindings]


# What matches


def test_view_lists_the_matches_in_the_order_of_find_or_sorted(child: Context) -> None:
    """CTX-500"""
    view = child.create_view(BY_T)
    assert keys(view) == ["c1", "p1", "p2"]
    assert view.bindings == child.find(BY_T)
    view.bindings.clear()
    assert keys(view) == ["c1", "p1", "p2"]
    assert keys(child.create_view(BY_T, compare_bindings_by_tag("rank"))) == ["p2", "p1", "c1"]
    assert keys(child.create_view(BY_T, lambda a, b: -1 if a.key > b.key else 1)) == ["p2", "p1", "c1"]
    assert keys(child.create_view(filter_by_key("p?"))) == ["p1", "p2"]
    assert keys(child.create_view(lambda binding: binding.key == "other")) == ["other"]
    assert keys(child.create_view(filter_by_key("none"))) == []


async def test_a_view_of_a_pattern_tells_of_its_members_only(child: Context) -> None:
    """CTX-500, CTX-509: what `find` takes."""
    view, told = child.create_view("c?"), list[str]()
    view.on("bind", lambda event: told.append(event.binding.key))
    assert keys(view) == ["c1"]
    child.bind("c2").to(2)
    child.bind("other").to(3)
    await child.drain()
    assert (keys(view), told) == (["c1", "c2"], ["c2"])
    with pytest.raises(TypeError, match="not by 3"):
        child.create_view(3)  # type: ignore[arg-type]  # on purpose


async def test_view_is_right_at_once_after_every_change(parent: Context, child: Context) -> None:
    """CTX-501"""
    view = child.create_view(BY_T)

    async def check(*expected: str) -> None:
        assert keys(view) == list(expected)
        assert await view.values() == list(expected)

    await check("c1", "p1", "p2")
    child.bind("c2").to("c2")
    await check("c1", "p1", "p2")
    child.get_binding("c2").tag("t")
    await check("c1", "c2", "p1", "p2")
    parent.add(Binding("p3").to("p3").tag("t"))
    await check("c1", "c2", "p1", "p2", "p3")
    parent.unbind("p1")
    await check("c1", "c2", "p2", "p3")
    child.bind("p2").to("hides, but does not match")
    await check("c1", "c2", "p3")
    child.unbind("p2")
    await check("c1", "c2", "p2", "p3")
    child.bind("p3").to("p3").tag("t")
    await check("c1", "c2", "p3", "p2")
    child.bind("c1")
    await check("c2", "p3", "p2")
    ranked = child.create_view(filter_by_tag({"rank": "a"}))
    assert keys(ranked) == ["p2"]
    parent.get_binding("p2").tag({"rank": "z"})
    assert keys(ranked) == []
    assert await ranked.values() == []
    grandchild = Context(child)
    deep = grandchild.create_view(BY_T)
    assert keys(deep) == ["c2", "p3", "p2"]
    parent.bind("p9").to("p9").tag("t")
    assert keys(deep) == ["c2", "p3", "p2", "p9"]


# Values


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_values_are_kept_until_a_change(parent: Context, asynchronous: bool) -> None:
    """CTX-502"""
    counter = Counter("x")
    parent.bind("x").to_dynamic_value(slow(counter) if asynchronous else counter).tag("t")
    view = parent.create_view(BY_T)
    first = await view.values()
    assert first == ["p1", "p2", "x1"]
    first.clear()
    for _ in range(3):
        assert await view.values() == ["p1", "p2", "x1"]
    assert counter.calls == 1
    assert await view.as_getter()() == ["p1", "p2", "x1"]
    assert [value async for value in view] == ["p1", "p2", "x1"]
    assert counter.calls == 1
    parent.bind("y").to("y").tag("t")
    assert (await view.values())[-1] == "y"
    assert await view.values() is not await view.values()


async def test_values_are_resolved_in_the_views_context(parent: Context, child: Context) -> None:
    """CTX-502"""
    parent.bind("who").to("parent")
    child.bind("who").to("child")

    def transient(who: str = inject("who")) -> str:
        return who

    parent.bind("m1").to_dynamic_value(transient).tag("m")
    parent.bind("m2").to_dynamic_value(transient).tag("m").in_scope("singleton")
    assert await child.create_view(filter_by_tag("m")).values() == ["child", "parent"]
    assert await parent.create_view(filter_by_tag("m")).values() == ["parent", "parent"]


@pytest.mark.parametrize("change", ["to", "scope", "refresh", "refresh through another", "rebind the other"])
async def test_change_of_a_member_drops_the_kept_values(parent: Context, child: Context, change: str) -> None:
    """CTX-503"""
    counter = Counter("x")
    binding = parent.bind("x").to_dynamic_value(counter).tag("only").in_scope("singleton")
    view = child.create_view(filter_by_tag("only"))
    assert await view.values() == ["x1"]
    match change:
        case "to":
            binding.to("new")
        case "scope":
            binding.in_scope("transient")
        case "refresh":
            binding.refresh(child)
        case "refresh through another":
            binding.refresh(Context(parent))
        case "rebind the other":
            parent.bind("x").to_dynamic_value(counter).tag("only")
    assert await view.values() == ["new" if change == "to" else "x2"]


async def test_concurrent_values_share_one_resolution(parent: Context) -> None:
    """CTX-504"""
    counter = Counter("x")
    binding = parent.bind("x").to_dynamic_value(slow(counter)).tag("only")
    view = parent.create_view(filter_by_tag("only"))
    results = await asyncio.gather(*(view.values() for _ in range(5)))
    assert results == [["x1"]] * 5
    assert len({id(each) for each in results}) == 5
    go = asyncio.Event()

    async def wait() -> str:
        await go.wait()
        return "old"

    binding.to_dynamic_value(wait)
    waiting = [asyncio.create_task(view.values()) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    binding.to("new")
    late = asyncio.create_task(view.values())
    await asyncio.sleep(0)
    go.set()
    assert await asyncio.gather(*waiting) == [["old"], ["old"]]
    assert await late == ["new"]
    assert await view.values() == ["new"]


async def test_change_during_a_resolution_is_not_overwritten_by_it(parent: Context) -> None:
    """CTX-504"""
    go = asyncio.Event()

    async def wait() -> str:
        await go.wait()
        return "old"

    binding = parent.bind("x").to_dynamic_value(wait).tag("only")
    view = parent.create_view(filter_by_tag("only"))
    waiting = asyncio.create_task(view.values())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    binding.to("new")
    go.set()
    await waiting
    assert await view.values() == ["new"]


async def test_cancelled_asker_leaves_the_resolution_to_the_others(parent: Context) -> None:
    """CTX-504"""
    go = asyncio.Event()
    counter = Counter("x")

    async def wait() -> str:
        await go.wait()
        return counter()

    parent.bind("x").to_dynamic_value(wait).tag("only")
    view = parent.create_view(filter_by_tag("only"))
    first, second = asyncio.create_task(view.values()), asyncio.create_task(view.values())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    go.set()
    assert await second == ["x1"]
    assert counter.calls == 1


async def test_cancelled_last_asker_ends_the_resolution(parent: Context) -> None:
    """CTX-504, CTX-144"""
    ended: list[str] = []

    async def wait() -> str:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("ended")
        return "never"

    binding = parent.bind("x").to_dynamic_value(wait).tag("only")
    view = parent.create_view(filter_by_tag("only"))
    for asker in [asyncio.create_task(view.values()) for _ in range(2)]:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asker
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert ended == ["ended"]
    binding.to("x")
    assert await view.values() == ["x"]


async def test_none_is_left_out_and_an_error_keeps_nothing(parent: Context) -> None:
    """CTX-505"""
    parent.bind("n").to(None).tag("only")
    parent.bind("zero").to(0).tag("only")
    counter = Counter("x")

    def fail() -> Any:
        if counter.calls < 2:
            counter()
            raise LookupError("not yet")
        return "there"

    good = Counter("good")
    parent.bind("good").to_dynamic_value(good).tag("only")
    parent.bind("bad").to_dynamic_value(fail).tag("only")
    view = parent.create_view(filter_by_tag("only"))
    for _ in range(2):
        with pytest.raises(LookupError):
            await view.values()
    assert await view.values() == [0, "good3", "there"]
    assert keys(view) == ["n", "zero", "good", "bad"]
    seen: list[Any] = []
    view.on("resolve", seen.append)
    parent.bind("more").to(None).tag("only")
    assert await view.values() == [0, "good4", "there"]
    assert seen == [[0, "good4", "there"]]


async def test_single_value(parent: Context) -> None:
    """CTX-506"""
    view = parent.create_view(filter_by_tag("only"))
    assert await view.single_value() is None
    parent.bind("n").to(None).tag("only")
    assert await view.single_value() is None
    parent.bind("x").to(0).tag("only")
    assert await view.single_value() == 0
    parent.bind("y").to("y").tag("only")
    with pytest.raises(ResolutionError, match=r"values\(\)"):
        await view.single_value()
    parent.unbind("x")
    assert await view.single_value() == "y"


async def test_getter_follows_the_view(parent: Context) -> None:
    """CTX-507"""
    view = parent.create_view(BY_T)
    get = view.as_getter()
    assert await get() == await view.values() == ["p1", "p2"]
    parent.unbind("p1")
    assert await get() == ["p2"]


async def test_views_and_getters_break_a_cycle(parent: Context) -> None:
    """CTX-508, CTX-604"""

    class Point:
        view: ContextView[Any] = inject.view(EXTENSIONS)
        getter: Getter[list[Any]] = inject.getter(EXTENSIONS)

    class Extension:
        def __init__(self, point: Point) -> None:
            self.point = point

    parent.bind("point").to_class(Point).in_scope("singleton")
    parent.bind("ext").to_class(Extension).tag("extension").in_scope("singleton")
    child = Context(parent)
    for context in (child, parent):
        point = await context.get("point")
        for found in (await point.view.values(), await point.getter()):
            assert found == [context.get_sync("ext")]
            assert found[0].point is point


@pytest.mark.parametrize("way", ["view", "getter"])
async def test_creation_that_awaits_a_view_that_needs_it_is_a_cycle(parent: Context, way: str) -> None:
    """CTX-508, CTX-341, CTX-601"""

    async def point(view: ContextView[Any] = inject.view(EXTENSIONS)) -> Any:
        return await view.values()

    async def by_getter(get: Getter[Any] = inject.getter(EXTENSIONS)) -> Any:
        return await get()

    async def extension(needs: Any = inject("point")) -> Any:
        await asyncio.sleep(0)
        return needs

    parent.bind("point").to_dynamic_value(point if way == "view" else by_getter).in_scope("singleton")
    parent.bind("ext").to_dynamic_value(extension).tag("extension").in_scope("singleton")
    for key in ("point", "ext", "point"):
        with pytest.raises(CircularDependencyError, match=r"point"):
            async with asyncio.timeout(5):
                await parent.get(key)


# Events


def watch(view: ContextView[Any]) -> list[Any]:
    """What a view tells."""
    log: list[Any] = []
    for name in ("bind", "unbind"):
        view.on(name, lambda event: log.append((event.type, event.binding.key, event.context.name, event.cached_value)))
    view.on("refresh", lambda: log.append("refresh"))
    view.on("resolve", lambda values: log.append(("resolve", values)))
    view.on("close", lambda: log.append("close"))
    return log


async def test_events_tell_of_members_only(parent: Context, child: Context) -> None:
    """CTX-509"""
    view = child.create_view(BY_T)
    log = watch(view)
    child.bind("c2").to("c2").tag("t")
    child.bind("c3").to("c3")
    parent.bind("p3").to("p3").tag("t")
    await child.drain()
    assert log == [("bind", "c2", "child", None), "refresh", ("bind", "p3", "parent", None), "refresh"]
    log.clear()
    assert await view.values() == ["c1", "c2", "p1", "p2", "p3"]
    await view.values()
    assert log == [("resolve", ["c1", "c2", "p1", "p2", "p3"])]
    log.clear()
    view.refresh()
    assert log == ["refresh"]
    await view.values()
    assert log[1:] == [("resolve", ["c1", "c2", "p1", "p2", "p3"])]
    log.clear()
    parent.unbind("p3")
    child.unbind("c3")
    await child.drain()
    assert log == [("unbind", "p3", "parent", "p3"), "refresh"]


async def test_order_of_bind_drain_and_values(parent: Context) -> None:
    """CTX-509"""
    view = parent.create_view(BY_T)
    log = watch(view)
    parent.bind("p3").to("p3").tag("t")
    await parent.drain()
    await view.values()
    assert log == [("bind", "p3", "parent", None), "refresh", ("resolve", ["p1", "p2", "p3"])]
    log.clear()
    parent.bind("p3").to("new").tag("t")
    await parent.drain()
    await view.values()
    assert log == [
        ("unbind", "p3", "parent", "p3"),
        "refresh",
        ("bind", "p3", "parent", None),
        "refresh",
        ("resolve", ["p1", "p2", "new"]),
    ]


async def test_unbind_tells_the_value_that_was_kept_however_late(parent: Context) -> None:
    """CTX-509"""
    view = parent.create_view(BY_T)
    log = watch(view)
    parent.unbind("p1")
    await parent.drain()
    assert log == [("unbind", "p1", "parent", None), "refresh"]
    parent.bind("p1").to("p1").tag("t")
    parent.bind("p3").to("p3").tag("t")
    await parent.drain()
    assert await view.values() == ["p2", "p1", "p3"]
    log.clear()
    parent.unbind("p1")
    assert await view.values() == ["p2", "p3"]
    parent.unbind("p2")
    assert await view.values() == ["p3"]
    assert keys(view) == ["p3"]
    await parent.drain()
    assert [entry for entry in log if entry[0] == "unbind"] == [
        ("unbind", "p1", "parent", "p1"),
        ("unbind", "p2", "parent", "p2"),
    ]


async def test_listeners_come_and_go(parent: Context) -> None:
    """CTX-509"""
    view = parent.create_view(BY_T)
    calls: list[str] = []

    def listen() -> None:
        calls.append("refresh")

    assert view.on("refresh", listen) is view
    view.refresh()
    assert view.off("refresh", listen) is True
    assert view.off("refresh", listen) is False
    view.refresh()
    assert calls == ["refresh"]
    for name in ("changed", "", "error"):
        with pytest.raises(ValueError, match="refresh"):
            view.on(name, listen)


async def test_hidden_bindings_cause_no_events(parent: Context, child: Context) -> None:
    """CTX-510"""
    child.bind("p1").to("own").tag("t")
    view = child.create_view(BY_T)
    log = watch(view)
    parent.bind("p1").to("again").tag("t")
    parent.unbind("p1")
    parent.bind("c1").to("hidden").tag("t")
    await child.drain()
    await parent.drain()
    assert log == []
    assert await view.values() == ["c1", "own", "p2"]


# Life


async def test_closed_view_stays_as_it_was_until_it_is_opened(parent: Context) -> None:
    """CTX-511"""
    counter = Counter("x")
    parent.bind("x").to_dynamic_value(counter).tag("t")
    view = parent.create_view(BY_T)
    log = watch(view)
    assert await view.values() == ["p1", "p2", "x1"]
    log.clear()
    view.close()
    view.close()
    assert log == ["close"]
    parent.bind("late").to("late").tag("t")
    parent.unbind("p1")
    await parent.drain()
    assert await view.values() == ["p1", "p2", "x1"]
    assert keys(view) == ["p1", "p2", "x"]
    assert log == ["close"]
    view.open()
    assert keys(view) == ["p2", "x", "late"]
    assert await view.values() == ["p2", "x2", "late"]
    view.open()
    assert await view.values() == ["p2", "x2", "late"]
    log.clear()
    parent.bind("more").to("more").tag("t")
    await parent.drain()
    assert log == [("bind", "more", "parent", None), "refresh"]
    view.close()
    assert log[-1] == "close"


async def test_closing_the_context_closes_its_views(parent: Context, child: Context) -> None:
    """CTX-511, CTX-411"""
    for close in (child.close, None):
        view = (child if close else parent).create_view(BY_T)
        log = watch(view)
        kept = await view.values()
        log.clear()
        if close:
            await close()
        else:
            parent.close_sync()
        assert log == ["close"]
        assert await view.values() == kept
        view.close()
        assert log == ["close"]


async def test_view_is_iterated_and_used_as_context_manager(parent: Context) -> None:
    """CTX-512"""
    view = parent.create_view(BY_T)
    log = watch(view)
    async with view as entered:
        assert entered is view
        assert [value async for value in view] == ["p1", "p2"]
    assert log[-1] == "close"
    with parent.create_view(BY_T) as again:
        log = watch(again)
        async for value in again:
            assert value == "p1"
            break
    assert log[-1] == "close"


async def test_view_nobody_references_does_not_stay_subscribed(parent: Context) -> None:
    """CTX-513"""
    view = parent.create_view(BY_T)
    view.on("bind", lambda event: None)
    await view.values()
    gone = weakref.ref(view)
    assert parent._hub is not None
    assert not parent._hub.is_idle
    gc.disable()
    try:
        del view
        assert gone() is None
    finally:
        gc.enable()
    assert parent._hub.is_idle
    parent.bind("p3").tag("t")
    await parent.drain()


async def test_views_of_dropped_contexts_are_collected(parent: Context) -> None:
    """CTX-513, CTX-444"""
    child = Context(parent, "child")
    view = child.create_view(BY_T)
    await view.values()
    gone = weakref.ref(child)
    del child
    assert await view.values() == ["p1", "p2"]
    del view
    gc.collect()
    assert gone() is None


def test_view_without_a_loop_lists_bindings_and_resolves_later(parent: Context) -> None:
    """CTX-501, CTX-509"""
    view = parent.create_view(BY_T)
    log = watch(view)
    parent.bind("p3").to("p3").tag("t")
    assert keys(view) == ["p1", "p2", "p3"]
    assert asyncio.run(view.values()) == ["p1", "p2", "p3"]
    assert asyncio.run(view.values()) == ["p1", "p2", "p3"]
    asyncio.run(parent.drain())
    assert ("bind", "p3", "parent", None) in log
