"""Asynchronous values, tasks, threads, event loops: made once, and nobody's cancellation spoils it for the others."""

import asyncio
import contextvars
import gc
import threading
import time
import warnings

import pytest

from mainspring.context import (
    AsyncValueError,
    Binding,
    BindingScope,
    CircularDependencyError,
    Context,
    KeyNotBoundError,
    ResolutionContext,
    inject,
)

GETS = 4  # the first gets are interpreted, later ones run a plan: a behaviour has to hold for both
KEEPING = ["singleton", "context", "application", "server", "request"]
PATIENCE = 10  # seconds; only a failing test waits that long


class Thing:
    pass


class Making:
    """A factory that tells how often it began and waits until it may go on."""

    def __init__(self, error=None):
        self.begun, self.ended, self.cancelled = 0, 0, 0
        self.gate = asyncio.Event()
        self.error = error
        self.made = []

    async def make(self):
        self.begun += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.ended += 1
        if self.error is not None:
            raise self.error
        self.made.append(Thing())
        return self.made[-1]


def chain():
    """``app <- server <- request``."""
    app = Context("app", scope=BindingScope.APPLICATION)
    server = Context(app, "server", scope=BindingScope.SERVER)
    return app, server, Context(server, "request", scope=BindingScope.REQUEST)


def gets(ctx, count, key="k"):
    return [asyncio.create_task(ctx.get(key)) for _ in range(count)]


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)


# Shared creation


@pytest.mark.parametrize("scope", KEEPING)
async def test_tasks_that_get_at_once_share_one_creation(scope):
    """CTX-140"""
    app, _, request = chain()
    making = Making()
    app.bind("k").to_dynamic_value(making.make).in_scope(scope)
    tasks = gets(request, 20)
    await turns()
    assert making.begun == 1
    tasks += gets(request, 5)
    making.gate.set()
    values = await asyncio.gather(*tasks)
    assert values == [making.made[0]] * 25
    assert request.get_sync("k") is making.made[0]
    assert (making.begun, making.ended) == (1, 1)


async def test_a_transient_value_is_made_for_each_task():
    """CTX-140"""
    ctx, making = Context(), Making()
    ctx.bind("k").to_dynamic_value(making.make)
    tasks = gets(ctx, 5)
    await turns()
    assert making.begun == 5
    making.gate.set()
    assert len(set(map(id, await asyncio.gather(*tasks)))) == 5


async def test_contexts_with_a_value_each_create_for_themselves():
    """CTX-140, CTX-221"""
    app, _, one = chain()
    two, making = Context(app), Making()
    app.bind("k").to_dynamic_value(making.make).in_scope("context")
    tasks = gets(one, 3) + gets(two, 3) + gets(app, 3)
    await turns()
    assert making.begun == 3
    making.gate.set()
    values = await asyncio.gather(*tasks)
    assert len(set(map(id, values))) == 3
    assert len(set(map(id, values[:3]))) == 1


@pytest.mark.parametrize("scope", KEEPING)
async def test_consumers_of_all_kinds_share_one_creation(scope):
    """CTX-140"""
    app, _, request = chain()
    making = Making()

    class Consumer:
        def __init__(self, k=inject("k")):
            self.k = k

    class OtherConsumer:
        k = inject("k")

    app.bind("k").to_dynamic_value(making.make).in_scope(scope).tag("t")
    app.bind("a").to_class(Consumer)
    app.bind("b").to_class(OtherConsumer).in_scope(scope)
    app.bind("alias").to_alias("k")
    app.bind("c").to_dynamic_value(lambda found=inject.tag("t"): found[0])
    tasks = [asyncio.create_task(request.get(key)) for key in ("a", "b", "alias", "c", "k", "a")]
    await turns()
    making.gate.set()
    a, b, alias, c, k, other = await asyncio.gather(*tasks)
    assert a.k is b.k is alias is c is k is other.k
    assert making.begun == 1


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("scope", ["transient", *KEEPING])
async def test_a_value_injected_twice_is_one_object_only_where_it_is_kept(scope, is_async):
    """CTX-141"""
    _, _, request = chain()
    app, made = request.parent.parent, []

    def make():
        made.append(Thing())
        return made[-1]

    async def make_later():
        await asyncio.sleep(0)
        return make()

    class Consumer:
        third = inject("k")

        def __init__(self, first=inject("k"), second=inject("k")):
            self.both = first, second

    app.bind("k").to_dynamic_value(make_later if is_async else make).in_scope(scope)
    app.bind("consumer").to_class(Consumer)
    for turn in range(GETS):
        consumer = await request.get("consumer")
        found = [*consumer.both, consumer.third]
        if scope == "transient":
            assert found == made[3 * turn :]
            assert len(made) == 3 * (turn + 1)
        else:
            assert found == [made[0]] * 3
            assert len(made) == 1


