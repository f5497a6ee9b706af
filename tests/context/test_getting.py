"""Getting values: what is found, what is not, and what the errors say."""

import asyncio
import copy
import gc
import pickle
import sys
import warnings
from typing import Annotated

import pytest

from mainspring.context import (
    AmbiguousTypeError,
    AsyncValueError,
    Binding,
    BindingKey,
    BindingLockedError,
    BindingScope,
    CircularDependencyError,
    Context,
    ContextError,
    InvalidKeyError,
    KeyNotBoundError,
    MainspringError,
    ResolutionContext,
    ResolutionError,
    ScopeError,
    config,
    inject,
    invoke_method,
)

GETS = 4  # the first gets are interpreted, later ones run a plan: a behaviour has to hold for both
SCOPES = ["transient", "singleton", "context", "request"]


class Thing:
    pass


def chain():
    """``app <- server <- request``."""
    app = Context("app", scope=BindingScope.APPLICATION)
    server = Context(app, "server", scope=BindingScope.SERVER)
    return app, server, Context(server, "request", scope=BindingScope.REQUEST)


async def refused(error, ctx, key, **options):
    """The error of every get of the key, however often and in whichever way it is asked for."""
    found = []
    for _ in range(GETS):
        with pytest.raises(error) as caught:
            ctx.get_sync(key, **options)
        found.append(caught.value)
        with pytest.raises(error) as caught:
            await ctx.get(key, **options)
        found.append(caught.value)
    assert {type(each) for each in found} == {type(found[0])}
    return found


# Found


async def test_the_nearest_binding_gives_the_value():
    """CTX-120"""
    app, server, request = chain()
    app.bind("k").to("app")
    app.bind("only.app").to(1)
    server.bind("k").to("server")
    for _ in range(GETS):
        for ctx, expected in ((app, "app"), (server, "server"), (request, "server")):
            assert (ctx.get_sync("k"), await ctx.get("k"), ctx["k"]) == (expected, expected, expected)
            assert ctx["only.app"] == 1
    request.bind("k").to("request")
    for _ in range(GETS):
        assert (app["k"], server["k"], request["k"]) == ("app", "server", "request")


@pytest.mark.parametrize("falsy", [None, 0, "", False, [], {}])
@pytest.mark.parametrize("scope", SCOPES)
async def test_falsy_values_are_values(falsy, scope):
    """CTX-120, CTX-237"""
    ctx, calls = Context(), []

    def make():
        calls.append(1)
        return falsy

    ctx.bind("constant").to(falsy).in_scope(scope)
    ctx.bind("made").to_dynamic_value(make).in_scope(scope)
    ctx.bind("alias").to_alias("constant").in_scope(scope)

    def consume(a="default", constant=inject("constant", optional=True), made=inject("made")):
        return constant, made

    ctx.bind("consumer").to_dynamic_value(consume)
    for _ in range(GETS):
        for key in ("constant", "made", "alias"):
            assert ctx.get_sync(key) is falsy
            assert await ctx.get(key) is falsy
            assert ctx.get_sync(key, optional=True) is falsy
        assert ctx.get_sync("consumer") == (falsy, falsy)
    if scope != "transient":
        assert len(calls) == 1


# Not found


async def test_an_absent_key_is_named_with_the_contexts_searched():
    """CTX-121"""
    _, _, request = chain()
    for error in await refused(KeyNotBoundError, request, "nope"):
        text = str(error)
        assert "nope" in text
        assert text.index("request") < text.index("server") < text.index("app")
        assert error.key == "nope"
        assert error.contexts == ("request", "server", "app")
        assert error.suggestions == ()


async def test_an_absent_key_that_is_optional_gives_none():
    """CTX-121"""
    _, _, request = chain()
    for _ in range(GETS):
        assert request.get_sync("nope", optional=True) is None
        assert await request.get("nope", optional=True) is None
        assert await request.get(BindingKey("nope#x"), optional=True) is None
        assert await request.get(Thing, optional=True) is None


