"""What is taken, what is refused, and how that is told."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from coffee_shops.application import CoffeeShopApplication
from coffee_shops.services.licence_service import LicenceService

from mainspring.testing import Harness, harness

SHOP = {"name": "Slow", "city": "Brno", "phoneNumber": "512345678", "capacity": 40, "opens": 9, "closes": 18}
SHOPS = "/coffee-shops"

Kit = Harness[CoffeeShopApplication]


@pytest.fixture
async def t() -> AsyncIterator[Kit]:
    async with harness(CoffeeShopApplication) as t:
        yield t


async def refused(t: Kit, body: Any, method: str = "POST", path: str = SHOPS) -> dict[str, Any]:
    """What a client is told of each field."""
    answer = await t.request(method, path, json=body)
    assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json"), answer.text
    told: dict[str, Any] = answer.json()
    assert (told["type"], told["code"]) == ("https://example.org/problems/invalid", "INVALID")
    assert len(told["errors"]) == sum(map(len, told["by_field"].values()))
    found: dict[str, Any] = told["by_field"]
    return found


async def test_a_sensible_shop_is_taken_changed_and_removed(t: Kit) -> None:
    answer = await t.request("POST", SHOPS, json=SHOP)
    assert (answer.status, answer.json()) == (200, {"id": 1, **SHOP, "website": None})
    changed = await t.request("PATCH", f"{SHOPS}/1", json={"closes": 20, "website": "http://slow.example/"})
    assert changed.json() == {"id": 1, **SHOP, "closes": 20, "website": "http://slow.example/"}
    assert (await t.request("GET", f"{SHOPS}?city=Brno")).json() == [changed.json()]
    assert (await t.request("GET", f"{SHOPS}?city=Praha")).json() == []
    assert (await t.request("DELETE", f"{SHOPS}/1")).status == 204
    assert (await t.request("GET", f"{SHOPS}/1")).status == 404


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"name": ""}, "name", "name must not have fewer than 1 characters"),
        ({"name": " \u2003"}, "name", "a name has at least one character that can be seen"),
        ({"name": "a\u0000b"}, "name", "name must match the pattern ^[^\\u0000]*$"),
        ({"name": 7}, "name", "name must be a string"),
        ({"city": "Wien"}, "city", "city must be one of 'Praha', 'Brno', 'Ostrava'"),
        ({"phoneNumber": "123"}, "phoneNumber", "a phone number has nine digits and does not begin with 0 or 1"),
        ({"phoneNumber": "212345678"}, "", "phone numbers of Brno begin with 5"),
        ({"capacity": 0}, "capacity", "capacity must be at least 1"),
        ({"capacity": 301}, "capacity", "a shop in Brno has at most 300 seats"),
        ({"capacity": 1.5}, "capacity", "capacity must be an integer"),
        ({"opens": 18}, "", "a shop opens before it closes"),
        ({"website": "javascript:alert(1)"}, "website", None),
        ({"colour": "green"}, "", None),
        ({"id": 5}, "", None),
    ],
)
async def test_each_rule_refuses(t: Kit, change: dict[str, Any], field: str, message: str | None) -> None:
    told = await refused(t, {**SHOP, **change})
    assert list(told) == [field]
    assert message is None or told[field] == [message]
    assert (await t.request("GET", SHOPS)).json() == []


async def test_everything_that_is_wrong_is_told_at_once(t: Kit) -> None:
    told = await refused(t, {"name": "", "phoneNumber": "1", "capacity": 0, "opens": 9, "closes": 8})
    assert told == {
        "name": ["name must not have fewer than 1 characters"],
        "city": ["city is missing"],
        "phoneNumber": ["a phone number has nine digits and does not begin with 0 or 1"],
        "capacity": ["capacity must be at least 1"],
        "": ["a shop opens before it closes"],
    }


async def test_a_change_must_fit_what_stays(t: Kit) -> None:
    path = f"{SHOPS}/{(await t.request('POST', SHOPS, json=SHOP)).json()['id']}"
    assert await refused(t, {"closes": 9}, "PATCH", path) == {"": ["a shop opens before it closes"]}
    assert await refused(t, {"city": "Praha"}, "PATCH", path) == {"": ["phone numbers of Praha begin with 2"]}
    assert await refused(t, {"capacity": 400}, "PATCH", path) == {"capacity": ["a shop in Brno has at most 300 seats"]}
    moved = {"city": "Praha", "phoneNumber": "212345678", "capacity": 400}
    assert (await t.request("PATCH", path, json=moved)).status == 200
    assert (await t.request("GET", path)).json() == {"id": 1, **SHOP, **moved, "website": None}
    assert (await t.request("PATCH", f"{SHOPS}/99", json={"closes": 20})).status == 404


async def test_one_phone_number_is_of_one_shop_however_many_ask_at_once(t: Kit) -> None:
    answers = await asyncio.gather(*(t.request("POST", SHOPS, json=SHOP) for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409, 409]
    assert len((await t.request("GET", SHOPS)).json()) == 1


async def test_two_changes_at_once_that_do_not_fit_together_are_not_both_made(t: Kit) -> None:
    path = f"{SHOPS}/{(await t.request('POST', SHOPS, json=SHOP)).json()['id']}"
    changes = [{"opens": 17}, {"closes": 10}]
    answers = await asyncio.gather(*(t.request("PATCH", path, json=change) for change in changes))
    assert sorted(answer.status for answer in answers) == [200, 422]
    shop = (await t.request("GET", path)).json()
    assert shop["opens"] < shop["closes"]


async def test_the_city_may_change_its_mind(t: Kit) -> None:
    class Strict(LicenceService):
        async def largest_capacity(self, city: str) -> int:
            return 10

    with t.override({LicenceService: Strict}):
        assert await refused(t, SHOP) == {"capacity": ["a shop in Brno has at most 10 seats"]}


async def test_what_is_no_shop_at_all_is_told_as_ever(t: Kit) -> None:
    malformed = await t.request("POST", SHOPS, body=b"{", headers={"content-type": "application/json"})
    assert (malformed.status, malformed.json()["code"]) == (400, "MALFORMED_BODY")
    assert (await t.request("POST", SHOPS, body=b"x", headers={"content-type": "text/plain"})).status == 415
    assert await refused(t, ["shop"]) == {"": ["must be an object"]}
    assert (await t.request("GET", f"{SHOPS}?city=Wien")).status == 400
    assert (await t.request("GET", f"{SHOPS}/0")).status == 400
