"""The configuration of a data source: defaults, what was given, and what follows from the URL."""

import re
from collections.abc import Mapping
from typing import Any

from mainspring.repository.errors import DataSourceError

__all__ = ["effective_config", "inferred_connector", "masked"]

_SCHEMES: Mapping[str, str] = {
    "sqlite": "sqlite",
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
}

#: Other names of connectors.
_ALIASES: Mapping[str, str] = {"postgres": "postgresql", "mariadb": "mysql", "sqlite3": "sqlite"}

#: Parts that a URL holds already.
_URL_PARTS = ("host", "port", "user", "password", "database", "file")

_PASSWORD = re.compile(r"(?<=://)([^:/@\s]*):([^@\s]*)@")


def effective_config(cls: Any, given: Any) -> dict[str, Any]:
    """The settings of a data source of a class.

    Raises:
        DataSourceError: The configuration is no mapping.
    """
    name = cls.datasource_name or cls.__name__
    if given is not None and not isinstance(given, Mapping):
        raise DataSourceError(name, f"the configuration is a mapping, not {type(given).__name__}")
    settings = {**cls.default_config, **(given or {})}
    settings["name"] = str(
        (given or {}).get("name") or cls.datasource_name or settings.get("name") or _own_name(cls, settings)
    )
    return settings


def _own_name(cls: Any, settings: Mapping[str, Any]) -> str:
    connector = settings.get("connector")
    if cls.__name__ != "DataSource" or not isinstance(connector, str):
        return str(cls.__name__)
    return connector


def inferred_connector(name: str, settings: Mapping[str, Any]) -> Any:
    """The connector that was given, or that the URL says.

    Raises:
        DataSourceError: Neither says it, or parts contradict each other.
    """
    url = settings.get("url")
    if url is not None:
        beside = [part for part in _URL_PARTS if settings.get(part) is not None]
        if beside:
            raise DataSourceError(name, f"url and {', '.join(beside)} are both given; give the url or its parts")
    connector = settings.get("connector")
    scheme = _SCHEMES.get(str(url).partition(":")[0].partition("+")[0]) if url is not None else None
    if connector is None:
        if scheme is None:
            known = ", ".join(dict.fromkeys(_SCHEMES.values()))
            raise DataSourceError(name, f"neither connector nor a url with a known scheme is given; there are {known}")
        return scheme
    connector = _ALIASES.get(connector, connector) if isinstance(connector, str) else connector
    if url is not None and connector in _SCHEMES.values() and scheme != connector:
        raise DataSourceError(
            name, f"the connector is {connector!r}, but the url is of another kind: {masked(str(url))}"
        )
    return connector


def masked(text: str, *secrets: Any) -> str:
    """A text without passwords: of a URL in it, and the given ones."""
    text = _PASSWORD.sub(r"\1:***@", text)
    for secret in secrets:
        if secret:
            text = text.replace(str(secret), "***")
    return text
