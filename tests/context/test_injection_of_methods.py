"""Injection into the parameters of methods."""

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import pytest

from mainspring.context import (
    BindingKey,
    Context,
    KeyNotBoundError,
    ResolutionError,
    has_injections,
    inject,
    invoke_method,
)

T = TypeVar("T")
PORT: BindingKey[int] = BindingKey("rest.port")

EveryWay = Callable[[Context, Any], Awaitable[list[Any]]]
EveryError = Callable[[Context, Any, type[BaseException]], Awaitable[list[Any]]]
WrittenModule = Callable[..., Any]


class Repo:
    """Something found by its type."""


class Clock:
    """Something else found by its type."""


# Methods


async def test_method_parameters_come_from_the_context_of_the_call(ctx: Context) -> None:
    """CTX-320"""

    class Service:
        def run(self, user: str = inject("user"), repo: Repo | None = None) -> Any:
            return (user, repo)

    ctx.bind("service").to_class(Service).in_scope("singleton")
    requests = [Context(ctx, f"r{i}") for i in range(3)]
    for i, request in enumerate(requests):
        request.bind("user").to(f"user{i}")
        request.bind("repo").provides(Repo).to(i)
    for _ in range(3):
        for i, request in enumerate(requests):
            service = request.get_sync("service")
            assert service is ctx.get_sync("service")
            assert await invoke_method(service, "run", request) == (f"user{i}", i)
    with pytest.raises(KeyNotBoundError):
        await invoke_method(ctx.get_sync("service"), "run", ctx)
    with pytest.raises(TypeError):
        Service.run()  # type: ignore[call-arg]


async def test_arguments_fill_what_has_no_marker_and_keywords_win(ctx: Context) -> None:
    """CTX-321"""
    ctx.bind("repo").to_class(Repo)

    class Service:
        def run(
            self,
            name: Annotated[str, inject("name")],
            a: int,
            repo: Repo,
            port: int = inject(PORT),
            b: str = "own",
            *,
            c: str = "kw",
        ) -> Any:
            return (name, a, type(repo).__name__, port, b, c)

    async def call(*args: Any, **kwargs: Any) -> Any:
        return await invoke_method(Service(), "run", ctx, args, kwargs)

    assert await call(1) == ("Ada", 1, "Repo", 80, "own", "kw")
    assert await call(1, 2) == ("Ada", 1, "int", 80, "own", "kw")
    assert await call(1, 2, 3) == ("Ada", 1, "int", 80, 3, "kw")
    assert await call(a=1) == ("Ada", 1, "Repo", 80, "own", "kw")
    assert await call(1, name="x", port=9, c="z", repo=None) == ("x", 1, "NoneType", 9, "own", "z")
    assert await call(1, name=None) == (None, 1, "Repo", 80, "own", "kw")
    with pytest.raises(TypeError, match="run"):
        await call(1, 2, 3, 4)
    with pytest.raises(TypeError, match="unknown"):
        await call(1, unknown=1)
    with pytest.raises(TypeError, match="a"):
        await call(1, a=1)
    for _ in range(2):
        with pytest.raises(KeyNotBoundError, match=r"Service\.run\[a\]"):
            await call()


async def test_method_parameter_that_nothing_fills_is_named(ctx: Context) -> None:
    """CTX-321"""

    class Service:
        def run(self, thing): ...  # type: ignore[no-untyped-def]

        def need(self, repo: Repo) -> None: ...

        @staticmethod
        def static(thing): ...  # type: ignore[no-untyped-def]

    class Child(Service): ...

    for target in (Service(), Child()):
        name = type(target).__name__
        with pytest.raises(ResolutionError, match=rf"{name}\.run\[thing\]") as caught:
            await invoke_method(target, "run", ctx)
        assert not isinstance(caught.value, KeyNotBoundError)
        with pytest.raises(KeyNotBoundError, match=rf"{name}\.need\[repo\]"):
            await invoke_method(target, "need", ctx)
        with pytest.raises(ResolutionError, match=rf"{name}\.static\[thing\]"):
            await invoke_method(type(target), "static", ctx)


async def test_variable_parameters_of_methods_take_what_is_left(ctx: Context) -> None:
    """CTX-321"""

    class Service:
        def many(self, a: int, name: str = inject("name"), *rest: int, port: int = inject(PORT), **more: Any) -> Any:
            return (a, name, rest, port, more)

        def only(self, a: int, /, b: int = 2, *, name: str = inject("name")) -> Any:
            return (a, b, name)

    service = Service()
    assert await invoke_method(service, "many", ctx, [1]) == (1, "Ada", (), 80, {})
    assert await invoke_method(service, "many", ctx, [1, 2, 3]) == (1, "Ada", (2, 3), 80, {})
    assert await invoke_method(service, "many", ctx, [1], {"x": 5, "port": 6}) == (1, "Ada", (), 6, {"x": 5})
    assert await invoke_method(service, "many", ctx, (i for i in (1, 2)), {"name": "n"}) == (1, "n", (2,), 80, {})
    assert await invoke_method(service, "only", ctx, [1]) == (1, 2, "Ada")
    assert await invoke_method(service, "only", ctx, (1,), {"b": 5}) == (1, 5, "Ada")
    with pytest.raises(TypeError):
        await invoke_method(service, "only", ctx, (), {"a": 5})


