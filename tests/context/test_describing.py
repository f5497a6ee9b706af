"""Classes that describe their binding: `@injectable`, `create_binding_from_class`, `to_injectable`."""

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import attrs
import pytest

from mainspring.context import (
    Binding,
    BindingKey,
    BindingScope,
    BindingType,
    Context,
    ContextTags,
    InvalidKeyError,
    Provider,
    create_binding_from_class,
    filter_by_key,
    global_interceptor,
    inject,
    injectable,
)


class Interface(Protocol):
    """Something to be found by."""


class Other:
    """Something else."""


def both(cls: type[Any]) -> list[Binding[Any]]:
    """The binding made by each of the two ways."""
    return [create_binding_from_class(cls), Binding("k").to_injectable(cls)]


# Recording


def test_injectable_returns_the_class_and_registers_nothing() -> None:
    """CTX-580"""

    class Plain:
        """Something."""

    assert injectable(scope="singleton", tags="a")(Plain) is Plain
    assert injectable()(Plain) is Plain
    assert (Plain.__name__, Plain.__doc__) == ("Plain", "Something.")
    ctx = Context()
    assert ctx.find() == []
    ctx.bind("p").to_class(Plain)
    assert (ctx.get_binding("p").scope, dict(ctx.get_binding("p").tag_map)) == (BindingScope.TRANSIENT, {})


def test_injectable_refuses_what_it_cannot_use() -> None:
    """CTX-580"""

    def function() -> None: ...

    with pytest.raises(TypeError):
        injectable()(function)  # type: ignore[type-var]
    with pytest.raises(TypeError, match=r"@injectable\(\)"):

        @injectable  # type: ignore[arg-type]
        class Bare: ...

    with pytest.raises(TypeError):
        injectable("tag")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="somewhere"):
        injectable(scope="somewhere")
    for wrong in ("", "a#b"):
        with pytest.raises(InvalidKeyError):
            injectable(key=wrong)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("a", {"a": "a"}),
        ({"n": 1}, {"n": 1}),
        (("a", "b"), {"a": "a", "b": "b"}),
        (["a", {"n": 1}, "b"], {"a": "a", "n": 1, "b": "b"}),
        ((), {}),
        (iter(["a", "b"]), {"a": "a", "b": "b"}),
        ({"a": "x"}.items() and [{"a": "x"}, {"a": "y"}], {"a": "y"}),
    ],
)
def test_tags_are_a_name_a_mapping_or_an_iterable_of_these(tags: Any, expected: dict[str, Any]) -> None:
    """CTX-580"""

    @injectable(tags=tags)
    class Tagged: ...

    for _ in range(2):
        for binding in both(Tagged):
            assert dict(binding.tag_map) == expected


def test_templates_are_run_in_order_once_for_each_binding() -> None:
    """CTX-580"""
    calls: list[str] = []

    def first(binding: Binding[Any]) -> None:
        calls.append(f"first {binding.key}")
        binding.tag("first").in_scope("singleton")

    def second(binding: Binding[Any]) -> Any:
        calls.append(f"second {binding.key} {binding.type}")
        return binding.tag({"first": "changed"})

    @injectable(first, second)
    class Service: ...

    binding = create_binding_from_class(Service)
    assert calls == ["first classes.Service", "second classes.Service class"]
    assert (dict(binding.tag_map), binding.scope) == ({"first": "changed"}, BindingScope.SINGLETON)
    calls.clear()
    assert create_binding_from_class(Service, key="own").key == "own"
    assert calls == ["first own", "second own class"]
    calls.clear()
    Binding("k").to_injectable(Service)
    assert calls == ["first k", "second k class"]


