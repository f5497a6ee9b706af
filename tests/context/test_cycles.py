"""Cycles: reported with their path, at once, and only when there is one."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from mainspring.context import (
    Binding,
    BindingScope,
    CircularDependencyError,
    Context,
    ContextView,
    Getter,
    ResolutionContext,
    Setter,
    config,
    creations,
    filter_by_tag,
    inject,
)

EveryWay = Callable[[Context, Any], Awaitable[list[Any]]]
EveryError = Callable[[Context, Any, type[BaseException]], Awaitable[list[Any]]]

SCOPES = ["transient", "singleton", "context", "request"]
BY_T = filter_by_tag("t")


@pytest.fixture
def ctx() -> Context:
    """A context below another one."""
    return Context(Context("parent"), "ctx")


async def check(every_error: EveryError, ctx: Context, *rings: tuple[str, str]) -> None:
    """Each key raises with its path, from whichever end and however often."""
    for _ in range(2):
        for key, path in rings:
            for error in await every_error(ctx, key, CircularDependencyError):
                assert error.path == path
                assert path in str(error)


# Every way to need something


@pytest.mark.parametrize("scope", SCOPES)
async def test_constructor_and_property(ctx: Context, every_error: EveryError, scope: str) -> None:
    """CTX-600"""

    class X:
        def __init__(self, y: Any = inject("y")) -> None: ...

    class Y:
        x: Any = inject("x")

    ctx.bind("x").to_class(X).in_scope(scope)
    ctx.bind("y").to_class(Y).in_scope(scope)
    await check(
        every_error,
        ctx,
        ("x", "x --> X.__init__[y] --> y --> Y.x --> x"),
        ("y", "y --> Y.x --> x --> X.__init__[y] --> y"),
    )


@pytest.mark.parametrize("length", [1, 2, 3, 10])
async def test_rings_of_any_length(ctx: Context, every_error: EveryError, length: int) -> None:
    """CTX-600"""

    def make(following: str) -> Any:
        def factory(need: Any = inject(following)) -> Any: ...

        return factory

    for i in range(length):
        ctx.bind(f"k{i}").to_dynamic_value(make(f"k{(i + 1) % length}")).in_scope(SCOPES[i % 2])
    for start in range(length):
        around = [(start + i) % length for i in range(length)]
        path = " --> ".join(f"k{i} --> factory[need]" for i in around) + f" --> k{start}"
        await check(every_error, ctx, (f"k{start}", path))


async def test_path_shows_how_the_ring_was_entered(ctx: Context, every_error: EveryError) -> None:
    """CTX-600"""

    class Outside:
        def __init__(self, x: Any = inject("x")) -> None: ...

    class X:
        def __init__(self, y: Any = inject("y")) -> None: ...

    class Y:
        def __init__(self, x: Any = inject("x")) -> None: ...

    ctx.bind("outside").to_class(Outside)
    ctx.bind("x").to_class(X)
    ctx.bind("y").to_class(Y)
    for error in await every_error(ctx, "outside", CircularDependencyError):
        assert error.path == "outside --> Outside.__init__[x] --> x --> X.__init__[y] --> y --> Y.__init__[x] --> x"


async def test_alias_tag_list_filter_type_and_configuration(ctx: Context, every_error: EveryError) -> None:
    """CTX-600"""

    class ByAlias:
        def __init__(self, x: Any = inject("alias")) -> None: ...

    class ByTag:
        xs: list[Any] = inject.tag("t")

    class ByFilter:
        def __init__(self, xs: Annotated[list[Any], inject(BY_T)]) -> None: ...

    class ByType:
        def __init__(self, other: "Other") -> None: ...

    class Other:
        def __init__(self, by_type: ByType) -> None: ...

    ByType.__init__.__annotations__["other"] = Other

    class Configured:
        def __init__(self, x: Any = config("x")) -> None: ...

    def configuration(it: Any = inject("configured")) -> Any: ...

    ctx.bind("a").to_class(ByAlias)
    ctx.bind("alias").to_alias("b")
    ctx.bind("b").to_alias("a#some.path")
    await check(every_error, ctx, ("a", "a --> ByAlias.__init__[x] --> alias --> b --> a"))
    await check(every_error, ctx, ("alias", "alias --> b --> a --> ByAlias.__init__[x] --> alias"))
    ctx.bind("tagged").to_class(ByTag).tag("t")
    await check(every_error, ctx, ("tagged", "tagged --> ByTag.xs --> tagged"))
    ctx.bind("tagged").to_class(ByFilter).tag("t")
    await check(every_error, ctx, ("tagged", "tagged --> ByFilter.__init__[xs] --> tagged"))
    ctx.bind("type").to_class(ByType)
    ctx.bind("other").to_class(Other)
    await check(
        every_error, ctx, ("type", "type --> ByType.__init__[other] --> other --> Other.__init__[by_type] --> type")
    )
    ctx.bind("configured").to_class(Configured)
    ctx.configure("configured").to_dynamic_value(configuration)
    await check(
        every_error,
        ctx,
        (
            "configured",
            "configured --> Configured.__init__[x] --> configured:$config --> configuration[it] --> configured",
        ),
    )


async def test_providers_factories_dataclasses_and_generators(ctx: Context, every_error: EveryError) -> None:
    """CTX-600"""

    class Provided:
        def value(self, x: Any = inject("made")) -> Any: ...

    class Made:
        @staticmethod
        def value(x: Any = inject("data")) -> Any: ...

    @dataclass
    class Data:
        x: Any = inject("generated")

    def generate(x: Any = inject("provided")) -> Iterator[Any]:
        yield

    ctx.bind("provided").to_provider(Provided)
    ctx.bind("made").to_dynamic_value(Made)
    ctx.bind("data").to_class(Data)
    ctx.bind("generated").to_dynamic_value(generate)
    path = (
        "provided --> Provided.value[x] --> made --> Made.value[x] --> data --> Data.__init__[x] --> generated --> "
        "generate[x] --> provided"
    )
    await check(every_error, ctx, ("provided", path))


@pytest.mark.parametrize("scope", SCOPES)
async def test_asynchronous_rings(ctx: Context, scope: str) -> None:
    """CTX-600"""

    async def x(y: Any = inject("y")) -> Any:
        await asyncio.sleep(0)

    async def pause() -> None:
        await asyncio.sleep(0)

    async def y(before: Any = inject("pause"), x: Any = inject("x")) -> Any:
        await asyncio.sleep(0)

    ctx.bind("x").to_dynamic_value(x).in_scope(scope)
    ctx.bind("y").to_dynamic_value(y).in_scope(scope)
    ctx.bind("pause").to_dynamic_value(pause)
    for _ in range(3):
        for key in ("x", "y"):
            with pytest.raises(CircularDependencyError) as caught:
                async with asyncio.timeout(5):
                    await ctx.get(key)
            assert caught.value.path in {"x --> x[y] --> y --> y[x] --> x", "y --> y[x] --> x --> x[y] --> y"}
            assert caught.value.path.startswith(key)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("optional", [False, True])
async def test_optional_does_not_hide_a_cycle(
    ctx: Context, every_error: EveryError, scope: str, optional: bool
) -> None:
    """CTX-600, CTX-122"""

    class X:
        def __init__(self, x: Any = inject("x", optional=optional)) -> None: ...

    ctx.bind("x").to_class(X).in_scope(scope)
    await check(every_error, ctx, ("x", "x --> X.__init__[x] --> x"))
    with pytest.raises(CircularDependencyError):
        ctx.get_sync("x", optional=True)


# Asking a context


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("way", ["sync", "async", "async later", "through another", "by type", "binding"])
async def test_factory_that_asks_for_itself(ctx: Context, scope: str, way: str) -> None:  # noqa: C901 - a list of ways
    """CTX-601"""

    class Thing: ...

    def sync(rc: ResolutionContext) -> Any:
        return rc.context.get_sync("x")

    async def asynchronous(rc: ResolutionContext) -> Any:
        return await rc.context.get("x")

    async def later(rc: ResolutionContext) -> Any:
        await asyncio.sleep(0)
        return await rc.context.get("x")

    async def another(rc: ResolutionContext) -> Any:
        await asyncio.sleep(0)
        return await rc.context.get("other")

    def by_type(rc: ResolutionContext) -> Thing:
        found: Thing = rc.context.get_sync(Thing)
        return found

    def by_binding(rc: ResolutionContext) -> Any:
        return rc.binding.get_value_sync(rc.context)

    ways: dict[str, Any] = {
        "sync": sync,
        "async": asynchronous,
        "async later": later,
        "through another": another,
        "by type": by_type,
        "binding": by_binding,
    }
    ctx.bind("x").to_dynamic_value(ways[way]).in_scope(scope)
    ctx.bind("other").to_alias("x")
    for _ in range(4):
        with pytest.raises(CircularDependencyError, match=r"x --> (other --> )?x"):
            async with asyncio.timeout(5):
                await ctx.get("x")
    if way in {"sync", "by type", "binding"}:
        for _ in range(4):
            with pytest.raises(CircularDependencyError, match="x --> x"):
                ctx.get_sync("x")


async def test_constructor_that_asks_for_itself(ctx: Context, every_error: EveryError) -> None:
    """CTX-601"""

    class Service:
        def __init__(self, context: Context = inject.context()) -> None:
            context.get_sync("service")

    ctx.bind("service").to_class(Service)
    await check(every_error, ctx, ("service", "service --> service"))


# What is no cycle


@pytest.mark.parametrize("scope", SCOPES)
async def test_diamond_is_no_cycle(ctx: Context, every_way: EveryWay, scope: str) -> None:
    """CTX-602"""

    class Bottom: ...

    class Left:
        bottom: Any = inject("bottom")
        again: Any = inject("bottom")

    class Right(Left): ...

    class Top:
        def __init__(self, left: Any = inject("left"), right: Any = inject("right")) -> None:
            self.left, self.right = left, right

    for cls in (Bottom, Left, Right, Top):
        ctx.bind(cls.__name__.lower()).to_class(cls).in_scope(scope)
    for each in await every_way(ctx, "top"):
        assert (each.left.bottom is each.right.bottom) == (scope != "transient")
    await asyncio.gather(*(ctx.get(key) for key in ("top", "left", "right", "bottom")))


@pytest.mark.parametrize("scope", SCOPES)
async def test_child_may_need_the_parents_binding_of_the_same_key(
    ctx: Context, every_way: EveryWay, scope: str
) -> None:
    """CTX-602"""
    parent = ctx.parent
    assert parent is not None

    def decorate(rc: ResolutionContext) -> Any:
        return f"child of {rc.context.parent.get_sync('x')}"

    async def decorate_later(rc: ResolutionContext) -> Any:
        await asyncio.sleep(0)
        return f"child of {await rc.context.parent.get('x')}"

    parent.bind("x").to_dynamic_value(lambda: "parent").in_scope(scope)
    ctx.bind("x").to_dynamic_value(decorate).in_scope(scope)
    assert await every_way(ctx, "x") == ["child of parent"] * 8
    ctx.bind("x").to_dynamic_value(decorate_later).in_scope(scope)
    for _ in range(4):
        assert await ctx.get("x") == "child of parent"


async def test_one_binding_in_two_contexts_is_no_cycle(ctx: Context) -> None:
    """CTX-602, CTX-041"""
    other = Context("other")
    calls: list[str] = []

    def make(rc: ResolutionContext) -> Any:
        calls.append(rc.context.name)
        return rc.context.name if rc.context is other else other.get_sync("x")

    binding = Binding("x").to_dynamic_value(make).in_scope("singleton")
    ctx.add(binding)
    other.add(binding)
    assert ctx.get_sync("x") == "other"
    assert calls == ["ctx", "other"]


async def test_concurrent_gets_of_a_graph_without_a_ring(ctx: Context) -> None:
    """CTX-602"""

    def make(*needs: str) -> Any:
        async def factory(a: Any = inject(needs[0]), b: Any = inject(needs[-1])) -> Any:
            await asyncio.sleep(0)
            return (a, b)

        return factory

    async def leaf() -> str:
        await asyncio.sleep(0)
        return "leaf"

    ctx.bind("leaf").to_dynamic_value(leaf).in_scope("singleton")
    ctx.bind("a").to_dynamic_value(make("leaf")).in_scope("singleton")
    ctx.bind("b").to_dynamic_value(make("a", "leaf")).in_scope("singleton")
    ctx.bind("c").to_dynamic_value(make("b", "a")).in_scope("singleton")
    async with asyncio.timeout(5):
        results = await asyncio.gather(*(ctx.get(key) for key in ("c", "a", "b", "leaf", "c")))
    assert results[0] == ((("leaf", "leaf"), "leaf"), ("leaf", "leaf"))


# Afterwards


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_nothing_is_kept_and_breaking_the_ring_helps(ctx: Context, scope: str, asynchronous: bool) -> None:
    """CTX-603"""
    made: list[str] = []

    async def slow_x(y: Any = inject("y")) -> Any:
        await asyncio.sleep(0)
        made.append("x")
        return "x"

    def fast_x(y: Any = inject("y")) -> Any:
        made.append("x")
        return "x"

    def y(dep: Any = inject("dep"), x: Any = inject("x")) -> Any:
        made.append("y")
        return "y"

    def dep() -> str:
        made.append("dep")
        return "dep"

    binding = ctx.bind("x").to_dynamic_value(slow_x if asynchronous else fast_x).in_scope(scope)
    ctx.bind("y").to_dynamic_value(y).in_scope(scope)
    ctx.bind("dep").to_dynamic_value(dep).in_scope("singleton")
    for _ in range(3):
        for key in ("x", "y"):
            with pytest.raises(CircularDependencyError):
                await ctx.get(key)
    assert made == ["dep"]
    binding.to("constant")
    assert await ctx.get("y") == "y"
    assert await ctx.get("x") == "constant"
    binding.to_dynamic_value(slow_x if asynchronous else fast_x)
    ctx.bind("y").to("constant y")
    assert await ctx.get("x") == "x"
    ctx.bind("y").to_dynamic_value(y).in_scope(scope)
    ctx.bind("x").to_alias("y")
    with pytest.raises(CircularDependencyError):
        await ctx.get("x")


# What breaks cycles


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("kind", ["getter", "setter", "view", "binding", "filter getter", "context"])
async def test_special_injections_break_cycles(ctx: Context, every_way: EveryWay, scope: str, kind: str) -> None:  # noqa: C901 - a list of kinds
    """CTX-604"""
    markers: dict[str, Any] = {
        "getter": inject.getter("y"),
        "setter": inject.setter("y"),
        "view": inject.view(BY_T),
        "binding": inject.binding("y"),
        "filter getter": inject.getter(BY_T),
        "context": inject.context(),
    }

    class X:
        def __init__(self, special: Any = markers[kind]) -> None:
            self.special = special

    class Y:
        x: Any = inject("x")

    ctx.bind("x").to_class(X).in_scope(scope)
    ctx.bind("y").to_class(Y).in_scope(scope).tag("t")
    for key in ("x", "y"):
        for each in await every_way(ctx, key):
            x = each if key == "x" else each.x
            match kind:
                case "getter":
                    found = await x.special()
                case "view":
                    found = await x.special.single_value()
                case "binding":
                    found = await x.special.get_value(ctx)
                case "filter getter":
                    found = (await x.special())[0]
                case "context":
                    found = await x.special.get("y")
                case _:
                    found = await ctx.get("y")
            assert type(found) is Y
            if scope != "transient":
                assert found.x is x
    if kind == "setter":
        ctx.get_sync("x").special("replaced")
        assert ctx.get_sync("y") == "replaced"


async def test_types_of_what_breaks_a_cycle(ctx: Context) -> None:
    """CTX-604"""

    class X:
        get: Getter[Any] = inject.getter("x")
        put: Setter[Any] = inject.setter("x")
        view: ContextView[Any] = inject.view(BY_T)
        binding: Binding[Any] = inject.binding("x")
        own: Binding[Any] = inject.binding()

    ctx.bind("x").to_class(X).in_scope(BindingScope.SINGLETON).tag("t")
    x = await ctx.get("x")
    assert await x.get() is await x.view.single_value() is x
    assert x.binding is x.own is ctx.get_binding("x")


async def test_a_factory_that_waits_for_a_task_that_waits_for_it_is_told_of_in_the_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CTX-601: what cannot be told from an honest wait is not refused, but not silent either."""
    monkeypatch.setattr(creations, "DOUBT_AFTER", 0.01)
    ctx = Context("shop")

    async def make(resolution: ResolutionContext) -> Any:
        return await asyncio.gather(resolution.context.get("till"), asyncio.sleep(0))

    ctx.bind("till").to_dynamic_value(make).in_scope("singleton")
    with caplog.at_level(logging.WARNING, logger="mainspring.context"), pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(ctx.get("till"), 0.2)
    (record,) = caplog.records
    assert record.getMessage().startswith("shop: a task that the factory of 'till' started has waited 0.01 s")


async def test_a_task_that_a_factory_leaves_behind_may_wait_for_its_value(caplog: pytest.LogCaptureFixture) -> None:
    """CTX-601, CTX-140: nobody waits for the task, so there is no ring."""
    ctx, left = Context("shop"), []

    async def make(resolution: ResolutionContext) -> Any:
        left.append(asyncio.create_task(resolution.context.get("till")))
        await asyncio.sleep(0.01)
        return object()

    ctx.bind("till").to_dynamic_value(make).in_scope("singleton")
    made = await ctx.get("till")
    assert await left[0] is made
    assert caplog.records == []
