"""Verbs for clients that can send GET and POST only."""

from collections.abc import Callable, Sequence
from typing import Any

from mainspring.http import HttpErrors
from mainspring.http.rules import checked_name
from mainspring.rest import RequestContext
from mainspring.rest.finding import KNOWN_METHODS

__all__ = ["method_override"]


def method_override(
    header: str = "X-HTTP-Method-Override", methods: Sequence[str] = ("POST",), *, query: str | None = None
) -> Callable[[RequestContext, Any], Any]:
    """Middleware: a request is routed as the verb that a header, or an entry of the query, names.

    ``ctx.request.original_method`` keeps the verb that was sent.

    Args:
        header: The header field.
        methods: The verbs of requests that may name another one.
        query: The name in the query that is looked at instead of the header.

    Raises:
        ValueError: The header cannot be one, or a verb is unknown.
    """
    checked_name(header)
    allowed = frozenset(str(method).upper() for method in ([methods] if isinstance(methods, str) else methods))
    unknown = sorted(allowed - KNOWN_METHODS)
    if unknown:
        raise ValueError(f"method_override: {unknown[0]!r} is no verb; give 'POST' or 'GET'.")

    def override(ctx: RequestContext, next: Any) -> Any:
        request = ctx.request
        if request.method in allowed:
            found = [request.headers.get(header)] if query is None else request.parsed_query.getlist(query)
            named = found[0] if found else None
            if named:
                request.method = _verb(named)
        return next()

    override.__qualname__ = "method_override"
    return override


def _verb(name: str) -> str:
    verb = name.strip().upper()
    if verb not in KNOWN_METHODS:
        raise HttpErrors.BadRequest(f"The method {name[:40]!a} is not known.", code="UNKNOWN_METHOD")
    return verb
