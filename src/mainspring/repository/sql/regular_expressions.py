"""Regular expressions of Python in the words of databases, so that one filter means the same everywhere.

Python's own parser reads the expression; what it found is written anew. Flags become groups with options, which spares
the question of where a database allows them.
"""

import re
from collections.abc import Callable, Mapping
from re import _constants as codes  # type: ignore[attr-defined]  # the parser of `re`, stable since 3.11, without stubs
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from mainspring.repository.errors import InvalidFilterError

__all__ = ["PCRE", "POSTGRESQL", "translated_pattern"]

#: What each database calls the places and classes that Python has, by their names: as numbers, two may be equal.
#: ``None``: it has no such thing.
Words = Mapping[str, str | None]

_CLASSES: Words = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}

#: Perl's language, as MariaDB and MySQL have it.
PCRE: Words = {
    **_CLASSES,
    "AT_BEGINNING": "^",
    "AT_BEGINNING_STRING": r"\A",
    "AT_BOUNDARY": r"\b",
    "AT_NON_BOUNDARY": r"\B",
    "AT_END": "$",
    "AT_END_STRING": r"\z",
    "NUL": r"\x00",
    "POSSESSIVE_REPEAT": "+",
    "ATOMIC_GROUP": "(?>",
}

#: PostgreSQL's language. Its ``$`` knows no line break at the end of a text.
POSTGRESQL: Words = {
    **_CLASSES,
    "AT_BEGINNING": "^",
    "AT_BEGINNING_STRING": r"\A",
    "AT_BOUNDARY": r"\y",
    "AT_NON_BOUNDARY": r"\Y",
    "AT_END": "$",
    "AT_END_STRING": r"\Z",
    "NUL": r"\u0000",
    "POSSESSIVE_REPEAT": None,
    "ATOMIC_GROUP": None,
}

_SPECIAL = frozenset(r"\^$.|?*+()[]{}-&~# ")


def translated_pattern(pattern: "re.Pattern[str]", words: Words) -> str:
    """The expression, without its flags.

    Raises:
        InvalidFilterError: It has something that the database has not.
    """
    return _Writer(words).sequence(parser.parse(pattern.pattern, pattern.flags))


class _Writer:
    """Writes what Python's parser found."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def sequence(self, parsed: Any) -> str:
        return "".join(self._item(operator, argument) for operator, argument in parsed)

    def _item(self, operator: Any, argument: Any) -> str:
        write = _ITEMS.get(operator)
        if write is None:
            raise _unknown(operator)
        return write(self, argument)

    def word(self, name: Any) -> str:
        found = self._words.get(str(name))
        if found is None:
            raise _unknown(name)
        return found

    def literal(self, code: int) -> str:
        if code == 0:
            return self.word("NUL")  # statements hold no such letter
        letter = chr(code)
        return f"\\{letter}" if letter in _SPECIAL else letter

    def any_of(self, members: Any) -> str:
        negated = bool(members) and members[0][0] is codes.NEGATE
        inside = "".join(self._member(operator, argument) for operator, argument in members[negated:])
        return f"[{'^' if negated else ''}{inside}]"

    def _member(self, operator: Any, argument: Any) -> str:
        if operator is codes.RANGE:
            return f"{self.literal(argument[0])}-{self.literal(argument[1])}"
        return self.word(argument) if operator is codes.CATEGORY else self.literal(argument)

    def repeat(self, argument: Any, ending: str) -> str:
        least, most, what = argument
        count = f"{{{least},{'' if most is codes.MAXREPEAT else most}}}"
        return f"(?:{self.sequence(what)}){count}{ending}"

    def branch(self, argument: Any) -> str:
        return f"(?:{'|'.join(self.sequence(each) for each in argument[1])})"

    def group(self, argument: Any) -> str:
        number, add, remove, what = argument
        if add or remove:
            raise _unknown("flags inside the expression")
        return f"({'?:' if number is None else ''}{self.sequence(what)})"

    def look(self, argument: Any, sign: str) -> str:
        direction, what = argument
        return f"(?{'<' if direction < 0 else ''}{sign}{self.sequence(what)})"


_ITEMS: Mapping[Any, Callable[[_Writer, Any], str]] = {
    codes.LITERAL: lambda writer, code: writer.literal(code),
    codes.NOT_LITERAL: lambda writer, code: f"[^{writer.literal(code)}]",
    codes.ANY: lambda _, __: ".",
    codes.IN: lambda writer, members: writer.any_of(members),
    codes.AT: lambda writer, place: writer.word(place),
    codes.BRANCH: lambda writer, argument: writer.branch(argument),
    codes.SUBPATTERN: lambda writer, argument: writer.group(argument),
    codes.MAX_REPEAT: lambda writer, argument: writer.repeat(argument, ""),
    codes.MIN_REPEAT: lambda writer, argument: writer.repeat(argument, "?"),
    codes.POSSESSIVE_REPEAT: lambda writer, argument: writer.repeat(argument, writer.word(codes.POSSESSIVE_REPEAT)),
    codes.ATOMIC_GROUP: lambda writer, what: f"{writer.word(codes.ATOMIC_GROUP)}{writer.sequence(what)})",
    codes.ASSERT: lambda writer, argument: writer.look(argument, "="),
    codes.ASSERT_NOT: lambda writer, argument: writer.look(argument, "!"),
    codes.GROUPREF: lambda _, number: f"(?:\\{number})",
}


def _unknown(what: Any) -> InvalidFilterError:
    return InvalidFilterError(
        f"The database of this property has no regular expressions with {str(what).lower().replace('_', ' ')}; "
        "write it without."
    )
