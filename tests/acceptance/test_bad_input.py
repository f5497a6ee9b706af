"""Bad input: each a clear error at the right status, and the data as it was."""

import json

import pytest


@pytest.fixture
def unchanged(running):
    """A service with one todo, which is the same afterwards."""
    running.todo(title="kept", tag={"a": 1})
    before = running.client.get("/todos").json()
    yield running
    assert running.client.get("/todos").json() == before


def entries(answer):
    return [(entry["path"], entry["code"]) for entry in answer.json()["errors"]]


@pytest.mark.parametrize(
    "body",
    ["{", '{"title": }', '{"title": "x",}', '{"title": "x"} more', "{'title': 'x'}", '{"title": NaN}', '"\ud800"'],
)
def test_malformed_json_is_400(unchanged, body):
    content = body.encode("utf-8", "surrogatepass")
    answer = unchanged.client.post("/todos", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "MALFORMED_BODY"
    assert answer.json()["instance"] == "/todos"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [("", "required")]),
        ({"title": 5}, [("/title", "type")]),
        ({"title": None}, [("/title", "type")]),
        ({"title": ""}, [("/title", "minLength")]),
        ({"title": "x", "isComplete": "yes"}, [("/isComplete", "type")]),
        ({"title": "x", "isComplete": 1}, [("/isComplete", "type")]),
        ({"title": "x", "desc": ["a"]}, [("/desc", "type")]),
        ({"title": "x", "colour": "red"}, [("", "additionalProperties")]),
        ({"title": "x", "is_complete": True}, [("", "additionalProperties")]),
        ({"title": "x", "id": 7}, [("", "additionalProperties")]),
        ({"desc": 1, "remindAtGeo": 2}, [("", "required"), ("/desc", "type"), ("/remindAtGeo", "type")]),
        ([], [("", "type")]),
        ("text", [("", "type")]),
    ],
)
def test_wrong_types_and_unknown_fields_are_422_with_every_violation(unchanged, body, expected):
    answer = unchanged.client.post("/todos", json=body)
    assert answer.status_code == 422
    assert answer.json()["code"] == "VALIDATION_FAILED"
    assert sorted(entries(answer)) == sorted(expected)


def test_an_unknown_field_is_named(unchanged):
    for verb, path in (("POST", "/todos"), ("PATCH", "/todos"), ("PUT", "/todos/1"), ("PATCH", "/todos/1")):
        answer = unchanged.client.request(verb, path, json={"title": "x", "colour": "red"})
        assert answer.status_code == 422
        assert [entry["info"]["additionalProperty"] for entry in answer.json()["errors"]] == ["colour"]


@pytest.mark.parametrize(
    ("verb", "body"),
    [("GET", None), ("PUT", {"title": "x"}), ("PATCH", {"title": "x"}), ("PATCH", {}), ("DELETE", None)],
)
def test_unknown_ids_are_404(unchanged, verb, body):
    answer = unchanged.client.request(verb, "/todos/999999", json=body)
    assert answer.status_code == 404
    assert answer.json()["code"] == "ENTITY_NOT_FOUND"
    assert "999999" in answer.json()["detail"]


@pytest.mark.parametrize("id", ["abc", "1.5", "1e3", "0x1", "%20", "9" * 5000])
def test_ids_that_are_no_numbers_are_400(unchanged, id):
    answer = unchanged.client.get(f"/todos/{id}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["info"]["name"] == "id"


def test_a_number_beyond_the_database_is_not_found(unchanged):
    for number in (2**63, -(2**63) - 1, 10**30):
        assert unchanged.client.get(f"/todos/{number}").status_code in (400, 404, 422)


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "nonsense"])
def test_a_wrong_media_type_is_415(unchanged, kind):
    answer = unchanged.client.post("/todos", content='{"title":"x"}', headers={"content-type": kind})
    assert answer.status_code == 415
    assert answer.json()["code"] == "UNSUPPORTED_MEDIA_TYPE"
    assert "application/json" in answer.headers["accept"]


def test_no_body_is_400(unchanged):
    answer = unchanged.client.post("/todos", headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "MISSING_REQUIRED_PARAMETER"


def test_a_body_beyond_the_limit_is_413(unchanged):
    answer = unchanged.client.post("/todos", json={"title": "x" * (1024 * 1024)})
    assert answer.status_code == 413
    assert answer.json()["code"] == "PAYLOAD_TOO_LARGE"


@pytest.mark.parametrize(
    "filter",
    [
        "{",
        "[1]",
        "5",
        '{"where":{"nothing":1}}',
        '{"where":{"title":{"near":1}}}',
        '{"where":{"isComplete":"yes"}}',
        '{"limit":0}',
        '{"limit":"x"}',
        '{"skip":-1}',
        '{"order":"nothing ASC"}',
        '{"order":"title SIDEWAYS"}',
        '{"order":"title; drop table todo"}',
        '{"fields":["nothing"]}',
        '{"include":["nothing"]}',
        '{"nothing":1}',
        '{"where":{"is_complete":true}}',
    ],
)
def test_a_wrong_filter_is_400(unchanged, filter):
    answer = unchanged.client.get("/todos", params={"filter": filter})
    assert answer.status_code == (501 if "near" in filter else 400), answer.text
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "query",
    [
        "filter[limit]=x",
        "filter[where][nothing]=1",
        "filter[where][isComplete]=yes",
        "filter[nothing]=1",
        "filter=1&filter=2",
    ],
)
def test_a_wrong_filter_in_brackets_is_400(unchanged, query):
    assert unchanged.client.get(f"/todos?{query}").status_code == 400


def test_a_wrong_condition_changes_nothing(unchanged):
    for where in ('{"tpyo":1}', "{", "[]"):
        answer = unchanged.client.patch("/todos", params={"where": where}, json={"title": "changed"})
        assert answer.status_code == 400


def test_unknown_paths_and_verbs_are_404_and_405(unchanged):
    missing = unchanged.client.get("/nothing")
    assert missing.status_code == 404
    assert missing.json()["detail"] == 'Endpoint "GET /nothing" not found.'
    refused = unchanged.client.delete("/todos")
    assert refused.status_code == 405
    for verb in ("PUT", "PATCH", "DELETE"):
        answer = unchanged.client.request(verb, "/todos/count", json={"title": "x"})
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert {"GET", "POST", "PATCH"} <= set(refused.headers["allow"].replace(" ", "").split(","))


def test_text_of_every_kind_comes_back_as_it_was(running):
    for title in ("'; drop table todo; --", "%_\\", "é 漢 \U0001f600", "<script>", "a\tb\nc", "\u202e", " "):
        created = running.todo(title=title)
        assert running.client.get(f"/todos/{created['id']}").json()["title"] == title
        found = running.client.get("/todos", params={"filter": json.dumps({"where": {"title": title}})})
        assert [todo["id"] for todo in found.json()] == [created["id"]]


def test_a_nul_in_a_text_is_refused_in_words(unchanged):
    answer = unchanged.client.post("/todos", json={"title": "a\0b"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "/title"


def test_no_error_tells_of_the_inside(unchanged):
    for path in ("/nothing", "/todos/abc", "/todos/999999", "/todos?filter=%7B", "/todos?filter[where][x]=1"):
        text = unchanged.client.get(path).text
        assert "Traceback" not in text
        assert ".py" not in text
        assert "sqlalchemy" not in text.lower()
