"""Operations of an OpenAPI document."""

import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml
from openapi_spec_validator import validate
from tests.proxies.remotes import Remote, reply

from mainspring import DataSource, Entity, HttpErrors, RestApplication, field, model, rest
from mainspring.proxies import ServiceArgumentError, ServiceInterfaceError, get_service
from mainspring.repository import DataSourceError

SPEC: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Pets", "version": "1"},
    "servers": [{"url": "/ignored"}, {"url": "http://{host}/v2", "variables": {"host": {"default": "h.test"}}}],
    "security": [{"key": [], "login": []}, {"token": []}],
    "paths": {
        "/pets/{petId}": {
            "parameters": [
                {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
            ],
            "get": {
                "operationId": "getPet",
                "parameters": [
                    {"name": "tags", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                    {"name": "sort", "in": "query", "style": "pipeDelimited", "schema": {"type": "array", "items": {}}},
                    {"name": "where", "in": "query", "style": "deepObject", "schema": {"type": "object"}},
                    {"name": "q", "in": "query", "content": {"application/json": {"schema": {"type": "object"}}}},
                    {"name": "X-Trace-Id", "in": "header", "schema": {"type": "string", "nullable": True}},
                ],
                "responses": {"200": {"description": "One"}},
            },
            "delete": {"operationId": "pets.delete-one", "security": [], "responses": {"204": {"description": "Gone"}}},
        },
        "/pets": {
            "post": {
                "operationId": "createPet",
                "requestBody": {"$ref": "#/components/requestBodies/Pet"},
                "responses": {"200": {"description": "Made"}},
            }
        },
        "/form": {
            "post": {
                "operationId": "sendForm",
                "requestBody": {"content": {"multipart/form-data": {"schema": {"type": "object"}}}},
                "responses": {"200": {"description": "Read"}},
            }
        },
        "/nameless": {"get": {"responses": {"200": {"description": "No method"}}}},
    },
    "components": {
        "requestBodies": {
            "Pet": {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}
        },
        "schemas": {
            "Pet": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "maxLength": 5},
                    "age": {"type": "integer", "nullable": True, "minimum": 0, "exclusiveMinimum": True},
                    "mother": {"$ref": "#/components/schemas/Pet"},
                },
            }
        },
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "query", "name": "api_key"},
            "login": {"type": "http", "scheme": "basic"},
            "token": {"type": "http", "scheme": "bearer"},
        },
    },
}

Make = Callable[..., DataSource]


@pytest.fixture
async def pets(remote: Remote) -> AsyncGenerator[Make]:
    made: list[DataSource] = []

    def datasource(**settings: Any) -> DataSource:
        made.append(
            DataSource({"name": "pets", "connector": "openapi", "spec": SPEC, "server": remote.url, **settings})
        )
        return made[-1]

    yield datasource
    for each in made:
        await each.disconnect()


def test_the_document_of_these_tests_is_one() -> None:
    validate(SPEC)


async def test_each_operation_is_a_method_under_both_names(pets: Make, remote: Remote) -> None:
    """SVC-009, SVC-010"""
    remote.script = [reply(200, {"id": 1}), reply(200, {"id": 1}), reply(204)]
    service = pets().as_service()
    assert await service.getPet(1) == {"id": 1}
    assert await service.get_pet(pet_id=1, tags=["a", "b c"], sort=[1, 2], where={"a": {"b": [1]}}, q={"k": 1}) == {
        "id": 1
    }
    assert await service.pets_delete_one(petId=2) is None
    assert [asked.target for asked in remote.asked] == [
        "/pets/1",
        "/pets/1?tags=a&tags=b%20c&sort=1%7C2&where%5Ba%5D%5Bb%5D=1&q=%7B%22k%22%3A1%7D",
        "/pets/2",
    ]
    assert remote.asked[2].method == "DELETE"
    assert not hasattr(service, "nameless")


async def test_headers_are_named_as_arguments_are(pets: Make, remote: Remote) -> None:
    """SVC-009"""
    await pets().as_service().get_pet(1, x_trace_id="t")
    assert remote.asked[0].headers["x-trace-id"] == "t"


@pytest.mark.parametrize(
    ("call", "parameter", "words"),
    [
        (lambda service: service.get_pet(), "petId", "is missing"),
        (lambda service: service.get_pet("one"), "petId", "must be integer"),
        (lambda service: service.get_pet(0), "petId", "is not valid"),
        (lambda service: service.get_pet(1, tags="a"), "tags", "must be array"),
        (lambda service: service.get_pet(1, colour="a"), "colour", "is unknown"),
        (lambda service: service.create_pet(), "body", "is missing"),
        (lambda service: service.create_pet({"name": "too long"}), "body", "/name"),
        (lambda service: service.create_pet({"name": "a", "age": 0}), "body", "/age"),
        (lambda service: service.create_pet({"name": "a", "mother": {"mother": {}}}), "body", "/mother must have"),
        (lambda service: service.create_pet(object()), "body", "no JSON form"),
    ],
)
async def test_arguments_are_checked_before_anything_is_sent(
    pets: Make, remote: Remote, call: Callable[[Any], Any], parameter: str, words: str
) -> None:
    """SVC-009, SVC-004"""
    with pytest.raises(ServiceArgumentError, match=words) as caught:
        await call(pets().as_service())
    assert caught.value.parameter == parameter
    assert remote.asked == []


