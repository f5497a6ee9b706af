"""The walk: every step of a request, in order. Nothing else knows the order; no step knows another one.

``serve`` is what a door calls. ``walk`` is the default sequence when nothing is registered in it, the short way of the
same steps that `sequences` runs as links of a chain.
"""

import asyncio
import contextlib
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from mainspring.http import HttpError, HttpErrors
from mainspring.rest.actions import deliver, refused, reply_plan_of, run_operation
from mainspring.rest.context import RequestContext, request_context_of
from mainspring.rest.endings import Ending
from mainspring.rest.errors import ClientDisconnected, SequenceError
from mainspring.rest.exchange import CURRENT, SENT, Exchange, Reply
from mainspring.rest.finding import check_host, find_operation, local_to_base, not_found
from mainspring.rest.heads import finished
from mainspring.rest.leaving import is_left
from mainspring.rest.logs import escaped, log_error, log_failure
from mainspring.rest.problems import problem_of, problem_reply
from mainspring.rest.replying import json_reply, reply_to
from mainspring.rest.sending import send_reply
from mainspring.rest.sequences import DefaultSequence, MiddlewareSequence, begin_cors, page_of
from mainspring.rest.streaming import in_thread

__all__ = [
    "complete",
    "conclude",
    "fail",
    "leave",
    "refuse",
    "serve",
    "serve_failure",
    "serve_unavailable",
    "walk",
]

logger = logging.getLogger(__name__)


async def serve(exchange: Exchange, plan: Any) -> None:
    """Answer one request, and end it: response, work after it, clean-up, in this order, whatever happens.

    Raises:
        Exception: What went wrong after the response had started; the door must cut the connection.
    """
    if plan.versions is not None:
        plan = plan.versions.choose(exchange)
    exchange.plan = plan
    if plan.base_path:
        exchange.path = local_to_base(exchange)
    token = CURRENT.set(exchange)
    try:
        await conclude(exchange, await (walk(exchange) if plan.is_plain else guided(exchange)))
    except BaseException as error:
        await fail(exchange, error)
    finally:
        exchange.is_past = True
        try:
            if not is_left(exchange):
                await leave(exchange)
        finally:
            CURRENT.reset(token)


async def walk(exchange: Exchange) -> Reply:
    """The steps of the default sequence, and the reply for whatever goes wrong in them."""
    try:
        reply = await steps(exchange)
    except Exception as error:
        return await refuse(exchange, error)
    return reply if reply is SENT else finished(exchange, reply)


async def steps(exchange: Exchange) -> Reply:
    """Route, arguments, call, reply."""
    plan = exchange.plan
    if plan.asks_first or exchange.path in plan.pages:
        answer = await _before_routes(exchange)
        if answer is not None:
            return answer
    match = plan.router.find(exchange.method, exchange.path) if exchange.method.isupper() else None
    operation = plan.operations.get(match.route) if match is not None and exchange.context is None else None
    if operation is None:
        operation = find_operation(exchange)
    else:
        exchange.match, exchange.operation = match, operation
    result = await run_operation(exchange)
    if exchange.started:
        return await complete(exchange)
    return json_reply(exchange, operation.reply, result) or await reply_to(exchange, operation.reply, result)


async def refuse(exchange: Exchange, error: Exception) -> Reply:
    """The reply for an error.

    Raises:
        Exception: The error itself, when nobody is there to be told or the response has started.
    """
    if isinstance(error, ClientDisconnected) or exchange.started:
        raise error
    return await refused(exchange, error)


async def conclude(exchange: Exchange, reply: Reply) -> None:
    """Send a reply, unless the response was sent."""
    if reply is not SENT:
        await deliver(exchange, reply)


async def _before_routes(exchange: Exchange) -> Reply | None:
    """What is answered without looking for a route: preflight requests, the document and the explorer."""
    plan = exchange.plan
    if plan.failure is not None:
        raise plan.failure
    # First of all, so that errors have the lines of CORS too.
    answer = await begin_cors(exchange)
    if plan.allowed_hosts is not None:
        check_host(exchange)
    if answer is not None:
        return answer
    if exchange.path is None:
        raise not_found(exchange)
    return await page_of(exchange)


async def complete(exchange: Exchange) -> Reply:
    """The response was written by the handler: it is complete now, even if nobody said so."""
    if exchange.writer is not None:
        await exchange.writer.end()
    return SENT


# The longer way


async def guided(exchange: Exchange) -> Reply:
    """The same with a time limit, with middleware, or by a sequence of the program."""
    plan = exchange.plan
    run = walk if plan.is_direct else _by_sequence
    return await (_in_time(exchange, run) if plan.has_timeouts else run(exchange))


async def _by_sequence(exchange: Exchange) -> Reply:
    plan = exchange.plan
    if plan.allowed_hosts is not None:  # whatever the sequence is: it must not have to think of it
        try:
            check_host(exchange)
        except HttpError as error:
            await begin_cors(exchange)
            return await refuse(exchange, error)
    context = request_context_of(exchange)
    if plan.folded is not None:
        return await _by_chain(exchange)
    if plan.handler is not None:
        result = plan.handler(context, DefaultSequence(context))
        if inspect.isawaitable(result):
            await result
        name = getattr(plan.handler, "__name__", "handler")
    else:
        sequence = await _sequence(context)
        await sequence.handle(context)
        name = type(sequence).__name__
    if not exchange.started:
        raise SequenceError(name)
    return await complete(exchange)


