"""Interceptors around method calls."""

import asyncio
import functools
import gc
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from mainspring.context import (
    Binding,
    BindingKey,
    Context,
    ContextBindings,
    InterceptorChain,
    InvocationContext,
    InvocationSource,
    KeyNotBoundError,
    Next,
    ResolutionError,
    as_global_interceptor,
    compare_bindings_by_tag,
    compose_interceptors,
    create_binding_from_class,
    filter_by_tag,
    global_interceptor,
    inject,
    intercept,
    invoke_method,
    register_interceptor,
)


class Log(list[Any]):
    """What ran, and the interceptors that write into it."""

    def around(self, name: str) -> Callable[[InvocationContext, Next], Awaitable[Any]]:
        """An interceptor that writes before and after."""

        async def interceptor(inv: InvocationContext, proceed: Next) -> Any:
            self.append(f"{name}(")
            result = await proceed()
            self.append(f"){name}")
            return result

        interceptor.__name__ = name
        return interceptor

    def take(self) -> list[Any]:
        """What ran since the last time."""
        found, self[:] = list(self), []
        return found

    def order(self) -> list[str]:
        """The names of the interceptors that began, since the last time."""
        return [entry[:-1] for entry in self.take() if entry.endswith("(")]


@pytest.fixture
def log() -> Log:
    """An empty log."""
    return Log()


# Marking


async def test_intercept_gives_back_the_very_object_and_direct_calls_run_no_interceptor(log: Log) -> None:
    """CTX-530"""
    a = log.around("a")

    def method(self: Any) -> str:
        return "plain"

    async def slow(self: Any) -> str:
        return "slow"

    class Service:
        pass

    assert intercept(a)(method) is method
    assert intercept(a)(slow) is slow
    assert intercept(a)(Service) is Service
    static, of_class = staticmethod(method), classmethod(method)
    assert intercept(a)(static) is static
    assert intercept(a)(of_class) is of_class
    Service.method, Service.slow = method, slow  # type: ignore[attr-defined]
    service: Any = Service()
    assert service.method() == "plain"
    assert await service.slow() == "slow"
    assert log == []
    ctx = Context()
    assert await invoke_method(service, "method", ctx) == "plain"
    assert await invoke_method(service, "slow", ctx) == "slow"
    assert log.order() == ["a", "a"]


@pytest.mark.parametrize("target", [property(lambda self: 1), 5, "text", object(), [1], None])
def test_intercept_refuses_what_is_neither_class_nor_function(target: Any) -> None:
    """CTX-530"""
    with pytest.raises(TypeError):
        intercept(lambda inv, proceed: proceed())(target)


def test_intercept_refuses_what_is_no_interceptor() -> None:
    """CTX-530"""
    for wrong in (5, None, ["key"]):
        with pytest.raises(TypeError):
            intercept(wrong)


async def test_intercept_works_above_and_below_static_and_class_methods(log: Log) -> None:
    """CTX-530"""
    a, b = log.around("a"), log.around("b")

    class Service:
        @intercept(a)
        @staticmethod
        def above(x: int) -> int:
            return x

        @staticmethod
        @intercept(a)
        def below(x: int) -> int:
            return x

        @intercept(a)
        @classmethod
        @intercept(b)
        def both(cls, x: int) -> Any:
            return (cls, x)

    ctx = Context()
    for target in (Service, Service()):
        assert await invoke_method(target, "above", ctx, [1]) == 1
        assert await invoke_method(target, "below", ctx, [1]) == 1
        assert await invoke_method(target, "both", ctx, [1]) == (Service, 1)
        assert log.order() == ["a", "a", "a", "b"]


# Order


async def test_interceptors_run_in_the_order_listed_each_around_the_rest(log: Log) -> None:
    """CTX-531"""
    a, b, c, d, e = (log.around(name) for name in "abcde")

    @intercept(a)
    @intercept(b)
    class Service:
        @intercept(c, d)
        @intercept(e)
        def run(self) -> str:
            log.append("run")
            return "done"

    assert await invoke_method(Service(), "run", Context()) == "done"
    assert log == ["a(", "b(", "c(", "d(", "e(", "run", ")e", ")d", ")c", ")b", ")a"]


