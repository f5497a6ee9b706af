"""Interfaces and the proxies made of them: a class per interface whose methods call operations."""

import abc
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from inspect import Parameter
from types import FunctionType, new_class
from typing import Any, Generic, NamedTuple, Protocol, get_args, get_origin

from mainspring.openapi import AnnotationError, DeclarationError
from mainspring.openapi.annotations import handler_hints
from mainspring.openapi.parameters import MISSING as NO_ANNOTATION
from mainspring.proxies.answers import Answer, answer_of
from mainspring.proxies.binding import BoundParameter, bind, matched
from mainspring.proxies.declared import declared_operations
from mainspring.proxies.errors import ServiceInterfaceError
from mainspring.proxies.operations import Operation, OperationParameter

__all__ = ["Call", "ProxyMethod", "proxy_class", "untyped_class"]

#: Makes a call: the method, and its arguments by the names of the operation.
Call = Callable[["ProxyMethod", Mapping[str, Any]], Coroutine[Any, Any, Any]]


class ProxyMethod(NamedTuple):
    """What stands behind one method.

    Attributes:
        place: ``Interface.method``.
        parameters: As the caller gives them.
        operation: What is called.
        answer: How the answer is read.
    """

    place: str
    parameters: tuple[BoundParameter, ...]
    operation: Operation
    answer: Answer


def untyped_class(title: str, operations: Mapping[str, Operation], call: Call) -> type[Any]:
    """The class of a proxy without an interface: a method for each name of an operation."""
    answer = answer_of(NO_ANNOTATION)
    methods: dict[str, Any] = {}
    for name, operation in operations.items():
        parameters = tuple(
            BoundParameter(each.name, each.name, required=each.required, aliases=each.aliases)
            for each in operation.parameters
        )
        methods[name] = _method(name, ProxyMethod(name, parameters, operation, answer), call, None)
    return _made(title, (), methods)


def proxy_class(interface: type[Any], operations: Mapping[str, Operation], call: Call) -> type[Any]:
    """The class of the proxies of an interface.

    Args:
        interface: A ``Protocol``, an abstract class, or a class with annotated methods without a body. Methods that
            have one, and no operation, stay as they are.
        operations: By the names of methods. Those that REST decorators declare win.
        call: Makes the calls.

    Raises:
        ServiceInterfaceError: A method has no operation, does not fit it, or is not ``async``.
    """
    known: dict[str, Operation] = dict(operations)
    try:
        known.update(declared_operations(interface))
    except DeclarationError as error:
        raise ServiceInterfaceError(interface.__qualname__, None, str(error).rstrip(".")) from error
    methods = {
        name: _method(name, _described(interface, name, function, known.get(name), known), call, function.__doc__)
        for name, function in _functions(interface)
        if name in known or _is_open(function)
    }
    cls = _made(f"{interface.__name__}Proxy", (interface,), methods)
    for name in sorted(getattr(cls, "__abstractmethods__", ())):
        raise ServiceInterfaceError(
            interface.__qualname__, name, "it is abstract and no method: a proxy cannot have it"
        )
    return cls


def _functions(interface: type[Any]) -> Iterator[tuple[str, FunctionType]]:
    """The public methods, each as the nearest class has it."""
    seen: set[str] = set()
    for cls in interface.__mro__:
        if cls in (object, Protocol, Generic, abc.ABC):
            continue
        for name, member in vars(cls).items():
            if name.startswith("_") or name in seen:
                continue
            seen.add(name)
            if isinstance(member, FunctionType):
                yield name, member


def _described(
    interface: type[Any],
    name: str,
    function: FunctionType,
    operation: Operation | None,
    operations: Mapping[str, Operation],
) -> ProxyMethod:
    title = interface.__qualname__
    if operation is None:
        known = ", ".join(operations) or "none"
        raise ServiceInterfaceError(title, name, f"the data source has no operation for it; there are {known}")
    try:
        hints = handler_hints(function, interface)
        returns = _returned(title, name, function, hints.get("return", NO_ANNOTATION))
        answer = answer_of(returns)
    except AnnotationError as error:
        raise ServiceInterfaceError(title, name, str(error).rstrip(".")) from error
    parameters = _parameters(title, name, function, operation.parameters)
    return ProxyMethod(f"{interface.__name__}.{name}", parameters, operation, answer)


def _returned(title: str, name: str, function: FunctionType, annotation: Any) -> Any:
    if inspect.iscoroutinefunction(function):
        return annotation
    if get_origin(annotation) in (Awaitable, Coroutine):
        return get_args(annotation)[-1]
    raise ServiceInterfaceError(title, name, "a call over the network waits: write it as `async def`")


def _parameters(title: str, name: str, function: FunctionType, targets: Any) -> tuple[BoundParameter, ...]:
    own = list(inspect.signature(function).parameters.values())[1:]
    named = [each for each in own if each.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)]
    try:
        pairs = matched([each.name for each in named], targets)
    except LookupError as error:
        raise ServiceInterfaceError(title, name, str(error.args[0])) from error
    found = [_bound(parameter, target) for parameter, target in zip(named, pairs, strict=True)]
    if any(each.kind is Parameter.VAR_KEYWORD for each in own):
        taken = {each.target for each in found}
        found += [
            BoundParameter(each.name, each.name, required=each.required, aliases=each.aliases, keyword_only=True)
            for each in targets
            if each.name not in taken
        ]
    served = {each.target for each in found}
    for target in targets:
        if target.required and target.name not in served:
            reason = f"the operation needs {target.name!r}, for which there is no parameter"
            raise ServiceInterfaceError(title, name, reason)
    return tuple(found)


def _bound(parameter: Parameter, target: OperationParameter | None) -> BoundParameter:
    default = parameter.default
    has_default = default is not Parameter.empty and not _is_marker(default)
    return BoundParameter(
        parameter.name,
        None if target is None else target.name,
        required=not has_default and target is not None and (default is Parameter.empty or target.required),
        default=default if has_default else NO_ANNOTATION,
        keyword_only=parameter.kind is Parameter.KEYWORD_ONLY,
    )


def _is_marker(default: Any) -> bool:
    return type(default).__module__.startswith(("mainspring.openapi.", "mainspring.context."))


def _method(name: str, method: ProxyMethod, call: Call, documentation: str | None) -> Any:
    async def calling(_self: Any, /, *args: Any, **kwargs: Any) -> Any:
        return await call(method, bind(method.place, method.parameters, args, kwargs))

    calling.__name__ = name
    calling.__qualname__ = method.place
    calling.__doc__ = documentation
    return calling


def _made(title: str, bases: tuple[type[Any], ...], members: Mapping[str, Any]) -> type[Any]:
    def fill(namespace: dict[str, Any]) -> None:
        namespace.update(members)
        namespace["__module__"] = __name__
        namespace["__init__"] = lambda _self: None  # the interface's own is for those who implement it
        namespace["__repr__"] = lambda _self: f"<{title} of a remote service>"

    return new_class(title, bases, {}, fill)


async def _open_async(self: Any) -> Any: ...
async def _open_async_documented(self: Any) -> Any:
    """Has words."""


def _open_plain(self: Any) -> Any: ...
def _open_plain_documented(self: Any) -> Any:
    """Has words."""


#: What functions without a body of their own compile to.
_OPEN = frozenset(
    function.__code__.co_code for function in (_open_async, _open_async_documented, _open_plain, _open_plain_documented)
)


def _is_open(function: FunctionType) -> bool:
    """Whether a method waits for somebody to say what it does."""
    return bool(getattr(function, "__isabstractmethod__", False)) or function.__code__.co_code in _OPEN
