"""The document of a server, its endpoints, and the explorer."""

import json
import re
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from openapi_spec_validator import validate

from mainspring.rest import (
    RestApplication,
    as_spec_enhancer,
    get,
    injectable,
    openapi_spec,
    operation_spec,
    post,
    tags,
    visibility,
)
from mainspring.rest.errors import RegistrationError


class Todo(msgspec.Struct):
    title: str
    done: bool = False


class TodoController:
    """Todos."""

    @get("/todos/{id}")
    async def find(self, id: int, verbose: bool = False) -> Todo | None:
        """Find one."""

    @post("/todos")
    async def create(self, todo: Todo) -> Todo:
        return todo

    @get("/hidden")
    @visibility("undocumented")
    def hidden(self) -> str:
        return "hidden"


def app_of(config: Any = None) -> RestApplication:
    app = RestApplication({"rest": config or {}})
    app.controller(TodoController)
    return app


async def test_an_empty_application_has_a_document() -> None:
    """OAS-001"""
    document = await RestApplication().get_api_spec()
    assert document["openapi"].startswith("3.1")
    assert document["info"] == {"title": "Mainspring Application", "version": "1.0.0"}
    assert document["servers"] == [{"url": "/"}]
    assert document["paths"] == {}


async def test_the_document_shows_controllers_and_functions(web: Any) -> None:
    """OAS-002, OAS-007, OAS-012, OAS-013, OAS-022, OAS-026"""
    app = app_of()

    @app.route("get", "/fn")
    def fn() -> str:
        return "fn"

    document = await app.get_api_spec()
    validate(document)
    assert list(document["paths"]) == ["/todos/{id}", "/todos", "/fn"]
    find = document["paths"]["/todos/{id}"]["get"]
    assert (find["operationId"], find["tags"], find["summary"]) == (
        "TodoController.find",
        ["TodoController"],
        "Find one.",
    )
    assert (find["x-controller-name"], find["x-operation-name"]) == ("TodoController", "find")
    assert document["paths"]["/fn"]["get"]["operationId"] == "fn"
    assert document["components"]["schemas"]["Todo"]["required"] == ["title"]
    assert (await web(app).get("/hidden")).text == "hidden"


async def test_the_document_follows_changes_and_may_be_changed() -> None:
    """OAS-027, OAS-006"""
    app = app_of()
    first = await app.get_api_spec()
    first["paths"].clear()
    assert "/todos" in (await app.get_api_spec())["paths"]
    app.route("get", "/late", None, lambda: None)
    assert "/late" in (await app.get_api_spec())["paths"]


async def test_metadata_fills_the_info() -> None:
    """OAS-028"""
    app = app_of()
    app.set_metadata({"name": "todo", "version": "2.1", "description": "d", "author": "Me <me@x.org> (https://x.org)"})
    assert (await app.get_api_spec())["info"] == {
        "title": "todo",
        "version": "2.1",
        "description": "d",
        "contact": {"name": "Me", "email": "me@x.org", "url": "https://x.org"},
    }
    app.api({"info": {"title": "own"}, "x-own": 1, "servers": [{"url": "https://x.org"}]})
    document = await app.get_api_spec()
    assert (document["info"]["title"], document["info"]["version"]) == ("own", "2.1")
    assert (document["x-own"], document["servers"]) == (1, [{"url": "https://x.org"}])


