"""Configuration in layers: files in order, the environment on top, each entry with where it came from."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mainspring.core.errors import ConfigurationError, ConfigurationProblem
from mainspring.core.settings import normal_key, parse_text

__all__ = ["Entry", "Layers", "Settings", "merge", "nested"]


class Settings(dict[str, Any]):
    """A section of a configuration: keys are found whatever their case, and with ``-`` for ``_``."""

    def __missing__(self, key: str) -> Any:
        wanted = normal_key(key)
        for name in self:
            if normal_key(name) == wanted:
                return self[name]
        raise KeyError(key)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or the default."""
        try:
            return self[key]
        except KeyError:
            return default

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or normal_key(key) in map(normal_key, self)


class Entry:
    """One value of a configuration.

    Attributes:
        value: A ``Section``, or plain data.
        origin: The file or variable it came from.
        text: The text of a variable, before it was parsed.
    """

    __slots__ = ("name", "origin", "text", "value")

    def __init__(self, name: str, value: Any, origin: str, text: str | None = None) -> None:
        self.name, self.value, self.origin, self.text = name, value, origin, text

    @property
    def is_section(self) -> bool:
        """Whether it holds further entries."""
        return isinstance(self.value, Section)

    def plain(self) -> Any:
        """The value without where it came from."""
        if not self.is_section:
            return self.value
        return Settings({entry.name: entry.plain() for entry in self.value.values()})


def nested(entry: Entry) -> Entry:
    """An entry whose value may be a mapping, as a section."""
    if isinstance(entry.value, Mapping) and not isinstance(entry.value, Section):
        section = Entry(entry.name, Section(), entry.origin)
        merge(section, entry.value, entry.origin)
        return section
    return entry


class Section(dict[str, "Entry"]):
    """Entries by the normal form of their names."""


class Layers:
    """A configuration being put together: mappings merge, everything else replaces.

    Attributes:
        root: Its entries.
    """

    def __init__(self) -> None:
        self.root = Entry("", Section(), "")

    def add_file(self, file: str | os.PathLike[str]) -> None:
        """Merge a TOML or JSON file; one whose name begins with ``?`` may be missing.

        Raises:
            FileNotFoundError: It is missing.
            ConfigurationError: It is neither TOML nor JSON, or not valid.
        """
        name = os.fspath(file)
        may_be_missing = name.startswith("?")
        path = Path(name.removeprefix("?"))
        if not path.exists():
            if may_be_missing:
                return
            raise FileNotFoundError(
                f"The configuration file {str(path)!r} does not exist: create it, or write '?{path}' if it may."
            )
        merge(self.root, _read(path), str(path))

    def add_environment(self, environ: Mapping[str, str], prefix: str, known: Iterable[str] = ()) -> None:
        """Merge variables: ``<PREFIX><SECTION>_<KEY>``, where ``__`` goes one level deeper.

        Args:
            environ: The environment.
            prefix: The beginning of the names that count.
            known: Names of sections beside those there are already, so that they may have a ``_`` in them.
        """
        sections = {normal_key(name) for name in (*known, *self.root.value)}
        for variable, text in environ.items():
            if not variable.startswith(prefix) or variable == prefix:
                continue
            path = _path_of(variable[len(prefix) :].lower(), sections)
            if all(path):
                self._put(path, Entry(path[-1], parse_text(text), variable, text))

    def _put(self, path: list[str], entry: Entry) -> None:
        section = self.root
        for name in path[:-1]:
            below = section.value.get(normal_key(name))
            if below is None or not below.is_section:
                below = section.value[normal_key(name)] = Entry(below.name if below else name, Section(), entry.origin)
            section = below
        known = section.value.get(normal_key(entry.name))
        if isinstance(entry.value, Mapping):
            merge(section, {known.name if known else entry.name: entry.value}, entry.origin)
        else:
            entry.name = known.name if known is not None else entry.name
            section.value[normal_key(entry.name)] = entry


def merge(section: Entry, data: Mapping[str, Any], origin: str) -> None:
    """Add what a mapping holds: mappings merge, everything else replaces."""
    for name, value in data.items():
        known = section.value.get(normal_key(name))
        if not isinstance(value, Mapping):
            section.value[normal_key(name)] = Entry(known.name if known else name, value, origin)
            continue
        if known is None or not known.is_section:
            known = section.value[normal_key(name)] = Entry(known.name if known else name, Section(), origin)
        merge(known, value, origin)


def _path_of(name: str, sections: set[str]) -> list[str]:
    """``servers_admin__port`` is ``servers.admin.port``; a known section may have a ``_`` in its name."""
    first, *deeper = name.split("__")
    if first in sections:
        return [first, *deeper]
    fitting = [section for section in sections if first.startswith(f"{section}_")]
    if fitting:
        section = max(fitting, key=len)
        return [section, first[len(section) + 1 :], *deeper]
    section, mark, key = first.partition("_")
    return [section, key, *deeper] if mark else [section, *deeper]


def _read(path: Path) -> Mapping[str, Any]:
    text = path.read_text(encoding="utf-8")
    try:
        if path.suffix.lower() == ".toml":
            import tomllib  # noqa: PLC0415 - importing the room stays light

            return tomllib.loads(text)
        if path.suffix.lower() == ".json":
            data = json.loads(text)
            if isinstance(data, Mapping):
                return data
            raise ValueError("the outermost value is no object")
    except ValueError as error:
        raise ConfigurationError([ConfigurationProblem("", str(path), f"is not valid: {error}")]) from error
    raise ConfigurationError([ConfigurationProblem("", str(path), "is neither .toml nor .json by its name")])
