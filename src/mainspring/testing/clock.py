"""A clock that stands still until somebody moves it."""

from datetime import UTC, datetime, timedelta

from mainspring.core import Clock

__all__ = ["FrozenClock"]


class FrozenClock(Clock):
    """Tells one moment until it is moved: ``with t.override({Clock: FrozenClock("2030-01-01")}):``.

    What asks the application's `Clock` sees it: programs that do, and the expiry of sessions. The event loop goes on:
    timeouts and pauses are real.

    Args:
        moment: Where it stands: a moment, ISO 8601 text, or seconds since 1970; now, without one. Without a zone it
            is UTC.

    Raises:
        ValueError: The text is no moment.
    """

    def __init__(self, moment: datetime | str | float | None = None) -> None:
        self._time = _seconds(super().time() if moment is None else moment)
        self._monotonic = 0.0

    def __repr__(self) -> str:
        return f"FrozenClock({self.now().isoformat()!r})"

    def time(self) -> float:
        """Seconds since the beginning of 1970, UTC."""
        return self._time

    def monotonic(self) -> float:
        """Seconds by which it was moved on so far."""
        return self._monotonic

    def move(self, by: timedelta | float) -> None:
        """Move it on.

        Args:
            by: How far: a duration, or seconds.

        Raises:
            ValueError: It is less than nothing; `move_to` goes back.
        """
        seconds = by.total_seconds() if isinstance(by, timedelta) else float(by)
        if seconds < 0:
            raise ValueError(f"A clock is not moved on by {seconds:g} s: use move_to(...) to set it back.")
        self._time += seconds
        self._monotonic += seconds

    def move_to(self, moment: datetime | str | float) -> None:
        """Set it, back as well; durations (`monotonic`) never go back.

        Raises:
            ValueError: The text is no moment.
        """
        before, self._time = self._time, _seconds(moment)
        self._monotonic += max(0.0, self._time - before)


def _seconds(moment: datetime | str | float) -> float:
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            raise ValueError(f"{moment!r} is no moment: write it as ISO 8601, 2030-01-31T12:00:00+00:00.") from None
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    return float(moment)
