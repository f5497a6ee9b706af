"""``mainspring discover``: model files from the tables of a database."""

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import click

from mainspring.boot import BootMixin
from mainspring.cli.errors import ApplicationLookupError, UsageFailure, failing_in_words
from mainspring.cli.generating.writing import FilePlan, agreed
from mainspring.cli.model_files import file_of, source_of
from mainspring.cli.options import application_argument, debug_option, json_option, overwrite_option
from mainspring.cli.sources import Opened, folder_of, opened_sources
from mainspring.repository.datasources import DataSource
from mainspring.repository.definitions import ModelDefinition, definition_of
from mainspring.repository.keys import RepositoryTags

__all__ = ["command"]


@click.command("discover")
@application_argument
@click.option("--datasource", help="Whose tables; may be left out if there is only one.")
@click.option("--url", help="Another database than the application's: postgresql://user@host/name.")
@click.option("--table", "tables", multiple=True, help="Only this table; may be given several times.")
@click.option("--schema", help="The schema of the tables, if it is not the data source's.")
@click.option("--views", is_flag=True, help="Views, too.")
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), help="The folder of the files; models.")
@overwrite_option
@click.option("--dry-run", is_flag=True, help="Write nothing; show the files.")
@json_option("One JSON list: each file, its model and its table.")
@debug_option
def command(application: str | None, as_json: bool, debug: bool, **options: Any) -> None:
    """Write a model file for each table of a database of APPLICATION, where boot finds it.

    Tables that have a model are left alone, unless named by --table. A file that is there is asked about; where nobody
    can be asked, it is refused and nothing is written.
    """
    with failing_in_words(debug=debug):
        folder, definitions = asyncio.run(_discovered(application, options))
        files = {folder / file_of(each): (each, source_of(each)) for each in definitions}
        plan = FilePlan({file: text for file, (_, text) in files.items()})
        if not options["dry_run"]:
            way_out = "--overwrite writes them anew"
            plan = agreed(plan, overwrite=options["overwrite"], asks=not as_json, way_out=way_out)
            plan.write()
        changed = {file: files[file] for file in plan.files}
    if as_json:
        click.echo(
            json.dumps(
                [_as_data(file, *found, dry_run=options["dry_run"]) for file, found in changed.items()], indent=2
            )
        )
        return
    for file, (_, text) in changed.items():
        click.echo(f"# {file}\n{text}" if options["dry_run"] else str(file))
    if not changed:
        click.echo("Nothing to write: every table has its model.")


def _as_data(file: Path, definition: ModelDefinition, text: str, *, dry_run: bool) -> dict[str, Any]:
    data = {"file": str(file), "model": definition.name, "table": definition.table_name}
    return {**data, "source": text} if dry_run else data


async def _discovered(application: str | None, options: dict[str, Any]) -> tuple[Path, list[ModelDefinition]]:
    """The folder to write into, and what was found."""
    async with _opened(application, options) as (opened, source):
        folder = options["into"] or _models_folder(application, opened)
        tables = options["tables"] or None
        found = await source.discover_models(tables, schema=options["schema"], views=options["views"])
        if tables is None and opened is not None:
            modelled = set(await _modelled(opened))
            found = [each for each in found if each.table_name not in modelled]
        return folder, found


@asynccontextmanager
async def _opened(application: str | None, options: dict[str, Any]) -> AsyncIterator[tuple[Opened | None, DataSource]]:
    url, name = options["url"], options["datasource"]
    if url is not None:
        if name is not None:
            raise UsageFailure("Give --datasource or --url, not both.")
        async with AsyncExitStack() as stack:
            opened = None
            with suppress(ApplicationLookupError) if application is None else nullcontext():  # there may be none yet
                opened = await stack.enter_async_context(opened_sources(application, ()))
            yield opened, await stack.enter_async_context(DataSource({"name": "db", "url": url}))
        return
    async with opened_sources(application, [name] if name is not None else []) as opened:
        kept = [each for each in opened.sources if name is not None or each.settings["connector"] in _DATABASES]
        if len(kept) != 1:
            there = ", ".join(sorted(each.name for each in kept)) or "none with tables"
            raise UsageFailure(f"Say by --datasource whose tables are meant, or by --url; there are: {there}.")
        yield opened, kept[0]


#: The connectors of databases that have tables before anybody makes some.
_DATABASES: Collection[str] = ("sqlite", "postgresql", "mysql")


def _models_folder(application: str | None, opened: Opened | None) -> Path:
    """Where boot looks for models."""
    root = opened.app.project_root if opened is not None and isinstance(opened.app, BootMixin) else None
    if root is None:
        return folder_of(application) / "models"
    with suppress(ValueError):  # shown as a path from here where it is below here
        return Path(root).resolve().relative_to(Path.cwd().resolve()) / "models"
    return Path(root) / "models"


async def _modelled(opened: Opened) -> list[str]:
    """The tables that the application has models for."""
    models = [model for source in opened.sources for model in source.models]
    for binding in opened.app.find_by_tag(RepositoryTags.MODEL):
        models.append(await opened.app.resolve_binding(binding))
    return [definition_of(each).table_name for each in models]
