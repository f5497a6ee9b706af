"""Annotations of handlers as objects: text evaluated where it was written, type parameters filled in.

An annotation that cannot be evaluated is an error that names handler, parameter and text.
"""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Any, ForwardRef, Generic, Protocol, TypeVar, get_args, get_origin, get_type_hints

from mainspring.metadata.frames import enclosing_functions, running_frames
from mainspring.openapi.errors import AnnotationError

__all__ = ["class_hints", "handler_hints", "substituted", "type_arguments"]


def handler_hints(
    function: FunctionType, owner: type | None = None, *, tolerated: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """The evaluated annotations of a function, ``return`` included.

    Args:
        function: A plain function.
        owner: The class it is a method of; type parameters of its bases are replaced by what it gives for them.
        tolerated: Parameters whose annotation nobody needs: one that cannot be evaluated is left out.

    Raises:
        AnnotationError: An annotation cannot be evaluated.
    """
    raw = inspect.get_annotations(function)
    scope = _Scope(function.__qualname__, owner, _closure(function), function)
    arguments = type_arguments(owner) if owner is not None else {}
    hints: dict[str, Any] = {}
    for name, annotation in raw.items():
        try:
            hints[name] = substituted(_evaluated(annotation, function.__globals__, scope), arguments)
        except Exception as error:
            if name not in tolerated:
                place = f"{_shown(function, owner)}, {'return type' if name == 'return' else f'parameter {name!r}'}"
                reason = f"the annotation {annotation!r} cannot be evaluated ({error}); import what it names"
                raise AnnotationError(place, reason) from error
    return hints


def class_hints(cls: Any) -> dict[str, Any]:
    """The evaluated annotations of a class, bases first; of a parametrised generic class with its arguments filled in.

    Raises:
        AnnotationError: An annotation cannot be evaluated.
    """
    origin = get_origin(cls) or cls
    arguments = type_arguments(cls)
    hints: dict[str, Any] = {}
    for klass in reversed(origin.__mro__):
        module = sys.modules.get(klass.__module__)
        names = vars(module) if module is not None else {}
        scope = _Scope(klass.__qualname__, klass, {}, klass)
        for name, annotation in inspect.get_annotations(klass).items():
            try:
                hints[name] = substituted(_evaluated(annotation, dict(names), scope), arguments)
            except Exception as error:
                reason = f"the annotation {annotation!r} cannot be evaluated ({error}); import what it names"
                raise AnnotationError(f"{origin.__qualname__}.{name}", reason) from error
    return hints


def type_arguments(cls: Any) -> dict[Any, Any]:
    """What a class (or ``Class[argument]``) gives for the type parameters of its bases, through all generations."""
    origin = get_origin(cls) or cls
    found: dict[Any, Any] = {}
    if get_origin(cls) is not None:
        found.update(zip(getattr(origin, "__parameters__", ()), get_args(cls), strict=False))
    written = {get_origin(base): get_args(base) for base in getattr(origin, "__orig_bases__", ())}
    for base in getattr(origin, "__bases__", ()):
        if base in (object, Generic, Protocol):
            continue
        given = [_argument(substituted(argument, found), origin) for argument in written.get(base, ())]
        for parameter, value in zip(getattr(base, "__parameters__", ()), given, strict=False):
            found.setdefault(parameter, value)
        for parameter, value in type_arguments(base).items():
            found.setdefault(parameter, substituted(value, found))
    return found


def substituted(annotation: Any, arguments: Mapping[Any, Any]) -> Any:
    """The annotation with type parameters replaced by what is known for them."""
    if not arguments:
        return annotation
    if isinstance(annotation, TypeVar):
        return arguments.get(annotation, annotation)
    parameters = getattr(annotation, "__parameters__", ())
    if not parameters or isinstance(annotation, type):
        return annotation
    return annotation[tuple(arguments.get(parameter, parameter) for parameter in parameters)]


def _argument(value: Any, cls: type) -> Any:
    """A type argument that was written as text, evaluated where the class was written."""
    if isinstance(value, ForwardRef):
        value = value.__forward_arg__
    if not isinstance(value, str):
        return value
    module = sys.modules.get(cls.__module__)
    return _evaluated(value, dict(vars(module)) if module is not None else {}, _Scope(cls.__qualname__, cls, {}, cls))


class _Holder:
    """What ``get_type_hints`` reads from."""

    def __init__(self, annotations: dict[str, Any]) -> None:
        self.__annotations__ = annotations


def _evaluated(annotation: Any, namespace: dict[str, Any], scope: "_Scope") -> Any:
    if annotation is None:
        return None
    hints = get_type_hints(_Holder({"it": annotation}), namespace, scope, include_extras=True)
    return hints["it"]


def _closure(function: FunctionType) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not filled yet: the name is not known in this way
            continue
    return found


class _Scope(dict[str, Any]):
    """Names of a text annotation beyond its module: type parameters, the class, the functions around that still run."""

    def __init__(self, qualname: str, owner: type | None, closure: Mapping[str, Any], target: Any) -> None:
        super().__init__(closure)
        for declared in (owner, target):
            self.update({item.__name__: item for item in getattr(declared, "__type_params__", ())})
        self._members = {} if owner is None else vars(owner)
        self._functions = enclosing_functions(qualname) | (
            enclosing_functions(owner.__qualname__) if owner is not None else frozenset()
        )

    def __missing__(self, name: str) -> Any:
        # A method called `list` must not hide the type in `list[int]`: only types count among the class's names.
        member = self._members.get(name)
        if isinstance(member, type) or get_origin(member) is not None:
            return member
        for names in self._local_names():
            if name in names:
                return names[name]
        raise KeyError(name)

    def _local_names(self) -> Iterator[Mapping[str, Any]]:
        for frame in running_frames(self._functions):
            yield frame.f_locals


def _shown(function: Callable[..., Any], owner: type | None) -> str:
    return f"{owner.__name__}.{function.__name__}" if owner is not None else function.__qualname__
