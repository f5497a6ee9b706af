"""Events of a context: listeners at once, observers later and in order."""

import asyncio
import gc
import logging
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from mainspring.context import (
    Binding,
    BindingLockedError,
    Context,
    ContextError,
    ContextEvent,
    filter_by_key,
    inject,
)


class Log(list[Any]):
    """What was told."""

    def listener(self, name: str = "") -> Callable[[ContextEvent], None]:
        """A listener that writes name, event, key and context."""

        def listen(event: ContextEvent) -> None:
            self.append((name, event.type, event.binding.key, event.context.name))

        return listen

    def observer(self, name: str = "") -> Callable[[str, Binding[Any], Context], None]:
        """The same as an observer."""

        def observe(event: str, binding: Binding[Any], context: Context) -> None:
            self.append((name, event, binding.key, context.name))

        return observe

    def take(self) -> list[Any]:
        """What was told since the last time."""
        found, self[:] = list(self), []
        return found


@pytest.fixture
def log() -> Log:
    """An empty log."""
    return Log()


@pytest.fixture
def tree() -> tuple[Context, Context, Context]:
    """top <- middle <- child."""
    top = Context("top")
    middle = Context(top, "middle")
    return top, middle, Context(middle, "child")


# Listeners


def test_listeners_are_called_during_the_change() -> None:
    """CTX-430"""
    ctx = Context("ctx")
    seen: list[Any] = []

    def listen(event: ContextEvent) -> None:
        binding = event.binding
        seen.append((event.type, binding.key, binding.type, dict(binding.tag_map), event.context, ctx.contains("a")))

    ctx.on("bind", listen)
    ctx.on("unbind", listen)
    ctx.bind("a").to(1).tag("t")
    assert seen == [("bind", "a", None, {}, ctx, True)]
    ctx.add(Binding("b").to(1).tag("t"))
    assert seen[1:] == [("bind", "b", "constant", {"t": "t"}, ctx, True)]
    ctx.unbind("a")
    assert seen[2:] == [("unbind", "a", "constant", {"t": "t"}, ctx, False)]
    ctx.unbind("absent")
    ctx.configure("a")
    assert [entry[:2] for entry in seen[3:]] == [("bind", "a:$config")]


def test_rebinding_tells_of_the_old_then_of_the_new_binding() -> None:
    """CTX-431"""
    ctx = Context("ctx")
    old = ctx.bind("a").to(1)
    seen: list[Any] = []
    ctx.on("unbind", lambda event: seen.append((event.type, event.binding, ctx.get_binding("a"))))
    ctx.on("bind", lambda event: seen.append((event.type, event.binding, ctx.get_binding("a"))))
    new = ctx.bind("a")
    assert seen == [("unbind", old, new), ("bind", new, new)]
    ctx.find_or_create_binding("a", "always_create")
    assert [entry[0] for entry in seen[2:]] == ["unbind", "bind"]


def test_adding_the_same_object_again_or_failing_tells_nothing(log: Log) -> None:
    """CTX-439, CTX-034"""
    ctx = Context("ctx")
    binding = Binding("a").to(1)
    ctx.on("bind", log.listener())
    ctx.on("unbind", log.listener())
    ctx.add(binding)
    log.take()
    ctx.add(binding)
    binding.to(2).tag("t").in_scope("singleton").lock()
    for change in (lambda: ctx.bind("a"), lambda: ctx.unbind("a"), lambda: ctx.add(Binding("a"))):
        with pytest.raises(BindingLockedError):
            change()
    assert log.take() == []


