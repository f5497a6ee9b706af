"""Metadata defined and asked for by hand."""

import copy
import gc
import pickle
import weakref

import pytest

from mainspring.metadata import (
    MetadataKey,
    class_metadata,
    define_metadata,
    delete_metadata,
    get_all_method_metadata,
    get_all_property_metadata,
    get_class_metadata,
    get_metadata,
    get_method_metadata,
    has_metadata,
    metadata_keys,
    method_metadata,
    property_metadata,
    storage,
)


class Pickled:
    def __init__(self) -> None:
        self.number = 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pickled) and other.number == self.number

    __hash__ = None


define_metadata("of pickled", [1], Pickled)


def test_a_key_is_its_name():
    """MD-001"""
    key = MetadataKey[dict]("audit")
    assert (key.name, str(key)) == ("audit", "audit")
    assert key == MetadataKey("audit") != MetadataKey("other")
    assert hash(key) == hash(MetadataKey("audit"))
    with pytest.raises(AttributeError):
        key.name = "other"
    assert pickle.loads(pickle.dumps(key)) == key


def test_a_key_and_its_text_address_the_same_metadata():
    """MD-001"""

    class Todo: ...

    define_metadata(MetadataKey("audit"), 1, Todo)
    assert get_metadata("audit", Todo) == 1
    assert delete_metadata("audit", Todo)
    assert not has_metadata(MetadataKey("audit"), Todo)


@pytest.mark.parametrize("make", [MetadataKey, lambda name: define_metadata(name, 1, Pickled)])
def test_an_empty_name_is_refused(make):
    """MD-001"""
    with pytest.raises(ValueError, match="name"):
        make("")
    with pytest.raises(TypeError):
        make(5)


def test_the_very_value_is_stored_and_replaced():
    """MD-002"""

    class Todo: ...

    value: list[object] = []
    define_metadata("audit", value, Todo)
    assert get_metadata("audit", Todo) is value
    assert get_class_metadata("audit", Todo) is value
    other = {}
    define_metadata("audit", other, Todo)
    assert get_metadata("audit", Todo) is other


def test_the_nearest_value_of_the_mro_is_read_and_bases_never_see_subclasses():
    """MD-003"""

    class Base: ...

    class Middle(Base): ...

    class Leaf(Middle): ...

    define_metadata("audit", "base", Base)
    assert get_metadata("audit", Leaf) == "base"
    define_metadata("audit", "middle", Middle)
    assert get_metadata("audit", Leaf) == "middle"
    assert get_metadata("audit", Leaf, own=True) is None
    assert get_metadata("audit", Leaf, own=True, default="none") == "none"
    assert get_metadata("audit", Middle, own=True) == "middle"
    assert get_metadata("audit", Base) == "base"


def test_none_is_a_value_too():
    """MD-004"""

    class Base: ...

    class Leaf(Base): ...

    define_metadata("audit", None, Base)
    assert has_metadata("audit", Leaf)
    assert not has_metadata("audit", Leaf, own=True)
    assert not has_metadata("other", Leaf)
    assert get_metadata("audit", Leaf, default=5) is None


def test_a_deleted_value_shows_the_base_again():
    """MD-005"""

    class Base: ...

    class Leaf(Base): ...

    define_metadata("audit", "base", Base)
    define_metadata("audit", "leaf", Leaf)
    assert get_metadata("audit", Leaf) == "leaf"
    assert delete_metadata("audit", Leaf) is True
    assert get_metadata("audit", Leaf) == "base"
    assert delete_metadata("audit", Leaf) is False
    assert get_metadata("audit", Base) == "base"


def test_what_a_decorator_wrote_is_deleted_as_well():
    """MD-005"""

    @class_metadata("audit", 1)
    class Base:
        @method_metadata("audit", "base")
        def list(self): ...

    class Leaf(Base):
        @method_metadata("audit", "leaf")
        def list(self): ...

    assert delete_metadata("audit", Leaf, "list")
    assert not delete_metadata("audit", Leaf, "list")
    assert get_method_metadata("audit", Leaf, "list") == "base"
    assert delete_metadata("audit", Base)
    assert not has_metadata("audit", Leaf)
    assert get_all_method_metadata("audit", Leaf) == {"list": "base"}


def test_keys_are_listed_own_first_each_once():
    """MD-006"""

    @class_metadata("b", 1)
    @class_metadata("a", 1)
    class Base:
        @method_metadata("m", 1)
        def list(self): ...

    class Leaf(Base):
        @method_metadata("n", 1)
        def list(self): ...

    define_metadata("c", 1, Leaf)
    define_metadata("a", 1, Leaf)
    assert metadata_keys(Leaf) == ["c", "a", "b"]
    assert metadata_keys(Leaf, own=True) == ["c", "a"]
    assert metadata_keys(Leaf, "list") == ["n", "m"]
    assert metadata_keys(Leaf, "list", own=True) == ["n"]
    assert metadata_keys(Leaf, "ghost") == []


