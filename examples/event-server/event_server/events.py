"""What an event is, and how a class says that it handles events of a name."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from mainspring import BindingKey, injectable
from mainspring.core import CoreBindings, extension_for

from .settings import EventSettings

__all__ = ["HANDLERS", "NAMES", "Event", "EventBindings", "handles"]

C = TypeVar("C", bound=type[Any])

#: The extension point that handlers contribute to, and the tag that lists the names of the events they take.
HANDLERS = "event-handlers"
NAMES = "event-names"


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        name: What: ``reading``, ``note``, ...
        data: The details.
    """

    name: str
    data: dict[str, Any]

    @classmethod
    def of_line(cls, line: bytes) -> Self:
        """Read ``name {"a": "JSON object"}``; the object may be left out.

        Raises:
            ValueError: The line is something else.
        """
        name, _, rest = line.decode().strip().partition(" ")
        data = json.loads(rest or "{}")
        if not name.isidentifier() or not isinstance(data, dict):
            raise ValueError('an event is a name and a JSON object: reading {"sensor": "roof", "celsius": 21.5}')
        return cls(name, data)


class EventBindings:
    """The keys of this application's own bindings."""

    SETTINGS: BindingKey[EventSettings] = CoreBindings.APPLICATION_CONFIG.deep_property("events")
    EVENT: BindingKey[Event] = BindingKey("event.current")
    GROUP = "event_server"


def handles(*names: str) -> Callable[[C], C]:
    """Make a class a handler of events of these names: its ``handle`` is called, with whatever it asks for injected."""
    return injectable(extension_for(HANDLERS), tags={NAMES: names})
