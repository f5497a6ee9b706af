"""Models, repositories and data sources found by boot: booters of the repository room, run by this one."""

import warnings

import pytest

from mainspring.core import CoreTags
from mainspring.repository.mixin import RepositoryMixin

MODEL = """
from mainspring.repository.models import Entity, model
from mainspring.repository.fields import field

@model()
class Todo(Entity):
    id: int = field(id=True, generated=True)
    title: str = field()

class Helper: ...
"""

DATASOURCE = """
from mainspring.repository.datasources import DataSource

class DbDataSource(DataSource):
    datasource_name = "db"
    def __init__(self):
        super().__init__({"connector": "memory"})

class Helper: ...
"""

REPOSITORY = "class TodoRepository: ...\n"


@pytest.fixture
def stored(project):
    project.write("models/todo_model.py", MODEL)
    project.write("datasources/db_datasource.py", DATASOURCE)
    project.write("repositories/todo_repository.py", REPOSITORY)
    return project


async def test_they_are_bound_by_the_methods_of_the_mixin(stored):
    """BOOT-145, BOOT-146, BOOT-147"""
    app = stored.app(RepositoryMixin)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await app.boot()
    assert stored.keys(app, "models.") == ["models.Todo"]
    assert app.get_sync("models.Todo").__name__ == "Todo"
    assert isinstance(app.get_sync("models.Todo"), type)
    assert stored.keys(app, "repositories.") == ["repositories.TodoRepository"]
    assert stored.keys(app, "datasources.") == ["datasources.db"]
    assert CoreTags.LIFE_CYCLE_OBSERVER in app.get_binding("datasources.db").tag_map


async def test_without_the_mixin_each_booter_warns_once(stored):
    """BOOT-148"""
    app = stored.app()
    with pytest.warns(RuntimeWarning) as caught:
        await app.boot()
    texts = [str(warning.message) for warning in caught]
    assert len(texts) == 3
    for method, booter in (("datasource", "DataSource"), ("model", "Model"), ("repository", "Repository")):
        (text,) = [text for text in texts if f"app.{method}()" in text]
        assert f"{booter}Booter" in text
        assert "RepositoryMixin" in text
    assert stored.keys(app, "models.") == []


async def test_without_the_mixin_and_without_classes_it_is_silent(project):
    """BOOT-148"""
    project.write("models/todo_model.py", "class Helper: ...\n")
    project.write("datasources/db_datasource.py", "value = 1\n")
    app = project.app()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await app.boot()
    assert app.state == "booted"


async def test_every_kind_of_artifact_is_a_class_in_a_file_of_its_folder(stored):
    """BOOT-001, BOOT-002: one of each, and the component that a booted service needs, in one boot."""
    stored.write("controllers/todo_controller.py", "class TodoController: ...\n")
    stored.write(
        "services/clock_service.py", "from mainspring.core import injectable\n@injectable()\nclass ClockService: ...\n"
    )
    stored.write("interceptors/log_interceptor.py", "class LogInterceptor:\n    def value(self): ...\n")
    stored.write("observers/audit_observer.py", "class AuditObserver:\n    def start(self): ...\n")

    class Parts:
        services = (type("Part", (), {}),)

    app = stored.app(RepositoryMixin)
    app.component(Parts)
    before = {binding.key for binding in app.find()}
    await app.boot()
    assert {binding.key for binding in app.find()} - before == {
        "controllers.TodoController",
        "datasources.db",
        "models.Todo",
        "repositories.TodoRepository",
        "services.ClockService",
        "interceptors.LogInterceptor",
        "life_cycle_observers.AuditObserver",
    }
    assert {"components.Parts", "services.Part"} <= before
