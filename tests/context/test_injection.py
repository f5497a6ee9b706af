"""Injection into the parameters of constructors and factories."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Optional, TypeVar

import pytest

from mainspring.context import (
    AmbiguousTypeError,
    BindingKey,
    BindingScope,
    Context,
    InvalidKeyError,
    KeyNotBoundError,
    ResolutionError,
    inject,
    invoke_method,
)

T = TypeVar("T")
PORT: BindingKey[int] = BindingKey("rest.port")
NESTED: BindingKey[int] = BindingKey("cfg", "list.1")

EveryWay = Callable[[Context, Any], Awaitable[list[Any]]]
EveryError = Callable[[Context, Any, type[BaseException]], Awaitable[list[Any]]]
WrittenModule = Callable[..., Any]


class Repo:
    """Something found by its type."""


class Clock:
    """Something else found by its type."""


# The spellings


async def test_default_annotated_and_key_object_give_the_value_of_the_key(ctx: Context, every_way: EveryWay) -> None:
    """CTX-300"""

    class Service:
        def __init__(
            self,
            by_default: str = inject("name"),
            *,
            by_annotation: Annotated[str, inject("name")],
            by_key: int = inject(PORT),
            by_key_in_annotation: Annotated[int, inject(PORT)],
            nested: int = inject("cfg#a.b"),
            nested_by_key: Any = inject(NESTED),
        ) -> None:
            self.seen = (by_default, by_annotation, by_key, by_key_in_annotation, nested, nested_by_key)

    ctx.bind("service").to_class(Service)
    assert [each.seen for each in await every_way(ctx, "service")] == [("Ada", "Ada", 80, 80, 7, 2)] * 8


async def test_marker_is_found_among_other_extras_of_annotated(ctx: Context, every_way: EveryWay) -> None:
    """CTX-300"""

    class Service:
        def __init__(self, name: Annotated[Annotated[str, "inner", inject("name")], "outer", 5]) -> None:
            self.name = name

    ctx.bind("service").to_class(Service)
    assert {each.name for each in await every_way(ctx, "service")} == {"Ada"}


async def test_factory_functions_of_every_kind_have_their_parameters_injected(
    ctx: Context, every_way: EveryWay
) -> None:
    """CTX-300, CTX-301"""
    ctx.bind("repo").to_class(Repo)

    def plain(repo: Repo, name: str = inject("name")) -> tuple[Any, str]:
        return type(repo), name

    async def asynchronous(repo: Repo, name: str = inject("name")) -> tuple[Any, str]:
        await asyncio.sleep(0)
        return type(repo), name

    class Made:
        @staticmethod
        def value(repo: Repo, name: str = inject("name")) -> tuple[Any, str]:
            return type(repo), name

    class Provided:
        def __init__(self, repo: Repo) -> None:
            self.repo = repo

        def value(self, name: Annotated[str, inject("name")]) -> tuple[Any, str]:
            return type(self.repo), name

    ctx.bind("plain").to_dynamic_value(plain)
    ctx.bind("async").to_dynamic_value(asynchronous)
    ctx.bind("made").to_dynamic_value(Made)
    ctx.bind("provided").to_provider(Provided)
    for key in ("plain", "made", "provided"):
        assert await every_way(ctx, key) == [(Repo, "Ada")] * 8
    assert [await ctx.get("async") for _ in range(4)] == [(Repo, "Ada")] * 4


async def test_parameter_without_marker_is_injected_by_type(ctx: Context, every_way: EveryWay) -> None:
    """CTX-301"""

    class Service:
        def __init__(self, repo: Repo, clock: Clock = inject(), other: Annotated[Clock, inject()] = None) -> None:  # type: ignore[assignment]
            self.repo, self.clock, self.other = repo, clock, other

    ctx.bind("repo").to_class(Repo)
    ctx.bind("clock").to_class(Clock).in_scope(BindingScope.SINGLETON)
    ctx.bind("service").to_class(Service)
    for each in await every_way(ctx, "service"):
        assert isinstance(each.repo, Repo)
        assert isinstance(each.clock, Clock)
        assert each.other is each.clock


async def test_inject_without_annotation_names_the_parameter(ctx: Context, every_error: EveryError) -> None:
    """CTX-301"""

    class Service:
        def __init__(self, thing=inject()):  # type: ignore[no-untyped-def]
            self.thing = thing

    ctx.bind("service").to_class(Service)
    for error in await every_error(ctx, "service", ResolutionError):
        assert "Service.__init__[thing]" in str(error)


async def test_inject_without_annotation_on_a_property_names_the_property(
    ctx: Context, every_error: EveryError
) -> None:
    """CTX-301, CTX-315"""

    class Service:
        thing = inject()

    ctx.bind("service").to_class(Service)
    for error in await every_error(ctx, "service", ResolutionError):
        assert "Service.thing" in str(error)


@pytest.mark.parametrize("text", ["", "  ", "#path"])
def test_inject_of_an_empty_key_is_refused_at_once(text: str) -> None:
    """CTX-301"""
    for make in (inject, inject.getter, inject.setter, inject.binding):
        with pytest.raises(InvalidKeyError):
            make(text)


@pytest.mark.parametrize("key", [5, 1.5, [], {}, b"name"])
def test_inject_of_what_is_no_key_is_refused_at_once(key: Any) -> None:
    """CTX-301"""
    with pytest.raises(InvalidKeyError):
        inject(key)


# Optional parameters


async def test_optional_parameters_fall_back_to_default_or_none(ctx: Context, every_way: EveryWay) -> None:
    """CTX-302"""

    class Service:
        def __init__(  # noqa: PLR0917 - each is a case
            self,
            a: Repo | None,
            b: Optional[Repo],  # noqa: UP045 - the spelling under test
            c: "Annotated[Repo | None, inject()]",
            d: Repo | None = inject("repo"),
            e: Repo = "own",  # type: ignore[assignment]
            f: Annotated[str, inject("absent")] = "own",
            g: str = inject("absent", optional=True),
            h: Annotated[str, inject("absent", optional=True)] = "own",
            i: Annotated[str | None, inject("absent")] = "own",
            j: "Annotated[str, inject('absent')] | None" = None,
        ) -> None:
            self.seen = (a, b, c, d, e, f, g, h, i, j)

    ctx.bind("service").to_class(Service)
    expected = (None, None, None, None, "own", "own", None, "own", "own", None)
    assert [each.seen for each in await every_way(ctx, "service")] == [expected] * 8
    repo = Repo()
    ctx.bind("repo").provides(Repo).to(repo)
    ctx.bind("absent").to("here")
    expected2 = (repo, repo, repo, repo, repo, "here", "here", "here", "here", "here")
    assert [each.seen for each in await every_way(ctx, "service")] == [expected2] * 8


async def test_marker_as_default_is_no_own_default(ctx: Context, every_error: EveryError) -> None:
    """CTX-302"""

    class Service:
        def __init__(self, a: str = inject("absent")) -> None:
            self.a = a

    ctx.bind("service").to_class(Service)
    for error in await every_error(ctx, "service", KeyNotBoundError):
        assert error.key == "absent"
        assert error.path == "service --> Service.__init__[a] --> absent"


async def test_a_bound_none_is_passed_as_none(ctx: Context, every_way: EveryWay) -> None:
    """CTX-303"""

    class Service:
        def __init__(
            self,
            a: Annotated[int, inject("k")] = 5,
            b: Annotated[int | None, inject("k")] = 6,
            c: Annotated[int, inject("cfg#a.none")] = 7,
        ) -> None:
            self.seen = (a, b, c)

    ctx.bind("service").to_class(Service)
    assert [each.seen for each in await every_way(ctx, "service")] == [(5, 6, None)] * 8
    ctx.bind("k").to(None)
    assert [each.seen for each in await every_way(ctx, "service")] == [(None, None, None)] * 8
    ctx.bind("k").to(0)
    assert [each.seen for each in await every_way(ctx, "service")] == [(0, 0, None)] * 8
    ctx.unbind("k")
    assert [each.seen for each in await every_way(ctx, "service")] == [(5, 6, None)] * 8


async def test_optional_covers_absence_not_the_failure_of_what_is_there(ctx: Context, every_error: EveryError) -> None:
    """CTX-302, CTX-314"""

    class Needy:
        def __init__(self, x: str = inject("absent")) -> None: ...

    class Service:
        def __init__(self, needy: Needy | None = None) -> None: ...

    ctx.bind("needy").to_class(Needy)
    ctx.bind("service").to_class(Service)
    for error in await every_error(ctx, "service", KeyNotBoundError):
        assert error.path == "service --> Service.__init__[needy] --> needy --> Needy.__init__[x] --> absent"


async def test_optional_parameter_by_ambiguous_type_still_raises(ctx: Context, every_error: EveryError) -> None:
    """CTX-304"""

    class First(Repo): ...

    class Second(Repo): ...

    class Service:
        def __init__(self, repo: Repo | None = None) -> None:
            self.repo = repo

    ctx.bind("first").to_class(First)
    ctx.bind("second").to_class(Second)
    ctx.bind("service").to_class(Service)
    for error in await every_error(ctx, "service", AmbiguousTypeError):
        assert "first" in str(error)
        assert "second" in str(error)
        assert "Service.__init__[repo]" in str(error)


# What nothing says how to fill


async def test_parameter_that_says_nothing_is_named_with_the_way_out(ctx: Context, every_error: EveryError) -> None:
    """CTX-305"""

    class Service:
        def __init__(self, name=inject("name"), thing=None, *, other):  # type: ignore[no-untyped-def]
            self.other = other

    class Outer:
        def __init__(self, service=inject("service")):  # type: ignore[no-untyped-def]
            self.service = service

    ctx.bind("service").to_class(Service)
    ctx.bind("outer").to_class(Outer)
    for error in await every_error(ctx, "outer", ResolutionError):
        assert "Service.__init__[other]" in str(error)
        assert "outer --> Outer.__init__[service] --> service --> Service.__init__[other]" in str(error)
        assert "inject(" in str(error)


async def test_parameter_of_an_unbound_type_is_a_missing_key(ctx: Context, every_error: EveryError) -> None:
    """CTX-305"""

    class Service:
        def __init__(self, name: str = inject("name"), *, repo: Repo) -> None: ...

    ctx.bind("service").to_class(Service)
    for error in await every_error(ctx, "service", KeyNotBoundError):
        assert "Repo" in error.key
        assert error.path == "service --> Service.__init__[repo]"
        assert "Service.__init__[repo]" in str(error)


async def test_factory_parameters_are_named_by_the_function(ctx: Context, every_error: EveryError) -> None:
    """CTX-305"""

    def make_it(repo: Repo) -> None: ...

    ctx.bind("made").to_dynamic_value(make_it)
    for error in await every_error(ctx, "made", KeyNotBoundError):
        assert error.path == "made --> make_it[repo]"


async def test_parameters_of_a_provider_and_factory_class_are_named_by_their_class(
    ctx: Context, every_error: EveryError
) -> None:
    """CTX-305"""

    class Provided:
        def value(self, repo: Repo) -> None: ...

    class Made:
        @classmethod
        def value(cls, repo: Repo) -> None: ...

    ctx.bind("provided").to_provider(Provided)
    ctx.bind("made").to_dynamic_value(Made)
    for error in await every_error(ctx, "provided", KeyNotBoundError):
        assert error.path == "provided --> Provided.value[repo]"
    for error in await every_error(ctx, "made", KeyNotBoundError):
        assert error.path == "made --> Made.value[repo]"


# Kinds of parameters


async def test_every_kind_of_parameter_is_injected_but_the_variable_ones(ctx: Context, every_way: EveryWay) -> None:
    """CTX-306"""

    class Service:
        def __init__(
            self,
            a: str = inject("name"),
            b: str = "own",
            /,
            c: str = inject("name"),
            *args: Repo,
            d: int = inject(PORT),
            e: str = "own",
            **kwargs: Repo,
        ) -> None:
            self.seen = (a, b, c, args, d, e, kwargs)

    def factory(a: Annotated[str, inject("name")], /, *args: Repo, b: int = inject(PORT), **kwargs: Repo) -> Any:
        return (a, args, b, kwargs)

    ctx.bind("repo").to_class(Repo)
    ctx.bind("service").to_class(Service)
    ctx.bind("made").to_dynamic_value(factory)
    assert [each.seen for each in await every_way(ctx, "service")] == [("Ada", "own", "Ada", (), 80, "own", {})] * 8
    assert await every_way(ctx, "made") == [("Ada", (), 80, {})] * 8


async def test_absent_optional_positional_only_keeps_the_others_in_place(ctx: Context, every_way: EveryWay) -> None:
    """CTX-306, CTX-302"""

    class Service:
        def __init__(
            self, a: Annotated[str, inject("absent")] = "own", b: str = inject("name"), /, c: Repo | None = None
        ) -> None:
            self.seen = (a, b, c)

    ctx.bind("service").to_class(Service)
    assert [each.seen for each in await every_way(ctx, "service")] == [("own", "Ada", None)] * 8


@pytest.mark.parametrize("shape", ["default and annotation", "two in annotation", "property"])
async def test_two_markers_on_one_place_are_refused(ctx: Context, shape: str) -> None:
    """CTX-307"""

    class WithDefault:
        def __init__(self, a: Annotated[str, inject("name")] = inject("cfg")) -> None: ...

    class WithTwo:
        def __init__(self, a: Annotated[str, inject("name"), inject("cfg")]) -> None: ...

    class WithProperty:
        a: Annotated[str, inject("name")] = inject("cfg")

    cls: Any = {
        "default and annotation": WithDefault,
        "two in annotation": WithTwo,
        "property": WithProperty,
    }[shape]
    place = f"{cls.__name__}.a" if cls is WithProperty else f"{cls.__name__}.__init__[a]"
    ctx.bind("service").to_class(cls)
    with pytest.raises(TypeError, match=place.replace("[", r"\[")):
        ctx.get_sync("service")
    with pytest.raises(TypeError, match=place.replace("[", r"\[")):
        await ctx.get("service")


async def test_two_markers_on_a_method_parameter_are_refused(ctx: Context) -> None:
    """CTX-307"""

    class Service:
        def run(self, a: Annotated[str, inject("name")] = inject("cfg")) -> None: ...

    with pytest.raises(TypeError, match=r"Service\.run\[a\]"):
        await invoke_method(Service(), "run", ctx)
