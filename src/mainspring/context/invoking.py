"""Calling a method through the container: interceptors around it, injected parameters into it."""

from collections.abc import Callable, Iterable, Mapping
from inspect import Parameter
from typing import Any, NamedTuple

from mainspring.context.asking import injected
from mainspring.context.awaitables import is_awaitable
from mainspring.context.bindings import BindingScope
from mainspring.context.brief import BriefContext
from mainspring.context.context import Context
from mainspring.context.interceptors import interceptors_for, run_chain
from mainspring.context.signatures import method_spec
from mainspring.context.specs import CallSpec

__all__ = ["InvocationContext", "InvocationSource", "invoke_method"]


class InvocationSource:
    """Where a call comes from: anything with a ``type`` and a fitting ``str()``; here the text of the value."""

    def __init__(self, type: str, value: Any = None) -> None:
        self.type = type
        self.value = value

    def __str__(self) -> str:
        return self.type if self.value is None else str(self.value)

    def __repr__(self) -> str:
        return f"InvocationSource({self.type!r}, {self.value!r})"


class InvocationContext(BriefContext):
    """The context of one call.

    Interceptors may change ``args`` and ``kwargs``, and bind what the target is injected with.

    Attributes:
        target: The instance, or the class for static and class methods.
        method_name: The name of the method.
        args: Positional arguments, a list that may be changed.
        kwargs: Keyword arguments, a dict that may be changed.
        source: Where the call comes from, if that was said.
    """

    scope = BindingScope.CONTEXT

    def __init__(
        self,
        parent: Context,
        target: Any,
        method_name: str,
        args: Iterable[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        source: Any = None,
        injects: bool = True,
    ) -> None:
        self._parent = parent
        self._bindings = {}
        self._kept = {}
        self.target = target
        self.method_name = method_name
        self.args = list(args)
        self.kwargs = dict(kwargs or {})
        self.source = source
        self._injects = injects
        self._call = find_method(target, method_name)

    @property
    def target_class(self) -> type[Any]:
        """The class of the target."""
        return self.target if isinstance(self.target, type) else type(self.target)

    @property
    def target_name(self) -> str:
        """``Class.method``."""
        return f"{self.target_class.__name__}.{self.method_name}"

    @property
    def description(self) -> str:
        """The call in words."""
        arrow = "" if self.source is None else f"{self.source} => "
        return f"InvocationContext({self.name}): {arrow}{self.target_name}"

    def __str__(self) -> str:
        return self.description

    async def proceed(self) -> Any:
        """Call the target itself now, past the other interceptors."""
        args, kwargs = self.args, self.kwargs
        if self._injects:
            spec = method_spec(self.target_class, self.method_name, self._call)
            if args or kwargs.keys() != spec.names:  # else everything is given, by name
                args, kwargs = await self._arguments(spec)
        result = self._call(*args, **kwargs)
        return await result if is_awaitable(result) else result

    async def _arguments(self, spec: CallSpec) -> tuple[list[Any], dict[str, Any]]:
        """The given ones in their places, the rest injected."""
        given = _place(spec, list(self.args), dict(self.kwargs), self.target_name)
        points = tuple([point for point in spec.points if str(point.parameter) not in given.named])
        return _complete(spec, given, await injected(self, points))


async def invoke_method(  # noqa: PLR0913  # the public signature of API.md
    target: Any,
    name: str,
    ctx: Context,
    args: Iterable[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    skip_interceptors: bool = False,
    skip_parameter_injection: bool = False,
    source: Any = None,
) -> Any:
    """Call ``target.name`` with interceptors and injected parameters, resolved from ``ctx``.

    Args:
        target: An instance, or a class for static and class methods.
        name: The method.
        ctx: Where dependencies of the call are looked up.
        args: Fill, in order, the parameters without a marker.
        kwargs: Fill by name, and win over injection.
        skip_interceptors: Run none.
        skip_parameter_injection: Pass ``args`` and ``kwargs`` as they are.
        source: Where the call comes from, anything with a ``type``.

    Raises:
        AttributeError: There is no such method.
        TypeError: Too many ``args``, or an unknown name in ``kwargs``.
        Exception: What the method or an interceptor raises.
    """
    invocation = InvocationContext(ctx, target, name, args, kwargs, source=source, injects=not skip_parameter_injection)
    async with invocation:
        if skip_interceptors:
            return await invocation.proceed()
        interceptors = interceptors_for(invocation, invocation.target_class, name, source)
        if not interceptors:
            return await invocation.proceed()
        return await run_chain(invocation, interceptors, invocation.proceed)


def find_method(target: Any, name: str) -> Callable[..., Any]:
    """The method of an instance or class.

    Raises:
        AttributeError: It is missing or not callable.
    """
    call = getattr(target, name, None)
    if not callable(call):
        cls = target if isinstance(target, type) else type(target)
        what = "has no method" if call is None else "has an attribute that is no method:"
        raise AttributeError(f"{cls.__name__} {what} {cls.__name__}.{name}.")
    return call  # type: ignore[no-any-return]  # checked to be callable


class _Given(NamedTuple):
    named: dict[str, Any]
    rest: list[Any]
    extra: dict[str, Any]


def _place(spec: CallSpec, args: list[Any], kwargs: dict[str, Any], name: str) -> _Given:
    named: dict[str, Any] = {}
    free = [point for point in spec.points if point.marker is None and point.kind is not Parameter.KEYWORD_ONLY]
    for point in free:
        if not args:
            break
        named[str(point.parameter)] = args.pop(0)
    if args and not spec.has_var_positional:
        raise TypeError(f"{name} takes {len(free)} arguments without a marker, {len(free) + len(args)} were given.")
    known = {point.parameter for point in spec.points if point.kind is not Parameter.POSITIONAL_ONLY}
    extra = {key: value for key, value in kwargs.items() if key not in known}
    if extra and not spec.has_var_keyword:
        raise TypeError(f"{name} has no parameter {', '.join(map(repr, extra))}.")
    for key, value in kwargs.items():
        if key in known:
            if key in named:
                raise TypeError(f"{name} got the parameter {key!r} twice, by position and by name.")
            named[key] = value
    return _Given(named, args, extra)


def _complete(spec: CallSpec, given: _Given, found: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    by_position = bool(given.rest)
    for point in spec.points:
        name = str(point.parameter)
        if name in given.named:
            value = given.named[name]
        elif name in found:
            value = found[name]
        elif point.kind is not Parameter.POSITIONAL_ONLY and not by_position:
            continue
        else:
            value = point.default
        if point.kind is Parameter.POSITIONAL_ONLY or (by_position and point.kind is not Parameter.KEYWORD_ONLY):
            args.append(value)
        else:
            kwargs[name] = value
    return [*args, *given.rest], {**kwargs, **given.extra}
