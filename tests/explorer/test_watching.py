"""The stream of the page: all there is, then what changes."""

import asyncio
import gc
import weakref

from tests.explorer.conftest import shop

from mainspring.core import Application
from mainspring.explorer import ContextExplorerComponent
from mainspring.rest import RestServer
from mainspring.testing import harness


class Many: ...


async def test_it_begins_with_all_there_is(stream):
    def fill(app):
        app.bind("<script>alert(1)</script>").to(1).tag({"b": [1]}).lock()

    async with harness(shop(fill=fill), network=True) as t, stream(t) as page:
        await page.all()
        assert page.head == {"name": "shop", "values": False}
        assert [(each["scope"], each["parent"]) for each in page.contexts] == [("application", None), ("server", 0)]
        clock = page.row("services.Clock")
        assert clock[2:4] == ["class", "transient"]
        assert clock[5] == "Clock"
        assert clock[6].startswith("tests/explorer/conftest.py:")
        script = page.row("<script>alert(1)</script>")
        assert script[2:] == ["constant", "transient", {"b": [1]}, "int", script[6], True]
        assert script[6].startswith("tests/explorer/test_watching.py:")
        route = page.row("routes.get %2Forders")
        assert (route[0], route[5]) == (1, "OrderController.orders")
        assert route[6].startswith("tests/explorer/conftest.py:")


async def test_what_changes_follows(stream):
    async with harness(shop(), network=True) as t, stream(t) as page:
        await page.all()
        binding = t.app.bind("late").to(1)
        await page.until(lambda: page.row("late"))
        binding.tag("seen").in_scope("singleton")
        await page.until(lambda: page.row("late")[3:5] == ["singleton", {"seen": "seen"}])
        told = len(page.messages)
        binding.to(2)
        await page.until(lambda: len(page.messages) > told)
        assert [row[1] for row in page.messages[-1][1]] == ["late"], (
            "another value of the same sort is a change as well"
        )
        t.app.unbind("late")
        await page.until(lambda: page.row("late") is None)


async def test_many_changes_come_together(stream):
    async with harness(shop(), network=True) as t, stream(t) as page:
        await page.all()
        before = len(page.messages)
        for number in range(300):
            t.app.bind(f"many.{number}").to(number)
        await page.until(lambda: page.row("many.299"))
        assert len(page.messages) - before <= 2


async def test_a_server_that_is_added_is_a_context_more(stream):
    async with harness(shop(), network=True) as t, stream(t) as page:
        await page.all()
        t.app.server(RestServer, "another")
        await t.app.get("servers.another")
        await page.until(lambda: len(page.contexts) == 3)


async def test_contexts_above_are_there_as_well(stream):
    above = Application({"name": "platform"})
    app = shop()
    app = type(app)({"name": "below", "rest": {"port": 0}}, above)
    app.component(ContextExplorerComponent)
    async with harness(app, network=True) as t, stream(t) as page:
        await page.all()
        assert [(each["name"], each["parent"]) for each in page.contexts][:2] == [("platform", None), ("below", 0)]
        above.bind("region").to("eu")
        await page.until(lambda: page.row("region"))


async def test_thousands_of_bindings_come_piece_by_piece_and_hold_up_nobody(stream):
    def fill(app):
        for number in range(5_000):
            app.bind(f"many.{number:04}").to_class(Many).tag("service")

    async with harness(shop(fill=fill), network=True) as t, stream(t) as page:
        first = await page.until(lambda: next((data for name, data in page.messages if name == "rows"), None))
        assert len(first) < 200, "the first screen does not wait for the rest"
        asked = asyncio.create_task(t.client.get("/orders"))
        await page.all()
        assert len(page.rows) > 5_000
        assert asked.done(), "requests between the pieces are answered"
        assert (await asked).json() == []


async def test_requests_leave_nothing_behind(stream):
    def fill(app):
        made = app.contexts = []

        async def keep(context, next):
            made.append(weakref.ref(context))
            context.bind("of.the.request").to(1)
            return await next()

        app.middleware(keep)

    async with harness(shop(fill=fill), network=True) as t, stream(t) as page:
        await page.all()
        before = len(page.messages)
        for _ in range(40):
            assert (await t.client.get("/orders")).status_code == 200
        t.app.bind("afterwards").to(1)
        await page.until(lambda: page.row("afterwards"))
        assert page.row("of.the.request") is None
        assert len(page.messages) - before <= 2, "requests are not streamed"
        gc.collect()
        live = [ref for ref in t.app.contexts if ref() is not None]
        assert len(live) <= 4, "that of the stream, and one of each connection at most"


async def test_a_context_that_is_gone_is_let_go_while_a_page_is_open(stream):
    async with harness(shop(), network=True) as t, stream(t) as page:
        await page.all()
        t.app.server(RestServer, "another")
        gone = weakref.ref(await t.app.get("servers.another"))
        await page.until(lambda: len(page.contexts) == 3)
        await _close(gone)
        t.app.unbind("servers.another")
        await page.until(lambda: len(page.contexts) == 2)
        gc.collect()
        assert gone() is None


async def _close(ref):
    await ref().close()


async def test_the_stream_ends_at_once_with_the_server(stream):
    async with harness(shop(), network=True) as t, stream(t) as page:
        await page.all()
        async with asyncio.timeout(5):  # of a grace period of 30 s
            await t.app.stop()
        try:
            while True:
                await page.next()
        except EOFError:
            pass


def test_nothing_is_left_of_an_application_whose_page_was_open(stream):
    async def look():
        async with harness(shop(), network=True) as t:
            async with stream(t) as page:
                await page.all()
            return weakref.ref(t.app)

    app = asyncio.run(look())  # a loop of its own: timers that are cancelled keep what they knew until they are due
    gc.collect()
    assert app() is None
