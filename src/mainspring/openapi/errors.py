"""What may be wrong with a value, with a JSON text, or with a declaration."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from mainspring.errors import MainspringError

__all__ = [
    "AnnotationError",
    "DeclarationError",
    "DocumentError",
    "MalformedJsonError",
    "SchemaViolation",
    "UnknownLocationError",
    "Violation",
]


class Violation(Struct, frozen=True):
    """One thing that is wrong with a value.

    Attributes:
        path: A JSON pointer into the value, ``""`` for the whole.
        code: The keyword of JSON Schema that is violated, ``value_error`` for a model's own check.
        message: For people; it never repeats the value.
        info: What the keyword demands, ``{"limit": 3}`` say.
    """

    path: str
    code: str
    message: str
    info: dict[str, Any] = {}

    def to_entry(self) -> dict[str, Any]:
        """The entry of an error response: ``path, code, message, info``."""
        return {"path": self.path, "code": self.code, "message": self.message, "info": self.info}

    def below(self, path: str) -> "Violation":
        """The same violation seen from a value that has this one at ``path``."""
        return Violation(path + self.path, self.code, self.message, self.info) if path else self


class SchemaViolation(MainspringError):  # noqa: N818  # what it is called in the contract between the rooms
    """A value violates its schema or type; holds every violation.

    Remedy:
        Send what the schema asks for; ``violations`` has the place and the reason of each.

    It is no ``ValueError`` on purpose: decoders take those for a failure of their own and keep the text only.
    """

    status = 422
    code = "VALIDATION_FAILED"

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations: tuple[Violation, ...] = tuple(violations)
        super().__init__(self.violations)

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The violations as entries of an error response."""
        return [violation.to_entry() for violation in self.violations]

    def __str__(self) -> str:
        shown = "; ".join(f"{violation.path or 'the value'} {violation.message}" for violation in self.violations[:5])
        more = len(self.violations) - 5
        return f"The value does not fit its schema: {shown}{f'; and {more} more' if more > 0 else ''}."


class MalformedJsonError(MainspringError):
    """Bytes that are no JSON text. ``position`` is the offset of the byte at fault, ``None`` where it is not known.

    Remedy:
        It is the client's to send JSON; the answer is a 400 that says where it ends being JSON.
    """

    status = 400

    def __init__(self, reason: str, position: int | None = None) -> None:
        super().__init__(reason, position)
        self.reason, self.position = reason, position

    def __str__(self) -> str:
        place = "" if self.position is None else f" at position {self.position}"
        return f"Malformed JSON: {self.reason}{place}."


class DeclarationError(MainspringError, TypeError, ValueError):
    """An operation declared in a way that cannot work: ``place`` says where, ``reason`` why and what to do.

    Remedy:
        Correct the declaration at ``place``.
    """

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(place, reason)
        self.place, self.reason = place, reason

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}."


class UnknownLocationError(DeclarationError):
    """A parameter in a part of the request that does not exist.

    Remedy:
        It is one of path, query, header, cookie, form and file.
    """

    def __init__(self, place: str, parameter: str, location: str) -> None:
        super().__init__(
            place,
            f"parameter {parameter!r} is in the unknown location {location!r}; use query, path, header or cookie",
        )
        self.args = (place, parameter, location)
        self.parameter, self.location = parameter, location


class AnnotationError(DeclarationError):
    """An annotation that cannot be evaluated, or that says nothing we can decode or describe.

    Remedy:
        Name a type that can be imported where the function is defined, and that ``msgspec`` or an adapter decodes.
    """


class DocumentError(MainspringError, ValueError):
    """A document or schema that cannot be assembled: ``subject`` is what, ``reason`` why.

    Remedy:
        Correct what ``subject`` names: often two schemas of one name, or a reference that leads nowhere.
    """

    def __init__(self, subject: str, reason: str) -> None:
        super().__init__(subject, reason)
        self.subject, self.reason = subject, reason

    def __str__(self) -> str:
        return f"{self.subject}: {self.reason}."
