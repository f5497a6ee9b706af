"""The ASGI door: what an ASGI server calls. Nothing behind it sees a scope or a message.

A request in the lane is answered in one function and the one of its operation, since every further call on the way
costs more than what most steps do. `pipeline.serve` is the same with a call for each part.
"""

import asyncio
from typing import Any

from mainspring.rest.admitting import admit
from mainspring.rest.asgi import AsgiExchange, Receive, Scope, Send
from mainspring.rest.doors import Lifespan
from mainspring.rest.errors import ClientDisconnected
from mainspring.rest.exchange import CURRENT
from mainspring.rest.lanes import Lane
from mainspring.rest.pipeline import fail, is_left, leave, serve

__all__ = ["Entrance", "answer"]


#: The running tasks of all loops, where the interpreter tells. Mostly there is one loop, and asking which one it is
#: costs more than all else at the door does.
_TASKS: dict[Any, asyncio.Task[Any]] = getattr(asyncio.tasks, "_current_tasks", {})


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


async def answer(  # noqa: C901 - the whole way in one function: every further call costs every request
    self: Any, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer an ASGI call; a method of whatever has an ``entrance``, perhaps later."""
    entrance: Entrance = self.entrance or self.find_entrance()
    lane = entrance.lane
    if (
        lane is None
        or lane.shape.plans is not lane.plans
        or scope["type"] != "http"
        or scope.get("root_path")
        or not (raw := scope.get("raw_path"))
    ):
        await _enter(entrance, scope, receive, send)
        return
    exchange = AsgiExchange()
    exchange.scope, exchange.receive, exchange.send = scope, receive, send
    exchange.raw = raw
    exchange.begin(lane.plan)
    ready = lane.ready.get(scope["method"])
    run = ready.get(raw) if ready is not None else None
    if run is None:
        run = lane.find(exchange, scope["method"], raw)
        if run is None:
            await _serve(entrance.server, exchange, lane.plan)
            return
    task = asyncio.current_task() if len(_TASKS) != 1 else next(iter(_TASKS.values()))
    running = lane.running
    counts = task not in running  # a request that a handler makes of its own server is part of that one
    running.add(task)
    token = CURRENT.set(exchange)
    try:
        reply = await run(exchange)
        if reply is not None:
            exchange.started = True
            head, body = reply
            try:
                await send({"type": "http.response.start", "status": exchange.status, "headers": head})
                await send({"type": "http.response.body", "body": body, "more_body": False})
            except OSError as error:  # what ASGI servers raise when nobody is there any more
                exchange.disconnected = True
                raise ClientDisconnected from error
            exchange.completed = True
    except BaseException as error:
        await fail(exchange, error)
    finally:
        exchange.is_past = True
        try:
            if (exchange.context is not None or exchange.request is not None) and not is_left(exchange):
                await leave(exchange)
        finally:
            CURRENT.reset(token)
            if counts:
                running.discard(task)


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