async def test_events_of_a_parent_reach_the_child_unless_hidden(
    tree: tuple[Context, Context, Context], log: Log
) -> None:
    """CTX-432"""
    top, middle, child = tree
    for event in ("bind", "unbind"):
        child.on(event, log.listener("listener"))
    child.subscribe(log.observer("observer"))
    view = child.create_view(filter_by_key("*"))
    view.on("bind", lambda event: log.append(("view", event.type, event.binding.key, event.context.name)))
    view.on("unbind", lambda event: log.append(("view", event.type, event.binding.key, event.context.name)))
    top.bind("a")
    await child.drain()
    expected = [(who, "bind", "a", "top") for who in ("listener", "observer", "view")]
    assert log.take() == expected
    middle.bind("a")
    await child.drain()
    assert {entry[3] for entry in log.take()} == {"middle"}
    top.bind("a")
    top.unbind("a")
    await child.drain()
    assert log.take() == []
    middle.unbind("a")
    await child.drain()
    assert log.take() == [(who, "unbind", "a", "middle") for who in ("listener", "observer", "view")]
    child.bind("b")
    log.take()
    await child.drain()
    log.take()
    middle.bind("b")
    top.bind("b")
    await child.drain()
    assert log.take() == []
    assert not top.is_subscribed(view)


async def test_children_made_later_and_levels_without_listeners_pass_events_on(log: Log) -> None:
    """CTX-432"""
    top = Context("top")
    top.on("bind", log.listener("top"))
    top.bind("before")
    chain = [top]
    for i in range(5):
        chain.append(Context(chain[-1], f"level {i}"))
    chain[-1].on("bind", log.listener("deep"))
    chain[-1].subscribe(log.observer("deep observer"))
    late = Context(chain[2], "late")
    late.subscribe(log.observer("late"))
    log.take()
    chain[1].bind("x")
    assert log.take() == [("deep", "bind", "x", "level 0")]
    await chain[-1].drain()
    await late.drain()
    assert log.take() == [("deep observer", "bind", "x", "level 0"), ("late", "bind", "x", "level 0")]
    top.bind("y")
    assert log.take() == [("top", "bind", "y", "top"), ("deep", "bind", "y", "top")]


def test_listeners_are_called_in_order_as_often_as_they_were_registered(log: Log) -> None:
    """CTX-433"""
    ctx = Context("ctx")
    first, second = log.listener("first"), log.listener("second")
    assert ctx.on("bind", first) is ctx
    ctx.on("bind", second)
    ctx.on("bind", first)
    ctx.bind("a")
    assert [entry[0] for entry in log.take()] == ["first", "second", "first"]
    assert ctx.off("bind", first) is True
    ctx.bind("b")
    assert [entry[0] for entry in log.take()] == ["second", "first"]
    assert ctx.off("bind", first) is True
    assert ctx.off("bind", first) is False
    assert ctx.off("unbind", second) is False
    ctx.bind("c")
    assert [entry[0] for entry in log.take()] == ["second"]


def test_listeners_that_cannot_be_called_are_refused_at_once() -> None:
    """CTX-096, CTX-433, CTX-509: not when the event comes, to whoever makes the change."""
    ctx = Context()
    for emitter, event in ((ctx, "bind"), (ctx.bind("k"), "changed"), (ctx.create_view(filter_by_key()), "refresh")):
        with pytest.raises(TypeError, match="A listener is a function, not 3"):
            emitter.on(event, 3)
    ctx.bind("k").to(1)


@pytest.mark.parametrize("wrong", [3, "k", None])
def test_only_bindings_are_added(wrong: Any) -> None:
    """CTX-031"""
    with pytest.raises(TypeError, match=r"A binding is added, not .*bind\(key\)"):
        Context().add(wrong)


@pytest.mark.parametrize("name", ["", "bound", "Bind", "change", "refresh"])
def test_unknown_events_are_refused(name: str) -> None:
    """CTX-433"""
    ctx = Context()
    for used in (ctx, Context()):
        with pytest.raises(ValueError, match="bind"):
            used.on(name, print)
        with pytest.raises(ValueError, match="bind"):
            used.off(name, print)
        used.on("bind", lambda event: None)


