"""Scopes: where dependencies are looked up and where values are kept."""

import asyncio
import gc
import itertools
import weakref

import pytest

from mainspring.context import (
    Binding,
    BindingScope,
    Context,
    KeyNotBoundError,
    ScopeError,
    inject,
)

GETS = 4  # the first gets are interpreted, later ones run a plan: a behaviour has to hold for both


class Thing:
    pass


class Chain:
    """``app <- server <- request``, with siblings: two servers, two requests of each."""

    def __init__(self):
        self.app = Context("app", scope=BindingScope.APPLICATION)
        self.server = Context(self.app, "server", scope=BindingScope.SERVER)
        self.server2 = Context(self.app, "server2", scope=BindingScope.SERVER)
        self.request = Context(self.server, "request", scope=BindingScope.REQUEST)
        self.request2 = Context(self.server, "request2", scope=BindingScope.REQUEST)
        self.other = Context(self.server2, "other", scope=BindingScope.REQUEST)

    @property
    def all(self):
        return [self.app, self.server, self.server2, self.request, self.request2, self.other]


@pytest.fixture
def at():
    return Chain()


async def _make_later():
    await asyncio.sleep(0)
    return Thing()


class ThingProvider:
    def value(self):
        return Thing()


SOURCES = {
    "class": lambda binding: binding.to_class(Thing),
    "factory": lambda binding: binding.to_dynamic_value(lambda: Thing()),  # noqa: PLW0108 - a class is no factory
    "async factory": lambda binding: binding.to_dynamic_value(_make_later),
    "provider": lambda binding: binding.to_provider(ThingProvider),
}


async def values(contexts, key="k"):
    """The value of each context, asked for often and in several orders; one that is kept stays."""
    found = [await ctx.get(key) for ctx in contexts]
    for order in (contexts, list(reversed(contexts))):
        for ctx in order:
            for _ in range(2):
                assert await ctx.get(key) is found[contexts.index(ctx)]
                assert ctx.get_sync(key) is found[contexts.index(ctx)]
    return found


def sharing(found):
    """Which of the values are one object: equal numbers are."""
    numbers = {}
    return [numbers.setdefault(id(value), len(numbers)) for value in found]


# Where values are kept


@pytest.mark.parametrize("source", SOURCES)
async def test_a_transient_value_is_new_at_every_get(at, source):
    """CTX-220"""
    SOURCES[source](at.app.bind("k"))
    found = []
    for ctx in at.all * GETS:
        found.append(await ctx.get("k"))
        if source != "async factory":
            found.append(ctx.get_sync("k"))
    assert len(set(map(id, found))) == len(found)


@pytest.mark.parametrize("first", range(6))
@pytest.mark.parametrize("source", SOURCES)
async def test_a_context_value_is_kept_by_each_context_that_asks(at, source, first):
    """CTX-221"""
    SOURCES[source](at.app.bind("k")).in_scope("context")
    contexts = at.all[first:] + at.all[:first]
    assert sharing(await values(contexts)) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("first", range(6))
@pytest.mark.parametrize("source", SOURCES)
async def test_a_singleton_is_kept_by_its_owner_for_all_below(at, source, first):
    """CTX-222"""
    SOURCES[source](at.app.bind("k")).in_scope("singleton")
    contexts = at.all[first:] + at.all[:first]
    assert sharing(await values(contexts)) == [0] * 6


async def test_a_singleton_of_a_server_is_shared_by_its_requests(at):
    """CTX-222"""
    at.server.bind("k").to_class(Thing).in_scope("singleton")
    assert sharing(await values([at.request, at.server, at.request2])) == [0, 0, 0]
    for ctx in (at.app, at.other):
        with pytest.raises(KeyNotBoundError):
            ctx.get_sync("k")


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("scope", "contexts", "expected"),
    [
        ("application", "app server server2 request request2 other", [0, 0, 0, 0, 0, 0]),
        ("application", "request other app", [0, 0, 0]),
        ("server", "server request request2 server2 other", [0, 0, 0, 1, 1]),
        ("server", "other request server2 server", [0, 1, 0, 1]),
        ("request", "request request2 other", [0, 1, 2]),
    ],
)
async def test_scoped_values_are_kept_by_the_nearest_context_of_the_scope(at, source, scope, contexts, expected):
    """CTX-223"""
    SOURCES[source](at.app.bind("k")).in_scope(scope)
    assert sharing(await values([getattr(at, name) for name in contexts.split()])) == expected


