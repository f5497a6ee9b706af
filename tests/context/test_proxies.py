"""Proxies: objects whose public methods run with interceptors."""

import asyncio
import collections
import copy
import datetime
import decimal
import enum
import gc
import inspect
import pathlib
import re
import subprocess
import sys
import weakref
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from types import MappingProxyType, SimpleNamespace
from typing import Annotated, Any

import pytest

from mainspring.context import (
    BindingScope,
    Context,
    InvocationContext,
    InvocationSource,
    KeyNotBoundError,
    Next,
    create_proxy_with_interceptors,
    inject,
    intercept,
    invoke_method,
    register_interceptor,
)

EveryWay = Callable[[Context, Any], Awaitable[list[Any]]]


class Log(list[Any]):
    """What the interceptor saw."""

    async def interceptor(self, inv: InvocationContext, proceed: Next) -> Any:
        """Write target, arguments and source."""
        source = None if inv.source is None else (inv.source.type, str(inv.source))
        self.append((inv.target_name, list(inv.args), dict(inv.kwargs), source))
        return await proceed()

    def take(self) -> list[Any]:
        """What was seen since the last time."""
        found, self[:] = list(self), []
        return found


LOG = Log()


@pytest.fixture(autouse=True)
def log() -> Log:
    """The log, emptied."""
    LOG.clear()
    return LOG


@intercept(LOG.interceptor)
class Greeter:
    """Something with all kinds of members."""

    shout = "!"

    def __init__(self, name: str = "Ada") -> None:
        self.name = name
        self.calls: list[str] = []
        self.callback = lambda: "callback"

    def greet(self, greeting: str = "Hello", suffix: str = inject("suffix")) -> str:
        """Greet."""
        return f"{greeting} {self.name}{suffix}"

    async def later(self, *, times: int = 1) -> str:
        """Greet later."""
        await asyncio.sleep(0)
        return self.name * times

    def _hidden(self) -> str:
        return f"hidden {self.name}"

    def both(self) -> str:
        """Call another method of the same object, directly."""
        return self._hidden()

    @property
    def title(self) -> str:
        """A property."""
        return self.name.upper()

    @title.setter
    def title(self, value: str) -> None:
        self.name = value.lower()

    @staticmethod
    def static(x: int) -> int:
        """A static method."""
        return x

    @classmethod
    def of_class(cls, x: int) -> Any:
        """A class method."""
        return (cls.__name__, x)

    def fail(self) -> None:
        """Raise."""
        raise LookupError(self.name)


@pytest.fixture
def ctx() -> Context:
    """A context with what the methods need."""
    context = Context("ctx")
    context.bind("suffix").to("!")
    return context


# What a proxy does


async def test_proxy_intercepts_public_methods_and_passes_attributes(ctx: Context, log: Log) -> None:
    """CTX-560"""
    greeter = Greeter()
    proxy = create_proxy_with_interceptors(greeter, ctx)
    for call, expected, seen in (
        (proxy.greet(), "Hello Ada!", ("Greeter.greet", [], {}, None)),
        (proxy.greet("Hi"), "Hi Ada!", ("Greeter.greet", ["Hi"], {}, None)),
        (proxy.greet("Hi", suffix="?"), "Hi Ada?", ("Greeter.greet", ["Hi"], {"suffix": "?"}, None)),
        (proxy.later(times=2), "AdaAda", ("Greeter.later", [], {"times": 2}, None)),
        (proxy.static(1), 1, ("Greeter.static", [1], {}, None)),
        (proxy.of_class(x=1), ("Greeter", 1), ("Greeter.of_class", [], {"x": 1}, None)),
    ):
        assert inspect.isawaitable(call)
        assert await call == expected
        assert log.take() == [seen]
    assert (proxy.name, proxy.shout, proxy.title, proxy.callback()) == ("Ada", "!", "ADA", "callback")
    assert proxy.calls is greeter.calls
    proxy.name = "Bob"
    proxy.new = 1
    proxy.title = "CARL"
    assert (greeter.name, greeter.new) == ("carl", 1)  # type: ignore[attr-defined]
    del proxy.new
    assert not hasattr(greeter, "new")
    assert not hasattr(proxy, "new")
    assert log.take() == []
    with pytest.raises(AttributeError, match="absent"):
        proxy.absent  # noqa: B018 - reading is the case
    method = proxy.greet
    assert method.__name__ == "greet"
    assert await method() == await method() == "Hello carl!"


