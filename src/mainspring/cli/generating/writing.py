"""Writing several files at once: shown before, asked about where something is there, all of them or none."""

import difflib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import click

from mainspring.cli.errors import UsageFailure

__all__ = ["FilePlan", "agreed", "formatted", "only_adds", "shown"]


def formatted(path: Path, text: str) -> str:
    """The text as the project's own ruff would write it; as it is where there is none."""
    if path.suffix != ".py" or find_spec("ruff") is None:
        return text
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--quiet", "--no-cache", "--stdin-filename", str(path), "-"],
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.stdout if done.returncode == 0 and done.stdout else text


class FilePlan:
    """The files that a command wants, with what is there now.

    Attributes:
        files: The text of each file that is new or different, by its path.
        kept: Files that are there as they would be written.
    """

    def __init__(self, files: Mapping[Path, str]) -> None:
        self.kept = [path for path, text in files.items() if _text_of(path) == text]
        self.files = {path: text for path, text in files.items() if path not in self.kept}

    def diff(self) -> str:
        """What would change, as a unified diff."""
        parts: list[str] = []
        for path, text in self.files.items():
            before = (_text_of(path) or "").splitlines(keepends=True)
            name = shown(path)
            parts += difflib.unified_diff(before, text.splitlines(keepends=True), name if before else os.devnull, name)
        return "".join(parts)

    def write(self) -> list[Path]:
        """Write all files; when one cannot be written, those before it are as they were, and folders made are gone.

        Returns:
            The files, in order.

        Raises:
            OSError: A file cannot be written.
        """
        before = {path: path.read_bytes() if path.exists() else None for path in self.files}
        made: list[Path] = []
        written: list[Path] = []
        try:
            for path, text in self.files.items():
                made += _make_folder(path.parent)
                _replace(path, text.encode())
                written.append(path)
        except BaseException:  # an interruption too: it leaves nothing
            for path in reversed(written):
                content = before[path]
                path.unlink() if content is None else path.write_bytes(content)
            for folder in reversed(made):
                folder.rmdir()
            raise
        return written


def agreed(
    plan: FilePlan,
    *,
    overwrite: bool,
    edited: frozenset[Path] = frozenset(),
    asks: bool = True,
    way_out: str = "--dry-run shows what would change, --overwrite writes it",
) -> FilePlan:
    """The plan without the files that somebody wants to keep; everything is asked before anything is done.

    Args:
        plan: What is wanted.
        overwrite: Write anew what is there, without asking.
        edited: Files that are there and only get lines added: that overwrites nothing.
        asks: Whether somebody may be asked, if there is a terminal.
        way_out: What the refusal says to do.

    Raises:
        UsageFailure: Something is there and nobody can be asked.
    """
    there = [path for path in plan.files if path not in edited and (path.exists() or path.is_symlink())]
    if not there or overwrite:
        return plan
    if not (asks and sys.stdin.isatty()):
        names = ", ".join(shown(path) for path in there)
        raise UsageFailure(f"There already: {names}. Nothing was written; {way_out}.")
    kept = set()
    for path in there:
        if not click.confirm(f"{shown(path)} is there already. Write it anew?"):
            kept.add(path)
    return FilePlan({path: text for path, text in plan.files.items() if path not in kept})


def only_adds(path: Path, text: str) -> bool:
    """Whether every word of a file that is there stands in the new text as well, in the same order."""
    before = _text_of(path)
    if before is None:
        return False
    words = iter(re.findall(r"\w+|[^\w\s]", text))
    return all(word in words for word in re.findall(r"\w+|[^\w\s]", before))


def shown(path: Path) -> str:
    """The path from here where it is below here, else the whole path."""
    try:
        return str(path.resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        return str(path)


def _text_of(path: Path) -> str | None:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None


def _make_folder(folder: Path) -> list[Path]:
    """Make a folder and those above it; the ones made, outermost first."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir()
    return missing[::-1]


def _replace(path: Path, content: bytes) -> None:
    """Put a whole file in place, never half of one."""
    handle, beside = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(beside, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
