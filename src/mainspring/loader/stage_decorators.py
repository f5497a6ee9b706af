"""``@use``, ``@use_before``, ``@use_after``, ``@use_auth`` and ``@middleware``: what they note, how it is inherited."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar, overload

from mainspring.core import BindingScope, injectable
from mainspring.loader.stage_kinds import name_of, stage_of
from mainspring.metadata import MetadataKey, define_metadata, get_metadata
from mainspring.metadata.plain import own_value
from mainspring.openapi.notes import function_behind, target_kind

__all__ = [
    "MIDDLEWARE",
    "NotedStage",
    "StageNotes",
    "class_stages",
    "is_middleware",
    "method_stages",
    "middleware",
    "note_stages",
    "use",
    "use_after",
    "use_auth",
    "use_before",
]

T = TypeVar("T")
C = TypeVar("C", bound=type[Any])


@dataclass(frozen=True, slots=True)
class NotedStage:
    """A middleware as a decorator names it.

    Attributes:
        thing: The middleware.
        options: The keywords beside it.
        is_guard: Whether it was given by ``@use_auth``.
    """

    thing: Any
    options: Mapping[str, Any]
    is_guard: bool = False


@dataclass(frozen=True, slots=True)
class StageNotes:
    """What the decorators say of one class or function, in the order of reading."""

    before: tuple[NotedStage, ...] = ()
    use: tuple[NotedStage, ...] = ()
    after: tuple[NotedStage, ...] = ()
    answers: tuple[Any, ...] = ()


_STAGES: MetadataKey[StageNotes] = MetadataKey("mainspring.loader.stages")
MIDDLEWARE: MetadataKey[bool] = MetadataKey("mainspring.loader.middleware")


def use(*middleware: Any, **options: Any) -> Callable[[T], T]:
    """Run middleware before the handler: behind what ``use_before`` names, in front of the operation's own.

    Args:
        middleware: Functions ``(ctx, next)``, classes with ``use``; left to right.
        options: What the middleware reads as ``ctx.stage_options``.

    Raises:
        TypeError: One of them is no middleware.
    """
    return _noting("use", "use", middleware, options)


def use_before(*middleware: Any, **options: Any) -> Callable[[T], T]:
    """Run middleware before everything else of a controller or operation; on a controller for its children too.

    Raises:
        TypeError: One of them is no middleware.
    """
    return _noting("use_before", "before", middleware, options)


def use_after(*middleware: Any, **options: Any) -> Callable[[T], T]:
    """Run middleware behind the handler, before anything is sent: it sees the result and may replace it.

    Raises:
        TypeError: One of them is no middleware.
    """
    return _noting("use_after", "after", middleware, options)


def use_auth(guard: Any, **options: Any) -> Callable[[T], T]:
    """``use_before`` for a guard: the document says that there may be a 401.

    Raises:
        TypeError: It is no middleware.
    """
    return _noting("use_auth", "before", (guard,), options, is_guard=True)


def _noting(
    decorator: str, kind: str, things: tuple[Any, ...], options: Mapping[str, Any], *, is_guard: bool = False
) -> Callable[[T], T]:
    if not things:
        raise TypeError(f"@{decorator}() names no middleware: give it one.")
    for thing in things:
        stage_of(thing, f"@{decorator}")
    stages = tuple(NotedStage(thing, dict(options), is_guard) for thing in things)

    def decorate(target: T) -> T:
        note_stages(target, decorator, kind, stages)
        return target

    return decorate


def note_stages(target: Any, decorator: str, kind: str, stages: tuple[Any, ...], *, classes: bool = True) -> None:
    """Note stages of a kind on a class or function, in front of those noted there: decorators work upwards.

    Raises:
        TypeError: It is neither.
    """
    if target_kind(target, decorator, classes=classes) == "function":
        target = function_behind(target)
    notes = _own_notes(target) or StageNotes()
    define_metadata(_STAGES, replace(notes, **{kind: (*stages, *getattr(notes, kind))}), target)


def _own_notes(target: Any) -> StageNotes | None:
    return get_metadata(_STAGES, target, own=True) if isinstance(target, type) else get_metadata(_STAGES, target)


def class_stages(cls: type[Any]) -> StageNotes:
    """What is noted on a class: of each kind, that of its bases first."""
    found = [notes for klass in reversed(cls.__mro__) if (notes := get_metadata(_STAGES, klass, own=True)) is not None]
    return StageNotes(
        before=tuple(stage for notes in found for stage in notes.before),
        use=tuple(stage for notes in found for stage in notes.use),
        after=tuple(stage for notes in found for stage in notes.after),
    )


def method_stages(cls: type[Any] | None, name: str, function: Any = None) -> StageNotes:
    """What is noted on a method, or on what it overrides if nothing is noted on itself; or on a plain function."""
    members = [function] if cls is None else [vars(klass)[name] for klass in cls.__mro__ if name in vars(klass)]
    for member in members:
        own = function_behind(member)
        notes = None if own is None else get_metadata(_STAGES, own)
        if notes is not None:
            return notes
    return StageNotes()


@overload
def middleware(cls: C) -> C: ...
@overload
def middleware(*, scope: BindingScope | str | None = None, tags: Any = ()) -> Callable[[C], C]: ...
def middleware(cls: Any = None, *, scope: Any = None, tags: Any = ()) -> Any:
    """Declare a class with ``use`` as middleware. With and without parentheses; the class stays as it is.

    Args:
        cls: The class.
        scope: How long an instance lives, by default as the setting ``scopes`` says of middleware.
        tags: Tags of its binding.

    Raises:
        TypeError: The class has no method ``use``.
    """

    def decorate(target: Any) -> Any:
        if not isinstance(target, type):
            raise TypeError(f"@middleware decorates a class with a method use, not {name_of(target)}.")
        if not callable(getattr(target, "use", None)):
            raise TypeError(
                f"@middleware: {target.__name__} has no method use; give it use(self, ctx: RequestContext)."
            )
        define_metadata(MIDDLEWARE, True, target)
        return injectable(scope=scope, tags=tags)(target) if scope is not None or tags else target

    return decorate if cls is None else decorate(cls)


def is_middleware(cls: type[Any]) -> bool:
    """Whether a class is decorated with ``@middleware`` itself."""
    return own_value(MIDDLEWARE.name, cls, False)
