"""What every booter of artifacts does: options to a pattern, pattern to files, files to classes."""

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

from mainspring.boot.classes import can_be_artifact, load_classes_from_files
from mainspring.boot.discovery import discover_files
from mainspring.boot.globs import escape
from mainspring.boot.keys import ARTIFACT_NAMESPACE, BootBindings
from mainspring.boot.options import ArtifactOptions, as_list, complete_options
from mainspring.boot.paths import RealPaths
from mainspring.context import Binding, config, inject
from mainspring.context.declarations import templates_of
from mainspring.core import CoreBindings

__all__ = ["ApplicationArtifactBooter", "BaseArtifactBooter", "own_packages"]

logger = logging.getLogger("mainspring.boot")


class BaseArtifactBooter:
    """Finds the classes of one kind of artifact; a subclass says where, and uses ``classes`` in ``load``.

    Args:
        project_root: The folder that paths are relative to.
        options: What differs from ``defaults``.

    Attributes:
        defaults: The conventions of the kind, set by the subclass.
        options: The defaults completed by the given options.
        dirs: After ``configure``: the folders.
        extensions: After ``configure``: the endings.
        glob: After ``configure``: the pattern, given or made from the others. Setting it decides what is discovered.
        discovered: After ``discover``: the files. Setting it decides what is loaded.
        classes: After ``load``: the classes they define, without those that can be no artifact.

    Raises:
        BootError: The options have an unknown field or a value of the wrong type.
    """

    defaults: ClassVar[ArtifactOptions] = ArtifactOptions((), (), nested=True)

    def __init__(
        self,
        project_root: Annotated[str | os.PathLike[str], inject(BootBindings.PROJECT_ROOT)],
        options: Annotated[Any, config()] = None,
    ) -> None:
        self.project_root = Path(os.path.abspath(project_root))
        self.options = complete_options(options, self.defaults, self.artifact_namespace)
        self.packages: Sequence[str] = ()
        self.dirs: list[str] = []
        self.extensions: list[str] = []
        self.glob = ""
        self.discovered: list[Path] = []
        self.classes: list[type[Any]] = []
        self._made_glob: str | None = None

    @property
    def artifact_name(self) -> str:
        """The name of the class without ``Booter``."""
        return type(self).__name__.removesuffix("Booter")

    @property
    def artifact_namespace(self) -> str:
        """The entry of the boot options."""
        tags = Binding[Any]("probe").apply(*templates_of(type(self))).tag_map
        return str(tags.get(ARTIFACT_NAMESPACE, self.artifact_name))

    async def configure(self) -> None:
        """Set ``dirs``, ``extensions`` and ``glob`` from the options."""
        self.dirs = as_list(self.options.dirs)
        self.extensions = as_list(self.options.extensions)
        self._made_glob = None
        if self.options.glob is not None:
            self.glob = self.options.glob
        else:
            self.glob = self._made_glob = self._pattern(self.dirs)

    async def discover(self) -> None:
        """Set ``discovered`` to the files that match, in order."""
        if self.glob != self._made_glob:
            self.discovered = discover_files(self.glob, self.project_root)
            return
        found: list[Path] = []
        for folder in self.dirs:
            files = discover_files(self._names_pattern(), self.project_root / folder)
            if not files:
                self._mention(folder)
            found = _each_once([*found, *files]) if found else files
        self.discovered = found

    async def load(self) -> None:
        """Import what was discovered and set ``classes``."""
        classes = load_classes_from_files(self.discovered, self.project_root, packages=self.packages)
        self.classes = [cls for cls in classes if can_be_artifact(cls)]

    def relative(self, file: str | os.PathLike[str]) -> str:
        """A path as messages show it: relative to the project root."""
        return os.path.relpath(file, self.project_root)

    def _pattern(self, dirs: Sequence[str]) -> str:
        folders = [escape(folder.replace(os.sep, "/").rstrip("/")) for folder in dirs]
        return f"{_either(folders)}/{self._names_pattern()}"

    def _names_pattern(self) -> str:
        # `?*`: what consists of the ending only is the name of no artifact.
        depth = "" if self.options.nested is False else "**/"
        return f"{depth}?*{_either([escape(ending) for ending in self.extensions])}"

    def _mention(self, folder: str) -> None:
        """Say that a folder of the right name holds nothing with the right ending."""
        at = self.project_root / folder
        if not logger.isEnabledFor(logging.INFO):
            return
        pattern = "*.py" if self.options.nested is False else "**/*.py"
        sources = [path.name for path in discover_files(pattern, at) if path.name != "__init__.py"]
        if sources:
            logger.info(
                "%s: no file in %s has the ending %s (there are %s); %s finds nothing there.",
                self.artifact_namespace,
                self.relative(at),
                " or ".join(self.extensions),
                ", ".join(sources),
                type(self).__name__,
            )


class ApplicationArtifactBooter(BaseArtifactBooter):
    """A booter that binds what it finds to an application.

    Args:
        app: The application.
        project_root: The folder that paths are relative to.
        options: What differs from ``defaults``.
    """

    def __init__(
        self,
        app: Annotated[Any, inject(CoreBindings.APPLICATION_INSTANCE)],
        project_root: Annotated[str | os.PathLike[str], inject(BootBindings.PROJECT_ROOT)],
        options: Annotated[Any, config()] = None,
    ) -> None:
        super().__init__(project_root, options)
        self.app = app
        self.packages = own_packages(app)


def own_packages(app: Any) -> tuple[str, ...]:
    """The package an application's class is in, if it is in one: its names for files come first."""

    name = type(app).__module__
    if name == "__main__":
        spec = getattr(sys.modules.get("__main__"), "__spec__", None)
        name = spec.name if spec is not None else ""
    return (name.partition(".")[0],) if "." in name else ()


def _either(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else "{" + ",".join(texts) + "}"


def _each_once(files: Sequence[Path]) -> list[Path]:
    """Each file once, also when several folders lead to it by links."""
    paths = RealPaths()
    real: dict[str, Path] = {}
    for file in files:
        real.setdefault(paths.of(str(file)), file)
    return list(real.values())