async def test_near_keys_are_suggested_from_the_whole_chain():
    """CTX-121"""
    app, server, request = chain()
    app.bind("repositories.Todo")
    server.bind("services.Greeter")
    request.bind("unrelated")
    for error in await refused(KeyNotBoundError, request, "repositores.Todo"):
        assert error.suggestions == ("repositories.Todo",)
        assert "repositories.Todo" in str(error)
        assert "unrelated" not in str(error)
    assert (await refused(KeyNotBoundError, request, "service.Greeter"))[0].suggestions == ("services.Greeter",)


async def test_at_most_three_near_keys_are_suggested_nearest_first():
    """CTX-121"""
    ctx = Context()
    for number in range(8):
        ctx.bind(f"repositories.Todo{number}")
    ctx.bind("repositories.Todos")
    error = (await refused(KeyNotBoundError, ctx, "repositories.Todoss"))[0]
    assert len(error.suggestions) == 3
    assert error.suggestions[0] == "repositories.Todos"
    assert str(error).count("repositories.Todo") == 4


class NeedsMissing:
    def __init__(self, value: str = inject("missing")):
        self.value = value


def _needs_missing(value: str = inject("missing")):
    return value


class MissingProvider:
    def value(self, value: str = inject("missing")):
        return value


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(
    "bind",
    [
        lambda binding: binding.to_class(NeedsMissing),
        lambda binding: binding.to_dynamic_value(_needs_missing),
        lambda binding: binding.to_provider(MissingProvider),
    ],
    ids=["class", "factory", "provider"],
)
async def test_optional_does_not_cover_a_required_dependency_that_is_missing(bind, scope):
    """CTX-122"""
    ctx = Context()
    bind(ctx.bind("k")).in_scope(scope)
    ctx.bind("alias").to_alias("k")

    def consume(value: str = inject("k", optional=True)):
        return value

    ctx.bind("consumer").to_dynamic_value(consume)
    for key in ("k", "alias", "consumer"):
        for error in await refused(KeyNotBoundError, ctx, key, optional=True):
            assert error.key == "missing"


async def test_optional_covers_key_alias_target_source_and_scope():
    """CTX-122"""
    ctx = Context()
    ctx.bind("alias").to_alias("missing")
    ctx.bind("empty")
    ctx.bind("alias of empty").to_alias("empty")
    ctx.bind("server").to(1).in_scope("server")
    ctx.bind("alias of server").to_alias("server")

    def consume(
        a=inject("missing", optional=True),
        b: int | None = inject("alias"),
        c: Annotated[int, inject("empty")] = 3,
        d: Annotated[int, inject("server")] = 4,
        e: Annotated[int, inject("alias of server")] = 5,
        f: Annotated[int, inject("alias of empty")] = 6,
    ):
        return a, b, c, d, e, f

    ctx.bind("consumer").to_dynamic_value(consume)
    for _ in range(GETS):
        for key in ("missing", "alias", "empty", "alias of empty", "server", "alias of server"):
            assert ctx.get_sync(key, optional=True) is None
            assert await ctx.get(key, optional=True) is None
        assert ctx.get_sync("consumer") == (None, None, 3, 4, 5, 6)


# Asynchronous values


async def _later():
    await asyncio.sleep(0)
    return Thing()


class Consumer:
    def __init__(self, value: Thing = inject("later")):
        self.value = value


@pytest.mark.parametrize("scope", SCOPES)
async def test_getting_an_asynchronous_value_synchronously_is_refused(scope):
    """CTX-123"""
    ctx = Context()
    ctx.bind("later").to_dynamic_value(_later).in_scope(scope)
    ctx.bind("sync").to_class(Thing).in_scope("singleton")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(GETS):
            with pytest.raises(AsyncValueError, match="'later'") as caught:
                ctx.get_sync("later")
            assert "await get(" in str(caught.value)
            assert caught.value.key == "later"
            assert isinstance(caught.value, ResolutionError)
            with pytest.raises(AsyncValueError):
                ctx["later"]
            gc.collect()
    first, second = await ctx.get("later"), await ctx.get("later")
    assert (first is second) is (scope != "transient")


