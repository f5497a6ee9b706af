"""Warm contexts stay right after every kind of change: no wait, no refresh in between."""

import abc
import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import pytest

from mainspring.context import (
    AmbiguousTypeError,
    AsyncValueError,
    Binding,
    BindingScope,
    CircularDependencyError,
    Context,
    InvocationContext,
    KeyNotBoundError,
    Next,
    ResolutionContext,
    config,
    inject,
    invoke_method,
    register_interceptor,
)
from mainspring.context.asking import injected
from mainspring.context.errors import BindingLockedError, ContextError, ResolutionError
from mainspring.context.signatures import method_spec


class Tree:
    """app <- server <- request, with siblings server2 and request2 (below server)."""

    def __init__(self) -> None:
        self.app = Context("app", scope=BindingScope.APPLICATION)
        self.server = Context(self.app, "server", scope=BindingScope.SERVER)
        self.server2 = Context(self.app, "server2", scope=BindingScope.SERVER)
        self.request = Context(self.server, "request", scope=BindingScope.REQUEST)
        self.request2 = Context(self.server, "request2", scope=BindingScope.REQUEST)

    @property
    def all(self) -> tuple[Context, ...]:
        return (self.app, self.server, self.server2, self.request, self.request2)

    def warm(self, key: Any, *contexts: Context) -> None:
        for _ in range(4):
            for context in contexts or self.all:
                context.get_sync(key, optional=True)

    def values(self, key: Any) -> tuple[Any, ...]:
        """The values from app, server, server2, request, request2."""
        return tuple(context.get_sync(key, optional=True) for context in self.all)


@pytest.fixture
def tree() -> Tree:
    return Tree()


class Part:
    """A dependency."""


class Other(Part):
    """Another one of its type."""


class Consumer:
    def __init__(self, part: Any = inject("part")) -> None:
        self.part = part


def test_an_override_counts_where_it_is_and_below_and_ends_with_its_unbinding(tree: Tree) -> None:
    """CTX-640, CTX-641, CTX-642, CTX-643"""
    tree.app.bind("k").to("app")
    tree.warm("k")
    tree.request.bind("k").to("request")
    assert tree.values("k") == ("app", "app", "app", "request", "app")
    tree.warm("k")
    tree.server.bind("k").to("server")
    assert tree.values("k") == ("app", "server", "app", "request", "server")
    tree.warm("k")
    tree.request.unbind("k")
    assert tree.values("k") == ("app", "server", "app", "server", "server")
    tree.warm("k")
    tree.server.unbind("k")
    assert tree.values("k") == ("app",) * 5
    tree.request2.bind("k").to("request2")
    tree.warm("k")
    tree.app.unbind("k")
    assert tree.values("k") == (None, None, None, None, "request2")
    with pytest.raises(KeyNotBoundError):
        tree.request.get_sync("k")


def test_a_missing_key_is_found_once_it_is_bound(tree: Tree) -> None:
    """CTX-644"""
    for _ in range(4):
        for context in tree.all:
            assert context.get_sync("k", optional=True) is None
            with pytest.raises(KeyNotBoundError):
                context.get_sync("k")
    tree.request2.bind("k").to(2)
    assert tree.values("k") == (None, None, None, None, 2)
    with pytest.raises(KeyNotBoundError):
        tree.request.get_sync("k")
    tree.app.bind("k").to(1)
    assert tree.values("k") == (1, 1, 1, 1, 2)


def test_rebinding_in_the_application_reaches_all_and_starts_singletons_anew(tree: Tree) -> None:
    """CTX-645"""
    tree.app.bind("k").to_class(Part).in_scope(BindingScope.SINGLETON)
    tree.warm("k")
    old = tree.app.get_sync("k")
    tree.app.add(Binding("k").to_class(Part).in_scope(BindingScope.SINGLETON))
    new = tree.request.get_sync("k")
    assert new is not old
    assert tree.values("k") == (new,) * 5
    tree.app.bind("k").to("constant")
    assert tree.values("k") == ("constant",) * 5


