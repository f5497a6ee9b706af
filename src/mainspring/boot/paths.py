"""Paths of many files: what the folders they share have in common is asked once."""

import os

__all__ = ["RealPaths", "absolute"]


def absolute(path: str | os.PathLike[str]) -> str:
    """The path made absolute and normal; nearly all are so already, and `os.path.abspath` takes its time to see it."""
    text = os.fspath(path)
    is_normal = os.sep == "/" and text[:1] == "/" and "/." not in text and "//" not in text and text[-1:] != "/"
    return text if is_normal else os.path.abspath(text)


class RealPaths:
    """Remembers the real paths of folders, and which of their files are links, for as long as one piece of work takes.

    Later they may be others. A folder is listed when a second file of it is asked for: of most there is one.
    """

    __slots__ = ("_asked", "_folders", "_listed")

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}
        self._asked: set[str] = set()
        self._listed: dict[str, tuple[str, frozenset[str]]] = {}

    def of(self, path: str) -> str:
        """The path, which is absolute, once symbolic links are followed."""
        folder, _, name = path.rpartition(os.sep)
        known = self._listed.get(folder)
        if known is None:
            return self._of_new(path, folder, name)
        real, links = known
        return os.path.realpath(path) if name in links else f"{real}{os.sep}{name}"

    def _of_new(self, path: str, folder: str, name: str) -> str:
        real = self.of_folder(folder)
        links = _links_in(folder) if folder in self._asked else None
        if links is not None:
            self._listed[folder] = real, links
        self._asked.add(folder)
        return os.path.realpath(path) if os.path.islink(path) else f"{real}{os.sep}{name}"

    def of_folder(self, folder: str) -> str:
        """The real path of a folder, without a separator behind it; those above it are asked once for all below."""
        real = self._folders.get(folder)
        if real is None:
            above, _, name = folder.rpartition(os.sep)
            if not above or os.sep != "/":
                real = os.path.realpath(folder or os.sep).rstrip(os.sep)
            else:
                real = f"{self.of_folder(above)}{os.sep}{name}"
                real = os.path.realpath(real) if os.path.islink(real) else real
            self._folders[folder] = real
        return real


def _links_in(folder: str) -> frozenset[str] | None:
    """The names of the links in a folder; ``None`` when it cannot be listed."""
    try:
        with os.scandir(folder or os.sep) as entries:
            return frozenset(entry.name for entry in entries if entry.is_symlink())
    except OSError:  # no folder of a file system, or one that only lets itself be passed through
        return None
