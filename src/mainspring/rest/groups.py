"""The order of groups of middleware: lists merged so that the order within every list is kept."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from mainspring.rest.errors import MiddlewareOrderError

__all__ = ["DEFAULT_GROUPS", "INNERMOST", "sort_groups"]

DEFAULT_GROUPS = (
    "send_response",
    "cors",
    "api_spec",
    "middleware",
    "find_route",
    "authentication",
    "parse_params",
    "invoke_method",
)
"""The groups of the default sequence, outermost first."""

INNERMOST = "invoke_method"
"""The group that calls the handler: nothing comes after it."""


def sort_groups(lists: Iterable[Sequence[str]], *, innermost: str | None = None) -> list[str]:
    """All groups of the lists in an order that keeps that of every list; among possible ones, the earliest named first.

    Args:
        lists: Lists of groups, each from the outermost to the innermost.
        innermost: A group that comes last wherever the lists allow it.

    Raises:
        MiddlewareOrderError: The lists contradict each other, or a group has to follow the innermost.
    """
    before: dict[str, dict[str, None]] = {}
    for groups in lists:
        for group in groups:
            before.setdefault(group, {})
        for first, second in pairwise(groups):
            if first == second:
                raise MiddlewareOrderError((first, second), "are a cycle: a group cannot precede itself")
            if first == innermost:
                reason = f"are out of order: nothing can follow {innermost!r}, which calls the handler"
                raise MiddlewareOrderError((first, second), reason)
            before[second][first] = None
    names = [name for name in before if name != innermost] + ([innermost] if innermost in before else [])
    result: dict[str, None] = {}
    for name in names:
        _place(str(name), before, result, [])
    return list(result)


def _place(group: str, before: dict[str, dict[str, None]], result: dict[str, None], path: list[str]) -> None:
    """Put a group behind what has to precede it, which is so drawn to the front: nothing else comes before it."""
    if group in result:
        return
    if group in path:
        ring = path[path.index(group) :]
        raise MiddlewareOrderError([group, *reversed(ring)], "are a cycle: relax the relations of one of them")
    for each in before[group]:
        _place(each, before, result, [*path, group])
    result[group] = None
