"""``mainspring discover``: files that boot finds, made from tables, and nothing overwritten without asking."""

import json
import os
import pty
import subprocess
import sys
from decimal import Decimal

import pytest
from tests.repository.databases import SERVERS, database

from mainspring.repository import DataSource

APPLICATION = """
    import json, os
    from mainspring import Application, BootMixin, DataSource, RepositoryMixin

    class Shop(BootMixin, RepositoryMixin, Application):
        def __init__(self):
            super().__init__()
            self.datasource(DataSource(json.loads(os.environ["DB_CONFIG"])))
"""
#: Boots the application and reads rows by the models that were written.
USE = """
    import asyncio, json
    from app import Shop
    from mainspring.repository import DefaultCrudRepository

    async def use():
        app = Shop()
        await app.boot()
        found = {name: await app.get(f"models.{name}") for name in ("Client", "Orders")}
        db = await app.get("datasources.db")
        async with db:
            clients, orders = (DefaultCrudRepository(each, db) for each in found.values())
            factory = orders.create_belongs_to_accessor_for("client", clients)
            orders.register_inclusion_resolver("client", factory.inclusion_resolver)
            made = await clients.create({"name": "somebody"})
            await orders.create({"code": "b", "client_id": made.id, "class_": 5})
            rows = await orders.find({"include": ["client"], "order": "code"})
            print(json.dumps([each.to_json() for each in rows]))

    asyncio.run(use())
"""
TABLES = {
    "sqlite": "id INTEGER PRIMARY KEY",
    "postgresql": "id BIGSERIAL PRIMARY KEY",
    "mysql": "id BIGINT AUTO_INCREMENT PRIMARY KEY",
}


@pytest.fixture(params=["sqlite", *SERVERS])
async def shop(request, project, tmp_path):
    """``shop(...)`` runs ``mainspring discover …`` in a project whose database has two tables."""
    project.write("app.py", APPLICATION)
    async with database(request.param, tmp_path) as config:
        async with DataSource(config) as db:
            await db.execute(f"CREATE TABLE client ({TABLES[request.param]}, name VARCHAR(30) NOT NULL UNIQUE)")
            await db.execute(
                "CREATE TABLE orders (code VARCHAR(9) NOT NULL PRIMARY KEY, price NUMERIC(10, 2), placed DATE, "
                'client_id BIGINT REFERENCES client (id), "class" INTEGER)'.replace(
                    '"', "`" if request.param == "mysql" else '"'
                )
            )
            await db.execute("INSERT INTO client (name) VALUES ('first')")
            await db.execute("INSERT INTO orders (code, price, client_id) VALUES ('a', 1.50, 1)")
        environment = {"DB_CONFIG": json.dumps(config)}

        def run(*arguments, **options):
            return project.run("discover", *arguments, **environment, **options)

        run.environment = environment
        yield run


@pytest.fixture
def small(project):
    """The same, on SQLite with one table."""
    project.write("app.py", APPLICATION)
    config = {"name": "db", "url": f"sqlite:///{project.root / 'x.db'}"}
    subprocess.run(
        [
            sys.executable,
            "-c",
            "import sqlite3; sqlite3.connect('x.db').execute('CREATE TABLE note (id INTEGER PRIMARY KEY)')",
        ],
        cwd=project.root,
        check=True,
    )
    return lambda *arguments: project.run("discover", *arguments, DB_CONFIG=json.dumps(config))


def said(done):
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_boot_finds_the_models_that_were_written(project, shop, environment):
    """DS-036: and they read, write and relate the rows; a second run finds nothing to do."""
    dry = said(shop("--dry-run"))
    assert "class Orders(Entity):" in dry
    assert "placed: date | None = None" in dry
    assert not (project.root / "models").exists()
    listed = said(shop()).splitlines()
    assert listed == ["models/client_model.py", "models/orders_model.py"]
    for command in (("ruff", "check", "--no-cache", "--isolated", "models"), ("compileall", "-q", "models")):
        subprocess.run([sys.executable, "-m", *command], cwd=project.root, check=True, timeout=60)
    done = subprocess.run(
        [sys.executable, project.write("use.py", USE)],
        cwd=project.root,
        env={**environment, **shop.environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    first, second = json.loads(done.stdout)
    assert (first["code"], Decimal(first["price"]), first["client"]) == (
        "a",
        Decimal("1.5"),
        {"id": 1, "name": "first"},
    )
    assert (second["class_"], second["client"]["name"]) == (5, "somebody")
    assert said(shop()) == "Nothing to write: every table has its model.\n"


def test_a_url_needs_no_data_source_and_the_files_are_still_found(project, small):
    said(small("--dry-run"))
    url = f"sqlite:///{project.root / 'x.db'}"
    project.write("shop/app.py", APPLICATION)
    config = {"DB_CONFIG": '{"name": "db", "connector": "memory"}'}
    assert said(project.run("discover", "shop", "--url", url, **config)) == "shop/models/note_model.py\n"
    (project.root / "empty").mkdir()
    assert said(project.run("discover", "--url", url, cwd=project.root / "empty")) == "models/note_model.py\n"


def test_a_file_that_is_there_is_not_written_without_asking(project, small):
    project.write("models/note_model.py", "# mine\n")
    refused = small()
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "There already: models/note_model.py. Nothing was written; --overwrite" in refused.stderr
    assert (project.root / "models" / "note_model.py").read_text() == "# mine\n"
    assert said(small("--overwrite")) == "models/note_model.py\n"
    assert "class Note(Entity):" in (project.root / "models" / "note_model.py").read_text()
    [found] = json.loads(said(small("--dry-run", "--json", "--table", "note", "--into", "elsewhere")))
    assert (found["file"], found["model"], found["table"]) == ("elsewhere/note_model.py", "Note", "note")


@pytest.mark.parametrize(("answer", "is_written"), [("n", False), ("y", True)])
def test_who_sits_there_is_asked(project, environment, answer, is_written):
    project.write("app.py", APPLICATION)
    file = project.write("models/note_model.py", "# mine\n")
    make = "import sqlite3; sqlite3.connect('x.db').execute('CREATE TABLE note (id INTEGER PRIMARY KEY)')"
    subprocess.run([sys.executable, "-c", make], cwd=project.root, check=True)
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "mainspring.cli", "discover", "--url", f"sqlite:///{project.root / 'x.db'}"],
        cwd=project.root,
        env={**environment, "DB_CONFIG": '{"name": "db", "connector": "memory"}'},
        stdin=theirs,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        os.write(ours, f"{answer}\n".encode())
        out, _ = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert "models/note_model.py is there already. Write it anew?" in out
    assert (process.returncode, "class Note" in file.read_text()) == (0, is_written)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--table", "nothing"), 1, "there is no table 'nothing'; there are note"),
        (("--datasource", "other"), 2, "There is no data source 'other'; there are: db."),
        (("--datasource", "db", "--url", "sqlite:///x.db"), 2, "not both"),
        (("--url", "nothing"), 1, "'db'"),
        (("nowhere:app",), 1, "Cannot find the application 'nowhere:app'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(project, small, arguments, status, words):
    done = small(*arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project.root / "models").exists()