@model()
class Pet(Entity):
    name: str = field(id=True, required=True)
    age: int | None = None


class Pets(Protocol):
    async def get_pet(self, pet_id: int, tags: list[str] | None = None) -> Pet: ...
    async def create_pet(self, pet: Pet) -> Pet: ...


async def test_an_interface_gives_types(pets: Make, remote: Remote) -> None:
    """SVC-009, SVC-005"""
    remote.script = [reply(200, {"name": "Rex", "age": None})]
    service = await get_service(Pets, pets())
    assert await service.get_pet(1, ["a"]) == Pet(name="Rex", age=None)
    assert await service.create_pet(Pet(name="Rex")) == Pet(name="Rex", age=None)
    assert remote.asked[0].target == "/pets/1?tags=a"
    assert remote.asked[1].json() == {"name": "Rex"}


async def test_the_whole_answer_may_be_had(pets: Make, remote: Remote) -> None:
    """SVC-009"""
    remote.script = [reply(201, {"name": "Rex"}, {"etag": '"1"'}), reply(404)]
    service = pets(transform_response=False).as_service()
    answer = await service.get_pet(1)
    assert (answer.status, answer.headers["ETag"], answer.body) == (201, '"1"', {"name": "Rex"})
    with pytest.raises(HttpErrors.NotFound):
        await service.get_pet(1)


async def test_a_form_has_fields_and_files(pets: Make, remote: Remote) -> None:
    """SVC-009"""
    await (
        pets().as_service().send_form({"title": 'a "b"', "photo": ('x"\r\n.png', b"\x89PNG", "image/png"), "n": [1, 2]})
    )
    asked = remote.asked[0]
    boundary = asked.headers["content-type"].partition("boundary=")[2].encode()
    parts = asked.body.split(b"--" + boundary)
    assert parts[1] == b'\r\nContent-Disposition: form-data; name="title"\r\n\r\na "b"\r\n'
    assert b'name="photo"; filename="x%22%0D%0A.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n' in parts[2]
    assert [part.rstrip()[-1:] for part in parts[3:5]] == [b"1", b"2"]
    assert parts[5] == b"--\r\n"


async def test_credentials_are_those_of_the_first_scheme_there_are_any_for(pets: Make, remote: Remote) -> None:
    """SVC-009, SVC-014"""

    async def fresh() -> str:
        return "tok"

    both = pets(auth={"key": "a&b", "login": ("ada", "pw"), "token": "x"})
    await both.as_service().get_pet(1, tags=["t"])
    await pets(auth={"token": fresh, "login": {"username": "ada", "password": "pw"}}).as_service().get_pet(1)
    await both.as_service().pets_delete_one(1)
    await pets().as_service().get_pet(1)
    first, second, third, fourth = remote.asked
    assert (first.target, first.headers["authorization"]) == ("/pets/1?tags=t&api_key=a%26b", "Basic YWRhOnB3")
    assert second.headers["authorization"] == "Bearer tok"
    assert "authorization" not in third.headers
    assert "authorization" not in fourth.headers
    remote.script = [reply(401)]
    with pytest.raises(HttpErrors.Unauthorized) as caught:
        await both.as_service().get_pet(1)
    assert caught.value.response.url == f"{remote.url}/pets/1?api_key=***"  # type: ignore[attr-defined]  # a remote one


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"auth": {"keys": "x"}}, "no security scheme 'keys'; there are key, login, token"),
        ({"server": 7}, "no server 7, but 2"),
        ({"server": None}, "'/ignored' is no absolute URL"),
        ({"spec": None}, "spec is missing"),
        ({"spec": {"swagger": "2.0"}}, "no document of OpenAPI 3"),
        ({"spec": "/no/such/file.yaml"}, "cannot be read"),
        ({"spec": {**SPEC, "paths": {"/x": {"$ref": "other.yaml"}}}}, "relative to nothing"),
        ({"spec": {**SPEC, "paths": {"/x": {"$ref": "#/nowhere"}}}}, "names nothing"),
    ],
)
async def test_what_is_wrong_with_a_document_is_told_with_the_data_source(
    pets: Make, settings: Any, words: str
) -> None:
    """SVC-009, DS-001"""
    source = pets(**settings)
    with pytest.raises(DataSourceError, match=f"'pets': .*{words}"):
        source.as_service()
    with pytest.raises(DataSourceError, match=f"'pets': .*{words}"):
        await source.connect()
    assert not source.is_connected


