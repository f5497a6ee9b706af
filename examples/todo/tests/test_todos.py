"""Todos over HTTP, in process: a database of its own for each test, and another geocoder."""

from pathlib import Path

import pytest
from todo.application import TodoApplication
from todo.services.geocoder_service import GeocoderService

from mainspring.testing import BlockingHarness, CapturedEvents, Harness

Kit = Harness[TodoApplication]


@pytest.fixture
def mainspring_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[TodoApplication]:
    monkeypatch.setenv("TODO_DATABASE", str(tmp_path / "todo.db"))
    return TodoApplication


class OneAnswer:
    """Knows one place, whatever it is asked."""

    def locate(self, address: str) -> str:
        return f"1,2 ({address})"


async def test_a_todo_is_kept_until_it_is_deleted(mainspring_harness: Kit) -> None:
    t = mainspring_harness
    created = (await t.request("POST", "/todos", json={"title": "sing"})).json()
    assert (await t.request("GET", f"/todos/{created['id']}")).json() == created
    assert (await t.request("DELETE", f"/todos/{created['id']}")).status == 204
    assert (await t.request("GET", f"/todos/{created['id']}")).status == 404


async def test_an_address_becomes_a_place(mainspring_harness: Kit) -> None:
    answer = await mainspring_harness.request(
        "POST", "/todos", json={"title": "call", "remindAtAddress": "Main Street 1, Brno"}
    )
    assert answer.json()["remindAtGeo"] == "49.1951,16.6068"


async def test_the_geocoder_can_be_another_one_for_one_request(mainspring_harness: Kit) -> None:
    body = {"title": "call", "remindAtAddress": "Nowhere"}
    told = await mainspring_harness.request("POST", "/todos", json=body, overrides={GeocoderService: OneAnswer})
    assert told.json()["remindAtGeo"] == "1,2 (Nowhere)"
    untold = await mainspring_harness.request("POST", "/todos", json=body)
    assert untold.json()["remindAtGeo"] is None


async def test_what_is_refused_asks_nothing_of_the_database(
    mainspring_harness: Kit, mainspring_events: CapturedEvents
) -> None:
    assert (await mainspring_harness.request("POST", "/todos", json={"title": 5})).status == 422
    assert mainspring_events.statements == []


def test_the_same_without_a_coroutine(mainspring_blocking_harness: BlockingHarness[TodoApplication]) -> None:
    client = mainspring_blocking_harness.client
    assert client.get("/todos/count").json() == {"count": 0}
    assert "text/html" in client.get("/").headers["content-type"]
