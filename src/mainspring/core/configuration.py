"""The configuration of an application: as a typed mapping, and read from files and the environment."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_type_hints, overload

from mainspring.core.errors import ConfigurationError, ConfigurationProblem
from mainspring.core.settings import PREFIX

__all__ = ["ApplicationConfig", "load_config"]

T = TypeVar("T")


class ApplicationConfig(dict[str, Any]):
    """The configuration of an application: a mapping whose entries are attributes too.

    Args:
        name: The name of the application.
        shutdown: ``grace_period`` (seconds) and ``signals`` (names).
        components: Component classes mounted by the constructor of the application, in this order.
        sections: Any further sections (``rest``, ``logging``, …); they are kept as they are.

    What is not given is not in the mapping.
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        shutdown: Mapping[str, Any] | None = None,
        components: Sequence[type[Any]] | None = None,
        **sections: Any,
    ) -> None:
        known = {"name": name, "shutdown": shutdown, "components": components}
        super().__init__({key: value for key, value in known.items() if value is not None}, **sections)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"The configuration has no section {name!r}.") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (dict(self),)


def _restore(data: dict[str, Any]) -> ApplicationConfig:
    return ApplicationConfig(**data)


@overload
def load_config(*files: str | os.PathLike[str], prefix: str = ..., into: type[T]) -> T: ...
@overload
def load_config(*files: str | os.PathLike[str], prefix: str = ..., into: None = ...) -> dict[str, Any]: ...
def load_config(*files: str | os.PathLike[str], prefix: str = PREFIX, into: Any = None) -> Any:
    """Read a configuration: TOML and JSON files in order, the environment on top.

    Args:
        files: Later ones win over earlier ones; mappings merge, everything else replaces. ``"?name"`` may be missing.
        prefix: The beginning of variables that count: ``MAINSPRING_REST_PORT`` is ``rest.port``, ``__`` goes one level
            deeper (``MAINSPRING_SERVERS_ADMIN__PORT`` is ``servers.admin.port``). A value is JSON where it is JSON.
        into: A dataclass, Struct or TypedDict the result is converted to; a mapping without it. Keys are compared
            without regard to case, ``-`` and ``_`` alike.

    Raises:
        FileNotFoundError: A file is missing.
        ConfigurationError: A file is not valid, or entries are wrong or unknown: all of them, with their places.
    """
    from mainspring.core.layers import Layers  # noqa: PLC0415 - files are read by few, this room is imported by all

    layers = Layers()
    for file in files:
        layers.add_file(file)
    layers.add_environment(os.environ, prefix, _names_of(into))
    if into is None or into is dict:
        return layers.root.plain()
    if isinstance(into, type) and issubclass(into, ApplicationConfig):
        return into(**layers.root.plain())
    from mainspring.core.conversion import convert  # noqa: PLC0415 - msgspec is loaded only for typed configurations

    problems: list[ConfigurationProblem] = []
    value = convert(layers.root, into, "", problems)
    if problems:
        raise ConfigurationError(problems)
    return value


def _names_of(into: Any) -> list[str]:
    """The sections a type has."""
    if not isinstance(into, type) or issubclass(into, ApplicationConfig):
        return []
    try:
        return list(get_type_hints(into))
    except Exception:  # what cannot be evaluated is told when it is converted
        return list(getattr(into, "__annotations__", ()))
