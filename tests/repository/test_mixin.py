"""Applications with models, data sources and repositories, and how these are injected."""

import asyncio
from typing import Annotated, Any, ClassVar

import pytest

from mainspring.context import BindingScope, Context, ResolutionError, inject, injectable
from mainspring.core import Application
from mainspring.repository import (
    DataSource,
    DataSourceError,
    DefaultCrudRepository,
    Entity,
    RepositoryMixin,
    field,
    repository,
)


class Note(Entity):
    id: int | None = field(id=True, generated=True)
    title: str = field(required=True)


class Db(DataSource):
    datasource_name = "db"

    def __init__(self, config: Annotated[dict | None, inject("datasources.config.db", optional=True)] = None):
        super().__init__({"connector": "memory", **(config or {})})


class NoteRepository(DefaultCrudRepository[Note, int]):
    def __init__(self, datasource: Annotated[DataSource, inject("datasources.db")]):
        super().__init__(Note, datasource)


class App(RepositoryMixin, Application):
    pass


@pytest.fixture
async def app():
    app = App()
    app.model(Note)
    app.datasource(Db)
    app.repository(NoteRepository)
    async with app:
        yield app


async def test_artifacts_have_their_bindings(app):
    """REPO-054, REPO-055, REPO-056, DS-002"""
    assert await app.get("models.Note") is Note
    db = await app.get("datasources.db")
    assert (type(db), db.is_connected, await app.get(Db)) == (Db, True, db)
    binding = app.get_binding("repositories.NoteRepository")
    assert (binding.scope, "repository" in binding.tag_names) == (BindingScope.TRANSIENT, True)
    tags = app.get_binding("datasources.db").tag_names
    assert {"datasource", "life_cycle_observer"} <= set(tags)
    repo = await app.get_repository(NoteRepository)
    assert (await repo.create({"title": "a"})).id == 1

    @injectable(scope=BindingScope.SINGLETON)
    class Once(NoteRepository):
        pass

    assert app.repository(Once).scope is BindingScope.SINGLETON
    other = DataSource({"name": "other", "connector": "memory"})
    assert app.datasource(other).key == "datasources.other"
    assert app.datasource(other, {"name": "third", "namespace": "sources"}).key == "sources.third"


class ByClass:
    def __init__(self, notes: Annotated[NoteRepository, repository(NoteRepository)]):
        self.notes = notes


class ByName:
    notes = repository("NoteRepository")


class OnTheSpot:
    def __init__(self, notes=repository("Note", "db"), others=repository(Note, Db)):
        self.notes, self.others = notes, others


class Late:
    def __init__(self, getter=repository.getter(NoteRepository)):
        self.getter = getter


class Nameless:
    def __init__(self, notes=repository("")):
        self.notes = notes


async def test_repositories_are_injected(app):
    """REPO-050, REPO-051, REPO-052"""
    for cls in (ByClass, ByName, OnTheSpot, Late, Nameless):
        app.service(cls)
    assert isinstance((await app.get("services.ByClass")).notes, NoteRepository)
    assert isinstance((await app.get("services.ByName")).notes, NoteRepository)
    spot = await app.get("services.OnTheSpot")
    db = await app.get("datasources.db")
    assert (type(spot.notes), spot.notes.entity, spot.notes.datasource) == (DefaultCrudRepository, Note, db)
    assert spot.others.datasource is db
    assert isinstance(await (await app.get("services.Late")).getter(), NoteRepository)
    with pytest.raises(ResolutionError, match="invalid repository"):
        await app.get("services.Nameless")
    with pytest.raises((NotImplementedError, TypeError)):
        repository(NoteRepository)(NoteRepository)


async def test_components_bring_artifacts():
    """REPO-057"""

    class Extra:
        models = (Note,)
        datasources = (Db,)
        repositories = (NoteRepository,)

    class Plain:
        pass

    app = App()
    app.component(Extra)
    app.component(Plain)
    async with app:
        assert (await (await app.get_repository(NoteRepository)).count()).count == 0


