"""Components: what mounting one does, in which order, and what a wrong one says."""

# ruff: noqa: RUF012 - what a component contributes is written as class attributes, lists included

import pytest

from mainspring.core import (
    Application,
    AsyncValueError,
    Binding,
    BindingKey,
    BindingScope,
    Component,
    Context,
    CoreTags,
    KeyNotBoundError,
    config,
    inject,
    injectable,
)


def test_a_component_has_this_binding_and_is_made_at_once():
    """CORE-070, CORE-071, CORE-073, CORE-074"""
    made = []

    class Audit:
        def __init__(self, app: Application) -> None:
            made.append(app)
            app.bind("foo").to("bar")

    app = Application()
    binding = app.component(Audit)
    assert binding.key == "components.Audit"
    assert binding.tag_map[CoreTags.COMPONENT] == CoreTags.COMPONENT
    assert binding.scope is BindingScope.SINGLETON
    assert made == [app]
    assert isinstance(app.get_sync(binding.key), Audit)
    assert len(made) == 1
    assert app.get_sync("foo") == "bar"
    assert app.component(Audit, "other").key == "components.other"
    assert app.component(Audit, "x", namespace="ns").key == "ns.x"

    @injectable(key="acme.audit")
    class Keyed:
        bindings = (Binding("from.keyed").to(1),)

    assert app.component(Keyed).key == "acme.audit"
    assert app.get_sync("from.keyed") == 1


def test_an_asynchronous_dependency_is_refused_and_nothing_stays():
    """CORE-072"""

    async def slow():
        return 1

    class Audit:
        def __init__(self, slow: int = inject("slow")) -> None: ...

    app = Application()
    app.bind("slow").to_dynamic_value(slow)
    before = [binding.key for binding in app.find()]
    with pytest.raises(AsyncValueError, match="slow"):
        app.component(Audit)
    assert [binding.key for binding in app.find()] == before


def test_a_failing_mounting_leaves_nothing_behind():
    """CORE-072"""

    class Todo: ...

    class Audit:
        controllers = (Todo,)
        services = 5

    app = Application()
    app.controller(Todo, "kept")
    before = {binding.key: binding for binding in app.find()}
    with pytest.raises(TypeError, match="services"):
        app.component(Audit)
    assert {binding.key: binding for binding in app.find()} == before


def test_classes_and_providers_are_bound_under_their_keys():
    """CORE-075, CORE-076, CORE-077"""

    @injectable(scope=BindingScope.SINGLETON, tags="t", key="ignored")
    class Thing: ...

    @injectable(tags="p")
    class ClockProvider:
        async def value(self) -> int:
            return 7

    class Audit:
        classes = {"things.one": Thing, BindingKey("things.two"): Thing}
        providers = {"clock": ClockProvider}

    app = Application()
    app.component(Audit)
    for key in ("things.one", "things.two"):
        assert isinstance(app.get_sync(key), Thing)
        assert app.get_binding(key).scope is BindingScope.SINGLETON
        assert "t" in app.get_binding(key).tag_map
    assert "p" in app.get_binding("clock").tag_map
    with pytest.raises(AsyncValueError):
        app.get_sync("clock")


async def test_a_provider_gives_its_value_in_the_context_that_asks():
    """CORE-076, CORE-091"""

    class UserProvider:
        def __init__(self, request: str = inject("request")) -> None:
            self.request = request

        async def value(self):
            return f"user of {self.request}"

    class Audit:
        providers = {"user": UserProvider}

    app = Application()
    app.component(Audit)
    request = Context(app)
    request.bind("request").to("r1")
    assert await request.get("user") == "user of r1"
    with pytest.raises(KeyNotBoundError, match="request"):
        await app.get("user")


def test_the_other_contributions_are_registered_as_by_hand():
    """CORE-078, CORE-079, CORE-080"""

    class Thing:
        def start(self): ...

    binding = Binding("b").to(1)

    class Audit:
        bindings = [binding]
        controllers = [Thing]
        services = (Thing,)
        life_cycle_observers = {Thing: 1}.keys()
        servers = {"one": Thing, "two": Thing}

    app = Application()
    app.component(Audit)
    assert app.get_binding("b") is binding
    for key in ("controllers.Thing", "services.Thing", "life_cycle_observers.Thing", "servers.one", "servers.two"):
        assert app.contains(key)

    class Listed:
        servers = [Thing]

    app.component(Listed)
    assert app.contains("servers.Thing")


def test_mounting_has_this_order():
    """CORE-081, CORE-082"""
    order = []

    class Thing:
        def start(self): ...

    class Value:
        def value(self):
            return 1

    class Inner:
        def __init__(self) -> None:
            order.append("inner made")

    class Outer:
        components = [Inner]
        services = [Thing]
        life_cycle_observers = [Thing]
        servers = [Thing]
        controllers = [Thing]
        bindings = [Binding("bindings.b").to(1)]
        providers = {"providers.p": Value}
        classes = {"classes.c": Thing}

        def __init__(self) -> None:
            order.append("outer made")

    class Mixin:
        def mount_component(self, component, binding):
            super().mount_component(component, binding)
            order.append(f"mixin {type(component).__name__}")

    class MyApp(Mixin, Application): ...

    app = MyApp()
    app.on("bind", lambda event: order.append(event.binding.key.partition(".")[0]))
    app.component(Outer)
    assert order == [
        "components",
        "outer made",
        "classes",
        "providers",
        "bindings",
        "controllers",
        "servers",
        "life_cycle_observers",
        "services",
        "components",
        "inner made",
        "mixin Inner",
        "mixin Outer",
    ]


