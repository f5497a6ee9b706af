"""The ASGI middleware around a server: which classes, in which order."""

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Wrappers"]


class Wrappers:
    """Classes of ASGI middleware, the outermost first.

    Args:
        changed: Called when there is another one, or one less.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._known: list[tuple[Any, dict[str, Any]]] = []

    def add(self, cls: Any, options: Mapping[str, Any]) -> Callable[[], None]:
        """Put a class inside of the others; gives what takes it away again."""
        wrapper = (cls, dict(options))
        self._known.append(wrapper)
        self._changed()

        def remove() -> None:
            self._known = [each for each in self._known if each is not wrapper]
            self._changed()

        return remove

    def around(self, app: Any) -> Any:
        """An application with all of them around it."""
        for cls, options in reversed(self._known):
            app = cls(app, **options)
        return app
