"""What is known of the application's project: its name, version and description."""

import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from mainspring.boot.declaring import booter
from mainspring.boot.keys import BootBindings
from mainspring.context import inject
from mainspring.core import CoreBindings

__all__ = ["ApplicationMetadataBooter"]

_FILE = "pyproject.toml"

#: What the records of installed distributions end with, and where one says which packages and files it has.
_RECORDS = (".dist-info", ".egg-info")
_LISTS = ("top_level.txt", "RECORD", "installed-files.txt", "SOURCES.txt")


@booter("metadata")
class ApplicationMetadataBooter:
    """Passes the ``[project]`` table of the nearest ``pyproject.toml`` to ``app.set_metadata``.

    Without such a file it is what the installed distribution of the application's package says.

    Args:
        app: The application.
        project_root: Where the search begins; it does not go above a folder that has ``.git``.
    """

    def __init__(
        self,
        app: Annotated[Any, inject(CoreBindings.APPLICATION_INSTANCE)],
        project_root: Annotated[str | os.PathLike[str], inject(BootBindings.PROJECT_ROOT)],
    ) -> None:
        self.app = app
        self.project_root = Path(os.path.abspath(project_root))

    async def configure(self) -> None:
        """Find and set the metadata; without any, nothing is bound."""
        file = next((folder / _FILE for folder in self._folders() if (folder / _FILE).is_file()), None)
        found = self._of_file(file) if file is not None else _of_distribution(type(self.app))
        if found:
            self.app.set_metadata(found)

    def _folders(self) -> Iterator[Path]:
        for folder in (self.project_root, *self.project_root.parents):
            yield folder
            if (folder / ".git").exists():
                return

    def _of_file(self, file: Path) -> dict[str, Any] | None:
        import tomllib  # noqa: PLC0415 - a boot without such a file does not need it

        try:
            table = tomllib.loads(file.read_text(encoding="utf-8")).get("project")
        except ValueError as error:  # no TOML, or no UTF-8
            name = os.path.relpath(file, self.project_root)
            warnings.warn(
                f"{name} is not valid TOML ({error}): the application has no metadata.", RuntimeWarning, stacklevel=2
            )
            return None
        return table if isinstance(table, dict) else None


def _of_distribution(cls: type[Any]) -> dict[str, Any] | None:
    """What the distribution says that provides the package of an application class."""
    package = cls.__module__.partition(".")[0]
    if package == "__main__":
        package = (getattr(sys.modules["__main__"], "__package__", None) or "").partition(".")[0]
    if package in ("", __name__.partition(".")[0]):
        return None
    places = [place for place in _places_of(package) if _has_distributions(place)]
    if not places:
        return None
    from importlib import metadata  # noqa: PLC0415 - it costs more than the rest of the room, and few need it

    installed = metadata.distributions(path=places)
    distribution = next((each for each in installed if package in _top_names(each, package)), None)
    if distribution is None:
        return None
    found = dict(distribution.metadata.items())  # type: ignore[attr-defined]  # a message: it has items
    known = {
        "name": found["Name"],
        "version": found["Version"],
        "description": found.get("Summary"),
    }
    return {key: value for key, value in known.items() if value is not None}


def _places_of(package: str) -> list[str]:
    """The folders that a package or module is in: what installed it left its records there, too."""
    module = sys.modules.get(package)
    paths = list(getattr(module, "__path__", ())) or [getattr(module, "__file__", None)]
    return sorted({os.path.dirname(os.path.abspath(path)) for path in paths if isinstance(path, str)})


def _has_distributions(place: str) -> bool:
    try:
        return any(name.endswith(_RECORDS) for name in os.listdir(place))
    except OSError:  # an archive, perhaps: it may have some
        return True


def _top_names(distribution: Any, package: str) -> set[str]:
    """The top names of what a distribution installed; none if it does not even mention the package."""
    listed = {name: distribution.read_text(name) or "" for name in _LISTS}
    if not any(package in text for text in listed.values()):
        return set()
    declared = set(listed["top_level.txt"].split())
    return declared or {file.parts[0].partition(".")[0] for file in distribution.files or ()}
