"""Lists, their todos and their images as a process: every route, inclusion, bad input, and the data after a restart."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from openapi_spec_validator import validate
from tests.acceptance.conftest import ROOT, Service
from tests.repository.databases import admin, need, url_of

EXAMPLE = ROOT / "examples" / "todo-list"
NAMES = ("todo-lists", "todos", "todo-list-images")


class Lists(Service):
    """The example on a SQLite file, or on the database of a URL."""

    def __init__(self, database: Path | str) -> None:
        super().__init__(Path("unused"), EXAMPLE)
        self.environment = {"TODO_LIST_DATABASE": str(database)}

    def create(self, path: str, **fields: Any) -> dict[str, Any]:
        """Create something and give it as answered."""
        answer = self.client.post(path, json=fields)
        assert answer.status_code == 200, answer.text
        created: dict[str, Any] = answer.json()
        return created

    def filtered(self, path: str, filter: Any) -> Any:
        """What is answered to a filter."""
        answer = self.client.get(path, params={"filter": json.dumps(filter)})
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lists_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What the variable says: a file, or the URL of a database made for these tests."""
    if request.param == "sqlite":
        yield str(tmp_path_factory.mktemp("lists") / "lists.db")
        return
    need("postgresql")
    name = f"mainspring_{uuid4().hex[:12]}"
    asyncio.run(administer(f"CREATE DATABASE {name}"))
    yield url_of("postgresql").set(database=name).render_as_string(hide_password=False)
    asyncio.run(administer(f"DROP DATABASE {name} WITH (FORCE)"))


async def administer(command: str) -> None:
    async with admin("postgresql") as run:
        await run(command)


@pytest.fixture(scope="module")
def shared_lists(lists_database: str) -> Iterator[Lists]:
    service = Lists(lists_database)
    service.start()
    yield service
    service.kill()


@pytest.fixture
def lists(shared_lists: Lists) -> Lists:
    """A running service with nothing in it."""
    for name in NAMES:
        for each in shared_lists.client.get(f"/{name}").json():
            shared_lists.client.delete(f"/{name}/{each['id']}")
    return shared_lists


@pytest.fixture
def home(lists: Lists) -> dict[str, Any]:
    """A list with two todos and an image, beside another list with one todo."""
    home = lists.create("/todo-lists", title="home", color="red")
    other = lists.create("/todo-lists", title="other")
    lists.create(f"/todo-lists/{home['id']}/todos", title="cook", isComplete=True)
    lists.create(f"/todo-lists/{home['id']}/todos", title="clean")
    lists.create(f"/todo-lists/{other['id']}/todos", title="other's")
    lists.create(f"/todo-lists/{home['id']}/todo-list-image", value="house.png")
    return home


CREATED = [
    ("todo-lists", {"title": "t", "color": "red"}, {"title": "u"}),
    ("todos", {"title": "t", "desc": "d", "isComplete": False, "todoListId": None}, {"isComplete": True}),
    ("todo-list-images", {"value": "v", "todoListId": None}, {"value": "w"}),
]


@pytest.mark.parametrize(("name", "data", "change"), CREATED)
def test_everything_is_created_found_changed_and_deleted(lists, name, data, change):
    client = lists.client
    created = lists.create(f"/{name}", **data)
    path = f"/{name}/{created['id']}"
    assert created == {"id": created["id"], **data}
    assert client.get(path).json() == created
    assert client.get(f"/{name}").json() == [created]
    assert client.get(f"/{name}/count").json() == {"count": 1}
    changed = client.patch(path, json=change)
    assert (changed.status_code, changed.content) == (204, b"")
    assert client.get(path).json() == {**created, **change}
    assert client.put(path, json=data).status_code == 204
    assert client.get(path).json() == created
    assert client.patch(f"/{name}", json=change, params={"where": json.dumps(data)}).json() == {"count": 1}
    assert client.get(f"/{name}/count", params={"where": json.dumps(change)}).json() == {"count": 1}
    assert client.delete(path).status_code == 204
    for verb, body in (("GET", None), ("PATCH", change), ("PUT", data), ("DELETE", None)):
        answer = client.request(verb, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "ENTITY_NOT_FOUND")