def test_changing_a_constant_in_place_reaches_aliases_and_paths(tree: Tree) -> None:
    """CTX-646"""
    binding = tree.app.bind("k").to({"x": 1})
    tree.app.bind("alias").to_alias("k#x")
    for key in ("k", "alias", "k#x"):
        tree.warm(key)
    binding.to({"x": 2})
    assert tree.values("k") == ({"x": 2},) * 5
    assert tree.values("alias") == tree.values("k#x") == (2,) * 5


async def test_a_constant_becomes_asynchronous_and_a_constant_again(tree: Tree) -> None:
    """CTX-647"""

    async def make() -> str:
        await asyncio.sleep(0)
        return "made"

    binding = tree.app.bind("part").to("constant")
    tree.app.bind("consumer").to_class(Consumer)
    for key in ("part", "consumer"):
        tree.warm(key)
        for _ in range(3):
            await tree.request.get(key)
    binding.to_dynamic_value(make)
    for _ in range(4):
        with pytest.raises(AsyncValueError):
            tree.request.get_sync("part")
        with pytest.raises(AsyncValueError):
            tree.request.get_sync("consumer")
        assert await tree.request.get("part") == "made"
        assert (await tree.request.get("consumer")).part == "made"
    binding.to("again")
    assert tree.request.get_sync("part") == "again"
    assert tree.request.get_sync("consumer").part == "again"
    assert (await tree.request.get("consumer")).part == "again"


def test_a_binding_changes_its_class(tree: Tree) -> None:
    """CTX-648"""

    class First:
        def __init__(self, x: Any = inject("x")) -> None:
            self.x = x

    class Second:
        def __init__(self, y: Any = inject("y")) -> None:
            self.y = y

    tree.app.bind("x").to("x")
    tree.app.bind("y").to("y")
    binding = tree.app.bind("k").to_class(First)
    tree.warm("k")
    binding.to_class(Second)
    for context in tree.all:
        assert context.get_sync("k").y == "y"


def test_a_binding_gets_its_source_later(tree: Tree) -> None:
    """CTX-649"""
    binding = tree.app.bind("k")
    for _ in range(4):
        with pytest.raises(ResolutionError):
            tree.request.get_sync("k")
    binding.to(1)
    assert tree.values("k") == (1,) * 5


def test_every_get_honours_the_scope_of_that_moment(tree: Tree) -> None:
    """CTX-650"""
    binding = tree.app.bind("k").to_class(Part)
    tree.warm("k")
    assert tree.request.get_sync("k") is not tree.request.get_sync("k")
    seen: list[Any] = []
    for scope in (BindingScope.SINGLETON, BindingScope.CONTEXT, BindingScope.REQUEST, BindingScope.SINGLETON):
        binding.in_scope(scope)
        tree.warm("k")
        here, there, above = tree.request.get_sync("k"), tree.request2.get_sync("k"), tree.app.get_sync("k")
        assert here is tree.request.get_sync("k")
        assert (here is there) is (scope is BindingScope.SINGLETON)
        assert (here is above) is (scope is BindingScope.SINGLETON)
        assert all(value is not old for value in (here, there, above) for old in seen)
        seen += [here, there, above]
    binding.in_scope(BindingScope.TRANSIENT)
    assert all(tree.request.get_sync("k") is not old for old in seen)


def test_the_scope_decides_whose_bindings_are_injected(tree: Tree) -> None:
    """CTX-651, CTX-655"""
    tree.app.bind("part").to("app")
    tree.request.bind("part").to("request")
    binding = tree.app.bind("k").to_class(Consumer).in_scope(BindingScope.SINGLETON)
    tree.warm("k")
    assert tree.request.get_sync("k").part == "app"
    binding.in_scope(BindingScope.TRANSIENT)
    assert tree.request.get_sync("k").part == "request"
    tree.warm("k")
    binding.in_scope(BindingScope.SINGLETON)
    assert tree.request.get_sync("k").part == "app"


