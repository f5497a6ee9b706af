"""The application: which interceptors there are finds boot, here is their order and what the cache is set to."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mainspring import BootMixin, RestApplication
from mainspring.core import ContextBindings

from .cache import Clock, MemoryCache

__all__ = ["BookshopApplication"]


class BookshopApplication(BootMixin, RestApplication):
    """Books over HTTP.

    Args:
        config: The configuration; ``MAINSPRING_REST_…`` wins over it.
    """

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        super().__init__(config)
        self.project_root = Path(__file__).parent
        # Outermost first: the time of an answer from the cache is taken as well.
        self.bind(ContextBindings.GLOBAL_INTERCEPTOR_ORDERED_GROUPS).to(["timing", "caching"])
        self.service(Clock)
        self.service(MemoryCache)
        self.configure("services.MemoryCache").to({"ttl": 30.0, "size": 10_000})