async def test_contexts_below_share_what_the_scoped_one_keeps(at):
    """CTX-223"""
    for scope in ("application", "server", "request"):
        at.app.bind(scope).to_class(Thing).in_scope(scope)
    below = Context(Context(at.request))
    for scope, holder in (("application", at.app), ("server", at.server), ("request", at.request)):
        value = below.get_sync(scope)
        for _ in range(GETS):
            assert holder.get_sync(scope) is value
            assert below.get_sync(scope) is value


async def test_the_nearest_context_of_the_scope_counts():
    """CTX-223"""
    outer = Context("outer", scope=BindingScope.REQUEST)
    inner = Context(outer, "inner", scope=BindingScope.REQUEST)
    outer.bind("k").to_class(Thing).in_scope("request")
    assert sharing(await values([outer, inner, Context(inner)])) == [0, 1, 1]


# Without a context of the scope


async def test_without_a_request_the_current_context_keeps_request_values(at):
    """CTX-224"""
    at.app.bind("k").to_class(Thing).in_scope("request")
    plain, below = Context(at.app), Context(at.server)
    assert sharing(await values([at.app, at.server, plain, below, at.request])) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("scope", ["application", "server"])
async def test_without_a_context_of_the_scope_the_value_is_refused(scope):
    """CTX-224"""
    parent = Context("parent")
    current = Context(parent, "current", scope=BindingScope.REQUEST)
    parent.bind("the.key").to_class(Thing).in_scope(scope)
    for _ in range(GETS):
        with pytest.raises(ScopeError) as caught:
            current.get_sync("the.key")
        for text in ("the.key", "current", scope):
            assert text in str(caught.value)
        assert caught.value.key == "the.key"
        with pytest.raises(ScopeError):
            await current.get("the.key")
        assert current.get_sync("the.key", optional=True) is None
        assert await current.get("the.key", optional=True) is None


@pytest.mark.parametrize(
    ("scope", "holder", "asked"),
    [
        ("application", "request", "request"),
        ("application", "server", "request"),
        ("application", "server", "server"),
        ("server", "request", "request"),
    ],
)
async def test_a_binding_below_its_resolution_context_is_refused(at, scope, holder, asked):
    """CTX-225"""
    holding, current = getattr(at, holder), getattr(at, asked)
    holding.bind("the.key").to_class(Thing).in_scope(scope)
    target = {"application": "app", "server": "server"}[scope]
    for _ in range(GETS):
        with pytest.raises(ScopeError) as caught:
            current.get_sync("the.key")
        for text in ("the.key", repr(holder), repr(target), scope):
            assert text in str(caught.value)
        with pytest.raises(ScopeError):
            await current.get("the.key")
        assert current.get_sync("the.key", optional=True) is None
    holding.bind("the.key").to_class(Thing).in_scope("transient")
    assert isinstance(current.get_sync("the.key"), Thing)


@pytest.mark.parametrize("holder", ["app", "server", "request"])
async def test_a_request_binding_works_at_and_above_the_request(at, holder):
    """CTX-225"""
    getattr(at, holder).bind("k").to_class(Thing).in_scope("request")
    assert sharing(await values([at.request, Context(at.request)])) == [0, 0]


def test_a_request_binding_below_the_request_is_refused(at):
    """CTX-225"""
    below = Context(at.request, "below")
    below.bind("k").to_class(Thing).in_scope("request")
    with pytest.raises(ScopeError, match="'below'"):
        below.get_sync("k")


@pytest.mark.parametrize("optional", [False, True])
def test_the_checks_hold_for_constants_too(at, optional):
    """CTX-226"""
    root = Context("root")
    root.bind("k").to(1).in_scope("server")
    at.request.bind("k").to(1).in_scope("application")
    for ctx in (root, at.request):
        for _ in range(GETS):
            if optional:
                assert ctx.get_sync("k", optional=True) is None
            else:
                with pytest.raises(ScopeError):
                    ctx.get_sync("k")


