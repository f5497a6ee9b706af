"""The fenced blocks of the pages, and the rules they follow.

- ``python title="app.py"`` is a file of the page's folder, and so is any other language with a title;
- ``python`` is run; the blocks of one page share their names, and may use ``await``;
- ``console`` has commands behind ``$``, each followed by what it prints;
- ``output`` is what the block before it prints;
- ``json`` and ``toml`` are read; ``text`` is never run.
"""

import re
from pathlib import Path
from typing import NamedTuple

__all__ = ["LANGUAGES", "ROOT", "Block", "blocks_of", "pages"]

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r'^(?P<indent> *)(?P<fence>`{3,})(?P<language>[^\s`]*)(?: title="(?P<title>[^"]+)")?(?P<rest>.*)$')
LANGUAGES = {"python", "console", "output", "json", "toml", "html", "javascript", "sql", "text"}
OF_THE_SITE = {"{toctree}", "{diagram}", "{eval-rst}"}


class Block(NamedTuple):
    """A fenced block: where its first line stands, and what it says."""

    line: int
    language: str
    title: str | None
    text: str


def pages() -> list[Path]:
    """Every page whose blocks are run."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks_of(page: Path) -> list[Block]:
    """The blocks of a page, in order.

    Raises:
        ValueError: A block is not closed, or of a language that is neither run nor ``text``.
    """
    found = []
    lines = iter(enumerate(page.read_text(encoding="utf-8").splitlines(), 1))
    for number, line in lines:
        opening = FENCE.match(line)
        if opening is None:
            continue
        inside = []
        for _, each in lines:
            if each.strip() == opening["fence"]:
                break
            inside.append(each.removeprefix(opening["indent"]))
        else:
            raise ValueError(f"{page}:{number}: this block is never closed.")
        if opening["language"] in OF_THE_SITE:
            continue
        if opening["language"] not in LANGUAGES or opening["rest"]:
            raise ValueError(f"{page}:{number}: {line.strip()!r} is none of {', '.join(sorted(LANGUAGES))}.")
        found.append(Block(number + 1, opening["language"], opening["title"], "\n".join(inside) + "\n"))
    return found
