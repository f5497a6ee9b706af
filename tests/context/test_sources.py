"""What a binding resolves to: constants, factories, classes, providers, aliases."""

import asyncio
import functools
import gc
import warnings
from collections.abc import AsyncIterator, Awaitable, Iterator

import pytest

from mainspring.context import (
    AsyncValueError,
    Binding,
    BindingKey,
    BindingScope,
    BindingType,
    CircularDependencyError,
    Context,
    KeyNotBoundError,
    Provider,
    ResolutionContext,
    ResolutionError,
    inject,
    injectable,
)

GETS = 4  # the first gets are interpreted, later ones run a plan: a behaviour has to hold for both

KEEPING = ["singleton", "context", "request"]


def chain():
    """``app <- server <- request``."""
    app = Context("app", scope=BindingScope.APPLICATION)
    server = Context(app, "server", scope=BindingScope.SERVER)
    return app, server, Context(server, "request", scope=BindingScope.REQUEST)


async def both(ctx, key, **options):
    """What ``get_sync`` and ``get`` give, in turn and until plans run; they must agree."""
    found = []
    for _ in range(GETS):
        found += [ctx.get_sync(key, **options), await ctx.get(key, **options)]
    assert all(value is found[0] or value == found[0] for value in found)
    return found[0]


class Thing:
    pass


def events_of(binding):
    events = []
    binding.on("changed", lambda event: events.append(event.operation))
    return events


# Every source


@pytest.mark.parametrize(
    ("set_source", "kind"),
    [
        (lambda binding: binding.to(1), BindingType.CONSTANT),
        (lambda binding: binding.to_dynamic_value(lambda: 1), BindingType.DYNAMIC_VALUE),
        (lambda binding: binding.to_class(Thing), BindingType.CLASS),
        (lambda binding: binding.to_provider(ThingProvider), BindingType.PROVIDER),
        (lambda binding: binding.to_alias("other"), BindingType.ALIAS),
        (lambda binding: binding.to_injectable(Thing), BindingType.CLASS),
    ],
    ids=["to", "to_dynamic_value", "to_class", "to_provider", "to_alias", "to_injectable"],
)
def test_every_source_replaces_the_last_one_and_drops_what_was_kept(set_source, kind):
    """CTX-060, CTX-062, CTX-069, CTX-071, CTX-073, CTX-077, CTX-080, CTX-096"""
    ctx = Context()
    ctx.bind("other").to("alias target")
    binding = ctx.bind("k").to_class(Thing).in_scope("singleton")
    first = [ctx.get_sync("k") for _ in range(GETS)][-1]
    events = events_of(binding)
    assert set_source(binding) is binding
    assert binding.type is kind
    assert binding.source.type is kind
    assert events == ["value"]
    values = [ctx.get_sync("k") for _ in range(GETS)]
    assert first not in values
    assert all(value == values[0] for value in values)
    assert binding.scope is BindingScope.SINGLETON


class ThingProvider:
    def value(self):
        return "provided"


# Constants


@pytest.mark.parametrize(
    "value",
    [None, 0, "", False, [], {}, lambda: 1, Thing, Thing(), object(), NotImplemented, ..., int, ValueError("v")],
)
@pytest.mark.parametrize("scope", list(BindingScope))
async def test_a_constant_is_the_object_itself_whatever_it_is(value, scope):
    """CTX-060, CTX-081, CTX-226"""
    _, _, request = chain()
    app = request.parent.parent
    app.bind("k").to(value).in_scope(scope)
    for _ in range(GETS):
        assert request.get_sync("k") is value
        assert await request.get("k") is value
        assert request["k"] is value


class Awaits:
    def __await__(self):
        yield


async def test_an_awaitable_is_no_constant():
    """CTX-061"""

    async def work():
        return 1

    coroutine, future = work(), asyncio.get_running_loop().create_future()
    task = asyncio.create_task(asyncio.sleep(0))
    ctx = Context()
    binding = ctx.bind("k").to("as it was")
    events = events_of(binding)
    for value in (coroutine, future, task, Awaits()):
        with pytest.raises(TypeError, match="to_dynamic_value"):
            binding.to(value)
    assert events == []
    assert ctx.get_sync("k") == "as it was"
    assert binding.type is BindingType.CONSTANT
    coroutine.close()
    await task


# Factories


async def test_a_plain_factory_resolves_both_ways():
    """CTX-062"""

    def make():
        return "made"

    ctx = Context()
    binding = ctx.bind("k").to_dynamic_value(make)
    assert binding.source.value is make
    assert await both(ctx, "k") == "made"