def test_the_scope_of_a_dependency_changes(tree: Tree) -> None:
    """CTX-652"""
    part = tree.app.bind("part").to_class(Part)
    tree.app.bind("k").to_class(Consumer)
    tree.warm("k")
    assert tree.request.get_sync("k").part is not tree.request.get_sync("k").part
    part.in_scope(BindingScope.SINGLETON)
    assert len({id(context.get_sync("k").part) for context in tree.all}) == 1


def test_an_override_of_a_dependency_counts_for_consumers_got_through_it(tree: Tree) -> None:
    """CTX-653, CTX-654"""

    class Middle:
        def __init__(self, inner: Any = inject("k")) -> None:
            self.part = inner.part

    class Outer:
        def __init__(self, inner: Any = inject("middle")) -> None:
            self.part = inner.part

    tree.app.bind("part").to("app")
    tree.app.bind("k").to_class(Consumer)
    tree.app.bind("middle").to_class(Middle)
    tree.app.bind("outer").to_class(Outer)
    for key in ("k", "middle", "outer"):
        tree.warm(key)
    tree.request.bind("part").to("request")
    for key in ("k", "middle", "outer"):
        assert [each.part for each in tree.values(key)] == ["app", "app", "app", "request", "app"]
        tree.warm(key)
    tree.request.unbind("part")
    for key in ("k", "middle", "outer"):
        assert [each.part for each in tree.values(key)] == ["app"] * 5


def test_an_optional_dependency_comes_and_goes(tree: Tree) -> None:
    """CTX-656"""

    class Wants:
        def __init__(self, part: Any = inject("part", optional=True)) -> None:
            self.part = part

    tree.app.bind("k").to_class(Wants)
    tree.warm("k")
    assert tree.request.get_sync("k").part is None
    tree.app.bind("part").to(1)
    assert [each.part for each in tree.values("k")] == [1] * 5
    tree.warm("k")
    tree.app.unbind("part")
    assert [each.part for each in tree.values("k")] == [None] * 5
    tree.warm("k")
    tree.request.bind("part").to(2)
    assert [each.part for each in tree.values("k")] == [None, None, None, 2, None]


def test_candidates_of_a_type_come_and_go(tree: Tree) -> None:
    """CTX-657, CTX-658, CTX-659"""

    class Wants:
        def __init__(self, part: Part) -> None:
            self.part = part

    tree.app.bind("one").to_class(Other)
    tree.app.bind("k").to_class(Wants)
    tree.warm("k")
    tree.warm(Part)
    second = tree.app.bind("two").to_class(Other)
    with pytest.raises(AmbiguousTypeError):
        tree.request.get_sync("k")
    tree.app.unbind("two")
    assert isinstance(tree.request.get_sync("k").part, Other)
    tree.warm("k")
    mine = Part()
    tree.request.bind("mine").to(mine).provides(Part)
    assert tree.request.get_sync("k").part is mine
    assert tree.request2.get_sync("k").part is not mine
    tree.request.unbind("mine")
    tree.warm("k")
    tree.app.unbind("one")
    with pytest.raises(KeyNotBoundError):
        tree.request.get_sync("k")
    tree.app.add(second.to("text"))
    with pytest.raises(KeyNotBoundError):
        tree.request.get_sync("k")
    second.provides(Part)
    assert tree.request.get_sync("k").part == "text"


async def test_an_alias_follows_its_target_and_itself(tree: Tree) -> None:
    """CTX-660, CTX-661"""

    async def make() -> str:
        return "async"

    target = tree.app.bind("target").to("app")
    alias = tree.app.bind("alias").to_alias("target")
    outer = tree.app.bind("outer").to_alias("alias")
    tree.warm("alias")
    tree.warm("outer")
    tree.request.bind("target").to("request")
    assert tree.values("outer") == ("app", "app", "app", "request", "app")
    tree.request.unbind("target")
    tree.app.bind("target").to("rebound")
    assert tree.values("outer") == ("rebound",) * 5
    tree.app.unbind("target")
    with pytest.raises(KeyNotBoundError):
        tree.request.get_sync("alias")
    tree.app.add(target)
    tree.warm("outer")
    tree.app.bind("elsewhere").to(3)
    alias.to_alias("elsewhere")
    assert tree.values("outer") == (3,) * 5
    alias.to_alias("outer")
    with pytest.raises(CircularDependencyError):
        tree.request.get_sync("outer")
    alias.to("constant")
    assert tree.values("outer") == ("constant",) * 5
    alias.to_alias("target")
    target.to_dynamic_value(make)
    with pytest.raises(AsyncValueError):
        tree.request.get_sync("outer")
    assert await tree.request.get("outer") == "async"
    assert outer.key == "outer"


