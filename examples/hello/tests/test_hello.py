"""The function is served, and nothing else is."""

from app import app, hello

from mainspring.testing import harness


async def test_hello_greets_by_name() -> None:
    async with harness(app) as t:
        answer = await t.request("GET", "/hello/Ada")
        assert (answer.status, answer.text) == (200, "Hello, Ada!")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        accented = await t.request("GET", "/hello/Jos%C3%A9%20%2F%20Zo%C3%AB")
        assert accented.text == "Hello, José / Zoë!"
        assert (await t.request("GET", "/hello")).status == 404
        assert (await t.request("POST", "/hello/Ada")).status == 405


def test_the_function_stays_a_function() -> None:
    assert hello("Grace") == "Hello, Grace!"
