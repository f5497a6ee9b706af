"""The ASGI door: what an ASGI server calls. Nothing behind it sees a scope or a message.

A request in the lane is answered by the function of its operation (`compiling`), which the door finds and gives to
the server to await: a coroutine of the door's own around it would cost every request. `pipeline.serve` does the same
for all others, with a call for each step.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator
from types import FrameType
from typing import Any, TypeVar

from mainspring.rest.admitting import admit
from mainspring.rest.asgi import AsgiExchange, Receive, Scope, Send
from mainspring.rest.doors import Lifespan
from mainspring.rest.errors import ClientDisconnected
from mainspring.rest.heads import LENGTH_LINES
from mainspring.rest.lanes import NO_LANE, Lane, NoLane, lane_of
from mainspring.rest.pipeline import serve
from mainspring.rest.runs import DoorLines, Run, answer_with, recover
from mainspring.rest.tickets import exchange_of
from mainspring.rest.writing import JSON_LINE

__all__ = ["ASGI", "Entrance", "answer"]

F = TypeVar("F", bound=Callable[..., Any])


def gone(me: Any) -> ClientDisconnected:
    """What to raise when nobody is there any more."""
    exchange_of(me).disconnected = True
    return ClientDisconnected()


_SEND = (
    # What a server schedules while it sends, a timer for the next request say, keeps what is current now.
    "RESET(token)",
    "token = None",
    "try:",
    "    await send({'type': 'http.response.start', 'status': STATUS, 'headers': head})",
    "    await send({'type': 'http.response.body', 'body': data})",
    "except OSError as error:  # what ASGI servers raise when nobody is there any more",
    "    raise GONE({me}) from error",
)

#: What ASGI puts into the functions of operations.
ASGI = DoorLines(
    parameters=("scope", "receive", "send"),
    make=AsgiExchange.of,
    exchange=(
        "exchange = EXCHANGE()",
        "exchange.scope = scope",
        "exchange.receive = receive",
        "exchange.send = send",
        "exchange.raw = scope['raw_path']",
    ),
    query="scope['query_string']",
    headers="scope['headers']",
    looks=("lines = scope['headers']", "fields = dict(lines)"),
    has_json=(
        "fields.get(b'content-type') in PLAIN_JSON and b'content-encoding' not in fields and len(fields) == len(lines) "
        # A length of fewer digits than the limit is below it; one that is not told is not plain.
        "and len(fields.get(b'content-length', NO_LENGTH)) < LIMIT_DIGITS"
    ),
    has_id="REQUEST_ID in fields",
    body=(
        "message = await receive()",
        "try:",
        "    data, more = message['body'], message['more_body']",
        "except KeyError:  # servers need not say so of an empty body, or of the last piece; nor is this always one",
        "    more = True",
        "if more: data = await READ_REST({me}, message, LIMIT)",
    ),
    begin=("token = SET({me})",),
    send=("head = [JSON_LINE, LENGTH_LINES[len(data)], (REQUEST_ID, known_id)]", *_SEND),
    send_plainly=("head = [JSON_LINE, LENGTH_LINES[len(data)]]", *_SEND),
    end=("if token is not None: RESET(token)",),
    names={
        "EXCHANGE": AsgiExchange,
        "JSON_LINE": JSON_LINE,
        "LENGTH_LINES": LENGTH_LINES,
        "NO_LENGTH": b"?" * 99,
        "GONE": gone,
    },
    answer_with=answer_with,
    recover=recover,
    # ASGI allows any iterable of lines; all servers send a list, which can be read twice.
    is_plain=lambda scope, receive, send: type(scope["headers"]) is list,  # noqa: ARG005 - the shape of the others
)


def _giving_coroutines(function: F) -> F:
    """Say of a plain function that it is to be awaited: servers tell by that which version of ASGI they meet."""
    if hasattr(inspect, "markcoroutinefunction"):
        return inspect.markcoroutinefunction(function)  # type: ignore[no-any-return]  # what it was given
    # Before Python 3.12 a flag of its code is all that says so, and all that the flag does.
    code = function.__code__
    function.__code__ = code.replace(co_flags=code.co_flags | inspect.CO_COROUTINE)
    return function


@_giving_coroutines
def answer(self: Any, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
    """Answer an ASGI call; a method of whatever has an ``entrance``, perhaps later."""
    entrance: Entrance = self.entrance or self.find_entrance()
    lane = entrance.lane
    try:
        raw = scope["raw_path"]
        run = lane.ready.get(raw)
        if run is not None and run.verb == scope["method"] and not scope["root_path"]:
            return run.answer(scope, receive, send)
        if lane.is_open and raw and not scope["root_path"]:
            found = lane.enter(scope["method"], raw, scope, receive, send)
            if found is not None:
                return found
    except KeyError:  # a connection has no method, and a server need not tell the rest
        pass
    return _enter(entrance, scope, receive, send)


class Entrance:
    """Where calls for a server come in.

    Attributes:
        server: The server.
        outer: The ASGI middleware around it, which leads to an entrance of its own; ``None`` without any.
        lane: The way of most requests; a closed one where there is none.
        entrance: Itself, so that `answer` can be called with it.
    """

    __slots__ = ("entrance", "lane", "outer", "server")

    def __init__(self, server: Any) -> None:
        self.server = server
        self.outer: Any = None
        self.lane: Lane | NoLane = NO_LANE
        self.entrance = self

    __call__ = answer

    def open_lane(self, plan: Any) -> None:
        """Have a lane for the server as it is, where it can have one."""
        if not self.lane.is_open or self.lane.plan is not plan:
            self.lane.close()
            self.lane = lane_of(plan, ASGI)

    def close_lane(self) -> None:
        """Look at each request that comes, one by one."""
        self.lane.close()
        self.lane = NO_LANE

    def tasks(self) -> set[asyncio.Task[Any]]:
        """The tasks in which requests for the server are answered in the lane, at this entrance or another one.

        A request does not ask for its task: that would cost it more than all else at the door, and only a server that
        stops wants to know. So it is found by what the tasks wait for.
        """
        return {task for task in asyncio.all_tasks() if any(map(self._is_answering, _awaited(task.get_coro())))}

    def _is_answering(self, frame: FrameType) -> bool:
        run = frame.f_globals.get("RUN") if frame.f_code.co_name == "answer" else None
        return isinstance(run, Run) and run.plan.server is self.server


def _awaited(waiting: Any) -> Iterator[FrameType]:
    """The frames of a coroutine and of those it waits for."""
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None)
        if frame is not None:
            yield frame
        waiting = getattr(waiting, "cr_await", None)


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