def test_locking_changes_no_value(tree: Tree) -> None:
    """CTX-662"""
    binding = tree.app.bind("k").to(1)
    tree.warm("k")
    binding.lock()
    assert tree.values("k") == (1,) * 5
    with pytest.raises(BindingLockedError):
        tree.app.bind("k")
    assert tree.values("k") == (1,) * 5
    binding.unlock()
    assert tree.values("k") == (1,) * 5


def test_refreshing_drops_what_is_kept_there_and_nothing_else(tree: Tree) -> None:
    """CTX-663, CTX-664"""
    part = tree.app.bind("part").to_class(Part).in_scope(BindingScope.SINGLETON)
    tree.app.bind("passing").to_class(Consumer)
    kept = tree.app.bind("keeping").to_class(Consumer).in_scope(BindingScope.SINGLETON)
    for key in ("part", "passing", "keeping"):
        tree.warm(key)
    old = tree.app.get_sync("part")
    part.refresh(tree.request)
    new = tree.server2.get_sync("part")
    assert new is not old
    assert tree.values("part") == (new,) * 5
    assert tree.request.get_sync("passing").part is new
    assert tree.request.get_sync("keeping").part is old
    kept.refresh(tree.app)
    assert tree.request.get_sync("keeping").part is new
    each = tree.app.bind("each").to_class(Part).in_scope(BindingScope.CONTEXT)
    tree.warm("each")
    before = tree.values("each")
    each.refresh(tree.request)
    after = tree.values("each")
    assert [old is new for old, new in zip(before, after, strict=True)] == [True, True, True, False, True]


async def test_tag_lists_follow_tags_bindings_and_overrides(tree: Tree) -> None:
    """CTX-665, CTX-666, CTX-667"""

    class Wants:
        def __init__(self, places: Any = inject.tag({"place": "here"})) -> None:
            self.places = places

    one = tree.app.bind("one").to(1)
    tree.app.bind("two").to(2).tag({"place": "here"})
    tree.app.bind("k").to_class(Wants)
    view = tree.request.create_view(lambda binding: binding.tag_map.get("place") == "here")
    tree.warm("k")
    await view.values()
    one.tag({"place": "here"})
    assert tree.request.get_sync("k").places == [1, 2]
    assert [binding.key for binding in tree.request.find_by_tag({"place": "here"})] == ["one", "two"]
    assert await view.values() == [1, 2]
    tree.warm("k")
    one.tag({"place": "there"})
    assert tree.request.get_sync("k").places == [2]
    assert await view.values() == [2]
    tree.warm("k")
    tree.request.bind("three").to(3).tag({"place": "here"})
    assert tree.request.get_sync("k").places == [3, 2]
    assert tree.request2.get_sync("k").places == [2]
    tree.request.unbind("three")
    assert tree.request.get_sync("k").places == [2]
    tree.warm("k")
    tree.request.bind("two").to("hides")
    assert tree.request.get_sync("k").places == []
    assert tree.request2.get_sync("k").places == [2]


def test_configuration_comes_changes_and_goes(tree: Tree) -> None:
    """CTX-668"""

    class Wants:
        def __init__(
            self, level: Any = config("level"), text: Any = config("level", default="none"), whole: Any = config()
        ) -> None:
            self.seen = (level, text, whole)

    tree.app.bind("k").to_class(Wants)
    tree.warm("k")
    absent = (None, "none", None)
    assert tree.request.get_sync("k").seen == absent
    settings = tree.app.configure("k").to({"level": 1})
    one = (1, 1, {"level": 1})
    assert [each.seen for each in tree.values("k")] == [one] * 5
    tree.warm("k")
    tree.request.configure("k").to({"level": 2})
    two = (2, 2, {"level": 2})
    assert [each.seen for each in tree.values("k")] == [one, one, one, two, one]
    tree.request.unbind("k:$config")
    assert tree.request.get_sync("k").seen == one
    tree.warm("k")
    settings.to({"level": 3})
    assert tree.request.get_sync("k").seen == (3, 3, {"level": 3})
    tree.app.unbind("k:$config")
    assert [each.seen for each in tree.values("k")] == [absent] * 5


