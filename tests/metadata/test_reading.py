"""Inheritance, merging and the readers."""

import timeit
from dataclasses import dataclass
from typing import Annotated

import pytest

from mainspring.metadata import (
    class_metadata,
    define_metadata,
    delete_metadata,
    get_all_method_metadata,
    get_all_parameter_metadata,
    get_all_property_metadata,
    get_class_metadata,
    get_metadata,
    get_method_metadata,
    get_parameter_metadata,
    get_property_metadata,
    method_metadata,
    multi_method_metadata,
    parameter_metadata,
    property_metadata,
)


def klass(spec, *bases, **options):
    """A class with ``spec`` under the key ``k``."""
    return class_metadata("k", spec, **options)(type("Made", bases, {}))


def read(cls, **options):
    return get_class_metadata("k", cls, **options)


def test_mappings_merge_key_by_key_at_the_top_level():
    """MD-040, MD-045"""
    base = klass({"y": 2, "z": 2, "deep": {"a": 1}})
    leaf = klass({"x": 1, "z": 1, "deep": {"b": 1}}, base)
    merged = {"x": 1, "y": 2, "z": 1, "deep": {"b": 1}}
    assert read(leaf) == merged
    assert read(leaf, own=True) == merged
    assert get_metadata("k", leaf) == merged
    assert read(base) == {"y": 2, "z": 2, "deep": {"a": 1}}


@dataclass
class Spec:
    x: int


@pytest.mark.parametrize("spec", [1, "text", [1], (1,), Spec(1), {"x": 1}, {1}, 0, "", []])
@pytest.mark.parametrize("inherited", [2, "other", [2], (2,), Spec(2)])
def test_anything_else_is_replaced(spec, inherited):
    """MD-041"""
    assert read(klass(spec, klass(inherited))) == spec


def test_none_means_what_is_inherited():
    """MD-042"""
    base = klass({"y": 2})
    leaf = klass(None, base)
    assert read(leaf) == read(leaf, own=True) == {"y": 2}
    assert read(klass(None)) is None
    assert read(klass({"x": 1}, klass(None, leaf))) == {"x": 1, "y": 2}


def test_a_spec_may_stand_alone():
    """MD-043"""
    base = klass({"y": 2})
    assert read(klass({"x": 1}, base, inherit=False)) == {"x": 1}
    assert read(klass(None, base, inherit=False)) is None


def test_a_merge_function_decides_where_something_is_inherited():
    """MD-044"""
    calls = []

    def merge(inherited, spec):
        calls.append((inherited, spec))
        inherited.append("spoilt")
        return inherited[:-1] + spec

    base = klass([1], merge=merge)
    assert read(base) == [1]
    assert calls == []
    leaf = klass([2], base, merge=merge)
    assert read(leaf) == [1, 2]
    assert read(base) == [1]
    assert calls[0][1] == [2]


def test_an_undecorated_subclass_reads_its_base():
    """MD-046"""
    base = klass({"y": 2})
    leaf = type("Leaf", (base,), {})
    assert read(leaf) == {"y": 2}
    assert read(leaf, own=True) is None
    assert read(leaf, own=True, default=5) == 5


def test_several_bases_merge_along_the_mro():
    """MD-049"""
    top = klass({"top": 1, "all": "top"})
    left = klass({"left": 1, "all": "left", "both": "left"}, top)
    right = klass({"right": 1, "all": "right", "both": "right"}, top)
    both = type("Both", (left, right), {})
    assert read(both) == {"top": 1, "left": 1, "right": 1, "both": "left", "all": "left"}
    assert read(klass({"own": 1}, left, right))["own"] == 1
    assert read(type("Numbers", (klass(1), klass(2)), {})) == 1
    assert read(left) == {"top": 1, "left": 1, "all": "left", "both": "left"}


class Base:
    title: Annotated[str, property_metadata("k", {"base": 1})]
    note: Annotated[str, property_metadata("k", {"note": 1})]

    @property_metadata("k", {"base": 1})
    @property
    def shown(self): ...

    @method_metadata("k", {"base": 1})
    def list(self, limit: Annotated[int, parameter_metadata("k", {"base": 1})], skip: int, rest: int): ...

    @method_metadata("k", {"get": 1})
    def get(self, key: Annotated[int, parameter_metadata("k", "key")]): ...


class Leaf(Base):
    title: Annotated[str, property_metadata("k", {"leaf": 1})]
    note: str
    size: Annotated[int, property_metadata("k", {"size": 1})]

    @property_metadata("k", {"leaf": 1})
    @property
    def shown(self): ...

    @method_metadata("k", {"leaf": 1})
    def list(
        self,
        rest: Annotated[int, parameter_metadata("k", "rest")],
        limit: Annotated[int, parameter_metadata("k", {"leaf": 1})],
        skip: int,
    ): ...

    def get(self, key: int): ...


def test_members_are_matched_by_name():
    """MD-047, MD-061, MD-062"""
    assert get_method_metadata("k", Leaf, "list") == {"base": 1, "leaf": 1}
    assert get_method_metadata("k", Leaf, "get") == {"get": 1}
    assert get_method_metadata("k", Leaf, "get", own=True) is None
    assert get_method_metadata("k", Leaf, "other", default=5) == 5
    assert get_property_metadata("k", Leaf, "title") == {"base": 1, "leaf": 1}
    assert get_property_metadata("k", Leaf, "note") == {"note": 1}
    assert get_property_metadata("k", Leaf, "shown") == {"base": 1, "leaf": 1}
    assert get_property_metadata("k", Base, "title") == {"base": 1}


