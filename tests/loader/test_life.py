"""The life of a server: the order of its hooks, what is there at each, how it ends and starts again."""

from typing import Any

import pytest

from mainspring import rest
from mainspring.core import BindingScope, InvalidStateError, inject
from mainspring.loader import ServerLoader, controller, server_settings
from mainspring.rest.inprocess import call_in_process

SHARED = (
    "on_mounting_middlewares",
    "before_routes_init",
    "on_routes_init",
    "after_routes_init",
    "before_listen",
    "after_listen",
    "on_ready",
    "on_destroy",
)
OWN = ("before_init", "on_init", "after_init", *SHARED)


class Log(list[str]):
    """What happened, in order; a type of its own, so that it is injected."""


def noting(owner: str, *names: str) -> dict[str, Any]:
    """Methods that note their calls, every other one of them a coroutine function."""

    def plain(name: str) -> Any:
        return lambda self: self.log.append(f"{owner}.{name}")

    def coroutine(name: str) -> Any:
        async def hook(self: Any) -> None:
            self.log.append(f"{owner}.{name}")

        return hook

    return {name: (coroutine if position % 2 else plain)(name) for position, name in enumerate(names)}


class Hooked:
    def __init__(self, log: Log) -> None:
        self.log = log
        log.append(f"{type(self).__name__}()")


def service(name: str) -> type[Any]:
    return type(name, (Hooked,), noting(name, "on_init", *SHARED, "on_server_ready", "before_init", "after_init"))


def server_with(log: Log, *names: str, **settings: Any) -> ServerLoader:
    cls = type("Server", (ServerLoader,), noting("Server", *names))
    server: Any = cls({"http_port": 0, "scan": [], "mount": {}, **settings})
    server.log = log
    server.bind(Log).to(log)
    return server  # type: ignore[no-any-return]  # made just now


async def test_all_hooks_are_called_in_the_order_of_the_phases() -> None:
    """LOAD-012, LOAD-017, LOAD-022, LOAD-031, LOAD-032, LOAD-033, LOAD-038: phase by phase, server first."""
    log = Log()

    @controller("/a")
    class Users(Hooked):
        on_init = noting("Users", "on_init")["on_init"]
        before_routes_init = noting("Users", "before_routes_init")["before_routes_init"]
        on_ready = noting("Users", "on_ready")["on_ready"]
        on_destroy = noting("Users", "on_destroy")["on_destroy"]

    server = server_with(log, *OWN, mount={"/rest": Users})
    server.add_components([service("One"), service("Two")])
    server.life_cycle_observer(_observer(log))
    await server.start()
    await server.stop()

    def both(name: str) -> list[str]:
        return [f"{each}.{name}" for each in ("Server", "One", "Two")]

    assert log == [
        "Server.before_init",
        "Server.on_init",
        "One()",
        "Two()",
        "One.on_init",
        "Two.on_init",
        "Server.after_init",
        "observer.init",
        *both("on_mounting_middlewares"),
        *both("before_routes_init"),
        "Users()",
        "Users.on_init",
        *both("on_routes_init"),
        *both("after_routes_init"),
        *both("before_listen"),
        "observer.start",
        *both("after_listen"),
        *both("on_ready"),
        "Users.on_ready",
        "One.on_server_ready",
        "Two.on_server_ready",
        "observer.stop",
        "Users.on_destroy",
        "Two.on_destroy",
        "One.on_destroy",
        "Server.on_destroy",
    ]


def _observer(log: Log) -> type[Any]:
    class Observer:
        def init(self) -> None:
            log.append("observer.init")

        def start(self) -> None:
            log.append("observer.start")

        def stop(self) -> None:
            log.append("observer.stop")

    return Observer


