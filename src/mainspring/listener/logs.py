"""What the listener logs of things that may happen with each connection."""

import logging
import time
from typing import Any

__all__ = ["RareLog"]

#: Seconds between two lines that say the same.
_SILENCE = 10.0


class RareLog:
    """Says what may happen with each connection now and then, not for each of them.

    Args:
        logger: Where it is said.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._silent_until: dict[str, float] = {}

    def warning(self, message: str, *arguments: Any) -> None:
        """Log it, unless it was said a moment ago."""
        now = time.monotonic()
        if now >= self._silent_until.get(message, 0):
            self._silent_until[message] = now + _SILENCE
            self._logger.warning(message, *arguments)
