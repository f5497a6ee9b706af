"""How lists and objects are spelt in requests: the styles of OpenAPI (3.1, "Style Values", and RFC 6570)."""

from collections.abc import Mapping
from typing import Any

from mainspring.proxies.values import as_text, listed, members

__all__ = ["query_of", "simple"]

_SEPARATORS = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


def simple(value: Any, *, explode: bool = False) -> str:
    """A list as ``a,b``, an object as ``k,v`` (exploded ``k=v``); anything else is its text."""
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(listed(value))
    found = members(value)
    if found is None:
        return as_text(value)
    glue = "=" if explode else ","
    return ",".join(f"{name}{glue}{as_text(each)}" for name, each in found.items())


def query_of(name: str, value: Any, style: str, explode: bool | None) -> list[tuple[str, str]]:
    """The pairs of a query parameter.

    Args:
        name: In the query.
        value: Not ``None``.
        style: ``form``, ``spaceDelimited``, ``pipeDelimited`` or ``deepObject``.
        explode: By default true for ``form`` alone.
    """
    separate = explode if explode is not None else style == "form"
    if isinstance(value, list | tuple | set | frozenset):
        items = listed(value)
        return [(name, item) for item in items] if separate else [(name, _SEPARATORS.get(style, ",").join(items))]
    found = members(value)
    if found is None:
        return [(name, as_text(value))]
    if style == "deepObject":
        return _deep(name, found)
    if separate:
        return [(key, as_text(each)) for key, each in found.items() if each is not None]
    return [(name, simple(found))]


def _deep(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [pair for key, each in value.items() for pair in _deep(f"{name}[{key}]", each)]
    if isinstance(value, list):
        return [pair for each in value for pair in _deep(name, each)]
    return [] if value is None else [(name, as_text(value))]
