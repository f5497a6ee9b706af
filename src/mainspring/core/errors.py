"""What can go wrong around an application. Errors hold data; their words are made in ``__str__``."""

from collections.abc import Sequence
from typing import Any

from mainspring.errors import MainspringError

__all__ = ["ConfigurationError", "ConfigurationProblem", "HarnessClosedError", "InvalidStateError", "NotOpenError"]


class InvalidStateError(MainspringError):
    """An operation was asked for in a state that does not allow it; the operation under way is not disturbed.

    Remedy:
        Await what is under way first. A stopped application may be started again, a closed one may not.

    Attributes:
        operation: ``init``, ``start``, ``stop`` or ``boot``.
        state: The state at that moment.
        valid: The states that allow it.
        reason: What else is to be said, with the way out.
    """

    def __init__(self, operation: str, state: str, valid: Sequence[str] = (), reason: str = "") -> None:
        super().__init__(operation, state, tuple(valid), reason)
        self.operation = operation
        self.state = state
        self.valid = tuple(valid)
        self.reason = reason

    def __str__(self) -> str:
        text = f"Cannot {self.operation} the application as it is {self.state}."
        if self.valid:
            text += f" Valid states are: {', '.join(self.valid)}."
        return f"{text} {self.reason}" if self.reason else text


class NotOpenError(MainspringError):
    """A resource was asked for while it is not open. ``key`` is its binding's.

    Remedy:
        Ask for it while the application runs (after ``start``, before ``stop``), or inject a getter.
    """

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key

    def __str__(self) -> str:
        return (
            f"The resource {self.key!r} is not open: it is there from the start of the application until it stops. "
            "Ask for it in an observer's start, in a request, or after `await app.start()`."
        )


class ConfigurationProblem:
    """One wrong or unknown entry of a configuration.

    Attributes:
        path: Where in the configuration (``rest.port``).
        origin: The file or environment variable it came from, ``""`` for what is missing everywhere.
        message: What is wrong with it. Values that look secret are masked.
    """

    __slots__ = ("message", "origin", "path")

    def __init__(self, path: str, origin: str, message: str) -> None:
        self.path, self.origin, self.message = path, origin, message

    def __str__(self) -> str:
        place = f"{self.path} ({self.origin})" if self.origin else self.path
        return f"{place}: {self.message}"

    def __repr__(self) -> str:
        return f"ConfigurationProblem({self.path!r}, {self.origin!r}, {self.message!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ConfigurationProblem) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return ConfigurationProblem, (self.path, self.origin, self.message)


class ConfigurationError(MainspringError, ValueError):
    """A configuration does not fit its type. ``problems`` lists every wrong or unknown entry.

    Remedy:
        Correct the entries in ``problems``; each names its place, and the file or variable it came from.
    """

    def __init__(self, problems: Sequence[ConfigurationProblem]) -> None:
        super().__init__(tuple(problems))
        self.problems = tuple(problems)

    def __str__(self) -> str:
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        return f"The configuration is not right; correct these entries:\n{lines}"


class HarnessClosedError(MainspringError):
    """A harness, or a server in one, was used outside of its block.

    Remedy:
        Use it inside its ``async with harness(...) as t:``.

    Attributes:
        name: Whose harness it is, ``""`` when that is plain.
    """

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        whose = f" of {self.name}" if self.name else ""
        return f"The harness{whose} is closed: use it inside its `async with harness(...) as t:`."