async def test_a_server_may_be_chosen_by_number(pets: Make) -> None:
    """SVC-009"""
    source = pets(server=1)
    source.as_service()
    assert source.connector._base == "http://h.test/v2"


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
async def test_references_lead_across_files(pets: Make, remote: Remote, tmp_path: Path, version: str) -> None:
    """SVC-009"""
    root = {**SPEC, "openapi": version, "paths": {"/pets": {"$ref": "paths/pets.yaml#/all"}}}
    (tmp_path / "api.json").write_text(json.dumps(root))
    body = {"content": {"application/json": {"schema": {"$ref": "../schemas.yaml#/Node"}}}, "required": True}
    own = {"$ref": "../api.json#/components/schemas/Pet"}
    item = {"post": {"operationId": "add", "requestBody": body, "responses": {200: {"description": "x"}}}}
    (tmp_path / "paths").mkdir()
    (tmp_path / "paths" / "pets.yaml").write_text(yaml.safe_dump({"all": item, "unused": own}))
    kids = {"type": "array", "items": {"$ref": "#/Node"}}
    node = {"type": "object", "properties": {"kids": kids, "pet": {"$ref": "api.json#/components/schemas/Pet"}}}
    (tmp_path / "schemas.yaml").write_text(yaml.safe_dump({"Node": node}))
    service = pets(spec=str(tmp_path / "api.json")).as_service()
    await service.add({"kids": [{"kids": []}], "pet": {"name": "Rex"}})
    assert remote.asked[0].json() == {"kids": [{"kids": []}], "pet": {"name": "Rex"}}
    with pytest.raises(ServiceArgumentError, match="/kids/0/pet must have required property 'name'"):
        await service.add({"kids": [{"pet": {}}]})


async def test_a_document_is_fetched_once_and_its_server_is_relative_to_it(remote: Remote) -> None:
    """SVC-009"""
    remote.script = [reply(200, SPEC), reply(200, {"id": 1})]
    async with DataSource(
        {"connector": "openapi", "spec": f"{remote.url}/docs/openapi.json", "headers": {"x-secret": "1"}}
    ) as source:
        assert await source.as_service().get_pet(1) == {"id": 1}
        await source.disconnect()
        assert await source.as_service().get_pet(1) == {"id": 1}
    assert [asked.target for asked in remote.asked] == ["/docs/openapi.json", "/ignored/pets/1", "/ignored/pets/1"]
    assert "x-secret" not in remote.asked[0].headers, "who keeps the document need not know"


async def test_a_document_from_the_net_is_asked_for_and_may_fail(pets: Make, remote: Remote) -> None:
    """SVC-009"""
    source = pets(spec=f"{remote.url}/openapi.yaml", timeout=5)
    with pytest.raises(DataSourceError, match=r"must be fetched first: await the data source's connect\(\)"):
        source.as_service()
    remote.script = [reply(500), reply(200, b"a: [", {"content-type": "text/yaml"}), reply(200, SPEC)]
    with pytest.raises(DataSourceError, match=r"'pets': .*the answer was 500"):
        await get_service(Pets, source)
    with pytest.raises(DataSourceError, match="neither JSON nor YAML"):
        await get_service(Pets, source)
    assert await get_service(Pets, source)


async def test_a_document_from_the_net_reads_no_files_of_this_machine(pets: Make, remote: Remote) -> None:
    """SVC-009"""
    remote.script = [reply(200, {**SPEC, "paths": {"/x": {"$ref": "file:///etc/passwd"}}})]
    with pytest.raises(DataSourceError, match="refers to this machine"):
        await pets(spec=f"{remote.url}/openapi.json").connect()


async def test_an_interface_that_the_document_does_not_fit_is_told(pets: Make) -> None:
    """SVC-004, SVC-009"""

    class More(Protocol):
        async def pat_pet(self) -> None: ...

    with pytest.raises(ServiceInterfaceError, match=r"More\.pat_pet: .*there are getPet"):
        await get_service(More, pets())


async def test_the_document_of_an_application_is_enough_to_call_it() -> None:
    """SVC-009"""

    class PetController:
        @rest.get("/pets/{id}")
        async def find_pet(self, id: int, loud: bool = False) -> dict[str, Any]:
            return {"id": id, "loud": loud}

        @rest.post("/pets")
        async def add_pet(self, pet: Pet) -> Pet:
            return pet

    app = RestApplication({"rest": {"port": 0}})
    app.controller(PetController)
    async with app:
        for document in ("openapi.json", "openapi.yaml"):
            url = f"{app.rest_server.url}/{document}"
            async with DataSource({"name": "pets", "connector": "openapi", "spec": url}) as source:
                service = source.as_service()
                assert await service.find_pet(7, loud=True) == {"id": 7, "loud": True}
                assert await service.add_pet({"name": "Rex"}) == {"name": "Rex"}
                with pytest.raises(ServiceArgumentError, match=r"'body'.*name"):
                    await service.add_pet({})
