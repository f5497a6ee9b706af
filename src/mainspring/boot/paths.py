"""Real paths of many files: the folders they share are followed once."""

import os

__all__ = ["RealPaths"]


class RealPaths:
    """Remembers the real paths of folders for as long as one piece of work takes; later they may be others."""

    __slots__ = ("_folders",)

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def of(self, path: str) -> str:
        """The path once symbolic links are followed."""
        folder, name = os.path.split(path)
        real = self._folders.get(folder)
        if real is None:
            real = self._folders[folder] = os.path.realpath(folder)
        return os.path.realpath(path) if os.path.islink(path) else f"{real}{os.sep}{name}"
