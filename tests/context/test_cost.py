"""What resolving costs, counted in calls rather than timed: the benchmarks measure, these lines hold the shape."""

import asyncio
import gc
import inspect
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from mainspring.context import BindingScope, Context, inject
from mainspring.context import context as context_module


def calls_of(work: Callable[[], Any]) -> int:
    """How many functions, Python's and C's, are called while the work is done."""
    count = 0

    def profile(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        if event in ("call", "c_call"):
            count += 1

    gc.collect()
    gc.disable()  # its callbacks are calls too
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


class Leaf:
    """A dependency."""


class Pair:
    def __init__(self, one: Any = inject("one"), two: Any = inject("two")) -> None:
        self.one, self.two = one, two


def chain_of(contexts: int, bindings: int) -> Context:
    """The lowest of a chain of contexts whose root has that many bindings."""
    root = Context("root", scope=BindingScope.APPLICATION)
    for number in range(bindings):
        root.bind(f"other.{number}").to(number)
    root.bind("constant").to("value")
    root.bind("kept").to_class(Leaf).in_scope(BindingScope.SINGLETON)
    root.bind("one").to(1)
    root.bind("two").to(2)
    root.bind("pair").to_class(Pair)
    lowest = root
    for _ in range(contexts - 1):
        lowest = Context(lowest, scope=BindingScope.SERVER)
    for key in ("constant", "kept", "pair"):
        for _ in range(4):
            lowest.get_sync(key)
    return lowest


def test_a_signature_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """CTX-620"""
    read: list[Any] = []
    original = inspect.signature

    def counting(target: Any, **options: Any) -> Any:
        read.append(target)
        return original(target, **options)

    monkeypatch.setattr(inspect, "signature", counting)

    class Fresh:
        def __init__(self, leaf: Leaf) -> None:
            self.leaf = leaf

    for _ in range(3):
        context = Context()
        context.bind(Leaf).to_class(Leaf)
        for number in range(3):
            context.bind(f"fresh.{number}").to_class(Fresh)
            for _ in range(4):
                context.get_sync(f"fresh.{number}")
    assert len([target for target in read if target in (Fresh, Fresh.__init__)]) <= 2  # who takes anything, and what


@pytest.mark.parametrize("key", ["constant", "kept", "pair"])
def test_a_warm_get_costs_the_same_however_much_there_is(key: str) -> None:
    """CTX-621"""
    least = chain_of(1, 10)
    counts = {calls_of(lambda: least.get_sync(key))}
    for contexts, bindings in ((10, 10), (1, 10_000), (10, 10_000)):
        lowest = chain_of(contexts, bindings)
        counts.add(calls_of(lambda lowest=lowest: lowest.get_sync(key)))
    crowd = [Context(least, scope=BindingScope.SERVER) for _ in range(10_000)]
    counts.add(calls_of(lambda: least.get_sync(key)))
    assert len(crowd) == 10_000
    assert len(counts) == 1


def test_a_warm_get_is_a_look_and_a_plan() -> None:
    """CTX-622"""
    context = chain_of(1, 10)
    # get_sync, the context variable, the table of plans, the plan; and the constructor of the class.
    assert calls_of(lambda: context.get_sync("constant")) <= 6
    assert calls_of(lambda: context.get_sync("pair")) <= 7


async def test_a_synchronous_graph_makes_no_task_no_future_and_no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """CTX-623"""
    context = chain_of(3, 10)
    for key in ("constant", "kept", "pair"):
        for _ in range(4):
            await context.get(key)
    loop = asyncio.get_running_loop()

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a synchronous graph needs none of these")

    with monkeypatch.context() as patch:
        patch.setattr(loop, "create_task", refuse)
        patch.setattr(loop, "create_future", refuse)
        patch.setattr(threading, "Lock", refuse)
        patch.setattr(threading, "RLock", refuse)
        values = [await context.get(key) for key in ("constant", "kept", "pair")]
    assert None not in values


async def test_a_kept_asynchronous_value_comes_without_a_switch() -> None:
    """CTX-624, CTX-131"""

    async def make() -> str:
        await asyncio.sleep(0)
        return "made"

    context = Context()
    context.bind("k").to_dynamic_value(make).in_scope(BindingScope.SINGLETON)
    assert await context.get("k") == "made"
    for _ in range(5):
        asking = context.get("k")
        with pytest.raises(StopIteration) as stop:
            asking.send(None)
        assert stop.value.value == "made"


def test_what_requests_bind_leaves_the_plans_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """CTX-626, CTX-627"""
    compiled: list[Any] = []
    original = context_module.compile_plan

    def counting(context: Context, key: Any, **options: Any) -> Any:
        compiled.append(key)
        return original(context, key, **options)

    monkeypatch.setattr(context_module, "compile_plan", counting)
    server = Context(Context(scope=BindingScope.APPLICATION), scope=BindingScope.SERVER)
    server.bind("one").to(1)
    server.bind("pair").to_class(Pair)
    for number in range(1_000):
        request = Context(server, scope=BindingScope.REQUEST)
        request.bind("two").to(number)
        assert request.get_sync("pair").two == number
    assert compiled == ["pair"]


@pytest.mark.parametrize("act", ["bind", "rebind", "unbind", "tag"])
def test_changing_costs_the_same_however_much_there_is(act: str) -> None:
    """CTX-628"""

    def count(bindings: int) -> int:
        context = chain_of(1, bindings)
        context.find_by_tag("indexed")
        context.get_sync(Leaf)
        binding = context.bind("changing").to(1)
        work: dict[str, Callable[[], Any]] = {
            "bind": lambda: context.bind("fresh").to(1),
            "rebind": lambda: context.bind("changing").to(2),
            "unbind": lambda: context.unbind("changing"),
            "tag": lambda: binding.tag("indexed"),
        }
        return calls_of(work[act])

    assert count(10) == count(10_000)


def test_a_burst_of_binding_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """CTX-628"""
    context = chain_of(1, 10)

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("nothing was asked for")

    with monkeypatch.context() as patch:
        patch.setattr(context_module, "compile_plan", refuse)
        for number in range(10_000):
            context.bind(f"burst.{number}").to(number)
    assert context.get_sync("pair").one == 1
    assert context.get_sync("burst.9999") == 9999


def test_a_change_is_seen_by_every_get_that_starts_after_it() -> None:
    """CTX-629"""
    context = chain_of(2, 10)
    binding = context.get_binding("constant")
    binding.to(0)
    published = 0
    stop = threading.Event()
    wrong: list[tuple[int, int]] = []

    def read() -> None:
        while not stop.is_set():
            before = published
            value = context.get_sync("constant")
            if value < before:
                wrong.append((before, value))

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for number in range(1, 2_000):
        binding.to(number)
        published = number
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