async def test_an_async_factory_resolves_with_get_only():
    """CTX-062, CTX-123"""

    async def make():
        await asyncio.sleep(0)
        return "made"

    ctx = Context()
    ctx.bind("k").to_dynamic_value(make)
    for _ in range(GETS):
        assert await ctx.get("k") == "made"
        with pytest.raises(AsyncValueError):
            ctx.get_sync("k")


@pytest.mark.parametrize("scope", ["transient", *KEEPING])
async def test_a_plain_factory_that_returns_an_awaitable_is_asynchronous(scope):
    """CTX-063"""

    async def work():
        return "made"

    def delegates():
        return work()

    ctx = Context()
    ctx.bind("k").to_dynamic_value(delegates).in_scope(scope)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(GETS):
            with pytest.raises(AsyncValueError, match="'k'"):
                ctx.get_sync("k")
            gc.collect()
    assert await ctx.get("k") == "made"
    assert await ctx.get("k") == "made"


async def test_a_factory_may_return_any_awaitable():
    """CTX-063"""

    class OwnAwaitable:
        closed = False

        def __await__(self):
            yield from asyncio.sleep(0).__await__()
            return "awaited"

        def close(self):
            type(self).closed = True

    def own():
        return OwnAwaitable()

    def future():
        made = asyncio.get_running_loop().create_future()
        made.set_result("future")
        return made

    ctx = Context()
    ctx.bind("own").to_dynamic_value(own)
    ctx.bind("future").to_dynamic_value(future)
    ctx.bind("task").to_dynamic_value(lambda: asyncio.create_task(asyncio.sleep(0, "task")))
    for _ in range(GETS):
        assert [await ctx.get(key) for key in ("own", "future", "task")] == ["awaited", "future", "task"]
    with pytest.raises(AsyncValueError):
        ctx.get_sync("own")
    assert not OwnAwaitable.closed


async def test_parameters_of_a_factory_are_injected():
    """CTX-064"""
    ctx = Context()
    ctx.bind("name").to("n")
    ctx.bind("thing").to_class(Thing).in_scope("singleton")

    def make(thing: Thing, *, name: str = inject("name"), other: str = inject("other", optional=True), count: int = 3):
        return thing, name, other, count

    ctx.bind("k").to_dynamic_value(make)
    assert await both(ctx, "k") == (ctx.get_sync("thing"), "n", None, 3)


async def test_a_factory_may_ask_for_the_resolution_it_is_part_of():
    """CTX-064"""
    app, _, request = chain()
    seen = []

    def make(anything: ResolutionContext, other: "ResolutionContext"):
        seen.append((anything.context, anything.binding, other.context))
        return anything.options

    for scope, expected in (("transient", request), ("singleton", app), ("request", request)):
        binding = app.bind(scope).to_dynamic_value(make).in_scope(scope)
        assert await request.get(scope) is not None
        assert request.get_sync(scope) is not None
        assert all(each == (expected, binding, expected) for each in seen)
        seen.clear()


PLAIN = {"optional": False, "as_proxy_with_interceptors": False}


@pytest.mark.parametrize("scope", ["transient", "singleton"])
@pytest.mark.parametrize("key", ["k", "alias", "alias of alias"])
async def test_the_options_of_the_resolution_are_those_of_the_get(scope, key):
    """CTX-064, CTX-073"""
    ctx, seen = Context(), []

    def make(resolution: ResolutionContext):
        seen.append(resolution.options)

    ctx.bind("alias").to_alias("k")
    ctx.bind("alias of alias").to_alias("alias")
    binding = ctx.bind("k").to_dynamic_value(make).in_scope(scope)
    for _ in range(GETS):
        for options in ({}, {"optional": True}, {"as_proxy_with_interceptors": True}):
            ctx.get_sync(key, **options)
            binding.refresh(ctx)
            await ctx.get(key, **options)
            binding.refresh(ctx)
            assert seen == [{**PLAIN, **options}] * 2
            seen.clear()


def test_the_options_of_an_injected_value_are_those_of_the_parameter():
    """CTX-064"""
    ctx = Context()

    def make(resolution: ResolutionContext):
        return resolution.options

    def consume(plain=inject("k"), maybe=inject("k", optional=True), default: int = 5):
        return plain, maybe

    ctx.bind("k").to_dynamic_value(make)
    ctx.bind("consumer").to_dynamic_value(consume)
    for _ in range(GETS):
        plain, maybe = ctx.get_sync("consumer", optional=True)
        assert plain == PLAIN
        assert maybe == {**PLAIN, "optional": True}


def test_a_factory_of_a_parent_sees_the_bindings_of_the_child_it_is_got_through():
    """CTX-065"""
    parent = Context()
    parent.bind("name").to("parent")
    parent.bind("k").to_dynamic_value(lambda name=inject("name"): name)
    child = Context(parent)
    child.bind("name").to("child")
    other = Context(parent)
    for _ in range(GETS):
        assert (child.get_sync("k"), parent.get_sync("k"), other.get_sync("k")) == ("child", "parent", "parent")


