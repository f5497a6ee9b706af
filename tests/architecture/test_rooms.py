"""The rules between the rooms that an import contract cannot say."""

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import mainspring

SOURCE = Path(mainspring.__file__).parent
ROOT = SOURCE.parents[1]
FILES = sorted(SOURCE.rglob("*.py"))
ROOMS = sorted(room.name for room in pkgutil.iter_modules(mainspring.__path__))

WEB = {"starlette", "uvicorn", "httptools", "multipart", "python_multipart", "mainspring.http", "mainspring.openapi"}
SQL = {"sqlalchemy", "aiosqlite", "sqlite3", "greenlet"}
CLI = {"click", "mainspring.cli"}


def loaded_by(statement: str) -> set[str]:
    """The modules, and all packages above them, that a fresh interpreter has after a statement."""
    code = f"import sys; before = set(sys.modules); {statement}; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = done.stdout.split()
    return {".".join(name.split(".")[:depth]) for name in names for depth in range(1, name.count(".") + 2)}


@pytest.mark.parametrize(
    ("statement", "forbidden"),
    [
        ("import mainspring", {f"mainspring.{room}" for room in ROOMS if room != "lazy"}),
        ("import mainspring.metadata", WEB | SQL | CLI | {"mainspring.context"}),
        ("import mainspring.context", WEB | SQL | CLI | {"mainspring.core"}),
        ("import mainspring.core", WEB | SQL | CLI | {"mainspring.boot"}),
        ("import mainspring.boot", WEB | SQL | CLI | {"mainspring.rest", "mainspring.repository"}),
        ("import mainspring.http", SQL | CLI | {"mainspring.context", "starlette", "uvicorn"}),
        ("import mainspring.openapi", SQL | CLI | {"mainspring.context", "starlette", "uvicorn"}),
        ("import mainspring.rest", SQL | CLI | {"mainspring.repository"}),
        ("import mainspring.repository", {"sqlalchemy", "aiosqlite", "mainspring.rest"} | CLI),
        ("import mainspring.cli", {f"mainspring.{room}" for room in ROOMS if room not in ("cli", "lazy")}),
    ],
)
def test_a_room_loads_only_what_it_needs(statement, forbidden):
    assert loaded_by(statement) & forbidden == set()


#: What an application of one route without parameters, under an ASGI server, starts and answers without: its cold start
#: is held against that of a Starlette application (`bench/http.py --cold`).
NOT_FOR_HELLO = {
    "dataclasses",
    "mainspring.boot",
    "mainspring.core.services",
    "mainspring.core.extending",
    "mainspring.http.conditional",
    "mainspring.http.cookies",
    "mainspring.http.cors",
    "mainspring.http.dates",
    "mainspring.http.sizes",
    "mainspring.listener",
    "mainspring.openapi.checking",
    "mainspring.openapi.coercion",
    "mainspring.openapi.components",
    "mainspring.openapi.conversion",
    "mainspring.openapi.derived",
    "mainspring.openapi.documents",
    "mainspring.openapi.formats",
    "mainspring.openapi.json_codecs",
    "mainspring.openapi.merging",
    "mainspring.openapi.readers",
    "mainspring.openapi.schemas",
    "mainspring.openapi.text_codecs",
    "mainspring.openapi.writing",
    "mainspring.repository",
    "mainspring.rest.compression",
    "mainspring.rest.connecting",
    "mainspring.rest.cors",
    "mainspring.rest.documents",
    "mainspring.rest.events",
    "mainspring.rest.files",
    "mainspring.rest.forms",
    "mainspring.rest.granian_listening",
    "mainspring.rest.hypercorn_listening",
    "mainspring.rest.listening",
    "mainspring.rest.multipart",
    "mainspring.rest.pages",
    "mainspring.rest.payloads",
    "mainspring.rest.results",
    "mainspring.rest.sockets",
    "mainspring.rest.static",
    "mainspring.rest.tls",
    "mainspring.rest.uploads",
    "mainspring.rest.uvicorn_listening",
    "mainspring.rest.versions",
    "mainspring.rest.websocket_door",
    "multipart",
    "python_multipart",
    "sqlalchemy",
    "starlette",
    "uvicorn",
}
ANSWER_HELLO = """
import asyncio, sys
before = set(sys.modules)
from hello_mainspring import app

async def main():
    asked, said = asyncio.Queue(), asyncio.Queue()
    asked.put_nowait({"type": "lifespan.startup"})
    life = asyncio.create_task(app({"type": "lifespan"}, asked.get, said.put))
    assert (await said.get())["type"] == "lifespan.startup.complete"
    request = {"type": "http", "method": "GET", "path": "/hello", "query_string": b"", "headers": []}
    await app(request, asked.get, said.put)
    assert (await said.get())["status"] == 200
    print(*set(sys.modules) - before)
    life.cancel()

asyncio.run(main())
"""


def test_the_hello_application_does_without_what_few_servers_need():
    code = [sys.executable, "-c", ANSWER_HELLO]
    done = subprocess.run(code, cwd=ROOT / "bench" / "apps", capture_output=True, text=True, check=True)
    loaded = {*done.stdout.split()}
    assert {".".join(name.split(".")[:depth]) for name in loaded for depth in (1, 2, 3)} & NOT_FOR_HELLO == set()


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_nothing_inside_takes_names_from_the_root_package(file):
    names = [
        alias.name
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "mainspring"
        for alias in node.names
    ]
    assert set(names) <= set(ROOMS), "from the root only rooms are imported"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_a_module_says_its_law_and_lists_its_names(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "a module begins with what it is for"
    assigned = [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for part in (node.targets if isinstance(node, ast.Assign) else [node.target])
        for target in ast.walk(part)
        if isinstance(target, ast.Name)
    ]
    assert "__all__" in assigned


@pytest.mark.parametrize("room", [room for room in ROOMS if room not in ("cli", "errors", "lazy")])
def test_what_a_room_offers_is_there_and_explained(room):
    module = importlib.import_module(f"mainspring.{room}")
    assert sorted(module.__all__) == sorted(set(module.__all__)), "a name is listed once"
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert inspect.getdoc(value), f"{room}.{name} has no docstring"
        assert not name.lower().startswith("test"), "pytest would take it for a test"


def test_the_contracts_between_rooms_hold():
    code = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
