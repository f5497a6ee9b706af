"""An operation of a remote service: a name, parameters, and how a request is made of arguments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mainspring.proxies.messages import ServiceRequest

__all__ = ["Operation", "OperationParameter", "is_absolute", "join_url", "segment_checked"]


@dataclass(frozen=True, slots=True)
class OperationParameter:
    """One parameter of an operation.

    Attributes:
        name: As arguments name it.
        required: Whether nothing can be sent without it.
        aliases: Other names that arguments may have.
    """

    name: str
    required: bool = False
    aliases: tuple[str, ...] = ()


class Operation(Protocol):
    """What a method of a proxy does."""

    @property
    def name(self) -> str:
        """The name of the method."""
        ...

    @property
    def parameters(self) -> Sequence[OperationParameter]:
        """In the order of positional arguments."""
        ...

    def request(self, arguments: Mapping[str, Any]) -> ServiceRequest:
        """The request of arguments, those without a value left out.

        Raises:
            ArgumentFault: A value cannot be sent.
        """
        ...


def is_absolute(url: str) -> bool:
    """Whether a URL says its host."""
    return url.lower().startswith(("http://", "https://"))


def join_url(base: str, url: str) -> str:
    """A URL under a base; an absolute one stays."""
    if is_absolute(url):
        return url
    return f"{base.rstrip('/')}/{url.lstrip('/')}" if url and not url.startswith("?") else f"{base}{url}"


def segment_checked(segment: str) -> str:
    """A segment of a path that no server takes for "here" or "one up"."""
    return segment.replace(".", "%2E") if segment in (".", "..") else segment