@pytest.mark.parametrize("scope", KEEPING)
async def test_all_who_wait_receive_the_failure_and_it_is_not_kept(scope):
    """CTX-142, CTX-238"""
    _, _, request = chain()
    app, making = request.parent.parent, Making(error=ValueError("failed"))
    app.bind("k").to_dynamic_value(making.make).in_scope(scope)
    tasks = gets(request, 5)
    await turns()
    making.gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert results == [making.error] * 5
    assert making.begun == 1
    with pytest.raises(ValueError, match="failed"):
        await request.get("k")
    assert making.begun == 2
    making.error = None
    value = await request.get("k")
    assert value is await request.get("k")
    assert making.begun == 3


@pytest.mark.parametrize("scope", KEEPING)
async def test_a_failure_that_comes_at_once_is_not_kept_either(scope):
    """CTX-142, CTX-238"""
    _, _, request = chain()
    app, calls = request.parent.parent, []

    async def make():
        calls.append(1)
        if len(calls) < 3:
            raise ValueError(str(len(calls)))
        return "made"

    app.bind("k").to_dynamic_value(make).in_scope(scope)
    for number in ("1", "2"):
        with pytest.raises(ValueError, match=number):
            await request.get("k")
    assert [await request.get("k"), request.get_sync("k")] == ["made", "made"]


# Cancellation


@pytest.mark.parametrize("victim", [0, 1, 2])
@pytest.mark.parametrize("scope", KEEPING)
async def test_cancelling_one_who_waits_cancels_only_him(scope, victim):
    """CTX-143"""
    app, _, request = chain()
    making = Making()
    app.bind("k").to_dynamic_value(making.make).in_scope(scope)
    tasks = gets(request, 3)
    await turns()
    tasks[victim].cancel()
    await turns()
    assert tasks[victim].cancelled()
    assert (making.begun, making.cancelled) == (1, 0)
    making.gate.set()
    others = [task for task in tasks if task is not tasks[victim]]
    assert await asyncio.gather(*others) == [making.made[0]] * 2
    assert await request.get("k") is making.made[0]
    assert making.begun == 1


async def test_cancelling_the_first_before_anything_ran_spoils_nothing():
    """CTX-143"""
    ctx, making = Context(), Making()
    ctx.bind("k").to_dynamic_value(making.make).in_scope("singleton")
    first, second = gets(ctx, 2)
    await asyncio.sleep(0)
    first.cancel()
    making.gate.set()
    assert await second is making.made[0]
    assert making.begun == 1


@pytest.mark.parametrize("scope", KEEPING)
async def test_cancelling_all_who_wait_cancels_the_creation(scope):
    """CTX-144"""
    app, _, request = chain()
    making = Making()
    app.bind("k").to_dynamic_value(making.make).in_scope(scope)
    tasks = gets(request, 3)
    await turns()
    for task in tasks:
        task.cancel()
    assert all(
        isinstance(each, asyncio.CancelledError) for each in await asyncio.gather(*tasks, return_exceptions=True)
    )
    assert (making.begun, making.cancelled, making.ended) == (1, 1, 1)
    with pytest.raises(AsyncValueError):
        request.get_sync("k")
    making.gate.set()
    value = await request.get("k")
    assert making.begun == 2
    assert value is making.made[0]


async def test_cancelling_one_after_the_other_cancels_the_creation_with_the_last():
    """CTX-144"""
    ctx, making = Context(), Making()
    ctx.bind("k").to_dynamic_value(making.make).in_scope("singleton")
    tasks = gets(ctx, 3)
    await turns()
    for position, task in enumerate(tasks):
        assert making.cancelled == 0, position
        task.cancel()
        await turns()
    assert (making.cancelled, making.ended) == (1, 1)


