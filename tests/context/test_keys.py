"""Keys: texts, typed keys and classes, with property paths."""

import copy
import importlib.resources
import pickle
import re
from collections import OrderedDict, UserDict, defaultdict, namedtuple
from types import MappingProxyType, SimpleNamespace

import pytest

from mainspring.context import Binding, BindingKey, BindingScope, Context, InvalidKeyError, inject

GETS = 4  # the first gets are interpreted, later ones run a plan: a behaviour has to hold for both


def read(ctx, key, **options):
    """The value of the key, which must be the same however often it is asked for."""
    found = [ctx.get_sync(key, **options) for _ in range(GETS)]
    assert all(value is found[0] or value == found[0] for value in found)
    return found[0]


# Text


def test_a_key_is_its_text_with_the_path_behind_a_hash():
    """CTX-001"""
    plain, deep = BindingKey("a.b"), BindingKey.create("a.b", "x.y")
    assert (str(plain), plain.key, plain.property_path) == ("a.b", "a.b", None)
    assert (str(deep), deep.key, deep.property_path) == ("a.b#x.y", "a.b", "x.y")


def test_a_path_in_the_text_is_the_path_of_the_key():
    """CTX-002"""
    for key in (BindingKey("a#x"), BindingKey.create("a#x")):
        assert (key.key, key.property_path) == ("a", "x")
        assert key == BindingKey.create("a", "x")


def test_only_the_first_hash_parts_key_and_path():
    """CTX-002"""
    assert (BindingKey("a#x#y").key, BindingKey("a#x#y").property_path) == ("a", "x#y")


def test_two_paths_are_refused_naming_the_text():
    """CTX-003"""
    with pytest.raises(InvalidKeyError) as caught:
        BindingKey.create("a#x", "y")
    assert "a#x" in str(caught.value)
    assert "#" in str(caught.value).replace("a#x", "")


def test_an_empty_path_is_none():
    """CTX-004"""
    for key in (BindingKey.create("a", ""), BindingKey("a#"), BindingKey.create("a", None), BindingKey("a")):
        assert key.property_path is None
        assert str(key) == "a"
        assert key == BindingKey("a")


def test_an_empty_path_beside_a_text_with_a_path_says_nothing():
    """CTX-002, CTX-004"""
    assert BindingKey.create("a#x", "") == BindingKey("a#x")


def test_equality_and_hash_go_by_key_and_path():
    """CTX-005"""
    entries = {BindingKey("a"): 1, BindingKey("a#x"): 2}
    entries[BindingKey.create("a", "x")] = 3
    assert entries == {BindingKey("a"): 1, BindingKey("a#x"): 3}
    assert BindingKey("a") != BindingKey("a#x")
    assert BindingKey("a") != BindingKey("b")


def test_a_typed_key_is_no_text_but_addresses_the_same_binding():
    """CTX-005"""
    assert BindingKey("a") != "a"
    assert BindingKey("a#x") != "a#x"
    ctx = Context()
    ctx.bind("a").to(1)
    ctx.bind(BindingKey("b")).to(2)
    assert (read(ctx, BindingKey("a")), read(ctx, "b")) == (1, 2)
    assert ctx.get_binding(BindingKey("a")) is ctx.get_binding("a")


def test_another_path_replaces_the_one_that_was_there():
    """CTX-006"""
    key = BindingKey("a#x")
    deep = key.deep_property("p.q")
    assert (deep.key, deep.property_path) == ("a", "p.q")
    assert key.property_path == "x"
    assert BindingKey("a").deep_property("p") == BindingKey("a#p")


def test_parsing_strips_blanks_around_the_key():
    """CTX-007"""
    assert BindingKey.parse_key_with_path("k#p.q") == BindingKey.create("k", "p.q")
    assert BindingKey.parse_key_with_path(" k #p") == BindingKey.create("k", "p")
    assert BindingKey.parse_key_with_path(" k ").key == "k"
    key = BindingKey("k#p")
    assert BindingKey.parse_key_with_path(key) == key


def test_blanks_around_a_key_with_a_path_do_not_count_wherever_it_is_written():
    """CTX-007, CTX-012"""
    ctx = Context()
    ctx.bind("k").to({"p": 1})
    ctx.bind("alias").to_alias(" k #p")
    for key in (" k #p", BindingKey(" k #p"), "k#p", "alias"):
        assert read(ctx, key) == 1


