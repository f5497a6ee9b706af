"""The parameters of a handler as its signature has them: annotations evaluated and taken apart, markers found.

What a parameter means for a request is not decided here; see ``signatures``.
"""

import functools
import inspect
from collections.abc import Mapping
from inspect import Parameter
from types import FunctionType
from typing import Annotated, Any, get_args, get_origin

from msgspec import Struct

from mainspring.openapi.annotations import handler_hints
from mainspring.openapi.errors import DeclarationError
from mainspring.openapi.kinds import bare, extras_of, is_union, union_members, union_of
from mainspring.openapi.notes import function_behind
from mainspring.openapi.parameters import MISSING, BodyMarker, ParameterMarker

__all__ = ["RawParameter", "json_types", "plain_function", "raw_parameters"]


class RawParameter(Struct, frozen=True):
    """One parameter. ``annotation`` has no markers any more; ``marker`` is the first one, wherever it stood."""

    parameter: Parameter
    annotation: Any
    marker: Any

    @property
    def name(self) -> str:
        """The name in the signature."""
        return self.parameter.name

    @property
    def default(self) -> Any:
        """The own default, ``MISSING`` without one."""
        return MISSING if self.parameter.default is Parameter.empty else self.parameter.default

    @property
    def is_injected(self) -> bool:
        """Whether the marker is one of the container's."""
        return _is_injection(self.marker)


def plain_function(handler: Any) -> FunctionType | None:
    """The function at the bottom of partials, methods, wrappers and callable objects."""
    found = handler
    while True:
        if isinstance(found, functools.partial):
            found = found.func
            continue
        function = function_behind(found)
        if function is not None:
            unwrapped = inspect.unwrap(function)
            return unwrapped if isinstance(unwrapped, FunctionType) else function
        call = inspect.getattr_static(type(found), "__call__", None)
        if isinstance(found, type) or not isinstance(call, FunctionType):
            return None
        found = call


def raw_parameters(handler: Any, owner: type | None, place: str) -> tuple[list[RawParameter], Any]:
    """The parameters that a caller of the handler gives, and the return annotation (``MISSING`` without one).

    Raises:
        AnnotationError: An annotation cannot be evaluated.
        DeclarationError: There is a ``*args``.
    """
    parameters = _signature_parameters(handler, owner)
    function = plain_function(handler)
    injected = frozenset(parameter.name for parameter in parameters if _is_injection(parameter.default))
    hints: Mapping[str, Any] = {} if function is None else handler_hints(function, owner, tolerated=injected)
    raws: list[RawParameter] = []
    for each in parameters:
        if each.kind is Parameter.VAR_POSITIONAL:
            reason = f"*{each.name} takes no parameter of a request; name the parameters, or use **kwargs"
            raise DeclarationError(place, reason)
        parameter = each
        annotation, marker = _taken_apart(hints.get(parameter.name, MISSING))
        if _is_marker(parameter.default):
            marker, parameter = parameter.default, parameter.replace(default=Parameter.empty)
        raws.append(RawParameter(parameter, annotation, _stated(marker, annotation)))
    return raws, hints.get("return", MISSING)


def json_types(annotation: Any) -> set[str]:
    """The JSON types that values of a parameter can have; empty when anything goes."""
    found: set[str] = set()
    for member in union_members(annotation):
        cls = get_origin(bare(member)) or bare(member)
        if cls is type(None):
            continue
        names = next((names for types, names in _TYPE_TABLE if isinstance(cls, type) and issubclass(cls, types)), None)
        if names is None:
            return set()
        found |= names
    return found


_TYPE_TABLE: tuple[tuple[tuple[type, ...], set[str]], ...] = (
    ((bool,), {"boolean"}),
    ((int,), {"integer", "number"}),
    ((float,), {"number", "integer"}),
    ((str, bytes), {"string"}),
    ((dict,), {"object"}),
    ((list, tuple, set, frozenset), {"array"}),
)


def _signature_parameters(handler: Any, owner: type | None) -> list[Parameter]:
    called = handler.__func__ if isinstance(handler, staticmethod | classmethod) else handler
    try:
        parameters = list(inspect.signature(called).parameters.values())
    except (TypeError, ValueError):  # a built-in function that does not tell
        return []
    if _takes_self(handler, owner):
        parameters = parameters[1:]
    # What a partial was given by name is its own matter: a request must not replace it.
    given = handler.keywords if isinstance(handler, functools.partial) else {}
    return [parameter for parameter in parameters if parameter.name not in given]


def _takes_self(handler: Any, owner: type | None) -> bool:
    """Whether the first parameter is the instance (or class) that the caller has already."""
    if isinstance(handler, classmethod):
        return True
    if owner is None or not isinstance(handler, FunctionType):
        return False
    for klass in owner.__mro__:
        for member in vars(klass).values():
            if function_behind(member) is handler:
                return not isinstance(member, staticmethod)
    return True


def _taken_apart(annotation: Any) -> tuple[Any, Any]:
    """The annotation without our markers, and the first of them: also of ``Annotated[int, param.query()] | None``."""
    if annotation is MISSING:
        return MISSING, None
    markers = [extra for extra in extras_of(annotation) if _is_marker(extra)]
    if markers:
        return _without_markers(annotation), markers[0]
    if is_union(annotation):
        for member in get_args(annotation):
            inner = [extra for extra in extras_of(member) if _is_marker(extra)]
            if inner:
                return union_of(_without_markers(item) for item in get_args(annotation)), inner[0]
    return annotation, None


def _stated(marker: Any, annotation: Any) -> Any:
    """A marker, or the one it stands for beside this annotation, where it says so itself."""
    stated = getattr(marker, "stated_for", None)
    return marker if stated is None else stated(annotation)


def _without_markers(annotation: Any) -> Any:
    if get_origin(annotation) is not Annotated:
        return annotation.__value__ if type(annotation).__name__ == "TypeAliasType" else annotation
    result = annotation.__origin__
    for extra in annotation.__metadata__:
        if not _is_marker(extra):
            result = Annotated[result, extra]
    return result


def _is_injection(value: Any) -> bool:
    return bool(getattr(type(value), "__mainspring_injected__", False))


def _is_marker(value: Any) -> bool:
    return isinstance(value, ParameterMarker | BodyMarker) or _is_injection(value)