@pytest.mark.parametrize("scope", SCOPES)
async def test_the_path_shows_which_dependency_is_the_asynchronous_one(scope):
    """CTX-123, CTX-129"""

    def outer(first: int = inject("n"), consumer: Consumer = inject("consumer")):
        return consumer

    ctx = Context()
    ctx.bind("n").to(1)
    ctx.bind("later").to_dynamic_value(_later).in_scope(scope)
    ctx.bind("consumer").to_class(Consumer)
    ctx.bind("outer").to_dynamic_value(outer)
    for _ in range(GETS):
        with pytest.raises(AsyncValueError) as caught:
            ctx.get_sync("outer")
        assert caught.value.path == "outer --> outer[consumer] --> consumer --> Consumer.__init__[value] --> later"
        assert caught.value.path in str(caught.value)


@pytest.mark.parametrize("scope", ["singleton", "context", "request"])
async def test_a_refused_get_keeps_nothing_of_the_consumer(scope):
    """CTX-123"""
    ctx = Context()
    ctx.bind("later").to_dynamic_value(_later)
    ctx.bind("consumer").to_class(Consumer).in_scope(scope)
    for _ in range(GETS):
        with pytest.raises(AsyncValueError):
            ctx.get_sync("consumer")
    consumer = await ctx.get("consumer")
    assert isinstance(consumer.value, Thing)
    assert ctx.get_sync("consumer") is consumer


@pytest.mark.parametrize("scope", ["singleton", "context", "request"])
async def test_an_asynchronous_value_that_is_there_is_got_synchronously(scope):
    """CTX-124"""
    app, _, request = chain()
    app.bind("later").to_dynamic_value(_later).in_scope(scope)
    app.bind("consumer").to_class(Consumer)
    value = await request.get("later")
    for _ in range(GETS):
        assert request.get_sync("later") is value
        assert request["later"] is value
        assert request.get_sync("consumer").value is value


@pytest.mark.parametrize("scope", ["singleton", "context", "request"])
async def test_a_value_still_being_made_is_not_got_synchronously(scope):
    """CTX-125"""
    gate, ctx = asyncio.Event(), Context()

    async def make():
        await gate.wait()
        return Thing()

    ctx.bind("later").to_dynamic_value(make).in_scope(scope)
    ctx.bind("consumer").to_class(Consumer)
    task = asyncio.create_task(ctx.get("later"))
    await asyncio.sleep(0)
    for _ in range(GETS):
        for key in ("later", "consumer"):
            with pytest.raises(AsyncValueError, match="'later'"):
                ctx.get_sync(key)
    gate.set()
    value = await task
    assert ctx.get_sync("later") is value


# Exceptions of the application


class OopsError(Exception):
    pass


class Raises:
    def __init__(self, error=inject("error")):
        raise error


class RaisesProvider:
    def __init__(self, error=inject("error")):
        self.error = error

    def value(self):
        raise self.error


class RaisesLaterProvider(RaisesProvider):
    async def value(self):
        await asyncio.sleep(0)
        raise self.error


class RaisesInProperty:
    error = inject("error")

    def __setattr__(self, name, value):
        raise value


def _raise(error=inject("error")):
    raise error


async def _raise_later(error=inject("error")):
    await asyncio.sleep(0)
    raise error


def _raise_in_generator(error=inject("error")):
    raise error
    yield


async def _raise_in_async_generator(error=inject("error")):
    raise error
    yield


def _raise_awaitable(error=inject("error")):
    return _raise_later(error)


RAISING = {
    "class": lambda binding: binding.to_class(Raises),
    "property": lambda binding: binding.to_class(RaisesInProperty),
    "provider": lambda binding: binding.to_provider(RaisesProvider),
    "async provider": lambda binding: binding.to_provider(RaisesLaterProvider),
    "factory": lambda binding: binding.to_dynamic_value(_raise),
    "async factory": lambda binding: binding.to_dynamic_value(_raise_later),
    "awaitable": lambda binding: binding.to_dynamic_value(_raise_awaitable),
    "generator": lambda binding: binding.to_dynamic_value(_raise_in_generator),
    "async generator": lambda binding: binding.to_dynamic_value(_raise_in_async_generator),
}


