"""Testing a server: its real life without sockets, doubles, requests in process."""

from typing import Annotated, Any

import pytest

from mainspring.core import inject
from mainspring.loader import (
    HarnessClosedError,
    ServerLoader,
    controller,
    get,
    harness,
    post,
    request_body,
    server_settings,
)

LOG: list[str] = []


class Clock:
    def now(self) -> str:
        return "real"


class Greeter:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def on_init(self) -> None:
        LOG.append("greeter.on_init")


@controller("/greet")
class Greet:
    key: str = inject("key")

    def __init__(self, greeter: Greeter) -> None:
        self.greeter = greeter

    @get("/{name}")
    def greet(self, name: str) -> str:
        return f"{name} {self.greeter.clock.now()} {self.key}"

    @post("/")
    def echo(self, body: Annotated[dict[str, int], request_body()]) -> dict[str, int]:
        return body


@server_settings(mount={"/rest": Greet}, scan=[], http_port=0)
class Server(ServerLoader):
    def __init__(self, config: Any = None) -> None:
        super().__init__(config)
        self.bind("key").to("key")
        self.add_components([Greeter, Clock])

    def on_ready(self) -> None:
        LOG.append(f"ready {self.get_settings().env} {self.listening}")

    def on_destroy(self) -> None:
        LOG.append("destroyed")


class FakeClock(Clock):
    def now(self) -> str:
        return "fake"


@pytest.fixture(autouse=True)
def empty() -> None:
    LOG.clear()


async def test_a_server_under_test_lives_its_real_life_without_sockets() -> None:
    """LOAD-168, LOAD-169: env is test, on_ready runs, it stops at the end."""
    async with harness(Server) as server:
        assert isinstance(server, Server)
        answer = await server.request("GET", "/rest/greet/ann", headers={"accept": "*/*"})
        assert (answer.status, answer.text) == (200, "ann real key")
        assert answer.headers["content-type"].startswith("text/plain")
        assert (await server.request("POST", "/rest/greet", json={"a": 1})).json() == {"a": 1}
        assert (server.listening, server.url) == (False, None)
    assert LOG == ["greeter.on_init", "ready test False", "destroyed"]


async def test_the_network_can_be_switched_on() -> None:
    """LOAD-168: then sockets are opened."""
    async with harness(Server, {"env": "own"}, network=True) as server:
        assert server.http_server is not None
        assert server.http_server.listening
    assert "ready own True" in LOG


async def test_bindings_are_replaced_before_anything_is_built() -> None:
    """LOAD-168: by key or class, a value or a class, those bound by the server itself too."""
    async with harness(Server, overrides={Clock: FakeClock, "key": "other"}) as server:
        assert (await server.request("GET", "/rest/greet/ann")).text == "ann fake other"
    async with harness(Server, overrides={Clock: FakeClock()}) as server:
        assert (await server.request("GET", "/rest/greet/ann")).text == "ann fake key"
    async with harness(Server) as server:
        assert (await server.request("GET", "/rest/greet/ann")).text == "ann real key"


async def test_a_body_that_fails_and_a_start_that_fails_stop_the_server() -> None:
    """LOAD-168: the error comes out, everything is ended."""
    with pytest.raises(ValueError, match="body"):
        async with harness(Server):
            raise ValueError("body")
    assert LOG[-1] == "destroyed"

    class Failing(Server):
        def on_ready(self) -> None:
            raise ValueError("ready")

    with pytest.raises(ValueError, match="ready"):
        async with harness(Failing):
            raise AssertionError
    assert LOG[-1] == "destroyed"
    with pytest.raises(TypeError, match="dict"):
        harness(dict)  # type: ignore[type-var]  # what is refused


async def test_an_instance_with_doubles_leaves_that_of_the_server_alone() -> None:
    """LOAD-170: its on_init is awaited; what stands between it and a double is made anew."""
    async with harness(Server) as server:
        LOG.clear()
        made = await server.invoke(Greeter, {Clock: FakeClock})
        assert (made.clock.now(), LOG) == ("fake", ["greeter.on_init"])
        nested = await server.invoke(Greet, {Clock: FakeClock()})
        assert nested.greet("bob") == "bob fake key"
        assert (await server.get(Greeter)) is not made
        assert (await server.request("GET", "/rest/greet/ann")).text == "ann real key"
        assert (await server.invoke(Greeter)).clock is await server.get(Clock)


async def test_harnesses_are_independent_and_closed_when_they_are_left() -> None:
    """LOAD-171: nested, one after the other; a request afterwards says so."""
    async with (
        harness(Server, overrides={"key": "outer"}) as outer,
        harness(Server, overrides={"key": "inner"}) as inner,
    ):
        assert (await outer.request("GET", "/rest/greet/a")).text == "a real outer"
        assert (await inner.request("GET", "/rest/greet/a")).text == "a real inner"
    with pytest.raises(HarnessClosedError, match="Server"):
        await inner.request("GET", "/rest/greet/a")