def test_a_key_without_a_path_is_taken_as_it_is_written():
    """CTX-005"""
    ctx = Context()
    ctx.bind(" k ").to(1)
    assert read(ctx, " k ") == read(ctx, BindingKey(" k ")) == 1
    assert not ctx.contains("k")


def test_validate_gives_the_text():
    """CTX-008"""
    assert BindingKey.validate("a.b") == "a.b"
    assert BindingKey.validate(BindingKey("a.b")) == "a.b"


@pytest.mark.parametrize("key", ["", None, "a#x", "#", "a#", "#x", BindingKey("a#x"), 5, b"a", ["a"]])
def test_validate_refuses_what_is_no_key_of_a_binding(key):
    """CTX-008"""
    with pytest.raises(InvalidKeyError):
        BindingKey.validate(key)


@pytest.mark.parametrize("text", ["", "#x", "#", "  "])
def test_a_key_without_text_is_refused(text):
    """CTX-008"""
    with pytest.raises(InvalidKeyError):
        BindingKey(text)


def test_generated_keys_never_come_twice():
    """CTX-009"""
    keys = {BindingKey.generate() for _ in range(2000)} | {BindingKey.generate("services") for _ in range(2000)}
    assert len(keys) == 4000
    assert len({str(key).removeprefix("services.") for key in keys}) == 4000


def test_generated_ids_are_made_of_letters_digits_dashes_and_underscores():
    """CTX-009"""
    for _ in range(50):
        assert re.fullmatch(r"[A-Za-z0-9_-]+", str(BindingKey.generate()))
        assert re.fullmatch(r"services\.[A-Za-z0-9_-]+", str(BindingKey.generate("services")))


def test_the_key_of_a_configuration():
    """CTX-010"""
    assert str(BindingKey.build_key_for_config("servers.a")) == "servers.a:$config"
    assert str(BindingKey.build_key_for_config(BindingKey("servers.a"))) == "servers.a:$config"
    assert str(BindingKey.build_key_for_config()) == "$config"
    assert BindingKey.CONFIG_NAMESPACE == "$config"


@pytest.mark.parametrize("text", ["a#x", "", "#x", "a#"])
@pytest.mark.parametrize(
    "use",
    [
        lambda ctx, key: ctx.bind(key),
        lambda ctx, key: Binding(key),
        lambda ctx, key: Binding.bind(key),
        lambda ctx, key: ctx.contains(key),
        lambda ctx, key: ctx.is_bound(key),
        lambda ctx, key: key in ctx,
        lambda ctx, key: ctx.unbind(key),
        lambda ctx, key: ctx.get_binding(key),
        lambda ctx, key: ctx.get_binding(key, optional=True),
        lambda ctx, key: ctx.find_or_create_binding(key),
        lambda ctx, key: ctx.get_owner_context(key),
        lambda ctx, key: ctx.configure(key),
    ],
    ids=[
        "bind",
        "Binding",
        "Binding.bind",
        "contains",
        "is_bound",
        "in",
        "unbind",
        "get_binding",
        "optional",
        "find_or_create",
        "owner",
        "configure",
    ],
)
def test_methods_of_the_registry_refuse_paths_and_empty_keys(use, text):
    """CTX-011"""
    ctx = Context()
    ctx.bind("a").to({"x": 1})
    with pytest.raises(InvalidKeyError) as caught:
        use(ctx, text)
    assert repr(text) in str(caught.value)
    assert [binding.key for binding in ctx.find()] == ["a"]


def test_methods_of_the_registry_refuse_a_typed_key_with_a_path():
    """CTX-011"""
    ctx, key = Context(), BindingKey("a#x")
    for use in (ctx.bind, ctx.contains, ctx.is_bound, ctx.unbind, ctx.get_binding, ctx.get_owner_context, Binding):
        with pytest.raises(InvalidKeyError, match="a#x"):
            use(key)


@pytest.mark.parametrize("key", [None, 5, b"a", ["a"], {}])
def test_what_is_no_key_is_refused_by_every_question(key):
    """CTX-008, CTX-011"""
    ctx = Context()
    for use in (ctx.bind, ctx.contains, ctx.is_bound, ctx.unbind, ctx.get_binding, ctx.get_owner_context, inject):
        if use is not inject or key is not None:  # nothing means "by the annotation" there
            with pytest.raises(InvalidKeyError):
                use(key)


