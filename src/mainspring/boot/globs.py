"""Patterns of paths, translated once and matched part by part. This file knows no file system.

``**`` is any depth (none included), ``*`` any run and ``?`` one character within a name, ``[…]`` a set of them,
``{a,b}`` alternatives. A leading ``/`` means the root. Matching is case-sensitive everywhere.
"""

import re
from functools import lru_cache

__all__ = ["DEEP", "Part", "escape", "matches", "names_alone", "parse_pattern"]

#: Stands for ``**``: any number of folders.
DEEP = "**"

_SPECIAL = re.compile(r"[*?\[\]{},]")


#: What begins with a dot is matched only where the pattern says the dot.
_NO_DOT = r"(?!\.)"


class Part:
    """One part of a pattern: matches the name of a file or folder.

    Attributes:
        text: The part as it was written.
        expression: The regular expression that names match as a whole.
    """

    __slots__ = ("_matches", "expression", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.expression = f"{'' if text.startswith('.') else _NO_DOT}{translate(text)}"
        self._matches = re.compile(self.expression, re.DOTALL).fullmatch

    def __repr__(self) -> str:
        return f"Part({self.text!r})"

    def matches(self, name: str) -> bool:
        """Whether a name matches."""
        return self._matches(name) is not None


def escape(text: str) -> str:
    """A pattern that matches the text itself."""
    return _SPECIAL.sub(lambda found: f"[{found[0]}]" if found[0] != "]" else "]", text)


@lru_cache(maxsize=256)
def parse_pattern(pattern: str) -> tuple[tuple[Part | str, ...], ...]:
    """The ways a pattern can be read: each a sequence of ``Part``, ``DEEP`` and ``..``."""
    ways = []
    for text in _spread(pattern):
        parts: list[Part | str] = []
        for piece in _split(text):
            if piece in ("", "."):
                continue
            if piece == "..":
                parts.append(piece)
            elif piece == DEEP:
                if not parts or parts[-1] != DEEP:
                    parts.append(DEEP)
            else:
                parts.append(Part(piece))
        ways.append(tuple(parts))
    return tuple(ways)


def _spread(pattern: str) -> list[str]:
    """One pattern for each combination of alternatives that span parts; others stay for the part to match."""
    for start, end in _braces(pattern):
        inside = pattern[start + 1 : end]
        if "/" in inside or DEEP in inside:
            spread = []
            for choice in _choices(inside):
                spread.extend(_spread(pattern[:start] + choice + pattern[end + 1 :]))
            return list(dict.fromkeys(spread))
    return [pattern]


def _braces(pattern: str) -> list[tuple[int, int]]:
    """The outermost ``{…}`` of a pattern."""
    found, depth, start, position = [], 0, 0, 0
    while position < len(pattern):
        char = pattern[position]
        if char == "[":
            position = _end_of_set(pattern, position)
        elif char == "{":
            depth += 1
            start = position if depth == 1 else start
        elif char == "}" and depth:
            depth -= 1
            if not depth:
                found.append((start, position))
        position += 1
    return found


def _choices(inside: str) -> list[str]:
    """What stands between the commas, not counting those in inner braces or sets."""
    choices, depth, begin, position = [], 0, 0, 0
    while position < len(inside):
        char = inside[position]
        if char == "[":
            position = _end_of_set(inside, position)
        elif char in "{}":
            depth += 1 if char == "{" else -1
        elif char == "," and not depth:
            choices.append(inside[begin:position])
            begin = position + 1
        position += 1
    return [*choices, inside[begin:]]


def _split(pattern: str) -> list[str]:
    """The parts between slashes, not counting those in sets or braces."""
    pieces, begin, position, depth = [], 0, 0, 0
    while position < len(pattern):
        char = pattern[position]
        if char == "[":
            position = _end_of_set(pattern, position)
        elif char in "{}":
            depth += 1 if char == "{" else -1
        elif char == "/" and depth <= 0:
            pieces.append(pattern[begin:position])
            begin = position + 1
        position += 1
    return [*pieces, pattern[begin:]]


def _end_of_set(text: str, start: int) -> int:
    """The position of the ``]`` that ends a set, or ``start`` when it is no set."""
    first = start + 1
    if first < len(text) and text[first] in "!^":
        first += 1
    end = text.find("]", first + 1)  # a `]` in the first place is a member
    return start if end < 0 or "/" in text[start:end] else end


def translate(part: str) -> str:
    """The regular expression of one part."""
    out, position = [], 0
    while position < len(part):
        char = part[position]
        if char == "*":
            out.append("[^/]*")
        elif char == "?":
            out.append("[^/]")
        elif char == "[" and (end := _end_of_set(part, position)) > position:
            out.append(_set(part[position + 1 : end]))
            position = end
        elif char == "{" and (end := _end_of_brace(part, position)) > position:
            out.append("(?:" + "|".join(translate(choice) for choice in _choices(part[position + 1 : end])) + ")")
            position = end
        else:
            out.append(re.escape(char))
        position += 1
    return "".join(out)


def _end_of_brace(part: str, start: int) -> int:
    for begin, end in _braces(part[start:]):
        if begin == 0:
            return start + end
    return start


def _set(inside: str) -> str:
    negated = inside[:1] in ("!", "^")
    body = inside[1:] if negated else inside
    body = body.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace("^", "\\^")
    body = body.replace("&&", "\\&\\&").replace("||", "\\|\\|").replace("~~", "\\~\\~")
    return f"[{'^' if negated else ''}{body}]"


def names_alone(pattern: str) -> list[Part]:
    """What a pattern says of the names of files when it says nothing of their folders (``**/test_*.py``), else none."""
    ways = parse_pattern(pattern)
    names = [way[1] for way in ways if len(way) == 2 and way[0] == DEEP and isinstance(way[1], Part)]
    return names if len(names) == len(ways) else []


def matches(pattern: str, path: str) -> bool:
    """Whether a path of a file, relative and with slashes, matches a pattern as discovery reads it."""
    names = path.split("/")
    return any(_matches(way, names) for way in parse_pattern(pattern))


def _matches(way: tuple[Part | str, ...], names: list[str]) -> bool:
    if not way:
        return not names
    first, rest = way[0], way[1:]
    if first == DEEP:
        if len(rest) == 1 and isinstance(rest[0], Part):  # most patterns are of this kind
            return bool(names) and rest[0].matches(names[-1])
        return any(_matches(rest, names[start:]) for start in range(len(names) + bool(not rest)))
    return bool(names) and isinstance(first, Part) and first.matches(names[0]) and _matches(rest, names[1:])
