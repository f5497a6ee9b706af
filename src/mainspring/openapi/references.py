"""References within a document: ``#/components/...`` and ``#/$defs/...``, looked up, never over the network."""

from collections.abc import Mapping
from typing import Any

from mainspring.openapi.errors import DocumentError

__all__ = ["follow_pointer", "pointer_escape", "pointer_unescape", "resolve_reference"]

# A chain of references longer than this goes in a circle.
_CHAIN = 50


def pointer_escape(token: str) -> str:
    """A name as a step of a JSON pointer (RFC 6901)."""
    return token.replace("~", "~0").replace("/", "~1")


def pointer_unescape(token: str) -> str:
    """The name that a step of a JSON pointer says."""
    return token.replace("~1", "/").replace("~0", "~")


def follow_pointer(document: Any, reference: str) -> Any:
    """What ``#/a/b`` names in a document.

    Raises:
        KeyError: It names nothing there.
    """
    if not reference.startswith("#"):
        raise KeyError(reference)
    found = document
    for token in filter(None, reference[1:].split("/")):
        name = pointer_unescape(token)
        try:
            found = found[int(name)] if isinstance(found, list) else found[name]
        except (KeyError, IndexError, ValueError, TypeError):
            raise KeyError(reference) from None
    return found


def resolve_reference(value: Mapping[str, Any], components: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    """A mapping, or the one among the components that its ``$ref`` names, through other references.

    Raises:
        DocumentError: The reference names nothing, or goes in a circle.
    """
    document = {"components": components}
    found = value
    for _ in range(_CHAIN):
        reference = found.get("$ref")
        if reference is None:
            return found
        try:
            found = follow_pointer(document, reference)
        except KeyError:
            raise DocumentError(place, f"the reference {reference!r} names nothing; add it to the components") from None
    raise DocumentError(place, f"the reference {value['$ref']!r} goes in a circle")
