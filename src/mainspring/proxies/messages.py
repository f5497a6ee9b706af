"""What goes to a remote service and what comes back, as plain records; and what a log may show of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from mainspring.http.headers import Headers

__all__ = ["RequestEvent", "ResponseEvent", "ServiceRequest", "ServiceResponse", "shown_headers", "shown_url"]

_HIDDEN_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
_MASK = "***"


@dataclass(slots=True)
class ServiceRequest:
    """One call on its way out.

    Attributes:
        method: The HTTP method, in upper case.
        url: Absolute, or to be joined to the base of the data source.
        headers: By name in lower case.
        content: The body.
        timeout: Seconds for the whole exchange, instead of the data source's.
        hidden_query: Query keys with secrets, in lower case.
        hidden_headers: Headers with secrets, in lower case.
    """

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    timeout: float | None = None
    hidden_query: frozenset[str] = frozenset()
    hidden_headers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ServiceResponse:
    """An answer of a remote service.

    Attributes:
        status: The HTTP status.
        headers: Case does not matter.
        body: Decoded JSON; text where the media type is one of text; else bytes; ``None`` without a body.
        method: Of the request.
        url: Of the request, without credentials.
        content: The bytes of the body, content encodings undone.
    """

    status: int
    headers: Headers
    body: Any
    method: str
    url: str
    content: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class RequestEvent:
    """What ``ds.on("request", fn)`` gets before each attempt; ``headers`` may be changed."""

    datasource: str
    method: str
    url: str
    headers: dict[str, str]
    content: bytes | None


@dataclass(frozen=True, slots=True)
class ResponseEvent:
    """What ``ds.on("response", fn)`` gets after each attempt that was answered; ``elapsed`` in seconds."""

    datasource: str
    method: str
    url: str
    status: int
    headers: Headers
    elapsed: float


def shown_url(url: str, hidden: frozenset[str]) -> str:
    """A URL without credentials: those before the host, and the values of the given query keys."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query=_shown_query(parts.query, hidden), fragment="").geturl()


def _shown_query(query: str, hidden: frozenset[str]) -> str:
    if not hidden:
        return query
    shown = []
    for pair in query.split("&"):
        key = pair.partition("=")[0]
        shown.append(f"{key}={_MASK}" if unquote(key).lower() in hidden else pair)
    return "&".join(shown)


def shown_headers(headers: Mapping[str, str], hidden: frozenset[str]) -> dict[str, str]:
    """Headers with the values of secret ones masked."""
    return {
        name: _MASK if name.lower() in _HIDDEN_HEADERS or name.lower() in hidden else value
        for name, value in headers.items()
    }
