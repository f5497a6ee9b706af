"""Percent-encoding, strictly: what does not decode is refused, never guessed."""

import re
from urllib.parse import unquote_to_bytes

from mainspring.errors import MainspringError

__all__ = ["PercentDecodingError", "decode_component", "decode_path_segment", "encode_path_value", "uri_of"]

_INCOMPLETE = r"%(?![0-9A-Fa-f]{2})"
_FOREIGN = r"[^\x00-\x7f]+"
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class PercentDecodingError(MainspringError, ValueError):
    """Text of a URL with an incomplete percent sequence, or whose bytes are no UTF-8.

    Remedy:
        It is the client's to encode the text as UTF-8; the answer is a 400.
    """

    status = 400

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text, reason)
        self.text, self.reason = text, reason

    def __str__(self) -> str:
        return f"{self.text!a} does not decode: {self.reason}. Percent-encode UTF-8."


def decode_component(text: str) -> str:
    """The meaning of a name or value of a query (or a form): percent sequences decoded, ``+`` a space.

    ``text`` is what was on the wire, byte by byte as Latin-1.

    Raises:
        PercentDecodingError: It has an incomplete sequence or is no UTF-8.
    """
    if "%" not in text and "+" not in text and text.isascii():
        return text
    return _decoded(text.replace("+", " "))


def decode_path_segment(text: str) -> str:
    """The meaning of a piece of a path: percent sequences decoded once, ``+`` itself. See ``decode_component``."""
    if "%" not in text and text.isascii():
        return text
    return _decoded(text)


def encode_path_value(value: str) -> str:
    """The text with everything percent-encoded that is not unreserved (RFC 3986), slashes included."""
    return "".join(
        chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in value.encode("utf-8", "surrogatepass")
    )


def uri_of(text: str) -> str:
    """An address as people write it, with what is outside ASCII percent-encoded (RFC 3987 section 3.1)."""
    return re.sub(_FOREIGN, lambda match: encode_path_value(match[0]), text)


def _decoded(text: str) -> str:
    if re.search(_INCOMPLETE, text):
        raise PercentDecodingError(text, "a percent sign is not followed by two hexadecimal digits")
    try:
        return unquote_to_bytes(text.encode("latin-1")).decode("utf-8")
    except UnicodeError as error:
        raise PercentDecodingError(text, "its bytes are no UTF-8") from error