async def test_proxy_sees_bindings_and_interceptors_of_its_context(ctx: Context, log: Log) -> None:
    """CTX-560"""
    proxy = create_proxy_with_interceptors(Greeter(), ctx)
    with pytest.raises(TypeError):
        await proxy.greet(unknown=1)
    ctx.bind("suffix").to("?")
    assert await proxy.greet() == "Hello Ada?"
    ctx.unbind("suffix")
    with pytest.raises(KeyNotBoundError, match=r"Greeter\.greet\[suffix\]"):
        await proxy.greet()
    seen: list[str] = []

    async def everywhere(inv: InvocationContext, proceed: Next) -> Any:
        seen.append(inv.target_name)
        return await proceed()

    register_interceptor(ctx, everywhere, global_=True)
    await proxy.later()
    assert seen == ["Greeter.later"]


async def test_class_as_object_has_its_static_and_class_methods_intercepted(ctx: Context, log: Log) -> None:
    """CTX-561"""
    proxy = create_proxy_with_interceptors(Greeter, ctx)
    assert await proxy.static(1) == 1
    assert await proxy.of_class(2) == ("Greeter", 2)
    assert [entry[0] for entry in log.take()] == ["Greeter.static", "Greeter.of_class"]
    assert proxy.shout == "!"
    assert proxy.greet is Greeter.greet
    proxy.shout = "?"
    assert Greeter.shout == "?"
    proxy.shout = "!"
    made = proxy("Eve")
    assert isinstance(made, proxy)
    assert (type(made), made.name) == (Greeter, "Eve")
    assert log.take() == []


async def test_names_that_start_with_an_underscore_are_passed_through(ctx: Context, log: Log) -> None:
    """CTX-562"""
    proxy = create_proxy_with_interceptors(Greeter(), ctx)
    assert proxy._hidden() == "hidden Ada"
    assert proxy.__dict__["name"] == "Ada"
    assert proxy.__doc__ == Greeter.__doc__
    assert log.take() == []
    assert await proxy.both() == "hidden Ada"
    assert [entry[0] for entry in log.take()] == ["Greeter.both"]


async def test_special_methods_are_passed_through(ctx: Context) -> None:  # noqa: C901 - a list of methods
    """CTX-562, CTX-560"""

    class Box:
        def __init__(self) -> None:
            self.items = {"a": 1, "b": 2}
            self.log: list[str] = []

        def __len__(self) -> int:
            return len(self.items)

        def __contains__(self, item: str) -> bool:
            return item in self.items

        def __iter__(self) -> Iterator[str]:
            return iter(self.items)

        def __getitem__(self, item: str) -> int:
            return self.items[item]

        def __setitem__(self, item: str, value: int) -> None:
            self.items[item] = value

        def __delitem__(self, item: str) -> None:
            del self.items[item]

        def __call__(self, x: int) -> int:
            return x * 2

        def __enter__(self) -> Any:
            self.log.append("enter")
            return self

        def __exit__(self, *_: object) -> None:
            self.log.append("exit")

        async def __aenter__(self) -> Any:
            return self

        async def __aexit__(self, *_: object) -> None:
            self.log.append("aexit")

        def __lt__(self, other: Any) -> bool:
            return len(self) < len(other)

        def public(self) -> int:
            return len(self)

    box = Box()
    proxy = create_proxy_with_interceptors(box, ctx)
    proxy["c"] = 3
    del proxy["a"]
    assert (len(proxy), "b" in proxy, list(proxy), proxy["c"], proxy(2)) == (2, True, ["b", "c"], 3, 4)
    with proxy as entered:
        assert entered is proxy
    async with proxy as entered:
        assert await entered.public() == 2
    assert box.log == ["enter", "exit", "aexit"]
    assert proxy
    box.items.clear()
    assert not proxy
    assert proxy < create_proxy_with_interceptors(Box(), ctx)
    plain = create_proxy_with_interceptors(Greeter(), ctx)
    assert plain
    assert not callable(plain)
    with pytest.raises(TypeError):
        len(plain)


# From the container


