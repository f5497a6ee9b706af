"""What a program makes of its own exceptions: functions by class, on an application, a server or a controller."""

from collections.abc import Callable
from typing import Any, TypeVar

from mainspring.context import Binding, BindingKey
from mainspring.metadata import define_metadata, get_metadata
from mainspring.rest.errors import RegistrationError
from mainspring.rest.keys import RestTags

__all__ = ["error_handler", "error_handler_binding", "error_handlers_of"]

C = TypeVar("C", bound=type[Any])
ErrorHandler = Callable[[Any, Any], Any]
"""``fn(context, error)`` returns a result to send, or raises an error that is told instead."""

_HANDLERS = "mainspring.rest:error_handlers"


def error_handler(cls: type[BaseException], function: ErrorHandler) -> Callable[[C], C]:
    """Decorate a controller class: errors of this class that its operations raise go to the function."""
    _check(cls, function)

    def decorate(controller: C) -> C:
        known = get_metadata(_HANDLERS, controller, own=True, default={})
        define_metadata(_HANDLERS, {**known, cls: function}, controller)
        return controller

    return decorate


def error_handlers_of(controller: type[Any]) -> dict[type[BaseException], ErrorHandler]:
    """What is noted on a controller class and its bases, the nearest word for each class of errors."""
    found: dict[type[BaseException], ErrorHandler] = {}
    for cls in controller.__mro__:
        for error, function in get_metadata(_HANDLERS, cls, own=True, default={}).items():
            found.setdefault(error, function)
    return found


def error_handler_binding(cls: type[BaseException], function: ErrorHandler) -> Binding[Any]:
    """The binding of a handler of an application or server.

    Raises:
        RegistrationError: It is no class of exceptions, or no function.
    """
    _check(cls, function)
    return Binding(BindingKey.generate("error_handlers")).to(function).tag({RestTags.ERROR_HANDLER: cls})


def _check(cls: Any, function: Any) -> None:
    if not isinstance(cls, type) or not issubclass(cls, BaseException):
        raise RegistrationError(f"error_handler({cls!r})", "give a class of exceptions first")
    if not callable(function):
        raise RegistrationError(f"error_handler({cls.__name__}, {function!r})", "give a function (context, error)")
