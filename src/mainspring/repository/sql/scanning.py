"""Finding parameters and ends of statements in SQL text, outside of quotes and comments."""

import re
from dataclasses import dataclass

__all__ = ["Scanned", "scan"]

#: What holds text, names or remarks, in which nothing is a parameter or an end. Beside what all databases have:
_EVERYWHERE = r"""
    | "(?:[^"]|"")*"            # a quoted name
    | --[^\n]*                  # comments
    | /\*.*?\*/
"""
_OWN = {
    "sqlite": r"'(?:[^']|'')*' | `[^`]*` | \[[^\]]*\]",
    "postgresql": r"[eE]'(?:[^'\\]|''|\\.)*' | '(?:[^']|'')*' | (?P<dollar>\$(?:[A-Za-z_]\w*)?\$).*?(?P=dollar) | ::",
    "mysql": r"'(?:[^'\\]|''|\\.)*' | \"(?:[^\"\\]|\\.)*\" | `(?:[^`]|``)*` | \#[^\n]*",
}
_PARAMETERS = r"""
    | (?<![:\w]):(?P<name>[A-Za-z_]\w*)
    | (?P<mark>\?)
    | (?P<end>;)
"""
_TOKENS = {name: re.compile(f"{own}{_EVERYWHERE}{_PARAMETERS}", re.VERBOSE | re.DOTALL) for name, own in _OWN.items()}


@dataclass(frozen=True, slots=True)
class Scanned:
    """A command that was read.

    Attributes:
        text: With every question mark as a name, and colons that are no parameters escaped.
        names: The parameters.
        has_more: Whether something follows the first statement.
    """

    text: str
    names: frozenset[str]
    has_more: bool


def scan(command: str, dialect: str) -> Scanned:
    """Read a command in the language of a database: ``sqlite``, ``postgresql`` or ``mysql``."""
    names: set[str] = set()
    marks = 0
    parts: list[str] = []
    position = 0
    end: int | None = None
    for found in _TOKENS[dialect].finditer(command):
        parts.append(_escaped(command[position : found.start()]))
        token = found[0]
        if found["name"]:
            names.add(found["name"])
        elif found["mark"]:
            token = f":positional_{marks}"
            names.add(f"positional_{marks}")
            marks += 1
        elif found["end"]:
            end = found.end() if end is None else end
        else:
            token = _escaped(token)
        parts.append(token)
        position = found.end()
    parts.append(_escaped(command[position:]))
    return Scanned("".join(parts), frozenset(names), end is not None and _has_statement(command[end:]))


def _escaped(text: str) -> str:
    return text.replace("\\:", ":").replace(":", "\\:")


def _has_statement(rest: str) -> bool:
    without = re.sub(r"--[^\n]*|/\*.*?\*/", "", rest, flags=re.DOTALL)
    return bool(without.replace(";", "").strip())
