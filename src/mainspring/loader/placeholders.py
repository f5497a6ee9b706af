"""``${key}`` in settings: replaced by the value of another setting, or of an environment variable, when it is read."""

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from mainspring.loader.errors import PlaceholderError

__all__ = ["ABSENT", "Interpolation", "has_placeholder", "snake_case"]

#: What a lookup gives for a setting that there is not.
ABSENT: Any = type("Absent", (), {"__repr__": lambda _self: "<absent>", "__slots__": ()})()

_PLACEHOLDER = re.compile(r"\$(?P<escape>\$)?\{(?P<key>[^{}]*)\}")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def has_placeholder(text: str) -> bool:
    """Whether there is anything to replace in a text."""
    return "${" in text and _PLACEHOLDER.search(text) is not None


def snake_case(key: str) -> str:
    """``rootDir`` as ``root_dir``; every part of a dotted path."""
    if key.islower():  # as nearly all are
        return key
    return ".".join(_HUMP.sub("_", part).lower() if _HUMP.search(part) else part for part in key.split("."))


class Interpolation:
    """Replaces the placeholders in one setting.

    Args:
        setting: The setting, for messages.
        lookup: The raw value of a dotted path, `ABSENT` if there is none.
    """

    def __init__(self, setting: str, lookup: Callable[[str], Any]) -> None:
        self._setting = setting
        self._lookup = lookup
        self._way: list[str] = [setting]

    def value(self, raw: Any) -> Any:
        """The value with every placeholder in it replaced; mappings and lists are new ones.

        Raises:
            PlaceholderError: One has no value, or leads back to itself.
        """
        if isinstance(raw, str):
            return self._text(raw)
        if isinstance(raw, Mapping):
            return {self._text(key) if isinstance(key, str) else key: self.value(item) for key, item in raw.items()}
        if type(raw) in (list, tuple, set):
            return type(raw)(self.value(item) for item in raw)
        return raw

    def _text(self, text: str) -> Any:
        if "${" not in text:
            return text
        whole = _PLACEHOLDER.fullmatch(text)
        if whole is not None and not whole["escape"]:
            return self._replaced(whole["key"])
        return _PLACEHOLDER.sub(self._part, text)

    def _part(self, found: re.Match[str]) -> str:
        return found[0][1:] if found["escape"] else str(self._replaced(found["key"]))

    def _replaced(self, key: str) -> Any:
        if key.startswith("env:"):
            return self._from_environment(key, key.removeprefix("env:"))
        for spelling in dict.fromkeys((key, snake_case(key))):
            raw = self._lookup(spelling)
            if raw is not ABSENT:
                return self._followed(spelling, raw)
        return self._from_environment(key, key)

    def _from_environment(self, placeholder: str, name: str) -> Any:
        found = os.environ.get(name)
        if found is None:
            raise PlaceholderError(self._setting, placeholder)
        return self._followed(f"env:{name}", found)

    def _followed(self, key: str, raw: Any) -> Any:
        if key in self._way:
            raise PlaceholderError(self._setting, key, [*self._way[self._way.index(key) :], key])
        self._way.append(key)
        try:
            return self.value(raw)
        finally:
            self._way.pop()
