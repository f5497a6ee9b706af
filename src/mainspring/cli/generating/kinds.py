"""The kinds of projects that ``mainspring new`` makes, and the files of each."""

import keyword
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template
from typing import NamedTuple

from mainspring.cli.errors import UsageFailure

__all__ = ["DEFAULT_KIND", "KINDS", "ProjectKind", "project_files", "title_of", "words_for"]

#: The name of a distribution (PyPA specifications, "Names and normalization").
PROJECT_NAME = re.compile(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.IGNORECASE)
SUFFIX = ".tmpl"
#: Names that another module has already: importing one would give the other.
TAKEN = frozenset({*sys.stdlib_module_names, "mainspring", "tests", "demo"})


class ProjectKind(NamedTuple):
    """A kind of project.

    Attributes:
        summary: What it is, for who chooses.
        dependency: What it needs of Mainspring.
        module: The module of its application, in its package.
        suffix: What the class of its application ends with.
    """

    summary: str
    dependency: str
    module: str = "application"
    suffix: str = "Application"


DEFAULT_KIND = "rest"

KINDS: Mapping[str, ProjectKind] = {
    "app": ProjectKind("an application without a server: a worker, or what you make of it", "mainspring"),
    "rest": ProjectKind("a REST application: folders that boot finds, a database, an explorer", "mainspring[sql]"),
    "loader": ProjectKind("a server as one class with settings and hooks", "mainspring", "server", "Server"),
    "extension": ProjectKind("a component for other applications, with a demo", "mainspring", "demo"),
}


def words_for(name: str, title: str | None, kind: str = DEFAULT_KIND) -> dict[str, str]:
    """What the templates are filled with.

    Raises:
        UsageFailure: The name makes no distribution or no package, or the title does not fit on a line.
    """
    if not PROJECT_NAME.fullmatch(name):
        raise UsageFailure(f"{name!r} cannot name a project: use letters, digits, and '-', '_' or '.' between them.")
    package = re.sub(r"[-._]+", "_", name).lower()
    if not package.isidentifier() or keyword.iskeyword(package) or keyword.issoftkeyword(package):
        raise UsageFailure(f"{name!r} makes the package {package!r}, which Python cannot import: choose another name.")
    if package in TAKEN:
        raise UsageFailure(f"{name!r} makes the package {package!r}, and a module has that name: choose another one.")
    shown = title_of(name) if title is None else title.strip()
    if not shown or not shown.isprintable() or set(shown) & set('"\\<>&{}'):
        raise UsageFailure(f'The title {title!r} does not fit: use one line without ", \\, <, >, &, {{ and }}.')
    base = "".join(word[:1].upper() + word[1:] for word in _words(name))
    found = KINDS[kind]
    is_extension = kind == "extension"
    exported = sorted([f"{base}Component", "GreetingController", "GreetingService"])
    return {
        "project": name,
        "package": package,
        "title": shown,
        "dependency": found.dependency,
        "application": "DemoApplication" if is_extension else base + found.suffix,
        "component": f"{base}Component",
        "exported": ", ".join(f'"{each}"' for each in exported),
        "app_module": found.module if is_extension else f"{package}.{found.module}",
        "checked": '"src", "tests", "demo.py"' if is_extension else '"src", "tests"',
    }


def title_of(name: str) -> str:
    """What people call a project of this name, if nobody says otherwise."""
    return " ".join(word[:1].upper() + word[1:] for word in _words(name))


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[-._]+", name) if word]


def project_files(words: Mapping[str, str], kind: str = DEFAULT_KIND) -> dict[str, str]:
    """Path within the project and text of each file."""
    folder = files("mainspring.cli") / "templates"
    found: dict[str, str] = {}
    for source in ("common", kind):
        for path, template in _templates(folder / source, ""):
            text = Template(template.read_text(encoding="utf-8")).substitute(words)
            found[path.replace("__package__", words["package"]).removesuffix(SUFFIX)] = text
    return dict(sorted(found.items()))


def _templates(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _templates(each, f"{path}{each.name}/")
        elif each.name.endswith(SUFFIX):
            yield f"{path}{each.name}", each
