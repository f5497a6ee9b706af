"""Finding bindings by pattern, tag and filter, and looking at a context as plain data."""

import functools
import json
import math
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any

import pytest

from mainspring.context import (
    ANY_TAG_VALUE,
    Binding,
    BindingKey,
    Context,
    config,
    filter_by_key,
    filter_by_tag,
    includes_tag_value,
    inject,
)


def keys(bindings: list[Binding[Any]]) -> list[str]:
    """The keys of bindings."""
    return [binding.key for binding in bindings]


# The chain


def test_find_lists_this_contexts_bindings_then_the_parents() -> None:
    """CTX-460"""
    top = Context("top")
    middle = Context(top)
    child = Context(middle)
    for context, names in ((top, "zab"), (middle, "yac"), (child, "xc")):
        for name in names:
            context.bind(name)
    assert keys(child.find()) == ["x", "c", "y", "a", "z", "b"]
    assert keys(middle.find()) == ["y", "a", "c", "z", "b"]
    assert keys(top.find()) == ["z", "a", "b"]
    top.bind("z")
    child.bind("x")
    assert keys(child.find()) == ["x", "c", "y", "a", "z", "b"]
    child.unbind("x")
    child.bind("x")
    assert keys(child.find()) == ["c", "x", "y", "a", "z", "b"]
    assert [binding is child.get_binding(binding.key) for binding in child.find()] == [True] * 6


@pytest.mark.parametrize("how", ["pattern", "function", "tag", "regular", "view"])
def test_hidden_binding_is_never_found(how: str) -> None:
    """CTX-461"""
    parent, child = Context("parent"), None
    middle = Context(parent, "middle")
    child = Context(middle, "child")
    parent.bind("a").tag("t")
    parent.bind("b").tag("t")
    middle.bind("a")
    wanted: Any = {
        "pattern": lambda: child.find("?"),
        "function": lambda: child.find(lambda binding: "t" in binding.tag_map),
        "tag": lambda: child.find_by_tag("t"),
        "regular": lambda: child.find_by_tag(re.compile("t")),
        "view": lambda: child.create_view(filter_by_tag("t")).bindings,
    }[how]
    found = wanted()
    assert all(binding is not parent.own_binding("a") for binding in found)
    assert keys(found) == (["a", "b"] if how == "pattern" else ["b"])
    middle.unbind("a")
    assert set(keys(wanted())) == {"a", "b"}


# Patterns


@pytest.mark.parametrize(
    ("pattern", "matches", "others"),
    [
        ("*", ["foo", "a+b", "$x"], ["foo.bar", "foo:bar", "a.b:c"]),
        ("my.*", ["my.a", "my.", "my.a-b_c/d e"], ["my", "my.a.b", "xmy.a", "my.a:$config"]),
        ("*.*", ["a.b"], ["a", "a.b.c", "a:b"]),
        ("*:$config", ["a:$config"], ["a.b:$config", "a:xconfig"]),
        ("*.*:$config", ["a.b:$config"], ["a:$config"]),
        ("?", ["a"], ["ab", ".", ":"]),
        ("a?c", ["abc", "a?c", "a*c"], ["ac", "a.c", "a:c", "abbc"]),
        ("a.b", ["a.b"], ["axb", "a.bc", "xa.b"]),
        ("a+", ["a+"], ["a", "aa", "a+b"]),
        ("a|b", ["a|b"], ["a", "b"]),
        ("[ab]", ["[ab]"], ["a", "b"]),
        ("(a)", ["(a)"], ["a"]),
        ("^a$", ["^a$"], ["a"]),
        ("a\\d", ["a\\d"], ["a1"]),
        ("a{2}", ["a{2}"], ["aa"]),
        ("**", ["foo"], ["foo.bar"]),
    ],
)
def test_wildcards_stand_for_characters_other_than_the_separators(
    pattern: str, matches: list[str], others: list[str]
) -> None:
    """CTX-462"""
    ctx = Context()
    for key in [*others, *matches]:
        ctx.bind(key)
    assert keys(ctx.find(pattern)) == matches
    assert keys(ctx.find(filter_by_key(pattern))) == matches
    assert keys(ctx.create_view(filter_by_key(pattern)).bindings) == matches