async def test_the_schema_is_migrated(tmp_path):
    """REPO-058"""
    app = App()
    app.bind("datasources.config.db").to({"connector": "sqlite", "database": str(tmp_path / "x.db")})
    app.datasource(Db)
    app.repository(NoteRepository)
    with pytest.raises(ValueError, match="existing_schema"):
        await app.migrate_schema("rename")
    async with app:
        plan = await app.migrate_schema(dry_run=True)
        assert [each.kind for each in plan] == ["create_table"]
        await app.migrate_schema()
        repo = await app.get_repository(NoteRepository)
        await repo.create({"title": "a"})
        await app.migrate_schema(models=["Note"])
        assert (await repo.count()).count == 1
        await app.migrate_schema("drop")
        assert (await repo.count()).count == 0


async def test_sources_live_with_the_application(tmp_path):
    """REPO-059, DS-007"""
    app = App()
    app.datasource(DataSource({"name": "lazy", "connector": "memory", "lazy_connect": True}))
    db = DataSource({"name": "eager", "connector": "memory"})
    app.datasource(db)
    async with app:
        assert db.is_connected
        assert not (await app.get("datasources.lazy")).is_connected
    assert not db.is_connected
    broken = App()
    broken.datasource(DataSource({"name": "broken", "connector": "sqlite", "database": str(tmp_path / "no" / "x.db")}))
    with pytest.raises(DataSourceError, match="'broken'"):
        await broken.start()


async def test_a_source_without_constructor_takes_its_configuration():
    """DS-002"""

    class Kept(DataSource):
        datasource_name = "kept"
        default_config: ClassVar = {"connector": "memory", "echo": False}

    app = App()
    app.configure("datasources.kept").to({"busy_timeout": 3})
    app.datasource(Kept)
    kept = await app.get(Kept)
    assert (kept.name, kept.settings["connector"], kept.settings["busy_timeout"]) == ("kept", "memory", 3)


class NotesOfTenant(DefaultCrudRepository[Note, int]):
    """Sees what a request binds."""

    def __init__(
        self,
        datasource: Annotated[DataSource, inject("datasources.db")],
        tenant: Annotated[str, inject("request.tenant")],
    ) -> None:
        super().__init__(Note, datasource)
        self.tenant = tenant


async def test_a_repository_of_a_request_sees_what_is_bound_there(app):
    """REPO-060"""
    app.repository(NotesOfTenant)
    tenants = []
    for tenant in ("a", "b"):
        with Context(app, scope=BindingScope.REQUEST) as request:
            request.bind("request.tenant").to(tenant)
            tenants.append((await request.get("repositories.NotesOfTenant")).tenant)
    assert tenants == ["a", "b"]


async def test_a_repository_made_once_keeps_no_transaction_of_a_request(app):
    """REPO-060"""
    app.repository(injectable(scope=BindingScope.SINGLETON)(type("Kept", (NoteRepository,), {})))
    kept = await app.get("repositories.Kept")

    async def rolled_back():
        async with (await app.get("repositories.Kept")).begin_transaction() as transaction:
            await kept.create({"title": "gone"})
            await transaction.rollback()

    await asyncio.create_task(rolled_back())
    await kept.create({"title": "kept"})
    assert [note.title for note in await kept.find()] == ["kept"]


async def test_a_provider_gives_a_repository(app):
    """REPO-053"""

    class NotesProvider:
        def __init__(self, datasource: Annotated[DataSource, inject("datasources.db")]) -> None:
            self.datasource = datasource

        def value(self) -> NoteRepository:
            return NoteRepository(self.datasource)

    class Reader:
        def __init__(self, notes: Annotated[Any, repository("notes")]) -> None:
            self.notes = notes

    app.bind("repositories.notes").to_provider(NotesProvider)
    app.bind("reader").to_class(Reader)
    reader = await app.get("reader")
    assert isinstance(reader.notes, NoteRepository)
    assert (await reader.notes.create({"title": "x"})).id == 1