def test_applied_several_times_outer_values_win_and_tags_add_up() -> None:
    """CTX-581"""

    @injectable(scope="singleton", tags={"outer": 1, "both": "outer"}, name="Outer")
    @injectable(lambda binding: binding.tag("middle"))
    @injectable(scope="context", tags=["inner", {"both": "inner"}], name="Inner", namespace="space", provides=Other)
    class Service: ...

    binding = create_binding_from_class(Service)
    assert binding.scope is BindingScope.SINGLETON
    assert dict(binding.tag_map) == {"inner": "inner", "both": "outer", "middle": "middle", "outer": 1}
    assert binding.key == "space.Outer"
    assert Other in binding.provided_types


# Inheritance


def test_subclass_inherits_scope_and_tags_but_not_its_names() -> None:
    """CTX-582"""

    @injectable(scope="singleton", tags=["a", {"n": 1}], name="Named", namespace="space", provides=Other)
    class Base: ...

    @injectable(key="the.key", tags="b")
    class Keyed(Base): ...

    class Bare(Base): ...

    @injectable(scope="context", tags={"n": 2})
    class Own(Base): ...

    class BareOfKeyed(Keyed): ...

    for _ in range(3):
        assert create_binding_from_class(Base).key == "space.Named"
        assert create_binding_from_class(Bare).key == "space.Bare"
        assert create_binding_from_class(Keyed).key == "the.key"
        assert create_binding_from_class(BareOfKeyed).key == "space.BareOfKeyed"
        for cls, scope, tags in (
            (Base, "singleton", {"a": "a", "n": 1}),
            (Bare, "singleton", {"a": "a", "n": 1}),
            (Own, "context", {"a": "a", "n": 2}),
            (Keyed, "singleton", {"a": "a", "n": 1, "b": "b"}),
            (BareOfKeyed, "singleton", {"a": "a", "n": 1, "b": "b"}),
        ):
            for binding in both(cls):
                assert (binding.scope, dict(binding.tag_map)) == (scope, tags)
                assert Other in binding.provided_types
                assert type(binding.get_value_sync(Context())) is cls


def test_values_of_several_bases_follow_the_mro() -> None:
    """CTX-582"""

    @injectable(scope="singleton", tags={"who": "left", "left": 1})
    class Left: ...

    @injectable(scope="context", tags={"who": "right", "right": 1})
    class Right: ...

    class Both(Left, Right): ...

    binding = create_binding_from_class(Both)
    assert (binding.scope, dict(binding.tag_map)) == ("singleton", {"who": "left", "right": 1, "left": 1})


def test_classes_made_anew_keep_what_was_recorded() -> None:
    """CTX-582, CTX-580"""

    @dataclass(slots=True)
    @injectable(scope="singleton", tags="a", name="N")
    class Inside:
        x: int = 1

    @injectable(scope="singleton", tags="a", name="N")
    @dataclass(slots=True)
    class Outside:
        x: int = 1

    @attrs.define
    @injectable(scope="singleton", tags="a", name="N")
    class Attrs:
        x: int = 1

    for cls in (Inside, Outside, Attrs):
        binding = create_binding_from_class(cls)
        assert (binding.key, binding.scope, dict(binding.tag_map)) == ("classes.N", "singleton", {"a": "a"})
        assert type(binding.get_value_sync(Context())) is cls


# Shapes


class Provided:
    """A provider."""

    def value(self) -> int:
        """The value."""
        return 1


class ProvidedByProtocol(Provider[int]):
    """The same by its base."""

    async def value(self) -> int:
        """The value."""
        return 1


class Inherits(Provided):
    """The same by inheritance."""


class Static:
    """A factory class."""

    @staticmethod
    def value() -> int:
        """The value."""
        return 2


class OfClass:
    """A factory class."""

    @classmethod
    def value(cls) -> Iterator[int]:
        """The value."""
        yield 3


class Attribute:
    """A class: its value is no method."""

    value = 5


class Annotated_:  # noqa: N801 - only a name
    """A class: its value is only annotated."""

    value: int


class Property:
    """A class: its value is a property."""

    @property
    def value(self) -> int:
        """The value."""
        return 1


class Nested:
    """A class: its value is a class."""

    class value:  # noqa: N801 - the case
        """A class."""


