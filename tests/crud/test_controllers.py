"""Controllers made for models, called over HTTP."""

import asyncio
import inspect
from typing import Annotated
from uuid import UUID, uuid4

import pytest
from openapi_spec_validator import validate

from mainspring import Entity, field, has_many, inject, model, rest
from mainspring.crud import define_crud_rest_controller
from mainspring.repository import (
    DataSource,
    DefaultCrudRepository,
    ModelDefinitionError,
    ValueObject,
    belongs_to,
    define_crud_repository_class,
)


@model(rename="camel")
class Product(Entity):
    id: int | None = field(id=True, generated=True)
    name: str = field(required=True, max_length=20, unique=True)
    unit_price: int | None = field(minimum=0)


class Counted(Entity):
    id: int | None = field(id=True, generated=True)
    name: str = field(required=True)
    rev: int = field(version=True)


class Tagged(Entity):
    code: str = field(id=True, required=True, pattern="^[a-z]+$")
    text: str | None = None


class Keyed(Entity):
    key: UUID = field(id=True, required=True)


def serve_all(app):
    for served in (Product, Counted, Tagged, Keyed):
        app.repository(define_crud_repository_class(served))
        app.controller(define_crud_rest_controller(served, base_path=f"/{served.__name__.lower()}s"))


@pytest.fixture
async def client(stored_app, running):
    serve_all(stored_app)
    async with running(stored_app) as client:
        yield client


async def routes(app):
    document = await app.get_api_spec()
    return [f"{verb} {path}" for path, verbs in document["paths"].items() for verb in verbs]


def test_a_controller_is_a_class_with_real_signatures():
    """REPO-070"""
    made = define_crud_rest_controller(Product, base_path="/products")
    assert (made.__name__, made.__module__) == ("ProductController", __name__)
    assert list(inspect.signature(made).parameters) == ["repository"]
    repository = object()
    assert made(repository).repository is repository
    assert inspect.signature(made.find).return_annotation == list[Product]
    assert list(inspect.signature(made.update_by_id).parameters) == ["self", "id", "data"]


@pytest.mark.parametrize("readonly", [False, True])
async def test_the_routes(app, readonly):
    """REPO-071"""
    app.controller(define_crud_rest_controller(Product, base_path="/products", readonly=readonly))
    reading = {"get /products", "get /products/count", "get /products/{id}"}
    writing = {"post /products", "patch /products"} | {
        f"{verb} /products/{{id}}" for verb in ("put", "patch", "delete")
    }
    assert set(await routes(app)) == (reading if readonly else reading | writing)


async def test_instances_are_created_found_changed_and_deleted(client):
    """REPO-071"""
    answer = await client.post("/products", json={"name": "a", "unitPrice": 5})
    assert (answer.status_code, answer.json()) == (200, {"id": 1, "name": "a", "unitPrice": 5})
    await client.post("/products", json={"name": "b"})
    assert [each["name"] for each in (await client.get("/products")).json()] == ["a", "b"]
    assert (await client.get('/products?filter={"where":{"unitPrice":5}}')).json() == [answer.json()]
    assert (await client.get("/products/count")).json() == {"count": 2}
    assert (await client.get("/products/count?where[name]=b")).json() == {"count": 1}
    for verb, body in (("PATCH", {"unitPrice": 6}), ("PUT", {"name": "c"})):
        changed = await client.request(verb, "/products/1", json=body)
        assert (changed.status_code, changed.content) == (204, b"")
    assert (await client.get("/products/1")).json() == {"id": 1, "name": "c", "unitPrice": None}
    bulk = await client.patch("/products?where[name]=b", json={"unitPrice": 7})
    assert (bulk.status_code, bulk.json()) == (200, {"count": 1})
    assert (await client.get("/products/2?filter[fields]=unitPrice")).json() == {"unitPrice": 7}
    assert (await client.delete("/products/1")).status_code == 204
    assert (await client.delete("/products")).status_code == 405
    assert [each["id"] for each in (await client.get("/products")).json()] == [2]


@pytest.mark.parametrize("verb", ["GET", "PATCH", "PUT", "DELETE"])
async def test_an_unknown_id_is_404(client, verb):
    """REPO-072"""
    answer = await client.request(verb, "/products/9", json=None if verb in ("GET", "DELETE") else {"name": "x"})
    assert (answer.status_code, answer.json()["code"]) == (404, "ENTITY_NOT_FOUND")


