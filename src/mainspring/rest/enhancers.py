"""Enhancers: objects that change the document after it was assembled. They are found by their tag."""

from typing import Any, Protocol

from mainspring.context import Binding
from mainspring.rest.keys import RestBindings, RestTags

__all__ = ["SpecEnhancer", "as_spec_enhancer"]


class SpecEnhancer(Protocol):
    """What an enhancer has; nothing needs to inherit from it."""

    name: str

    def modify_spec(self, spec: dict[str, Any]) -> Any:
        """The changed document; may be asynchronous."""
        ...


def as_spec_enhancer(binding: Binding[Any]) -> None:
    """A template that makes a binding an enhancer of the document: ``@injectable(as_spec_enhancer)``."""
    binding.tag(RestTags.SPEC_ENHANCER, {"namespace": RestBindings.SPEC_ENHANCERS})
