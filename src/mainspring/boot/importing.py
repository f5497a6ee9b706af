"""Importing files exactly once, under the name any other code would import them by.

Two module objects for one file would mean two classes of one name, and injection by type would fail. A file that no
import path leads to is loaded under a private package per project root, so that relative imports between its files work
and two projects with equal file names do not mix. ``sys.path`` is never changed.
"""

import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec, SourcelessFileLoader
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

from mainspring.boot.compiled import new_module
from mainspring.boot.errors import BootError
from mainspring.boot.naming import PackageFolder, folder_name, module_name, same_file
from mainspring.boot.paths import RealPaths, absolute
from mainspring.boot.trees import tree_of
from mainspring.core.refusals import refuse

__all__ = ["import_files", "imported_files"]


def import_files(
    files: Iterable[str | os.PathLike[str]], root: str | os.PathLike[str], packages: Sequence[str] = ()
) -> list[ModuleType]:
    """The modules of the files, in order, each imported at most once in the process.

    Args:
        files: Paths of source (or compiled) files.
        root: The project root, for files that no import path leads to.
        packages: Names of packages whose names for files come first: the application's own.

    Raises:
        BootError: A file does not exist or fails to import; the file, the line and the original error are named.
    """
    return [module for _, module in imported_files(list(files), root, packages)]


def imported_files(
    files: Sequence[str | os.PathLike[str]], root: str | os.PathLike[str], packages: Sequence[str] = ()
) -> list[tuple[str | os.PathLike[str], ModuleType]]:
    """The same, each file with its module. Of those that a check is told of there is none."""
    paths = [absolute(file) for file in files]
    if not paths:
        return []
    importlib.invalidate_caches()
    importer = _Importer(os.path.abspath(os.fspath(root)), packages, paths)
    found = []
    for file, path in zip(files, paths, strict=True):
        try:
            found.append((file, importer.import_file(path)))
        except BootError as error:
            refuse(error)
    return found


def _forget_compiled(path: str) -> None:
    """Take away what Python compiled of a file that failed.

    It tells versions apart by size and full second only: a file repaired at once might be taken for the broken one.
    """
    with suppress(OSError, NotImplementedError, ValueError):
        os.remove(importlib.util.cache_from_source(path))


def _exists(path: str) -> bool:
    if os.path.isfile(path):
        return True
    folder, name = os.path.split(path)
    if os.path.isdir(folder):
        return False
    return any(entry.name == name for entry in tree_of(folder).entries(folder, folder) if not entry.is_folder)


class _LoadedFiles:
    """Which of the wanted files are imported already, and as what."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._real = RealPaths()
        self._wanted = {path: self._real.of(path) for path in paths}
        self._known = set(self._wanted.values())
        self._named: dict[str, list[str]] = {}
        for path in self._wanted:
            self._named.setdefault(path.rpartition(os.sep)[2], []).append(path)
        self._ids: dict[str, set[tuple[int, int] | None]] = {}
        self._modules: dict[str, ModuleType] = {}
        for module, file in _files_of_modules():
            name = _name_of(file)
            if name in self._named or name is _LINK:
                self._note(module, file)
        main = sys.modules.get("__main__")
        self._note(main, _file_of(main), overwrite=True)
        self._seen = len(sys.modules)

    def get(self, path: str) -> ModuleType | None:
        """The module of a file."""
        if len(sys.modules) != self._seen:
            self._look()
        return self._modules.get(self._wanted[path])

    def put(self, path: str, module: ModuleType) -> None:
        """A file was imported just now; if that was all, nothing else has to be looked at."""
        self._modules[self._wanted[path]] = module
        if len(sys.modules) == self._seen + 1:
            self._seen += 1

    def _look(self) -> None:
        # Modules are added at the end, so only those that came since are looked at: with thousands of files it counts.
        new = list(islice(sys.modules.values(), min(self._seen, len(sys.modules)), None))
        for module in new if len(sys.modules) > self._seen else list(sys.modules.values()):
            file = _file_of(module)
            if file is not None and os.path.basename(file) in self._named:
                self._note(module, file)
        self._seen = len(sys.modules)

    def _note(self, module: Any, file: str | None, *, overwrite: bool = False) -> None:
        path = absolute(file) if file is not None else ""
        real = self._real.of(path) if path in self._wanted or (path and self._may_be_wanted(path)) else ""
        if real in self._known and (overwrite or real not in self._modules):
            self._modules[real] = module

    def _may_be_wanted(self, path: str) -> bool:
        """Whether a path may lead to a wanted file by links. Of the usual names (``__init__.py``) there are many."""
        name = path.rpartition(os.sep)[2]
        if name not in self._named:
            return True
        ids = self._ids.get(name)
        if ids is None:
            ids = self._ids[name] = {_id_of(each) for each in self._named[name]}
        own = _id_of(path)
        return own in ids or own is None or None in ids


#: Stands for the name of a file that is a symbolic link: what it leads to may have any name.
_LINK = os.sep
#: The names of the files of modules: a process has many modules, and every boot looks at all of them.
_NAMES: dict[str, str] = {}


def _name_of(file: str) -> str:
    """The name of the file of a module, `_LINK` of a link."""
    name = _NAMES.get(file)
    if name is None:
        if len(_NAMES) > 2 * len(sys.modules):  # many of them are gone
            _NAMES.clear()
        name = _NAMES[file] = _LINK if os.path.islink(file) else os.path.basename(file)
    return name


def _id_of(path: str) -> tuple[int, int] | None:
    """What the file system knows a file by, whatever path leads there; ``None`` where it cannot say."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def _files_of_modules() -> Iterator[tuple[Any, str]]:
    """The modules there are that have a file, and that."""
    for module in list(sys.modules.values()):
        file = _file_of(module)
        if file is not None:
            yield module, file


