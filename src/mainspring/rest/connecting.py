"""The walk of a WebSocket connection: middleware, route, arguments, handler, and the end. A door calls `connect`.

It takes the steps of a request as far as there are such: what goes wrong before the connection is accepted refuses the
handshake with the answer a request would get, what goes wrong after it closes the connection.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Sequence
from typing import Any

from mainspring.http import HttpErrors
from mainspring.rest.actions import log_problem, refused
from mainspring.rest.chains import CONTINUE, Chain, Link
from mainspring.rest.context import RequestContext, request_context_of
from mainspring.rest.errors import ClientDisconnected, WrongMessageError
from mainspring.rest.exchange import CURRENT, SENT
from mainspring.rest.finding import check_host, local_to_base, not_found, take_route
from mainspring.rest.leaving import is_left
from mainspring.rest.pipeline import leave
from mainspring.rest.problems import problem_of
from mainspring.rest.routers import TrieRouter
from mainspring.rest.routes import AnyRoute
from mainspring.rest.sending import send_reply
from mainspring.rest.sequences import AROUND
from mainspring.rest.websocket_mounts import call_mounted_socket
from mainspring.rest.websocket_routes import WEBSOCKET
from mainspring.rest.websockets import FAILED, NORMAL, SocketExchange

__all__ = ["SocketPlan", "connect"]

logger = logging.getLogger(__name__)


async def connect(exchange: SocketExchange, plan: Any) -> None:
    """Serve one connection, from the handshake to the end of its clean-up."""
    if plan.versions is not None:
        plan = plan.versions.choose(exchange)
    exchange.plan = plan
    exchange.path = local_to_base(exchange) if plan.base_path else exchange.raw_path
    token = CURRENT.set(exchange)
    try:
        await _walk(exchange)
    except BaseException as error:
        if _is_departure(error):
            logger.debug("The client went away.")
        else:
            await _end_by(exchange, error)
    finally:
        exchange.is_past = True
        exchange.release()
        try:
            exchange.completed = exchange.accepted and exchange.close_code != FAILED
            if not is_left(exchange):
                await leave(exchange)
        finally:
            CURRENT.reset(token)


async def _walk(exchange: SocketExchange) -> None:
    plan = exchange.plan
    if plan.failure is not None:
        raise plan.failure
    if plan.allowed_hosts is not None:
        check_host(exchange)
    await plan.sockets.chain.run(request_context_of(exchange))
    if exchange.started:
        await exchange.close(NORMAL)
    else:  # nobody wanted it
        raise HttpErrors.Forbidden("The connection was not accepted.")


def _is_departure(error: BaseException) -> bool:
    """Whether nothing happened but that the client went away, seen by one task of the handler or by several."""
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_departure, error.exceptions))
    return isinstance(error, ClientDisconnected)


async def _end_by(exchange: SocketExchange, error: BaseException) -> None:
    """An error ends the connection: refused with a response before it was accepted, closed with a code after it."""
    task = asyncio.current_task()
    if isinstance(error, GeneratorExit) or (
        isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0
    ):
        raise error
    plain = error if isinstance(error, Exception) else RuntimeError(repr(error))
    with contextlib.suppress(ClientDisconnected):
        if exchange.started:
            await _close_for(exchange, plain)
        else:
            reply = await refused(exchange, plain)
            if reply is not SENT:
                await send_reply(exchange, reply)
    if isinstance(error, SystemExit | KeyboardInterrupt):
        exchange.plan.server.serving.end_process(error)


async def _close_for(exchange: SocketExchange, error: Exception) -> None:
    if isinstance(error, WrongMessageError):
        logger.debug("A connection was closed with %d: %s", error.close_code, error)
        await exchange.close(error.close_code, error.reason)
        return
    await log_problem(exchange, problem_of(error))
    await exchange.close(FAILED)


# The chain: the program's middleware as for requests, and the steps of a connection

#: Groups whose middleware shapes responses, which a connection has none of.
_OF_RESPONSES = frozenset({"send_response", "cors", "api_spec"})


class SocketPlan:
    """What a server is to connections at one moment.

    Attributes:
        router: Their routes.
        chain: The program's middleware as for requests, with the steps of a connection.
    """

    def __init__(self, routes: Sequence[AnyRoute], chain: Chain, *, version: str | None, strict: bool) -> None:
        self._strict = strict
        self._others = [route for route in routes if route.version not in (None, version)]
        self.router = self._router_of(route for route in routes if route.version in (None, version))
        links = [link if link.binding is not None else _STEPS.get(link.name) for link in chain.links]
        self.chain = Chain(link for link in links if link is not None and link.group not in _OF_RESPONSES)

    def _router_of(self, routes: Iterable[AnyRoute]) -> TrieRouter:
        router = TrieRouter(strict=self._strict)
        for route in routes:
            router.add(route)
        return router

    def is_elsewhere(self, path: str) -> bool:
        """Whether another version has a route for the path."""
        return any(self._router_of([route]).find(WEBSOCKET, path) is not None for route in self._others)


def _find_route(context: RequestContext) -> Any:
    exchange: Any = context.exchange  # one that a door has for connections
    plan, path = exchange.plan, exchange.path
    match = plan.sockets.router.find(WEBSOCKET, path) if path is not None else None
    if match is not None:
        take_route(exchange, match)
        return CONTINUE
    if plan.refusal is not None and path is not None and plan.sockets.is_elsewhere(path):
        raise plan.refusal
    mount = plan.mounts.find(path) if path is not None and plan.mounts else None
    if mount is None:
        raise not_found(exchange)
    return call_mounted_socket(exchange, mount)


def _parse_params(context: RequestContext) -> Any:
    exchange = context.exchange
    collect = exchange.operation.collect
    exchange.arguments = collect(exchange) if collect is not None else {}
    return CONTINUE


async def _invoke_method(context: RequestContext) -> Any:
    exchange = context.exchange
    exchange.result = await exchange.operation.call(exchange, exchange.arguments)
    return exchange.result


_STEPS = {
    "find_route": Link("find_route", "find_route", step=_find_route),
    "around": AROUND,
    "parse_params": Link("parse_params", "parse_params", step=_parse_params),
    "invoke_method": Link("invoke_method", "invoke_method", step=_invoke_method),
}
