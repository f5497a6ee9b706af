"""Whose a request is, who is believed, and that nobody sees what is another's."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tenant_notes.application import NotesApplication
from tenant_notes.settings import Settings, TenancySettings, TenantSettings
from tenant_notes.strategies.jwt_strategy import issue

from mainspring.testing import Harness, harness

KEY = "a key for tests, of 32 bytes or more"
TENANTS = {
    "acme": TenantSettings("Acme", ["acme.example"]),
    "globex": TenantSettings("Globex", ["globex.example", "Globex.Test"]),
    "small": TenantSettings("Small", [], most_notes=3),
}

Kit = Harness[NotesApplication]


def settings(*strategies: str, key: str = KEY, tenants: dict[str, TenantSettings] = TENANTS) -> Settings:
    """Databases in memory."""
    return {"tenancy": TenancySettings(tenants, list(strategies), key, folder=""), "rest": {}}


@pytest.fixture
async def t() -> AsyncIterator[Kit]:
    async with harness(NotesApplication, settings("jwt", "header", "query", "host")) as t:
        yield t


def of(tenant: str) -> dict[str, Any]:
    return {"headers": {"x-tenant": tenant}}


def bearing(token: str) -> dict[str, Any]:
    return {"headers": {"authorization": f"Bearer {token}"}}


async def texts(t: Kit, tenant: str) -> list[str]:
    answer = await t.request("GET", "/notes", **of(tenant))
    assert answer.status == 200, answer.text
    return [note["text"] for note in answer.json()]


@pytest.mark.parametrize(
    "options",
    [
        of("globex"),
        {"query": {"tenant": "globex"}},
        {"headers": {"host": "globex.example"}},
        {"headers": {"host": "GLOBEX.test:8080"}},
        bearing(issue("globex", KEY)),
        {"headers": {"host": "globex.example", "x-tenant": "globex"}, "query": {"tenant": "globex"}},
    ],
)
async def test_each_strategy_finds_the_tenant(t: Kit, options: dict[str, Any]) -> None:
    answer = await t.request("GET", "/tenant", **options)
    assert (answer.status, answer.json()) == (200, {"id": "globex", "name": "Globex"})


@pytest.mark.parametrize(
    ("status", "options"),
    [
        (401, {}),
        (401, {"headers": {"host": "elsewhere.example"}}),
        (401, {"headers": {"authorization": "Basic YWNtZTp4"}}),
        (401, bearing("")),
        (401, bearing("no.token.atall")),
        (401, bearing(issue("acme", "another key, which is as long as ours"))),
        (401, bearing(issue("acme", KEY, seconds=-1))),
        (401, bearing("eyJhbGciOiJub25lIn0.eyJ0ZW5hbnQiOiJhY21lIiwiZXhwIjo5OTk5OTk5OTk5fQ.")),  # alg: none
        (403, bearing(issue("nobody", KEY))),
        (403, of("nobody")),
        (403, of("")),
        (403, {"query": {"tenant": ["acme", "globex"]}}),
        (403, {"headers": {"x-tenant": "acme", "host": "globex.example"}}),
        (403, {**of("acme"), "query": {"tenant": "globex"}}),
    ],
)
async def test_who_cannot_be_believed_sees_nothing(t: Kit, status: int, options: dict[str, Any]) -> None:
    for path in ("/notes", "/notes/1", "/tenant"):
        answer = await t.request("GET", path, **options)
        assert answer.status == status, answer.text
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_token_and_a_header_of_another_contradict_each_other(t: Kit) -> None:
    headers = {**bearing(issue("acme", KEY))["headers"], **of("globex")["headers"]}
    assert (await t.request("GET", "/notes", headers=headers)).status == 403


async def test_only_the_strategies_that_are_set_are_asked() -> None:
    async with harness(NotesApplication, settings("jwt")) as t:
        assert (await t.request("GET", "/notes", **of("acme"))).status == 401
        headers = {**bearing(issue("acme", KEY))["headers"], "x-tenant": "globex", "host": "globex.example"}
        answer = await t.request("GET", "/tenant?tenant=globex", headers=headers)
        assert answer.json()["id"] == "acme"  # the others are not even looked at
        document = (await t.request("GET", "/openapi.json")).json()
        assert list(document["components"]["securitySchemes"]) == ["jwt"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (settings("magic"), r"tenancy.strategies has \['magic'\]"),
        (settings(), "tenancy.strategies has none"),
        (settings("jwt", key="short"), "tenancy.jwt_key must have at least 32 bytes"),
    ],
)
async def test_settings_that_cannot_be_end_the_start(given: Settings, message: str) -> None:
    with pytest.raises(Exception, match=message):
        async with harness(NotesApplication, given):
            pytest.fail("it has started")


async def test_each_tenant_has_notes_of_its_own(t: Kit) -> None:
    for tenant in ("acme", "globex"):
        created = await t.request("POST", "/notes", json={"text": f"of {tenant}"}, **of(tenant))
        assert created.json() == {"id": 1, "text": f"of {tenant}"}  # ids are counted for each by itself
    assert await texts(t, "acme") == ["of acme"]
    assert (await t.request("DELETE", "/notes/1", **of("acme"))).status == 204
    assert (await t.request("GET", "/notes/1", **of("acme"))).status == 404
    assert await texts(t, "globex") == ["of globex"]


async def test_what_is_no_note_is_refused(t: Kit) -> None:
    for body in ({}, {"text": ""}, {"text": "x" * 1001}, {"text": "x", "tenant": "globex"}):
        assert (await t.request("POST", "/notes", json=body, **of("acme"))).status == 422
    assert (await t.request("GET", "/notes/0", **of("acme"))).status == 400
    assert await texts(t, "acme") == []


async def test_the_document_is_everybodys(t: Kit) -> None:
    document = (await t.request("GET", "/openapi.json")).json()
    assert [list(each) for each in document["security"]] == [["jwt"], ["header"], ["query"]]
    assert {"401", "403"} <= document["paths"]["/notes"]["get"]["responses"].keys()


# Many at once


async def test_of_many_requests_at_once_each_stays_with_its_tenant(t: Kit) -> None:
    async def live(tenant: str, number: int) -> None:
        """What one client does; in between are the requests of all the others."""
        text = f"{tenant} {number}"
        created = await t.request("POST", "/notes", json={"text": text}, **of(tenant))
        assert created.status == 200, created.text
        found = await t.request("GET", f"/notes/{created.json()['id']}", **of(tenant))
        assert found.json()["text"] == text
        assert all(each.startswith(tenant) for each in await texts(t, tenant))
        who = await t.request("GET", "/tenant", **of(tenant))
        assert who.json()["id"] == tenant

    clients = [live(tenant, number) for number in range(30) for tenant in ("acme", "globex")]
    await asyncio.gather(*clients)
    for tenant in ("acme", "globex"):
        assert sorted(await texts(t, tenant)) == sorted(f"{tenant} {number}" for number in range(30))


async def test_a_limit_holds_for_its_tenant_however_many_ask_at_once(t: Kit) -> None:
    posts = (t.request("POST", "/notes", json={"text": "x"}, **of("small")) for _ in range(10))
    answers = await asyncio.gather(*posts)
    assert sorted(answer.status for answer in answers) == [200] * 3 + [409] * 7
    assert len(await texts(t, "small")) == 3
    assert (await t.request("POST", "/notes", json={"text": "x"}, **of("acme"))).status == 200