# Paths


@pytest.mark.parametrize("key", ["cfg#a.b", BindingKey("cfg#a.b"), BindingKey.create("cfg", "a.b")])
async def test_every_way_of_getting_takes_a_path(key):
    """CTX-012"""
    ctx = Context()
    ctx.bind("cfg").to({"a": {"b": 7}})
    ctx.bind("alias").to_alias(key)

    class Consumer:
        def __init__(self, value=inject(key), getter=inject.getter(key)):
            self.value, self.getter = value, getter

    ctx.bind("consumer").to_class(Consumer)
    for _ in range(GETS):
        assert (await ctx.get(key), ctx.get_sync(key), ctx[key], ctx["alias"]) == (7, 7, 7, 7)
        consumer = await ctx.get("consumer")
        assert (consumer.value, await consumer.getter()) == (7, 7)


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "path", "expected"),
    [
        ({"a": {"b": 1}}, "a.b", 1),
        ({"items": [{"name": "n"}]}, "items.0.name", "n"),
        ({"items": ({"name": "n"},)}, "items.0.name", "n"),
        (["x", "y"], "1", "y"),
        (SimpleNamespace(a=SimpleNamespace(b=2)), "a.b", 2),
        (SimpleNamespace(a=[{"b": 3}]), "a.0.b", 3),
        (OrderedDict(a=4), "a", 4),
        (UserDict(a=5), "a", 5),
        (MappingProxyType({"a": 6}), "a", 6),
        (Point(7, 8), "y", 8),
        (Point(7, 8), "0", 7),
        ({"0": "by key"}, "0", "by key"),
    ],
)
def test_a_path_reads_mapping_keys_indexes_and_attributes(value, path, expected):
    """CTX-013"""
    ctx = Context()
    ctx.bind("k").to(value)
    assert read(ctx, f"k#{path}") == expected


@pytest.mark.parametrize("path", ["a..b", ".a.b", "a.b.", "..a...b.."])
def test_empty_segments_do_not_count(path):
    """CTX-013"""
    ctx = Context()
    ctx.bind("k").to({"a": {"b": 1}})
    assert read(ctx, f"k#{path}") == 1


def test_a_path_of_empty_segments_is_the_value_itself():
    """CTX-013"""
    ctx = Context()
    value = {"a": 1}
    ctx.bind("k").to(value)
    assert ctx.get_sync("k#..") is value


@pytest.mark.parametrize("optional", [False, True])
@pytest.mark.parametrize(
    "path",
    ["nope", "a.nope", "a.b.c.d", "none.x.y", "items.5", "items.x", "items.--1", "items.-9", "items.0.x", "a.b.0"],
)
def test_a_path_that_leads_nowhere_gives_none(path, optional):
    """CTX-013"""
    ctx = Context()
    ctx.bind("k").to({"a": {"b": 1}, "none": None, "items": ["s"]})
    assert read(ctx, f"k#{path}", optional=optional) is None


@pytest.mark.parametrize("falsy", [0, "", False, None, [], {}, 0.0])
def test_falsy_values_behind_a_path_are_values(falsy):
    """CTX-013"""
    ctx = Context()
    ctx.bind("k").to({"x": falsy, "list": [falsy]})
    ctx.bind("o").to(SimpleNamespace(x=falsy))
    for key in ("k#x", "o#x", "k#list.0"):
        assert ctx.get_sync(key) is falsy


def test_a_missing_mapping_key_makes_no_entry():
    """CTX-013, CTX-015"""
    value = defaultdict(list)
    ctx = Context()
    ctx.bind("k").to(value)
    assert read(ctx, "k#x") is None
    assert value == {}


async def test_a_path_into_an_asynchronous_value_is_read_after_awaiting():
    """CTX-014"""

    async def make():
        return {"a": {"b": 1}}

    ctx = Context()
    ctx.bind("k").to_dynamic_value(make)
    for _ in range(GETS):
        assert await ctx.get("k#a.b") == 1
        assert await ctx.get("k#a.nope") is None


