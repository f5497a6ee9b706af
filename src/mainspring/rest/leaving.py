"""The short life of a request's context: how the function of an operation makes it, and lets it go."""

from mainspring.rest.context import RequestContext
from mainspring.rest.exchange import Exchange
from mainspring.rest.tickets import CONTEXT, MADE, REQUEST

__all__ = ["CONTEXT_LINES", "CONTEXT_NAMES", "IS_LEFT", "LEAVE_LINES", "is_left"]

#: Lines of a generated function that make the context of its request; the same as a call of the class.
CONTEXT_LINES = (
    "context.source = ticket",
    "context._parent = SERVER",
    "context._kept = {}",
    "context._is_bare = True",
)

#: What is true there of a request after which there is nothing to do but to let it go, and how it is let go of.
IS_LEFT = f"context._is_bare and ticket[{MADE}] is None"
LEAVE_LINES = ("context._closing = True", f"ticket[{CONTEXT}] = ticket[{REQUEST}] = None")  # they hold each other

CONTEXT_NAMES = {"NEW": object.__new__, "REQUEST_CONTEXT": RequestContext}


def is_left(exchange: Exchange) -> bool:
    """Whether nothing follows the response; then the request's context is closed, if there is one.

    The exchange lets go of a context that nobody looked into, so that both are gone as soon as nobody holds them.
    """
    request, context = exchange.request, exchange.context
    if request is not None:
        if request.has_body:
            return False
        exchange.request = None  # each holds the other, too
    if context is None:
        return True
    if context._is_bare:
        context._closing = True
        exchange.context = None
        return True
    if context._after is not None or context._cleanups is not None or context._hub is not None:
        return False
    context._closing = True
    return True
