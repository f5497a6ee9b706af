"""The settings of the context explorer: ``config["context_explorer"]``, its variables, and the component's own."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from mainspring.core.settings import effective_section
from mainspring.explorer.errors import ExplorerSettingError

__all__ = ["ExplorerSettings", "settings_of"]

SECTION = "context_explorer"
_TYPES: dict[str, Any] = {"path": str, "values": bool, "server": str}
_NAMES = (*_TYPES, "authorise")


class ExplorerSettings(Struct, frozen=True):
    """What can be said of the context explorer.

    Attributes:
        path: Where the page is, below the base path of the server.
        values: Whether values are shown, as far as they do not look secret.
        server: The name of the one server that has the page; all REST servers of the application without it.
        authorise: Whether a request may see it, in the place of the rule that holds without it.
    """

    path: str = "/context"
    values: bool = False
    server: str | None = None
    authorise: Callable[[Any], Any] | None = None


def settings_of(options: Any, config: Any) -> ExplorerSettings:
    """The settings of an application's options, with those of the component on top.

    Raises:
        ExplorerSettingError: One is unknown or impossible.
        ValueError: A variable does not convert; it is named.
    """
    if config is not None and not isinstance(config, Mapping):
        raise ExplorerSettingError("*", config, "give a mapping of settings")
    given = {**effective_section(options, SECTION, _TYPES), **(config or {})}
    for name, value in given.items():
        if name not in _NAMES:
            raise ExplorerSettingError(name, value, f"there is none of this name; there are {', '.join(_NAMES)}")
    settings = ExplorerSettings(**given)
    _check(settings)
    return settings


def _check(settings: ExplorerSettings) -> None:
    path = settings.path
    if not isinstance(path, str) or not path.strip("/") or set(path) & set("{}?#"):
        raise ExplorerSettingError("path", path, "give a path without variables, such as '/context'")
    if not isinstance(settings.values, bool):
        raise ExplorerSettingError("values", settings.values, "give True or False")
    if settings.server is not None and not isinstance(settings.server, str):
        raise ExplorerSettingError("server", settings.server, "give the name of a server, such as 'RestServer'")
    if settings.authorise is not None and not callable(settings.authorise):
        raise ExplorerSettingError("authorise", settings.authorise, "give a function of the request's context")
