"""Parameters by the names of the model: where they come from, and what is said of wrong ones."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
import pytest
from openapi_spec_validator import validate

from mainspring.loader import (
    body_params,
    cookie_params,
    cookie_parser,
    header_params,
    path_params,
    query_params,
    session,
    session_params,
    use,
    use_after,
)
from mainspring.rest import HttpErrors, RequestContext, get, post

Make = Callable[..., Any]


class Page(msgspec.Struct):
    """A model."""

    page: int
    size: int = 10


class Head(msgspec.Struct):
    """A model of headers."""

    x_number: int


async def test_markers_with_a_name(staged: Make) -> None:
    """LOAD-135, LOAD-136: in ``Annotated`` or as default; read, converted and refused as those of rest."""

    class C:
        @get("/x/{id}")
        def x(
            self,
            number: Annotated[int, path_params("id")],
            agent: Annotated[str, header_params("X-Agent")],
            page: int = query_params("p", ge=1),
            sid: str | None = cookie_params("sid"),
        ) -> list[Any]:
            return [number, agent, page, sid]

    app = staged(C)
    answer = await app("GET", "/x/7?p=2", headers={"X-Agent": "me", "Cookie": "sid=s"})
    assert answer.json() == [7, "me", 2, "s"]
    answer = await app("GET", "/x/7?p=0")
    assert answer.status == 400
    assert [entry["info"]["name"] for entry in answer.json()["errors"]] == ["X-Agent", "p"]
    document = await app.app.get_api_spec()
    parameters = document["paths"]["/x/{id}"]["get"]["parameters"]
    assert [(each["in"], each["name"]) for each in parameters] == [
        ("path", "id"),
        ("header", "X-Agent"),
        ("query", "p"),
        ("cookie", "sid"),
    ]


async def test_markers_without_a_name(staged: Make) -> None:
    """LOAD-136: the entry of the parameter's own name, for a header with ``-``; the whole for a mapping or model."""

    class C:
        @get("/own/{id}")
        def own(
            self,
            id: Annotated[int, path_params()],
            page: Annotated[int, query_params()],
            x_agent: Annotated[str, header_params()],
            sid: Annotated[str, cookie_params()],
        ) -> list[Any]:
            return [id, page, x_agent, sid]

        @get("/whole/{id}/{name}")
        def whole(
            self,
            path: Annotated[dict[str, str], path_params()],
            query: Annotated[dict[str, Any], query_params()],
            headers: Annotated[dict[str, str], header_params()],
            cookies: Annotated[dict[str, str], cookie_params()],
        ) -> list[Any]:
            return [path, query, headers["x-agent"], cookies]

        @get("/model")
        def model(
            self, query: Annotated[Page, query_params()], head: Annotated[Head | None, header_params()]
        ) -> list[Any]:
            return [query.page, query.size, head.x_number if head else None]

    app = staged(C)
    headers = {"X-Agent": "me", "Cookie": "sid=s", "X-Number": "3"}
    assert await app.json("GET", "/own/7?page=2", headers=headers) == [7, 2, "me", "s"]
    assert await app.json("GET", "/whole/7/a%20b?a=1&b[c]=2", headers=headers) == [
        {"id": "7", "name": "a b"},
        {"a": "1", "b": {"c": "2"}},
        "me",
        {"sid": "s"},
    ]
    assert await app.json("GET", "/model?page=2", headers=headers) == [2, 10, 3]
    answer = await app("GET", "/model?page=two", headers=headers)
    assert answer.status == 400
    info = answer.json()["errors"][0]["info"]
    assert (info["in"], info["name"]) == ("query", "page")


async def test_markers_in_middleware(staged: Make) -> None:
    """LOAD-135: in ``use`` of middleware and of error middleware."""
    seen: list[Any] = []

    class Check:
        def use(
            self,
            id: Annotated[int, path_params()],
            everything: Annotated[dict[str, str], query_params()],
            city: Annotated[str, body_params("address.city")],
            page: int = query_params("page"),
        ) -> None:
            seen.append((id, everything, city, page))

    def caught(error: HttpErrors.Conflict, page: Annotated[int, query_params("page")]) -> list[Any]:
        return [str(error), page]

    class C:
        @post("/x/{id}")
        @use(Check)
        @use_after(caught)
        def x(self, id: int) -> None:
            raise HttpErrors.Conflict("late")

    app = staged(C)
    body = {"address": {"city": "Ulm"}}
    assert await app.json("POST", "/x/7?page=2", json=body) == ["late", 2]
    assert seen == [(7, {"page": "2"}, "Ulm", 2)]
    answer = await app("POST", "/x/7?page=two", json=body)
    assert (answer.status, answer.json()["errors"][0]["info"]["name"]) == (400, "page")