def _file_of(module: Any) -> str | None:
    if type(module) is ModuleType and "__getattr__" not in module.__dict__:
        file = module.__dict__.get("__file__")  # asking a module for what it does not have takes its time
        return file if isinstance(file, str) else None
    try:
        file = getattr(module, "__file__", None)
    except Exception:  # a module may compute its attributes as it likes
        return None
    return file if isinstance(file, str) else None


class _Importer:
    def __init__(self, root: str, packages: Sequence[str], paths: Sequence[str]) -> None:
        self._root = root
        self._packages = packages
        self._loaded = _LoadedFiles(paths)
        # Packages of folders found so far: most files share theirs with many others.
        self._folders: dict[str, PackageFolder] = {}

    def import_file(self, path: str) -> ModuleType:
        module = self._loaded.get(path)
        if module is not None:
            return module
        try:
            module = self._import(path)
        except Exception as error:
            if not _exists(path):
                raise BootError("The file does not exist.", path) from None
            _forget_compiled(path)
            raise BootError.of_import(Path(path), error) from error
        self._loaded.put(path, module)
        return module

    def _import(self, path: str) -> ModuleType:
        folder, _, file = path.rpartition(os.sep)
        stem = file.rpartition(".")[0]
        if stem == "__init__":
            return self._import_package(folder)
        if not stem.isidentifier():
            return self._load_privately(path)
        package = self._folders.get(folder)
        if package is not None:
            spec = package.find(stem, path)
            if spec is not None:
                return _execute(spec)
        name = module_name(path, self._packages)
        if name is None:
            return self._load_privately(path)
        module = importlib.import_module(name)
        parent = name.rpartition(".")[0]
        if parent:
            self._folders[folder] = PackageFolder(parent, folder)
        return module

    def _import_package(self, folder: str) -> ModuleType:
        """The package that a folder is: its file is never a module beside it."""
        name = self._package_of(folder, self._base_of(folder))
        self._folders[folder] = PackageFolder(name, folder)
        return sys.modules[name]

    # Files that no import path leads to

    def _load_privately(self, path: str) -> ModuleType:
        folder, file = os.path.split(path)
        stem = os.path.splitext(file)[0]
        package = self._package_of(folder, self._base_of(folder))
        name = f"{package}.{_identifier(stem)}"
        known = sys.modules.get(name)
        is_taken = known is not None and not same_file(_file_of(known) or "", path)
        if known is None and stem.isidentifier():
            finder = PackageFolder(package, folder)
            spec = finder.find(stem, path)
            if spec is not None:
                self._folders[folder] = finder
                return _execute(spec)
            is_taken = True  # by what would be imported by this name
        if is_taken:
            name = f"{name}_{_digest(path)}"
            known = sys.modules.get(name)
        return known if known is not None else _load_from(name, path)

    def _base_of(self, folder: str) -> str:
        """The folder whose private package is the outermost: the project root, or what holds the file's packages."""
        if folder == self._root or folder.startswith(self._root + os.sep):
            return self._root
        while os.path.isfile(os.path.join(folder, "__init__.py")):
            folder = os.path.dirname(folder)
        return folder

    def _package_of(self, folder: str, base: str) -> str:
        """The name of the package a folder is: its real one if there is one, else one below the private root."""
        name = folder_name(folder, self._packages)
        if name is not None:
            importlib.import_module(name)
            return name
        own = _identifier(os.path.basename(folder))
        if folder == base:
            return _make_package(f"_mainspring_{own}_{_digest(folder)}", folder)
        return _make_package(f"{self._package_of(os.path.dirname(folder), base)}.{own}", folder)


def _make_package(name: str, folder: str) -> str:
    """A package for a folder, its ``__init__`` executed if it has one."""
    if name in sys.modules:
        return name
    for init in ("__init__.py", "__init__.pyc"):
        file = os.path.join(folder, init)
        if os.path.isfile(file):
            _load_from(name, file, [folder])
            return name
    module = ModuleType(name)
    module.__path__ = [folder]
    module.__spec__ = ModuleSpec(name, None, is_package=True)
    module.__spec__.submodule_search_locations = [folder]
    sys.modules[name] = module
    _attach(name, module)
    return name


def _load_from(name: str, path: str, locations: list[str] | None = None) -> ModuleType:
    """Execute a file as the module of that name."""
    loader = SourcelessFileLoader(name, path) if path.endswith(".pyc") else None
    spec = importlib.util.spec_from_file_location(name, path, loader=loader, submodule_search_locations=locations)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file.")
    return _execute(spec)


def _execute(spec: ModuleSpec) -> ModuleType:
    """What the import system does once it has found a module; a failing one is not left behind."""
    module = new_module(spec)
    sys.modules[spec.name] = module
    try:
        assert spec.loader is not None
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(spec.name, None)
        raise
    module = sys.modules.get(spec.name, module)
    _attach(spec.name, module)
    return module


def _attach(name: str, module: ModuleType) -> None:
    parent, _, child = name.rpartition(".")
    if parent in sys.modules:
        setattr(sys.modules[parent], child, module)


def _identifier(text: str) -> str:
    cleaned = re.sub(r"\W", "_", text)
    return cleaned if cleaned[:1].isidentifier() else f"_{cleaned}"


def _digest(path: str) -> str:
    import hashlib  # noqa: PLC0415 - for private names only

    return hashlib.sha256(os.path.realpath(path).encode("utf-8", "surrogateescape")).hexdigest()[:12]
