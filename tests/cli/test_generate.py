"""``mainspring generate``: what it writes is found by boot, passes its tests and checks, and harms nothing."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from mainspring.cli import new
from mainspring.cli.generate import command
from mainspring.cli.generating import writing
from mainspring.cli.generating.editing import Source
from mainspring.cli.generating.names import Name

DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "Pet Store", "version": "1"},
    "paths": {
        "/pets": {
            "get": {
                "operationId": "listPets",
                "tags": ["pets"],
                "summary": 'All "pets"',
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "default": 10}},
                    {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
                    {"name": "petKind", "in": "query", "required": True, "schema": {"enum": ["cat", "dog"]}},
                ],
                "responses": {
                    "200": {
                        "description": "ok",
                        "content": {
                            "application/json": {
                                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}
                            }
                        },
                    }
                },
            },
            "post": {
                "tags": ["pets"],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewPet"}}},
                },
                "responses": {"201": {"description": "made"}},
            },
        },
        "/pets/{petId}": {
            "parameters": [{"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "delete": {"tags": ["pets"], "deprecated": True, "responses": {"204": {"description": "gone"}}},
        },
        "/owners/{id}/photo": {
            "put": {
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
                ],
                "requestBody": {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}},
                "responses": {"200": {"description": "ok", "content": {"text/plain": {"schema": {"type": "string"}}}}},
            }
        },
    },
    "components": {
        "schemas": {
            "NewPet": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "description": "What it is called"},
                    "photoUrls": {"type": "array", "items": {"type": "string"}},
                    "bornAt": {"type": "string", "format": "date-time"},
                    "owner": {"$ref": "#/components/schemas/Owner"},
                },
            },
            "Pet": {
                "allOf": [
                    {"$ref": "#/components/schemas/NewPet"},
                    {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}},
                ]
            },
            "Owner": {
                "type": "object",
                "properties": {
                    "pets": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}},
                    "class": {"type": "string", "nullable": True},
                },
            },
        }
    },
}

#: One of each kind.
COMMANDS = (
    "model Todo title:str:required done:bool due:datetime price:decimal",
    "model todo-list title:str:required",
    "model TodoListImage value:str:required",
    "model Book isbn:str:id pages:int",
    "repository Todo",
    "repository todo-list",
    "repository TodoListImage",
    "controller Todo --model Todo",
    "controller ping-pong --path /pings",
    "relation TodoList has-many Todo",
    "relation TodoList has-one TodoListImage --name image",
    "relation Todo belongs-to TodoList --name parent",
    "model-api Book",
    "datasource archive",
    "service Mail",
    "interceptor Timing",
    "observer CleanUp",
    "middleware Powered",
    "component AuditComponent",
)


def make(folder: Path) -> Path:
    target = folder / "shop"
    new.write(target, new.project_files(new.words_for("shop", None)))
    return target


def generate(project: Path, *arguments: str, answers: str | None = None) -> str:
    """Run the command in this process; what it said."""
    done = CliRunner().invoke(command, [*arguments, "--project", str(project)], input=answers)
    assert done.exit_code == 0, done.output
    return done.output


def refused(project: Path, *arguments: str) -> str:
    done = CliRunner().invoke(command, [*arguments, "--project", str(project)])
    assert done.exit_code == 2, done.output
    return done.output


def files(project: Path) -> dict[str, str]:
    return {
        str(each.relative_to(project)): each.read_text(encoding="utf-8")
        for each in project.rglob("*")
        if each.is_file() and "__pycache__" not in each.parts
    }


def python(project: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env={**environment, "PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def test_everything_it_writes_passes_the_tests_and_checks_of_the_project(tmp_path, environment):
    project = make(tmp_path)
    for each in COMMANDS:
        generate(project, *each.split())
    (tmp_path / "pets.json").write_text(json.dumps(DOCUMENT), encoding="utf-8")
    generate(project, "openapi", str(tmp_path / "pets.json"))
    for tool in (
        ("pytest", "-q", "-p", "no:cacheprovider", "-W", "error"),
        ("mypy", "--cache-dir", os.devnull),
        ("ruff", "check", "--no-cache", "."),
        ("ruff", "format", "--no-cache", "--check", "."),
        ("mainspring.cli", "check"),
    ):
        done = python(project, environment, "-m", *tool)
        assert done.returncode == 0, done.stdout + done.stderr
    assert len(list((project / "tests").glob("test_*.py"))) == len(COMMANDS) + 4  # those of ping, db, pets, owners


def test_a_newcomer_has_a_stored_resource_by_commands_alone(tmp_path, environment):
    def mainspring(folder: Path, *arguments: str) -> None:
        done = python(folder, environment, "-m", "mainspring.cli", *arguments)
        assert done.returncode == 0, done.stderr

    mainspring(tmp_path, "new", "shop")
    project = tmp_path / "shop"
    mainspring(project, "generate", "model", "Note", "text:str:required")
    mainspring(project, "generate", "repository", "Note")
    mainspring(project, "generate", "controller", "Note", "--model", "Note")
    running = {**environment, "PYTHONPATH": "src", "MAINSPRING_REST_PORT": "0", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "mainspring.cli", "run"], cwd=project, env=running, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            post = urllib.request.Request(
                f"{url}/notes", b'{"text": "by commands"}', {"Content-Type": "application/json"}, method="POST"
            )
            with urllib.request.urlopen(post, timeout=10) as answer:
                assert json.load(answer) == {"id": 1, "text": "by commands"}
            with urllib.request.urlopen(f"{url}/notes/1", timeout=10) as answer:
                assert json.load(answer)["text"] == "by commands"
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    tested = python(project, environment, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert tested.returncode == 0, tested.stdout


def test_models_and_operations_of_a_document_say_what_it_says(tmp_path):
    project = make(tmp_path)
    (tmp_path / "pets.json").write_text(json.dumps(DOCUMENT), encoding="utf-8")
    generate(project, "openapi", str(tmp_path / "pets.json"))
    models = (project / "src/shop/models/pet_store_model.py").read_text(encoding="utf-8")
    pet = models[models.index("class Pet(Model)") : models.index("class Owner(Model)")]
    assert '    name: str = field(required=True, description="What it is called.")' in pet
    assert '    photo_urls: list[str] | None = field(rename="photoUrls")' in pet
    assert "    id: int = field(required=True)" in pet
    assert '    owner: "Owner | None" = None' in pet
    assert '    class_: str | None = field(rename="class")' in models
    pets = (project / "src/shop/controllers/pets_controller.py").read_text(encoding="utf-8")
    assert 'pet_kind: Annotated[Literal["cat", "dog"], param.query("petKind")],' in pets
    assert "    limit: int = 10," in pets
    assert 'x_trace: Annotated[str | None, param.header("X-Trace")] = None,' in pets
    assert "    @rest.deprecated()" in pets
    assert "from shop.models.pet_store_model import NewPet, Pet\n" in pets
    owners = (project / "src/shop/controllers/owners_controller.py").read_text(encoding="utf-8")
    assert 'id: UUID, body: Annotated[bytes | None, request_body(media_type="image/png")] = None' in owners


def test_what_is_there_is_not_written_over_unasked(tmp_path):
    project = make(tmp_path)
    generate(project, "service", "Mail")
    mine = project / "src/shop/services/mail_service.py"
    mine.write_text("# mine\n", encoding="utf-8")
    before = files(project)
    said = refused(project, "service", "Mail")
    assert "mail_service.py. Nothing was written; --dry-run shows what would change" in said
    assert files(project) == before
    generate(project, "service", "Mail", "--overwrite")
    assert "class MailService" in mine.read_text(encoding="utf-8")


def test_the_one_who_is_asked_decides_for_each_file(tmp_path, monkeypatch):
    project = make(tmp_path)
    generate(project, "service", "Mail")
    mine = [project / "src/shop/services/mail_service.py", project / "tests/test_mail_service.py"]
    for each in mine:
        each.write_text("# mine\n", encoding="utf-8")
    plan = writing.FilePlan(dict.fromkeys(mine, "# new\n"))
    answers = iter([True, False])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", lambda _: next(answers))
    writing.agreed(plan, overwrite=False).write()
    assert [each.read_text(encoding="utf-8") for each in mine] == ["# new\n", "# mine\n"]


def test_what_would_be_the_same_is_left_alone(tmp_path):
    project = make(tmp_path)
    generate(project, "middleware", "Powered")
    before = files(project)
    assert generate(project, "middleware", "Powered") == "Nothing to write: everything is there.\n"
    assert files(project) == before


def test_a_dry_run_shows_what_would_change_and_writes_nothing(tmp_path):
    project = make(tmp_path)
    before = files(project)
    shown = generate(project, "middleware", "Powered", "--dry-run")
    assert files(project) == before
    assert "+        self.middleware(PoweredMiddleware)\n" in shown
    assert f"--- {os.devnull}\n" in shown
    assert "+class PoweredMiddleware:\n" in shown


@pytest.mark.parametrize("arguments", COMMANDS[:1] + COMMANDS[-1:] + ("openapi pets.json",))
def test_a_program_reads_what_was_made(tmp_path, monkeypatch, arguments):
    project = make(tmp_path)
    monkeypatch.chdir(tmp_path)
    Path("pets.json").write_text(json.dumps(DOCUMENT), encoding="utf-8")
    words = [*arguments.split(), "--json"]
    before = files(project)
    would = json.loads(generate(project, *words, "--dry-run"))
    assert files(project) == before
    told = json.loads(generate(project, *words))
    assert told == {"kind": words[0], "folder": str(project), "files": told["files"], "kept": []}
    assert would == {**told, "diff": would["diff"]}
    assert all(f"+++ shop/{name}\n" in would["diff"] for name in told["files"])
    after = files(project)
    assert sorted(told["files"]) == sorted(name for name, text in after.items() if before.get(name) != text)
    again = json.loads(generate(project, *words))
    assert (again["files"], set(again["kept"]) <= set(told["files"])) == ([], True)
    assert again["kept"]


def test_a_program_is_not_asked(tmp_path):
    project = make(tmp_path)
    generate(project, "service", "Mail")
    (project / "src/shop/services/mail_service.py").write_text("# mine\n", encoding="utf-8")
    outer, terminal = os.openpty()
    words = [sys.executable, "-m", "mainspring.cli", "generate", "service", "Mail", "--project", str(project), "--json"]
    done = subprocess.run(words, stdin=terminal, capture_output=True, text=True, timeout=60, check=False)
    os.close(terminal)
    os.close(outer)
    assert (done.returncode, done.stdout) == (2, "")
    assert "mail_service.py. Nothing was written" in done.stderr


@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError])
def test_an_interrupted_run_leaves_nothing(tmp_path, monkeypatch, failure):
    project = make(tmp_path)
    before = files(project)
    replace, written = os.replace, []

    def fail_at_the_third(source: str, target: Path) -> None:
        written.append(target)
        if len(written) == 3:
            raise failure("now")
        replace(source, target)

    monkeypatch.setattr(writing.os, "replace", fail_at_the_third)
    done = CliRunner().invoke(command, ["middleware", "Powered", "--project", str(project)])
    assert done.exit_code == 1
    assert len(written) == 3
    assert files(project) == before
    assert not (project / "src/shop/middlewares").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("service 3d", "'3d' cannot name a class"),
        ("service class", "'class' is a word of Python's own"),
        ("model Todo title:text:needed", "what may be said is required, id, unique, index"),
        ("model Todo title:money", "has the type 'money'; there are str, int,"),
        ("model Todo Title", "names no property: write name:type"),
        ("model Todo a b:int a", "Todo has the property 'a' twice."),
        ("repository Nobody", "`mainspring generate model Nobody` makes it."),
        ("controller Nobody --model Nobody", "`mainspring generate model Nobody` makes it."),
        ("relation Nobody has-many Todo", "`mainspring generate model Nobody` makes it."),
        ("relation Todo has-some Todo", "'has-some' is not one of"),
        ("nonsense Todo", "No such command 'nonsense'"),
    ],
)
def test_what_cannot_be_made_is_refused_in_words(tmp_path, arguments, words):
    project = make(tmp_path)
    before = files(project)
    assert words in refused(project, *arguments.split())
    assert files(project) == before


def test_a_relation_that_is_there_is_refused(tmp_path):
    project = make(tmp_path)
    for each in ("model A", "model B", "repository A", "repository B", "relation A has-many B"):
        generate(project, *each.split())
    assert "A has 'bs' already" in refused(project, "relation", "A", "has-many", "B")
    assert "B has 'a_id' already" in refused(project, "relation", "B", "belongs-to", "A")


def test_without_a_project_it_says_how_to_get_one(tmp_path):
    assert "`mainspring new NAME` makes one" in refused(tmp_path, "service", "Mail")


def test_a_flat_application_without_configuration_is_a_project_too(tmp_path, environment):
    (tmp_path / "app.py").write_text(
        "from mainspring import BootMixin, RestApplication\n\n\nclass App(BootMixin, RestApplication):\n    pass\n",
        encoding="utf-8",
    )
    generate(tmp_path, "service", "Mail")
    generate(tmp_path, "controller", "Pong")
    done = python(tmp_path, {**environment, "PYTHONPATH": "."}, "-c", "import services.mail_service")
    assert done.returncode == 0, done.stderr
    assert "from app import App" in (tmp_path / "tests/test_pong_controller.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "kind", "cls", "module", "plural"),
    [
        ("TodoController", "Controller", "TodoController", "todo_controller", "todos"),
        ("todo-item", "Controller", "TodoItemController", "todo_item_controller", "todo_items"),
        ("HTTPClient", "Service", "HTTPClientService", "http_client_service", "http_clients"),
        ("Category", "", "Category", "category_model", "categories"),
        ("box", "", "Box", "box_model", "boxes"),
        ("day", "", "Day", "day_model", "days"),
        ("db", "DataSource", "DbDataSource", "db_datasource", "dbs"),
    ],
)
def test_names_are_spelt_by_convention(text, kind, cls, module, plural):
    name = Name(text, kind)
    assert (name.cls, name.module, name.plural) == (cls, module, plural)


def test_lines_are_added_to_files_and_nothing_else_changes():
    source = Source(
        Path("app.py"),
        '"""Mine."""\n\nfrom b import X  # kept\n\n\nclass App(Base):\n    a = 1\n\n'
        "    def __init__(self, x: dict[str, int] = {}, *, y: int = 2) -> None:  # so\n        super().__init__(x)\n\n"
        "    def other(self): ...\n",
    )
    source.add_import("a", "T")
    source.add_import("b.c", "Y")
    source.add_to_class("App", "b = 2")
    source.add_parameter("App", "z: int")
    source.add_to_init("App", "self.z = z")
    assert source.text == (
        '"""Mine."""\n\nfrom b import X  # kept\nfrom b.c import Y\n\nfrom a import T\n\n\nclass App(Base):\n'
        "    a = 1\n    b = 2\n\n    def __init__(\n        self,\n        x: dict[str, int] = {},\n        *,\n"
        "        y: int = 2,\n        z: int,\n    ) -> None:\n        super().__init__(x)\n        self.z = z\n\n"
        "    def other(self): ...\n"
    )
