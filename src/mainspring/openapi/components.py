"""The named schemas of a document: each model once, referenced everywhere else, under a name of its own.

While schemas are made, references are provisional; names are given at the end, when it is known who shares one. That
makes them independent of the order in which models are met.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from mainspring.openapi.caching import key_of
from mainspring.openapi.references import pointer_escape

__all__ = ["Components", "rewrite_references"]

_UNSAFE = r"[^A-Za-z0-9._\-]"
_PROVISIONAL = "#mainspring/"


class _Entry:
    __slots__ = ("name", "qualifier", "schema")

    def __init__(self, name: str, qualifier: str | None) -> None:
        self.name, self.qualifier = name, qualifier
        self.schema: dict[str, Any] = {}


class Components:
    """Schemas that get a name. ``prefix`` is what references begin with at the end."""

    def __init__(self, prefix: str = "#/components/schemas/") -> None:
        self._prefix = prefix
        self._entries: list[_Entry] = []
        self._by_key: dict[Any, int] = {}

    def reference(
        self, key: Any, name: str, make: Callable[[], dict[str, Any]], qualifier: str | None = None
    ) -> dict[str, Any]:
        """A reference to the schema of ``key``, made on the first demand (which may lead back to it)."""
        key = key_of(key)
        position = self._by_key.get(key)
        if position is None:
            position = self._by_key[key] = len(self._entries)
            entry = _Entry(re.sub(_UNSAFE, "_", name), qualifier)
            self._entries.append(entry)
            try:
                entry.schema = make()
            except BaseException:  # the next one who asks shall hear the same error, not get an empty schema
                del self._by_key[key]
                raise
        return {"$ref": f"{_PROVISIONAL}{position}"}

    def lift(self, schema: Mapping[str, Any], name: str, qualifier: str | None = None) -> dict[str, Any]:
        """A reference to a schema that brings its nested ones in ``$defs`` (or ``definitions``); they get names too."""
        nested = {**schema.get("definitions", {}), **schema.get("$defs", {})}
        root = {key: value for key, value in schema.items() if key not in ("$defs", "definitions")}
        if set(root) == {"$ref"}:  # pydantic words recursive models so: the root is one of the nested ones
            name = str(root["$ref"]).rpartition("/")[2]
            root = dict(nested[name])
        nested[name] = root
        return self._lifted(name, nested, qualifier, own=name)

    def inline(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """A schema whose nested ones get names while it stays inline; one that refers to itself gets a name too."""
        nested = {**schema.get("definitions", {}), **schema.get("$defs", {})}
        root = {key: value for key, value in schema.items() if key not in ("$defs", "definitions")}
        references: list[str] = []

        def note(reference: str) -> str:
            references.append(reference)
            return reference

        rewrite_references(root, note)
        if "#" in references:
            return self.lift(schema, str(schema.get("title") or "Schema"))

        def change(reference: str) -> str:
            name = reference.rpartition("/")[2]
            if reference in (f"#/$defs/{name}", f"#/definitions/{name}") and name in nested:
                return str(self._lifted(name, nested, None, own=name)["$ref"])
            return reference

        result: dict[str, Any] = rewrite_references(root, change)
        return result

    def _lifted(self, name: str, nested: Mapping[str, Any], qualifier: str | None, own: str) -> dict[str, Any]:
        def local(reference: str) -> str | None:
            if reference == "#":
                return own
            for start in ("#/$defs/", "#/definitions/"):
                if reference.startswith(start) and reference[len(start) :] in nested:
                    return reference[len(start) :]
            return None

        reachable = _reachable(name, nested, local)
        key = (
            "lifted",
            name,
            json.dumps({item: _plain(nested[item], local) for item in sorted(reachable)}, default=repr),
        )

        def make() -> dict[str, Any]:
            result: dict[str, Any] = rewrite_references(
                nested[name],
                lambda reference: (
                    reference
                    if (target := local(reference)) is None
                    else str(self._lifted(target, nested, None, own)["$ref"])
                ),
            )
            return result

        return self.reference(key, name, make, qualifier)

    def finish(self, value: Any, reserved: Mapping[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """The value with final references, and the schemas by name that it (or one of them) refers to, in order.

        ``reserved`` are schemas that have their names already: equal ones are shared, different ones are kept apart.
        """
        names = self._names()
        finished, schemas = self._finished(value, names)
        clashes = {
            name for name, schema in schemas.items() if name in (reserved or {}) and (reserved or {})[name] != schema
        }
        if not clashes:
            return finished, schemas
        taken = {*names, *(reserved or {})}
        for position, name in enumerate(names):
            if name in clashes:
                names[position] = _free(name, taken)
                taken.add(names[position])
        return self._finished(value, names)

    def _finished(self, value: Any, names: list[str]) -> tuple[Any, dict[str, Any]]:
        used: dict[int, None] = {}

        def final(reference: str) -> str:
            if not reference.startswith(_PROVISIONAL):
                return reference
            position = int(reference[len(_PROVISIONAL) :])
            used.setdefault(position)
            return self._prefix + pointer_escape(names[position])

        finished = rewrite_references(value, final)
        schemas: dict[int, Any] = {}
        while len(schemas) < len(used):  # schemas refer to further ones
            for position in list(used):
                if position not in schemas:
                    schemas[position] = rewrite_references(self._entries[position].schema, final)
        return finished, {names[position]: schemas[position] for position in sorted(schemas)}

    def schema_of(self, reference: Mapping[str, Any]) -> dict[str, Any]:
        """The schema behind one of our provisional references."""
        return self._entries[int(str(reference["$ref"])[len(_PROVISIONAL) :])].schema

    def _names(self) -> list[str]:
        groups: dict[str, list[int]] = {}
        for position, entry in enumerate(self._entries):
            groups.setdefault(entry.name, []).append(position)
        names = [entry.name for entry in self._entries]
        taken = {name for name, group in groups.items() if len(group) == 1}
        for name, group in groups.items():
            if len(group) == 1:
                continue
            for position in group:
                qualifier = self._entries[position].qualifier
                wanted = re.sub(_UNSAFE, "_", f"{qualifier}.{name}") if qualifier else name
                names[position] = _free(wanted, taken)
                taken.add(names[position])
        return names


def rewrite_references(value: Any, change: Callable[[str], str]) -> Any:
    """A copy with every ``$ref`` text replaced by what ``change`` makes of it; ``discriminator`` mappings too."""
    if isinstance(value, Mapping):
        result: dict[Any, Any] = {}
        for key, item in value.items():
            if key == "$ref" and isinstance(item, str):
                result[key] = change(item)
            elif key == "discriminator" and isinstance(item, Mapping) and isinstance(item.get("mapping"), Mapping):
                result[key] = {**item, "mapping": {tag: change(target) for tag, target in item["mapping"].items()}}
            else:
                result[key] = rewrite_references(item, change)
        return result
    if type(value) in (list, tuple):
        return [rewrite_references(item, change) for item in value]
    return value


def _plain(schema: Any, local: Callable[[str], str | None]) -> Any:
    return rewrite_references(
        schema, lambda reference: f"#/$defs/{local(reference)}" if local(reference) else reference
    )


def _reachable(name: str, nested: Mapping[str, Any], local: Callable[[str], str | None]) -> set[str]:
    found: set[str] = set()
    waiting = [name]

    def note(reference: str) -> str:
        target = local(reference)
        if target is not None and target not in found:
            waiting.append(target)
        return reference

    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            rewrite_references(nested[current], note)
    return found


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name}{number}" in taken:
        number += 1
    return f"{name}{number}"
