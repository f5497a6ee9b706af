"""Services: bound, and injected by their interface."""

import enum
from abc import ABC, abstractmethod
from typing import Annotated, Any, Protocol

import pytest

from mainspring.core import (
    AmbiguousTypeError,
    Application,
    BindingScope,
    Context,
    CoreTags,
    KeyNotBoundError,
    ResolutionError,
    as_service,
    create_service_binding,
    filter_by_service_interface,
    injectable,
    invoke_method,
    service,
)


class Greeting(ABC):
    @abstractmethod
    def greet(self) -> str: ...


class English(Greeting):
    def greet(self) -> str:
        return "hello"


class Spanish(Greeting):
    def greet(self) -> str:
        return "hola"


class Speaks(Protocol):
    def greet(self) -> str: ...


class Token(enum.Enum):
    ONE = 1


def consumer(marker, annotation=Any):
    class Consumer:
        def __init__(self, it=marker) -> None:
            self.it = it

    Consumer.__init__.__annotations__["it"] = annotation
    return Consumer


def inject_into(ctx, marker, annotation=Any):
    ctx.bind("consumer").to_class(consumer(marker, annotation))
    return ctx.get_sync("consumer").it


def test_a_service_has_this_binding():
    """CORE-210, CORE-211"""
    app = Application()
    binding = app.service(English)
    assert binding.key == "services.English"
    assert binding.tag_map[CoreTags.SERVICE] == CoreTags.SERVICE
    assert binding.tag_map[CoreTags.SERVICE_INTERFACE] is English
    assert binding.scope is BindingScope.TRANSIENT
    assert app.service(English, "e").key == "services.e"
    assert app.service(English, "e", namespace="n").key == "n.e"
    assert app.service(English, key="k").key == "k"


async def test_providers_lose_their_suffix():
    """CORE-212, CORE-224"""

    class ClockProvider:
        async def value(self) -> int:
            return 7

    class DateProvider:
        @staticmethod
        def value() -> str:
            return "today"

    @injectable(name="Now")
    class NowProvider:
        def value(self):
            return "now"

    @injectable(tags={"name": "Tagged"})
    class TaggedProvider(NowProvider): ...

    class PlainProvider: ...

    app = Application()
    assert app.service(TaggedProvider).key == "services.Tagged"
    assert app.service(ClockProvider).key == "services.Clock"
    assert await app.get("services.Clock") == 7
    assert app.service(DateProvider).key == "services.Date"
    assert app.get_sync("services.Date") == "today"
    assert app.service(NowProvider).key == "services.Now"
    assert app.service(ClockProvider, "ClockProvider").key == "services.ClockProvider"
    assert app.service(PlainProvider).key == "services.PlainProvider"


@pytest.mark.parametrize("interface", [Greeting, Speaks, "greeting", Token.ONE, object(), ("a", 1)])
def test_any_hashable_token_is_an_interface(interface):
    """CORE-213, CORE-215, CORE-221"""
    app = Application()
    binding = app.service(English, interface=interface)
    assert binding.tag_map[CoreTags.SERVICE_INTERFACE] is interface
    app.service(Spanish, interface="other")
    assert isinstance(inject_into(app, service(interface)), English)


def test_a_binding_or_template_without_adding():
    """CORE-214"""
    app = Application()
    binding = create_service_binding(English, name="e", interface=Greeting)
    assert binding.key == "services.e"
    assert not app.contains("services.e")
    other = app.bind("x").to(English()).apply(as_service("greeting"))
    assert other.tag_map[CoreTags.SERVICE_INTERFACE] == "greeting"
    assert inject_into(app, service("greeting")) is app.get_sync("x")

    @injectable(as_service(Greeting))
    class Decorated(English): ...

    assert create_service_binding(Decorated).tag_map[CoreTags.SERVICE_INTERFACE] is Greeting


async def test_it_is_injected_wherever_a_marker_may_stand():
    """CORE-215, CORE-216"""

    class Consumer:
        by_property: Greeting = service()

        def __init__(self, one: Greeting = service(Greeting), two: "Greeting | None" = service()) -> None:
            self.one, self.two = one, two

        def method(self, it: Annotated[Greeting, service()]):
            return it

    app = Application()
    app.service(English, interface=Greeting)
    app.bind("consumer").to_class(Consumer)
    consumer = app.get_sync("consumer")
    assert all(isinstance(each, English) for each in (consumer.by_property, consumer.one, consumer.two))
    assert isinstance(await invoke_method(consumer, "method", app), English)


def test_the_interface_itself_comes_before_its_subclasses():
    """CORE-217"""

    class Base: ...

    class Derived(Base): ...

    app = Application()
    app.service(Derived)
    assert type(inject_into(app, service(Base))) is Derived
    app.bind("plain").to_class(Base)
    assert type(inject_into(app, service(Base))) is Base
    app = Application()
    app.service(English)
    assert type(inject_into(app, service(Greeting))) is English

    class Fluent(Speaks):
        def greet(self) -> str:
            return ""

    app.service(Fluent)
    assert type(inject_into(app, service(Speaks))) is Fluent


def test_an_absent_service_is_named():
    """CORE-218"""
    app = Application({"name": "the app"})
    with pytest.raises(KeyNotBoundError, match=r"Greeting.*the app.*bind a service") as caught:
        inject_into(app, service(Greeting))
    assert "Consumer.__init__[it]" in caught.value.path
    assert inject_into(app, service(Greeting, optional=True)) is None

    class Defaulted:
        def __init__(self, it: Annotated[str, service("nothing", optional=True)] = "default") -> None:
            self.it = it

    app.bind("d").to_class(Defaulted)
    assert app.get_sync("d").it == "default"


def test_several_services_are_ambiguous_unless_filtered():
    """CORE-219, CORE-220"""
    app = Application()
    app.service(English, interface=Greeting)
    app.service(Spanish, interface=Greeting)
    with pytest.raises(AmbiguousTypeError, match=r"Greeting.*services\.English, services\.Spanish"):
        inject_into(app, service(Greeting))
    chosen = inject_into(app, service(Greeting, filter=lambda binding: binding.key.endswith("Spanish")))
    assert isinstance(chosen, Spanish)


def test_a_text_does_not_match_the_name_of_a_class():
    """CORE-221"""
    app = Application()
    app.service(English)
    with pytest.raises(KeyNotBoundError, match="English"):
        inject_into(app, service("English"))


@pytest.mark.parametrize("annotation", [object, Any, list[str], str])
def test_what_cannot_be_inferred_says_so_when_it_is_resolved(annotation):
    """CORE-222"""
    with pytest.raises(ResolutionError, match=r"cannot be inferred.*|Consumer\.__init__\[it\]") as caught:
        inject_into(Application(), service(), annotation)
    assert "Consumer.__init__[it]" in str(caught.value)


def test_the_lookup_happens_where_and_when_it_is_resolved():
    """CORE-223"""
    app = Application()
    app.bind("consumer").to_class(consumer(service(Greeting)))
    child = Context(app)
    child.bind("mine").to_class(Spanish)
    assert type(child.get_sync("consumer").it) is Spanish
    app.service(English)
    assert type(app.get_sync("consumer").it) is English


def test_the_filter_finds_by_interface():
    """CORE-225"""
    app = Application()
    app.service(English, interface=Greeting)
    app.service(Spanish)
    assert [binding.key for binding in app.find(filter_by_service_interface(Greeting))] == ["services.English"]
    assert [binding.key for binding in app.find(filter_by_service_interface(Spanish))] == ["services.Spanish"]
