"""Stored things: models with their properties, and what serves them."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mainspring.cli.errors import UsageFailure
from mainspring.cli.generating.artifacts import render, words_of
from mainspring.cli.generating.editing import Source
from mainspring.cli.generating.names import Name
from mainspring.cli.generating.project import Project
from mainspring.cli.generating.writing import shown
from mainspring.repository.configuration import inferred_connector

__all__ = [
    "Property",
    "StoredModel",
    "controller_files",
    "datasource_files",
    "datasource_of",
    "edited",
    "model_api_files",
    "model_files",
    "parse_property",
    "read_model",
    "repository_files",
    "repository_of",
]

#: What may be said of a property: the annotation, its module, and a value for tests as JSON and as Python shows it.
_TYPES: Mapping[str, tuple[str, str, str]] = {
    "str": ("str", "", '"text"'),
    "int": ("int", "", "1"),
    "float": ("float", "", "1.5"),
    "bool": ("bool", "", "True"),
    "date": ("date", "datetime", '"2030-01-31"'),
    "datetime": ("datetime", "datetime", '"2030-01-31T12:00:00Z"'),
    "decimal": ("Decimal", "decimal", '"1.50"'),
    "uuid": ("UUID", "uuid", '"6f7d1d0c-93b5-4fc4-8b69-4e2a4a4f3f60"'),
    "json": ("dict[str, Any]", "typing", "{}"),
    "list": ("list[str]", "", '["text"]'),
}
_ALIASES = {"string": "str", "text": "str", "integer": "int", "number": "float", "boolean": "bool", "dict": "json"}
_MODIFIERS = ("required", "id", "unique", "index")


class Property(NamedTuple):
    """A property of a model as it was typed: ``title:str:required``.

    Attributes:
        name: The attribute.
        kind: The type, a name in the table.
        modifiers: Of ``required``, ``id``, ``unique``, ``index``.
    """

    name: str
    kind: str
    modifiers: tuple[str, ...] = ()

    @property
    def is_id(self) -> bool:
        """Whether it identifies one."""
        return "id" in self.modifiers

    @property
    def is_required(self) -> bool:
        """Whether it must be given."""
        return "required" in self.modifiers or self.is_id

    @property
    def example(self) -> str:
        """A value for tests, as Python."""
        return _TYPES[self.kind][2]

    def line(self) -> str:
        """The line of the class body."""
        annotation = _TYPES[self.kind][0]
        if not self.is_required:
            annotation = f"{annotation} | None"
        given = ", ".join(f"{each}=True" for each in self.modifiers)
        return f"    {self.name}: {annotation} = {f'field({given})' if given else 'None'}"


def parse_property(text: str) -> Property:
    """The property that somebody typed.

    Raises:
        UsageFailure: It has no name, or a type or modifier there is not.
    """
    name, *rest = text.split(":")
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
        raise UsageFailure(f"{text!r} names no property: write name:type, as in title:str:required.")
    kind = _ALIASES.get(rest[0], rest[0]) if rest else "str"
    unknown = [each for each in rest[1:] if each not in _MODIFIERS]
    if kind not in _TYPES:
        raise UsageFailure(f"{text!r} has the type {kind!r}; there are {', '.join(_TYPES)}.")
    if unknown:
        raise UsageFailure(f"{text!r} has {unknown[0]!r}; what may be said is {', '.join(_MODIFIERS)}.")
    return Property(name, kind, tuple(dict.fromkeys(rest[1:])))


def model_files(project: Project, text: str, properties: Sequence[Property]) -> dict[Path, str]:
    """The files of a model: itself and its test.

    Raises:
        UsageFailure: A property stands there twice.
    """
    name = Name(text)
    names = [each.name for each in properties]
    twice = next((each for each in names if names.count(each) > 1), None)
    if twice is not None:
        raise UsageFailure(f"{name.base} has the property {twice!r} twice.")
    if not any(each.is_id for each in properties):
        properties = [Property("id", "int", ("id", "generated")), *properties]
    words = words_of(project, name, "models")
    words |= {"cls": name.base, "lines": "\n".join(_lines(properties)), "imports": _imports(properties)}
    words |= {"example": _example(properties)}
    return {
        project.artifact("models", name.module): render("model", "artifact", words),
        project.test(name.module): render("model", "test", words),
    }


def _lines(properties: Sequence[Property]) -> list[str]:
    lines = []
    for each in properties:
        if "generated" in each.modifiers:
            lines.append(f"    {each.name}: int | None = field(id=True, generated=True)")
        else:
            lines.append(each.line())
    return lines


def _imports(properties: Sequence[Property]) -> str:
    modules: dict[str, set[str]] = {}
    for each in properties:
        annotation, module, _ = _TYPES[each.kind]
        if module:
            modules.setdefault(module, set()).add("Any" if module == "typing" else annotation)
    lines = [f"from {module} import {', '.join(sorted(names))}\n" for module, names in sorted(modules.items())]
    return "".join(lines) + ("\n" if lines else "")


def _example(properties: Sequence[Property]) -> str:
    """The arguments of an instance with what it must have, as a mapping of Python."""
    given = [each for each in properties if each.is_required and "generated" not in each.modifiers]
    return "{" + ", ".join(f'"{each.name}": {each.example}' for each in given) + "}"


# What serves them


class StoredModel(NamedTuple):
    """A model of the project, as its file says.

    Attributes:
        name: Its name.
        path: Its file.
        id_name: The property that identifies one.
        id_type: The annotation of that.
        is_generated: Whether the database gives the id.
        example: What an instance must be given, as a mapping of Python.
    """

    name: Name
    path: Path
    id_name: str
    id_type: str
    is_generated: bool
    example: str


def read_model(project: Project, text: str) -> StoredModel:
    """What the file of a model says, read without running it.

    Raises:
        UsageFailure: There is no such file.
    """
    name = Name(text)
    path = project.artifact("models", name.module)
    if not path.is_file():
        raise UsageFailure(f"There is no {shown(path)}: `mainspring generate model {name.base}` makes it.")
    lines = re.findall(r"^    (\w+): ([^=\n]+?)(?: = (.*))?$", path.read_text(encoding="utf-8"), re.MULTILINE)
    found = next((each for each in lines if "id=True" in each[2]), ("id", "int", "generated=True"))
    kinds = {annotation: example for annotation, _, example in _TYPES.values()}
    required = {
        each: kinds.get(kind, '"text"')
        for each, kind, value in lines
        if "None" not in kind and "generated=True" not in value and "(lambda" not in value
    }
    example = "{" + ", ".join(f'"{each}": {value}' for each, value in required.items()) + "}"
    return StoredModel(name, path, found[0], found[1].removesuffix(" | None"), "generated=True" in found[2], example)


def _words(project: Project, model: StoredModel, suffix: str, folder: str, datasource: str = "db") -> dict[str, str]:
    name = Name(model.name.base, suffix)
    return {
        **words_of(project, name, folder),
        "model": model.name.base,
        "model_module": project.module("models", model.name.module),
        "repository_module": project.module("repositories", f"{name.snake}_repository"),
        "id": model.id_name,
        "id_type": model.id_type,
        "id_import": _id_import(model.id_type),
        "datasource": datasource,
        "example": model.example,
        "new_body": f'Annotated[{model.name.base}, request_body(exclude=["{model.id_name}"])]'
        if model.is_generated
        else model.name.base,
    }


def _id_import(kind: str) -> str:
    module = next((module for annotation, module, _ in _TYPES.values() if annotation == kind and module), "")
    return f"from {module} import {kind}\n" if module else ""


def datasource_files(project: Project, text: str, url: str | None) -> dict[Path, str]:
    """The files of a data source: itself, its test, and what brings its tables up to date at the start."""
    name = Name(text, "DataSource")
    if url is not None:
        inferred_connector(name.snake, {"url": url})  # refuses what would fail the start
    folder_up = len(project.folder.relative_to(project.root).parts) + 1
    words = words_of(project, name, "datasources") | {
        "variable": f"{project.root.name}_{name.snake}_url".upper().replace("-", "_").replace(".", "_"),
        "up": str(folder_up),
        "url": repr(url).replace("'", '"') if url else "None",
    }
    made = {
        project.artifact("datasources", name.module): render("datasource", "artifact", words),
        project.test(name.module): render("datasource", "test", words),
    }
    observer = project.artifact("observers", "schema_observer")
    if not observer.exists():
        made[observer] = render("schema", "observer", words)
    return made


def repository_files(project: Project, text: str, datasource: str) -> dict[Path, str]:
    """The files of a repository; of its data source too, if there is none of that name."""
    model = read_model(project, text.removesuffix("Repository"))
    words = _words(project, model, "Repository", "repositories", datasource)
    name = Name(model.name.base, "Repository")
    made = {
        project.artifact("repositories", name.module): render("repository", "artifact", words),
        project.test(name.module): render("repository", "test", words),
    }
    return {**_needed_datasource(project, datasource), **made}


def _needed_datasource(project: Project, datasource: str) -> dict[Path, str]:
    file = project.artifact("datasources", f"{datasource}_datasource")
    return {} if file.exists() else datasource_files(project, datasource, None)


def controller_files(project: Project, text: str, model_text: str, path: str | None) -> dict[Path, str]:
    """The files of a controller that serves a model: itself and its test.

    Raises:
        UsageFailure: The model or its repository is not there.
    """
    model = read_model(project, model_text)
    repository = repository_of(project, model)
    name = Name(text, "Controller")
    words = _words(project, model, "Controller", "controllers")
    words |= {"cls": name.cls, "module": project.module("controllers", name.module)}
    words |= {"path": path or model.name.path, "datasource": datasource_of(repository)}
    return {
        project.artifact("controllers", name.module): render("crud", "artifact", words),
        project.test(name.module): render("crud", "test", words),
    }


def repository_of(project: Project, model: StoredModel) -> Path:
    """The file of the repository of a model.

    Raises:
        UsageFailure: There is none.
    """
    path = project.artifact("repositories", f"{model.name.snake}_repository")
    if not path.is_file():
        raise UsageFailure(f"There is no {shown(path)}: `mainspring generate repository {model.name.base}` makes it.")
    return path


def datasource_of(repository: Path) -> str:
    """The name of the data source that a repository has injected."""
    found = re.search(r"datasources\.(\w+)", repository.read_text(encoding="utf-8"))
    return found.group(1) if found else "db"


def model_api_files(project: Project, text: str, datasource: str, path: str | None) -> dict[Path, str]:
    """The files that serve a model as REST without code: its configuration and a test."""
    model = read_model(project, text)
    words = _words(project, model, "", "model_endpoints", datasource) | {"path": path or model.name.path}
    made = {
        project.artifact("model_endpoints", f"{model.name.snake}_config"): render("api", "artifact", words),
        project.test(f"{model.name.snake}_api"): render("api", "test", words),
    }
    application = edited(project.file, {})
    if "CrudRestComponent" not in application.text:
        application.add_import("mainspring.crud", "CrudRestComponent")
        application.add_to_init(project.application[1], "self.component(CrudRestComponent)")
        made[project.file] = application.text
    return {**_needed_datasource(project, datasource), **made}


def edited(path: Path, made: Mapping[Path, str]) -> Source:
    """A file to add to, as it will be when what was made so far is written."""
    return Source(path, made[path] if path in made else path.read_text(encoding="utf-8"))
