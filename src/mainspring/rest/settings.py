"""The ``rest`` section: which settings there are, of which type, with which default, and under which key each is bound.

A table and the functions that read it. The bindings are the live values; nothing here remembers one.
"""

from collections.abc import Mapping
from typing import Any

from mainspring.context import BindingKey, BindingType
from mainspring.context.resolving import locate
from mainspring.http import TrustedProxies, join_paths
from mainspring.rest.errors import SettingError
from mainspring.rest.keys import RestBindings

__all__ = [
    "DEFAULTS",
    "SERVERS",
    "SETTING_KEYS",
    "SETTING_TYPES",
    "as_options",
    "base_path_of",
    "bound_value",
    "check_settings",
    "cors_of",
    "setting_of",
    "size_of",
    "versioning_of",
]

_SWITCH_OR_MAPPING = bool | dict[str, Any]
_SECONDS = float | None

#: The type of each setting, for text from the environment.
SETTING_TYPES: dict[str, Any] = {
    "server": str,
    "host": str,
    "port": int,
    "path": str,
    "protocol": str,
    "ssl": dict[str, Any],
    "base_path": str,
    "listen_on_start": bool,
    "grace_period": _SECONDS,
    "keep_alive_timeout": float,
    "headers_timeout": float,
    "max_headers": int,
    "max_connections": int | None,
    "reuse_port": bool,
    "proxy_protocol": bool,
    "access_log": bool,
    "request_timeout": _SECONDS,
    "cancel_on_disconnect": bool,
    "cors": _SWITCH_OR_MAPPING,
    "compression": _SWITCH_OR_MAPPING,
    "openapi": dict[str, Any],
    "explorer": dict[str, Any],
    "request_body_parser": dict[str, Any],
    "router": dict[str, Any],
    "sequence": Any,
    "error_format": str,
    "error_writer": dict[str, Any],
    "trusted_proxies": int | list[str],
    "allowed_hosts": list[str],
    "request_id": bool,
    "versioning": dict[str, Any],
    "validation": dict[str, Any],
    "validate_responses": bool,
    "sse_ping": float,
    "ws_max_size": int,
}

#: The key each setting is bound at.
SETTING_KEYS: dict[str, BindingKey[Any]] = {
    **{name: getattr(RestBindings, name.upper()) for name in SETTING_TYPES if hasattr(RestBindings, name.upper())},
    "request_body_parser": RestBindings.REQUEST_BODY_PARSER_OPTIONS,
    "router": RestBindings.ROUTER_OPTIONS,
    "error_writer": RestBindings.ERROR_WRITER_OPTIONS,
}

#: What holds when nothing is configured and nothing bound. A setting that is missing here is unbound then.
DEFAULTS: dict[str, Any] = {
    "server": "mainspring",
    "host": "127.0.0.1",
    "port": 3000,
    "protocol": "http",
    "base_path": "",
    "listen_on_start": True,
    "keep_alive_timeout": 5.0,
    "headers_timeout": 10.0,
    "max_headers": 100,
    "max_connections": None,
    "reuse_port": False,
    "proxy_protocol": False,
    "access_log": False,
    "request_timeout": None,
    "cancel_on_disconnect": False,
    "cors": None,
    "compression": None,
    "openapi": {},
    "explorer": {},
    "router": {},
    "error_format": "problem",
    "trusted_proxies": None,
    "allowed_hosts": None,
    "request_id": True,
    "versioning": None,
    "validation": {},
    "validate_responses": False,
    "sse_ping": 15.0,
    "ws_max_size": 16 * 1024 * 1024,
}

_OPENAPI = ("consolidate", "disabled", "endpoint_mapping", "errors", "servers", "set_servers_from_request", "version")
_FORMATS = ("problem", "loopback")
_PROTOCOLS = ("http", "https")
SERVERS = ("mainspring", "uvicorn", "hypercorn", "granian")


