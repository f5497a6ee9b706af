"""The application: two servers, what they share, and the order in which they stop."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from mainspring import BootMixin, RestApplication, inject, load_config
from mainspring.core import CoreBindings, CoreTags

from .events import EventBindings
from .journal import Journal
from .server import EventServer
from .settings import EventSettings, Settings

__all__ = ["EventApplication"]

HERE = Path(__file__).parent


class EventApplication(BootMixin, RestApplication):
    """Takes events line by line over TCP and shows over HTTP what was received."""

    def __init__(self) -> None:
        settings = load_config(HERE.parent / "settings.toml", into=Settings)
        super().__init__({"name": "event-server", **settings})
        self.project_root = HERE
        self.boot_options = {
            "services": {"dirs": ["services", "handlers"], "extensions": ["_service.py", "_handler.py"]}
        }
        self.server(EventServer)
        self.resource(open_journal)
        # The last group starts last and stops first: no event is taken any more when the REST server begins to stop,
        # and whoever waits for an answer of it gets one that has every event. The journal, a resource, outlives both.
        self.bind(CoreBindings.LIFE_CYCLE_OBSERVER_OPTIONS).to(
            {"ordered_groups": [CoreTags.SERVER, EventBindings.GROUP]}
        )


def open_journal(settings: Annotated[EventSettings, inject(EventBindings.SETTINGS)]) -> Iterator[Journal]:
    """The journal, from the start of the application until its servers have stopped."""
    if not settings.journal:
        yield Journal(None)
        return
    with Path(settings.journal).open("a", encoding="utf-8") as file:
        yield Journal(file)
