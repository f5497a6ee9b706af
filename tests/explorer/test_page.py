"""The page of the context explorer in Chromium: seen, by keyboard, on a phone, with thousands of bindings."""

import asyncio
import contextlib
import os
import re
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect
from tests.explorer.conftest import PATIENCE, shop

from mainspring.testing import harness

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PHONE = {"viewport": {"width": 390, "height": 844}}
expect.set_options(timeout=30_000)  # milliseconds, for what takes a moment on a machine that is not busy
HOSTILE = "<script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">"


def chromium() -> str:
    """Chromium, or a browser that is made of it."""
    names = (os.environ.get("MAINSPRING_TEST_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "chrome")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("needs Chromium; MAINSPRING_TEST_CHROMIUM says where it is")
    return found


@contextlib.asynccontextmanager
async def seen(
    app: Any, fragment: str = "", tolerates: str = "nothing", **options: Any
) -> AsyncIterator[tuple[Any, Page]]:
    """The page of an application in a new browser; whatever it complains of fails the test."""
    executable = chromium()
    complaints: list[str] = []
    async with harness(app, network=True) as t, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=FLAGS)
        try:
            page = await browser.new_page(**{"viewport": {"width": 1280, "height": 2400}, **options})
            page.set_default_timeout(30_000)
            page.on("console", lambda said: tolerates in said.text or complaints.append(said.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("request", lambda request: request.url.startswith(t.url) or complaints.append(request.url))
            await page.goto(f"{t.url}/context/{fragment}")
            await page.wait_for_selector("#state[data-state=live]")
            yield t, page
            assert complaints == []
        finally:
            await browser.close()


def row(page: Page, key: str) -> Any:
    return page.locator("#list .rows [role=row]").filter(has_text=re.compile(re.escape(key)))


async def test_the_list_shows_contexts_with_their_bindings():
    async with seen(shop()) as (_, page):
        await expect(page).to_have_title("shop · context")
        await expect(row(page, "shop")).to_have_attribute("aria-expanded", "true")
        line = row(page, "services.Mailer")
        for part in ("class", "transient", "Mailer", "conftest.py:"):
            await expect(line).to_contain_text(part)


async def test_a_key_of_markup_is_text():
    def fill(app):
        app.bind(HOSTILE).to(HOSTILE).tag({HOSTILE: HOSTILE})

    async with seen(shop({"values": True}, fill=fill)) as (_, page):
        await row(page, "<script>").click()
        await expect(page.locator("#details h2")).to_have_text(HOSTILE)
        await expect(page.locator("#details pre")).to_contain_text("onerror")
        await page.locator(".to-graph").click()
        await expect(page.locator(".canvas canvas").first).to_be_visible()
        await page.locator("#as-list").click()
        await page.locator("#search").fill("<img")
        await expect(page.locator("#count")).to_have_text(re.compile("1 of"))
        await expect(page).to_have_title("shop · context")
        assert await page.locator("main script, main img").count() == 0


async def test_search_and_choices_leave_what_matches():
    async with seen(shop()) as (_, page):
        await page.locator("#search").fill("MAILER")
        await expect(page.locator("#count")).to_have_text(re.compile("^1 of"))
        await expect(row(page, "services.Mailer").locator("mark").first).to_have_text("Mailer")
        await page.locator("#search").fill("nothing like that")
        await expect(page.locator("#nothing")).to_be_visible()
        await page.locator("#search").fill("")
        await page.locator("#kind").select_option("alias")
        await expect(row(page, "orders.audit")).to_be_visible()
        await expect(row(page, "services.Mailer")).to_have_count(0)


async def test_it_is_used_by_keyboard_alone():
    async with seen(shop()) as (_, page):
        press = page.keyboard.press
        await press("/")
        await expect(page.locator("#search")).to_be_focused()
        await page.keyboard.type("services.")
        await press("ArrowDown")
        await expect(page.locator("#list")).to_be_focused()
        await press("End")
        await press("ArrowUp")
        await press("Home")
        await expect(page.locator("#list [aria-selected=true]")).to_contain_text("shop")
        for _ in range(3):
            await press("ArrowDown")
        active = page.locator("#list [aria-selected=true]")
        await expect(active).to_contain_text("services.Clock")
        assert await page.locator("#list").get_attribute("aria-activedescendant") == await active.get_attribute("id")
        await press("Enter")
        await expect(page.locator("#details h2")).to_be_focused()
        await expect(page.locator("#details h2")).to_have_text("services.Clock")
        await press("Escape")
        await expect(page.locator("#details")).to_be_hidden()
        await expect(page.locator("#list")).to_be_focused()
        await press("ArrowLeft")
        await expect(page.locator("#list [aria-selected=true]")).to_contain_text("shop")
        await press("Escape")  # what was searched for
        await expect(page.locator("#search")).to_have_value("")
        await press("ArrowLeft")
        await expect(row(page, "services.Clock")).to_have_count(0)
        await press("ArrowRight")
        await expect(row(page, "services.Clock")).to_have_count(1)


async def test_a_binding_tells_what_it_injects_and_who_injects_it():
    async with seen(shop()) as (_, page):
        await row(page, "services.Mailer").click()
        injects, by = page.locator("#details section").nth(0), page.locator("#details section").nth(1)
        await expect(injects.locator(".link")).to_have_text(["services.Clock", "mail.url"])
        await expect(injects).to_contain_text("Mailer.__init__[url]")
        await expect(by.locator(".link")).to_have_text(["controllers.OrderController", "services.Audit"])
        await by.locator(".link").last.click()
        await expect(page.locator("#details h2")).to_have_text("services.Audit")
        await expect(page.locator("#details")).to_contain_text("not made yet")
        await page.go_back()
        await expect(page.locator("#details")).to_be_hidden()


async def test_the_address_remembers_what_is_open():
    async with seen(shop()) as (_, page):
        await row(page, "services.Mailer").click()
        await expect(page.locator("#details section")).to_have_count(2)
        await page.reload()
        await expect(page.locator("#details h2")).to_have_text("services.Mailer")


async def test_the_graph_grows_with_its_depth_and_goes_by_keyboard():
    async with seen(shop(), "#id=0+mail.url") as (_, page):
        assert not await page.evaluate("performance.getEntriesByType('resource').some(e => /cytoscape/.test(e.name))")
        await page.locator(".to-graph").click()
        said = page.locator(".said")
        await expect(said).to_have_text("5 bindings")  # mail.url, Mailer, and beside it Clock, Audit, OrderController
        await page.get_by_label("Steps around").select_option("1")
        await expect(said).to_have_text("2 bindings")
        await page.locator(".canvas").focus()
        await page.keyboard.press("ArrowLeft")
        await expect(said).to_have_text("services.Mailer")
        await page.keyboard.press("Enter")
        await expect(page.locator("#details h2")).to_have_text("services.Mailer")
        await page.get_by_role("button", name="All").click()
        await expect(said).to_have_text(re.compile(r"^\d\d bindings$"))
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
        await expect(page.locator("#list")).to_be_visible()


async def test_it_is_live():
    async with seen(shop()) as (t, page):
        binding = t.app.bind("a.late.one").to(1)
        await expect(row(page, "a.late.one")).to_contain_text("transient")
        binding.in_scope("singleton")
        await expect(row(page, "a.late.one")).to_contain_text("singleton")
        await row(page, "a.late.one").click()
        binding.tag("seen")
        await expect(page.locator("#details")).to_contain_text("seen")
        t.app.unbind("a.late.one")
        await expect(row(page, "a.late.one")).to_have_count(0)
        await expect(page.locator("#details")).to_contain_text("not bound any more")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_phone_nothing_sticks_out_and_everything_can_be_reached(scheme):
    async with seen(shop(), color_scheme=scheme, has_touch=True, **PHONE) as (_, page):

        async def fits():
            return await page.evaluate("document.documentElement.scrollWidth <= innerWidth")

        assert await fits()
        await row(page, "mail.url").tap()
        await expect(page.locator("#details h2")).to_have_text("mail.url")
        box = await page.locator("#details").bounding_box()
        assert (box["x"], box["width"]) == (0, 390)
        assert await fits()
        await page.locator(".to-graph").tap()
        await expect(page.locator(".canvas")).to_be_visible()
        await expect(page.locator("#details")).to_be_hidden()
        assert await fits()
        await page.locator("#as-list").tap()
        await expect(page.locator("#list")).to_be_visible()


async def test_five_thousand_bindings_are_no_more_elements_than_fifty():
    def fill(app):
        for number in range(5_000):
            app.bind(f"many.{number:04}").to(number).tag("many")

    async with seen(shop(fill=fill), viewport={"width": 1280, "height": 800}) as (_, page):
        rows = page.locator("#list .rows [role=row]")
        assert await rows.count() < 60
        await page.locator("#list").focus()
        await page.keyboard.press("End")
        await expect(page.locator("#list [aria-selected=true]")).to_be_in_viewport()
        assert await rows.count() < 60
        await page.locator("#search").fill("many.4321")
        await expect(page.locator("#count")).to_have_text(re.compile("^1 of 5,"))
        await page.keyboard.press("Enter")
        await expect(page.locator("#details h2")).to_have_text("many.4321")


async def test_the_page_finds_its_server_again():
    async with seen(shop(), tolerates="net::ERR_") as (t, page):
        server = t.app.rest_server
        port = server.port
        await server.stop()
        await expect(page.locator("#state")).to_have_attribute("data-state", "waiting")
        await expect(row(page, "services.Mailer")).to_be_visible()
        t.app.bind("while.away").to(1)
        server.bind("rest.port").to(port)
        await server.start()
        await expect(row(page, "while.away")).to_be_visible()


async def test_a_hidden_page_asks_for_nothing_until_it_is_seen_again():
    async with seen(shop()) as (t, page):
        streams = t.app.rest_server.serving.streams
        assert len(streams) == 1
        for hidden, awaited in (("true", 0), ("false", 1)):
            await page.evaluate(
                f"Object.defineProperty(document, 'hidden', {{ value: {hidden}, configurable: true }});"
                "document.dispatchEvent(new Event('visibilitychange'))"
            )
            async with asyncio.timeout(PATIENCE):
                while len(streams) != awaited:  # noqa: ASYNC110 - what the browser does has no event here
                    await asyncio.sleep(0.01)
            t.app.bind(f"bound.{awaited}").to(1)
        for awaited in (0, 1):
            await expect(row(page, f"bound.{awaited}")).to_be_visible()


async def test_an_address_may_lead_to_a_graph():
    async with seen(shop(), "#view=graph&id=0+mail.url") as (_, page):
        await expect(page.locator(".said")).to_have_text("5 bindings")
        await expect(page.locator("#details h2")).to_have_text("mail.url")
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
        await expect(page.locator("#list")).to_be_focused()
        await page.keyboard.press("g")
        await expect(page.locator(".canvas")).to_be_focused()
