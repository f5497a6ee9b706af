"""What conversion raises: a value that does not fit, with every reason.

Messages are predicates ("must be a string"): who reports them puts the subject in front.
"""

from collections.abc import Iterable
from typing import Any

from mainspring.openapi.errors import Violation

__all__ = ["Unfit", "article", "missing", "pointer", "subject_of", "unknown", "violated", "without_notes", "wrong_type"]


class Unfit(Exception):  # noqa: N818  # a signal inside this room, never seen outside
    """A value cannot be converted; holds every violation, paths relative to the value."""

    def __init__(self, violations: Iterable[Violation]) -> None:
        super().__init__()
        self.violations = list(violations)


def violated(code: str, message: str, **info: Any) -> Unfit:
    """One violation of the value itself."""
    return Unfit([Violation("", code, message, info)])


def article(json_type: str) -> str:
    """``a string``, ``an integer``."""
    return f"{'an' if json_type[0] in 'aeio' else 'a'} {json_type}"


def wrong_type(json_type: str, more: str = "") -> Unfit:
    """The value has another type."""
    return violated("type", f"must be {article(json_type)}{more}", type=json_type)


def pointer(key: Any) -> str:
    """One step of a JSON pointer."""
    return "/" + str(key).replace("~", "~0").replace("/", "~1")


def missing(wire_name: str) -> Violation:
    """An object lacks a required property."""
    return Violation("", "required", f"must have the property {wire_name!r}", {"missingProperty": wire_name})


def unknown(wire_name: str) -> Violation:
    """An object has a property it must not have."""
    return Violation(
        "", "additionalProperties", f"must not have the property {wire_name!r}", {"additionalProperty": wire_name}
    )


def without_notes(violations: Iterable[Violation]) -> list[Violation]:
    """The violations as others see them: ``custom``, which says that a message is a whole sentence, is ours alone."""
    return [
        Violation(each.path, each.code, each.message, {key: info for key, info in each.info.items() if key != "custom"})
        if "custom" in each.info
        else each
        for each in violations
    ]


def subject_of(path: str) -> str:
    """A JSON pointer as people write it: ``address.city``, ``tags[2]``."""
    text = ""
    for step in path.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        text += f"[{name}]" if name.isdigit() else f".{name}" if text else name
    return text
