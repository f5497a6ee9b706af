"""From a request to the operation that serves it: routes, then mounts, static files, and what HTTP itself answers."""

from collections.abc import Callable
from typing import Any

from mainspring.http import HttpErrors
from mainspring.rest.errors import EndpointNotFoundError, UnknownMethodError
from mainspring.rest.exchange import SENT, Exchange, Reply
from mainspring.rest.mounts import Mount, call_mounted
from mainspring.rest.operations import Operation
from mainspring.rest.requests import Request
from mainspring.rest.routes import Route, RouteMatch
from mainspring.rest.verbs import not_allowed, verbs_at

__all__ = ["KNOWN_METHODS", "check_host", "find_operation", "local_to_base", "not_found", "take_route"]

#: RFC 9110 section 9, RFC 5789 (PATCH), and QUERY, the safe method with a body: known, whoever serves it.
KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY"})


def local_to_base(exchange: Exchange) -> str | None:
    """The path below the base path, ``None`` when it is not below it."""
    base = exchange.plan.base_path
    path = exchange.raw_path
    if not base or exchange.root_path.endswith(base):
        return path
    if path == "*":
        return path
    if path == base:
        return "/"
    return path[len(base) :] if path.startswith(f"{base}/") else None


def find_operation(exchange: Exchange) -> Operation:
    """The operation of a request; what was found is noted on the exchange.

    Raises:
        HttpError: 404 for an unknown path, 405 for a known one with other verbs, 501 for an unknown verb.
    """
    plan = exchange.plan
    path = exchange.path
    match = plan.router.find(exchange.method, path) if path is not None and exchange.method.isupper() else None
    if match is None:
        return _otherwise(exchange, path)
    exchange.match = match
    operation = plan.operations.get(match.route)
    if operation is None:
        operation = plan.operation_of(match.route)
    exchange.operation = operation
    if exchange.context is not None:
        exchange.context.route_found()
    return operation  # type: ignore[no-any-return]  # made by the plan


def _otherwise(exchange: Exchange, path: str | None) -> Operation:
    plan = exchange.plan
    method = exchange.method
    if method == "OPTIONS" and exchange.raw_path == "*":
        return _answering(exchange, lambda _: Reply(204, [], b""))
    if path is None:
        raise not_found(exchange)
    if method == "HEAD":
        match = plan.router.find("GET", path)
        if match is not None:
            return take_route(exchange, match)
    mount = plan.mounts.find(path) if plan.mounts else None
    verbs = verbs_at(plan, path)
    if mount is not None:
        return _mounted(exchange, mount)
    if verbs and not (method in ("GET", "HEAD") and plan.statics.concerns(path)):
        return _other_verb(exchange, verbs)
    return _file_or_nothing(exchange, path, verbs)


def take_route(exchange: Exchange, match: RouteMatch) -> Operation:
    """The operation of a route that was found; both are noted on the exchange."""
    exchange.match = match
    exchange.operation = exchange.plan.operation_of(match.route)
    if exchange.context is not None:
        exchange.context.route_found()
    return exchange.operation  # type: ignore[no-any-return]  # made by the plan


def _other_verb(exchange: Exchange, verbs: list[str]) -> Operation:
    if exchange.method == "OPTIONS":
        return _answering(exchange, lambda _: Reply(204, [(b"allow", ", ".join(verbs).encode())], b""))
    if exchange.method not in KNOWN_METHODS:
        raise UnknownMethodError(exchange.method)
    raise not_allowed(exchange, verbs)


def _file_or_nothing(exchange: Exchange, path: str, verbs: list[str]) -> Operation:
    if exchange.method not in KNOWN_METHODS:
        raise UnknownMethodError(exchange.method)
    statics = exchange.plan.statics
    if not statics.concerns(path):
        raise not_found(exchange)

    async def answer(exchange: Exchange) -> Reply:
        reply = await statics.answer(exchange, path)
        if reply is None:
            raise not_allowed(exchange, verbs) if verbs else not_found(exchange)
        return reply  # type: ignore[no-any-return]  # the static files of this room

    return _answering(exchange, answer)


def _mounted(exchange: Exchange, mount: Mount) -> Operation:
    async def answer(exchange: Exchange) -> Reply:
        await call_mounted(exchange, mount)
        return SENT

    return _answering(exchange, answer)


def _answering(exchange: Exchange, answer: Callable[[Exchange], Any]) -> Operation:
    """An operation that is nothing but an answer."""

    async def call(exchange: Exchange, _: dict[str, Any]) -> Any:
        reply = answer(exchange)
        return reply if isinstance(reply, Reply) else await reply

    route = Route("get", "/", None, answer)
    exchange.match = RouteMatch(route, ())
    exchange.operation = Operation(route, None, call)
    return exchange.operation  # type: ignore[no-any-return]  # made here


def check_host(exchange: Exchange) -> None:
    """Refuse a request for a host that is not served here.

    Raises:
        HttpError: 400.
    """
    request = exchange.request = exchange.request or Request(exchange)
    name = request.host[0].lower()
    allowed = exchange.plan.allowed_hosts
    if name not in allowed and not any(each.startswith("*.") and name.endswith(each[1:]) for each in allowed):
        raise HttpErrors.BadRequest("The host is not served here.", code="UNKNOWN_HOST")


def not_found(exchange: Exchange) -> Exception:
    """The error of a path at which there is nothing."""
    return EndpointNotFoundError(f'Endpoint "{exchange.method} {exchange.raw_path}" not found.')
