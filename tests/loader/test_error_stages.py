"""Errors on their way outwards: through error middleware to the global handler."""

import asyncio
import logging
from collections.abc import Callable
from typing import Annotated, Any

import pytest

from mainspring.loader import GlobalErrorHandler, use, use_after, use_before
from mainspring.rest import HttpError, HttpErrors, RequestContext, Response, get, inject, param, post

Make = Callable[..., Any]


class NoStockError(Exception):
    """An error of the program."""


class Catalogue:
    """A service of the handler."""

    words = "sorry"


class First(GlobalErrorHandler):
    """Replaced itself."""

    def handle(self, error: Exception, ctx: RequestContext) -> Any:  # type: ignore[override]  # plain too
        return "first"


class Own(GlobalErrorHandler):
    """Words some errors itself."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    async def handle(self, error: Exception, ctx: RequestContext) -> Any:
        if isinstance(error, HttpErrors.Gone):
            ctx.response.status = 418
        if isinstance(error, HttpErrors.Conflict):
            return await super().handle(error, ctx)
        if isinstance(error, HttpErrors.Forbidden):
            answer = await super().handle(error, ctx)
            answer.body["more"] = self.catalogue.words
            return answer
        return {"words": self.catalogue.words, "error": str(error)}


class Catcher:
    """Makes error middleware that notes what it sees, and hands on or handles it."""

    def __init__(self, events: list[Any]) -> None:
        self.events = events

    def passing(self, name: str) -> Any:
        def passed(error: Exception, ctx: RequestContext) -> None:
            self.events.append((name, str(error)))
            raise error

        return passed

    def handling(self, name: str, value: Any = "handled") -> Any:
        def handled(error: Exception, ctx: RequestContext) -> Any:
            self.events.append((name, str(error)))
            return value

        return handled

    def normal(self, name: str) -> Any:
        def run(ctx: RequestContext) -> None:
            self.events.append((name, ctx.result))

        return run


def failing(error: Exception) -> Any:
    def fail(ctx: RequestContext) -> None:
        raise error

    return fail


# What an error middleware is


async def test_error_middleware_is_known_by_a_name(staged: Make) -> None:
    """LOAD-106: a parameter ``error`` or ``err``, wherever it stands; it runs only when an error is under way."""
    seen: list[Any] = []

    class ByName:
        def use(self, error: Any, ctx: RequestContext) -> None:
            seen.append("name")
            raise error

    class Short:
        async def use(self, err: Any) -> None:
            seen.append("short")
            raise err

    async def positional(error: Any, c: Any, go: Any) -> Any:
        seen.append(type(c).__name__)
        return await go()

    class C:
        @get("/x")
        @use_after(ByName, Short, positional)
        def x(self) -> None:
            raise NoStockError("none left")

        @get("/fine")
        @use_after(ByName, positional)
        def fine(self) -> str:
            return "fine"

    app = staged(C)
    assert (await app("GET", "/x")).status == 500
    assert seen == ["name", "short", "RequestContext"]
    seen.clear()
    assert (await app("GET", "/fine")).text == "fine"
    assert seen == []


async def test_error_middleware_is_known_by_a_type(staged: Make) -> None:
    """LOAD-106: a parameter annotated with exception classes: it is for those."""
    seen: list[Any] = []

    def by_type(ctx: RequestContext, problem: NoStockError) -> None:
        seen.append("type")
        raise problem

    def by_union(problem: NoStockError | KeyError) -> None:
        seen.append("union")
        raise problem

    def other_type(problem: ValueError) -> None:
        seen.append("never")

    def injected(error: Exception, name: Annotated[str, inject("name")]) -> str:
        seen.append(name)
        return "handled"

    class C:
        @get("/x")
        @use_after(by_type, by_union, other_type, injected)
        def x(self) -> None:
            raise NoStockError("none left")

    app = staged(C)
    app.app.bind("name").to("bound")
    assert (await app("GET", "/x")).text == "handled"
    assert seen == ["type", "union", "bound"]


# The way of an error


async def test_an_error_goes_outwards(staged: Make, caplog: Any) -> None:
    """LOAD-125"""
    events: list[Any] = []
    catch = Catcher(events)

    @use_before(catch.passing("class before"))
    @use_after(catch.passing("class after"))
    class C:
        @get("/x")
        @use_after(catch.passing("after"))
        @use(catch.passing("use"))
        def x(self) -> None:
            raise NoStockError("none left")

    app = staged(C)
    app.use(catch.passing("global"))
    app.use_behind(catch.passing("behind 1"))
    app.use(catch.passing("behind 2"))
    answer = await app("GET", "/x")
    assert (answer.status, answer.headers["content-type"]) == (500, "application/problem+json")
    assert [name for name, _ in events] == ["after", "class after", "behind 1", "behind 2"]


async def test_errors_before_the_handler_meet_what_stands_behind_them(staged: Make) -> None:
    """LOAD-125: of ``use_before``, of parameters, of global middleware; each takes the way from where it is."""
    events: list[Any] = []
    catch = Catcher(events)

    @use_before(catch.passing("before it"))
    class C:
        @get("/guarded")
        @use_before(failing(HttpErrors.Forbidden("guard")))
        @use(catch.passing("use"))
        @use_after(catch.passing("after"))
        def guarded(self) -> None: ...

        @get("/parameter")
        @use_before(catch.passing("before"))
        @use_after(catch.passing("after"))
        def parameter(self, number: int) -> None: ...

    app = staged(C)
    app.use_behind(catch.passing("behind"))
    assert (await app("GET", "/guarded")).status == 403
    assert [name for name, _ in events] == ["use", "after", "behind"]
    events.clear()
    assert (await app("GET", "/parameter?number=x")).status == 400
    assert [name for name, _ in events] == ["after", "behind"]
    events.clear()
    app.stages.behind_routes = False
    app.use(catch.passing("global before it"), failing(HttpErrors.Conflict("global")), catch.passing("global after it"))
    assert (await app("GET", "/guarded")).status == 409
    assert [name for name, _ in events] == ["global after it", "behind"]


async def test_an_error_passes_middleware_of_rest(staged: Make) -> None:
    """LOAD-121, LOAD-125: error middleware used after it still stands behind what was used before it."""
    events: list[Any] = []
    catch = Catcher(events)
    app = staged()

    def fail(ctx: RequestContext) -> None:
        if ctx.request.path == "/early":
            raise HttpErrors.Conflict("early")

    async def rest(ctx: RequestContext, next: Any) -> Any:
        return await next()

    async def late() -> None:
        raise HttpErrors.Gone("late")

    app.app.route("get", "/late", None, late)
    app.use(fail)
    app.app.middleware(rest)
    app.use(catch.passing("global"))
    app.use_behind(catch.passing("behind"))
    assert (await app("GET", "/early")).status == 409
    assert events == [("global", "early"), ("behind", "early")]
    events.clear()
    assert (await app("GET", "/late")).status == 410
    assert events == [("behind", "late")]


async def test_a_404_is_an_error_too(staged: Make) -> None:
    """LOAD-117, LOAD-125, LOAD-130: unknown paths, other verbs, bodies that cannot be parsed."""
    events: list[Any] = []
    catch = Catcher(events)
    app = staged()

    async def take(body: dict[str, int]) -> None: ...

    app.app.route("post", "/x", {"requestBody": {"content": {"application/json": {}}}}, take)
    statuses: list[int] = []

    def note(error: HttpError) -> None:
        statuses.append(error.status)
        raise error

    app.use_behind(note, catch.normal("page"), note)
    for method, path, given in [
        ("GET", "/nothing", {}),
        ("GET", "/x", {}),
        ("POST", "/x", {"body": "{", "headers": {"content-type": "application/json"}}),
        ("POST", "/x", {"body": "a", "headers": {"content-type": "image/png"}}),
    ]:
        before = len(statuses)
        answer = await app(method, path, **given)
        assert statuses[before:] == [answer.status] * 2
    assert statuses[::2] == [404, 405, 400, 415]
    assert events == [("page", None)]


async def test_a_handled_error_is_a_result(staged: Make) -> None:
    """LOAD-126: later normal stages run, later error stages and the global handler do not."""
    events: list[Any] = []
    catch = Catcher(events)

    @use_after(catch.normal("class after"), catch.handling("class error"))
    class C:
        @post("/x", {"responses": {"201": {"description": "made"}}})
        @use_after(catch.normal("skipped"), catch.handling("error", {"handled": 1}), catch.normal("normal"))
        @use_after(catch.handling("later"))
        def x(self) -> None:
            raise NoStockError("none left")

        @get("/none")
        @use_after(catch.handling("error", None))
        def none(self) -> dict[str, int]:
            raise NoStockError("none left")

        @get("/status")
        @use_after(lambda error, ctx: setattr(ctx.response, "status", 410) or "gone")
        def status(self) -> None:
            raise NoStockError("none left")

    app = staged(C)
    app.use_behind(catch.handling("behind"))
    answer = await app("POST", "/x")
    assert (answer.status, answer.json()) == (200, {"handled": 1})
    handled = {"handled": 1}
    assert events == [("error", "none left"), ("normal", handled), ("class after", handled)]
    answer = await app("GET", "/none")
    assert (answer.status, answer.body) == (204, b"")
    answer = await app("GET", "/status")
    assert (answer.status, answer.text) == (410, "gone")


async def test_the_handler_does_not_run_after_a_handled_error(staged: Make) -> None:
    """LOAD-119, LOAD-126: a guard that refuses is not overruled by who words its refusal."""
    events: list[Any] = []
    catch = Catcher(events)

    class C:
        @get("/x")
        @use_before(failing(HttpErrors.Forbidden("guard")))
        @use(catch.handling("words", "no"), catch.normal("normal"))
        @use_after(catch.normal("after"))
        def x(self) -> str:
            events.append("handler")
            return "secret"

    app = staged(C)
    assert (await app("GET", "/x")).text == "no"
    assert events == [("words", "guard"), ("normal", "no"), ("after", "no")]
    events.clear()
    app.use(failing(HttpErrors.Conflict("early")), catch.handling("global", "global"), catch.normal("global normal"))
    assert (await app("GET", "/x")).text == "global"
    assert events == [("global", "early"), ("global normal", "global")]


async def test_an_error_middleware_may_raise_another_error(staged: Make) -> None:
    """LOAD-127: which the next one sees; annotated classes select."""
    events: list[Any] = []

    def translate(error: NoStockError) -> None:
        raise HttpErrors.Conflict("sold out") from error

    def never(error: NoStockError) -> None:
        events.append("never")

    def conflict(error: HttpErrors.Conflict) -> str:
        return f"{error.status} {error}"

    class C:
        @get("/x")
        @use_after(never if False else translate, never, conflict)
        def x(self) -> None:
            raise NoStockError("none left")

    assert (await staged(C)("GET", "/x")).text == "409 sold out"
    assert events == []


async def test_try_around_next_works(staged: Make) -> None:
    """LOAD-128: it gives what the later stages made of the error, or raises what none of them handled."""
    events: list[Any] = []

    async def around(ctx: RequestContext, next: Any) -> Any:
        try:
            result = await next()
        except NoStockError as error:
            events.append(("caught", str(error)))
            return "caught"
        events.append(("result", result))
        return result

    catch = Catcher(events)

    class C:
        @get("/raised")
        @use(around)
        @use_after(catch.passing("after"))
        def raised(self) -> None:
            raise NoStockError("none left")

        @get("/handled")
        @use(around)
        @use_after(catch.handling("after"))
        def handled(self) -> None:
            raise NoStockError("none left")

        @get("/plain")
        def plain(self) -> None:
            raise NoStockError("plain")

    app = staged(C)
    assert (await app("GET", "/raised")).text == "caught"
    assert (await app("GET", "/handled")).text == "handled"
    assert events == [("after", "none left"), ("caught", "none left"), ("after", "none left"), ("result", "handled")]
    events.clear()
    app.use(around)
    app.use_behind(catch.passing("behind"))
    assert (await app("GET", "/plain")).text == "caught"
    assert events == [("behind", "plain"), ("caught", "plain")]


async def test_an_error_of_its_own_meets_later_stages_only(staged: Make) -> None:
    """LOAD-125, LOAD-128: a middleware that raises another error behind ``next``."""
    events: list[Any] = []
    catch = Catcher(events)

    async def around(ctx: RequestContext, next: Any) -> Any:
        await next()
        raise HttpErrors.Gone("afterwards")

    class C:
        @get("/x")
        @use_before(catch.passing("earlier"))
        @use(around)
        @use_after(catch.passing("later"))
        def x(self) -> str:
            return "x"

    assert (await staged(C)("GET", "/x")).status == 410
    assert events == [("later", "afterwards")]


async def test_a_cancelled_request_meets_no_error_middleware(staged: Make) -> None:
    """LOAD-128"""
    seen: list[Any] = []
    entered = asyncio.Event()

    class C:
        @get("/x")
        @use_after(lambda error, ctx: seen.append(error))
        async def x(self) -> None:
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(staged(C)("GET", "/x"))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == []


async def test_an_error_middleware_may_write_the_response(staged: Make) -> None:
    """LOAD-104, LOAD-126"""

    async def write(error: Exception, ctx: RequestContext) -> None:
        ctx.response.status = 418
        await ctx.response.end("by hand")

    class C:
        @get("/x")
        @use_after(write)
        def x(self) -> None:
            raise NoStockError("none left")

        @get("/y")
        def y(self) -> None:
            raise NoStockError("none left")

    app = staged(C)
    answer = await app("GET", "/x")
    assert (answer.status, answer.text) == (418, "by hand")
    app.use_behind(write)
    answer = await app("GET", "/y")
    assert (answer.status, answer.text) == (418, "by hand")


# The global handler


async def test_the_global_handler_answers_by_default(staged: Make, caplog: Any) -> None:
    """LOAD-129, LOAD-131: nothing of an unknown error is shown, but it is logged; with ``debug`` it is shown."""
    errors = {
        "http": HttpErrors.TooManyRequests("slow down", headers={"Retry-After": "3"}),
        "own": NoStockError("secret"),
    }
    for handler in (None, GlobalErrorHandler):
        app = staged()

        async def fail(name: Annotated[str, param.query()]) -> None:
            raise errors[name]

        app.app.route("get", "/x", None, fail)
        if handler is not None:
            app.use(handler)
        answer = await app("GET", "/x?name=http")
        assert (answer.status, answer.headers["retry-after"]) == (429, "3")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"] == "slow down"
        with caplog.at_level(logging.ERROR):
            answer = await app("GET", "/x?name=own")
        assert answer.status == 500
        assert "secret" not in answer.text
        assert "NoStockError: secret" in caplog.text
        caplog.clear()
        app.app.bind("rest.error_writer_options").to({"debug": True})
        answer = await app("GET", "/x?name=own")
        assert answer.json()["detail"] == "secret"
        assert "NoStockError" in answer.json()["stack"]


async def test_a_replaced_handler_words_all_errors(staged: Make, caplog: Any) -> None:
    """LOAD-130, LOAD-132: made by the container; the status is the error's unless it sets one; the last one counts."""

    class C:
        @get("/{kind}")
        def x(self, kind: str, ctx: RequestContext) -> None:
            ctx.response.status = 201  # says nothing of errors
            raise {
                "gone": HttpErrors.Gone("gone"),
                "conflict": HttpErrors.Conflict("conflict"),
                "forbidden": HttpErrors.Forbidden("forbidden"),
                "own": NoStockError("none left"),
            }[kind]

        @get("/number")
        def number(self, number: int) -> None: ...

    app = staged(C)
    app.app.service(Catalogue)
    app.use(First)
    assert (await app("GET", "/own")).text == "first"
    app.use(Own)
    answers = {}
    for path in ("/gone", "/conflict", "/forbidden", "/own", "/a/b", "/number?number=x"):
        answer = await app("GET", path)
        answers[path] = (answer.status, answer.json().get("words"), answer.json().get("detail"))
    assert answers == {
        "/gone": (418, "sorry", None),
        "/conflict": (409, None, "conflict"),
        "/forbidden": (403, None, "forbidden"),
        "/own": (500, "sorry", None),
        "/a/b": (404, "sorry", None),
        "/number?number=x": (400, "sorry", None),
    }
    answer = await app("GET", "/forbidden")
    assert answer.json()["more"] == "sorry"
    assert answer.headers["content-type"] == "application/problem+json"
    assert caplog.text.count("NoStockError: none left") == 2
    with pytest.raises(TypeError, match="is a subclass of GlobalErrorHandler, not int"):
        app.stages.error_handler(int)


