"""Annotations of model classes as objects, evaluated when the definition is first used.

Text is looked up in the class, the functions around it, and the module. The frames of the functions around a local
class are kept until then, so that a class defined later in the same function is found although the function has ended.
"""

import builtins
import inspect
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Annotated, Any, ClassVar, ForwardRef, Literal, Union, get_args, get_origin

from mainspring.metadata.frames import enclosing_functions, running_frames

__all__ = ["Names", "enclosing_frames", "is_class_variable", "own_annotations"]


def own_annotations(cls: type) -> dict[str, Any]:
    """The annotations written in the body of a class, as they are written."""
    if sys.version_info >= (3, 14):
        import annotationlib  # noqa: PLC0415 - exists from 3.14 on

        return dict(annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF))
    return dict(inspect.get_annotations(cls))


def is_class_variable(annotation: Any) -> bool:
    """Whether it says ``ClassVar``, as an object or as text."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        return annotation.split("[", 1)[0].strip().rsplit(".", 1)[-1] == "ClassVar"
    return annotation is ClassVar or get_origin(annotation) is ClassVar


def enclosing_frames(qualname: str, is_needed: bool) -> tuple[FrameType, ...]:
    """The running frames of the functions around a local class, innermost first; none if they are not needed."""
    return tuple(running_frames(enclosing_functions(qualname))) if is_needed else ()


def mentions_text(annotation: Any) -> bool:
    """Whether there is text in it that has to be evaluated."""
    if isinstance(annotation, str | ForwardRef):
        return True
    if get_origin(annotation) is Literal:
        return False
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        arguments = arguments[:1]
    return any(mentions_text(argument) for argument in arguments)


class Names(dict[str, Any]):
    """The names that text in a class body can mean.

    Args:
        cls: The class the text is written in.
        frames: The frames of the functions around it.
    """

    def __init__(self, cls: type, frames: tuple[FrameType, ...] = ()) -> None:
        super().__init__()
        self._cls, self._frames = cls, frames

    def __missing__(self, name: str) -> Any:
        # A property called `date` must not hide the type in `date | None`: of the class's names only types count.
        member = vars(self._cls).get(name)
        if isinstance(member, type) or get_origin(member) is not None:
            return member
        for names in self._scopes():
            if name in names:
                return names[name]
        if name == self._cls.__name__:
            return self._cls
        raise KeyError(name)

    def _scopes(self) -> Iterator[Mapping[str, Any]]:
        for frame in self._frames or enclosing_frames(self._cls.__qualname__, is_needed=True):
            yield frame.f_locals
        module = sys.modules.get(self._cls.__module__)
        if module is not None:
            yield vars(module)
        yield vars(builtins)

    def find(self, name: str) -> Any:
        """What a bare name means.

        Raises:
            NameError: It means nothing here.
        """
        try:
            return self[name]
        except KeyError:
            raise NameError(f"name {name!r} is not defined", name=name) from None

    def evaluate(self, annotation: Any) -> Any:
        """The annotation with every text in it evaluated.

        Raises:
            Exception: Whatever evaluating raises; ``NameError`` for an unknown name.
        """
        if isinstance(annotation, ForwardRef):
            annotation = annotation.__forward_arg__
        if isinstance(annotation, str):
            return self.evaluate(eval(annotation, {"__builtins__": {}}, self))
        if not mentions_text(annotation):
            return annotation
        return _rebuilt(annotation, self.evaluate)


def _rebuilt(annotation: Any, change: Callable[[Any], Any]) -> Any:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return Annotated[(change(arguments[0]), *annotation.__metadata__)]
    changed = tuple(change(argument) for argument in arguments)
    if origin in (Union, types.UnionType):
        return Union[changed]  # noqa: UP007 - the members are a tuple made at run time
    return origin[changed if len(changed) != 1 else changed[0]]
