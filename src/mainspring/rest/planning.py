"""Keeping a server's plan in step with its bindings, and what outlives one plan: routers, parts of routes, validation."""

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from mainspring.context import Binding
from mainspring.openapi.codecs import json_codec
from mainspring.openapi.parameters import MISSING
from mainspring.rest.operations import Parts
from mainspring.rest.plans import ServerPlan
from mainspring.rest.replying import ReplyPlan
from mainspring.rest.routes import AnyRoute
from mainspring.rest.sequences import MiddlewareSequence, sequence_steps
from mainspring.rest.validating import Validation

__all__ = ["Planning"]


class Planning:
    """The plans of one server.

    Attributes:
        plain_reply: How results of what is no operation (an error handler, say) are written.
        is_checked: Whether everything registered was found fit to be served.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self._plan: ServerPlan | None = None
        self._shape: Any = None
        self._seen: object = None
        self._steps = sequence_steps()
        self._parts: WeakKeyDictionary[AnyRoute, Parts] = WeakKeyDictionary()
        self._router: tuple[Any, Any] | None = None
        self._validation: tuple[Any, Validation] | None = None
        self.plain_reply = ReplyPlan("an error handler", json_codec(MISSING).encode)
        self.is_checked = False

    def plan(self) -> ServerPlan:
        """The server as it is now; made anew when a binding changed."""
        # The context throws its own plans away at any change here or above: as long as they stay, so does ours.
        plan, shape = self._plan, self._shape
        if plan is not None and shape.plans is self._seen and (shape.is_settled or self._server.shape() is shape):
            return plan
        registry = self._server.registry
        registry.sync()
        if self.is_checked:
            registry.report()
        self._plan = plan = ServerPlan(self._server, self, self._steps, self._parts)
        self._shape = self._server.shape()
        self._seen = self._shape.plans
        return plan

    def check(self) -> None:
        """Refuse what could not be served.

        Raises:
            ValueError: What is wrong with it.
        """
        registry = self._server.registry
        registry.sync()
        registry.check()
        plan = self.plan()
        if plan.failure is not None:
            raise plan.failure
        self.is_checked = True

    def router_for(self, cls: Callable[..., Any], strict: bool, routes: Sequence[AnyRoute]) -> Any:
        """A router with these routes; the one of before if nothing about them has changed."""
        known = (cls, strict, tuple(map(id, routes)))
        if self._router is None or self._router[0] != known:
            router = cls(strict=strict) if strict else cls()
            for route in routes:
                router.add(route)
            self._router = (known, router)
        return self._router[1]

    def validation_for(self, options: dict[str, Any], parser_names: Callable[[], set[str]]) -> Validation:
        """The validation of these options; the one of before if nothing about them has changed."""
        components = self._server.document.components()
        if self._validation is None or self._validation[0] != (options, components):
            document = {"components": components} if components else {}
            self._validation = ((options, components), Validation(options, document, parser_names))
        return self._validation[1]

    def runs_default_sequence(self, binding: Binding[Any] | None) -> bool:
        """Whether what is bound as sequence is the default class itself."""
        return binding is None or (binding.source is not None and binding.source.value is MiddlewareSequence)