@dataclass
class Field:
    """A class: its value is a field."""

    value: int = inject("value")


@pytest.mark.parametrize(
    ("cls", "kind", "tags"),
    [
        (Provided, "provider", {"provider": "provider", "type": "provider"}),
        (ProvidedByProtocol, "provider", {"provider": "provider", "type": "provider"}),
        (Inherits, "provider", {"provider": "provider", "type": "provider"}),
        (
            Static,
            "dynamic_value",
            {"dynamic_value_provider": "dynamic_value_provider", "type": "dynamic_value_provider"},
        ),
        (
            OfClass,
            "dynamic_value",
            {"dynamic_value_provider": "dynamic_value_provider", "type": "dynamic_value_provider"},
        ),
        (Attribute, "class", {}),
        (Annotated_, "class", {}),
        (Property, "class", {}),
        (Nested, "class", {}),
        (Field, "class", {}),
        (Interface, "class", {}),
    ],
)
def test_the_shape_of_the_class_decides_the_source(cls: Any, kind: str, tags: dict[str, Any]) -> None:
    """CTX-583"""
    binding = create_binding_from_class(cls)
    assert (binding.type, dict(binding.tag_map)) == (kind, tags)
    assert binding.source is not None
    assert binding.source.value is cls
    assert Binding("k").to_injectable(cls).type == kind
    namespace = {"provider": "providers", "dynamic_value": "dynamic_value_providers", "class": "classes"}[kind]
    assert binding.key == f"{namespace}.{cls.__name__}"


async def test_bindings_of_all_shapes_resolve() -> None:
    """CTX-583"""
    ctx = Context()
    for cls, expected in ((Provided, 1), (ProvidedByProtocol, 1), (Static, 2), (OfClass, 3)):
        binding = create_binding_from_class(cls)
        ctx.add(binding)
        assert await ctx.get(binding.key) == expected
    await ctx.close()


# Key, name, namespace, type


@injectable(tags={"type": "controller"})
class Controller:
    """Of a type by its tag."""


@injectable(tags=["service", "controller"])
class Tagged:
    """Of a type by the first tag that is known."""


def test_key_of_the_call_wins_over_that_of_the_class() -> None:
    """CTX-584"""

    @injectable(key="the.key", name="Name", namespace="space")
    class Keyed: ...

    assert create_binding_from_class(Keyed).key == "the.key"
    assert create_binding_from_class(Keyed, name="n", namespace="s").key == "the.key"
    assert create_binding_from_class(Keyed, key="call").key == "call"
    assert create_binding_from_class(Keyed, key=BindingKey("call.key")).key == "call.key"
    with pytest.raises(InvalidKeyError):
        create_binding_from_class(Keyed, key="a#b")
    with pytest.raises(InvalidKeyError):
        create_binding_from_class(Keyed, key="")


def test_class_as_key_is_provided() -> None:
    """CTX-584, CTX-042"""

    @injectable(key=Interface)
    class Keyed: ...

    class Call: ...

    ctx = Context()
    ctx.add(create_binding_from_class(Keyed))
    ctx.add(create_binding_from_class(Call, key=Other))
    assert type(ctx.get_sync(Interface)) is Keyed
    assert type(ctx.get_sync(Other)) is Call


def test_name_and_namespace_come_from_the_call_the_class_or_the_type() -> None:
    """CTX-585"""

    @injectable(name="Named", namespace="space")
    class Full: ...

    @injectable(namespace="space")
    class Spaced: ...

    assert create_binding_from_class(Full).key == "space.Named"
    assert create_binding_from_class(Full, name="Call").key == "space.Call"
    assert create_binding_from_class(Full, namespace="call").key == "call.Named"
    assert create_binding_from_class(Full, name="Call", namespace="call").key == "call.Call"
    assert create_binding_from_class(Full, type="controller").key == "space.Named"
    assert create_binding_from_class(Spaced).key == "space.Spaced"
    assert create_binding_from_class(Provided, namespace="x").key == "x.Provided"