async def test_interceptor_may_be_a_function_a_key_or_a_provider_class(log: Log) -> None:  # noqa: C901 - a list of kinds
    """CTX-532"""

    class Provided:
        def __init__(self, name: str = inject("name")) -> None:
            self.name = name

        def value(self) -> Any:
            return self.intercept

        async def intercept(self, inv: InvocationContext, proceed: Next) -> Any:
            log.append(f"{self.name}(")
            return await proceed()

    class Callable_:  # noqa: N801 - only a name
        def __init__(self, name: str = inject("name")) -> None:
            self.name = name

        async def __call__(self, inv: InvocationContext, proceed: Next) -> Any:
            log.append(f"call {self.name}(")
            return await proceed()

    def plain(inv: InvocationContext, proceed: Next) -> Any:
        log.append("plain(")
        return proceed()

    key: BindingKey[Any] = BindingKey("by.key")

    class Service:
        @intercept(plain, "text", key, Provided, Callable_, "provider", "holder#nested", Log.around(log, "fn"))
        def run(self) -> None: ...

    ctx = Context()
    ctx.bind("name").to("provided")
    ctx.bind("text").to(log.around("text"))
    ctx.bind("by.key").to_dynamic_value(lambda: log.around("key"))
    ctx.bind("provider").to_provider(Provided)
    ctx.bind("holder").to({"nested": log.around("nested")})
    for _ in range(3):
        await invoke_method(Service(), "run", ctx)
        assert log.order() == [
            "plain",
            "text",
            "key",
            "provided",
            "call provided",
            "provided",
            "nested",
            "fn",
        ]


async def test_keys_are_resolved_from_the_invocation_context_at_each_call(log: Log) -> None:
    """CTX-532"""

    async def binds(inv: InvocationContext, proceed: Next) -> Any:
        inv.bind("late").to(log.around("from inv"))
        return await proceed()

    class Service:
        @intercept("key")
        def run(self) -> None: ...

        @intercept(binds, "late")
        def own(self) -> None: ...

    ctx = Context()
    child = Context(ctx)
    ctx.bind("key").to(log.around("first"))
    for _ in range(3):
        await invoke_method(Service(), "run", child)
    ctx.bind("key").to(log.around("second"))
    await invoke_method(Service(), "run", child)
    child.bind("key").to(log.around("third"))
    await invoke_method(Service(), "run", child)
    assert log.order() == ["first", "first", "first", "second", "third"]
    await invoke_method(Service(), "own", child)
    assert log.order() == ["from inv"]
    child.unbind("key")
    ctx.unbind("key")
    with pytest.raises(KeyNotBoundError, match="key"):
        await invoke_method(Service(), "run", child)
    ctx.bind("key").to("no function")
    with pytest.raises(ResolutionError, match="callable"):
        await invoke_method(Service(), "run", child)


async def test_duplicates_count_once_at_the_innermost_place(log: Log) -> None:
    """CTX-533"""
    convert, audit, other = log.around("convert"), log.around("audit"), log.around("log")

    @intercept(other)
    class Service:
        @intercept(convert, other)
        def first(self) -> None: ...

        @intercept(other)
        @intercept(audit)
        def second(self) -> None: ...

        @intercept(audit, convert, audit)
        def third(self) -> None: ...

        @intercept("global_interceptors.g", convert)
        def by_global_key(self) -> None: ...

        @intercept(BindingKey("global_interceptors.g"), convert)
        def by_key_object(self) -> None: ...

    ctx = Context()
    for method, expected in (
        ("first", ["convert", "log"]),
        ("second", ["log", "audit"]),
        ("third", ["log", "convert", "audit"]),
    ):
        await invoke_method(Service(), method, ctx)
        assert log.order() == expected
    ctx.bind("global_interceptors.g").to(log.around("g")).apply(as_global_interceptor())
    await invoke_method(Service(), "third", ctx)
    assert log.order() == ["g", "log", "convert", "audit"]
    for method in ("by_global_key", "by_key_object"):
        await invoke_method(Service(), method, ctx)
        assert log.order() == ["log", "g", "convert"]


