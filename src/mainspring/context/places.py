"""Where in a program's files classes, functions, parameters and attributes are written. For reports."""

import ast
import inspect
import os
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from mainspring.context.injection import InjectionPoint
from mainspring.context.signatures import constructor_of, unwrap_callable

__all__ = [
    "Place",
    "declared_place",
    "is_of_a_program",
    "place_of",
    "place_of_binding",
    "place_of_caller",
    "place_of_point",
    "place_words",
]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class Place(NamedTuple):
    """A line of a file, counted from 1."""

    file: str
    line: int


def place_of(target: Any) -> Place | None:
    """Where a class or function begins, its decorators included; ``None`` when there is no source to look into."""
    function = target if isinstance(target, type) else unwrap_callable(target)
    code = getattr(function, "__code__", None)
    if code is not None:
        return Place(code.co_filename, code.co_firstlineno) if Path(code.co_filename).is_file() else None
    cls = function if isinstance(function, type) else type(function)
    try:
        file = inspect.getsourcefile(cls)
    except TypeError:
        return None
    line = vars(cls).get("__firstlineno__")  # Python 3.13 notes it
    if line is None and file is not None:
        line = _class_lines(file).get(cls.__qualname__)
    return None if file is None or line is None else Place(file, line)


def place_of_binding(binding: Any) -> Place | None:
    """Where the class or function is written that a binding is made from; constants and aliases are written nowhere."""
    source = binding.source
    return None if source is None or source.type in ("constant", "alias") else place_of(source.value)


def declared_place(binding: Any, bound_at: Place | None) -> Place | None:
    """Where a binding is declared: where its class or function is written if a program wrote it, else who bound it.

    Args:
        binding: The binding.
        bound_at: The line that bound it, if somebody noted it.
    """
    written = place_of_binding(binding)
    return written if bound_at is None or (written is not None and is_of_a_program(written.file)) else bound_at


def place_words(place: Place | None) -> str | None:
    """``file:line``, from here when it is below here."""
    return None if place is None else f"{_file_from(place.file, os.getcwd())}:{place.line}"


@lru_cache(maxsize=2048)
def _file_from(file: str, folder: str) -> str:
    try:
        return str(Path(os.path.realpath(file)).relative_to(Path(folder).resolve()))
    except ValueError:
        return file


def place_of_point(point: InjectionPoint) -> Place | None:
    """The line of the parameter or attribute."""
    target = point.target
    if point.parameter is None:
        return _of_attribute(target, point.member)
    if not isinstance(target, type):
        return _of_parameter(target, point.parameter) or place_of(target)
    function = constructor_of(target) if point.member == "__init__" else getattr(target, point.member, None)
    found = _of_parameter(function, point.parameter) if function is not None else None
    # The constructor of a dataclass is written nowhere; its parameters are attributes.
    return found or _of_attribute(target, point.parameter) or place_of(function) or place_of(target)


def place_of_caller() -> Place | None:
    """The line of the program that is running; not one of Mainspring, of Python or of the command line."""
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if is_of_a_program(file):
            return Place(file, frame.f_lineno)
        frame = frame.f_back  # type: ignore[assignment]  # the last one has none
    return None


@lru_cache(maxsize=2048)
def is_of_a_program(file: str) -> bool:
    """Whether a file is neither Mainspring's nor Python's nor an installed package's."""
    file = os.path.abspath(file)  # a script may have been called by a way round
    folders = (str(Path(__file__).parents[1]), *map(sysconfig.get_path, ("stdlib", "purelib", "platlib", "scripts")))
    return not file.startswith(tuple(f"{folder}{os.sep}" for folder in folders)) and os.path.isfile(file)


def _of_parameter(function: Any, name: str) -> Place | None:
    code = getattr(unwrap_callable(function), "__code__", None)
    if code is None:
        return None
    for node in _nodes(code.co_filename):
        if isinstance(node, _FUNCTIONS) and _first_line(node) == code.co_firstlineno:
            given = node.args
            for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs):
                if argument.arg == name:
                    return Place(code.co_filename, argument.lineno)
    return None


def _first_line(node: Any) -> int:
    decorators = getattr(node, "decorator_list", ())
    return int(min((each.lineno for each in decorators), default=node.lineno))


def _of_attribute(cls: type[Any], name: str) -> Place | None:
    """The line in the nearest class of which the body gives the attribute a value or an annotation."""
    for klass in cls.__mro__:
        place = place_of(klass) if klass.__module__ != "builtins" else None
        if place is None:
            continue
        for statement in _body(klass, place):
            if name in _assigned(statement):
                return Place(place.file, statement.lineno)
    return None


def _body(cls: type[Any], place: Place) -> list[ast.stmt]:
    for node in _nodes(place.file):
        if isinstance(node, ast.ClassDef) and node.name == cls.__name__ and _first_line(node) == place.line:
            return node.body
    return []


def _assigned(statement: ast.stmt) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return [each.id for each in targets if isinstance(each, ast.Name)]


@lru_cache(maxsize=2048)
def _class_lines(file: str) -> dict[str, int]:
    """The first line of each class of a file, by its qualified name; `inspect` would read the file for each class."""
    lines: dict[str, int] = {}

    def collect(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            below = prefix
            if isinstance(child, ast.ClassDef):
                lines.setdefault(f"{prefix}{child.name}", _first_line(child))
                below = f"{prefix}{child.name}."
            elif isinstance(child, _FUNCTIONS):
                below = f"{prefix}{getattr(child, 'name', '<lambda>')}.<locals>."
            collect(child, below)

    collect(_parsed(file), "")
    return lines


def _parsed(file: str) -> ast.AST:
    try:
        return ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ast.Module([], [])


@lru_cache(maxsize=512)
def _nodes(file: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(_parsed(file)))
