"""An operation as it runs in the lane, and what its function leaves to others: whatever is not the rule.

The function of an operation (`compiling`) answers a request from end to end. Before the handler it hands odd arguments
and bodies to their plans; after it comes here what is no plain JSON, and what went wrong.
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import msgspec

from mainspring.rest.bodies import read_on
from mainspring.rest.exchange import CURRENT, SENT, Exchange, request_id_of
from mainspring.rest.heads import finished
from mainspring.rest.leaving import is_left
from mainspring.rest.operations import Operation
from mainspring.rest.pipeline import complete, conclude, fail, leave, refuse
from mainspring.rest.replying import JSON, reply_to
from mainspring.rest.tables import static_path
from mainspring.rest.tickets import exchange_of

__all__ = [
    "PLAIN_JSON",
    "DoorLines",
    "Run",
    "answer_with",
    "finish",
    "id_of",
    "read_and_call",
    "read_rest",
    "recover",
]

#: Content types of bodies that are plain JSON, as nearly everybody spells them.
PLAIN_JSON = frozenset({b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8"})
_WITHOUT_BODY = (204, 205, 304)


def _no_heads(_: int) -> dict[str, Any]:
    return {}


def _is_plain(*_: Any) -> bool:
    return True


class DoorLines(msgspec.Struct, frozen=True, eq=False):
    """What a door puts into the functions of operations: text, and what the text speaks of.

    Where a text needs to name the request it says ``{me}``: that is its ticket or its exchange.

    Attributes:
        parameters: Names of what the door hands over for a request.
        make: Makes an exchange of them.
        exchange: Lines that do the same in place, into ``exchange``.
        query: What tells the query.
        headers: What tells the list of header lines.
        looks: Lines that look at them,
        has_json: and what is true then of a request whose body is plain JSON, of a length that is known to be below
            ``LIMIT``,
        has_id: and of one whose client may have given an id.
        has_looked: Whether looking costs nothing worth a thought.
        body: Lines that put a body, of which nothing was read, into ``data``.
        begin: Lines before everything.
        send: Lines that send ``data`` with the status ``STATUS``, and ``known_id`` where ids are told.
        send_plainly: The same where no ids are told.
        end: Lines after everything, whatever happened.
        is_plain: Whether a request is handed over as all of them are that the lines are for.
        names: What the lines speak of,
        heads: and what they speak of that depends on the status.
        answer_with: ``await answer_with(me, result)`` answers with whatever a handler returned.
        recover: ``await recover(me, error)`` answers an error.
    """

    parameters: tuple[str, ...]
    make: Callable[..., Exchange]
    exchange: tuple[str, ...]
    query: str
    headers: str
    looks: tuple[str, ...]
    has_json: str
    has_id: str
    body: tuple[str, ...]
    begin: tuple[str, ...]
    send: tuple[str, ...]
    send_plainly: tuple[str, ...]
    end: tuple[str, ...]
    names: Mapping[str, Any]
    answer_with: Callable[[Any, Any], Coroutine[Any, Any, None]]
    recover: Callable[[Any, BaseException], Coroutine[Any, Any, None]]
    heads: Callable[[int], Mapping[str, Any]] = _no_heads
    is_plain: Callable[[Any, Any, Any], bool] = _is_plain
    has_looked: bool = False


class Run:
    """An operation as it is run for requests in the lane.

    Attributes:
        operation: The operation.
        plan: The server when it was compiled.
        door: The door it is for.
        verb: The verb it answers, in upper case.
        path: The path of all requests; ``None`` where it has variables.
        answer: Answers a request: a coroutine function of what the door hands over and the variables of the path.
        kind: The type of a result that was last found to be written as JSON.
        encode: Writes such a result.
        status: The status it is sent with.
    """

    __slots__ = ("_types", "answer", "door", "encode", "kind", "operation", "path", "plan", "status", "verb")

    def __init__(self, operation: Operation, plan: Any, door: DoorLines) -> None:
        self.operation, self.plan, self.door = operation, plan, door
        self.verb = operation.route.verb.upper()
        self.path = static_path(operation.route.template) if operation.route.template.is_static else None
        self.answer: Callable[..., Coroutine[Any, Any, None]] = _unanswered
        reply = operation.reply
        self.status = reply.status or 200
        self.kind: type | None = None
        self.encode: Callable[[Any], bytes] = reply.encode
        is_plain = reply.check is None and self.status not in _WITHOUT_BODY and self.verb != "HEAD"
        self._types: Mapping[type, int] = reply.types if is_plain else {}

    def is_json(self, result: Any) -> bool:
        """Whether a result is known to be written as JSON, with nothing else to say; the steps find that out."""
        if self._types.get(type(result)) != JSON:
            return False
        self.kind = type(result)
        return True


async def _unanswered(*_: Any) -> None:
    raise NotImplementedError


# Before the handler


async def read_and_call(me: Any, values: dict[str, Any], data: bytes | None = None) -> Any:
    """Read a body that is not plain by its plan, and call the handler.

    Args:
        me: The request.
        values: The values of the other parameters.
        data: The body, where it was received.
    """
    exchange = exchange_of(me)
    if data is not None:
        exchange.body_done, exchange.whole = True, data
    exchange.arguments = values
    operation = exchange.operation
    await operation.body.read(exchange, values)
    return await operation.call(exchange, values)


async def read_rest(me: Any, message: Any, limit: int) -> bytes:
    """The whole of a body, of which a door has received the first message.

    Raises:
        HttpError: 413 beyond the limit.
        ClientDisconnected: The client went away.
    """
    exchange = exchange_of(me)
    if message is not None:
        exchange.queue = [message]
    return await read_on(exchange, b"", limit)


# After it


def id_of(me: Any) -> bytes:
    """The id of a request whose client gave one."""
    return request_id_of(exchange_of(me))


async def answer_with(me: Any, result: Any) -> None:
    """Answer with whatever a handler returned."""
    exchange = exchange_of(me)
    exchange.result = result
    if result is SENT:
        return
    if exchange.started:
        await complete(exchange)
        return
    await conclude(exchange, finished(exchange, await reply_to(exchange, exchange.operation.reply, result)))


async def recover(me: Any, error: BaseException) -> None:
    """Answer an error.

    Raises:
        BaseException: What cannot be answered.
    """
    exchange = exchange_of(me)
    if isinstance(error, Exception):
        try:
            await conclude(exchange, await refuse(exchange, error))
            return
        except BaseException as failure:
            error = failure
    await fail(exchange, error)


async def finish(exchange: Exchange) -> None:
    """End a request of which somebody has asked something: what follows the response, and clean-up."""
    exchange.is_past = True
    if (exchange.context is None and exchange.request is None) or is_left(exchange):
        return
    token = CURRENT.set(exchange)
    try:
        await leave(exchange)
    finally:
        CURRENT.reset(token)
