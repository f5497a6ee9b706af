"""French, by the clock."""

from datetime import datetime

from mainspring import injectable

from ..component import greets

__all__ = ["Clock", "FrenchGreeter"]

EVENING = 18  # o'clock


class Clock:
    """What time it is; bound to another one, greeters believe that."""

    def hour(self) -> int:
        """0 to 23, local time."""
        return datetime.now().astimezone().hour


@injectable(greets)
class FrenchGreeter:
    """Bonjour, or bonsoir.

    Args:
        clock: An extension has dependencies like any other class.
    """

    language = "fr"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def greet(self, name: str) -> str:
        """Words for somebody."""
        return f"{'Bonsoir' if self.clock.hour() >= EVENING else 'Bonjour'}, {name} !"
