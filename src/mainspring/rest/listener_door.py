"""The door of the own listener: a request as its connection has it becomes an exchange. Nothing behind it sees either.

What `entrance` is to ASGI. A task of its own belongs to each request, so what is set in its context goes with it.
"""

import asyncio
from collections.abc import Coroutine
from importlib.util import find_spec
from typing import Any

import msgspec

from mainspring.http import HttpError
from mainspring.listener import NO_HEAD, STATUS_LINES, AnyBody, Connection, Fields, Head, PeerGoneError
from mainspring.rest.admitting import admit
from mainspring.rest.errors import ClientDisconnected
from mainspring.rest.exchange import REQUEST_ID, Exchange, Header, lay_out
from mainspring.rest.heads import finished
from mainspring.rest.lanes import NO_LANE, Lane, NoLane
from mainspring.rest.mounts import call_outer
from mainspring.rest.pipeline import serve
from mainspring.rest.problems import problem_of, problem_reply
from mainspring.rest.runs import PLAIN_JSON, DoorLines, answer_with, recover
from mainspring.rest.tickets import exchange_of
from mainspring.rest.writing import JSON_TYPE

__all__ = ["ListenerDoor", "ListenerExchange"]


class _JsonHeads(dict[int, bytes]):
    """The head of an answer in JSON, without its length and the end of its last line, by status."""

    def __init__(self, last: bytes) -> None:
        super().__init__()
        self._last = last

    def __missing__(self, status: int) -> bytes:
        found = self[status] = b"".join((STATUS_LINES[status], b"content-type: ", JSON_TYPE, self._last))
        return found


JSON_HEADS = _JsonHeads(b"")
JSON_HEADS_WITH_ID = _JsonHeads(b"\r\nx-request-id: ")


class ListenerExchange(Exchange):
    """An exchange over a connection of the listener.

    Attributes:
        connection: The connection.
        head: The head of the request.
        body: Its body, where it has one.
    """

    connection: Connection
    head: Head
    body: AnyBody | None

    @staticmethod
    def of(connection: Connection, head: Head, body: AnyBody | None) -> "ListenerExchange":
        """The exchange of a request."""
        exchange = ListenerExchange()
        exchange.connection, exchange.head, exchange.body = connection, head, body
        exchange.scope = None
        return exchange

    @property
    def raw_headers(self) -> list[Header]:  # type: ignore[override]  # read-only here, as the following
        """Pairs of bytes, names in lower case."""
        return self.head.fields.lines

    @property
    def raw_query(self) -> bytes:  # type: ignore[override]
        """What follows the question mark."""
        return self.head.query

    @property
    def method(self) -> str:  # type: ignore[override]
        """As on the request line."""
        return self.head.method

    @property
    def raw_path(self) -> str:  # type: ignore[override]
        """The path as sent."""
        return self.head.path.decode("latin-1")

    root_path = ""

    @property
    def scheme(self) -> str:  # type: ignore[override]
        """``http`` or ``https``."""
        return self.connection.service.scheme

    @property
    def http_version(self) -> str:  # type: ignore[override]
        """``1.1``."""
        return self.head.fields.version

    @property
    def client(self) -> tuple[str, int] | None:  # type: ignore[override]
        """Host and port of the peer."""
        return self.connection.client

    @property
    def local(self) -> tuple[str, int | None] | None:  # type: ignore[override]
        """Host and port of the socket."""
        return self.connection.local

    @property
    def state(self) -> dict[str, Any]:  # type: ignore[override]
        """Nothing is shared by a lifespan here: the application itself is started."""
        return {}

    def rewrite(self, method: str | None = None, raw_path: str | None = None) -> None:
        """Go on as if the head had another verb or path; the connection's own head stays as it is."""
        head = self.head
        path = head.path if raw_path is None else raw_path.encode("latin-1")
        self.head = Head(method or head.method, path, head.query, head.fields)

    async def read(self) -> bytes | None:
        """The next piece of the body, ``None`` at its end."""
        body = self.body
        if self.body_done or body is None:
            self.body_done = True
            return None
        if body.expects:
            self.connection.say_continue()
        self.is_reading = True
        try:
            piece = await body.read()
        except PeerGoneError:
            self.disconnected = True
            raise ClientDisconnected from None
        if piece is None or body.is_read:
            self.body_done = True
        return piece

    async def respond(self, status: int, headers: list[Header], body: bytes) -> None:
        """Send head and body at once."""
        self.started = True
        self.status = status
        await self._out(self.connection.send, status, headers, body)
        self.completed = True

    async def start(self, status: int, headers: list[Header]) -> None:
        """Send the head."""
        self.started = True
        self.status = status
        await self._out(self.connection.start, status, headers)

    async def write(self, data: bytes, *, more: bool) -> None:
        """Send a piece of the body."""
        if self.completed:
            raise ClientDisconnected
        try:
            self.connection.write(data, more=more)
            if more:
                # What never waits must not be all that runs: whether the client is gone is heard between two turns.
                await (self.connection.drain() if self.connection.is_held_back else asyncio.sleep(0))
        except PeerGoneError:
            self.disconnected = True
            raise ClientDisconnected from None
        self.completed = not more

    async def _out(self, send: Any, *what: Any) -> None:
        try:
            send(*what)
        except PeerGoneError:
            self.disconnected = True
            raise ClientDisconnected from None

    async def wait_disconnected(self) -> None:
        """Return when the client is gone."""
        await self.connection.wait_gone()
        self.disconnected = True

    async def is_disconnected(self) -> bool:
        """Whether the client is gone already."""
        await asyncio.sleep(0)
        self.disconnected = self.connection.is_ended
        return self.disconnected


