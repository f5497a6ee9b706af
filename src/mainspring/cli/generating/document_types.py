"""JSON Schemas of a document as annotations, and its objects as model classes."""

import keyword
import re
from collections.abc import Callable, Mapping
from typing import Any

from mainspring.repository.naming import snake_case

__all__ = ["Types", "comment", "identifier", "quoted"]

Imports = Callable[..., None]

_TEXTS = {
    "date": ("date", "datetime"),
    "date-time": ("datetime", "datetime"),
    "uuid": ("UUID", "uuid"),
    "binary": ("bytes", ""),
    "byte": ("bytes", ""),
}
_PLAIN = {"integer": "int", "number": "float", "boolean": "bool", "string": "str", "null": "None"}
_PREFIX = "#/components/schemas/"


class Types:
    """The types of one document.

    Args:
        document: The document, with ``content`` and ``resolved``.
        module: Where its models are imported from.

    Attributes:
        classes: The lines of each model class that is used, by its name.
    """

    def __init__(self, document: Any, module: str) -> None:
        self.document = document
        self.module = module
        self.classes: dict[str, list[str]] = {}
        self._modules: dict[str, set[str]] = {}
        self._names: dict[str, str] = {}

    def annotation(self, schema: Any, add: Imports, models: set[str]) -> str:
        """The annotation of a schema.

        Args:
            schema: The schema, or a reference.
            add: Told of each module and name that the annotation needs.
            models: Gets the names of the models in it.
        """
        if not isinstance(schema, Mapping) or not schema:
            add("typing", "Any")
            return "Any"
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return self._of_reference(reference, add, models)
        found = self._of_schema(schema, add, models)
        return f"{found} | None" if schema.get("nullable") and "None" not in found else found

    def _of_reference(self, reference: str, add: Imports, models: set[str]) -> str:
        schema = self.document.resolved({"$ref": reference})
        if not isinstance(schema, Mapping) or not _is_object(schema):
            return self.annotation(schema, add, models)
        name = self._class_name(reference)
        models.add(name)
        return name

    def _class_name(self, reference: str) -> str:
        """The class of an object; made when it is first asked for."""
        if reference in self._names:
            return self._names[reference]
        words = re.split(r"[^A-Za-z0-9]+", reference.removeprefix(_PREFIX).rpartition("/")[2])
        name = "".join(word[:1].upper() + word[1:] for word in words if word)
        name = name if name[:1].isalpha() and not keyword.iskeyword(name) else f"Model{name}"
        while name in self.classes or name in ("Model", "Any"):
            name += "_"
        self._names[reference] = name
        self.classes[name] = []
        self.classes[name] = self._class_lines(name, self.document.resolved({"$ref": reference}))
        return name

    def _class_lines(self, name: str, schema: Mapping[str, Any]) -> list[str]:
        properties, required = self._members(schema)
        said = comment(str(schema.get("description") or f"``{name}`` of the document."))
        lines = ["@model()", f"class {name}(Model):", f'    """{said}"""', ""]
        for wire, each in properties.items():
            lines.append(self._property(str(wire), each, is_required=wire in required))
        return lines

    def _property(self, wire: str, schema: Any, *, is_required: bool) -> str:
        def add(module: str, *names: str) -> None:
            self._modules.setdefault(module, set()).update(names)

        models: set[str] = set()
        annotation = self.annotation(schema, add, models)
        if models:  # perhaps further down in the file
            annotation = f'"{annotation}"' if is_required else f'"{annotation} | None"'
        elif not is_required and annotation != "Any" and "None" not in annotation:
            annotation = f"{annotation} | None"
        name = identifier(wire)
        given = {"required": "True"} if is_required else {}
        if name != wire:
            given["rename"] = quoted(wire)
        if isinstance(schema, Mapping) and isinstance(schema.get("description"), str):
            given["description"] = quoted(comment(schema["description"]))
        listed = ", ".join(f"{key}={value}" for key, value in given.items())
        return f"    {name}: {annotation} = {f'field({listed})' if given else 'None'}"

    def _members(self, schema: Mapping[str, Any]) -> tuple[dict[str, Any], set[str]]:
        """The properties of an object, with those of what it is made of (``allOf``)."""
        properties: dict[str, Any] = {}
        required: set[str] = set()
        for part in schema.get("allOf", ()):
            more, needed = self._members(self.document.resolved(part))
            properties |= more
            required |= needed
        return {**properties, **schema.get("properties", {})}, required | set(schema.get("required", ()))

    def _of_schema(self, schema: Mapping[str, Any], add: Imports, models: set[str]) -> str:
        if "enum" in schema or "const" in schema:
            add("typing", "Literal")
            values = schema.get("enum", [schema.get("const")])
            return f"Literal[{', '.join(self.shown(each) for each in values)}]"
        for word in ("oneOf", "anyOf", "allOf"):
            if schema.get(word) and (word != "allOf" or len(schema[word]) == 1):
                return self._union([self.annotation(each, add, models) for each in schema[word]])
        kinds = schema.get("type")
        if isinstance(kinds, list):
            return self._union([self._of_schema({**schema, "type": each}, add, models) for each in kinds])
        return self._of_kind(kinds, schema, add, models)

    def _of_kind(self, kind: Any, schema: Mapping[str, Any], add: Imports, models: set[str]) -> str:
        if kind == "array":
            return f"list[{self.annotation(schema.get('items'), add, models)}]"
        if kind == "string" and schema.get("format") in _TEXTS:
            name, module = _TEXTS[schema["format"]]
            if module:
                add(module, name)
            return name
        if kind in _PLAIN:
            return _PLAIN[kind]
        more = schema.get("additionalProperties")
        if isinstance(more, Mapping) and more and not schema.get("properties"):
            return f"dict[str, {self.annotation(more, add, models)}]"
        add("typing", "Any")
        return "dict[str, Any]" if kind == "object" or _is_object(schema) else "Any"

    @staticmethod
    def _union(parts: list[str]) -> str:
        names = list(dict.fromkeys(each for part in parts for each in part.split(" | ")))
        if "Any" in names:
            return "Any"
        return " | ".join([each for each in names if each != "None"] + ["None"] * ("None" in names))

    def shown(self, value: Any) -> str:
        """A value of JSON as Python."""
        return quoted(value) if isinstance(value, str) else repr(value)

    def module_text(self, said: str) -> str:
        """The file of the models."""
        standard = "".join(
            f"from {module} import {', '.join(sorted(names))}\n" for module, names in sorted(self._modules.items())
        )
        names = "".join(f"    {quoted(each)},\n" for each in sorted(self.classes))
        body = "\n\n\n".join("\n".join(lines) for lines in self.classes.values())
        used = "field, model" if "field(" in body else "model"
        head = f'"""{comment(said)}"""\n\n{standard}' + ("\n" if standard else "")
        return (
            f"{head}from mainspring import {used}\nfrom mainspring.repository import Model\n\n"
            f"__all__ = [\n{names}]\n\n\n{body}\n"
        )


def _is_object(schema: Mapping[str, Any]) -> bool:
    """Whether a schema is an object with properties of its own."""
    return bool(schema.get("properties")) or (len(schema.get("allOf", ())) > 1)


def identifier(wire: str) -> str:
    """A name of Python for a name on the wire."""
    name = re.sub(r"\W+", "_", snake_case(re.sub(r"[^A-Za-z0-9_]+", " ", wire).strip())).strip("_").lower() or "value"
    name = name if not name[0].isdigit() else f"n{name}"
    return f"{name}_" if keyword.iskeyword(name) or name in ("self", "body") else name


def comment(text: str) -> str:
    """The first line of a text, as it may stand in a docstring."""
    line = next((each.strip() for each in text.splitlines() if each.strip()), "").replace("\\", "/").replace('"', "'")
    line = line if len(line) <= 100 else f"{line[:97].rstrip()}..."
    return line if line.endswith((".", "?", "!")) else f"{line}."


def quoted(text: str) -> str:
    """A text of Python between double quotes."""
    shown = repr(text)
    return f'"{shown[1:-1]}"' if shown[0] == "'" and '"' not in shown else shown
