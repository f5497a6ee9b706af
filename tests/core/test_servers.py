"""Servers: registered, found again, started and stopped with the application."""

# ruff: noqa: RUF012 - what a component contributes is written as class attributes, lists included

import asyncio
import dataclasses

import pytest

from mainspring.core import (
    AmbiguousTypeError,
    Application,
    BindingKey,
    BindingScope,
    Context,
    CoreBindings,
    CoreTags,
    KeyNotBoundError,
    ScopeError,
    Server,
    config,
    inject,
    injectable,
    invoke_method,
)


class Listening:
    """A server that inherits from nothing of the framework."""

    def __init__(self) -> None:
        self.listening = False
        self.starts = 0

    async def start(self):
        self.listening = True
        self.starts += 1

    async def stop(self):
        self.listening = False


class Nested(Context):
    def __init__(self, app: Application, options: dict = config()) -> None:
        super().__init__(app)
        self.options = options
        self.listening = False

    async def start(self):
        self.listening = True

    async def stop(self):
        self.listening = False


def test_any_class_with_these_members_is_a_server():
    """CORE-040, CORE-149"""
    assert isinstance(Listening(), Server)
    assert not isinstance(object(), Server)


async def test_a_server_is_a_child_context_with_bindings_of_its_own():
    """CORE-041, CORE-042"""
    app = Application()
    app.servers([Nested])
    app.server(Nested, "other")
    one, other = await app.get_server("Nested"), await app.get_server("other")
    assert one.parent is app
    app.bind("shared").to("app")
    one.bind("own").to(1)
    one.bind("shared").to("one")
    assert not app.is_bound("own")
    assert not other.is_bound("own")
    assert (one.get_sync("shared"), other.get_sync("shared")) == ("one", "app")


@dataclasses.dataclass
class Typed:
    port: int


@pytest.mark.parametrize("section", [{"port": 1}, Typed(1)])
async def test_a_server_reads_its_section_of_the_configuration(section):
    """CORE-043, CORE-064"""
    key: BindingKey = CoreBindings.APPLICATION_CONFIG.deep_property("my_server")

    class MyServer(Listening):
        def __init__(self, config=inject(key, optional=True)) -> None:
            super().__init__()
            self.config = config

    app = Application({"my_server": section})
    app.server(MyServer)
    assert (await app.get_server(MyServer)).config is section
    app = Application()
    app.server(MyServer)
    assert (await app.get_server(MyServer)).config is None


def test_a_server_has_this_binding():
    """CORE-044, CORE-045, CORE-046"""
    app = Application()
    binding = app.server(Listening)
    assert binding.key == "servers.Listening"
    assert binding.tag_map[CoreTags.SERVER] == CoreTags.SERVER
    assert binding.tag_map[CoreTags.LIFE_CYCLE_OBSERVER] == CoreTags.LIFE_CYCLE_OBSERVER
    assert binding.scope is BindingScope.SINGLETON
    assert app.server(Listening, "foo").key == "servers.foo"
    assert app.server(Listening, "foo", namespace="n").key == "n.foo"
    assert [each.key for each in app.servers([Listening, Nested])] == ["servers.Listening", "servers.Nested"]

    @injectable(scope=BindingScope.TRANSIENT)
    class Transient(Listening): ...

    assert app.server(Transient).scope is BindingScope.TRANSIENT


async def test_a_server_is_found_by_name_and_by_class():
    """CORE-047, CORE-048, CORE-049, CORE-062"""

    class Base(Listening): ...

    class Derived(Base): ...

    app = Application()
    app.server(Derived, "foo")
    found = await app.get_server("foo")
    assert found is await app.get_server("foo")
    assert found is await app.get_server(Derived)
    assert found is await app.get_server(Base)
    app.server(Derived, "bar")
    with pytest.raises(AmbiguousTypeError, match=r"servers\.foo, servers\.bar"):
        await app.get_server(Base)
    app.server(Listening, "Base")
    assert type(await app.get_server(Base)) is Listening
    with pytest.raises(KeyNotBoundError, match="absent"):
        await app.get_server("absent")
    with pytest.raises(KeyNotBoundError, match="Nested"):
        await app.get_server(Nested)