async def test_bound_methods_are_the_same_interceptor(log: Log) -> None:
    """CTX-533"""

    class Holder:
        async def around(self, inv: InvocationContext, proceed: Next) -> Any:
            log.append("holder(")
            return await proceed()

    holder = Holder()

    @intercept(holder.around)
    class Service:
        @intercept(holder.around)
        def run(self) -> None: ...

    await invoke_method(Service(), "run", Context())
    assert log.order() == ["holder"]


# What an interceptor may do


async def test_the_result_of_an_interceptor_is_what_its_caller_gets(log: Log) -> None:
    """CTX-534"""

    async def outer(inv: InvocationContext, proceed: Next) -> Any:
        log.append(await proceed())
        return "outer"

    async def nothing(inv: InvocationContext, proceed: Next) -> Any:
        await proceed()

    async def stops(inv: InvocationContext, proceed: Next) -> Any:
        return "stopped"

    class Service:
        @intercept(outer, nothing)
        def run(self) -> str:
            log.append("run")
            return "run"

        @intercept(outer, stops, log.around("never"))
        def stopped(self) -> str:
            log.append("never")
            return "run"

    assert await invoke_method(Service(), "run", Context()) == "outer"
    assert log.take() == ["run", None]
    assert await invoke_method(Service(), "stopped", Context()) == "outer"
    assert log.take() == ["stopped"]


async def test_next_may_be_called_again(log: Log) -> None:
    """CTX-535"""

    async def retry(inv: InvocationContext, proceed: Next) -> Any:
        for _ in range(2):
            try:
                return await proceed()
            except LookupError:
                log.append("again")
        return await proceed()

    class Service:
        def __init__(self) -> None:
            self.calls = 0

        @intercept(retry, log.around("inner"))
        def run(self, value: str = inject("value")) -> str:
            self.calls += 1
            if self.calls < 3:
                raise LookupError
            return value

    ctx = Context()
    ctx.bind("value").to("third time")
    assert await invoke_method(Service(), "run", ctx) == "third time"
    assert log == ["inner(", "again", "inner(", "again", "inner(", ")inner"]


async def test_plain_interceptor_may_return_next_unawaited(log: Log) -> None:
    """CTX-536"""

    def passes(inv: InvocationContext, proceed: Next) -> Any:
        log.append("passes")
        return proceed()

    def also_passes(inv: InvocationContext, proceed: Next) -> Any:
        return passes(inv, proceed)

    def replaces(inv: InvocationContext, proceed: Next) -> Any:
        return "replaced"

    class Service:
        @intercept(also_passes, log.around("a"), passes)
        async def run(self) -> str:
            await asyncio.sleep(0)
            return "run"

        @intercept(passes, replaces)
        def other(self) -> str:
            return "never"

    assert await invoke_method(Service(), "run", Context()) == "run"
    assert log.take() == ["passes", "a(", "passes", ")a"]
    assert await invoke_method(Service(), "other", Context()) == "replaced"


async def test_exceptions_pass_may_be_caught_and_replaced(log: Log) -> None:  # noqa: C901 - a list of cases
    """CTX-537"""
    boom = LookupError("boom")

    async def sees(inv: InvocationContext, proceed: Next) -> Any:
        try:
            return await proceed()
        except BaseException as error:
            log.append(error)
            raise

    async def catches(inv: InvocationContext, proceed: Next) -> Any:
        try:
            return await proceed()
        except LookupError:
            return "caught"

    async def replaces(inv: InvocationContext, proceed: Next) -> Any:
        try:
            return await proceed()
        except LookupError as error:
            raise ValueError("replaced") from error

    async def fails(inv: InvocationContext, proceed: Next) -> Any:
        raise boom

    class Service:
        @intercept(sees)
        def passes(self) -> None:
            raise boom

        @intercept(catches, sees)
        async def caught(self) -> None:
            raise boom

        @intercept(sees, replaces, fails)
        def replaced(self) -> None: ...

        @intercept(sees)
        async def waits(self) -> None:
            await asyncio.sleep(60)

    service, ctx = Service(), Context()
    with pytest.raises(LookupError) as caught:
        await invoke_method(service, "passes", ctx)
    assert caught.value is boom
    assert log.take() == [boom]
    assert await invoke_method(service, "caught", ctx) == "caught"
    assert log.take() == [boom]
    with pytest.raises(ValueError, match="replaced") as replaced:
        await invoke_method(service, "replaced", ctx)
    assert replaced.value.__cause__ is boom
    assert log.take() == [replaced.value]
    task = asyncio.create_task(invoke_method(service, "waits", ctx))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()
    assert isinstance(log.take()[0], asyncio.CancelledError)


