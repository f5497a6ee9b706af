"""The time, as something that is injected: a program that asks its clock can be tested at any hour.

What runs a machine (timeouts, deadlines, pauses between attempts) asks the event loop instead, and is not moved.
"""

import datetime
import time

__all__ = ["Clock"]


class Clock:
    """The clock of the system; every application has one at ``CoreBindings.CLOCK``, injected by this class.

    A subclass that tells another time may override `time` alone.
    """

    def time(self) -> float:
        """Seconds since the beginning of 1970, UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some moment, which only grow: for durations."""
        return time.monotonic()

    def now(self) -> datetime.datetime:
        """The moment, in UTC."""
        return datetime.datetime.fromtimestamp(self.time(), datetime.UTC)

    def today(self) -> datetime.date:
        """The day, in UTC."""
        return self.now().date()