async def test_a_server_without_settings_and_hooks_starts_and_its_hooks_may_be_called_by_overriding_ones() -> None:
    """LOAD-002: nothing is required; base hooks do nothing and are called plainly or awaited."""
    log: list[str] = []

    class Base(ServerLoader):
        def on_ready(self) -> None:
            super().on_ready()
            log.append("base")

    class Server(Base):
        async def before_routes_init(self) -> None:
            await super().before_routes_init()

        async def on_init(self) -> None:
            await super().on_init()

        def on_ready(self) -> None:
            super().on_ready()
            log.append("own")

    async with Server({"http_port": 0}):
        assert log == ["base", "own"]


async def test_nothing_is_constructed_by_the_constructor() -> None:
    """LOAD-003, LOAD-013: in __init__ settings may be read and things registered, nothing else exists."""
    log = Log()
    server = server_with(log)
    server.add_components(service("One")).set("http_port", 0).mount("/x", [])
    assert server.get_settings().http_port == 0
    assert (server.http_server, server.https_server, log) == (None, None, [])


async def test_providers_come_after_what_they_need_and_otherwise_in_order_of_registration() -> None:
    """LOAD-023: constructor, property and factory parameters, depth first, in construction and in every hook."""
    log = Log()
    last, first = service("Last"), service("First")

    class Middle(Hooked):
        def __init__(self, log: Log, needed: Any = inject("services.Last")) -> None:
            super().__init__(log)

        on_init, on_ready, on_destroy = noting("Middle", "on_init", "on_ready", "on_destroy").values()

    server = server_with(log)
    server.add_components([Middle, first, last])
    await server.start()
    await server.stop()
    assert [entry for entry in log if entry.endswith("()")] == ["Last()", "Middle()", "First()"]
    for hook in ("on_init", "on_ready"):
        assert [entry for entry in log if entry.endswith(hook)] == [f"Last.{hook}", f"Middle.{hook}", f"First.{hook}"]
    destroyed = [entry for entry in log if entry.endswith("on_destroy")]
    assert destroyed == ["First.on_destroy", "Middle.on_destroy", "Last.on_destroy"]


async def test_a_start_after_a_stop_builds_everything_anew_and_runs_all_hooks_again() -> None:
    """LOAD-008, LOAD-044: values are released, hooks run again, what hooks registered does not pile up."""
    made: list[object] = []

    class Service:
        def __init__(self) -> None:
            made.append(self)

    @controller("/a")
    class Users:
        def __init__(self, service: Service) -> None:
            self.service = service

        @rest.get("/")
        def index(self) -> bool:
            return self.service is made[-1]

    class Server(ServerLoader):
        def on_init(self) -> None:
            self.mount("/hooked", Users)
            self.on_start(lambda: started.append(1))

        def after_routes_init(self) -> None:
            self.route("get", "/plain", None, lambda: "plain")

    started: list[int] = []
    server = Server({"http_port": 0, "mount": {"/rest": Users}})
    server.add_components(Service)
    for life in (1, 2, 3):
        await server.start()
        for path in ("/rest/a", "/hooked/a"):
            answer = await call_in_process(server, "GET", path)
            assert (answer.status, answer.json()) == (200, True)
        assert (await call_in_process(server, "GET", "/plain")).text == "plain"
        await server.stop()
        assert len(made) == len(started) == life
    assert len(set(map(id, made))) == 3


async def test_what_is_used_while_the_server_runs_is_there_after_a_restart() -> None:
    """LOAD-044, LOAD-117: as what is mounted then; what a hook uses is used by the hook again, and once."""
    order: list[str] = []

    def noting(name: str) -> Any:
        async def middleware(_: Any, next: Any) -> Any:
            order.append(name)
            return await next()

        middleware.__name__ = name
        return middleware

    class Server(ServerLoader):
        def before_routes_init(self) -> None:
            self.use(noting("hooked"))

        def on_ready(self) -> None:
            self.use(noting("ready"))

    server = Server({"http_port": 0, "mount": {}, "scan": []}).use(noting("first"))
    await server.start()
    server.use(noting("late"))
    for _ in range(3):
        order.clear()
        assert (await call_in_process(server, "GET", "/nothing")).status == 404
        assert sorted(order) == ["first", "hooked", "late", "ready"]
        assert order[:2] == ["first", "hooked"]
        await server.stop()
        await server.start()
    await server.stop()