def test_listeners_may_change_the_listeners_from_the_next_event_on(log: Log) -> None:
    """CTX-433"""
    parent = Context("parent")
    ctx = Context(parent, "ctx")
    gone, late, childs = log.listener("gone"), log.listener("late"), log.listener("child")

    def first(event: ContextEvent) -> None:
        log.append("first")
        parent.off("bind", first)
        parent.off("bind", gone)
        parent.on("bind", late)
        ctx.off("bind", childs)

    parent.on("bind", first)
    parent.on("bind", gone)
    ctx.on("bind", childs)
    parent.bind("a")
    assert [entry if entry == "first" else entry[0] for entry in log.take()] == ["first", "gone", "child"]
    parent.bind("b")
    assert [entry[0] for entry in log.take()] == ["late"]


async def test_what_a_listener_raises_reaches_the_caller_after_everything_is_done(log: Log) -> None:
    """CTX-434"""
    ctx = Context("ctx")
    ctx.bind("a").to(1)
    boom = RuntimeError("boom")

    def fail(event: ContextEvent) -> None:
        log.append(f"fail {event.type}")
        raise boom

    ctx.subscribe(log.observer("observer"))
    for event in ("bind", "unbind"):
        ctx.on(event, fail)
        ctx.on(event, log.listener("never"))
    with pytest.raises(RuntimeError) as caught:
        ctx.add(Binding("b").to(2).tag("t"))
    assert caught.value is boom
    assert ctx.get_sync("b") == 2
    assert [binding.key for binding in ctx.find_by_tag("t")] == ["b"]
    replacement = Binding("a").to(3)
    with pytest.raises(RuntimeError):
        ctx.add(replacement)
    assert ctx.get_binding("a") is replacement
    with pytest.raises(RuntimeError):
        ctx.unbind("b")
    assert not ctx.contains("b")
    assert [entry for entry in log.take() if entry[0] == "never"] == []
    await ctx.drain()
    assert [entry[1:3] for entry in log.take()] == [("bind", "b"), ("unbind", "a"), ("bind", "a"), ("unbind", "b")]


# Observers


async def test_observers_of_every_shape_are_told(log: Log) -> None:
    """CTX-435, CTX-436"""
    ctx = Context("ctx")

    class Plain:
        def observe(self, event_type: str, binding: Binding[Any], context: Context) -> None:
            log.append(("object", event_type, binding.key, context.name))

    class Filtered:
        def filter(self, binding: Binding[Any]) -> bool:
            return binding.key.startswith("x")

        async def observe(self, event_type: str, binding: Binding[Any], context: Context) -> None:
            await asyncio.sleep(0)
            log.append(("filtered", event_type, binding.key, context.name))

    class SlowFilter(Plain):
        async def filter(self, binding: Binding[Any]) -> bool:
            await asyncio.sleep(0)
            return "tagged" in binding.tag_map

    class NoFilter(Plain):
        filter = None

    async def function(event_type: str, binding: Binding[Any], context: Context) -> None:
        await asyncio.sleep(0)
        log.append(("function", event_type, binding.key, context.name))

    for observer in (Plain(), Filtered(), SlowFilter(), function, NoFilter()):
        ctx.subscribe(observer)
    ctx.bind("x").tag("tagged")
    ctx.bind("y")
    ctx.unbind("y")
    await ctx.drain()
    assert [entry[0] for entry in log if entry[1:3] == ("bind", "x")] == [
        "object",
        "filtered",
        "object",
        "function",
        "object",
    ]
    for event in ("bind", "unbind"):
        assert [entry[0] for entry in log if entry[1:3] == (event, "y")] == ["object", "function", "object"]


