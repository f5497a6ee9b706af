"""What is given to ``use`` like a middleware, and sets something of the whole server."""

from typing import Any

from mainspring.rest import RestBindings
from mainspring.rest.compression import Compression

__all__ = ["ServerOption", "compression"]

_OPTIONS = frozenset({"min_size", "encodings", "level"})


class ServerOption:
    """A setting of the server.

    Args:
        name: The name people know it by.
        key: The binding key of the setting.
        value: Its value.
    """

    def __init__(self, name: str, key: Any, value: Any) -> None:
        self.name, self.key, self.value = name, key, value


def compression(**options: Any) -> ServerOption:
    """Compress responses, as the setting ``compression`` of rest does.

    Args:
        options: ``min_size``, ``encodings``, ``level``.

    Raises:
        TypeError: An option is unknown.
        ValueError: A coding is.
    """
    unknown = sorted(set(options) - _OPTIONS)
    if unknown:
        raise TypeError(f"compression: {unknown[0]!r} is no option; known are {', '.join(sorted(_OPTIONS))}.")
    Compression(options)
    return ServerOption("compression()", RestBindings.COMPRESSION, options or True)