async def test_a_get_while_the_creation_is_being_cancelled_starts_its_own():
    """CTX-144"""
    ctx, log = Context(), []
    slow = asyncio.Event()

    async def make():
        log.append("begun")
        try:
            await asyncio.sleep(0 if len(log) > 1 else PATIENCE)
        finally:
            if len(log) == 1:
                log.append("ending")
                await slow.wait()
        return len(log)

    ctx.bind("k").to_dynamic_value(make).in_scope("singleton")
    (first,) = gets(ctx, 1)
    await turns()
    first.cancel()
    await turns()
    assert log == ["begun", "ending"]
    value = await ctx.get("k")
    assert log == ["begun", "ending", "begun"]
    slow.set()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert value == ctx.get_sync("k") == 3


async def test_cancelling_a_consumer_cancels_what_only_it_waits_for():
    """CTX-143, CTX-144"""
    ctx, making, other = Context(), Making(), Making()

    class Consumer:
        def __init__(self, k=inject("k"), own=inject("own")):
            self.k, self.own = k, own

    ctx.bind("k").to_dynamic_value(making.make).in_scope("singleton")
    ctx.bind("own").to_dynamic_value(other.make).in_scope("singleton")
    ctx.bind("consumer").to_class(Consumer).in_scope("singleton")
    consumers = gets(ctx, 2, "consumer")
    (plain,) = gets(ctx, 1)
    await turns()
    for task in consumers:
        task.cancel()
    await turns(10)
    assert making.cancelled == 0
    making.gate.set()
    assert await plain is making.made[0]
    assert other.begun == 0
    other.gate.set()
    assert (await ctx.get("consumer")).k is making.made[0]
    assert making.begun == 1


async def test_a_factory_that_refuses_cancellation_is_not_left_behind():
    """CTX-144"""
    ctx, ended = Context(), []

    async def make():
        try:
            await asyncio.sleep(PATIENCE)
        except asyncio.CancelledError:
            await asyncio.sleep(0)
        ended.append(1)
        return Thing()

    ctx.bind("k").to_dynamic_value(make).in_scope("singleton")
    (task,) = gets(ctx, 1)
    await turns()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [1]
    with pytest.raises(AsyncValueError):
        ctx.get_sync("k")


async def test_a_transient_creation_is_cancelled_with_its_task():
    """CTX-144, CTX-150"""
    ctx, making = Context(), Making()
    ctx.bind("k").to_dynamic_value(making.make)
    one, two = gets(ctx, 2)
    await turns()
    one.cancel()
    await turns()
    assert (making.begun, making.cancelled) == (2, 1)
    making.gate.set()
    assert isinstance(await two, Thing)


@pytest.mark.parametrize("how", ["timeout", "wait_for"])
async def test_a_timeout_is_the_cancellation_of_one_who_waits(how):
    """CTX-145"""
    ctx, making = Context(), Making()
    ctx.bind("k").to_dynamic_value(making.make).in_scope("singleton")
    (patient,) = gets(ctx, 1)

    async def get():
        if how == "wait_for":
            return await asyncio.wait_for(ctx.get("k"), 0.01)
        async with asyncio.timeout(0.01):
            return await ctx.get("k")

    with pytest.raises(TimeoutError):
        await get()
    assert (making.begun, making.cancelled) == (1, 0)
    patient.cancel()
    await turns()
    assert making.cancelled == 1
    with pytest.raises(TimeoutError):
        await get()
    assert (making.begun, making.cancelled, making.ended) == (2, 2, 2)
    making.gate.set()
    assert await get() is making.made[0]


async def test_nothing_is_left_to_warn_about_after_cancellations():
    """CTX-143, CTX-144"""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ctx, making = Context(), Making(error=ValueError("nobody hears"))
        ctx.bind("k").to_dynamic_value(making.make).in_scope("singleton")
        failures = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: failures.append(context))
        for count in (1, 3):
            tasks = gets(ctx, count)
            await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        one, two = gets(ctx, 2)
        await turns()
        one.cancel()
        await turns()
        making.gate.set()
        with pytest.raises(ValueError, match="nobody hears"):
            await two
        del one, two, tasks, task
        gc.collect()
        await turns()
        assert failures == []