async def test_subscriptions_belong_to_one_context_and_one_observer(log: Log) -> None:
    """CTX-435"""
    parent = Context("parent")
    ctx = Context(parent, "ctx")
    child = Context(ctx, "child")

    @dataclass
    class Equal:
        """Two of these are equal, but not the same."""

        name: str = ""

        def observe(self, *event: Any) -> None:
            log.append(id(self))

        def __hash__(self) -> int:
            return 1

    class WithMethod:
        def method(self, *event: Any) -> None:
            log.append("method")

    first, second, holder = Equal(), Equal(), WithMethod()
    subscription = ctx.subscribe(first)
    assert ctx.subscribe(first) is subscription
    other = ctx.subscribe(second)
    assert other is not subscription
    assert ctx.subscribe(holder.method) is ctx.subscribe(holder.method)
    assert [each.is_subscribed(first) for each in (parent, ctx, child)] == [False, True, False]
    assert ctx.is_subscribed(holder.method)
    ctx.bind("a")
    await ctx.drain()
    assert log.take() == [id(first), id(second), "method"]
    assert not subscription.closed
    subscription.unsubscribe()
    subscription.unsubscribe()
    assert subscription.closed
    assert not ctx.is_subscribed(first)
    assert ctx.is_subscribed(second)
    assert ctx.unsubscribe(second) is True
    assert ctx.unsubscribe(second) is False
    assert other.closed
    ctx.bind("b")
    await ctx.drain()
    assert log.take() == ["method"]
    again = ctx.subscribe(first)
    assert not again.closed
    ctx.bind("c")
    await ctx.drain()
    assert log.take() == ["method", id(first)]


@pytest.mark.parametrize("wrong", [5, "text", None, object()])
def test_what_is_no_observer_is_refused(wrong: Any) -> None:
    """CTX-435"""
    with pytest.raises(TypeError, match="observe"):
        Context().subscribe(wrong)


async def test_observers_see_the_finished_binding_at_the_next_turn() -> None:
    """CTX-436"""
    ctx = Context("ctx")
    seen: list[Any] = []

    class Observer:
        def filter(self, binding: Binding[Any]) -> bool:
            seen.append(("filter", dict(binding.tag_map)))
            return True

        def observe(self, event_type: str, binding: Binding[Any], context: Context) -> None:
            seen.append((event_type, binding.get_value_sync(ctx)))

    ctx.subscribe(Observer())
    ctx.bind("a").to(1).tag("t")
    ctx.bind("b").to(2)
    assert seen == []
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert seen == [("filter", {"t": "t"}), ("bind", 1), ("filter", {}), ("bind", 2)]


async def test_one_event_and_one_observer_at_a_time(log: Log) -> None:
    """CTX-437"""
    parent = Context("parent")
    ctx = Context(parent, "ctx")

    def slow(name: str, turns: int) -> Any:
        async def observe(event: str, binding: Binding[Any], context: Context) -> None:
            log.append(f"{name} starts {event} {binding.key}")
            for _ in range(turns):
                await asyncio.sleep(0)
            log.append(f"{name} ends {event} {binding.key}")

        return observe

    ctx.subscribe(slow("one", 5))
    ctx.subscribe(slow("two", 1))
    ctx.bind("a")
    parent.bind("b")
    ctx.bind("c")
    parent.unbind("b")
    await asyncio.sleep(0)
    ctx.bind("d")
    await ctx.drain()
    events = ["bind a", "bind b", "bind c", "unbind b", "bind d"]
    assert log == [
        f"{name} {what} {event}" for event in events for name in ("one", "two") for what in ("starts", "ends")
    ]


async def test_subscribing_after_and_unsubscribing_before_the_telling_count(log: Log) -> None:
    """CTX-438"""
    ctx = Context("ctx")
    early = ctx.subscribe(log.observer("early"))
    keeps = ctx.subscribe(log.observer("keeps"))
    ctx.bind("a")
    ctx.subscribe(log.observer("late"))
    early.unsubscribe()
    ctx.bind("b")
    await ctx.drain()
    assert [(entry[0], entry[2]) for entry in log.take()] == [("keeps", "a"), ("keeps", "b"), ("late", "b")]

    def leaves(event: str, binding: Binding[Any], context: Context) -> None:
        log.append(("leaves", event, binding.key, ""))
        ctx.unsubscribe(leaves)
        keeps.unsubscribe()

    Context()
    again = Context("again")
    again.subscribe(leaves)
    ctx = again
    keeps = again.subscribe(log.observer("keeps"))
    again.bind("x")
    again.bind("y")
    await again.drain()
    assert [(entry[0], entry[2]) for entry in log.take()] == [("leaves", "x")]


