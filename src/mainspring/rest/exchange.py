"""One request and the way to answer it, as a door hands it to the pipeline. No door is known here.

A door subclasses `Exchange`: it fills in what the request line and the headers say, and implements reading and sending.
What the steps find out on their way (route, context, response) is kept here too, so that a request whose steps need
neither context nor response object makes neither.
"""

import re
from collections.abc import AsyncIterator
from contextvars import ContextVar
from os import urandom
from typing import Any

import msgspec

__all__ = ["CURRENT", "SENT", "Exchange", "Header", "Reply", "request_id_of"]

Header = tuple[bytes, bytes]

_IS_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}").fullmatch


class Reply(msgspec.Struct, gc=False):
    """What is to be sent: status, header lines and a body of bytes, or an async iterator of them.

    ``headers`` of a body of bytes hold its length. A streamed body is closed by whoever sends it.

    Attributes:
        status: The status.
        headers: The lines, names in lower case; a list of its own, which the following steps may change.
        body: The body.
        background: A function called after the response is sent.
        ping: Seconds after which a stream of events that is silent gets a comment line.
        dropped: A streamed body that is not sent after all, to be closed.
    """

    status: int
    headers: list[Header]
    body: Any  # bytes | AsyncIterator[bytes]
    background: Any = None
    ping: float | None = None
    dropped: AsyncIterator[bytes] | None = None


class Exchange:
    """A request, and the way back. A door sets the first group, the steps the second.

    Attributes:
        method: As on the request line.
        raw_path: Path below the prefix the door cut off (``root_path``), percent-encoded, as Latin-1 text.
        raw_query: What follows the question mark.
        raw_headers: Pairs of bytes, names in lower case.
        scheme: ``http`` or ``https``.
        http_version: ``1.1``.
        client: Host and port of the peer.
        local: Host and port (or path and ``None``) of the socket it came to.
        root_path: The prefix under which this application is mounted.

        plan: What the server was when the request began.
        path: The part of ``raw_path`` below the base path; ``None`` when it is not below it.
        match: The route and the values of its variables, after route finding.
        operation: The route made ready.
        arguments: The values of its parameters.
        result: What the handler returned.
        context, request, response, writer, controller: Made when somebody asks for them.
        extra: Lines that every response to this request gets, from CORS say.
        vary: Names of request fields that every response to this request depends on.
        started: Whether the head of the response was sent.
        status: The status sent.
        completed: Whether the whole response was sent.
        disconnected: Whether the client was seen to be gone.
    """

    method: str
    raw_path: str
    raw_query: bytes
    raw_headers: list[Header]
    scheme: str
    http_version: str
    client: tuple[str, int] | None
    local: tuple[str, int | None] | None
    root_path: str

    # On the class, so that a request sets only what it comes to know.
    plan: Any = None
    path: str | None = None
    match: Any = None
    operation: Any = None
    arguments: Any = None
    arguments_given: Any = None
    result: Any = None
    context: Any = None
    request: Any = None
    response: Any = None
    writer: Any = None
    controller: Any = None
    extra: list[Header] | None = None
    vary: tuple[str, ...] = ()
    started = False
    status = 0
    completed = False
    disconnected = False
    _request_id: str | None = None

    # For a door to implement

    async def read(self) -> bytes | None:
        """The next piece of the body, ``None`` at its end.

        Raises:
            ClientDisconnected: The client went away first.
        """
        raise NotImplementedError

    async def start(self, status: int, headers: list[Header]) -> None:
        """Send the head.

        Raises:
            ClientDisconnected: Nobody listens any more.
        """
        raise NotImplementedError

    async def write(self, data: bytes, *, more: bool) -> None:
        """Send a piece of the body; returns when the next one may be made.

        Raises:
            ClientDisconnected: Nobody listens any more.
        """
        raise NotImplementedError

    async def respond(self, status: int, headers: list[Header], body: bytes) -> None:
        """Send head and body at once.

        Raises:
            ClientDisconnected: Nobody listens any more.
        """
        await self.start(status, headers)
        await self.write(body, more=False)

    async def wait_disconnected(self) -> None:
        """Return when the client is gone."""
        raise NotImplementedError

    async def is_disconnected(self) -> bool:
        """Whether the client is gone already."""
        raise NotImplementedError

    @property
    def scope(self) -> Any:
        """What the door itself was given, for who asks for it."""
        return None

    @property
    def state(self) -> dict[str, Any]:
        """What the server's lifespan shares with requests."""
        return {}

    # For everybody

    @property
    def request_id(self) -> str:
        """The id the client gave, if it is one, else a new random one."""
        found = self._request_id
        if found is None:
            found = self._request_id = request_id_of(self.raw_headers)
        return found

    @property
    def body_value(self) -> Any:
        """What the handler gets as body, after parsing."""
        operation, values = self.operation, self.arguments
        if not values or operation is None or operation.body is None or operation.body.body.parameter is None:
            return None
        return values.get(operation.body.body.parameter.name)

    def header(self, name: bytes) -> bytes | None:
        """The value of the first line of this (lower case) name."""
        for key, value in self.raw_headers:
            if key == name:
                return value
        return None


def request_id_of(headers: list[Header]) -> str:
    """The id that the client gave, if it is one, else a new random one."""
    for name, value in headers:
        if name == b"x-request-id":
            if _IS_ID(value):
                return value.decode("ascii")
            break
    return urandom(16).hex()


#: Stands for a reply when the response was sent already.
SENT = Reply(0, [], b"")

#: The exchange the running code belongs to.
CURRENT: ContextVar[Exchange | None] = ContextVar("mainspring.rest.exchange", default=None)
