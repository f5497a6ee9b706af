"""From the settings of ports to the places where a server listens."""

from typing import Any

from mainspring.loader.errors import LoaderSettingError
from mainspring.rest.places import OpenPlace, Place

__all__ = ["open_place", "wanted_places"]

_FILES = ("cert_file", "key_file", "ca_file", "pfx_file")


def wanted_places(server: Any) -> list[Place]:
    """Where a server is to listen: http first, then https; none of those that are switched off.

    Raises:
        LoaderSettingError: https is on and has no options, or a port is none.
    """
    settings = server.get_settings()
    host = server.rest_server.serving.setting("host")
    places = []
    http = settings.port("http_port")
    if http is not None:
        places.append(Place("http", http[0] or host or "127.0.0.1", http[1]))
    https = settings.port("https_port")
    if https is not None:
        places.append(Place("https", https[0] or host or "127.0.0.1", https[1], ssl=_options(settings)))
    return places


def _options(settings: Any) -> Any:
    options = settings.get("https_options")
    if options is None:
        raise LoaderSettingError(
            "https_port", settings["https_port"], "https needs 'https_options', with cert_file and key_file"
        )
    if not isinstance(options, dict):
        return options
    return {key: settings.path(value) if key in _FILES and value else value for key, value in options.items()}


def open_place(server: Any, protocol: str) -> OpenPlace | None:
    """The place where a protocol is spoken now."""
    if not server.contains("servers.RestServer"):
        return None
    return next((place for place in server.rest_server.serving.open if place.protocol == protocol), None)
