"""Registering bindings: one context's own registry, and what it sees above."""

import asyncio
import gc
import sys
import threading
import time
import weakref

import pytest

from mainspring.context import (
    Binding,
    BindingCreationPolicy,
    BindingKey,
    BindingLockedError,
    BindingScope,
    Context,
    InvocationContext,
    KeyNotBoundError,
    create_binding_from_class,
    inject,
)

GETS = 4  # the first gets are interpreted, later ones run a plan: a behaviour has to hold for both


class Thing:
    pass


def watched(ctx):
    """The bind and unbind events of a context, as they come."""
    events = []
    for name in ("bind", "unbind"):
        ctx.on(name, lambda event: events.append((event.type, event.binding.key, event.binding)))
    return events


def test_bind_registers_a_new_empty_binding_here():
    """CTX-030"""
    ctx = Context(Context())
    binding = ctx.bind("k")
    assert isinstance(binding, Binding)
    assert (binding.key, binding.type, binding.source, binding.value_type) == ("k", None, None, None)
    assert ctx.contains("k")
    assert not ctx.parent.contains("k")
    assert ctx.get_binding("k") is binding


def test_add_registers_that_very_object_and_returns_the_context():
    """CTX-031"""
    ctx, binding = Context(), Binding("k").to(1)
    assert ctx.add(binding) is ctx
    assert ctx.get_binding("k") is binding
    assert ctx.get_sync("k") == 1


def test_rebinding_replaces_with_unbind_of_the_old_then_bind_of_the_new():
    """CTX-032"""
    ctx = Context()
    old = ctx.bind("k")
    events = watched(ctx)
    new = ctx.bind("k")
    assert new is not old
    assert events == [("unbind", "k", old), ("bind", "k", new)]
    other = Binding("k")
    ctx.add(other)
    assert events[2:] == [("unbind", "k", new), ("bind", "k", other)]


def test_a_rebound_key_keeps_its_place_and_an_unbound_one_goes_last():
    """CTX-032"""
    ctx = Context()
    for key in "abc":
        ctx.bind(key).tag("t")
    assert ctx.find_by_tag("t")
    ctx.bind("a").tag("t")
    assert [each.key for each in ctx.find()] == ["a", "b", "c"]
    assert [each.key for each in ctx.find_by_tag("t")] == ["a", "b", "c"]
    ctx.unbind("b")
    ctx.bind("b").tag("t")
    assert [each.key for each in ctx.find()] == ["a", "c", "b"]
    assert [each.key for each in ctx.find_by_tag("t")] == ["a", "c", "b"]


def test_rebinding_forgets_the_kept_value_and_the_tags_of_the_old_binding():
    """CTX-032"""
    ctx = Context()
    ctx.bind("k").to_class(Thing).in_scope("singleton").tag("t")
    first = [ctx.get_sync("k") for _ in range(GETS)][-1]
    ctx.bind("k").to_class(Thing).in_scope("singleton")
    assert ctx.get_sync("k") is not first
    assert ctx.find_by_tag("t") == []


def test_adding_the_same_object_again_does_nothing():
    """CTX-033"""
    ctx = Context()
    binding = ctx.bind("k").to_class(Thing).in_scope("singleton")
    value = ctx.get_sync("k")
    ctx.bind("other")
    events = watched(ctx)
    assert ctx.add(binding) is ctx
    assert events == []
    assert ctx.get_sync("k") is value
    assert [each.key for each in ctx.find()] == ["k", "other"]


@pytest.mark.parametrize(
    "change",
    [
        lambda ctx, locked: ctx.bind("k"),
        lambda ctx, locked: ctx.add(Binding("k")),
        lambda ctx, locked: ctx.add(locked),
        lambda ctx, locked: ctx.unbind("k"),
    ],
    ids=["bind", "add another", "add the same", "unbind"],
)
def test_a_locked_binding_is_neither_replaced_nor_removed(change):
    """CTX-034, CTX-037"""
    ctx = Context("here")
    locked = ctx.bind("k").to_class(Thing).in_scope("singleton").lock()
    value = [ctx.get_sync("k") for _ in range(GETS)][-1]
    events = watched(ctx)
    with pytest.raises(BindingLockedError, match="'k'") as caught:
        change(ctx, locked)
    assert caught.value.key == "k"
    assert ctx.get_binding("k") is locked
    assert ctx.get_sync("k") is value
    assert events == []


