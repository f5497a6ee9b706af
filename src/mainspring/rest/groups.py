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
    followers: dict[str, dict[str, None]] = {}
    for groups in lists:
        for group in groups:
            followers.setdefault(group, {})
        for before, after in pairwise(groups):
            if before == after:
                raise MiddlewareOrderError((before, after), "are a cycle: a group cannot precede itself")
            followers[before][after] = None
    if innermost is not None and followers.get(innermost):
        after = next(iter(followers[innermost]))
        reason = f"are out of order: nothing can follow {innermost!r}, which calls the handler"
        raise MiddlewareOrderError((innermost, after), reason)
    return _sorted(followers, innermost)


def _sorted(followers: dict[str, dict[str, None]], innermost: str | None) -> list[str]:
    pending = dict.fromkeys(followers, 0)
    for after in followers.values():
        for group in after:
            pending[group] += 1
    names = [name for name in followers if name != innermost] + ([innermost] if innermost in followers else [])
    result: list[str] = []
    left = [str(name) for name in names]
    while left:
        ready = next((name for name in left if pending[name] == 0), None)
        if ready is None:
            raise MiddlewareOrderError(_cycle(followers, left), "are a cycle: relax the relations of one of them")
        left.remove(ready)
        result.append(ready)
        for group in followers[ready]:
            pending[group] -= 1
    return result


def _cycle(followers: dict[str, dict[str, None]], left: list[str]) -> list[str]:
    """A ring among groups of which each waits for another."""
    path: list[str] = []
    group = left[0]
    while group not in path:
        path.append(group)
        group = next(before for before in left if group in followers[before])
    ring = path[path.index(group) :]
    return [group, *reversed(ring)]
