"""What the configuration of a data source says about calls, read once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from mainspring.http import InvalidHeaderError
from mainspring.proxies.values import basic_credentials, header_text
from mainspring.repository import DataSourceError

__all__ = ["CallSettings", "Retries", "base_of", "call_settings"]

#: Seconds for a whole exchange: longer than a slow page, shorter than what a client of ours waits for.
_TIMEOUT = 30.0
#: Bytes of a body. Answers are held in memory; more than this is a download, not an answer.
_MAX_RESPONSE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Retries:
    """How failed calls are repeated.

    Attributes:
        attempts: How often, beyond the first time.
        backoff: Seconds before the first repetition, doubled each time.
        max_delay: Seconds; a ``Retry-After`` beyond that is not waited for.
    """

    attempts: int = 0
    backoff: float = 0.1
    max_delay: float = 30.0


@dataclass(frozen=True, slots=True)
class CallSettings:
    """How calls are made.

    Attributes:
        headers: Sent with every request, by name in lower case.
        timeout: Seconds for a whole exchange, ``None`` for no limit.
        retries: How failed calls are repeated.
        max_response_size: Bytes.
        hidden_query: Query keys with secrets, in lower case.
        hidden_headers: Headers with secrets, in lower case, beside those that always are.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float | None = _TIMEOUT
    retries: Retries = field(default_factory=Retries)
    max_response_size: int = _MAX_RESPONSE
    hidden_query: frozenset[str] = frozenset()
    hidden_headers: frozenset[str] = frozenset()


def call_settings(datasource: str, settings: Mapping[str, Any]) -> CallSettings:
    """What the configuration says.

    Raises:
        DataSourceError: A setting is no such thing.
    """
    return CallSettings(
        headers=_headers(datasource, settings.get("headers")),
        timeout=_seconds(datasource, "timeout", settings.get("timeout", _TIMEOUT), optional=True),
        retries=_retries(datasource, settings.get("retries", 0)),
        max_response_size=_count(datasource, "max_response_size", settings.get("max_response_size", _MAX_RESPONSE)),
        hidden_query=_names(settings.get("hidden_query_keys")),
        hidden_headers=_names(settings.get("hidden_headers")),
    )


def base_of(datasource: str, name: str, url: Any) -> tuple[str, str | None]:
    """A base without credentials and query, and the value of ``Authorization`` that the credentials are.

    Raises:
        DataSourceError: It is no absolute HTTP URL.
    """
    parts = _split(url)
    if parts is None:
        raise DataSourceError(datasource, f"{name} is an absolute URL, http://… or https://…")
    if parts.query or parts.fragment:
        raise DataSourceError(datasource, f"{name} has a query or fragment; say it in the operations")
    user, at, host = parts.netloc.rpartition("@")
    name_part, _, password = user.partition(":")
    authorization = basic_credentials(unquote(name_part), unquote(password)) if at else None
    return parts._replace(netloc=host).geturl(), authorization


def _split(url: Any) -> SplitResult | None:
    """The parts of an absolute HTTP URL, ``None`` of anything else."""
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        valid = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if valid else None


def _headers(datasource: str, given: Any) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise DataSourceError(datasource, "headers is a mapping of names to values")
    try:
        return {name.lower(): header_text(name, value) for name, value in given.items() if value is not None}
    except InvalidHeaderError as error:  # its words have the value, which may be a secret
        raise DataSourceError(datasource, f"the header {error.name!a} is not allowed: {error.reason}") from None


def _retries(datasource: str, given: Any) -> Retries:
    if isinstance(given, Mapping):
        unknown = set(given) - {"attempts", "backoff", "max_delay"}
        if unknown:
            raise DataSourceError(datasource, f"retries has no {sorted(unknown)[0]!r}; attempts, backoff, max_delay")
        usual = Retries()
        return Retries(
            _count(datasource, "retries.attempts", given.get("attempts", usual.attempts)),
            _seconds(datasource, "retries.backoff", given.get("backoff", usual.backoff)) or 0.0,
            _seconds(datasource, "retries.max_delay", given.get("max_delay", usual.max_delay)) or 0.0,
        )
    return Retries(_count(datasource, "retries", given or 0))


def _count(datasource: str, name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise DataSourceError(datasource, f"{name} is a whole number from 0 on, not {value!r}")
    return value


def _seconds(datasource: str, name: str, value: Any, *, optional: bool = False) -> float | None:
    if value is None and optional:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0 or (optional and value == 0):
        raise DataSourceError(datasource, f"{name} is a number of seconds, not {value!r}")
    return float(value)


def _names(given: Any) -> frozenset[str]:
    names = [given] if isinstance(given, str) else given or ()
    return frozenset(str(name).lower() for name in names)
