"""A typed key is a name with a type beside it; both spellings address the same metadata."""

from typing import Any, Generic, TypeVar

__all__ = ["MetadataKey", "key_name"]

T = TypeVar("T")


class MetadataKey(Generic[T]):
    """The key of metadata whose value is a ``T`` to a type checker.

    ``AUDIT: MetadataKey[dict[str, str]] = MetadataKey("audit")``.

    Keys are equal when their names are. ``str(key)`` is the name.

    Raises:
        ValueError: The name is empty.
        TypeError: The name is not text.
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        check_name(name)
        self._name = name

    @property
    def name(self) -> str:
        """What it stands for; that it never changes lets keys be keys of mappings."""
        return self._name

    def __eq__(self, other: object) -> bool:
        return self._name == other._name if isinstance(other, MetadataKey) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f"MetadataKey({self._name!r})"

    def __str__(self) -> str:
        return self._name


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
