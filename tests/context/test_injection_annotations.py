"""Injection by annotations that are text, or name what is not there (yet)."""

from collections.abc import Awaitable, Callable
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


# Annotations as text

FUTURE = """
from __future__ import annotations
from typing import Annotated, Optional

class Service:
    clock: Annotated[Later, inject("later")]
    by_type: Later = inject()
    nested: Service.Inner = inject("name")

    class Inner: ...

    def __init__(self, repo: Later, name: Annotated[str, inject("name")], maybe: Later | None = None,
                 not_there: Optional[Absent] = inject("name"), unknown: Absent = inject("rest.port")) -> None:
        self.repo, self.name, self.maybe = repo, name, maybe
        self.unknown = (not_there, unknown)

    def run(self, given: str, repo: Later, name: Annotated[str, inject("name")]) -> tuple[Later, str]:
        return (given, type(repo), name)

def factory(repo: Later, name: Annotated[str, inject("name")]) -> tuple[Later, str]:
    return (type(repo), name)

class Later: ...
"""


async def test_future_annotations_and_later_classes_work(
    ctx: Context, written_module: WrittenModule, every_way: EveryWay
) -> None:
    """CTX-311"""
    module = written_module(FUTURE, inject=inject)
    ctx.bind("later").to_class(module.Later).in_scope("singleton")
    later = ctx.get_sync("later")
    ctx.bind("service").to_class(module.Service)
    ctx.bind("made").to_dynamic_value(module.factory)
    for each in await every_way(ctx, "service"):
        assert (each.repo, each.name, each.maybe, each.unknown) == (later, "Ada", later, ("Ada", 80))
        assert (each.clock, each.by_type, each.nested) == (later, later, "Ada")
        assert await invoke_method(each, "run", ctx, kwargs={"given": "x"}) == ("x", module.Later, "Ada")
    assert await every_way(ctx, "made") == [(module.Later, "Ada")] * 8


async def test_quoted_references_work(ctx: Context, written_module: WrittenModule, every_way: EveryWay) -> None:
    """CTX-311"""
    module = written_module(
        """
        from typing import Annotated
        class Service:
            clock: "Annotated[Later, inject('later')]"
            other: Annotated["Later", inject("later")]
            def __init__(self, repo: "Later", maybe: "Later | None", third: "Annotated[Later, inject()]",
                         name: Annotated["Absent", inject("name")]) -> None:
                self.seen = (repo, maybe, third, name)
        class Later: ...
        """,
        inject=inject,
    )
    ctx.bind("later").to_class(module.Later).in_scope("singleton")
    later = ctx.get_sync("later")
    ctx.bind("service").to_class(module.Service)
    for each in await every_way(ctx, "service"):
        assert (each.seen, each.clock, each.other) == ((later, later, later, "Ada"), later, later)


async def test_marker_is_found_beside_a_type_that_cannot_be_evaluated(
    ctx: Context, written_module: WrittenModule, every_way: EveryWay
) -> None:
    """CTX-311: the type is not needed when a marker has a key"""
    module = written_module(
        """
        from __future__ import annotations
        from typing import Annotated
        class Service:
            clock: Annotated[OnlyForCheckers, inject("name")]
            def __init__(self, repo: Annotated[OnlyForCheckers, inject("name")],
                         maybe: Annotated[OnlyForCheckers | None, inject("absent")] = None) -> None:
                self.repo, self.maybe = repo, maybe
            def run(self, x: Annotated[OnlyForCheckers, inject("name")]) -> OnlyForCheckers:
                return x
        """,
        inject=inject,
    )
    ctx.bind("service").to_class(module.Service)
    for each in await every_way(ctx, "service"):
        assert (each.repo, each.clock, each.maybe) == ("Ada", "Ada", None)
    assert await invoke_method(ctx.get_sync("service"), "run", ctx) == "Ada"


async def test_unevaluable_annotation_that_is_needed_is_named_with_its_text(
    ctx: Context, written_module: WrittenModule, every_error: EveryError
) -> None:
    """CTX-311"""
    module = written_module(
        """
        from __future__ import annotations
        class Service:
            def __init__(self, repo: some.where.Repo) -> None: ...
        def factory(repo: some.where.Repo) -> None: ...
        """,
        inject=inject,
    )
    ctx.bind("service").to_class(module.Service)
    ctx.bind("made").to_dynamic_value(module.factory)
    for error in await every_error(ctx, "service", ResolutionError):
        assert "Service.__init__[repo]" in str(error)
        assert "some.where.Repo" in str(error)
    for error in await every_error(ctx, "made", ResolutionError):
        assert "factory[repo]" in str(error)
        assert "some.where.Repo" in str(error)