def test_expressions_match_anywhere_and_functions_decide_themselves() -> None:
    """CTX-463"""
    ctx = Context()
    for key in ("one.two", "two.three", "four"):
        ctx.bind(key).tag(key[0])
    assert keys(ctx.find(re.compile("two"))) == ["one.two", "two.three"]
    assert keys(ctx.find(re.compile("^two"))) == ["two.three"]
    assert keys(ctx.find(lambda binding: len(binding.key) < 5)) == ["four"]
    assert keys(ctx.find(lambda binding: "o" in binding.tag_map and "yes")) == ["one.two"]
    assert keys(ctx.find(functools.partial(lambda n, binding: binding.key == n, "four"))) == ["four"]
    assert keys(ctx.find(None)) == keys(ctx.find()) == ["one.two", "two.three", "four"]
    for wrong in (5, ["four"], {"t": "o"}, b"four"):
        with pytest.raises(TypeError):
            ctx.find(wrong)  # type: ignore[arg-type]


# Tags


@pytest.fixture
def tagged() -> Context:
    """Bindings with all kinds of tags."""
    ctx = Context()
    ctx.bind("a").tag("controller", {"rank": 1})
    ctx.bind("b").tag("controllers", {"rank": "1", "groups": ["x", "y"]})
    ctx.bind("c").tag({"controller": "named", "rank": None})
    ctx.bind("d").tag({"groups": ("y", "z")})
    ctx.bind("e").tag({"groups": {"z"}, "service.name": "s"})
    ctx.bind("f").tag({"groups": "x"})
    ctx.bind("g")
    return ctx


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("controller", "ac"),
        ("controller*", "abc"),
        ("controller?", "b"),
        ("*", "abcdef"),
        ("service.*", "e"),
        ("service*", ""),
        ("nothing", ""),
        (re.compile("roll"), "abc"),
        (re.compile("^rank$|name"), "abce"),
        ({"controller": "controller"}, "a"),
        ({"controller": "named"}, "c"),
        ({"rank": 1}, "a"),
        ({"rank": "1"}, "b"),
        ({"rank": None}, "c"),
        ({"rank": 1, "controller": "controller"}, "a"),
        ({"rank": 1, "controller": "named"}, ""),
        ({"rank": 1, "absent": 1}, ""),
        ({"groups": ["x", "y"]}, "b"),
        ({"rank": ANY_TAG_VALUE}, "abc"),
        ({"rank": ANY_TAG_VALUE, "controller": ANY_TAG_VALUE}, "ac"),
        ({"absent": ANY_TAG_VALUE}, ""),
        ({"groups": includes_tag_value("x")}, "bf"),
        ({"groups": includes_tag_value("x", "z")}, "bdef"),
        ({"groups": includes_tag_value("none")}, ""),
        ({"rank": includes_tag_value(None)}, "c"),
        ({"rank": includes_tag_value()}, ""),
        ({"groups": includes_tag_value(["x", "y"])}, "b"),
        ({"rank": lambda value, name, tags: isinstance(value, int) and name == "rank" and len(tags) == 2}, "a"),
        ({}, "abcdefg"),
    ],
)
def test_tags_are_matched_by_name_wildcard_expression_and_mapping(tagged: Context, tag: Any, expected: str) -> None:
    """CTX-464, CTX-465"""
    child = Context(tagged)
    child.bind("a").tag("hides")
    for _ in range(2):
        assert "".join(keys(tagged.find_by_tag(tag))) == expected
        assert "".join(keys(tagged.find(filter_by_tag(tag)))) == expected
        found = tagged.find(functools.partial(filter_by_tag(tag)))
        assert "".join(keys(found)) == expected
    assert "".join(key for key in keys(child.find_by_tag(tag)) if key != "a") == expected.replace("a", "")


def test_matcher_is_asked_only_where_the_tag_is(tagged: Context) -> None:
    """CTX-464"""
    asked: list[Any] = []
    tagged.find_by_tag({"rank": lambda value, name, tags: asked.append((value, name, dict(tags)))})
    assert asked == [
        (1, "rank", {"controller": "controller", "rank": 1}),
        ("1", "rank", {"controllers": "controllers", "rank": "1", "groups": ["x", "y"]}),
        (None, "rank", {"controller": "named", "rank": None}),
    ]


def test_function_that_is_a_tag_value_matches_itself() -> None:
    """CTX-464"""

    def value(*_: Any) -> bool:
        return False

    ctx = Context()
    ctx.bind("a").tag({"fn": value})
    ctx.bind("b").tag({"fn": print, "cls": dict})
    assert keys(ctx.find_by_tag({"fn": value})) == ["a"]
    assert keys(ctx.find_by_tag({"cls": dict})) == ["b"]


