"""The context explorer mounted in an application, by requests."""

import pytest
from tests.explorer.conftest import shop

from mainspring import RestApplication, ServerLoader, load_config
from mainspring.core import Application
from mainspring.explorer import ContextExplorerComponent, ExplorerSettingError
from mainspring.rest import RestServer
from mainspring.rest.inprocess import call_in_process
from mainspring.testing import harness


async def test_there_is_none_until_it_is_mounted():
    async with harness(RestApplication({})) as t:
        assert (await t.request("GET", "/context/")).status == 404


async def test_the_page_names_no_other_host_and_has_no_script_in_it():
    async with harness(shop()) as t:
        page = await t.request("GET", "/context/")
        assert page.status == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in page.headers["content-security-policy"]
        assert page.headers["x-content-type-options"] == "nosniff"
        assert "://" not in page.text
        assert page.text.count("<script") == page.text.count('<script type="module" src="page/main.js"></script>') == 1


async def test_the_path_without_a_slash_leads_to_the_page_behind_every_prefix():
    async with harness(shop()) as t:
        answer = await t.request("GET", "/context")
        assert (answer.status, answer.headers["location"]) == (301, "./context/")


async def test_it_is_below_the_base_path_and_below_a_mount():
    inner, outer = shop(), RestApplication({"name": "outer"})
    inner.base_path("/api")
    outer.mount_asgi("/shop", inner)
    async with harness(inner), harness(outer) as t:
        assert (await t.request("GET", "/shop/api/context")).headers["location"] == "./context/"
        for path in ("/shop/api/context/", "/shop/api/context/page/main.js", "/shop/api/context/data/edges"):
            assert (await t.request("GET", path)).status == 200
        assert (await t.request("GET", "/shop/context/")).status == 404


@pytest.mark.parametrize("name", ["main.js", "style.css", "icon.svg", "cytoscape.esm.min.js", "dagre.esm.js"])
async def test_files_come_from_the_package_and_clients_keep_them(name):
    async with harness(shop()) as t:
        answer = await t.request("GET", f"/context/page/{name}")
        assert answer.status == 200
        again = await t.request("GET", f"/context/page/{name}", headers={"if-none-match": answer.headers["etag"]})
        assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("name", ["index.html", "NOTICE", "..%2Fcomponent.py", "%2e%2e%2fcomponent.py", "nothing.js"])
async def test_no_other_file_is_served(name):
    async with harness(shop()) as t:
        assert (await t.request("GET", f"/context/page/{name}")).status == 404


async def test_its_operations_are_in_no_document():
    async with harness(shop()) as t:
        document = (await t.request("GET", "/openapi.json")).json()
        assert list(document["paths"]) == ["/orders"]


async def test_path_and_server_are_settings():
    app = shop({"path": "/admin/bindings/", "server": "inside"})
    app.server(RestServer, "inside")
    async with harness(app) as t:
        inside = await app.get("servers.inside")
        assert (await t.request("GET", "/admin/bindings/")).status == 404
        assert (await call_in_process(inside, "GET", "/admin/bindings/")).status == 200
        assert (await call_in_process(inside, "GET", "/context/")).status == 404


async def test_settings_come_from_the_environment_and_the_configuration_of_the_component(monkeypatch):
    monkeypatch.setenv("MAINSPRING_CONTEXT_EXPLORER_PATH", "/from-environment")
    monkeypatch.setenv("MAINSPRING_CONTEXT_EXPLORER_VALUES", "yes")
    app = RestApplication(load_config())
    app.configure("components.ContextExplorerComponent").to({"values": False})
    app.component(ContextExplorerComponent)
    app.bind("answer").to(42)
    async with harness(app) as t:
        told = await t.request("GET", "/from-environment/data/binding", query={"of": 0, "key": "answer"})
        assert "value" not in told.json()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"pat": "/x"}, "'pat' of the context explorer is '/x': there is none of this name; there are path, values"),
        ({"path": "/"}, "'path' of the context explorer is '/': give a path without variables"),
        ({"path": "/{id}"}, "give a path without variables"),
        ({"values": "yes"}, "'values' of the context explorer is 'yes': give True or False"),
        ({"server": 7}, "give the name of a server"),
        ({"authorise": "me"}, "give a function of the request's context"),
    ],
)
def test_an_impossible_setting_is_refused_with_the_way_out(settings, words):
    with pytest.raises(ExplorerSettingError) as caught:
        shop(settings)
    assert words in str(caught.value)


