"""Arguments of a call, brought to the parameters of an operation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mainspring.openapi.parameters import MISSING
from mainspring.proxies.errors import ServiceArgumentError
from mainspring.proxies.operations import OperationParameter

__all__ = ["BoundParameter", "bind", "matched"]


@dataclass(frozen=True, slots=True)
class BoundParameter:
    """A parameter of a method.

    Attributes:
        name: As the caller says it.
        target: The parameter of the operation; ``None`` for one that is not sent.
        required: Whether a call must have it.
        default: What is sent when it has not; ``MISSING`` for nothing.
        aliases: Other names that the caller may say.
        keyword_only: Whether it is given by name alone.
    """

    name: str
    target: str | None
    required: bool = False
    default: Any = MISSING
    aliases: tuple[str, ...] = ()
    keyword_only: bool = False


def bind(
    place: str, parameters: Sequence[BoundParameter], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments of a call by the operation's names.

    Raises:
        ServiceArgumentError: One is missing, given twice, or unknown.
    """
    positional = [each for each in parameters if not each.keyword_only]
    if len(args) > len(positional):
        takes = ", ".join(each.name for each in positional) or "none"
        raise ServiceArgumentError(
            place, str(len(positional)), f"is one too many: {len(args)} were given by position, it takes {takes}"
        )
    given = {each.name: value for each, value in zip(positional, args, strict=False)}
    for name, value in kwargs.items():
        known = next((each.name for each in parameters if name == each.name or name in each.aliases), None)
        if known is None:
            names = ", ".join(each.name for each in parameters) or "none"
            raise ServiceArgumentError(place, name, f"is unknown; known are {names}")
        if known in given:
            raise ServiceArgumentError(place, name, "is given twice")
        given[known] = value
    for each in parameters:
        if each.required and each.name not in given:
            raise ServiceArgumentError(place, each.name, "is missing")
    values = {each.target: given.get(each.name, each.default) for each in parameters if each.target is not None}
    return {name: value for name, value in values.items() if value is not MISSING}


def matched(names: Sequence[str], targets: Sequence[OperationParameter]) -> list[OperationParameter | None]:
    """The operation's parameter for each name of a method: by name, where one has no namesake by position.

    Raises:
        LookupError: The operation has too few; its argument says so in words.
    """
    by_name = {alias: each for each in targets for alias in (each.name, *each.aliases)}
    found = [by_name.get(name) for name in names]
    free = [each for each in targets if each not in found]
    for position, name in enumerate(names):
        if found[position] is None:
            if not free:
                known = ", ".join(each.name for each in targets) or "none"
                raise LookupError(f"the operation has no parameter {name!r}; there are {known}")
            found[position] = free.pop(0)
    return found
