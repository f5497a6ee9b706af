"""Readings of sensors."""

from typing import Annotated

from mainspring import inject

from ..events import Event, EventBindings, handles
from ..services.station_service import StationService
from ..settings import EventSettings

__all__ = ["AlarmHandler", "ReadingHandler"]


@handles("reading")
class ReadingHandler:
    """Remembers the last temperature of each sensor."""

    async def handle(self, event: Annotated[Event, inject(EventBindings.EVENT)], station: StationService) -> None:
        """Remember it.

        Raises:
            ValueError: It has no sensor or no temperature.
        """
        match event.data:
            case {"sensor": str(sensor), "celsius": float() | int() as celsius}:
                station.readings[sensor] = float(celsius)
            case _:
                raise ValueError('a reading has a "sensor" (text) and "celsius" (a number)')


@handles("reading")
class AlarmHandler:
    """Raises an alarm when it is too hot."""

    def __init__(self, settings: Annotated[EventSettings, inject(EventBindings.SETTINGS)]) -> None:
        self.too_hot = settings.too_hot

    def handle(self, event: Annotated[Event, inject(EventBindings.EVENT)], station: StationService) -> None:
        """Compare it with the setting."""
        if event.data["celsius"] > self.too_hot:
            station.alarms.append(f"{event.data['sensor']}: {event.data['celsius']} °C")
