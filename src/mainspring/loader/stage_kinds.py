"""What can be a middleware: a function, an object that is called, a class with ``use``. All of them become stages."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from inspect import Parameter
from typing import Any

from mainspring.context import Context
from mainspring.loader.stage_calls import StageCall
from mainspring.openapi.errors import AnnotationError
from mainspring.rest import RequestContext
from mainspring.rest.dependencies import depends_on_request

__all__ = ["Stage", "check_middleware", "is_asgi_app", "is_asgi_middleware", "name_of", "stage_of"]

_ASGI = ("scope", "receive", "send")


class Stage:
    """A middleware at one place.

    Args:
        thing: The middleware as it was given.
        options: What was said with it, for ``ctx.stage_options``.
        paths: Only requests at or below one of these concern it; none for all.

    Attributes:
        is_guard: Whether it may refuse whoever is not known.
    """

    def __init__(self, thing: Any, options: Mapping[str, Any] | None = None, paths: Sequence[str] = ()) -> None:
        self.thing = thing
        self.options: Mapping[str, Any] = dict(options or {})
        self.paths = tuple("/" + path.strip("/") for path in paths)
        self.name = name_of(thing)
        self.is_guard = False
        self._plan: Any = None
        self._is_above = False
        self._acting: Any = thing

    def __repr__(self) -> str:
        return f"<Stage {self.name}>"

    @property
    def owner(self) -> type[Any] | None:
        """The class that the container makes the middleware of; ``None`` for functions and objects."""
        return self.thing if isinstance(self.thing, type) else None

    @cached_property
    def _shape(self) -> "_Shape":
        return _Shape(self._acting, self.name)

    def read(self) -> None:
        """Find out now what it takes, if that can be known already.

        Raises:
            TypeError: A parameter has no place its value could come from; it is named.
        """
        try:
            self._shape.read()
        except AnnotationError:  # a name in it may be defined later
            self.__dict__.pop("_shape", None)

    @property
    def wraps(self) -> bool:
        """Whether it decides by itself if the chain goes on."""
        return self._shape.wraps

    @property
    def is_error(self) -> bool:
        """Whether it runs only when an error is under way."""
        return self._shape.errors is not None

    def takes(self, error: BaseException) -> bool:
        """Whether it is for such an error."""
        return self._shape.errors is not None and isinstance(error, self._shape.errors)

    def concerns(self, ctx: RequestContext) -> bool:
        """Whether it is meant for this request. What stands in its place is looked at first."""
        if ctx.exchange.plan is not self._plan:
            self._settle(ctx.exchange.plan)
        if not self.paths:
            return True
        path = ctx.request.path
        return any(prefix in ("/", path) or path.startswith(f"{prefix}/") for prefix in self.paths)

    async def call(self, ctx: RequestContext, next: Callable[[], Any] | None, error: Any = None) -> Any:
        """Call it for a request."""
        shape = self._shape
        owner = self.owner
        function = shape.function if owner is None else getattr(await self._instance(ctx, owner), shape.method)
        if shape.call is None:
            result = function(error, ctx, next) if shape.errors is not None else function(ctx, next)
        else:
            args, kwargs = await shape.call.arguments(ctx, next, error)
            result = function(*args, **kwargs)
        return await result if inspect.isawaitable(result) else result

    def _settle(self, plan: Any) -> None:
        """Find out once for each plan which class acts here, and whether anything of it can depend on the request."""
        owner = self.owner
        if owner is not None:
            found = plan.server.get_binding(owner, optional=True)
            acting = found.value_type if found is not None else None
            if not (isinstance(acting, type) and (callable(getattr(acting, "use", None)) or issubclass(acting, owner))):
                acting = owner
            if acting is not self._acting:
                self._acting = acting
                self.__dict__.pop("_shape", None)
            self._is_above = not depends_on_request(plan.server, owner)
        self._plan = plan

    async def _instance(self, ctx: RequestContext, cls: type[Any]) -> Any:
        """The middleware, from the server's context if nothing of it can depend on the request: that is quicker."""
        context = ctx.exchange.plan.server if self._is_above and not ctx.has_bindings else ctx
        return await context.get(cls)