# Changes meanwhile


def _rebind(ctx, binding):
    ctx.bind("k").to("new")


def _rebind_same_source(ctx, binding):
    ctx.add(Binding("k").to("new"))


def _change_source(ctx, binding):
    binding.to("new")


def _unbind(ctx, binding):
    ctx.unbind("k")


def _unbind_and_add_again(ctx, binding):
    ctx.unbind("k")
    ctx.add(binding)


def _refresh(ctx, binding):
    binding.refresh(ctx)


def _change_scope(ctx, binding):
    binding.in_scope("transient")


def _change_scope_and_back(ctx, binding):
    scope = binding.scope
    binding.in_scope("transient").in_scope(scope)


@pytest.mark.parametrize("scope", ["singleton", "application"])
@pytest.mark.parametrize(
    "change",
    [
        _rebind,
        _rebind_same_source,
        _change_source,
        _unbind,
        _unbind_and_add_again,
        _refresh,
        _change_scope,
        _change_scope_and_back,
    ],
)
async def test_a_change_meanwhile_keeps_the_value_from_later_gets(change, scope):
    """CTX-146"""
    app, _, request = chain()
    making = Making()
    binding = app.bind("k").to_dynamic_value(making.make).in_scope(scope)
    tasks = gets(request, 3)
    await turns()
    change(app, binding)
    making.gate.set()
    values = await asyncio.gather(*tasks)
    assert values == [making.made[0]] * 3
    for _ in range(GETS):
        if change is _unbind:
            with pytest.raises(KeyNotBoundError):
                await request.get("k")
        else:
            assert await request.get("k") is not making.made[0]


@pytest.mark.parametrize("change", [_refresh, _change_source, _change_scope_and_back])
async def test_a_change_in_the_parent_meets_a_creation_of_the_child(change):
    """CTX-146"""
    app, _, request = chain()
    making = Making()
    binding = app.bind("k").to_dynamic_value(making.make).in_scope("context")
    tasks = gets(request, 2)
    await turns()
    change(request if change is _refresh else app, binding)
    making.gate.set()
    assert await asyncio.gather(*tasks) == [making.made[0]] * 2
    assert await request.get("k") is not making.made[0]


async def test_a_get_after_the_change_does_not_wait_for_the_old_creation():
    """CTX-146"""
    ctx, old, new = Context(), Making(), Making()
    binding = ctx.bind("k").to_dynamic_value(old.make).in_scope("singleton")
    (early,) = gets(ctx, 1)
    await turns()
    binding.to_dynamic_value(new.make)
    (late,) = gets(ctx, 1)
    await turns()
    assert (old.begun, new.begun) == (1, 1)
    new.gate.set()
    value = await late
    assert not early.done()
    old.gate.set()
    assert await early is old.made[0]
    assert ctx.get_sync("k") is value is new.made[0]


async def test_the_old_creation_is_still_cancelled_when_nobody_waits_for_it():
    """CTX-144, CTX-146"""
    ctx, making = Context(), Making()
    binding = ctx.bind("k").to_dynamic_value(making.make).in_scope("singleton")
    (early,) = gets(ctx, 1)
    await turns()
    binding.refresh(ctx)
    (late,) = gets(ctx, 1)
    await turns()
    assert making.begun == 2
    early.cancel()
    await turns()
    assert making.cancelled == 1
    making.gate.set()
    assert await late is ctx.get_sync("k")


async def test_a_change_by_the_factory_itself_counts():
    """CTX-146"""
    ctx, calls = Context(), []

    async def make(resolution: ResolutionContext):
        calls.append(1)
        await asyncio.sleep(0)
        resolution.binding.refresh(resolution.context)
        return len(calls)

    ctx.bind("k").to_dynamic_value(make).in_scope("singleton")
    assert [await ctx.get("k") for _ in range(3)] == [1, 2, 3]


# Rings


