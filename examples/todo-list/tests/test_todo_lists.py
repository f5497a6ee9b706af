"""Lists and their todos over HTTP. The tests share a database, and each leaves it as it was."""

import json
from collections.abc import Iterator

import pytest
from todo_list.application import TodoListApplication

from mainspring.testing import CapturedEvents, Harness

Kit = Harness[TodoListApplication]

pytestmark = pytest.mark.usefixtures("mainspring_rollback")


@pytest.fixture(scope="session", autouse=True)
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The file, or any database: ``TODO_LIST_DATABASE`` takes URLs as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TODO_LIST_DATABASE", str(tmp_path_factory.mktemp("lists") / "lists.db"))
        yield


@pytest.fixture
async def home(mainspring_harness: Kit) -> int:
    """A list with two todos."""
    t = mainspring_harness
    home: int = (await t.request("POST", "/todo-lists", json={"title": "home"})).json()["id"]
    for title in ("cook", "sleep"):
        assert (await t.request("POST", f"/todo-lists/{home}/todos", json={"title": title})).status == 200
    return home


async def test_a_list_is_given_with_its_todos_by_two_statements(
    mainspring_harness: Kit, home: int, mainspring_events: CapturedEvents
) -> None:
    mainspring_events.clear()
    wanted = json.dumps({"include": ["todos"]})
    found = (await mainspring_harness.request("GET", f"/todo-lists/{home}", query={"filter": wanted})).json()
    assert [todo["title"] for todo in found["todos"]] == ["cook", "sleep"]
    assert len(mainspring_events.statements) == 2


async def test_todos_of_one_list_are_deleted_without_those_of_another(mainspring_harness: Kit, home: int) -> None:
    t = mainspring_harness
    other = (await t.request("POST", "/todo-lists", json={"title": "other"})).json()["id"]
    await t.request("POST", f"/todo-lists/{other}/todos", json={"title": "stay"})
    assert (await t.request("DELETE", f"/todo-lists/{home}/todos")).json() == {"count": 2}
    assert [todo["title"] for todo in (await t.request("GET", "/todos")).json()] == ["stay"]


async def test_no_test_sees_what_another_one_wrote(mainspring_harness: Kit) -> None:
    assert (await mainspring_harness.request("GET", "/todo-lists")).json() == []
    assert (await mainspring_harness.request("GET", "/todos")).json() == []