async def test_arguments_may_be_changed_and_replaced(log: Log) -> None:
    """CTX-538"""

    async def changes(inv: InvocationContext, proceed: Next) -> Any:
        log.append((type(inv.args), type(inv.kwargs), list(inv.args), dict(inv.kwargs)))
        inv.args[0] = inv.args[0].upper()
        inv.kwargs["suffix"] = "!"
        return await proceed()

    async def replaces(inv: InvocationContext, proceed: Next) -> Any:
        log.append((list(inv.args), dict(inv.kwargs)))
        inv.args = ["new"]
        inv.kwargs = {"suffix": "?"}
        return await proceed()

    class Service:
        @intercept(changes)
        def run(self, name: str, suffix: str = "") -> str:
            return name + suffix

        @intercept(changes, replaces)
        def other(self, name: str, suffix: str = "") -> str:
            return name + suffix

    given, named = ("ada",), {"suffix": "."}
    assert await invoke_method(Service(), "run", Context(), given, named) == "ADA!"
    assert log.take() == [(list, dict, ["ada"], {"suffix": "."})]
    assert await invoke_method(Service(), "other", Context(), given, named) == "new?"
    assert log.take()[1:] == [(["ADA"], {"suffix": "!"})]
    assert named == {"suffix": "."}


async def test_what_is_bound_in_the_invocation_is_seen_inside_only(log: Log) -> None:
    """CTX-539, CTX-541"""

    async def binds(inv: InvocationContext, proceed: Next) -> Any:
        inv.bind("user").to("Ada")
        return await proceed()

    async def reads(inv: InvocationContext, proceed: Next, /) -> Any:
        log.append(await inv.get("user"))
        inv.bind("more").to_dynamic_value(lambda user=inject("user"): f"more {user}")
        return await proceed()

    class Service:
        @intercept(binds, reads)
        def run(self, user: str = inject("user"), more: str = inject("more")) -> Any:
            return (user, more)

        def plain(self, user: str = inject("user")) -> Any:
            return user

    ctx = Context()
    ctx.bind("user").to("outside")
    for _ in range(3):
        assert await invoke_method(Service(), "run", ctx) == ("Ada", "more Ada")
        assert await invoke_method(Service(), "plain", ctx) == "outside"
    assert log == ["Ada"] * 3
    assert not ctx.contains("more")
    assert ctx.get_sync("user") == "outside"


async def test_parameters_are_injected_after_all_interceptors(log: Log) -> None:
    """CTX-539"""

    class Service:
        @intercept(log.around("a"))
        def run(self, made: str = inject("made")) -> str:
            log.append("run")
            return made

    ctx = Context()
    ctx.bind("made").to_dynamic_value(lambda: log.append("made") or "made")
    assert await invoke_method(Service(), "run", ctx) == "made"
    assert log == ["a(", "made", "run", ")a"]


async def test_invocation_tells_what_is_called(log: Log) -> None:
    """CTX-540"""
    seen: list[InvocationContext] = []

    async def keep(inv: InvocationContext, proceed: Next) -> Any:
        seen.append(inv)
        return await inv.proceed()

    class Service:
        @intercept(keep, log.around("skipped"))
        def run(self, a: int, name: str = inject("name")) -> Any:
            return (a, name)

        @classmethod
        @intercept(keep)
        def of_class(cls) -> Any:
            return cls

    ctx = Context("ctx")
    ctx.bind("name").to("Ada")
    service = Service()
    assert await invoke_method(service, "run", ctx, [1]) == (1, "Ada")
    assert await invoke_method(service, "run", ctx, [2], source=InvocationSource("route", "GET /x")) == (2, "Ada")
    assert await invoke_method(Service, "of_class", ctx) is Service
    assert log == []
    plain, routed, of_class = seen
    assert isinstance(plain, Context)
    assert plain.parent is ctx
    assert (plain.target, plain.target_class, plain.method_name, plain.target_name, plain.source) == (
        service,
        Service,
        "run",
        "Service.run",
        None,
    )
    assert plain.description == str(plain) == f"InvocationContext({plain.name}): Service.run"
    assert routed.source.type == "route"
    assert routed.description == str(routed) == f"InvocationContext({routed.name}): GET /x => Service.run"
    assert (of_class.target, of_class.target_class, of_class.target_name) == (Service, Service, "Service.of_class")
    assert plain.name != routed.name