class Outer:
    def __init__(self, inner=inject("inner")):
        self.inner = inner


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("kind", RAISING)
async def test_an_exception_of_the_application_reaches_the_caller_with_the_path(kind, scope):
    """CTX-126, CTX-238"""
    ctx, errors = Context(), []

    def error():
        errors.append(OopsError("mine"))
        return errors[-1]

    ctx.bind("error").to_dynamic_value(error)
    RAISING[kind](ctx.bind("inner")).in_scope(scope)
    ctx.bind("outer").to_class(Outer)
    for turn in range(GETS):
        for key, path in (("inner", "inner"), ("outer", "outer --> Outer.__init__[inner] --> inner")):
            with pytest.raises(OopsError) as caught:
                await ctx.get(key)
            assert caught.value is errors[-1]
            assert [note for note in caught.value.__notes__ if path in note], turn
            assert len(caught.value.__notes__) == 1
    assert len(errors) == 2 * GETS
    if "async" in kind or kind == "awaitable":
        return
    for _ in range(GETS):
        with pytest.raises(OopsError) as caught:
            ctx.get_sync("outer")
        assert caught.value is errors[-1]
        assert "outer --> Outer.__init__[inner] --> inner" in caught.value.__notes__[0]
    assert len(errors) == 3 * GETS


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_context_error_of_a_factory_is_passed_on_as_it_is(scope):
    """CTX-126, CTX-129"""
    error = ResolutionError("mine")

    def make():
        raise error

    ctx = Context()
    ctx.bind("inner").to_dynamic_value(make).in_scope(scope)
    ctx.bind("outer").to_class(Outer)
    for _ in range(GETS):
        error.path = ""
        with pytest.raises(ResolutionError) as caught:
            await ctx.get("outer")
        assert caught.value is error
        assert "outer --> Outer.__init__[inner] --> inner" in str(error)


# Errors as objects


def test_errors_are_what_python_would_raise_too():
    """CTX-127"""
    ctx = Context("here")
    with pytest.raises(KeyError) as caught:
        ctx.get_sync("nope")
    assert isinstance(caught.value, KeyNotBoundError)
    assert str(caught.value).startswith("Key 'nope'")
    assert "\\" not in str(caught.value)
    with pytest.raises(ValueError, match="a#b") as caught:
        ctx.bind("a#b")
    assert isinstance(caught.value, InvalidKeyError)


def test_every_context_error_has_the_same_attributes():
    """CTX-128"""
    ctx = Context("here")
    ctx.bind("locked").lock()
    ctx.bind("a").to_class(Thing)
    ctx.bind("b").to_class(Thing)
    ctx.bind("ring").to_alias("ring")
    ctx.bind("later").to_dynamic_value(_later)
    ctx.bind("server").to(1).in_scope("server")
    ctx.bind("empty")
    expected = {
        lambda: ctx.get_sync("nope"): (KeyNotBoundError, "nope"),
        lambda: ctx.bind("a#b"): (InvalidKeyError, "a#b"),
        lambda: ctx.bind("locked"): (BindingLockedError, "locked"),
        lambda: ctx.get_sync(Thing): (AmbiguousTypeError, None),
        lambda: ctx.get_sync("ring"): (CircularDependencyError, "ring"),
        lambda: ctx.get_sync("later"): (AsyncValueError, "later"),
        lambda: ctx.get_sync("server"): (ScopeError, "server"),
        lambda: ctx.get_sync("empty"): (ResolutionError, "empty"),
    }
    for act, (kind, key) in expected.items():
        with pytest.raises(kind) as caught:
            act()
        error = caught.value
        assert isinstance(error, ContextError)
        assert isinstance(error, MainspringError)
        assert key is None or error.key == key
        assert isinstance(error.path, str)
        assert all(isinstance(name, str) for name in (*error.contexts, *error.suggestions))
    plain = ContextError("words")
    assert (plain.key, plain.path, list(plain.contexts), list(plain.suggestions)) == ("", "", [], [])
    assert str(plain) == "words"


