"""``mainspring new``: a project that runs, and passes its own tests and checks, as it is made."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from mainspring.cli.errors import UsageFailure, failing_in_words
from mainspring.cli.generating.kinds import DEFAULT_KIND, KINDS, project_files, title_of, words_for
from mainspring.cli.generating.writing import FilePlan, agreed
from mainspring.cli.options import debug_option, json_option, overwrite_option

__all__ = ["command"]


@click.command("new", epilog="Kinds: " + "; ".join(f"{name}, {kind.summary}" for name, kind in KINDS.items()) + ".")
@click.argument("name", required=False)
@click.option("--kind", type=click.Choice(list(KINDS)), help=f"What is made; {DEFAULT_KIND} without it.")
@click.option("--title", help="What people call it; made from NAME without it.")
@click.option(
    "--into", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="The folder to make it in; here."
)
@click.option("--yes", "-y", is_flag=True, help="Ask nothing: what is not said is the default.")
@overwrite_option
@click.option("--dry-run", is_flag=True, help="Only list the files.")
@json_option("One JSON object: project, kind, folder, application, files.")
@debug_option
def command(
    name: str | None,
    into: Path,
    yes: bool,
    overwrite: bool,
    dry_run: bool,
    as_json: bool,
    debug: bool,
    **said: str | None,
) -> None:
    """Make a project in a new folder NAME.

    What is not said is asked for at a terminal. What is there is not overwritten unasked, and an interrupted run leaves
    nothing.
    """
    with failing_in_words(debug=debug):
        asks = sys.stdin.isatty() and not yes and not as_json
        words, kind = _answers(name, said["kind"], said["title"], asks=asks)
        target = into / words["project"]
        rendered = project_files(words, kind)
        _check_place(target)
        plan = FilePlan({target / path: text for path, text in rendered.items()})
        if not dry_run:
            _write(target, rendered, plan, overwrite=overwrite, asks=asks)
        _tell(words, kind, target, list(rendered), as_json=as_json, dry_run=dry_run)


def _answers(name: str | None, kind: str | None, title: str | None, *, asks: bool) -> tuple[dict[str, str], str]:
    """What the templates are filled with and which, asked for where nobody said it.

    Raises:
        UsageError: There is no name, and nobody to ask.
        UsageFailure: A name or title does not fit.
    """
    if name is None:
        if not asks:
            raise click.UsageError("Missing argument 'NAME'.")
        name = str(click.prompt("Name of the project", value_proc=_fitting(lambda text: words_for(text, None))))
    else:
        words_for(name, title)  # what was said wrongly is told before anything is asked
    if kind is None:
        kind = DEFAULT_KIND if not asks else _asked_kind()
    if title is None and asks:
        title = click.prompt(
            "What people call it", default=title_of(name), value_proc=_fitting(lambda text: words_for(name, text))
        )
    return words_for(name, title, kind), kind


def _asked_kind() -> str:
    for name, kind in KINDS.items():
        click.echo(f"  {name:10} {kind.summary}")
    return str(click.prompt("Kind", type=click.Choice(list(KINDS)), default=DEFAULT_KIND, show_choices=False))


def _fitting(check: Callable[[str], Any]) -> Callable[[str], str]:
    """For a question: an answer that does not fit is told, and the question asked again."""

    def convert(text: str) -> str:
        try:
            check(text)
        except UsageFailure as failure:
            raise click.BadParameter(str(failure)) from failure
        return text

    return convert


def _check_place(target: Path) -> None:
    if (target.exists() or target.is_symlink()) and not target.is_dir():
        raise UsageFailure(f"{target} is there already, and no folder: choose another name, or --into another folder.")
    if not target.parent.is_dir():
        raise UsageFailure(f"{target.parent} is no folder: make it first.")


def _write(target: Path, rendered: Mapping[str, str], plan: FilePlan, *, overwrite: bool, asks: bool) -> None:
    """Make the project; into a folder that has something in it only when somebody said so."""
    if not target.is_dir() or not any(target.iterdir()):
        write(target, rendered)
        return
    if not overwrite:
        way_out = "choose another name, or --into another folder; --overwrite writes into it"
        if not asks:
            raise UsageFailure(f"{target} is there already: {way_out}.")
        if not click.confirm(f"{target} is there already. Write into it?"):
            raise click.Abort
    agreed(plan, overwrite=overwrite).write()


def write(target: Path, rendered: Mapping[str, str]) -> None:
    """Make the folder with all files, or nothing: it is filled beside its place and then moved there."""
    beside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        beside.chmod(0o755)  # a temporary folder is its owner's alone
        for path, text in rendered.items():
            file = beside / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
        if target.is_dir():
            target.rmdir()  # it is empty; if no longer, this fails and nothing is lost
        os.replace(beside, target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _tell(words: Mapping[str, str], kind: str, target: Path, paths: list[str], *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        application = f"{words['app_module']}:{words['application']}"
        made = {"project": words["project"], "kind": kind, "folder": str(target), "application": application}
        click.echo(json.dumps({**made, "files": paths}, indent=2))
        return
    for path in paths:
        click.echo(target / path)
    if not dry_run:
        click.echo(f"\nMade {target}. In it, with pip 25.1 or later:")
        click.echo("  pip install -e . --group dev\n  mainspring run\n  pytest")
