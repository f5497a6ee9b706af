"""The response as programs see it: the one in the making of a request, and ready-made ones that handlers return.

Both are of one class. Only the one in the making (``context.response``) can be written by hand.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from mainspring.http import ResponseHeaders
from mainspring.http.percent import uri_of
from mainspring.rest.errors import ResponseStartedError
from mainspring.rest.exchange import Exchange
from mainspring.rest.writing import OCTETS, TEXT, Writer

__all__ = ["FileResponse", "Response"]

T = TypeVar("T")


class _GuardedHeaders(ResponseHeaders):
    """Headers that cannot be changed once they are on their way."""

    __slots__ = ("exchange",)

    def __init__(self, exchange: Exchange) -> None:
        super().__init__()
        self.exchange = exchange

    def _check(self) -> None:
        if self.exchange.started:
            raise ResponseStartedError("headers")

    def append(self, name: str, value: str | int) -> None:
        """Add a line, keeping those of the same name.

        Raises:
            ResponseStartedError: The head is sent.
        """
        self._check()
        super().append(name, value)

    def __setitem__(self, name: str, value: str | int) -> None:
        self._check()
        super().__setitem__(name, value)

    def __delitem__(self, name: str) -> None:
        self._check()
        super().__delitem__(name)


class Response(Generic[T]):
    """What is answered.

    Args:
        body: What is sent, written as a handler's result is.
        status: The status.
        headers: Header fields, merged over those set on the response of the context.
        media_type: The ``Content-Type``; by default it follows from the body.
        background: A function called after the response is sent.
    """

    __mainspring_response__ = True

    __slots__ = ("_exchange", "_headers", "_status", "background", "body", "media_type")

    def __init__(
        self,
        body: Any = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: Any = None,
    ) -> None:
        self.body = body
        self.media_type = media_type
        self.background = background
        self._status: int | None = _checked_status(status)
        self._headers: ResponseHeaders | None = None
        self._exchange: Exchange | None = None
        for name, value in (headers or {}).items():
            self.headers[name] = value

    @classmethod
    def of(cls, exchange: Exchange) -> "Response[Any]":
        """The response in the making of an exchange."""
        response = cls()
        response._status = None
        response._exchange = exchange
        return response

    @property
    def exchange(self) -> Exchange:
        """The exchange it answers.

        Raises:
            RuntimeError: It is no request's.
        """
        if self._exchange is None:
            raise RuntimeError(
                "Only the response of a request can be written: return this one, or use context.response."
            )
        return self._exchange

    @property
    def status(self) -> int:
        """The status; 200 until it is set. Once the head is sent it is the one in there.

        Raises:
            ResponseStartedError: Set after the head was sent.
        """
        if self._exchange is not None and self._exchange.started:
            return self._exchange.status
        return 200 if self._status is None else self._status

    @status.setter
    def status(self, value: int) -> None:
        if self.headers_sent:
            raise ResponseStartedError("status")
        self._status = _checked_status(value)

    @status.deleter
    def status(self) -> None:
        self._status = None

    @property
    def given_status(self) -> int | None:
        """The status that was set, ``None`` when none was."""
        return self._status

    @property
    def headers(self) -> ResponseHeaders:
        """The header fields; assignment replaces, ``append`` adds a line."""
        if self._headers is None:
            self._headers = ResponseHeaders() if self._exchange is None else _GuardedHeaders(self._exchange)
        return self._headers

    @property
    def header_lines(self) -> list[tuple[bytes, bytes]]:
        """The lines that were set."""
        return self._headers.raw if self._headers is not None else []

    @property
    def headers_sent(self) -> bool:
        """Whether the head is on its way."""
        return self._exchange is not None and self._exchange.started

    def set_cookie(self, name: str, value: str = "", **attributes: Any) -> None:
        """Add a cookie.

        Args:
            name: A token.
            value: ASCII without blanks, quotes, commas, semicolons and backslashes.
            attributes: ``max_age`` (seconds), ``expires``, ``path`` (``/``), ``domain``, ``secure``, ``http_only``,
                ``same_site`` (``lax``), ``partitioned``; ``signed`` where a middleware signs cookies.

        Raises:
            ValueError: A character that cannot be in a cookie, or ``same_site="none"`` without ``secure``.
            RuntimeError: It is to be signed, and nothing signs cookies.
        """
        from mainspring.http.cookies import format_cookie  # noqa: PLC0415 - few handlers set cookies

        if attributes.pop("signed", False):
            exchange = self.exchange
            value = exchange.plan.context_of(exchange).request.signer.sign(name, value)
        self.headers.append("Set-Cookie", format_cookie(name, value, **attributes))

    def delete_cookie(self, name: str, *, path: str = "/", domain: str | None = None, **attributes: Any) -> None:
        """Make the client forget a cookie, which it knows by name, path and domain."""
        self.set_cookie(name, "", max_age=0, expires=_LONG_AGO, path=path, domain=domain, **attributes)

    # Writing by hand

    async def write(self, data: bytes | str) -> None:
        """Send a piece of the body, after the head if that was not sent; nothing else is added to the response.

        Raises:
            RuntimeError: The response is no request's.
            ClientDisconnected: The client went away.
        """
        self._describe(data)
        await self._writer().write(data)

    async def end(self, data: bytes | str | None = None) -> None:
        """Complete the response, perhaps with a last piece. A second call does nothing."""
        self._describe(data)
        await self._writer().end(data)

    async def redirect(self, location: str, status: int = 302) -> None:
        """Answer with a redirection.

        Raises:
            ValueError: The status is no redirection's, or the location has a line break in it.
        """
        if status not in (301, 302, 303, 307, 308):
            raise ValueError(f"A redirection has the status 301, 302, 303, 307 or 308, not {status!r}.")
        self.status = status
        self.headers["Location"] = uri_of(location)
        await self.end()

    def _describe(self, data: Any) -> None:
        if data is not None and not self.headers_sent and "content-type" not in self.headers:
            self.headers["Content-Type"] = (TEXT if isinstance(data, str) else OCTETS).decode()

    def _writer(self) -> Writer:
        exchange = self.exchange
        if exchange.writer is None:
            exchange.writer = Writer(exchange)
        return exchange.writer  # type: ignore[no-any-return]  # made above


class FileResponse(Response[Any]):
    """A file as response: conditions, ranges and chunks as for static files.

    Args:
        path: The file.
        filename: The name under which clients save it; by default the file's own.
        media_type: By default it follows from the name.
        inline: Whether clients are to show it rather than save it.
        status: The status, unless conditions or a range say otherwise.
        headers: Header fields.
    """

    __slots__ = ("filename", "inline", "path")

    def __init__(
        self,
        path: str | os.PathLike[str],
        filename: str | None = None,
        media_type: str | None = None,
        inline: bool = False,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        background: Any = None,
    ) -> None:
        super().__init__(None, status, headers, media_type, background)
        self.path = os.fspath(path)
        self.filename = filename if filename is not None else os.path.basename(self.path)
        self.inline = inline


_LONG_AGO = datetime.fromtimestamp(0, UTC)


def _checked_status(status: Any) -> int:
    if isinstance(status, bool) or not isinstance(status, int) or not 100 <= status <= 599:
        raise ValueError(f"A status is a number from 100 to 599, not {status!r}.")
    return int(status)
