"""Keeping a server's plan in step with its bindings, and what outlives one plan: router, parts of routes, checks."""

import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any

from mainspring.context import Binding, Context
from mainspring.openapi.codecs import encode_json
from mainspring.openapi.errors import AnnotationError, UnknownLocationError
from mainspring.rest.keys import RestBindings
from mainspring.rest.operations import Parts
from mainspring.rest.plans import ServerPlan
from mainspring.rest.replying import ReplyPlan
from mainspring.rest.routers import TrieRouter
from mainspring.rest.routes import AnyRoute, ControllerRoute
from mainspring.rest.sequences import MiddlewareSequence, sequence_steps
from mainspring.rest.settings import as_options, bound_value
from mainspring.rest.tables import RouteTable
from mainspring.rest.validating import Validation
from mainspring.rest.websocket_routes import check_no_body, is_websocket

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
        self._parts: weakref.WeakKeyDictionary[AnyRoute, Parts] = weakref.WeakKeyDictionary()
        self._unverified: list[weakref.ref[AnyRoute]] = []
        self._routers: dict[str | None, tuple[Any, tuple[Any, RouteTable | None]]] = {}
        self._validation: tuple[Any, Validation] | None = None
        self._held: dict[Any, Any] | None = None
        self.plain_reply = ReplyPlan("an error handler", encode_json)
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
        self._verify_late()
        plan = self.plan()
        if plan.failure is not None:
            raise plan.failure
        self.is_checked = True

    def router_for(
        self, kind: Any, strict: bool, routes: Sequence[AnyRoute], version: str | None = None
    ) -> tuple[Any, RouteTable | None]:
        """A router with these routes (of a version), and their table if it is ours; the same while nothing changed.

        Args:
            kind: The class of the router, or an instance, which is copied: routes that go stay in none.
            strict: Whether a path with a slash at its end is another one; an instance knows by itself.
            routes: What it finds.
            version: Of which version these are.
        """
        key = (kind, strict, tuple(map(id, routes)))
        known = self._routers.get(version)
        if known is None or known[0] != key:
            options = {"strict": True} if strict else {}
            router = kind(**options) if isinstance(kind, type) else copy(kind)
            for route in routes:
                router.add(route)
            known = self._routers[version] = (key, (router, RouteTable(routes) if kind is TrieRouter else None))
        return known[1]

    @contextmanager
    def holding_settings(self) -> Iterator[None]:
        """While the block registers routes, which change no setting, each setting is asked for once."""
        self._held = {}
        try:
            yield
        finally:
            self._held = None

    def setting(self, key: Any) -> Any:
        """A setting of the server, ``None`` without it."""
        if self._held is None:
            return bound_value(self._server, key)
        if key not in self._held:
            self._held[key] = bound_value(self._server, key)
        return self._held[key]

    def validation(self) -> Validation:
        """How values are checked now; the same as before if nothing about it has changed."""
        options = as_options(self.setting(RestBindings.VALIDATION), "validation")
        options["results"] = bool(self.setting(RestBindings.VALIDATE_RESPONSES))
        components = self._server.document.components()
        if self._validation is None or self._validation[0] != (options, components):
            document = {"components": components} if components else {}
            self._validation = ((options, components), Validation(options, document, self._parser_names))
        return self._validation[1]

    def _parser_names(self) -> set[str]:
        """The names of the body parsers that are bound."""
        bindings = Context.find(self._server, f"{RestBindings.BODY_PARSERS}.*")
        names = (getattr(binding.value_type, "name", None) for binding in bindings)
        return {name for name in names if isinstance(name, str)}

    def verify(self, route: AnyRoute) -> None:
        """Refuse, at its registration, a route that could never be served.

        An annotation that cannot be evaluated yet is no reason: what it names may be defined later.

        Raises:
            DeclarationError: Its handler does not fit it.
            RegistrationError: Its body names a parser that there is not.
            DocumentError: One of its schemas refers to nothing.
        """
        if isinstance(route, ControllerRoute) and not hasattr(route.controller_class, route.method_name):
            return
        try:
            self._parts[route] = self._parts_of(route)
        except AnnotationError:
            self._unverified.append(weakref.ref(route))
        except UnknownLocationError:
            if isinstance(route, ControllerRoute) and route.declaration is not None:
                raise  # any other one is answered by the operation itself

    def _parts_of(self, route: AnyRoute) -> Parts:
        parts = Parts(route, self.validation())
        if is_websocket(route):
            check_no_body(parts)
        return parts

    def _verify_late(self) -> None:
        """Whatever could not be evaluated at its registration has to be now.

        Raises:
            AnnotationError: It cannot; handler, parameter and text are named.
        """
        late, self._unverified = self._unverified, []
        served = set(map(id, self._server.registry.all_routes()))
        try:
            for ref in list(late):
                route = ref()
                if route is not None and id(route) in served:
                    self._parts[route] = self._parts_of(route)
        except Exception:
            self._unverified = late
            raise

    def runs_default_sequence(self, binding: Binding[Any] | None) -> bool:
        """Whether what is bound as sequence is the default class itself."""
        return binding is None or (binding.source is not None and binding.source.value is MiddlewareSequence)
