"""Replacements that requests alone see: all of a block, those of one client, or one."""

import asyncio
from collections.abc import Iterator

import pytest

from mainspring.context import AmbiguousTypeError, Binding, inject
from mainspring.rest import RestApplication
from mainspring.rest import get as get_route
from mainspring.testing import HarnessClosedError, harness


class Clock:
    def hour(self) -> int:
        return 1


class Fixed(Clock):
    def hour(self) -> int:
        return 42


def fixed() -> Fixed:
    return Fixed()


class Service:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock


class Controller:
    def __init__(self, service: Service, word: str = inject("word")) -> None:
        self.service, self.word = service, word

    @get_route("/hour")
    async def hour(self, wait: float = 0) -> str:
        await asyncio.sleep(wait)
        return f"{self.word} {self.service.clock.hour()}"


class App(RestApplication):
    def __init__(self, config: object = None) -> None:
        super().__init__(config)
        for cls in (Clock, Service):
            self.service(cls).in_scope("singleton")
        self.bind("word").to("at")
        self.controller(Controller).in_scope("singleton")


async def hour(t: object, **options: object) -> str:
    return (await t.request("GET", "/hour", **options)).text  # type: ignore[attr-defined]


@pytest.mark.parametrize("given", [Fixed, Fixed(), Binding("x").to_dynamic_value(fixed)])
async def test_requests_of_the_block_see_them_with_all_that_is_made_of_them(given: object) -> None:
    async with harness(App) as t:
        assert await hour(t) == "at 1"
        kept = [await t.app.get(key) for key in (Clock, Service, Controller)]
        with t.override_requests({Clock: given, "word": "past"}):
            assert await hour(t) == "past 42"
            assert [await t.app.get(key) for key in (Clock, Service, Controller)] == kept
            assert t.app.get_sync("word") == "at"
        assert await hour(t) == "at 1"


async def test_nothing_stays_behind_in_application_and_server() -> None:
    async with harness(App) as t:
        await hour(t)
        contexts = (t.app, t.app.rest_server)
        before = [{each.key: each for each in ctx.find()} for ctx in contexts]
        with t.override_requests({Clock: Fixed}), t.override_requests({"word": "past"}):
            assert await hour(t) == "past 42"
        with pytest.raises(AmbiguousTypeError):
            await refused(t)
        assert [{each.key: each for each in ctx.find()} for ctx in contexts] == before


async def refused(t: object) -> None:
    t.app.bind("clocks.two").to_class(Fixed)  # type: ignore[attr-defined]
    t.app.bind("clocks.three").to_class(Fixed)  # type: ignore[attr-defined]
    try:
        with t.override_requests({Fixed: Fixed()}):  # type: ignore[attr-defined]
            pytest.fail("not reached")
    finally:
        t.app.unbind("clocks.two")  # type: ignore[attr-defined]
        t.app.unbind("clocks.three")  # type: ignore[attr-defined]


async def test_one_request_can_have_its_own() -> None:
    async with harness(App) as t:
        both = await asyncio.gather(
            hour(t, overrides={Clock: Fixed}, query={"wait": 0.05}),
            hour(t),
            hour(t, overrides={"word": "past"}, headers=[("x-word", "any")]),
        )
        assert both == ["at 42", "at 1", "past 1"]


@pytest.mark.parametrize("network", [False, True])
async def test_one_client_can_have_its_own_over_a_socket_too(network: bool) -> None:
    async with harness(App, network=network) as t, t.client_with({Clock: Fixed}) as client:
        async with t.client_with({"word": "past"}) as other:
            answers = await asyncio.gather(*(each.get("/hour") for each in (client, t.client, other)))
            assert [answer.text for answer in answers] == ["at 42", "at 1", "past 1"]
        assert (await client.get("/hour")).text == "at 42"


async def test_what_nobody_bound_is_there_for_the_requests() -> None:
    class Asking:
        @get_route("/who")
        def who(self, user: str = inject("user", optional=True)) -> str:
            return user or "nobody"

    async with harness(App) as t:
        t.app.controller(Asking)
        assert (await t.request("GET", "/who")).text == "nobody"
        assert (await t.request("GET", "/who", overrides={"user": "Ada"})).text == "Ada"
        assert not t.app.is_bound("user")


async def test_middleware_of_the_program_sees_them() -> None:
    seen = []

    async def note(ctx, next):
        seen.append(await ctx.get("word"))
        return await next()

    async with harness(App) as t:
        t.app.middleware(note, {"group": "cors"})
        assert await hour(t, overrides={"word": "past"}) == "past 1"
        assert seen == ["past"]


async def test_what_is_made_for_a_request_is_disposed_of_with_it() -> None:
    ended = []

    def clock() -> Iterator[Clock]:
        yield Fixed()
        ended.append("clock")

    async with harness(App) as t:
        assert await hour(t, overrides={Clock: Binding("x").to_dynamic_value(clock)}) == "at 42"
        assert ended == ["clock"]


async def test_outside_of_the_harness_it_is_refused() -> None:
    async with harness(App) as t:
        pass
    with pytest.raises(HarnessClosedError), t.override_requests({Clock: Fixed}):
        pytest.fail("not reached")