def bound_value(server: Any, key: BindingKey[Any], default: Any = None) -> Any:
    """What is bound to a key without a path as a server sees it: for settings, nearly all of which are plain values.

    They are asked for by the dozen whenever a plan of the server is made; a plan of the context for each would not pay.
    """
    found = locate(server, key.key)
    if found is None:
        return default
    source = found[0].source
    if source is not None and source.type is BindingType.CONSTANT:
        return source.value
    return server.get_sync(key, optional=True)


def setting_of(server: Any, name: str) -> Any:
    """The value of a setting of a server as it is bound now, its default where nothing is."""
    return bound_value(server, SETTING_KEYS[name], DEFAULTS.get(name))


def as_options(value: Any, name: str) -> dict[str, Any]:
    """A setting that is a mapping or an object with attributes, as a new mapping; nothing and ``True`` are empty.

    Raises:
        SettingError: It is something else.
    """
    if value is None or value is True:
        return {}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, str | bytes | int | float | list | tuple):
        raise SettingError(name, value, "give a mapping or an object with attributes")
    fields = getattr(value, "__struct_fields__", None) or getattr(value, "__dataclass_fields__", None)
    return {key: getattr(value, key) for key in (fields or vars(value)) if not key.startswith("_")}


def check_settings(values: Mapping[str, Any]) -> None:
    """Refuse settings that cannot be, at once rather than at the first request.

    Raises:
        SettingError: A value is impossible; it is named.
        ValueError: So is one of ``cors``, ``trusted_proxies`` or a size.
    """
    port = values.get("port")
    if port is not None and (isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535):
        raise SettingError("port", port, "a port is a number from 0 (any free one) to 65535")
    for name, known in (("error_format", _FORMATS), ("protocol", _PROTOCOLS), ("server", SERVERS)):
        if values.get(name) is not None and values[name] not in known:
            raise SettingError(name, values[name], f"it is one of {', '.join(known)}")
    for name in ("grace_period", "request_timeout", "keep_alive_timeout", "headers_timeout"):
        seconds = values.get(name)
        if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0):
            raise SettingError(name, seconds, "it is a number of seconds")
    versioning_of(values.get("versioning"))
    cors_of(values.get("cors"))
    TrustedProxies(values.get("trusted_proxies"))
    _check_openapi(values.get("openapi"))
    _check_sizes(values.get("request_body_parser"))


# What most servers do without is imported by those that have it.


def versioning_of(setting: Any) -> Any:
    """The `Versioning` that a setting means, ``None`` when there is none."""
    if setting is None:
        return None
    from mainspring.rest.versions import Versioning  # noqa: PLC0415 - see above

    return Versioning.of(setting)


def cors_of(setting: Any) -> Any:
    """The `CorsOptions` that a setting means, ``None`` when it is off."""
    if setting is None or setting is False:
        return None
    from mainspring.http import CorsOptions  # noqa: PLC0415 - see above

    return CorsOptions.from_config(setting)


def size_of(setting: Any) -> int:
    """The bytes that a setting means."""
    from mainspring.http import parse_size  # noqa: PLC0415 - see above

    return parse_size(setting)


def _check_openapi(options: Any) -> None:
    for name in as_options(options, "openapi"):
        if name not in _OPENAPI:
            way_out = "what the document says of the application is given to set_metadata(...) or api(...)"
            raise SettingError("openapi", {name: "…"}, f"its options are {', '.join(_OPENAPI)}; {way_out}")


def _check_sizes(options: Any) -> None:
    for name, value in as_options(options, "request_body_parser").items():
        if name == "limit":
            size_of(value)
        elif isinstance(value, Mapping):
            for key in ("limit", "file_size", "field_size"):
                if value.get(key) is not None:
                    size_of(value[key])


def base_path_of(setting: Any) -> str:
    """A base path as requests have it: with a leading slash and none at its end; nothing for the root."""
    return join_paths(setting or "").rstrip("/")