async def test_proxies_of_all_kinds_of_sources(ctx: Context, log: Log) -> None:
    """CTX-563"""

    class Provided:
        def value(self) -> Greeter:
            return Greeter("provided")

    async def slow() -> Greeter:
        await asyncio.sleep(0)
        return Greeter("slow")

    async def generator() -> Any:
        yield Greeter("generated")

    ctx.bind("class").to_class(Greeter)
    ctx.bind("constant").to(Greeter("constant"))
    ctx.bind("factory").to_dynamic_value(lambda: Greeter("factory"))
    ctx.bind("provider").to_provider(Provided)
    ctx.bind("alias").to_alias("constant")
    ctx.bind("slow").to_dynamic_value(slow)
    ctx.bind("generated").to_dynamic_value(generator)
    ctx.bind("holder").to({"greeter": Greeter("nested"), "object": SimpleNamespace(g=Greeter("deep"))})
    ctx.bind("object").to(Greeter("outer"))
    ctx.get_binding("object").source.value.inner = Greeter("inner")  # type: ignore[union-attr]
    for key, name in (
        ("class", "Ada"),
        ("constant", "constant"),
        ("factory", "factory"),
        ("provider", "provided"),
        ("alias", "constant"),
        ("slow", "slow"),
        ("generated", "generated"),
        ("holder#greeter", "nested"),
        ("holder#object.g", "deep"),
        ("object#inner", "inner"),
    ):
        for _ in range(4):
            proxy = await ctx.get(key, as_proxy_with_interceptors=True)
            assert isinstance(proxy, Greeter)
            assert await proxy.later() == name
            assert [entry[0] for entry in log.take()] == ["Greeter.later"]
            assert type(await ctx.get(key)) is Greeter
        if key not in {"slow", "generated"}:
            proxy = ctx.get_sync(key, as_proxy_with_interceptors=True)
            assert await proxy.later() == name
            assert len(log.take()) == 1
            assert type(ctx.get_sync(key)) is Greeter
    typed = Context()
    typed.bind("only").to_class(Greeter)
    assert await typed.get_sync(Greeter, as_proxy_with_interceptors=True).later() == "Ada"
    assert ctx.get_sync("object#greet", as_proxy_with_interceptors=True) == ctx.get_sync("object").greet
    assert await ctx.get("absent", optional=True, as_proxy_with_interceptors=True) is None
    with pytest.raises(KeyNotBoundError):
        await ctx.get("absent", as_proxy_with_interceptors=True)
    await ctx.close()


async def test_kept_value_is_the_object_itself(ctx: Context, log: Log) -> None:
    """CTX-563"""
    ctx.bind("name").to("Ada")
    ctx.bind("single").to_class(Greeter).in_scope(BindingScope.SINGLETON)
    first = await ctx.get("single", as_proxy_with_interceptors=True)
    raw = ctx.get_sync("single")
    second = ctx.get_sync("single", as_proxy_with_interceptors=True)
    assert type(raw) is Greeter
    assert first is not raw
    assert first == second
    assert first == raw
    assert raw == first
    assert hash(first) == hash(second) == hash(raw)
    assert len({first, second, raw}) == 1
    assert first != create_proxy_with_interceptors(Greeter(), ctx)
    second.name = "Bob"
    assert raw.name == first.name == "Bob"
    child = Context(ctx, "child")
    child.bind("suffix").to("?")
    assert await child.get_sync("single", as_proxy_with_interceptors=True).greet() == "Hello Bob?"
    assert await first.greet() == "Hello Bob!"


async def test_equality_is_the_objects(ctx: Context) -> None:
    """CTX-563"""

    @dataclass
    class Point:
        x: int

        def move(self) -> None: ...

    one, two = create_proxy_with_interceptors(Point(1), ctx), create_proxy_with_interceptors(Point(1), ctx)
    assert one == two
    assert one == Point(1)
    assert one != Point(2)
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


async def test_dependencies_are_not_proxied(ctx: Context, every_way: EveryWay) -> None:
    """CTX-563"""

    class Outer:
        prop: Greeter = inject("inner")

        def __init__(self, inner: Annotated[Greeter, inject("inner")]) -> None:
            self.inner = inner

        def run(self) -> Any:
            return self.inner

    ctx.bind("inner").to(Greeter())
    ctx.bind("outer").to_class(Outer)
    proxy = await ctx.get("outer", as_proxy_with_interceptors=True)
    assert type(proxy.inner) is type(proxy.prop) is type(await proxy.run()) is Greeter


class Color(enum.Enum):
    """An enum."""

    RED = 1


