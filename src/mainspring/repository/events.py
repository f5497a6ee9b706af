"""Who is told of the statements that a data source sends."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["QueryEvent", "QueryListeners"]

logger = logging.getLogger("mainspring.repository.queries")


@dataclass(frozen=True, slots=True)
class QueryEvent:
    """One statement, after it was executed.

    Attributes:
        sql: Its text.
        parameters: What was bound.
        elapsed: Seconds.
        datasource: The data source's name.
        kind: ``query``, ``transaction`` or ``migration``.
    """

    sql: str
    parameters: Any
    elapsed: float
    datasource: str
    kind: str = "query"


class QueryListeners:
    """The listeners of one data source, and the numbers that are counted of its statements."""

    def __init__(self, datasource: str) -> None:
        self.datasource = datasource
        self.statements = 0
        self.errors = 0
        self._listeners: list[Callable[[QueryEvent], Any]] = []

    def on(self, event: str, listener: Callable[..., Any]) -> None:
        """Add a listener.

        Raises:
            ValueError: There is no such event.
        """
        if event != "query":
            raise ValueError(f"A data source has no event {event!r}; there is 'query'.")
        self._listeners.append(listener)

    def off(self, event: str, listener: Callable[..., Any]) -> bool:
        """Take away one registration of a listener; whether there was one."""
        found = event == "query" and listener in self._listeners
        if found:
            self._listeners = [*self._listeners]  # whoever is telling goes through the list as it was
            self._listeners.remove(listener)
        return found

    @property
    def is_needed(self) -> bool:
        """Whether anybody wants to know."""
        return bool(self._listeners) or logger.isEnabledFor(logging.DEBUG)

    def tell(self, event: QueryEvent, shown: Callable[[], Any]) -> None:
        """Tell everybody; ``shown`` gives the parameters as the log may show them."""
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s: %s %s (%.4f s)", event.datasource, event.sql, shown(), event.elapsed)
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:  # who watches must not break what is watched
                logger.exception("A listener of %r failed.", self.datasource)
