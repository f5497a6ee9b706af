"""Where bindings are declared: where their class or function is written, else the line that bound them.

Nothing notes at run time who bound what, so the commands listen: while `noting_places` runs, every binding tells the
logger ``mainspring.context`` of itself, and the line of the program that made it do so is kept.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mainspring.context import Binding
from mainspring.context.places import Place, declared_place, place_of_caller

__all__ = ["noting_places"]


class _Notes(logging.Handler):
    """Keeps, by context and key, the line of the program that last bound it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.places: dict[tuple[str, str], Place] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Look who binds."""
        if not isinstance(record.args, tuple) or len(record.args) != 3 or record.args[1] != "bind":
            return
        place = place_of_caller()
        if place is not None:
            self.places[str(record.args[0]), str(record.args[2])] = place


@contextmanager
def noting_places() -> Iterator[Callable[[Binding[Any]], Place | None]]:
    """While the body runs, note who binds what; gives a function that tells where a binding was declared."""
    logger, notes = logging.getLogger("mainspring.context"), _Notes()
    level, propagates = logger.level, logger.propagate
    logger.addHandler(notes)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False

    def place_of(binding: Binding[Any]) -> Place | None:
        owners = (owner for ref in binding.owners if (owner := ref()) is not None)
        bound = (notes.places.get((getattr(owner, "name", ""), binding.key)) for owner in owners)
        return declared_place(binding, next((place for place in bound if place is not None), None))

    try:
        yield place_of
    finally:
        logger.removeHandler(notes)
        logger.propagate = propagates
        logger.setLevel(level)