@pytest.mark.parametrize("wrong", [5, None, ["a"], ("a",)])
def test_what_is_no_tag_pattern_is_refused(wrong: Any) -> None:
    """CTX-464"""
    with pytest.raises(TypeError):
        filter_by_tag(wrong)
    with pytest.raises(TypeError):
        Context().find_by_tag(wrong)


def test_filters_know_what_they_were_made_of(tagged: Context) -> None:
    """CTX-466"""
    pattern = re.compile("x")
    for tag in ("a", "a*", pattern, {"a": 1}):
        assert filter_by_tag(tag).tag_pattern == tag

    def own(binding: Binding[Any]) -> bool:
        return False

    assert filter_by_key(own) is own
    assert keys(tagged.find(filter_by_key())) == list("abcdefg")
    assert keys(tagged.find(filter_by_key("a"))) == ["a"]
    assert keys(tagged.find(filter_by_key(re.compile("[ab]")))) == ["a", "b"]
    with pytest.raises(TypeError):
        filter_by_key(5)  # type: ignore[arg-type]


def test_filter_does_not_follow_later_changes_of_its_mapping(tagged: Context) -> None:
    """CTX-466"""
    mapping = {"rank": 1}
    matches = filter_by_tag(mapping)
    mapping["rank"] = 2
    assert keys(tagged.find(matches)) == ["a"]


# The index


def steps_of(call: Callable[[], Any]) -> int:
    """How many Python lines a call runs."""
    count = 0

    def trace(frame: Any, event: str, arg: Any) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("tag", ["wanted", "want*", re.compile("^want"), {"wanted": "wanted"}, {"n": 1, "wanted": "x"}])
def test_cost_of_finding_by_tag_grows_with_the_matches_only(tag: Any) -> None:
    """CTX-467"""
    costs = []
    for size in (10, 5_000):
        ctx = Context()
        for i in range(size):
            ctx.bind(f"k{i}").tag("other")
        for i in range(3):
            ctx.bind(f"w{i}").tag("wanted", {"n": i})
        ctx.find_by_tag(tag)
        ctx.find(filter_by_tag(tag))
        costs.append(
            (steps_of(lambda ctx=ctx: ctx.find_by_tag(tag)), steps_of(lambda ctx=ctx: ctx.find(filter_by_tag(tag))))
        )
    assert costs[0] == costs[1]


def test_index_follows_every_change(tagged: Context) -> None:
    """CTX-468"""
    assert keys(tagged.find_by_tag("t")) == []
    first, last = tagged.get_binding("a"), tagged.get_binding("g")
    last.tag("t")
    first.tag("t")
    first.tag("t", {"t": "again"})
    assert keys(tagged.find_by_tag("t")) == ["a", "g"]
    assert keys(tagged.find_by_tag({"t": "again"})) == ["a"]
    assert keys(tagged.find_by_tag(re.compile("."))).count("a") == 1
    new = tagged.bind("a")
    assert keys(tagged.find_by_tag("t")) == ["g"]
    first.tag("t")
    assert keys(tagged.find_by_tag("t")) == ["g"]
    new.tag("t")
    assert keys(tagged.find_by_tag("t")) == ["a", "g"]
    tagged.unbind("a")
    new.tag("t")
    assert keys(tagged.find_by_tag("t")) == ["g"]
    tagged.add(new)
    assert keys(tagged.find_by_tag("t")) == ["g", "a"]
    tagged.add(new)
    assert keys(tagged.find_by_tag("*")).count("a") == 1
    other = Context()
    other.add(new)
    assert keys(other.find_by_tag("u")) == []
    new.tag("u")
    assert keys(other.find_by_tag("u")) == keys(tagged.find_by_tag("u")) == ["a"]
    other.unbind("a")
    assert keys(other.find_by_tag("u")) == []
    assert keys(tagged.find_by_tag("u")) == ["a"]


def test_index_made_late_has_the_order_of_registration() -> None:
    """CTX-468, CTX-460"""
    ctx = Context()
    for key in "cab":
        ctx.bind(key).tag("t")
    ctx.bind("c").tag("t")
    assert keys(ctx.find_by_tag("t")) == ["c", "a", "b"]
    ctx.bind("a").tag("t")
    ctx.unbind("c")
    ctx.bind("c").tag("t")
    assert keys(ctx.find_by_tag("t")) == ["a", "b", "c"]