async def test_drain_returns_when_everything_was_observed(log: Log) -> None:
    """CTX-440"""
    ctx = Context("ctx")
    await ctx.drain()
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await ctx.drain()
    assert turns == 0

    async def observe(event: str, binding: Binding[Any], context: Context) -> None:
        await asyncio.sleep(0)
        log.append(binding.key)
        if len(binding.key) < 5:
            ctx.bind(binding.key + "x")

    ctx.subscribe(observe)
    ctx.bind("a")
    await asyncio.gather(ctx.drain(), ctx.drain())
    assert log == ["a", "ax", "axx", "axxx", "axxxx"]
    before = turns
    await ctx.drain()
    assert turns == before
    counting.cancel()


async def test_drain_inside_an_observer_is_refused() -> None:
    """CTX-440"""
    ctx = Context("ctx")
    errors: list[Any] = []

    async def observe(event: str, binding: Binding[Any], context: Context) -> None:
        try:
            await ctx.drain()
        except ContextError as error:
            errors.append(error)
            raise

    ctx.subscribe(observe)
    ctx.bind("a")
    async with asyncio.timeout(5):
        with pytest.raises(ContextError) as caught:
            await ctx.drain()
    assert errors == [caught.value]


async def test_cancelled_drain_leaves_the_events_to_the_others(log: Log) -> None:
    """CTX-440"""
    ctx = Context("ctx")
    go = asyncio.Event()

    async def observe(event: str, binding: Binding[Any], context: Context) -> None:
        await go.wait()
        log.append(binding.key)

    ctx.subscribe(observe)
    ctx.bind("a")
    ctx.bind("b")
    draining = asyncio.create_task(ctx.drain())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    draining.cancel()
    with pytest.raises(asyncio.CancelledError):
        await draining
    go.set()
    await ctx.drain()
    assert log == ["a", "b"]


def test_events_without_a_loop_are_kept_for_the_next_drain(log: Log) -> None:
    """CTX-441"""
    ctx = Context("ctx")
    ctx.subscribe(log.observer())
    ctx.bind("a")
    ctx.bind("b")
    assert log == []
    asyncio.run(ctx.drain())
    assert [entry[2] for entry in log.take()] == ["a", "b"]
    ctx.bind("c")

    async def later() -> None:
        await asyncio.sleep(0)
        assert log == []
        ctx.bind("d")
        for _ in range(3):
            await asyncio.sleep(0)

    asyncio.run(later())
    assert [entry[2] for entry in log.take()] == ["c", "d"]


def test_events_of_a_loop_that_ended_before_telling_are_not_lost(log: Log) -> None:
    """CTX-441"""
    ctx = Context("ctx")
    ctx.subscribe(log.observer())

    async def short() -> None:
        ctx.bind("a")

    loop = asyncio.new_event_loop()
    loop.run_until_complete(short())
    loop.close()
    ctx.bind("b")
    asyncio.run(ctx.drain())
    assert [entry[2] for entry in log.take()] == ["a", "b"]
    asyncio.run(short())
    asyncio.run(ctx.drain())
    assert [entry[1] for entry in log.take()] == ["unbind", "bind"]
    gc.collect()


# Observers that fail


def failing(error: BaseException) -> Callable[..., Any]:
    """An observer that raises."""

    async def observe(event: str, binding: Binding[Any], context: Context) -> None:
        raise error

    return observe