@pytest.mark.parametrize("scope", list(BindingScope))
def test_otherwise_the_scope_of_a_constant_makes_no_difference(at, scope):
    """CTX-226"""
    value = [1]
    binding = at.app.bind("k").to(value).in_scope(scope)
    for ctx in (at.request, at.other):
        assert [ctx.get_sync("k") is value for _ in range(GETS)] == [True] * GETS
    binding.to("new")
    assert at.request.get_sync("k") == "new"


# Where dependencies are looked up


def _consume(name=inject("name")):
    return [name]


class Consumer:
    prop = inject("name")

    def __init__(self, name=inject("name")):
        self.name = name


def test_a_singleton_does_not_see_what_is_below_its_owner(at):
    """CTX-227"""
    at.app.bind("factory").to_dynamic_value(_consume).in_scope("singleton")
    at.app.bind("class").to_class(Consumer).in_scope("singleton")
    at.request.bind("name").to("request")
    for _ in range(GETS):
        for key in ("factory", "class"):
            for ctx in (at.request, at.app):
                with pytest.raises(KeyNotBoundError, match="'name'"):
                    ctx.get_sync(key)
    at.app.bind("name").to("app")
    for _ in range(GETS):
        assert at.request.get_sync("factory") == ["app"]
        consumer = at.request.get_sync("class")
        assert (consumer.name, consumer.prop) == ("app", "app")
        assert at.app.get_sync("factory") is at.request.get_sync("factory")


@pytest.mark.parametrize("first", ["request", "app"])
def test_a_singleton_gets_the_dependency_of_its_owner_when_both_have_it(at, first):
    """CTX-227"""
    at.app.bind("name").to("app")
    at.request.bind("name").to("request")
    at.app.bind("k").to_dynamic_value(_consume).in_scope("singleton")
    for _ in range(GETS):
        assert getattr(at, first).get_sync("k") == ["app"]
        assert at.request.get_sync("k") is at.app.get_sync("k")


@pytest.mark.parametrize("scope", ["transient", "context"])
def test_transient_and_context_values_are_injected_from_the_current_context(at, scope):
    """CTX-228"""
    at.app.bind("name").to("app")
    at.app.bind("factory").to_dynamic_value(_consume).in_scope(scope)
    at.app.bind("class").to_class(Consumer).in_scope(scope)
    at.request.bind("name").to("request")
    at.server2.bind("name").to("server2")
    for _ in range(GETS):
        for ctx, expected in ((at.request, "request"), (at.request2, "app"), (at.other, "server2"), (at.app, "app")):
            assert ctx.get_sync("factory") == [expected]
            consumer = ctx.get_sync("class")
            assert (consumer.name, consumer.prop) == (expected, expected)


def test_a_server_value_is_injected_from_the_server(at):
    """CTX-229"""
    at.app.bind("name").to("app")
    at.app.bind("k").to_class(Consumer).in_scope("server")
    at.server.bind("name").to("server")
    at.request.bind("name").to("request")
    at.other.bind("name").to("other")
    for _ in range(GETS):
        assert at.request.get_sync("k").name == "server"
        assert at.other.get_sync("k").name == "app"
        assert at.request.get_sync("k") is at.server.get_sync("k")


def test_a_request_value_is_injected_from_the_request(at):
    """CTX-223, CTX-230"""
    at.app.bind("name").to("app")
    at.app.bind("k").to_class(Consumer).in_scope("request")
    at.request.bind("name").to("request")
    below = Context(at.request)
    below.bind("name").to("below")
    for _ in range(GETS):
        assert below.get_sync("k").name == "request"
        assert below.get_sync("k") is at.request.get_sync("k")


def _holding(link, name=inject("name")):
    return link, name


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        (("transient", "transient"), ("request", "request")),
        (("transient", "server"), ("server", "request")),
        (("transient", "singleton"), ("app", "request")),
        (("request", "server"), ("server", "request")),
        (("server", "transient"), ("server", "server")),
        (("server", "context"), ("server", "server")),
        (("server", "singleton"), ("app", "server")),
        (("singleton", "transient"), ("app", "app")),
        (("singleton", "context"), ("app", "app")),
        (("singleton", "request"), ("app", "app")),
        (("application", "request"), ("app", "app")),
        (("context", "server"), ("server", "request")),
    ],
)
def test_each_dependency_has_a_resolution_context_of_its_own(at, scopes, expected):
    """CTX-230"""
    for ctx in (at.app, at.server, at.request):
        ctx.bind("name").to(ctx.name)
    outer, inner = scopes
    at.app.bind("inner").to_dynamic_value(_consume).in_scope(inner)
    at.app.bind("outer").to_dynamic_value(lambda link=inject("inner"), name=inject("name"): (link[0], name)).in_scope(
        outer
    )
    for _ in range(GETS):
        assert at.request.get_sync("outer") == expected


