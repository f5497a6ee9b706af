"""The catalogue as a process: every route that two declarations make, inclusion, bad input, and the data afterwards."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from tests.acceptance.conftest import ROOT, Service

EXAMPLE = ROOT / "examples" / "rest-crud"
CUP = {"name": "cup", "price": "12.00", "categoryCode": "ware"}


class Catalogue(Service):
    """The example on a SQLite file."""

    def __init__(self, file: Path) -> None:
        super().__init__(file, EXAMPLE)
        self.environment = {"REST_CRUD_DATABASE": str(file)}

    def create(self, **fields: Any) -> dict[str, Any]:
        """Create a product and give it as answered."""
        answer = self.client.post("/products", json=fields)
        assert answer.status_code == 200, answer.text
        created: dict[str, Any] = answer.json()
        return created


@pytest.fixture(scope="module")
def shared_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    service = Catalogue(tmp_path_factory.mktemp("catalogue") / "catalogue.db")
    service.start()
    yield service
    service.kill()


@pytest.fixture
def catalogue(shared_catalogue: Catalogue) -> Catalogue:
    """A running catalogue without products."""
    for product in shared_catalogue.client.get("/products").json():
        shared_catalogue.client.delete(f"/products/{product['id']}")
    return shared_catalogue


def test_products_are_created_found_changed_and_deleted(catalogue):
    """REPO-071, REPO-073"""
    client, cup = catalogue.client, catalogue.create(**CUP)
    assert cup == {"id": cup["id"], **CUP, "version": 1}
    pot = catalogue.create(name="pot", price="30.50")
    path = f"/products/{cup['id']}"
    assert client.get("/products").json() == [cup, pot]
    assert client.get("/products/count").json() == {"count": 2}
    assert client.get("/products/count?where[price][lt]=20").json() == {"count": 1}
    assert client.get('/products?filter={"order":["price DESC"],"fields":["name"]}').json() == [
        {"name": "pot"},
        {"name": "cup"},
    ]
    assert client.patch(path, json={"price": "9.99"}).status_code == 204
    assert client.get(path).json() == {**cup, "price": "9.99", "version": 2}
    assert client.put(path, json={"name": "mug", "price": "1.00"}).status_code == 204
    assert client.get(path).json() == {
        "id": cup["id"],
        "name": "mug",
        "price": "1.00",
        "categoryCode": None,
        "version": 3,
    }
    assert client.patch("/products?where[name]=pot", json={"categoryCode": "ware"}).json() == {"count": 1}
    assert client.delete(path).status_code == 204
    assert client.delete("/products").status_code == 405
    for verb in ("GET", "PUT", "PATCH", "DELETE"):
        answer = client.request(verb, path, json=None if verb in ("GET", "DELETE") else CUP)
        assert (answer.status_code, answer.json()["code"]) == (404, "ENTITY_NOT_FOUND")


def test_of_two_editors_the_slower_is_told(catalogue):
    """REPO-074, REPO-072"""
    path = f"/products/{catalogue.create(**CUP)['id']}"
    tag = catalogue.client.get(path).headers["etag"]
    assert catalogue.client.patch(path, json={"price": "1.00"}, headers={"if-match": tag}).status_code == 204
    for verb, body in (("PATCH", {"price": "2.00"}), ("PUT", CUP), ("DELETE", None)):
        assert catalogue.client.request(verb, path, json=body, headers={"if-match": tag}).status_code == 412
    stale = catalogue.client.patch(path, json={"price": "2.00", "version": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "STALE_ENTITY")
    assert catalogue.client.get(path).json()["price"] == "1.00"
    assert catalogue.client.get(path, headers={"if-none-match": '"2"'}).status_code == 304


def test_categories_can_only_be_read(catalogue):
    """REPO-071: readonly."""
    client = catalogue.client
    assert client.get("/categories").json() == [
        {"code": "tea", "name": "Teas"},
        {"code": "ware", "name": "Cups and pots"},
    ]
    assert client.get("/categories/tea").json() == {"code": "tea", "name": "Teas"}
    assert client.get("/categories/count").json() == {"count": 2}
    assert client.get("/categories/coffee").status_code == 404
    assert client.get("/categories/T1").status_code == 400
    for verb, path in (("POST", ""), ("PATCH", ""), ("PUT", "/tea"), ("PATCH", "/tea"), ("DELETE", "/tea")):
        assert client.request(verb, f"/categories{path}", json={"code": "x", "name": "y"}).status_code == 405


def test_related_things_are_included(catalogue):
    """REL-040: by repositories that nobody wrote."""
    cup = catalogue.create(**CUP)
    query = {"include": [{"relation": "products", "scope": {"fields": ["name"]}}], "order": "code"}
    found = catalogue.client.get("/categories", params={"filter": json.dumps(query)}).json()
    assert [(each["code"], each["products"]) for each in found] == [("tea", []), ("ware", [{"name": "cup"}])]
    nested = catalogue.client.get(f"/products/{cup['id']}?filter[include]=category").json()
    assert nested == {**cup, "category": {"code": "ware", "name": "Cups and pots"}}
    assert catalogue.client.get("/products?filter[include]=nothing").status_code == 400


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({**CUP, "id": 1}, 422, "additionalProperties"),
        ({"name": "x"}, 422, "required"),
        ({**CUP, "price": "-1"}, 422, "minimum"),
        ({**CUP, "price": "1.234"}, 422, None),
        ({**CUP, "price": "much"}, 422, None),
        ({**CUP, "name": ""}, 422, "minLength"),
        ({**CUP, "category_code": "tea"}, 422, "additionalProperties"),
        ({**CUP, "category": {"code": "tea"}}, 422, "additionalProperties"),
        ([], 422, "type"),
    ],
)
def test_bad_data_are_refused_and_nothing_is_stored(catalogue, body, status, code):
    """REPO-072"""
    answer = catalogue.client.post("/products", json=body)
    assert answer.status_code == status, answer.text
    assert code in (None, answer.json()["errors"][0]["code"])
    assert catalogue.client.get("/products").json() == []


def test_a_name_is_taken_once(catalogue):
    """REPO-072"""
    catalogue.create(**CUP)
    answer = catalogue.client.post("/products", json=CUP)
    assert (answer.status_code, answer.json()["code"]) == (409, "UNIQUE_VIOLATION")


def test_the_document_is_valid_and_complete(catalogue):
    document = catalogue.client.get("/openapi.json").json()
    validate(document)
    operations = {path: sorted(verbs) for path, verbs in document["paths"].items()}
    assert operations == {
        "/products": ["get", "patch", "post"],
        "/products/count": ["get"],
        "/products/{id}": ["delete", "get", "patch", "put"],
        "/categories": ["get"],
        "/categories/count": ["get"],
        "/categories/{id}": ["get"],
    }
    (parameter, _) = document["paths"]["/categories/{id}"]["get"]["parameters"]
    assert parameter["schema"] == {"type": "string", "pattern": "^[a-z]+$", "maxLength": 20}


def test_a_restart_finds_the_data(tmp_path):
    service = Catalogue(tmp_path / "catalogue.db")
    try:
        created = service.start() and service.create(**CUP)
        assert service.stop() == (0, "")
        service.start()
        assert service.client.get(f"/products/{created['id']}").json() == created
        assert len(service.client.get("/categories").json()) == 2
        assert service.stop() == (0, "")
    finally:
        service.kill()


def test_a_wrong_declaration_fails_the_start_and_is_named(tmp_path):
    """BOOT-213, BOOT-214: as a user sees it."""
    copy = Catalogue(tmp_path / "catalogue.db")
    copy.example = tmp_path / "copy"
    (copy.example / "rest_crud").parent.mkdir()
    for file in EXAMPLE.rglob("*.*"):
        if file.is_file() and "__pycache__" not in file.parts and file.suffix in (".py", ".toml"):
            target = copy.example / file.relative_to(EXAMPLE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(file.read_text().replace('pattern="CrudRest"', 'pattern="CrudSoap"'))
    status, error = copy.fail()
    assert status == 1
    assert error.count("\n") == 1
    assert "model_endpoints/category_config.py" in error
    assert 'Unsupported API pattern "CrudSoap"' in error
    assert not copy.database.exists()


def test_the_context_explorer_shows_what_was_made(catalogue):
    told = catalogue.client.get("/context/data/edges").json()
    names = [key for _, key in told["bindings"]]
    assert {"controllers.ProductController", "repositories.ProductRepository"} <= {*names}