def test_one_binding_in_two_contexts(tree: Tree) -> None:
    """CTX-669"""
    binding: Binding[Any] = Binding("k").to(1)
    tree.server.add(binding)
    tree.server2.add(binding)
    tree.warm("k")
    binding.to(2)
    assert tree.values("k") == (None, 2, 2, 2, 2)
    binding.to_class(Part).in_scope(BindingScope.SINGLETON)
    tree.warm("k")
    assert tree.server.get_sync("k") is tree.request.get_sync("k") is not tree.server2.get_sync("k")
    binding.tag("shared")
    assert tree.server.find_by_tag("shared") == tree.server2.find_by_tag("shared") == [binding]
    tree.server.unbind("k")
    assert tree.server.get_sync("k", optional=True) is None
    assert isinstance(tree.server2.get_sync("k"), Part)


def test_a_child_never_sees_what_it_hides(tree: Tree) -> None:
    """CTX-670, CTX-671"""
    tree.app.bind("part").to("app")
    tree.app.bind("k").to_class(Consumer)
    tree.warm("part")
    tree.warm("k")
    for number in range(1_000):
        child = Context(tree.server, scope=BindingScope.REQUEST)
        if number % 2:
            assert child.get_sync("part") == "app"
        child.bind("part").to({"number": number})
        assert child.get_sync("part") == {"number": number}
        assert child.get_sync("k").part == {"number": number}
        assert child.get_sync("part#number") == number


def test_a_server_makes_its_own(tree: Tree) -> None:
    """CTX-672"""
    tree.app.bind("k").to_class(Part).in_scope(BindingScope.SERVER)
    for context in (tree.server, tree.request, tree.request2):
        tree.warm("k", context)
    assert tree.server2.get_sync("k") is not tree.server.get_sync("k") is tree.request.get_sync("k")


class Target:
    def call(self) -> str:
        return "target"


def tracing(log: list[str], name: str) -> Callable[..., Any]:
    async def trace(inv: InvocationContext, next: Next) -> Any:
        log.append(name)
        return await next()

    return trace


async def test_interceptors_follow_every_change(tree: Tree) -> None:
    """CTX-673, CTX-674"""
    log: list[str] = []

    async def calls() -> list[str]:
        log.clear()
        await invoke_method(Target(), "call", tree.request)
        return list(log)

    for _ in range(3):
        assert await calls() == []
    a = register_interceptor(tree.app, tracing(log, "a"), group="a", key="a")
    b = register_interceptor(tree.request, tracing(log, "b"), group="b", key="b")
    for _ in range(3):
        assert await calls() == ["a", "b"]
    a.tag({"global_interceptor_group": "c"})
    assert await calls() == ["b", "a"]
    tree.app.bind("global_interceptor.ordered_groups").to(["c", "b"])
    assert await calls() == ["a", "b"]
    b.to(tracing(log, "new"))
    assert await calls() == ["a", "new"]
    tree.request.unbind("b")
    assert await calls() == ["a"]


def test_a_factory_that_rebinds_sees_it_at_once(tree: Tree) -> None:
    """CTX-675"""
    count = 0

    def rebinding(resolution: ResolutionContext) -> int:
        nonlocal count
        count += 1
        resolution.context.bind("late").to(count)
        return count

    class Wants:
        def __init__(self, first: Any = inject("first"), late: Any = inject("late")) -> None:
            self.seen = (first, late)

    tree.app.bind("late").to(0)
    tree.app.bind("first").to_dynamic_value(rebinding)
    tree.app.bind("k").to_class(Wants)
    for number in range(1, 6):
        assert tree.request.get_sync("k").seen == (number, number)
        assert tree.request.get_sync("late") == number


