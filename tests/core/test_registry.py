"""Life cycle observers: who is notified, in which groups, in which order."""

# ruff: noqa: ASYNC110 - a test looks at the state between two turns of the loop, which no event announces

import asyncio
import contextvars
import functools
import time

import pytest

from mainspring.core import (
    Application,
    BindingScope,
    Context,
    ContextBindings,
    CoreBindings,
    CoreTags,
    KeyNotBoundError,
    LifeCycleObserver,
    LifeCycleObserverRegistry,
    as_life_cycle_observer,
    create_binding_from_class,
    inject,
    injectable,
    is_life_cycle_observer,
    is_life_cycle_observer_class,
    life_cycle_observer,
    life_cycle_observer_filter,
)

GROUP = CoreTags.LIFE_CYCLE_OBSERVER_GROUP


def observer(name, log):
    class Observer:
        def start(self):
            log.append(f"start {name}")

        async def stop(self):
            log.append(f"stop {name}")

    return Observer()


def bind(ctx, name, log, **tags):
    return ctx.bind(name).to(observer(name, log)).tag(CoreTags.LIFE_CYCLE_OBSERVER, tags)


async def run(app):
    await app.start()
    await app.stop()


# Registering


def test_an_observer_class_has_this_binding():
    """CORE-130, CORE-032"""

    class Audit:
        def start(self): ...

    app = Application()
    binding = app.life_cycle_observer(Audit)
    assert binding.key == "life_cycle_observers.Audit"
    assert binding.tag_map[CoreTags.LIFE_CYCLE_OBSERVER] == CoreTags.LIFE_CYCLE_OBSERVER
    assert binding.scope is BindingScope.SINGLETON
    assert app.life_cycle_observer(Audit, "b").key == "life_cycle_observers.b"
    assert app.life_cycle_observer(Audit, "b", namespace="n").key == "n.b"
    assert app.life_cycle_observer(Audit, key="k").key == "k"


async def test_a_generator_function_is_start_and_stop():
    """CORE-131"""
    app, log = Application(), []
    app.bind("who").to("me")

    def plain(who: str = inject("who")):
        log.append(f"plain start {who}")
        yield
        log.append("plain stop")

    async def asynchronous():
        log.append("async start")
        yield
        log.append("async stop")

    async def function(who: str = inject("who")):
        log.append(f"function {who}")

    assert app.life_cycle_observer(plain).key == "life_cycle_observers.plain"
    app.life_cycle_observer(asynchronous)
    app.life_cycle_observer(function)
    await run(app)
    await run(app)
    once = ["plain start me", "async start", "function me", "async stop", "plain stop"]
    assert sorted(log) == sorted(once * 2)
    assert log[:5] == sorted(log[:5], key=lambda entry: "stop" in entry)


async def test_a_generator_that_never_yields_fails_the_start():
    """CORE-131"""
    app = Application()

    def broken():
        if app is None:
            yield

    app.life_cycle_observer(broken)
    with pytest.raises(RuntimeError, match="broken"):
        await app.start()


async def test_each_method_is_optional_and_what_cannot_be_called_is_ignored():
    """CORE-132"""
    app, log = Application(), []

    class OnlyInit:
        start = "not a method"

        def init(self):
            return asyncio.sleep(0, log.append("init"))

    class Nothing:
        pass

    app.life_cycle_observer(OnlyInit)
    app.bind("nothing").to(Nothing()).tag(CoreTags.LIFE_CYCLE_OBSERVER)
    await run(app)
    assert log == ["init"]


async def test_parameters_are_injected_at_each_call():
    """CORE-133"""
    app, log = Application(), []
    app.bind("prefix").to("one")

    class Audit:
        def start(self, prefix: str = inject("prefix")):
            log.append(prefix)

        async def stop(self, prefix: str = inject("prefix")):
            log.append(prefix)

    app.life_cycle_observer(Audit)
    await app.start()
    app.bind("prefix").to("two")
    await app.stop()
    assert log == ["one", "two"]
    app.unbind("prefix")
    with pytest.raises(KeyNotBoundError, match=r"prefix.*Audit\.start") as caught:
        await app.start()
    assert caught.value.key == "prefix"


