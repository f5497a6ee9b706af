"""``mainspring new``: a project that runs, and passes its own tests and checks, as it is made."""

import keyword
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

import click

from mainspring.cli.errors import UsageFailure, failing_in_words

__all__ = ["command"]

#: The name of a distribution (PyPA specifications, "Names and normalization").
PROJECT_NAME = re.compile(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.IGNORECASE)
SUFFIX = ".tmpl"
#: Names that another module has already: importing one would give the other.
TAKEN = frozenset({*sys.stdlib_module_names, "mainspring", "tests"})


@click.command("new")
@click.argument("name")
@click.option(
    "--into", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="The folder to make it in; here."
)
@click.option("--title", help="What people call it; made from NAME without it.")
@click.option("--dry-run", is_flag=True, help="Only list the files.")
@click.option("--debug", is_flag=True, help="Show the traceback of what goes wrong.")
def command(name: str, into: Path, title: str | None, dry_run: bool, debug: bool) -> None:
    """Make a project for a REST application in a new folder NAME.

    Nothing that is there is overwritten, and an interrupted run leaves nothing.
    """
    with failing_in_words(debug=debug):
        target = into / name
        rendered = dict(render(words_for(name, title)))
        _check_free(target)
        if not dry_run:
            write(target, rendered)
        for path in sorted(rendered):
            click.echo(target / path)
        if not dry_run:
            click.echo(f"\nMade {target}. In it:\n  pip install -e . --group dev\n  mainspring run\n  pytest")


def words_for(name: str, title: str | None) -> dict[str, str]:
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
    words = [word for word in re.split(r"[-._]+", name) if word]
    shown = " ".join(word[:1].upper() + word[1:] for word in words) if title is None else title.strip()
    if not shown or not shown.isprintable() or set(shown) & set('"\\<>&{}'):
        raise UsageFailure(f'The title {title!r} does not fit: use one line without ", \\, <, >, &, {{ and }}.')
    application = "".join(word[:1].upper() + word[1:] for word in words) + "Application"
    return {"project": name, "package": package, "title": shown, "application": application}


def render(words: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Path within the project and text of each file."""
    for path, template in _templates(files("mainspring.cli") / "templates" / "rest", ""):
        text = Template(template.read_text(encoding="utf-8")).substitute(words)
        yield path.replace("__package__", words["package"]).removesuffix(SUFFIX), text


def _templates(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _templates(each, f"{path}{each.name}/")
        elif each.name.endswith(SUFFIX):
            yield f"{path}{each.name}", each


def _check_free(target: Path) -> None:
    if target.is_dir() and not any(target.iterdir()):
        return
    if target.exists() or target.is_symlink():
        raise UsageFailure(f"{target} is there already: choose another name, or --into another folder.")
    if not target.parent.is_dir():
        raise UsageFailure(f"{target.parent} is no folder: make it first.")


def write(target: Path, rendered: dict[str, str]) -> None:
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