async def test_invoke_method_awaits_and_knows_static_and_class_methods(ctx: Context) -> None:
    """CTX-322"""

    class Service:
        attribute = 5

        async def asynchronous(self, name: str = inject("name")) -> str:
            await asyncio.sleep(0)
            return name

        def plain(self, name: str = inject("name")) -> str:
            return name

        def gives_awaitable(self) -> Any:
            return self.asynchronous("direct")

        @staticmethod
        def static(a: int, name: str = inject("name")) -> Any:
            return (a, name)

        @classmethod
        def of_class(cls, a: int, name: str = inject("name")) -> Any:
            return (cls.__name__, a, name)

        @staticmethod
        async def slow_static(name: str = inject("name")) -> str:
            return name

    class Child(Service): ...

    service = Service()
    assert await invoke_method(service, "asynchronous", ctx) == "Ada"
    assert await invoke_method(service, "plain", ctx) == "Ada"
    assert await invoke_method(service, "gives_awaitable", ctx) == "direct"
    assert await invoke_method(Service, "static", ctx, [1]) == (1, "Ada")
    assert await invoke_method(Service, "of_class", ctx, [1]) == ("Service", 1, "Ada")
    assert await invoke_method(Child, "of_class", ctx, [1]) == ("Child", 1, "Ada")
    assert await invoke_method(Child(), "of_class", ctx, [1]) == ("Child", 1, "Ada")
    assert await invoke_method(service, "static", ctx, [1]) == (1, "Ada")
    assert await invoke_method(Service, "slow_static", ctx) == "Ada"
    for target, name in ((service, "absent"), (service, "attribute"), (Service, "absent")):
        with pytest.raises(AttributeError, match=rf"Service\.{name}"):
            await invoke_method(target, name, ctx)


async def test_methods_are_right_after_has_injections_looked_at_them(ctx: Context) -> None:
    """CTX-321, CTX-324"""

    class Service:
        def run(self, a: int, name: str = inject("name")) -> Any:
            return (a, name)

    assert has_injections(Service)
    assert await invoke_method(Service(), "run", ctx, [1]) == (1, "Ada")
    assert await invoke_method(Service, "run", ctx, [Service(), 1]) == (1, "Ada")
    assert await invoke_method(Service(), "run", ctx, [1]) == (1, "Ada")


async def test_overriding_method_uses_only_its_own_parameters(ctx: Context) -> None:
    """CTX-323"""

    class Base:
        def run(self, name: str = inject("name")) -> Any:
            return name

    class Child(Base):
        def run(self, name: str = "own", port: int = inject(PORT)) -> Any:  # type: ignore[override]
            return (name, port)

    class Bare(Base):
        def run(self) -> Any:  # type: ignore[override]
            return "bare"

    assert await invoke_method(Child(), "run", ctx) == ("own", 80)
    assert await invoke_method(Bare(), "run", ctx) == "bare"
    assert await invoke_method(Base(), "run", ctx) == "Ada"


def test_has_injections_tells_where_markers_are() -> None:  # noqa: C901 - a list of classes
    """CTX-324"""

    class Nothing:
        x: int
        y: int = 3

        def __init__(self, repo: Repo, port: int = 5) -> None: ...

        def run(self, repo: Repo) -> None: ...

    class Constructor:
        def __init__(self, x: Annotated[str, inject("x")]) -> None: ...

    class Property:
        x: Annotated[str, inject("x")]

    class Value:
        x = inject("x")

    class Method:
        def run(self, x: str = inject("x")) -> None: ...

    class Static:
        @staticmethod
        def run(x: str = inject("x")) -> None: ...

    class ClassMethod:
        @classmethod
        async def run(cls, *, x: str = inject("x")) -> None: ...

    class Inherited(Method): ...

    class InheritedProperty(Property): ...

    class Overridden(Method):
        def run(self) -> None: ...  # type: ignore[override]

    @dataclass
    class Data:
        x: str = inject("x")

    assert not has_injections(Nothing)
    assert not has_injections(Overridden)
    assert not has_injections(object)
    for cls in (Constructor, Property, Value, Method, Static, ClassMethod, Inherited, InheritedProperty, Data):
        assert has_injections(cls), cls


async def test_what_was_read_of_a_class_does_not_serve_another_class_of_its_address(ctx: Context) -> None:
    """CTX-312, CTX-321"""

    class Base:
        def run(self, thing): ...  # type: ignore[no-untyped-def]

    for i in range(4):
        cls = type(f"Made{i}", (Base,), {})
        with pytest.raises(ResolutionError, match=rf"Made{i}\.run\[thing\]"):
            await invoke_method(cls(), "run", ctx)
        gone = weakref.ref(cls)
        del cls
        gc.collect()
        assert gone() is None


async def test_errors_name_the_method_as_it_was_called(ctx: Context) -> None:
    """CTX-321, CTX-322"""

    def make(call: Any) -> Any:
        def wrapper(self: Any, thing: Repo) -> Any:
            return call(self, thing)

        return wrapper

    class Service:
        @make
        def run(self, thing: Repo) -> Any:
            return thing

    with pytest.raises(KeyNotBoundError, match=r"Service\.run\[thing\]"):
        await invoke_method(Service(), "run", ctx)
    with pytest.raises(TypeError, match=r"Service\.run"):
        await invoke_method(Service(), "run", ctx, [1, 2])
