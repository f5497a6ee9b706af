"""The operations of controller classes: decorators, inheritance, order."""

import dataclasses
import inspect
from typing import Generic, TypeVar

import pytest

from mainspring.errors import MainspringError
from mainspring.http import PathTemplateError
from mainspring.openapi import (
    DeclarationError,
    api,
    blocking,
    controller_operations,
    delete,
    deprecated,
    get,
    head,
    operation,
    operation_spec,
    options,
    patch,
    post,
    put,
    response,
    tags,
    visibility,
)


def routes(cls: type) -> list[tuple[str, str, str]]:
    return [(found.verb, found.path, found.method_name) for found in controller_operations(cls)]


def only(cls: type):
    (found,) = controller_operations(cls)
    return found


def test_every_verb_has_a_decorator():
    """OAS-004"""

    def method(self): ...

    for decorate in (get("/"), post("/"), put("/"), patch("/"), delete("/"), head("/"), options("/")):
        decorate(method)
    operation("TRACE", "/")(method)
    everything = type("Everything", (), {"method": method})
    lowest_first = ["get", "post", "put", "patch", "delete", "head", "options", "trace"]
    assert [verb for verb, _, _ in reversed(routes(everything))] == lowest_first


def test_operation_equals_the_verb_decorator():
    """OAS-004"""

    class One:
        @operation("Post", "/x", {"summary": "s"})
        def x(self): ...

    class Other:
        @post("/x", {"summary": "s"})
        def x(self): ...

    one, other = only(One), only(Other)
    assert (one.verb, one.path, one.spec) == (other.verb, other.path, other.spec)


@pytest.mark.parametrize("verb", ["fetch", "", "link"])
def test_another_verb_raises(verb):
    """OAS-004"""
    with pytest.raises(DeclarationError, match="verb is none of") as caught:
        operation(verb, "/x")
    assert isinstance(caught.value, MainspringError)


def test_a_template_is_checked_when_the_decorator_sees_it():
    """REST-052"""
    for decorate in (lambda: get("/:id"), lambda: operation("get", "/{id"), lambda: api(base_path="/{a}(b)")):
        with pytest.raises(PathTemplateError):
            decorate()


def test_decorators_return_the_very_function_and_class():
    """REST-070, OAS-024"""

    async def fn(self, a: int) -> str:
        """Doc."""

    before = (fn.__name__, fn.__doc__, inspect.signature(fn), fn.__annotations__.copy())
    plain = fn
    for decorate in (
        get("/x"),
        response(404),
        tags("a"),
        deprecated,
        deprecated(),
        visibility("documented"),
        response.file("image/png"),
    ):
        assert decorate(fn) is plain
    assert (fn.__name__, fn.__doc__, inspect.signature(fn), fn.__annotations__) == before
    assert not hasattr(fn, "__wrapped__")

    class Plain: ...

    for decorate in (api(base_path="/x"), tags("a"), deprecated, visibility("undocumented")):
        assert decorate(Plain) is Plain


def permuted(decorators):
    def plain(self): ...

    for decorate in decorators:
        plain = decorate(plain)
    return type("Permuted", (), {"plain": plain})


def test_the_order_of_decorators_does_not_matter():
    """OAS-024"""
    decorators = [get("/x"), response(404), tags("a"), deprecated, visibility("undocumented"), blocking]
    for turn in range(len(decorators)):
        found = only(permuted(decorators[turn:] + decorators[:turn]))
        assert (found.verb, found.path, found.tags, found.deprecated, found.visible) == (
            "get",
            "/x",
            ["a"],
            True,
            False,
        )
        assert found.notes.blocking
        assert found.notes.responses == ((404, ()),)


def test_static_and_class_methods_are_operations_in_either_order():
    """REST-070"""

    class Odd:
        @get("/a")
        @staticmethod
        def a(): ...

        @staticmethod
        @get("/b")
        def b(): ...

        @get("/c")
        @classmethod
        def c(cls): ...

    assert routes(Odd) == [("get", "/a", "a"), ("get", "/b", "b"), ("get", "/c", "c")]


@pytest.mark.parametrize(
    ("decorator", "name"),
    [
        (get("/x"), "get"),
        (post("/x"), "post"),
        (response(200), "response"),
        (tags("a"), "tags"),
        (deprecated(), "deprecated"),
        (deprecated, "deprecated"),
        (visibility("documented"), "visibility"),
        (blocking, "blocking"),
        (api(), "api"),
    ],
)
@pytest.mark.parametrize("target", [property(lambda self: 1), 3, "text", None, object()])
def test_on_anything_but_a_class_or_function_a_decorator_raises_by_its_name(decorator, name, target):
    """OAS-023"""
    with pytest.raises(TypeError, match=f"@{name} "):
        decorator(target)


