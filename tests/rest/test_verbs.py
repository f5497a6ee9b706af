"""Which verbs a path has, where a template with variables matches what another one says literally."""

from typing import Annotated, Any
from uuid import UUID

import pytest

from mainspring.rest import RegexRouter, RestApplication, RestBindings, TrieRouter, param


def app_of(router: Any = TrieRouter) -> RestApplication:
    app = RestApplication()
    app.bind(RestBindings.ROUTER).to(router)

    @app.route("get", "/todos/count")
    def count() -> int:
        return 3

    @app.route("get", "/todos/{id}")
    def find(id: int) -> int:
        return id

    @app.route("put", "/todos/{id}")
    def replace(id: int, title: str = "") -> str:
        return f"{id} {title}"

    @app.route("delete", "/{kind}/{id}")
    def remove(kind: str, id: UUID) -> str:
        return f"{kind} {id}"

    return app


@pytest.mark.parametrize("router", [TrieRouter, RegexRouter])
async def test_a_literal_path_is_no_number(router: Any, web: Any) -> None:
    """HTTP-002, HTTP-003: what the variable cannot be is no value of it, so the path has the verbs it says itself."""
    call = web(app_of(router))
    for verb in ("PUT", "DELETE", "POST"):
        answer = await call(verb, "/todos/count")
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS"), verb
    told = await call("OPTIONS", "/todos/count")
    assert (told.status, told.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert (await call.get("/todos/count")).json() == 3


async def test_other_paths_keep_their_verbs_and_their_errors(web: Any) -> None:
    """HTTP-002, REST-089"""
    call = web(app_of())
    assert (await call("OPTIONS", "/todos/1")).headers["allow"] == "PUT, GET, HEAD, OPTIONS"
    answer = await call("PUT", "/todos/first")
    assert (answer.status, answer.json()["code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert (await call("PUT", "/todos/1?title=a")).text == "1 a"
    # What is wrong with the request besides the path says nothing of the path.
    assert (await call("PUT", "/todos/1?title=a&title=b")).status == 400


async def test_where_ids_are_texts_the_verb_decides(web: Any) -> None:
    """REST-044"""
    app = RestApplication()
    app.route("get", "/users/me", None, lambda: "me")

    @app.route("post", "/users/{id}")
    def change(id: str) -> str:
        return id

    @app.route("put", "/users/{id}")
    def replace(id: Annotated[str, param.path(min_length=3)]) -> str:
        return id

    assert (await web(app)("POST", "/users/me")).text == "me"
    assert (await web(app)("OPTIONS", "/users/me")).headers["allow"] == "POST, GET, HEAD, OPTIONS"
    assert (await web(app)("PUT", "/users/me")).status == 405


@pytest.mark.parametrize("path", ["/openapi.json", "/explorer/"])
async def test_the_pages_of_the_framework_have_verbs_too(web: Any, path: str) -> None:
    """HTTP-002, HTTP-003"""
    ask = web(RestApplication())
    refused = await ask.post(path)
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    offered = await ask("OPTIONS", path)
    assert (offered.status, offered.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
