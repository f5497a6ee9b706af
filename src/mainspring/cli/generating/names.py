"""The spellings of a name: the class, its file, its plural, its path."""

import keyword
import re

from mainspring.cli.errors import UsageFailure
from mainspring.repository.naming import snake_case

__all__ = ["Name"]

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_. ][A-Za-z0-9]+)*")


class Name:
    """A name as somebody typed it: ``TodoItem``, ``todo-item`` and ``todo_item`` are one.

    Args:
        text: What was typed; a suffix of the kind (``TodoController``) is left out.
        kind: The kind of artifact, as the suffix of its class; ``""`` for models.

    Attributes:
        base: The name in CapWords, without the kind.
        cls: The class.
        module: The file without ``.py``.
        snake: The base in snake case.

    Raises:
        UsageFailure: It makes no class.
    """

    def __init__(self, text: str, kind: str = "") -> None:
        if not _WORD.fullmatch(text):
            raise UsageFailure(f"{text!r} cannot name a class: use letters and digits, as in TodoItem or todo-item.")
        words = [word for word in re.split(r"[-_. ]+", text) if word]
        self.base = "".join(word[:1].upper() + word[1:] for word in words)
        if kind and self.base.lower().endswith(kind.lower()) and len(self.base) > len(kind):
            self.base = self.base[: -len(kind)]
        self.snake = snake_case(self.base)
        if keyword.iskeyword(self.snake) or keyword.iskeyword(self.base):
            raise UsageFailure(f"{text!r} is a word of Python's own: choose another name.")
        self.cls = f"{self.base}{kind}"
        self.module = f"{self.snake}_{snake_case(kind).replace('_', '') if kind else 'model'}"

    @property
    def plural(self) -> str:
        """The snake case of several: ``todo_items``, ``categories``, ``boxes``."""
        if re.search(r"[^aeiou]y$", self.snake):
            return f"{self.snake[:-1]}ies"
        return f"{self.snake}es" if re.search(r"(s|x|z|ch|sh)$", self.snake) else f"{self.snake}s"

    @property
    def path(self) -> str:
        """The path of several: ``/todo-items``."""
        return "/" + self.plural.replace("_", "-")

    @property
    def words(self) -> str:
        """The name in a sentence: ``todo item``."""
        return self.snake.replace("_", " ")

    @property
    def several(self) -> str:
        """The plural in a sentence: ``todo items``."""
        return self.plural.replace("_", " ")