def ring(ctx, scope, *, between=None):
    """``a`` needs ``b`` and ``b`` needs ``a``, each after something slow."""

    async def slow():
        await asyncio.sleep(0.01)

    class A:
        def __init__(self, slow=inject("slow"), b=inject(between or "b")):
            self.b = b

    class B:
        slow = inject("slow")
        a = inject("a")

    ctx.bind("slow").to_dynamic_value(slow)
    ctx.bind("a").to_class(A).in_scope(scope)
    ctx.bind("b").to_class(B).in_scope(scope)


@pytest.mark.parametrize("scope", KEEPING)
async def test_tasks_that_start_at_different_ends_of_a_ring_both_end(scope):
    """CTX-147"""
    app, _, request = chain()
    ring(app, scope)
    for _ in range(2):
        async with asyncio.timeout(PATIENCE):
            results = await asyncio.gather(*(request.get(key) for key in ("a", "b", "a", "b")), return_exceptions=True)
        assert [type(each) for each in results] == [CircularDependencyError] * 4
        for error in results:
            assert "a --> A.__init__[b] --> b" in error.path or "b --> B.a --> a" in error.path
    app.bind("a").to("broken")
    assert (await request.get("b")).a == "broken"


@pytest.mark.parametrize("link", ["alias", "transient", "tag", "singleton"])
async def test_a_ring_through_something_else_ends_too(link):
    """CTX-147"""
    ctx = Context()
    if link == "alias":
        ctx.bind("link").to_alias("b")
    elif link == "tag":
        ctx.bind("link").to_dynamic_value(lambda found=inject.tag("t"): found)
    else:
        ctx.bind("link").to_dynamic_value(lambda b=inject("b"): b).in_scope(link)
    ring(ctx, "singleton", between="link")
    ctx.get_binding("b").tag("t")
    async with asyncio.timeout(PATIENCE):
        results = await asyncio.gather(ctx.get("a"), ctx.get("b"), return_exceptions=True)
    assert [type(each) for each in results] == [CircularDependencyError] * 2


async def test_a_ring_of_three_started_at_every_end_ends():
    """CTX-147"""
    ctx = Context()

    async def slow():
        await asyncio.sleep(0.01)

    ctx.bind("slow").to_dynamic_value(slow)
    for key, needed in (("a", "b"), ("b", "c"), ("c", "a")):

        async def make(slow=inject("slow"), needed=inject(needed)):
            return needed

        ctx.bind(key).to_dynamic_value(make).in_scope("singleton")
    async with asyncio.timeout(PATIENCE):
        results = await asyncio.gather(*(ctx.get(key) for key in "abcabc"), return_exceptions=True)
    assert [type(each) for each in results] == [CircularDependencyError] * 6


async def test_a_ring_of_gets_inside_factories_ends():
    """CTX-147"""
    ctx = Context()

    async def make_a(resolution: ResolutionContext):
        await asyncio.sleep(0.01)
        return await resolution.context.get("b")

    async def make_b(resolution: ResolutionContext):
        await asyncio.sleep(0.01)
        return await resolution.context.get("a")

    ctx.bind("a").to_dynamic_value(make_a).in_scope("singleton")
    ctx.bind("b").to_dynamic_value(make_b).in_scope("singleton")
    async with asyncio.timeout(PATIENCE):
        results = await asyncio.gather(ctx.get("a"), ctx.get("b"), return_exceptions=True)
    assert [type(each) for each in results] == [CircularDependencyError] * 2


async def test_waiting_for_one_creation_from_several_places_is_no_ring():
    """CTX-140, CTX-147"""
    ctx, making = Context(), Making()

    class Left:
        def __init__(self, k=inject("k")):
            self.k = k

    class Right:
        def __init__(self, left=inject("left"), k=inject("k")):
            self.left, self.k = left, k

    ctx.bind("k").to_dynamic_value(making.make).in_scope("singleton")
    ctx.bind("left").to_class(Left).in_scope("singleton")
    ctx.bind("right").to_class(Right).in_scope("singleton")
    tasks = [asyncio.create_task(ctx.get(key)) for key in ("right", "left", "k", "right")]
    await turns()
    making.gate.set()
    right, left, k, again = await asyncio.gather(*tasks)
    assert right is again
    assert right.left is left
    assert left.k is right.k is k


# Threads


