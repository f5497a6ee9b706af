"""What a class or function wants injected, read once per process and never written on it."""

import functools
import inspect
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from inspect import Parameter
from types import CodeType, FunctionType, GetSetDescriptorType, MemberDescriptorType, MethodType
from typing import Any

from mainspring.context.annotations import LateAnnotation, Scope, own_annotations
from mainspring.context.injection import EMPTY, Injection, InjectionPoint
from mainspring.context.specs import CallSpec, ClassSpec

__all__ = [
    "OF_PLAIN",
    "call_spec",
    "class_spec",
    "constructor_of",
    "has_injections",
    "method_spec",
    "takes_only",
    "unwrap_callable",
]

_NOT_INJECTED = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
_VARIADIC = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS


_WANTS_NOTHING = CallSpec((), LateAnnotation(EMPTY), inspect.Signature())

#: Members of a class that may say what is injected, beside markers.
_SAYING = frozenset(
    {"__init__", "__new__", "__wrapped__", "__annotations__", "__annotations_cache__", "__annotate__"}
    | {"__annotate_func__", "__dataclass_fields__", "__attrs_attrs__"}
)
#: What the members of most classes are: no markers.
_USUAL = frozenset({str, type(None), FunctionType, GetSetDescriptorType})
#: The specification of every class that nothing is injected into, as its members tell at a look.
OF_PLAIN = ClassSpec(_WANTS_NOTHING, ())

_Calls = weakref.WeakKeyDictionary[Any, dict[bool, "CallSpec"]]

_calls: _Calls = weakref.WeakKeyDictionary()
_methods: "weakref.WeakKeyDictionary[type[Any], _Calls]" = weakref.WeakKeyDictionary()
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
    owner, member = _place_of(call)
    if inspect.ismethod(call) and owner is not None:
        return method_spec(owner, member, call)
    skip = frozenset(call.keywords) if isinstance(call, functools.partial) else frozenset[str]()
    return _cached(_calls, call, False, lambda: _make_call_spec(call, owner=owner, member=member, skip=skip))


def _place_of(call: Any) -> tuple[type[Any] | None, str]:
    """The class and the member that paths name a callable by: none and ``""`` of a function."""
    while isinstance(call, functools.partial):
        call = call.func
    if inspect.ismethod(call):
        target = call.__self__
        return target if isinstance(target, type) else type(target), getattr(call, "__name__", "__call__")
    if isinstance(call, type):
        return call, "__init__"
    if inspect.isroutine(call) or hasattr(call, "__wrapped__"):
        return None, ""
    return type(call), "__call__"


def method_spec(cls: type[Any], name: str, call: Callable[..., Any]) -> CallSpec:
    """The specification of a method of a class, got from an instance or from the class."""
    function = call.__func__ if inspect.ismethod(call) else call
    calls = _methods.get(cls)
    if calls is None:
        calls = _methods.setdefault(cls, weakref.WeakKeyDictionary())
    return _cached(calls, function, inspect.ismethod(call), lambda: _make_call_spec(call, owner=cls, member=name))


def class_spec(cls: type[Any]) -> ClassSpec:
    """The specification of a class."""
    found = _classes.get(cls)
    if found is None:
        found = _classes[cls] = OF_PLAIN if _is_plain(cls) else _make_class_spec(cls)
    return found


def _make_class_spec(cls: type[Any]) -> ClassSpec:
    constructor = _constructor_spec(cls)
    return ClassSpec(constructor, tuple(_attribute_points(cls, constructor)))


def _is_plain(cls: type[Any]) -> bool:
    """Whether nothing in a class or its bases says anything that could be injected, as in most classes."""
    for klass in cls.__mro__[:-1]:
        members = klass.__dict__
        if not members.keys().isdisjoint(_SAYING):
            return False
        for kind in {*map(type, members.values())} - _USUAL:  # each kind once: of a large application it is felt
            if issubclass(kind, Injection):
                return False
    return True


def read_early(target: Any, method: Callable[..., Any] | None = None) -> None:
    """Read the annotations of what is defined inside a function now: its names are gone when the function has ended.

    What cannot be read yet, or is wrong, is reported when it is needed.
    """
    if "<locals>" not in getattr(target, "__qualname__", ""):
        return
    with suppress(Exception):
        if isinstance(target, type):
            class_spec(target).read()
        if method is not None:
            method_spec(target, "value", method).read()
            if inspect.isfunction(method):  # the container calls it on an instance
                method_spec(target, "value", MethodType(method, target)).read()
        elif not isinstance(target, type):
            call_spec(target).read()


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


