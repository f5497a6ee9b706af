"""Making decorators: what they record, what they leave alone, what they refuse."""

import abc
import dataclasses
import enum
import functools
import inspect
import pickle
from typing import Annotated, ClassVar, Generic, Protocol, TypeVar, runtime_checkable

import attrs
import pytest

from mainspring.errors import MainspringError
from mainspring.metadata import (
    MetadataError,
    class_metadata,
    define_metadata,
    get_all_method_metadata,
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

T = TypeVar("T")


def audit(spec=None, **options):
    return method_metadata("audit", spec, **options)


def test_a_class_decorator_returns_the_class():
    """MD-020, MD-060"""

    class Todo: ...

    assert class_metadata("audit", {"x": 1})(Todo) is Todo
    assert get_class_metadata("audit", Todo) == {"x": 1}
    assert get_class_metadata("other", Todo, own=True, default="none") == "none"
    with pytest.raises(TypeError, match="decorates a class"):
        class_metadata("audit", 1)(lambda: None)


def test_a_method_decorator_returns_what_it_was_given():
    """MD-021"""

    def plain(self): ...

    async def waits(self): ...

    for method in (plain, waits, staticmethod(plain), classmethod(waits)):
        assert method_metadata(f"of {type(method)} {method}", 1)(method) is method
    with pytest.raises(TypeError, match="@audit decorates a method"):
        audit(1)(int)


def test_every_kind_of_method_is_decorated_in_either_order():
    """MD-021"""

    class Todo:
        @audit("plain")
        def plain(self): ...

        @audit("async")
        async def waits(self): ...

        @audit("above static")
        @staticmethod
        def above_static(): ...

        @staticmethod
        @audit("below static")
        def below_static(): ...

        @audit("above class")
        @classmethod
        def above_class(cls): ...

        @classmethod
        @audit("below class")
        def below_class(cls): ...

    assert get_all_method_metadata("audit", Todo) == {
        "plain": "plain",
        "waits": "async",
        "above_static": "above static",
        "below_static": "below static",
        "above_class": "above class",
        "below_class": "below class",
    }
    assert isinstance(vars(Todo)["above_static"], staticmethod)


def test_a_property_is_decorated_in_three_places():
    """MD-022"""

    class Todo:
        title: Annotated[str, property_metadata("audit", "annotated")]
        count: ClassVar[Annotated[int, property_metadata("audit", "class variable")]] = 0
        value = property_metadata("audit", "value")

        @property_metadata("audit", "property")
        @property
        def shown(self): ...

        @shown.setter
        def shown(self, value): ...

        @functools.cached_property
        @property_metadata("audit", "cached")
        def cached(self): ...

    assert isinstance(vars(Todo)["shown"], property)
    assert get_all_property_metadata("audit", Todo) == {
        "title": "annotated",
        "count": "class variable",
        "value": "value",
        "shown": "property",
        "cached": "cached",
    }
    assert get_all_method_metadata("audit", Todo) == {}


def test_parameters_of_functions_methods_and_constructors_are_decorated():
    """MD-023"""
    limit = parameter_metadata("audit", "limit")

    class Todo:
        def __init__(self, size: Annotated[int, limit]): ...

        def list(self, limit: Annotated[int, "other", limit], *rest: Annotated[int, limit]): ...

    def function(limit: Annotated[int, limit]): ...

    assert get_parameter_metadata("audit", Todo, "__init__", "size") == "limit"
    assert get_parameter_metadata("audit", Todo, "list", "limit") == "limit"
    assert get_parameter_metadata("audit", Todo, "list", "rest") == "limit"
    assert get_parameter_metadata("audit", function, parameter="limit") == "limit"
    with pytest.raises(TypeError, match="method is needed"):
        get_parameter_metadata("audit", Todo, parameter="limit")


def test_a_class_is_decorated_once():
    """MD-024"""

    class Todo: ...

    class_metadata("audit", 1)(Todo)
    with pytest.raises(MetadataError, match=r"^@audit cannot be applied more than once on class Todo"):
        class_metadata("audit", 2)(Todo)
    assert get_class_metadata("audit", Todo) == 1
    with pytest.raises(MetadataError, match=r"^@Audit cannot"):
        class_metadata("audit", 2, name="@Audit")(Todo)


def test_a_subclass_may_be_decorated_like_its_base():
    """MD-024"""

    @class_metadata("audit", 1)
    class Base: ...

    @class_metadata("audit", 2)
    class Leaf(Base): ...

    assert get_class_metadata("audit", Leaf) == 2


def test_a_method_is_decorated_once():
    """MD-024"""
    with pytest.raises(MetadataError) as caught:

        class Todo:
            @audit(1)
            @method_metadata("other", 1)
            @audit(2)
            def list(self): ...

    assert str(caught.value).startswith("@audit cannot be applied more than once on Todo.list()")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.decorator, again.target, str(again)) == ("audit", "Todo.list()", str(caught.value))
    assert isinstance(again, MainspringError)


