"""What a boot may bind: two classes of its files under one key are a clash; what is bound already stays."""

import sys
from collections.abc import Iterable
from typing import Any

from mainspring.boot.errors import BootError
from mainspring.context import Binding
from mainspring.core.refusals import refuse

__all__ = ["Admission"]


class Admission:
    """Decides on each binding an application is given while booters load.

    Args:
        app: The application.
        booters: Those that run; the classes they loaded are those of this boot.
    """

    def __init__(self, app: Any, booters: Iterable[Any]) -> None:
        self._app = app
        self._booters = list(booters)
        self._claims: dict[str, type[Any]] = {}
        self._count = 0
        self._classes: set[type[Any]] = set()

    def __call__(self, binding: Binding[Any]) -> bool:
        """Whether the binding is to be added.

        Raises:
            BootError: Another class of this boot has the key; the key and both files are named.
        """
        cls = _class_of(binding)
        if cls is None or not self._is_of_this_boot(cls):
            return True
        claimed = self._claims.setdefault(binding.key, cls)
        if claimed is not cls:
            refuse(_clash(binding.key, claimed, cls))
            return False
        held = self._app.own_binding(binding.key)
        return held is None or _class_of(held) is not cls

    def _is_of_this_boot(self, cls: type[Any]) -> bool:
        """Whether a booter loaded the class; the set is made anew only when a booter has loaded more."""
        if cls in self._classes:
            return True
        lists = [getattr(booter, "classes", ()) for booter in self._booters]
        if (count := sum(map(len, lists))) != self._count:
            self._count = count
            self._classes = {each for classes in lists for each in classes}
        return cls in self._classes


def _clash(key: str, claimed: type[Any], cls: type[Any]) -> BootError:
    from mainspring.context.places import place_of  # noqa: PLC0415 - a boot without a clash does not pay for it

    place = place_of(cls)
    return BootError(
        f"Two classes would be bound at {key!r}: {claimed.__name__} of {_file_of(claimed)} and "
        f"{cls.__name__} of {_file_of(cls)}. Rename one, or name it by @injectable(name=...).",
        _file_of(cls),
        place.line if place is not None else None,
    )


def _class_of(binding: Binding[Any]) -> type[Any] | None:
    value = binding.source.value if binding.source is not None else None
    return value if isinstance(value, type) else None


def _file_of(cls: type[Any]) -> str | None:
    module = sys.modules.get(cls.__module__)
    file = getattr(module, "__file__", None)
    return file if isinstance(file, str) else None