async def test_a_path_of_the_body(staged: Make) -> None:
    """LOAD-137: several share one body; what is missing or wrong is 422 naming the path; absent ones are ``None``."""

    class C:
        @post("/x")
        def x(
            self,
            city: Annotated[str, body_params("address.city")],
            number: Annotated[int, body_params("address.number")],
            second: Annotated[str | None, body_params("tags.1")],
            page: Annotated[Page | None, body_params("page")],
            size: Annotated[int, body_params("size")] = 5,
        ) -> list[Any]:
            return [city, number, second, page.page if page else None, size]

        @post("/whole")
        def whole(self, given: Annotated[dict[str, int], body_params()]) -> Any:
            return given

    app = staged(C)
    address = {"city": "Ulm", "number": 3}
    assert await app.json("POST", "/x", json={"address": address}) == ["Ulm", 3, None, None, 5]
    body = {"address": address, "tags": ["a", "b"], "page": {"page": 4}, "size": 6}
    assert await app.json("POST", "/x", json=body) == ["Ulm", 3, "b", 4, 6]
    form = b"address[city]=Ulm&address[number]=3"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert await app.json("POST", "/x", body=form, headers=headers) == ["Ulm", 3, None, None, 5]
    assert await app.json("POST", "/whole", json={"a": 1}) == {"a": 1}
    for wrong, path in [
        ({"address": {"number": 3}}, "/address/city"),
        ({"address": {"city": "Ulm", "number": "x"}}, "/address/number"),
        ({"address": address, "page": {"page": "x"}}, "/page/page"),
        (["a"], "/address/city"),
    ]:
        answer = await app("POST", "/x", json=wrong)
        assert (answer.status, answer.json()["errors"][0]["path"]) == (422, path)
    assert (await app("POST", "/x")).status == 422
    assert (await app("POST", "/x", body=b"{", headers={"content-type": "application/json"})).status == 400
    with pytest.raises(ValueError, match="has an empty name"):
        body_params("a..b")


async def test_paths_of_the_body_are_in_the_document(staged: Make) -> None:
    """LOAD-137: one body with all of them; what is described by hand stays."""

    class Street(msgspec.Struct):
        name: str
        number: int = 1

    class C:
        @post("/order")
        def order(
            self,
            city: Annotated[str, body_params("address.city")],
            street: Annotated[Street, body_params("address.street")],
            count: Annotated[int, body_params("count")] = 1,
            first: Annotated[int | None, body_params("lines.0.price")] = None,
        ) -> list[Any]:
            return [city, street.name, count, first]

        @post("/optional")
        def optional(self, note: Annotated[str | None, body_params("note")]) -> str:
            return str(note)

        @post("/said", {"requestBody": {"content": {"text/plain": {}}}})
        def said(self, note: Annotated[str, body_params("note")]) -> str:
            return note

        @post("/whole")
        def whole(self, street: Annotated[Street, body_params()]) -> str:
            return street.name

    app = staged(C)
    paths = (await app.app.get_api_spec())["paths"]
    body = paths["/order"]["post"]["requestBody"]
    address = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "street": {"$ref": "#/components/schemas/Street"}},
        "required": ["city", "street"],
    }
    assert body["required"] is True
    assert body["content"]["application/json"]["schema"] == {
        "type": "object",
        "properties": {"count": {"type": "integer"}, "address": address},
        "required": ["address"],
    }
    assert paths["/optional"]["post"]["requestBody"]["required"] is False
    assert list(paths["/said"]["post"]["requestBody"]["content"]) == ["text/plain"]
    document = await app.app.get_api_spec()
    assert "Street" in document["components"]["schemas"]
    validate(document)


