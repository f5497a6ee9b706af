"""Files in ``model_endpoints``: declarations, builders, and the pattern ``CrudRest``."""

import pickle
import textwrap

import pytest

from mainspring import BootMixin, RestApplication
from mainspring.boot import BootError, ModelApiBooter, as_model_api_builder
from mainspring.context import KeyNotBoundError, injectable
from mainspring.core import CoreTags, add_extension
from mainspring.crud import CrudRestComponent
from mainspring.crud.booter import ModelApiBooter as Made
from mainspring.crud.builder import CrudRestApiBuilder
from mainspring.repository import DefaultCrudRepository

MODELS = """
    from mainspring import Entity, belongs_to, field, has_many
    from mainspring.repository import ValueObject
    from mainspring.boot import ModelApiConfig

    class Product(Entity):
        id: int | None = field(id=True, generated=True)
        name: str = field(required=True)
        parts: list["Part"] = has_many(lambda: Part)

    class Part(Entity):
        id: int | None = field(id=True, generated=True)
        product_id: int | None = belongs_to(lambda: Product)

    class Money(ValueObject):
        amount: int
"""
IMPORTS = "from .models import *\n"


def crud(model="Product", **settings):
    """The text of a file with one declaration."""
    given = {"pattern": "CrudRest", "datasource": "db", "base_path": f"/{model.lower()}s", **settings}
    shown = ", ".join(f"{name}={value!r}" for name, value in given.items() if value is not None)
    return f"{IMPORTS}config = ModelApiConfig(model={model}, {shown})\n"


@pytest.fixture
def app(booted_app):
    booted_app.component(CrudRestComponent)
    return booted_app


async def boot_error(app):
    """What a boot says that has to fail, and that nothing came of it."""
    before = {binding.key for binding in app.find()}
    with pytest.raises(BootError) as caught:
        await app.boot()
    assert {binding.key for binding in app.find()} == before
    assert pickle.loads(pickle.dumps(caught.value)).args == caught.value.args
    return caught.value


def test_the_booter_is_offered_by_boot():
    """BOOT-041, BOOT-210"""
    assert ModelApiBooter is Made


async def test_a_file_makes_a_repository_and_a_controller(app, project, running):
    """REPO-073, BOOT-210, BOOT-216"""
    project(models=MODELS, product_config=crud())
    await app.boot()
    repository = await app.get("repositories.ProductRepository")
    assert isinstance(repository, DefaultCrudRepository)
    assert repository.entity.__name__ == "Product"
    assert repository.datasource is await app.get("datasources.db")
    assert "repository" in app.get_binding("repositories.ProductRepository").tag_names
    async with running(app) as client:
        assert (await client.post("/products", json={"name": "a"})).json() == {"id": 1, "name": "a"}
        assert (await client.get("/products/1")).json() == {"id": 1, "name": "a"}
    assert app.is_bound("controllers.ProductController")


async def test_every_declaration_of_a_file_counts_in_order_and_once(app, project):
    """BOOT-210, BOOT-211, BOOT-212"""
    seen = []

    @injectable(as_model_api_builder)
    class First:
        pattern = "Seen"

        async def build(self, app, model_class, config):
            seen.append((app, model_class.__name__, dict(config)))

    class Second(First):
        async def build(self, app, model_class, config):
            raise AssertionError("the one registered first is used")

    add_extension(app, "model-api-builders", First)
    add_extension(app, "model-api-builders", Second)
    project(
        models=MODELS,
        a_config="""
            from .models import *
            first = ModelApiConfig(model=Product, pattern="Seen", datasource="db", colour="red")
            second = ModelApiConfig(model=Part, pattern="Seen")
            again = first
        """,
        b_config=IMPORTS + "from .a_config import second\nconfig = {'model': Product, 'pattern': 'Seen', 'x': [1]}\n",
    )
    await app.boot()
    assert [(name, config.get("colour"), config.get("x")) for _, name, config in seen] == [
        ("Product", "red", None),
        ("Part", None, None),
        ("Product", None, [1]),
    ]
    assert all(each is app for each, _, _ in seen)
    assert seen[0][2]["datasource"] == "db"
    assert set(seen[2][2]) == {"model", "pattern", "x"}