def test_a_locked_configuration_is_not_configured_anew():
    """CTX-034"""
    ctx = Context()
    ctx.configure("k").to(1).lock()
    events = watched(ctx)
    with pytest.raises(BindingLockedError, match=r"k:\$config"):
        ctx.configure("k")
    assert ctx.get_config_sync("k") == 1
    assert events == []


def test_a_lock_guards_only_the_context_that_holds_the_binding():
    """CTX-035"""
    parent = Context()
    parent.bind("k").to("parent").lock()
    child = Context(parent)
    child.bind("k").to("child")
    child.add(Binding("k").to("child again"))
    assert (child.get_sync("k"), parent.get_sync("k")) == ("child again", "parent")
    assert child.unbind("k")


def test_locking_is_undone_by_unlocking():
    """CTX-036"""
    ctx = Context()
    binding = ctx.bind("k")
    assert binding.is_locked is False
    assert binding.lock() is binding
    assert binding.is_locked is True
    assert binding.unlock() is binding
    assert binding.is_locked is False
    assert ctx.bind("k") is not binding
    ctx.get_binding("k").lock().unlock()
    assert ctx.unbind("k")


def test_a_lock_does_not_stop_changes_of_the_binding_itself():
    """CTX-036"""

    class Service:
        pass

    ctx = Context()
    binding = ctx.bind("k").to(1).lock()
    assert ctx.get_sync("k") == 1
    assert binding.to(2).tag("t").in_scope("singleton") is binding
    assert ctx.get_sync("k") == 2
    assert ctx.find_by_tag("t") == [binding]
    binding.to_class(Service)
    assert isinstance(ctx.get_sync("k"), Service)
    binding.to_dynamic_value(lambda: 3)
    assert ctx.get_sync("k") == 3


def test_unbind_removes_only_what_is_here():
    """CTX-037"""
    parent, events = Context(), []
    child = Context(parent)
    parent.bind("k").to("parent")
    child.on("unbind", events.append)
    assert child.unbind("k") is False
    assert child.unbind("nope") is False
    assert events == []
    assert child.get_sync("k") == "parent"
    child.bind("k").to("child")
    assert child.unbind("k") is True
    assert child.unbind("k") is False
    assert child.get_sync("k") == "parent"


def test_contains_looks_here_and_is_bound_through_the_chain():
    """CTX-038"""
    app = Context()
    request = Context(Context(app))
    app.bind("k")
    for key in ("k", BindingKey("k")):
        assert app.contains(key)
        assert not request.contains(key)
        assert request.is_bound(key)
        assert key in request
        assert key in app
    request.bind("only here")
    assert not app.is_bound("only here")
    assert "only here" not in app


def test_a_class_as_key_works_in_every_method_of_the_registry():
    """CTX-016, CTX-042"""

    class Service:
        pass

    parent = Context()
    child = Context(parent)
    binding = parent.bind("s").to_class(Service)
    assert parent.contains(Service)
    assert not child.contains(Service)
    assert child.is_bound(Service)
    assert Service in child
    assert child.get_binding(Service) is binding
    assert child.find_or_create_binding(Service) is binding
    assert child.get_owner_context(Service) is parent
    assert child.unbind(Service) is False
    assert parent.unbind(Service) is True
    assert Service not in child


def test_get_binding_gives_the_nearest():
    """CTX-039"""
    app = Context("app")
    request = Context(Context(app, "server"), "request")
    above = app.bind("k")
    assert request.get_binding("k") is above
    nearer = request.bind("k")
    assert request.get_binding("k") is nearer
    assert app.get_binding("k") is above


def test_get_binding_of_an_absent_key_names_key_and_context():
    """CTX-039"""
    ctx = Context("here")
    with pytest.raises(KeyNotBoundError) as caught:
        ctx.get_binding("nope")
    assert "nope" in str(caught.value)
    assert "here" in str(caught.value)
    assert ctx.get_binding("nope", optional=True) is None
    with pytest.raises(KeyNotBoundError):
        ctx.get_binding("nope", optional=False)


def test_find_or_create_follows_the_policy():
    """CTX-040"""
    policy = BindingCreationPolicy
    parent = Context()
    child = Context(parent)
    above = parent.bind("k")
    assert child.find_or_create_binding("k") is above
    assert child.find_or_create_binding("k", policy.CREATE_IF_NOT_BOUND) is above
    assert child.find_or_create_binding("k", policy.NEVER_CREATE) is above
    created = child.find_or_create_binding("k", policy.ALWAYS_CREATE)
    assert child.contains("k")
    assert child.get_binding("k") is created is not above
    assert child.find_or_create_binding("k", policy.ALWAYS_CREATE) is not created
    made = child.find_or_create_binding("new")
    assert child.get_binding("new") is made
    assert not parent.contains("new")
    with pytest.raises(KeyNotBoundError, match="nope"):
        child.find_or_create_binding("nope", policy.NEVER_CREATE)
    assert not child.is_bound("nope")