def _cached(calls: _Calls, target: Any, is_bound: bool, make: Callable[[], CallSpec]) -> CallSpec:
    try:
        entries = calls.get(target)
        if entries is None:
            entries = calls.setdefault(target, {})
    except TypeError:  # neither hashable nor weakly referable: read anew each time
        return make()
    found = entries.get(is_bound)
    if found is None:
        found = entries[is_bound] = make()
    return found


def _make_call_spec(
    call: Any, *, owner: type[Any] | None = None, member: str = "", skip: frozenset[str] = frozenset()
) -> CallSpec:
    try:
        signature = inspect.signature(call)
    except (TypeError, ValueError):  # builtins without a signature take nothing from us
        signature = inspect.Signature()
    function = unwrap_callable(call)
    target = owner if owner is not None else function
    place = str(member or getattr(function, "__name__", type(call).__name__))
    scope = Scope(function, owner)
    points = tuple(
        InjectionPoint(
            target,
            place,
            parameter.name,
            LateAnnotation(parameter.annotation, scope),
            default=parameter.default,
            kind=parameter.kind,
        )
        for parameter in signature.parameters.values()
        if parameter.kind not in _NOT_INJECTED and parameter.name not in skip
    )
    return CallSpec(points, LateAnnotation(signature.return_annotation, scope), signature)


def _constructor_spec(cls: type[Any]) -> CallSpec:
    call = cls if hasattr(cls, "__struct_fields__") else constructor_of(cls)  # a struct has no `__init__` to ask
    if call is None or takes_only(1, call):
        return _WANTS_NOTHING
    try:
        signature = inspect.signature(call)
    except (TypeError, ValueError):
        return _WANTS_NOTHING
    fields = _fields_of(cls)
    scope = Scope(unwrap_callable(call), cls)
    points = []
    for parameter in list(signature.parameters.values())[call is not cls :]:  # the first one is `self` or `cls`
        if parameter.kind in _NOT_INJECTED:
            continue
        late = _field_annotation(cls, fields.get(parameter.name), parameter.annotation)
        late = late or LateAnnotation(parameter.annotation, scope)
        default = parameter.default
        points.append(InjectionPoint(cls, "__init__", parameter.name, late, default=default, kind=parameter.kind))
    return CallSpec(tuple(points), LateAnnotation(EMPTY), signature)


def constructor_of(cls: type[Any]) -> Any:
    """The ``__init__`` (or ``__new__``) that says what is wanted: one of ``*args, **kwargs`` alone asks the next."""
    for klass in cls.__mro__:
        for name in ("__init__", "__new__"):
            own = klass.__dict__.get(name)
            if klass is object or own is None:
                continue
            call = own.__func__ if isinstance(own, staticmethod) else own
            if not _takes_anything(call):
                return call
    wrapped = cls.__dict__.get("__wrapped__")  # of a class decorator that used functools.wraps
    return constructor_of(wrapped) if isinstance(wrapped, type) else None


def takes_only(count: int, call: Any) -> bool:
    """Whether something is a plain function of at most that many parameters.

    Told by its code: a signature costs ten times as much, and most functions want nothing.
    """
    code = _plain_code(call)
    if code is None:
        return False
    return code.co_argcount <= count and not code.co_kwonlyargcount and not code.co_flags & _VARIADIC


def _plain_code(call: Any) -> CodeType | None:
    """The code of a function that nothing says is called otherwise (``__wrapped__``, ``__signature__``)."""
    return call.__code__ if type(call) is FunctionType and not call.__dict__ else None


def _takes_anything(call: Any) -> bool:
    code = _plain_code(call)
    if code is not None and code.co_argcount:
        return code.co_argcount == 1 and not code.co_kwonlyargcount and bool(code.co_flags & _VARIADIC)
    try:
        parameters = list(inspect.signature(call).parameters.values())[1:]
    except (TypeError, ValueError):
        return True
    kinds = [parameter.kind for parameter in parameters]
    return bool(kinds) and all(kind in _NOT_INJECTED for kind in kinds)