def test_a_server_value_is_out_of_reach_of_a_singleton(at):
    """CTX-224, CTX-230"""
    at.app.bind("inner").to_class(Thing).in_scope("server")
    at.app.bind("outer").to_dynamic_value(lambda link=inject("inner"): link).in_scope("singleton")
    at.app.bind("optional").to_dynamic_value(lambda link=inject("inner", optional=True): [link]).in_scope("singleton")
    for _ in range(GETS):
        with pytest.raises(ScopeError, match="'inner'"):
            at.request.get_sync("outer")
        assert at.request.get_sync("optional") == [None]
        assert isinstance(at.request.get_sync("inner"), Thing)


# Questions


def test_the_owner_is_the_nearest_context_that_has_the_key(at):
    """CTX-231"""
    below = at.app.bind("k")
    assert at.request.get_owner_context("k") is at.app
    assert at.request.get_owner_context("nope") is None
    assert at.request.get_owner_context(below) is at.app
    near = at.server.bind("k")
    assert at.request.get_owner_context("k") is at.server
    assert at.request.get_owner_context(near) is at.server
    assert at.request.get_owner_context(below) is None
    assert at.app.get_owner_context(below) is at.app
    assert at.app.get_owner_context(near) is None
    assert at.request.get_owner_context(Binding("k")) is None
    assert at.request.get_owner_context(Binding("other")) is None


def test_the_scoped_context_is_the_nearest_of_that_scope(at):
    """CTX-232"""
    for scope, expected in (("application", at.app), ("server", at.server), ("request", at.request)):
        for given in (scope, BindingScope(scope)):
            assert at.request.get_scoped_context(given) is expected
    assert at.server.get_scoped_context("server") is at.server
    assert at.server.get_scoped_context("request") is None
    assert at.app.get_scoped_context(BindingScope.SERVER) is None
    inner = Context(at.request, scope=BindingScope.REQUEST)
    assert Context(inner).get_scoped_context("request") is inner


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("transient", {"app": "app", "server": "server", "request": "request"}),
        ("context", {"app": "app", "server": "server", "request": "request"}),
        ("singleton", {"app": "app", "server": "app", "request": "app"}),
        ("application", {"app": "app", "server": "app", "request": "app"}),
        ("server", {"app": None, "server": "server", "request": "server"}),
        ("request", {"app": "app", "server": "server", "request": "request"}),
    ],
)
def test_the_resolution_context_follows_the_scope(at, scope, expected):
    """CTX-233"""
    binding = at.app.bind("k").to_class(Thing).in_scope(scope)
    for asked, holder in expected.items():
        found = getattr(at, asked).get_resolution_context(binding)
        assert found is (getattr(at, holder) if holder is not None else None)
    below = Context(at.request)
    assert (
        below.get_resolution_context(binding)
        is {
            "transient": below,
            "context": below,
            "singleton": at.app,
            "application": at.app,
            "server": at.server,
            "request": at.request,
        }[scope]
    )


def test_a_context_is_visible_to_itself_and_to_those_below(at):
    """CTX-234"""
    for ctx in at.all:
        assert ctx.is_visible_to(ctx)
    assert at.app.is_visible_to(at.request)
    assert at.server.is_visible_to(at.request)
    assert not at.request.is_visible_to(at.server)
    assert not at.server.is_visible_to(at.other)
    assert not at.request.is_visible_to(at.request2)


def test_the_scope_of_a_context_is_what_was_passed(at):
    """CTX-235"""
    for scope in BindingScope:
        assert Context(scope=scope).scope is scope
        assert Context("n", scope=scope.value).scope is scope
    plain = Context(at.request)
    assert plain.scope is BindingScope.CONTEXT
    for scope in ("application", "server", "request"):
        assert Context(Context()).get_scoped_context(scope) is None
        assert plain.get_scoped_context(scope) is not plain
    assert at.request.get_scoped_context("context") is None
    assert Context(plain).get_scoped_context("context") is not None


