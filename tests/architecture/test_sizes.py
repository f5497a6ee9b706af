"""Sizes: a reader holds a module and a function in the mind. Whatever is larger says here why."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import mainspring

SOURCE = Path(mainspring.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
MODULE_LINES, MODULE_LINES_HARD = 400, 600
FUNCTION_LINES = 30

# Module -> why it is one piece in spite of its size.
LARGE_MODULES: dict[str, str] = {
    "context/context.py": "a quarter of it are overloads for type checkers",
    "context/resolving.py": "the reference of resolution is read from top to bottom, in one sitting",
}
# "module:Class.function" -> why it is one piece in spite of its size.
LONG_FUNCTIONS: dict[str, str] = {
    "rest/entrance.py:answer": "every request takes this way, and every further call on it costs every request",
    "rest/listener_door.py:ListenerDoor.serve": "as `rest/entrance.py:answer`",
    "rest/pipeline.py:walk": "the way of a request, every step in its order, belongs on one screen",
}


def name_of(file: Path) -> str:
    return file.relative_to(SOURCE).as_posix()


def functions(node: ast.AST, path: str = "") -> Iterator[tuple[str, int]]:
    """Each function with the number of its lines: signature and body, without the docstring and inner functions'."""
    for child in ast.iter_child_nodes(node):
        inner = f"{path}.{child.name}".lstrip(".") if isinstance(child, SCOPES) else path
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            body = child.body[1:] if ast.get_docstring(child) else child.body
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            yield inner, lines
        yield from functions(child, inner)


SCOPES = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_module_is_short(file):
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert lines <= (MODULE_LINES_HARD if LARGE_MODULES.get(name_of(file)) else MODULE_LINES)


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_function_is_short(file):
    found = functions(ast.parse(file.read_text(encoding="utf-8")))
    long = {f"{name_of(file)}:{name}": lines for name, lines in found if lines > FUNCTION_LINES}
    assert {name: lines for name, lines in long.items() if not LONG_FUNCTIONS.get(name)} == {}


def test_exceptions_are_still_needed():
    assert [name for name in LARGE_MODULES if not (SOURCE / name).is_file()] == []
    known = {f"{name_of(file)}:{name}" for file in FILES for name, _ in functions(ast.parse(file.read_text("utf-8")))}
    assert [name for name in LONG_FUNCTIONS if name not in known] == []
