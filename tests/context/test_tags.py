"""Tags, scopes and the events of bindings."""

import enum
import json
from types import MappingProxyType

import pytest

from mainspring.context import Binding, BindingScope, BindingType, Context, inject

GETS = 4  # the first gets are interpreted, later ones run a plan: a behaviour has to hold for both


class Thing:
    pass


class OtherThing:
    pass


class ThingProvider:
    def value(self):
        return Thing()


class Colour(enum.StrEnum):
    RED = "red"


def events_of(binding):
    events = []
    binding.on("changed", events.append)
    return events


# Tags


def test_a_bare_name_has_itself_as_value():
    """CTX-090"""
    assert Binding("k").tag("a").tag_map == {"a": "a"}
    assert Binding("k").tag(Colour.RED).tag_map == {"red": "red"}


def test_names_mappings_and_keywords_may_be_mixed():
    """CTX-090"""
    assert Binding("k").tag("a", "b").tag_map == {"a": "a", "b": "b"}
    assert Binding("k").tag({"n": 1}).tag_map == {"n": 1}
    assert Binding("k").tag(n=1).tag_map == {"n": 1}
    assert Binding("k").tag("a", {"n": 1}, "c", m=None).tag_map == {"a": "a", "n": 1, "c": "c", "m": None}
    assert Binding("k").tag({}, MappingProxyType({"x": False})).tag_map == {"x": False}
    assert Binding("k").tag().tag_map == {}


def test_names_keep_the_order_in_which_they_first_came():
    """CTX-090"""
    binding = Binding("k").tag("a", {"b": 1, "c": 2}).tag("d", {"b": 3}).tag("a")
    assert binding.tag_names == ["a", "b", "c", "d"]
    assert binding.tag_map == {"a": "a", "b": 3, "c": 2, "d": "d"}
    assert list(binding.tag_map) == ["a", "b", "c", "d"]
    assert Binding("k").tag_names == []


def test_later_values_of_one_call_win_in_place():
    """CTX-090"""
    binding = Binding("k").tag({"a": 1}, "b", {"a": 2}, a=3)
    assert list(binding.tag_map.items()) == [("a", 3), ("b", "b")]


@pytest.mark.parametrize("bad", [["a"], ("a",), {"a"}, frozenset("a"), 1, 0, None, b"a", 1.5, object(), {1: "one"}])
def test_a_tag_that_is_none_adds_nothing_of_its_call(bad):
    """CTX-091"""
    binding = Binding("k").tag("old")
    events = events_of(binding)
    with pytest.raises(TypeError):
        binding.tag("a", bad, b=1)
    with pytest.raises(TypeError):
        binding.tag({"x": 1}, bad)
    assert binding.tag_map == {"old": "old"}
    assert events == []


def test_the_tag_map_is_a_read_only_mapping_equal_to_a_dict():
    """CTX-092"""
    binding = Binding("k").tag("a", n=1)
    tags = binding.tag_map
    assert tags == {"a": "a", "n": 1}
    assert tags == {"a": "a", "n": 1}
    assert tags != {"a": "a"}
    with pytest.raises(TypeError):
        tags["b"] = 1
    with pytest.raises(TypeError):
        del tags["a"]
    binding.tag_names.append("b")
    assert binding.tag_map == {"a": "a", "n": 1}
    assert Binding("k").tag_map == {}


# Scope


@pytest.mark.parametrize("scope", list(BindingScope))
def test_a_scope_is_given_as_member_or_text(scope):
    """CTX-093, CTX-094"""
    for given in (scope, scope.value):
        binding = Binding("k")
        assert binding.scope is BindingScope.TRANSIENT
        assert binding.in_scope(given) is binding
        assert binding.scope is scope


@pytest.mark.parametrize("scope", ["Singleton", "SINGLETON", "", None, 1, object(), ["singleton"], BindingType.CLASS])
def test_what_is_no_scope_is_refused(scope):
    """CTX-093"""
    binding = Binding("k").in_scope("context")
    events = events_of(binding)
    with pytest.raises(ValueError, match=r"."):
        binding.in_scope(scope)
    assert binding.scope is BindingScope.CONTEXT
    assert events == []
    with pytest.raises(ValueError, match=r"."):
        Binding("k").apply_default_scope(scope)


