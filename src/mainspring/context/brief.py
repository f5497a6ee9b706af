"""Contexts that live as long as one call or one request."""

from typing import Any

from mainspring.context.context import Context

__all__ = ["BriefContext"]


class BriefContext(Context):
    """A context that is made again and again, and of which most end without much having been asked of them.

    So what `Context` begins with is on the class. It always has a parent.
    """

    _name = _tags = _providers = _pending = _watchers = _self = _shape = _cleanups = _hub = None
    _is_followed = False
    _changes = 0
    _closing = False

    @property
    def _lock(self) -> Any:  # nobody sets it: it is that of all the contexts of a tree
        return self._parent._lock

    @property
    def has_bindings(self) -> bool:
        """Whether something is bound in it, which may shadow what is bound above."""
        return bool(self._bindings)