def in_threads(*works):
    """Run each work in a thread of its own, all at once; their results or exceptions, in order."""
    barrier = threading.Barrier(len(works))
    results = [None] * len(works)

    def run(index, work):
        barrier.wait(PATIENCE)
        try:
            results[index] = work()
        except Exception as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=each, daemon=True) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "a thread hangs"
    return results


def thread_ring(ctx, scope, meeting):
    """``a`` needs ``b`` needs ``a``; both are begun before either goes on."""

    def meet():
        try:
            meeting.wait(0.2)
        except threading.BrokenBarrierError:
            return

    class A:
        def __init__(self, first=inject("meet"), b=inject("b")):
            self.b = b

    class B:
        def __init__(self, first=inject("meet"), a=inject("a")):
            self.a = a

    ctx.bind("meet").to_dynamic_value(meet)
    ctx.bind("a").to_class(A).in_scope(scope)
    ctx.bind("b").to_class(B).in_scope(scope)


@pytest.mark.parametrize("scope", ["singleton", "application", "server", "request", "context"])
def test_threads_that_start_at_different_ends_of_a_ring_both_end(scope):
    """CTX-148"""
    app, _, request = chain()
    thread_ring(app, scope, threading.Barrier(2))
    for _ in range(2):
        results = in_threads(lambda: request.get_sync("a"), lambda: request.get_sync("b"))
        assert [type(each) for each in results] == [CircularDependencyError] * 2
    app.bind("a").to("broken")
    assert request.get_sync("b").a == "broken"


def test_three_threads_in_a_ring_all_end():
    """CTX-148"""
    ctx, meeting = Context(), threading.Barrier(3)

    def meet():
        try:
            meeting.wait(0.2)
        except threading.BrokenBarrierError:
            return

    ctx.bind("meet").to_dynamic_value(meet)
    for key, needed in (("a", "b"), ("b", "c"), ("c", "a")):

        def make(first=inject("meet"), needed=inject(needed)):
            return needed

        ctx.bind(key).to_dynamic_value(make).in_scope("singleton")
    results = in_threads(*(lambda key=key: ctx.get_sync(key) for key in "abc"))
    assert [type(each) for each in results] == [CircularDependencyError] * 3


def test_threads_that_wait_for_each_others_values_without_a_ring_get_them():
    """CTX-148, CTX-149"""
    ctx, made = Context(), []

    def slow(name):
        def make():
            time.sleep(0.02)
            made.append(name)
            return name

        return make

    class Both:
        def __init__(self, first=inject("one"), second=inject("two")):
            self.found = first, second

    class BothTurned:
        def __init__(self, second=inject("two"), first=inject("one")):
            self.found = first, second

    for name in ("one", "two"):
        ctx.bind(name).to_dynamic_value(slow(name)).in_scope("singleton")
    ctx.bind("both").to_class(Both).in_scope("singleton")
    ctx.bind("turned").to_class(BothTurned).in_scope("singleton")
    results = in_threads(*(lambda key=key: ctx.get_sync(key).found for key in ("both", "turned", "both", "turned")))
    assert results == [("one", "two")] * 4
    assert sorted(made) == ["one", "two"]


class SlowlyMade:
    def __init__(self):
        time.sleep(0.005)


class SlowProvider:
    def value(self):
        return SlowlyMade()


def _generate_slowly():
    yield SlowlyMade()


@pytest.mark.parametrize("key", ["k", "consumer"])
@pytest.mark.parametrize(
    "bind",
    [
        lambda binding: binding.to_class(SlowlyMade),
        lambda binding: binding.to_dynamic_value(lambda: SlowlyMade()),  # noqa: PLW0108 - the class is no factory
        lambda binding: binding.to_provider(SlowProvider),
        lambda binding: binding.to_dynamic_value(_generate_slowly),
    ],
    ids=["class", "factory", "provider", "generator"],
)
def test_a_synchronous_singleton_is_created_once_for_many_threads(bind, key):
    """CTX-149"""
    with Context() as ctx:
        binding = bind(ctx.bind("k")).in_scope("singleton")
        ctx.bind("consumer").to_dynamic_value(lambda k=inject("k"): k)
        children = [Context(ctx) for _ in range(12)]
        made = set()
        for _ in range(GETS):
            results = in_threads(*(lambda child=child: child.get_sync(key) for child in children))
            assert [type(each) for each in results] == [SlowlyMade] * 12
            assert len(set(results)) == 1
            made |= set(results)
            binding.refresh(ctx)
        assert len(made) == GETS


