"""The folded chain answers as the links of the sequence do, whatever middleware stands in it."""

import asyncio
import inspect
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rest.conftest import Answer, Web

from mainspring.rest import HttpErrors, RequestContext, Response, RestApplication, get, post, request_body

GROUPS = [None, "cors", "api_spec", "middleware", "find_route", "authentication", "parse_params", "invoke_method"]
CONFIGS: list[dict[str, Any]] = [
    {},
    {"cors": True},
    {"allowed_hosts": ["test"]},
    {"allowed_hosts": ["elsewhere"], "cors": True},
    {"request_timeout": 9},
    {"base_path": "/items"},
]
REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/items/7?limit=3", {}),
    ("GET", "/items/x", {}),
    ("POST", "/items", {"json_body": {"a": 1}}),
    ("POST", "/items", {"body": b"{", "headers": {"content-type": "application/json"}}),
    ("GET", "/fails", {}),
    ("GET", "/breaks", {}),
    ("GET", "/by-hand", {}),
    ("GET", "/nowhere", {}),
    ("HEAD", "/items/7", {}),
    ("DELETE", "/items/7", {}),
    ("GET", "/openapi.json", {}),
    ("OPTIONS", "/items/7", {"headers": {"origin": "http://a.example", "access-control-request-method": "GET"}}),
]


class Items:
    @get("/items/{id}")
    async def find(self, id: int, limit: int = 1) -> dict[str, int]:
        return {"id": id, "limit": limit}

    @post("/items")
    async def create(self, item: dict[str, int] = request_body()) -> dict[str, int]:
        return item

    @get("/fails")
    async def fail(self, known: bool = True) -> None:
        raise HttpErrors.Conflict("taken")

    @get("/breaks")
    async def break_down(self) -> object:
        return object()

    @get("/by-hand")
    async def by_hand(self) -> Response[str]:
        return Response("by hand", status=202, headers={"x-own": "1"})


Noted = list[str]
Middleware = Callable[[RequestContext, Any], Any]


async def passes(ctx: RequestContext, next: Any) -> Any:
    return await next()


async def answers(ctx: RequestContext, next: Any) -> Any:
    return {"answered": True}


async def writes(ctx: RequestContext, next: Any) -> Any:
    ctx.response.status = 203
    await ctx.response.send("written")
    return ctx.response


async def raises(ctx: RequestContext, next: Any) -> Any:
    raise HttpErrors.Forbidden("not you")


async def breaks(ctx: RequestContext, next: Any) -> Any:
    raise RuntimeError("broken")


async def marks(ctx: RequestContext, next: Any) -> Any:
    ctx.response.headers["x-before"] = "1"
    result = await next()
    ctx.response.headers["x-after"] = "1"
    return result


async def forgets(ctx: RequestContext, next: Any) -> Any:
    next()


async def repeats(ctx: RequestContext, next: Any) -> Any:
    await next()
    return await next()


async def catches(ctx: RequestContext, next: Any) -> Any:
    try:
        return await next()
    except Exception as error:
        return {"caught": type(error).__name__}


async def wraps(ctx: RequestContext, next: Any) -> Any:
    result = await next()
    return {"wrapped": result if isinstance(result, dict) else type(result).__name__}


def plainly(ctx: RequestContext, next: Any) -> Any:
    return next()


KINDS: list[Middleware] = [passes, answers, writes, raises, breaks, marks, forgets, repeats, catches, wraps, plainly]


def noting(kind: Middleware, number: int, noted: Noted) -> Middleware:
    """The same, which also notes what it sees of the request and of the rest of the chain."""

    async def middleware(ctx: RequestContext, next: Any) -> Any:
        noted.append(f"{number} {ctx.request.method} {ctx.request.path} {ctx.route is not None}")
        try:
            result = kind(ctx, next)
            result = await result if inspect.isawaitable(result) else result
        except Exception as error:
            noted.append(f"{number} {type(error).__name__}")
            raise
        noted.append(f"{number} {type(result).__name__}")
        return result

    middleware.__name__ = f"{kind.__name__}_{number}"
    return middleware


LINK = st.fixed_dictionaries(
    {"kind": st.sampled_from(KINDS), "group": st.sampled_from(GROUPS)},
    optional={"path": st.sampled_from(["/items", "/", "/fails"]), "verbs": st.sampled_from(["get", ["post", "head"]])},
)


def seen(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    return answer.status, [line for line in answer.lines if line[0] != "x-request-id"], answer.body


async def answered(links: list[dict[str, Any]], config: dict[str, Any]) -> tuple[list[Any], Noted]:
    noted: Noted = []
    app = RestApplication({"rest": config})
    app.controller(Items)
    for number, link in enumerate(links):
        options = {name: value for name, value in link.items() if name != "kind" and value is not None}
        app.middleware(noting(link["kind"], number, noted), options)
    web = Web(app)
    found: list[Any] = []
    for method, path, more in REQUESTS:
        for _ in range(2):  # operations are shorter after their first request
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                found.append(seen(await web(method, path, **more)))
            noted += [str(each.message) for each in warned]
    return found, noted


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=100, deadline=None)
@given(
    links=st.lists(LINK, min_size=1, max_size=4),
    config=st.sampled_from(
        [{}, {"cors": True}, {"base_path": "/"}, {"allowed_hosts": ["test"]}, {"request_timeout": 9}]
    ),
)
def test_a_folded_chain_answers_as_its_links_do(links: list[dict[str, Any]], config: dict[str, Any]) -> None:
    """MW-001, MW-002, MW-003, MW-004, MW-005, MW-006, MW-007, MW-008, MW-009, MW-014, MW-022, MW-028"""
    folded = asyncio.run(answered(links, config))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mainspring.rest.plans.fold", lambda *_: None)
        by_links = asyncio.run(answered(links, config))
    assert folded == by_links


def plan_with(group: str) -> Any:
    app = RestApplication()
    app.controller(Items)
    app.middleware(passes, {"group": group})
    return app.rest_server.planning.plan()


@pytest.mark.parametrize("group", ["send_response", "cors", "middleware", "find_route", "authentication"])
def test_the_usual_chains_are_folded(group: str) -> None:
    """MW-025"""
    assert plan_with(group).folded is not None


@pytest.mark.parametrize("group", ["api_spec", "parse_params", "invoke_method"])
def test_a_chain_with_something_between_its_steps_is_not(group: str) -> None:
    """MW-025"""
    plan = plan_with(group)
    assert plan.folded is None
