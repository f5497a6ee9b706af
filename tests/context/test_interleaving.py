"""What one thread does between two lines of another: every such moment of binding and asking, one after another.

Threads may change places at any line. Instead of hoping that they do, a trace function carries out the other thread's
work at one chosen line, for each line in turn.
"""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from mainspring.context import Binding, BindingScope, Context, ContextError
from mainspring.context.shapes import has_its_shape

CONTEXT_ROOM = "mainspring/context/"


def run_disturbed(work: Callable[[], Any], at: int, disturb: Callable[[], Any]) -> bool:
    """Run ``work``, and ``disturb`` at its ``at``-th line in the room; whether there are that many lines."""
    lines, done = 0, False

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal lines, done
        if CONTEXT_ROOM not in frame.f_code.co_filename.replace("\\", "/"):
            return None
        if event == "line":
            lines += 1
            if lines == at:
                done = True
                sys.settrace(None)
                disturb()
        return trace if not done else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return done


def tree(is_deep: bool) -> Context:
    """A server below an application that has a name, with a context of no special scope between when it is deep."""
    app = Context("app", scope=BindingScope.APPLICATION)
    app.bind("name").to("of the application")
    return Context(Context(app) if is_deep else app, "server", scope=BindingScope.SERVER)


def ask(ctx: Context) -> str:
    """Often enough that the answer is planned."""
    found = [ctx.get_sync("name") for _ in range(3)]
    assert len(set(found)) == 1
    return found[0]


@pytest.mark.parametrize("is_warm", [False, True], ids=["cold", "warm"])
@pytest.mark.parametrize("is_deep", [False, True], ids=["flat", "deep"])
def test_whoever_asks_at_any_moment_of_a_binding_spoils_nothing(is_deep: bool, is_warm: bool) -> None:
    """CTX-047, CTX-629: after the change returned, everybody sees it; contexts without it do not."""
    for at in range(1, 10_000):
        server = tree(is_deep)
        if is_warm:
            ask(Context(server, scope=BindingScope.REQUEST))
        request = Context(server, scope=BindingScope.REQUEST)
        is_long_enough = run_disturbed(lambda c=request: c.bind("name").to("mine"), at, lambda c=request: seen(c))
        assert ask(request) == "mine"
        assert ask(Context(server, scope=BindingScope.REQUEST)) == "of the application"
        other = Context(server, scope=BindingScope.REQUEST)
        other.bind("name").to("other")
        assert ask(other) == "other"
        if not is_long_enough:
            assert at > 20
            return
    pytest.fail("it never ends")


def seen(ctx: Context) -> None:
    """Ask while the binding is half done: its value, the one above, or a binding without a source."""
    for _ in range(3):
        if "name" not in ctx or ctx.get_binding("name").source is not None:
            assert ctx.get_sync("name") in ("mine", "of the application")


def test_a_binding_that_has_no_source_yet_hides_the_one_above_from_those_who_asked_before() -> None:
    """CTX-629: the call of `bind` alone is a change."""
    for at in range(1, 10_000):
        server = tree(is_deep=False)
        ask(Context(server, scope=BindingScope.REQUEST))
        request = Context(server, scope=BindingScope.REQUEST)
        is_long_enough = run_disturbed(lambda c=request: c.bind("name"), at, lambda c=request: seen(c))
        with pytest.raises(ContextError):
            request.get_sync("name")
        if not is_long_enough:
            return
    pytest.fail("it never ends")


def test_a_binding_that_is_not_counted_yet_makes_the_shared_shape_unfit() -> None:
    """CTX-629: a plan made at that moment would be one for contexts without the binding."""
    server = tree(is_deep=False)
    request = Context(server, scope=BindingScope.REQUEST)
    assert ask(request) == "of the application"
    assert has_its_shape(request)
    request._bindings["name"] = Binding("name").to("mine")
    assert not has_its_shape(request)


@pytest.mark.parametrize("is_warm", [False, True], ids=["cold", "warm"])
@pytest.mark.parametrize("is_deep", [False, True], ids=["flat", "deep"])
@pytest.mark.parametrize("is_indexed", [False, True], ids=["plain", "indexed"])
def test_whoever_binds_at_any_moment_of_asking_is_seen_by_the_next_who_asks(
    is_deep: bool, is_warm: bool, is_indexed: bool
) -> None:
    """CTX-047, CTX-629: no plan and no shape outlives the change, and none leaks to contexts that do not have it."""
    for at in range(1, 100_000):
        server = tree(is_deep)
        if is_warm:
            ask(Context(server, scope=BindingScope.REQUEST))
        request = Context(server, scope=BindingScope.REQUEST)
        if is_indexed:
            request.bind("other").to(1).tag("t")
            assert request.find_by_tag("t")

        def bind(ctx: Context = request) -> None:
            # A lock that is held keeps the slow way of binding out, as it would keep out the other thread.
            if not (ctx._lock._is_owned() and (ctx._shape is not None or ctx._is_followed)):
                ctx.bind("name").to("mine").tag("t")

        is_long_enough = run_disturbed(lambda c=request: ask_anything(c), at, bind)
        if request.contains("name"):
            assert ask(request) == "mine"
            assert "name" in [each.key for each in request.find_by_tag("t")]
        assert ask(Context(server, scope=BindingScope.REQUEST)) == "of the application"
        if not is_long_enough:
            assert at > 20
            return
    pytest.fail("it never ends")


def ask_anything(ctx: Context) -> None:
    for _ in range(3):
        assert ctx.get_sync("name") in ("mine", "of the application")


class Bare:
    """Nothing but Python's own code makes it."""


class Made:
    """Its constructor is somebody's code."""

    def __init__(self) -> None:
        self.is_made = True


class Other:
    """What the binding is changed to."""


@pytest.mark.parametrize("cls", [Bare, Made])
def test_whoever_asks_at_any_moment_of_the_first_get_is_given_the_same_object(cls: type[object]) -> None:
    """CTX-149: also between the look that finds nothing and the making."""
    for at in range(1, 10_000):
        ctx, found = Context(), []
        ctx.bind("it").to_class(cls).in_scope(BindingScope.SINGLETON)

        def ask(ctx: Context = ctx, found: list[object] = found) -> None:
            # A lock that is held would keep the other thread out, and a creation under way would make it wait.
            if not ctx._lock._is_owned() and not ctx._pending:
                found.append(ctx.get_sync("it"))

        is_long_enough = run_disturbed(ask, at, ask)
        assert {id(each) for each in found} == {id(ctx.get_sync("it"))}
        if not is_long_enough:
            assert at > 20
            return
    pytest.fail("it never ends")


@pytest.mark.parametrize("cls", [Bare, Made])
def test_whoever_changes_the_class_at_any_moment_of_the_first_get_has_the_last_word(cls: type[object]) -> None:
    """CTX-146: what was under way is kept for nobody, not even under an epoch that is over."""
    for at in range(1, 10_000):
        ctx = Context()
        binding = ctx.bind("it").to_class(cls).in_scope(BindingScope.SINGLETON)

        def change(ctx: Context = ctx, binding: Binding[object] = binding) -> None:
            if not ctx._lock._is_owned():
                binding.to_class(Other)

        is_long_enough = run_disturbed(lambda c=ctx: c.get_sync("it"), at, change)
        wanted = binding.source.value if binding.source is not None else None
        assert type(ctx.get_sync("it")) is wanted
        assert list(ctx._kept) == [binding.epoch]
        if not is_long_enough:
            assert at > 20
            return
    pytest.fail("it never ends")
