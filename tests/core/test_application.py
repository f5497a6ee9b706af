"""Constructing an application and registering artifacts."""

# ruff: noqa: B008 - a marker as a default is the framework's own spelling

import gc
import subprocess
import sys
from typing import Protocol

import pytest

import mainspring.context as context_room
import mainspring.core as core_room
from mainspring.core import (
    Application,
    ApplicationConfig,
    BindingLockedError,
    BindingScope,
    Context,
    ContextTags,
    CoreBindings,
    CoreTags,
    KeyNotBoundError,
    config,
    global_interceptor,
    inject,
    injectable,
)


def test_keys_and_namespaces_have_these_values():
    """CORE-001, CORE-002"""
    values = {
        "APPLICATION_INSTANCE": "application.instance",
        "APPLICATION_CONFIG": "application.config",
        "APPLICATION_METADATA": "application.metadata",
        "LIFE_CYCLE_OBSERVER_REGISTRY": "life_cycle_observer.registry",
        "LIFE_CYCLE_OBSERVER_OPTIONS": "life_cycle_observer.options",
        "CONTROLLER_CURRENT": "controller.current",
        "CONTROLLER_CLASS": "controller.current.class",
        "CONTROLLER_METHOD_NAME": "controller.current.operation",
        "CONTROLLER_METHOD_META": "controller.method.meta",
    }
    assert {name: str(getattr(CoreBindings, name)) for name in values} == values
    assert all(isinstance(getattr(CoreBindings, name), core_room.BindingKey) for name in values)
    for name in ("SERVERS", "COMPONENTS", "CONTROLLERS", "SERVICES", "LIFE_CYCLE_OBSERVERS"):
        assert getattr(CoreBindings, name) == name.lower()


def test_tags_have_these_values_and_a_bare_tag_has_its_name():
    """CORE-003, CORE-004"""
    for name in ("COMPONENT", "SERVER", "CONTROLLER", "SERVICE", "SERVICE_INTERFACE", "LIFE_CYCLE_OBSERVER"):
        assert getattr(CoreTags, name) == name.lower()
    for name in ("LIFE_CYCLE_OBSERVER_GROUP", "EXTENSION_POINT", "EXTENSION_FOR"):
        assert getattr(CoreTags, name) == name.lower()

    class Todo: ...

    assert Application().controller(Todo).tag_map[CoreTags.CONTROLLER] == "controller"


def test_core_offers_every_name_of_context():
    """CORE-005"""
    assert set(context_room.__all__) <= set(core_room.__all__)
    assert all(getattr(core_room, name) is getattr(context_room, name) for name in context_room.__all__)


def test_importing_core_brings_no_http_no_sql_and_no_command_line():
    """ARCHITECTURE section 1: what `import mainspring.core` may load."""
    code = "import mainspring.core, sys; print(' '.join(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"starlette", "uvicorn", "sqlalchemy", "click", "http", "msgspec", "httptools", "pydantic"}


def test_a_new_application_is_a_context_without_parent():
    """CORE-010, CORE-020"""
    app = Application()
    assert isinstance(app, Context)
    assert app.scope is BindingScope.APPLICATION
    assert app.state == "created"
    assert app.parent is None


def test_the_configuration_is_the_very_object():
    """CORE-011, CORE-016, CORE-023"""
    given = {"name": "n", "rest": {"port": 1}}
    app = Application(given)
    assert app.get_sync(CoreBindings.APPLICATION_CONFIG) is given
    assert app.options is given
    assert app.get_config_sync(CoreBindings.APPLICATION_INSTANCE) is given
    assert Application().options == {}
    typed = ApplicationConfig(name="t", shutdown={"grace_period": 1}, extra={"x": 2})
    assert Application(typed).get_sync(CoreBindings.APPLICATION_CONFIG) is typed
    assert Application(typed).name == "t"
    assert Application(typed).get_sync("application.config#extra.x") == 2
    assert typed.extra == {"x": 2}
    assert dict(typed) == {"name": "t", "shutdown": {"grace_period": 1}, "extra": {"x": 2}}