def test_all_members_are_read_bases_first():
    """MD-061, MD-062"""
    assert list(get_all_method_metadata("k", Leaf)) == ["list", "get"]
    assert list(get_all_method_metadata("k", Leaf, own=True)) == ["list"]
    assert list(get_all_property_metadata("k", Leaf)) == ["title", "note", "shown", "size"]
    assert list(get_all_property_metadata("k", Leaf, own=True)) == ["title", "size", "shown"]
    assert get_all_method_metadata("other", Leaf) == {}
    assert get_all_property_metadata("other", Leaf, own=True) == {}


def test_an_override_has_its_own_parameters_merged_by_name():
    """MD-063, MD-064"""
    assert get_all_parameter_metadata("k", Leaf, "list") == {"rest": "rest", "limit": {"base": 1, "leaf": 1}}
    assert get_all_parameter_metadata("k", Leaf, "get") == {}
    assert get_parameter_metadata("k", Leaf, "get", "key") is None
    assert get_parameter_metadata("k", Base, "get", "key") == "key"
    assert get_parameter_metadata("k", Leaf, "list", "skip", default=5) == 5


def test_a_method_that_is_not_overridden_keeps_its_parameters():
    """MD-063, MD-064"""

    class Further(Leaf):
        def __init__(self, size: Annotated[int, parameter_metadata("k", "size")]): ...

    assert get_parameter_metadata("k", Further, "list", "limit") == {"base": 1, "leaf": 1}
    assert get_parameter_metadata("k", Further, "list", "limit", own=True) is None
    assert get_all_parameter_metadata("k", Further, "__init__") == {"size": "size"}
    assert get_all_parameter_metadata("k", Leaf, "__init__") == {}


def test_multi_metadata_grows_over_generations():
    """MD-048"""

    def tag(spec, **options):
        return multi_method_metadata("tags", spec, **options)

    class First:
        @tag("A")
        @tag("B")
        def list(self): ...

    class Second(First):
        @tag("D")
        @tag("C")
        def list(self): ...

    class Between(Second):
        def list(self): ...

    class Third(Between):
        @tag("E")
        @tag("F")
        def list(self): ...

    class Alone(First):
        @tag("G", inherit=False)
        def list(self): ...

    class Same(Second):
        list = Second.list

    assert get_method_metadata("tags", First, "list") == ["B", "A"]
    assert get_method_metadata("tags", Between, "list") == ["B", "A", "C", "D"]
    assert get_method_metadata("tags", Third, "list") == ["B", "A", "C", "D", "F", "E"]
    assert get_method_metadata("tags", Alone, "list") == ["G"]
    assert get_method_metadata("tags", Same, "list") == ["B", "A", "C", "D"]


def test_an_instance_means_its_class():
    """MD-065"""
    cls = klass({"x": 1})
    assert read(cls()) == {"x": 1}
    assert get_method_metadata("k", Leaf(), "get") == {"get": 1}
    assert get_all_property_metadata("k", Leaf()) == get_all_property_metadata("k", Leaf)
    assert get_parameter_metadata("k", Base(), "get", "key") == "key"


def test_what_is_read_is_a_copy():
    """MD-066"""
    leaf = klass({"x": [1]}, klass({"y": [1]}))
    read(leaf)["x"].append(2)
    read(leaf)["y"].append(2)
    read(leaf)["z"] = 1
    assert read(leaf) == {"x": [1], "y": [1]}
    get_all_method_metadata("k", Leaf)["get"]["spoilt"] = 1
    assert get_method_metadata("k", Leaf, "get") == {"get": 1}


def test_reads_follow_later_changes_on_the_class_and_its_bases():
    """MD-068"""
    base = klass({"y": 2})
    leaf = klass({"x": 1}, base)
    assert read(leaf) == {"x": 1, "y": 2}
    define_metadata("k", {"y": 3, "z": 3}, base)
    assert read(leaf) == {"x": 1, "y": 3, "z": 3}
    define_metadata("k", "own", leaf)
    assert read(leaf) == "own"
    assert delete_metadata("k", leaf)
    assert read(leaf) == {"y": 3, "z": 3}
    assert get_method_metadata("k", leaf, "list") is None
    define_metadata("k", "method", base, "list")
    assert get_method_metadata("k", leaf, "list") == "method"


def test_reads_follow_replaced_bases():
    """MD-068"""
    one, two = klass(1), klass(2)
    leaf = type("Leaf", (one,), {})
    assert read(leaf) == 1
    leaf.__bases__ = (two,)
    assert read(leaf) == 2
    define_metadata("k", 3, two)
    assert read(leaf) == 3


def test_a_warm_read_costs_little_however_deep_the_classes():
    """MD-068"""
    cls = klass({"k": 0})
    for number in range(50):
        cls = klass({f"k{number}": number}, cls)
    flat = klass({f"k{number}": number for number in range(51)})

    def cost(target):
        return min(timeit.repeat(lambda: read(target), number=200, repeat=5))

    read(cls)
    read(flat)
    assert cost(cls) < 5 * cost(flat)