class Base:
    @staticmethod
    def value(name: str = inject("name")):
        return f"static {name}"


class Derived(Base):
    pass


class ByClass:
    greeting = "class"

    @classmethod
    def value(cls, name: str = inject("name")):
        return f"{cls.greeting} {name}"


class ByClassDerived(ByClass):
    greeting = "derived"


class Later:
    @staticmethod
    async def value(name: str = inject("name")):
        return f"async {name}"


class Yields:
    @staticmethod
    def value(name: str = inject("name")) -> Iterator[str]:
        yield f"generator {name}"


class YieldsLater:
    @classmethod
    async def value(cls, name: str = inject("name")) -> AsyncIterator[str]:
        yield f"async generator {name}"


@pytest.mark.parametrize(
    ("factory", "expected"),
    [
        (Base, "static n"),
        (Derived, "static n"),
        (ByClass, "class n"),
        (ByClassDerived, "derived n"),
        (Later, "async n"),
        (Yields, "generator n"),
        (YieldsLater, "async generator n"),
    ],
)
async def test_a_class_with_a_static_or_class_method_value_is_a_factory(factory, expected):
    """CTX-066"""
    async with Context() as ctx:
        ctx.bind("name").to("n")
        binding = ctx.bind("k").to_dynamic_value(factory)
        assert binding.source.value is factory
        for _ in range(GETS):
            assert await ctx.get("k") == expected


def test_a_class_without_such_a_method_is_no_factory():
    """CTX-066"""

    class Instance:
        def value(self):
            return 1

    class Attribute:
        value = 1

    ctx = Context()
    binding = ctx.bind("k").to(1)
    for cls in (Thing, Instance, Attribute, dict):
        with pytest.raises(TypeError, match="to_class"):
            binding.to_dynamic_value(cls)
    for value in (1, "text", None, [], Thing()):
        with pytest.raises(TypeError):
            binding.to_dynamic_value(value)
    assert ctx.get_sync("k") == 1


class Factories:
    def __init__(self, greeting):
        self.greeting = greeting

    def method(self, name: str = inject("name")):
        return f"{self.greeting} {name}"

    async def later(self, name: str = inject("name")):
        return f"{self.greeting} {name}"

    @classmethod
    def by_class(cls, name: str = inject("name")):
        return f"{cls.__name__} {name}"

    def __call__(self, name: str = inject("name")):
        return f"called {self.greeting} {name}"


async def test_partials_bound_methods_lambdas_and_callable_objects_are_factories():
    """CTX-067"""
    factories = Factories("hello")

    def make(first, name: str = inject("name"), last: str = inject("last")):
        return first, name, last

    ctx = Context()
    ctx.bind("name").to("n")
    ctx.bind("last").to("l")
    cases = [
        (functools.partial(make, 1), (1, "n", "l")),
        (functools.partial(make, 1, last="given"), (1, "n", "given")),
        (functools.partial(make, 1, "given"), (1, "given", "l")),
        (functools.partial(functools.partial(make, 1), name="given"), (1, "given", "l")),
        (functools.partial(make, first=1, name="given", last=None), (1, "given", None)),
        (functools.partial(factories.method), "hello n"),
        (functools.partial(factories), "called hello n"),
        (factories.method, "hello n"),
        (Factories.by_class, "Factories n"),
        (factories, "called hello n"),
        (lambda name=inject("name"): name, "n"),
        (lambda *args, **kwargs: (args, kwargs), ((), {})),
    ]
    for position, (factory, expected) in enumerate(cases):
        ctx.bind(f"k{position}").to_dynamic_value(factory)
        assert await both(ctx, f"k{position}") == expected
    for later in (factories.later, functools.partial(factories.later)):
        ctx.bind("later").to_dynamic_value(later)
        for _ in range(GETS):
            assert await ctx.get("later") == "hello n"


async def test_a_partial_of_a_class_is_a_factory():
    """CTX-067"""

    class Made:
        def __init__(self, given, name: str = inject("name")):
            self.found = given, name

    ctx = Context()
    ctx.bind("name").to("n")
    ctx.bind("k").to_dynamic_value(functools.partial(Made, 1))
    for _ in range(GETS):
        assert ctx.get_sync("k").found == (1, "n")


# Generators


