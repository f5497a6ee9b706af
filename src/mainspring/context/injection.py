"""Markers that say what is injected, and the points where they (or a bare type) ask for it.

A marker (``Injection``) is immutable, knows nothing of its place and may be shared. A point (``InjectionPoint``) is one
parameter or property of one class or function.
"""

import weakref
from collections.abc import Callable, Iterable
from contextlib import suppress
from inspect import Parameter
from types import UnionType
from typing import Any, ClassVar, NoReturn, get_origin

from mainspring.context.annotations import LateAnnotation, allows_none, strip_annotation
from mainspring.context.errors import InvalidKeyError, ResolutionError
from mainspring.context.keys import BindingKey, is_type

__all__ = ["EMPTY", "Foresight", "Injection", "InjectionPoint", "ResolveFunction", "check_expected", "give_context"]

#: Stands for "there is no default" and "nothing was found".
EMPTY: Any = Parameter.empty

#: ``fn(ctx, injection, session)`` gives the value, plain or awaitable.
ResolveFunction = Callable[[Any, "InjectionPoint", Any], Any]
#: The same, giving bindings.
Foresight = Callable[[Any, "InjectionPoint", Any], Iterable[Any]]


class Injection:
    """What ``inject(...)``, ``config(...)`` and decorators built on them return: a default or an ``Annotated`` extra.

    Attributes:
        key: ``BindingKey`` (of a text, too), class or binding filter; ``None`` means "by the annotation".
        given: The key as it was passed.
        optional: Whether absence gives ``None`` (or the own default) instead of an error.
        as_proxy: Whether a proxy with interceptors stands for the value.
        resolve: The function that gives the value instead of a lookup by key.
        decorator: The name people know it by.
        expects: The type of what is injected where that is known beforehand, checked against the annotation.
        details: What a custom ``resolve`` wants to know, under names of its own.
        foresee: The bindings that ``resolve`` would resolve, told without resolving any, for whoever checks an
            application without running it; it raises what ``resolve`` would for want of one.
    """

    __slots__ = (
        "as_proxy",
        "decorator",
        "default",
        "details",
        "expects",
        "foresee",
        "given",
        "key",
        "optional",
        "resolve",
    )

    #: Rooms that do not import this one recognise a marker by this attribute of its class.
    __mainspring_injected__: ClassVar[bool] = True

    def __init__(  # noqa: PLR0913  # a record of nine settings, each with its own name
        self,
        key: Any = None,
        *,
        optional: bool = False,
        as_proxy: bool = False,
        resolve: ResolveFunction | None = None,
        decorator: str = "inject",
        default: Any = EMPTY,
        expects: type[Any] | None = None,
        details: dict[str, Any] | None = None,
        foresee: Foresight | None = None,
    ) -> None:
        self.given = key
        if isinstance(key, str):
            key = BindingKey.parse_key_with_path(key)
        elif key is not None and not isinstance(key, BindingKey) and not callable(key) and not is_type(key):
            raise InvalidKeyError(f"A key is a text, a BindingKey or a class, not {key!r}.", key=str(key))
        self.key = key
        self.optional = optional
        self.as_proxy = as_proxy
        self.resolve = resolve
        self.decorator = decorator
        self.default = default
        self.expects = expects
        self.details = details or {}
        self.foresee = foresee

    def __repr__(self) -> str:
        what = "" if self.key is None else repr(str(self.key) if isinstance(self.key, BindingKey) else self.key)
        return f"{self.decorator}({what})"

    def __call__(self, target: Any = None, *_: Any, **__: Any) -> NoReturn:
        """A marker is no decorator.

        Raises:
            TypeError: Always; it names what the marker was put on.
        """
        name = getattr(target, "__qualname__", repr(target))
        raise TypeError(
            f"{self!r} cannot decorate {name}: "
            "it stands as the default or in the Annotated[...] of a parameter or property."
        )


def give_context(ctx: Any, _point: "InjectionPoint", _session: Any) -> Any:
    """What ``inject.context()`` resolves to; the compiler knows it."""
    return ctx


