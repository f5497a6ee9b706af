"""``mainspring migrate``: revisions of the databases' schemas, written from the models and carried out in order."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from mainspring.cli.errors import UsageFailure, failing_in_words
from mainspring.cli.options import application_argument, debug_option, json_option
from mainspring.cli.sources import folder_of, needing, opened_sources
from mainspring.repository.datasources import DataSource
from mainspring.repository.errors import UnsupportedOperationError

__all__ = ["command"]

#: Does the work for the revisions of one data source; gives its results, and how each reads.
Work = Callable[[Any], Awaitable[list[tuple[dict[str, Any], str]]]]


@click.group("migrate", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Revisions of the databases' schemas: files in migrations/<data source>, one following the other, through Alembic.

    All revisions are carried out or, where the database can undo a change of its schema, none; two processes at once
    wait for each other.
    """


@dataclass(frozen=True, slots=True)
class Common:
    """What every subcommand is told."""

    application: str | None
    datasource: tuple[str, ...]
    folder: Path | None
    as_json: bool
    debug: bool


def common(function: Callable[..., None]) -> Callable[..., None]:
    """The argument and options of every subcommand, as one `Common`."""

    def called(**options: Any) -> None:
        given = {name: options.pop(name) for name in Common.__slots__}
        function(Common(**given), **options)

    called.__name__, called.__doc__ = function.__name__, function.__doc__
    called.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]  # click's own way
    for decorate in (
        debug_option,
        json_option("One JSON array: an object for each revision, with its data source."),
        click.option(
            "--folder", type=click.Path(file_okay=False, path_type=Path), help="Where the revisions are; migrations."
        ),
        click.option("--datasource", multiple=True, help="Only this data source; may be given several times."),
        application_argument,
    ):
        decorate(called)
    return called


unsafe = click.option("--allow-unsafe", is_flag=True, help="Also do what loses data.")
dry = click.option("--dry-run", is_flag=True, help="Change nothing; show the SQL.")


@command.command("new")
@click.option("-m", "--message", help="What the revision says of itself; made of what it does without it.")
@click.option("--empty", is_flag=True, help="Write one that does nothing yet.")
@unsafe
@common
def new(given: Common, message: str | None, empty: bool, allow_unsafe: bool) -> None:
    """Write the revision that brings the database to what the models say.

    The database is compared as it is, so it has to be at the last revision. Read the file before you carry it out.
    """

    async def work(revisions: Any) -> list[tuple[dict[str, Any], str]]:
        file = await revisions.new(message, empty=empty, allow_unsafe=allow_unsafe)
        return [] if file is None else [({"file": str(file)}, f"wrote {file}")]

    _run(given, work)


@command.command("up")
@click.option("--to", default="head", help="The revision to stop after; its first characters do, +1 is the next.")
@dry
@unsafe
@common
def up(given: Common, to: str, dry_run: bool, allow_unsafe: bool) -> None:
    """Carry out the revisions that are pending."""

    async def work(revisions: Any) -> list[tuple[dict[str, Any], str]]:
        return _steps(await revisions.up(to, dry_run=dry_run, allow_unsafe=allow_unsafe), dry_run=dry_run)

    _run(given, work, one=to != "head")


@command.command("down")
@click.option("--to", help="The revision that stays the last; base takes all back.")
@click.option("--steps", type=click.IntRange(min=1), help="How many are taken back; 1.")
@dry
@unsafe
@common
def down(given: Common, to: str | None, steps: int | None, dry_run: bool, allow_unsafe: bool) -> None:
    """Take the last revision back, or several."""
    if to is not None and steps is not None:
        raise UsageFailure("Give --to or --steps, not both.")

    async def work(revisions: Any) -> list[tuple[dict[str, Any], str]]:
        target = to or f"-{steps or 1}"
        return _steps(await revisions.down(target, dry_run=dry_run, allow_unsafe=allow_unsafe), dry_run=dry_run)

    _run(given, work, one=to != "base")


@command.command("status")
@click.option("--check", is_flag=True, help="End with status 1 when a revision is pending or unwritten.")
@common
def status(given: Common, check: bool) -> None:
    """Tell where the databases are, which revisions are pending, and what the models say that no revision does."""
    behind: list[str] = []

    async def work(revisions: Any) -> list[tuple[dict[str, Any], str]]:
        found = await revisions.status()
        behind.extend(each.id for each in found.pending)
        behind.extend(found.unwritten)
        return [(asdict(found), "\n".join(_status_lines(found)))]

    _run(given, work)
    if check and behind:
        raise click.exceptions.Exit(1)


def _run(given: Common, work: Work, *, one: bool = False) -> None:
    """Do the work for each data source, and tell of it: also of what was done before one failed."""
    results: list[dict[str, Any]] = []
    with failing_in_words(debug=given.debug):
        with needing("migrations", "alembic", "sqlalchemy"):
            from mainspring.repository.sql.revisions.running import Revisions  # noqa: PLC0415 - an extra's
        try:
            asyncio.run(_each(given, Revisions, work, results, one=one))
        finally:
            if given.as_json:
                click.echo(json.dumps(results, indent=2))


async def _each(given: Common, make: Any, work: Work, results: list[dict[str, Any]], *, one: bool) -> None:
    base = given.folder or folder_of(given.application) / "migrations"
    async with opened_sources(given.application, given.datasource) as opened:
        made = list(_made(opened.sources, base, make, named=bool(given.datasource)))
        if one and len(made) > 1:
            raise UsageFailure("There are several data sources: say by --datasource which one is meant.")
        if not made:
            click.echo("No data source keeps tables: there is nothing to migrate.", err=True)
        for name, revisions in made:
            found = await work(revisions)
            results.extend({"datasource": name, **data} for data, _ in found)
            if not given.as_json:
                click.echo("\n".join(f"{name}: {text}" for _, text in found) or f"{name}: nothing to do")


def _made(sources: Iterable[DataSource], base: Path, make: Any, *, named: bool) -> Iterator[tuple[str, Any]]:
    """The revisions of each data source; one that has none is an error only if it was asked for by name."""
    for source in sources:
        if Path(source.name).name != source.name:
            raise UsageFailure(f"The name of the data source {source.name!r} cannot be that of a folder.")
        try:
            yield source.name, make(source, base / source.name)
        except UnsupportedOperationError:
            if named:
                raise


def _steps(steps: list[Any], *, dry_run: bool) -> list[tuple[dict[str, Any], str]]:
    found = []
    for step in steps:
        data = {
            "revision": step.revision.id,
            "message": step.revision.message,
            "direction": step.direction,
            "sql": step.sql,
        }
        text = f"{step.direction} {step.revision.id} {step.revision.message}"
        found.append((data, "\n".join([text, *(f"{each};" for each in step.sql)]) if dry_run else text))
    return found


def _status_lines(found: Any) -> Iterator[str]:
    last = " (the last)" if found.current is not None and found.current == found.head else ""
    yield f"at {found.current}{last}" if found.current else "at no revision"
    for each in found.pending:
        yield f"    pending: {each.id} {each.message}"
    for words in found.unwritten:
        yield f"    not written: {words}"
