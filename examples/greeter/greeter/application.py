"""The application: mounts the component, adds greeters of its own, and configures both."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mainspring import BootMixin, RestApplication

from .component import GreeterComponent
from .greeters.french_greeter import Clock

__all__ = ["GreeterApplication"]


class GreeterApplication(BootMixin, RestApplication):
    """Greets over HTTP.

    Args:
        config: The configuration; ``MAINSPRING_REST_…`` wins over it.
    """

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        super().__init__(config)
        self.project_root = Path(__file__).parent
        self.boot_options = {"services": {"dirs": ["greeters"], "extensions": ["_greeter.py"]}}
        self.component(GreeterComponent)
        self.service(Clock)
        # The point and its extensions are configured alike, by their keys, bound already or not.
        self.configure("services.GreetingService").to({"language": "cs"})
        self.configure("services.CzechGreeter").to({"formal": True})