def test_decorators_of_methods_are_refused_on_classes_and_the_other_way_round():
    """OAS-023"""
    for decorator in (get("/x"), response(200), blocking):
        with pytest.raises(TypeError, match="function or method"):
            decorator(type("C", (), {}))
    with pytest.raises(TypeError, match="@api decorates a class"):
        api(base_path="/x")(lambda self: 1)


def test_blocking_on_a_coroutine_function_is_refused_at_decoration():
    """REST-071"""
    with pytest.raises(DeclarationError, match="async def"):

        @blocking
        async def fn(self): ...


def test_another_word_of_visibility_raises():
    """OAS-022"""
    with pytest.raises(DeclarationError, match="'documented' or 'undocumented'"):
        visibility("hidden")


@pytest.mark.parametrize("status", [99, 600, True, "4X", "abc", None])
def test_a_response_of_no_status_raises(status):
    """OAS-018"""
    with pytest.raises(DeclarationError, match="the status is"):
        response(status)


# -- inheritance


class Base:
    @get("/list")
    def list(self): ...

    @get("/one/{id}")
    def one(self, id: int): ...


def test_operations_are_inherited_under_the_subclass():
    """REST-074"""

    class Sub(Base):
        @get("/more")
        def more(self): ...

    assert routes(Sub) == [("get", "/more", "more"), ("get", "/list", "list"), ("get", "/one/{id}", "one")]
    assert {found.owner for found in controller_operations(Sub)} == {Sub}


def test_a_subclass_operation_on_the_same_verb_and_path_replaces_the_parents():
    """REST-075"""

    class Sub(Base):
        @get("/one/{key}")
        def other(self, key: str): ...

    assert routes(Sub) == [("get", "/one/{key}", "other"), ("get", "/list", "list")]
    assert ("get", "/one/{id}", "one") in routes(Base)


def test_a_method_decorated_anew_takes_the_parents_path_away():
    """REST-075"""

    class Sub(Base):
        @get("/all")
        def list(self): ...

    assert routes(Sub) == [("get", "/all", "list"), ("get", "/one/{id}", "one")]
    assert routes(Base)[0] == ("get", "/list", "list")


def test_an_override_without_decorator_keeps_verb_path_and_spec():
    """REST-076"""

    class Parent:
        @post("/x", {"summary": "s"})
        @tags("t")
        @response(404)
        def x(self, a: int): ...

    class Child(Parent):
        def x(self, b: str): ...

    found = only(Child)
    assert (found.verb, found.path, found.spec, found.tags) == ("post", "/x", {"summary": "s"}, ["t"])
    assert found.notes.responses == ((404, ()),)
    assert list(inspect.signature(found.handler).parameters) == ["self", "b"]


def test_an_override_may_change_one_thing_and_keep_the_others():
    """REST-076"""

    class Parent:
        @get("/x")
        @tags("t")
        @deprecated
        def x(self): ...

    class Child(Parent):
        @tags("u")
        def x(self): ...

    assert (only(Child).path, only(Child).tags, only(Child).deprecated) == ("/x", ["u"], True)
    assert only(Parent).tags == ["t"]


def test_an_operation_set_to_none_is_gone():
    """REST-075"""

    class Sub(Base):
        list = None

    assert routes(Sub) == [("get", "/one/{id}", "one")]


T = TypeVar("T")


def test_mixins_count_like_own_operations_in_mro_order():
    """REST-077"""

    class First(Generic[T]):
        @get("/first")
        def first(self) -> T: ...

        @get("/both")
        def both_first(self): ...

    class Second:
        @get("/second")
        def second(self): ...

        @get("/both")
        def both_second(self): ...

    class Mixed(First[int], Second):
        @get("/own")
        def own(self): ...

    assert routes(Mixed) == [
        ("get", "/own", "own"),
        ("get", "/first", "first"),
        ("get", "/both", "both_first"),
        ("get", "/second", "second"),
    ]


def test_several_decorators_on_one_method_make_several_operations_in_reading_order():
    """REST-079"""

    class Many:
        @get("/a")
        @get("/b")
        @post("/a")
        def x(self): ...

    assert routes(Many) == [("get", "/a", "x"), ("get", "/b", "x"), ("post", "/a", "x")]


def test_twins_in_one_class_are_both_there_for_the_router_to_refuse():
    """REST-054"""

    class Twins:
        @get("/a/{x}")
        def one(self, x): ...

        @get("/a/{y}")
        def other(self, y): ...

    assert len(controller_operations(Twins)) == 2


# -- what is said of the class


