"""Calling the handler of a route: the controller, the injected parameters, the interceptors around the call.

What a route needs of this is known before the request: `make_call` gives the shortest function that does it.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from mainspring.context import InvocationContext
from mainspring.context.asking import injected
from mainspring.context.awaitables import is_awaitable
from mainspring.context.compiling import compile_plan
from mainspring.context.injection import InjectionPoint
from mainspring.context.interceptors import interceptors_for, run_chain
from mainspring.context.known import known_value
from mainspring.context.signatures import call_spec, method_spec
from mainspring.http import HttpErrors
from mainspring.openapi.descriptions import HandlerDescription
from mainspring.openapi.notes import method_notes
from mainspring.rest.context import RequestContext, request_context_of
from mainspring.rest.dependencies import depends_on_request, given_depends
from mainspring.rest.exchange import Exchange
from mainspring.rest.routes import ControllerRoute, FunctionTarget, controller_maker
from mainspring.rest.streaming import in_thread

__all__ = ["Call", "Instance", "injection_points", "make_call", "make_instance", "missing_method"]

Call = Callable[[Exchange, dict[str, Any]], Awaitable[Any]]


def make_call(
    route: Any, description: HandlerDescription, instance: "Instance | None", server: Any
) -> tuple[Call, bool]:
    """A function that calls the handler of a route with the values a request gave, and whether there is no more to it.

    What the container gives the handler is no more to it.

    Args:
        route: The route.
        description: Its handler.
        instance: Gives the controller, see `make_instance`; ``None`` for functions.
        server: The context of the server, where interceptors and controllers are found.
    """
    positional = tuple(
        parameter.name for parameter in description.parameters if parameter.kind is parameter.kind.POSITIONAL_ONLY
    )
    handler = getattr(route, "handler", None)
    if isinstance(route, ControllerRoute):
        listed = partial(interceptors_for, cls=route.controller_class, name=route.method_name, source=route)
    else:
        # A class of which the function is the method: what ``@intercept`` noted on it is found as on any method.
        holder = type("FunctionTarget", (), {"call": handler})
        listed = partial(interceptors_for, cls=holder, name="call", source=route)
    blocking = _is_blocking(description)
    interceptors = [_known(server, item) for item in listed(server)]
    around = partial(_intercepted, (route, instance), positional=positional, blocking=blocking)
    if interceptors:
        call, is_whole = around(interceptors), False
    else:
        call, is_whole = _bare_call(route, description, instance, positional, blocking)
    return _watching(call, listed, around), is_whole


def _is_blocking(description: HandlerDescription) -> bool:
    handler = description.handler
    if description.owner is not None:
        for cls in description.owner.__mro__:
            notes = method_notes(vars(cls).get(getattr(handler, "__name__", "")))
            if notes is not None and notes.blocking:
                return True
    notes = method_notes(handler)
    return notes is not None and notes.blocking


def injection_points(route: Any, description: HandlerDescription) -> tuple[InjectionPoint, ...]:
    """The parameters of a route's handler that the container gives."""
    names = {parameter.name for parameter in description.parameters if parameter.source == "inject"}
    if not names:
        return ()
    if isinstance(route, ControllerRoute):
        spec = method_spec(route.controller_class, route.method_name, description.handler)
    else:
        spec = call_spec(route.handler)
    return tuple([point for point in spec.points if point.parameter in names])


# Controllers


class Instance:
    """How the controller of a route is had for a request.

    Attributes:
        make: A function of the exchange that gives it, perhaps as an awaitable.
        direct: A plain function and its arguments that give it whatever the request is; ``None`` when it depends.
        key: The key of the controller's binding; ``None`` when it does not come from one.
        warms: Whether it may become direct when the singletons it needs are made.
    """

    __slots__ = ("direct", "key", "make", "warms")

    def __init__(
        self,
        make: Callable[[Exchange], Any],
        direct: tuple[Callable[..., Any], tuple[Any, ...]] | None = None,
        *,
        key: str | None = None,
        warms: bool = False,
    ) -> None:
        self.key = key
        self.make = make
        self.direct = direct
        self.warms = warms

    async def get(self, exchange: Exchange) -> Any:
        """The controller of the request, made once."""
        found = exchange.controller
        if found is None:
            found = self.make(exchange)
            if is_awaitable(found):
                found = await found
            exchange.controller = found
        return found


def make_instance(route: ControllerRoute, server: Any) -> Instance:
    """The shortest way to the controller: without the request's context where nothing of it can be seen."""
    if route.factory is not None or route.binding_key is None:
        maker = controller_maker(route)
        return Instance(lambda exchange: maker(request_context_of(exchange)))
    key = route.binding_key
    if not depends_on_request(server, key):
        plan = compile_plan(server, key, awaiting=True)
        if plan is not None and plan.kind == "any":
            function = plan.function
            direct = (function, (server,)) if plan.only is None else (plan.only, ())
            return Instance(_direct_maker(function, server, key), direct)
        return Instance(lambda exchange: request_context_of(exchange).get(key), key=key, warms=True)
    return Instance(lambda exchange: request_context_of(exchange).get(key), key=key)


