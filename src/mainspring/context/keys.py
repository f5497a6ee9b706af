"""Addresses of bindings: texts, typed keys and classes, with property paths.

A key never knows a context or a binding. A property path (``config.rest#ssl.port``) belongs to the question, not to the
binding: it is read from the value after the value was resolved.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, NoReturn, TypeVar
from uuid import uuid4

from mainspring.context.errors import InvalidKeyError

__all__ = ["CONFIG_NAMESPACE", "BindingKey", "Key", "describe_type", "key_text", "read_path", "split_key"]

T = TypeVar("T")

CONFIG_NAMESPACE = "$config"


class BindingKey(Generic[T]):
    """A typed, immutable address: ``PORT: BindingKey[int] = BindingKey("rest.port")``.

    ``BindingKey("a#x")`` has the key ``a`` and the property path ``x``. Two keys are equal when key and path are; a
    ``BindingKey`` never equals a plain text, though both address the same binding.

    Raises:
        InvalidKeyError: The text is empty.
    """

    __slots__ = ("__weakref__", "_hash", "_text", "key", "property_path")

    CONFIG_NAMESPACE = CONFIG_NAMESPACE

    key: str
    property_path: str | None

    def __init__(self, key: str, property_path: str | None = None) -> None:
        if property_path is None:
            key, property_path = split_key(key)
        elif "#" in BindingKey.validate_text(key):
            raise InvalidKeyError(f"Key {key!r} must not contain '#' when a property path is given too.", key=key)
        put = object.__setattr__
        put(self, "key", BindingKey.validate(key.strip()))
        put(self, "property_path", property_path or None)
        put(self, "_text", f"{self.key}#{property_path}" if property_path else self.key)
        put(self, "_hash", hash((self.key, self.property_path)))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"A BindingKey is immutable: {name!r} of {self!r} cannot be set.")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"A BindingKey is immutable: {name!r} of {self!r} cannot be deleted.")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BindingKey):
            return NotImplemented
        return self.key == other.key and self.property_path == other.property_path

    def __hash__(self) -> int:
        return self._hash  # type: ignore[attr-defined, no-any-return]  # a slot set through object.__setattr__

    def __str__(self) -> str:
        return self._text  # type: ignore[attr-defined, no-any-return]  # a slot set through object.__setattr__

    def __repr__(self) -> str:
        return f"BindingKey({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return BindingKey, (str(self),)

    def __copy__(self) -> "BindingKey[T]":
        return self

    def __deepcopy__(self, memo: object) -> "BindingKey[T]":
        return self

    def deep_property(self, path: str) -> "BindingKey[Any]":
        """The same key with another property path."""
        return BindingKey.create(self.key, path)

    @staticmethod
    def create(key: str, property_path: str | None = None) -> "BindingKey[Any]":
        """A key from text and path.

        Raises:
            InvalidKeyError: The text has a path of its own (or is empty) and another one is given.
        """
        return BindingKey(key, property_path)

    @staticmethod
    def generate(namespace: str = "") -> "BindingKey[Any]":
        """A key never given before, in the namespace if there is one."""
        unique = uuid4().hex
        return BindingKey(f"{namespace}.{unique}" if namespace else unique)

    @staticmethod
    def validate_text(key: Any) -> str:
        """The text of a key, with or without a path.

        Raises:
            InvalidKeyError: It is no text, or empty.
        """
        if isinstance(key, BindingKey):
            return str(key)
        if not isinstance(key, str) or not key.strip():
            raise InvalidKeyError(f"A key must be a text that is not empty, not {key!r}.", key=str(key or ""))
        return key

    @staticmethod
    def validate(key: Any) -> str:
        """The text of a key that may have no path.

        Raises:
            InvalidKeyError: It is empty, no text, or contains ``#``.
        """
        text = BindingKey.validate_text(key)
        if "#" in text:
            raise InvalidKeyError(
                f"Binding key {text!r} must not contain '#': a property path belongs to get and inject.", key=text
            )
        return text

    @staticmethod
    def parse_key_with_path(text: "str | BindingKey[Any]") -> "BindingKey[Any]":
        """``k#p.q`` as a key with a path; blanks around the key part do not count."""
        if isinstance(text, BindingKey):
            return text
        key, path = split_key(text)
        return BindingKey(key.strip(), path or "")

    @staticmethod
    def build_key_for_config(key: "Key[Any]" = "") -> "BindingKey[Any]":
        """The key of the configuration of a binding: ``<key>:$config``, or ``$config``."""
        text = key if isinstance(key, str) else key_text(key)
        return BindingKey(f"{text}:{CONFIG_NAMESPACE}" if text else CONFIG_NAMESPACE)


Key = str | BindingKey[T] | type[T]


def split_key(text: Any) -> tuple[str, str | None]:
    """The key and the path of ``key#path``; an empty path is none."""
    key, mark, path = BindingKey.validate_text(text).partition("#")
    if mark and not key.strip():
        raise InvalidKeyError(f"Key {text!r} has nothing before '#'.", key=str(text))
    return key, path.strip() or None


def key_text(key: Any) -> str:
    """The text under which something is registered: of a class, its module and qualified name.

    Raises:
        InvalidKeyError: It is none of text, key and class, is empty, or has a path.
    """
    if type(key) is str:
        return BindingKey.validate(key)
    if isinstance(key, BindingKey):
        return BindingKey.validate(key)
    if isinstance(key, type) or hasattr(key, "__origin__"):
        return describe_type(key)
    return BindingKey.validate(key)


def describe_type(wanted: Any) -> str:
    """Module and qualified name of a class, the text of a parametrised generic."""
    if isinstance(wanted, type) and not hasattr(wanted, "__origin__"):
        return f"{wanted.__module__}.{wanted.__qualname__}"
    return str(wanted)


def read_path(value: Any, path: str, missing: Any = None) -> Any:
    """The value behind a property path: mapping keys, list indexes, attributes; ``missing`` where it leads nowhere.

    Nothing is called on the way.
    """
    for segment in path.split("."):
        if not segment:
            continue
        if value is None or value is missing:
            return missing
        if isinstance(value, Mapping):
            value = value.get(segment, missing)
        elif isinstance(value, Sequence) and not isinstance(value, str | bytes) and _is_index(segment):
            index = int(segment)
            value = value[index] if -len(value) <= index < len(value) else missing
        else:
            value = getattr(value, segment, missing)
    return value


def _is_index(segment: str) -> bool:
    return segment.isascii() and segment.lstrip("-").isdigit()