def test_the_parent_is_the_second_or_the_only_argument():
    """CORE-012, CORE-013"""
    parent = Context("parent")
    parent.bind("controllers.Shared").to(1)
    for app in (Application({}, parent), Application(parent=parent), Application(parent)):
        assert app.parent is parent
        assert app.options == {}
        assert app.get_sync("controllers.Shared") == 1
        assert [binding.key for binding in app.find("controllers.*")] == ["controllers.Shared"]
    assert Application().find("controllers.*") == []


def test_the_name_is_configured_or_unique():
    """CORE-014"""

    class MyApp(Application): ...

    assert Application({"name": "n"}).name == "n"
    names = {Application().name, Application().name, MyApp().name}
    assert len(names) == 3
    assert sorted(name.partition("-")[0] for name in names) == ["Application", "Application", "MyApp"]


def test_the_application_is_found_by_its_class_and_bases():
    """CORE-015"""

    class Base(Application): ...

    class MyApp(Base): ...

    class Wants:
        def __init__(self, one: Application, two: Base, three: MyApp) -> None:
            self.all = [one, two, three]

    outer = Application()
    app = MyApp(parent=outer)
    assert app.get_sync(CoreBindings.APPLICATION_INSTANCE) is app
    child = Context(app)
    child.bind("wants").to_class(Wants)
    assert child.get_sync("wants").all == [app, app, app]
    assert outer.get_sync(Application) is outer


def test_config_reads_the_configuration_of_what_is_bound_at_the_application():
    """CORE-016"""
    app = Application({"a": {"b": 1}})

    def factory(whole=config(), part=config("a.b")):
        return whole, part

    app.bind("x").to_dynamic_value(factory)
    app.configure("x").to_alias(CoreBindings.APPLICATION_CONFIG)
    assert app.get_sync("x") == ({"a": {"b": 1}}, 1)


def test_a_path_reads_into_the_configuration():
    """CORE-017"""

    class Mailer:
        retries = 4

    for given in ({"mailer": {"retries": 4}}, {"mailer": Mailer()}):
        app = Application(given)
        assert app.get_sync("application.config#mailer.retries") == 4
        app.bind("x").to_dynamic_value(lambda it=inject(CoreBindings.APPLICATION_CONFIG.deep_property("mailer")): it)
        assert app.get_sync("x") is given["mailer"]


def test_configured_components_are_mounted_by_the_constructor():
    """CORE-018"""
    order = []

    class One:
        def __init__(self) -> None:
            order.append("one")

    class Two(One):
        def __init__(self) -> None:
            order.append("two")

    class Mixin:
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.seen = self.contains("components.Two")

    class MyApp(Mixin, Application):
        def __init__(self, options):
            super().__init__(options)
            order.append("constructed")

    app = MyApp({"components": [One, Two]})
    assert order == ["one", "two", "constructed"]
    assert app.seen


def test_metadata_is_bound_when_it_is_set():
    """CORE-021"""
    app = Application()
    assert not app.is_bound(CoreBindings.APPLICATION_METADATA)
    app.set_metadata({"name": "a"})
    app.set_metadata({"name": "b"})
    assert app.get_sync(CoreBindings.APPLICATION_METADATA) == {"name": "b"}


def test_mixins_cooperate_and_add_up():
    """CORE-024, CORE-026"""
    calls = []

    class First:
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            calls.append("first")

        def one(self):
            return 1

        def component(self, cls, name=None, **options):
            binding = super().component(cls, name, **options)
            calls.append((cls.__name__, self.get_sync(binding.key)))
            return binding

    class Second:
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            calls.append("second")

        def two(self):
            return 2

    class Inner: ...

    class Outer:
        components = (Inner,)

    class MyApp(First, Second, Application): ...

    app = MyApp({"name": "n"})
    assert calls == ["second", "first"]
    assert (app.one(), app.two(), app.name) == (1, 2, "n")
    calls.clear()
    app.component(Outer)
    assert [name for name, _ in calls] == ["Inner", "Outer"]


