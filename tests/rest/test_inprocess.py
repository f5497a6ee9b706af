"""Calling an application without a server."""

import pytest

from mainspring.http import HttpErrors
from mainspring.rest import RequestContext, Response, RestApplication
from mainspring.rest import get as get_route
from mainspring.rest.inprocess import call_in_process


@pytest.fixture
def app() -> RestApplication:
    app = RestApplication()

    async def echo(ctx: RequestContext) -> dict[str, object]:
        request = ctx.request
        return {
            "method": request.method,
            "path": request.path,
            "type": request.headers.get("content-type"),
            "length": request.headers.get("content-length"),
            "host": request.headers.get("host"),
            "body": (await request.body()).decode(),
        }

    app.route("get", "/echo/{name}", None, echo)
    app.route("post", "/echo/{name}", None, echo)

    class Words:
        @get_route("/words")
        def words(self, word: list[str]) -> list[str]:
            return word

        @get_route("/lines")
        def lines(self) -> Response:
            response = Response(b"\xff\x00")
            response.set_cookie("a", "1")
            response.set_cookie("b", "2")
            return response

        @get_route("/gone")
        def gone(self) -> None:
            raise HttpErrors.Gone("It was here.")

    app.controller(Words)
    return app


async def test_a_body_of_json_is_sent_with_its_type_and_length(app: RestApplication) -> None:
    answer = await call_in_process(app, "post", "/echo/a%20b", json={"ä": None})
    assert (answer.status, answer.is_complete) == (200, True)
    told = answer.json()
    assert told["method"] == "POST"
    assert told["path"] == "/echo/a b"
    assert told["type"] == "application/json"
    assert told["body"] == '{"ä":null}'
    assert told["length"] == str(len(told["body"].encode()))
    assert told["host"] == "localhost"


async def test_null_is_a_body_and_nothing_is_none(app: RestApplication) -> None:
    null = (await call_in_process(app, "POST", "/echo/x", json=None)).json()
    assert (null["body"], null["type"]) == ("null", "application/json")
    none = (await call_in_process(app, "POST", "/echo/x")).json()
    assert (none["body"], none["type"], none["length"]) == ("", None, None)


async def test_query_values_are_added_to_those_of_the_path(app: RestApplication) -> None:
    answer = await call_in_process(app, "GET", "/words?word=a%26b", query={"word": ["c d", "ß"]})
    assert answer.json() == ["a&b", "c d", "ß"]


async def test_headers_given_win_and_lines_stay_apart(app: RestApplication) -> None:
    told = await call_in_process(
        app, "POST", "/echo/x", headers={"Host": "example.test", "Content-Type": "text/plain"}, body="hé"
    )
    assert (told.json()["host"], told.json()["type"], told.json()["body"]) == ("example.test", "text/plain", "hé")
    lines = await call_in_process(app, "GET", "/lines")
    assert lines.body == b"\xff\x00"
    assert [line.partition(";")[0] for line in lines.headers.getlist("set-cookie")] == ["a=1", "b=2"]


async def test_errors_are_answers(app: RestApplication) -> None:
    gone = await call_in_process(app, "GET", "/gone")
    assert gone.status == 410
    assert "It was here." in gone.text


async def test_a_path_that_is_not_encoded_is_encoded(app: RestApplication) -> None:
    assert (await call_in_process(app, "GET", "/echo/é ß")).json()["path"] == "/echo/é ß"


async def test_two_bodies_are_refused(app: RestApplication) -> None:
    with pytest.raises(TypeError, match="one body"):
        await call_in_process(app, "POST", "/echo/x", json=1, body=b"1")
