"""The running functions around a local class or function: their locals are names its annotations may use."""

import sys
from collections.abc import Collection, Iterator
from types import FrameType

__all__ = ["enclosing_functions", "running_frames"]


def enclosing_functions(qualname: str) -> frozenset[str]:
    """The qualified names of the functions around what has this one; none for what is not local."""
    parts = qualname.split(".<locals>")
    return frozenset(".<locals>".join(parts[:count]) for count in range(1, len(parts)))


def running_frames(functions: Collection[str]) -> Iterator[FrameType]:
    """The running frames of functions with these qualified names, innermost first."""
    frame: FrameType | None = sys._getframe(1) if functions else None
    while frame is not None:
        if frame.f_code.co_qualname in functions:
            yield frame
        frame = frame.f_back