async def test_bad_input_is_refused_and_nothing_is_stored(client):
    """REPO-072, REPO-071"""
    cases = [
        ("POST", "/products", {"name": "x", "id": 5}, 422, "additionalProperties"),
        ("POST", "/products", {}, 422, "required"),
        ("POST", "/products", {"name": "x" * 21}, 422, "maxLength"),
        ("PATCH", "/products", {"id": 5}, 422, "additionalProperties"),
        ("PATCH", "/products/1", {"unitPrice": -1}, 422, "minimum"),
        ("PATCH", "/products/1", {"unit_price": 1}, 422, "additionalProperties"),
        ("PUT", "/products/1", {"unitPrice": 1}, 422, "required"),
        ("GET", "/products/x", None, 400, "type"),
        ("GET", "/products/1?filter[where][id]=1", None, 400, "additionalProperties"),
    ]
    await client.post("/products", json={"name": "kept"})
    for verb, path, body, status, code in cases:
        answer = await client.request(verb, path, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code), (verb, path, answer.text)
    assert (await client.get("/products?filter[where][id]=99999999999999999999")).status_code == 400
    assert (await client.delete("/products/99999999999999999999")).status_code == 400
    assert (await client.patch("/products?where[nam]=x", json={"name": "y"})).json()["code"] == "INVALID_FILTER"
    assert (await client.patch("/products/1", json={"id": 2, "name": "y"})).status_code == 409
    assert (await client.get("/products")).json() == [{"id": 1, "name": "kept", "unitPrice": None}]


async def test_a_unique_violation_is_409(client):
    """REPO-072"""
    await client.post("/products", json={"name": "a"})
    answers = [await client.post("/products", json={"name": "a"})]
    other = (await client.post("/products", json={"name": "b"})).json()
    answers.append(await client.patch(f"/products/{other['id']}", json={"name": "a"}))
    assert [(each.status_code, each.json()["code"]) for each in answers] == [(409, "UNIQUE_VIOLATION")] * 2


async def test_ids_are_read_by_the_type_of_the_property(client, stored_app):
    """REPO-071, REPO-072"""
    assert (await client.post("/taggeds", json={"code": "ab"})).status_code == 200
    assert (await client.get("/taggeds/ab")).json()["code"] == "ab"
    assert (await client.get("/taggeds/a1")).json()["errors"][0]["code"] == "pattern"
    key = str(uuid4())
    assert (await client.post("/keyeds", json={"key": key})).json() == {"key": key}
    assert (await client.get(f"/keyeds/{key}")).json() == {"key": key}
    assert (await client.get("/keyeds/1")).status_code == 400
    paths = (await stored_app.get_api_spec())["paths"]
    schemas = [paths[f"/{name}/{{id}}"]["get"]["parameters"][0]["schema"] for name in ("products", "taggeds", "keyeds")]
    assert schemas == [
        {"type": "integer"},
        {"type": "string", "pattern": "^[a-z]+$"},
        {"type": "string", "format": "uuid"},
    ]