async def test_failing_observer_stops_nobody_and_drain_raises(log: Log) -> None:
    """CTX-442"""
    ctx = Context("ctx")
    one, two = LookupError("one"), RuntimeError("two")
    broken = failing(one)
    ctx.subscribe(broken)
    ctx.subscribe(log.observer())
    ctx.bind("a")
    with pytest.raises(LookupError) as caught:
        await ctx.drain()
    assert caught.value is one
    await ctx.drain()

    class BadFilter:
        def filter(self, binding: Binding[Any]) -> bool:
            raise two

        def observe(self, *event: Any) -> None:
            log.append("never")

    ctx.subscribe(BadFilter())
    ctx.bind("b")
    with pytest.raises(ExceptionGroup) as group:
        await ctx.drain()
    assert group.value.exceptions == (one, two)
    assert [entry[2] for entry in log.take()] == ["a", "b"]


async def test_exceptions_go_to_the_error_listeners_of_the_nearest_context(
    tree: tuple[Context, Context, Context], log: Log
) -> None:
    """CTX-442"""
    top, middle, child = tree
    boom = LookupError("boom")
    child.subscribe(failing(boom))
    top.on("error", lambda error: log.append(("top", error)))
    child.bind("a")
    await child.drain()
    assert log.take() == [("top", boom)]
    middle.on("error", lambda error: log.append(("middle", error)))
    middle.on("error", lambda error: log.append(("middle again", error)))
    child.bind("b")
    await child.drain()
    assert log.take() == [("middle", boom), ("middle again", boom)]
    top.subscribe(failing(boom))
    top.bind("c")
    await top.drain()
    await child.drain()
    assert sorted(entry[0] for entry in log.take()) == ["middle", "middle again", "top"]


async def test_failing_error_listener_stops_nobody(log: Log) -> None:
    """CTX-442"""
    ctx = Context("ctx")

    def listener(error: Exception) -> None:
        raise RuntimeError("listener")

    ctx.on("error", listener)
    ctx.subscribe(failing(LookupError("observer")))
    ctx.subscribe(log.observer())
    ctx.bind("a")
    ctx.bind("b")
    with pytest.raises(ExceptionGroup) as caught:
        await ctx.drain()
    assert [str(error) for error in caught.value.exceptions] == ["listener", "listener"]
    assert [entry[2] for entry in log.take()] == ["a", "b"]


async def test_observer_that_ends_as_cancelled_stops_nobody(log: Log) -> None:
    """CTX-442"""
    ctx = Context("ctx")
    ctx.subscribe(failing(asyncio.CancelledError()))
    ctx.subscribe(log.observer())
    ctx.bind("a")
    ctx.bind("b")
    async with asyncio.timeout(5):
        await ctx.drain()
    assert [entry[2] for entry in log.take()] == ["a", "b"]


async def test_without_listener_and_drain_exceptions_go_to_the_loop(log: Log) -> None:
    """CTX-442"""
    ctx = Context("ctx")
    boom = LookupError("boom")
    seen: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, details: seen.append(details["exception"]))
    ctx.subscribe(failing(boom))
    ctx.subscribe(log.observer())
    ctx.bind("a")
    ctx.bind("b")
    for _ in range(5):
        await asyncio.sleep(0)
    assert seen == [boom, boom]
    assert [entry[2] for entry in log.take()] == ["a", "b"]
    await ctx.drain()


# Who keeps whom


