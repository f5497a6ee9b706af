"""Providers: asynchronous ones, their values, scopes, and what is called on them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from typing import Annotated, Any

import pytest

from mainspring import rest
from mainspring.core import (
    Application,
    BindingScope,
    Context,
    InvocationContext,
    Next,
    ScopeError,
    inject,
    intercept,
)
from mainspring.loader import ServerLoader, controller, harness, use_before

OFF: dict[str, Any] = {"mount": {}, "scan": []}
SINGLETON = BindingScope.SINGLETON


class Pool:
    def __init__(self, log: list[str]) -> None:
        self.log = log

    def on_init(self) -> None:
        self.log.append("pool.on_init")

    async def on_destroy(self) -> None:
        self.log.append("pool.on_destroy")


class Repository:
    def __init__(self, pool: Any) -> None:
        self.pool = pool


class NeedsRepository:
    def __init__(self, repository: Repository, log: Annotated[list[str], inject("log")]) -> None:
        assert isinstance(repository.pool, Pool)
        self.log = log
        log.append("service")

    def on_init(self) -> None:
        self.log.append("service.on_init")


async def test_asynchronous_providers_are_there_before_everything_that_needs_them() -> None:
    """LOAD-016, LOAD-028, LOAD-029, LOAD-165: side by side, after those they inject, with values; then get_sync."""
    log: list[str] = []
    meet = asyncio.Barrier(2)

    async def pool() -> Pool:
        await meet.wait()
        log.append("pool")
        return Pool(log)

    async def other() -> None:
        await meet.wait()

    async def repository(pool: Pool) -> Repository:
        log.append("repository")
        return Repository(pool)

    class Server(ServerLoader):
        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.bind("log").to(log)
            self.add_components(NeedsRepository)
            self.bind("repository").to_dynamic_value(repository).in_scope(SINGLETON)
            self.bind("pool").to_dynamic_value(pool).in_scope(SINGLETON)
            self.bind("other").to_dynamic_value(other).in_scope(SINGLETON)

        def after_init(self) -> None:
            log.append("after_init")

        def before_routes_init(self) -> None:
            assert isinstance(self.get_sync("pool"), Pool)
            assert self.get_sync("other") is None

    async with asyncio.timeout(20), harness(Server, OFF) as server:
        assert server.get_sync("repository").pool is server.get_sync("pool")
    begun = ["pool", "repository", "service", "pool.on_init", "service.on_init", "after_init"]
    assert log == [*begun, "pool.on_destroy"]


async def test_values_of_generators_are_cleaned_up_in_the_same_sweep() -> None:
    """LOAD-038, LOAD-041: in reverse dependency order, while what they need is there, after the last request."""
    log: list[str] = []

    async def connection() -> AsyncIterator[Pool]:
        log.append("open")
        yield Pool(log)
        log.append("close")

    def session(pool: Pool) -> Iterator[list[Pool]]:
        yield [pool]
        log.append("session")

    class Service:
        def __init__(self, pool: Pool) -> None:
            pass

        def on_destroy(self) -> None:
            log.append("service")

    server = ServerLoader({**OFF, "http_port": False})
    server.bind("connection").to_dynamic_value(connection).in_scope(SINGLETON)
    server.bind("session").to_dynamic_value(session).in_scope(SINGLETON)
    server.add_components(Service)
    for _ in range(2):
        log.clear()
        await server.start()
        await server.stop()
        assert log == ["open", "pool.on_init", "service", "session", "pool.on_destroy", "close"]


async def test_requests_in_flight_may_use_every_provider_until_they_are_done() -> None:
    """LOAD-041: no on_destroy begins before."""
    log: list[str] = []
    entered, leave = asyncio.Event(), asyncio.Event()

    @controller("/slow")
    class Slow:
        @rest.get("/")
        async def slow(self) -> str:
            entered.set()
            await leave.wait()
            log.append("answered")
            return "x"

        def on_destroy(self) -> None:
            log.append("destroyed")

    server = ServerLoader({"mount": [Slow], "scan": [], "http_port": 0})
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
    await entered.wait()
    stopping = asyncio.create_task(server.stop())
    while server.listening:  # noqa: ASYNC110 - nothing announces it
        await asyncio.sleep(0)
    leave.set()
    assert b"200 OK" in await reader.readline()
    await stopping
    writer.close()
    assert log == ["answered", "destroyed"]


async def test_a_singleton_that_needs_a_value_of_the_request_is_refused_at_the_start() -> None:
    """LOAD-163: both are named, also through what is made anew each time."""

    class Tenant:
        pass

    class Between:
        def __init__(self, tenant: Tenant) -> None:
            pass

    class Service:
        def __init__(self, between: Between) -> None:
            pass

    @controller("/x")
    class Direct:
        def __init__(self, tenant: Tenant) -> None:
            pass

    server = ServerLoader({**OFF, "http_port": False})
    server.bind("tenant").to_class(Tenant).in_scope(BindingScope.REQUEST)
    server.bind("between").to_class(Between)
    server.add_components(Service)
    with pytest.raises(ScopeError, match=r"services\.Service.*tenant"):
        await server.start()

    other = ServerLoader({**OFF, "http_port": False, "mount": [Direct]})
    other.bind("tenant").to_class(Tenant).in_scope(BindingScope.REQUEST)
    with pytest.raises(ScopeError, match=r"Direct.*tenant"):
        await other.start()


async def test_a_provider_got_in_on_init_is_built_once() -> None:
    """LOAD-015: that one and what it needs; later phases do not build it again."""
    made: list[str] = []

    class Needed:
        def __init__(self) -> None:
            made.append("needed")

    class Service:
        def __init__(self, needed: Needed) -> None:
            made.append("service")

    class Other:
        def __init__(self) -> None:
            made.append("other")

    class Server(ServerLoader):
        async def on_init(self, service: Service) -> None:
            assert made == ["needed", "service"]

    server = Server({**OFF, "http_port": False})
    server.add_components([Other, Service, Needed])
    async with server:
        assert made == ["needed", "service", "other"]


async def test_events_and_values_go_through_the_providers_in_order() -> None:
    """LOAD-035: each that has the method; the first error ends it."""
    log: list[Any] = []

    def service(name: str) -> type[Any]:
        async def on_event(self: Any, *args: Any) -> str:
            log.append((name, *args))
            return "not used"

        return type(name, (), {"on_event": on_event, "change": lambda self, value, more: f"{value}{name}{more}"})

    class Silent:
        on_event = None

    class Failing:
        def on_event(self, *args: Any) -> None:
            if args == ("fail",):
                raise ValueError("told")

    server = ServerLoader({**OFF, "http_port": False})
    server.add_components([service("A"), Silent, Failing, service("B")])
    async with server:
        assert await server.emit("on_event", 1, 2) is None  # type: ignore[func-returns-value]  # that is what is tested
        assert log == [("A", 1, 2), ("B", 1, 2)]
        assert await server.alter("change", "x", "-") == "xA-B-"
        with pytest.raises(ValueError, match="told"):
            await server.emit("on_event", "fail")
        assert log[2:] == [("A", "fail")]


async def test_hooks_see_what_earlier_ones_set_in_context_variables_and_no_interceptors() -> None:
    """LOAD-027: those of the caller too, also between the two halves of a start."""
    name: ContextVar[str] = ContextVar("name", default="")
    seen: list[str] = []

    async def noting(inv: InvocationContext, next: Next) -> Any:
        seen.append("intercepted")
        return await next()

    @intercept(noting)
    class Service:
        def on_init(self) -> None:
            seen.append(name.get())

    class Server(ServerLoader):
        async def on_init(self) -> None:
            seen.append(name.get())
            name.set("on_init")

        def before_listen(self) -> None:
            seen.append(name.get())
            name.set("before_listen")

        def on_ready(self) -> None:
            seen.append(name.get())

    server = Server({**OFF, "http_port": False})
    server.add_components(Service)
    name.set("caller")
    async with server:
        assert seen == ["caller", "on_init", "on_init", "before_listen"]


async def test_the_server_is_injected_in_the_state_of_the_phase() -> None:
    """LOAD-166: by its class, ServerLoader and Application."""
    states: list[str] = []

    class Server(ServerLoader):
        pass

    class Service:
        def __init__(self, own: Server, loader: ServerLoader, app: Application) -> None:
            assert own is loader is app
            states.append(own.state)

    server = Server({**OFF, "http_port": False})
    server.add_components(Service)
    async with server:
        assert states == ["initializing"]


async def test_on_init_registers_functions_where_it_is_no_hook() -> None:
    """LOAD-014: and where it is one, observers with init take that role."""
    log: list[str] = []
    plain = ServerLoader({**OFF, "http_port": False})
    binding = plain.on_init(lambda: log.append("registered"))
    assert binding.key.startswith("life_cycle_observers.")

    class Observer:
        def init(self) -> None:
            log.append("observer")

    class Server(ServerLoader):
        def on_init(self) -> None:
            log.append("hook")

    own = Server({**OFF, "http_port": False})
    own.life_cycle_observer(Observer)
    async with plain, own:
        assert log == ["registered", "hook", "observer"]


async def test_a_parent_context_is_seen_and_left_alone() -> None:
    """LOAD-024: what is bound above is not the server's to end."""
    log: list[str] = []
    parent = Context("parent")
    parent.bind("pool").to_dynamic_value(lambda: Pool(log)).in_scope(SINGLETON)
    server = ServerLoader({**OFF, "http_port": False}, parent)
    async with server:
        assert await server.get("pool") is await parent.get("pool")
    assert log == []
    assert ServerLoader(parent).parent is parent


