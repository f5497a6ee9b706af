"""The HTTP client of a harness: httpx2 over the application itself, or over its socket."""

from collections.abc import Mapping
from typing import Any

from mainspring.errors import MainspringError

__all__ = ["ClientMissingError", "new_client"]


class ClientMissingError(MainspringError, ImportError):
    """The HTTP client library is not installed."""

    def __str__(self) -> str:
        return "The client of a harness is httpx2: install mainspring[testing], or use `await t.request(...)`."


def new_client(app: Any, url: str | None, headers: Mapping[str, str] | None = None) -> Any:
    """A client of the application: over the network where there is a URL, else in process.

    Args:
        app: The application.
        url: Where it listens.
        headers: What each request has.

    Raises:
        ClientMissingError: httpx2 is not installed.
    """
    try:
        import httpx2  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ClientMissingError from error
    if url is not None:
        return httpx2.AsyncClient(base_url=url, headers=headers, trust_env=False)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)
