"""Bodies of forms: ``application/x-www-form-urlencoded`` and ``multipart/form-data`` (RFC 7578)."""

import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mainspring.proxies.values import ArgumentFault, as_text, encode_pairs

__all__ = ["encode_form"]


def encode_form(fields: Mapping[str, Any], *, multipart: bool) -> tuple[bytes, str]:
    """A body and its media type.

    Args:
        fields: Values; lists give several fields of one name. A file is ``bytes``, a path, or
            ``(filename, bytes)`` or ``(filename, bytes, media type)``.
        multipart: Whether files may be among them.

    Raises:
        ArgumentFault: A name cannot be written.
    """
    pairs = [(name, item) for name, value in fields.items() for item in _items(value)]
    if not multipart:
        text = encode_pairs([(name, as_text(value)) for name, value in pairs])
        return text.encode("ascii"), "application/x-www-form-urlencoded"
    boundary = secrets.token_hex(16)
    body = b"".join(_part(boundary, name, value) for name, value in pairs)
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def _items(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield from (item for item in value if item is not None)
    elif value is not None:
        yield value


def _part(boundary: str, name: str, value: Any) -> bytes:
    filename, content, media = _file(value)
    line = f'Content-Disposition: form-data; name="{_quoted(name)}"'
    if filename is not None:
        line += f'; filename="{_quoted(filename)}"'
    if media is not None:
        if not media.isprintable():
            raise ArgumentFault(name, f"has {media!r} for a media type")
        line += f"\r\nContent-Type: {media}"
    return f"--{boundary}\r\n{line}\r\n\r\n".encode() + content + b"\r\n"


def _file(value: Any) -> tuple[str | None, bytes, str | None]:
    if isinstance(value, tuple):
        filename, content, *media = value
        return str(filename), bytes(content), str(media[0]) if media else "application/octet-stream"
    if isinstance(value, Path):
        return value.name, value.read_bytes(), "application/octet-stream"
    if isinstance(value, bytes | bytearray):
        return "file", bytes(value), "application/octet-stream"
    return None, as_text(value).encode(), None


def _quoted(text: str) -> str:
    """As browsers write names (HTML, "multipart form data"): what would end the quotes is percent-encoded."""
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