@pytest.mark.parametrize("end", ["return", "error", "cancel"])
async def test_invocation_is_closed_when_the_call_ends(log: Log, end: str) -> None:
    """CTX-541"""
    ctx = Context("ctx")
    seen: list[Any] = []

    async def keep(inv: InvocationContext, proceed: Next) -> Any:
        inv.on("bind", lambda event: log.append("told"))
        seen.append(weakref.ref(inv))
        inv.bind("own").to_dynamic_value(made)
        await inv.get("own")
        return await proceed()

    async def made() -> Any:
        yield "own"
        log.append("cleaned")

    class Service:
        @intercept(keep)
        async def run(self) -> None:
            if end == "error":
                raise LookupError("error")
            await asyncio.sleep(60 if end == "cancel" else 0)

    task = asyncio.create_task(invoke_method(Service(), "run", ctx))
    if end == "cancel":
        while not seen:  # noqa: ASYNC110 - it is a list that is watched
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
    result = (await asyncio.gather(task, return_exceptions=True))[0]
    assert isinstance(result, {"return": type(None), "error": LookupError, "cancel": asyncio.CancelledError}[end])
    assert log.take() == ["told", "cleaned"]
    ctx.bind("later")
    assert log == []
    assert not ctx._watchers
    del task, result
    await asyncio.sleep(0)  # the loop lets go of what it told last
    gc.collect()
    assert seen[0]() is None


# Inheritance


async def test_interceptors_are_inherited_and_replaced(log: Log) -> None:  # noqa: C901 - a list of classes
    """CTX-542"""
    a, b, c, d = (log.around(name) for name in "abcd")

    @intercept(a)
    class Base:
        @intercept(b)
        def run(self) -> None: ...

        def bare(self) -> None: ...

    class Child(Base):
        def run(self) -> None: ...

        def bare(self) -> None: ...

    @intercept(c)
    class Own(Base):
        @intercept(d)
        def run(self) -> None: ...

        @intercept(d)
        def bare(self) -> None: ...

    class Grandchild(Own):
        def run(self) -> None: ...

    @intercept()
    class Cleared(Base):
        @intercept()
        def run(self) -> None: ...

    for cls, method, expected in (
        (Base, "run", "ab"),
        (Base, "bare", "a"),
        (Child, "run", "ab"),
        (Child, "bare", "a"),
        (Own, "run", "cd"),
        (Own, "bare", "cd"),
        (Grandchild, "run", "cd"),
        (Grandchild, "bare", "cd"),
        (Cleared, "run", ""),
        (Cleared, "bare", ""),
    ):
        await invoke_method(cls(), method, Context())
        assert "".join(log.order()) == expected, (cls, method)


async def test_dataclasses_and_wrapped_methods_keep_their_interceptors(log: Log) -> None:
    """CTX-542, CTX-530"""
    a, b = log.around("a"), log.around("b")

    def wrapped(call: Any) -> Any:
        @functools.wraps(call)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return call(*args, **kwargs)

        return wrapper

    @dataclass(slots=True)
    @intercept(a)
    class Data:
        x: int = 1

        @wrapped
        @intercept(b)
        def run(self) -> int:
            return self.x

    assert await invoke_method(Data(5), "run", Context()) == 5
    assert log.order() == ["a", "b"]


# Skipping