def test_a_default_scope_counts_only_where_none_was_set():
    """CTX-093"""
    assert Binding("k").apply_default_scope("singleton").scope is BindingScope.SINGLETON
    assert Binding("k").in_scope("transient").apply_default_scope("singleton").scope is BindingScope.TRANSIENT
    assert Binding("k").in_scope("request").apply_default_scope("singleton").scope is BindingScope.REQUEST
    twice = Binding("k").apply_default_scope("singleton").apply_default_scope("context")
    assert twice.scope is BindingScope.SINGLETON


def test_scopes_and_types_are_texts():
    """CTX-094"""
    assert [str(scope) for scope in BindingScope] == [
        "transient",
        "singleton",
        "context",
        "application",
        "server",
        "request",
    ]
    assert [str(kind) for kind in BindingType] == ["constant", "dynamic_value", "class", "provider", "alias"]
    assert BindingScope.SINGLETON == "singleton"
    assert BindingType("class") is BindingType.CLASS
    assert json.dumps([BindingScope.REQUEST, BindingType.ALIAS]) == '["request", "alias"]'


def test_another_scope_drops_what_was_kept():
    """CTX-095"""
    app = Context()
    request = Context(app)
    binding = app.bind("k").to_class(Thing).in_scope("singleton")
    single = [request.get_sync("k") for _ in range(GETS)][-1]
    binding.in_scope("context")
    mine, apps = request.get_sync("k"), app.get_sync("k")
    assert len({id(each) for each in (single, mine, apps)}) == 3
    assert request.get_sync("k") is mine
    binding.in_scope("transient")
    assert request.get_sync("k") is not request.get_sync("k")
    binding.in_scope("context")
    assert request.get_sync("k") not in (mine, apps, single)
    binding.in_scope("singleton")
    assert app.get_sync("k") not in (mine, apps, single)


@pytest.mark.parametrize("scope", ["singleton", "context"])
def test_the_same_scope_again_drops_nothing(scope):
    """CTX-095"""
    ctx = Context()
    binding = ctx.bind("k").to_class(Thing).in_scope(scope)
    value = [ctx.get_sync("k") for _ in range(GETS)][-1]
    binding.in_scope(scope)
    binding.in_scope(BindingScope(scope))
    binding.apply_default_scope("transient")
    assert ctx.get_sync("k") is value


def test_tags_and_provided_types_drop_nothing():
    """CTX-095"""
    ctx = Context()
    binding = ctx.bind("k").to_class(Thing).in_scope("singleton")
    value = [ctx.get_sync("k") for _ in range(GETS)][-1]
    binding.tag("t").provides(OtherThing).lock().unlock()
    assert ctx.get_sync("k") is value
    assert ctx.get_sync(OtherThing) is value


# Events


@pytest.mark.parametrize(
    ("change", "operation"),
    [
        (lambda binding: binding.tag("a"), "tag"),
        (lambda binding: binding.tag("a", "b", c=1), "tag"),
        (lambda binding: binding.in_scope("singleton"), "scope"),
        (lambda binding: binding.in_scope("transient"), "scope"),
        (lambda binding: binding.apply_default_scope("singleton"), "scope"),
        (lambda binding: binding.to(1), "value"),
        (lambda binding: binding.to_dynamic_value(lambda: 1), "value"),
        (lambda binding: binding.to_class(Thing), "value"),
        (lambda binding: binding.to_provider(ThingProvider), "value"),
        (lambda binding: binding.to_injectable(Thing), "value"),
        (lambda binding: binding.to_alias("other"), "value"),
        (lambda binding: binding.provides(Thing, OtherThing), "provides"),
    ],
)
def test_every_change_sends_one_event_at_once(change, operation):
    """CTX-096"""
    binding = Binding("k")
    events = events_of(binding)
    change(binding)
    assert [(event.type, event.binding, event.operation) for event in events] == [("changed", binding, operation)]