async def test_interceptors_do_not_apply():
    """CORE-134"""
    app, log = Application(), []

    async def intrude(inv, next):
        log.append("intruded")
        return await next()

    app.interceptor(intrude, global_=True)

    class Audit:
        def start(self, app: Application):
            log.append("start")

    app.life_cycle_observer(Audit)
    await app.start()
    assert app.contains(ContextBindings.GLOBAL_INTERCEPTOR_ORDERED_GROUPS) is False
    assert log == ["start"]


async def test_observers_are_found_by_their_tag_wherever_and_however_bound():
    """CORE-135, CORE-137"""
    parent = Context("parent")
    app, log = Application(parent=parent), []
    bind(parent, "above", log)

    class Audit:
        def start(self):
            log.append("start class")

    class AuditProvider:
        def value(self):
            return observer("provided", log)

    @injectable(tags={CoreTags.LIFE_CYCLE_OBSERVER: CoreTags.LIFE_CYCLE_OBSERVER, GROUP: "g"})
    class Tagged:
        def start(self):
            log.append("start tagged")

    app.bind("x").to_class(Audit).apply(as_life_cycle_observer)
    app.bind("y").to_provider(AuditProvider).in_scope("singleton").apply(as_life_cycle_observer)
    app.add(create_binding_from_class(Tagged))
    await app.start()
    assert set(log) == {"start above", "start class", "start provided", "start tagged"}
    assert len(app.find(life_cycle_observer_filter)) == 4


def test_the_decorator_marks_group_scope_and_namespace():
    """CORE-136"""

    @life_cycle_observer("g", tags={"more": 1})
    class Audit:
        def start(self): ...

    @life_cycle_observer()
    @injectable(scope=BindingScope.TRANSIENT)
    class Transient:
        def start(self): ...

    binding = create_binding_from_class(Audit)
    assert binding.key == "life_cycle_observers.Audit"
    assert binding.tag_map[GROUP] == "g"
    assert binding.tag_map["more"] == 1
    assert binding.scope is BindingScope.SINGLETON
    other = create_binding_from_class(Transient)
    assert other.scope is BindingScope.TRANSIENT
    assert other.tag_map[GROUP] == ""


def test_what_is_an_observer_is_told_by_its_methods():
    """CORE-138, CORE-149"""

    class Base:
        def stop(self): ...

    class Derived(Base):
        pass

    class Other:
        start = 1

    assert is_life_cycle_observer(Derived())
    assert is_life_cycle_observer_class(Derived)
    assert not is_life_cycle_observer_class(Derived())
    assert not is_life_cycle_observer(Other())
    assert isinstance(Derived(), LifeCycleObserver)
    assert not isinstance(Other(), LifeCycleObserver)

    class Declared(LifeCycleObserver):
        pass

    assert not is_life_cycle_observer_class(Declared)
    assert isinstance(Declared(), Declared)
    assert not isinstance(Derived(), Declared)


async def test_functions_keep_their_order_and_stop_in_reverse():
    """CORE-139, CORE-140"""
    app, log = Application(), []

    def note(word):
        async def noted():
            await asyncio.sleep(0)
            log.append(word)

        return noted

    bindings = [app.on_start(note(word)) for word in "ab"]
    bindings += [app.on_init(note(word)) for word in "cd"]
    bindings += [app.on_stop(note(word)) for word in "ef"]
    await run(app)
    assert log == ["c", "d", "a", "b", "f", "e"]
    assert len({binding.key for binding in bindings}) == 6
    assert all(binding.key.startswith("life_cycle_observers.noted") for binding in bindings)


