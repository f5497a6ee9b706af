"""Documents as text: JSON, and YAML of a plain kind that every reader of YAML 1.1 and 1.2 understands the same way."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["to_json_text", "to_yaml_text"]

_PLAIN = r"[A-Za-z][A-Za-z0-9_\-]*"
# Words that some readers take for something else than text.
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
# What must not stand in a text as it is: control characters, line separators, byte order marks, lone surrogates.
_UNPRINTABLE = "[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]"


def to_json_text(document: Any) -> str:
    """The document as JSON, indented by two."""
    return json.dumps(document, indent=2, ensure_ascii=False)


def to_yaml_text(document: Any) -> str:
    """The document as YAML in block style; every text that could be mistaken is quoted."""
    return "\n".join(_lines(document, 0)) + "\n"


def _lines(value: Any, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _member(f"{indent}{_text(str(key))}:", item, depth)
    elif isinstance(value, list | tuple) and value:
        for item in value:
            lines = list(_lines(item, depth + 1))
            yield f"{indent}- {lines[0].lstrip()}"
            yield from lines[1:]
    else:
        yield indent + _scalar(value)


def _member(start: str, item: Any, depth: int) -> Iterator[str]:
    if isinstance(item, Mapping | list | tuple) and item:
        yield start
        yield from _lines(item, depth + 1)
    else:
        yield f"{start} {_scalar(item)}"


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list | tuple):
        return "[]"
    text = json.dumps(value)
    if isinstance(value, float) and "e" in text and "." not in text:
        return text.replace("e", ".0e")  # without the dot YAML 1.1 takes it for text
    return text


def _text(text: str) -> str:
    if re.fullmatch(_PLAIN, text) and text.lower() not in _WORDS:
        return text
    return re.sub(_UNPRINTABLE, lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))
