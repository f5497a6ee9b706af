"""What was received, in order: in memory, and appended to a file where one is named."""

import json
from collections import deque
from dataclasses import asdict
from typing import TextIO

from .events import Event

__all__ = ["Journal"]

KEPT = 1000  # events in memory: enough for a page, little enough never to matter


class Journal:
    """The journal.

    Args:
        file: Where every event is appended as a line of JSON.

    Attributes:
        events: The last events, oldest first.
    """

    def __init__(self, file: TextIO | None) -> None:
        self.events: deque[Event] = deque(maxlen=KEPT)
        self._file = file

    def add(self, event: Event) -> None:
        """Keep an event: when this returns, the operating system has it."""
        self.events.append(event)
        if self._file is not None:
            self._file.write(json.dumps(asdict(event)) + "\n")
            self._file.flush()
