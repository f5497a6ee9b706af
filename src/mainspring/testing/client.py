"""The HTTP client of a harness: httpx2 over the application itself, or over its socket."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from mainspring.errors import MainspringError

__all__ = ["ClientMissingError", "new_blocking_client", "new_client"]


class ClientMissingError(MainspringError, ImportError):
    """The HTTP client library is not installed.

    Remedy:
        Install it: ``pip install "mainspring[testing]"``.
    """

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
    httpx2 = _library()
    if url is not None:
        return httpx2.AsyncClient(base_url=url, headers=headers, trust_env=False)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)


def new_blocking_client(app: Any, url: str | None, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> Any:
    """The same for code without coroutines.

    Args:
        app: The application.
        url: Where it listens.
        run: Runs a coroutine in its event loop and waits.

    Raises:
        ClientMissingError: httpx2 is not installed.
    """
    httpx2 = _library()
    if url is not None:
        return httpx2.Client(base_url=url, trust_env=False)
    inner = httpx2.ASGITransport(app=app, raise_app_exceptions=False)

    class Transport(httpx2.BaseTransport):  # type: ignore[name-defined, misc]  # an extra
        """Asks the application in its own event loop."""

        def handle_request(self, request: Any) -> Any:
            """One request, read and answered as a whole."""
            request.read()
            return run(self._handle(request))

        async def _handle(self, request: Any) -> Any:
            answer = await inner.handle_async_request(request)
            pieces = [piece async for piece in answer.aiter_raw()]
            return httpx2.Response(
                answer.status_code, headers=answer.headers, stream=httpx2.ByteStream(b"".join(pieces))
            )

    return httpx2.Client(transport=Transport(), base_url="http://localhost")


def _library() -> Any:
    try:
        import httpx2  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ClientMissingError from error
    return httpx2
