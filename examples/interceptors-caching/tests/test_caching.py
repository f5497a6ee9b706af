"""What is kept, how long, under which key, what makes it go, and in which order interceptors run."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from bookshop.application import BookshopApplication
from bookshop.cache import Cache, Clock, MemoryCache
from bookshop.services.shelf_service import FIRST, ShelfService

from mainspring.core import ContextBindings
from mainspring.testing import Harness, harness

BOOK = f"/books/{FIRST.isbn}"
OTHER = {"title": "Unix", "cents": 1000}


class Turned(Clock):
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds


class Gated(ShelfService):
    """A shelf whose books come when a gate is opened."""

    def __init__(self) -> None:
        super().__init__(0)
        self.asked, self.gate = asyncio.Event(), asyncio.Event()
        self.looks = 0
        self.fails = False

    async def all(self) -> list[Any]:
        self.looks += 1
        found = list(self._books.values())
        self.asked.set()
        await self.gate.wait()
        if self.fails:
            raise RuntimeError("the shelf fell over")
        return found


def quick() -> BookshopApplication:
    app = BookshopApplication()
    for key in ("services.ShelfService", "services.ExchangeService"):
        app.configure(key).to({"delay": 0})
    return app


Shop = Harness[BookshopApplication]


@pytest.fixture
def clock() -> Turned:
    return Turned()


@pytest.fixture
async def t(clock: Turned) -> AsyncIterator[Shop]:
    async with harness(quick, overrides={Clock: clock}) as t:
        yield t


async def status(t: Shop, path: str, **options: Any) -> tuple[str, Any]:
    """Whether the cache answered a GET, and the answer."""
    answer = await t.request("GET", path, **options)
    assert answer.status == 200, answer.text
    return answer.headers["cache-status"].removeprefix("bookshop; "), answer.json()


async def test_the_second_answer_comes_from_the_cache_and_is_the_same(t: Shop) -> None:
    first, second = await status(t, "/books"), await status(t, "/books")
    assert [first[0], second[0]] == ["fwd=miss", "hit"]
    assert first[1] == second[1] == [{"isbn": FIRST.isbn, "title": FIRST.title, "cents": FIRST.cents}]
    assert (await t.request("GET", "/calls")).json() == ["BookController.find"]


async def test_results_go_when_their_time_is_over(t: Shop, clock: Turned) -> None:
    """The book says 5 seconds, the list what the application is configured to, 30."""
    await status(t, "/books")
    await status(t, BOOK)
    clock.seconds = 4.9
    assert (await status(t, BOOK))[0] == "hit"
    clock.seconds = 5
    assert (await status(t, BOOK))[0] == "fwd=miss"
    clock.seconds = 29.9
    assert (await status(t, "/books"))[0] == "hit"
    clock.seconds = 30
    assert (await status(t, "/books"))[0] == "fwd=miss"


async def test_arguments_make_the_key_and_unknown_ones_do_not(t: Shop) -> None:
    await status(t, f"{BOOK}/price?currency=USD")
    assert (await status(t, f"{BOOK}/price?currency=CZK"))[0] == "fwd=miss"
    assert (await status(t, f"{BOOK}/price?currency=USD&utm_source=mail"))[0] == "hit"
    assert (await status(t, f"{BOOK}/price"))[0] == "fwd=miss"
    assert (await status(t, f"{BOOK}/price?currency=EUR"))[0] == "hit"  # the key that the method makes itself


async def test_writing_forgets_what_the_controller_answered(t: Shop) -> None:
    await status(t, BOOK)
    assert (await t.request("PUT", BOOK, json=OTHER)).status == 200
    assert await status(t, BOOK) == ("fwd=miss", {**OTHER, "isbn": FIRST.isbn})
    await status(t, "/books")
    assert (await t.request("DELETE", BOOK)).status == 204
    assert await status(t, "/books") == ("fwd=miss", [])
    assert (await t.request("GET", BOOK)).status == 404


async def test_a_write_that_fails_forgets_nothing(t: Shop) -> None:
    await status(t, "/books")
    assert (await t.request("PUT", BOOK, json={"title": "", "cents": -1})).status == 422
    assert (await t.request("DELETE", "/books/9790000000000")).status == 404
    assert (await status(t, "/books"))[0] == "hit"


async def test_a_service_forgets_what_others_made_of_it(t: Shop) -> None:
    price = f"{BOOK}/price?currency=CZK"
    assert (await status(t, price))[1] == 1592.26
    assert (await t.request("PUT", "/rates/CZK", json=10)).status == 204
    assert await status(t, price) == ("fwd=miss", 649.9)


async def test_errors_are_not_kept(t: Shop) -> None:
    path = "/books/9790000000000"
    assert (await t.request("GET", path)).status == 404
    await t.request("PUT", path, json=OTHER)
    assert (await status(t, path))[1]["title"] == "Unix"


async def test_bad_input_reaches_no_cache(t: Shop) -> None:
    await status(t, "/books")
    cache: Any = await t.app.get(Cache)
    before = len(cache)
    assert (await t.request("GET", "/books/1")).status == 400
    assert (await t.request("GET", f"{BOOK}/price?currency=koruna")).status == 400
    assert (await t.request("PUT", "/rates/CZK", json=-1)).status == 422
    assert len(cache) == before


async def test_a_service_is_cached_by_itself_when_its_caller_is_not(t: Shop, clock: Turned) -> None:
    await status(t, f"{BOOK}/price?currency=USD")
    await t.request("PUT", BOOK, json=OTHER)  # forgets prices, not rates
    await status(t, f"{BOOK}/price?currency=USD")
    calls = (await t.request("GET", "/calls")).json()
    assert calls.count("ExchangeService.rate") == 1
    clock.seconds = 5
    await t.request("PUT", BOOK, json=OTHER)
    await status(t, f"{BOOK}/price?currency=USD")
    assert (await t.request("GET", "/calls")).json().count("ExchangeService.rate") == 2


async def test_interceptors_run_in_order_and_a_hit_ends_at_the_cache(t: Shop) -> None:
    """The one that takes the time is outside of the cache, the one that logs inside."""
    assert t.app.get_sync(ContextBindings.GLOBAL_INTERCEPTOR_ORDERED_GROUPS) == ["timing", "caching"]
    for _ in range(3):
        answer = await t.request("GET", "/books")
        assert answer.headers["server-timing"].startswith("call;dur=")
    assert (await t.request("GET", "/calls")).json() == ["BookController.find"]
    assert "cache-status" not in (await t.request("GET", "/calls")).headers


# Many at once


async def test_many_who_ask_at_once_are_answered_by_one_call() -> None:
    async with harness(quick, overrides={ShelfService: Gated}) as t:
        shelf: Any = await t.app.get(ShelfService)
        asking = [asyncio.ensure_future(status(t, "/books")) for _ in range(20)]
        await shelf.asked.wait()
        shelf.gate.set()
        assert [each[0] for each in await asyncio.gather(*asking)].count("fwd=miss") == 1
        assert shelf.looks == 1


async def test_what_was_read_before_a_change_is_not_kept_after_it() -> None:
    async with harness(quick, overrides={ShelfService: Gated}) as t:
        shelf: Any = await t.app.get(ShelfService)
        early = asyncio.ensure_future(status(t, "/books"))
        await shelf.asked.wait()
        assert (await t.request("DELETE", BOOK)).status == 204
        shelf.gate.set()
        assert len((await early)[1]) == 1  # it asked before the change
        assert await status(t, "/books") == ("fwd=miss", [])


async def test_when_a_call_fails_those_who_waited_for_it_make_their_own() -> None:
    async with harness(quick, overrides={ShelfService: Gated}) as t:
        shelf: Any = await t.app.get(ShelfService)
        shelf.fails = True
        asking = [asyncio.ensure_future(t.request("GET", "/books")) for _ in range(3)]
        await shelf.asked.wait()
        shelf.gate.set()
        assert [each.status for each in await asyncio.gather(*asking)] == [500] * 3
        shelf.fails = False
        assert (await status(t, "/books"))[0] == "fwd=miss"


# The cache by itself


async def test_a_cancelled_call_leaves_its_place_to_the_next() -> None:
    cache, gate = MemoryCache(Turned()), asyncio.Event()

    async def slow() -> str:
        await gate.wait()
        return "done"

    first = asyncio.ensure_future(cache.remember("key", slow, group="group"))
    second = asyncio.ensure_future(cache.remember("key", slow, group="group"))
    await asyncio.sleep(0)
    first.cancel()
    gate.set()
    assert await second == ("done", False)
    assert await cache.remember("key", slow, group="group") == ("done", True)


async def test_what_was_not_asked_for_longest_goes_first() -> None:
    cache = MemoryCache(Turned(), size=2)

    async def nothing() -> None:
        return None

    for key in ("a", "b", "a", "c"):
        await cache.remember(key, nothing, group="group")
    assert [(await cache.remember(key, nothing, group="group"))[1] for key in ("a", "c", "b")] == [True, True, False]