async def test_interceptors_and_injection_may_be_skipped(log: Log) -> None:
    """CTX-543"""

    @intercept(log.around("class"))
    class Service:
        @intercept(log.around("method"))
        def run(self, a: Any = "own", name: Any = inject("name")) -> Any:
            return (a, name)

    ctx = Context()
    ctx.bind("name").to("Ada")
    register_interceptor(ctx, log.around("global"), global_=True)
    service = Service()
    assert await invoke_method(service, "run", ctx, [1], skip_interceptors=True) == (1, "Ada")
    assert log.order() == []
    result = await invoke_method(service, "run", ctx, [1, 2], skip_parameter_injection=True)
    assert result == (1, 2)
    assert log.order() == ["global", "class", "method"]
    a, marker = await invoke_method(service, "run", ctx, skip_parameter_injection=True)
    assert (a, type(marker).__name__) == ("own", "Injection")
    both = await invoke_method(
        service, "run", ctx, [], {"name": 3}, skip_interceptors=True, skip_parameter_injection=True
    )
    assert both == ("own", 3)


async def test_method_without_interceptors_is_called_directly() -> None:
    """CTX-544"""
    boom = LookupError("boom")
    result = object()

    class Service:
        def run(self) -> object:
            return result

        async def fail(self) -> None:
            raise boom

    assert await invoke_method(Service(), "run", Context()) is result
    with pytest.raises(LookupError) as caught:
        await invoke_method(Service(), "fail", Context())
    assert caught.value is boom
    assert not hasattr(boom, "__notes__")


# Global interceptors


class Plain:
    """A service without interceptors of its own."""

    def run(self) -> str:
        """Something to call."""
        return "run"


async def test_global_interceptors_are_ordered_by_group(log: Log) -> None:
    """CTX-545"""
    parent = Context("parent")
    ctx = Context(parent, "ctx")
    for name, group, where in (
        ("c1", "c", ctx),
        ("a1", "a", parent),
        ("none", None, parent),
        ("b1", "b", ctx),
        ("a2", "a", ctx),
        ("empty", "", ctx),
        ("b2", "b", parent),
    ):
        where.bind(f"g.{name}").to(log.around(name)).apply(as_global_interceptor(group))

    async def order() -> list[str]:
        assert await invoke_method(Plain(), "run", ctx) == "run"
        return log.order()

    assert await order() == ["empty", "none", "a2", "a1", "b1", "b2", "c1"]
    parent.bind(ContextBindings.GLOBAL_INTERCEPTOR_ORDERED_GROUPS).to(["b", "a"])
    assert await order() == ["empty", "none", "c1", "b1", "b2", "a2", "a1"]
    ctx.bind(ContextBindings.GLOBAL_INTERCEPTOR_ORDERED_GROUPS).to(("c", "", "b"))
    assert await order() == ["a2", "a1", "c1", "empty", "none", "b1", "b2"]
    assert str(ContextBindings.GLOBAL_INTERCEPTOR_ORDERED_GROUPS) == "global_interceptor.ordered_groups"
    ctx.unbind("g.b1")
    parent.unbind("g.a1")
    ctx.bind("g.new").to(log.around("new")).tag("global_interceptor", {"global_interceptor_group": "c"})
    ctx.get_binding("g.b2").tag({"global_interceptor_group": "c"})
    ctx.unbind("g.none")
    assert await order() == ["a2", "c1", "new", "b2", "empty", "none"]


async def test_hidden_global_interceptor_does_not_run(log: Log) -> None:
    """CTX-545, CTX-461"""
    parent = Context("parent")
    ctx = Context(parent, "ctx")
    register_interceptor(parent, log.around("g"), key="g", global_=True)
    await invoke_method(Plain(), "run", ctx)
    ctx.bind("g").to(log.around("not global"))
    await invoke_method(Plain(), "run", ctx)
    await invoke_method(Plain(), "run", parent)
    assert log.order() == ["g", "g"]


async def test_global_interceptors_may_be_for_sources(log: Log) -> None:
    """CTX-546"""
    ctx = Context()
    for name, source in (("any", None), ("route", "route"), ("both", ["route", "proxy"]), ("proxy", ("proxy",))):
        register_interceptor(ctx, log.around(name), source=source, global_=True)

    class Own:
        type = "route"

    for source, expected in (
        (None, ["any", "route", "both", "proxy"]),
        (InvocationSource("route"), ["any", "route", "both"]),
        (InvocationSource("proxy", "x"), ["any", "both", "proxy"]),
        (InvocationSource("rou"), ["any"]),
        (Own(), ["any", "route", "both"]),
    ):
        await invoke_method(Plain(), "run", ctx, source=source)
        assert log.order() == expected