class Leaf:
    def __init__(self, value=inject("nope")):
        self.value = value


class Derived(Leaf):
    pass


class ByProperty:
    leaf = inject("leaf")


class LeafProvider:
    def value(self, leaf=inject("leaf")):
        return leaf


class Factory:
    @staticmethod
    def value(leaf=inject("leaf")):
        return leaf


class Methods:
    def method(self, leaf=inject("leaf")):
        return leaf

    def __call__(self, leaf=inject("leaf")):
        return leaf


def by_function(leaf=inject("leaf")):
    return leaf


def by_type(leaf: Leaf):
    return leaf


def by_tag(leaves=inject.tag("leaf")):
    return leaves


PATHS = {
    "parameter": (lambda b: b.to_class(Outer), "k --> Outer.__init__[inner] --> inner"),
    "property": (lambda b: b.to_class(ByProperty), "k --> ByProperty.leaf"),
    "provider": (lambda b: b.to_provider(LeafProvider), "k --> LeafProvider.value[leaf]"),
    "factory class": (lambda b: b.to_dynamic_value(Factory), "k --> Factory.value[leaf]"),
    "function": (lambda b: b.to_dynamic_value(by_function), "k --> by_function[leaf]"),
    "lambda": (lambda b: b.to_dynamic_value(lambda leaf=inject("leaf"): leaf), "k --> <lambda>[leaf]"),
    "bound method": (lambda b: b.to_dynamic_value(Methods().method), "k --> Methods.method[leaf]"),
    "callable object": (lambda b: b.to_dynamic_value(Methods()), "k --> Methods.__call__[leaf]"),
    "type": (lambda b: b.to_dynamic_value(by_type), "k --> by_type[leaf]"),
    "tag": (lambda b: b.to_dynamic_value(by_tag), "k --> by_tag[leaves]"),
    "alias": (lambda b: b.to_alias("leaf"), "k"),
}


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("kind", PATHS)
async def test_errors_of_a_resolution_draw_its_path(kind, scope):
    """CTX-129, CTX-347"""
    bind, start = PATHS[kind]
    ctx = Context("here")
    bind(ctx.bind("k")).in_scope(scope)
    ctx.bind("leaf").to_class(Derived).tag("leaf")
    ctx.bind("inner").to_alias("leaf")
    for error in await refused(KeyNotBoundError, ctx, "k"):
        assert error.path == f"{start} --> leaf --> Derived.__init__[value] --> nope"
        assert error.path in str(error)
        assert (error.key, error.contexts) == ("nope", ("here",))


async def test_the_path_of_a_missing_type_ends_where_it_is_wanted():
    """CTX-129"""

    class Wanted:
        pass

    def make(wanted: Wanted):
        return wanted

    ctx = Context()
    ctx.bind("k").to_dynamic_value(make)
    for error in await refused(KeyNotBoundError, ctx, "k"):
        assert error.path == "k --> make[wanted]"
        assert "Wanted" in error.key


def ambiguous(thing: Thing):
    return thing


def unscoped(value=inject("server")):
    return value


def without_source(value=inject("empty")):
    return value


def untold(value):
    return value


def unreadable(value: "NoSuchName"):  # noqa: F821 - on purpose
    return value


def contradicted(value: int = inject.getter("k")):
    return value


def in_a_ring(value=inject("k")):
    return value


def never_created(value=inject.binding("nope", binding_creation="never_create")):
    return value