def test_a_property_is_decorated_once():
    """MD-024"""

    class Todo:
        title: Annotated[str, property_metadata("audit", 1), property_metadata("audit", 2)]

    class Mixed:
        title: Annotated[str, property_metadata("audit", 1)] = property_metadata("audit", 2)

    with pytest.raises(MetadataError, match=r"@audit cannot be applied more than once on Todo\.title"):
        get_property_metadata("audit", Todo, "title")
    with pytest.raises(MetadataError, match=r"on Todo\.title"):
        get_all_property_metadata("audit", Todo)
    with pytest.raises(MetadataError, match=r"on Mixed\.title"):
        get_metadata("audit", Mixed, "title")
    with pytest.raises(MetadataError, match=r"on Drawn\.title"):

        class Drawn:
            @property_metadata("audit", 1)
            @property_metadata("audit", 2)
            @property
            def title(self): ...


def test_a_parameter_is_decorated_once():
    """MD-024"""
    twice = Annotated[int, parameter_metadata("audit", 1, name="limits"), parameter_metadata("audit", 2, name="limits")]

    class Todo:
        def list(self, limit: twice): ...

    def function(limit: twice): ...

    with pytest.raises(MetadataError, match=r"@limits cannot be applied more than once on Todo\.list\[limit\]"):
        get_parameter_metadata("audit", Todo, "list", "limit")
    with pytest.raises(MetadataError, match=r"on function\[limit\]"):
        get_parameter_metadata("audit", function, parameter="limit")


def test_a_cloned_spec_is_apart_from_the_object_given():
    """MD-025, MD-066"""

    class Kept: ...

    kept = Kept()
    spec = {"list": [1, {2}], "tuple": ([3],), "function": len, "class": Kept, "module": abc, "instance": kept}
    decorate = class_metadata("audit", spec)

    @decorate
    class One: ...

    @decorate
    class Two: ...

    spec["list"].append("changed")
    spec["more"] = 1
    get_class_metadata("audit", One)["list"][1].add("changed")
    get_class_metadata("audit", One)["tuple"][0].append("changed")
    for cls in (One, Two):
        read = get_class_metadata("audit", cls)
        assert (read["list"], read["tuple"], "more" in read) == ([1, {2}], ([3],), False)
        assert read["instance"] is kept
        assert (read["function"], read["class"], read["module"]) == (len, Kept, abc)


def test_a_copy_keeps_cycles():
    """MD-025"""
    spec: dict[str, object] = {"deep": {}}
    spec["deep"]["self"] = spec

    @class_metadata("audit", spec)
    class Todo: ...

    read = get_class_metadata("audit", Todo)
    assert read["deep"]["self"] is read is not spec


def test_without_clone_the_very_object_is_recorded():
    """MD-025"""
    spec = {"list": [1]}

    @class_metadata("audit", spec, clone=False)
    class Todo:
        @method_metadata("audit", spec, clone=False)
        def list(self): ...

    assert get_class_metadata("audit", Todo) is spec
    assert get_method_metadata("audit", Todo, "list") is spec


def test_a_multi_decorator_adds_up_from_the_lowest():
    """MD-026"""

    class Todo:
        @multi_method_metadata("tags", ["D", "E"])
        @multi_method_metadata("tags", "C")
        @audit(1)
        @multi_method_metadata("tags", {"b": 1})
        @multi_method_metadata("tags", "A")
        def list(self): ...

        @multi_method_metadata("tags", "Z")
        @staticmethod
        def other(): ...

    assert get_method_metadata("tags", Todo, "list") == ["A", {"b": 1}, "C", "D", "E"]
    assert get_all_method_metadata("tags", Todo)["other"] == ["Z"]


