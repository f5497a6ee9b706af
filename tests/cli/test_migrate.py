"""``mainspring migrate``: revisions written, carried out and taken back by the command itself, on every database."""

import json

import pytest
from tests.repository.databases import SERVERS, database

APPLICATION = """
    import json, os
    from mainspring.core import Application
    from mainspring.repository import DataSource, DefaultCrudRepository, Entity, RepositoryMixin, field, model

    @model(table="todo")
    class Todo(Entity):
        id: int | None = field(id=True, generated=True)
        title: str = field(required=True)
        # more

    class Db(DataSource):
        datasource_name = "db"
        default_config = json.loads(os.environ.get("DB_CONFIG") or '{"name": "db", "url": "sqlite:///todo.db"}')

    class TodoRepository(DefaultCrudRepository[Todo, int]):
        def __init__(self, db: Db):
            super().__init__(Todo, db)

    class Todos(RepositoryMixin, Application):
        def __init__(self):
            super().__init__()
            self.datasource(Db)
            self.datasource(DataSource({"name": "cache", "connector": "memory"}))
            self.repository(TodoRepository)
"""
COLOR = '# more\n        color: str = field(required=True, default="red")'


@pytest.fixture(params=["sqlite", *SERVERS])
async def todos(request, project, tmp_path):
    """``todos(...)`` runs ``mainspring migrate …`` in a project with one model."""
    project.write("app.py", APPLICATION)
    async with database(request.param, tmp_path) as config:
        yield lambda *arguments: project.run("migrate", *arguments, DB_CONFIG=json.dumps(config))


def said(done):
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_a_schema_follows_its_models_by_revisions(project, todos):
    """DS-034: new, up, status and down; the second revision adds a column, the third run finds nothing."""
    assert "not written: create table 'todo'" in said(todos("status"))
    written = said(todos("new", "-m", "first one")).strip()
    folder = project.root / "migrations" / "db"
    assert [f"db: wrote {file.relative_to(project.root)}" for file in folder.glob("*_first_one.py")] == [written]
    dry = said(todos("up", "--dry-run"))
    assert "CREATE TABLE todo" in dry
    assert said(todos("up")).split()[:2] == ["db:", "up"]
    assert "(the last)" in said(todos("status", "--check"))
    assert said(todos("up")) == said(todos("new")) == "db: nothing to do\n"
    project.write("app.py", APPLICATION.replace("# more", COLOR))
    assert todos("status", "--check").returncode == 1
    [made] = json.loads(said(todos("new", "--json")))
    assert (made["datasource"], made["file"].endswith(".py")) == ("db", True)
    [state] = json.loads(said(todos("status", "--json")))
    assert [each["message"] for each in state["pending"]] == ["add column 'color' to 'todo'"]
    [step] = json.loads(said(todos("up", "--json")))
    assert (step["direction"], step["revision"]) == ("up", state["pending"][0]["id"])
    assert any("todo" in sql for sql in step["sql"])
    assert said(todos("down")).split()[:3] == ["db:", "down", step["revision"]]
    assert said(todos("down", "--to", "base")).split()[:2] == ["db:", "down"]
    assert said(todos("status")).startswith("db: at no revision\n    pending: ")


def test_what_loses_data_has_to_be_asked_for(project):
    """DS-034"""

    def todos(*arguments):
        return project.run("migrate", *arguments)

    project.write("app.py", APPLICATION.replace("# more", COLOR))
    said(todos("new"))
    said(todos("up"))
    project.write("app.py", APPLICATION)
    refused = todos("new")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "would lose data: drop column 'color' of 'todo'; allow it with --allow-unsafe" in refused.stderr
    assert len(list((project.root / "migrations" / "db").glob("*.py"))) == 1
    said(todos("new", "--allow-unsafe"))
    said(todos("up"))  # the table is empty
    assert "not written" not in said(todos("status"))


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("up", "--datasource", "nobody"), 2, "There is no data source 'nobody'; there are: cache, db."),
        (("up", "--datasource", "cache"), 1, "does not support revisions"),
        (("up", "--to", "abc"), 1, "abc"),
        (("down", "--to", "base", "--steps", "2"), 2, "not both"),
        (("down", "--steps", "0"), 2, "steps"),
        (("new", "nowhere:app"), 1, "Cannot find the application 'nowhere:app'"),
        (("sideways",), 2, "No such command 'sideways'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(project, arguments, status, words):
    project.write("app.py", APPLICATION)
    done = project.run("migrate", *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unreachable_database_is_named_without_its_password(project):
    """DS-007"""
    project.write("app.py", APPLICATION)
    config = json.dumps({"name": "db", "url": "postgresql://me:secret@127.0.0.1:1/none"})
    done = project.run("migrate", "status", DB_CONFIG=config)
    assert done.returncode == 1
    assert "'db'" in done.stderr
    assert "secret" not in done.stderr + done.stdout


def test_the_folder_of_the_application_holds_its_revisions(project):
    project.write("shop/app.py", APPLICATION)
    environment = {"DB_CONFIG": json.dumps({"name": "db", "url": f"sqlite:///{project.root / 'x.db'}"})}
    said(project.run("migrate", "new", "shop", **environment))
    assert (project.root / "shop" / "migrations" / "db").is_dir()
    said(project.run("migrate", "new", "shop", "--folder", "elsewhere", **environment))
    assert (project.root / "elsewhere" / "db").is_dir()
    assert said(project.run("migrate", "up", "shop", **environment)).startswith("db: up ")


def test_without_alembic_the_extra_is_named(project):
    project.write("app.py", APPLICATION)
    project.write("alembic/__init__.py", "raise ModuleNotFoundError('No module named alembic', name='alembic')")
    done = project.run("migrate", "up")
    assert done.returncode == 1
    assert "pip install 'mainspring[migrations]'" in done.stderr