def test_threads_that_wait_for_a_creation_that_fails_receive_its_exception():
    """CTX-142, CTX-149"""
    ctx, calls = Context(), []

    def make():
        calls.append(1)
        if len(calls) == 1:
            deadline = time.monotonic() + 0.2
            while time.monotonic() < deadline:
                time.sleep(0.01)
            raise ValueError("failed")
        return "made"

    ctx.bind("k").to_dynamic_value(make).in_scope("singleton")
    results = in_threads(*(lambda: ctx.get_sync("k") for _ in range(6)))
    assert [str(each) for each in results] == ["failed"] * 6
    assert len(set(map(id, results))) == 1
    assert len(calls) == 1
    assert ctx.get_sync("k") == "made"


def test_a_thread_that_waits_gets_the_value_although_the_binding_is_refreshed_meanwhile():
    """CTX-146, CTX-149"""
    ctx, calls = Context(), []
    begun, go_on = threading.Event(), threading.Event()

    def make():
        calls.append(1)
        begun.set()
        go_on.wait(PATIENCE)
        return len(calls)

    binding = ctx.bind("k").to_dynamic_value(make).in_scope("singleton")

    def refresh():
        begun.wait(PATIENCE)
        time.sleep(0.05)
        binding.refresh(ctx)
        go_on.set()

    def get_late():
        begun.wait(PATIENCE)
        return ctx.get_sync("k")

    first, late, _ = in_threads(lambda: ctx.get_sync("k"), get_late, refresh)
    assert (first, late) == (1, 1)
    assert ctx.get_sync("k") == 2


# Context variables and tasks

variable = contextvars.ContextVar("variable", default="unset")


@pytest.mark.parametrize("scope", ["transient", *KEEPING])
async def test_a_factory_runs_with_the_context_variables_of_who_started_it(scope):
    """CTX-150"""
    app, _, request = chain()
    seen = []

    async def make():
        seen.append(variable.get())
        await asyncio.sleep(0)
        seen.append(variable.get())
        return variable.get()

    app.bind("k").to_dynamic_value(make).in_scope(scope)

    async def get(value):
        variable.set(value)
        return await request.get("k")

    first, second = await asyncio.gather(get("first"), get("second"))
    expected = ("first", "second") if scope == "transient" else ("first", "first")
    assert (first, second) == expected
    assert set(seen) == set(expected)


async def test_a_transient_value_is_made_in_the_task_of_the_caller():
    """CTX-150"""
    ctx = Context()

    async def make():
        await asyncio.sleep(0)
        variable.set("by the factory")
        return asyncio.current_task().get_name()

    def make_now():
        return asyncio.current_task().get_name()

    ctx.bind("later").to_dynamic_value(make)
    ctx.bind("now").to_dynamic_value(make_now)
    ctx.bind("both").to_dynamic_value(lambda now=inject("now"), later=inject("later"): (now, later))
    name = asyncio.current_task().get_name()
    for _ in range(GETS):
        assert await ctx.get("later") == name
        assert await ctx.get("both") == (name, name)
    assert variable.get() == "by the factory"


# Order


class Part:
    """A factory, plain or asynchronous, whose making and clean-up is written down."""

    running = 0

    def __init__(self, name, log):
        self.name, self.log = name, log

    def plain(self):
        self.log.append(self.name)
        yield self.name
        self.log.append(f"-{self.name}")

    async def later(self):
        assert Part.running == 0
        Part.running += 1
        await asyncio.sleep(0.001)
        Part.running -= 1
        self.log.append(self.name)
        yield self.name
        self.log.append(f"-{self.name}")


class WithInherited:
    inherited = inject("5")


class Whole(WithInherited):
    first = inject("6")
    second = inject("7")

    def __init__(self, a=inject("1"), b=inject("2"), /, c=inject("3"), *, d=inject("4"), log=inject("log")):
        log.append("whole")


