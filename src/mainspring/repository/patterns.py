"""Patterns of strangers: what comes over the wire must be text, short, and cheap to match.

Python's matcher backtracks and cannot be interrupted. Expressions are refused before they are used if their time can
grow beyond a polynomial of low degree: a choice inside a loop, a loop inside a loop, references back, and too many
choices beside each other, for each of which the matcher tries every way through the others.
"""

import math
from re import _constants as codes  # type: ignore[attr-defined]  # the parser of `re`, stable since 3.11, without stubs
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from mainspring.repository.errors import InvalidFilterError
from mainspring.repository.operators import compiled

__all__ = ["LONGEST_PATTERN", "check_foreign_pattern"]

#: Characters; more than any search field needs, few enough that compiling costs nothing.
LONGEST_PATTERN = 256

#: Loops side by side: n of them cost the length of the text to the power of n + 1.
_MOST_LOOPS = 2

#: Ways through the choices outside of loops, as the power of two: more than optional letters and parts need.
_MOST_CHOICES = 10.0

#: Repetitions up to this number are as many choices; with more they are a loop.
_FEW = 16

_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
_REFERENCES = (codes.GROUPREF, codes.GROUPREF_EXISTS)


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
                "neither repetitions nor alternatives that begin alike inside them, and few optional parts."
            )
    return value


def _is_cheap(parsed: Any) -> bool:
    choices, loops = _cost(parsed)
    return choices <= _MOST_CHOICES and loops <= _MOST_LOOPS


def _cost(parsed: Any) -> tuple[float, int]:
    """The choices, as a power of two, and the loops of a part of an expression."""
    choices, loops = 0.0, 0
    for operator, argument in parsed:
        if operator in _REFERENCES:
            return math.inf, 0
        more_choices, more_loops = _cost_of_item(operator, argument)
        choices, loops = choices + more_choices, loops + more_loops
    return choices, loops


def _cost_of_item(operator: Any, argument: Any) -> tuple[float, int]:
    if operator in _REPEATS:
        return _cost_of_repetition(*argument)
    if operator is codes.BRANCH:
        return _cost_of_alternatives(argument[1])
    inner = _parts(argument)
    return sum(_cost(part)[0] for part in inner), sum(_cost(part)[1] for part in inner)


def _cost_of_repetition(least: int, most: Any, what: Any) -> tuple[float, int]:
    choices, loops = _cost(what)
    if int(most) <= _FEW:
        return math.log2(int(most) - least + 1) + int(most) * choices, int(most) * loops
    if choices or loops:
        return math.inf, 0
    return 0.0, 0 if least == most else 1


def _cost_of_alternatives(parts: Any) -> tuple[float, int]:
    costs = [_cost(part) for part in parts]
    first = [part[0] if len(part) else None for part in parts]
    letters = {item[1] for item in first if item is not None and item[0] is codes.LITERAL}
    here = 0.0 if len(letters) == len(parts) else math.log2(len(parts))
    return here + max(choices for choices, _ in costs), max(loops for _, loops in costs)


def _parts(argument: Any) -> list[Any]:
    if isinstance(argument, parser.SubPattern):
        return [argument]
    if isinstance(argument, tuple | list):
        return [part for each in argument for part in _parts(each)]
    return []
