"""Middleware: where it runs, what it may do, how it is ordered."""

import asyncio
import gc
import warnings
from pathlib import Path
from typing import Any

import pytest

from mainspring.rest import (
    Application,
    BindingScope,
    DefaultSequence,
    HttpErrors,
    MiddlewareSequence,
    RequestContext,
    RestApplication,
    RestBindings,
    RestComponent,
    RestServer,
    as_middleware,
    compose_middleware,
    config,
    get,
    inject,
    injectable,
    intercept,
    invoke_middleware,
)
from mainspring.rest.errors import MiddlewareOrderError, RegistrationError
from mainspring.rest.groups import DEFAULT_GROUPS, INNERMOST, sort_groups


def app_of(handler: Any = None, config: Any = None) -> RestApplication:
    app = RestApplication({"rest": config or {}})
    app.route("get", "/x", None, handler or (lambda: {"a": 1}))
    return app


def noting(events: list[str], name: str) -> Any:
    async def middleware(ctx: RequestContext, next: Any) -> Any:
        events.append(f"{name} in")
        result = await next()
        events.append(f"{name} out")
        return result

    middleware.__name__ = name
    return middleware


def passing(ctx: RequestContext, next: Any) -> Any:
    return next()


# Order of groups


def test_lists_of_groups_are_merged() -> None:
    """MW-017"""
    assert sort_groups([["first", "end"], ["start", "end", "last"]]) == ["first", "start", "end", "last"]
    assert sort_groups([["initial", "session", "auth"], ["initial", "added", "auth"]]) == [
        "initial",
        "session",
        "added",
        "auth",
    ]


def test_relations_place_a_group() -> None:
    """MW-015"""
    assert sort_groups([["send_response", "cors"], ["cors", "g1"], ["g2", "cors"]]) == [
        "send_response",
        "g2",
        "cors",
        "g1",
    ]


def test_an_unrelated_group_comes_after_the_known_ones() -> None:
    """MW-016"""
    assert sort_groups([["a", "b"], ["unknown"]]) == ["a", "b", "unknown"]
    order = sort_groups([DEFAULT_GROUPS, ["unknown"]], innermost=INNERMOST)
    assert order == [*DEFAULT_GROUPS[:-1], "unknown", "invoke_method"]


def test_what_must_come_first_of_all_draws_nothing_else_along() -> None:
    """MW-016"""
    order = sort_groups([["a", "b"], ["unknown"], ["first", "a"]])
    assert order == ["first", "a", "b", "unknown"]


@pytest.mark.parametrize("lists", [[["a", "b"], ["b", "a"]], [["a", "b", "c"], ["c", "a"]], [["a", "a"]]])
def test_a_cycle_is_an_error_that_names_the_groups(lists: Any) -> None:
    """MW-018"""
    with pytest.raises(MiddlewareOrderError, match="cycle") as caught:
        sort_groups(lists)
    assert "a" in str(caught.value)


# What middleware may do


async def test_the_groups_of_the_default_sequence(web: Any) -> None:
    """MW-001, MW-003, MW-014"""
    events: list[str] = []
    app = app_of()
    for group in reversed(DEFAULT_GROUPS):
        app.middleware(noting(events, group), {"group": group})
    app.middleware(noting(events, "second"), {"group": "middleware"})
    answer = await web(app).get("/x")
    assert (answer.status, answer.json()) == (200, {"a": 1})
    order = [*DEFAULT_GROUPS[:4], "second", *DEFAULT_GROUPS[4:]]
    assert events == [f"{name} in" for name in order] + [f"{name} out" for name in reversed(order)]


async def test_results_pass_through_middleware(web: Any) -> None:
    """MW-002, MW-003, MW-004"""
    seen: list[Any] = []

    async def wrap(ctx: RequestContext, next: Any) -> Any:
        result = await next()
        seen.append(result)
        ctx.response.headers["X-After"] = "1"
        return {"wrapped": result}

    def plain(ctx: RequestContext, next: Any) -> Any:
        ctx.response.headers["X-Plain"] = "1"
        return next()

    app = app_of()
    app.middleware(wrap)
    app.middleware(plain)
    answer = await web(app).get("/x")
    assert answer.json() == {"wrapped": {"a": 1}}
    assert seen == [{"a": 1}]
    assert (answer.headers["x-after"], answer.headers["x-plain"]) == ("1", "1")


