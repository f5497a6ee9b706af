"""Calling an ASGI application from the program itself, without a server or a socket between them.

For tests and tools. The application sees what a server would hand it, and answers into memory.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlencode

import msgspec

from mainspring.http import Headers

__all__ = ["InProcessAnswer", "call_in_process"]

_PATH_SAFE = "/%-._~!$&'()*+,;=:@"

Pairs = Mapping[str, Any] | Iterable[tuple[str, Any]]


class InProcessAnswer:
    """A response that was read to its end.

    Attributes:
        status: The status code.
        headers: The header fields, names without case.
        body: The bytes of the body.
        is_complete: Whether the application ended the body.
    """

    def __init__(self, status: int, headers: Headers, body: bytes, is_complete: bool) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.is_complete = is_complete

    def __repr__(self) -> str:
        return f"<InProcessAnswer {self.status} {self.body[:200]!r}>"

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            msgspec.DecodeError: It is none.
        """
        return msgspec.json.decode(self.body)


async def call_in_process(
    app: Any,
    method: str,
    path: str,
    *,
    query: Pairs | None = None,
    headers: Pairs | None = None,
    json: Any = msgspec.UNSET,
    body: bytes | str | None = None,
) -> InProcessAnswer:
    """Send one request to an ASGI application and read the whole answer.

    Args:
        app: The application.
        method: The verb, in any case.
        path: The path, undecoded or not, perhaps with a query.
        query: Added to the query of the path; a list or tuple as value repeats its name.
        headers: Header fields; ``host`` and the length of the body are added when absent.
        json: A body, sent as JSON.
        body: A body as it is.

    Raises:
        TypeError: Both bodies were given.
        Exception: What the application lets escape.
    """
    lines = [(name.lower(), str(value)) for name, value in _pairs(headers)]
    content = _content(lines, json, body)
    exchange = _Exchange(content)
    await app(_scope(method, path, _pairs(query), lines), exchange.receive, exchange.send)
    return exchange.answer()


def _pairs(given: Pairs | None) -> list[tuple[str, Any]]:
    if isinstance(given, Mapping):
        return [(str(name), value) for name, value in given.items()]
    return list(given or ())


def _content(lines: list[tuple[str, str]], json: Any, body: bytes | str | None) -> bytes:
    """The bytes of the body; what describes them is added to the header lines."""
    names = {name for name, _ in lines}
    if json is not msgspec.UNSET:
        if body is not None:
            raise TypeError("A request has one body: give json or body.")
        body = msgspec.json.encode(json)
        if "content-type" not in names:
            lines.append(("content-type", "application/json"))
    if "host" not in names:
        lines.insert(0, ("host", "localhost"))
    content = body.encode() if isinstance(body, str) else body or b""
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        lines.append(("content-length", str(len(content))))
    return content


def _scope(method: str, path: str, query: list[tuple[str, Any]], lines: list[tuple[str, str]]) -> dict[str, Any]:
    raw, _, own = path.partition("?")
    raw = quote(raw, safe=_PATH_SAFE)
    text = "&".join(filter(None, (quote(own, safe="%=&?/:@!$'()*+,;[]-._~"), urlencode(query, doseq=True))))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method.upper(),
        "scheme": "http",
        "path": unquote_to_bytes(raw).decode("utf-8", "surrogateescape"),
        "raw_path": raw.encode("ascii"),
        "query_string": text.encode("ascii"),
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 80),
        "state": {},
    }


class _Exchange:
    """The messages of one request and its answer."""

    def __init__(self, content: bytes) -> None:
        self._content: bytes | None = content
        self._start: Mapping[str, Any] | None = None
        self._pieces: list[bytes] = []
        self._ended = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        content, self._content = self._content, None
        if content is not None:
            return {"type": "http.request", "body": content, "more_body": False}
        await self._ended.wait()  # the client stays until it has its answer
        return {"type": "http.disconnect"}

    async def send(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body":
            self._pieces.append(bytes(message.get("body", b"")))
            if not message.get("more_body", False):
                self._ended.set()

    def answer(self) -> InProcessAnswer:
        start = self._start or {"status": 0, "headers": ()}
        return InProcessAnswer(
            start["status"], Headers(list(start.get("headers", ()))), b"".join(self._pieces), self._ended.is_set()
        )