def test_class_and_members_are_apart():
    """MD-007"""

    class Todo:
        def list(self): ...

    define_metadata("audit", "class", Todo)
    define_metadata("audit", "method", Todo, "list")
    define_metadata("audit", "nobody", Todo, "ghost")
    assert get_metadata("audit", Todo) == "class"
    assert get_metadata("audit", Todo, "list") == "method"
    assert get_metadata("audit", Todo, "ghost") == "nobody"
    assert get_metadata("audit", Todo, "other") is None
    assert get_all_method_metadata("audit", Todo)["list"] == "method"
    assert "list" not in get_all_property_metadata("audit", Todo)


def test_metadata_goes_when_the_class_goes():
    """MD-008"""

    def make() -> weakref.ref[type]:
        class Base: ...

        @class_metadata("audit", {"of": [Base]})
        class Todo(Base):
            title = property_metadata("audit", 1)

            @method_metadata("audit", Base)
            def list(self): ...

        get_class_metadata("audit", Todo)
        get_all_method_metadata("audit", Todo)
        define_metadata("self", Todo, Todo)
        return weakref.ref(Todo)

    gone = make()
    gc.collect()
    assert gone() is None


def test_metadata_leaves_no_trace_in_instances_equality_and_pickles():
    """MD-008"""
    thing = Pickled()
    assert vars(thing) == {"number": 1}
    assert pickle.loads(pickle.dumps(thing)) == thing
    assert copy.deepcopy(thing) == thing
    assert Pickled == pickle.loads(pickle.dumps(Pickled))


def test_a_class_gets_at_most_one_dunder_name():
    """MD-008"""

    class Todo:
        def list(self): ...

    before = set(vars(Todo))
    class_metadata("audit", 1)(Todo)
    define_metadata("audit", 1, Todo, "list")
    get_all_method_metadata("audit", Todo)
    get_all_property_metadata("audit", Todo)
    (name,) = set(vars(Todo)) - before
    assert name.startswith("__")
    assert name.endswith("__")


def test_reading_changes_no_class():
    """MD-008"""

    class Base: ...

    class Todo(Base):
        @method_metadata("audit", 1)
        def list(self): ...

    before = dict(vars(Todo)), dict(vars(Base))
    assert get_all_method_metadata("audit", Todo) == {"list": 1}
    assert get_class_metadata("audit", Todo) is None
    assert (dict(vars(Todo)), dict(vars(Base))) == before
    define_metadata("audit", 2, Base)
    assert get_class_metadata("audit", Todo) == 2
    assert dict(vars(Todo)) == before[0]


def test_what_was_read_beside_a_class_goes_with_it():
    """MD-008"""

    def make() -> tuple[weakref.ref[type], int]:
        class Todo:
            @method_metadata("audit", [1])
            def list(self): ...

        assert get_all_method_metadata("audit", Todo) == {"list": [1]}
        return weakref.ref(Todo), id(Todo)

    gone, key = make()
    gc.collect()
    assert gone() is None
    assert key not in storage._BESIDE


class Unhashable(type):
    """A metaclass whose classes are all equal and have no hash."""

    def __eq__(cls, other):
        return True

    __hash__ = None


def test_classes_that_claim_to_be_equal_are_kept_apart():
    """MD-003"""

    class One(metaclass=Unhashable):
        @method_metadata("audit", 1)
        def list(self): ...

    class Two(metaclass=Unhashable):
        @method_metadata("audit", 2)
        def list(self): ...

    assert [get_method_metadata("audit", cls, "list") for cls in (One, Two, One)] == [1, 2, 1]


@pytest.mark.parametrize("target", [Pickled(), 5, "text", None, []])
def test_targets_that_are_no_classes_are_refused(target):
    """MD-009"""
    for call in (
        lambda: define_metadata("audit", 1, target),
        lambda: get_metadata("audit", target),
        lambda: has_metadata("audit", target),
        lambda: delete_metadata("audit", target),
        lambda: metadata_keys(target),
    ):
        with pytest.raises(TypeError):
            call()


def test_built_in_classes_are_read_and_refused_in_words():
    """MD-009"""
    assert get_metadata("audit", int, default="none") == "none"
    with pytest.raises(TypeError, match="'int' is a built-in class"):
        define_metadata("audit", 1, int)


def test_a_function_carries_metadata():
    """MD-009"""

    @method_metadata("audit", {"x": 1})
    def function(): ...

    assert get_metadata("audit", function) == {"x": 1}
    assert has_metadata("audit", function)
    define_metadata("audit", 2, function)
    define_metadata("other", 3, function)
    assert get_metadata("audit", function) == 2
    assert metadata_keys(function) == ["audit", "other"]
    assert delete_metadata("audit", function)
    assert not delete_metadata("audit", function)
    assert get_metadata("audit", function, default="none") == "none"