@pytest.mark.parametrize("scope", ["transient", "singleton"])
async def test_dependencies_are_resolved_in_order_of_declaration_one_after_another(scope):
    """CTX-151"""
    for _ in range(GETS):
        log = []
        async with Context() as ctx:
            ctx.bind("log").to(log)
            for name in reversed("1234567"):
                part = Part(name, log)
                ctx.bind(name).to_dynamic_value(part.later if int(name) % 2 else part.plain).in_scope(scope)
            ctx.bind("whole").to_class(Whole)
            await ctx.get("whole")
            assert log == [*"1234567", "whole"]
        assert log == [*"1234567", "whole", *(f"-{name}" for name in reversed("1234567"))]


# Event loops


def test_a_value_that_is_there_is_shared_by_all_loops():
    """CTX-152"""
    ctx, calls = Context(), []

    async def make():
        calls.append(1)
        await asyncio.sleep(0)
        return Thing()

    ctx.bind("k").to_dynamic_value(make).in_scope("singleton")
    values = [asyncio.run(ctx.get("k")) for _ in range(GETS)]
    assert len(set(map(id, values))) == 1
    assert ctx.get_sync("k") is values[0]
    assert len(calls) == 1


def test_a_creation_of_a_loop_that_is_gone_is_started_anew():
    """CTX-152"""
    ctx, calls = Context(), []

    async def make():
        calls.append(1)
        await asyncio.sleep(PATIENCE if len(calls) == 1 else 0)
        return len(calls)

    async def begin():
        task = asyncio.ensure_future(ctx.get("k"))
        await turns()
        return task

    ctx.bind("k").to_dynamic_value(make).in_scope("singleton")
    ctx.bind("consumer").to_dynamic_value(lambda k=inject("k"): k)
    loop = asyncio.new_event_loop()
    task = loop.run_until_complete(begin())
    assert len(calls) == 1
    other = asyncio.new_event_loop()
    assert other.run_until_complete(asyncio.wait_for(ctx.get("consumer"), PATIENCE)) == 2
    assert ctx.get_sync("k") == 2
    other.close()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(task)
    loop.close()
    assert ctx.get_sync("k") == 2
    assert asyncio.run(ctx.get("k")) == 2
    assert len(calls) == 2


def test_a_loop_that_ends_by_itself_leaves_no_creation_behind():
    """CTX-144, CTX-152"""
    ctx, log = Context(), []

    async def make():
        log.append("begun")
        try:
            await asyncio.sleep(PATIENCE if len(log) == 1 else 0)
        finally:
            log.append("ended")
        return "made"

    async def begin():
        task = asyncio.ensure_future(ctx.get("k"))
        await turns()
        return task.done()

    ctx.bind("k").to_dynamic_value(make).in_scope("singleton")
    assert asyncio.run(begin()) is False
    assert log == ["begun", "ended"]
    assert asyncio.run(ctx.get("k")) == "made"


def test_loops_in_several_threads_at_once_get_values_of_their_own_or_shared_ones():
    """CTX-149, CTX-152"""
    ctx, calls = Context(), []

    async def make():
        calls.append(threading.get_ident())
        await asyncio.sleep(0.01)
        return Thing()

    ctx.bind("k").to_dynamic_value(make).in_scope("singleton")

    async def get():
        return await asyncio.gather(*(ctx.get("k") for _ in range(3)))

    results = in_threads(*(lambda: asyncio.run(get()) for _ in range(4)))
    for values in results:
        assert [type(value) for value in values] == [Thing] * 3
        assert len(set(map(id, values))) == 1
    kept = ctx.get_sync("k")
    assert any(kept in values for values in results)
    assert asyncio.run(ctx.get("k")) is kept


def test_a_thread_without_a_loop_is_refused_while_another_awaits():
    """CTX-125, CTX-152"""
    ctx, begun = Context(), threading.Event()

    async def make():
        begun.set()
        await asyncio.sleep(0.1)
        return "made"

    ctx.bind("k").to_dynamic_value(make).in_scope("singleton")

    def get():
        begun.wait(PATIENCE)
        return ctx.get_sync("k")

    awaited, refused = in_threads(lambda: asyncio.run(ctx.get("k")), get)
    assert awaited == "made"
    assert isinstance(refused, AsyncValueError)
    assert ctx.get_sync("k") == "made"