@pytest.mark.parametrize("scope", ["transient", *KEEPING])
async def test_a_generator_yields_the_value_and_goes_on_when_the_context_closes(scope):
    """CTX-068"""
    log = []

    def make(name: str = inject("name")) -> Iterator[str]:
        log.append("made")
        yield f"plain {name}"
        log.append("cleaned")

    async def make_later(name: str = inject("name")) -> AsyncIterator[str]:
        log.append("made later")
        yield f"async {name}"
        log.append("cleaned later")

    async with Context() as ctx:
        ctx.bind("name").to("n")
        ctx.bind("plain").to_dynamic_value(make).in_scope(scope)
        ctx.bind("async").to_dynamic_value(make_later).in_scope(scope)
        assert (ctx.get_sync("plain"), await ctx.get("plain"), await ctx.get("async")) == (
            "plain n",
            "plain n",
            "async n",
        )
        if scope == "transient":
            with pytest.raises(AsyncValueError):
                ctx.get_sync("async")
        made = list(log)
        assert made.count("made") == (2 if scope == "transient" else 1)
        assert not any(each.startswith("cleaned") for each in log)
    expected = ["cleaned later" if each == "made later" else "cleaned" for each in reversed(made)]
    assert log == made + expected


@pytest.mark.parametrize("scope", ["transient", *KEEPING])
async def test_a_generator_that_ends_without_a_yield_is_an_error(scope):
    """CTX-068"""

    def none():
        return
        yield

    async def none_later():
        return
        yield

    ctx = Context()
    ctx.bind("plain.none").to_dynamic_value(none).in_scope(scope)
    ctx.bind("async.none").to_dynamic_value(none_later).in_scope(scope)
    for _ in range(GETS):
        for key in ("plain.none", "async.none"):
            with pytest.raises(ResolutionError, match=key) as caught:
                await ctx.get(key)
            assert caught.value.key == key
        with pytest.raises(ResolutionError, match=r"plain\.none"):
            ctx.get_sync("plain.none")
    await ctx.close()


async def test_a_generator_that_yields_twice_makes_the_close_fail():
    """CTX-068"""

    def twice():
        yield 1
        yield 2

    async def twice_later():
        yield 1
        yield 2

    for key, factory in (("plain.twice", twice), ("async.twice", twice_later)):
        ctx = Context()
        ctx.bind(key).to_dynamic_value(factory)
        assert await ctx.get(key) == 1
        with pytest.raises(ResolutionError, match=key):
            await ctx.close()


async def test_a_value_that_is_a_generator_object_is_a_value():
    """CTX-068, CTX-081"""

    def numbers():
        yield 1

    generator = numbers()
    ctx = Context()
    ctx.bind("k").to_dynamic_value(lambda: generator)
    assert await both(ctx, "k") is generator
    assert list(generator) == [1]


