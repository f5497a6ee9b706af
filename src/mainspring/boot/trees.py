"""Folders and files as discovery sees them: on a file system, in a zip archive, or listed by a module loader.

A tree lists one folder at a time. What is never looked at is left out here, whatever the pattern.
"""

import os
import pkgutil
from collections.abc import Iterator
from typing import NamedTuple, Protocol, TypeVar

from mainspring.boot.errors import BootError

__all__ = ["Entry", "Tree", "tree_of"]

T = TypeVar("T")

_NEVER_ENTERED = ("__pycache__", "node_modules")
#: The file that makes a folder a virtual environment.
_ENVIRONMENT = "pyvenv.cfg"


class Entry(NamedTuple):
    """One file or folder of a folder.

    Attributes:
        name: Its name; a compiled file without its source goes by the name of the source.
        path: Where it is.
        real: Where it is once symbolic links are followed.
        is_folder: Whether it is a folder.
    """

    name: str
    path: str
    real: str
    is_folder: bool


class Tree(Protocol):
    """Something with folders."""

    def entries(self, path: str, real: str) -> Iterator[Entry]:
        """What is in a folder; nothing when it is none."""
        ...


def tree_of(root: str) -> Tree:
    """The tree a folder is in."""
    if os.path.exists(root):
        return _FileTree()
    archive = _archive_of(root)
    if archive is not None:
        return _ZipTree(archive)
    return _ModuleTree()


def is_entered(name: str) -> bool:
    """Whether a folder of this name is ever entered."""
    return not name.startswith(".") and name not in _NEVER_ENTERED


def with_compiled(names: dict[str, T]) -> dict[str, T]:
    """What is in a folder by name, a ``x.pyc`` without ``x.py`` beside it under the name ``x.py``."""
    if not any(name.endswith(".pyc") for name in names):
        return names
    return {
        (name[:-1] if name.endswith(".pyc") and name[:-1] not in names else name): item for name, item in names.items()
    }


class _FileTree:
    def entries(self, path: str, real: str) -> Iterator[Entry]:
        try:
            with os.scandir(path) as found:
                items = {item.name: item for item in found}
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise BootError(f"The folder cannot be read ({error.strerror or error}).", path) from error
        inside = f"{real.rstrip(os.sep)}{os.sep}"
        for name, item in with_compiled(items).items():
            at = item.path
            try:
                at_real = os.path.realpath(at) if item.is_symlink() else inside + item.name
                is_file = item.is_file()
                is_folder = not is_file and item.is_dir()
            except OSError:  # a link that leads in a circle, or where nobody may look
                continue
            if is_file:
                yield Entry(name, at, at_real, False)
            elif is_folder and is_entered(name) and not os.path.exists(os.path.join(at, _ENVIRONMENT)):
                yield Entry(name, at, at_real, True)


class _ZipTree:
    def __init__(self, archive: str) -> None:
        self._archive = archive
        self._folders: dict[str, dict[str, bool]] = {}
        import zipfile  # noqa: PLC0415 - few applications are in an archive

        with zipfile.ZipFile(archive) as found:
            for name in found.namelist():
                self._put(name)

    def _put(self, name: str) -> None:
        parts = name.strip("/").split("/")
        for depth, part in enumerate(parts):
            folder = self._folders.setdefault("/".join(parts[:depth]), {})
            is_folder = depth < len(parts) - 1 or name.endswith("/")
            folder[part] = folder.get(part, False) or is_folder

    def entries(self, path: str, real: str) -> Iterator[Entry]:  # noqa: ARG002 - an archive has no links
        inside = path[len(self._archive) :].replace(os.sep, "/").strip("/")
        items = self._folders.get(inside, {})
        for name, at in with_compiled({name: os.path.join(path, name) for name in items}).items():
            is_folder = items[os.path.basename(at)]
            if not is_folder:
                yield Entry(name, at, at, is_folder=False)
            elif is_entered(name) and _ENVIRONMENT not in self._folders.get(f"{inside}/{name}".strip("/"), {}):
                yield Entry(name, at, at, is_folder=True)


class _ModuleTree:
    """What the importer of a path can list: the modules of a frozen executable."""

    def entries(self, path: str, real: str) -> Iterator[Entry]:  # noqa: ARG002 - an importer knows no links
        for found in pkgutil.iter_modules([path]):
            at = os.path.join(path, found.name)
            if found.ispkg:
                if is_entered(found.name):
                    yield Entry(found.name, at, at, is_folder=True)
            else:
                yield Entry(f"{found.name}.py", f"{at}.py", f"{at}.py", is_folder=False)


def _archive_of(path: str) -> str | None:
    """The zip file that a path leads into."""
    import zipfile  # noqa: PLC0415 - few applications are in an archive

    parent = path
    while not os.path.exists(parent):
        above = os.path.dirname(parent)
        if above == parent:
            return None
        parent = above
    return parent if os.path.isfile(parent) and zipfile.is_zipfile(parent) else None