def _direct_maker(make: Callable[[Any], Any], server: Any, key: str) -> Callable[[Exchange], Any]:
    """What gives a controller from the server's context, or from the request's if a step bound something there."""

    def made(exchange: Exchange) -> Any:
        context = exchange.context
        return make(server) if context is None or not context.has_bindings else context.get(key)

    return made


# Calls


def _method_call(instance: Instance, name: str) -> Call:
    """The common case: nothing but values of the request."""

    async def call(exchange: Exchange, values: dict[str, Any]) -> Any:
        controller = exchange.controller
        if controller is None:
            controller = instance.make(exchange)
            if is_awaitable(controller):
                controller = await controller
            exchange.controller = controller
        result = getattr(controller, name)(**values)
        return await result if is_awaitable(result) else result

    return call


def _bare_call(
    route: Any, description: HandlerDescription, instance: Instance | None, positional: tuple[str, ...], blocking: bool
) -> tuple[Call, bool]:
    """The call without interceptors, and whether there is no more to it."""
    handler = getattr(route, "handler", None)
    points = injection_points(route, description)
    is_plain = not (positional or blocking)
    if instance is None or not isinstance(route, ControllerRoute):
        return _function_call(handler, positional, points, blocking), is_plain
    is_plain = is_plain and route.method_name.isidentifier()
    if points or not is_plain:
        return _full_call(instance, route.method_name, positional, points, blocking), is_plain
    return _method_call(instance, route.method_name), True


def _full_call(
    instance: Instance, name: str, positional: tuple[str, ...], points: tuple[InjectionPoint, ...], blocking: bool
) -> Call:
    async def call(exchange: Exchange, values: dict[str, Any]) -> Any:
        method = getattr(await instance.get(exchange), name)
        if points:
            values.update(await injected(request_context_of(exchange), points))
        return await _run(method, positional, values, blocking)

    return call


def _function_call(
    handler: Any, positional: tuple[str, ...], points: tuple[InjectionPoint, ...], blocking: bool
) -> Call:
    async def call(exchange: Exchange, values: dict[str, Any]) -> Any:
        if points:
            values.update(await injected(request_context_of(exchange), points))
        return await _run(handler, positional, values, blocking)

    return call


async def _run(function: Any, positional: tuple[str, ...], values: dict[str, Any], blocking: bool) -> Any:
    args = [values.pop(name) for name in positional if name in values]
    if blocking:
        return await in_thread(lambda: function(*args, **values))
    result = function(*args, **values)
    return await result if is_awaitable(result) else result


def _intercepted(
    handled: tuple[Any, Instance | None], interceptors: list[Any], positional: tuple[str, ...], blocking: bool
) -> Call:
    """Interceptors around the call; what the handler is injected with is resolved inside of them."""
    route, instance = handled
    kind = _BlockingInvocation if blocking else InvocationContext
    name = "call" if instance is None else route.method_name

    async def call(exchange: Exchange, values: dict[str, Any]) -> Any:
        if instance is None:
            target: Any = FunctionTarget(route.handler)
        else:
            target = await instance.get(exchange)
        args = [values.pop(each) for each in positional if each in values]
        async with kind(request_context_of(exchange), target, name, args, values, source=route) as invocation:
            return await run_chain(invocation, interceptors, invocation.proceed)

    return call


def _known(server: Any, item: Any) -> Any:
    """An interceptor that is had without the context of the call, where nothing of that can be seen; else as it is."""
    if not isinstance(item, str) or given_depends(server, server.get_binding(item, optional=True)):
        return item
    return known_value(server, item) or item


def _watching(plain: Call, listed: Callable[[RequestContext], list[Any]], around: Callable[[list[Any]], Call]) -> Call:
    """The call, with other interceptors around it when a step has bound some in the request's context."""

    def call(exchange: Exchange, values: dict[str, Any]) -> Awaitable[Any]:
        context = exchange.context
        if context is not None and context.has_bindings and context.has_global_interceptors:
            return around(listed(context))(exchange, values)
        return plain(exchange, values)

    return call


class _BlockingInvocation(InvocationContext):
    """A call whose target runs in a worker thread."""

    async def proceed(self) -> Any:
        """Call the target in a worker thread."""
        plain = self._call
        self._call = _Threaded(plain)
        try:
            return await super().proceed()
        finally:
            self._call = plain


class _Threaded:
    """A function that runs in a worker thread when it is called; looks like the function."""

    def __init__(self, function: Any) -> None:
        self.__wrapped__ = function
        self.__name__ = getattr(function, "__name__", "__call__")

    def __call__(self, *args: Any, **kwargs: Any) -> Awaitable[Any]:
        return in_thread(lambda: self.__wrapped__(*args, **kwargs))


def missing_method(route: ControllerRoute) -> Call:
    """The call of a route to a method that the class does not have."""
    message = (
        f'Endpoint "{route.verb.upper()} {route.path}" not found: '
        f"{route.controller_class.__name__} has no method {route.method_name}."
    )

    async def call(_: Exchange, __: dict[str, Any]) -> Any:
        raise HttpErrors.NotFound(message)

    return call