async def test_lambdas_and_partials_are_named_after_the_moment():
    """CORE-139, CORE-141"""
    app, log = Application(), []
    app.bind("who").to("me")

    def note(word, who: str = inject("who")):
        log.append((word, who))

    assert app.on_start(lambda: log.append("lambda")).key.startswith("life_cycle_observers.on_start")
    assert app.on_stop(functools.partial(note, "partial")).key.startswith("life_cycle_observers.on_stop")
    await run(app)
    assert log == ["lambda", ("partial", "me")]


async def test_an_observer_that_cannot_be_made_fails_before_anything_started():
    """CORE-142"""
    app, log = Application(), []
    bind(app, "fine", log)

    class Needy:
        def __init__(self, missing: str = inject("missing")) -> None: ...

        def start(self): ...

    app.life_cycle_observer(Needy)
    with pytest.raises(KeyNotBoundError, match="missing"):
        await app.start()
    assert log == []
    assert app.state == "stopped"


async def test_a_transient_observer_is_one_instance():
    """CORE-143"""
    app, seen = Application(), []

    class Audit:
        def init(self):
            seen.append(self)

        start = stop = init

    app.bind("audit").to_class(Audit).tag(CoreTags.LIFE_CYCLE_OBSERVER)
    await run(app)
    await run(app)
    assert len(seen) == 5
    assert all(each is seen[0] for each in seen)


async def test_what_was_started_is_what_is_stopped():
    """CORE-144"""
    app, log = Application(), []
    bind(app, "removed", log)
    bind(app, "replaced", log)
    await app.start()
    app.unbind("removed")
    app.bind("replaced").to(observer("other", log)).tag(CoreTags.LIFE_CYCLE_OBSERVER)
    await app.stop()
    assert sorted(log[2:]) == ["stop removed", "stop replaced"]


async def test_an_observer_bound_while_started_waits_for_the_next_start():
    """CORE-145"""
    app, log, made = Application(), [], []
    await app.start()
    bind(app, "late", log)
    app.on_stop(lambda: log.append("on_stop"))

    class LateClass:
        def __init__(self) -> None:
            made.append(self)

        def start(self): ...

    app.life_cycle_observer(LateClass)
    await app.stop()
    assert log == ["on_stop"]
    assert made == []
    await app.start()
    assert log == ["on_stop", "start late"]


async def test_a_late_observer_gets_its_init_before_its_first_start_and_never_twice():
    """CORE-146, CORE-086"""
    app, log = Application(), []

    class Late:
        def init(self):
            log.append("init late")

        def start(self):
            log.append("start late")

    async def bring():
        if not app.contains("life_cycle_observers.Late"):
            app.life_cycle_observer(Late)

    app.on_init(bring)
    await run(app)
    await run(app)
    assert log == ["init late", "start late", "start late"]


class Counted:
    """Counts, for each instance, what it was notified of."""

    instances: list["Counted"]

    def __init__(self):
        self.notified = []
        self.instances.append(self)

    def init(self):
        self.notified.append("init")

    def start(self):
        self.notified.append("start")


CHANGES = {
    "refreshed": lambda ctx, binding: binding.refresh(ctx),
    "rescoped": lambda ctx, binding: binding.in_scope(BindingScope.CONTEXT),
    "changed": lambda ctx, binding: binding.to_class(type("Another", (Counted,), {})),
    "replaced": lambda ctx, binding: (binding.owners[0]().bind(binding.key).to_class(Counted)).apply(
        as_life_cycle_observer
    ),
}


