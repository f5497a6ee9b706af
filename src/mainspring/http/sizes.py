"""Sizes of bodies as configuration writes them: ``2000``, ``"4mb"``."""

import re

from mainspring.errors import MainspringError

__all__ = ["InvalidSizeError", "parse_size"]

_SIZE = r"(?ai)(\d+(?:\.\d+)?)\s*(b|kb|mb|gb)?"
_UNITS = {"b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3}


class InvalidSizeError(MainspringError, ValueError):
    """Something that is no size.

    Remedy:
        Give a number of bytes, or a number with ``kb``, ``mb`` or ``gb``.
    """

    def __init__(self, value: object) -> None:
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        return f"{self.value!r} is no size. Give a number of bytes, or a text with b, kb, mb or gb such as '4mb'."


def parse_size(value: int | str) -> int:
    """The size in bytes; units count in steps of 1024, in any case. A fraction of a byte is dropped.

    Raises:
        InvalidSizeError: It is negative, or says no size.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = re.fullmatch(_SIZE, value.strip()) if isinstance(value, str) else None
    if match is None:
        raise InvalidSizeError(value)
    number, unit = match[1], _UNITS[(match[2] or "b").lower()]
    return int(number) * unit if number.isdigit() else int(float(number) * unit)
