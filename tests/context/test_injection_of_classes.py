"""Injection into classes of every make: inherited, wrapped, dataclasses, attrs, structs."""

import abc
import functools
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, InitVar, dataclass, field
from typing import Annotated, Any, Generic, NamedTuple, Protocol, TypeVar

import attrs
import msgspec
import pytest

from mainspring.context import (
    BindingKey,
    BindingScope,
    Context,
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


# Inheritance and wrapping


async def test_inherited_constructor_is_injected_and_an_own_one_replaces_it(ctx: Context, every_way: EveryWay) -> None:
    """CTX-308"""

    class Base:
        def __init__(self, name: str = inject("name")) -> None:
            self.name = name

    class Same(Base): ...

    class Deeper(Same):
        tag = 1

    class Own(Base):
        def __init__(self, port: int = inject(PORT)) -> None:
            self.port = port

    class None_(Own):  # noqa: N801 - only a name
        def __init__(self) -> None: ...

    for cls in (Same, Deeper, Own, None_):
        ctx.bind(f"x.{cls.__name__}").to_class(cls)
    assert {each.name for each in await every_way(ctx, "x.Same")} == {"Ada"}
    assert {each.name for each in await every_way(ctx, "x.Deeper")} == {"Ada"}
    assert [vars(each) for each in await every_way(ctx, "x.Own")] == [{"port": 80}] * 8
    assert [vars(each) for each in await every_way(ctx, "x.None_")] == [{}] * 8


async def test_catch_all_constructors_of_mixins_ask_the_next_class(ctx: Context, every_way: EveryWay) -> None:
    """CTX-308"""

    class Base:
        def __init__(self, name: str = inject("name"), *, port: int = inject(PORT)) -> None:
            self.seen = (name, port)

    class Logged:
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.logged = True

    def mixed(base: Any) -> Any:
        class Mixed(base):  # type: ignore[misc]
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self.mixed = True

        return Mixed

    class Combined(Logged, mixed(Base)): ...  # type: ignore[misc]

    class Only:
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.got = (args, kwargs)

    ctx.bind("combined").to_class(Combined)
    ctx.bind("only").to_class(Only)
    for each in await every_way(ctx, "combined"):
        assert (each.seen, each.logged, each.mixed) == (("Ada", 80), True, True)
    assert [each.got for each in await every_way(ctx, "only")] == [((), {})] * 8


async def test_classes_with_new_named_tuples_generics_protocols_and_abcs_are_injected(
    ctx: Context, every_way: EveryWay
) -> None:
    """CTX-308"""

    class WithNew:
        name: str

        def __new__(cls, name: str = inject("name")) -> "WithNew":
            made = super().__new__(cls)
            made.name = name
            return made

    class Pair(NamedTuple):
        name: Annotated[str, inject("name")]
        port: int = inject(PORT)

    class Greets(Protocol):
        def greet(self) -> str: ...

    class Box(Greets, Generic[T]):
        def __init__(self, name: str = inject("name")) -> None:
            self.name = name

    class StrBox(Box[str]): ...

    class Explicit(Greets): ...

    class Abstract(abc.ABC):
        @abc.abstractmethod
        def run(self) -> None: ...

        def __init__(self, name: str = inject("name")) -> None:
            self.name = name

    class Concrete(Abstract):
        def run(self) -> None: ...

    for cls in (WithNew, StrBox, Concrete):
        ctx.bind("x").to_class(cls)
        assert {each.name for each in await every_way(ctx, "x")} == {"Ada"}
    ctx.bind("pair").to_class(Pair)
    assert await every_way(ctx, "pair") == [("Ada", 80)] * 8
    ctx.bind("explicit").to_class(Explicit)
    assert {type(each) for each in await every_way(ctx, "explicit")} == {Explicit}


async def test_wrapped_functions_are_injected_by_the_wrapped_signature(ctx: Context, every_way: EveryWay) -> None:
    """CTX-309"""

    def logged(call: Any) -> Any:
        @functools.wraps(call)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            result = call(*args, **kwargs)
            return None if result is None else ("logged", result)

        return wrapper

    @logged
    @logged
    def factory(name: str = inject("name"), *, port: Annotated[int, inject(PORT)]) -> Any:
        return (name, port)

    class Service:
        @logged
        def __init__(self, name: str = inject("name")) -> None:
            self.name = name

        @logged
        def run(self, extra: str, name: str = inject("name")) -> Any:
            return (extra, name)

    ctx.bind("made").to_dynamic_value(factory)
    ctx.bind("service").to_class(Service)
    assert await every_way(ctx, "made") == [("logged", ("logged", ("Ada", 80)))] * 8
    assert {each.name for each in await every_way(ctx, "service")} == {"Ada"}
    assert await invoke_method(ctx.get_sync("service"), "run", ctx, ["x"]) == ("logged", ("x", "Ada"))


async def test_wrapped_classes_are_injected_by_the_wrapped_signature(ctx: Context, every_way: EveryWay) -> None:
    """CTX-309"""

    class Service:
        def __init__(self, name: str = inject("name")) -> None:
            self.name = name

    @functools.wraps(Service)
    def make(*args: Any, **kwargs: Any) -> Service:
        return Service(*args, **kwargs)

    @functools.wraps(Service, updated=())
    class Wrapper:
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.name = "wrapped " + Service(*args, **kwargs).name

    @functools.wraps(Service, updated=())
    class Sub(Service):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)

    ctx.bind("function").to_dynamic_value(make)
    ctx.bind("class").to_class(Wrapper)
    ctx.bind("sub").to_class(Sub)
    assert {each.name for each in await every_way(ctx, "function")} == {"Ada"}
    assert {each.name for each in await every_way(ctx, "class")} == {"wrapped Ada"}
    assert {each.name for each in await every_way(ctx, "sub")} == {"Ada"}