# Refresh


@pytest.mark.parametrize("source", SOURCES)
async def test_refreshing_through_a_child_drops_the_owners_singleton(at, source):
    """CTX-236"""
    binding = SOURCES[source](at.app.bind("k")).in_scope("singleton")
    old = (await values(at.all))[0]
    binding.refresh(at.request)
    new = await at.request.get("k")
    assert new is not old
    assert sharing(await values(at.all)) == [0] * 6
    assert await at.app.get("k") is new


async def test_refreshing_a_context_value_drops_only_that_of_the_context(at):
    """CTX-236"""
    binding = at.app.bind("k").to_class(Thing).in_scope("context")
    before = await values(at.all)
    binding.refresh(at.request)
    after = await values(at.all)
    changed = [ctx.name for ctx, old, new in zip(at.all, before, after, strict=True) if old is not new]
    assert changed == ["request"]


async def test_refreshing_a_server_value_drops_only_that_of_the_server(at):
    """CTX-236"""
    binding = at.app.bind("k").to_class(Thing).in_scope("server")
    contexts = [at.server, at.request, at.server2, at.other]
    before = await values(contexts)
    binding.refresh(at.request2)
    after = await values(contexts)
    assert [old is new for old, new in zip(before, after, strict=True)] == [False, False, True, True]


async def test_refreshing_drops_nothing_else(at):
    """CTX-236"""
    at.app.bind("dependency").to_class(Thing).in_scope("singleton")
    binding = at.app.bind("k").to_dynamic_value(lambda found=inject("dependency"): [found]).in_scope("singleton")
    at.app.bind("consumer").to_dynamic_value(lambda k=inject("k"): [k]).in_scope("singleton")
    dependency, consumer, old = (at.request.get_sync(key) for key in ("dependency", "consumer", "k"))
    binding.refresh(at.request)
    assert at.request.get_sync("k") is not old
    assert at.request.get_sync("k")[0] is dependency
    assert at.request.get_sync("consumer") is consumer
    assert consumer[0] is old


def test_refreshing_what_is_not_kept_does_nothing(at):
    """CTX-236"""
    transient = at.app.bind("transient").to_class(Thing)
    constant = at.app.bind("constant").to(1).in_scope("singleton")
    never = at.app.bind("never").to_class(Thing).in_scope("singleton")
    server = at.app.bind("server").to_class(Thing).in_scope("server")
    empty = at.app.bind("empty").in_scope("singleton")
    for binding in (transient, constant, never, server, empty, Binding("nowhere").in_scope("application")):
        binding.refresh(at.app)
        binding.refresh(at.request)
        binding.refresh(Context())
    assert at.app.get_sync("constant") == 1


# What is kept


@pytest.mark.parametrize("scope", ["singleton", "context", "application", "server", "request"])
async def test_none_is_kept_like_any_value(at, scope):
    """CTX-237"""
    calls = []

    def make():
        calls.append("plain")

    async def make_later():
        calls.append("later")
        await asyncio.sleep(0)

    at.app.bind("plain").to_dynamic_value(make).in_scope(scope)
    at.app.bind("later").to_dynamic_value(make_later).in_scope(scope)
    for _ in range(GETS):
        assert await at.request.get("later") is None
        assert at.request.get_sync("later") is None
        assert at.request.get_sync("plain") is None
        assert at.request.get_sync("plain", optional=True) is None
    assert sorted(calls) == ["later", "plain"]


@pytest.mark.parametrize("source", ["sync", "async", "dependency"])
@pytest.mark.parametrize("scope", ["singleton", "context", "application", "server", "request"])
async def test_a_failed_creation_is_tried_again(at, scope, source):
    """CTX-238"""
    outcomes = itertools.chain([ValueError("1"), ValueError("2"), ValueError("3")], itertools.repeat("made"))

    def make():
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return [outcome]

    async def make_later():
        await asyncio.sleep(0)
        return make()

    if source == "dependency":
        at.app.bind("dependency").to_dynamic_value(make)
        at.app.bind("k").to_dynamic_value(lambda found=inject("dependency"): found).in_scope(scope)
    else:
        at.app.bind("k").to_dynamic_value(make if source == "sync" else make_later).in_scope(scope)
    for number in ("1", "2", "3"):
        with pytest.raises(ValueError, match=number):
            await at.request.get("k")
    value = await at.request.get("k")
    assert value == ["made"]
    for _ in range(GETS):
        assert await at.request.get("k") is value


