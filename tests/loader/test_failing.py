"""A start that fails, at each phase: who is told, what is undone, in which order, and that it can be tried again."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from mainspring import rest
from mainspring.boot import BootError
from mainspring.core import BindingScope, CircularDependencyError, KeyNotBoundError
from mainspring.loader import LoaderSettingError, ServerLoader, StartTimeoutError, controller
from mainspring.rest.errors import DuplicateRouteError

PHASES = (
    "before_init",
    "on_init",
    "after_init",
    "on_mounting_middlewares",
    "before_routes_init",
    "on_routes_init",
    "after_routes_init",
    "before_listen",
    "after_listen",
    "on_ready",
)
OF_PROVIDERS = ("on_init", *PHASES[3:], "on_server_ready")


class BoomError(Exception):
    """What fails."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
    return True


class Noting(ServerLoader):
    """Notes what it is told of, and its own end."""

    def __init__(self, config: Any = None) -> None:
        super().__init__({"mount": {}, "scan": [], "http_port": 0, **(config or {})})
        self.log: list[Any] = []

    async def on_server_init_error(self, error: BaseException) -> bool:
        self.log.append(error)
        return True

    def on_destroy(self) -> None:
        self.log.append("Noting.on_destroy")


def failing(name: str, error: BaseException, *, is_async: bool) -> Callable[..., Any]:
    def plain(self: Any) -> None:
        raise error

    async def coroutine(self: Any) -> None:
        raise error

    return coroutine if is_async else plain


def service(log: list[Any], name: str, **members: Any) -> type[Any]:
    def note(hook: str) -> Any:
        return lambda self: log.append(f"{name}.{hook}")

    return type(name, (), {"on_init": note("on_init"), "on_destroy": note("on_destroy"), **members})


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("is_async", [True, False], ids=["async", "plain"])
async def test_a_hook_of_the_server_that_fails(phase: str, is_async: bool) -> None:
    """LOAD-045, LOAD-046, LOAD-047, LOAD-048, LOAD-051: told once, undone, raised itself, tried again."""
    error, port = BoomError(phase), free_port()
    server: Any = type("Server", (Noting,), {phase: failing(phase, error, is_async=is_async)})({"http_port": port})
    server.add_components([service(server.log, "One"), service(server.log, "Two")])
    with pytest.raises(BoomError) as caught:
        await server.start()
    assert caught.value is error
    assert is_free(port)
    assert (server.state, server.http_server) == ("stopped", None)
    built = ["One.on_init", "Two.on_init"] if PHASES.index(phase) > 1 else []
    ended = ["Two.on_destroy", "One.on_destroy"] if built else []
    own = [] if PHASES.index(phase) < 2 else ["Noting.on_destroy"]
    assert server.log == [*built, error, *ended, *own]

    server.log.clear()
    setattr(type(server), phase, lambda self: None)
    await server.start()
    assert server.listening
    await server.stop()
    assert server.log == ["One.on_init", "Two.on_init", "Two.on_destroy", "One.on_destroy", "Noting.on_destroy"]


@pytest.mark.parametrize("phase", OF_PROVIDERS)
async def test_a_hook_of_a_provider_that_fails(phase: str) -> None:
    """LOAD-045, LOAD-047: those whose on_init had returned, or that have none, are destroyed, last built first."""
    error, port = BoomError(phase), free_port()
    server = Noting({"http_port": port})
    log = server.log
    bare = type("Bare", (), {"on_destroy": lambda self: log.append("Bare.on_destroy")})
    bad = service(log, "Bad", **{phase: failing(phase, error, is_async=True)})
    server.add_components([service(log, "One"), bad, service(log, "Late"), bare])
    with pytest.raises(BoomError) as caught:
        await server.start()
    assert caught.value is error
    assert is_free(port)
    if phase == "on_init":
        expected = ["One.on_init", error, "Bare.on_destroy", "One.on_destroy"]
    else:
        begun = ["One.on_init", "Bad.on_init", "Late.on_init"]
        expected = [*begun, error, "Bare.on_destroy", "Late.on_destroy", "Bad.on_destroy", "One.on_destroy"]
    assert log == [*expected, "Noting.on_destroy"]


