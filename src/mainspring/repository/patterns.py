"""Patterns of strangers: what comes over the wire must be text, short, and cheap to match.

Python's matcher backtracks and cannot be interrupted, so expressions whose time can grow beyond a polynomial of low
degree are refused before they are used: a repetition inside a repetition, and references back.
"""

from collections.abc import Iterator
from re import _constants as codes  # type: ignore[attr-defined]  # the parser of `re`, stable since 3.11, without stubs
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from mainspring.repository.errors import InvalidFilterError
from mainspring.repository.operators import compiled

__all__ = ["LONGEST_PATTERN", "check_foreign_pattern"]

#: Characters; more than any search field needs, few enough that compiling costs nothing.
LONGEST_PATTERN = 256

#: Unbounded repetitions side by side: n of them cost the length of the text to the power of n + 1.
_MOST_REPETITIONS = 2

_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT)


def check_foreign_pattern(name: str, operator: str, value: Any) -> Any:
    """The value, if it is a pattern that may be used.

    Raises:
        InvalidFilterError: It is no text, too long, or could take too long to match.
    """
    if not isinstance(value, str):
        raise InvalidFilterError(f"{operator!r} on {name} takes text.")
    if len(value) > LONGEST_PATTERN:
        raise InvalidFilterError(f"The pattern of {operator!r} on {name} is longer than {LONGEST_PATTERN} characters.")
    if operator == "regexp":
        pattern = compiled(name, value)
        if not _is_cheap(parser.parse(pattern.pattern, pattern.flags)):
            raise InvalidFilterError(
                f"The pattern of 'regexp' on {name} could take too long: use at most two unbounded repetitions, "
                "none inside another."
            )
    return value


def _is_cheap(parsed: Any) -> bool:
    repetitions = 0
    for operator, argument in _walk(parsed):
        if operator in (codes.GROUPREF, codes.GROUPREF_EXISTS):
            return False
        if operator in _REPEATS and _is_many(argument):
            repetitions += 1
            if any(inner in _REPEATS and _is_many(what) for inner, what in _walk(argument[2])):
                return False
    return repetitions <= _MOST_REPETITIONS


def _is_many(argument: Any) -> bool:
    return int(argument[1]) > 16  # a small fixed count multiplies the work, it does not raise it to a power


def _walk(parsed: Any) -> Iterator[tuple[Any, Any]]:
    for operator, argument in parsed:
        yield operator, argument
        for inner in _parts(argument):
            yield from _walk(inner)


def _parts(argument: Any) -> Iterator[Any]:
    if isinstance(argument, parser.SubPattern):
        yield argument
    elif isinstance(argument, tuple | list):
        for part in argument:
            yield from _parts(part)