def test_a_listener_that_gets_and_rebinds_is_right(tree: Tree) -> None:
    """CTX-676"""
    tree.app.bind("k").to(1)
    tree.warm("k")
    seen: list[Any] = []

    def listen(event: Any) -> None:
        if event.binding.key == "k":
            seen.append(tree.request.get_sync("k", optional=True))
            if len(seen) == 1:
                tree.app.bind("other").to("bound by the listener")

    tree.app.on("bind", listen)
    tree.app.add(Binding("k").to(2))
    assert seen == [2]
    assert tree.values("k") == (2,) * 5
    assert tree.request.get_sync("other") == "bound by the listener"


def test_custom_resolution_runs_every_time(tree: Tree) -> None:
    """CTX-677"""
    calls: list[str] = []

    def resolve(ctx: Context, injection: Any, session: Any) -> int:
        calls.append(session.resolution_path)
        return len(calls)

    class Wants:
        def __init__(self, value: Any = inject("x", resolve=resolve)) -> None:
            self.value = value

    tree.app.bind("k").to_class(Wants)
    assert [tree.request.get_sync("k").value for _ in range(6)] == [1, 2, 3, 4, 5, 6]
    assert set(calls) == {"k --> Wants.__init__[value]"}


def test_a_value_behind_a_path_is_read_anew(tree: Tree) -> None:
    """CTX-678"""
    inner = {"x": 1}
    tree.app.bind("k").to({"inner": inner})
    tree.warm("k#inner.x")
    inner["x"] = 2
    assert tree.values("k#inner.x") == (2,) * 5
    tree.app.bind("k").to({"inner": {"x": 3}})
    assert tree.values("k#inner.x") == (3,) * 5


async def test_the_ways_of_asking_do_not_spoil_each_other(tree: Tree) -> None:
    """CTX-679"""
    tree.app.bind("k").to_class(Target)
    for _ in range(5):
        assert isinstance(tree.request.get_sync("k"), Target)
        assert tree.request.get_sync("k").call() == "target"
        proxy = tree.request.get_sync("k", as_proxy_with_interceptors=True)
        assert await proxy.call() == "target"
        assert (await tree.request.get("k", optional=True)).call() == "target"
        assert tree.request.get_sync("missing", optional=True) is None
        with pytest.raises(KeyNotBoundError):
            await tree.request.get("missing")


async def test_closing_a_request_changes_nothing_for_others(tree: Tree) -> None:
    """CTX-680"""
    ended: list[str] = []

    async def make() -> AsyncIterator[str]:
        yield "value"
        ended.append("value")

    tree.app.bind("k").to_dynamic_value(make).in_scope(BindingScope.REQUEST)
    tree.app.bind("c").to(1)
    for _ in range(3):
        assert [await context.get("k") for context in tree.all] == ["value"] * 5
    await tree.request.close()
    assert ended == ["value"]
    assert [await context.get("k") for context in (tree.app, tree.server, tree.server2, tree.request2)] == ["value"] * 4
    assert tree.values("c") == (1,) * 5
    for context in (tree.request2, tree.server, tree.server2, tree.app):
        await context.close()


def test_a_path_that_leads_nowhere_gives_the_parameter_its_own_default(tree: Tree) -> None:
    """CTX-013, CTX-303, CORE-017, CORE-043"""

    class Wants:
        level: Annotated[int, inject("settings#level")] = 9

        def __init__(
            self,
            port: Annotated[int, inject("settings#port")] = 80,
            stored: Annotated[int | None, inject("settings#none")] = 7,
            plain: Any = inject("settings#port"),
        ) -> None:
            self.seen = (port, stored, plain)

    settings = tree.app.bind("settings").to({"none": None})
    tree.app.bind("k").to_class(Wants)
    for _ in range(4):
        made = tree.request.get_sync("k")
        assert (made.seen, made.level) == ((80, None, None), 9)
    settings.to({"port": 1, "level": 2, "none": 3})
    for _ in range(4):
        made = tree.request.get_sync("k")
        assert (made.seen, made.level) == ((1, 3, 1), 2)