class InjectionPoint:
    """One parameter or property that is injected.

    Attributes:
        member: ``__init__``, the method, the property, or the function's own name.
        parameter: The parameter's name, ``None`` for a property.
        kind: The kind of parameter (``inspect.Parameter.kind``).
        default: The own default, or ``EMPTY``.
    """

    __slots__ = (
        "_extras",
        "_late",
        "_marker",
        "_target",
        "_wanted",
        "default",
        "is_property",
        "kind",
        "member",
        "parameter",
        "target_name",
    )

    def __init__(
        self,
        target: Any,
        member: str,
        parameter: str | None,
        late: LateAnnotation,
        *,
        default: Any = EMPTY,
        kind: Any = Parameter.POSITIONAL_OR_KEYWORD,
        extras: LateAnnotation | None = None,
    ) -> None:
        self._target = weakref.ref(target)
        self.member = member
        self.parameter = parameter
        self.is_property = parameter is None
        self.kind = kind
        self._late = late
        self._extras = late if extras is None else extras
        self._wanted: Any = EMPTY
        owner = target.__name__ if isinstance(target, type) else ""
        place = ".".join(part for part in (owner, member) if part)
        self.target_name = place if parameter is None else f"{place}[{parameter}]"
        self._marker: Any = EMPTY
        self._find_marker(default)
        self.default = EMPTY if isinstance(default, Injection) else default

    def __repr__(self) -> str:
        return f"<InjectionPoint {self.target_name}>"

    def _find_marker(self, default: Any = EMPTY) -> Injection | None:
        extras, complete = self._extras.extras()
        found = [item for item in extras if isinstance(item, Injection)]
        if isinstance(default, Injection):
            found.append(default)
        if len(found) > 1:
            raise TypeError(f"{self.target_name} has {len(found)} injection markers ({found}): leave one.")
        marker = found[0] if found else None
        if complete or marker is not None:
            self._marker = marker
        return marker

    @property
    def marker(self) -> Injection | None:
        """The marker found there, or ``None``: then the annotated type says what is wanted."""
        return self._find_marker() if self._marker is EMPTY else self._marker

    @property
    def is_settled(self) -> bool:
        """Whether it is known for good if there is a marker: a name in the annotation may be defined later."""
        return self._marker is not EMPTY

    @property
    def target(self) -> Any:
        """The class or function this is a point of."""
        return self._target()

    @property
    def key(self) -> Any:
        """The key of the marker, as it was passed."""
        return self.marker.given if self.marker is not None else None

    @property
    def annotation(self) -> Any:
        """The evaluated annotation, ``EMPTY`` without one.

        Raises:
            ResolutionError: It cannot be evaluated.
        """
        try:
            return self._late.value()
        except Exception as error:
            raise ResolutionError(
                f"The annotation {self._late.raw!r} of {self.target_name} cannot be evaluated ({error}): "
                "import the name at run time, where the module can see it."
            ) from error

    @property
    def written(self) -> Any:
        """The annotation as it was written."""
        return self._late.raw

    @property
    def wanted(self) -> Any:
        """The annotated type without ``Annotated`` and ``None``; ``EMPTY`` without annotation."""
        if self._wanted is EMPTY:
            self._wanted = strip_annotation(self.annotation)
        return self._wanted

    def read(self) -> None:
        """Evaluate the annotation if that is possible."""
        with suppress(ResolutionError):
            self.annotation  # noqa: B018 - it is kept once it was read

    @property
    def optional(self) -> bool:
        """Whether absence is no error: a default, ``X | None``, or a marker that says so."""
        if self.default is not EMPTY or (self.marker is not None and self.marker.optional):
            return True
        try:
            return allows_none(self._late.value())
        except Exception:  # what it says is not known; that is reported only when the type itself is needed
            return allows_none(self._late.loosely())


def check_expected(point: InjectionPoint, expected: type[Any], frame: Any) -> None:
    """Refuse an annotation that what is injected can never be an instance of.

    Raises:
        ResolutionError: The annotation contradicts.
    """
    try:
        wanted = point.wanted
    except ResolutionError:  # what cannot be evaluated is not checked
        return
    wanted = get_origin(wanted) or wanted
    if (
        not isinstance(wanted, type)
        or wanted is UnionType
        or wanted in (EMPTY, object, Any, Callable)
        or getattr(wanted, "_is_protocol", False)
    ):
        return
    if issubclass(expected, wanted) or issubclass(wanted, expected):
        return
    raise ResolutionError(
        f"{point.target_name} is annotated {wanted.__name__}, but {point.marker!r} injects a {expected.__name__}: "
        "correct the annotation.",
        path=frame.resolution_path,
    )