def _fields_of(cls: type[Any]) -> dict[str, str]:
    """The fields that a generated constructor takes: attribute names by parameter.

    Such classes are dataclasses, those of attrs, named tuples and structs of msgspec.
    """
    if issubclass(cls, tuple):
        return {name: name for name in getattr(cls, "_fields", ())}
    if hasattr(cls, "__struct_fields__"):
        return {name: name for name in cls.__struct_fields__}
    fields = getattr(cls, "__dataclass_fields__", None)
    if fields is not None:
        return {name: name for name, field in fields.items() if getattr(field, "init", True)}
    attributes = getattr(cls, "__attrs_attrs__", ())
    return {getattr(item, "alias", None) or item.name.lstrip("_"): item.name for item in attributes if item.init}


def _field_annotation(cls: type[Any], name: str | None, annotation: Any) -> LateAnnotation | None:
    """The annotation of a field with the names of the class that wrote it: generated code has none of them."""
    for klass in cls.__mro__ if name is not None else ():
        own = own_annotations(klass).get(str(name), EMPTY)
        if own is annotation or (isinstance(own, str) and own == annotation):
            return LateAnnotation(own, Scope(owner=klass))
    return None


def _attribute_points(cls: type[Any], constructor: CallSpec) -> Iterator[InjectionPoint]:
    """A point for each attribute that is, or may turn out to be, injected."""
    fields = _fields_of(cls) if constructor.points else {}
    filled = {fields.get(str(point.parameter)) for point in constructor.points}
    names: dict[str, None] = {}
    for klass in reversed(cls.__mro__):
        if klass is not object:
            names.update(dict.fromkeys(_declared_names(klass)))
    for name in names:
        point = _attribute_point(cls, name) if name not in filled else None
        if point is not None and (point.marker is not None or not point.is_settled):
            yield point


def _declared_names(cls: type[Any]) -> Iterator[str]:
    """The annotated attributes and those that are markers, in order as far as it can be told."""
    annotated = list(own_annotations(cls))
    if not annotated:
        yield from [name for name, value in vars(cls).items() if isinstance(value, Injection)]
        return
    for name, value in vars(cls).items():
        if name in annotated:
            place = annotated.index(name) + 1
            yield from annotated[:place]
            del annotated[:place]
        elif isinstance(value, Injection):
            yield name
    yield from annotated


def _attribute_point(cls: type[Any], name: str) -> InjectionPoint | None:
    """What the nearest class says that gives a marker or a value; a bare annotation only says the type anew."""
    nearest: LateAnnotation | None = None
    for klass in cls.__mro__:
        raw, value = own_annotations(klass).get(name, EMPTY), vars(klass).get(name, EMPTY)
        if raw is EMPTY and value is EMPTY:
            continue
        own = LateAnnotation(raw, Scope(owner=klass))
        if raw is not EMPTY and nearest is None:
            nearest = own
        if isinstance(value, MemberDescriptorType):  # a slot
            value = _field_default(klass, name)
        late = nearest or _inherited_annotation(klass, name)
        point = InjectionPoint(cls, name, None, late, default=_default(cls, name, value), extras=own)
        if point.marker is not None or not point.is_settled:
            return point
        if value is not EMPTY:  # a plain value, a property: not injected
            return None
    return None


def _field_default(cls: type[Any], name: str) -> Any:
    """The marker that a slotted dataclass took from the class body: a field that is no parameter is a property."""
    field = cls.__dict__.get("__dataclass_fields__", {}).get(name)
    default = getattr(field, "default", EMPTY)
    return default if isinstance(default, Injection) else EMPTY


def _inherited_annotation(cls: type[Any], name: str) -> LateAnnotation:
    for klass in cls.__mro__:
        if name in own_annotations(klass):
            return LateAnnotation(own_annotations(klass)[name], Scope(owner=klass))
    return LateAnnotation(EMPTY)


def _default(cls: type[Any], name: str, value: Any) -> Any:
    """The marker, or the own default: the value in the class that has the marker, or an inherited one."""
    if isinstance(value, Injection):
        return value
    value = inspect.getattr_static(cls, name, EMPTY) if value is EMPTY else value
    return EMPTY if isinstance(value, Injection) or inspect.isdatadescriptor(value) else value
