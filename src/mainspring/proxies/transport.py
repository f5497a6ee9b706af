"""What carries requests: a protocol so small that any HTTP client fits behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from mainspring.errors import MainspringError

__all__ = ["RawResponse", "Transport", "TransportError"]


@dataclass(frozen=True, slots=True)
class RawResponse:
    """An answer as it came, content encodings undone."""

    status: int
    headers: list[tuple[bytes, bytes]]
    content: bytes


class TransportError(MainspringError):
    """There was no whole answer. ``reason`` goes on with "The request …".

    Remedy:
        Raise it from a transport of your own; callers see a `ServiceConnectionError` or `ServiceTimeoutError`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"The request {self.reason}."


class Transport(Protocol):
    """Sends requests over connections that it keeps; any number at the same time."""

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None, limit: int
    ) -> RawResponse:
        """Send one request and read the whole answer. A cancelled call leaves no connection in an unknown state.

        Args:
            method: In upper case.
            url: Absolute.
            headers: All of them but host and length.
            content: The body.
            limit: Most bytes of a body.

        Raises:
            TransportError: There was no answer, it broke off, or it was longer than the limit.
        """
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
