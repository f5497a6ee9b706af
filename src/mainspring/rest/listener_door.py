"""The door of the own listener: a request as its connection has it becomes an exchange. Nothing behind it sees either.

What `entrance` is to ASGI. A task of its own belongs to each request, so what is set in its context goes with it.
"""

import asyncio
from collections.abc import Coroutine
from importlib.util import find_spec
from typing import Any

from mainspring.context.resolving import is_awaitable
from mainspring.http import HttpError
from mainspring.listener import NO_HEAD, STATUS_LINES, AnyBody, Connection, Head, PeerGoneError
from mainspring.rest.admitting import admit
from mainspring.rest.bodies import read_on
from mainspring.rest.context import is_left
from mainspring.rest.errors import ClientDisconnected
from mainspring.rest.exchange import CURRENT, REQUEST_ID, Exchange, Header, lay_out, new_id_line, request_id_line
from mainspring.rest.heads import finished
from mainspring.rest.lanes import answer_with, recover
from mainspring.rest.mounts import call_outer
from mainspring.rest.pipeline import fail, leave, serve
from mainspring.rest.problems import problem_of, problem_reply
from mainspring.rest.writing import JSON_TYPE

__all__ = ["ListenerDoor", "ListenerExchange"]

_set_current = CURRENT.set


class _JsonHeads(dict[int, bytes]):
    """The head of an answer in JSON, with a place for its length, by status."""

    def __init__(self, more: bytes) -> None:
        super().__init__()
        self._more = more

    def __missing__(self, status: int) -> bytes:
        line = STATUS_LINES[status].replace(b"%", b"%%")
        found = self[status] = b"".join((line, b"content-type: ", JSON_TYPE, b"\r\ncontent-length: %d\r\n", self._more))
        return found


JSON_HEADS = _JsonHeads(b"")
JSON_HEADS_WITH_ID = _JsonHeads(b"x-request-id: %b\r\n")


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
        exchange.raw_headers, exchange.raw_query = head.fields.lines, head.query
        exchange.scope = None
        return exchange

    @property
    def method(self) -> str:  # type: ignore[override]  # read-only here, as the following
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


class ListenerDoor:
    """Where requests of the listener come in.

    Args:
        server: The server they are for.
        message_size: Bytes of the largest message of a WebSocket connection.
    """

    __slots__ = ("_has_websockets", "_message_size", "_server")

    def __init__(self, server: Any, message_size: int) -> None:
        self._server = server
        self._message_size = message_size
        self._has_websockets = find_spec("websockets") is not None

    async def serve(  # noqa: C901, PLR0912, PLR0915 - all in one function: every further call costs every request
        self, connection: Connection, head: Head, body: AnyBody | None
    ) -> None:
        """Answer a request."""
        exchange = ListenerExchange()
        exchange.connection = connection
        exchange.head = head
        exchange.body = body
        exchange.raw_headers = lines = head.fields.lines
        exchange.raw_query = head.query
        # What is looked at in any case is faster found here than on the class.
        exchange.scope = exchange.context = exchange.request = exchange.response = exchange.id_line = None
        exchange.started = exchange.completed = False
        lane = self._server.entrance.lane
        if lane is None or lane.shape.plans is not lane.plans:
            await self._enter(exchange)
            return
        run = lane.ready.get(head.path)
        if run is None or run.verb != head.method:
            run = lane.find(exchange, head.method, head.path)
            if run is None:
                await self._guarded(exchange, serve(exchange, lane.plan))
                return
        exchange.plan = lane.plan
        exchange.operation = run.operation
        _set_current(exchange)
        try:
            if run.reads:
                exchange.arguments = {} if run.collect is None else run.collect(exchange)
                if run.limit and body is not None and run.has_plain_body(exchange):
                    exchange.whole = body.take()
                    if exchange.whole is None:
                        exchange.whole = await read_on(exchange, b"", run.limit)
                    else:
                        exchange.body_done = True
            result = run.start(exchange)
            if run.awaits or is_awaitable(result):
                result = await result
            exchange.result = result
            data = None
            if (type(result) is run.kind or run.is_json(result)) and exchange.response is None and not exchange.started:
                try:
                    data = run.encode(result)
                except Exception:
                    data = None  # it is encoded again, and the failure told
            if data is None:
                await answer_with(exchange, result)
            else:
                exchange.started = True
                exchange.status = status = run.status
                if lane.shows_request_id:
                    for name, _ in lines:
                        if name == REQUEST_ID:
                            line = request_id_line(exchange)
                            break
                    else:
                        exchange.id_line = line = exchange.id_line or new_id_line()
                    connection.answer(JSON_HEADS_WITH_ID[status], (len(data), line[1]), data)
                else:
                    connection.answer(JSON_HEADS[status], (len(data),), data)
                exchange.completed = True
        except PeerGoneError:
            exchange.disconnected = True
        except Exception as error:
            await self._told(recover(exchange, error), error)
        except BaseException as error:
            await self._told(fail(exchange, error), error)
        finally:
            exchange.is_past = True
            try:
                if (exchange.context is not None or exchange.request is not None) and not is_left(exchange):
                    await leave(exchange)
            finally:
                if not exchange.completed:
                    connection.abort()

    async def upgrade(self, connection: Connection, head: Head, body: AnyBody | None) -> None:
        """Answer a request to speak another protocol; one that is not spoken is no reason to refuse it."""
        if head.fields.upgrade != b"websocket" or head.method != "GET" or not self._has_websockets:
            await self.serve(connection, head, body)
            return
        from mainspring.rest.listener_sockets import answer_socket  # noqa: PLC0415 - the library is an extra

        await answer_socket(self._server, connection, head, self._message_size)

    @staticmethod
    async def _told(answering: Coroutine[Any, Any, None], error: BaseException) -> None:
        """Answer an error, if that is possible; it is logged, and the connection is cut without an answer."""
        try:
            await answering
        except Exception as raised:
            if raised is not error:
                raise

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
