"""Definitions of models as the files that boot finds: one class each, as somebody would have written it."""

import enum
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin
from uuid import UUID

from mainspring.repository.definitions import ModelDefinition, PropertyDefinition, RelationDefinition
from mainspring.repository.naming import snake_case

__all__ = ["file_of", "source_of"]

#: Columns of a line.
_WIDTH = 100

#: The modules of types that are not built in.
_MODULES: Mapping[Any, str] = {
    date: "datetime",
    datetime: "datetime",
    time: "datetime",
    timedelta: "datetime",
    Decimal: "decimal",
    UUID: "uuid",
    Any: "typing",
}


def file_of(definition: ModelDefinition) -> str:
    """The name of the file: what boot looks for."""
    return f"{snake_case(definition.name)}_model.py"


def source_of(definition: ModelDefinition) -> str:
    """The text of the file."""
    imports: dict[str, set[str]] = {}
    base = "Entity" if definition.id_properties() else "Model"
    lines = list(_class_lines(definition, base, imports))
    table = definition.table_name if re.fullmatch(r"[\w .-]+", definition.table_name) else definition.name
    return "\n".join(
        [
            f'"""Rows of the table ``{table}``."""',
            "",
            *_import_lines(imports, base, lines),
            "",
            f'__all__ = ["{definition.name}"]',
            "",
            "",
            *lines,
            "",
        ]
    )


def _import_lines(imports: Mapping[str, set[str]], base: str, lines: list[str]) -> Iterator[str]:
    for module, names in sorted(imports.items()):
        yield f"from {module} import {', '.join(sorted(names))}"
    if imports:
        yield ""
    used = [name for name in ("belongs_to", "field", "model") if any(f"{name}(" in line for line in lines)]
    yield f"from mainspring import {', '.join([*(['Entity'] if base == 'Entity' else []), *used])}"
    if base == "Model":
        yield "from mainspring.repository import Model"


def _class_lines(definition: ModelDefinition, base: str, imports: dict[str, set[str]]) -> Iterator[str]:
    settings = {name: _shown(value) for name, value in definition.settings.items() if name != "left_out"}
    yield from _call("@model", settings, "")
    yield f"class {definition.name}({base}):"
    yield '    """One of them."""'
    yield ""
    keys = {relation.key_from: relation for relation in definition.relations.values()}
    for name, prop in definition.properties.items():
        annotation = f"{name}: {_annotation(prop, imports)}"
        relation = keys.get(name)
        if relation is not None:
            yield from _call(f"    {annotation} = belongs_to", _relation(definition, relation, prop), "    ")
        elif given := _settings(prop):
            yield from _call(f"    {annotation} = field", given, "    ")
        else:
            yield f"    {annotation} = None"
    for column, kind in definition.settings.get("left_out", {}).items():
        yield f"    # Left out: the column {column!r}, {kind}."


def _call(start: str, arguments: Mapping[str, str], indent: str) -> Iterator[str]:
    listed = [value if not name else f"{name}={value}" for name, value in arguments.items()]
    line = f"{start}({', '.join(listed)})"
    if len(line) <= _WIDTH:
        yield line
        return
    yield f"{start}("
    yield from (f"{indent}    {each}," for each in listed)
    yield f"{indent})"


def _settings(prop: PropertyDefinition) -> dict[str, str]:
    said = {"id": prop.id, "required": prop.required}
    return {
        name: _shown(value)
        for name, value in {**said, **prop.options}.items()
        if value not in (None, False) or name == "timezone"
    }


def _relation(definition: ModelDefinition, relation: RelationDefinition, prop: PropertyDefinition) -> dict[str, str]:
    target: Any = relation.target
    name = target.__mainspring_definition__.name
    own = name == definition.name
    text = name if own else f".{snake_case(name)}_model:{name}"
    given = {"": _shown(text)}
    if relation.name != prop.name.removesuffix("_id") or not prop.name.endswith("_id"):
        given["name"] = _shown(relation.name)
    if "key_to" in relation.options:
        given["key_to"] = _shown(relation.options["key_to"])
    settings = _settings(prop)
    if "name" in settings:  # of the column: belongs_to calls the relation so
        column = '{"column": ' + settings.pop("name") + "}"
        settings.update(dict.fromkeys(("sqlite", "postgresql", "mysql"), column))
    return {**given, **settings}


def _annotation(prop: PropertyDefinition, imports: dict[str, set[str]]) -> str:
    text = _type(prop.value_type.python, prop.item_type, imports)
    always = prop.required or (prop.id and not prop.generated)
    return text if always or text == "Any" else f"{text} | None"


def _type(found: Any, item: Any, imports: dict[str, set[str]]) -> str:
    if get_origin(found) is Literal:
        imports.setdefault("typing", set()).add("Literal")
        return f"Literal[{', '.join(_shown(value) for value in get_args(found))}]"
    if found is list and item is not None:
        return f"list[{_type(item, None, imports)}]"
    if found in _MODULES:
        imports.setdefault(_MODULES[found], set()).add("Any" if found is Any else found.__name__)
    return "Any" if found is Any else str(found.__name__)


def _shown(value: Any) -> str:
    """Python for a value, texts between double quotes."""
    if isinstance(value, str):
        text = repr(value)
        return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in text else text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_shown(name)}: {_shown(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(each) for each in value) + "]"
    return repr(value.value if isinstance(value, enum.Enum) else value)
