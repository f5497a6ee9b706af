"""Texts with placeholders: ``{name}``, ``{name=default}``, ``{name:int}``, ``{!name}`` for one that must be given."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from mainspring.openapi.parameters import MISSING
from mainspring.proxies.values import ArgumentFault, as_text

__all__ = ["Placeholder", "TextTemplate", "compiled", "fill", "parse_template", "placeholders_of"]

_PLACEHOLDER = re.compile(r"\{(!?)([^\W\d]\w*)(?:=([^{}]*?))?(?::([a-z]\w*))?\}")


def _integer(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError
    return int(value)


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError
    return value if isinstance(value, int | float) else float(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise ValueError


def _json(value: Any) -> Any:
    return msgspec.json.decode(value) if isinstance(value, str) else value


_TYPES: Mapping[str, Callable[[Any], Any]] = {
    "int": _integer,
    "integer": _integer,
    "float": _number,
    "number": _number,
    "bool": _boolean,
    "boolean": _boolean,
    "str": as_text,
    "string": as_text,
    "json": _json,
    "object": _json,
    "list": _json,
    "array": _json,
}


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A place for an argument; ``default`` is a text of the template."""

    name: str
    required: bool
    default: str | None
    type: str | None

    def value(self, arguments: Mapping[str, Any]) -> Any:
        """The argument, or the default; ``MISSING`` without both.

        Raises:
            ArgumentFault: It must be given, or does not convert.
        """
        given = arguments.get(self.name, MISSING)
        if given is None and self.default is not None:
            given = MISSING
        value = self.default if given is MISSING and self.default is not None else given
        if self.required and (value is MISSING or value is None):
            raise ArgumentFault(self.name, "is required")
        if value is MISSING or value is None or self.type is None:
            return value
        try:
            return _TYPES[self.type](value)
        except (ValueError, TypeError, OverflowError, msgspec.DecodeError) as error:
            raise ArgumentFault(self.name, f"is {value!r}, not of type {self.type!r}") from error


@dataclass(frozen=True, slots=True)
class TextTemplate:
    """A text with placeholders in it."""

    parts: tuple[str | Placeholder, ...]

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """Left to right."""
        return tuple(part for part in self.parts if isinstance(part, Placeholder))

    @property
    def exact(self) -> Placeholder | None:
        """The placeholder, if the text is nothing but one."""
        only = self.parts[0] if len(self.parts) == 1 else None
        return only if isinstance(only, Placeholder) else None

    def value(self, arguments: Mapping[str, Any]) -> Any:
        """The value itself of a text that is one placeholder, else a text; without a value ``MISSING`` or ``None``."""
        if self.exact is not None:
            return self.exact.value(arguments)
        filled = []
        for part in self.parts:
            value = part.value(arguments) if isinstance(part, Placeholder) else part
            if value is MISSING or value is None:
                return value
            filled.append(as_text(value))
        return "".join(filled)


def parse_template(text: str) -> TextTemplate:
    """Read a text.

    Raises:
        ValueError: A placeholder has an unknown type.
    """
    parts: list[str | Placeholder] = []
    position = 0
    for match in _PLACEHOLDER.finditer(text):
        if match.start() > position:
            parts.append(text[position : match.start()])
        parts.append(_placeholder(match))
        position = match.end()
    if position < len(text) or not parts:
        parts.append(text[position:])
    return TextTemplate(tuple(parts))


def _placeholder(match: re.Match[str]) -> Placeholder:
    bang, name, default, kind = match.groups()
    if kind is not None and kind not in _TYPES:
        if default is None:
            raise ValueError(f"the placeholder {match[0]} has no known type; there are {', '.join(_TYPES)}")
        default, kind = f"{default}:{kind}", None  # a colon of the default itself
    return Placeholder(name, bool(bang), default, kind)


def compiled(tree: Any) -> Any:
    """A tree of JSON data whose texts are read as templates."""
    if isinstance(tree, str):
        return parse_template(tree)
    if isinstance(tree, Mapping):
        return {key: compiled(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [compiled(value) for value in tree]
    return tree


def placeholders_of(tree: Any) -> Iterator[Placeholder]:
    """Those of a compiled tree, in its order."""
    if isinstance(tree, TextTemplate):
        yield from tree.placeholders
    elif isinstance(tree, Mapping):
        for value in tree.values():
            yield from placeholders_of(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from placeholders_of(value)


def fill(tree: Any, arguments: Mapping[str, Any]) -> Any:
    """The data of a compiled tree; members and items whose argument was not given are left out."""
    if isinstance(tree, TextTemplate):
        return tree.value(arguments)
    if isinstance(tree, Mapping):
        filled = {key: fill(value, arguments) for key, value in tree.items()}
        return {key: value for key, value in filled.items() if value is not MISSING}
    if isinstance(tree, list):
        return [value for value in (fill(item, arguments) for item in tree) if value is not MISSING]
    return tree
