"""What is injected around a value instead of it: getters, setters, bindings, contexts, lists, views, own decorators."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Annotated, Any, Protocol

import pytest

from mainspring.context import (
    AsyncValueError,
    Binding,
    BindingCreationPolicy,
    BindingKey,
    BindingLockedError,
    BindingScope,
    CircularDependencyError,
    Context,
    ContextView,
    Getter,
    Injection,
    InvalidKeyError,
    InvocationContext,
    KeyNotBoundError,
    ResolutionError,
    Session,
    Setter,
    compare_bindings_by_tag,
    filter_by_key,
    filter_by_tag,
    inject,
    intercept,
    invoke_method,
)

EveryWay = Callable[[Context, Any], Awaitable[list[Any]]]
EveryError = Callable[[Context, Any, type[BaseException]], Awaitable[list[Any]]]

COUNT: BindingKey[int] = BindingKey("count")


class Repo:
    """Something found by its type."""


# Getters


async def test_getter_resolves_anew_at_each_call(ctx: Context, every_way: EveryWay) -> None:
    """CTX-340"""

    class Service:
        now: Getter[str] = inject.getter("late")

        def __init__(
            self,
            late: Getter[str] = inject.getter("late"),
            repo: Annotated[Getter[Repo], inject.getter(Repo)] = None,  # type: ignore[assignment]
            nested: Getter[int] = inject.getter("late#a.0"),
            maybe: Getter[str] = inject.getter("late", optional=True),
        ) -> None:
            self.late, self.repo, self.nested, self.maybe = late, repo, nested, maybe

    ctx.bind("service").to_class(Service)
    for service in await every_way(ctx, "service"):
        for get in (service.now, service.late):
            with pytest.raises(KeyNotBoundError, match="late"):
                await get()
        assert await service.maybe() is None
    made = await every_way(ctx, "service")
    for value in ("one", "two"):
        ctx.bind("late").to(value)
        for service in made:
            assert [await service.now(), await service.late(), await service.maybe()] == [value] * 3
    ctx.bind("late").to({"a": [7]})
    ctx.bind("repo").to_class(Repo)
    for service in made:
        assert await service.nested() == 7
        assert type(await service.repo()) is Repo
        assert await service.repo() is not await service.repo()


async def test_getter_of_a_singleton_reads_the_owner_context(ctx: Context) -> None:
    """CTX-340"""

    class Service:
        def __init__(self, user: Getter[str] = inject.getter("user")) -> None:
            self.user = user

    ctx.bind("service").to_class(Service).in_scope("singleton")
    ctx.bind("transient").to_class(Service)
    ctx.bind("user").to("app")
    request = Context(ctx, "request")
    request.bind("user").to("request")
    for _ in range(4):
        assert await request.get_sync("service").user() == "app"
        assert await (await request.get("transient")).user() == "request"
    assert await ctx.get_sync("service").user() == "app"


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_singletons_with_getters_of_each_other_give_the_very_other_one(ctx: Context, asynchronous: bool) -> None:
    """CTX-341, CTX-604"""

    class A:
        def __init__(self, b: Getter[Any] = inject.getter("b"), slow: Any = inject("slow")) -> None:
            self.b = b

    class B:
        a: Getter[Any] = inject.getter("a")

    async def slow() -> None:
        await asyncio.sleep(0)

    if asynchronous:
        ctx.bind("slow").to_dynamic_value(slow)
    else:
        ctx.bind("slow").to(None)
    ctx.bind("a").to_class(A).in_scope("singleton")
    ctx.bind("b").to_class(B).in_scope("singleton")
    a, b = await ctx.get("a"), await ctx.get("b")
    assert await a.b() is b
    assert await b.a() is a


@pytest.mark.parametrize("scope", ["transient", "singleton", "context"])
@pytest.mark.parametrize("pause", [False, True])
async def test_creation_that_awaits_a_getter_of_itself_is_a_cycle(ctx: Context, scope: str, pause: bool) -> None:
    """CTX-341, CTX-601"""

    async def make(get: Getter[Any] = inject.getter("other")) -> Any:
        if pause:
            await asyncio.sleep(0)
        return await get()

    async def other(get: Getter[Any] = inject.getter("made")) -> Any:
        if pause:
            await asyncio.sleep(0)
        return await get()

    ctx.bind("made").to_dynamic_value(make).in_scope(scope)
    ctx.bind("other").to_dynamic_value(other).in_scope(scope)
    for _ in range(3):
        for key in ("made", "other"):
            with pytest.raises(CircularDependencyError, match=r"made --> other --> made|other --> made --> other"):
                async with asyncio.timeout(10):
                    await ctx.get(key)


# Setters


async def test_setter_sets_the_nearest_binding_or_makes_one(ctx: Context, every_way: EveryWay) -> None:
    """CTX-342"""

    class Service:
        put: Setter[int] = inject.setter(COUNT)

        def __init__(self, other: Annotated[Setter[str], inject.setter("other")]) -> None:
            self.other = other

    ctx.bind("service").to_class(Service)
    ctx.bind("other").to("old").tag("kept").in_scope("singleton")
    child = Context(ctx, "child")
    services = await every_way(child, "service")
    for i, service in enumerate(services):
        assert service.put(i) is None
        assert child.get_sync(COUNT) == i
        assert not ctx.is_bound(COUNT)
        service.other(f"new{i}")
        assert ctx.get_sync("other") == f"new{i}"
        assert not child.contains("other")
    other = ctx.get_binding("other")
    assert (dict(other.tag_map), other.scope) == ({"kept": "kept"}, BindingScope.SINGLETON)


async def test_setter_of_a_singleton_writes_to_its_owner(ctx: Context) -> None:
    """CTX-342"""

    class Service:
        put: Setter[int] = inject.setter("value")

    ctx.bind("service").to_class(Service).in_scope("singleton")
    request = Context(ctx, "request")
    request.bind("value").to("mine")
    request.get_sync("service").put(1)
    assert request.get_sync("value") == "mine"
    assert ctx.get_sync("value") == 1


async def test_policies_of_setters_and_bindings(ctx: Context, every_way: EveryWay) -> None:
    """CTX-343"""

    class Always:
        put: Setter[int] = inject.setter("made", binding_creation=BindingCreationPolicy.ALWAYS_CREATE)

    class Never:
        put: Setter[int] = inject.setter("absent", binding_creation=BindingCreationPolicy.NEVER_CREATE)

    class NewBinding:
        binding: Binding[Any] = inject.binding("fresh", binding_creation=BindingCreationPolicy.ALWAYS_CREATE)

    class NoBinding:
        binding: Binding[Any] = inject.binding("absent", binding_creation=BindingCreationPolicy.NEVER_CREATE)

    for cls in (Always, Never, NewBinding, NoBinding):
        ctx.bind(cls.__name__).to_class(cls)
    old = ctx.bind("made").to(0).tag("old")
    for service in await every_way(ctx, "Always"):
        before = ctx.get_binding("made")
        service.put(5)
        service.put(6)
        assert ctx.get_binding("made") is not before
        assert ctx.get_binding("made") is not old
        assert ctx.get_sync("made") == 6
    for service in await every_way(ctx, "Never"):
        with pytest.raises(KeyNotBoundError, match="absent"):
            service.put(5)
        assert not ctx.is_bound("absent")
    made = [service.binding for service in await every_way(ctx, "NewBinding")]
    assert len({id(each) for each in made}) == len(made)
    assert ctx.get_binding("fresh") is made[-1]
    await ctx_errors(ctx, "NoBinding")
    ctx.bind("absent").to(1)
    for service in await every_way(ctx, "Never"):
        service.put(5)
        assert ctx.get_sync("absent") == 5
    for service in await every_way(ctx, "NoBinding"):
        assert service.binding is ctx.get_binding("absent")


async def ctx_errors(ctx: Context, key: str) -> None:
    """`KeyNotBoundError` of a property, with its path."""
    for _ in range(3):
        with pytest.raises(KeyNotBoundError) as caught:
            await ctx.get(key)
        assert f"{key} --> {key}.binding" in str(caught.value)


def test_setter_of_no_key_or_with_a_path_is_refused() -> None:
    """CTX-344"""
    for key in ("", "  ", "a#b", BindingKey("a#b")):
        with pytest.raises(InvalidKeyError):
            inject.setter(key)
    with pytest.raises(InvalidKeyError):
        inject.setter(None)  # type: ignore[arg-type]


async def test_setter_and_locked_bindings(ctx: Context) -> None:
    """CTX-344"""

    class Service:
        put: Setter[int] = inject.setter("locked")
        replace: Setter[int] = inject.setter("locked", binding_creation="always_create")  # type: ignore[arg-type]

    ctx.bind("locked").to(1).lock()
    ctx.bind("service").to_class(Service)
    service = ctx.get_sync("service")
    service.put(2)
    assert ctx.get_sync("locked") == 2
    with pytest.raises(BindingLockedError):
        service.replace(3)
    assert ctx.get_sync("locked") == 2


# Bindings and contexts


async def test_binding_is_found_or_created_and_without_key_the_one_being_resolved(  # noqa: C901 - a list of cases
    ctx: Context, every_way: EveryWay
) -> None:
    """CTX-345"""

    class Service:
        own: Binding[Any] = inject.binding()

        def __init__(
            self, name: Binding[str] = inject.binding("name"), new: Annotated[Any, inject.binding("new")] = None
        ) -> None:
            self.name, self.new = name, new

    class Made:
        @staticmethod
        def value(own: Binding[Any] = inject.binding()) -> Any:
            return own

    class Provided:
        def __init__(self, own: Binding[Any] = inject.binding()) -> None:
            self.own = own

        def value(self, own: Binding[Any] = inject.binding()) -> Any:
            return (self.own, own)

    def factory(own: Binding[Any] = inject.binding()) -> Any:
        return own

    for key in ("one", "two"):
        ctx.bind(key).to_class(Service)
    ctx.bind("single").to_class(Service).in_scope("singleton")
    ctx.bind("made").to_dynamic_value(Made)
    ctx.bind("provided").to_provider(Provided)
    ctx.bind("function").to_dynamic_value(factory)
    for key in ("one", "two", "single"):
        for each in await every_way(ctx, key):
            assert each.own is ctx.get_binding(key)
            assert each.name is ctx.get_binding("name")
            assert each.new is ctx.get_binding("new")
    assert await every_way(ctx, "made") == [ctx.get_binding("made")] * 8
    assert await every_way(ctx, "function") == [ctx.get_binding("function")] * 8
    assert await every_way(ctx, "provided") == [(ctx.get_binding("provided"),) * 2] * 8


async def test_binding_of_a_singleton_is_created_in_its_owner(ctx: Context) -> None:
    """CTX-345, CTX-342"""

    class Service:
        new: Binding[Any] = inject.binding("new")

    ctx.bind("service").to_class(Service).in_scope("singleton")
    request = Context(ctx)
    assert ctx.get_binding(request.get_sync("service").new.key) is request.get_sync("service").new


async def test_context_is_the_resolution_context(ctx: Context) -> None:
    """CTX-346"""

    class Service:
        prop: Context = inject.context()

        def __init__(self, ctx: Annotated[Context, inject.context()]) -> None:
            self.ctx = ctx

        def run(self, ctx: Context = inject.context(), user: str = "") -> Context:
            return ctx

        @intercept(lambda inv, proceed: proceed())
        def run_intercepted(self, ctx: Context = inject.context()) -> Context:
            return ctx

    app = Context(ctx, "application", scope=BindingScope.APPLICATION)
    server = Context(app, "server", scope=BindingScope.SERVER)
    request = Context(server, "request", scope=BindingScope.REQUEST)
    for scope, expected in (
        ("transient", request),
        ("singleton", app),
        ("server", server),
        ("request", request),
        ("context", request),
        ("application", app),
    ):
        app.bind(scope).to_class(Service).in_scope(scope)
        for _ in range(4):
            each = await request.get(scope)
            assert each.ctx is each.prop is expected
            assert request.get_sync(scope).ctx is expected
    service = request.get_sync("singleton")
    for method in ("run", "run_intercepted"):
        seen = await invoke_method(service, method, request)
        assert isinstance(seen, InvocationContext)
        assert seen.parent is request
        assert seen.target is service


# Lists by tag and filter


@pytest.fixture
def places(ctx: Context) -> Context:
    """A context with tagged bindings, of which one is bound above."""
    ctx.bind("places.above").to("above").tag("place", {"rank": "3"})
    child = Context(ctx, "child")
    child.bind("places.b").to("b").tag("place", {"rank": "2"})
    child.bind("other").to("other").tag("other")
    child.bind("places.a").to_dynamic_value(lambda: "a").tag("place", {"rank": "1"})
    child.bind("places.none").to(None).tag({"kind": "place", "rank": "4"})
    return child


async def test_tag_gives_the_values_in_the_order_of_find(places: Context, every_way: EveryWay) -> None:
    """CTX-347"""

    class Service:
        named: list[str] = inject.tag("place")
        wild: list[str] = inject.tag("pl*e")
        regular: list[str] = inject.tag(re.compile("^(place|other)$"))
        mapping: list[str] = inject.tag({"rank": "1"})
        matcher: list[str] = inject.tag({"rank": lambda value, name, tags: value > "2"})
        none: list[str] = inject.tag("nothing")

        def __init__(self, named: Annotated[Sequence[str], inject.tag("place")], ranked: Any = None) -> None:
            self.in_init = named

    places.bind("service").to_class(Service)
    for each in await every_way(places, "service"):
        assert each.named == each.in_init == each.wild == ["b", "a", "above"]
        assert each.regular == ["b", "other", "a", "above"]
        assert each.mapping == ["a"]
        assert each.matcher == [None, "above"]
        assert each.none == []
    places.bind("places.c").to("c").tag("place")
    places.bind("places.above").to("hidden").tag("place")
    for each in await every_way(places, "service"):
        assert each.named == ["b", "a", "c", "hidden"]


async def test_asynchronous_members_are_awaited_and_a_failing_one_fails_the_list(places: Context) -> None:
    """CTX-347"""
    boom = RuntimeError("boom")

    async def slow() -> str:
        await asyncio.sleep(0)
        return "slow"

    async def fail() -> str:
        await asyncio.sleep(0)
        raise boom

    class Service:
        named: list[str] = inject.tag("place")

    places.bind("places.slow").to_dynamic_value(slow).tag("place")
    places.bind("service").to_class(Service)
    for _ in range(4):
        assert (await places.get("service")).named == ["b", "a", "slow", "above"]
        with pytest.raises(AsyncValueError, match=re.escape("service --> Service.named --> places.slow")):
            places.get_sync("service")
    places.bind("places.a").to_dynamic_value(fail).tag("place")
    for _ in range(4):
        with pytest.raises(RuntimeError) as caught:
            await places.get("service")
        assert caught.value is boom


async def test_list_of_a_singleton_sees_the_chain_of_its_owner_only(places: Context) -> None:
    """CTX-347"""

    class Service:
        named: list[str] = inject.tag("place")
        filtered: list[str] = inject(filter_by_tag("place"))
        view: ContextView[str] = inject.view(filter_by_tag("place"))

    owner = places.parent
    assert owner is not None
    owner.bind("service").to_class(Service).in_scope("singleton")
    service = places.get_sync("service")
    assert service.named == service.filtered == await service.view.values() == ["above"]


async def test_path_goes_on_through_a_list(ctx: Context, every_error: EveryError) -> None:
    """CTX-347, CTX-129"""

    class Place:
        def __init__(self, missing: str = inject("missing")) -> None: ...

    class Store:
        def __init__(self, places: list[Any] = inject.tag("place")) -> None: ...

    ctx.bind("places.a").to("a").tag("place")
    ctx.bind("places.b").to_class(Place).tag("place")
    ctx.bind("store").to_class(Store)
    for error in await every_error(ctx, "store", KeyNotBoundError):
        assert error.path == "store --> Store.__init__[places] --> places.b --> Place.__init__[missing] --> missing"


async def test_view_is_open_and_live(places: Context, every_way: EveryWay) -> None:
    """CTX-348"""

    class Service:
        by_filter: ContextView[str] = inject.view(filter_by_tag("place"))
        by_pattern: Annotated[ContextView[str], inject.view("places.?")]
        by_function: ContextView[str] = inject.view(lambda binding: binding.key == "other")

    places.bind("service").to_class(Service)
    services = await every_way(places, "service")
    for each in services:
        assert isinstance(each.by_filter, ContextView)
        assert each.by_filter.context is places
        assert await each.by_filter.values() == ["b", "a", "above"]
        assert await each.by_pattern.values() == ["b", "a"]
        assert await each.by_function.single_value() == "other"
    places.bind("places.z").to("z").tag("place")
    for each in services:
        assert await each.by_filter.values() == ["b", "a", "z", "above"]
        assert await each.by_pattern.values() == ["b", "a", "z"]


async def test_filter_stands_where_a_key_may(places: Context, every_way: EveryWay) -> None:
    """CTX-349"""
    by_rank = compare_bindings_by_tag("rank", ["1", "2", "3"])

    class Service:
        filtered: list[str] = inject(lambda binding: binding.key.startswith("places."))
        sorted_: list[str] = inject(filter_by_tag("place"), comparator=by_rank)
        tagged: list[str] = inject.tag("place", comparator=by_rank)
        view: ContextView[str] = inject.view(filter_by_tag("place"), comparator=by_rank)
        getter: Getter[list[str]] = inject.getter(filter_by_key("places.*"))
        sorted_getter: Getter[list[str]] = inject.getter(filter_by_tag("place"), comparator=by_rank)

    places.bind("service").to_class(Service)
    services = await every_way(places, "service")
    for each in services:
        assert each.filtered == ["b", "a", None, "above"]
        assert each.sorted_ == each.tagged == ["a", "b", "above"]
        assert await each.view.values() == await each.sorted_getter() == ["a", "b", "above"]
        assert await each.getter() == ["b", "a", None, "above"]
    places.bind("places.c").to("c").tag("place", {"rank": "1"})
    for each in services:
        assert await each.getter() == ["b", "a", None, "c", "above"]
        assert await each.sorted_getter() == ["a", "c", "b", "above"]


def test_comparator_needs_a_filter() -> None:
    """CTX-349"""
    compare = compare_bindings_by_tag("rank")
    for key in ("name", COUNT, Repo, None):
        with pytest.raises(ValueError, match="comparator"):
            inject(key, comparator=compare)
        if key is not None:
            with pytest.raises(ValueError, match="comparator"):
                inject.getter(key, comparator=compare)


# Own resolution


async def test_proxy_of_an_injected_value_tells_its_source_and_path(ctx: Context, every_way: EveryWay) -> None:
    """CTX-350, CTX-565"""
    seen: list[tuple[str, str]] = []

    async def watch(inv: InvocationContext, next: Callable[[], Awaitable[Any]]) -> Any:
        seen.append((inv.source.type, str(inv.source)))
        return await next()

    @intercept(watch)
    class Inner:
        def greet(self, name: str = inject("name")) -> str:
            return f"hello {name}"

    class Outer:
        prop: Any = inject("inner", as_proxy_with_interceptors=True)

        def __init__(
            self,
            inner: Annotated[Inner, inject("inner", as_proxy_with_interceptors=True)],
            by_type: Annotated[Inner, inject(as_proxy_with_interceptors=True)],
        ) -> None:
            self.inner, self.by_type = inner, by_type

    ctx.bind("inner").to_class(Inner)
    ctx.bind("outer").to_class(Outer)
    for each in await every_way(ctx, "outer"):
        for proxy in (each.inner, each.prop, each.by_type):
            assert isinstance(proxy, Inner)
            assert await proxy.greet() == "hello Ada"
            assert seen.pop() == ("proxy", "outer --> inner")


async def test_resolve_function_gives_the_value_once_per_resolution(ctx: Context, every_way: EveryWay) -> None:
    """CTX-351"""
    calls: list[Any] = []

    def find(context: Context, injection: Any, session: Any) -> str:
        calls.append((context, injection, session))
        return f"value {len(calls)}"

    class Service:
        def __init__(self, thing: Annotated[str, inject("some.key", resolve=find)]) -> None:
            self.thing = thing

        prop: "str | None" = inject(resolve=find)

    class Outer:
        service: Service = inject("service")

    def factory(thing: str = inject(resolve=find)) -> str:
        return thing

    ctx.bind("service").to_class(Service)
    ctx.bind("outer").to_class(Outer)
    ctx.bind("made").to_dynamic_value(factory)
    made = [each.service for each in await every_way(ctx, "outer")]
    assert [(each.thing, each.prop) for each in made] == [(f"value {i}", f"value {i + 1}") for i in range(1, 17, 2)]
    context, injection, session = calls[-2]
    assert context is ctx
    assert str(injection.key) == "some.key"
    assert injection.optional is False
    assert injection.target is Service
    assert (injection.member, injection.parameter, injection.target_name) == (
        "__init__",
        "thing",
        "Service.__init__[thing]",
    )
    assert injection.annotation == Annotated[str, injection.marker]
    assert isinstance(injection.marker, Injection)
    assert session.current_binding is ctx.get_binding("service")
    assert session.binding_path == "outer --> service"
    assert session.injection_path == "Outer.service --> Service.__init__[thing]"
    assert session.resolution_path == "outer --> Outer.service --> service --> Service.__init__[thing]"
    assert isinstance(session, Session)
    _, injection, session = calls[-1]
    assert (injection.key, injection.optional, injection.target) == (None, True, Service)
    assert (injection.member, injection.parameter, injection.target_name) == ("prop", None, "Service.prop")
    assert session.resolution_path == "outer --> Outer.service --> service --> Service.prop"
    calls.clear()
    assert await every_way(ctx, "made") == [f"value {i}" for i in range(1, 9)]
    _, injection, _ = calls[-1]
    assert (injection.target, injection.parameter, injection.target_name) == (factory, "thing", "factory[thing]")


async def test_resolve_function_in_a_method_knows_the_method(ctx: Context) -> None:
    """CTX-351"""
    calls: list[Any] = []

    class Service:
        def run(self, a: int, thing: str = inject(resolve=lambda *given: calls.append(given))) -> Any:
            return (a, thing)

    assert await invoke_method(Service(), "run", ctx, [1]) == (1, None)
    context, injection, session = calls[0]
    assert isinstance(context, InvocationContext)
    assert (injection.target, injection.member, injection.parameter) == (Service, "run", "thing")
    assert session.current_binding is None
    assert session.resolution_path == "Service.run[thing]"


async def test_resolve_function_may_be_asynchronous_and_fail(ctx: Context) -> None:
    """CTX-351, CTX-123"""

    async def find(context: Context, injection: Any, session: Any) -> Any:
        await asyncio.sleep(0)
        return await context.get("name")

    async def fail(context: Context, injection: Any, session: Any) -> Any:
        raise LookupError("no")

    class Service:
        name: str = inject(resolve=find)

    class Failing:
        name: str = inject(resolve=fail)

    ctx.bind("service").to_class(Service)
    ctx.bind("failing").to_class(Failing)
    for _ in range(4):
        assert (await ctx.get("service")).name == "Ada"
        with pytest.raises(AsyncValueError, match=re.escape("service --> Service.name")):
            ctx.get_sync("service")
        with pytest.raises(LookupError) as caught:
            await ctx.get("failing")
        assert any("failing --> Failing.name" in note for note in caught.value.__notes__)


async def test_resolve_function_of_a_singleton_gets_the_owner_context(ctx: Context) -> None:
    """CTX-351"""

    class Service:
        where: Any = inject(resolve=lambda context, injection, session: context)

    ctx.bind("service").to_class(Service).in_scope("singleton")
    ctx.bind("transient").to_class(Service)
    request = Context(ctx)
    for _ in range(4):
        assert request.get_sync("service").where is ctx
        assert request.get_sync("transient").where is request


async def test_own_decorators_work_in_every_place(ctx: Context, every_way: EveryWay) -> None:
    """CTX-352"""

    def shout(key: str) -> Any:
        return inject(
            resolve=lambda context, injection, session: context.get_sync(key).upper() + (injection.parameter or "!")
        )

    class Service:
        prop: str = shout("name")
        annotated: Annotated[str, shout("name")]

        def __init__(self, a: str = shout("name"), *, b: Annotated[str, shout("name")]) -> None:
            self.a, self.b = a, b

        def run(self, c: str = shout("name")) -> str:
            return c

    ctx.bind("service").to_class(Service)
    for each in await every_way(ctx, "service"):
        assert (each.prop, each.annotated, each.a, each.b) == ("ADA!", "ADA!", "ADAa", "ADAb")
        assert await invoke_method(each, "run", ctx) == "ADAc"


async def test_own_decorators_may_bear_any_name(ctx: Context, every_way: EveryWay) -> None:
    """CTX-352"""

    class Service:
        a: Any = inject(resolve=lambda context, injection, session: "mine", decorator="config")
        b: Any = inject(resolve=lambda context, injection, session: "mine", decorator="inject.context")

    ctx.bind("service").to_class(Service)
    assert [(each.a, each.b) for each in await every_way(ctx, "service")] == [("mine", "mine")] * 8


# Contradicting annotations


class Shape(Protocol):
    """A protocol, which is not checked."""


CONTRADICTIONS = [
    (int, inject.getter("name")),
    (str, inject.setter("name")),
    (str, inject.view(filter_by_key("name"))),
    (dict, inject.tag("name")),
    (dict[str, int], inject.tag("name")),
    (tuple, inject(filter_by_key("name"))),
    (int, inject.binding("name")),
    (int, inject.context()),
    (int, inject.getter(filter_by_key("name"))),
    (Annotated[int, "x"] | None, inject.getter("name")),
]


@pytest.mark.parametrize("place", ["parameter", "annotated", "property"])
@pytest.mark.parametrize(("annotation", "marker"), CONTRADICTIONS)
async def test_annotation_that_contradicts_is_refused(
    ctx: Context, every_error: EveryError, place: str, annotation: Any, marker: Any
) -> None:
    """CTX-353"""

    class Service:
        if place == "property":
            thing: annotation = marker
        elif place == "parameter":

            def __init__(self, thing: annotation = marker) -> None: ...
        else:

            def __init__(self, thing: Annotated[annotation, marker]) -> None: ...

    ctx.bind("service").to_class(Service)
    name = "Service.thing" if place == "property" else "Service.__init__[thing]"
    for error in await every_error(ctx, "service", ResolutionError):
        assert name in str(error)
        assert re.search(r"\b(int|str|dict|tuple)\b", str(error))
        assert re.search(r"function|ContextView|list|Binding|Context", str(error))


async def test_annotations_that_say_little_are_not_checked(ctx: Context, every_way: EveryWay) -> None:
    """CTX-353"""

    class Mine(Context):
        """A context of another class."""

    class Service:
        a: object = inject.getter("name")
        b: Any = inject.getter("name")
        c: Callable[[], Awaitable[str]] = inject.getter("name")
        d: Shape = inject.view("name")
        e: "NotThere" = inject.tag("name")  # type: ignore[name-defined] # noqa: F821 - the case
        f: Iterable[str] = inject.tag("name")
        g: Mine = inject.context()
        h = inject.binding("name")
        i: int | str = inject.getter("name")
        j: Callable[..., Any] = inject.view("name")

    mine = Mine(ctx)
    mine.bind("service").to_class(Service)
    for each in await every_way(mine, "service"):
        assert each.g is mine
        assert each.f == each.e == []
        assert isinstance(each.h, Binding)


async def test_marker_may_be_shared_by_many_places(ctx: Context, every_way: EveryWay) -> None:
    """CTX-354"""
    name, optional, getter = inject("name"), inject("absent", optional=True), inject.getter("name")
    by_type = inject()

    class First:
        a: str = name
        b: "str | None" = optional
        repo: Repo = by_type

        def __init__(self, c: str = name, get: Any = getter) -> None:
            self.c, self.get = c, get

    class Second(First):
        d: Annotated[Any, name]

        def __init__(self, c: Any = name, other: Annotated[Any, name] = 1, ctx: Context = by_type) -> None:
            super().__init__(c, None)
            self.other, self.ctx = other, ctx

    ctx.bind("repo").to_class(Repo)
    ctx.bind("self").provides(Context).to(ctx)
    ctx.bind("first").to_class(First)
    ctx.bind("second").to_class(Second)
    for each in await every_way(ctx, "first"):
        assert (each.a, each.b, each.c, type(each.repo)) == ("Ada", None, "Ada", Repo)
        assert await each.get() == "Ada"
    for each in await every_way(ctx, "second"):
        assert (each.a, each.b, each.c, each.d, each.other, each.ctx) == ("Ada", None, "Ada", "Ada", "Ada", ctx)
