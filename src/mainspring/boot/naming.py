"""Under which name any other code would import a file. Nothing is executed to find out.

Candidates are the names that imported packages, the ``__init__`` files upward and the entries of ``sys.path`` give it.
One counts only if importing by it would find this very file.
"""

import os
import pkgutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.machinery import BuiltinImporter, FrozenImporter, ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

from mainspring.boot.compiled import CompiledLoader
from mainspring.boot.paths import RealPaths, absolute

__all__ = ["PackageFolder", "folder_name", "module_name", "same_file"]


def module_name(file: str, packages: Sequence[str] = ()) -> str | None:
    """The name by which the file would be imported, ``None`` if there is none.

    Args:
        file: The absolute path.
        packages: Names of packages that come first: the application's own.
    """
    stem = os.path.splitext(os.path.basename(file))[0]
    if not stem.isidentifier():
        return None
    return _name_of(file, stem, packages)


def folder_name(folder: str, packages: Sequence[str] = ()) -> str | None:
    """The name by which a folder would be imported as a package, ``None`` if there is none."""
    name = os.path.basename(folder)
    if not name.isidentifier():
        return None
    return _name_of(folder, name, packages)


class PackageFolder:
    """Finds the modules that an imported package has in one folder.

    The import system is asked. Where it reads sources from that folder in its ordinary way, what it said of one file
    goes for all whose names nothing else in the folder shares: looking for each would be a good part of a boot.
    """

    __slots__ = ("_compiled", "_finders", "_folder", "_importer", "_others", "_package", "_unique")

    def __init__(self, package: str, folder: str) -> None:
        self._package, self._folder = package, folder
        self._finders: list[Any] = []
        self._others: list[Any] = []
        self._importer: Any = None
        self._unique: frozenset[str] = frozenset()
        self._compiled: tuple[str, str] | None = None

    def find(self, stem: str, path: str) -> ModuleSpec | None:
        """How the package would find the module of a file, if it would find this very file and has not yet."""
        name = f"{self._package}.{stem}"
        locations = getattr(sys.modules.get(self._package), "__path__", None)
        if locations is None or name in sys.modules:
            return None
        if stem in self._unique and self._is_ordinary(name, locations):
            return self._source_spec(name, stem, path)
        spec = _find(name, locations)
        if spec is None or spec.loader is None or spec.submodule_search_locations is not None or spec.origin != path:
            return None
        if type(spec.loader) is SourceFileLoader and PathFinder in sys.meta_path:
            self._finders = list(sys.meta_path)
            before = self._finders[: self._finders.index(PathFinder)]
            self._others = [each for each in before if each is not BuiltinImporter and each is not FrozenImporter]
            self._importer = sys.path_importer_cache.get(self._folder)
            self._unique = _unique_sources(self._folder)
            self._compiled = _around(stem, spec.cached)
        return spec

    def _is_ordinary(self, name: str, locations: Any) -> bool:
        """Whether nothing has changed that the import system goes by, and no other finder claims the module."""
        return (
            sys.meta_path == self._finders
            and sys.path_importer_cache.get(self._folder) is self._importer
            and list(locations) == [self._folder]
            and not (self._others and any(_ask(each, name, locations) for each in self._others))
        )

    def _source_spec(self, name: str, stem: str, path: str) -> ModuleSpec:
        compiled = stem.join(self._compiled) if self._compiled is not None else None
        loader = SourceFileLoader(name, path) if compiled is None else CompiledLoader(name, path, compiled)
        spec = ModuleSpec(name, loader, origin=path)
        spec.has_location = True
        if compiled is not None:  # it would work it out by itself, for each file anew
            spec.cached = compiled
        return spec


def _around(stem: str, compiled: str | None) -> tuple[str, str] | None:
    """What stands before and behind the name of a module in the path of its compiled form."""
    folder, name = os.path.split(compiled or "")
    return (os.path.join(folder, ""), name[len(stem) :]) if name.startswith(f"{stem}.") else None


def _unique_sources(folder: str) -> frozenset[str]:
    """The names of modules that nothing but one source file in the folder can be."""
    try:
        names = os.listdir(folder)
    except OSError:
        return frozenset()
    stems = Counter(name.partition(".")[0] for name in names)
    sources = (name[:-3] for name in names if name.endswith(".py"))
    return frozenset(stem for stem in sources if stems[stem] == 1)


def _name_of(path: str, name: str, packages: Sequence[str]) -> str | None:
    folder = os.path.dirname(path)
    found = _choose(path, _candidates(folder, name, _package_folders(absolute)), packages)
    if found is not None:
        return found
    # A symbolic link may lead to the package, or to the file: their real places are compared, which takes longer.
    return _choose(path, _candidates(os.path.realpath(folder), name, _package_folders(os.path.realpath)), packages)