async def test_one_binding_in_two_contexts_has_a_kept_value_in_each():
    """CTX-041"""
    one, two = Context(), Context()
    binding = Binding("k").to_class(Thing).in_scope("singleton").tag("t")
    one.add(binding)
    two.add(binding)
    for _ in range(GETS):
        assert one.get_sync("k") is await one.get("k")
        assert two.get_sync("k") is await two.get("k")
    assert one.get_sync("k") is not two.get_sync("k")
    assert one.find_by_tag("t") == two.find_by_tag("t") == [binding]


def test_a_change_of_a_binding_takes_effect_in_all_contexts_that_hold_it():
    """CTX-041"""
    parent = Context()
    contexts = [parent, Context(parent), Context()]
    binding = Binding("k").to(1)
    for ctx in contexts:
        ctx.add(binding)
        assert [ctx.get_sync("k") for _ in range(GETS)] == [1] * GETS
        assert ctx.find_by_tag("late") == []
    binding.tag("late").to_class(Thing).in_scope("singleton")
    values = [ctx.get_sync("k") for ctx in contexts]
    assert len(set(map(id, values))) == 3
    for ctx, value in zip(contexts, values, strict=True):
        assert ctx.find_by_tag("late")[0] is binding
        assert [ctx.get_sync("k") for _ in range(GETS)] == [value] * GETS
    binding.in_scope("transient")
    assert all(ctx.get_sync("k") not in values for ctx in contexts)
    contexts[0].unbind("k")
    binding.to(2)
    assert [ctx.get_sync("k") for ctx in contexts[1:]] == [2, 2]
    assert not contexts[0].contains("k")


class Outer:
    class Inner:
        pass


def test_a_class_is_bound_under_its_module_and_qualified_name():
    """CTX-042"""
    ctx = Context()
    binding = ctx.bind(Outer.Inner)
    assert binding.key == f"{__name__}.Outer.Inner"
    inner = Outer.Inner()
    binding.to(inner)
    for _ in range(GETS):
        assert ctx.get_sync(Outer.Inner) is inner
    assert ctx.get_sync(binding.key) is inner
    assert ctx.contains(Outer.Inner)
    assert ctx.unbind(Outer.Inner)
    assert not ctx.contains(Outer.Inner)


class Server(Context):
    pass


def test_names_are_as_given_or_unique():
    """CTX-043"""
    parent = Context("p")
    assert parent.name == "p"
    assert parent.parent is None
    assert (Context(parent).parent, Context(parent, "n").name, Context(name="n").name) == (parent, "n", "n")
    assert Context(None, "n").name == "n"
    assert Context(parent=parent, name="n").parent is parent
    names = {Context().name for _ in range(100)}
    assert len(names) == 100
    ctx = Context()
    assert ctx.name == ctx.name


def test_a_generated_name_of_a_subclass_begins_with_the_class_name():
    """CTX-043"""
    assert Server().name.startswith("Server-")
    assert Server().name != Server().name
    assert Server("mine").name == "mine"
    assert not Context().name.startswith("Context-")


@pytest.mark.parametrize("parent", [5, object(), {}, b"name", Context])
def test_a_parent_that_is_none_is_refused(parent):
    """CTX-043"""
    with pytest.raises(TypeError):
        Context(parent)


def test_the_parent_is_fixed():
    """CTX-044"""
    parent = Context()
    child = Context(parent)
    with pytest.raises(AttributeError):
        child.parent = Context()
    assert child.parent is parent


def test_what_a_child_does_is_never_seen_in_its_parent():
    """CTX-044"""
    parent = Context()
    parent.bind("k").to(1).tag("t")
    child, events = Context(parent), watched(parent)
    child.bind("k").to(2)
    child.bind("new").to(3).tag("t")
    child.configure("k").to({})
    for _ in range(GETS):
        assert (parent.get_sync("k"), child.get_sync("k")) == (1, 2)
    assert [each.key for each in parent.find()] == ["k"]
    assert [each.key for each in parent.find_by_tag("t")] == ["k"]
    assert parent.get_config_sync("k") is None
    child.unbind("k")
    assert parent.contains("k")
    assert events == []