async def test_a_path_into_a_kept_value_reads_the_kept_object():
    """CTX-014"""
    made = []

    async def make():
        made.append({"x": {"n": 0}})
        return made[-1]

    ctx = Context()
    ctx.bind("k").to_dynamic_value(make).in_scope(BindingScope.SINGLETON)
    for _ in range(GETS):
        assert await ctx.get("k#x") is made[0]["x"]
        assert await ctx.get("k") is made[0]
    made[0]["x"] = "changed"
    assert ctx.get_sync("k#x") == "changed"
    assert len(made) == 1


def test_a_path_into_a_transient_value_makes_a_new_one_at_every_read():
    """CTX-014"""
    ctx, made = Context(), []

    def make():
        made.append({"x": object()})
        return made[-1]

    ctx.bind("k").to_dynamic_value(make)
    found = [ctx.get_sync("k#x") for _ in range(GETS)]
    assert found == [each["x"] for each in made]
    assert len(set(map(id, found))) == GETS


def test_reading_a_path_calls_nothing():
    """CTX-015"""

    class Service:
        calls = 0

        def method(self):
            type(self).calls += 1

        def __call__(self):
            type(self).calls += 1

    ctx, service = Context(), Service()
    ctx.bind("k").to(service)
    ctx.bind("cfg").to({"f": service.method, "s": service})
    method = ctx.get_sync("k#method")
    assert method == service.method
    assert ctx.get_sync("cfg#f") == service.method
    assert ctx.get_sync("cfg#s") is service
    assert Service.calls == 0


def test_of_a_mapping_only_its_keys_count():
    """CTX-015"""
    ctx = Context()
    ctx.bind("cfg").to({"items": [1]})
    ctx.bind("empty").to({})
    assert read(ctx, "cfg#items") == [1]
    assert read(ctx, "empty#items") is None
    assert read(ctx, "empty#keys") is None


class Settings:
    def __init__(self):
        self.ports = {"http": 80}


def test_a_class_as_key_is_the_binding_that_provides_it():
    """CTX-016"""
    ctx = Context()
    ctx.bind("settings").to_class(Settings).in_scope("singleton")
    assert read(ctx, Settings) is ctx.get_sync("settings")
    assert Settings in ctx
    assert ctx.get_binding(Settings).key == "settings"


def test_a_class_with_a_path_is_written_by_a_typed_key():
    """CTX-016"""
    ctx = Context()
    ctx.bind("settings").to_class(Settings).in_scope("singleton")
    key = BindingKey.create(Settings, "ports.http")
    assert key.property_path == "ports.http"
    assert read(ctx, key) == 80

    def consume(port=inject(key)):
        return port

    ctx.bind("consumer").to_dynamic_value(consume)
    assert read(ctx, "consumer") == 80
    assert pickle.loads(pickle.dumps(key)) == key
    assert key.deep_property("ports") == BindingKey.create(Settings, "ports")
    assert BindingKey(list[int]) == BindingKey(list[int])
    assert BindingKey(Settings) != BindingKey(BindingKey(Settings).key)


# The object


@pytest.mark.parametrize("key", [BindingKey("a.b"), BindingKey("a#x.y"), BindingKey[int]("c")])
def test_a_typed_key_survives_copying_and_pickling(key):
    """CTX-018"""
    for other in (copy.copy(key), copy.deepcopy(key), pickle.loads(pickle.dumps(key))):
        assert other == key
        assert hash(other) == hash(key)
        assert (other.key, other.property_path, str(other)) == (key.key, key.property_path, str(key))
    assert copy.deepcopy({key: [key]}) == {key: [key]}


def test_a_typed_key_is_immutable():
    """CTX-018"""
    key = BindingKey("a#x")
    for name in ("key", "property_path", "other"):
        with pytest.raises(AttributeError):
            setattr(key, name, "b")
    with pytest.raises(AttributeError):
        del key.key
    assert key == BindingKey("a#x")


def test_the_package_says_that_it_is_typed():
    """CTX-017; what type checkers make of keys is in ``tests/typing``."""
    assert importlib.resources.files("mainspring").joinpath("py.typed").is_file()


def test_the_repr_of_a_key_shows_class_and_text():
    """CTX-019"""
    assert "BindingKey" in repr(BindingKey("a#x"))
    assert "a#x" in repr(BindingKey("a#x"))