@pytest.mark.parametrize(
    ("cls", "options", "key"),
    [
        (Attribute, {}, "classes.Attribute"),
        (Attribute, {"type": "controller"}, "controllers.Attribute"),
        (Attribute, {"type": "class"}, "classes.Attribute"),
        (Attribute, {"type": "repository", "type_namespace_mapping": {"repository": "repos"}}, "repos.Attribute"),
        (Attribute, {"type_namespace_mapping": {"class": "kinds"}}, "kinds.Attribute"),
        (Provided, {}, "providers.Provided"),
        (Provided, {"type": "service"}, "services.Provided"),
        (Provided, {"type_namespace_mapping": {"provider": "makers"}}, "makers.Provided"),
        (Static, {}, "dynamic_value_providers.Static"),
        (Controller, {}, "controllers.Controller"),
        (Controller, {"type": "server"}, "servers.Controller"),
        (Controller, {"type_namespace_mapping": {"controller": "c"}}, "c.Controller"),
        (Tagged, {}, "classes.Tagged"),
        (Tagged, {"type_namespace_mapping": {"controller": "c"}}, "c.Tagged"),
        (Tagged, {"type_namespace_mapping": {"controller": "c", "service": "s"}}, "s.Tagged"),
        (Tagged, {"type_namespace_mapping": {"controller": "c", "class": "k"}}, "c.Tagged"),
    ],
)
def test_namespace_by_type(cls: type[Any], options: dict[str, Any], key: str) -> None:
    """CTX-586"""
    assert create_binding_from_class(cls, **options).key == key


def test_type_tag_of_the_class_wins_over_that_of_the_shape() -> None:
    """CTX-586"""

    @injectable(tags={"type": "service"})
    class Service:
        def value(self) -> int:
            return 1

    binding = create_binding_from_class(Service)
    assert binding.key == "services.Service"
    assert dict(binding.tag_map) == {"provider": "provider", "type": "service"}
    assert binding.type is BindingType.PROVIDER


def test_name_and_type_of_the_call_become_tags() -> None:
    """CTX-587"""
    assert dict(create_binding_from_class(Attribute, name="N").tag_map) == {"name": "N"}
    assert dict(create_binding_from_class(Attribute, type="controller").tag_map) == {
        "type": "controller",
        "controller": "controller",
    }
    assert dict(create_binding_from_class(Provided, type="service", name="N").tag_map) == {
        "provider": "provider",
        "type": "service",
        "service": "service",
        "name": "N",
    }

    @injectable(name="Class")
    class Named: ...

    assert dict(create_binding_from_class(Named).tag_map) == {}
    assert create_binding_from_class(Named, name="Call").tag_map["name"] == "Call"


def test_default_scope_counts_only_where_none_is_set() -> None:
    """CTX-587"""

    @injectable(scope="transient")
    class Transient: ...

    @injectable(lambda binding: binding.in_scope("context"))
    class ByTemplate: ...

    assert create_binding_from_class(Attribute, default_scope=BindingScope.SINGLETON).scope == "singleton"
    assert create_binding_from_class(Attribute, default_scope="context").scope == "context"
    assert create_binding_from_class(Transient, default_scope="singleton").scope == "transient"
    assert create_binding_from_class(ByTemplate, default_scope="singleton").scope == "context"
    with pytest.raises(ValueError, match="somewhere"):
        create_binding_from_class(Attribute, default_scope="somewhere")


@pytest.mark.parametrize("provides", [Interface, [Interface], (Interface, Other), {Interface}])
def test_provides_is_applied(provides: Any) -> None:
    """CTX-588"""

    @injectable(provides=provides)
    class Service: ...

    ctx = Context()
    for binding in both(Service):
        ctx.add(binding)
        assert type(ctx.get_sync(Interface)) is Service
        ctx.unbind(binding.key)