@pytest.mark.parametrize("wrong", [3, "name", None, object()])
async def test_what_is_no_server_is_refused(wrong):
    """CORE-040, CORE-048, CORE-050: at once, not by never being started."""
    app = Application()
    before = list(app.find())
    with pytest.raises(TypeError, match="has the methods start and stop"):
        app.server(wrong)
    assert app.find() == before
    with pytest.raises(KeyNotBoundError if wrong == "name" else TypeError):
        await app.get_server(wrong)


async def test_a_ready_made_server_is_bound_as_it_is():
    """CORE-050"""
    app, server = Application(), Listening()
    assert app.server(server).key == "servers.Listening"
    named = app.server(Listening(), "named")
    assert {CoreTags.SERVER, CoreTags.LIFE_CYCLE_OBSERVER} <= set(named.tag_map)
    assert await app.get_server("Listening") is server
    async with app:
        assert server.listening
    assert not server.listening


async def test_servers_start_and_stop_with_the_application():
    """CORE-051, CORE-052, CORE-053, CORE-058, CORE-063"""

    class Contributes:
        servers = {"contributed": Listening}

    app = Application({"components": [Contributes]})
    app.server(Listening, "one")
    app.server(Listening, "two")
    app.bind("by.hand").to_class(Listening).tag(CoreTags.LIFE_CYCLE_OBSERVER, CoreTags.SERVER).in_scope(
        BindingScope.SINGLETON
    )
    keys = ["servers.contributed", "servers.one", "servers.two", "by.hand"]
    for _ in range(2):
        await app.start()
        servers = [await app.get(key) for key in keys]
        assert all(server.listening for server in servers)
        await app.stop()
        assert not any(server.listening for server in servers)
    assert len({id(server) for server in servers}) == 4
    assert [server.starts for server in servers] == [2] * 4


async def test_what_merely_looks_like_a_server_is_left_alone():
    """CORE-054"""
    app = Application()
    app.bind("controllers.servers").to_class(Listening).in_scope("singleton")
    await app.start()
    assert app.get_sync("controllers.servers").starts == 0


async def test_a_server_sees_what_is_bound_later():
    """CORE-055"""

    class Lazy(Nested):
        async def start(self):
            self.seen = await self.get("late")

    app = Application()
    app.server(Lazy)
    app.bind("late").to(1)
    await app.start()
    assert (await app.get_server(Lazy)).seen == 1


async def test_a_server_dispatches_to_controllers():
    """CORE-056"""

    class Greeter:
        def greet(self, who, prefix=inject("prefix")):
            return f"{prefix} {who}"

    class Dispatcher(Nested):
        async def handle(self, name, method, *args):
            async with Context(self) as message:
                message.bind("prefix").to("hello")
                controller = await message.get(f"controllers.{name}")
                return await invoke_method(controller, method, message, args)

    async def shout(inv, next):
        return (await next()).upper()

    app = Application()
    app.controller(Greeter)
    app.server(Dispatcher)
    app.interceptor(shout, global_=True)
    server = await app.get_server(Dispatcher)
    assert await server.handle("Greeter", "greet", "you") == "HELLO YOU"
    with pytest.raises(AttributeError, match=r"Greeter\.absent"):
        await server.handle("Greeter", "absent")
    with pytest.raises(KeyNotBoundError, match=r"controllers\.Absent"):
        await server.handle("Absent", "greet")


async def test_in_an_overridden_start_every_server_listens():
    """CORE-060"""
    seen = []

    class MyApp(Application):
        async def start(self):
            await super().start()
            seen.append((await self.get_server(Listening)).listening)

    app = MyApp()
    app.server(Listening)
    async with app:
        assert seen == [True]


