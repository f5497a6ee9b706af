"""The order in which observers are notified, once it is settled: groups, lanes, and what has been begun."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from mainspring.context import Binding
from mainspring.core.observers import FunctionObserver
from mainspring.core.ordering import LifeCycleObserverOptions, group_of, order_groups

__all__ = ["Choice", "Course", "Observer"]


class Observer:
    """One observer: its binding, its instance, its group, and how far it has come."""

    __slots__ = ("binding", "epoch", "group", "instance", "is_initialized", "is_started")

    def __init__(self, binding: Binding[Any], instance: Any) -> None:
        self.binding = binding
        self.epoch = binding.epoch
        self.instance = instance
        self.group = ""
        self.is_initialized = False
        self.is_started = False

    def has(self, phase: str) -> bool:
        """Whether it takes part in a phase."""
        return callable(getattr(self.instance, phase, None))

    @property
    def is_sequential(self) -> bool:
        """Whether it keeps its order even where its group is notified in parallel."""
        return isinstance(self.instance, FunctionObserver) and self.instance.is_sequential


Choice = Callable[[Observer], bool]


class Course:
    """Observers in the order of one operation; going down is its exact mirror.

    Args:
        options: What says the order.
        observers: Whose group is found anew, in order of registration.
        before: A course that was used: its observers come first and keep their groups.
    """

    def __init__(
        self, options: LifeCycleObserverOptions, observers: Iterable[Observer], before: "Course | None" = None
    ) -> None:
        self.options = options
        grouped: dict[str, list[Observer]] = {}
        for observer in before.observers if before is not None else ():
            grouped.setdefault(observer.group, []).append(observer)
        for observer in observers:
            observer.group = group_of(observer.binding, options.ordered_groups)
            grouped.setdefault(observer.group, []).append(observer)
        self.groups = [grouped[name] for name in order_groups(grouped, options)]

    @property
    def observers(self) -> list[Observer]:
        """All of them, in order."""
        return [observer for group in self.groups for observer in group]

    def up(self, takes_part: Choice) -> list[list[list[Observer]]]:
        """For each group in order, the lanes of those observers that take part."""
        lanes = [self._lanes([each for each in group if takes_part(each)]) for group in self.groups]
        return [each for each in lanes if each]

    def down(self, takes_part: Choice) -> list[list[list[Observer]]]:
        """The same, groups, lanes and observers each in reverse."""
        return [[lane[::-1] for lane in reversed(lanes)] for lanes in reversed(self.up(takes_part))]

    def _lanes(self, group: Sequence[Observer]) -> list[list[Observer]]:
        """Side by side, or all in one lane. (What keeps an order side by side waits for its turn, see the registry.)"""
        if not self.options.parallel:
            return [list(group)] if group else []
        return [[observer] for observer in group]