async def test_a_later_boot_builds_what_is_new(app, project):
    """BOOT-211, BOOT-055"""
    project(models=MODELS, product_config=crud())
    await app.boot()
    made = await app.get("controllers.ProductController")
    project(part_config=crud("Part"))
    bootstrapper = await app.get("application.bootstrapper")
    await bootstrapper.boot()
    assert type(await app.get("controllers.ProductController")) is type(made)
    assert app.is_bound("controllers.PartController")


async def test_an_unsupported_pattern_names_those_there_are(booted_app, project):
    """BOOT-213, BOOT-214, REPO-073"""
    root = project(models=MODELS, product_config=crud(pattern="GraphQL"))
    error = await boot_error(booted_app)
    assert str(error).startswith("model_endpoints/product_config.py: ")
    assert error.file == root / "model_endpoints" / "product_config.py"
    assert 'Unsupported API pattern "GraphQL"' in str(error)
    assert "<none>" in str(error)
    booted_app.component(CrudRestComponent)
    assert "Available patterns: CrudRest." in str(await boot_error(booted_app))


@pytest.mark.parametrize("model", ["'Product'", "dict", "None", "int()"])
async def test_a_model_that_is_none_is_shown(app, project, model):
    """BOOT-214"""
    project(models=MODELS, product_config=f"config = {{'model': {model}, 'pattern': 'CrudRest'}}\n")
    text = str(await boot_error(app))
    assert '"model" field' in text
    assert repr(eval(model)) in text
    assert text.startswith("model_endpoints/product_config.py: ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (crud(base_path=None), ("base_path", "Product", "missing")),
        (crud(base_path=""), ("base_path", "Product")),
        (crud(base_path=5), ("base_path", "Product", "5")),
        (crud(base_path="/{"), ("/{",)),
        (crud(datasource=None), ("datasource", "Product")),
        (crud(readonly="yes"), ("readonly", "Product", "yes")),
        (crud(read_only=True), ("read_only", "Product", "readonly")),
        (crud("Money"), ("Money", "Entity")),
        (crud() + "again = ModelApiConfig(**{**config, 'base_path': '/other'})\n", ("Product", "already")),
        ("config = [1]\n", ("config", "[1]")),
        ("Config = {}\n", ("config",)),
    ],
)
async def test_a_declaration_that_cannot_be_carried_out_is_named(app, project, text, words):
    """BOOT-216, BOOT-214"""
    project(models=MODELS, product_config=text)
    error = str(await boot_error(app))
    assert error.startswith("model_endpoints/product_config.py: ")
    assert all(word in error for word in words), error


async def test_what_a_builder_raises_is_the_cause(app, project):
    """BOOT-214"""

    @injectable(as_model_api_builder)
    class Failing:
        pattern = "Failing"

        async def build(self, app, model_class, config):
            app.bind("half.done").to(1)
            raise LookupError("no such table")

    add_extension(app, "model-api-builders", Failing)
    project(models=MODELS, product_config=crud(pattern="Failing"))
    error = await boot_error(app)
    assert "no such table" in str(error)
    assert isinstance(error.__cause__, LookupError)


def test_the_builder_is_an_extension_that_the_component_brings(app):
    """BOOT-215, REPO-073"""
    binding = app.get_binding("model-api-builders.CrudRestApiBuilder")
    assert binding.tag_map[CoreTags.EXTENSION_FOR] == "model-api-builders"
    assert isinstance(app.get_sync(binding.key), CrudRestApiBuilder)


async def test_a_repository_that_is_bound_is_used(app, project, running):
    """BOOT-216"""

    project(models=MODELS, product_config=crud(datasource=None))
    made = []

    class ProductRepository:
        async def count(self, where=None):
            made.append(where)
            return {"count": 42}

    app.bind("repositories.ProductRepository").to(ProductRepository())
    await app.boot()
    async with running(app) as client:
        assert (await client.get("/products/count")).json() == {"count": 42}
    assert made == [None]


