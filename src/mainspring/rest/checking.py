"""What a check of an application has to know of a REST server: the contexts of its requests, and what it calls."""

from collections.abc import Mapping
from typing import Any

from mainspring.context import Binding, BindingScope, Context
from mainspring.context.checking import Check, promised_by
from mainspring.context.findings import Finding
from mainspring.context.places import Place, place_of
from mainspring.core import CoreBindings, CoreTags
from mainspring.rest.invoking import injection_points
from mainspring.rest.keys import RestBindings, RestTags
from mainspring.rest.operations import describe_route
from mainspring.rest.registering import registered_names
from mainspring.rest.routes import AnyRoute, ControllerRoute

__all__ = ["ServerCheck"]

_HTTP = (RestBindings.Http.CONTEXT, RestBindings.Http.REQUEST, RestBindings.Http.RESPONSE)
#: What is bound in the context of a request while it is handled.
_PER_REQUEST = (
    *_HTTP,
    CoreBindings.CONTROLLER_CLASS,
    CoreBindings.CONTROLLER_METHOD_NAME,
    CoreBindings.CONTROLLER_CURRENT,
    RestBindings.OPERATION_SPEC_CURRENT,
)


class ServerCheck:
    """The part of a check that concerns one server."""

    def __init__(self, server: Any, check: Check) -> None:
        self._server = server
        self._check = check
        self._document: Mapping[str, Any] = {}
        #: Stands for the contexts of requests.
        self._request = Context(server, "a request", scope=BindingScope.REQUEST)

    def prepare(self) -> None:
        """Tell of the contexts of requests, and of what middleware says it binds in them."""
        check, server = self._check, self._server
        said = [key for tag in (RestTags.MIDDLEWARE,) for each in server.find_by_tag(tag) for key in promised_by(each)]
        check.add_context(self._request, [*_PER_REQUEST, *said])
        bindings = (server.own_binding(key.key) for key in _HTTP)
        check.mark_requests(binding for binding in bindings if binding is not None)

    def run(self) -> None:
        """Look at the operations, and report those that cannot be served."""
        server = self._server
        server.registry.sync()
        for key, error in server.registry.failures():
            binding = server.get_binding(key, optional=True)
            cls = binding.value_type if binding is not None else None
            # What clashes is named ``Class.method``; of anything else the class has to do.
            method = getattr(cls, str(getattr(error, "second", "")).rpartition(".")[2], None)
            self._report(error, key, place_of(method or cls) if cls is not None else None)
        self._document = server.planning.validation().check_options.document
        for error in server.registry.unhandled():
            self._report(error, "", self._place_of_document())
        for route in server.registry.routes():
            self._route(route)
        try:
            server.planning.check()
        except Exception as error:  # what was reported above is told by it again, as the first of them
            self._report(error, "", self._place_of_server())

    def _place_of_document(self) -> Place | None:
        binding = self._server.own_binding(RestBindings.API_SPEC.key)
        return self._check.place_of(binding) if binding is not None else None

    def _place_of_server(self) -> Place | None:
        names = registered_names(self._server)
        bindings = self._server.app.find_by_tag(CoreTags.SERVER)
        found = (self._check.place_of(each) for each in bindings if each.key.partition(".")[2] in names)
        return next(found, None)

    def _route(self, route: AnyRoute) -> None:
        handler, owner = _handler_of(route)
        if not callable(handler):
            return
        asker, place = f"{route.verb.upper()} {route.path}", place_of(handler)
        try:
            description = describe_route(route, self._document)
        except Exception as error:
            self._report(error, asker, place)
            return
        self._check.check_points(self._request, injection_points(route, description))
        if isinstance(route, ControllerRoute):
            if route.factory is None and route.binding_key is not None:
                self._check.check_key([self._request], route.binding_key, asker, place)
            elif route.factory is None and not self._server.is_bound(owner):
                self._check.check_binding(self._request, Binding(asker).to_class(owner))
        else:
            holder = type("FunctionTarget", (), {"call": handler})
            self._check.check_interceptors(self._request, holder)

    def _report(self, error: Exception, key: str, place: Place | None) -> None:
        if not any(each.message == str(error) for each in self._check.findings):
            self._check.report(Finding("route", key, str(error), place=place))


def _handler_of(route: AnyRoute) -> tuple[Any, Any]:
    if isinstance(route, ControllerRoute):
        return getattr(route.controller_class, route.method_name, None), route.controller_class
    return getattr(route, "handler", None), None