@pytest.mark.parametrize(
    ("factory", "kind", "path"),
    [
        (ambiguous, AmbiguousTypeError, "k --> ambiguous[thing]"),
        (unscoped, ScopeError, "k --> unscoped[value] --> server"),
        (without_source, ResolutionError, "k --> without_source[value] --> empty"),
        (untold, ResolutionError, "k --> untold[value]"),
        (unreadable, ResolutionError, "k --> unreadable[value]"),
        (contradicted, ResolutionError, "k --> contradicted[value]"),
        (in_a_ring, CircularDependencyError, "k --> in_a_ring[value] --> k"),
        (never_created, KeyNotBoundError, "k --> never_created[value]"),
    ],
)
@pytest.mark.parametrize("scope", SCOPES)
async def test_every_kind_of_error_inside_a_resolution_has_the_path(factory, kind, path, scope):
    """CTX-129"""
    ctx = Context("here")
    ctx.bind("a").to_class(Thing)
    ctx.bind("b").to_class(Thing)
    ctx.bind("server").to(1).in_scope("server")
    ctx.bind("empty")
    ctx.bind("k").to_dynamic_value(factory).in_scope(scope)
    for error in await refused(kind, ctx, "k"):
        assert error.path == path
        assert path in str(error)


async def test_the_path_goes_through_a_get_inside_a_factory():
    """CTX-129"""

    def sync_factory(resolution: ResolutionContext):
        return resolution.context.get_sync("leaf")

    async def async_factory(resolution: ResolutionContext):
        return await resolution.context.get("leaf")

    ctx = Context()
    ctx.bind("leaf").to_class(Leaf)
    ctx.bind("k.sync").to_dynamic_value(sync_factory)
    ctx.bind("k.async").to_dynamic_value(async_factory)
    for error in await refused(KeyNotBoundError, ctx, "k.sync"):
        assert error.path == "k.sync --> leaf --> Leaf.__init__[value] --> nope"
    for _ in range(GETS):
        with pytest.raises(KeyNotBoundError) as caught:
            await ctx.get("k.async")
        assert caught.value.path == "k.async --> leaf --> Leaf.__init__[value] --> nope"


async def test_the_path_of_a_method_call_names_class_and_method():
    """CTX-129"""
    ctx = Context()
    ctx.bind("leaf").to_class(Leaf)
    for _ in range(GETS):
        with pytest.raises(KeyNotBoundError) as caught:
            await invoke_method(Methods(), "method", ctx)
        assert caught.value.path == "Methods.method[leaf] --> leaf --> Leaf.__init__[value] --> nope"


async def test_the_path_of_an_exception_goes_through_configuration():
    """CTX-129"""

    class Configured:
        def __init__(self, port=config("port")):
            self.port = port

    ctx = Context()
    ctx.bind("k").to_class(Configured)
    ctx.configure("k").to_dynamic_value(_raise)
    ctx.bind("error").to(OopsError("mine"))
    for _ in range(GETS):
        error = OopsError("mine")
        ctx.bind("error").to(error)
        with pytest.raises(OopsError) as caught:
            await ctx.get("k")
        assert caught.value is error
        assert "k --> Configured.__init__[port] --> k:$config" in error.__notes__[0]


def every_error():
    """One error of each kind, as it is raised."""
    ctx = Context("here")
    ctx.bind("repositories.Todo").lock()
    ctx.bind("a").to_class(Thing)
    ctx.bind("b").to_class(Thing)
    ctx.bind("ring").to_alias("ring")
    ctx.bind("later").to_dynamic_value(_later)
    ctx.bind("server").to(1).in_scope("server")
    ctx.bind("leaf").to_class(Leaf)
    acts = [
        lambda: ctx.get_sync("repositores.Todo"),
        lambda: ctx.get_sync("leaf"),
        lambda: ctx.get_sync(Thing),
        lambda: ctx.get_sync("ring"),
        lambda: ctx.get_sync("later"),
        lambda: ctx.get_sync("server"),
        lambda: ctx.bind("repositories.Todo"),
        lambda: ctx.bind("a#b"),
        lambda: Binding(""),
    ]
    for act in acts:
        try:
            act()
        except ContextError as error:
            yield error


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_errors_survive_pickling(protocol):
    """CTX-130"""
    errors = list(every_error())
    assert len(errors) == 9
    for error in errors:
        error.add_note("a note")
        for other in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error)):
            assert type(other) is type(error)
            assert str(other) == str(error)
            for name in ("key", "path", "contexts", "suggestions", "args", "__notes__"):
                assert getattr(other, name) == getattr(error, name)
    ambiguous = next(error for error in errors if isinstance(error, AmbiguousTypeError))
    assert pickle.loads(pickle.dumps(ambiguous)).candidates == ("a", "b")


