"""Checking results on request, against everything an operation declares of them."""

import logging
from typing import Annotated, Any

import msgspec
import pytest

from mainspring.rest import Response, RestApplication, get, param, response


class Todo(msgspec.Struct):
    title: str


ID = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}


def of(schema: Any, status: str = "200", media_type: str = "application/json") -> dict[str, Any]:
    return {"responses": {status: {"description": "", "content": {media_type: {"schema": schema}}}}}


@pytest.mark.parametrize(
    ("spec", "result", "fits"),
    [
        (of(ID), {"id": 1}, True),
        (of(ID), {"id": "1"}, False),
        (of({"$ref": "#/components/schemas/Id"}), {"id": "x"}, False),
        (of({"type": "array", "items": {"x-type": Todo}}), [{"title": "a"}], True),
        (of({"type": "array", "items": {"x-type": Todo}}), [{"title": 1}], False),
        (of(ID, "2XX"), {}, False),
        (of(ID, "default"), {}, False),
        (of(ID, "404"), {"anything": True}, True),
        (of({"type": "string", "maxLength": 3}, "200", "text/plain"), "abc", True),
        (of({"type": "string", "maxLength": 3}, "200", "text/plain"), "abcd", False),
        (of(ID, "200", "application/msgpack"), {"id": "x"}, False),
        (of(ID, "201"), Response({"id": "x"}, 201), False),
        (of(ID, "201"), Response({"id": "x"}, 202), True),
    ],
)
async def test_results_are_checked_against_hand_written_schemas(web: Any, spec: Any, result: Any, fits: bool) -> None:
    """REST-156"""
    app = RestApplication({"rest": {"validate_responses": True}})
    app.api({"components": {"schemas": {"Id": ID}}, "paths": {}})

    async def handler() -> Any:
        return result

    app.route("get", "/", spec, handler)
    assert ((await web(app).get("/")).status != 500) is fits


async def test_what_decorators_declare_counts_too(web: Any, caplog: pytest.LogCaptureFixture) -> None:
    """REST-156"""

    class Todos:
        @get("/model")
        @response(200, Todo)
        async def model(self) -> dict[str, Any]:
            return {"title": 5}

        @get("/either")
        @response(200, Todo, {"type": "integer"})
        async def either(self, right: bool) -> Any:
            return 5 if right else "neither"

    app = RestApplication({"rest": {"validate_responses": True}})
    app.controller(Todos)
    ask = web(app)
    assert (await ask.get("/model")).status == 500
    assert "/title" in caplog.text
    assert (await ask.get("/either?right=true")).status == 200
    assert (await ask.get("/either?right=false")).status == 500


async def test_without_the_setting_results_are_sent_as_they_are(web: Any) -> None:
    """REST-156"""
    app = RestApplication()

    async def handler() -> Any:
        return {"id": "x"}

    app.route("get", "/", of(ID), handler)
    assert (await web(app).get("/")).json() == {"id": "x"}


BOTH = of(ID)["responses"]["200"]["content"] | {"text/html": {}}


async def test_whatever_was_negotiated_says_so(web: Any) -> None:
    """REST-167"""
    app = RestApplication()

    async def handler(number: int) -> Any:
        return {"id": number}

    app.route("get", "/both", {"responses": {"200": {"description": "", "content": BOTH}}}, handler)
    app.route("get", "/one", of(ID), handler)
    ask = web(app)
    for path, accept, status, vary in (
        ("/both?number=1", "application/json", 200, "Accept"),
        ("/both?number=x", "application/json", 400, "Accept"),
        ("/both?number=1", "image/png", 406, "Accept"),
        ("/one?number=1", "image/png", 406, "Accept"),
        ("/one?number=1", "*/*", 200, None),
    ):
        answer = await ask.get(path, headers={"Accept": accept})
        assert (answer.status, answer.headers.get("vary")) == (status, vary)


class Filter(msgspec.Struct):
    where: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ('filter={"where":{"id":1}}', 200),
        ('filter={"where":{"bad":1}}', 400),
        ('filter={"where":{"deep":[{"bad.x":1}]}}', 400),
        ("filter[where][bad]=1", 400),
        ("filter[where][good]=bad", 200),
        ("filter={", 400),
        ("free=%7B%22bad%22%3A1%7D", 400),
        ("free=%7B%22badly%22%3A%22bad%22%7D", 200),
    ],
)
async def test_prohibited_keys_are_refused_in_parameters(web: Any, query: str, status: int) -> None:
    """REST-136"""
    app = RestApplication({"rest": {"validation": {"prohibited_keys": ["bad"]}}})

    async def find(
        filter: Annotated[Filter | None, param.query()] = None,
        free: Annotated[dict[str, Any] | None, param.query()] = None,
    ) -> Any:
        return "found"

    app.route("get", "/", None, find)
    answer = await web(app).get(f"/?{query}")
    assert answer.status == status
    if status == 400 and query != "filter={":
        assert answer.json()["code"] == "INVALID_KEY"
        assert "'bad" in answer.json()["detail"]


async def test_a_fault_of_the_client_is_no_news_for_the_log(web: Any, caplog: pytest.LogCaptureFixture) -> None:
    """ERR-015 HTTP-004 HTTP-031"""
    app = RestApplication()

    async def upload(title: Annotated[str, param.form()], file: Annotated[bytes, param.file()]) -> None:
        """It is never called."""

    app.route("post", "/", None, upload)
    ask = web(app)
    assert (await ask("BREW", "/")).status == 501
    assert (await ask("BREW", "/nowhere")).status == 501
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    for body in (b"--y\r\n", b'--x\r\nContent-Disposition: form-data; name="a"\r\nBad Header\r\n\r\n', b"\xff" * 50):
        assert (await ask("POST", "/", headers=headers, body=body)).status == 400
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []
