"""What a class or function wants injected, read once per process and never written on it."""

import functools
import inspect
import weakref
from collections.abc import Callable, Iterator
from inspect import Parameter
from typing import Any

from mainspring.context.annotations import (
    LateAnnotation,
    annotation_of_attribute,
    globals_of,
    own_annotations,
    type_parameters,
)
from mainspring.context.injection import EMPTY, Injection, InjectionPoint

__all__ = ["CallSpec", "ClassSpec", "call_spec", "class_spec", "has_injections", "method_spec", "unwrap_callable"]

_NOT_INJECTED = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


class CallSpec:
    """The injection points of something that is called, in order of declaration."""

    __slots__ = ("_returns", "has_var_keyword", "has_var_positional", "points")

    def __init__(
        self, points: tuple[InjectionPoint, ...], returns: LateAnnotation, signature: inspect.Signature
    ) -> None:
        self.points = points
        self._returns = returns
        kinds = {parameter.kind for parameter in signature.parameters.values()}
        self.has_var_positional = Parameter.VAR_POSITIONAL in kinds
        self.has_var_keyword = Parameter.VAR_KEYWORD in kinds

    def returns(self) -> Any:
        """The evaluated return annotation, ``None`` without one.

        Raises:
            Exception: It cannot be evaluated.
        """
        value = self._returns.value()
        return None if value is EMPTY else value


class ClassSpec:
    """The injection points of a class: of its constructor, then of its properties."""

    __slots__ = ("constructor", "properties")

    def __init__(self, constructor: CallSpec, properties: tuple[InjectionPoint, ...]) -> None:
        self.constructor = constructor
        self.properties = properties


_calls: "weakref.WeakKeyDictionary[Any, dict[Any, CallSpec]]" = weakref.WeakKeyDictionary()
_classes: "weakref.WeakKeyDictionary[type[Any], ClassSpec]" = weakref.WeakKeyDictionary()


def unwrap_callable(call: Any) -> Any:
    """The function at the bottom of partials, bound methods, ``functools.wraps`` and callable objects."""
    while True:
        if isinstance(call, functools.partial):
            call = call.func
        elif inspect.ismethod(call):
            call = call.__func__
        elif hasattr(call, "__wrapped__"):
            call = call.__wrapped__
        elif not inspect.isroutine(call) and not isinstance(call, type) and callable(call):
            inner = type(call).__call__
            if not inspect.isfunction(inner):
                return call
            call = inner
        else:
            return call


def call_spec(call: Callable[..., Any]) -> CallSpec:
    """The specification of a function, bound method, partial or callable object."""
    if isinstance(call, functools.partial):
        return _make_call_spec(call, skip=frozenset(call.keywords))
    key = call.__func__ if inspect.ismethod(call) else call
    if not inspect.isroutine(key) and not isinstance(key, type):
        key = type(key).__call__
    return _cached(key, ("call", inspect.ismethod(call)), lambda: _make_call_spec(call))


def method_spec(cls: type[Any], name: str, call: Callable[..., Any]) -> CallSpec:
    """The specification of a method of a class, got from an instance or from the class."""
    function = call.__func__ if inspect.ismethod(call) else call
    return _cached(function, ("method", cls), lambda: _make_call_spec(call, owner=cls, member=name))


def class_spec(cls: type[Any]) -> ClassSpec:
    """The specification of a class."""
    found = _classes.get(cls)
    if found is None:
        found = ClassSpec(_constructor_spec(cls), tuple(_property_points(cls)))
        _classes[cls] = found
    return found


def has_injections(cls: type[Any]) -> bool:
    """Whether the constructor, a property or a method of the class (own or inherited) has a marker."""
    spec = class_spec(cls)
    if spec.properties or any(point.marker is not None for point in spec.constructor.points):
        return True
    for name in dir(cls):
        member = inspect.getattr_static(cls, name, None)
        if isinstance(member, staticmethod | classmethod):
            member = member.__func__
        if not inspect.isfunction(member) or (name.startswith("__") and name != "__call__"):
            continue
        if any(point.marker is not None for point in method_spec(cls, name, member).points):
            return True
    return False


def _cached(target: Any, kind: Any, make: Callable[[], CallSpec]) -> CallSpec:
    # A class inside the kind would keep it alive from its own function's entry: it is held by its id there, and the
    # entry dies with the function, which the class outlives.
    kind = tuple(id(part) if isinstance(part, type) else part for part in kind)
    try:
        entries = _calls.setdefault(target, {})
    except TypeError:  # neither hashable nor weakly referable: read anew each time
        return make()
    found = entries.get(kind)
    if found is None:
        found = entries[kind] = make()
    return found


