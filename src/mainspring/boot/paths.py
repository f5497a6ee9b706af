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

    Later they may be others.
    """

    __slots__ = ("_folders",)

    def __init__(self) -> None:
        self._folders: dict[str, tuple[str, frozenset[str] | None]] = {}

    def of(self, path: str) -> str:
        """The path, which is absolute, once symbolic links are followed."""
        folder, _, name = path.rpartition(os.sep)
        real, links = self._folders.get(folder) or self._look(folder)
        if os.path.islink(path) if links is None else name in links:
            return os.path.realpath(path)
        return f"{real}{os.sep}{name}"

    def _look(self, folder: str) -> tuple[str, frozenset[str] | None]:
        real = os.path.realpath(folder or os.sep).rstrip(os.sep)
        links: frozenset[str] | None
        try:
            with os.scandir(folder or os.sep) as entries:
                links = frozenset(entry.name for entry in entries if entry.is_symlink())
        except OSError:  # no folder of a file system, or one that only lets itself be passed through
            links = None
        self._folders[folder] = real, links
        return real, links
