"""What a check of an application found: data, with words for people."""

import re
from typing import Any, NamedTuple

from mainspring.context.errors import (
    AmbiguousTypeError,
    CircularDependencyError,
    ContextError,
    KeyNotBoundError,
    ScopeError,
)
from mainspring.context.places import Place, is_of_a_program, place_of_point
from mainspring.context.sessions import ARROW, Session

__all__ = ["Finding", "finding_of"]

_KINDS: tuple[tuple[type[ContextError], str], ...] = (
    (KeyNotBoundError, "unbound"),
    (AmbiguousTypeError, "ambiguous"),
    (CircularDependencyError, "cycle"),
    (ScopeError, "scope"),
)

#: What generated names of contexts end with: it differs from run to run and tells nobody anything.
_GENERATED = re.compile(r"-?\b[0-9a-f]{32}\b")


class Finding(NamedTuple):
    """One thing that would fail.

    Attributes:
        kind: ``unbound``, ``ambiguous``, ``cycle``, ``scope``, ``injection`` (it cannot be told what is wanted, or it
            contradicts the annotation); other rooms add theirs.
        key: The key or type concerned.
        message: What is wrong, and the way out.
        path: How it is reached (``a --> A.__init__[b] --> b``), or ``""``.
        place: Where it is written.
        suggestions: The nearest names there are.
        related: The keys of the other bindings that have to do with it, each with the place where it was declared.
    """

    kind: str
    key: str
    message: str
    path: str = ""
    place: Place | None = None
    suggestions: tuple[str, ...] = ()
    related: tuple[tuple[str, Place | None], ...] = ()

    @property
    def identity(self) -> Any:
        """Equal for findings that are one and the same fault, met on different ways."""
        if self.kind == "cycle":
            return self.kind, frozenset(self.path.split(ARROW))
        return self.kind, self.key, self.place, self.path.rpartition(ARROW)[0] if self.place is None else ""


def finding_of(error: Exception, session: Session, fallback: Place | None = None) -> Finding:
    """The finding of an error that a resolution would raise at a point of its way.

    Args:
        error: The error.
        session: Where it was met.
        fallback: The place when no point on the way is written anywhere.
    """
    kind = next((name for cls, name in _KINDS if isinstance(error, cls)), "injection")
    key = getattr(error, "key", "")
    path = getattr(error, "path", "") or session.resolution_path
    message = _GENERATED.sub("", getattr(error, "reason", "") or str(error)).replace(" in :", ":")
    if kind == "cycle":
        path = _ring(path)
        words = path.split(ARROW)
        injects = any(frame.point is not None and frame.point.target_name in words for frame in session.frames())
        way_out = "Inject a getter (inject.getter) at one place" if injects else "Let one of the aliases name a value"
        message = f"Circular dependency: {path}. {way_out} to break it."
    place = place_of_session(session) or fallback
    return Finding(kind, key, message, path, place, tuple(getattr(error, "suggestions", ())))


def place_of_session(session: Session) -> Place | None:
    """Where the innermost point of a program on the way is written; one of the framework only if there is no other."""
    found = [place_of_point(frame.point) for frame in session.frames() if frame.point is not None]
    places = [place for place in found if place is not None]
    return next((place for place in places if is_of_a_program(place.file)), places[0] if places else None)


def _ring(path: str) -> str:
    """The ring alone, without the way that leads to it."""
    words = path.split(ARROW)
    return ARROW.join(words[words.index(words[-1]) :])
