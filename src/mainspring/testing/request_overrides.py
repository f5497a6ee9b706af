"""Other values in place of what is bound, seen by requests alone: all of a block, or those of one client.

The replacements are bound in the context of each request that is meant, before any other middleware runs. What is made
with them and is otherwise kept for longer is made for that request anew; what the application keeps stays untouched.
"""

import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mainspring.context import Binding, BindingScope
from mainspring.core.overriding import dependents, found_bindings, replacement_for
from mainspring.rest import RequestContext, RestServer

__all__ = ["MARK", "RequestOverrides"]

#: The header by which a request says which replacements it is to see besides those for all.
MARK = "mainspring-overrides"

#: The middleware, and its group: outside of all others.
_KEY, _GROUP = "middleware.mainspring-overrides", "mainspring-overrides"


class RequestOverrides:
    """The replacements that requests of one application are to see now.

    Args:
        contexts: Gives the contexts that are looked at: the application first, then its servers.
    """

    def __init__(self, contexts: Callable[[], list[Any]]) -> None:
        self._contexts = contexts
        self._everywhere: list[list[Binding[Any]]] = []
        self._marked: dict[str, list[Binding[Any]]] = {}

    @contextmanager
    def for_all(self, replacements: Mapping[Any, Any]) -> Iterator[None]:
        """All requests that begin inside the block see them."""
        bindings = _bindings_of(replacements, self._contexts())
        with self._watching():
            self._everywhere.append(bindings)
            try:
                yield
            finally:
                self._everywhere.remove(bindings)

    @contextmanager
    def for_some(self, replacements: Mapping[Any, Any]) -> Iterator[dict[str, str]]:
        """Requests with the header that is given see them."""
        mark = secrets.token_hex(8)
        bindings = _bindings_of(replacements, self._contexts())
        with self._watching():
            self._marked[mark] = bindings
            try:
                yield {MARK: mark}
            finally:
                del self._marked[mark]

    @contextmanager
    def _watching(self) -> Iterator[None]:
        """The middleware is there while any replacement is."""
        servers = [each for each in self._contexts() if isinstance(each, RestServer) and not each.contains(_KEY)]
        for server in servers:
            options = {"key": _KEY, "group": _GROUP, "downstream_groups": ["send_response"]}
            server.middleware(self._bind, options)
        try:
            yield
        finally:
            if not self._everywhere and not self._marked:
                for server in self._contexts():
                    server.unbind(_KEY)

    async def _bind(self, ctx: RequestContext, next: Callable[[], Awaitable[Any]]) -> Any:
        marked = self._marked.get(ctx.request.headers.get(MARK, ""), [])
        for bindings in (*self._everywhere, marked):
            for binding in bindings:
                ctx.add(binding)
        return await next()


def _bindings_of(replacements: Mapping[Any, Any], contexts: list[Any]) -> list[Binding[Any]]:
    """The replacements, and anew what is made with them and kept, as they are to be bound in a request's context."""
    found: dict[str, Binding[Any]] = {}
    originals: list[Binding[Any]] = []
    for key, value in replacements.items():
        olds = [old for old, _ in found_bindings(key, contexts)]
        originals += olds
        for old in olds or (None,):
            new = replacement_for(key, value, old)
            found[new.key] = new
    for binding in dependents(originals, contexts):
        if binding.key not in found and binding.scope is not BindingScope.TRANSIENT:
            found[binding.key] = replacement_for(binding.key, binding, binding)
    for new in found.values():
        if new.scope is not BindingScope.TRANSIENT:
            new.in_scope(BindingScope.REQUEST)
    return list(found.values())
