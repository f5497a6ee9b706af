"""Injection into properties."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import pytest

from mainspring.context import (
    AsyncValueError,
    BindingKey,
    Context,
    inject,
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


# Constructor and properties together


async def test_constructor_and_properties_go_into_one_instance_sync_and_async(ctx: Context) -> None:
    """CTX-314"""

    async def slow() -> str:
        await asyncio.sleep(0)
        return "slow"

    class Service:
        a: str = inject("slow")
        b: Annotated[str, inject("name")]

        def __init__(self, c: str = inject("slow"), d: int = inject(PORT)) -> None:
            self.c, self.d = c, d

    ctx.bind("slow").to_dynamic_value(slow)
    ctx.bind("service").to_class(Service)
    for _ in range(4):
        each = await ctx.get("service")
        assert (each.a, each.b, each.c, each.d) == ("slow", "Ada", "slow", 80)
    for _ in range(3):
        with pytest.raises(AsyncValueError, match="slow"):
            ctx.get_sync("service")


@pytest.mark.parametrize("failing", ["constructor", "property", "async property"])
async def test_when_one_fails_the_instance_is_not_made(ctx: Context, failing: str) -> None:
    """CTX-314"""
    made: list[Any] = []
    boom = RuntimeError("boom")

    def fail() -> str:
        raise boom

    async def fail_late() -> str:
        await asyncio.sleep(0)
        raise boom

    class Service:
        p: str = inject("p")
        q: str = inject("q")

        def __init__(self, c: str = inject("c")) -> None:
            made.append(self)

    for key in "cpq":
        ctx.bind(key).to(key)
    ctx.bind("service").to_class(Service)
    for _ in range(3):
        assert (await ctx.get("service")).q == "q"
    made.clear()
    key = {"constructor": "c", "property": "p", "async property": "q"}[failing]
    ctx.bind(key).to_dynamic_value(fail_late if failing.startswith("async") else fail)
    for _ in range(4):
        with pytest.raises(RuntimeError) as caught:
            await ctx.get("service")
        assert caught.value is boom
        assert f"{key}" in "".join(boom.__notes__)
    assert made == []


async def test_error_of_a_constructor_keeps_its_identity_and_gets_the_path(
    ctx: Context, every_error: EveryError
) -> None:
    """CTX-314"""

    class Service:
        def __init__(self) -> None:
            raise LookupError("no")

    class Outer:
        s: Service = inject("service")

    ctx.bind("service").to_class(Service)
    ctx.bind("outer").to_class(Outer)
    for error in await every_error(ctx, "outer", LookupError):
        assert any("outer --> Outer.s --> service" in note for note in error.__notes__)


# Properties


async def test_properties_are_set_after_init_and_bare_annotations_are_not(ctx: Context, every_way: EveryWay) -> None:
    """CTX-315"""
    ctx.bind("repo").to_class(Repo)
    ctx.bind("clock").to_class(Clock)

    class Service:
        clock: Clock = inject("clock")
        name: Annotated[str, inject("name")]
        repo: Repo = inject()
        also: Annotated[Repo, inject()]
        bare: Repo
        plain: int = 3
        untyped = inject("name")

        def __init__(self) -> None:
            self.name = "from init"
            self.at_init = getattr(type(self), "clock", None)

    ctx.bind("service").to_class(Service)
    for each in await every_way(ctx, "service"):
        assert isinstance(each.clock, Clock)
        assert (each.name, each.untyped, each.plain) == ("Ada", "Ada", 3)
        assert isinstance(each.repo, Repo)
        assert isinstance(each.also, Repo)
        assert not hasattr(each, "bare")


async def test_absent_optional_property_leaves_what_init_set_then_the_default_then_none(
    ctx: Context, every_way: EveryWay
) -> None:
    """CTX-316"""

    class Service:
        set_by_init: Annotated[str | None, inject("absent")]
        both: Annotated[str, inject("absent")] = "class"
        both_marker: str | None = inject("absent")
        own_default: Annotated[str, inject("absent")] = "class"
        nothing: Annotated[str | None, inject("absent")]
        marker: str | None = inject("absent")
        marker_optional: str = inject("absent", optional=True)
        init_none: Annotated[str, inject("absent")] = "class"

        def __init__(self) -> None:
            self.set_by_init = "init"
            self.both = "init"
            self.both_marker = "init"
            self.init_none = None  # type: ignore[assignment]

    ctx.bind("service").to_class(Service)
    for each in await every_way(ctx, "service"):
        assert each.set_by_init == "init"
        assert each.both == "init"
        assert each.both_marker == "init"
        assert each.own_default == "class"
        assert each.nothing is None
        assert each.marker is None
        assert each.marker_optional is None
        assert each.init_none is None
    ctx.bind("absent").to("bound")
    for each in await every_way(ctx, "service"):
        assert {each.set_by_init, each.both, each.own_default, each.nothing, each.marker} == {"bound"}
    ctx.bind("absent").to(None)
    for each in await every_way(ctx, "service"):
        assert {each.set_by_init, each.both, each.own_default, each.nothing, each.marker} == {None}


async def test_properties_are_inherited_and_redefined(ctx: Context, every_way: EveryWay) -> None:
    """CTX-317"""

    class Base:
        a: str = inject("name")
        b: str = inject("name")
        c: Annotated[str, inject("name")]
        d: Annotated[str, inject("name")]
        e: Annotated[str, inject("name")] = "base"
        f: str = inject("name")
        g: Annotated[str, inject("name")]
        h: str = inject("name")
        i: Annotated[str, inject("name")]

    class Child(Base):
        b: Any = inject(PORT)
        c: Annotated[Any, inject(PORT)]
        d = inject(PORT)  # the marker, not the annotation, is new
        e = "plain"
        f = "plain"
        g: str = "plain"
        h: Annotated[Any, inject(PORT)]  # type: ignore[assignment]

        @property
        def i(self) -> str:  # type: ignore[override]
            return "property"

    class Grandchild(Child): ...

    for cls in (Child, Grandchild):
        ctx.bind("x").to_class(cls)
        for each in await every_way(ctx, "x"):
            assert (each.a, each.b, each.c, each.d, each.h) == ("Ada", 80, 80, 80, 80)
            assert (each.e, each.f, each.g, each.i) == ("plain", "plain", "plain", "property")
    ctx.bind("x").to_class(Base)
    for each in await every_way(ctx, "x"):
        assert (each.a, each.b, each.c, each.d, each.e, each.f, each.g) == ("Ada",) * 7


async def test_injection_turned_off_can_be_turned_on_again_further_down(ctx: Context, every_way: EveryWay) -> None:
    """CTX-317"""

    class Base:
        a: Annotated[str, inject("name")]

    class Off(Base):
        a = "off"

    class On(Off):
        a: Any = inject(PORT)

    for cls, expected in ((Base, "Ada"), (Off, "off"), (On, 80)):
        ctx.bind("x").to_class(cls)
        assert [each.a for each in await every_way(ctx, "x")] == [expected] * 8


def test_marker_as_decorator_is_refused_with_the_name_of_what_it_decorates() -> None:
    """CTX-318"""
    with pytest.raises(TypeError, match="run"):

        class Service:
            @inject("name")
            def run(self) -> None: ...

    with pytest.raises(TypeError, match="Other"):

        @inject.getter("name")
        class Other: ...

    with pytest.raises(TypeError, match="third"):

        @inject()
        def third() -> None: ...


async def test_properties_of_slotted_classes_and_own_setattr(ctx: Context, every_way: EveryWay) -> None:  # noqa: C901 - a list of classes
    """CTX-319"""

    class Slotted:
        __slots__ = ("maybe", "name", "port")
        name: Annotated[str, inject("name")]
        port: Annotated[int, inject(PORT)]
        maybe: Annotated[str | None, inject("absent")]

    class Child(Slotted):
        __slots__ = ("more",)
        more: Annotated[str, inject("name")]

    class Watched:
        name: str = inject("name")
        port: Annotated[int, inject(PORT)]

        def __init__(self) -> None:
            self.__dict__["log"] = []

        def __setattr__(self, name: str, value: Any) -> None:
            self.log.append((name, value))
            super().__setattr__(name, value)

    class Described:
        """A data descriptor takes what is injected."""

        def __set_name__(self, owner: type, name: str) -> None:
            self.name = name

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            return self if instance is None else instance.__dict__.get(f"_{self.name}")

        def __set__(self, instance: Any, value: Any) -> None:
            instance.__dict__[f"_{self.name}"] = ("set", value)

    class WithDescriptor:
        name: Annotated[str, inject("name")] = Described()  # type: ignore[assignment]

    for key, cls in (("s", Slotted), ("c", Child), ("w", Watched), ("d", WithDescriptor)):
        ctx.bind(key).to_class(cls)
    for each in await every_way(ctx, "s"):
        assert (each.name, each.port, each.maybe) == ("Ada", 80, None)
    for each in await every_way(ctx, "c"):
        assert (each.name, each.port, each.maybe, each.more) == ("Ada", 80, None, "Ada")
    for each in await every_way(ctx, "w"):
        assert sorted(each.log) == [("name", "Ada"), ("port", 80)]
    for each in await every_way(ctx, "d"):
        assert each.name == ("set", "Ada")


async def test_property_that_refuses_its_value_tells_the_path(ctx: Context, every_error: EveryError) -> None:
    """CTX-319, CTX-126"""

    class Service:
        name: str = inject("name")

        def __setattr__(self, name: str, value: Any) -> None:
            raise LookupError(name)

    ctx.bind("service").to_class(Service)
    for error in await every_error(ctx, "service", LookupError):
        assert any("service" in note for note in error.__notes__)