async def test_a_decorated_generator_function_gives_what_the_decorator_makes_of_it():
    """CTX-067, CTX-068"""

    def listed(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return list(function(*args, **kwargs))

        return wrapper

    def passed_on(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)

        return wrapper

    def numbers(first: int = inject("first")):
        yield first
        log.append("cleaned")

    log = []
    async with Context() as ctx:
        ctx.bind("first").to(1)
        ctx.bind("listed").to_dynamic_value(listed(numbers))
        ctx.bind("passed on").to_dynamic_value(passed_on(numbers))
        assert await both(ctx, "listed") == [1]
        log.clear()
        assert await both(ctx, "passed on") == 1
        assert log == []
    assert set(log) == {"cleaned"}


# Classes


async def test_a_class_is_instantiated_with_arguments_and_then_properties():
    """CTX-069, CTX-070"""

    class Service:
        clock: str = inject("clock")

        def __init__(self, name: str = inject("name")):
            self.seen = (name, self.__dict__.get("clock"))

    ctx = Context()
    ctx.bind("name").to("n")
    ctx.bind("clock").to("c")
    ctx.bind("k").to_class(Service)
    found = [ctx.get_sync("k") for _ in range(GETS)] + [await ctx.get("k") for _ in range(GETS)]
    assert len(set(map(id, found))) == 2 * GETS
    for service in found:
        assert (service.seen, service.clock) == (("n", None), "c")


def test_to_class_does_not_read_what_injectable_wrote():
    """CTX-069"""

    @injectable(scope="singleton", tags=["t"], provides=[dict])
    class Service:
        pass

    ctx = Context()
    binding = ctx.bind("k").to_class(Service)
    assert (binding.scope, dict(binding.tag_map)) == (BindingScope.TRANSIENT, {})
    assert ctx.get_sync("k") is not ctx.get_sync("k")
    assert dict not in ctx
    kept = ctx.bind("kept").in_scope("context").to_class(Service)
    assert kept.scope is BindingScope.CONTEXT


@pytest.mark.parametrize("value", [1, "text", None, Thing(), lambda: 1, list[int]])
def test_to_class_takes_classes_only(value):
    """CTX-069"""
    with pytest.raises(TypeError):
        Context().bind("k").to_class(value)


async def test_a_graph_without_anything_asynchronous_resolves_synchronously():
    """CTX-070"""

    class Leaf:
        pass

    class Branch:
        leaf: Leaf = inject()

    class Root:
        other: Branch = inject("branch")

        def __init__(self, branch: Branch, text: str = inject("text")):
            self.branch, self.text = branch, text

    ctx = Context()
    ctx.bind("leaf").to_class(Leaf)
    ctx.bind("branch").to_class(Branch)
    ctx.bind("text").to_dynamic_value(lambda: "t")
    ctx.bind("root").to_class(Root)
    for _ in range(GETS):
        for root in (ctx.get_sync("root"), await ctx.get("root")):
            assert isinstance(root.branch.leaf, Leaf)
            assert isinstance(root.other, Branch)
            assert root.other is not root.branch
            assert root.text == "t"


async def test_a_class_with_an_asynchronous_dependency_resolves_with_get_only():
    """CTX-070, CTX-123"""

    async def make():
        return "later"

    class ByParameter:
        def __init__(self, value=inject("later")):
            self.value = value

    class ByProperty:
        value = inject("later")

    ctx = Context()
    ctx.bind("later").to_dynamic_value(make)
    ctx.bind("a").to_class(ByParameter)
    ctx.bind("b").to_class(ByProperty)
    for key in ("a", "b"):
        for _ in range(GETS):
            with pytest.raises(AsyncValueError, match="'later'"):
                ctx.get_sync(key)
            assert (await ctx.get(key)).value == "later"


# Providers


class PlainProvider:
    suffix: str = inject("suffix")

    def __init__(self, name: str = inject("name")):
        self.name = name

    def value(self, greeting: str = inject("greeting")):
        return f"{greeting} {self.name}{self.suffix}"


class Declared(Provider[str]):
    def __init__(self, name: str = inject("name")):
        self.name = name

    def value(self) -> str:
        return self.name


class LaterProvider(PlainProvider):
    async def value(self, greeting: str = inject("greeting")):
        return f"async {greeting} {self.name}{self.suffix}"


class GeneratorProvider(PlainProvider):
    def value(self, greeting: str = inject("greeting")):
        yield f"generator {greeting} {self.name}{self.suffix}"


class LaterGeneratorProvider(PlainProvider):
    async def value(self, greeting: str = inject("greeting")):
        yield f"async generator {greeting} {self.name}{self.suffix}"


@pytest.mark.parametrize(
    ("provider", "expected", "sync"),
    [
        (PlainProvider, "hello n!", True),
        (Declared, "n", True),
        (LaterProvider, "async hello n!", False),
        (GeneratorProvider, "generator hello n!", True),
        (LaterGeneratorProvider, "async generator hello n!", False),
    ],
)
async def test_the_value_of_a_provider_is_what_its_method_gives(provider, expected, sync):
    """CTX-071"""
    async with Context() as ctx:
        for key, value in {"name": "n", "suffix": "!", "greeting": "hello"}.items():
            ctx.bind(key).to(value)
        binding = ctx.bind("k").to_provider(provider)
        assert binding.source.value is provider
        for _ in range(GETS):
            assert await ctx.get("k") == expected
            if sync:
                assert ctx.get_sync("k") == expected
            else:
                with pytest.raises(AsyncValueError, match="'k'"):
                    ctx.get_sync("k")


async def test_a_provider_with_an_asynchronous_dependency_resolves_with_get():
    """CTX-071"""

    async def make():
        return "later"

    class ByDependency:
        def __init__(self, name: str = inject("later")):
            self.name = name

        def value(self):
            return self.name

    ctx = Context()
    ctx.bind("later").to_dynamic_value(make)
    ctx.bind("k").to_provider(ByDependency)
    for _ in range(GETS):
        with pytest.raises(AsyncValueError):
            ctx.get_sync("k")
        assert await ctx.get("k") == "later"


@pytest.mark.parametrize("value", [Thing, type("Attribute", (), {"value": 5}), lambda: 1, ThingProvider(), None])
def test_what_has_no_callable_value_is_no_provider(value):
    """CTX-071"""
    binding = Context().bind("k")
    with pytest.raises(TypeError):
        binding.to_provider(value)
    assert binding.type is None


def test_a_kept_provider_value_is_made_once_by_one_provider():
    """CTX-071, CTX-222"""
    made = []

    class Counting:
        def __init__(self):
            made.append(self)

        def value(self):
            return object()

    ctx = Context()
    ctx.bind("k").to_provider(Counting).in_scope("singleton")
    assert len({id(ctx.get_sync("k")) for _ in range(GETS)}) == 1
    assert len(made) == 1


# Injectable


def test_to_injectable_picks_the_source_by_shape():
    """CTX-072"""

    class Factory:
        @staticmethod
        def value():
            return "factory"

    ctx = Context()
    for cls, kind in (
        (Thing, BindingType.CLASS),
        (ThingProvider, BindingType.PROVIDER),
        (Factory, BindingType.DYNAMIC_VALUE),
        (type("Attribute", (), {"value": 5}), BindingType.CLASS),
    ):
        assert ctx.bind("k").to_injectable(cls).type is kind
    ctx.bind("k").to_injectable(Factory)
    assert ctx.get_sync("k") == "factory"
    with pytest.raises(TypeError):
        ctx.bind("k").to_injectable(Factory())


def test_to_injectable_applies_scope_and_tags_and_keeps_the_key():
    """CTX-072"""

    @injectable(scope=BindingScope.SINGLETON, tags=["a", {"b": 1}], key="other.key", name="other", namespace="n")
    class Service:
        pass

    ctx = Context()
    binding = ctx.bind("k").to_injectable(Service)
    assert (binding.key, binding.scope) == ("k", BindingScope.SINGLETON)
    assert binding.tag_map["b"] == 1
    assert "a" in binding.tag_names
    assert ctx.get_sync("k") is ctx.get_sync("k")
    assert not ctx.contains("other.key")


# Aliases


@pytest.mark.parametrize("target", ["target", BindingKey("target")])
async def test_an_alias_gives_what_its_target_gives_at_that_moment(target):
    """CTX-073"""
    ctx = Context()
    binding = ctx.bind("alias").to_alias(target)
    assert binding.source.value is target
    ctx.bind("target").to(1)
    assert await both(ctx, "alias") == 1
    ctx.bind("target").to(2)
    assert await both(ctx, "alias") == 2
    ctx.get_binding("target").to_class(Thing).in_scope("singleton")
    assert await both(ctx, "alias") is ctx.get_sync("target")
    ctx.unbind("target")
    with pytest.raises(KeyNotBoundError, match="'target'"):
        ctx.get_sync("alias")


async def test_an_alias_takes_a_path():
    """CTX-073"""
    ctx = Context()
    ctx.bind("parent.options").to({"child": {"x": 1}})
    ctx.bind("alias").to_alias("parent.options#child")
    assert await both(ctx, "alias") == {"x": 1}
    assert await both(ctx, "alias#x") == 1
    ctx.bind("deep").to_alias(BindingKey("parent.options#child.x"))
    assert await both(ctx, "deep") == 1


async def test_an_alias_of_a_class_finds_its_provider():
    """CTX-016, CTX-073"""
    ctx = Context()
    ctx.bind("alias").to_alias(Thing)
    ctx.bind("thing").to_class(Thing).in_scope("singleton")
    assert await both(ctx, "alias") is ctx.get_sync("thing")


def test_an_alias_looks_its_target_up_in_its_resolution_context():
    """CTX-073"""
    app, _, request = chain()
    app.bind("target").to("app")
    app.bind("transient").to_alias("target")
    app.bind("singleton").to_alias("target").in_scope("singleton")
    request.bind("target").to("request")
    for _ in range(GETS):
        assert (request.get_sync("transient"), app.get_sync("transient")) == ("request", "app")
        assert (request.get_sync("singleton"), app.get_sync("singleton")) == ("app", "app")


async def test_an_alias_of_an_asynchronous_target_is_asynchronous():
    """CTX-073"""

    async def make():
        return 1

    ctx = Context()
    ctx.bind("target").to_dynamic_value(make)
    ctx.bind("alias").to_alias("target")
    for _ in range(GETS):
        assert await ctx.get("alias") == 1
        with pytest.raises(AsyncValueError, match="'target'"):
            ctx.get_sync("alias")


async def test_an_alias_passes_the_proxy_option_on():
    """CTX-073"""

    class Service:
        def method(self):
            return "called"

    ctx = Context()
    ctx.bind("target").to_class(Service).in_scope("singleton")
    ctx.bind("alias").to_alias("target")
    for _ in range(GETS):
        assert await ctx.get_sync("alias", as_proxy_with_interceptors=True).method() == "called"
        assert ctx.get_sync("alias").method() == "called"


@pytest.mark.parametrize("scope", ["transient", *KEEPING])
async def test_an_alias_without_target_names_the_target(scope):
    """CTX-074"""
    ctx = Context()
    ctx.bind("alias").to_alias("the.target#x").in_scope(scope)
    for _ in range(GETS):
        with pytest.raises(KeyNotBoundError, match=r"the\.target") as caught:
            ctx.get_sync("alias")
        assert caught.value.key == "the.target"
        with pytest.raises(KeyNotBoundError, match=r"the\.target"):
            await ctx.get("alias")
        assert ctx.get_sync("alias", optional=True) is None
        assert await ctx.get("alias", optional=True) is None


@pytest.mark.parametrize("scope", ["transient", *KEEPING])
async def test_aliases_of_aliases_work_to_any_depth(scope):
    """CTX-075"""
    ctx = Context()
    ctx.bind("0").to({"x": 1})
    for number in range(1, 40):
        ctx.bind(str(number)).to_alias(str(number - 1)).in_scope(scope)
    assert await both(ctx, "39#x") == 1


@pytest.mark.parametrize("scope", ["transient", *KEEPING])
@pytest.mark.parametrize("size", [1, 2, 3])
async def test_a_ring_of_aliases_is_named(size, scope):
    """CTX-075"""
    ctx = Context()
    keys = ["a", "b", "c"][:size]
    for position, key in enumerate(keys):
        ctx.bind(key).to_alias(keys[(position + 1) % size]).in_scope(scope)
    for _ in range(GETS):
        for key in keys:
            start = keys.index(key)
            ring = " --> ".join([*keys[start:], *keys[:start], key])
            with pytest.raises(CircularDependencyError, match=ring):
                ctx.get_sync(key)
            with pytest.raises(CircularDependencyError, match=ring):
                await ctx.get(key)
            with pytest.raises(CircularDependencyError):
                ctx.get_sync(key, optional=True)


# No source


@pytest.mark.parametrize("scope", ["transient", *KEEPING])
async def test_a_binding_without_a_source_says_that_no_value_was_configured(scope):
    """CTX-076"""
    ctx = Context()
    ctx.bind("k").in_scope(scope)
    for _ in range(GETS):
        with pytest.raises(ResolutionError, match=r"(?i)no value was configured.*'k'") as caught:
            ctx.get_sync("k")
        assert not isinstance(caught.value, KeyNotBoundError)
        with pytest.raises(ResolutionError, match="'k'"):
            await ctx.get("k")
        assert ctx.get_sync("k", optional=True) is None
        assert await ctx.get("k", optional=True) is None
    ctx.get_binding("k").to(1)
    assert await both(ctx, "k") == 1


# What is known of the source


def test_the_source_is_exactly_what_was_passed():
    """CTX-077"""
    binding = Binding("k")
    assert binding.source is None

    def factory():
        return 1

    value = [1]
    for change, passed in (
        (binding.to, value),
        (binding.to_dynamic_value, factory),
        (binding.to_class, Thing),
        (binding.to_provider, ThingProvider),
        (binding.to_alias, "text#path"),
        (binding.to_alias, BindingKey("key")),
        (binding.to_alias, Thing),
    ):
        change(passed)
        assert binding.source.value is passed
        assert binding.source.type is binding.type


async def _later() -> Thing:
    return Thing()


def _awaitable() -> Awaitable[Thing]:
    return _later()


def _iterator() -> Iterator[Thing]:
    yield Thing()


def _quoted() -> "Thing":
    return Thing()


def _unknown() -> "NoSuchName":  # noqa: F821 - on purpose
    return 1


class TypedProvider:
    def value(self) -> Thing:
        return Thing()


def test_the_type_of_the_value_is_known_where_the_source_says_it():
    """CTX-077"""
    binding = Binding("k")
    assert binding.value_type is None
    for set_source, expected in (
        (lambda: binding.to_class(Thing), Thing),
        (lambda: binding.to("text"), str),
        (lambda: binding.to(None), type(None)),
        (lambda: binding.to_dynamic_value(_quoted), Thing),
        (lambda: binding.to_dynamic_value(_later), Thing),
        (lambda: binding.to_dynamic_value(_awaitable), Thing),
        (lambda: binding.to_dynamic_value(_iterator), Thing),
        (lambda: binding.to_dynamic_value(lambda: 1), None),
        (lambda: binding.to_dynamic_value(_unknown), None),
        (lambda: binding.to_provider(TypedProvider), Thing),
        (lambda: binding.to_provider(ThingProvider), None),
        (lambda: binding.to_alias("k"), None),
    ):
        set_source()
        assert binding.value_type is expected


# Templates and chaining


def test_templates_are_called_in_order_with_the_binding():
    """CTX-078"""
    ctx, log = Context(), []
    binding = ctx.bind("k")

    def first(given):
        log.append(("first", given))
        given.tag("a").in_scope("singleton")

    def second(given):
        log.append(("second", given))
        assert "a" in given.tag_map

        def not_yet():
            raise ValueError("not bound yet")

        given.to_dynamic_value(not_yet)
        return "ignored"

    assert binding.apply(first, second) is binding
    assert log == [("first", binding), ("second", binding)]
    for _ in range(GETS):
        with pytest.raises(ValueError, match="not bound yet"):
            ctx.get_sync("k")
    binding.to(1)
    assert ctx.get_sync("k") == 1
    assert binding.apply() is binding


def test_what_a_template_raises_reaches_the_caller():
    """CTX-078"""
    binding, error = Binding("k"), ValueError("template")

    def template(given):
        raise error

    with pytest.raises(ValueError, match="template") as caught:
        binding.apply(lambda given: given.tag("a"), template, lambda given: given.tag("b"))
    assert caught.value is error
    assert binding.tag_names == ["a"]


async def test_a_binding_resolves_itself_as_seen_from_a_context():
    """CTX-079"""
    app, server, request = chain()
    server.bind("name").to("server")
    request.bind("name").to("request")
    make = lambda name=inject("name", optional=True): [name]  # noqa: E731 - a factory
    transient = app.bind("transient").to_dynamic_value(make)
    single = app.bind("single").to_dynamic_value(make).in_scope("singleton")
    scoped = app.bind("server").to_dynamic_value(make).in_scope("server")
    for _ in range(GETS):
        assert transient.get_value_sync(request) == ["request"]
        assert transient.get_value_sync(server) == ["server"]
        assert await transient.get_value(request) == ["request"]
        assert transient.get_value_sync(request) is not transient.get_value_sync(request)
        assert single.get_value_sync(request) is app.get_sync("single") is await single.get_value(server)
        assert scoped.get_value_sync(request) is request.get_sync("server")
        assert (single.get_value_sync(request), scoped.get_value_sync(request)) == ([None], ["server"])


async def test_a_binding_in_no_context_is_owned_by_the_one_that_asks():
    """CTX-079"""
    app, _, request = chain()
    request.bind("name").to("request")
    binding = Binding("k").to_dynamic_value(lambda name=inject("name", optional=True): [name]).in_scope("singleton")
    value = binding.get_value_sync(request)
    assert value == ["request"]
    assert await binding.get_value(request) is value
    assert binding.get_value_sync(app) == [None]
    assert binding.get_value_sync(app) is binding.get_value_sync(app)
    with pytest.raises(ResolutionError, match="No value"):
        Binding("empty").get_value_sync(app)


def test_a_hidden_binding_resolves_as_owned_by_the_context_that_holds_it():
    """CTX-079, CTX-236"""
    app, _, request = chain()
    hidden = app.bind("k").to_class(Thing).in_scope("singleton")
    request.bind("k").to("nearer")
    value = hidden.get_value_sync(request)
    assert value is app.get_sync("k")
    assert request.get_sync("k") == "nearer"
    hidden.refresh(request)
    assert app.get_sync("k") is not value


def test_every_change_returns_the_binding():
    """CTX-080"""
    binding = Binding("k")
    assert (
        binding.to(1)
        .to_dynamic_value(lambda: 1)
        .to_class(Thing)
        .to_provider(ThingProvider)
        .to_injectable(Thing)
        .to_alias("other")
        .tag("a")
        .in_scope("singleton")
        .apply_default_scope("context")
        .apply(lambda given: None)
        .provides(Thing)
        .lock()
        .unlock()
        is binding
    )


class Touchy:
    """Anything done to it is written down."""

    def __init__(self, log):
        object.__setattr__(self, "log", log)

    def __getattr__(self, name):
        self.log.append(name)
        raise AttributeError(name)

    def __enter__(self):
        self.log.append("__enter__")

    def __exit__(self, *_):
        self.log.append("__exit__")

    def __call__(self):
        self.log.append("__call__")

    def __eq__(self, other):
        self.log.append("__eq__")
        return self is other

    def __bool__(self):
        self.log.append("__bool__")
        return True

    def __hash__(self):
        self.log.append("__hash__")
        return 1

    def close(self):
        self.log.append("close")

    async def aclose(self):
        self.log.append("aclose")

    def __del__(self):
        pass


async def test_the_container_does_nothing_to_a_value():
    """CTX-081"""
    log = []
    value = Touchy(log)
    async with Context() as ctx:
        constant = ctx.bind("constant").to(value)
        ctx.bind("made").to_dynamic_value(lambda: value)
        kept = ctx.bind("kept").to_dynamic_value(lambda: value).in_scope("singleton")
        for _ in range(GETS):
            for key in ("constant", "made", "kept"):
                assert ctx.get_sync(key) is value
                assert await ctx.get(key) is value
        kept.refresh(ctx)
        constant.to(None)
        ctx.unbind("kept")
        repr(ctx)
    assert log == []
