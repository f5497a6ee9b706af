"""From files to the classes they define."""

import enum
import os
from collections.abc import Iterable, Sequence
from types import FunctionType, ModuleType
from typing import Any, is_typeddict

from mainspring.boot.importing import import_files

__all__ = ["can_be_artifact", "defined_classes", "defined_functions", "load_classes_from_files"]

#: The flag of a class with abstract methods left: all that `inspect.isabstract` asks of a finished class.
_ABSTRACT = 1 << 20

_NO_ARTIFACTS = (enum.Enum, BaseException)


def load_classes_from_files(
    files: Iterable[str | os.PathLike[str]], root: str | os.PathLike[str], *, packages: Sequence[str] = ()
) -> list[type[Any]]:
    """Import files (each once in the process, under its real module name) and list the classes they define.

    Args:
        files: Paths of Python files.
        root: The project root, for files that no import path leads to.
        packages: Names of packages whose names for files come first: the application's own.

    Returns:
        Public classes in order of file and definition, each once.

    Raises:
        BootError: A file does not exist or fails to import.
    """
    modules = import_files(files, root, packages)
    return list(dict.fromkeys(cls for module in modules for cls in defined_classes(module)))


def defined_classes(module: ModuleType) -> list[type[Any]]:
    """The public classes defined in a module, in order, each once; not what it imports."""
    name = module.__name__
    found = [value for value in _public(module) if _is_class_of(value, name)]
    return list(dict.fromkeys(found)) if len(found) > 1 else found


def defined_functions(module: ModuleType) -> list[FunctionType]:
    """The public functions defined in a module, in order, each once."""
    functions = (value for value in _public(module) if type(value) is FunctionType)
    return list(dict.fromkeys(each for each in functions if each.__module__ == module.__name__))


def _public(module: ModuleType) -> list[Any]:
    listed = getattr(module, "__all__", None)
    names = list(vars(module).items())
    return [value for name, value in names if name[:1] != "_" and (listed is None or name in listed)]


def _is_class_of(value: Any, module: str) -> bool:
    # By the type itself: `isinstance` believes what an object says its class is.
    if not issubclass(type(value), type) or value.__module__ != module:
        return False
    # `Alias = Outer.Inner` is the inner class still; what a function made and the module names is the module's.
    return "." not in value.__qualname__ or "<locals>" in value.__qualname__


def can_be_artifact(cls: type[Any]) -> bool:
    """Whether a class could be an artifact: protocols, enums, exceptions, records and abstract classes cannot."""
    if cls.__flags__ & _ABSTRACT or getattr(cls, "_is_protocol", False) or is_typeddict(cls):
        return False
    if issubclass(cls, _NO_ARTIFACTS):
        return False
    return not (issubclass(cls, tuple) and hasattr(cls, "_fields"))
