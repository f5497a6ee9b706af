"""Values to JSON texts. Which type they were declared as makes no difference, and so needs no codec."""

from collections import deque
from collections.abc import KeysView, Mapping, ValuesView
from typing import Any

import msgspec

from mainspring.openapi.adapters import adapter_of

__all__ = ["encode_json", "to_plain"]


def to_plain(value: Any) -> Any:
    """The JSON-ready form of what msgspec cannot encode.

    Raises:
        TypeError: It has none.
    """
    cls: Any = type(value)
    adapter = adapter_of(cls)
    if adapter is not None:
        return adapter.encode(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, deque | KeysView | ValuesView):
        return list(value)
    for kind in (str, int, float):  # subclasses of these that msgspec does not take for them
        if isinstance(value, kind):
            return kind(value)
    raise TypeError(f"Objects of type {type(value).__name__} have no JSON form.")


encode_json = msgspec.json.Encoder(enc_hook=to_plain).encode
"""The JSON text of a value, compact. ``TypeError``: something in it has no form; ``RecursionError``: it has itself."""