class Noting:
    """What notes its life in the log of the server."""

    def __init__(self, log: Annotated[list[str], inject("log")]) -> None:
        self.log = log
        self.note("__init__")

    def note(self, what: str) -> None:
        self.log.append(f"{type(self).__name__}.{what}")

    def on_init(self) -> None:
        self.note("on_init")

    def on_ready(self) -> None:
        self.note("on_ready")

    def on_destroy(self) -> None:
        self.note("on_destroy")


class Guard(Noting):
    def use(self) -> None: ...


class Gate(Noting):
    def use(self) -> None: ...


class Late(Noting):
    pass


@controller("/guarded")
class Guarded:
    @rest.get("/")
    @use_before(Guard)
    def index(self, log: Annotated[list[str], inject("log")]) -> str:
        log.append("handler")
        return "x"


class Guarding(ServerLoader):
    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.bind("log").to([])

    def before_routes_init(self) -> None:
        self.use(Gate)
        self.add_components(Late)


async def test_middleware_of_operations_and_of_hooks_is_built_and_called_as_other_providers_are() -> None:
    """LOAD-024, LOAD-031, LOAD-088, LOAD-100: whoever names it, and whatever is bound until the routes are made."""
    async with harness(Guarding, {"mount": [Guarded], "scan": []}) as server:
        log: list[str] = await server.get("log")
        built = ["Gate", "Late", "Guard"]
        assert sorted(log[:4]) == sorted(f"{name}.{what}" for name in built[:2] for what in ("__init__", "on_init"))
        assert log[4:] == ["Guard.__init__", "Guard.on_init", *(f"{name}.on_ready" for name in built)]
        log.clear()
        assert (await server.request("GET", "/guarded")).text == "x"
        assert log == ["handler"]
        log.clear()
    assert log == [f"{name}.on_destroy" for name in reversed(built)]


async def test_middleware_that_is_kept_and_needs_something_of_a_request_is_refused_at_the_start() -> None:
    """LOAD-163: as for any other class."""

    class User:
        pass

    class Authenticated:
        def __init__(self, user: User) -> None:
            self.user = user

        def use(self) -> None: ...

    @controller("/users")
    class Users:
        @rest.get("/")
        @use_before(Authenticated)
        def index(self) -> None: ...

    server = ServerLoader({"mount": [Users], "scan": [], "http_port": False})
    server.bind("user").to_class(User).in_scope(BindingScope.REQUEST)
    with pytest.raises(ScopeError, match=r"middlewares\.Authenticated.*'user'"):
        await server.start()
