"""``mainspring generate``: files that boot finds, each with a test, shown before and never written over unasked."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mainspring.cli.errors import failing_in_words
from mainspring.cli.generating.artifacts import artifact_files
from mainspring.cli.generating.documents import document_files
from mainspring.cli.generating.models import (
    controller_files,
    datasource_files,
    model_api_files,
    model_files,
    parse_property,
    repository_files,
)
from mainspring.cli.generating.project import Project, find_project
from mainspring.cli.generating.relations import RELATIONS, relation_files
from mainspring.cli.generating.writing import FilePlan, agreed, formatted, only_adds, shown
from mainspring.cli.options import debug_option, dry_run_option, json_option, overwrite_option

__all__ = ["command"]

Planner = Callable[[Project], dict[Path, str]]


@click.group("generate")
def command() -> None:
    """Write files of a project: artifacts that boot finds, each with a test.

    A file that is there is asked about; where nobody can be asked, or --json is given, it is refused and nothing is
    written. An interrupted run leaves nothing.
    """


def _common(function: Any) -> Any:
    """The options that every kind has."""
    for option in (
        debug_option,
        json_option("One JSON object: kind, folder, files; kept: those that were there; with --dry-run the diff."),
        overwrite_option,
        dry_run_option("show what would change"),
        click.option(
            "--project",
            type=click.Path(file_okay=False, exists=True, path_type=Path),
            default=Path(),
            help="A folder of the project; here.",
        ),
    ):
        function = option(function)
    return function


def _carry_out(plan: Planner, *, project: Path, dry_run: bool, overwrite: bool, as_json: bool, debug: bool) -> None:
    with failing_in_words(debug=debug):
        found = find_project(project)
        files = {path: formatted(path, text) for path, text in plan(found).items()}
        wanted = FilePlan(files)
        diff = wanted.diff() if dry_run else None
        if not dry_run:
            added = frozenset(path for path, text in files.items() if only_adds(path, text))
            wanted = agreed(wanted, overwrite=overwrite, edited=added, asks=not as_json)
            wanted.write()
    if as_json:
        kept = [path for path in files if path not in wanted.files]
        click.echo(json.dumps(_as_data(found, list(wanted.files), kept, diff), indent=2))
    elif diff is not None:
        click.echo(diff or "Nothing would change.", nl=not diff)
    else:
        click.echo("\n".join(map(shown, wanted.files)) or "Nothing to write: everything is there.")


def _as_data(project: Project, files: list[Path], kept: list[Path], diff: str | None) -> dict[str, Any]:
    """For a program: what was made where, paths below the folder."""

    def below(paths: list[Path]) -> list[str]:
        return [path.relative_to(project.root).as_posix() for path in paths]

    data = {"kind": click.get_current_context().command.name, "folder": str(project.root)}
    return {**data, "files": below(files), "kept": below(kept), **({"diff": diff} if diff is not None else {})}


@command.command("controller")
@click.argument("name")
@click.option("--model", help="Serve this model: create, find, count, change and delete through its repository.")
@click.option("--path", help="The path; made from the name without it.")
@_common
def controller(name: str, model: str | None, path: str | None, **options: Any) -> None:
    """Write a controller NAME: a class with operations."""

    def plan(project: Project) -> dict[Path, str]:
        if model is not None:
            return controller_files(project, name, model, path)
        return artifact_files(project, "controller", name, {"path": path} if path else {})

    _carry_out(plan, **options)


@command.command("model")
@click.argument("name")
@click.argument("properties", nargs=-1, metavar="[PROPERTIES]...")
@_common
def model(name: str, properties: tuple[str, ...], **options: Any) -> None:
    """Write a model NAME with PROPERTIES.

    A property is title:str:required, price:decimal or isbn:str:id. Types: str, int, float, bool, date, datetime,
    decimal, uuid, json, list. Without an id the model gets a generated one.
    """
    _carry_out(lambda project: model_files(project, name, [parse_property(each) for each in properties]), **options)


@command.command("repository")
@click.argument("model")
@click.option("--datasource", default="db", show_default=True, help="Where they are stored; made if it is not there.")
@_common
def repository(model: str, datasource: str, **options: Any) -> None:
    """Write the repository of a MODEL."""
    _carry_out(lambda project: repository_files(project, model, datasource), **options)


@command.command("datasource")
@click.argument("name")
@click.option("--url", help="Its URL: postgresql://user@host/name; a SQLite file without it.")
@_common
def datasource(name: str, url: str | None, **options: Any) -> None:
    """Write a data source NAME."""
    _carry_out(lambda project: datasource_files(project, name, url), **options)


@command.command("model-api")
@click.argument("model")
@click.option("--datasource", default="db", show_default=True, help="Where they are stored; made if it is not there.")
@click.option("--path", help="The path; made from the name without it.")
@_common
def model_api(model: str, datasource: str, path: str | None, **options: Any) -> None:
    """Serve a MODEL as REST without code."""
    _carry_out(lambda project: model_api_files(project, model, datasource, path), **options)


@command.command("relation")
@click.argument("source")
@click.argument("kind", type=click.Choice(list(RELATIONS)))
@click.argument("target")
@click.option("--name", help="What it is called in SOURCE; made from TARGET without it.")
@_common
def relation(source: str, kind: str, target: str, name: str | None, **options: Any) -> None:
    """Relate a model SOURCE to a model TARGET.

    Adds the properties to both models, what leads from one to the other to the repository, and a controller.
    """
    _carry_out(lambda project: relation_files(project, source, kind, target, name), **options)


@command.command("openapi")
@click.argument("document")
@_common
def openapi(document: str, **options: Any) -> None:
    """Write the code of an OpenAPI DOCUMENT.

    It is a file or URL, JSON or YAML. Controllers and models are made of it; each operation becomes a method that
    answers 501 until it is written.
    """
    _carry_out(lambda project: document_files(project, document), **options)


def _simple(kind: str, what: str) -> None:
    @command.command(kind, help=f"Write {what} NAME.")
    @click.argument("name")
    @_common
    def made(name: str, **options: Any) -> None:
        _carry_out(lambda project: artifact_files(project, kind, name, {}), **options)


_simple("service", "a service")
_simple("interceptor", "an interceptor")
_simple("observer", "a life cycle observer")
_simple("middleware", "a middleware")
_simple("component", "a component")