def test_a_mixin_after_the_application_is_refused():
    """CORE-025"""

    class Mixin: ...

    with pytest.raises(TypeError, match=r"Mixin.*class Wrong\(Mixin, Application\)"):
        type("Wrong", (Application, Mixin), {})

    class Base(Application): ...

    class Named(Protocol):
        name: str

    class Right(Application, Named): ...

    assert Right().state == "created"
    with pytest.raises(TypeError, match=r"class Wrong\(Mixin, Base\)"):
        type("Wrong", (Base, Mixin), {})


def test_applications_do_not_see_one_another():
    """CORE-022"""
    one, two = Application(), Application()
    one.bind("x").to(1)
    assert not two.is_bound("x")
    assert one.get_sync(Application) is one
    del one
    gc.collect()
    assert two.get_sync(Application) is two


# Registering artifacts


def test_a_controller_has_this_binding():
    """CORE-030, CORE-031, CORE-032, CORE-034, CORE-038"""

    class Todo:
        def __init__(self, greeting: str = inject("greeting")) -> None:
            self.greeting = greeting

    app = Application()
    app.bind("greeting").to("hi")
    binding = app.controller(Todo)
    assert binding.key == "controllers.Todo"
    assert CoreTags.CONTROLLER in binding.tag_map
    assert binding.scope is BindingScope.TRANSIENT
    assert app.get_binding("controllers.Todo") is binding
    assert app.get_sync(binding.key) is not app.get_sync(binding.key)
    assert app.get_sync(binding.key).greeting == "hi"
    assert app.controller(Todo, "name").key == "controllers.name"
    assert app.controller(Todo, "todo", namespace="v2").key == "v2.todo"
    assert app.controller(Todo, key="x.y").key == "x.y"


@pytest.mark.parametrize("register", ["controller", "service", "life_cycle_observer", "server", "component"])
def test_what_the_class_says_beats_the_defaults(register):
    """CORE-033"""

    @injectable(scope=BindingScope.CONTEXT, tags={"extra": 1}, name="Named", namespace="ns")
    class Thing:
        def start(self): ...

        def stop(self): ...

    app = Application()
    binding = getattr(app, register)(Thing)
    assert binding.key == "ns.Named"
    assert binding.scope is BindingScope.CONTEXT
    assert binding.tag_map["extra"] == 1
    assert getattr(app, register)(Thing, "other").key == "ns.other"

    @injectable(key="whole.key")
    class Keyed:
        def start(self): ...

    assert getattr(app, register)(Keyed).key == "whole.key"


def test_a_locked_binding_stays():
    """CORE-034, CORE-035"""

    class Todo: ...

    class Other: ...

    app = Application()
    first = app.controller(Todo, "x").lock()
    with pytest.raises(BindingLockedError):
        app.controller(Other, "x")
    assert app.get_binding("controllers.x") is first
    first.unlock()
    second = app.controller(Other, "x")
    assert app.get_binding("controllers.x") is second


def test_interceptors_are_local_unless_said_otherwise():
    """CORE-036, CORE-037"""

    async def log(inv, next):
        return await next()

    @global_interceptor("g")
    class Audit:
        def value(self):
            return log

    app = Application()
    local = app.interceptor(log)
    assert local.key == "interceptors.log"
    assert ContextTags.GLOBAL_INTERCEPTOR not in local.tag_map
    everywhere = app.interceptor(log, name="all", global_=True, group="g", source=["route", "proxy"])
    assert everywhere.key == "global_interceptors.all"
    assert everywhere.tag_map[ContextTags.GLOBAL_INTERCEPTOR_GROUP] == "g"
    assert everywhere.tag_map[ContextTags.GLOBAL_INTERCEPTOR_SOURCE] == ["route", "proxy"]
    assert app.interceptor(Audit).key == "global_interceptors.Audit"
    assert app.interceptor(log, key="k").key == "k"


def test_what_is_absent_is_named():
    """CORE-021"""
    with pytest.raises(KeyNotBoundError, match=r"application\.metadata"):
        Application().get_sync(CoreBindings.APPLICATION_METADATA)
