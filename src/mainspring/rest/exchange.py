"""One request and the way to answer it, as a door hands it to the pipeline. No door is known here.

A door subclasses `Exchange`: it fills in what the request line and the headers say, and implements reading and sending.
What the steps find out on their way (route, context, response) is kept here too, so that a request whose steps need
neither context nor response object makes neither.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Sequence
from contextvars import ContextVar
from struct import Struct
from typing import Any

import msgspec

from mainspring.rest.routes import RouteMatch

__all__ = [
    "CURRENT",
    "NEW_IDS",
    "REQUEST_ID",
    "SENT",
    "Exchange",
    "Header",
    "Reply",
    "lay_out",
    "new_id",
    "request_id_of",
]

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
        scope: What the door itself was given, for who asks for it.
        raw: The bytes of ``raw_path``, where the door has them.
        state: What the server's lifespan shares with requests.

        plan: What the server was when the request began.
        operation: The route made ready.
        values: The values of the path's variables, where they were found without a router.
        arguments: The values of its parameters.
        result: What the handler returned.
        body_done: Whether the last piece of the body was read.
        whole: The body, where it came at once and was read beforehand.
        context, request, response, writer, controller: Made when somebody asks for them.
        extra: Lines that every response to this request gets, from CORS say.
        vary: Names of request fields that every response to this request depends on.
        started: Whether the head of the response was sent.
        status: The status sent.
        known_id: The request's id, once somebody asked for it.
        completed: Whether the whole response was sent.
        disconnected: Whether the client was seen to be gone.
        is_past: Whether the request is over.
        is_reading: Whether somebody reads the body.
        pending: The door's next message, while somebody waits for it who looks for the client's leaving.
        queue: Messages of the door that were received so, and not read yet.
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
    scope: Any
    state: dict[str, Any]

    # On the class is what nobody has set: a request of which little is asked sets little.
    raw: bytes | None = None
    plan: Any = None
    _match: RouteMatch | None = None
    _path: Any = ...
    operation: Any = None
    values: Sequence[str] | None = None
    arguments: Any = None
    arguments_given: Any = None
    result: Any = None
    body_done: bool = False
    whole: bytes | None = None
    context: Any = None
    request: Any = None
    response: Any = None
    writer: Any = None
    controller: Any = None
    extra: list[Header] | None = None
    vary: tuple[str, ...] = ()
    started: bool = False
    status: int = 0
    completed: bool = False
    disconnected: bool = False
    known_id: bytes | None = None
    is_past: bool = False
    is_reading: bool = False
    pending: "asyncio.Future[Any] | None" = None
    queue: Sequence[Any] = ()

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

    def rewrite(self, method: str | None = None, raw_path: str | None = None) -> None:
        """Go on as if the request had come with another verb or another (undecoded) path."""
        if method is not None:
            self.method = method
        if raw_path is not None:
            self.raw_path = raw_path

    def release(self) -> None:
        """The request is over: nobody waits for anything of it any more."""

    # For everybody

    @property
    def match(self) -> RouteMatch | None:
        """The route and the values of its variables, after route finding."""
        found = self._match
        if found is None and self.operation is not None:
            found = self._match = RouteMatch(self.operation.route, tuple(self.values or ()))
        return found

    @match.setter
    def match(self, value: RouteMatch | None) -> None:
        self._match = value

    @property
    def path(self) -> str | None:
        """The part of ``raw_path`` below the base path; ``None`` when it is not below it."""
        found: Any = self._path
        return self.raw_path if found is ... else found

    @path.setter
    def path(self, value: str | None) -> None:
        self._path = value

    @property
    def request_id(self) -> str:
        """The id the client gave, if it is one, else a new random one."""
        return request_id_of(self).decode("ascii")

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


def lay_out(cls: type[Exchange], *names: str) -> None:
    """Give the attributes that most exchanges of a class get their places.

    CPython finds what an instance has by its place, and needs no dictionary for it, where the first instances of the
    class had it already. Without this, requests would be slower or faster by what the first ones happened to ask for.
    """
    first = cls.__new__(cls)
    for name in (*_COMMON, *names):
        setattr(first, name, None)


#: Not many more than these have room: 30 in all.
_COMMON = (
    *("plan", "operation", "context", "request", "response", "known_id", "started"),
    *("values", "arguments", "body_done", "whole", "controller", "result", "status", "completed", "is_past", "_match"),
)


def request_id_of(exchange: Exchange) -> bytes:
    """The id of a request: the one the client gave, if it is one, else a new random one."""
    found = exchange.known_id
    if found is None:
        given = exchange.header(REQUEST_ID)
        found = exchange.known_id = given if given is not None and _IS_ID(given) else new_id()
    return found


def new_id() -> bytes:
    """A new random id."""
    if not NEW_IDS:
        NEW_IDS.extend(_CUT(os.urandom(16 * _IDS_AT_ONCE).hex().encode()))
    return NEW_IDS.pop()


REQUEST_ID = b"x-request-id"

#: Ids that nobody had yet: the system is asked for many at once, which costs as much as asking for one.
NEW_IDS: list[bytes] = []
_IDS_AT_ONCE = 128
_CUT = Struct("32s" * _IDS_AT_ONCE).unpack

if hasattr(os, "register_at_fork"):  # a worker must not give the ids of its siblings
    os.register_at_fork(after_in_child=NEW_IDS.clear)


#: Stands for a reply when the response was sent already.
SENT = Reply(0, [], b"")

#: The exchange the running code belongs to, or its ticket (`tickets`).
CURRENT: ContextVar[Any] = ContextVar("mainspring.rest.exchange", default=None)
