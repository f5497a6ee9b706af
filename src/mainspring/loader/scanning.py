"""From patterns to classes: files by globs, modules by dotted names, and what is defined in them."""

import importlib
import os
import pkgutil
import re
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import FunctionType, ModuleType
from typing import Any

from mainspring.boot.artifacts import own_packages
from mainspring.boot.compiled import CompiledLoader
from mainspring.boot.discovery import discover_paths
from mainspring.boot.errors import BootError
from mainspring.boot.globs import Part, matches, names_alone
from mainspring.boot.importing import imported_files

__all__ = ["Scanner", "classes_of", "listed"]

_DOTTED = re.compile(r"[^\W\d]\w*(\.([^\W\d]\w*|\*\*?))+")
_GLOB = re.compile(r"[*?\[{]")
_ENDINGS = (".py", ".pyc")
#: What most values of a module are beside classes: told at a look.
_NO_CLASSES = frozenset({str, type(None), dict, FunctionType, ModuleType, ModuleSpec, SourceFileLoader, CompiledLoader})


class Scanner:
    """Finds the modules that patterns of one server mean.

    Args:
        server: The server; patterns are relative to its root.

    Attributes:
        refused: The patterns of files that a check was told of instead of importing them.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self.refused: set[Any] = set()

    def modules(self, patterns: Iterable[Any]) -> dict[Any, list[ModuleType]]:
        """By pattern the modules of its files, in order; each file is imported once.

        Raises:
            BootError: A file or module fails to import; it is named.
        """
        files = {pattern: self.files(pattern) for pattern in patterns if not is_dotted(pattern)}
        wanted = list(dict.fromkeys(file for found in files.values() for file in found))
        root = self._server.get_settings().root_dir
        imported = dict(imported_files(wanted, root, own_packages(self._server)))
        if len(imported) < len(wanted):
            self.refused |= {pattern for pattern, found in files.items() if not imported.keys() >= set(found)}
        return {
            pattern: [imported[file] for file in files[pattern] if file in imported]
            if pattern in files
            else list(named_modules(pattern))
            for pattern in patterns
        }

    def files(self, pattern: str | os.PathLike[str]) -> list[str]:
        """The Python files of a glob, or of a folder, that are not excluded."""
        settings = self._server.get_settings()
        folder, rest = split_pattern(pattern, settings.root_dir)
        found = [file for file in discover_paths(rest, folder) if file.endswith(_ENDINGS)]
        if not found:
            return []
        excludes = _Excludes(listed(settings.get("exclude") or ()), settings.root_dir)
        return [file for file in found if not excludes.have(file)]


class _Excludes:
    """Patterns of files that do not count. Most are about names alone, and one expression answers for all of those."""

    def __init__(self, patterns: Iterable[str], root: str) -> None:
        self._root = root + os.sep
        self._others: list[tuple[str, str]] = []
        names: list[Part] = []
        for folder, pattern in (split_pattern(pattern, root) for pattern in patterns):
            parts = names_alone(pattern) if folder == root else []
            names += parts
            self._others += [] if parts else [(folder + os.sep, pattern)]
        self._is_name = re.compile("|".join(part.expression for part in names) or r"(?!)", re.DOTALL).fullmatch

    def have(self, file: str) -> bool:
        """Whether a file matches one."""
        if self._is_name(file.rpartition(os.sep)[2]):
            return True
        for folder, pattern in self._others:
            is_below = file.startswith(folder)
            path = file[len(folder) :] if is_below else file
            if (is_below or folder == self._root) and matches(pattern, path.replace(os.sep, "/")):
                return True
        return False


def listed(what: Any) -> list[Any]:
    """One thing, or several, as a list."""
    return list(what) if isinstance(what, list | tuple | set) else [what]


def split_pattern(pattern: str | os.PathLike[str], root: str) -> tuple[str, str]:
    """The folder a pattern begins in, and the rest of it. A folder itself means all Python files below it."""
    text = os.path.expanduser(os.fspath(pattern)).replace("\\", "/")
    base = root.replace(os.sep, "/").rstrip("/")
    if text == base or text.startswith(f"{base}/"):
        folder, rest = root, text[len(base) :].strip("/")
    elif os.path.isabs(text) and (literal := _literal_folder(text)) is not None:
        folder, rest = literal, text[len(literal) :].strip("/")
    else:
        folder, rest = root, text.lstrip("/")
    if not rest or (not _GLOB.search(rest) and os.path.isdir(os.path.join(folder, rest))):
        rest = f"{rest}/**/*.py".lstrip("/")
    return folder, rest


def _literal_folder(text: str) -> str | None:
    """The folder that an absolute pattern begins with, if there is such a one."""
    found = _GLOB.search(text)
    folder = os.path.dirname(text[: found.start()] if found else text).rstrip("/")
    return folder if folder and os.path.isdir(folder) else None


def is_dotted(pattern: Any) -> bool:
    """Whether a pattern names modules, not files."""
    return isinstance(pattern, str) and not pattern.endswith(_ENDINGS) and _DOTTED.fullmatch(pattern) is not None


def named_modules(pattern: str) -> Iterator[ModuleType]:
    """The modules of a dotted name, of which the last part may be ``*`` or ``**``.

    Raises:
        BootError: One does not exist, or fails to import.
    """
    name, _, last = pattern.rpartition(".")
    if last not in ("*", "**"):
        yield _imported(pattern)
        return
    package = _imported(name)
    for info in pkgutil.iter_modules(getattr(package, "__path__", ()), f"{name}."):
        yield _imported(info.name)
        if info.ispkg and last == "**":
            yield from named_modules(f"{info.name}.**")


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise BootError(f"The module {name} cannot be imported: {error}", None) from error


def classes_of(module: ModuleType) -> list[type[Any]]:
    """The classes defined in a module or named in its ``__all__``, in order, each once."""
    members = vars(module)
    # A module without the name makes an error of it, which is not cheap.
    listed = getattr(module, "__all__", ()) if "__all__" in members or "__getattr__" in members else ()
    name = module.__name__
    found = [
        value
        for key, value in list(members.items())
        if type(value) not in _NO_CLASSES and isinstance(value, type) and (value.__module__ == name or key in listed)
    ]
    return list(dict.fromkeys(found)) if len(found) > 1 else found