async def test_middleware_may_answer_without_next(web: Any) -> None:
    """MW-005"""

    async def cache(ctx: RequestContext, next: Any) -> Any:
        return "cached"

    app = app_of()
    app.middleware(cache)
    assert (await web(app).get("/nothing")).text == "cached"


async def test_middleware_may_write_the_response(web: Any) -> None:
    """MW-006"""

    async def write(ctx: RequestContext, next: Any) -> Any:
        if ctx.request.query.get("way") == "write":
            await ctx.response.write("written")
            await ctx.response.end()
            return None
        ctx.response.status = 202
        return ctx.response

    app = app_of()
    app.middleware(write)
    assert (await web(app).get("/x?way=write")).text == "written"
    answer = await web(app).get("/x")
    assert (answer.status, answer.body) == (202, b"")


async def test_errors_propagate_through_next(web: Any) -> None:
    """MW-007, MW-009"""
    seen: list[Any] = []

    async def catch(ctx: RequestContext, next: Any) -> Any:
        seen.append(ctx.route)
        try:
            return await next()
        except HttpErrors.NotFound as error:
            seen.append(str(error))
            return {"recovered": True}
        except ValueError as error:
            raise HttpErrors.Conflict("instead") from error

    def fail() -> None:
        raise ValueError

    app = app_of(fail)
    app.middleware(catch)
    assert (await web(app).get("/nothing")).json() == {"recovered": True}
    assert seen == [None, 'Endpoint "GET /nothing" not found.']
    answer = await web(app).get("/x")
    assert (answer.status, answer.json()["detail"]) == (409, "instead")


@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_error_of_middleware_is_the_answer(web: Any, when: str) -> None:
    """MW-008"""

    async def fail(ctx: RequestContext, next: Any) -> Any:
        ctx.response.headers["X-Kept"] = "1"
        if when == "after":
            await next()
        raise HttpErrors.Forbidden("no")

    app = app_of()
    app.middleware(fail)
    answer = await web(app).get("/x")
    assert (answer.status, answer.json()["detail"], answer.headers["x-kept"]) == (403, "no", "1")


# Classes


class Greeting:
    made = 0

    def __init__(self, name: str = inject("name"), prefix: str = config("prefix", default="hi")) -> None:
        type(self).made += 1
        self.name, self.prefix = name, prefix

    def value(self) -> Any:
        async def middleware(ctx: RequestContext, next: Any) -> Any:
            ctx.response.headers["X-Greeting"] = f"{self.prefix} {self.name}"
            return await next()

        return middleware


async def test_a_provider_class_is_made_per_request(web: Any) -> None:
    """MW-010, MW-011"""
    app = app_of()
    app.bind("name").to("you")
    Greeting.made = 0
    binding = app.middleware(Greeting)
    assert binding.key == "middleware.Greeting"
    assert (await web(app).get("/x")).headers["x-greeting"] == "hi you"
    app.configure(binding.key).to({"prefix": "hello"})
    assert (await web(app).get("/x")).headers["x-greeting"] == "hello you"
    assert Greeting.made == 2
    binding.in_scope(BindingScope.SINGLETON)
    for _ in range(3):
        await web(app).get("/x")
    assert Greeting.made == 3


async def test_a_class_that_can_be_called_is_middleware(web: Any) -> None:
    """MW-010"""

    class Mine:
        def __init__(self, name: str = inject("name")) -> None:
            self.name = name

        async def __call__(self, ctx: RequestContext, next: Any) -> Any:
            ctx.response.headers["X-Name"] = self.name
            return await next()

    app = app_of()
    app.bind("name").to("you")
    app.middleware(Mine)
    assert (await web(app).get("/x")).headers["x-name"] == "you"


# Registration