def test_settings_are_a_mapping():
    app = Application({})
    app.configure("components.ContextExplorerComponent").to("/context")
    with pytest.raises(ExplorerSettingError, match="give a mapping of settings"):
        app.component(ContextExplorerComponent)


async def test_a_server_loader_has_it_as_well():
    class Server(ServerLoader):
        pass

    app = Server({"http_port": 0})
    app.component(ContextExplorerComponent)
    async with harness(app) as t:
        assert (await t.request("GET", "/context/")).status == 200


async def test_who_injects_what_is_told_with_the_way():
    async with harness(shop()) as t:
        told = (await t.request("GET", "/context/data/edges")).json()
        names = [key for _, key in told["bindings"]]
        edges = {(names[tail], names[head], kind, label) for tail, head, kind, label in told["edges"]}
        assert {
            ("services.Mailer", "services.Clock", "injects", "Mailer.__init__[clock]"),
            ("services.Mailer", "mail.url", "injects", "Mailer.__init__[url]"),
            ("services.Audit", "services.Clock", "later", "Audit.now"),
            ("orders.audit", "services.Audit", "alias", ""),
            ("controllers.OrderController", "services.Audit", "injects", "OrderController.__init__[audit]"),
            ("routes.get %2Forders", "controllers.OrderController", "injects", "OrderController.orders"),
        } <= edges


async def test_one_binding_is_told_in_full():
    async with harness(shop()) as t:
        told = (await t.request("GET", "/context/data/binding", query={"of": 0, "key": "services.Mailer"})).json()
        assert told["source"] == "Mailer"
        assert told["declared"].startswith("tests/explorer/conftest.py:")
        points = told["injections"]["constructor_arguments"]
        assert [point.get("key") or point["type"] for point in points] == ["Clock", "mail.url"]
        assert not told["made"]


async def test_looking_makes_nothing():
    async with harness(shop()) as t:
        audit = {"of": 0, "key": "services.Audit"}
        assert not (await t.request("GET", "/context/data/binding", query=audit)).json()["made"]
        await t.app.get("services.Audit")
        assert (await t.request("GET", "/context/data/binding", query=audit)).json()["made"]


@pytest.mark.parametrize("query", [{"of": 0, "key": "nothing"}, {"of": 99, "key": "mail.url"}])
async def test_a_binding_that_is_gone_is_not_found(query):
    async with harness(shop()) as t:
        assert (await t.request("GET", "/context/data/binding", query=query)).status == 404


async def test_values_are_never_shown_unless_that_is_allowed():
    async with harness(shop()) as t:
        told = (await t.request("GET", "/context/data/binding", query={"of": 0, "key": "mail.url"})).json()
        assert told["made"]
        assert "value" not in told
        assert "mail.example" not in str(told)


async def test_of_allowed_values_secrets_are_masked():
    def fill(app):
        app.bind("mail.password").to("hunter2")
        app.bind("harmless").to("hunter3").tag("secret")
        app.bind("options").to({"size": 3, "api_key": "hunter4"})

    async with harness(shop({"values": True}, fill=fill)) as t:

        async def value(key):
            return (await t.request("GET", "/context/data/binding", query={"of": 0, "key": key})).json()["value"]

        assert await value("mail.url") == "smtp://***@mail.example/"
        assert await value("mail.password") == "***"
        assert await value("harmless") == "***"
        assert await value("options") == {"size": 3, "api_key": "***"}
