"""Names in other spellings: of tables and keys (snake case), of properties on the wire (``rename``)."""

import re
from collections.abc import Callable
from typing import Any

__all__ = ["renaming", "snake_case"]

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\s\-.]+")


def snake_case(name: str) -> str:
    """``OrderLine`` is ``order_line``, ``HTTPServer`` is ``http_server``."""
    return "_".join(part for part in _WORDS.split(name) if part).lower()


def _words(name: str) -> tuple[str, list[str], str]:
    """Leading underscores, the words, trailing underscores."""
    core = name.strip("_")
    start = name[: len(name) - len(name.lstrip("_"))]
    return start, [word for word in core.split("_") if word], name[len(start) + len(core) :]


def _camel(name: str) -> str:
    start, words, _ = _words(name)
    return start + words[0] + "".join(word[:1].upper() + word[1:] for word in words[1:]) if words else name


def _pascal(name: str) -> str:
    start, words, _ = _words(name)
    return start + "".join(word[:1].upper() + word[1:] for word in words) if words else name


def _kebab(name: str) -> str:
    start, words, _ = _words(name)
    return start + "-".join(words) if words else name


_RENAMINGS: dict[str, Callable[[str], str]] = {"camel": _camel, "pascal": _pascal, "kebab": _kebab}


def renaming(setting: Any) -> Callable[[str], str] | None:
    """The function behind ``@model(rename=…)``; ``None`` when names stay.

    Raises:
        ValueError: There is no renaming of that name.
    """
    if setting is None:
        return None
    if callable(setting):
        return setting  # type: ignore[no-any-return]  # the author's own function; what it gives is checked where it is used
    if setting in _RENAMINGS:
        return _RENAMINGS[setting]
    raise ValueError(f"there is no renaming {setting!r}: give {', '.join(map(repr, _RENAMINGS))} or a function")