@pytest.mark.parametrize(("name", "data", "_"), CREATED)
def test_bad_data_are_refused_and_nothing_is_stored(lists, name, data, _):
    required = "value" if name == "todo-list-images" else "title"
    cases = [({}, "required"), ({required: 5}, "type"), ({**data, "id": 3}, "additionalProperties")]
    if name != "todo-lists":
        cases += [({**data, "todoListId": "x"}, "type"), ({**data, "todo_list_id": 1}, "additionalProperties")]
    for body, code in cases:
        answer = lists.client.post(f"/{name}", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code), answer.text
    assert lists.client.post(f"/{name}", content="{", headers={"content-type": "application/json"}).status_code == 400
    assert lists.client.get(f"/{name}/x").status_code == 400
    assert lists.client.get(f"/{name}/99999999999999999999").status_code == 400
    assert lists.client.get(f"/{name}").json() == []


def test_the_todos_of_a_list_are_its_own(lists, home):
    """REL-020, REL-021, REL-022: over HTTP."""
    client, path = lists.client, f"/todo-lists/{home['id']}/todos"
    assert [todo["title"] for todo in client.get(path).json()] == ["cook", "clean"]
    assert [todo["title"] for todo in lists.filtered(path, {"where": {"isComplete": True}})] == ["cook"]
    assert lists.filtered(path, {"where": {"todoListId": home["id"] + 1}}) == []
    assert lists.create(path, title="same")["todoListId"] == home["id"]
    assert client.patch(path, json={"desc": "d"}, params={"where": '{"title":"cook"}'}).json() == {"count": 1}
    assert client.patch(path, json={"desc": "all"}).json() == {"count": 3}
    for verb in ("POST", "PATCH"):
        answer = client.request(verb, path, json={"title": "x", "todoListId": home["id"] + 1})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "additionalProperties")
    assert client.delete(f"{path}?where[title]=cook").json() == {"count": 1}
    assert client.delete(path).json() == {"count": 2}
    assert [(todo["title"], todo["desc"]) for todo in client.get("/todos").json()] == [("other's", None)]


def test_the_image_of_a_list_is_its_own(lists, home):
    """REL-025: over HTTP."""
    client, path = lists.client, f"/todo-lists/{home['id']}/todo-list-image"
    image = client.get(path).json()
    assert (image["value"], image["todoListId"]) == ("house.png", home["id"])
    assert lists.filtered(path, {"fields": ["value"]}) == {"value": "house.png"}
    assert client.patch(path, json={"value": "new.png"}).json() == {"count": 1}
    assert client.get(path).json() == {**image, "value": "new.png"}
    assert client.patch(path, json={"todoListId": 99}).status_code == 422
    assert client.delete(path).json() == {"count": 1}
    assert client.delete(path).json() == {"count": 0}
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "ENTITY_NOT_FOUND")


def test_a_todo_and_an_image_lead_to_their_list(lists, home):
    """REL-026: over HTTP."""
    client = lists.client
    assert client.get(f"/todos/{client.get('/todos').json()[0]['id']}/todo-list").json() == home
    assert client.get(f"/todo-list-images/{client.get('/todo-list-images').json()[0]['id']}/todo-list").json() == home
    for name, data in (("todos", {"title": "t"}), ("todo-list-images", {"value": "v"})):
        free = lists.create(f"/{name}", **data)
        assert client.get(f"/{name}/{free['id']}/todo-list").json() is None
        assert client.get(f"/{name}/4711/todo-list").status_code == 404
        for verb, path in (("POST", f"/{name}"), ("PATCH", f"/{name}/{free['id']}"), ("PATCH", f"/{name}")):
            answer = client.request(verb, path, json={**data, "todoListId": 4711})
            assert (answer.status_code, answer.json()["code"]) == (409, "FOREIGN_KEY_VIOLATION")