def test_mounting_again_does_nothing():
    """CORE-083"""
    made, mounted = [], []

    class Thing: ...

    class Audit:
        controllers = [Thing]

        def __init__(self) -> None:
            made.append(self)

    class Mixin:
        def mount_component(self, component, binding):
            super().mount_component(component, binding)
            mounted.append(component)

    class MyApp(Mixin, Application): ...

    app = MyApp()
    first = app.component(Audit)
    controller = app.get_binding("controllers.Thing")
    assert app.component(Audit) is first
    assert app.get_binding("controllers.Thing") is controller
    assert len(made) == len(mounted) == 1
    assert app.component(Audit, "second") is not first
    assert len(made) == 2


def test_components_that_name_each_other_are_mounted_once():
    """CORE-084"""
    made = []

    class A:
        def __init__(self) -> None:
            made.append("A")

    class B:
        def __init__(self) -> None:
            made.append("B")

    A.components = [B, A]
    B.components = [A]
    app = Application()
    app.component(A)
    assert made == ["A", "B"]


async def test_a_component_is_an_observer_by_itself_and_may_bind_in_init():
    """CORE-085, CORE-086"""
    log = []

    class Server:
        listening = False

        async def start(self):
            log.append("server started")

        async def stop(self):
            log.append("server stopped")

    class Audit:
        def __init__(self, app: Application) -> None:
            self.app = app

        async def init(self):
            log.append("init")
            self.app.bind("late").to(1)
            self.app.server(Server)

        def stop(self):
            log.append(f"stop of the mounted one: {self is mounted}")

    app = Application()
    mounted = app.get_sync(app.component(Audit).key)
    await app.start()
    assert app.get_sync("late") == 1
    await app.stop()
    assert log == ["init", "server started", "server stopped", "stop of the mounted one: True"]


def test_configuration_counts_when_it_comes_before():
    """CORE-087"""

    class Audit:
        def __init__(self, options: dict = config(default={"level": 1})) -> None:
            self.options = options

    app = Application()
    app.configure("components.Audit").to({"level": 3})
    assert app.get_sync(app.component(Audit).key).options == {"level": 3}
    app = Application()
    binding = app.component(Audit)
    app.configure("components.Audit").to({"level": 3})
    assert app.get_sync(binding.key).options == {"level": 1}


def test_contributions_for_absent_mixins_are_ignored():
    """CORE-088"""

    class Thing: ...

    class Audit:
        repositories = models = datasources = service_providers = booters = [Thing]
        controllers = [Thing]

    app = Application()
    app.component(Audit)
    assert app.contains("controllers.Thing")
    assert not app.find("repositories.*")


@pytest.mark.parametrize(
    ("attribute", "value", "shown"),
    [
        ("controllers", 5, "5"),
        ("controllers", ["text"], "text"),
        ("providers", [1], "1"),
        ("providers", {"k": 2}, "2"),
        ("providers", {"k": int}, "int"),
        ("classes", {"k": "x"}, "x"),
        ("classes", {3: int}, "3"),
        ("bindings", ["b"], "b"),
        ("servers", {"n": 1}, "1"),
        ("components", "text", "text"),
    ],
)
def test_a_contribution_of_the_wrong_shape_is_named(attribute, value, shown):
    """CORE-089"""
    cls = type("Broken", (), {attribute: value})
    with pytest.raises(TypeError, match=f"Broken.*{attribute}.*{shown}"):
        Application().component(cls)


def test_a_component_of_the_parent_serves_the_child():
    """CORE-090"""

    class Todo: ...

    class Audit:
        controllers = [Todo]

    parent = Application()
    parent.component(Audit)
    child = Application(parent)
    assert [binding.key for binding in child.find_by_tag(CoreTags.CONTROLLER)] == ["controllers.Todo"]
    assert not child.contains("components.Audit")


def test_an_overridden_component_reads_the_instance_from_the_binding():
    """CORE-092"""
    seen = []

    class Mixin:
        def component(self, cls, name=None, **options):
            binding = super().component(cls, name, **options)
            seen.extend(getattr(self.get_sync(binding.key), "gadgets", ()))
            return binding

    class MyApp(Mixin, Application): ...

    class Audit:
        def __init__(self) -> None:
            self.gadgets = ["g"]

    MyApp().component(Audit)
    assert seen == ["g"]


def test_inheriting_from_the_protocol_adds_nothing():
    """CORE-149"""

    class Audit(Component):
        def __init__(self, app: Application) -> None:
            self.app = app

    app = Application()
    binding = app.component(Audit)
    assert app.get_sync(binding.key).app is app
    assert CoreTags.LIFE_CYCLE_OBSERVER not in binding.tag_map