lay_out(ListenerExchange, "connection", "head", "body", "scope", "is_reading")


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What is asked about the header lines of each request: found out once for all that have the same.

    Attributes:
        has_json: Whether they announce a body of plain JSON, and how long it is.
        has_id: Whether they may hold an id.
    """

    has_json: bool
    has_id: bool


def facts_of(fields: Fields) -> Facts:
    """What is to be known of header lines, kept with them."""
    named = dict(fields.lines)
    is_told_once = len(named) == len(fields.lines)
    has_json = fields.length > 0 and named.get(b"content-type") in PLAIN_JSON and b"content-encoding" not in named
    fields.facts = found = Facts(has_json and is_told_once, REQUEST_ID in named)
    return found


async def _answer_with(me: Any, result: Any) -> None:
    """Answer with whatever a handler returned."""
    try:
        await answer_with(me, result)
    finally:
        _cut(exchange_of(me))


async def _recover(me: Any, error: BaseException) -> None:
    """Answer an error, if that is possible; else it is logged, and the connection cut."""
    exchange = exchange_of(me)
    try:
        if isinstance(error, PeerGoneError):
            exchange.disconnected = True
            return
        await recover(me, error)
    except Exception as raised:
        if raised is not error:
            raise
    finally:
        _cut(exchange)


def _cut(exchange: ListenerExchange) -> None:
    """Cut the connection of a request without a complete answer."""
    if not exchange.completed:
        exchange.connection.abort()


#: What the listener puts into the functions of operations.
LISTENER = DoorLines(
    parameters=("connection", "head", "body"),
    make=ListenerExchange.of,
    exchange=(
        "exchange = EXCHANGE()",
        "exchange.connection = connection",
        "exchange.head = head",
        "exchange.body = body",
        "exchange.scope = None",
    ),
    query="head.query",
    headers="head.fields.lines",
    looks=("facts = head.fields.facts or FACTS(head.fields)",),
    has_json="body is not None and facts.has_json and head.fields.length <= LIMIT",
    has_id="facts.has_id",
    has_looked=True,
    body=("data = body.take()", "if data is None: data = await READ_REST({me}, None, LIMIT)"),
    begin=("SET({me})",),
    send=("connection.answer(HEAD_WITH_ID, known_id, data)",),
    send_plainly=("connection.answer(HEAD, b'', data)",),
    end=(),
    names={"EXCHANGE": ListenerExchange, "FACTS": facts_of},
    heads=lambda status: {"HEAD": JSON_HEADS[status], "HEAD_WITH_ID": JSON_HEADS_WITH_ID[status]},
    answer_with=_answer_with,
    recover=_recover,
)


class ListenerDoor:
    """Where requests of the listener come in.

    Args:
        server: The server they are for.
        message_size: Bytes of the largest message of a WebSocket connection.
    """

    __slots__ = ("_has_websockets", "_lane", "_message_size", "_server")

    def __init__(self, server: Any, message_size: int) -> None:
        self._server = server
        self._lane: Lane | NoLane = NO_LANE
        self._message_size = message_size
        self._has_websockets = find_spec("websockets") is not None

    def serve(self, connection: Connection, head: Head, body: AnyBody | None) -> Coroutine[Any, Any, None]:
        """What answers a request."""
        lane = self._lane
        run = lane.ready.get(head.path)
        if run is not None and run.verb == head.method:
            return run.answer(connection, head, body)
        if not lane.is_open:
            lane = self._lane = self._server.entrance.lane.by(LISTENER)
        found: Coroutine[Any, Any, None] | None = lane.enter(head.method, head.path, connection, head, body)
        if found is not None:
            return found
        return self._enter(ListenerExchange.of(connection, head, body))

    async def upgrade(self, connection: Connection, head: Head, body: AnyBody | None) -> None:
        """Answer a request to speak another protocol; one that is not spoken is no reason to refuse it."""
        if head.fields.upgrade != b"websocket" or head.method != "GET" or not self._has_websockets:
            await self.serve(connection, head, body)
            return
        from mainspring.rest.listener_sockets import answer_socket  # noqa: PLC0415 - the library is an extra

        await answer_socket(self._server, connection, head, self._message_size)

    async def _enter(self, exchange: ListenerExchange) -> None:
        """A request that is not for the lane, or comes before there is one."""
        server = self._server
        if server.entrance.outer is not None:
            await self._guarded(exchange, call_outer(exchange, server.entrance.outer))
            return
        plan = await admit(server, exchange)
        if plan is not None:
            await self._guarded(exchange, serve(exchange, plan))
        elif not exchange.completed:
            exchange.connection.abort()

    async def _guarded(self, exchange: ListenerExchange, answering: Coroutine[Any, Any, None]) -> None:
        """Answer a request by the steps."""
        try:
            await answering
        except Exception:  # it is logged already
            return
        finally:
            if not exchange.completed:
                exchange.connection.abort()

    def refuse(self, connection: Connection, error: HttpError) -> tuple[list[Header], bytes]:
        """The answer to what is no request, in the error format of the server."""
        exchange = ListenerExchange.of(connection, NO_HEAD, None)
        exchange.plan = self._server.planning.plan()
        reply = finished(exchange, problem_reply(exchange, problem_of(error)))
        return reply.headers, reply.body