async def test_what_a_partial_has_bound_is_never_injected_over(ctx: Context, every_way: EveryWay) -> None:
    """CTX-309"""

    def build(kind: str, name: str = inject("name"), port: int = inject(PORT)) -> Any:
        return (kind, name, port)

    class Builder:
        def build(self, kind: str, name: str = inject("name")) -> Any:
            return (kind, name)

        def __call__(self, name: str = inject("name")) -> Any:
            return name

    ctx.bind("a").to_dynamic_value(functools.partial(build, "fixed"))
    ctx.bind("b").to_dynamic_value(functools.partial(build, "fixed", port=1))
    ctx.bind("c").to_dynamic_value(functools.partial(Builder().build, "fixed"))
    ctx.bind("d").to_dynamic_value(Builder())
    assert await every_way(ctx, "a") == [("fixed", "Ada", 80)] * 8
    assert await every_way(ctx, "b") == [("fixed", "Ada", 1)] * 8
    assert await every_way(ctx, "c") == [("fixed", "Ada")] * 8
    assert await every_way(ctx, "d") == ["Ada"] * 8


# Dataclasses and attrs


async def test_dataclass_fields_are_constructor_parameters(ctx: Context, every_way: EveryWay) -> None:
    """CTX-310"""

    @dataclass
    class Plain:
        repo: Repo
        x: str = inject("name")
        y: Annotated[int, inject("absent")] = 1
        z: list[int] = field(default_factory=lambda: [3])
        w: str = field(default=inject("name"))

    @dataclass(kw_only=True, frozen=True, slots=True)
    class Frozen:
        y: Annotated[int, inject(PORT)] = 1
        x: str = inject("name")
        repo: Repo

    @dataclass
    class Child(Plain):
        more: Annotated[str, inject("name")] = "own"
        x: str = "plain"

    @dataclass
    class Mixed:
        repo: InitVar[Repo]
        name: Annotated[str, inject("name")]
        _: KW_ONLY
        port: int = inject(PORT)
        computed: str = field(init=False, default="c")

        def __post_init__(self, repo: Repo) -> None:
            self.kept = repo

    ctx.bind("repo").to_class(Repo).in_scope(BindingScope.SINGLETON)
    repo = ctx.get_sync("repo")
    for cls in (Plain, Frozen, Child, Mixed):
        ctx.bind(f"x.{cls.__name__}").to_class(cls)
    assert await every_way(ctx, "x.Plain") == [Plain(repo, "Ada", 1, [3], "Ada")] * 8
    assert await every_way(ctx, "x.Frozen") == [Frozen(repo=repo, x="Ada", y=80)] * 8
    assert await every_way(ctx, "x.Child") == [Child(repo, "plain", 1, [3], "Ada", "Ada")] * 8
    for each in await every_way(ctx, "x.Mixed"):
        assert (each.kept, each.name, each.port, each.computed) == (repo, "Ada", 80, "c")


