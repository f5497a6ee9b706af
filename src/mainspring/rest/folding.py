"""The chain of the default sequence, folded: neighbouring links of the framework run as one function, with the
program's middleware around them.

`sequences` is the reference: one link after the other, each by the function at its key. A chain is folded only while
none of these functions is replaced and the framework's links stand in their own order, which nearly all programs leave
as it is; every other chain runs as it stands.
"""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from mainspring.context.known import known_value
from mainspring.rest.actions import run_operation
from mainspring.rest.chains import Chain, Following, Link
from mainspring.rest.dependencies import given_depends
from mainspring.rest.exchange import Exchange
from mainspring.rest.finding import find_operation
from mainspring.rest.sequences import begin_cors, page_of

__all__ = ["Folded", "fold"]

Folded = Callable[[Exchange], Awaitable[Any]]
"""Runs a chain for a request; gives what it answers."""

#: The framework's links behind the outermost one: these stand before the route is known, and these call its handler.
_BEFORE = ["cors", "api_spec"]
_CALL = ["around", "parse_params", "invoke_method"]


def fold(chain: Chain, server: Any) -> Folded | None:
    """What runs a chain but its outermost link, ``send_response``; ``None`` for an order that is not the default.

    Args:
        chain: A full chain.
        server: Whose it is, as it is now.
    """
    links = list(chain.links)
    if not links or links.pop(0).name != "send_response":
        return None
    names = [link.name if link.binding is None else "" for link in links]
    if [name for name in names if name] != [*_BEFORE, "find_route", *_CALL]:
        return None
    begin = names.index(_BEFORE[0])
    if names[begin : begin + len(_BEFORE)] != _BEFORE or names[-len(_CALL) :] != _CALL:
        return None  # middleware stands between links that are run as one
    folded: Folded = run_operation
    for link in reversed(links[: -len(_CALL)]):
        if link.binding is not None:
            folded = _enclosed(link, folded, server)
        elif link.name == "find_route":
            folded = _found(folded)
        elif link.name == _BEFORE[0]:
            folded = _answered_or(folded)
    return folded


def _found(then: Folded) -> Folded:
    async def found(exchange: Exchange) -> Any:
        find_operation(exchange)
        return await then(exchange)

    return found


def _answered_or(then: Folded) -> Folded:
    async def answered(exchange: Exchange) -> Any:
        plan = exchange.plan
        answer = await begin_cors(exchange) if plan.cors is not None else None
        if answer is None and exchange.path in plan.pages:
            answer = await page_of(exchange)
        return await then(exchange) if answer is None else answer

    return answered


def _enclosed(link: Link, then: Folded, server: Any) -> Folded:
    """A middleware of the program around the rest."""
    binding = link.binding if link.function is None else None
    known = known_value(server, binding) if binding is not None and not given_depends(server, binding) else None

    async def enclosed(exchange: Exchange) -> Any:
        context = exchange.context
        if not link.concerns(context):
            return await then(exchange)
        function = link.function
        if function is None:
            function = await (context.resolve_binding(link.binding) if known is None else known.load(context))
        following = _Rest(then, exchange)
        result = function(context, following)
        if inspect.isawaitable(result):
            result = await result
        following.check(link.name)
        return result

    return enclosed


class _Rest(Following):
    __slots__ = ("_exchange", "_then")

    def __init__(self, then: Folded, exchange: Exchange) -> None:
        super().__init__()
        self._then = then
        self._exchange = exchange

    async def run(self) -> Any:
        """Run the links that follow."""
        return await self._then(self._exchange)