async def test_a_stale_version_is_409(client):
    """REPO-072"""
    await client.post("/counteds", json={"name": "a"})
    assert (await client.patch("/counteds/1", json={"name": "b", "rev": 1})).status_code == 204
    answer = await client.patch("/counteds/1", json={"name": "c", "rev": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "STALE_ENTITY")
    assert (await client.get("/counteds/1")).json() == {"id": 1, "name": "b", "rev": 2}


async def test_a_tag_that_does_not_match_is_412(client):
    """REPO-074"""
    await client.post("/counteds", json={"name": "a"})
    read = await client.get("/counteds/1")
    assert read.headers["etag"] == '"1"'
    assert (await client.get("/counteds/1", headers={"if-none-match": '"1"'})).status_code == 304
    assert "etag" not in (await client.get("/counteds/1?filter[fields]=name")).headers
    assert (await client.patch("/counteds/1", json={"name": "b"}, headers={"if-match": '"7", "1"'})).status_code == 204
    for verb, header in (("PATCH", '"1"'), ("PUT", 'W/"2"'), ("DELETE", "2")):
        body = None if verb == "DELETE" else {"name": "x"}
        answer = await client.request(verb, "/counteds/1", json=body, headers={"if-match": header})
        assert answer.status_code == 412, (verb, answer.text)
    assert (await client.get("/counteds/1")).json() == {"id": 1, "name": "b", "rev": 2}
    assert (await client.put("/counteds/1", json={"name": "c"}, headers={"if-match": '"2"'})).status_code == 204
    assert (await client.put("/counteds/9", json={"name": "c"}, headers={"if-match": '"2"'})).status_code == 404
    assert (await client.delete("/counteds/1", headers={"if-match": '"3"'})).status_code == 204
    assert (await client.get("/counteds/count")).json() == {"count": 0}


async def test_of_many_changes_of_one_version_one_wins(client):
    """REPO-074"""
    await client.post("/counteds", json={"name": "a"})
    given = {"headers": {"if-match": '"1"'}}
    changes = [client.patch("/counteds/1", json={"name": f"n{number}"}, **given) for number in range(8)]
    answers = await asyncio.gather(*changes, client.delete("/counteds/1", **given))
    statuses = sorted(each.status_code for each in answers)
    assert statuses.count(204) == 1
    assert set(statuses) <= {204, 404, 412}


async def test_the_document_is_valid_and_says_what_is_answered(app):
    """REPO-071: as good as that of a controller written by hand."""
    serve_all(app)
    document = await app.get_api_spec()
    validate(document)
    product = document["paths"]["/products/{id}"]
    assert set(product["get"]["responses"]) == {"200", "400", "404", "406", "default"}
    refusals = {"400", "404", "409", "413", "415", "422", "default"}
    assert set(product["put"]["responses"]) == {"204", *refusals}
    assert product["put"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/Product")
    assert product["patch"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/ProductPartial")
    items = document["paths"]["/products"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["items"]
    assert items["$ref"].endswith("/ProductPartial")
    assert product["get"]["summary"] == "The Product with an id."
    counted = document["paths"]["/counteds/{id}"]["patch"]
    assert [each["name"] for each in counted["parameters"]] == ["id"]
    assert "`If-Match`" in counted["description"]
    assert "412" in counted["responses"]


async def test_data_of_another_instance_are_409(app, running):
    """REPO-072: PUT takes the id as well."""
    serve_all(app)
    async with running(app) as client:
        for path, data in (("/products", {"name": "a"}), ("/counteds", {"name": "a"})):
            created = (await client.post(path, json=data)).json()
            for verb in ("PUT", "PATCH"):
                own = await client.request(verb, f"{path}/{created['id']}", json={**data, "id": created["id"]})
                assert own.status_code == 204, own.text
                other = await client.request(verb, f"{path}/{created['id']}", json={**data, "id": 7})
                assert (other.status_code, other.json()["status"]) == (409, 409)


async def test_the_count_is_no_instance(app, running):
    """REPO-071, HTTP-002"""
    serve_all(app)
    async with running(app) as client:
        for verb in ("PUT", "PATCH", "DELETE"):
            answer = await client.request(verb, "/products/count", json={})
            assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_a_subclass_takes_its_own_repository_and_replaces_operations(app, running):
    """REPO-070"""

    class Loud(DefaultCrudRepository[Product, int]):
        def __init__(self, datasource: DataSource) -> None:
            super().__init__(Product, datasource)

        async def create(self, data, *, transaction=None):
            data.name = data.name.upper()
            return await super().create(data, transaction=transaction)

    class LoudController(define_crud_rest_controller(Product, base_path="/loud")):
        def __init__(self, repository: Annotated[Loud, inject("repositories.Loud")]) -> None:
            super().__init__(repository)

        @rest.get("/count")
        def count(self) -> int:
            return -1

    app.repository(Loud)
    app.controller(LoudController)
    async with running(app) as client:
        assert (await client.post("/loud", json={"name": "a"})).json()["name"] == "A"
        assert (await client.get("/loud/count")).json() == -1
        assert (await client.get("/loud/1")).json()["name"] == "A"


def test_what_cannot_be_served_is_named():
    """REPO-070"""

    class Pair(Entity):
        a: int = field(id=True)
        b: int = field(id=True)

    class Value(ValueObject):
        a: int

    for served, words in ((Pair, ("Pair", "a, b")), (Value, ("Value", "Entity")), (int, ("int", "Entity"))):
        with pytest.raises(ModelDefinitionError) as caught:
            define_crud_rest_controller(served, base_path="/x")
        assert all(word in str(caught.value) for word in words)


async def test_an_answer_may_hold_related_instances(app):
    """REPO-071"""

    class Part(Entity):
        id: int | None = field(id=True)
        whole_id: int | None = belongs_to(lambda: Whole)

    class Whole(Entity):
        id: int | None = field(id=True)
        parts: list[Part] = has_many(lambda: Part)

    app.controller(define_crud_rest_controller(Whole, base_path="/wholes"))
    document = await app.get_api_spec()
    validate(document)
    answer = document["paths"]["/wholes/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    schema = document["components"]["schemas"][answer["$ref"].rpartition("/")[2]]
    assert list(schema["properties"]) == ["id", "parts"]


async def test_a_filter_that_is_no_filter_is_refused(client):
    """FILTER-063"""
    await client.post("/products", json={"name": "a"})
    for text in (
        '{"where":',
        "{'limit':1}",
        '{"limit":1}}',
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ):
        answer = await client.get("/products", params={"filter": text})
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_PARAMETER_VALUE"), text
        assert "filter" in answer.json()["detail"]
        assert answer.json()["errors"][0]["message"]
    for text in ("[1]", "5", '"limit"', "true"):
        answer = await client.get("/products", params={"filter": text})
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_PARAMETER_VALUE"), text
    for text in ("null", ""):
        assert len((await client.get("/products", params={"filter": text})).json()) == 1
    for text in ('{"__proto__":{}}', '{"where":{"__proto__":1}}', '{"where":{"constructor":{"eq":1}}}'):
        assert (await client.get("/products", params={"filter": text})).status_code == 400


async def test_a_parameter_is_sent_once(client):
    """FILTER-065"""
    for name in "ab":
        await client.post("/products", json={"name": name})
    for query in ('filter={"limit":1}&filter={"limit":1}', 'filter={"limit":1}&filter[skip]=1', "filter=&filter=x"):
        assert (await client.get(f"/products?{query}")).status_code == 400, query
    found = await client.get("/products?filter[limit]=1&filter[where][name]=b&filter[fields]=id&filter[fields]=name")
    assert found.json() == [{"id": 2, "name": "b"}]


async def test_a_condition_stands_for_itself_where_several_are_meant(client):
    """FILTER-066"""
    for name in "abc":
        await client.post("/products", json={"name": name})
    where = '{"name":{"inq":["a","b"]}}'
    assert (await client.get("/products/count", params={"where": where})).json() == {"count": 2}
    assert (await client.get("/products/count?where[name][neq]=a&where[id][lt]=3")).json() == {"count": 1}
    changed = await client.patch("/products", params={"where": where}, json={"unitPrice": 1})
    assert changed.json() == {"count": 2}
    assert (await client.patch("/products?where[unitPrice]=1", json={"unitPrice": 2})).json() == {"count": 2}
    for wrong in ("where=[1]", 'where={"x":1}', "where[name][nothing]=1"):
        assert (await client.get(f"/products/count?{wrong}")).status_code == 400


async def test_a_limit_that_was_lowered_is_told(app, running):
    """FILTER-024"""

    @model(default_limit=2, max_limit=3)
    class Row(Entity):
        id: int | None = field(id=True, generated=True)

    app.repository(define_crud_repository_class(Row))
    app.controller(define_crud_rest_controller(Row, base_path="/rows"))
    async with running(app) as client:
        for _ in range(5):
            await client.post("/rows", json={})
        for query, count, said in (("", 2, None), ("?filter[limit]=3", 3, None), ("?filter[limit]=4", 3, "3")):
            answer = await client.get(f"/rows{query}")
            assert (len(answer.json()), answer.headers.get("x-limit-applied")) == (count, said)
        assert (await client.get("/rows/count")).json() == {"count": 5}
        document = await app.get_api_spec()
        assert list(document["paths"]["/rows"]["get"]["responses"]["200"]["headers"]) == ["X-Limit-Applied"]


def test_a_path_that_is_no_text_is_refused():
    with pytest.raises(TypeError, match="path as text"):
        define_crud_rest_controller(Product, {"base_path": "/products"})
