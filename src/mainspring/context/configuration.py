"""Configuration of a binding: an ordinary binding under ``<key>:$config``, optional unless said otherwise."""

from typing import Any

from mainspring.context.awaitables import is_awaitable
from mainspring.context.creations import Steps
from mainspring.context.keys import CONFIG_NAMESPACE, BindingKey, read_path
from mainspring.context.resolving import MISSING, awaited, locate, resolve, resolve_binding
from mainspring.context.sessions import Session

__all__ = ["ContextBindings", "resolve_config"]


class ContextBindings:
    """Keys this room reads."""

    #: An object with ``get_config(context, key, property_path, optional)`` that replaces the lookup from there down.
    CONFIGURATION_RESOLVER: BindingKey[Any] = BindingKey(f"{CONFIG_NAMESPACE}.resolver")
    #: The order of the groups of global interceptors (a list of tag values).
    GLOBAL_INTERCEPTOR_ORDERED_GROUPS: BindingKey[list[Any]] = BindingKey("global_interceptor.ordered_groups")


def resolve_config(ctx: Any, key: str, path: str | None, session: Session, *, optional: bool = True) -> Steps:
    """The configuration of ``key``, or what the path leads to in it; ``MISSING`` when there is none."""
    found = locate(ctx, ContextBindings.CONFIGURATION_RESOLVER.key)
    if found is not None:
        resolver = yield from resolve_binding(*found, ctx, session)
        value = resolver.get_config(ctx, key, path or "", optional)
        value = (yield from awaited(value, session)) if is_awaitable(value) else value
        return MISSING if value is None else value
    value = yield from resolve(ctx, BindingKey.build_key_for_config(key).key, session, optional=optional)
    return read_path(value, path, MISSING) if path and value is not MISSING else value