def test_decorators_stack_and_leave_the_function_alone():
    """MD-027"""

    def list_(self, limit: int = 5) -> int:
        """What it says."""

    signature = inspect.signature(list_)
    decorated = audit(1)(multi_method_metadata("tags", 1)(method_metadata("third", 1)(list_)))
    assert decorated is list_
    assert inspect.signature(decorated) == signature
    assert decorated.__doc__ == "What it says."
    assert not hasattr(decorated, "__wrapped__")


def test_a_wrapper_takes_metadata_along_without_sharing_it():
    """MD-027"""

    @audit("inner")
    def inner(self): ...

    @functools.wraps(inner)
    def outer(self): ...

    method_metadata("outer", 1)(outer)

    class Todo:
        one, two = inner, outer

    assert get_all_method_metadata("audit", Todo) == {"one": "inner", "two": "inner"}
    assert get_all_method_metadata("outer", Todo) == {"two": 1}


def test_dataclasses_and_attrs_classes_made_anew_keep_their_metadata():
    """MD-008, MD-028"""

    @class_metadata("above", 1)
    @dataclasses.dataclass(slots=True)
    @class_metadata("below", 2)
    class Data:
        title: Annotated[str, property_metadata("audit", "title")]
        count: int = property_metadata("audit", "count")

        @audit("list")
        def list(self): ...

    @class_metadata("above", 1)
    @attrs.define
    @class_metadata("below", 2)
    class Attrs:
        title: Annotated[str, property_metadata("audit", "title")]
        count: int = property_metadata("audit", "count")

        @audit("list")
        def list(self): ...

    for cls in (Data, Attrs):
        assert (get_class_metadata("above", cls), get_class_metadata("below", cls)) == (1, 2)
        assert get_all_property_metadata("audit", cls) == {"title": "title", "count": "count"}
        assert get_all_method_metadata("audit", cls) == {"list": "list"}
        assert cls("x", 1).title == "x"


def test_a_copied_class_does_not_share_later_metadata():
    """MD-008"""

    @class_metadata("audit", 1)
    class Todo: ...

    copied = type("Copied", Todo.__bases__, dict(vars(Todo)))
    define_metadata("audit", 2, copied)
    assert (get_class_metadata("audit", Todo), get_class_metadata("audit", copied)) == (1, 2)


def test_abstract_classes_enums_and_generics_are_decorated():
    """MD-028"""

    @class_metadata("audit", "abc")
    class Base(abc.ABC):
        @audit("list")
        @abc.abstractmethod
        def list(self): ...

    @class_metadata("audit", "enum")
    class Colour(enum.Enum):
        RED = 1

        @audit("shade")
        def shade(self): ...

    @class_metadata("audit", "generic")
    class Box(Generic[T]):
        @audit("open")
        def open(self): ...

    class Open(Box[int]): ...

    assert get_class_metadata("audit", Base) == "abc"
    assert inspect.isabstract(Base)
    assert get_method_metadata("audit", Base, "list") == "list"
    assert (get_class_metadata("audit", Colour), list(Colour)) == ("enum", [Colour.RED])
    assert get_method_metadata("audit", Colour.RED, "shade") == "shade"
    assert get_class_metadata("audit", Box[int]) == get_class_metadata("audit", Open) == "generic"


def test_a_protocol_stays_a_protocol():
    """MD-028"""

    @class_metadata("audit", "protocol")
    @runtime_checkable
    class Closes(Protocol):
        @audit("close")
        def close(self): ...

    class File:
        marked = property_metadata("audit", "marked")

        def close(self): ...

    class Stream(Closes):
        extra = property_metadata("audit", "extra")

        def close(self): ...

    assert get_class_metadata("audit", Closes) == "protocol"
    assert isinstance(File(), Closes)
    assert not isinstance(5, Closes)
    assert get_class_metadata("audit", Stream) == "protocol"
    assert get_method_metadata("audit", Stream, "close") == "close"
    assert get_all_property_metadata("audit", Stream) == {"extra": "extra"}
    assert get_all_property_metadata("audit", File) == {"marked": "marked"}
