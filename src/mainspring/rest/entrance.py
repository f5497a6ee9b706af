"""The ASGI door: what an ASGI server calls. Nothing behind it sees a scope or a message.

A request in the lane is answered in one function and the one of its operation, since every further call on the way
costs more than what most steps do. `pipeline.serve` is the same with a call for each part.
"""

import asyncio
from collections.abc import Iterator
from types import FrameType
from typing import Any

from mainspring.context.resolving import is_awaitable
from mainspring.rest.admitting import admit
from mainspring.rest.asgi import AsgiExchange, Receive, Scope, Send
from mainspring.rest.bodies import read_on
from mainspring.rest.context import is_left
from mainspring.rest.doors import Lifespan
from mainspring.rest.errors import ClientDisconnected
from mainspring.rest.exchange import CURRENT, REQUEST_ID, new_id_line, request_id_line
from mainspring.rest.heads import LENGTH_LINES
from mainspring.rest.lanes import Lane, answer_with, recover
from mainspring.rest.pipeline import fail, leave, serve
from mainspring.rest.writing import JSON_LINE

__all__ = ["Entrance", "answer"]

_set_current, _reset_current = CURRENT.set, CURRENT.reset


class Entrance:
    """Where calls for a server come in.

    Attributes:
        server: The server.
        outer: The ASGI middleware around it, which leads to an entrance of its own; ``None`` without any.
        lane: The way of most requests, while there is one.
        entrance: Itself, so that `answer` can be called with it.
    """

    __slots__ = ("entrance", "lane", "outer", "server")

    def __init__(self, server: Any) -> None:
        self.server = server
        self.outer: Any = None
        self.lane: Lane | None = None
        self.entrance = self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an ASGI call."""
        await answer(self, scope, receive, send)

    def tasks(self) -> set[asyncio.Task[Any]]:
        """The tasks in which requests for the server are answered in the lane, at this entrance or another one.

        A request does not ask for its task: that would cost it more than all else at the door, and only a server that
        stops wants to know. So it is found by what the tasks wait for.
        """
        return {task for task in asyncio.all_tasks() if any(map(self._is_answering, _awaited(task.get_coro())))}

    def _is_answering(self, frame: FrameType) -> bool:
        found = frame.f_locals if frame.f_code is answer.__code__ else {}
        return found.get("run") is not None and found["entrance"].server is self.server


def _awaited(waiting: Any) -> Iterator[FrameType]:
    """The frames of a coroutine and of those it waits for."""
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None)
        if frame is not None:
            yield frame
        waiting = getattr(waiting, "cr_await", None)


async def answer(  # noqa: C901, PLR0912, PLR0915 - all in one function: every further call costs every request
    self: Any, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer an ASGI call; a method of whatever has an ``entrance``, perhaps later."""
    entrance: Entrance = self.entrance or self.find_entrance()
    lane = entrance.lane
    if lane is None or lane.shape.plans is not lane.plans or scope.get("root_path"):
        await _enter(entrance, scope, receive, send)
        return
    raw: Any = scope.get("raw_path")
    exchange = AsgiExchange()
    run = lane.ready.get(raw)
    if run is None or run.verb != scope.get("method"):  # which a connection has not
        run = lane.find(exchange, scope["method"], raw) if raw and scope["type"] == "http" else None
        if run is None:
            await _enter(entrance, scope, receive, send)
            return
    lines = scope["headers"]
    if type(lines) is not list:
        lines = list(lines)
    exchange.scope = scope
    exchange.receive = receive
    exchange.send = send
    exchange.raw = raw
    exchange.raw_headers = lines
    exchange.raw_query = scope.get("query_string", b"")
    exchange.plan = lane.plan
    exchange.operation = run.operation
    # What is looked at in any case is faster found here than on the class.
    exchange.context = exchange.request = exchange.response = exchange.id_line = None
    exchange.started = False
    token: Any = _set_current(exchange)
    try:
        if run.reads:
            exchange.arguments = {} if run.collect is None else run.collect(exchange)
            if run.limit and run.has_plain_body(exchange):
                message = await receive()
                if message["type"] == "http.request" and not message.get("more_body", False):
                    exchange.body_done, exchange.whole = True, message.get("body", b"")
                else:
                    exchange.queue = [message]
                    exchange.whole = await read_on(exchange, b"", run.limit)
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
            head = [JSON_LINE, LENGTH_LINES[len(data)]]
            if lane.shows_request_id:
                for name, _ in lines:
                    if name == REQUEST_ID:
                        head.append(request_id_line(exchange))
                        break
                else:
                    exchange.id_line = line = exchange.id_line or new_id_line()
                    head.append(line)
            exchange.started, exchange.status = True, run.status
            # What a server schedules while it sends, a timer for the next request say, keeps what is current now.
            _reset_current(token)
            token = None
            try:
                await send({"type": "http.response.start", "status": run.status, "headers": head})
                await send({"type": "http.response.body", "body": data})
            except OSError as error:  # what ASGI servers raise when nobody is there any more
                exchange.disconnected = True
                raise ClientDisconnected from error
            exchange.completed = True
    except Exception as error:
        await recover(exchange, error)
    except BaseException as error:
        await fail(exchange, error)
    finally:
        exchange.is_past = True
        try:
            if (exchange.context is not None or exchange.request is not None) and not is_left(exchange):
                token = token or _set_current(exchange)
                await leave(exchange)
        finally:
            if token is not None:
                _reset_current(token)


async def _enter(entrance: Entrance, scope: Scope, receive: Receive, send: Send) -> None:
    """A call that is not for the lane, or comes before there is one."""
    server = entrance.server
    kind = scope["type"]
    if entrance.outer is not None:
        await entrance.outer(scope, receive, send)
    elif kind == "lifespan":
        await Lifespan(server).run(receive, send)
    elif kind == "websocket":
        from mainspring.rest.websocket_door import answer_websocket  # noqa: PLC0415 - few servers have WebSockets

        await answer_websocket(server, scope, receive, send)
    elif kind == "http":
        exchange = AsgiExchange.of(scope, receive, send)
        plan = await admit(server, exchange)
        if plan is not None:
            await _serve(server, exchange, plan)


async def _serve(server: Any, exchange: AsgiExchange, plan: Any) -> None:
    """Answer a request by the steps, counted among those in flight."""
    running = server.serving.tasks
    task = asyncio.current_task()
    counts = task not in running
    running.add(task)
    try:
        await serve(exchange, plan)
    finally:
        if counts:
            running.discard(task)
