"""Who may see the context explorer."""

import logging

import pytest
from tests.explorer.conftest import shop

from mainspring import HttpErrors, ServerLoader
from mainspring.explorer import ContextExplorerComponent, ExplorerBindings
from mainspring.rest.inprocess import call_in_process
from mainspring.testing import harness

ADDRESSES = ["/context", "/context/", "/context/page/main.js", "/context/data/edges", "/context/data/changes"]


class Calling:
    """An ASGI server that says another client."""

    def __init__(self, app, client):
        self.app, self.client = app, client

    async def __call__(self, scope, receive, send):
        await self.app({**scope, "client": self.client}, receive, send)


async def status_from(app, client, path="/context/", **headers):
    answer = await call_in_process(Calling(app, client), "GET", path, headers=headers)
    return answer.status


@pytest.mark.parametrize("path", ADDRESSES)
async def test_production_without_a_rule_refuses_everybody_and_says_so_once(path, monkeypatch, caplog):
    monkeypatch.setenv("MAINSPRING_ENV", "production")
    async with harness(shop()) as t:
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                assert (await t.request("GET", path)).status == 403
    said = [record.getMessage() for record in caplog.records if record.name == "mainspring.explorer.guarding"]
    assert len(said) == 1
    assert "ExplorerBindings.AUTHORISE" in said[0]


async def test_the_environment_of_a_server_loader_counts():
    class Server(ServerLoader):
        pass

    app = Server({"env": "production"})
    app.component(ContextExplorerComponent)
    async with harness(app) as t:
        assert (await t.request("GET", "/context/")).status == 403


async def test_in_production_the_rule_of_the_application_holds(monkeypatch):
    monkeypatch.setenv("MAINSPRING_ENV", "production")

    async def is_admin(context):
        if "authorization" not in context.request.headers:
            raise HttpErrors.Unauthorized("Say who you are.", headers={"WWW-Authenticate": "Bearer"})
        return context.request.headers["authorization"] == "Bearer ada"

    async with harness(shop({"authorise": is_admin})) as t:
        answer = await t.request("GET", "/context/")
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
        for path, token, status in (("/context/", "eve", 403), ("/context/data/edges", "eve", 403)):
            assert (await t.request("GET", path, headers={"authorization": f"Bearer {token}"})).status == status
        for path in ("/context/", "/context/data/edges"):
            assert (await t.request("GET", path, headers={"authorization": "Bearer ada"})).status == 200
            assert await status_from(t.app, ("203.0.113.7", 1), path, authorization="Bearer ada") == 200


async def test_the_rule_is_injected_as_everything_is():
    class Admins:
        def __contains__(self, name):
            return name == "ada"

    class Rule:
        def __init__(self, admins: Admins) -> None:
            self.admins = admins

        def __call__(self, context):
            return context.request.headers.get("x-user") in self.admins

    def fill(app):
        app.service(Admins)
        app.bind(ExplorerBindings.AUTHORISE).to_class(Rule)

    async with harness(shop(fill=fill)) as t:
        assert (await t.request("GET", "/context/", headers={"x-user": "ada"})).status == 200
        assert (await t.request("GET", "/context/", headers={"x-user": "eve"})).status == 403


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        (("127.0.0.1", 1), {}, 200),
        (("::1", 1), {"host": "[::1]:3000"}, 200),
        (("127.3.2.1", 1), {"host": "shop.localhost"}, 200),
        (("203.0.113.7", 1), {}, 403),
        (("10.0.0.3", 1), {}, 403),
        (None, {}, 403),
        (("127.0.0.1", 1), {"host": "evil.example"}, 403),  # a name that was made to lead here
        (("127.0.0.1", 1), {"x-forwarded-for": "203.0.113.7"}, 403),  # a proxy on this machine
        (("127.0.0.1", 1), {"forwarded": "for=203.0.113.7"}, 403),
    ],
)
async def test_elsewhere_it_answers_this_machine_alone(client, headers, status):
    async with harness(shop()) as t:
        assert await status_from(t.app, client, **headers) == status


async def test_behind_a_trusted_proxy_the_client_is_who_it_says():
    app = shop()
    app.bind("rest.trusted_proxies").to(["127.0.0.1"])
    async with harness(app) as t:
        for client, status in (("203.0.113.7", 403), ("127.0.0.9", 200)):
            assert await status_from(t.app, ("127.0.0.1", 1), **{"x-forwarded-for": client}) == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}, 200),
        ({"sec-fetch-site": "none", "sec-fetch-mode": "navigate"}, 200),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, 200),  # a link is followed
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}, 403),
        ({"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors"}, 403),
        ({"origin": "http://localhost"}, 200),
        ({"origin": "http://localhost:8080"}, 403),
        ({"origin": "https://evil.example"}, 403),
    ],
)
async def test_pages_of_others_in_the_same_browser_cannot_read_it(headers, status):
    app = shop()
    app.bind("rest.cors").to({"origin": "*"})
    async with harness(app) as t:
        assert (await t.request("GET", "/context/data/edges", headers=headers)).status == status