async def _by_chain(exchange: Exchange) -> Reply:
    """The default sequence around which there is nothing but middleware: its chain, folded."""
    try:
        result = await exchange.plan.folded(exchange)
        if exchange.started or result is SENT:
            return await complete(exchange)
        known = reply_plan_of(exchange)
        reply = json_reply(exchange, known, result) or await reply_to(exchange, known, result)
    except Exception as error:
        return await refuse(exchange, error)
    return finished(exchange, reply)


async def _sequence(context: RequestContext) -> Any:
    plan = context.exchange.plan
    if plan.planning.runs_default_sequence(plan.sequence):
        return MiddlewareSequence(context)
    return await context.resolve_binding(plan.sequence)


async def _in_time(exchange: Exchange, run: Callable[[Exchange], Awaitable[Reply]]) -> Reply:
    """A run of the steps, bounded: by the operation's own word once the route is found, else by the server's."""
    plan = exchange.plan
    limit = plan.request_timeout
    if plan.has_own_timeouts:
        with contextlib.suppress(Exception):  # what is wrong with the request is told by the walk
            own = _timeout_of(exchange)
            limit = limit if own is None else own
    if not limit:
        return await run(exchange)
    timer = asyncio.timeout(limit)
    try:
        async with timer:
            return await run(exchange)
    except TimeoutError as error:
        if not timer.expired() or exchange.started:
            raise
        message = f"The request was not answered within {limit} seconds."
        late = HttpErrors.ServiceUnavailable(message, code="REQUEST_TIMEOUT")
        late.__cause__ = error
        return await refused(exchange, late)


def _timeout_of(exchange: Exchange) -> float | None:
    plan = exchange.plan
    match = plan.router.find(exchange.method, exchange.path) if exchange.path is not None else None
    return plan.operation_of(match.route).timeout if match is not None else None


# When things go wrong, and the end


async def serve_failure(exchange: Exchange, error: Exception) -> None:
    """Answer a request while the application cannot serve: nothing of it can be relied on."""
    line = f"Request {escaped(exchange.method)} {escaped(exchange.raw_path)} failed with status code 500"
    logger.error("%s: the application cannot serve.", line, exc_info=error)
    body = b'{"type":"about:blank","title":"Internal Server Error","status":500}'
    head = [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(body))]
    with contextlib.suppress(ClientDisconnected):
        await exchange.respond(500, head, b"" if exchange.method == "HEAD" else body)


async def serve_unavailable(exchange: Exchange) -> None:
    """Answer a request that arrives on a kept connection while the server stops."""
    body = b'{"type":"about:blank","title":"Service Unavailable","status":503}'
    head = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
        (b"retry-after", b"1"),
    ]
    with contextlib.suppress(ClientDisconnected):
        await exchange.respond(503, head, b"" if exchange.method == "HEAD" else body)


async def fail(exchange: Exchange, error: BaseException) -> None:
    """An error that no step answered: 500 while that is possible, else the connection is cut by raising it.

    Raises:
        BaseException: The error, when the response has started, or the server itself cancels the request.
    """
    if isinstance(error, ClientDisconnected):
        logger.debug("The client went away.")
        return
    task = asyncio.current_task()
    is_cancelled = isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0
    if is_cancelled or (isinstance(error, GeneratorExit)):
        raise error
    with contextlib.suppress(Exception):
        log_error(error, 500, request_context_of(exchange).request)
    if exchange.started:
        raise error
    plain = error if isinstance(error, Exception) else RuntimeError(repr(error))
    reply = finished(exchange, problem_reply(exchange, problem_of(plain)))
    with contextlib.suppress(ClientDisconnected):
        await send_reply(exchange, reply)
    if isinstance(error, SystemExit | KeyboardInterrupt):
        exchange.plan.server.serving.end_process(error)


async def leave(exchange: Exchange) -> None:
    """What follows the response: work after it, then clean-up, last made first."""
    context = exchange.context
    request = exchange.request
    try:
        if context is not None:
            await _follow(exchange, context.take_after_response())
    finally:
        if request is not None and request.form_data is not None:
            await request.form_data.close()
        if context is not None:
            try:
                await context.close()
            except Exception as error:
                log_failure("Cleaning up after a request", error)
        exchange.release()


async def _follow(exchange: Exchange, work: list[tuple[Any, tuple[Any, ...], dict[str, Any]]]) -> None:
    """What follows a response that is a good one and reached its client, then what is done in any case."""
    is_good = exchange.completed and exchange.status < 500 and not exchange.disconnected
    for function, args, kwargs in work:
        if is_good and not isinstance(function, Ending):
            await _after(function, args, kwargs)
    for function, args, kwargs in work:
        if isinstance(function, Ending):
            await _after(function, args, kwargs)


async def _after(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    try:
        if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
            await function(*args, **kwargs)
        else:
            result = await in_thread(lambda: function(*args, **kwargs))
            if inspect.isawaitable(result):
                await result
    except Exception as error:
        log_failure("Work after a response", error)