@pytest.mark.parametrize("is_above", [False, True], ids=["own", "above"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_what_changes_between_init_and_start_is_made_anew(change, is_above, monkeypatch):
    """CORE-146, CORE-135: the start does not go by what the init found."""
    monkeypatch.setattr(Counted, "instances", [], raising=False)
    above = Context()
    app = Application(above)
    binding = create_binding_from_class(Counted).apply(as_life_cycle_observer).in_scope(BindingScope.SINGLETON)
    (above if is_above else app).add(binding)
    await app.init()
    change(app, binding)
    await app.start()
    assert [each.notified for each in Counted.instances] == [["init"], ["init", "start"]]


async def test_what_is_unbound_between_init_and_start_is_not_started():
    """CORE-147: the set is fixed when the start begins."""
    app, log = Application(), []
    bind(app, "gone", log)
    bind(app, "there", log)
    await app.init()
    app.unbind("gone")
    await app.start()
    assert log == ["start there"]


async def test_a_start_and_its_init_look_each_observer_up_once(monkeypatch):
    """CORE-164: nothing changed in between."""
    app, log, looked_up = Application(), [], []
    bindings = [bind(app, name, log) for name in "abc"]
    resolve = Application.resolve_binding

    async def noted(self, binding):
        looked_up.append(binding)
        return await resolve(self, binding)

    monkeypatch.setattr(Application, "resolve_binding", noted)
    await app.start()
    assert looked_up == bindings
    assert log == ["start a", "start b", "start c"]


async def test_an_observer_bound_by_a_start_waits_for_the_next_start():
    """CORE-147"""
    app, log = Application(), []
    app.on_start(lambda: None if app.contains("x") else bind(app, "x", log))
    await app.start()
    assert log == []
    await app.stop()
    await app.start()
    assert log == ["start x"]


async def test_observers_see_the_context_variables_and_the_loop_of_the_caller():
    """CORE-148"""
    variable = contextvars.ContextVar("variable", default="unset")
    app, seen = Application(), []

    async def look():
        seen.append((variable.get(), asyncio.get_running_loop()))

    app.on_start(look)
    variable.set("set")
    await app.start()
    assert seen == [("set", asyncio.get_running_loop())]


# Order


async def test_groups_come_in_this_order_by_default():
    """CORE-150, CORE-151, CORE-152, CORE-163"""
    app, log = Application(), []
    bind(app, "server", log, server="server")
    bind(app, "b", log, **{GROUP: "b"})
    bind(app, "datasource", log, datasource="datasource")
    bind(app, "a", log, **{GROUP: "a"})
    bind(app, "none", log, **{GROUP: ""})
    await run(app)
    order = ["datasource", "none", "a", "b", "server"]
    assert log == [f"start {name}" for name in order] + [f"stop {name}" for name in reversed(order)]


async def test_listed_groups_follow_the_others():
    """CORE-153"""
    app, log = Application(), []
    app.bind(CoreBindings.LIFE_CYCLE_OBSERVER_OPTIONS).to({"ordered_groups": ["setup-servers", "publish-services"]})
    for group in ("publish-services", "setup-servers", "2-custom", "1-custom"):
        bind(app, group, log, **{GROUP: group})
    await app.start()
    assert log == [f"start {group}" for group in ("1-custom", "2-custom", "setup-servers", "publish-services")]


async def test_unlisted_may_be_listed_where_one_wants_them():
    """CORE-153"""
    app, log = Application(), []
    app.bind(CoreBindings.LIFE_CYCLE_OBSERVER_OPTIONS).to({"ordered_groups": ["x", "datasource", ""]})
    bind(app, "none", log)
    bind(app, "datasource", log, datasource="datasource")
    bind(app, "x", log, **{GROUP: "x"})
    bind(app, "other", log, **{GROUP: "other"})
    await app.start()
    assert log == ["start other", "start x", "start datasource", "start none"]


async def test_a_group_waits_for_the_group_before_and_begins_its_members_together():
    """CORE-154, CORE-155"""
    app, log, gate = Application(), [], asyncio.Event()

    class Slow:
        def __init__(self, name):
            self.name = name

        async def start(self):
            log.append(f"begin {self.name}")
            await gate.wait()
            log.append(f"end {self.name}")

    for name in ("one", "two"):
        app.bind(name).to(Slow(name)).tag(CoreTags.LIFE_CYCLE_OBSERVER, {GROUP: "a"})
    bind(app, "later", log, **{GROUP: "b"})
    task = asyncio.create_task(app.start())
    while len(log) < 2:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert log == ["begin one", "begin two"]
    gate.set()
    await task
    assert log[-1] == "start later"


@pytest.mark.parametrize("parallel", [True, False])
async def test_generators_keep_their_place_in_the_order(parallel):
    """CORE-131, CORE-155, CORE-157"""
    app, log = Application(), []
    app.bind(CoreBindings.LIFE_CYCLE_OBSERVER_OPTIONS).to({"parallel": parallel})

    def plain():
        log.append("start plain")
        yield
        log.append("stop plain")

    async def asynchronous():
        log.append("start asynchronous")
        await asyncio.sleep(0)
        yield
        log.append("stop asynchronous")
        await asyncio.sleep(0)

    app.life_cycle_observer(plain)
    bind(app, "a", log)
    app.life_cycle_observer(asynchronous)
    bind(app, "b", log)
    app.on_start(lambda: log.append("start hook"))
    app.on_stop(lambda: log.append("stop hook"))
    for _ in range(2):
        log.clear()
        await app.start()
        await app.stop()
        names = ["plain", "a", "asynchronous", "b", "hook"]
        assert log == [f"start {name}" for name in names] + [f"stop {name}" for name in reversed(names)]


@pytest.mark.parametrize("generator", [True, False])
async def test_functions_among_other_observers_keep_their_place(generator):
    """CORE-140, CORE-155, CORE-157"""
    app, log = Application(), []

    def hooks(name):
        app.on_start(lambda: log.append(f"start {name}"))
        app.on_stop(lambda: log.append(f"stop {name}"))

    def last():
        log.append("start last")
        yield
        log.append("stop last")

    hooks("a")
    hooks("b")
    bind(app, "c", log)
    hooks("d")
    bind(app, "e", log)
    if generator:
        app.life_cycle_observer(last)
    await run(app)
    names = ["a", "b", "c", "d", "e", *(["last"] if generator else [])]
    assert log == [f"start {name}" for name in names] + [f"stop {name}" for name in reversed(names)]


async def test_a_function_that_waits_for_its_turn_gets_it_though_the_stop_is_cancelled():
    """CORE-118, CORE-140"""
    app, log, is_waiting = Application(), [], asyncio.Event()

    async def slow():
        is_waiting.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            log.append("slow was cancelled")
            raise

    app.on_stop(lambda: log.append("first"))
    app.on_stop(lambda: log.append("second"))
    app.on_stop(slow)
    await app.start()
    stopping = asyncio.create_task(app.stop())
    await is_waiting.wait()
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert log == ["slow was cancelled", "second", "first"]
    assert app.state == "stopped"


async def test_a_function_that_fails_takes_the_next_its_start():
    """CORE-112, CORE-140"""
    app, log = Application(), []

    async def fails():
        await asyncio.sleep(0)
        raise LookupError("no")

    app.on_start(fails)
    app.on_start(lambda: log.append("next"))
    with pytest.raises(LookupError):
        await app.start()
    assert log == []


@pytest.mark.parametrize("parallel", [True, False])
async def test_stop_is_the_mirror_of_start(parallel):
    """CORE-156, CORE-157"""
    app, log = Application(), []
    app.bind(CoreBindings.LIFE_CYCLE_OBSERVER_OPTIONS).to({"parallel": parallel})
    names = ["a", "b", "c"]
    for name in names:
        bind(app, name, log)
    await run(app)
    assert log == [f"start {name}" for name in names] + [f"stop {name}" for name in reversed(names)]


async def test_serial_observers_follow_one_another():
    """CORE-156"""
    app, log = Application(), []
    app.bind(CoreBindings.LIFE_CYCLE_OBSERVER_OPTIONS).to({"parallel": False})

    def slow(name):
        async def start():
            log.append(f"begin {name}")
            await asyncio.sleep(0)
            log.append(f"end {name}")

        return start

    for name in "ab":
        app.life_cycle_observer(slow(name), name)
    await app.start()
    assert log == ["begin a", "end a", "begin b", "end b"]


async def test_disabled_groups_are_left_alone():
    """CORE-158"""
    app, log = Application(), []
    app.bind(CoreBindings.LIFE_CYCLE_OBSERVER_OPTIONS).to({"disabled_groups": ["off", "server"]})
    bind(app, "off", log, **{GROUP: "off"})
    bind(app, "server", log, server="server")
    bind(app, "on", log)
    await run(app)
    assert log == ["start on", "stop on"]


async def test_options_are_read_when_an_operation_begins_and_stop_mirrors_the_start():
    """CORE-159"""
    app, log = Application(), []
    for name in ("a", "b"):
        bind(app, name, log, **{GROUP: name})
    app.bind(CoreBindings.LIFE_CYCLE_OBSERVER_OPTIONS).to({"ordered_groups": ["b", "a"]})
    await app.start()
    app.bind(CoreBindings.LIFE_CYCLE_OBSERVER_OPTIONS).to({"ordered_groups": ["a", "b"], "disabled_groups": ["a"]})
    await app.stop()
    assert log == ["start b", "start a", "stop a", "stop b"]
    app.bind(CoreBindings.LIFE_CYCLE_OBSERVER_OPTIONS).to({"ordered_group": []})
    with pytest.raises(TypeError, match="ordered_group"):
        await app.start()


async def test_the_registry_tells_and_changes_the_order():
    """CORE-160"""
    app, log = Application(), []
    for name in ("a", "b"):
        bind(app, name, log, **{GROUP: name})
    registry = await app.get(CoreBindings.LIFE_CYCLE_OBSERVER_REGISTRY)
    registry.set_ordered_groups(["b", "a"])
    groups = registry.get_observer_groups_by_order()
    assert [group.group for group in groups] == ["b", "a"]
    assert [binding.key for group in groups for binding in group.bindings] == ["b", "a"]
    await app.start()
    assert log == ["start b", "start a"]


async def test_the_registry_works_alone():
    """CORE-161"""
    ctx, log = Context("plain"), []
    bind(ctx, "a", log)
    bind(ctx, "b", log)
    ctx.bind("registry").to_class(LifeCycleObserverRegistry).in_scope(BindingScope.SINGLETON)
    registry = await ctx.get("registry")
    await registry.stop()
    assert log == ["stop b", "stop a"]
    log.clear()
    await registry.init()
    await registry.start()
    await registry.stop()
    assert log == ["start a", "start b", "stop b", "stop a"]

    class Needy:
        def start(self, missing: str = inject("missing")): ...

    ctx.bind("needy").to(Needy()).tag(CoreTags.LIFE_CYCLE_OBSERVER)
    with pytest.raises(KeyNotBoundError, match=r"missing.*plain"):
        await registry.start()


async def test_the_registry_may_be_replaced_by_a_subclass():
    """CORE-019"""
    log = []

    class Mine(LifeCycleObserverRegistry):
        async def start(self) -> None:
            log.append("mine")
            await super().start()

    app = Application()
    app.bind(CoreBindings.LIFE_CYCLE_OBSERVER_REGISTRY).to_class(Mine).in_scope(BindingScope.SINGLETON)
    bind(app, "a", log)
    await app.start()
    assert log == ["mine", "start a"]


async def test_a_thousand_observers_start_in_well_under_a_second():
    """CORE-164"""
    app = Application()

    class Audit:
        async def start(self): ...

    for number in range(1000):
        app.life_cycle_observer(Audit, f"audit{number}")
    begin = time.perf_counter()
    await app.start()
    assert time.perf_counter() - begin < 1
