"""Routes: one verb on one path template with what handles it. How a route is found is the router's business.

A route may be registered, looked at and called without a server.
"""

import functools
import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import msgspec

from mainspring.context import BindingKey, Context, create_binding_from_class, invoke_method
from mainspring.http import PathTemplate, decode_path_segment, parse_path_template
from mainspring.openapi.notes import VERBS
from mainspring.rest.errors import RegistrationError

__all__ = ["AnyRoute", "ControllerRoute", "Route", "RouteMatch", "route_handled_by"]

ControllerFactory = Callable[[Context], Any]


class AnyRoute:
    """What all routes have.

    Attributes:
        verb: In lower case.
        path: As registered, with the base path of its controller.
        spec: What was said of the operation, a mapping on its own.
        template: The path, taken apart.
        verbs: The verbs there are.
        has_controller: Whether a controller handles it.
        version: The version it belongs to, where versions share paths; ``None``: to all of them.
        type: ``route``, for interceptors that ask where a call comes from.
    """

    type = "route"
    verbs: tuple[str, ...] = VERBS
    has_controller = False
    version: str | None = None

    def __init__(self, verb: str, path: str, spec: Any = None) -> None:
        self.verb = verb.lower()
        if self.verb not in self.verbs:
            raise RegistrationError(f"{verb} {path}", f"the verb is none of {', '.join(self.verbs)}")
        self.template: PathTemplate = parse_path_template(path)
        self.path = self.template.text
        self.spec: dict[str, Any] = dict(spec or {})

    @property
    def description(self) -> str:
        """The handler in words, ``MyController.greet`` or the name of a function."""
        raise NotImplementedError

    @property
    def operation_name(self) -> str:
        """The name of the operation in messages and in the document."""
        return self.description

    def __str__(self) -> str:
        return f"{type(self).__name__} - {self.verb} {self.path} => {self.description}"

    def __repr__(self) -> str:
        return f"<{self}>"


class Route(AnyRoute):
    """An operation whose handler is a function (or anything that can be called).

    Args:
        verb: In any case.
        path: A path template.
        spec: An operation object, merged over what the signature says.
        handler: The function; its parameters come from the request or the container.

    Raises:
        RegistrationError: There is no handler, or the verb is unknown.
        PathTemplateError: The path is no template.
    """

    def __init__(self, verb: str, path: str, spec: Any = None, handler: Callable[..., Any] | None = None) -> None:
        super().__init__(verb, path, spec)
        if not callable(handler):
            raise RegistrationError(f"{verb} {path}", "there is no handler; give a function")
        self.handler: Callable[..., Any] = handler

    @property
    def description(self) -> str:
        """The name of the function."""
        return function_name(self.handler)

    async def invoke(self, ctx: Context, args: Any = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        """Call the function with these arguments, the rest injected from ``ctx``, interceptors around it."""
        target = FunctionTarget(self.handler)
        return await invoke_method(target, "call", ctx, args, kwargs, source=self)


class ControllerRoute(AnyRoute):
    """An operation whose handler is a method of a controller.

    Args:
        verb: In any case.
        path: A path template.
        spec: An operation object.
        controller_class: The class.
        method_name: The method; the class need not have it (the operation answers 404 then).
        factory: Gives the instance for a context: a function of it, a key, a class; by default the class is resolved.

    Raises:
        RegistrationError: There is no method name.
    """

    has_controller = True

    def __init__(
        self,
        verb: str,
        path: str,
        spec: Any,
        controller_class: type[Any],
        method_name: str | None = None,
        factory: Any = None,
    ) -> None:
        super().__init__(verb, path, spec)
        if not method_name:
            raise RegistrationError(
                f"{verb.upper()} {path} of {controller_class.__name__}", "there is no method name; give the name of one"
            )
        self.controller_class = controller_class
        self.method_name = method_name
        self.factory = factory
        #: The operation as decorators declare it; ``None`` when it was routed by hand.
        self.declaration: Any = None
        #: The controllers that its own is served below, the outermost first.
        self.parents: tuple[type[Any], ...] = ()
        #: The key of the controller's binding, when it comes from one.
        self.binding_key: str | None = None

    @property
    def description(self) -> str:
        """``MyController.greet``."""
        return f"{self.controller_class.__name__}.{self.method_name}"

    async def instance(self, ctx: Context) -> Any:
        """The controller for a context."""
        made = controller_maker(self)(ctx)
        return await made if hasattr(type(made), "__await__") else made

    async def invoke(self, ctx: Context, args: Any = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        """Call the method with these arguments, the rest injected from ``ctx``, interceptors around it."""
        return await invoke_method(await self.instance(ctx), self.method_name, ctx, args, kwargs, source=self)


def controller_maker(route: ControllerRoute) -> Callable[[Context], Any | Awaitable[Any]]:
    """A function that gives the controller of a route for a context, perhaps as an awaitable."""
    factory = route.factory
    if factory is None:
        factory = route.binding_key or route.controller_class
    if isinstance(factory, str | BindingKey):
        return lambda ctx: ctx.get(factory)
    if isinstance(factory, type):
        binding = create_binding_from_class(factory)
        # A class that is bound is made as its binding says; any other one is made from its constructor.
        return lambda ctx: ctx.get(factory) if ctx.is_bound(factory) else binding.get_value(ctx)
    if callable(factory):
        return factory  # type: ignore[no-any-return]  # checked to be callable
    return lambda _: factory


class FunctionTarget:
    """A function in the place of an object with a method, for what calls methods only."""

    __slots__ = ("call",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self.call = function


def route_handled_by(handler: tuple[Any, ...], verb: str, path: str, spec: Any) -> AnyRoute:
    """The route that a function handles, or a controller class, perhaps with a factory, and the name of a method."""
    if not isinstance(handler[0], type):
        return Route(verb, path, spec, handler[0])
    cls, *rest = handler
    method = rest.pop() if rest and isinstance(rest[-1], str) else None
    return ControllerRoute(verb, path, spec, cls, method, rest[0] if rest else None)


class RouteMatch(msgspec.Struct, frozen=True, eq=False):
    """A route with the values its variables have in a path; unpacks into route and decoded values.

    Attributes:
        route: The route.
        values: The undecoded values, left to right.
    """

    route: Any
    values: tuple[str, ...]

    @property
    def path_params(self) -> dict[str, str]:
        """The decoded values by name.

        Raises:
            PercentDecodingError: One of them does not decode.
        """
        names = self.route.template.variables
        return {name: decode_path_segment(value) for name, value in zip(names, self.values, strict=True)}

    def __iter__(self) -> Iterator[Any]:
        return iter((self.route, self.path_params))


def function_name(handler: Any) -> str:
    """A name for any callable."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    if inspect.ismethod(handler):
        return f"{type(handler.__self__).__name__}.{handler.__name__}"
    return getattr(handler, "__name__", None) or type(handler).__name__
