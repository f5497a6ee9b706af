"""What a middleware is called with: its parameters, each with the place its value comes from.

``ctx`` and ``next`` are what they are in any middleware; other parameters are had as those of a handler are: by their
type from the container, by a marker from the request. Read once per middleware.
"""

import inspect
from collections.abc import Callable
from functools import cached_property
from inspect import Parameter, Signature
from typing import Annotated, Any

from mainspring.context import Session
from mainspring.context.creations import drive
from mainspring.context.injection import EMPTY, InjectionPoint
from mainspring.context.resolving import MISSING as ABSENT
from mainspring.context.resolving import resolve_point
from mainspring.context.signatures import call_spec, method_spec
from mainspring.openapi.errors import DeclarationError
from mainspring.openapi.kinds import bare, is_injected_class, non_null, union_members
from mainspring.openapi.parameters import MISSING, BodyMarker, ParameterMarker
from mainspring.openapi.raw_parameters import RawParameter, raw_parameters
from mainspring.openapi.signatures import describe_handler
from mainspring.rest import Request, RequestContext, Response
from mainspring.rest.arguments import ArgumentPlan
from mainspring.rest.payloads import BodyPlan

__all__ = ["StageCall"]

_ERROR_NAMES = ("error", "err")
_GIVEN: dict[Any, Callable[[RequestContext], Any]] = {
    RequestContext: lambda ctx: ctx,
    Request: lambda ctx: ctx.request,
    Response: lambda ctx: ctx.response,
}
_GIVEN_NAMES = {"ctx": RequestContext, "context": RequestContext, "request": Request, "response": Response}