async def test_class_attribute_named_as_a_type_does_not_hide_it(
    ctx: Context, written_module: WrittenModule, every_way: EveryWay
) -> None:
    """CTX-311"""
    module = written_module(
        """
        from __future__ import annotations
        from typing import Annotated
        class clock: ...
        class Service:
            clock: clock = inject()
            other: Annotated[clock, inject()]
            list: Annotated[list[int], inject("list")] = None
        """,
        inject=inject,
    )
    ctx.bind("clock").to_class(module.clock).in_scope("singleton")
    ctx.bind("list").to([1])
    ctx.bind("service").to_class(module.Service)
    for each in await every_way(ctx, "service"):
        assert each.clock is each.other is ctx.get_sync("clock")
        assert each.list == [1]


async def test_failed_evaluation_is_tried_again(
    ctx: Context, written_module: WrittenModule, every_way: EveryWay
) -> None:
    """CTX-311: asked for by type before the module was complete"""
    module = written_module(
        """
        from __future__ import annotations
        from typing import Annotated
        def factory(a: Annotated[Later, inject("name")], b: Other | None) -> Later:
            return (a, b)
        class Service:
            x: Annotated[Later, inject("name")]
            y: Alias
            def __init__(self, b: Other | None = inject(), c: Alias = "own") -> None:
                self.b, self.c = b, c
        """,
        inject=inject,
    )
    binding = ctx.bind("made").to_dynamic_value(module.factory)
    ctx.bind("service").to_class(module.Service)
    assert binding.value_type is None
    assert has_injections(module.Service)
    with pytest.raises(KeyNotBoundError):
        ctx.get_sync(Repo)
    with pytest.raises(ResolutionError):
        ctx.get_sync("made")
    module.__dict__["Later"] = Repo
    module.__dict__["Other"] = Clock
    module.__dict__["Alias"] = Annotated[str, inject("name")]
    clock = Clock()
    ctx.bind("clock").provides(Clock).to(clock)
    assert await every_way(ctx, "made") == [("Ada", clock)] * 8
    assert binding.value_type is Repo
    for each in await every_way(ctx, "service"):
        assert (each.x, each.y, each.b, each.c) == ("Ada", "Ada", clock, "Ada")


LOCAL = """
from __future__ import annotations
import asyncio
from typing import Annotated
from mainspring.context import Context, inject, invoke_method

def build(ctx: Context):
    class Repo: ...

    class Service:
        prop: Repo = inject()
        def __init__(self, slow: Annotated[str, inject("slow")], repo: Repo, maybe: Repo | None) -> None:
            self.repo = repo
        def run(self, repo: Repo) -> str:
            return type(repo).__name__

    class Provided:
        def value(self, repo: Repo) -> str:
            return type(repo).__name__

    async def factory(service: Service, repo: Repo) -> str:
        return type(service.repo).__name__

    async def slow() -> str:
        await asyncio.sleep(0)
        return "slow"

    ctx.bind("repo").to_class(Repo)
    ctx.bind("slow").to_dynamic_value(slow)
    ctx.bind("service").to_class(Service).in_scope("singleton")
    ctx.bind("provided").to_provider(Provided)
    ctx.bind("made").to_dynamic_value(factory).in_scope("singleton")
"""


async def test_names_of_a_function_that_has_ended_are_known(ctx: Context, written_module: WrittenModule) -> None:
    """CTX-311"""
    written_module(LOCAL).build(ctx)
    assert await ctx.get("made") == "Repo"
    assert ctx.get_sync("provided") == "Repo"
    assert type(ctx.get_sync("service").prop).__name__ == "Repo"


async def test_names_of_a_function_that_runs_are_known(ctx: Context) -> None:
    """CTX-311"""

    class Repo: ...

    class Service:
        def __init__(self, repo: "Repo", name: "Annotated[str, inject('name')]") -> None:
            self.repo, self.name = repo, name

        def run(self, other: "Repo") -> "Repo":
            return other

    class Later:
        def __init__(self, repo: "AfterBinding") -> None:
            self.repo = repo

    ctx.bind("later").to_class(Later)
    ctx.bind("repo").to_class(Repo)
    ctx.bind("service").to_class(Service)
    service = await ctx.get("service")
    assert (type(service.repo), service.name) == (Repo, "Ada")
    assert type(await invoke_method(service, "run", ctx)) is Repo

    class AfterBinding: ...

    ctx.bind("after").to_class(AfterBinding)
    assert type((await ctx.get("later")).repo) is AfterBinding
