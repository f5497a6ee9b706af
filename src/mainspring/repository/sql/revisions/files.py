"""The files of revisions: one folder per data source, each file naming the one it follows."""

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError, rev_id

from mainspring.repository.errors import MigrationError

__all__ = ["RevisionFiles"]

#: Sorted by name they stand in order of their making.
_FILE = "%(year)d%(month).2d%(day).2d_%(hour).2d%(minute).2d%(second).2d_%(rev)s_%(slug)s"


class RevisionFiles:
    """The revisions in a folder.

    Args:
        datasource: The name, for messages.
        folder: Where they are; it need not be there yet.
    """

    def __init__(self, datasource: str, folder: Path) -> None:
        self.folder, self._datasource = folder, datasource
        self._scripts = ScriptDirectory(
            Path(__file__).with_name("templates"),
            file_template=_FILE,
            version_locations=[folder],
            messaging_opts={"quiet": True},
        )

    def head(self) -> str | None:
        """The last revision.

        Raises:
            MigrationError: There are several: two were made to follow the same one.
        """
        with self._in_words():
            heads = self._scripts.get_heads()
        if len(heads) > 1:
            raise MigrationError(
                self._datasource,
                f"{' and '.join(sorted(heads))} of {self.folder} both follow the same revision; write into the "
                "down_revision of one of them that it follows the other",
            )
        return heads[0] if heads else None

    def upgrades(self, target: str, heads: Iterable[str]) -> list[Any]:
        """The steps from where a database is up to a revision."""
        self.head()
        with self._in_words():
            return list(self._scripts._upgrade_revs(target, tuple(heads)))  # type: ignore[arg-type]  # as Alembic calls it

    def downgrades(self, target: str, heads: Iterable[str]) -> list[Any]:
        """The steps from where a database is down to a revision."""
        with self._in_words():
            return list(self._scripts._downgrade_revs(target, tuple(heads)))  # type: ignore[arg-type]  # as above

    def made_tables(self) -> set[str]:
        """The tables that revisions make. Tables that none made belong to somebody else."""
        with self._in_words():
            scripts: list[Script] = list(self._scripts.walk_revisions())
        return {name for script in scripts for name in _created(Path(script.path))}

    def write(self, message: str, upgrades: str, downgrades: str, imports: Iterable[str]) -> Path:
        """Write the revision that follows the last one; gives its path."""
        quoted = message.replace("\\", "\\\\").replace('"', '\\"')
        with self._in_words():
            made = self._scripts.generate_revision(
                rev_id(),
                quoted,
                head="head",
                upgrades=upgrades.strip(),
                downgrades=downgrades.strip(),
                imports="\n".join(sorted(imports)),
            )
        assert made is not None  # only Alembic's file of no revision gives none
        return self.folder / Path(made.path).name

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except CommandError as error:
            raise MigrationError(self._datasource, f"{str(error).rstrip('.')} (in {self.folder})") from error


def _created(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        place = {"create_table": 0, "rename_table": 1}.get(node.func.attr)
        if place is not None and len(node.args) > place and isinstance(node.args[place], ast.Constant):
            yield str(node.args[place].value)  # type: ignore[attr-defined]  # it is a constant