# What nobody tells the contexts


class Speaker(abc.ABC):  # noqa: B024 - classes are registered with it
    """An interface."""


class Shouter(Speaker):
    """A subclass in the ordinary way."""


class Listener:
    def __init__(self, speaker: Speaker) -> None:
        self.speaker = speaker


def test_a_class_registered_with_an_abc_counts_from_then_on(tree: Tree) -> None:
    """CTX-166: in plans that found another class by it, or none, as for those who ask for the first time."""

    class Quiet:
        """Registered below."""

    tree.app.bind("shouter").to_class(Shouter)
    tree.app.bind("listener").to_class(Listener)
    tree.warm(Speaker)
    tree.warm("listener")
    tree.server.bind("quiet").to_class(Quiet)
    tree.warm(Speaker)
    tree.warm("listener")
    assert isinstance(tree.request.get_sync("listener").speaker, Shouter)
    Speaker.register(Quiet)
    assert [type(each) for each in tree.values(Speaker)] == [Shouter, Quiet, Shouter, Quiet, Quiet]
    assert [type(each.speaker) for each in tree.values("listener")] == [Shouter, Quiet, Shouter, Quiet, Quiet]
    tree.warm("listener")
    assert type(tree.request2.get_sync("listener").speaker) is Quiet


async def test_a_registered_class_may_turn_a_plain_value_into_an_awaited_one(tree: Tree) -> None:
    """CTX-166: the get that meets the registration awaits it."""

    class Slow:
        """Registered below."""

    async def make() -> Slow:
        await asyncio.sleep(0)
        return Slow()

    tree.app.bind("shouter").to_class(Shouter)
    for _ in range(4):
        assert isinstance(await tree.request.get(Speaker), Shouter)
    tree.server.bind("slow").to_dynamic_value(make)
    Speaker.register(Slow)
    for _ in range(4):
        assert isinstance(await tree.request.get(Speaker), Slow)


# Factories of a request, and what calls are given


class Session:
    """What a request keeps."""


def request_of(tree: Tree) -> Context:
    return Context(tree.server, scope=BindingScope.REQUEST)


async def test_a_factory_that_begins_to_await_is_awaited_and_shared(tree: Tree) -> None:
    """CTX-140, CTX-681: plans count on what it gave until then; once it gives something else they do no more."""
    calls = 0
    slowly = False

    async def later() -> Session:
        await asyncio.sleep(0)
        return Session()

    def make() -> Any:
        nonlocal calls
        calls += 1
        return later() if slowly else Session()

    class Uses:
        def __init__(self, session: Any = inject("session")) -> None:
            self.session = session

    tree.app.bind("session").to_dynamic_value(make).in_scope(BindingScope.REQUEST)
    tree.app.bind("uses").to_class(Uses).in_scope(BindingScope.REQUEST)
    for _ in range(4):
        assert type((await request_of(tree).get("uses")).session) is Session
    assert calls == 4
    slowly = True
    assert type((await request_of(tree).get("uses")).session) is Session
    calls = 0
    request = request_of(tree)
    first, second = await asyncio.gather(request.get("uses"), request.get("uses"))
    assert first is second
    assert type(first.session) is Session
    assert calls == 1


class UserAndTenant:
    def __init__(self, user: Any = inject("user"), tenant: Any = inject("tenant")) -> None:
        self.seen = (user, tenant)

    def handle(self, user: Any = inject("user"), tenant: Any = inject("tenant")) -> None: ...