def test_source_has_a_type_and_a_text() -> None:
    """CTX-547"""
    assert (InvocationSource("route").type, InvocationSource("route").value) == ("route", None)
    assert str(InvocationSource("route")) == "route"
    source = InvocationSource("route", "GET /x")
    assert (source.type, source.value, str(source)) == ("route", "GET /x", "GET /x")


def test_templates_and_decorators_tag_global_interceptors(log: Log) -> None:
    """CTX-548"""
    tags = {"global_interceptor": "global_interceptor", "namespace": "global_interceptors"}
    assert Binding("k").apply(as_global_interceptor()).tag_map == tags
    assert Binding("k").apply(as_global_interceptor("g")).tag_map == {**tags, "global_interceptor_group": "g"}

    @global_interceptor("auth", tags=("extra", {"n": 1}))
    class Provided:
        def value(self) -> Any:
            return log.around("provided")

    @global_interceptor()
    class NoGroup:
        def value(self) -> Any:
            return log.around("no group")

    binding = create_binding_from_class(Provided)
    assert binding.key == "global_interceptors.Provided"
    found = dict(binding.tag_map)
    assert {name: found[name] for name in (*tags, "global_interceptor_group", "extra", "n")} == {
        **tags,
        "global_interceptor_group": "auth",
        "extra": "extra",
        "n": 1,
    }
    assert "global_interceptor_group" not in create_binding_from_class(NoGroup).tag_map
    assert Binding("k").to_injectable(NoGroup).tag_map["global_interceptor"] == "global_interceptor"


async def test_register_interceptor_gives_keys_and_tags(log: Log) -> None:
    """CTX-549"""
    ctx = Context()

    @global_interceptor("auth")
    class Marked:
        def value(self) -> Any:
            return log.around("marked")

    class Unmarked:
        def __init__(self, name: str = inject("name")) -> None:
            self.name = name

        def value(self) -> Any:
            return log.around(self.name)

    ctx.bind("name").to("unmarked")
    local = register_interceptor(ctx, log.around("local"))
    assert (local.key, "global_interceptor" in local.tag_map) == ("interceptors.local", False)
    assert ctx.get_binding("interceptors.local") is local
    for binding, key, group in (
        (register_interceptor(ctx, log.around("g1"), global_=True), "global_interceptors.g1", None),
        (register_interceptor(ctx, log.around("g2"), group="x"), "global_interceptors.g2", "x"),
        (register_interceptor(ctx, log.around("g3"), source="route"), "global_interceptors.g3", None),
        (register_interceptor(ctx, log.around("g4"), global_=True, key="own.key"), "own.key", None),
        (register_interceptor(ctx, Marked), "global_interceptors.Marked", "auth"),
        (register_interceptor(ctx, Marked, key="m2", group="other"), "m2", "other"),
        (register_interceptor(ctx, Unmarked, global_=True), "global_interceptors.Unmarked", None),
    ):
        assert binding.key == key
        assert binding.tag_map["global_interceptor"] == "global_interceptor"
        assert binding.tag_map["namespace"] == "global_interceptors"
        assert binding.tag_map.get("global_interceptor_group") == group
    assert ctx.get_binding("global_interceptors.g3").tag_map["global_interceptor_source"] == "route"
    unmarked = register_interceptor(ctx, Unmarked)
    assert (unmarked.key, "global_interceptor" in unmarked.tag_map) == ("interceptors.Unmarked", False)
    first = register_interceptor(ctx, lambda inv, proceed: proceed())
    second = register_interceptor(ctx, lambda inv, proceed: proceed())
    assert first.key != second.key
    assert first.key.startswith("interceptors.")
    assert register_interceptor(ctx, lambda inv, proceed: proceed(), group="g").key.startswith("global_interceptors.")
    with pytest.raises(TypeError):
        register_interceptor(ctx, "key")
    await invoke_method(Plain(), "run", ctx)
    assert sorted(log.order()) == ["g1", "g2", "g3", "g4", "marked", "marked", "unmarked"]

    class Uses:
        @intercept("interceptors.local", "interceptors.Unmarked")
        def run(self) -> None: ...

    await invoke_method(Uses(), "run", ctx)
    assert log.order()[-2:] == ["local", "unmarked"]


