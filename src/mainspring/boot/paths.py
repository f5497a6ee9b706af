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

    __slots__ = ("_folders", "_links")

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}
        self._links: dict[str, frozenset[str] | None] = {}

    def of(self, path: str) -> str:
        """The path, which is absolute, once symbolic links are followed."""
        folder, _, name = path.rpartition(os.sep)
        real = self._folders.get(folder)
        if real is None:
            real = self._folder(folder)
        links = self._links.get(folder, _UNASKED)
        if links is _UNASKED:
            self._links[folder], links = _ASKED_ONCE, None
        elif links is _ASKED_ONCE:
            links = self._links[folder] = _links_in(folder)
        is_link = os.path.islink(path) if links is None else name in links
        return os.path.realpath(path) if is_link else f"{real}{os.sep}{name}"

    def _folder(self, folder: str) -> str:
        """The real path of a folder, without a separator behind it; those above it are asked once for all below."""
        real = self._folders.get(folder)
        if real is None:
            above, _, name = folder.rpartition(os.sep)
            if not above or os.sep != "/":
                real = os.path.realpath(folder or os.sep).rstrip(os.sep)
            else:
                real = f"{self._folder(above)}{os.sep}{name}"
                real = os.path.realpath(real) if os.path.islink(real) else real
            self._folders[folder] = real
        return real


#: Stand for what is known of the links of a folder before it was listed; no file has such a name.
_UNASKED, _ASKED_ONCE = frozenset({"/"}), frozenset({"//"})


def _links_in(folder: str) -> frozenset[str] | None:
    """The names of the links in a folder; ``None`` when it cannot be listed."""
    try:
        with os.scandir(folder or os.sep) as entries:
            return frozenset(entry.name for entry in entries if entry.is_symlink())
    except OSError:  # no folder of a file system, or one that only lets itself be passed through
        return None