def test_generic_is_provided_by_itself() -> None:
    """CTX-588"""

    @injectable(provides=list[int])
    class Service: ...

    ctx = Context()
    ctx.add(create_binding_from_class(Service))
    assert type(ctx.get_sync(list[int])) is Service


def test_what_a_template_raises_names_the_class() -> None:
    """CTX-589"""
    boom = LookupError("boom")

    def fail(binding: Binding[Any]) -> None:
        raise boom

    @injectable(fail)
    class Failing: ...

    class Child(Failing): ...

    for cls in (Failing, Child):
        for make in (create_binding_from_class, Binding("k").to_injectable):
            boom.__notes__ = []
            with pytest.raises(LookupError) as caught:
                make(cls)
            assert caught.value is boom
            assert any(cls.__name__ in note for note in boom.__notes__)

    @injectable(tags=[5])  # type: ignore[list-item]
    class BadTag: ...

    with pytest.raises(TypeError) as wrong:
        create_binding_from_class(BadTag)
    assert any("BadTag" in note for note in wrong.value.__notes__)


@pytest.mark.parametrize("wrong", [5, "text", None, lambda: None, Provided(), list[int]])
def test_what_is_no_class_is_refused(wrong: Any) -> None:
    """CTX-589"""
    with pytest.raises(TypeError):
        create_binding_from_class(wrong)
    with pytest.raises(TypeError):
        Binding("k").to_injectable(wrong)


def test_binding_is_in_no_context_until_it_is_added() -> None:
    """CTX-590"""
    ctx = Context()
    binding = create_binding_from_class(Attribute)
    assert not ctx.contains(binding.key)
    assert ctx.get_owner_context(binding) is None
    ctx.add(binding)
    assert ctx.get_binding(binding.key) is binding
    assert type(ctx.get_sync("classes.Attribute")) is Attribute
    assert create_binding_from_class(Attribute) is not binding


def test_tag_names_and_namespaces_are_fixed() -> None:
    """CTX-591"""
    names = {name: value for name, value in vars(ContextTags).items() if not name.startswith("_")}
    assert names == {
        "CLASS": "class",
        "PROVIDER": "provider",
        "DYNAMIC_VALUE_PROVIDER": "dynamic_value_provider",
        "TYPE": "type",
        "NAMESPACE": "namespace",
        "NAME": "name",
        "KEY": "key",
        "CONFIGURATION_FOR": "configuration_for",
        "GLOBAL_INTERCEPTOR": "global_interceptor",
        "GLOBAL_INTERCEPTOR_SOURCE": "global_interceptor_source",
        "GLOBAL_INTERCEPTOR_GROUP": "global_interceptor_group",
    }


async def test_other_spellings_are_no_global_interceptors() -> None:
    """CTX-591"""
    from mainspring.context import invoke_method  # noqa: PLC0415 - needed here alone

    class Service:
        def run(self) -> str:
            return "run"

    async def never(inv: Any, proceed: Any) -> Any:
        raise AssertionError("ran")

    ctx = Context()
    ctx.bind("a").to(never).tag("globalInterceptor")
    ctx.bind("b").to(never).tag({"namespace": "global_interceptors"})
    ctx.bind("global_interceptors.c").to(never)
    assert await invoke_method(Service(), "run", ctx) == "run"


def test_namespace_tag_of_a_template_decides_too() -> None:
    """CTX-585, CTX-548"""

    @global_interceptor()
    class Provided:
        def value(self) -> Any: ...

    assert create_binding_from_class(Provided).key == "global_interceptors.Provided"
    assert create_binding_from_class(Provided, namespace="own").key == "own.Provided"


def test_found_by_its_key_pattern_and_pickled_class_stays_the_same() -> None:
    """CTX-580"""
    ctx = Context()
    ctx.add(create_binding_from_class(Controller))
    assert [binding.key for binding in ctx.find(filter_by_key("controllers.*"))] == ["controllers.Controller"]
    assert pickle.loads(pickle.dumps(Controller)) is Controller