def _choose(path: str, candidates: Iterable[str], packages: Sequence[str]) -> str | None:
    """The application's own package first, then one whose parent is imported already, then the shortest name."""
    valid = [name for name in dict.fromkeys(candidates) if _finds(name, path)]
    if not valid:
        return None

    def rank(name: str) -> tuple[bool, bool, int]:
        root, _, inner = name.partition(".")
        return root not in packages, not (inner and root in sys.modules), name.count(".")

    return min(valid, key=rank)


def _candidates(folder: str, name: str, roots: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Names that could lead to ``name`` in the folder, by the folders of packages and the entries of ``sys.path``."""
    parts = [name]
    real = RealPaths()
    entries = {absolute(entry or os.getcwd()) for entry in sys.path if isinstance(entry, str)}
    entries |= {real.of_folder(entry) for entry in entries}
    while True:
        for package in roots.get(folder, ()):
            yield ".".join([package, *parts])
        if folder in entries:
            yield ".".join(parts)
        above, last = os.path.split(folder)
        if above == folder or not last.isidentifier():
            return
        parts.insert(0, last)
        folder = above


def _package_folders(place: Callable[[str], str]) -> dict[str, list[str]]:
    """The folders of the packages that are imported already, each at its ``place``, and their names."""
    folders: dict[str, list[str]] = {}
    packages = [  # asking the other modules, which are most, for what they do not have would be slow
        (name, module)
        for name, module in list(sys.modules.items())
        if type(module) is not ModuleType or "__path__" in (own := module.__dict__) or "__getattr__" in own
    ]
    for name, module in packages:
        try:
            paths = list(getattr(module, "__path__", ()) or ())
        except Exception:  # a module may compute its attributes as it likes
            continue
        for path in paths:
            if isinstance(path, str):
                folders.setdefault(place(path), []).append(name)
    return folders


def _finds(name: str, path: str) -> bool:
    """Whether importing by the name would find this file or folder."""
    if name in sys.modules:
        return _is_at(getattr(sys.modules[name], "__spec__", None), sys.modules[name], path)
    parent, _, _ = name.rpartition(".")
    locations = _locations(parent) if parent else None
    if parent and locations is None:
        return False
    return _is_at(_find(name, locations), None, path)


def _locations(package: str) -> Any:
    """Where the modules of a package are looked for, without importing it."""
    module = sys.modules.get(package)
    if module is not None:
        return getattr(module, "__path__", None)
    parent, _, _ = package.rpartition(".")
    above = _locations(parent) if parent else None
    if parent and above is None:
        return None
    spec = _find(package, above)
    return spec.submodule_search_locations if spec is not None else None


def _find(name: str, locations: Any) -> ModuleSpec | None:
    """What the finders of this process find, the parent not being imported."""
    for finder in sys.meta_path:
        if finder is PathFinder:
            spec = _find_on_path(name, sys.path if locations is None else locations)
        else:
            spec = _ask(finder, name, locations)
        if spec is not None:
            return spec
    return None


def _find_on_path(name: str, locations: Iterable[Any]) -> ModuleSpec | None:
    # Not PathFinder itself: for a namespace package it wants the parent to be imported.
    portions: list[str] = []
    for entry in locations:
        importer = _importer_of(entry) if isinstance(entry, str) else None
        spec = _ask(importer, name) if importer is not None else None
        if spec is not None and spec.loader is not None:
            return spec
        portions.extend(spec.submodule_search_locations or () if spec is not None else ())
    if not portions:
        return None
    found = ModuleSpec(name, None, is_package=True)
    found.submodule_search_locations = portions
    return found


def _importer_of(entry: str) -> Any:
    known = sys.path_importer_cache.get(entry)
    return known if known is not None else pkgutil.get_importer(entry)


def _ask(finder: Any, *question: Any) -> ModuleSpec | None:
    find = getattr(finder, "find_spec", None)
    try:
        spec: ModuleSpec | None = find(*question) if find is not None else None
    except (ImportError, AttributeError, KeyError, TypeError, ValueError):  # a finder that cannot say
        return None
    return spec


def _is_at(spec: ModuleSpec | None, module: ModuleType | None, path: str) -> bool:
    origin = getattr(module, "__file__", None) or (spec.origin if spec is not None and spec.has_location else None)
    if origin is not None and same_file(origin, path):
        return True
    locations = getattr(module, "__path__", None) or (spec.submodule_search_locations if spec is not None else None)
    if any(isinstance(each, str) and same_file(each, path) for each in locations or ()):
        return True
    # A loader without files (of a frozen executable) listed it under this name: then it is what it says.
    return spec is not None and not spec.has_location and locations is None and not os.path.exists(path)


def same_file(one: str, other: str) -> bool:
    """Whether two paths lead to one file; a source and its compiled form beside it count as one."""
    one, other = os.path.abspath(one), os.path.abspath(other)
    return one == other or os.path.realpath(one) == os.path.realpath(other)
