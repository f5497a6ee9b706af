"""An application under test for code without coroutines: it runs in a thread of its own."""

import asyncio
import threading
import urllib.request

import pytest

from mainspring.context import inject
from mainspring.rest import RestApplication
from mainspring.rest import get as get_route
from mainspring.testing import BlockingHarness, HarnessClosedError, harness


class Controller:
    def __init__(self, word: str = inject("word")) -> None:
        self.word = word

    @get_route("/word")
    async def say(self) -> dict[str, str]:
        await asyncio.sleep(0)
        return {"word": self.word, "thread": threading.current_thread().name}


class App(RestApplication):
    def __init__(self, config: object = None) -> None:
        super().__init__(config)
        self.bind("word").to("first")
        self.controller(Controller)


ANSWER = {"word": "first", "thread": "application under test"}


def test_it_is_asked_in_process_and_ends_with_the_block() -> None:
    with BlockingHarness(harness(App)) as t:
        assert t.app.state == "started"
        assert t.url is None
        assert t.request("GET", "/word").json() == t.client.get("/word").json() == ANSWER
        assert t.client.get("/openapi.json", headers={"accept-encoding": "gzip"}).json()["openapi"] == "3.1.0"
        assert t.client.post("/word", json={}).status_code == 405
        assert t.run(t.app.get("word")) == "first"
        assert t.client is t.client
    assert t.app.state == "stopped"
    assert "application under test" not in [thread.name for thread in threading.enumerate()]


def test_its_socket_answers_while_the_test_waits() -> None:
    with BlockingHarness(harness(App, network=True)) as t:
        with urllib.request.urlopen(f"{t.url}/word") as answer:
            assert b"first" in answer.read()
        assert t.client.get("/word").json() == ANSWER


def test_blocks_hold_for_their_length_also_when_they_fail() -> None:
    with BlockingHarness(harness(App)) as t:
        with t.override({"word": "second"}), t.capture() as events:
            assert t.client.get("/word").json()["word"] == "second"
            t.app.bind("mine").to(1)
        assert [binding.key for binding in events.of("bind")] == ["mine"]
        with pytest.raises(RuntimeError, match="mine"):
            fail_inside(t)
        assert t.request("GET", "/word", overrides={"word": "fourth"}).json()["word"] == "fourth"
        assert t.request("GET", "/word").json() == ANSWER


def fail_inside(t: BlockingHarness[App]) -> None:
    with t.override_requests({"word": "third"}):
        assert t.request("GET", "/word").json()["word"] == "third"
        raise RuntimeError("mine")


def test_a_start_that_fails_is_told_and_leaves_no_thread() -> None:
    def failing() -> None:
        raise RuntimeError("mine")

    app = App()
    app.on_start(failing)
    with pytest.raises(RuntimeError, match="mine"), BlockingHarness(harness(app)):
        pytest.fail("not reached")
    assert "application under test" not in [thread.name for thread in threading.enumerate()]


def test_outside_of_its_block_it_says_so() -> None:
    t = BlockingHarness(harness(App))
    for ask in (lambda: t.request("GET", "/word"), lambda: t.client):
        with pytest.raises(HarnessClosedError):
            ask()
    with t:
        pass
    with pytest.raises(HarnessClosedError):
        t.request("GET", "/word")