def test_the_repr_of_a_context_resolves_nothing():
    """CTX-045"""
    calls = []
    ctx = Server("mine")
    ctx.bind("a").to_dynamic_value(lambda: calls.append(1))
    ctx.bind("b").to(1)
    text = repr(ctx)
    assert "Server" in text
    assert "mine" in text
    assert "2" in text
    assert calls == []


def test_a_context_is_always_true():
    """CTX-046"""
    ctx = Context()
    assert ctx
    assert len(ctx) == 0
    ctx.bind("k").to(False)
    assert ctx
    assert len(ctx) == 1
    assert Context(ctx)


# Threads


def in_threads(count, work):
    """Run ``work(index)`` in that many threads at once; what one raises is raised here."""
    barrier, failures = threading.Barrier(count), []

    def run(index):
        try:
            barrier.wait(10)
            work(index)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive(), "a thread hangs"
    if failures:
        raise failures[0]


def test_threads_that_bind_unbind_and_resolve_leave_registry_and_indexes_right():
    """CTX-047"""

    class Service:
        pass

    class Consumer:
        def __init__(self, shared: Service):
            self.shared = shared

    parent = Context()
    parent.bind("shared").to_class(Service).in_scope("singleton").tag("t")
    ctx = Context(parent)
    ctx.bind("consumer").to_class(Consumer)
    kept = set()

    def work(index):
        for turn in range(60):
            key = f"{index}.{turn}"
            ctx.bind(key).to(key).tag("t", {"worker": index})
            assert ctx.get_sync(key) == key
            kept.add(ctx.get_sync("consumer").shared)
            assert ctx.get_sync(Service) in kept
            assert any(each.key == key for each in ctx.find_by_tag({"worker": index}))
            assert any(each.key == key for each in ctx.find(f"{index}.*"))
            with pytest.raises(KeyNotBoundError):
                ctx.get_sync("consumers")
            ctx.inspect()
            if turn % 2:
                assert ctx.unbind(key)
                assert not ctx.contains(key)

    in_threads(6, work)
    expected = {f"{index}.{turn}" for index in range(6) for turn in range(0, 60, 2)}
    assert {each.key for each in ctx.find()} == expected | {"consumer", "shared"}
    assert {each.key for each in ctx.find_by_tag("t")} == expected | {"shared"}
    for index in range(6):
        keys = [each.key for each in ctx.find_by_tag({"worker": index})]
        assert keys == [f"{index}.{turn}" for turn in range(0, 60, 2)]
    assert len(kept) == 1


def test_threads_that_rebind_one_key_leave_one_binding():
    """CTX-047"""
    ctx = Context()
    ctx.bind("k").to((0, 0)).tag("t")

    def work(index):
        for turn in range(200):
            ctx.bind("k").to((index, turn)).tag("t", str(index))
            found = ctx.get_sync("k", optional=True)
            assert found is None or (isinstance(found, tuple) and len(found) == 2)

    in_threads(4, work)
    binding = ctx.get_binding("k")
    assert len(ctx.find()) == 1
    assert ctx.find_by_tag("t") == [binding]
    assert ctx.get_sync("k") == binding.source.value
    assert [tag for tag in "0123" if ctx.find_by_tag(tag)] == [name for name in binding.tag_names if name != "t"]


def test_threads_that_share_one_binding_between_roots_lose_no_owner():
    """CTX-041, CTX-047"""
    binding = Binding("k").to(0)
    roots = [[Context() for _ in range(40)] for _ in range(4)]

    def work(index):
        for ctx in roots[index]:
            ctx.add(binding)

    in_threads(4, work)
    contexts = [ctx for group in roots for ctx in group]
    for ctx in contexts:
        assert [ctx.get_sync("k") for _ in range(GETS)] == [0] * GETS
        ctx.find_by_tag("late")
    binding.to(1).tag("late")
    assert [ctx.get_sync("k") for ctx in contexts] == [1] * len(contexts)
    assert all(ctx.find_by_tag("late") == [binding] for ctx in contexts)


def test_a_change_by_one_thread_is_seen_by_every_get_that_starts_afterwards():
    """CTX-047"""
    ctx = Context()
    child = Context(ctx)
    ctx.bind("k").to(0)
    written, stop = [0], threading.Event()
    failures = []

    def read():
        while not stop.is_set():
            least = written[0]
            found = child.get_sync("k")
            if found < least:
                failures.append((found, least))
                return

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(1, 300):
        ctx.get_binding("k").to(number)
        written[0] = number
        if number % 50 == 0:
            time.sleep(0.001)
    stop.set()
    for reader in readers:
        reader.join(10)
    assert failures == []


class Deep:
    def __init__(self, k=inject("k"), single=inject("single")):
        self.numbers = k, single.number