async def test_errors_on_the_way_back_are_notes_on_the_original() -> None:
    """LOAD-046, LOAD-047: of on_server_init_error as well."""

    class Server(Noting):
        def on_server_init_error(self, error: BaseException) -> None:
            raise RuntimeError("while looking")

        def on_ready(self) -> None:
            raise BoomError("ready")

    server = Server()
    server.add_components(service([], "One", on_destroy=failing("on_destroy", KeyError("while ending"), is_async=True)))
    with pytest.raises(BoomError, match="ready") as caught:
        await server.start()
    notes = "\n".join(caught.value.__notes__)
    assert "while looking" in notes
    assert "while ending" in notes


async def test_observers_are_stopped_and_sockets_closed_before_providers_are_destroyed() -> None:
    """LOAD-047: sockets first, then observers, then providers, then the server."""
    server = Noting()
    log = server.log

    class Observer:
        def start(self) -> None:
            log.append("observer.start")

        def stop(self) -> None:
            log.append(f"observer.stop, listening {server.listening}")

    server.life_cycle_observer(Observer)
    server.add_components(service(log, "One", on_ready=failing("on_ready", BoomError(), is_async=False)))
    with pytest.raises(BoomError):
        await server.start()
    assert log[-3:] == ["observer.stop, listening False", "One.on_destroy", "Noting.on_destroy"]


async def test_a_constructor_that_fails_names_the_way_to_it_and_a_ring_is_no_hang() -> None:
    """LOAD-031: the path of the resolution, the chain of a cycle."""

    class Bad:
        def __init__(self) -> None:
            raise BoomError("constructor")

    class Needing:
        def __init__(self, bad: Bad) -> None:
            self.bad = bad

    server = Noting()
    server.add_components([Needing, Bad])
    with pytest.raises(BoomError, match="constructor") as caught:
        await server.start()
    assert "Bad" in "".join(caught.value.__notes__)
    assert server.log == [caught.value, "Noting.on_destroy"]

    ring = Noting()
    ring.add_components([First, Second])
    with pytest.raises(CircularDependencyError, match=r"First.*Second"):
        await asyncio.wait_for(ring.start(), 10)


class First:
    def __init__(self, second: "Second") -> None:
        self.second = second


class Second:
    def __init__(self, first: First) -> None:
        self.first = first


async def test_a_port_in_use() -> None:
    """LOAD-045, LOAD-049: an OSError that names the port; the other port is closed again."""
    other = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = Noting({"http_port": port})
        with pytest.raises(OSError, match=str(port)) as caught:
            await server.start()
        assert caught.value.errno == errno.EADDRINUSE
        assert server.log == [caught.value, "Noting.on_destroy"]
    assert is_free(other)
    await server.start()
    assert server.listening
    await server.stop()


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("middlewares", [5], "not 5"),
        ("statics", {"/assets": {"root": ".", "indx": None}}, "indx"),
    ],
)
async def test_what_a_setting_names_wrongly_is_told_with_the_setting(setting: str, value: Any, words: str) -> None:
    """LOAD-045, LOAD-073, LOAD-108, LOAD-153"""
    server = Noting({setting: value, "mount": {}, "http_port": False})
    with pytest.raises((TypeError, ValueError), match=words) as caught:
        await server.start()
    assert any(repr(setting) in note for note in caught.value.__notes__)
    assert server.log == [caught.value, "Noting.on_destroy"]