def _make_call_spec(
    call: Any, *, owner: type[Any] | None = None, member: str | None = None, skip: frozenset[str] = frozenset()
) -> CallSpec:
    try:
        signature = inspect.signature(call)
    except (TypeError, ValueError):  # builtins without a signature take nothing from us
        signature = inspect.Signature()
    function = unwrap_callable(call)
    target = owner if owner is not None else function
    place = str(member or getattr(function, "__name__", type(call).__name__))
    names = {**type_parameters(*(() if owner is None else (owner,)), function)}
    namespace = globals_of(function)
    points = tuple(
        InjectionPoint(
            target,
            place,
            parameter.name,
            LateAnnotation(parameter.annotation, namespace, names),
            default=parameter.default,
            kind=parameter.kind,
        )
        for parameter in signature.parameters.values()
        if parameter.kind not in _NOT_INJECTED and parameter.name not in skip
    )
    return CallSpec(points, LateAnnotation(signature.return_annotation, namespace, names), signature)


def _constructor_spec(cls: type[Any]) -> CallSpec:
    call = _constructor_of(cls)
    if call is None:
        return CallSpec((), LateAnnotation(EMPTY, {}), inspect.Signature())
    try:
        signature = inspect.signature(call)
    except (TypeError, ValueError):
        return CallSpec((), LateAnnotation(EMPTY, {}), inspect.Signature())
    fields = _fields_of(cls)
    function = unwrap_callable(call)
    points = []
    for parameter in list(signature.parameters.values())[1:]:  # the first one is `self` or `cls`
        if parameter.kind in _NOT_INJECTED:
            continue
        late = annotation_of_attribute(cls, parameter.name) if parameter.name in fields else None
        if late is None:
            late = LateAnnotation(parameter.annotation, globals_of(function), type_parameters(cls, function))
        default = parameter.default
        points.append(InjectionPoint(cls, "__init__", parameter.name, late, default=default, kind=parameter.kind))
    return CallSpec(tuple(points), LateAnnotation(EMPTY, {}), signature)


def _constructor_of(cls: type[Any]) -> Any:
    """The ``__init__`` (or ``__new__``) that says what is wanted: one of ``*args, **kwargs`` alone asks the next."""
    for klass in cls.__mro__:
        for name in ("__init__", "__new__"):
            own = klass.__dict__.get(name)
            if klass is object or own is None:
                continue
            call = own.__func__ if isinstance(own, staticmethod) else own
            if not _takes_anything(call):
                return call
    return None


def _takes_anything(call: Any) -> bool:
    try:
        parameters = list(inspect.signature(call).parameters.values())[1:]
    except (TypeError, ValueError):
        return True
    kinds = [parameter.kind for parameter in parameters]
    return bool(kinds) and all(kind in _NOT_INJECTED for kind in kinds)


def _fields_of(cls: type[Any]) -> frozenset[str]:
    """Names of dataclass and attrs fields that are parameters of the generated constructor."""
    fields = getattr(cls, "__dataclass_fields__", None)
    if fields is not None:
        return frozenset(name for name, field in fields.items() if getattr(field, "init", True))
    attributes = getattr(cls, "__attrs_attrs__", ())
    return frozenset(
        name for item in attributes for name in (item.name, getattr(item, "alias", None)) if name and item.init
    )


def _property_points(cls: type[Any]) -> Iterator[InjectionPoint]:
    fields = _fields_of(cls)
    names: dict[str, None] = {}
    for klass in reversed(cls.__mro__):
        if klass is not object:
            names.update(dict.fromkeys(own_annotations(klass)))
            names.update(dict.fromkeys(name for name, value in vars(klass).items() if isinstance(value, Injection)))
    for name in names:
        if name in fields:
            continue
        point = _property_point(cls, name)
        if point.marker is not None:
            yield point


def _property_point(cls: type[Any], name: str) -> InjectionPoint:
    late = annotation_of_attribute(cls, name) or LateAnnotation(EMPTY, {})
    default = EMPTY
    for klass in cls.__mro__:
        if name in vars(klass):
            default = vars(klass)[name]
            break
        if name in own_annotations(klass):  # annotated anew without a value: an inherited marker goes on
            inherited = inspect.getattr_static(cls, name, EMPTY)
            default = inherited if isinstance(inherited, Injection) and not late.extras() else EMPTY
            break
    if inspect.isdatadescriptor(default):  # a slot
        default = EMPTY
    return InjectionPoint(cls, name, None, late, default=default)
