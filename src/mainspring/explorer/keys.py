"""Keys and tags of the room."""

from typing import Any

from mainspring.context import BindingKey

__all__ = ["ExplorerBindings", "ExplorerTags"]


class ExplorerBindings:
    """Typed keys of the context explorer."""

    #: A function of the `RequestContext`, plain or ``async``: whether this request may see the explorer. What it
    #: raises is answered, so that it can ask for credentials (401).
    AUTHORISE: BindingKey[Any] = BindingKey("context_explorer.authorise")


class ExplorerTags:
    """Names of tags that the context explorer reads."""

    #: On a binding whose value is never shown.
    SECRET = "secret"
