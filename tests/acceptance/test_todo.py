"""What the Todo service does for a client that behaves."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from openapi_spec_validator import validate

EVERYTHING = {
    "title": "Buy milk: 牛乳 🥛",
    "desc": "two bottles",
    "isComplete": False,
    "remindAtAddress": "Main Street 5, Brno",
    "remindAtGeo": "49.2,16.6",
    "tag": {"colour": "blue", "sizes": [1, 2.5, None, True], "deep": {"a": {"b": "c"}}},
}


def ids(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [todo["id"] for todo in answer.json()]


def test_a_todo_is_created_read_changed_replaced_and_deleted(running):
    client = running.client
    created = running.todo(**EVERYTHING)
    path = f"/todos/{created['id']}"
    assert created == {"id": created["id"], **EVERYTHING}
    assert client.get(path).json() == created

    assert client.patch(path, json={"isComplete": True}).status_code == 204
    assert client.get(path).json() == {**created, "isComplete": True}

    answer = client.put(path, json={"title": "Buy bread"})
    assert (answer.status_code, answer.content) == (204, b"")
    replaced = client.get(path).json()
    assert replaced["title"] == "Buy bread"
    assert {name: value for name, value in replaced.items() if value is not None} == {
        "id": created["id"],
        "title": "Buy bread",
    }

    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("tag", ["text", 5, 2.5, True, None, [], [1, "a", None], {}, {"a": {"b": [1]}}])
def test_a_tag_is_any_json_value(running, tag):
    created = running.todo(title="x", tag=tag)
    assert running.client.get(f"/todos/{created['id']}").json().get("tag") == tag


def test_ids_are_generated_and_not_given_out_again(running):
    first = running.todo(title="first")["id"]
    running.client.delete(f"/todos/{first}")
    assert running.todo(title="second")["id"] > first


def test_todos_are_counted_and_changed_together(running):
    client = running.client
    for title, done in (("a", True), ("b", False), ("c", False)):
        running.todo(title=title, isComplete=done)
    assert client.get("/todos/count").json() == {"count": 3}
    assert client.get("/todos/count", params={"where": '{"isComplete":false}'}).json() == {"count": 2}
    assert client.get("/todos/count?where[isComplete]=true").json() == {"count": 1}

    where = {"where": json.dumps({"title": {"inq": ["a", "b"]}})}
    assert client.patch("/todos", params=where, json={"desc": "changed"}).json() == {"count": 2}
    assert [todo.get("desc") for todo in client.get("/todos").json()] == ["changed", "changed", None]
    assert client.patch("/todos", json={"isComplete": True}).json() == {"count": 3}
    assert client.get("/todos/count?where[isComplete]=true").json() == {"count": 3}


@pytest.mark.parametrize(
    ("filter", "brackets", "titles"),
    [
        ({"where": {"isComplete": True}}, "filter[where][isComplete]=true", ["b", "d"]),
        ({"limit": 2}, "filter[limit]=2", ["a", "b"]),
        ({"limit": 2, "skip": 1}, "filter[limit]=2&filter[skip]=1", ["b", "c"]),
        ({"offset": 3}, "filter[offset]=3", ["d"]),
        ({"order": "title DESC"}, "filter[order]=title%20DESC", ["d", "c", "b", "a"]),
        (
            {"order": ["isComplete DESC", "title ASC"]},
            "filter[order][]=isComplete+DESC&filter[order][]=title+ASC",
            "bdac",
        ),
        (
            {"where": {"title": {"inq": ["a", "c"]}}},
            "filter[where][title][inq][]=a&filter[where][title][inq][]=c",
            "ac",
        ),
        ({"where": {"title": {"like": "%b%"}}}, "filter[where][title][like]=%25b%25", ["b"]),
        (
            {"where": {"or": [{"title": "a"}, {"title": "d"}]}},
            "filter[where][or][0][title]=a&filter[where][or][1][title]=d",
            "ad",
        ),
        ({"where": {"remindAtGeo": {"exists": False}}}, "filter[where][remindAtGeo][exists]=false", "abcd"),
    ],
)
def test_filters_are_json_or_brackets(running, filter, brackets, titles):
    for title in "abcd":
        running.todo(title=title, isComplete=title in "bd")
    by_json = running.client.get("/todos", params={"filter": json.dumps(filter)})
    by_brackets = running.client.get(f"/todos?{brackets}")
    assert by_json.status_code == by_brackets.status_code == 200, (by_json.text, by_brackets.text)
    assert [todo["title"] for todo in by_json.json()] == list(titles)
    assert by_brackets.json() == by_json.json()


def test_a_filter_chooses_fields(running):
    created = running.todo(**EVERYTHING)
    for query in ('filter={"fields":["title","isComplete"]}', "filter[fields]=title&filter[fields]=isComplete"):
        expected = {"title": EVERYTHING["title"], "isComplete": False}
        assert running.client.get(f"/todos/{created['id']}?{query}").json() == expected
        assert running.client.get(f"/todos?{query}").json() == [expected]


def test_the_geocoder_fills_in_the_place_of_an_address(running):
    assert running.todo(title="x", remindAtAddress="Masaryk Square, Brno")["remindAtGeo"] == "49.1951,16.6068"
    assert running.todo(title="x", remindAtAddress="geo:-33.9,151.25")["remindAtGeo"] == "-33.9,151.25"
    assert running.todo(title="x", remindAtAddress="Brno", remindAtGeo="1,2")["remindAtGeo"] == "1,2"
    assert running.todo(title="x", remindAtAddress="somewhere").get("remindAtGeo") is None


def test_the_id_in_the_body_may_be_that_of_the_path(running):
    created = running.todo(title="x")
    path = f"/todos/{created['id']}"
    assert running.client.put(path, json={**created, "title": "y"}).status_code == 204
    assert running.client.patch(path, json={"id": created["id"], "desc": "z"}).status_code == 204
    assert running.client.get(path).json()["title"] == "y"
    answer = running.client.put(path, json={"id": created["id"] + 1, "title": "other"})
    assert answer.status_code == 409
    assert running.client.get(path).json()["title"] == "y"


def test_the_document_is_valid_and_complete(running):
    answer = running.client.get("/openapi.json")
    document = answer.json()
    assert document["openapi"].startswith("3.1")
    validate(document)
    operations = {
        f"{verb} {path}" for path, verbs in document["paths"].items() for verb in verbs if verb != "parameters"
    }
    assert operations == {
        "get /todos",
        "post /todos",
        "patch /todos",
        "get /todos/count",
        "get /todos/{id}",
        "put /todos/{id}",
        "patch /todos/{id}",
        "delete /todos/{id}",
    }
    todo = next(schema for name, schema in document["components"]["schemas"].items() if name == "Todo")
    assert list(todo["properties"]) == ["id", "title", "desc", "isComplete", "remindAtAddress", "remindAtGeo", "tag"]
    assert todo["required"] == ["title"]


def test_pages_need_no_network(running):
    home = running.client.get("/")
    assert home.headers["content-type"] == "text/html; charset=utf-8"
    for link in ("explorer", "openapi.json", "todos"):
        assert f'href="{link}"' in home.text
        assert running.client.get(f"/{link}", follow_redirects=True).status_code == 200
    explorer = running.client.get("/explorer", follow_redirects=True)
    assert "text/html" in explorer.headers["content-type"]
    for page in (home, explorer):
        assert "//" not in page.text.replace("http://www.w3.org", ""), "nothing is fetched from elsewhere"


def test_other_origins_may_use_it(running):
    preflight = running.client.options(
        "/todos",
        headers={"origin": "https://example.org", "access-control-request-method": "PATCH"},
    )
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "PATCH" in preflight.headers["access-control-allow-methods"]
    for path in ("/todos", "/nothing", "/openapi.json"):
        answer = running.client.get(path, headers={"origin": "https://example.org"})
        assert answer.headers["access-control-allow-origin"] == "*"


def test_the_data_is_a_sqlite_file(running):
    running.todo(title="stored")
    with sqlite3.connect(f"file:{running.database}?mode=ro", uri=True) as connection:
        assert connection.execute("select count(*) from todo").fetchone() == (1,)


def test_many_clients_at_once_lose_nothing(running):
    with ThreadPoolExecutor(16) as pool:
        created = list(pool.map(lambda number: running.todo(title=f"todo {number}"), range(64)))
    assert len({todo["id"] for todo in created}) == 64
    assert len(running.client.get("/todos").json()) == 64