def test_an_equal_scope_sends_an_event_too():
    """CTX-096"""
    binding = Binding("k").in_scope("singleton")
    events = events_of(binding)
    binding.in_scope("singleton").in_scope("singleton")
    assert [event.operation for event in events] == ["scope", "scope"]
    binding.apply_default_scope("context")
    assert len(events) == 2


def test_an_equal_tag_sends_an_event_too():
    """CTX-096"""
    binding = Binding("k").tag("a")
    events = events_of(binding)
    binding.tag("a").tag("a")
    assert [event.operation for event in events] == ["tag", "tag"]


def test_locking_is_no_change():
    """CTX-096"""
    binding = Binding("k")
    events = events_of(binding)
    binding.lock().unlock()
    assert events == []


def test_the_listener_sees_the_change_done():
    """CTX-096"""
    ctx, seen = Context(), []
    binding = ctx.bind("k").to(1)
    [ctx.get_sync("k") for _ in range(GETS)]
    ctx.find_by_tag("t")

    def listener(event):
        seen.append((event.operation, ctx.get_sync("k"), [each.key for each in ctx.find_by_tag("t")], Thing in ctx))

    binding.on("changed", listener)
    binding.to(2)
    binding.tag("t")
    binding.provides(Thing)
    assert seen == [("value", 2, [], False), ("tag", 2, ["k"], False), ("provides", 2, ["k"], True)]


def test_off_stops_the_events():
    """CTX-096"""
    binding, log = Binding("k"), []

    def one(event):
        log.append("one")

    def two(event):
        log.append("two")

    binding.on("changed", one)
    binding.on("changed", two)
    binding.tag("a")
    binding.off("changed", one)
    binding.tag("b")
    binding.off("changed", two)
    binding.off("changed", two)
    binding.tag("c")
    assert log == ["one", "two", "two"]
    for method in (binding.on, binding.off):
        with pytest.raises(ValueError, match="nope"):
            method("nope", one)


def test_a_listener_may_take_itself_off():
    """CTX-096"""
    binding, log = Binding("k"), []

    def once(event):
        log.append("once")
        binding.off("changed", once)

    binding.on("changed", once)
    binding.on("changed", lambda event: log.append("other"))
    binding.tag("a")
    binding.tag("b")
    assert log == ["once", "other", "other"]


@pytest.mark.parametrize(
    ("change", "holds"),
    [
        (lambda binding: binding.tag("late"), lambda ctx: [each.key for each in ctx.find_by_tag("late")] == ["k"]),
        (lambda binding: binding.to("new"), lambda ctx: ctx.get_sync("k") == "new"),
        (lambda binding: binding.in_scope("transient"), lambda ctx: ctx.get_sync("k") is not ctx.get_sync("k")),
        (lambda binding: binding.provides(OtherThing), lambda ctx: OtherThing in ctx),
        (lambda binding: binding.to_class(OtherThing), lambda ctx: OtherThing in ctx and Thing not in ctx),
    ],
    ids=["tag", "value", "scope", "provides", "class"],
)
def test_what_a_listener_raises_reaches_the_caller_when_all_is_done(change, holds):
    """CTX-097"""
    parent = Context()
    contexts = [parent, Context(parent), Context()]
    binding = Binding("k").to_class(Thing).in_scope("singleton")
    for ctx in contexts:
        ctx.add(binding)
        [ctx.get_sync("k") for _ in range(GETS)]
        assert Thing in ctx
        assert ctx.find_by_tag("late") == []
    error = RuntimeError("listener")

    def listener(event):
        raise error

    binding.on("changed", listener)
    with pytest.raises(RuntimeError, match="listener") as caught:
        change(binding)
    assert caught.value is error
    for ctx in contexts:
        assert holds(ctx)


def test_consumers_follow_a_tag_that_comes_late():
    """CTX-041, CTX-096"""

    def collect(found: list = inject.tag("t")):
        return found

    ctx = Context()
    ctx.bind("consumer").to_dynamic_value(collect)
    binding = ctx.bind("k").to(1)
    for _ in range(GETS):
        assert ctx.get_sync("consumer") == []
    binding.tag("t")
    for _ in range(GETS):
        assert ctx.get_sync("consumer") == [1]
