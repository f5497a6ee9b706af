"""What can be set, in ``settings.toml`` and by the environment."""

from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

__all__ = ["EventSettings", "Settings"]


@dataclass(frozen=True)
class EventSettings:
    """The section ``events``.

    Attributes:
        host: The address that the event server listens on.
        port: Its port; 0 means any free one.
        journal: The file that every event is appended to; empty for none.
        too_hot: Degrees Celsius above which a reading is an alarm.
    """

    host: str = "127.0.0.1"
    port: int = 7007
    journal: str = ""
    too_hot: float = 30.0


class Settings(TypedDict):
    """The whole configuration."""

    events: EventSettings
    rest: dict[str, Any]
    shutdown: NotRequired[dict[str, Any]]
    logging: NotRequired[Any]
