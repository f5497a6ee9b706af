"""Hooks of repositories: what is told before and after rows are written, deleted, and after they are read."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["EVENTS", "HookContext", "Hooks"]

#: The events, by the names of listeners and of methods of a repository class.
EVENTS = ("before_save", "after_save", "before_delete", "after_delete", "load")


@dataclass(slots=True)
class HookContext:
    """What a hook is told.

    Attributes:
        entity: The entity class.
        data: The values that are written, by attribute name; ``None`` for deletes. Before-hooks may change it.
        where: The condition of an operation on several rows, or of the row's id.
        is_new: Whether a row is created.
        transaction: The transaction of the operation.
        instance: The instance, once there is one.
    """

    entity: Any
    data: dict[str, Any] | None = None
    where: Mapping[str, Any] | None = None
    is_new: bool = False
    transaction: Any = None
    instance: Any = None
    state: dict[str, Any] = field(default_factory=dict)


class Hooks:
    """The hooks of one repository.

    Args:
        repository: Methods of it that are named as an event are hooks, called first.
    """

    def __init__(self, repository: Any) -> None:
        self._listeners: dict[str, list[Callable[[HookContext], Any]]] = {}
        for event in EVENTS:
            method = getattr(repository, event, None)
            if callable(method):
                self._listeners[event] = [method]

    def on(self, event: str, listener: Callable[[HookContext], Any]) -> None:
        """Add a listener.

        Raises:
            ValueError: There is no such event.
        """
        if event not in EVENTS:
            raise ValueError(f"A repository has no event {event!r}; there are {', '.join(EVENTS)}.")
        self._listeners.setdefault(event, []).append(listener)

    def has(self, *events: str) -> bool:
        """Whether anybody listens to one of the events."""
        return any(event in self._listeners for event in events)

    async def call(self, event: str, context: HookContext) -> None:
        """Tell the listeners, in order; what one raises ends the operation."""
        for listener in self._listeners.get(event, ()):
            result = listener(context)
            if inspect.isawaitable(result):
                await result
