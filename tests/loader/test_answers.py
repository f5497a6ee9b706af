"""What decorators and results say of the answer: status, headers, templates, what is called as the answer."""

import threading
from collections.abc import Callable
from typing import Annotated, Any

import pytest

from mainspring.loader import (
    content_type,
    header,
    location,
    redirect_to,
    render,
    status,
    use_after,
    use_auth,
    use_before,
)
from mainspring.loader.rendering import Views
from mainspring.rest import (
    HttpErrors,
    RequestContext,
    Response,
    UploadFile,
    blocking,
    deprecated,
    get,
    intercept,
    param,
    post,
    response,
)

Make = Callable[..., Any]


def guard(ctx: RequestContext) -> None:
    """A guard that lets everybody in."""


async def test_decorators_of_the_answer(staged: Make) -> None:
    """LOAD-142: what the handler says itself wins."""

    class C:
        @post("/made")
        @status(201)
        @header("X-A", "b")
        @header({"X-B": "c", "X-C": 4})
        @location("/made/1")
        def made(self) -> dict[str, int]:
            return {"a": 1}

        @get("/csv")
        @content_type("text/csv")
        def csv(self) -> str:
            return "a;b"

        @get("/own")
        @status(201)
        @header("X-A", "b")
        def own(self, ctx: RequestContext) -> int:
            ctx.response.status = 202
            ctx.response.headers["X-A"] = "own"
            return 1

        @get("/nothing")
        @status(202)
        def nothing(self) -> None: ...

        @get("/failed")
        @status(201)
        @header("X-A", "b")
        def failed(self) -> None:
            raise HttpErrors.Conflict

    app = staged(C)
    answer = await app("POST", "/made")
    assert (answer.status, answer.json()) == (201, {"a": 1})
    assert [answer.headers[name] for name in ("x-a", "x-b", "x-c", "location")] == ["b", "c", "4", "/made/1"]
    answer = await app("GET", "/csv")
    assert (answer.text, answer.headers["content-type"]) == ("a;b", "text/csv; charset=utf-8")
    answer = await app("GET", "/own")
    assert (answer.status, answer.headers["x-a"]) == (202, "own")
    assert (await app("GET", "/nothing")).status == 202
    answer = await app("GET", "/failed")
    assert answer.status == 409
    assert "x-a" not in answer.headers


async def test_redirections(staged: Make) -> None:
    """LOAD-142: the handler runs first; a text that it returns is the target instead."""
    seen: list[str] = []

    class C:
        @get("/a")
        @redirect_to("/x")
        def a(self) -> None:
            seen.append("ran")

        @get("/b")
        @redirect_to("/x", status=308)
        def b(self) -> str:
            return "/ü"

        @get("/c")
        @redirect_to("/x")
        def c(self) -> Any:
            return Response("no", status=200)

    app = staged(C)
    answer = await app("GET", "/a")
    assert (answer.status, answer.headers["location"], answer.body, seen) == (302, "/x", b"", ["ran"])
    answer = await app("GET", "/b")
    assert (answer.status, answer.headers["location"], answer.body) == (308, "/%C3%BC", b"")
    assert (await app("GET", "/c")).text == "no"


async def test_a_later_stage_may_change_the_answer(staged: Make) -> None:
    """LOAD-142: they apply before ``use_after``."""
    seen: list[Any] = []

    def after(ctx: RequestContext) -> None:
        seen.append((ctx.response.status, ctx.response.headers["X-A"]))
        ctx.response.status = 203
        ctx.response.headers["X-A"] = "after"

    class C:
        @get("/x")
        @use_after(after)
        @header("X-A", "b")
        @status(201)
        def x(self) -> int:
            return 1

    answer = await staged(C)("GET", "/x")
    assert (answer.status, answer.headers["x-a"], seen) == (203, "after", [(201, "b")])


