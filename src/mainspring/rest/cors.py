"""CORS for the requests of a server: asked before anything else, its lines kept for whatever the answer will be."""

import inspect
from typing import Any

from mainspring.http import CorsOptions, Headers, ResponseHeaders
from mainspring.rest.exchange import Exchange, Header, Reply

__all__ = ["Cors"]


class Cors:
    """The CORS of a server.

    Args:
        options: The checked configuration.
    """

    __slots__ = ("_constant", "options")

    def __init__(self, options: CorsOptions) -> None:
        self.options = options
        self._constant = _raw(options.response_headers("*")) if options.any_origin else None

    async def begin(self, exchange: Exchange) -> Reply | None:
        """Note what every answer to this request will say; the whole answer of a preflight request.

        Raises:
            Exception: What the configured function raises.
        """
        options = self.options
        if self._constant is not None and exchange.method != "OPTIONS":
            exchange.extra = self._constant
            return None
        headers = Headers(exchange.raw_headers)
        origin = headers.first("origin")
        exchange.vary = (*exchange.vary, *options.vary())
        answer: Any = options.ask(origin)
        if inspect.isawaitable(answer):
            answer = await answer
        allowed = options.allowed(origin, answer)
        if not options.is_preflight(exchange.method, headers):
            exchange.extra = _raw(options.response_headers(allowed))
            return None
        lines = _raw(options.preflight_headers(allowed, headers.get("access-control-request-headers")))
        exchange.vary = (*exchange.vary, *options.vary(preflight=True))
        if options.preflight_continue:
            exchange.extra = lines
            return None
        return Reply(options.options_success_status, [*lines, (b"content-length", b"0")], b"")


def _raw(lines: list[tuple[str, str]]) -> list[Header]:
    return ResponseHeaders(lines).raw
