"""What is known of the sensors now."""

from mainspring import BindingScope, injectable

__all__ = ["StationService"]


@injectable(scope=BindingScope.SINGLETON)
class StationService:
    """Filled by the handlers, read by the controllers.

    Attributes:
        readings: The last temperature of each sensor, in degrees Celsius.
        alarms: What was too hot, oldest first.
    """

    def __init__(self) -> None:
        self.readings: dict[str, float] = {}
        self.alarms: list[str] = []
