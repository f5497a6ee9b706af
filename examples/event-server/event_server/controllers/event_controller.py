"""``/events``, ``/readings`` and ``/alarms``: what was received, by whichever server."""

from mainspring import HttpErrors, rest
from mainspring.rest import RequestContext

from ..events import Event
from ..journal import Journal
from ..services.dispatcher_service import DispatcherService
from ..services.station_service import StationService

__all__ = ["EventController"]


class EventController:
    """The REST side of the events."""

    def __init__(self, journal: Journal, station: StationService) -> None:
        self.journal, self.station = journal, station

    @rest.get("/events")
    def events(self) -> list[Event]:
        """The last events, oldest first."""
        return list(self.journal.events)

    @rest.get("/readings")
    def readings(self) -> dict[str, float]:
        """The last temperature of each sensor, in degrees Celsius."""
        return self.station.readings

    @rest.get("/alarms")
    def alarms(self) -> list[str]:
        """What was too hot."""
        return self.station.alarms

    @rest.post("/events")
    @rest.response(202, dict[str, int])
    async def receive(self, event: Event, dispatcher: DispatcherService, request: RequestContext) -> dict[str, int]:
        """Handle an event that came by HTTP as one that came by TCP."""
        try:
            return {"handlers": await dispatcher.dispatch(event, request)}
        except ValueError as error:
            raise HttpErrors.UnprocessableEntity(str(error)) from error