@pytest.mark.parametrize(
    "value",
    [
        "text",
        b"bytes",
        5,
        1.5,
        1j,
        True,
        None,
        decimal.Decimal(1),
        [1],
        (1,),
        {1},
        {"a": 1},
        frozenset(),
        collections.OrderedDict(),
        collections.deque(),
        MappingProxyType({}),
        range(3),
        print,
        len,
        lambda: 1,
        [].append,
        Greeter().greet,
        Greeter,
        re.compile("x"),
        datetime.date(2020, 1, 1),
        pathlib.Path("x"),
        Color.RED,
        ValueError("x"),
        slice(1),
        Ellipsis,
        type("Text", (str,), {})("x"),
        type("Names", (list,), {})(),
        collections.namedtuple("Pair", "a b")(1, 2),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_built_in_values_are_returned_as_they_are(ctx: Context, value: Any) -> None:
    """CTX-564"""

    class Service:
        def __init__(self, value: Any = inject("value", as_proxy_with_interceptors=True)) -> None:
            self.value = value

    ctx.bind("value").to(value)
    ctx.bind("service").to_class(Service)
    for _ in range(3):
        assert await ctx.get("value", as_proxy_with_interceptors=True) is value
        assert ctx.get_sync("value", as_proxy_with_interceptors=True) is value
        assert ctx.get_sync("service").value is value


async def test_source_of_a_proxys_calls_tells_the_path(ctx: Context, log: Log) -> None:
    """CTX-565"""

    class Outer:
        prop: Greeter = inject("my-controller", as_proxy_with_interceptors=True)

    class Outermost:
        def __init__(self, outer: Outer = inject("outer")) -> None:
            self.outer = outer

    ctx.bind("name").to("Ada")
    ctx.bind("my-controller").to_class(Greeter)
    ctx.bind("outer").to_class(Outer)
    ctx.bind("outermost").to_class(Outermost)
    for _ in range(3):
        await (await ctx.get("my-controller", as_proxy_with_interceptors=True)).later()
        await ctx.get_sync("outer").prop.later()
        await ctx.get_sync("outermost").outer.prop.later()
        assert [entry[3] for entry in log.take()] == [
            ("proxy", "my-controller"),
            ("proxy", "outer --> my-controller"),
            ("proxy", "outermost --> outer --> my-controller"),
        ]
    plain = create_proxy_with_interceptors(Greeter(), ctx)
    await plain.later()
    assert log.take()[0][3] is None


async def test_proxy_passes_for_its_object(ctx: Context) -> None:
    """CTX-566"""

    class Shown:
        def __repr__(self) -> str:
            return "<shown>"

        def __str__(self) -> str:
            return "text"

        def __format__(self, spec: str) -> str:
            return f"formatted {spec}"

        def run(self) -> None: ...

    shown = Shown()
    proxy = create_proxy_with_interceptors(shown, ctx)
    assert isinstance(proxy, Shown)
    assert isinstance(proxy, type(shown))
    assert not isinstance(proxy, Greeter)
    assert proxy.__class__ is Shown
    assert (repr(proxy), str(proxy), f"{proxy:x}") == ("<shown>", "text", "formatted x")
    assert dir(proxy) == dir(shown)
    assert repr(create_proxy_with_interceptors(Shown, ctx)) == repr(Shown)


async def test_explicit_source_replaces_that_of_the_proxy(ctx: Context, log: Log) -> None:
    """CTX-567"""
    source = InvocationSource("route", "GET /x")
    proxy = create_proxy_with_interceptors(Greeter(), ctx, source)
    await proxy.later()
    assert log.take()[0][3] == ("route", "GET /x")
    ctx.bind("g").to(Greeter())
    bound = await ctx.get("g", as_proxy_with_interceptors=True)
    again = create_proxy_with_interceptors(bound, ctx, source)
    await again.later()
    assert [entry[3] for entry in log.take()] == [("route", "GET /x")]


async def test_errors_of_the_target_come_out_unchanged(ctx: Context) -> None:
    """CTX-567"""
    boom = LookupError("boom")

    class Service:
        def run(self) -> None:
            raise boom

    with pytest.raises(LookupError) as caught:
        await create_proxy_with_interceptors(Service(), ctx).run()
    assert caught.value is boom
    assert not hasattr(boom, "__notes__")


async def test_calling_through_the_container_reaches_the_object_behind_a_proxy(ctx: Context, log: Log) -> None:
    """CTX-560"""
    proxy = create_proxy_with_interceptors(Greeter(), ctx)
    assert await invoke_method(proxy, "greet", ctx) == "Hello Ada!"
    assert [entry[0] for entry in log.take()] == ["Greeter.greet"]


async def test_proxies_keep_no_class_alive(ctx: Context) -> None:
    """CTX-560"""

    class Gone:
        def run(self) -> int:
            return 1

    proxy = create_proxy_with_interceptors(Gone(), ctx)
    assert await proxy.run() == 1
    assert isinstance(copy.copy([proxy])[0], Gone)
    gone = weakref.ref(Gone)
    del proxy, Gone
    gc.collect()
    assert gone() is None


def test_a_program_that_imports_nothing_of_proxies_gets_them_all_the_same() -> None:
    """CTX-563"""
    code = (
        "import asyncio\n"
        "from mainspring.context import Context\n"
        "context = Context()\n"
        "context.bind('k').to_class(type('Service', (), {'value': lambda self: 'called'}))\n"
        "proxy = context.get_sync('k', as_proxy_with_interceptors=True)\n"
        "async def call(): return await proxy.value()\n"
        "print(asyncio.run(call()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "called"
