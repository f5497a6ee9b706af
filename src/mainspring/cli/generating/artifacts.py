"""Artifacts that stand by themselves: services, interceptors, observers, middleware, components, plain controllers."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import NamedTuple

from mainspring.cli.generating.editing import Source
from mainspring.cli.generating.names import Name
from mainspring.cli.generating.project import Project

__all__ = ["KINDS", "Kind", "artifact_files", "render"]


class Kind(NamedTuple):
    """A kind of artifact.

    Attributes:
        suffix: What its class ends with.
        folder: Where boot looks for it.
        wiring: The statement of the application's constructor that registers it; ``""`` where boot does.
    """

    suffix: str
    folder: str
    wiring: str = ""


KINDS: Mapping[str, Kind] = {
    "controller": Kind("Controller", "controllers"),
    "service": Kind("Service", "services"),
    "interceptor": Kind("Interceptor", "interceptors"),
    "observer": Kind("Observer", "observers"),
    "middleware": Kind("Middleware", "middlewares", "self.middleware({cls})"),
    "component": Kind("Component", "components", "self.component({cls})"),
}


def artifact_files(project: Project, kind: str, text: str, words: Mapping[str, str]) -> dict[Path, str]:
    """The files of an artifact: itself, its test, and the application where it has to be registered.

    Args:
        project: Where.
        kind: The kind, a name in `KINDS`.
        text: The name as typed.
        words: Further words of the templates.
    """
    found = KINDS[kind]
    name = Name(text, found.suffix)
    filled = {**words_of(project, name, found.folder), **words}
    made = {
        project.artifact(found.folder, name.module): render(kind, "artifact", filled),
        project.test(name.module): render(kind, "test", filled),
    }
    package = project.folder / found.folder / "__init__.py"
    if project.package and not package.exists():
        made[package] = f'"""{found.suffix}s."""\n'
    if found.wiring:
        made[project.file] = wired(project, name, found)
    return made


def wired(project: Project, name: Name, kind: Kind) -> str:
    """The file of the application with a registration in its constructor."""
    source = Source(project.file, project.file.read_text(encoding="utf-8"))
    statement = kind.wiring.format(cls=name.cls)
    if statement not in source.text:
        source.add_import(project.module(kind.folder, name.module), name.cls)
        source.add_to_init(project.application[1], statement)
    return source.text


def words_of(project: Project, name: Name, folder: str) -> dict[str, str]:
    """What every template may say."""
    module, attribute = project.application
    return {
        "cls": name.cls,
        "base": name.base,
        "snake": name.snake,
        "words": name.words,
        "path": name.path,
        "several": name.several,
        "Several": name.several[:1].upper() + name.several[1:],
        "plural": name.plural,
        "module": project.module(folder, name.module),
        "application_module": module,
        "application": attribute,
    }


def render(kind: str, which: str, words: Mapping[str, str]) -> str:
    """A template of a kind, filled."""
    folder = files("mainspring.cli") / "templates" / "generate"
    return Template((folder / f"{kind}_{which}.py.tmpl").read_text(encoding="utf-8")).substitute(words)
