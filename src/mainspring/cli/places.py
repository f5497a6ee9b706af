"""Where bindings are declared: where their class or function is written, else the line that bound them.

Nothing notes at run time who bound what, so the commands listen: while `noting_places` runs, every binding tells the
logger ``mainspring.context`` of itself, and the line of the program that made it do so is kept.
"""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mainspring.context import Binding
from mainspring.context.places import Place, is_of_a_program, place_of_binding, place_of_caller

__all__ = ["noting_places", "place_words"]


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
        written = place_of_binding(binding)
        if written is not None and is_of_a_program(written.file):
            return written
        owners = (owner for ref in binding.owners if (owner := ref()) is not None)
        bound = (notes.places.get((getattr(owner, "name", ""), binding.key)) for owner in owners)
        return next((place for place in bound if place is not None), written)

    try:
        yield place_of
    finally:
        logger.removeHandler(notes)
        logger.propagate = propagates
        logger.setLevel(level)


def place_words(place: Place | None) -> str | None:
    """``file:line``, from here when it is below here."""
    if place is None:
        return None
    try:
        file = Path(os.path.realpath(place.file)).relative_to(Path.cwd().resolve())
    except ValueError:
        return f"{place.file}:{place.line}"
    return f"{file}:{place.line}"
