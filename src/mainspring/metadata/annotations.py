"""Annotations as objects, whatever the file says about them.

``from __future__ import annotations`` makes every annotation text. Text is evaluated where it was written: in the
class, the functions around it that are still running or were closed over, the module. A name that is not known
(yet) becomes `Unresolved` and spoils only itself: ``Annotated[Later, audit()]`` still shows ``audit()``.
"""

import builtins
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Annotated, Any, ClassVar, Final, get_args, get_origin

from mainspring.metadata.frames import enclosing_functions, running_frames

__all__ = ["Unresolved", "annotated_extras", "class_annotations", "function_annotations"]


class Unresolved:
    """Stands for a name that could not be found; whatever is done with it gives it again."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, name: str) -> "Unresolved":
        if name.startswith("__"):  # typing probes for dunder names; it must be told that there are none
            raise AttributeError(name)
        return self

    def __getitem__(self, item: object) -> "Unresolved":
        return self

    def __iter__(self) -> Iterator[Any]:  # without it, __getitem__ would make this an endless sequence
        raise TypeError(f"{self!r} is a name that could not be found, not a sequence.")

    def __call__(self, *_: object, **__: object) -> "Unresolved":
        """The result of calling what is not known is not known."""
        return self

    def __or__(self, other: object) -> "Unresolved":
        return self

    __ror__ = __or__

    def __repr__(self) -> str:
        return f"Unresolved({self.name!r})"


def class_annotations(cls: type) -> dict[str, Any]:
    """The annotations written in the body of ``cls`` itself, evaluated, in their order."""
    raw = _raw_annotations(cls)
    names = _Names(cls.__qualname__, _module_globals(cls), owner=cls)
    return {name: _evaluate(value, names) for name, value in raw.items()}


def function_annotations(function: Callable[..., Any], owner: type | None = None) -> dict[str, Any]:
    """The annotations of a function's parameters (``return`` is left out), evaluated, in their order.

    Args:
        function: A plain function; ``functools.wraps`` wrappers are followed to what they wrap.
        owner: The class that the function is a method of; its names are visible to text annotations.
    """
    function = inspect.unwrap(function)
    raw = _raw_annotations(function)
    scope = dict(_module_globals(owner)) if owner is not None else {}
    scope.update(getattr(function, "__globals__", {}))
    names = _Names(getattr(function, "__qualname__", ""), scope, owner=owner, closure=_closure(function))
    return {name: _evaluate(value, names) for name, value in raw.items() if name != "return"}


def annotated_extras(annotation: Any) -> tuple[Any, ...]:
    """What stands behind the type in ``Annotated[T, ...]``, also inside ``ClassVar``, ``Final`` and type aliases."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            return tuple(annotation.__metadata__)
        if origin in (ClassVar, Final) and get_args(annotation):
            annotation = get_args(annotation)[0]
        elif type(annotation).__name__ == "TypeAliasType":  # `type X = ...`, from Python 3.12 on
            annotation = annotation.__value__
        else:
            return (annotation,) if isinstance(annotation, Unresolved) else ()


def _raw_annotations(target: Any) -> Mapping[str, Any]:
    if sys.version_info >= (3, 14):
        import annotationlib  # noqa: PLC0415 - exists from 3.14 on

        return annotationlib.get_annotations(target, format=annotationlib.Format.FORWARDREF)
    return inspect.get_annotations(target)


def _module_globals(cls: type) -> Mapping[str, Any]:
    module = sys.modules.get(cls.__module__)
    return {} if module is None else vars(module)


def _closure(function: Callable[..., Any]) -> Mapping[str, Any]:
    if not isinstance(function, FunctionType) or not function.__closure__:
        return {}
    cells = zip(function.__code__.co_freevars, function.__closure__, strict=True)
    return {name: cell.cell_contents for name, cell in cells if _is_filled(cell)}


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - reading is the only way to tell
    except ValueError:
        return False
    return True


def _evaluate(annotation: Any, names: "_Names") -> Any:
    if not isinstance(annotation, str):
        return annotation
    try:
        return eval(annotation, {"__builtins__": {}}, names)
    except Exception:  # an annotation may be any text; one that cannot be evaluated only hides itself
        return Unresolved(annotation)


class _Names(dict[str, Any]):
    """The scope of a text annotation: class, enclosing functions, module, builtins, and `Unresolved` at the end."""

    def __init__(
        self,
        qualname: str,
        scope: Mapping[str, Any],
        *,
        owner: type | None = None,
        closure: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self._members = {} if owner is None else vars(owner)
        self._functions = enclosing_functions(qualname if owner is None else owner.__qualname__)
        self._scope, self._closure = scope, closure or {}

    def __missing__(self, name: str) -> Any:
        # A method called `list` must not hide the type in `list[int]`: of the class's names, types come first,
        # the others after everything else.
        member = self._members.get(name)
        if isinstance(member, type) or get_origin(member) is not None:
            return member
        for names in (self._closure, *self._local_names(), self._scope, vars(builtins), self._members):
            if name in names:
                return names[name]
        return Unresolved(name)

    def _local_names(self) -> Iterator[Mapping[str, Any]]:
        for frame in running_frames(self._functions):
            yield frame.f_locals
