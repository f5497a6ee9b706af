"""The constraints that keep a column to the values of an enumeration, as databases tell them."""

import re

__all__ = ["allowed_values"]

_NAMES = r"\"[^\"]*\"|`[^`]*`"
_NUMBERS = r"(?<![\w.])(?P<number>-?\d+)(?![\w.])"
_LITERALS = re.compile(rf"{_NAMES}|'(?P<text>(?:[^']|'')*)'|{_NUMBERS}")
_LITERALS_OF_MYSQL = re.compile(rf"`[^`]*`|'(?P<text>(?:[^'\\]|''|\\.)*)'|{_NUMBERS}", re.DOTALL)


def allowed_values(sql: str, dialect: str) -> set[str]:
    """The literals of a constraint: texts as they are, numbers in digits.

    Args:
        sql: The condition.
        dialect: ``mysql`` escapes by backslashes.
    """
    found: set[str] = set()
    for each in (_LITERALS_OF_MYSQL if dialect == "mysql" else _LITERALS).finditer(sql):
        text, number = each["text"], each["number"]
        if text is not None:
            text = text.replace("''", "'")
            found.add(re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL) if dialect == "mysql" else text)
        elif number is not None:
            found.add(number)
    return found
