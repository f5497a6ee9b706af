"""Addresses of bindings: texts, typed keys and classes, with property paths.

A key never knows a context or a binding. A property path (``config.rest#ssl.port``) belongs to the question, not to the
binding: it is read from the value after the value was resolved.
"""

import builtins
from collections.abc import Mapping, Sequence
from typing import Any, Generic, NewType, NoReturn, TypeVar, get_origin
from uuid import uuid4

from mainspring.context.errors import InvalidKeyError

__all__ = [
    "CONFIG_NAMESPACE",
    "BindingKey",
    "Key",
    "binding_address",
    "describe_type",
    "is_type",
    "key_text",
    "read_path",
    "split_key",
]

T = TypeVar("T")

CONFIG_NAMESPACE = "$config"


class BindingKey(Generic[T]):
    """A typed, immutable address: ``PORT: BindingKey[int] = BindingKey("rest.port")``.

    ``BindingKey("a#x")`` has the key ``a`` and the property path ``x``. Two keys are equal when key and path are; a
    ``BindingKey`` never equals a plain text, though both address the same binding. Of a class, the key addresses the
    binding that provides it: that is how a class gets a path.

    Raises:
        InvalidKeyError: The text is empty.
    """

    __slots__ = ("__weakref__", "_hash", "_text", "key", "property_path", "type")

    CONFIG_NAMESPACE = CONFIG_NAMESPACE

    key: str
    property_path: str | None
    type: Any

    def __init__(self, key: "str | builtins.type[T]", property_path: str | None = None) -> None:
        wanted = key if is_type(key) else None
        text = describe_type(wanted) if wanted is not None else BindingKey.validate_text(key)
        if not property_path:
            text, property_path = split_key(text)
        elif "#" in text:
            raise InvalidKeyError(f"Key {text!r} must not contain '#' when a property path is given too.", key=text)
        put = object.__setattr__
        put(self, "key", text)
        put(self, "property_path", property_path)
        put(self, "type", wanted)
        put(self, "_text", f"{text}#{property_path}" if property_path else text)
        put(self, "_hash", hash((text, property_path)))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"A BindingKey is immutable: {name!r} of {self!r} cannot be set.")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"A BindingKey is immutable: {name!r} of {self!r} cannot be deleted.")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BindingKey):
            return NotImplemented
        return (self.key, self.property_path, self.type) == (other.key, other.property_path, other.type)

    def __hash__(self) -> int:
        return self._hash  # type: ignore[attr-defined, no-any-return]  # a slot set through object.__setattr__

    def __str__(self) -> str:
        return self._text  # type: ignore[attr-defined, no-any-return]  # a slot set through object.__setattr__

    def __repr__(self) -> str:
        return f"BindingKey({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return BindingKey, (self.key if self.type is None else self.type, self.property_path)

    def __copy__(self) -> "BindingKey[T]":
        return self

    def __deepcopy__(self, memo: object) -> "BindingKey[T]":
        return self

    def deep_property(self, path: str) -> "BindingKey[Any]":
        """The same key with another property path."""
        return BindingKey(self.key if self.type is None else self.type, path)

    @staticmethod
    def create(key: "str | builtins.type[Any]", property_path: str | None = None) -> "BindingKey[Any]":
        """A key from a text or class and a path.

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
        if not isinstance(key, str):
            raise InvalidKeyError(f"A key is a text, a BindingKey or a type, not {key!r}.", key=str(key or ""))
        if not key.strip():
            raise InvalidKeyError(f"A key must be a text that is not empty, not {key!r}.", key=key)
        return str(key)

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
        return text if isinstance(text, BindingKey) else BindingKey(BindingKey.validate_text(text).strip())

    @staticmethod
    def build_key_for_config(key: "Key[Any]" = "") -> "BindingKey[Any]":
        """The key of the configuration of a binding: ``<key>:$config``, or ``$config``."""
        text = "" if key == "" else key_text(key)
        return BindingKey(f"{text}:{CONFIG_NAMESPACE}" if text else CONFIG_NAMESPACE)


Key = str | BindingKey[T] | type[T]


def split_key(text: Any) -> tuple[str, str | None]:
    """The key and the path of ``key#path``; an empty path is none, blanks around a key with a path do not count."""
    key, mark, path = BindingKey.validate_text(text).partition("#")
    if not mark:
        return key, None
    if not key.strip():
        raise InvalidKeyError(f"Key {text!r} has nothing before '#'.", key=str(text))
    return key.strip(), path or None


def key_text(key: Any) -> str:
    """The text under which something is registered: of a class, its module and qualified name.

    Raises:
        InvalidKeyError: It is none of text, key and class, is empty, or has a path.
    """
    if type(key) is str and "#" not in key and key.strip():  # most of them
        return key
    return describe_type(key) if is_type(key) else BindingKey.validate(key)


def binding_address(key: Any) -> Any:
    """What a key without a path looks for: a text, or the type of a class.

    Raises:
        InvalidKeyError: It is no key, is empty, or has a path.
    """
    text = key_text(key)
    if isinstance(key, BindingKey):
        return text if key.type is None else key.type
    return key if is_type(key) else text


def is_type(key: Any) -> bool:
    """Whether it asks for what provides a type: a class, a parametrised generic, a ``NewType``."""
    return isinstance(key, type | NewType) or get_origin(key) is not None


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
    return segment.isascii() and segment.removeprefix("-").isdigit()
