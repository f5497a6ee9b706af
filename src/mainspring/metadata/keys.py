"""A typed key is a name with a type beside it; both spellings address the same metadata."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

__all__ = ["MetadataKey", "key_name"]

T = TypeVar("T")


@dataclass(frozen=True)
class MetadataKey(Generic[T]):
    """The key of metadata whose value is a ``T`` to a type checker.

    ``AUDIT: MetadataKey[dict[str, str]] = MetadataKey("audit")``.

    Keys are equal when their names are. ``str(key)`` is the name.

    Raises:
        ValueError: The name is empty.
        TypeError: The name is not text.
    """

    name: str

    def __post_init__(self) -> None:
        check_name(self.name)

    def __str__(self) -> str:
        return self.name


def key_name(key: MetadataKey[Any] | str) -> str:
    """The name a key stands for.

    Raises:
        ValueError: The text is empty.
        TypeError: It is neither a ``MetadataKey`` nor text.
    """
    if isinstance(key, MetadataKey):
        return key.name
    check_name(key)
    return key


def check_name(name: object) -> None:
    """Refuse a name that cannot address anything."""
    if not isinstance(name, str):
        raise TypeError(f"A metadata key is a MetadataKey or text, not {name!r}.")
    if not name:
        raise ValueError("A metadata key needs a name: the text is empty.")
