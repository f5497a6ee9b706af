"""The steps of a request as functions that can be bound, and thereby replaced, at the keys of ``SequenceActions``.

Each does what its step of the pipeline does, for sequences that call the steps one by one.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from mainspring.context import BindingKey
from mainspring.context.interceptors import run_chain
from mainspring.http import HttpError
from mainspring.rest.arguments import Arguments
from mainspring.rest.context import RequestContext, request_context_of
from mainspring.rest.exchange import SENT, Exchange, Reply
from mainspring.rest.finding import find_operation
from mainspring.rest.heads import finished
from mainspring.rest.keys import RestBindings
from mainspring.rest.logs import log_error, log_failure
from mainspring.rest.problems import Problem, problem_of, problem_reply
from mainspring.rest.replying import check_acceptable, reply_to
from mainspring.rest.requests import Request
from mainspring.rest.responses import Response
from mainspring.rest.sending import send_reply

__all__ = [
    "ACTIONS",
    "deliver",
    "find_route",
    "invoke_method",
    "invoke_middleware",
    "log_problem",
    "parse_params",
    "refused",
    "reject",
    "reply_plan_of",
    "run_operation",
    "send",
]


def find_route(request: Request) -> Any:
    """The route of a request.

    Raises:
        HttpError: 404, 405 or 501.
    """
    return find_operation(request.exchange).route


async def parse_params(request: Request, route: Any) -> Arguments:
    """The arguments for the handler of a route.

    Raises:
        HttpError: 400, 406, 413, 415 or 422.
    """
    exchange = request.exchange
    operation = exchange.operation
    if operation is None or operation.route is not route:  # a route that an own `find_route` gave
        operation = exchange.operation = exchange.plan.operation_of(route)
    return Arguments(await _read_arguments(exchange), operation.positional)


async def _read_arguments(exchange: Exchange) -> dict[str, Any]:
    """The values of the parameters by name, for the operation that was found.

    Raises:
        HttpError: 400, 406, 413, 415 or 422.
    """
    operation = exchange.operation
    if operation.negotiates:
        check_acceptable(operation.reply, exchange)
    values: dict[str, Any] = operation.collect(exchange) if operation.collect is not None else {}
    exchange.arguments = values
    if operation.body is not None:
        await operation.body.read(exchange, values)
    return values


async def run_operation(exchange: Exchange) -> Any:
    """Read the arguments and call the handler of the operation that was found, with what the program has put around it.

    Raises:
        Exception: What reading them, the handler, or what is around it raises.
    """
    operation = exchange.operation
    if operation.around is None:
        return await _read_and_call(exchange)

    async def proceed() -> Any:
        return await _read_and_call(exchange)

    exchange.result = result = await operation.around(request_context_of(exchange), proceed)
    return result


async def _read_and_call(exchange: Exchange) -> Any:
    exchange.result = result = await exchange.operation.call(exchange, await _read_arguments(exchange))
    return result


async def invoke_method(route: Any, args: Any) -> Any:
    """Call the handler of a route, with injection and interceptors.

    Raises:
        NoRequestError: Outside a request.
    """
    context = RequestContext.current()
    exchange = context.exchange
    operation = exchange.operation
    if operation is None or operation.route is not route:
        operation = exchange.operation = exchange.plan.operation_of(route)
    exchange.result = await operation.call(exchange, _values(operation, args))
    return exchange.result


def _values(operation: Any, args: Any) -> dict[str, Any]:
    """Arguments by parameter, however an own ``parse_params`` gives them: by name, or in the order of the signature."""
    if isinstance(args, Arguments):
        return dict(args.values)
    if isinstance(args, list | tuple):
        return dict(zip(operation.names, args, strict=False))
    return dict(args or {})


async def send(response: Response[Any], result: Any) -> None:
    """Write a result as the response of the request it belongs to."""
    exchange = response.exchange
    if exchange.started or result is SENT:
        await _complete(exchange)
        return
    reply = await reply_to(exchange, reply_plan_of(exchange), result)
    await deliver(exchange, finished(exchange, reply))


async def _complete(exchange: Exchange) -> None:
    """What was written by hand is complete, even if nobody said so."""
    if exchange.writer is not None:
        await exchange.writer.end()


def reply_plan_of(exchange: Exchange) -> Any:
    """What is known of the replies to a request."""
    operation = exchange.operation
    return operation.reply if operation is not None else exchange.plan.planning.plain_reply


async def deliver(exchange: Exchange, reply: Reply) -> None:
    """Send a reply, and keep what is to be called after it."""
    if reply.background is not None:
        request_context_of(exchange).after_response(reply.background)
    if exchange.context is not None and exchange.context.has_work_after_response:
        await exchange.is_disconnected()  # it is known afterwards, and the work left out
    await send_reply(exchange, reply)


async def reject(context: RequestContext, error: BaseException) -> None:
    """Answer with an error."""
    exchange = context.exchange
    if exchange.started:
        raise error
    reply = await refused(exchange, error)
    if reply is not SENT:
        await deliver(exchange, reply)


async def refused(exchange: Exchange, error: BaseException) -> Reply:
    """The reply for an error: what the program makes of it, else the problem it is, which is logged.

    The program is asked by its recovery, by the nearest handler of such errors, and last by its handler of all. What
    one of them raises is what the next one is asked about.
    """
    plan = exchange.plan
    if plan.recovery is not None:
        found = await _attempt(exchange, plan.recovery, error)
        if isinstance(found, Reply):
            return found
        error = found
    function = plan.error_handler_of(exchange, error)
    if function is not None:
        found = await _attempt(exchange, function, error)
        if isinstance(found, Reply):
            return found
        error = found
    return await _last_word(exchange, error)


async def _last_word(exchange: Exchange, error: BaseException) -> Reply:
    """What the program's handler of all errors makes of one; the framework's answer without one, or when it fails."""
    problem = problem_of(error)
    await log_problem(exchange, problem)
    handler = exchange.plan.last_error_handler
    if handler is not None:
        found = await _attempt(exchange, handler, error)
        if isinstance(found, Reply):
            return found
        if found is not error:
            problem = problem_of(found) if isinstance(found, HttpError) else Problem(500, found)
            await log_problem(exchange, problem)
    return finished(exchange, problem_reply(exchange, problem))


async def _attempt(exchange: Exchange, function: Any, error: BaseException) -> Any:
    """The reply that a function of the program gives for an error; the error it raises instead.

    Raises:
        Exception: What it raised after it had begun to answer by itself.
    """
    try:
        result = function(RequestContext.current(), error)
        if inspect.isawaitable(result):
            result = await result
        if exchange.started:
            await _complete(exchange)
            return SENT
        return finished(exchange, await reply_to(exchange, exchange.plan.planning.plain_reply, result))
    except Exception as raised:
        if exchange.started:
            raise
        return raised


async def log_problem(exchange: Exchange, problem: Problem) -> None:
    """Hand an error to the action that logs. What fails in it is logged, and changes nothing."""
    log = log_error
    if "log_error" in exchange.plan.actions:
        log = await RequestContext.current().get(RestBindings.SequenceActions.LOG_ERROR)
    try:
        result: Any = log(problem.error, problem.status, _request_of(exchange))
        if inspect.isawaitable(result):
            await result
    except Exception as failure:
        log_failure("Logging an error", failure)


def _request_of(exchange: Exchange) -> Request:
    if exchange.request is None:
        exchange.request = Request(exchange)
    return exchange.request  # type: ignore[no-any-return]  # made above


async def invoke_middleware(
    context: Any,
    *,
    chain: str | None = None,
    next: Callable[[], Any] | None = None,
    middleware: Sequence[Any] | None = None,
) -> Any:
    """Run a chain of middleware; what it returns.

    Args:
        context: The request's context.
        chain: The name of the chain, the sequence's own by default.
        next: What comes after the last middleware; without it the chain ends with ``None``.
        middleware: A list of middleware instead of a chain.
    """
    if middleware is not None:
        return await run_chain(context, list(middleware), next or _nothing)
    plan = (context if isinstance(context, RequestContext) else RequestContext.current()).exchange.plan
    return await plan.chain(chain or plan.chain_name, full=False).run(context, next)


def _nothing() -> None:
    return None


_KEYS = RestBindings.SequenceActions

ACTIONS: dict[str, tuple[BindingKey[Any], Callable[..., Any]]] = {
    "invoke_middleware": (_KEYS.INVOKE_MIDDLEWARE, invoke_middleware),
    "find_route": (_KEYS.FIND_ROUTE, find_route),
    "parse_params": (_KEYS.PARSE_PARAMS, parse_params),
    "invoke_method": (_KEYS.INVOKE_METHOD, invoke_method),
    "send": (_KEYS.SEND, send),
    "reject": (_KEYS.REJECT, reject),
    "log_error": (_KEYS.LOG_ERROR, log_error),
}
"""Key and default of every action, by name."""