@pytest.mark.parametrize("scope", ["singleton", "context", "server"])
async def test_values_are_kept_for_the_binding_not_for_the_key(at, scope):
    """CTX-239"""
    first = at.app.bind("k").to_class(Thing).in_scope(scope)
    old = (await values([at.request]))[0]
    second = at.app.bind("k").to_class(Thing).in_scope(scope)
    new = (await values([at.request]))[0]
    assert new is not old
    assert second.get_value_sync(at.request) is new
    if scope != "server":  # which would not be found at or above the server
        assert first.get_value_sync(at.request) is not new
    at.server.bind("k").to_class(Thing).in_scope(scope)
    assert (await values([at.request]))[0] not in (old, new)
    at.server.unbind("k")
    assert at.request.get_sync("k") is new


# Memory


def collected(make):
    """Whether what ``make`` made and referred to weakly is gone when it returns."""
    references = make()
    gc.collect()
    return [reference() is None for reference in references]


@pytest.mark.parametrize("close", [False, True])
@pytest.mark.parametrize("scope", ["singleton", "context", "request"])
async def test_a_context_nobody_references_goes_with_all_it_keeps(at, scope, close):
    """CTX-240"""
    at.app.bind("k").to_class(Thing).in_scope(scope)
    at.app.bind("later").to_dynamic_value(_make_later).in_scope(scope)

    async def use():
        request = Context(at.server, scope=BindingScope.REQUEST)
        request.bind("own").to_class(Thing).in_scope("singleton")
        request.bind("name").to("mine")
        kept = []
        for _ in range(GETS):
            kept = [request.get_sync("k"), await request.get("later"), request.get_sync("own")]
        with pytest.raises(KeyNotBoundError):
            request.get_sync("nope")
        references = [weakref.ref(request), weakref.ref(kept[2])]
        if scope != "singleton":
            references += [weakref.ref(kept[0]), weakref.ref(kept[1])]
        if close:
            await request.close()
        return references

    references = await use()
    await asyncio.sleep(0)  # the loop still holds what it woke this task with
    gc.collect()
    assert [reference() for reference in references] == [None] * len(references)


async def test_a_singleton_first_got_through_a_child_does_not_keep_it_alive(at):
    """CTX-240"""

    class Holder:
        def __init__(self, thing=inject("k"), getter=inject.getter("k"), ctx=inject.context()):
            self.thing, self.getter, self.ctx = thing, getter, ctx

    at.app.bind("k").to_dynamic_value(_make_later).in_scope("singleton")
    at.app.bind("holder").to_class(Holder).in_scope("singleton")

    async def use():
        request = Context(at.server, scope=BindingScope.REQUEST)
        request.bind("name").to("mine")
        holder = await request.get("holder")
        assert await holder.getter() is holder.thing
        assert holder.ctx is at.app
        return weakref.ref(request)

    reference = await use()
    gc.collect()
    assert reference() is None
    assert (await at.app.get("holder")).thing is at.app.get_sync("k")


def test_a_binding_in_many_contexts_keeps_none_of_them_alive():
    """CTX-240"""
    binding = Binding("k").to_class(Thing).in_scope("singleton")

    def use():
        contexts = [Context() for _ in range(20)]
        kept = []
        for ctx in contexts:
            ctx.add(binding)
            kept.append(ctx.get_sync("k"))
        return [weakref.ref(each) for each in contexts + kept]

    assert all(collected(use))
    binding.to(1).tag("t")


async def test_a_context_with_a_creation_that_was_cancelled_can_go(at):
    """CTX-240"""

    async def never():
        await asyncio.Event().wait()

    at.app.bind("k").to_dynamic_value(never).in_scope("request")

    async def use():
        request = Context(at.server, scope=BindingScope.REQUEST)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await request.get("k")
        return weakref.ref(request)

    reference = await use()
    await asyncio.sleep(0)
    gc.collect()
    assert reference() is None
