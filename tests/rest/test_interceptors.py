"""Interceptors of operations that are named by keys: found before the request where nothing of it can be seen."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mainspring.rest import BindingScope, InvocationContext, RequestContext, RestApplication, get, inject, intercept

GLOBAL = "global_interceptors.marks"


class Shows:
    @get("/x")
    def show(self) -> list[str]:
        return []


def marking(mark: str) -> Any:
    async def marks(inv: InvocationContext, next: Any) -> Any:
        return [mark, *await next()]

    return marks


def site(*controllers: type[Any]) -> RestApplication:
    app = RestApplication()
    for cls in controllers or (Shows,):
        app.controller(cls)
    return app


async def answered(web: Any, app: RestApplication, path: str = "/x") -> list[Any]:
    """What two requests are answered: the second one takes the shorter way."""
    found = [(await web(app).get(path)).json() for _ in range(2)]
    assert found[0] == found[1]
    return found[0]  # type: ignore[no-any-return]  # a list of marks


async def test_another_interceptor_at_a_key_holds_from_the_next_request_on(web: Any) -> None:
    """CTX-673, CTX-674, REST-078"""
    app = site()
    app.interceptor(marking("first"), key=GLOBAL, global_=True)
    assert await answered(web, app) == ["first"]
    app.unbind(GLOBAL)
    assert await answered(web, app) == []
    app.interceptor(marking("second"), key=GLOBAL, global_=True)
    assert await answered(web, app) == ["second"]


async def test_what_a_request_binds_at_the_key_of_an_interceptor_holds_for_it(web: Any) -> None:
    """CTX-532, CTX-673"""
    app = site()
    app.interceptor(marking("app"), key=GLOBAL, global_=True)

    async def shadows(ctx: RequestContext, next: Any) -> Any:
        if "shadow" in ctx.request.query:
            ctx.bind(GLOBAL).to(marking("request")).tag("global_interceptor")
        return await next()

    app.middleware(shadows)
    assert await answered(web, app) == ["app"]
    assert await answered(web, app, "/x?shadow=1") == ["request"]
    assert await answered(web, app) == ["app"]


async def test_what_an_interceptor_binds_at_the_key_of_an_inner_one_holds_for_the_call(web: Any) -> None:
    """CTX-532, CTX-539"""

    async def binds(inv: InvocationContext, next: Any) -> Any:
        inv.bind("inner").to(marking("of the call"))
        return await next()

    class Calls:
        @intercept("inner")
        @get("/inner")
        def inner(self) -> list[str]:
            return []

        @intercept(binds, "inner")
        @get("/outer")
        def outer(self) -> list[str]:
            return []

    app = site(Calls)
    app.bind("inner").to(marking("of the app"))
    assert await answered(web, app, "/inner") == ["of the app"]
    assert await answered(web, app, "/outer") == ["of the call"]


class Counted:
    made = 0

    def __init__(self) -> None:
        type(self).made += 1


@pytest.mark.parametrize("scope", [BindingScope.TRANSIENT, BindingScope.SINGLETON])
async def test_providers_give_interceptors_with_what_they_are_injected_with(web: Any, scope: BindingScope) -> None:
    """CTX-532, REST-078"""
    Counted.made = 0

    class Marks:
        def __init__(self, counted: Counted, mark: str = inject("mark")) -> None:
            self.mark = mark

        def value(self) -> Any:
            return marking(self.mark)

    app = site()
    app.service(Counted)
    app.bind("mark").to("first")
    app.interceptor(Marks, global_=True).in_scope(scope)
    assert await answered(web, app) == ["first"]
    assert Counted.made == (2 if scope is BindingScope.TRANSIENT else 1)
    app.bind("mark").to("second")
    assert await answered(web, app) == ["second" if scope is BindingScope.TRANSIENT else "first"]


async def test_a_provider_that_needs_the_request_gets_the_one_that_runs(web: Any) -> None:
    """CTX-532, REST-176"""

    class Marks:
        def __init__(self, ctx: RequestContext) -> None:
            self.mark = ctx.request.query["mark"]

        def value(self) -> Any:
            return marking(self.mark)

    app = site()
    app.interceptor(Marks, global_=True)
    for mark in "abc":
        assert await answered(web, app, f"/x?mark={mark}") == [mark]


async def test_a_provider_of_a_generator_is_cleaned_up_with_the_call(web: Any) -> None:
    """CTX-532"""
    events: list[str] = []

    class Marks:
        def value(self) -> Iterator[Any]:
            events.append("open")
            yield marking("kept")
            events.append("close")

    app = site()
    app.interceptor(Marks, global_=True)
    assert await answered(web, app) == ["kept"]
    assert events == ["open", "close"] * 2


async def test_a_provider_may_begin_to_give_something_to_await(web: Any) -> None:
    """CTX-532"""
    late: list[bool] = []

    class Marks:
        def value(self) -> Any:
            async def soon() -> Callable[..., Any]:
                return marking("late")

            return soon() if late else marking("at once")

    app = site()
    app.interceptor(Marks, global_=True)
    assert await answered(web, app) == ["at once"]
    late.append(True)
    assert await answered(web, app) == ["late"]
    late.clear()
    assert await answered(web, app) == ["at once"]


async def test_arguments_that_interceptors_change_reach_the_handler(web: Any) -> None:
    """CTX-538, REST-078"""

    async def changes(inv: InvocationContext, next: Any) -> Any:
        inv.kwargs["name"] += "!"
        if inv.kwargs["times"] == 3:
            del inv.kwargs["times"]  # its default holds
        return await next()

    class Names:
        @intercept(changes)
        @get("/name")
        def name(self, name: str, times: int = 1) -> list[str]:
            return [name] * times

    app = site(Names)
    assert await answered(web, app, "/name?name=a&times=2") == ["a!", "a!"]
    assert await answered(web, app, "/name?name=a&times=3") == ["a!"]
