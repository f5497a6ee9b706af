"""The project that files are generated for: where its artifacts lie, and how they are imported."""

import tomllib
from pathlib import Path

from mainspring.cli.errors import UsageFailure
from mainspring.cli.lookup import FILES

__all__ = ["Project", "find_project"]


class Project:
    """A project with an application.

    Attributes:
        root: The folder of ``pyproject.toml``, or of the application's file without one.
        folder: The folder of the artifacts: that of the application's module.
        package: How that folder is imported, ``""`` when it is no package.
        application: The module of the application and its attribute.
    """

    def __init__(self, root: Path, file: Path, attribute: str) -> None:
        self.root = root
        self.folder = file.parent
        names: list[str] = []
        folder = self.folder
        while (folder / "__init__.py").is_file() and folder.name.isidentifier() and folder != root:
            names.insert(0, folder.name)
            folder = folder.parent
        self.package = ".".join(names)
        self.file = file
        self.application = (self.module(file.stem), attribute)

    def module(self, *names: str) -> str:
        """The name by which a module of the project is imported: ``package.models.todo_model``."""
        return ".".join(filter(None, (self.package, *names)))

    def artifact(self, kind_folder: str, module: str) -> Path:
        """The file of an artifact."""
        return self.folder / kind_folder / f"{module}.py"

    def test(self, name: str) -> Path:
        """The file of a test."""
        return self.root / "tests" / f"test_{name}.py"


def find_project(folder: Path) -> Project:
    """The project of a folder or of the nearest one above it that has one.

    Raises:
        UsageFailure: There is none, or its application cannot be told.
    """
    start = folder.resolve()
    for root in (start, *start.parents):
        table = _table(root / "pyproject.toml")
        if table is not None and "app" in table:
            return _configured(root, str(table["app"]))
    for name in FILES:
        if (start / name).is_file():
            return Project(start, start / name, _only_class(start / name))
    raise UsageFailure(
        f"No project in {folder}: `mainspring new NAME` makes one; of another, say "
        '[tool.mainspring] app = "module:attribute" in its pyproject.toml.'
    )


def _table(file: Path) -> dict[str, object] | None:
    if not file.is_file():
        return None
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("mainspring", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageFailure(f"{file} is not valid TOML: {error}.") from error
    return found if isinstance(found, dict) else {}


def _configured(root: Path, app: str) -> Project:
    module, _, attribute = app.partition(":")
    for base in (root / "src", root):
        file = base.joinpath(*module.split(".")).with_suffix(".py")
        if file.is_file() and attribute:
            return Project(root, file, attribute)
    raise UsageFailure(f"[tool.mainspring] app of {root / 'pyproject.toml'} is {app!r}, and there is no such file.")


def _only_class(file: Path) -> str:
    """The class of the application of a file without a configuration, read without running it."""
    import ast  # noqa: PLC0415 - a command that generates nothing parses nothing

    tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    found = [name for name in classes if name.endswith(("Application", "App", "Server"))] or classes
    if len(found) != 1:
        raise UsageFailure(
            f"Which class of {file} is the application? Say so: [tool.mainspring] app in a pyproject.toml."
        )
    return found[0]
