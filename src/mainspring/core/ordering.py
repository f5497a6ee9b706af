"""In which order groups of observers are notified. Plain data in, plain data out."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mainspring.context import Binding
from mainspring.core.keys import CoreTags

__all__ = ["FOUNDATION", "LifeCycleObserverGroup", "LifeCycleObserverOptions", "group_of", "order_groups"]

#: Datasources connect before anything else and disconnect after everything else.
DATASOURCE = "datasource"
#: What other observers stand on (the providers of a server, say) comes next, and ends when they have ended.
FOUNDATION = "foundation"

_FIRST = {DATASOURCE: 0, FOUNDATION: 1}


class LifeCycleObserverOptions(NamedTuple):
    """How observers are notified.

    Attributes:
        ordered_groups: Groups that come last, in this order.
        parallel: Whether the observers of a group are begun together.
        disabled_groups: Groups that are not notified at all.
    """

    ordered_groups: Sequence[str] = (CoreTags.SERVER,)
    parallel: bool = True
    disabled_groups: Sequence[str] = ()

    @classmethod
    def of(cls, value: Any) -> "LifeCycleObserverOptions":
        """From a mapping (keys left out have their defaults), from another instance, or from nothing.

        Raises:
            TypeError: It is neither, or has a key that is no option.
        """
        if value is None:
            return cls()
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            raise TypeError(f"Options of life cycle observers are a mapping, not {value!r}.")
        try:
            return cls(**value)
        except TypeError:
            known = ", ".join(cls._fields)
            raise TypeError(
                f"{sorted(map(str, value))} are not all options of life cycle observers: {known}."
            ) from None


class LifeCycleObserverGroup(NamedTuple):
    """The observers of one group, in order of registration."""

    group: str
    bindings: list[Binding[Any]]


def group_of(binding: Binding[Any], ordered_groups: Sequence[str]) -> str:
    """The group of an observer: its group tag, else a group its marker tag names (``server``), else ``""``."""
    tags = binding.tag_map
    named = tags.get(CoreTags.LIFE_CYCLE_OBSERVER_GROUP)
    if named:
        return str(named)
    for group in (*ordered_groups, DATASOURCE):
        if group and tags.get(group) == group:
            return group
    return ""


def order_groups(groups: Iterable[str], options: LifeCycleObserverOptions) -> list[str]:
    """Groups not listed (``datasource``, ``foundation``, then the others by name), then the listed ones."""
    listed = list(dict.fromkeys(options.ordered_groups))
    wanted = set(groups) - set(options.disabled_groups)
    unlisted = sorted(wanted - set(listed), key=lambda group: (_FIRST.get(group, len(_FIRST)), group))
    return [*unlisted, *(group for group in listed if group in wanted)]
