"""Extension points work through contributions they do not know in advance."""

# ruff: noqa: B008 - a marker as a default is the framework's own spelling

import pytest

from mainspring.core import (
    Application,
    AsyncValueError,
    Binding,
    BindingScope,
    Context,
    ContextView,
    CoreTags,
    ResolutionError,
    add_extension,
    config,
    create_binding_from_class,
    extension_filter,
    extension_for,
    extension_point,
    extensions,
    injectable,
    invoke_method,
)


class English: ...


class Spanish: ...


class GreeterProvider:
    async def value(self):
        return "provided"


@extension_point("greeters", scope=BindingScope.SINGLETON)
class Point:
    view: ContextView = extensions.view()

    def __init__(self, getter=extensions(), listed: list = extensions.list()) -> None:
        self.getter, self.listed = getter, listed

    async def method(self, listed: list = extensions.list()):
        return listed


def names(values):
    return [type(value).__name__ for value in values]


async def point(app, cls=Point):
    app.add(binding := create_binding_from_class(cls))
    return await app.get(binding.key)


def test_the_decorator_names_the_point():
    """CORE-190"""
    binding = create_binding_from_class(Point)
    assert binding.tag_map[CoreTags.EXTENSION_POINT] == "greeters"
    assert binding.scope is BindingScope.SINGLETON


async def test_getter_view_and_list_see_what_they_should():
    """CORE-191, CORE-192, CORE-193, CORE-194, CORE-196, CORE-202"""
    app = Application()
    empty = await point(app)
    assert await empty.getter() == []
    assert empty.listed == []
    app.unbind("classes.Point")
    add_extension(app, "greeters", English)
    it = await point(app)
    first = await it.getter()
    assert names(first) == names(it.listed) == names(await it.view.values()) == ["English"]
    added = add_extension(app, "greeters", Spanish)
    assert names(await it.getter()) == names(await it.view.values()) == ["English", "Spanish"]
    assert names(it.listed) == ["English"]
    assert names(await invoke_method(it, "method", app)) == ["English", "Spanish"]
    app.unbind(added.key)
    assert names(await it.getter()) == names(await it.view.values()) == ["English"]
    it.view.close()


async def test_a_subclass_of_a_point_is_that_point():
    """CORE-194"""

    class Derived(Point): ...

    app = Application()
    add_extension(app, "greeters", English)
    it = await point(app, Derived)
    assert names(it.listed) == ["English"]
    assert names(await invoke_method(it, "method", app)) == ["English"]


async def test_an_asynchronous_extension_needs_awaiting():
    """CORE-193, CORE-197"""
    app = Application()
    add_extension(app, "greeters", GreeterProvider)
    app.add(create_binding_from_class(Point))
    with pytest.raises(AsyncValueError):
        app.get_sync("classes.Point")
    assert (await app.get("classes.Point")).listed == ["provided"]


async def test_without_a_name_the_binding_and_then_the_class_say_it():
    """CORE-195"""

    class Plain:
        def __init__(self, listed: list = extensions.list(), other: list = extensions.list("other")) -> None:
            self.listed, self.other = listed, other

    app = Application()
    for name in ("Plain", "named", "tagged", "other"):
        add_extension(app, name, type(f"For{name}", (), {}))
    app.bind("one").to_class(Plain)
    app.bind("two").to_class(Plain).tag({"name": "named"})
    app.bind("three").to_class(Plain).tag({"name": "named", CoreTags.EXTENSION_POINT: "tagged"})
    assert names((await app.get("one")).listed) == ["ForPlain"]
    assert names((await app.get("two")).listed) == ["Fornamed"]
    assert names((await app.get("three")).listed) == ["Fortagged"]
    assert names((await app.get("one")).other) == ["Forother"]


async def test_a_nearer_extension_hides_one_of_the_same_key():
    """CORE-196"""
    app = Application()
    add_extension(app, "Plain", English, key="e")
    add_extension(app, "Plain", English, key="f")
    child = Context(app)
    add_extension(child, "Plain", Spanish, key="e")

    class Plain:
        def __init__(self, listed: list = extensions.list()) -> None:
            self.listed = listed

    child.bind("x").to_class(Plain)
    assert sorted(names((await child.get("x")).listed)) == ["English", "Spanish"]


def test_two_extensions_of_one_name_need_different_keys():
    """CORE-197"""
    app = Application()
    one = add_extension(app, "p", English, namespace="a")
    two = add_extension(app, "p", English, namespace="b", name="n")
    three = add_extension(app, "p", English, key="k")
    assert [one.key, two.key, three.key] == ["a.English", "b.n", "k"]
    assert app.find(extension_filter("p")) == [one, two, three]


def test_the_template_adds_points_without_duplicates():
    """CORE-198"""
    binding = Binding("x")
    extension_for()(binding)
    assert CoreTags.EXTENSION_FOR not in binding.tag_map
    binding.apply(extension_for("a"))
    assert binding.tag_map[CoreTags.EXTENSION_FOR] == "a"
    binding.apply(extension_for("b"))
    assert binding.tag_map[CoreTags.EXTENSION_FOR] == ["a", "b"]
    binding.apply(extension_for("a", "b"))
    assert binding.tag_map[CoreTags.EXTENSION_FOR] == ["a", "b"]
    assert Binding("y").apply(extension_for("a", "b")).tag_map[CoreTags.EXTENSION_FOR] == ["a", "b"]

    @injectable(extension_for("a"))
    class Decorated: ...

    assert create_binding_from_class(Decorated).tag_map[CoreTags.EXTENSION_FOR] == "a"


def test_the_filter_is_exact_and_takes_several_points():
    """CORE-199, CORE-200"""
    app = Application()
    both = app.bind("both").to(1).apply(extension_for("greeters", "others"))
    one = app.bind("one").to(1).apply(extension_for("greeters"))
    assert app.find(extension_filter("greeters")) == [both, one]
    assert app.find(extension_filter("others")) == [both]
    assert app.find(extension_filter("greet")) == []
    assert app.find(extension_filter("others", "greeters")) == [both, one]


async def test_points_and_extensions_are_configured_like_anything():
    """CORE-201"""

    class Configured:
        def __init__(self, options=config()) -> None:
            self.options = options

    app = Application()
    binding = add_extension(app, "greeters", Configured)
    app.configure(binding.key).to({"x": 1})
    assert (await point(app)).listed[0].options == {"x": 1}


@pytest.mark.parametrize(
    ("marker", "annotation"),
    [(extensions.list(), int), (extensions.view(), list), (extensions(), int)],
)
def test_a_contradicting_annotation_is_refused(marker, annotation):
    """CORE-203"""

    class Wrong:
        def __init__(self, it=marker) -> None: ...

    Wrong.__init__.__annotations__["it"] = annotation
    app = Application()
    app.bind("wrong").to_class(Wrong)
    with pytest.raises(ResolutionError, match=r"Wrong\.__init__\[it\]"):
        app.get_sync("wrong")