async def test_wrong_mounts_and_files_fail_the_start_and_are_told(write: Any, tmp_path: Any) -> None:
    """LOAD-045, LOAD-082, LOAD-084, LOAD-085: a class that is none, a broken file, an operation twice."""
    write("controllers/broken.py", "import nothing_of_this_name\n")

    @controller("/a")
    class Users:
        @rest.get("/")
        def index(self) -> str:
            return "x"

    @controller("/a")
    class Again(Users):
        pass

    for mount, words in (
        ({"/x": [str]}, "/x.*str"),
        ({"/x": [1]}, "/x.*1"),
        ({"/x": "controllers/*.py"}, r"broken\.py"),
        ({"/x": [Users, Again]}, "/x/a"),
    ):
        server = Noting({"mount": mount, "root_dir": str(tmp_path)})
        with pytest.raises(Exception, match=words) as caught:
            await server.start()
        assert server.log == [caught.value, "Noting.on_destroy"]
        assert server.state == "stopped"
    assert isinstance(caught.value, DuplicateRouteError)


async def test_https_without_options_names_them() -> None:
    """LOAD-068: and nothing is left open."""
    port = free_port()
    server = Noting({"http_port": port, "https_port": 0})
    with pytest.raises(LoaderSettingError, match="https_options"):
        await server.start()
    assert is_free(port)


async def test_a_parameter_of_a_hook_that_cannot_be_injected_names_class_hook_and_parameter() -> None:
    """LOAD-026: of the server and of providers."""

    class Missing:
        pass

    class Server(Noting):
        def on_init(self, missing: Missing) -> None:
            raise AssertionError

    with pytest.raises(KeyNotBoundError, match=r"Server\.on_init.*missing|missing.*Server\.on_init"):
        await Server().start()

    class Service:
        async def on_ready(self, missing: Missing) -> None:
            raise AssertionError

    server = Noting()
    server.add_components(Service)
    with pytest.raises(KeyNotBoundError, match=r"Service\.on_ready.*missing|missing.*Service\.on_ready"):
        await server.start()


async def test_hooks_are_injected() -> None:
    """LOAD-026: by type, for server and providers, after the error in on_server_init_error."""

    class Service:
        pass

    class Server(Noting):
        def on_ready(self, service: Service) -> None:
            self.log.append(service)
            raise BoomError

        async def on_server_init_error(self, error: BaseException, service: Service) -> None:
            self.log.append((error, service))

    server = Server()
    server.add_components(Service)
    with pytest.raises(BoomError) as caught:
        await server.start()
    assert server.log[1] == (caught.value, server.log[0])


async def test_a_cancelled_start_is_undone_and_not_told() -> None:
    """LOAD-050: CancelledError, everything closed."""
    reached, port = asyncio.Event(), free_port()

    class Server(Noting):
        async def on_ready(self) -> None:
            reached.set()
            await asyncio.Event().wait()

    server = Server({"http_port": port})
    server.add_components(service(server.log, "One"))
    starting = asyncio.create_task(server.start())
    await reached.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert is_free(port)
    assert server.log == ["One.on_init", "One.on_destroy", "Noting.on_destroy"]
    assert server.state == "stopped"


async def test_a_hook_or_provider_that_never_finishes_is_named() -> None:
    """LOAD-014, LOAD-028: the start does not hang for ever, and says who does."""
    forever: Any = lambda *_: asyncio.Event().wait()  # noqa: E731 - one line of many

    for phase in ("on_init", "on_ready"):
        server: Any = type("Server", (Noting,), {phase: forever})({"start_timeout": 0.05})
        with pytest.raises(StartTimeoutError, match=rf"Server\.{phase}.*start_timeout"):
            await server.start()
        assert isinstance(server.log[0], StartTimeoutError)

    server = Noting({"start_timeout": 0.05})
    server.add_components(service([], "Slow", on_ready=forever))
    with pytest.raises(StartTimeoutError, match=r"Slow\.on_ready"):
        await server.start()