@pytest.mark.parametrize("slots", [False, True])
async def test_fields_that_are_no_parameters_are_properties(ctx: Context, every_way: EveryWay, slots: bool) -> None:
    """CTX-310, CTX-315"""

    @dataclass(slots=slots)
    class Data:
        a: str = field(init=False, default=inject("name"))
        b: Annotated[str, inject("name")] = field(init=False)
        c: str = field(init=False, default="plain")
        d: int = inject(PORT)

    @attrs.define(slots=slots)
    class Attrs:
        b: Annotated[str, inject("name")] = attrs.field(init=False)
        d: int = inject(PORT)

    @dataclass
    class OwnInit:
        b: Annotated[str, inject("name")]
        d: int = 5

        def __init__(self, other: int = inject(PORT)) -> None:
            self.d = other

    ctx.bind("data").to_class(Data)
    ctx.bind("attrs").to_class(Attrs)
    ctx.bind("own").to_class(OwnInit)
    for each in await every_way(ctx, "data"):
        assert (each.a, each.b, each.c, each.d) == ("Ada", "Ada", "plain", 80)
    for each in [*await every_way(ctx, "attrs"), *await every_way(ctx, "own")]:
        assert (each.b, each.d) == ("Ada", 80)


async def test_default_factories_give_a_new_value_each_time_unless_something_is_bound(
    ctx: Context, every_way: EveryWay
) -> None:
    """CTX-310"""

    @dataclass
    class Service:
        items: Annotated[list[int], inject("items")] = field(default_factory=list)

    ctx.bind("service").to_class(Service)
    made = await every_way(ctx, "service")
    assert len({id(each.items) for each in made}) == len(made)
    ctx.bind("items").to([1])
    assert all(each.items == [1] for each in await every_way(ctx, "service"))


async def test_attrs_fields_are_constructor_parameters(ctx: Context, every_way: EveryWay) -> None:
    """CTX-310"""

    @attrs.define
    class Slotted:
        repo: Repo
        x: str = inject("name")
        y: Annotated[int, inject("absent")] = 1
        z: list[int] = attrs.field(factory=lambda: [3])
        _hidden: Annotated[str, inject("name")] = "own"
        alias: Annotated[str, inject("name")] = attrs.field(default="own", alias="other")

    @attrs.frozen(kw_only=True, slots=False)
    class Frozen:
        y: Annotated[int, inject(PORT)] = 1
        x: str = inject("name")
        repo: Repo

    @attrs.define
    class Child(Slotted):
        more: Annotated[int, inject(PORT)] = 0

    ctx.bind("repo").to_class(Repo).in_scope(BindingScope.SINGLETON)
    repo = ctx.get_sync("repo")
    for cls in (Slotted, Frozen, Child):
        ctx.bind(f"x.{cls.__name__}").to_class(cls)
    assert await every_way(ctx, "x.Slotted") == [Slotted(repo, "Ada", 1, [3], "Ada", "Ada")] * 8
    assert await every_way(ctx, "x.Frozen") == [Frozen(repo=repo, x="Ada", y=80)] * 8
    assert await every_way(ctx, "x.Child") == [Child(repo, "Ada", 1, [3], "Ada", "Ada", 80)] * 8