@pytest.mark.parametrize("is_generator", [False, True])
async def test_a_factory_that_binds_in_its_request_is_seen_by_what_follows(tree: Tree, is_generator: bool) -> None:
    """CTX-675"""
    binds = False

    def user(context: Annotated[Context, inject.context()]) -> str:
        if binds:
            context.bind("tenant").to("of the user")
        return "user"

    def generated(context: Annotated[Context, inject.context()]) -> Any:
        yield user(context)

    async def check(tenant: str) -> None:
        for _ in range(4):
            assert (await request_of(tree).get("k")).seen == ("user", tenant)
            assert request_of(tree).get_sync("k").seen == ("user", tenant)
            points = method_spec(UserAndTenant, "handle", UserAndTenant.handle).points[1:]
            assert await injected(request_of(tree), points) == {"user": "user", "tenant": tenant}

    tree.app.bind("user").to_dynamic_value(generated if is_generator else user).in_scope(BindingScope.REQUEST)
    tree.app.bind("tenant").to("nobody's")
    tree.app.bind("k").to_class(UserAndTenant)
    await check("nobody's")
    binds = True
    await check("of the user")
    binds = False
    await check("nobody's")


async def test_what_a_request_generates_ends_with_it(tree: Tree) -> None:
    """CTX-681: last made first, also by plans; and a generator without a yield is told with its path."""
    log: list[str] = []

    def session() -> Any:
        yield "session"
        log.append("session ends")

    def unit(session: str = inject("session")) -> Any:
        yield f"unit of {session}"
        log.append("unit ends")

    tree.app.bind("session").to_dynamic_value(session).in_scope(BindingScope.REQUEST)
    tree.app.bind("unit").to_dynamic_value(unit).in_scope(BindingScope.REQUEST)
    for _ in range(4):
        log.clear()
        request = request_of(tree)
        assert await request.get("unit") == "unit of session"
        assert await request.get("unit") == "unit of session"
        assert log == []
        await request.close()
        assert log == ["unit ends", "session ends"]
        with pytest.raises(ContextError, match="closed"):
            await request_of_closed(tree).get("unit")

    yields = True

    def perhaps() -> Any:
        if yields:
            yield 1

    tree.app.bind("session").to_dynamic_value(perhaps).in_scope(BindingScope.REQUEST)
    for _ in range(4):
        assert await request_of(tree).get("unit") == "unit of 1"
    yields = False
    with pytest.raises(ResolutionError, match="ended without a yield") as raised:
        await request_of(tree).get("unit")
    assert raised.value.path == "unit --> unit[session] --> session"


def request_of_closed(tree: Tree) -> Context:
    request = request_of(tree)
    request.close_sync()
    return request


async def test_what_a_call_is_given_follows_every_change(tree: Tree) -> None:
    """CTX-681"""

    def handler(a: Any = inject("a"), b: Annotated[Any, inject("b")] = "own", c: Any = config("c", from_binding="a")):
        return [a, b, c]

    async def given(ctx: Context) -> Any:
        found = [await invoke_method(Holder(), "call", ctx) for _ in range(4)]
        assert all(each == found[0] for each in found)
        return found[0]

    class Holder:
        call = staticmethod(handler)

    tree.app.bind("a").to(1)
    assert await given(tree.request) == [1, "own", None]
    tree.app.bind("b").to(2)
    assert await given(tree.request) == [1, 2, None]
    tree.app.configure("a").to({"c": 3})
    assert await given(tree.request) == [1, 2, 3]
    tree.request.bind("a").to("mine")
    assert await given(tree.request) == ["mine", 2, 3]
    assert await given(tree.request2) == [1, 2, 3]
    tree.app.unbind("b")
    assert await given(tree.request) == ["mine", "own", 3]
    tree.app.unbind("a")
    with pytest.raises(KeyNotBoundError, match=r"'a'"):
        await given(tree.request2)


async def test_a_binding_asked_for_by_itself_follows_every_change(tree: Tree) -> None:
    """CTX-681: also while another one is nearer under its key."""
    binding = tree.app.bind("k").to_class(Part)
    tree.server.bind("k").to("nearer")
    for _ in range(4):
        assert type(await tree.request.resolve_binding(binding)) is Part
    binding.to("changed")
    assert await tree.request.resolve_binding(binding) == "changed"
    binding.to_dynamic_value(lambda: "made")
    for _ in range(4):
        assert await tree.request.resolve_binding(binding) == "made"
    tree.app.unbind("k")
    assert await tree.request.resolve_binding(binding) == "made"