# Looking at it


BY_X = filter_by_key("x")


class Service:
    """Something with injections."""

    view = inject.view("v.*")
    prop: Annotated[str, inject("p")]
    maybe: "str | None" = inject("m#x.y")

    def __init__(
        self,
        key: str = inject(BindingKey("k", "path")),
        *,
        by_type: "Service",
        tagged: list[Any] = inject.tag("t"),
        filtered: list[Any] = inject(BY_X),
        settings: Annotated[int, config("port")] = 5,
        getter: Any = inject.getter("g"),
        plain: int = 3,
    ) -> None: ...


class Special:
    """Injections that are neither by key nor by a plain type."""

    generic: Any = inject(list[str])
    context = inject.context()
    unknown: "NotThere" = inject()  # type: ignore[name-defined] # noqa: F821 - the case
    getter: Any = inject.getter(BY_X)


class Color(Enum):
    """A value that JSON does not know."""

    RED = 1


def test_inspect_is_plain_data() -> None:
    """CTX-469"""
    parent = Context("parent")
    parent.bind("a").to("secret value")
    ctx = Context(parent, "child")

    @dataclass
    class Point:
        x: int

    tags = {
        "color": Color.RED,
        "set": {1},
        "tuple": (1, "a", Color.RED),
        "nested": {"a": {1: Color.RED}, "b": [None, 1.5, math.inf]},
        "object": Point(1),
        "class": Point,
        "bytes": b"x",
        "nan": math.nan,
        "none": None,
        "true": True,
        "function": len,
    }
    ctx.bind("b").to({"password": "secret value"}).tag(tags)
    ctx.bind("c")
    report = ctx.inspect()
    assert list(report) == ["name", "bindings", "parent"]
    assert (report["name"], list(report["bindings"])) == ("child", ["b", "c"])
    assert report["parent"] == parent.inspect()
    assert "parent" not in report["parent"]
    assert "parent" not in ctx.inspect(include_parent=False)
    text = json.dumps(report, allow_nan=False)
    assert json.loads(text) == report
    assert "secret" not in text
    shown = report["bindings"]["b"]["tags"]
    assert list(shown) == list(tags)
    assert (shown["none"], shown["true"], shown["tuple"][:2]) == (None, True, [1, "a"])
    assert isinstance(shown["color"], str)
    assert "RED" in shown["color"]


def test_inspect_of_a_binding_shows_kind_and_source() -> None:
    """CTX-470"""

    class Made:
        @staticmethod
        def value() -> int:
            return 1

    class Provided:
        def value(self) -> int:
            return 1

    def factory() -> int:
        return 1

    def report(binding: Binding[Any]) -> dict[str, Any]:
        found = binding.inspect()
        assert json.dumps(found)
        assert (found.pop("key"), found.pop("scope"), found.pop("tags"), found.pop("is_locked")) == (
            "k",
            "transient",
            {},
            False,
        )
        return found

    assert report(Binding("k")) == {}
    assert report(Binding("k").to(5)) == {"type": "constant"}
    assert report(Binding("k").to_class(Service)) == {"type": "class", "class": "Service"}
    assert report(Binding("k").to_provider(Provided)) == {"type": "provider", "provider": "Provided"}
    assert report(Binding("k").to_dynamic_value(factory)) == {"type": "dynamic_value", "factory": "factory"}
    assert report(Binding("k").to_dynamic_value(Made)) == {"type": "dynamic_value", "factory": "Made"}
    partial = functools.partial(factory)
    assert report(Binding("k").to_dynamic_value(partial)) == {"type": "dynamic_value", "factory": "factory"}
    assert report(Binding("k").to_dynamic_value(Provided().value)) == {"type": "dynamic_value", "factory": "value"}
    assert report(Binding("k").to_alias("x.y#p.q")) == {"type": "alias", "alias": "x.y#p.q"}
    assert report(Binding("k").to_alias(BindingKey("x"))) == {"type": "alias", "alias": "x"}
    full = Binding("k").to(1).tag("t", {"n": 1}).in_scope("singleton").lock().inspect()
    assert full == {
        "key": "k",
        "scope": "singleton",
        "tags": {"t": "t", "n": 1},
        "is_locked": True,
        "type": "constant",
    }