async def test_middleware_is_a_binding(web: Any) -> None:
    """MW-012, MW-026"""
    events: list[str] = []
    app = app_of()
    binding = app.middleware(noting(events, "mine"), {"upstream_groups": "cors", "downstream_groups": ["find_route"]})
    assert binding.key == "middleware.mine"
    assert app.rest_server.get_binding(binding.key) is binding
    assert binding.tag_map["group"] == "middleware"
    assert binding.tag_map["upstream_groups"] == ["cors"]
    assert binding.tag_map["downstream_groups"] == ["find_route"]
    assert app.middleware(noting(events, "mine")).key != binding.key
    assert app.middleware(passing).key.startswith("middleware.")
    assert app.middleware(noting(events, "other"), {"key": "my.key"}).key == "my.key"
    await web(app).get("/x")
    assert events.count("mine in") == 2
    app.rest_server.unbind(binding.key)
    await web(app).get("/x")
    assert events.count("mine in") == 3


def test_unknown_options_and_wrong_things_are_refused() -> None:
    """MW-012"""
    app = app_of()
    with pytest.raises(RegistrationError, match="grup"):
        app.middleware(passing, {"grup": "x"})
    with pytest.raises(RegistrationError):
        app.middleware("no function")
    with pytest.raises(RegistrationError, match="value"):
        app.middleware(int.__class__ and object)


@injectable(as_middleware(group="log", upstream_groups="cors", downstream_groups="middleware"))
class Contributed:
    def value(self) -> Any:
        async def middleware(ctx: RequestContext, next: Any) -> Any:
            ctx.response.headers.append("X-Seen", "contributed")
            return await next()

        return middleware


async def test_a_component_contributes_middleware(web: Any) -> None:
    """MW-013"""
    from mainspring.rest import create_binding_from_class  # noqa: PLC0415 - used here only

    class Component:
        bindings = (create_binding_from_class(Contributed),)

    app = app_of()
    app.component(Component)
    assert (await web(app).get("/x")).headers["x-seen"] == "contributed"
    other = app_of()
    assert other.middleware(Contributed, {"key": "mine"}).tag_map["group"] == "log"


async def test_middleware_of_an_application_serves_every_server(web: Any) -> None:
    """MW-013, REST-015"""
    from mainspring.rest import create_binding_from_class  # noqa: PLC0415 - used here only

    app = Application()
    app.component(RestComponent)
    app.server(RestServer, "other")
    app.add(create_binding_from_class(Contributed))
    for name in ("RestServer", "other"):
        server = app.get_sync(f"servers.{name}")
        assert (await web(server).get("/x")).headers["x-seen"] == "contributed"


async def test_relations_of_registered_middleware(web: Any) -> None:
    """MW-015, MW-016"""
    events: list[str] = []
    app = app_of()
    app.middleware(noting(events, "g1"), {"group": "g1", "upstream_groups": "find_route"})
    app.middleware(noting(events, "g2"), {"group": "g2", "downstream_groups": "cors"})
    app.middleware(noting(events, "normal"))
    app.middleware(noting(events, "unknown"), {"group": "unknown"})
    assert (await web(app).get("/x")).status == 200
    entered = [event for event in events if event.endswith("in")]
    assert entered.index("g2 in") < entered.index("normal in") < entered.index("g1 in")
    assert entered[-1] == "unknown in" or entered.index("unknown in") > entered.index("normal in")