@pytest.mark.parametrize(
    "make",
    [
        lambda: status(99),
        lambda: status("200"),  # type: ignore[arg-type]  # the mistakes
        lambda: status(True),
        lambda: header("X A", "b"),
        lambda: header("X-A", "b\r\nc"),
        lambda: header("X-A"),
        lambda: header({"X-A": "b"}, "c"),
        lambda: content_type("csv"),
        lambda: content_type(5),  # type: ignore[arg-type]
        lambda: location(""),
        lambda: redirect_to("/x", status=200),
        lambda: redirect_to(None),  # type: ignore[arg-type]
        lambda: render(""),
        lambda: status(201)(type("C", (), {})),
    ],
)
def test_wrong_arguments_are_refused(make: Callable[[], Any]) -> None:
    """LOAD-142: at decoration."""
    with pytest.raises((TypeError, ValueError)):
        make()


async def test_the_document_says_what_decorators_say(staged: Make) -> None:
    """LOAD-142, LOAD-123: statuses, headers, media types, and the 401 of a guard."""

    @use_auth(guard)
    class C:
        @post("/made/{id}")
        @status(201)
        @header("X-A", "b")
        def made(self, id: int) -> dict[str, int]:
            return {"a": 1}

        @get("/csv")
        @content_type("text/csv")
        def csv(self) -> str:
            return "a;b"

        @get("/away")
        @redirect_to("/x")
        def away(self) -> None: ...

    class Open:
        @get("/open")
        def open(self) -> int:
            return 1

        @get("/closed")
        @use_auth(guard, role="admin")
        def closed(self) -> int:
            return 1

    paths = (await staged(C, Open).app.get_api_spec())["paths"]
    made = paths["/made/{id}"]["post"]["responses"]
    assert sorted(set(made) - {"400", "422"}) == ["201", "401"]
    assert list(made["201"]["content"]) == ["application/json"]
    assert list(made["201"]["headers"]) == ["X-A"]
    assert list(paths["/csv"]["get"]["responses"]["200"]["content"]) == ["text/csv"]
    away = paths["/away"]["get"]["responses"]
    assert list(away["302"]["headers"]) == ["Location"]
    assert "200" not in away
    assert "401" not in paths["/open"]["get"]["responses"]
    assert "401" in paths["/closed"]["get"]["responses"]


# Results


async def test_results_are_what_they_are_in_rest(staged: Make) -> None:
    """LOAD-141: ``0`` and ``False`` are results, and so is what is awaited."""

    async def later() -> int:
        return 7

    class C:
        @get("/zero")
        @use_after(guard)
        def zero(self) -> int:
            return 0

        @get("/false")
        def false(self) -> bool:
            return False

        @get("/none")
        @use_after(guard)
        def none(self) -> None: ...

        @get("/later")
        @use_after(guard)
        async def later(self) -> Any:
            return later()

        @get("/plain")
        async def plain(self) -> Any:
            return later()

    app = staged(C)
    assert (await app("GET", "/zero")).body == b"0"
    assert (await app("GET", "/false")).body == b"false"
    assert (await app("GET", "/none")).status == 204
    assert (await app("GET", "/later")).body == b"7"
    assert (await app("GET", "/plain")).body == b"7"


async def test_a_result_that_is_a_function_is_called(staged: Make) -> None:
    """LOAD-141: one of context and next, or an ASGI application."""

    def page(ctx: RequestContext, next: Any) -> Any:
        return {"path": ctx.request.path}

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 203, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    class C:
        @get("/function")
        def function(self) -> Any:
            return page

        @get("/asgi")
        def asgi(self) -> Any:
            return asgi

        @get("/staged")
        @use_after(guard)
        def staged(self) -> Any:
            return page

    app = staged(C)
    for _ in range(3):
        assert await app.json("GET", "/function") == {"path": "/function"}
        assert await app.json("GET", "/staged") == {"path": "/staged"}
        answer = await app("GET", "/asgi")
        assert (answer.status, answer.text) == (203, "/asgi")


