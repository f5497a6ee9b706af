"""The path of one resolution: what is being made, for whom, and whether awaiting is allowed.

A session is a chain of immutable frames, one for each binding and each injection point on the way. It finds cycles and
words paths; it never touches a context.
"""

import asyncio
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from mainspring.context.bindings import Binding
from mainspring.context.errors import CircularDependencyError
from mainspring.context.injection import InjectionPoint

__all__ = ["CALLING", "ResolutionContext", "Session", "calling_session"]

ARROW = " --> "


class Session:
    """One frame of a resolution, linked to the frame that led to it.

    Attributes:
        binding: The binding being resolved in this frame, if it is a binding's.
        point: The injection point in this frame, if it is a point's.
        context: The resolution context of ``binding``.
        sync: Whether awaiting is forbidden.
        creation: The shared creation this frame belongs to, if any.
        asked: Of the first frame of a get: whether it is optional, and whether it wants a proxy.
    """

    __slots__ = ("asked", "binding", "context", "creation", "is_open", "parent", "point", "sync", "task")

    def __init__(self, parent: "Session | None" = None, *, sync: bool) -> None:
        self.parent = parent
        self.sync = sync
        self.binding: Binding[Any] | None = None
        self.point: InjectionPoint | None = None
        self.context: Any = None
        self.asked: tuple[bool, bool] | None = None
        self.creation: Any = parent.creation if parent is not None else None
        self.is_open = False
        self.task: Any = None

    @classmethod
    def begin(cls, *, sync: bool, optional: bool = False, as_proxy: bool = False) -> "Session":
        """A new session; asked for inside a factory that is running right now, it goes on from there."""
        session = cls(calling_session(), sync=sync)
        session.asked = (optional, as_proxy)
        return session

    def enter(self, binding: Binding[Any], context: Any) -> "Session":
        """The frame of a binding.

        Raises:
            CircularDependencyError: The binding is being made for the same context further up.
        """
        frame: Session | None = self
        while frame is not None:
            if frame.binding is binding and frame.context is context:
                raise circular([*self.path_words(), binding.key], binding.key)
            frame = frame.parent
        entered = Session(self, sync=self.sync)
        entered.binding = binding
        entered.context = context
        return entered

    def at(self, point: InjectionPoint) -> "Session":
        """The frame of an injection point."""
        entered = Session(self, sync=self.sync)
        entered.point = point
        return entered

    def frames(self) -> Iterator["Session"]:
        """The frames from this one outwards."""
        frame: Session | None = self
        while frame is not None:
            yield frame
            frame = frame.parent

    def path_words(self) -> list[str]:
        """The words of the path, outermost first."""
        words: list[str] = []
        for frame in self.frames():
            if frame.binding is not None:
                words.append(frame.binding.key)
            elif frame.point is not None:
                words.append(frame.point.target_name)
        return words[::-1]

    @property
    def current_binding(self) -> Binding[Any] | None:
        """The binding being resolved; of a method call there is none, also when a factory makes the call."""
        found = next((frame for frame in self.frames() if frame.binding is not None or frame.asked is not None), None)
        return found.binding if found is not None else None

    @property
    def options(self) -> dict[str, Any]:
        """How the binding being resolved was asked for; an alias hands on how itself was."""
        optional = as_proxy = passed = False
        for frame in self.frames():
            if frame.binding is not None:
                passed = True
            elif passed and frame.asked is not None:
                optional, as_proxy = frame.asked
                break
            elif passed and frame.point is not None:
                marker = frame.point.marker
                optional, as_proxy = frame.point.optional, marker is not None and marker.as_proxy
                break
        return {"optional": optional, "as_proxy_with_interceptors": as_proxy}

    @property
    def binding_path(self) -> str:
        """The keys of the bindings on the way."""
        return ARROW.join(reversed([frame.binding.key for frame in self.frames() if frame.binding is not None]))

    @property
    def injection_path(self) -> str:
        """The injection points on the way."""
        return ARROW.join(reversed([frame.point.target_name for frame in self.frames() if frame.point is not None]))

    @property
    def resolution_path(self) -> str:
        """Bindings and injection points on the way."""
        return ARROW.join(self.path_words())


class ResolutionContext:
    """What a factory gets for a parameter annotated with this class.

    Attributes:
        context: The resolution context: where the dependencies of the binding are looked up.
        binding: The binding being resolved.
        options: How it was asked for (``optional``, ``as_proxy_with_interceptors``).
    """

    __slots__ = ("binding", "context", "options")

    def __init__(self, context: Any, binding: Binding[Any] | None, options: dict[str, Any]) -> None:
        self.context = context
        self.binding = binding
        self.options = options


def circular(path: list[str], key: str) -> CircularDependencyError:
    """The error of a ring, drawn."""
    return CircularDependencyError(
        f"Circular dependency: {ARROW.join(path)}. Inject a getter (inject.getter) at one place to break it.",
        key=key,
        path=ARROW.join(path),
    )


# The session of the factory that runs right now: what it asks of a context belongs to the same resolution. A task that
# the factory starts inherits the variable but is no part of the resolution: hence the comparison of tasks.
CALLING: ContextVar[Session | None] = ContextVar("mainspring.context.calling", default=None)


def calling_session() -> Session | None:
    """The session of the factory that calls, if one does."""
    session = CALLING.get()
    if session is None or not session.is_open or session.task is not _current_task():
        return None
    return session


class calling:  # noqa: N801  # a context manager, read as a word: `with calling(session):`
    """While the block runs, questions to any context belong to ``session``."""

    __slots__ = ("_session", "_token")

    def __init__(self, session: Session) -> None:
        self._session = Session(session, sync=session.sync)

    def __enter__(self) -> None:
        self._session.is_open = True
        self._session.task = _current_task()
        self._token = CALLING.set(self._session)

    def __exit__(self, *_: object) -> None:
        self._session.is_open = False
        try:
            CALLING.reset(self._token)
        except ValueError:  # closed by the garbage collector, in another context than it was opened in
            return


def _current_task() -> Any:
    try:
        return asyncio.current_task()
    except RuntimeError:  # no loop runs in this thread
        return None