async def test_bootstrap_builds_and_routes_and_listen_goes_on_from_there() -> None:
    """LOAD-005, LOAD-006, LOAD-042: no hook runs twice; it answers before it listens."""
    log = Log()

    @server_settings(mount={}, scan=[], http_port=0)
    class Server(ServerLoader):
        def __init__(self, config: Any = None) -> None:
            super().__init__(config)
            self.route("get", "/x", None, lambda: "x")

        def on_init(self) -> None:
            log.append("on_init")

        def after_routes_init(self) -> None:
            log.append("after_routes_init")

        def before_listen(self) -> None:
            log.append("before_listen")

        def on_ready(self) -> None:
            log.append("on_ready")

    server = await Server.bootstrap()
    assert (server.state, server.listening, log) == ("initialized", False, ["on_init", "after_routes_init"])
    assert (await call_in_process(server, "GET", "/x")).text == "x"
    await server.listen()
    assert (server.state, server.listening, log[2:]) == ("started", True, ["before_listen", "on_ready"])
    await server.listen()
    await server.stop()
    assert len(log) == 4

    other = await ServerLoader.bootstrap(Server, {"version": "2"}, debug=True)
    assert (other.get_settings().version, other.get_settings().debug) == ("2", True)
    await other.stop()
    with pytest.raises(TypeError, match="dict"):
        await ServerLoader.bootstrap(dict)


async def test_listening_without_network_runs_every_hook_and_opens_nothing() -> None:
    """LOAD-007, LOAD-034: and so do ports that are switched off."""
    log = Log()
    server = server_with(log, "before_listen", "after_listen", "on_ready")
    await server.listen(network=False)
    assert (server.listening, server.url, server.http_server) == (False, None, None)
    await server.stop()
    off = server_with(log, "on_ready", http_port=False, https_port=None)
    await off.start()
    assert (off.listening, off.url) == (False, None)
    await off.stop()
    assert log == ["Server.before_listen", "Server.after_listen", "Server.on_ready", "Server.on_ready"]


async def test_operations_cannot_be_called_from_within_hooks() -> None:
    """LOAD-052: they would wait for themselves."""
    told: list[str] = []

    class Server(ServerLoader):
        async def _try(self) -> None:
            for operation in (self.start, self.stop, self.listen):
                with pytest.raises(InvalidStateError):
                    await operation()
                told.append(operation.__name__)

        async def on_init(self) -> None:
            await self._try()

        async def on_ready(self) -> None:
            await self._try()

    async with Server({"http_port": 0}):
        assert told == ["start", "stop", "listen"] * 2


async def test_each_instance_has_each_hook_once_and_transient_ones_are_told_of(caplog: Any) -> None:
    """LOAD-024, LOAD-025: inherited hooks and constants count, two keys are one instance."""
    log = Log()
    one = service("One")
    server = server_with(log)
    server.add_components(one)
    server.bind("again").to_alias("services.One")
    constant = service("Constant")(log)
    server.bind("constant").to(constant)
    server.bind("constant.again").to(constant)

    class Odd:
        on_init = "no method"

    server.service(Odd)
    server.bind("transient").to_class(service("Passing")).in_scope(BindingScope.TRANSIENT)
    await server.start()
    await server.stop()
    assert [entry for entry in log if entry.endswith("on_init")] == ["One.on_init", "Constant.on_init"]
    assert "Passing()" not in log
    told = [record.getMessage() for record in caplog.records if record.name == "mainspring.loader"]
    assert len([line for line in told if "Passing" in line]) == 1