async def test_decorators_of_rest_are_the_same_beside_stages(staged: Make) -> None:
    """LOAD-144: blocking handlers, interceptors, streams, files and declared responses."""
    threads: list[bool] = []

    async def shout(invocation: Any, next: Any) -> Any:
        return {"shouted": await next()}

    async def pieces() -> Any:
        yield b"a"
        yield b"b"

    @use_before(guard)
    class C:
        @get("/blocking")
        @blocking
        def blocked(self) -> str:
            threads.append(threading.current_thread() is threading.main_thread())
            return "done"

        @get("/intercepted")
        @intercept(shout)
        @use_after(guard)
        def intercepted(self) -> int:
            return 1

        @get("/stream")
        def stream(self) -> Any:
            return pieces()

        @post("/file")
        async def upload(self, name: Annotated[str, param.form()], data: Annotated[UploadFile, param.file()]) -> str:
            return f"{name} {(await data.read()).decode()}"

        @get("/declared")
        @response(202, int)
        @deprecated
        def declared(self) -> int:
            return 5

    app = staged(C)
    assert (await app("GET", "/blocking")).text == "done"
    assert threads == [False]
    assert await app.json("GET", "/intercepted") == {"shouted": 1}
    assert (await app("GET", "/stream")).body == b"ab"
    assert (await app("GET", "/declared")).status == 202
    part = '--x\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
    form = part.format("name", "", "n") + part.format("data", '; filename="f"', "content") + "--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert (await app("POST", "/file", body=form, headers=headers)).text == "n content"


# Templates


async def test_a_template_is_filled_with_the_result(staged: Make, tmp_path: Any) -> None:
    """LOAD-143: the handler's values over those of the decorator; escaped in HTML."""
    (tmp_path / "users").mkdir()
    (tmp_path / "users/list.html").write_text("<b>$title</b> ${name} $$5")
    (tmp_path / "plain.txt").write_text("$name")

    class C:
        @get("/x")
        @render("users/list.html", title="Users", name="nobody")
        def x(self) -> dict[str, str]:
            return {"name": "<Ann>"}

        @get("/none")
        @render("users/list.html", title="Users", name="nobody")
        def none(self) -> None: ...

        @get("/plain")
        @render("plain.txt")
        @content_type("text/plain")
        def plain(self) -> dict[str, str]:
            return {"name": "<Ann>"}

    app = staged(C)
    app.stages.views.options = lambda: {"root": tmp_path}
    answer = await app("GET", "/x")
    assert answer.text == "<b>Users</b> &lt;Ann&gt; $5"
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (await app("GET", "/none")).text == "<b>Users</b> nobody $5"
    answer = await app("GET", "/plain")
    assert (answer.text, answer.headers["content-type"]) == ("<Ann>", "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    ("template", "result", "reason"),
    [
        ("broken.html", {}, "the value 'name' is missing"),
        ("none.html", {}, "No such file"),
        ("broken.html", 5, "the handler returned int"),
    ],
)
async def test_a_template_that_fails_is_named(
    staged: Make, tmp_path: Any, caplog: Any, template: str, result: Any, reason: str
) -> None:
    """LOAD-143: a 500 whose log has handler and template."""
    (tmp_path / "broken.html").write_text("$name")

    class C:
        @get("/x")
        @render(template)
        def x(self) -> Any:
            return result

    app = staged(C)
    app.stages.views.options = lambda: {"root": tmp_path}
    assert (await app("GET", "/x")).status == 500
    assert f"C.x cannot render {template}" in caplog.text
    assert reason in caplog.text


async def test_engines(staged: Make, tmp_path: Any, caplog: Any) -> None:
    """LOAD-143: by extension, plain or async, and as the default."""

    async def shout(path: Any, values: Any) -> str:
        return f"{path.name} {values['name']}".upper()

    class C:
        @get("/x/{name}")
        @render("page.shout")
        def x(self, name: str) -> dict[str, str]:
            return {"name": name}

        @get("/y")
        @render("page.other", name="b")
        def y(self) -> None: ...

    app = staged(C)
    views: Views = app.stages.views
    views.options = lambda: {"root": tmp_path, "engine": "shout"}
    views.engine("shout", shout)
    assert (await app("GET", "/x/a")).text == "PAGE.SHOUT A"
    assert (await app("GET", "/y")).text == "PAGE.OTHER B"
    views.options = lambda: {"engine": lambda path, values: f"{path} {values['name']}"}
    assert (await app("GET", "/y")).text == "page.other b"
    views.options = lambda: {"engine": "jinja"}
    assert (await app("GET", "/y")).status == 500
    assert "there is no engine 'jinja': register it" in caplog.text
    with pytest.raises(TypeError, match="An engine is a function"):
        views.engine("x", 5)  # type: ignore[arg-type]  # the mistake