async def test_parts_of_a_body_have_constraints(staged: Make) -> None:
    """LOAD-137: they are checked, and described with the errors that follow from them."""

    class C:
        @post("/x")
        def x(self, city: Annotated[str, msgspec.Meta(min_length=2), body_params("address.city")]) -> str:
            return city

    app = staged(C)
    answer = await app("POST", "/x", json={"address": {"city": "U"}})
    assert (answer.status, answer.json()["errors"][0]["path"]) == (422, "/address/city")
    assert (await app("POST", "/x", json={"address": {"city": "Ulm"}})).status == 200
    document = await app.app.get_api_spec()
    operation = document["paths"]["/x"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert schema["properties"]["address"]["properties"]["city"] == {"type": "string", "minLength": 2}
    assert sorted(operation["responses"]) == ["200", "400", "413", "415", "422"]
    problem = {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}
    assert operation["responses"]["422"]["content"] == {"application/problem+json": problem}
    validate(document)


async def test_a_signed_cookie(staged: Make) -> None:
    """LOAD-138, LOAD-147: absent when the signature is wrong, missing, or for another name."""

    class C:
        @get("/set")
        def give(self, ctx: RequestContext) -> None:
            ctx.response.set_cookie("sid", "42", signed=True)
            ctx.response.set_cookie("plain", "7")

        @get("/x")
        def x(self, ctx: RequestContext, sid: int | None = cookie_params("sid", signed=True)) -> list[Any]:
            return [sid, ctx.request.signed_cookies, sorted(ctx.request.cookies)]

        @get("/needed")
        def needed(self, sid: Annotated[str, cookie_params("sid", signed=True)]) -> str:
            return sid

    app = staged(C)
    app.use(cookie_parser("new secret"))
    lines = (await app("GET", "/set")).headers.getlist("set-cookie")
    cookie = lines[0].partition(";")[0]
    assert cookie.startswith("sid=42.")
    assert lines[1].startswith("plain=7;")
    assert await app.json("GET", "/x", headers={"Cookie": f"{cookie}; plain=7"}) == [
        42,
        {"sid": "42"},
        ["plain", "sid"],
    ]
    other_name = cookie.replace("sid=", "other=")
    altered = cookie.replace("sid=42", "sid=43")
    for wrong in ("sid=42", altered, other_name):
        assert (await app.json("GET", "/x", headers={"Cookie": wrong}))[:2] == [None, {}]
        assert (await app("GET", "/needed", headers={"Cookie": wrong})).status == 400
    assert (await app("GET", "/needed", headers={"Cookie": cookie})).text == "42"


async def test_secrets_rotate(staged: Make) -> None:
    """LOAD-147: the first signs, all verify."""

    def app_with(*secrets: str) -> Any:
        app = staged()
        app.app.route("get", "/x", None, _sid)
        app.app.route("get", "/set", None, _set_sid)
        app.use(cookie_parser(list(secrets)))
        return app

    cookie = (await app_with("old")("GET", "/set")).headers["set-cookie"].partition(";")[0]
    both = app_with("new", "old")
    assert (await both("GET", "/x", headers={"Cookie": cookie})).text == "42"
    newer = (await both("GET", "/set")).headers["set-cookie"].partition(";")[0]
    assert newer != cookie
    assert (await app_with("new")("GET", "/x", headers={"Cookie": newer})).text == "42"
    for empty in ("", [], ["a", ""]):
        with pytest.raises(ValueError, match="the secret is empty"):
            cookie_parser(empty)
    with pytest.raises(TypeError, match="a secret is a text, not 5"):
        cookie_parser([5])  # type: ignore[list-item]  # the mistake


def _sid(sid: Annotated[str | None, cookie_params("sid", signed=True)]) -> Any:
    return sid


def _set_sid(ctx: RequestContext) -> None:
    ctx.response.set_cookie("sid", "42", signed=True)


async def test_signed_cookies_need_a_secret(staged: Make, caplog: Any) -> None:
    """LOAD-147: without one, cookies are as ever, and the error of a signed one names the middleware."""
    app = staged()
    app.app.route("get", "/set", None, _set_sid)
    app.app.route("get", "/x", None, _cookies)
    app.use(cookie_parser())
    assert await app.json("GET", "/x", headers={"Cookie": "a=1; b=2"}) == {"a": "1", "b": "2"}
    assert (await app("GET", "/set")).status == 500
    assert "cookie_parser(secret)" in caplog.text


def _cookies(ctx: RequestContext) -> dict[str, str]:
    return ctx.request.cookies


async def test_an_entry_of_the_session(staged: Make) -> None:
    """LOAD-138: or the whole session; a model is made of what it holds."""

    class C:
        @get("/login")
        def login(self, everything: Annotated[Any, session_params()]) -> None:
            everything["user"] = "ann"
            everything["page"] = {"page": 3}

        @get("/x")
        def x(
            self,
            user: Annotated[str | None, session_params("user")],
            page: Annotated[Page | None, session_params("page")],
            other: Annotated[str, session_params("other")] = "none",
        ) -> list[Any]:
            return [user, page.page if page else None, other]

        @get("/needed")
        def needed(self, user: Annotated[str, session_params("user")]) -> str:
            return user

    app = staged(C)
    app.use(session("secret"))
    cookie = (await app("GET", "/login")).headers["set-cookie"].partition(";")[0]
    assert await app.json("GET", "/x", headers={"Cookie": cookie}) == ["ann", 3, "none"]
    assert await app.json("GET", "/x") == [None, None, "none"]
    answer = await app("GET", "/needed")
    assert (answer.status, answer.json()["detail"]) == (400, "Required session parameter user is missing.")
