"""Making functions of generated text. The text shows in tracebacks and debuggers."""

import functools
from collections.abc import Iterable
from types import CodeType
from typing import Any

from mainspring.context.plans import PlanSource

__all__ = ["compiled", "deeper"]


def compiled(name: str, text: str, filename: str, names: dict[str, Any]) -> Any:
    """The function ``name`` that a text defines.

    Args:
        name: The name.
        text: The text; made of nothing but names made here, never of what requests or programs say.
        filename: What tracebacks call the place.
        names: What the text may speak of.
    """
    known = {**names, "__name__": __name__, "__loader__": PlanSource(text)}
    exec(_code(text, filename), known)
    return known[name]


@functools.lru_cache(maxsize=4096)
def _code(text: str, filename: str) -> CodeType:
    """The code of a text: a server that changes makes the functions anew, mostly of the same texts."""
    return compile(text, filename, "exec")


def deeper(lines: Iterable[str], by: int = 1) -> list[str]:
    """The lines, further in."""
    return [f"{'    ' * by}{line}" for line in lines]
