"""Sequences: what is done for a request, in order. The default one runs a chain of middleware with the steps in it.

Both classes call each step through the function bound at its key, so that binding another one replaces it.
"""

import inspect
from typing import Any

from mainspring.context import BindingKey
from mainspring.rest.actions import ACTIONS, find_route, invoke_method, parse_params, reject, send
from mainspring.rest.chains import CONTINUE, Link
from mainspring.rest.context import RequestContext
from mainspring.rest.errors import ClientDisconnected
from mainspring.rest.exchange import Exchange, Reply
from mainspring.rest.keys import RestBindings
from mainspring.rest.requests import Request
from mainspring.rest.responses import Response

__all__ = ["AROUND", "DefaultSequence", "MiddlewareSequence", "begin_cors", "page_of", "sequence_steps"]

_KEYS = RestBindings.SequenceActions


class _Actions:
    """The steps, each by the function bound at its key.

    Attributes:
        ctx: The context of the request.
    """

    def __init__(self, ctx: RequestContext) -> None:
        self.ctx = ctx

    async def find_route(self, request: Request) -> Any:
        """The route of the request."""
        return await _act(self.ctx, _KEYS.FIND_ROUTE, request)

    async def parse_params(self, request: Request, route: Any) -> Any:
        """The arguments for the route's handler, an object with the values by parameter."""
        return await _act(self.ctx, _KEYS.PARSE_PARAMS, request, route)

    async def invoke(self, route: Any, args: Any) -> Any:
        """What the handler returns."""
        return await _act(self.ctx, _KEYS.INVOKE_METHOD, route, args)

    async def send(self, response: Response[Any], result: Any) -> None:
        """Write a result as the response; what is composed or sent already is no matter for an own action."""
        if _is_composed(response.exchange, result):
            await send(response, result)
        else:
            await _act(self.ctx, _KEYS.SEND, response, result)

    async def reject(self, context: RequestContext, error: BaseException) -> None:
        """Write an error as the response."""
        await _act(self.ctx, _KEYS.REJECT, context, error)

    async def invoke_middleware(self, context: RequestContext, **options: Any) -> Any:
        """Run the chain of middleware; what it returns. What the framework answers by itself (a preflight request, the
        document) is sent at once, and the response returned."""
        result = await _act(self.ctx, _KEYS.INVOKE_MIDDLEWARE, context, **options)
        if not isinstance(result, Reply):
            return result
        await self.send(context.response, result)
        return context.response


class MiddlewareSequence(_Actions):
    """One chain over the groups, from ``send_response`` to ``invoke_method``; each wraps all the following."""

    async def handle(self, context: RequestContext) -> None:
        """Answer the request."""
        plan = context.exchange.plan
        await plan.chain(plan.chain_name, full=True).run(context)


class DefaultSequence(_Actions):
    """Middleware, route, arguments, call, response, one after the other; any error goes to ``reject``."""

    async def handle(self, context: RequestContext) -> None:
        """Answer the request."""
        try:
            if await self._answered(context):
                return
            route = await self.find_route(context.request)
            result = await self._called(context, route)
            await self.send(context.response, result)
        except Exception as error:
            await self.reject(context, error)

    async def _called(self, context: RequestContext, route: Any) -> Any:
        """Read the arguments and call the handler, with what the program has put around its operation."""

        async def proceed() -> Any:
            args = await self.parse_params(context.request, route)
            return await self.invoke(route, args)

        around = context.exchange.plan.operation_of(route).around
        return await (proceed() if around is None else around(context, proceed))

    async def _answered(self, context: RequestContext) -> bool:
        """Run the middleware; whether it answered instead of letting the rest run."""
        result = await self.invoke_middleware(context, next=lambda: CONTINUE)
        if context.exchange.started:
            await send(context.response, None)
            return True
        if result is CONTINUE:
            return False
        await self.send(context.response, result)
        return True


def _is_composed(exchange: Exchange, result: Any) -> bool:
    """Whether there is nothing left to write: it is sent, or a page, a file, the answer to a preflight request."""
    return exchange.started or isinstance(result, Reply)


async def _act(context: RequestContext, key: BindingKey[Any], *args: Any, **kwargs: Any) -> Any:
    result = (await context.get(key))(*args, **kwargs)
    return await result if inspect.isawaitable(result) else result


async def _acted(name: str, default: Any, context: RequestContext, *args: Any) -> Any:
    """The action of a step: the default unless another one is bound."""
    if name in context.exchange.plan.actions:
        return await _act(context, ACTIONS[name][0], *args)
    result = default(*args)
    return await result if inspect.isawaitable(result) else result


# The steps of the middleware sequence


async def _send_response(context: RequestContext, next: Any) -> Any:
    try:
        result = await next()
        if _is_composed(context.exchange, result):
            await send(context.response, result)
        else:
            await _acted("send", send, context, context.response, result)
    except ClientDisconnected:  # nobody is there to be told
        raise
    except Exception as error:
        await _acted("reject", reject, context, context, error)
    return context.response


async def _cors(context: RequestContext) -> Any:
    answer = await begin_cors(context.exchange)
    return CONTINUE if answer is None else answer


async def _api_spec(context: RequestContext) -> Any:
    answer = await page_of(context.exchange)
    return CONTINUE if answer is None else answer


async def begin_cors(exchange: Exchange) -> Reply | None:
    """Give the response its lines of CORS; the reply to a preflight request."""
    cors = exchange.plan.cors
    return await cors.begin(exchange) if cors is not None else None


async def page_of(exchange: Exchange) -> Reply | None:
    """The document or the explorer, where it is asked for."""
    page = exchange.plan.pages.get(exchange.path)
    if page is None or exchange.method not in ("GET", "HEAD"):
        return None
    answer = page(exchange)
    return answer if isinstance(answer, Reply) else await answer


async def _find_route(context: RequestContext) -> Any:
    route = await _acted("find_route", find_route, context, context.request)
    operation = context.exchange.operation
    if operation is None or operation.route is not route:
        context.exchange.operation = context.exchange.plan.operation_of(route)
    return CONTINUE


class _AroundLink(Link):
    """What the program has put around single operations; skipped for all others."""

    __slots__ = ()

    def concerns(self, context: RequestContext) -> bool:
        """Whether there is anything around the operation of this request."""
        operation = context.exchange.operation
        return operation is not None and operation.around is not None


async def _around(context: RequestContext, next: Any) -> Any:
    exchange = context.exchange
    exchange.result = result = await exchange.operation.around(context, next)
    return result


AROUND = _AroundLink("parse_params", "around", function=_around)
"""The link of what is around single operations."""


async def _parse_params(context: RequestContext) -> Any:
    route = context.exchange.operation.route
    context.exchange.arguments_given = await _acted("parse_params", parse_params, context, context.request, route)
    return CONTINUE


async def _invoke_method(context: RequestContext) -> Any:
    exchange = context.exchange
    return await _acted("invoke_method", invoke_method, context, exchange.operation.route, exchange.arguments_given)


def sequence_steps() -> dict[str, list[Link]]:
    """The framework's own links of the chain, by group."""
    return {
        "send_response": [Link("send_response", "send_response", function=_send_response)],
        "cors": [Link("cors", "cors", step=_cors)],
        "api_spec": [Link("api_spec", "api_spec", step=_api_spec)],
        "find_route": [Link("find_route", "find_route", step=_find_route)],
        "parse_params": [
            AROUND,
            Link("parse_params", "parse_params", step=_parse_params),
        ],
        "invoke_method": [Link("invoke_method", "invoke_method", step=_invoke_method)],
    }