async def test_servers_stop_in_parallel():
    """CORE-061"""
    app, together = Application(), asyncio.Barrier(3)

    class Slow(Listening):
        async def stop(self):
            await together.wait()

    app.servers([Slow])
    for name in "ab":
        app.server(Slow, name)
    await app.start()
    await asyncio.wait_for(app.stop(), 2)


async def test_the_configuration_of_a_named_server():
    """CORE-246, CORE-051"""
    first = {"port": 1}
    app = Application({"servers": {"one": first, "two": {"port": 2}}})
    app.configure("servers.two").to({"port": 3})
    app.server(Nested, "one")
    app.server(Nested, "two")
    app.server(Nested, "three")
    assert (await app.get_server("one")).options is first
    assert (await app.get_server("two")).options == {"port": 3}
    assert (await app.get_server("three")).options is None


async def test_the_environment_wins_over_the_configuration_of_a_server(monkeypatch):
    """CORE-027, CORE-246"""
    given = {"servers": {"one": {"port": 1, "host": "h"}}}
    monkeypatch.setenv("MAINSPRING_SERVERS_ONE__PORT", "9")
    app = Application(given)
    app.server(Nested, "one")
    assert (await app.get_server("one")).options == {"port": 9, "host": "h"}
    assert given == {"servers": {"one": {"port": 1, "host": "h"}}}


async def test_the_environment_alone_may_configure_a_server(monkeypatch):
    """CORE-027, CORE-246"""
    monkeypatch.setenv("MAINSPRING_SERVERS_ONE__PORT", "9")
    monkeypatch.setenv("MAINSPRING_SERVERS_MY_TWO__PORT", "8")
    monkeypatch.setenv("MAINSPRING_SERVERS_NESTED__PORT", "7")
    app = Application()
    app.configure("servers.three").to({"port": 3})
    monkeypatch.setenv("MAINSPRING_SERVERS_THREE__PORT", "6")
    for name in ("one", "my-two", None, "three", "four"):
        app.server(Nested, name)
    assert (await app.get_server("one")).options == {"port": 9}
    assert (await app.get_server("my-two")).options == {"port": 8}
    assert (await app.get_server("Nested")).options == {"port": 7}
    assert (await app.get_server("three")).options == {"port": 3}, "a binding made in code wins over the environment"
    assert (await app.get_server("four")).options is None


async def test_a_server_holds_what_has_the_scope_of_a_server():
    """CORE-067"""

    class Holder(Context):
        listening = False

        def __init__(self, app: Application) -> None:
            super().__init__(app, scope=BindingScope.SERVER)

        async def start(self): ...

        async def stop(self): ...

    class Pool: ...

    app = Application()
    app.bind("pool").to_class(Pool).in_scope(BindingScope.SERVER)
    app.server(Holder, "one")
    app.server(Holder, "two")
    one, two = await app.get_server("one"), await app.get_server("two")
    assert Context(one).get_sync("pool") is Context(one).get_sync("pool") is one.get_sync("pool")
    assert one.get_sync("pool") is not two.get_sync("pool")
    with pytest.raises(ScopeError):
        app.get_sync("pool")


async def test_the_classic_event_server():
    """CORE-062"""
    listeners: dict[str, list] = {}
    answers = []

    class EventServer(Context):
        def __init__(self, app: Application = inject(CoreBindings.APPLICATION_INSTANCE)) -> None:
            super().__init__(app)
            self.listening = False

        async def start(self):
            self.event = await self.get("event_name")
            listeners.setdefault(self.event, []).append(self.answer)
            self.listening = True

        async def stop(self):
            listeners[self.event].remove(self.answer)
            self.listening = False

        def answer(self, data):
            answers.append(data)

    def emit(data):
        for listener in listeners.get("foo", ()):
            listener(data)

    app = Application()
    app.server(EventServer, "server_foo")
    server = await app.get_server("server_foo")
    server.bind("event_name").to("foo")
    emit(1)
    await app.start()
    emit(2)
    assert await app.get_server(EventServer) is server
    await app.stop()
    emit(3)
    assert answers == [2]
