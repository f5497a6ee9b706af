"""Finding files by pattern. The order is the same on every file system: by relative path, compared part by part."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mainspring.boot.globs import DEEP, Part, parse_pattern
from mainspring.boot.trees import Entry, Tree, tree_of

__all__ = ["discover_files", "discover_paths"]

Parts = tuple[Part | str, ...]


def discover_files(pattern: str, root: str | os.PathLike[str]) -> list[Path]:
    """The absolute paths of the regular files that match, sorted, each once; none without such a root.

    Args:
        pattern: Relative to the root: ``**`` is any depth (none included), ``*``, ``?`` and ``[...]`` match within a
            name, ``{a,b}`` are alternatives; a leading ``/`` means the root.
        root: The folder; its path is taken literally.

    Raises:
        BootError: A folder on the way cannot be read; it is named.
    """
    return [Path(path) for path in discover_paths(pattern, root)]


def discover_paths(pattern: str, root: str | os.PathLike[str]) -> list[str]:
    """The same as texts, which take a fraction of the time to make.

    Raises:
        BootError: A folder on the way cannot be read; it is named.
    """
    start = os.path.abspath(os.fspath(root))
    tree = tree_of(start)
    found: dict[str, Entry] = {}
    for parts in parse_pattern(pattern.replace(os.sep, "/")):
        _walk(tree, start, parts, found)
    return _unique(found.values(), start)


def _walk(tree: Tree, start: str, parts: Parts, found: dict[str, Entry]) -> None:
    if parts:
        real = os.path.realpath(start)
        _descend(tree, Entry("", start, real, is_folder=True), [parts], (real,), found)


def _descend(tree: Tree, folder: Entry, ways: Sequence[Parts], above: tuple[str, ...], found: dict[str, Entry]) -> None:
    """Find the files below a folder that match any of the ways to go on; each folder is listed once.

    ``above`` are the folders on the way down, so that a cycle of links ends.
    """
    for way in ways:
        if way[0] == "..":
            _walk(tree, os.path.dirname(folder.path), way[1:], found)
    ways = [way for way in ways if way[0] != ".."]
    ends = [end for end in map(_end_of, ways) if end is not None]
    for entry in tree.entries(folder.path, folder.real) if ways else ():
        if entry.is_folder:
            deeper = list(dict.fromkeys(after for way in ways for after in _into(way, entry.name)))
            if deeper and entry.real not in above:
                _descend(tree, entry, deeper, (*above, entry.real), found)
            continue
        for end in ends:
            if end.matches(entry.name):
                found.setdefault(entry.path, entry)
                break


#: Any file whose name does not begin with a dot: what a pattern that ends with ``**`` means.
_ANY = Part("*")


def _end_of(way: Parts) -> Part | None:
    """What the name of a file in this very folder must match to end the way; ``None`` when no file can."""
    if way[0] == DEEP:
        return _end_of(way[1:]) if len(way) > 1 else _ANY
    return way[0] if len(way) == 1 and isinstance(way[0], Part) else None


def _into(way: Parts, name: str) -> Iterator[Parts]:
    """How this way goes on in a sub-folder."""
    if way[0] == DEEP:
        yield way
        if len(way) > 1:
            yield from _into(way[1:], name)
    elif isinstance(way[0], Part) and way[0].matches(name) and len(way) > 1:
        yield way[1:]


def _unique(entries: Iterable[Entry], root: str) -> list[str]:
    """Each file once: under its own path when that matched, else under the first path in order."""
    start, cut = root + os.sep, len(root) + 1

    def order(entry: Entry) -> str:
        """What is sorted by: the path relative to the root and part by part, no character being less than the mark."""
        path = entry.path[cut:] if entry.path.startswith(start) else os.path.relpath(entry.path, root)
        return path.replace(os.sep, "\0")

    ordered = sorted(entries, key=order)
    if len({entry.real for entry in ordered}) == len(ordered):
        return [entry.path for entry in ordered]
    below = os.path.realpath(root)
    chosen: dict[str, str] = {}
    for entry in ordered:
        if entry.real not in chosen or entry.path == root + entry.real.removeprefix(below):
            chosen[entry.real] = entry.path
    wanted = set(chosen.values())
    return [entry.path for entry in ordered if entry.path in wanted]