async def test_a_data_source_of_the_same_boot_is_found(app, project, running):
    """BOOT-217"""
    root = project(models=MODELS, product_config=crud(datasource="late"))
    (root / "datasources").mkdir()
    (root / "datasources" / "late_datasource.py").write_text(
        "from mainspring import DataSource\n"
        "class LateDataSource(DataSource):\n"
        "    datasource_name = 'late'\n"
        "    def __init__(self):\n"
        "        super().__init__({'name': 'late', 'connector': 'memory'})\n"
    )
    await app.boot()
    async with running(app) as client:
        assert (await client.get("/products")).json() == []
        assert (await app.get("repositories.ProductRepository")).datasource.name == "late"


async def test_an_unknown_data_source_fails_the_first_use(app, project):
    """BOOT-217, REPO-073"""
    project(models=MODELS, product_config=crud(datasource="nowhere"))
    await app.boot()
    with pytest.raises(KeyNotBoundError, match=r"datasources\.nowhere"):
        await app.get("repositories.ProductRepository")


async def test_readonly_keeps_what_reads(app, project):
    """REPO-071, REPO-073"""
    project(models=MODELS, product_config=crud(readonly=True))
    await app.boot()
    paths = (await app.get_api_spec())["paths"]
    assert {(path, *verbs) for path, verbs in paths.items()} == {
        ("/products", "get"),
        ("/products/count", "get"),
        ("/products/{id}", "get"),
    }


async def test_relations_can_be_included(app, project, running):
    """REPO-073, REL-040: also where the target has no API of its own, and nested."""
    project(models=MODELS, product_config=crud())
    await app.boot()
    async with running(app) as client:
        await client.post("/products", json={"name": "a"})
        models = (await app.get("repositories.ProductRepository")).entity
        part = models.definition.relations["parts"].target
        await DefaultCrudRepository(part, await app.get("datasources.db")).create({"product_id": 1})
        query = '{"include":[{"relation":"parts","scope":{"include":["product"]}}]}'
        (found,) = (await client.get("/products", params={"filter": query})).json()
        assert found["parts"] == [{"id": 1, "product_id": 1, "product": {"id": 1, "name": "a"}}]


async def test_an_application_without_repositories_is_told_the_mixin(project, tmp_path):
    """BOOT-148, BOOT-216"""
    project(models=MODELS, product_config=crud())
    app = type("Bare", (BootMixin, RestApplication), {})()
    app.project_root = tmp_path
    app.component(CrudRestComponent)
    assert "RepositoryMixin" in str(await boot_error(app))


async def test_classes_made_by_a_call_are_artifacts_of_the_file_that_names_them(booted_app, project, running):
    """BOOT-120, REPO-035, REPO-070"""
    root = project(models=MODELS)
    for folder, line in (
        ("repositories", "from mainspring.repository import define_crud_repository_class as define\n"),
        ("controllers", "from mainspring.crud import define_crud_rest_controller as define\n"),
    ):
        (root / folder).mkdir()
        name = {"repositories": "repository", "controllers": "controller"}[folder]
        arguments = "Product" if name == "repository" else "Product, base_path='/products'"
        text = f"{line}from ..model_endpoints.models import Product\nProduct{name.title()} = define({arguments})\n"
        (root / folder / f"product_{name}.py").write_text(text)
    await booted_app.boot()
    async with running(booted_app) as client:
        assert (await client.post("/products", json={"name": "a"})).json() == {"id": 1, "name": "a"}


async def test_a_sub_application_brings_its_own(app, project, tmp_path, running):
    """BOOT-191, BOOT-211, BOOT-055"""
    project(models=MODELS, product_config=crud())
    part = type(app)()
    part.project_root = tmp_path / "part"
    (tmp_path / "part" / "model_endpoints").mkdir(parents=True)
    for name, text in (("models", textwrap.dedent(MODELS)), ("part_config", crud("Part"))):
        (tmp_path / "part" / "model_endpoints" / f"{name}.py").write_text(text)
    part.component(CrudRestComponent)
    app.application_booter(part)
    await app.boot()
    await (await app.get("application.bootstrapper")).boot()
    async with running(app) as client:
        assert (await client.post("/parts", json={})).json() == {"id": 1, "product_id": None}
        assert (await client.post("/products", json={"name": "a"})).status_code == 200