async def test_an_async_provider_that_never_finishes_is_named_and_not_those_who_wait_for_it() -> None:
    """LOAD-028, LOAD-030: the others are cancelled."""
    log: list[str] = []

    class Pool:
        pass

    class Repository:
        pass

    async def pool() -> Pool:
        try:
            await asyncio.Event().wait()
        finally:
            log.append("cancelled")
        return Pool()

    async def repository(pool: Pool) -> Repository:
        return Repository()

    server = Noting({"start_timeout": 0.05})
    server.bind("repository").to_dynamic_value(repository).in_scope(BindingScope.SINGLETON)
    server.bind("pool").to_dynamic_value(pool).in_scope(BindingScope.SINGLETON)
    with pytest.raises(StartTimeoutError) as caught:
        await server.start()
    assert caught.value.parts == ("pool",)
    assert log == ["cancelled"]
    assert isinstance(server.log[0], StartTimeoutError)


async def test_a_failing_async_provider_ends_the_others_and_cleans_up_what_was_opened() -> None:
    """LOAD-030: its own error, the others cancelled and awaited, generators cleaned up."""
    log: list[str] = []
    opened = asyncio.Event()

    async def generator() -> AsyncIterator[str]:
        log.append("open")
        opened.set()
        yield "value"
        log.append("closed")

    async def slow() -> str:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            log.append("cancelled")
        return "never"

    async def bad() -> str:
        await opened.wait()
        await asyncio.sleep(0)
        raise BoomError("provider")

    server = Noting()
    for name, factory in {"generator": generator, "slow": slow, "bad": bad}.items():
        server.bind(name).to_dynamic_value(factory).in_scope(BindingScope.SINGLETON)
    with pytest.raises(BoomError, match="provider"):
        await server.start()
    assert log == ["open", "cancelled", "closed"]


async def test_one_that_fails_while_ending_does_not_keep_the_others_from_it() -> None:
    """LOAD-039, LOAD-043: logged, raised at the end, several as a group; a second stop calls nothing."""
    server = Noting()
    await server.stop()
    assert server.log == []
    server.add_components(
        [
            service(server.log, "One"),
            service(server.log, "Bad", on_destroy=failing("on_destroy", BoomError("one"), is_async=False)),
            service(server.log, "Worse", on_destroy=failing("on_destroy", BoomError("two"), is_async=True)),
        ]
    )
    await server.start()
    server.log.clear()
    with pytest.raises(ExceptionGroup) as caught:
        await server.stop()
    assert [str(error) for error in caught.value.exceptions] == ["two", "one"]
    assert server.log == ["One.on_destroy", "Noting.on_destroy"]
    await server.stop()
    assert len(server.log) == 2


@pytest.mark.parametrize("way", ["start", "init", "listen"])
async def test_a_boot_that_fails_is_told_like_everything_else(tmp_path: Any, way: str) -> None:
    """LOAD-010, LOAD-045, LOAD-046, LOAD-051: once, also when several wait; corrected, it can be tried again."""
    folder = tmp_path / "services"
    folder.mkdir()
    (folder / "bad_service.py").write_text("raise RuntimeError('bad file')")
    server = Noting({"boot": True, "root_dir": str(tmp_path)})
    tries = await asyncio.gather(getattr(server, way)(), getattr(server, way)(), return_exceptions=True)
    assert server.log == [tries[0]] == [tries[1]]
    assert isinstance(tries[0], BootError)
    assert server.state == "created"
    with pytest.raises(BootError):
        await getattr(server, way)()
    assert len(server.log) == 2
    (folder / "bad_service.py").write_text("class Mended: ...")
    await getattr(server, way)()
    await server.stop()
    assert server.log[2:] == ["Noting.on_destroy"]


async def test_a_hook_that_fails_at_a_failing_boot_is_a_note(tmp_path: Any) -> None:
    """LOAD-046"""

    class Telling(ServerLoader):
        def on_server_init_error(self, error: BaseException) -> None:
            raise ValueError("of the hook")

    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "bad_service.py").write_text("raise RuntimeError('bad file')")
    with pytest.raises(BootError) as caught:
        await Telling({"boot": True, "root_dir": str(tmp_path), "mount": {}, "scan": []}).start()
    assert any("of the hook" in note for note in caught.value.__notes__)