def test_different_classes_of_one_name_are_told_apart() -> None:
    """CTX-471"""

    def thing() -> type[Any]:
        class Thing:
            def value(self) -> int:
                return 1

        return Thing

    classes = [thing() for _ in range(4)]
    parent = Context("parent")
    ctx = Context(parent, "child")
    parent.bind("same").to_class(classes[0])
    parent.bind("other").to_class(classes[2])
    parent.bind("factory").to_dynamic_value(lambda: 1)
    ctx.bind("a").to_class(classes[0])
    ctx.bind("b").to_provider(classes[1])
    ctx.bind("c").to_class(classes[0])
    ctx.bind("factory").to_dynamic_value(lambda: 2)
    report = ctx.inspect()
    here, above = report["bindings"], report["parent"]["bindings"]
    assert (here["a"]["class"], here["b"]["provider"], here["c"]["class"]) == ("Thing", "Thing #1", "Thing")
    assert (above["same"]["class"], above["other"]["class"]) == ("Thing", "Thing #2")
    assert here["factory"]["factory"] == above["factory"]["factory"] == "<lambda>"
    assert ctx.inspect() == report
    assert parent.inspect()["bindings"]["other"]["class"] == "Thing #1"


def test_injections_are_shown_when_asked_for() -> None:
    """CTX-472"""
    ctx = Context("ctx")
    ctx.bind("service").to_class(Service)
    ctx.bind("plain").to_class(dict)
    ctx.bind("constant").to(1)
    assert "injections" not in ctx.inspect()["bindings"]["service"]
    bindings = ctx.inspect(include_injections=True)["bindings"]
    assert "injections" not in bindings["plain"]
    assert "injections" not in bindings["constant"]
    json.dumps(bindings)
    found = bindings["service"]["injections"]
    place = "Service.__init__[{}]".format
    assert [entry["target"] for entry in found["constructor_arguments"]] == [
        place(name) for name in ("key", "by_type", "tagged", "filtered", "settings", "getter", "plain")
    ]
    key, by_type, tagged, filtered, settings, getter, plain = found["constructor_arguments"]
    assert key == {"target": place("key"), "key": "k#path"}
    assert by_type == {"target": place("by_type"), "type": "Service"}
    assert tagged == {"target": place("tagged"), "tag": "t", "decorator": "inject.tag"}
    assert set(filtered) == {"target", "filter"}
    assert settings["optional"] is True
    assert settings["decorator"] == "config"
    assert getter == {"target": place("getter"), "key": "g", "decorator": "inject.getter"}
    assert plain == {"target": place("plain"), "type": "int", "optional": True}
    assert list(found["properties"]) == ["view", "prop", "maybe"]
    assert found["properties"]["prop"] == {"target": "Service.prop", "key": "p"}
    assert found["properties"]["maybe"] == {"target": "Service.maybe", "key": "m#x.y", "optional": True}
    view = found["properties"]["view"]
    assert view["decorator"] == "inject.view"
    assert "filter" in view
    assert "type" not in view
    ctx.bind("special").to_class(Special)
    special = ctx.inspect(include_injections=True)["bindings"]["special"]["injections"]["properties"]
    assert {name: entry.get("type") for name, entry in special.items()} == {
        "generic": "list[str]",
        "context": "Context",
        "unknown": "NotThere",
        "getter": None,
    }
    assert "filter" in special["getter"]
    parent = Context("parent")
    parent.bind("service").to_class(Service)
    child = Context(parent)
    assert "injections" in child.inspect(include_injections=True)["parent"]["bindings"]["service"]


def test_an_optional_getter_is_shown_as_one():
    """CTX-472"""

    class Late:
        now: Annotated[Any, inject.getter("k")]
        maybe: Annotated[Any, inject.getter("k", optional=True)]

    ctx = Context()
    ctx.bind("late").to_class(Late)
    properties = ctx.inspect(include_injections=True)["bindings"]["late"]["injections"]["properties"]
    assert properties["maybe"] == {**properties["now"], "target": "Late.maybe", "optional": True}
    assert "optional" not in properties["now"]


def test_inspecting_resolves_nothing() -> None:
    """CTX-469, CTX-045"""
    ctx = Context("ctx")

    def never() -> Any:
        raise AssertionError("resolved")

    class Never:
        def __init__(self) -> None:
            raise AssertionError("resolved")

    ctx.bind("a").to_dynamic_value(never).in_scope("singleton")
    ctx.bind("b").to_class(Never)
    ctx.inspect(include_injections=True)
    repr(ctx)
    ctx.find("*")
    assert len(ctx.find()) == 2
