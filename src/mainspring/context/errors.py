"""What can go wrong in a context. Errors hold data; their words are made in ``__str__``."""

from collections.abc import Sequence
from typing import Any, Self

from mainspring.errors import MainspringError

__all__ = [
    "AmbiguousTypeError",
    "AsyncValueError",
    "BindingLockedError",
    "CircularDependencyError",
    "ContextError",
    "InvalidKeyError",
    "KeyNotBoundError",
    "ResolutionError",
    "ScopeError",
]


class ContextError(MainspringError):
    """The root of the errors of this room.

    Remedy:
        Each subclass says its own; catch this one for all of them.

    Attributes:
        reason: What happened, in one sentence.
        key: The text of the key concerned, or ``""``.
        path: The path of the resolution (``a --> A.__init__[b] --> b``), or ``""``.
        contexts: Names of the contexts searched, the current one first.
        suggestions: Bound keys that are near the one asked for, nearest first.
    """

    def __init__(
        self,
        reason: str = "",
        *,
        key: str = "",
        path: str = "",
        contexts: Sequence[str] = (),
        suggestions: Sequence[str] = (),
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.key = key
        self.path = path
        self.contexts = tuple(contexts)
        self.suggestions = tuple(suggestions)

    def __str__(self) -> str:
        parts = [self.reason]
        if self.suggestions:
            parts.append("Did you mean " + " or ".join(repr(name) for name in self.suggestions) + "?")
        if self.path:
            parts.append(f"Resolution path: {self.path}")
        return " ".join(part for part in parts if part)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.__dict__.copy())

    def with_path(self, path: str) -> Self:
        """Note the path of the resolution unless one is known already (the innermost one is the truest)."""
        if not self.path:
            self.path = path
        return self


def _restore(cls: type[ContextError], state: dict[str, Any]) -> ContextError:
    error = cls.__new__(cls, state["reason"])
    error.args = (state["reason"],)
    error.__dict__.update(state)
    return error


class KeyNotBoundError(ContextError, KeyError):
    """Nothing is bound under the key (or provides the type) in the contexts searched.

    Remedy:
        Bind it, look at ``suggestions`` for a misspelling, or ask with ``optional=True``.
    """


class BindingLockedError(ContextError):
    """The binding under the key is locked: it is not replaced nor removed until ``unlock()``.

    Remedy:
        Call ``unlock()`` on the binding first if the change is meant, or bind under another key.
    """


class InvalidKeyError(ContextError, ValueError):
    """The text cannot be a key here (empty, or with a ``#`` where no property path may stand).

    Remedy:
        Give a text without ``#``; a property path is for asking (``get``, ``inject``, ``to_alias``), not for binding.
    """


class AmbiguousTypeError(ContextError):
    """Several bindings provide the type. ``candidates`` are their keys.

    Remedy:
        Ask for one of ``candidates`` by its key, or let one binding provide exactly this class.
    """

    def __init__(self, reason: str = "", *, candidates: Sequence[str] = (), **data: Any) -> None:
        super().__init__(reason, **data)
        self.candidates = tuple(candidates)


class ResolutionError(ContextError):
    """A value could not be made.

    Remedy:
        Follow ``path``: its last part is what could not be made, ``__cause__`` is why.
    """


class CircularDependencyError(ResolutionError):
    """Bindings need each other. ``path`` draws the ring.

    Remedy:
        Let one of them ask later: inject a getter (``inject.getter``) in place of the value.
    """


class AsyncValueError(ResolutionError):
    """A synchronous get met something that must be awaited.

    Remedy:
        Use ``await ctx.get(...)``; in a constructor, inject a getter (``inject.getter``) and await it later.
    """


class ScopeError(ResolutionError):
    """The scope of the binding has no fitting context in the chain.

    Remedy:
        Bind it in a context of that scope or above, ask below one, or choose another scope.
    """