# Composing


async def test_composed_interceptors_are_one(log: Log) -> None:
    """CTX-550"""
    composed = compose_interceptors(log.around("a"), "key", log.around("b"))

    class Service:
        @intercept(log.around("before"), composed, log.around("after"))
        def run(self) -> str:
            return "run"

    for name in ("one", "two"):
        ctx = Context(name)
        ctx.bind("key").to(log.around(f"key {name}"))
        assert await invoke_method(Service(), "run", ctx) == "run"
        assert log.order() == ["before", "a", f"key {name}", "b", "after"]

        async def final() -> str:
            await asyncio.sleep(0)
            return "final"

        assert await composed(ctx, final) == "final"
        assert log.order() == ["a", f"key {name}", "b"]
        results = await asyncio.gather(*(composed(ctx, final) for _ in range(3)))
        assert results == ["final"] * 3
        assert log.order() == ["a", f"key {name}", "b"] * 3
        assert await compose_interceptors()(ctx, final) == "final"


async def test_chain_runs_a_list_or_a_filter_for_any_context(log: Log) -> None:
    """CTX-551"""
    ctx = Context("ctx")
    ctx.bind("key").to(log.around("key"))

    async def told(context: Context, proceed: Next) -> Any:
        log.append(context)
        return await proceed()

    chain = InterceptorChain(ctx, [log.around("a"), "key", told])
    assert await chain.invoke() is None
    assert log.take() == ["a(", "key(", ctx, ")key", ")a"]
    assert await chain.invoke(lambda: "final") == "final"
    log.take()
    empty = InterceptorChain(ctx, [])
    assert await empty.invoke() is None

    async def final() -> str:
        return "final"

    assert await empty.invoke(final) == "final"
    for name, rank in (("x", "2"), ("y", "1")):
        ctx.bind(f"f.{name}").to(log.around(name)).tag("f", {"rank": rank})
    live = InterceptorChain(ctx, filter_by_tag("f"))
    ranked = InterceptorChain(ctx, filter_by_tag("f"), compare_bindings_by_tag("rank"))
    assert await live.invoke(final) == "final"
    assert log.order() == ["x", "y"]
    await ranked.invoke(final)
    assert log.order() == ["y", "x"]
    ctx.bind("f.z").to(log.around("z")).tag("f", {"rank": "0"})
    ctx.unbind("f.x")
    await live.invoke()
    await ranked.invoke()
    assert log.order() == ["y", "z", "z", "y"]
    outer = InterceptorChain(ctx, [log.around("outer"), live.as_interceptor()])
    assert await outer.invoke(final) == "final"
    assert log.order() == ["outer", "y", "z"]

    class Service:
        @intercept(live.as_interceptor())
        def run(self) -> str:
            return "run"

    assert await invoke_method(Service(), "run", ctx) == "run"
    assert log.order() == ["y", "z"]


async def test_concurrent_calls_are_independent() -> None:
    """CTX-552"""
    seen: dict[int, set[int]] = {}

    async def changes(inv: InvocationContext, proceed: Next) -> Any:
        seen.setdefault(inv.args[0], set()).add(id(inv))
        inv.bind("own").to(inv.args[0])
        await asyncio.sleep(0)
        inv.args[0] *= 10
        for _ in range(3):
            await asyncio.sleep(0)
        return await proceed()

    async def again(inv: InvocationContext, proceed: Next) -> Any:
        first = await proceed()
        await asyncio.sleep(0)
        assert await proceed() == first
        return first

    class Service:
        @intercept(changes, again)
        async def run(self, x: int, own: int = inject("own")) -> Any:
            await asyncio.sleep(0)
            return (x, own)

    service, ctx = Service(), Context()
    results = await asyncio.gather(*(invoke_method(service, "run", ctx, [i]) for i in range(20)))
    assert results == [(i * 10, i) for i in range(20)]
    assert all(len(ids) == 1 for ids in seen.values())