class Single:
    def __init__(self, k=inject("k")):
        self.number = k


def _changes(app, server, number):
    """One change of many kinds, after which every get gives ``number`` or more."""
    kinds = [
        lambda: app.get_binding("k").to(number),
        lambda: app.add(Binding("k").to(number)),
        lambda: server.add(Binding("k").to(number)),
        # A binding is made whole before it is added: between `bind` and `to` a key has no value.
        lambda: (app.add(Binding("k").to_dynamic_value(lambda: number)), server.unbind("k")),
        lambda: app.get_binding("k").to_dynamic_value(lambda: number).in_scope("singleton"),
    ]
    kinds[number % len(kinds)]()
    single = app.get_binding("single")
    if server.contains("k"):  # which the singleton of `app` does not see
        single.to_dynamic_value(lambda: Single(number))
    else:
        single.to_class(Single)
    single.refresh(app)


def test_a_change_of_any_kind_is_seen_by_every_get_of_another_thread_that_starts_afterwards():
    """CTX-047, CTX-149"""
    app = Context("app", scope=BindingScope.APPLICATION)
    server = Context(app, "server", scope=BindingScope.SERVER)
    shared = Context(server, "shared", scope=BindingScope.REQUEST)
    app.bind("k").to(0)
    app.bind("alias").to_alias("k")
    app.bind("deep").to_class(Deep)
    app.bind("single").to_class(Single).in_scope("singleton")
    written, stop, failures = [0], threading.Event(), []

    def read():
        try:
            while not stop.is_set():
                for ctx in (shared, Context(server, scope=BindingScope.REQUEST)):
                    least = written[0]
                    found = (ctx.get_sync("k"), ctx.get_sync("alias"), *ctx.get_sync("deep").numbers)
                    assert min(found) >= least, (found, least)
        except BaseException as error:
            failures.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        deadline, number = time.monotonic() + 1, 0
        while time.monotonic() < deadline and not failures:
            number += 1
            _changes(app, server, number)
            written[0] = number
        stop.set()
        for reader in readers:
            reader.join(10)
    finally:
        sys.setswitchinterval(interval)
    assert failures == []


def test_a_change_reaches_contexts_of_more_kinds_than_are_remembered():
    """CTX-044, CTX-047"""
    app = Context("app")
    app.bind("k").to("old")
    contexts = []
    for number in range(400):
        request = Context(app, scope=BindingScope.REQUEST)
        request.bind(f"own.{number}").to(number)
        contexts.append(request)
        assert [request.get_sync("k") for _ in range(GETS)] == ["old"] * GETS
    app.get_binding("k").to("new")
    assert {request.get_sync("k") for request in contexts} == {"new"}
    app.unbind("k")
    assert {request.get_sync("k", optional=True) for request in contexts} == {None}


def test_a_context_nobody_references_is_collected_although_its_binding_lives():
    """CTX-041, CTX-240"""
    binding = Binding("k").to_class(Thing).in_scope("singleton")
    ctx = Context()
    ctx.add(binding)
    ctx.get_sync("k")
    gone = weakref.ref(ctx)
    del ctx
    gc.collect()
    assert gone() is None
    assert binding.to(1).key == "k"


def test_an_invocation_is_a_context_with_a_name_of_its_kind():
    """CTX-043"""

    class Service:
        def method(self):
            return None

    assert InvocationContext(Context(), Service(), "method").name.startswith("InvocationContext-")


def test_scopes_are_given_at_creation():
    """CTX-235"""
    assert Context().scope is BindingScope.CONTEXT
    assert Context(scope=BindingScope.REQUEST).scope is BindingScope.REQUEST


async def test_tasks_that_bind_while_others_resolve_see_their_own():
    """CTX-044, CTX-047"""
    app = Context()

    async def greet(name: str = "nobody"):
        await asyncio.sleep(0)
        return name

    app.bind("greet").to_dynamic_value(greet)

    async def request(number):
        ctx = Context(app, scope=BindingScope.REQUEST)
        ctx.bind("number").to(number)
        await asyncio.sleep(0)
        return await ctx.get("number"), await ctx.get("greet")

    assert await asyncio.gather(*(request(number) for number in range(50))) == [(n, "nobody") for n in range(50)]


def test_a_binding_made_elsewhere_is_in_no_context_until_added():
    """CTX-031"""
    ctx = Context()
    binding = create_binding_from_class(Outer)
    assert len(ctx) == 0
    ctx.add(binding)
    assert isinstance(ctx.get_sync(binding.key), Outer)