# Scheduling and depth


async def test_getting_a_synchronous_value_gives_nobody_else_a_turn():
    """CTX-131"""
    ctx, turns = Context(), []
    ctx.bind("constant").to(1)
    ctx.bind("thing").to_class(Thing)
    ctx.bind("single").to_class(Thing).in_scope("singleton")
    ctx.bind("alias").to_alias("single")
    ctx.bind("outer").to_dynamic_value(lambda a=inject("thing"), b=inject("single"), c=inject.tag("nope"): (a, b, c))
    ctx.bind("later").to_dynamic_value(_later).in_scope("singleton")
    await ctx.get("later")
    task = asyncio.create_task(asyncio.sleep(0))
    task.add_done_callback(turns.append)
    asyncio.get_running_loop().call_soon(turns.append, 1)
    for _ in range(GETS):
        for key in ("constant", "thing", "single", "alias", "outer", "later"):
            await ctx.get(key)
            await ctx.get(key, optional=True)
            assert turns == []
    await task


def classes_in_a_row(ctx, count, scope, *, by):
    """Bindings ``0`` … each of which needs the next one; the last is a constant."""
    last = str(count)
    if by == "type":

        class Last:
            pass

        ctx.bind(last).to_class(Last)
        below = Last
    else:
        ctx.bind(last).to("bottom")
        below = None
    for number in reversed(range(count)):
        key = str(number + 1)
        namespace = {}
        if by == "parameter":

            def init(self, below=inject(key)):
                self.below = below

            namespace["__init__"] = init
        elif by == "property":
            namespace["below"] = inject(key)
        elif by == "type":

            def init_by_type(self, below):
                self.below = below

            init_by_type.__annotations__["below"] = below
            namespace["__init__"] = init_by_type
        below = type(f"Class{number}", (), namespace)
        ctx.bind(str(number)).to_class(below).in_scope(scope)


def depth_of(value):
    depth = 0
    while hasattr(value, "below"):
        value, depth = value.below, depth + 1
    return depth


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("by", ["parameter", "property", "type"])
async def test_a_chain_of_a_hundred_bindings_resolves(by, scope):
    """CTX-132"""
    assert sys.getrecursionlimit() <= 1000
    for first in ("sync", "async"):
        ctx = Context()
        classes_in_a_row(ctx, 100, scope, by=by)
        for _ in range(GETS):
            assert depth_of(ctx.get_sync("0") if first == "sync" else await ctx.get("0")) == 100


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_chain_of_a_hundred_factories_resolves(scope):
    """CTX-132"""
    ctx, later = Context(), Context()
    ctx.bind("100").to(0)
    later.bind("100").to(0)
    for number in range(100):

        def make(below=inject(str(number + 1))):
            return below + 1

        async def make_later(below=inject(str(number + 1))):
            await asyncio.sleep(0)
            return below + 1

        ctx.bind(str(number)).to_dynamic_value(make).in_scope(scope)
        later.bind(str(number)).to_dynamic_value(make_later).in_scope(scope)
    for _ in range(GETS):
        assert ctx.get_sync("0") == 100
        assert await ctx.get("0") == 100
        assert await later.get("0") == 100


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_chain_of_a_hundred_aliases_and_of_gets_in_factories_resolves(scope):
    """CTX-132"""
    ctx = Context()
    ctx.bind("100").to("bottom")
    ctx.bind("get.100").to("bottom")
    for number in range(100):
        ctx.bind(str(number)).to_alias(str(number + 1)).in_scope(scope)

        async def make(resolution: ResolutionContext, below=f"get.{number + 1}"):
            return await resolution.context.get(below)

        ctx.bind(f"get.{number}").to_dynamic_value(make).in_scope(scope)
    for _ in range(GETS):
        assert ctx.get_sync("0") == "bottom"
        assert await ctx.get("0") == "bottom"
        assert await ctx.get("get.0") == "bottom"
