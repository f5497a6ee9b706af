"""Configuration of bindings: an ordinary binding under ``<key>:$config``."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Annotated, Any

import pytest

from mainspring.context import (
    AsyncValueError,
    Binding,
    BindingKey,
    BindingLockedError,
    Context,
    ContextBindings,
    ContextView,
    Getter,
    KeyNotBoundError,
    ResolutionError,
    config,
    inject,
    invoke_method,
)

EveryWay = Callable[[Context, Any], Awaitable[list[Any]]]
EveryError = Callable[[Context, Any, type[BaseException]], Awaitable[list[Any]]]


class Server:
    """Takes its configuration in every spelling."""

    name: str = config("name")
    annotated: Annotated[dict[str, Any], config()]

    def __init__(
        self,
        whole: Any = config(),
        port: int = config("rest.port", default=80),
        host: Annotated[str, config("rest.host")] = "localhost",
        empty: Any = config(""),
        nothing: Any = config("no.where"),
    ) -> None:
        self.whole, self.port, self.host, self.empty, self.nothing = whole, port, host, empty, nothing


# Binding and reading


async def test_configure_binds_beside_the_key_whenever(ctx: Context) -> None:
    """CTX-380"""
    before = ctx.configure("servers.a").to({"port": 1})
    assert before.key == "servers.a:$config"
    assert dict(before.tag_map) == {"configuration_for": "servers.a"}
    assert ctx.get_binding("servers.a:$config") is before
    assert not ctx.contains("servers.a")
    ctx.bind("servers.a").to_class(Server)
    ctx.bind("servers.b").to_class(Server)
    ctx.configure(BindingKey("servers.b")).to({"rest": {"port": 2}})
    assert ctx.get_sync("servers.b").port == 2
    assert ctx.configure().key == "$config"
    assert ctx.configure().tag_map["configuration_for"] == ""
    child = Context(ctx)
    child.configure("servers.a")
    assert ctx.get_binding("servers.a:$config") is before
    assert child.contains("servers.a:$config")


async def test_configure_takes_a_class_as_key(ctx: Context) -> None:
    """CTX-380, CTX-384"""
    ctx.configure(Server).to({"rest": {"port": 9}})
    ctx.bind(Server).to_class(Server)
    assert ctx.get_sync(Server).port == 9
    assert ctx.get_config_sync(Server, "rest.port") == 9


def test_binding_of_a_configuration_needs_no_context(ctx: Context) -> None:
    """CTX-380"""
    binding = Binding.configure("servers.a").to({"port": 1})
    assert (binding.key, binding.tag_map["configuration_for"]) == ("servers.a:$config", "servers.a")
    assert Binding.configure().key == "$config"
    assert not ctx.is_bound("servers.a:$config")
    ctx.add(binding)
    assert ctx.get_config_sync("servers.a", "port") == 1
    binding.lock()
    with pytest.raises(BindingLockedError):
        ctx.configure("servers.a")


async def test_get_config_reads_value_or_path(ctx: Context) -> None:
    """CTX-381"""
    ctx.configure("a").to({"x": {"y": [1, 2], "none": None}})
    for _ in range(3):
        assert await ctx.get_config("a") == ctx.get_config_sync("a") == {"x": {"y": [1, 2], "none": None}}
        for path, expected in (("x.y.1", 2), ("x.none", None), ("absent", None), ("x.y.z", None), ("x.y.7", None)):
            assert await ctx.get_config("a", path) == ctx.get_config_sync("a", path) == expected
        assert await ctx.get_config("b") is ctx.get_config_sync("b") is None
        assert await ctx.get_config("b", "x") is ctx.get_config_sync("b", "x") is None
        assert await ctx.get_config("a", "absent", optional=False) is None
        with pytest.raises(KeyNotBoundError, match=r"b:\$config"):
            await ctx.get_config("b", optional=False)
        with pytest.raises(KeyNotBoundError, match=r"b:\$config"):
            ctx.get_config_sync("b", "x", optional=False)


async def test_nearest_configuration_wins_as_a_whole(ctx: Context, every_way: EveryWay) -> None:
    """CTX-381"""
    ctx.configure("server").to({"rest": {"port": 1, "host": "above"}, "name": "above"})
    ctx.bind("server").to_class(Server)
    child = Context(ctx)
    child.configure("server").to({"rest": {"port": 2}})
    assert child.get_config_sync("server", "rest.host") is None
    assert await child.get_config("server") == {"rest": {"port": 2}}
    for each in await every_way(child, "server"):
        assert (each.port, each.host, each.name) == (2, "localhost", None)
    for each in await every_way(ctx, "server"):
        assert (each.port, each.host, each.name) == (1, "above", "above")


async def test_asynchronous_configuration_is_refused_synchronously(ctx: Context) -> None:
    """CTX-382"""

    async def load() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"x": 1}

    ctx.configure("a").to_dynamic_value(load)
    for _ in range(3):
        with pytest.raises(AsyncValueError, match=r"a:\$config"):
            ctx.get_config_sync("a")
        with pytest.raises(AsyncValueError, match=r"a:\$config"):
            ctx.get_config_sync("a", "x")
        assert await ctx.get_config("a", "x") == 1


async def test_configuration_of_a_longer_key_is_another_one(ctx: Context) -> None:
    """CTX-383"""
    ctx.configure("a").to({"x": 1, "b": {"x": 2}})
    ctx.configure("a.b").to({"x": 3})
    ctx.bind("a.b").to_class(Server)
    assert ctx.get_config_sync("a", "x") == 1
    assert ctx.get_config_sync("a", "b.x") == 2
    assert ctx.get_config_sync("a.b", "x") == 3
    assert ctx.get_sync("a.b").whole == {"x": 3}
    ctx.unbind("a:$config")
    assert ctx.get_config_sync("a", "b.x") is None


# Injecting


async def test_config_is_that_of_the_binding_being_resolved(ctx: Context, every_way: EveryWay) -> None:
    """CTX-384, CTX-385"""
    for name, port in (("one", 1), ("two", 2)):
        ctx.bind(f"servers.{name}").to_class(Server)
        ctx.configure(f"servers.{name}").to({"name": name, "rest": {"port": port, "host": f"{name}.host"}})
    ctx.bind("servers.none").to_class(Server)
    for name, port in (("one", 1), ("two", 2)):
        for each in await every_way(ctx, f"servers.{name}"):
            assert (each.name, each.port, each.host, each.nothing) == (name, port, f"{name}.host", None)
            assert each.whole is each.empty is each.annotated is ctx.get_config_sync(f"servers.{name}")
    for each in await every_way(ctx, "servers.none"):
        assert (each.name, each.port, each.host, each.nothing) == (None, 80, "localhost", None)
        assert each.whole is each.empty is each.annotated is None


async def test_config_of_a_dependency_is_the_dependencys(ctx: Context, every_way: EveryWay) -> None:
    """CTX-384"""

    class Outer:
        def __init__(self, inner: Any = inject("inner"), port: int = config("port")) -> None:
            self.seen = (inner, port)

    def inner(port: int = config("port")) -> int:
        return port

    ctx.bind("outer").to_class(Outer)
    ctx.bind("inner").to_dynamic_value(inner)
    ctx.bind("alias").to_alias("outer")
    ctx.configure("outer").to({"port": 1})
    ctx.configure("inner").to({"port": 2})
    ctx.configure("alias").to({"port": 3})
    for key in ("outer", "alias"):
        assert [each.seen for each in await every_way(ctx, key)] == [(2, 1)] * 8


async def test_config_works_in_every_kind_of_consumer(ctx: Context, every_way: EveryWay) -> None:  # noqa: C901 - a list of consumers
    """CTX-384"""

    class Provided:
        prop: int = config("x")

        def __init__(self, x: int = config("x")) -> None:
            self.x = x

        def value(self, x: int = config("x")) -> Any:
            return (self.prop, self.x, x)

    class Made:
        @staticmethod
        def value(x: int = config("x")) -> Any:
            return (x, x, x)

    @dataclass
    class Data:
        x: int = config("x")
        y: Annotated[int, config("absent")] = 5
        z: list[int] = field(default_factory=list)

    for source in ({"x": 1}, lambda: {"x": 1}, ConfigProvider, "alias"):
        for key in ("provided", "made", "data"):
            binding = ctx.configure(key)
            if source == "alias":
                ctx.bind("shared").to({"x": 1})
                binding.to_alias("shared")
            elif source is ConfigProvider:
                binding.to_provider(ConfigProvider)
            elif callable(source):
                binding.to_dynamic_value(source)
            else:
                binding.to(source)
        ctx.bind("provided").to_provider(Provided)
        ctx.bind("made").to_dynamic_value(Made)
        ctx.bind("data").to_class(Data)
        assert await every_way(ctx, "provided") == [(1, 1, 1)] * 8
        assert await every_way(ctx, "made") == [(1, 1, 1)] * 8
        assert await every_way(ctx, "data") == [Data(1, 5, [])] * 8


class ConfigProvider:
    """A provider of configuration."""

    def value(self) -> dict[str, int]:
        """The value."""
        return {"x": 1}


async def test_asynchronous_configuration_makes_the_consumer_asynchronous(ctx: Context) -> None:
    """CTX-384"""

    async def load() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"name": "slow"}

    ctx.bind("server").to_class(Server)
    ctx.configure("server").to_dynamic_value(load)
    for _ in range(4):
        assert (await ctx.get("server")).name == "slow"
        with pytest.raises(AsyncValueError) as caught:
            ctx.get_sync("server")
        assert "server --> Server.__init__[whole] --> server:$config" in caught.value.path


@pytest.mark.parametrize("path", ["", "x"])
async def test_error_in_a_configuration_is_the_consumers(ctx: Context, every_error: EveryError, path: str) -> None:
    """CTX-384"""
    boom = RuntimeError("boom")

    def fail() -> Any:
        raise boom

    class Service:
        def __init__(self, x: Any = config(path, default=5)) -> None: ...

    ctx.bind("service").to_class(Service)
    ctx.configure("service").to_dynamic_value(fail)
    for error in await every_error(ctx, "service", RuntimeError):
        assert error is boom


async def test_absent_configuration_leaves_the_default_a_none_does_not(ctx: Context, every_way: EveryWay) -> None:  # noqa: C901 - a list of values
    """CTX-385"""

    class Service:
        prop: Annotated[Any, config("a.b")] = "class"
        set_in_init: Annotated[Any, config("a.b")]

        def __init__(
            self,
            own: Annotated[Any, config("a.b")] = "own",
            said: Any = config("a.b", default="said"),
            falsy: Any = config("a.b", default=0),
            both: Annotated[Any, config("a.b", default="said")] = "own",
            none: Any = config("a.b"),
            whole: Annotated[Any, config()] = "own",
        ) -> None:
            self.set_in_init = "init"
            self.seen = (own, said, falsy, both, none, whole)

    ctx.bind("service").to_class(Service)
    absent = ("own", "said", 0, "said", None)
    for value in ("nothing", {}, {"a": {}}, {"a": 5}, {"a": None}):
        if value != "nothing":
            ctx.configure("service").to(value)
        for each in await every_way(ctx, "service"):
            assert each.seen[:5] == absent
            assert each.seen[5] == ("own" if value == "nothing" else value)
            assert (each.prop, each.set_in_init) == ("class", "init")
    ctx.configure("service").to({"a": {"b": None}})
    for each in await every_way(ctx, "service"):
        assert each.seen[:5] == (None,) * 5
        assert (each.prop, each.set_in_init) == (None, None)
    ctx.configure("service").to(None)
    for each in await every_way(ctx, "service"):
        assert each.seen == (*absent, None)
    for falsy in (0, "", False, []):
        ctx.configure("service").to({"a": {"b": falsy}})
        for each in await every_way(ctx, "service"):
            assert each.seen[:5] == (falsy,) * 5


async def test_without_a_current_binding_there_is_no_configuration(ctx: Context) -> None:
    """CTX-386"""

    class Service:
        def run(
            self,
            a: Any = config(),
            b: Any = config("x", default=5),
            c: Annotated[Any, config("x")] = 6,
            get: Any = config.getter(),
            view: Any = config.view("x"),
            other: Any = config("x", from_binding="other"),
        ) -> Any:
            return (a, b, c, get, view, other)

    ctx.configure("service").to({"x": 1})
    ctx.configure("other").to({"x": 2})
    ctx.bind("service").to_class(Service)
    ctx.configure().to({"x": 3})
    service = ctx.get_sync("service")
    assert await invoke_method(service, "run", ctx) == (None, 5, 6, None, None, 2)

    async def factory(called: Any = inject("service")) -> Any:
        return await invoke_method(called, "run", ctx)

    ctx.bind("made").to_dynamic_value(factory)
    ctx.configure("made").to({"x": 9})
    for _ in range(4):
        assert await ctx.get("made") == (None, 5, 6, None, None, 2)


async def test_from_binding_reads_the_configuration_of_another(ctx: Context, every_way: EveryWay) -> None:
    """CTX-387"""

    class Service:
        a: int = config("port", from_binding="servers.a")
        b: Annotated[Any, config(from_binding=BindingKey("servers.a"))]
        c: int = config("port", from_binding="absent", default=7)

        def __init__(self, own: int = config("port")) -> None:
            self.own = own

    ctx.bind("service").to_class(Service)
    ctx.configure("service").to({"port": 1})
    ctx.configure("servers.a").to({"port": 2})
    for each in await every_way(ctx, "service"):
        assert (each.own, each.a, each.b, each.c) == (1, 2, {"port": 2}, 7)


# Getters and views


async def test_getter_and_view_follow_the_configuration(ctx: Context, every_way: EveryWay) -> None:
    """CTX-388"""

    class Service:
        get: Getter[Any] = config.getter("x")
        view: ContextView[Any] = config.view("x")

        def __init__(
            self,
            whole: Getter[Any] = config.getter(),
            whole_view: ContextView[Any] = config.view(),
            other: Getter[Any] = config.getter("x", from_binding="other"),
            other_view: ContextView[Any] = config.view("x", from_binding="other"),
        ) -> None:
            self.whole, self.whole_view, self.other, self.other_view = whole, whole_view, other, other_view

    async def check(service: Any, whole: Any, x: Any, other: Any) -> None:
        assert [await service.whole(), await service.whole_view.single_value()] == [whole, whole]
        assert [await service.get(), await service.view.single_value()] == [x, x]
        assert [await service.other(), await service.other_view.single_value()] == [other, other]

    ctx.bind("service").to_class(Service)
    services = await every_way(ctx, "service")
    for service in services:
        await check(service, None, None, None)
    ctx.configure("service").to({"x": 1})
    ctx.configure("other").to({"x": 2})
    for service in services:
        await check(service, {"x": 1}, 1, 2)
    ctx.get_binding("service:$config").to({"x": 3})
    ctx.configure("other").to({"y": 2})
    for service in services:
        await check(service, {"x": 3}, 3, None)
        assert isinstance(service.view, ContextView)
    ctx.unbind("service:$config")
    ctx.unbind("other:$config")
    for service in services:
        await check(service, None, None, None)


async def test_getter_reads_asynchronous_configuration_each_time(ctx: Context) -> None:
    """CTX-388"""
    calls = 0

    async def load() -> dict[str, Any]:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0)
        return {"x": calls}

    class Service:
        get: Getter[Any] = config.getter("x")

    ctx.bind("service").to_class(Service)
    ctx.configure("service").to_dynamic_value(load)
    service = ctx.get_sync("service")
    assert [await service.get(), await service.get()] == [1, 2]


async def test_getter_of_a_singleton_reads_its_owners_configuration(ctx: Context) -> None:
    """CTX-388"""

    class Service:
        get: Getter[Any] = config.getter("x")

    ctx.bind("service").to_class(Service).in_scope("singleton")
    ctx.configure("service").to({"x": "app"})
    request = Context(ctx)
    request.configure("service").to({"x": "request"})
    assert await request.get_sync("service").get() == "app"


async def test_configuration_may_be_redirected(ctx: Context, every_way: EveryWay) -> None:
    """CTX-389"""
    ctx.configure("app").to({"rest": {"rest": {"port": 5}, "name": "r"}})
    ctx.configure("server").to_alias("app:$config#rest")
    ctx.bind("server").to_class(Server)
    assert ctx.get_config_sync("server", "rest.port") == 5
    for each in await every_way(ctx, "server"):
        assert (each.port, each.name) == (5, "r")
    ctx.configure("app").to({"rest": {"rest": {"port": 6}}})
    for each in await every_way(ctx, "server"):
        assert (each.port, each.name) == (6, None)


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_resolver_replaces_the_lookup_from_there_down(ctx: Context, asynchronous: bool) -> None:  # noqa: C901 - one story
    """CTX-390"""
    asked: list[Any] = []

    def lookup(context: Any, key: Any, property_path: Any, optional: Any) -> Any:
        asked.append((context, str(key), property_path, optional))
        return {"other:$config": None}.get(f"{key}:$config", f"{key} {property_path}") if key != "none" else None

    async def slow_lookup(*given: Any) -> Any:
        await asyncio.sleep(0)
        return lookup(*given)

    class Service:
        get: Getter[Any] = config.getter("g")

        def __init__(self, x: Any = config("x.y"), z: Annotated[Any, config("z", from_binding="none")] = 5) -> None:
            self.x, self.z = x, z

    ctx.bind("service").to_class(Service)
    ctx.configure("service").to({"x": {"y": "plain"}, "g": "plain g"})
    for _ in range(3):
        assert ctx.get_sync("service").x == "plain"
    child = Context(ctx, "child")
    for _ in range(3):
        assert child.get_sync("service").x == "plain"
    resolver = SimpleNamespace(get_config=slow_lookup if asynchronous else lookup)
    child.bind(ContextBindings.CONFIGURATION_RESOLVER).to(resolver)
    assert str(ContextBindings.CONFIGURATION_RESOLVER) == "$config.resolver"
    grandchild = Context(child)
    for context in (child, grandchild):
        for _ in range(3):
            service = await context.get("service")
            assert (service.x, service.z) == ("service x.y", 5)
            assert await service.get() == "service g"
            assert await context.get_config("k", "p") == "k p"
            asked.clear()
            assert await context.get_config("none", "p", optional=False) is None
            assert asked == [(context, "none", "p", False)]
            if asynchronous:
                with pytest.raises(AsyncValueError):
                    context.get_sync("service")
            else:
                assert context.get_sync("service").x == "service x.y"
    assert ctx.get_sync("service").x == "plain"
    child.unbind(ContextBindings.CONFIGURATION_RESOLVER)
    assert grandchild.get_sync("service").x == "plain"


async def test_annotation_of_a_config_getter_or_view_is_checked(ctx: Context, every_error: EveryError) -> None:
    """CTX-388, CTX-353"""

    class Service:
        def __init__(self, get: int = config.getter("x")) -> None: ...

    ctx.bind("service").to_class(Service)
    for error in await every_error(ctx, "service", ResolutionError):
        assert "Service.__init__[get]" in str(error)
