"""Which settings a loader knows: their types, other names, and how their values are read. A table and checks."""

import enum
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from ssl import SSLContext
from typing import Any

from mainspring.context import BindingScope
from mainspring.loader.error_handler import GlobalErrorHandler
from mainspring.loader.errors import LoaderSettingError, SettingTypeError
from mainspring.loader.placeholders import snake_case
from mainspring.loader.setting_items import ITEM_CHECKS, is_open

__all__ = [
    "ALIASES",
    "CHECKS",
    "KINDS",
    "OLD_NAMES",
    "canonical",
    "check_setting",
    "name_read",
    "read_port",
    "scope_named",
]

#: Second names of settings.
ALIASES = {"port": "http_port", "imports": "components", "serve_static": "statics"}

#: Names of the model that people port from, with ours.
OLD_NAMES = {
    "rootDir": "root_dir",
    "componentsScan": "scan",
    "httpPort": "http_port",
    "httpsPort": "https_port",
    "httpsOptions": "https_options",
    "acceptMimes": "accept_mimes",
    "serveStatic": "statics",
    "serveStatics": "statics",
    "uploadDir": "upload_dir",
    "logRequestFields": "logger.request_fields",
}

_PORT = re.compile(r"(?:(?P<host>\[[^\]]+\]|[^:\[\]]*):)?(?P<port>\d+)")

#: What each setting may be, in words for messages and as types; ``None`` stands for a check of its own.
KINDS: dict[str, tuple[str, tuple[type, ...]]] = {
    "http_port": ("a port, 'host:port', or False", (int, str, type(None))),
    "https_port": ("a port, 'host:port', or False", (int, str, type(None))),
    "https_options": ("a mapping with cert_file and key_file, or an ssl.SSLContext", (Mapping, SSLContext, type(None))),
    "root_dir": ("a path", (str, Path)),
    "mount": ("a mapping of endpoints, or a list", (Mapping, list, tuple)),
    "scan": ("a list of patterns, modules and classes", (str, Path, list, tuple)),
    "exclude": ("a list of patterns", (str, list, tuple)),
    "components": ("a list of classes", (list, tuple)),
    "accept_mimes": ("a list of media types", (list, tuple)),
    "statics": ("a mapping of paths to folders", (Mapping,)),
    "logger": ("a mapping", (Mapping,)),
    "env": ("a text", (str,)),
    "version": ("a text", (str,)),
    "debug": ("True or False", (bool,)),
    "strict": ("True or False", (bool,)),
    "boot": ("True or False", (bool,)),
    "upload_dir": ("a path", (str, Path)),
    "scopes": ("a mapping of kinds to scopes", (Mapping,)),
    "middlewares": ("a list", (list, tuple)),
    "views": ("a mapping with root and engine", (Mapping,)),
    "routers": ("a mapping", (Mapping,)),
    "start_timeout": ("a number of seconds, or None", (int, float, type(None))),
}

#: Settings that are switches nowhere but by ``False``.
_OFF_BY_FALSE = ("http_port", "https_port", "start_timeout")


def canonical(key: str) -> str:
    """The name a setting is kept under.

    Raises:
        SettingTypeError: It is the name of another framework; ours is given.
    """
    if key in OLD_NAMES:
        raise SettingTypeError(key, f"is called {OLD_NAMES[key]!r} here")
    name = snake_case(key)
    if name != key and (name in KINDS or name in CHECKS):
        raise SettingTypeError(key, f"is called {name!r} here")
    return ALIASES.get(key, key)


def name_read(key: str) -> str:
    """The name a setting is kept under, of any spelling."""
    name = OLD_NAMES.get(key) or snake_case(key)
    return ALIASES.get(name, name)


def check_setting(key: str, value: Any) -> None:
    """Refuse a value that the setting cannot have. A text with a placeholder is checked when it is read.

    Raises:
        SettingTypeError: It is of a wrong type.
        LoaderSettingError: It is of the right type, and impossible.
    """
    if is_open(value):
        return
    words, kinds = KINDS.get(key, ("", (object,)))
    is_switch = isinstance(value, bool) and bool not in kinds and key in KINDS
    if not isinstance(value, kinds) or (is_switch and not (value is False and key in _OFF_BY_FALSE)):
        raise SettingTypeError(key, f"is {words}, not {value!r} ({type(value).__name__})")
    check = CHECKS.get(key)
    if check is not None:
        check(key, value)


def read_port(key: str, value: Any) -> tuple[str | None, int] | None:
    """Host (if there is one) and port of a setting; ``None`` when it is switched off.

    Raises:
        LoaderSettingError: It is no port.
    """
    if value is False or value is None:
        return None
    found = _PORT.fullmatch(str(value).strip())
    if found is None or int(found["port"]) > 65535:
        raise LoaderSettingError(key, value, "a port is a number from 0 (any free one) to 65535, or 'host:port'")
    return (found["host"] or "").strip("[]") or None, int(found["port"])


def scope_named(key: str, value: Any) -> BindingScope:
    """A scope by itself or by its name in any case.

    Raises:
        LoaderSettingError: There is no such scope.
        SettingTypeError: It is neither a scope nor a text.
    """
    if not isinstance(value, str):
        raise SettingTypeError(key, f"is a scope or its name, not {value!r}")
    try:
        return BindingScope(value.value if isinstance(value, enum.Enum) else value.lower())
    except ValueError:
        known = ", ".join(scope.value for scope in BindingScope)
        raise LoaderSettingError(key, value, f"a scope is one of {known}") from None


def _check_scopes(key: str, value: Mapping[str, Any]) -> None:
    for kind, scope in value.items():
        if kind not in ("controller", "service", "middleware"):
            raise LoaderSettingError(key, kind, "kinds are controller, service and middleware")
        if not is_open(scope):
            scope_named(f"{key}.{kind}", scope)


def _check_timeout(key: str, value: Any) -> None:
    if value is not None and value is not False and value <= 0:
        raise LoaderSettingError(key, value, "give a number of seconds above 0, or None for no limit")


def _check_error_handler(key: str, value: Any) -> None:
    if value is not None and not (isinstance(value, type) and issubclass(value, GlobalErrorHandler)):
        raise SettingTypeError(key, f"is a subclass of GlobalErrorHandler, not {value!r}")


#: What types do not say.
CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "http_port": read_port,
    "https_port": read_port,
    "scopes": _check_scopes,
    **ITEM_CHECKS,
    "start_timeout": _check_timeout,
    "error_handler": _check_error_handler,
}