@pytest.fixture
def no_gc() -> Any:
    """Only reference counts collect."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_gc")
async def test_parent_keeps_no_reference_to_a_child_nobody_watches() -> None:
    """CTX-443"""
    parent = Context("parent")
    parent.bind("a").to(1).in_scope("singleton")
    parent.on("bind", lambda event: None)
    parent.subscribe(lambda *event: None)
    child = Context(parent, "child")
    child.bind("b").to_alias("a")
    for _ in range(3):
        assert child.get_sync("b") == await child.get("a") == 1
    assert [entry.key for entry in child.find_by_tag("none")] == []
    gone = weakref.ref(child)
    del child
    assert gone() is None


@pytest.mark.usefixtures("no_gc")
@pytest.mark.parametrize("watching", ["listener", "observer", "view"])
@pytest.mark.parametrize("sync", [False, True])
async def test_closed_child_can_be_collected_at_once(watching: str, sync: bool) -> None:
    """CTX-443, CTX-411"""
    parent = Context("parent")
    middle = Context(parent, "middle")
    child = Context(middle, "child")
    told: list[Any] = []
    if watching == "listener":
        child.on("bind", told.append)
    elif watching == "observer":
        child.subscribe(lambda *event: told.append(event))
    else:
        child.create_view(filter_by_key("*")).on("bind", told.append)
    view = child.create_view(filter_by_key("*"))
    parent.bind("a").to(1)
    assert await view.values() == [1]
    await child.drain()
    told.clear()
    parent.bind("queued")
    told.clear()
    if sync:
        child.close_sync()
    else:
        await child.close()
    gone = weakref.ref(child)
    del child, view
    assert gone() is None
    assert not parent._watchers
    assert not middle._watchers
    parent.bind("b")
    await parent.drain()
    assert told == []


@pytest.mark.usefixtures("no_gc")
@pytest.mark.parametrize("watching", ["listener", "observer", "view"])
async def test_dropped_child_can_be_collected_and_the_next_event_clears_up(watching: str) -> None:
    """CTX-444"""
    parent = Context("parent")
    told: list[Any] = []
    for i in range(5):
        child = Context(parent, f"child {i}")
        if watching == "listener":
            child.on("bind", told.append)
        elif watching == "observer":
            child.subscribe(lambda *event: told.append(event))
        else:
            child.create_view(filter_by_key("*"))
        gone = weakref.ref(child)
        del child
        gc.collect()  # a hub and its subscriptions know each other
        assert gone() is None
    parent.bind("a")
    assert not parent._watchers
    await parent.drain()
    assert told == []


async def test_child_whose_listeners_are_all_gone_is_forgotten() -> None:
    """CTX-443"""
    parent = Context("parent")
    child = Context(parent, "child")
    told: list[Any] = []
    listen = told.append
    child.on("bind", listen)
    parent.bind("a")
    child.off("bind", listen)
    parent.bind("b")
    assert not parent._watchers
    child.on("bind", listen)
    parent.bind("c")
    assert [event.binding.key for event in told] == ["a", "c"]


# Many listeners, and the log


def test_any_number_of_listeners_is_fine(recwarn: pytest.WarningsRecorder) -> None:
    """CTX-445"""
    ctx = Context("ctx")
    calls: list[int] = []
    for i in range(500):
        ctx.on("bind", lambda event, i=i: calls.append(i))
    ctx.bind("a")
    assert calls == list(range(500))
    assert not list(recwarn)


async def test_changes_and_resolutions_are_logged_at_debug_level(caplog: pytest.LogCaptureFixture) -> None:
    """CTX-445"""
    ctx = Context("the context")

    class Service:
        def __init__(self, a: int = inject("dep.a")) -> None: ...

    ctx.bind("quiet").to(1)
    with caplog.at_level(logging.INFO, logger="mainspring.context"):
        ctx.bind("quiet").to(1)
        ctx.unbind("quiet")
        for _ in range(4):
            ctx.get_sync("quiet", optional=True)
    assert caplog.records == []
    with caplog.at_level(logging.DEBUG, logger="mainspring.context"):
        ctx.bind("dep.a").to(1)
        ctx.unbind("dep.a")
        messages = [record.getMessage() for record in caplog.records]
        for word in ("bind", "unbind"):
            assert any(word in text.split() and "dep.a" in text and "the context" in text for text in messages)
        ctx.bind("dep.a").to(1)
        ctx.bind("service").to_class(Service)
        for _ in range(4):
            caplog.clear()
            ctx.get_sync("service")
            ctx.get_sync(Service)
            await ctx.get("service")
            await ctx.get(Service)
            messages = [record.getMessage() for record in caplog.records]
            assert len([text for text in messages if "service" in text and "the context" in text]) == 2
            assert len([text for text in messages if "Service" in text and "the context" in text]) == 2
    assert {record.name for record in caplog.records} == {"mainspring.context"}
    assert {record.levelno for record in caplog.records} == {logging.DEBUG}
