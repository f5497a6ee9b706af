"""The contexts an application is made of, as far as they are there for longer than a request. For reports."""

from typing import Any

from mainspring.context import Binding, BindingType, Context
from mainspring.context.resolving import MISSING
from mainspring.core.keys import CoreTags

__all__ = ["contexts_of"]


def contexts_of(app: Context) -> list[Context]:
    """What is above the application, topmost first, the application, and its servers that are contexts.

    Nothing is made: a server is there when somebody has asked for it.
    """
    above = [context for context in app.chain() if context is not app]
    servers = [_made(app, binding) for binding in app.find_by_tag(CoreTags.SERVER)]
    below = [server for server in servers if isinstance(server, Context) and not server.is_closed]
    return list(dict.fromkeys([*reversed(above), app, *below]))


def _made(app: Context, binding: Binding[Any]) -> Any:
    """The value of a binding, if there is one."""
    source = binding.source
    if source is not None and source.type is BindingType.CONSTANT:
        return source.value
    holder = app.get_resolution_context(binding)
    return MISSING if holder is None else holder.kept_value(binding)