async def test_what_a_replaced_handler_raises_is_answered_by_the_default(staged: Make, caplog: Any) -> None:
    """LOAD-133: and both are logged; exception mappings are asked before."""

    class Broken(GlobalErrorHandler):
        async def handle(self, error: Exception, ctx: RequestContext) -> Any:
            if isinstance(error, NoStockError):
                raise HttpErrors.Conflict("sold out")
            error = NoStockError("hidden")
            error.status = 404  # type: ignore[attr-defined]  # counts for errors of handlers only
            raise error

    async def fail(kind: Annotated[str, param.query()]) -> None:
        raise {"stock": NoStockError("none left"), "key": KeyError("key"), "value": ValueError("value")}[kind]

    app = staged()
    app.app.route("get", "/x", None, fail)
    app.app.error_handler(ValueError, lambda ctx, error: {"mapped": str(error)})
    app.use(Broken)
    answer = await app("GET", "/x?kind=stock")
    assert (answer.status, answer.json()["detail"]) == (409, "sold out")
    assert "NoStockError: none left" in caplog.text
    answer = await app("GET", "/x?kind=key")
    assert answer.status == 500
    assert "hidden" not in answer.text
    assert "KeyError: 'key'" in caplog.text
    assert "NoStockError: hidden" in caplog.text
    assert (await app("GET", "/x?kind=value")).json() == {"mapped": "value"}


async def test_a_response_that_has_started_is_not_changed(staged: Make) -> None:
    """LOAD-134"""
    seen: list[Any] = []

    async def write(ctx: RequestContext) -> None:
        await ctx.response.write("begun")
        raise NoStockError("too late")

    class C:
        @get("/x")
        @use_after(lambda error, ctx: seen.append(error))
        async def x(self, ctx: RequestContext) -> None:
            await write(ctx)

    app = staged(C)
    app.use_behind(lambda error, ctx: seen.append(error))

    class Own(GlobalErrorHandler):
        async def handle(self, error: Exception, ctx: RequestContext) -> Any:
            seen.append(error)
            return Response("never")

    app.use(Own)
    with pytest.raises(NoStockError):
        await app("GET", "/x")
    assert seen == []