def test_what_belongs_to_a_list_goes_with_it(lists, home):
    """REL-001: with a constraint in the database; over HTTP."""
    client, path = lists.client, f"/todo-lists/{home['id']}"
    assert client.delete(path).status_code == 204
    assert [todo["title"] for todo in client.get("/todos").json()] == ["other's"]
    assert client.get("/todo-list-images").json() == []
    for verb in ("GET", "POST", "PATCH", "DELETE"):
        for name, data in (("todos", {"title": "t"}), ("todo-list-image", {"value": "v"})):
            assert client.request(verb, f"{path}/{name}", json=data).status_code == 404, (verb, name)


def test_related_things_are_included_by_a_filter(lists, home):
    """REL-040, REL-041, REL-045: over HTTP."""
    first, second = lists.filtered("/todo-lists", {"include": ["todos", "image"], "order": "id"})
    assert [todo["title"] for todo in first["todos"]] == ["cook", "clean"]
    assert first["image"]["value"] == "house.png"
    assert ([todo["title"] for todo in second["todos"]], second["image"]) == (["other's"], None)
    scope = {"where": {"isComplete": True}, "fields": ["title"]}
    found = lists.filtered(f"/todo-lists/{home['id']}", {"include": [{"relation": "todos", "scope": scope}]})
    assert found == {**home, "todos": [{"title": "cook"}]}
    nested = {"relation": "todoList", "scope": {"include": ["image"]}}
    for name in ("todos", "todo-list-images"):
        (todo, *_) = lists.filtered(f"/{name}", {"include": [nested]})
        assert todo["todoList"] == {**home, "image": first["image"]}
    by_brackets = lists.client.get(f"/todo-lists/{home['id']}?filter[include][][relation]=image").json()
    assert by_brackets == {**home, "image": first["image"]}
    (todo, *_) = lists.filtered(f"/todo-lists/{home['id']}/todos", {"include": ["todoList"], "limit": 1})
    assert todo["todoList"] == home


@pytest.mark.parametrize("filter", ['{"include":["x"]}', '{"include":"todos"}', '{"include":[{"scope":{}}]}', "{"])
def test_a_wrong_inclusion_is_400(lists, filter):
    for name in NAMES:
        assert lists.client.get(f"/{name}", params={"filter": filter}).status_code == 400


def test_related_data_are_not_written(lists):
    answer = lists.client.post("/todo-lists", json={"title": "x", "todos": [{"title": "y"}]})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "additionalProperties")


def test_the_document_has_every_route(lists):
    document = lists.client.get("/openapi.json").json()
    validate(document)
    crud = {f"/{name}{rest}" for name in NAMES for rest in ("", "/count", "/{id}")}
    related = {"/todo-lists/{id}/todos", "/todo-lists/{id}/todo-list-image", "/todos/{id}/todo-list"}
    assert set(document["paths"]) == crud | related | {"/todo-list-images/{id}/todo-list"}
    assert sorted(document["paths"]["/todo-lists/{id}/todos"]) == ["delete", "get", "patch", "post"]
    assert sorted(document["paths"]["/todo-lists/{id}/todo-list-image"]) == ["delete", "get", "patch", "post"]
    todo = document["components"]["schemas"]["Todo"]
    assert (list(todo["properties"]), todo["required"]) == (
        ["id", "title", "desc", "isComplete", "todoListId"],
        ["title"],
    )


def test_a_restart_finds_the_data(lists_database):
    service = Lists(lists_database)
    try:
        created = service.start() and service.create("/todo-lists", title="kept")
        service.create(f"/todo-lists/{created['id']}/todos", title="kept too")
        assert service.stop() == (0, "")
        service.start()
        found = service.filtered(f"/todo-lists/{created['id']}", {"include": ["todos"]})
        assert (found["title"], found["todos"][0]["title"]) == ("kept", "kept too")
        assert service.create("/todo-lists", title="next")["id"] > created["id"]
        assert service.stop() == (0, "")
    finally:
        service.kill()


def test_a_database_that_is_away_is_named_without_the_password():
    status, error = Lists("postgresql://me:secret@127.0.0.1:1/lists").fail()
    assert status == 1
    assert "secret" not in error
    assert "'db'" in error
