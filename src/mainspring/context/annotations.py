"""Annotations read when they are needed, not before: forward references may name what is defined later."""

import builtins
import inspect
import sys
import types
import weakref
from collections.abc import Callable, Iterator, Mapping
from inspect import Parameter
from types import FunctionType
from typing import Annotated, Any, ClassVar, Final, Union, get_args, get_origin, get_type_hints

from mainspring.metadata.annotations import Unresolved
from mainspring.metadata.frames import enclosing_functions, running_frames

__all__ = ["LateAnnotation", "Scope", "allows_none", "own_annotations", "strip_annotation"]


class Scope:
    """Where an annotation was written: it keeps neither the class nor the function alive."""

    __slots__ = ("_function", "_owner")

    def __init__(self, function: Any = None, owner: type[Any] | None = None) -> None:
        self._function = _weak(function)
        self._owner = _weak(owner)

    def names(self) -> dict[str, Any]:
        """What a text annotation may name: the class, the functions around it that still run, the module."""
        function = self._function()
        owner = _defining_class(self._owner(), function)
        members = {} if owner is None else dict(vars(owner))
        names: dict[str, Any] = {**members, **vars(builtins)}
        names |= _module_names(owner)
        names |= getattr(function, "__globals__", None) or _module_names(function)
        for each in (owner, function):
            for place in _enclosing_names(each):
                names |= place
        names |= _closure(function)
        # A method called `list` must not hide the type in `list[int]`: of the class's names, only types come first.
        names |= {name: member for name, member in members.items() if isinstance(member, type) or get_origin(member)}
        for each in (owner, function):
            names |= {parameter.__name__: parameter for parameter in getattr(each, "__type_params__", ())}
        return names


class LateAnnotation:
    """One annotation with the place where it was written. A failed evaluation is tried again the next time."""

    __slots__ = ("_done", "_scope", "_value", "raw")

    def __init__(self, raw: Any, scope: Scope | None = None) -> None:
        self.raw = raw
        self._scope = scope
        self._done = raw is Parameter.empty
        self._value: Any = raw

    def value(self) -> Any:
        """The evaluated annotation (``Parameter.empty`` when there is none).

        Raises:
            Exception: Whatever evaluating raises (``NameError`` mostly).
        """
        if not self._done:
            if isinstance(self.raw, type) and get_origin(self.raw) is None:  # most are: there is nothing to evaluate
                self._done, self._scope = True, None
                return self.raw
            names = self._names()
            hints = get_type_hints(_Holder({"it": self.raw}), names, names, include_extras=True)
            self._value = None if self.raw is None else hints["it"]
            self._done = True
            self._scope = None
        return self._value

    def extras(self) -> tuple[tuple[Any, ...], bool]:
        """The extras of an ``Annotated``, and whether these are all: a name on the way may be unknown yet."""
        try:
            return _extras(self.value()), True
        except Exception:  # matters only when the type is needed; then `value` raises
            found = _extras(self.loosely())
            return found, not any(isinstance(each, Unresolved) for each in found)

    def loosely(self) -> Any:
        """What can be read of it: a name that is not known spoils only itself."""
        if not isinstance(self.raw, str):
            return self.raw
        try:
            return eval(self.raw, {"__builtins__": {}}, _Tolerant(self._names()))
        except Exception:  # an annotation may be any text
            return Unresolved(self.raw)

    def _names(self) -> dict[str, Any]:
        return self._scope.names() if self._scope is not None else {}


class _Holder:
    """What ``get_type_hints`` reads from."""

    def __init__(self, annotations: dict[str, Any]) -> None:
        self.__annotations__ = annotations


class _Tolerant(dict[str, Any]):
    """Names, with `Unresolved` for the others."""

    def __missing__(self, name: str) -> Unresolved:
        return Unresolved(name)


def _weak(target: Any) -> Callable[[], Any]:
    try:
        return weakref.ref(target)
    except TypeError:  # None, builtins
        return lambda: target


def _defining_class(cls: type[Any] | None, method: Any) -> type[Any] | None:
    """The class whose body the method was written in."""
    place = getattr(method, "__qualname__", "").rpartition(".")[0]
    return next((klass for klass in getattr(cls, "__mro__", ()) if klass.__qualname__ == place), cls)


def _module_names(target: Any) -> Mapping[str, Any]:
    module = sys.modules.get(getattr(target, "__module__", None) or "")
    return vars(module) if module is not None else {}


def _closure(function: Any) -> dict[str, Any]:
    if not isinstance(function, FunctionType) or not function.__closure__:
        return {}
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__, strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not filled yet
            continue
    return found


def _enclosing_names(target: Any) -> Iterator[Mapping[str, Any]]:
    """The locals of the functions around the target that are running, the outermost first."""
    around = enclosing_functions(getattr(target, "__qualname__", ""))
    module = getattr(target, "__module__", None)
    frames = [frame for frame in running_frames(around) if frame.f_globals.get("__name__") == module]
    return (frame.f_locals for frame in reversed(frames))


def _extras(annotation: Any) -> tuple[Any, ...]:
    inner = _inner(annotation)
    own = tuple(annotation.__metadata__) if get_origin(annotation) is Annotated else ()
    if inner is not annotation:
        return (*own, *_extras(inner))
    return (annotation,) if isinstance(annotation, Unresolved) else ()


def _inner(annotation: Any) -> Any:
    """The annotation with one wrapping less: ``Annotated``, ``X | None``, ``ClassVar``, ``InitVar``, a type alias."""
    origin = get_origin(annotation)
    if origin is Annotated or (origin in (ClassVar, Final) and get_args(annotation)):
        return get_args(annotation)[0]
    if origin in (Union, types.UnionType):
        left = [arg for arg in get_args(annotation) if arg is not type(None)]
        return left[0] if len(left) == 1 else annotation
    if type(annotation).__name__ == "InitVar":  # `dataclasses` is for those who use them
        return annotation.type
    if type(annotation).__name__ == "TypeAliasType":  # `type X = ...`, from Python 3.12 on
        return annotation.__value__
    return annotation


def strip_annotation(annotation: Any) -> Any:
    """``Annotated[X | None, …]`` is ``X``; a union of several types stays one."""
    inner = _inner(annotation)
    return annotation if inner is annotation else strip_annotation(inner)


def allows_none(annotation: Any) -> bool:
    """Whether the annotation is a union with ``None``."""
    if get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation):
        return True
    inner = _inner(annotation)
    return inner is not annotation and allows_none(inner)


def own_annotations(cls: type[Any]) -> dict[str, Any]:
    """The annotations written in the body of this very class, unevaluated where they are text."""
    if sys.version_info >= (3, 14):
        import annotationlib  # noqa: PLC0415 - exists from 3.14 on only

        return annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF)
    return inspect.get_annotations(cls) if "__annotations__" in vars(cls) else {}  # most have none
