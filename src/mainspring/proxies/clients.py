"""The HTTP client: httpx2. No other module names it.

Its transport is used without its client: that one keeps the cookies of all callers in one jar, and logs whole URLs.
"""

import ssl
from collections.abc import Mapping
from typing import Any

import httpx2

from mainspring.proxies.transport import RawResponse, TransportError

__all__ = ["HttpxTransport"]

#: Connections of one data source: those that may be open, and that may wait for the next call (as many clients do).
_CONNECTIONS = 100
_KEPT = 20
#: Seconds a connection may wait; less than the 5 s after which many servers close theirs.
_KEPT_FOR = 4.0

_NO_LIMITS = {"connect": None, "read": None, "write": None, "pool": None}


class HttpxTransport:
    """Connections of one data source.

    Args:
        settings: ``verify`` (``False``, a file of authorities, or an ``ssl.SSLContext``), ``cert`` (files of an own
            certificate), ``proxy`` (a URL), ``pool`` (``size``, ``keep_alive``, ``keep_alive_timeout`` in seconds).
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        pool = settings.get("pool") or {}
        size = pool.get("size", _CONNECTIONS)
        limits = httpx2.Limits(
            max_connections=size,
            max_keepalive_connections=pool.get("keep_alive", min(size, _KEPT)),
            keepalive_expiry=pool.get("keep_alive_timeout", _KEPT_FOR),
        )
        self._transport = httpx2.AsyncHTTPTransport(
            verify=_tls(settings), limits=limits, proxy=settings.get("proxy"), trust_env=False
        )

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None, limit: int
    ) -> RawResponse:
        """Send one request and read the whole answer.

        Raises:
            TransportError: There was no answer, it broke off, or it was longer than the limit.
        """
        extensions = {"timeout": _NO_LIMITS}  # the caller sets one for the whole exchange
        try:
            request = httpx2.Request(method, url, headers=headers, content=content, extensions=extensions)
            response = await self._transport.handle_async_request(request)
            try:
                body = await _read(response, limit)
            finally:
                await response.aclose()
        except (httpx2.RequestError, httpx2.InvalidURL, httpx2.StreamError) as error:
            raise TransportError(_words(error)) from error
        return RawResponse(response.status_code, list(response.headers.raw), body)

    async def close(self) -> None:
        """Close every connection."""
        await self._transport.aclose()


async def _read(response: httpx2.Response, limit: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > limit:
            raise TransportError(f"was answered by more than {limit} bytes; see the setting 'max_response_size'")
    return bytes(body)


def _words(error: Exception) -> str:
    what = str(error) or type(error).__name__
    if isinstance(error, httpx2.ConnectError):
        return f"could not connect ({what})"
    if isinstance(error, httpx2.DecodingError):
        return f"was answered by a body that does not decode ({what})"
    return f"was cut off ({what})"


def _tls(settings: Mapping[str, Any]) -> Any:
    verify, cert = settings.get("verify", True), settings.get("cert")
    if isinstance(verify, str):
        verify = ssl.create_default_context(cafile=verify)
    if cert is not None:
        verify = ssl.create_default_context() if verify is True else verify
        if isinstance(verify, ssl.SSLContext):
            verify.load_cert_chain(*([cert] if isinstance(cert, str) else cert))
    return verify