async def test_a_cycle_made_at_run_time_fails_requests_until_it_is_gone(
    web: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """MW-018"""
    app = app_of()
    assert (await web(app).get("/x")).status == 200
    binding = app.middleware(passing, {"group": "a", "upstream_groups": "b", "downstream_groups": "b"})
    assert (await web(app).get("/x")).status == 500
    assert "cycle" in caplog.text
    app.rest_server.unbind(binding.key)
    assert (await web(app).get("/x")).status == 200


@pytest.mark.parametrize(
    "options", [{"group": "a", "upstream_groups": "invoke_method"}, {"upstream_groups": ["find_route"]}]
)
async def test_what_cannot_be_ordered_fails_the_start(options: Any) -> None:
    """MW-018"""
    app = app_of(config={"port": 0})
    app.middleware(passing, options)
    with pytest.raises(MiddlewareOrderError):
        await app.start()


async def test_the_order_of_groups_is_configured(web: Any) -> None:
    """MW-019"""
    events: list[str] = []
    app = app_of()
    app.middleware(noting(events, "a"), {"group": "a"})
    app.middleware(noting(events, "b"), {"group": "b"})
    app.configure(RestBindings.SEQUENCE).to(
        {"ordered_groups": ["send_response", "b", "a", "find_route", "invoke_method"]}
    )
    assert (await web(app).get("/x")).json() == {"a": 1}
    assert events == ["b in", "a in", "a out", "b out"]


async def test_another_chain_is_run_on_demand(web: Any) -> None:
    """MW-019, MW-020, MW-023"""
    events: list[str] = []

    async def handler(ctx: RequestContext) -> Any:
        async def last() -> str:
            return "last"

        action = await ctx.get(RestBindings.SequenceActions.INVOKE_MIDDLEWARE)
        return [
            await invoke_middleware(ctx, chain="other", next=last),
            await invoke_middleware(ctx, chain="other"),
            await action(ctx, chain="other", next=lambda: "plain"),
            await invoke_middleware(ctx, middleware=[noting(events, "listed")], next=last),
            await invoke_middleware(ctx, chain="empty"),
        ]

    app = app_of(handler)
    app.middleware(noting(events, "other"), {"chain": "other"})
    assert (await web(app).get("/x")).json() == ["last", None, "plain", "last", None]
    assert events == ["other in", "other out"] * 3 + ["listed in", "listed out"]


async def test_a_configured_chain_is_the_one_that_runs(web: Any) -> None:
    """MW-019, MW-020"""
    events: list[str] = []
    app = app_of()
    app.middleware(noting(events, "default"))
    app.middleware(noting(events, "other"), {"chain": "other"})
    app.configure(RestBindings.SEQUENCE).to({"chain": "other"})
    assert (await web(app).get("/x")).json() == {"a": 1}
    assert events == ["other in", "other out"]


async def test_middleware_is_composed(web: Any) -> None:
    """MW-021"""
    events: list[str] = []
    app = app_of()
    app.middleware(compose_middleware(noting(events, "a"), noting(events, "b")))
    assert (await web(app).get("/x")).json() == {"a": 1}
    assert events == ["a in", "b in", "b out", "a out"]
    with pytest.raises(RegistrationError):
        compose_middleware()


async def test_middleware_is_limited_to_paths_and_verbs(web: Any) -> None:
    """MW-022"""
    events: list[str] = []
    app = RestApplication({"rest": {"base_path": "/api"}})
    app.middleware(noting(events, "admin"), {"path": "/admin"})
    app.middleware(noting(events, "several"), {"path": ["/a/", "b"]})
    app.middleware(noting(events, "posts"), {"verbs": ["post"]})
    for method, path, expected in (
        ("GET", "/api/admin", "admin"),
        ("GET", "/api/admin/users", "admin"),
        ("GET", "/api/administer", ""),
        ("GET", "/api/a/x", "several"),
        ("GET", "/api/b", "several"),
        ("POST", "/api/x", "posts"),
    ):
        events.clear()
        await web(app)(method, path)
        assert events == ([f"{expected} in"] if expected else []), path


async def test_a_middleware_is_an_interceptor(web: Any) -> None:
    """MW-024"""

    async def wrap(ctx: Any, next: Any) -> Any:
        return {"wrapped": await next()}

    class C:
        @get("/c")
        @intercept(wrap)
        def c(self) -> int:
            return 1

    app = RestApplication()
    app.controller(C)
    assert (await web(app).get("/c")).json() == {"wrapped": 1}


async def test_a_running_request_keeps_its_chain(web: Any) -> None:
    """MW-026"""
    events: list[str] = []
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def wait(ctx: RequestContext, next: Any) -> Any:
        entered.set()
        await go_on.wait()
        return await next()

    app = app_of()
    first = app.middleware(wait)
    kept = app.middleware(noting(events, "kept"))
    request = asyncio.create_task(web(app).get("/x"))
    await entered.wait()
    app.rest_server.unbind(first.key)
    app.rest_server.unbind(kept.key)
    app.middleware(noting(events, "late"))
    go_on.set()
    assert (await request).status == 200
    assert events == ["kept in", "kept out"]


async def test_the_sorted_chain_is_kept(web: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """MW-025"""
    from mainspring.rest import plans  # noqa: PLC0415 - patched here only

    app = app_of()
    app.middleware(passing)
    await web(app).get("/x")
    monkeypatch.setattr(plans, "build_chain", None)
    assert (await web(app).get("/x")).status == 200


async def test_next_may_be_called_again(web: Any) -> None:
    """MW-028"""
    calls: list[int] = []

    def flaky() -> str:
        calls.append(1)
        if len(calls) < 3:
            raise ValueError
        return "third time"

    async def retry(ctx: RequestContext, next: Any) -> Any:
        for _ in range(2):
            try:
                return await next()
            except ValueError:
                continue
        return await next()

    app = app_of(flaky)
    app.middleware(retry)
    assert (await web(app).get("/x")).text == "third time"


async def test_not_awaiting_next_is_reported(web: Any) -> None:
    """MW-028"""

    async def forgetful(ctx: RequestContext, next: Any) -> Any:
        next()
        return "instead"

    app = app_of()
    app.middleware(forgetful)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert (await web(app).get("/x")).text == "instead"
        gc.collect()
    assert ["forgetful" in str(each.message) for each in caught] == [True]


async def test_one_instance_serves_many_requests_at_the_same_time(web: Any) -> None:
    """MW-029"""
    app = RestApplication()
    made: list[Any] = []
    together = asyncio.Barrier(5)

    class Marks:
        def __init__(self) -> None:
            made.append(self)

        async def __call__(self, ctx: RequestContext, next: Any) -> Any:
            ctx.mark = ctx.request.query["n"]  # type: ignore[attr-defined]  # data of the request, on its context
            await together.wait()
            return f"{await next()} {ctx.mark}"  # type: ignore[attr-defined]  # as above

    async def handler(ctx: RequestContext) -> Any:
        await together.wait()
        return ctx.mark  # type: ignore[attr-defined]  # as above

    app.middleware(Marks, {"scope": "singleton"})
    app.route("get", "/", None, handler)
    ask = web(app)
    answers = await asyncio.gather(*(ask.get(f"/?n={number}") for number in range(5)))
    assert [answer.text for answer in answers] == [f"{number} {number}" for number in range(5)]
    assert len(made) == 1


@pytest.mark.parametrize("sequence", [MiddlewareSequence, DefaultSequence])
async def test_headers_set_by_middleware_are_on_every_answer(web: Any, sequence: Any, tmp_path: Path) -> None:
    """MW-003, REST-161: on files, redirects and the document as well."""
    (tmp_path / "a.txt").write_text("a")
    app = app_of()
    app.sequence(sequence)
    app.static("/files", tmp_path)
    app.redirect("/old", "/")

    async def around(ctx: RequestContext, next: Any) -> Any:
        ctx.response.headers["X-Before"] = "1"
        result = await next()
        ctx.response.headers["X-After"] = "1"
        return result

    app.middleware(around, {"group": "around", "downstream_groups": "cors"})
    for path, status in (("/files/a.txt", 200), ("/old", 303), ("/openapi.json", 200)):
        answer = await web(app).get(path)
        assert (answer.status, answer.headers["x-before"], answer.headers["x-after"]) == (status, "1", "1")


class Phrase:
    """A dependency of a middleware."""

    text = "app"


class Speaks:
    def __init__(self, phrase: Phrase) -> None:
        self.phrase = phrase

    async def __call__(self, ctx: RequestContext, next: Any) -> Any:
        return [self.phrase.text, *await next()]


async def test_a_middleware_class_is_made_of_what_the_request_has(web: Any) -> None:
    """MW-010, MW-026"""
    app = app_of(lambda: ["x"])
    app.bind("phrase").to_class(Phrase).provides(Phrase)

    async def shadows(ctx: RequestContext, next: Any) -> Any:
        if "shadow" in ctx.request.query:
            own = Phrase()
            own.text = "request"
            ctx.bind("phrase").to(own).provides(Phrase)
        return await next()

    app.middleware(shadows)
    app.middleware(Speaks)
    for _ in range(2):
        assert (await web(app).get("/x")).json() == ["app", "x"]
        assert (await web(app).get("/x?shadow=1")).json() == ["request", "x"]
    later = Phrase()
    later.text = "later"
    app.bind("phrase").to(later).provides(Phrase)
    assert (await web(app).get("/x")).json() == ["later", "x"]