async def test_the_endpoints_serve_the_document(web: Any) -> None:
    """OAS-034"""
    app = app_of({"cors": True})
    document = await app.get_api_spec()
    answer = await web(app).get("/openapi.json", headers={"accept": "text/html"})
    assert (answer.headers["content-type"], answer.json()) == ("application/json", document)
    assert answer.headers["access-control-allow-origin"] == "*"
    as_yaml = await web(app).get("/openapi.yaml")
    assert as_yaml.headers["content-type"] == "application/yaml"
    assert yaml.safe_load(as_yaml.text) == document
    again = await web(app).get("/openapi.json", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert "/openapi.json" not in document["paths"]


async def test_the_endpoints_are_configured(web: Any) -> None:
    """OAS-035, OAS-036"""
    app = app_of({"openapi": {"endpoint_mapping": {"/spec": {"version": "3.0", "format": "yaml"}}}})
    answer = await web(app).get("/spec")
    assert yaml.safe_load(answer.text)["openapi"].startswith("3.0")
    validate(yaml.safe_load(answer.text))
    assert (await web(app).get("/openapi.json")).status == 404
    older = app_of({"openapi": {"version": "3.0"}})
    assert (await web(older).get("/openapi.json")).json()["openapi"].startswith("3.0")
    off = app_of({"openapi": {"disabled": True}})
    for path in ("/openapi.json", "/openapi.yaml", "/explorer", "/explorer/"):
        assert (await web(off).get(path)).status == 404
    app.add_openapi_endpoint("/more", "3.1", "json")
    assert (await web(app).get("/more")).json()["openapi"].startswith("3.1")
    with pytest.raises(RegistrationError, match="already configured"):
        app.add_openapi_endpoint("/more")


async def test_servers_follow_the_request_when_asked_to(web: Any) -> None:
    """OAS-037"""
    app = app_of({"openapi": {"set_servers_from_request": True}, "base_path": "/api"})
    answer = await web(app).get("/api/openapi.json", headers={"host": "example.com"})
    assert answer.json()["servers"] == [{"url": "http://example.com/api"}]
    named = app_of({"openapi": {"servers": [{"url": "https://x.org"}]}})
    assert (await web(named).get("/openapi.json")).json()["servers"] == [{"url": "https://x.org"}]
    rooted = await web(app_of(), "/root").get("/root/openapi.json")
    assert rooted.json()["servers"] == [{"url": "/root"}]


async def test_the_document_is_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """OAS-038"""
    app = app_of()
    document = await app.get_api_spec()
    for name in ("a.json", "a.yaml", "a.yml"):
        await app.export_openapi_spec(str(tmp_path / name))
        text = (tmp_path / name).read_text()
        assert (json.loads(text) if name.endswith("json") else yaml.safe_load(text)) == document
    await app.export_openapi_spec("-")
    assert json.loads(capsys.readouterr().out) == document


async def test_enhancers_change_the_document() -> None:
    """OAS-031"""

    class First:
        name = "first"

        def modify_spec(self, spec: dict[str, Any]) -> dict[str, Any]:
            return {**spec, "x-first": spec.get("x-first", 0) + 1}

    @injectable(as_spec_enhancer)
    class Second:
        name = "second"

        async def modify_spec(self, spec: dict[str, Any]) -> dict[str, Any]:
            return {**spec, "x-second": spec["x-first"]}

    app = app_of()
    app.spec_enhancer(First)
    app.spec_enhancer(Second)
    for _ in range(2):
        document = await app.get_api_spec()
        assert (document["x-first"], document["x-second"]) == (1, 1)


async def test_titled_schemas_are_consolidated_unless_switched_off() -> None:
    """OAS-030"""
    schema = {"title": "Pet", "type": "object", "properties": {"name": {"type": "string"}}}
    spec = {"responses": {"200": {"description": "x", "content": {"application/json": {"schema": schema}}}}}
    for config, expected in (({}, {"$ref": "#/components/schemas/Pet"}), ({"openapi": {"consolidate": False}}, schema)):
        app = app_of(config)
        app.route("get", "/pet", spec, lambda: {"name": "x"})
        shown = (await app.get_api_spec())["paths"]["/pet"]["get"]["responses"]["200"]["content"]["application/json"]
        assert shown["schema"] == expected


async def test_specs_may_be_built() -> None:
    """OAS-044, OAS-003"""
    app = RestApplication()
    operation = operation_spec().with_tags("built").with_string_response(200)
    app.api(openapi_spec().with_extension("x-own", 1))
    app.route("get", "/built", operation.build(), lambda: "x")
    document = await app.get_api_spec()
    assert document["x-own"] == 1
    assert document["paths"]["/built"]["get"]["tags"] == ["built"]


async def test_decorators_reach_the_document() -> None:
    """OAS-020"""

    @tags("class")
    class C:
        @get("/x")
        @tags("method")
        def x(self) -> None: ...

    app = RestApplication()
    app.controller(C)
    assert (await app.get_api_spec())["paths"]["/x"]["get"]["tags"] == ["class", "method"]


async def test_the_same_application_gives_the_same_bytes(web: Any) -> None:
    """OAS-043"""
    first, second = await web(app_of()).get("/openapi.json"), await web(app_of()).get("/openapi.json")
    assert first.body == second.body


async def test_many_operations_are_assembled_quickly(web: Any) -> None:
    """OAS-045"""
    app = RestApplication()
    for number in range(500):

        def handler(id: int, todo: Todo, q: str = "") -> Todo:
            return todo

        app.route("post", f"/x{number}/{{id}}", None, handler)
    await app.get_api_spec()
    app.route("get", "/late", None, lambda: None)
    begun = time.process_time()
    await app.get_api_spec()
    assert time.process_time() - begun < 1.5
    begun = time.perf_counter()
    await web(app).get("/openapi.json")
    first = time.perf_counter() - begun
    begun = time.perf_counter()
    await web(app).get("/openapi.json")
    assert time.perf_counter() - begun < max(first, 0.05)


# The explorer


async def test_the_explorer_is_a_page_without_other_hosts(web: Any) -> None:
    """OAS-039, OAS-041, HTTP-020"""
    app = app_of()
    app.set_metadata({"name": '<script>"x"'})
    moved = await web(app).get("/explorer")
    assert (moved.status, moved.headers["location"]) == (301, "./explorer/")
    page = await web(app).get("/explorer/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "&lt;script&gt;" in page.text
    assert "//" not in page.text.replace("<!DOCTYPE html>", "")
    assert re.findall(r"<script(?![^>]*src=)", page.text) == []
    linked = re.findall(r'(?:src|href)="\./([^"]+)"', page.text)
    assert set(linked) == {"favicon.png", "swagger-ui.css", "swagger-ui-bundle.js", "initializer.js"}
    for name in linked:
        assert (await web(app).get(f"/explorer/{name}")).status == 200, name
    assert 'data-url="./openapi.json"' in page.text
    assert (await web(app).get("/explorer/openapi.json")).json() == await app.get_api_spec()
    script = (await web(app).get("/explorer/initializer.js")).text
    assert "validatorUrl: null" in script


async def test_the_explorer_is_configured(web: Any, tmp_path: Path) -> None:
    """OAS-040"""
    theme = tmp_path / "theme.css"
    theme.write_text("body {}")
    config = {"path": "/docs", "title": "Mine", "theme_file": str(theme), "use_self_hosted_spec": False}
    app = app_of({"explorer": config, "base_path": "/api"})
    page = await web(app).get("/api/docs/")
    assert "<title>Mine</title>" in page.text
    assert 'data-url="/api/openapi.json"' in page.text
    assert (await web(app).get("/api/docs/theme.css")).text == "body {}"
    assert (await web(app).get("/api/explorer/")).status == 404
    template = app_of({"explorer": {"index_template": "<p>$title $spec_url</p>"}})
    assert (await web(template).get("/explorer/")).text == "<p>Mainspring Application - Explorer ./openapi.json</p>"
    off = app_of({"explorer": {"disabled": True}})
    assert (await web(off).get("/explorer/")).status == 404
    assert (await web(off).get("/openapi.json")).status == 200