class _Shape:
    """What a middleware takes and where it is called.

    Attributes:
        call: Its parameters; ``None`` for the positional forms ``(ctx, next)`` and ``(error, ctx, next)``.
        errors: The classes of errors it is for, ``None`` when it is for none.
        function: What is called, where there is no class to make.
        method: The method that is called of an instance.
        wraps: Whether it takes ``next``.
    """

    def __init__(self, thing: Any, name: str) -> None:
        self.method = "use" if callable(getattr(thing, "use", None)) else "__call__"
        self.function: Any = None
        owner: type[Any] | None = None
        if isinstance(thing, type):
            owner, function = thing, inspect.getattr_static(thing, self.method)
        elif self.method == "use":
            self.function = function = thing.use
        else:
            self.function = function = thing
        parameters = _parameters(function, owner)
        call = StageCall(function, owner, name)
        self.call: StageCall | None = call
        self.wraps = True
        self.errors: tuple[type[BaseException], ...] | None = None
        if _is_positional(parameters):
            self.call = None
        elif _is_positional(parameters[1:]) and call.error_classes and len(parameters) == 3:
            self.call, self.errors = None, call.error_classes
        else:
            self.wraps, self.errors = call.takes_next, call.error_classes

    def read(self) -> None:
        if self.call is not None:
            self.call.read()


def _parameters(function: Any, owner: type[Any] | None) -> list[Parameter]:
    """What a caller gives; without the instance of a method."""
    if isinstance(function, staticmethod | classmethod):
        skip = int(isinstance(function, classmethod))
        function = function.__func__
    else:
        skip = int(owner is not None)
    try:
        return list(inspect.signature(function).parameters.values())[skip:]
    except (TypeError, ValueError):
        return []


def _is_positional(parameters: Sequence[Parameter]) -> bool:
    """Whether it is ``(ctx, next)``, by whatever names: nothing says that one of them is anything else."""
    if len(parameters) != 2:
        return False
    first, second = parameters
    if any(each.kind not in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD) for each in parameters):
        return False
    if any(each.default is not Parameter.empty for each in parameters) or {"error", "err"} & {first.name, second.name}:
        return False
    if first.name == "next" or not _may_be_context(first.annotation):
        return False
    return second.name.strip("_") in ("next", "call_next") or second.annotation in (Parameter.empty, Any, "Any")


def _may_be_context(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return annotation.rpartition(".")[2] in ("Any", "RequestContext", "Context")
    if annotation in (Parameter.empty, Any):
        return True
    return isinstance(annotation, type) and issubclass(annotation, Context)


def name_of(thing: Any) -> str:
    """A name for messages and lists."""
    name = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", None)
    return str(name or type(thing).__qualname__).rpartition("<locals>.")[2]


# What it may be


def is_asgi_app(thing: Any) -> bool:
    """Whether it is called with ``(scope, receive, send)``."""
    if isinstance(thing, type) or not callable(thing):
        return False
    return tuple(each.name.strip("_") for each in _parameters(thing, None)) == _ASGI


def is_asgi_middleware(thing: Any) -> bool:
    """Whether it is a class whose instances are ASGI applications around an inner ``app``."""
    if not isinstance(thing, type) or callable(getattr(thing, "use", None)):
        return False
    call = getattr(thing, "__call__", None)  # noqa: B004 - its parameters are looked at
    inner = _parameters(inspect.getattr_static(thing, "__init__"), thing)
    takes = tuple(each.name.strip("_") for each in _parameters(call, thing)) if inspect.isfunction(call) else ()
    return takes == _ASGI and bool(inner) and inner[0].name.strip("_") == "app"


def check_middleware(thing: Any, place: str) -> None:
    """Refuse what cannot be a stage.

    Raises:
        TypeError: It is none; ``place`` says where it was given.
    """
    if is_asgi_app(thing) or is_asgi_middleware(thing):
        raise TypeError(
            f"{place} takes no ASGI middleware or application: give {name_of(thing)} to the server, "
            f'server.use({name_of(thing)}) or server.use("/path", {name_of(thing)}).'
        )
    if isinstance(thing, type):
        if not callable(getattr(thing, "use", None)) and "__call__" not in dir(thing):
            raise TypeError(
                f"{place}: {thing.__name__} is no middleware; give the class a method use(self, ctx: RequestContext)."
            )
    elif not callable(thing) and not callable(getattr(thing, "use", None)):
        raise TypeError(f"{place} takes middleware (a function (ctx, next), a class with use), not {thing!r}.")


def stage_of(thing: Any, place: str, options: Mapping[str, Any] | None = None, paths: Sequence[str] = ()) -> Stage:
    """The stage of a middleware.

    Raises:
        TypeError: It is none, or takes a parameter that cannot be given.
    """
    check_middleware(thing, place)
    stage = Stage(thing, options, paths)
    stage.read()
    return stage
