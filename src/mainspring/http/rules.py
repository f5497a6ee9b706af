"""What may stand in a header line: the checks that every other module of the room relies on.

Nothing that could end a header line early gets past this file, wherever it came from.
"""

import re
from functools import lru_cache

from mainspring.errors import MainspringError

__all__ = ["InvalidHeaderError", "checked_name", "checked_value", "is_token"]

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
# RFC 9110 section 5.5: visible characters, space, tab and obs-text. CR, LF and NUL split messages, others confuse.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class InvalidHeaderError(MainspringError, ValueError):
    """A header name that is no token, or a value that cannot stand in a header line.

    Remedy:
        Leave control characters and line ends out; a name has letters, digits and hyphens.
    """

    def __init__(self, name: str, value: str | None, reason: str) -> None:
        super().__init__(name, value, reason)
        self.name, self.value, self.reason = name, value, reason

    def __str__(self) -> str:
        shown = ascii(self.name) if self.value is None else f"{self.value!a} of {self.name!a}"
        what = "name" if self.value is None else "value"
        return f"Header {what} {shown} is not allowed: {self.reason}. Percent-encode or remove what is not allowed."


def is_token(text: str) -> bool:
    """Whether the text is a token of RFC 9110 section 5.6.2, as names of headers and cookies must be."""
    return _TOKEN.fullmatch(text) is not None


@lru_cache(maxsize=256)  # most responses repeat the same few names; bounded, since names may be generated
def checked_name(name: str) -> bytes:
    """The name as it goes on the wire, in lower case.

    Raises:
        InvalidHeaderError: It is no token.
    """
    if not isinstance(name, str) or not is_token(name):
        raise InvalidHeaderError(str(name), None, "a name consists of letters, digits and !#$%&'*+-.^_`|~")
    return name.lower().encode("ascii")


def checked_value(name: str, value: str | int) -> bytes:
    """The value as it goes on the wire: Latin-1, without white space around it.

    Raises:
        InvalidHeaderError: It has a line break, NUL or another control character, or a character outside Latin-1.
        TypeError: It is neither text nor a number.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise TypeError(
            f"The value of header {name!r} must be text, not {type(value).__name__}. Convert it with str()."
        )
    if _FORBIDDEN.search(value):
        raise InvalidHeaderError(name, value, "it has a line break or another control character")
    try:
        return value.strip(" \t").encode("latin-1")
    except UnicodeEncodeError as error:
        raise InvalidHeaderError(name, value, "it has a character outside Latin-1") from error
