"""Annotations read when they are needed, not before: forward references may name what is defined later."""

import inspect
import sys
from collections.abc import Mapping
from inspect import Parameter
from typing import Annotated, Any, get_args, get_origin, get_type_hints

__all__ = ["LateAnnotation", "annotation_of_attribute", "globals_of"]


class LateAnnotation:
    """One annotation with the names it may use. A failed evaluation is tried again the next time."""

    __slots__ = ("_done", "_globals", "_locals", "_value", "raw")

    def __init__(self, raw: Any, namespace: Mapping[str, Any], names: Mapping[str, Any] | None = None) -> None:
        self.raw = raw
        self._globals = namespace
        self._locals = names
        self._done = raw is Parameter.empty
        self._value: Any = raw

    def value(self) -> Any:
        """The evaluated annotation (``Parameter.empty`` when there is none).

        Raises:
            Exception: Whatever evaluating raises (``NameError`` mostly).
        """
        if not self._done:
            holder = _Holder({"it": self.raw})
            hints = get_type_hints(holder, dict(self._globals), dict(self._locals or {}), include_extras=True)
            self._value = None if self.raw is None else hints["it"]
            self._done = True
            self._globals, self._locals = {}, None
        return self._value

    def extras(self) -> tuple[Any, ...]:
        """The extras of an ``Annotated``; none when it cannot be evaluated (yet)."""
        try:
            value = self.value()
        except Exception:  # matters only when the type is needed; then `value` raises
            return ()
        return _extras(value)


class _Holder:
    """What ``get_type_hints`` reads from."""

    def __init__(self, annotations: dict[str, Any]) -> None:
        self.__annotations__ = annotations


def _extras(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Annotated:
        first, *extras = get_args(annotation)
        return (*extras, *_extras(first))
    return ()


def globals_of(target: Any) -> dict[str, Any]:
    """The names of the module in which a class or function was defined."""
    found = getattr(target, "__globals__", None)
    if isinstance(found, dict):
        return found
    module = sys.modules.get(getattr(target, "__module__", None) or "")
    return vars(module) if module is not None else {}


def own_annotations(cls: type[Any]) -> dict[str, Any]:
    """The annotations written in the body of this very class, unevaluated where they are text."""
    if sys.version_info >= (3, 14):
        import annotationlib  # noqa: PLC0415 - exists from 3.14 on only

        return annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF)
    return inspect.get_annotations(cls)


def type_parameters(*owners: Any) -> dict[str, Any]:
    """The type parameters (PEP 695) of classes and functions, by name."""
    return {parameter.__name__: parameter for owner in owners for parameter in getattr(owner, "__type_params__", ())}


def annotation_of_attribute(cls: type[Any], name: str) -> LateAnnotation | None:
    """The annotation of a class attribute where the nearest class of the MRO wrote it, with that class's names."""
    for klass in cls.__mro__:
        own = own_annotations(klass)
        if name in own:
            return LateAnnotation(own[name], globals_of(klass), {**type_parameters(klass), **vars(klass)})
    return None