async def test_fields_of_structs_are_constructor_parameters(ctx: Context, every_way: EveryWay) -> None:
    """CTX-310, and structs: nothing of them is a property, for none can be set on a frozen one."""

    class Plain(msgspec.Struct):
        repo: Repo
        key: Annotated[int, inject(PORT)]
        x: str = inject("name")
        y: Annotated[int, inject("absent")] = 1
        z: list[int] = msgspec.field(default_factory=lambda: [3])

    class Child(Plain, frozen=True, kw_only=True):
        more: "Annotated[int, inject(PORT)]"

    ctx.bind("repo").to_class(Repo).in_scope(BindingScope.SINGLETON)
    repo = ctx.get_sync("repo")
    for cls in (Plain, Child):
        ctx.bind(f"x.{cls.__name__}").to_class(cls)
    assert await every_way(ctx, "x.Plain") == [Plain(repo, 80, "Ada", 1, [3])] * 8
    assert await every_way(ctx, "x.Child") == [Child(repo, 80, "Ada", 1, [3], more=80)] * 8


async def test_fields_under_future_annotations_are_injected(
    ctx: Context, written_module: WrittenModule, every_way: EveryWay
) -> None:
    """CTX-310, CTX-311"""
    module = written_module(
        """
        from __future__ import annotations
        from dataclasses import InitVar, KW_ONLY, dataclass, field
        from typing import Annotated
        import attrs

        @dataclass(slots=True)
        class Data:
            repo: Later
            name: Annotated[str, inject("name")]
            init: InitVar[Later]
            _: KW_ONLY
            port: int = inject("rest.port")
            other: Annotated[Later, inject()] = None
            def __post_init__(self, init):
                self.port = (self.port, type(init))

        @attrs.define
        class Attrs:
            repo: Later
            name: Annotated[str, inject("name")]
            _hidden: Annotated[Later, inject()]
            port: int = inject("rest.port")

        class Later: ...
        """,
        inject=inject,
    )
    ctx.bind("later").to_class(module.Later).in_scope("singleton")
    later = ctx.get_sync("later")
    ctx.bind("data").to_class(module.Data)
    ctx.bind("attrs").to_class(module.Attrs)
    for each in await every_way(ctx, "data"):
        assert (each.repo, each.name, each.port, each.other) == (later, "Ada", (80, module.Later), later)
    for each in await every_way(ctx, "attrs"):
        assert (each.repo, each.name, each.port, each._hidden) == (later, "Ada", 80, later)


# Looking without touching


async def test_class_is_never_changed_and_inspected_once(
    ctx: Context, every_way: EveryWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CTX-312"""

    class Service:
        clock: str = inject("name")

        def __init__(self, name: str = inject("name")) -> None: ...

        def run(self, name: str = inject("name")) -> None: ...

    before = dict(vars(Service))
    ctx.bind("service").to_class(Service)
    ctx.bind("other").to_class(Service)
    ctx.get_sync("service")
    assert dict(vars(Service)) == before
    await invoke_method(ctx.get_sync("service"), "run", ctx)
    looked: list[Any] = []
    signature = inspect.signature
    monkeypatch.setattr(inspect, "signature", lambda *a, **k: (looked.append(a), signature(*a, **k))[1])
    await every_way(ctx, "service")
    await every_way(ctx, "other")
    child = Context(ctx)
    await every_way(child, "service")
    child.bind("again").to_class(Service)
    await every_way(child, "again")
    await invoke_method(ctx.get_sync("service"), "run", child)
    assert looked == []


async def test_plain_calls_outside_the_container_work_as_ever(ctx: Context) -> None:
    """CTX-313"""

    class Service:
        clock: Annotated[str, inject("name")] = "own"

        def __init__(self, repo: Repo, name: str = inject("name")) -> None:
            self.seen = (repo, name)

        def run(self, a: int, name: str = inject("name")) -> Any:
            return (a, name)

    ctx.bind("repo").to_class(Repo)
    ctx.bind("service").to_class(Service)
    ctx.get_sync("service")
    repo = Repo()
    made = Service(repo, "given")
    assert (made.seen, made.clock, made.run(1, "x"), made.run(1, name="y")) == (
        (repo, "given"),
        "own",
        (1, "x"),
        (1, "y"),
    )