@pytest.mark.parametrize(
    ("base", "path", "joined", "strict"),
    [
        ("root/", "/a/", "/root/a", "/root/a/"),
        ("/", "", "/", "/"),
        ("/v1", "/", "/v1", "/v1/"),
        ("/v1", "a", "/v1/a", "/v1/a"),
        (None, "/orders/", "/orders/", "/orders/"),
        (None, "orders", "/orders", "/orders"),
    ],
)
def test_the_base_path_prefixes_all_operations(base, path, joined, strict):
    """OAS-005, REST-050"""

    class Plain:
        @get(path)
        def x(self): ...

    found = only(api(base_path=base)(Plain) if base is not None else Plain)
    assert (found.path, found.strict_path) == (joined, strict)


def test_paths_of_the_class_define_operations_and_win_over_decorators():
    """OAS-005"""

    @api(
        base_path="/my",
        paths={"/a": {"get": {"x-operation-name": "two", "summary": "s"}}, "/b": {"post": {"x-operation-name": "two"}}},
        components={"schemas": {"X": {"type": "string"}}},
    )
    class Plain:
        @get("/a")
        def one(self): ...

        @get("/c")
        def two(self): ...

    assert routes(Plain) == [("get", "/my/a", "two"), ("post", "/my/b", "two"), ("get", "/my/c", "two")]
    first = controller_operations(Plain)[0]
    assert first.spec["summary"] == "s"
    assert first.controller.members == {"components": {"schemas": {"X": {"type": "string"}}}}


def test_a_path_that_names_no_method_raises_with_verb_and_path():
    """OAS-005, REST-039"""

    @api(paths={"/a": {"get": {}}})
    class Plain: ...

    with pytest.raises(DeclarationError, match=r"Plain.*GET /a names no method"):
        controller_operations(Plain)


def test_a_path_may_name_a_method_the_class_does_not_have():
    """REST-068"""

    @api(paths={"/a": {"get": {"x-operation-name": "missing"}}})
    class Plain: ...

    assert only(Plain).handler is None


def test_server_and_version_are_noted_and_inherited_until_said_anew():
    """REST-060"""

    @api(base_path="/x", server="admin", version=2)
    class Parent:
        @get("/a")
        def a(self): ...

    @api(version="3")
    class Child(Parent): ...

    controller = only(Child).controller
    assert (controller.base_path, controller.server, controller.version) == ("/x", "admin", "3")
    assert only(Parent).controller.version == "2"


def test_the_spec_of_a_class_is_shared_with_nobody():
    """OAS-006"""
    given = {"parameters": [{"name": "a", "in": "query"}], "x-list": [1]}

    class Parent:
        @get("/x", given)
        def x(self): ...

    class Child(Parent): ...

    found = only(Parent)
    found.spec["parameters"].append(1)
    found.spec["x-list"].clear()
    given["x-list"].append(2)
    for again in (only(Parent), only(Child)):
        assert again.spec == {"parameters": [{"name": "a", "in": "query"}], "x-list": [1]}


def test_builders_may_stand_where_a_spec_may():
    """OAS-044"""

    class Plain:
        @get("/x", operation_spec().with_tags("a").with_string_response())
        def x(self): ...

    assert only(Plain).tags == ["a"]
    assert "200" in only(Plain).spec["responses"]


def test_tags_of_api_and_spec_come_first_then_those_of_class_and_method_without_duplicates():
    """OAS-020"""

    @api(tags=["api"])
    @tags("class", "both")
    class Plain:
        @get("/x", {"tags": ["spec", "both"]})
        @tags("method", "class")
        @tags("last")
        def x(self): ...

    assert only(Plain).tags == ["api", "spec", "both", "class", "method", "last"]


def test_deprecation_of_a_class_marks_all_and_a_method_may_be_exempted():
    """OAS-021"""

    @deprecated
    class Old:
        @get("/a")
        def a(self): ...

        @get("/b")
        @deprecated(False)
        def b(self): ...

        @get("/c", {"deprecated": False})
        def c(self): ...

    assert [found.deprecated for found in controller_operations(Old)] == [True, False, False]


def test_visibility_of_a_method_wins_over_that_of_the_class():
    """OAS-022"""

    @visibility("undocumented")
    class Hidden:
        @get("/a")
        def a(self): ...

        @get("/b")
        @visibility("documented")
        def b(self): ...

        @get("/c", {"x-visibility": "documented"})
        def c(self): ...

    assert [found.visible for found in controller_operations(Hidden)] == [False, True, True]


def test_a_class_without_operations_has_none():
    """OAS-025"""
    assert controller_operations(type("Plain", (), {"x": 1})) == []


def test_metadata_survives_a_class_made_anew():
    @api(base_path="/x")
    @dataclasses.dataclass(slots=True)
    class Slotted:
        a: int = 1

        @get("/a")
        def x(self): ...

    @dataclasses.dataclass(slots=True)
    @api(base_path="/x")
    class Other:
        @get("/a")
        def x(self): ...

    assert routes(Slotted) == routes(Other) == [("get", "/x/a", "x")]