class StageCall:
    """How a function, or the method of a class, is called for a request.

    Args:
        function: The function; of a method the one that the class has.
        owner: The class of a method.
        name: For messages.
    """

    def __init__(self, function: Callable[..., Any], owner: type[Any] | None, name: str) -> None:
        self._function = function
        self._owner = owner
        self._name = name
        self._validation: Any = None
        self._arguments: ArgumentPlan | None = None
        self._body: BodyPlan | None = None

    # What it takes

    @cached_property
    def _raws(self) -> list[RawParameter]:
        try:
            raws, _ = raw_parameters(self._function, self._owner, self._name)
        except DeclarationError as error:
            raise TypeError(f"{self._name} is no middleware: {error}") from error
        return [raw for raw in raws if raw.parameter.kind is not Parameter.VAR_KEYWORD]

    @cached_property
    def takes_next(self) -> bool:
        """Whether it decides by itself whether the chain goes on."""
        return any(raw.name == "next" and raw.marker is None for raw in self._raws)

    @cached_property
    def error_classes(self) -> tuple[type[BaseException], ...] | None:
        """The errors it is for; ``None`` when it is for none."""
        for raw in self._raws:
            if raw.marker is not None:
                continue
            classes = _exceptions_in(raw.annotation)
            if classes:
                return classes
            if raw.name in _ERROR_NAMES:
                return (Exception,)
        return None

    def read(self) -> None:
        """Read everything about it.

        Raises:
            TypeError: A parameter has no place its value could come from; it is named.
            AnnotationError: An annotation cannot be evaluated (yet).
        """
        self._places  # noqa: B018 - kept once it was read

    @cached_property
    def _places(self) -> list[tuple[RawParameter, Any]]:
        """The parameters with their places: ``next``, ``error``, a function of the context, a point, or a marker."""
        spec = (
            call_spec(self._function)
            if self._owner is None
            else method_spec(self._owner, self._function.__name__, self._function)
        )
        points = {point.parameter: point for point in spec.points}
        found = []
        for raw in self._raws:
            place = self._place(raw, points)
            if place is not None:
                found.append((raw, place))
        return found

    def _place(self, raw: RawParameter, points: dict[str | None, InjectionPoint]) -> Any:
        if isinstance(raw.marker, ParameterMarker | BodyMarker):
            return raw.marker
        if raw.is_injected:
            return points[raw.name]
        if raw.name == "next":
            return "next"
        if raw.name in _ERROR_NAMES or _exceptions_in(raw.annotation):
            return "error"
        says_nothing = raw.annotation is MISSING or raw.annotation is Any
        wanted = _GIVEN_NAMES.get(raw.name) if says_nothing else bare(non_null(raw.annotation))
        given = _GIVEN.get(getattr(wanted, "__origin__", wanted))
        if given is not None:
            return given
        if raw.annotation is not MISSING and is_injected_class(raw.annotation):
            return points[raw.name]
        if raw.default is not MISSING:
            return None
        raise TypeError(
            f"Parameter {raw.name!r} of {self._name} cannot be given: annotate it with RequestContext or a service, "
            f'or mark it, with query_params("{raw.name}") or inject(...) say.'
        )

    # Calling

    async def arguments(self, ctx: RequestContext, next: Any, error: Any) -> tuple[list[Any], dict[str, Any]]:
        """What it is called with for a request: by position, and by name.

        Raises:
            HttpError: What a marker asks for is not as it must be.
        """
        values: dict[str, Any] = {}
        for raw, place in self._places:
            if place == "next":
                values[raw.name] = next
            elif place == "error":
                values[raw.name] = error
            elif isinstance(place, InjectionPoint):
                await _inject(place, ctx, raw, values)
            elif not isinstance(place, ParameterMarker | BodyMarker):
                values[raw.name] = place(ctx)
        if any(isinstance(place, ParameterMarker | BodyMarker) for _, place in self._places):
            await self._read_request(ctx, values)
        positional = [raw.name for raw in self._raws if raw.parameter.kind is Parameter.POSITIONAL_ONLY]
        return [values.pop(name) for name in positional if name in values], values

    async def _read_request(self, ctx: RequestContext, values: dict[str, Any]) -> None:
        """What markers ask for, read and checked as for a handler."""
        validation = ctx.exchange.plan.validation
        if validation is not self._validation:
            description = self._description()
            self._arguments = ArgumentPlan(description, validation.check_options)
            for source in self._arguments.sources:
                if source.parameter.source == "path":
                    source.fetch = _from_path
            self._body = BodyPlan(description, validation) if description.body is not None else None
            self._validation = validation
        assert self._arguments is not None
        values |= self._arguments.collect(ctx.exchange)
        if self._body is not None:
            await self._body.read(ctx.exchange, values)

    def _description(self) -> Any:
        """The parameters with markers, as those of a handler."""
        marked = [(raw, place) for raw, place in self._places if isinstance(place, ParameterMarker | BodyMarker)]

        def stand_in(**values: Any) -> None:
            """Never called: it has the signature that is read."""

        parameters = [_keyword(raw, marker) for raw, marker in marked]
        stand_in.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # what `inspect` looks at
        stand_in.__annotations__ = {each.name: each.annotation for each in parameters if each.annotation is not EMPTY}
        stand_in.__name__ = self._name
        variables = [
            marker.name or raw.name
            for raw, marker in marked
            if isinstance(marker, ParameterMarker) and marker.location == "path"
        ]
        path = "/" + "/".join(f"{{{name}}}" for name in dict.fromkeys(variables))
        return describe_handler(stand_in, verb="post", path=path, spec=None)


def _keyword(raw: RawParameter, marker: Any) -> Parameter:
    """A parameter as a stand-in has it."""
    default = Parameter.empty if raw.default is MISSING else raw.default
    annotation = raw.annotation
    if annotation is MISSING and default is Parameter.empty:
        return Parameter(raw.name, Parameter.KEYWORD_ONLY, default=marker)
    annotation = Annotated[str if annotation is MISSING else annotation, marker]
    return Parameter(raw.name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _from_path(request: Request, name: str) -> tuple[list[str], Any]:
    """A variable of the path that was matched; nothing when that has none of this name, or there is no match (yet)."""
    value = request.path_params.get(name)
    return ([] if value is None else [value]), None


async def _inject(point: InjectionPoint, ctx: RequestContext, raw: RawParameter, values: dict[str, Any]) -> None:
    value = await drive(resolve_point(point, ctx, Session.begin(sync=False)))
    if value is not ABSENT:
        values[raw.name] = value
    elif point.default is EMPTY:
        values[raw.name] = None


def _exceptions_in(annotation: Any) -> tuple[type[BaseException], ...]:
    """The classes of exceptions an annotation consists of; none when it is about anything else."""
    if annotation is MISSING:
        return ()
    members = [bare(member) for member in union_members(annotation)]
    classes = tuple(each for each in members if inspect.isclass(each) and issubclass(each, BaseException))
    others = [each for each in members if each not in classes and each is not type(None)]
    return classes if not others else ()
